/* broker/session.h - who is connected: one session for each connection that spoke (protocol.md section 3).
 *
 * A session is bound to its connection (peer) and to the key that every frame of it is signed with. A session
 * that is over stays known for a while as a stone: what still comes over that connection is passed over.
 *
 * Caps: at most so many sessions in a zone; a HELLO beyond it is refused with busy. At most so many of a key:
 * beyond it the session of that key that was silent longest gives way, so that a client that comes back from a
 * broken network always gets in, and can only be in its own way. Operators have a zone, and a cap, of their own.
 *
 * Thread:  the reactor's.
 * Memory:  a session is the table's; a pointer to one lives until vdr_sessions_sweep(). */
#ifndef VDR_BROKER_SESSION_H
#define VDR_BROKER_SESSION_H

#include "broker/net/net.h"
#include "proto/codec.h"

typedef enum vdr_session_state {
    VDR_SESSION_NEW = 1, /* connected, has not said HELLO */
    VDR_SESSION_OPEN = 2,
    VDR_SESSION_OVER = 3 /* a stone */
} vdr_session_state;

/* A frame that waits until the connection takes it. */
typedef struct vdr_waiting {
    struct vdr_waiting *next;
    size_t len;
    uint8_t bytes[];
} vdr_waiting;

/* Items of one PUBLISH that have one fate: submitted, or refused before they were looked at. */
typedef struct vdr_batch {
    uint64_t last; /* publish sequence of its last item */
    uint32_t count;
    uint32_t bytes;  /* counted against the window; 0 when refused */
    vdr_err refused; /* VDR_OK: submitted */
    bool want_results;
} vdr_batch;

/* The case that an act with want_results was about, and its revision when it had been stepped. */
typedef struct vdr_acted {
    uint64_t item;
    vdr_case_id case_id;
    uint64_t revision;
} vdr_acted;

/* A first-in-first-out of plain values in one growing ring. */
typedef struct vdr_ring {
    uint8_t *at;
    size_t size, first, count, room;
} vdr_ring;

void *vdr_ring_add(vdr_ring *ring, size_t size);        /* the place of a new last one; zeroed */
void *vdr_ring_first(const vdr_ring *ring);             /* NULL: empty */
void *vdr_ring_at(const vdr_ring *ring, size_t number); /* 0: the first; must be there */
void vdr_ring_drop(vdr_ring *ring);                     /* the first */
void vdr_ring_done(vdr_ring *ring);

typedef struct vdr_session {
    uint64_t number; /* from 1 on, never again */
    vdr_peer peer;
    uint32_t key_id;
    vdr_party_kind kind;
    char party[VDR_CONF_NAME_MAX + 1];
    char client[VDR_CONF_NAME_MAX + 1];
    vdr_session_state state;
    bool ending;                /* nothing is sent or taken any more; a stone at the end of the turn */
    uint32_t in_next, out_next; /* sequence of the next frame in either direction */
    int64_t heard_ms;           /* steady: when a frame came last */
    uint64_t heard_order;       /* of the daemon's frames: which one that was */
    vdr_ms since;
    uint64_t frames_in, frames_out;

    struct { /* frames that the connection did not take yet; while there are any, nothing overtakes them */
        vdr_waiting *first, *last;
        size_t bytes;
    } out;

    struct {                                     /* publish and confirm */
        uint64_t next;                           /* expected publish sequence */
        uint64_t answered;                       /* up_to of the next CONFIRM */
        uint32_t open_items, open_bytes;         /* sent and not told; what the window bounds */
        uint32_t answered_items, answered_bytes; /* of those: answered, the CONFIRM has not gone yet */
        vdr_ring batches;                        /* vdr_batch */
        vdr_ring acted;                          /* vdr_acted */
        vdr_wire_exception *exceptions;
        size_t exception_count, exception_room;
        vdr_wire_result *results;
        size_t result_count, result_room;
        uint32_t
            held_ms; /* how long a guard holds back what was refused since the last CONFIRM; 0: nothing */
        bool due;    /* a CONFIRM is owed */
    } publish;

    struct { /* one subscription */
        bool on;
        uint32_t mailbox; /* 0: nothing was ever put in it */
        vdr_party_kind kind;
        char id[VDR_CONF_NAME_MAX + 1];
        uint64_t next;                   /* seq of the next to deliver */
        uint64_t done, limit;            /* through with; may be delivered up to */
        uint64_t ack_bundle;             /* the last bundle of acknowledgements with one of this session's */
        struct vdr_session *next_reader; /* of the same mailbox */
        vdr_wire_message *batch;         /* being gathered in this turn */
        size_t batch_count;
    } mail;

    struct { /* the operator's stream of decisions */
        bool on;
        vdr_position next;    /* record whose lines come next */
        uint32_t offset;      /* in its tale */
        uint64_t sent, limit; /* lines */
        bool caught_up;       /* said */
        vdr_wire_line *batch;
        size_t batch_count;
    } lines;

    vdr_ring answers; /* vdr_held: answers that wait for their barrier */
    size_t answer_bytes;

    struct vdr_session *by_peer, *by_number; /* chains of the table */
    struct vdr_session *older, *newer;       /* in order of making */
    struct vdr_session *next_due;            /* of those that are owed a CONFIRM */
} vdr_session;

/* A frame whose state must be durable before it is sent. */
typedef struct vdr_held {
    uint8_t *frame; /* its sequence is written when it goes */
    size_t len;
} vdr_held;

typedef struct vdr_session_caps {
    uint64_t sessions[VDR_ZONES];
    uint64_t per_key;
    uint64_t stones; /* kept; beyond it the oldest is forgotten */
} vdr_session_caps;

typedef struct vdr_sessions vdr_sessions;

vdr_sessions *vdr_sessions_new(const vdr_session_caps *caps);
void vdr_sessions_free(vdr_sessions **sessions_p); /* NULL-safe */

vdr_session *vdr_session_by_peer(vdr_sessions *sessions, vdr_peer peer);
vdr_session *vdr_session_by_number(vdr_sessions *sessions, uint64_t number); /* NULL: gone or a stone */

/* A new one, in state NEW. NULL: the zone has no room. */
vdr_session *vdr_session_add(vdr_sessions *sessions, vdr_peer peer, const vdr_key *key, int64_t now_ms,
                             vdr_ms since);
/* The session of that key, besides this one, that was silent longest, where the key has more than its cap;
 * NULL otherwise. */
vdr_session *vdr_session_in_excess(vdr_sessions *sessions, const vdr_session *session);
/* It is a stone from now on; what it held is freed, but for frames that still go out. */
void vdr_session_over(vdr_sessions *sessions, vdr_session *session);

/* Walks all, oldest first; a session may be ended meanwhile. NULL: start, and end. */
vdr_session *vdr_session_next(vdr_sessions *sessions, const vdr_session *session);
/* Frees the stones that were silent since before_ms or are too many. So many of them had frames that still waited. */
size_t vdr_sessions_sweep(vdr_sessions *sessions, int64_t before_ms);

uint64_t vdr_sessions_count(const vdr_sessions *sessions, vdr_zone zone); /* without stones */

#endif
