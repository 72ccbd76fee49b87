/* Cases of a household, whom they were or would be assigned to, and what falls due. */
#include "broker/core/explain_inside.h"

#include "broker/core/assign.h"
#include "broker/core/case.h"
#include "broker/core/town.h"

#define TIMERS_LOOKED_AT 262144u /* due within the longest follow-up: enough for a large town */

/* ---- cases */

static vdr_err
tell_case(vdr_explaining *e, vdr_slot slot, vdr_explained_case *ret_told)
{
    const vdr_state *state = e->state;
    const vdr_case *of = vdr_case_at(state, slot);
    size_t rules = 0;
    for (vdr_slot at = of->rules; at != 0; at = ((const vdr_list *)vdr_slab_at(&state->lists, at))->next)
        rules++;
    vdr_span *ids = (vdr_span *)vdr_arena_alloc(e->arena, (rules + 1) * sizeof *ids);
    uint32_t room = of->signal_count < VDR_EXPLAIN_SIGNALS_MAX ? of->signal_count : VDR_EXPLAIN_SIGNALS_MAX;
    vdr_signal_name *names = (vdr_signal_name *)vdr_arena_alloc(e->arena, (room + 1u) * sizeof *names);
    if (ids == NULL || names == NULL)
        return VDR_E_NO_MEMORY;
    *ret_told = (vdr_explained_case){.case_id = {of->number},
                                     .state = (vdr_case_state)of->state,
                                     .priority = (vdr_priority)of->priority,
                                     .regisseur = vdr_explain_name(state, of->regisseur),
                                     .revision = of->revision,
                                     .opened_position = of->opened_position,
                                     .config_position = of->config_position,
                                     .version = of->version,
                                     .opened_at_ms = of->opened_at,
                                     .ended = of->ended_at,
                                     .rules = ids,
                                     .signals = names};
    for (vdr_slot at = of->rules; at != 0; at = ((const vdr_list *)vdr_slab_at(&state->lists, at))->next)
        ids[ret_told->rule_count++] =
            vdr_explain_name(state, ((const vdr_list *)vdr_slab_at(&state->lists, at))->name);
    for (vdr_slot at = of->signals_first; at != 0 && ret_told->signal_count < room;
         at = vdr_signal_rest_at(state, at)->case_after)
        if ((vdr_signal_at(state, at)->flags & VDR_SIGNAL_RESTRICTED) == 0)
            names[ret_told->signal_count++] = vdr_explain_signal_name(state, at);
    return VDR_OK;
}

vdr_err
vdr_explain_cases(vdr_explaining *e)
{
    const vdr_state *state = e->state;
    size_t count = 0;
    vdr_slot first = vdr_household_at(state, e->household)->cases;
    for (vdr_slot at = first; at != 0; at = vdr_case_at(state, at)->household_next)
        count++;
    vdr_explained_case *told = (vdr_explained_case *)vdr_arena_alloc(e->arena, (count + 1) * sizeof *told);
    if (told == NULL)
        return VDR_E_NO_MEMORY;
    e->told->cases = told;
    for (vdr_slot at = first; at != 0; at = vdr_case_at(state, at)->household_next) {
        vdr_err err = tell_case(e, at, &told[e->told->case_count++]);
        if (err != VDR_OK)
            return err;
    }
    return VDR_OK;
}

/* ---- assignment */

static vdr_why
why(const vdr_explaining *e, vdr_slot slot, uint32_t place, uint32_t chosen, const vdr_assign_view *view)
{
    if (place == chosen)
        return VDR_WHY_CHOSEN;
    if (view->refused)
        return VDR_WHY_REFUSED;
    if (view->conflict)
        return VDR_WHY_CONFLICT;
    if (view->absent)
        return VDR_WHY_ABSENT;
    if (view->full)
        return VDR_WHY_FULL;
    VDR_ASSERT(chosen != VDR_TOWN_NONE); /* whoever is a candidate would be taken */
    if (e->told->assigned_by == VDR_ASSIGN_STICKY)
        return VDR_WHY_STICKY;
    if (e->told->assigned_by == VDR_ASSIGN_DISTRICT && !view->in_district)
        return VDR_WHY_DISTRICT;
    return vdr_assign_behind(e->state, slot, place, chosen);
}

vdr_err
vdr_explain_assignment(vdr_explaining *e)
{
    vdr_state *state = e->state;
    vdr_slot slot = vdr_household_at(state, e->household)->open_case;
    if (slot == 0)
        return VDR_OK;
    size_t count = state->config->regisseur_count;
    vdr_explained_candidate *told =
        (vdr_explained_candidate *)vdr_arena_alloc(e->arena, (count + 1) * sizeof *told);
    if (told == NULL)
        return VDR_E_NO_MEMORY;
    vdr_name holder = vdr_case_at(state, slot)->regisseur;
    if (vdr_case_at(state, slot)->state != VDR_CASE_UNASSIGNED)
        vdr_case_hold(state, slot, VDR_CASE_UNASSIGNED, 0);
    e->told->assigned.number = vdr_case_at(state, slot)->number;
    uint32_t chosen = vdr_assign_choose(state, slot, &e->told->assigned_by);
    for (uint32_t i = 0; i < count; i++) {
        const vdr_config_regisseur *config = &state->config->regisseurs[i];
        vdr_assign_view view;
        vdr_assign_look(state, slot, i, &view);
        told[i] = (vdr_explained_candidate){.id = config->id,
                                            .why = why(e, slot, i, chosen, &view),
                                            .holder = holder != 0 && holder == state->town->regisseurs[i].id,
                                            .in_district = view.in_district,
                                            .load = view.load,
                                            .capacity = config->capacity,
                                            .hard_capacity = config->hard_capacity,
                                            .known = (uint32_t)view.known};
    }
    e->told->candidates = told;
    e->told->candidate_count = count;
    return VDR_OK;
}

/* ---- what falls due */

/* A timer's due time is with the timer alone; of a follow-up it is looked for among those that are due as soon
 * as one can be. */
static void
find_follow_ups(vdr_explaining *e, const vdr_slots *signals, vdr_explained_due *told)
{
    const vdr_state *state = e->state;
    vdr_ms horizon = state->now;
    vdr_timer timer;
    uint32_t cursor = 0, looked = 0;
    size_t left = signals->count;
    for (size_t i = 0; i < signals->count; i++) {
        vdr_ms follow_up_ms = vdr_terms_of(state, vdr_signal_at(state, signals->at[i]))->follow_up_ms;
        if (state->now + follow_up_ms > horizon)
            horizon = state->now + follow_up_ms;
    }
    while (left != 0 && looked++ < TIMERS_LOOKED_AT &&
           vdr_timers_walk(&state->timers, horizon, &cursor, &timer)) {
        for (size_t i = 0; i < signals->count && timer.kind == VDR_TIMER_FOLLOW_UP; i++)
            if (timer.target == signals->at[i] &&
                timer.order == vdr_signal_rest_at(state, signals->at[i])->follow_order) {
                told[i].due = timer.due;
                left--;
            }
    }
}

static vdr_ms
find_retry(const vdr_state *state)
{
    vdr_timer timer;
    uint32_t cursor = 0, looked = 0;
    while (looked++ < TIMERS_LOOKED_AT &&
           vdr_timers_walk(&state->timers, state->now + state->config->retry_ms, &cursor, &timer))
        if (timer.kind == VDR_TIMER_RETRY) /* there is one */
            return timer.due;
    return VDR_MS_NONE;
}

vdr_err
vdr_explain_dues(vdr_explaining *e)
{
    const vdr_state *state = e->state;
    vdr_slots waiting = {0};
    for (size_t i = 0; i < e->listed.count; i++)
        if (vdr_signal_rest_at(state, e->listed.at[i])->follow_order != 0)
            vdr_slots_add(&waiting, e->listed.at[i]);
    vdr_explained_due *told =
        (vdr_explained_due *)vdr_arena_alloc(e->arena, (waiting.count + 2) * sizeof *told);
    if (told == NULL) {
        vdr_slots_done(&waiting);
        return VDR_E_NO_MEMORY;
    }
    e->told->dues = told;
    for (size_t i = 0; i < waiting.count; i++)
        told[e->told->due_count++] =
            (vdr_explained_due){.kind = VDR_DUE_FOLLOW_UP,
                                .due = VDR_MS_NONE,
                                .signal = vdr_explain_signal_name(state, waiting.at[i])};
    find_follow_ups(e, &waiting, told);
    vdr_slots_done(&waiting);
    vdr_slot slot = vdr_household_at(state, e->household)->open_case;
    const vdr_case *of = slot != 0 ? vdr_case_at(state, slot) : NULL;
    if (of != NULL && of->state == VDR_CASE_OFFERED)
        told[e->told->due_count++] =
            (vdr_explained_due){.kind = VDR_DUE_ACCEPT, .due = of->accept_due, .case_id = {of->number}};
    if (of != NULL && of->state == VDR_CASE_UNASSIGNED && state->retry_order != 0)
        told[e->told->due_count++] =
            (vdr_explained_due){.kind = VDR_DUE_RETRY, .due = find_retry(state), .case_id = {of->number}};
    return VDR_OK;
}
