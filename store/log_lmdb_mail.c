#include "store/log_lmdb.h"

#include "store/bytes.h"

#include <stdlib.h>

/* A row of the index is a run of entries of one mailbox with rising numbers. A group gives each mailbox
 * one row where it fits: a tree of rows is smaller and cheaper than one of single entries. */
#define KEY_BYTES   12u
#define ENTRY_BYTES 12u
#define RUN_MAX     128u /* 1,544 bytes: stays inside a page of LMDB */

typedef struct run {
    uint32_t mailbox;
    uint64_t seq; /* of the first */
    size_t count;
    const uint8_t *entries;
} run;

static void
key_write(uint8_t key[KEY_BYTES], uint32_t mailbox, uint64_t seq)
{
    vdr_put_be32(key, mailbox);
    vdr_put_be64(key + 4, seq);
}

static vdr_err
run_read(MDB_val key, MDB_val value, run *ret_run)
{
    vdr_span bytes;
    vdr_err err = vdr_env_row_read(key, value, &bytes);
    if (err != VDR_OK)
        return err;
    if (key.mv_size != KEY_BYTES || bytes.len == 0 || bytes.len % ENTRY_BYTES != 0)
        return VDR_E_STORE_CORRUPT;
    const uint8_t *at = key.mv_data;
    *ret_run = (run){.mailbox = vdr_get_be32(at),
                     .seq = vdr_get_be64(at + 4),
                     .count = bytes.len / ENTRY_BYTES,
                     .entries = bytes.at};
    return VDR_OK;
}

static vdr_log_mail
run_entry(const run *r, size_t i)
{
    const uint8_t *at = r->entries + i * ENTRY_BYTES;
    return (vdr_log_mail){.mailbox = r->mailbox,
                          .offset = vdr_get_le32(at + 8),
                          .seq = r->seq + i,
                          .position = vdr_get_le64(at)};
}

/* Reads the run at or after (mailbox, seq), or with before the last one before that. NOT_FOUND: none
 * of this mailbox. */
static vdr_err
find_run(MDB_cursor *cursor, uint32_t mailbox, uint64_t seq, bool before, run *ret_run)
{
    uint8_t name[KEY_BYTES];
    MDB_val key = {.mv_size = sizeof name, .mv_data = name}, value;
    key_write(name, mailbox, seq);
    int rc = mdb_cursor_get(cursor, &key, &value, MDB_SET_RANGE);
    if (before && (rc == 0 || rc == MDB_NOTFOUND))
        rc = mdb_cursor_get(cursor, &key, &value, rc == 0 ? MDB_PREV : MDB_LAST);
    if (rc != 0)
        return vdr_env_err(rc);
    if (key.mv_size == KEY_BYTES && vdr_get_be32(key.mv_data) != mailbox)
        return VDR_E_NOT_FOUND;
    return run_read(key, value, ret_run);
}

static int
by_mailbox_and_seq(const void *a, const void *b)
{
    const vdr_log_mail *x = a, *y = b;
    if (x->mailbox != y->mailbox)
        return x->mailbox < y->mailbox ? -1 : 1;
    return (x->seq > y->seq) - (x->seq < y->seq);
}

static vdr_err
put_run(vdr_log_lmdb *log, MDB_txn *txn, const vdr_log_mail *mails, size_t count)
{
    uint8_t key[KEY_BYTES], entries[RUN_MAX * ENTRY_BYTES];
    key_write(key, mails[0].mailbox, mails[0].seq);
    for (size_t i = 0; i < count; i++) {
        vdr_put_le64(entries + i * ENTRY_BYTES, mails[i].position);
        vdr_put_le32(entries + i * ENTRY_BYTES + 8, mails[i].offset);
    }
    return vdr_env_row_put(&log->env, txn, VDR_TABLE_MAIL, vdr_span_of(key, sizeof key),
                           vdr_span_of(entries, count * ENTRY_BYTES));
}

/* The mails of one mailbox, in order. */
static vdr_err
put_mailbox(vdr_log_lmdb *log, MDB_txn *txn, MDB_cursor *cursor, const vdr_log_mail *mails, size_t count)
{
    run last = {0};
    vdr_err err = find_run(cursor, mails[0].mailbox, UINT64_MAX, true, &last);
    if (err == VDR_OK && last.seq + last.count != mails[0].seq)
        return VDR_E_STORE_POSITION;
    if (err != VDR_OK && err != VDR_E_NOT_FOUND)
        return err;
    for (size_t i = 1; i < count; i++) {
        if (mails[i].seq != mails[i - 1].seq + 1)
            return VDR_E_STORE_POSITION;
    }
    for (size_t done = 0; done < count; done += RUN_MAX) {
        size_t some = count - done < RUN_MAX ? count - done : RUN_MAX;
        err = put_run(log, txn, mails + done, some);
        if (err != VDR_OK)
            return err;
    }
    return VDR_OK;
}

vdr_err
vdr_log_lmdb_mail_put(vdr_log_lmdb *log, MDB_txn *txn, const vdr_log_mail *mails, size_t count)
{
    MDB_cursor *cursor;
    vdr_err err = VDR_OK;
    if (count > log->sorted_max) {
        log->sorted = vdr_realloc(log->sorted, count, sizeof *log->sorted);
        log->sorted_max = count;
    }
    memcpy(log->sorted, mails, count * sizeof *mails);
    qsort(log->sorted, count, sizeof *log->sorted, by_mailbox_and_seq);
    int rc = mdb_cursor_open(txn, log->env.tables[VDR_TABLE_MAIL], &cursor);
    if (rc != 0)
        return vdr_env_note(&log->env, "appending", rc);
    for (size_t i = 0, end; i < count && err == VDR_OK; i = end) {
        end = i + 1;
        while (end < count && log->sorted[end].mailbox == log->sorted[i].mailbox)
            end++;
        err = put_mailbox(log, txn, cursor, log->sorted + i, end - i);
    }
    mdb_cursor_close(cursor);
    return err;
}

/* Takes at most max entries up to seq from the first run of the mailbox. NOT_FOUND: nothing to take. */
static vdr_err
forget_some(vdr_log_lmdb *log, MDB_txn *txn, MDB_cursor *cursor, uint32_t mailbox, uint64_t seq, size_t max,
            size_t *ret_taken)
{
    run r = {0};
    vdr_log_mail rest[RUN_MAX];
    vdr_err err = find_run(cursor, mailbox, 0, false, &r);
    if (err != VDR_OK)
        return err;
    if (r.seq > seq)
        return VDR_E_NOT_FOUND;
    if (r.count > RUN_MAX)
        return VDR_E_STORE_CORRUPT;
    size_t take = seq - r.seq < r.count ? (size_t)(seq - r.seq) + 1 : r.count;
    take = take < max ? take : max;
    for (size_t i = take; i < r.count; i++)
        rest[i - take] = run_entry(&r, i);
    int rc = mdb_cursor_del(cursor, 0);
    if (rc != 0)
        return vdr_env_note(&log->env, "forgetting mail", rc);
    *ret_taken = take;
    return take < r.count ? put_run(log, txn, rest, r.count - take) : VDR_OK;
}

vdr_err
vdr_log_lmdb_forget_mail(vdr_log *base, uint32_t mailbox, uint64_t seq, size_t count_max, size_t *ret_removed)
{
    vdr_log_lmdb *log = (vdr_log_lmdb *)base;
    MDB_txn *txn;
    MDB_cursor *cursor;
    size_t removed = 0;
    vdr_err err = vdr_env_write_begin(&log->env, 64 * 4096, true, &txn);
    if (err != VDR_OK)
        return err;
    int rc = mdb_cursor_open(txn, log->env.tables[VDR_TABLE_MAIL], &cursor);
    if (rc != 0) {
        mdb_txn_abort(txn);
        return vdr_env_note(&log->env, "forgetting mail", rc);
    }
    while (err == VDR_OK && removed < count_max) {
        size_t taken = 0;
        err = forget_some(log, txn, cursor, mailbox, seq, count_max - removed, &taken);
        removed += taken;
    }
    mdb_cursor_close(cursor);
    if ((err != VDR_OK && err != VDR_E_NOT_FOUND) || removed == 0) {
        mdb_txn_abort(txn);
        if (err != VDR_OK && err != VDR_E_NOT_FOUND)
            return err;
        *ret_removed = 0;
        return VDR_OK;
    }
    err = vdr_env_write_commit(&log->env, txn);
    if (err != VDR_OK)
        return err;
    vdr_log_lmdb_publish(log);
    *ret_removed = removed;
    return VDR_OK;
}

vdr_err
vdr_log_lmdb_read_mail(vdr_log_reader *base, uint32_t mailbox, uint64_t seq, vdr_log_mail *ret_mails,
                       size_t max, size_t *ret_count)
{
    vdr_log_lmdb_reader *reader = (vdr_log_lmdb_reader *)base;
    MDB_val key, value;
    run r = {0};
    size_t count = 0;
    /* The run that holds seq begins at or before it. */
    vdr_err err = find_run(reader->mails, mailbox, seq < UINT64_MAX ? seq + 1 : seq, true, &r);
    if (err == VDR_E_NOT_FOUND)
        err = find_run(reader->mails, mailbox, seq, false, &r);
    while (err == VDR_OK && r.mailbox == mailbox && count < max) {
        for (size_t i = seq > r.seq ? (size_t)(seq - r.seq) : 0; i < r.count && count < max; i++)
            ret_mails[count++] = run_entry(&r, i);
        int rc = mdb_cursor_get(reader->mails, &key, &value, MDB_NEXT);
        err = rc == 0 ? run_read(key, value, &r) : vdr_env_err(rc);
    }
    if (err != VDR_OK && err != VDR_E_NOT_FOUND)
        return err;
    *ret_count = count;
    return VDR_OK;
}

vdr_err
vdr_log_lmdb_mail_check(vdr_log_lmdb *log, MDB_txn *txn, vdr_position from, vdr_position *ret_bad)
{
    MDB_cursor *cursor;
    MDB_val key, value;
    run before = {0}, r;
    vdr_err err = VDR_OK;
    int rc = mdb_cursor_open(txn, log->env.tables[VDR_TABLE_MAIL], &cursor);
    if (rc != 0)
        return vdr_env_err(rc);
    *ret_bad = from;
    for (rc = mdb_cursor_get(cursor, &key, &value, MDB_FIRST); rc == 0 && err == VDR_OK;
         before = r, rc = mdb_cursor_get(cursor, &key, &value, MDB_NEXT)) {
        err = run_read(key, value, &r);
        if (err != VDR_OK)
            break;
        if (before.count != 0 && before.mailbox == r.mailbox && before.seq + before.count != r.seq)
            err = VDR_E_STORE_CORRUPT;
        for (size_t i = 0; i < r.count && err == VDR_OK; i++) {
            vdr_record record;
            vdr_log_mail mail = run_entry(&r, i);
            if (mail.position < from)
                continue;
            *ret_bad = mail.position;
            err = vdr_log_lmdb_record_get(log, txn, mail.position, &record);
            if (err == VDR_E_NOT_FOUND || (err == VDR_OK && mail.offset >= record.body.tale.len))
                err = VDR_E_STORE_CORRUPT;
        }
    }
    mdb_cursor_close(cursor);
    if (err == VDR_OK && rc != MDB_NOTFOUND)
        err = vdr_env_err(rc);
    return err;
}
