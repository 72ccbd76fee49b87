/* broker/desk/report.h - what operators are told of rules, queues, cases, follow-ups and agencies (protocol.md 7.8).
 *
 * A report is made of a tally of the log, names and capacities of the state, and for agencies the refusals of the
 * day. No person is in any: cases and households by number, parties by id.
 *
 * Thread: one; pure. Memory: rows are in their arena. */
#ifndef VDR_BROKER_REPORT_H
#define VDR_BROKER_REPORT_H

#include "broker/core/view.h"
#include "broker/gauge/refusals.h"
#include "broker/history/rows.h"
#include "broker/study/tally.h"
#include "broker/history/survey.h"

typedef enum vdr_report_kind {
    VDR_REPORT_QUEUES = 1,
    VDR_REPORT_CASES = 2, /* those that are stuck */
    VDR_REPORT_FOLLOW_UP = 3,
    VDR_REPORT_RULES = 4,
    VDR_REPORT_AGENCIES = 5
} vdr_report_kind;

vdr_report_kind vdr_report_kind_of(vdr_span name); /* "queues", "cases", …; 0: none */

typedef struct vdr_report_world {
    const vdr_core *core;
    const vdr_tally *tally;       /* after vdr_tally_survey */
    vdr_ms now;                   /* log time, or the wall where that is later */
    const vdr_survey_mail *mails; /* of every mailbox, by number from 1 on */
    size_t mail_count;
    const vdr_refusals *refusals; /* NULL: none */
    int64_t refusal_hour;
} vdr_report_world;

void vdr_report_make(vdr_report_kind kind, const vdr_report_world *world, vdr_rows *rows);

/* Why an open case does not go on; NULL: it does. Also what a row says in "next". */
const char *vdr_report_stuck(const vdr_tally_case *of, vdr_ms now, const char **ret_next);

/* How an agency's silence is to be read. */
typedef enum vdr_quiet { VDR_QUIET_LEARNING = 1, VDR_QUIET_NO, VDR_QUIET_SLOW, VDR_QUIET_YES } vdr_quiet;
vdr_quiet vdr_report_quiet(const vdr_tally_agency *agency, vdr_ms now);

/* The parts, by file. */
void vdr_report_queues(const vdr_report_world *world, vdr_rows *rows);
void vdr_report_cases(const vdr_report_world *world, vdr_rows *rows);

#endif
