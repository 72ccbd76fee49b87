/* broker/core/merge.h - people move people: merge, split and move of section 9. None of them evaluates a rule or
 * sends a review. Core only. Thread: one. */
#ifndef VDR_CORE_MERGE_H
#define VDR_CORE_MERGE_H

#include "broker/core/state.h"

/* Everything of from goes to into, and from is gone. */
void vdr_household_merge(vdr_state *state, vdr_slot into, vdr_slot from);

/* These members of the household, all of it, leave for a new one. */
void vdr_household_split(vdr_state *state, vdr_slot household, const vdr_slots *members);

/* A person of a household leaves for another, or for a new one. to: an address that is of another household or of
 * none (0: not known at all), or an excluded one. to_key: the address's key, for one that is not known. */
void vdr_person_move(vdr_state *state, vdr_slot person, vdr_slot to, const vdr_key16 *to_key, bool excluded);

#endif
