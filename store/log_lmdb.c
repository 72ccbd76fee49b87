#include "store/log_lmdb.h"

#include "store/bytes.h"

#include <stdio.h>
#include <stdlib.h>

#define BASE_BYTES       (8u + 8u + 2u * VDR_CHAIN_BYTES)
#define MARK_EVERY_BYTES (UINT64_C(256) << 20) /* bounds what a start after a crash has to check */
#define INLINE_BYTES     1900u /* larger values get pages of their own in LMDB (4 KiB pages) */

static const vdr_env_spec spec = {
    .name = "log", .format = 1, .table_count = 3, .tables = {"meta", "record", "mail"}};

vdr_err
vdr_log_lmdb_base_get(vdr_log_lmdb *log, MDB_txn *txn, vdr_log_base *ret_base)
{
    vdr_span bytes;
    vdr_log_base base = {.first = 1};
    vdr_err err = vdr_env_row_get(&log->env, txn, VDR_TABLE_META, vdr_span_str("base"), &bytes);
    if (err == VDR_OK && bytes.len == BASE_BYTES) {
        base.first = vdr_get_le64(bytes.at);
        base.epoch = vdr_get_le64(bytes.at + 8);
        memcpy(base.heads.chain, bytes.at + 16, VDR_CHAIN_BYTES);
        memcpy(base.heads.told, bytes.at + 16 + VDR_CHAIN_BYTES, VDR_CHAIN_BYTES);
    } else if (err != VDR_E_NOT_FOUND) {
        return err == VDR_OK ? VDR_E_STORE_CORRUPT : err;
    }
    *ret_base = base;
    return VDR_OK;
}

vdr_err
vdr_log_lmdb_base_put(vdr_log_lmdb *log, MDB_txn *txn, const vdr_log_base *base)
{
    uint8_t bytes[BASE_BYTES];
    vdr_put_le64(bytes, base->first);
    vdr_put_le64(bytes + 8, base->epoch);
    memcpy(bytes + 16, base->heads.chain, VDR_CHAIN_BYTES);
    memcpy(bytes + 16 + VDR_CHAIN_BYTES, base->heads.told, VDR_CHAIN_BYTES);
    return vdr_env_row_put(&log->env, txn, VDR_TABLE_META, vdr_span_str("base"),
                           vdr_span_of(bytes, sizeof bytes));
}

static vdr_err
mark_put(vdr_log_lmdb *log, MDB_txn *txn, vdr_position position)
{
    uint8_t bytes[8];
    vdr_put_le64(bytes, position);
    return vdr_env_row_put(&log->env, txn, VDR_TABLE_META, vdr_span_str("mark"),
                           vdr_span_of(bytes, sizeof bytes));
}

vdr_err
vdr_log_lmdb_record_get(vdr_log_lmdb *log, MDB_txn *txn, vdr_position position, vdr_record *ret_record)
{
    uint8_t key[8];
    MDB_val at = {.mv_size = sizeof key, .mv_data = key}, value;
    vdr_put_be64(key, position);
    int rc = mdb_get(txn, log->env.tables[VDR_TABLE_RECORD], &at, &value);
    return rc == 0 ? vdr_record_read(position, vdr_env_span(value), ret_record) : vdr_env_err(rc);
}

static bool
beyond_limit(const vdr_log_lmdb *log, uint64_t used_bytes, uint64_t more)
{
    return log->limit_bytes != 0 && used_bytes >= log->limit_bytes + more;
}

void
vdr_log_lmdb_publish(vdr_log_lmdb *log)
{
    vdr_env_room room = vdr_env_room_get(&log->env);
    uint64_t used = log->env.live_bytes;
    (void)pthread_mutex_lock(&log->stats_lock);
    log->room = room;
    log->stats =
        (vdr_log_stats){.first = log->first,
                        .next = log->next,
                        .epoch = log->epoch,
                        .used_bytes = used,
                        .limit_bytes = log->limit_bytes,
                        .full = vdr_env_room_short(&room, log->reserve_bytes) || beyond_limit(log, used, 0),
                        .groups = log->groups,
                        .syncs = log->env.commits,
                        .sealed = log->sealed};
    (void)pthread_mutex_unlock(&log->stats_lock);
}

static void
stats_get(vdr_log *base, vdr_log_stats *ret_stats)
{
    vdr_log_lmdb *log = (vdr_log_lmdb *)base;
    (void)pthread_mutex_lock(&log->stats_lock);
    *ret_stats = log->stats;
    vdr_env_room room = log->room;
    (void)pthread_mutex_unlock(&log->stats_lock);
    /* As of now: others fill the volume, or make room, while nothing is appended. */
    ret_stats->full =
        vdr_env_room_short_now(&room, log->reserve_bytes) || beyond_limit(log, ret_stats->used_bytes, 0);
}

/* About what a group takes in pages, rather too much. */
static uint64_t
need_bytes(const vdr_log_record *records, size_t count, size_t mail_count)
{
    uint64_t bytes = 64 * 4096 + 64 * (uint64_t)mail_count;
    for (size_t i = 0; i < count; i++) {
        uint64_t len = VDR_RECORD_HEAD_BYTES + VDR_RECORD_MORE_BYTES + VDR_RECORD_SEAL_BYTES +
                       records[i].routing.len + records[i].content.len + records[i].tale.len;
        bytes += len <= INLINE_BYTES ? 2 * len : len + 4096 + 64;
        bytes += records[i].carries != 0 ? 64 : 0; /* in the index */
    }
    return bytes;
}

static vdr_err
put_records(vdr_log_lmdb *log, MDB_txn *txn, vdr_group *group, const vdr_log_record *records, size_t count)
{
    MDB_cursor *cursor;
    int rc = mdb_cursor_open(txn, log->env.tables[VDR_TABLE_RECORD], &cursor);
    if (rc != 0)
        return vdr_env_note(&log->env, "appending", rc);
    for (size_t i = 0; i < count && rc == 0; i++) {
        uint8_t key[8];
        MDB_val at = {.mv_size = sizeof key, .mv_data = key};
        MDB_val value = {.mv_size = vdr_group_record_bytes(group, &records[i])};
        vdr_put_be64(key, group->first + i);
        rc = mdb_cursor_put(cursor, &at, &value, MDB_APPEND | MDB_RESERVE);
        if (rc == 0)
            vdr_group_write(group, &records[i], value.mv_data);
    }
    mdb_cursor_close(cursor);
    return rc == 0 ? VDR_OK : vdr_env_note(&log->env, "appending", rc);
}

static vdr_err
append(vdr_log *base, uint64_t epoch, vdr_position expected, const vdr_log_record *records, size_t count,
       const vdr_log_mail *mails, size_t mail_count)
{
    vdr_log_lmdb *log = (vdr_log_lmdb *)base;
    vdr_env *env = &log->env;
    vdr_group group;
    MDB_txn *txn;
    if (env->failed)
        return VDR_E_STORE_FAILED;
    if (log->sealed && log->vault == NULL)
        return VDR_E_SEALED;
    if (epoch < log->epoch)
        return VDR_E_STORE_EPOCH;
    if (expected != log->next)
        return VDR_E_STORE_POSITION;
    if (beyond_limit(log, env->live_bytes, log->reserve_bytes)) {
        (void)snprintf(env->reason, sizeof env->reason, "log: larger than its limit and the reserve");
        return VDR_E_STORE_FULL;
    }
    uint64_t need = need_bytes(records, count, mail_count);
    vdr_err err = vdr_env_write_begin(env, need, false, &txn);
    if (err != VDR_OK) {
        vdr_log_lmdb_publish(log);
        return err;
    }
    vdr_group_begin(&group, &log->heads, expected, epoch, count, log->vault);
    group.unchained = log->unchained;
    err = put_records(log, txn, &group, records, count);
    vdr_group_end(&group);
    if (err == VDR_OK && mail_count != 0)
        err = vdr_log_lmdb_mail_put(log, txn, mails, mail_count);
    if (err == VDR_OK)
        err = vdr_log_lmdb_carry_put(log, txn, expected, records, count);
    bool mark = log->unmarked_bytes >= MARK_EVERY_BYTES;
    if (err == VDR_OK && mark)
        err = mark_put(log, txn, expected);
    if (err != VDR_OK) {
        mdb_txn_abort(txn);
        return err;
    }
    err = vdr_env_write_commit(env, txn);
    if (err != VDR_OK) {
        vdr_log_lmdb_publish(log);
        return err;
    }
    log->next = expected + count;
    log->epoch = epoch;
    log->heads = group.heads;
    log->groups++;
    log->sealed = log->vault != NULL;
    log->unmarked_bytes = (mark ? 0 : log->unmarked_bytes) + need;
    vdr_log_lmdb_publish(log);
    return VDR_OK;
}

static vdr_err
head(vdr_log *base, vdr_position position, vdr_log_head *ret_head)
{
    vdr_log_lmdb *log = (vdr_log_lmdb *)base;
    MDB_txn *txn = NULL;
    vdr_log_base begins;
    vdr_record last = {0};
    vdr_err err = vdr_env_read_begin(&log->env, &txn);
    if (err != VDR_OK)
        return err;
    err = vdr_log_lmdb_base_get(log, txn, &begins);
    if (err == VDR_OK && position + 1 == begins.first) {
        last.epoch = begins.epoch;
        last.heads = begins.heads;
    } else if (err == VDR_OK) {
        err = position >= begins.first ? vdr_log_lmdb_record_get(log, txn, position, &last) : VDR_E_NOT_FOUND;
        if (err == VDR_OK && !last.last)
            err = VDR_E_NOT_FOUND;
    }
    vdr_env_read_end(&log->env, txn, false);
    if (err != VDR_OK)
        return err;
    *ret_head = (vdr_log_head){.position = position, .epoch = last.epoch};
    memcpy(ret_head->chain, last.heads.chain, VDR_CHAIN_BYTES);
    memcpy(ret_head->told, last.heads.told, VDR_CHAIN_BYTES);
    return VDR_OK;
}

static vdr_err
backup(vdr_log *base, const char *dir)
{
    return vdr_env_copy(&((vdr_log_lmdb *)base)->env, dir);
}

static const char *
reason(vdr_log *base)
{
    return ((vdr_log_lmdb *)base)->env.reason;
}

/* After an orderly end the next start has little to check. Where this fails it has more. */
static vdr_err
mark_end(vdr_log_lmdb *log)
{
    MDB_txn *txn;
    if (log->unmarked_bytes == 0)
        return VDR_OK;
    vdr_err err = vdr_env_write_begin(&log->env, 64 * 4096, true, &txn);
    if (err != VDR_OK)
        return err;
    err = mark_put(log, txn, log->next);
    if (err == VDR_OK)
        return vdr_env_write_commit(&log->env, txn);
    mdb_txn_abort(txn);
    return err;
}

static void
close_log(vdr_log *base)
{
    vdr_log_lmdb *log = (vdr_log_lmdb *)base;
    vdr_err err = mark_end(log);
    (void)err; /* nothing is lost without the mark, and nobody is left to tell */
    vdr_env_close(&log->env);
    (void)pthread_mutex_destroy(&log->stats_lock);
    free(log->sorted);
    free(log);
}

static const vdr_vault *
vault_of(const vdr_log *log)
{
    return ((const vdr_log_lmdb *)log)->vault;
}

static const vdr_log_ops ops = {
    .append = append,
    .cut = vdr_log_lmdb_cut,
    .forget_mail = vdr_log_lmdb_forget_mail,
    .stats_get = stats_get,
    .head = head,
    .verify = vdr_log_lmdb_verify,
    .backup = backup,
    .reason = reason,
    .close = close_log,
    .reader_open = vdr_log_lmdb_reader_open,
    .reader_refresh = vdr_log_lmdb_reader_refresh,
    .reader_rest = vdr_log_lmdb_reader_rest,
    .reader_close = vdr_log_lmdb_reader_close,
    .read = vdr_log_lmdb_read,
    .read_key = vdr_log_lmdb_read_key,
    .vault = vault_of,
    .next = vdr_log_lmdb_next,
    .carrier = vdr_log_lmdb_carrier,
    .look_at = vdr_log_lmdb_look_at,
    .read_mail = vdr_log_lmdb_read_mail,
};

/* Where the log ends, from its last record; and where the look at its tail shall begin. */
static vdr_err
find_end(vdr_log_lmdb *log, MDB_txn *txn, vdr_position *ret_mark)
{
    vdr_log_base begins;
    vdr_record last;
    vdr_span bytes;
    MDB_cursor *cursor;
    MDB_val key, value;
    vdr_err err = vdr_log_lmdb_base_get(log, txn, &begins);
    if (err != VDR_OK)
        return err;
    log->first = log->next = begins.first;
    log->epoch = begins.epoch;
    log->heads = begins.heads;
    *ret_mark = begins.first;
    int rc = mdb_cursor_open(txn, log->env.tables[VDR_TABLE_RECORD], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    rc = mdb_cursor_get(cursor, &key, &value, MDB_LAST);
    mdb_cursor_close(cursor);
    if (rc == MDB_NOTFOUND)
        return VDR_OK;
    if (rc != 0)
        return vdr_env_err(rc);
    if (key.mv_size != 8)
        return VDR_E_STORE_CORRUPT;
    vdr_position position = vdr_get_be64(key.mv_data);
    err = vdr_record_read(position, vdr_env_span(value), &last);
    if (err == VDR_OK && (!last.last || position < begins.first))
        err = VDR_E_STORE_CORRUPT;
    if (err != VDR_OK)
        return err;
    log->next = position + 1;
    log->sealed = last.key.generation != 0;
    log->epoch = last.epoch;
    log->heads = last.heads;
    err = vdr_env_row_get(&log->env, txn, VDR_TABLE_META, vdr_span_str("mark"), &bytes);
    if (err == VDR_OK && bytes.len == 8 && vdr_get_le64(bytes.at) > begins.first)
        *ret_mark = vdr_get_le64(bytes.at);
    if (*ret_mark > position)
        *ret_mark = position; /* the last group is always looked at */
    return err == VDR_E_NOT_FOUND ? VDR_OK : err;
}

static vdr_err
check_tail(vdr_log_lmdb *log)
{
    MDB_txn *txn = NULL;
    vdr_position mark, bad = 0;
    vdr_err err = vdr_env_read_begin(&log->env, &txn);
    if (err == VDR_OK) {
        err = find_end(log, txn, &mark);
        vdr_env_read_end(&log->env, txn, false);
    }
    if (err != VDR_OK) {
        (void)snprintf(log->env.reason, sizeof log->env.reason, "log: its end cannot be read");
        return err;
    }
    err = vdr_log_lmdb_walk(log, mark, NULL, NULL, &bad);
    if (err != VDR_OK)
        (void)snprintf(log->env.reason, sizeof log->env.reason, "log: record %llu fails its check",
                       (unsigned long long)bad);
    return err;
}

/* Is the vault the one that sealed this log? Found out here, before anything is told or appended. */
static vdr_err
check_vault(vdr_log_lmdb *log)
{
    vdr_log_reader *reader;
    vdr_log_record record;
    if (log->vault == NULL || !log->sealed)
        return VDR_OK;
    vdr_err err = vdr_log_lmdb_reader_open(&log->log, &reader);
    if (err != VDR_OK)
        return err;
    err = vdr_log_lmdb_read(reader, log->next - 1, &record);
    vdr_log_lmdb_reader_close(reader);
    if (err == VDR_OK || err == VDR_E_ERASED)
        return VDR_OK;
    (void)snprintf(log->env.reason, sizeof log->env.reason,
                   "log: its last record does not open with the keys in the folder keys: they are of another "
                   "store, or older than the log");
    return VDR_E_WRONG_KEY;
}

vdr_err
vdr_log_open_lmdb(const char *dir, const vdr_log_options *options, vdr_log **ret_log, char *reterr)
{
    VDR_ASSERT(sodium_init() >= 0);
    vdr_log_lmdb *log = vdr_alloc(1, sizeof *log);
    log->log.ops = &ops;
    log->vault = options->vault;
    log->unchained = options->unchained;
    log->limit_bytes = options->limit_bytes;
    log->reserve_bytes = options->reserve_bytes;
    (void)pthread_mutex_init(&log->stats_lock, NULL);
    vdr_err err = vdr_env_open(&log->env, &spec, dir, options->create, options->map_bytes);
    if (err == VDR_OK) {
        err = check_tail(log);
        if (err == VDR_OK)
            err = check_vault(log);
        if (err != VDR_OK)
            vdr_env_close(&log->env);
    }
    if (reterr != NULL)
        (void)snprintf(reterr, VDR_ENV_REASON_BYTES, "%s", log->env.reason);
    if (err != VDR_OK) {
        (void)pthread_mutex_destroy(&log->stats_lock);
        free(log);
        return err;
    }
    vdr_log_lmdb_publish(log);
    *ret_log = &log->log;
    return VDR_OK;
}
