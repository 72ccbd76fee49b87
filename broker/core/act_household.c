/* Commands about households: household_merged, household_split, person_moved, erased (section 9), review_set_aside
 * (protocol.md 5.16). */
#include "broker/core/act.h"
#include "broker/core/household.h"
#include "broker/core/merge.h"
#include "broker/core/rekey.h"
#include "broker/core/retention.h"
#include "broker/core/review.h"
#include "broker/core/right.h"

vdr_err
vdr_judge_merged(const vdr_state *state, const vdr_act_sense *sense)
{
    (void)state;
    return sense->household == sense->from ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_merged(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_household_merge(state, sense->household, sense->from);
    return false;
}

static bool
is_of(const vdr_state *state, const vdr_command *command, bool is_address, size_t i, vdr_slot household)
{
    vdr_slot member = vdr_rekey_member_find(state, command, is_address, i);
    return member != 0 && vdr_member_at(state, member)->household == household;
}

vdr_err
vdr_judge_split(const vdr_state *state, const vdr_act_sense *sense)
{
    const vdr_command *command = sense->command;
    for (size_t i = 0; i < command->person_count; i++)
        if (!is_of(state, command, false, i, sense->household))
            return VDR_E_WRONG_STATE;
    for (size_t i = 0; i < command->address_count; i++)
        if (!is_of(state, command, true, i, sense->household))
            return VDR_E_WRONG_STATE;
    return VDR_E_ACCEPTED;
}

bool
vdr_do_split(vdr_state *state, const vdr_act_sense *sense)
{
    const vdr_command *command = sense->command;
    vdr_slots members = {0};
    for (size_t i = 0; i < command->person_count; i++)
        vdr_slots_add(&members, vdr_member_find(state, &command->persons[i].key, false));
    for (size_t i = 0; i < command->address_count; i++)
        vdr_slots_add(&members, vdr_member_find(state, &command->addresses[i], true));
    vdr_household_split(state, sense->household, &members);
    vdr_slots_done(&members);
    return false;
}

bool
vdr_do_moved(vdr_state *state, const vdr_act_sense *sense)
{
    const vdr_command *command = sense->command;
    /* A record of somebody unknown is kept without its content: it names nobody when it is stepped again. */
    vdr_slot person = command->person_count != 0 ? vdr_rekey_member_find(state, command, false, 0) : 0;
    if (person == 0 || vdr_member_at(state, person)->household == 0)
        return true;
    vdr_rekey_named(state, command);
    VDR_ASSERT(command->address_count == 1);
    vdr_slot to = vdr_member_find(state, &command->addresses[0], true);
    if (to != 0 && vdr_member_at(state, to)->household == vdr_member_at(state, person)->household)
        return false;
    vdr_person_move(state, person, to, &command->addresses[0], command->address_excluded);
    return false;
}

vdr_err
vdr_judge_erased(const vdr_state *state, const vdr_act_sense *sense)
{
    bool has_open = vdr_household_at(state, sense->household)->open_case != 0;
    bool keeps = vdr_right_keeps(state, sense->household);
    return has_open || keeps ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_erased(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_household_erase(state, sense->household);
    return false;
}

vdr_err
vdr_judge_review_set_aside(const vdr_state *state, const vdr_act_sense *sense)
{
    return vdr_review_open(state, sense->household, sense->from) == 0 ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_review_set_aside(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_review_set_aside(state, vdr_review_open(state, sense->household, sense->from));
    return false;
}
