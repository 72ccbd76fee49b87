/* clients/gateway/identity.h - who is calling, and as which party that caller is served.
 *
 * A caller shows a client certificate, a bearer token or the cookie of a session; each leads to one party of
 * gateway.yaml, with whose key the gateway then speaks to the broker. So the broker alone decides what a caller
 * may do. A request that shows something which does not hold is refused with 401 before any handler; one that
 * shows nothing is nobody's (way NONE), and the handler decides.
 *
 * Memory: lives as long as the request. Thread: the loop's. */
#ifndef VDR_GATEWAY_IDENTITY_H
#define VDR_GATEWAY_IDENTITY_H

#include "clients/gateway/config.h"

typedef enum vdr_identity_way {
    VDR_IDENTITY_NONE = 0,
    VDR_IDENTITY_CERTIFICATE, /* of our own TLS, or told by the proxy on the unix socket */
    VDR_IDENTITY_TOKEN,       /* bearer JWT */
    VDR_IDENTITY_SESSION,     /* cookie: a local account, or a person whom the proxy let in (OIDC) */
} vdr_identity_way;

#define VDR_IDENTITY_KEY_BYTES 32

typedef struct vdr_identity {
    vdr_identity_way way;
    const vdr_gate_party *party; /* NULL: nobody */
    const char *name;            /* of the account or person; otherwise "" */
    const char *csrf_token;      /* SESSION: what X-CSRF-Token must say; already checked. Otherwise "" */
    vdr_ms expires_at; /* SESSION: when it ends, if nothing more is asked for; TOKEN: when it ends */
    uint8_t key[VDR_IDENTITY_KEY_BYTES]; /* one and the same for one caller: for limits, and never told */
} vdr_identity;

#endif
