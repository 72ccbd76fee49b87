/* Goal: the tail gives every record of the log once, in order and as it was written, however large they are and whether
 * a thread reads ahead or not; what cannot be read is told in its place, and whoever stops early may. */
#include "broker/engine/tail.h"
#include "store/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define RECORDS   3000u
#define BAD       2000u
#define LARGE_LEN 100000u

typedef struct bed {
    vdr_memory *memory;
    vdr_log *log;
    vdr_log_reader *reader;
    uint8_t large[LARGE_LEN];
} bed;

static vdr_ms
at_of(vdr_position position)
{
    return 1000 + (vdr_ms)position;
}

/* Every seventh record has a long tale, so that batches end early. */
static vdr_span
tale_of(const bed *b, vdr_position position)
{
    return vdr_span_of(b->large, position % 7 == 0 ? LARGE_LEN - position : position % 50);
}

static void
write_records(bed *b, vdr_position bad)
{
    vdr_log_options options = {.create = true};
    assert_int_equal(vdr_log_open_memory(b->memory, &options, &b->log), VDR_OK);
    for (vdr_position position = 1; position <= RECORDS; position++) {
        uint8_t routing[64];
        vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = at_of(position)};
        size_t len = vdr_command_write(&tick, routing, sizeof routing);
        if (position == bad)
            routing[0] = 99; /* of a version to come */
        vdr_log_record record = {.routing = vdr_span_of(routing, len), .tale = tale_of(b, position)};
        assert_int_equal(vdr_log_append(b->log, 1, position, &record, 1, NULL, 0), VDR_OK);
    }
    assert_int_equal(vdr_log_reader_open(b->log, &b->reader), VDR_OK);
}

static bed *
bed_new(vdr_position bad)
{
    bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    for (size_t i = 0; i < sizeof b->large; i++)
        b->large[i] = (uint8_t)(i * 31 + (i >> 8));
    b->memory = vdr_memory_new();
    write_records(b, bad);
    return b;
}

static void
bed_free(bed *b)
{
    vdr_log_reader_close(&b->reader);
    vdr_log_close(&b->log);
    vdr_memory_free(&b->memory);
    free(b);
}

static void
check(const bed *b, const vdr_tail_record *record, vdr_position position)
{
    if (record->position != position || record->command.kind != VDR_COMMAND_TICK ||
        record->command.at != at_of(position) || !vdr_span_equal(record->tale, tale_of(b, position)))
        fail_msg("record %llu is not as it was written", (unsigned long long)position);
}

static void
all_come_in_order(void **state)
{
    bool threads = *(const bool *)*state;
    bed *b = bed_new(0);
    static const vdr_position froms[] = {1, 2, 1000, RECORDS, RECORDS + 1};
    for (size_t i = 0; i < sizeof froms / sizeof froms[0]; i++) {
        vdr_tail *tail = vdr_tail_new(b->reader, froms[i], RECORDS, threads);
        vdr_tail_record *records;
        vdr_position next = froms[i];
        for (size_t count; (count = vdr_tail_next(tail, &records)) != 0;)
            for (size_t k = 0; k < count; k++) {
                assert_int_equal(records[k].err, VDR_OK);
                check(b, &records[k], next++);
            }
        assert_int_equal(next, RECORDS + 1);
        assert_int_equal(vdr_tail_next(tail, &records), 0);
        vdr_tail_free(&tail);
    }
    bed_free(b);
}

static void
what_cannot_be_read_is_the_last(void **state)
{
    bool threads = *(const bool *)*state;
    bed *b = bed_new(BAD);
    vdr_tail *tail = vdr_tail_new(b->reader, 1, RECORDS, threads);
    vdr_tail_record *records;
    vdr_position next = 1;
    vdr_err last = VDR_OK;
    for (size_t count; (count = vdr_tail_next(tail, &records)) != 0;)
        for (size_t k = 0; k < count; k++) {
            assert_int_equal(last, VDR_OK);
            last = records[k].err;
            assert_int_equal(records[k].position, next);
            if (last == VDR_OK)
                check(b, &records[k], next);
            next++;
        }
    assert_int_equal(next, BAD + 1);
    assert_int_equal(last, VDR_E_STORE_VERSION);
    vdr_tail_free(&tail);
    bed_free(b);
}

static void
it_may_be_left_before_its_end(void **state)
{
    bool threads = *(const bool *)*state;
    bed *b = bed_new(0);
    for (size_t batches = 0; batches < 20; batches++) {
        vdr_tail *tail = vdr_tail_new(b->reader, 1, RECORDS, threads);
        vdr_tail_record *records;
        for (size_t i = 0; i < batches; i++)
            assert_int_not_equal(vdr_tail_next(tail, &records), 0);
        vdr_tail_free(&tail);
        assert_null(tail);
    }
    bed_free(b);
}

int
main(void)
{
    static bool with = true, without = false;
    const struct CMUnitTest tests[] = {
        {"all come in order, a thread ahead", all_come_in_order, NULL, NULL, &with},
        {"all come in order, no thread", all_come_in_order, NULL, NULL, &without},
        {"what cannot be read is the last, a thread ahead", what_cannot_be_read_is_the_last, NULL, NULL,
         &with},
        {"what cannot be read is the last, no thread", what_cannot_be_read_is_the_last, NULL, NULL, &without},
        {"it may be left before its end, a thread ahead", it_may_be_left_before_its_end, NULL, NULL, &with},
        {"it may be left before its end, no thread", it_may_be_left_before_its_end, NULL, NULL, &without},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
