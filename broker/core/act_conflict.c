/* Conflicts of interest: conflict_declared, conflict_lifted (protocol.md 5.10). */
#include "broker/core/act.h"
#include "broker/core/conflict.h"
#include "broker/core/household.h"

static const vdr_key16 *
person_of(const vdr_act_sense *sense)
{
    return sense->command->person_count != 0 ? &sense->command->persons[0].key : NULL;
}

static vdr_slot
find(const vdr_state *state, const vdr_act_sense *sense)
{
    uint64_t number = sense->household != 0 ? vdr_household_at(state, sense->household)->number : 0;
    vdr_slot slot = vdr_conflict_find(state, sense->regisseur, person_of(sense), number);
    const vdr_command_earlier *earlier = sense->command->earlier;
    if (slot == 0 && number == 0 && earlier != NULL)
        slot = vdr_conflict_find(state, sense->regisseur, &earlier->persons[0], 0);
    return slot;
}

/* A regisseur for themselves alone. */
vdr_err
vdr_judge_conflict_declared(const vdr_state *state, const vdr_act_sense *sense)
{
    if (sense->actor_kind == VDR_PARTY_REGISSEUR && sense->actor != sense->regisseur)
        return VDR_E_NOT_ALLOWED;
    return find(state, sense) != 0 ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

vdr_err
vdr_judge_conflict_lifted(const vdr_state *state, const vdr_act_sense *sense)
{
    if (sense->actor == sense->regisseur) /* who is a coordinator, too, lifts none of their own */
        return VDR_E_NOT_ALLOWED;
    return find(state, sense) == 0 ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_conflict_declared(vdr_state *state, const vdr_act_sense *sense)
{
    uint64_t number = sense->household != 0 ? vdr_household_at(state, sense->household)->number : 0;
    vdr_conflict_put(state, sense->regisseur, person_of(sense), number, state->stepping);
    return false;
}

bool
vdr_do_conflict_lifted(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_conflict_drop(state, find(state, sense));
    return false;
}
