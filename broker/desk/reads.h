/* broker/desk/reads.h - what the parts of reading share (reads.c, reads_view.c, reads_right.c,
 * reads_directory.c, reads_explain.c).
 *
 * An answer is made from the state as it is now, in an arena that is reset before each; it is sent when
 * everything stepped before it is durable. An answer that does not fit is made again with fewer items.
 *
 * Thread: the reactor's. */
#ifndef VDR_BROKER_READS_H
#define VDR_BROKER_READS_H

#include "broker/access/access.h"
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
    char standing;          /* VDR_STANDING_…: in which the fields are shown */
    vdr_command_seen *seen; /* what the answer shows, for the log; room for all of a page */
    size_t seen_count, seen_room;
    vdr_wire_answer answer;
} vdr_reading;

/* Of what may be asked for, and shown, by breaking the glass: was it broken? */
static inline bool
vdr_reads_by_glass(const vdr_reading *reading)
{
    return reading->read->break_glass.at != NULL;
}

/* ---- reads_right.c: does the relation hold that the table of roles asks for? */

bool vdr_reads_case(const vdr_reading *reading, vdr_relation relation, const vdr_case_view *view);
bool vdr_reads_signal(const vdr_reading *reading, vdr_relation relation, const vdr_signal_view *view);
bool vdr_reads_household(const vdr_reading *reading, vdr_relation relation, vdr_at at,
                         const vdr_household_view *view);

/* Is what a refused act names hidden from whoever sent it, as from a reader (protocol.md 5.7)? command is its own. */
bool vdr_reads_hides(vdr_daemon *daemon, const vdr_session *session, const vdr_command *act);

/* ---- reads_view.c: the fields that the table shows in the reading's standing, and what was seen of them.
 * NO_MEMORY: the page is too large; STORE_CORRUPT: what the state names is not in the log. */

/* What the state knows a person or address by: while the pseudonym key changes, perhaps by the one before. */
vdr_key16 vdr_reads_key(const vdr_reading *reading, bool is_address, vdr_span number);
/* object: a signal by itself, or in the list of a case. */
VDR_MUST_CHECK vdr_err vdr_reads_show_signal(vdr_reading *reading, vdr_access_object object,
                                             const vdr_signal_view *view, vdr_wire_signal_view *ret_shown);
/* Who holds its case, and what was written about it, where the table shows that; after vdr_reads_show_signal. */
VDR_MUST_CHECK vdr_err vdr_reads_show_signal_talk(vdr_reading *reading, vdr_at at,
                                                  vdr_wire_signal_view *shown);
/* Signals, and then notes, take room of the page, and go on behind from.after; a list of cases leaves them out. */
VDR_MUST_CHECK vdr_err vdr_reads_show_case(vdr_reading *reading, vdr_at at, const vdr_case_view *view,
                                           bool with_signals, vdr_wire_case_view *ret_shown);
VDR_MUST_CHECK vdr_err vdr_reads_show_household(vdr_reading *reading, vdr_at at,
                                                const vdr_household_view *view,
                                                vdr_wire_household_view *ret_shown);

/* Holds an answer to this until what it shows is in the log as seen (reads.c). BUSY, TOO_BIG, NO_MEMORY, or the
 * engine's failure. */
VDR_MUST_CHECK vdr_err vdr_reads_hold(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read,
                                      const vdr_wire *wire, const vdr_command_seen *seen, size_t seen_count);
/* Notes what was seen. NO_MEMORY: there is no room for it, so it must not be shown. */
VDR_MUST_CHECK vdr_err vdr_reads_saw(vdr_reading *reading, vdr_command_seen seen);

/* ---- reads_directory.c */

VDR_MUST_CHECK vdr_err vdr_reads_directory(vdr_reading *reading);

/* ---- reads_explain.c */

VDR_MUST_CHECK vdr_err vdr_reads_explain(vdr_reading *reading, vdr_relation relation);
VDR_MUST_CHECK vdr_err vdr_reads_try(vdr_reading *reading);
/* Notes which operator explains or tries. True: it takes long (past.h), and is answered later, or was refused. */
bool vdr_reads_asks(vdr_daemon *daemon, vdr_session *session, const vdr_wire_read *read,
                    const vdr_frame *frame);

#endif
