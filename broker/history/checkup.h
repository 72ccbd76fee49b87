/* broker/history/checkup.h - the invariants of quality.md on a store at rest, one finding after the other.
 *
 * Thread: any; the store must be nobody else's meanwhile. Nothing is changed in it. Memory: a state, or two of
 * them while the whole history is stepped. */
#ifndef VDR_BROKER_CHECKUP_H
#define VDR_BROKER_CHECKUP_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"
#include "store/store.h"

#define VDR_FINDING_TEXT 512u

typedef enum vdr_finding_result {
    VDR_FINDING_GOOD = 1,
    VDR_FINDING_BAD = 2,
    VDR_FINDING_UNKNOWN = 3 /* it could not be looked at; the text says why */
} vdr_finding_result;

typedef struct vdr_finding {
    const char *check;      /* "log" */
    const char *invariants; /* that it proves, of quality.md: "I1 I15"; "": none by number */
    vdr_finding_result result;
    char text[VDR_FINDING_TEXT]; /* what was looked at and found */
    const char *next;            /* what to do where it is bad */
} vdr_finding;

typedef void (*vdr_finding_fn)(void *context, const vdr_finding *finding);

/* Tells each finding, in order; what builds on a bad one is told as unknown, as is what cannot be opened without
 * keys (NULL: none). history: step the whole log from its first record, too, where it was never cut. False:
 * something is bad. */
bool vdr_checkup(const char *dir, const vdr_store_keys *keys, bool history, vdr_finding_fn tell,
                 void *context);

#endif
