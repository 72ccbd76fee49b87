#include "broker/core/explain_inside.h"

#include "broker/core/case.h"
#include "broker/core/household.h"

/* The newest, and the one asked about, in log order; none that is restricted. */
static void
list_signals(vdr_explaining *e)
{
    const vdr_state *state = e->state;
    vdr_slot slot = vdr_household_at(state, e->household)->signals_last;
    bool asked = e->asked == 0;
    while (slot != 0 && e->listed.count < VDR_EXPLAIN_SIGNALS_MAX - !asked) {
        asked = asked || slot == e->asked;
        if ((vdr_signal_at(state, slot)->flags & VDR_SIGNAL_RESTRICTED) == 0)
            vdr_slots_add(&e->listed, slot);
        slot = vdr_signal_at(state, slot)->before;
    }
    if (!asked)
        vdr_slots_add(&e->listed, e->asked);
    for (size_t i = 0, last = e->listed.count; i + 1 < last; i++) {
        slot = e->listed.at[i];
        e->listed.at[i] = e->listed.at[--last];
        e->listed.at[last] = slot;
    }
}

static vdr_err
tell_signals(vdr_explaining *e)
{
    const vdr_state *state = e->state;
    vdr_explained_signal *told =
        (vdr_explained_signal *)vdr_arena_alloc(e->arena, (e->listed.count + 1) * sizeof *told);
    if (told == NULL)
        return VDR_E_NO_MEMORY;
    for (size_t i = 0; i < e->listed.count; i++) {
        const vdr_signal *signal = vdr_signal_at(state, e->listed.at[i]);
        const vdr_signal_rest *rest = vdr_signal_rest_at(state, e->listed.at[i]);
        const vdr_terms *terms = vdr_terms_of(state, signal);
        told[i] = (vdr_explained_signal){
            .name = vdr_explain_signal_name(state, e->listed.at[i]),
            .position = signal->position,
            .type = vdr_explain_name(state, terms->type),
            .agency = vdr_explain_name(state, vdr_sender_of(state, signal)->agency),
            .domain = vdr_explain_name(state, terms->domain),
            .purpose = vdr_explain_name(state, terms->purpose),
            .occurred_at_ms = signal->occurred_at,
            .until_ms = signal->until,
            .leaves_at_ms = signal->occurred_at + terms->retain_ms,
            .severity = signal->severity,
            .case_id = {signal->in_case != 0 ? vdr_case_at(state, signal->in_case)->number : 0},
            .service = vdr_explain_name(state, rest->service),
            .overdue = (signal->flags & VDR_SIGNAL_OVERDUE) != 0,
            .feedback = (signal->flags & VDR_SIGNAL_HAS_FEEDBACK) != 0};
    }
    e->told->signals = told;
    e->told->signal_list_count = e->listed.count;
    return VDR_OK;
}

static vdr_err
tell_rules(vdr_explaining *e, vdr_span only)
{
    const vdr_config *config = e->state->config;
    vdr_explained_rule *told =
        (vdr_explained_rule *)vdr_arena_alloc(e->arena, (config->rule_count + 1) * sizeof *told);
    if (told == NULL)
        return VDR_E_NO_MEMORY;
    e->told->rules = told;
    for (size_t i = 0; i < config->rule_count; i++) {
        if (only.at != NULL && !vdr_span_equal(only, config->rules[i].id))
            continue;
        vdr_err err = vdr_explain_rule(e, i, &told[e->told->rule_count++]);
        if (err != VDR_OK)
            return err;
    }
    return only.at != NULL && e->told->rule_count == 0 ? VDR_E_NOT_FOUND : VDR_OK;
}

static vdr_slot
find_signal(const vdr_state *state, const vdr_explain_ask *ask)
{
    vdr_slot newest = 0;
    if (ask->signal.slot != 0 || ask->signal_name.id.at == NULL)
        return ask->signal.slot;
    for (vdr_slot slot = 1; slot < state->signals.next; slot++) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        if (signal->household == 0) /* given back */
            continue;
        vdr_signal_name name = vdr_explain_signal_name(state, slot);
        if (vdr_span_equal(name.id, ask->signal_name.id) &&
            (ask->signal_name.source.at == NULL || vdr_span_equal(name.source, ask->signal_name.source)) &&
            (newest == 0 || signal->position > vdr_signal_at(state, newest)->position))
            newest = slot;
    }
    return newest;
}

static vdr_slot
find(const vdr_state *state, const vdr_explain_ask *ask, vdr_slot signal)
{
    if (signal != 0)
        return vdr_signal_at(state, signal)->household;
    if (ask->case_id.number == 0)
        return vdr_household_find(state, ask->household);
    vdr_slot slot = vdr_case_find(state, ask->case_id);
    return slot != 0 ? vdr_case_at(state, slot)->household : 0;
}

static bool
is_restricted(const vdr_state *state, vdr_slot signal)
{
    return signal != 0 && (vdr_signal_at(state, signal)->flags & VDR_SIGNAL_RESTRICTED) != 0;
}

static void
tell_head(vdr_explaining *e, const vdr_explain_ask *ask)
{
    const vdr_state *state = e->state;
    const vdr_household *household = vdr_household_at(state, e->household);
    vdr_slot open = household->open_case;
    *e->told = (vdr_explanation){.position = state->position,
                                 .config_position = state->config_position,
                                 .version = state->versions.next - 1,
                                 .at_ms = state->now,
                                 .household = {household->number},
                                 .case_id = ask->case_id,
                                 .person_count = household->person_count,
                                 .address_count = household->address_count,
                                 .signal_count = household->signal_count,
                                 .open_case = {open != 0 ? vdr_case_at(state, open)->number : 0}};
    if (e->asked != 0)
        e->told->signal = vdr_explain_signal_name(state, e->asked);
    e->told->district = vdr_explain_name(state, household->district);
}

vdr_err
vdr_explain(vdr_core *core, const vdr_explain_ask *ask, vdr_arena *arena, vdr_explanation *ret_explanation)
{
    vdr_state *state = &core->state;
    VDR_ASSERT(state->households.era == VDR_SLAB_TRIAL);
    vdr_explaining e = {.state = state, .arena = arena, .told = ret_explanation};
    e.asked = find_signal(state, ask);
    e.household = find(state, ask, e.asked);
    if (e.household == 0 || is_restricted(state, e.asked))
        return VDR_E_NOT_FOUND;
    if (ask->signals_max != 0 && vdr_household_at(state, e.household)->signal_count > ask->signals_max)
        return VDR_E_TOO_BIG;
    tell_head(&e, ask);
    list_signals(&e);
    vdr_err err = tell_signals(&e);
    if (err == VDR_OK)
        err = tell_rules(&e, ask->rule);
    if (err == VDR_OK)
        err = vdr_explain_cases(&e);
    if (err == VDR_OK)
        err = vdr_explain_dues(&e);
    if (err == VDR_OK)
        err = vdr_explain_assignment(&e); /* last: it changes who has the case */
    vdr_slots_done(&e.listed);
    return err;
}
