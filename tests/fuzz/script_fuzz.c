/* Law: any bytes are read as rule tests, or refused with at least one fault; what fits the town is played to the
 * end, whatever it says, and the same bytes give the same. */
#include "broker/study/play.h"
#include "proto/limits.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 64u /* in all: long plays find nothing that short ones do not */

static const char town[] =
    "municipality: GM9901\nidentity: {address_match: join, max_persons: 3}\n"
    "clocks: {future: 10m, late: 60d, cooldown: 9d, sticky: 9d, retry: 1h, accept: {urgent: 4h, high: 1d, "
    "normal: 3d}}\n"
    "may_combine: [[youth, care]]\nagencies:\n  - {id: a, kind: k, source: \"urn:a\", sees_match: true}\n"
    "  - {id: b, kind: l, source: \"urn:b\", sees_match: true}\nservices: [{id: s, domains: [\"*\"]}]\n"
    "regisseurs: [{id: r, districts: [\"*\"], capacity: 1, hard_capacity: 1}]\ncoordinators: [c]\n";
static const char catalogue[] =
    "domains: {d: money, e: by_role}\ntypes:\n"
    "  t: {domain: d, agencies: [k, l], severity: 2, kind: event, counts_for: 60d, retain: 90d, purpose: "
    "youth, "
    "legal_basis: A, follow_up: 1d}\n"
    "  u: {domain: e, agencies: [l], severity: 3, kind: state, counts_for: 60d, retain: 90d, purpose: care, "
    "legal_basis: A}\n";
static const char rules[] =
    "rules:\n  - {id: c1, text: x, level: case, priority: normal, purposes: [youth, care], over: 30d, "
    "at_least: "
    "{domains: 2, agencies: 2}}\n"
    "  - {id: o1, text: x, level: case, priority: high, purposes: [youth], at_least: {overdue: 2}}\n"
    "  - {id: m1, text: x, level: coordinate, purposes: [youth, care], at_least: {signals: 2}, within_same: "
    "person}\n"
    "  - {id: w1, text: x, level: watch, purposes: [care], where: {roles: [youth]}, at_least: {days: 2}, "
    "spread: 2d}\n";

static vdr_config *
config_of_town(void)
{
    const vdr_config_texts texts = {
        .name = {vdr_span_str("town.yaml"), vdr_span_str("catalogue.yaml"), vdr_span_str("rules.yaml")},
        .text = {vdr_span_str(town), vdr_span_str(catalogue), vdr_span_str(rules)}};
    vdr_config_faults faults;
    vdr_config *config = NULL;
    vdr_config_faults_init(&faults);
    VDR_ASSERT(vdr_config_read(&texts, &faults, &config) == VDR_OK);
    vdr_config_faults_done(&faults);
    return config;
}

/* A number that every failure goes into. */
static uint64_t
play_all(const vdr_script *script, const vdr_config *config)
{
    vdr_coverage coverage;
    vdr_arena arena;
    size_t steps = 0;
    uint64_t sum = 0;
    vdr_coverage_init(&coverage, config);
    vdr_arena_init(&arena, (size_t)64 * 1024 * 1024);
    for (size_t i = 0; i < script->test_count; i++) {
        vdr_play play;
        steps += script->tests[i].step_count;
        if (steps > STEPS_MAX)
            break;
        vdr_play_test(script, &script->tests[i], config, &coverage, &arena, &play);
        for (size_t f = 0; f < play.count; f++) {
            VDR_ASSERT(play.at[f].words.len != 0 && play.at[f].words.at[0] == '-' &&
                       play.at[f].place.line != 0 && vdr_span_is_utf8(play.at[f].words));
            for (size_t b = 0; b < play.at[f].words.len; b++)
                sum = sum * 31 + play.at[f].words.at[b];
        }
    }
    vdr_coverage_count(&coverage);
    VDR_ASSERT(coverage.tried <= coverage.asked);
    sum = sum * 31 + coverage.tried;
    vdr_coverage_done(&coverage);
    vdr_arena_done(&arena);
    return sum;
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const uint8_t none[1] = {0};
    static vdr_config *config;
    vdr_config_faults faults;
    vdr_script *script = NULL;

    if (config == NULL)
        config = config_of_town();
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_script_read("tests.yaml", vdr_span_of(len != 0 ? at : none, len), &faults, &script);
    VDR_ASSERT((err == VDR_OK) == (faults.count == 0) && (err == VDR_OK) == (script != NULL));
    if (err == VDR_OK) {
        err = vdr_script_check(script, config, &faults);
        VDR_ASSERT((err == VDR_OK) == (faults.count == 0));
    }
    if (err == VDR_OK)
        VDR_ASSERT(play_all(script, config) == play_all(script, config));
    for (size_t i = 0; i < faults.count; i++)
        VDR_ASSERT(faults.at[i].line >= 1 && faults.at[i].column >= 1 && faults.at[i].message.len != 0 &&
                   vdr_span_is_utf8(faults.at[i].message));
    vdr_script_free(&script);
    vdr_config_faults_done(&faults);
    return 0;
}
