#include "clients/gateway/views.h"

void
vdr_show_party(vdr_writer *w, const char *name, vdr_party_kind kind, vdr_span id)
{
    vdr_write_open(w, name, '{');
    vdr_write_string(w, "kind", vdr_party_kind_name(kind));
    vdr_write_text(w, "id", id);
    vdr_write_close(w, '}');
}

static void
signal_name(vdr_writer *w, const char *name, const vdr_signal_name *signal)
{
    vdr_write_open(w, name, '{');
    vdr_write_text(w, "id", signal->id);
    vdr_write_text_if(w, "source", signal->source);
    vdr_write_close(w, '}');
}

static void
texts(vdr_writer *w, const char *name, const vdr_span *all, size_t count)
{
    vdr_write_open(w, name, '[');
    for (size_t i = 0; i < count; i++)
        vdr_write_text(w, NULL, all[i]);
    vdr_write_close(w, ']');
}

void
vdr_show_message(vdr_writer *w, const char *name, const vdr_wire_message *m)
{
    unsigned has = vdr_message_members_of(m->kind);
    vdr_write_open(w, name, '{');
    vdr_write_number(w, "seq", m->seq);
    vdr_write_string(w, "kind", vdr_message_kind_name(m->kind));
    if (m->kind == VDR_MESSAGE_ERASED)
        vdr_write_null(w, "at");
    else
        vdr_write_instant(w, "at", m->at_ms);
    vdr_write_number_if(w, "position", m->position);
    vdr_write_id_if(w, "case", 'C', m->case_id.number);
    if ((has & VDR_HAS_SIGNAL) != 0 && m->signal.id.len != 0)
        signal_name(w, "signal", &m->signal);
    vdr_write_id_if(w, "household", 'H', m->household.number);
    vdr_write_id_if(w, "other", 'H', m->other.number);
    if ((has & VDR_HAS_AGENCIES) != 0)
        texts(w, "agencies", m->agencies, m->agency_count);
    if ((has & VDR_HAS_RESULT) != 0)
        vdr_write_text(w, "result", m->result);
    vdr_write_text_if(w, "regisseur", m->regisseur);
    if ((has & VDR_HAS_BY) != 0 && m->by.len != 0)
        vdr_show_party(w, "by", m->by_kind, m->by);
    if ((has & VDR_HAS_REASON) != 0)
        vdr_write_text(w, "reason", m->reason);
    vdr_write_text_if(w, "traceparent", m->traceparent);
    vdr_write_close(w, '}');
}

static void
person(vdr_writer *w, const vdr_wire_person_view *p)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text_if(w, "handle", p->handle);
    vdr_write_text_if(w, "bsn", p->bsn);
    vdr_write_text_if(w, "role", p->role);
    vdr_write_close(w, '}');
}

static void
address(vdr_writer *w, const char *name, const vdr_wire_address_view *a)
{
    vdr_write_open(w, name, '{');
    vdr_write_text_if(w, "handle", a->handle);
    vdr_write_text_if(w, "bag", a->bag);
    vdr_write_text_if(w, "buurt", a->buurt);
    vdr_write_close(w, '}');
}

static void
notes(vdr_writer *w, const vdr_wire_note *all, size_t count)
{
    vdr_write_open(w, "notes", '[');
    for (size_t i = 0; i < count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_write_instant(w, "at", all[i].at_ms);
        vdr_show_party(w, "by", all[i].by_kind, all[i].by);
        vdr_show_party(w, "to", all[i].to_kind, all[i].to);
        if (all[i].signal.id.len != 0)
            signal_name(w, "signal", &all[i].signal);
        vdr_write_text(w, "text", all[i].text);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
}

void
vdr_show_signal_members(vdr_writer *w, const vdr_wire_signal_view *s)
{
    vdr_write_text(w, "id", s->name.id);
    vdr_write_text_if(w, "source", s->name.source);
    vdr_write_text_if(w, "type", s->type);
    vdr_write_text_if(w, "agency", s->agency);
    vdr_write_instant_if(w, "acceptedAt", s->at_ms);
    vdr_write_instant_if(w, "occurredAt", s->occurred_at_ms);
    vdr_write_number_if(w, "severity", s->severity);
    vdr_write_text_if(w, "domain", s->domain);
    vdr_write_id_if(w, "household", 'H', s->household.number);
    vdr_write_id_if(w, "case", 'C', s->case_id.number);
    vdr_write_text_if(w, "service", s->service);
    vdr_write_text_if(w, "regisseur", s->regisseur);
    vdr_write_flag(w, "withdrawn", s->withdrawn);
    vdr_write_flag(w, "ended", s->ended);
    vdr_write_flag(w, "overdue", s->overdue);
    vdr_write_flag(w, "feedback", s->feedback);
    vdr_write_instant_if(w, "leavesAt", s->leaves_at_ms);
    if (s->person_count != 0) {
        vdr_write_open(w, "persons", '[');
        for (size_t i = 0; i < s->person_count; i++)
            person(w, &s->persons[i]);
        vdr_write_close(w, ']');
    }
    if (s->address != NULL)
        address(w, "address", s->address);
    vdr_write_text_if(w, "detail", s->detail);
    if (s->note_count != 0)
        notes(w, s->notes, s->note_count);
}

static void
goal(vdr_writer *w, const vdr_wire_goal *g)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "domain", g->domain);
    vdr_write_text(w, "text", g->text);
    vdr_write_text(w, "owner", g->owner);
    vdr_write_instant(w, "due", g->due_ms);
    vdr_write_text(w, "state", g->state);
    vdr_write_close(w, '}');
}

void
vdr_show_case_members(vdr_writer *w, const vdr_wire_case_view *c, bool listed)
{
    vdr_write_id(w, "id", 'C', c->case_id.number);
    vdr_write_string(w, "state", vdr_case_state_name(c->state));
    vdr_write_string(w, "priority", vdr_priority_name(c->priority));
    vdr_write_number(w, "revision", c->revision);
    if (c->regisseur.len != 0)
        vdr_write_text(w, "regisseur", c->regisseur);
    else
        vdr_write_null(w, "regisseur");
    vdr_write_id_if(w, "household", 'H', c->household.number);
    vdr_write_number_if(w, "version", c->version);
    vdr_write_text_if(w, "handoverTo", c->handover_to);
    vdr_write_instant_if(w, "since", c->since_ms);
    vdr_write_instant_if(w, "acceptBy", c->accept_by);
    vdr_write_instant_if(w, "ended", c->ended);
    vdr_write_text_if(w, "endedWith", c->ended_with);
    texts(w, "rules", c->rules, c->rule_count);
    vdr_write_number(w, "planRevision", c->plan_revision);
    if (listed)
        return;
    if (c->note_count != 0)
        notes(w, c->notes, c->note_count);
    vdr_write_open(w, "goals", '[');
    for (size_t i = 0; i < c->goal_count; i++)
        goal(w, &c->goals[i]);
    vdr_write_close(w, ']');
    vdr_write_open(w, "signals", '[');
    for (size_t i = 0; i < c->signal_count; i++) {
        vdr_write_open(w, NULL, '{');
        vdr_show_signal_members(w, &c->signals[i]);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
}

void
vdr_show_household_members(vdr_writer *w, const vdr_wire_household_view *h)
{
    vdr_write_id(w, "id", 'H', h->household.number);
    vdr_write_text_if(w, "district", h->district);
    vdr_write_id_if(w, "openCase", 'C', h->open_case.number);
    vdr_write_number(w, "signalCount", h->signals);
    vdr_write_open(w, "persons", '[');
    for (size_t i = 0; i < h->person_count; i++)
        person(w, &h->persons[i]);
    vdr_write_close(w, ']');
    vdr_write_open(w, "addresses", '[');
    for (size_t i = 0; i < h->address_count; i++)
        address(w, NULL, &h->addresses[i]);
    vdr_write_close(w, ']');
}

uint64_t
vdr_show_absence_number(const vdr_wire_absence *absence)
{
    uint64_t from = (uint64_t)absence->from_ms, to = (uint64_t)absence->to_ms;
    uint64_t mixed = (from ^ (to << 20) ^ (to >> 30)) * UINT64_C(0x9e3779b97f4a7c15);
    return (mixed >> 11) | 1;
}

void
vdr_show_absences(vdr_writer *w, const char *name, const vdr_wire_absence *absences, size_t count)
{
    vdr_write_open(w, name, '[');
    for (size_t i = 0; i < count; i++) {
        const vdr_wire_absence *a = &absences[i];
        vdr_write_open(w, NULL, '{');
        vdr_write_number(w, "number", vdr_show_absence_number(a));
        vdr_write_instant(w, "from", a->from_ms);
        vdr_write_instant(w, "to", a->to_ms);
        if (a->by_kind != VDR_PARTY_NONE)
            vdr_show_party(w, "by", a->by_kind, a->by);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
}

void
vdr_show_regisseur(vdr_writer *w, const vdr_wire_regisseur_view *r)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "id", r->id);
    vdr_write_number(w, "load", r->load);
    vdr_write_number(w, "capacity", r->capacity);
    vdr_write_number(w, "hardCapacity", r->hard_capacity);
    vdr_write_flag(w, "absent", r->absent);
    vdr_show_absences(w, "absences", r->absences, r->absence_count);
    texts(w, "districts", r->districts, r->district_count);
    texts(w, "expertise", r->expertise, r->expertise_count);
    vdr_write_close(w, '}');
}

void
vdr_show_right(vdr_writer *w, const vdr_wire_right_view *r)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_number(w, "number", r->number);
    vdr_write_string(w, "kind", vdr_right_kind_name(r->kind));
    vdr_write_string(w, "state", vdr_right_state_name(r->state));
    vdr_write_id_if(w, "household", 'H', r->household.number);
    if (r->signal.id.len != 0)
        signal_name(w, "signal", &r->signal);
    vdr_write_instant_if(w, "at", r->at_ms);
    vdr_write_instant_if(w, "due", r->due);
    vdr_write_instant_if(w, "ended", r->ended);
    vdr_write_text_if(w, "author", r->author);
    vdr_write_text_if(w, "second", r->second);
    vdr_write_id_if(w, "case", 'C', r->case_id.number);
    vdr_write_close(w, '}');
}
