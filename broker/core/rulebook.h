/* broker/core/rulebook.h - the rules with their names bound: what rules.c asks and window.c counts.
 * Internal to the rules of the core; everybody else includes rules.h. Thread: one. */
#ifndef VDR_CORE_RULEBOOK_H
#define VDR_CORE_RULEBOOK_H

#include "broker/core/rules.h"
#include "proto/explain.h"

/* A list of names in the rulebook's pool. */
typedef struct vdr_rule_names {
    uint32_t first, count;
    bool asked; /* with a count of 0 nothing passes */
} vdr_rule_names;

typedef struct vdr_rule_asked {
    vdr_measure measure;
    uint64_t least; /* at least 1 */
} vdr_rule_asked;

/* Numbers of signals and of distinct values. */
typedef struct vdr_reach {
    uint32_t signals, domains, types, agencies;
} vdr_reach;

typedef struct vdr_rule {
    int64_t over_ms, spread_ms; /* 0: not asked */
    vdr_rule_asked asked[VDR_MEASURES];
    uint32_t asked_count;
    vdr_reach least; /* of a household in which it holds */
    uint32_t place;  /* of the rule in the configuration */
    uint32_t over;   /* its place among the rulebook's overs */
    uint8_t min_severity;
    bool paused; /* it does nothing new (control.h) */
    bool big;    /* asks more persons or core areas than looking keeps apart: always answered by windows */
    vdr_within within;
    vdr_rule_names purposes, types, domains, kinds, roles;
    vdr_name name;
    vdr_slot record;
} vdr_rule;

/* Core areas by number; 0 is none. The two that by_role can mean come first. */
enum { VDR_AREA_NONE = 0, VDR_AREA_YOUTH = 1, VDR_AREA_ADULT = 2, VDR_AREA_BY_ROLE = 3, VDR_AREA_FIRST = 4 };

typedef struct vdr_area_of {
    vdr_name domain;
    uint32_t area;
} vdr_area_of;

typedef struct vdr_windows vdr_windows; /* windows.h */

/* What no counted set of the household has more of: made at the first question about a household, of all its
 * signals, live or not, and good for the next ones. */
typedef struct vdr_sketch {
    vdr_slot household; /* 0: of none */
    bool counted;       /* all signals were looked at; otherwise it is what the newest one says */
    vdr_reach most;
} vdr_sketch;

struct vdr_rulebook {
    vdr_rule *rules; /* in file order */
    uint32_t rule_count;
    uint32_t words;  /* of 64 rules, for a bit a rule */
    vdr_name *names; /* pool */
    uint32_t name_count;
    vdr_name role_youth;
    vdr_area_of *areas; /* by domain of the configuration */
    uint32_t area_count;
    int64_t *overs; /* the distinct over_ms of the rules, 0 among them where a rule asks none */
    uint32_t over_count;

    /* Answers per slot of TERMS and SENDERS: which rules they pass, and the core area of the domain. */
    uint64_t *terms_pass, *senders_pass;
    uint32_t *terms_area;
    uint32_t terms_known, senders_known;

    vdr_name *silenced; /* agencies whose signals count for no rule (control.h) */
    uint32_t silenced_count;

    vdr_windows *windows;
    vdr_sketch sketch;
};

/* Does the signal pass what never changes about it, purposes and where, and is its agency heard? Counts the namings it looked at. */
bool vdr_rule_passes(vdr_state *state, const vdr_rule *rule, const vdr_signal *signal,
                     uint32_t *inout_namings);
/* Which of them it does not pass, the first in the order of section 6, then SILENCED; NONE: it passes. For people who ask. */
vdr_use vdr_rule_misses(vdr_state *state, const vdr_rule *rule, const vdr_signal *signal);
/* Core areas that the signal counts for: 0 to 2 of them. */
uint32_t vdr_rule_areas(vdr_state *state, const vdr_signal *signal, uint32_t ret_areas[2],
                        uint32_t *inout_namings);

/* A signal counts in [enters, leaves) for rules of this over; empty where it is withdrawn, held out or
 * restricted. */
static inline vdr_ms
vdr_rule_leaves(int64_t over_ms, const vdr_signal *signal)
{
    if ((signal->flags & VDR_SIGNAL_OUT) != 0)
        return VDR_MS_NONE;
    vdr_ms out = signal->occurred_at + over_ms;
    return over_ms != 0 && out < signal->until ? out : signal->until;
}

static inline bool
vdr_rule_in_time(int64_t over_ms, const vdr_signal *signal, vdr_ms t)
{
    return signal->occurred_at <= t && t < vdr_rule_leaves(over_ms, signal);
}

static inline uint32_t
vdr_rule_day(const vdr_signal *signal)
{
    return (uint32_t)(signal->occurred_at / (24 * 60 * 60 * 1000)); /* occurred_at is 1970 or later */
}

/* What a rule of within_same domain, type or agency groups the signal by. */
static inline uint32_t
vdr_rule_group(const vdr_state *state, const vdr_rule *rule, const vdr_signal *signal)
{
    switch (rule->within) {
    case VDR_WITHIN_DOMAIN:
        return vdr_terms_of(state, signal)->domain;
    case VDR_WITHIN_TYPE:
        return vdr_terms_of(state, signal)->type;
    case VDR_WITHIN_AGENCY:
        return vdr_sender_of(state, signal)->agency;
    case VDR_WITHIN_NONE:
    case VDR_WITHIN_PERSON:
        break;
    }
    return 0;
}

#endif
