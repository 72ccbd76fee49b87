/* Files that shrink: where more than half of one is free, opening gives the rest back. */
#include "tests/unit/store_bed.h"

#include <sys/stat.h>

static uint64_t
file_bytes(const bed *b, const char *part)
{
    char path[128];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/%s/data.mdb", b->dir, part);
    assert_int_equal(stat(path, &st), 0);
    return (uint64_t)st.st_size;
}

static bool
is_there(const bed *b, const char *name)
{
    char path[128];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/%s", b->dir, name);
    return stat(path, &st) == 0;
}

/* A log of so many records, of which the last keep are left; closed. */
static void
grow_and_cut(bed *b, size_t groups, size_t keep)
{
    size_t removed;
    bed_open(b);
    for (size_t i = 0; i < groups; i++)
        bed_append(b, 64);
    do
        assert_int_equal(vdr_log_cut(b->log, b->next - keep, 4096, &removed), VDR_OK);
    while (removed != 0);
    vdr_log_close(&b->log);
}

static void
a_log_gives_back_what_was_cut(void **state)
{
    bed *b = *state;
    grow_and_cut(b, 600, 640);
    uint64_t before = file_bytes(b, "log");
    assert_true(before > 8u << 20);
    bed_open(b);
    assert_true(file_bytes(b, "log") < before / 8);
    assert_false(is_there(b, "log.small"));
    bed_check(b, b->next - 640, b->next);
    bed_verify(b);
    bed_append(b, 64);
    bed_reopen(b);
    bed_check(b, b->next - 704, b->next);
    bed_verify(b);
    print_message("a log of %llu KiB, of which a sixtieth is kept, has %llu KiB\n",
                  (unsigned long long)before / 1024, (unsigned long long)file_bytes(b, "log") / 1024);
}

static void
one_that_is_mostly_used_or_small_stays(void **state)
{
    bed *b = *state;
    grow_and_cut(b, 300, 64 * 200);
    uint64_t before = file_bytes(b, "log");
    bed_open(b);
    assert_true(file_bytes(b, "log") >= before);
    bed_check(b, b->next - 64 * 200, b->next);
    bed_done(b);
    bed_init(b, true);
    grow_and_cut(b, 30, 64);
    before = file_bytes(b, "log");
    bed_open(b);
    assert_true(file_bytes(b, "log") >= before);
}

/* What a crash left beside the file is thrown away, whatever it is; a try that cannot be made is no failure. */
static void
an_interrupted_try_leaves_the_file_whole(void **state)
{
    bed *b = *state;
    for (int foreign = 0; foreign <= 1; foreign++) {
        char path[128];
        grow_and_cut(b, 600, 640);
        uint64_t before = file_bytes(b, "log");
        (void)snprintf(path, sizeof path, "%s/log.small", b->dir);
        assert_int_equal(mkdir(path, 0700), 0);
        (void)snprintf(path, sizeof path, "%s/log.small/%s", b->dir, foreign ? "foreign" : "data.mdb");
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        assert_true(fputs("half a copy", file) >= 0);
        assert_int_equal(fclose(file), 0);
        bed_open(b);
        if (foreign) /* somebody else's file is in the way: nothing is removed, nothing shrinks */
            assert_true(file_bytes(b, "log") >= before && is_there(b, "log.small/foreign"));
        else
            assert_true(file_bytes(b, "log") < before / 8 && !is_there(b, "log.small"));
        bed_check(b, b->next - 640, b->next);
        bed_done(b);
        bed_init(b, true);
    }
}

static void
write_checkpoint(bed *b, uint64_t position, uint32_t blocks, uint32_t had)
{
    static uint8_t bytes[VDR_BLOCK_BYTES_GOOD];
    uint64_t x = position; /* nothing that presses to less */
    for (size_t i = 0; i < sizeof bytes; i++) {
        x = x * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(x >> 33);
    }
    assert_int_equal(vdr_checkpoint_begin(b->checkpoint), VDR_OK);
    for (uint32_t i = 0; i < blocks; i++)
        assert_int_equal(
            vdr_checkpoint_put(b->checkpoint, (vdr_block_id){1, i}, vdr_span_of(bytes, sizeof bytes)),
            VDR_OK);
    for (uint32_t i = blocks; i < had; i++)
        assert_int_equal(vdr_checkpoint_drop(b->checkpoint, (vdr_block_id){1, i}), VDR_OK);
    const vdr_checkpoint_manifest manifest = {.position = position, .blocks = blocks};
    assert_int_equal(vdr_checkpoint_commit(b->checkpoint, &manifest), VDR_OK);
}

static vdr_err
count_block(void *context, vdr_block_id id, vdr_span bytes)
{
    (void)id;
    assert_int_equal(bytes.len, VDR_BLOCK_BYTES_GOOD);
    assert_int_equal(bytes.at[0], 3);
    ++*(unsigned *)context;
    return VDR_OK;
}

static void
a_state_gives_back_what_it_no_longer_has(void **state)
{
    bed *b = *state;
    unsigned count = 0;
    bed_open_checkpoint(b);
    write_checkpoint(b, 1, 200, 0);
    write_checkpoint(b, 2, 10, 200);
    write_checkpoint(b, 3, 10, 10);
    vdr_checkpoint_close(&b->checkpoint);
    uint64_t before = file_bytes(b, "state");
    bed_open_checkpoint(b);
    assert_true(file_bytes(b, "state") < before / 4);
    assert_int_equal(vdr_checkpoint_load(b->checkpoint, count_block, &count), VDR_OK);
    assert_int_equal(count, 10);
    write_checkpoint(b, 3, 12, 10);
    print_message("a state of %llu KiB, of which a twentieth is left, has %llu KiB\n",
                  (unsigned long long)before / 1024, (unsigned long long)file_bytes(b, "state") / 1024);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        ON_LMDB(a_log_gives_back_what_was_cut),
        ON_LMDB(one_that_is_mostly_used_or_small_stays),
        ON_LMDB(an_interrupted_try_leaves_the_file_whole),
        ON_LMDB(a_state_gives_back_what_it_no_longer_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
