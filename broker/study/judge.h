/* broker/study/judge.h - is a right configuration fit to be activated? Lint and its rule tests together.
 *
 * Takes as long as the tests take: a file of VDR_CONF_BYTES_MAX can hold some ten thousand steps. Not for a thread
 * that others wait for. Thread: any; pure. */
#ifndef VDR_STUDY_JUDGE_H
#define VDR_STUDY_JUDGE_H

#include "broker/study/lint.h"
#include "proto/bytes.h"

typedef struct vdr_judge_test {
    const char *name; /* of the file, for words */
    vdr_span text;
} vdr_judge_test;

/* One thing that was found. Spans live through the call. */
typedef struct vdr_judge_finding {
    vdr_lint_severity severity;
    const char *code; /* of lint; "allowed", "test-unreadable", "test-failed" */
    vdr_span subject; /* of lint: the rule, type, agency, … it is about; absent: the town */
    vdr_span file;    /* absent: of none */
    uint32_t line, column;
    vdr_span text, advice; /* advice absent: none */
    vdr_span test;         /* its name, where one failed */
    bool allowed;
} vdr_judge_finding;

typedef struct vdr_judge_ask {
    const vdr_config *config;
    const vdr_config_texts *texts; /* that it was read from */
    vdr_ms now;                    /* absences that are over by then are no matter */
    const vdr_span *allowed;       /* findings of lint that may stand: "code" or "code:subject" */
    size_t allowed_count;
    const vdr_judge_test *tests; /* their `config` plays no part: they are about this one */
    size_t test_count;
    void (*found)(void *context, const vdr_judge_finding *finding); /* NULL: words are enough */
    void *context;
} vdr_judge_ask;

typedef struct vdr_judgement {
    bool clean; /* no errors and warnings that are not allowed */
    bool fit;   /* no errors and warnings that are not allowed, and no test that failed or cannot be read */
    size_t errors, warnings, notes;
    size_t passed, failed;
    size_t clauses, tried; /* of the rules, by the tests */
} vdr_judgement;

/* words: errors and warnings as a compiler tells them, and what the tests that failed show, appended. */
void vdr_judge(const vdr_judge_ask *ask, vdr_bytes *words, vdr_judgement *ret_judgement);

#endif
