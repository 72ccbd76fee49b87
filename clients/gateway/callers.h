/* clients/gateway/callers.h - those who may call: certificates, tokens, sessions. Made once for a process.
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_CALLERS_H
#define VDR_GATEWAY_CALLERS_H

#include "clients/gateway/caller.h"
#include "clients/gateway/loop.h"
#include "clients/gateway/metrics.h"
#include "clients/gateway/session.h"

typedef struct vdr_callers_parts {
    const vdr_gate_config *config;
    vdr_loop *loop;
    vdr_metrics *metrics;
    vdr_sessions *sessions;
} vdr_callers_parts;

vdr_callers *vdr_callers_new(const vdr_callers_parts *parts);
void vdr_callers_free(vdr_callers **callers_p); /* NULL-safe */

#endif
