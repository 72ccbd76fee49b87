/* A received frame to the part that deals with it. Refused here are frames only, never events: what is in a
 * well-formed PUBLISH gets its verdict from the core. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"

#include <stdio.h>

#define BUSY_PAUSE_MS 1000u

/* ---- HELLO */

static vdr_span
source_of(const vdr_config *config, const vdr_session *session, char *text, size_t size)
{
    if (session->kind == VDR_PARTY_OPERATOR)
        return (vdr_span){0};
    for (size_t i = 0; session->kind == VDR_PARTY_AGENCY && i < config->agency_count; i++) {
        if (vdr_span_equal(config->agencies[i].id, vdr_span_str(session->party)))
            return config->agencies[i].source;
    }
    int len = snprintf(text, size, "urn:voordeur:%s:%s", vdr_party_kind_name(session->kind), session->party);
    return vdr_span_of(text, (size_t)len);
}

static void
welcome(vdr_daemon *daemon, vdr_session *session, uint32_t version)
{
    const vdr_node_limits *limits = &daemon->node->limits;
    const vdr_config *config = vdr_core_config(vdr_engine_core(daemon->engine));
    vdr_engine_status status;
    vdr_engine_status_get(daemon->engine, &status);
    char source[VDR_CONF_NAME_MAX + 64];
    vdr_ms now = vdr_clock_now(daemon->clock);
    if (now == VDR_MS_NONE) /* the clock of its events stands where the log does */
        now = vdr_core_now(vdr_engine_core(daemon->engine));
    vdr_wire wire = {.type = VDR_FRAME_WELCOME,
                     .welcome = {.version = version,
                                 .session = session->number,
                                 .store_id = vdr_span_of(daemon->store_id, sizeof daemon->store_id),
                                 .epoch = status.epoch,
                                 .broker_time_ms = now < 0 ? 0 : now,
                                 .party_kind = session->kind,
                                 .party_id = vdr_span_str(session->party),
                                 .municipality = config->municipality,
                                 .source = source_of(config, session, source, sizeof source),
                                 .clock = daemon->clock->kind == VDR_CLOCK_EVENT ? VDR_WIRE_CLOCK_EVENT
                                                                                 : VDR_WIRE_CLOCK_WALL,
                                 .limits = {.frame_bytes = (uint32_t)vdr_daemon_frame_max(session->peer.zone),
                                            .event_bytes = VDR_EVENT_BYTES_MAX,
                                            .batch_items = VDR_BATCH_ITEMS_MAX,
                                            .window_items = (uint32_t)limits->window_items,
                                            .window_bytes = (uint32_t)limits->window_bytes,
                                            .delivery_window = (uint32_t)limits->delivery_window,
                                            .heartbeat_ms = (uint32_t)limits->heartbeat_ms},
                                 .broker_version = vdr_span_str(VDR_VERSION)}};
    vdr_say(daemon, session, &wire);
}

static void
hello(vdr_daemon *daemon, vdr_session *session, const vdr_wire_hello *hello, const vdr_frame *frame)
{
    uint32_t version = hello->version_max < VDR_PROTOCOL_MAX ? hello->version_max : VDR_PROTOCOL_MAX;
    if (version < hello->version_min || version < VDR_PROTOCOL_MIN) {
        vdr_speak_failure(daemon, session, VDR_E_BAD_VERSION, frame, "no version in common");
        return;
    }
    if (hello->client_name.len != 0)
        memcpy(session->client, hello->client_name.at, hello->client_name.len);
    session->state = VDR_SESSION_OPEN;
    vdr_session *silent = vdr_session_in_excess(daemon->sessions, session);
    if (silent != NULL)
        vdr_speak_bye(daemon, silent, VDR_E_BUSY, BUSY_PAUSE_MS);
    VDR_NOTE(SESSION_OPEN, vdr_field_number("session", session->number),
             vdr_field_text("kind", vdr_party_kind_name(session->kind)),
             vdr_field_text("party", session->party));
    welcome(daemon, session, version);
}

/* ---- frames of a session */

static void
pong(vdr_daemon *daemon, vdr_session *session, uint64_t number)
{
    vdr_ms now = vdr_clock_now(daemon->clock);
    vdr_wire wire = {.type = VDR_FRAME_PONG,
                     .pong = {.number = number, .time_ms = now == VDR_MS_NONE ? 0 : now}};
    vdr_say(daemon, session, &wire);
}

static void
credit(vdr_daemon *daemon, vdr_session *session, const vdr_wire_credit *credit, const vdr_frame *frame)
{
    if (credit->stream == VDR_STREAM_MAILBOX)
        vdr_delivery_credit(daemon, session, credit);
    else if (vdr_access_frame(session->kind, VDR_FRAME_DECISIONS))
        vdr_decisions_credit(daemon, session, credit);
    else
        vdr_speak_refusal(daemon, session, VDR_E_WRONG_ROLE, frame);
}

static void
body(vdr_daemon *daemon, vdr_session *session, const vdr_frame *frame, const vdr_wire *wire)
{
    switch (wire->type) {
    case VDR_FRAME_HELLO:
        hello(daemon, session, &wire->hello, frame);
        break;
    case VDR_FRAME_PUBLISH:
        vdr_publish_frame(daemon, session, &wire->publish, VDR_PORTER_ITEMS, frame);
        break;
    case VDR_FRAME_SUBSCRIBE:
        vdr_delivery_subscribe(daemon, session, &wire->subscribe, frame);
        break;
    case VDR_FRAME_CREDIT:
        credit(daemon, session, &wire->credit, frame);
        break;
    case VDR_FRAME_ACK:
        vdr_delivery_ack(daemon, session, &wire->ack, frame);
        break;
    case VDR_FRAME_READ:
        vdr_reads_frame(daemon, session, &wire->read, frame);
        break;
    case VDR_FRAME_DECISIONS:
        vdr_decisions_frame(daemon, session, &wire->decisions);
        break;
    case VDR_FRAME_ADMIN:
        vdr_admin_frame(daemon, session, &wire->admin);
        break;
    case VDR_FRAME_PING:
        pong(daemon, session, wire->ping.number);
        break;
    case VDR_FRAME_PONG:
        break; /* a sign of life, as every frame */
    case VDR_FRAME_BYE:
        VDR_NOTE(SESSION_END, vdr_field_number("session", session->number),
                 vdr_field_text("kind", vdr_party_kind_name(session->kind)),
                 vdr_field_text("party", session->party), vdr_field_text("reason", "bye"));
        vdr_speak_nothing(daemon, session);
        break;
    case VDR_FRAME_WELCOME:
    case VDR_FRAME_CONFIRM:
    case VDR_FRAME_DELIVER:
    case VDR_FRAME_ACKED:
    case VDR_FRAME_ANSWER:
    case VDR_FRAME_DECISION:
    case VDR_FRAME_RESULT:
    case VDR_FRAME_ERROR:
        VDR_ASSERT(false); /* a frame of the broker's was let through */
    }
}

/* What is wrong with a frame before its body is looked at; ends the session. */
static bool
head_is_good(vdr_daemon *daemon, vdr_session *session, const vdr_frame *frame)
{
    const char *text = NULL;
    vdr_err err = VDR_E_BAD_FRAME;
    if (!vdr_frame_from_client(frame->type)) {
        text = "only the broker sends this type";
    } else if (session->state == VDR_SESSION_NEW && frame->type != VDR_FRAME_HELLO) {
        err = VDR_E_HELLO_FIRST;
        text = "the session begins with HELLO";
    } else if (session->state == VDR_SESSION_OPEN && frame->type == VDR_FRAME_HELLO) {
        text = "a second HELLO";
    } else if (frame->sequence != session->in_next) {
        err = VDR_E_SEQUENCE_GAP;
        text = "frames are numbered 1, 2, 3 and so on in a session";
    }
    if (text != NULL)
        vdr_speak_failure(daemon, session, err, frame, text);
    return text == NULL;
}

static void
session_frame(vdr_daemon *daemon, vdr_session *session, vdr_received *received, const vdr_ahead *ahead)
{
    size_t frame_max = vdr_daemon_frame_max(session->peer.zone);
    vdr_arena *arena = &daemon->body[session->peer.zone];
    vdr_frame frame;
    if (received->err != VDR_OK) {
        vdr_speak_failure(daemon, session, received->err, NULL, "a message is exactly one part");
        return;
    }
    vdr_err err = vdr_frame_parse(vdr_received_span(received), frame_max, &frame);
    if (err != VDR_OK) {
        vdr_speak_failure(daemon, session, err, NULL, vdr_err_text(err));
        return;
    }
    if (!head_is_good(daemon, session, &frame))
        return;
    session->in_next++;
    if (!vdr_access_frame(session->kind, frame.type)) {
        vdr_speak_refusal(daemon, session, VDR_E_WRONG_ROLE, &frame);
        return;
    }
    if (ahead != NULL && ahead->decoded) {
        vdr_publish_frame(daemon, session, &ahead->publish, ahead->place, &frame);
        return;
    }
    vdr_wire wire;
    vdr_arena_reset(arena);
    err = vdr_codec_decode(&frame, frame_max, arena, &wire);
    if (err != VDR_OK)
        vdr_speak_failure(daemon, session, err, &frame, "the body is not what protocol.md section 2 allows");
    else
        body(daemon, session, &frame, &wire);
}

/* A connection that has no session: it gets one, or a word and nothing else. */
static vdr_session *
begin(vdr_daemon *daemon, const vdr_received *received)
{
    vdr_key key;
    if (!vdr_keyring_by_id(daemon->keyring, received->key_id, &key)) {
        daemon->revoked_drops++; /* a revoked key, or the self-test's last word */
        return NULL;
    }
    vdr_ms since = vdr_clock_now(daemon->clock);
    vdr_session *session = vdr_session_add(daemon->sessions, received->peer, &key, daemon->now_ms,
                                           since == VDR_MS_NONE ? 0 : since);
    if (session != NULL)
        return session;
    VDR_NOTE(SESSION_REFUSED, vdr_field_text("kind", vdr_party_kind_name(key.kind)),
             vdr_field_text("party", key.party), vdr_field_text("limit", "sessions"));
    vdr_wire wire = {.type = VDR_FRAME_BYE,
                     .bye = {.error = VDR_E_BUSY,
                             .text = vdr_span_str(vdr_err_text(VDR_E_BUSY)),
                             .retry_after_ms = BUSY_PAUSE_MS}};
    daemon->frame.len = 0;
    vdr_arena_reset(&daemon->speech);
    vdr_err err = vdr_codec_encode(&wire, 1, VDR_FRAME_BYTES_MAX, &daemon->speech, &daemon->frame);
    if (err == VDR_OK)
        err = vdr_net_send(daemon->net, received->peer, vdr_bytes_span(&daemon->frame));
    (void)err; /* a connection that takes no BYE learns by its silence */
    return NULL;
}

void
vdr_dispatch(vdr_daemon *daemon, vdr_received *received, const vdr_ahead *ahead)
{
    vdr_session *session = vdr_session_by_peer(daemon->sessions, received->peer);
    if (session == NULL)
        session = begin(daemon, received);
    if (session == NULL)
        return;
    session->heard_ms = daemon->now_ms;
    session->heard_order = ++daemon->frames_heard;
    if (!vdr_session_live(session) || session->key_id != received->key_id)
        return;
    session->frames_in++;
    session_frame(daemon, session, received, ahead);
}
