/* broker/core/route.h - what an accepted signal does (section 7, step 4), proposals, and the regular way with
 * its follow-ups. Core only. Thread: one. */
#ifndef VDR_CORE_ROUTE_H
#define VDR_CORE_ROUTE_H

#include "broker/core/rules.h"
#include "broker/core/state.h"

/* Step 4 for a signal that is in its household already. ret_case: where it was attached; else 0. */
vdr_outcome vdr_route(vdr_state *state, vdr_slot signal, vdr_slot *ret_case);

/* Signals that a case released go to their services as when dismissed (section 9), in the order given. */
void vdr_route_to_services(vdr_state *state, const vdr_slots *signals);

/* The follow-up timer of section 8. */
void vdr_route_follow_up_falls(vdr_state *state, vdr_slot signal, uint64_t order);
/* The signal is no longer overdue: feedback, withdrawn, left. */
void vdr_overdue_end(vdr_state *state, vdr_slot signal);

/* The signal is withdrawn or superseded: no longer live, out of its case, which is returned (0: none). */
vdr_slot vdr_signal_withdraw(vdr_state *state, vdr_slot signal);
/* Retract of section 8, for the case that a withdrawn signal left. */
void vdr_route_retract(vdr_state *state, vdr_slot case_slot, vdr_slot signal);

#endif
