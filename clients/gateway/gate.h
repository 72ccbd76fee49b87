/* clients/gateway/gate.h - what the gateway is made of; one for a process. Thread: the loop's. */
#ifndef VDR_GATEWAY_GATE_H
#define VDR_GATEWAY_GATE_H

#include "clients/gateway/config.h"
#include "clients/gateway/http.h"
#include "clients/gateway/loop.h"
#include "clients/gateway/metrics.h"
#include "clients/gateway/session.h"

typedef struct vdr_gate {
    const vdr_gate_config *config;
    vdr_loop *loop;
    vdr_http *http;
    vdr_sessions *sessions;
    vdr_metrics *metrics;
} vdr_gate;

#endif
