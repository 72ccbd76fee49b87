#include "clients/gateway/metrics.h"

#include "clients/gateway/guard.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUTES_MAX 192 /* method and route; what comes beyond is counted together */
#define CLASSES    4   /* 2xx .. 5xx */
#define BUCKETS    8

static const int64_t bucket_ms[BUCKETS] = {1, 5, 10, 25, 100, 250, 1000, 10000};

typedef struct route {
    unsigned method;
    const char *name; /* a literal */
    uint64_t classes[CLASSES];
} route;

struct vdr_metrics {
    int64_t values[VDR_METRIC_COUNT];
    route routes[ROUTES_MAX + 1]; /* the last: the rest */
    size_t route_count;
    uint64_t buckets[BUCKETS + 1], took_sum_ms;
};

vdr_metrics *
vdr_metrics_new(void)
{
    vdr_metrics *metrics = vdr_alloc(1, sizeof *metrics);
    metrics->routes[ROUTES_MAX].name = "other";
    return metrics;
}

void
vdr_metrics_free(vdr_metrics **metrics_p)
{
    free(*metrics_p);
    *metrics_p = NULL;
}

void
vdr_metrics_add(vdr_metrics *metrics, vdr_metric metric, int64_t change)
{
    metrics->values[metric] += change;
}

void
vdr_metrics_set(vdr_metrics *metrics, vdr_metric metric, int64_t value)
{
    metrics->values[metric] = value;
}

int64_t
vdr_metrics_get(const vdr_metrics *metrics, vdr_metric metric)
{
    return metrics->values[metric];
}

static route *
route_of(vdr_metrics *metrics, unsigned method, const char *name)
{
    for (size_t i = 0; i < metrics->route_count; i++)
        if (metrics->routes[i].method == method && strcmp(metrics->routes[i].name, name) == 0)
            return &metrics->routes[i];
    if (metrics->route_count == ROUTES_MAX)
        return &metrics->routes[ROUTES_MAX];
    route *added = &metrics->routes[metrics->route_count++];
    *added = (route){.method = method, .name = name};
    return added;
}

void
vdr_metrics_request(vdr_metrics *metrics, unsigned method, const char *name, unsigned status, int64_t took_ms)
{
    VDR_ASSERT(status >= 200 && status <= 599);
    route_of(metrics, method, name)->classes[status / 100 - 2]++;
    size_t bucket = 0;
    while (bucket < BUCKETS && took_ms > bucket_ms[bucket])
        bucket++;
    metrics->buckets[bucket]++;
    metrics->took_sum_ms += (uint64_t)took_ms;
}

__attribute__((format(printf, 2, 3))) static void
add(vdr_bytes *bytes, const char *format, ...)
{
    char text[512];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    VDR_ASSERT(len > 0 && (size_t)len < sizeof text);
    vdr_bytes_add(bytes, vdr_span_of(text, (size_t)len));
}

static void
write_route(vdr_bytes *bytes, const route *it)
{
    static const char *const methods[] = {
        [VDR_GUARD_GET] = "GET",       [VDR_GUARD_POST] = "POST",       [VDR_GUARD_PUT] = "PUT",
        [VDR_GUARD_DELETE] = "DELETE", [VDR_GUARD_OPTIONS] = "OPTIONS", [VDR_GUARD_PATCH] = "PATCH",
        [VDR_GUARD_HEAD] = "HEAD",
    };
    for (size_t i = 0; i < CLASSES; i++)
        if (it->classes[i] != 0)
            add(bytes,
                "voordeur_gateway_requests_total{method=\"%s\",route=\"%s\",status=\"%zuxx\"} %" PRIu64 "\n",
                methods[it->method], it->name, i + 2, it->classes[i]);
}

void
vdr_gate_metrics_write(const vdr_metrics *metrics, vdr_bytes *bytes)
{
    static const struct {
        const char *name, *kind, *help;
    } rows[] = {
#define X(symbol, name, kind, help) {name, kind, help},
        VDR_METRICS_TABLE(X)
#undef X
    };
    for (size_t i = 0; i < VDR_METRIC_COUNT; i++)
        add(bytes,
            "# HELP voordeur_gateway_%s %s\n# TYPE voordeur_gateway_%s %s\nvoordeur_gateway_%s %" PRId64 "\n",
            rows[i].name, rows[i].help, rows[i].name, rows[i].kind, rows[i].name, metrics->values[i]);
    add(bytes, "# HELP voordeur_gateway_requests_total Requests answered\n"
               "# TYPE voordeur_gateway_requests_total counter\n");
    for (size_t i = 0; i < metrics->route_count; i++)
        write_route(bytes, &metrics->routes[i]);
    write_route(bytes, &metrics->routes[ROUTES_MAX]);
    add(bytes, "# HELP voordeur_gateway_request_seconds How long answers took\n"
               "# TYPE voordeur_gateway_request_seconds histogram\n");
    uint64_t count = 0;
    for (size_t i = 0; i < BUCKETS; i++) {
        count += metrics->buckets[i];
        add(bytes, "voordeur_gateway_request_seconds_bucket{le=\"%g\"} %" PRIu64 "\n",
            (double)bucket_ms[i] / 1000, count);
    }
    count += metrics->buckets[BUCKETS];
    add(bytes, "voordeur_gateway_request_seconds_bucket{le=\"+Inf\"} %" PRIu64 "\n", count);
    add(bytes,
        "voordeur_gateway_request_seconds_sum %g\nvoordeur_gateway_request_seconds_count %" PRIu64 "\n",
        (double)metrics->took_sum_ms / 1000, count);
}
