/* broker/core/waiting.h - unassigned cases by what they wait for: a regisseur with room who has not refused them.
 *
 * A tree over them in the order in which Retry tries them (section 8: priority, then number). Each branch knows
 * who has not refused some case below it and is not in conflict with it (conflict.h), so that the first case that somebody can take is found by one way
 * down, however many wait that nobody can. Regisseurs are named by their place in town.yaml, a bit each.
 *
 * Derived state: made again when a configuration is bound, never in an image. Core only. Thread: one. */
#ifndef VDR_CORE_WAITING_H
#define VDR_CORE_WAITING_H

#include "broker/core/state.h"

/* Anew from the list of the unassigned; the town is bound. */
void vdr_waiting_bind(vdr_state *state);
vdr_waiting *vdr_waiting_copy(const vdr_waiting *waiting); /* to change and throw away */
void vdr_waiting_free(vdr_waiting **waiting_p);            /* NULL-safe */
uint64_t vdr_waiting_bytes(const vdr_waiting *waiting);

/* A case becomes unassigned, or ceases to be. Between the two its priority and who refused it stand still. */
void vdr_waiting_put(vdr_state *state, vdr_slot case_slot);
void vdr_waiting_cut(vdr_state *state, vdr_slot case_slot);

/* Bits of those who have not refused it; good until the next put or cut. */
const uint64_t *vdr_waiting_open(const vdr_state *state, vdr_slot case_slot);
/* Bits of those who have not refused some case that waits, to be narrowed by the caller to those with room.
 * The caller frees them. */
uint64_t *vdr_waiting_wanted(const vdr_state *state);
/* The first case that one of these has not refused; 0: none. */
vdr_slot vdr_waiting_first(vdr_state *state, const uint64_t *takers);
/* The waiting case with the highest number below this one; 0: none. */
vdr_slot vdr_waiting_before(vdr_state *state, uint64_t number);

/* Is it what the list of the unassigned gives? NULL: yes. Walks everything. */
const char *vdr_waiting_check(const vdr_state *state);

static inline bool
vdr_waiting_bit(const uint64_t *bits, size_t place)
{
    return (bits[place / 64] >> (place % 64) & 1) != 0;
}

#endif
