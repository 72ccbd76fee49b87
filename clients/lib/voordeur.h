/* voordeur.h - the client library: publish signals, receive messages, work cases, look, steer.
 *
 *     vdr_client *client;
 *     vdr_client_options options = {.endpoint = "tcp://broker.example:7400", .server_key_file = "broker.pub",
 *                                   .key_file = "school.key"};
 *     if (vdr_client_open(&options, &client, &error) != VDR_OK) ...
 *     vdr_wire_item item = {.json = vdr_span_str("{\"specversion\":\"1.0\", ...}")};
 *     vdr_wire_result result;
 *     vdr_err err = vdr_client_publish(client, &item, 1, &result, 5000);
 *     vdr_client_close(&client);
 *
 * The library connects, keeps the connection alive, makes a new one with growing pauses when it is lost, and
 * then goes on where it was: what is not confirmed is published again (safe: an event is known by its source
 * and id), subscriptions go on after the last message processed. With an outbox nothing that was taken is
 * lost when this process dies or the broker is away.
 *
 * Thread:  a handle is used by one thread at a time. Handles share nothing but a ZeroMQ context, if given.
 *          There is no global state, no thread that calls back, no exit and no output. Callbacks run inside
 *          vdr_client_process() and the calls that wait; in a callback only the calls marked (callback) are
 *          allowed.
 * Errors:  a call returns a vdr_err (proto/err.h); vdr_client_error_get() has the words and what to do.
 *          Misuse stops the program (proto/assert.h).
 * Memory:  what is handed in is copied before the call returns. What comes out lives as long as is said.
 * Units:   names end in their unit; a timeout of -1 waits without end, 0 does not wait.
 *
 * The protocol is in proto/protocol.md; "4.7" below is a clause of it. */
#ifndef VOORDEUR_H
#define VOORDEUR_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"
#include "proto/wire.h"
#include "proto/words.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct vdr_client vdr_client;

/* ---- Errors and state ---- */

typedef struct vdr_client_error {
    vdr_err err;
    const char *code; /* "unknown_key": stable, for programs */
    const char *hint; /* what to do; may be "" */
    char text[256];   /* for people, about this very case; never personal */
    uint32_t retry_after_ms;
} vdr_client_error;

typedef enum vdr_client_phase {
    VDR_CLIENT_WAITING = 0,    /* between two attempts */
    VDR_CLIENT_CONNECTING = 1, /* a connection is made, or WELCOME awaited */
    VDR_CLIENT_READY = 2,      /* in a session */
} vdr_client_phase;

typedef struct vdr_client_state {
    vdr_client_phase phase;
    const vdr_wire_welcome *welcome; /* of the newest session, also when it is over; NULL: none yet. Lives
                                        until the next session begins */
    uint64_t sessions;               /* begun since open */
    uint64_t published;              /* items taken since open, and found in the outbox */
    uint64_t answered;               /* of these */
    uint64_t unanswered;             /* taken and not answered: sent or not */
    uint64_t unanswered_bytes;
    uint64_t sent_again;       /* items sent more than once */
    uint64_t processed;        /* seq of the last message handed out */
    uint64_t acknowledged;     /* seq up to which the broker has confirmed the acknowledgement */
    uint64_t newest;           /* seq of the newest message heard of */
    bool subscribed;           /* the subscription stands: acknowledged and newest are the broker's word */
    uint64_t outbox_recovered; /* items found in the outbox at open */
    uint64_t
        outbox_damaged_bytes; /* bytes of the outbox that no longer made sense at open, but for a torn end */
} vdr_client_state;

void vdr_client_state_get(const vdr_client *client, vdr_client_state *ret_state); /* (callback) */

/* The last failure: of the last call that failed, or of the connection if that is newer. (callback) */
void vdr_client_error_get(const vdr_client *client, vdr_client_error *ret_error);

/* ---- Keys ---- */

#define VDR_CLIENT_KEY_TEXT 41 /* 40 characters of Z85 and a zero byte */

/* Makes a key pair, writes it into the new file path (mode 0400, 1.5) and returns the public key, for the
 * operator to register. IO: the file exists or cannot be written. */
VDR_MUST_CHECK vdr_err vdr_client_key_make(const char *path, char ret_public[VDR_CLIENT_KEY_TEXT]);

/* ---- Open and close ---- */

/* What became of an item. */
typedef struct vdr_client_result {
    uint64_t number;         /* of the item, as publishing gave it */
    vdr_err err;             /* VDR_E_ACCEPTED, VDR_E_DUPLICATE (both success) or a verdict of 9.2 */
    vdr_span text;           /* words on this very case; may be absent. Lives through the callback */
    vdr_wire_result detail;  /* position, log time, case and revision, where they were asked for; else 0 */
    uint32_t retry_after_ms; /* HELD_BACK, tell_stopped: when it is worth trying again; else 0 */
    bool recovered;          /* of an earlier process, found in the outbox */
    const void *item;        /* for vdr_client_result_item(), inside the callback */
} vdr_client_result;

typedef struct vdr_client_options {
    const char *endpoint;        /* "tcp://host:port" */
    const char *server_key;      /* the broker's public key, 40 characters of Z85; or: */
    const char *server_key_file; /* a file with it */
    const char *key_file;        /* the own key pair; mode 0400 or 0600 */
    const char *name;            /* for the operator's list of sessions; NULL: "libvoordeur" */

    const char *outbox_file;   /* NULL: none. One process at a time */
    uint64_t outbox_bytes_max; /* 0: 256 MiB; beyond it publishing gives BUSY */
    uint32_t unanswered_max;   /* without an outbox: items taken and not answered; 0: 8192. Beyond: BUSY */
    uint32_t frame_items; /* a frame goes as soon as so many items wait, and takes no more: 1 for one signal
                                  a frame. 0: the library sees to it, which costs least */
    bool want_results;    /* ask for the details of accepted items too (4.8) */
    bool
        tell_stopped; /* without an outbox: an item that the broker does not decide until an operator has seen to it
                             (store_full, store_failed, …) is answered so, and is not kept and sent again */

    int64_t pause_min_ms, pause_max_ms; /* between attempts to connect; 0: 250 and 30,000 (11.2) */
    int64_t connect_ms;                 /* for one attempt, WELCOME included; 0: 5,000 */
    void *zmq_context;                  /* shared by handles; NULL: one of its own */

    /* All may be NULL; context is theirs. */
    void *context;
    void (*on_result)(void *context, const vdr_client_result *result);
    void (*on_acknowledged)(void *context, uint64_t seq);
    void (*on_phase)(void *context, vdr_client_phase phase); /* error_get says why a session ended */
} vdr_client_options;

/* Begins to connect; does not wait. What the file system or the options got wrong is told here: IO, USAGE
 * (key files too), STORE_BUSY (another process has the outbox), STORE_CORRUPT (no outbox at all). An outbox is sealed
 * under the key pair that filled it, and USAGE under another one: whoever changes keys lets it run empty
 * (vdr_client_flush) while the earlier key is still let in; what is left in it then is published again.
 * reterr may be NULL. */
VDR_MUST_CHECK vdr_err vdr_client_open(const vdr_client_options *options, vdr_client **ret_client,
                                       vdr_client_error *reterr);

/* Says BYE, waits for nothing, frees. What is not answered stays in the outbox, and is gone without one:
 * vdr_client_flush() first. NULL-safe. */
void vdr_client_close(vdr_client **client_p);

/* Waits for a session. Otherwise what stands in the way (UNKNOWN_KEY, BAD_VERSION, …), or TIMEOUT. */
VDR_MUST_CHECK vdr_err vdr_client_connect(vdr_client *client, int64_t timeout_ms);

/* ---- The loop: either wait, or fd and process in a loop of one's own ---- */

/* Does all that can be done now and calls back; never waits. Call it when the fd is readable, when
 * next_timeout has passed, and after a burst of publishing. An error is the session's (error_get); the
 * library goes on by itself all the same. */
vdr_err vdr_client_process(vdr_client *client);

/* One and the same descriptor for the life of the handle; poll it for reading only. Before each sleep
 * vdr_client_timeout_ms() must be asked: ZeroMQ tells of news once, and what a send met on its way shows
 * there as 0. */
int vdr_client_fd(const vdr_client *client);
int64_t vdr_client_timeout_ms(const vdr_client *client); /* 0: call process now; -1: nothing is due */

/* Sleeps until there is something to do, does it. TIMEOUT: there was nothing. */
vdr_err vdr_client_wait(vdr_client *client, int64_t timeout_ms);

/* ---- Publish ---- */

/* Takes count items and returns at once; they go out with the next process() or wait(), or as soon as a frame
 * is full. Each gets a number, from *ret_first on, and one result (on_result). With an outbox the items are
 * on stable storage when this returns, so that no crash of this process loses them. All are taken or none:
 * BUSY: wait for results first. TOO_BIG: an item over the limits. BAD_FRAME: not UTF-8, or neither json nor
 * typed. IO, STORE_FULL: the outbox. count: 1 .. 1024. ret_first may be NULL. (callback) */
VDR_MUST_CHECK vdr_err vdr_client_publish_async(vdr_client *client, const vdr_wire_item *items, size_t count,
                                                uint64_t *ret_first);

/* Publishes and waits for all results, results[i] of items[i]; on_result is not called for them. The worst of
 * the results' errors (VDR_OK: all accepted or duplicates), or TIMEOUT or what keeps it from the broker: then
 * the missing results have err VDR_OK; the items are still being published. count: 1 .. 1024. */
VDR_MUST_CHECK vdr_err vdr_client_publish(vdr_client *client, const vdr_wire_item *items, size_t count,
                                          vdr_wire_result *ret_results, int64_t timeout_ms);

/* Waits until everything is answered, acknowledgements too. */
VDR_MUST_CHECK vdr_err vdr_client_flush(vdr_client *client, int64_t timeout_ms);

/* The item that a result is about, inside on_result. Spans live through the callback. IO, STORE_CORRUPT: the
 * outbox could not be read. (callback) */
VDR_MUST_CHECK vdr_err vdr_client_result_item(vdr_client *client, const vdr_client_result *result,
                                              vdr_wire_item *ret_item);

/* ---- Acts: events of 5.4, built from their members ---- */

/* Members that the act does not have must be left NULL or 0. Text is UTF-8. */
typedef struct vdr_client_act {
    vdr_act act;
    const char *id; /* NULL: a random one. To be safe against a lost answer, give one and repeat it */
    vdr_ms time;    /* 0: now, by this machine's clock; where the broker's is that of its events, by that */
    vdr_case_id case_id;
    vdr_household_id household, into, from;
    const char *signal;
    const char *reason, *result, *outcome; /* free text */
    const char *agency, *regisseur, *to, *bsn;
    vdr_ms occurred_at;                            /* 0: left out */
    const char *const *persons, *const *addresses; /* household_split: BSN and BAG ids, or handles */
    size_t person_count, address_count;
    uint64_t plan_revision;
    const vdr_wire_goal *goals;
    size_t goal_count;
    bool check_revision; /* of the case, as read; STALE_REVISION if it has changed (5.6) */
    uint64_t revision;
    const char *decision;          /* objection_decided: "upheld" or "rejected" */
    const char *correction;        /* rectification_requested: free text, for the agency */
    vdr_ms due;                    /* of a request; 0: left out */
    const char *service;           /* note_sent: to whom, if not to an agency */
    const char *text;              /* of a note */
    vdr_ms absent_from, absent_to; /* absence_set, absence_lifted */
    vdr_household_id other;        /* review_set_aside */
} vdr_client_act;

/* Publishes the act and waits for its result. USAGE: a member is missing. Needs a session, for source and
 * municipality come with WELCOME. */
VDR_MUST_CHECK vdr_err vdr_client_act_send(vdr_client *client, const vdr_client_act *act,
                                           vdr_wire_result *ret_result, int64_t timeout_ms);

/* The same without waiting: taken, and answered by on_result as any item is (BUSY as there). DISCONNECTED:
 * there was no session yet, so who acts is not known; wait for READY first. (callback) */
VDR_MUST_CHECK vdr_err vdr_client_act_async(vdr_client *client, const vdr_client_act *act,
                                            uint64_t *ret_number);

/* ---- Receive ---- */

typedef struct vdr_client_subscription {
    vdr_party_kind mailbox_kind; /* NONE: the own mailbox; operators name one */
    const char *mailbox_id;
    bool after_given; /* from the message after `after`; otherwise after what is acknowledged */
    uint64_t after;
    uint32_t window; /* messages on their way or waiting here; 0: 256 */
    /* NULL: messages are fetched with vdr_client_next(). A message is processed when it returns. */
    void (*on_message)(void *context, const vdr_wire_message *message);
    void *context;
} vdr_client_subscription;

/* Replaces the one before. Messages come in order, each once while this handle lives; after that, from what
 * is acknowledged, so at least once. NOT_FOUND and WRONG_ROLE come as errors of the session. (callback) */
void vdr_client_subscribe(vdr_client *client, const vdr_client_subscription *subscription);

/* No more messages, until the next subscribe. Those on their way are dropped. (callback) */
void vdr_client_unsubscribe(vdr_client *client);

/* The next message; the one before counts as processed. TIMEOUT: none. Lives until the next call of next. */
VDR_MUST_CHECK vdr_err vdr_client_next(vdr_client *client, int64_t timeout_ms,
                                       const vdr_wire_message **ret_message);

/* All messages up to seq are dealt with for good. Sent with the next process(); confirmed by on_acknowledged
 * and in the state. (callback) */
void vdr_client_acknowledge(vdr_client *client, uint64_t seq);

/* ---- Look (section 7) ---- */

/* The answer of a call lives until the next read, admin, or close. Besides the broker's refusals (NOT_FOUND,
 * WRONG_ROLE, …): TIMEOUT, or what keeps it from the broker. read->request is set by the library. */
VDR_MUST_CHECK vdr_err vdr_client_read(vdr_client *client, const vdr_wire_read *read, int64_t timeout_ms,
                                       const vdr_wire_answer **ret_answer);
VDR_MUST_CHECK vdr_err vdr_client_admin(vdr_client *client, const vdr_wire_admin *admin, int64_t timeout_ms,
                                        const vdr_wire_admin_result **ret_result);

/* The same without waiting: answered gets VDR_OK and the answer (it lives through the callback), or an error:
 * the broker's with its answer, which has words at most, any other with NULL. A read is asked again in a new session, a verb is not: DISCONNECTED. BUSY: 64 are open.
 * (callback) */
typedef void (*vdr_client_answered)(void *context, vdr_err err, const vdr_wire_answer *answer);
VDR_MUST_CHECK vdr_err vdr_client_read_async(vdr_client *client, const vdr_wire_read *read,
                                             int64_t timeout_ms, vdr_client_answered answered, void *context);

/* Of a verb; a refusal has its result too, with the problems. (callback) */
typedef void (*vdr_client_ruled)(void *context, vdr_err err, const vdr_wire_admin_result *result);
VDR_MUST_CHECK vdr_err vdr_client_admin_async(vdr_client *client, const vdr_wire_admin *admin,
                                              int64_t timeout_ms, vdr_client_ruled ruled, void *context);

/* ---- Operators: what the broker decides, line by line (7.4) ---- */

typedef struct vdr_client_stream {
    bool from_given; /* from log position on; otherwise from now on */
    vdr_position position;
    uint32_t window; /* lines on their way; 0: 1,024 */
    void (*on_line)(void *context, const vdr_wire_line *line);
    /* may be NULL; once in each session: every line of the log before position was handed out, from now on
     * lines of refused events come too */
    void (*on_caught_up)(void *context, vdr_position position);
    void *context;
} vdr_client_stream;

/* Goes on by itself in a new session: no line of the log is missed or doubled; lines of refused events, which
 * are not in the log, are missed while there is no session. NULL ends it. (callback) */
void vdr_client_decisions(vdr_client *client, const vdr_client_stream *stream);

#ifdef __cplusplus
}
#endif

#endif
