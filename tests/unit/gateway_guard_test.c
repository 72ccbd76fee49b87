/* Goal: a head is read in one way, and its parts are what was meant. (What is refused: tests/http/corpus.py.) */
#include "clients/gateway/guard.h"

#include <stdio.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const vdr_guard_limits limits = {.target_bytes = 256, .header_bytes = 1024, .header_count = 8};

typedef struct reading {
    vdr_arena arena;
    vdr_guard_head head;
    vdr_guard_fault fault;
    size_t head_len;
} reading;

static reading
read_text(const char *text)
{
    reading it = {0};
    vdr_guard guard = {0};
    vdr_arena_init(&it.arena, 65536);
    it.head_len = vdr_guard_scan(&guard, vdr_span_str(text), &limits, &it.fault);
    if (it.head_len == 0)
        return it;
    uint8_t *copy = vdr_arena_alloc(&it.arena, it.head_len);
    assert_non_null(copy);
    memcpy(copy, text, it.head_len);
    it.fault = vdr_guard_read(copy, it.head_len, &limits, &it.arena, &it.head);
    return it;
}

static void
assert_span(vdr_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_memory_equal(span.at, text, span.len);
}

static void
the_parts_of_a_head_are_what_was_meant(void **state)
{
    (void)state;
    reading it = read_text(
        "PUT /v1/signals/a%2Fb%20c?limit=5&next=%C3%A9+x&flag HTTP/1.1\r\nHost: voordeur.example:8443\r\n"
        "ACCEPT: text/html\r\nIf-Match:  \"7\" \r\naccept: a/b\r\nContent-Length: 12\r\n"
        "Expect: 100-Continue\r\n\r\nhello");
    assert_int_equal(it.fault.refusal, VDR_REFUSAL_NONE);
    assert_int_equal(it.head.method, VDR_GUARD_PUT);
    assert_int_equal(it.head.segment_count, 3);
    assert_span(it.head.segments[2], "a/b c");
    assert_span(it.head.path, "/v1/signals/a%2Fb%20c");
    assert_int_equal(it.head.query_count, 3);
    assert_span(it.head.query[1].value, "\xc3\xa9 x");
    assert_span(it.head.query[2].name, "flag");
    assert_span(it.head.query[2].value, "");
    assert_int_equal(it.head.header_count, 5);
    assert_span(it.head.headers[1].name, "accept");
    assert_span(it.head.headers[1].value, "text/html, a/b");
    assert_span(it.head.headers[2].value, "\"7\"");
    assert_int_equal(it.head.length_bytes, 12);
    assert_true(it.head.has_length && it.head.expects_continue && !it.head.close && !it.head.no_path);
    vdr_arena_done(&it.arena);
}

static void
what_follows_on_the_connection_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *version, *header;
        bool close;
    } rows[] = {
        {"1.1", "X: close", false},
        {"1.1", "Connection: close", true},
        {"1.1", "Connection: a, CLOSE ,b", true},
        {"1.1", "Connection: closed", false},
        {"1.1", "Connection: keep-alive", false},
        {"1.0", "Connection: keep-alive", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "GET / HTTP/%s\r\nHost: a\r\n%s\r\n\r\n", rows[i].version,
                       rows[i].header);
        reading it = read_text(text);
        if (it.fault.refusal != VDR_REFUSAL_NONE || it.head.close != rows[i].close)
            print_error("row %zu: %s\n", i, text);
        assert_int_equal(it.fault.refusal, VDR_REFUSAL_NONE);
        assert_int_equal(it.head.close, rows[i].close);
        vdr_arena_done(&it.arena);
    }
}

static void
a_path_leads_somewhere_or_nowhere(void **state)
{
    (void)state;
    static const struct {
        const char *target;
        size_t segments;
        bool no_path;
    } rows[] = {
        {"/", 0, false},
        {"/a", 1, false},
        {"/a/", 1, true},
        {"//", 0, true},
        {"//a", 1, true},
        {"/a//b", 2, true},
        {"/a?b/../c", 1, false},
        {"/a/b/c/d/e/f/g/h/i/j/k/l", 12, false},
        {"/a/b/c/d/e/f/g/h/i/j/k/l/m", 12, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", rows[i].target);
        reading it = read_text(text);
        if (it.head.segment_count != rows[i].segments || it.head.no_path != rows[i].no_path)
            print_error("row %zu: %s\n", i, rows[i].target);
        assert_int_equal(it.fault.refusal, VDR_REFUSAL_NONE);
        assert_int_equal(it.head.segment_count, rows[i].segments);
        assert_int_equal(it.head.no_path, rows[i].no_path);
        vdr_arena_done(&it.arena);
    }
}

static void
a_limit_is_met_exactly(void **state)
{
    (void)state;
    for (size_t more = 0; more < 2; more++) {
        char text[1200] = "GET /", *at = text + 5;
        memset(at, 'a', limits.target_bytes - 1 + more);
        (void)snprintf(at + limits.target_bytes - 1 + more, 64, " HTTP/1.1\r\nHost: a\r\n\r\n");
        reading it = read_text(text);
        assert_int_equal(it.fault.refusal, more == 0 ? VDR_REFUSAL_NONE : VDR_REFUSAL_URI_TOO_LONG);
        vdr_arena_done(&it.arena);

        const char begin[] = "GET / HTTP/1.1\r\nHost: a\r\nX: ";
        size_t fill = limits.header_bytes - (sizeof begin - 1) - 4 + more;
        (void)snprintf(text, sizeof text, "%s%*s\r\n\r\n", begin, 0, "");
        memset(text + sizeof begin - 1, 'b', fill);
        memcpy(text + sizeof begin - 1 + fill, "\r\n\r\n", 5);
        it = read_text(text);
        assert_int_equal(it.fault.refusal, more == 0 ? VDR_REFUSAL_NONE : VDR_REFUSAL_HEADERS_TOO_LARGE);
        vdr_arena_done(&it.arena);

        size_t len = (size_t)snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: a\r\n");
        for (size_t i = 0; i < limits.header_count - 1 + more; i++)
            len += (size_t)snprintf(text + len, sizeof text - len, "X-%zu: a\r\n", i);
        (void)snprintf(text + len, sizeof text - len, "\r\n");
        it = read_text(text);
        assert_int_equal(it.fault.refusal, more == 0 ? VDR_REFUSAL_NONE : VDR_REFUSAL_HEADERS_TOO_LARGE);
        vdr_arena_done(&it.arena);
    }
}

static void
bytes_after_a_head_are_not_looked_at(void **state)
{
    (void)state;
    const char head[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    char text[64];
    (void)snprintf(text, sizeof text, "%s%c\n\r junk", head, 1);
    reading it = read_text(text);
    assert_int_equal(it.head_len, sizeof head - 1);
    assert_int_equal(it.fault.refusal, VDR_REFUSAL_NONE);
    vdr_arena_done(&it.arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_parts_of_a_head_are_what_was_meant),
        cmocka_unit_test(what_follows_on_the_connection_is_told),
        cmocka_unit_test(a_path_leads_somewhere_or_nowhere),
        cmocka_unit_test(a_limit_is_met_exactly),
        cmocka_unit_test(bytes_after_a_head_are_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
