/* broker/history/past.h - explanations of the past, and others that take long, beside the broker that goes on: one thread
 * of the lowest priority steps the log from its first record to the instant asked about (and lets time pass to a
 * later one), with a core and a reader of its own.
 *
 * One question at a time. Memory: a second state, at most twice as large as the running one is when the
 * question comes, and what that is not enough for is answered TOO_BIG. The state is given back as soon as the
 * answer was spoken.
 *
 * Thread: the reactor's, for everything here; the eventfd given is made readable when an answer is there. */
#ifndef VDR_BROKER_PAST_H
#define VDR_BROKER_PAST_H

#include "broker/core/explain.h"
#include "broker/history/history.h"
#include "proto/wire.h"

typedef struct vdr_past vdr_past;

/* Starts no thread yet. The log outlives it. */
vdr_past *vdr_past_new(vdr_log *log, int wake_fd);
void vdr_past_free(vdr_past **past_p); /* NULL-safe; a question in work is given up */

/* An explain (protocol.md 7.6), without at_ms as of the last record; session comes back with the answer. BUSY:
 * another one is in work. */
VDR_MUST_CHECK vdr_err vdr_past_ask(vdr_past *past, uint64_t session, const vdr_wire_read *read,
                                    uint64_t memory_max);

typedef struct vdr_past_answer {
    uint64_t session;
    vdr_wire_answer answer;
} vdr_past_answer;

/* False: there is none. What it points to lives until it is let go. */
bool vdr_past_collect(vdr_past *past, vdr_past_answer *ret_answer);
void vdr_past_let_go(vdr_past *past);

#endif
