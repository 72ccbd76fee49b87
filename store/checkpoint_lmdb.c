#include "store/checkpoint_lmdb.h"

#include "store/bytes.h"

#include <stdio.h>
#include <stdlib.h>

#define MANIFEST_PLAIN      1u
#define MANIFEST_SEALED     2u /* of releases that did not press */
#define MANIFEST_PRESSED    3u
#define MANIFEST_HEAD_BYTES (4u + 8u + 32u + 8u + 8u)
#define CHAIN_BYTES         32u

static const vdr_env_spec spec = {
    .name = "state", .format = 1, .table_count = 3, .tables = {"meta", "manifest", "block"}};

vdr_err
vdr_manifest_newest(const vdr_checkpoint_lmdb *c, MDB_txn *txn, uint64_t ret_found[2])
{
    MDB_cursor *cursor;
    MDB_val key, value;
    vdr_err err = VDR_OK;
    ret_found[0] = ret_found[1] = 0;
    int rc = mdb_cursor_open(txn, c->env.tables[VDR_TABLE_MANIFEST], &cursor);
    if (rc == 0) {
        rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
        for (int i = 0; i < 2 && rc == 0; i++) {
            if (key.mv_size != 8)
                err = VDR_E_STORE_CORRUPT;
            else
                ret_found[i] = vdr_get_be64(key.mv_data);
            rc = mdb_cursor_get(cursor, &key, &value, MDB_PREV);
        }
        mdb_cursor_close(cursor);
    }
    return err == VDR_OK && rc != 0 && rc != MDB_NOTFOUND ? vdr_env_err(rc) : err;
}

static vdr_err
find_newest(vdr_checkpoint_lmdb *c)
{
    MDB_txn *txn = NULL;
    uint64_t found[2];
    vdr_err err = vdr_env_read_begin(&c->env, &txn);
    if (err != VDR_OK)
        return err;
    err = vdr_manifest_newest(c, txn, found);
    vdr_env_read_end(&c->env, txn, false);
    if (err == VDR_OK) {
        c->newest = found[0];
        c->before = found[1];
    }
    return err;
}

vdr_err
vdr_checkpoint_lmdb_manifest(vdr_checkpoint_lmdb *c, MDB_txn *txn, uint64_t generation,
                             vdr_checkpoint_manifest *ret_manifest, uint64_t *ret_sum)
{
    uint8_t key[8];
    vdr_span bytes;
    if (generation == 0)
        return VDR_E_NOT_FOUND;
    vdr_put_be64(key, generation);
    vdr_err err = vdr_env_row_get(&c->env, txn, VDR_TABLE_MANIFEST, vdr_span_of(key, sizeof key), &bytes);
    if (err != VDR_OK)
        return err == VDR_E_NOT_FOUND ? VDR_E_STORE_CORRUPT : err;
    if (bytes.len < MANIFEST_HEAD_BYTES)
        return VDR_E_STORE_CORRUPT;
    uint32_t version = vdr_get_le32(bytes.at);
    if (version < MANIFEST_PLAIN || version > MANIFEST_PRESSED)
        return VDR_E_STORE_VERSION;
    bool sealed = version != MANIFEST_PLAIN;
    size_t head_at = MANIFEST_HEAD_BYTES + (sealed ? 4 : 0);
    if (bytes.len < head_at)
        return VDR_E_STORE_CORRUPT;
    ret_manifest->position = vdr_get_le64(bytes.at + 4);
    memcpy(ret_manifest->chain, bytes.at + 12, CHAIN_BYTES);
    ret_manifest->blocks = vdr_get_le64(bytes.at + 12 + CHAIN_BYTES);
    *ret_sum = vdr_get_le64(bytes.at + 20 + CHAIN_BYTES);
    ret_manifest->generation = sealed ? vdr_get_le32(bytes.at + MANIFEST_HEAD_BYTES) : 0;
    ret_manifest->pressed = version == MANIFEST_PRESSED;
    ret_manifest->head = vdr_span_of(bytes.at + head_at, bytes.len - head_at);
    if (sealed && ret_manifest->generation == 0)
        return VDR_E_STORE_CORRUPT;
    return VDR_OK;
}

static vdr_err
manifest_write(vdr_checkpoint_lmdb *c, MDB_txn *txn, const vdr_checkpoint_manifest *manifest)
{
    uint8_t key[8];
    bool sealed = manifest->generation != 0;
    VDR_ASSERT(manifest->pressed == sealed);
    size_t head_at = MANIFEST_HEAD_BYTES + (sealed ? 4 : 0), len = head_at + manifest->head.len;
    uint8_t *bytes = vdr_alloc(len, 1);
    vdr_put_le32(bytes, sealed ? MANIFEST_PRESSED : MANIFEST_PLAIN);
    vdr_put_le64(bytes + 4, manifest->position);
    memcpy(bytes + 12, manifest->chain, CHAIN_BYTES);
    vdr_put_le64(bytes + 12 + CHAIN_BYTES, manifest->blocks);
    vdr_put_le64(bytes + 20 + CHAIN_BYTES, c->sum);
    if (sealed)
        vdr_put_le32(bytes + MANIFEST_HEAD_BYTES, manifest->generation);
    if (manifest->head.len != 0)
        memcpy(bytes + head_at, manifest->head.at, manifest->head.len);
    vdr_put_be64(key, c->newest + 1);
    vdr_err err = vdr_env_row_put(&c->env, txn, VDR_TABLE_MANIFEST, vdr_span_of(key, sizeof key),
                                  vdr_span_of(bytes, len));
    free(bytes);
    return err;
}

/* The transaction of the piece at work. */
static vdr_err
piece(vdr_checkpoint_lmdb *c)
{
    if (c->txn != NULL)
        return VDR_OK;
    return vdr_env_write_begin(&c->env, VDR_PIECE_BYTES + VDR_PIECE_MORE, false, &c->txn);
}

static vdr_err
piece_end(vdr_checkpoint_lmdb *c)
{
    MDB_txn *txn = c->txn;
    c->txn = NULL;
    c->piece_bytes = 0;
    return vdr_env_write_commit(&c->env, txn);
}

static vdr_err
begin(vdr_checkpoint *base)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    MDB_txn *txn = NULL;
    vdr_checkpoint_manifest manifest = {0};
    uint64_t sum = 0;
    if (c->env.failed)
        return VDR_E_STORE_FAILED;
    vdr_err err = vdr_block_sweep(c); /* what an abandoned one or a crash left behind */
    if (err == VDR_OK)
        err = vdr_env_read_begin(&c->env, &txn);
    if (err != VDR_OK)
        return err;
    err = vdr_checkpoint_lmdb_manifest(c, txn, c->newest, &manifest, &sum);
    vdr_env_read_end(&c->env, txn, false);
    if (err != VDR_OK && err != VDR_E_NOT_FOUND)
        return err;
    c->blocks = manifest.blocks;
    c->sum = sum;
    c->fresh = 0;
    return VDR_OK;
}

/* Takes the block that id has so far out of count and sum. NOT_FOUND: it has none. */
static vdr_err
subtract(vdr_checkpoint_lmdb *c, vdr_block_id id)
{
    vdr_block_row row;
    vdr_err err = vdr_block_find(c, c->txn, id, c->newest + 1, &row);
    if (err == VDR_OK && row.dropped)
        err = VDR_E_NOT_FOUND;
    if (err == VDR_OK) {
        c->blocks--;
        c->sum -= vdr_block_check(&row);
        c->fresh -= row.generation == c->newest + 1;
    }
    return err;
}

static vdr_err
put(vdr_checkpoint *base, vdr_block_id id, vdr_span bytes)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    uint64_t check;
    vdr_span present = bytes.at != NULL ? bytes : vdr_span_of("", 0); /* empty is not dropped */
    vdr_err err = piece(c);
    if (err == VDR_OK)
        err = subtract(c, id);
    if (err == VDR_OK || err == VDR_E_NOT_FOUND)
        err = vdr_block_write(c, c->txn, id, c->newest + 1, present, &check);
    if (err != VDR_OK)
        return err;
    c->blocks++;
    c->fresh++;
    c->sum += check;
    c->piece_bytes += bytes.len;
    atomic_fetch_add_explicit(&c->written_bytes, bytes.len, memory_order_relaxed);
    return c->piece_bytes >= VDR_PIECE_BYTES ? piece_end(c) : VDR_OK;
}

static vdr_err
drop(vdr_checkpoint *base, vdr_block_id id)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    uint64_t check;
    vdr_err err = piece(c);
    if (err == VDR_OK)
        err = subtract(c, id);
    if (err == VDR_OK)
        err = vdr_block_write(c, c->txn, id, c->newest + 1, (vdr_span){0}, &check);
    return err;
}

static int
remove_manifests(vdr_checkpoint_lmdb *c, MDB_txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    int rc = mdb_cursor_open(txn, c->env.tables[VDR_TABLE_MANIFEST], &cursor);
    if (rc != 0)
        return rc;
    rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    while (rc == 0 && key.mv_size == 8 && vdr_get_be64(key.mv_data) < c->before) {
        rc = mdb_cursor_del(cursor, 0);
        if (rc == 0)
            rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    }
    mdb_cursor_close(cursor);
    return rc;
}

/* Removes what only older checkpoints have, after the new manifest is durable. */
static vdr_err
remove_older(vdr_checkpoint_lmdb *c)
{
    MDB_txn *txn;
    vdr_err err = vdr_env_write_begin(&c->env, 64 * 4096, true, &txn);
    if (err != VDR_OK)
        return err;
    int rc = remove_manifests(c, txn);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return vdr_env_note(&c->env, "removing an old checkpoint", rc);
    }
    err = vdr_env_write_commit(&c->env, txn);
    return err == VDR_OK ? vdr_block_sweep(c) : err;
}

static vdr_err
commit(vdr_checkpoint *base, const vdr_checkpoint_manifest *manifest)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    VDR_ASSERT(manifest->blocks == c->blocks);
    vdr_err err = piece(c);
    if (err == VDR_OK)
        err = manifest_write(c, c->txn, manifest);
    if (err == VDR_OK)
        err = piece_end(c);
    if (err != VDR_OK)
        return err;
    c->before = c->newest;
    c->newest++;
    atomic_fetch_add_explicit(&c->written_bytes, MANIFEST_HEAD_BYTES + manifest->head.len,
                              memory_order_relaxed);
    err = remove_older(c);
    (void)err; /* the checkpoint stands; what is left over goes with the next one */
    return VDR_OK;
}

static void
abandon(vdr_checkpoint *base)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    mdb_txn_abort(c->txn);
    c->txn = NULL;
    c->piece_bytes = 0;
}

void
vdr_manifest_keep(vdr_checkpoint *base, vdr_checkpoint_manifest *manifest)
{
    base->head = vdr_realloc(base->head, manifest->head.len + 1, 1);
    if (manifest->head.len != 0)
        memcpy(base->head, manifest->head.at, manifest->head.len);
    manifest->head.at = base->head;
}

static vdr_err
manifest_get(vdr_checkpoint *base, vdr_checkpoint_manifest *ret_manifest)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    MDB_txn *txn = NULL;
    vdr_checkpoint_manifest manifest;
    uint64_t sum;
    vdr_err err = vdr_env_read_begin(&c->env, &txn);
    if (err != VDR_OK)
        return err;
    err = vdr_checkpoint_lmdb_manifest(c, txn, c->newest, &manifest, &sum);
    if (err == VDR_OK) {
        vdr_manifest_keep(base, &manifest);
        *ret_manifest = manifest;
    }
    vdr_env_read_end(&c->env, txn, false);
    return err;
}

typedef struct loading {
    vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes);
    void *context;
    uint64_t blocks, sum;
} loading;

static vdr_err
load_block(void *context, const vdr_block_row *row)
{
    loading *l = context;
    vdr_span bytes;
    uint64_t check;
    vdr_err err = vdr_block_read(row, &bytes, &check);
    if (err != VDR_OK)
        return err;
    l->blocks++;
    l->sum += check;
    return l->block(l->context, row->id, bytes);
}

vdr_err
vdr_blocks_load(vdr_checkpoint_lmdb *c, MDB_txn *txn, uint64_t generation,
                vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes), void *context)
{
    loading l = {.block = block, .context = context};
    vdr_checkpoint_manifest manifest;
    uint64_t sum;
    vdr_err err = vdr_checkpoint_lmdb_manifest(c, txn, generation, &manifest, &sum);
    if (err == VDR_OK)
        err = vdr_block_walk(c, txn, generation, load_block, &l);
    return err == VDR_OK && (l.blocks != manifest.blocks || l.sum != sum) ? VDR_E_STORE_CORRUPT : err;
}

static vdr_err
load(vdr_checkpoint *base, vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes), void *context)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    MDB_txn *txn = NULL;
    vdr_err err = vdr_env_read_begin(&c->env, &txn);
    if (err != VDR_OK)
        return err;
    err = vdr_blocks_load(c, txn, c->newest, block, context);
    vdr_env_read_end(&c->env, txn, false);
    return err;
}

static vdr_err
fall_back(vdr_checkpoint *base)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    uint8_t name[8];
    MDB_val key = {.mv_size = sizeof name, .mv_data = name};
    MDB_txn *txn;
    if (c->newest == 0)
        return VDR_E_NOT_FOUND;
    vdr_err err = vdr_env_write_begin(&c->env, 64 * 4096, true, &txn);
    if (err != VDR_OK)
        return err;
    vdr_put_be64(name, c->newest);
    int rc = mdb_del(txn, c->env.tables[VDR_TABLE_MANIFEST], &key, NULL);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return vdr_env_note(&c->env, "falling back", rc);
    }
    err = vdr_env_write_commit(&c->env, txn);
    return err == VDR_OK ? find_newest(c) : err;
}

static uint64_t
fresh(const vdr_checkpoint *base)
{
    return ((const vdr_checkpoint_lmdb *)base)->fresh;
}

static vdr_err
forget_older(vdr_checkpoint *base)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    if (c->newest == 0)
        return VDR_E_NOT_FOUND;
    c->before = c->newest; /* one manifest is left below which nothing is */
    vdr_err err = remove_older(c);
    vdr_err found = find_newest(c);
    return err != VDR_OK ? err : found;
}

static vdr_err
look_back(vdr_checkpoint *base)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    if (c->before == 0)
        return VDR_E_NOT_FOUND;
    c->newest = c->before;
    c->before = 0;
    return VDR_OK;
}

static vdr_err
backup(vdr_checkpoint *base, const char *dir)
{
    return vdr_env_copy(&((vdr_checkpoint_lmdb *)base)->env, dir);
}

static uint64_t
written_bytes(const vdr_checkpoint *base)
{
    return atomic_load_explicit(&((const vdr_checkpoint_lmdb *)base)->written_bytes, memory_order_relaxed);
}

static const char *
reason(vdr_checkpoint *base)
{
    return ((vdr_checkpoint_lmdb *)base)->env.reason;
}

static void
close_checkpoint(vdr_checkpoint *base)
{
    vdr_checkpoint_lmdb *c = (vdr_checkpoint_lmdb *)base;
    vdr_env_close(&c->env);
    vdr_checkpoint_seal_end(base);
    free(c);
}

static const vdr_checkpoint_ops ops = {
    .begin = begin,
    .put = put,
    .drop = drop,
    .commit = commit,
    .abandon = abandon,
    .manifest_get = manifest_get,
    .load = load,
    .fresh = fresh,
    .forget_older = forget_older,
    .fall_back = fall_back,
    .look_back = look_back,
    .look_open = vdr_checkpoint_lmdb_look,
    .verify = vdr_checkpoint_lmdb_verify,
    .backup = backup,
    .written_bytes = written_bytes,
    .reason = reason,
    .close = close_checkpoint,
};

vdr_err
vdr_checkpoint_open_lmdb(const char *dir, vdr_vault *vault, bool create, vdr_checkpoint **ret_checkpoint,
                         char *reterr)
{
    vdr_checkpoint_lmdb *c = vdr_alloc(1, sizeof *c);
    c->checkpoint.ops = &ops;
    vdr_err err = vdr_env_open(&c->env, &spec, dir, create, 0);
    if (err == VDR_OK) {
        err = find_newest(c);
        if (err != VDR_OK)
            vdr_env_close(&c->env);
        else
            vdr_checkpoint_seal_begin(&c->checkpoint, vault);
    }
    if (reterr != NULL)
        (void)snprintf(reterr, VDR_ENV_REASON_BYTES, "%s", c->env.reason);
    if (err != VDR_OK) {
        free(c);
        return err;
    }
    *ret_checkpoint = &c->checkpoint;
    return VDR_OK;
}
