/* Goal: what an erasure run proves is in its two files whole, byte for byte, or a start sees that it is not. */
#define _XOPEN_SOURCE 700 /* nftw */

#include "engine_place.h"

#include "broker/erasure/proofs.h"

static void
read_whole(const char *path, vdr_bytes *bytes)
{
    struct stat st;
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fstat(fileno(file), &st), 0);
    uint8_t *to = vdr_bytes_extend(bytes, (size_t)st.st_size);
    assert_int_equal(fread(to, 1, bytes->len, file), bytes->len);
    assert_int_equal(fclose(file), 0);
}

static void
put_whole(const char *path, const uint8_t *bytes, size_t len)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

static void
count_entries(void *context, const vdr_proof_entry *entry)
{
    (void)entry;
    ++*(unsigned *)context;
}

static void
a_changed_byte_of_the_proofs_is_found_and_a_torn_line_is_none(void **state)
{
    (void)state;
    place *p = place_new();
    char path[128];
    vdr_bytes lines = {0};
    unsigned count = 0;
    for (uint64_t i = 1; i <= 3; i++)
        vdr_proof_write(&(vdr_proof_entry){.line = VDR_PROOF_RUN, .at = T0, .generation = i}, &lines);
    assert_int_equal(vdr_proofs_walk(p->dir, count_entries, &count), VDR_OK);
    assert_int_equal(count, 0);
    assert_int_equal(vdr_proofs_append(p->dir, vdr_bytes_span(&lines)), VDR_OK);
    for (size_t i = 0; i < 2; i++) {
        const char *name = i == 0 ? VDR_PROOFS_NAME : VDR_PROOFS_LAST;
        vdr_bytes file = {0};
        put_path(p, name, path);
        read_whole(path, &file);
        for (size_t at = 0; at < file.len; at++) {
            file.at[at] ^= 1;
            put_whole(path, file.at, file.len);
            vdr_err err = vdr_proofs_walk(p->dir, NULL, NULL);
            if (err != VDR_E_STORE_CORRUPT)
                fail_msg("%s: byte %zu changed: %s", name, at, vdr_err_code(err));
            file.at[at] ^= 1;
        }
        for (size_t len = 0; len < file.len; len++) {
            put_whole(path, file.at, len);
            vdr_err err = vdr_proofs_walk(p->dir, NULL, NULL);
            if (err != VDR_E_STORE_CORRUPT)
                fail_msg("%s: cut to %zu bytes: %s", name, len, vdr_err_code(err));
        }
        assert_int_equal(unlink(path), 0);
        assert_int_equal(vdr_proofs_walk(p->dir, NULL, NULL), VDR_E_STORE_CORRUPT);
        put_whole(path, file.at, file.len);
        vdr_bytes_done(&file);
    }
    put_path(p, VDR_PROOFS_NAME, path);
    size_t first = (size_t)((const uint8_t *)memchr(lines.at, '\n', lines.len) - lines.at) + 1;
    put_whole(path, lines.at + first,
              lines.len - first); /* a line is gone, and each of the others is whole */
    assert_int_equal(vdr_proofs_walk(p->dir, NULL, NULL), VDR_E_STORE_CORRUPT);

    /* After a crash the file has more than proofs.last says: some lines, and a part of one. */
    for (size_t len = 0; len <= lines.len; len++) {
        vdr_bytes file = {0};
        vdr_bytes_add(&file, vdr_bytes_span(&lines));
        vdr_bytes_add(&file, vdr_span_of(lines.at, len));
        put_whole(path, file.at, file.len);
        vdr_bytes_done(&file);
        count = 0;
        vdr_err err = vdr_proofs_walk(p->dir, count_entries, &count);
        if (err != VDR_OK || count != 3 + len / first)
            fail_msg("%zu bytes more: %s, %u lines", len, vdr_err_code(err), count);
    }
    put_whole(path, lines.at, lines.len);
    FILE *more = fopen(path, "ab");
    assert_non_null(more);
    assert_true(fwrite(lines.at, 1, first + 7, more) == first + 7 && fclose(more) == 0);
    assert_int_equal(vdr_proofs_append(p->dir, vdr_bytes_span(&lines)), VDR_OK);
    count = 0;
    assert_int_equal(vdr_proofs_walk(p->dir, count_entries, &count), VDR_OK);
    assert_int_equal(count, 7);
    char tail[300];
    size_t len;
    assert_int_equal(vdr_proofs_tail(p->dir, tail, sizeof tail, &len), VDR_OK);
    assert_true(len != 0 && tail[0] == '{' && tail[len - 1] == '\n');
    vdr_bytes_done(&lines);
    place_free(p);
}

static void
a_line_of_a_proof_reads_as_it_was_written(void **state)
{
    (void)state;
    const vdr_proof_entry rows[] = {
        {.line = VDR_PROOF_LEFT,
         .at = T0,
         .order = 7,
         .left = {.kind = VDR_LEFT_SIGNAL,
                  .reason = VDR_LEFT_BY_TERM,
                  .number = 12,
                  .at = T0,
                  .time = T0 - 1,
                  .hash = 0xfedcba98,
                  .source = vdr_span_str("urn \"1\" \\ \n \x01 é"),
                  .type = vdr_span_str("nl.t.v1")}},
        {.line = VDR_PROOF_LEFT,
         .at = T0,
         .order = 8,
         .left = {.kind = VDR_LEFT_HOUSEHOLD,
                  .reason = VDR_LEFT_BY_HOUSEHOLD,
                  .number = 3,
                  .at = T0,
                  .time = VDR_MS_NONE}},
        {.line = VDR_PROOF_RUN, .at = T0, .generation = 2, .through = 8, .kept = 100, .dropped = 3},
        {.line = VDR_PROOF_BACKUP, .at = T0, .generation = 2, .position = 99},
        {.line = VDR_PROOF_RESTORED, .at = T0, .position = 99},
        {.line = VDR_PROOF_ENDED,
         .at = T0,
         .position = 7,
         .party = vdr_span_str("agency:school"),
         .public_key = vdr_span_str("0123456789abcdef0123456789abcdef")},
    };
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 16);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_bytes bytes = {0}, again = {0};
        vdr_proof_entry read;
        vdr_proof_write(&rows[i], &bytes);
        assert_true(vdr_proof_read(vdr_span_of(bytes.at, bytes.len - 1), &arena, &read));
        vdr_proof_write(&read, &again);
        assert_true(vdr_span_equal(vdr_bytes_span(&bytes), vdr_bytes_span(&again)));
        assert_false(vdr_proof_read(vdr_span_of(bytes.at, bytes.len - 3), &arena, &read));
        vdr_bytes_done(&bytes);
        vdr_bytes_done(&again);
        vdr_arena_reset(&arena);
    }
    vdr_arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_of_a_proof_reads_as_it_was_written),
        cmocka_unit_test(a_changed_byte_of_the_proofs_is_found_and_a_torn_line_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
