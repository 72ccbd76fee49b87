/* The other side of session_fuzz: connections that no socket is behind, and what a client may expect on each.
 *
 * What the broker calls of broker/net/net.h is answered here. What goes to the broker is read as the broker must
 * read it, and what is due for it is noted; what comes back must be due, in order, and in a form that the protocol
 * allows. */
#ifndef TESTS_FUZZ_SESSION_CLIENTS_H
#define TESTS_FUZZ_SESSION_CLIENTS_H

#include "broker/daemon.h"

#include <stdlib.h>

#define CLIENTS_MAX 20u
#define DUES_MAX    512u
#define FRAMES_MAX  512u

/* What a frame is owed. */
typedef struct due {
    vdr_frame_type type; /* of the frame */
    uint32_t sequence;
    uint64_t number; /* of a PING, READ or ADMIN; the last item of a PUBLISH; up to where an ACK says */
    bool refusable;  /* nothing is owed, but ERROR may come */
} due;

typedef struct client {
    bool there, blocked, gone;
    vdr_peer peer;
    uint32_t key_id;
    vdr_party_kind kind;
    uint32_t out_next, in_next; /* sequences: of the client's frames, and of the broker's */
    uint64_t item_next;         /* publish sequence */
    uint32_t say_next;          /* the same of what is made; what was made may still be on its way */
    uint64_t say_item;
    uint64_t confirmed, lines, mail; /* up_to; lines of the stream; seq of the last message, 0: none yet */
    bool lines_new;                  /* a stream begins anew */
    bool greeted, over;              /* WELCOME came; it must be over: nothing is owed any more */
    uint64_t number;                 /* of its session; 0: it has none */
    bool told, anew; /* so the broker said; what comes is of another session over this connection */
    due dues[DUES_MAX];
    size_t due_count;
    uint8_t resume[VDR_RESUME_BYTES_MAX];
    size_t resume_len;
} client;

typedef struct inbound {
    vdr_peer peer;
    uint32_t key_id;
    vdr_err err;
    uint8_t *at;
    size_t len;
} inbound;

static struct {
    vdr_daemon *daemon;
    client at[CLIENTS_MAX];
    size_t count;
    inbound frames[VDR_ZONES][FRAMES_MAX];
    size_t first[VDR_ZONES], end[VDR_ZONES];
    vdr_arena arena;
    vdr_net_counts counts;
} net;

/* ---- what is owed */

static inline client *
client_of(vdr_peer peer)
{
    for (size_t i = 0; i < net.count; i++) {
        if (net.at[i].peer.zone == peer.zone && net.at[i].peer.number == peer.number)
            return &net.at[i];
    }
    return NULL;
}

static inline bool
client_ended(const client *c)
{
    const vdr_session *session = vdr_session_by_peer(net.daemon->sessions, c->peer);
    return session == NULL || !vdr_session_live(session);
}

static inline void
owe(client *c, vdr_frame_type type, uint32_t sequence, uint64_t number, bool refusable)
{
    if (c->due_count < DUES_MAX) /* what is beyond is not looked at */
        c->dues[c->due_count++] = (due){type, sequence, number, refusable};
}

static inline void
paid(client *c, size_t i)
{
    memmove(&c->dues[i], &c->dues[i + 1], (--c->due_count - i) * sizeof c->dues[0]);
}

/* The oldest of that type, and number where that matters; false: there is none. */
static inline bool
pay(client *c, vdr_frame_type type, bool by_number, uint64_t number)
{
    for (size_t i = 0; i < c->due_count; i++) {
        if (c->dues[i].type == type && !c->dues[i].refusable && (!by_number || c->dues[i].number == number)) {
            paid(c, i);
            return true;
        }
    }
    return false;
}

/* Reads a frame as the broker must; notes what is due. Whatever ends the session: it is over. */
static inline void
client_sent(client *c, vdr_span bytes)
{
    vdr_frame frame;
    vdr_wire wire;
    size_t frame_max = vdr_daemon_frame_max(c->peer.zone);
    if (c->over)
        return;
    bool good = vdr_frame_parse(bytes, frame_max, &frame) == VDR_OK && vdr_frame_from_client(frame.type) &&
                frame.sequence == c->out_next && (frame.type == VDR_FRAME_HELLO) == (c->out_next == 1);
    if (!good) {
        c->over = true;
        return;
    }
    c->out_next++;
    vdr_arena_reset(&net.arena);
    bool refused = !vdr_access_frame(c->kind, frame.type);
    if (!refused && vdr_codec_decode(&frame, frame_max, &net.arena, &wire) != VDR_OK) {
        c->over = true;
        return;
    }
    uint64_t number = 0;
    if (refused || frame.type == VDR_FRAME_CREDIT || frame.type == VDR_FRAME_DECISIONS) {
        owe(c, frame.type, frame.sequence, 0, !refused);
        c->lines_new = c->lines_new || (frame.type == VDR_FRAME_DECISIONS && !refused);
        return;
    }
    if (frame.type == VDR_FRAME_PONG)
        return;
    if (frame.type == VDR_FRAME_BYE) {
        c->over = true;
        return;
    }
    if (frame.type == VDR_FRAME_PUBLISH) {
        if (wire.publish.first != c->item_next) {
            c->over = true;
            return;
        }
        c->item_next += wire.publish.item_count;
        number = c->item_next - 1;
    } else if (frame.type == VDR_FRAME_PING) {
        number = wire.ping.number;
    } else if (frame.type == VDR_FRAME_READ) {
        number = wire.read.request;
    } else if (frame.type == VDR_FRAME_ADMIN) {
        number = wire.admin.request;
    } else if (frame.type == VDR_FRAME_ACK) {
        number = wire.ack.up_to;
    }
    owe(c, frame.type, frame.sequence, number, false);
}

/* ---- what comes back */

static inline void
came_confirm(client *c, const vdr_wire_confirm *confirm)
{
    uint64_t after = c->confirmed;
    VDR_ASSERT(confirm->up_to >= c->confirmed && confirm->up_to < c->item_next);
    for (size_t i = 0; i < confirm->exception_count; i++) {
        const vdr_wire_exception *exception = &confirm->exceptions[i];
        uint32_t count = exception->count == 0 ? 1 : exception->count;
        VDR_ASSERT(exception->sequence > after && exception->sequence + count - 1 <= confirm->up_to);
        VDR_ASSERT(exception->error != VDR_E_ACCEPTED);
        after = exception->sequence + count - 1;
    }
    after = 0;
    for (size_t i = 0; i < confirm->result_count; i++) {
        VDR_ASSERT(confirm->results[i].sequence > after && confirm->results[i].sequence <= confirm->up_to);
        after = confirm->results[i].sequence;
    }
    VDR_ASSERT(confirm->window_items <= net.daemon->node->limits.window_items &&
               confirm->window_bytes <= net.daemon->node->limits.window_bytes);
    c->confirmed = confirm->up_to;
    for (size_t i = 0; i < c->due_count;) {
        if (c->dues[i].type == VDR_FRAME_PUBLISH && c->dues[i].number <= confirm->up_to)
            paid(c, i);
        else
            i++;
    }
}

static inline void
came_acked(client *c, const vdr_wire_acked *acked)
{
    VDR_ASSERT(acked->up_to <= acked->newest);
    if (pay(c, VDR_FRAME_SUBSCRIBE, false, 0))
        c->mail = 0;
    for (size_t i = 0; i < c->due_count;) {
        if (c->dues[i].type == VDR_FRAME_ACK && c->dues[i].number <= acked->up_to)
            paid(c, i);
        else
            i++;
    }
}

static inline void
came_messages(client *c, const vdr_wire_deliver *deliver)
{
    const vdr_session *session = vdr_session_by_peer(net.daemon->sessions, c->peer);
    VDR_ASSERT(deliver->message_count != 0 && session != NULL && session->mail.on);
    for (size_t i = 0; i < deliver->message_count; i++) {
        const vdr_wire_message *message = &deliver->messages[i];
        VDR_ASSERT(c->mail == 0 || message->seq == c->mail + 1);
        VDR_ASSERT(message->seq <= session->mail.limit && message->seq > 0);
        c->mail = message->seq;
    }
}

static inline void
came_lines(client *c, const vdr_wire_decision *decision)
{
    VDR_ASSERT(decision->line_count == 0 || decision->first == c->lines + 1 ||
               (c->lines_new && decision->first == 1));
    if (decision->line_count != 0) {
        c->lines = decision->first + decision->line_count - 1;
        c->lines_new = false;
    }
}

/* The frame is named; nothing else is owed for it. Or the session is over, and nothing is: a bad frame may have the
 * number of another that is owed something. */
static inline void
came_error(client *c, const vdr_wire_error *error)
{
    bool ends = error->error == VDR_E_HELLO_FIRST || error->error == VDR_E_BAD_FRAME ||
                error->error == VDR_E_BAD_VERSION || error->error == VDR_E_TOO_BIG ||
                error->error == VDR_E_SEQUENCE_GAP;
    VDR_ASSERT(error->error != VDR_OK && error->text.len <= 1024);
    if (ends) {
        c->over = c->told = true;
        return;
    }
    for (size_t i = 0; i < c->due_count; i++) {
        if (c->dues[i].sequence == error->refers_to_sequence && error->refers_to_sequence != 0) {
            VDR_ASSERT((uint32_t)c->dues[i].type == error->refers_to_type);
            paid(c, i);
            break;
        }
    }
}

static inline void
client_came(client *c, vdr_span bytes)
{
    vdr_frame frame;
    vdr_wire wire;
    size_t frame_max = vdr_daemon_frame_max(c->peer.zone);
    VDR_ASSERT(vdr_frame_parse(bytes, frame_max, &frame) == VDR_OK && vdr_frame_from_broker(frame.type));
    /* One that was forgotten begins anew with what comes next; one that got no session hears it each time. */
    const vdr_session *session = vdr_session_by_peer(net.daemon->sessions, c->peer);
    uint64_t number = session != NULL ? session->number : 0;
    c->anew = c->anew || (frame.sequence == 1 && c->in_next != 1 && (number != c->number || number == 0));
    c->number = number;
    if (c->anew) {
        c->over = true;
        return;
    }
    VDR_ASSERT(frame.sequence == c->in_next && !c->told);
    c->in_next++;
    vdr_arena_reset(&net.arena);
    VDR_ASSERT(vdr_codec_decode(&frame, frame_max, &net.arena, &wire) == VDR_OK);
    VDR_ASSERT(c->greeted || wire.type == VDR_FRAME_WELCOME || wire.type == VDR_FRAME_ERROR ||
               wire.type == VDR_FRAME_BYE);
    if (wire.type == VDR_FRAME_WELCOME) {
        VDR_ASSERT(!c->greeted && pay(c, VDR_FRAME_HELLO, false, 0) && wire.welcome.party_kind == c->kind);
        c->greeted = true;
    } else if (wire.type == VDR_FRAME_CONFIRM) {
        came_confirm(c, &wire.confirm);
    } else if (wire.type == VDR_FRAME_ACKED) {
        came_acked(c, &wire.acked);
    } else if (wire.type == VDR_FRAME_DELIVER) {
        came_messages(c, &wire.deliver);
    } else if (wire.type == VDR_FRAME_DECISION) {
        came_lines(c, &wire.decision);
    } else if (wire.type == VDR_FRAME_PONG) {
        VDR_ASSERT(pay(c, VDR_FRAME_PING, true, wire.pong.number));
    } else if (wire.type == VDR_FRAME_ANSWER) {
        VDR_ASSERT(pay(c, VDR_FRAME_READ, true, wire.answer.request));
        c->resume_len = wire.answer.resume.len;
        if (c->resume_len != 0)
            memcpy(c->resume, wire.answer.resume.at, c->resume_len);
    } else if (wire.type == VDR_FRAME_RESULT) {
        VDR_ASSERT(pay(c, VDR_FRAME_ADMIN, true, wire.result.request));
    } else if (wire.type == VDR_FRAME_ERROR) {
        came_error(c, &wire.error);
    } else if (wire.type == VDR_FRAME_BYE) {
        c->over = c->told = true;
    }
}

/* ---- the net */

static inline void
net_put(client *c, vdr_span bytes, vdr_err err)
{
    vdr_zone zone = c->peer.zone;
    if (net.end[zone] == FRAMES_MAX)
        return;
    inbound *frame = &net.frames[zone][net.end[zone]++];
    *frame = (inbound){.peer = c->peer, .key_id = c->key_id, .err = err, .len = bytes.len};
    frame->at = malloc(bytes.len != 0 ? bytes.len : 1);
    VDR_ASSERT(frame->at != NULL);
    if (bytes.len != 0)
        memcpy(frame->at, bytes.at, bytes.len);
}

static inline bool
net_empty(void)
{
    return net.first[0] == net.end[0] && net.first[1] == net.end[1];
}

static inline void
net_done(void)
{
    for (size_t zone = 0; zone < VDR_ZONES; zone++) {
        for (; net.first[zone] < net.end[zone]; net.first[zone]++)
            free(net.frames[zone][net.first[zone]].at);
    }
}

vdr_err __wrap_vdr_net_receive(vdr_net *unused, vdr_zone zone, unsigned *budget, vdr_received *ret_received);
vdr_err __wrap_vdr_net_send(vdr_net *unused, vdr_peer peer, vdr_span bytes);
void __wrap_vdr_net_counts_get(const vdr_net *unused, vdr_net_counts *ret_counts);
void *__wrap_vdr_net_socket(vdr_net *unused, vdr_zone zone);
const char *__wrap_vdr_net_endpoint(const vdr_net *unused, vdr_zone zone);
const char *__wrap_vdr_net_public_key(const vdr_net *unused);

/* A frame is read as the client does at the moment at which the broker takes it: what it is owed depends on no other. */
vdr_err
__wrap_vdr_net_receive(vdr_net *unused, vdr_zone zone, unsigned *budget, vdr_received *ret_received)
{
    (void)unused;
    if (*budget == 0 || net.first[zone] == net.end[zone])
        return VDR_E_END;
    inbound *frame = &net.frames[zone][net.first[zone]++];
    --*budget;
    if (net.first[zone] == net.end[zone])
        net.first[zone] = net.end[zone] = 0;
    *ret_received = (vdr_received){.peer = frame->peer, .key_id = frame->key_id, .err = frame->err};
    VDR_ASSERT(zmq_msg_init_size(&ret_received->body, frame->err == VDR_OK ? frame->len : 0) == 0);
    client *c = client_of(frame->peer);
    if (frame->err != VDR_OK) {
        c->over = true;
    } else {
        memcpy(zmq_msg_data(&ret_received->body), frame->at, frame->len);
        client_sent(c, vdr_span_of(frame->at, frame->len));
    }
    net.counts.received++;
    free(frame->at);
    return VDR_OK;
}

vdr_err
__wrap_vdr_net_send(vdr_net *unused, vdr_peer peer, vdr_span bytes)
{
    (void)unused;
    client *c = client_of(peer);
    VDR_ASSERT(c != NULL);
    if (c->gone)
        return VDR_E_DISCONNECTED;
    if (c->blocked)
        return VDR_E_BUSY;
    net.counts.sent++;
    client_came(c, bytes);
    return VDR_OK;
}

void
__wrap_vdr_net_counts_get(const vdr_net *unused, vdr_net_counts *ret_counts)
{
    (void)unused;
    *ret_counts = net.counts;
}

void *
__wrap_vdr_net_socket(vdr_net *unused, vdr_zone zone)
{
    (void)unused;
    (void)zone;
    return NULL;
}

const char *
__wrap_vdr_net_endpoint(const vdr_net *unused, vdr_zone zone)
{
    (void)unused;
    return zone == VDR_ZONE_OPERATORS ? "tcp://127.0.0.1:7701" : "tcp://127.0.0.1:7700";
}

const char *
__wrap_vdr_net_public_key(const vdr_net *unused)
{
    (void)unused;
    return "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
}

#endif
