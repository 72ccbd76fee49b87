#include "broker/gauge/trace.h"

#include "broker/record/record.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define GOOD "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"

static const struct {
    const char *text;
    bool good;
} rows[] = {
    {GOOD, true},
    {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00", true},
    {"", false},
    {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0", false},
    {GOOD "-", false},
    {GOOD "0", false},
    {"00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01", false},
    {"00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01", false},
    {"00-00000000000000000000000000000000-00f067aa0ba902b7-01", false},
    {"00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01", false},
    {"00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
    {"00-4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7-01", false},
    {"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7_01", false},
    {"ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
    {"01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", false},
};

static void
only_a_traceparent_of_the_known_shape_is_good(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool good = vdr_traceparent_is_good(vdr_span_str(rows[i].text));
        if (good != rows[i].good)
            print_error("row %zu: %s\n", i, rows[i].text);
        assert_int_equal(good, rows[i].good);
    }
}

static void
it_is_taken_from_the_envelope_of_that_signal_only(void **state)
{
    (void)state;
    static const struct {
        const char *json;
        bool found;
    } events[] = {
        {"{\"id\":\"s-1\",\"source\":\"urn:a\",\"traceparent\":\"" GOOD "\",\"data\":{}}", true},
        {"{\"id\":\"s-2\",\"source\":\"urn:a\",\"traceparent\":\"" GOOD "\",\"data\":{}}", false},
        {"{\"id\":\"s-1\",\"source\":\"urn:b\",\"traceparent\":\"" GOOD "\",\"data\":{}}", false},
        {"{\"id\":\"s-1\",\"source\":\"urn:a\",\"data\":{\"traceparent\":\"" GOOD "\"}}", false},
        {"{\"id\":\"s-1\",\"source\":\"urn:a\",\"data\":{\"detail\":\"traceparent\"}}", false},
        {"{\"id\":\"s-1\",\"source\":\"urn:a\",\"traceparent\":7,\"data\":{}}", false},
        {"{\"id\":\"s-1\",\"source\":\"urn:a\",\"traceparent\":\"x" GOOD "\",\"data\":{}}", false},
        {"{\"id\":\"s-1\",\"source\":\"urn:a\",\"data\":{}}", false},
    };
    const vdr_signal_name signal = {.source = vdr_span_str("urn:a"), .id = vdr_span_str("s-1")};
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        vdr_span content;
        assert_int_equal(vdr_content_write(VDR_CONTENT_JSON, vdr_span_str(events[i].json), &arena, &content),
                         VDR_OK);
        vdr_span trace = vdr_trace_of(content, &signal, &arena);
        if ((trace.at != NULL) != events[i].found)
            print_error("row %zu: %s\n", i, events[i].json);
        assert_int_equal(trace.at != NULL, events[i].found);
        assert_true(trace.at == NULL || vdr_span_equal(trace, vdr_span_str(GOOD)));
    }
    assert_null(vdr_trace_of((vdr_span){0}, &signal, &arena).at);
    vdr_arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_traceparent_of_the_known_shape_is_good),
        cmocka_unit_test(it_is_taken_from_the_envelope_of_that_signal_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
