/* clients/gateway/jwks.h - the key set that tokens are checked with: from a file, or an https URL, which is fetched off
 * the loop.
 *
 * It is used for at most limits.key_set_time (an hour), and asked for again before that is over. A token with an unknown
 * key makes it be asked for again, at most once in limits.key_set_pause (a minute); what cannot be had is tried again
 * after some seconds.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_JWKS_H
#define VDR_GATEWAY_JWKS_H

#include "clients/gateway/config.h"
#include "clients/gateway/jwt.h"
#include "clients/gateway/loop.h"

typedef struct vdr_jwks vdr_jwks;

/* changed is called whenever an asking has ended, well or not. */
vdr_jwks *vdr_jwks_new(const vdr_gate_config *config, vdr_loop *loop, vdr_loop_call changed, void *context);
void vdr_jwks_free(vdr_jwks **jwks_p); /* after the loop's work is finished; NULL-safe */

const vdr_jwt_keys *vdr_jwks_keys(const vdr_jwks *jwks); /* NULL: none that may still be used */
bool vdr_jwks_ageing(const vdr_jwks *jwks);              /* it should be asked for again soon */
/* Asks for it again, if that may be done now. false: not now, what there is counts. true: changed will be called. */
bool vdr_jwks_refresh(vdr_jwks *jwks);

/* Reads it once, waiting for it; for --check. ret_words says what is wrong. */
VDR_MUST_CHECK vdr_err vdr_jwks_check(const vdr_gate_config *config, char ret_words[256]);

#endif
