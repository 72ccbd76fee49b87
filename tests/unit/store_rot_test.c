/* Goal: no changed, missing or moved byte of a log goes unnoticed (invariant I15), and none of them makes
 * the program fall over. */
#include "store_bed.h"

#include "store/bytes.h"
#include "store/check.h"
#include "store/record.h"

#include <fcntl.h>
#include <sys/stat.h>

/* So many groups of two records, with mail; the records are short so that every byte can be tried. */
static void
groups_of_two(bed *b, uint64_t groups)
{
    bed_open(b);
    for (uint64_t group = 0; group < groups; group++) {
        vdr_log_record records[2] = {{.key_id = group,
                                      .routing = vdr_span_str("to"),
                                      .content = vdr_span_str("content"),
                                      .tale = vdr_span_str("tale")},
                                     {.content = vdr_span_str("second"), .tale = vdr_span_str("told")}};
        if (group == 1) { /* one of a group that is cut later */
            records[1].carries = 1;
            records[1].content = vdr_span_of("\4\1\0\0\0\1\0\0\0rct", 12);
        }
        vdr_log_mail mails[3] = {{.mailbox = 1, .seq = 2 * group + 1, .position = 2 * group + 1, .offset = 1},
                                 {.mailbox = 1, .seq = 2 * group + 2, .position = 2 * group + 2, .offset = 3},
                                 {.mailbox = 2, .seq = group + 1, .position = 2 * group + 1, .offset = 0}};
        assert_int_equal(vdr_log_append(b->log, 1, 2 * group + 1, records, 2, mails, 3), VDR_OK);
    }
}

/* What opening, or then verifying, says. */
static vdr_err
open_and_verify(bed *b, vdr_position *ret_bad)
{
    vdr_err err = bed_try_open(b);
    *ret_bad = 0;
    if (err == VDR_OK)
        err = vdr_log_verify(b->log, 0, NULL, NULL, ret_bad);
    vdr_log_close(&b->log);
    return err;
}

static void
every_flipped_byte_of_a_record_is_found_in_memory(void **state)
{
    bed *b = *state;
    vdr_log_reader *reader;
    vdr_log_record record;
    groups_of_two(b, 3);
    for (vdr_position at = 1; at <= 6; at++) {
        size_t flips = 0;
        for (; vdr_memory_rot_record(b->memory, at, flips, 0x08); flips++) {
            vdr_position bad = 0;
            assert_int_equal(vdr_log_verify(b->log, 0, NULL, NULL, &bad), VDR_E_STORE_CORRUPT);
            assert_int_equal(bad, at);
            assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
            assert_int_equal(vdr_log_read(reader, at, &record), VDR_E_STORE_CORRUPT);
            vdr_log_reader_close(&reader);
            if (at == 6) { /* in the last group: the start finds it */
                vdr_log_close(&b->log);
                assert_int_equal(bed_try_open(b), VDR_E_STORE_CORRUPT);
                assert_true(vdr_memory_rot_record(b->memory, at, flips, 0x08));
                bed_open(b);
            } else {
                assert_true(vdr_memory_rot_record(b->memory, at, flips, 0x08));
            }
        }
        assert_true(flips > VDR_RECORD_HEAD_BYTES);
    }
    bed_verify(b);
}

/* Every row of each table, each byte of it changed, and the row gone. */
static void
every_flipped_byte_and_missing_row_is_found(void **state)
{
    bed *b = *state;
    static const struct {
        const char *table;
        size_t rows;
    } tables[] = {{"record", 6}, {"mail", 6}, {"meta", 4}};
    uint8_t key[32], bytes[512];
    size_t key_len, len, removed;
    vdr_position bad;
    groups_of_two(b, 4);
    assert_int_equal(vdr_log_cut(b->log, 3, 10, &removed), VDR_OK); /* so that there is a base */
    assert_int_equal(vdr_log_forget_mail(b->log, 1, 2, 10, &removed), VDR_OK);
    assert_int_equal(vdr_log_forget_mail(b->log, 2, 1, 10, &removed), VDR_OK);
    vdr_log_close(&b->log); /* and a mark */
    for (size_t t = 0; t < 3; t++) {
        size_t row = 0;
        for (; bed_row(b, "log", tables[t].table, row, key, &key_len, bytes, sizeof bytes, &len); row++) {
            vdr_span name = vdr_span_of(key, key_len), value = vdr_span_of(bytes, len);
            bool mark = vdr_span_equal(name, vdr_span_str("mark")); /* without it more is checked, no less */
            bool edge = t == 1 && row % 3 != 1; /* the first or the last of a mailbox's three */
            for (size_t i = 0; i <= len; i++) {
                if (i == len && (mark || edge))
                    continue; /* the broker's state tells where a mailbox begins and ends */
                if (i < len)
                    bytes[i] ^= (uint8_t)(1u << (i % 8));
                bed_forge(b, "log", tables[t].table, name, i < len ? value : (vdr_span){0});
                vdr_err err = open_and_verify(b, &bad);
                if (err != VDR_E_STORE_CORRUPT)
                    fail_msg("%s row %zu byte %zu of %zu: %s", tables[t].table, row, i, len,
                             vdr_err_code(err));
                if (i < len)
                    bytes[i] ^= (uint8_t)(1u << (i % 8));
            }
            bed_forge(b, "log", tables[t].table, name, value);
        }
        assert_int_equal(row, tables[t].rows);
    }
    bed_open(b);
    bed_verify(b);
}

/* Who can write can also make checksums right: then the chains speak. */
static void
a_forged_record_with_a_right_checksum_breaks_a_chain(void **state)
{
    bed *b = *state;
    uint8_t key[32], bytes[512];
    size_t key_len, len;
    vdr_position bad;
    vdr_record record;
    groups_of_two(b, 3);
    vdr_log_close(&b->log);
    for (size_t row = 0; row < 6; row++) {
        assert_true(bed_row(b, "log", "record", row, key, &key_len, bytes, sizeof bytes, &len));
        vdr_span name = vdr_span_of(key, key_len);
        for (size_t i = VDR_CHECK_BYTES; i < len; i++) {
            uint8_t was[8];
            memcpy(was, bytes, sizeof was);
            bytes[i] ^= 0x01;
            vdr_put_le64(bytes,
                         vdr_check_of(name, vdr_span_of(bytes + VDR_CHECK_BYTES, len - VDR_CHECK_BYTES)));
            bool readable = vdr_record_read(row + 1, vdr_span_of(bytes, len), &record) == VDR_OK;
            bed_forge(b, "log", "record", name, vdr_span_of(bytes, len));
            vdr_err err = open_and_verify(b, &bad);
            if (err != VDR_E_STORE_CORRUPT && (readable || err != VDR_E_STORE_VERSION))
                fail_msg("record %zu byte %zu: %s", row + 1, i, vdr_err_code(err));
            bytes[i] ^= 0x01;
            memcpy(bytes, was, sizeof was);
        }
        bed_forge(b, "log", "record", name, vdr_span_of(bytes, len));
    }
    assert_int_equal(open_and_verify(b, &bad), VDR_OK);
}

/* A whole group forged with all its hashes no longer fits the group after it. */
static void
a_forged_group_breaks_the_chain_after_it(void **state)
{
    bed *b = *state;
    uint8_t bytes[512], key[8];
    vdr_heads heads = {{0}, {0}};
    vdr_group group;
    vdr_position bad;
    vdr_log_record forged[2] = {
        {.routing = vdr_span_str("to"), .content = vdr_span_str("CONTENT"), .tale = vdr_span_str("tale")},
        {.content = vdr_span_str("second"), .tale = vdr_span_str("told")}};
    groups_of_two(b, 3);
    vdr_log_close(&b->log);
    vdr_group_begin(&group, &heads, 1, 1, 2, b->vault);
    for (size_t i = 0; i < 2; i++) {
        size_t len = vdr_group_record_bytes(&group, &forged[i]);
        vdr_group_write(&group, &forged[i], bytes);
        vdr_put_be64(key, 1 + i);
        bed_forge(b, "log", "record", vdr_span_of(key, 8), vdr_span_of(bytes, len));
    }
    vdr_group_end(&group);
    assert_int_equal(open_and_verify(b, &bad), VDR_E_STORE_CORRUPT);
    assert_int_equal(bad, 4); /* where the second group tells its hashes */
}

static void
moved_records_are_found(void **state)
{
    bed *b = *state;
    uint8_t keys[2][32], bytes[2][512];
    size_t key_lens[2], lens[2];
    vdr_position bad;
    groups_of_two(b, 3);
    vdr_log_close(&b->log);
    for (size_t i = 0; i < 2; i++)
        assert_true(
            bed_row(b, "log", "record", 2 * i, keys[i], &key_lens[i], bytes[i], sizeof bytes[i], &lens[i]));
    for (size_t i = 0; i < 2; i++)
        bed_forge(b, "log", "record", vdr_span_of(keys[i], key_lens[i]),
                  vdr_span_of(bytes[1 - i], lens[1 - i]));
    assert_int_equal(open_and_verify(b, &bad), VDR_E_STORE_CORRUPT);
    assert_int_equal(bad, 1);
}

static void
verify_begins_where_it_is_told(void **state)
{
    bed *b = *state;
    vdr_position bad = 99;
    static const struct {
        vdr_position from;
        vdr_err err;
    } rows[] = {{0, VDR_E_STORE_CORRUPT},
                {1, VDR_E_STORE_CORRUPT},
                {2, VDR_E_STORE_CORRUPT},
                {3, VDR_OK},
                {4, VDR_OK},
                {6, VDR_OK},
                {7, VDR_OK},
                {1000, VDR_OK}};
    uint8_t key[32], bytes[512];
    size_t key_len, len;
    groups_of_two(b, 3);
    if (b->lmdb) {
        vdr_log_close(&b->log);
        assert_true(bed_row(b, "log", "record", 0, key, &key_len, bytes, sizeof bytes, &len));
        bytes[40] ^= 1;
        bed_forge(b, "log", "record", vdr_span_of(key, key_len), vdr_span_of(bytes, len));
        bed_open(b);
    } else {
        assert_true(vdr_memory_rot_record(b->memory, 1, 40, 1));
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_err err = vdr_log_verify(b->log, rows[i].from, NULL, NULL, &bad);
        if (err != rows[i].err)
            fail_msg("from %llu: %s", (unsigned long long)rows[i].from, vdr_err_code(err));
    }
    assert_int_equal(bad, 1);
}

/* Reads everything there is and compares it with what was appended. */
static bool
is_all_there(bed *b, vdr_position end)
{
    uint8_t bytes[600];
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_log_mail mails[8];
    size_t count;
    bool good = vdr_log_reader_open(b->log, &reader) == VDR_OK;
    for (vdr_position at = 1; at < end && good; at++) {
        size_t len = bed_pattern(at, bytes, sizeof bytes);
        good = vdr_log_read(reader, at, &record) == VDR_OK && record.key_id == at &&
               vdr_span_equal(record.content, vdr_span_of(bytes, len));
    }
    good = good && vdr_log_read(reader, end, &record) == VDR_E_NOT_FOUND &&
           vdr_log_read_mail(reader, 5, 1, mails, 8, &count) == VDR_OK && count == 1 &&
           mails[0].position == end - 1;
    vdr_log_reader_close(&reader);
    return good;
}

static void
flip(const char *path, off_t at, uint8_t mask)
{
    uint8_t byte;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_int_equal(pread(fd, &byte, 1, at), 1);
    byte ^= mask;
    assert_int_equal(pwrite(fd, &byte, 1, at), 1);
    (void)close(fd);
}

/* A bit of any byte of LMDB's file: opening or verifying finds it, or nothing that is read has changed. */
static void
flipped_bits_of_the_file_are_found_or_do_no_harm(void **state)
{
    bed *b = *state;
    char path[128];
    struct stat st;
    size_t found = 0, tried = 0, removed;
    vdr_log_mail mail = {.mailbox = 5, .seq = 1, .offset = 3};
    bed_open(b);
    for (int i = 0; i < 30; i++)
        bed_append(b, 8);
    assert_int_equal(vdr_log_cut(b->log, 1, 8, &removed), VDR_OK);
    vdr_log_record last = {.key_id = b->next, .tale = vdr_span_str("last")};
    uint8_t bytes[600];
    size_t len = bed_pattern(b->next, bytes, sizeof bytes);
    last.content = vdr_span_of(bytes, len);
    mail.position = b->next;
    assert_int_equal(vdr_log_append(b->log, 1, b->next, &last, 1, &mail, 1), VDR_OK);
    b->next++;
    vdr_log_close(&b->log);
    (void)snprintf(path, sizeof path, "%s/log/data.mdb", b->dir);
    assert_int_equal(stat(path, &st), 0);
    for (off_t at = 0; at < st.st_size; at += at % 4096 < 64 || at < 8192 ? 1 : 61) {
        uint8_t mask = (uint8_t)(1u << (at % 8));
        flip(path, at, mask);
        vdr_err err = bed_try_open(b);
        if (err == VDR_OK) {
            vdr_position bad;
            err = vdr_log_verify(b->log, 0, NULL, NULL, &bad);
            if (err == VDR_OK && !is_all_there(b, b->next))
                fail_msg("bit %d of byte %lld is not found", (int)(at % 8), (long long)at);
        }
        b->options.create = false;
        vdr_log_close(&b->log);
        found += err != VDR_OK;
        tried++;
        flip(path, at, mask);
    }
    print_message("  %zu flips, %zu found, the others in unused bytes\n", tried, found);
    assert_true(found * 10 > tried);
    bed_open(b);
    bed_verify(b);
    assert_true(is_all_there(b, b->next));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_MEMORY(every_flipped_byte_of_a_record_is_found_in_memory),
        ON_LMDB(every_flipped_byte_and_missing_row_is_found),
        ON_LMDB(a_forged_record_with_a_right_checksum_breaks_a_chain),
        ON_LMDB(a_forged_group_breaks_the_chain_after_it),
        ON_LMDB(moved_records_are_found),
        BOTH(verify_begins_where_it_is_told),
        BED(flipped_bits_of_the_file_are_found_or_do_no_harm, "lmdb, sealed", bed_setup_lmdb_sealed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
