/* store/log_lmdb.h - the log on LMDB, as its files share it. Private to store/log_lmdb*.c.
 *
 * Tables of the environment DIR/log; keys are big-endian, values as said:
 *
 *   meta    "format"  store/env.c
 *           "base"    where the kept part begins, and the epoch and both chains before it; absent: at 1
 *           "mark"    records before it need no look at the next start; absent: at the base
 *           "carry" and a position u64 -> the record that carries it, u64
 *   record  position u64 -> store/record.h
 *   mail    mailbox u32, seq u64 of the first -> a run of entries: position u64, offset u32 each */
#ifndef VDR_STORE_LOG_LMDB_H
#define VDR_STORE_LOG_LMDB_H

#include "store/env.h"
#include "store/ops.h"
#include "store/record.h"

enum {
    VDR_TABLE_META,
    VDR_TABLE_RECORD,
    VDR_TABLE_MAIL,
};

/* Where the kept part of the log begins. */
typedef struct vdr_log_base {
    vdr_position first;
    uint64_t epoch;
    vdr_heads heads;
} vdr_log_base;

typedef struct vdr_log_lmdb {
    vdr_log log;
    vdr_env env;
    vdr_vault *vault; /* NULL: plain */
    bool sealed;      /* the last record is */
    bool unchained;
    uint64_t limit_bytes, reserve_bytes;
    vdr_position first, next;
    uint64_t epoch;
    vdr_heads heads;
    uint64_t unmarked_bytes; /* appended since the mark was last moved */
    uint64_t groups;
    vdr_log_mail *sorted; /* one group's mails, in order of (mailbox, seq) */
    size_t sorted_max;
    pthread_mutex_t stats_lock;
    vdr_log_stats stats; /* as of the last commit or refusal; both under stats_lock */
    vdr_env_room room;
} vdr_log_lmdb;

typedef struct vdr_log_lmdb_reader {
    vdr_log_reader reader;
    vdr_log_lmdb *log;
    MDB_txn *txn;
    MDB_cursor *records, *mails;
    vdr_position at; /* the record that the cursor stands on; 0: none */
    vdr_record_room room;
} vdr_log_lmdb_reader;

/* log_lmdb.c */
VDR_MUST_CHECK vdr_err vdr_log_lmdb_base_put(vdr_log_lmdb *log, MDB_txn *txn, const vdr_log_base *base);
VDR_MUST_CHECK vdr_err vdr_log_lmdb_base_get(vdr_log_lmdb *log, MDB_txn *txn, vdr_log_base *ret_base);
VDR_MUST_CHECK vdr_err vdr_log_lmdb_record_get(vdr_log_lmdb *log, MDB_txn *txn, vdr_position position,
                                               vdr_record *ret_record);
void vdr_log_lmdb_publish(vdr_log_lmdb *log); /* after a commit or a refusal: what stats_get tells */

/* log_lmdb_cut.c */
vdr_err vdr_log_lmdb_cut(vdr_log *log, vdr_position keep, size_t count_max, size_t *ret_removed);

/* log_lmdb_carry.c. put: which of the records from first on carry another. gone: these carry none any more. */
VDR_MUST_CHECK vdr_err vdr_log_lmdb_carry_put(vdr_log_lmdb *log, MDB_txn *txn, vdr_position first,
                                              const vdr_log_record *records, size_t count);
VDR_MUST_CHECK vdr_err vdr_log_lmdb_carry_gone(vdr_log_lmdb *log, MDB_txn *txn, vdr_position carrier,
                                               vdr_position carries);
vdr_err vdr_log_lmdb_next(vdr_log_reader *reader, vdr_position from, vdr_position *ret_position);
vdr_err vdr_log_lmdb_carrier(vdr_log_reader *reader, vdr_position position, vdr_position *ret_carrier);
/* Has the index this carrier, or a later one? STORE_CORRUPT. */
VDR_MUST_CHECK vdr_err vdr_log_lmdb_carry_known(vdr_log_lmdb *log, MDB_txn *txn, vdr_position carrier,
                                                vdr_position carries);
/* Checks every row of the index against its carrier. */
VDR_MUST_CHECK vdr_err vdr_log_lmdb_carry_check(vdr_log_lmdb *log, MDB_txn *txn, vdr_position *ret_bad);

/* log_lmdb_mail.c. put: the mails of one group. STORE_POSITION: not the next of its mailbox. */
VDR_MUST_CHECK vdr_err vdr_log_lmdb_mail_put(vdr_log_lmdb *log, MDB_txn *txn, const vdr_log_mail *mails,
                                             size_t count);
vdr_err vdr_log_lmdb_forget_mail(vdr_log *log, uint32_t mailbox, uint64_t seq, size_t count_max,
                                 size_t *ret_removed);
vdr_err vdr_log_lmdb_read_mail(vdr_log_reader *reader, uint32_t mailbox, uint64_t seq,
                               vdr_log_mail *ret_mails, size_t max, size_t *ret_count);
/* Checks every entry; those of records from on also against their tales. */
VDR_MUST_CHECK vdr_err vdr_log_lmdb_mail_check(vdr_log_lmdb *log, MDB_txn *txn, vdr_position from,
                                               vdr_position *ret_bad);

/* log_lmdb_read.c */
vdr_err vdr_log_lmdb_reader_open(vdr_log *log, vdr_log_reader **ret_reader);
vdr_err vdr_log_lmdb_reader_refresh(vdr_log_reader *reader);
void vdr_log_lmdb_reader_rest(vdr_log_reader *reader);
void vdr_log_lmdb_reader_close(vdr_log_reader *reader);
vdr_err vdr_log_lmdb_read(vdr_log_reader *reader, vdr_position position, vdr_log_record *ret_record);
vdr_err vdr_log_lmdb_read_key(vdr_log_reader *reader, vdr_position position, vdr_vault_key *ret_key);
vdr_err vdr_log_lmdb_look_at(vdr_log_reader *reader, vdr_position position, vdr_log_look *ret_look);

/* log_lmdb_verify.c. walk: records, groups and chains from the group of from on. */
VDR_MUST_CHECK vdr_err vdr_log_lmdb_walk(vdr_log_lmdb *log, vdr_position from,
                                         bool (*progress)(void *context, vdr_position at), void *context,
                                         vdr_position *ret_bad);
vdr_err vdr_log_lmdb_verify(vdr_log *log, vdr_position from, vdr_store_progress_fn progress, void *context,
                            vdr_store_fault *ret_fault);

#endif
