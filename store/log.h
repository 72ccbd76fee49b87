/* store/log.h - the ordered, durable log of commands, and what was told because of them.
 *
 * The log is the truth: a record has a position, the first is 1, there are no gaps. A group of records
 * is appended whole and synced, or not at all. With a record goes its tale: the bytes of the effects
 * that stepping it had (broker/core/effect.h) and, for each mailbox that got messages from it, an index
 * entry, all in the same transaction, so that log, tales and mailboxes never disagree.
 *
 * Three implementations stand behind this interface: LMDB (vdr_log_open_lmdb), memory with injected
 * faults (store/memory.h), and later a replicated log. What a replicated log needs is here from the
 * start: an epoch, and an expected position.
 *
 * Thread:  one thread appends and cuts; any thread may read at the same time. A reader is used by one
 *          thread at a time.
 * Errors:  STORE_FULL: nothing was written, the log stays usable; a volume without room, or a map that
 *          must grow while a reader does not rest. STORE_FAILED: whether the group is
 *          durable is unknown; the log is closed for appending from then on (every later append gives
 *          STORE_FAILED) and only a new start, which verifies, may confirm again. STORE_CORRUPT: a record
 *          fails its check. STORE_POSITION, STORE_EPOCH: nothing was written.
 * Sealing: with a vault every record is sealed (store/vault.h) as it is appended, and opened as it is read.
 *          Verifying, cutting and the chain need no vault.
 * Memory:  spans from a reader point into the store, or into the reader's own room where a record was sealed,
 *          and die at the next call on that reader or its close. */
#ifndef VDR_STORE_LOG_H
#define VDR_STORE_LOG_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"
#include "store/fault.h"
#include "store/vault.h"

typedef struct vdr_log vdr_log;
typedef struct vdr_log_reader vdr_log_reader;

#define VDR_LOG_PART_BYTES_MAX (16u << 20) /* of routing, content and tale each */
#define VDR_LOG_GROUP_MAX      65535u      /* records of one group; a turn stays far below */

/* One record. routing and content are two byte strings whose meaning the store does not know; both may
 * be empty. key_id: of a record that was sealed its position, and nothing is looked at when it is appended with
 * a vault; without one a number of the caller's, 0 for none. carries: the earlier record that this one is a copy of,
 * 0 for none; its content is then what vdr_log_pack made of that one. */
typedef struct vdr_log_record {
    uint64_t key_id;
    vdr_position carries;
    vdr_span routing;
    vdr_span content;
    vdr_span tale; /* may be empty */
} vdr_log_record;

/* Message number seq of a mailbox is the message at byte offset in the tale of record position. The
 * numbers of a mailbox have no gaps: each follows the one before it, in whatever order a group gives them. */
typedef struct vdr_log_mail {
    uint32_t mailbox;
    uint32_t offset;
    uint64_t seq;
    vdr_position position;
} vdr_log_mail;

typedef struct vdr_log_stats {
    vdr_position first;  /* oldest record kept; next if there is none */
    vdr_position next;   /* where the next record goes; all before it are durable */
    uint64_t epoch;      /* of the last append; 0 before the first */
    uint64_t used_bytes; /* without what was cut and can be used again */
    uint64_t limit_bytes;
    bool full; /* beyond limit_bytes, or the volume has less than reserve_bytes left: take no new signals,
                  so that acknowledgements, case acts and erasure still find room */
    uint64_t groups, syncs; /* since opening: groups appended; commits that waited for the disk */
    bool sealed;            /* the last record is */
} vdr_log_stats;

/* Appends count records at position expected, under epoch, with the index entries of their tales, and
 * returns when all are on stable storage. expected must be the next position, epoch at least the last one;
 * of both the epoch is looked at first. STORE_POSITION also: a mail does not follow the last of its mailbox.
 * SEALED: the last record is sealed and there is no vault.
 * Where the map must grow it waits up to two seconds for all readers to rest: the thread that appends
 * rests its own readers first. */
VDR_MUST_CHECK vdr_err vdr_log_append(vdr_log *log, uint64_t epoch, vdr_position expected,
                                      const vdr_log_record *records, size_t count, const vdr_log_mail *mails,
                                      size_t mail_count);

/* Removes the records before position keep, which is at most next, and their tales (index entries of
 * mailboxes go with vdr_log_forget_mail). Whole groups only, so that the chain stays checkable: a group
 * that reaches keep stays. At most count_max records a call, but one group if there is one to remove;
 * *ret_removed tells how many, 0 when it is done. Works also when the volume is full. */
VDR_MUST_CHECK vdr_err vdr_log_cut(vdr_log *log, vdr_position keep, size_t count_max, size_t *ret_removed);

/* Removes the index entries of a mailbox up to and including seq; at most count_max a call. *ret_removed
 * is 0 when there are none. One commit a call: worth it for many at a time. */
VDR_MUST_CHECK vdr_err vdr_log_forget_mail(vdr_log *log, uint32_t mailbox, uint64_t seq, size_t count_max,
                                           size_t *ret_removed);

void vdr_log_stats_get(vdr_log *log, vdr_log_stats *ret_stats); /* any thread */

/* The hash of the chain up to and including the group that holds position - 1; position is next, or a
 * group's first position. 32 bytes, zero at 1. It covers what was commanded, not the tales (those have a
 * chain of their own, which verify checks). NOT_FOUND: no group begins there, or it was cut. Any thread. */
VDR_MUST_CHECK vdr_err vdr_log_chain(vdr_log *log, vdr_position position, uint8_t ret_hash[32]);

/* What the log was up to a record: whoever keeps it can say later whether a log still begins so. */
typedef struct vdr_log_head {
    vdr_position position; /* the last record of a group; 0: before the first */
    uint64_t epoch;
    uint8_t chain[32]; /* over what was commanded */
    uint8_t told[32];  /* over what was told because of it */
} vdr_log_head;

/* The head after record position, the last of a group. NOT_FOUND: no group ends there, or it was cut. Any
 * thread. */
VDR_MUST_CHECK vdr_err vdr_log_head_get(vdr_log *log, vdr_position position, vdr_log_head *ret_head);

/* Walks records from the group of position from on: checks every checksum, that no position is missing and
 * that the hash chains hold; then the index of mailboxes against the tales; and before all that the pages
 * of the file, whole. STORE_CORRUPT sets *ret_bad to the first bad position, or to from where no single one
 * is to blame. progress may be NULL; false from it ends the walk with CLOSING. Any thread, while others append. */
VDR_MUST_CHECK vdr_err vdr_log_verify(vdr_log *log, vdr_position from,
                                      bool (*progress)(void *context, vdr_position at), void *context,
                                      vdr_position *ret_bad);

/* The same, and what is wrong there; filled unless it returns OK or CLOSING. */
VDR_MUST_CHECK vdr_err vdr_log_proofread(vdr_log *log, vdr_position from, vdr_store_progress_fn progress,
                                         void *context, vdr_store_fault *ret_fault);

/* A reader sees the log as it was at open or the last refresh. Rest it as soon as you can: it pins pages,
 * and the map cannot grow. BUSY: too many readers (256). After rest only refresh and close are allowed;
 * after a failed refresh too. */
VDR_MUST_CHECK vdr_err vdr_log_reader_open(vdr_log *log, vdr_log_reader **ret_reader);
VDR_MUST_CHECK vdr_err vdr_log_reader_refresh(vdr_log_reader *reader);
void vdr_log_reader_rest(vdr_log_reader *reader); /* lets go of its pages until the next refresh */
void vdr_log_reader_close(vdr_log_reader **reader_p);

/* ---- Carried records
 *
 * What is needed of an old stretch of the log is appended once more, each record in one that carries it, so that the
 * stretch can be cut (broker/carry/carry.h). The log keeps an index of what is carried and by which record, the last
 * one that does; the index goes with the carrier. A record that was cut and is carried reads as it read before, by its
 * position: routing, content and tale. By its own position a carrier reads as any other record. */

/* The content of a record that carries another is a byte of the caller's (the form of a content), and then this:
 * routing_len u32, content_len u32, routing, content, tale. */
size_t vdr_log_packed_bytes(const vdr_log_record *record);
void vdr_log_pack(const vdr_log_record *record, uint8_t *ret_packed);
/* The record in such a content, that byte and all; its spans point into it. STORE_CORRUPT. */
VDR_MUST_CHECK vdr_err vdr_log_unpack(vdr_span content, vdr_log_record *ret_record);

/* The first position from from on that can be read or was: of those before the oldest record kept such that are
 * carried, then all. NOT_FOUND: there is none. */
VDR_MUST_CHECK vdr_err vdr_log_next(vdr_log_reader *reader, vdr_position from, vdr_position *ret_position);
/* The record that carries position, be that one cut or not. NOT_FOUND: none does. Spans of a read live on. */
VDR_MUST_CHECK vdr_err vdr_log_carrier(vdr_log_reader *reader, vdr_position position,
                                       vdr_position *ret_carrier);

/* What can be said of the record that stands at position without opening it. NOT_FOUND, STORE_CORRUPT. */
typedef struct vdr_log_look {
    uint64_t bytes;       /* that it takes */
    vdr_position carries; /* 0: no other */
} vdr_log_look;
VDR_MUST_CHECK vdr_err vdr_log_look_at(vdr_log_reader *reader, vdr_position position, vdr_log_look *ret_look);

/* NOT_FOUND: cut and not carried, or not yet there. STORE_CORRUPT: fails its check. ERASED: its key is gone. SEALED: the log
 * was opened without a vault. */
VDR_MUST_CHECK vdr_err vdr_log_read(vdr_log_reader *reader, vdr_position position,
                                    vdr_log_record *ret_record);

/* The record's data key as it stands there, wrapped; nothing is opened, no vault is needed. generation 0: the
 * record is not sealed. NOT_FOUND, STORE_CORRUPT as above. */
VDR_MUST_CHECK vdr_err vdr_log_read_key(vdr_log_reader *reader, vdr_position position,
                                        vdr_vault_key *ret_key);

/* The oldest wrapping key that is still held: a record under an older one is ERASED, unless an erasure run kept its
 * data key apart. 0: the log has no vault. Any thread. */
uint32_t vdr_log_keys_from(const vdr_log *log);

/* Index entries of a mailbox from seq on, at most max; *ret_count 0 when there are none. */
VDR_MUST_CHECK vdr_err vdr_log_read_mail(vdr_log_reader *reader, uint32_t mailbox, uint64_t seq,
                                         vdr_log_mail *ret_mails, size_t max, size_t *ret_count);

/* Writes a consistent, compacted copy of the whole log to dir/log, which must not be there yet, while
 * others append. dir is made if missing; vdr_log_open_lmdb opens it. IO, STORE_FULL, STORE_CORRUPT. */
VDR_MUST_CHECK vdr_err vdr_log_backup(vdr_log *log, const char *dir);

void vdr_log_close(vdr_log **log_p); /* NULL-safe; readers must be closed first */

/* Words for people about the last failed write ("log: commit: Input/output error"); "" if none. On the
 * thread that appends; dies at its next call. */
const char *vdr_log_reason(vdr_log *log);

typedef struct vdr_log_options {
    uint64_t limit_bytes;   /* full beyond this; appends end at limit + reserve; 0: as the volume allows */
    uint64_t reserve_bytes; /* kept free on the volume for draining, erasure and operators */
    uint64_t map_bytes;     /* address space to begin with; 0: 64 GiB. Grows by itself */
    bool create;            /* make a new store when there is none; otherwise NOT_FOUND */
    vdr_vault *vault;       /* outlives the log; NULL: plain, for tests and for tools without a key */
    bool unchained; /* for tests/bench alone, to measure the chains: a log without them is not verified */
} vdr_log_options;

/* Opens the log in dir/log (made if missing and create), and checks: the pages where LMDB will begin, and
 * the records since the last mark (at an orderly close, and every 256 MiB), the last group at least.
 * STORE_BUSY: another process has it; STORE_VERSION; STORE_CORRUPT; IO. WRONG_KEY: the last record was sealed by
 * another vault. reterr (may be NULL, 256 bytes)
 * gets words for people, "" if all is well. */
VDR_MUST_CHECK vdr_err vdr_log_open_lmdb(const char *dir, const vdr_log_options *options, vdr_log **ret_log,
                                         char *reterr);

#endif
