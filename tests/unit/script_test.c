/* Goal: a file of rule tests is read to its steps; whatever is wrong with it is told at its place; what it names
 * must be in the configuration. */
#include "broker/study/script.h"
#include "proto/time.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* One test of one step, whose text is put in. */
#define STEP(text) "tests:\n  - name: a\n    steps:\n      - {" text "}\n"
#define OK         ", expect: [{case: A}]"
#define SIGNAL     "signal: s, type: nl.onderwijs.verzuim-gemeld.v1, household: A"

static const struct {
    const char *text;
    const char *fault; /* line and column, and a part of the message after a bar; NULL: none */
} rows[] = {
    {STEP(SIGNAL OK), NULL},
    {STEP("at: 1d" OK), NULL},
    {STEP("advance: 1d" OK), NULL},
    {STEP("at: 1d"), "2:5|nothing is expected"},
    {"tests: []\n", NULL},
    {"test: []\n", "1:1|did you mean tests?"},
    {"tests:\n  - {name: a, steps: []}\n", "2:15|1 to 5000"},
    {"tests:\n  - {steps: [{at: 1d" OK "}]}\n", "2:5|name: this key is missing"},
    {"tests:\n  - {name: a, steps: [{at: 1d" OK "}]}\n  - {name: a, steps: [{at: 1d" OK "}]}\n",
     "3:12|a is here twice"},
    {"begin: 2026\n" STEP("at: 1d" OK), "1:8|an instant"},
    {STEP("at: 1d, advance: 1d" OK), "4:18|has an at already"},
    {STEP("at: 1x" OK), "4:14|a duration"},
    {"tests:\n  - name: a\n    steps: [{at: 2d}, {at: 1d" OK "}]\n", "3:28|never goes back"},
    {"begin: 9990-01-01T00:00:00Z\n" STEP("at: 1d" OK), "5:9|after the year 9999"},
    {STEP("sigal: s" OK), "4:10|did you mean signal?"},
    {STEP("signal: s" OK), "4:9|type: this key is missing"},
    {STEP(SIGNAL ", withdraw: t" OK), "4:73|does something else already"},
    {STEP("accept: A, severity: 3" OK), "4:21|severity says something about signal only"},
    {STEP("withdraw: s, result: x" OK), "4:23|result says something about feedback only"},
    {STEP("assign: A" OK), "4:9|to: this key is missing"},
    {STEP(SIGNAL ", severity: 6" OK), "4:83|1 to 5"},
    {STEP(SIGNAL ", persons: [{nam: B}]" OK), "4:83|name: this key is missing"},
    {STEP(SIGNAL ", persons: B" OK), "4:73|expected a list"},
    {STEP("signal: s, type: nl.onderwijs.verzuim-gemeld.v1, role: youth" OK), "4:59|whose?"},
    {STEP("at: 1d, expect: {case: A}"), "4:18|expected a list"},
    {STEP("at: 1d, expect: [{}]"), "4:27|say what is expected"},
    {STEP("at: 1d, expect: [{rule: r}]"), "4:27|say what is expected"},
    {STEP("at: 1d, expect: [{case: A, regular: s}]"), "4:37|expected here already"},
    {STEP("at: 1d, expect: [{regular: s, rule: r}]"), "4:40|rule says nothing about regular"},
    {STEP("at: 1d, expect: [{case: A, state: opne}]"), "4:44|unassigned, offered"},
    {STEP("at: 1d, expect: [{holds: A}]"), "4:27|say which rule"},
    {STEP("at: 1d, expect: [{same: [A]}]"), "4:34|expected 2 names, found 1"},
    {STEP("at: 1d, expect: [{review: A}]"), "4:28|expected a list"},
    {STEP("at: 1d, expect: [{case: &a A}]"), "4:35|anchor"},
    {STEP("withdraw: \"s\\e\"" OK), "4:21|without control characters"},
    {STEP("withdraw: \"s\\x85\"" OK), "4:21|without control characters"},
    {"tests:\n  - {name: \"a\\n\", steps: [{at: 1d" OK "}]}\n", "2:13|without control characters"},
    {"", "1:1|empty"},
    /* what the configuration must have */
    {STEP("signal: s, type: nl.onderwijs.verzuim.v1, household: A" OK),
     "4:27|did you mean nl.onderwijs.verzuim-gemeld.v1?"},
    {STEP("signal: s, type: x, household: A, expect: [{refused: s}]"), NULL},
    {STEP(SIGNAL ", agency: polite" OK), "4:81|did you mean politie?"},
    {STEP("assign: A, to: r-ann" OK), "4:25|did you mean r-anna?"},
    {STEP("at: 1d, expect: [{case: A, rule: seriuos}]"), "4:43|did you mean serious?"},
    {STEP("at: 1d, expect: [{case: A, regisseur: none}]"), NULL},
    {STEP("at: 1d, expect: [{case: A, regisseur: r-x}]"), "4:48|r-x is no regisseur"},
    {STEP("at: 1d, expect: [{regular: s, service: team}]"), "4:49|team is no service"},
    {STEP("at: 1d, expect: [{refused: s, code: too_odl}]"), "4:46|did you mean too_old?"},
    {STEP("at: 1d, expect: [{message: case_offerd}]"), "4:37|did you mean case_offered?"},
    {STEP("at: 1d, expect: [{message: overdue, to: \"coordinator:c-pit\"}]"),
     "4:51|did you mean coordinator:c-piet?"},
    {STEP("at: 1d, expect: [{match: school}]"), "4:35|school is no agency"},
    {STEP("at: 1d, expect: [{match: politie, agencies: [jeugdhlp]}]"), "4:35|did you mean jeugdhulp?"},
};

static vdr_config *
example(void)
{
    vdr_arena arena;
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    char words[256];
    vdr_arena_init(&arena, 1 << 22);
    vdr_config_faults_init(&faults);
    assert_int_equal(vdr_config_texts_load(VDR_SOURCE_DIR "/deploy/example", &arena, &texts, words), VDR_OK);
    assert_int_equal(vdr_config_read(&texts, &faults, &config), VDR_OK);
    vdr_config_faults_done(&faults);
    vdr_arena_done(&arena);
    return config;
}

static void
each_fault_is_told_at_its_place(void **state)
{
    (void)state;
    unsigned failed = 0;
    vdr_config *config = example();
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_config_faults faults;
        vdr_script *script = NULL;
        char text[2048] = "no fault", where[64];
        vdr_config_faults_init(&faults);
        vdr_err err = vdr_script_read("t", vdr_span_str(rows[i].text), &faults, &script);
        assert_true((err == VDR_OK) == (script != NULL));
        if (err == VDR_OK)
            err = vdr_script_check(script, config, &faults);
        if (faults.count != 0)
            vdr_config_fault_text(&faults.at[0], text, sizeof text);
        const char *bar = rows[i].fault != NULL ? strchr(rows[i].fault, '|') : NULL;
        snprintf(where, sizeof where, "t:%.*s: ", bar != NULL ? (int)(bar - rows[i].fault) : 0,
                 bar != NULL ? rows[i].fault : "");
        bool right = bar == NULL
                         ? err == VDR_OK && faults.count == 0
                         : err == VDR_E_BAD_CONFIG && faults.count != 0 &&
                               strncmp(text, where, strlen(where)) == 0 && strstr(text, bar + 1) != NULL;
        if (!right) {
            failed++;
            print_error("row %zu: %zu faults, expected %s, the first:\n%s\n", i, faults.count,
                        rows[i].fault != NULL ? rows[i].fault : "none", text);
        }
        vdr_script_free(&script);
        vdr_config_faults_done(&faults);
    }
    vdr_config_free(&config);
    assert_int_equal(failed, 0);
}

static bool
is(vdr_span text, const char *expected)
{
    return vdr_span_equal(text, vdr_span_str(expected));
}

static void
a_file_is_read_to_its_steps(void **state)
{
    (void)state;
    static const char text[] =
        "config: town\nbegin: 2026-03-02T00:00:00Z\ntests:\n"
        "  - name: one\n    steps:\n"
        "      - {at: 2d, signal: s, type: t, agency: a, household: A, role: youth, persons: [B, {name: C, "
        "role: x}],\n"
        "         address: home, district: BU1, severity: 4, ago: 3h, act_before: 9d, supersedes: r}\n"
        "      - {advance: 1d}\n"
        "      - {feedback: s, result: seen, expect: [{case: A, signals: []}], expect_not: [{same: [A, B]}, "
        "{regular: s}]}\n";
    vdr_config_faults faults;
    vdr_script *script = NULL;
    vdr_config_faults_init(&faults);
    assert_int_equal(vdr_script_read("f", vdr_span_str(text), &faults, &script), VDR_OK);
    assert_true(is(script->file, "f") && is(script->config, "town"));
    assert_int_equal(script->begin, INT64_C(1772409600000));
    assert_int_equal(script->test_count, 1);
    const vdr_script_test *test = &script->tests[0];
    assert_true(is(test->name, "one") && test->place.line == 4);
    assert_int_equal(test->step_count, 3);
    const vdr_script_step *step = &test->steps[0];
    assert_int_equal(step->at_ms, 2 * VDR_DAY_MS);
    assert_true(step->act == VDR_SCRIPT_SIGNAL && is(step->subject.text, "s") && is(step->type.text, "t"));
    assert_true(is(step->agency.text, "a") && is(step->address, "home") && is(step->district, "BU1"));
    assert_true(is(step->supersedes, "r") && step->severity == 4);
    assert_int_equal(step->ago_ms, 3 * 3600 * 1000);
    assert_int_equal(step->act_before_ms, 9 * VDR_DAY_MS);
    assert_int_equal(step->person_count, 3);
    assert_true(is(step->persons[0].name, "A") && is(step->persons[0].role, "youth"));
    assert_true(is(step->persons[1].name, "B") && step->persons[1].role.at == NULL);
    assert_true(is(step->persons[2].name, "C") && is(step->persons[2].role, "x"));
    assert_true(test->steps[1].act == VDR_SCRIPT_NOTHING && test->steps[1].at_ms == 3 * VDR_DAY_MS);
    step = &test->steps[2];
    assert_true(step->act == VDR_SCRIPT_FEEDBACK && step->at_ms == 3 * VDR_DAY_MS &&
                is(step->result, "seen"));
    assert_int_equal(step->expect_count, 3);
    assert_true(step->expects[0].kind == VDR_EXPECT_CASE && !step->expects[0].refuted);
    assert_true(step->expects[0].signals.at != NULL && step->expects[0].signals.count == 0);
    assert_true(step->expects[1].kind == VDR_EXPECT_SAME && step->expects[1].refuted);
    assert_true(step->expects[1].names.count == 2 && is(step->expects[1].names.at[1], "B"));
    assert_true(step->expects[2].kind == VDR_EXPECT_REGULAR && is(step->expects[2].subject.text, "s"));
    vdr_script_free(&script);
    vdr_config_faults_done(&faults);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_fault_is_told_at_its_place),
        cmocka_unit_test(a_file_is_read_to_its_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
