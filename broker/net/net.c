#include "broker/net/net.h"

#include "broker/net/net_probe.h"
#include "proto/utf8.h"

#include <errno.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ENFORCE_DOMAIN 93 /* ZMQ_ZAP_ENFORCE_DOMAIN: in 4.3's draft section, though the library has it */
#define ENDPOINT_BYTES 256u
#define ROUTING_ID     5u /* of an id that the ROUTER made: a zero byte and a number */
#define LINGER_MS      1000
#define Z85_BYTES      41u

struct vdr_net {
    void *context;
    vdr_zap *zap;
    void *sockets[VDR_ZONES];
    char endpoints[VDR_ZONES][ENDPOINT_BYTES];
    char public_key[Z85_BYTES];
    vdr_net_counts counts;
};

__attribute__((format(printf, 3, 4))) static vdr_err
fail(vdr_err err, char *ret_words, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(ret_words, VDR_NET_WORDS, format, arguments);
    va_end(arguments);
    return err;
}

static bool
set_int(void *socket, int option, int value)
{
    return zmq_setsockopt(socket, option, &value, sizeof value) == 0;
}

/* Everything that must hold before an address is bound. */
static bool
configure(void *socket, vdr_zone zone, const vdr_net_options *options)
{
    static const int one = 1, zero = 0;
    const char *domain = vdr_zone_domain(zone);
    int64_t frame_max = (int64_t)options->frame_bytes[zone];
    return set_int(socket, ZMQ_CURVE_SERVER, one) &&
           zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, options->secret, VDR_KEY_BYTES) == 0 &&
           zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, domain, strlen(domain)) == 0 &&
           set_int(socket, ENFORCE_DOMAIN, one) &&
           zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_max, sizeof frame_max) == 0 &&
           set_int(socket, ZMQ_HANDSHAKE_IVL, options->handshake_ms) &&
           set_int(socket, ZMQ_BACKLOG, options->backlog) &&
           set_int(socket, ZMQ_HEARTBEAT_IVL, options->heartbeat_ms) &&
           set_int(socket, ZMQ_HEARTBEAT_TIMEOUT, 3 * options->heartbeat_ms) &&
           set_int(socket, ZMQ_HEARTBEAT_TTL, 3 * options->heartbeat_ms) &&
           set_int(socket, ZMQ_SNDHWM, options->send_frames) &&
           set_int(socket, ZMQ_RCVHWM, options->receive_frames) && set_int(socket, ZMQ_SNDTIMEO, zero) &&
           set_int(socket, ZMQ_ROUTER_MANDATORY, one) && set_int(socket, ZMQ_ROUTER_HANDOVER, zero) &&
           set_int(socket, ZMQ_LINGER, LINGER_MS) && set_int(socket, ZMQ_TCP_KEEPALIVE, one) &&
           set_int(socket, ZMQ_IPV6, strchr(options->endpoint[zone], '[') != NULL); /* tcp://[ADDRESS]:PORT */
}

static vdr_err
bind_zone(vdr_net *net, vdr_zone zone, const char *endpoint, char *ret_words)
{
    if (zmq_bind(net->sockets[zone], endpoint) != 0)
        return fail(VDR_E_BAD_CONFIG, ret_words, "cannot listen on %s: %s", endpoint,
                    zmq_strerror(zmq_errno()));
    size_t size = ENDPOINT_BYTES;
    if (zmq_getsockopt(net->sockets[zone], ZMQ_LAST_ENDPOINT, net->endpoints[zone], &size) != 0)
        return fail(VDR_E_IO, ret_words, "%s: %s", endpoint, zmq_strerror(zmq_errno()));
    return VDR_OK;
}

static vdr_err
open_context(vdr_net *net, const vdr_net_options *options, char *ret_words)
{
    net->context = zmq_ctx_new();
    if (net->context == NULL || zmq_ctx_set(net->context, ZMQ_IO_THREADS, options->io_threads) != 0 ||
        zmq_ctx_set(net->context, ZMQ_MAX_SOCKETS, options->sockets_max) != 0)
        return fail(VDR_E_IO, ret_words, "libzmq: %s", zmq_strerror(zmq_errno()));
    uint8_t public_key[VDR_KEY_BYTES];
    if (crypto_scalarmult_base(public_key, options->secret) != 0 ||
        zmq_z85_encode(net->public_key, public_key, sizeof public_key) == NULL)
        return fail(VDR_E_BAD_CONFIG, ret_words, "the server's secret key is no key");
    vdr_err err = vdr_zap_open(net->context, options->keyring, &net->zap);
    return err == VDR_OK ? VDR_OK : fail(err, ret_words, "ZAP handler: %s", zmq_strerror(zmq_errno()));
}

static vdr_err
open_zone(vdr_net *net, vdr_zone zone, const vdr_net_options *options, char *ret_words)
{
    net->sockets[zone] = zmq_socket(net->context, ZMQ_ROUTER);
    if (net->sockets[zone] == NULL || !configure(net->sockets[zone], zone, options))
        return fail(VDR_E_IO, ret_words, "libzmq: %s", zmq_strerror(zmq_errno()));
    vdr_err err =
        vdr_net_probe(net->context, net->sockets[zone], net->public_key, options->keyring, ret_words);
    return err == VDR_OK ? bind_zone(net, zone, options->endpoint[zone], ret_words) : err;
}

vdr_err
vdr_net_open(const vdr_net_options *options, vdr_net **ret_net, char *ret_words)
{
    VDR_ASSERT(sodium_init() >= 0);
    vdr_net *net = (vdr_net *)vdr_alloc(1, sizeof *net);
    vdr_err err = open_context(net, options, ret_words);
    for (int zone = 0; err == VDR_OK && zone < VDR_ZONES; zone++)
        err = open_zone(net, (vdr_zone)zone, options, ret_words);
    if (err != VDR_OK) {
        vdr_net_close(&net);
        return err;
    }
    *ret_net = net;
    return VDR_OK;
}

void
vdr_net_close(vdr_net **net_p)
{
    vdr_net *net = *net_p;
    if (net == NULL)
        return;
    for (int zone = 0; zone < VDR_ZONES; zone++) {
        if (net->sockets[zone] != NULL)
            (void)zmq_close(net->sockets[zone]);
    }
    vdr_zap_close(&net->zap);
    if (net->context != NULL) {
        while (zmq_ctx_term(net->context) != 0 && zmq_errno() == EINTR)
            continue;
    }
    free(net);
    *net_p = NULL;
}

void *
vdr_net_socket(vdr_net *net, vdr_zone zone)
{
    return net->sockets[zone];
}

const char *
vdr_net_endpoint(const vdr_net *net, vdr_zone zone)
{
    return net->endpoints[zone];
}

const char *
vdr_net_public_key(const vdr_net *net)
{
    return net->public_key;
}

/* 0: it is not an id that the ROUTER made. */
static bool
read_routing_id(zmq_msg_t *id, uint32_t *ret_number)
{
    const uint8_t *at = (const uint8_t *)zmq_msg_data(id);
    if (zmq_msg_size(id) != ROUTING_ID || at[0] != 0)
        return false;
    memcpy(ret_number, at + 1, sizeof *ret_number);
    return true;
}

static uint32_t
read_user_id(zmq_msg_t *body)
{
    const char *text = zmq_msg_gets(body, "User-Id");
    if (text == NULL)
        return 0;
    char *end = NULL;
    unsigned long number = strtoul(text, &end, 10);
    return *text != '\0' && *end == '\0' && number <= UINT32_MAX ? (uint32_t)number : 0;
}

/* Takes the frames that are left of a message off the socket; how many there were. */
static size_t
drain(void *socket)
{
    size_t count = 0;
    int more = 1;
    zmq_msg_t rest;
    (void)zmq_msg_init(&rest);
    while (more != 0 && zmq_msg_recv(&rest, socket, ZMQ_DONTWAIT) >= 0) {
        count++;
        more = zmq_msg_more(&rest);
    }
    (void)zmq_msg_close(&rest);
    return count;
}

/* The message whose routing id was just taken. False: dropped. */
static bool
take(vdr_net *net, void *socket, zmq_msg_t *id, vdr_received *received)
{
    bool made_here = read_routing_id(id, &received->peer.number);
    if (!zmq_msg_more(id) || zmq_msg_recv(&received->body, socket, ZMQ_DONTWAIT) < 0) {
        net->counts.dropped_frames++;
        return false;
    }
    received->err = VDR_OK;
    if (zmq_msg_more(&received->body)) {
        received->err = VDR_E_BAD_FRAME;
        (void)drain(socket);
        net->counts.dropped_frames++;
    }
    if (!made_here) {
        net->counts.dropped_routing_id++;
        return false;
    }
    received->key_id = read_user_id(&received->body);
    if (received->key_id == 0) {
        net->counts.dropped_user_id++;
        return false;
    }
    net->counts.received++;
    net->counts.received_bytes += zmq_msg_size(&received->body);
    return true;
}

vdr_err
vdr_net_receive(vdr_net *net, vdr_zone zone, unsigned *budget, vdr_received *ret_received)
{
    void *socket = net->sockets[zone];
    zmq_msg_t id;
    (void)zmq_msg_init(&id);
    ret_received->peer.zone = zone;
    (void)zmq_msg_init(&ret_received->body);
    bool taken = false;
    while (!taken && *budget > 0 && zmq_msg_recv(&id, socket, ZMQ_DONTWAIT) >= 0) {
        --*budget;
        taken = take(net, socket, &id, ret_received);
    }
    (void)zmq_msg_close(&id);
    if (!taken)
        (void)zmq_msg_close(&ret_received->body);
    return taken ? VDR_OK : VDR_E_END;
}

void
vdr_received_done(vdr_received *received)
{
    (void)zmq_msg_close(&received->body);
}

vdr_err
vdr_net_send(vdr_net *net, vdr_peer peer, vdr_span bytes)
{
    uint8_t id[ROUTING_ID] = {0};
    memcpy(id + 1, &peer.number, sizeof peer.number);
    void *socket = net->sockets[peer.zone];
    if (zmq_send(socket, id, sizeof id, ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0)
        return zmq_errno() == EAGAIN ? VDR_E_BUSY : VDR_E_DISCONNECTED;
    /* The pipe was found with the first frame: the second cannot be refused for want of room. */
    if (zmq_send(socket, bytes.at, bytes.len, ZMQ_DONTWAIT) < 0)
        return VDR_E_DISCONNECTED;
    net->counts.sent++;
    net->counts.sent_bytes += bytes.len;
    return VDR_OK;
}

void
vdr_net_counts_get(const vdr_net *net, vdr_net_counts *ret_counts)
{
    *ret_counts = net->counts;
    ret_counts->admitted = vdr_zap_admitted(net->zap);
    ret_counts->refused = vdr_zap_refused(net->zap);
}
