/* broker/study/compare.h - the cases of two histories side by side: new, gone and changed ones, by rule, district,
 * regisseur and week.
 *
 * Of each household the cases opened since from are paired: those that the same record opened; else those that were
 * open at the same time; else none. A pair is the same, or changed where it was opened at another time, by other
 * rules, or with another priority. One that has another regisseur only is counted besides: that is what follows from
 * other loads.
 *
 * Thread: one; pure. Memory: the comparison's own; pointers to cases are into the books, which outlive it. */
#ifndef VDR_STUDY_COMPARE_H
#define VDR_STUDY_COMPARE_H

#include "broker/study/book.h"

typedef enum vdr_difference { VDR_CASE_SAME, VDR_CASE_NEW, VDR_CASE_GONE, VDR_CASE_CHANGED } vdr_difference;

enum { /* what changed; bits */
       VDR_CHANGED_EARLIER = 1,
       VDR_CHANGED_LATER = 2,
       VDR_CHANGED_RULES = 4,
       VDR_CHANGED_PRIORITY = 8
};

typedef struct vdr_compare_pair {
    const vdr_book_case *before, *after; /* NULL: there is none; never both */
    vdr_difference difference;
    unsigned changed;
    bool other_regisseur;
} vdr_compare_pair;

/* Cases of one rule, district, regisseur or week. A case of several rules counts for each. */
typedef struct vdr_compare_line {
    uint32_t word;
    uint64_t before, after;           /* cases opened; regisseur: taken */
    uint64_t fresh, gone, changed;    /* rule and district */
    uint64_t told_before, told_after; /* rule: watch lines and match messages */
    uint64_t peak_before, peak_after; /* regisseur: the most at once; week: open at its end */
    vdr_ms at;                        /* week: its begin */
} vdr_compare_line;

typedef struct vdr_compare_lines {
    vdr_compare_line *at;
    size_t count, size;
} vdr_compare_lines;

typedef struct vdr_compare {
    vdr_book_words words;
    vdr_compare_pair *pairs; /* by household, then time */
    size_t pair_count, pair_size;
    uint64_t before, after, same, fresh, gone, changed, other_regisseur;
    uint64_t earlier, later, rules_changed, priority_changed;
    vdr_compare_lines rules, districts, regisseurs; /* by name */
    vdr_compare_lines weeks;                        /* by time */
} vdr_compare;

/* until: the last log time of both. */
void vdr_compare_make(const vdr_book *before, const vdr_book *after, vdr_ms from, vdr_ms until,
                      vdr_compare *ret_compare);
void vdr_compare_done(vdr_compare *compare);

#endif
