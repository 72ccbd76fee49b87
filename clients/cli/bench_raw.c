/* What this machine can do at most, measured in the same run: a disk's sync, and CURVE's echo. */
#include "clients/cli/bench.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define RAW_NS      (INT64_C(2000000000))
#define CLIENTS_MAX 64u

int64_t
vdr_bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* As many as the machine has processors: more would measure how it changes between them. */
unsigned
vdr_bench_workers(unsigned publishers)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    unsigned workers = processors < 1 ? 1 : (unsigned)processors;
    workers = workers < VDR_BENCH_WORKERS_MAX ? workers : VDR_BENCH_WORKERS_MAX;
    return publishers < workers ? publishers : workers;
}

bool
vdr_bench_sync(const char *dir, vdr_histogram *ret_us)
{
    char path[PATH_MAX], block[4096];
    snprintf(path, sizeof path, "%s/sync-probe", dir);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0;
    memset(block, 7, sizeof block);
    vdr_histogram_clear(ret_us);
    for (int64_t from = vdr_bench_now_ns(), t = from; good && t - from < RAW_NS / 2;) {
        good = write(fd, block, sizeof block) == (ssize_t)sizeof block && fdatasync(fd) == 0;
        int64_t now = vdr_bench_now_ns();
        vdr_histogram_add(ret_us, (uint64_t)(now - t) / 1000);
        t = now;
    }
    if (!good)
        fprintf(stderr, "voordeur bench: %s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    unlink(path);
    return good;
}

typedef struct echo_shared {
    _Atomic int ready, over;
    _Atomic uint64_t frames;
    char endpoint[256], server_public[41], server_secret[41];
    vdr_histogram us;
} echo_shared;

static void
echo_server(echo_shared *shared)
{
    void *context = zmq_ctx_new(), *router = zmq_socket(context, ZMQ_ROUTER);
    int yes = 1, zero = 0, timeout_ms = 100, mark = 100000;
    size_t len = sizeof shared->endpoint;
    zmq_setsockopt(router, ZMQ_CURVE_SERVER, &yes, sizeof yes);
    zmq_setsockopt(router, ZMQ_CURVE_SECRETKEY, shared->server_secret, 41);
    zmq_setsockopt(router, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(router, ZMQ_RCVTIMEO, &timeout_ms, sizeof timeout_ms);
    zmq_setsockopt(router, ZMQ_SNDHWM, &mark, sizeof mark);
    zmq_setsockopt(router, ZMQ_RCVHWM, &mark, sizeof mark);
    if (zmq_bind(router, "tcp://127.0.0.1:*") == 0 &&
        zmq_getsockopt(router, ZMQ_LAST_ENDPOINT, shared->endpoint, &len) == 0)
        atomic_store(&shared->ready, 1);
    zmq_msg_t id, body;
    while (!atomic_load(&shared->over)) {
        zmq_msg_init(&id);
        zmq_msg_init(&body);
        if (zmq_msg_recv(&id, router, 0) >= 0 && zmq_msg_recv(&body, router, 0) >= 0) {
            zmq_msg_send(&id, router, ZMQ_SNDMORE);
            zmq_send(router, "answered", 8, 0);
        }
        zmq_msg_close(&id);
        zmq_msg_close(&body);
    }
    zmq_close(router);
    zmq_ctx_term(context);
}

static void *
echo_connect(void *context, const echo_shared *shared)
{
    char public_key[41], secret[41];
    void *dealer = zmq_socket(context, ZMQ_DEALER);
    int zero = 0, mark = 100000;
    zmq_curve_keypair(public_key, secret);
    zmq_setsockopt(dealer, ZMQ_CURVE_SERVERKEY, shared->server_public, 41);
    zmq_setsockopt(dealer, ZMQ_CURVE_PUBLICKEY, public_key, 41);
    zmq_setsockopt(dealer, ZMQ_CURVE_SECRETKEY, secret, 41);
    zmq_setsockopt(dealer, ZMQ_LINGER, &zero, sizeof zero);
    zmq_setsockopt(dealer, ZMQ_SNDHWM, &mark, sizeof mark);
    zmq_setsockopt(dealer, ZMQ_RCVHWM, &mark, sizeof mark);
    zmq_connect(dealer, shared->endpoint);
    return dealer;
}

/* So many connections of one process. */
static void
echo_worker(echo_shared *shared, unsigned clients, unsigned window, size_t bytes)
{
    char frame[4096] = {0}, answer[16];
    zmq_pollitem_t items[CLIENTS_MAX];
    void *context = zmq_ctx_new();
    int64_t sent = vdr_bench_now_ns();
    for (unsigned c = 0; c < clients; c++) {
        items[c] = (zmq_pollitem_t){.socket = echo_connect(context, shared), .events = ZMQ_POLLIN};
        for (unsigned i = 0; i < window; i++)
            zmq_send(items[c].socket, frame, bytes, 0);
    }
    while (!atomic_load(&shared->over)) {
        uint64_t frames = 0;
        if (zmq_poll(items, (int)clients, 1000) <= 0)
            continue;
        for (unsigned c = 0; c < clients; c++) {
            while (items[c].revents != 0 &&
                   zmq_recv(items[c].socket, answer, sizeof answer, ZMQ_DONTWAIT) > 0) {
                int64_t now = vdr_bench_now_ns();
                if (window == 1)
                    vdr_histogram_add(&shared->us, (uint64_t)(now - sent) / 1000);
                sent = now;
                zmq_send(items[c].socket, frame, bytes, 0);
                frames++;
            }
        }
        atomic_fetch_add(&shared->frames, frames);
    }
    for (unsigned c = 0; c < clients; c++)
        zmq_close(items[c].socket);
    zmq_ctx_term(context);
}

bool
vdr_bench_echo(unsigned clients, unsigned window, size_t bytes, double *ret_per_s, vdr_histogram *ret_us)
{
    VDR_ASSERT(clients >= 1 && clients <= CLIENTS_MAX && bytes <= 4096);
    unsigned workers = vdr_bench_workers(clients);
    echo_shared *shared =
        mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (shared == MAP_FAILED)
        return false;
    vdr_histogram_clear(&shared->us);
    pid_t pids[VDR_BENCH_WORKERS_MAX + 1];
    zmq_curve_keypair(shared->server_public, shared->server_secret);
    for (unsigned i = 0; i <= workers; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            if (i == 0)
                echo_server(shared);
            else
                echo_worker(shared, (clients + workers - i) / workers, window, bytes);
            _exit(0);
        }
        while (i == 0 && !atomic_load(&shared->ready))
            usleep(1000);
    }
    usleep(500000); /* connected, and warm */
    uint64_t frames = atomic_load(&shared->frames);
    int64_t from = vdr_bench_now_ns();
    usleep(RAW_NS / 1000);
    frames = atomic_load(&shared->frames) - frames;
    *ret_per_s = (double)frames * 1e9 / (double)(vdr_bench_now_ns() - from);
    atomic_store(&shared->over, 1);
    for (unsigned i = 0; i <= workers; i++)
        waitpid(pids[i], NULL, 0);
    if (ret_us != NULL)
        *ret_us = shared->us;
    munmap(shared, sizeof *shared);
    return frames != 0;
}
