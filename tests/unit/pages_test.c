/* Goal: what LMDB writes is sound to store/pages.c after any commit, and no bit of what it writes about its pages
 * changes unseen. */
#define _GNU_SOURCE /* nftw */
#include "store/pages.h"

#include "proto/types.h"

#include <fcntl.h>
#include <ftw.h>
#include <lmdb.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#define TABLES     3
#define META_BYTES ((size_t)2 * 4096)

typedef struct bed {
    char dir[64];
    MDB_env *env;
    MDB_dbi tables[TABLES];
    uint64_t dice;
} bed;

static uint32_t
roll(bed *b, uint32_t below)
{
    b->dice = b->dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(b->dice >> 33) % below;
}

static void
open_env(bed *b)
{
    assert_int_equal(mdb_env_create(&b->env), 0);
    assert_int_equal(mdb_env_set_maxdbs(b->env, TABLES), 0);
    assert_int_equal(mdb_env_set_mapsize(b->env, (size_t)1 << 30), 0);
    assert_int_equal(mdb_env_open(b->env, b->dir, MDB_NOTLS | MDB_NOSYNC, 0600), 0);
}

static MDB_txn *
begin(bed *b)
{
    MDB_txn *txn;
    assert_int_equal(mdb_txn_begin(b->env, NULL, 0, &txn), 0);
    return txn;
}

static void
open_tables(bed *b)
{
    static const char *const names[TABLES] = {"a", "b", "c"};
    MDB_txn *txn = begin(b);
    for (size_t i = 0; i < TABLES; i++)
        assert_int_equal(mdb_dbi_open(txn, names[i], MDB_CREATE, &b->tables[i]), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static int
set_up(void **state)
{
    bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/vdr-pages-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    open_env(b);
    open_tables(b);
    *state = b;
    return 0;
}

static int
discard(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)st;
    (void)kind;
    (void)place;
    return remove(path);
}

static int
tear_down(void **state)
{
    bed *b = *state;
    if (b->env != NULL)
        mdb_env_close(b->env);
    (void)nftw(b->dir, discard, 8, FTW_DEPTH | FTW_PHYS);
    free(b);
    return 0;
}

/* One transaction of puts, overwrites and deletes of short and long rows. */
static void
change(bed *b, uint32_t keys, uint32_t rows, uint32_t bytes_max)
{
    static uint8_t bytes[200000];
    MDB_txn *txn = begin(b);
    for (uint32_t i = 0; i < rows; i++) {
        char name[16];
        int len = snprintf(name, sizeof name, "%08u", roll(b, keys));
        MDB_val key = {.mv_size = (size_t)len, .mv_data = name};
        MDB_val value = {.mv_size = roll(b, roll(b, 50) == 0 ? bytes_max : 1 + bytes_max / 60),
                         .mv_data = bytes};
        MDB_dbi table = b->tables[roll(b, TABLES)];
        int rc = roll(b, 3) == 0 ? mdb_del(txn, table, &key, NULL) : mdb_put(txn, table, &key, &value, 0);
        assert_true(rc == 0 || rc == MDB_NOTFOUND);
    }
    if (roll(b, 30) == 0)
        assert_int_equal(mdb_drop(txn, b->tables[roll(b, TABLES)], 0), 0);
    if (roll(b, 10) == 0)
        mdb_txn_abort(txn);
    else
        assert_int_equal(mdb_txn_commit(txn), 0);
}

/* One row: a commit in any case. */
static void
put_row(bed *b, uint64_t number)
{
    MDB_txn *txn = begin(b);
    char name[] = "row";
    MDB_val key = {.mv_size = 3, .mv_data = name}, value = {.mv_size = sizeof number, .mv_data = &number};
    assert_int_equal(mdb_put(txn, b->tables[0], &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
}

static vdr_err
look(const bed *b, const char **ret_text)
{
    vdr_pages_bad bad = {0};
    uint64_t end_bytes;
    vdr_err err = vdr_pages_check_folder(b->dir, &end_bytes, &bad);
    *ret_text = err == VDR_OK ? "" : bad.text;
    return err;
}

/* Also with a reader that keeps pages from being used again. */
static void
what_lmdb_writes_is_sound_after_any_commit(void **state)
{
    bed *b = *state;
    MDB_txn *reader = NULL;
    const char *text;
    for (unsigned i = 0; i < 160; i++) {
        change(b, i % 7 == 0 ? 20000 : 500, i % 20 == 0 ? 1500 : 1 + roll(b, 40), i % 3 == 0 ? 200000 : 5000);
        if (look(b, &text) != VDR_OK)
            fail_msg("after commit %u: %s", i, text);
        if (i % 16 == 3)
            assert_int_equal(mdb_txn_begin(b->env, NULL, MDB_RDONLY, &reader), 0);
        else if (i % 16 == 15)
            mdb_txn_abort(reader);
    }
}

static void
a_compacted_copy_is_sound_and_so_is_what_follows(void **state)
{
    bed *b = *state;
    char from[128], to[128];
    const char *text;
    for (unsigned i = 0; i < 20; i++)
        change(b, 500, 40, 5000);
    (void)snprintf(to, sizeof to, "%s/copy", b->dir);
    (void)snprintf(from, sizeof from, "%s/copy/data.mdb", b->dir);
    assert_int_equal(mkdir(to, 0700), 0);
    assert_int_equal(mdb_env_copy2(b->env, to, MDB_CP_COMPACT), 0);
    mdb_env_close(b->env);
    (void)snprintf(to, sizeof to, "%s/data.mdb", b->dir);
    assert_int_equal(rename(from, to), 0);
    assert_int_equal(look(b, &text), VDR_OK);
    open_env(b);
    open_tables(b);
    for (unsigned i = 0; i < 20; i++) {
        change(b, 500, 40, 5000);
        if (look(b, &text) != VDR_OK)
            fail_msg("after commit %u: %s", i, text);
    }
}

/* All that LMDB reads first: the two meta pages, and of one of them, at any time, that it is the newer one. */
static void
every_flipped_bit_of_the_meta_pages_is_found(void **state)
{
    bed *b = *state;
    char path[128];
    uint8_t bytes[META_BYTES];
    const char *text;
    (void)snprintf(path, sizeof path, "%s/data.mdb", b->dir);
    for (unsigned round = 0; round < 4; round++) { /* the newer one is the one and the other */
        change(b, 50, 5, 500);
        put_row(b, round);
        int fd = open(path, O_RDWR | O_CLOEXEC);
        assert_int_equal(pread(fd, bytes, sizeof bytes, 0), sizeof bytes);
        assert_int_equal(look(b, &text), VDR_OK);
        for (size_t bit = 0; bit < 8 * sizeof bytes; bit++) {
            if (bit / 8 % 4096 > 200 && bit % 61 != 0)
                continue; /* zeroes: some of them */
            uint8_t byte = (uint8_t)(bytes[bit / 8] ^ 1u << bit % 8);
            assert_int_equal(pwrite(fd, &byte, 1, (off_t)(bit / 8)), 1);
            vdr_err err = look(b, &text);
            if (err != VDR_E_STORE_CORRUPT)
                fail_msg("round %u, byte %zu, bit %zu", round, bit / 8, bit % 8);
            assert_int_equal(pwrite(fd, &bytes[bit / 8], 1, (off_t)(bit / 8)), 1);
        }
        (void)close(fd);
    }
    assert_int_equal(look(b, &text), VDR_OK);
}

/* A long row lies in pages of its own, of which only the first has a head. LMDB maps the file: to read behind its end
 * stops the process. */
static void
a_file_that_ends_within_a_long_row_is_found(void **state)
{
    bed *b = *state;
    static uint8_t bytes[10 * 4096 - 16]; /* fills its pages */
    char path[128], name[] = "long";
    const char *text;
    uint64_t end_bytes;
    vdr_pages_bad bad;
    (void)snprintf(path, sizeof path, "%s/data.mdb", b->dir);
    for (unsigned i = 0; i < 4; i++) /* so that the commit finds free pages for all but the row */
        put_row(b, i);
    MDB_txn *txn = begin(b);
    MDB_val key = {.mv_size = 4, .mv_data = name}, value = {.mv_size = sizeof bytes, .mv_data = bytes};
    assert_int_equal(mdb_put(txn, b->tables[1], &key, &value, 0), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    put_row(b, 4);
    assert_int_equal(vdr_pages_check_folder(b->dir, &end_bytes, &bad), VDR_OK);
    for (off_t cut = 1; cut < 9 * 4096; cut += cut < 4 ? 1 : 1021) {
        assert_int_equal(truncate(path, (off_t)end_bytes - cut), 0);
        if (look(b, &text) != VDR_E_STORE_CORRUPT)
            fail_msg("cut by %ld", (long)cut);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_lmdb_writes_is_sound_after_any_commit, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_compacted_copy_is_sound_and_so_is_what_follows, set_up, tear_down),
        cmocka_unit_test_setup_teardown(every_flipped_bit_of_the_meta_pages_is_found, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_file_that_ends_within_a_long_row_is_found, set_up, tear_down),
    };
    return cmocka_run_group_tests_name("pages", tests, NULL, NULL);
}
