/* person_erased (protocol.md 5.10): one person leaves, and the others stay. */
#include "broker/core/act.h"
#include "broker/core/household.h"
#include "broker/core/rekey.h"
#include "broker/core/retention.h"
#include "broker/core/right.h"

/* Does a hold keep a signal that names the person? */
static bool
is_kept(const vdr_state *state, vdr_slot member)
{
    bool kept = false;
    vdr_slots signals = {0};
    if (state->rights.live != 0)
        vdr_member_signals(state, member, &signals);
    for (size_t i = 0; i < signals.count && !kept; i++)
        kept = vdr_right_keeps(state, vdr_signal_at(state, signals.at[i])->household);
    vdr_slots_done(&signals);
    return kept;
}

vdr_err
vdr_judge_person_erased(const vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot member = vdr_rekey_member_find(state, sense->command, false, 0);
    const vdr_household *household = vdr_household_at(state, sense->household);
    bool can = member != 0 && vdr_member_at(state, member)->household == sense->household &&
               household->open_case == 0 && !vdr_right_keeps(state, sense->household) &&
               !is_kept(state, member);
    return can ? VDR_E_ACCEPTED : VDR_E_WRONG_STATE;
}

bool
vdr_do_person_erased(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_slot member = vdr_member_find(state, &sense->command->persons[0].key, false);
    vdr_slots signals = {0};
    vdr_member_signals(state, member, &signals);
    vdr_person_erase(state, member, &signals);
    vdr_slots_done(&signals);
    return false;
}
