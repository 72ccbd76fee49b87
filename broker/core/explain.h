/* broker/core/explain.h - why is this household where it is, and what is missing?
 *
 * Every verdict here is given by the functions that decide (rules.h, propose.h, assign.h); what is added is
 * which signals they counted, what they left out and why, and the numbers. Values come from windows (window.h),
 * which rules of large households are answered by, too.
 *
 * To be asked on trial (trial.h) only: an assigned case is put back to be assigned again, as if nobody had it;
 * the end of the trial makes that undone. Trial and vdr_trial_pass let it be asked of a later time, too.
 *
 * Bounded: the VDR_EXPLAIN_SIGNALS_MAX newest signals are listed; TOO_BIG for a household with more signals
 * than max. Thread: the core's. Memory: spans point into the core and the arena, until the trial ends. */
#ifndef VDR_CORE_EXPLAIN_H
#define VDR_CORE_EXPLAIN_H

#include "broker/core/view.h"
#include "proto/arena.h"
#include "proto/explain.h"

#define VDR_EXPLAIN_SIGNALS_MAX 200u
#define VDR_EXPLAIN_GROUPS_MAX  32u /* of a rule with within_same */
#define VDR_EXPLAIN_TEXT_BYTES  1000u

/* What is asked about: one of the four. */
typedef struct vdr_explain_ask {
    vdr_household_id household;  /* number 0: not this */
    vdr_case_id case_id;         /* the same */
    vdr_at signal;               /* of vdr_view_signal; 0: not this */
    vdr_signal_name signal_name; /* id absent: not this. The newest of that id; source absent: of any agency.
                                  * Looks at every signal there is: for a core that nobody waits for */
    vdr_span rule;               /* this rule only; absent: all */
    uint32_t signals_max;        /* of the household; 0: any number, which takes as long as it takes */
} vdr_explain_ask;

/* NOT_FOUND: no such household, case or rule. TOO_BIG: more signals than signals_max. NO_MEMORY: the arena. */
VDR_MUST_CHECK vdr_err vdr_explain(vdr_core *core, const vdr_explain_ask *ask, vdr_arena *arena,
                                   vdr_explanation *ret_explanation);

#endif
