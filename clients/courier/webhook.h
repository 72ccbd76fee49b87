/* clients/courier/webhook.h - a party's mailbox, pushed to its receiver.
 *
 * The broker's mailbox is the outbox: a message stays there, durable, until the receiver has taken it or a dead letter
 * is on disk; only then it is acknowledged. So no crash at any instant loses one, and a receiver may see one twice: the
 * webhook-id (and the CloudEvent's id) is the same then. One at a time, in order; while one is tried again the next ones
 * wait. A letter that is sent again comes out of order.
 *
 *   a message is one CloudEvent in structured JSON, signed as Standard Webhooks 1.0 says; a receiver is asked for
 *   leave first, and each day again, as the CloudEvents webhook specification says (OPTIONS).
 *   2xx: taken. 410: the receiver wants no more, ever: nothing is sent until it is configured anew. 429 and 503 are
 *   obeyed (Retry-After). Everything else is tried again after growing pauses, then given up: a dead letter.
 *
 * Thread: each runs in one of its own; status may be read from any. */
#ifndef VDR_COURIER_WEBHOOK_H
#define VDR_COURIER_WEBHOOK_H

#include "clients/courier/config.h"

#include <pthread.h>

typedef enum vdr_webhook_state {
    VDR_WEBHOOK_CONNECTING, /* no session with the broker */
    VDR_WEBHOOK_ASKING,     /* the receiver has not given leave yet */
    VDR_WEBHOOK_IDLE,       /* everything was taken */
    VDR_WEBHOOK_RETRYING,
    VDR_WEBHOOK_STOPPED, /* 410: until it is configured anew */
} vdr_webhook_state;

const char *vdr_webhook_state_name(vdr_webhook_state state);

typedef struct vdr_webhook_status {
    vdr_webhook_state state;
    uint64_t delivered, failed, dead; /* since the start: taken, attempts that failed, letters written */
    uint64_t seq;                     /* the newest message dealt with */
    uint64_t waiting;                 /* in the mailbox */
    uint64_t attempts;                /* of the message that is tried again */
    vdr_ms next_at;                   /* of the next attempt; VDR_MS_NONE: none */
    char why[256];                    /* the last failure; "" after one that was taken */
} vdr_webhook_status;

typedef struct vdr_webhook vdr_webhook;

/* Starts its thread. IO, USAGE: the key (ret_words, 256 bytes). */
VDR_MUST_CHECK vdr_err vdr_webhook_start(const vdr_courier_config *config,
                                         const vdr_courier_delivery *delivery, vdr_webhook **ret_webhook,
                                         char *ret_words);
void vdr_webhook_status_get(vdr_webhook *webhook, vdr_webhook_status *ret_status);
/* Waits for its thread, at most VDR_POST_SECONDS; stop them all before the first is joined. NULL-safe */
void vdr_webhook_stop(vdr_webhook *webhook);
void vdr_webhook_join(vdr_webhook **webhook_p);

/* "v1,BASE64 v1,BASE64": one for each secret, of id.timestamp.body (Standard Webhooks 1.0). */
void vdr_webhook_sign(const vdr_courier_delivery *delivery, const char *id, int64_t timestamp_s,
                      vdr_span body, vdr_bytes *out);

#endif
