/* broker/core/keys_inside.h - what the core itself does with keys of parties. Core only.
 *
 * Thread: the core's. Errors: the judges alone give some; what follows an ACCEPTED cannot fail. */
#ifndef VDR_CORE_KEYS_INSIDE_H
#define VDR_CORE_KEYS_INSIDE_H

#include "broker/core/keys.h"
#include "broker/core/state.h"

vdr_err vdr_key_judge(const vdr_state *state, const vdr_command *command, const char **ret_words);
vdr_err vdr_key_judge_approval(const vdr_state *state, vdr_ms at, vdr_slot key, const char **ret_words);
vdr_err vdr_key_judge_revoke(const vdr_state *state, const vdr_command *command, const char **ret_words);

/* A PROPOSE that was judged: its record, which is proposed; one use more of reason. */
vdr_slot vdr_key_put(vdr_state *state, const vdr_command *command, vdr_slot reason);
void vdr_key_is_proposed(vdr_state *state, vdr_slot key, uint32_t proposal);
void vdr_key_begin(vdr_state *state, vdr_slot key, vdr_span approver); /* it holds, and the one before ends */
void vdr_key_refuse(vdr_state *state, vdr_slot key, const vdr_command *decide);
/* Returns the proposal that falls with it; 0: none. */
uint32_t vdr_key_revoke(vdr_state *state, const vdr_command *command);
void vdr_key_falls(vdr_state *state, vdr_slot key, uint64_t order);

vdr_span vdr_key_party(const vdr_state *state, vdr_slot key);
void vdr_keys_use(const vdr_state *state, uint32_t *uses); /* of documents, by their slots */
const char *vdr_keys_check(const vdr_state *state);        /* as vdr_core_check */

#endif
