#include "broker/core/latch.h"

#include "broker/core/rules.h"

static const vdr_latch *
latch_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->latches, slot);
}

bool
vdr_latch_is_set(const vdr_state *state, vdr_slot household, vdr_slot rule_record)
{
    vdr_slot slot = vdr_household_at(state, household)->latches;
    while (slot != 0 && latch_at(state, slot)->rule != rule_record)
        slot = latch_at(state, slot)->next;
    return slot != 0;
}

void
vdr_latch_set(vdr_state *state, vdr_slot household, vdr_slot rule_record)
{
    VDR_ASSERT(!vdr_latch_is_set(state, household, rule_record));
    vdr_slot slot = vdr_slab_take(&state->latches);
    vdr_household *of = vdr_household_edit(state, household);
    *(vdr_latch *)vdr_slab_edit(&state->latches, slot) =
        (vdr_latch){.rule = rule_record, .next = of->latches};
    of->latches = slot;
}

static bool
holds(vdr_state *state, vdr_slot rule_record, vdr_slot household, vdr_ms t)
{
    const vdr_rule_record *record = vdr_slab_at(&state->rules, rule_record);
    if (!record->current)
        return false;
    size_t rule = 0;
    while (vdr_rule_record_of(state, rule) != rule_record) {
        rule++;
        VDR_ASSERT(rule < state->config->rule_count); /* a current rule is in the configuration */
    }
    return vdr_rule_holds(state, rule, household, t);
}

void
vdr_latches_lose(vdr_state *state, vdr_slot household, vdr_ms t)
{
    vdr_slot slot = vdr_household_at(state, household)->latches, before = 0;
    while (slot != 0) {
        vdr_latch latch = *latch_at(state, slot);
        if (holds(state, latch.rule, household, t)) {
            before = slot;
        } else {
            if (before != 0)
                ((vdr_latch *)vdr_slab_edit(&state->latches, before))->next = latch.next;
            else
                vdr_household_edit(state, household)->latches = latch.next;
            vdr_slab_give(&state->latches, slot);
        }
        slot = latch.next;
    }
}

void
vdr_latches_drop(vdr_state *state, vdr_slot household)
{
    vdr_slot slot = vdr_household_at(state, household)->latches;
    if (slot == 0)
        return;
    vdr_household_edit(state, household)->latches = 0;
    while (slot != 0) {
        vdr_slot next = latch_at(state, slot)->next;
        vdr_slab_give(&state->latches, slot);
        slot = next;
    }
}

void
vdr_latches_join(vdr_state *state, vdr_slot from, vdr_slot into)
{
    for (vdr_slot slot = vdr_household_at(state, from)->latches; slot != 0;
         slot = latch_at(state, slot)->next)
        if (!vdr_latch_is_set(state, into, latch_at(state, slot)->rule))
            vdr_latch_set(state, into, latch_at(state, slot)->rule);
    vdr_latches_drop(state, from);
}
