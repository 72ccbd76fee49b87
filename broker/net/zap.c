#include "broker/net/zap.h"

#include "broker/gauge/journal.h"
#include "proto/words.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define ENDPOINT     "inproc://zeromq.zap.01" /* fixed by RFC 27 */
#define STOP         "inproc://voordeur.zap.stop"
#define REQUEST_PART 256u /* longest part that is looked at; longer ones are refused */

/* Parts of a request (RFC 27), in order. */
enum { VERSION, REQUEST_ID, DOMAIN, ADDRESS, IDENTITY, MECHANISM, CREDENTIALS, PARTS };

struct vdr_zap {
    void *socket; /* used by the thread only, once it runs */
    void *stop_here, *stop_there;
    vdr_keyring *keyring;
    pthread_t thread;
    atomic_uint_fast64_t admitted, refused;
};

typedef struct part {
    uint8_t bytes[REQUEST_PART];
    size_t len;
    bool cut;
} part;

typedef struct request {
    part parts[PARTS];
    size_t count; /* all that came, also beyond PARTS */
} request;

static const char *const domains[VDR_ZONES] = {
    [VDR_ZONE_PARTIES] = "voordeur.parties", [VDR_ZONE_OPERATORS] = "voordeur.operators"};

const char *
vdr_zone_domain(vdr_zone zone)
{
    return domains[zone];
}

bool
vdr_zone_admits(vdr_zone zone, vdr_party_kind kind)
{
    bool beside = kind == VDR_PARTY_OPERATOR || kind == VDR_PARTY_AUDITOR;
    return kind == VDR_PARTY_NONE || beside == (zone == VDR_ZONE_OPERATORS);
}

/* The whole request is taken off the socket, whatever it looks like: an answer is owed to each. */
static bool
receive(void *socket, request *ret_request)
{
    ret_request->count = 0;
    int more = 1;
    while (more != 0) {
        part spare, *into = ret_request->count < PARTS ? &ret_request->parts[ret_request->count] : &spare;
        int len = zmq_recv(socket, into->bytes, sizeof into->bytes, 0);
        if (len < 0)
            return false;
        into->cut = (size_t)len > sizeof into->bytes;
        into->len = into->cut ? sizeof into->bytes : (size_t)len;
        ret_request->count++;
        size_t size = sizeof more;
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size) != 0)
            return false;
    }
    return true;
}

static bool
part_is(const part *p, const char *text)
{
    return !p->cut && p->len == strlen(text) && memcmp(p->bytes, text, p->len) == 0;
}

static void
tell_refused(const vdr_key *key, const char *why)
{
    VDR_NOTE(KEY_REFUSED, vdr_field_text("kind", vdr_party_kind_name(key->kind)),
             vdr_field_text("party", key->party), vdr_field_text("reason", why));
}

/* The key's id where this key may in through this domain, otherwise 0. Why not is told in the journal only. */
static uint32_t
judge(vdr_keyring *keyring, const request *asked)
{
    bool shaped = asked->count == PARTS && part_is(&asked->parts[VERSION], "1.0") &&
                  part_is(&asked->parts[MECHANISM], "CURVE") &&
                  asked->parts[CREDENTIALS].len == VDR_KEY_BYTES && !asked->parts[CREDENTIALS].cut;
    vdr_key key;
    vdr_key_standing standing =
        shaped ? vdr_keyring_judge(keyring, asked->parts[CREDENTIALS].bytes, &key) : VDR_KEY_UNKNOWN;
    if (standing == VDR_KEY_EXPIRED || standing == VDR_KEY_REVOKED)
        tell_refused(&key, standing == VDR_KEY_EXPIRED ? "expired" : "revoked");
    if (standing != VDR_KEY_IN)
        return 0;
    for (int zone = 0; zone < VDR_ZONES; zone++) {
        if (!part_is(&asked->parts[DOMAIN], domains[zone]))
            continue;
        if (vdr_zone_admits((vdr_zone)zone, key.kind))
            return key.id;
        tell_refused(&key, "another listener");
    }
    return 0;
}

static bool
answer(void *socket, const request *asked, uint32_t key_id)
{
    char user[12] = "";
    if (key_id != 0)
        (void)snprintf(user, sizeof user, "%u", key_id);
    const part *id = &asked->parts[REQUEST_ID];
    size_t id_len = asked->count > REQUEST_ID ? id->len : 0;
    const char *status = key_id != 0 ? "200" : "400", *text = key_id != 0 ? "OK" : "unknown key"; /* always */
    return zmq_send(socket, "1.0", 3, ZMQ_SNDMORE) >= 0 &&
           zmq_send(socket, id->bytes, id_len, ZMQ_SNDMORE) >= 0 &&
           zmq_send(socket, status, 3, ZMQ_SNDMORE) >= 0 &&
           zmq_send(socket, text, strlen(text), ZMQ_SNDMORE) >= 0 &&
           zmq_send(socket, user, strlen(user), ZMQ_SNDMORE) >= 0 && zmq_send(socket, "", 0, 0) >= 0;
}

/* When it ends, for whatever reason, no handshake succeeds any more: the sockets enforce their domain. */
static void *
run(void *argument)
{
    vdr_zap *zap = (vdr_zap *)argument;
    zmq_pollitem_t items[] = {{.socket = zap->stop_there, .events = ZMQ_POLLIN},
                              {.socket = zap->socket, .events = ZMQ_POLLIN}};
    request asked;
    for (;;) {
        int ready = zmq_poll(items, 2, -1);
        if (ready < 0 && zmq_errno() == EINTR)
            continue;
        if (ready < 0 || (items[0].revents & ZMQ_POLLIN) != 0)
            break;
        if ((items[1].revents & ZMQ_POLLIN) == 0)
            continue;
        if (!receive(zap->socket, &asked))
            break;
        uint32_t key_id = judge(zap->keyring, &asked);
        atomic_fetch_add_explicit(key_id != 0 ? &zap->admitted : &zap->refused, 1, memory_order_relaxed);
        if (!answer(zap->socket, &asked, key_id))
            break;
    }
    return NULL;
}

static void
close_sockets(vdr_zap *zap)
{
    void *sockets[] = {zap->socket, zap->stop_here, zap->stop_there};
    int linger = 0;
    for (size_t i = 0; i < sizeof sockets / sizeof sockets[0]; i++) {
        if (sockets[i] == NULL)
            continue;
        (void)zmq_setsockopt(sockets[i], ZMQ_LINGER, &linger, sizeof linger);
        (void)zmq_close(sockets[i]);
    }
}

vdr_err
vdr_zap_open(void *context, vdr_keyring *keyring, vdr_zap **ret_zap)
{
    vdr_zap *zap = (vdr_zap *)vdr_alloc(1, sizeof *zap);
    zap->keyring = keyring;
    zap->socket = zmq_socket(context, ZMQ_REP);
    zap->stop_here = zmq_socket(context, ZMQ_PAIR);
    zap->stop_there = zmq_socket(context, ZMQ_PAIR);
    bool good = zap->socket != NULL && zap->stop_here != NULL && zap->stop_there != NULL &&
                zmq_bind(zap->socket, ENDPOINT) == 0 && zmq_bind(zap->stop_here, STOP) == 0 &&
                zmq_connect(zap->stop_there, STOP) == 0 && pthread_create(&zap->thread, NULL, run, zap) == 0;
    if (!good) {
        close_sockets(zap);
        free(zap);
        return VDR_E_IO;
    }
    *ret_zap = zap;
    return VDR_OK;
}

void
vdr_zap_close(vdr_zap **zap_p)
{
    vdr_zap *zap = *zap_p;
    if (zap == NULL)
        return;
    (void)zmq_send(zap->stop_here, "", 0, 0);
    (void)pthread_join(zap->thread, NULL);
    close_sockets(zap);
    free(zap);
    *zap_p = NULL;
}

uint64_t
vdr_zap_admitted(const vdr_zap *zap)
{
    return atomic_load_explicit(&zap->admitted, memory_order_relaxed);
}

uint64_t
vdr_zap_refused(const vdr_zap *zap)
{
    return atomic_load_explicit(&zap->refused, memory_order_relaxed);
}
