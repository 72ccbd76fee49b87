/* broker/core/control_inside.h - what the core itself does with proposals, versions and pauses. Core only.
 *
 * Thread: the core's. Errors: judge alone gives one; what follows an ACCEPTED cannot fail. */
#ifndef VDR_CORE_CONTROL_INSIDE_H
#define VDR_CORE_CONTROL_INSIDE_H

#include "broker/core/control.h"
#include "broker/core/state.h"

vdr_err vdr_control_judge(const vdr_state *state, const vdr_command *command, const char **ret_words);
/* What a command does that was judged ACCEPTED. The configuration itself is not its part. */
void vdr_control_propose(vdr_state *state, const vdr_command *command);
void vdr_control_decide(vdr_state *state, const vdr_command *command);
void vdr_control_resume(vdr_state *state, const vdr_command *command);
void vdr_control_revoke(vdr_state *state, const vdr_command *command); /* of a key */
/* A configuration that is not in force yet comes into force: a new version. Before state->config changes. */
void vdr_control_activate(vdr_state *state, const vdr_command *command);

void vdr_pause_begin(vdr_state *state, const vdr_pause *pause); /* all but its timer is filled in */
void vdr_pause_end(vdr_state *state, vdr_slot slot);            /* by what is being stepped */
void vdr_pause_falls(vdr_state *state, vdr_slot slot, uint64_t order);
vdr_slot vdr_pause_find(const vdr_state *state, uint32_t kind, vdr_name subject); /* that holds; 0: none */

/* A case that the version in force opens, and one that leaves. */
uint32_t vdr_version_case_opens(vdr_state *state);
void vdr_version_case_leaves(vdr_state *state, uint32_t version);

/* As vdr_core_check. */
const char *vdr_control_check(const vdr_state *state);

#endif
