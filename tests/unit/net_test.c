/* The sockets against real peers, on private addresses of this process' machine. */
#include "broker/net/net.h"

#include "broker/net/net_probe.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define KEY_CHARS 41

typedef struct keypair {
    char public_key[KEY_CHARS], secret_key[KEY_CHARS];
} keypair;

typedef struct fixture {
    vdr_keyring *keyring;
    vdr_net *net;
    void *context; /* of the clients */
    keypair school, anna, operator_;
    uint8_t secret[VDR_KEY_BYTES];
} fixture;

static keypair
make_pair(void)
{
    keypair pair;
    assert_int_equal(zmq_curve_keypair(pair.public_key, pair.secret_key), 0);
    return pair;
}

static vdr_key_party
party(const keypair *pair, vdr_party_kind kind, const char *id)
{
    vdr_key_party p = {.kind = kind};
    assert_non_null(zmq_z85_decode(p.public_key, pair->public_key));
    (void)snprintf(p.id, sizeof p.id, "%s", id);
    return p;
}

static int
setup(void **state)
{
    static fixture f;
    f.keyring = vdr_keyring_new();
    f.school = make_pair();
    f.anna = make_pair();
    f.operator_ = make_pair();
    vdr_key_party parties[] = {party(&f.school, VDR_PARTY_AGENCY, "school"),
                               party(&f.anna, VDR_PARTY_REGISSEUR, "r-anna"),
                               party(&f.operator_, VDR_PARTY_OPERATOR, "beheer")};
    vdr_keyring_replace(f.keyring, parties, 3);
    keypair server = make_pair();
    assert_non_null(zmq_z85_decode(f.secret, server.secret_key));
    vdr_net_options options = {
        .endpoint = {"tcp://127.0.0.1:*", "tcp://127.0.0.1:*"},
        .secret = f.secret,
        .keyring = f.keyring,
        .frame_bytes = {1024, 4096},
        .send_frames = 4,
        .receive_frames = 64,
        .heartbeat_ms = 1000,
        .handshake_ms = 1000,
        .backlog = 16,
        .io_threads = 1,
        .sockets_max = 256,
    };
    char words[VDR_NET_WORDS] = "";
    vdr_err err = vdr_net_open(&options, &f.net, words);
    if (err != VDR_OK)
        print_error("%s\n", words);
    assert_int_equal(err, VDR_OK);
    assert_string_equal(vdr_net_public_key(f.net), server.public_key);
    f.context = zmq_ctx_new();
    *state = &f;
    return 0;
}

static int
teardown(void **state)
{
    fixture *f = (fixture *)*state;
    zmq_ctx_term(f->context);
    vdr_net_close(&f->net);
    vdr_keyring_free(&f->keyring);
    return 0;
}

static void *
dial(fixture *f, vdr_zone zone, const keypair *pair, const char *routing_id)
{
    void *socket = zmq_socket(f->context, ZMQ_DEALER);
    int linger = 0;
    assert_int_equal(zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof linger), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, vdr_net_public_key(f->net), KEY_CHARS), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, pair->public_key, KEY_CHARS), 0);
    assert_int_equal(zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, pair->secret_key, KEY_CHARS), 0);
    if (routing_id != NULL)
        assert_int_equal(zmq_setsockopt(socket, ZMQ_ROUTING_ID, routing_id, strlen(routing_id)), 0);
    assert_int_equal(zmq_connect(socket, vdr_net_endpoint(f->net, zone)), 0);
    return socket;
}

/* The next message, if one comes within wait_ms. */
static vdr_err
receive(fixture *f, vdr_zone zone, long wait_ms, vdr_received *ret_received)
{
    zmq_pollitem_t item = {.socket = vdr_net_socket(f->net, zone), .events = ZMQ_POLLIN};
    while (zmq_poll(&item, 1, wait_ms) > 0) {
        unsigned budget = 10;
        if (vdr_net_receive(f->net, zone, &budget, ret_received) == VDR_OK)
            return VDR_OK;
    }
    return VDR_E_END;
}

static void
a_known_key_gets_through_under_its_own_id_and_is_answered(void **state)
{
    fixture *f = (fixture *)*state;
    void *school = dial(f, VDR_ZONE_PARTIES, &f->school, NULL);
    assert_int_equal(zmq_send(school, "hello", 5, 0), 5);
    vdr_received got;
    assert_int_equal(receive(f, VDR_ZONE_PARTIES, 5000, &got), VDR_OK);
    vdr_key key;
    assert_true(vdr_keyring_by_id(f->keyring, got.key_id, &key));
    assert_string_equal(key.party, "school");
    assert_int_equal(got.err, VDR_OK);
    assert_true(vdr_span_equal(vdr_received_span(&got), vdr_span_str("hello")));
    assert_int_equal(vdr_net_send(f->net, got.peer, vdr_span_str("welcome")), VDR_OK);
    char answer[16];
    assert_int_equal(zmq_recv(school, answer, sizeof answer, 0), 7);
    vdr_received_done(&got);
    zmq_close(school);
}

static void
keys_knock_at_their_own_door_only(void **state)
{
    fixture *f = (fixture *)*state;
    keypair stranger = make_pair();
    const struct {
        const char *who;
        const keypair *pair;
        vdr_zone zone;
        bool in;
    } rows[] = {
        {"agency at the parties' door", &f->school, VDR_ZONE_PARTIES, true},
        {"agency at the operators' door", &f->school, VDR_ZONE_OPERATORS, false},
        {"operator at the operators' door", &f->operator_, VDR_ZONE_OPERATORS, true},
        {"operator at the parties' door", &f->operator_, VDR_ZONE_PARTIES, false},
        {"stranger at the parties' door", &stranger, VDR_ZONE_PARTIES, false},
        {"stranger at the operators' door", &stranger, VDR_ZONE_OPERATORS, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        void *socket = dial(f, rows[i].zone, rows[i].pair, NULL);
        /* Who was refused already has nowhere to send to, and would wait for ever. */
        int sent = zmq_send(socket, "x", 1, ZMQ_DONTWAIT);
        assert_true(sent == 1 || !rows[i].in);
        vdr_received got;
        bool in = receive(f, rows[i].zone, rows[i].in ? 5000 : 300, &got) == VDR_OK;
        if (in != rows[i].in)
            print_error("%s\n", rows[i].who);
        assert_true(in == rows[i].in);
        if (in)
            vdr_received_done(&got);
        zmq_close(socket);
    }
}

static void
a_chosen_routing_id_is_dropped_and_counted(void **state)
{
    fixture *f = (fixture *)*state;
    vdr_net_counts before, after;
    vdr_net_counts_get(f->net, &before);
    void *squatter = dial(f, VDR_ZONE_PARTIES, &f->school, "anna");
    assert_int_equal(zmq_send(squatter, "x", 1, 0), 1);
    vdr_received got;
    assert_int_equal(receive(f, VDR_ZONE_PARTIES, 300, &got), VDR_E_END);
    vdr_net_counts_get(f->net, &after);
    assert_int_equal(after.dropped_routing_id, before.dropped_routing_id + 1);
    zmq_close(squatter);
}

static void
a_message_of_many_frames_is_named_and_taken_off_whole(void **state)
{
    fixture *f = (fixture *)*state;
    void *school = dial(f, VDR_ZONE_PARTIES, &f->school, NULL);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(zmq_send(school, "x", 1, ZMQ_SNDMORE), 1);
    assert_int_equal(zmq_send(school, "x", 1, 0), 1);
    assert_int_equal(zmq_send(school, "next", 4, 0), 4);
    vdr_received got;
    assert_int_equal(receive(f, VDR_ZONE_PARTIES, 5000, &got), VDR_OK);
    assert_int_equal(got.err, VDR_E_BAD_FRAME);
    vdr_received_done(&got);
    assert_int_equal(receive(f, VDR_ZONE_PARTIES, 5000, &got), VDR_OK);
    assert_int_equal(got.err, VDR_OK);
    assert_true(vdr_span_equal(vdr_received_span(&got), vdr_span_str("next")));
    vdr_received_done(&got);
    zmq_close(school);
}

static void
a_frame_beyond_the_limit_ends_the_connection(void **state)
{
    fixture *f = (fixture *)*state;
    void *school = dial(f, VDR_ZONE_PARTIES, &f->school, NULL);
    static const char big[8192];
    assert_int_equal(zmq_send(school, big, sizeof big, 0), (int)sizeof big);
    vdr_received got;
    assert_int_equal(receive(f, VDR_ZONE_PARTIES, 300, &got), VDR_E_END);
    zmq_close(school);
}

static void
a_reader_that_does_not_read_gets_busy_and_one_that_left_gets_disconnected(void **state)
{
    fixture *f = (fixture *)*state;
    void *school = dial(f, VDR_ZONE_PARTIES, &f->school, NULL);
    int one = 1, small = 4096;
    assert_int_equal(zmq_setsockopt(school, ZMQ_RCVHWM, &one, sizeof one), 0);
    assert_int_equal(zmq_setsockopt(school, ZMQ_RCVBUF, &small, sizeof small), 0);
    assert_int_equal(zmq_send(school, "x", 1, 0), 1);
    vdr_received got;
    assert_int_equal(receive(f, VDR_ZONE_PARTIES, 5000, &got), VDR_OK);
    vdr_received_done(&got);
    vdr_peer peer = got.peer;
    static const uint8_t big[65536];
    vdr_err err = VDR_OK;
    for (int i = 0; i < 10000 && err == VDR_OK; i++)
        err = vdr_net_send(f->net, peer, vdr_span_of(big, sizeof big));
    assert_int_equal(err, VDR_E_BUSY);
    zmq_close(school);
    /* libzmq lets go of a connection only when what came over it was read to the end. */
    for (int i = 0; i < 3000 && err != VDR_E_DISCONNECTED; i++) {
        assert_int_equal(receive(f, VDR_ZONE_PARTIES, 10, &got), VDR_E_END);
        err = vdr_net_send(f->net, peer, vdr_span_of(big, 1));
    }
    assert_int_equal(err, VDR_E_DISCONNECTED);
}

/* The three ways in which CURVE was seen to let anybody in, or nobody. */
static void
the_self_test_fails_on_a_socket_that_is_open_or_shut_to_all(void **state)
{
    fixture *f = (fixture *)*state;
    static const struct {
        const char *what;
        bool handler, domain;
        vdr_err err;
    } rows[] = {
        {"a domain, and a handler", true, true, VDR_OK},
        {"no handler, no domain: all get in", false, false, VDR_E_UNKNOWN_KEY},
        {"a handler that is not asked: all get in", true, false, VDR_E_UNKNOWN_KEY},
        {"a domain, but no handler: none gets in", false, true, VDR_E_UNKNOWN_KEY},
    };
    keypair server = make_pair();
    int one = 1, zero = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        void *context = zmq_ctx_new();
        vdr_zap *zap = NULL;
        if (rows[i].handler)
            assert_int_equal(vdr_zap_open(context, f->keyring, &zap), VDR_OK);
        void *router = zmq_socket(context, ZMQ_ROUTER);
        const char *domain = vdr_zone_domain(VDR_ZONE_PARTIES);
        assert_int_equal(zmq_setsockopt(router, ZMQ_LINGER, &zero, sizeof zero), 0);
        assert_int_equal(zmq_setsockopt(router, ZMQ_CURVE_SERVER, &one, sizeof one), 0);
        assert_int_equal(zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, server.secret_key, KEY_CHARS), 0);
        if (rows[i].domain) {
            assert_int_equal(zmq_setsockopt(router, ZMQ_ZAP_DOMAIN, domain, strlen(domain)), 0);
            assert_int_equal(zmq_setsockopt(router, 93, &one, sizeof one), 0);
        }
        char words[VDR_NET_WORDS] = "";
        vdr_err err = vdr_net_probe(context, router, server.public_key, f->keyring, words);
        if (err != rows[i].err)
            print_error("%s: %s %s\n", rows[i].what, vdr_err_code(err), words);
        assert_int_equal(err, rows[i].err);
        zmq_close(router);
        vdr_zap_close(&zap);
        zmq_ctx_term(context);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_known_key_gets_through_under_its_own_id_and_is_answered),
        cmocka_unit_test(keys_knock_at_their_own_door_only),
        cmocka_unit_test(a_chosen_routing_id_is_dropped_and_counted),
        cmocka_unit_test(a_message_of_many_frames_is_named_and_taken_off_whole),
        cmocka_unit_test(a_frame_beyond_the_limit_ends_the_connection),
        cmocka_unit_test(a_reader_that_does_not_read_gets_busy_and_one_that_left_gets_disconnected),
        cmocka_unit_test(the_self_test_fails_on_a_socket_that_is_open_or_shut_to_all),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
