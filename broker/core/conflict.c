#include "broker/core/conflict.h"

#include "broker/core/assign.h"
#include "broker/core/case.h"
#include "broker/core/household.h"
#include "broker/core/mailbox.h"
#include "broker/core/rekey.h"
#include "broker/core/town.h"
#include "broker/core/waiting.h"

#include <stdlib.h>

static const vdr_conflict *
conflict_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->conflicts, slot);
}

static uint32_t
hash_of(const vdr_key16 *person, uint64_t household)
{
    return household != 0 ? vdr_index_hash_number(household) : vdr_member_hash(person);
}

uint32_t
vdr_conflict_hash(const void *record)
{
    const vdr_conflict *conflict = record;
    return hash_of(&conflict->person, conflict->household);
}

static bool
is_of(const vdr_conflict *conflict, const vdr_key16 *person, uint64_t household)
{
    VDR_ASSERT(household != 0 || person != NULL);
    return conflict->household == household && (household != 0 || vdr_key16_equal(&conflict->person, person));
}

/* ---- one conflict ---- */

/* The next of the search from slot on that is of this person or household. */
static vdr_slot
same(const vdr_state *state, vdr_slot slot, const vdr_key16 *person, uint64_t household,
     vdr_index_search *search)
{
    while (slot != 0 && !is_of(conflict_at(state, slot), person, household))
        slot = vdr_index_next(search);
    return slot;
}

static vdr_slot
first_of(const vdr_state *state, const vdr_key16 *person, uint64_t household, vdr_index_search *ret_search)
{
    vdr_slot slot = vdr_index_first(&state->conflicts_by_whom, hash_of(person, household), ret_search);
    return same(state, slot, person, household, ret_search);
}

static vdr_slot
next_of(const vdr_state *state, const vdr_key16 *person, uint64_t household, vdr_index_search *search)
{
    return same(state, vdr_index_next(search), person, household, search);
}

vdr_slot
vdr_conflict_find(const vdr_state *state, vdr_name regisseur, const vdr_key16 *person, uint64_t household)
{
    vdr_index_search search;
    if (state->conflicts.live == 0)
        return 0;
    vdr_slot slot = first_of(state, person, household, &search);
    while (slot != 0 && conflict_at(state, slot)->regisseur != regisseur)
        slot = next_of(state, person, household, &search);
    return slot;
}

bool
vdr_conflict_declared_at(const vdr_state *state, const vdr_key16 *person, vdr_position position)
{
    vdr_index_search search;
    vdr_slot slot = first_of(state, person, 0, &search);
    while (slot != 0 && conflict_at(state, slot)->position != position)
        slot = next_of(state, person, 0, &search);
    return slot != 0;
}

static void
touch_whom(vdr_state *state, const vdr_key16 *person, uint64_t household)
{
    vdr_slot slot = 0;
    if (household != 0)
        slot = vdr_household_find(state, (vdr_household_id){household});
    else if ((slot = vdr_member_find(state, person, false)) != 0)
        slot = vdr_member_at(state, slot)->household;
    if (slot != 0)
        vdr_conflict_touch(state, slot);
}

void
vdr_conflict_put(vdr_state *state, vdr_name regisseur, const vdr_key16 *person, uint64_t household,
                 vdr_position position)
{
    vdr_slot slot = vdr_slab_take(&state->conflicts);
    vdr_conflict *made = vdr_slab_edit(&state->conflicts, slot);
    VDR_ASSERT(household != 0 || person != NULL);
    made->household = household;
    if (household == 0)
        made->person = *person;
    made->regisseur = regisseur;
    made->position = position;
    made->parity = state->parity;
    vdr_index_put(&state->conflicts_by_whom, slot);
    touch_whom(state, person, household);
}

void
vdr_conflict_drop(vdr_state *state, vdr_slot slot)
{
    vdr_conflict dropped = *conflict_at(state, slot);
    if (dropped.household == 0)
        vdr_rekey_gone(state, dropped.parity, &state->old_conflicts);
    vdr_index_remove(&state->conflicts_by_whom, slot);
    vdr_slab_give(&state->conflicts, slot);
    touch_whom(state, &dropped.person, dropped.household);
}

/* ---- whom it binds ---- */

bool
vdr_conflict_binds(const vdr_state *state, vdr_name regisseur, vdr_slot household_slot)
{
    if (state->conflicts.live == 0 || regisseur == 0)
        return false;
    const vdr_household *household = vdr_household_at(state, household_slot);
    if (vdr_conflict_find(state, regisseur, NULL, household->number) != 0)
        return true;
    for (vdr_slot at = household->persons; at != 0; at = vdr_member_at(state, at)->after)
        if (vdr_conflict_find(state, regisseur, &vdr_member_at(state, at)->key, 0) != 0)
            return true;
    return false;
}

static void
mask_of(const vdr_state *state, const vdr_key16 *person, uint64_t household, uint64_t *bits)
{
    vdr_index_search search;
    for (vdr_slot slot = first_of(state, person, household, &search); slot != 0;
         slot = next_of(state, person, household, &search)) {
        uint32_t place = vdr_town_name_of(state->town, conflict_at(state, slot)->regisseur)->regisseur;
        if (place != VDR_TOWN_NONE)
            bits[place / 64] &= ~(UINT64_C(1) << (place % 64));
    }
}

void
vdr_conflict_mask(const vdr_state *state, vdr_slot household_slot, uint64_t *bits)
{
    if (state->conflicts.live == 0)
        return;
    const vdr_household *household = vdr_household_at(state, household_slot);
    mask_of(state, NULL, household->number, bits);
    for (vdr_slot at = household->persons; at != 0; at = vdr_member_at(state, at)->after)
        mask_of(state, &vdr_member_at(state, at)->key, 0, bits);
}

/* ---- what a line or timer touched ---- */

void
vdr_conflict_touch(vdr_state *state, vdr_slot household)
{
    for (size_t i = 0; i < state->touched.count; i++)
        if (state->touched.at[i] == household)
            return;
    vdr_slots_add(&state->touched, household);
}

void
vdr_conflict_touch_of(vdr_state *state, vdr_slot slot)
{
    const vdr_member *member = vdr_member_at(state, slot);
    vdr_index_search search;
    if (state->conflicts.live == 0 || member->is_address || first_of(state, &member->key, 0, &search) == 0)
        return;
    vdr_conflict_touch(state, member->household);
}

/* As an offer that expires, but the regisseur joins no refused list: the conflict itself binds Assign. */
static void
take_back(vdr_state *state, vdr_slot case_slot)
{
    vdr_name before = vdr_case_at(state, case_slot)->regisseur;
    vdr_case_hold(state, case_slot, VDR_CASE_UNASSIGNED, 0);
    vdr_case_line(state, case_slot, VDR_CHANGE_TAKEN_BACK);
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_CASE_TAKEN_BACK, case_slot, 0);
    vdr_tell(state, VDR_PARTY_REGISSEUR, before, &message);
    vdr_assign(state, case_slot);
}

static void
settle(vdr_state *state, vdr_slot household)
{
    vdr_slot slot = vdr_household_at(state, household)->open_case;
    if (slot == 0)
        return;
    const vdr_case *of = vdr_case_at(state, slot);
    if (of->state == VDR_CASE_UNASSIGNED) { /* others may take it than before */
        vdr_waiting_cut(state, slot);
        vdr_waiting_put(state, slot);
        return;
    }
    if (of->handover_to != 0 && vdr_conflict_binds(state, of->handover_to, household))
        vdr_case_edit(state, slot)->handover_to = 0;
    if (vdr_conflict_binds(state, of->regisseur, household))
        take_back(state, slot);
}

void
vdr_conflict_settle(vdr_state *state)
{
    for (size_t i = 0; i < state->touched.count; i++) {
        vdr_slot household = state->touched.at[i];
        if (vdr_household_at(state, household)->born_order != 0) /* it may be gone by now */
            settle(state, household);
    }
    state->touched.count = 0;
}

/* ---- households that become others ---- */

void
vdr_conflict_follow(vdr_state *state, vdr_slot from, vdr_slot into)
{
    if (state->conflicts.live == 0)
        return;
    uint64_t old = vdr_household_at(state, from)->number, number = vdr_household_at(state, into)->number;
    vdr_slots found = {0};
    vdr_index_search search;
    for (vdr_slot slot = first_of(state, NULL, old, &search); slot != 0;
         slot = next_of(state, NULL, old, &search))
        vdr_slots_add(&found, slot);
    for (size_t i = 0; i < found.count; i++) {
        vdr_conflict conflict = *conflict_at(state, found.at[i]);
        if (vdr_conflict_find(state, conflict.regisseur, NULL, number) == 0)
            vdr_conflict_put(state, conflict.regisseur, NULL, number, conflict.position);
    }
    vdr_slots_done(&found);
    vdr_conflict_touch(state, into); /* a case that comes along meets the persons who are there */
}

void
vdr_conflict_household_gone(vdr_state *state, vdr_slot household)
{
    vdr_slot slot;
    vdr_index_search search;
    uint64_t number = vdr_household_at(state, household)->number;
    while (state->conflicts.live != 0 && (slot = first_of(state, NULL, number, &search)) != 0)
        vdr_conflict_drop(state, slot);
}

const char *
vdr_conflict_check(const vdr_state *state)
{
    if (state->touched.count != 0)
        return "a household was touched and not looked at";
    for (vdr_slot slot = 1; slot < state->cases.next; slot++) {
        const vdr_case *of = vdr_case_at(state, slot);
        if (of->leave_order == 0 && of->household != 0 && vdr_case_state_open((vdr_case_state)of->state) &&
            (vdr_conflict_binds(state, of->regisseur, of->household) ||
             vdr_conflict_binds(state, of->handover_to, of->household)))
            return "an open case is with somebody in conflict";
    }
    return NULL;
}
