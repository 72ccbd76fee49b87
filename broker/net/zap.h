/* broker/net/zap.h - who may connect: the ZAP handler, a thread of its own that answers libzmq's question
 * "may this key in?" for every CURVE handshake of the context.
 *
 * Without a handler CURVE lets every key in, so it is started before any socket is made. It answers 200
 * with the key's id as User-Id (decimal digits), or 400; never 300, which leaves clients hanging. It touches
 * no disk and waits for nothing but its own socket and the keyring's lock.
 *
 * Zones: the operators' listener takes operators only, the parties' listener everybody else, so that a
 * mistake in one table does not open the other door.
 *
 * Thread:  open and close from one thread; the counters from any. */
#ifndef VDR_BROKER_ZAP_H
#define VDR_BROKER_ZAP_H

#include "broker/net/keyring.h"
#include "proto/assert.h"
#include "proto/err.h"

typedef enum vdr_zone { VDR_ZONE_PARTIES = 0, VDR_ZONE_OPERATORS = 1, VDR_ZONES = 2 } vdr_zone;

const char *vdr_zone_domain(vdr_zone zone); /* its ZAP domain */
bool vdr_zone_admits(vdr_zone zone, vdr_party_kind kind);

typedef struct vdr_zap vdr_zap;

/* Starts the handler in context (a zmq context without a handler). keyring must outlive it. IO. */
VDR_MUST_CHECK vdr_err vdr_zap_open(void *context, vdr_keyring *keyring, vdr_zap **ret_zap);
void vdr_zap_close(vdr_zap **zap_p); /* NULL-safe; stops and joins the thread */

uint64_t vdr_zap_admitted(const vdr_zap *zap);
uint64_t vdr_zap_refused(const vdr_zap *zap);

#endif
