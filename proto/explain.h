/* proto/explain.h - why a household is where it is: what the core says when it is asked (broker/core/explain.h),
 * what an answer carries (protocol.md 7.6) and what the command line shows. Plain values.
 *
 * No person is in it: signals are named by source and id, persons that a rule groups by are counted 1, 2, 3.
 *
 * Memory:  spans and arrays belong to whoever filled the value in.
 * Absent:  a span without bytes, 0 for numbers, VDR_MS_NONE for an instant where a comment says so. */
#ifndef VDR_PROTO_EXPLAIN_H
#define VDR_PROTO_EXPLAIN_H

#include "proto/decision.h"
#include "proto/types.h"
#include "proto/words.h"

/* What a rule makes of a signal, now (semantics section 6). Numbers are sent: add at the end. */
typedef enum vdr_use {
    VDR_USE_NONE = 0,
    VDR_USE_COUNTED = 1,    /* in the counted set; the rule holds if its clauses are reached */
    VDR_USE_GROUP = 2,      /* counted, but in no group that holds while another group does */
    VDR_USE_WITHDRAWN = 3,  /* by its agency */
    VDR_USE_SUPERSEDED = 4, /* by a later signal of its agency */
    VDR_USE_NOT_YET = 5,    /* it happens later */
    VDR_USE_OVER = 6,       /* it counted for as long as its type does */
    VDR_USE_ENDED = 7,      /* a state that its agency ended */
    VDR_USE_WINDOW = 8,     /* it lies before the rule's `over` */
    VDR_USE_PURPOSE = 9,    /* not one of the rule's purposes */
    VDR_USE_TYPE = 10,      /* the rule's `where` does not have its type, and so on */
    VDR_USE_DOMAIN = 11,
    VDR_USE_AGENCY = 12,
    VDR_USE_SEVERITY = 13,
    VDR_USE_ROLE = 14,
    VDR_USE_SILENCED = 15, /* its agency is silenced for a while */
    VDR_USE_HELD = 16      /* an objection or a restriction stands (protocol.md 5.10) */
} vdr_use;
#define VDR_USE_LAST VDR_USE_HELD

/* What stands in the way of a case out of a case rule that holds (section 7 step 4). */
typedef enum vdr_barred {
    VDR_BARRED_NOT = 0,
    VDR_BARRED_OPEN_CASE = 1,   /* the household has one */
    VDR_BARRED_COOLDOWN = 2,    /* the last case ended not long ago */
    VDR_BARRED_NOTHING_NEW = 3, /* no signal of the support came after the last case ended */
    VDR_BARRED_PAUSED = 4       /* the rule is paused, of whatever level */
} vdr_barred;

/* Which step of Assign found the regisseur (section 8). */
typedef enum vdr_assign_step {
    VDR_ASSIGN_NONE = 0, /* nothing was to be assigned */
    VDR_ASSIGN_STICKY = 1,
    VDR_ASSIGN_DISTRICT = 2,
    VDR_ASSIGN_ANYWHERE = 3,
    VDR_ASSIGN_NOBODY = 4
} vdr_assign_step;

/* Why Assign takes or passes over a regisseur, the first that applies (section 8). */
typedef enum vdr_why {
    VDR_WHY_CHOSEN = 1,
    VDR_WHY_REFUSED = 2, /* declined this case, or let the offer pass */
    VDR_WHY_ABSENT = 3,
    VDR_WHY_FULL = 4,     /* load at hard_capacity */
    VDR_WHY_STICKY = 5,   /* the regisseur of the last case goes before */
    VDR_WHY_DISTRICT = 6, /* another one has the district */
    VDR_WHY_LOAD = 7,     /* the chosen one has less load to capacity */
    VDR_WHY_EXPERTISE = 8,
    VDR_WHY_ID = 9,       /* equal in all; the smaller id */
    VDR_WHY_CONFLICT = 10 /* may not have to do with this household (protocol.md 5.10) */
} vdr_why;
#define VDR_WHY_LAST VDR_WHY_CONFLICT

typedef enum vdr_due_kind {
    VDR_DUE_FOLLOW_UP = 1, /* a signal becomes overdue */
    VDR_DUE_ACCEPT = 2,    /* an offer ends */
    VDR_DUE_RETRY = 3      /* unassigned cases are assigned again */
} vdr_due_kind;

/* A measure of at_least, or spread (the last); spread's numbers are milliseconds. */
#define VDR_CLAUSE_SPREAD VDR_MEASURES

typedef struct vdr_explained_clause {
    uint32_t clause; /* vdr_measure or VDR_CLAUSE_SPREAD */
    uint64_t value, least;
    bool reached;
    bool or_more; /* persons: one signal alone names as many as are asked, so they were not all counted */
} vdr_explained_clause;

/* What is counted together. A rule without within_same has one group without a name. */
typedef struct vdr_explained_group {
    vdr_span name;   /* domain, type or agency */
    uint32_t person; /* within_same person: 1, 2, 3 in the order in which signals named them */
    bool holds;
    const vdr_explained_clause *clauses;
    size_t clause_count;
} vdr_explained_group;

typedef struct vdr_explained_use {
    vdr_use use;
    vdr_ms
        until; /* COUNTED, GROUP: until then; OVER, ENDED, WINDOW: it was until then; NOT_YET: from then on;
                   * else VDR_MS_NONE */
} vdr_explained_use;

typedef struct vdr_explained_rule {
    vdr_span id, text;
    vdr_level level;
    vdr_priority priority;
    bool holds;
    int64_t over_ms; /* 0: not asked */
    vdr_within within;
    const vdr_explained_group *groups;
    size_t group_count;
    uint32_t groups_more; /* that are not listed */
    uint32_t nearest;     /* 1 ..: the group that lacks least, where the rule does not hold; 0: none */
    const vdr_explained_use *uses; /* of each signal listed, in their order */
    size_t use_count;
    uint32_t counted; /* signals in the counted set, listed or not */
    vdr_barred barred;
    vdr_ms barred_until; /* COOLDOWN, PAUSED; else VDR_MS_NONE */
    bool latched;        /* watch and coordinate: it was told, and is not told again while it holds */
    vdr_ms held_until;   /* it does not hold, but did just before then; VDR_MS_NONE: not known */
    vdr_ms holds_until;  /* it holds until then if nothing comes; VDR_MS_NONE: not known */
} vdr_explained_rule;

typedef struct vdr_explained_signal {
    vdr_signal_name name;
    vdr_position position; /* in the log */
    vdr_span type, agency, domain, purpose;
    vdr_ms occurred_at_ms;
    vdr_ms until_ms; /* it counts in [occurred_at, until) */
    vdr_ms leaves_at_ms;
    uint32_t severity;   /* effective */
    vdr_case_id case_id; /* open case it is in */
    vdr_span service;    /* it was routed to */
    bool overdue, feedback;
} vdr_explained_signal;

typedef struct vdr_explained_case {
    vdr_case_id case_id;
    vdr_case_state state;
    vdr_priority priority;
    vdr_span regisseur; /* an ended case: the last one */
    uint64_t revision;
    vdr_position opened_position; /* of the command that made it */
    vdr_position config_position; /* of the configuration whose rules made it */
    uint64_t version;             /* its number (control.h) */
    vdr_ms opened_at_ms;
    vdr_ms ended; /* VDR_MS_NONE: open */
    const vdr_span *rules;
    size_t rule_count;
    const vdr_signal_name *signals; /* an open case's, in log order */
    size_t signal_count;
} vdr_explained_case;

typedef struct vdr_explained_candidate {
    vdr_span id;
    vdr_why why;
    bool holder; /* has the case now; load is without it */
    bool in_district;
    uint32_t load;
    uint64_t capacity, hard_capacity;
    uint32_t known; /* domains of the case in their expertise */
} vdr_explained_candidate;

typedef struct vdr_explained_due {
    vdr_due_kind kind;
    vdr_ms due; /* VDR_MS_NONE: set, but it was not looked for among very many */
    vdr_signal_name signal;
    vdr_case_id case_id;
} vdr_explained_due;

typedef struct vdr_explanation {
    vdr_position position, config_position; /* the state after this record, and whose rules hold */
    uint64_t version;                       /* of those (control.h) */
    vdr_ms at_ms;
    vdr_household_id household;
    vdr_case_id case_id;    /* what was asked, if it was a case */
    vdr_signal_name signal; /* the same, a signal */
    vdr_span district;
    uint32_t person_count, address_count, signal_count;
    vdr_case_id open_case;
    const vdr_explained_signal *signals; /* the newest ones, in log order; and the one that was asked about */
    size_t signal_list_count;
    const vdr_explained_rule *rules; /* all, or the one that was asked about */
    size_t rule_count;
    const vdr_explained_case *cases; /* newest first */
    size_t case_count;
    vdr_case_id assigned; /* the case that candidates is about: as if it were to be assigned now; 0: none */
    vdr_assign_step assigned_by;
    const vdr_explained_candidate *candidates; /* in the order of town.yaml */
    size_t candidate_count;
    const vdr_explained_due *dues;
    size_t due_count;
} vdr_explanation;

const char *vdr_use_name(vdr_use use); /* "counted", …; never NULL */
const char *vdr_barred_name(vdr_barred barred);
const char *vdr_assign_step_name(vdr_assign_step step);
const char *vdr_why_name(vdr_why why);
const char *vdr_due_kind_name(vdr_due_kind kind);
const char *vdr_clause_name(uint32_t clause);

#endif
