/* broker/net/net.h - the sockets: two CURVE ROUTERs, one for parties and one for operators.
 *
 * Only what libzmq does behind our back is dealt with here (each point was seen on libzmq 4.3.4):
 *  - CURVE without a ZAP handler lets everybody in: the handler comes first, every socket enforces its
 *    domain, and before an address is bound each socket proves on a private one that an unknown key is
 *    refused and a known one is not; otherwise open fails.
 *  - Clients may choose routing ids: only ids that the ROUTER made itself are taken (five bytes, the first
 *    zero); HANDOVER stays off. A routing id is an address; who it is says the key (User-Id) of each frame.
 *  - User-Id is read from the body frame, since the routing-id frame may lack it; a message without one
 *    is dropped.
 *  - A message is a routing id and exactly one frame. Others are taken off the socket whole and dropped.
 *  - ROUTER drops in silence: MANDATORY is on, nothing ever blocks, and the caller keeps its own queue.
 *
 * Thread:  one, but for the handler's own.
 * Memory:  a received body belongs to the vdr_received until vdr_received_done(). */
#ifndef VDR_BROKER_NET_H
#define VDR_BROKER_NET_H

#include "broker/net/zap.h"

#include <zmq.h>

#define VDR_NET_WORDS 512u

typedef struct vdr_net vdr_net;

typedef struct vdr_net_options {
    const char *endpoint[VDR_ZONES]; /* tcp://HOST:PORT (port * or 0: any), or ipc://PATH */
    const uint8_t *secret;           /* the server's CURVE secret key, 32 bytes; kept until open returns */
    vdr_keyring *keyring;            /* outlives the net */
    size_t frame_bytes[VDR_ZONES];   /* longest frame taken */
    int send_frames, receive_frames; /* kept by libzmq for each connection (HWM); a backstop behind windows */
    int heartbeat_ms;                /* of the transport; a dead connection goes after three */
    int handshake_ms;                /* a connection that has not shown its key by then goes */
    int backlog;
    int io_threads;
    int sockets_max; /* connections and sockets of the whole process */
} vdr_net_options;

/* Starts the handler, tests itself, binds. IO, BAD_CONFIG (an address that cannot be bound),
 * UNKNOWN_KEY (the self-test failed: an unknown key got in or a known one did not).
 * ret_words: VDR_NET_WORDS bytes, filled on failure. */
VDR_MUST_CHECK vdr_err vdr_net_open(const vdr_net_options *options, vdr_net **ret_net, char *ret_words);
void vdr_net_close(vdr_net **net_p); /* NULL-safe; what was sent goes out for up to a second */

void *vdr_net_socket(vdr_net *net, vdr_zone zone);               /* for zmq_poll */
const char *vdr_net_endpoint(const vdr_net *net, vdr_zone zone); /* as bound, with the real port */
const char *vdr_net_public_key(const vdr_net *net);              /* of the server, Z85 */

/* The sender's address: valid for one zone. */
typedef struct vdr_peer {
    vdr_zone zone;
    uint32_t number;
} vdr_peer;

typedef struct vdr_received {
    vdr_peer peer;
    uint32_t key_id; /* who sent it (keyring.h) */
    vdr_err err;     /* OK, or BAD_FRAME: more than one frame; the body is not there */
    zmq_msg_t body;
} vdr_received;

/* The next message of the zone. END: none is waiting, or *budget messages were looked at. Messages that
 * cannot be attributed to a key are dropped and counted; each counts against the budget. */
VDR_MUST_CHECK vdr_err vdr_net_receive(vdr_net *net, vdr_zone zone, unsigned *budget,
                                       vdr_received *ret_received);
void vdr_received_done(vdr_received *received);

static inline vdr_span
vdr_received_span(vdr_received *received)
{
    return vdr_span_of(zmq_msg_data(&received->body), zmq_msg_size(&received->body));
}

/* Sends one frame. BUSY: the connection takes no more now, try again later. DISCONNECTED: it is gone. */
VDR_MUST_CHECK vdr_err vdr_net_send(vdr_net *net, vdr_peer peer, vdr_span bytes);

typedef struct vdr_net_counts {
    uint64_t received, sent;
    uint64_t received_bytes, sent_bytes; /* of those */
    uint64_t dropped_routing_id;         /* chosen by the client */
    uint64_t dropped_user_id;            /* no key told */
    uint64_t dropped_frames;             /* not exactly one frame */
    uint64_t admitted, refused;          /* handshakes that showed a key */
} vdr_net_counts;

void vdr_net_counts_get(const vdr_net *net, vdr_net_counts *ret_counts);

#endif
