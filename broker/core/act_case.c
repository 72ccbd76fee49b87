/* Commands about a case (section 9). */
#include "broker/core/act.h"
#include "broker/core/assign.h"
#include "broker/core/case.h"
#include "broker/core/conflict.h"
#include "broker/core/mailbox.h"
#include "broker/core/right.h"
#include "broker/core/route.h"
#include "broker/core/town.h"

/* Only the regisseur who has it. */
vdr_err
vdr_judge_holder(const vdr_state *state, const vdr_act_sense *sense)
{
    return vdr_case_at(state, sense->case_slot)->regisseur == sense->actor ? VDR_E_ACCEPTED
                                                                           : VDR_E_NOT_ALLOWED;
}

bool
vdr_do_accepted(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_case_hold(state, sense->case_slot, VDR_CASE_ACTIVE, sense->actor);
    vdr_case_line(state, sense->case_slot, VDR_CHANGE_ACCEPTED);
    vdr_case_tell_agencies(state, sense->case_slot);
    return false;
}

bool
vdr_do_declined(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_assign_refuse(state, sense->case_slot, VDR_CHANGE_DECLINED);
    vdr_assign(state, sense->case_slot);
    return false;
}

/* While offered its regisseur, while unassigned a coordinator. */
vdr_err
vdr_judge_dismissed(const vdr_state *state, const vdr_act_sense *sense)
{
    if (vdr_case_at(state, sense->case_slot)->state == VDR_CASE_UNASSIGNED)
        return sense->actor_kind == VDR_PARTY_COORDINATOR ? VDR_E_ACCEPTED : VDR_E_NOT_ALLOWED;
    if (sense->actor_kind != VDR_PARTY_REGISSEUR)
        return VDR_E_NOT_ALLOWED;
    return vdr_judge_holder(state, sense);
}

bool
vdr_do_dismissed(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slots signals = {0};
    vdr_case_end(state, sense->case_slot, VDR_CASE_DISMISSED, &signals);
    vdr_case_line(state, sense->case_slot, VDR_CHANGE_DISMISSED);
    vdr_route_to_services(state, &signals);
    vdr_slots_done(&signals);
    return false;
}

/* May the regisseur whom the act names not have to do with the case's household (protocol.md 5.10)? */
static bool
is_bound(const vdr_state *state, const vdr_act_sense *sense)
{
    return vdr_conflict_binds(state, sense->regisseur, vdr_case_at(state, sense->case_slot)->household);
}

vdr_err
vdr_judge_assigned(const vdr_state *state, const vdr_act_sense *sense)
{
    if (is_bound(state, sense))
        return VDR_E_NOT_ALLOWED;
    bool has_it = vdr_case_at(state, sense->case_slot)->regisseur == sense->regisseur;
    return has_it ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_assigned(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_name before = vdr_case_at(state, sense->case_slot)->regisseur;
    vdr_assign_offer(state, sense->case_slot, sense->regisseur,
                     before != 0 ? VDR_CHANGE_REASSIGNED : VDR_CHANGE_OFFERED, before);
    return false;
}

vdr_err
vdr_judge_handover_offered(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_err verdict = vdr_judge_holder(state, sense);
    if (verdict == VDR_E_ACCEPTED && is_bound(state, sense))
        return VDR_E_NOT_ALLOWED;
    if (verdict == VDR_E_ACCEPTED && sense->regisseur == sense->actor)
        return VDR_E_WRONG_STATE;
    return verdict;
}

bool
vdr_do_handover_offered(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_case_edit(state, sense->case_slot)->handover_to = sense->regisseur;
    vdr_effect message =
        vdr_message_of_case(state, VDR_MESSAGE_HANDOVER_OFFERED, sense->case_slot, sense->actor);
    vdr_tell(state, VDR_PARTY_REGISSEUR, sense->regisseur, &message);
    return false;
}

vdr_err
vdr_judge_handover_accepted(const vdr_state *state, const vdr_act_sense *sense)
{
    return vdr_case_at(state, sense->case_slot)->handover_to == sense->actor ? VDR_E_ACCEPTED
                                                                             : VDR_E_NOT_ALLOWED;
}

bool
vdr_do_handover_accepted(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_name before = vdr_case_at(state, sense->case_slot)->regisseur;
    vdr_case_hold(state, sense->case_slot, VDR_CASE_ACTIVE, sense->actor);
    vdr_case_line(state, sense->case_slot, VDR_CHANGE_HANDED_OVER);
    vdr_effect message =
        vdr_message_of_case(state, VDR_MESSAGE_HANDOVER_ACCEPTED, sense->case_slot, sense->actor);
    vdr_tell(state, VDR_PARTY_REGISSEUR, before, &message);
    vdr_right_tell_holder(state, sense->case_slot);
    vdr_case_tell_agencies(state, sense->case_slot);
    return false;
}

bool
vdr_do_escalated(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_case_line(state, sense->case_slot, VDR_CHANGE_ESCALATED);
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_ESCALATED, sense->case_slot, 0);
    vdr_tell_coordinators(state, &message);
    return false;
}

vdr_err
vdr_judge_plan(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_err verdict = vdr_judge_holder(state, sense);
    uint64_t next = vdr_case_at(state, sense->case_slot)->plan_revision + 1;
    if (verdict == VDR_E_ACCEPTED && sense->command->plan_revision != next)
        return VDR_E_WRONG_STATE;
    return verdict;
}

bool
vdr_do_plan(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_case *of = vdr_case_edit(state, sense->case_slot);
    of->plan_revision++;
    of->plan_position = state->stepping;
    vdr_case_line(state, sense->case_slot, VDR_CHANGE_PLAN_SET);
    return false;
}

bool
vdr_do_closed(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slots places = {0};
    vdr_case_agencies(state, sense->case_slot, &places); /* before it releases its signals */
    vdr_case_end(state, sense->case_slot, VDR_CASE_CLOSED, NULL);
    vdr_case_line(state, sense->case_slot, VDR_CHANGE_CLOSED);
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_CASE_CLOSED, sense->case_slot, 0);
    for (size_t i = 0; i < places.count; i++)
        vdr_tell(state, VDR_PARTY_AGENCY, state->town->agencies[places.at[i]].id, &message);
    vdr_slots_done(&places);
    return false;
}
