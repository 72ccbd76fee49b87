/* broker/core/left_inside.h - making tombstones, and taking them off (left.h). Core only. Thread: one. */
#ifndef VDR_CORE_LEFT_INSIDE_H
#define VDR_CORE_LEFT_INSIDE_H

#include "broker/core/left.h"
#include "broker/core/state.h"

/* Before it is taken out of the state. A signal's id goes over to its tombstone. */
void vdr_left_signal(vdr_state *state, vdr_slot signal, vdr_left_reason reason);
void vdr_left_content(vdr_state *state, vdr_slot signal); /* it stays, and its event lies elsewhere now */
void vdr_left_case(vdr_state *state, vdr_slot case_slot, vdr_left_reason reason);
void vdr_left_household(vdr_state *state, vdr_slot household, vdr_left_reason reason);
/* A proof tells those up to this order. One above the newest takes off none, and the next ones come after it. */
void vdr_left_told(vdr_state *state, uint64_t through);

/* Is the list whole, and are the counts right? NULL: yes. */
const char *vdr_left_check(const vdr_state *state);

#endif
