/* broker/trail/desk.h - the audit of a running broker: a trail (trail.h) walked beside the turn, a page at a time.
 *
 * One at a time. Whoever began it takes page after page; between two pages the thread rests and holds no page of the
 * log. A page is some hundred rows, small enough for a frame of any listener.
 *
 * Thread:  the reactor's, for everything here; the walk is a thread's of its own, at low priority. The log outlives it.
 * Memory:  a page's rows live until the next call here. */
#ifndef VDR_BROKER_TRAIL_DESK_H
#define VDR_BROKER_TRAIL_DESK_H

#include "broker/history/rows.h"
#include "broker/trail/trail.h"

typedef struct vdr_trail_desk vdr_trail_desk;

/* A mailbox and whose it is, by number from 1 on. */
typedef struct vdr_trail_mailbox {
    vdr_party_kind kind;
    char id[VDR_CONF_NAME_MAX + 1];
} vdr_trail_mailbox;

vdr_trail_desk *vdr_trail_desk_new(vdr_log *log);
void vdr_trail_desk_free(vdr_trail_desk **desk_p); /* ends what runs; NULL-safe */

/* Begins, for this session; what was begun before is over. mailboxes is taken over, free()d in the end. */
void vdr_trail_desk_begin(vdr_trail_desk *desk, uint64_t session, const vdr_trail_ask *ask,
                          vdr_trail_mailbox *mailboxes, size_t mailbox_count);
uint64_t vdr_trail_desk_session(const vdr_trail_desk *desk); /* whose it is; 0: none was begun */

typedef struct vdr_trail_page {
    bool running; /* it is not full yet: ask again */
    bool end;     /* the last one */
    vdr_err err;
    const vdr_wire_row *rows;
    size_t row_count;
    vdr_trail_sum sum;
} vdr_trail_page;

/* The next page; given once. */
void vdr_trail_desk_take(vdr_trail_desk *desk, vdr_trail_page *ret_page);

/* A row as texts and numbers, whole: who is told what of it is decided where it is sent (broker/access/told.h). */
void vdr_trail_row_put(vdr_rows *rows, const vdr_trail_row *row);

#endif
