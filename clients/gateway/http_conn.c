#include "clients/gateway/http_conn.h"

#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#define NAMELESS_BODY_MAX (16 * (size_t)1024) /* of callers that are nobody yet: a login */
#define PACE_BYTES_MS     16                  /* slower than 16 KiB a second is too slow for what is long */
#define ADMIN_SPARE       16                  /* connections besides the callers' */
#define LINGER_MS         2000
#define LINGER_BYTES_MAX  (1024 * (size_t)1024)
#define ARENA_SPARE       (32 * (size_t)1024)

static void conn_go(vdr_conn *conn);

void
vdr_conn_deadline(vdr_conn *conn, int64_t after_ms)
{
    struct timeval at = {.tv_sec = (time_t)(after_ms / 1000),
                         .tv_usec = (suseconds_t)(after_ms % 1000 * 1000)};
    VDR_ASSERT(event_add(conn->deadline, &at) == 0);
}

static void
read_mark(vdr_conn *conn, size_t bytes_max)
{
    bufferevent_setwatermark(conn->bev, EV_READ, 0, bytes_max);
}

/* ---- Exchanges ---- */

static vdr_exchange *
exchange_new(vdr_conn *conn, size_t head_len)
{
    vdr_exchange *exchange = vdr_alloc(1, sizeof *exchange);
    exchange->http = conn->http;
    exchange->conn = conn;
    exchange->route = "other";
    exchange->began_ms = vdr_loop_now_ms();
    vdr_arena_init(&exchange->arena, 4 * head_len + ARENA_SPARE);
    conn->exchange = exchange;
    conn->http->exchange_count++;
    return exchange;
}

void
vdr_exchange_free(vdr_exchange *exchange)
{
    exchange->http->exchange_count--;
    vdr_arena_done(&exchange->arena);
    free(exchange->body);
    free(exchange);
}

/* The request as handlers see it. */
static void
exchange_show(vdr_exchange *exchange)
{
    static const vdr_http_method methods[] = {
        [VDR_GUARD_GET] = VDR_HTTP_GET,         [VDR_GUARD_POST] = VDR_HTTP_POST,
        [VDR_GUARD_PUT] = VDR_HTTP_PUT,         [VDR_GUARD_DELETE] = VDR_HTTP_DELETE,
        [VDR_GUARD_OPTIONS] = VDR_HTTP_OPTIONS, [VDR_GUARD_PATCH] = VDR_HTTP_PATCH,
        [VDR_GUARD_HEAD] = VDR_HTTP_GET,
    };
    const vdr_guard_head *head = &exchange->head;
    vdr_http_request *request = &exchange->request;
    request->method = methods[head->method];
    request->path = head->path;
    memcpy(request->segments, head->segments, sizeof request->segments);
    request->segment_count = head->segment_count;
    memcpy(request->query, head->query, sizeof request->query);
    request->query_count = head->query_count;
    memcpy(request->headers, head->headers, sizeof request->headers);
    request->header_count = head->header_count;
    request->identity.name = request->identity.csrf_token = "";
    request->secure = exchange->conn->http->tls != NULL && exchange->conn->peer.has_address;
    if (exchange->conn->peer.behind_proxy)
        request->secure =
            vdr_span_equal(vdr_http_header(request, "x-forwarded-proto"), vdr_span_str("https"));
    const char *header = exchange->http->config->address_header;
    exchange->address = exchange->conn->peer.address;
    exchange->has_address = exchange->conn->peer.has_address;
    if (exchange->conn->peer.behind_proxy && header != NULL)
        exchange->has_address = vdr_address_read(vdr_http_header(request, header), &exchange->address);
}

/* ---- From state to state ---- */

static void
handle(vdr_conn *conn)
{
    vdr_exchange *exchange = conn->exchange;
    conn->state = VDR_CONN_BUSY;
    vdr_conn_deadline(conn, conn->http->config->limits.answer_ms);
    /* The page's own path is the one that ends in a slash. */
    if (exchange->head.no_path && !vdr_span_equal(exchange->head.path, vdr_span_str("/app/")))
        vdr_http_refuse(&exchange->request, VDR_REFUSAL_NO_SUCH_PATH, NULL);
    else
        conn->http->handlers[conn->door](conn->http->contexts[conn->door], &exchange->request);
}

/* Has the body come whole? */
static void
read_body(vdr_conn *conn)
{
    vdr_exchange *exchange = conn->exchange;
    struct evbuffer *input = bufferevent_get_input(conn->bev);
    size_t len = (size_t)exchange->head.length_bytes;

    if (evbuffer_get_length(input) < len) {
        read_mark(conn, len);
        if (exchange->head.expects_continue && !conn->continued && evbuffer_get_length(input) == 0) {
            static const char line[] = "HTTP/1.1 100 Continue\r\n\r\n";
            conn->continued = true;
            (void)bufferevent_write(conn->bev, line, sizeof line - 1);
        }
        return;
    }
    if (exchange->head.has_length) {
        exchange->body = vdr_alloc(len + 1, 1);
        VDR_ASSERT(len == 0 || evbuffer_remove(input, exchange->body, len) == (int)len);
        exchange->request.body = vdr_span_of(exchange->body, len);
    }
    read_mark(conn, (size_t)conn->http->config->limits.header_bytes + 1);
    handle(conn);
}

/* Rates are counted by caller; who is nobody by address. */
static int64_t
throttle_ms(vdr_conn *conn, const vdr_http_request *request)
{
    uint8_t key[VDR_LIMITER_KEY_BYTES] = {0};
    if (conn->door == VDR_HTTP_ADMIN ||
        (request->identity.way == VDR_IDENTITY_NONE && !conn->exchange->has_address))
        return 0;
    if (request->identity.way != VDR_IDENTITY_NONE)
        memcpy(key, request->identity.key, sizeof key);
    else
        memcpy(key, conn->exchange->address.bytes, sizeof conn->exchange->address.bytes);
    return vdr_limiter_take(conn->http->per_caller, key, vdr_loop_now_ms());
}

static void
on_caller(void *context, vdr_http_request *request, vdr_refusal refusal, const char *detail)
{
    vdr_exchange *exchange = vdr_exchange_of(request);
    vdr_conn *conn = exchange->conn;
    vdr_http *http = context;
    if (conn == NULL) {
        vdr_exchange_end(exchange, 0);
        return;
    }
    size_t body_max = request->identity.way != VDR_IDENTITY_NONE ? (size_t)http->config->limits.body_bytes
                                                                 : NAMELESS_BODY_MAX;
    int64_t wait_ms = refusal == VDR_REFUSAL_NONE ? throttle_ms(conn, request) : 0;
    if (wait_ms > 0) {
        refusal = VDR_REFUSAL_TOO_MANY;
        exchange->retry_after_s = (wait_ms + 999) / 1000;
        vdr_metrics_add(http->metrics, VDR_METRIC_THROTTLED, 1);
    } else if (refusal == VDR_REFUSAL_NONE && exchange->head.length_bytes > body_max) {
        refusal =
            request->identity.way != VDR_IDENTITY_NONE ? VDR_REFUSAL_TOO_LARGE : VDR_REFUSAL_UNAUTHENTICATED;
    }
    if (refusal != VDR_REFUSAL_NONE) {
        /* The body was not read, so nothing can follow it. */
        conn->close = conn->close || exchange->head.length_bytes != 0;
        vdr_metrics_add(http->metrics, VDR_METRIC_REFUSED, 1);
        vdr_http_refuse(request, refusal, detail);
        return;
    }
    conn->state = VDR_CONN_BODY;
    vdr_conn_deadline(conn,
                      http->config->limits.body_ms + (int64_t)exchange->head.length_bytes / PACE_BYTES_MS);
    conn_go(conn);
}

static void
read_head(vdr_conn *conn)
{
    const vdr_gate_limits *limits = &conn->http->config->limits;
    const vdr_guard_limits guard_limits = {.target_bytes = (size_t)limits->target_bytes,
                                           .header_bytes = (size_t)limits->header_bytes,
                                           .header_count = (size_t)limits->header_count};
    struct evbuffer *input = bufferevent_get_input(conn->bev);
    size_t len = evbuffer_get_length(input), most = guard_limits.header_bytes + 1;
    const uint8_t *bytes = evbuffer_pullup(input, (ev_ssize_t)(len < most ? len : most));
    vdr_guard_fault fault;

    if (!conn->began) {
        conn->began = true;
        vdr_conn_deadline(conn, limits->header_ms);
    }
    size_t head_len =
        vdr_guard_scan(&conn->guard, vdr_span_of(bytes, len < most ? len : most), &guard_limits, &fault);
    if (fault.refusal != VDR_REFUSAL_NONE) {
        vdr_answer_fault(conn, fault.refusal, fault.detail);
        return;
    }
    if (head_len == 0)
        return;
    vdr_exchange *exchange = exchange_new(conn, head_len);
    uint8_t *head = vdr_arena_alloc(&exchange->arena, head_len);
    VDR_ASSERT(head != NULL && evbuffer_remove(input, head, head_len) == (int)head_len);
    conn->guard = (vdr_guard){0};
    conn->began = conn->continued = false;
    fault = vdr_guard_read(head, head_len, &guard_limits, &exchange->arena, &exchange->head);
    if (fault.refusal == VDR_REFUSAL_NONE && exchange->head.length_bytes > (uint64_t)limits->body_bytes)
        fault = (vdr_guard_fault){VDR_REFUSAL_TOO_LARGE, NULL};
    if (fault.refusal != VDR_REFUSAL_NONE) {
        conn->exchange = NULL;
        vdr_exchange_free(exchange);
        vdr_answer_fault(conn, fault.refusal, fault.detail);
        return;
    }
    conn->close = exchange->head.close || conn->http->draining;
    exchange_show(exchange);
    conn->state = VDR_CONN_CALLER;
    vdr_conn_deadline(conn, limits->answer_ms);
    if (conn->door == VDR_HTTP_ADMIN)
        on_caller(conn->http, &exchange->request, VDR_REFUSAL_NONE, NULL);
    else
        vdr_callers_identify(conn->http->callers, &conn->peer, &exchange->request, on_caller, conn->http);
}

/* As far as what has come goes. A handler that answers at once leads on from inside; then the outer call goes on. The
 * connection may be gone afterwards. */
static void
conn_go(vdr_conn *conn)
{
    if (conn->working)
        return;
    conn->working = true;
    for (;;) {
        struct evbuffer *input = bufferevent_get_input(conn->bev);
        vdr_conn_state state = conn->state;
        size_t len = evbuffer_get_length(input);
        if (state == VDR_CONN_HEAD && len > 0)
            read_head(conn);
        else if (state == VDR_CONN_BODY)
            read_body(conn);
        if (conn->state == state)
            break;
    }
    conn->working = false;
    if (conn->ended && (conn->state == VDR_CONN_HEAD || conn->state == VDR_CONN_BODY))
        vdr_conn_free(conn); /* what there is of a request will not be whole */
}

/* ---- Events ---- */

static void
linger(vdr_conn *conn)
{
    struct evbuffer *input = bufferevent_get_input(conn->bev);
    size_t len = evbuffer_get_length(input);
    conn->lingered += len;
    (void)evbuffer_drain(input, len);
    if (conn->lingered > LINGER_BYTES_MAX)
        vdr_conn_free(conn);
}

static void
on_read(struct bufferevent *bev, void *context)
{
    vdr_conn *conn = context;
    (void)bev;
    if (conn->state == VDR_CONN_LINGER)
        linger(conn);
    else
        conn_go(conn);
}

static void
start_linger(vdr_conn *conn)
{
    conn->state = VDR_CONN_LINGER;
    (void)bufferevent_disable(conn->bev, EV_WRITE);
    struct ssl_st *session = bufferevent_openssl_get_ssl(conn->bev);
    if (session != NULL)
        vdr_tls_bye(session);
    if (conn->ended) { /* there is nothing to come that could be thrown away */
        vdr_conn_free(conn);
        return;
    }
    (void)shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
    read_mark(conn, 0);
    vdr_conn_deadline(conn, LINGER_MS);
    linger(conn);
}

static void
await_head(vdr_conn *conn)
{
    conn->state = VDR_CONN_HEAD;
    vdr_conn_deadline(conn, conn->http->config->limits.idle_ms);
    conn_go(conn);
}

static void
on_write(struct bufferevent *bev, void *context)
{
    vdr_conn *conn = context;
    if (conn->state == VDR_CONN_STREAM)
        vdr_stream_flushed(conn->stream);
    if (conn->state != VDR_CONN_FLUSH || evbuffer_get_length(bufferevent_get_output(bev)) != 0)
        return;
    if (conn->close)
        start_linger(conn);
    else
        await_head(conn);
}

/* The handshake of TLS is through. */
static void
on_secured(vdr_conn *conn)
{
    struct ssl_st *session = bufferevent_openssl_get_ssl(conn->bev);
    conn->peer.has_certificate = vdr_tls_certificate(session, conn->peer.certificate);
}

/* Closed in both directions, as far as that can be seen: over TCP a client that has said all it wants to say, and one that
 * is gone, look the same until they are written to. */
static bool
is_gone(const vdr_conn *conn)
{
    struct pollfd look = {.fd = bufferevent_getfd(conn->bev)};
    return poll(&look, 1, 0) > 0 && (look.revents & (POLLHUP | POLLERR)) != 0;
}

static void
on_event(struct bufferevent *bev, short what, void *context)
{
    vdr_conn *conn = context;
    bool asked =
        conn->state == VDR_CONN_CALLER || conn->state == VDR_CONN_BUSY || conn->state == VDR_CONN_FLUSH;
    if (what & BEV_EVENT_CONNECTED) {
        on_secured(conn);
    } else if (asked && (what & BEV_EVENT_EOF) != 0 && (what & BEV_EVENT_READING) != 0 && !is_gone(conn)) {
        conn->ended = true;
        (void)bufferevent_disable(bev, EV_READ);
        (void)bufferevent_enable(bev, EV_WRITE); /* the end of reading under TLS stops both */
    } else {
        vdr_conn_free(conn); /* it went, failed, or does not read what we write */
    }
}

static void
on_deadline(evutil_socket_t fd, short what, void *context)
{
    vdr_conn *conn = context;
    vdr_exchange *exchange = conn->exchange;
    (void)fd;
    (void)what;
    if ((conn->state == VDR_CONN_HEAD && conn->began) || conn->state == VDR_CONN_BODY) {
        vdr_metrics_add(conn->http->metrics, VDR_METRIC_SLOW, 1);
        conn->exchange = NULL;
        if (exchange != NULL)
            vdr_exchange_free(exchange);
        vdr_answer_fault(conn, VDR_REFUSAL_REQUEST_TIMEOUT, NULL);
    } else if (conn->state == VDR_CONN_BUSY || conn->state == VDR_CONN_CALLER) {
        exchange->conn = NULL; /* its handler still has it */
        conn->exchange = NULL;
        vdr_answer_fault(conn, VDR_REFUSAL_UNAVAILABLE, "no answer was had in time");
    } else {
        vdr_conn_free(conn);
    }
}

void
vdr_conn_flush(vdr_conn *conn)
{
    conn->state = VDR_CONN_FLUSH;
    conn->exchange = NULL;
    size_t waits = evbuffer_get_length(bufferevent_get_output(conn->bev));
    vdr_conn_deadline(conn, conn->http->config->limits.answer_ms + (int64_t)(waits / PACE_BYTES_MS));
}

/* ---- Begin and end ---- */

static void
peer_key(const vdr_conn *conn, uint8_t key[VDR_LIMITER_KEY_BYTES])
{
    memset(key, 0, VDR_LIMITER_KEY_BYTES);
    memcpy(key, conn->peer.address.bytes, sizeof conn->peer.address.bytes);
}

void
vdr_conn_new(struct vdr_http_listener *listener, int fd, const struct sockaddr *address)
{
    vdr_http *http = listener->http;
    const vdr_gate_limits *limits = &http->config->limits;
    vdr_conn *conn = vdr_alloc(1, sizeof *conn);
    uint8_t key[VDR_LIMITER_KEY_BYTES];

    *conn = (vdr_conn){.http = http, .door = listener->door};
    conn->peer.behind_proxy = listener->door == VDR_HTTP_PROXY;
    if (listener->door != VDR_HTTP_ADMIN)
        conn->peer.has_address = vdr_address_of(address, &conn->peer.address);
    peer_key(conn, key);
    /* Those who run it get in still when callers have taken all there is. */
    size_t most = (size_t)limits->connections + (listener->door == VDR_HTTP_ADMIN ? ADMIN_SPARE : 0);
    if (http->conn_count >= most ||
        (conn->peer.has_address && !vdr_limiter_enter(http->per_address, key, vdr_loop_now_ms()))) {
        vdr_metrics_add(http->metrics, VDR_METRIC_CONNECTIONS_REFUSED, 1);
        (void)evutil_closesocket(fd);
        free(conn);
        return;
    }
    struct event_base *base = vdr_loop_base(http->loop);
    bool secure = http->tls != NULL && conn->peer.has_address && listener->door == VDR_HTTP_PUBLIC;
    conn->bev = secure ? bufferevent_openssl_socket_new(base, fd, vdr_tls_session_new(http->tls),
                                                        BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE)
                       : bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
    conn->deadline = event_new(base, -1, 0, on_deadline, conn);
    VDR_ASSERT(conn->bev != NULL && conn->deadline != NULL);
    bufferevent_setcb(conn->bev, on_read, on_write, on_event, conn);
    read_mark(conn, (size_t)limits->header_bytes + 1);
    vdr_conn_deadline(conn, limits->header_ms); /* the first head, and the handshake of TLS */
    struct timeval stuck = {.tv_sec = (time_t)(limits->answer_ms / 1000),
                            .tv_usec = (suseconds_t)(limits->answer_ms % 1000 * 1000)};
    (void)bufferevent_set_timeouts(conn->bev, NULL, &stuck);
    VDR_ASSERT(bufferevent_enable(conn->bev, EV_READ | EV_WRITE) == 0);
    conn->next = http->conns;
    conn->self = &http->conns;
    if (conn->next != NULL)
        conn->next->self = &conn->next;
    http->conns = conn;
    http->conn_count++;
    vdr_metrics_add(http->metrics, VDR_METRIC_CONNECTIONS, 1);
    vdr_metrics_add(http->metrics, VDR_METRIC_CONNECTIONS_TOTAL, 1);
}

void
vdr_conn_free(vdr_conn *conn)
{
    vdr_http *http = conn->http;
    uint8_t key[VDR_LIMITER_KEY_BYTES];
    if (conn->stream != NULL)
        vdr_stream_gone(conn->stream);
    if (conn->exchange != NULL) {
        conn->exchange->conn = NULL;
        if (conn->state == VDR_CONN_BODY) /* nobody else has it */
            vdr_exchange_end(conn->exchange, 0);
    }
    if (conn->peer.has_address) {
        peer_key(conn, key);
        vdr_limiter_leave(http->per_address, key);
    }
    *conn->self = conn->next;
    if (conn->next != NULL)
        conn->next->self = conn->self;
    http->conn_count--;
    vdr_metrics_add(http->metrics, VDR_METRIC_CONNECTIONS, -1);
    event_free(conn->deadline);
    bufferevent_free(conn->bev);
    free(conn);
    if (http->draining && http->conn_count == 0 && http->drained != NULL) {
        vdr_loop_later(http->loop, http->drained, http->drained_context);
        http->drained = NULL;
    }
}
