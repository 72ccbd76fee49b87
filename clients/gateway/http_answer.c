#include "clients/gateway/http_conn.h"

#include <event2/buffer.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#define LINE_BYTES 512

static const char policy_page[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'";
static const char policy_rest[] =
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

static const char *
reason_of(unsigned status)
{
    static const struct {
        unsigned status;
        const char *reason;
    } reasons[] = {
        {200, "OK"},
        {201, "Created"},
        {202, "Accepted"},
        {204, "No Content"},
        {207, "Multi-Status"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {406, "Not Acceptable"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {410, "Gone"},
        {411, "Length Required"},
        {412, "Precondition Failed"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {422, "Unprocessable Content"},
        {428, "Precondition Required"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {502, "Bad Gateway"},
        {503, "Service Unavailable"},
        {504, "Gateway Timeout"},
        {505, "HTTP Version Not Supported"},
    };
    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "";
}

/* One header line; what does not fit, or would break out of its line, is a fault of ours. */
__attribute__((format(printf, 2, 3))) static void
line(struct evbuffer *output, const char *format, ...)
{
    char text[LINE_BYTES];
    va_list arguments;
    va_start(arguments, format);
    int len = vsnprintf(text, sizeof text - 2, format, arguments);
    va_end(arguments);
    VDR_ASSERT(len > 0 && (size_t)len < sizeof text - 2);
    for (int i = 0; i < len; i++)
        VDR_ASSERT((unsigned char)text[i] >= 0x20);
    memcpy(text + len, "\r\n", 2);
    VDR_ASSERT(evbuffer_add(output, text, (size_t)len + 2) == 0);
}

static void
line_of(struct evbuffer *output, const char *name, vdr_span value)
{
    for (size_t i = 0; i < value.len; i++)
        VDR_ASSERT(value.at[i] >= 0x20 && value.at[i] != 0x7f);
    VDR_ASSERT(evbuffer_add_printf(output, "%s: ", name) > 0 &&
               evbuffer_add(output, value.at, value.len) == 0 && evbuffer_add(output, "\r\n", 2) == 0);
}

static bool
names(const vdr_answer *answer, const char *name)
{
    for (size_t i = 0; i < answer->header_count; i++)
        if (evutil_ascii_strcasecmp(answer->headers[i].name, name) == 0)
            return true;
    return false;
}

/* What every answer has; the one place for it. */
static void
standing_headers(struct evbuffer *output, const vdr_answer *answer, bool secure, bool demonstration)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = time(NULL);
    struct tm at;
    (void)gmtime_r(&now, &at);
    line(output, "Date: %s, %02d %s %04d %02d:%02d:%02d GMT", days[at.tm_wday], at.tm_mday, months[at.tm_mon],
         at.tm_year + 1900, at.tm_hour, at.tm_min, at.tm_sec);
    line(output, "API-Version: %s", VDR_API_VERSION);
    if (demonstration) /* told to everybody, known or not, so that nobody takes it for real */
        line(output, "Demonstration: yes");
    if (!names(answer, "Cache-Control"))
        line(output, "Cache-Control: no-store");
    bool page = answer->type != NULL && strncmp(answer->type, "text/html", 9) == 0;
    if (answer->status != 304) /* it has no type; what is kept keeps its own policy */
        line(output, "Content-Security-Policy: %s", page ? policy_page : policy_rest);
    line(output, "X-Content-Type-Options: nosniff");
    line(output, "X-Frame-Options: DENY");
    line(output, "Referrer-Policy: no-referrer");
    if (!names(answer, "Cross-Origin-Resource-Policy"))
        line(output, "Cross-Origin-Resource-Policy: same-origin");
    line(output, "Cross-Origin-Opener-Policy: same-origin");
    if (secure)
        line(output, "Strict-Transport-Security: max-age=31536000");
}

/* exchange may be NULL: there is no request that could be told. */
void
vdr_answer_write(vdr_conn *conn, const vdr_exchange *exchange, const vdr_answer *answer)
{
    struct evbuffer *output = bufferevent_get_output(conn->bev);
    bool without_body = answer->status == 204 || answer->status == 304;
    bool head_only = exchange != NULL && exchange->head.method == VDR_GUARD_HEAD;

    VDR_ASSERT(answer->status >= 200 && answer->status <= 599);
    line(output, "HTTP/1.1 %u %s", answer->status, reason_of(answer->status));
    standing_headers(output, answer, exchange != NULL && exchange->request.secure,
                     conn->http->config->demonstration);
    if (answer->type != NULL)
        line(output, "Content-Type: %s", answer->type);
    if (!answer->endless && !without_body)
        line(output, "Content-Length: %zu", answer->body.len);
    if (conn->close)
        line(output, "Connection: close");
    if (exchange != NULL && exchange->cookie[0] != '\0')
        line(output, "Set-Cookie: %s", exchange->cookie);
    for (size_t i = 0; i < answer->header_count; i++)
        line_of(output, answer->headers[i].name, answer->headers[i].value);
    VDR_ASSERT(evbuffer_add(output, "\r\n", 2) == 0);
    if (!without_body && !head_only && answer->body.len != 0)
        VDR_ASSERT(evbuffer_add(output, answer->body.at, answer->body.len) == 0);
}

void
vdr_exchange_end(vdr_exchange *exchange, unsigned status)
{
    vdr_http *http = exchange->http;
    if (exchange->conn == NULL)
        vdr_metrics_add(http->metrics, VDR_METRIC_ANSWERS_DROPPED, 1);
    else
        vdr_metrics_request(http->metrics, exchange->head.method, exchange->route, status,
                            vdr_loop_now_ms() - exchange->began_ms);
    vdr_exchange_free(exchange);
}

void
vdr_answer_fault(vdr_conn *conn, vdr_refusal refusal, const char *detail)
{
    vdr_bytes body = {0};
    vdr_refusal_write(&body, refusal, detail);
    conn->close = true;
    vdr_answer_write(conn, NULL,
                     &(vdr_answer){.status = vdr_refusal_status(refusal),
                                   .type = "application/problem+json",
                                   .body = vdr_bytes_span(&body)});
    vdr_bytes_done(&body);
    vdr_metrics_add(conn->http->metrics, VDR_METRIC_HEADS_REFUSED, 1);
    vdr_conn_flush(conn);
}

void
vdr_http_answer(vdr_http_request *request, unsigned status, const char *type, vdr_span body,
                const vdr_http_header_line *headers, size_t header_count)
{
    vdr_exchange *exchange = vdr_exchange_of(request);
    vdr_conn *conn = exchange->conn;
    if (conn != NULL) {
        VDR_ASSERT(conn->exchange == exchange);
        conn->close = conn->close || conn->http->draining;
        vdr_answer_write(conn, exchange,
                         &(vdr_answer){.status = status,
                                       .type = type,
                                       .body = body,
                                       .headers = headers,
                                       .header_count = header_count});
        vdr_conn_flush(conn);
    }
    vdr_exchange_end(exchange, status);
}

void
vdr_http_refuse(vdr_http_request *request, vdr_refusal refusal, const char *detail)
{
    vdr_exchange *exchange = vdr_exchange_of(request);
    vdr_http_header_line more = {0};
    char seconds[24];
    int64_t wait_s = exchange->retry_after_s > 0 ? exchange->retry_after_s : 1;

    if (refusal == VDR_REFUSAL_TOO_MANY || refusal == VDR_REFUSAL_UNAVAILABLE) {
        (void)snprintf(seconds, sizeof seconds, "%lld", (long long)wait_s);
        more = (vdr_http_header_line){"Retry-After", vdr_span_str(seconds)};
    } else if (refusal == VDR_REFUSAL_UNAUTHENTICATED) {
        more = (vdr_http_header_line){"WWW-Authenticate", vdr_span_str("Bearer")};
    }
    vdr_bytes body = {0};
    vdr_refusal_write(&body, refusal, detail);
    vdr_http_answer(request, vdr_refusal_status(refusal), "application/problem+json", vdr_bytes_span(&body),
                    &more, more.name != NULL ? 1 : 0);
    vdr_bytes_done(&body);
}
