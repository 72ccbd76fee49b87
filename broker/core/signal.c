#include "broker/core/signal.h"

#include "broker/core/case.h"
#include "broker/core/guard.h"
#include "broker/core/household.h"
#include "broker/core/latch.h"
#include "broker/core/names.h"
#include "broker/core/rekey.h"
#include "broker/core/right.h"
#include "broker/core/route.h"
#include "broker/core/rules.h"
#include "broker/core/town.h"

/* ---- finding ---- */

/* Signals and acts are found by half of the keyed hash of their id. */
static uint32_t
half(uint64_t id_hash)
{
    return (uint32_t)id_hash;
}

/* The next signal of the search from slot on with this id. */
static vdr_slot
same_id(const vdr_state *state, vdr_slot slot, vdr_span id, vdr_index_search *search)
{
    while (slot != 0 && !vdr_span_equal(vdr_text_get(&state->texts, vdr_signal_at(state, slot)->id), id))
        slot = vdr_index_next(search);
    return slot;
}

vdr_slot
vdr_signal_first(const vdr_state *state, const vdr_command_ref *ref, vdr_index_search *ret_search)
{
    vdr_slot slot = vdr_index_first(&state->signals_by_id, half(ref->hash), ret_search);
    return same_id(state, slot, ref->id, ret_search);
}

vdr_slot
vdr_signal_next(const vdr_state *state, const vdr_command_ref *ref, vdr_index_search *search)
{
    return same_id(state, vdr_index_next(search), ref->id, search);
}

vdr_slot
vdr_signal_find(const vdr_state *state, vdr_name source, const vdr_command_ref *ref)
{
    vdr_index_search search;
    vdr_slot slot = vdr_signal_first(state, ref, &search);
    while (slot != 0 && vdr_sender_of(state, vdr_signal_at(state, slot))->source != source)
        slot = vdr_signal_next(state, ref, &search);
    return slot;
}

vdr_slot
vdr_signal_find_of_agency(const vdr_state *state, vdr_name agency, const vdr_command_ref *ref)
{
    vdr_slot newest = 0;
    vdr_index_search search;
    for (vdr_slot slot = vdr_signal_first(state, ref, &search); slot != 0;
         slot = vdr_signal_next(state, ref, &search)) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        if (vdr_sender_of(state, signal)->agency == agency &&
            (newest == 0 || signal->position > vdr_signal_at(state, newest)->position))
            newest = slot;
    }
    return newest;
}

vdr_slot
vdr_act_find(const vdr_state *state, vdr_name source, vdr_span id, uint64_t id_hash)
{
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->acts_by_id, half(id_hash), &search);
    while (slot != 0) {
        const vdr_act_record *act = vdr_slab_at(&state->acts, slot);
        if (act->source == source && vdr_span_equal(vdr_text_get(&state->texts, act->id), id))
            break;
        slot = vdr_index_next(&search);
    }
    return slot;
}

static bool
is_digest(const vdr_command *command, uint64_t digest)
{
    return digest == vdr_digest_half(&command->digest) ||
           (command->earlier != NULL && digest == vdr_digest_half(&command->earlier->digest));
}

vdr_err
vdr_event_seen(const vdr_state *state, const vdr_command *command, vdr_name source, vdr_position *ret_first)
{
    uint64_t digest;
    vdr_position first;
    vdr_command_ref ref = {.id = command->id, .hash = command->id_hash};
    vdr_slot slot = vdr_signal_find(state, source, &ref);
    if (slot != 0) {
        digest = vdr_signal_rest_at(state, slot)->digest;
        first = vdr_signal_at(state, slot)->position;
    } else if ((slot = vdr_act_find(state, source, command->id, command->id_hash)) != 0) {
        const vdr_act_record *act = vdr_slab_at(&state->acts, slot);
        digest = act->digest;
        first = act->position;
    } else {
        return VDR_OK;
    }
    *ret_first = first;
    return is_digest(command, digest) ? VDR_E_DUPLICATE : VDR_E_ID_REUSED;
}

/* ---- verdict ---- */

/* Place of the agency that this source belongs to, if it is the sender's. */
static uint32_t
agency_of(const vdr_state *state, const vdr_command *command, vdr_name source)
{
    uint32_t place = vdr_town_name_of(state->town, source)->source;
    if (place == VDR_TOWN_NONE || command->sender_kind == VDR_PARTY_NONE)
        return place;
    bool own = command->sender_kind == VDR_PARTY_AGENCY &&
               vdr_span_equal(state->config->agencies[place].id, command->sender_id);
    return own ? place : VDR_TOWN_NONE;
}

static vdr_err
judge_values(const vdr_state *state, const vdr_command *command, const vdr_config_type *type)
{
    if (!vdr_span_equal(command->municipality, state->config->municipality))
        return VDR_E_WRONG_MUNICIPALITY;
    if (command->person_count == 0 && command->address_count == 0)
        return VDR_E_NO_SUBJECT;
    if (command->bsn_bad)
        return VDR_E_BAD_BSN;
    if (command->address_bad)
        return VDR_E_BAD_ADDRESS;
    if (command->has_severity && (command->severity < 1 || command->severity > 5))
        return VDR_E_BAD_SEVERITY;
    if (command->occurred_at > state->now + state->config->future_ms)
        return VDR_E_FUTURE;
    if (command->occurred_at + type->retain_ms <= state->now)
        return VDR_E_TOO_OLD;
    return VDR_E_ACCEPTED;
}

static vdr_err
judge(const vdr_state *state, const vdr_command *command, vdr_signal_sense *ret_sense,
      vdr_position *ret_first)
{
    *ret_sense = (vdr_signal_sense){.command = command};
    if (command->source.at != NULL)
        ret_sense->source = vdr_name_find(state, command->source);
    if (command->shape != VDR_OK)
        return VDR_E_MALFORMED;
    ret_sense->agency = agency_of(state, command, ret_sense->source);
    if (ret_sense->agency == VDR_TOWN_NONE)
        return VDR_E_UNKNOWN_SOURCE;
    vdr_err seen = vdr_event_seen(state, command, ret_sense->source, ret_first);
    if (seen != VDR_OK)
        return seen;
    if (!vdr_town_convened(&state->config->agencies[ret_sense->agency], state->now))
        return VDR_E_NO_CONVENANT;
    ret_sense->type = vdr_town_name_of(state->town, vdr_name_find(state, command->type))->type;
    if (ret_sense->type == VDR_TOWN_NONE)
        return VDR_E_UNKNOWN_TYPE;
    if (!vdr_town_type_allows(state->town, ret_sense->type, state->town->agencies[ret_sense->agency].kind))
        return VDR_E_TYPE_NOT_ALLOWED;
    vdr_err verdict = judge_values(state, command, &state->config->types[ret_sense->type]);
    if (verdict != VDR_E_ACCEPTED || command->signal.id.at == NULL)
        return verdict;
    ret_sense->superseded = vdr_signal_find(state, ret_sense->source, &command->signal);
    return ret_sense->superseded != 0 ? VDR_E_ACCEPTED : VDR_E_UNKNOWN_SIGNAL;
}

vdr_err
vdr_signal_verdict(const vdr_state *state, const vdr_command *command, vdr_signal_sense *ret_sense,
                   vdr_position *ret_first)
{
    vdr_err verdict = judge(state, command, ret_sense, ret_first);
    if (verdict == VDR_E_ACCEPTED && state->config->guard_count != 0)
        verdict = vdr_guards_judge(state, ret_sense);
    return verdict;
}

/* ---- acceptance ---- */

/* Until when it counts: a deadline until act_before, anything else for counts_for (section 4). */
static vdr_ms
counts_until(const vdr_command *command, const vdr_terms *terms)
{
    if (terms->kind == VDR_SIGNAL_DEADLINE && command->act_before != VDR_MS_NONE)
        return command->act_before;
    return command->occurred_at + terms->counts_for_ms;
}

static vdr_slot
make(vdr_state *state, const vdr_signal_sense *sense)
{
    const vdr_command *command = sense->command;
    uint32_t id = vdr_text_put(&state->texts, command->id);
    vdr_slot slot = vdr_slab_take(&state->signals);
    vdr_slot rest = vdr_slab_take(&state->signal_rests);
    VDR_ASSERT(rest == slot); /* the two are taken and given back together */
    vdr_signal *signal = vdr_signal_edit(state, slot);
    signal->position = state->stepping;
    signal->occurred_at = command->occurred_at;
    vdr_signal_rest_edit(state, slot)->digest = vdr_digest_half(&command->digest);
    signal->hash = half(command->id_hash);
    signal->flags = state->parity != 0 ? VDR_SIGNAL_PARITY : 0;
    signal->id = id;
    signal->sender = state->town->agencies[sense->agency].sender;
    signal->terms = state->town->types[sense->type].terms;
    const vdr_terms *terms = vdr_terms_of(state, signal);
    signal->until = counts_until(command, terms);
    signal->severity = (uint8_t)(command->has_severity ? (uint32_t)command->severity : terms->severity);
    vdr_index_put(&state->signals_by_id, slot);
    return slot;
}

/* Names persons and address; ret_persons: the persons in the order given, each once. */
static void
name_members(vdr_state *state, vdr_slot slot, const vdr_command *command, vdr_slots *ret_persons)
{
    vdr_signal *signal = vdr_signal_edit(state, slot);
    vdr_slot *link = &signal->names;
    for (size_t i = 0; i < command->person_count; i++) {
        vdr_slot member = vdr_member_make(state, &command->persons[i].key, false);
        bool again = vdr_member_at(state, member)->named_by == slot;
        if (!again)
            vdr_slots_add(ret_persons, member);
        vdr_member_use(state, member, slot);
        vdr_span role = command->persons[i].role;
        vdr_slot naming = vdr_slab_take(&state->namings);
        *link = naming;
        vdr_naming *named = vdr_slab_edit(&state->namings, naming);
        named->member = member;
        named->again = again ? 1 : 0;
        named->role = (role.at != NULL ? vdr_name_use(state, role) : 0) & VDR_ROLE_MASK;
        link = &named->next;
    }
    if (command->address_count != 0 && !command->address_excluded) {
        vdr_slot address = vdr_member_make(state, &command->addresses[0], true);
        vdr_signal_rest_edit(state, slot)->address = address;
        vdr_member_use(state, address, slot);
    }
}

static void
add_to_household(vdr_state *state, vdr_slot slot, vdr_slot household)
{
    vdr_household_put_signal(state, household, slot, 0);
    vdr_right_mark(state, slot);
    const vdr_signal *signal = vdr_signal_at(state, slot);
    uint64_t order = vdr_state_timer(state, VDR_TIMER_SIGNAL_LEAVES,
                                     signal->occurred_at + vdr_terms_of(state, signal)->retain_ms, slot);
    vdr_signal_rest_edit(state, slot)->order = order;
    vdr_rules_signal_added(state, household, slot);
}

void
vdr_signal_accept(vdr_state *state, const vdr_signal_sense *sense, vdr_effect *ret_line)
{
    const vdr_command *command = sense->command;
    vdr_slot superseded = sense->superseded, lost_by = 0, taken_by = 0;
    vdr_rekey_named(state, command);
    vdr_slot slot = make(state, sense);
    state->persons.count = 0;
    name_members(state, slot, command, &state->persons);
    if (state->config->guard_count != 0)
        vdr_guards_count(state, sense);
    vdr_slot household = vdr_household_identify(state, &state->persons,
                                                vdr_signal_rest_at(state, slot)->address, &ret_line->match);
    if (command->buurt.at != NULL)
        vdr_household_set_district(state, household, command->buurt);

    /* The steps of section 7. */
    if (superseded != 0 && !(vdr_signal_at(state, superseded)->flags & VDR_SIGNAL_WITHDRAWN)) {
        lost_by = vdr_signal_withdraw(state, superseded);
        vdr_signal_edit(state, superseded)->flags |= VDR_SIGNAL_SUPERSEDED;
    }
    vdr_latches_lose(state, household, state->now);
    add_to_household(state, slot, household);
    ret_line->outcome = vdr_route(state, slot, &taken_by);
    if (lost_by != 0)
        vdr_route_retract(state, lost_by, superseded);

    ret_line->household.number = vdr_household_at(state, household)->number;
    if (taken_by != 0)
        ret_line->case_id.number = vdr_case_at(state, taken_by)->number;
}
