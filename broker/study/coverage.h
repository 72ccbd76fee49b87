/* broker/study/coverage.h - which clauses of the rules did the tests try?
 *
 * A clause is tried when the tests saw it make the difference both ways:
 *   - a measure, spread, within_same: the rule held with it; and the rule did not hold for it alone, with all
 *     other clauses reached;
 *   - a filter, over, purposes: it let a counted signal in; and it kept a signal out;
 *   - the rule: it did what it is for (a case was proposed by it, it was told, it was noted); and it did not hold.
 * What cannot make a difference (what lint calls without effect) is not asked for.
 *
 * Thread: one at a time. */
#ifndef VDR_STUDY_COVERAGE_H
#define VDR_STUDY_COVERAGE_H

#include "broker/core/config.h"
#include "proto/explain.h"

typedef enum vdr_cover {
    VDR_COVER_FIRST_MEASURE = 0, /* a vdr_measure */
    VDR_COVER_SPREAD = VDR_MEASURES,
    VDR_COVER_WITHIN,
    VDR_COVER_OVER,
    VDR_COVER_PURPOSES,
    VDR_COVER_TYPES,
    VDR_COVER_DOMAINS,
    VDR_COVER_AGENCIES,
    VDR_COVER_ROLES,
    VDR_COVER_SEVERITY,
    VDR_COVER_RULE,
    VDR_COVERS
} vdr_cover;

typedef struct vdr_covered {
    bool asked;   /* the rule has such a clause, and it can make a difference */
    bool yes, no; /* seen */
} vdr_covered;

typedef struct vdr_coverage {
    const vdr_config *config;
    vdr_covered (*rules)[VDR_COVERS]; /* by rule, in file order */
    size_t asked, tried;              /* of vdr_coverage_count */
} vdr_coverage;

void vdr_coverage_init(vdr_coverage *coverage, const vdr_config *config);
void vdr_coverage_done(vdr_coverage *coverage);

/* A household as it is explained, with all rules. */
void vdr_coverage_look(vdr_coverage *coverage, const vdr_explanation *explanation);
/* The rule did what it is for. */
void vdr_coverage_fired(vdr_coverage *coverage, vdr_span rule);
/* Sums up. */
void vdr_coverage_count(vdr_coverage *coverage);

const char *vdr_cover_name(vdr_cover cover); /* "domains", "where.types", "rule" */
/* What was not seen, in words: "never was what was missing"; NULL: it was tried. */
const char *vdr_coverage_lacks(const vdr_covered *covered, vdr_cover cover);

#endif
