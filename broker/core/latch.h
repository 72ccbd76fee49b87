/* broker/core/latch.h - what a household has been told of already: a watch or coordinate rule speaks once
 * while it holds (section 7). Core only. Thread: one. */
#ifndef VDR_CORE_LATCH_H
#define VDR_CORE_LATCH_H

#include "broker/core/state.h"

bool vdr_latch_is_set(const vdr_state *state, vdr_slot household, vdr_slot rule_record);
void vdr_latch_set(vdr_state *state, vdr_slot household, vdr_slot rule_record);
/* Section 7 step 2: those whose rule does not hold at t are lost, and those whose rule is gone or changed. */
void vdr_latches_lose(vdr_state *state, vdr_slot household, vdr_ms t);
void vdr_latches_drop(vdr_state *state, vdr_slot household);
void vdr_latches_join(vdr_state *state, vdr_slot from, vdr_slot into); /* merge: into has both's */

#endif
