/* Signals that are confirmed durable, over HTTP and beside it over ZeroMQ: the same events, as many at a time.
 *
 *     http_post_bench http UNIX-SOCKET FINGERPRINT CONNECTIONS BATCH SECONDS
 *     http_post_bench zmq ENDPOINT SERVER-KEY KEY-FILE IN-FLIGHT BATCH SECONDS
 *
 * Each connection has one request on its way, with one event or BATCH of them; over ZeroMQ as many publishes are on
 * their way as there are connections. Prints one line of JSON: events confirmed a second, and how long a request took. */
#include "clients/lib/voordeur.h"
#include "proto/bytes.h"
#include "proto/time.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define LANES_MAX   256
#define SAMPLES_MAX 4000000u
#define ANSWER_MAX  (1u << 20)
#define BATCH_MAX   1000u

static uint64_t next_event;
static double *samples_ms;
static size_t sample_count;
static uint64_t confirmed;

static double
now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1000 + (double)now.tv_nsec / 1e6;
}

static void
fail(const char *words)
{
    (void)fprintf(stderr, "http_post: %s\n", words);
    exit(1);
}

static void
sample(double since_ms, size_t events)
{
    if (sample_count < SAMPLES_MAX)
        samples_ms[sample_count++] = now_ms() - since_ms;
    confirmed += events;
}

/* One event of a household of its own. */
static void
add_event(vdr_bytes *out)
{
    char text[400], time_text[VDR_TIME_TEXT_BYTES];
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    vdr_time_format((vdr_ms)now.tv_sec * 1000, time_text);
    uint64_t n = next_event++;
    int len =
        snprintf(text, sizeof text,
                 "{\"specversion\":\"1.0\",\"id\":\"bench-%ld-%llu\",\"source\":\"urn:test:school\","
                 "\"type\":\"test.verzuim.v1\",\"time\":\"%.24s\",\"data\":{\"municipality\":\"GM9901\","
                 "\"address\":{\"bag\":\"%016llu\"}}}",
                 (long)getpid(), (unsigned long long)n, time_text,
                 (unsigned long long)((uint64_t)getpid() * 10000000 + n));
    vdr_bytes_add(out, vdr_span_of(text, (size_t)len));
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void
report(const char *way, size_t lanes, size_t batch, double seconds)
{
    qsort(samples_ms, sample_count, sizeof samples_ms[0], by_size);
    if (sample_count == 0)
        fail("nothing was confirmed");
    printf("{\"way\":\"%s\",\"lanes\":%zu,\"batch\":%zu,\"confirmed_per_s\":%.0f,\"p50_ms\":%.2f,\"p99_ms\":%"
           ".2f}\n",
           way, lanes, batch, (double)confirmed / seconds, samples_ms[sample_count / 2],
           samples_ms[sample_count * 99 / 100]);
}

/* ---- HTTP ---- */

typedef struct lane {
    int fd;
    double since_ms;
    char *in;
    size_t in_len;
} lane;

static void
ask(lane *l, const char *fingerprint, size_t batch)
{
    vdr_bytes body = {0}, out = {0};
    char head[400];
    if (batch > 1)
        vdr_bytes_add(&body, vdr_span_str("["));
    for (size_t i = 0; i < batch; i++) {
        if (i > 0)
            vdr_bytes_add(&body, vdr_span_str(","));
        add_event(&body);
    }
    if (batch > 1)
        vdr_bytes_add(&body, vdr_span_str("]"));
    int len = snprintf(head, sizeof head,
                       "POST /v1/signals HTTP/1.1\r\nHost: localhost\r\nX-Client-Fingerprint: %s\r\n"
                       "Content-Type: application/cloudevents%s+json\r\nContent-Length: %zu\r\n\r\n",
                       fingerprint, batch > 1 ? "-batch" : "", body.len);
    vdr_bytes_add(&out, vdr_span_of(head, (size_t)len));
    vdr_bytes_add(&out, vdr_bytes_span(&body));
    l->since_ms = now_ms();
    for (size_t sent = 0; sent < out.len;) {
        ssize_t n = send(l->fd, out.at + sent, out.len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            fail("the gateway closed a connection");
        sent += (size_t)n;
    }
    vdr_bytes_done(&body);
    vdr_bytes_done(&out);
}

/* Is the answer whole? Then it must be a good one. */
static bool
answered(lane *l, size_t batch)
{
    ssize_t n = recv(l->fd, l->in + l->in_len, ANSWER_MAX - l->in_len - 1, 0);
    if (n <= 0)
        fail("the gateway closed a connection");
    l->in_len += (size_t)n;
    l->in[l->in_len] = '\0';
    const char *end = strstr(l->in, "\r\n\r\n"), *length = strstr(l->in, "Content-Length: ");
    if (end == NULL || length == NULL ||
        l->in_len < (size_t)(end + 4 - l->in) + strtoul(length + 16, NULL, 10))
        return false;
    if (strncmp(l->in, batch > 1 ? "HTTP/1.1 200" : "HTTP/1.1 201", 12) != 0 ||
        strstr(l->in, "\"problem\"") != NULL)
        fail(l->in);
    l->in_len = 0;
    return true;
}

static double
run_http(char **argv, size_t lanes, size_t batch, double seconds)
{
    static lane all[LANES_MAX];
    struct pollfd polls[LANES_MAX];
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", argv[2]);
    for (size_t i = 0; i < lanes; i++) {
        all[i].fd = socket(AF_UNIX, SOCK_STREAM, 0);
        all[i].in = vdr_alloc(1, ANSWER_MAX);
        if (connect(all[i].fd, (struct sockaddr *)&address, sizeof address) != 0)
            fail("no connection");
        polls[i] = (struct pollfd){.fd = all[i].fd, .events = POLLIN};
    }
    double begun = now_ms();
    for (size_t i = 0; i < lanes; i++)
        ask(&all[i], argv[3], batch);
    while (now_ms() - begun < seconds * 1000) {
        if (poll(polls, (nfds_t)lanes, 1000) <= 0)
            fail("no answer within a second");
        for (size_t i = 0; i < lanes; i++) {
            if (polls[i].revents == 0 || !answered(&all[i], batch))
                continue;
            sample(all[i].since_ms, batch);
            ask(&all[i], argv[3], batch);
        }
    }
    return (now_ms() - begun) / 1000;
}

/* ---- ZeroMQ ---- */

typedef struct flight {
    uint64_t first;
    size_t left;
    double since_ms;
} flight;

static flight flights[LANES_MAX];
static size_t flight_count, flight_batch;

static void
on_result(void *context, const vdr_client_result *result)
{
    (void)context;
    if (result->err != VDR_E_ACCEPTED)
        fail(vdr_err_code(result->err));
    for (size_t i = 0; i < flight_count; i++) {
        flight *f = &flights[i];
        if (f->left != 0 && result->number - f->first < flight_batch && --f->left == 0)
            sample(f->since_ms, flight_batch);
    }
}

static void
publish(vdr_client *client, flight *f, size_t batch)
{
    static vdr_wire_item items[BATCH_MAX];
    static size_t ends[BATCH_MAX];
    vdr_bytes text = {0};
    for (size_t i = 0; i < batch; i++) {
        add_event(&text);
        ends[i] = text.len;
    }
    for (size_t i = 0; i < batch; i++) {
        size_t from = i > 0 ? ends[i - 1] : 0;
        items[i] = (vdr_wire_item){.json = vdr_span_of(text.at + from, ends[i] - from)};
    }
    f->since_ms = now_ms();
    f->left = batch;
    if (vdr_client_publish_async(client, items, batch, &f->first) != VDR_OK)
        fail("publish");
    vdr_bytes_done(&text);
}

static double
run_zmq(char **argv, size_t lanes, size_t batch, double seconds)
{
    vdr_client *client;
    vdr_client_error error;
    vdr_client_options options = {.endpoint = argv[2],
                                  .server_key = argv[3],
                                  .key_file = argv[4],
                                  .want_results = true,
                                  .unanswered_max = 1u << 20,
                                  .on_result = on_result};
    if (vdr_client_open(&options, &client, &error) != VDR_OK || vdr_client_connect(client, 5000) != VDR_OK)
        fail("no session");
    flight_count = lanes;
    flight_batch = batch;
    double begun = now_ms();
    while (now_ms() - begun < seconds * 1000) {
        for (size_t i = 0; i < lanes; i++) {
            if (flights[i].left == 0)
                publish(client, &flights[i], batch);
        }
        (void)vdr_client_wait(client, 1000);
    }
    double took = (now_ms() - begun) / 1000;
    vdr_client_close(&client);
    return took;
}

int
main(int argc, char **argv)
{
    bool http = argc == 7 && strcmp(argv[1], "http") == 0;
    if (!http && (argc != 8 || strcmp(argv[1], "zmq") != 0))
        fail("usage: http SOCKET FINGERPRINT CONNECTIONS BATCH SECONDS | zmq ENDPOINT KEY FILE IN-FLIGHT "
             "BATCH SECONDS");
    size_t lanes = strtoul(argv[argc - 3], NULL, 10), batch = strtoul(argv[argc - 2], NULL, 10);
    double seconds = strtod(argv[argc - 1], NULL);
    if (lanes < 1 || lanes > LANES_MAX || batch < 1 || batch > BATCH_MAX)
        fail("1 to 256 lanes, 1 to 1000 events");
    samples_ms = vdr_alloc(SAMPLES_MAX, sizeof *samples_ms);
    double took = http ? run_http(argv, lanes, batch, seconds) : run_zmq(argv, lanes, batch, seconds);
    report(argv[1], lanes, batch, took);
    return 0;
}
