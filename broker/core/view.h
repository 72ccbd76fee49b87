/* broker/core/view.h - looking at the state without changing it: what reads, status and reports need.
 *
 * Views are values; their spans live until the next step. Who may see what is decided by the caller
 * (broker/access/access.h), never here. Lists are walked with a cursor that is valid until the next step. */
#ifndef VDR_CORE_VIEW_H
#define VDR_CORE_VIEW_H

#include "broker/core/core.h"
#include "proto/right.h"

/* A handle into the state (a slot), valid until the next step; 0: none. */
typedef struct vdr_at {
    uint32_t slot;
} vdr_at;

typedef struct vdr_signal_view {
    vdr_position position; /* of the signal in the log */
    vdr_position content;  /* of the record that has its event: the same, or of a REWRITE */
    vdr_ms accepted_at;    /* VDR_MS_NONE: its own record says it */
    bool rewriting;        /* that event is to be written anew: who is not named any more is still in it */
    vdr_span id, source, agency, type, domain, purpose;
    vdr_span service; /* routed to; absent: to none (it is or was in a case) */
    vdr_ms occurred_at, until, leaves_at;
    uint8_t severity; /* effective */
    vdr_signal_kind kind;
    bool withdrawn, ended, overdue, feedback;
    bool held;       /* out of rules by an objection (right.h) */
    bool restricted; /* out of rules, and nobody but a privacy officer may see it */
    vdr_household_id household;
    vdr_case_id case_id; /* open case it is in; 0: none */
    uint32_t person_count;
    bool has_address;
} vdr_signal_view;

typedef struct vdr_case_view {
    vdr_case_id id;
    vdr_household_id household;
    vdr_case_state state;
    vdr_priority priority;
    vdr_span regisseur;   /* absent: none (an ended one keeps the last it had) */
    vdr_span handover_to; /* absent: no standing offer */
    uint64_t revision, plan_revision;
    vdr_position plan_position; /* of the last plan_set; 0: none */
    vdr_position opened_position, ended_position;
    uint64_t version;           /* of the configuration whose rules made it */
    vdr_ms opened_at, ended_at; /* ended_at VDR_MS_NONE while open */
    vdr_ms accept_due;          /* while offered; else VDR_MS_NONE */
    uint32_t signal_count, rule_count, agency_count;
    uint32_t refused_count; /* regisseurs who declined it, or let its time pass */
} vdr_case_view;

typedef struct vdr_household_view {
    vdr_household_id id;
    vdr_span district; /* absent: none */
    uint32_t person_count, address_count, signal_count, case_count;
    vdr_case_id open_case; /* 0: none */
    bool under_review;     /* an unanswered review names it */
    bool restricted;       /* as a signal */
    bool kept;             /* a legal hold stands */
} vdr_household_view;

/* The text of a name of a tale. */
vdr_span vdr_view_name(const vdr_core *core, vdr_name name);

bool vdr_view_signal(const vdr_core *core, vdr_span source, vdr_span id, uint64_t id_hash, vdr_at *ret_at,
                     vdr_signal_view *ret_view);
/* Signals whose id has this hash, or one that agrees with its lower half: at most max, any order. Returns how many. */
size_t vdr_view_signals_hashed(const vdr_core *core, uint64_t id_hash, vdr_at *ret_at, size_t max);
/* Where an accepted command of section 9 stands whose id is not forgotten. */
bool vdr_view_act(const vdr_core *core, vdr_span source, vdr_span id, uint64_t id_hash,
                  vdr_position *ret_position);
void vdr_view_signal_at(const vdr_core *core, vdr_at at, vdr_signal_view *ret_view);
bool vdr_view_case(const vdr_core *core, vdr_case_id id, vdr_at *ret_at, vdr_case_view *ret_view);
bool vdr_view_household(const vdr_core *core, vdr_household_id id, vdr_at *ret_at,
                        vdr_household_view *ret_view);

/* Signals of a case or household in log order: start with {0}; false when over. */
bool vdr_view_case_signal(const vdr_core *core, vdr_at case_at, vdr_at *cursor, vdr_signal_view *ret_view);
bool vdr_view_household_signal(const vdr_core *core, vdr_at household_at, vdr_at *cursor,
                               vdr_signal_view *ret_view);
bool vdr_view_household_case(const vdr_core *core, vdr_at household_at, vdr_at *cursor,
                             vdr_case_view *ret_view);
bool vdr_view_case_rule(const vdr_core *core, vdr_at case_at, vdr_at *cursor, vdr_span *ret_rule);
/* Persons (is_address false) or addresses of a household: the pseudonym, and the position of a signal
 * that names it (its event holds the BSN or BAG id); 0: none is kept. */
bool vdr_view_household_member(const vdr_core *core, vdr_at household_at, bool is_address, vdr_at *cursor,
                               vdr_key16 *ret_key, vdr_position *ret_position);
bool vdr_view_member(const vdr_core *core, bool is_address, const vdr_key16 *key,
                     vdr_household_id *ret_household, vdr_position *ret_position);
/* Notes of a case, or about a signal, in log order (note.h): the first after that position. */
typedef struct vdr_note_view {
    vdr_position position; /* of the record that has its text */
    vdr_ms at;
    vdr_party_kind by_kind, to_kind;
    vdr_span by, to;
    vdr_span source, id; /* of the signal; absent: it is of another household now */
    bool restricted; /* that signal is, or a person whom it names, or who knows: it is of another household */
} vdr_note_view;
/* Who holds the active case that the signal is in, if this agency or service was told of it: as `regisseur_known`, or
 * by a note. Absent otherwise. */
vdr_span vdr_view_signal_regisseur(const vdr_core *core, vdr_at signal_at, vdr_party_kind kind,
                                   vdr_span party);
bool vdr_view_case_note(const vdr_core *core, vdr_at case_at, vdr_position after, vdr_note_view *ret_view);
bool vdr_view_signal_note(const vdr_core *core, vdr_at signal_at, vdr_position after,
                          vdr_note_view *ret_view);
/* Open cases of a regisseur (offered and active), or unassigned ones (regisseur absent), by case number:
 * the first after the one named. */
bool vdr_view_open_case(const vdr_core *core, vdr_span regisseur, vdr_case_id after, vdr_case_view *ret_view);
/* A cursor into a list that may change between two looks: start with {0}. What came or went meanwhile is
 * neither told twice nor makes it skip. number alone is enough to go on (from another process), but slower. */
typedef struct vdr_cursor {
    uint64_t number;
    uint32_t slot;
} vdr_cursor;
/* Unanswered reviews: pairs of households that still are two, in the order in which was asked. */
bool vdr_view_review(const vdr_core *core, vdr_cursor *cursor, vdr_household_id *ret_lower,
                     vdr_household_id *ret_other);
/* Overdue signals, not withdrawn and without feedback, in the order in which they became so. */
bool vdr_view_overdue(const vdr_core *core, vdr_cursor *cursor, vdr_signal_view *ret_view);

/* Signals whose events are to be written anew, without the persons whom they no longer name (rewrite.h). */
typedef struct vdr_rewrite_view {
    vdr_at at;
    vdr_position signal;  /* of the signal in the log */
    vdr_position content; /* of the record where its event is */
    vdr_ms accepted_at;   /* VDR_MS_NONE: its own record says it */
} vdr_rewrite_view;
bool vdr_view_rewrite(const vdr_core *core, vdr_cursor *cursor, vdr_rewrite_view *ret_view);
/* Is this person restricted? */
bool vdr_view_person_restricted(const vdr_core *core, const vdr_key16 *person);
bool vdr_view_signal_names(const vdr_core *core, vdr_at signal, const vdr_key16 *person); /* does it? */

/* What residents asked and what stands (right.h), by number; ended ones as long as they are kept. */
typedef struct vdr_right_view {
    uint64_t number;
    vdr_right_kind kind;
    vdr_right_state state;
    vdr_position position;      /* of the act that began it */
    vdr_household_id household; /* of a signal, too; 0: of a person */
    vdr_span source, id;        /* of the signal; absent: of the household, or the signal has left */
    vdr_ms at, due, ended_at;   /* due and ended_at: VDR_MS_NONE */
    vdr_span author, second;    /* ids; second absent: nobody */
    vdr_case_id open_case;
} vdr_right_view;
bool vdr_view_right(const vdr_core *core, vdr_cursor *cursor, vdr_right_view *ret_view);

typedef struct vdr_core_counts {
    uint64_t households, persons, addresses, signals, cases, acts, timers, reviews;
    uint64_t unassigned, offered, active, overdue;
    uint64_t looks; /* cases, and branches to them, looked at to place cases since this core was made */
    uint64_t memory_bytes; /* of the state */
} vdr_core_counts;
void vdr_view_counts(const vdr_core *core, vdr_core_counts *ret_counts);
uint64_t vdr_view_household_last(const vdr_core *core); /* the highest number that was ever given */
/* Load and capacity of a regisseur of the configuration, by its order in town.yaml. */
bool vdr_view_regisseur(const vdr_core *core, size_t number, vdr_span *ret_id, uint64_t *ret_load,
                        uint64_t *ret_capacity, uint64_t *ret_hard_capacity, bool *ret_absent);
/* Absences of that regisseur that are not over: those of town.yaml in its order, then those set by acts, by from.
 * Start with a cursor of 0. */
typedef struct vdr_absence_view {
    vdr_ms from, to;
    vdr_party_kind by_kind; /* NONE: town.yaml */
    vdr_span by;
} vdr_absence_view;
bool vdr_view_absence(const vdr_core *core, size_t number, size_t *cursor, vdr_absence_view *ret_view);
/* May this regisseur not have to do with this household (conflict.h)? */
bool vdr_view_in_conflict(const vdr_core *core, vdr_span regisseur, vdr_household_id household);
/* That order of a regisseur by name; SIZE_MAX: not in the configuration. */
size_t vdr_view_regisseur_number(const vdr_core *core, vdr_name name);

#endif
