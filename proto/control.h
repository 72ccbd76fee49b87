/* proto/control.h - who changed the routing, when and why: proposals, versions of the configuration, pauses and
 * silences (protocol.md 7.9), as plain values. What the core says of itself (broker/core/control.h), what a
 * RESULT carries and what the command line shows.
 *
 * Memory:  spans belong to whoever filled the value in; after vdr_codec_decode() to its arena.
 * Absent:  a span without bytes, 0 for numbers, VDR_MS_NONE for an instant where a comment says so. */
#ifndef VDR_PROTO_CONTROL_H
#define VDR_PROTO_CONTROL_H

#include "proto/types.h"

#define VDR_REASON_BYTES_MAX 1000u /* a few sentences: it is shown in every list */
#define VDR_PAUSE_MAX_MS     (92 * INT64_C(86400000))
#define VDR_PROPOSALS_OPEN   32u                        /* at once: nobody weighs more */
#define VDR_PUBLIC_KEY_BYTES 32u                        /* of CURVE */
#define VDR_KEY_TERM_MAX_MS  (3660 * INT64_C(86400000)) /* whatever node.yaml says */

/* What is proposed. Numbers are in the log: never renumber. */
typedef enum vdr_proposal_kind {
    VDR_PROPOSAL_CONFIG = 1,  /* a configuration */
    VDR_PROPOSAL_PAUSE = 2,   /* a rule is paused for a while */
    VDR_PROPOSAL_SILENCE = 3, /* an agency is silenced for a while */
    VDR_PROPOSAL_KEY = 4      /* a party gets a key */
} vdr_proposal_kind;

typedef enum vdr_proposal_state {
    VDR_PROPOSAL_OPEN = 1,
    VDR_PROPOSAL_APPROVED = 2,
    VDR_PROPOSAL_REJECTED = 3, /* by somebody else */
    VDR_PROPOSAL_WITHDRAWN = 4 /* by who made it */
} vdr_proposal_state;

/* Of a party's key. Numbers are in the state. */
typedef enum vdr_party_key_state {
    VDR_PARTY_KEY_PROPOSED = 1, /* another operator must approve it */
    VDR_PARTY_KEY_VALID = 2,
    VDR_PARTY_KEY_EXPIRED = 3, /* its term, or the overlap of a rotation, is over */
    VDR_PARTY_KEY_REVOKED = 4,
    VDR_PARTY_KEY_REFUSED = 5 /* the proposal was rejected or withdrawn */
} vdr_party_key_state;

/* What is done with an open proposal. Numbers are in the log. */
typedef enum vdr_decide { VDR_DECIDE_APPROVE = 1, VDR_DECIDE_REJECT = 2, VDR_DECIDE_WITHDRAW = 3 } vdr_decide;

typedef struct vdr_proposal_view {
    uint64_t number;
    vdr_proposal_kind kind;
    vdr_proposal_state state;
    vdr_span author, reason;
    vdr_ms at_ms;
    vdr_position position;
    vdr_span decider, verdict; /* who ended it, and why; absent while open */
    vdr_ms ended;              /* VDR_MS_NONE: open */
    vdr_span subject;          /* the rule, the agency or, as KIND:ID, the party */
    vdr_ms until;              /* PAUSE, SILENCE, KEY; else VDR_MS_NONE */
    uint64_t against;          /* CONFIG: the version that was in force when it was made */
    uint64_t rollback_of;      /* CONFIG: it brings this version back; 0: it is new */
    uint64_t made;             /* the version, pause or key that came of it; 0: none */
    vdr_span digest;           /* CONFIG: 16 bytes, of the three texts */
} vdr_proposal_view;

typedef struct vdr_version_view {
    uint64_t number; /* 1 is the first configuration of the store */
    vdr_span digest; /* 16 bytes, of the three texts */
    vdr_position position;
    vdr_ms at;         /* VDR_MS_NONE: before the first log time */
    vdr_ms ended;      /* when the next one came; VDR_MS_NONE: in force */
    vdr_span author;   /* absent: the start of the broker */
    vdr_span approver; /* absent: nobody else was asked */
    vdr_span reason;
    uint64_t proposal;    /* that it was; 0: none */
    uint64_t rollback_of; /* it brought this version back; 0: it was new */
    uint64_t cases;       /* opened under it that are still known */
    bool kept;            /* its texts can be shown and brought back */
} vdr_version_view;

typedef struct vdr_pause_view {
    uint64_t number;
    vdr_proposal_kind kind; /* PAUSE of a rule or SILENCE of an agency */
    vdr_span subject;
    vdr_span author, reason;
    vdr_span approver; /* absent: nobody else was asked */
    vdr_ms at_ms, until_ms;
    vdr_position position;
    vdr_ms ended;      /* VDR_MS_NONE: it holds */
    vdr_span ended_by; /* absent: by itself */
    vdr_span ended_why;
} vdr_pause_view;

const char *
vdr_proposal_kind_name(vdr_proposal_kind kind); /* "config", "pause", "silence", "key"; never NULL */
const char *vdr_proposal_state_name(vdr_proposal_state state);
const char *vdr_party_key_state_name(vdr_party_key_state state);

#endif
