/* Notes: note_sent, note_answered (protocol.md 5.14). */
#include "broker/core/act.h"
#include "broker/core/mailbox.h"
#include "broker/core/names.h"
#include "broker/core/note.h"

vdr_err
vdr_judge_note_sent(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_err verdict = vdr_judge_holder(state, sense);
    if (verdict == VDR_E_ACCEPTED &&
        vdr_note_about(state, sense->case_slot, sense->party_kind, sense->party) == 0)
        return VDR_E_WRONG_STATE;
    return verdict;
}

bool
vdr_do_note_sent(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot signal = vdr_note_about(state, sense->case_slot, sense->party_kind, sense->party);
    vdr_note_put(state, sense->case_slot, signal, sense->party_kind, sense->party, false);
    vdr_effect message = vdr_message_new(state, VDR_MESSAGE_NOTE);
    message.regisseur = sense->actor;
    message.result = sense->command->result;
    vdr_message_set_signal(state, &message, signal);
    vdr_tell(state, sense->party_kind, sense->party, &message);
    return false;
}

vdr_err
vdr_judge_note_answered(const vdr_state *state, const vdr_act_sense *sense)
{
    if (sense->signal == 0) /* there is one of that id, but not for this service */
        return VDR_E_NOT_ALLOWED;
    const vdr_signal *signal = vdr_signal_at(state, sense->signal);
    bool active = signal->in_case != 0 && vdr_case_at(state, signal->in_case)->state == VDR_CASE_ACTIVE &&
                  (signal->flags & VDR_SIGNAL_RESTRICTED) == 0;
    return active && vdr_note_knows(state, signal->in_case, sense->actor_kind, sense->actor)
               ? VDR_E_ACCEPTED
               : VDR_E_WRONG_STATE;
}

bool
vdr_do_note_answered(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot slot = vdr_signal_at(state, sense->signal)->in_case;
    const vdr_case *of = vdr_case_at(state, slot);
    vdr_note_put(state, slot, sense->signal, sense->actor_kind, sense->actor, true);
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_NOTE_ANSWERED, slot, 0);
    message.by_kind = sense->actor_kind;
    message.by = vdr_name_text(state, sense->actor);
    message.result = sense->command->result;
    vdr_message_set_signal(state, &message, sense->signal);
    vdr_tell(state, VDR_PARTY_REGISSEUR, of->regisseur, &message);
    return false;
}
