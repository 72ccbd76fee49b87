/* broker/carry/scout.h - reads records of an old stretch of the log for a carry, beside the reactor: a thread that is
 * given one piece of work after the other.
 *
 * Walking: what is carried already and was cut, then every record up to an end, a batch at a time. Only the reactor may
 * look at the state, so it judges the batch and asks for the next. Fetching: whole records by their positions, as they
 * are to be carried.
 *
 * Thread:  the functions are the reactor's. Without a thread the work is done in the calls.
 * Errors:  STORE_CORRUPT, IO, NO_MEMORY.
 * Memory:  a batch lives until the next piece of work is given. */
#ifndef VDR_BROKER_CARRY_SCOUT_H
#define VDR_BROKER_CARRY_SCOUT_H

#include "broker/core/command.h"
#include "store/log.h"

typedef struct vdr_scout vdr_scout;

#define VDR_SCOUT_BATCH 512u

typedef struct vdr_scouted {
    vdr_position position; /* by which it is read */
    vdr_position place;    /* where it stands: there, or in the record that carries it */
    uint64_t bytes;        /* that it takes at position; 0: it was cut there */
    uint64_t place_bytes;  /* the same at place */
    bool
        opened; /* false: nothing more can be said, its key is gone; or it carries another, which is told apart */
    vdr_command command;
    vdr_span tale;
    vdr_span content; /* of an act that names persons or addresses, and where it was fetched; else absent */
    vdr_span
        packed; /* fetched: what a record that carries it has as content (store/log.h), after the form byte */
} vdr_scouted;

/* fd: an eventfd that is written when a piece of work is done. The log stays the caller's. */
vdr_scout *vdr_scout_new(vdr_log *log, bool thread, int fd);
void vdr_scout_free(vdr_scout **scout_p); /* finishes the piece it is at. NULL-safe */

/* One piece at a time: not before the one before it is done. */
void vdr_scout_walk(vdr_scout *scout, vdr_position end); /* reads the first batch of the records before end */
void vdr_scout_go_on(vdr_scout *scout);                  /* the next */
/* These, at most VDR_SCOUT_BATCH, ascending; those that cannot be read any more are left out. The batch may end
 * before them, at a good size: go on with those behind its last one. */
void vdr_scout_fetch(vdr_scout *scout, const vdr_position *positions, size_t count);

/* Is it done with what it was given? *ret_err: how. *ret_at: the record that it failed at. */
bool vdr_scout_is_done(vdr_scout *scout, vdr_err *ret_err, vdr_position *ret_at);
/* What was read; walking, 0: there is no more. *ret_done (may be NULL): of the positions fetched, so many were read. */
size_t vdr_scout_batch(vdr_scout *scout, vdr_scouted **ret_batch, size_t *ret_done);
void vdr_scout_rest(vdr_scout *scout); /* nothing more is wanted for now; not while it is at work */

#endif
