/* Lint of rules.yaml. */
#include "broker/study/lint_inside.h"

#include <stdio.h>
#include <stdlib.h>

static vdr_place
rule_place(const vdr_linter *linter, const vdr_config_rule *rule, const char *key, const char *inner)
{
    return vdr_places_of(&linter->places, VDR_CONFIG_RULES, "rules", (size_t)(rule - linter->config->rules),
                         key, inner);
}

/* ---- can it hold? */

/* Says which clause is out of reach. */
static void
never_holds(vdr_linter *linter, const vdr_config_rule *rule, const vdr_reach *reach)
{
    char group[160] = "", spread[VDR_DURATION_TEXT_BYTES], lifetime[VDR_DURATION_TEXT_BYTES];
    if (reach->group.at != NULL)
        snprintf(group, sizeof group, " within the same %s (the nearest is %.*s)",
                 vdr_within_name(rule->within), VDR_TEXT(reach->group));
    for (unsigned m = 0; m < VDR_MEASURES; m++) {
        const char *name = vdr_measure_name((vdr_measure)m);
        if (!vdr_reach_misses(rule, reach, (vdr_measure)m))
            continue;
        vdr_place place = rule_place(linter, rule, "at_least", name);
        if (m == VDR_MEASURE_OVERDUE)
            vdr_lint_say(
                linter, VDR_LINT_NEVER_HOLDS, VDR_CONFIG_RULES, place, rule->id,
                "%.*s can never hold: no type that it counts has a follow_up within the time for which "
                "it counts\ngive one a follow_up, or leave overdue out",
                VDR_TEXT(rule->id));
        else
            vdr_lint_say(linter, VDR_LINT_NEVER_HOLDS, VDR_CONFIG_RULES, place, rule->id,
                         "%.*s can never hold: it asks %llu %s, and there can be at most %llu%s\n"
                         "ask fewer, or let purposes and where count more types and agencies",
                         VDR_TEXT(rule->id), (unsigned long long)rule->at_least[m], name,
                         (unsigned long long)reach->most[m], group);
    }
    if (vdr_reach_misses(rule, reach, VDR_MEASURES))
        vdr_lint_say(linter, VDR_LINT_NEVER_HOLDS, VDR_CONFIG_RULES, rule_place(linter, rule, "spread", NULL),
                     rule->id,
                     "%.*s can never hold: spread is %s, and what it counts lies less than %s apart%s\n"
                     "make spread shorter, or over and counts_for longer",
                     VDR_TEXT(rule->id), vdr_lint_duration(rule->spread_ms, spread),
                     vdr_lint_duration(reach->lifetime_ms, lifetime), group);
}

/* ---- who can set it off? */

static void
one_agency_alone(vdr_linter *linter, const vdr_config_rule *rule)
{
    const vdr_config *config = linter->config;
    char names[200] = "";
    size_t used = 0, count = 0;

    if (rule->level != VDR_LEVEL_CASE || rule->at_least[VDR_MEASURE_AGENCIES] > 1)
        return;
    for (size_t a = 0; a < config->agency_count; a++) {
        vdr_reach reach;
        vdr_span id = config->agencies[a].id;
        if (!vdr_reach_holds(config, rule, a, &reach))
            continue;
        if (count < 3 && used < sizeof names - 1)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s%.*s", count == 0 ? "" : ", ",
                                     id.len < 40 ? (int)id.len : 40, (const char *)id.at);
        count++;
    }
    if (count == 0)
        return;
    if (count > 3 && used < sizeof names)
        snprintf(names + used, sizeof names - used, " and %zu more", count - 3);
    size_t before = linter->lint->count;
    vdr_lint_say(linter, VDR_LINT_ONE_AGENCY_ALONE, VDR_CONFIG_RULES,
                 rule_place(linter, rule, "at_least", NULL), rule->id,
                 "%.*s (%s) can be set off by one agency alone: %s\n"
                 "ask agencies: 2, or allow it if one agency is meant to be enough",
                 VDR_TEXT(rule->id), vdr_priority_name(rule->priority), names);
    /* An urgent case passes the rest after a closed one, too: nobody looks twice before it is there. */
    if (rule->priority != VDR_PRIORITY_URGENT && linter->lint->count > before)
        linter->lint->at[before].severity = VDR_LINT_NOTE;
}

/* ---- is something in it without effect? */

static void
windows(vdr_linter *linter, const vdr_config_rule *rule)
{
    const vdr_config *config = linter->config;
    const vdr_config_rule open = {.over_ms = 0};
    int64_t kept = 0, counted = 0;
    char over[VDR_DURATION_TEXT_BYTES], most[VDR_DURATION_TEXT_BYTES];

    if (rule->over_ms == 0)
        return;
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_type *type = &config->types[i];
        if (!vdr_reach_passes(config, rule, type, VDR_REACH_ALL))
            continue;
        int64_t lifetime = vdr_reach_lifetime(&open, type);
        kept = type->retain_ms > kept ? type->retain_ms : kept;
        counted = lifetime > counted ? lifetime : counted;
    }
    if (kept == 0)
        return; /* it counts nothing: that is told */
    vdr_place place = rule_place(linter, rule, "over", NULL);
    if (rule->over_ms > kept)
        vdr_lint_say(linter, VDR_LINT_WINDOW_LONGER_THAN_RETENTION, VDR_CONFIG_RULES, place, rule->id,
                     "%.*s looks back %s, but nothing that it counts is kept longer than %s\n"
                     "make over shorter, or retain of its types longer if the law allows it",
                     VDR_TEXT(rule->id), vdr_lint_duration(rule->over_ms, over),
                     vdr_lint_duration(kept, most));
    else if (rule->over_ms >= counted)
        vdr_lint_say(linter, VDR_LINT_WINDOW_WITHOUT_EFFECT, VDR_CONFIG_RULES, place, rule->id,
                     "%.*s: over leaves nothing out: no signal that it counts counts longer than %s\n"
                     "leave over out, or make it shorter",
                     VDR_TEXT(rule->id), vdr_lint_duration(counted, most));
}

static void
clauses(vdr_linter *linter, const vdr_config_rule *rule)
{
    for (unsigned m = 0; m < VDR_MEASURES; m++) {
        uint64_t least[VDR_MEASURES];
        if (rule->at_least[m] == 0)
            continue;
        vdr_reach_implied(linter->config, rule, (vdr_measure)m, least);
        bool alone = true;
        for (unsigned n = 0; n < VDR_MEASURES && alone; n++)
            alone = n == m || rule->at_least[n] == 0;
        /* signals: 1 alone says "anything at all", and at_least must say something. */
        if (least[m] < rule->at_least[m] || (alone && rule->spread_ms == 0))
            continue;
        const char *name = vdr_measure_name((vdr_measure)m);
        vdr_lint_say(linter, VDR_LINT_CLAUSE_WITHOUT_EFFECT, VDR_CONFIG_RULES,
                     rule_place(linter, rule, "at_least", name), rule->id,
                     "%.*s: %s: %llu follows from what else it asks\nleave it out, or ask more",
                     VDR_TEXT(rule->id), name, (unsigned long long)rule->at_least[m]);
    }
}

/* Does some type pass that has this as its domain, its sender, …? */
static bool
counts(const vdr_config *config, const vdr_config_rule *rule, const char *filter, vdr_span name)
{
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_type *type = &config->types[i];
        if (strcmp(filter, "agencies") != 0) {
            vdr_span has = strcmp(filter, "types") == 0     ? type->id
                           : strcmp(filter, "domains") == 0 ? type->domain
                                                            : type->purpose;
            if (vdr_span_equal(has, name) && vdr_reach_passes(config, rule, type, VDR_REACH_ALL))
                return true;
            continue;
        }
        for (size_t a = 0; a < config->agency_count; a++)
            if (vdr_span_equal(config->agencies[a].kind, name) && vdr_reach_passes(config, rule, type, a))
                return true;
    }
    return false;
}

static void
filters(vdr_linter *linter, const vdr_config_rule *rule)
{
    const struct {
        const char *name;
        vdr_names names;
    } parts[] = {{"types", rule->types}, {"domains", rule->domains}, {"agencies", rule->agencies}};
    for (size_t p = 0; p < sizeof parts / sizeof parts[0]; p++)
        for (size_t i = 0; i < parts[p].names.count; i++)
            if (!counts(linter->config, rule, parts[p].name, parts[p].names.at[i]))
                vdr_lint_say(
                    linter, VDR_LINT_FILTER_WITHOUT_TYPE, VDR_CONFIG_RULES,
                    rule_place(linter, rule, "where", parts[p].name), rule->id,
                    "%.*s: where.%s names %.*s, but nothing of it passes purposes and the other filters\n"
                    "leave it out, or widen purposes and the other filters",
                    VDR_TEXT(rule->id), parts[p].name, VDR_TEXT(parts[p].names.at[i]));
    for (size_t i = 0; i < rule->purposes.count; i++)
        if (!counts(linter->config, rule, "purposes", rule->purposes.at[i]))
            vdr_lint_say(linter, VDR_LINT_PURPOSE_WITHOUT_TYPE, VDR_CONFIG_RULES,
                         rule_place(linter, rule, "purposes", NULL), rule->id,
                         "%.*s names the purpose %.*s, but counts no type for it\n"
                         "leave it out: a case may then take no signals for it either",
                         VDR_TEXT(rule->id), VDR_TEXT(rule->purposes.at[i]));
}

static void
nobody_is_told(vdr_linter *linter, const vdr_config_rule *rule)
{
    const vdr_config *config = linter->config;
    if (rule->level != VDR_LEVEL_COORDINATE)
        return;
    size_t seeing = 0;
    for (size_t a = 0; a < config->agency_count; a++) {
        bool sends = false;
        for (size_t i = 0; i < config->type_count && !sends; i++)
            sends = config->agencies[a].sees_match && vdr_reach_passes(config, rule, &config->types[i], a);
        seeing += sends;
    }
    if (seeing < 2)
        vdr_lint_say(
            linter, VDR_LINT_NOBODY_IS_TOLD, VDR_CONFIG_RULES, rule_place(linter, rule, "level", NULL),
            rule->id,
            "%.*s tells nobody: of the agencies that it counts, %s may see a match, and it takes two\n"
            "set sees_match for two of them in town.yaml, or make it a watch rule",
            VDR_TEXT(rule->id), seeing == 0 ? "none" : "only one");
}

/* ---- rules beside each other */

/* True: it was told that the other makes the rule needless; once is enough. */
static bool
compare(vdr_linter *linter, const vdr_config_rule *rule, const vdr_config_rule *other)
{
    const vdr_config *config = linter->config;
    if (!vdr_reach_covers(config, other, rule))
        return false;
    bool both = vdr_reach_covers(config, rule, other);
    vdr_place place = rule_place(linter, rule, "id", NULL);
    if (rule->level == VDR_LEVEL_CASE) {
        if (other->level != VDR_LEVEL_CASE || other->priority < rule->priority ||
            (both && other->priority == rule->priority && other > rule))
            return false;
        vdr_lint_say(linter, VDR_LINT_ALWAYS_PRECEDED, VDR_CONFIG_RULES, place, rule->id,
                     "%.*s opens no case of its own: whenever it holds, %.*s holds, with %s priority (%s)\n"
                     "leave it out, give it a higher priority, or make %.*s stricter",
                     VDR_TEXT(rule->id), VDR_TEXT(other->id),
                     other->priority == rule->priority ? "the same" : "a higher",
                     vdr_priority_name(other->priority), VDR_TEXT(other->id));
    } else if (other->level == VDR_LEVEL_CASE) {
        vdr_lint_say(
            linter, VDR_LINT_ALWAYS_PRECEDED, VDR_CONFIG_RULES, place, rule->id,
            "%.*s (%s) speaks only while a household rests after a case: otherwise %.*s proposes one "
            "first\nask less of it than of %.*s, or leave it out",
            VDR_TEXT(rule->id), vdr_level_name(rule->level), VDR_TEXT(other->id), VDR_TEXT(other->id));
    } else if (both && other->level == rule->level && other < rule) {
        vdr_lint_say(linter, VDR_LINT_SAME_RULE, VDR_CONFIG_RULES, place, rule->id,
                     "%.*s holds for the same households as %.*s: each tells all once more\nkeep one",
                     VDR_TEXT(rule->id), VDR_TEXT(other->id));
    } else {
        return false;
    }
    return true;
}

void
vdr_lint_rules(vdr_linter *linter)
{
    const vdr_config *config = linter->config;
    size_t compared = config->rule_count < VDR_LINT_RULES_MAX ? config->rule_count : VDR_LINT_RULES_MAX;
    bool *can = vdr_alloc(config->rule_count + 1, sizeof can[0]);
    bool cases = false;

    for (size_t i = 0; i < config->rule_count; i++) {
        const vdr_config_rule *rule = &config->rules[i];
        vdr_reach reach;
        cases |= rule->level == VDR_LEVEL_CASE;
        can[i] = vdr_reach_holds(config, rule, VDR_REACH_ALL, &reach);
        filters(linter, rule);
        if (!can[i]) {
            never_holds(linter, rule, &reach);
            continue;
        }
        one_agency_alone(linter, rule);
        windows(linter, rule);
        clauses(linter, rule);
        nobody_is_told(linter, rule);
    }
    for (size_t i = 0; i < compared; i++) {
        bool told = !can[i];
        for (size_t j = 0; j < compared && !told; j++)
            told = i != j && can[j] && compare(linter, &config->rules[i], &config->rules[j]);
    }
    if (compared < config->rule_count)
        vdr_lint_say(linter, VDR_LINT_TOO_MANY_RULES, VDR_CONFIG_RULES, (vdr_place){1, 1}, (vdr_span){0},
                     "only the first %zu of %zu rules were compared with each other\n"
                     "nobody oversees so many: bring them together",
                     compared, config->rule_count);
    if (!cases)
        vdr_lint_say(linter, VDR_LINT_NO_CASE_RULE, VDR_CONFIG_RULES, (vdr_place){1, 1}, (vdr_span){0},
                     "no rule has the level case: no regisseur ever hears of a household\n"
                     "make one a case rule, unless the town only watches");
    free(can);
}
