#include "broker/core/trial.h"

#include "broker/core/case.h"
#include "broker/core/core_inside.h"
#include "broker/core/household.h"
#include "broker/core/rekey.h"
#include "broker/core/rules.h"
#include "broker/core/signal.h"
#include "broker/core/waiting.h"

#include <stddef.h>
#include <stdlib.h>

/* Counters and roots, from the first to what follows the last (state.h). */
#define ROOTS_FROM  offsetof(vdr_state, now)
#define ROOTS_BYTES (offsetof(vdr_state, config) - ROOTS_FROM)

struct vdr_trial {
    vdr_slab_counts slabs[VDR_STATE_SLABS];
    uint8_t roots[ROOTS_BYTES];
    vdr_rulebook *rulebook; /* with the windows as they stood */
    vdr_waiting *waiting;
    uint64_t looks;
    vdr_position stepping;
};

vdr_trial *
vdr_trial_begin(vdr_core *core)
{
    vdr_state *state = &core->state;
    VDR_ASSERT(!core->loading && state->config != NULL);
    vdr_trial *trial = vdr_alloc(1, sizeof *trial);
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++)
        vdr_slab_trial_begin(vdr_state_slab(state, i), &trial->slabs[i]);
    memcpy(trial->roots, (const uint8_t *)state + ROOTS_FROM, ROOTS_BYTES);
    trial->stepping = state->stepping;
    trial->rulebook = state->rulebook;
    state->rulebook = NULL;
    vdr_rulebook_bind(state);
    trial->waiting = state->waiting;
    trial->looks = state->looks;
    state->waiting = vdr_waiting_copy(trial->waiting);
    return trial;
}

void
vdr_trial_end(vdr_core *core, vdr_trial **trial_p)
{
    vdr_state *state = &core->state;
    vdr_trial *trial = *trial_p;
    if (trial == NULL)
        return;
    vdr_rulebook_free(&state->rulebook);
    state->rulebook = trial->rulebook;
    vdr_waiting_free(&state->waiting);
    state->waiting = trial->waiting;
    state->looks = trial->looks;
    state->stepping = trial->stepping;
    memcpy((uint8_t *)state + ROOTS_FROM, trial->roots, ROOTS_BYTES);
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++)
        vdr_slab_trial_end(vdr_state_slab(state, i), &trial->slabs[i]);
    free(trial);
    *trial_p = NULL;
}

static bool
is_small(const vdr_state *state, vdr_slot household)
{
    return household == 0 || vdr_household_at(state, household)->signal_count <= VDR_TRIAL_SIGNALS_MAX;
}

static bool
member_is_small(const vdr_state *state, const vdr_command *command, bool is_address, size_t i)
{
    vdr_slot member = vdr_rekey_member_find(state, command, is_address, i);
    return member == 0 || is_small(state, vdr_member_at(state, member)->household);
}

bool
vdr_trial_bears(const vdr_core *core, const vdr_command *command)
{
    const vdr_state *state = &core->state;
    if (command->shape != VDR_OK)
        return true;
    bool small = is_small(state, vdr_household_find(state, command->household)) &&
                 is_small(state, vdr_household_find(state, command->into)) &&
                 is_small(state, vdr_household_find(state, command->from));
    vdr_slot of = vdr_case_find(state, command->case_id);
    small = small && (of == 0 || is_small(state, vdr_case_at(state, of)->household));
    for (size_t i = 0; i < command->person_count && small; i++)
        small = member_is_small(state, command, false, i);
    for (size_t i = 0; i < command->address_count && small; i++)
        small = member_is_small(state, command, true, i);
    vdr_index_search search;
    if (command->signal.id.at != NULL)
        for (vdr_slot slot = vdr_signal_first(state, &command->signal, &search); slot != 0 && small;
             slot = vdr_signal_next(state, &command->signal, &search))
            small = is_small(state, vdr_signal_at(state, slot)->household);
    return small;
}

static uint64_t
changed_bytes(const vdr_state *state)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++)
        bytes += vdr_slab_undo_bytes(vdr_state_slab_at(state, i));
    return bytes;
}

bool
vdr_trial_soon(const vdr_core *core, vdr_ms at)
{
    return vdr_timers_due(&core->state.timers, at, VDR_TRIAL_SOON + 1) <= VDR_TRIAL_SOON;
}

bool
vdr_trial_pass(vdr_core *core, vdr_ms at)
{
    const vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = at, .timers_max = VDR_TRIAL_SOON};
    const vdr_state *state = &core->state;
    for (uint32_t parts = 0; state->now < at || vdr_core_next_due(core) <= at; parts++) {
        if (parts == VDR_TRIAL_PARTS_MAX || changed_bytes(state) > VDR_TRIAL_BYTES_MAX)
            return false;
        vdr_step step;
        vdr_core_step(core, &tick, state->position + 1, &step);
    }
    return true;
}
