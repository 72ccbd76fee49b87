/* broker/engine/engine.h - the turn without sockets: drain, step, commit, speak (architecture section 1).
 *
 * The engine owns the core, the door's configuration, the clock's use, the committer and the checkpointer.
 * Whoever has the sockets (the reactor) drives it:
 *
 *     collect every finished group: speak its results, wake its mailboxes, stream its tales; release it
 *     while (messages wait and vdr_engine_room() > 0)
 *         submit them
 *     vdr_engine_turn()                ticks what is due, hands the group to the committer, a slice of image
 *     poll(sockets, vdr_engine_fd, vdr_engine_wait_ms)
 *
 * Submitting steps the command at once and puts its record, tale, mails and result into the open group. The
 * committer appends a closed group and syncs while the next one gathers; there is no batching timer. Nothing
 * stepped is spoken of before its group comes back from vdr_engine_collect, and groups come back in order:
 * a refusal or duplicate waits for everything stepped before it. A group without records needs no sync, but
 * waits its turn.
 *
 * What is read from the state (vdr_engine_core and view.h) is ahead of what is durable. Answer a read so:
 * make the answer, submit a barrier with its ticket, and send the answer when the ticket comes back.
 *
 * Failure: when an append fails the state is ahead of the log. The engine is then dead: nothing is collected
 * any more, every submit gives STORE_FAILED, vdr_engine_failed() has the words. The process must end; a new
 * start verifies the log and goes on from what is durable.
 *
 * Thread:  one thread, the reactor's, for everything here. Background threads are the engine's own.
 * Memory:  a group's arrays and spans live until it is released. Nothing is allocated per command. */
#ifndef VDR_BROKER_ENGINE_H
#define VDR_BROKER_ENGINE_H

#include "broker/engine/clock.h"
#include "broker/core/control.h"
#include "broker/core/core.h"
#include "broker/core/explain.h"
#include "broker/core/view.h"
#include "broker/door/config_read.h"
#include "broker/door/event.h"
#include "broker/engine/histogram.h"
#include "proto/codec.h"
#include "proto/err.h"
#include "store/checkpoint.h"
#include "store/log.h"
#include "store/store.h"

typedef struct vdr_engine vdr_engine;

#define VDR_ENGINE_WORDS_BYTES 2048 /* room for words to people, terminated */

/* ---- Start and stop ---- */

typedef enum vdr_notice_level {
    VDR_NOTICE_INFO = 1,
    VDR_NOTICE_WARNING = 2,
    VDR_NOTICE_ERROR = 3
} vdr_notice_level;

/* Words for the operator; called on the reactor's thread from inside any call of the engine. */
typedef void (*vdr_notice_fn)(void *context, vdr_notice_level level, const char *words);

/* What the engine is built on. log, checkpoint, clock and key stay the caller's and outlive the engine; escrow is copied. */
typedef struct vdr_engine_options {
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_vault *vault;   /* of both; NULL: nothing is sealed, and nothing can be erased for good */
    const char *dir;    /* of the store; with a vault */
    const char *escrow; /* folder; NULL: none */
    int64_t erasure_ms; /* what left is erased for good so long after, at most; 0: 7 days */
    uint64_t
        carry_bytes; /* so much of the log must be held back by a little of it to carry that forward; 0: 16 MiB */
    vdr_clock *clock;
    const uint8_t *key;      /* the pseudonym key, 32 bytes (broker/door) */
    const uint8_t *next_key; /* the one that it changes to, or has changed to; NULL: none */
    /* of --config; NULL: the one that the log holds */
    const vdr_config_texts *config;
    /* a bad or refused config keeps the log's one in force, with a warning, instead of ending the start */
    bool keep_config;
    /* a config that differs stays aside, with a warning: it must be proposed and approved */
    bool four_eyes;
    /* a checkpoint that is damaged ends the start, instead of giving way to the one before it */
    bool strict;
    bool threads;                /* committer and checkpointer in threads; otherwise inside turn */
    uint64_t checkpoint_records; /* a checkpoint after so many records; 0: 500,000 */
    int64_t checkpoint_ms;       /* or after so long, when something changed; 0: 5 min */
    uint64_t epoch;              /* 0: one more than the log's last */
    unsigned rekey_items;        /* of a slice of a change of the pseudonym key; 0: 64 */
    vdr_notice_fn notice;        /* may be NULL */
    void *notice_context;
    /* while stepping the tail, about each second; may be NULL */
    void (*progress)(void *context, vdr_position at, vdr_position end, uint64_t steps_per_s);
} vdr_engine_options;

/* Loads the newest good checkpoint (else the one before it, else the log from its first record), steps the
 * log's tail and compares every tale with the stored one, then brings the configuration in force.
 * WRONG_KEY: not the key of this store. STORE_CORRUPT: no way to the state, or stepping tells something else than was told; BAD_CONFIG (file, line
 * and column in the words); STORE_*. ret_words: VDR_ENGINE_WORDS_BYTES, filled on failure. */
VDR_MUST_CHECK vdr_err vdr_engine_open(const vdr_engine_options *options, vdr_engine **ret_engine,
                                       char *ret_words);

/* A clean stop: commits what is open, and with checkpoint writes one, so that the next start is quick. What
 * is committed by it can still be collected; then close. Returns the engine's failure if it is dead. */
VDR_MUST_CHECK vdr_err vdr_engine_stop(vdr_engine *engine, bool checkpoint);
void vdr_engine_close(vdr_engine **engine_p); /* NULL-safe; without stop: as a crash would */

/* ---- Submit ---- */

/* The caller's own name for a thing submitted; comes back with its result. */
typedef struct vdr_ticket {
    uint64_t session, seq;
} vdr_ticket;

/* One event of one party. */
typedef struct vdr_submission {
    vdr_ticket ticket;
    vdr_party_kind sender_kind; /* whose key sent it; NONE: not bound to a sender (as in a replay) */
    vdr_span sender_id;
    vdr_span json;               /* the event's bytes as received; absent: typed */
    const vdr_wire_typed *typed; /* used when json is absent */
    const vdr_command *read; /* what the door made of typed, under this engine's configuration; NULL: do it */
    vdr_span typed_bytes;    /* what vdr_item_encode() gives for an item of it alone; absent: it is made */
    bool revision_checked;   /* an act's frame named the case's revision */
    uint64_t revision;
    /* Of an act that was refused: may its sender not know of what it names? NULL: it may know of everything. */
    bool (*hides)(void *context, const vdr_command *act);
    void *hides_context;
} vdr_submission;

/* How many submissions the engine takes now without waiting; 0: collect or wait first. This is the
 * back-pressure of a disk that is slower than the network. */
size_t vdr_engine_room(const vdr_engine *engine);

/* Submissions since the start. */
uint64_t vdr_engine_taken(const vdr_engine *engine);

/* Each of these gives exactly one result with the ticket, in order, unless it returns another error than OK:
 * BUSY no room; STORE_FAILED the engine is dead; CLOSING after stop. A verdict is never returned here.
 * Spans need to live through the call only. When the store is full, signals get the verdict STORE_FULL
 * without being stepped; everything else goes on. */
VDR_MUST_CHECK vdr_err vdr_engine_submit(vdr_engine *engine, const vdr_submission *submission);
/* Mailboxes read up to here; at most VDR_ENGINE_ACKS_MAX, of mailboxes that exist. */
#define VDR_ENGINE_ACKS_MAX 1024u
VDR_MUST_CHECK vdr_err vdr_engine_submit_acks(vdr_engine *engine, vdr_ticket ticket,
                                              const vdr_command_ack *acks, size_t count);
/* Somebody was shown something (command.h, VIEW): its result comes when that is in the log. */
VDR_MUST_CHECK vdr_err vdr_engine_submit_view(vdr_engine *engine, vdr_ticket ticket, const vdr_command *view);
/* Nothing but its result, when everything stepped before it is durable. */
VDR_MUST_CHECK vdr_err vdr_engine_submit_barrier(vdr_engine *engine, vdr_ticket ticket);
/* Event clock only ("clock advance T"): fires the timers due at or before at. Otherwise WRONG_ROLE. */
VDR_MUST_CHECK vdr_err vdr_engine_submit_advance(vdr_engine *engine, vdr_ticket ticket, vdr_ms at);
/* A new configuration, checked beside the running one and swapped whole (I18). Other than OK there is no
 * result and nothing changed: BAD_CONFIG (words say file, line, column, or what stands in the way). No
 * difference: OK, and the result's position is 0. ret_words: VDR_ENGINE_WORDS_BYTES, always filled. */
VDR_MUST_CHECK vdr_err vdr_engine_submit_config(vdr_engine *engine, vdr_ticket ticket,
                                                const vdr_config_texts *texts, char *ret_words);
/* What operators ask for (broker/core/control.h). Errors as those of submit_config, and the verdicts of
 * vdr_control_verdict; other than OK there is no result and nothing changed. ret_words is always filled. */
typedef struct vdr_engine_by {
    vdr_span operator_id; /* absent: nobody's, as at a start */
    vdr_span reason;      /* at most VDR_REASON_BYTES_MAX */
    bool alone;           /* nobody else need agree */
    uint64_t rollback_of; /* a configuration: of this version; 0: it is new */
} vdr_engine_by;
/* In force at once, as submit_config. */
VDR_MUST_CHECK vdr_err vdr_engine_activate(vdr_engine *engine, vdr_ticket ticket,
                                           const vdr_config_texts *texts, const vdr_engine_by *by,
                                           char *ret_words);
/* Proposed: it comes into force when somebody else approves it. */
VDR_MUST_CHECK vdr_err vdr_engine_propose(vdr_engine *engine, vdr_ticket ticket,
                                          const vdr_config_texts *texts, const vdr_engine_by *by,
                                          char *ret_words);
typedef struct vdr_engine_pause_wish {
    vdr_proposal_kind kind; /* PAUSE or SILENCE */
    vdr_span subject;       /* the rule or agency */
    vdr_ms until;
} vdr_engine_pause_wish;
VDR_MUST_CHECK vdr_err vdr_engine_pause(vdr_engine *engine, vdr_ticket ticket,
                                        const vdr_engine_pause_wish *wish, const vdr_engine_by *by,
                                        char *ret_words);
/* A key of a party (broker/core/keys.h). */
typedef struct vdr_engine_key_wish {
    vdr_party_kind kind;
    vdr_span id;
    vdr_span public_key, replaced; /* VDR_PUBLIC_KEY_BYTES; replaced absent: it takes no other's place */
    vdr_ms until;
    int64_t overlap_ms; /* 0 without replaced */
} vdr_engine_key_wish;
/* Proposed, or in force at once where nobody else need agree. */
VDR_MUST_CHECK vdr_err vdr_engine_key(vdr_engine *engine, vdr_ticket ticket, const vdr_engine_key_wish *wish,
                                      const vdr_engine_by *by, char *ret_words);
/* Ends a key of the wish's party at once; no more of the wish is looked at. */
VDR_MUST_CHECK vdr_err vdr_engine_key_revoke(vdr_engine *engine, vdr_ticket ticket,
                                             const vdr_engine_key_wish *wish, const vdr_engine_by *by,
                                             char *ret_words);
VDR_MUST_CHECK vdr_err vdr_engine_decide(vdr_engine *engine, vdr_ticket ticket, vdr_decide decide,
                                         uint64_t number, const vdr_engine_by *by, char *ret_words);
VDR_MUST_CHECK vdr_err vdr_engine_resume(vdr_engine *engine, vdr_ticket ticket, uint64_t number,
                                         const vdr_engine_by *by, char *ret_words);
/* As submit_config, but changes nothing and gives no result. */
VDR_MUST_CHECK vdr_err vdr_engine_check_config(vdr_engine *engine, const vdr_config_texts *texts,
                                               char *ret_words);

/* ---- The turn ---- */

/* Ends a turn: logs a tick when a timer is due, closes the open group if the committer can take it, pushes a
 * checkpoint in progress by a bounded slice (well under a millisecond). Call it once after each drain and
 * whenever the poll returned, also with nothing submitted. The engine's failure, if it is dead. */
VDR_MUST_CHECK vdr_err vdr_engine_turn(vdr_engine *engine);

/* How long the poll may sleep: until the next timer or slice of work; -1: until the fd or a message. */
int vdr_engine_wait_ms(const vdr_engine *engine);

/* Readable when something can be collected or background work wants a turn. Cleared by collect. */
int vdr_engine_fd(const vdr_engine *engine);

/* ---- Speak ---- */

typedef struct vdr_result {
    vdr_ticket ticket;
    vdr_err verdict;       /* ACCEPTED for acks, barriers, advances and configurations; STORE_FULL */
    vdr_err told;          /* what its sender is told: the verdict, but of what was hidden from it */
    vdr_ms at;             /* log time; VDR_MS_NONE: before the first */
    vdr_position position; /* of its record; 0: not in the log */
    vdr_position first;    /* of a duplicate: the position of the first; else 0 */
    vdr_ms until;          /* HELD_BACK: when the window of the guard is over; else 0 */
} vdr_result;

/* What one step told, in order of stepping; refused lines too, which are not in the log. For the live
 * stream of decisions: read with vdr_effect_next, resolve with vdr_core_decision. */
typedef struct vdr_told {
    vdr_position position; /* of its record; 0: not in the log */
    vdr_span tale;
    vdr_span content; /* of its record (record.h); absent: none */
} vdr_told;

/* A group that is durable. */
typedef struct vdr_group {
    vdr_position first;  /* position of its first record */
    size_t record_count; /* 0: results only */
    const vdr_result *results;
    size_t result_count;
    const vdr_log_mail *mails; /* new messages, by record and offset; read back with vdr_log_read */
    size_t mail_count;
    const vdr_told *told;
    size_t told_count;
} vdr_group;

/* The next group that is durable, in order; false: none. Valid until released. */
bool vdr_engine_collect(vdr_engine *engine, const vdr_group **ret_group);
void vdr_engine_release(vdr_engine *engine, const vdr_group *group); /* in the order collected */

/* ---- Ask (broker/core/explain.h, trial.h): nothing is changed, logged or told to anybody else ---- */

/* Why is it so, now or at a later log time if nothing comes (at; 0: now)? NOT_FOUND; TOO_BIG: it would take
 * long, as the words say; NO_MEMORY: the arena. What it points to lives until the next call here. */
VDR_MUST_CHECK vdr_err vdr_engine_explain(vdr_engine *engine, const vdr_explain_ask *ask, vdr_ms at,
                                          vdr_arena *arena, vdr_explanation *ret_explanation,
                                          const char **ret_words);
/* What would be told if this event were submitted now, by whoever its source is? strangers: its id, persons and
 * address stand for others that nobody named before, so that the answer tells nothing of anybody. BUSY: much is due
 * first; otherwise as above. */
VDR_MUST_CHECK vdr_err vdr_engine_try(vdr_engine *engine, vdr_span json, vdr_arena *arena, bool strangers,
                                      const vdr_wire_line **ret_lines, size_t *ret_count,
                                      const char **ret_words);

/* ---- A change of the pseudonym key (broker/core/rekey.h) ---- */

/* Events come under both keys from here on, and the turns bring the rest over, a slice each, until nothing is left
 * under the key before or what is left waits. Goes on by itself after a start with both keys. Other than OK there is
 * no result and nothing changed: WRONG_STATE, with words. ret_words is always filled. */
VDR_MUST_CHECK vdr_err vdr_engine_rekey(vdr_engine *engine, vdr_ticket ticket, const uint8_t next_key[32],
                                        const vdr_engine_by *by, char *ret_words);
/* What waits is given up. As above. */
VDR_MUST_CHECK vdr_err vdr_engine_rekey_finish(vdr_engine *engine, vdr_ticket ticket, const vdr_engine_by *by,
                                               char *ret_words);
/* Does what is left wait? Otherwise a change that runs is at work. */
bool vdr_engine_rekey_waits(const vdr_engine *engine);
/* What makes events of bytes now. Good until the next verb that changes keys or the next turn. */
const vdr_door *vdr_engine_door(const vdr_engine *engine);

/* ---- Work on request ---- */

typedef enum vdr_job_kind { VDR_JOB_CHECKPOINT = 1, VDR_JOB_BACKUP = 2, VDR_JOB_ERASURE = 3 } vdr_job_kind;

typedef struct vdr_job {
    vdr_job_kind kind;
    vdr_ticket ticket;
    vdr_err result;
    vdr_position position;              /* the state after this record is in the checkpoint or backup */
    char words[VDR_ENGINE_WORDS_BYTES]; /* of a failure; else "" */
} vdr_job;

/* Writes a checkpoint now, in the background. BUSY: too many jobs wait. */
VDR_MUST_CHECK vdr_err vdr_engine_checkpoint(vdr_engine *engine, vdr_ticket ticket);
/* Writes a consistent copy of the store (checkpoint and log, no keys) into the directory dir, which must be
 * empty or not there, in the background. BUSY: too many jobs wait. NOT_FOUND, IO: dir cannot be used. */
VDR_MUST_CHECK vdr_err vdr_engine_backup(vdr_engine *engine, vdr_ticket ticket, const char *dir);
/* An erasure run (broker/erasure/erasure.h) now, in the background; its position: of the last proof. BUSY: too many
 * jobs wait. NOT_FOUND: nothing is sealed, so nothing can be erased for good. */
VDR_MUST_CHECK vdr_err vdr_engine_erase(vdr_engine *engine, vdr_ticket ticket);
/* A job that ended; false: none. */
bool vdr_engine_collect_job(vdr_engine *engine, vdr_job *ret_job);

/* Commands that will be submitted next, at most VDR_CORE_FORESEEN: the core brings near what they are about
 * (broker/core/core.h). A hint. */
void vdr_engine_foresee(vdr_engine *engine, const vdr_command *const *commands, size_t count);

/* ---- Look ---- */

const vdr_core *vdr_engine_core(const vdr_engine *engine);
vdr_log *vdr_engine_log(const vdr_engine *engine); /* for readers of deliveries and details */
/* A record that was stepped, durable or not: what views name by position. Its spans live until the next call
 * of anything here; let go of the log's pages with _done when no more is read. NOT_FOUND: cut, or none. */
VDR_MUST_CHECK vdr_err vdr_engine_record(vdr_engine *engine, vdr_position position,
                                         vdr_log_record *ret_record);
void vdr_engine_record_done(vdr_engine *engine);
vdr_position vdr_engine_durable(const vdr_engine *engine); /* everything up to here may be spoken of */
bool vdr_engine_full(const vdr_engine *engine); /* the store has no room for signals, nor for most views */
vdr_err vdr_engine_failed(const vdr_engine *engine, const char **ret_words); /* OK: it lives */

typedef struct vdr_engine_status {
    vdr_position first, stepped, durable; /* oldest record kept, last stepped, last durable */
    vdr_position checkpoint_position, config_position;
    vdr_ms now;             /* log time; VDR_MS_NONE before the first */
    vdr_ms next_due;        /* of the next timer; VDR_MS_MAX none */
    int64_t clock_ahead_ms; /* log time stands still so long */
    uint64_t epoch;
    uint64_t unspoken; /* groups, open or closed, that were not collected */
    uint64_t submitted, accepted, duplicates, refused, full_refused, acks, ticks, groups;
    uint64_t accepted_per_s;                                             /* over the last whole second */
    uint64_t group_records_p50, group_records_max;                       /* records of a group */
    uint64_t commit_us_min, commit_us_p50, commit_us_p99, commit_us_max; /* hand-over to durable */
    uint64_t turn_us_p99, turn_us_max;                                   /* time inside vdr_engine_turn */
    bool checkpoint_running;
    int64_t checkpoint_age_ms; /* since the last complete one; -1 none since start */
    uint64_t checkpoint_count, checkpoint_failures, checkpoint_bytes;
    uint64_t used_bytes, limit_bytes; /* of the log */
    bool full, failed;
    vdr_core_counts counts;
    vdr_key16 config_fingerprint;
} vdr_engine_status;

void vdr_engine_status_get(vdr_engine *engine, vdr_engine_status *ret_status);

typedef struct vdr_engine_erasure {
    bool sealed;              /* otherwise nothing else is said */
    const char *step;         /* of the run that is on; "idle" */
    vdr_position at, of;      /* records sifted so far, of so many */
    uint64_t waiting, erased; /* what left and is not yet erased for good; of it what was erased on request */
    uint64_t kept_messages;   /* unread ones, of records that are erased */
    uint64_t generation, runs;        /* of the wrapping key; runs that were completed */
    uint64_t keys;                    /* in the key table */
    vdr_ms last, next;                /* runs; VDR_MS_NONE: none was, nothing waits */
    uint64_t last_kept, last_dropped; /* data keys */
    uint64_t
        backup_generation; /* of the last backup; older than generation: it cannot be opened. 0: none is known */
    uint64_t failures;     /* since the start */
    vdr_err failed;        /* the last run; OK: it did not */
    vdr_err escrow;        /* the last writing there */
    uint64_t carried;      /* records that were carried forward since the start (broker/carry/carry.h) */
} vdr_engine_erasure;
void vdr_engine_erasure_get(const vdr_engine *engine, vdr_engine_erasure *ret_erasure);
/* An unread message that outlived its record: what stood at offset in its tale. False: it is erased with it. */
bool vdr_engine_kept(const vdr_engine *engine, vdr_position position, uint32_t offset, vdr_span *ret_effect);

/* What the status tells quantiles of; since the start, valid until the next call here. */
typedef struct vdr_engine_timings {
    const vdr_histogram *commit_us, *turn_us, *group_records;
} vdr_engine_timings;

vdr_engine_timings vdr_engine_timings_of(const vdr_engine *engine);

/* Walk the whole state; for tests, doctor and the comparison of nodes. */
uint64_t vdr_engine_state_hash(const vdr_engine *engine);
const char *vdr_engine_check(const vdr_engine *engine); /* NULL: every invariant holds */

/* ---- Restore ---- */

typedef struct vdr_restored {
    vdr_position position; /* the last record */
    bool opened;           /* with its keys; false: it is sealed, only checksums and chains were checked */
} vdr_restored;

/* Reads a store made by backup: log chain and checksums, checkpoint, and, with its keys or where it is not sealed,
 * that one leads to the other. A backup has no wrap of its own: keys name one. The words tell what is wrong. */
VDR_MUST_CHECK vdr_err vdr_restore_check(const char *dir, const vdr_store_keys *keys,
                                         vdr_restored *ret_restored, char *ret_words);
/* Copies such a store into dir, which must be empty or not there, with the wrap of keys if they name one, and
 * checks the copy. STORE_BUSY: dir is in use or not empty. On failure what was copied is removed. */
VDR_MUST_CHECK vdr_err vdr_restore(const char *from, const char *dir, const vdr_store_keys *keys,
                                   vdr_restored *ret_restored, char *ret_words);

#endif
