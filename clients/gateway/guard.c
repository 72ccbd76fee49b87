#include "clients/gateway/guard.h"

#include "proto/utf8.h"

#define VERSION_BYTES 8 /* HTTP/1.1 */
#define METHOD_BYTES  8 /* longer than any */

static const char no_version[] = "the request line does not end in HTTP/1.1 or HTTP/1.0";
static const vdr_guard_fault fine = {VDR_REFUSAL_NONE, NULL};

static vdr_guard_fault
bad(const char *detail)
{
    return (vdr_guard_fault){VDR_REFUSAL_BAD_REQUEST, detail};
}

static bool
is(vdr_span text, const char *word)
{
    return vdr_span_equal(text, vdr_span_str(word));
}

/* ---- Where the head ends ---- */

/* The line that ends at `at` (its CR) has been seen. Is the head at its end? */
static bool
end_line(vdr_guard *guard, vdr_span bytes, size_t at, const vdr_guard_limits *limits,
         vdr_guard_fault *ret_fault)
{
    size_t len = at - guard->line_from;
    bool empty = len == 0;
    guard->line_from = at + 2;
    if (!empty) {
        /* HTTP/0.9 has nothing more to say, so its line is judged without waiting. */
        if (guard->lines == 0 &&
            (len < VERSION_BYTES || memcmp(bytes.at + at - VERSION_BYTES, "HTTP/", 5) != 0))
            *ret_fault = bad(no_version);
        if (guard->lines++ > limits->header_count)
            *ret_fault = (vdr_guard_fault){VDR_REFUSAL_HEADERS_TOO_LARGE, "more headers than are taken here"};
        return false;
    }
    if (guard->lines > 0)
        return true;
    if (guard->blank_before)
        *ret_fault = bad("an empty line where the request line should be");
    guard->blank_before = true;
    return false;
}

static bool
too_long(const vdr_guard *guard, const vdr_guard_limits *limits, vdr_guard_fault *ret_fault)
{
    if (guard->lines == 0 &&
        guard->scanned + 1 - guard->line_from > limits->target_bytes + METHOD_BYTES + VERSION_BYTES + 2)
        *ret_fault = (vdr_guard_fault){VDR_REFUSAL_URI_TOO_LONG, NULL};
    else if (guard->scanned >= limits->header_bytes)
        *ret_fault = (vdr_guard_fault){VDR_REFUSAL_HEADERS_TOO_LARGE, "longer headers than are taken here"};
    return ret_fault->refusal != VDR_REFUSAL_NONE;
}

size_t
vdr_guard_scan(vdr_guard *guard, vdr_span bytes, const vdr_guard_limits *limits, vdr_guard_fault *ret_fault)
{
    *ret_fault = fine;
    for (; guard->scanned < bytes.len; guard->scanned++) {
        size_t i = guard->scanned;
        uint8_t c = bytes.at[i], before = i > 0 ? bytes.at[i - 1] : 0;
        if (before == '\r' && c != '\n')
            *ret_fault = bad("a CR without LF");
        else if (c == '\n' && before != '\r')
            *ret_fault = bad("a line ends in LF without CR");
        else if ((c < 0x20 && c != '\t' && c != '\r' && c != '\n') || c == 0x7f)
            *ret_fault = bad("a control character in the head");
        else if (guard->lines == 0 && i == guard->line_from && c != '\r' && (c < 'A' || c > 'Z'))
            *ret_fault = bad("the request line does not begin with a method");
        else if (too_long(guard, limits, ret_fault))
            return 0;
        else if (c == '\n' && end_line(guard, bytes, i - 1, limits, ret_fault))
            return i + 1;
        if (ret_fault->refusal != VDR_REFUSAL_NONE)
            return 0;
    }
    return 0;
}

/* ---- The request line ---- */

static vdr_guard_fault
read_method(vdr_span word, vdr_guard_method *ret_method)
{
    static const char *const names[] = {
        [VDR_GUARD_GET] = "GET",       [VDR_GUARD_POST] = "POST",       [VDR_GUARD_PUT] = "PUT",
        [VDR_GUARD_DELETE] = "DELETE", [VDR_GUARD_OPTIONS] = "OPTIONS", [VDR_GUARD_PATCH] = "PATCH",
        [VDR_GUARD_HEAD] = "HEAD",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (is(word, names[i])) {
            *ret_method = (vdr_guard_method)i;
            return fine;
        }
    return (vdr_guard_fault){VDR_REFUSAL_NOT_IMPLEMENTED, NULL};
}

static bool
digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static vdr_guard_fault
read_version(vdr_span word, unsigned *ret_minor)
{
    if (is(word, "HTTP/1.1") || is(word, "HTTP/1.0")) {
        *ret_minor = word.at[VERSION_BYTES - 1] - (unsigned)'0';
        return fine;
    }
    bool other = word.len == VERSION_BYTES && memcmp(word.at, "HTTP/", 5) == 0 && digit(word.at[5]) &&
                 word.at[6] == '.' && digit(word.at[7]);
    return other ? (vdr_guard_fault){VDR_REFUSAL_BAD_VERSION, NULL} : bad(no_version);
}

static vdr_guard_fault
read_request_line(vdr_span line, const vdr_guard_limits *limits, vdr_guard_head *head)
{
    const uint8_t *first = line.len != 0 ? memchr(line.at, ' ', line.len) : NULL;
    if (first == NULL)
        return bad("the request line is not a method, a path and a version");
    size_t method_len = (size_t)(first - line.at), rest_len = line.len - method_len - 1;
    const uint8_t *second = rest_len != 0 ? memchr(first + 1, ' ', rest_len) : NULL;
    if (second == NULL)
        return bad("the request line is not a method, a path and a version");
    head->target = vdr_span_of(first + 1, (size_t)(second - first) - 1);
    vdr_guard_fault fault =
        read_version(vdr_span_of(second + 1, (size_t)(line.at + line.len - second) - 1), &head->minor);
    if (fault.refusal == VDR_REFUSAL_NONE)
        fault = read_method(vdr_span_of(line.at, method_len), &head->method);
    if (fault.refusal == VDR_REFUSAL_NONE && head->target.len > limits->target_bytes)
        fault = (vdr_guard_fault){VDR_REFUSAL_URI_TOO_LONG, NULL};
    return fault;
}

/* ---- Headers ---- */

/* tchar of RFC 9110 but for "_": gateways in front turn "-" into it, and then two names are one. */
static bool
name_char(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || digit(c) ||
           (c != 0 && c != '_' && memchr("!#$%&'*+-.^`|~", c, 14) != NULL);
}

/* Headers whose value is a list: only these may stand more than once. */
static bool
is_list(vdr_span name)
{
    static const char *const lists[] = {
        "accept",
        "accept-charset",
        "accept-encoding",
        "accept-language",
        "cache-control",
        "connection",
        "forwarded",
        "if-match",
        "if-none-match",
        "pragma",
        "prefer",
        "te",
        "tracestate",
        "upgrade",
        "via",
        "warning",
        "x-forwarded-for",
        "x-forwarded-host",
        "x-forwarded-proto",
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++)
        if (is(name, lists[i]))
            return true;
    return false;
}

static vdr_guard_fault
add_header(vdr_guard_head *head, vdr_span name, vdr_span value, const vdr_guard_limits *limits,
           vdr_arena *arena)
{
    for (size_t i = 0; i < head->header_count; i++) {
        vdr_guard_field *before = &head->headers[i];
        if (!vdr_span_equal(before->name, name))
            continue;
        if (!is_list(name))
            return bad("a header stands twice that may stand once");
        if (value.len == 0 || before->value.len == 0) { /* an empty list adds nothing */
            before->value = value.len == 0 ? before->value : value;
            return fine;
        }
        uint8_t *joined = vdr_arena_alloc(arena, before->value.len + 2 + value.len + 1);
        if (joined == NULL)
            return (vdr_guard_fault){VDR_REFUSAL_HEADERS_TOO_LARGE, NULL};
        memcpy(joined, before->value.at, before->value.len);
        memcpy(joined + before->value.len, ", ", 2);
        memcpy(joined + before->value.len + 2, value.at, value.len);
        before->value = vdr_span_of(joined, before->value.len + 2 + value.len);
        return fine;
    }
    if (head->header_count == limits->header_count || head->header_count == VDR_GUARD_HEADERS_MAX)
        return (vdr_guard_fault){VDR_REFUSAL_HEADERS_TOO_LARGE, "more headers than are taken here"};
    head->headers[head->header_count++] = (vdr_guard_field){.name = name, .value = value};
    return fine;
}

static vdr_guard_fault
read_header(uint8_t *line, size_t len, const vdr_guard_limits *limits, vdr_arena *arena, vdr_guard_head *head)
{
    if (line[0] == ' ' || line[0] == '\t')
        return bad("a header is folded, or begins with a blank");
    const uint8_t *colon = memchr(line, ':', len);
    if (colon == NULL || colon == line)
        return bad("a header without a name or a colon");
    size_t name_len = (size_t)(colon - line);
    for (size_t i = 0; i < name_len; i++) {
        if (!name_char(line[i]))
            return bad("a character in a header's name that may not be there");
        if (line[i] >= 'A' && line[i] <= 'Z')
            line[i] = (uint8_t)(line[i] - 'A' + 'a');
    }
    size_t from = name_len + 1, to = len;
    while (from < to && (line[from] == ' ' || line[from] == '\t'))
        from++;
    while (to > from && (line[to - 1] == ' ' || line[to - 1] == '\t'))
        to--;
    vdr_span value = vdr_span_of(line + from, to - from);
    if (!vdr_span_is_utf8(value))
        return bad("a header's value is not UTF-8");
    return add_header(head, vdr_span_of(line, name_len), value, limits, arena);
}

/* ---- What the headers mean for the message ---- */

static vdr_span
header_of(const vdr_guard_head *head, const char *name)
{
    for (size_t i = 0; i < head->header_count; i++)
        if (is(head->headers[i].name, name))
            return head->headers[i].value;
    return (vdr_span){0};
}

/* uri-host [":" port] of RFC 3986, without user and escapes. */
static bool
is_host(vdr_span host)
{
    size_t i = 0;
    if (host.len != 0 && host.at[0] == '[') {
        for (i = 1; i < host.len && (digit(host.at[i]) || memchr(":.abcdefABCDEF", host.at[i], 14) != NULL);
             i++)
            ;
        if (i < 3 || i == host.len || host.at[i++] != ']')
            return false;
    } else {
        while (i < host.len && host.at[i] != '_' && host.at[i] != ':' &&
               (digit(host.at[i]) || ((host.at[i] | 0x20) >= 'a' && (host.at[i] | 0x20) <= 'z') ||
                memchr("-.", host.at[i], 2) != NULL))
            i++;
        if (i == 0)
            return false;
    }
    if (i == host.len)
        return true;
    unsigned port = 0;
    if (host.at[i++] != ':' || i == host.len || host.len - i > 5)
        return false;
    for (; i < host.len && digit(host.at[i]); i++)
        port = port * 10 + (host.at[i] - (unsigned)'0');
    return i == host.len && port > 0 && port <= 65535;
}

static vdr_guard_fault
read_host(vdr_guard_head *head)
{
    head->host = header_of(head, "host");
    if (head->host.at == NULL)
        return head->minor == 0 ? fine : bad("there is no Host");
    return is_host(head->host) ? fine : bad("Host is not a name and perhaps a port");
}

static vdr_guard_fault
read_length(vdr_guard_head *head)
{
    vdr_span length = header_of(head, "content-length");
    bool coded = header_of(head, "transfer-encoding").at != NULL;
    bool takes_body =
        head->method == VDR_GUARD_POST || head->method == VDR_GUARD_PUT || head->method == VDR_GUARD_PATCH;

    if (coded && length.at != NULL)
        return bad("both Content-Length and Transfer-Encoding");
    if (coded || (takes_body && length.at == NULL))
        return (vdr_guard_fault){VDR_REFUSAL_LENGTH_REQUIRED, NULL};
    if (length.at == NULL)
        return fine;
    uint64_t bytes = 0;
    for (size_t i = 0; i < length.len; i++) {
        if (!digit(length.at[i]))
            return bad("Content-Length is not a number");
        if (i >= 18)
            return (vdr_guard_fault){VDR_REFUSAL_TOO_LARGE, NULL};
        bytes = bytes * 10 + (length.at[i] - (unsigned)'0');
    }
    if (length.len == 0)
        return bad("Content-Length is not a number");
    if (bytes != 0 && !takes_body)
        return bad("a body where the method has none");
    head->has_length = true;
    head->length_bytes = bytes;
    return fine;
}

/* Compares without regard to case; word is in lower case. */
static bool
is_word(vdr_span text, const char *word)
{
    size_t len = strlen(word);
    for (size_t i = 0; i < text.len && text.len == len; i++) {
        uint8_t c = text.at[i];
        if ((c >= 'A' && c <= 'Z' ? c | 0x20 : c) != word[i])
            return false;
    }
    return text.len == len;
}

/* Is close among the words of Connection? */
static bool
wants_close(vdr_span list)
{
    for (size_t from = 0, to; from < list.len; from = to + 1) {
        for (to = from; to < list.len && list.at[to] != ','; to++)
            ;
        size_t end = to;
        while (from < end && (list.at[from] == ' ' || list.at[from] == '\t'))
            from++;
        while (end > from && (list.at[end - 1] == ' ' || list.at[end - 1] == '\t'))
            end--;
        if (is_word(vdr_span_of(list.at + from, end - from), "close"))
            return true;
    }
    return false;
}

static vdr_guard_fault
read_connection(vdr_guard_head *head)
{
    vdr_span expect = header_of(head, "expect");
    head->close = head->minor == 0 || wants_close(header_of(head, "connection"));
    if (expect.at == NULL)
        return fine;
    if (!is_word(expect, "100-continue"))
        return (vdr_guard_fault){VDR_REFUSAL_EXPECTATION, NULL};
    head->expects_continue = head->minor == 1 && head->length_bytes != 0;
    return fine;
}

vdr_guard_fault
vdr_guard_read(uint8_t *bytes, size_t len, const vdr_guard_limits *limits, vdr_arena *arena,
               vdr_guard_head *ret_head)
{
    vdr_guard_fault fault = fine;
    size_t from = 0;
    bool first = true;

    *ret_head = (vdr_guard_head){0};
    if (len >= 2 && bytes[0] == '\r')
        from = 2;
    for (size_t to; from < len && fault.refusal == VDR_REFUSAL_NONE; from = to + 2) {
        const uint8_t *end = memchr(bytes + from, '\r', len - from);
        VDR_ASSERT(end != NULL);
        to = (size_t)(end - bytes);
        if (first)
            fault = read_request_line(vdr_span_of(bytes + from, to - from), limits, ret_head);
        else if (to > from)
            fault = read_header(bytes + from, to - from, limits, arena, ret_head);
        first = false;
    }
    vdr_guard_fault (*const rest[])(vdr_guard_head * head) = {read_host, read_length, read_connection};
    for (size_t i = 0; i < sizeof rest / sizeof rest[0] && fault.refusal == VDR_REFUSAL_NONE; i++)
        fault = rest[i](ret_head);
    if (fault.refusal == VDR_REFUSAL_NONE)
        fault = vdr_guard_target(ret_head, arena);
    return fault;
}
