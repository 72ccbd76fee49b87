/* Law: whatever a broker sends, the client library lives; every frame that it sends is in good form and numbered 1, 2,
 * 3 in its session; an item has one result at most and no result is of an item that was not taken; messages are handed
 * out once and in order, but for those of another store; a read or verb is answered once.
 *
 * No socket is there: what the library calls of ZeroMQ is answered here, and time goes by when the bytes say so. They
 * are what the broker sends, in frames that are good as far as their heads, and what the program asks for meanwhile. */
#include "clients/lib/client.h"
#include "proto/codec.h"
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#define ASKED_MAX 64u
#define STEPS_MAX 400u

static const char public_key[] = "Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID";
static const char secret_key[] = "D:)Q[IlAW!ahhC2ac:9*A}h:p?([4%wOTJ%JR%cs";
static const char server_key[] = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";
static char key_path[] = "/tmp/voordeur-client-XXXXXX";

static struct {
    const uint8_t *at, *end;
    int64_t now_ms;
    int sockets;
    bool full;                  /* the connection takes no more */
    uint32_t in_next, out_next; /* sequences of a session */
    vdr_bytes frame;            /* on its way; len 0: none */
    bool closed;                /* the monitor has that to tell */
    uint64_t taken, message, lines;
    bool other_store;
    bool resulted[4096];
    unsigned asked, answered;
    vdr_arena arena;
} broker;

static unsigned
roll(void)
{
    return broker.at < broker.end ? *broker.at++ : 0;
}

/* ---- ZeroMQ and time */

int64_t __wrap_vdr_lib_now_ms(void);
void *__wrap_zmq_ctx_new(void);
int __wrap_zmq_ctx_term(void *context);
void *__wrap_zmq_socket(void *context, int type);
int __wrap_zmq_close(void *socket);
int __wrap_zmq_connect(void *socket, const char *address);
int __wrap_zmq_setsockopt(void *socket, int option, const void *at, size_t len);
int __wrap_zmq_getsockopt(void *socket, int option, void *at, size_t *len);
int __wrap_zmq_socket_monitor(void *socket, const char *address, int events);
int __wrap_zmq_send(void *socket, const void *at, size_t len, int flags);
int __wrap_zmq_recv(void *socket, void *at, size_t len, int flags);
int __wrap_zmq_msg_recv(zmq_msg_t *message, void *socket, int flags);
int __wrap_epoll_ctl(int epoll, int how, int fd, struct epoll_event *event);

static char dealer, pair, context_of_all;

int64_t
__wrap_vdr_lib_now_ms(void)
{
    return broker.now_ms;
}

void *
__wrap_zmq_ctx_new(void)
{
    return &context_of_all;
}

int
__wrap_zmq_ctx_term(void *context)
{
    VDR_ASSERT(context == &context_of_all);
    return 0;
}

void *
__wrap_zmq_socket(void *context, int type)
{
    (void)context;
    broker.sockets++;
    if (type == ZMQ_DEALER) {
        broker.in_next = broker.out_next = 1;
        broker.frame.len = 0;
        broker.closed = false;
    }
    return type == ZMQ_DEALER ? &dealer : &pair;
}

int
__wrap_zmq_close(void *socket)
{
    (void)socket;
    VDR_ASSERT(--broker.sockets >= 0);
    return 0;
}

int
__wrap_zmq_connect(void *socket, const char *address)
{
    (void)socket;
    (void)address;
    return 0;
}

int
__wrap_zmq_setsockopt(void *socket, int option, const void *at, size_t len)
{
    (void)socket;
    (void)option;
    (void)at;
    (void)len;
    return 0;
}

int
__wrap_zmq_getsockopt(void *socket, int option, void *at, size_t *len)
{
    int value = 0;
    if (option == ZMQ_EVENTS && socket == &dealer)
        value = (broker.frame.len != 0 ? ZMQ_POLLIN : 0) | (broker.full ? 0 : ZMQ_POLLOUT);
    memcpy(at, &value, sizeof value);
    *len = sizeof value;
    return 0;
}

int
__wrap_zmq_socket_monitor(void *socket, const char *address, int events)
{
    (void)socket;
    (void)address;
    (void)events;
    return 0;
}

int
__wrap_zmq_send(void *socket, const void *at, size_t len, int flags)
{
    vdr_frame frame;
    vdr_wire wire;
    (void)socket;
    (void)flags;
    if (broker.full)
        return -1;
    VDR_ASSERT(vdr_frame_parse(vdr_span_of(at, len), VDR_ADMIN_FRAME_MAX, &frame) == VDR_OK);
    VDR_ASSERT(vdr_frame_from_client(frame.type) && frame.sequence == broker.out_next);
    VDR_ASSERT((frame.type == VDR_FRAME_HELLO) == (broker.out_next == 1));
    broker.out_next++;
    vdr_arena_reset(&broker.arena);
    VDR_ASSERT(vdr_codec_decode(&frame, VDR_ADMIN_FRAME_MAX, &broker.arena, &wire) == VDR_OK);
    return (int)len;
}

int
__wrap_zmq_recv(void *socket, void *at, size_t len, int flags)
{
    const uint16_t event = ZMQ_EVENT_DISCONNECTED;
    (void)flags;
    if (socket != &pair || !broker.closed)
        return -1;
    if (len == 0) {
        broker.closed = false;
        return 0;
    }
    memset(at, 0, len);
    memcpy(at, &event, sizeof event);
    return (int)len;
}

int
__wrap_zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    (void)socket;
    (void)flags;
    if (broker.frame.len == 0)
        return -1;
    VDR_ASSERT(zmq_msg_close(message) == 0 && zmq_msg_init_size(message, broker.frame.len) == 0);
    memcpy(zmq_msg_data(message), broker.frame.at, broker.frame.len);
    broker.frame.len = 0;
    return (int)zmq_msg_size(message);
}

int
__wrap_epoll_ctl(int epoll, int how, int fd, struct epoll_event *event)
{
    (void)epoll;
    (void)how;
    (void)fd;
    (void)event;
    return 0;
}

/* ---- what the program hears */

static void
on_result(void *context, const vdr_client_result *result)
{
    (void)context;
    VDR_ASSERT(result->number >= 1 && result->number <= broker.taken);
    VDR_ASSERT(!broker.resulted[result->number]);
    broker.resulted[result->number] = true;
}

static void
on_message(void *context, const vdr_wire_message *message)
{
    (void)context;
    VDR_ASSERT(message->seq > broker.message);
    broker.message = message->seq;
}

static void
on_line(void *context, const vdr_wire_line *line)
{
    (void)context;
    VDR_ASSERT(line->decision.kind != 0);
    broker.lines++;
}

static void
on_answer(void *context, vdr_err err, const vdr_wire_answer *answer)
{
    (void)context;
    VDR_ASSERT((err != VDR_OK || answer != NULL) && ++broker.answered <= broker.asked);
}

static void
on_ruled(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    (void)context;
    VDR_ASSERT((err != VDR_OK || result != NULL) && ++broker.answered <= broker.asked);
}

/* ---- what the broker says */

static void
deliver(const vdr_wire *wire)
{
    vdr_arena_reset(&broker.arena);
    broker.frame.len = 0;
    if (vdr_codec_encode(wire, broker.in_next, VDR_ADMIN_FRAME_MAX, &broker.arena, &broker.frame) == VDR_OK)
        broker.in_next++;
}

static void
say_body(void)
{
    vdr_frame frame = {.type = (vdr_frame_type)(1 + roll() % VDR_FRAME_TYPE_MAX),
                       .sequence = roll() % 16 == 15 ? roll() : broker.in_next};
    size_t len = roll(), left = (size_t)(broker.end - broker.at);
    frame.body = vdr_span_of(broker.at, len < left ? len : left);
    broker.at += frame.body.len;
    broker.frame.len = 0;
    vdr_frame_write(&frame, &broker.frame);
    broker.in_next++;
}

static void
say_mail(void)
{
    vdr_wire_message messages[4];
    vdr_wire wire = {.type = VDR_FRAME_DELIVER,
                     .deliver = {.messages = messages, .message_count = 1 + roll() % 4}};
    uint64_t seq = roll() % 4 != 0 ? broker.message + 1 : roll();
    for (size_t i = 0; i < 4; i++)
        messages[i] =
            (vdr_wire_message){.seq = seq + i, .at_ms = 1, .kind = VDR_MESSAGE_CASE_OFFERED, .case_id = {7}};
    deliver(&wire);
}

static void
say_confirm(void)
{
    vdr_wire_exception exception = {.sequence = roll() % 8, .count = roll() % 3, .error = VDR_E_DUPLICATE};
    vdr_wire_result result = {.sequence = roll() % 8, .error = VDR_E_ACCEPTED, .position = 1};
    vdr_wire wire = {.type = VDR_FRAME_CONFIRM,
                     .confirm = {.up_to = roll() % 16,
                                 .exceptions = &exception,
                                 .exception_count = roll() % 2,
                                 .results = &result,
                                 .result_count = roll() % 2,
                                 .window_items = roll() % 8,
                                 .window_bytes = roll() % 4 * 10000,
                                 .durability = VDR_SYNCED,
                                 .retry_after_ms = roll() % 2 * 1000}};
    static const vdr_err errors[] = {VDR_E_DUPLICATE,  VDR_E_MALFORMED, VDR_E_BEYOND_CREDIT,
                                     VDR_E_STORE_FULL, VDR_E_HELD_BACK, VDR_E_CLOSING};
    exception.error = errors[roll() % 6];
    deliver(&wire);
}

static void
say_welcome(void)
{
    bool other = roll() % 8 == 0;
    if (other != broker.other_store)
        broker.message = 0; /* numbers are another store's */
    broker.other_store = other;
    vdr_wire wire = {.type = VDR_FRAME_WELCOME,
                     .welcome = {.version = 1,
                                 .session = 5,
                                 .store_id = vdr_span_str(other ? "fedcba9876543210" : "0123456789abcdef"),
                                 .epoch = 1,
                                 .broker_time_ms = 1772442000000,
                                 .party_kind = VDR_PARTY_AGENCY,
                                 .party_id = vdr_span_str("school"),
                                 .municipality = vdr_span_str("GM9901"),
                                 .source = vdr_span_str("urn:a:school"),
                                 .clock = VDR_WIRE_CLOCK_WALL,
                                 .limits = {.frame_bytes = 262144,
                                            .event_bytes = 65536,
                                            .batch_items = 1 + roll() % 8,
                                            .window_items = roll() % 8,
                                            .window_bytes = 65536,
                                            .delivery_window = 1 + roll() % 8,
                                            .heartbeat_ms = 1000},
                                 .broker_version = vdr_span_str("0")}};
    deliver(&wire);
}

static void
say_small(void)
{
    static const vdr_err errors[] = {VDR_E_WRONG_ROLE, VDR_E_NOT_FOUND, VDR_E_BUSY, VDR_E_BAD_FRAME,
                                     VDR_E_SEQUENCE_GAP};
    vdr_wire wire = {.type = VDR_FRAME_PONG, .pong = {.number = roll(), .time_ms = 1}};
    unsigned what = roll() % 7;
    if (what == 1)
        wire = (vdr_wire){.type = VDR_FRAME_BYE,
                          .bye = {.error = VDR_E_CLOSING, .retry_after_ms = roll() * 100u}};
    else if (what == 2)
        wire = (vdr_wire){.type = VDR_FRAME_ACKED, .acked = {.up_to = roll() % 8, .newest = roll() % 16}};
    else if (what == 3)
        wire = (vdr_wire){.type = VDR_FRAME_ANSWER,
                          .answer = {.request = roll() % 8,
                                     .error = roll() % 2 == 0 ? VDR_OK : VDR_E_NOT_FOUND,
                                     .position = 3,
                                     .at_ms = 1}};
    else if (what == 4)
        wire = (vdr_wire){.type = VDR_FRAME_RESULT,
                          .result = {.request = roll() % 8, .error = roll() % 2 == 0 ? VDR_OK : VDR_E_BUSY}};
    else if (what == 5)
        wire = (vdr_wire){.type = VDR_FRAME_PING, .ping = {.number = roll()}};
    else if (what == 6) {
        vdr_frame of = {.type = (vdr_frame_type)(1 + roll() % VDR_FRAME_TYPE_MAX), .sequence = roll() % 8};
        wire = vdr_wire_error_of(errors[roll() % 5], &of, (vdr_span){0}, roll() % 2 * 500u);
    }
    deliver(&wire);
}

static void
say_lines(void)
{
    vdr_wire_line lines[3];
    vdr_wire wire = {
        .type = VDR_FRAME_DECISION,
        .decision = {
            .first = 1 + roll() % 4, .lines = lines, .line_count = roll() % 4, .caught_up = roll() % 4}};
    for (size_t i = 0; i < 3; i++)
        lines[i] = (vdr_wire_line){
            .position = roll() % 4,
            .version = 1,
            .decision = {.kind = VDR_DECISION_WATCH, .at = 1, .household = {1}, .rule = vdr_span_str("r")}};
    deliver(&wire);
}

/* ---- what the program asks for */

static void
publish(vdr_client *client)
{
    const vdr_wire_typed typed = {.id = vdr_span_str("s-1"),
                                  .source = vdr_span_str("urn:a:school"),
                                  .type = vdr_span_str("t"),
                                  .time = vdr_span_str("2026-03-02T09:00:00Z")};
    vdr_wire_item items[3] = {{.json = vdr_span_str("{}")}, {.typed = &typed}, {.json = vdr_span_str("[]")}};
    size_t count = 1 + roll() % 3;
    if (broker.taken + count < sizeof broker.resulted / sizeof broker.resulted[0] &&
        vdr_client_publish_async(client, items, count, NULL) == VDR_OK)
        broker.taken += count;
}

static void
ask(vdr_client *client)
{
    const vdr_wire_read read = {.query = VDR_QUERY_STATUS};
    const vdr_wire_admin admin = {.verb = VDR_VERB_STATUS, .time = VDR_MS_NONE};
    if (broker.asked == ASKED_MAX)
        return;
    broker.asked++; /* it may be answered at once */
    vdr_err err = roll() % 2 == 0
                      ? vdr_client_read_async(client, &read, 1000 * (1 + roll() % 8), on_answer, NULL)
                      : vdr_client_admin_async(client, &admin, 1000, on_ruled, NULL);
    broker.asked -= err != VDR_OK;
}

static void
program(vdr_client *client)
{
    const vdr_client_subscription mail = {.window = roll() % 8, .on_message = on_message};
    const vdr_client_stream lines = {.from_given = true, .position = 1, .window = 4, .on_line = on_line};
    switch (roll() % 8) {
    case 0:
    case 1:
        publish(client);
        break;
    case 2:
    case 3:
        ask(client);
        break;
    case 4:
        vdr_client_subscribe(client, &mail);
        break;
    case 5:
        vdr_client_acknowledge(client, broker.message);
        break;
    case 6:
        vdr_client_decisions(client, roll() % 4 == 0 ? NULL : &lines);
        break;
    default:
        broker.full = !broker.full;
        break;
    }
}

static void
step(vdr_client *client)
{
    static void (*const says[])(void) = {say_body, say_welcome, say_welcome, say_confirm,
                                         say_mail, say_small,   say_small,   say_lines};
    static const int64_t steps[] = {1, 20, 300, 1000, 3100, 31000};
    unsigned what = roll() % 16;
    if (what < 8)
        says[what]();
    else if (what < 13)
        program(client);
    else if (what == 13)
        broker.closed = true;
    else
        broker.now_ms += steps[roll() % 6];
    (void)vdr_client_process(client);
    (void)vdr_client_timeout_ms(client);
    vdr_client_state state;
    vdr_client_state_get(client, &state);
    VDR_ASSERT(state.published == broker.taken && state.answered + state.unanswered == state.published);
    VDR_ASSERT(broker.sockets <= 2 && state.unanswered <= 64);
}

static void
remove_key(void)
{
    (void)unlink(key_path);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const uint8_t none[1] = {0};
    const vdr_client_options options = {.endpoint = "tcp://127.0.0.1:7700",
                                        .server_key = server_key,
                                        .key_file = key_path,
                                        .unanswered_max = 64,
                                        .want_results = true,
                                        .on_result = on_result};
    vdr_client *client = NULL;
    if (broker.arena.budget_bytes == 0) {
        char text[96];
        int size = snprintf(text, sizeof text, "%s\n%s\n", public_key, secret_key), fd = mkstemp(key_path);
        VDR_ASSERT(fd >= 0 && write(fd, text, (size_t)size) == size && close(fd) == 0);
        VDR_ASSERT(atexit(remove_key) == 0);
        vdr_arena_init(&broker.arena, vdr_codec_budget(VDR_ADMIN_FRAME_MAX, VDR_ADMIN_FRAME_MAX));
    }
    broker.at = len != 0 ? at : none;
    broker.end = broker.at + len;
    broker.now_ms = 1000;
    broker.full = broker.closed = false;
    broker.taken = broker.message = broker.lines = 0;
    broker.other_store = false;
    broker.asked = broker.answered = 0;
    memset(broker.resulted, 0, sizeof broker.resulted);
    VDR_ASSERT(vdr_client_open(&options, &client, NULL) == VDR_OK);
    for (unsigned steps = 0; broker.at < broker.end && steps < STEPS_MAX; steps++)
        step(client);
    broker.full = false;
    vdr_client_close(&client);
    VDR_ASSERT(broker.sockets == 0);
    vdr_bytes_done(&broker.frame);
    return 0;
}
