/* clients/gateway/parties.h - the parties that callers are served as: a libvoordeur handle for each that is in
 * use, made at need, closed when nothing was asked of it for a while.
 *
 * A handle connects by itself and goes on by itself. While the broker is away, callers are told so soon
 * (DISCONNECTED) instead of waiting out their time; what was published before is still published by the handle, so
 * whoever asks again with the same id learns what became of it.
 *
 * Thread: the loop's. Callbacks come on it, possibly inside libvoordeur's: only answer and ask there. */
#ifndef VDR_GATEWAY_PARTIES_H
#define VDR_GATEWAY_PARTIES_H

#include "clients/gateway/gate.h"

typedef struct vdr_parties vdr_parties;
typedef struct vdr_party vdr_party;

VDR_MUST_CHECK vdr_err vdr_parties_open(vdr_gate *gate, vdr_parties **ret_parties);
/* Who still waits is called back with CLOSING. NULL-safe */
void vdr_parties_close(vdr_parties **parties_p);

/* At least one party's session with the broker stands. Where none does, asking begins one. */
bool vdr_parties_ready(vdr_parties *parties);

/* The party's handle. DISCONNECTED: its key file cannot be used (told on standard error). */
VDR_MUST_CHECK vdr_err vdr_parties_get(vdr_parties *parties, const vdr_gate_party *who,
                                       vdr_party **ret_party);

/* A handle of its own, for a stream; the options' context and callbacks are the caller's. */
VDR_MUST_CHECK vdr_err vdr_parties_handle(vdr_parties *parties, const vdr_gate_party *who,
                                          vdr_client_options *options, vdr_client **ret_client);

/* What the party's newest session said; NULL: there was none yet. */
const vdr_wire_welcome *vdr_party_welcome(const vdr_party *party);
vdr_client *vdr_party_client(vdr_party *party);
void vdr_party_touch(vdr_party *party); /* after something was asked of the client */

/* Calls once: at once if there was a session ever, else when there is one; DISCONNECTED: not in time. */
typedef void (*vdr_party_met)(void *context, vdr_err err);
void vdr_party_meet(vdr_party *party, vdr_party_met met, void *context);

/* Ask. Each calls back exactly once, later or before it returns. Errors besides the broker's: TIMEOUT,
 * DISCONNECTED (away), BUSY. */
void vdr_party_read(vdr_party *party, const vdr_wire_read *read, vdr_client_answered answered, void *context);
void vdr_party_rule(vdr_party *party, const vdr_wire_admin *admin, vdr_client_ruled ruled, void *context);

/* Publish. result comes once for each item, by its index, in any order; NULL: late, err says why (the items are
 * still being published). count: 1 .. VDR_BATCH_ITEMS_MAX. */
typedef void (*vdr_party_resulted)(void *context, size_t index, vdr_err err, const vdr_client_result *result);
void vdr_party_publish(vdr_party *party, const vdr_wire_item *items, size_t count,
                       vdr_party_resulted resulted, void *context);
/* An act; the party was met before. USAGE: a member is missing. */
void vdr_party_act(vdr_party *party, const vdr_client_act *act, vdr_party_resulted resulted, void *context);

/* ---- The mailbox, one thing after the other ---- */

typedef struct vdr_party_mail {
    bool after_given;
    uint64_t after; /* messages after this number; else after what is acknowledged */
    size_t limit;   /* at most so many; 0: none are wanted */
    uint64_t up_to; /* acknowledge up to here; 0: nothing. NOT_FOUND: there are not so many */
    void (*message)(void *context, const vdr_wire_message *message); /* may be NULL */
    void (*done)(void *context, vdr_err err, uint64_t acknowledged, uint64_t newest);
    void *context;
} vdr_party_mail;
void vdr_party_mail_ask(vdr_party *party, const vdr_party_mail *mail);

#endif
