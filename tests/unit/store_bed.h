/* A store in a folder of its own, on LMDB or in memory, plain or sealed, for the tests of store/. Every test
 * runs on all of these that it can. */
#ifndef VDR_TESTS_STORE_BED_H
#define VDR_TESTS_STORE_BED_H

#define _XOPEN_SOURCE 700 /* nftw; so this header is included first */

#include "store/checkpoint.h"
#include "store/log.h"
#include "store/memory.h"

#include <ftw.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef struct bed {
    bool lmdb;
    char dir[64];
    vdr_memory *memory;
    vdr_vault *vault; /* NULL: plain; also in options */
    vdr_log_options options;
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_position next; /* what bed_append does next */
} bed;

#define BED(test, text, setup)                                                                               \
    {                                                                                                        \
#test " (" text ")", test, setup, bed_teardown, NULL                                                 \
    }
#define PLAIN(test) BED(test, "lmdb", bed_setup_lmdb), BED(test, "memory", bed_setup_memory)
#define BOTH(test)                                                                                           \
    PLAIN(test), BED(test, "lmdb, sealed", bed_setup_lmdb_sealed),                                           \
        BED(test, "memory, sealed", bed_setup_memory_sealed)
#define ON_LMDB(test) BED(test, "lmdb", bed_setup_lmdb), BED(test, "lmdb, sealed", bed_setup_lmdb_sealed)
#define ON_MEMORY(test)                                                                                      \
    BED(test, "memory", bed_setup_memory), BED(test, "memory, sealed", bed_setup_memory_sealed)

static inline int
bed_remove(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void
bed_remove_dir(const char *dir)
{
    (void)nftw(dir, bed_remove, 8, FTW_DEPTH | FTW_PHYS);
}

static inline void
bed_init(bed *b, bool lmdb)
{
    *b = (bed){.lmdb = lmdb, .options = {.create = true}, .next = 1};
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/vdr-store-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    if (!lmdb)
        b->memory = vdr_memory_new();
}

static inline void
bed_done(bed *b)
{
    vdr_log_close(&b->log);
    vdr_checkpoint_close(&b->checkpoint);
    vdr_memory_free(&b->memory);
    vdr_vault_close(&b->vault);
    bed_remove_dir(b->dir);
}

static inline void
bed_open_vault(bed *b)
{
    static const uint8_t key[VDR_VAULT_KEY_BYTES] = {7};
    vdr_vault_options options = {.key = key, .create = true};
    assert_int_equal(vdr_vault_open(b->dir, &options, &b->vault, NULL), VDR_OK);
    b->options.vault = b->vault;
}

static inline int
bed_setup(void **state, bool lmdb)
{
    bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    bed_init(b, lmdb);
    *state = b;
    return 0;
}

static inline int
bed_setup_lmdb(void **state)
{
    return bed_setup(state, true);
}

static inline int
bed_setup_memory(void **state)
{
    return bed_setup(state, false);
}

static inline int
bed_setup_lmdb_sealed(void **state)
{
    (void)bed_setup(state, true);
    bed_open_vault(*state);
    return 0;
}

static inline int
bed_setup_memory_sealed(void **state)
{
    (void)bed_setup(state, false);
    bed_open_vault(*state);
    return 0;
}

static inline int
bed_teardown(void **state)
{
    bed_done(*state);
    free(*state);
    return 0;
}

static inline vdr_err
bed_try_open(bed *b)
{
    char words[256];
    vdr_err err = b->lmdb ? vdr_log_open_lmdb(b->dir, &b->options, &b->log, words)
                          : vdr_log_open_memory(b->memory, &b->options, &b->log);
    if (err != VDR_OK && b->lmdb)
        assert_true(strlen(words) > 5);
    return err;
}

static inline void
bed_open(bed *b)
{
    assert_int_equal(bed_try_open(b), VDR_OK);
}

static inline void
bed_reopen(bed *b)
{
    vdr_log_close(&b->log);
    bed_open(b);
}

static inline void
bed_open_checkpoint(bed *b)
{
    vdr_checkpoint_close(&b->checkpoint);
    assert_int_equal(b->lmdb ? vdr_checkpoint_open_lmdb(b->dir, b->vault, true, &b->checkpoint, NULL)
                             : vdr_checkpoint_open_memory(b->memory, b->vault, &b->checkpoint),
                     VDR_OK);
}

/* The content of a record, told by its position alone. */
static inline size_t
bed_pattern(vdr_position position, uint8_t *ret_bytes, size_t max)
{
    uint64_t x = position * UINT64_C(0x9E3779B97F4A7C15);
    size_t len = (size_t)(x >> 40) % max;
    for (size_t i = 0; i < len; i++) {
        x = x * UINT64_C(6364136223846793005) + 1;
        ret_bytes[i] = (uint8_t)(x >> 56);
    }
    return len;
}

/* Appends count records with the pattern of their positions as content and a tale of 40 bytes. */
static inline vdr_err
bed_try_append(bed *b, size_t count)
{
    static uint8_t bytes[64][600];
    vdr_log_record records[64];
    assert_true(count <= 64);
    for (size_t i = 0; i < count; i++) {
        size_t len = bed_pattern(b->next + i, bytes[i], sizeof bytes[i]);
        records[i] = (vdr_log_record){.key_id = b->next + i,
                                      .routing = vdr_span_str("routing"),
                                      .content = vdr_span_of(bytes[i], len),
                                      .tale = vdr_span_str("what was told because of it, 40 bytes...")};
    }
    vdr_err err = vdr_log_append(b->log, 1, b->next, records, count, NULL, 0);
    if (err == VDR_OK)
        b->next += count;
    return err;
}

static inline void
bed_append(bed *b, size_t count)
{
    assert_int_equal(bed_try_append(b, count), VDR_OK);
}

/* Every record from first up to end has its pattern, and end is the end. */
static inline void
bed_check(bed *b, vdr_position first, vdr_position end)
{
    uint8_t bytes[600];
    vdr_log_reader *reader;
    vdr_log_record record;
    assert_int_equal(vdr_log_reader_open(b->log, &reader), VDR_OK);
    for (vdr_position at = first; at < end; at++) {
        size_t len = bed_pattern(at, bytes, sizeof bytes);
        assert_int_equal(vdr_log_read(reader, at, &record), VDR_OK);
        assert_int_equal(record.key_id, at);
        assert_true(vdr_span_equal(record.routing, vdr_span_str("routing")));
        assert_true(vdr_span_equal(record.content, vdr_span_of(bytes, len)));
        assert_int_equal(record.tale.len, 40);
    }
    assert_int_equal(vdr_log_read(reader, end, &record), VDR_E_NOT_FOUND);
    if (first > 0)
        assert_int_equal(vdr_log_read(reader, first - 1, &record), VDR_E_NOT_FOUND);
    vdr_log_reader_close(&reader);
}

static inline void
bed_verify(bed *b)
{
    vdr_position bad = 0;
    vdr_err err = vdr_log_verify(b->log, 0, NULL, NULL, &bad);
    if (err != VDR_OK)
        fail_msg("verify: %s at %llu", vdr_err_code(err), (unsigned long long)bad);
}

/* Changes a row of a closed store behind its back: the value of key in table of DIR/part becomes bytes;
 * bytes.at NULL removes it. */
static inline void
bed_forge(const bed *b, const char *part, const char *table, vdr_span key, vdr_span bytes)
{
    char path[128];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_val at = {.mv_size = key.len, .mv_data = (void *)(uintptr_t)key.at};
    MDB_val value = {.mv_size = bytes.len, .mv_data = (void *)(uintptr_t)bytes.at};
    (void)snprintf(path, sizeof path, "%s/%s", b->dir, part);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
    assert_int_equal(mdb_env_set_mapsize(env, (size_t)1 << 30), 0);
    assert_int_equal(mdb_env_open(env, path, MDB_NOSYNC, 0600), 0); /* only here: the file is thrown away */
    assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(bytes.at != NULL ? mdb_put(txn, dbi, &at, &value, 0) : mdb_del(txn, dbi, &at, NULL), 0);
    assert_int_equal(mdb_txn_commit(txn), 0);
    mdb_env_close(env);
}

/* Reads row number n of a table of a closed store, copied; false: there are fewer. */
static inline bool
bed_row(const bed *b, const char *part, const char *table, size_t n, uint8_t ret_key[32], size_t *ret_key_len,
        uint8_t *ret_bytes, size_t max, size_t *ret_len)
{
    char path[128];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, value;
    *ret_key_len = *ret_len = 0;
    (void)snprintf(path, sizeof path, "%s/%s", b->dir, part);
    assert_int_equal(mdb_env_create(&env), 0);
    assert_int_equal(mdb_env_set_maxdbs(env, 4), 0);
    assert_int_equal(mdb_env_open(env, path, 0, 0600), 0);
    assert_int_equal(mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), 0);
    assert_int_equal(mdb_dbi_open(txn, table, 0, &dbi), 0);
    assert_int_equal(mdb_cursor_open(txn, dbi, &cursor), 0);
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT);
    if (rc == 0) {
        assert_true(key.mv_size <= 32 && value.mv_size <= max);
        memcpy(ret_key, key.mv_data, key.mv_size);
        memcpy(ret_bytes, value.mv_data, value.mv_size);
        *ret_key_len = key.mv_size;
        *ret_len = value.mv_size;
    }
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
    return rc == 0;
}

#endif
