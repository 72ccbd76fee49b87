/* clients/gateway/refusal.h - the problems of HTTP itself, beside those of proto/err.h, in one table.
 *
 * X(symbol, status, code, title, hint). The code is stable: it is the end of the problem's type URI and stands in
 * the document. What the broker refuses has the code of proto/err.h instead. */
#ifndef VDR_GATEWAY_REFUSAL_H
#define VDR_GATEWAY_REFUSAL_H

#include "proto/bytes.h"

#define VDR_REFUSAL_TABLE(X)                                                                                 \
    X(BAD_REQUEST, 400, "bad_request", "the request is not well-formed HTTP/1.1",                            \
      "send it as RFC 9112 says; the detail tells what is wrong")                                            \
    X(UNAUTHENTICATED, 401, "unauthenticated", "nobody is known by what this request shows",                 \
      "show a client certificate, a bearer token or the cookie of a session")                                \
    X(WRONG_PASSWORD, 401, "wrong_password", "account and password do not belong together",                  \
      "try again; after several wrong ones the account waits for a while")                                   \
    X(NOT_OURS, 403, "not_same_origin", "this did not come from our own page",                               \
      "send X-CSRF-Token as /v1/session gave it, from a page of the same origin")                            \
    X(NO_SUCH_PATH, 404, "no_such_path", "there is nothing at this path",                                    \
      "look the path up in /v1/openapi.json; no path ends in a slash")                                       \
    X(METHOD_NOT_ALLOWED, 405, "method_not_allowed", "this path does not take this method",                  \
      "the Allow header has the methods that it takes")                                                      \
    X(NOT_ACCEPTABLE, 406, "not_acceptable", "no type that Accept names can be answered here",               \
      "accept application/json and application/problem+json")                                                \
    X(REQUEST_TIMEOUT, 408, "request_timeout", "the request came too slowly", "send it in one go")           \
    X(LENGTH_REQUIRED, 411, "length_required", "a body needs a Content-Length here",                         \
      "send Content-Length; chunked bodies are not taken")                                                   \
    X(TOO_LARGE, 413, "body_too_large", "the body is larger than is taken here",                             \
      "send fewer items in one request")                                                                     \
    X(URI_TOO_LONG, 414, "uri_too_long", "the path and query are longer than is taken here",                 \
      "nothing here needs so long a path")                                                                   \
    X(UNSUPPORTED_TYPE, 415, "unsupported_type", "this path does not take this content type",                \
      "openapi.json names the types that it takes")                                                          \
    X(EXPECTATION, 417, "expectation_failed", "only 100-continue can be expected", "leave Expect out")       \
    X(TOO_MANY, 429, "too_many_requests", "more requests than one caller may send",                          \
      "wait as long as Retry-After says; put several signals into one batch")                                \
    X(HEADERS_TOO_LARGE, 431, "headers_too_large", "the headers are more than is taken here",                \
      "send fewer or shorter headers")                                                                       \
    X(INTERNAL, 500, "internal", "the gateway failed", "tell those who run it")                              \
    X(NOT_IMPLEMENTED, 501, "not_implemented", "this method is not served", "openapi.json has the methods")  \
    X(UNAVAILABLE, 503, "unavailable", "not now", "try again after Retry-After")                             \
    X(BAD_VERSION, 505, "http_version", "only HTTP/1.1 and HTTP/1.0 are spoken here", "send HTTP/1.1")       \
    X(INVALID, 400, "invalid_request", "the body or a parameter is not as described",                        \
      "errors has all that is wrong, with a pointer to each; openapi.json describes the request")

typedef enum vdr_refusal {
    VDR_REFUSAL_NONE = 0,
#define X(symbol, status, code, title, hint) VDR_REFUSAL_##symbol,
    VDR_REFUSAL_TABLE(X)
#undef X
} vdr_refusal;
#define VDR_REFUSAL_LAST VDR_REFUSAL_INVALID

/* NONE is answered as INTERNAL. Never NULL. Any thread. */
unsigned vdr_refusal_status(vdr_refusal refusal);
const char *vdr_refusal_code(vdr_refusal refusal);
const char *vdr_refusal_title(vdr_refusal refusal);
const char *vdr_refusal_hint(vdr_refusal refusal);

/* Appends the problem document (RFC 9457): type, title, status, code, detail and hints. */
void vdr_refusal_write(vdr_bytes *bytes, vdr_refusal refusal, const char *detail);

#endif
