#include "clients/courier/webhook.h"

#include "clients/gateway/letters.h"
#include "clients/courier/post.h"
#include "clients/gateway/views.h"
#include "clients/lib/client.h"
#include "proto/time.h"

#include <sodium.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zmq.h>

#define STEP_MS        INT64_C(200) /* between looks at whether to stop, and at letters to send again */
#define LEAVE_DAY_MS   INT64_C(86400000)
#define LEAVE_AGAIN_MS INT64_C(3600000)

struct vdr_webhook {
    const vdr_courier_config *config;
    const vdr_courier_delivery *delivery;
    vdr_poster *poster;
    vdr_client *client;
    pthread_t thread;
    atomic_bool stop;
    uint8_t letter_key[VDR_LETTER_KEY_BYTES];
    char municipality[64];
    int64_t leave_until_ms; /* steady; 0: to be asked for */
    int64_t least_pause_ms; /* between two, as the receiver wants it */
    int64_t posted_ms;
    pthread_mutex_t lock; /* of status */
    vdr_webhook_status status;
};

static const char *const state_names[] = {"connecting", "asking", "idle", "retrying", "stopped"};

const char *
vdr_webhook_state_name(vdr_webhook_state state)
{
    return state_names[state];
}

void
vdr_webhook_status_get(vdr_webhook *webhook, vdr_webhook_status *ret_status)
{
    (void)pthread_mutex_lock(&webhook->lock);
    *ret_status = webhook->status;
    (void)pthread_mutex_unlock(&webhook->lock);
}

static void
set_state(vdr_webhook *webhook, vdr_webhook_state state, const char *why)
{
    (void)pthread_mutex_lock(&webhook->lock);
    webhook->status.state = state;
    if (state != VDR_WEBHOOK_RETRYING)
        webhook->status.next_at = VDR_MS_NONE;
    (void)snprintf(webhook->status.why, sizeof webhook->status.why, "%s", why);
    (void)pthread_mutex_unlock(&webhook->lock);
}

static vdr_ms
wall_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_REALTIME, &t);
    return (vdr_ms)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Sleeps while the session stays alive. false: it is to stop. */
static bool
rest(vdr_webhook *webhook, int64_t rest_ms)
{
    int64_t until = vdr_lib_now_ms() + rest_ms;
    while (!atomic_load(&webhook->stop)) {
        int64_t left = until - vdr_lib_now_ms();
        if (left <= 0)
            return true;
        (void)vdr_client_wait(webhook->client, left < STEP_MS ? left : STEP_MS);
    }
    return false;
}

/* ---- What is sent ---- */

void
vdr_webhook_sign(const vdr_courier_delivery *delivery, const char *id, int64_t timestamp_s, vdr_span body,
                 vdr_bytes *out)
{
    char head[192];
    int head_len = snprintf(head, sizeof head, "%s.%lld.", id, (long long)timestamp_s);
    VDR_ASSERT(head_len > 0 && (size_t)head_len < sizeof head);
    for (size_t i = 0; i < delivery->secret_count; i++) {
        crypto_auth_hmacsha256_state state;
        uint8_t mac[crypto_auth_hmacsha256_BYTES];
        char text[sodium_base64_ENCODED_LEN(sizeof mac, sodium_base64_VARIANT_ORIGINAL)];
        (void)crypto_auth_hmacsha256_init(&state, delivery->secrets[i].at, delivery->secrets[i].bytes);
        (void)crypto_auth_hmacsha256_update(&state, (const uint8_t *)head, (unsigned long long)head_len);
        (void)crypto_auth_hmacsha256_update(&state, body.at, body.len);
        (void)crypto_auth_hmacsha256_final(&state, mac);
        (void)sodium_bin2base64(text, sizeof text, mac, sizeof mac, sodium_base64_VARIANT_ORIGINAL);
        vdr_bytes_add(out, vdr_span_str(i == 0 ? "v1," : " v1,"));
        vdr_bytes_add(out, vdr_span_str(text));
        sodium_memzero(&state, sizeof state);
    }
}

/* The CloudEvent of a message; its id names the mailbox and the place in it. */
static void
write_event(const vdr_webhook *webhook, const vdr_wire_message *message, const char *id, vdr_bytes *out)
{
    vdr_writer w = {.out = out};
    char text[128];
    vdr_write_open(&w, NULL, '{');
    vdr_write_string(&w, "specversion", "1.0");
    vdr_write_string(&w, "id", id);
    (void)snprintf(text, sizeof text, "urn:voordeur:%s", webhook->municipality);
    vdr_write_string(&w, "source", text);
    (void)snprintf(text, sizeof text, "nl.voordeur.message.%s.v1", vdr_message_kind_name(message->kind));
    vdr_write_string(&w, "type", text);
    vdr_write_instant(&w, "time", message->at_ms);
    vdr_write_string(&w, "datacontenttype", "application/json");
    vdr_write_text_if(&w, "traceparent", message->traceparent);
    vdr_show_message(&w, "data", message);
    vdr_write_close(&w, '}');
}

/* ---- Leave ---- */

/* CloudEvents webhook 4: may we? A receiver that does not know the question (404, 405, 501) is one that an
 * administrator named in a contract: it gives leave by being named. */
static bool
ask_leave(vdr_webhook *webhook)
{
    char origin[300];
    vdr_post_answer answer = {0};
    (void)snprintf(origin, sizeof origin, "WebHook-Request-Origin: %.250s", webhook->config->origin);
    vdr_post post = {
        .method = "OPTIONS", .url = webhook->delivery->url, .headers = {origin, "WebHook-Request-Rate: 600"}};
    vdr_poster_send(webhook->poster, &post, &answer);
    bool unknown = answer.status == 404 || answer.status == 405 || answer.status == 501;
    bool named = strcmp(answer.allowed_origin, "*") == 0 ||
                 strcmp(answer.allowed_origin, webhook->config->origin) == 0;
    bool good = unknown || (answer.status >= 200 && answer.status < 300 && named);
    char why[256];
    if (answer.status == 0)
        (void)snprintf(why, sizeof why, "asking for leave: %.200s", answer.words);
    else
        (void)snprintf(why, sizeof why, "asking for leave: status %ld, WebHook-Allowed-Origin '%.100s'",
                       answer.status, answer.allowed_origin);
    vdr_post_words(why);
    webhook->least_pause_ms = good && answer.allowed_rate > 0 ? 60000 / answer.allowed_rate : 0;
    if (good)
        webhook->leave_until_ms = vdr_lib_now_ms() + LEAVE_DAY_MS;
    set_state(webhook, good ? VDR_WEBHOOK_IDLE : VDR_WEBHOOK_ASKING, good ? "" : why);
    if (!good)
        (void)fprintf(stderr, "level=warn event=no_leave party=%s text=\"%s\"\n", webhook->delivery->party,
                      why);
    vdr_bytes_done(&answer.body);
    return good;
}

/* false: it is to stop. */
static bool
have_leave(vdr_webhook *webhook)
{
    int64_t pause_ms = webhook->config->retry_first_ms;
    while (vdr_lib_now_ms() >= webhook->leave_until_ms) {
        if (ask_leave(webhook))
            break;
        if (!rest(webhook, pause_ms))
            return false;
        pause_ms = pause_ms * webhook->config->retry_factor;
        pause_ms = pause_ms < LEAVE_AGAIN_MS ? pause_ms : LEAVE_AGAIN_MS;
    }
    return !atomic_load(&webhook->stop);
}

/* ---- One message ---- */

typedef enum outcome { TAKEN, LATER, NEVER, OVER } outcome; /* NEVER: this one; OVER: all of them */

static outcome
post_once(vdr_webhook *webhook, const char *id, vdr_span event, int64_t *ret_pause_ms,
          char why[VDR_LETTER_WORDS])
{
    vdr_bytes signature = {0};
    vdr_post_answer answer = {0};
    char id_line[192], time_line[64];
    int64_t now_s = wall_ms() / 1000;
    (void)rest(webhook, webhook->least_pause_ms - (vdr_lib_now_ms() - webhook->posted_ms));
    vdr_bytes_add(&signature, vdr_span_str("webhook-signature: "));
    vdr_webhook_sign(webhook->delivery, id, now_s, event, &signature);
    vdr_bytes_add(&signature, vdr_span_of("", 1));
    (void)snprintf(id_line, sizeof id_line, "webhook-id: %s", id);
    (void)snprintf(time_line, sizeof time_line, "webhook-timestamp: %lld", (long long)now_s);
    vdr_post post = {.method = "POST",
                     .url = webhook->delivery->url,
                     .headers = {"Content-Type: application/cloudevents+json; charset=utf-8", id_line,
                                 time_line, (const char *)signature.at},
                     .body = event};
    vdr_poster_send(webhook->poster, &post, &answer);
    webhook->posted_ms = vdr_lib_now_ms();
    vdr_bytes_done(&signature);
    vdr_bytes_done(&answer.body);
    if (answer.status == 0)
        (void)snprintf(why, VDR_LETTER_WORDS, "%s", answer.words);
    else
        (void)snprintf(why, VDR_LETTER_WORDS, "status %ld", answer.status);
    *ret_pause_ms = answer.retry_after_s < 0 ? -1 : answer.retry_after_s * 1000;
    if (answer.status >= 200 && answer.status < 300)
        return TAKEN;
    if (answer.status == 410)
        return OVER;
    /* Another body will never suit it; the guard will not change its mind either. */
    if (answer.status == 413 || answer.status == 415)
        return NEVER;
    return LATER;
}

static int64_t
pause_after(const vdr_courier_config *config, uint64_t attempts)
{
    int64_t pause_ms = config->retry_first_ms;
    for (uint64_t i = 1; i < attempts && pause_ms < config->retry_longest_ms; i++)
        pause_ms *= config->retry_factor;
    if (pause_ms > config->retry_longest_ms)
        pause_ms = config->retry_longest_ms;
    /* A tenth earlier or later, so that receivers that were away are not asked by all at once. */
    return pause_ms - pause_ms / 10 + (int64_t)vdr_lib_random((uint64_t)(pause_ms / 5 + 1));
}

/* Until it is taken or given up. false: stopped before that, or the receiver wants no more. */
static bool
deliver(vdr_webhook *webhook, const char *id, vdr_span event, uint64_t *ret_attempts,
        char why[VDR_LETTER_WORDS], bool *ret_taken)
{
    *ret_taken = false;
    for (*ret_attempts = 1;; ++*ret_attempts) {
        int64_t pause_ms;
        if (!have_leave(webhook))
            return false;
        outcome o = post_once(webhook, id, event, &pause_ms, why);
        (void)pthread_mutex_lock(&webhook->lock);
        webhook->status.delivered += o == TAKEN;
        webhook->status.failed += o != TAKEN;
        (void)pthread_mutex_unlock(&webhook->lock);
        if (o == OVER) {
            set_state(webhook, VDR_WEBHOOK_STOPPED, "the receiver answered 410: it wants no more");
            (void)fprintf(stderr, "level=error event=receiver_gone party=%s\n", webhook->delivery->party);
            while (rest(webhook, LEAVE_AGAIN_MS))
                ;
            return false;
        }
        *ret_taken = o == TAKEN;
        if (o == TAKEN || o == NEVER || *ret_attempts >= (uint64_t)webhook->config->attempts)
            return true;
        int64_t planned_ms = pause_after(webhook->config, *ret_attempts);
        pause_ms = pause_ms > planned_ms ? pause_ms : planned_ms;
        (void)fprintf(
            stderr, "level=warn event=delivery_failed party=%s id=%s attempt=%llu next_ms=%lld text=\"%s\"\n",
            webhook->delivery->party, id, (unsigned long long)*ret_attempts, (long long)pause_ms, why);
        (void)pthread_mutex_lock(&webhook->lock);
        webhook->status.attempts = *ret_attempts;
        webhook->status.next_at = wall_ms() + pause_ms;
        (void)pthread_mutex_unlock(&webhook->lock);
        set_state(webhook, VDR_WEBHOOK_RETRYING, why);
        if (!rest(webhook, pause_ms))
            return false;
    }
}

static void
id_of(const vdr_webhook *webhook, uint64_t seq, char id[128])
{
    (void)snprintf(id, 128, "%.64s.%.32s.%llu", webhook->municipality, webhook->delivery->name,
                   (unsigned long long)seq);
}

/* false: stopped; the message stays in the mailbox. */
static bool
take_message(vdr_webhook *webhook, const vdr_wire_message *message)
{
    char id[128];
    vdr_bytes event = {0};
    vdr_letter letter = {.seq = message->seq, .at = vdr_time_fit(message->at_ms)};
    bool taken = false;
    id_of(webhook, message->seq, id);
    (void)snprintf(letter.kind, sizeof letter.kind, "%s", vdr_message_kind_name(message->kind));
    write_event(webhook, message, id, &event);
    /* From here on message may be gone: while waiting, the handle goes on. */
    bool decided = deliver(webhook, id, vdr_bytes_span(&event), &letter.attempts, letter.why, &taken);
    while (decided && !taken) {
        letter.died = wall_ms();
        vdr_err err = vdr_letter_write(webhook->config->folder, webhook->delivery->name, &letter,
                                       vdr_bytes_span(&event), webhook->letter_key);
        if (err == VDR_OK) {
            (void)fprintf(stderr,
                          "level=error event=dead_letter party=%s seq=%llu attempts=%llu text=\"%s\"\n",
                          webhook->delivery->party, (unsigned long long)letter.seq,
                          (unsigned long long)letter.attempts, letter.why);
            break;
        }
        /* A letter that is not on disk is no letter: the message stays where it is. */
        set_state(webhook, VDR_WEBHOOK_RETRYING, "the dead letter could not be written");
        decided = rest(webhook, webhook->config->retry_first_ms);
    }
    vdr_bytes_done(&event);
    if (!decided)
        return false;
    (void)pthread_mutex_lock(&webhook->lock);
    webhook->status.dead += !taken;
    webhook->status.seq = letter.seq;
    webhook->status.attempts = 0;
    (void)pthread_mutex_unlock(&webhook->lock);
    set_state(webhook, VDR_WEBHOOK_IDLE, "");
    vdr_client_acknowledge(webhook->client, letter.seq);
    return true;
}

/* ---- Letters that are sent again ---- */

static void
find_again(void *context, const vdr_letter *letter)
{
    vdr_letter *first = context;
    if (letter->again && first->seq == 0)
        *first = *letter;
}

/* false: stopped. */
static bool
send_again(vdr_webhook *webhook)
{
    vdr_letter letter = {0};
    vdr_bytes event = {0};
    bool taken = false, decided = true;
    const char *folder = webhook->config->folder, *name = webhook->delivery->name;
    if (vdr_letters_list(folder, name, find_again, &letter) != VDR_OK || letter.seq == 0)
        return true;
    vdr_err err = vdr_letter_read(folder, name, letter.seq, true, webhook->letter_key, &event);
    if (err == VDR_OK) {
        char id[128];
        uint64_t attempts;
        id_of(webhook, letter.seq, id);
        decided = deliver(webhook, id, vdr_bytes_span(&event), &attempts, letter.why, &taken);
        letter.attempts += attempts;
    } else {
        (void)fprintf(stderr, "level=error event=letter_unreadable party=%s seq=%llu text=\"%s\"\n",
                      webhook->delivery->party, (unsigned long long)letter.seq, vdr_err_code(err));
        if (vdr_letter_dead(folder, name, letter.seq) != VDR_OK)
            decided = rest(webhook, LEAVE_AGAIN_MS); /* the disk: not each second again */
    }
    if (decided && !taken && err == VDR_OK) {
        letter.died = wall_ms();
        err = vdr_letter_write(folder, name, &letter, vdr_bytes_span(&event), webhook->letter_key);
        if (err == VDR_OK) /* it lies there as dead again: the mark goes */
            err = vdr_letter_unmark(folder, name, letter.seq);
    }
    vdr_bytes_done(&event);
    if (decided && taken)
        err = vdr_letter_drop(folder, name, letter.seq);
    if (decided)
        set_state(webhook, VDR_WEBHOOK_IDLE,
                  err == VDR_OK ? "" : "a letter could not be put away and will go again");
    return decided;
}

/* ---- Its life ---- */

static void
look_at_mailbox(vdr_webhook *webhook)
{
    vdr_client_state state;
    vdr_client_state_get(webhook->client, &state);
    (void)pthread_mutex_lock(&webhook->lock);
    webhook->status.waiting = state.newest > webhook->status.seq ? state.newest - webhook->status.seq : 0;
    (void)pthread_mutex_unlock(&webhook->lock);
}

static void *
live(void *context)
{
    vdr_webhook *webhook = context;
    vdr_client_subscription mailbox = {.window = 16};
    vdr_client_subscribe(webhook->client, &mailbox);
    int64_t letters_ms = 0;
    while (!atomic_load(&webhook->stop)) {
        const vdr_wire_message *message;
        vdr_client_state state;
        vdr_client_state_get(webhook->client, &state);
        if (state.welcome == NULL) { /* the first session: the municipality comes with it */
            (void)vdr_client_wait(webhook->client, STEP_MS);
            continue;
        }
        (void)snprintf(webhook->municipality, sizeof webhook->municipality, "%.*s",
                       (int)state.welcome->municipality.len, (const char *)state.welcome->municipality.at);
        if (!have_leave(webhook))
            break;
        vdr_err err = vdr_client_next(webhook->client, STEP_MS, &message);
        look_at_mailbox(webhook);
        if (err == VDR_OK && !take_message(webhook, message))
            break;
        if (err != VDR_OK && err != VDR_E_TIMEOUT) {
            vdr_client_error error;
            vdr_client_error_get(webhook->client, &error);
            set_state(webhook, VDR_WEBHOOK_CONNECTING, error.text);
            (void)vdr_client_wait(webhook->client, STEP_MS);
        }
        int64_t now_ms = vdr_lib_now_ms();
        if (now_ms - letters_ms >= 1000) {
            letters_ms = now_ms;
            if (!send_again(webhook))
                break;
        }
    }
    vdr_err flushed = vdr_client_flush(webhook->client, 2000);
    (void)flushed; /* what is not confirmed comes again */
    return NULL;
}

vdr_err
vdr_webhook_start(const vdr_courier_config *config, const vdr_courier_delivery *delivery,
                  vdr_webhook **ret_webhook, char *ret_words)
{
    char public_key[VDR_CLIENT_KEY_TEXT], secret_key[VDR_CLIENT_KEY_TEXT];
    uint8_t secret[32];
    vdr_client_error error;
    vdr_err err = vdr_lib_keyfile_read_pair(delivery->key_file, public_key, secret_key, ret_words);
    if (err != VDR_OK)
        return err;
    VDR_ASSERT(zmq_z85_decode(secret, secret_key) != NULL);
    vdr_webhook *webhook = vdr_alloc(1, sizeof *webhook);
    *webhook = (vdr_webhook){.config = config, .delivery = delivery};
    vdr_letter_key(secret, webhook->letter_key);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(secret_key, sizeof secret_key);
    webhook->status.next_at = VDR_MS_NONE;
    vdr_client_options options = {.endpoint = delivery->endpoint,
                                  .server_key_file = config->broker_key,
                                  .key_file = delivery->key_file,
                                  .name = "voordeur-courier"};
    err = vdr_client_open(&options, &webhook->client, &error);
    if (err != VDR_OK) {
        (void)snprintf(ret_words, 256, "%s", error.text);
        free(webhook);
        return err;
    }
    webhook->poster = vdr_poster_new(config);
    (void)pthread_mutex_init(&webhook->lock, NULL);
    VDR_ASSERT(pthread_create(&webhook->thread, NULL, live, webhook) == 0);
    *ret_webhook = webhook;
    return VDR_OK;
}

void
vdr_webhook_stop(vdr_webhook *webhook)
{
    if (webhook != NULL)
        atomic_store(&webhook->stop, true);
}

void
vdr_webhook_join(vdr_webhook **webhook_p)
{
    if (*webhook_p == NULL)
        return;
    vdr_webhook *webhook = *webhook_p;
    vdr_webhook_stop(webhook);
    (void)pthread_join(webhook->thread, NULL);
    vdr_client_close(&webhook->client);
    vdr_poster_free(&webhook->poster);
    (void)pthread_mutex_destroy(&webhook->lock);
    sodium_memzero(webhook->letter_key, sizeof webhook->letter_key);
    free(webhook);
    *webhook_p = NULL;
}
