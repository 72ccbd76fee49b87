/* broker/engine/inside.h - what the parts of the engine share (engine.c, submit.c, change.c, turn.c, image.c, boot.c, jobs.c).
 * Nobody else includes it.
 *
 * Groups lie in a ring and are counted from 0: released <= spoken <= opened. Group number `opened` gathers;
 * those from spoken to opened were given to the committer, done or not; those from released to spoken are
 * with the caller. */
#ifndef VDR_BROKER_INSIDE_H
#define VDR_BROKER_INSIDE_H

#include "broker/carry/carry.h"
#include "broker/engine/checkpointer.h"
#include "broker/engine/committer.h"
#include "broker/core/keep.h"
#include "broker/core/rekey.h"
#include "broker/door/config_read.h"
#include "broker/door/event.h"
#include "broker/erasure/erasure.h"
#include "broker/engine/group.h"
#include "broker/engine/warmer.h"
#include "broker/record/record.h"
#include "proto/bytes.h"
#include "proto/limits.h"

/* What one submission may take of the arena: reading it, and its text if it came typed; or three files, twice. */
#define VDR_SUBMISSION_BYTES (VDR_EVENT_ARENA_BYTES + 8u * VDR_CONF_BYTES_MAX)

#define VDR_RING     4u /* one gathers, VDR_COMMITTER_DEPTH in flight, one is spoken */
#define VDR_JOBS_MAX 4u
#define VDR_FULL_MS  100   /* how often the room of the store is looked at while it is full */
#define VDR_RETRY_MS 30000 /* after a checkpoint that failed */

/* Where an image stands. */
typedef enum vdr_image_state {
    VDR_IMAGE_NONE,
    VDR_IMAGE_COPYING, /* blocks go to the checkpointer, a slice a turn */
    VDR_IMAGE_COPIED,  /* waits until its position is durable */
    VDR_IMAGE_WRITING  /* the manifest is with the checkpointer */
} vdr_image_state;

/* What the log must keep for a checkpoint: its configuration and everything after its position. */
typedef struct vdr_image_mark {
    vdr_position position, config_position;
} vdr_image_mark;

typedef struct vdr_image {
    vdr_image_state state;
    bool all;                   /* every block: the store has no checkpoint that the core was loaded from */
    vdr_image_mark mark, last;  /* of the one in progress; of the newest complete one */
    int64_t begun_us, last_us;  /* steady; last_us: when the last one was complete, or failed */
    bool failed;                /* the last one */
    bool relog;                 /* the record of the configuration is what holds back the cut */
    uint64_t log_bytes;         /* appended since the last one began */
    uint64_t log_bytes_begun;   /* the same at its begin */
    uint64_t bytes, last_bytes; /* copied for this one; for the last complete one */
    uint64_t count, failures;
    vdr_keep walk;          /* over the state, for what it needs of the log */
    vdr_command_ack *acked; /* by mailbox at begin, those with news since the last upkeep */
    size_t acked_count, acked_room;
    uint64_t *forgotten; /* by mailbox number: acknowledged at the last upkeep */
    size_t forgotten_room;
} vdr_image;

typedef struct vdr_engine_job {
    vdr_job job;
    char *dir; /* of a backup */
} vdr_engine_job;

typedef struct vdr_jobs {
    vdr_engine_job waiting[VDR_JOBS_MAX]; /* [0] is being done */
    size_t count;
    bool needs_image; /* [0] waits for an image that begins after it was asked for */
    bool has_image;   /* that image is in progress */
    bool copying;     /* [0], a backup, is with the checkpointer */
    vdr_job done[VDR_JOBS_MAX];
    size_t done_count;
} vdr_jobs;

/* A change of the pseudonym key: where the walk stands. All else is in the state (broker/core/rekey.h). */
typedef struct vdr_rekeying {
    vdr_rekey_cursor cursor;
    bool rests;              /* all was looked at: what is left waits until it leaves or is given up */
    bool finishes;           /* what nobody can make a pair for is given up, since this walk began */
    vdr_command_pair *pairs; /* of a batch */
    size_t pair_count, pair_room;
    vdr_command_rekeyed *rekeyed;
    size_t rekeyed_count;
} vdr_rekeying;

struct vdr_engine {
    vdr_engine_options options;
    vdr_core *core;
    vdr_config *config; /* in force; the core points into it */
    vdr_door *door;
    vdr_log_reader *reader; /* of handle.c; NULL before its first use */
    vdr_arena arena;        /* of one submission */
    vdr_bytes encoded;      /* a typed item, for its record */
    int fd;

    vdr_gather ring[VDR_RING];
    uint64_t released, spoken, opened;
    vdr_position next, durable; /* of the next record; everything up to here may be spoken of */
    vdr_committer *committer;
    vdr_checkpointer *checkpointer;
    vdr_warmer *warmer; /* NULL without threads */
    vdr_erasure *erasure;
    vdr_carry *carry;
    uint64_t epoch;

    bool stopped;     /* nothing more is submitted */
    bool last_closed; /* and the last group is with the committer: none gathers any more */
    bool full, stuck; /* no room for signals; no room for anything */
    bool behind;      /* time is made up for: see tick() */
    int64_t full_us;  /* steady, when the room was looked at */
    vdr_err error;
    char words[VDR_ENGINE_WORDS_BYTES];

    vdr_cursor rewrites; /* of events that are to be written anew (rewrite.c) */
    bool rewriting;      /* more of them wait for the next turn */
    vdr_image image;
    vdr_jobs jobs;
    vdr_rekeying rekeying;

    /* numbers for people */
    uint64_t submitted, accepted, duplicates, refused, full_refused, acks, ticks, groups;
    uint64_t carried; /* records */
    uint64_t second_accepted, accepted_per_s;
    int64_t second_us;
    vdr_histogram commit_us, turn_us, group_records;
};

/* engine.c */
__attribute__((format(printf, 3, 4))) void vdr_engine_say(const vdr_engine *engine, vdr_notice_level level,
                                                          const char *format, ...);
/* Words of a failure into VDR_ENGINE_WORDS_BYTES; returns err. */
__attribute__((format(printf, 3, 4))) vdr_err vdr_engine_words(char *ret_words, vdr_err err,
                                                               const char *format, ...);
/* The first failure counts: the engine is dead from here on. */
void vdr_engine_die(vdr_engine *engine, vdr_err error, const char *words);

/* What a record keeps besides its command. */
typedef struct vdr_body {
    vdr_content_form form;
    vdr_span bytes;              /* JSON, CONFIG, and TYPED where it came encoded */
    const vdr_wire_typed *typed; /* TYPED: otherwise encoded when it turns out to be a record */
} vdr_body;

/* submit.c: steps a command and gathers what came of it; before it, in records of their own, what is due beyond
 * what one step should fire. Sets the command's log time. No ticket: no result. */
void vdr_engine_step(vdr_engine *engine, vdr_command *command, const vdr_body *body,
                     const vdr_ticket *ticket);
/* Events of signals without somebody who was erased: a few of those that are wanted. */
void vdr_engine_rewrite(vdr_engine *engine);
/* May something be submitted now? OK, STORE_FAILED, CLOSING or BUSY. */
VDR_MUST_CHECK vdr_err vdr_engine_ready(vdr_engine *engine);
/* A result of something that is not stepped; and after each submission: a full group goes at once. */
void vdr_engine_answer(vdr_engine *engine, vdr_ticket ticket, vdr_err verdict);
void vdr_engine_submitted(vdr_engine *engine);
/* Log time for what is no event: on an event clock it takes the previous. */
vdr_ms vdr_engine_own_time(vdr_engine *engine);
/* Fires some of what is due at or before at, in a record of its own. */
void vdr_engine_tick(vdr_engine *engine, vdr_ms at);
/* change.c: reads three texts; BAD_CONFIG or NO_MEMORY with words. */
VDR_MUST_CHECK vdr_err vdr_engine_read_config(const vdr_config_texts *texts, vdr_config **ret_config,
                                              char *ret_words);

/* handle.c: the BSN or BAG id that a handle stands for; context is the engine (vdr_event_options). */
bool vdr_engine_resolve(void *context, const vdr_event_handle *handle, char ret_text[16], size_t *ret_len);

/* The pseudonyms of an act's command under the key of now (and the one before, while it changes), from its content; of
 * another, or where they cannot be made, it stays as it is. Memory: the arena's. */
void vdr_engine_renew(const vdr_engine *engine, vdr_span content, vdr_arena *arena, vdr_command *command);

/* rekey/drive.c */
void vdr_rekeying_turn(vdr_engine *engine);             /* a slice of a change of the pseudonym key */
bool vdr_rekeying_idle(const vdr_engine *engine);       /* nothing to do in a next turn */
vdr_key16 vdr_rekeying_check(const vdr_engine *engine); /* of the key that the log is written under */
void vdr_rekeying_done(vdr_engine *engine);
/* rekey/keys.c: the door for the keys that were given and the state that was loaded. WRONG_KEY, with words. */
VDR_MUST_CHECK vdr_err vdr_rekeying_door(vdr_engine *engine, char *ret_words);

/* turn.c */
static inline vdr_gather *
vdr_engine_open_group(vdr_engine *engine)
{
    return &engine->ring[engine->opened % VDR_RING];
}
static inline const vdr_gather *
vdr_engine_open_group_const(const vdr_engine *engine)
{
    return &engine->ring[engine->opened % VDR_RING];
}
/* Closes the open group if there is anything in it and the committer may have it. at_most: in flight before. */
bool vdr_engine_close_group(vdr_engine *engine, size_t at_most);
/* Closes it when it has enough and the committer has a place. */
void vdr_engine_hand_over(vdr_engine *engine);
/* Waits until everything stepped is durable, and drops the groups: before anybody listens. */
vdr_err vdr_engine_settle(vdr_engine *engine);

/* The last group goes to the committer; waits until everything is durable. The engine's failure. */
vdr_err vdr_engine_flush(vdr_engine *engine);
void vdr_engine_await(vdr_engine *engine); /* for a background thread, at most a second */

/* image.c */
void vdr_image_turn(vdr_engine *engine);             /* a slice, or the next state */
bool vdr_image_idle(const vdr_engine *engine);       /* nothing to push in a next turn */
int64_t vdr_image_wait_ms(const vdr_engine *engine); /* until one is due; -1: not by time */
void vdr_image_finish(vdr_engine *engine);           /* a whole one, now; for a clean stop */
void vdr_image_done(vdr_engine *engine);

/* jobs.c */
bool vdr_jobs_want_image(const vdr_engine *engine);
void vdr_jobs_image_began(vdr_engine *engine);
void vdr_jobs_outcome(vdr_engine *engine, const vdr_checkpoint_outcome *outcome);
void vdr_jobs_turn(vdr_engine *engine);
void vdr_jobs_done(vdr_engine *engine); /* those that wait end with CLOSING */
VDR_MUST_CHECK vdr_err vdr_jobs_add_erasure(vdr_engine *engine, vdr_ticket ticket);
bool vdr_jobs_has_erasure(const vdr_engine *engine);   /* it waits or is being done */
bool vdr_jobs_erasure_first(const vdr_engine *engine); /* it is the one to be done */
void vdr_jobs_erased(vdr_engine *engine, vdr_err result, vdr_position position, const char *words);

/* boot.c: makes engine->core and engine->config from the store; an empty log gives a core without
 * configuration. image.last and image.all are set. strict: a newest checkpoint that is no good is an error,
 * and nothing in the store is changed. */
VDR_MUST_CHECK vdr_err vdr_boot(vdr_engine *engine, bool strict, char *ret_words);

#endif
