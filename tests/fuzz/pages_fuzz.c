/* Law: a store whose files rotted says so, or serves what was written: whatever became of the pages of the log or of the
 * checkpoints, opening, proving and reading end with an error or with the right bytes, and never with a crash in LMDB.
 * What was proved is there whole. Pages as they were before the last commits, as a disk leaves that lost writes, may give
 * the store of an earlier commit, and no other.
 *
 * The files are small, so opening walks every page before LMDB goes near it (store/pages.h). The store is sealed, as
 * every broker's is: with the checksum of a row put right the chain (a record) or the tag (a checkpoint) still speaks.
 *
 * The first byte says which file; then 4 bytes are a change. */
#define _GNU_SOURCE /* memmem */

#include "proto/assert.h"
#include "store/check.h"
#include "store/checkpoint.h"
#include "store/log.h"
#include "tests/fuzz/fuzz.h"

#include <fcntl.h>
#include <lmdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define PAGE        4096u
#define RECORDS     60u
#define CUT         9u /* records before it were cut */
#define BLOCKS      9u
#define GENERATIONS 4u /* checkpoints that were written */
#define ROWS_MAX    256u

/* Where the value of a row stands in the file. */
typedef struct row {
    uint8_t key[32];
    size_t key_len, at, len;
} row;

typedef struct part {
    const char *name;
    uint8_t *bytes, *before; /* the file, and as it was some commits ago */
    size_t len, before_len;
    row rows[ROWS_MAX];
    size_t row_count;
} part;

static part parts[2] = {{.name = "log"}, {.name = "state"}};
static char dir[] = "/tmp/voordeur-pages-XXXXXX";
static vdr_vault *vault;

/* Nothing here need survive a power cut. */
int
fdatasync(int fd)
{
    (void)fd;
    return 0;
}

int
fsync(int fd)
{
    (void)fd;
    return 0;
}

static void
path_of(const part *p, const char *file, char ret_path[128])
{
    (void)snprintf(ret_path, 128, "%s/%s/%s", dir, p->name, file);
}

static void
remove_all(void)
{
    static const char *const files[] = {"log/data.mdb",   "log/lock.mdb",   "log",       "log.lock",
                                        "state/data.mdb", "state/lock.mdb", "state",     "state.lock",
                                        "keys/wrap",      "keys",           "keys.lock", ""};
    char path[128];
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[i]);
        (void)remove(path);
    }
}

/* ---- what was written */

static size_t
pattern(uint64_t seed, uint8_t *ret_bytes, size_t max)
{
    uint64_t x = seed * UINT64_C(0x9E3779B97F4A7C15);
    size_t len = (size_t)(x >> 40) % max;
    for (size_t i = 0; i < len; i++) {
        x = x * UINT64_C(6364136223846793005) + 1;
        ret_bytes[i] = (uint8_t)(x >> 56);
    }
    return len;
}

/* Some take pages of their own. */
static size_t
content_of(vdr_position position, uint8_t ret_bytes[9000])
{
    return pattern(position, ret_bytes, position % 11 == 0 ? 9000 : 400);
}

static size_t
block_of(uint32_t number, uint32_t generation, uint8_t ret_bytes[9000])
{
    /* What did not change is carried over: only every third block is put each time. */
    uint32_t put = generation;
    while (put > 1 && put % 3 != number % 3)
        put--;
    return pattern(1000 + number * 16 + put, ret_bytes, number % 4 == 0 ? 9000 : 300);
}

static void
keep(part *p, uint8_t **ret_bytes, size_t *ret_len)
{
    char path[128];
    struct stat st;
    path_of(p, "data.mdb", path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    VDR_ASSERT(fd >= 0 && fstat(fd, &st) == 0);
    *ret_len = (size_t)st.st_size;
    *ret_bytes = vdr_alloc(1, *ret_len);
    VDR_ASSERT(read(fd, *ret_bytes, *ret_len) == (ssize_t)*ret_len);
    (void)close(fd);
}

static vdr_log *
open_log(bool create)
{
    vdr_log_options options = {.create = create, .vault = vault};
    vdr_log *log = NULL;
    char words[256] = "";
    vdr_err err = vdr_log_open_lmdb(dir, &options, &log, words);
    VDR_ASSERT((err == VDR_OK) == (log != NULL) && (err == VDR_OK) == (words[0] == '\0'));
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION ||
               err == VDR_E_WRONG_KEY || err == VDR_E_IO);
    return log;
}

static vdr_checkpoint *
open_state(bool create)
{
    vdr_checkpoint *state = NULL;
    char words[256] = "";
    vdr_err err = vdr_checkpoint_open_lmdb(dir, vault, create, &state, words);
    VDR_ASSERT((err == VDR_OK) == (state != NULL) && (err == VDR_OK) == (words[0] == '\0'));
    VDR_ASSERT(err == VDR_OK || err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION || err == VDR_E_IO);
    return state;
}

static void
append(vdr_log *log, vdr_position first, size_t count)
{
    static uint8_t bytes[4][9000];
    vdr_log_record records[4];
    vdr_log_mail mails[4];
    for (size_t i = 0; i < count; i++) {
        records[i] = (vdr_log_record){.routing = vdr_span_str("routing"),
                                      .content = vdr_span_of(bytes[i], content_of(first + i, bytes[i])),
                                      .tale = vdr_span_str("what was told because of it")};
        mails[i] = (vdr_log_mail){.mailbox = 1, .seq = first + i, .position = first + i, .offset = 3};
    }
    VDR_ASSERT(vdr_log_append(log, 1, first, records, count, mails, count) == VDR_OK);
}

static void
make_log(part *p)
{
    size_t removed;
    vdr_log *log = open_log(true);
    VDR_ASSERT(log != NULL);
    for (vdr_position at = 1; at <= RECORDS; at += 4) {
        append(log, at, 4);
        if (at == 29)
            VDR_ASSERT(vdr_log_cut(log, CUT, 100, &removed) == VDR_OK);
        if (at == 49)
            keep(p, &p->before, &p->before_len);
    }
    vdr_log_close(&log);
    keep(p, &p->bytes, &p->len);
}

static void
make_state(part *p)
{
    static uint8_t bytes[9000];
    vdr_checkpoint *state = open_state(true);
    VDR_ASSERT(state != NULL);
    for (uint32_t generation = 1; generation <= GENERATIONS; generation++) {
        VDR_ASSERT(vdr_checkpoint_begin(state) == VDR_OK);
        for (uint32_t number = 0; number < BLOCKS; number++) {
            if (generation > 1 && generation % 3 != number % 3)
                continue;
            size_t len = block_of(number, generation, bytes);
            VDR_ASSERT(vdr_checkpoint_put(state, (vdr_block_id){7, number}, vdr_span_of(bytes, len)) ==
                       VDR_OK);
        }
        vdr_checkpoint_manifest manifest = {
            .position = generation, .blocks = BLOCKS, .head = vdr_span_str("the head of it")};
        memset(manifest.chain, (int)generation, sizeof manifest.chain);
        VDR_ASSERT(vdr_checkpoint_commit(state, &manifest) == VDR_OK);
        if (generation == GENERATIONS - 1)
            keep(p, &p->before, &p->before_len);
    }
    vdr_checkpoint_close(&state);
    keep(p, &p->bytes, &p->len);
}

static void
find_row(part *p, MDB_val key, MDB_val value)
{
    const uint8_t *at = memmem(p->bytes, p->len, value.mv_data, value.mv_size);
    VDR_ASSERT(p->row_count < ROWS_MAX && key.mv_size <= 32 && at != NULL);
    row *r = &p->rows[p->row_count++];
    memcpy(r->key, key.mv_data, key.mv_size);
    r->key_len = key.mv_size;
    r->at = (size_t)(at - p->bytes);
    r->len = value.mv_size;
}

/* The rows of a table, where they stand in the file. */
static void
find_rows(part *p, const char *table)
{
    char path[128];
    MDB_env *env;
    MDB_txn *txn;
    MDB_dbi dbi;
    MDB_cursor *cursor;
    MDB_val key, value;
    path_of(p, "", path);
    VDR_ASSERT(mdb_env_create(&env) == 0 && mdb_env_set_maxdbs(env, 4) == 0 &&
               mdb_env_open(env, path, 0, 0600) == 0 && mdb_txn_begin(env, NULL, MDB_RDONLY, &txn) == 0 &&
               mdb_dbi_open(txn, table, 0, &dbi) == 0 && mdb_cursor_open(txn, dbi, &cursor) == 0);
    while (mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == 0)
        find_row(p, key, value);
    mdb_cursor_close(cursor);
    mdb_txn_abort(txn);
    mdb_env_close(env);
}

static void
make_store(void)
{
    static const uint8_t key[VDR_VAULT_KEY_BYTES] = {7};
    vdr_vault_options options = {.key = key, .create = true};
    VDR_ASSERT(mkdtemp(dir) != NULL && atexit(remove_all) == 0);
    VDR_ASSERT(vdr_vault_open(dir, &options, &vault, NULL) == VDR_OK);
    make_log(&parts[0]);
    make_state(&parts[1]);
    find_rows(&parts[0], "record");
    find_rows(&parts[1], "block");
    find_rows(&parts[1], "manifest");
}

/* ---- what becomes of it */

/* A byte of a row, and its checksum put right. */
static void
forge(const part *p, uint8_t *file, const uint8_t at[4])
{
    const row *r = &p->rows[at[1] % p->row_count];
    size_t place = VDR_CHECK_BYTES + (at[2] | (size_t)(at[0] >> 4) << 8) % (r->len - VDR_CHECK_BYTES + 1);
    uint8_t *value = file + r->at;
    if (place < r->len)
        value[place] ^= at[3];
    uint64_t check = vdr_check_of(vdr_span_of(r->key, r->key_len),
                                  vdr_span_of(value + VDR_CHECK_BYTES, r->len - VDR_CHECK_BYTES));
    for (size_t i = 0; i < VDR_CHECK_BYTES; i++)
        value[i] = (uint8_t)(check >> (8 * i));
}

static void
change(const part *p, uint8_t *file, size_t *len, const uint8_t at[4])
{
    size_t pages = p->len / PAGE;
    uint8_t *page = file + at[1] % pages * PAGE, *other = file + at[2] % pages * PAGE;
    size_t place = (at[2] | (size_t)(at[0] >> 4) << 8) % PAGE;
    switch (at[0] % 8) {
    case 0:
    case 1:
        page[place] ^= at[3];
        break;
    case 2: /* of its head, and of the places of its nodes */
        page[at[2] % 48] = at[3];
        break;
    case 3: /* written to another page's place */
        memcpy(page, other, PAGE);
        break;
    case 4: /* the same, with a number that fits */
        memcpy(page + 8, other + 8, PAGE - 8);
        break;
    case 5: /* not written */
        if ((size_t)(page - file) + PAGE <= p->before_len)
            memcpy(page, p->before + (page - file), PAGE);
        break;
    case 6:
        forge(p, file, at);
        break;
    default: /* cut off */
        if (at[3] % 8 == 0)
            *len = (size_t)(page - file) + place % 2 * place;
        else
            memset(page + place, at[3], PAGE - place < at[2] ? PAGE - place : at[2]);
        break;
    }
}

static void
put_file(const part *p, const uint8_t *file, size_t len)
{
    char path[128];
    path_of(p, "data.mdb", path);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    VDR_ASSERT(fd >= 0 && write(fd, file, len) == (ssize_t)len);
    (void)close(fd);
    path_of(p, "lock.mdb", path);
    (void)unlink(path);
}

/* ---- what it then says */

static bool
known(vdr_err err)
{
    return err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION || err == VDR_E_NOT_FOUND ||
           err == VDR_E_ERASED || err == VDR_E_WRONG_KEY || err == VDR_E_IO;
}

static void
read_log(vdr_log *log, bool proved)
{
    static uint8_t bytes[9000];
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_log_mail mails[RECORDS + 1];
    vdr_log_stats stats;
    size_t count;
    vdr_log_stats_get(log, &stats);
    vdr_err err = vdr_log_reader_open(log, &reader);
    VDR_ASSERT(err == VDR_OK || (!proved && known(err)));
    if (err != VDR_OK)
        return;
    VDR_ASSERT(!proved || (stats.first <= CUT && stats.next <= RECORDS + 1 && stats.next % 4 == 1));
    for (vdr_position at = 1; at <= RECORDS + 4; at++) {
        err = vdr_log_read(reader, at, &record);
        VDR_ASSERT(err == VDR_OK || known(err));
        VDR_ASSERT(!proved || (err == VDR_OK) == (at >= stats.first && at < stats.next));
        if (err != VDR_OK)
            continue;
        VDR_ASSERT(at <= RECORDS && vdr_span_equal(record.routing, vdr_span_str("routing")));
        VDR_ASSERT(vdr_span_equal(record.content, vdr_span_of(bytes, content_of(at, bytes))));
        VDR_ASSERT(vdr_span_equal(record.tale, vdr_span_str("what was told because of it")));
    }
    err = vdr_log_read_mail(reader, 1, 1, mails, RECORDS + 1, &count);
    VDR_ASSERT(err == VDR_OK || (!proved && known(err)));
    for (size_t i = 0; err == VDR_OK && i < count; i++)
        VDR_ASSERT(mails[i].seq == mails[i].position && mails[i].offset == 3 && mails[i].mailbox == 1);
    VDR_ASSERT(!proved || (count == stats.next - 1 && mails[count - 1].seq == count));
    vdr_log_reader_close(&reader);
}

static void
log_law(bool changed)
{
    vdr_position bad = 0;
    vdr_log *log = open_log(false);
    VDR_ASSERT(log != NULL || changed);
    if (log == NULL)
        return;
    read_log(log, false);
    vdr_err err = vdr_log_verify(log, 0, NULL, NULL, &bad);
    VDR_ASSERT(err == VDR_OK || (changed && known(err)));
    if (err == VDR_OK)
        read_log(log, true);
    vdr_log_close(&log);
}

typedef struct loading {
    uint32_t generation, count;
} loading;

static vdr_err
take_block(void *context, vdr_block_id id, vdr_span block)
{
    static uint8_t bytes[9000];
    loading *l = context;
    VDR_ASSERT(id.table == 7 && id.number < BLOCKS);
    VDR_ASSERT(vdr_span_equal(block, vdr_span_of(bytes, block_of(id.number, l->generation, bytes))));
    l->count++;
    return VDR_OK;
}

static void
state_law(bool changed)
{
    vdr_checkpoint_manifest manifest;
    vdr_checkpoint *state = open_state(false);
    VDR_ASSERT(state != NULL || changed);
    if (state == NULL)
        return;
    vdr_err proved = vdr_checkpoint_verify(state);
    vdr_err err = vdr_checkpoint_manifest_get(state, &manifest);
    VDR_ASSERT((proved == VDR_OK && err == VDR_OK) || (changed && (known(proved) || known(err))));
    if (err == VDR_OK) {
        loading l = {.generation = (uint32_t)manifest.position};
        VDR_ASSERT(manifest.position >= 1 && manifest.position <= GENERATIONS);
        VDR_ASSERT(manifest.chain[0] == manifest.position &&
                   vdr_span_equal(manifest.head, vdr_span_str("the head of it")));
        err = vdr_checkpoint_load(state, take_block, &l);
        VDR_ASSERT(err == VDR_OK ? l.count == BLOCKS : changed && known(err));
    }
    vdr_checkpoint_close(&state);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    if (vault == NULL)
        make_store();
    if (len == 0 || len > 256)
        return 0;
    const part *p = &parts[at[0] % 2];
    uint8_t *file = vdr_alloc(1, p->len);
    size_t file_len = p->len;
    memcpy(file, p->bytes, p->len);
    for (size_t i = 1; i + 4 <= len; i += 4)
        change(p, file, &file_len, at + i);
    bool changed = file_len != p->len || memcmp(file, p->bytes, p->len) != 0;
    put_file(p, file, file_len);
    free(file);
    if (p == &parts[0])
        log_law(changed);
    else
        state_law(changed);
    return 0;
}
