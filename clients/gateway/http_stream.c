#include "clients/gateway/http_conn.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <time.h>

#define COMMENT_MS 15000

struct vdr_http_stream {
    vdr_conn *conn;
    vdr_http_stream_calls calls;
    struct event *comment; /* made active at once where the stream is to end */
    uint8_t key[VDR_LIMITER_KEY_BYTES];
    bool full;
    bool over; /* nothing more goes out: the client did not keep up, or its session has ended */
};

static void
arm(vdr_http_stream *stream)
{
    struct timeval at = {.tv_sec = COMMENT_MS / 1000};
    VDR_ASSERT(event_add(stream->comment, &at) == 0);
}

static void
release(vdr_http_stream *stream)
{
    vdr_http *http = stream->conn->http;
    stream->conn->stream = NULL;
    vdr_limiter_leave(http->per_caller, stream->key);
    http->stream_count--;
    vdr_metrics_add(http->metrics, VDR_METRIC_STREAMS, -1);
    event_free(stream->comment);
    free(stream);
}

/* From inside a call of the stream's owner, so its connection goes later. */
static void
end_soon(vdr_http_stream *stream)
{
    stream->over = true;
    event_active(stream->comment, EV_TIMEOUT, 1);
}

void
vdr_http_streams_end(vdr_http *http, const uint8_t key[VDR_IDENTITY_KEY_BYTES])
{
    for (vdr_conn *conn = http->conns; conn != NULL; conn = conn->next)
        if (conn->stream != NULL && !conn->stream->over &&
            memcmp(conn->stream->key, key, sizeof conn->stream->key) == 0)
            end_soon(conn->stream);
}

static void
on_comment(evutil_socket_t fd, short what, void *context)
{
    vdr_http_stream *stream = context;
    (void)fd;
    (void)what;
    if (stream->over) {
        vdr_conn_free(stream->conn);
        return;
    }
    arm(stream);
    /* It keeps proxies from giving up, and finds out that a client has gone. */
    if (evbuffer_get_length(bufferevent_get_output(stream->conn->bev)) == 0)
        (void)bufferevent_write(stream->conn->bev, ":\n\n", 3);
}

/* Until that instant, to the second; it may have come. */
static int64_t
left_ms(vdr_ms expires_at)
{
    int64_t left = expires_at - (int64_t)time(NULL) * 1000;
    return left > 0 ? left : 0;
}

static vdr_http_stream *
begin(vdr_http_request *request, const vdr_http_stream_calls *calls)
{
    vdr_exchange *exchange = vdr_exchange_of(request);
    vdr_conn *conn = exchange->conn;
    vdr_http *http = conn->http;
    static const vdr_http_header_line unbuffered = {"X-Accel-Buffering", {(const uint8_t *)"no", 2}};

    vdr_http_stream *stream = vdr_alloc(1, sizeof *stream);
    *stream = (vdr_http_stream){.conn = conn, .calls = *calls};
    memcpy(stream->key, request->identity.key, sizeof stream->key);
    stream->comment = event_new(vdr_loop_base(http->loop), -1, 0, on_comment, stream);
    VDR_ASSERT(stream->comment != NULL);
    conn->close = true; /* its end is the end of the connection */
    vdr_answer_write(conn, exchange,
                     &(vdr_answer){.status = 200,
                                   .type = "text/event-stream",
                                   .headers = &unbuffered,
                                   .header_count = 1,
                                   .endless = true});
    conn->state = VDR_CONN_STREAM;
    conn->exchange = NULL;
    conn->stream = stream;
    if (request->identity.way ==
        VDR_IDENTITY_TOKEN) /* as long as the token holds; sessions end by themselves */
        vdr_conn_deadline(conn, left_ms(request->identity.expires_at));
    else
        (void)event_del(conn->deadline);
    bufferevent_setwatermark(conn->bev, EV_WRITE, (size_t)http->config->limits.stream_bytes / 2, 0);
    http->stream_count++;
    vdr_metrics_add(http->metrics, VDR_METRIC_STREAMS, 1);
    vdr_exchange_end(exchange, 200);
    arm(stream);
    return stream;
}

vdr_http_stream *
vdr_http_stream_new(vdr_http_request *request, const vdr_http_stream_calls *calls)
{
    vdr_exchange *exchange = vdr_exchange_of(request);
    vdr_http *http = exchange->http;
    if (exchange->conn == NULL) {
        vdr_exchange_end(exchange, 0);
        return NULL;
    }
    if (exchange->head.method == VDR_GUARD_HEAD) { /* what it would be, and nothing follows */
        vdr_http_answer(request, 200, "text/event-stream", (vdr_span){0}, NULL, 0);
        return NULL;
    }
    if (http->draining || http->stream_count >= (size_t)http->config->limits.streams) {
        vdr_http_refuse(request, VDR_REFUSAL_UNAVAILABLE, NULL);
        return NULL;
    }
    if (!vdr_limiter_enter(http->per_caller, request->identity.key, vdr_loop_now_ms())) {
        vdr_http_refuse(request, VDR_REFUSAL_TOO_MANY, "more streams than one caller may have open");
        return NULL;
    }
    return begin(request, calls);
}

size_t
vdr_http_stream_room(const vdr_http_stream *stream)
{
    size_t most = (size_t)stream->conn->http->config->limits.stream_bytes;
    size_t waits = evbuffer_get_length(bufferevent_get_output(stream->conn->bev));
    return waits < most ? most - waits : 0;
}

void
vdr_http_stream_write(vdr_http_stream *stream, vdr_span frame)
{
    if (stream->over)
        return;
    if (vdr_http_stream_room(stream) == 0) {
        vdr_metrics_add(stream->conn->http->metrics, VDR_METRIC_STREAMS_DROPPED, 1);
        end_soon(stream);
        return;
    }
    VDR_ASSERT(bufferevent_write(stream->conn->bev, frame.at, frame.len) == 0);
    stream->full = vdr_http_stream_room(stream) == 0;
}

void
vdr_stream_flushed(vdr_http_stream *stream)
{
    if (!stream->full || stream->over)
        return;
    stream->full = false;
    if (stream->calls.room != NULL)
        stream->calls.room(stream->calls.context);
}

void
vdr_stream_gone(vdr_http_stream *stream)
{
    vdr_http_stream_calls calls = stream->calls;
    release(stream);
    calls.closed(calls.context);
}

void
vdr_http_stream_free(vdr_http_stream **stream_p)
{
    vdr_http_stream *stream = *stream_p;
    if (stream == NULL)
        return;
    vdr_conn *conn = stream->conn;
    *stream_p = NULL;
    release(stream);
    bufferevent_setwatermark(conn->bev, EV_WRITE, 0, 0);
    vdr_conn_flush(conn);
    /* The output may be empty already. */
    bufferevent_trigger(conn->bev, EV_WRITE, BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
}
