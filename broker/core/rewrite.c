#include "broker/core/rewrite.h"

#include "broker/core/core_inside.h"
#include "broker/core/left_inside.h"
#include "broker/core/view.h"

static const vdr_rewrite *
rewrite_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->rewrites, slot);
}

uint32_t
vdr_rewrite_hash(const void *record)
{
    return vdr_index_hash_number(((const vdr_rewrite *)record)->signal);
}

static vdr_slot
find(const vdr_state *state, vdr_position signal)
{
    vdr_index_search search;
    if (state->rewrites.live == 0)
        return 0;
    vdr_slot slot = vdr_index_first(&state->rewrites_by_signal, vdr_index_hash_number(signal), &search);
    while (slot != 0 && rewrite_at(state, slot)->signal != signal)
        slot = vdr_index_next(&search);
    return slot;
}

const vdr_rewrite *
vdr_rewrite_of(const vdr_state *state, vdr_position signal)
{
    vdr_slot slot = find(state, signal);
    return slot != 0 ? rewrite_at(state, slot) : NULL;
}

void
vdr_rewrite_want(vdr_state *state, vdr_slot signal)
{
    vdr_position position = vdr_signal_at(state, signal)->position;
    vdr_slot slot = find(state, position);
    if (slot == 0) {
        slot = vdr_slab_take(&state->rewrites);
        vdr_rewrite *made = vdr_slab_edit(&state->rewrites, slot);
        made->signal = position;
        made->slot = signal;
        made->accepted_at = VDR_MS_NONE;
        vdr_index_put(&state->rewrites_by_signal, slot);
    }
    vdr_rewrite *wanted = vdr_slab_edit(&state->rewrites, slot);
    state->rewrites_wanted += wanted->wanted == 0;
    wanted->wanted = 1;
}

void
vdr_rewrite_gone(vdr_state *state, vdr_position signal)
{
    vdr_slot slot = find(state, signal);
    if (slot == 0)
        return;
    state->rewrites_wanted -= rewrite_at(state, slot)->wanted != 0;
    vdr_index_remove(&state->rewrites_by_signal, slot);
    vdr_slab_give(&state->rewrites, slot);
}

vdr_err
vdr_rewrite_step(vdr_state *state, const vdr_command *command)
{
    vdr_slot slot = find(state, command->number);
    if (slot == 0 || rewrite_at(state, slot)->wanted == 0)
        return VDR_E_NOT_FOUND;
    vdr_rewrite *done = vdr_slab_edit(&state->rewrites, slot);
    done->content = state->stepping;
    done->accepted_at = command->until;
    done->wanted = 0;
    state->rewrites_wanted--;
    vdr_left_content(state, done->slot);
    return VDR_E_ACCEPTED;
}

bool
vdr_view_rewrite(const vdr_core *core, vdr_cursor *cursor, vdr_rewrite_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = cursor->slot + 1;
    if (state->rewrites_wanted == 0)
        return false;
    while (slot < state->rewrites.next &&
           rewrite_at(state, slot)->wanted == 0) /* zero, too, where given back */
        slot++;
    if (slot >= state->rewrites.next)
        return false;
    const vdr_rewrite *wanted = rewrite_at(state, slot);
    cursor->slot = slot;
    *ret_view = (vdr_rewrite_view){.at = {wanted->slot},
                                   .signal = wanted->signal,
                                   .content = wanted->content != 0 ? wanted->content : wanted->signal,
                                   .accepted_at = wanted->accepted_at};
    return true;
}

const char *
vdr_rewrite_check(const vdr_state *state)
{
    uint32_t wanted = 0, found = 0;
    for (vdr_slot slot = 1; slot < state->rewrites.next; slot++)
        wanted += rewrite_at(state, slot)->wanted != 0;
    if (wanted != state->rewrites_wanted)
        return "the rewrites that are wanted are not as many as the state says";
    for (vdr_slot slot = 1; state->rewrites.live != 0 && slot < state->signals.next; slot++) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        const vdr_rewrite *of = signal->household != 0 ? vdr_rewrite_of(state, signal->position) : NULL;
        found += of != NULL && of->slot == slot;
    }
    return found == state->rewrites.live ? NULL : "a rewrite is of a signal that is gone";
}
