/* clients/gateway/admin.h - the listener of those who run the gateway: /metrics, /health/live, /health/ready.
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_ADMIN_H
#define VDR_GATEWAY_ADMIN_H

#include "clients/gateway/http.h"
#include "clients/gateway/metrics.h"

typedef struct vdr_admin {
    const vdr_metrics *metrics;
    /* Could a request be served now? Where not, ret_why is a literal. */
    bool (*ready)(const void *context, const char **ret_why);
    const void *context;
    bool draining; /* then it is not */
} vdr_admin;

void vdr_admin_request(void *admin, vdr_http_request *request); /* vdr_http_handler */

#endif
