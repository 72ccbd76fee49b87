/* An explanation as JSON: the members of proto/explain.h, and nothing that is absent. */
#include "clients/cli/explain_show.h"

static void
set_text(json_t *object, const char *name, vdr_span text)
{
    if (text.len != 0)
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
    if (ms != VDR_MS_NONE)
        json_object_set_new(object, name, vdr_cli_instant(ms));
}

static void
set_number(json_t *object, const char *name, uint64_t number)
{
    json_object_set_new(object, name, json_integer((json_int_t)number));
}

static json_t *
signal_name(vdr_signal_name name)
{
    json_t *o = json_object();
    set_text(o, "id", name.id);
    set_text(o, "source", name.source);
    return o;
}

static json_t *
signal_of(const vdr_explained_signal *s)
{
    json_t *o = signal_name(s->name);
    set_number(o, "position", s->position);
    set_text(o, "type", s->type);
    set_text(o, "agency", s->agency);
    set_text(o, "domain", s->domain);
    set_text(o, "purpose", s->purpose);
    set_when(o, "occurred_at", s->occurred_at_ms);
    set_when(o, "counts_until", s->until_ms);
    set_when(o, "leaves_at", s->leaves_at_ms);
    set_number(o, "severity", s->severity);
    set_id(o, "case", 'C', s->case_id.number);
    set_text(o, "service", s->service);
    json_object_set_new(o, "overdue", json_boolean(s->overdue));
    json_object_set_new(o, "feedback", json_boolean(s->feedback));
    return o;
}

static json_t *
group_of(const vdr_explained_group *g)
{
    json_t *o = json_object(), *clauses = json_array();
    set_text(o, "name", g->name);
    if (g->person != 0)
        set_number(o, "person", g->person);
    json_object_set_new(o, "holds", json_boolean(g->holds));
    for (size_t i = 0; i < g->clause_count; i++) {
        const vdr_explained_clause *c = &g->clauses[i];
        json_t *clause = json_object();
        json_object_set_new(clause, "clause", json_string(vdr_clause_name(c->clause)));
        set_number(clause, c->clause == VDR_CLAUSE_SPREAD ? "value_ms" : "value", c->value);
        set_number(clause, c->clause == VDR_CLAUSE_SPREAD ? "least_ms" : "least", c->least);
        json_object_set_new(clause, "reached", json_boolean(c->reached));
        if (c->or_more)
            json_object_set_new(clause, "or_more", json_true());
        json_array_append_new(clauses, clause);
    }
    json_object_set_new(o, "clauses", clauses);
    return o;
}

static json_t *
uses_of(const vdr_explanation *told, const vdr_explained_rule *rule)
{
    json_t *array = json_array();
    for (size_t i = 0; i < rule->use_count && i < told->signal_list_count; i++) {
        json_t *o = signal_name(told->signals[i].name);
        json_object_set_new(o, "use", json_string(vdr_use_name(rule->uses[i].use)));
        set_when(o, rule->uses[i].use == VDR_USE_NOT_YET ? "from" : "until", rule->uses[i].until);
        json_array_append_new(array, o);
    }
    return array;
}

static json_t *
rule_of(const vdr_explanation *told, const vdr_explained_rule *rule)
{
    json_t *o = json_object(), *groups = json_array();
    set_text(o, "id", rule->id);
    set_text(o, "text", rule->text);
    json_object_set_new(o, "level", json_string(vdr_level_name(rule->level)));
    if (rule->priority != VDR_PRIORITY_NONE)
        json_object_set_new(o, "priority", json_string(vdr_priority_name(rule->priority)));
    json_object_set_new(o, "holds", json_boolean(rule->holds));
    if (rule->over_ms != 0)
        set_number(o, "over_ms", (uint64_t)rule->over_ms);
    if (rule->within != VDR_WITHIN_NONE)
        json_object_set_new(o, "within_same", json_string(vdr_within_name(rule->within)));
    for (size_t i = 0; i < rule->group_count; i++)
        json_array_append_new(groups, group_of(&rule->groups[i]));
    json_object_set_new(o, "groups", groups);
    if (rule->groups_more != 0)
        set_number(o, "groups_more", rule->groups_more);
    if (rule->nearest != 0)
        set_number(o, "nearest", rule->nearest - 1);
    set_number(o, "counted", rule->counted);
    if (rule->barred != VDR_BARRED_NOT)
        json_object_set_new(o, "barred", json_string(vdr_barred_name(rule->barred)));
    set_when(o, "barred_until", rule->barred_until);
    if (rule->level != VDR_LEVEL_CASE)
        json_object_set_new(o, "latched", json_boolean(rule->latched));
    set_when(o, "held_until", rule->held_until);
    set_when(o, "holds_until", rule->holds_until);
    json_object_set_new(o, "signals", uses_of(told, rule));
    return o;
}

static json_t *
case_of(const vdr_explained_case *c)
{
    json_t *o = json_object(), *rules = json_array(), *signals = json_array();
    set_id(o, "case", 'C', c->case_id.number);
    json_object_set_new(o, "state", json_string(vdr_case_state_name(c->state)));
    json_object_set_new(o, "priority", json_string(vdr_priority_name(c->priority)));
    set_text(o, "regisseur", c->regisseur);
    set_number(o, "revision", c->revision);
    set_when(o, "opened_at", c->opened_at_ms);
    set_number(o, "opened_position", c->opened_position);
    set_number(o, "config_position", c->config_position);
    set_number(o, "version", c->version);
    set_when(o, "ended_at", c->ended);
    for (size_t i = 0; i < c->rule_count; i++)
        json_array_append_new(rules, vdr_cli_text(c->rules[i]));
    json_object_set_new(o, "rules", rules);
    for (size_t i = 0; i < c->signal_count; i++)
        json_array_append_new(signals, signal_name(c->signals[i]));
    json_object_set_new(o, "signals", signals);
    return o;
}

static json_t *
assignment_of(const vdr_explanation *told)
{
    json_t *o = json_object(), *candidates = json_array();
    set_id(o, "case", 'C', told->assigned.number);
    json_object_set_new(o, "by", json_string(vdr_assign_step_name(told->assigned_by)));
    for (size_t i = 0; i < told->candidate_count; i++) {
        const vdr_explained_candidate *c = &told->candidates[i];
        json_t *one = json_object();
        set_text(one, "regisseur", c->id);
        json_object_set_new(one, "why", json_string(vdr_why_name(c->why)));
        json_object_set_new(one, "holder", json_boolean(c->holder));
        json_object_set_new(one, "in_district", json_boolean(c->in_district));
        set_number(one, "load", c->load);
        set_number(one, "capacity", c->capacity);
        set_number(one, "hard_capacity", c->hard_capacity);
        set_number(one, "expertise", c->known);
        json_array_append_new(candidates, one);
    }
    json_object_set_new(o, "candidates", candidates);
    return o;
}

static json_t *
dues_of(const vdr_explanation *told)
{
    json_t *array = json_array();
    for (size_t i = 0; i < told->due_count; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "timer", json_string(vdr_due_kind_name(told->dues[i].kind)));
        set_when(o, "due", told->dues[i].due);
        if (told->dues[i].signal.id.len != 0)
            json_object_set_new(o, "signal", signal_name(told->dues[i].signal));
        set_id(o, "case", 'C', told->dues[i].case_id.number);
        json_array_append_new(array, o);
    }
    return array;
}

json_t *
vdr_cli_explanation(const vdr_explanation *told)
{
    json_t *o = json_object(), *signals = json_array(), *rules = json_array(), *cases = json_array();
    set_when(o, "at", told->at_ms);
    set_number(o, "position", told->position);
    set_number(o, "config_position", told->config_position);
    set_number(o, "version", told->version);
    set_id(o, "household", 'H', told->household.number);
    set_id(o, "case", 'C', told->case_id.number);
    if (told->signal.id.len != 0)
        json_object_set_new(o, "signal", signal_name(told->signal));
    set_text(o, "district", told->district);
    set_number(o, "persons", told->person_count);
    set_number(o, "addresses", told->address_count);
    set_number(o, "signal_count", told->signal_count);
    set_id(o, "open_case", 'C', told->open_case.number);
    for (size_t i = 0; i < told->signal_list_count; i++)
        json_array_append_new(signals, signal_of(&told->signals[i]));
    json_object_set_new(o, "signals", signals);
    for (size_t i = 0; i < told->rule_count; i++)
        json_array_append_new(rules, rule_of(told, &told->rules[i]));
    json_object_set_new(o, "rules", rules);
    for (size_t i = 0; i < told->case_count; i++)
        json_array_append_new(cases, case_of(&told->cases[i]));
    json_object_set_new(o, "cases", cases);
    if (told->assigned.number != 0)
        json_object_set_new(o, "assignment", assignment_of(told));
    json_object_set_new(o, "timers", dues_of(told));
    return o;
}
