/* Lint of catalogue.yaml and town.yaml. */
#include "broker/study/lint_inside.h"
#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the catalogue */

static bool
in_some_rule(const vdr_config *config, const vdr_config_type *type)
{
    for (size_t i = 0; i < config->rule_count; i++)
        if (vdr_reach_passes(config, &config->rules[i], type, VDR_REACH_ALL))
            return true;
    return false;
}

static bool
purpose_in_some_rule(const vdr_config *config, vdr_span purpose)
{
    for (size_t i = 0; i < config->rule_count; i++)
        if (vdr_study_has(config->rules[i].purposes, purpose))
            return true;
    return false;
}

static void
type_in_no_rule(vdr_linter *linter, size_t number, vdr_place place)
{
    const vdr_config *config = linter->config;
    const vdr_config_type *type = &config->types[number];
    if (in_some_rule(config, type))
        return;
    if (purpose_in_some_rule(config, type->purpose)) {
        vdr_lint_say(linter, VDR_LINT_TYPE_IN_NO_RULE, VDR_CONFIG_CATALOGUE, place, type->id,
                     "%.*s: no rule counts it; it only goes to the service for %.*s\n"
                     "widen where of a rule, if that is not meant",
                     VDR_TEXT(type->id), VDR_TEXT(type->domain));
        return;
    }
    for (size_t i = 0; i < number; i++)
        if (vdr_span_equal(config->types[i].purpose, type->purpose))
            return; /* told at the first */
    vdr_lint_say(linter, VDR_LINT_PURPOSE_IN_NO_RULE, VDR_CONFIG_CATALOGUE,
                 vdr_places_of(&linter->places, VDR_CONFIG_CATALOGUE, "types", number, "purpose", NULL),
                 type->purpose,
                 "%.*s: no rule names this purpose; its signals only go to their services\n"
                 "name it in purposes of a rule, if that is not meant",
                 VDR_TEXT(type->purpose));
}

static void
one_type(vdr_linter *linter, size_t number)
{
    const vdr_config *config = linter->config;
    const vdr_config_type *type = &config->types[number];
    char a[VDR_DURATION_TEXT_BYTES], b[VDR_DURATION_TEXT_BYTES];
    vdr_place place = vdr_places_of(&linter->places, VDR_CONFIG_CATALOGUE, "types", number, NULL, NULL);
    bool sent = false;

    for (size_t i = 0; i < config->agency_count && !sent; i++)
        sent = vdr_study_has(type->agencies, config->agencies[i].kind);
    if (!sent)
        vdr_lint_say(linter, VDR_LINT_TYPE_WITHOUT_AGENCY, VDR_CONFIG_CATALOGUE,
                     vdr_places_of(&linter->places, VDR_CONFIG_CATALOGUE, "types", number, "agencies", NULL),
                     type->id,
                     "%.*s: no agency of town.yaml is of a kind that may send it\n"
                     "add the agency or its kind, or leave the type out",
                     VDR_TEXT(type->id));
    else
        type_in_no_rule(linter, number, place);
    if (type->counts_for_ms > type->retain_ms)
        vdr_lint_say(
            linter, VDR_LINT_COUNTS_AFTER_RETENTION, VDR_CONFIG_CATALOGUE,
            vdr_places_of(&linter->places, VDR_CONFIG_CATALOGUE, "types", number, "counts_for", NULL),
            type->id,
            "%.*s counts for %s but is kept only %s, so it counts only that long\n"
            "make counts_for no longer than retain",
            VDR_TEXT(type->id), vdr_lint_duration(type->counts_for_ms, a),
            vdr_lint_duration(type->retain_ms, b));
    if (type->follow_up_ms >= type->retain_ms)
        vdr_lint_say(linter, VDR_LINT_FOLLOW_UP_TOO_LATE, VDR_CONFIG_CATALOGUE,
                     vdr_places_of(&linter->places, VDR_CONFIG_CATALOGUE, "types", number, "follow_up", NULL),
                     type->id,
                     "%.*s: follow_up is %s, but after %s the signal is gone: nobody hears that it was not "
                     "followed up\n"
                     "make follow_up shorter than retain",
                     VDR_TEXT(type->id), vdr_lint_duration(type->follow_up_ms, a),
                     vdr_lint_duration(type->retain_ms, b));
}

static void
domains(vdr_linter *linter)
{
    const vdr_config *config = linter->config;
    for (size_t d = 0; d < config->domain_count; d++) {
        bool used = false;
        for (size_t i = 0; i < config->type_count && !used; i++)
            used = vdr_span_equal(config->types[i].domain, config->domains[d].id);
        if (!used)
            vdr_lint_say(linter, VDR_LINT_DOMAIN_WITHOUT_TYPE, VDR_CONFIG_CATALOGUE,
                         vdr_places_of(&linter->places, VDR_CONFIG_CATALOGUE, "domains", d, NULL, NULL),
                         config->domains[d].id,
                         "%.*s: no type has this domain\nleave it out, or add its types",
                         VDR_TEXT(config->domains[d].id));
    }
}

/* ---- purposes that may meet */

static bool
purpose_of_a_type(const vdr_config *config, vdr_span purpose)
{
    for (size_t i = 0; i < config->type_count; i++)
        if (vdr_span_equal(config->types[i].purpose, purpose))
            return true;
    return false;
}

/* Once for each purpose, at the first pair that names it. */
static void
pair_without_type(vdr_linter *linter, size_t pair, vdr_span purpose, vdr_place place)
{
    const vdr_config *config = linter->config;
    if (purpose_of_a_type(config, purpose))
        return;
    for (size_t i = 0; i < pair; i++)
        if (vdr_span_equal(config->may_combine[i].a, purpose) ||
            vdr_span_equal(config->may_combine[i].b, purpose))
            return;
    vdr_lint_say(linter, VDR_LINT_PAIR_WITHOUT_TYPE, VDR_CONFIG_TOWN, place, purpose,
                 "%.*s may be combined with others, but no type has this purpose\n"
                 "leave it out, or mend the name",
                 VDR_TEXT(purpose));
}

static void
pairs(vdr_linter *linter)
{
    const vdr_config *config = linter->config;
    for (size_t p = 0; p < config->may_combine_count; p++) {
        const vdr_config_pair *pair = &config->may_combine[p];
        vdr_place place = vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "may_combine", p, NULL, NULL);
        bool met = false;
        pair_without_type(linter, p, pair->a, place);
        pair_without_type(linter, p, pair->b, place);
        for (size_t i = 0; i < config->rule_count && !met; i++)
            met = vdr_study_has(config->rules[i].purposes, pair->a) &&
                  vdr_study_has(config->rules[i].purposes, pair->b);
        if (!met && purpose_in_some_rule(config, pair->a) && purpose_in_some_rule(config, pair->b))
            vdr_lint_say(linter, VDR_LINT_PAIR_IN_NO_RULE, VDR_CONFIG_TOWN, place, pair->a,
                         "%.*s and %.*s may be combined, but meet in no rule\n"
                         "leave the pair out if no rule needs it: what is not needed should not be allowed",
                         VDR_TEXT(pair->a), VDR_TEXT(pair->b));
    }
}

/* ---- who takes part */

static void
convenant(vdr_linter *linter, size_t number)
{
    const vdr_config_agency *agency = &linter->config->agencies[number];
    vdr_ms until = agency->convenant.until, now = linter->now;
    char when[VDR_TIME_TEXT_BYTES];
    if (agency->convenant.id.at == NULL || now == VDR_MS_NONE || until - now > 30 * VDR_DAY_MS)
        return;
    vdr_time_format(until, when);
    vdr_lint_say(
        linter, until <= now ? VDR_LINT_CONVENANT_ENDED : VDR_LINT_CONVENANT_ENDS_SOON, VDR_CONFIG_TOWN,
        vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "agencies", number, "convenant", NULL), agency->id,
        "%.*s: the convenant %.*s %s on %.10s; outside its dates its signals are refused\n"
        "renew it and set the new dates, or take the agency out",
        VDR_TEXT(agency->id), VDR_TEXT(agency->convenant.id), until <= now ? "ended" : "ends", when);
}

static void
agencies(vdr_linter *linter)
{
    const vdr_config *config = linter->config;
    for (size_t a = 0; a < config->agency_count; a++) {
        const vdr_config_agency *agency = &config->agencies[a];
        convenant(linter, a);
        bool sends = vdr_span_equal(agency->kind, vdr_span_str("brp")); /* tells who moved */
        for (size_t i = 0; i < config->type_count && !sends; i++)
            sends = vdr_study_has(config->types[i].agencies, agency->kind);
        if (!sends)
            vdr_lint_say(linter, VDR_LINT_AGENCY_WITHOUT_TYPE, VDR_CONFIG_TOWN,
                         vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "agencies", a, "kind", NULL),
                         agency->id,
                         "%.*s may send nothing: no type lists the kind %.*s\n"
                         "add its types to catalogue.yaml, or mend the kind",
                         VDR_TEXT(agency->id), VDR_TEXT(agency->kind));
    }
}

/* The first service that names the domain, else the first that has "*" (semantics section 7). */
static const vdr_config_service *
service_of(const vdr_config *config, vdr_span domain)
{
    for (size_t i = 0; i < config->service_count; i++)
        if (vdr_study_has(config->services[i].domains, domain))
            return &config->services[i];
    for (size_t i = 0; i < config->service_count; i++)
        if (config->services[i].all)
            return &config->services[i];
    return NULL;
}

static void
services(vdr_linter *linter)
{
    const vdr_config *config = linter->config;
    for (size_t s = 0; s < config->service_count; s++) {
        const vdr_config_service *service = &config->services[s];
        bool serves = false;
        for (size_t d = 0; d < config->domain_count && !serves; d++)
            serves = service_of(config, config->domains[d].id) == service;
        if (!serves)
            vdr_lint_say(linter, VDR_LINT_SERVICE_WITHOUT_SIGNALS, VDR_CONFIG_TOWN,
                         vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "services", s, "domains", NULL),
                         service->id,
                         "%.*s gets no signals: another service takes each of its domains first\n"
                         "the first that names a domain takes it: change their order or their domains",
                         VDR_TEXT(service->id));
    }
}

/* ---- is somebody there? */

static bool
covers(const vdr_config_regisseur *regisseur, vdr_span district)
{
    if (district.at == NULL || regisseur->everywhere)
        return true;
    for (size_t i = 0; i < regisseur->districts.count; i++) {
        vdr_span prefix = regisseur->districts.at[i];
        if (prefix.len <= district.len && memcmp(prefix.at, district.at, prefix.len) == 0)
            return true;
    }
    return false;
}

static vdr_ms
absent_until(const vdr_config_regisseur *regisseur, vdr_ms t)
{
    vdr_ms until = t;
    for (size_t i = 0; i < regisseur->absent_count; i++) /* one after another may follow on */
        for (size_t j = 0; j < regisseur->absent_count; j++)
            if (regisseur->absent[j].from <= until && until < regisseur->absent[j].to)
                until = regisseur->absent[j].to;
    return until;
}

/* When is the first of those that cover the district back, if t is a moment at which none is there? */
static vdr_ms
nobody_until(const vdr_config *config, vdr_span district, vdr_ms t)
{
    vdr_ms first = VDR_MS_MAX;
    bool somebody = false;
    for (size_t i = 0; i < config->regisseur_count; i++) {
        if (!covers(&config->regisseurs[i], district))
            continue;
        vdr_ms until = absent_until(&config->regisseurs[i], t);
        somebody = true;
        first = until < first ? until : first;
    }
    return somebody ? first : t;
}

/* The first such time after `now`. A time at which nobody is there begins where some absence begins. */
static bool
first_gap(const vdr_linter *linter, vdr_span district, vdr_ms *ret_from, vdr_ms *ret_to)
{
    const vdr_config *config = linter->config;
    bool found = false;
    for (size_t r = 0; r < config->regisseur_count; r++)
        for (size_t i = 0; i < config->regisseurs[r].absent_count; i++) {
            vdr_ms from = config->regisseurs[r].absent[i].from;
            vdr_ms to = nobody_until(config, district, from);
            if (to <= from || to <= linter->now || (found && from >= *ret_from))
                continue;
            *ret_from = from;
            *ret_to = to;
            found = true;
        }
    return found;
}

static void
say_gap(vdr_linter *linter, size_t regisseur, vdr_span district)
{
    vdr_ms from = 0, to = 0;
    char a[VDR_TIME_TEXT_BYTES], b[VDR_TIME_TEXT_BYTES];
    if (!first_gap(linter, district, &from, &to))
        return;
    vdr_time_format(from, a);
    vdr_time_format(to, b);
    vdr_place place =
        vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "regisseurs", regisseur, "absent", NULL);
    if (district.at == NULL)
        vdr_lint_say(linter, VDR_LINT_NOBODY_PRESENT, VDR_CONFIG_TOWN, place, district,
                     "from %.10s to %.10s every regisseur is absent: cases stay unassigned, urgent ones too\n"
                     "let one be there, or name somebody for that time",
                     a, b);
    else
        vdr_lint_say(linter, VDR_LINT_DISTRICT_NOBODY_PRESENT, VDR_CONFIG_TOWN, place, district,
                     "from %.10s to %.10s every regisseur of %.*s is absent: its cases go to others\n"
                     "give somebody else the district too, if that is not meant",
                     a, b, VDR_TEXT(district));
}

static void
regisseurs(vdr_linter *linter)
{
    const vdr_config *config = linter->config;
    bool everywhere = false;

    if (config->regisseur_count == 0) {
        vdr_lint_say(linter, VDR_LINT_NO_REGISSEUR, VDR_CONFIG_TOWN,
                     vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "regisseurs", 0, NULL, NULL),
                     (vdr_span){0}, "there is no regisseur: every case stays unassigned\nadd one");
        return;
    }
    say_gap(linter, 0, (vdr_span){0});
    for (size_t r = 0; r < config->regisseur_count; r++) {
        everywhere |= config->regisseurs[r].everywhere;
        for (size_t i = 0; i < config->regisseurs[r].districts.count; i++) {
            vdr_span district = config->regisseurs[r].districts.at[i];
            bool told = false;
            for (size_t q = 0; q < r && !told; q++)
                told = vdr_study_has(config->regisseurs[q].districts, district);
            if (!told)
                say_gap(linter, r, district);
        }
    }
    if (!everywhere)
        vdr_lint_say(linter, VDR_LINT_NO_REGISSEUR_EVERYWHERE, VDR_CONFIG_TOWN,
                     vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "regisseurs", 0, NULL, NULL),
                     (vdr_span){0},
                     "a household without a district, or outside all of them, goes to any regisseur\n"
                     "give somebody the district \"*\", if that is not meant");
}

static void
clocks(vdr_linter *linter)
{
    const int64_t *accept = linter->config->accept_ms;
    static const vdr_priority order[] = {VDR_PRIORITY_NORMAL, VDR_PRIORITY_HIGH, VDR_PRIORITY_URGENT};
    for (size_t i = 1; i < 3; i++) {
        char a[VDR_DURATION_TEXT_BYTES], b[VDR_DURATION_TEXT_BYTES];
        if (accept[order[i]] <= accept[order[i - 1]])
            continue;
        vdr_lint_say(linter, VDR_LINT_ACCEPT_ORDER, VDR_CONFIG_TOWN,
                     vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "clocks", 0, NULL, NULL),
                     vdr_span_str(vdr_priority_name(order[i])),
                     "clocks.accept: a %s case may wait %s for an answer, a %s one %s\n"
                     "give the more urgent one the shorter time",
                     vdr_priority_name(order[i]), vdr_lint_duration(accept[order[i]], a),
                     vdr_priority_name(order[i - 1]), vdr_lint_duration(accept[order[i - 1]], b));
    }
}

/* Does this agency send something that the guard counts? */
static bool
guard_counts(const vdr_config *config, const vdr_config_guard *guard, const vdr_config_agency *agency)
{
    if ((guard->agency.at != NULL && !vdr_span_equal(guard->agency, agency->id)) ||
        (guard->kind.at != NULL && !vdr_span_equal(guard->kind, agency->kind)))
        return false;
    for (size_t i = 0; i < config->type_count; i++)
        if ((guard->type.at == NULL || vdr_span_equal(guard->type, config->types[i].id)) &&
            vdr_study_has(config->types[i].agencies, agency->kind))
            return true;
    return false;
}

static void
guards(vdr_linter *linter)
{
    const vdr_config *config = linter->config;
    for (size_t g = 0; g < config->guard_count; g++) {
        bool counts = false;
        for (size_t i = 0; i < config->agency_count && !counts; i++)
            counts = guard_counts(config, &config->guards[g], &config->agencies[i]);
        if (!counts)
            vdr_lint_say(linter, VDR_LINT_GUARD_OF_NOBODY, VDR_CONFIG_TOWN,
                         vdr_places_of(&linter->places, VDR_CONFIG_TOWN, "guards", g, NULL, NULL),
                         config->guards[g].id,
                         "%.*s: no agency sends what it counts\n"
                         "mend its agency, kind or type, or leave it out",
                         VDR_TEXT(config->guards[g].id));
    }
}

void
vdr_lint_town(vdr_linter *linter)
{
    domains(linter);
    for (size_t i = 0; i < linter->config->type_count; i++)
        one_type(linter, i);
    pairs(linter);
    agencies(linter);
    services(linter);
    regisseurs(linter);
    clocks(linter);
    guards(linter);
}
