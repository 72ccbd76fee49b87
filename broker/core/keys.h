/* broker/core/keys.h - public keys of parties: who may connect, since when, until when, and who said so.
 *
 * State, changed by commands of the log (PROPOSE of a key, DECIDE, REVOKE) and by timers, beside the keys of
 * node.yaml, which the log does not know. A key that the log knows follows the log alone, wherever else it
 * stands: one that ended never comes back. A key of an operator, a privacy officer or whoever else watches over
 * others needs a second operator, as the configuration does; it is proposed (control.h) and holds when it is
 * approved. Any other is given by one operator, and any is revoked by one: that only shuts a door.
 *
 * A party has one key. While one takes the place of the other (overlap_ms) it has two, never more; the old one
 * ends with the overlap. Log time ends keys, by timers.
 *
 * Thread:  as broker/core/core.h. Errors: verdicts, as vdr_control_verdict gives them.
 * Memory:  views are filled from the core's state and the arena. */
#ifndef VDR_CORE_KEYS_H
#define VDR_CORE_KEYS_H

#include "broker/core/core.h"
#include "proto/control.h"

typedef struct vdr_party_key_view {
    uint64_t number;
    vdr_party_kind kind;
    vdr_span party;      /* KIND:ID */
    vdr_span id;         /* the same without the kind */
    vdr_span public_key; /* VDR_PUBLIC_KEY_BYTES */
    vdr_span replaced;   /* the key that it took or takes the place of; absent: none */
    vdr_party_key_state state;
    bool of_file;              /* it is one of node.yaml, and this only ends it */
    vdr_ms at;                 /* when it was proposed or given */
    vdr_ms from, until, ended; /* VDR_MS_NONE: not yet; of a file, no term; not yet */
    int64_t overlap_ms;
    vdr_position position, ended_position;
    vdr_span author, reason;
    vdr_span approver; /* absent: nobody else was asked */
    vdr_span ended_by; /* absent: by itself */
    vdr_span ended_why;
    uint64_t proposal; /* that it was; 0 none */
} vdr_party_key_view;

/* Must another operator approve a key of such a party? */
bool vdr_key_needs_two(vdr_party_kind kind);

uint64_t vdr_key_last(const vdr_core *core); /* numbers are 1 .. last */
/* False: there is no such number. */
bool vdr_key_view(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_party_key_view *ret_view);
/* The newest record of this public key that was not refused; 0: the log does not know it. */
uint64_t vdr_key_find(const vdr_core *core, const uint8_t public_key[VDR_PUBLIC_KEY_BYTES]);
/* Counts up whenever a key begins to hold or ends; not part of the state. */
uint64_t vdr_key_changes(const vdr_core *core);

#endif
