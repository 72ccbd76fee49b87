/* Goal: who steps a log again keeps nothing that those who append to it wait for, and lets them go first. */
#include "store_bed.h"

#include "broker/history/history.h"
#include "broker/record/record.h"

#define RUNS    5u
#define RECORDS (RUNS * VDR_HISTORY_RUN)

/* A group: time passes count times. Each with bytes of content that nobody looks at. */
static vdr_err
append(bed *b, unsigned count, size_t bytes)
{
    static uint8_t content[65536], routing[RECORDS][32];
    static vdr_log_record records[RECORDS];
    for (unsigned i = 0; i < count; i++) {
        const vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = (vdr_ms)(b->next + i), .timers_max = 1};
        size_t len = vdr_command_write(&tick, routing[i], sizeof routing[i]);
        records[i] =
            (vdr_log_record){.routing = vdr_span_of(routing[i], len), .content = vdr_span_of(content, bytes)};
    }
    vdr_err err = vdr_log_append(b->log, 1, b->next, records, count, NULL, 0);
    b->next += err == VDR_OK ? count : 0;
    return err;
}

static vdr_history *
open_history(bed *b)
{
    char words[VDR_HISTORY_WORDS];
    vdr_history *history;
    bed_open(b);
    assert_int_equal(append(b, RECORDS, 0), VDR_OK);
    assert_int_equal(vdr_history_open(b->log, NULL, &history, words), VDR_OK);
    return history;
}

static void
read_one(vdr_history *history, vdr_position expected)
{
    char words[VDR_HISTORY_WORDS];
    const vdr_command *command;
    assert_int_equal(vdr_history_read(history, &command, words), VDR_OK);
    assert_int_equal(command->kind, VDR_COMMAND_TICK);
    assert_int_equal(command->at, expected);
}

/* How often somebody appends, and so how often it sleeps. */
static const struct {
    const char *when;
    unsigned every, sleeps; /* one after each so many records, from the first on; 0: never */
} rows[] = {
    {"nobody appends", 0, 0},           {"one in each run", VDR_HISTORY_RUN, RUNS},
    {"one after each record", 1, RUNS}, {"one in every other run", 2 * VDR_HISTORY_RUN, (RUNS + 1) / 2},
    {"one in the first", RECORDS, 1},
};

static void
it_sleeps_after_the_runs_in_which_the_log_grew(void **state)
{
    bed *b = *state;
    vdr_pace pace;
    const vdr_command *none;
    char words[VDR_HISTORY_WORDS];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bed fresh;
        bed_init(&fresh, b->lmdb);
        vdr_history *history = open_history(&fresh);
        vdr_pace_init(&pace, fresh.log);
        vdr_history_pace(history, &pace);
        for (unsigned at = 0; at < RECORDS; at++) {
            read_one(history, at + 1); /* the first of a run begins it */
            if (rows[i].every != 0 && at % rows[i].every == 0)
                assert_int_equal(append(&fresh, 1, 0), VDR_OK);
        }
        assert_int_equal(vdr_history_read(history, &none, words), VDR_E_END);
        vdr_history_rest(history);
        vdr_history_rest(history); /* a run ends once */
        if (pace.pieces != RUNS || pace.sleeps != rows[i].sleeps)
            fail_msg("%s: %llu sleeps after %llu runs", rows[i].when, (unsigned long long)pace.sleeps,
                     (unsigned long long)pace.pieces);
        vdr_history_close(&history);
        bed_done(&fresh);
    }
}

/* The map moves only while no reader is at work; an append that has to wait for one gives up. */
static void
the_log_grows_beside_a_history_that_nobody_reads(void **state)
{
    bed *b = *state;
    b->options.map_bytes = UINT64_C(8) << 20;
    vdr_history *history = open_history(b);
    for (unsigned round = 0; round < 3; round++) {
        for (unsigned i = 0; i < 8; i++)
            assert_int_equal(append(b, 40, 65536), VDR_OK);
        read_one(history, round + 1);
        vdr_history_rest(history);
    }
    vdr_history_close(&history);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN(it_sleeps_after_the_runs_in_which_the_log_grew),
        BED(the_log_grows_beside_a_history_that_nobody_reads, "lmdb", bed_setup_lmdb)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
