/* broker/core/right.h - what residents ask, and what stands about them: requests of erasure, legal holds,
 * objections, restrictions and requests of rectification (protocol.md 5.10). Core only.
 *
 * Each is a record with a number of its own. While it stands it is found by what it is about; afterwards it is kept,
 * without a name in it, for as long as an ended case is. An objection or restriction marks the signals that it
 * is about (VDR_SIGNAL_HELD, VDR_SIGNAL_RESTRICTED), so that rules ask nothing more than before.
 *
 * Cost: nothing while there is none; then a look-up or two for a signal, and for a household that is acted on one
 * look at each of its signals.
 * Thread: one. */
#ifndef VDR_CORE_RIGHT_H
#define VDR_CORE_RIGHT_H

#include "broker/core/state.h"
#include "proto/right.h"

#define VDR_RIGHT_TERM_MS  (INT64_C(30) * 24 * 60 * 60 * 1000) /* a month, where no other term is said */
#define VDR_RIGHT_AHEAD_MS (INT64_C(7) * 24 * 60 * 60 * 1000)  /* before its end officers are reminded */

/* What it is about: a household by number, one of its signals by position, or a person, wherever that one is. */
typedef struct vdr_right_about {
    uint64_t household;      /* of a signal, too: where the signal is now; 0: of a person */
    vdr_position signal;     /* 0: the whole household */
    const vdr_key16 *person; /* NULL: of nobody alone */
} vdr_right_about;

uint32_t vdr_right_hash(const void *record);

/* The one of that kind that stands; 0: none. */
vdr_slot vdr_right_find(const vdr_state *state, vdr_right_kind kind, vdr_right_about about);
vdr_right_about vdr_right_about_household(const vdr_state *state, vdr_slot household);
vdr_right_about vdr_right_about_signal(const vdr_state *state, vdr_slot signal);
vdr_right_about vdr_right_about_person(const vdr_key16 *person);
static inline const vdr_right *
vdr_right_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->rights, slot);
}

/* Begins; due VDR_MS_NONE: without a term. What it does to signals is done. */
vdr_slot vdr_right_begin(vdr_state *state, vdr_right_kind kind, vdr_right_about about, vdr_ms due,
                         vdr_name author, vdr_party_kind author_kind);
/* Ends it; what it did to signals is undone. */
void vdr_right_end(vdr_state *state, vdr_slot slot, vdr_right_state as);
/* Tells officers, with the household and the word of its kind. */
void vdr_right_tell(vdr_state *state, vdr_slot slot, vdr_message_kind kind);
void vdr_right_falls(vdr_state *state, vdr_slot slot, uint64_t order); /* its timer */

/* Does a legal hold keep what is of this household? */
bool vdr_right_keeps(const vdr_state *state, vdr_slot household);
/* A term of it, or of the household itself, went by while that is so. */
void vdr_right_keeps_household(vdr_state *state, vdr_slot household);

/* A signal that came into its household, before rules know it: is it held out, restricted? */
void vdr_right_mark(vdr_state *state, vdr_slot signal);
/* The same of all signals of a household, and rules are told. */
void vdr_right_mark_all(vdr_state *state, vdr_slot household);
/* Retract looks as if nothing were held out: it lifts, and puts back. False: nothing was. */
bool vdr_right_lift(vdr_state *state, vdr_slot household);
void vdr_right_put_back(vdr_state *state, vdr_slot household);

/* Its open case ended: what was asked of it is done when the line or timer ends. */
void vdr_right_touch(vdr_state *state, vdr_slot household);
void vdr_right_settle(vdr_state *state);
/* The case is with another regisseur: is it asked to be erased, they hear of it. */
void vdr_right_tell_holder(vdr_state *state, vdr_slot case_slot);

/* Households and signals that become others. Merge: before the signals move. Split and move: into has part of
 * from; a move takes along what stands about the household, for the signals that move and are named. */
void vdr_right_merge(vdr_state *state, vdr_slot from, vdr_slot into);
void vdr_right_split(vdr_state *state, vdr_slot from, vdr_slot into);
void vdr_right_move(vdr_state *state, vdr_slot from, vdr_slot into, bool with_cases);
void vdr_right_signal_moves(vdr_state *state, vdr_slot signal); /* a person takes it along: before */
void vdr_right_signal_moved(vdr_state *state, vdr_slot signal); /* whoever moved it; before rules know */
void vdr_right_signal_moved(vdr_state *state, vdr_slot signal); /* after, and before rules know it */
void vdr_right_household_gone(vdr_state *state, vdr_slot household);
void vdr_right_person_gone(vdr_state *state, vdr_slot member); /* nothing is of that person any more */
void vdr_right_signal_gone(vdr_state *state, vdr_slot signal);
void vdr_right_signal_withdrawn(vdr_state *state, vdr_slot signal); /* what was to be rectified is */

/* Has it the marks that it should have? */
bool vdr_right_marked(const vdr_state *state, vdr_slot signal);
/* As vdr_core_check. */
const char *vdr_right_check(const vdr_state *state);

#endif
