/* broker/net/net_probe.h - a listener proves that it lets nobody in whom it should not.
 *
 * The socket is bound to a private address of this process, two keys are made up, one of them is told to
 * the keyring, and both knock. The known one must get a message through under its id; the unknown one must
 * be refused. The socket leaves the private address again.
 *
 * Thread:  the sockets'. Errors: UNKNOWN_KEY: something got in, or nothing did; IO. */
#ifndef VDR_BROKER_NET_PROBE_H
#define VDR_BROKER_NET_PROBE_H

#include "broker/net/keyring.h"
#include "proto/assert.h"
#include "proto/err.h"

/* router: configured, not bound. server_key: Z85. ret_words: VDR_NET_WORDS bytes, filled on failure. */
VDR_MUST_CHECK vdr_err vdr_net_probe(void *context, void *router, const char *server_key,
                                     vdr_keyring *keyring, char *ret_words);

#endif
