#include "clients/cli/show.h"

#include "proto/time.h"
#include "proto/utf8.h"

#include <stdio.h>

#define TEXT(span) (int)(span).len, (const char *)(span).at

const char *
vdr_cli_when(vdr_ms ms)
{
    static char texts[4][17];
    static unsigned turn;
    char *text = texts[turn++ % 4], whole[VDR_TIME_TEXT_BYTES];
    if (ms < 0 || ms > VDR_TIME_MAX)
        return "-";
    vdr_time_format(ms, whole);
    memcpy(text, whole, 16);
    text[10] = ' ';
    text[16] = '\0';
    return text;
}

/* ---- JSON ---- */

static void
set_text(json_t *object, const char *name, vdr_span text)
{
    if (text.at != NULL && text.len != 0)
        json_object_set_new(object, name, vdr_cli_text(text));
}

static void
set_id(json_t *object, const char *name, char letter, uint64_t number)
{
    if (number != 0)
        json_object_set_new(object, name, vdr_cli_number_id(letter, number));
}

static void
set_when(json_t *object, const char *name, vdr_ms ms)
{
    if (ms > 0)
        json_object_set_new(object, name, vdr_cli_instant(ms));
}

json_t *
vdr_cli_message(const vdr_wire_message *m)
{
    unsigned has = vdr_message_members_of(m->kind);
    json_t *at = m->kind == VDR_MESSAGE_ERASED ? json_null() : vdr_cli_instant(m->at_ms);
    json_t *o = json_pack("{s:I, s:o, s:s}", "seq", (json_int_t)m->seq, "at", at, "kind",
                          vdr_message_kind_name(m->kind));
    if ((has & VDR_HAS_CASE) != 0)
        set_id(o, "case", 'C', m->case_id.number);
    if ((has & VDR_HAS_SIGNAL) != 0) {
        json_object_set_new(o, "signal", vdr_cli_text(m->signal.id));
        set_text(o, "source", m->signal.source);
    }
    if ((has & VDR_HAS_HOUSEHOLD) != 0)
        set_id(o, "household", 'H', m->household.number);
    if ((has & VDR_HAS_OTHER) != 0)
        set_id(o, "other", 'H', m->other.number);
    if ((has & VDR_HAS_AGENCIES) != 0)
        json_object_set_new(o, "agencies", vdr_cli_texts(m->agencies, m->agency_count));
    if ((has & VDR_HAS_RESULT) != 0)
        json_object_set_new(o, "result", m->result.at != NULL ? vdr_cli_text(m->result) : json_string(""));
    if ((has & VDR_HAS_REGISSEUR) != 0)
        json_object_set_new(o, "regisseur", vdr_cli_text(m->regisseur));
    if (m->traceparent.at != NULL)
        json_object_set_new(o, "traceparent", vdr_cli_text(m->traceparent));
    if ((has & VDR_HAS_BY) != 0)
        json_object_set_new(
            o, "by",
            json_sprintf("%s:%.*s", vdr_party_kind_name(m->by_kind), (int)m->by.len, (const char *)m->by.at));
    if ((has & VDR_HAS_REASON) != 0)
        json_object_set_new(o, "reason", vdr_cli_text(m->reason));
    return o;
}

static json_t *
person_of(const vdr_wire_person_view *person)
{
    json_t *o = json_object();
    set_text(o, "handle", person->handle);
    set_text(o, "bsn", person->bsn);
    set_text(o, "role", person->role);
    return o;
}

static json_t *
address_of(const vdr_wire_address_view *address)
{
    json_t *o = json_object();
    set_text(o, "handle", address->handle);
    set_text(o, "bag", address->bag);
    set_text(o, "buurt", address->buurt);
    return o;
}

static json_t *
persons_of(const vdr_wire_person_view *persons, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        json_array_append_new(array, person_of(&persons[i]));
    return array;
}

static void
set_notes(json_t *object, const vdr_wire_note *notes, size_t count)
{
    json_t *array = count != 0 ? json_array() : NULL;
    for (size_t i = 0; i < count; i++) {
        const vdr_wire_note *n = &notes[i];
        json_t *note = json_object();
        set_when(note, "at", n->at_ms);
        json_object_set_new(
            note, "by",
            json_sprintf("%s:%.*s", vdr_party_kind_name(n->by_kind), (int)n->by.len, (const char *)n->by.at));
        json_object_set_new(
            note, "to",
            json_sprintf("%s:%.*s", vdr_party_kind_name(n->to_kind), (int)n->to.len, (const char *)n->to.at));
        set_text(note, "signal", n->signal.id);
        set_text(note, "source", n->signal.source);
        set_text(note, "text", n->text);
        json_array_append_new(array, note);
    }
    if (array != NULL)
        json_object_set_new(object, "notes", array);
}

json_t *
vdr_cli_signal(const vdr_wire_signal_view *s)
{
    json_t *o = json_object();
    set_text(o, "id", s->name.id);
    set_text(o, "source", s->name.source);
    set_text(o, "type", s->type);
    set_text(o, "agency", s->agency);
    set_when(o, "at", s->at_ms);
    set_when(o, "occurred_at", s->occurred_at_ms);
    if (s->severity != 0)
        json_object_set_new(o, "severity", json_integer(s->severity));
    set_text(o, "domain", s->domain);
    if (s->outcome != VDR_OUTCOME_NONE)
        json_object_set_new(o, "outcome", json_string(vdr_outcome_name(s->outcome)));
    set_id(o, "household", 'H', s->household.number);
    set_id(o, "case", 'C', s->case_id.number);
    set_text(o, "service", s->service);
    json_object_set_new(o, "withdrawn", json_boolean(s->withdrawn));
    json_object_set_new(o, "ended", json_boolean(s->ended));
    json_object_set_new(o, "overdue", json_boolean(s->overdue));
    json_object_set_new(o, "feedback", json_boolean(s->feedback));
    set_when(o, "leaves_at", s->leaves_at_ms);
    if (s->person_count != 0)
        json_object_set_new(o, "persons", persons_of(s->persons, s->person_count));
    if (s->address != NULL)
        json_object_set_new(o, "address", address_of(s->address));
    set_text(o, "detail", s->detail);
    set_text(o, "regisseur", s->regisseur);
    set_notes(o, s->notes, s->note_count);
    return o;
}

json_t *
vdr_cli_case(const vdr_wire_case_view *c)
{
    json_t *o = json_pack("{s:o, s:s, s:s, s:I}", "case", vdr_cli_number_id('C', c->case_id.number), "state",
                          vdr_case_state_name(c->state), "priority", vdr_priority_name(c->priority),
                          "revision", (json_int_t)c->revision);
    set_id(o, "household", 'H', c->household.number);
    json_object_set_new(o, "regisseur", vdr_cli_text(c->regisseur));
    set_text(o, "handover_to", c->handover_to);
    set_when(o, "since", c->since_ms);
    set_when(o, "accept_by", c->accept_by);
    set_when(o, "ended", c->ended);
    json_object_set_new(o, "rules", vdr_cli_texts(c->rules, c->rule_count));
    if (c->signal_count != 0) {
        json_t *signals = json_array();
        for (size_t i = 0; i < c->signal_count; i++)
            json_array_append_new(signals, vdr_cli_signal(&c->signals[i]));
        json_object_set_new(o, "signals", signals);
    }
    json_object_set_new(o, "plan_revision", json_integer((json_int_t)c->plan_revision));
    if (c->goal_count != 0) {
        json_t *goals = json_array();
        for (size_t i = 0; i < c->goal_count; i++) {
            json_t *goal = json_object();
            set_text(goal, "domain", c->goals[i].domain);
            set_text(goal, "text", c->goals[i].text);
            set_text(goal, "owner", c->goals[i].owner);
            set_when(goal, "due", c->goals[i].due_ms);
            set_text(goal, "state", c->goals[i].state);
            json_array_append_new(goals, goal);
        }
        json_object_set_new(o, "goals", goals);
    }
    set_text(o, "ended_with", c->ended_with);
    if (c->version != 0)
        json_object_set_new(o, "version", json_integer((json_int_t)c->version));
    set_text(o, "district", c->district);
    const struct {
        const char *name;
        uint32_t value;
    } totals[] = {{"person_total", c->person_total},
                  {"address_total", c->address_total},
                  {"signal_total", c->signal_total},
                  {"agency_total", c->agency_total}};
    for (size_t i = 0; i < sizeof totals / sizeof totals[0]; i++)
        json_object_set_new(o, totals[i].name, json_integer(totals[i].value));
    set_notes(o, c->notes, c->note_count);
    return o;
}

json_t *
vdr_cli_household(const vdr_wire_household_view *h)
{
    json_t *o = json_pack("{s:o, s:I}", "household", vdr_cli_number_id('H', h->household.number), "signals",
                          (json_int_t)h->signals);
    set_text(o, "district", h->district);
    set_id(o, "open_case", 'C', h->open_case.number);
    if (h->person_count != 0)
        json_object_set_new(o, "persons", persons_of(h->persons, h->person_count));
    if (h->address_count != 0) {
        json_t *array = json_array();
        for (size_t i = 0; i < h->address_count; i++)
            json_array_append_new(array, address_of(&h->addresses[i]));
        json_object_set_new(o, "addresses", array);
    }
    return o;
}

/* ---- For people. Texts of events are printed without what could steer a terminal. ---- */

static void
put_text(vdr_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t control = vdr_utf8_control(text, i);
        putchar(control != 0 ? ' ' : text.at[i]);
        i += control == 2;
    }
}

static void
row(const char *label, vdr_span text)
{
    if (text.at == NULL || text.len == 0)
        return;
    printf("  %-12s ", label);
    put_text(text);
    putchar('\n');
}

void
vdr_cli_show_message(const vdr_wire_message *m)
{
    if (m->kind == VDR_MESSAGE_ERASED) {
        printf("%6llu  erased: what this message was about has left the broker\n",
               (unsigned long long)m->seq);
        return;
    }
    printf("%6llu  %s  %-17s", (unsigned long long)m->seq, vdr_cli_when(m->at_ms),
           vdr_message_kind_name(m->kind));
    if (m->case_id.number != 0)
        printf("  C%llu", (unsigned long long)m->case_id.number);
    if (m->household.number != 0)
        printf("  H%llu", (unsigned long long)m->household.number);
    if (m->other.number != 0)
        printf("  and H%llu may be one", (unsigned long long)m->other.number);
    const struct {
        const char *label;
        vdr_span text;
    } parts[] = {{"", m->signal.id}, {"of ", m->signal.source}, {"", m->regisseur}, {": ", m->result}};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (parts[i].text.len == 0)
            continue;
        printf("  %s", parts[i].label);
        put_text(parts[i].text);
    }
    if (m->by.len != 0) {
        printf("  by %s:", vdr_party_kind_name(m->by_kind));
        put_text(m->by);
    }
    if (m->reason.len != 0) {
        printf(": ");
        put_text(m->reason);
    }
    for (size_t i = 0; i < m->agency_count; i++) {
        printf(i == 0 ? "  with " : ", ");
        put_text(m->agencies[i]);
    }
    putchar('\n');
}

static void
show_person(const vdr_wire_person_view *person)
{
    printf("  person       ");
    put_text(person->bsn.len != 0 ? person->bsn : person->handle);
    if (person->role.len != 0) {
        printf(" (");
        put_text(person->role);
        putchar(')');
    }
    putchar('\n');
}

static void
show_address(const vdr_wire_address_view *address)
{
    printf("  address      ");
    put_text(address->bag.len != 0 ? address->bag : address->handle);
    if (address->buurt.len != 0) {
        printf(" in ");
        put_text(address->buurt);
    }
    putchar('\n');
}

static void
show_notes(const vdr_wire_note *notes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        printf("  note         %s  %.*s to %.*s: ", vdr_cli_when(notes[i].at_ms), TEXT(notes[i].by),
               TEXT(notes[i].to));
        put_text(notes[i].text);
        putchar('\n');
    }
}

void
vdr_cli_show_signal(const vdr_wire_signal_view *s)
{
    printf("%.*s  %s\n", TEXT(s->name.id),
           vdr_cli_when(s->occurred_at_ms > 0 ? s->occurred_at_ms : s->at_ms));
    row("type", s->type);
    row("agency", s->agency);
    row("source", s->name.source);
    row("domain", s->domain);
    if (s->severity != 0)
        printf("  severity     %u\n", s->severity);
    row("service", s->service);
    if (s->household.number != 0)
        printf("  household    H%llu\n", (unsigned long long)s->household.number);
    if (s->case_id.number != 0)
        printf("  case         C%llu\n", (unsigned long long)s->case_id.number);
    if (s->withdrawn || s->ended || s->overdue || s->feedback)
        printf("  state       %s%s%s%s\n", s->withdrawn ? " withdrawn" : "", s->ended ? " ended" : "",
               s->overdue ? " overdue" : "", s->feedback ? " feedback given" : "");
    for (size_t i = 0; i < s->person_count; i++)
        show_person(&s->persons[i]);
    if (s->address != NULL)
        show_address(s->address);
    row("detail", s->detail);
    row("regisseur", s->regisseur);
    show_notes(s->notes, s->note_count);
}

void
vdr_cli_show_case(const vdr_wire_case_view *c)
{
    printf("C%llu  %s, %s, revision %llu\n", (unsigned long long)c->case_id.number,
           vdr_case_state_name(c->state), vdr_priority_name(c->priority), (unsigned long long)c->revision);
    if (c->household.number != 0)
        printf("  household    H%llu\n", (unsigned long long)c->household.number);
    row("regisseur", c->regisseur);
    row("handover to", c->handover_to);
    printf("  since        %s\n", vdr_cli_when(c->since_ms));
    if (c->state == VDR_CASE_OFFERED)
        printf("  accept by    %s\n", vdr_cli_when(c->accept_by));
    if (!vdr_case_state_open(c->state))
        printf("  ended        %s\n", vdr_cli_when(c->ended));
    row("ended with", c->ended_with);
    for (size_t i = 0; i < c->rule_count; i++)
        row(i == 0 ? "rules" : "", c->rules[i]);
    row("district", c->district);
    printf("  signals      %u, of %u agencies; %u persons, %u addresses\n", c->signal_total, c->agency_total,
           c->person_total, c->address_total);
    if (c->version != 0)
        printf("  version      %llu of the configuration\n", (unsigned long long)c->version);
    for (size_t i = 0; i < c->goal_count; i++) {
        printf("  goal         ");
        put_text(c->goals[i].text);
        printf(" (%.*s, %.*s, by %s, %.*s)\n", TEXT(c->goals[i].domain), TEXT(c->goals[i].owner),
               vdr_cli_when(c->goals[i].due_ms), TEXT(c->goals[i].state));
    }
    show_notes(c->notes, c->note_count);
    if (c->signal_count != 0)
        putchar('\n');
    for (size_t i = 0; i < c->signal_count; i++)
        vdr_cli_show_signal(&c->signals[i]);
}

void
vdr_cli_show_household(const vdr_wire_household_view *h)
{
    printf("H%llu  %u live signals\n", (unsigned long long)h->household.number, h->signals);
    row("district", h->district);
    if (h->open_case.number != 0)
        printf("  open case    C%llu\n", (unsigned long long)h->open_case.number);
    for (size_t i = 0; i < h->person_count; i++)
        show_person(&h->persons[i]);
    for (size_t i = 0; i < h->address_count; i++)
        show_address(&h->addresses[i]);
}

json_t *
vdr_cli_row(const vdr_wire_row *row)
{
    json_t *o = json_object();
    json_object_set_new(o, "row", vdr_cli_text(row->kind));
    for (size_t i = 0; i < row->text_count; i++)
        json_object_setn_new_nocheck(o, (const char *)row->texts[i].name.at, row->texts[i].name.len,
                                     vdr_cli_text(row->texts[i].text));
    for (size_t i = 0; i < row->number_count; i++)
        json_object_setn_new_nocheck(o, (const char *)row->numbers[i].name.at, row->numbers[i].name.len,
                                     json_integer((json_int_t)row->numbers[i].value));
    return o;
}
