/* broker/core/propose.h - a case out of the rules that a signal made hold (section 7 step 4; section 8, the
 * follow-up timer). Core only. Thread: one. */
#ifndef VDR_CORE_PROPOSE_H
#define VDR_CORE_PROPOSE_H

#include "broker/core/state.h"

/* Proposes a case for the signal's household, which has no open one, and assigns it; overdue_only: by the case
 * rules with overdue in at_least alone. False: no rule, nothing changed. */
bool vdr_propose(vdr_state *state, vdr_slot signal, bool overdue_only);

#endif
