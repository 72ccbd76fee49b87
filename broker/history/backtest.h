/* broker/history/backtest.h - what other rules would have done with the stored history, and how that differs from what was
 * decided (broker/study/alternative.h, compare.h).
 *
 * Two histories (history.h) step the same log, each with a core of its own: one as it was recorded, compared record
 * by record with what was told then; the other with the candidate's texts, some thousand records behind, since it
 * must know what people did. Each has a thread: the caller's and one more, with the caller's scheduling. What is
 * appended to the log meanwhile is not part of it.
 *
 * Thread:  vdr_backtest_progress, _stop, _want and _position any; all else one.
 * Errors:  BUSY: stopped; TOO_BIG: over memory_max; STORE_CORRUPT; NOT_FOUND: a log that was cut, and no checkpoint;
 *          BAD_CONFIG: the texts do not go with the configuration in force.
 * Memory:  two states, 20 bytes a household, and the cases. */
#ifndef VDR_BROKER_BACKTEST_H
#define VDR_BROKER_BACKTEST_H

#include "broker/history/history.h"
#include "broker/history/rows.h"
#include "broker/study/alternative.h"
#include "broker/study/compare.h"

typedef struct vdr_backtest vdr_backtest;

typedef struct vdr_backtest_ask {
    vdr_config_texts
        candidate;       /* absent ones are those in force at their time; live as long as the back-test */
    vdr_ms since;        /* VDR_MS_NONE: from the first record there is */
    int64_t back_ms;     /* or so long before the last record; 0: see since */
    uint64_t memory_max; /* of both states; 0: no bound */
    /* A shadow: goes on with what is appended, until it is stopped. What it found so far is told, on the thread that
     * runs it, when it was asked (vdr_backtest_want) and has stepped what the log held then: the report may be made there, and only there. */
    bool follow;
    void (*on_report)(void *context);
    void *context;
} vdr_backtest_ask;

/* checkpoint: as vdr_history_open, and its own from now on: closed as soon as both histories have begun. Both are read in
 * vdr_backtest_run. */
vdr_backtest *vdr_backtest_new(vdr_log *log, vdr_checkpoint *checkpoint, const vdr_backtest_ask *ask);
void vdr_backtest_free(vdr_backtest **backtest_p); /* NULL-safe; not while it runs */

/* Everything; ret_words as in history.h. */
VDR_MUST_CHECK vdr_err vdr_backtest_run(vdr_backtest *backtest, char *ret_words);
/* Records done, of two passes over the log. */
void vdr_backtest_progress(const vdr_backtest *backtest, uint64_t *ret_done, uint64_t *ret_all);
void vdr_backtest_stop(vdr_backtest *backtest);
void vdr_backtest_want(vdr_backtest *backtest); /* any thread */
vdr_position
vdr_backtest_position(const vdr_backtest *backtest); /* the last record both stepped; any thread */

/* After it ran: did anything differ? */
bool vdr_backtest_differs(const vdr_backtest *backtest);
/* The report: rows as protocol.md 7.9 lists them; samples: at most so many new, gone and changed cases each. */
void vdr_backtest_report(vdr_backtest *backtest, unsigned samples, vdr_rows *rows);

#endif
