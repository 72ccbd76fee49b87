/* Goal: every item that the client takes gets exactly one final answer, over refusals, pauses, lost
 * connections and restarted brokers; windows are kept; what stands in the way is said. */
#include "tests/fake_broker.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>

#define S(text) ((vdr_span){(const uint8_t *)(text), sizeof(text) - 1})

typedef struct seen {
    size_t results;
    uint64_t last_number;
    bool in_order;
    vdr_err errors[64]; /* of the first results */
    char refused[32];   /* id of the last item that was not accepted */
    vdr_client *client;
} seen;

static void
on_result(void *context, const vdr_client_result *result)
{
    seen *s = context;
    vdr_wire_item item;
    if (s->results < 64)
        s->errors[s->results] = result->err;
    s->in_order = s->in_order && result->number == s->last_number + 1;
    s->last_number = result->number;
    s->results++;
    assert_int_equal(vdr_client_result_item(s->client, result, &item), VDR_OK);
    if (result->err != VDR_E_ACCEPTED) {
        snprintf(s->refused, sizeof s->refused, "%.*s", (int)item.typed->id.len,
                 (const char *)item.typed->id.at);
    }
}

static vdr_client *
open_client(const fake_broker *broker, seen *s, void (*change)(vdr_client_options *options))
{
    vdr_client *client = NULL;
    vdr_client_error error;
    const char *key_file = fake_key_file();
    vdr_client_options options = fake_options(broker, key_file);
    options.context = s;
    options.on_result = on_result;
    if (change != NULL)
        change(&options);
    *s = (seen){.in_order = true};
    if (vdr_client_open(&options, &client, &error) != VDR_OK)
        fail_msg("%s: %s", error.code, error.text);
    (void)unlink(key_file);
    s->client = client;
    return client;
}

/* Publishes count items with ids from first on: "i-1", "i-2", … */
static void
publish(vdr_client *client, unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "i-%u", first + i);
        vdr_wire_typed typed = {.id = vdr_span_str(id), .source = S("urn:school"), .type = S("nl.test.v1")};
        vdr_wire_item item = {.typed = &typed};
        uint64_t number = 0;
        assert_int_equal(vdr_client_publish_async(client, &item, 1, &number), VDR_OK);
        assert_int_not_equal(number, 0);
    }
}

static void
every_item_is_answered_once_and_in_order(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);

    publish(client, 1, 5000);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_int_equal(s.results, 5000);
    assert_true(s.in_order);
    assert_int_equal(broker->item_count, 5000);
    assert_true(broker->counts[VDR_FRAME_PUBLISH] < 100); /* many items a frame */
    assert_false(broker->gap);
    vdr_client_close(&client);
    assert_null(client);
    fake_free(broker);
}

static vdr_err
judge_by_id(const char *id)
{
    return strcmp(id, "i-2") == 0   ? VDR_E_DUPLICATE
           : strcmp(id, "i-4") == 0 ? VDR_E_BAD_BSN
           : strcmp(id, "i-5") == 0 ? VDR_E_WRONG_ROLE
                                    : VDR_E_ACCEPTED;
}

static void
exceptions_reach_the_item_they_are_about(void **state)
{
    (void)state;
    static const vdr_err expected[] = {VDR_E_ACCEPTED, VDR_E_DUPLICATE,  VDR_E_ACCEPTED,
                                       VDR_E_BAD_BSN,  VDR_E_WRONG_ROLE, VDR_E_ACCEPTED};
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);

    broker->judge = judge_by_id;
    publish(client, 1, 6);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    for (size_t i = 0; i < 6; i++) {
        if (s.errors[i] != expected[i])
            fail_msg("item %zu: %s", i + 1, vdr_err_code(s.errors[i]));
    }
    assert_string_equal(s.refused, "i-5");
    vdr_client_close(&client);
    fake_free(broker);
}

static unsigned times_full;

static vdr_err
judge_full_at_first(const char *id)
{
    (void)id;
    return times_full++ < 3 ? VDR_E_STORE_FULL : VDR_E_ACCEPTED;
}

static void
what_the_broker_could_not_decide_is_sent_again_after_its_pause(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);
    vdr_client_state now;

    times_full = 0;
    broker->judge = judge_full_at_first;
    broker->retry_after_ms = 60;
    publish(client, 1, 5);
    int64_t began = fake_now_ms();
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_true(fake_now_ms() - began >= 60);
    assert_int_equal(s.results, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(s.errors[i], VDR_E_ACCEPTED);
    vdr_client_state_get(client, &now);
    assert_int_equal(now.sent_again, 3);
    assert_int_equal(broker->item_count, 8);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
tell_stopped(vdr_client_options *options)
{
    options->tell_stopped = true;
}

static void
what_an_operator_must_see_to_is_told_to_who_waits(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, tell_stopped);
    vdr_client_state now;

    times_full = 0;
    broker->judge = judge_full_at_first;
    broker->retry_after_ms = 60;
    publish(client, 1, 5);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_int_equal(s.results, 5);
    for (size_t i = 0; i < 5; i++)
        assert_int_equal(s.errors[i], i < 3 ? VDR_E_STORE_FULL : VDR_E_ACCEPTED);
    vdr_client_state_get(client, &now);
    assert_int_equal(now.sent_again, 0);
    assert_int_equal(broker->item_count, 5);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
on_result_publish_more(void *context, const vdr_client_result *result)
{
    seen *s = context;
    on_result(context, result);
    if (s->results <= 2000)
        publish(s->client, (unsigned)(1000 + s->results), 1);
}

static void
chained(vdr_client_options *options)
{
    options->on_result = on_result_publish_more;
}

static void
a_callback_may_publish(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, chained);

    broker->welcome.limits.window_items =
        300; /* so that items wait, and frames go out from within callbacks */
    publish(client, 1, 1000);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_int_equal(s.results, 3000);
    assert_true(s.in_order);
    assert_int_equal(broker->item_count, 3000);
    for (unsigned i = 0; i < 3000; i++) { /* each once, in the order in which they were taken */
        char id[32];
        snprintf(id, sizeof id, "i-%u", i + 1);
        assert_string_equal(broker->items[i].id, id);
    }
    vdr_client_close(&client);
    fake_free(broker);
}

typedef struct count {
    fake_broker *broker;
    size_t items;
} count;

static bool
broker_has(void *context)
{
    const count *c = context;
    return c->broker->item_count >= c->items;
}

static void
what_is_not_answered_is_sent_again_in_a_new_session(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);

    broker->hold = true;
    publish(client, 1, 10);
    assert_true(fake_until(broker, client, broker_has, &(count){broker, 10}));
    fake_confirm(broker, 4);
    FAKE_UNTIL(broker, client, s.results >= 4);
    fake_for_ms(broker, client, 50);
    assert_int_equal(s.results, 4);
    fake_stop(broker);
    fake_for_ms(broker, client, 50); /* while nobody listens */
    assert_int_equal(s.results, 4);
    broker->item_count = 0;
    broker->hold = false;
    fake_listen(broker);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_int_equal(broker->item_count, 6);
    assert_string_equal(broker->items[0].id, "i-5");
    assert_int_equal(broker->items[0].sequence, 1); /* a new session counts anew */
    assert_int_equal(s.results, 10);
    assert_true(s.in_order);
    assert_false(broker->gap);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
the_window_in_items_is_kept(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);

    broker->welcome.limits.window_items = 10;
    broker->hold = true;
    publish(client, 1, 100);
    assert_true(fake_until(broker, client, broker_has, &(count){broker, 10}));
    for (size_t confirmed = 0; confirmed + 10 <= 100; confirmed += 5) {
        FAKE_UNTIL(broker, client, broker->item_count >= confirmed + 10);
        fake_for_ms(broker, client, 10);
        assert_int_equal(broker->item_count, confirmed + 10);
        fake_confirm(broker, confirmed + 5);
    }
    broker->hold = false;
    fake_confirm(broker, broker->item_count);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_int_equal(s.results, 100);

    broker->welcome.limits.window_items = 0; /* a pause */
    publish(client, 101, 1);
    broker->hold = true;
    assert_true(fake_until(broker, client, broker_has, &(count){broker, 101}));
    fake_confirm(broker, 101);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    publish(client, 102, 1);
    FAKE_UNTIL(broker, client, broker->item_count >= 101);
    fake_for_ms(broker, client, 50);
    assert_int_equal(broker->item_count, 101);
    broker->welcome.limits.window_items = 10;
    fake_confirm(broker, 101);
    broker->hold = false;
    assert_true(fake_until(broker, client, fake_all_answered, client));
    vdr_client_close(&client);
    fake_free(broker);
}

static void
the_window_in_bytes_and_the_size_of_a_frame_are_kept(void **state)
{
    (void)state;
    static char json[2000];
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);

    memset(json, ' ', sizeof json);
    broker->welcome.limits.window_bytes = 21000; /* ten items */
    broker->welcome.limits.frame_bytes = 9000;   /* four */
    broker->hold = true;
    for (int i = 0; i < 40; i++) {
        vdr_wire_item item = {.json = {(const uint8_t *)json, sizeof json}};
        assert_int_equal(vdr_client_publish_async(client, &item, 1, NULL), VDR_OK);
    }
    assert_true(fake_until(broker, client, broker_has, &(count){broker, 10}));
    FAKE_UNTIL(broker, client, broker->item_count >= 10);
    fake_for_ms(broker, client, 50);
    assert_int_equal(broker->item_count, 10);
    assert_true(broker->frame_bytes_seen <= 9000 && broker->frame_bytes_seen > 8000);
    broker->hold = false;
    fake_confirm(broker, 10);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_int_equal(s.results, 40);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
two_a_frame(vdr_client_options *options)
{
    options->frame_items = 2;
}

static void
a_frame_takes_no_more_items_than_asked_for(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, two_a_frame);
    const vdr_wire_item one = {.json = S("{}")};
    const vdr_wire_item five[] = {one, one, one, one, one};

    assert_int_equal(vdr_client_publish_async(client, five, 5, NULL), VDR_OK);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_int_equal(broker->item_count, 5);
    assert_int_equal(broker->counts[VDR_FRAME_PUBLISH], 3);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
few_unanswered(vdr_client_options *options)
{
    options->unanswered_max = 3;
}

static void
what_cannot_be_taken_is_refused_whole(void **state)
{
    (void)state;
    static uint8_t large[VDR_FRAME_BYTES_MAX];
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, few_unanswered);
    vdr_client_error error;
    const vdr_wire_item good = {.json = S("{}")};
    const vdr_wire_item two[] = {good, {.json = {large, sizeof large}}};
    const vdr_wire_item neither[] = {good, {.check_revision = true}};
    const vdr_wire_item four[] = {good, good, good, good};

    assert_int_equal(vdr_client_publish_async(client, two, 2, NULL), VDR_E_TOO_BIG);
    assert_int_equal(vdr_client_publish_async(client, neither, 2, NULL), VDR_E_BAD_FRAME);
    assert_int_equal(vdr_client_publish_async(client, four, 4, NULL), VDR_E_BUSY);
    vdr_client_error_get(client, &error);
    assert_int_equal(error.err, VDR_E_BUSY);
    assert_string_equal(error.code, "busy");
    assert_true(strlen(error.text) > 0 && strlen(error.hint) > 0);
    assert_int_equal(vdr_client_publish_async(client, four, 3, NULL), VDR_OK);
    assert_true(fake_until(broker, client, fake_all_answered, client));
    assert_int_equal(broker->item_count, 3);
    vdr_client_close(&client);
    fake_free(broker);
}

/* ---- Connections */

static bool
has_error(void *context)
{
    vdr_client_error error;
    vdr_client_error_get(context, &error);
    return error.err != VDR_OK;
}

static void
short_attempts(vdr_client_options *options)
{
    options->connect_ms = 300;
}

static void
what_stands_in_the_way_is_said(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    vdr_client_error error;
    seen s;

    fake_guard(broker, true);
    vdr_client *client = open_client(broker, &s, NULL);
    assert_true(fake_until(broker, client, has_error, client));
    vdr_client_error_get(client, &error);
    assert_string_equal(error.code, "unknown_key");
    assert_int_equal(vdr_client_connect(client, 0), VDR_E_UNKNOWN_KEY);
    fake_guard(broker, false); /* the operator registers it: the same client gets in */
    assert_true(fake_until(broker, client, fake_is_ready, client));
    vdr_client_close(&client);

    fake_stop(broker);
    client = open_client(broker, &s, NULL);
    assert_true(fake_until(broker, client, has_error, client));
    vdr_client_error_get(client, &error);
    assert_string_equal(error.code, "disconnected");
    vdr_client_close(&client);

    fake_listen(broker);
    broker->mute = true;
    client = open_client(broker, &s, short_attempts);
    assert_true(fake_until(broker, client, has_error, client));
    vdr_client_error_get(client, &error);
    assert_string_equal(error.code, "timeout");
    vdr_client_close(&client);
    fake_free(broker);
}

static void
send_bye(fake_broker *broker)
{
    vdr_wire wire = {.type = VDR_FRAME_BYE, .bye = {.error = VDR_E_KEY_REVOKED, .text = S("gone")}};
    fake_send(broker, &wire);
}

static void
send_late_bye(fake_broker *broker)
{
    vdr_wire wire = {.type = VDR_FRAME_BYE, .bye = {.error = VDR_E_CLOSING, .retry_after_ms = 150}};
    fake_send(broker, &wire);
}

static void
send_error(fake_broker *broker)
{
    vdr_wire wire = vdr_wire_error_of(VDR_E_SEQUENCE_GAP, NULL, S("5 instead of 4"), 0);
    fake_send(broker, &wire);
}

static void
send_gap(fake_broker *broker)
{
    vdr_wire wire = {.type = VDR_FRAME_PONG};
    broker->sequence_out++;
    fake_send(broker, &wire);
}

static void
send_garbage(fake_broker *broker)
{
    fake_send_bytes(broker, S("what is this"));
}

static void
send_hello(fake_broker *broker)
{
    vdr_wire wire = {.type = VDR_FRAME_HELLO, .hello = {.version_min = 1, .version_max = 1}};
    fake_send(broker, &wire);
}

static void
send_second_welcome(fake_broker *broker)
{
    vdr_wire wire = {.type = VDR_FRAME_WELCOME, .welcome = broker->welcome};
    fake_send(broker, &wire);
}

static void
send_confirm_of_nothing(fake_broker *broker)
{
    vdr_wire wire = {.type = VDR_FRAME_CONFIRM, .confirm = {.up_to = 3}};
    fake_send(broker, &wire);
}

static void
send_two_parts(fake_broker *broker)
{
    zmq_send(broker->router, broker->id, broker->id_bytes, ZMQ_SNDMORE);
    zmq_send(broker->router, "one", 3, ZMQ_SNDMORE);
    zmq_send(broker->router, "two", 3, 0);
}

static void
close_socket(fake_broker *broker)
{
    fake_stop(broker);
    fake_listen(broker);
}

/* Each breaks a session; the client says why and begins another. */
static void
a_broken_session_is_followed_by_another(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*breach)(fake_broker *broker);
        vdr_err err;
    } rows[] = {
        {"bye", send_bye, VDR_E_KEY_REVOKED},
        {"bye with a pause", send_late_bye, VDR_E_CLOSING},
        {"an error that ends it", send_error, VDR_E_SEQUENCE_GAP},
        {"a lost frame", send_gap, VDR_E_SEQUENCE_GAP},
        {"no frame at all", send_garbage, VDR_E_BAD_FRAME},
        {"a client's frame", send_hello, VDR_E_BAD_FRAME},
        {"a second welcome", send_second_welcome, VDR_E_BAD_FRAME},
        {"a confirm of what was not sent", send_confirm_of_nothing, VDR_E_SEQUENCE_GAP},
        {"two parts", send_two_parts, VDR_E_BAD_FRAME},
        {"a closed connection", close_socket, VDR_E_DISCONNECTED},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        fake_broker *broker = fake_new();
        seen s;
        vdr_client *client = open_client(broker, &s, NULL);
        vdr_client_error error;
        vdr_client_state now;

        assert_true(fake_until(broker, client, fake_is_ready, client));
        int64_t began = fake_now_ms();
        rows[i].breach(broker);
        assert_true(fake_until(broker, client, has_error, client));
        vdr_client_error_get(client, &error);
        if (error.err != rows[i].err)
            fail_msg("%s: %s (%s)", rows[i].name, error.code, error.text);
        publish(client, 1, 1);
        assert_true(fake_until(broker, client, fake_all_answered, client));
        vdr_client_state_get(client, &now);
        assert_int_equal(now.sessions, 2);
        if (error.retry_after_ms != 0)
            assert_true(fake_now_ms() - began >= error.retry_after_ms);
        vdr_client_close(&client);
        fake_free(broker);
    }
}

static void
a_silent_broker_is_asked_and_then_left(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);
    vdr_client_error error;

    broker->welcome.limits.heartbeat_ms = 400; /* three of them: longer than a busy machine lets one wait */
    assert_true(fake_until(broker, client, fake_is_ready, client));
    int64_t began = fake_now_ms();
    FAKE_UNTIL(broker, client, broker->counts[VDR_FRAME_PING] >= 2);
    fake_for_ms(broker, client, 1300);
    assert_in_range(broker->counts[VDR_FRAME_PING], 2, (fake_now_ms() - began) / 400 + 1);
    vdr_client_error_get(client, &error);
    assert_int_equal(error.err, VDR_OK); /* more than three heartbeats on */
    assert_int_equal(broker->sessions, 1);
    broker->mute = true;
    assert_true(fake_until(broker, client, has_error, client));
    assert_true(fake_now_ms() - broker->said_ms >= 3 * 400); /* it is heard when it is said, or later */
    vdr_client_error_get(client, &error);
    assert_int_equal(error.err, VDR_E_TIMEOUT);
    broker->mute = false;
    assert_true(fake_until(broker, client, fake_is_ready, client));
    vdr_client_close(&client);
    fake_free(broker);
}

/* As a loop of one's own uses it: only the descriptor and the time-out wake it. */
static void
a_foreign_loop_misses_nothing(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);
    int fd = vdr_client_fd(client);
    unsigned next = 1;
    bool broken = false;
    int64_t until = fake_now_ms() + 10000;

    while (s.results < 3000 && fake_now_ms() < until) {
        struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
        int64_t timeout = vdr_client_timeout_ms(client);
        fake_step(broker);
        /* the broker is in this thread, so never sleep longer than a moment */
        int ready = poll(&poll_fd, 1, timeout < 0 || timeout > 1 ? 1 : (int)timeout);
        if (ready > 0 || timeout == 0 || vdr_client_timeout_ms(client) == 0)
            (void)vdr_client_process(client);
        if (next <= 3000 && next < s.results + 20)
            publish(client, next++, 1);
        assert_int_equal(vdr_client_fd(client), fd);
        if (s.results >= 1000 && !broken) {
            close_socket(broker);
            broken = true;
        }
    }
    assert_int_equal(s.results, 3000);
    assert_true(s.in_order);
    vdr_client_close(&client);
    fake_free(broker);
}

/* ---- Calls that wait: the broker runs in a thread of its own */

typedef struct runner {
    fake_broker *broker;
    pthread_t thread;
    atomic_bool stop;
} runner;

static void *
run(void *context)
{
    runner *r = context;
    while (!atomic_load(&r->stop)) {
        fake_step(r->broker);
        struct timespec pause = {.tv_nsec = 200000};
        nanosleep(&pause, NULL);
    }
    return NULL;
}

static void
calls_that_wait_give_the_answer_or_the_reason(void **state)
{
    (void)state;
    runner r = {.broker = fake_new()};
    seen s;
    vdr_client *client = open_client(r.broker, &s, NULL);
    const vdr_wire_typed typed[3] = {{.id = S("i-1")}, {.id = S("i-4")}, {.id = S("i-2")}};
    const vdr_wire_item items[3] = {{.typed = &typed[0]}, {.typed = &typed[1]}, {.typed = &typed[2]}};
    vdr_wire_result results[3];
    const vdr_wire_answer *answer = NULL;
    const vdr_wire_admin_result *result = NULL;

    r.broker->judge = judge_by_id;
    assert_int_equal(vdr_client_publish(client, items, 1, results, 0), VDR_E_TIMEOUT);
    assert_int_equal(pthread_create(&r.thread, NULL, run, &r), 0);
    assert_int_equal(vdr_client_flush(client, 5000), VDR_OK);
    assert_int_equal(s.results, 1); /* the one whose wait was over before */

    assert_int_equal(vdr_client_publish(client, items, 3, results, 5000), VDR_E_BAD_BSN);
    assert_int_equal(results[0].error, VDR_E_ACCEPTED);
    assert_int_equal(results[0].position, 102);
    assert_int_equal(results[1].error, VDR_E_BAD_BSN);
    assert_int_equal(results[2].error, VDR_E_DUPLICATE);
    assert_int_equal(s.results, 1);
    assert_int_equal(vdr_client_publish(client, &items[2], 1, results, 5000),
                     VDR_OK); /* a duplicate is success */

    vdr_wire_read read = {.query = VDR_QUERY_STATUS};
    assert_int_equal(vdr_client_read(client, &read, 5000, &answer), VDR_OK);
    assert_int_equal(answer->position, 77);
    vdr_wire_admin admin = {.verb = VDR_VERB_STATUS, .time = VDR_MS_NONE};
    assert_int_equal(vdr_client_admin(client, &admin, 5000, &result), VDR_OK);

    vdr_client_act act = {.act = VDR_ACT_CASE_CLOSED, .id = "a-1", .case_id = {7}, .outcome = "done"};
    assert_int_equal(vdr_client_act_send(client, &act, results, 5000), VDR_OK);
    act.outcome = NULL;
    assert_int_equal(vdr_client_act_send(client, &act, results, 5000), VDR_E_USAGE);

    atomic_store(&r.stop, true);
    pthread_join(r.thread, NULL);
    r.broker->read_error = VDR_E_NOT_FOUND;
    assert_int_equal(vdr_client_read(client, &read, 30, &answer), VDR_E_TIMEOUT);
    vdr_client_close(&client);
    fake_free(r.broker);
}

typedef struct asked {
    unsigned answers;
    vdr_err err;
} asked;

static void
on_answer(void *context, vdr_err err, const vdr_wire_answer *answer)
{
    asked *a = context;
    a->answers++;
    a->err = err;
    assert_true((err == VDR_OK || err == VDR_E_NOT_FOUND) == (answer != NULL));
}

static bool
is_answered(void *context)
{
    return ((const asked *)context)->answers > 0;
}

static void
a_read_outlives_its_session_but_not_its_time(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    seen s;
    vdr_client *client = open_client(broker, &s, NULL);
    vdr_wire_read read = {.query = VDR_QUERY_STATUS};
    asked a = {0};

    broker->ignore_reads = true;
    assert_int_equal(vdr_client_read_async(client, &read, 5000, on_answer, &a), VDR_OK);
    FAKE_UNTIL(broker, client, broker->counts[VDR_FRAME_READ] >= 1);
    fake_for_ms(broker, client, 50);
    assert_int_equal(broker->counts[VDR_FRAME_READ], 1);
    broker->ignore_reads = false;
    close_socket(broker);
    assert_true(fake_until(broker, client, is_answered, &a));
    assert_int_equal(a.err, VDR_OK);
    assert_int_equal(broker->counts[VDR_FRAME_READ], 2);

    broker->read_error = VDR_E_NOT_FOUND;
    a = (asked){0};
    assert_int_equal(vdr_client_read_async(client, &read, 5000, on_answer, &a), VDR_OK);
    assert_true(fake_until(broker, client, is_answered, &a));
    assert_int_equal(a.err, VDR_E_NOT_FOUND);

    broker->ignore_reads = true;
    a = (asked){0};
    assert_int_equal(vdr_client_read_async(client, &read, 40, on_answer, &a), VDR_OK);
    assert_true(fake_until(broker, client, is_answered, &a));
    assert_int_equal(a.err, VDR_E_TIMEOUT);
    for (unsigned i = 0; i < 64; i++)
        assert_int_equal(vdr_client_read_async(client, &read, 40, on_answer, &a), VDR_OK);
    assert_int_equal(vdr_client_read_async(client, &read, 40, on_answer, &a), VDR_E_BUSY);
    vdr_client_close(&client);
    fake_free(broker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_item_is_answered_once_and_in_order),
        cmocka_unit_test(exceptions_reach_the_item_they_are_about),
        cmocka_unit_test(a_callback_may_publish),
        cmocka_unit_test(what_the_broker_could_not_decide_is_sent_again_after_its_pause),
        cmocka_unit_test(what_an_operator_must_see_to_is_told_to_who_waits),
        cmocka_unit_test(what_is_not_answered_is_sent_again_in_a_new_session),
        cmocka_unit_test(the_window_in_items_is_kept),
        cmocka_unit_test(the_window_in_bytes_and_the_size_of_a_frame_are_kept),
        cmocka_unit_test(a_frame_takes_no_more_items_than_asked_for),
        cmocka_unit_test(what_cannot_be_taken_is_refused_whole),
        cmocka_unit_test(what_stands_in_the_way_is_said),
        cmocka_unit_test(a_broken_session_is_followed_by_another),
        cmocka_unit_test(a_silent_broker_is_asked_and_then_left),
        cmocka_unit_test(a_foreign_loop_misses_nothing),
        cmocka_unit_test(calls_that_wait_give_the_answer_or_the_reason),
        cmocka_unit_test(a_read_outlives_its_session_but_not_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
