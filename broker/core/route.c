#include "broker/core/route.h"

#include "broker/core/assign.h"
#include "broker/core/case.h"
#include "broker/core/latch.h"
#include "broker/core/mailbox.h"
#include "broker/core/propose.h"
#include "broker/core/right.h"
#include "broker/core/town.h"

#include <stdlib.h>

static bool
is_late(const vdr_state *state, const vdr_signal *signal)
{
    return signal->occurred_at + state->config->late_ms < state->now;
}

/* ---- attached ---- */

/* The highest priority above the case's of the case rules that the signal supports; 0: none. */
static vdr_priority
higher_priority(vdr_state *state, vdr_slot household, vdr_slot signal, uint8_t than)
{
    vdr_priority highest = VDR_PRIORITY_NONE;
    for (size_t rule = 0; rule < state->config->rule_count; rule++) {
        const vdr_config_rule *config = &state->config->rules[rule];
        if (config->level == VDR_LEVEL_CASE && config->priority > than && config->priority > highest &&
            !vdr_rule_is_paused(state, rule) &&
            vdr_rule_supported_by(state, rule, household, state->now, signal))
            highest = config->priority;
    }
    return highest;
}

static void
attach(vdr_state *state, vdr_slot case_slot, vdr_slot slot)
{
    vdr_case_attach(state, case_slot, slot, 0);
    const vdr_signal *signal = vdr_signal_at(state, slot);
    if (is_late(state, signal))
        return;
    vdr_priority priority =
        higher_priority(state, signal->household, slot, vdr_case_at(state, case_slot)->priority);
    if (priority != VDR_PRIORITY_NONE)
        vdr_case_raise(state, case_slot, priority);
}

/* ---- regular ---- */

static void
set_follow_up(vdr_state *state, vdr_slot slot)
{
    vdr_ms follow_up_ms = vdr_terms_of(state, vdr_signal_at(state, slot))->follow_up_ms;
    if (follow_up_ms == 0)
        return;
    uint64_t order = vdr_state_timer(state, VDR_TIMER_FOLLOW_UP, state->now + follow_up_ms, slot);
    vdr_signal_rest_edit(state, slot)->follow_order = order;
}

static void
tell_service(vdr_state *state, vdr_slot slot)
{
    vdr_name service = vdr_town_service(state->town, vdr_terms_of(state, vdr_signal_at(state, slot))->domain);
    vdr_signal_rest_edit(state, slot)->service = service;
    vdr_effect message = vdr_message_new(state, VDR_MESSAGE_REGULAR_SIGNAL);
    vdr_message_set_signal(state, &message, slot);
    vdr_tell(state, VDR_PARTY_SERVICE, service, &message);
}

void
vdr_route_to_services(vdr_state *state, const vdr_slots *signals)
{
    for (size_t i = 0; i < signals->count; i++) {
        vdr_slot slot = signals->at[i];
        tell_service(state, slot);
        if (vdr_signal_rest_at(state, slot)->follow_order == 0 &&
            !(vdr_signal_at(state, slot)->flags & VDR_SIGNAL_HAS_FEEDBACK))
            set_follow_up(state, slot);
    }
}

/* ---- watch and match ---- */

static void
watch(vdr_state *state, vdr_slot household, size_t rule)
{
    vdr_effect line = {.kind = VDR_EFFECT_WATCH,
                       .at = state->now,
                       .household = {vdr_household_at(state, household)->number},
                       .rule = vdr_rule_name_of(state, rule)};
    (void)vdr_tale_add(&state->tale, &line);
}

/* Every agency with sees_match and a signal in the support hears which others there are; nobody hears of
 * himself alone. */
static void
match(vdr_state *state, vdr_slot household, size_t rule)
{
    const vdr_town *town = state->town;
    size_t agency_count = state->config->agency_count, told = 0;
    bool *concerned = vdr_alloc(agency_count + 1, sizeof *concerned);
    vdr_slots support = {0}, others = {0};

    vdr_rule_support(state, rule, household, state->now, &support);
    for (size_t i = 0; i < support.count; i++) {
        vdr_name agency = vdr_sender_of(state, vdr_signal_at(state, support.at[i]))->agency;
        uint32_t place = vdr_town_name_of(town, agency)->agency;
        if (place != VDR_TOWN_NONE && town->agencies[place].sees_match && !concerned[place]) {
            concerned[place] = true;
            told++;
        }
    }
    vdr_effect message = vdr_message_new(state, VDR_MESSAGE_MATCH);
    message.rule = vdr_rule_name_of(state, rule);
    for (size_t i = 0; told > 1 && i < agency_count; i++) {
        if (!concerned[i])
            continue;
        others.count = 0;
        for (size_t j = 0; j < agency_count; j++)
            if (concerned[j] && j != i)
                vdr_slots_add(&others, town->agencies[j].id);
        vdr_tell_match(state, town->agencies[i].id, &message, others.at, others.count);
    }
    vdr_slots_done(&others);
    vdr_slots_done(&support);
    free(concerned);
}

static void
set_latches(vdr_state *state, vdr_slot household, vdr_slot signal)
{
    for (size_t rule = 0; rule < state->config->rule_count; rule++) {
        vdr_level level = state->config->rules[rule].level;
        vdr_slot record = vdr_rule_record_of(state, rule);
        if (level == VDR_LEVEL_CASE || vdr_rule_is_paused(state, rule) ||
            vdr_latch_is_set(state, household, record) ||
            !vdr_rule_supported_by(state, rule, household, state->now, signal))
            continue;
        vdr_latch_set(state, household, record);
        if (level == VDR_LEVEL_WATCH)
            watch(state, household, rule);
        else
            match(state, household, rule);
    }
}

vdr_outcome
vdr_route(vdr_state *state, vdr_slot slot, vdr_slot *ret_case)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    vdr_slot household = signal->household;
    vdr_slot open_case = vdr_household_at(state, household)->open_case;
    bool late = is_late(state, signal);

    *ret_case = 0;
    if (open_case != 0 && vdr_case_may_take(state, open_case, vdr_terms_of(state, signal)->purpose)) {
        attach(state, open_case, slot);
        *ret_case = open_case;
        return VDR_OUTCOME_ATTACHED;
    }
    if (open_case == 0 && !late && vdr_propose(state, slot, false))
        return VDR_OUTCOME_PROPOSED;
    tell_service(state, slot);
    set_follow_up(state, slot);
    if (!late)
        set_latches(state, household, slot);
    return VDR_OUTCOME_REGULAR;
}

/* ---- overdue ---- */

static void
overdue_begin(vdr_state *state, vdr_slot signal)
{
    if (vdr_signal_rest_at(state, signal)->overdue != 0) /* it was already, before a case took it */
        return;
    vdr_signal before = *vdr_signal_at(state, signal);
    vdr_slot slot = vdr_slab_take(&state->overdues);
    *(vdr_overdue *)vdr_slab_edit(&state->overdues, slot) =
        (vdr_overdue){.number = ++state->overdue_last, .signal = signal, .before = state->overdues_last};
    if (state->overdues_last != 0)
        ((vdr_overdue *)vdr_slab_edit(&state->overdues, state->overdues_last))->after = slot;
    else
        state->overdues_first = slot;
    state->overdues_last = slot;
    vdr_signal *edited = vdr_signal_edit(state, signal);
    edited->flags |= VDR_SIGNAL_OVERDUE;
    vdr_signal_rest_edit(state, signal)->overdue = slot;
    vdr_rules_signal_changed(state, edited->household, signal, &before);
}

void
vdr_overdue_end(vdr_state *state, vdr_slot signal)
{
    vdr_slot slot = vdr_signal_rest_at(state, signal)->overdue;
    if (slot == 0)
        return;
    vdr_signal_edit(state, signal)->flags &= (uint8_t)~VDR_SIGNAL_OVERDUE;
    vdr_signal_rest_edit(state, signal)->overdue = 0;
    const vdr_overdue *cut = vdr_slab_at(&state->overdues, slot);
    if (cut->before != 0)
        ((vdr_overdue *)vdr_slab_edit(&state->overdues, cut->before))->after = cut->after;
    else
        state->overdues_first = cut->after;
    if (cut->after != 0)
        ((vdr_overdue *)vdr_slab_edit(&state->overdues, cut->after))->before = cut->before;
    else
        state->overdues_last = cut->before;
    vdr_slab_give(&state->overdues, slot);
}

void
vdr_route_follow_up_falls(vdr_state *state, vdr_slot slot, uint64_t order)
{
    if (vdr_signal_rest_at(state, slot)->follow_order != order)
        return;
    const vdr_signal *signal = vdr_signal_at(state, slot);
    vdr_signal_rest_edit(state, slot)->follow_order = 0;
    if (signal->flags & (VDR_SIGNAL_WITHDRAWN | VDR_SIGNAL_HAS_FEEDBACK) || signal->in_case != 0)
        return;
    overdue_begin(state, slot);
    const vdr_household *household = vdr_household_at(state, signal->household);
    vdr_effect message = vdr_message_new(state, VDR_MESSAGE_OVERDUE);
    message.household.number = household->number;
    vdr_message_set_signal(state, &message, slot);
    vdr_tell_coordinators(state, &message);
    if (household->open_case == 0)
        (void)vdr_propose(state, slot, true);
}

/* ---- withdrawn ---- */

vdr_slot
vdr_signal_withdraw(vdr_state *state, vdr_slot slot)
{
    vdr_signal before = *vdr_signal_at(state, slot);
    VDR_ASSERT(!(before.flags & VDR_SIGNAL_WITHDRAWN));
    if (before.in_case != 0)
        vdr_case_release(state, slot);
    vdr_overdue_end(state, slot);
    vdr_signal_edit(state, slot)->flags |= VDR_SIGNAL_WITHDRAWN;
    vdr_rules_signal_changed(state, before.household, slot, &before);
    vdr_right_signal_withdrawn(state, slot);
    return before.in_case;
}

/* Whatever is paused, silenced or held out: it stands in the way of nothing that is open. */
static bool
some_case_rule_holds(vdr_state *state, vdr_slot household)
{
    bool holds = false;
    bool held = vdr_right_lift(state, household);
    vdr_rulebook *lifted = vdr_rulebook_lift(state);
    for (size_t rule = 0; rule < state->config->rule_count && !holds; rule++)
        holds = state->config->rules[rule].level == VDR_LEVEL_CASE &&
                vdr_rule_holds(state, rule, household, state->now);
    vdr_rulebook_put_back(state, lifted);
    if (held)
        vdr_right_put_back(state, household);
    return holds;
}

void
vdr_route_retract(vdr_state *state, vdr_slot case_slot, vdr_slot signal)
{
    const vdr_case *of = vdr_case_at(state, case_slot);
    VDR_ASSERT(vdr_case_state_open(of->state));
    if (some_case_rule_holds(state, of->household))
        return;
    if (of->state == VDR_CASE_ACTIVE) {
        vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_SUPPORT_WITHDRAWN, case_slot, 0);
        vdr_message_set_signal(state, &message, signal);
        vdr_tell(state, VDR_PARTY_REGISSEUR, of->regisseur, &message);
        return;
    }
    vdr_slots signals = {0};
    vdr_case_end(state, case_slot, VDR_CASE_RETRACTED, &signals);
    vdr_case_line(state, case_slot, VDR_CHANGE_RETRACTED);
    if (of->regisseur != 0)
        vdr_case_tell_regisseur(state, case_slot, VDR_MESSAGE_CASE_WITHDRAWN);
    vdr_route_to_services(state, &signals);
    vdr_slots_done(&signals);
}
