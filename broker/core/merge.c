#include "broker/core/merge.h"

#include "broker/core/case.h"
#include "broker/core/conflict.h"
#include "broker/core/household.h"
#include "broker/core/latch.h"
#include "broker/core/mailbox.h"
#include "broker/core/right.h"
#include "broker/core/route.h"
#include "broker/core/rules.h"

/* ---- two open cases of one household become one ---- */

/* The case that stays takes what it may of the other's signals; the rest is appended to ret_others. True: it
 * took some. */
static bool
take_over(vdr_state *state, vdr_slot stays, const vdr_slots *signals, vdr_slots *ret_others)
{
    vdr_slot near = 0;
    for (size_t i = 0; i < signals->count; i++) {
        vdr_name purpose = vdr_terms_of(state, vdr_signal_at(state, signals->at[i]))->purpose;
        if (!vdr_case_may_take(state, stays, purpose)) {
            vdr_slots_add(ret_others, signals->at[i]);
            continue;
        }
        vdr_case_attach(state, stays, signals->at[i], near);
        near = signals->at[i];
    }
    return near != 0;
}

static void
end_in(vdr_state *state, vdr_slot ends, vdr_slot stays)
{
    vdr_slots signals = {0}, others = {0};
    vdr_priority priority = (vdr_priority)vdr_case_at(state, ends)->priority;

    vdr_case_end(state, ends, VDR_CASE_MERGED, &signals);
    vdr_case_line(state, ends, VDR_CHANGE_MERGED);
    if (vdr_case_at(state, ends)->regisseur != 0)
        vdr_case_tell_regisseur(state, ends, VDR_MESSAGE_CASE_TAKEN_BACK);
    bool moved = take_over(state, stays, &signals, &others);
    vdr_route_to_services(state, &others);
    if (moved && priority > vdr_case_at(state, stays)->priority)
        vdr_case_raise(state, stays, priority);
    vdr_slots_done(&signals);
    vdr_slots_done(&others);
}

/* Either may be 0. Both are of this household already; the lower-numbered stays. */
static void
open_cases_become_one(vdr_state *state, vdr_slot household, vdr_slot a, vdr_slot b)
{
    if (a == 0 || b == 0) {
        vdr_household_edit(state, household)->open_case = a != 0 ? a : b;
        return;
    }
    bool a_stays = vdr_case_at(state, a)->number < vdr_case_at(state, b)->number;
    vdr_household_edit(state, household)->open_case = a_stays ? a : b;
    end_in(state, a_stays ? b : a, a_stays ? a : b);
}

/* Takes all cases along. Returns the open one of the household that they leave; 0: none. */
static vdr_slot
move_cases(vdr_state *state, vdr_slot from, vdr_slot into)
{
    vdr_slot open_case = vdr_household_at(state, from)->open_case;
    vdr_slot slot;
    while ((slot = vdr_household_at(state, from)->cases) != 0) {
        vdr_household_cut_case(state, slot);
        vdr_household_put_case(state, into, slot);
    }
    return open_case;
}

static void
move_signal(vdr_state *state, vdr_slot slot, vdr_slot into, vdr_slot near)
{
    vdr_rules_signal_removed(state, vdr_signal_at(state, slot)->household, slot);
    vdr_household_cut_signal(state, slot);
    vdr_household_put_signal(state, into, slot, near);
    vdr_right_signal_moved(state, slot);
    vdr_rules_signal_added(state, into, slot);
}

/* ---- merge ---- */

void
vdr_household_merge(vdr_state *state, vdr_slot into, vdr_slot from)
{
    const vdr_household *old = vdr_household_at(state, from);

    vdr_rules_household_gone(state, from);
    vdr_right_merge(state, from, into);
    while (old->persons != 0)
        vdr_member_join(state, old->persons, into);
    while (old->addresses != 0)
        vdr_member_join(state, old->addresses, into);
    for (vdr_slot near = 0; old->signals_first != 0;) {
        vdr_slot slot = old->signals_first;
        move_signal(state, slot, into, near);
        near = slot;
    }
    vdr_slot into_open = vdr_household_at(state, into)->open_case;
    vdr_slot from_open = move_cases(state, from, into);
    vdr_latches_join(state, from, into);
    vdr_conflict_follow(state, from, into);
    if (vdr_household_at(state, into)->district == 0)
        vdr_household_copy_district(state, into, from);
    vdr_household_remove(state, from);
    open_cases_become_one(state, into, into_open, from_open);
    vdr_household_left_alone(state, into);
}

/* ---- split and move ---- */

static bool
names_only(const vdr_state *state, const vdr_signal *signal, vdr_slot household)
{
    for (vdr_slot slot = signal->names; slot != 0; slot = vdr_naming_at(state, slot)->next)
        if (vdr_member_at(state, vdr_naming_at(state, slot)->member)->household != household)
            return false;
    return signal->names != 0;
}

/* Signals that are in no open case and name persons, all of them now of household to; with_addresses: also those
 * that name no person and an address that is. */
static void
move_signals_of(vdr_state *state, vdr_slot from, vdr_slot to, bool with_addresses)
{
    vdr_slot near = 0, after;
    for (vdr_slot slot = vdr_household_at(state, from)->signals_first; slot != 0; slot = after) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        after = signal->after;
        if (signal->in_case != 0)
            continue;
        const vdr_signal_rest *rest = vdr_signal_rest_at(state, slot);
        bool at_address = with_addresses && signal->names == 0 && rest->address != 0 &&
                          vdr_member_at(state, rest->address)->household == to;
        if (!at_address && !names_only(state, signal, to))
            continue;
        if (!with_addresses) /* a person's move */
            vdr_right_signal_moves(state, slot);
        move_signal(state, slot, to, near);
        near = slot;
    }
}

void
vdr_household_split(vdr_state *state, vdr_slot household, const vdr_slots *members)
{
    vdr_slot made = vdr_household_new(state);
    vdr_household_copy_district(state, made, household);
    vdr_conflict_follow(state, household, made);
    vdr_right_split(state, household, made);
    for (size_t i = 0; i < members->count; i++)
        vdr_member_join(state, members->at[i], made);
    move_signals_of(state, household, made, true);
    vdr_household_left_alone(state, household);
    vdr_household_left_alone(state, made);
}

/* The household that somebody who moves to this address joins. */
static vdr_slot
destination(vdr_state *state, vdr_slot to, const vdr_key16 *to_key, bool excluded)
{
    vdr_slot at = to != 0 ? vdr_member_at(state, to)->household : 0;
    if (at != 0 && !excluded && vdr_household_at(state, at)->person_count < state->config->persons_max)
        return at;
    vdr_slot made = vdr_household_new(state);
    if (at == 0 && !excluded)
        vdr_member_join(state, to != 0 ? to : vdr_member_make(state, to_key, true), made);
    return made;
}

/* The last person leaves: all cases go along, the open one with its signals. */
static void
take_cases_along(vdr_state *state, vdr_slot from, vdr_slot to)
{
    vdr_slot to_open = vdr_household_at(state, to)->open_case;
    vdr_slot open_case = move_cases(state, from, to), near = 0;
    vdr_slot slot = open_case != 0 ? vdr_case_at(state, open_case)->signals_first : 0;
    for (; slot != 0; slot = vdr_signal_rest_at(state, slot)->case_after) {
        vdr_right_signal_moves(state, slot);
        move_signal(state, slot, to, near);
        near = slot;
    }
    open_cases_become_one(state, to, to_open, open_case);
    vdr_conflict_follow(state, from, to);
}

void
vdr_person_move(vdr_state *state, vdr_slot person, vdr_slot to, const vdr_key16 *to_key, bool excluded)
{
    vdr_slot from = vdr_member_at(state, person)->household;
    vdr_slot into = destination(state, to, to_key, excluded);
    VDR_ASSERT(from != 0 && from != into);

    vdr_member_join(state, person, into);
    bool last = vdr_household_at(state, from)->person_count == 0;
    vdr_right_move(state, from, into, last);
    if (last)
        take_cases_along(state, from, into);
    move_signals_of(state, from, into, false);
    vdr_household_left_alone(state, from);
    vdr_household_left_alone(state, into);
}
