#include "store/log_lmdb.h"

#include "store/bytes.h"

/* The index of carried records: rows of meta, whose names sort by position. */
#define PREFIX       "carry"
#define PREFIX_BYTES 5u
#define NAME_BYTES   (PREFIX_BYTES + 8u)

static vdr_span
name_of(vdr_position position, uint8_t room[NAME_BYTES])
{
    memcpy(room, PREFIX, PREFIX_BYTES);
    vdr_put_be64(room + PREFIX_BYTES, position);
    return vdr_span_of(room, NAME_BYTES);
}

static bool
is_name(MDB_val key)
{
    return key.mv_size == NAME_BYTES && memcmp(key.mv_data, PREFIX, PREFIX_BYTES) == 0;
}

static vdr_err
row_get(vdr_log_lmdb *log, MDB_txn *txn, vdr_position position, vdr_position *ret_carrier)
{
    uint8_t room[NAME_BYTES];
    vdr_span bytes;
    vdr_err err = vdr_env_row_get(&log->env, txn, VDR_TABLE_META, name_of(position, room), &bytes);
    if (err == VDR_OK && bytes.len != 8)
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK)
        *ret_carrier = vdr_get_le64(bytes.at);
    return err;
}

vdr_err
vdr_log_lmdb_carry_put(vdr_log_lmdb *log, MDB_txn *txn, vdr_position first, const vdr_log_record *records,
                       size_t count)
{
    vdr_err err = VDR_OK;
    for (size_t i = 0; i < count && err == VDR_OK; i++) {
        uint8_t room[NAME_BYTES], carrier[8];
        if (records[i].carries == 0)
            continue;
        vdr_put_le64(carrier, first + i);
        err = vdr_env_row_put(&log->env, txn, VDR_TABLE_META, name_of(records[i].carries, room),
                              vdr_span_of(carrier, sizeof carrier));
    }
    return err;
}

vdr_err
vdr_log_lmdb_carry_gone(vdr_log_lmdb *log, MDB_txn *txn, vdr_position carrier, vdr_position carries)
{
    vdr_position newest = 0;
    uint8_t room[NAME_BYTES];
    vdr_err err = row_get(log, txn, carries, &newest);
    if (err != VDR_OK || newest != carrier) /* a later one carries it now */
        return err == VDR_E_NOT_FOUND ? VDR_E_STORE_CORRUPT : err;
    MDB_val name = vdr_env_val(name_of(carries, room));
    int rc = mdb_del(txn, log->env.tables[VDR_TABLE_META], &name, NULL);
    return rc == 0 ? VDR_OK : vdr_env_note(&log->env, "cutting", rc);
}

/* The first carried position from from on. NOT_FOUND. */
static vdr_err
next_carried(vdr_log_lmdb *log, MDB_txn *txn, vdr_position from, vdr_position *ret_position)
{
    uint8_t room[NAME_BYTES];
    MDB_cursor *cursor;
    MDB_val key = vdr_env_val(name_of(from, room)), value;
    int rc = mdb_cursor_open(txn, log->env.tables[VDR_TABLE_META], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    vdr_err err = rc == 0 && !is_name(key) ? VDR_E_NOT_FOUND : vdr_env_err(rc);
    if (err == VDR_OK)
        *ret_position = vdr_get_be64((const uint8_t *)key.mv_data + PREFIX_BYTES);
    mdb_cursor_close(cursor);
    return err;
}

vdr_err
vdr_log_lmdb_next(vdr_log_reader *base, vdr_position from, vdr_position *ret_position)
{
    vdr_log_lmdb_reader *reader = (vdr_log_lmdb_reader *)base;
    vdr_log_base begins;
    MDB_val key, value;
    vdr_position carried = 0, end = 0;
    vdr_err err = vdr_log_lmdb_base_get(reader->log, reader->txn, &begins);
    if (err != VDR_OK)
        return err;
    if (from < begins.first) {
        err = next_carried(reader->log, reader->txn, from, &carried);
        if (err != VDR_OK && err != VDR_E_NOT_FOUND)
            return err;
        if (err == VDR_OK && carried < begins.first) {
            *ret_position = carried;
            return VDR_OK;
        }
        from = begins.first;
    }
    reader->at = 0;
    int rc = mdb_cursor_get(reader->records, &key, &value, MDB_LAST);
    if (rc == 0 && key.mv_size == 8)
        end = vdr_get_be64(key.mv_data) + 1;
    if (rc != 0 || from >= end)
        return rc == 0 ? VDR_E_NOT_FOUND : vdr_env_err(rc);
    *ret_position = from;
    return VDR_OK;
}

vdr_err
vdr_log_lmdb_carrier(vdr_log_reader *base, vdr_position position, vdr_position *ret_carrier)
{
    vdr_log_lmdb_reader *reader = (vdr_log_lmdb_reader *)base;
    return row_get(reader->log, reader->txn, position, ret_carrier);
}

vdr_err
vdr_log_lmdb_carry_known(vdr_log_lmdb *log, MDB_txn *txn, vdr_position carrier, vdr_position carries)
{
    vdr_position newest = 0;
    vdr_err err = row_get(log, txn, carries, &newest);
    if (err == VDR_OK && newest >= carrier)
        return VDR_OK;
    return err == VDR_OK || err == VDR_E_NOT_FOUND ? VDR_E_STORE_CORRUPT : err;
}

/* A row that is good says what its carrier says. */
static vdr_err
check_row(vdr_log_lmdb *log, MDB_txn *txn, MDB_val key, MDB_val value, vdr_position *ret_bad)
{
    vdr_span bytes;
    vdr_record record;
    vdr_position carried = vdr_get_be64((const uint8_t *)key.mv_data + PREFIX_BYTES);
    vdr_err err = vdr_env_row_read(key, value, &bytes);
    if (err == VDR_OK && bytes.len != 8)
        err = VDR_E_STORE_CORRUPT;
    if (err != VDR_OK)
        return err;
    *ret_bad = vdr_get_le64(bytes.at);
    err = vdr_log_lmdb_record_get(log, txn, *ret_bad, &record);
    if (err == VDR_E_NOT_FOUND || (err == VDR_OK && record.body.carries != carried))
        err = VDR_E_STORE_CORRUPT;
    return err;
}

vdr_err
vdr_log_lmdb_carry_check(vdr_log_lmdb *log, MDB_txn *txn, vdr_position *ret_bad)
{
    uint8_t room[NAME_BYTES];
    MDB_cursor *cursor;
    MDB_val key = vdr_env_val(name_of(0, room)), value;
    vdr_err err = VDR_OK;
    int rc = mdb_cursor_open(txn, log->env.tables[VDR_TABLE_META], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE); rc == 0 && err == VDR_OK && is_name(key);
         rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT))
        err = check_row(log, txn, key, value, ret_bad);
    mdb_cursor_close(cursor);
    if (err == VDR_OK && rc != 0 && rc != MDB_NOTFOUND)
        err = vdr_env_err(rc);
    return err;
}
