/* broker/core/foresee.h - hints what the steps of commands will look at, so that memory far away is on its way
 * before it is asked for. Nothing is changed. Core only. Thread: one. */
#ifndef VDR_CORE_FORESEE_H
#define VDR_CORE_FORESEE_H

#include "broker/core/state.h"

/* What vdr_core_foresee says; of signals and acts that are of the right shape. */
void vdr_foresee(const vdr_state *state, const vdr_command *const *commands, size_t count);

/* One that was not foreseen, as far as that helps when it is stepped at once: the lines of the indexes; then, when
 * something else was done meanwhile, the members that they name. */
void vdr_foresee_lines(const vdr_state *state, const vdr_command *command);
void vdr_foresee_members(const vdr_state *state, const vdr_command *command);

#endif
