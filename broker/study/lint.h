/* broker/study/lint.h - what is wrong with a configuration that is right: rules that cannot hold, rules that
 * another makes needless, clocks and lists that do not fit each other.
 *
 * Every finding has a code that never changes, a severity, a place, words, and advice. An error is something
 * that certainly does not do what it says; a warning most likely is a mistake, or hurts somebody; a note is
 * worth knowing. What is found follows from the three texts and `now` alone, in file order.
 *
 * Thread: any; pure. Memory: a lint's own until vdr_lint_free.
 * Limits: VDR_LINT_FINDINGS_MAX findings are kept; of more than VDR_LINT_RULES_MAX rules only the first are
 *         compared with each other. */
#ifndef VDR_STUDY_LINT_H
#define VDR_STUDY_LINT_H

#include "broker/door/config_read.h"

#define VDR_LINT_FINDINGS_MAX 512u
#define VDR_LINT_RULES_MAX    512u

typedef enum vdr_lint_severity {
    VDR_LINT_NOTE = 1,
    VDR_LINT_WARNING = 2,
    VDR_LINT_ERROR = 3
} vdr_lint_severity;

typedef struct vdr_lint_finding {
    const char *code; /* "never-holds" */
    vdr_lint_severity severity;
    vdr_span subject;       /* id of the rule, type, agency, … it is about; absent: the town */
    vdr_config_fault fault; /* file, place, source line, and message without code and severity */
    vdr_span advice;        /* what to do */
    bool allowed;           /* somebody said that it may stand */
} vdr_lint_finding;

typedef struct vdr_lint {
    vdr_lint_finding *at;
    size_t count;
    size_t more;      /* found besides, not kept */
    size_t counts[4]; /* by severity, of those that are not allowed */
    vdr_arena arena;
} vdr_lint;

/* texts: what config was read from. now: absences that are over by then are passed over; VDR_MS_NONE: none is. */
vdr_lint *vdr_lint_new(const vdr_config *config, const vdr_config_texts *texts, vdr_ms now);
void vdr_lint_free(vdr_lint **lint_p); /* NULL-safe */

/* Lets findings stand: "code" or "code:subject". False: there is no such code. Which were found plays no part. */
bool vdr_lint_allow(vdr_lint *lint, vdr_span allowed);
/* Is it fit to be used: neither errors nor warnings that are not allowed? */
bool vdr_lint_clean(const vdr_lint *lint);

const char *vdr_lint_severity_name(vdr_lint_severity severity);

/* Every code there is, with its severity and what it means in one line. NULL: there is none of that number. */
typedef struct vdr_lint_code {
    const char *code;
    vdr_lint_severity severity;
    const char *meaning;
} vdr_lint_code;
const vdr_lint_code *vdr_lint_code_at(size_t number);

#endif
