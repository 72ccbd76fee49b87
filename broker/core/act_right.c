/* What privacy officers ask and decide for residents (protocol.md 5.10). */
#include "broker/core/act.h"
#include "broker/core/household.h"
#include "broker/core/mailbox.h"
#include "broker/core/rekey.h"
#include "broker/core/retention.h"
#include "broker/core/right.h"
#include "broker/core/route.h"
#include "broker/core/rules.h"
#include "broker/core/town.h"

/* The person of the command, under whichever key; 0: nobody who is known. */
static vdr_slot
person_of(const vdr_state *state, const vdr_act_sense *sense)
{
    return vdr_rekey_member_find(state, sense->command, false, 0);
}

static vdr_right_about
about_of(const vdr_state *state, const vdr_act_sense *sense)
{
    if (sense->command->person_count != 0)
        return vdr_right_about_person(&vdr_member_at(state, person_of(state, sense))->key);
    return sense->signal != 0 ? vdr_right_about_signal(state, sense->signal)
                              : vdr_right_about_household(state, sense->household);
}

static vdr_slot
find(const vdr_state *state, const vdr_act_sense *sense, vdr_right_kind kind)
{
    return vdr_right_find(state, kind, about_of(state, sense));
}

static vdr_slot
begin(vdr_state *state, const vdr_act_sense *sense, vdr_right_kind kind, vdr_ms due)
{
    return vdr_right_begin(state, kind, about_of(state, sense), due, sense->actor, sense->actor_kind);
}

/* The term that was said, or a month. */
static vdr_ms
due_of(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_ms said = sense->command->due;
    return said != VDR_MS_NONE ? said : state->now + VDR_RIGHT_TERM_MS;
}

/* A person of no household: nothing can be said of one. */
static bool
is_nobody(const vdr_state *state, const vdr_act_sense *sense)
{
    if (sense->command->person_count == 0)
        return false;
    vdr_slot member = person_of(state, sense);
    return member == 0 || vdr_member_at(state, member)->household == 0;
}

static vdr_err
unless(bool wrong)
{
    return wrong ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

static bool
is_withdrawn(const vdr_state *state, vdr_slot signal)
{
    return signal != 0 && (vdr_signal_at(state, signal)->flags & VDR_SIGNAL_WITHDRAWN) != 0;
}

/* ---- objection ---- */

vdr_err
vdr_judge_objected(const vdr_state *state, const vdr_act_sense *sense)
{
    return unless(is_nobody(state, sense) || is_withdrawn(state, sense->signal) ||
                  find(state, sense, VDR_RIGHT_OBJECTION) != 0);
}

bool
vdr_do_objected(vdr_state *state, const vdr_act_sense *sense)
{
    (void)begin(state, sense, VDR_RIGHT_OBJECTION, due_of(state, sense));
    return false;
}

vdr_err
vdr_judge_objection_decided(const vdr_state *state, const vdr_act_sense *sense)
{
    return unless(is_nobody(state, sense) || find(state, sense, VDR_RIGHT_OBJECTION) == 0);
}

/* As if its agency had withdrawn it. Returns the case that it left, and the signal in ret_last. */
static void
withdraw(vdr_state *state, vdr_slot signal, vdr_slot *inout_case, vdr_slot *inout_last)
{
    if (is_withdrawn(state, signal))
        return;
    vdr_slot lost_by = vdr_signal_withdraw(state, signal);
    if (lost_by == 0)
        return;
    *inout_case = lost_by;
    *inout_last = signal;
}

/* A signal that names nobody else is withdrawn; of another one rules do not know the person any more. */
static void
strike(vdr_state *state, vdr_slot signal, vdr_slot member, vdr_slots *inout_cases, vdr_slots *inout_lasts)
{
    bool others = false;
    vdr_slot household = vdr_signal_at(state, signal)->household, lost_by = 0, last = 0;
    vdr_rules_signal_removed(state, household, signal);
    for (vdr_slot at = vdr_signal_at(state, signal)->names; at != 0; at = vdr_naming_at(state, at)->next) {
        if (vdr_naming_at(state, at)->member == member)
            ((vdr_naming *)vdr_slab_edit(&state->namings, at))->struck = 1;
        others = others || vdr_naming_at(state, at)->struck == 0;
    }
    vdr_right_mark(state, signal);
    vdr_rules_signal_added(state, household, signal);
    if (others)
        return;
    withdraw(state, signal, &lost_by, &last);
    if (lost_by == 0)
        return;
    vdr_slots_add(inout_cases, lost_by);
    vdr_slots_add(inout_lasts, last);
}

/* For one person. Signals may be in cases of several households: one Retract for each, after the last of its own. */
static void
uphold_for_person(vdr_state *state, vdr_slot member)
{
    vdr_slots signals = {0}, cases = {0}, lasts = {0};
    vdr_member_signals(state, member, &signals);
    for (size_t i = 0; i < signals.count; i++)
        strike(state, signals.at[i], member, &cases, &lasts);
    for (size_t i = 0; i < cases.count; i++) {
        bool later = false;
        for (size_t j = i + 1; j < cases.count; j++)
            later = later || cases.at[j] == cases.at[i];
        if (!later)
            vdr_route_retract(state, cases.at[i], lasts.at[i]);
    }
    vdr_slots_done(&signals);
    vdr_slots_done(&cases);
    vdr_slots_done(&lasts);
}

bool
vdr_do_objection_decided(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot lost_by = 0, last = 0;
    vdr_slot member = sense->command->person_count != 0 ? person_of(state, sense) : 0;
    bool upheld = sense->command->upheld;
    vdr_right_end(state, find(state, sense, VDR_RIGHT_OBJECTION),
                  upheld ? VDR_RIGHT_UPHELD : VDR_RIGHT_REJECTED);
    if (!upheld)
        return false;
    if (member != 0)
        uphold_for_person(state, member);
    else if (sense->signal != 0)
        withdraw(state, sense->signal, &lost_by, &last);
    else
        for (vdr_slot slot = vdr_household_at(state, sense->household)->signals_first; slot != 0;
             slot = vdr_signal_at(state, slot)->after)
            withdraw(state, slot, &lost_by, &last);
    if (lost_by != 0)
        vdr_route_retract(state, lost_by, last);
    return false;
}

/* ---- restriction ---- */

vdr_err
vdr_judge_restricted(const vdr_state *state, const vdr_act_sense *sense)
{
    return unless(is_nobody(state, sense) || find(state, sense, VDR_RIGHT_RESTRICTION) != 0);
}

bool
vdr_do_restricted(vdr_state *state, const vdr_act_sense *sense)
{
    (void)begin(state, sense, VDR_RIGHT_RESTRICTION, VDR_MS_NONE);
    return false;
}

vdr_err
vdr_judge_restriction_lifted(const vdr_state *state, const vdr_act_sense *sense)
{
    return unless(is_nobody(state, sense) || find(state, sense, VDR_RIGHT_RESTRICTION) == 0);
}

bool
vdr_do_restriction_lifted(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_right_end(state, find(state, sense, VDR_RIGHT_RESTRICTION), VDR_RIGHT_LIFTED);
    return false;
}

/* ---- erasure that is asked ---- */

vdr_err
vdr_judge_erasure_requested(const vdr_state *state, const vdr_act_sense *sense)
{
    return unless(find(state, sense, VDR_RIGHT_ERASURE) != 0);
}

bool
vdr_do_erasure_requested(vdr_state *state, const vdr_act_sense *sense)
{
    (void)begin(state, sense, VDR_RIGHT_ERASURE, due_of(state, sense));
    vdr_slot case_slot = vdr_household_at(state, sense->household)->open_case;
    vdr_right_touch(state, sense->household);
    if (case_slot == 0)
        return false;
    vdr_right_tell_holder(state, case_slot);
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_ERASURE_REQUESTED, case_slot, 0);
    message.household.number = vdr_household_at(state, sense->household)->number;
    vdr_tell_officers(state, &message);
    return false;
}

vdr_err
vdr_judge_erasure_request_withdrawn(const vdr_state *state, const vdr_act_sense *sense)
{
    return unless(find(state, sense, VDR_RIGHT_ERASURE) == 0);
}

bool
vdr_do_erasure_request_withdrawn(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_right_end(state, find(state, sense, VDR_RIGHT_ERASURE), VDR_RIGHT_WITHDRAWN);
    return false;
}

/* ---- legal hold ---- */

static vdr_right_state
hold_of(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot hold = find(state, sense, VDR_RIGHT_HOLD);
    return hold != 0 ? (vdr_right_state)vdr_right_at(state, hold)->state : 0;
}

vdr_err
vdr_judge_hold_placed(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_right_state is = hold_of(state, sense);
    return unless(is != 0 && is != VDR_RIGHT_LIFTING);
}

bool
vdr_do_hold_placed(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot slot = find(state, sense, VDR_RIGHT_HOLD);
    bool lifting = slot != 0; /* then it goes on */
    if (!lifting)
        slot = begin(state, sense, VDR_RIGHT_HOLD, VDR_MS_NONE);
    ((vdr_right *)vdr_slab_edit(&state->rights, slot))->state = lifting ? VDR_RIGHT_STANDS : VDR_RIGHT_PLACED;
    return false;
}

/* Two persons, one of them a privacy officer. One person may be a coordinator too. */
vdr_err
vdr_judge_hold_confirmed(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot slot = find(state, sense, VDR_RIGHT_HOLD);
    if (slot == 0)
        return VDR_E_WRONG_STATE;
    const vdr_right *hold = vdr_right_at(state, slot);
    bool placed = hold->state == VDR_RIGHT_PLACED;
    if (!placed && hold->state != VDR_RIGHT_LIFTING)
        return VDR_E_WRONG_STATE;
    vdr_name first = placed ? hold->author : hold->second;
    unsigned kind = placed ? hold->author_kind : hold->second_kind;
    bool officer = kind == VDR_PARTY_PRIVACY_OFFICER || sense->actor_kind == VDR_PARTY_PRIVACY_OFFICER;
    return first != sense->actor && officer ? VDR_E_ACCEPTED : VDR_E_NOT_ALLOWED;
}

bool
vdr_do_hold_confirmed(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot slot = find(state, sense, VDR_RIGHT_HOLD);
    vdr_right *hold = vdr_slab_edit(&state->rights, slot);
    if (hold->state == VDR_RIGHT_PLACED) {
        hold->state = VDR_RIGHT_STANDS;
        hold->second = sense->actor;
        hold->second_kind = (uint8_t)sense->actor_kind;
        return false;
    }
    bool leaves = hold->waits != 0;
    vdr_right_end(state, slot, VDR_RIGHT_LIFTED);
    vdr_household_release(state, sense->household, leaves);
    vdr_right_touch(state, sense->household);
    return false;
}

vdr_err
vdr_judge_hold_lifted(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_right_state is = hold_of(state, sense);
    return unless(is != VDR_RIGHT_PLACED && is != VDR_RIGHT_STANDS);
}

bool
vdr_do_hold_lifted(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot slot = find(state, sense, VDR_RIGHT_HOLD);
    if (vdr_right_at(state, slot)->state == VDR_RIGHT_PLACED) { /* it never held */
        vdr_right_end(state, slot, VDR_RIGHT_WITHDRAWN);
        return false;
    }
    vdr_right *hold = vdr_slab_edit(&state->rights, slot);
    hold->state = VDR_RIGHT_LIFTING;
    hold->second = sense->actor;
    hold->second_kind = (uint8_t)sense->actor_kind;
    return false;
}

/* ---- rectification ---- */

vdr_err
vdr_judge_rectification_requested(const vdr_state *state, const vdr_act_sense *sense)
{
    return unless(is_withdrawn(state, sense->signal) || find(state, sense, VDR_RIGHT_RECTIFICATION) != 0);
}

bool
vdr_do_rectification_requested(vdr_state *state, const vdr_act_sense *sense)
{
    (void)begin(state, sense, VDR_RIGHT_RECTIFICATION, due_of(state, sense));
    vdr_name agency = vdr_sender_of(state, vdr_signal_at(state, sense->signal))->agency;
    if (vdr_town_name_of(state->town, agency)->agency == VDR_TOWN_NONE)
        return false; /* it is no longer in the town: nobody to tell */
    vdr_effect message = vdr_message_new(state, VDR_MESSAGE_RECTIFICATION_REQUESTED);
    message.result = sense->command->result;
    vdr_message_set_signal(state, &message, sense->signal);
    vdr_tell(state, VDR_PARTY_AGENCY, agency, &message);
    return false;
}
