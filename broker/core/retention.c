#include "broker/core/retention.h"

#include "broker/core/case.h"
#include "broker/core/household.h"
#include "broker/core/names.h"
#include "broker/core/route.h"
#include "broker/core/rules.h"

static void
namings_free(vdr_state *state, vdr_slot signal)
{
    vdr_slot slot = vdr_signal_at(state, signal)->names;
    while (slot != 0) {
        vdr_naming naming = *vdr_naming_at(state, slot);
        vdr_member_drop(state, naming.member, signal);
        if (naming.role != 0)
            vdr_name_drop(state, naming.role);
        vdr_slab_give(&state->namings, slot);
        slot = naming.next;
    }
}

static void
signal_remove(vdr_state *state, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    vdr_rules_signal_removed(state, signal->household, slot);
    if (signal->in_case != 0)
        vdr_case_release(state, slot);
    vdr_overdue_end(state, slot);
    vdr_household_cut_signal(state, slot);
    namings_free(state, slot);
    if (vdr_signal_rest_at(state, slot)->address != 0)
        vdr_member_drop(state, vdr_signal_rest_at(state, slot)->address, slot);
    vdr_text_drop(&state->texts, signal->id);
    vdr_index_remove(&state->signals_by_id, slot);
    vdr_slab_give(&state->signals, slot);
    vdr_slab_give(&state->signal_rests, slot);
}

static void
leave_if_empty(vdr_state *state, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    if (household->signal_count == 0 && household->cases == 0)
        vdr_household_remove(state, slot);
}

void
vdr_signal_leaves(vdr_state *state, vdr_slot slot, uint64_t order)
{
    if (vdr_signal_rest_at(state, slot)->order != order)
        return;
    vdr_slot household = vdr_signal_at(state, slot)->household;
    signal_remove(state, slot);
    leave_if_empty(state, household);
}

void
vdr_case_leaves(vdr_state *state, vdr_slot slot, uint64_t order)
{
    const vdr_case *of = vdr_case_at(state, slot);
    if (of->leave_order != order)
        return;
    vdr_slot household = of->household;
    vdr_case_remove(state, slot);
    leave_if_empty(state, household);
}

void
vdr_household_leaves(vdr_state *state, vdr_slot slot, uint64_t order)
{
    const vdr_household *household = vdr_household_at(state, slot);
    if (household->born_order != 0 && order > household->born_order) /* not of one that had the slot before */
        leave_if_empty(state, slot);
}

void
vdr_act_forgotten(vdr_state *state, vdr_slot slot, uint64_t order)
{
    const vdr_act_record *act = vdr_slab_at(&state->acts, slot);
    if (act->order != order)
        return;
    vdr_text_drop(&state->texts, act->id);
    vdr_index_remove(&state->acts_by_id, slot);
    vdr_slab_give(&state->acts, slot);
}

void
vdr_household_erase(vdr_state *state, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    VDR_ASSERT(household->open_case == 0);
    vdr_rules_household_gone(state, slot);
    while (household->signals_last != 0)
        signal_remove(state, household->signals_last);
    while (household->cases != 0)
        vdr_case_remove(state, household->cases);
    vdr_household_remove(state, slot);
}
