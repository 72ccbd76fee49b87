/* clients/gateway/api.h - the endpoints: what HTTP means in the broker's terms.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_API_H
#define VDR_GATEWAY_API_H

#include "clients/gateway/gate.h"

typedef struct vdr_api vdr_api;

/* Does not wait for the broker. Errors: a party's key file cannot be used (told on standard error). */
VDR_MUST_CHECK vdr_err vdr_api_open(vdr_gate *gate, vdr_api **ret_api);
/* Every request that the server let in (vdr_http_handler). */
void vdr_api_request(void *api, vdr_http_request *request);
/* Could a request be served now? For /health/ready; where not, ret_why is a literal. */
bool vdr_api_ready(const vdr_api *api, const char **ret_why);
/* The loop has ended; requests and streams still open are answered or freed here. NULL-safe */
void vdr_api_close(vdr_api **api_p);

#endif
