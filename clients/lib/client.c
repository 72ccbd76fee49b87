#include "clients/lib/client.h"

#include "proto/utf8.h"

#include <poll.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

int64_t
vdr_lib_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

uint64_t
vdr_lib_random(uint64_t bound)
{
    uint64_t value = 0;
    VDR_ASSERT(bound > 0);
    if (getrandom(&value, sizeof value, GRND_NONBLOCK) != (ssize_t)sizeof value)
        value = (uint64_t)vdr_lib_now_ms() * UINT64_C(6364136223846793005);
    return value % bound;
}

/* ---- Errors */

vdr_err
vdr_lib_fail(vdr_client *client, vdr_err err, const char *text)
{
    return vdr_lib_fail_span(client, err, vdr_span_str(text), 0);
}

vdr_err
vdr_lib_fail_span(vdr_client *client, vdr_err err, vdr_span text, uint32_t retry_after_ms)
{
    vdr_client_error *error = &client->error;

    error->err = err;
    error->code = vdr_err_code(err);
    error->hint = vdr_err_hint(err);
    error->retry_after_ms = retry_after_ms;
    if (text.len == 0)
        text = vdr_span_str(vdr_err_text(err));
    text = vdr_utf8_cut(text, sizeof error->text - 1);
    memcpy(error->text, text.at, text.len);
    error->text[text.len] = '\0';
    vdr_utf8_mend(error->text); /* a path may be in it */
    return err;
}

vdr_err
vdr_lib_late(vdr_client *client)
{
    if (client->session.phase != VDR_CLIENT_READY && client->error.err != VDR_OK)
        return client->error.err;
    return vdr_lib_fail(client, VDR_E_TIMEOUT, NULL);
}

void
vdr_client_error_get(const vdr_client *client, vdr_client_error *ret_error)
{
    *ret_error = client->error;
}

void
vdr_client_state_get(const vdr_client *client, vdr_client_state *ret_state)
{
    const vdr_lib_publisher *publisher = &client->publisher;
    const vdr_lib_mail *mail = &client->mail;

    *ret_state = (vdr_client_state){
        .phase = client->session.phase,
        .welcome = client->session.welcomed ? &client->session.welcome : NULL,
        .sessions = client->session.sessions,
        .published = publisher->published,
        .answered = publisher->answered,
        .unanswered = publisher->queue.count,
        .unanswered_bytes = publisher->queue.bytes,
        .sent_again = publisher->sent_again,
        .processed = mail->processed,
        .acknowledged = mail->acknowledged,
        .newest = mail->newest,
        .subscribed = mail->open,
        .outbox_recovered = publisher->recovered,
        .outbox_damaged_bytes =
            publisher->outbox != NULL ? vdr_lib_outbox_damaged_bytes(publisher->outbox) : 0,
    };
}

/* ---- Open and close */

/* The strings of the options that are needed later, and the keys. */
static vdr_err
read_options(vdr_client *client)
{
    vdr_client_options *options = &client->options;
    char words[256] = "";
    vdr_err err = VDR_OK;

    if (options->endpoint == NULL || options->key_file == NULL ||
        (options->server_key == NULL) == (options->server_key_file == NULL))
        return vdr_lib_fail(client, VDR_E_USAGE,
                            "endpoint, key_file and one form of the server's key are needed");
    if (options->name != NULL && strlen(options->name) > VDR_CONF_NAME_MAX)
        return vdr_lib_fail(client, VDR_E_USAGE, "the client's name is too long");
    client->endpoint = strdup(options->endpoint);
    client->name = strdup(options->name != NULL ? options->name : "libvoordeur");
    VDR_ASSERT(client->endpoint != NULL && client->name != NULL);
    if (options->server_key == NULL)
        err = vdr_lib_keyfile_read_public(options->server_key_file, client->server_key, words);
    else if (vdr_lib_keyfile_good(options->server_key))
        memcpy(client->server_key, options->server_key, VDR_CLIENT_KEY_TEXT);
    else
        return vdr_lib_fail(client, VDR_E_USAGE, "the server's key is not 40 characters of Z85");
    if (err == VDR_OK)
        err = vdr_lib_keyfile_read_pair(options->key_file, client->public_key, client->secret_key, words);
    if (options->pause_min_ms <= 0)
        options->pause_min_ms = 250;
    if (options->pause_max_ms < options->pause_min_ms)
        options->pause_max_ms = options->pause_min_ms > 30000 ? options->pause_min_ms : 30000;
    if (options->connect_ms <= 0)
        options->connect_ms = 5000;
    return err == VDR_OK ? VDR_OK : vdr_lib_fail(client, err, words);
}

static vdr_err
open_parts(vdr_client *client)
{
    vdr_err err = read_options(client);
    if (err == VDR_OK)
        vdr_lib_publish_init(client);
    if (err == VDR_OK && client->options.outbox_file != NULL) {
        uint8_t secret[32];
        (void)zmq_z85_decode(secret, client->secret_key);
        err = vdr_lib_publish_load_outbox(client, secret);
        sodium_memzero(secret, sizeof secret);
    }
    return err == VDR_OK ? vdr_lib_session_open(client) : err;
}

vdr_err
vdr_client_open(const vdr_client_options *options, vdr_client **ret_client, vdr_client_error *reterr)
{
    vdr_client *client = vdr_alloc(1, sizeof *client);

    client->options = *options;
    client->poll_fd = -1;
    (void)vdr_lib_fail(client, VDR_OK, NULL);
    vdr_arena_init(&client->scratch, VDR_LIB_ARENA_BYTES);
    vdr_arena_init(&client->frame, VDR_LIB_ARENA_BYTES);
    vdr_arena_init(&client->item, VDR_LIB_ARENA_BYTES);
    vdr_arena_init(&client->kept, VDR_LIB_ARENA_BYTES);
    vdr_arena_init(&client->mail.arena, VDR_LIB_ARENA_BYTES);
    vdr_err err = open_parts(client);
    if (err != VDR_OK) {
        if (reterr != NULL)
            *reterr = client->error;
        vdr_client_close(&client);
        return err;
    }
    *ret_client = client;
    return VDR_OK;
}

void
vdr_client_close(vdr_client **client_p)
{
    vdr_client *client = *client_p;

    if (client == NULL)
        return;
    VDR_ASSERT(!client->inside);
    vdr_lib_session_close(client);
    vdr_lib_publish_free(client);
    vdr_lib_mail_free(client);
    vdr_lib_request_free(client);
    vdr_arena_done(&client->scratch);
    vdr_arena_done(&client->frame);
    vdr_arena_done(&client->item);
    vdr_arena_done(&client->kept);
    if (client->poll_fd >= 0)
        close(client->poll_fd);
    sodium_memzero(client->secret_key, sizeof client->secret_key);
    free(client->endpoint);
    free(client->name);
    free(client);
    *client_p = NULL;
}

/* ---- The loop */

vdr_err
vdr_client_process(vdr_client *client)
{
    VDR_ASSERT(!client->inside);
    client->inside = true;
    (void)vdr_lib_session_step(client);
    client->inside = false;
    return client->session.phase == VDR_CLIENT_WAITING ? client->error.err : VDR_OK;
}

int
vdr_client_fd(const vdr_client *client)
{
    return client->poll_fd;
}

int64_t
vdr_client_timeout_ms(const vdr_client *client)
{
    int64_t now_ms = vdr_lib_now_ms(), due_ms = vdr_lib_session_timeout_ms(client, now_ms);
    if (due_ms == INT64_MAX)
        return -1;
    return due_ms > now_ms ? due_ms - now_ms : 0;
}

static vdr_err
sleep_ms(vdr_client *client, int64_t timeout_ms)
{
    struct pollfd fd = {.fd = client->poll_fd, .events = POLLIN};
    int64_t due_ms = vdr_client_timeout_ms(client);

    if (due_ms >= 0 && (timeout_ms < 0 || due_ms < timeout_ms))
        timeout_ms = due_ms;
    if (timeout_ms > INT32_MAX)
        timeout_ms = INT32_MAX;
    return poll(&fd, 1, (int)timeout_ms) > 0 ? VDR_OK : VDR_E_TIMEOUT;
}

vdr_err
vdr_client_wait(vdr_client *client, int64_t timeout_ms)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : vdr_lib_now_ms() + timeout_ms;
    uint64_t before = client->events;

    (void)vdr_client_process(client);
    while (client->events == before) {
        int64_t now = vdr_lib_now_ms();
        if (now >= until)
            return VDR_E_TIMEOUT;
        (void)sleep_ms(client, until == INT64_MAX ? -1 : until - now);
        (void)vdr_client_process(client);
    }
    return VDR_OK;
}

vdr_err
vdr_client_connect(vdr_client *client, int64_t timeout_ms)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : vdr_lib_now_ms() + timeout_ms;

    while (client->session.phase != VDR_CLIENT_READY) {
        int64_t now = vdr_lib_now_ms();
        if (now >= until)
            return vdr_lib_late(client);
        (void)vdr_client_wait(client, until == INT64_MAX ? -1 : until - now);
    }
    return VDR_OK;
}

vdr_err
vdr_client_flush(vdr_client *client, int64_t timeout_ms)
{
    int64_t until = timeout_ms < 0 ? INT64_MAX : vdr_lib_now_ms() + timeout_ms;

    while (client->publisher.queue.count > 0 || client->mail.ack_wanted > client->mail.acknowledged) {
        int64_t now = vdr_lib_now_ms();
        if (now >= until)
            return vdr_lib_late(client);
        (void)vdr_client_wait(client, until == INT64_MAX ? -1 : until - now);
    }
    return VDR_OK;
}
