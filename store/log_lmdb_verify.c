#include "store/log_lmdb.h"

#include "store/bytes.h"

#define PIECE_RECORDS 8192u /* then the snapshot is renewed, so that verifying does not pin pages */

/* One walk: a snapshot, a cursor in it, and where the records end in the first snapshot. */
typedef struct tour {
    vdr_log_lmdb *log;
    MDB_txn *txn;
    MDB_cursor *cursor;
    vdr_log_base base;
    vdr_position end;
    vdr_walk walk;
} tour;

/* Learns the base and the end in the present snapshot, and that the number of rows fits them. */
static vdr_err
tour_look(tour *t)
{
    MDB_val key, value;
    MDB_stat st;
    vdr_err err = vdr_log_lmdb_base_get(t->log, t->txn, &t->base);
    if (err != VDR_OK)
        return err;
    vdr_position end = t->base.first;
    int rc = mdb_cursor_get(t->cursor, &key, &value, MDB_LAST);
    if (rc == 0)
        end = key.mv_size == 8 ? vdr_get_be64(key.mv_data) + 1 : 0;
    else if (rc != MDB_NOTFOUND)
        return vdr_env_err(rc);
    rc = mdb_stat(t->txn, t->log->env.tables[VDR_TABLE_RECORD], &st);
    if (rc != 0)
        return vdr_env_err(rc);
    if (end < t->base.first || st.ms_entries != end - t->base.first)
        return VDR_E_STORE_CORRUPT;
    if (t->end == 0)
        t->end = end;
    return VDR_OK;
}

/* Begins the walk at the first record of the group that holds from. */
static vdr_err
tour_start(tour *t, vdr_position from)
{
    vdr_record record;
    if (from <= t->base.first || from >= t->end) {
        bool none = from >= t->end && t->end > t->base.first;
        vdr_walk_begin(&t->walk, &t->base.heads, t->base.epoch, none ? t->end : t->base.first);
        return VDR_OK;
    }
    vdr_err err = vdr_log_lmdb_record_get(t->log, t->txn, from, &record);
    if (err != VDR_OK)
        return err == VDR_E_NOT_FOUND ? VDR_E_STORE_CORRUPT : err;
    if (record.index > from - t->base.first)
        return VDR_E_STORE_CORRUPT;
    vdr_position start = from - record.index;
    if (start == t->base.first) {
        vdr_walk_begin(&t->walk, &t->base.heads, t->base.epoch, start);
        return VDR_OK;
    }
    err = vdr_log_lmdb_record_get(t->log, t->txn, start - 1, &record);
    if (err == VDR_E_NOT_FOUND || (err == VDR_OK && !record.last))
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK)
        vdr_walk_begin(&t->walk, &record.heads, record.epoch, start);
    return err;
}

/* Walks on to the end of a group after about PIECE_RECORDS records. */
static vdr_err
tour_piece(tour *t)
{
    uint8_t name[8];
    MDB_val key = {.mv_size = sizeof name, .mv_data = name}, value;
    vdr_put_be64(name, t->walk.next);
    int rc = mdb_cursor_get(t->cursor, &key, &value, MDB_SET_KEY);
    for (size_t done = 0; t->walk.next < t->end && (done < PIECE_RECORDS || t->walk.inside); done++) {
        if (rc != 0 && rc != MDB_NOTFOUND)
            return vdr_env_err(rc);
        if (rc == MDB_NOTFOUND || key.mv_size != 8 || vdr_get_be64(key.mv_data) != t->walk.next)
            return VDR_E_STORE_CORRUPT;
        vdr_err err = vdr_walk_take(&t->walk, vdr_env_span(value));
        if (err == VDR_OK && t->walk.carries != 0)
            err = vdr_log_lmdb_carry_known(t->log, t->txn, t->walk.next - 1, t->walk.carries);
        if (err != VDR_OK)
            return err;
        rc = mdb_cursor_get(t->cursor, &key, &value, MDB_NEXT);
    }
    return t->walk.inside ? VDR_E_STORE_CORRUPT : VDR_OK;
}

/* Takes a new snapshot; what was cut meanwhile is passed over. */
static vdr_err
tour_renew(tour *t)
{
    vdr_env_read_rest(&t->log->env, t->txn);
    vdr_err err = vdr_env_read_begin(&t->log->env, &t->txn);
    if (err != VDR_OK) {
        vdr_env_read_end(&t->log->env, t->txn, true);
        t->txn = NULL;
        return err;
    }
    err = vdr_env_err(mdb_cursor_renew(t->txn, t->cursor));
    if (err == VDR_OK)
        err = tour_look(t);
    if (err == VDR_OK && t->base.first > t->walk.next)
        vdr_walk_begin(&t->walk, &t->base.heads, t->base.epoch, t->base.first);
    return err;
}

vdr_err
vdr_log_lmdb_walk(vdr_log_lmdb *log, vdr_position from, bool (*progress)(void *context, vdr_position at),
                  void *context, vdr_position *ret_bad)
{
    tour t = {.log = log};
    vdr_position bad = from;
    vdr_err err = vdr_env_read_begin(&log->env, &t.txn);
    if (err != VDR_OK)
        return err;
    err = vdr_env_err(mdb_cursor_open(t.txn, log->env.tables[VDR_TABLE_RECORD], &t.cursor));
    if (err == VDR_OK)
        err = tour_look(&t);
    if (err == VDR_OK)
        err = tour_start(&t, from);
    while (err == VDR_OK) {
        bad = t.walk.next;
        err = tour_piece(&t);
        if (err != VDR_OK) {
            bad = t.walk.next;
            break;
        }
        if (progress != NULL && !progress(context, t.walk.next))
            err = VDR_E_CLOSING;
        if (err != VDR_OK || t.walk.next >= t.end)
            break;
        err = tour_renew(&t);
    }
    if (t.cursor != NULL)
        mdb_cursor_close(t.cursor);
    vdr_env_read_end(&log->env, t.txn, false);
    if (err != VDR_OK)
        *ret_bad = bad;
    return err;
}

/* Also a row whose key rotted, under which nobody looks for it. */
static vdr_err
check_meta(vdr_log_lmdb *log, MDB_txn *txn)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    vdr_span bytes;
    vdr_err err = VDR_OK;
    int rc = mdb_cursor_open(txn, log->env.tables[VDR_TABLE_META], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    while (err == VDR_OK && (rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) == 0)
        err = vdr_env_row_read(key, value, &bytes);
    mdb_cursor_close(cursor);
    return err != VDR_OK || rc == MDB_NOTFOUND ? err : vdr_env_err(rc);
}

vdr_err
vdr_log_lmdb_verify(vdr_log *base, vdr_position from, vdr_store_progress_fn progress, void *context,
                    vdr_store_fault *ret_fault)
{
    vdr_log_lmdb *log = (vdr_log_lmdb *)base;
    MDB_txn *txn = NULL;
    vdr_log_base begins;
    vdr_store_fault fault = {.file = "log/data.mdb", .position = from};
    vdr_pages_bad pages = {0};
    vdr_err err = vdr_env_check_pages(&log->env, &pages);
    if (err != VDR_OK) {
        fault.offset = pages.offset;
        fault.text = pages.text;
    } else {
        fault.text = "a record, its order or a chain of hashes is not what was written";
        err = vdr_log_lmdb_walk(log, from, progress, context, &fault.position);
    }
    if (err == VDR_OK) {
        fault.text = "the index of mailboxes, or where the log begins, is not what was written";
        err = vdr_env_read_begin(&log->env, &txn);
    }
    if (err == VDR_OK && txn != NULL) {
        err = vdr_log_lmdb_base_get(log, txn, &begins);
        if (err == VDR_OK)
            err = check_meta(log, txn);
        if (err == VDR_OK)
            err =
                vdr_log_lmdb_mail_check(log, txn, from > begins.first ? from : begins.first, &fault.position);
        if (err == VDR_OK) {
            fault.text = "the index of carried records is not what was written";
            err = vdr_log_lmdb_carry_check(log, txn, &fault.position);
        }
        vdr_env_read_end(&log->env, txn, false);
    }
    if (err != VDR_OK)
        *ret_fault = fault;
    return err;
}
