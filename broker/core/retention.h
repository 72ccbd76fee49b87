/* broker/core/retention.h - what leaves the state, by timers or by erasure (section 10). Leaving prints nothing.
 * Core only. Thread: one. */
#ifndef VDR_CORE_RETENTION_H
#define VDR_CORE_RETENTION_H

#include "broker/core/state.h"

/* Timers; each does nothing where order is not the one that its target waits for. */
void vdr_signal_leaves(vdr_state *state, vdr_slot signal, uint64_t order);
void vdr_case_leaves(vdr_state *state, vdr_slot case_slot, uint64_t order);
void vdr_household_leaves(vdr_state *state, vdr_slot household, uint64_t order);
void vdr_act_forgotten(vdr_state *state, vdr_slot act, uint64_t order);

/* A legal hold was lifted: what is past its term leaves now. leaves: the household itself would have. */
void vdr_household_release(vdr_state *state, vdr_slot household, bool leaves);

/* Everything of a household without an open case leaves at once, and the household. */
void vdr_household_erase(vdr_state *state, vdr_slot household);
/* A person leaves the household and these signals, which are all that name them; one that names nobody else leaves. */
void vdr_person_erase(vdr_state *state, vdr_slot member, const vdr_slots *signals);
/* What a proof says has left, if it is in the state: leaves, whatever its case. Prints nothing. */
void vdr_erase_again(vdr_state *state, const vdr_command_left *left);

#endif
