/* broker/core/state.h - the records of the state and the tables they lie in. Core only.
 *
 * Every record is made of fixed-width integers without hidden padding (static asserts in state.c) and names
 * others by slot (index in its table); 0 is none. See slab.h for how records are read and changed.
 * A name (vdr_name) is an entry of the name table: agencies, sources, types, domains, purposes, roles,
 * districts, regisseurs, services, rules. Names of a configuration stay for ever; roles and districts are
 * counted and go with their last use, since agencies choose them freely.
 *
 * Memory far away is what a step waits for. So what a signal touches of a record lies in one line of the
 * processor's cache: a household is one, and a signal is cut in two. */
#ifndef VDR_CORE_STATE_H
#define VDR_CORE_STATE_H

#include "broker/core/core.h"
#include "broker/core/effect_write.h"
#include "broker/core/index.h"
#include "broker/core/slab.h"
#include "broker/core/slots.h"
#include "broker/core/text.h"
#include "broker/core/timers.h"

/* Tables of an image. Numbers are in checkpoints: never renumber. */
enum vdr_table {
    VDR_TABLE_NAMES = 1,
    VDR_TABLE_TERMS = 3,
    VDR_TABLE_SENDERS = 4,
    VDR_TABLE_REGISSEURS = 5,
    VDR_TABLE_MAILBOXES = 6,
    VDR_TABLE_RULES = 7,
    VDR_TABLE_HOUSEHOLDS = 10,
    VDR_TABLE_MEMBERS = 12,
    VDR_TABLE_SIGNALS = 14,
    VDR_TABLE_SIGNAL_RESTS = 15,
    VDR_TABLE_NAMINGS = 16,
    VDR_TABLE_CASES = 17,
    VDR_TABLE_TALLIES = 19,
    VDR_TABLE_LISTS = 20,
    VDR_TABLE_LATCHES = 21,
    VDR_TABLE_REVIEWS = 22,
    VDR_TABLE_ACTS = 24,
    VDR_TABLE_TIMERS = 26,
    VDR_TABLE_MARKS = 27,
    VDR_TABLE_OVERDUES = 28,
    VDR_TABLE_TEXTS = 30, /* .. 36 */
    /* indexes: each has two */
    VDR_TABLE_NAME_LINES = 40,
    VDR_TABLE_HOUSEHOLD_LINES = 42,
    VDR_TABLE_MEMBER_LINES = 44,
    VDR_TABLE_SIGNAL_LINES = 46,
    VDR_TABLE_CASE_LINES = 48,
    VDR_TABLE_REVIEW_LINES = 50,
    VDR_TABLE_ACT_LINES = 52,
    /* what operators change (control.h) */
    VDR_TABLE_PROPOSALS = 60,
    VDR_TABLE_VERSIONS = 61,
    VDR_TABLE_PAUSES = 62,
    VDR_TABLE_DOCUMENTS = 63,
    VDR_TABLE_PAGES = 64,
    VDR_TABLE_PARTY_KEYS = 65, /* keys.h; .. 69 are kept free for it */
    /* what residents may ask, and who may not have to do with them (conflict.h) */
    VDR_TABLE_RIGHTS = 70,
    VDR_TABLE_RIGHT_LINES = 71,
    VDR_TABLE_CONFLICTS = 73,
    VDR_TABLE_CONFLICT_LINES = 74,
    /* what guards counted in windows that are not over (guard.h) */
    VDR_TABLE_GUARDED = 80,
    VDR_TABLE_GUARDED_LINES = 81,
    VDR_TABLE_REWRITES = 85,
    VDR_TABLE_REWRITE_LINES = 86,
    VDR_TABLE_LEFT = 84, /* what left, until a proof says so (left.h) */
    VDR_TABLE_NOTES = 90,
    VDR_TABLE_NOTE_LINES = 91, /* and the next */
    VDR_TABLE_ABSENCES = 93
};

typedef struct vdr_name_record {
    uint32_t text, hash;
    uint32_t uses;      /* of a role or district; a name that a configuration used is pinned */
    uint32_t pinned;    /* 0 or 1 */
    uint32_t regisseur; /* its record in REGISSEURS, if it ever was one */
    uint32_t mailboxes; /* first of its mailboxes */
} vdr_name_record;

/* What a signal keeps of its type from its acceptance; one record for all signals with the same. */
typedef struct vdr_terms {
    int64_t counts_for_ms, retain_ms, follow_up_ms;
    vdr_name type, domain, purpose;
    uint32_t kind; /* vdr_signal_kind */
    uint32_t severity;
    uint32_t spare;
} vdr_terms;

/* An agency as it was at a signal's acceptance. */
typedef struct vdr_sender {
    vdr_name agency, source, kind;
    uint32_t spare;
} vdr_sender;

typedef struct vdr_regisseur {
    vdr_name name;
    uint32_t load;                    /* offered and active cases */
    vdr_slot cases_first, cases_last; /* those, by number */
    vdr_slot absences;                /* the first (absence.h) */
} vdr_regisseur;

typedef struct vdr_mailbox {
    uint64_t last, acknowledged;
    vdr_name name;
    uint32_t kind; /* vdr_party_kind */
    uint32_t next; /* other mailboxes of the name */
    vdr_slot marks_first, marks_last;
    uint32_t spare;
} vdr_mailbox;

/* Where an unacknowledged message of a mailbox stands in the log: of the oldest, and of every so many after
 * it, so that what is kept in memory for a mailbox that nobody reads stays small. */
typedef struct vdr_mark {
    uint64_t seq;
    vdr_position position;
    vdr_slot next;
    uint32_t spare;
} vdr_mark;

/* A rule as it once was in a configuration: latches name it, and lose their meaning when the rule is
 * gone or changed, since then its record is no longer the one that the configuration uses. */
typedef struct vdr_rule_record {
    vdr_key16 fingerprint;
    vdr_name name;
    uint32_t current; /* 1: in the configuration that holds */
} vdr_rule_record;

typedef struct vdr_household {
    uint64_t number;
    uint64_t born_order;         /* of its making, never 0: later timers of its slot are its own */
    vdr_slot persons, addresses; /* first members */
    uint32_t person_count, address_count;
    vdr_slot signals_first, signals_last; /* in log order */
    uint32_t signal_count;
    vdr_slot open_case;
    vdr_slot cases; /* newest number first; ended ones too, until they leave */
    vdr_slot latches;
    vdr_slot reviews;
    vdr_name district; /* BU and 8; 0: none */
} vdr_household;

/* A person or address: kept while it is of a household or a signal names it. Keys are keyed pseudonyms. */
typedef struct vdr_member {
    vdr_key16 key; /* its first four bytes are the hash by which it is found */
    vdr_slot household;
    vdr_slot before, after; /* in its household's list */
    uint32_t uses : 30;     /* namings of it, and signals at it */
    uint32_t parity : 1;    /* of the key that it is under (rekey.h) */
    uint32_t is_address : 1;
    vdr_slot named_by; /* newest signal that names it, if that one is kept */
} vdr_member;

enum vdr_signal_flag {
    VDR_SIGNAL_WITHDRAWN = 1,
    VDR_SIGNAL_ENDED = 2,
    VDR_SIGNAL_OVERDUE = 4,
    VDR_SIGNAL_HAS_FEEDBACK = 8,
    VDR_SIGNAL_SUPERSEDED = 16, /* and so withdrawn */
    VDR_SIGNAL_HELD = 32,       /* an objection is to be decided: out of rules (right.h) */
    VDR_SIGNAL_RESTRICTED = 64, /* kept and not used: out of rules, and shown to nobody */
    VDR_SIGNAL_PARITY = 128,    /* of the key that its digest is under (rekey.h) */
    VDR_SIGNAL_OUT = VDR_SIGNAL_WITHDRAWN | VDR_SIGNAL_HELD | VDR_SIGNAL_RESTRICTED
};

/* What the next signal of the household looks at. */
typedef struct vdr_signal {
    vdr_position position; /* log order */
    vdr_ms occurred_at;
    vdr_ms until;  /* counts in [occurred_at, until); ending it lowers until */
    uint32_t hash; /* found by (source, id); half of the keyed hash of id */
    uint32_t id;   /* text */
    vdr_slot sender, terms;
    vdr_slot household;
    vdr_slot before, after; /* in its household, in log order */
    vdr_slot in_case;       /* open case */
    vdr_slot names;         /* first naming */
    uint8_t severity;       /* effective */
    uint8_t flags;
    uint8_t domains, agencies; /* no more distinct ones has it with all before it; 0: not known */
} vdr_signal;

/* The rest of the signal of the same slot. The orders are not its first: a timer that is left of a signal that was
 * erased asks for them, and the first bytes of a record that was given back are a link. */
typedef struct __attribute__((packed, aligned(4))) vdr_signal_rest {
    vdr_slot address;      /* member */
    vdr_name service;      /* routed to; 0 none */
    uint64_t order;        /* of its leaving timer */
    uint64_t follow_order; /* of its follow-up timer still to come; 0 none */
    uint64_t digest;       /* half of it: what it must tell apart has the same source and id already */
    vdr_slot case_before, case_after;
    vdr_slot overdue; /* its record in OVERDUES, while it is overdue and not withdrawn */
} vdr_signal_rest;

/* What is kept of a digest. */
static inline uint64_t
vdr_digest_half(const vdr_key16 *digest)
{
    uint64_t half;
    memcpy(&half, digest->bytes, sizeof half);
    return half;
}

#define VDR_ROLE_MASK UINT32_C(0x1fffffff)
#define VDR_USES_MASK UINT32_C(0x3fffffff)

/* A person named by a signal. One person may be named twice, in two roles. */
typedef struct vdr_naming {
    vdr_slot member;
    vdr_name role : 29; /* 0 none */
    uint32_t held : 1;  /* an objection or restriction of the person stands: rules do not know it (right.h) */
    uint32_t struck : 1; /* an objection was upheld: nor ever again */
    uint32_t again : 1;  /* an earlier naming of the same signal names this person too */
    vdr_slot next;
} vdr_naming;

/* Do rules know that the signal names this person? */
static inline bool
vdr_naming_counts(const vdr_naming *naming)
{
    return naming->held == 0 && naming->struck == 0;
}

typedef struct vdr_case {
    uint64_t number;
    uint64_t accept_order; /* of the accept timer of the standing offer; 0 none */
    vdr_ms accept_due;
    vdr_ms opened_at, ended_at; /* ended_at VDR_MS_NONE while open */
    vdr_position opened_position, ended_position, plan_position;
    vdr_position config_position; /* of the configuration whose rules made it */
    uint64_t revision, plan_revision;
    uint64_t leave_order;
    vdr_slot household;
    vdr_slot household_next;              /* its household's next case */
    vdr_slot held_before, held_after;     /* in its regisseur's list, or in that of the unassigned */
    vdr_name regisseur;                   /* an ended case keeps the last */
    vdr_name handover_to;                 /* standing offer; 0 none */
    vdr_slot refused, rules, purposes;    /* lists of names */
    vdr_slot signals_first, signals_last; /* in log order */
    uint32_t signal_count;
    vdr_slot tallies; /* how many of its signals are of each agency and domain */
    uint8_t state, priority;
    uint16_t note_count;
    uint32_t version; /* of the configuration whose rules made it */
    vdr_slot notes;   /* the newest (note.h) */
} vdr_case;

enum vdr_tally_kind { VDR_TALLY_AGENCY = 1, VDR_TALLY_DOMAIN = 2 };

/* How many signals of a case have this agency or domain. */
typedef struct vdr_tally {
    vdr_name name;
    uint32_t kind, count;
    vdr_slot next;
} vdr_tally;

typedef struct vdr_list { /* of names, in order */
    vdr_name name;
    vdr_slot next;
} vdr_list;

typedef struct vdr_latch {
    vdr_slot rule; /* in RULES */
    vdr_slot next;
} vdr_latch;

/* A pair of households that coordinators were asked about, while both exist (numbers are never used again);
 * in the lists of both, and in one of all by number. */
typedef struct vdr_review {
    uint64_t lower, higher; /* numbers of the households */
    uint64_t number;        /* counts up: the order in which was asked; 0: set aside, and in no list of all */
    vdr_slot side_before[2]; /* in the list of the lower [0] and of the higher [1] household */
    vdr_slot side_after[2];
    vdr_slot before, after; /* in the list of all */
} vdr_review;

/* A signal that is overdue, in the order in which they became so. */
typedef struct __attribute__((packed, aligned(4))) vdr_overdue {
    uint64_t number; /* counts up */
    vdr_slot signal;
    vdr_slot before, after;
} vdr_overdue;

/* An accepted command of section 9: its id is taken until it is forgotten. */
typedef struct vdr_act_record {
    vdr_position position;
    uint64_t order;  /* of its timer */
    uint64_t digest; /* as a signal's */
    uint32_t hash;
    uint32_t id;     /* text */
    vdr_name source; /* the whole source string */
    uint32_t parity; /* of the key that its digest is under (rekey.h) */
} vdr_act_record;

/* What left and no proof tells yet (left.h). The text of a signal's id is its own now. */
typedef struct vdr_left_record {
    uint64_t order;  /* counts up: the order in which they left */
    uint64_t number; /* a signal: its position; a case or household: its number */
    vdr_ms at, time; /* when it left; a signal: when it occurred, a case: when it was opened */
    uint32_t id;     /* text; signals only */
    uint32_t hash;   /* of the id, as in the signal */
    vdr_name source, type;
    uint16_t kind, reason; /* vdr_left_kind, vdr_left_reason */
    vdr_slot next;
} vdr_left_record;

/* What somebody proposed (control.h). Its slot is its number: it stays for ever, but its texts go when it
 * ends. */
typedef struct vdr_proposal {
    vdr_position position, ended_position; /* 0: open */
    vdr_ms at, ended_at;                   /* VDR_MS_NONE: open */
    vdr_ms until;                          /* PAUSE, SILENCE; else VDR_MS_NONE */
    vdr_key16 fingerprint;                 /* CONFIG: of the three texts */
    uint32_t kind, state;                  /* vdr_proposal_kind, vdr_proposal_state */
    uint32_t author, decider;              /* texts; 0 none */
    vdr_slot reason, verdict;              /* documents */
    vdr_slot texts[3];
    vdr_name subject;     /* the rule or agency; 0 none */
    uint32_t against;     /* CONFIG: the version in force when it was made */
    uint32_t rollback_of; /* version; 0 none */
    uint32_t made;        /* version, pause or key; 0 none */
    vdr_slot key;         /* KEY: its record; 0 none */
} vdr_proposal;

/* A configuration that held or holds. Its slot is its number, the last one is in force. */
typedef struct vdr_version {
    vdr_position position; /* of the first record that brought it; it may be logged again later */
    vdr_ms at;             /* VDR_MS_NONE: before the first log time */
    vdr_key16 fingerprint;
    uint32_t author, approver; /* texts; 0 none */
    vdr_slot reason;           /* document */
    vdr_slot texts[3];         /* documents; 0: not kept */
    uint32_t proposal, rollback_of;
    uint32_t cases; /* in the state that it made */
    uint32_t spare;
} vdr_version;

/* A rule that is paused, or an agency that is silenced, for a while. Its slot is its number. */
typedef struct vdr_pause {
    vdr_position position, ended_position; /* 0: it holds */
    vdr_ms at, until, ended_at;            /* ended_at VDR_MS_NONE: it holds */
    uint64_t order;                        /* of the timer that ends it */
    uint32_t kind;                         /* VDR_PROPOSAL_PAUSE or VDR_PROPOSAL_SILENCE */
    vdr_name subject;
    uint32_t author, approver, ended_by; /* texts; 0 none */
    vdr_slot reason, ended_why;          /* documents */
    uint32_t spare;
} vdr_pause;

/* What somebody asked about a household, a signal or a person, or what stands about one (right.h). */
typedef struct vdr_right {
    vdr_position position, ended_position; /* of the act that made it; 0: it stands */
    uint64_t number;                       /* counts up, never used again */
    vdr_ms at, due, ended_at; /* due: VDR_MS_NONE without a term; ended_at: the same while it stands */
    uint64_t order;           /* of the timer it waits for; 0 none */
    uint64_t household;       /* number; of a signal: where it is; 0: of a person */
    vdr_position signal;      /* 0: of the household */
    vdr_key16 person;         /* while it stands; else zero */
    vdr_name author, second;  /* who asked; who confirmed it, or asks to lift it */
    vdr_slot before, after;   /* in the list of all, by number */
    uint8_t kind, state;      /* vdr_right_kind, vdr_right_state (proto/right.h) */
    uint8_t author_kind, second_kind; /* vdr_party_kind */
    uint8_t stage;                    /* what its timer does */
    uint8_t waits;                    /* of a hold: the household would have left */
    uint16_t parity;                  /* of the key that the person is under (rekey.h) */
} vdr_right;

/* A signal whose event lies elsewhere, or is to be written anew (rewrite.h). */
typedef struct vdr_rewrite {
    vdr_position signal;  /* where the signal stands in the log */
    vdr_position content; /* where its event is now; 0: in its own record */
    vdr_ms accepted_at;   /* of the signal, as its own record said; VDR_MS_NONE: it is there still */
    uint32_t wanted;      /* 1: it is to be written anew */
    vdr_slot slot;        /* of the signal */
} vdr_rewrite;

/* A regisseur who may not have to do with a household, or with a person wherever that one is (conflict.h). */
typedef struct vdr_conflict {
    vdr_key16 person;      /* pseudonym; where it is of a household, zero */
    uint64_t household;    /* number; 0: of a person */
    vdr_position position; /* of the act that declared it */
    vdr_name regisseur;
    uint32_t parity; /* of the key that the person is under (rekey.h) */
} vdr_conflict;
/* A public key of a party (keys.h). Its slot is its number: it stays for ever. */
typedef struct vdr_party_key {
    uint8_t public_key[VDR_PUBLIC_KEY_BYTES];
    uint8_t replaced[VDR_PUBLIC_KEY_BYTES]; /* zeros: it replaces none */
    vdr_position position, ended_position;  /* 0: it has not ended */
    vdr_ms at, from, until, ended_at; /* from VDR_MS_NONE: not yet; until VDR_MS_NONE: of a file, no term */
    int64_t overlap_ms;
    uint64_t order;                      /* of the timer that ends it; 0 none */
    uint32_t kind, state;                /* vdr_party_kind, vdr_party_key_state */
    uint32_t party;                      /* text: KIND:ID */
    uint32_t author, approver, ended_by; /* texts; 0 none */
    vdr_slot reason, ended_why;          /* documents */
    uint32_t of_file;                    /* 1: it ends a key of node.yaml, and lets nobody in itself */
    uint32_t proposal;                   /* 0 none */
} vdr_party_key;

/* What a guard counted for an agency in one window, or one of the persons that it counted (guard.h). */
typedef struct vdr_guarded {
    vdr_key16 what;    /* of a window: the address or buurt, else zero; of a person: the pseudonym */
    uint64_t order;    /* of a window: of the timer at its end */
    vdr_ms from;       /* of a window: its begin */
    vdr_position told; /* of a window: the signal with which the guard spoke; 0: it did not */
    vdr_name guard;    /* never 0 */
    vdr_name agency;   /* 0: a person */
    vdr_slot window;   /* of a person: where it was counted */
    vdr_slot persons;  /* of a window: the first; of a person: the next */
    uint32_t count;    /* of a window */
    uint32_t parity;   /* of the key that the address or person is under (rekey.h) */
} vdr_guarded;

#define VDR_PAGE_BYTES 1020u

/* A long text (document.h). */
typedef struct vdr_document {
    vdr_slot pages;
    uint32_t len, uses;
    uint32_t spare;
} vdr_document;

typedef struct vdr_page {
    vdr_slot next;
    uint8_t bytes[VDR_PAGE_BYTES];
} vdr_page;

typedef struct vdr_rulebook vdr_rulebook; /* rules.h */
typedef struct vdr_town vdr_town;         /* town.h */
typedef struct vdr_waiting vdr_waiting;   /* waiting.h */

/* A regisseur whose load a line or timer changed, and what it was before. */
typedef struct vdr_load_before {
    vdr_slot regisseur;
    uint32_t load;
} vdr_load_before;

typedef struct vdr_state {
    vdr_slab names, terms, senders, regisseurs, mailboxes, marks, rules;
    vdr_slab households, members, signals, signal_rests, namings, cases, tallies, lists, latches, reviews,
        overdues, acts;
    vdr_slab proposals, versions, pauses, documents, pages, party_keys;
    vdr_slab left;
    vdr_slab rights, conflicts, rewrites;
    vdr_slab guarded, notes, absences;
    vdr_index names_by_text, households_by_number, members_by_key, signals_by_id, cases_by_number,
        reviews_by_pair, acts_by_id, rights_by_whom, conflicts_by_whom, rewrites_by_signal, guarded_by_what,
        notes_by_signal;
    vdr_timers timers;
    vdr_texts texts;
    vdr_pool pool; /* where the tables' chunks lie */

    /* counters and roots: all of it is in an image's head */
    vdr_ms now; /* VDR_MS_NONE before the first command */
    vdr_position position, config_position;
    vdr_key16 config_fingerprint;
    uint64_t household_last, case_last;             /* highest number used */
    uint64_t order_last, review_last, overdue_last; /* the same of timers, reviews and overdue signals */
    uint64_t retry_order;                           /* of the retry timer; 0: not set */
    uint64_t right_last;                            /* the highest number of a right */
    uint64_t left_last_order;                       /* of what left last */
    vdr_slot unassigned_first, unassigned_last;     /* unassigned cases, by number */
    vdr_slot reviews_first, reviews_last, overdues_first, overdues_last;
    uint32_t unassigned_count, offered_count, active_count;
    uint32_t person_count; /* of the members, those that are no address */
    vdr_slot rights_first, rights_last;
    vdr_slot left_first, left_last;
    uint32_t rewrites_wanted;
    uint32_t reviews_aside;           /* of the reviews, those that were set aside */
    uint32_t left_count, left_erased; /* of them, those that were erased */
    vdr_key16 key_check,
        next_check;   /* of the pseudonym key; of the one that it changes to, zero: it does not */
    vdr_key16 id_key; /* of id hashes, since the pseudonym key changed first; zero: it never did */
    vdr_position rekey_begun, rekey_ended; /* records of the last BEGIN and END; 0: there was none */
    uint32_t parity;                       /* of what is made now: 0 or 1, turned by each BEGIN */
    uint32_t old_members, old_signals, old_acts, old_conflicts, old_rights; /* still under the key before */
    uint32_t rekey_finish; /* 1: what nobody can make a pair for is given up */
    uint32_t old_guarded;  /* as the others */

    /* derived or of the moment: not in an image */
    const vdr_config *config;
    uint64_t key_changes;   /* of keys of parties since the core was made (keys.h) */
    uint64_t guards_spoken; /* how often since this core began */
    bool silences_lifted;   /* the rulebook that is bound next knows no silences and pauses */
    vdr_town *town;         /* the configuration's names bound, for looking up */
    vdr_rulebook *rulebook; /* the configuration's rules bound to names, and windows of large households */
    vdr_waiting *waiting;   /* the unassigned cases, by who may take them */
    uint64_t looks;         /* cases, and branches to them, that were looked at to place cases: work done */
    vdr_position stepping;  /* position of the command being stepped */
    vdr_tale tale;
    vdr_core_mail *mails;
    size_t mail_count, mail_size;
    vdr_load_before *loads; /* that this line or timer changed */
    size_t load_count, load_size;
    vdr_slots persons; /* of the signal being taken in */
    vdr_slots asked;   /* households of which an erasure is asked and may be done now (right.h) */
    vdr_slots touched; /* households whose conflicts of interest are to be looked at (conflict.h) */
} vdr_state;

uint32_t vdr_name_record_hash(const void *record); /* by which a name is found */
void vdr_state_init(vdr_state *state);
void vdr_state_done(vdr_state *state);
/* The slabs of the state in the order of an image, 0 .. VDR_STATE_SLABS - 1. */
#define VDR_STATE_SLABS 64u
vdr_slab *vdr_state_slab(vdr_state *state, uint32_t number);
const vdr_slab *vdr_state_slab_at(const vdr_state *state, uint32_t number);
/* Sets a timer and returns its order, by which its owner knows it again. */
uint64_t vdr_state_timer(vdr_state *state, vdr_timer_kind kind, vdr_ms due, vdr_slot target);

static inline const vdr_household *
vdr_household_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->households, slot);
}

static inline vdr_household *
vdr_household_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->households, slot);
}

static inline const vdr_member *
vdr_member_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->members, slot);
}

static inline vdr_member *
vdr_member_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->members, slot);
}

static inline const vdr_signal *
vdr_signal_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->signals, slot);
}

static inline vdr_signal *
vdr_signal_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->signals, slot);
}

static inline const vdr_signal_rest *
vdr_signal_rest_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->signal_rests, slot);
}

static inline vdr_signal_rest *
vdr_signal_rest_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->signal_rests, slot);
}

static inline const vdr_naming *
vdr_naming_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->namings, slot);
}

static inline const vdr_case *
vdr_case_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->cases, slot);
}

static inline vdr_case *
vdr_case_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->cases, slot);
}

static inline const vdr_review *
vdr_review_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->reviews, slot);
}

static inline const vdr_terms *
vdr_terms_of(const vdr_state *state, const vdr_signal *signal)
{
    return vdr_slab_at(&state->terms, signal->terms);
}

static inline const vdr_sender *
vdr_sender_of(const vdr_state *state, const vdr_signal *signal)
{
    return vdr_slab_at(&state->senders, signal->sender);
}

#endif
