/* Goal: each thing that lint looks for is found, once, at its place and with its code; a town without faults
 * gives no finding; what somebody allows no longer counts. */
#include "broker/study/lint.h"
#include "proto/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const char town[] =
    "municipality: GM9901\n" /* 1 */
    "identity: {address_match: join, max_persons: 12}\n"
    "clocks: {future: 10m, late: 60d, cooldown: 90d, sticky: 730d, retry: 1h, accept: {urgent: 4h, high: 1d, "
    "normal: 3d}}\n"                               /* 3 */
    "may_combine: [[youth, care], [care, debt]]\n" /* 4 */
    "agencies:\n"
    "  - {id: school, kind: school, source: \"urn:a:1\", sees_match: true}\n" /* 6 */
    "  - {id: gp, kind: gp, source: \"urn:a:2\", sees_match: true}\n"
    "  - {id: bank, kind: bank, source: \"urn:a:3\"}\n" /* 8 */
    "services:\n"
    "  - {id: team, domains: [\"*\"]}\n" /* 10 */
    "  - {id: debts, domains: [finances]}\n"
    "regisseurs:\n" /* 12 */
    "  - {id: anna, districts: [BU1, \"*\"], capacity: 5, hard_capacity: 6,\n"
    "     absent: [{from: 2026-01-05T00:00:00Z, to: 2026-01-12T00:00:00Z}]}\n" /* 14 */
    "  - {id: bram, districts: [BU1], capacity: 5, hard_capacity: 6}\n"
    "coordinators: [piet]\n"; /* 16 */

static const char catalogue[] =
    "domains: {finances: money, education: youth, health: by_role}\n" /* 1 */
    "types:\n"
    "  absence: {domain: education, agencies: [school], severity: 2, kind: event, counts_for: 60d,\n" /* 3 */
    "    retain: 365d, purpose: youth, legal_basis: A, follow_up: 14d}\n"
    "  worry: {domain: health, agencies: [gp, school], severity: 3, kind: event, counts_for: 90d,\n" /* 5 */
    "    retain: 365d, purpose: care, legal_basis: A}\n"
    "  arrears: {domain: finances, agencies: [bank], severity: 2, kind: state, counts_for: 120d,\n" /* 7 */
    "    retain: 180d, purpose: debt, legal_basis: A}\n";

static const char rules[] = "rules:\n" /* 1 */
                            "  - id: two\n"
                            "    text: two domains\n" /* 3 */
                            "    level: case\n"
                            "    priority: normal\n" /* 5 */
                            "    purposes: [youth, care]\n"
                            "    over: 30d\n" /* 7 */
                            "    where: {min_severity: 2}\n"
                            "    at_least: {domains: 2, agencies: 2}\n" /* 9 */
                            "  - id: debt\n"
                            "    text: debts and illness\n" /* 11 */
                            "    level: coordinate\n"
                            "    purposes: [care, debt]\n" /* 13 */
                            "    at_least: {signals: 3}\n";

typedef struct edit {
    vdr_config_file file;
    const char *find, *with;
} edit;

#define T VDR_CONFIG_TOWN
#define C VDR_CONFIG_CATALOGUE
#define R VDR_CONFIG_RULES

/* Rules that are put before the coordinate rule; it begins at line 10. */
#define BEFORE "  - id: debt\n"
#define HEAD   "  - id: new\n    text: x\n    level: case\n    priority: normal\n    purposes: [youth, care]\n"

static const struct {
    edit edits[2];
    const char *found; /* all findings: code:subject@line, in order */
} rows[] = {
    {{{T, NULL, NULL}}, ""},
    /* rules that can never hold */
    {{{R, "{domains: 2, agencies: 2}", "{domains: 3, agencies: 2}"}}, "never-holds:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{types: 3, agencies: 3}"}}, "never-holds:two@9 never-holds:two@9"},
    {{{R, "{min_severity: 2}", "{agencies: [gp]}"}},
     "type-in-no-rule:absence@3 purpose-without-type:two@6 never-holds:two@9 never-holds:two@9"},
    {{{R, "{min_severity: 2}", "{roles: []}"}},
     "type-in-no-rule:absence@3 purpose-without-type:two@6 purpose-without-type:two@6 never-holds:two@9 "
     "never-holds:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{domains: 2, agencies: 2}\n    spread: 30d"}}, "never-holds:two@10"},
    {{{R, "{domains: 2, agencies: 2}", "{domains: 2, agencies: 2}\n    spread: 29d"}}, ""},
    {{{R, "{domains: 2, agencies: 2}", "{days: 32, agencies: 2}"}}, "never-holds:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{days: 31, agencies: 2}"}}, ""},
    {{{R, "{domains: 2, agencies: 2}", "{core_areas: 2, agencies: 2}"}}, ""},
    {{{R, "{domains: 2, agencies: 2}", "{core_areas: 3, agencies: 2}"}}, "never-holds:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{overdue: 1, agencies: 2}"}}, ""},
    {{{R, "over: 30d", "over: 14d"}, {R, "{domains: 2, agencies: 2}", "{overdue: 1, agencies: 2}"}}, ""},
    {{{R, "over: 30d", "over: 13d"}, {R, "{domains: 2, agencies: 2}", "{overdue: 1, agencies: 2}"}},
     "never-holds:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{agencies: 2}\n    within_same: domain"}}, ""},
    {{{R, "{domains: 2, agencies: 2}", "{agencies: 3}\n    within_same: domain"}}, "never-holds:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{agencies: 2}\n    within_same: agency"}}, "never-holds:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{domains: 2, agencies: 2}\n    within_same: person"}}, ""},
    /* who sets it off alone: the school sends both domains */
    {{{R, "{domains: 2, agencies: 2}", "{domains: 2}"}}, "one-agency-alone:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{domains: 2}"}, {R, "priority: normal", "priority: urgent"}},
     "one-agency-alone:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{domains: 2}"}, {C, "agencies: [gp, school]", "agencies: [gp]"}},
     "nobody-is-told:debt@12"},
    /* windows and clauses without effect */
    {{{R, "over: 30d", "over: 90d"}}, "window-without-effect:two@7"},
    {{{R, "over: 30d", "over: 89d"}}, ""},
    {{{R, "    where: {min_severity: 2}\n", "    where: {types: [worry, absence]}\n"}}, ""},
    {{{R, "over: 30d", "over: 91d"}, {C, "retain: 365d, purpose: youth", "retain: 400d, purpose: youth"}},
     "window-without-effect:two@7"},
    {{{R, "purposes: [care, debt]", "purposes: [debt]\n    over: 181d"}},
     "pair-in-no-rule:care@4 nobody-is-told:debt@12 window-longer-than-retention:debt@14"},
    {{{R, "{domains: 2, agencies: 2}", "{domains: 2, agencies: 2, signals: 2}"}},
     "clause-without-effect:two@9"},
    {{{R, "{domains: 2, agencies: 2}", "{domains: 2, agencies: 2, signals: 3}"}}, ""},
    {{{R, "{signals: 3}", "{signals: 1}"}}, ""},
    {{{R, "{signals: 3}", "{signals: 2}\n    spread: 1d"}}, "clause-without-effect:debt@14"},
    /* filters and purposes that name what is not there */
    {{{R, "{min_severity: 2}", "{domains: [education, health, finances]}"}}, "filter-without-type:two@8"},
    {{{R, "{min_severity: 2}", "{types: [absence, worry, arrears]}"}}, "filter-without-type:two@8"},
    {{{R, "{min_severity: 2}", "{agencies: [gp, school, bank]}"}}, "filter-without-type:two@8"},
    {{{R, "purposes: [youth, care]", "purposes: [care]"}}, "purpose-in-no-rule:youth@4 never-holds:two@9"},
    /* rules beside each other */
    {{{R, BEFORE, HEAD "    over: 30d\n    at_least: {domains: 2, agencies: 2}\n" BEFORE}},
     "always-preceded:two@2"},
    {{{R, BEFORE,
       HEAD "    over: 29d\n    where: {min_severity: 3}\n    at_least: {domains: 2, agencies: 2}\n" BEFORE}},
     "always-preceded:new@10"},
    {{{R, BEFORE,
       HEAD "    over: 31d\n    where: {min_severity: 3}\n    at_least: {domains: 2, agencies: 2}\n" BEFORE}},
     ""},
    {{{R, BEFORE,
       HEAD "    over: 30d\n    where: {min_severity: 2}\n    at_least: {domains: 2, agencies: 2}\n" BEFORE}},
     "always-preceded:new@10"},
    {{{R, BEFORE,
       HEAD
       "    over: 30d\n    where: {min_severity: 2}\n    at_least: {core_areas: 3, agencies: 2}\n" BEFORE},
      {C, "health: by_role", "health: adult"}},
     "never-holds:new@17"},
    {{{R, BEFORE,
       HEAD "    over: 20d\n    where: {min_severity: 2}\n    at_least: {types: 2, agencies: 2}\n" BEFORE}},
     ""},
    {{{R, BEFORE,
       HEAD "    over: 20d\n    where: {min_severity: 2}\n    at_least: {overdue: 1, domains: 2, agencies: "
            "2}\n" BEFORE}},
     ""},
    {{{R, "    level: coordinate\n    purposes: [care, debt]\n    at_least: {signals: 3}",
       "    level: watch\n    purposes: [youth, care]\n    over: 7d\n    at_least: {domains: 2, agencies: "
       "2}\n"
       "    where: {min_severity: 4}"}},
     "purpose-in-no-rule:debt@8 always-preceded:debt@10"},
    {{{R, BEFORE,
       "  - id: same\n    text: x\n    level: coordinate\n    purposes: [debt, care]\n    at_least: "
       "{signals: 3}\n" BEFORE}},
     "same-rule:debt@15"},
    {{{R, "level: case\n    priority: normal", "level: coordinate"}}, "no-case-rule:@1"},
    {{{T, "{id: gp, kind: gp, source: \"urn:a:2\", sees_match: true}",
       "{id: gp, kind: gp, source: \"urn:a:2\"}"}},
     "nobody-is-told:debt@12"},
    /* the catalogue */
    {{{C, "types:\n",
       "types:\n  late: {domain: education, agencies: [museum], severity: 1, kind: event, "
       "counts_for: 1d, retain: 1d, purpose: youth, legal_basis: A}\n"}},
     "type-without-agency:late@3"},
    {{{C, "types:\n",
       "types:\n  late: {domain: education, agencies: [school], severity: 1, kind: event, "
       "counts_for: 1d, retain: 1d, purpose: play, legal_basis: A}\n"}},
     "purpose-in-no-rule:play@3"},
    {{{R, "{min_severity: 2}", "{types: [worry]}"}, {R, "{domains: 2, agencies: 2}", "{agencies: 2}"}},
     "type-in-no-rule:absence@3 purpose-without-type:two@6"},
    {{{C, "domains: {", "domains: {sports: youth, "}}, "domain-without-type:sports@1"},
    {{{C, "counts_for: 120d", "counts_for: 181d"}}, "counts-after-retention:arrears@7"},
    {{{C, "follow_up: 14d", "follow_up: 365d"}}, "follow-up-too-late:absence@4"},
    /* the town */
    {{{T, "[care, debt]]", "[care, debt], [sports, care], [sports, youth]]"}}, "pair-without-type:sports@4"},
    {{{T, "[[youth, care]", "[[debt, youth], [youth, care]"}}, "pair-in-no-rule:debt@4"},
    {{{T, "  - {id: bank", "  - {id: zoo, kind: zoo, source: \"urn:a:4\"}\n  - {id: bank"}},
     "agency-without-type:zoo@8"},
    {{{T, "  - {id: bank", "  - {id: brp, kind: brp, source: \"urn:a:4\"}\n  - {id: bank"}}, ""},
    {{{T, "  - {id: debts", "  - {id: again, domains: [\"*\"]}\n  - {id: debts"}},
     "service-without-signals:again@11"},
    {{{T, "domains: [\"*\"]}", "domains: [\"*\", finances]}"}}, "service-without-signals:debts@11"},
    {{{T, "[BU1, \"*\"]", "[BU1]"}}, "no-regisseur-everywhere:@13"},
    {{{T, "[BU1], capacity: 5, hard_capacity: 6}",
       "[BU1], capacity: 5, hard_capacity: 6,\n     absent: [{from: 2026-01-11T00:00:00Z, to: "
       "2026-01-14T00:00:00Z}]}"}},
     "nobody-present:@14 district-nobody-present:BU1@14"},
    {{{T, "[BU1], capacity: 5, hard_capacity: 6}",
       "[BU1], capacity: 5, hard_capacity: 6,\n     absent: [{from: 2026-01-12T00:00:00Z, to: "
       "2026-01-14T00:00:00Z}]}"}},
     ""},
    {{{T, "[BU1, \"*\"]", "[BU2, \"*\"]"}}, "district-nobody-present:BU2@14"},
    {{{T, "high: 1d", "high: 4d"}}, "accept-order:high@3"},
    {{{T, "coordinators: [piet]\n",
       "coordinators: [piet]\nguards:\n  - {id: all, per: 1h, max: 9, then: notice}\n"
       "  - {id: none, kind: gp, type: arrears, per: 1h, max: 9, then: refuse}\n"}},
     "guard-of-nobody:none@19"},
};

/* The text with the first find replaced; the caller frees. */
static char *
replaced(const char *text, const edit *e)
{
    const char *at = e->find != NULL ? strstr(text, e->find) : NULL;
    size_t len = strlen(text) + (e->with != NULL ? strlen(e->with) : 0) + 1;
    char *made = calloc(1, len);
    assert_non_null(made);
    if (e->find != NULL && at == NULL)
        fail_msg("the test looks for \"%s\", which is not there", e->find);
    if (at == NULL)
        memcpy(made, text, strlen(text));
    else
        snprintf(made, len, "%.*s%s%s", (int)(at - text), text, e->with, at + strlen(e->find));
    return made;
}

static vdr_lint *
lint_of(const edit *edits, size_t count, vdr_ms now)
{
    char *made[VDR_CONFIG_FILES] = {NULL};
    const char *all[] = {town, catalogue, rules};
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;

    for (unsigned f = 0; f < VDR_CONFIG_FILES; f++) {
        made[f] = replaced(all[f], &(edit){0});
        for (size_t i = 0; i < count; i++) {
            if (edits[i].find == NULL || edits[i].file != (vdr_config_file)f)
                continue;
            char *next = replaced(made[f], &edits[i]);
            free(made[f]);
            made[f] = next;
        }
        texts.name[f] = vdr_span_str("file");
        texts.text[f] = vdr_span_str(made[f]);
    }
    vdr_config_faults_init(&faults);
    if (vdr_config_read(&texts, &faults, &config) != VDR_OK) {
        char text[1024];
        vdr_config_fault_text(&faults.at[0], text, sizeof text);
        fail_msg("not right at all: %s", text);
    }
    vdr_lint *lint = vdr_lint_new(config, &texts, now);
    vdr_config_faults_done(&faults);
    vdr_config_free(&config);
    for (unsigned f = 0; f < VDR_CONFIG_FILES; f++)
        free(made[f]);
    return lint;
}

static void
each_thing_is_found_at_its_place(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char found[1024] = "";
        size_t used = 0;
        vdr_lint *lint = lint_of(rows[i].edits, 2, VDR_MS_NONE);
        for (size_t f = 0; f < lint->count && used < sizeof found; f++) {
            const vdr_lint_finding *finding = &lint->at[f];
            used += (size_t)snprintf(found + used, sizeof found - used, "%s%s:%.*s@%u", f == 0 ? "" : " ",
                                     finding->code, (int)finding->subject.len,
                                     (const char *)finding->subject.at, finding->fault.line);
            if (finding->advice.len == 0 || finding->fault.message.len == 0)
                failed++;
        }
        if (strcmp(found, rows[i].found) != 0) {
            failed++;
            print_error("row %zu (%s):\n  found    %s\n  expected %s\n", i, rows[i].edits[0].with, found,
                        rows[i].found);
        }
        vdr_lint_free(&lint);
    }
    assert_int_equal(failed, 0);
}

static void
what_is_allowed_no_longer_counts(void **state)
{
    (void)state;
    const edit edits[] = {{R, "{domains: 2, agencies: 2}", "{domains: 2}"},
                          {R, "priority: normal", "priority: urgent"}};
    vdr_lint *lint = lint_of(edits, 2, VDR_MS_NONE);
    assert_int_equal(lint->count, 1);
    assert_int_equal(lint->counts[VDR_LINT_WARNING], 1);
    assert_false(vdr_lint_clean(lint));
    assert_false(vdr_lint_allow(lint, vdr_span_str("one-agency")));
    assert_true(vdr_lint_allow(lint, vdr_span_str("one-agency-alone:debt")));
    assert_false(vdr_lint_clean(lint));
    assert_true(vdr_lint_allow(lint, vdr_span_str("one-agency-alone:two")));
    assert_true(vdr_lint_clean(lint));
    assert_true(lint->at[0].allowed);
    vdr_lint_free(&lint);

    lint = lint_of(edits, 1, VDR_MS_NONE); /* not urgent: a note */
    assert_int_equal(lint->counts[VDR_LINT_NOTE], 1);
    assert_true(vdr_lint_clean(lint));
    vdr_lint_free(&lint);
    lint = lint_of(&(edit){R, "{domains: 2, agencies: 2}", "{domains: 3}"}, 1, VDR_MS_NONE);
    assert_false(vdr_lint_clean(lint));
    assert_true(vdr_lint_allow(lint, vdr_span_str("never-holds")));
    assert_true(vdr_lint_clean(lint));
    vdr_lint_free(&lint);
}

static void
an_absence_that_is_over_is_no_matter(void **state)
{
    (void)state;
    const edit e = {T, "[BU1, \"*\"]", "[BU2, \"*\"]"};
    static const struct {
        const char *now;
        size_t found;
    } times[] = {{"2026-01-01T00:00:00Z", 1}, {"2026-01-11T23:59:59Z", 1}, {"2026-01-12T00:00:00Z", 0}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        vdr_ms now;
        assert_true(vdr_time_parse(vdr_span_str(times[i].now), &now));
        vdr_lint *lint = lint_of(&e, 1, now);
        if (lint->count != times[i].found)
            fail_msg("row %zu: %zu findings", i, lint->count);
        vdr_lint_free(&lint);
    }
}

static void
a_convenant_that_ends_is_told(void **state)
{
    (void)state;
    const edit e = {
        T, "source: \"urn:a:2\", sees_match: true",
        "source: \"urn:a:2\", sees_match: true,\n     convenant: {id: c-1, from: 2025-01-01T00:00:00Z, "
        "until: 2026-03-01T00:00:00Z}"};
    static const struct {
        const char *now, *code;
    } times[] = {{"2026-01-29T23:59:59Z", ""},
                 {"2026-01-30T00:00:00Z", "convenant-ends-soon"},
                 {"2026-02-28T23:59:59Z", "convenant-ends-soon"},
                 {"2026-03-01T00:00:00Z", "convenant-ended"}};
    for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
        vdr_ms now;
        assert_true(vdr_time_parse(vdr_span_str(times[i].now), &now));
        vdr_lint *lint = lint_of(&e, 1, now);
        const char *found = "";
        for (size_t f = 0; f < lint->count; f++)
            if (strncmp(lint->at[f].code, "convenant", 9) == 0) {
                found = lint->at[f].code;
                assert_true(vdr_span_equal(lint->at[f].subject, vdr_span_str("gp")));
            }
        if (strcmp(found, times[i].code) != 0)
            fail_msg("%s: found \"%s\"", times[i].now, found);
        vdr_lint_free(&lint);
    }
}

static void
every_code_is_told_and_different(void **state)
{
    (void)state;
    const vdr_lint_code *code, *other;
    size_t count = 0;
    for (; (code = vdr_lint_code_at(count)) != NULL; count++) {
        assert_true(code->code[0] != '\0' && code->meaning[0] != '\0');
        for (size_t i = 0; i < count && (other = vdr_lint_code_at(i)) != NULL; i++)
            assert_string_not_equal(code->code, other->code);
    }
    assert_int_equal(count, 30);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_thing_is_found_at_its_place),
        cmocka_unit_test(what_is_allowed_no_longer_counts),
        cmocka_unit_test(an_absence_that_is_over_is_no_matter),
        cmocka_unit_test(a_convenant_that_ends_is_told),
        cmocka_unit_test(every_code_is_told_and_different),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
