/* Absences: absence_set, absence_lifted (protocol.md 5.15). */
#include "broker/core/absence.h"
#include "broker/core/act.h"

/* A coordinator for everybody, a regisseur for themselves. */
static bool
is_theirs(const vdr_act_sense *sense)
{
    return sense->actor_kind == VDR_PARTY_COORDINATOR || sense->actor == sense->regisseur;
}

static vdr_slot
find(const vdr_state *state, const vdr_act_sense *sense)
{
    return vdr_absence_find(state, sense->regisseur, sense->command->absent_from, sense->command->absent_to);
}

vdr_err
vdr_judge_absence_set(const vdr_state *state, const vdr_act_sense *sense)
{
    if (!is_theirs(sense))
        return VDR_E_NOT_ALLOWED;
    bool over = sense->command->absent_to <= state->now;
    bool full = vdr_absence_count(state, sense->regisseur) == VDR_ABSENCES_MAX;
    return over || full || find(state, sense) != 0 ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_absence_set(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_absence_put(state, sense->regisseur, sense->command->absent_from, sense->command->absent_to,
                    sense->actor_kind, sense->actor);
    return false;
}

vdr_err
vdr_judge_absence_lifted(const vdr_state *state, const vdr_act_sense *sense)
{
    if (!is_theirs(sense))
        return VDR_E_NOT_ALLOWED;
    return find(state, sense) == 0 ? VDR_E_WRONG_STATE : VDR_E_ACCEPTED;
}

bool
vdr_do_absence_lifted(vdr_state *state, const vdr_act_sense *sense)
{
    vdr_absence_drop(state, sense->regisseur, find(state, sense));
    return false;
}
