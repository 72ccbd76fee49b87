#include "broker/core/propose.h"

#include "broker/core/assign.h"
#include "broker/core/case.h"
#include "broker/core/mailbox.h"
#include "broker/core/rules.h"

#include <stdlib.h>

vdr_bar
vdr_propose_bar(const vdr_state *state, vdr_slot household)
{
    const vdr_case *last = NULL;
    for (vdr_slot slot = vdr_household_at(state, household)->cases; slot != 0;
         slot = vdr_case_at(state, slot)->household_next) {
        const vdr_case *of = vdr_case_at(state, slot);
        if ((of->state == VDR_CASE_CLOSED || of->state == VDR_CASE_DISMISSED) &&
            (last == NULL || of->ended_position > last->ended_position))
            last = of;
    }
    if (last == NULL)
        return (vdr_bar){.after = 0, .cooldown_end = VDR_MS_NONE};
    return (vdr_bar){.after = last->ended_position,
                     .cooldown_end = last->ended_at + state->config->cooldown_ms};
}

static bool
proposes(vdr_state *state, size_t rule, vdr_slot household, vdr_slot signal, const vdr_bar *barred,
         bool overdue_only)
{
    const vdr_config_rule *config = &state->config->rules[rule];
    if (config->level != VDR_LEVEL_CASE || (overdue_only && config->at_least[VDR_MEASURE_OVERDUE] == 0))
        return false;
    if (vdr_rule_is_paused(state, rule))
        return false;
    if (state->now < barred->cooldown_end && config->priority != VDR_PRIORITY_URGENT)
        return false;
    if (!vdr_rule_supported_by(state, rule, household, state->now, signal))
        return false;
    return vdr_signal_at(state, signal)->position > barred->after ||
           vdr_rule_supported_after(state, rule, household, state->now, barred->after);
}

/* Two runs of signals in log order become one, each once: a and b to ret. */
static void
unite(const vdr_state *state, const vdr_slots *a, const vdr_slots *b, vdr_slots *ret)
{
    size_t i = 0, j = 0;
    ret->count = 0;
    while (i < a->count || j < b->count) {
        bool from_a = j == b->count || (i < a->count && vdr_signal_at(state, a->at[i])->position <=
                                                            vdr_signal_at(state, b->at[j])->position);
        vdr_slot slot = from_a ? a->at[i] : b->at[j];
        i += i < a->count && a->at[i] == slot;
        j += j < b->count && b->at[j] == slot;
        vdr_slots_add(ret, slot);
    }
}

static void
line(vdr_state *state, vdr_slot case_slot, const vdr_slots *rules, const vdr_slots *signals)
{
    vdr_case *of = vdr_case_edit(state, case_slot);
    of->revision++;
    vdr_effect effect = {.kind = VDR_EFFECT_CASE,
                         .at = state->now,
                         .case_id = {of->number},
                         .household = {vdr_household_at(state, of->household)->number},
                         .change = VDR_CHANGE_PROPOSED,
                         .state = (vdr_case_state)of->state,
                         .priority = (vdr_priority)of->priority};
    vdr_signal_ref *refs = vdr_alloc(signals->count + 1, sizeof *refs);
    vdr_name *names = vdr_alloc(rules->count + 1, sizeof *names);
    for (size_t i = 0; i < signals->count; i++)
        refs[i] = vdr_signal_named(state, signals->at[i]);
    for (size_t i = 0; i < rules->count; i++)
        names[i] = vdr_rule_name_of(state, rules->at[i]);
    (void)vdr_tale_add_proposed(&state->tale, &effect, names, rules->count, refs, signals->count);
    free(names);
    free(refs);
}

static void
open_case(vdr_state *state, vdr_slot household, const vdr_slots *rules, const vdr_slots *signals)
{
    vdr_priority priority = VDR_PRIORITY_NONE;
    for (size_t i = 0; i < rules->count; i++)
        if (state->config->rules[rules->at[i]].priority > priority)
            priority = state->config->rules[rules->at[i]].priority;
    vdr_slot slot = vdr_case_new(state, household, priority);
    for (size_t i = 0; i < rules->count; i++) {
        size_t count;
        const vdr_name *purposes = vdr_rule_purposes_of(state, rules->at[i], &count);
        vdr_case_add_rule(state, slot, vdr_rule_name_of(state, rules->at[i]));
        for (size_t j = 0; j < count; j++)
            vdr_case_add_purpose(state, slot, purposes[j]);
    }
    for (size_t i = 0; i < signals->count; i++)
        (void)vdr_case_take(state, slot, signals->at[i], 0);
    line(state, slot, rules, signals);
    vdr_assign(state, slot);
}

bool
vdr_propose(vdr_state *state, vdr_slot signal, bool overdue_only)
{
    vdr_slot household = vdr_signal_at(state, signal)->household;
    vdr_bar barred = vdr_propose_bar(state, household);
    vdr_slots rules = {0}, signals = {0}, support = {0}, united = {0};

    VDR_ASSERT(vdr_household_at(state, household)->open_case == 0);
    for (size_t rule = 0; rule < state->config->rule_count; rule++) {
        if (!proposes(state, rule, household, signal, &barred, overdue_only))
            continue;
        vdr_slots_add(&rules, (vdr_slot)rule);
        support.count = 0;
        vdr_rule_support(state, rule, household, state->now, &support);
        unite(state, &signals, &support, &united);
        vdr_slots swapped = signals;
        signals = united;
        united = swapped;
    }
    if (rules.count != 0)
        open_case(state, household, &rules, &signals);
    bool proposed = rules.count != 0;
    vdr_slots_done(&rules);
    vdr_slots_done(&signals);
    vdr_slots_done(&support);
    vdr_slots_done(&united);
    return proposed;
}
