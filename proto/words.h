/* proto/words.h - the closed vocabularies of the semantics: a number that is stored and sent, and the word
 * that people and JSON see. Numbers are never changed or used again; 0 is always "none".
 *
 * For each vocabulary: vdr_X_name() gives the word, "" for 0 or an unknown number, never NULL;
 * vdr_X_find() reads a word exactly, false when there is no such word; vdr_X_known() tells whether a number
 * from outside is a word (0 is not). Any thread. */
#ifndef VDR_PROTO_WORDS_H
#define VDR_PROTO_WORDS_H

#include "proto/types.h"

/* How the household of a signal was found (semantics section 5). */
#define VDR_MATCH_TABLE(X)                                                                                   \
    X(PERSON, 1, "person")                                                                                   \
    X(ADDRESS, 2, "address")                                                                                 \
    X(NEW, 3, "new")

typedef enum vdr_match {
    VDR_MATCH_NONE = 0,
#define X(sym, number, word) VDR_MATCH_##sym = (number),
    VDR_MATCH_TABLE(X)
#undef X
} vdr_match;

/* What became of an accepted signal (semantics section 7 step 4). */
#define VDR_OUTCOME_TABLE(X)                                                                                 \
    X(ATTACHED, 1, "attached")                                                                               \
    X(PROPOSED, 2, "proposed")                                                                               \
    X(REGULAR, 3, "regular")

typedef enum vdr_outcome {
    VDR_OUTCOME_NONE = 0,
#define X(sym, number, word) VDR_OUTCOME_##sym = (number),
    VDR_OUTCOME_TABLE(X)
#undef X
} vdr_outcome;

/* Semantics section 8. The first three are open. */
#define VDR_CASE_STATE_TABLE(X)                                                                              \
    X(UNASSIGNED, 1, "unassigned")                                                                           \
    X(OFFERED, 2, "offered")                                                                                 \
    X(ACTIVE, 3, "active")                                                                                   \
    X(CLOSED, 4, "closed")                                                                                   \
    X(DISMISSED, 5, "dismissed")                                                                             \
    X(RETRACTED, 6, "retracted")                                                                             \
    X(MERGED, 7, "merged")

typedef enum vdr_case_state {
    VDR_CASE_STATE_NONE = 0,
#define X(sym, number, word) VDR_CASE_STATE_##sym = (number),
    VDR_CASE_STATE_TABLE(X)
#undef X
} vdr_case_state;

/* Changes of a case (semantics section 11). */
#define VDR_CHANGE_TABLE(X)                                                                                  \
    X(PROPOSED, 1, "proposed")                                                                               \
    X(OFFERED, 2, "offered")                                                                                 \
    X(UNASSIGNED, 3, "unassigned")                                                                           \
    X(RAISED, 4, "raised")                                                                                   \
    X(ACCEPTED, 5, "accepted")                                                                               \
    X(DECLINED, 6, "declined")                                                                               \
    X(EXPIRED, 7, "expired")                                                                                 \
    X(DISMISSED, 8, "dismissed")                                                                             \
    X(REASSIGNED, 9, "reassigned")                                                                           \
    X(HANDED_OVER, 10, "handed_over")                                                                        \
    X(ESCALATED, 11, "escalated")                                                                            \
    X(PLAN_SET, 12, "plan_set")                                                                              \
    X(CLOSED, 13, "closed")                                                                                  \
    X(RETRACTED, 14, "retracted")                                                                            \
    X(MERGED, 15, "merged")

typedef enum vdr_change {
    VDR_CHANGE_NONE = 0,
#define X(sym, number, word) VDR_CHANGE_##sym = (number),
    VDR_CHANGE_TABLE(X)
#undef X
} vdr_change;

/* Priority of a case rule and a case: the greater number is the higher. */
#define VDR_PRIORITY_TABLE(X)                                                                                \
    X(NORMAL, 1, "normal")                                                                                   \
    X(HIGH, 2, "high")                                                                                       \
    X(URGENT, 3, "urgent")

typedef enum vdr_priority {
    VDR_PRIORITY_NONE = 0,
#define X(sym, number, word) VDR_PRIORITY_##sym = (number),
    VDR_PRIORITY_TABLE(X)
#undef X
} vdr_priority;

/* Level of a rule (semantics section 6). */
#define VDR_LEVEL_TABLE(X)                                                                                   \
    X(WATCH, 1, "watch")                                                                                     \
    X(COORDINATE, 2, "coordinate")                                                                           \
    X(CASE, 3, "case")

typedef enum vdr_level {
    VDR_LEVEL_NONE = 0,
#define X(sym, number, word) VDR_LEVEL_##sym = (number),
    VDR_LEVEL_TABLE(X)
#undef X
} vdr_level;

/* Kind of a signal type (semantics section 4, end): from when until when it counts. */
#define VDR_SIGNAL_KIND_TABLE(X)                                                                             \
    X(EVENT, 1, "event")                                                                                     \
    X(STATE, 2, "state")                                                                                     \
    X(DEADLINE, 3, "deadline")

typedef enum vdr_signal_kind {
    VDR_SIGNAL_KIND_NONE = 0,
#define X(sym, number, word) VDR_SIGNAL_KIND_##sym = (number),
    VDR_SIGNAL_KIND_TABLE(X)
#undef X
} vdr_signal_kind;

/* Kinds of messages (semantics section 11, last table). */
#define VDR_MESSAGE_TABLE(X)                                                                                 \
    X(REGULAR_SIGNAL, 1, "regular_signal")                                                                   \
    X(SIGNAL_ATTACHED, 2, "signal_attached")                                                                 \
    X(SUPPORT_WITHDRAWN, 3, "support_withdrawn")                                                             \
    X(CASE_OFFERED, 4, "case_offered")                                                                       \
    X(CASE_TAKEN_BACK, 5, "case_taken_back")                                                                 \
    X(CASE_WITHDRAWN, 6, "case_withdrawn")                                                                   \
    X(PRIORITY_RAISED, 7, "priority_raised")                                                                 \
    X(NEEDS_REGISSEUR, 8, "needs_regisseur")                                                                 \
    X(ESCALATED, 9, "escalated")                                                                             \
    X(CASE_CLOSED, 10, "case_closed")                                                                        \
    X(NOT_ACCEPTED, 11, "not_accepted")                                                                      \
    X(REGISSEUR_KNOWN, 12, "regisseur_known")                                                                \
    X(HANDOVER_OFFERED, 13, "handover_offered")                                                              \
    X(HANDOVER_ACCEPTED, 14, "handover_accepted")                                                            \
    X(OVERDUE, 15, "overdue")                                                                                \
    X(FEEDBACK, 16, "feedback")                                                                              \
    X(MATCH, 17, "match")                                                                                    \
    X(REVIEW, 18, "review")

typedef enum vdr_message_kind {
    VDR_MESSAGE_NONE = 0,
#define X(sym, number, word) VDR_MESSAGE_##sym = (number),
    VDR_MESSAGE_TABLE(X)
#undef X
} vdr_message_kind;

/* Commands other than signals (semantics section 9), without "nl.voordeur." and ".v1". */
#define VDR_COMMAND_TABLE(X)                                                                                 \
    X(SIGNAL_WITHDRAWN, 1, "signal_withdrawn")                                                               \
    X(SIGNAL_ENDED, 2, "signal_ended")                                                                       \
    X(FEEDBACK, 3, "feedback")                                                                               \
    X(CASE_ACCEPTED, 4, "case_accepted")                                                                     \
    X(CASE_DECLINED, 5, "case_declined")                                                                     \
    X(CASE_DISMISSED, 6, "case_dismissed")                                                                   \
    X(CASE_ASSIGNED, 7, "case_assigned")                                                                     \
    X(HANDOVER_OFFERED, 8, "handover_offered")                                                               \
    X(HANDOVER_ACCEPTED, 9, "handover_accepted")                                                             \
    X(CASE_ESCALATED, 10, "case_escalated")                                                                  \
    X(PLAN_SET, 11, "plan_set")                                                                              \
    X(CASE_CLOSED, 12, "case_closed")                                                                        \
    X(HOUSEHOLD_MERGED, 13, "household_merged")                                                              \
    X(HOUSEHOLD_SPLIT, 14, "household_split")                                                                \
    X(PERSON_MOVED, 15, "person_moved")                                                                      \
    X(ERASED, 16, "erased")

typedef enum vdr_command {
    VDR_COMMAND_NONE = 0,
#define X(sym, number, word) VDR_COMMAND_##sym = (number),
    VDR_COMMAND_TABLE(X)
#undef X
} vdr_command;

/* Words of vdr_party_kind (proto/types.h), as in the source urn:voordeur:<word>:<id> and in "to". */
#define VDR_PARTY_TABLE(X)                                                                                   \
    X(AGENCY, 1, "agency")                                                                                   \
    X(REGISSEUR, 2, "regisseur")                                                                             \
    X(SERVICE, 3, "service")                                                                                 \
    X(COORDINATOR, 4, "coordinator")                                                                         \
    X(PRIVACY_OFFICER, 5, "privacy_officer")                                                                 \
    X(OPERATOR, 6, "operator")

#define VDR_WORDS(type, noun)                                                                                \
    const char *vdr_##noun##_name(type value);                                                               \
    bool vdr_##noun##_find(vdr_span word, type *ret_value);                                                  \
    bool vdr_##noun##_known(unsigned number);

VDR_WORDS(vdr_match, match)
VDR_WORDS(vdr_outcome, outcome)
VDR_WORDS(vdr_case_state, case_state)
VDR_WORDS(vdr_change, change)
VDR_WORDS(vdr_priority, priority)
VDR_WORDS(vdr_level, level)
VDR_WORDS(vdr_signal_kind, signal_kind)
VDR_WORDS(vdr_message_kind, message_kind)
VDR_WORDS(vdr_command, command)
VDR_WORDS(vdr_party_kind, party_kind)
#undef VDR_WORDS

/* Is type "nl.voordeur." + a command + ".v1"? Others that begin so are unknown_type (semantics section 3). */
bool vdr_command_of_type(vdr_span type, vdr_command *ret_command);

#endif
