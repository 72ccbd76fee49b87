/* broker/carry/carry.h - carries forward what an old stretch of the log still holds of the living, so that the stretch
 * can be cut.
 *
 * The log is cut behind what the state needs (broker/core/keep.h), and one case that stays open for years, or one
 * mailbox that nobody reads, needs it from the day on which it began. What is needed of such a stretch is little. So
 * after each erasure run the stretch before the newest checkpoint is looked through, and what is needed of it
 * (broker/core/needed.h, choice.h) is logged once more: a CARRY for each record, which holds it whole - its routing
 * with the instant at which it happened, its content and its tale - under a new data key. The store reads it by its
 * first position from then on (store/log.h), so whatever points there still does: signals and cases of the state,
 * messages that wait in mailboxes, and who walks the log to tell who did and saw what. Stepping a CARRY does nothing.
 *
 * Bounded: it is done only where what is needed takes at most a twentieth of what can be let go, and that is
 * VDR_CARRY_BYTES at least; a few records a turn. A part that is dense ends it; what is before that part goes.
 *
 * Durable: the records that carry are durable before anything may be cut. After a crash what is carried is known by
 * the store's index and not carried again; the rest waits for the next erasure run. A carrier that lies in a stretch
 * that is to go is carried on like the record that it carries; one that nobody needs is cut with the rest.
 *
 * Thread: the engine's. */
#ifndef VDR_BROKER_CARRY_CARRY_H
#define VDR_BROKER_CARRY_CARRY_H

#include "broker/engine/engine.h"

#define VDR_CARRY_BYTES (UINT64_C(16) << 20)

typedef struct vdr_carry vdr_carry;

vdr_carry *vdr_carry_new(vdr_engine *engine); /* when log and door are there; does nothing without a door */
void vdr_carry_free(vdr_carry **carry_p);     /* NULL-safe */

void vdr_carry_want(vdr_carry *carry);       /* soon: an erasure run is over */
void vdr_carry_turn(vdr_carry *carry);       /* a slice, or the next step */
bool vdr_carry_idle(const vdr_carry *carry); /* nothing to push in a next turn */

/* What of the log before this is needed is carried, and durable; 0: not known. */
vdr_position vdr_carry_through(const vdr_carry *carry);

#endif
