/* Goal: what was appended is read back as it was, in order, by whoever reads, and nothing else ever is. */
#include "store_bed.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>

static void
a_new_log_is_empty_and_begins_at_one(void **state)
{
    bed *b = *state;
    vdr_log_stats stats;
    uint8_t hash[32], zero[32] = {0};
    bed_open(b);
    vdr_log_stats_get(b->log, &stats);
    assert_int_equal(stats.first, 1);
    assert_int_equal(stats.next, 1);
    assert_int_equal(stats.epoch, 0);
    assert_false(stats.full);
    assert_int_equal(vdr_log_chain(b->log, 1, hash), VDR_OK);
    assert_memory_equal(hash, zero, 32);
    assert_int_equal(vdr_log_chain(b->log, 2, hash), VDR_E_NOT_FOUND);
    bed_check(b, 1, 1);
    bed_verify(b);
}

static void
groups_come_back_after_reopening(void **state)
{
    bed *b = *state;
    vdr_log_stats stats;
    bed_open(b);
    for (size_t count = 1; count <= 10; count++)
        bed_append(b, count * 6);
    bed_check(b, 1, 331);
    bed_reopen(b);
    vdr_log_stats_get(b->log, &stats);
    assert_int_equal(stats.next, 331);
    assert_int_equal(stats.epoch, 1);
    bed_append(b, 5);
    bed_check(b, 1, 336);
    bed_verify(b);
}

static void
parts_of_every_size_come_back(void **state)
{
    bed *b = *state;
    static uint8_t bytes[1 << 20];
    static const size_t more[] = {4095, 4096, 4097, 8150, 65536, 1 << 20};
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_position next = 1;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 31 + (i >> 8));
    bed_open(b);
    /* The sizes where LMDB moves a value from its page to pages of its own, and some beyond. */
    size_t sizes[200], count = 0;
    for (size_t size = 0; size < 4; size++)
        sizes[count++] = size;
    for (size_t size = 1880; size < 2048; size++)
        sizes[count++] = size;
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++)
        sizes[count++] = more[i];
    for (size_t i = 0; i < count; i += 8, next += 8) {
        vdr_log_record records[8] = {{0}};
        for (size_t k = 0; k < 8 && i + k < count; k++) {
            size_t third = sizes[i + k] / 3;
            records[k] = (vdr_log_record){.key_id = UINT64_MAX - k,
                                          .routing = vdr_span_of(bytes, third),
                                          .content = vdr_span_of(bytes + third, sizes[i + k] - 2 * third),
                                          .tale = vdr_span_of(bytes + 7, third)};
        }
        assert_int_equal(vdr_log_append(b->log, 7, next, records, 8, NULL, 0), VDR_OK);
    }
    bed_reopen(b);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    for (size_t i = 0; i < count; i++) {
        size_t third = sizes[i] / 3;
        assert_int_equal(vdr_log_read(reader, 1 + i, &record), VDR_OK);
        if (record.key_id != (b->vault != NULL ? 1 + i : UINT64_MAX - i % 8) ||
            !vdr_span_equal(record.routing, vdr_span_of(bytes, third)) ||
            !vdr_span_equal(record.content, vdr_span_of(bytes + third, sizes[i] - 2 * third)) ||
            !vdr_span_equal(record.tale, vdr_span_of(bytes + 7, third)))
            fail_msg("a record of %zu bytes is not what it was", sizes[i]);
    }
    vdr_log_reader_close(&reader);
    bed_verify(b);
}

static void
a_wrong_position_or_epoch_writes_nothing(void **state)
{
    bed *b = *state;
    static const struct {
        const char *name;
        uint64_t epoch;
        vdr_position expected;
        vdr_err err;
    } rows[] = {
        {"a gap", 5, 4, VDR_E_STORE_POSITION},
        {"again", 5, 2, VDR_E_STORE_POSITION},
        {"nothing is before everything", 5, 0, VDR_E_STORE_POSITION},
        {"an older epoch", 4, 3, VDR_E_STORE_EPOCH},
        {"an older epoch that is behind, too", 4, 2, VDR_E_STORE_EPOCH},
        {"the next", 5, 3, VDR_OK},
        {"a newer epoch", 9, 4, VDR_OK},
        {"the one before it has been taken over", 5, 5, VDR_E_STORE_EPOCH},
    };
    vdr_log_record two[2] = {{.content = vdr_span_str("a")}, {.content = vdr_span_str("b")}};
    bed_open(b);
    assert_int_equal(vdr_log_append(b->log, 5, 1, two, 2, NULL, 0), VDR_OK);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_log_stats before, after;
        vdr_log_stats_get(b->log, &before);
        vdr_err err = vdr_log_append(b->log, rows[i].epoch, rows[i].expected, two, 1, NULL, 0);
        vdr_log_stats_get(b->log, &after);
        if (err != rows[i].err || after.next != before.next + (err == VDR_OK))
            fail_msg("%s: %s", rows[i].name, vdr_err_code(err));
    }
    bed_reopen(b);
    vdr_log_stats stats;
    vdr_log_stats_get(b->log, &stats);
    assert_int_equal(stats.epoch, 9);
    assert_int_equal(vdr_log_append(b->log, 8, 5, two, 1, NULL, 0), VDR_E_STORE_EPOCH);
}

static void
a_reader_keeps_what_it_saw_until_it_refreshes(void **state)
{
    bed *b = *state;
    vdr_log_reader *reader;
    vdr_log_record record;
    size_t removed;
    bed_open(b);
    bed_append(b, 4);
    bed_append(b, 4);
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    bed_append(b, 4);
    assert_int_equal(vdr_log_cut(b->log, 9, 100, &removed), VDR_OK);
    assert_int_equal(removed, 8);
    assert_int_equal(vdr_log_read(reader, 9, &record), VDR_E_NOT_FOUND);
    uint8_t bytes[600];
    for (vdr_position at = 1; at <= 8; at++) {
        size_t len = bed_pattern(at, bytes, sizeof bytes);
        assert_int_equal(vdr_log_read(reader, at, &record), VDR_OK);
        assert_true(vdr_span_equal(record.content, vdr_span_of(bytes, len)));
    }
    assert_int_equal(vdr_log_reader_refresh(reader), VDR_OK);
    assert_int_equal(vdr_log_read(reader, 8, &record), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_log_read(reader, 9, &record), VDR_OK);
    vdr_log_reader_rest(reader);
    vdr_log_reader_rest(reader);
    bed_append(b, 1);
    assert_int_equal(vdr_log_reader_refresh(reader), VDR_OK);
    assert_int_equal(vdr_log_read(reader, 13, &record), VDR_OK);
    vdr_log_reader_rest(reader);
    vdr_log_reader_close(&reader);
    vdr_log_reader_close(&reader);
}

static void
cutting_removes_whole_groups_and_keeps_the_chain(void **state)
{
    bed *b = *state;
    static const struct {
        vdr_position keep;
        size_t count_max, removed;
        vdr_position first;
    } rows[] = {
        {1, 100, 0, 1}, {4, 100, 0, 1},   {5, 100, 0, 1}, {6, 100, 5, 6}, {21, 5, 5, 11},
        {21, 9, 5, 16}, {31, 11, 10, 26}, {31, 1, 5, 31}, {31, 1, 0, 31}, {51, 1000, 20, 51},
    };
    uint8_t before[32], after[32];
    bed_open(b);
    for (int i = 0; i < 10; i++)
        bed_append(b, 5);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t removed = 99;
        vdr_log_stats stats;
        assert_int_equal(vdr_log_chain(b->log, rows[i].first, before), VDR_OK);
        assert_int_equal(vdr_log_cut(b->log, rows[i].keep, rows[i].count_max, &removed), VDR_OK);
        vdr_log_stats_get(b->log, &stats);
        if (removed != rows[i].removed || stats.first != rows[i].first || stats.next != 51)
            fail_msg("row %zu: removed %zu, first is %llu", i, removed, (unsigned long long)stats.first);
        assert_int_equal(vdr_log_chain(b->log, stats.first, after), VDR_OK);
        assert_memory_equal(before, after, 32);
        bed_check(b, stats.first, 51);
        bed_verify(b);
        bed_reopen(b);
        bed_check(b, stats.first, 51);
    }
    /* An empty log goes on where it was, under its epoch. */
    vdr_log_record one = {.content = vdr_span_str("x")};
    assert_int_equal(vdr_log_append(b->log, 0, 51, &one, 1, NULL, 0), VDR_E_STORE_EPOCH);
    bed_append(b, 3);
    bed_check(b, 51, 54);
    bed_verify(b);
}

static vdr_err
append_mails(bed *b, const vdr_log_mail *mails, size_t count)
{
    vdr_log_record records[4];
    for (size_t i = 0; i < 4; i++)
        records[i] = (vdr_log_record){.tale = vdr_span_str("0123456789abcdef")};
    vdr_err err = vdr_log_append(b->log, 1, b->next, records, 4, mails, count);
    if (err == VDR_OK)
        b->next += 4;
    return err;
}

/* The index of a mailbox from seq on has these numbers, and each is what append_mails_of wrote. */
static void
check_mails(bed *b, uint32_t mailbox, uint64_t seq, size_t max, uint64_t first, size_t count)
{
    vdr_log_reader *reader;
    vdr_log_mail mails[1000];
    size_t found = 9999;
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    assert_int_equal(vdr_log_read_mail(reader, mailbox, seq, mails, max, &found), VDR_OK);
    vdr_log_reader_close(&reader);
    if (found != count)
        fail_msg("mailbox %u from %llu: %zu mails, not %zu", mailbox, (unsigned long long)seq, found, count);
    for (size_t i = 0; i < found; i++) {
        assert_int_equal(mails[i].mailbox, mailbox);
        assert_int_equal(mails[i].seq, first + i);
        assert_int_equal(mails[i].position, 4 * ((first + i - 1) / 250) + 1 + (first + i) % 4);
        assert_int_equal(mails[i].offset, (first + i) % 16);
    }
}

/* Four groups with mails 1 to 1000 of the mailboxes 3, 4 and 2^32 - 1, taking turns. */
static void
append_mails_of(bed *b)
{
    static const uint32_t boxes[] = {4, 3, UINT32_MAX};
    vdr_log_mail mails[750];
    for (uint64_t group = 0; group < 4; group++) {
        for (size_t i = 0; i < 750; i++) {
            uint64_t seq = group * 250 + i / 3 + 1;
            mails[i] = (vdr_log_mail){
                .mailbox = boxes[i % 3], .offset = seq % 16, .seq = seq, .position = b->next + seq % 4};
        }
        assert_int_equal(append_mails(b, mails, 750), VDR_OK);
    }
}

static void
mail_is_read_in_windows(void **state)
{
    bed *b = *state;
    static const uint32_t boxes[] = {3, 4, UINT32_MAX};
    bed_open(b);
    check_mails(b, 3, 1, 10, 1, 0);
    append_mails_of(b);
    bed_reopen(b);
    for (size_t i = 0; i < 3; i++) {
        check_mails(b, boxes[i], 0, 1000, 1, 1000);
        check_mails(b, boxes[i], 1, 7, 1, 7);
        check_mails(b, boxes[i], 127, 5, 127, 5);
        check_mails(b, boxes[i], 128, 1, 128, 1);
        check_mails(b, boxes[i], 129, 2, 129, 2);
        check_mails(b, boxes[i], 249, 4, 249, 4);
        check_mails(b, boxes[i], 251, 999, 251, 750);
        check_mails(b, boxes[i], 1000, 10, 1000, 1);
        check_mails(b, boxes[i], 1001, 10, 1, 0);
        check_mails(b, boxes[i], UINT64_MAX, 10, 1, 0);
        check_mails(b, boxes[i], 5, 0, 1, 0);
    }
    check_mails(b, 2, 1, 10, 1, 0);
    check_mails(b, 5, 1, 10, 1, 0);
    check_mails(b, 0, 1, 10, 1, 0);
    bed_verify(b);
}

static void
mail_is_forgotten_up_to_a_number(void **state)
{
    bed *b = *state;
    static const struct {
        uint64_t seq;
        size_t max, removed;
        uint64_t first; /* left then */
    } rows[] = {
        {0, 100, 0, 1},         {1, 100, 1, 2},      {1, 100, 0, 2},
        {130, 100, 100, 102},   {130, 100, 29, 131}, {130, 100, 0, 131},
        {999, 1000, 869, 1000}, {5000, 10, 1, 1001}, {5000, 10, 0, 1001},
    };
    size_t removed;
    bed_open(b);
    append_mails_of(b);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        assert_int_equal(vdr_log_forget_mail(b->log, 4, rows[i].seq, rows[i].max, &removed), VDR_OK);
        if (removed != rows[i].removed)
            fail_msg("row %zu: removed %zu", i, removed);
        check_mails(b, 4, 0, 1000, rows[i].first, 1001 - rows[i].first);
        check_mails(b, 3, 0, 1000, 1, 1000);
        check_mails(b, UINT32_MAX, 0, 1000, 1, 1000);
        bed_verify(b);
        bed_reopen(b);
    }
    assert_int_equal(vdr_log_forget_mail(b->log, 77, 5, 5, &removed), VDR_OK);
    assert_int_equal(removed, 0);
}

static void
a_mailbox_has_no_gaps(void **state)
{
    bed *b = *state;
    static const struct {
        const char *name;
        uint64_t seqs[3]; /* of mailbox 9; 0: none */
        vdr_err err;
    } rows[] = {
        {"the first may be any", {10, 11, 0}, VDR_OK},
        {"the next", {12, 0, 0}, VDR_OK},
        {"a number left out", {14, 0, 0}, VDR_E_STORE_POSITION},
        {"a number again", {12, 0, 0}, VDR_E_STORE_POSITION},
        {"a gap inside", {13, 15, 0}, VDR_E_STORE_POSITION},
        {"twice inside", {13, 13, 0}, VDR_E_STORE_POSITION},
        {"in another order", {15, 13, 14}, VDR_OK},
    };
    bed_open(b);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_log_mail mails[3];
        size_t count = 0;
        for (; count < 3 && rows[i].seqs[count] != 0; count++)
            mails[count] = (vdr_log_mail){.mailbox = 9, .seq = rows[i].seqs[count], .position = b->next};
        vdr_position next = b->next;
        vdr_err err = append_mails(b, mails, count);
        vdr_log_stats stats;
        vdr_log_stats_get(b->log, &stats);
        if (err != rows[i].err || stats.next != next + (err == VDR_OK ? 4 : 0))
            fail_msg("%s: %s", rows[i].name, vdr_err_code(err));
    }
    bed_verify(b);
}

static void
the_chain_covers_commands_and_not_tales(void **state)
{
    (void)state;
    bed beds[2];
    vdr_log_record a[2] = {{.content = vdr_span_str("one")}, {.content = vdr_span_str("two")}};
    uint8_t hashes[2][32], other[32];
    for (int i = 0; i < 2; i++) {
        bed_init(&beds[i], i == 0);
        bed_open(&beds[i]);
        a[1].tale = vdr_span_str(i == 0 ? "told" : "told in other words");
        assert_int_equal(vdr_log_append(beds[i].log, 3, 1, a, 2, NULL, 0), VDR_OK);
        assert_int_equal(vdr_log_append(beds[i].log, 3, 3, a, 1, NULL, 0), VDR_OK);
        assert_int_equal(vdr_log_chain(beds[i].log, 4, hashes[i]), VDR_OK);
        assert_int_equal(vdr_log_chain(beds[i].log, 2, other), VDR_E_NOT_FOUND);
        assert_int_equal(vdr_log_chain(beds[i].log, 5, other), VDR_E_NOT_FOUND);
        assert_int_equal(vdr_log_chain(beds[i].log, 0, other), VDR_E_NOT_FOUND);
        assert_int_equal(vdr_log_chain(beds[i].log, 3, other), VDR_OK);
        assert_memory_not_equal(other, hashes[i], 32);
    }
    assert_memory_equal(hashes[0], hashes[1], 32); /* both backends, other tales: the same chain */
    bed_done(&beds[0]);
    bed_init(&beds[0], false);
    static const struct {
        const char *name;
        uint64_t epoch;
        size_t split; /* records of the first group */
        const char *content;
        uint64_t key_id;
    } rows[] = {
        {"another epoch", 4, 2, "two", 0},
        {"another content", 3, 2, "twO", 0},
        {"another key", 3, 2, "two", 1},
        {"other groups", 3, 1, "two", 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bed_open(&beds[0]);
        a[1] = (vdr_log_record){.key_id = rows[i].key_id, .content = vdr_span_str(rows[i].content)};
        size_t split = rows[i].split;
        assert_int_equal(vdr_log_append(beds[0].log, rows[i].epoch, 1, a, split, NULL, 0), VDR_OK);
        if (split == 1)
            assert_int_equal(vdr_log_append(beds[0].log, rows[i].epoch, 2, a + 1, 1, NULL, 0), VDR_OK);
        assert_int_equal(vdr_log_append(beds[0].log, rows[i].epoch, 3, a, 1, NULL, 0), VDR_OK);
        assert_int_equal(vdr_log_chain(beds[0].log, 4, other), VDR_OK);
        if (memcmp(other, hashes[0], 32) == 0)
            fail_msg("%s: the chain is the same", rows[i].name);
        bed_done(&beds[0]);
        bed_init(&beds[0], false);
    }
    bed_done(&beds[0]);
    bed_done(&beds[1]);
}

typedef struct racing {
    bed *b;
    const char *_Atomic words; /* of the first thing that went wrong */
    _Atomic bool stop;
    _Atomic uint64_t reads;
} racing;

/* Reads what is there again and again, from a place that moves: every record is whole or not there. */
static const char *
race(racing *r)
{
    uint8_t bytes[600];
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_log_stats stats;
    if (vdr_log_reader_open(r->b->log, &reader) != VDR_OK)
        return "a reader cannot be opened";
    while (!atomic_load(&r->stop)) {
        vdr_log_stats_get(r->b->log, &stats);
        if (vdr_log_reader_refresh(reader) != VDR_OK)
            return "a refresh failed";
        for (vdr_position at = stats.first; at < stats.next; at++) {
            vdr_err err = vdr_log_read(reader, at, &record);
            if (err == VDR_E_NOT_FOUND)
                continue; /* cut meanwhile */
            size_t len = bed_pattern(at, bytes, sizeof bytes);
            if (err != VDR_OK || !vdr_span_equal(record.content, vdr_span_of(bytes, len)))
                return "a record is not what was appended";
            atomic_fetch_add(&r->reads, 1);
        }
        vdr_log_reader_rest(reader);
    }
    vdr_log_reader_close(&reader);
    return NULL;
}

static void *
race_begin(void *context)
{
    racing *r = context;
    const char *words = race(r);
    if (words != NULL)
        atomic_store(&r->words, words);
    return NULL;
}

static void
others_read_and_verify_while_one_appends_and_cuts(void **state)
{
    bed *b = *state;
    racing r = {.b = b};
    pthread_t threads[3];
    size_t removed;
    b->options.map_bytes = 1 << 20; /* so that the map moves under them, too */
    bed_open(b);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, race_begin, &r), 0);
    for (int i = 0; i < 150; i++) {
        bed_append(b, 40);
        if (i % 10 == 9)
            assert_int_equal(vdr_log_cut(b->log, b->next - 200, 300, &removed), VDR_OK);
        if (i % 50 == 25)
            bed_verify(b);
    }
    while (atomic_load(&r.reads) == 0 && atomic_load(&r.words) == NULL)
        (void)sched_yield(); /* a busy machine may not have let them begin */
    atomic_store(&r.stop, true);
    for (int i = 0; i < 3; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    if (atomic_load(&r.words) != NULL)
        fail_msg("%s", atomic_load(&r.words));
    assert_true(atomic_load(&r.reads) > 0);
    bed_verify(b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_new_log_is_empty_and_begins_at_one),
        BOTH(groups_come_back_after_reopening),
        BOTH(parts_of_every_size_come_back),
        BOTH(a_wrong_position_or_epoch_writes_nothing),
        BOTH(a_reader_keeps_what_it_saw_until_it_refreshes),
        BOTH(cutting_removes_whole_groups_and_keeps_the_chain),
        BOTH(mail_is_read_in_windows),
        BOTH(mail_is_forgotten_up_to_a_number),
        BOTH(a_mailbox_has_no_gaps),
        cmocka_unit_test(the_chain_covers_commands_and_not_tales),
        BOTH(others_read_and_verify_while_one_appends_and_cuts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
