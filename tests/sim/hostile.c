#include "tests/sim/hostile.h"

#include "proto/codec.h"
#include "tests/sim/actor.h"
#include "tests/sim/clock.h"
#include "tests/sim/fiber.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define PATIENCE   6u /* frames after the session is over, before it comes again */
#define FRAME_SIZE (256u * 1024)

/* OVER: what it said ended the session, so that nothing after it counts. */
typedef enum phase { AWAY, CONNECTED, GREETED, OVER } phase;

static struct {
    const sim_town *town;
    const sim_party *as; /* NULL: a key that nobody knows */
    char base[200];
    sim_dice dice;
    phase phase;
    void *context, *socket;
    uint32_t sent; /* frames of this session */
    unsigned left; /* frames that it still sends when it is over */
    int64_t due_us, pace_us;
    uint64_t made, frames;
    vdr_arena arena;
} h;

void
sim_hostile_begin(uint64_t seed, const sim_town *town, const char *base)
{
    h.dice = sim_dice_of(seed, 90);
    h.town = town;
    (void)snprintf(h.base, sizeof h.base, "%s", base);
    h.pace_us = sim_between(&h.dice, 5000, 400000);
    h.due_us = sim_below(&h.dice, 2) == 0 ? SIM_NEVER : sim_between(&h.dice, 0, 2000000);
    vdr_arena_init(&h.arena, (size_t)4 << 20);
}

int64_t
sim_hostile_due_us(void)
{
    return h.due_us;
}

uint64_t
sim_hostile_frames(void)
{
    return h.frames;
}

/* ---- Coming and going */

static void
come(void)
{
    char path[320], name[100], key[64] = "";
    bool operators = sim_below(&h.dice, 8) == 0;
    h.as =
        sim_below(&h.dice, 5) == 0 ? NULL : &h.town->parties[sim_below(&h.dice, 4)]; /* agencies come first */
    VDR_ASSERT(h.as == NULL || h.as->kind == VDR_PARTY_AGENCY);
    unsigned pair = h.town->keys ? (unsigned)sim_below(&h.dice, SIM_KEYS_EACH) : 0; /* also one that ended */
    if (h.as != NULL)
        sim_town_key_file(h.as, pair, false, name, sizeof name);
    (void)snprintf(path, sizeof path, "%s/%s", h.base, h.as != NULL ? name : "keys/stranger.pub");
    FILE *file = fopen(path, "re");
    VDR_ASSERT(file != NULL && fscanf(file, "%40s", key) == 1);
    (void)fclose(file);
    h.context = zmq_ctx_new();
    h.socket = zmq_socket(h.context, ZMQ_DEALER);
    VDR_ASSERT(zmq_setsockopt(h.socket, ZMQ_CURVE_PUBLICKEY, key, 41) == 0);
    VDR_ASSERT(zmq_connect(h.socket, operators ? "tcp://127.0.0.1:7701" : "tcp://127.0.0.1:7700") == 0);
    if (operators)
        h.as = NULL; /* it is not let in there */
    h.phase = CONNECTED;
    h.sent = 0;
}

static void
go(void)
{
    (void)zmq_close(h.socket);
    (void)zmq_ctx_term(h.context);
    h.phase = AWAY;
}

/* ---- What it gets: nothing that shows anything */

static void
hear(const uint8_t *bytes, size_t len)
{
    vdr_frame frame;
    vdr_wire wire;
    h.frames++;
    if (h.as == NULL) {
        sim_violation("I12", "a key that nobody knows gets a frame");
        return;
    }
    vdr_arena_reset(&h.arena);
    if (vdr_frame_parse(vdr_span_of(bytes, len), VDR_ADMIN_FRAME_MAX, &frame) != VDR_OK ||
        vdr_codec_decode(&frame, VDR_ADMIN_FRAME_MAX, &h.arena, &wire) != VDR_OK) {
        sim_violation("wire", "a frame to %s cannot be read", h.as->id);
        return;
    }
    sim_trace("hostile hears", (uint64_t)frame.type, frame.type == VDR_FRAME_ERROR ? wire.error.error : 0);
    bool shows = frame.type == VDR_FRAME_RESULT || frame.type == VDR_FRAME_DECISION ||
                 frame.type == VDR_FRAME_DELIVER ||
                 (frame.type == VDR_FRAME_ANSWER && wire.answer.error == VDR_OK);
    if (shows)
        sim_violation("I12", "%s gets a %s that is not for it", h.as->id, vdr_frame_type_name(frame.type));
}

static void
listen(void)
{
    static uint8_t bytes[FRAME_SIZE];
    int len;
    while ((len = zmq_recv(h.socket, bytes, sizeof bytes, ZMQ_DONTWAIT)) >= 0)
        hear(bytes, (size_t)len);
}

/* ---- What it says */

static bool
put(const void *bytes, size_t len)
{
    bool sent = zmq_send(h.socket, bytes, len, ZMQ_DONTWAIT) >= 0;
    h.sent += sent;
    return sent;
}

static bool
say(const vdr_wire *wire, uint32_t sequence)
{
    vdr_bytes out = {0};
    vdr_arena_reset(&h.arena);
    VDR_ASSERT(vdr_codec_encode(wire, sequence, FRAME_SIZE, &h.arena, &out) == VDR_OK);
    vdr_span frame = vdr_bytes_span(&out);
    bool sent = put(frame.at, frame.len);
    vdr_bytes_done(&out);
    return sent;
}

static void
greet(void)
{
    const vdr_wire hello = {
        .type = VDR_FRAME_HELLO,
        .hello = {.version_min = 1, .version_max = 1, .client_name = vdr_span_str("nobody")}};
    if (say(&hello, h.sent + 1))
        h.phase = GREETED;
}

/* A good signal, by a way on which it must not count. */
static void
publish(uint64_t first, uint32_t sequence)
{
    char id[40], at[VDR_TIME_TEXT_BYTES + 1], *json = vdr_alloc(1024, 1);
    const char *source = h.as != NULL ? h.as->source : h.town->parties[0].source;
    (void)snprintf(id, sizeof id, "hostile-%llu", (unsigned long long)++h.made);
    sim_actor_instant(sim_clock_wall_ms(), at);
    (void)snprintf(json, 1024,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"sim.zorgen.v1\","
                   "\"time\":\"%s\",\"data\":{\"municipality\":\"" SIM_MUNICIPALITY
                   "\",\"address\":{\"bag\":\"9901200000000001\"}}}",
                   id, source, at);
    vdr_wire_item item = {.json = vdr_span_str(json)};
    const vdr_wire wire = {.type = VDR_FRAME_PUBLISH,
                           .publish = {.first = first, .items = &item, .item_count = 1}};
    sim_audit_never(&h.town->parties[0], source, json, id);
    (void)say(&wire, sequence);
}

static void
garble(void)
{
    uint8_t bytes[600];
    size_t len = (size_t)sim_below(&h.dice, sizeof bytes);
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)sim_throw(&h.dice);
    if (sim_below(&h.dice, 2) == 0 && len >= VDR_FRAME_HEAD) { /* a good head, and a frame of the broker's */
        static const vdr_frame_type types[] = {VDR_FRAME_WELCOME, VDR_FRAME_CONFIRM, VDR_FRAME_DELIVER,
                                               VDR_FRAME_ACKED,   VDR_FRAME_ANSWER,  VDR_FRAME_RESULT};
        vdr_frame_head_write(types[sim_below(&h.dice, 6)], h.sent + 1, (uint32_t)(len - VDR_FRAME_HEAD),
                             bytes);
    }
    if (put(bytes, len))
        h.phase = OVER;
}

/* What an agency may not ask. */
static void
ask(void)
{
    static const vdr_query queries[] = {VDR_QUERY_CASE,       VDR_QUERY_HOUSEHOLD, VDR_QUERY_INBOX,
                                        VDR_QUERY_REGISSEURS, VDR_QUERY_EXPLAIN,   VDR_QUERY_REQUESTS};
    vdr_wire wire = {.type = VDR_FRAME_READ,
                     .read = {.request = h.sent + 1, .query = queries[sim_below(&h.dice, 6)]}};
    wire.read.case_id.number = wire.read.household.number = 1 + sim_below(&h.dice, 5);
    if (wire.read.query == VDR_QUERY_EXPLAIN)
        wire.read.household.number = 0;
    if (wire.read.query == VDR_QUERY_INBOX)
        wire.read.list = VDR_INBOX_CASES;
    if (sim_below(&h.dice, 4) == 0)
        wire.read.break_glass = vdr_span_str("because it would like to know");
    (void)say(&wire, h.sent + 1);
}

static void
command(void)
{
    static const vdr_verb verbs[] = {VDR_VERB_STATUS, VDR_VERB_STOP,     VDR_VERB_ERASE,  VDR_VERB_SESSIONS,
                                     VDR_VERB_DRAIN,  VDR_VERB_VERSIONS, VDR_VERB_RELOAD, VDR_VERB_KEYS};
    const vdr_wire wire = {.type = VDR_FRAME_ADMIN,
                           .admin = {.request = h.sent + 1,
                                     .verb = verbs[sim_below(&h.dice, sizeof verbs / sizeof verbs[0])],
                                     .time = VDR_MS_NONE}};
    (void)say(&wire, h.sent + 1);
}

static void
eavesdrop(void)
{
    const sim_party *other = &h.town->parties[4 + sim_below(&h.dice, h.town->party_count - 6)];
    vdr_wire wire = {.type = VDR_FRAME_SUBSCRIBE,
                     .subscribe = {.mailbox_kind = other->kind,
                                   .mailbox_id = vdr_span_str(other->id),
                                   .after_given = true,
                                   .window = 10}};
    if (sim_below(&h.dice, 2) == 0)
        wire = (vdr_wire){.type = VDR_FRAME_DECISIONS, .decisions = {.from_given = true, .position = 1}};
    (void)say(&wire, h.sent + 1);
}

static void
speak(void)
{
    switch (sim_below(&h.dice, 8)) {
    case 0:
        garble();
        break;
    case 1: /* a frame is missing */
        publish(1, h.sent + 5);
        h.phase = OVER;
        break;
    case 2: /* items are missing */
        publish(7, h.sent + 1);
        h.phase = OVER;
        break;
    case 3:
        greet(); /* once more */
        h.phase = OVER;
        break;
    case 4:
    case 5:
        ask();
        break;
    case 6:
        command();
        break;
    default:
        eavesdrop();
    }
}

void
sim_hostile_turn(void)
{
    h.due_us = sim_clock_us() + sim_between(&h.dice, 0, 2 * h.pace_us);
    sim_wire_caller_set(SIM_HOSTILE);
    if (h.phase == AWAY) {
        come();
    } else {
        listen();
        if (h.phase == CONNECTED && sim_below(&h.dice, 6) == 0) {
            publish(1, h.sent + 1); /* before HELLO */
            h.phase = OVER;
        } else if (h.phase == CONNECTED) {
            greet();
        } else if (h.phase == GREETED) {
            speak();
        } else if (sim_below(&h.dice, PATIENCE) != 0) {
            publish(1, h.sent + 1);
        } else {
            go();
        }
    }
    sim_wire_caller_set(SIM_BROKER);
}

void
sim_hostile_end(void)
{
    sim_wire_caller_set(SIM_HOSTILE);
    if (h.phase != AWAY)
        go();
    sim_wire_caller_set(SIM_BROKER);
    h.due_us = SIM_NEVER;
}
