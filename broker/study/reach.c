#include "broker/study/reach.h"

#include "proto/assert.h"
#include "proto/time.h"

#include <stdlib.h>

bool
vdr_study_has(vdr_names names, vdr_span name)
{
    for (size_t i = 0; i < names.count; i++)
        if (vdr_span_equal(names.at[i], name))
            return true;
    return false;
}

/* A filter that is not there passes all; one that lists nothing passes nothing. */
static bool
passes_filter(vdr_names filter, vdr_span name)
{
    return filter.at == NULL || vdr_study_has(filter, name);
}

static bool
may_send(const vdr_config_rule *rule, const vdr_config_type *type, const vdr_config_agency *agency)
{
    return vdr_study_has(type->agencies, agency->kind) && passes_filter(rule->agencies, agency->kind);
}

bool
vdr_reach_passes(const vdr_config *config, const vdr_config_rule *rule, const vdr_config_type *type,
                 size_t agency)
{
    if (!vdr_study_has(rule->purposes, type->purpose) || !passes_filter(rule->types, type->id) ||
        !passes_filter(rule->domains, type->domain) || (rule->roles.at != NULL && rule->roles.count == 0))
        return false;
    if (agency != VDR_REACH_ALL)
        return may_send(rule, type, &config->agencies[agency]);
    for (size_t i = 0; i < config->agency_count; i++)
        if (may_send(rule, type, &config->agencies[i]))
            return true;
    return false;
}

int64_t
vdr_reach_lifetime(const vdr_config_rule *rule, const vdr_config_type *type)
{
    /* A deadline counts until act_before, which the sender says; nothing counts longer than it is kept. */
    int64_t ms = type->kind == VDR_SIGNAL_DEADLINE || type->counts_for_ms > type->retain_ms
                     ? type->retain_ms
                     : type->counts_for_ms;
    return rule->over_ms != 0 && rule->over_ms < ms ? rule->over_ms : ms;
}

/* ---- one group */

typedef struct group {
    vdr_within within;
    vdr_span name;
    size_t agency; /* VDR_REACH_ALL, or the only one */
} group;

static bool
in_group(const vdr_config *config, const vdr_config_rule *rule, const group *g, const vdr_config_type *type)
{
    if (g->within == VDR_WITHIN_DOMAIN && !vdr_span_equal(type->domain, g->name))
        return false;
    if (g->within == VDR_WITHIN_TYPE && !vdr_span_equal(type->id, g->name))
        return false;
    return vdr_reach_passes(config, rule, type, g->agency);
}

static const vdr_config_domain *
domain_of(const vdr_config *config, vdr_span id)
{
    for (size_t i = 0; i < config->domain_count; i++)
        if (vdr_span_equal(config->domains[i].id, id))
            return &config->domains[i];
    return NULL;
}

/* Is one of the types that pass of this core area? */
static bool
has_area(const vdr_config *config, const vdr_config_rule *rule, const group *g, vdr_span area)
{
    bool role = vdr_span_equal(area, vdr_span_str("youth")) || vdr_span_equal(area, vdr_span_str("adult"));
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_domain *domain = domain_of(config, config->types[i].domain);
        if (domain != NULL && in_group(config, rule, g, &config->types[i]) &&
            (domain->by_role ? role : vdr_span_equal(domain->core_area, area)))
            return true;
    }
    return false;
}

static uint64_t
areas_of(const vdr_config *config, const vdr_config_rule *rule, const group *g)
{
    uint64_t count = (has_area(config, rule, g, vdr_span_str("youth")) ? 1u : 0u) +
                     (has_area(config, rule, g, vdr_span_str("adult")) ? 1u : 0u);
    for (size_t i = 0; i < config->domain_count; i++) {
        vdr_span area = config->domains[i].core_area;
        bool seen = config->domains[i].by_role || vdr_span_equal(area, vdr_span_str("youth")) ||
                    vdr_span_equal(area, vdr_span_str("adult"));
        for (size_t j = 0; j < i && !seen; j++)
            seen = !config->domains[j].by_role && vdr_span_equal(config->domains[j].core_area, area);
        count += !seen && has_area(config, rule, g, area);
    }
    return count;
}

static uint64_t
agencies_of(const vdr_config *config, const vdr_config_rule *rule, const group *g)
{
    uint64_t count = 0;
    for (size_t a = 0; a < config->agency_count; a++) {
        bool sends = false;
        group one = *g;
        if (g->agency != VDR_REACH_ALL && g->agency != a)
            continue;
        one.agency = a;
        for (size_t i = 0; i < config->type_count && !sends; i++)
            sends = in_group(config, rule, &one, &config->types[i]);
        count += sends;
    }
    return count;
}

static void
measure_group(const vdr_config *config, const vdr_config_rule *rule, const group *g, vdr_reach *ret_reach)
{
    vdr_reach reach = {.group = g->name};
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_type *type = &config->types[i];
        if (!in_group(config, rule, g, type))
            continue;
        int64_t lifetime = vdr_reach_lifetime(rule, type);
        bool new_domain = true;
        for (size_t j = 0; j < i && new_domain; j++)
            new_domain = !vdr_span_equal(config->types[j].domain, type->domain) ||
                         !in_group(config, rule, g, &config->types[j]);
        reach.most[VDR_MEASURE_SIGNALS] = VDR_REACH_MANY;
        reach.most[VDR_MEASURE_PERSONS] = VDR_REACH_MANY;
        reach.most[VDR_MEASURE_TYPES]++;
        reach.most[VDR_MEASURE_DOMAINS] += new_domain;
        if (type->follow_up_ms != 0 && type->follow_up_ms < lifetime + config->future_ms)
            reach.most[VDR_MEASURE_OVERDUE] = VDR_REACH_MANY;
        if (lifetime > reach.lifetime_ms)
            reach.lifetime_ms = lifetime;
    }
    reach.most[VDR_MEASURE_AGENCIES] = agencies_of(config, rule, g);
    reach.most[VDR_MEASURE_CORE_AREAS] = areas_of(config, rule, g);
    /* The counted set lies in less than its lifetime: so many midnights, and the day on which it begins. */
    if (reach.lifetime_ms > 0)
        reach.most[VDR_MEASURE_DAYS] = (uint64_t)((reach.lifetime_ms - 1 + VDR_DAY_MS - 1) / VDR_DAY_MS) + 1;
    *ret_reach = reach;
}

bool
vdr_reach_misses(const vdr_config_rule *rule, const vdr_reach *reach, vdr_measure clause)
{
    if (clause == VDR_MEASURES)
        return rule->spread_ms != 0 && rule->spread_ms >= reach->lifetime_ms;
    return rule->at_least[clause] > reach->most[clause];
}

static unsigned
misses(const vdr_config_rule *rule, const vdr_reach *reach)
{
    unsigned count = 0;
    for (unsigned m = 0; m <= VDR_MEASURES; m++)
        count += vdr_reach_misses(rule, reach, (vdr_measure)m);
    return count;
}

/* Keeps the group if it comes nearer than the best so far. */
static void
consider(const vdr_config *config, const vdr_config_rule *rule, group g, unsigned *best, vdr_reach *ret_best)
{
    vdr_reach reach;
    measure_group(config, rule, &g, &reach);
    unsigned count = misses(rule, &reach);
    if (count < *best) {
        *best = count;
        *ret_best = reach;
    }
}

bool
vdr_reach_holds(const vdr_config *config, const vdr_config_rule *rule, size_t agency, vdr_reach *ret_best)
{
    unsigned best = VDR_MEASURES + 2;
    *ret_best = (vdr_reach){0};
    switch (rule->within) {
    case VDR_WITHIN_NONE:
    case VDR_WITHIN_PERSON:
        consider(config, rule, (group){.agency = agency}, &best, ret_best);
        break;
    case VDR_WITHIN_DOMAIN:
        for (size_t i = 0; i < config->domain_count; i++)
            consider(config, rule, (group){rule->within, config->domains[i].id, agency}, &best, ret_best);
        break;
    case VDR_WITHIN_TYPE:
        for (size_t i = 0; i < config->type_count; i++)
            consider(config, rule, (group){rule->within, config->types[i].id, agency}, &best, ret_best);
        break;
    case VDR_WITHIN_AGENCY:
        for (size_t i = 0; i < config->agency_count; i++)
            if (agency == VDR_REACH_ALL || agency == i)
                consider(config, rule, (group){rule->within, config->agencies[i].id, i}, &best, ret_best);
        break;
    }
    return best == 0;
}

/* ---- what follows from what */

static void
raise(uint64_t *least, uint64_t to)
{
    if (to > *least)
        *least = to;
}

void
vdr_reach_implied(const vdr_config *config, const vdr_config_rule *rule, vdr_measure without,
                  uint64_t ret_least[VDR_MEASURES])
{
    uint64_t least[VDR_MEASURES];
    bool by_role = false;
    for (unsigned m = 0; m < VDR_MEASURES; m++)
        least[m] = m == (unsigned)without ? 0 : rule->at_least[m];
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_domain *domain = domain_of(config, config->types[i].domain);
        by_role |= domain != NULL && domain->by_role &&
                   vdr_reach_passes(config, rule, &config->types[i], VDR_REACH_ALL);
    }
    /* Where it holds, there is a signal; it has a domain, a type, an agency, a day and a core area. */
    for (unsigned m = 0; m < VDR_MEASURES; m++)
        if (m != VDR_MEASURE_PERSONS && m != VDR_MEASURE_OVERDUE)
            raise(&least[m], 1);
    if (rule->spread_ms > 0)
        raise(&least[VDR_MEASURE_SIGNALS], 2);
    if (rule->spread_ms >= VDR_DAY_MS)
        raise(&least[VDR_MEASURE_DAYS], 2);
    /* Only a domain by_role stands for two core areas. */
    uint64_t areas = least[VDR_MEASURE_CORE_AREAS];
    raise(&least[VDR_MEASURE_DOMAINS], by_role ? (areas + 1) / 2 : areas);
    raise(&least[VDR_MEASURE_TYPES], least[VDR_MEASURE_DOMAINS]);
    raise(&least[VDR_MEASURE_SIGNALS], least[VDR_MEASURE_TYPES]);
    raise(&least[VDR_MEASURE_SIGNALS], least[VDR_MEASURE_AGENCIES]);
    raise(&least[VDR_MEASURE_SIGNALS], least[VDR_MEASURE_DAYS]);
    raise(&least[VDR_MEASURE_SIGNALS], least[VDR_MEASURE_OVERDUE]);
    memcpy(ret_least, least, sizeof least);
}

/* How many different values of `other` come with this one value (by its place) of a measure. */
static uint64_t
come_with(const vdr_config *config, const vdr_config_rule *rule, vdr_measure measure, size_t value,
          vdr_measure other)
{
    group g = {.within = measure == VDR_MEASURE_DOMAINS ? VDR_WITHIN_DOMAIN
                         : measure == VDR_MEASURE_TYPES ? VDR_WITHIN_TYPE
                                                        : VDR_WITHIN_NONE,
               .agency = measure == VDR_MEASURE_AGENCIES ? value : VDR_REACH_ALL};
    vdr_reach reach;
    if (measure == VDR_MEASURE_DOMAINS)
        g.name = config->domains[value].id;
    if (measure == VDR_MEASURE_TYPES)
        g.name = config->types[value].id;
    measure_group(config, rule, &g, &reach);
    return reach.most[other];
}

/* At most how many values of `other` come with so many values of a measure: the sum of the largest, since
 * they may be different ones. */
static uint64_t
most_with(const vdr_config *config, const vdr_config_rule *rule, vdr_measure measure, uint64_t values,
          vdr_measure other)
{
    size_t places = measure == VDR_MEASURE_DOMAINS ? config->domain_count
                    : measure == VDR_MEASURE_TYPES ? config->type_count
                                                   : config->agency_count;
    uint64_t *counts = vdr_alloc(places + 1, sizeof counts[0]), sum = 0;
    for (size_t i = 0; i < places; i++)
        counts[i] = come_with(config, rule, measure, i, other);
    for (; values > 0; values--) {
        size_t largest = 0;
        for (size_t i = 1; i < places; i++)
            if (counts[i] > counts[largest])
                largest = i;
        if (places == 0 || counts[largest] == 0)
            break;
        sum += counts[largest];
        counts[largest] = 0;
    }
    free(counts);
    return sum;
}

bool
vdr_reach_matters(const vdr_config *config, const vdr_config_rule *rule, vdr_measure measure)
{
    static const vdr_measure named[] = {VDR_MEASURE_DOMAINS, VDR_MEASURE_AGENCIES, VDR_MEASURE_TYPES};
    uint64_t implied[VDR_MEASURES];
    bool is_named = false;
    vdr_reach_implied(config, rule, measure, implied);
    if (rule->at_least[measure] <= implied[measure])
        return false;
    for (size_t i = 0; i < 3; i++)
        is_named |= measure == named[i];
    for (size_t i = 0; i < 3 && is_named; i++)
        if (named[i] != measure && rule->at_least[named[i]] != 0 &&
            most_with(config, rule, measure, rule->at_least[measure] - 1, named[i]) <
                rule->at_least[named[i]])
            return false;
    return true;
}

/* Does everything that passes the filters of `narrow` pass those of `wide`, for as long? */
static bool
sees_as_much(const vdr_config *config, const vdr_config_rule *wide, const vdr_config_rule *narrow)
{
    for (size_t i = 0; i < config->type_count; i++) {
        const vdr_config_type *type = &config->types[i];
        for (size_t a = 0; a < config->agency_count; a++)
            if (vdr_reach_passes(config, narrow, type, a) &&
                (!vdr_reach_passes(config, wide, type, a) ||
                 vdr_reach_lifetime(wide, type) < vdr_reach_lifetime(narrow, type)))
                return false;
    }
    if (wide->roles.at != NULL) {
        if (narrow->roles.at == NULL)
            return false;
        for (size_t i = 0; i < narrow->roles.count; i++)
            if (!vdr_study_has(wide->roles, narrow->roles.at[i]))
                return false;
    }
    return wide->min_severity <= narrow->min_severity || wide->min_severity <= 1;
}

bool
vdr_reach_covers(const vdr_config *config, const vdr_config_rule *wide, const vdr_config_rule *narrow)
{
    uint64_t least[VDR_MEASURES];
    bool groups = wide->within == VDR_WITHIN_NONE || wide->within == narrow->within ||
                  (wide->within == VDR_WITHIN_DOMAIN && narrow->within == VDR_WITHIN_TYPE);
    /* A rule that asks for overdue signals is also asked when time passes, the others are not (section 8). */
    if (!groups || wide->spread_ms > narrow->spread_ms ||
        (narrow->at_least[VDR_MEASURE_OVERDUE] != 0 && wide->at_least[VDR_MEASURE_OVERDUE] == 0))
        return false;
    vdr_reach_implied(config, narrow, VDR_MEASURES, least);
    for (unsigned m = 0; m < VDR_MEASURES; m++)
        if (wide->at_least[m] > least[m])
            return false;
    return sees_as_much(config, wide, narrow);
}
