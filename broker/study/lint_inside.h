/* broker/study/lint_inside.h - what the parts of lint share. Thread: one. */
#ifndef VDR_STUDY_LINT_INSIDE_H
#define VDR_STUDY_LINT_INSIDE_H

#include "broker/study/lint.h"
#include "broker/study/page.h"
#include "broker/study/places.h"
#include "broker/study/reach.h"

typedef enum vdr_lint_id {
    VDR_LINT_NEVER_HOLDS,
    VDR_LINT_ALWAYS_PRECEDED,
    VDR_LINT_SAME_RULE,
    VDR_LINT_ONE_AGENCY_ALONE,
    VDR_LINT_WINDOW_LONGER_THAN_RETENTION,
    VDR_LINT_WINDOW_WITHOUT_EFFECT,
    VDR_LINT_CLAUSE_WITHOUT_EFFECT,
    VDR_LINT_FILTER_WITHOUT_TYPE,
    VDR_LINT_PURPOSE_WITHOUT_TYPE,
    VDR_LINT_NOBODY_IS_TOLD,
    VDR_LINT_TYPE_IN_NO_RULE,
    VDR_LINT_PURPOSE_IN_NO_RULE,
    VDR_LINT_TYPE_WITHOUT_AGENCY,
    VDR_LINT_DOMAIN_WITHOUT_TYPE,
    VDR_LINT_COUNTS_AFTER_RETENTION,
    VDR_LINT_FOLLOW_UP_TOO_LATE,
    VDR_LINT_PAIR_WITHOUT_TYPE,
    VDR_LINT_PAIR_IN_NO_RULE,
    VDR_LINT_AGENCY_WITHOUT_TYPE,
    VDR_LINT_CONVENANT_ENDED,
    VDR_LINT_CONVENANT_ENDS_SOON,
    VDR_LINT_SERVICE_WITHOUT_SIGNALS,
    VDR_LINT_NO_REGISSEUR,
    VDR_LINT_NO_REGISSEUR_EVERYWHERE,
    VDR_LINT_NOBODY_PRESENT,
    VDR_LINT_DISTRICT_NOBODY_PRESENT,
    VDR_LINT_ACCEPT_ORDER,
    VDR_LINT_GUARD_OF_NOBODY,
    VDR_LINT_NO_CASE_RULE,
    VDR_LINT_TOO_MANY_RULES,
    VDR_LINT_CODES
} vdr_lint_id;

typedef struct vdr_linter {
    vdr_lint *lint;
    const vdr_config *config;
    const vdr_config_texts *texts;
    vdr_places places;
    vdr_ms now;
} vdr_linter;

/* Says it. Message and advice are one text with a line end between. */
__attribute__((format(printf, 6, 7))) void vdr_lint_say(vdr_linter *linter, vdr_lint_id id,
                                                        vdr_config_file file, vdr_place place,
                                                        vdr_span subject, const char *format, ...);

/* "90d", "36h": a duration as one writes it. */
#define VDR_DURATION_TEXT_BYTES 24
const char *vdr_lint_duration(int64_t ms, char ret_text[VDR_DURATION_TEXT_BYTES]);

void vdr_lint_rules(vdr_linter *linter); /* lint_rule.c */
void vdr_lint_town(vdr_linter *linter);  /* lint_town.c: catalogue and town */

#endif
