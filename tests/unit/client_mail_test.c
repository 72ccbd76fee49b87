/* Goal: messages and decisions reach the client in order, once while a handle lives, over lost connections and
 * changed stores; credit and acknowledgement follow what was processed. */
#include "tests/fake_broker.h"

typedef struct mail {
    uint64_t last;
    size_t count;
    bool in_order;
    uint64_t acknowledged; /* as confirmed */
    size_t lines;
    bool lines_in_order;
    size_t caught_up; /* times */
} mail;

static void
on_message(void *context, const vdr_wire_message *message)
{
    mail *m = context;
    assert_int_equal(message->kind, VDR_MESSAGE_FEEDBACK);
    assert_true(vdr_span_equal(message->result, vdr_span_str("done")));
    m->in_order = m->in_order && message->seq == m->last + 1;
    m->last = message->seq;
    m->count++;
}

static void
on_acknowledged(void *context, uint64_t seq)
{
    mail *m = context;
    m->acknowledged = seq;
}

static vdr_client *
open_client(const fake_broker *broker, mail *m)
{
    vdr_client *client = NULL;
    const char *key_file = fake_key_file();
    vdr_client_options options = fake_options(broker, key_file);
    options.context = m;
    options.on_acknowledged = on_acknowledged;
    *m = (mail){.in_order = true, .lines_in_order = true};
    assert_int_equal(vdr_client_open(&options, &client, NULL), VDR_OK);
    (void)unlink(key_file);
    return client;
}

typedef struct wish {
    mail *m;
    size_t count;
} wish;

static bool
has_messages(void *context)
{
    const wish *w = context;
    return w->m->count >= w->count;
}

static bool
has_lines(void *context)
{
    const wish *w = context;
    return w->m->lines >= w->count;
}

static void
restart(fake_broker *broker)
{
    fake_stop(broker);
    fake_listen(broker);
}

static void
messages_come_in_order_and_once_over_lost_connections(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    mail m;
    vdr_client *client = open_client(broker, &m);
    vdr_client_subscription subscription = {.window = 20, .on_message = on_message, .context = &m};

    vdr_client_subscribe(client, &subscription);
    for (unsigned i = 1; i <= 10; i++) {
        broker->messages = i * 100;
        if (broker->session)
            fake_deliver(broker);
        assert_true(fake_until(broker, client, has_messages, &(wish){&m, i * 100 - i}));
        restart(broker);
    }
    assert_true(fake_until(broker, client, has_messages, &(wish){&m, 1000}));
    fake_for_ms(broker, client, 30);
    assert_int_equal(m.count, 1000);
    assert_true(m.in_order);
    assert_true(broker->delivered <= broker->limit);
    assert_true(broker->counts[VDR_FRAME_CREDIT] >= 30);
    assert_false(broker->gap);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
no_more_than_the_window_comes_before_it_is_fetched(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    mail m;
    vdr_client *client = open_client(broker, &m);
    vdr_client_subscription subscription = {.window = 10};
    const vdr_wire_message *message = NULL;

    broker->messages = 100;
    vdr_client_subscribe(client, &subscription);
    FAKE_UNTIL(broker, client, broker->delivered >= 10);
    fake_for_ms(broker, client, 100);
    assert_int_equal(broker->delivered, 10);
    for (uint64_t seq = 1; seq <= 100; seq++) {
        int64_t until = fake_now_ms() + 5000;
        vdr_err err;
        do {
            err = vdr_client_next(client, 1, &message);
            fake_step(broker);
        } while (err != VDR_OK && fake_now_ms() < until);
        assert_int_equal(err, VDR_OK);
        assert_int_equal(message->seq, seq);
        assert_true(broker->delivered < seq + 10 + 10);
        if (seq == 5) { /* what waits here comes again, and is known */
            restart(broker);
            fake_for_ms(broker, client, 200);
        }
    }
    assert_int_equal(vdr_client_next(client, 10, &message), VDR_E_TIMEOUT);
    vdr_client_close(&client);
    fake_free(broker);
}

static bool
is_acknowledged(void *context)
{
    const wish *w = context;
    return w->m->acknowledged >= w->count;
}

static void
an_acknowledgement_is_said_until_it_is_confirmed(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    mail m;
    vdr_client *client = open_client(broker, &m);
    vdr_client_subscription subscription = {.on_message = on_message, .context = &m};

    broker->messages = 10;
    vdr_client_subscribe(client, &subscription);
    assert_true(fake_until(broker, client, has_messages, &(wish){&m, 10}));
    broker->mute = true; /* reads the ACK and dies before it is done */
    vdr_client_acknowledge(client, 7);
    FAKE_UNTIL(broker, client, broker->counts[VDR_FRAME_ACK] >= 1);
    fake_for_ms(broker, client, 30);
    assert_int_equal(broker->counts[VDR_FRAME_ACK], 1);
    broker->mute = false;
    restart(broker);
    assert_true(fake_until(broker, client, is_acknowledged, &(wish){&m, 7}));
    assert_int_equal(broker->acknowledged, 7);
    assert_int_equal(vdr_client_flush(client, 0), VDR_OK);
    assert_int_equal(m.count, 10);
    vdr_client_close(&client);

    client = open_client(broker, &m); /* a new process: what is not acknowledged comes again */
    m.last = 7;
    vdr_client_subscribe(client, &subscription);
    assert_true(fake_until(broker, client, has_messages, &(wish){&m, 3}));
    assert_true(m.in_order);
    assert_int_equal(m.last, 10);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
another_store_and_a_restored_one_begin_at_what_is_acknowledged(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    mail m;
    vdr_client *client = open_client(broker, &m);
    vdr_client_subscription subscription = {.on_message = on_message, .context = &m};

    broker->messages = 50;
    vdr_client_subscribe(client, &subscription);
    assert_true(fake_until(broker, client, has_messages, &(wish){&m, 50}));

    broker->messages = 30; /* restored from a backup: the last twenty are to come, and may differ */
    broker->acknowledged = 28;
    m.last = 28;
    restart(broker);
    assert_true(fake_until(broker, client, has_messages, &(wish){&m, 52}));
    assert_true(m.in_order);
    assert_false(broker->subscribed.after_given);

    broker->welcome.store_id = vdr_span_str("fedcba9876543210");
    broker->messages = 40;
    broker->acknowledged = 39;
    m.last = 39;
    restart(broker);
    assert_true(fake_until(broker, client, has_messages, &(wish){&m, 53}));
    assert_true(m.in_order);
    assert_false(broker->subscribed.after_given);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
only_what_is_acknowledged_may_be_missing(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    mail m;
    vdr_client *client = open_client(broker, &m);
    vdr_client_subscription subscription = {
        .after_given = true, .after = 3, .on_message = on_message, .context = &m};
    vdr_client_error error;

    broker->messages = 20;
    broker->acknowledged = 10;
    broker->first_kept = 11;
    vdr_client_subscribe(client, &subscription);
    m.last = 10;
    assert_true(fake_until(broker, client, has_messages, &(wish){&m, 10}));
    assert_true(m.in_order);

    broker->messages = 30;
    broker->first_kept = 25; /* 21 to 24 were never acknowledged */
    fake_deliver(broker);
    FAKE_UNTIL(broker, client, (vdr_client_error_get(client, &error), error.err == VDR_E_SEQUENCE_GAP));
    assert_int_equal(m.count, 10);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
on_line(void *context, const vdr_wire_line *line)
{
    mail *m = context;
    m->lines++;
    m->lines_in_order = m->lines_in_order && line->decision.household.number == m->lines;
    assert_int_equal(line->position, (m->lines + 1) / 2);
}

static void
on_caught_up(void *context, vdr_position position)
{
    mail *m = context;
    m->caught_up++;
    assert_int_equal(position, m->lines / 2 + 1); /* after every line before it */
}

static void
decisions_are_neither_missed_nor_doubled(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    mail m;
    vdr_client *client = open_client(broker, &m);
    vdr_client_stream stream = {.from_given = true,
                                .position = 1,
                                .window = 7,
                                .on_line = on_line,
                                .on_caught_up = on_caught_up,
                                .context = &m};

    vdr_client_decisions(client, &stream);
    for (unsigned i = 1; i <= 10; i++) { /* 33 lines: every second time in the middle of a position */
        broker->lines = i * 33;
        fake_stream(broker);
        assert_true(fake_until(broker, client, has_lines, &(wish){&m, i * 33}));
        FAKE_UNTIL(broker, client, m.caught_up >= i); /* it comes in a frame of its own */
        restart(broker);
    }
    FAKE_UNTIL(broker, client, m.caught_up >= 11);
    fake_for_ms(broker, client, 100);
    assert_int_equal(m.lines, 330);
    assert_true(m.lines_in_order);
    assert_int_equal(m.caught_up, 11); /* once in each session */

    vdr_client_decisions(client, NULL);
    FAKE_UNTIL(broker, client, !broker->streaming);
    broker->lines = 400;
    fake_stream(broker);
    fake_for_ms(broker, client, 30);
    assert_int_equal(m.lines, 330);
    assert_false(broker->gap);
    vdr_client_close(&client);
    fake_free(broker);
}

static void
a_refused_subscription_is_not_asked_again(void **state)
{
    (void)state;
    fake_broker *broker = fake_new();
    mail m;
    vdr_client *client = open_client(broker, &m);
    vdr_client_subscription subscription = {
        .mailbox_kind = VDR_PARTY_REGISSEUR, .mailbox_id = "r-anna", .on_message = on_message, .context = &m};
    vdr_client_error error;

    assert_true(fake_until(broker, client, fake_is_ready, client));
    broker->mute = true;
    vdr_client_subscribe(client, &subscription);
    FAKE_UNTIL(broker, client, broker->counts[VDR_FRAME_SUBSCRIBE] >= 1);
    broker->mute = false;
    vdr_frame frame = {.type = VDR_FRAME_SUBSCRIBE, .sequence = broker->sequence_in};
    vdr_wire refusal = vdr_wire_error_of(VDR_E_WRONG_ROLE, &frame, (vdr_span){0}, 0);
    fake_send(broker, &refusal);
    FAKE_UNTIL(broker, client, (vdr_client_error_get(client, &error), error.err == VDR_E_WRONG_ROLE));
    restart(broker);
    FAKE_UNTIL(broker, client, broker->sessions >= 2);
    fake_for_ms(broker, client, 300);
    assert_int_equal(broker->counts[VDR_FRAME_SUBSCRIBE], 1);
    assert_int_equal(broker->sessions, 2);
    vdr_client_close(&client);
    fake_free(broker);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_come_in_order_and_once_over_lost_connections),
        cmocka_unit_test(no_more_than_the_window_comes_before_it_is_fetched),
        cmocka_unit_test(an_acknowledgement_is_said_until_it_is_confirmed),
        cmocka_unit_test(another_store_and_a_restored_one_begin_at_what_is_acknowledged),
        cmocka_unit_test(only_what_is_acknowledged_may_be_missing),
        cmocka_unit_test(decisions_are_neither_missed_nor_doubled),
        cmocka_unit_test(a_refused_subscription_is_not_asked_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
