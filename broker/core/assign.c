#include "broker/core/assign.h"

#include "broker/core/absence.h"
#include "broker/core/case.h"
#include "broker/core/conflict.h"
#include "broker/core/load.h"
#include "broker/core/mailbox.h"
#include "broker/core/names.h"
#include "broker/core/right.h"
#include "broker/core/town.h"
#include "broker/core/waiting.h"

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
           !vdr_absent_at(state, place, state->now);
}

/* The district of the case's household; absent: it has none. */
static vdr_span
place_of(const vdr_state *state, vdr_slot case_slot)
{
    vdr_name district = vdr_household_at(state, vdr_case_at(state, case_slot)->household)->district;
    return district != 0 ? vdr_name_text(state, district) : (vdr_span){0};
}

/* A district that is a prefix of the household's place (absent: it has none); "*" matches all, and alone a
 * household without. */
static bool
works_in(const vdr_config_regisseur *regisseur, vdr_span place)
{
    if (regisseur->everywhere)
        return true;
    for (size_t i = 0; i < regisseur->districts.count; i++) {
        vdr_span district = regisseur->districts.at[i];
        if (place.at != NULL && district.len <= place.len && memcmp(district.at, place.at, district.len) == 0)
            return true;
    }
    return false;
}

/* Least load to capacity, then most domains of the case in expertise, then smallest id. */
static bool
is_better(const vdr_state *state, vdr_slot case_slot, size_t a, size_t b, vdr_why *ret_why)
{
    const vdr_config_regisseur *config = state->config->regisseurs;
    wide load_a = (wide)record_of(state, a)->load * config[b].capacity;
    wide load_b = (wide)record_of(state, b)->load * config[a].capacity;
    *ret_why = VDR_WHY_LOAD;
    if (load_a != load_b)
        return load_a < load_b;
    const vdr_town_regisseur *town = state->town->regisseurs;
    size_t known_a = vdr_case_domains_in(state, case_slot, town[a].expertise, town[a].expertise_count);
    size_t known_b = vdr_case_domains_in(state, case_slot, town[b].expertise, town[b].expertise_count);
    *ret_why = VDR_WHY_EXPERTISE;
    if (known_a != known_b)
        return known_a > known_b;
    *ret_why = VDR_WHY_ID;
    return vdr_span_compare(config[a].id, config[b].id) < 0;
}

/* Among those who have not refused it and are in no conflict (open), and have room. */
static uint32_t
best_of(const vdr_state *state, vdr_slot case_slot, const uint64_t *open, bool in_district)
{
    vdr_span place = place_of(state, case_slot);
    uint32_t best = VDR_TOWN_NONE;
    vdr_why why;
    for (uint32_t i = 0; i < state->config->regisseur_count; i++) {
        if (!vdr_waiting_bit(open, i) || !has_room(state, i))
            continue;
        if (in_district && !works_in(&state->config->regisseurs[i], place))
            continue;
        if (best == VDR_TOWN_NONE || is_better(state, case_slot, i, best, &why))
            best = i;
    }
    return best;
}

/* The regisseur of the household's last closed case, where that is not too long ago. */
static uint32_t
sticky_one(const vdr_state *state, const vdr_case *of, const uint64_t *open)
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
    bool candidate = place != VDR_TOWN_NONE && vdr_waiting_bit(open, place) && has_room(state, place);
    return candidate ? place : VDR_TOWN_NONE;
}

uint32_t
vdr_assign_choose(vdr_state *state, vdr_slot case_slot, vdr_assign_step *ret_step)
{
    const uint64_t *open = vdr_waiting_open(state, case_slot);
    state->looks++;
    *ret_step = VDR_ASSIGN_STICKY;
    uint32_t place = sticky_one(state, vdr_case_at(state, case_slot), open);
    if (place == VDR_TOWN_NONE) {
        *ret_step = VDR_ASSIGN_DISTRICT;
        place = best_of(state, case_slot, open, true);
    }
    if (place == VDR_TOWN_NONE) {
        *ret_step = VDR_ASSIGN_ANYWHERE;
        place = best_of(state, case_slot, open, false);
    }
    if (place == VDR_TOWN_NONE)
        *ret_step = VDR_ASSIGN_NOBODY;
    return place;
}

void
vdr_assign_look(const vdr_state *state, vdr_slot case_slot, uint32_t place, vdr_assign_view *ret_view)
{
    const vdr_config_regisseur *config = &state->config->regisseurs[place];
    const vdr_town_regisseur *town = &state->town->regisseurs[place];
    const vdr_case *of = vdr_case_at(state, case_slot);
    uint32_t load = record_of(state, place)->load;
    *ret_view = (vdr_assign_view){
        .refused = vdr_list_has(state, of->refused, town->id),
        .conflict = vdr_conflict_binds(state, town->id, of->household),
        .absent = vdr_absent_at(state, place, state->now),
        .full = load >= config->hard_capacity,
        .in_district = works_in(config, place_of(state, case_slot)),
        .load = load,
        .known = vdr_case_domains_in(state, case_slot, town->expertise, town->expertise_count)};
    VDR_ASSERT(vdr_waiting_bit(vdr_waiting_open(state, case_slot), place) ==
               !(ret_view->refused || ret_view->conflict));
    VDR_ASSERT(has_room(state, place) == !(ret_view->absent || ret_view->full));
}

vdr_why
vdr_assign_behind(const vdr_state *state, vdr_slot case_slot, uint32_t a, uint32_t b)
{
    vdr_why why;
    VDR_ASSERT(is_better(state, case_slot, b, a, &why));
    return why;
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
    vdr_right_tell_holder(state, case_slot);
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
    vdr_assign_step step;
    uint32_t place = vdr_assign_choose(state, case_slot, &step);
    if (place != VDR_TOWN_NONE) {
        vdr_assign_offer(state, case_slot, state->town->regisseurs[place].id, VDR_CHANGE_OFFERED, 0);
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

/* Within one retry places only fill up: what nobody can take now, nobody can take a case later. So the next
 * case in order is the first that somebody can. */
void
vdr_assign_retry(vdr_state *state)
{
    if (state->unassigned_first == 0)
        return;
    uint64_t *takers = vdr_waiting_wanted(state);
    for (size_t i = 0; i < state->config->regisseur_count; i++)
        if (vdr_waiting_bit(takers, i) && !has_room(state, i))
            takers[i / 64] &= ~(UINT64_C(1) << (i % 64));
    vdr_slot slot;
    while ((slot = vdr_waiting_first(state, takers)) != 0) {
        vdr_assign_step step;
        uint32_t place = vdr_assign_choose(state, slot, &step);
        VDR_ASSERT(place != VDR_TOWN_NONE);
        vdr_assign_offer(state, slot, state->town->regisseurs[place].id, VDR_CHANGE_OFFERED, 0);
        if (!has_room(state, place))
            takers[place / 64] &= ~(UINT64_C(1) << (place % 64));
    }
    free(takers);
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
    VDR_ASSERT(state->retry_order == order); /* there is one, and nothing else ends it */
    state->retry_order = 0;
    vdr_assign_retry(state);
    if (state->unassigned_count != 0)
        set_retry(state);
}
