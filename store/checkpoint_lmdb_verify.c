#include "store/checkpoint_lmdb.h"

#include "store/bytes.h"

#define ROWS_BETWEEN 1024u /* calls of progress */

/* One walk over one moment of the environment. */
typedef struct tour {
    vdr_checkpoint_lmdb *c;
    MDB_txn *txn;
    vdr_store_progress_fn progress;
    void *context;
    uint64_t rows;
    uint64_t blocks, sum; /* of the checkpoint at hand */
} tour;

/* Every row of a table, also those that no checkpoint has any more. */
static vdr_err
check_rows(tour *t, unsigned table)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    vdr_span bytes;
    vdr_err err = VDR_OK;
    int rc = mdb_cursor_open(t->txn, t->c->env.tables[table], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0 && err == VDR_OK;
         rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        err = vdr_env_row_read(key, value, &bytes);
        if (err == VDR_OK && ++t->rows % ROWS_BETWEEN == 0 && t->progress != NULL &&
            !t->progress(t->context, t->rows))
            err = VDR_E_CLOSING;
    }
    mdb_cursor_close(cursor);
    return err != VDR_OK || rc == MDB_NOTFOUND ? err : vdr_env_err(rc);
}

static vdr_err
add_block(void *context, const vdr_block_row *row)
{
    tour *t = context;
    vdr_span bytes;
    uint64_t check;
    vdr_err err = vdr_block_read(row, &bytes, &check);
    t->blocks++;
    t->sum += err == VDR_OK ? check : 0;
    return err;
}

/* Each checkpoint has the blocks that its manifest counts. */
static vdr_err
check_manifests(tour *t)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    vdr_err err = VDR_OK;
    int rc = mdb_cursor_open(t->txn, t->c->env.tables[VDR_TABLE_MANIFEST], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0 && err == VDR_OK;
         rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        vdr_checkpoint_manifest manifest = {0};
        uint64_t sum = 0, generation = key.mv_size == 8 ? vdr_get_be64(key.mv_data) : 0;
        t->blocks = t->sum = 0;
        err = vdr_checkpoint_lmdb_manifest(t->c, t->txn, generation, &manifest, &sum);
        if (err == VDR_OK)
            err = vdr_block_walk(t->c, t->txn, generation, add_block, t);
        if (err == VDR_OK && (t->blocks != manifest.blocks || t->sum != sum))
            err = VDR_E_STORE_CORRUPT;
    }
    mdb_cursor_close(cursor);
    return err != VDR_OK || rc == MDB_NOTFOUND ? err : vdr_env_err(rc);
}

vdr_err
vdr_checkpoint_lmdb_verify(vdr_checkpoint *base, vdr_store_progress_fn progress, void *context,
                           vdr_store_fault *ret_fault)
{
    tour t = {.c = (vdr_checkpoint_lmdb *)base, .progress = progress, .context = context};
    vdr_store_fault fault = {.file = "state/data.mdb"};
    vdr_pages_bad pages = {0};
    vdr_err err = vdr_env_check_pages(&t.c->env, &pages);
    if (err != VDR_OK) {
        fault.offset = pages.offset;
        fault.text = pages.text;
    } else {
        fault.text = "a block of a checkpoint is not what was written";
        err = vdr_env_read_begin(&t.c->env, &t.txn);
    }
    for (unsigned table = 0; table <= VDR_TABLE_BLOCK && err == VDR_OK; table++)
        err = check_rows(&t, table);
    if (err == VDR_OK) {
        fault.text = "a checkpoint does not have the blocks that its manifest counts";
        err = check_manifests(&t);
    }
    vdr_env_read_end(&t.c->env, t.txn, false);
    if (err == VDR_E_NOT_FOUND)
        err = VDR_E_STORE_CORRUPT;
    if (err != VDR_OK)
        *ret_fault = fault;
    return err;
}
