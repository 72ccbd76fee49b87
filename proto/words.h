/* proto/words.h - the closed sets of words of the semantics: enums whose numbers are stored and sent,
 * and their names. Add at the end, never renumber. Any thread. Names are never NULL. */
#ifndef VDR_PROTO_WORDS_H
#define VDR_PROTO_WORDS_H

#include "proto/types.h"

/* How a signal type counts (semantics section 4). */
typedef enum vdr_signal_kind {
    VDR_SIGNAL_EVENT = 1,
    VDR_SIGNAL_STATE = 2,
    VDR_SIGNAL_DEADLINE = 3
} vdr_signal_kind;

/* What an address alone may do (section 4, identity.address_match). */
typedef enum vdr_address_match {
    VDR_ADDRESS_JOIN = 1,
    VDR_ADDRESS_REVIEW = 2,
    VDR_ADDRESS_OFF = 3
} vdr_address_match;

typedef enum vdr_level { VDR_LEVEL_WATCH = 1, VDR_LEVEL_COORDINATE = 2, VDR_LEVEL_CASE = 3 } vdr_level;

/* Ordered: a higher number is a higher priority. 0 is none (a rule that is no case rule). */
typedef enum vdr_priority {
    VDR_PRIORITY_NONE = 0,
    VDR_PRIORITY_NORMAL = 1,
    VDR_PRIORITY_HIGH = 2,
    VDR_PRIORITY_URGENT = 3
} vdr_priority;

/* What at_least measures (section 6), and their number. */
typedef enum vdr_measure {
    VDR_MEASURE_SIGNALS,
    VDR_MEASURE_DOMAINS,
    VDR_MEASURE_AGENCIES,
    VDR_MEASURE_PERSONS,
    VDR_MEASURE_CORE_AREAS,
    VDR_MEASURE_TYPES,
    VDR_MEASURE_DAYS,
    VDR_MEASURE_OVERDUE,
    VDR_MEASURES
} vdr_measure;

typedef enum vdr_within {
    VDR_WITHIN_NONE = 0,
    VDR_WITHIN_DOMAIN = 1,
    VDR_WITHIN_TYPE = 2,
    VDR_WITHIN_AGENCY = 3,
    VDR_WITHIN_PERSON = 4
} vdr_within;

/* How a signal found its household (section 5). 0: it did not. */
typedef enum vdr_match {
    VDR_MATCH_NONE = 0,
    VDR_MATCH_PERSON = 1,
    VDR_MATCH_ADDRESS = 2,
    VDR_MATCH_NEW = 3
} vdr_match;

/* What became of an accepted signal (section 7). */
typedef enum vdr_outcome {
    VDR_OUTCOME_NONE = 0,
    VDR_OUTCOME_ATTACHED = 1,
    VDR_OUTCOME_PROPOSED = 2,
    VDR_OUTCOME_REGULAR = 3
} vdr_outcome;

/* States of a case (section 8). The first three are open. */
typedef enum vdr_case_state {
    VDR_CASE_UNASSIGNED = 1,
    VDR_CASE_OFFERED = 2,
    VDR_CASE_ACTIVE = 3,
    VDR_CASE_CLOSED = 4,
    VDR_CASE_DISMISSED = 5,
    VDR_CASE_RETRACTED = 6,
    VDR_CASE_MERGED = 7
} vdr_case_state;

/* Changes of a case, each a line (section 11). */
typedef enum vdr_change {
    VDR_CHANGE_PROPOSED = 1,
    VDR_CHANGE_OFFERED,
    VDR_CHANGE_UNASSIGNED,
    VDR_CHANGE_RAISED,
    VDR_CHANGE_ACCEPTED,
    VDR_CHANGE_DECLINED,
    VDR_CHANGE_EXPIRED,
    VDR_CHANGE_DISMISSED,
    VDR_CHANGE_REASSIGNED,
    VDR_CHANGE_HANDED_OVER,
    VDR_CHANGE_ESCALATED,
    VDR_CHANGE_PLAN_SET,
    VDR_CHANGE_CLOSED,
    VDR_CHANGE_RETRACTED,
    VDR_CHANGE_MERGED,
    VDR_CHANGE_TAKEN_BACK /* from a regisseur in conflict (protocol.md 5.10) */
} vdr_change;
#define VDR_CHANGE_LAST VDR_CHANGE_TAKEN_BACK

/* Kinds of message (section 11). */
typedef enum vdr_message_kind {
    VDR_MESSAGE_REGULAR_SIGNAL = 1,
    VDR_MESSAGE_SIGNAL_ATTACHED,
    VDR_MESSAGE_SUPPORT_WITHDRAWN,
    VDR_MESSAGE_CASE_OFFERED,
    VDR_MESSAGE_CASE_TAKEN_BACK,
    VDR_MESSAGE_CASE_WITHDRAWN,
    VDR_MESSAGE_PRIORITY_RAISED,
    VDR_MESSAGE_NEEDS_REGISSEUR,
    VDR_MESSAGE_ESCALATED,
    VDR_MESSAGE_CASE_CLOSED,
    VDR_MESSAGE_NOT_ACCEPTED,
    VDR_MESSAGE_REGISSEUR_KNOWN,
    VDR_MESSAGE_HANDOVER_OFFERED,
    VDR_MESSAGE_HANDOVER_ACCEPTED,
    VDR_MESSAGE_OVERDUE,
    VDR_MESSAGE_FEEDBACK,
    VDR_MESSAGE_MATCH,
    VDR_MESSAGE_REVIEW,
    /* of protocol.md 6.4 */
    VDR_MESSAGE_BREAK_GLASS,
    VDR_MESSAGE_ERASED, /* stands where a message was whose subject has left; never told by a step */
    VDR_MESSAGE_ERASURE_REQUESTED,
    VDR_MESSAGE_REQUEST_DUE,
    VDR_MESSAGE_REQUEST_OVERDUE,
    VDR_MESSAGE_REQUEST_DONE,
    VDR_MESSAGE_RECTIFICATION_REQUESTED,
    VDR_MESSAGE_NOTE,
    VDR_MESSAGE_NOTE_ANSWERED
} vdr_message_kind;
#define VDR_MESSAGE_LAST VDR_MESSAGE_NOTE_ANSWERED

/* Commands of section 9 and of protocol.md 5.10; the event type is nl.voordeur.<name>.v1. 0 is no command: a signal. */
typedef enum vdr_act {
    VDR_ACT_NONE = 0,
    VDR_ACT_SIGNAL_WITHDRAWN = 1,
    VDR_ACT_SIGNAL_ENDED,
    VDR_ACT_FEEDBACK,
    VDR_ACT_CASE_ACCEPTED,
    VDR_ACT_CASE_DECLINED,
    VDR_ACT_CASE_DISMISSED,
    VDR_ACT_CASE_ASSIGNED,
    VDR_ACT_HANDOVER_OFFERED,
    VDR_ACT_HANDOVER_ACCEPTED,
    VDR_ACT_CASE_ESCALATED,
    VDR_ACT_PLAN_SET,
    VDR_ACT_CASE_CLOSED,
    VDR_ACT_HOUSEHOLD_MERGED,
    VDR_ACT_HOUSEHOLD_SPLIT,
    VDR_ACT_PERSON_MOVED,
    VDR_ACT_ERASED,
    /* of protocol.md 5.10 */
    VDR_ACT_CONFLICT_DECLARED,
    VDR_ACT_CONFLICT_LIFTED,
    VDR_ACT_OBJECTED,
    VDR_ACT_OBJECTION_DECIDED,
    VDR_ACT_RESTRICTED,
    VDR_ACT_RESTRICTION_LIFTED,
    VDR_ACT_ERASURE_REQUESTED,
    VDR_ACT_ERASURE_REQUEST_WITHDRAWN,
    VDR_ACT_HOLD_PLACED,
    VDR_ACT_HOLD_CONFIRMED,
    VDR_ACT_HOLD_LIFTED,
    VDR_ACT_RECTIFICATION_REQUESTED,
    VDR_ACT_PERSON_ERASED,
    /* of protocol.md 5.14 */
    VDR_ACT_NOTE_SENT,
    VDR_ACT_NOTE_ANSWERED,
    /* of 5.15 */
    VDR_ACT_ABSENCE_SET,
    VDR_ACT_ABSENCE_LIFTED,
    /* of 5.16 */
    VDR_ACT_REVIEW_SET_ASIDE
} vdr_act;
#define VDR_ACT_LAST VDR_ACT_REVIEW_SET_ASIDE

const char *vdr_party_kind_name(vdr_party_kind kind); /* "agency", …; NONE gives "none" */
const char *vdr_signal_kind_name(vdr_signal_kind kind);
const char *vdr_address_match_name(vdr_address_match match);
const char *vdr_level_name(vdr_level level);
const char *vdr_priority_name(vdr_priority priority);
const char *vdr_measure_name(vdr_measure measure);
const char *vdr_within_name(vdr_within within);
const char *vdr_match_name(vdr_match match);
const char *vdr_outcome_name(vdr_outcome outcome);
const char *vdr_case_state_name(vdr_case_state state);
const char *vdr_change_name(vdr_change change);
const char *vdr_message_kind_name(vdr_message_kind kind);
const char *vdr_act_name(vdr_act act); /* without nl.voordeur. and .v1 */

/* The reverse: the value of that name, NONE where there is none. */
vdr_party_kind vdr_party_kind_of(vdr_span name);
vdr_act vdr_act_of(vdr_span name);
vdr_act vdr_act_of_type(vdr_span type); /* of "nl.voordeur.<name>.v1" */

static inline bool
vdr_case_state_open(vdr_case_state state)
{
    return state == VDR_CASE_UNASSIGNED || state == VDR_CASE_OFFERED || state == VDR_CASE_ACTIVE;
}

#endif
