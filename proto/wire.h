/* proto/wire.h - what frames carry, as plain values: the messages of voordeur.proto without its generated
 * code. What they mean is in protocol.md; the clause is named above each group.
 *
 * Memory:  spans and arrays belong to whoever filled the value in; after vdr_codec_decode() to its arena.
 * Absent:  a span without bytes is absent and the other way round, but where a comment says otherwise. */
#ifndef VDR_PROTO_WIRE_H
#define VDR_PROTO_WIRE_H

#include "proto/control.h"
#include "proto/decision.h"
#include "proto/err.h"
#include "proto/explain.h"
#include "proto/types.h"
#include "proto/view.h"
#include "proto/words.h"

#define VDR_STORE_ID_BYTES 16u

typedef enum vdr_wire_clock { VDR_WIRE_CLOCK_WALL = 0, VDR_WIRE_CLOCK_EVENT = 1 } vdr_wire_clock;
typedef enum vdr_durability { VDR_DURABILITY_NONE = 0, VDR_SYNCED = 1, VDR_REPLICATED = 2 } vdr_durability;
typedef enum vdr_stream { VDR_STREAM_MAILBOX = 1, VDR_STREAM_DECISIONS = 2 } vdr_stream;

typedef enum vdr_query {
    VDR_QUERY_STATUS = 1,
    VDR_QUERY_CASE = 2,
    VDR_QUERY_SIGNAL = 3,
    VDR_QUERY_HOUSEHOLD = 4,
    VDR_QUERY_INBOX = 5,
    VDR_QUERY_REGISSEURS = 6,
    VDR_QUERY_EXPLAIN = 7,
    VDR_QUERY_TRY = 8,
    VDR_QUERY_REQUESTS = 9,
    VDR_QUERY_PERSON = 10,
    VDR_QUERY_DIRECTORY = 11,
} vdr_query;
#define VDR_QUERY_LAST VDR_QUERY_DIRECTORY

typedef enum vdr_inbox_part {
    VDR_INBOX_ALL = 0,
    VDR_INBOX_CASES = 1,
    VDR_INBOX_OVERDUE = 2,
    VDR_INBOX_REVIEWS = 3,
} vdr_inbox_part;

typedef enum vdr_verb {
    VDR_VERB_STATUS = 1,
    VDR_VERB_RELOAD = 2,
    VDR_VERB_CLOCK_ADVANCE = 3,
    VDR_VERB_BACKUP = 4,
    VDR_VERB_CHECKPOINT = 5,
    VDR_VERB_SESSIONS = 6,
    VDR_VERB_MAILBOXES = 7,
    VDR_VERB_DRAIN = 8,
    VDR_VERB_UNDRAIN = 9,
    VDR_VERB_STOP = 10,
    VDR_VERB_REPORT = 11,
    VDR_VERB_CHECK = 12,
    /* of the routing (protocol.md 7.9) */
    VDR_VERB_PROPOSE = 20,
    VDR_VERB_APPROVE = 21,
    VDR_VERB_REJECT = 22,
    VDR_VERB_WITHDRAW = 23,
    VDR_VERB_ROLLBACK = 24,
    VDR_VERB_PROPOSALS = 25,
    VDR_VERB_VERSIONS = 26,
    VDR_VERB_TEXTS = 27,
    VDR_VERB_PAUSE = 28,
    VDR_VERB_PAUSES = 29,
    VDR_VERB_RESUME = 30,

    VDR_VERB_BACKTEST = 31, /* protocol.md 7.10 */
    VDR_VERB_BACKTEST_LOOK = 32,
    VDR_VERB_BACKTEST_STOP = 33,
    VDR_VERB_SHADOW_START = 34, /* protocol.md 7.11 */
    VDR_VERB_SHADOW_STOP = 35,
    VDR_VERB_SHADOW_LOOK = 36,

    VDR_VERB_KEY_ADD = 40, /* protocol.md 7.15 */
    VDR_VERB_KEY_ROTATE = 41,
    VDR_VERB_KEY_REVOKE = 42,
    VDR_VERB_KEYS = 43,
    VDR_VERB_VERIFY = 50, /* protocol.md 7.12 */
    VDR_VERB_VERIFY_LOOK = 51,
    VDR_VERB_HEADS = 52,
    VDR_VERB_AUDIT = 53, /* protocol.md 7.18 */
    VDR_VERB_AUDIT_LOOK = 54,
    VDR_VERB_LOGBOEK = 55, /* protocol.md 7.19 */
    VDR_VERB_LOGBOEK_LOOK = 56,

    VDR_VERB_ERASE = 60, /* protocol.md 7.16 */
    VDR_VERB_ERASE_LOOK = 61,
    VDR_VERB_PROOFS = 62,

    VDR_VERB_ROTATE = 70, /* protocol.md 7.17 */
    VDR_VERB_ROTATE_LOOK = 71,
    VDR_VERB_ROTATE_FINISH = 72,
    VDR_VERB_LINT = 80,
    VDR_VERB_SENTENCES = 81,
} vdr_verb;

/* ---- Sessions: protocol.md section 3 */

typedef struct vdr_wire_hello {
    uint32_t version_min, version_max;
    vdr_span client_name; /* for the list of sessions; says nothing about rights */
} vdr_wire_hello;

typedef struct vdr_wire_limits { /* protocol.md section 10 */
    uint32_t frame_bytes, event_bytes, batch_items, window_items, window_bytes, delivery_window;
    uint32_t heartbeat_ms;
} vdr_wire_limits;

typedef struct vdr_wire_welcome {
    uint32_t version;
    uint64_t session;
    vdr_span store_id; /* VDR_STORE_ID_BYTES */
    uint64_t epoch;
    vdr_ms broker_time_ms;
    vdr_party_kind party_kind;
    vdr_span party_id;
    vdr_span municipality;
    vdr_span source; /* of this party's events; absent for an operator */
    vdr_wire_clock clock;
    vdr_wire_limits limits;
    vdr_span broker_version;
} vdr_wire_welcome;

typedef struct vdr_wire_ping {
    uint64_t number;
} vdr_wire_ping;

typedef struct vdr_wire_pong {
    uint64_t number; /* of the ping */
    vdr_ms time_ms;  /* of who answers */
} vdr_wire_pong;

typedef struct vdr_wire_bye {
    vdr_err error; /* VDR_OK: nothing is wrong */
    vdr_span text;
    uint32_t retry_after_ms; /* 0: not said */
} vdr_wire_bye;

typedef struct vdr_wire_error {
    vdr_err error;
    vdr_span code, hint; /* of proto/err.h; for clients that do not know the number */
    vdr_err_class error_class;
    vdr_span text; /* the case at hand; never personal */
    uint32_t retry_after_ms;
    uint32_t refers_to_type, refers_to_sequence; /* of the head that caused it; 0: none */
    uint32_t version_min, version_max;           /* BAD_VERSION: what the broker speaks */
} vdr_wire_error;

/* ---- Publish and confirm: section 4 */

typedef struct vdr_wire_person {
    vdr_span bsn, role;
} vdr_wire_person;

typedef struct vdr_wire_address {
    vdr_span bag, buurt;
} vdr_wire_address;

typedef struct vdr_wire_member {
    vdr_span name;
    vdr_span json; /* a JSON value as text */
} vdr_wire_member;

/* A signal in fields; the event it stands for is in section 5. UTF-8 is checked here; lengths, zero bytes and
 * all that has a verdict are judged at the door. */
typedef struct vdr_wire_typed {
    vdr_span id, source, type, time;
    vdr_span municipality, occurred_at;
    int64_t severity; /* 0: absent */
    const vdr_wire_person *persons;
    size_t person_count;
    const vdr_wire_address *address; /* NULL: absent */
    vdr_span act_before, supersedes, detail;
    const vdr_wire_member *members; /* of the envelope, besides those above */
    size_t member_count;
} vdr_wire_typed;

typedef struct vdr_wire_item { /* exactly one of json and typed */
    vdr_span json;
    const vdr_wire_typed *typed;
    bool check_revision;
    uint64_t revision; /* of the case that this act is about, when check_revision */
    vdr_span
        encoded; /* by decoding: the bytes that vdr_item_encode() would give; may be absent. Not looked at
                          by encoding */
} vdr_wire_item;

typedef struct vdr_wire_publish {
    uint64_t first; /* publish sequence of items[0], from 1 on; the others follow by one */
    const vdr_wire_item *items;
    size_t item_count; /* 1 .. VDR_BATCH_ITEMS_MAX (limits.h) */
    bool want_results;
} vdr_wire_publish;

typedef struct vdr_wire_exception {
    uint64_t sequence;
    uint32_t count; /* 0 stands for 1: as many items from sequence on */
    vdr_err error;
    vdr_position position; /* DUPLICATE: of the first one */
    vdr_span text;         /* absent: the words of proto/err.h */
} vdr_wire_exception;

typedef struct vdr_wire_result {
    uint64_t sequence;
    vdr_err error;         /* VDR_E_ACCEPTED or what the exception says */
    vdr_position position; /* of the first one for a duplicate; 0: not in the log */
    vdr_ms at_ms;          /* its log time */
    vdr_case_id case_id;   /* the case an act was about */
    uint64_t revision;     /* of that case, after the act */
} vdr_wire_result;

typedef struct vdr_wire_confirm {
    uint64_t up_to; /* every item up to here is answered: accepted, unless an exception covers it */
    const vdr_wire_exception *exceptions; /* ascending */
    size_t exception_count;
    const vdr_wire_result *results; /* ascending */
    size_t result_count;
    uint32_t window_items, window_bytes; /* from now on; 0: pause */
    vdr_durability durability;
    uint32_t retry_after_ms; /* for exceptions of class later */
} vdr_wire_confirm;

/* ---- Delivery and acknowledgement: section 6 */

typedef struct vdr_wire_subscribe {
    vdr_party_kind mailbox_kind; /* NONE: one's own */
    vdr_span mailbox_id;
    bool after_given; /* from the message after `after`; otherwise after what is acknowledged */
    uint64_t after;
    uint32_t window;
} vdr_wire_subscribe;

typedef struct vdr_wire_message { /* members by kind: vdr_message_members_of(), never the rule */
    uint64_t seq;
    vdr_ms at_ms;
    vdr_message_kind kind;
    vdr_case_id case_id;
    vdr_signal_name signal;
    vdr_household_id household, other;
    const vdr_span *agencies;
    size_t agency_count;
    vdr_span result;
    vdr_span regisseur;
    vdr_position position;  /* of the command that caused it */
    vdr_span traceparent;   /* of the signal's event, where the message is its delivery; absent: none */
    vdr_party_kind by_kind; /* break_glass: who saw, and why */
    vdr_span by, reason;
} vdr_wire_message;

typedef struct vdr_wire_deliver {
    const vdr_wire_message *messages; /* ascending seq, no gap */
    size_t message_count;
} vdr_wire_deliver;

typedef struct vdr_wire_credit {
    vdr_stream stream;
    uint64_t done;   /* mailbox: seq, decisions: line number up to which all are dealt with */
    uint32_t window; /* as many more may come; 0: pause */
} vdr_wire_credit;

typedef struct vdr_wire_ack {
    uint64_t up_to;
} vdr_wire_ack;

typedef struct vdr_wire_acked {
    uint64_t up_to;  /* acknowledged, in the log */
    uint64_t newest; /* seq of the newest message there is; 0: none yet */
} vdr_wire_acked;

/* ---- Reads, decisions and operators' verbs: section 7 */

#define VDR_RESUME_BYTES_MAX 128u

typedef struct vdr_wire_read {
    uint64_t request; /* comes back in the answer */
    vdr_query query;
    vdr_case_id case_id;
    vdr_signal_name signal; /* source absent: one's own, or with agency that agency's */
    vdr_span agency;
    vdr_household_id household;
    vdr_inbox_part list;  /* inbox: which part */
    uint32_t page_items;  /* 0: as many as fit */
    vdr_span resume;      /* of the answer before; absent: from the beginning */
    vdr_span rule;        /* explain: this one only; absent: all */
    vdr_ms at_ms;         /* explain: at this log time; 0: now */
    vdr_span event;       /* try: JSON */
    vdr_span break_glass; /* why this is looked at though it is not one's own; absent: it is */
    vdr_span traceparent; /* of whoever asks; absent: none */
    vdr_span bsn;         /* person: whose household */
} vdr_wire_read;

typedef struct vdr_wire_line {
    vdr_position position; /* 0: a refused line that is not in the log */
    uint64_t version;      /* of the configuration that decided it */
    vdr_decision decision; /* id and source: absent and empty differ; result may be empty, never absent */
} vdr_wire_line;

typedef struct vdr_wire_answer {
    uint64_t request;
    vdr_err error; /* VDR_OK: as follows */
    vdr_span text;
    vdr_position position; /* the state after this record */
    vdr_ms at_ms;
    const vdr_wire_status_view *status; /* NULL: not asked */
    const vdr_wire_case_view *cases;
    size_t case_count;
    const vdr_wire_signal_view *signals;
    size_t signal_count;
    const vdr_wire_household_view *households;
    size_t household_count;
    const vdr_wire_review_view *reviews;
    size_t review_count;
    const vdr_wire_regisseur_view *regisseurs;
    size_t regisseur_count;
    vdr_span resume;                    /* absent: nothing more */
    const vdr_explanation *explanation; /* NULL: not asked */
    const vdr_wire_line *lines;         /* try: what would be told */
    size_t line_count;
    const vdr_wire_right_view *rights;
    size_t right_count;
    const vdr_wire_directory *directory; /* NULL: not asked */
} vdr_wire_answer;

typedef struct vdr_wire_decisions {
    bool from_given; /* from position on; otherwise what is stepped from now on */
    vdr_position position;
    uint32_t window; /* lines */
    bool stop;       /* end the stream */
} vdr_wire_decisions;

typedef struct vdr_wire_decision {
    uint64_t first; /* number of lines[0] in this stream, from 1 on */
    const vdr_wire_line *lines;
    size_t line_count;
    vdr_position caught_up; /* every line of the log before it has been sent; 0: not said */
} vdr_wire_decision;

#define VDR_WIRE_FILES_MAX 1000u

typedef struct vdr_wire_file {
    vdr_span name;
    vdr_span text; /* at most VDR_CONF_BYTES_MAX */
} vdr_wire_file;

typedef struct vdr_wire_admin {
    uint64_t request;
    vdr_verb verb;
    vdr_ms time; /* clock advance; the end of a pause or a key; VDR_MS_NONE otherwise */
    vdr_span
        name; /* backup: a directory under the broker's backup root; report: which one; pause: the rule or agency */
    vdr_span reason;
    uint64_t number;        /* of a proposal, version or pause */
    vdr_proposal_kind kind; /* pause: of a rule or an agency; texts: 0 of a version, CONFIG of a proposal */
    const vdr_wire_file *files; /* propose: the configuration, and rule tests */
    size_t file_count;
    const vdr_span *allowed; /* propose: findings of lint that may stand, "code" or "code:subject" */
    size_t allowed_count;
    vdr_span public_key; /* key add, rotate, revoke: VDR_PUBLIC_KEY_BYTES */
    uint64_t overlap_ms; /* key rotate; 0: as the broker is set */
} vdr_wire_admin;

typedef struct vdr_wire_counter {
    vdr_span name;
    uint64_t value;
} vdr_wire_counter;

typedef struct vdr_wire_named {
    vdr_span name, text;
} vdr_wire_named;

typedef struct vdr_wire_session_view {
    uint64_t session;
    vdr_party_kind party_kind;
    vdr_span party_id, client_name;
    vdr_ms since_ms;
    int64_t idle_ms;
    uint64_t frames_in, frames_out;
    uint32_t unconfirmed, undelivered;
} vdr_wire_session_view;

typedef struct vdr_wire_mailbox_view {
    vdr_party_kind kind;
    vdr_span id;
    uint64_t acknowledged, newest;
} vdr_wire_mailbox_view;

typedef struct vdr_wire_problem { /* of a configuration that was not taken */
    vdr_span file;
    uint32_t line, column;
    vdr_span text;
} vdr_wire_problem;

typedef struct vdr_wire_row { /* of a report or a check (protocol.md 7.8) */
    vdr_span kind;
    const vdr_wire_named *texts;
    size_t text_count;
    const vdr_wire_counter *numbers;
    size_t number_count;
} vdr_wire_row;

typedef struct vdr_wire_admin_result {
    vdr_verb
        verb; /* that it answers; not sent: the broker knows by it what may be told (broker/access/told.h) */
    uint64_t request;
    vdr_err error;
    vdr_span text;
    const vdr_wire_counter *counters;
    size_t counter_count;
    const vdr_wire_named *texts;
    size_t text_count;
    const vdr_wire_session_view *sessions;
    size_t session_count;
    const vdr_wire_mailbox_view *mailboxes;
    size_t mailbox_count;
    const vdr_wire_problem *problems;
    size_t problem_count;
    const vdr_wire_row *rows;
    size_t row_count;
    const vdr_wire_file *files;
    size_t file_count;
    const vdr_proposal_view *proposals;
    size_t proposal_count;
    const vdr_version_view *versions;
    size_t version_count;
    const vdr_pause_view *pauses;
    size_t pause_count;
} vdr_wire_admin_result;

#endif
