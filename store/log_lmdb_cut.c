#include "store/log_lmdb.h"

#include "store/bytes.h"

/* Finds how far whole groups may go: up to keep, at most count_max records, but one group at least; and whether any of
 * them carries another. */
static vdr_err
find_cut(vdr_log_lmdb *log, MDB_txn *txn, vdr_position keep, size_t count_max, vdr_log_base *ret_base,
         bool *ret_carries)
{
    vdr_log_base base = {.first = log->first};
    for (vdr_position at = log->first; at < keep; at++) {
        vdr_record record;
        if (at - log->first >= count_max && base.first != log->first)
            break;
        vdr_err err = vdr_log_lmdb_record_get(log, txn, at, &record);
        if (err != VDR_OK)
            return err == VDR_E_NOT_FOUND ? VDR_E_STORE_CORRUPT : err;
        *ret_carries = *ret_carries || record.body.carries != 0;
        if (!record.last)
            continue;
        if (at + 1 - log->first > count_max && base.first != log->first)
            break;
        base = (vdr_log_base){.first = at + 1, .epoch = record.epoch, .heads = record.heads};
    }
    *ret_base = base;
    return VDR_OK;
}

static vdr_err
remove_records(vdr_log_lmdb *log, MDB_txn *txn, vdr_position end, bool carries)
{
    for (vdr_position at = log->first; at < end; at++) {
        uint8_t key[8];
        MDB_val name = {.mv_size = sizeof key, .mv_data = key};
        vdr_record record;
        vdr_put_be64(key, at);
        vdr_err err = carries ? vdr_log_lmdb_record_get(log, txn, at, &record) : VDR_OK;
        if (carries && err == VDR_OK && record.body.carries != 0)
            err = vdr_log_lmdb_carry_gone(log, txn, at, record.body.carries);
        if (err != VDR_OK)
            return err;
        int rc = mdb_del(txn, log->env.tables[VDR_TABLE_RECORD], &name, NULL);
        if (rc != 0)
            return vdr_env_note(&log->env, "cutting", rc);
    }
    return VDR_OK;
}

vdr_err
vdr_log_lmdb_cut(vdr_log *base, vdr_position keep, size_t count_max, size_t *ret_removed)
{
    vdr_log_lmdb *log = (vdr_log_lmdb *)base;
    vdr_log_base begins;
    MDB_txn *txn;
    bool carries = false;
    VDR_ASSERT(keep <= log->next);
    vdr_err err = vdr_env_write_begin(&log->env, 64 * 4096, true, &txn);
    if (err != VDR_OK)
        return err;
    err = find_cut(log, txn, keep, count_max, &begins, &carries);
    size_t removed = err == VDR_OK ? (size_t)(begins.first - log->first) : 0;
    if (removed != 0) {
        err = remove_records(log, txn, begins.first, carries);
        if (err == VDR_OK)
            err = vdr_log_lmdb_base_put(log, txn, &begins);
    }
    if (err != VDR_OK || removed == 0) {
        mdb_txn_abort(txn);
        if (err == VDR_OK)
            *ret_removed = 0;
        return err;
    }
    err = vdr_env_write_commit(&log->env, txn);
    if (err != VDR_OK)
        return err;
    log->first = begins.first;
    vdr_log_lmdb_publish(log);
    *ret_removed = removed;
    return VDR_OK;
}
