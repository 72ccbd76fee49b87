/* clients/lib/client.h - inside the library: a handle and how its parts work together.
 *
 *   session.c   the socket: connect, HELLO, heartbeat, frames in and out, pauses between attempts
 *   publish.c   the queue of items, windows, confirms
 *   mail.c      subscription, messages, acknowledgement
 *   request.c   reads and operators' verbs
 *   stream.c    the operators' stream of decisions
 *   act.c       acts as events
 *   client.c    the handle: options, the loop, state and errors
 *
 * Every part keeps what it wants ("subscribed", "acknowledge up to 7") apart from what this session was told
 * of it. xxx_pump() tells what is missing, and is called whenever something may have changed; xxx_begin() is
 * called at WELCOME and forgets what the old session was told. So a new session needs no code of its own.
 *
 * Thread: the handle's. */
#ifndef VDR_LIB_CLIENT_H
#define VDR_LIB_CLIENT_H

#include "clients/lib/outbox.h"
#include "clients/lib/queue.h"
#include "clients/lib/voordeur.h"
#include "proto/arena.h"
#include "proto/codec.h"

#define VDR_LIB_REQUESTS_MAX    64u
#define VDR_LIB_ARENA_BYTES     ((size_t)64 << 20) /* a body of the largest frame and its values */
#define VDR_LIB_FRAMES_A_TURN   256u               /* then process() returns, due again at once */
#define VDR_LIB_HEARTBEAT_MS    5000
#define VDR_LIB_WINDOW_MESSAGES 256u
#define VDR_LIB_WINDOW_LINES    1024u

/* The socket and the session on it. */
typedef struct vdr_lib_session {
    void *context;
    bool own_context;
    void *socket, *monitor;
    uint64_t sockets; /* made so far: names the monitor */
    vdr_client_phase phase;
    int64_t deadline_ms; /* WAITING: of the pause; CONNECTING: of the attempt */
    int64_t pause_ms;    /* before the next attempt but one it grows */
    int64_t pause_least_ms;
    bool said_hello;
    bool blocked;                       /* out could not be sent yet */
    vdr_bytes out;                      /* the frame being sent */
    uint32_t sequence_out, sequence_in; /* of the last frame */
    int64_t sent_ms, heard_ms;
    int64_t heartbeat_ms;
    uint64_t ping;
    uint64_t sessions;
    vdr_arena welcome_arena;
    vdr_wire_welcome welcome;
    uint8_t store_id[VDR_STORE_ID_BYTES];
    bool welcomed; /* at least once */
} vdr_lib_session;

/* vdr_client_publish() that waits. */
typedef struct vdr_lib_waiting {
    uint64_t first, count, left; /* left 0: nobody waits */
    vdr_wire_result *results;
    vdr_err worst;
} vdr_lib_waiting;

typedef struct vdr_lib_publisher {
    vdr_lib_queue queue;
    vdr_lib_outbox *outbox;
    uint64_t next_number;
    size_t sent; /* of the queue's entries, in this session */
    uint64_t sent_bytes;
    uint64_t front_sequence; /* publish sequence of the oldest entry in this session */
    uint32_t window_items, window_bytes;
    int64_t paused_until_ms; /* the broker asked for a pause */
    uint64_t published, answered, sent_again, recovered;
    vdr_lib_waiting waiting;
    size_t moved_next; /* where the next entry whose place moved is looked for */
} vdr_lib_publisher;

/* A DELIVER frame whose messages are not all handed out. */
typedef struct vdr_lib_mail_frame {
    struct vdr_lib_mail_frame *newer;
    size_t bytes;
    uint8_t at[];
} vdr_lib_mail_frame;

typedef struct vdr_lib_mail {
    bool wanted, told, open; /* open: ACKED came for it in this session */
    bool stop;               /* this session has a subscription that is no longer wanted */
    vdr_client_subscription wish;
    char mailbox_id[VDR_CONF_NAME_MAX + 1];
    bool from_known;    /* processed is where to go on; otherwise from what is acknowledged */
    uint64_t received;  /* seq of the last one in frames */
    uint64_t processed; /* seq of the last one handed out and done with */
    uint64_t credited;  /* done as last told to the broker */
    uint64_t acknowledged, newest;
    uint64_t ack_wanted, ack_told;
    vdr_lib_mail_frame *oldest, *last;
    vdr_arena arena; /* of the frame whose messages vdr_client_next() hands out */
    vdr_wire_deliver current;
    size_t current_next; /* index of the next one in current */
    uint64_t handed;     /* seq that next() gave and is not done with; 0: none */
} vdr_lib_mail;

typedef struct vdr_lib_request {
    bool used, told;
    bool keep; /* decode into the arena for calls that wait */
    vdr_frame_type type;
    uint64_t number;
    uint32_t sequence; /* of the frame that asked, in this session */
    int64_t deadline_ms;
    vdr_bytes body;
    void (*answered)(void *context, vdr_err err, const vdr_wire *answer);
    vdr_client_answered public_answered;
    vdr_client_ruled public_ruled;
    void *context;
} vdr_lib_request;

typedef struct vdr_lib_stream_state {
    bool wanted, told;
    vdr_client_stream wish;
    uint64_t lines; /* of this session's stream */
    uint64_t credited;
    vdr_position last; /* position of the last line of the log; 0: none yet */
    uint64_t at_last;  /* lines seen with that position */
    uint64_t skip;     /* of them to pass over, that come again */
    bool stop;         /* the session has a stream that is no longer wanted */
} vdr_lib_stream_state;

struct vdr_client {
    vdr_client_options options; /* its strings are only good while it is opened */
    char *endpoint, *name;
    char server_key[VDR_CLIENT_KEY_TEXT], public_key[VDR_CLIENT_KEY_TEXT], secret_key[VDR_CLIENT_KEY_TEXT];
    int poll_fd;     /* epoll of the socket's and the monitor's descriptors */
    bool dirty;      /* the socket may have news that its descriptor does not show */
    bool inside;     /* a callback runs, or process does */
    uint64_t events; /* things that happened: a wait ends when it changes */
    vdr_client_error error;
    vdr_arena scratch; /* of encoding */
    vdr_arena frame;   /* of the frame being handled */
    vdr_arena item;    /* of vdr_client_result_item() */
    vdr_arena kept;    /* of the last answer to a call that waited */
    vdr_lib_session session;
    vdr_lib_publisher publisher;
    vdr_lib_mail mail;
    vdr_lib_stream_state stream;
    vdr_lib_request requests[VDR_LIB_REQUESTS_MAX];
    uint64_t next_request;
};

int64_t vdr_lib_now_ms(void);
/* A random number below bound, for jitter and ids. */
uint64_t vdr_lib_random(uint64_t bound);

/* Sets the handle's error and returns err. text may be NULL: the words of the table. */
vdr_err vdr_lib_fail(vdr_client *client, vdr_err err, const char *text);
vdr_err vdr_lib_fail_span(vdr_client *client, vdr_err err, vdr_span text, uint32_t retry_after_ms);
/* Why a call that waited got nothing: what is wrong with the connection, or TIMEOUT. */
vdr_err vdr_lib_late(vdr_client *client);

/* ---- session.c */

vdr_err vdr_lib_session_open(vdr_client *client);
void vdr_lib_session_close(vdr_client *client);       /* with BYE when there is a session */
bool vdr_lib_session_ready(const vdr_client *client); /* a session, and the last frame went out */
/* Sends a frame; it counts as sent even where ZeroMQ cannot take it at once. Only when ready. */
void vdr_lib_session_send(vdr_client *client, const vdr_wire *wire);
/* The same for a frame that is put together by the caller in session.out, with the next sequence. */
uint32_t vdr_lib_session_next_sequence(vdr_client *client); /* empties session.out and counts */
void vdr_lib_session_send_out(vdr_client *client);
/* The session is over: what was told is forgotten, a pause begins. */
void vdr_lib_session_lose(vdr_client *client, vdr_err err, vdr_span text, uint32_t retry_after_ms);
bool vdr_lib_session_step(vdr_client *client); /* everything that can be done now; false: nothing was */
int64_t vdr_lib_session_timeout_ms(const vdr_client *client,
                                   int64_t now_ms); /* instant of the next thing due */

/* ---- The parts; frames are of this session and decoded into client->frame */

void vdr_lib_publish_init(vdr_client *client);
void vdr_lib_publish_free(vdr_client *client);
void vdr_lib_publish_begin(vdr_client *client);
void vdr_lib_publish_pump(vdr_client *client);
bool vdr_lib_publish_due(const vdr_client *client, int64_t now_ms); /* pump could send now */
vdr_err vdr_lib_publish_confirm(vdr_client *client, const vdr_wire_confirm *confirm);
vdr_err vdr_lib_publish_load_outbox(vdr_client *client, const uint8_t secret_key[32]);

void vdr_lib_mail_free(vdr_client *client);
void vdr_lib_mail_begin(vdr_client *client, bool same_store);
void vdr_lib_mail_end(vdr_client *client);
void vdr_lib_mail_pump(vdr_client *client);
vdr_err vdr_lib_mail_acked(vdr_client *client, const vdr_wire_acked *acked);
vdr_err vdr_lib_mail_deliver(vdr_client *client, const vdr_wire_deliver *deliver, vdr_span body);
void vdr_lib_mail_refused(vdr_client *client, const vdr_wire_error *error);

void vdr_lib_request_free(vdr_client *client);
void vdr_lib_request_begin(vdr_client *client);
void vdr_lib_request_end(vdr_client *client);
void vdr_lib_request_pump(vdr_client *client, int64_t now_ms); /* also ends those whose time is over */
int64_t vdr_lib_request_deadline_ms(const vdr_client *client); /* the next; INT64_MAX: none */
vdr_err vdr_lib_request_answer(vdr_client *client, const vdr_frame *frame);
void vdr_lib_request_refused(vdr_client *client, const vdr_wire_error *error);

void vdr_lib_stream_begin(vdr_client *client, bool same_store);
void vdr_lib_stream_pump(vdr_client *client);
vdr_err vdr_lib_stream_lines(vdr_client *client, const vdr_wire_decision *decision);
void vdr_lib_stream_refused(vdr_client *client);

/* ---- keyfile.c: key files (protocol.md 1.5). USAGE or IO; ret_words: 256 bytes, filled on failure. */

vdr_err vdr_lib_keyfile_read_pair(const char *path, char ret_public[VDR_CLIENT_KEY_TEXT],
                                  char ret_secret[VDR_CLIENT_KEY_TEXT], char *ret_words);
vdr_err vdr_lib_keyfile_read_public(const char *path, char ret_public[VDR_CLIENT_KEY_TEXT], char *ret_words);
bool vdr_lib_keyfile_good(const char *text); /* 40 characters of Z85 */

/* ---- act.c: appends the JSON of the act's event. USAGE: a member is missing; words as above. */

vdr_err vdr_lib_act_write(const vdr_client_act *act, vdr_span source, vdr_span municipality, vdr_bytes *out,
                          char *ret_words);

#endif
