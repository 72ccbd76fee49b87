/* broker/core/load.h - who holds which open case: the lists of the regisseurs and that of the unassigned, loads,
 * and which of them a line or timer lowered (section 8, Retry). Core only. Thread: one. */
#ifndef VDR_CORE_LOAD_H
#define VDR_CORE_LOAD_H

#include "broker/core/state.h"

/* An open case comes into the list that its state and regisseur say, by number; and out of it. */
void vdr_load_put(vdr_state *state, vdr_slot case_slot);
void vdr_load_cut(vdr_state *state, vdr_slot case_slot);
/* An offered case becomes active with who has it: it stays where it is. */
void vdr_load_accept(vdr_state *state);

/* From here on loads are compared with what they are now. */
void vdr_load_mark(vdr_state *state);
/* Has some regisseur less than at the mark? */
bool vdr_load_fell(const vdr_state *state);

const vdr_regisseur *vdr_regisseur_of(const vdr_state *state,
                                      vdr_name name); /* one that ever was in the town */

#endif
