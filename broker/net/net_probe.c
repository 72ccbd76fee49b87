#include "broker/net/net_probe.h"

#include "broker/net/net.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

#define PATIENCE_MS 20000 /* a handshake on one machine takes milliseconds; a busy one is waited for */
#define SLICE_MS    100
#define Z85_BYTES   41u

typedef struct knocker {
    void *socket;  /* DEALER */
    void *monitor; /* PAIR: what happens to its handshake */
} knocker;

static vdr_err
fail(vdr_err err, char *ret_words, const char *what)
{
    (void)snprintf(ret_words, VDR_NET_WORDS, "self-test: %s", what);
    return err;
}

static void
knocker_done(knocker *k)
{
    if (k->socket != NULL) {
        (void)zmq_socket_monitor(k->socket, NULL, 0);
        (void)zmq_close(k->socket);
    }
    if (k->monitor != NULL)
        (void)zmq_close(k->monitor);
    *k = (knocker){0};
}

static bool
knock(void *context, const char *endpoint, const char *server_key, const char *public_key,
      const char *secret_key, knocker *ret_knocker)
{
    static const int zero = 0;
    /* A name of its own: the library lets go of a used one in its own time. */
    char monitor_name[48];
    (void)snprintf(monitor_name, sizeof monitor_name, "inproc://vdr.probe.%08x%08x", randombytes_random(),
                   randombytes_random());
    knocker k = {.socket = zmq_socket(context, ZMQ_DEALER), .monitor = zmq_socket(context, ZMQ_PAIR)};
    int events = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                 ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;
    bool good = k.socket != NULL && k.monitor != NULL &&
                zmq_setsockopt(k.socket, ZMQ_LINGER, &zero, sizeof zero) == 0 &&
                zmq_setsockopt(k.monitor, ZMQ_LINGER, &zero, sizeof zero) == 0 &&
                zmq_setsockopt(k.socket, ZMQ_CURVE_SERVERKEY, server_key, Z85_BYTES) == 0 &&
                zmq_setsockopt(k.socket, ZMQ_CURVE_PUBLICKEY, public_key, Z85_BYTES) == 0 &&
                zmq_setsockopt(k.socket, ZMQ_CURVE_SECRETKEY, secret_key, Z85_BYTES) == 0 &&
                zmq_socket_monitor(k.socket, monitor_name, events) == 0 &&
                zmq_connect(k.monitor, monitor_name) == 0 && zmq_connect(k.socket, endpoint) == 0;
    *ret_knocker = k;
    return good;
}

/* How a handshake ended: SUCCEEDED or FAILED_AUTH; 0: not in time. A connection that was cut before its answer
 * came (a refusing side closes at once, so a busy machine may lose the race) says neither, and libzmq tries
 * again by itself: only an answer counts. */
static int
outcome(void *monitor)
{
    for (unsigned waited = 0; waited < PATIENCE_MS / SLICE_MS; waited++) {
        zmq_pollitem_t item = {.socket = monitor, .events = ZMQ_POLLIN};
        if (zmq_poll(&item, 1, SLICE_MS) <= 0)
            continue; /* nothing yet, or a signal */
        uint8_t event[6] = {0};
        uint16_t number = 0;
        if (zmq_recv(monitor, event, sizeof event, ZMQ_DONTWAIT) != (int)sizeof event)
            continue;
        char address[256];
        (void)zmq_recv(monitor, address, sizeof address, ZMQ_DONTWAIT);
        memcpy(&number, event, sizeof number);
        if (number == ZMQ_EVENT_HANDSHAKE_SUCCEEDED || number == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
            return number;
    }
    return 0;
}

/* Does a message come under the id of the known key, and under no other? */
static bool
known_came(void *router)
{
    zmq_pollitem_t item = {.socket = router, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, PATIENCE_MS) <= 0)
        return false;
    bool good = false, first = true;
    zmq_msg_t part;
    (void)zmq_msg_init(&part);
    while (zmq_msg_recv(&part, router, ZMQ_DONTWAIT) >= 0) {
        const char *user = zmq_msg_gets(&part, "User-Id");
        if (!first)
            good = user != NULL && strtoul(user, NULL, 10) == VDR_KEY_PROBE;
        first = false;
    }
    (void)zmq_msg_close(&part);
    return good;
}

static vdr_err
probe(void *context, void *router, const char *endpoint, const char *server_key, vdr_keyring *keyring,
      char *ret_words)
{
    char public_key[2][Z85_BYTES], secret_key[2][Z85_BYTES];
    uint8_t known[VDR_KEY_BYTES];
    if (zmq_curve_keypair(public_key[0], secret_key[0]) != 0 ||
        zmq_curve_keypair(public_key[1], secret_key[1]) != 0 || zmq_z85_decode(known, public_key[0]) == NULL)
        return fail(VDR_E_IO, ret_words, "libzmq has no CURVE");
    vdr_keyring_probe(keyring, known);
    knocker friend_of_ours = {0}, stranger = {0};
    vdr_err err = VDR_OK;
    if (!knock(context, endpoint, server_key, public_key[1], secret_key[1], &stranger))
        err = fail(VDR_E_IO, ret_words, zmq_strerror(zmq_errno()));
    else if (outcome(stranger.monitor) != ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
        err = fail(VDR_E_UNKNOWN_KEY, ret_words,
                   "a key that nobody knows was not refused (or not answered in time)");
    else if (!knock(context, endpoint, server_key, public_key[0], secret_key[0], &friend_of_ours))
        err = fail(VDR_E_IO, ret_words, zmq_strerror(zmq_errno()));
    else if (outcome(friend_of_ours.monitor) != ZMQ_EVENT_HANDSHAKE_SUCCEEDED ||
             zmq_send(friend_of_ours.socket, "probe", 5, ZMQ_DONTWAIT) != 5 || !known_came(router))
        err = fail(VDR_E_UNKNOWN_KEY, ret_words, "a known key did not get in under its own id");
    knocker_done(&stranger);
    knocker_done(&friend_of_ours);
    vdr_keyring_probe(keyring, NULL);
    sodium_memzero(secret_key, sizeof secret_key);
    return err;
}

vdr_err
vdr_net_probe(void *context, void *router, const char *server_key, vdr_keyring *keyring, char *ret_words)
{
    char endpoint[64];
    /* The abstract namespace of Linux: no file, gone with the socket, a name that nobody can guess. */
    (void)snprintf(endpoint, sizeof endpoint, "ipc://@voordeur-%08x%08x%08x", randombytes_random(),
                   randombytes_random(), randombytes_random());
    if (zmq_bind(router, endpoint) != 0)
        return fail(VDR_E_IO, ret_words, zmq_strerror(zmq_errno()));
    vdr_err err = probe(context, router, endpoint, server_key, keyring, ret_words);
    (void)zmq_unbind(router, endpoint);
    return err;
}
