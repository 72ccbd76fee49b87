/* proto/view.h - what reads show (protocol.md section 7), as plain values. Who may see which member is the
 * table of protocol.md section 7; a member that the reader may not see is absent.
 *
 * Memory:  spans and arrays belong to whoever filled the value in; after vdr_codec_decode() to its arena.
 * Absent:  a span without bytes, 0 for numbers, VDR_MS_NONE for an instant (only where said). */
#ifndef VDR_PROTO_VIEW_H
#define VDR_PROTO_VIEW_H

#include "proto/decision.h"
#include "proto/right.h"
#include "proto/types.h"
#include "proto/words.h"

/* A handle is "p-" (person) or "a-" (address) and 32 digits 0-9a-f. It stands for a BSN or BAG id in the act
 * household_split, for a client that need not know it. */
#define VDR_HANDLE_BYTES 34u

typedef struct vdr_wire_person_view {
    vdr_span handle;
    vdr_span bsn;
    vdr_span role;
} vdr_wire_person_view;

typedef struct vdr_wire_address_view {
    vdr_span handle;
    vdr_span bag;
    vdr_span buurt;
} vdr_wire_address_view;

/* What a regisseur and an agency or service wrote each other about a signal (protocol.md 5.14). */
typedef struct vdr_wire_note {
    vdr_ms at_ms;
    vdr_party_kind by_kind;
    vdr_span by;
    vdr_party_kind to_kind;
    vdr_span to;
    vdr_signal_name signal; /* absent: it is of another household since */
    vdr_span text;
} vdr_wire_note;

typedef struct vdr_wire_signal_view {
    vdr_signal_name name;
    vdr_span type;
    vdr_span agency;
    vdr_ms at_ms; /* log time of its acceptance */
    vdr_ms occurred_at_ms;
    uint32_t severity; /* the signal's, else its type's */
    vdr_span domain;
    vdr_outcome outcome;
    vdr_household_id household;
    vdr_case_id case_id; /* the open case it is in */
    vdr_span service;    /* it was routed to */
    bool withdrawn;
    bool ended;
    bool overdue;
    bool feedback;                       /* was given */
    vdr_ms leaves_at_ms;                 /* when it is destroyed (semantics section 10) */
    const vdr_wire_person_view *persons; /* in the order given */
    size_t person_count;
    const vdr_wire_address_view *address; /* NULL: none */
    vdr_span detail;
    const vdr_wire_note *notes; /* in log order; in the list of a case: none */
    size_t note_count;
    vdr_span regisseur; /* who holds the active case it is in, to whoever was told */
} vdr_wire_signal_view;

typedef struct vdr_wire_goal {
    vdr_span domain;
    vdr_span text;
    vdr_span owner;
    vdr_ms due_ms;
    vdr_span state;
} vdr_wire_goal;

typedef struct vdr_wire_case_view {
    vdr_case_id case_id;
    vdr_household_id household;
    vdr_case_state state;
    vdr_priority priority;
    uint64_t revision;     /* count of its case lines and attached signals */
    uint64_t version;      /* of the configuration whose rules made it */
    vdr_span regisseur;    /* an ended case: the last one */
    vdr_span handover_to;  /* the standing offer of a hand-over */
    vdr_ms since_ms;       /* log time of its proposal */
    vdr_ms accept_by;      /* offered: VDR_MS_NONE in other states */
    vdr_ms ended;          /* VDR_MS_NONE: open */
    const vdr_span *rules; /* in file order */
    size_t rule_count;
    const vdr_wire_signal_view *signals; /* in log order; a list of cases leaves them out */
    size_t signal_count;
    uint64_t plan_revision; /* 0: no plan */
    const vdr_wire_goal *goals;
    size_t goal_count;
    vdr_span ended_with;        /* outcome or reason of the act that ended it */
    const vdr_wire_note *notes; /* in log order, the newest 200; a list of cases leaves them out */
    size_t note_count;
    vdr_span district; /* of its household, as the next two */
    uint32_t person_total;
    uint32_t address_total;
    uint32_t signal_total; /* in the case, and of how many agencies */
    uint32_t agency_total;
} vdr_wire_case_view;

typedef struct vdr_wire_household_view {
    vdr_household_id household;
    vdr_span district;
    vdr_case_id open_case; /* 0: none */
    uint32_t signals;      /* live ones */
    const vdr_wire_person_view *persons;
    size_t person_count;
    const vdr_wire_address_view *addresses;
    size_t address_count;
} vdr_wire_household_view;

/* Two households that may be one (semantics section 5). */
typedef struct vdr_wire_review_view {
    vdr_household_id household; /* the lower number */
    vdr_household_id other;
} vdr_wire_review_view;

/* What a resident asked, or what stands (protocol.md 5.10). */
typedef struct vdr_wire_right_view {
    uint64_t number;
    vdr_right_kind kind;
    vdr_right_state state;
    vdr_household_id household; /* of a signal, too; 0: of a person */
    vdr_signal_name signal;     /* absent: of the household */
    vdr_ms at_ms;
    vdr_ms due;          /* VDR_MS_NONE: it has no term */
    vdr_ms ended;        /* VDR_MS_NONE: it stands */
    vdr_span author;     /* who asked */
    vdr_span second;     /* of a hold: who confirmed it, or asks to lift it */
    vdr_case_id case_id; /* open case of the household; 0: none */
} vdr_wire_right_view;

typedef struct vdr_wire_absence {
    vdr_ms from_ms;
    vdr_ms to_ms;
    vdr_party_kind by_kind; /* who set it; NONE: town.yaml */
    vdr_span by;
} vdr_wire_absence;

typedef struct vdr_wire_regisseur_view {
    vdr_span id;
    uint32_t load; /* offered and active cases */
    uint32_t capacity;
    uint32_t hard_capacity;
    bool absent;
    const vdr_span *districts;
    size_t district_count;
    const vdr_span *expertise;
    size_t expertise_count;
    const vdr_wire_absence *absences; /* that are not over */
    size_t absence_count;
} vdr_wire_regisseur_view;

/* What the configuration in force names (protocol.md 7.2). */
typedef struct vdr_wire_directory_type {
    vdr_span type;
    vdr_span title; /* absent: the catalogue gives none */
    vdr_span domain;
    vdr_signal_kind kind;
    uint32_t severity;        /* of a signal that says none */
    const vdr_span *agencies; /* kinds that may send it */
    size_t agency_count;
} vdr_wire_directory_type;

typedef struct vdr_wire_directory_domain {
    vdr_span domain;
    vdr_span area; /* absent: by_role */
    bool by_role;
} vdr_wire_directory_domain;

typedef struct vdr_wire_directory_agency {
    vdr_span id;
    vdr_span kind;
} vdr_wire_directory_agency;

typedef struct vdr_wire_directory_service {
    vdr_span id;
    const vdr_span *domains;
    size_t domain_count;
    bool all; /* for every domain that no other one names */
} vdr_wire_directory_service;

typedef struct vdr_wire_directory_regisseur {
    vdr_span id;
    const vdr_span *districts;
    size_t district_count;
    bool everywhere; /* for every district, and for none */
    const vdr_span *expertise;
    size_t expertise_count;
    bool absent; /* now */
} vdr_wire_directory_regisseur;

typedef struct vdr_wire_directory {
    const vdr_wire_directory_type *types;
    size_t type_count;
    const vdr_wire_directory_domain *domains;
    size_t domain_count;
    const vdr_wire_directory_agency *agencies;
    size_t agency_count;
    const vdr_wire_directory_service *services;
    size_t service_count;
    const vdr_wire_directory_regisseur *regisseurs;
    size_t regisseur_count;
} vdr_wire_directory;

typedef struct vdr_wire_status_view {
    vdr_party_kind party_kind;
    vdr_span party_id;
    uint64_t acknowledged; /* of the own mailbox */
    uint64_t newest;       /* 0: it never had a message */
    uint32_t load;         /* regisseur: offered and active cases; and the next three */
    uint32_t capacity;
    uint32_t hard_capacity;
    bool absent;
    const vdr_wire_absence *absences; /* that are not over */
    size_t absence_count;
} vdr_wire_status_view;

#endif
