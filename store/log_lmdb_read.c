#include "store/log_lmdb.h"

#include "store/bytes.h"

#include <stdlib.h>

vdr_err
vdr_log_lmdb_reader_open(vdr_log *base, vdr_log_reader **ret_reader)
{
    vdr_log_lmdb *log = (vdr_log_lmdb *)base;
    vdr_log_lmdb_reader *reader = vdr_alloc(1, sizeof *reader);
    reader->reader.ops = log->log.ops;
    reader->log = log;
    vdr_err err = vdr_env_read_begin(&log->env, &reader->txn);
    if (err == VDR_OK) {
        int rc = mdb_cursor_open(reader->txn, log->env.tables[VDR_TABLE_RECORD], &reader->records);
        if (rc == 0)
            rc = mdb_cursor_open(reader->txn, log->env.tables[VDR_TABLE_MAIL], &reader->mails);
        err = vdr_env_err(rc);
    }
    if (err != VDR_OK) {
        vdr_log_lmdb_reader_close(&reader->reader);
        return err;
    }
    *ret_reader = &reader->reader;
    return VDR_OK;
}

void
vdr_log_lmdb_reader_rest(vdr_log_reader *base)
{
    vdr_log_lmdb_reader *reader = (vdr_log_lmdb_reader *)base;
    reader->at = 0;
    vdr_env_read_rest(&reader->log->env, reader->txn);
    base->resting = true;
}

vdr_err
vdr_log_lmdb_reader_refresh(vdr_log_reader *base)
{
    vdr_log_lmdb_reader *reader = (vdr_log_lmdb_reader *)base;
    if (!base->resting)
        vdr_log_lmdb_reader_rest(base);
    vdr_err err = vdr_env_read_begin(&reader->log->env, &reader->txn);
    if (err != VDR_OK)
        return err;
    base->resting = false;
    int rc = mdb_cursor_renew(reader->txn, reader->records);
    if (rc == 0)
        rc = mdb_cursor_renew(reader->txn, reader->mails);
    return vdr_env_err(rc);
}

void
vdr_log_lmdb_reader_close(vdr_log_reader *base)
{
    vdr_log_lmdb_reader *reader = (vdr_log_lmdb_reader *)base;
    if (reader->records != NULL)
        mdb_cursor_close(reader->records);
    if (reader->mails != NULL)
        mdb_cursor_close(reader->mails);
    vdr_env_read_end(&reader->log->env, reader->txn, base->resting);
    vdr_record_room_done(&reader->room);
    free(reader);
}

/* The record of position, as it stands. */
static vdr_err
seek(vdr_log_lmdb_reader *reader, vdr_position position, vdr_record *ret_record)
{
    uint8_t name[8];
    MDB_val key = {.mv_size = sizeof name, .mv_data = name}, value;
    vdr_put_be64(name, position);
    bool next = reader->at != 0 && reader->at + 1 == position;
    reader->at = 0;
    int rc = mdb_cursor_get(reader->records, &key, &value, next ? MDB_NEXT : MDB_SET_KEY);
    if (rc != 0)
        return vdr_env_err(rc);
    if (key.mv_size != sizeof name || vdr_get_be64(key.mv_data) != position)
        return VDR_E_STORE_CORRUPT; /* the next record is not the next: one is missing */
    vdr_err err = vdr_record_read(position, vdr_env_span(value), ret_record);
    if (err == VDR_OK)
        reader->at = position;
    return err;
}

vdr_err
vdr_log_lmdb_read(vdr_log_reader *base, vdr_position position, vdr_log_record *ret_record)
{
    vdr_log_lmdb_reader *reader = (vdr_log_lmdb_reader *)base;
    vdr_record record;
    vdr_err err = seek(reader, position, &record);
    return err == VDR_OK ? vdr_record_open(&record, reader->log->vault, &reader->room, ret_record) : err;
}

vdr_err
vdr_log_lmdb_read_key(vdr_log_reader *base, vdr_position position, vdr_vault_key *ret_key)
{
    vdr_record record;
    vdr_err err = seek((vdr_log_lmdb_reader *)base, position, &record);
    if (err == VDR_OK)
        *ret_key = record.key;
    return err;
}

vdr_err
vdr_log_lmdb_look_at(vdr_log_reader *base, vdr_position position, vdr_log_look *ret_look)
{
    vdr_record record;
    vdr_err err = seek((vdr_log_lmdb_reader *)base, position, &record);
    if (err == VDR_OK)
        *ret_look = (vdr_log_look){.bytes = record.bytes, .carries = record.body.carries};
    return err;
}
