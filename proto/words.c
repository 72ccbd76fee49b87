#include "proto/words.h"

#define COUNT(names) (sizeof(names) / sizeof(names)[0])

static const char *const party_kinds[] = {"none",        "agency",          "regisseur", "service",
                                          "coordinator", "privacy_officer", "operator",  "auditor"};
static const char *const signal_kinds[] = {"", "event", "state", "deadline"};
static const char *const address_matches[] = {"", "join", "review", "off"};
static const char *const levels[] = {"", "watch", "coordinate", "case"};
static const char *const priorities[] = {"none", "normal", "high", "urgent"};
static const char *const measures[] = {"signals",    "domains", "agencies", "persons",
                                       "core_areas", "types",   "days",     "overdue"};
static const char *const withins[] = {"none", "domain", "type", "agency", "person"};
static const char *const matches[] = {"none", "person", "address", "new"};
static const char *const outcomes[] = {"none", "attached", "proposed", "regular"};
static const char *const case_states[] = {"",       "unassigned", "offered",   "active",
                                          "closed", "dismissed",  "retracted", "merged"};
static const char *const changes[] = {
    "",         "proposed", "offered",   "unassigned", "raised",      "accepted",
    "declined", "expired",  "dismissed", "reassigned", "handed_over", "escalated",
    "plan_set", "closed",   "retracted", "merged",     "taken_back"};
static const char *const message_kinds[] = {
    "",
    "regular_signal",
    "signal_attached",
    "support_withdrawn",
    "case_offered",
    "case_taken_back",
    "case_withdrawn",
    "priority_raised",
    "needs_regisseur",
    "escalated",
    "case_closed",
    "not_accepted",
    "regisseur_known",
    "handover_offered",
    "handover_accepted",
    "overdue",
    "feedback",
    "match",
    "review",
    "break_glass",
    "erased",
    "erasure_requested",
    "request_due",
    "request_overdue",
    "request_done",
    "rectification_requested",
    "note",
    "note_answered",
};
static const char *const acts[] = {
    "none",
    "signal_withdrawn",
    "signal_ended",
    "feedback",
    "case_accepted",
    "case_declined",
    "case_dismissed",
    "case_assigned",
    "handover_offered",
    "handover_accepted",
    "case_escalated",
    "plan_set",
    "case_closed",
    "household_merged",
    "household_split",
    "person_moved",
    "erased",
    "conflict_declared",
    "conflict_lifted",
    "objected",
    "objection_decided",
    "restricted",
    "restriction_lifted",
    "erasure_requested",
    "erasure_request_withdrawn",
    "hold_placed",
    "hold_confirmed",
    "hold_lifted",
    "rectification_requested",
    "person_erased",
    "note_sent",
    "note_answered",
    "absence_set",
    "absence_lifted",
    "review_set_aside",
};

static const char *
name_of(const char *const *names, size_t count, unsigned value)
{
    return value < count ? names[value] : "unknown";
}

/* From the second on: the first is a word that nobody may say. */
static unsigned
value_of(const char *const *names, size_t count, vdr_span name)
{
    for (unsigned i = 1; i < count; i++) {
        if (vdr_span_equal(vdr_span_str(names[i]), name))
            return i;
    }
    return 0;
}

#define NAME(noun, names)                                                                                    \
    const char *vdr_##noun##_name(vdr_##noun value)                                                          \
    {                                                                                                        \
        return name_of(names, COUNT(names), (unsigned)value);                                                \
    }
#define VALUE(noun, names)                                                                                   \
    vdr_##noun vdr_##noun##_of(vdr_span name)                                                                \
    {                                                                                                        \
        return (vdr_##noun)value_of(names, COUNT(names), name);                                              \
    }

NAME(party_kind, party_kinds)
NAME(signal_kind, signal_kinds)
NAME(address_match, address_matches)
NAME(level, levels)
NAME(priority, priorities)
NAME(measure, measures)
NAME(within, withins)
NAME(match, matches)
NAME(outcome, outcomes)
NAME(case_state, case_states)
NAME(change, changes)
NAME(message_kind, message_kinds)
NAME(act, acts)
VALUE(party_kind, party_kinds)
VALUE(act, acts)

vdr_act
vdr_act_of_type(vdr_span type)
{
    static const char before[] = "nl.voordeur.";
    static const char after[] = ".v1";
    size_t before_len = sizeof before - 1, after_len = sizeof after - 1;

    if (type.len <= before_len + after_len || memcmp(type.at, before, before_len) != 0 ||
        memcmp(type.at + type.len - after_len, after, after_len) != 0)
        return VDR_ACT_NONE;
    return vdr_act_of(vdr_span_of(type.at + before_len, type.len - before_len - after_len));
}
