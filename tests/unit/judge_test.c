/* Goal: what is fit to be activated is told apart from what is not, with the words that say why. */
#include "broker/study/judge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define PASSES                                                                                               \
    "tests:\n  - name: a\n    steps:\n      - {signal: v, type: nl.onderwijs.verzuim-gemeld.v1, household: " \
    "A, expect: [{regular: v}]}\n"
#define FAILS "tests:\n  - name: b\n    steps:\n      - {at: 1d, expect: [{case: A}]}\n"

static const struct {
    const char *find, *with; /* in rules.yaml */
    const char *test, *allowed;
    bool fit;
    size_t errors, warnings, passed, failed;
    const char *words; /* a part; "": none at all */
} rows[] = {
    {NULL, NULL, PASSES, NULL, true, 0, 0, 1, 0, ""},
    {NULL, NULL, NULL, NULL, true, 0, 0, 0, 0, ""},
    {NULL, NULL, FAILS, NULL, false, 0, 0, 0, 1, "t.yaml:4:27: b\n- case A\n+ nobody named A"},
    {NULL, NULL, "tests: [", NULL, false, 0, 0, 0, 0, "t.yaml:2:1: this is not YAML"},
    {NULL, NULL, "tests:\n  - name: a\n    steps: [{expect: [{case: A, rule: x}]}]\n", NULL, false, 0, 0, 0,
     0, "x is no rule"},
    {"{domains: 3, agencies: 2}", "{domains: 4, agencies: 2}", PASSES, NULL, false, 1, 0, 1, 0,
     "error: never-holds: three-domains can never hold"},
    {"{domains: 3, agencies: 2}", "{domains: 4, agencies: 2}", PASSES, "never-holds", true, 0, 0, 1, 0, ""},
    {NULL, NULL, PASSES, "no-such-code", false, 0, 0, 1, 0, "no finding called no-such-code"},
};

static void
each_configuration_is_judged(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_arena arena;
        vdr_config_texts texts;
        vdr_config_faults faults;
        vdr_config *config = NULL;
        vdr_bytes words = {0}, changed = {0};
        vdr_judgement told;
        char load_words[256];
        vdr_arena_init(&arena, 1 << 22);
        vdr_config_faults_init(&faults);
        assert_int_equal(vdr_config_texts_load(VDR_SOURCE_DIR "/deploy/example", &arena, &texts, load_words),
                         VDR_OK);
        if (rows[i].find != NULL) {
            const char *rules = (const char *)texts.text[VDR_CONFIG_RULES].at,
                       *at = strstr(rules, rows[i].find);
            assert_non_null(at);
            vdr_bytes_add(&changed, vdr_span_of(rules, (size_t)(at - rules)));
            vdr_bytes_add(&changed, vdr_span_str(rows[i].with));
            vdr_bytes_add(&changed, vdr_span_str(at + strlen(rows[i].find)));
            texts.text[VDR_CONFIG_RULES] = vdr_bytes_span(&changed);
        }
        assert_int_equal(vdr_config_read(&texts, &faults, &config), VDR_OK);
        vdr_span allowed = vdr_span_str(rows[i].allowed);
        vdr_judge_test test = {.name = "t.yaml", .text = vdr_span_str(rows[i].test)};
        vdr_judge_ask ask = {.config = config,
                             .texts = &texts,
                             .now = 0,
                             .allowed = &allowed,
                             .allowed_count = rows[i].allowed != NULL,
                             .tests = &test,
                             .test_count = rows[i].test != NULL};
        vdr_judge(&ask, &words, &told);
        vdr_bytes_add(&words, vdr_span_of("", 1));
        const char *said = (const char *)words.at;
        if (told.fit != rows[i].fit || told.errors != rows[i].errors || told.warnings != rows[i].warnings ||
            told.passed != rows[i].passed || told.failed != rows[i].failed || told.clauses == 0 ||
            (rows[i].words[0] == '\0') != (said[0] == '\0') || strstr(said, rows[i].words) == NULL)
            fail_msg("row %zu: fit %d, %zu errors, %zu warnings, %zu passed, %zu failed:\n%s", i, told.fit,
                     told.errors, told.warnings, told.passed, told.failed, said);
        vdr_bytes_done(&words);
        vdr_bytes_done(&changed);
        vdr_config_free(&config);
        vdr_config_faults_done(&faults);
        vdr_arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_configuration_is_judged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
