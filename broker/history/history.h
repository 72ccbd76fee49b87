/* broker/history/history.h - a store's history, stepped again: the state at any log time that the log still leads
 * to, and everything that was told on the way.
 *
 * A history has a core of its own and reads the log with a reader of its own, which lets go of its pages after each
 * run of VDR_HISTORY_RUN records and between calls that may be far apart, so that the broker that writes the log is
 * not disturbed; what is appended after it was opened is not part of it. It begins before record 1. Where
 * the log was cut it can only begin at a checkpoint, and knows nothing of the time before.
 *
 * Where an erasure run destroyed keys it can only begin at a checkpoint, too; ERASED: one did so meanwhile, and what
 * is begun anew begins after it.
 *
 * Every record is stepped and what it tells compared with what it told then: STORE_CORRUPT is also a version
 * that decides otherwise.
 *
 * Thread:  one at a time; another one may append to the log meanwhile.
 * Memory:  its core grows as the broker's did (vdr_history_watch can put an end to it). What a step points to
 *          lives until the next call.
 * Words:   VDR_HISTORY_WORDS bytes, for people, filled on failure. */
#ifndef VDR_BROKER_HISTORY_H
#define VDR_BROKER_HISTORY_H

#include "broker/core/core.h"
#include "broker/door/config_read.h"
#include "broker/history/pace.h"
#include "store/checkpoint.h"
#include "store/log.h"

#define VDR_HISTORY_WORDS 512u
#define VDR_HISTORY_RUN   64u

typedef struct vdr_history vdr_history;

/* checkpoint: the store's, for a log that was cut or erased in; NULL: such a log is NOT_FOUND. Both stay the caller's, and
 * checkpoint is not needed any more after this. */
VDR_MUST_CHECK vdr_err vdr_history_open(vdr_log *log, vdr_checkpoint *checkpoint, vdr_history **ret_history,
                                        char *ret_words);
void vdr_history_close(vdr_history **history_p); /* NULL-safe */

/* Asked each few thousand records and ticks, and after each sleep: false ends the call with BUSY. */
void vdr_history_watch(vdr_history *history, bool (*go_on)(void *context), void *context);

/* Each run of records is a piece from here on. The caller's, until the history is closed. */
void vdr_history_pace(vdr_history *history, vdr_pace *pace);

/* Its core, which may be looked at and tried (trial.h), and stepped by nobody else. */
vdr_core *vdr_history_core(vdr_history *history);
/* What comes after this record can be had; 0: everything. And its log time; VDR_MS_NONE: 0. */
vdr_position vdr_history_from(const vdr_history *history, vdr_ms *ret_at);
vdr_position vdr_history_last(const vdr_history *history); /* the last record that was stepped */
vdr_position vdr_history_end(const vdr_history *history);  /* the last record there is */

typedef struct vdr_history_step {
    vdr_position position;
    const vdr_command *command;
    vdr_step step;
} vdr_history_step;

/* Steps the next record. END: there is none, or it is after until (VDR_MS_NONE: no bound). */
VDR_MUST_CHECK vdr_err vdr_history_next(vdr_history *history, vdr_ms until, vdr_history_step *ret_step,
                                        char *ret_words);
/* The next record as it will be stepped, and its content; absent where it has none. Memory: until the next call. END. */
VDR_MUST_CHECK vdr_err vdr_history_peek(vdr_history *history, const vdr_command **ret_command,
                                        vdr_span *ret_content, char *ret_words);
/* The next record, not stepped: for who steps the core otherwise than the log says, and then steps everything so. The
 * texts of a CONFIG or PROPOSE are attached. Memory: what it points to lives until the next call. END. */
VDR_MUST_CHECK vdr_err vdr_history_read(vdr_history *history, const vdr_command **ret_command,
                                        char *ret_words);
/* Lets go of its pages until the next record: before a wait. What was appended meanwhile is part of the history after
 * an extend, for who follows a log that grows. */
void vdr_history_rest(vdr_history *history);
VDR_MUST_CHECK vdr_err vdr_history_extend(vdr_history *history, vdr_log *log);
/* The texts of the configuration that a loaded checkpoint holds; NOT_FOUND: the history begins before record 1. Only
 * before the first record; they live until the next call. */
VDR_MUST_CHECK vdr_err vdr_history_texts(vdr_history *history, vdr_config_texts *ret_texts, char *ret_words);
/* After the last one: the timers due until then fire, as `replay --until` lets them, a part a call. False: time
 * has passed. */
bool vdr_history_pass(vdr_history *history, vdr_ms until, vdr_step *ret_step);
/* Both, to the state at this instant; VDR_MS_NONE: after the last record. NOT_FOUND: it begins later. */
VDR_MUST_CHECK vdr_err vdr_history_to(vdr_history *history, vdr_ms at, char *ret_words);

#endif
