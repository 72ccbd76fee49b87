#include "broker/core/assign.h"

#include "broker/core/case.h"
#include "broker/core/load.h"
#include "broker/core/mailbox.h"
#include "broker/core/town.h"

#include <stdlib.h>

__extension__ typedef unsigned __int128 wide; /* a load times a capacity */

static const vdr_regisseur *
record_of(const vdr_state *state, size_t place)
{
    return vdr_slab_at(&state->regisseurs, state->town->regisseurs[place].record);
}

/* Present and below the wall: could take some case. */
static bool
has_room(const vdr_state *state, size_t place)
{
    const vdr_config_regisseur *regisseur = &state->config->regisseurs[place];
    return record_of(state, place)->load < regisseur->hard_capacity &&
           !vdr_town_absent(regisseur, state->now);
}

static bool
is_candidate(const vdr_state *state, const vdr_case *of, size_t place)
{
    return has_room(state, place) && !vdr_list_has(state, of->refused, state->town->regisseurs[place].id);
}

/* A district that is a prefix of the household's; "*" matches all, and alone a household without. */
static bool
works_in(const vdr_config_regisseur *regisseur, const vdr_household *household)
{
    if (regisseur->everywhere)
        return true;
    for (size_t i = 0; i < regisseur->districts.count; i++) {
        vdr_span district = regisseur->districts.at[i];
        if (household->district_len != 0 && district.len <= household->district_len &&
            memcmp(district.at, household->district, district.len) == 0)
            return true;
    }
    return false;
}

/* Least load to capacity, then most domains of the case in expertise, then smallest id. */
static bool
is_better(const vdr_state *state, vdr_slot case_slot, size_t a, size_t b)
{
    const vdr_config_regisseur *config = state->config->regisseurs;
    wide load_a = (wide)record_of(state, a)->load * config[b].capacity;
    wide load_b = (wide)record_of(state, b)->load * config[a].capacity;
    if (load_a != load_b)
        return load_a < load_b;
    const vdr_town_regisseur *town = state->town->regisseurs;
    size_t known_a = vdr_case_domains_in(state, case_slot, town[a].expertise, town[a].expertise_count);
    size_t known_b = vdr_case_domains_in(state, case_slot, town[b].expertise, town[b].expertise_count);
    if (known_a != known_b)
        return known_a > known_b;
    return vdr_span_compare(config[a].id, config[b].id) < 0;
}

static uint32_t
best_of(const vdr_state *state, vdr_slot case_slot, bool in_district)
{
    const vdr_case *of = vdr_case_at(state, case_slot);
    const vdr_household *household = vdr_household_at(state, of->household);
    uint32_t best = VDR_TOWN_NONE;
    for (uint32_t i = 0; i < state->config->regisseur_count; i++) {
        if (in_district && !works_in(&state->config->regisseurs[i], household))
            continue;
        if (is_candidate(state, of, i) && (best == VDR_TOWN_NONE || is_better(state, case_slot, i, best)))
            best = i;
    }
    return best;
}

/* The regisseur of the household's last closed case, where that is not too long ago. */
static uint32_t
sticky_one(const vdr_state *state, const vdr_case *of)
{
    const vdr_case *last = NULL;
    for (vdr_slot slot = vdr_household_at(state, of->household)->cases; slot != 0;
         slot = vdr_case_at(state, slot)->household_next) {
        const vdr_case *other = vdr_case_at(state, slot);
        if (other->state == VDR_CASE_CLOSED && (last == NULL || other->ended_position > last->ended_position))
            last = other;
    }
    if (last == NULL || last->ended_at < state->now - state->config->sticky_ms)
        return VDR_TOWN_NONE;
    uint32_t place = vdr_town_name_of(state->town, last->regisseur)->regisseur;
    return place != VDR_TOWN_NONE && is_candidate(state, of, place) ? place : VDR_TOWN_NONE;
}

static vdr_name
choose(const vdr_state *state, vdr_slot case_slot)
{
    uint32_t place = sticky_one(state, vdr_case_at(state, case_slot));
    if (place == VDR_TOWN_NONE)
        place = best_of(state, case_slot, true);
    if (place == VDR_TOWN_NONE)
        place = best_of(state, case_slot, false);
    return place != VDR_TOWN_NONE ? state->town->regisseurs[place].id : 0;
}

void
vdr_assign_offer(vdr_state *state, vdr_slot case_slot, vdr_name regisseur, vdr_change change, vdr_name before)
{
    vdr_case_hold(state, case_slot, VDR_CASE_OFFERED, regisseur);
    vdr_case_line(state, case_slot, change);
    if (before != 0) {
        vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_CASE_TAKEN_BACK, case_slot, 0);
        vdr_tell(state, VDR_PARTY_REGISSEUR, before, &message);
    }
    vdr_case_tell_regisseur(state, case_slot, VDR_MESSAGE_CASE_OFFERED);
    vdr_case_start_clock(state, case_slot);
}

static void
set_retry(vdr_state *state)
{
    if (state->retry_order == 0)
        state->retry_order = vdr_state_timer(state, VDR_TIMER_RETRY, state->now + state->config->retry_ms, 0);
}

void
vdr_assign(vdr_state *state, vdr_slot case_slot)
{
    VDR_ASSERT(vdr_case_at(state, case_slot)->state == VDR_CASE_UNASSIGNED);
    vdr_name regisseur = choose(state, case_slot);
    if (regisseur != 0) {
        vdr_assign_offer(state, case_slot, regisseur, VDR_CHANGE_OFFERED, 0);
        return;
    }
    vdr_case_line(state, case_slot, VDR_CHANGE_UNASSIGNED);
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_NEEDS_REGISSEUR, case_slot, 0);
    vdr_tell_coordinators(state, &message);
    set_retry(state);
}

void
vdr_assign_refuse(vdr_state *state, vdr_slot case_slot, vdr_change change)
{
    vdr_name regisseur = vdr_case_at(state, case_slot)->regisseur;
    if (!vdr_list_has(state, vdr_case_at(state, case_slot)->refused, regisseur))
        vdr_list_add(state, &vdr_case_edit(state, case_slot)->refused, regisseur);
    vdr_case_hold(state, case_slot, VDR_CASE_UNASSIGNED, 0);
    vdr_case_line(state, case_slot, change);
}

/* The regisseurs who could take some case. */
typedef struct takers {
    bool *has; /* by place in town.yaml */
    size_t count;
} takers;

static void
find_takers(const vdr_state *state, takers *ret_takers)
{
    ret_takers->count = 0;
    for (size_t i = 0; i < state->config->regisseur_count; i++) {
        ret_takers->has[i] = has_room(state, i);
        ret_takers->count += ret_takers->has[i];
    }
}

/* A case that all of them refused stays as it is; there may be many such, looked at often, so the list of
 * refusals is walked once and not for each regisseur. */
static bool
somebody_may_take(const vdr_state *state, vdr_slot case_slot, const takers *who)
{
    size_t refused = 0;
    for (vdr_slot slot = vdr_case_at(state, case_slot)->refused; slot != 0;) {
        const vdr_list *one = vdr_slab_at(&state->lists, slot);
        uint32_t place = vdr_town_name_of(state->town, one->name)->regisseur;
        refused += place != VDR_TOWN_NONE && who->has[place];
        slot = one->next;
    }
    return refused < who->count;
}

void
vdr_assign_retry(vdr_state *state)
{
    if (state->unassigned_first == 0)
        return;
    takers who = {.has = vdr_alloc(state->config->regisseur_count, sizeof who.has[0])};
    find_takers(state, &who);
    for (int priority = VDR_PRIORITY_URGENT; priority >= VDR_PRIORITY_NORMAL; priority--) {
        vdr_slot slot = state->unassigned_first;
        while (slot != 0 && who.count != 0) {
            const vdr_case *of = vdr_case_at(state, slot);
            vdr_slot after = of->held_after;
            if (of->priority == priority && somebody_may_take(state, slot, &who)) {
                vdr_name regisseur = choose(state, slot);
                VDR_ASSERT(regisseur != 0);
                vdr_assign_offer(state, slot, regisseur, VDR_CHANGE_OFFERED, 0);
                find_takers(state, &who);
            }
            slot = after;
        }
    }
    free(who.has);
}

void
vdr_assign_offer_expires(vdr_state *state, vdr_slot case_slot, uint64_t order)
{
    const vdr_case *of = vdr_case_at(state, case_slot);
    if (of->accept_order != order) /* another offer, or none */
        return;
    vdr_name regisseur = of->regisseur;
    vdr_assign_refuse(state, case_slot, VDR_CHANGE_EXPIRED);
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_CASE_TAKEN_BACK, case_slot, 0);
    vdr_tell(state, VDR_PARTY_REGISSEUR, regisseur, &message);
    message = vdr_message_of_case(state, VDR_MESSAGE_NOT_ACCEPTED, case_slot, regisseur);
    vdr_tell_coordinators(state, &message);
    vdr_assign(state, case_slot);
}

void
vdr_assign_retry_falls(vdr_state *state, uint64_t order)
{
    if (state->retry_order != order)
        return;
    state->retry_order = 0;
    vdr_assign_retry(state);
    if (state->unassigned_count != 0)
        set_retry(state);
}
