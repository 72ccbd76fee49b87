/* person_erased (protocol.md 5.10): one person leaves, and the others stay. */
#include "broker/core/act.h"
#include "broker/core/household.h"
#include "broker/core/rekey.h"
#include "broker/core/retention.h"
#include "broker/core/right.h"

static bool
is_named_by(const vdr_state *state, vdr_slot signal, vdr_slot member)
{
    vdr_slot at = vdr_signal_at(state, signal)->names;
    while (at != 0 && vdr_naming_at(state, at)->member != member)
        at = vdr_naming_at(state, at)->next;
    return at != 0;
}

/* Signals that name the person: those of the household first, since mostly these are all; otherwise, where
 * somebody moved or was named elsewhere, of every signal there is. The uses of a person say when all were found. */
static void
find_signals(const vdr_state *state, vdr_slot member, vdr_slots *ret_signals)
{
    uint32_t uses = 0, all = vdr_member_at(state, member)->uses;
    vdr_slot household = vdr_member_at(state, member)->household;
    for (vdr_slot slot = vdr_household_at(state, household)->signals_first; slot != 0;
         slot = vdr_signal_at(state, slot)->after)
        if (is_named_by(state, slot, member))
            vdr_slots_add(ret_signals, slot);
    for (size_t i = 0; i < ret_signals->count; i++)
        for (vdr_slot at = vdr_signal_at(state, ret_signals->at[i])->names; at != 0;
             at = vdr_naming_at(state, at)->next)
            uses += vdr_naming_at(state, at)->member == member;
    for (vdr_slot slot = 1; slot < state->signals.next && uses < all; slot++) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        if (signal->household == 0 || signal->household == household || !is_named_by(state, slot, member))
            continue;
        vdr_slots_add(ret_signals, slot);
        for (vdr_slot at = signal->names; at != 0; at = vdr_naming_at(state, at)->next)
            uses += vdr_naming_at(state, at)->member == member;
    }
}

/* Does a hold keep a signal that names the person? */
static bool
is_kept(const vdr_state *state, vdr_slot member)
{
    bool kept = false;
    vdr_slots signals = {0};
    if (state->rights.live != 0)
        find_signals(state, member, &signals);
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
    find_signals(state, member, &signals);
    vdr_person_erase(state, member, &signals);
    vdr_slots_done(&signals);
    return false;
}
