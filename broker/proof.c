#include "broker/proof.h"

#include "broker/study/lint.h"
#include "broker/study/play.h"

#include <stdio.h>
#include <stdlib.h>

#define PROOF_BYTES (64u * 1024 * 1024)
#define WORDS_BYTES 1024u /* of a problem (protocol.md) */

void
vdr_proof_init(vdr_proof *proof)
{
    *proof = (vdr_proof){.count = 0};
    vdr_arena_init(&proof->arena, PROOF_BYTES);
}

void
vdr_proof_done(vdr_proof *proof)
{
    vdr_arena_done(&proof->arena);
}

/* No part of a character is left at the end. */
static vdr_span
shortened(vdr_span text)
{
    if (text.len <= WORDS_BYTES)
        return text;
    text.len = WORDS_BYTES;
    while (text.len > 0 && (text.at[text.len] & 0xc0) == 0x80)
        text.len--;
    return text;
}

static void
add(vdr_proof *proof, vdr_span file, uint32_t line, uint32_t column, vdr_span words)
{
    if (proof->count == VDR_PROOF_PROBLEMS_MAX) {
        proof->more++;
        return;
    }
    vdr_wire_problem *problem = &proof->at[proof->count++];
    *problem = (vdr_wire_problem){.line = line, .column = column};
    problem->file = vdr_arena_copy(&proof->arena, shortened(file));
    problem->text = vdr_arena_copy(&proof->arena, shortened(words));
}

static void
add_faults(vdr_proof *proof, const vdr_config_faults *faults)
{
    for (size_t i = 0; i < faults->count; i++)
        add(proof, faults->at[i].name, faults->at[i].line, faults->at[i].column, faults->at[i].message);
    proof->more += faults->more;
}

static void
lint(vdr_proof *proof, const vdr_config *config, const vdr_config_texts *texts, const vdr_span *allowed,
     size_t allowed_count, vdr_ms now)
{
    vdr_lint *found = vdr_lint_new(config, texts, now);
    for (size_t i = 0; i < allowed_count; i++)
        if (!vdr_lint_allow(found, allowed[i]))
            add(proof, vdr_span_str("rules.yaml"), 1, 1,
                vdr_span_str("a finding is allowed that lint does not know"));
    for (size_t i = 0; i < found->count; i++) {
        const vdr_lint_finding *finding = &found->at[i];
        if (finding->allowed || finding->severity < VDR_LINT_WARNING)
            continue;
        char words[WORDS_BYTES + 1];
        int len =
            snprintf(words, sizeof words, "%s: %s: %.*s; %.*s", vdr_lint_severity_name(finding->severity),
                     finding->code, (int)finding->fault.message.len, (const char *)finding->fault.message.at,
                     (int)finding->advice.len, (const char *)finding->advice.at);
        size_t used = len < 0 ? 0 : (size_t)len < sizeof words ? (size_t)len : sizeof words - 1;
        add(proof, finding->fault.name, finding->fault.line, finding->fault.column, vdr_span_of(words, used));
    }
    vdr_lint_free(&found);
}

static void
play(vdr_proof *proof, const vdr_script *script, const vdr_config *config, vdr_coverage *coverage)
{
    vdr_play *played = vdr_alloc(1, sizeof *played);
    for (size_t i = 0; i < script->test_count; i++) {
        vdr_arena arena;
        vdr_arena_init(&arena, PROOF_BYTES);
        vdr_play_test(script, &script->tests[i], config, coverage, &arena, played);
        proof->tests++;
        for (size_t j = 0; j < played->count; j++) {
            char words[WORDS_BYTES + 1];
            int len = snprintf(words, sizeof words, "test \"%.*s\":\n%.*s", (int)script->tests[i].name.len,
                               (const char *)script->tests[i].name.at, (int)played->at[j].words.len,
                               (const char *)played->at[j].words.at);
            size_t used = len < 0 ? 0 : (size_t)len < sizeof words ? (size_t)len : sizeof words - 1;
            add(proof, script->file, played->at[j].place.line, played->at[j].place.column,
                vdr_span_of(words, used));
        }
        vdr_arena_done(&arena);
    }
    free(played);
}

static void
test(vdr_proof *proof, const vdr_wire_file *file, const vdr_config *config, vdr_coverage *coverage)
{
    vdr_config_faults faults;
    vdr_script *script = NULL;
    vdr_span name = vdr_arena_copy(&proof->arena, file->name); /* terminated */
    vdr_config_faults_init(&faults);
    vdr_err err = name.at != NULL ? vdr_script_read((const char *)name.at, file->text, &faults, &script)
                                  : VDR_E_NO_MEMORY;
    if (err == VDR_OK)
        err = vdr_script_check(script, config, &faults);
    add_faults(proof, &faults);
    if (err == VDR_OK)
        play(proof, script, config, coverage);
    vdr_script_free(&script);
    vdr_config_faults_done(&faults);
}

vdr_err
vdr_proof_run(vdr_proof *proof, const vdr_config_texts *texts, const vdr_wire_file *tests, size_t test_count,
              const vdr_span *allowed, size_t allowed_count, vdr_ms now)
{
    vdr_config_faults faults;
    vdr_config *config = NULL;
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_config_read(texts, &faults, &config);
    add_faults(proof, &faults);
    vdr_config_faults_done(&faults);
    if (err != VDR_OK)
        return err;
    vdr_coverage coverage;
    vdr_coverage_init(&coverage, config);
    lint(proof, config, texts, allowed, allowed_count, now);
    for (size_t i = 0; i < test_count; i++)
        test(proof, &tests[i], config, &coverage);
    vdr_coverage_done(&coverage);
    vdr_config_free(&config);
    if (proof->arena.overflow)
        return VDR_E_NO_MEMORY;
    return proof->count != 0 ? VDR_E_BAD_CONFIG : VDR_OK;
}
