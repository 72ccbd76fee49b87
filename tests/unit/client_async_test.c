/* Goal: what a loop of one's own needs: verbs and acts without waiting, and mail that can be ended. */
#include "tests/fake_broker.h"

typedef struct heard {
    unsigned rulings, results, messages;
    vdr_err err;
    uint64_t number, last;
    uint32_t retry_after_ms;
} heard;

static void
on_ruled(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    heard *h = context;
    h->rulings++;
    h->err = err;
    assert_true((err == VDR_OK) == (result != NULL));
}

static void
on_result(void *context, const vdr_client_result *result)
{
    heard *h = context;
    h->results++;
    h->err = result->err;
    h->number = result->number;
    h->retry_after_ms = result->retry_after_ms;
}

static void
on_message(void *context, const vdr_wire_message *message)
{
    heard *h = context;
    h->messages++;
    h->last = message->seq;
}

static vdr_client *
open_client(const fake_broker *broker, heard *h)
{
    vdr_client *client = NULL;
    const char *key_file = fake_key_file();
    vdr_client_options options = fake_options(broker, key_file);
    options.context = h;
    options.on_result = on_result;
    *h = (heard){0};
    assert_int_equal(vdr_client_open(&options, &client, NULL), VDR_OK);
    (void)unlink(key_file);
    return client;
}

static void
a_verb_is_answered_once_and_never_said_twice(void **state)
{
    (void)state;
    heard h;
    fake_broker *broker = fake_new();
    vdr_client *client = open_client(broker, &h);
    vdr_wire_admin admin = {.verb = VDR_VERB_SESSIONS, .time = VDR_MS_NONE};

    assert_int_equal(vdr_client_admin_async(client, &admin, 5000, on_ruled, &h), VDR_OK);
    FAKE_UNTIL(broker, client, h.rulings == 1);
    assert_int_equal(h.err, VDR_OK);

    broker->ignore_reads = true;
    assert_int_equal(vdr_client_admin_async(client, &admin, 5000, on_ruled, &h), VDR_OK);
    FAKE_UNTIL(broker, client, broker->counts[VDR_FRAME_ADMIN] == 2);
    vdr_wire bye = {.type = VDR_FRAME_BYE, .bye = {.error = VDR_E_CLOSING}};
    fake_send(broker, &bye);
    FAKE_UNTIL(broker, client, h.rulings == 2);
    assert_int_equal(h.err, VDR_E_DISCONNECTED);
    FAKE_UNTIL(broker, client, broker->sessions == 2);
    assert_int_equal(broker->counts[VDR_FRAME_ADMIN], 2);

    assert_int_equal(vdr_client_admin_async(client, &admin, 20, on_ruled, &h), VDR_OK);
    FAKE_UNTIL(broker, client, h.rulings == 3);
    assert_int_equal(h.err, VDR_E_TIMEOUT);
    vdr_client_close(&client);
    fake_free(broker);
}

static unsigned order_now;

static void
on_ruled_in_order(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    (void)result;
    *(unsigned *)context = err == VDR_OK ? ++order_now : 0;
}

/* The second and third are asked before the first one's time is over, the fourth and fifth get the places that are free then. */
static void
verbs_that_waited_are_said_in_the_order_of_asking(void **state)
{
    (void)state;
    heard h;
    unsigned order[5] = {9, 9, 9, 9, 9};
    fake_broker *broker = fake_new();
    vdr_client *client = open_client(broker, &h);
    const vdr_wire_admin admin = {.verb = VDR_VERB_SESSIONS, .time = VDR_MS_NONE};

    order_now = 0;
    for (unsigned i = 0; i < 3; i++)
        assert_int_equal(
            vdr_client_admin_async(client, &admin, i == 0 ? 1 : 5000, on_ruled_in_order, &order[i]), VDR_OK);
    while (order[0] == 9)
        (void)vdr_client_wait(client, 10);
    assert_int_equal(order[0], 0);
    for (unsigned i = 3; i < 5; i++)
        assert_int_equal(vdr_client_admin_async(client, &admin, 5000, on_ruled_in_order, &order[i]), VDR_OK);
    FAKE_UNTIL(broker, client, order_now == 4);
    for (unsigned i = 1; i < 5; i++)
        assert_int_equal(order[i], i);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
an_act_needs_a_session_once_and_is_answered_as_any_item(void **state)
{
    (void)state;
    heard h;
    fake_broker *broker = fake_new();
    vdr_client *client = open_client(broker, &h);
    vdr_client_act act = {.act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-1", .reason = "wrong child"};
    uint64_t number = 0;

    assert_int_equal(vdr_client_act_async(client, &act, &number), VDR_E_DISCONNECTED);
    FAKE_UNTIL(broker, client, fake_is_ready(client));
    assert_int_equal(vdr_client_act_async(client, &act, &number), VDR_OK);
    FAKE_UNTIL(broker, client, h.results == 1);
    assert_int_equal(h.err, VDR_E_ACCEPTED);
    assert_int_equal(h.number, number);
    assert_non_null(strstr(broker->items[0].id, "{\"specversion\":\"1.0\""));

    act.reason = NULL;
    assert_int_equal(vdr_client_act_async(client, &act, &number), VDR_E_USAGE);
    vdr_client_close(&client);
    fake_free(broker);
}

static vdr_err
held_back(const char *id)
{
    (void)id;
    return VDR_E_HELD_BACK;
}

static vdr_err
too_old(const char *id)
{
    (void)id;
    return VDR_E_TOO_OLD;
}

static void
what_a_guard_holds_back_says_until_when(void **state)
{
    (void)state;
    heard h;
    fake_broker *broker = fake_new();
    vdr_client *client = open_client(broker, &h);
    vdr_wire_item item = {.json = vdr_span_str("{}")};

    broker->judge = held_back;
    broker->retry_after_ms = 60000;
    assert_int_equal(vdr_client_publish_async(client, &item, 1, NULL), VDR_OK);
    FAKE_UNTIL(broker, client, h.results == 1);
    assert_int_equal(h.err, VDR_E_HELD_BACK);
    assert_int_equal(h.retry_after_ms, 60000);

    broker->judge = too_old;
    assert_int_equal(vdr_client_publish_async(client, &item, 1, NULL), VDR_OK);
    FAKE_UNTIL(broker, client, h.results == 2);
    assert_int_equal(h.retry_after_ms, 0);
    vdr_client_close(&client);
    fake_free(broker);
}

static bool
is_subscribed(vdr_client *client)
{
    vdr_client_state state;
    vdr_client_state_get(client, &state);
    return state.subscribed;
}

static void
mail_that_is_ended_comes_no_more_until_it_is_wished_again(void **state)
{
    (void)state;
    heard h;
    fake_broker *broker = fake_new();
    vdr_client *client = open_client(broker, &h);
    vdr_client_subscription wish = {.window = 2, .on_message = on_message, .context = &h};

    broker->messages = 10;
    vdr_client_subscribe(client, &wish);
    assert_false(is_subscribed(client));
    FAKE_UNTIL(broker, client, h.messages == 10);
    assert_true(is_subscribed(client));

    vdr_client_unsubscribe(client);
    assert_false(is_subscribed(client));
    FAKE_UNTIL(broker, client, broker->limit <= 10);
    broker->messages = 20;
    fake_deliver(broker);
    assert_int_equal(h.messages, 10);

    wish.after_given = true;
    wish.after = 14;
    vdr_client_subscribe(client, &wish);
    FAKE_UNTIL(broker, client, h.last == 20);
    assert_int_equal(h.messages, 16);
    vdr_client_close(&client);
    fake_free(broker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_verb_is_answered_once_and_never_said_twice),
        cmocka_unit_test(verbs_that_waited_are_said_in_the_order_of_asking),
        cmocka_unit_test(an_act_needs_a_session_once_and_is_answered_as_any_item),
        cmocka_unit_test(what_a_guard_holds_back_says_until_when),
        cmocka_unit_test(mail_that_is_ended_comes_no_more_until_it_is_wished_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
