/* An explanation: the members of proto/explain.h, and nothing that is absent. */
#include "clients/gateway/views.h"

static void
name_members(vdr_writer *w, const vdr_signal_name *name)
{
    vdr_write_text(w, "id", name->id);
    vdr_write_text_if(w, "source", name->source);
}

static void
named(vdr_writer *w, const char *member, const vdr_signal_name *name)
{
    vdr_write_open(w, member, '{');
    name_members(w, name);
    vdr_write_close(w, '}');
}

static void
explained_signal(vdr_writer *w, const vdr_explained_signal *s)
{
    vdr_write_open(w, NULL, '{');
    name_members(w, &s->name);
    vdr_write_number(w, "position", s->position);
    vdr_write_text_if(w, "type", s->type);
    vdr_write_text_if(w, "agency", s->agency);
    vdr_write_text_if(w, "domain", s->domain);
    vdr_write_text_if(w, "purpose", s->purpose);
    vdr_write_instant_if(w, "occurredAt", s->occurred_at_ms);
    vdr_write_instant_if(w, "countsUntil", s->until_ms);
    vdr_write_instant_if(w, "leavesAt", s->leaves_at_ms);
    vdr_write_number(w, "severity", s->severity);
    vdr_write_id_if(w, "case", 'C', s->case_id.number);
    vdr_write_text_if(w, "service", s->service);
    vdr_write_flag(w, "overdue", s->overdue);
    vdr_write_flag(w, "feedback", s->feedback);
    vdr_write_close(w, '}');
}

static void
clause(vdr_writer *w, const vdr_explained_clause *c)
{
    bool spread = c->clause == VDR_CLAUSE_SPREAD;
    vdr_write_open(w, NULL, '{');
    vdr_write_string(w, "clause", vdr_clause_name(c->clause));
    vdr_write_number(w, spread ? "valueMs" : "value", c->value);
    vdr_write_number(w, spread ? "leastMs" : "least", c->least);
    vdr_write_flag(w, "reached", c->reached);
    if (c->or_more)
        vdr_write_flag(w, "orMore", true);
    vdr_write_close(w, '}');
}

static void
group(vdr_writer *w, const vdr_explained_group *g)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text_if(w, "name", g->name);
    vdr_write_number_if(w, "person", g->person);
    vdr_write_flag(w, "holds", g->holds);
    vdr_write_open(w, "clauses", '[');
    for (size_t i = 0; i < g->clause_count; i++)
        clause(w, &g->clauses[i]);
    vdr_write_close(w, ']');
    vdr_write_close(w, '}');
}

static void
uses(vdr_writer *w, const vdr_explanation *told, const vdr_explained_rule *rule)
{
    vdr_write_open(w, "signals", '[');
    for (size_t i = 0; i < rule->use_count && i < told->signal_list_count; i++) {
        vdr_write_open(w, NULL, '{');
        name_members(w, &told->signals[i].name);
        vdr_write_string(w, "use", vdr_use_name(rule->uses[i].use));
        vdr_write_instant_if(w, rule->uses[i].use == VDR_USE_NOT_YET ? "from" : "until", rule->uses[i].until);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
}

static void
rule(vdr_writer *w, const vdr_explanation *told, const vdr_explained_rule *r)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_text(w, "id", r->id);
    vdr_write_text_if(w, "text", r->text);
    vdr_write_string(w, "level", vdr_level_name(r->level));
    if (r->priority != VDR_PRIORITY_NONE)
        vdr_write_string(w, "priority", vdr_priority_name(r->priority));
    vdr_write_flag(w, "holds", r->holds);
    vdr_write_number_if(w, "overMs", (uint64_t)r->over_ms);
    if (r->within != VDR_WITHIN_NONE)
        vdr_write_string(w, "withinSame", vdr_within_name(r->within));
    vdr_write_open(w, "groups", '[');
    for (size_t i = 0; i < r->group_count; i++)
        group(w, &r->groups[i]);
    vdr_write_close(w, ']');
    vdr_write_number_if(w, "groupsMore", r->groups_more);
    if (r->nearest != 0)
        vdr_write_number(w, "nearest", r->nearest - 1);
    vdr_write_number(w, "counted", r->counted);
    if (r->barred != VDR_BARRED_NOT)
        vdr_write_string(w, "barred", vdr_barred_name(r->barred));
    vdr_write_instant_if(w, "barredUntil", r->barred_until);
    if (r->level != VDR_LEVEL_CASE)
        vdr_write_flag(w, "latched", r->latched);
    vdr_write_instant_if(w, "heldUntil", r->held_until);
    vdr_write_instant_if(w, "holdsUntil", r->holds_until);
    uses(w, told, r);
    vdr_write_close(w, '}');
}

static void
explained_case(vdr_writer *w, const vdr_explained_case *c)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_id(w, "id", 'C', c->case_id.number);
    vdr_write_string(w, "state", vdr_case_state_name(c->state));
    vdr_write_string(w, "priority", vdr_priority_name(c->priority));
    vdr_write_text_if(w, "regisseur", c->regisseur);
    vdr_write_number(w, "revision", c->revision);
    vdr_write_instant_if(w, "openedAt", c->opened_at_ms);
    vdr_write_number(w, "openedPosition", c->opened_position);
    vdr_write_number(w, "configPosition", c->config_position);
    vdr_write_number(w, "version", c->version);
    vdr_write_instant_if(w, "endedAt", c->ended);
    vdr_write_open(w, "rules", '[');
    for (size_t i = 0; i < c->rule_count; i++)
        vdr_write_text(w, NULL, c->rules[i]);
    vdr_write_close(w, ']');
    vdr_write_open(w, "signals", '[');
    for (size_t i = 0; i < c->signal_count; i++)
        named(w, NULL, &c->signals[i]);
    vdr_write_close(w, ']');
    vdr_write_close(w, '}');
}

static void
assignment(vdr_writer *w, const vdr_explanation *told)
{
    vdr_write_open(w, "assignment", '{');
    vdr_write_id(w, "case", 'C', told->assigned.number);
    vdr_write_string(w, "by", vdr_assign_step_name(told->assigned_by));
    vdr_write_open(w, "candidates", '[');
    for (size_t i = 0; i < told->candidate_count; i++) {
        const vdr_explained_candidate *c = &told->candidates[i];
        vdr_write_open(w, NULL, '{');
        vdr_write_text(w, "regisseur", c->id);
        vdr_write_string(w, "why", vdr_why_name(c->why));
        vdr_write_flag(w, "holder", c->holder);
        vdr_write_flag(w, "inDistrict", c->in_district);
        vdr_write_number(w, "load", c->load);
        vdr_write_number(w, "capacity", c->capacity);
        vdr_write_number(w, "hardCapacity", c->hard_capacity);
        vdr_write_number(w, "expertise", c->known);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
    vdr_write_close(w, '}');
}

static void
timers(vdr_writer *w, const vdr_explanation *told)
{
    vdr_write_open(w, "timers", '[');
    for (size_t i = 0; i < told->due_count; i++) {
        const vdr_explained_due *due = &told->dues[i];
        vdr_write_open(w, NULL, '{');
        vdr_write_string(w, "timer", vdr_due_kind_name(due->kind));
        vdr_write_instant_if(w, "due", due->due);
        if (due->signal.id.len != 0)
            named(w, "signal", &due->signal);
        vdr_write_id_if(w, "case", 'C', due->case_id.number);
        vdr_write_close(w, '}');
    }
    vdr_write_close(w, ']');
}

void
vdr_show_explanation(vdr_writer *w, const vdr_explanation *told)
{
    vdr_write_open(w, NULL, '{');
    vdr_write_instant(w, "at", told->at_ms);
    vdr_write_number(w, "position", told->position);
    vdr_write_number(w, "configPosition", told->config_position);
    vdr_write_number(w, "version", told->version);
    vdr_write_id_if(w, "household", 'H', told->household.number);
    vdr_write_id_if(w, "case", 'C', told->case_id.number);
    if (told->signal.id.len != 0)
        named(w, "signal", &told->signal);
    vdr_write_text_if(w, "district", told->district);
    vdr_write_number(w, "persons", told->person_count);
    vdr_write_number(w, "addresses", told->address_count);
    vdr_write_number(w, "signalCount", told->signal_count);
    vdr_write_id_if(w, "openCase", 'C', told->open_case.number);
    vdr_write_open(w, "signals", '[');
    for (size_t i = 0; i < told->signal_list_count; i++)
        explained_signal(w, &told->signals[i]);
    vdr_write_close(w, ']');
    vdr_write_open(w, "rules", '[');
    for (size_t i = 0; i < told->rule_count; i++)
        rule(w, told, &told->rules[i]);
    vdr_write_close(w, ']');
    vdr_write_open(w, "cases", '[');
    for (size_t i = 0; i < told->case_count; i++)
        explained_case(w, &told->cases[i]);
    vdr_write_close(w, ']');
    if (told->assigned.number != 0)
        assignment(w, told);
    timers(w, told);
    vdr_write_close(w, '}');
}
