/* broker/core/config.h - a checked configuration, as the core reads it (semantics sections 4 and 6).
 *
 * Made by the door from the three YAML files (broker/door/config_read.h), which has checked everything
 * that section 4 asks: ids are unique, names known, numbers in range, every domain has a service.
 * The core takes that for granted. Names are spans; the core keeps what it needs of them itself.
 *
 * Thread:  immutable once made; any.
 * Memory:  everything lives in the config's own arena until vdr_config_free() (broker/door). */
#ifndef VDR_CORE_CONFIG_H
#define VDR_CORE_CONFIG_H

#include "proto/types.h"
#include "proto/words.h"

typedef struct vdr_names {
    const vdr_span *at;
    size_t count;
} vdr_names;

/* Under which an agency may signal: from <= t < until, in log time. */
typedef struct vdr_config_convenant {
    vdr_span id; /* absent: no dates are set */
    vdr_ms from, until;
} vdr_config_convenant;

typedef struct vdr_config_agency {
    vdr_span id, kind, source;
    bool sees_match;
    vdr_config_convenant convenant;
} vdr_config_agency;

typedef struct vdr_config_service {
    vdr_span id;
    vdr_names domains; /* without "*" */
    bool all;          /* has "*" */
} vdr_config_service;

typedef struct vdr_config_absence {
    vdr_ms from, to; /* from <= t < to */
} vdr_config_absence;

typedef struct vdr_config_regisseur {
    vdr_span id;
    vdr_names districts; /* prefixes, without "*" */
    bool everywhere;     /* has "*" */
    uint64_t capacity, hard_capacity;
    vdr_names expertise; /* domains */
    const vdr_config_absence *absent;
    size_t absent_count;
} vdr_config_regisseur;

typedef struct vdr_config_domain {
    vdr_span id;
    vdr_span core_area; /* empty where by_role */
    bool by_role;
} vdr_config_domain;

typedef struct vdr_config_type {
    vdr_span id, domain, purpose, legal_basis;
    vdr_names agencies; /* kinds that may send it */
    uint8_t severity;   /* 1..5 */
    vdr_signal_kind kind;
    int64_t counts_for_ms, retain_ms;
    int64_t follow_up_ms; /* 0: none */
} vdr_config_type;

typedef struct vdr_config_rule {
    vdr_span id, text;
    vdr_level level;
    vdr_priority priority; /* NONE unless level is case */
    vdr_names purposes;
    int64_t over_ms;                           /* 0: not asked */
    vdr_names types, domains, agencies, roles; /* where; at NULL: not asked. agencies are kinds */
    uint8_t min_severity;                      /* where; 0: not asked */
    uint64_t at_least[VDR_MEASURES];           /* 0: not asked; at least one is */
    int64_t spread_ms;                         /* 0: not asked */
    vdr_within within;
    vdr_key16 fingerprint; /* of everything but text: two rules with equal ones are the same rule */
} vdr_config_rule;

/* What a guard counts, and for each of what (protocol.md 5.12). */
typedef enum vdr_guard_count { VDR_GUARD_SIGNALS = 1, VDR_GUARD_PERSONS = 2 } vdr_guard_count;
typedef enum vdr_guard_same {
    VDR_GUARD_AGENCY = 1,
    VDR_GUARD_ADDRESS = 2,
    VDR_GUARD_BUURT = 3
} vdr_guard_same;

/* How much one agency may send in a window of log time. */
typedef struct vdr_config_guard {
    vdr_span id;
    vdr_span agency, kind; /* at NULL: any; each agency by itself */
    vdr_span type;         /* at NULL: any */
    vdr_guard_count count;
    vdr_guard_same same;
    int64_t per_ms;
    uint64_t max;
    bool refuse; /* else: notice only */
} vdr_config_guard;

typedef struct vdr_config_pair {
    vdr_span a, b;
} vdr_config_pair;

typedef struct vdr_config {
    vdr_span municipality;
    vdr_address_match address_match;
    uint64_t persons_max;
    vdr_names excluded_addresses; /* BAG ids in the order of bytes; used by the door only */
    int64_t future_ms, late_ms, cooldown_ms, sticky_ms, retry_ms, retain_cases_ms;
    int64_t accept_ms[VDR_PRIORITY_URGENT + 1]; /* by priority; [0] unused */
    int64_t retain_max_ms;                      /* the longest retain of the catalogue */
    const vdr_config_pair *may_combine;
    size_t may_combine_count;
    const vdr_config_agency *agencies;
    size_t agency_count;
    const vdr_config_service *services;
    size_t service_count;
    const vdr_config_regisseur *regisseurs;
    size_t regisseur_count;
    vdr_names coordinators, privacy_officers;
    const vdr_config_domain *domains;
    size_t domain_count;
    const vdr_config_type *types;
    size_t type_count;
    const vdr_span *titles; /* of the types, in their order; absent: none. No step depends on them */
    const vdr_config_rule *rules;
    size_t rule_count;
    const vdr_config_guard *guards;
    size_t guard_count;
    vdr_key16 fingerprint; /* of the three texts as given: names the version */
} vdr_config;

/* Is there such an agency, regisseur, service, coordinator or privacy officer? Operators are in no configuration. */
bool vdr_config_has_party(const vdr_config *config, vdr_party_kind kind, vdr_span id);

#endif
