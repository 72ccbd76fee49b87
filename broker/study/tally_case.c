/* Cases, as their lines tell them: who made them, who judged them, and which are open. */
#include "broker/study/tally_inside.h"

#include <stdlib.h>

static vdr_tally_case *
case_at(const vdr_tally *tally, uint64_t number)
{
    uint32_t place = vdr_tally_find(tally, VDR_KEY_CASE, number, 0);
    return place != 0 ? (vdr_tally_case *)tally->cases.at + (place - 1) : NULL;
}

const vdr_tally_case *
vdr_tally_case_of(const vdr_tally *tally, uint64_t number)
{
    return case_at(tally, number);
}

static void
add(vdr_tally *tally, const vdr_tally_case *made)
{
    *(vdr_tally_case *)vdr_tally_add(&tally->cases, sizeof *made) = *made;
    vdr_tally_set(tally, VDR_KEY_CASE, made->number, 0, (uint32_t)tally->cases.count);
}

static uint32_t
rule_place(vdr_tally *tally, vdr_name name)
{
    uint32_t number = vdr_tally_find(tally, VDR_KEY_RULE, name, 0);
    if (number == 0) {
        vdr_tally_rule *rule = vdr_tally_add(&tally->rules, sizeof *rule);
        rule->name = name;
        number = (uint32_t)tally->rules.count;
        vdr_tally_set(tally, VDR_KEY_RULE, name, 0, number);
    }
    return number - 1;
}

vdr_tally_rule *
vdr_tally_rule_of(vdr_tally *tally, vdr_name name)
{
    uint32_t place = rule_place(tally, name);
    return (vdr_tally_rule *)tally->rules.at + place;
}

static vdr_tally_cases *
pair_of(vdr_tally *tally, uint32_t rule, uint32_t agency)
{
    uint32_t number = vdr_tally_find(tally, VDR_KEY_PAIR, rule, agency);
    if (number == 0) {
        vdr_tally_pair *pair = vdr_tally_add(&tally->pairs, sizeof *pair);
        pair->rule = rule;
        pair->agency = agency;
        number = (uint32_t)tally->pairs.count;
        vdr_tally_set(tally, VDR_KEY_PAIR, rule, agency, number);
    }
    return &((vdr_tally_pair *)tally->pairs.at)[number - 1].cases;
}

static void
count(vdr_tally_cases *cases, vdr_change change, int64_t by)
{
    uint64_t *const figure = change == VDR_CHANGE_PROPOSED    ? &cases->proposed
                             : change == VDR_CHANGE_ACCEPTED  ? &cases->accepted
                             : change == VDR_CHANGE_DISMISSED ? &cases->dismissed
                             : change == VDR_CHANGE_RETRACTED ? &cases->retracted
                                                              : &cases->merged;
    *figure += (uint64_t)by;
}

/* For everybody that had part in it. */
static void
count_all(vdr_tally *tally, const vdr_tally_case *of, vdr_change change, int64_t by)
{
    for (uint32_t r = 0; r < of->rule_count; r++) {
        count(&((vdr_tally_rule *)tally->rules.at)[of->rules[r]].cases, change, by);
        for (uint32_t a = 0; a < of->agency_count; a++)
            count(pair_of(tally, of->rules[r], of->agencies[a]), change, by);
    }
    for (uint32_t a = 0; a < of->agency_count; a++)
        count(&vdr_tally_agency_at(tally, of->agencies[a])->cases, change, by);
}

static bool
listed(const uint32_t *places, uint32_t places_count, uint32_t place)
{
    uint32_t i = 0;
    while (i < places_count && places[i] != place)
        i++;
    return i < places_count;
}

static void
propose(vdr_tally *tally, const vdr_effect *effect)
{
    vdr_tally_case made = {.number = effect->case_id.number,
                           .household = effect->household.number,
                           .opened_at = effect->at,
                           .accept_due = VDR_MS_NONE};
    vdr_effect_list rules = effect->rules, signals = effect->signals;
    vdr_signal_ref signal;
    vdr_name name;
    made.rules = vdr_alloc(rules.count + 1u, sizeof *made.rules);
    made.agencies = vdr_alloc(tally->agencies.count + 1, sizeof *made.agencies);
    while (vdr_effect_list_name(&rules, &name))
        made.rules[made.rule_count++] = rule_place(tally, name);
    while (vdr_effect_list_signal(&signals, &signal)) {
        int64_t agency = vdr_tally_agency_of(tally, signal.source);
        if (agency >= 0 && !listed(made.agencies, made.agency_count, (uint32_t)agency))
            made.agencies[made.agency_count++] = (uint32_t)agency;
        vdr_tally_follow_taken(tally, signal.position, made.number);
    }
    add(tally, &made);
    count_all(tally, &made, VDR_CHANGE_PROPOSED, 1);
}

/* What its regisseur thought of it, or a coordinator. */
static void
judge(vdr_tally *tally, vdr_tally_case *of, vdr_change change)
{
    if (of->judged != 0)
        count_all(tally, of, of->judged, -1);
    of->judged = change;
    count_all(tally, of, change, 1);
}

static void
forget(vdr_tally *tally, vdr_tally_case *of)
{
    vdr_tally_case *last = (vdr_tally_case *)tally->cases.at + (tally->cases.count - 1);
    uint32_t place = (uint32_t)(of - (vdr_tally_case *)tally->cases.at);
    free(of->rules);
    free(of->agencies);
    vdr_tally_unset(tally, VDR_KEY_CASE, of->number, 0);
    if (of != last) {
        *of = *last;
        vdr_tally_set(tally, VDR_KEY_CASE, of->number, 0, place + 1);
    }
    tally->cases.count--;
}

/* The clock of an offer (semantics section 8): it starts with an offer, and again, where that is sooner, when the
 * priority is raised while offered. */
static void
start_clock(const vdr_tally *tally, vdr_tally_case *of, const vdr_effect *effect)
{
    bool offer = effect->change == VDR_CHANGE_OFFERED || effect->change == VDR_CHANGE_REASSIGNED;
    if (effect->state != VDR_CASE_OFFERED)
        of->accept_due = VDR_MS_NONE;
    else if (tally->config != NULL && (offer || effect->change == VDR_CHANGE_RAISED)) {
        vdr_ms due = effect->at + tally->config->accept_ms[effect->priority];
        if (offer || of->accept_due == VDR_MS_NONE || due < of->accept_due)
            of->accept_due = due;
    }
}

void
vdr_tally_case_line(vdr_tally *tally, const vdr_effect *effect)
{
    bool known = case_at(tally, effect->case_id.number) != NULL;
    if (effect->change == VDR_CHANGE_PROPOSED && !known)
        propose(tally, effect);
    else if (!known && vdr_case_state_open(effect->state)) /* its beginning is gone from the log */
        add(tally, &(vdr_tally_case){.number = effect->case_id.number,
                                     .opened_at = VDR_MS_NONE,
                                     .accept_due = VDR_MS_NONE});
    vdr_tally_case *of = case_at(tally, effect->case_id.number);
    if (of == NULL)
        return;
    of->state = effect->state;
    of->priority = effect->priority;
    of->household = effect->household.number;
    of->regisseur = effect->state == VDR_CASE_UNASSIGNED ? 0 : effect->regisseur;
    of->moved_at = effect->at;
    of->refusals += effect->change == VDR_CHANGE_DECLINED || effect->change == VDR_CHANGE_EXPIRED;
    of->plans += effect->change == VDR_CHANGE_PLAN_SET;
    of->escalations += effect->change == VDR_CHANGE_ESCALATED;
    start_clock(tally, of, effect);
    if (effect->change == VDR_CHANGE_ACCEPTED || effect->change == VDR_CHANGE_DISMISSED)
        judge(tally, of, effect->change);
    else if (effect->change == VDR_CHANGE_RETRACTED || effect->change == VDR_CHANGE_MERGED)
        count_all(tally, of, effect->change, 1);
    if (!vdr_case_state_open(effect->state))
        forget(tally, of);
}

void
vdr_tally_case_attached(vdr_tally *tally, uint64_t number, vdr_ms at)
{
    vdr_tally_case *of = case_at(tally, number);
    if (of == NULL)
        return;
    of->attached++;
    of->moved_at = at;
}

void
vdr_tally_cases_done(vdr_tally *tally)
{
    vdr_tally_case *cases = tally->cases.at;
    for (size_t i = 0; i < tally->cases.count; i++) {
        free(cases[i].rules);
        free(cases[i].agencies);
    }
}
