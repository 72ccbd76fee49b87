/* clients/gateway/guard.h - the bytes of a connection, let in only when they can be read in one way.
 *
 * Strictly RFC 9112 and less: lines end in CR LF, a name is followed by its colon, nothing is folded, what may stand
 * once stands once, a body has one Content-Length and is never chunked, the target is a path, every escape in it is
 * whole and makes UTF-8. What two readers could take for two things is refused, so that no proxy in front of the
 * gateway sees other requests than it does. (tests/http/corpus.py: what is refused, and what libraries make of it.)
 *
 * Pure: no socket, no clock. Thread: any. Memory: what a head shows lives in the arena given, and points into the
 * bytes given to vdr_guard_read(), which are changed. */
#ifndef VDR_GATEWAY_GUARD_H
#define VDR_GATEWAY_GUARD_H

#include "clients/gateway/refusal.h"
#include "proto/arena.h"
#include "proto/assert.h"

#define VDR_GUARD_SEGMENTS_MAX 12
#define VDR_GUARD_QUERY_MAX    32
#define VDR_GUARD_HEADERS_MAX  64

typedef struct vdr_guard_limits {
    size_t target_bytes; /* of path and query */
    size_t header_bytes; /* of the whole head */
    size_t header_count; /* at most VDR_GUARD_HEADERS_MAX */
} vdr_guard_limits;

/* Why bytes were refused. detail is a literal; it never repeats what was sent. */
typedef struct vdr_guard_fault {
    vdr_refusal refusal; /* NONE: nothing was */
    const char *detail;
} vdr_guard_fault;

/* How far one head has been looked at. {0} before its first byte. */
typedef struct vdr_guard {
    size_t scanned, line_from, lines;
    bool blank_before; /* one empty line before the request line was passed over (RFC 9112 section 2.2) */
} vdr_guard;

/* Looks at the bytes that have come so far, from the head's first on; asked again with more, goes on where it was.
 * The length of the head once it is there whole; 0: more are needed, or ret_fault says what is wrong already. */
size_t vdr_guard_scan(vdr_guard *guard, vdr_span bytes, const vdr_guard_limits *limits,
                      vdr_guard_fault *ret_fault);

typedef enum vdr_guard_method {
    VDR_GUARD_GET,
    VDR_GUARD_POST,
    VDR_GUARD_PUT,
    VDR_GUARD_DELETE,
    VDR_GUARD_OPTIONS,
    VDR_GUARD_PATCH,
    VDR_GUARD_HEAD,
} vdr_guard_method;

typedef struct vdr_guard_field {
    vdr_span name, value;
} vdr_guard_field;

typedef struct vdr_guard_head {
    vdr_guard_method method;
    unsigned minor;        /* of HTTP/1 */
    vdr_span target, path; /* as sent; path is target up to the "?" */
    vdr_span segments[VDR_GUARD_SEGMENTS_MAX];
    size_t segment_count;
    bool no_path; /* it has an empty segment, or more than there are: nothing can be there */
    vdr_guard_field query[VDR_GUARD_QUERY_MAX];
    size_t query_count;
    vdr_guard_field headers[VDR_GUARD_HEADERS_MAX]; /* names in lower case */
    size_t header_count;
    vdr_span host;         /* absent: HTTP/1.0 without one */
    bool has_length;       /* Content-Length was sent */
    uint64_t length_bytes; /* of the body */
    bool expects_continue;
    bool close; /* no other request follows on this connection */
} vdr_guard_head;

/* Reads a head that vdr_guard_scan() found whole. bytes are changed: names to lower case. */
vdr_guard_fault vdr_guard_read(uint8_t *bytes, size_t len, const vdr_guard_limits *limits, vdr_arena *arena,
                               vdr_guard_head *ret_head);

/* The path and the query of head->target (target.c). */
vdr_guard_fault vdr_guard_target(vdr_guard_head *head, vdr_arena *arena);

#endif
