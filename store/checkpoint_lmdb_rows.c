#include "store/checkpoint_lmdb.h"

#include "store/bytes.h"
#include "store/check.h"

#include <stdlib.h>

#define KEY_BYTES     16u
#define HEAD_BYTES    4u
#define BLOCK_VERSION 1u
#define SWEEP_ROWS    1024u /* of one transaction */

typedef struct dead_row {
    uint8_t key[KEY_BYTES];
    uint64_t bytes;
} dead_row;

typedef struct dead_rows {
    dead_row *rows;
    size_t count, max;
} dead_rows;

static void
key_write(uint8_t key[KEY_BYTES], vdr_block_id id, uint64_t generation)
{
    vdr_put_be32(key, id.table);
    vdr_put_be32(key + 4, id.number);
    vdr_put_be64(key + 8, generation);
}

static vdr_err
row_of(MDB_val key, MDB_val value, vdr_block_row *ret_row)
{
    const uint8_t *at = key.mv_data;
    if (key.mv_size != KEY_BYTES || value.mv_size < VDR_CHECK_BYTES)
        return VDR_E_STORE_CORRUPT;
    *ret_row = (vdr_block_row){.id = {.table = vdr_get_be32(at), .number = vdr_get_be32(at + 4)},
                               .generation = vdr_get_be64(at + 8),
                               .dropped = value.mv_size == VDR_CHECK_BYTES,
                               .key = key,
                               .value = value};
    return VDR_OK;
}

static bool
same_id(vdr_block_id a, vdr_block_id b)
{
    return a.table == b.table && a.number == b.number;
}

uint64_t
vdr_block_check(const vdr_block_row *row)
{
    return vdr_get_le64(row->value.mv_data);
}

vdr_err
vdr_block_find(vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn, vdr_block_id id, uint64_t generation,
               vdr_block_row *ret_row)
{
    uint8_t name[KEY_BYTES];
    MDB_val key = {.mv_size = sizeof name, .mv_data = name}, value;
    MDB_cursor *cursor;
    vdr_block_row row;
    key_write(name, id, generation + 1);
    int rc = mdb_cursor_open(txn, checkpoint->env.tables[VDR_TABLE_BLOCK], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (rc == 0 || rc == MDB_NOTFOUND)
        rc = mdb_cursor_get(cursor, &key, &value, rc == 0 ? MDB_PREV : MDB_LAST);
    mdb_cursor_close(cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    vdr_err err = row_of(key, value, &row);
    if (err == VDR_OK && !same_id(row.id, id))
        err = VDR_E_NOT_FOUND;
    if (err == VDR_OK)
        *ret_row = row;
    return err;
}

vdr_err
vdr_block_read(const vdr_block_row *row, vdr_span *ret_bytes, uint64_t *ret_check)
{
    vdr_span bytes;
    vdr_err err = vdr_env_row_read(row->key, row->value, &bytes);
    if (err != VDR_OK)
        return err;
    if (bytes.len < HEAD_BYTES)
        return VDR_E_STORE_CORRUPT;
    if (vdr_get_le32(bytes.at) != BLOCK_VERSION)
        return VDR_E_STORE_VERSION;
    *ret_bytes = vdr_span_of(bytes.at + HEAD_BYTES, bytes.len - HEAD_BYTES);
    *ret_check = vdr_block_check(row);
    return VDR_OK;
}

vdr_err
vdr_block_write(vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn, vdr_block_id id, uint64_t generation,
                vdr_span bytes, uint64_t *ret_check)
{
    uint8_t name[KEY_BYTES];
    size_t len = bytes.at == NULL ? 0 : HEAD_BYTES + bytes.len;
    MDB_val key = {.mv_size = sizeof name, .mv_data = name}, value = {.mv_size = VDR_CHECK_BYTES + len};
    key_write(name, id, generation);
    int rc = mdb_put(txn, checkpoint->env.tables[VDR_TABLE_BLOCK], &key, &value, MDB_RESERVE);
    if (rc != 0)
        return vdr_env_note(&checkpoint->env, "writing a block", rc);
    uint8_t *at = value.mv_data;
    if (len != 0) {
        vdr_put_le32(at + VDR_CHECK_BYTES, BLOCK_VERSION);
        if (bytes.len != 0)
            memcpy(at + VDR_CHECK_BYTES + HEAD_BYTES, bytes.at, bytes.len);
    }
    *ret_check = vdr_check_of(vdr_span_of(name, sizeof name), vdr_span_of(at + VDR_CHECK_BYTES, len));
    vdr_put_le64(at, *ret_check);
    return VDR_OK;
}

vdr_err
vdr_block_walk(vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn, uint64_t generation,
               vdr_err (*each)(void *context, const vdr_block_row *row), void *context)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    vdr_block_row row, chosen = {.dropped = true};
    vdr_err err = VDR_OK;
    int rc = mdb_cursor_open(txn, checkpoint->env.tables[VDR_TABLE_BLOCK], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0;
         rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        err = row_of(key, value, &row);
        if (err == VDR_OK && !same_id(row.id, chosen.id)) {
            if (!chosen.dropped)
                err = each(context, &chosen);
            chosen = (vdr_block_row){.id = row.id, .dropped = true};
        }
        if (err != VDR_OK)
            break;
        if (row.generation <= generation)
            chosen = row;
    }
    mdb_cursor_close(cursor);
    if (err == VDR_OK && rc != MDB_NOTFOUND)
        err = vdr_env_err(rc);
    if (err == VDR_OK && !chosen.dropped)
        err = each(context, &chosen);
    return err;
}

static void
add_dead(dead_rows *dead, const vdr_block_row *row)
{
    if (dead->count == dead->max) {
        dead->max = dead->max != 0 ? 2 * dead->max : 256;
        dead->rows = vdr_realloc(dead->rows, dead->max, sizeof *dead->rows);
    }
    dead_row *d = &dead->rows[dead->count++];
    memcpy(d->key, row->key.mv_data, KEY_BYTES);
    d->bytes = row->value.mv_size;
}

/* Rows of one name stand in order of generation. A row is in checkpoint c if it is not above c and the
 * row after it is. A mark "dropped" is needed only to hide the row before it from the newest. */
static bool
is_alive(const vdr_checkpoint_lmdb *c, const vdr_block_row *left, const vdr_block_row *row,
         const vdr_block_row *right)
{
    uint64_t until = right != NULL && same_id(right->id, row->id) ? right->generation : UINT64_MAX;
    bool in_newest = row->generation <= c->newest && until > c->newest;
    bool in_before = row->generation <= c->before && until > c->before;
    if (!row->dropped)
        return in_newest || in_before;
    return in_newest && !in_before && left != NULL && same_id(left->id, row->id) && !left->dropped &&
           left->generation <= c->before;
}

static vdr_err
find_dead(vdr_checkpoint_lmdb *checkpoint, dead_rows *dead)
{
    MDB_txn *txn = NULL;
    MDB_cursor *cursor = NULL;
    MDB_val key, value;
    vdr_block_row rows[3]; /* left, present, right */
    size_t count = 0;
    vdr_err err = vdr_env_read_begin(&checkpoint->env, &txn);
    if (err != VDR_OK)
        return err;
    int rc = mdb_cursor_open(txn, checkpoint->env.tables[VDR_TABLE_BLOCK], &cursor);
    if (rc == 0)
        rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST);
    for (; rc == 0 && err == VDR_OK; rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        err = row_of(key, value, &rows[2]);
        if (err == VDR_OK && count > 0 &&
            !is_alive(checkpoint, count > 1 ? &rows[0] : NULL, &rows[1], &rows[2]))
            add_dead(dead, &rows[1]);
        rows[0] = rows[1];
        rows[1] = rows[2];
        count++;
    }
    if (err == VDR_OK && rc != MDB_NOTFOUND)
        err = vdr_env_err(rc);
    if (err == VDR_OK && count > 0 && !is_alive(checkpoint, count > 1 ? &rows[0] : NULL, &rows[1], NULL))
        add_dead(dead, &rows[1]);
    if (cursor != NULL)
        mdb_cursor_close(cursor);
    vdr_env_read_end(&checkpoint->env, txn, false);
    return err;
}

/* Removes rows from *done_p on, one transaction's worth. In key order, so that a crash between two pieces
 * never leaves a block whose mark "dropped" is gone already. */
static vdr_err
remove_piece(vdr_checkpoint_lmdb *checkpoint, const dead_rows *dead, size_t *done_p)
{
    MDB_txn *txn;
    uint64_t bytes = 0;
    size_t done = *done_p;
    vdr_err err = vdr_env_write_begin(&checkpoint->env, 64 * 4096, true, &txn);
    if (err != VDR_OK)
        return err;
    for (; done < dead->count && done - *done_p < SWEEP_ROWS && bytes < VDR_SWEEP_BYTES; done++) {
        MDB_val key = {.mv_size = KEY_BYTES, .mv_data = dead->rows[done].key};
        int rc = mdb_del(txn, checkpoint->env.tables[VDR_TABLE_BLOCK], &key, NULL);
        if (rc != 0) {
            mdb_txn_abort(txn);
            return vdr_env_note(&checkpoint->env, "removing a block", rc);
        }
        bytes += dead->rows[done].bytes;
    }
    *done_p = done;
    return vdr_env_write_commit(&checkpoint->env, txn);
}

vdr_err
vdr_block_sweep(vdr_checkpoint_lmdb *checkpoint)
{
    dead_rows dead = {0};
    size_t done = 0;
    vdr_err err = find_dead(checkpoint, &dead);
    while (err == VDR_OK && done < dead.count)
        err = remove_piece(checkpoint, &dead, &done);
    free(dead.rows);
    return err;
}
