/* broker/reads.h - what the parts of reading share (reads.c, reads_view.c, reads_right.c,
 * reads_explain.c).
 *
 * An answer is made from the state as it is now, in an arena that is reset before each; it is sent when
 * everything stepped before it is durable. An answer that does not fit is made again with fewer items.
 *
 * Thread: the reactor's. */
#ifndef VDR_BROKER_READS_H
#define VDR_BROKER_READS_H

#include "broker/daemon.h"

/* Where a list goes on: in which part of it, and behind which thing. */
typedef struct vdr_resume {
    uint64_t part, after;
} vdr_resume;

typedef struct vdr_reading {
    vdr_daemon *daemon;
    const vdr_session *session;
    const vdr_core *core;
    const vdr_wire_read *read;
    vdr_arena *arena;
    size_t room; /* items that this page may still take */
    vdr_resume from;
    bool more; /* there is more than this page: it goes on at next */
    vdr_resume next;
    vdr_wire_answer answer;
} vdr_reading;

/* ---- reads_right.c: does the relation hold that the table of roles asks for? */

bool vdr_reads_case(const vdr_reading *reading, vdr_relation relation, const vdr_case_view *view);
bool vdr_reads_signal(const vdr_reading *reading, vdr_relation relation, const vdr_signal_view *view);
bool vdr_reads_household(const vdr_reading *reading, vdr_relation relation, vdr_at at,
                         const vdr_household_view *view);

/* ---- reads_view.c: the members that fields (vdr_access_field) name. NO_MEMORY: the page is too large;
 * STORE_CORRUPT: what the state names is not in the log. */

VDR_MUST_CHECK vdr_err vdr_reads_show_signal(vdr_reading *reading, const vdr_signal_view *view,
                                             unsigned fields, vdr_wire_signal_view *ret_shown);
/* Signals take room of the page, and go on behind from.after. */
VDR_MUST_CHECK vdr_err vdr_reads_show_case(vdr_reading *reading, vdr_at at, const vdr_case_view *view,
                                           unsigned fields, vdr_wire_case_view *ret_shown);
VDR_MUST_CHECK vdr_err vdr_reads_show_household(vdr_reading *reading, vdr_at at,
                                                const vdr_household_view *view, unsigned fields,
                                                vdr_wire_household_view *ret_shown);

/* ---- reads_explain.c */

VDR_MUST_CHECK vdr_err vdr_reads_explain(vdr_reading *reading, vdr_relation relation);
VDR_MUST_CHECK vdr_err vdr_reads_try(vdr_reading *reading);
/* Notes which operator explains or tries. True: it takes long (past.h), and is answered later, or was refused. */
bool vdr_reads_asks(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read,
                    const vdr_frame *frame);

#endif
