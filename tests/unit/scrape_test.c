#include "broker/gauge/scrape.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define GET  "GET /metrics HTTP/1.1\r\n"
#define HOST "Host: 127.0.0.1:9464\r\n"

typedef struct row {
    const char *bytes;
    unsigned status;
} row;

static const row rows[] = {
    {GET HOST "\r\n", 200},
    {GET HOST "User-Agent: Prometheus/2.42.0\r\nAccept: text/plain;version=0.0.4;q=0.5,*/*;q=0.1\r\n"
              "Accept-Encoding: gzip\r\nX-Prometheus-Scrape-Timeout-Seconds: 10\r\n\r\n",
     200},
    {"GET /healthz HTTP/1.0\r\n\r\n", 200},
    {"GET /readyz HTTP/1.1\r\n" HOST "\r\n", 200},
    {GET "hOsT:x\r\n\r\n", 200},
    {"", 0},
    {"GET /met", 0},
    {GET, 0},
    {GET HOST, 0},
    {GET HOST "\r", 0},
    {"GET / HTTP/1.1\r\n" HOST "\r\n", 404},
    {"GET /metrics/ HTTP/1.1\r\n" HOST "\r\n", 404},
    {"GET /metrics?a=b HTTP/1.1\r\n" HOST "\r\n", 404},
    {"GET /%6detrics HTTP/1.1\r\n" HOST "\r\n", 404},
    {"GET /../metrics HTTP/1.1\r\n" HOST "\r\n", 404},
    {"GET http://a/metrics HTTP/1.1\r\n" HOST "\r\n", 404},
    {"POST /metrics HTTP/1.1\r\n" HOST "\r\n", 405},
    {"HEAD /metrics HTTP/1.1\r\n" HOST "\r\n", 405},
    {"get /metrics HTTP/1.1\r\n" HOST "\r\n", 405},
    {"GET /metrics HTTP/2.0\r\n" HOST "\r\n", 505},
    {"GET /metrics HTTP/1.2\r\n" HOST "\r\n", 505},
    {"GET /metrics HTTP/1.10\r\n" HOST "\r\n", 400},
    {"GET /metrics http/1.1\r\n" HOST "\r\n", 400},
    {"GET /metrics\r\n" HOST "\r\n", 400},
    {"GET  /metrics HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /metrics  HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /metrics HTTP/1.1 \r\n" HOST "\r\n", 400},
    {"GET\t/metrics\tHTTP/1.1\r\n" HOST "\r\n", 400},
    {" GET /metrics HTTP/1.1\r\n" HOST "\r\n", 400},
    {"\r\n" GET HOST "\r\n", 400},
    {"GE(T /metrics HTTP/1.1\r\n" HOST "\r\n", 400},
    {"GET /m\xc3\xa9trics HTTP/1.1\r\n" HOST "\r\n", 400},
    {GET "\r\n", 400},
    {GET HOST HOST "\r\n", 400},
    {"GET /metrics HTTP/1.1\n" HOST "\r\n", 400},
    {GET "Host: a\n\r\n", 400},
    {GET "Host: a\r\r\n", 400},
    {GET HOST "\n", 400},
    {GET HOST "A : b\r\n\r\n", 400},
    {GET HOST " A: folded\r\n\r\n", 400},
    {GET HOST "A: b\r\n\tfolded\r\n\r\n", 400},
    {GET HOST ": empty\r\n\r\n", 400},
    {GET HOST "no colon\r\n\r\n", 400},
    {GET HOST "A: b\001c\r\n\r\n", 400},
    {GET HOST "A: b\177c\r\n\r\n", 400},
    {GET HOST "Content-Length: 0\r\n\r\n", 400},
    {GET HOST "Content-Length: 4\r\n\r\nbody", 400},
    {GET HOST "content-length: +4\r\n\r\n", 400},
    {GET HOST "Transfer-Encoding: chunked\r\n\r\n", 400},
    {GET HOST "Transfer-Encoding: identity\r\n\r\n", 400},
    {GET HOST "TRANSFER-ENCODING:\tchunked\r\n\r\n", 400},
    {GET HOST "Expect: 100-continue\r\n\r\n", 400},
    {GET HOST "Upgrade: h2c\r\n\r\n", 400},
    {GET HOST "\r\n" GET HOST "\r\n", 400},
    {GET HOST "\r\nx", 400},
    {"POST /metrics HTTP/1.1\r\n" HOST "Content-Length: 4\r\n\r\nbody", 400},
    {"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505},
    {"\x16\x03\x01\x02", 400},
};

static void
only_a_plain_get_of_a_known_path_is_taken(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_scrape_path path = (vdr_scrape_path)0;
        unsigned status = vdr_scrape_read(vdr_span_str(rows[i].bytes), &path);
        if (status != rows[i].status)
            print_error("row %zu: %u, not %u: %s\n", i, status, rows[i].status, rows[i].bytes);
        assert_int_equal(status, rows[i].status);
        assert_int_equal(path != 0, status == 200);
    }
}

static void
a_request_is_read_the_same_however_it_comes_in_pieces(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_span whole = vdr_span_str(rows[i].bytes);
        unsigned status = 0;
        for (size_t len = 0; len <= whole.len && status == 0; len++) {
            vdr_scrape_path path;
            status = vdr_scrape_read(vdr_span_of(whole.at, len), &path);
        }
        /* What follows a request that was answered is never read: the connection is closed. */
        bool answered = rows[i].status == 400 && (status == 200 || status == 405);
        if (status != rows[i].status && !answered)
            print_error("row %zu: %u, not %u\n", i, status, rows[i].status);
        assert_true(status == rows[i].status || answered);
    }
}

static void
a_null_byte_is_no_part_of_a_request(void **state)
{
    (void)state;
    static const char bytes[] = GET HOST "A: b\0c\r\n\r\n";
    vdr_scrape_path path;
    assert_int_equal(vdr_scrape_read(vdr_span_of(bytes, sizeof bytes - 1), &path), 400);
}

static void
a_request_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char bytes[VDR_SCRAPE_BYTES_MAX + 1];
    vdr_scrape_path path;
    memset(bytes, 'x', sizeof bytes);
    memcpy(bytes, GET HOST "A: ", sizeof GET HOST "A: " - 1);
    assert_int_equal(vdr_scrape_read(vdr_span_of(bytes, VDR_SCRAPE_BYTES_MAX - 1), &path), 0);
    assert_int_equal(vdr_scrape_read(vdr_span_of(bytes, VDR_SCRAPE_BYTES_MAX), &path), 431);
    assert_int_equal(vdr_scrape_read(vdr_span_of(bytes, VDR_SCRAPE_BYTES_MAX + 1), &path), 431);
    memcpy(bytes + VDR_SCRAPE_BYTES_MAX - 4, "\r\n\r\n", 4);
    assert_int_equal(vdr_scrape_read(vdr_span_of(bytes, VDR_SCRAPE_BYTES_MAX), &path), 200);
}

static void
an_answer_says_its_length_and_closes(void **state)
{
    (void)state;
    char head[256];
    size_t len = vdr_scrape_head(405, "text/plain", 3, head, sizeof head - 1);
    head[len] = '\0';
    assert_string_equal(head,
                        "HTTP/1.1 405 Method Not Allowed\r\nAllow: GET\r\nContent-Type: text/plain\r\n"
                        "Content-Length: 3\r\nCache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n"
                        "Connection: close\r\n\r\n");
    assert_int_equal(vdr_scrape_head(200, "text/plain", 3, head, 20), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_a_plain_get_of_a_known_path_is_taken),
        cmocka_unit_test(a_request_is_read_the_same_however_it_comes_in_pieces),
        cmocka_unit_test(a_null_byte_is_no_part_of_a_request),
        cmocka_unit_test(a_request_that_is_too_long_is_refused),
        cmocka_unit_test(an_answer_says_its_length_and_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
