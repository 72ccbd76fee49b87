/* Commands about a signal: signal_withdrawn, signal_ended, feedback (section 9). */
#include "broker/core/act.h"
#include "broker/core/mailbox.h"
#include "broker/core/route.h"
#include "broker/core/rules.h"
#include "broker/core/town.h"

vdr_err
vdr_judge_withdrawn(const vdr_state *state, const vdr_act_sense *sense)
{
    bool withdrawn = (vdr_signal_at(state, sense->signal)->flags & VDR_SIGNAL_WITHDRAWN) != 0;
    return withdrawn ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_withdrawn(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot lost_by = vdr_signal_withdraw(state, sense->signal);
    if (lost_by != 0)
        vdr_route_retract(state, lost_by, sense->signal);
    return false;
}

vdr_err
vdr_judge_ended(const vdr_state *state, const vdr_act_sense *sense)
{
    const vdr_signal *signal = vdr_signal_at(state, sense->signal);
    bool can = vdr_terms_of(state, signal)->kind == VDR_SIGNAL_STATE &&
               !(signal->flags & (VDR_SIGNAL_WITHDRAWN | VDR_SIGNAL_ENDED));
    return can ? VDR_E_ACCEPTED : VDR_E_WRONG_STATE;
}

bool
vdr_do_ended(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_signal before = *vdr_signal_at(state, sense->signal);
    vdr_signal *signal = vdr_signal_edit(state, sense->signal);
    signal->flags |= VDR_SIGNAL_ENDED;
    if (sense->command->occurred_at < signal->until) /* ending it prolongs nothing */
        signal->until = sense->command->occurred_at;
    vdr_rules_signal_changed(state, signal->household, sense->signal, &before);
    return false;
}

vdr_err
vdr_judge_feedback(const vdr_state *state, const vdr_act_sense *sense)
{
    if (sense->signal == 0) /* there is one of that id, but not for this service */
        return VDR_E_NOT_ALLOWED;
    bool second = (vdr_signal_at(state, sense->signal)->flags & VDR_SIGNAL_HAS_FEEDBACK) != 0;
    return second ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_feedback(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_signal before = *vdr_signal_at(state, sense->signal);
    vdr_signal_edit(state, sense->signal)->flags |= VDR_SIGNAL_HAS_FEEDBACK;
    if ((before.flags & VDR_SIGNAL_OVERDUE) != 0) {
        vdr_overdue_end(state, sense->signal);
        vdr_rules_signal_changed(state, before.household, sense->signal, &before);
    }
    vdr_name agency = vdr_sender_of(state, &before)->agency;
    if (vdr_town_name_of(state->town, agency)->agency == VDR_TOWN_NONE)
        return false; /* it is no longer in the town: nobody to tell */
    vdr_effect message = vdr_message_new(state, VDR_MESSAGE_FEEDBACK);
    message.result = sense->command->result;
    vdr_message_set_signal(state, &message, sense->signal);
    vdr_tell(state, VDR_PARTY_AGENCY, agency, &message);
    return false;
}
