/* tests/fake_broker.h - a broker of a few lines for tests of the client: real sockets, CURVE, the real codec,
 * and decisions that the test makes. It runs in the test's own thread: fake_step() does what is there to do,
 * and fake_until() lets it and a client take turns. */
#ifndef TESTS_FAKE_BROKER_H
#define TESTS_FAKE_BROKER_H

#include "clients/lib/voordeur.h"
#include "proto/codec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>
#include <cmocka.h>

#define FAKE_ITEMS_MAX 20000u

typedef struct fake_item {
    char id[32];
    uint64_t sequence;
    uint64_t session;
} fake_item;

typedef struct fake_broker {
    void *context, *router, *zap;
    bool refuse_keys; /* the ZAP handler answers 400 */
    char public_key[41], secret_key[41];
    char endpoint[64];
    uint8_t id[256]; /* of the connection that spoke last */
    size_t id_bytes;
    bool session;
    uint32_t sequence_in, sequence_out;
    uint64_t sessions;
    int64_t said_ms; /* when it last sent something */
    vdr_arena arena, scratch;
    vdr_bytes out;

    vdr_wire_welcome welcome;
    bool mute;                        /* reads, and says nothing */
    bool hold;                        /* does not confirm by itself */
    vdr_err (*judge)(const char *id); /* NULL: accepted */
    uint32_t retry_after_ms;
    uint64_t confirmed; /* publish sequence in this session */
    fake_item items[FAKE_ITEMS_MAX];
    size_t item_count;
    size_t frame_bytes_seen; /* of the largest PUBLISH */
    unsigned counts[VDR_FRAME_TYPE_MAX + 1];
    bool gap; /* a frame of the client was not the next one */

    uint64_t messages; /* in the mailbox: 1 .. messages */
    int64_t message_at_ms;
    uint64_t first_kept; /* those below are gone */
    uint64_t acknowledged;
    uint64_t delivered, limit; /* of the subscription; limit 0: none */
    unsigned per_frame;
    vdr_wire_subscribe subscribed;

    uint64_t lines; /* of the log's decisions: line n has position (n + 1) / 2 */
    uint64_t line_next, line_limit, line_number;
    bool streaming, caught_up;
    bool ignore_reads;
    vdr_err read_error;
} fake_broker;

static inline int64_t
fake_now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- Start and stop */

static inline void
fake_listen(fake_broker *broker)
{
    int on = 1, off = 0;
    broker->router = zmq_socket(broker->context, ZMQ_ROUTER);
    assert_non_null(broker->router);
    zmq_setsockopt(broker->router, ZMQ_LINGER, &off, sizeof off);
    zmq_setsockopt(broker->router, ZMQ_ROUTER_MANDATORY, &on, sizeof on);
    zmq_setsockopt(broker->router, ZMQ_CURVE_SERVER, &on, sizeof on);
    zmq_setsockopt(broker->router, ZMQ_CURVE_SECRETKEY, broker->secret_key, 41);
    /* a port that was just closed may take a moment */
    for (int i = 0; zmq_bind(broker->router, broker->endpoint) != 0; i++) {
        struct timespec pause = {.tv_nsec = 10000000};
        assert_true(i < 300);
        nanosleep(&pause, NULL);
    }
    size_t size = sizeof broker->endpoint;
    zmq_getsockopt(broker->router, ZMQ_LAST_ENDPOINT, broker->endpoint, &size);
    broker->session = false;
}

static inline fake_broker *
fake_new(void)
{
    fake_broker *broker = vdr_alloc(1, sizeof *broker);
    broker->context = zmq_ctx_new();
    zmq_curve_keypair(broker->public_key, broker->secret_key);
    snprintf(broker->endpoint, sizeof broker->endpoint, "tcp://127.0.0.1:*");
    vdr_arena_init(&broker->arena, 64u << 20);
    vdr_arena_init(&broker->scratch, 64u << 20);
    broker->welcome = (vdr_wire_welcome){
        .version = 1,
        .store_id = vdr_span_str("0123456789abcdef"),
        .epoch = 1,
        .party_kind = VDR_PARTY_AGENCY,
        .party_id = vdr_span_str("school-noord"),
        .municipality = vdr_span_str("GM9901"),
        .source = vdr_span_str("urn:school"),
        .limits = {.frame_bytes = VDR_FRAME_BYTES_MAX,
                   .event_bytes = VDR_EVENT_BYTES_MAX,
                   .batch_items = VDR_BATCH_ITEMS_MAX,
                   .window_items = VDR_WINDOW_ITEMS,
                   .window_bytes = VDR_WINDOW_BYTES,
                   .delivery_window = VDR_DELIVERY_WINDOW,
                   .heartbeat_ms = 5000},
    };
    broker->first_kept = 1;
    broker->per_frame = 3;
    fake_listen(broker);
    return broker;
}

static inline void
fake_stop(fake_broker *broker)
{
    if (broker->router != NULL)
        zmq_close(broker->router);
    broker->router = NULL;
    broker->session = false;
}

static inline void
fake_free(fake_broker *broker)
{
    fake_stop(broker);
    if (broker->zap != NULL)
        zmq_close(broker->zap);
    zmq_ctx_term(broker->context);
    vdr_arena_done(&broker->arena);
    vdr_arena_done(&broker->scratch);
    vdr_bytes_done(&broker->out);
    free(broker);
}

/* From now on a ZAP handler is asked for every connection. */
static inline void
fake_guard(fake_broker *broker, bool refuse)
{
    broker->refuse_keys = refuse;
    if (broker->zap != NULL)
        return;
    fake_stop(broker);
    broker->zap = zmq_socket(broker->context, ZMQ_REP);
    assert_int_equal(zmq_bind(broker->zap, "inproc://zeromq.zap.01"), 0);
    fake_listen(broker);
}

static inline void
fake_answer_zap(fake_broker *broker)
{
    char parts[16][256];
    int count = 0, more = 1;
    size_t size = sizeof more;

    if (broker->zap == NULL)
        return;
    while (more && count < 16) {
        int bytes = zmq_recv(broker->zap, parts[count], 255, ZMQ_DONTWAIT);
        if (bytes < 0)
            return;
        parts[count++][bytes] = '\0';
        zmq_getsockopt(broker->zap, ZMQ_RCVMORE, &more, &size);
    }
    const char *reply[6] = {"1.0", parts[1], broker->refuse_keys ? "400" : "200", "", "1", ""};
    for (int i = 0; i < 6; i++)
        zmq_send(broker->zap, reply[i], strlen(reply[i]), i < 5 ? ZMQ_SNDMORE : 0);
}

/* ---- Frames */

static inline void
fake_send_bytes(fake_broker *broker, vdr_span bytes)
{
    broker->said_ms = fake_now_ms();
    if (zmq_send(broker->router, broker->id, broker->id_bytes, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        zmq_send(broker->router, bytes.at, bytes.len, ZMQ_DONTWAIT);
}

static inline void
fake_send(fake_broker *broker, const vdr_wire *wire)
{
    broker->out.len = 0;
    vdr_arena_reset(&broker->scratch);
    assert_int_equal(
        vdr_codec_encode(wire, ++broker->sequence_out, VDR_ADMIN_FRAME_MAX, &broker->scratch, &broker->out),
        VDR_OK);
    fake_send_bytes(broker, vdr_bytes_span(&broker->out));
}

static inline void
fake_confirm(fake_broker *broker, uint64_t up_to)
{
    static vdr_wire_exception exceptions[FAKE_ITEMS_MAX];
    static vdr_wire_result results[FAKE_ITEMS_MAX];
    vdr_wire wire = {.type = VDR_FRAME_CONFIRM,
                     .confirm = {.up_to = up_to,
                                 .exceptions = exceptions,
                                 .results = results,
                                 .window_items = broker->welcome.limits.window_items,
                                 .window_bytes = broker->welcome.limits.window_bytes,
                                 .durability = VDR_SYNCED,
                                 .retry_after_ms = broker->retry_after_ms}};
    for (size_t i = 0; i < broker->item_count; i++) {
        const fake_item *item = &broker->items[i];
        if (item->session != broker->sessions || item->sequence <= broker->confirmed ||
            item->sequence > up_to)
            continue;
        vdr_err err = broker->judge != NULL ? broker->judge(item->id) : VDR_E_ACCEPTED;
        results[wire.confirm.result_count++] =
            (vdr_wire_result){.sequence = item->sequence, .error = err, .position = 100 + item->sequence};
        if (err != VDR_E_ACCEPTED)
            exceptions[wire.confirm.exception_count++] =
                (vdr_wire_exception){.sequence = item->sequence, .error = err, .position = 7};
    }
    broker->confirmed = up_to;
    fake_send(broker, &wire);
}

static inline void
fake_take_items(fake_broker *broker, const vdr_wire_publish *publish)
{
    for (size_t i = 0; i < publish->item_count; i++) {
        const vdr_wire_item *item = &publish->items[i];
        vdr_span id = item->typed != NULL ? item->typed->id : item->json;
        assert_true(broker->item_count < FAKE_ITEMS_MAX);
        fake_item *to = &broker->items[broker->item_count++];
        size_t len = id.len < sizeof to->id - 1 ? id.len : sizeof to->id - 1;
        memcpy(to->id, id.at, len);
        to->id[len] = '\0';
        to->sequence = publish->first + i;
        to->session = broker->sessions;
    }
    if (!broker->hold)
        fake_confirm(broker, publish->first + publish->item_count - 1);
}

static inline void
fake_deliver(fake_broker *broker)
{
    while (broker->limit > broker->delivered && broker->delivered < broker->messages) {
        vdr_wire_message messages[64] = {0};
        vdr_wire wire = {.type = VDR_FRAME_DELIVER, .deliver = {.messages = messages}};
        if (broker->delivered + 1 < broker->first_kept)
            broker->delivered = broker->first_kept - 1;
        while (wire.deliver.message_count < broker->per_frame && broker->delivered < broker->limit &&
               broker->delivered < broker->messages)
            messages[wire.deliver.message_count++] =
                (vdr_wire_message){.seq = ++broker->delivered,
                                   .at_ms = broker->message_at_ms,
                                   .kind = VDR_MESSAGE_FEEDBACK,
                                   .signal = {vdr_span_str("urn:school"), vdr_span_str("s-1")},
                                   .result = vdr_span_str("done")};
        fake_send(broker, &wire);
    }
}

static inline void
fake_stream(fake_broker *broker)
{
    while (broker->streaming && broker->line_next <= broker->lines &&
           broker->line_number < broker->line_limit) {
        vdr_wire_line line = {.position = (broker->line_next + 1) / 2,
                              .decision = {.kind = VDR_DECISION_WATCH,
                                           .at = 1772442000000,
                                           .household = {broker->line_next},
                                           .rule = vdr_span_str("busy")}};
        vdr_wire wire = {.type = VDR_FRAME_DECISION,
                         .decision = {.first = ++broker->line_number, .lines = &line, .line_count = 1}};
        broker->line_next++;
        fake_send(broker, &wire);
    }
    if (broker->streaming && !broker->caught_up && broker->line_next > broker->lines) {
        vdr_wire wire = {.type = VDR_FRAME_DECISION,
                         .decision = {.first = broker->line_number + 1, .caught_up = broker->lines / 2 + 1}};
        broker->caught_up = true;
        fake_send(broker, &wire);
    }
}

static inline void
fake_acked(fake_broker *broker)
{
    vdr_wire wire = {.type = VDR_FRAME_ACKED,
                     .acked = {.up_to = broker->acknowledged, .newest = broker->messages}};
    fake_send(broker, &wire);
}

static inline void
fake_on_frame(fake_broker *broker, const vdr_frame *frame, const vdr_wire *wire)
{
    vdr_wire reply = {.type = VDR_FRAME_WELCOME};

    switch ((unsigned)frame->type) {
    case VDR_FRAME_HELLO:
        reply.welcome = broker->welcome;
        reply.welcome.session = ++broker->sessions;
        broker->session = true;
        broker->confirmed = broker->limit = 0;
        broker->streaming = false;
        fake_send(broker, &reply);
        break;
    case VDR_FRAME_PUBLISH:
        fake_take_items(broker, &wire->publish);
        break;
    case VDR_FRAME_SUBSCRIBE:
        broker->subscribed = wire->subscribe;
        broker->delivered = wire->subscribe.after_given ? wire->subscribe.after : broker->acknowledged;
        broker->limit = broker->delivered + wire->subscribe.window;
        fake_acked(broker);
        fake_deliver(broker);
        break;
    case VDR_FRAME_CREDIT:
        if (wire->credit.stream == VDR_STREAM_MAILBOX)
            broker->limit = wire->credit.done + wire->credit.window;
        else
            broker->line_limit = wire->credit.done + wire->credit.window;
        fake_deliver(broker);
        fake_stream(broker);
        break;
    case VDR_FRAME_ACK:
        broker->acknowledged = wire->ack.up_to;
        fake_acked(broker);
        break;
    case VDR_FRAME_READ:
        reply = (vdr_wire){.type = VDR_FRAME_ANSWER,
                           .answer = {.request = wire->read.request,
                                      .error = broker->read_error,
                                      .text = vdr_span_str("words"),
                                      .position = 77}};
        if (!broker->ignore_reads)
            fake_send(broker, &reply);
        break;
    case VDR_FRAME_ADMIN:
        reply = (vdr_wire){.type = VDR_FRAME_RESULT, .result = {.request = wire->admin.request}};
        if (!broker->ignore_reads)
            fake_send(broker, &reply);
        break;
    case VDR_FRAME_DECISIONS:
        broker->streaming = !wire->decisions.stop;
        broker->caught_up = false;
        broker->line_next = wire->decisions.from_given ? 2 * wire->decisions.position - 1 : broker->lines + 1;
        broker->line_number = 0;
        broker->line_limit = wire->decisions.window;
        fake_stream(broker);
        break;
    case VDR_FRAME_PING:
        reply = (vdr_wire){.type = VDR_FRAME_PONG, .pong = {.number = wire->ping.number}};
        fake_send(broker, &reply);
        break;
    default:
        break;
    }
}

/* Does everything that is there to do. */
static inline void
fake_step(fake_broker *broker)
{
    zmq_msg_t message;

    fake_answer_zap(broker);
    for (;;) {
        uint8_t id[256];
        int bytes = broker->router != NULL ? zmq_recv(broker->router, id, sizeof id, ZMQ_DONTWAIT) : -1;
        if (bytes < 0)
            return;
        zmq_msg_init(&message);
        assert_true(zmq_msg_recv(&message, broker->router, 0) >= 0);
        assert_false(zmq_msg_more(&message));
        vdr_span body = vdr_span_of(zmq_msg_data(&message), zmq_msg_size(&message));
        vdr_frame frame;
        vdr_wire wire;
        vdr_arena_reset(&broker->arena);
        assert_int_equal(vdr_frame_parse(body, VDR_ADMIN_FRAME_MAX, &frame), VDR_OK);
        assert_true(vdr_frame_from_client(frame.type));
        assert_int_equal(vdr_codec_decode(&frame, VDR_ADMIN_FRAME_MAX, &broker->arena, &wire), VDR_OK);
        if (frame.type == VDR_FRAME_HELLO) {
            memcpy(broker->id, id, (size_t)bytes);
            broker->id_bytes = (size_t)bytes;
            broker->sequence_in = broker->sequence_out = 0;
        }
        broker->gap = broker->gap || frame.sequence != ++broker->sequence_in;
        broker->counts[frame.type]++;
        if (frame.type == VDR_FRAME_PUBLISH && body.len > broker->frame_bytes_seen)
            broker->frame_bytes_seen = body.len;
        if (!broker->mute)
            fake_on_frame(broker, &frame, &wire);
        zmq_msg_close(&message);
    }
}

/* ---- Together with clients */

/* A key pair in a new file of the temporary directory; the path is good until the next call but seven. */
static inline const char *
fake_key_file(void)
{
    static char paths[8][64];
    static unsigned next;
    char public_key[VDR_CLIENT_KEY_TEXT], *path = paths[next++ % 8];
    snprintf(path, 64, "/tmp/voordeur-test-%ld-%u.key", (long)getpid(), next);
    (void)unlink(path);
    assert_int_equal(vdr_client_key_make(path, public_key), VDR_OK);
    return path;
}

/* Options that connect fast; the key file is removed by the caller, or with the temporary directory. */
static inline vdr_client_options
fake_options(const fake_broker *broker, const char *key_file)
{
    return (vdr_client_options){
        .endpoint = broker->endpoint,
        .server_key = broker->public_key,
        .key_file = key_file,
        .pause_min_ms = 10,
        .pause_max_ms = 100,
        .connect_ms = 2000,
    };
}

/* Lets broker and client take turns until done(context) holds; false: not within ten seconds. */
static inline bool
fake_until(fake_broker *broker, vdr_client *client, bool (*done)(void *context), void *context)
{
    int64_t until = fake_now_ms() + 10000;
    while (!done(context)) {
        if (fake_now_ms() > until)
            return false;
        fake_step(broker);
        (void)vdr_client_wait(client, 2);
    }
    return true;
}

/* The same for a condition at hand; fails the test when it does not come true. */
#define FAKE_UNTIL(broker, client, condition)                                                                \
    do {                                                                                                     \
        int64_t until_ = fake_now_ms() + 10000;                                                              \
        while (!(condition)) {                                                                               \
            assert_true(fake_now_ms() < until_);                                                             \
            fake_step(broker);                                                                               \
            (void)vdr_client_wait(client, 2);                                                                \
        }                                                                                                    \
    } while (0)

static inline bool
fake_is_ready(void *context)
{
    vdr_client_state state;
    vdr_client_state_get(context, &state);
    return state.phase == VDR_CLIENT_READY;
}

static inline bool
fake_all_answered(void *context)
{
    vdr_client_state state;
    vdr_client_state_get(context, &state);
    return state.unanswered == 0;
}

/* For so long, whatever happens. */
/* To see that nothing more comes; what must come is waited for with FAKE_UNTIL first. */
static inline void
fake_for_ms(fake_broker *broker, vdr_client *client, int64_t ms)
{
    int64_t until = fake_now_ms() + ms;
    while (fake_now_ms() < until) {
        fake_step(broker);
        (void)vdr_client_wait(client, 2);
    }
}

#endif
