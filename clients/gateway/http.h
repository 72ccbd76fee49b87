/* clients/gateway/http.h - requests that have been let in, their answers, and streams of server-sent events.
 *
 * Before a handler sees a request, it has been checked whole: its bytes by the guard (guard.h), its size and pace
 * by the limits, its caller (identity.h), and, where a session's cookie is shown with an unsafe method, that the
 * page which sends it is ours. What does not pass is answered there.
 *
 * Every request is answered exactly once: vdr_http_answer(), vdr_http_refuse() or vdr_http_stream_new(), in the
 * handler or at any later time on the loop's thread. The request is gone then. When the client went away in
 * between, the answer is dropped without a word, so nobody has to know; vdr_http_request_gone() tells those
 * who can save work by it. A client that closed its own direction only still gets its answer. One that is not answered within limits.answer_time is answered 503 by the server and counts
 * as gone from then on. A request that is never answered stops the program in vdr_http_close().
 *
 * Every answer gets the headers of security and API-Version, and Demonstration where nothing is real; Cache-Control is
 * no-store if it has none.
 *
 * Thread:  the loop's.
 * Memory:  what a request shows lives until it is answered. What is handed in is copied. */
#ifndef VDR_GATEWAY_HTTP_H
#define VDR_GATEWAY_HTTP_H

#include "clients/gateway/guard.h"
#include "clients/gateway/identity.h"

typedef struct vdr_http vdr_http;
typedef struct vdr_http_stream vdr_http_stream;

/* HEAD comes as GET; its answer loses its body on the way out. Others are answered 501 before any handler. */
typedef enum vdr_http_method {
    VDR_HTTP_GET,
    VDR_HTTP_POST,
    VDR_HTTP_PUT,
    VDR_HTTP_DELETE,
    VDR_HTTP_OPTIONS,
    VDR_HTTP_PATCH,
} vdr_http_method;

typedef vdr_guard_field vdr_http_field; /* name (header: in lower case; query: decoded) and value */

#define VDR_API_VERSION "1.0.0" /* of the API, by semantic versioning; not the program's */

#define VDR_HTTP_SEGMENTS_MAX VDR_GUARD_SEGMENTS_MAX
#define VDR_HTTP_QUERY_MAX    VDR_GUARD_QUERY_MAX
#define VDR_HTTP_HEADERS_MAX  VDR_GUARD_HEADERS_MAX

typedef struct vdr_http_request {
    vdr_http_method method;
    vdr_span path; /* as sent, "/v1/signals/a%2Fb", without the query: for Location and logs of shapes */
    /* Between the slashes, each decoded: {"v1", "signals", "a/b"}. UTF-8, no controls, never empty, "." or "..";
     * "/" has none. (A path with an empty segment, also at its end, was answered 404.) */
    vdr_span segments[VDR_HTTP_SEGMENTS_MAX];
    size_t segment_count;
    vdr_http_field query[VDR_HTTP_QUERY_MAX]; /* in order; "+" is a blank; a name without "=" has "" */
    size_t query_count;
    /* Names in lower case, values without blanks around them, printable ASCII or UTF-8. What may stand once only
     * (all but the lists of RFC 9110) stands once; lists come as one, joined by ", ". */
    vdr_http_field headers[VDR_HTTP_HEADERS_MAX];
    size_t header_count;
    vdr_span body; /* whole; at NULL: none was sent */
    vdr_identity identity;
    bool secure; /* over TLS, ours or the proxy's */
} vdr_http_request;

/* What the server calls for every request it let in, but those for the console's files. */
typedef void (*vdr_http_handler)(void *context, vdr_http_request *request);

/* ---- Looking ---- */

/* The value of a header (name in lower case) or of a query key; absent (at NULL) if there is none. */
vdr_span vdr_http_header(const vdr_http_request *request, const char *name);
vdr_span vdr_http_query(const vdr_http_request *request, const char *name);

/* Does Accept let an answer of this type through ("application/json")? No Accept does. */
bool vdr_http_accepts(const vdr_http_request *request, const char *type);

bool vdr_http_request_gone(const vdr_http_request *request);

/* "/v1/cases/{id}": a literal, by which the request is counted in /metrics. Without it: "other". */
void vdr_http_route_set(vdr_http_request *request, const char *route);

/* ---- Answering; each is the request's last ---- */

typedef struct vdr_http_header_line {
    const char *name; /* "Location" */
    vdr_span value;   /* one line; a control in it stops the program */
} vdr_http_header_line;

/* headers may be NULL. type NULL: no body. */
void vdr_http_answer(vdr_http_request *request, unsigned status, const char *type, vdr_span body,
                     const vdr_http_header_line *headers, size_t header_count);

/* A problem of our own (refusal.h); detail is for people and may be NULL. Retry-After goes along where the
 * refusal has it. */
void vdr_http_refuse(vdr_http_request *request, vdr_refusal refusal, const char *detail);

/* ---- Streams of server-sent events ---- */

typedef struct vdr_http_stream_calls {
    void (*closed)(
        void *context); /* the client went, was too slow, or we stop; the stream is gone: forget it */
    void (*room)(void *context); /* may be NULL: after vdr_http_stream_room() was 0, there is room again */
    void *context;
} vdr_http_stream_calls;

/* Answers 200 text/event-stream. A comment goes out every 15 s by itself. NULL: none was begun, because the
 * caller has too many (429 was answered), only asked for the head, or has gone; closed is not called then. The
 * request is gone in either case. */
VDR_MUST_CHECK vdr_http_stream *vdr_http_stream_new(vdr_http_request *request,
                                                    const vdr_http_stream_calls *calls);

/* Bytes that may wait for the client still; 0: write no more until room is called, or do, and it is closed. */
size_t vdr_http_stream_room(const vdr_http_stream *stream);

/* A whole frame, ended by an empty line ("id: 7\nevent: x\ndata: {}\n\n"). A client that does not keep up is let
 * go: what would wait beyond the limit is dropped, closed comes later on the loop. It resumes with
 * Last-Event-ID. */
void vdr_http_stream_write(vdr_http_stream *stream, vdr_span frame);

/* Ends it from our side; closed is not called. NULL-safe */
void vdr_http_stream_free(vdr_http_stream **stream_p);

#endif
