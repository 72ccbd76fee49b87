/* broker/core/case.h - cases: their states, holders and signals (section 8). What decides is elsewhere
 * (assign.h, route.h, acts); here a case is only changed, so that every change keeps lists, loads and counts.
 *
 * Core only. Thread: one. */
#ifndef VDR_CORE_CASE_H
#define VDR_CORE_CASE_H

#include "broker/core/rules.h"
#include "broker/core/state.h"

vdr_slot vdr_case_find(const vdr_state *state, vdr_case_id id); /* 0: none */
/* An unassigned case of a household that has no open one; number = 1 + the highest used. */
vdr_slot vdr_case_new(vdr_state *state, vdr_slot household, vdr_priority priority);
void vdr_case_add_rule(vdr_state *state, vdr_slot case_slot, vdr_name rule);
void vdr_case_add_purpose(vdr_state *state, vdr_slot case_slot, vdr_name purpose); /* each once */
/* May a signal with this purpose be in it: does it go with every purpose that its rules name (section 7)? */
bool vdr_case_may_take(const vdr_state *state, vdr_slot case_slot, vdr_name purpose);

/* To another open state. regisseur: who holds it from now on; 0 for unassigned. Ends a standing offer to accept
 * or to hand over. */
void vdr_case_hold(vdr_state *state, vdr_slot case_slot, vdr_case_state to, vdr_name regisseur);
/* To a state that is no open one: releases its signals, which are appended to ret_signals in log order (NULL:
 * not wanted), and sets its leaving (section 10). Keeps its regisseur. */
void vdr_case_end(vdr_state *state, vdr_slot case_slot, vdr_case_state to, vdr_slots *ret_signals);
/* Takes an ended case out of the state. */
void vdr_case_remove(vdr_state *state, vdr_slot case_slot);

/* Writes a line of section 11 for it as it is now. */
void vdr_case_line(vdr_state *state, vdr_slot case_slot, vdr_change change);

/* The signal is in the case from now on; near as in vdr_household_put_signal. True: no other signal of its
 * agency is. */
bool vdr_case_take(vdr_state *state, vdr_slot case_slot, vdr_slot signal, vdr_slot near);
void vdr_case_release(vdr_state *state, vdr_slot signal); /* out of its case, which stays open */
/* A signal comes to a case that is open already: it is taken, and who must know is told (section 7). */
void vdr_case_attach(vdr_state *state, vdr_slot case_slot, vdr_slot signal, vdr_slot near);
/* The priority goes up: the change, its message, the accept clock (section 8). */
void vdr_case_raise(vdr_state *state, vdr_slot case_slot, vdr_priority priority);
/* Starts the clock of an offer at t + accept[priority]. */
void vdr_case_start_clock(vdr_state *state, vdr_slot case_slot);

/* Its regisseur, or every coordinator where it is unassigned. */
void vdr_case_tell_holder(vdr_state *state, vdr_slot case_slot, const vdr_effect *message);
void vdr_case_tell_regisseur(vdr_state *state, vdr_slot case_slot, vdr_message_kind kind);
/* Agencies with sees_match and a signal in it: places in the town's agencies, ascending. */
void vdr_case_agencies(const vdr_state *state, vdr_slot case_slot, vdr_slots *ret_places);
/* regisseur_known to those. */
void vdr_case_tell_agencies(vdr_state *state, vdr_slot case_slot);

/* How many distinct domains of its signals a list of names has. */
size_t vdr_case_domains_in(const vdr_state *state, vdr_slot case_slot, const vdr_name *names, size_t count);

bool vdr_list_has(const vdr_state *state, vdr_slot list, vdr_name name);
void vdr_list_add(vdr_state *state, vdr_slot *list, vdr_name name); /* at the end */

#endif
