/* broker/study/tally.h - figures of a whole log, counted record by record: what became of signals and cases, by
 * rule, agency, service and regisseur.
 *
 * A tally is fed the records of a log in order, each a command and the tale of what it did, and steps nothing: a
 * second state of the town is not needed. Two tallies fed the same records are equal, so there is no counter that
 * could drift from the log (quality.md I19). What was refused is not in the log, and so not here.
 *
 * What it remembers besides figures is bounded by the town, not by the log: open cases, signals whose follow-up
 * is not answered, eight weeks of hours for each agency. Names are numbers of the core's name table, as in tales.
 * It knows households and cases by their numbers, and no person.
 *
 * Of a log that was cut, or of which records were erased, what is gone is not counted. A case that such a record opened is known
 * from its next line on, and one that such a record ended stays open here: the state knows better (broker/desk/report.h).
 *
 * Thread:  one at a time. Memory: its own. Errors: STORE_CORRUPT, a tale that is none. */
#ifndef VDR_STUDY_TALLY_H
#define VDR_STUDY_TALLY_H

#include "broker/core/command.h"
#include "broker/core/effect.h"
#include "proto/assert.h"

#define VDR_TALLY_WEEKS      8u   /* that the rhythm of an agency is learned from */
#define VDR_TALLY_WEEK_HOURS 168u /* in UTC; an hour's number since 1970 modulo this is its place in a week */
#define VDR_TALLY_DAYS       7u   /* that the clock of an agency is looked at */
#define VDR_HOUR_MS          INT64_C(3600000)

/* Of the cases that a rule, an agency, or both had part in. A case was judged when its regisseur accepted it or
 * it was dismissed; what came last counts. */
typedef struct vdr_tally_cases {
    uint64_t proposed, accepted, dismissed;
    uint64_t retracted, merged; /* without judgement, and so is what is still open */
} vdr_tally_cases;

typedef struct vdr_tally_rule {
    vdr_name name;
    vdr_tally_cases cases;
    uint64_t matches,
        watched; /* coordinate, watch: how often it held and took its latch, and somebody heard */
    vdr_position match_position; /* of the last one: a match tells several agencies */
} vdr_tally_rule;

/* A rule of the configuration, as signals come by. */
typedef struct vdr_tally_look {
    char id[129];
    uint64_t evaluations; /* signals accepted in time that its own filters and purposes let count */
} vdr_tally_look;

typedef struct vdr_tally_agency {
    char id[129];
    bool current;                         /* in the configuration that holds */
    uint64_t signals, acts;               /* accepted */
    uint64_t attached, proposed, regular; /* what became of the signals at once */
    uint64_t late;                        /* signals that happened long before (clocks.late) */
    uint64_t withdrawn;                   /* by a command, or superseded */
    vdr_ms first_at, last_at;             /* log time of its signals; VDR_MS_NONE: none */
    int64_t behind_ms[VDR_TALLY_DAYS];    /* smallest log time - event time of a day; INT64_MAX: no signal */
    int64_t day;                          /* the newest of those */
    uint16_t hours[VDR_TALLY_WEEKS * VDR_TALLY_WEEK_HOURS]; /* signals, by hour modulo; at most 65535 */
    int64_t hour;                                           /* the newest of those */
    vdr_tally_cases cases;                                  /* that a signal of it helped to propose */
    /* numbers that it gives its events (the CloudEvents extension sequence), where it does */
    uint64_t sequenced, sequence_last, sequence_missing;
} vdr_tally_agency;

typedef struct vdr_tally_pair { /* a rule and an agency that made cases together */
    uint32_t rule, agency;      /* places in their arrays */
    vdr_tally_cases cases;
} vdr_tally_pair;

typedef struct vdr_tally_case { /* an open one */
    uint64_t number, household;
    vdr_case_state state;
    vdr_priority priority;
    vdr_name regisseur; /* 0: none */
    vdr_ms opened_at;   /* VDR_MS_NONE: its beginning is gone, and its rules and agencies are not known */
    vdr_ms moved_at;
    vdr_ms accept_due; /* while offered */
    uint32_t refusals; /* declined, or not accepted in time */
    uint32_t attached; /* signals since its proposal */
    uint32_t plans;
    uint32_t escalations;
    vdr_change judged; /* ACCEPTED or DISMISSED; 0: not yet */
    uint32_t *rules;   /* places */
    uint32_t *agencies;
    uint32_t rule_count, agency_count;
} vdr_tally_case;

/* A signal whose type asks for a follow-up, until the feedback comes, it is withdrawn, or it leaves. */
typedef struct vdr_tally_follow {
    vdr_position position;
    int64_t follow_up_ms;
    vdr_ms due;       /* VDR_MS_NONE: it was never with a service */
    vdr_ms leaves_at; /* semantics section 10 */
    uint64_t id_hash;
    uint32_t agency;
    uint32_t service;     /* number of its mailbox */
    bool overdue;         /* a coordinator was told */
    uint64_t case_number; /* the open case that has it; 0: none */
} vdr_tally_follow;

typedef struct vdr_tally_service {
    uint32_t mailbox;
    uint64_t regular;         /* signals routed to it */
    uint64_t in_time, late;   /* answered */
    uint64_t withdrawn, left; /* without an answer */
    /* set by vdr_tally_survey: those of vdr_tally_follow */
    uint64_t waiting, overdue, taken;
} vdr_tally_service;

typedef struct vdr_tally vdr_tally;

vdr_tally *vdr_tally_new(void);
void vdr_tally_free(vdr_tally **tally_p); /* NULL-safe */

/* What held before the first record fed, of a log that was cut; as a command CONFIG. */
void vdr_tally_configure(vdr_tally *tally, const vdr_config *config);

/* A record. The configuration of a command CONFIG must live until the next one was fed, or the tally is freed. */
VDR_MUST_CHECK vdr_err vdr_tally_record(vdr_tally *tally, vdr_position position, const vdr_command *command,
                                        vdr_span tale);

/* The event of the record just fed has this number in its agency's own numbering. One that is passed over is
 * missing until it comes; a number far below the last begins a new numbering. */
void vdr_tally_sequence(vdr_tally *tally, vdr_span source, uint64_t number);

/* Counts what only is counted over what is remembered, as of log time at: follow-ups of each service. */
void vdr_tally_survey(vdr_tally *tally, vdr_ms at);

/* ---- Look: valid until the next record */

vdr_position vdr_tally_first(const vdr_tally *tally); /* record fed; 0: none */
vdr_position vdr_tally_last(const vdr_tally *tally);
vdr_ms vdr_tally_from(const vdr_tally *tally); /* the first log time told; VDR_MS_NONE: none */
vdr_ms vdr_tally_at(const vdr_tally *tally);   /* and of the last */

size_t vdr_tally_rules(const vdr_tally *tally, const vdr_tally_rule **ret_rules);
size_t vdr_tally_looks(const vdr_tally *tally, const vdr_tally_look **ret_looks);
size_t vdr_tally_agencies(const vdr_tally *tally, const vdr_tally_agency **ret_agencies);
size_t vdr_tally_pairs(const vdr_tally *tally, const vdr_tally_pair **ret_pairs);
size_t vdr_tally_services(const vdr_tally *tally, const vdr_tally_service **ret_services);
size_t vdr_tally_cases_open(const vdr_tally *tally, const vdr_tally_case **ret_cases);
const vdr_tally_case *vdr_tally_case_of(const vdr_tally *tally,
                                        uint64_t number); /* an open one; NULL: none */

/* ---- What a rhythm says */

/* Signals in the hours that ended at or before the newest, so many of them. */
uint64_t vdr_tally_recent(const vdr_tally_agency *agency, vdr_ms now, uint32_t hours);
/* How many weeks it is known, at most VDR_TALLY_WEEKS: whole ones between its first and its last signal. */
uint32_t vdr_tally_weeks(const vdr_tally_agency *agency);
/* How many thousandths of signals it would have sent since its last one, by the same hours of the weeks that are
 * known. 0 where fewer than two are. */
uint64_t vdr_tally_expected(const vdr_tally_agency *agency, vdr_ms now);
/* The smallest log time - event time of the last days: below 0 its clock is ahead. INT64_MAX: no signal. */
int64_t vdr_tally_behind(const vdr_tally_agency *agency, vdr_ms now);

#endif
