/* Goal: every request is answered once, whatever the client does meanwhile, and a stream never holds more than its
 * bound. The server runs in this thread; the client is a thread with an ordinary socket. */
#include "clients/gateway/callers.h"
#include "clients/gateway/http_serve.h"

#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include <cmocka.h>

#define FRAME_BYTES 1000
#define FRAMES      500

typedef struct bed {
    vdr_gate_config config;
    vdr_gate_address address;
    vdr_loop *loop;
    vdr_metrics *metrics;
    vdr_sessions *sessions;
    vdr_callers *callers;
    vdr_http *http;
    /* What handlers do. */
    vdr_http_request *held;
    vdr_http_stream *stream;
    vdr_loop_timer *timer;
    unsigned sent, closed, rooms, answered;
    /* The client's. */
    const char *request;
    bool leaves; /* closes at once, and the server stops when it has noticed */
    uint16_t port;
    char *got;
    size_t got_len;
} bed;

static char frame[FRAME_BYTES];

static void
fill(bed *it)
{
    while (it->sent < FRAMES && vdr_http_stream_room(it->stream) > 0) {
        vdr_http_stream_write(it->stream, vdr_span_of(frame, sizeof frame));
        it->sent++;
    }
    if (it->sent == FRAMES)
        vdr_http_stream_free(&it->stream);
}

static void
on_room(void *context)
{
    bed *it = context;
    it->rooms++;
    fill(it);
}

static void
on_closed(void *context)
{
    bed *it = context;
    it->closed++;
    it->stream = NULL;
    vdr_loop_stop(it->loop);
}

/* Answers what is held once its client has gone. */
static void
on_tick(void *context)
{
    bed *it = context;
    if (it->held == NULL || !vdr_http_request_gone(it->held)) {
        vdr_loop_timer_set(it->timer, 1);
        return;
    }
    vdr_http_answer(it->held, 200, "text/plain", vdr_span_str("late"), NULL, 0);
    it->held = NULL;
    it->answered++;
    if (it->leaves)
        vdr_loop_stop(it->loop);
}

static void
serve(void *context, vdr_http_request *request)
{
    bed *it = context;
    const vdr_http_stream_calls calls = {.closed = on_closed, .room = on_room, .context = it};
    vdr_span path = request->path;
    if (vdr_span_equal(path, vdr_span_str("/held"))) {
        it->held = request;
        vdr_loop_timer_set(it->timer, 0);
    } else if (vdr_span_equal(path, vdr_span_str("/stream"))) {
        it->stream = vdr_http_stream_new(request, &calls);
        assert_non_null(it->stream);
        fill(it);
    } else if (vdr_span_equal(path, vdr_span_str("/flood"))) {
        it->stream = vdr_http_stream_new(request, &calls);
        assert_non_null(it->stream);
        for (it->sent = 0; it->sent < FRAMES; it->sent++) /* without a look at the room */
            vdr_http_stream_write(it->stream, vdr_span_of(frame, sizeof frame));
    } else if (vdr_span_equal(path, vdr_span_str("/head"))) {
        assert_null(vdr_http_stream_new(request, &calls));
    } else if (vdr_span_equal(path, vdr_span_str("/quiet"))) {
        it->stream = vdr_http_stream_new(request, &calls);
        assert_non_null(it->stream);
    } else {
        vdr_http_refuse(request, VDR_REFUSAL_NO_SUCH_PATH, NULL);
    }
}

static void *
client(void *context)
{
    bed *it = context;
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(it->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    VDR_ASSERT(fd >= 0 && connect(fd, (struct sockaddr *)&at, sizeof at) == 0);
    size_t len = strlen(it->request);
    VDR_ASSERT(write(fd, it->request, len) == (ssize_t)len);
    size_t size = 4 * (size_t)FRAMES * FRAME_BYTES;
    it->got = vdr_alloc(size, 1);
    ssize_t got = 1;
    if (it->leaves && strstr(it->request, "/quiet") != NULL)
        got = read(fd, it->got, 1); /* the stream has begun */
    while (!it->leaves && got > 0 && it->got_len < size) {
        got = read(fd, it->got + it->got_len, size - it->got_len);
        it->got_len += got > 0 ? (size_t)got : 0;
    }
    /* Gone, and not only done with speaking, which over TCP looks the same. */
    const struct linger at_once = {.l_onoff = 1};
    if (it->leaves)
        (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    (void)close(fd);
    if (!it->leaves)
        vdr_loop_stop(it->loop);
    return NULL;
}

static void
play(bed *it, const char *request)
{
    char words[256];
    vdr_bytes lines = {0};
    pthread_t thread;
#define X(key, member, unit, normal, least, most) it->config.limits.member = (normal);
    VDR_GATE_LIMITS(X)
#undef X
    it->config.limits.stream_bytes = 16384;
    it->config.limits.answer_ms = 300;
    it->address = (vdr_gate_address){.text = "127.0.0.1:0", .host = "127.0.0.1", .loopback = true};
    it->config.listen = &it->address;
    it->config.listen_count = 1;
    it->request = request;
    it->loop = vdr_loop_new();
    it->metrics = vdr_metrics_new();
    it->sessions = vdr_gate_sessions_new(
        &(vdr_sessions_parts){.config = &it->config, .loop = it->loop, .metrics = it->metrics});
    it->callers = vdr_callers_new(&(vdr_callers_parts){
        .config = &it->config, .loop = it->loop, .metrics = it->metrics, .sessions = it->sessions});
    it->timer = vdr_loop_timer_new(it->loop, on_tick, it);
    assert_int_equal(vdr_http_open(&(vdr_http_parts){.config = &it->config,
                                                     .loop = it->loop,
                                                     .metrics = it->metrics,
                                                     .callers = it->callers},
                                   &it->http, words),
                     VDR_OK);
    assert_int_equal(vdr_http_addresses(it->http, &lines), 1);
    vdr_bytes_add(&lines, vdr_span_of("", 1));
    it->port = (uint16_t)strtoul(strrchr((const char *)lines.at, ':') + 1, NULL, 10);
    vdr_bytes_done(&lines);
    vdr_http_serve(it->http, VDR_HTTP_PUBLIC, serve, it);
    vdr_http_start(it->http);
    assert_int_equal(pthread_create(&thread, NULL, client, it), 0);
    vdr_loop_run(it->loop);
    (void)pthread_join(thread, NULL);
}

static void
strike(bed *it)
{
    vdr_loop_finish(it->loop);
    vdr_http_close(&it->http);
    vdr_callers_free(&it->callers);
    vdr_gate_sessions_free(&it->sessions);
    vdr_loop_timer_free(&it->timer);
    vdr_loop_free(&it->loop);
    vdr_metrics_free(&it->metrics);
    free(it->got);
}

static void
an_answer_to_who_has_gone_is_dropped(void **state)
{
    (void)state;
    bed it = {.leaves = true};
    play(&it, "GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(it.answered, 1);
    assert_int_equal(vdr_metrics_get(it.metrics, VDR_METRIC_ANSWERS_DROPPED), 1);
    strike(&it);
}

static void
a_handler_that_takes_too_long_is_answered_for(void **state)
{
    (void)state;
    bed it = {0};
    play(&it, "GET /held HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_memory_equal(it.got, "HTTP/1.1 503", 12);
    if (it.held != NULL) /* the client was quicker than the timer */
        vdr_http_answer(it.held, 200, NULL, (vdr_span){0}, NULL, 0);
    strike(&it);
}

static void
a_stream_goes_as_fast_as_it_is_read(void **state)
{
    (void)state;
    bed it = {0};
    play(&it, "GET /stream HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(it.sent, FRAMES);
    assert_int_equal(it.closed, 0); /* we ended it */
    assert_true(it.rooms > 0);
    const char *body = strstr(it.got, "\r\n\r\n");
    assert_non_null(body);
    assert_int_equal(it.got_len - (size_t)(body + 4 - it.got), (size_t)FRAMES * FRAME_BYTES);
    assert_int_equal(vdr_metrics_get(it.metrics, VDR_METRIC_STREAMS), 0);
    strike(&it);
}

static void
a_stream_that_is_not_read_is_closed_at_its_bound(void **state)
{
    (void)state;
    bed it = {.leaves = false};
    play(&it, "GET /flood HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(it.closed, 1);
    assert_true(it.got_len < (size_t)FRAMES * FRAME_BYTES);
    assert_int_equal(vdr_metrics_get(it.metrics, VDR_METRIC_STREAMS_DROPPED), 1);
    strike(&it);
}

static void
a_stream_whose_client_goes_is_told_so(void **state)
{
    (void)state;
    bed it = {.leaves = true};
    play(&it, "GET /quiet HTTP/1.1\r\nHost: a\r\n\r\n");
    assert_int_equal(it.closed, 1);
    assert_int_equal(vdr_metrics_get(it.metrics, VDR_METRIC_STREAMS), 0);
    strike(&it);
}

static void
a_stream_of_which_only_the_head_is_wanted_is_none(void **state)
{
    (void)state;
    bed it = {0};
    play(&it, "HEAD /head HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    assert_memory_equal(it.got, "HTTP/1.1 200", 12);
    assert_non_null(strstr(it.got, "text/event-stream"));
    assert_string_equal(strstr(it.got, "\r\n\r\n"), "\r\n\r\n");
    assert_int_equal(it.closed, 0);
    strike(&it);
}

static void
what_may_be_accepted_is_read_by_the_narrowest_range(void **state)
{
    (void)state;
    static const struct {
        const char *accept;
        bool json;
    } rows[] = {
        {"*/*", true},
        {"application/*", true},
        {"application/json", true},
        {"APPLICATION/JSON; charset=utf-8", true},
        {"text/html", false},
        {"text/html, application/json;q=0.1", true},
        {"*/*, application/json;q=0", false},
        {"application/json;q=0.0, */*;q=1", false},
        {"application/*;q=0, application/json", true},
        {"application/jsonx", false},
        {"", true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_http_request request = {.headers = {{vdr_span_str("accept"), vdr_span_str(rows[i].accept)}},
                                    .header_count = 1};
        if (vdr_http_accepts(&request, "application/json") != rows[i].json)
            print_error("row %zu: %s\n", i, rows[i].accept);
        assert_int_equal(vdr_http_accepts(&request, "application/json"), rows[i].json);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_answer_to_who_has_gone_is_dropped),
        cmocka_unit_test(a_handler_that_takes_too_long_is_answered_for),
        cmocka_unit_test(a_stream_goes_as_fast_as_it_is_read),
        cmocka_unit_test(a_stream_that_is_not_read_is_closed_at_its_bound),
        cmocka_unit_test(a_stream_whose_client_goes_is_told_so),
        cmocka_unit_test(a_stream_of_which_only_the_head_is_wanted_is_none),
        cmocka_unit_test(what_may_be_accepted_is_read_by_the_narrowest_range),
    };
    memset(frame, 'x', sizeof frame);
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
