/* Goal: a right configuration is read to its values; each thing that sections 4 and 6 of the semantics
 * forbid is told with its place and a word that helps; nothing is told twice or about what is right. */
#include "broker/door/config_read.h"
#include "proto/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

static const char town[] =
    "municipality: GM9901\n"                                                                        /* 1 */
    "identity: {address_match: review, max_persons: 12, excluded_addresses: [\"9901200000009999\"," /* 2 */
    " \"9901200000000001\"]}\n"
    "clocks: {future: 10m, late: 0s, cooldown: 90d, sticky: 730d, retry: 1h,\n" /* 3 */
    "         accept: {urgent: 4h, high: 1d, normal: 3d}}\n"                    /* 4 */
    "may_combine: [[youth, care]]\n"                                            /* 5 */
    "agencies:\n"                                                               /* 6 */
    "  - {id: school-noord, kind: school, source: \"urn:a:1\", sees_match: true}\n"
    "  - {id: politie, kind: police, source: \"urn:a:2\"}\n" /* 8 */
    "services:\n"                                            /* 9 */
    "  - {id: wijkteam, domains: [education, \"*\"]}\n"
    "regisseurs:\n" /* 11 */
    "  - {id: r-anna, districts: [BU990101, \"*\"], capacity: 15, hard_capacity: 18, expertise: "
    "[education],\n"
    "     absent: [{from: 2026-07-01T00:00:00Z, to: 2026-07-22T00:00:00Z}]}\n" /* 13 */
    "  - {id: r-bob, districts: [], capacity: 1, hard_capacity: 1}\n"
    "coordinators: [c-piet]\n"; /* 15 */

static const char catalogue[] =
    "domains: {finances: socio_economic, education: youth, justice: by_role}\n" /* 1 */
    "types:\n"
    "  nl.a.verzuim.v1:\n" /* 3 */
    "    {domain: education, agencies: [school, gp], severity: 2, kind: event, counts_for: 60d,\n"
    "     retain: 730d, purpose: youth, legal_basis: JW_VIR, follow_up: 42d}\n" /* 5 */
    "  nl.a.schuld.v1:\n"
    "    {domain: finances, agencies: [], severity: 5, kind: deadline, counts_for: 60d,\n" /* 7 */
    "     retain: 365d, purpose: care, legal_basis: WGS}\n"
    "  nl.a.geweld.v1:\n"
    "    {domain: justice, agencies: [police], severity: 5, kind: state, counts_for: 1d,\n" /* 10 */
    "     retain: 365d, purpose: safety, legal_basis: WGS}\n";

static const char rules[] =
    "rules:\n"
    "  - id: multi\n"               /* 2 */
    "    text: three domains\n"     /* 3 */
    "    level: case\n"             /* 4 */
    "    priority: high\n"          /* 5 */
    "    purposes: [youth, care]\n" /* 6 */
    "    over: 730d\n"              /* 7 */
    "    where: {types: [nl.a.schuld.v1], domains: [finances], agencies: [gp, police], roles: [], "
    "min_severity: 2}\n"
    "    at_least: {domains: 3, overdue: 1}\n" /* 9 */
    "    spread: 90d\n"                        /* 10 */
    "    within_same: person\n"                /* 11 */
    "  - {id: busy, text: busy, level: watch, purposes: [safety], at_least: {signals: 2}}\n";

/* The text with the first find replaced; the caller frees. */
static char *
replaced(const char *text, const char *find, const char *with)
{
    const char *at = find != NULL ? strstr(text, find) : NULL;
    size_t len = strlen(text) + (with != NULL ? strlen(with) : 0) + 1;
    char *made = calloc(1, len);
    assert_non_null(made);
    if (at == NULL) {
        if (find != NULL)
            fail_msg("the test looks for \"%s\", which is not there", find);
        memcpy(made, text, strlen(text));
        return made;
    }
    snprintf(made, len, "%.*s%s%s", (int)(at - text), text, with, at + strlen(find));
    return made;
}

static vdr_err
read_with(vdr_config_file file, const char *find, const char *with, vdr_config_faults *faults,
          vdr_config **ret_config)
{
    const char *all[] = {town, catalogue, rules};
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    char *made[3];
    vdr_config_texts texts;

    for (unsigned i = 0; i < 3; i++) {
        made[i] = replaced(all[i], i == file ? find : NULL, with);
        texts.name[i] = vdr_span_str(names[i]);
        texts.text[i] = vdr_span_str(made[i]);
    }
    vdr_config_faults_init(faults);
    vdr_err err = vdr_config_read(&texts, faults, ret_config);
    for (unsigned i = 0; i < 3; i++)
        free(made[i]);
    return err;
}

#define T       VDR_CONFIG_TOWN
#define C       VDR_CONFIG_CATALOGUE
#define R       VDR_CONFIG_RULES
#define LONG16  "abcdefghijklmnop"
#define LONG128 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16 LONG16

/* One thing wrong; there is exactly one fault (unless count says otherwise), and the first is this. */
static const struct {
    vdr_config_file file;
    const char *find, *with;
    const char *fault; /* beginning: file, line and column; then a part of the message after a bar */
    size_t count;      /* 0: one */
} rows[] = {
    {T, "municipality: GM9901", "municipality: GM 9901", "town.yaml:1:15|GM 9901", 0},
    {T, "municipality: GM9901\n", "", "town.yaml:1:1|municipality: this key is missing", 0},
    {T, "municipality: GM9901", "municipality:", "town.yaml:1:1|a name", 0},
    {T, "municipality: GM9901", "municipality: GM9901\nmunicipality: GM9902", "town.yaml:2:1|twice", 0},
    {T, "address_match: review", "address_match: maybe", "town.yaml:2:27|join, review, off", 0},
    {T, "max_persons: 12", "max_persons: 0", "town.yaml:2:48|max_persons", 0},
    {T, "max_persons: 12", "max_persons: 12.0", "town.yaml:2:48|12.0", 0},
    {T, "max_persons: 12", "max_persons: 012", "town.yaml:2:48|012", 0},
    {T, "max_persons: 12", "max_persons: +12", "town.yaml:2:48|+12", 0},
    {T, "max_persons: 12", "max_persons: 4294967296", "town.yaml:2:48|4294967296", 0},
    {T, "max_persons: 12", "max_person: 12", "town.yaml:2:1|max_persons: this key is missing", 2},
    {T, "9901200000009999", "990120000000999", "town.yaml:2:74|16 digits", 0},
    {T, "future: 10m", "future: -10m", "town.yaml:3:18|-10m", 0},
    {T, "future: 10m", "future: 36501d", "town.yaml:3:18|36501d", 0},
    {T, "retry: 1h", "retry: 0s", "town.yaml:3:69|not 0", 0},
    {T, "normal: 3d", "normal: [3d]", "town.yaml:4:41|normal: expected a duration", 0},
    {T, "normal: 3d", "norml: 3d", "town.yaml:4:10|normal: this key is missing", 2},
    {T, "[[youth, care]]", "[[youth, care, safety]]", "town.yaml:5:15|two purposes, found 3", 2},
    {T, "[[youth, care]]", "[youth, care]", "town.yaml:5:15|may_combine: expected a list", 2 + 1},
    {T, "urn:a:2", "urn:a:1", "town.yaml:8:42|urn:a:1 is here twice", 0},
    {T, "urn:a:2", "urn:voordeur:x", "town.yaml:8:42|urn:voordeur:", 0},
    {T, "urn:a:2", "", "town.yaml:8:42|source", 0},
    {T, "id: politie", "id: school-noord", "town.yaml:8:10|school-noord is here twice", 0},
    {T, "sees_match: true", "sees_match: yes", "town.yaml:7:69|true or false", 0},
    {T, "sees_match: true", "sees_match: True", "town.yaml:7:69|true or false", 0},
    {T, "sees_match: true", "convenant: {id: c, from: 2026-01-01T00:00:00Z}",
     "town.yaml:7:57|until: this key is missing", 0},
    {T, "sees_match: true", "convenant: {id: c, from: 2026-01-01T00:00:00Z, until: 2026-01-01T00:00:00Z}",
     "town.yaml:7:111|after from", 0},
    {T, "sees_match: true", "convenant: {id: c, from: 2026-01-01, until: 2026-01-01T00:00:00Z}",
     "town.yaml:7:82|an instant", 0},
    {T, "sees_match: true", "convenant: C-1", "town.yaml:7:57|convenant", 0},
    {T, "[education, \"*\"]", "[education]", "town.yaml:9:1|finances", 2},
    {T, "[education, \"*\"]", "[educatio, \"*\"]", "town.yaml:10:30|did you mean education?", 0},
    {T, "\n  - {id: wijkteam, domains: [education, \"*\"]}", " []", "town.yaml:9:1|at least one service", 0},
    {T, "hard_capacity: 18", "hard_capacity: 14", "town.yaml:12:60|at least capacity, which is 15", 0},
    {T, "to: 2026-07-22", "to: 2026-07-01", "town.yaml:13:48|after from", 0},
    {T, "to: 2026-07-22T00:00:00Z", "to: 2026-07-22", "town.yaml:13:48|an instant", 0},
    {T, "expertise: [education]", "expertise: [\"*\"]", "town.yaml:12:92|a name", 0},
    {T, "id: r-bob", "id: r-anna", "town.yaml:14:10|r-anna is here twice", 0},
    {T, "[c-piet]", "[c-piet, c-piet]", "town.yaml:15:24|c-piet is here twice", 0},
    {T, "[c-piet]", "[]", "town.yaml:15:1|at least one coordinator", 0},
    {T, "[c-piet]", "c-piet", "town.yaml:15:1|expected a list, found a single value", 0},
    {T, "[c-piet]", "&a [c-piet]\nprivacy_officers: *a", "town.yaml:15:16|anchor", 2},
    {T, "[c-piet]", "!!seq [c-piet]", "town.yaml:15:15|tag", 0},
    {T, "[c-piet]", "[c-piet]\n---\na: b", "town.yaml:16:1|second document", 0},
    {T, "[c-piet]", "[c-piet]\n? [a]\n: b", "town.yaml:16:3|plain name", 0},
    {T, "[c-piet]", "[c-piet", "town.yaml:16:1|YAML", 0},
    {T, "[c-piet]", "[\"c\\0\"]", "town.yaml:15:17|zero byte", 0},
    {T, "[c-piet]", "[c\xff]", "town.yaml:15:1|not UTF-8", 0},
    {T, "[c-piet]", "[c\x01]", "town.yaml:15:1|control character", 0},
    {T, "[c-piet]",
     "[\"c\xc2\x9b"
     "2J\"]",
     "town.yaml:15:17|found \"c??2J\"", 0},
    {T, "[c-piet]", "[\"c\\e[2J\"]", "town.yaml:15:17|found \"c?[2J\"", 0},
    {T, "[c-piet]", "[[[[[[[[[[[[[[[[[c]]]]]]]]]]]]]]]]]", "town.yaml:15:30|too deep", 0},
    {T, "[c-piet]", "[" LONG128 "]", NULL, 0},
    {T, "[c-piet]", "[a" LONG128 "]", "town.yaml:15:16|1 to 128", 0},
    {T, "clocks: {future", "clocks: {retain_cases: 0d, future", "town.yaml:3:24|retain_cases", 0},
    {T, "municipality: GM9901", "municipality: GM9901\nprocessing_activity: register", "town.yaml:2:22|a URI",
     0},
    {T, "municipality: GM9901", "municipality: GM9901\nprocessing_activity: \"1:a\"", "town.yaml:2:23|a URI",
     0},
    {T, "municipality: GM9901", "municipality: GM9901\nprocessing_activity: \"urn:\"", "town.yaml:2:23|a URI",
     0},
    {T, "municipality: GM9901", "municipality: GM9901\nprocessing_activity: \"urn:a b\"",
     "town.yaml:2:23|a URI", 0},
    {T, "municipality: GM9901", "municipality: GM9901\nprocessing_activity: \"\"", "town.yaml:2:23|a URI", 0},
    {T, "municipality: GM9901", "municipality: GM9901\nprocessing_activity: [urn:a]", "town.yaml:2:1|a URI",
     0},
    {T, "municipality: GM9901",
     "municipality: GM9901\nprocessing_activity: \"https://register.example/v+1/12?a=%20#b\"", NULL, 0},
    {T, "municipality: GM9901", "municipality: GM9901\nprocessing_activity: \"u+r-n.1:x\"", NULL, 0},
    {T, "9901200000009999", "990120000000999x", "town.yaml:2:74|16 digits", 0},
    {T, "urn:a:2", "urn:" LONG128 LONG128, "town.yaml:8:42|source: expected at most 256 bytes, found 260", 0},
    {T, "coordinators:",
     "guards: [{id: g, count: persons, same: buurt, per: 31d, max: 1000000, then: refuse}]\ncoordinators:",
     NULL, 0},
    {T, "coordinators:",
     "guards: [{id: g, agency: politie, kind: police, type: nl.a.geweld.v1, per: 1d, max: 5, then: "
     "notice}]\ncoordinators:",
     NULL, 0},
    {T, "coordinators:", "guards: [7]\ncoordinators:", "town.yaml:15:10|expected a mapping", 0},
    {T, "coordinators:", "guards: [{id: g, per: 32d, max: 5, then: notice}]\ncoordinators:",
     "town.yaml:15:23|per: expected at most 31d", 0},
    {T, "coordinators:", "guards: [{id: g, per: 1d, max: 1000001, then: notice}]\ncoordinators:",
     "town.yaml:15:32|max: expected at most 1000000", 0},
    {T, "coordinators:", "guards: [{id: g, per: 1d, max: 5, then: block}]\ncoordinators:",
     "town.yaml:15:41|notice, refuse", 0},
    {T, "coordinators:", "guards: [{id: g, count: cases, per: 1d, max: 5, then: notice}]\ncoordinators:",
     "town.yaml:15:25|signals, persons", 0},
    {T, "coordinators:", "guards: [{id: g, agency: nobody, per: 1d, max: 5, then: notice}]\ncoordinators:",
     "town.yaml:15:26|no agency has the id nobody", 0},
    {T, "coordinators:", "guards: [{id: g, kind: polic, per: 1d, max: 5, then: notice}]\ncoordinators:",
     "town.yaml:15:24|did you mean police?", 0},
    {T, "coordinators:", "guards: [{id: g, type: nl.a.geweld, per: 1d, max: 5, then: notice}]\ncoordinators:",
     "town.yaml:15:24|did you mean nl.a.geweld.v1?", 0},
    {T, "coordinators:",
     "guards: [{id: g, per: 1d, max: 5, then: notice}, {id: g, per: 1d, max: 5, then: "
     "notice}]\ncoordinators:",
     "town.yaml:15:55|g is here twice", 0},
    {T, "coordinators:", "guards: all\ncoordinators:", "town.yaml:15:1|expected a list", 0},
    {C, "finances: socio_economic", "finances: {a: b}", "catalogue.yaml:1:11|finances: expected a name", 0},
    {C, "domain: justice", "domain: justise", "catalogue.yaml:10:14|did you mean justice?", 0},
    {C, "nl.a.geweld.v1", "nl.voordeur.x", "catalogue.yaml:9:3|commands, not signals", 0},
    {C, "nl.a.geweld.v1", "nl a", "catalogue.yaml:9:3|types: expected a name", 0},
    {C, "nl.a.geweld.v1", "nl.a.verzuim.v1", "catalogue.yaml:9:3|twice", 0},
    {C, "severity: 2", "severity: 6", "catalogue.yaml:4:59|1 to 5", 0},
    {C, "follow_up: 42d", "follow_up: 0d", "catalogue.yaml:5:68|follow_up", 0},
    {C, "kind: state", "kind: states", "catalogue.yaml:10:62|event, state, deadline", 0},
    {C, "kind: state", "kind: state, title: a" LONG128,
     "catalogue.yaml:10:69|title: expected at most 128 bytes", 0},
    {C, "kind: state", "kind: state, title: [a]", "catalogue.yaml:10:69|title: expected a text", 0},
    {C, "kind: state", "kind: state, title: Geweld achter de voordeur", NULL, 0},
    {C, "kind: state", "kind: state, processing_activity: 12", "catalogue.yaml:10:90|a URI", 0},
    {C, "kind: state", "kind: state, processing_activity: \"urn:a:12\"", NULL, 0},
    {R, "id: busy", "id: multi", "rules.yaml:12:10|multi is here twice", 0},
    {R, "text: three domains", "text: \"\"", "rules.yaml:3:12|a text", 0},
    {R, "    text: three domains\n", "", "rules.yaml:2:5|text: this key is missing", 0},
    {R, "level: case", "level: watch", "rules.yaml:5:5|only a rule of level case", 0},
    {R, "    priority: high\n", "", "rules.yaml:2:5|priority: this key is missing", 0},
    {R, "priority: high", "priority: none", "rules.yaml:5:15|normal, high, urgent", 0},
    {R, "[youth, care]", "[youth, safety]", "rules.yaml:6:23|youth and safety are no pair", 0},
    {R, "[youth, care]", "[youth, carr]", "rules.yaml:6:23|did you mean care?", 2},
    {R, "[youth, care]", "[]", "rules.yaml:6:5|at least one purpose", 0},
    {R, "over: 730d", "over: 731d", "rules.yaml:7:11|longest retain", 0},
    {R, "types: [nl.a.schuld.v1]", "types: [nl.a.schuld.v2]", "rules.yaml:8:21|did you mean nl.a.schuld.v1?",
     0},
    {R, "agencies: [gp, police]", "agencies: [gp, polcie]", "rules.yaml:8:74|did you mean police?", 0},
    {R, "min_severity: 2", "min_severity: 0", "rules.yaml:8:108|1 to 5", 0},
    {R, "min_severity: 2", "score: 2", "rules.yaml:8:94|score: unknown key", 0},
    {R, "{domains: 3, overdue: 1}", "{}", "rules.yaml:9:5|at least one measure", 0},
    {R, "overdue: 1", "overdue: 0", "rules.yaml:9:37|overdue", 0},
    {R, "within_same: person", "within_same: none", "rules.yaml:11:18|domain, type, agency, person", 0},
    {R, "rules:\n", "rules:\n  - 7\n", "rules.yaml:2:5|expected a mapping", 0},
    {R, "rules:\n", "rulez:\n", "rules.yaml:1:1|did you mean rules?", 2},
};

static void
each_fault_is_told_with_its_place_and_a_word(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_config_faults faults;
        vdr_config *config = NULL;
        char text[2048] = "", where[64];
        vdr_err err = read_with(rows[i].file, rows[i].find, rows[i].with, &faults, &config);
        if (faults.count != 0)
            vdr_config_fault_text(&faults.at[0], text, sizeof text);
        const char *bar = rows[i].fault != NULL ? strchr(rows[i].fault, '|') : NULL;
        if (bar == NULL) {
            if (err != VDR_OK)
                fail_msg("row %zu (%s): refused: %s", i, rows[i].with, text);
            vdr_config_free(&config);
        } else {
            snprintf(where, sizeof where, "%.*s: ", (int)(bar - rows[i].fault), rows[i].fault);
            size_t count = rows[i].count != 0 ? rows[i].count : 1;
            if (err != VDR_E_BAD_CONFIG || strncmp(text, where, strlen(where)) != 0 ||
                strstr(text, bar + 1) == NULL || faults.count != count) {
                failed++;
                print_error("row %zu (%s): %zu faults (%zu expected), the first:\n%s", i, rows[i].with,
                            faults.count, count, text);
            }
            assert_null(config);
        }
        vdr_config_faults_done(&faults);
    }
    assert_int_equal(failed, 0);
}

static bool
is(vdr_span text, const char *expected)
{
    return vdr_span_equal(text, vdr_span_str(expected));
}

#define DAY INT64_C(86400000)

static void
a_right_configuration_is_read_to_its_values(void **state)
{
    (void)state;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    assert_int_equal(read_with(T, NULL, NULL, &faults, &config), VDR_OK);
    vdr_config_faults_done(&faults);

    assert_true(is(config->municipality, "GM9901"));
    assert_int_equal(config->address_match, VDR_ADDRESS_REVIEW);
    assert_int_equal(config->persons_max, 12);
    assert_int_equal(config->excluded_addresses.count, 2);
    assert_true(is(config->excluded_addresses.at[0], "9901200000000001")); /* sorted */
    assert_int_equal(config->future_ms, 600000);
    assert_int_equal(config->late_ms, 0);
    assert_int_equal(config->retry_ms, 3600000);
    assert_int_equal(config->retain_cases_ms, 1825 * DAY); /* default */
    assert_int_equal(config->accept_ms[VDR_PRIORITY_URGENT], 4 * 3600000);
    assert_int_equal(config->accept_ms[VDR_PRIORITY_HIGH], DAY);
    assert_int_equal(config->accept_ms[VDR_PRIORITY_NORMAL], 3 * DAY);
    assert_int_equal(config->retain_max_ms, 730 * DAY);
    assert_int_equal(config->may_combine_count, 1);
    assert_true(is(config->may_combine[0].b, "care"));
    assert_int_equal(config->agency_count, 2);
    assert_true(is(config->agencies[1].kind, "police") && is(config->agencies[1].source, "urn:a:2"));
    assert_true(config->agencies[0].sees_match && !config->agencies[1].sees_match);
    assert_int_equal(config->service_count, 1);
    assert_true(config->services[0].all && config->services[0].domains.count == 1);
    assert_int_equal(config->regisseur_count, 2);
    assert_true(config->regisseurs[0].everywhere && config->regisseurs[0].districts.count == 1);
    assert_int_equal(config->regisseurs[0].hard_capacity, 18);
    assert_int_equal(config->regisseurs[0].absent_count, 1);
    assert_int_equal(config->regisseurs[0].absent[0].to - config->regisseurs[0].absent[0].from, 21 * DAY);
    assert_int_equal(config->regisseurs[1].expertise.count, 0);
    assert_int_equal(config->coordinators.count, 1);
    assert_int_equal(config->privacy_officers.count, 0);
    assert_int_equal(config->domain_count, 3);
    assert_true(is(config->domains[0].core_area, "socio_economic") && !config->domains[0].by_role);
    assert_true(config->domains[2].by_role && config->domains[2].core_area.len == 0);
    assert_int_equal(config->type_count, 3);
    assert_true(is(config->types[1].id, "nl.a.schuld.v1") && is(config->types[1].purpose, "care"));
    assert_int_equal(config->types[1].kind, VDR_SIGNAL_DEADLINE);
    assert_int_equal(config->types[0].follow_up_ms, 42 * DAY);
    assert_int_equal(config->types[1].follow_up_ms, 0);
    assert_int_equal(config->rule_count, 2);
    const vdr_config_rule *rule = &config->rules[0];
    assert_int_equal(rule->level, VDR_LEVEL_CASE);
    assert_int_equal(rule->priority, VDR_PRIORITY_HIGH);
    assert_int_equal(rule->over_ms, 730 * DAY);
    assert_int_equal(rule->agencies.count, 2);
    assert_true(rule->roles.at != NULL && rule->roles.count == 0); /* asked, and nothing passes */
    assert_int_equal(rule->min_severity, 2);
    assert_int_equal(rule->at_least[VDR_MEASURE_DOMAINS], 3);
    assert_int_equal(rule->at_least[VDR_MEASURE_OVERDUE], 1);
    assert_int_equal(rule->at_least[VDR_MEASURE_SIGNALS], 0);
    assert_int_equal(rule->spread_ms, 90 * DAY);
    assert_int_equal(rule->within, VDR_WITHIN_PERSON);
    assert_int_equal(config->rules[1].priority, VDR_PRIORITY_NONE);
    assert_true(config->rules[1].types.at == NULL); /* not asked */
    vdr_config_free(&config);
    assert_null(config);
}

/* Two rules are the same rule if all but their text is (semantics section 4: latches). */
static const struct {
    const char *find, *with;
    bool same;
} prints[] = {
    {"text: three domains", "text: other words", true},
    {"priority: high", "priority: \"high\"", true},
    {"[youth, care]", "[care, youth, care]", true},
    {"over: 730d", "over: 17520h", true},
    {"id: multi", "id: multi2", false},
    {"priority: high", "priority: urgent", false},
    {"[youth, care]", "[youth]", false},
    {"over: 730d", "over: 729d", false},
    {"    over: 730d\n", "", false},
    {"roles: [], ", "", false},
    {"domains: [finances]", "domains: [justice]", false},
    {"min_severity: 2", "min_severity: 3", false},
    {"domains: 3", "agencies: 3", false},
    {"spread: 90d", "spread: 91d", false},
    {"within_same: person", "within_same: type", false},
};

static void
a_rule_is_the_same_rule_whatever_its_text_says(void **state)
{
    (void)state;
    vdr_config_faults faults;
    vdr_config *base = NULL, *other = NULL;
    assert_int_equal(read_with(T, NULL, NULL, &faults, &base), VDR_OK);
    vdr_config_faults_done(&faults);
    for (size_t i = 0; i < sizeof prints / sizeof prints[0]; i++) {
        assert_int_equal(read_with(R, prints[i].find, prints[i].with, &faults, &other), VDR_OK);
        vdr_config_faults_done(&faults);
        bool same = vdr_key16_equal(&base->rules[0].fingerprint, &other->rules[0].fingerprint);
        if (same != prints[i].same)
            fail_msg("%s: %s", prints[i].with, same ? "the same" : "another");
        assert_false(vdr_key16_equal(&base->fingerprint, &other->fingerprint)); /* the texts differ */
        vdr_config_free(&other);
    }
    vdr_config_free(&base);
}

static void
all_faults_of_all_files_are_told_in_file_order(void **state)
{
    (void)state;
    static const char *const names[] = {"t", "c", "r"};
    static const char *const wrong[] = {"a: 1\nb: 2\n", "types: [\n", "rules: 5\n"};
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;

    for (unsigned i = 0; i < 3; i++) {
        texts.name[i] = vdr_span_str(names[i]);
        texts.text[i] = vdr_span_str(wrong[i]);
    }
    vdr_config_faults_init(&faults);
    assert_int_equal(vdr_config_read(&texts, &faults, &config), VDR_E_BAD_CONFIG);
    assert_true(faults.count >= 10);
    unsigned seen[3] = {0};
    for (size_t i = 0; i < faults.count; i++) {
        seen[faults.at[i].file]++;
        if (i > 0)
            assert_true(
                faults.at[i].file > faults.at[i - 1].file ||
                (faults.at[i].file == faults.at[i - 1].file && faults.at[i].line >= faults.at[i - 1].line));
    }
    assert_true(seen[0] >= 8 && seen[1] == 1 && seen[2] == 1);
    vdr_config_faults_done(&faults);
}

static void
very_many_faults_are_counted_and_the_first_kept(void **state)
{
    (void)state;
    enum { BYTES = 200000 };
    char *text = calloc(1, BYTES);
    size_t used = 0;
    for (unsigned i = 0; used < BYTES - 20; i++)
        used += (size_t)snprintf(text + used, BYTES - used, "k%u: 1\n", i);
    vdr_config_texts texts = {.name = {vdr_span_str("t"), vdr_span_str("c"), vdr_span_str("r")}};
    texts.text[T] = texts.text[C] = texts.text[R] = vdr_span_str(text);
    vdr_config_faults faults;
    vdr_config *config = NULL;
    vdr_config_faults_init(&faults);
    assert_int_equal(vdr_config_read(&texts, &faults, &config), VDR_E_BAD_CONFIG);
    assert_int_equal(faults.count, VDR_CONFIG_FAULTS_MAX);
    assert_true(faults.more > 40000);
    assert_int_equal(faults.at[faults.count - 1].file, T);
    vdr_config_faults_done(&faults);
    free(text);
}

static void
a_directory_is_read_and_what_is_missing_is_named(void **state)
{
    (void)state;
    vdr_arena arena;
    vdr_config_texts texts;
    char words[256] = "";
    vdr_arena_init(&arena, 1 << 20);
    assert_int_equal(vdr_config_texts_load(VDR_SOURCE_DIR "/deploy/zomerdal/", &arena, &texts, words),
                     VDR_OK);
    vdr_config_faults faults;
    vdr_config *config = NULL;
    vdr_config_faults_init(&faults);
    assert_int_equal(vdr_config_read(&texts, &faults, &config), VDR_OK);
    assert_int_equal(config->rule_count, 9);
    vdr_config_free(&config);
    vdr_config_faults_done(&faults);
    assert_int_equal(vdr_config_texts_load(VDR_SOURCE_DIR "/tests", &arena, &texts, words), VDR_E_NOT_FOUND);
    assert_non_null(strstr(words, "tests/town.yaml"));
    vdr_arena_done(&arena);
}

/* A file that is no file, is longer than any configuration, or is behind what is no directory. */
static void
what_cannot_be_a_text_of_a_configuration_is_told(void **state)
{
    (void)state;
    vdr_arena arena;
    vdr_span text;
    char words[256] = "", name[] = "/tmp/vdr-config-XXXXXX", behind[64];
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    vdr_arena_init(&arena, 16 << 20);

    assert_int_equal(vdr_config_text_load(name, &arena, &text, words), VDR_OK);
    assert_int_equal(text.len, 0);
    assert_int_equal(ftruncate(fd, (off_t)VDR_CONF_BYTES_MAX), 0);
    assert_int_equal(vdr_config_text_load(name, &arena, &text, words), VDR_OK);
    assert_int_equal(text.len, VDR_CONF_BYTES_MAX);
    assert_int_equal(ftruncate(fd, (off_t)VDR_CONF_BYTES_MAX + 1), 0);
    assert_int_equal(vdr_config_text_load(name, &arena, &text, words), VDR_E_BAD_CONFIG);
    assert_non_null(strstr(words, "longer than"));
    snprintf(behind, sizeof behind, "%s/town.yaml", name);
    assert_int_equal(vdr_config_text_load(behind, &arena, &text, words), VDR_E_NOT_FOUND);
    assert_int_equal(vdr_config_text_load("/tmp", &arena, &text, words), VDR_E_IO);
    assert_non_null(strstr(words, "/tmp: not a regular file"));
    close(fd);
    unlink(name);
    vdr_arena_done(&arena);
    vdr_arena_init(&arena, 64); /* and where there is no room for it */
    assert_int_equal(vdr_config_text_load(VDR_SOURCE_DIR "/deploy/zomerdal/town.yaml", &arena, &text, words),
                     VDR_E_NO_MEMORY);
    assert_non_null(strstr(words, "no memory"));
    vdr_arena_done(&arena);
}

static void
a_text_longer_than_any_is_a_fault_of_its_file(void **state)
{
    (void)state;
    vdr_config_texts texts = {.name = {vdr_span_str("t"), vdr_span_str("c"), vdr_span_str("r")},
                              .text = {vdr_span_str(town), vdr_span_str(catalogue), vdr_span_str(rules)}};
    vdr_config_faults faults;
    vdr_config *config = NULL;
    char *text = calloc(1, VDR_CONF_BYTES_MAX + 2);
    assert_non_null(text);
    memset(text, '#', VDR_CONF_BYTES_MAX + 1);
    texts.text[R] = vdr_span_of(text, VDR_CONF_BYTES_MAX + 1);
    vdr_config_faults_init(&faults);
    assert_int_equal(vdr_config_read(&texts, &faults, &config), VDR_E_BAD_CONFIG);
    assert_int_equal(faults.count, 1);
    assert_int_equal(faults.at[0].file, R);
    vdr_config_faults_done(&faults);
    free(text);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_told_with_its_place_and_a_word),
        cmocka_unit_test(a_right_configuration_is_read_to_its_values),
        cmocka_unit_test(a_rule_is_the_same_rule_whatever_its_text_says),
        cmocka_unit_test(all_faults_of_all_files_are_told_in_file_order),
        cmocka_unit_test(very_many_faults_are_counted_and_the_first_kept),
        cmocka_unit_test(a_directory_is_read_and_what_is_missing_is_named),
        cmocka_unit_test(what_cannot_be_a_text_of_a_configuration_is_told),
        cmocka_unit_test(a_text_longer_than_any_is_a_fault_of_its_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
