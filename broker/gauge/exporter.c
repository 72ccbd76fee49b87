#define _GNU_SOURCE /* accept4 */
#include "broker/gauge/exporter.h"

#include "broker/engine/clock.h"
#include "broker/gauge/scrape.h"
#include "broker/engine/thread.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS   8u
#define BACKLOG       16
#define REQUEST_US    INT64_C(3000000)
#define STUCK_US      INT64_C(10000000)
#define ADDRESS_BYTES 160u

typedef struct visitor {
    int fd; /* -1: free */
    int64_t until_us;
    size_t got;
    uint8_t request[VDR_SCRAPE_BYTES_MAX];
    vdr_bytes answer; /* empty: the request is not whole */
    size_t sent;
    bool spoken; /* all is sent; what still comes is thrown away until the other side closes */
} visitor;

struct vdr_exporter {
    int listener, quit_fd;
    char address[ADDRESS_BYTES];
    char path[sizeof((struct sockaddr_un *)NULL)->sun_path]; /* of a unix socket; "" */
    pthread_t thread;
    pthread_mutex_t lock;
    vdr_metrics given;   /* under the lock */
    vdr_metrics shown;   /* the thread's copy */
    vdr_process_use use; /* the thread's */
    vdr_bytes text;
    visitor visitors[CONNECTIONS];
};

/* ---- addresses */

static bool
read_port(const char *text, uint16_t *ret_port)
{
    unsigned number = 0;
    size_t len = strlen(text);
    if (len == 0 || len > 5 || (len > 1 && text[0] == '0'))
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9')
            return false;
        number = number * 10 + (unsigned)(*text - '0');
    }
    *ret_port = (uint16_t)number;
    return number <= UINT16_MAX;
}

bool
vdr_exporter_place_of(const char *address, vdr_exporter_place *ret_place)
{
    static const char v4[] = "127.0.0.1:", v6[] = "[::1]:", local[] = "unix:/";
    struct sockaddr_in in4 = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_addr = IN6ADDR_LOOPBACK_INIT};
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    vdr_exporter_place place = {.len = 0};
    uint16_t port;
    if (strncmp(address, v4, sizeof v4 - 1) == 0 && read_port(address + sizeof v4 - 1, &port)) {
        in4.sin_port = htons(port);
        memcpy(&place.address, &in4, place.len = sizeof in4);
    } else if (strncmp(address, v6, sizeof v6 - 1) == 0 && read_port(address + sizeof v6 - 1, &port)) {
        in6.sin6_port = htons(port);
        memcpy(&place.address, &in6, place.len = sizeof in6);
    } else if (strncmp(address, local, sizeof local - 1) == 0) {
        const char *path = address + sizeof local - 2; /* from its slash on */
        size_t len = strlen(path);
        if (len < 2 || len >= sizeof un.sun_path)
            return false;
        memcpy(un.sun_path, path, len);
        memcpy(&place.address, &un, place.len = sizeof un);
    }
    if (place.len != 0)
        *ret_place = place;
    return place.len != 0;
}

/* The address with the port that the system chose. */
static void
name_bound(vdr_exporter *exporter, const char *address)
{
    vdr_exporter_place bound = {.len = sizeof bound.address};
    const char *colon = strrchr(address, ':');
    (void)snprintf(exporter->address, sizeof exporter->address, "%s", address);
    if (exporter->path[0] != '\0' ||
        getsockname(exporter->listener, (struct sockaddr *)&bound.address, &bound.len) != 0)
        return;
    struct sockaddr_in in4;
    struct sockaddr_in6 in6;
    memcpy(&in4, &bound.address, sizeof in4);
    memcpy(&in6, &bound.address, sizeof in6);
    unsigned port = ntohs(bound.address.ss_family == AF_INET6 ? in6.sin6_port : in4.sin_port);
    (void)snprintf(exporter->address, sizeof exporter->address, "%.*s:%u", (int)(colon - address), address,
                   port);
}

/* ---- what is answered */

static void
answer(visitor *guest, unsigned status, const char *type, vdr_span body)
{
    char head[512];
    size_t len = vdr_scrape_head(status, type, body.len, head, sizeof head);
    VDR_ASSERT(len != 0);
    vdr_bytes_add(&guest->answer, vdr_span_of(head, len));
    vdr_bytes_add(&guest->answer, body);
}

static void
answer_word(visitor *guest, unsigned status, const char *word)
{
    char body[64];
    int len = snprintf(body, sizeof body, "%s\n", word);
    answer(guest, status, "text/plain; charset=utf-8", vdr_span_of(body, (size_t)len));
}

static void
answer_request(vdr_exporter *exporter, visitor *guest, unsigned status, vdr_scrape_path path)
{
    vdr_metrics *shown = &exporter->shown;
    if (status != 200) {
        answer_word(guest, status, "refused");
        return;
    }
    (void)pthread_mutex_lock(&exporter->lock);
    *shown = exporter->given;
    (void)pthread_mutex_unlock(&exporter->lock);
    vdr_serving serving = shown->serving;
    bool stuck = shown->taken_us != 0 && serving != VDR_SERVING_STOPPING &&
                 vdr_clock_monotonic_us() - shown->taken_us > STUCK_US;
    bool well = !stuck && serving != VDR_SERVING_FAILED;
    const char *word = stuck ? "stuck" : vdr_serving_name(serving);
    switch (path) {
    case VDR_SCRAPE_HEALTH:
        answer_word(guest, well ? 200 : 503, word);
        break;
    case VDR_SCRAPE_READY:
        answer_word(guest, well && serving == VDR_SERVING_OPEN ? 200 : 503, word);
        break;
    case VDR_SCRAPE_METRICS:
        vdr_process_use_get(&exporter->use);
        exporter->text.len = 0;
        vdr_metrics_write(shown, &exporter->use, &exporter->text);
        answer(guest, 200, "text/plain; version=0.0.4; charset=utf-8", vdr_bytes_span(&exporter->text));
        break;
    }
}

/* ---- visitors */

static void
leave(visitor *guest)
{
    (void)close(guest->fd);
    guest->fd = -1;
    vdr_bytes_done(&guest->answer);
}

static void
enter(vdr_exporter *exporter)
{
    int fd = accept4(exporter->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    for (size_t i = 0; i < CONNECTIONS && fd >= 0; i++) {
        visitor *guest = &exporter->visitors[i];
        if (guest->fd >= 0)
            continue;
        *guest = (visitor){.fd = fd, .until_us = vdr_clock_monotonic_us() + REQUEST_US};
        fd = -1;
    }
    if (fd >= 0)
        (void)close(fd);
}

static void
hear(vdr_exporter *exporter, visitor *guest)
{
    uint8_t rest[512];
    bool listens = guest->answer.len == 0;
    ssize_t got = recv(guest->fd, listens ? guest->request + guest->got : rest,
                       listens ? sizeof guest->request - guest->got : sizeof rest, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (got <= 0) {
        leave(guest);
        return;
    }
    if (!listens)
        return;
    guest->got += (size_t)got;
    vdr_scrape_path path = VDR_SCRAPE_METRICS;
    unsigned status = vdr_scrape_read(vdr_span_of(guest->request, guest->got), &path);
    if (status != 0)
        answer_request(exporter, guest, status, path);
}

static void
speak(visitor *guest)
{
    ssize_t sent =
        send(guest->fd, guest->answer.at + guest->sent, guest->answer.len - guest->sent, MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (sent < 0) {
        leave(guest);
        return;
    }
    guest->sent += (size_t)sent;
    if (guest->sent < guest->answer.len)
        return;
    /* Closing at once would reset the connection where unread bytes wait, and the answer could be lost. */
    guest->spoken = true;
    (void)shutdown(guest->fd, SHUT_WR);
}

/* ---- the thread */

/* The visitors in their places, then the listener (left alone while there is no place), then the end. */
static int
gather(const vdr_exporter *exporter, struct pollfd *polls)
{
    int64_t now_us = vdr_clock_monotonic_us(), wait_us = -1;
    bool room = false;
    for (size_t i = 0; i < CONNECTIONS; i++) {
        const visitor *guest = &exporter->visitors[i];
        polls[i] = (struct pollfd){.fd = guest->fd, .events = POLLIN};
        room = room || guest->fd < 0;
        if (guest->fd < 0)
            continue;
        if (guest->answer.len != 0 && !guest->spoken)
            polls[i].events = POLLOUT;
        int64_t left_us = guest->until_us > now_us ? guest->until_us - now_us : 0;
        wait_us = wait_us < 0 || left_us < wait_us ? left_us : wait_us;
    }
    polls[CONNECTIONS] = (struct pollfd){.fd = room ? exporter->listener : -1, .events = POLLIN};
    polls[CONNECTIONS + 1] = (struct pollfd){.fd = exporter->quit_fd, .events = POLLIN};
    return wait_us < 0 ? -1 : (int)(wait_us / 1000) + 1;
}

static void *
run(void *context)
{
    vdr_exporter *exporter = (vdr_exporter *)context;
    struct pollfd polls[CONNECTIONS + 2];
    for (;;) {
        int wait_ms = gather(exporter, polls);
        int ready = poll(polls, CONNECTIONS + 2, wait_ms);
        if (ready > 0 && polls[CONNECTIONS + 1].revents != 0)
            return NULL;
        for (size_t i = 0; i < CONNECTIONS; i++) {
            visitor *guest = &exporter->visitors[i];
            short came = ready > 0 && guest->fd >= 0 ? polls[i].revents : 0;
            if (came != 0 && (polls[i].events & POLLOUT) != 0)
                speak(guest);
            else if (came != 0)
                hear(exporter, guest);
            if (guest->fd >= 0 && vdr_clock_monotonic_us() >= guest->until_us)
                leave(guest);
        }
        if (ready > 0 && polls[CONNECTIONS].revents != 0)
            enter(exporter);
    }
}

/* ---- from open to close */

static vdr_err
cannot(vdr_exporter *exporter, const char *address, char *ret_words)
{
    (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "%s: %s", address, strerror(errno));
    if (exporter->listener >= 0)
        (void)close(exporter->listener);
    free(exporter);
    return VDR_E_IO;
}

/* Where nobody listens any more, a socket is left from before. */
static void
clear_path(const char *path)
{
    struct stat status;
    if (path[0] != '\0' && lstat(path, &status) == 0 && S_ISSOCK(status.st_mode))
        (void)unlink(path);
}

vdr_err
vdr_exporter_open(const char *address, vdr_exporter **ret_exporter, char *ret_words)
{
    vdr_exporter_place place;
    struct sockaddr_un un;
    struct timespec now = {0};
    const int on = 1;
    bool known = vdr_exporter_place_of(address, &place);
    VDR_ASSERT(known); /* node.c has looked */
    vdr_exporter *exporter = (vdr_exporter *)vdr_alloc(1, sizeof *exporter);
    if (place.address.ss_family == AF_UNIX) {
        memcpy(&un, &place.address, sizeof un);
        memcpy(exporter->path, un.sun_path, sizeof exporter->path);
    }
    exporter->listener = socket(place.address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (exporter->listener < 0)
        return cannot(exporter, address, ret_words);
    (void)setsockopt(exporter->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    clear_path(exporter->path);
    if (bind(exporter->listener, (const struct sockaddr *)&place.address, place.len) != 0 ||
        (exporter->path[0] != '\0' && chmod(exporter->path, 0660) != 0) ||
        listen(exporter->listener, BACKLOG) != 0)
        return cannot(exporter, address, ret_words);
    name_bound(exporter, address);
    exporter->quit_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (exporter->quit_fd < 0)
        return cannot(exporter, address, ret_words);
    for (size_t i = 0; i < CONNECTIONS; i++)
        exporter->visitors[i].fd = -1;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    exporter->use.started_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    vdr_thread_lock_init(&exporter->lock);
    vdr_thread_start(&exporter->thread, "vdr-exporter", run, exporter);
    *ret_exporter = exporter;
    return VDR_OK;
}

void
vdr_exporter_close(vdr_exporter **exporter_p)
{
    vdr_exporter *exporter = *exporter_p;
    if (exporter == NULL)
        return;
    vdr_thread_wake(exporter->quit_fd);
    (void)pthread_join(exporter->thread, NULL);
    for (size_t i = 0; i < CONNECTIONS; i++) {
        if (exporter->visitors[i].fd >= 0)
            leave(&exporter->visitors[i]);
    }
    (void)close(exporter->listener);
    (void)close(exporter->quit_fd);
    clear_path(exporter->path);
    vdr_bytes_done(&exporter->text);
    (void)pthread_mutex_destroy(&exporter->lock);
    free(exporter);
    *exporter_p = NULL;
}

const char *
vdr_exporter_address(const vdr_exporter *exporter)
{
    return exporter->address;
}

void
vdr_exporter_give(vdr_exporter *exporter, const vdr_metrics *metrics)
{
    (void)pthread_mutex_lock(&exporter->lock);
    exporter->given = *metrics;
    (void)pthread_mutex_unlock(&exporter->lock);
}
