/* broker/study/script.h - a file of rule tests: what happens in a made-up town, and what must come of it.
 *
 *     config: ..                       # where town.yaml and the others are, from this file on; this is the default
 *     begin: 2026-01-05T09:00:00Z      # the instant of 0d; this is the default
 *     tests:
 *       - name: three domains open a case
 *         steps:
 *           - {at: 0d, signal: v1, type: nl.onderwijs.verzuim-gemeld.v1, household: A}
 *           - at: 20d
 *             signal: g1
 *             type: nl.veiligheid.huiselijk-geweld-gemeld.v1
 *             agency: politie
 *             persons: [{name: A, role: youth}]
 *             expect: [{case: A, rule: three-domains}, {message: case_offered, to: "regisseur:r-anna"}]
 *           - {advance: 42d, expect_not: [{overdue: v1}]}
 *
 * A step is at an instant (at, since begin; or advance, since the step before; or neither), does one thing or
 * only lets time pass, and expects things after that. Households, persons and addresses are names; who they are
 * is made up. Strict, like a configuration: everything that is wrong is told with its place.
 *
 * Thread: any. Memory: a script's own until vdr_script_free. Limits: VDR_CONF_BYTES_MAX a file, and below. */
#ifndef VDR_STUDY_SCRIPT_H
#define VDR_STUDY_SCRIPT_H

#include "broker/door/config_read.h"
#include "proto/yaml.h"

#define VDR_SCRIPT_NAMES_MAX 1000u /* persons, and addresses, of one test */
#define VDR_SCRIPT_STEPS_MAX 5000u /* of one test */

/* Something that must be known to the configuration. Without text: not said. */
typedef struct vdr_script_name {
    vdr_span text;
    const vdr_yaml *node;
} vdr_script_name;

typedef struct vdr_script_person {
    vdr_span name, role; /* role absent: none */
} vdr_script_person;

typedef enum vdr_script_act {
    VDR_SCRIPT_NOTHING = 0, /* time passes */
    VDR_SCRIPT_SIGNAL,      /* an agency signals */
    VDR_SCRIPT_WITHDRAW,    /* signal_withdrawn, and so on; of a signal */
    VDR_SCRIPT_END,
    VDR_SCRIPT_FEEDBACK,
    VDR_SCRIPT_ACCEPT, /* case_accepted, and so on; of the open case of a household */
    VDR_SCRIPT_DECLINE,
    VDR_SCRIPT_DISMISS,
    VDR_SCRIPT_CLOSE,
    VDR_SCRIPT_ASSIGN,
    VDR_SCRIPT_ACTS
} vdr_script_act;

/* What may be expected: of the state after the step (S), of what the step brought about (B), or of what a signal
 * came to (O). */
typedef enum vdr_script_kind {
    VDR_EXPECT_CASE = 0, /* S the household's newest case: open (or in that state), with these members */
    VDR_EXPECT_REGULAR,  /* O */
    VDR_EXPECT_ATTACHED, /* O */
    VDR_EXPECT_PROPOSED, /* O */
    VDR_EXPECT_REFUSED,  /* O with this code */
    VDR_EXPECT_OVERDUE,  /* S */
    VDR_EXPECT_HOLDS,    /* S the rule, for the household */
    VDR_EXPECT_LATCH,    /* S */
    VDR_EXPECT_WATCH,    /* B */
    VDR_EXPECT_MATCH,    /* B a match message to the agency */
    VDR_EXPECT_MESSAGE,  /* B */
    VDR_EXPECT_REVIEW,   /* B "these two may be one" */
    VDR_EXPECT_SAME,     /* S these are of one household */
    VDR_EXPECT_KINDS
} vdr_script_kind;

typedef struct vdr_script_expect {
    vdr_place place;
    vdr_script_kind kind;
    bool refuted;            /* of expect_not */
    vdr_script_name subject; /* household, signal, agency, message */
    vdr_script_name rule, service, regisseur, code, to;
    vdr_span signal;       /* of a message */
    vdr_case_state state;  /* 0: any open one */
    vdr_priority priority; /* NONE: any */
    vdr_names signals;     /* of a case, all of them in any order; at NULL: any */
    vdr_names names;       /* agencies of a match (at NULL: any); the two of review and same */
} vdr_script_expect;

typedef struct vdr_script_step {
    vdr_place place;
    int64_t at_ms; /* since begin */
    vdr_script_act act;
    vdr_script_name subject; /* id of the signal, or household */
    vdr_script_name type, agency, to;
    const vdr_script_person *persons;
    size_t person_count;
    vdr_span address, district, supersedes, result;
    uint8_t severity;      /* 0: not said */
    int64_t ago_ms;        /* it happened so long before it is told */
    int64_t act_before_ms; /* so long after it is told; 0: not said */
    const vdr_script_expect *expects;
    size_t expect_count;
} vdr_script_step;

typedef struct vdr_script_test {
    vdr_span name;
    vdr_place place;
    const vdr_script_step *steps;
    size_t step_count;
} vdr_script_test;

typedef struct vdr_script {
    vdr_span file, config; /* config as written, or ".." */
    vdr_ms begin;
    const vdr_script_test *tests;
    size_t test_count;
    vdr_arena arena, tree;
    vdr_config_texts texts; /* the file is the first; for faults */
} vdr_script;

/* text must outlive the script. BAD_CONFIG: the faults tell. */
VDR_MUST_CHECK vdr_err vdr_script_read(const char *file, vdr_span text, vdr_config_faults *faults,
                                       vdr_script **ret_script);
/* Is everything that it names in the configuration? BAD_CONFIG: the faults tell. */
VDR_MUST_CHECK vdr_err vdr_script_check(const vdr_script *script, const vdr_config *config,
                                        vdr_config_faults *faults);
void vdr_script_free(vdr_script **script_p); /* NULL-safe */

const char *vdr_script_kind_name(vdr_script_kind kind); /* as in a file: "case" */
const char *vdr_script_act_name(vdr_script_act act);    /* "signal" */

#endif
