/* broker/trail/trail.h - who did and saw what, read from the log: the audit.
 *
 * A trail walks the records of a log and says of each, in rows, what of it concerns people: signals and acts by
 * whom, what the broker decided because of them, what was told to whom and when that was read, what was looked at by
 * whom and why, what operators changed, and what left. It names things and never shows content: numbers, ids and
 * roles, no person, no free text but the reasons that viewers and operators gave.
 *
 * It keeps no state of its own beyond what it needs to say which household a case belongs to: it reads every record
 * that can still be opened, also of before an erasure run, and such of before the log's begin as are carried
 * (broker/carry/carry.h), at their first position and time. A record whose key is gone is counted (erased).
 *
 * With a household it also follows what was merged into it, whenever. Rows of a household that was split stay with the
 * household that was written then.
 *
 * Thread:  one at a time; another one may append meanwhile.
 * Errors:  STORE_CORRUPT, SEALED, IO, NO_MEMORY.
 * Memory:  what a row points to lives until the next call. Some 8 bytes for each case and household of the log, and for
 *          a message that was not read yet 64. */
#ifndef VDR_BROKER_TRAIL_TRAIL_H
#define VDR_BROKER_TRAIL_TRAIL_H

#include "proto/arena.h"
#include "proto/assert.h"
#include "proto/err.h"
#include "proto/limits.h"
#include "proto/words.h"
#include "store/log.h"

typedef struct vdr_trail vdr_trail;

/* Kinds of row. */
typedef enum vdr_trail_kind {
    VDR_TRAIL_SIGNAL = 1,  /* an agency signalled: what is the type */
    VDR_TRAIL_ACT = 2,     /* somebody acted: what is the act */
    VDR_TRAIL_DECIDED = 3, /* the broker changed a case, or a watch rule held: what is the change */
    VDR_TRAIL_TOLD = 4,    /* a message was put into to's mailbox: what is its kind */
    VDR_TRAIL_READ = 5,    /* to acknowledged it: dealt with; since says when it was told */
    VDR_TRAIL_SEEN = 6,    /* somebody was shown something: what is the query */
    VDR_TRAIL_CONTROL = 7, /* an operator changed the routing, or a configuration came into force */
    VDR_TRAIL_LEFT = 8     /* by its term, or erased: the keys are gone */
} vdr_trail_kind;
#define VDR_TRAIL_KINDS 9u

const char *vdr_trail_kind_name(vdr_trail_kind kind); /* "signal", "act", "decided", … */

typedef struct vdr_trail_row {
    vdr_trail_kind kind;
    vdr_position position; /* of its record */
    vdr_ms at;
    vdr_party_kind by_kind; /* who did or saw it; NONE: the broker */
    vdr_span by;
    vdr_party_kind to_kind; /* TOLD, READ: whose mailbox */
    vdr_span to;
    vdr_span what;
    vdr_household_id household, other; /* 0: none, or not known */
    vdr_case_id case_id;
    vdr_position signal; /* its record; 0: none is named */
    vdr_span source, id; /* of the signal */
    uint32_t parts;      /* SEEN: vdr_seen_parts */
    vdr_span reason;     /* SEEN by breaking the glass; CONTROL; LEFT: "term", "erasure" or "household" */
    vdr_span traceparent;
    vdr_ms since; /* READ */
    vdr_ms
        until; /* SEEN: the same may have been shown again until then; VDR_MS_NONE: it was not without a row */
} vdr_trail_row;

/* Queries of a VIEW that are no vdr_query: an access report, an audit. */
#define VDR_TRAIL_QUERY_REPORT 100u
#define VDR_TRAIL_QUERY_AUDIT  101u
const char *vdr_trail_query_name(uint32_t query); /* "case", "household", …, "other" */

/* What is asked for; zero: everything. */
typedef struct vdr_trail_ask {
    vdr_household_id household;
    vdr_case_id case_id;
    vdr_party_kind party_kind; /* who did, saw, was told or read it */
    vdr_span party;
    vdr_ms from, until; /* half open; VDR_MS_NONE: no bound */
    unsigned kinds;     /* a bit 1 << kind for each wanted; 0: all */
} vdr_trail_ask;

#define VDR_TRAIL_ASK_NEW                                                                                    \
    {                                                                                                        \
        .from = VDR_MS_NONE, .until = VDR_MS_NONE                                                            \
    }

/* Whose mailbox has this number? The state knows (vdr_core_mailbox_view). false: there is none. */
typedef bool (*vdr_trail_mailbox_fn)(void *context, uint32_t mailbox, vdr_party_kind *ret_kind,
                                     vdr_span *ret_id);

/* The ask is copied, and its party. */
VDR_MUST_CHECK vdr_err vdr_trail_open(vdr_log *log, const vdr_trail_ask *ask, vdr_trail_mailbox_fn mailbox,
                                      void *context, vdr_trail **ret_trail);
void vdr_trail_close(vdr_trail **trail_p); /* NULL-safe */

/* The next row. END: all that was durable when it was opened is told. BUSY: records_max records were read without a
 * row; call again. */
VDR_MUST_CHECK vdr_err vdr_trail_next(vdr_trail *trail, size_t records_max, vdr_trail_row *ret_row);
void vdr_trail_rest(vdr_trail *trail); /* lets go of the log's pages until the next row */

typedef struct vdr_trail_sum {
    vdr_position first, at, last; /* of the log; read up to; to be read */
    uint64_t erased;              /* records whose key is gone: nothing of them can be told */
} vdr_trail_sum;
vdr_trail_sum vdr_trail_sum_get(const vdr_trail *trail);

#endif
