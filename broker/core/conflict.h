/* broker/core/conflict.h - conflicts of interest: regisseurs who may not have to do with a household
 * (protocol.md 5.10). Core only.
 *
 * A conflict is of a household's number, or of a person's pseudonym, whether anything is known of that person or
 * not: then it holds for whatever household the person is of. Assign knows it (waiting.c); what joins persons,
 * households and cases says which households it touched, and at the end of each line and timer a case that is
 * with somebody whom a conflict binds is taken back.
 *
 * Cost: nothing while there is no conflict; then a look-up for each person of a household that is assigned.
 * Thread: one. */
#ifndef VDR_CORE_CONFLICT_H
#define VDR_CORE_CONFLICT_H

#include "broker/core/state.h"

uint32_t vdr_conflict_hash(const void *record);

/* person NULL: of the household of this number. 0: there is none. */
vdr_slot vdr_conflict_find(const vdr_state *state, vdr_name regisseur, const vdr_key16 *person,
                           uint64_t household);
/* Does the one of a person that was declared at this position stand? */
bool vdr_conflict_declared_at(const vdr_state *state, const vdr_key16 *person, vdr_position position);
/* Declared, and lifted. */
void vdr_conflict_put(vdr_state *state, vdr_name regisseur, const vdr_key16 *person, uint64_t household,
                      vdr_position position);
void vdr_conflict_drop(vdr_state *state, vdr_slot conflict);

/* May this regisseur not have to do with this household? */
bool vdr_conflict_binds(const vdr_state *state, vdr_name regisseur, vdr_slot household);
/* Takes the bits of those out who may not; a bit for each place in town.yaml. */
void vdr_conflict_mask(const vdr_state *state, vdr_slot household, uint64_t *bits);

/* Who has to do with the household may have changed: it is looked at when the line or timer ends. */
void vdr_conflict_touch(vdr_state *state, vdr_slot household);
/* The same, if this person is in somebody's conflict; before a person parts or after one joins. */
void vdr_conflict_touch_of(vdr_state *state, vdr_slot member);
/* At the end of a line or timer: cases that are with somebody bound are taken back and assigned. */
void vdr_conflict_settle(vdr_state *state);

/* What binds for household from binds for into as well: it was split off, takes its cases or takes its place. */
void vdr_conflict_follow(vdr_state *state, vdr_slot from, vdr_slot into);
void vdr_conflict_household_gone(vdr_state *state, vdr_slot household);

/* As vdr_core_check. */
const char *vdr_conflict_check(const vdr_state *state);

#endif
