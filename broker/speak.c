/* Frames to a connection. Encoded once; what the connection does not take at once waits in the session's own
 * queue, and what was said first goes first. A queue that grows beyond its limit ends its session: whoever
 * asks and does not read is in nobody's way but their own. */
#include "broker/daemon.h"
#include "broker/gauge/journal.h"

#include <stdlib.h>

static void
end(vdr_daemon *daemon, vdr_session *session)
{
    if (session->ending)
        return;
    session->ending = true;
    daemon->ending++;
}

static void
wait_in_queue(vdr_daemon *daemon, vdr_session *session, vdr_span bytes)
{
    if (session->out.bytes + bytes.len > daemon->node->limits.queue_bytes) {
        VDR_NOTE(LIMIT, vdr_field_text("limit", "queue"), vdr_field_number("session", session->number),
                 vdr_field_text("party", session->party));
        end(daemon, session);
        return;
    }
    vdr_waiting *waiting = (vdr_waiting *)vdr_alloc(1, sizeof *waiting + bytes.len);
    waiting->len = bytes.len;
    memcpy(waiting->bytes, bytes.at, bytes.len);
    if (session->out.first == NULL) {
        session->out.first = waiting;
        daemon->blocked++;
        daemon->unblock_ms = daemon->now_ms + VDR_UNBLOCK_MS;
    } else {
        session->out.last->next = waiting;
    }
    session->out.last = waiting;
    session->out.bytes += bytes.len;
}

/* Whole frames, numbered. */
static void
send_frame(vdr_daemon *daemon, vdr_session *session, vdr_span bytes)
{
    session->out_next++;
    session->frames_out++;
    if (session->out.first != NULL) {
        wait_in_queue(daemon, session, bytes);
        return;
    }
    vdr_err err = vdr_net_send(daemon->net, session->peer, bytes);
    if (err == VDR_E_BUSY)
        wait_in_queue(daemon, session, bytes);
    else if (err != VDR_OK)
        end(daemon, session);
}

vdr_err
vdr_speak(vdr_daemon *daemon, vdr_session *session, const vdr_wire *wire)
{
    if (!vdr_session_live(session))
        return VDR_OK;
    daemon->frame.len = 0;
    vdr_arena_reset(&daemon->speech);
    vdr_err err = vdr_codec_encode(wire, session->out_next, vdr_daemon_frame_max(session->peer.zone),
                                   &daemon->speech, &daemon->frame);
    if (err == VDR_OK)
        send_frame(daemon, session, vdr_bytes_span(&daemon->frame));
    return err;
}

void
vdr_say(vdr_daemon *daemon, vdr_session *session, const vdr_wire *wire)
{
    vdr_err err = vdr_speak(daemon, session, wire);
    VDR_ASSERT(err == VDR_OK);
}

vdr_err
vdr_speak_hold(vdr_daemon *daemon, vdr_session *session, const vdr_wire *wire)
{
    daemon->frame.len = 0;
    vdr_arena_reset(&daemon->speech);
    vdr_err err =
        vdr_codec_encode(wire, 0, vdr_daemon_frame_max(session->peer.zone), &daemon->speech, &daemon->frame);
    if (err != VDR_OK)
        return err;
    vdr_held *held = (vdr_held *)vdr_ring_add(&session->answers, sizeof *held);
    held->len = daemon->frame.len;
    held->frame = (uint8_t *)vdr_alloc(1, held->len);
    memcpy(held->frame, daemon->frame.at, held->len);
    session->answer_bytes += held->len;
    return VDR_OK;
}

void
vdr_speak_held(vdr_daemon *daemon, vdr_session *session)
{
    vdr_held *held = (vdr_held *)vdr_ring_first(&session->answers);
    VDR_ASSERT(held != NULL);
    vdr_frame frame;
    vdr_err err = vdr_frame_parse(vdr_span_of(held->frame, held->len), held->len, &frame);
    VDR_ASSERT(err == VDR_OK);
    vdr_frame_head_write(frame.type, session->out_next, (uint32_t)frame.body.len, held->frame);
    send_frame(daemon, session, vdr_span_of(held->frame, held->len));
    session->answer_bytes -= held->len;
    free(held->frame);
    vdr_ring_drop(&session->answers);
}

void
vdr_speak_refusal(vdr_daemon *daemon, vdr_session *session, vdr_err err, const vdr_frame *frame)
{
    uint32_t pause_ms = vdr_err_class_of(err) == VDR_ERR_LATER ? 1000 : 0;
    vdr_wire wire = vdr_wire_error_of(err, frame, (vdr_span){0}, pause_ms);
    vdr_say(daemon, session, &wire);
}

void
vdr_speak_failure(vdr_daemon *daemon, vdr_session *session, vdr_err err, const vdr_frame *frame,
                  const char *text)
{
    vdr_wire wire = vdr_wire_error_of(err, frame, vdr_span_str(text), 0);
    if (err == VDR_E_BAD_VERSION) {
        wire.error.version_min = VDR_PROTOCOL_MIN;
        wire.error.version_max = VDR_PROTOCOL_MAX;
    }
    vdr_say(daemon, session, &wire);
    VDR_NOTE(ABUSE, vdr_field_number("session", session->number),
             vdr_field_text("kind", vdr_party_kind_name(session->kind)),
             vdr_field_text("party", session->party), vdr_field_text("error", vdr_err_code(err)));
    end(daemon, session);
}

void
vdr_speak_bye(vdr_daemon *daemon, vdr_session *session, vdr_err err, uint32_t retry_after_ms)
{
    vdr_wire wire = {.type = VDR_FRAME_BYE,
                     .bye = {.error = err,
                             .text = err != VDR_OK ? vdr_span_str(vdr_err_text(err)) : (vdr_span){0},
                             .retry_after_ms = retry_after_ms}};
    vdr_say(daemon, session, &wire);
    VDR_NOTE(SESSION_END, vdr_field_number("session", session->number),
             vdr_field_text("kind", vdr_party_kind_name(session->kind)),
             vdr_field_text("party", session->party), vdr_field_text("reason", vdr_err_code(err)));
    end(daemon, session);
}

void
vdr_speak_nothing(vdr_daemon *daemon, vdr_session *session)
{
    end(daemon, session);
}

bool
vdr_speak_waiting(vdr_daemon *daemon, vdr_session *session)
{
    while (session->out.first != NULL) {
        vdr_waiting *waiting = session->out.first;
        vdr_err err = vdr_net_send(daemon->net, session->peer, vdr_span_of(waiting->bytes, waiting->len));
        if (err == VDR_E_BUSY)
            return false;
        session->out.first = waiting->next;
        session->out.bytes -= waiting->len;
        free(waiting);
        if (err != VDR_OK && session->state != VDR_SESSION_OVER)
            end(daemon, session);
    }
    session->out.last = NULL;
    daemon->blocked--;
    return true;
}
