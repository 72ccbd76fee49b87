/* broker/core/command.h - one entry of the log: everything that can change an outcome.
 *
 * The door makes it from bytes (broker/door/event.h), or the broker itself (ticks, acknowledgements,
 * configuration). It holds no BSN, no BAG id and no free text: persons and addresses are keyed
 * pseudonyms. What depends on the door's key or on the configuration of the moment (pseudonyms, hashes,
 * digest, excluded) is in the command, so that stepping a log needs no key.
 *
 * Thread:  a plain value. Memory: spans and arrays are the maker's; they must live through the step. */
#ifndef VDR_CORE_COMMAND_H
#define VDR_CORE_COMMAND_H

#include "broker/core/config.h"
#include "proto/control.h"
#include "proto/err.h"
#include "proto/types.h"
#include "proto/words.h"

typedef enum vdr_command_kind {
    VDR_COMMAND_SIGNAL = 1,   /* an event that is no act: also one that could not be read */
    VDR_COMMAND_ACT = 2,      /* an event of section 9 */
    VDR_COMMAND_TICK = 3,     /* time passes: at and timers_max only */
    VDR_COMMAND_ACKS = 4,     /* mailboxes were read up to here */
    VDR_COMMAND_CONFIG = 5,   /* a configuration holds from here on */
    VDR_COMMAND_PROPOSE = 6,  /* an operator proposes something */
    VDR_COMMAND_DECIDE = 7,   /* an open proposal is approved (not a configuration), rejected or withdrawn */
    VDR_COMMAND_RESUME = 8,   /* a pause or silence ends before its time */
    VDR_COMMAND_VIEW = 9,     /* somebody was shown what is kept of persons */
    VDR_COMMAND_REVOKE = 10,  /* a party's key ends at once (keys.h) */
    VDR_COMMAND_REWRITE = 11, /* the event of a signal without whom it no longer names (rewrite.h) */
    VDR_COMMAND_ERASURE = 12, /* these have left for good: the proof (left.h) */
    VDR_COMMAND_REKEY = 13,   /* pseudonyms go over to the next key (rekey.h) */
    VDR_COMMAND_CARRY =
        14 /* an earlier record, once more, so that the log before it can be cut: steps nothing */
} vdr_command_kind;

typedef struct vdr_command_person {
    vdr_key16 key;
    vdr_span role; /* absent: none */
} vdr_command_person;

typedef struct vdr_command_ack {
    uint32_t mailbox; /* number of the mailbox (vdr_core_mailbox) */
    uint64_t seq;     /* read up to and including */
} vdr_command_ack;

/* A signal's id as named by an act or by supersedes: the text, and the keyed hash it is found by. */
typedef struct vdr_command_ref {
    vdr_span id; /* absent: not named */
    uint64_t hash;
} vdr_command_ref;

/* What of an event depends on the key, under the key before, while keys change (rekey.h). */
typedef struct vdr_command_earlier {
    vdr_key16 digest;
    const vdr_key16 *persons, *addresses; /* as many as the command has, in the same order */
} vdr_command_earlier;

/* A change of the pseudonym key (rekey.h). Numbers are in logs. */
typedef enum vdr_rekey_phase {
    VDR_REKEY_BEGIN = 1, /* from here on events come under both keys */
    VDR_REKEY_PAIRS = 2, /* these are under the next key now */
    VDR_REKEY_END = 3,   /* everything is: the key before is no more */
    VDR_REKEY_FINISH = 4 /* what nobody can make a pair for is given up */
} vdr_rekey_phase;
typedef enum vdr_rekey_kind { VDR_REKEY_SIGNAL = 1, VDR_REKEY_ACT = 2 } vdr_rekey_kind;

/* A person or address. */
typedef struct vdr_command_pair {
    vdr_key16 from, to;
    bool is_address;
} vdr_command_pair;

/* The digest of a signal or act, by half, as it is kept (state.h). With half of the hash of its id it is one thing's. */
typedef struct vdr_command_rekeyed {
    vdr_rekey_kind kind;
    uint32_t hash;
    uint64_t from, to;
} vdr_command_rekeyed;

/* What left, and why. Numbers are in logs and checkpoints. */
typedef enum vdr_left_kind {
    VDR_LEFT_SIGNAL = 1,
    VDR_LEFT_CASE = 2,
    VDR_LEFT_HOUSEHOLD = 3,
    VDR_LEFT_CONTENT = 4 /* what a signal said, which was written anew without somebody (rewrite.h) */
} vdr_left_kind;
#define VDR_LEFT_LAST VDR_LEFT_CONTENT

/* Has it what names a signal? */
static inline bool
vdr_left_of_signal(vdr_left_kind kind)
{
    return kind == VDR_LEFT_SIGNAL || kind == VDR_LEFT_CONTENT;
}

typedef enum vdr_left_reason {
    VDR_LEFT_BY_TERM = 1,      /* a signal's retain, or a case's, has gone by */
    VDR_LEFT_BY_ERASURE = 2,   /* somebody asked for it */
    VDR_LEFT_BY_HOUSEHOLD = 3, /* a household whose last signal or case left */
} vdr_left_reason;

/* A tombstone (semantics section 10). It names no person. */
typedef struct vdr_command_left {
    vdr_left_kind kind;
    vdr_left_reason reason;
    uint64_t number; /* a signal: its position in the log; a case or household: its number */
    vdr_ms at, time; /* when it left; a signal: when it occurred, a case: when it was opened; else NONE */
    vdr_span id, source, type; /* of a signal; else absent. No id where it is only to leave again */
    uint64_t hash;             /* of the id, its lower half */
} vdr_command_left;

/* What of a thing was shown, and which. Numbers are in logs. */
typedef enum vdr_seen_kind { VDR_SEEN_SIGNAL = 1, VDR_SEEN_CASE = 2, VDR_SEEN_HOUSEHOLD = 3 } vdr_seen_kind;
typedef enum vdr_seen_parts {
    VDR_SEEN_FACTS = 1,    /* that it is there, and what it is: no person, no free text */
    VDR_SEEN_CONTENT = 2,  /* of a signal: persons, address, free text */
    VDR_SEEN_PLAN = 4,     /* of a case: goals, and the words it ended with */
    VDR_SEEN_MEMBERS = 8,  /* of a household: who belongs to it, by handle */
    VDR_SEEN_NUMBERS = 16, /* and their BSN and BAG ids */
    VDR_SEEN_REASONS = 32, /* of a household or case: its explanation */
    VDR_SEEN_NOTES = 64,   /* of a case or signal: what was written about it (note.h) */
    VDR_SEEN_ALL = 127
} vdr_seen_parts;

typedef struct vdr_command_seen {
    vdr_seen_kind kind;
    uint32_t parts;
    vdr_household_id household; /* then; 0: of none that is known */
    vdr_case_id case_id;        /* the case, or the open one that the signal or household had then; 0: none */
    vdr_position position;      /* SIGNAL: of its record; else 0 */
} vdr_command_seen;

typedef struct vdr_command {
    vdr_command_kind kind;
    vdr_ms at; /* log time wished for; the core raises it to the previous. VDR_MS_NONE: the previous */

    /* SIGNAL and ACT. The door judges the shape (row 1) and nothing else; what it found wrong with the
     * values of rows 9 and 10 it notes, and the core says so at their turn. */
    vdr_err shape;   /* VDR_OK or VDR_E_MALFORMED; when malformed only id, source, act, type are used */
    vdr_span id;     /* absent where a malformed line has no such string */
    vdr_span source; /* the same */
    vdr_span type;
    vdr_act act; /* NONE for a signal */
    vdr_ms time;
    vdr_key16 digest;           /* keyed, of the event's canonical form: equal events, equal digests */
    uint64_t id_hash;           /* keyed, of id alone */
    vdr_party_kind sender_kind; /* live: whose key sent it; NONE in a replay: anybody's */
    vdr_span sender_id;
    bool revision_checked; /* an act's frame named the case's revision */
    uint64_t revision_expected;

    vdr_span municipality;
    vdr_ms occurred_at;                /* default: time (signals; for signal_ended too) */
    const vdr_command_person *persons; /* signal, household_split; person_moved: one */
    size_t person_count;
    bool bsn_bad;               /* some BSN fails the elfproef; its person's key means nothing */
    const vdr_key16 *addresses; /* signal: 0 or 1; household_split: any number; person_moved: to */
    size_t address_count;
    bool address_bad;      /* some bag or buurt is not of its form */
    bool address_excluded; /* the (only) address is on the excluded list of now */
    vdr_span buurt;        /* absent: none */
    bool has_severity;
    int64_t severity;
    vdr_ms act_before;                  /* VDR_MS_NONE: none */
    vdr_command_ref signal;             /* supersedes, or an act's signal */
    const vdr_command_earlier *earlier; /* NULL: keys do not change */

    /* Acts. A case or household that is not written C or H and a number is number 0, which exists never. */
    vdr_case_id case_id;
    vdr_household_id household, into, from; /* review_set_aside: household is into, other is from */
    vdr_span regisseur;                     /* case_assigned regisseur, handover_offered to */
    vdr_span agency;                        /* feedback; absent: the newest. note_sent: to whom, or service */
    vdr_span service;                       /* note_sent */
    vdr_span result;                        /* feedback; rectification_requested correction; text of a note */
    vdr_ms due;  /* of a request; VDR_MS_NONE: not said. Acts of protocol.md 5.10 only */
    bool upheld; /* objection_decided */
    uint64_t plan_revision;
    vdr_ms absent_from, absent_to; /* absence_set, absence_lifted: from < to */

    /* TICK: at most so many timers fire, and log time ends at the last of them where more are due; 0: all. What
     * is due is fired by the commands after it in the same order, so nothing but the size of a step depends on
     * it. */
    uint32_t timers_max;

    /* ACKS */
    const vdr_command_ack *acks;
    size_t ack_count;

    /* CONFIG; must live until the next CONFIG was stepped and the core freed. */
    const vdr_config *config;
    /* Under which key the pseudonyms of the log are made (vdr_door_key_check); zero: not said. The core keeps it
     * for whoever starts on the log with a key (rekey.h). */
    vdr_key16 key_check;

    /* PROPOSE, DECIDE, RESUME, REVOKE, and a CONFIG that an operator asked for (control.h, keys.h). */
    vdr_span author; /* the operator's id; absent: nobody's, as at a start */
    vdr_span reason; /* at most VDR_REASON_BYTES_MAX */
    bool alone;      /* nobody else need agree: what is proposed holds at once; one may approve one's own */
    /* DECIDE: the proposal; CONFIG: that it approves, 0 none; RESUME: the pause; REWRITE: the signal's record;
     * CARRY: the record, until is its log time */
    uint64_t number;
    vdr_decide decide;          /* DECIDE */
    vdr_proposal_kind proposal; /* PROPOSE */
    vdr_key16 fingerprint;      /* PROPOSE of a configuration */
    uint64_t rollback_of;       /* the same, and CONFIG: version that is brought back; 0 none */
    vdr_span subject;           /* PROPOSE: the rule, agency or party; REVOKE: the party */
    vdr_ms until;               /* PROPOSE: when the pause or the key ends */
    vdr_party_kind party_kind;  /* PROPOSE of a key, REVOKE: of the party */
    vdr_span public_key;        /* the same: VDR_PUBLIC_KEY_BYTES */
    vdr_span replaced;          /* PROPOSE of a key: the one that it takes the place of; absent: none */
    int64_t overlap_ms;         /* the same: how long both are valid; 0 without one */
    /* REKEY. BEGIN, END, FINISH: key_check is that of the next key; author, reason: who wants it, and why. BEGIN: id_key is the
     * key of id hashes, which stays (rekey.h). */
    vdr_rekey_phase rekey;
    vdr_key16 id_key;
    const vdr_command_pair *pairs;
    size_t pair_count;
    const vdr_command_rekeyed *rekeyed;
    size_t rekeyed_count;

    /* ERASURE: of these the keys are gone, and what of them is still in the state leaves now (a restored backup).
     * through: what left up to this order (left.h) is told by it or by the ones before. */
    const vdr_command_left *left;
    size_t left_count;
    uint64_t through;
    uint64_t generation;              /* of the wrapping key that took over; 0: none did */
    uint64_t keys_kept, keys_dropped; /* of data keys; in the last record of a run, else 0 */

    /* VIEW: sender_kind and sender_id saw it, by which vdr_query (its number). With a reason it was not theirs to
     * see: every privacy officer is told. Nothing else comes of it. */
    const vdr_command_seen *seen;
    size_t seen_count;
    uint32_t query;
    vdr_span traceparent; /* of whoever asked; absent: none */
    int64_t
        cover_ms; /* the same, shown again within this term after at, has no record of its own; 0: it has */

    /* CONFIG and PROPOSE of one: the three texts, to be kept; NULL: they are not (a replay of files). */
    const vdr_span *texts;
} vdr_command;

#endif
