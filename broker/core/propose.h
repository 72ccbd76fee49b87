/* broker/core/propose.h - a case out of the rules that a signal made hold (section 7 step 4; section 8, the
 * follow-up timer). Core only. Thread: one. */
#ifndef VDR_CORE_PROPOSE_H
#define VDR_CORE_PROPOSE_H

#include "broker/core/state.h"

/* What the household's last closed or dismissed case forbids at this time. */
typedef struct vdr_bar {
    vdr_position after;  /* a rule needs a signal in its support that stands behind this; 0: it does not */
    vdr_ms cooldown_end; /* before this only urgent rules do */
} vdr_bar;
vdr_bar vdr_propose_bar(const vdr_state *state, vdr_slot household);

/* Proposes a case for the signal's household, which has no open one, and assigns it; overdue_only: by the case
 * rules with overdue in at_least alone. False: no rule, nothing changed. */
bool vdr_propose(vdr_state *state, vdr_slot signal, bool overdue_only);

#endif
