/* broker/core/household.h - households and who and what is of them: the identity of section 5.
 *
 * Core only. Thread: one. */
#ifndef VDR_CORE_HOUSEHOLD_H
#define VDR_CORE_HOUSEHOLD_H

#include "broker/core/rules.h"
#include "broker/core/state.h"

vdr_slot vdr_household_find(const vdr_state *state, vdr_household_id id); /* 0: none */
vdr_slot vdr_household_new(vdr_state *state);                             /* number = 1 + the highest used */
/* Takes it out of the state with its latches and reviews; persons and addresses are of no household then. It
 * must have no signals and no cases. */
void vdr_household_remove(vdr_state *state, vdr_slot household);
void vdr_household_set_district(vdr_state *state, vdr_slot household, vdr_span district);
void vdr_household_copy_district(vdr_state *state, vdr_slot to, vdr_slot from);
/* A command of section 9 left it: if it has neither signals nor cases it leaves later (section 10). */
void vdr_household_left_alone(vdr_state *state, vdr_slot household);

/* Its signals, in log order. near: one of its signals that stands close by, where several are put in order,
 * so that no walk is long; 0: the newest. */
void vdr_household_put_signal(vdr_state *state, vdr_slot household, vdr_slot signal, vdr_slot near);
void vdr_household_cut_signal(vdr_state *state, vdr_slot signal);
/* Its cases, newest number first. */
void vdr_household_put_case(vdr_state *state, vdr_slot household, vdr_slot case_slot);
void vdr_household_cut_case(vdr_state *state, vdr_slot case_slot);

/* Persons and addresses. */
uint32_t vdr_member_hash(const vdr_key16 *key); /* by which it is found */
vdr_slot vdr_member_find(const vdr_state *state, const vdr_key16 *key, bool is_address); /* 0: none */
vdr_slot vdr_member_make(vdr_state *state, const vdr_key16 *key, bool is_address);       /* found or made */
/* Every signal that names a person. Looks at those of the household; where these are not all, at every one. */
void vdr_member_signals(const vdr_state *state, vdr_slot member, vdr_slots *ret_signals);
void vdr_member_leave(vdr_state *state, vdr_slot member); /* for no other; it is gone if nothing names it */
void vdr_member_join(vdr_state *state, vdr_slot member, vdr_slot household); /* from none or another one */
/* Named by one signal more or less; a member that nobody names and that is of no household is gone. */
void vdr_member_use(vdr_state *state, vdr_slot member, vdr_slot signal);
void vdr_member_drop(vdr_state *state, vdr_slot member, vdr_slot signal);

/* The household of an accepted signal with these persons (each once, in the order given) and this address (0:
 * none), who join it where they are of none. Sends the reviews. */
vdr_slot vdr_household_identify(vdr_state *state, const vdr_slots *persons, vdr_slot address,
                                vdr_match *ret_match);

#endif
