/* Goal: what is sealed opens with the right key only, a turn of the wrapping key takes away what was not carried
 * over and nothing else, and a crash at any step of it, or of a change of the tenant key, loses nothing.
 *
 * fsync, rename, linkat, unlink and write are wrapped by the linker: a child ends at the n-th of them. */
#define _GNU_SOURCE /* nftw, memmem */

#include "store/vault.h"

#include <ftw.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define RECORDS 12u
#define TEXT    "999990019 Kerkstraat 1"

typedef struct sealed {
    uint8_t envelope[VDR_VAULT_ENVELOPE_BYTES];
    uint8_t bytes[sizeof TEXT - 1 + VDR_VAULT_TAG_BYTES];
} sealed;

typedef struct bed {
    char dir[64], escrow[64];
    uint8_t key[VDR_VAULT_KEY_BYTES], other[VDR_VAULT_KEY_BYTES];
    vdr_vault_options options;
    vdr_vault *vault;
    sealed records[RECORDS + 1]; /* by position */
} bed;

/* ---- a crash at a chosen call ---- */

static long calls_left = -1; /* <0: no crash */

static void
call(void)
{
    if (calls_left == 0)
        _exit(7);
    if (calls_left > 0)
        calls_left--;
}

int __real_fsync(int fd);
int __wrap_fsync(int fd);
int
__wrap_fsync(int fd)
{
    call();
    return __real_fsync(fd);
}

int __real_rename(const char *from, const char *to);
int __wrap_rename(const char *from, const char *to);
int
__wrap_rename(const char *from, const char *to)
{
    call();
    return __real_rename(from, to);
}

int __real_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int __wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags);
int
__wrap_linkat(int from_dir, const char *from, int to_dir, const char *to, int flags)
{
    call();
    return __real_linkat(from_dir, from, to_dir, to, flags);
}

int __real_unlink(const char *path);
int __wrap_unlink(const char *path);
int
__wrap_unlink(const char *path)
{
    call();
    return __real_unlink(path);
}

ssize_t __real_write(int fd, const void *bytes, size_t len);
ssize_t __wrap_write(int fd, const void *bytes, size_t len);
ssize_t
__wrap_write(int fd, const void *bytes, size_t len)
{
    if (calls_left == 0 && len > 1)
        (void)!__real_write(fd, bytes, len / 2); /* the half of it arrives */
    call();
    return __real_write(fd, bytes, len);
}

/* ---- the bed ---- */

static int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static int
setup(void **state)
{
    bed *b = calloc(1, sizeof *b);
    assert_non_null(b);
    assert_true(sodium_init() >= 0);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/vdr-vault-XXXXXX");
    (void)snprintf(b->escrow, sizeof b->escrow, "/tmp/vdr-escrow-XXXXXX");
    assert_non_null(mkdtemp(b->dir));
    assert_non_null(mkdtemp(b->escrow));
    memset(b->key, 1, sizeof b->key);
    memset(b->other, 2, sizeof b->other);
    b->options = (vdr_vault_options){.key = b->key, .escrow = b->escrow, .create = true};
    *state = b;
    return 0;
}

static int
teardown(void **state)
{
    bed *b = *state;
    vdr_vault_close(&b->vault);
    (void)nftw(b->dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    (void)nftw(b->escrow, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(b);
    return 0;
}

static vdr_err
try_open(bed *b)
{
    char words[VDR_VAULT_WORDS_BYTES];
    vdr_err err = vdr_vault_open(b->dir, &b->options, &b->vault, words);
    assert_true((err == VDR_OK) == (*words == '\0'));
    return err;
}

static void
open_vault(bed *b)
{
    assert_int_equal(try_open(b), VDR_OK);
}

static void
reopen(bed *b)
{
    vdr_vault_close(&b->vault);
    open_vault(b);
}

static vdr_vault_status
status_of(const bed *b)
{
    vdr_vault_status status;
    vdr_vault_status_get(b->vault, &status);
    return status;
}

/* Seals the records first to last as one group. */
static void
seal(bed *b, vdr_position first, vdr_position last)
{
    vdr_vault_group_begin(b->vault);
    for (vdr_position at = first; at <= last; at++) {
        sealed *s = &b->records[at];
        memcpy(s->bytes, TEXT, sizeof TEXT - 1);
        vdr_vault_record(b->vault, at, s->envelope);
        vdr_vault_seal_part(b->vault, VDR_VAULT_COMMANDED, vdr_span_of(&at, sizeof at), s->bytes,
                            sizeof TEXT - 1, s->bytes + sizeof TEXT - 1);
    }
    vdr_vault_group_end(b->vault);
}

static vdr_err
open_record(const bed *b, vdr_position at)
{
    const sealed *s = &b->records[at];
    uint8_t key[VDR_VAULT_KEY_BYTES], text[sizeof TEXT - 1];
    vdr_vault_key wrapped;
    vdr_vault_key_read(at, s->envelope, &wrapped);
    vdr_err err = vdr_vault_unwrap(b->vault, &wrapped, key);
    if (err == VDR_OK)
        err = vdr_vault_open_part(key, VDR_VAULT_COMMANDED, vdr_span_of(&at, sizeof at),
                                  vdr_span_of(s->bytes, sizeof s->bytes), text);
    if (err == VDR_OK)
        assert_memory_equal(text, TEXT, sizeof text);
    return err;
}

/* The whole turn; keeps the odd ones of the records up to last. */
static vdr_err
turn(bed *b, vdr_position last)
{
    vdr_vault_table *table;
    vdr_err err = vdr_vault_turn_begin(b->vault);
    if (err == VDR_OK)
        err = vdr_vault_table_begin(b->vault, &table);
    for (vdr_position at = 1; err == VDR_OK && at <= last; at += 2) {
        vdr_vault_key key;
        vdr_vault_key_read(at, b->records[at].envelope, &key);
        err = vdr_vault_table_add(table, &key);
    }
    return err == VDR_OK ? vdr_vault_turn_finish(b->vault, &table) : err;
}

static bool
exists(const char *dir, const char *name)
{
    char path[256];
    struct stat st;
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    return stat(path, &st) == 0;
}

static size_t
slurp(const char *dir, const char *name, uint8_t *bytes, size_t room)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    size_t len = fread(bytes, 1, room, file);
    assert_int_equal(fclose(file), 0);
    return len;
}

static void
spill(const char *dir, const char *name, const uint8_t *bytes, size_t len)
{
    char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* ---- what is sealed ---- */

static void
what_is_sealed_opens_in_its_place_only(void **state)
{
    bed *b = *state;
    open_vault(b);
    seal(b, 1, 4);
    for (vdr_position at = 1; at <= 4; at++) {
        assert_int_equal(open_record(b, at), VDR_OK);
        assert_null(memmem(&b->records[at], sizeof b->records[at], "9999900", 7));
    }
    assert_memory_not_equal(b->records[1].bytes, b->records[2].bytes, sizeof b->records[1].bytes);
    sealed first = b->records[1];
    for (size_t i = 0; i < sizeof first; i++) {
        for (unsigned bit = 0; bit < 8; bit += 3) {
            ((uint8_t *)&b->records[1])[i] ^= (uint8_t)(1u << bit);
            vdr_err err = open_record(b, 1);
            /* generation 0 or a future one, another salt, another key, other bytes: nothing opens */
            if (err != VDR_E_STORE_CORRUPT)
                fail_msg("byte %zu bit %u: %s", i, bit, vdr_err_code(err));
            b->records[1] = first;
        }
    }
    b->records[2] = first;
    assert_int_equal(open_record(b, 2), VDR_E_STORE_CORRUPT);
    reopen(b);
    assert_int_equal(open_record(b, 1), VDR_OK);
}

/* Short parts are sealed another way than long ones. */
static void
parts_of_every_length_open(void **state)
{
    enum { MOST = 4200 };
    static uint8_t bytes[MOST + VDR_VAULT_TAG_BYTES], back[MOST], envelope[VDR_VAULT_ENVELOPE_BYTES];
    bed *b = *state;
    uint8_t key[VDR_VAULT_KEY_BYTES];
    vdr_vault_key wrapped;
    open_vault(b);
    for (size_t len = 0; len <= MOST; len += len < 2200 ? 1 : 97) {
        vdr_vault_part part = len % 2 == 0 ? VDR_VAULT_COMMANDED : VDR_VAULT_TOLD;
        vdr_span bound = vdr_span_of(TEXT, len % 20);
        memset(bytes, 0x5A, len);
        vdr_vault_group_begin(b->vault);
        vdr_vault_record(b->vault, len + 1, envelope);
        vdr_vault_seal_part(b->vault, part, bound, bytes, len, bytes + len);
        vdr_vault_group_end(b->vault);
        vdr_vault_key_read(len + 1, envelope, &wrapped);
        assert_int_equal(vdr_vault_unwrap(b->vault, &wrapped, key), VDR_OK);
        if (vdr_vault_open_part(key, part, bound, vdr_span_of(bytes, len + VDR_VAULT_TAG_BYTES), back) !=
            VDR_OK)
            fail_msg("%zu bytes", len);
        for (size_t i = 0; i < len; i++)
            assert_int_equal(back[i], 0x5A);
        bytes[len / 2] ^= 1;
        assert_int_equal(
            vdr_vault_open_part(key, part, bound, vdr_span_of(bytes, len + VDR_VAULT_TAG_BYTES), back),
            VDR_E_STORE_CORRUPT);
    }
}

static void
a_block_opens_in_its_place_only(void **state)
{
    bed *b = *state;
    uint8_t block[sizeof TEXT - 1 + VDR_VAULT_BLOCK_BYTES], back[sizeof TEXT - 1];
    open_vault(b);
    assert_int_equal(vdr_vault_seal_block(b->vault, vdr_span_str("7"), vdr_span_str(TEXT), block), 1);
    assert_int_equal(
        vdr_vault_open_block(b->vault, vdr_span_str("7"), vdr_span_of(block, sizeof block), back), 0);
    assert_memory_equal(back, TEXT, sizeof back);
    assert_int_equal(
        vdr_vault_open_block(b->vault, vdr_span_str("8"), vdr_span_of(block, sizeof block), back),
        VDR_E_STORE_CORRUPT);
    assert_int_equal(vdr_vault_open_block(b->vault, vdr_span_str("7"), vdr_span_of(block, 9), back),
                     VDR_E_STORE_CORRUPT);
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] ^= 4;
        if (vdr_vault_open_block(b->vault, vdr_span_str("7"), vdr_span_of(block, sizeof block), back) !=
            VDR_E_STORE_CORRUPT)
            fail_msg("byte %zu", i);
        block[i] ^= 4;
    }
    assert_int_equal(turn(b, 0), VDR_OK);
    assert_int_equal(
        vdr_vault_open_block(b->vault, vdr_span_str("7"), vdr_span_of(block, sizeof block), back),
        VDR_E_ERASED);
}

static void
the_vault_opens_with_its_own_tenant_key_only(void **state)
{
    bed *b = *state;
    vdr_vault *second;
    char words[VDR_VAULT_WORDS_BYTES];
    b->options.create = false;
    assert_int_equal(try_open(b), VDR_E_NOT_FOUND);
    assert_false(vdr_vault_exists(b->dir));
    b->options.create = true;
    open_vault(b);
    assert_true(vdr_vault_exists(b->dir));
    assert_int_equal(vdr_vault_open(b->dir, &b->options, &second, words), VDR_E_STORE_BUSY);
    vdr_vault_close(&b->vault);
    b->options.key = b->other;
    assert_int_equal(try_open(b), VDR_E_WRONG_KEY);
    b->options.key_next = b->other;
    assert_int_equal(try_open(b), VDR_E_WRONG_KEY);
    b->options.key = b->key;
    b->options.key_next = NULL;
    open_vault(b);
}

static void
the_next_tenant_key_takes_over(void **state)
{
    bed *b = *state;
    uint8_t bytes[512];
    open_vault(b);
    seal(b, 1, 2);
    assert_false(status_of(b).next_in_force);
    vdr_vault_close(&b->vault);
    b->options.key_next = b->other;
    for (int times = 0; times < 2; times++) { /* the second time it is in force already */
        open_vault(b);
        assert_true(status_of(b).next_in_force);
        assert_int_equal(open_record(b, 2), VDR_OK);
        vdr_vault_close(&b->vault);
    }
    b->options.key_next = NULL;
    assert_int_equal(try_open(b), VDR_E_WRONG_KEY);
    b->options.key = b->other;
    open_vault(b);
    assert_int_equal(vdr_vault_rekey(b->vault, b->key, NULL), VDR_OK); /* and while it runs */
    vdr_vault_close(&b->vault);
    assert_int_equal(try_open(b), VDR_E_WRONG_KEY);
    /* The escrow is sealed under the same key. */
    size_t len = slurp(b->escrow, "wrap", bytes, sizeof bytes);
    spill(b->dir, "keys/wrap", bytes, len);
    b->options.key = b->key;
    open_vault(b);
    assert_int_equal(open_record(b, 1), VDR_OK);
}

static void
every_flipped_byte_of_its_files_is_found(void **state)
{
    static const char *const names[] = {"keys/wrap", "keys/table"};
    bed *b = *state;
    char words[VDR_VAULT_WORDS_BYTES];
    open_vault(b);
    seal(b, 1, 6);
    assert_int_equal(turn(b, 6), VDR_OK);
    vdr_vault_close(&b->vault);
    for (size_t n = 0; n < 2; n++) {
        uint8_t bytes[512];
        size_t len = slurp(b->dir, names[n], bytes, sizeof bytes);
        assert_in_range(len, 100, 400);
        for (size_t i = 0; i <= len; i++) {
            if (i < len) {
                bytes[i] ^= 0x10;
                spill(b->dir, names[n], bytes, len);
                bytes[i] ^= 0x10;
            } else {
                spill(b->dir, names[n], bytes, len - 1);
            }
            vdr_err err = try_open(b), check = vdr_vault_check(b->dir, words);
            if ((err != VDR_E_STORE_CORRUPT && err != VDR_E_STORE_VERSION) || check != err)
                fail_msg("%s, byte %zu: %s, %s", names[n], i, vdr_err_code(err), vdr_err_code(check));
        }
        spill(b->dir, names[n], bytes, len);
    }
    assert_int_equal(vdr_vault_check(b->dir, words), VDR_OK);
    open_vault(b);
    assert_int_equal(open_record(b, 1), VDR_OK);
    vdr_vault_close(&b->vault);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/keys/table", b->dir);
    assert_int_equal(remove(path), 0);
    assert_int_equal(try_open(b), VDR_E_STORE_CORRUPT);
}

/* ---- turns ---- */

static void
a_turn_takes_away_what_it_did_not_carry_over(void **state)
{
    bed *b = *state;
    uint8_t before[512];
    open_vault(b);
    seal(b, 1, 6);
    size_t len = slurp(b->dir, "keys/wrap", before, sizeof before);
    assert_int_equal(vdr_vault_turn_begin(b->vault), VDR_OK);
    assert_true(status_of(b).turning);
    assert_int_equal(status_of(b).generation, 2);
    seal(b, 7, 8); /* under the new one: needs no entry */
    for (vdr_position at = 1; at <= 8; at++)
        assert_int_equal(open_record(b, at), VDR_OK);
    assert_int_equal(turn(b, 8), VDR_OK);
    for (int times = 0; times < 2; times++) {
        for (vdr_position at = 1; at <= 8; at++)
            assert_int_equal(open_record(b, at), at % 2 == 1 || at > 6 ? VDR_OK : VDR_E_ERASED);
        assert_false(status_of(b).turning);
        assert_int_equal(status_of(b).table_keys, 3);
        assert_false(exists(b->dir, "keys/wrap.old") || exists(b->escrow, "wrap.old"));
        reopen(b);
    }
    /* A second turn reads keys from the first one's table; what it leaves out is gone. */
    seal(b, 9, 10);
    vdr_vault_table *table;
    vdr_vault_key key;
    assert_int_equal(vdr_vault_turn_begin(b->vault), VDR_OK);
    assert_int_equal(vdr_vault_table_begin(b->vault, &table), VDR_OK);
    vdr_vault_key_read(2, b->records[2].envelope, &key);
    assert_int_equal(vdr_vault_table_add(table, &key), VDR_E_ERASED);
    static const vdr_position kept[] = {3, 8, 9};
    for (size_t i = 0; i < 3; i++) {
        vdr_vault_key_read(kept[i], b->records[kept[i]].envelope, &key);
        assert_int_equal(vdr_vault_table_add(table, &key), VDR_OK);
    }
    assert_int_equal(vdr_vault_turn_finish(b->vault, &table), VDR_OK);
    assert_null(table);
    for (vdr_position at = 1; at <= 10; at++)
        assert_int_equal(open_record(b, at), at == 3 || at == 8 || at == 9 ? VDR_OK : VDR_E_ERASED);
    /* A wrap of before, from an old backup of the folder, does not fit the table and opens nothing. */
    vdr_vault_close(&b->vault);
    spill(b->dir, "keys/wrap", before, len);
    assert_int_equal(try_open(b), VDR_E_WRONG_KEY);
}

static void
a_turn_that_was_interrupted_is_taken_up(void **state)
{
    bed *b = *state;
    vdr_vault_table *table;
    open_vault(b);
    seal(b, 1, 4);
    assert_int_equal(vdr_vault_turn_begin(b->vault), VDR_OK);
    seal(b, 5, 5);
    assert_int_equal(vdr_vault_table_begin(b->vault, &table), VDR_OK);
    vdr_vault_table_abandon(&table);
    reopen(b);
    assert_true(status_of(b).turning);
    for (vdr_position at = 1; at <= 5; at++)
        assert_int_equal(open_record(b, at), VDR_OK);
    assert_int_equal(turn(b, 5), VDR_OK);
    assert_int_equal(status_of(b).generation, 2);
    assert_int_equal(open_record(b, 2), VDR_E_ERASED);
    assert_int_equal(open_record(b, 3), VDR_OK);
    assert_int_equal(open_record(b, 5), VDR_OK);
}

static void
a_large_table_finds_each_of_its_keys(void **state)
{
    enum { MANY = 5000 };
    bed *b = *state;
    vdr_vault_table *table;
    uint8_t(*envelopes)[VDR_VAULT_ENVELOPE_BYTES] = calloc(MANY + 1, sizeof *envelopes);
    uint8_t key[VDR_VAULT_KEY_BYTES], (*keys)[VDR_VAULT_KEY_BYTES] = calloc(MANY + 1, sizeof *keys);
    vdr_vault_key wrapped;
    assert_non_null(envelopes);
    assert_non_null(keys);
    open_vault(b);
    vdr_vault_group_begin(b->vault);
    for (vdr_position at = 1; at <= MANY; at++)
        vdr_vault_record(b->vault, at, envelopes[at]);
    vdr_vault_group_end(b->vault);
    assert_int_equal(vdr_vault_turn_begin(b->vault), VDR_OK);
    assert_int_equal(vdr_vault_table_begin(b->vault, &table), VDR_OK);
    for (vdr_position at = 1; at <= MANY; at++) {
        vdr_vault_key_read(at, envelopes[at], &wrapped);
        assert_int_equal(vdr_vault_unwrap(b->vault, &wrapped, keys[at]), VDR_OK);
        if (at % 3 != 0)
            assert_int_equal(vdr_vault_table_add(table, &wrapped), VDR_OK);
    }
    assert_int_equal(vdr_vault_turn_finish(b->vault, &table), VDR_OK);
    reopen(b);
    for (vdr_position at = 1; at <= MANY; at++) {
        vdr_vault_key_read(at, envelopes[at], &wrapped);
        vdr_err err = vdr_vault_unwrap(b->vault, &wrapped, key);
        assert_int_equal(err, at % 3 == 0 ? VDR_E_ERASED : VDR_OK);
        if (err == VDR_OK)
            assert_memory_equal(key, keys[at], sizeof key);
    }
    free(envelopes);
    free(keys);
}

/* ---- crashes ---- */

typedef enum deed { TURN, REKEY, MAKE } deed;

/* Does deed in a child that ends at call number at. False: it came to its end. */
static bool
crash_in(bed *b, deed what, long at)
{
    vdr_vault_close(&b->vault);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        if (what == TURN && try_open(b) != VDR_OK)
            _exit(1);
        calls_left = at;
        if (what == REKEY)
            b->options.key_next = b->other;
        vdr_err err = what == TURN ? turn(b, 8) : vdr_vault_open(b->dir, &b->options, &b->vault, NULL);
        _exit(err == VDR_OK ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && (WEXITSTATUS(status) == 7 || WEXITSTATUS(status) == 0));
    return WEXITSTATUS(status) == 7;
}

static bed *
fresh(void **state)
{
    (void)teardown(state);
    assert_int_equal(setup(state), 0);
    return *state;
}

static void
same_escrow(const bed *b)
{
    uint8_t ours[512], theirs[512];
    size_t len = slurp(b->dir, "keys/wrap", ours, sizeof ours);
    assert_int_equal(slurp(b->escrow, "wrap", theirs, sizeof theirs), len);
    assert_memory_equal(ours, theirs, len);
    assert_false(exists(b->dir, "keys/wrap.old") || exists(b->dir, "keys/wrap.new"));
    assert_false(exists(b->escrow, "wrap.old") || exists(b->escrow, "wrap.new"));
}

static void
a_crash_at_any_call_of_a_turn_loses_nothing(void **state)
{
    bool crashed = true;
    long at = 0;
    unsigned seen[3] = {0}; /* before, within and after the turn */
    for (; crashed; at++) {
        bed *b = fresh(state);
        open_vault(b);
        seal(b, 1, 6);
        crashed = crash_in(b, TURN, at);
        open_vault(b);
        same_escrow(b);
        vdr_vault_status status = status_of(b);
        bool over = status.generation == 2 && !status.turning;
        seen[over ? 2 : status.turning ? 1 : 0]++;
        for (vdr_position i = 1; i <= 6; i++) {
            vdr_err err = open_record(b, i);
            if (err != (over && i % 2 == 0 ? VDR_E_ERASED : VDR_OK))
                fail_msg("call %ld: record %llu: %s", at, (unsigned long long)i, vdr_err_code(err));
        }
        if (over)
            continue;
        seal(b, 7, 8);
        assert_int_equal(turn(b, 8), VDR_OK); /* all over again */
        for (vdr_position i = 1; i <= 8; i++) {
            bool kept = i % 2 == 1 || (i > 6 && status.turning);
            assert_int_equal(open_record(b, i), kept ? VDR_OK : VDR_E_ERASED);
        }
    }
    assert_in_range(at, 20, 200);
    assert_true(seen[0] > 5 && seen[1] > 5 && seen[2] > 1);
}

static void
a_crash_at_any_call_of_a_change_of_the_tenant_key_loses_nothing(void **state)
{
    bool crashed = true;
    long at = 0;
    for (; crashed; at++) {
        bed *b = fresh(state);
        open_vault(b);
        seal(b, 1, 2);
        crashed = crash_in(b, REKEY, at);
        b->options.key_next = b->other; /* as node.yaml still says */
        open_vault(b);
        same_escrow(b);
        assert_true(status_of(b).next_in_force);
        assert_int_equal(open_record(b, 1), VDR_OK);
    }
    assert_in_range(at, 10, 100);
}

static void
a_crash_while_keys_are_made_leaves_none_or_good_ones(void **state)
{
    bool crashed = true;
    for (long at = 0; crashed; at++) {
        bed *b = fresh(state);
        crashed = crash_in(b, MAKE, at);
        open_vault(b);
        same_escrow(b);
        seal(b, 1, 1);
        reopen(b);
        assert_int_equal(open_record(b, 1), VDR_OK);
    }
}

/* ---- escrow ---- */

static void
the_escrow_of_another_store_is_left_alone(void **state)
{
    bed *b = *state;
    uint8_t theirs[512], now[512];
    open_vault(b);
    size_t len = slurp(b->escrow, "wrap", theirs, sizeof theirs);
    vdr_vault_close(&b->vault);
    char path[128];
    (void)snprintf(path, sizeof path, "%s/keys/wrap", b->dir);
    assert_int_equal(remove(path), 0);
    assert_int_equal(try_open(b), VDR_E_STORE_BUSY); /* no new keys without their escrow */
    assert_int_equal(slurp(b->escrow, "wrap", now, sizeof now), len);
    assert_memory_equal(now, theirs, len);
}

static void
a_turn_waits_for_its_escrow(void **state)
{
    bed *b = *state;
    char gone[128];
    open_vault(b);
    seal(b, 1, 2);
    (void)snprintf(gone, sizeof gone, "%s.gone", b->escrow);
    assert_int_equal(rename(b->escrow, gone), 0);
    assert_int_not_equal(vdr_vault_turn_begin(b->vault), VDR_OK);
    assert_int_not_equal(status_of(b).escrow, VDR_OK);
    assert_false(status_of(b).turning);
    reopen(b); /* it opens all the same */
    assert_int_not_equal(status_of(b).escrow, VDR_OK);
    b->options.key_next = b->other; /* nor does another tenant key take over without it, and it opens */
    reopen(b);
    assert_false(status_of(b).next_in_force);
    assert_int_equal(open_record(b, 1), VDR_OK);
    assert_int_equal(rename(gone, b->escrow), 0);
    reopen(b);
    assert_true(status_of(b).next_in_force);
    assert_int_equal(turn(b, 2), VDR_OK);
    assert_int_equal(status_of(b).escrow, VDR_OK);
    assert_int_equal(open_record(b, 2), VDR_E_ERASED);
    same_escrow(b);
}

static void
a_copy_has_the_table_and_never_wrap(void **state)
{
    bed *b = *state;
    char copy[128], wrap[128];
    open_vault(b);
    seal(b, 1, 4);
    assert_int_equal(turn(b, 4), VDR_OK);
    (void)snprintf(copy, sizeof copy, "%s/copy", b->dir);
    (void)snprintf(wrap, sizeof wrap, "%s/wrap", b->escrow);
    assert_int_equal(mkdir(copy, 0700), 0);
    assert_int_equal(vdr_vault_backup(b->vault, copy, 1), VDR_E_BUSY); /* of before the turn */
    (void)snprintf(copy, sizeof copy, "%s/again", b->dir);
    assert_int_equal(mkdir(copy, 0700), 0);
    assert_int_equal(vdr_vault_backup(b->vault, copy, 2), VDR_OK);
    assert_false(vdr_vault_exists(copy));
    assert_int_equal(vdr_vault_check(copy, NULL), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_vault_place(wrap, copy), VDR_OK);
    assert_int_equal(vdr_vault_place(wrap, copy), VDR_E_STORE_BUSY);
    assert_int_equal(vdr_vault_check(copy, NULL), VDR_OK);
    vdr_vault_close(&b->vault);
    vdr_vault_options options = {.key = b->key};
    assert_int_equal(vdr_vault_open(copy, &options, &b->vault, NULL), VDR_OK);
    assert_int_equal(open_record(b, 3), VDR_OK);
    assert_int_equal(open_record(b, 4), VDR_E_ERASED);
}

#define IN_BED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int
main(void)
{
    const struct CMUnitTest tests[] = {
        IN_BED(what_is_sealed_opens_in_its_place_only),
        IN_BED(parts_of_every_length_open),
        IN_BED(a_block_opens_in_its_place_only),
        IN_BED(the_vault_opens_with_its_own_tenant_key_only),
        IN_BED(the_next_tenant_key_takes_over),
        IN_BED(every_flipped_byte_of_its_files_is_found),
        IN_BED(a_turn_takes_away_what_it_did_not_carry_over),
        IN_BED(a_turn_that_was_interrupted_is_taken_up),
        IN_BED(a_large_table_finds_each_of_its_keys),
        IN_BED(a_crash_at_any_call_of_a_turn_loses_nothing),
        IN_BED(a_crash_at_any_call_of_a_change_of_the_tenant_key_loses_nothing),
        IN_BED(a_crash_while_keys_are_made_leaves_none_or_good_ones),
        IN_BED(the_escrow_of_another_store_is_left_alone),
        IN_BED(a_turn_waits_for_its_escrow),
        IN_BED(a_copy_has_the_table_and_never_wrap),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
