/* clients/gateway/http_serve.h - the server: listeners, and who gets what comes in by which. Handlers need http.h
 * only.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_HTTP_SERVE_H
#define VDR_GATEWAY_HTTP_SERVE_H

#include "clients/gateway/caller.h"
#include "clients/gateway/http.h"
#include "clients/gateway/limiter.h"
#include "clients/gateway/loop.h"
#include "clients/gateway/metrics.h"
#include "clients/gateway/tls.h"

/* By which listener a request came. */
typedef enum vdr_http_door {
    VDR_HTTP_PUBLIC,
    VDR_HTTP_PROXY, /* the unix socket behind a proxy, whose headers are believed */
    VDR_HTTP_ADMIN,
} vdr_http_door;
#define VDR_HTTP_DOORS 3

typedef struct vdr_http_parts {
    const vdr_gate_config *config;
    vdr_loop *loop;
    vdr_metrics *metrics;
    vdr_callers *callers;
} vdr_http_parts;

/* Binds all addresses of the configuration; nothing is taken before vdr_http_start(). Errors: BAD_CONFIG, IO; the
 * words are in ret_words. */
VDR_MUST_CHECK vdr_err vdr_http_open(const vdr_http_parts *parts, vdr_http **ret_http, char ret_words[256]);
void vdr_http_serve(vdr_http *http, vdr_http_door door, vdr_http_handler handler, void *context);
void vdr_http_start(vdr_http *http);

/* Ends the streams of the caller with this key of identity, soon: whoever it was is nobody any more. */
void vdr_http_streams_end(vdr_http *http, const uint8_t key[VDR_IDENTITY_KEY_BYTES]);

/* Takes no more connections, ends idle ones and streams, lets the others finish for limits.drain. drained is called
 * once, later. */
void vdr_http_drain(vdr_http *http, vdr_loop_call drained, void *context);
/* Ends all connections; every request must have been answered before. NULL-safe */
void vdr_http_close(vdr_http **http_p);

/* Where a TCP listener listens, as bound: "127.0.0.1:7480"; for tests that ask for port 0. */
size_t vdr_http_addresses(const vdr_http *http, vdr_bytes *ret_lines);

#endif
