#include "broker/gauge/scrape.h"

#include <stdio.h>

typedef struct row {
    const char *text;
    vdr_scrape_path path;
} row;

static const row paths[] = {
    {"/metrics", VDR_SCRAPE_METRICS}, {"/healthz", VDR_SCRAPE_HEALTH}, {"/readyz", VDR_SCRAPE_READY}};

/* tchar of RFC 9110 section 5.6.2 */
static bool
is_token_char(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
same_name(vdr_span name, const char *lower)
{
    if (name.len != strlen(lower))
        return false;
    for (size_t i = 0; i < name.len; i++) {
        uint8_t c = name.at[i];
        if ((c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c) != (uint8_t)lower[i])
            return false;
    }
    return true;
}

/* A line without its CR LF off the front; false: its end has not come. *ret_bad: a CR or LF stands alone. */
static bool
take_line(vdr_span *rest, vdr_span *ret_line, bool *ret_bad)
{
    for (size_t i = 0; i < rest->len; i++) {
        uint8_t c = rest->at[i];
        if (c == '\r' && i + 1 == rest->len)
            return false;
        *ret_bad = c == '\n' || (c == '\r' && rest->at[i + 1] != '\n') ||
                   (c != '\t' && c != '\r' && c < ' ') || c == 0x7f;
        if (*ret_bad)
            return true;
        if (c == '\r') {
            *ret_line = vdr_span_of(rest->at, i);
            *rest = vdr_span_of(rest->at + i + 2, rest->len - i - 2);
            return true;
        }
    }
    return false;
}

/* The word up to the next space, which is taken too. */
static vdr_span
take_word(vdr_span *rest)
{
    size_t len = 0;
    while (len < rest->len && rest->at[len] != ' ')
        len++;
    vdr_span word = vdr_span_of(rest->at, len);
    size_t taken = len < rest->len ? len + 1 : len;
    *rest = vdr_span_of(rest->at + taken, rest->len - taken);
    return word;
}

static unsigned
read_request_line(vdr_span line, bool *ret_old, vdr_scrape_path *ret_path)
{
    vdr_span rest = line;
    vdr_span method = take_word(&rest), target = take_word(&rest), version = rest;
    bool token = method.len != 0;
    for (size_t i = 0; i < method.len; i++)
        token = token && is_token_char(method.at[i]);
    if (!token || target.len == 0 || version.len != 8 || memcmp(version.at, "HTTP/", 5) != 0 ||
        version.at[6] != '.')
        return 400;
    for (size_t i = 0; i < target.len; i++) {
        if (target.at[i] <= ' ' || target.at[i] >= 0x7f)
            return 400;
    }
    *ret_old = vdr_span_equal(version, vdr_span_str("HTTP/1.0"));
    if (!*ret_old && !vdr_span_equal(version, vdr_span_str("HTTP/1.1")))
        return 505;
    if (!vdr_span_equal(method, vdr_span_str("GET")))
        return 405;
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        if (vdr_span_equal(target, vdr_span_str(paths[i].text))) {
            *ret_path = paths[i].path;
            return 200;
        }
    }
    return 404;
}

/* Counts the Host in *hosts. False: not a field, or one that announces a body. */
static bool
field_is_good(vdr_span line, unsigned *hosts)
{
    size_t len = 0;
    while (len < line.len && is_token_char(line.at[len]))
        len++;
    vdr_span name = vdr_span_of(line.at, len);
    if (len == 0 || len == line.len || line.at[len] != ':')
        return false;
    if (same_name(name, "host"))
        ++*hosts;
    return !same_name(name, "content-length") && !same_name(name, "transfer-encoding") &&
           !same_name(name, "upgrade") && !same_name(name, "expect");
}

unsigned
vdr_scrape_read(vdr_span bytes, vdr_scrape_path *ret_path)
{
    vdr_scrape_path path = VDR_SCRAPE_METRICS;
    vdr_span rest = bytes, line;
    bool bad = false, old = false, first = true, fields_bad = false;
    unsigned status = 400, hosts = 0;
    if (bytes.len > VDR_SCRAPE_BYTES_MAX)
        return 431;
    while (take_line(&rest, &line, &bad)) {
        if (bad || (first && line.len == 0))
            return 400;
        if (line.len == 0) { /* the end: what is wrong with the form weighs more than what is asked for */
            if (rest.len != 0 || fields_bad || hosts > 1 || (!old && hosts == 0))
                return 400;
            if (status == 200)
                *ret_path = path;
            return status;
        }
        if (first)
            status = read_request_line(line, &old, &path);
        else
            fields_bad = !field_is_good(line, &hosts) || fields_bad;
        if (first && (status == 400 || status == 505))
            return status;
        first = false;
    }
    return bytes.len == VDR_SCRAPE_BYTES_MAX ? 431 : 0;
}

static const char *
reason_of(unsigned status)
{
    return status == 200   ? "OK"
           : status == 404 ? "Not Found"
           : status == 405 ? "Method Not Allowed"
           : status == 431 ? "Request Header Fields Too Large"
           : status == 503 ? "Service Unavailable"
           : status == 505 ? "HTTP Version Not Supported"
                           : "Bad Request";
}

size_t
vdr_scrape_head(unsigned status, const char *type, size_t body_len, char *at, size_t size)
{
    int len =
        snprintf(at, size,
                 "HTTP/1.1 %u %s\r\n%sContent-Type: %s\r\nContent-Length: %zu\r\nCache-Control: no-store\r\n"
                 "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
                 status, reason_of(status), status == 405 ? "Allow: GET\r\n" : "", type, body_len);
    return len > 0 && (size_t)len < size ? (size_t)len : 0;
}
