/* proto/decision.h - one line of what the state machine decided (semantics section 11), as a plain value,
 * and its one rendering as JSON. replay, the decisions stream and the tests all render with it.
 *
 * Thread:  any; pure.
 * Memory:  spans and arrays belong to whoever filled the value in.
 * Text:    every span is UTF-8 (checked at the door or by the codec). */
#ifndef VDR_PROTO_DECISION_H
#define VDR_PROTO_DECISION_H

#include "proto/err.h"
#include "proto/types.h"
#include "proto/words.h"

typedef enum vdr_decision_kind {
    VDR_DECISION_SIGNAL = 1,
    VDR_DECISION_COMMAND = 2,
    VDR_DECISION_CASE = 3,
    VDR_DECISION_MESSAGE = 4,
    VDR_DECISION_WATCH = 5,
} vdr_decision_kind;

/* What names a signal on the wire; a line of section 11 shows the id alone. */
typedef struct vdr_signal_name {
    vdr_span source;
    vdr_span id;
} vdr_signal_name;

/* Members that the kind of line (and of message) does not have are ignored. */
typedef struct vdr_decision {
    vdr_decision_kind kind;
    vdr_ms at; /* VDR_MS_NONE: null (a refused line before the first log time) */

    /* signal and command: what was sent. id or source absent: null. */
    vdr_span id;
    vdr_span source;
    vdr_err verdict;
    vdr_act act;     /* command lines */
    vdr_match match; /* this and outcome: accepted signals */
    vdr_outcome outcome;

    vdr_household_id household; /* accepted signal, case, watch; messages overdue and review (the lower) */
    vdr_case_id case_id;        /* case; a signal with outcome attached; messages that have a case */

    /* case */
    vdr_change change;
    vdr_case_state state;
    vdr_priority priority;
    vdr_span regisseur;    /* absent: null; messages too: who did not, who is, or by whom */
    const vdr_span *rules; /* change proposed: ids in file order */
    size_t rule_count;
    const vdr_signal_name *signals; /* change proposed: in log order */
    size_t signal_count;

    /* message */
    vdr_party_kind to_kind;
    vdr_span to;
    vdr_message_kind message;
    vdr_signal_name signal;
    vdr_household_id other;   /* review: the higher number */
    vdr_span rule;            /* match; watch lines too */
    const vdr_span *agencies; /* match: ids in the order of town.yaml */
    size_t agency_count;
    vdr_span result;        /* feedback */
    vdr_party_kind by_kind; /* break_glass: who saw */
    vdr_span by;
    vdr_span reason; /* break_glass; absent: masked */
} vdr_decision;

/* Which members a message of this kind has (semantics section 11, last table). */
typedef enum vdr_message_members {
    VDR_HAS_CASE = 1,
    VDR_HAS_SIGNAL = 2,
    VDR_HAS_HOUSEHOLD = 4,
    VDR_HAS_OTHER = 8,
    VDR_HAS_RULE = 16,
    VDR_HAS_AGENCIES = 32,
    VDR_HAS_RESULT = 64,
    VDR_HAS_REGISSEUR = 128,
    VDR_HAS_BY = 256,
    VDR_HAS_REASON = 512,
} vdr_message_members;

/* The set of vdr_message_members; 0 for no such kind. */
unsigned vdr_message_members_of(vdr_message_kind kind);

/* Writes the JSON line without a line end: members in the order of semantics section 11, no blanks, strings
 * escaped only where RFC 8259 demands it. Writes at most size bytes to at (NULL when size is 0) and returns
 * how many the whole line has: more than size means it was cut. Not terminated. */
size_t vdr_decision_line(const vdr_decision *decision, char *at, size_t size);

/* Text as a JSON string with its quotes, the same way. */
size_t vdr_json_string(vdr_span text, char *at, size_t size);

#endif
