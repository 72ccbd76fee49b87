#include "clients/lib/client.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <zmq.h>

#define MONITORED                                                                                            \
    (ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |                      \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
#define HWM_FRAMES (2 * (int)VDR_WINDOW_ITEMS) /* never met while windows are kept */

/* ---- The socket */

static bool
set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

static bool
set_text(void *socket, int option, const char *text)
{
    return zmq_setsockopt(socket, option, text, strlen(text)) == 0;
}

/* No option of ZeroMQ's own that waits, reconnects or queues without a bound is left at its default. */
static bool
set_options(vdr_client *client, void *socket)
{
    int64_t frame_bytes_max = VDR_ADMIN_FRAME_MAX;
    int handshake_ms = (int)client->options.connect_ms;

    return set_int(socket, ZMQ_LINGER, 0) && set_int(socket, ZMQ_IMMEDIATE, 1) &&
           set_int(socket, ZMQ_RECONNECT_IVL, -1) && set_int(socket, ZMQ_HANDSHAKE_IVL, handshake_ms) &&
           set_int(socket, ZMQ_CONNECT_TIMEOUT, handshake_ms) && set_int(socket, ZMQ_HEARTBEAT_IVL, 5000) &&
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 15000) && set_int(socket, ZMQ_HEARTBEAT_TTL, 15000) &&
           set_int(socket, ZMQ_SNDHWM, HWM_FRAMES) && set_int(socket, ZMQ_RCVHWM, HWM_FRAMES) &&
           set_int(socket, ZMQ_TCP_KEEPALIVE, 1) && set_int(socket, ZMQ_IPV6, 1) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_bytes_max, sizeof frame_bytes_max) == 0 &&
           set_text(socket, ZMQ_CURVE_SERVERKEY, client->server_key) &&
           set_text(socket, ZMQ_CURVE_PUBLICKEY, client->public_key) &&
           set_text(socket, ZMQ_CURVE_SECRETKEY, client->secret_key);
}

static int
descriptor(void *socket)
{
    int fd = -1;
    size_t size = sizeof fd;
    return zmq_getsockopt(socket, ZMQ_FD, &fd, &size) == 0 ? fd : -1;
}

static int
events_of(void *socket)
{
    int events = 0;
    size_t size = sizeof events;
    return zmq_getsockopt(socket, ZMQ_EVENTS, &events, &size) == 0 ? events : 0;
}

static bool
watch(vdr_client *client, void *socket)
{
    struct epoll_event event = {.events = EPOLLIN};
    return epoll_ctl(client->poll_fd, EPOLL_CTL_ADD, descriptor(socket), &event) == 0;
}

static void
drop_socket(vdr_client *client)
{
    vdr_lib_session *session = &client->session;
    void *sockets[] = {session->monitor, session->socket};

    if (session->socket != NULL)
        (void)zmq_socket_monitor(session->socket, NULL, 0);
    for (size_t i = 0; i < 2; i++) {
        if (sockets[i] == NULL)
            continue;
        struct epoll_event unused = {0};
        (void)epoll_ctl(client->poll_fd, EPOLL_CTL_DEL, descriptor(sockets[i]), &unused);
        (void)zmq_close(sockets[i]);
    }
    session->monitor = session->socket = NULL;
    session->blocked = false; /* there is nothing to ask whether it can be sent on */
}

/* False: errno says what could not be had. */
static bool
make_socket(vdr_client *client)
{
    vdr_lib_session *session = &client->session;
    char monitor[64];

    session->socket = zmq_socket(session->context, ZMQ_DEALER);
    session->monitor = zmq_socket(session->context, ZMQ_PAIR);
    snprintf(monitor, sizeof monitor, "inproc://voordeur-%p-%llu", (void *)client,
             (unsigned long long)++session->sockets);
    return session->socket != NULL && session->monitor != NULL && set_options(client, session->socket) &&
           set_int(session->monitor, ZMQ_LINGER, 0) &&
           zmq_socket_monitor(session->socket, monitor, MONITORED) == 0 &&
           zmq_connect(session->monitor, monitor) == 0 && watch(client, session->socket) &&
           watch(client, session->monitor) && zmq_connect(session->socket, client->endpoint) == 0;
}

/* ---- Attempts and pauses (protocol.md 11.2) */

static void
set_phase(vdr_client *client, vdr_client_phase phase)
{
    if (client->session.phase == phase)
        return;
    client->session.phase = phase;
    client->events++;
    if (client->options.on_phase != NULL)
        client->options.on_phase(client->options.context, phase);
}

static void
begin_pause(vdr_client *client)
{
    vdr_lib_session *session = &client->session;
    int64_t pause = session->pause_ms / 2 + (int64_t)vdr_lib_random((uint64_t)session->pause_ms / 2 + 1);

    if (pause < session->pause_least_ms)
        pause = session->pause_least_ms;
    session->pause_least_ms = 0;
    session->pause_ms *= 2;
    if (session->pause_ms > client->options.pause_max_ms)
        session->pause_ms = client->options.pause_max_ms;
    session->deadline_ms = vdr_lib_now_ms() + pause;
    set_phase(client, VDR_CLIENT_WAITING);
}

static void
begin_attempt(vdr_client *client)
{
    vdr_lib_session *session = &client->session;

    session->said_hello = session->blocked = false;
    session->sequence_in = session->sequence_out = 0;
    session->deadline_ms = vdr_lib_now_ms() + client->options.connect_ms;
    session->heartbeat_ms = VDR_LIB_HEARTBEAT_MS;
    if (make_socket(client)) {
        client->dirty = true;
        set_phase(client, VDR_CLIENT_CONNECTING);
        return;
    }
    char text[256];
    snprintf(text, sizeof text, "%s: %s", client->endpoint, zmq_strerror(errno));
    (void)vdr_lib_fail(client, VDR_E_IO, text);
    drop_socket(client);
    begin_pause(client);
}

void
vdr_lib_session_lose(vdr_client *client, vdr_err err, vdr_span text, uint32_t retry_after_ms)
{
    (void)vdr_lib_fail_span(client, err, text, retry_after_ms);
    drop_socket(client);
    client->session.pause_least_ms = retry_after_ms;
    vdr_lib_mail_end(client);
    vdr_lib_request_end(client);
    begin_pause(client);
}

static void
lose(vdr_client *client, vdr_err err, const char *text)
{
    vdr_lib_session_lose(client, err, vdr_span_str(text), 0);
}

/* ---- Frames out */

bool
vdr_lib_session_ready(const vdr_client *client)
{
    return client->session.phase == VDR_CLIENT_READY && !client->session.blocked;
}

/* Tries to send session.out. */
static void
flush_out(vdr_client *client)
{
    vdr_lib_session *session = &client->session;
    int sent = zmq_send(session->socket, session->out.at, session->out.len, ZMQ_DONTWAIT);

    session->blocked = sent < 0;
    client->dirty = true; /* sending may have taken the notice of something that came */
    if (sent >= 0)
        session->sent_ms = vdr_lib_now_ms();
}

uint32_t
vdr_lib_session_next_sequence(vdr_client *client)
{
    VDR_ASSERT(!client->session.blocked);
    client->session.out.len = 0;
    return ++client->session.sequence_out;
}

void
vdr_lib_session_send_out(vdr_client *client)
{
    flush_out(client);
}

void
vdr_lib_session_send(vdr_client *client, const vdr_wire *wire)
{
    vdr_lib_session *session = &client->session;
    uint32_t sequence = vdr_lib_session_next_sequence(client);

    vdr_arena_reset(&client->scratch);
    vdr_err err = vdr_codec_encode(wire, sequence, VDR_ADMIN_FRAME_MAX, &client->scratch, &session->out);
    VDR_ASSERT(err == VDR_OK); /* what comes from outside was encoded when it was taken */
    flush_out(client);
}

static void
say_hello(vdr_client *client)
{
    vdr_wire wire = {.type = VDR_FRAME_HELLO,
                     .hello = {.version_min = VDR_PROTOCOL_MIN,
                               .version_max = VDR_PROTOCOL_MAX,
                               .client_name = vdr_span_str(client->name)}};
    client->session.said_hello = true;
    vdr_lib_session_send(client, &wire);
}

static void
pump(vdr_client *client, int64_t now_ms)
{
    vdr_lib_session *session = &client->session;

    if (session->blocked && (events_of(session->socket) & ZMQ_POLLOUT) != 0)
        flush_out(client);
    if (session->phase == VDR_CLIENT_CONNECTING && !session->said_hello &&
        (events_of(session->socket) & ZMQ_POLLOUT) != 0)
        say_hello(client); /* IMMEDIATE: writable means that the handshake is done */
    vdr_lib_request_pump(client, now_ms);
    vdr_lib_mail_pump(client);
    vdr_lib_stream_pump(client);
    vdr_lib_publish_pump(client);
    if (vdr_lib_session_ready(client) && now_ms - session->sent_ms >= session->heartbeat_ms) {
        vdr_wire wire = {.type = VDR_FRAME_PING, .ping = {.number = ++session->ping}};
        vdr_lib_session_send(client, &wire);
    }
}

/* ---- Frames in */

static void
on_welcome(vdr_client *client, const vdr_frame *frame)
{
    vdr_lib_session *session = &client->session;
    vdr_wire wire;

    vdr_arena_reset(&session->welcome_arena);
    if (session->phase != VDR_CLIENT_CONNECTING || !session->said_hello ||
        vdr_codec_decode(frame, VDR_ADMIN_FRAME_MAX, &session->welcome_arena, &wire) != VDR_OK) {
        lose(client, VDR_E_BAD_FRAME, "the broker's WELCOME is not one");
        return;
    }
    const vdr_wire_limits *limits = &wire.welcome.limits;
    if (wire.welcome.version < VDR_PROTOCOL_MIN || wire.welcome.version > VDR_PROTOCOL_MAX ||
        limits->frame_bytes < 1024 || limits->frame_bytes > VDR_ADMIN_FRAME_MAX || limits->batch_items == 0) {
        lose(client, VDR_E_BAD_VERSION, "the broker's WELCOME names a version or limits that cannot be");
        return;
    }
    bool same_store =
        session->welcomed && memcmp(session->store_id, wire.welcome.store_id.at, VDR_STORE_ID_BYTES) == 0;
    memcpy(session->store_id, wire.welcome.store_id.at, VDR_STORE_ID_BYTES);
    session->welcome = wire.welcome;
    session->welcomed = true;
    session->sessions++;
    session->pause_ms = client->options.pause_min_ms;
    session->heartbeat_ms = limits->heartbeat_ms >= 50 ? limits->heartbeat_ms : 50;
    vdr_lib_publish_begin(client);
    vdr_lib_mail_begin(client, same_store);
    vdr_lib_stream_begin(client, same_store);
    vdr_lib_request_begin(client);
    set_phase(client, VDR_CLIENT_READY);
}

static void
on_error(vdr_client *client, const vdr_wire_error *error)
{
    switch ((unsigned)error->error) {
    case VDR_E_WRONG_ROLE:
    case VDR_E_NOT_FOUND:
    case VDR_E_BUSY:
    case VDR_E_STORE_FULL: /* 3.7: the session goes on */
        (void)vdr_lib_fail_span(client, error->error, error->text, error->retry_after_ms);
        client->events++;
        vdr_lib_request_refused(client, error);
        vdr_lib_mail_refused(client, error);
        if (error->refers_to_type == VDR_FRAME_DECISIONS)
            vdr_lib_stream_refused(client);
        break;
    default:
        vdr_lib_session_lose(client, error->error, error->text, error->retry_after_ms);
    }
}

/* Everything but WELCOME: in a session, decoded. */
static void
on_body(vdr_client *client, const vdr_frame *frame, const vdr_wire *wire)
{
    vdr_err err = VDR_OK;
    vdr_wire pong = {.type = VDR_FRAME_PONG};

    switch (frame->type) {
    case VDR_FRAME_CONFIRM:
        err = vdr_lib_publish_confirm(client, &wire->confirm);
        break;
    case VDR_FRAME_DELIVER:
        err = vdr_lib_mail_deliver(client, &wire->deliver, frame->body);
        break;
    case VDR_FRAME_ACKED:
        err = vdr_lib_mail_acked(client, &wire->acked);
        break;
    case VDR_FRAME_DECISION:
        err = vdr_lib_stream_lines(client, &wire->decision);
        break;
    case VDR_FRAME_PING:
        pong.pong = (vdr_wire_pong){.number = wire->ping.number};
        if (vdr_lib_session_ready(client))
            vdr_lib_session_send(client, &pong);
        break;
    case VDR_FRAME_PONG:
        break;
    case VDR_FRAME_BYE:
        vdr_lib_session_lose(client, wire->bye.error != VDR_OK ? wire->bye.error : VDR_E_CLOSING,
                             wire->bye.text, wire->bye.retry_after_ms);
        return;
    case VDR_FRAME_ERROR:
        on_error(client, &wire->error);
        return;
    case VDR_FRAME_ANSWER: /* answers are decoded by request.c */
    case VDR_FRAME_RESULT:
    case VDR_FRAME_WELCOME:
    case VDR_FRAME_HELLO: /* these are a client's */
    case VDR_FRAME_PUBLISH:
    case VDR_FRAME_SUBSCRIBE:
    case VDR_FRAME_CREDIT:
    case VDR_FRAME_ACK:
    case VDR_FRAME_READ:
    case VDR_FRAME_DECISIONS:
    case VDR_FRAME_ADMIN:
        err = VDR_E_BAD_FRAME;
    }
    if (err != VDR_OK)
        lose(client, err, "the broker's frame does not fit this session");
}

static void
on_frame(vdr_client *client, vdr_span bytes)
{
    vdr_lib_session *session = &client->session;
    vdr_frame frame;
    vdr_wire wire;

    vdr_err err = vdr_frame_parse(bytes, VDR_ADMIN_FRAME_MAX, &frame);
    if (err != VDR_OK || !vdr_frame_from_broker(frame.type)) {
        lose(client, err != VDR_OK ? err : VDR_E_BAD_FRAME, "what came from the broker is no frame of it");
        return;
    }
    if (frame.sequence != ++session->sequence_in) {
        lose(client, VDR_E_SEQUENCE_GAP, "a frame of the broker was lost");
        return;
    }
    session->heard_ms = vdr_lib_now_ms();
    if (frame.type == VDR_FRAME_WELCOME) {
        on_welcome(client, &frame);
        return;
    }
    if (session->phase != VDR_CLIENT_READY && frame.type != VDR_FRAME_ERROR && frame.type != VDR_FRAME_BYE) {
        lose(client, VDR_E_BAD_FRAME, "the broker did not begin with WELCOME");
        return;
    }
    if (frame.type == VDR_FRAME_ANSWER || frame.type == VDR_FRAME_RESULT) {
        err = vdr_lib_request_answer(client, &frame);
    } else {
        vdr_arena_reset(&client->frame);
        err = vdr_codec_decode(&frame, VDR_ADMIN_FRAME_MAX, &client->frame, &wire);
        if (err == VDR_OK)
            on_body(client, &frame, &wire);
    }
    if (err != VDR_OK)
        lose(client, err, "a frame of the broker does not parse");
}

/* Receives one message; false: there is none. */
static bool
receive(vdr_client *client)
{
    zmq_msg_t message;
    vdr_lib_session *session = &client->session;

    if (session->socket == NULL)
        return false;
    (void)zmq_msg_init(&message);
    if (zmq_msg_recv(&message, session->socket, ZMQ_DONTWAIT) < 0) {
        (void)zmq_msg_close(&message);
        return false;
    }
    client->events++;
    if (zmq_msg_more(&message))
        lose(client, VDR_E_BAD_FRAME, "a message of the broker has more than one part");
    else
        on_frame(client, vdr_span_of(zmq_msg_data(&message), zmq_msg_size(&message)));
    (void)zmq_msg_close(&message);
    return true;
}

/* What libzmq saw happen to the connection. */
static void
on_monitor(vdr_client *client, unsigned event)
{
    switch (event) {
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
        lose(client, VDR_E_UNKNOWN_KEY, "the broker refused the key");
        break;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
    case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        lose(client, VDR_E_DISCONNECTED, "the handshake failed; check the broker's public key");
        break;
    case ZMQ_EVENT_CLOSED:
        lose(client, VDR_E_DISCONNECTED, "no connection; check the address, and that the broker runs");
        break;
    default:
        lose(client, VDR_E_DISCONNECTED, "the connection was closed");
    }
}

/* False: nothing happened to the connection. */
static bool
look_at_monitor(vdr_client *client)
{
    vdr_lib_session *session = &client->session;
    uint8_t head[6]; /* event: 16 bits, value: 32 bits, of this machine's order */
    uint16_t event;

    if (session->monitor == NULL || zmq_recv(session->monitor, head, sizeof head, ZMQ_DONTWAIT) < 0)
        return false;
    (void)zmq_recv(session->monitor, NULL, 0, ZMQ_DONTWAIT); /* the address */
    memcpy(&event, head, sizeof event);
    while (receive(client)) { /* what came before, for instance why it was closed */
    }
    if (session->monitor != NULL)
        on_monitor(client, event);
    return true;
}

/* ---- The loop */

bool
vdr_lib_session_step(vdr_client *client)
{
    vdr_lib_session *session = &client->session;
    int64_t now_ms = vdr_lib_now_ms();
    uint64_t before = client->events;
    unsigned frames = 0;

    if (session->phase == VDR_CLIENT_WAITING && now_ms >= session->deadline_ms)
        begin_attempt(client);
    if (session->phase == VDR_CLIENT_CONNECTING && now_ms >= session->deadline_ms)
        lose(client, VDR_E_TIMEOUT, "no answer; check the address and the broker's public key");
    client->dirty = false;
    while (frames < VDR_LIB_FRAMES_A_TURN && receive(client))
        frames++;
    while (look_at_monitor(client)) {
    }
    now_ms = vdr_lib_now_ms();
    if (session->phase == VDR_CLIENT_READY && now_ms - session->heard_ms >= 3 * session->heartbeat_ms)
        lose(client, VDR_E_TIMEOUT, "the broker has been silent for three heartbeats");
    pump(client, now_ms);
    client->dirty = session->socket != NULL && (events_of(session->socket) & ZMQ_POLLIN) != 0;
    return client->events != before || client->dirty;
}

int64_t
vdr_lib_session_timeout_ms(const vdr_client *client, int64_t now_ms)
{
    const vdr_lib_session *session = &client->session;
    int64_t due = vdr_lib_request_deadline_ms(client), next;

    if (client->dirty || vdr_lib_publish_due(client, now_ms))
        return now_ms;
    if (session->phase != VDR_CLIENT_READY) {
        next = session->deadline_ms;
    } else {
        int64_t ping = session->sent_ms + session->heartbeat_ms;
        int64_t silent = session->heard_ms + 3 * session->heartbeat_ms;
        next = ping < silent ? ping : silent;
        int64_t paused = client->publisher.paused_until_ms;
        if (paused > now_ms && paused < next && client->publisher.sent < client->publisher.queue.count)
            next = paused;
    }
    return next < due ? next : due;
}

vdr_err
vdr_lib_session_open(vdr_client *client)
{
    vdr_lib_session *session = &client->session;

    client->poll_fd = epoll_create1(EPOLL_CLOEXEC);
    session->context = client->options.zmq_context;
    if (session->context == NULL) {
        session->context = zmq_ctx_new();
        session->own_context = true;
    }
    if (client->poll_fd < 0 || session->context == NULL)
        return vdr_lib_fail(client, VDR_E_IO, strerror(errno));
    vdr_arena_init(&session->welcome_arena, VDR_LIB_ARENA_BYTES);
    session->pause_ms = client->options.pause_min_ms;
    session->deadline_ms = vdr_lib_now_ms(); /* the first process() makes the first attempt */
    return VDR_OK;
}

void
vdr_lib_session_close(vdr_client *client)
{
    vdr_lib_session *session = &client->session;

    if (session->socket != NULL && vdr_lib_session_ready(client)) {
        vdr_wire bye = {.type = VDR_FRAME_BYE};
        (void)set_int(session->socket, ZMQ_LINGER, 200); /* so that it leaves; bounded */
        vdr_lib_session_send(client, &bye);
    }
    drop_socket(client);
    if (session->own_context && session->context != NULL)
        (void)zmq_ctx_term(session->context);
    vdr_arena_done(&session->welcome_arena);
    vdr_bytes_done(&session->out);
}
