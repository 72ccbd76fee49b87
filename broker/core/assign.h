/* broker/core/assign.h - which regisseur gets a case: Assign, Retry and the accept timer of section 8.
 * Core only. Thread: one. */
#ifndef VDR_CORE_ASSIGN_H
#define VDR_CORE_ASSIGN_H

#include "broker/core/state.h"
#include "proto/explain.h"

/* Whom Assign would take for an unassigned case now, and in which of its steps: place in town.yaml;
 * VDR_TOWN_NONE (town.h): nobody. */
uint32_t vdr_assign_choose(vdr_state *state, vdr_slot case_slot, vdr_assign_step *ret_step);
/* What Assign knows of a regisseur when it looks at a case. */
typedef struct vdr_assign_view {
    bool refused, conflict, absent, full, in_district;
    uint32_t load;
    size_t known; /* domains of the case's signals in their expertise */
} vdr_assign_view;
void vdr_assign_look(const vdr_state *state, vdr_slot case_slot, uint32_t place, vdr_assign_view *ret_view);
/* Why b goes before a within a step: VDR_WHY_LOAD, _EXPERTISE or _ID. */
vdr_why vdr_assign_behind(const vdr_state *state, vdr_slot case_slot, uint32_t a, uint32_t b);

/* Assigns an unassigned case, or says that nobody was found and sets the retry timer. */
void vdr_assign(vdr_state *state, vdr_slot case_slot);
/* Offers it to that regisseur: state, line with this change, clock. before: who had it and is told that it is
 * taken back; 0: nobody. */
void vdr_assign_offer(vdr_state *state, vdr_slot case_slot, vdr_name regisseur, vdr_change change,
                      vdr_name before);
/* The regisseur declined the offer or let it pass: refused list, and the state and line that go with it. */
void vdr_assign_refuse(vdr_state *state, vdr_slot case_slot, vdr_change change);

/* Assigns all unassigned cases again, quietly. */
void vdr_assign_retry(vdr_state *state);

/* Timers. */
void vdr_assign_offer_expires(vdr_state *state, vdr_slot case_slot, uint64_t order);
void vdr_assign_retry_falls(vdr_state *state, uint64_t order);

#endif
