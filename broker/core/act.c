#include "broker/core/act.h"

#include "broker/core/case.h"
#include "broker/core/household.h"
#include "broker/core/names.h"
#include "broker/core/rekey.h"
#include "broker/core/signal.h"
#include "broker/core/town.h"

#define BIT(value) (1u << (value))
#define OPEN       (BIT(VDR_CASE_UNASSIGNED) | BIT(VDR_CASE_OFFERED) | BIT(VDR_CASE_ACTIVE))

/* The tables of section 9 and of protocol.md 5.10, read across. */
const vdr_act_row vdr_act_rows[VDR_ACT_LAST + 1] = {
    [VDR_ACT_SIGNAL_WITHDRAWN] = {BIT(VDR_PARTY_AGENCY), VDR_NAMES_OWN_SIGNAL, 0, vdr_judge_withdrawn,
                                  vdr_do_withdrawn},
    [VDR_ACT_SIGNAL_ENDED] = {BIT(VDR_PARTY_AGENCY), VDR_NAMES_OWN_SIGNAL, 0, vdr_judge_ended, vdr_do_ended},
    [VDR_ACT_FEEDBACK] = {BIT(VDR_PARTY_SERVICE), VDR_NAMES_ROUTED_SIGNAL, 0, vdr_judge_feedback,
                          vdr_do_feedback},
    [VDR_ACT_CASE_ACCEPTED] = {BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_CASE, BIT(VDR_CASE_OFFERED),
                               vdr_judge_holder, vdr_do_accepted},
    [VDR_ACT_CASE_DECLINED] = {BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_CASE, BIT(VDR_CASE_OFFERED),
                               vdr_judge_holder, vdr_do_declined},
    [VDR_ACT_CASE_DISMISSED] = {BIT(VDR_PARTY_REGISSEUR) | BIT(VDR_PARTY_COORDINATOR), VDR_NAMES_CASE,
                                BIT(VDR_CASE_UNASSIGNED) | BIT(VDR_CASE_OFFERED), vdr_judge_dismissed,
                                vdr_do_dismissed},
    [VDR_ACT_CASE_ASSIGNED] = {BIT(VDR_PARTY_COORDINATOR), VDR_NAMES_CASE | VDR_NAMES_REGISSEUR, OPEN,
                               vdr_judge_assigned, vdr_do_assigned},
    [VDR_ACT_HANDOVER_OFFERED] = {BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_CASE | VDR_NAMES_REGISSEUR,
                                  BIT(VDR_CASE_ACTIVE), vdr_judge_handover_offered, vdr_do_handover_offered},
    [VDR_ACT_HANDOVER_ACCEPTED] = {BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_CASE, BIT(VDR_CASE_ACTIVE),
                                   vdr_judge_handover_accepted, vdr_do_handover_accepted},
    [VDR_ACT_CASE_ESCALATED] = {BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_CASE, BIT(VDR_CASE_ACTIVE),
                                vdr_judge_holder, vdr_do_escalated},
    [VDR_ACT_PLAN_SET] = {BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_CASE, BIT(VDR_CASE_ACTIVE), vdr_judge_plan,
                          vdr_do_plan},
    [VDR_ACT_CASE_CLOSED] = {BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_CASE, BIT(VDR_CASE_ACTIVE), vdr_judge_holder,
                             vdr_do_closed},
    [VDR_ACT_HOUSEHOLD_MERGED] = {BIT(VDR_PARTY_COORDINATOR), VDR_NAMES_TWO_HOUSEHOLDS, 0, vdr_judge_merged,
                                  vdr_do_merged},
    [VDR_ACT_HOUSEHOLD_SPLIT] = {BIT(VDR_PARTY_COORDINATOR), VDR_NAMES_HOUSEHOLD, 0, vdr_judge_split,
                                 vdr_do_split},
    [VDR_ACT_PERSON_MOVED] = {BIT(VDR_PARTY_AGENCY), 0, 0, NULL, vdr_do_moved},
    [VDR_ACT_ERASED] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_HOUSEHOLD, 0, vdr_judge_erased,
                        vdr_do_erased},
    [VDR_ACT_CONFLICT_DECLARED] = {BIT(VDR_PARTY_REGISSEUR) | BIT(VDR_PARTY_COORDINATOR) |
                                       BIT(VDR_PARTY_PRIVACY_OFFICER),
                                   VDR_NAMES_ONE | VDR_NAMES_REGISSEUR, 0, vdr_judge_conflict_declared,
                                   vdr_do_conflict_declared},
    [VDR_ACT_CONFLICT_LIFTED] = {BIT(VDR_PARTY_COORDINATOR) | BIT(VDR_PARTY_PRIVACY_OFFICER),
                                 VDR_NAMES_ONE | VDR_NAMES_REGISSEUR, 0, vdr_judge_conflict_lifted,
                                 vdr_do_conflict_lifted},
    [VDR_ACT_OBJECTED] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_ONE, 0, vdr_judge_objected,
                          vdr_do_objected},
    [VDR_ACT_OBJECTION_DECIDED] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_ONE, 0,
                                   vdr_judge_objection_decided, vdr_do_objection_decided},
    [VDR_ACT_RESTRICTED] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_ONE, 0, vdr_judge_restricted,
                            vdr_do_restricted},
    [VDR_ACT_RESTRICTION_LIFTED] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_ONE, 0,
                                    vdr_judge_restriction_lifted, vdr_do_restriction_lifted},
    [VDR_ACT_ERASURE_REQUESTED] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_HOUSEHOLD, 0,
                                   vdr_judge_erasure_requested, vdr_do_erasure_requested},
    [VDR_ACT_ERASURE_REQUEST_WITHDRAWN] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_HOUSEHOLD, 0,
                                           vdr_judge_erasure_request_withdrawn,
                                           vdr_do_erasure_request_withdrawn},
    [VDR_ACT_HOLD_PLACED] = {BIT(VDR_PARTY_PRIVACY_OFFICER) | BIT(VDR_PARTY_COORDINATOR), VDR_NAMES_HOUSEHOLD,
                             0, vdr_judge_hold_placed, vdr_do_hold_placed},
    [VDR_ACT_HOLD_CONFIRMED] = {BIT(VDR_PARTY_PRIVACY_OFFICER) | BIT(VDR_PARTY_COORDINATOR),
                                VDR_NAMES_HOUSEHOLD, 0, vdr_judge_hold_confirmed, vdr_do_hold_confirmed},
    [VDR_ACT_HOLD_LIFTED] = {BIT(VDR_PARTY_PRIVACY_OFFICER) | BIT(VDR_PARTY_COORDINATOR), VDR_NAMES_HOUSEHOLD,
                             0, vdr_judge_hold_lifted, vdr_do_hold_lifted},
    [VDR_ACT_RECTIFICATION_REQUESTED] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_ANY_SIGNAL, 0,
                                         vdr_judge_rectification_requested, vdr_do_rectification_requested},
    [VDR_ACT_PERSON_ERASED] = {BIT(VDR_PARTY_PRIVACY_OFFICER), VDR_NAMES_HOUSEHOLD, 0,
                               vdr_judge_person_erased, vdr_do_person_erased},
    [VDR_ACT_NOTE_SENT] = {BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_CASE | VDR_NAMES_PARTY, BIT(VDR_CASE_ACTIVE),
                           vdr_judge_note_sent, vdr_do_note_sent},
    [VDR_ACT_NOTE_ANSWERED] = {BIT(VDR_PARTY_AGENCY) | BIT(VDR_PARTY_SERVICE), VDR_NAMES_THEIR_SIGNAL, 0,
                               vdr_judge_note_answered, vdr_do_note_answered},
    [VDR_ACT_ABSENCE_SET] = {BIT(VDR_PARTY_COORDINATOR) | BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_REGISSEUR, 0,
                             vdr_judge_absence_set, vdr_do_absence_set},
    [VDR_ACT_ABSENCE_LIFTED] = {BIT(VDR_PARTY_COORDINATOR) | BIT(VDR_PARTY_REGISSEUR), VDR_NAMES_REGISSEUR, 0,
                                vdr_judge_absence_lifted, vdr_do_absence_lifted},
    [VDR_ACT_REVIEW_SET_ASIDE] = {BIT(VDR_PARTY_COORDINATOR), VDR_NAMES_TWO_HOUSEHOLDS, 0,
                                  vdr_judge_review_set_aside, vdr_do_review_set_aside},
};

/* ---- who acts ---- */

/* Is this name of the configuration a party of that kind? */
static bool
is_party(const vdr_state *state, vdr_party_kind kind, vdr_name name)
{
    const vdr_town_name *means = vdr_town_name_of(state->town, name);
    switch (kind) {
    case VDR_PARTY_REGISSEUR:
        return means->regisseur != VDR_TOWN_NONE;
    case VDR_PARTY_SERVICE:
        return means->service != VDR_TOWN_NONE;
    case VDR_PARTY_COORDINATOR:
        return means->coordinator != VDR_TOWN_NONE;
    case VDR_PARTY_PRIVACY_OFFICER:
        return means->officer != VDR_TOWN_NONE;
    case VDR_PARTY_NONE:
    case VDR_PARTY_AGENCY: /* is named by its own source */
    case VDR_PARTY_OPERATOR:
    case VDR_PARTY_AUDITOR:
        break;
    }
    return false;
}

/* urn:voordeur:<kind>:<id>, or the source of an agency. */
static bool
find_actor(const vdr_state *state, vdr_span source, vdr_act_sense *sense)
{
    static const char prefix[] = "urn:voordeur:";
    const size_t prefix_len = sizeof prefix - 1;

    uint32_t place = vdr_town_name_of(state->town, sense->source)->source;
    if (place != VDR_TOWN_NONE) {
        sense->actor_kind = VDR_PARTY_AGENCY;
        sense->actor = state->town->agencies[place].id;
        return true;
    }
    VDR_ASSERT(source.at != NULL || source.len == 0);
    if (source.len <= prefix_len || memcmp(source.at, prefix, prefix_len) != 0)
        return false;
    vdr_span rest = vdr_span_of(source.at + prefix_len, source.len - prefix_len);
    const uint8_t *colon = memchr(rest.at, ':', rest.len);
    if (colon == NULL)
        return false;
    size_t kind_len = (size_t)(colon - rest.at);
    sense->actor_kind = vdr_party_kind_of(vdr_span_of(rest.at, kind_len));
    sense->actor = vdr_name_find(state, vdr_span_of(colon + 1, rest.len - kind_len - 1));
    return is_party(state, sense->actor_kind, sense->actor);
}

/* Live, a source speaks only under the key of its own party. */
static bool
is_senders(const vdr_state *state, const vdr_command *command, const vdr_act_sense *sense)
{
    return command->sender_kind == VDR_PARTY_NONE ||
           (command->sender_kind == sense->actor_kind &&
            vdr_span_equal(vdr_name_text(state, sense->actor), command->sender_id));
}

static bool
may_act(const vdr_state *state, const vdr_act_sense *sense)
{
    if (!(vdr_act_rows[sense->command->act].who & BIT(sense->actor_kind)))
        return false;
    if (sense->command->act != VDR_ACT_PERSON_MOVED)
        return true;
    uint32_t place = vdr_town_name_of(state->town, sense->actor)->agency;
    return vdr_span_equal(state->config->agencies[place].kind, vdr_span_str("brp"));
}

/* ---- what it names ---- */

static vdr_err
judge_values(const vdr_state *state, const vdr_command *command)
{
    if (!vdr_span_equal(command->municipality, state->config->municipality))
        return VDR_E_WRONG_MUNICIPALITY;
    if (command->act == VDR_ACT_HOUSEHOLD_SPLIT && command->person_count == 0 && command->address_count == 0)
        return VDR_E_NO_SUBJECT;
    if (command->bsn_bad)
        return VDR_E_BAD_BSN;
    if (command->address_bad)
        return VDR_E_BAD_ADDRESS;
    if (command->act == VDR_ACT_SIGNAL_ENDED && command->occurred_at > state->now + state->config->future_ms)
        return VDR_E_FUTURE;
    return VDR_E_ACCEPTED;
}

/* The newest with that id (and of that agency) that was routed to this service. False: there is none with that id
 * (and of that agency) at all. One that was not routed here is for the judge to refuse: signal stays 0. */
static bool
find_routed(const vdr_state *state, const vdr_command *command, vdr_act_sense *sense)
{
    vdr_name agency = command->agency.at != NULL ? vdr_name_find(state, command->agency) : 0;
    bool some = false;
    vdr_index_search search;
    for (vdr_slot slot = vdr_signal_first(state, &command->signal, &search); slot != 0;
         slot = vdr_signal_next(state, &command->signal, &search)) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        if (command->agency.at != NULL && vdr_sender_of(state, signal)->agency != agency)
            continue;
        some = true;
        if (vdr_signal_rest_at(state, slot)->service == sense->actor &&
            (sense->signal == 0 || signal->position > vdr_signal_at(state, sense->signal)->position))
            sense->signal = slot;
    }
    return some;
}

/* Of the agency that the act names; where it names none, the newest of that id. */
static vdr_slot
find_any_signal(const vdr_state *state, const vdr_command *command)
{
    vdr_slot newest = 0;
    vdr_index_search search;
    vdr_name agency = command->agency.at != NULL ? vdr_name_find(state, command->agency) : 0;
    if (command->agency.at != NULL)
        return agency != 0 ? vdr_signal_find_of_agency(state, agency, &command->signal) : 0;
    for (vdr_slot slot = vdr_signal_first(state, &command->signal, &search); slot != 0;
         slot = vdr_signal_next(state, &command->signal, &search))
        if (newest == 0 || vdr_signal_at(state, slot)->position > vdr_signal_at(state, newest)->position)
            newest = slot;
    return newest;
}

/* An agency or a service of the town. */
static bool
find_party(const vdr_state *state, vdr_act_sense *sense)
{
    bool agency = sense->command->agency.at != NULL;
    sense->party_kind = agency ? VDR_PARTY_AGENCY : VDR_PARTY_SERVICE;
    sense->party = vdr_name_find(state, agency ? sense->command->agency : sense->command->service);
    const vdr_town_name *means = vdr_town_name_of(state->town, sense->party);
    return (agency ? means->agency : means->service) != VDR_TOWN_NONE;
}

static vdr_err
find_named(const vdr_state *state, unsigned names, vdr_act_sense *sense)
{
    const vdr_command *command = sense->command;
    if (names & VDR_NAMES_THEIR_SIGNAL)
        names |= sense->actor_kind == VDR_PARTY_AGENCY ? VDR_NAMES_OWN_SIGNAL : VDR_NAMES_ROUTED_SIGNAL;
    if (names & VDR_NAMES_OWN_SIGNAL) {
        sense->signal = vdr_signal_find_of_agency(state, sense->actor, &command->signal);
        if (sense->signal == 0)
            return VDR_E_UNKNOWN_SIGNAL;
    }
    if (names & VDR_NAMES_ROUTED_SIGNAL && !find_routed(state, command, sense))
        return VDR_E_UNKNOWN_SIGNAL;
    if (names & VDR_NAMES_CASE && (sense->case_slot = vdr_case_find(state, command->case_id)) == 0)
        return VDR_E_UNKNOWN_CASE;
    bool one = (names & VDR_NAMES_ONE) != 0;
    bool signal = (names & VDR_NAMES_ANY_SIGNAL) != 0 || (one && command->signal.id.at != NULL);
    if (signal && (sense->signal = find_any_signal(state, command)) == 0)
        return VDR_E_UNKNOWN_SIGNAL;
    bool household = (names & VDR_NAMES_HOUSEHOLD) != 0 || (one && !signal && command->person_count == 0);
    if (household && (sense->household = vdr_household_find(state, command->household)) == 0)
        return VDR_E_UNKNOWN_HOUSEHOLD;
    if (names & VDR_NAMES_TWO_HOUSEHOLDS) {
        sense->household = vdr_household_find(state, command->into);
        sense->from = vdr_household_find(state, command->from);
        if (sense->household == 0 || sense->from == 0)
            return VDR_E_UNKNOWN_HOUSEHOLD;
    }
    if (names & VDR_NAMES_REGISSEUR) {
        sense->regisseur = vdr_name_find(state, command->regisseur);
        if (!is_party(state, VDR_PARTY_REGISSEUR, sense->regisseur))
            return VDR_E_UNKNOWN_ACTOR;
    }
    if (names & VDR_NAMES_PARTY && !find_party(state, sense))
        return VDR_E_UNKNOWN_ACTOR;
    return VDR_E_ACCEPTED;
}

static bool
is_stale(const vdr_state *state, const vdr_command *command)
{
    if (!command->revision_checked || !(vdr_act_rows[command->act].names & VDR_NAMES_CASE))
        return false;
    vdr_slot slot = vdr_case_find(state, command->case_id);
    return slot != 0 && vdr_case_at(state, slot)->revision != command->revision_expected;
}

/* What is looked at before anything that the act names. OK: it goes on. */
static vdr_err
judge_sender(const vdr_state *state, const vdr_command *command, vdr_act_sense *ret_sense,
             vdr_position *ret_first)
{
    *ret_sense = (vdr_act_sense){.command = command};
    if (command->source.at != NULL)
        ret_sense->source = vdr_name_find(state, command->source);
    if (command->shape != VDR_OK)
        return VDR_E_MALFORMED;
    VDR_ASSERT(command->act > VDR_ACT_NONE && command->act <= VDR_ACT_LAST);
    if (!find_actor(state, command->source, ret_sense) || !is_senders(state, command, ret_sense))
        return VDR_E_UNKNOWN_ACTOR;
    return vdr_event_seen(state, command, ret_sense->source, ret_first);
}

vdr_err
vdr_act_unseen(const vdr_state *state, const vdr_command *command)
{
    vdr_act_sense sense;
    vdr_position first;
    vdr_err verdict = judge_sender(state, command, &sense, &first);
    if (verdict != VDR_OK)
        return verdict;
    if (!may_act(state, &sense))
        return VDR_E_NOT_ALLOWED;
    verdict = judge_values(state, command);
    if (verdict != VDR_E_ACCEPTED)
        return verdict;
    return (vdr_act_rows[command->act].names & VDR_NAMES_CASE) != 0 ? VDR_E_UNKNOWN_CASE
                                                                    : VDR_E_UNKNOWN_SIGNAL;
}

vdr_err
vdr_act_verdict(const vdr_state *state, const vdr_command *command, vdr_act_sense *ret_sense,
                vdr_position *ret_first)
{
    vdr_err verdict = judge_sender(state, command, ret_sense, ret_first);
    if (verdict != VDR_OK)
        return verdict;
    const vdr_act_row *row = &vdr_act_rows[command->act];
    if (is_stale(state, command))
        return VDR_E_STALE_REVISION;
    if (!may_act(state, ret_sense))
        return VDR_E_NOT_ALLOWED;
    verdict = judge_values(state, command);
    if (verdict == VDR_E_ACCEPTED)
        verdict = find_named(state, row->names, ret_sense);
    if (verdict != VDR_E_ACCEPTED)
        return verdict;
    if (ret_sense->case_slot != 0 && !(row->states & BIT(vdr_case_at(state, ret_sense->case_slot)->state)))
        return VDR_E_WRONG_STATE;
    return row->judge != NULL ? row->judge(state, ret_sense) : VDR_E_ACCEPTED;
}

/* Its id is taken until the longest retain of the catalogue has gone by (section 3). */
static void
remember(vdr_state *state, const vdr_command *command)
{
    uint32_t id = vdr_text_put(&state->texts, command->id);
    vdr_name source = vdr_name_pin(state, command->source); /* of a party, so there are few */
    vdr_slot slot = vdr_slab_take(&state->acts);
    uint64_t order =
        vdr_state_timer(state, VDR_TIMER_ACT_FORGOTTEN, state->now + state->config->retain_max_ms, slot);
    *(vdr_act_record *)vdr_slab_edit(&state->acts, slot) =
        (vdr_act_record){.position = state->stepping,
                         .order = order,
                         .digest = vdr_digest_half(&command->digest),
                         .hash = (uint32_t)command->id_hash,
                         .id = id,
                         .source = source,
                         .parity = state->parity};
    vdr_index_put(&state->acts_by_id, slot);
}

bool
vdr_act_accept(vdr_state *state, const vdr_act_sense *sense)
{
    if (sense->command->act !=
        VDR_ACT_PERSON_MOVED) /* which may name nobody known, and then is kept without names */
        vdr_rekey_named(state, sense->command);
    remember(state, sense->command);
    return vdr_act_rows[sense->command->act].effect(state, sense);
}
