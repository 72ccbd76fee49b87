/* broker/history/rehearsal.h - a back-test, or a shadow, beside the broker that goes on: threads of low priority, readers of their
 * own that rest every few thousand records, and nothing of the reactor but the memory bandwidth.
 *
 * One at a time. Where the log was cut or erased in, it begins with the older of the two newest checkpoints, read from the store
 * itself beside the broker that writes the next one. Where an erasure run ends meanwhile it begins again, after it.
 *
 * Thread:  the reactor's, for everything here.
 * Errors:  BUSY: one is at work. Of one that failed: as backtest.h.
 * Memory:  as backtest.h, at most memory_max; given back when it is over, but for the rows. */
#ifndef VDR_BROKER_REHEARSAL_H
#define VDR_BROKER_REHEARSAL_H

#include "broker/history/backtest.h"

typedef struct vdr_rehearsal vdr_rehearsal;

/* Both are the caller's and outlive it. Starts no thread yet. */
vdr_rehearsal *vdr_rehearsal_new(vdr_log *log, vdr_checkpoint *checkpoint);
void vdr_rehearsal_free(vdr_rehearsal **rehearsal_p); /* NULL-safe; one at work is given up */

/* The texts are copied. */
VDR_MUST_CHECK vdr_err vdr_rehearsal_begin(vdr_rehearsal *rehearsal, const vdr_backtest_ask *ask,
                                           unsigned samples);
void vdr_rehearsal_stop(vdr_rehearsal *rehearsal); /* it ends soon, with BUSY */

typedef enum vdr_rehearsal_state {
    VDR_REHEARSAL_NONE = 0,
    VDR_REHEARSAL_RUNS = 1,
    VDR_REHEARSAL_OVER = 2
} vdr_rehearsal_state;

typedef struct vdr_rehearsal_look {
    vdr_rehearsal_state state;
    uint64_t done, all; /* records, of two passes */
    uint64_t took_ms;
    vdr_err err;           /* OVER */
    const char *words;     /* of err; never NULL */
    const vdr_rows *rows;  /* OVER and OK, or of a shadow: the report; until the next begin or want */
    vdr_position position; /* the last record that was stepped */
} vdr_rehearsal_look;

/* Of a shadow (ask.follow): a report of what it found so far, as soon as it has caught up. Rows are looked at again
 * when it is there. */
void vdr_rehearsal_want(vdr_rehearsal *rehearsal);

void vdr_rehearsal_look_at(vdr_rehearsal *rehearsal, vdr_rehearsal_look *ret_look);

#endif
