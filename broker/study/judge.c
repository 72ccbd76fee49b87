#include "broker/study/judge.h"

#include "broker/study/page.h"
#include "broker/study/play.h"

#include <stdlib.h>

#define RESULTS_BYTES ((size_t)64 * 1024 * 1024)

static void
put_fault(const vdr_config_fault *fault, vdr_bytes *words)
{
    size_t size = vdr_config_fault_text(fault, NULL, 0) + 1;
    uint8_t *at = vdr_bytes_extend(words, size);
    vdr_config_fault_text(fault, (char *)at, size);
    words->len--; /* the zero at the end */
}

static void
tell(const vdr_judge_ask *ask, const vdr_judge_finding *finding)
{
    if (ask->found != NULL)
        ask->found(ask->context, finding);
}

static vdr_judge_finding
finding_of(const vdr_lint_finding *of)
{
    return (vdr_judge_finding){.severity = of->severity,
                               .code = of->code,
                               .subject = of->subject,
                               .file = of->fault.name,
                               .line = of->fault.line,
                               .column = of->fault.column,
                               .text = of->fault.message,
                               .advice = of->advice,
                               .allowed = of->allowed};
}

static void
judge_lint(const vdr_judge_ask *ask, vdr_bytes *words, vdr_judgement *judgement)
{
    vdr_lint *lint = vdr_lint_new(ask->config, ask->texts, ask->now);
    for (size_t i = 0; i < ask->allowed_count; i++)
        if (!vdr_lint_allow(lint, ask->allowed[i])) {
            vdr_page_put(words, "allowed: there is no finding called %.*s\n", VDR_TEXT(ask->allowed[i]));
            judgement->fit = false;
            tell(ask, &(vdr_judge_finding){.severity = VDR_LINT_ERROR,
                                           .code = "allowed",
                                           .text = vdr_span_str("there is no finding of this name"),
                                           .subject = ask->allowed[i]});
        }
    for (size_t i = 0; i < lint->count; i++) {
        const vdr_lint_finding *finding = &lint->at[i];
        vdr_judge_finding told = finding_of(finding);
        tell(ask, &told);
        if (finding->allowed || finding->severity == VDR_LINT_NOTE)
            continue;
        vdr_config_fault fault = finding->fault;
        vdr_bytes message = {0};
        vdr_page_put(&message, "%s: %s: %.*s", vdr_lint_severity_name(finding->severity), finding->code,
                     VDR_TEXT(fault.message));
        fault.message = vdr_bytes_span(&message);
        put_fault(&fault, words);
        vdr_bytes_done(&message);
    }
    judgement->errors = lint->counts[VDR_LINT_ERROR];
    judgement->warnings = lint->counts[VDR_LINT_WARNING];
    judgement->notes = lint->counts[VDR_LINT_NOTE];
    judgement->fit &= vdr_lint_clean(lint);
    vdr_lint_free(&lint);
}

static void
judge_script(const vdr_judge_ask *ask, const vdr_script *script, vdr_coverage *coverage, vdr_bytes *words,
             vdr_judgement *judgement)
{
    vdr_play *play = vdr_alloc(1, sizeof *play);
    vdr_arena arena;
    vdr_arena_init(&arena, RESULTS_BYTES);
    for (size_t i = 0; i < script->test_count; i++) {
        vdr_arena_reset(&arena);
        vdr_play_test(script, &script->tests[i], ask->config, coverage, &arena, play);
        *(play->count == 0 ? &judgement->passed : &judgement->failed) += 1;
        for (size_t f = 0; f < play->count; f++) {
            tell(ask, &(vdr_judge_finding){.severity = VDR_LINT_ERROR,
                                           .code = "test-failed",
                                           .file = script->file,
                                           .line = play->at[f].place.line,
                                           .column = play->at[f].place.column,
                                           .text = play->at[f].words,
                                           .test = script->tests[i].name});
            vdr_page_put(words, "%.*s:%u:%u: %.*s\n%.*s\n", VDR_TEXT(script->file), play->at[f].place.line,
                         play->at[f].place.column, VDR_TEXT(script->tests[i].name),
                         VDR_TEXT(play->at[f].words));
        }
    }
    vdr_arena_done(&arena);
    free(play);
}

static void
judge_tests(const vdr_judge_ask *ask, vdr_bytes *words, vdr_judgement *judgement)
{
    vdr_coverage coverage;
    vdr_coverage_init(&coverage, ask->config);
    for (size_t i = 0; i < ask->test_count; i++) {
        vdr_config_faults faults;
        vdr_script *script = NULL;
        vdr_config_faults_init(&faults);
        vdr_err err = vdr_script_read(ask->tests[i].name, ask->tests[i].text, &faults, &script);
        if (err == VDR_OK)
            err = vdr_script_check(script, ask->config, &faults);
        for (size_t f = 0; f < faults.count; f++) {
            put_fault(&faults.at[f], words);
            tell(ask, &(vdr_judge_finding){.severity = VDR_LINT_ERROR,
                                           .code = "test-unreadable",
                                           .file = faults.at[f].name,
                                           .line = faults.at[f].line,
                                           .column = faults.at[f].column,
                                           .text = faults.at[f].message});
        }
        if (err == VDR_OK)
            judge_script(ask, script, &coverage, words, judgement);
        else
            judgement->fit = false;
        vdr_script_free(&script);
        vdr_config_faults_done(&faults);
    }
    vdr_coverage_count(&coverage);
    judgement->clauses = coverage.asked;
    judgement->tried = coverage.tried;
    judgement->fit &= judgement->failed == 0;
    vdr_coverage_done(&coverage);
}

void
vdr_judge(const vdr_judge_ask *ask, vdr_bytes *words, vdr_judgement *ret_judgement)
{
    vdr_judgement judgement = {.fit = true};
    judge_lint(ask, words, &judgement);
    judgement.clean = judgement.fit;
    judge_tests(ask, words, &judgement);
    *ret_judgement = judgement;
}
