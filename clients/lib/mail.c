#include "clients/lib/client.h"

#include <stdlib.h>

static uint32_t
window_of(const vdr_client *client)
{
    uint32_t window = client->mail.wish.window, most = client->session.welcome.limits.delivery_window;
    return window < most ? window : most;
}

static void
drop_frames(vdr_lib_mail *mail)
{
    while (mail->oldest != NULL) {
        vdr_lib_mail_frame *frame = mail->oldest;
        mail->oldest = frame->newer;
        free(frame);
    }
    mail->last = NULL;
    mail->received = mail->processed > mail->handed ? mail->processed : mail->handed;
}

void
vdr_lib_mail_free(vdr_client *client)
{
    drop_frames(&client->mail);
    vdr_arena_done(&client->mail.arena);
}

void
vdr_client_subscribe(vdr_client *client, const vdr_client_subscription *subscription)
{
    vdr_lib_mail *mail = &client->mail;

    mail->wish = *subscription;
    mail->wish.mailbox_id = NULL;
    mail->mailbox_id[0] = '\0';
    if (subscription->mailbox_kind != VDR_PARTY_NONE) {
        VDR_ASSERT(subscription->mailbox_id != NULL && strlen(subscription->mailbox_id) <= VDR_CONF_NAME_MAX);
        memcpy(mail->mailbox_id, subscription->mailbox_id, strlen(subscription->mailbox_id) + 1);
    }
    if (mail->wish.window == 0)
        mail->wish.window = VDR_LIB_WINDOW_MESSAGES;
    mail->wanted = true;
    mail->told = mail->open = mail->stop = false;
    mail->from_known = subscription->after_given;
    mail->processed = subscription->after_given ? subscription->after : 0;
    mail->handed = 0;
    mail->current = (vdr_wire_deliver){0};
    mail->current_next = 0;
    drop_frames(mail);
    client->dirty = true; /* so that the next process() says it */
}

void
vdr_client_unsubscribe(vdr_client *client)
{
    vdr_lib_mail *mail = &client->mail;

    mail->stop = mail->told;
    mail->wanted = mail->told = mail->open = false;
    mail->handed = 0;
    mail->current = (vdr_wire_deliver){0};
    mail->current_next = 0;
    drop_frames(mail);
    client->dirty = true;
}

void
vdr_client_acknowledge(vdr_client *client, uint64_t seq)
{
    vdr_lib_mail *mail = &client->mail;

    if (seq > mail->ack_wanted)
        mail->ack_wanted = seq;
    if (seq > mail->processed)
        mail->processed = seq;
    client->dirty = true; /* so that the next process() sends it */
}

/* ---- A session begins and ends */

void
vdr_lib_mail_begin(vdr_client *client, bool same_store)
{
    vdr_lib_mail *mail = &client->mail;

    if (!same_store && client->session.sessions > 1) { /* 11.4: other numbers */
        mail->from_known = false;
        mail->processed = mail->handed = mail->ack_wanted = mail->acknowledged = mail->newest = 0;
    }
    mail->told = mail->open = mail->stop = false;
    mail->ack_told = 0;
    drop_frames(mail);
}

void
vdr_lib_mail_end(vdr_client *client)
{
    client->mail.told = client->mail.open = false;
    /* Frames that wait may still be fetched; they come again and are known by their numbers. */
}

/* ---- To the broker */

static void
tell_subscribe(vdr_client *client)
{
    vdr_lib_mail *mail = &client->mail;
    vdr_wire wire = {.type = VDR_FRAME_SUBSCRIBE,
                     .subscribe = {.mailbox_kind = mail->wish.mailbox_kind,
                                   .after_given = mail->from_known,
                                   .after = mail->from_known ? mail->received : 0,
                                   .window = window_of(client)}};
    if (mail->wish.mailbox_kind != VDR_PARTY_NONE)
        wire.subscribe.mailbox_id = vdr_span_str(mail->mailbox_id);
    mail->told = true;
    mail->credited = mail->received;
    vdr_lib_session_send(client, &wire);
}

void
vdr_lib_mail_pump(vdr_client *client)
{
    vdr_lib_mail *mail = &client->mail;

    if (vdr_lib_session_ready(client) && mail->stop) { /* 6.5: window 0 pauses, and nothing ends the pause */
        vdr_wire wire = {.type = VDR_FRAME_CREDIT,
                         .credit = {.stream = VDR_STREAM_MAILBOX, .done = mail->credited}};
        mail->stop = false;
        vdr_lib_session_send(client, &wire);
    }
    if (vdr_lib_session_ready(client) && mail->wanted && !mail->told)
        tell_subscribe(client);
    if (vdr_lib_session_ready(client) && mail->ack_wanted > mail->acknowledged &&
        mail->ack_wanted > mail->ack_told) {
        vdr_wire wire = {.type = VDR_FRAME_ACK, .ack = {.up_to = mail->ack_wanted}};
        mail->ack_told = mail->ack_wanted;
        vdr_lib_session_send(client, &wire);
    }
    if (vdr_lib_session_ready(client) && mail->open && mail->processed > mail->credited &&
        mail->processed - mail->credited >= (window_of(client) + 1) / 2) {
        vdr_wire wire = {
            .type = VDR_FRAME_CREDIT,
            .credit = {.stream = VDR_STREAM_MAILBOX, .done = mail->processed, .window = window_of(client)}};
        mail->credited = mail->processed;
        vdr_lib_session_send(client, &wire);
    }
}

/* ---- From the broker */

vdr_err
vdr_lib_mail_acked(vdr_client *client, const vdr_wire_acked *acked)
{
    vdr_lib_mail *mail = &client->mail;
    bool first = mail->told && !mail->open;
    bool rose = acked->up_to > mail->acknowledged;

    mail->acknowledged = acked->up_to;
    mail->newest = acked->newest;
    if (first) {
        mail->open = true;
        if (mail->from_known && acked->newest < mail->processed) { /* 11.4: restored from a backup */
            mail->from_known = mail->told = mail->open = false;
            mail->processed = mail->handed = mail->ack_wanted = 0;
            drop_frames(mail);
            return VDR_OK;
        }
        if (!mail->from_known) {
            mail->from_known = true;
            mail->processed = mail->received = mail->credited = acked->up_to;
        }
    }
    client->events++;
    if (rose && client->options.on_acknowledged != NULL)
        client->options.on_acknowledged(client->options.context, acked->up_to);
    return VDR_OK;
}

void
vdr_lib_mail_refused(vdr_client *client, const vdr_wire_error *error)
{
    vdr_lib_mail *mail = &client->mail;

    if (error->refers_to_type == VDR_FRAME_SUBSCRIBE)
        mail->wanted = false;
    if (error->refers_to_type == VDR_FRAME_ACK)
        mail->ack_wanted = mail->ack_told = mail->acknowledged;
}

/* Each number follows the one before; only what is acknowledged may be missing (6.2). */
static bool
numbers_fit(const vdr_lib_mail *mail, const vdr_wire_deliver *deliver)
{
    uint64_t last = mail->received;
    for (size_t i = 0; i < deliver->message_count; i++) {
        uint64_t seq = deliver->messages[i].seq;
        if (seq > last + 1 && (last >= mail->acknowledged || seq > mail->acknowledged + 1))
            return false;
        if (i > 0 && seq != deliver->messages[i - 1].seq + 1)
            return false;
        if (seq > last)
            last = seq;
    }
    return true;
}

/* Keeps the frame's body for vdr_client_next(). */
static void
keep_frame(vdr_lib_mail *mail, vdr_span body)
{
    vdr_lib_mail_frame *frame = vdr_alloc(1, sizeof *frame + body.len);
    frame->bytes = body.len;
    memcpy(frame->at, body.at, body.len);
    if (mail->last != NULL)
        mail->last->newer = frame;
    else
        mail->oldest = frame;
    mail->last = frame;
}

vdr_err
vdr_lib_mail_deliver(vdr_client *client, const vdr_wire_deliver *deliver, vdr_span body)
{
    vdr_lib_mail *mail = &client->mail;
    const vdr_wire_message *messages = deliver->messages;

    if (!mail->wanted || !mail->open)
        return VDR_OK; /* of a subscription that was replaced */
    if (!numbers_fit(mail, deliver))
        return VDR_E_SEQUENCE_GAP;
    uint64_t before = mail->received;
    if (messages[deliver->message_count - 1].seq > mail->received)
        mail->received = messages[deliver->message_count - 1].seq;
    if (mail->received > mail->newest)
        mail->newest = mail->received;
    if (mail->wish.on_message == NULL) {
        if (mail->received > before)
            keep_frame(mail, body);
        return VDR_OK;
    }
    for (size_t i = 0; i < deliver->message_count; i++) {
        if (messages[i].seq <= before)
            continue;
        mail->wish.on_message(mail->wish.context, &messages[i]);
        if (!mail->open)
            return VDR_OK; /* the callback subscribed anew */
        if (messages[i].seq > mail->processed)
            mail->processed = messages[i].seq;
    }
    return VDR_OK;
}

/* ---- Fetching */

/* The next message that waits here; NULL: none. */
static const vdr_wire_message *
next_here(vdr_lib_mail *mail)
{
    for (;;) {
        while (mail->current_next < mail->current.message_count) {
            const vdr_wire_message *message = &mail->current.messages[mail->current_next++];
            if (message->seq > mail->processed)
                return message;
        }
        mail->current = (vdr_wire_deliver){0};
        mail->current_next = 0;
        if (mail->oldest == NULL)
            return NULL;
        vdr_lib_mail_frame *kept = mail->oldest;
        mail->oldest = kept->newer;
        if (mail->oldest == NULL)
            mail->last = NULL;
        vdr_frame frame = {.type = VDR_FRAME_DELIVER, .body = vdr_span_of(kept->at, kept->bytes)};
        vdr_wire wire;
        vdr_arena_reset(&mail->arena);
        vdr_err err = vdr_codec_decode(&frame, VDR_ADMIN_FRAME_MAX, &mail->arena, &wire);
        VDR_ASSERT(err == VDR_OK); /* it was when it came */
        mail->current = wire.deliver;
        free(kept);
    }
}

vdr_err
vdr_client_next(vdr_client *client, int64_t timeout_ms, const vdr_wire_message **ret_message)
{
    vdr_lib_mail *mail = &client->mail;
    int64_t until = timeout_ms < 0 ? INT64_MAX : vdr_lib_now_ms() + timeout_ms;

    VDR_ASSERT(!client->inside && mail->wish.on_message == NULL);
    if (mail->handed > mail->processed)
        mail->processed = mail->handed;
    mail->handed = 0;
    for (;;) {
        const vdr_wire_message *message = next_here(mail);
        if (message != NULL) {
            mail->handed = message->seq;
            *ret_message = message;
            return VDR_OK;
        }
        int64_t now = vdr_lib_now_ms();
        vdr_err err = vdr_client_wait(client, until == INT64_MAX ? -1 : until > now ? until - now : 0);
        if (err == VDR_E_TIMEOUT && vdr_lib_now_ms() >= until)
            return vdr_lib_late(client);
    }
}
