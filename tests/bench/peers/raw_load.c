/* Publishes to another broker and waits for its confirms: so many publishers, each with so many in flight, on two threads
 * as `voordeur bench` uses two processes.
 *
 * usage: raw_load PROTOCOL PORT PUBLISHERS IN_FLIGHT SECONDS */
#include "tests/bench/peers/raw.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define THREADS        2u
#define PUBLISHERS_MAX 64u
#define WARM_NS        INT64_C(1000000000)
#define DEAD_MS        20000

typedef struct lane {
    const raw_protocol *protocol;
    raw_connection *connections[PUBLISHERS_MAX];
    size_t count;
    uint64_t in_flight;
    load_histogram histogram;
} lane;

static atomic_int phase; /* 0: warming up, 1: measured, 2: over */

/* ---- While it blocks ---- */

void
raw_send(const raw_connection *connection, const void *bytes, size_t len)
{
    const char *at = bytes;
    while (len > 0) {
        ssize_t done = write(connection->fd, at, len);
        if (done <= 0)
            load_fail("it does not take what is sent: %s", strerror(errno));
        at += done;
        len -= (size_t)done;
    }
}

void
raw_receive(const raw_connection *connection, void *bytes, size_t len)
{
    char *at = bytes;
    while (len > 0) {
        ssize_t done = read(connection->fd, at, len);
        if (done <= 0)
            load_fail("it closed the connection");
        at += done;
        len -= (size_t)done;
    }
}

void
raw_line(const raw_connection *connection, char *ret_line, size_t size)
{
    size_t len = 0;
    do {
        if (len + 1 == size)
            load_fail("a line that does not end");
        raw_receive(connection, ret_line + len, 1);
    } while (ret_line[len++] != '\n');
    ret_line[len - (len > 1 && ret_line[len - 2] == '\r' ? 2 : 1)] = '\0';
}

static raw_connection *
raw_open(uint16_t port, unsigned number)
{
    raw_connection *connection = calloc(1, sizeof *connection);
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = 1;
    connection->number = number;
    connection->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    connection->out = malloc(RAW_BUFFER_BYTES);
    connection->in = malloc(RAW_BUFFER_BYTES);
    if (connection->fd < 0 || connect(connection->fd, (const struct sockaddr *)&at, sizeof at) != 0)
        load_fail("no connection to port %u: %s", port, strerror(errno));
    (void)setsockopt(connection->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    return connection;
}

/* ---- Confirms ---- */

static void
count(raw_connection *connection, uint64_t number, int64_t now_ns)
{
    int64_t *sent_ns = &connection->sent_ns[number % RAW_WINDOW_MAX];
    if (*sent_ns == 0)
        return;
    if (connection->measure) {
        load_histogram_add(connection->histogram, now_ns - *sent_ns, 1);
        connection->counted++;
    }
    *sent_ns = 0;
}

void
raw_confirm(raw_connection *connection, uint64_t number, bool and_before)
{
    int64_t now_ns = load_now_ns();
    if (number < connection->confirmed || number >= connection->sent)
        load_fail("a confirm of what was not sent");
    for (uint64_t n = and_before ? connection->confirmed : number; n <= number; n++)
        count(connection, n, now_ns);
    while (connection->confirmed < connection->sent &&
           connection->sent_ns[connection->confirmed % RAW_WINDOW_MAX] == 0)
        connection->confirmed++;
}

void
raw_confirm_next(raw_connection *connection, uint64_t how_many)
{
    if (how_many != 0)
        raw_confirm(connection, connection->confirmed + how_many - 1, true);
}

/* ---- A lane ---- */

static void
fill(const lane *l, raw_connection *c)
{
    int64_t now_ns = load_now_ns();
    if (c->out_from == c->out_to)
        c->out_from = c->out_to = 0;
    while (c->sent - c->confirmed < l->in_flight &&
           RAW_BUFFER_BYTES - c->out_to >= l->protocol->request_bytes_max) {
        c->out_to += l->protocol->request(c, c->out + c->out_to);
        c->sent_ns[c->sent++ % RAW_WINDOW_MAX] = now_ns;
    }
    if (c->out_from == c->out_to)
        return;
    ssize_t done = write(c->fd, c->out + c->out_from, c->out_to - c->out_from);
    if (done < 0 && errno != EAGAIN)
        load_fail("it does not take what is sent: %s", strerror(errno));
    c->out_from += done > 0 ? (size_t)done : 0;
}

static void
drain(const lane *l, raw_connection *c)
{
    ssize_t got = read(c->fd, c->in + c->in_len, RAW_BUFFER_BYTES - c->in_len);
    if (got == 0 || (got < 0 && errno != EAGAIN))
        load_fail("it closed the connection");
    if (got < 0)
        return;
    c->in_len += (size_t)got;
    size_t used = l->protocol->answers(c, c->in, c->in_len);
    c->in_len -= used;
    memmove(c->in, c->in + used, c->in_len);
}

static void *
drive(void *context)
{
    lane *l = context;
    struct pollfd polls[PUBLISHERS_MAX];
    while (atomic_load_explicit(&phase, memory_order_relaxed) < 2) {
        for (size_t i = 0; i < l->count; i++) {
            raw_connection *c = l->connections[i];
            c->measure = atomic_load_explicit(&phase, memory_order_relaxed) == 1;
            fill(l, c);
            polls[i] = (struct pollfd){.fd = c->fd,
                                       .events = (short)(POLLIN | (c->out_from != c->out_to ? POLLOUT : 0))};
        }
        if (poll(polls, l->count, DEAD_MS) == 0)
            load_fail("it has not confirmed anything for %d s", DEAD_MS / 1000);
        for (size_t i = 0; i < l->count; i++)
            if (polls[i].revents & (POLLIN | POLLHUP | POLLERR))
                drain(l, l->connections[i]);
    }
    return NULL;
}

static const raw_protocol *
protocol_named(const char *name)
{
    static const raw_protocol *const all[] = {&raw_nats, &raw_redis, &raw_beanstalk, &raw_mqtt, &raw_amqp};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    load_fail("%s: no such protocol", name);
}

static void
rest_ns(int64_t until_ns)
{
    while (load_now_ns() < until_ns)
        (void)usleep(1000);
}

int
main(int count_words, char **words)
{
    static lane lanes[THREADS];
    pthread_t threads[THREADS];
    if (count_words != 6)
        load_fail("usage: raw_load PROTOCOL PORT PUBLISHERS IN_FLIGHT SECONDS");
    const raw_protocol *protocol = protocol_named(words[1]);
    uint16_t port = (uint16_t)load_number(words[2], 1, 65535);
    unsigned publishers = (unsigned)load_number(words[3], 1, PUBLISHERS_MAX);
    unsigned used = publishers < THREADS ? publishers : THREADS;
    uint64_t in_flight = load_number(words[4], 1, RAW_WINDOW_MAX - 1);
    int64_t measure_ns = (int64_t)load_number(words[5], 1, 3600) * INT64_C(1000000000);
    for (unsigned i = 0; i < publishers; i++) {
        lane *l = &lanes[i % used];
        raw_connection *c = raw_open(port, i);
        protocol->begin(c);
        (void)fcntl(c->fd, F_SETFL, O_NONBLOCK);
        c->histogram = &l->histogram;
        l->protocol = protocol;
        l->in_flight = in_flight;
        l->connections[l->count++] = c;
    }
    for (unsigned i = 0; i < used; i++)
        if (pthread_create(&threads[i], NULL, drive, &lanes[i]) != 0)
            load_fail("no thread");
    rest_ns(load_now_ns() + WARM_NS);
    int64_t from_ns = load_now_ns();
    atomic_store(&phase, 1);
    (void)fprintf(stderr, "measuring\n"); /* `run` looks at the other's processor time now */
    rest_ns(from_ns + measure_ns);
    atomic_store(&phase, 2);
    int64_t took_ns = load_now_ns() - from_ns;
    uint64_t counted = 0;
    for (unsigned i = 0; i < used; i++) {
        (void)pthread_join(threads[i], NULL);
        for (size_t k = 0; k < lanes[i].count; k++)
            counted += lanes[i].connections[k]->counted;
        if (i > 0)
            load_histogram_merge(&lanes[0].histogram, &lanes[i].histogram);
    }
    load_report(counted, (double)took_ns / 1e9, &lanes[0].histogram);
    return 0;
}
