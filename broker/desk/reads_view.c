/* Views of the state to what goes over the wire, member by member as the table of roles says. What an event
 * says (persons, free text, goals) is read from its record in the log, at the moment it is shown. */
#include "broker/desk/reads.h"

#include "broker/core/rekey.h"

#include "broker/access/mask.h"
#include "broker/record/record.h"

enum { PART_SIGNALS, PART_NOTES }; /* of a case, in this order; of a signal: the notes */

/* ---- records */

/* The event of a record, with memory of its own. */
static vdr_err
event_at(vdr_reading *reading, vdr_position position, vdr_event_content *ret_event)
{
    vdr_log_record record;
    vdr_err err = vdr_engine_record(reading->daemon->engine, position, &record);
    if (err != VDR_OK)
        return err == VDR_E_ERASED ? err : VDR_E_STORE_CORRUPT;
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
    if (view->accepted_at != VDR_MS_NONE) {
        *ret_at = view->accepted_at;
        return VDR_OK;
    }
    vdr_err err = vdr_engine_record(reading->daemon->engine, view->position, &record);
    if (err != VDR_OK)
        return err == VDR_E_ERASED ? err : VDR_E_STORE_CORRUPT;
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

/* ---- what is shown, and seen */

static bool
shows(const vdr_reading *reading, vdr_access_object object, size_t offset)
{
    return vdr_access_shown(reading->session->kind, object, offset, reading->standing) != VDR_SHOWN_NOT;
}
#define SHOWS(reading, object, plain, member) shows(reading, object, offsetof(plain, member))

static void
mask(const vdr_reading *reading, vdr_access_object object, void *plain, size_t bytes)
{
    vdr_access_mask(reading->session->kind, object, reading->standing, plain, bytes);
}

vdr_err
vdr_reads_saw(vdr_reading *reading, vdr_command_seen seen)
{
    if (reading->seen_count == reading->seen_room)
        return VDR_E_NO_MEMORY;
    reading->seen[reading->seen_count++] = seen;
    return VDR_OK;
}

/* ---- keys */

vdr_key16
vdr_reads_key(const vdr_reading *reading, bool is_address, vdr_span number)
{
    const vdr_door *door = reading->daemon->door, *before = vdr_door_before(door);
    vdr_key16 key = vdr_door_pseudonym(door, is_address, number);
    if (before == NULL)
        return key;
    vdr_key16 earlier = vdr_door_pseudonym(before, is_address, number);
    return vdr_rekey_is_old(reading->core, is_address, &earlier) ? earlier : key;
}

/* ---- signals */

/* A person who is restricted is shown to privacy officers alone (protocol.md 5.10). */
static bool
is_hidden(const vdr_reading *reading, const vdr_key16 *person)
{
    return reading->session->kind != VDR_PARTY_PRIVACY_OFFICER &&
           vdr_view_person_restricted(reading->core, person);
}

static vdr_err
show_content(vdr_reading *reading, const vdr_signal_view *view, vdr_wire_signal_view *shown)
{
    vdr_event_content event;
    vdr_err err = event_at(reading, view->content, &event);
    if (err != VDR_OK)
        return err;
    if (view->rewriting) { /* it says more than it may */
        event.person_count = 0;
        event.detail = (vdr_span){0};
    }
    vdr_wire_person_view *persons =
        (vdr_wire_person_view *)vdr_arena_alloc(reading->arena, event.person_count * sizeof *persons + 1);
    vdr_wire_address_view *address =
        (vdr_wire_address_view *)vdr_arena_alloc(reading->arena, sizeof *address);
    if (persons == NULL || address == NULL)
        return VDR_E_NO_MEMORY;
    size_t count = 0;
    for (size_t i = 0; i < event.person_count; i++) {
        vdr_key16 key = vdr_reads_key(reading, false, event.persons[i].bsn);
        if (is_hidden(reading, &key)) {
            event.detail = (vdr_span){0}; /* it may be about anybody */
            continue;
        }
        persons[count] = (vdr_wire_person_view){.handle = handle_of(reading, false, &key),
                                                .bsn = event.persons[i].bsn,
                                                .role = event.persons[i].role};
        mask(reading, VDR_OBJECT_SIGNAL_PERSON, &persons[count], sizeof persons[count]);
        count++;
    }
    shown->persons = persons;
    shown->person_count = count;
    shown->detail = event.detail;
    if (event.address_count == 0 && event.buurt.at == NULL)
        return VDR_OK;
    address->buurt = event.buurt;
    if (event.address_count != 0) {
        vdr_key16 key = vdr_reads_key(reading, true, event.addresses[0]);
        address->handle = handle_of(reading, true, &key);
        address->bag = event.addresses[0];
    }
    mask(reading, VDR_OBJECT_SIGNAL_ADDRESS, address, sizeof *address);
    shown->address = address;
    return VDR_OK;
}

/* ---- notes (protocol.md 5.14) */

/* Those of its own to an agency or service, all to whoever else may see them. */
static bool
is_for(const vdr_reading *reading, const vdr_note_view *note)
{
    vdr_party_kind kind = reading->session->kind;
    vdr_span me = vdr_span_str(reading->session->party);
    if (note->restricted && kind != VDR_PARTY_PRIVACY_OFFICER)
        return false;
    if (kind != VDR_PARTY_AGENCY && kind != VDR_PARTY_SERVICE)
        return true;
    return (note->by_kind == kind && vdr_span_equal(note->by, me)) ||
           (note->to_kind == kind && vdr_span_equal(note->to, me));
}

static vdr_err
show_note(vdr_reading *reading, const vdr_note_view *view, vdr_wire_note *ret_note)
{
    vdr_event_content event;
    vdr_err err = event_at(reading, view->position, &event);
    *ret_note = (vdr_wire_note){.at_ms = view->at,
                                .by_kind = view->by_kind,
                                .by = view->by,
                                .to_kind = view->to_kind,
                                .to = view->to,
                                .signal = {.source = view->source, .id = view->id}};
    if (err == VDR_OK)
        ret_note->text = event.result;
    mask(reading, VDR_OBJECT_NOTE, ret_note, sizeof *ret_note);
    return err;
}

/* They take room of the page behind everything else of the answer, and go on behind from.after in a part of their
 * own. */
static vdr_err
show_notes(vdr_reading *reading, vdr_at at,
           bool (*next)(const vdr_core *, vdr_at, vdr_position, vdr_note_view *),
           const vdr_wire_note **ret_notes, size_t *ret_count)
{
    vdr_wire_note *notes =
        (vdr_wire_note *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *notes);
    vdr_position after = reading->from.part == PART_NOTES ? reading->from.after : 0;
    vdr_note_view view;
    size_t count = 0;
    vdr_err err = VDR_OK;
    if (notes == NULL)
        return VDR_E_NO_MEMORY;
    *ret_notes = notes;
    while (err == VDR_OK && !reading->more && next(reading->core, at, after, &view)) {
        after = view.position;
        if (!is_for(reading, &view))
            continue;
        if (count == reading->room) {
            reading->more = true;
            break;
        }
        err = show_note(reading, &view, &notes[count++]);
        reading->next = (vdr_resume){.part = PART_NOTES, .after = after};
    }
    reading->room -= count;
    *ret_count = count;
    return err;
}

vdr_err
vdr_reads_show_signal_talk(vdr_reading *reading, vdr_at at, vdr_wire_signal_view *shown)
{
    vdr_party_kind kind = reading->session->kind;
    if (SHOWS(reading, VDR_OBJECT_SIGNAL, vdr_wire_signal_view, regisseur))
        shown->regisseur =
            vdr_view_signal_regisseur(reading->core, at, kind, vdr_span_str(reading->session->party));
    if (!SHOWS(reading, VDR_OBJECT_SIGNAL, vdr_wire_signal_view, notes))
        return VDR_OK;
    vdr_err err = show_notes(reading, at, vdr_view_signal_note, &shown->notes, &shown->note_count);
    if (shown->note_count != 0) /* the signal was seen last */
        reading->seen[reading->seen_count - 1].parts |= VDR_SEEN_NOTES;
    return err;
}

vdr_err
vdr_reads_show_signal(vdr_reading *reading, vdr_access_object object, const vdr_signal_view *view,
                      vdr_wire_signal_view *ret_shown)
{
    vdr_party_kind kind = reading->session->kind;
    vdr_err err = VDR_OK;
    *ret_shown = (vdr_wire_signal_view){.name = {.source = view->source, .id = view->id},
                                        .type = view->type,
                                        .agency = view->agency,
                                        .occurred_at_ms = view->occurred_at,
                                        .withdrawn = view->withdrawn,
                                        .ended = view->ended,
                                        .overdue = view->overdue,
                                        .feedback = view->feedback,
                                        .severity = view->severity,
                                        .domain = view->domain,
                                        .leaves_at_ms = view->leaves_at,
                                        .service = view->service,
                                        .household = view->household,
                                        .case_id = view->case_id};
    bool content = SHOWS(reading, object, vdr_wire_signal_view, persons);
    if (SHOWS(reading, object, vdr_wire_signal_view, at_ms))
        err = accepted_at(reading, view, &ret_shown->at_ms);
    if (err == VDR_OK && content)
        err = show_content(reading, view, ret_shown);
    mask(reading, object, ret_shown, sizeof *ret_shown);
    vdr_shown how = vdr_access_shown(kind, object, offsetof(vdr_wire_signal_view, name), reading->standing);
    if (err == VDR_OK && how == VDR_SHOWN_TOKEN && !vdr_mask_off(reading->daemon, kind))
        err = vdr_mask_id(reading->daemon, reading->arena, &ret_shown->name.id);
    if (err == VDR_OK)
        err = vdr_reads_saw(
            reading, (vdr_command_seen){.kind = VDR_SEEN_SIGNAL,
                                        .parts = VDR_SEEN_FACTS | (content ? (unsigned)VDR_SEEN_CONTENT : 0),
                                        .household = view->household,
                                        .case_id = view->case_id,
                                        .position = view->position});
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
    size_t room = reading->room;
    vdr_wire_signal_view *signals =
        (vdr_wire_signal_view *)vdr_arena_alloc(reading->arena, (room + 1) * sizeof *signals);
    vdr_at cursor = {0};
    vdr_signal_view view;
    vdr_err err = VDR_OK;
    if (signals == NULL)
        return VDR_E_NO_MEMORY;
    shown->signals = signals;
    if (reading->from.part != PART_SIGNALS)
        return VDR_OK;
    while (err == VDR_OK && !reading->more && vdr_view_case_signal(reading->core, at, &cursor, &view)) {
        bool hidden = view.restricted && reading->session->kind != VDR_PARTY_PRIVACY_OFFICER;
        if (view.position <= reading->from.after || hidden)
            continue;
        if (shown->signal_count == room) {
            reading->more = true;
            break;
        }
        err = vdr_reads_show_signal(reading, VDR_OBJECT_CASE_SIGNAL, &view, &signals[shown->signal_count++]);
        reading->next.after = view.position;
    }
    reading->room -= shown->signal_count;
    return err;
}

vdr_err
vdr_reads_show_case(vdr_reading *reading, vdr_at at, const vdr_case_view *view, bool with_signals,
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
        .signal_total = view->signal_count,
        .agency_total = view->agency_count,
    };
    vdr_at household_at;
    vdr_household_view household;
    if (vdr_view_household(reading->core, view->household, &household_at, &household)) {
        ret_shown->district = household.district;
        ret_shown->person_total = household.person_count;
        ret_shown->address_total = household.address_count;
    }
    bool goals = SHOWS(reading, VDR_OBJECT_CASE, vdr_wire_case_view, goals);
    bool ended_with = SHOWS(reading, VDR_OBJECT_CASE, vdr_wire_case_view, ended_with);
    vdr_err err = show_rules(reading, at, view, ret_shown);
    if (err == VDR_OK && goals)
        err = show_goals(reading, view, ret_shown);
    if (err == VDR_OK && ended_with)
        err = show_ended_with(reading, view, ret_shown);
    size_t seen = reading->seen_count;
    bool plan = ret_shown->goal_count != 0 || ret_shown->ended_with.len != 0;
    if (err == VDR_OK)
        err = vdr_reads_saw(reading,
                            (vdr_command_seen){.kind = VDR_SEEN_CASE,
                                               .parts = VDR_SEEN_FACTS | (plan ? (unsigned)VDR_SEEN_PLAN : 0),
                                               .household = view->household,
                                               .case_id = view->id});
    if (err == VDR_OK && with_signals && SHOWS(reading, VDR_OBJECT_CASE, vdr_wire_case_view, signals))
        err = show_signals(reading, at, ret_shown);
    if (err == VDR_OK && with_signals && SHOWS(reading, VDR_OBJECT_CASE, vdr_wire_case_view, notes))
        err = show_notes(reading, at, vdr_view_case_note, &ret_shown->notes, &ret_shown->note_count);
    if (ret_shown->note_count != 0)
        reading->seen[seen].parts |= VDR_SEEN_NOTES;
    mask(reading, VDR_OBJECT_CASE, ret_shown, sizeof *ret_shown);
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
        vdr_key16 found = vdr_reads_key(reading, is_address, number);
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
        if (++*number <= reading->from.after || (!is_address && is_hidden(reading, &key)))
            continue;
        if (reading->room == 0) {
            reading->more = true;
            break;
        }
        vdr_span text = {0}, handle = handle_of(reading, is_address, &key);
        if (numbers)
            err = number_of(reading, is_address, &key, position, &text);
        if (is_address) {
            vdr_wire_address_view *home = (vdr_wire_address_view *)shown + *ret_count;
            *home = (vdr_wire_address_view){.handle = handle, .bag = text};
            mask(reading, VDR_OBJECT_HOME, home, sizeof *home);
        } else {
            vdr_wire_person_view *member = (vdr_wire_person_view *)shown + *ret_count;
            *member = (vdr_wire_person_view){.handle = handle, .bsn = text};
            mask(reading, VDR_OBJECT_MEMBER, member, sizeof *member);
        }
        ++*ret_count;
        reading->room--;
        reading->next.after = *number;
        err = err == VDR_OK && handle.at == NULL ? VDR_E_NO_MEMORY : err;
    }
    return err;
}

/* Persons and then addresses; with their numbers only where the table shows those of both. */
static vdr_err
show_who(vdr_reading *reading, vdr_at at, bool numbers, vdr_wire_household_view *shown)
{
    vdr_wire_person_view *persons =
        (vdr_wire_person_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *persons);
    vdr_wire_address_view *addresses =
        (vdr_wire_address_view *)vdr_arena_alloc(reading->arena, (reading->room + 1) * sizeof *addresses);
    uint64_t number = 0;
    if (persons == NULL || addresses == NULL)
        return VDR_E_NO_MEMORY;
    vdr_err err = show_members(reading, at, false, numbers, &number, persons, &shown->person_count);
    if (err == VDR_OK)
        err = show_members(reading, at, true, numbers, &number, addresses, &shown->address_count);
    shown->persons = persons;
    shown->addresses = addresses;
    return err;
}

vdr_err
vdr_reads_show_household(vdr_reading *reading, vdr_at at, const vdr_household_view *view,
                         vdr_wire_household_view *ret_shown)
{
    *ret_shown = (vdr_wire_household_view){.household = view->id,
                                           .district = view->district,
                                           .open_case = view->open_case,
                                           .signals = view->signal_count};
    bool members = SHOWS(reading, VDR_OBJECT_HOUSEHOLD, vdr_wire_household_view, persons);
    bool numbers = SHOWS(reading, VDR_OBJECT_MEMBER, vdr_wire_person_view, bsn) ||
                   SHOWS(reading, VDR_OBJECT_HOME, vdr_wire_address_view, bag);
    unsigned parts = VDR_SEEN_FACTS;
    vdr_err err = VDR_OK;
    if (members) {
        parts |= numbers ? (unsigned)(VDR_SEEN_MEMBERS | VDR_SEEN_NUMBERS) : (unsigned)VDR_SEEN_MEMBERS;
        err = show_who(reading, at, numbers, ret_shown);
    }
    mask(reading, VDR_OBJECT_HOUSEHOLD, ret_shown, sizeof *ret_shown);
    if (err == VDR_OK)
        err = vdr_reads_saw(reading, (vdr_command_seen){.kind = VDR_SEEN_HOUSEHOLD,
                                                        .parts = parts,
                                                        .household = view->id,
                                                        .case_id = view->open_case});
    return err;
}
