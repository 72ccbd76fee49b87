/* clients/gateway/metrics.h - numbers for Prometheus, with labels from closed sets only.
 *
 * X(symbol, name, kind, help). The API's counters are rows here too: add at the end. Requests are counted by
 * method, route and class of status by the server itself (vdr_http_route_set).
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_METRICS_H
#define VDR_GATEWAY_METRICS_H

#include "proto/bytes.h"

#define VDR_METRICS_TABLE(X)                                                                                 \
    X(CONNECTIONS, "connections", "gauge", "Connections that are open")                                      \
    X(CONNECTIONS_TOTAL, "connections_total", "counter", "Connections taken")                                \
    X(CONNECTIONS_REFUSED, "connections_refused_total", "counter", "Connections closed at a limit")          \
    X(HEADS_REFUSED, "heads_refused_total", "counter", "Bytes that were no request as it should be")         \
    X(REFUSED, "requests_refused_total", "counter", "Requests refused before any handler")                   \
    X(SLOW, "requests_too_slow_total", "counter", "Requests given up because they came too slowly")          \
    X(THROTTLED, "requests_throttled_total", "counter", "Requests beyond a caller's rate")                   \
    X(STREAMS, "streams", "gauge", "Streams of events that are open")                                        \
    X(STREAMS_DROPPED, "streams_dropped_total", "counter", "Streams closed because the client was slow")     \
    X(SESSIONS, "sessions", "gauge", "Sessions of browsers")                                                 \
    X(LOGINS, "logins_total", "counter", "Logins that succeeded")                                            \
    X(LOGINS_FAILED, "logins_failed_total", "counter", "Logins that did not")                                \
    X(TOKENS_REFUSED, "tokens_refused_total", "counter", "Bearer tokens that did not hold")                  \
    X(ANSWERS_DROPPED, "answers_dropped_total", "counter", "Answers whose client had gone")

typedef enum vdr_metric {
#define X(symbol, name, kind, help) VDR_METRIC_##symbol,
    VDR_METRICS_TABLE(X)
#undef X
        VDR_METRIC_COUNT
} vdr_metric;

typedef struct vdr_metrics vdr_metrics;

vdr_metrics *vdr_metrics_new(void);
void vdr_metrics_free(vdr_metrics **metrics_p);

void vdr_metrics_add(vdr_metrics *metrics, vdr_metric metric, int64_t change);
void vdr_metrics_set(vdr_metrics *metrics, vdr_metric metric, int64_t value);
int64_t vdr_metrics_get(const vdr_metrics *metrics, vdr_metric metric);

/* One request was answered. route is a literal; method a vdr_guard_method. */
void vdr_metrics_request(vdr_metrics *metrics, unsigned method, const char *route, unsigned status,
                         int64_t took_ms);

/* Appends everything in Prometheus' text format. */
void vdr_gate_metrics_write(const vdr_metrics *metrics, vdr_bytes *bytes);

#endif
