/* Views of the state to what goes over the wire, member by member as the table of roles says. What an event
 * says (persons, free text, goals) is read from its record in the log, at the moment it is shown. */
#include "broker/reads.h"

#include "broker/record.h"

/* ---- records */

/* The event of a record, with memory of its own. */
static vdr_err
event_at(vdr_reading *reading, vdr_position position, vdr_event_content *ret_event)
{
    vdr_log_record record;
    vdr_err err = vdr_engine_record(reading->daemon->engine, position, &record);
    if (err != VDR_OK)
        return VDR_E_STORE_CORRUPT;
    vdr_span content = vdr_arena_copy(reading->arena, record.content);
    if (content.at == NULL)
        return VDR_E_NO_MEMORY;
    return vdr_content_event(content, reading->arena, ret_event);
}

/* When the signal was accepted: its line in its record's tale says it. */
static vdr_err
accepted_at(vdr_reading *reading, const vdr_signal_view *view, vdr_ms *ret_at)
{
    vdr_log_record record;
    uint32_t offset = 0;
    vdr_effect effect;
    if (vdr_engine_record(reading->daemon->engine, view->position, &record) != VDR_OK)
        return VDR_E_STORE_CORRUPT;
    while (vdr_effect_next(record.tale, &offset, &effect) == VDR_OK) {
        if (effect.kind == VDR_EFFECT_SIGNAL && vdr_span_equal(effect.id, view->id)) {
            *ret_at = effect.at;
            return VDR_OK;
        }
    }
    return VDR_E_STORE_CORRUPT;
}

static vdr_span
handle_of(vdr_reading *reading, bool is_address, const vdr_key16 *key)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t *text = (uint8_t *)vdr_arena_alloc(reading->arena, VDR_HANDLE_BYTES);
    if (text == NULL)
        return (vdr_span){0};
    text[0] = is_address ? 'a' : 'p';
    text[1] = '-';
    for (size_t i = 0; i < sizeof key->bytes; i++) {
        text[2 + 2 * i] = (uint8_t)digits[key->bytes[i] >> 4];
        text[3 + 2 * i] = (uint8_t)digits[key->bytes[i] & 15];
    }
    return vdr_span_of(text, VDR_HANDLE_BYTES);
}

/* ---- signals */

static vdr_err
show_content(vdr_reading *reading, const vdr_signal_view *view, vdr_wire_signal_view *shown)
{
    vdr_event_content event;
    vdr_err err = event_at(reading, view->position, &event);
    if (err != VDR_OK)
        return err;
    vdr_wire_person_view *persons =
        (vdr_wire_person_view *)vdr_arena_alloc(reading->arena, event.person_count * sizeof *persons + 1);
    vdr_wire_address_view *address =
        (vdr_wire_address_view *)vdr_arena_alloc(reading->arena, sizeof *address);
    if (persons == NULL || address == NULL)
        return VDR_E_NO_MEMORY;
    for (size_t i = 0; i < event.person_count; i++) {
        vdr_key16 key = vdr_door_pseudonym(reading->daemon->door, false, event.persons[i].bsn);
        persons[i] = (vdr_wire_person_view){.handle = handle_of(reading, false, &key),
                                            .bsn = event.persons[i].bsn,
                                            .role = event.persons[i].role};
    }
    shown->persons = persons;
    shown->person_count = event.person_count;
    shown->detail = event.detail;
    if (event.address_count == 0 && event.buurt.at == NULL)
        return VDR_OK;
    address->buurt = event.buurt;
    if (event.address_count != 0) {
        vdr_key16 key = vdr_door_pseudonym(reading->daemon->door, true, event.addresses[0]);
        address->handle = handle_of(reading, true, &key);
        address->bag = event.addresses[0];
    }
    shown->address = address;
    return VDR_OK;
}

vdr_err
vdr_reads_show_signal(vdr_reading *reading, const vdr_signal_view *view, unsigned fields,
                      vdr_wire_signal_view *ret_shown)
{
    vdr_err err = VDR_OK;
    *ret_shown = (vdr_wire_signal_view){0};
    if ((fields & VDR_SEE_NAME) != 0)
        ret_shown->name = (vdr_signal_name){.source = view->source, .id = view->id};
    if ((fields & VDR_SEE_FACTS) != 0) {
        ret_shown->type = view->type;
        ret_shown->agency = view->agency;
        ret_shown->occurred_at_ms = view->occurred_at;
        ret_shown->withdrawn = view->withdrawn;
        ret_shown->ended = view->ended;
        ret_shown->overdue = view->overdue;
        ret_shown->feedback = view->feedback;
        err = accepted_at(reading, view, &ret_shown->at_ms);
    }
    if ((fields & VDR_SEE_TERMS) != 0) {
        ret_shown->severity = view->severity;
        ret_shown->domain = view->domain;
    }
    if ((fields & VDR_SEE_LEAVES) != 0)
        ret_shown->leaves_at_ms = view->leaves_at;
    if ((fields & VDR_SEE_SERVICE) != 0)
        ret_shown->service = view->service;
    if ((fields & VDR_SEE_PLACE) != 0) {
        ret_shown->household = view->household;
        ret_shown->case_id = view->case_id;
    }
    if (err == VDR_OK && (fields & VDR_SEE_CONTENT) != 0)
        err = show_content(reading, view, ret_shown);
    return err;
}

/* ---- cases */

static vdr_err
show_rules(vdr_reading *reading, vdr_at at, const vdr_case_view *view, vdr_wire_case_view *shown)
{
    vdr_span *rules = (vdr_span *)vdr_arena_alloc(reading->arena, view->rule_count * sizeof *rules + 1);
    vdr_at cursor = {0};
    size_t count = 0;
    if (rules == NULL)
        return VDR_E_NO_MEMORY;
    while (count < view->rule_count && vdr_view_case_rule(reading->core, at, &cursor, &rules[count]))
        count++;
    shown->rules = rules;
    shown->rule_count = count;
    return VDR_OK;
}

static vdr_err
show_goals(vdr_reading *reading, const vdr_case_view *view, vdr_wire_case_view *shown)
{
    vdr_event_content event;
    if (view->plan_position == 0)
        return VDR_OK;
    vdr_err err = event_at(reading, view->plan_position, &event);
    if (err != VDR_OK)
        return err;
    vdr_wire_goal *goals =
        (vdr_wire_goal *)vdr_arena_alloc(reading->arena, event.goal_count * sizeof *goals + 1);
    if (goals == NULL)
        return VDR_E_NO_MEMORY;
    for (size_t i = 0; i < event.goal_count; i++)
        goals[i] = (vdr_wire_goal){.domain = event.goals[i].domain,
                                   .text = event.goals[i].text,
                                   .owner = event.goals[i].owner,
                                   .due_ms = event.goals[i].due,
                                   .state = event.goals[i].state};
    shown->goals = goals;
    shown->goal_count = event.goal_count;
    return VDR_OK;
}

/* The words of the act that ended it; a merged or retracted case was ended by none of its own. */
static vdr_err
show_ended_with(vdr_reading *reading, const vdr_case_view *view, vdr_wire_case_view *shown)
{
    vdr_event_content event;
    bool by_act = view->state == VDR_CASE_CLOSED || view->state == VDR_CASE_DISMISSED;
    if (!by_act || view->ended_position == 0)
        return VDR_OK;
    vdr_err err = event_at(reading, view->ended_position, &event);
    if (err == VDR_OK)
        shown->ended_with = view->state == VDR_CASE_CLOSED ? event.outcome : event.reason;
    return err;
}

static vdr_err
show_signals(vdr_reading *reading, vdr_at at, vdr_wire_case_view *shown)
{
    unsigned fields = vdr_access_case_signal(reading->session->kind);
    size_t room = reading->room;
    vdr_wire_signal_view *signals =
        (vdr_wire_signal_view *)vdr_arena_alloc(reading->arena, (room + 1) * sizeof *signals);
    vdr_at cursor = {0};
    vdr_signal_view view;
    vdr_err err = VDR_OK;
    if (signals == NULL)
        return VDR_E_NO_MEMORY;
    shown->signals = signals;
    while (err == VDR_OK && !reading->more && vdr_view_case_signal(reading->core, at, &cursor, &view)) {
        bool hidden = view.restricted && reading->session->kind != VDR_PARTY_PRIVACY_OFFICER;
        if (view.position <= reading->from.after || hidden)
            continue;
        if (shown->signal_count == room) {
            reading->more = true;
            break;
        }
        err = vdr_reads_show_signal(reading, &view, fields, &signals[shown->signal_count++]);
        reading->next.after = view.position;
    }
    reading->room -= shown->signal_count;
    return err;
}

vdr_err
vdr_reads_show_case(vdr_reading *reading, vdr_at at, const vdr_case_view *view, unsigned fields,
                    vdr_wire_case_view *ret_shown)
{
    *ret_shown = (vdr_wire_case_view){
        .case_id = view->id,
        .household = view->household,
        .state = view->state,
        .priority = view->priority,
        .revision = view->revision,
        .version = view->version,
        .regisseur = view->regisseur,
        .handover_to = view->handover_to,
        .since_ms = view->opened_at,
        .accept_by = view->accept_due,
        .ended = view->ended_at,
        .plan_revision = view->plan_revision,
    };
    vdr_err err = show_rules(reading, at, view, ret_shown);
    if (err == VDR_OK && (fields & VDR_SEE_GOALS) != 0)
        err = show_goals(reading, view, ret_shown);
    if (err == VDR_OK && (fields & VDR_SEE_ENDED_WITH) != 0)
        err = show_ended_with(reading, view, ret_shown);
    if (err == VDR_OK && (fields & VDR_SEE_SIGNALS) != 0)
        err = show_signals(reading, at, ret_shown);
    return err;
}

/* ---- households */

/* The BSN or BAG id whose pseudonym is key, from an event that names it; absent: none is kept. */
static vdr_err
number_of(vdr_reading *reading, bool is_address, const vdr_key16 *key, vdr_position position,
          vdr_span *ret_number)
{
    vdr_event_content event;
    *ret_number = (vdr_span){0};
    if (position == 0)
        return VDR_OK;
    vdr_err err = event_at(reading, position, &event);
    if (err != VDR_OK)
        return err;
    size_t count = is_address ? event.address_count : event.person_count;
    for (size_t i = 0; i < count; i++) {
        vdr_span number = is_address ? event.addresses[i] : event.persons[i].bsn;
        vdr_key16 found = vdr_door_pseudonym(reading->daemon->door, is_address, number);
        if (vdr_key16_equal(&found, key))
            *ret_number = number;
    }
    return VDR_OK;
}

/* Members in order, numbered from *number on; those from from.after on are shown. */
static vdr_err
show_members(vdr_reading *reading, vdr_at at, bool is_address, bool numbers, uint64_t *number, void *shown,
             size_t *ret_count)
{
    vdr_at cursor = {0};
    vdr_key16 key;
    vdr_position position;
    vdr_err err = VDR_OK;
    while (err == VDR_OK && !reading->more &&
           vdr_view_household_member(reading->core, at, is_address, &cursor, &key, &position)) {
        if (++*number <= reading->from.after)
            continue;
        if (reading->room == 0) {
            reading->more = true;
            break;
        }
        vdr_span text = {0}, handle = handle_of(reading, is_address, &key);
        if (numbers)
            err = number_of(reading, is_address, &key, position, &text);
        if (is_address)
            ((vdr_wire_address_view *)shown)[*ret_count] =
                (vdr_wire_address_view){.handle = handle, .bag = text};
        else
            ((vdr_wire_person_view *)shown)[*ret_count] =
                (vdr_wire_person_view){.handle = handle, .bsn = text};
        ++*ret_count;
        reading->room--;
        reading->next.after = *number;
        err = err == VDR_OK && handle.at == NULL ? VDR_E_NO_MEMORY : err;
    }
    return err;
}

vdr_err
vdr_reads_show_household(vdr_reading *reading, vdr_at at, const vdr_household_view *view, unsigned fields,
                         vdr_wire_household_view *ret_shown)
{
    *ret_shown = (vdr_wire_household_view){.household = view->id,
                                           .district = view->district,
                                           .open_case = view->open_case,
                                           .signals = view->signal_count};
    if ((fields & VDR_SEE_MEMBERS) == 0)
        return VDR_OK;
    vdr_wire_person_view *persons =
        (vdr_wire_person_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *persons);
    vdr_wire_address_view *addresses =
        (vdr_wire_address_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *addresses);
    if (persons == NULL || addresses == NULL)
        return VDR_E_NO_MEMORY;
    bool numbers = (fields & VDR_SEE_NUMBERS) != 0;
    uint64_t number = 0;
    vdr_err err = show_members(reading, at, false, numbers, &number, persons, &ret_shown->person_count);
    if (err == VDR_OK)
        err = show_members(reading, at, true, numbers, &number, addresses, &ret_shown->address_count);
    ret_shown->persons = persons;
    ret_shown->addresses = addresses;
    return err;
}
