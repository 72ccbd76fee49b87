/* broker/core/assign.h - which regisseur gets a case: Assign, Retry and the accept timer of section 8.
 * Core only. Thread: one. */
#ifndef VDR_CORE_ASSIGN_H
#define VDR_CORE_ASSIGN_H

#include "broker/core/state.h"

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
