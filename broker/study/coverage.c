#include "broker/study/coverage.h"

#include "broker/study/reach.h"
#include "proto/assert.h"

#include <stdlib.h>

static const char *const names[VDR_COVERS] = {
    [VDR_COVER_SPREAD] = "spread",
    [VDR_COVER_WITHIN] = "within_same",
    [VDR_COVER_OVER] = "over",
    [VDR_COVER_PURPOSES] = "purposes",
    [VDR_COVER_TYPES] = "where.types",
    [VDR_COVER_DOMAINS] = "where.domains",
    [VDR_COVER_AGENCIES] = "where.agencies",
    [VDR_COVER_ROLES] = "where.roles",
    [VDR_COVER_SEVERITY] = "where.min_severity",
    [VDR_COVER_RULE] = "rule",
};

const char *
vdr_cover_name(vdr_cover cover)
{
    return cover < VDR_COVER_SPREAD ? vdr_measure_name((vdr_measure)cover) : names[cover];
}

const char *
vdr_coverage_lacks(const vdr_covered *covered, vdr_cover cover)
{
    if (!covered->asked || (covered->yes && covered->no))
        return NULL;
    if (cover == VDR_COVER_RULE)
        return covered->no    ? "never did anything"
               : covered->yes ? "never failed to hold"
                              : "was never looked at";
    if (cover >= VDR_COVER_OVER)
        return covered->yes ? "never kept a signal out" : "never let a signal in";
    return covered->yes ? "never was the one thing that was missing"
                        : "never was reached with all the others";
}

/* Is there a type, besides those that pass, that would pass without this filter? */
static bool
keeps_out(const vdr_config *config, const vdr_config_rule *rule, vdr_cover filter)
{
    vdr_config_rule without = *rule;
    if (filter == VDR_COVER_TYPES)
        without.types = (vdr_names){0};
    if (filter == VDR_COVER_DOMAINS)
        without.domains = (vdr_names){0};
    if (filter == VDR_COVER_AGENCIES)
        without.agencies = (vdr_names){0};
    for (size_t i = 0; i < config->type_count; i++)
        for (size_t a = 0; a < config->agency_count; a++) {
            if (filter == VDR_COVER_PURPOSES) /* whatever purpose it has */
                without.purposes = (vdr_names){.at = &config->types[i].purpose, .count = 1};
            if (vdr_reach_passes(config, &without, &config->types[i], a) &&
                !vdr_reach_passes(config, rule, &config->types[i], a))
                return true;
        }
    return false;
}

/* Does `over` leave out what would count without it? */
static bool
over_matters(const vdr_config *config, const vdr_config_rule *rule)
{
    const vdr_config_rule open = {.over_ms = 0};
    for (size_t i = 0; i < config->type_count; i++)
        if (vdr_reach_passes(config, rule, &config->types[i], VDR_REACH_ALL) &&
            vdr_reach_lifetime(&open, &config->types[i]) > rule->over_ms)
            return true;
    return false;
}

static void
ask(const vdr_config *config, const vdr_config_rule *rule, vdr_covered *covered)
{
    for (unsigned m = 0; m < VDR_MEASURES; m++)
        covered[m].asked = vdr_reach_matters(config, rule, (vdr_measure)m);
    covered[VDR_COVER_SPREAD].asked = rule->spread_ms != 0;
    covered[VDR_COVER_WITHIN].asked = rule->within != VDR_WITHIN_NONE;
    covered[VDR_COVER_OVER].asked = rule->over_ms != 0 && over_matters(config, rule);
    covered[VDR_COVER_PURPOSES].asked = keeps_out(config, rule, VDR_COVER_PURPOSES);
    covered[VDR_COVER_TYPES].asked = rule->types.at != NULL && keeps_out(config, rule, VDR_COVER_TYPES);
    covered[VDR_COVER_DOMAINS].asked = rule->domains.at != NULL && keeps_out(config, rule, VDR_COVER_DOMAINS);
    covered[VDR_COVER_AGENCIES].asked =
        rule->agencies.at != NULL && keeps_out(config, rule, VDR_COVER_AGENCIES);
    covered[VDR_COVER_ROLES].asked = rule->roles.at != NULL;
    covered[VDR_COVER_SEVERITY].asked = rule->min_severity > 1;
    covered[VDR_COVER_RULE].asked = true;
}

void
vdr_coverage_init(vdr_coverage *coverage, const vdr_config *config)
{
    *coverage = (vdr_coverage){.config = config};
    coverage->rules = vdr_alloc(config->rule_count + 1, sizeof coverage->rules[0]);
    for (size_t i = 0; i < config->rule_count; i++)
        ask(config, &config->rules[i], coverage->rules[i]);
}

void
vdr_coverage_done(vdr_coverage *coverage)
{
    free(coverage->rules);
    coverage->rules = NULL;
}

static vdr_covered *
of_rule(vdr_coverage *coverage, vdr_span id)
{
    for (size_t i = 0; i < coverage->config->rule_count; i++)
        if (vdr_span_equal(coverage->config->rules[i].id, id))
            return coverage->rules[i];
    return NULL;
}

/* Clauses are numbered alike: measures, then spread. */
static void
look_at_groups(vdr_covered *covered, const vdr_explained_rule *rule)
{
    uint64_t together[VDR_MEASURES + 1] = {0};
    bool all_together = rule->group_count > 1;
    for (size_t g = 0; g < rule->group_count; g++) {
        const vdr_explained_group *group = &rule->groups[g];
        size_t missing = 0, which = 0;
        for (size_t c = 0; c < group->clause_count; c++) {
            const vdr_explained_clause *clause = &group->clauses[c];
            together[clause->clause] += clause->value;
            if (group->holds)
                covered[clause->clause].yes = true;
            if (!clause->reached) {
                missing++;
                which = clause->clause;
            }
        }
        if (missing == 1)
            covered[which].no = true;
    }
    for (size_t c = 0; rule->group_count != 0 && c < rule->groups[0].clause_count; c++)
        all_together &= together[rule->groups[0].clauses[c].clause] >= rule->groups[0].clauses[c].least ||
                        rule->groups[0].clauses[c].clause == VDR_CLAUSE_SPREAD;
    covered[VDR_COVER_WITHIN].yes |= rule->holds;
    covered[VDR_COVER_WITHIN].no |= !rule->holds && all_together;
}

static void
look_at_uses(vdr_covered *covered, const vdr_explained_rule *rule)
{
    for (size_t i = 0; i < rule->use_count; i++) {
        switch (rule->uses[i].use) {
        case VDR_USE_COUNTED:
        case VDR_USE_GROUP:
            for (unsigned c = VDR_COVER_OVER; c < VDR_COVER_RULE; c++)
                covered[c].yes = true;
            break;
        case VDR_USE_WINDOW:
            covered[VDR_COVER_OVER].no = true;
            break;
        case VDR_USE_PURPOSE:
            covered[VDR_COVER_PURPOSES].no = true;
            break;
        case VDR_USE_TYPE:
            covered[VDR_COVER_TYPES].no = true;
            break;
        case VDR_USE_DOMAIN:
            covered[VDR_COVER_DOMAINS].no = true;
            break;
        case VDR_USE_AGENCY:
            covered[VDR_COVER_AGENCIES].no = true;
            break;
        case VDR_USE_SEVERITY:
            covered[VDR_COVER_SEVERITY].no = true;
            break;
        case VDR_USE_ROLE:
            covered[VDR_COVER_ROLES].no = true;
            break;
        case VDR_USE_NONE:
        case VDR_USE_WITHDRAWN:
        case VDR_USE_SUPERSEDED:
        case VDR_USE_NOT_YET:
        case VDR_USE_OVER:
        case VDR_USE_ENDED:
        case VDR_USE_SILENCED:
        case VDR_USE_HELD:
            break;
        }
    }
}

void
vdr_coverage_look(vdr_coverage *coverage, const vdr_explanation *explanation)
{
    for (size_t i = 0; i < explanation->rule_count; i++) {
        const vdr_explained_rule *rule = &explanation->rules[i];
        vdr_covered *covered = of_rule(coverage, rule->id);
        if (covered == NULL)
            continue;
        look_at_groups(covered, rule);
        look_at_uses(covered, rule);
        covered[VDR_COVER_RULE].no |= !rule->holds;
    }
}

void
vdr_coverage_fired(vdr_coverage *coverage, vdr_span rule)
{
    vdr_covered *covered = of_rule(coverage, rule);
    if (covered != NULL)
        covered[VDR_COVER_RULE].yes = true;
}

void
vdr_coverage_count(vdr_coverage *coverage)
{
    coverage->asked = coverage->tried = 0;
    for (size_t i = 0; i < coverage->config->rule_count; i++)
        for (unsigned c = 0; c < VDR_COVERS; c++) {
            const vdr_covered *covered = &coverage->rules[i][c];
            coverage->asked += covered->asked;
            coverage->tried += covered->asked && covered->yes && covered->no;
        }
}
