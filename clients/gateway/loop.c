#include "clients/gateway/loop.h"

#include <event2/event.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define THREADS  2
#define WORK_MAX 64
#define ROUNDS   8 /* of handles that keep having something to do, before sockets get their turn */

typedef struct later {
    struct later *next;
    vdr_loop_call call;
    void *context;
} later;

typedef struct job {
    struct job *next;
    vdr_loop_call work, finished;
    void *context;
} job;

typedef struct jobs {
    job *first, **last;
} jobs;

struct vdr_loop_watch {
    struct event *event;
    vdr_loop_call call;
    void *context;
};

struct vdr_loop_timer {
    struct event *event;
    vdr_loop_call call;
    void *context;
};

struct vdr_loop_client {
    vdr_loop_client *next;
    vdr_loop *loop;
    vdr_client *client;
    struct event *readable;
    void (*settled)(void *context, vdr_err err);
    void *context;
    bool touched, freed;
};

struct vdr_loop {
    struct event_base *base;
    struct event *awoken, *sleep;
    int wake_fd;
    atomic_bool stopped;
    vdr_loop_client *clients;
    bool settling;
    later *later_first, **later_last;

    /* Shared with the threads, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t news;
    pthread_t threads[THREADS];
    size_t thread_count;
    jobs waiting, finished;
    size_t work_count; /* waiting, running or finished */
    bool closing;
};

int64_t
vdr_loop_now_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
jobs_add(jobs *queue, job *one)
{
    one->next = NULL;
    *queue->last = one;
    queue->last = &one->next;
}

static job *
jobs_take(jobs *queue)
{
    job *one = queue->first;
    if (one != NULL && (queue->first = one->next) == NULL)
        queue->last = &queue->first;
    return one;
}

static void
wake(vdr_loop *loop)
{
    uint64_t one = 1;
    ssize_t written = write(loop->wake_fd, &one, sizeof one);
    (void)written; /* full means that it is awake */
}

static void
finish_jobs(vdr_loop *loop)
{
    job *one;
    do {
        (void)pthread_mutex_lock(&loop->lock);
        one = jobs_take(&loop->finished);
        if (one != NULL)
            loop->work_count--;
        (void)pthread_mutex_unlock(&loop->lock);
        if (one != NULL) {
            one->finished(one->context);
            free(one);
        }
    } while (one != NULL);
}

static void
on_awoken(evutil_socket_t fd, short what, void *context)
{
    uint64_t count;
    ssize_t got = read(fd, &count, sizeof count);
    (void)got;
    (void)what;
    finish_jobs(context);
}

/* It only ends the sleep. */
static void
on_sleep(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    (void)context;
}

vdr_loop *
vdr_loop_new(void)
{
    vdr_loop *loop = vdr_alloc(1, sizeof *loop);
    loop->later_last = &loop->later_first;
    loop->waiting.last = &loop->waiting.first;
    loop->finished.last = &loop->finished.first;
    VDR_ASSERT(pthread_mutex_init(&loop->lock, NULL) == 0 && pthread_cond_init(&loop->news, NULL) == 0);
    loop->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->base = loop->wake_fd >= 0 ? event_base_new() : NULL;
    if (loop->base == NULL) {
        vdr_loop_free(&loop);
        return NULL;
    }
    loop->awoken = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_awoken, loop);
    loop->sleep = event_new(loop->base, -1, 0, on_sleep, loop);
    VDR_ASSERT(loop->awoken != NULL && loop->sleep != NULL && event_add(loop->awoken, NULL) == 0);
    return loop;
}

static void
run_later(vdr_loop *loop)
{
    /* What these ask for comes in the next round. */
    later *one = loop->later_first;
    loop->later_first = NULL;
    loop->later_last = &loop->later_first;
    while (one != NULL) {
        later *next = one->next;
        one->call(one->context);
        free(one);
        one = next;
    }
}

void
vdr_loop_finish(vdr_loop *loop)
{
    if (loop == NULL)
        return;
    (void)pthread_mutex_lock(&loop->lock);
    loop->closing = true;
    (void)pthread_cond_broadcast(&loop->news);
    (void)pthread_mutex_unlock(&loop->lock);
    for (size_t i = 0; i < loop->thread_count; i++)
        (void)pthread_join(loop->threads[i], NULL);
    loop->thread_count = 0;
    finish_jobs(loop);
    while (loop->later_first != NULL)
        run_later(loop);
}

void
vdr_loop_free(vdr_loop **loop_p)
{
    vdr_loop *loop = *loop_p;
    if (loop == NULL)
        return;
    vdr_loop_finish(loop);
    VDR_ASSERT(loop->clients == NULL);
    if (loop->base != NULL) {
        event_free(loop->awoken);
        event_free(loop->sleep);
        event_base_free(loop->base);
    }
    if (loop->wake_fd >= 0)
        (void)close(loop->wake_fd);
    (void)pthread_cond_destroy(&loop->news);
    (void)pthread_mutex_destroy(&loop->lock);
    free(loop);
    *loop_p = NULL;
}

struct event_base *
vdr_loop_base(vdr_loop *loop)
{
    return loop->base;
}

void
vdr_loop_stop(vdr_loop *loop)
{
    atomic_store(&loop->stopped, true);
    wake(loop);
}

/* ---- libvoordeur handles ---- */

static void
sweep_clients(vdr_loop *loop)
{
    vdr_loop_client **at = &loop->clients;
    while (*at != NULL) {
        vdr_loop_client *handle = *at;
        if (!handle->freed) {
            at = &handle->next;
            continue;
        }
        *at = handle->next;
        free(handle);
    }
}

/* Processes the handles that have something to do. Is there still one? */
static bool
settle_clients(vdr_loop *loop)
{
    bool due = true;
    loop->settling = true;
    for (size_t round = 0; due && round < ROUNDS; round++) {
        due = false;
        for (vdr_loop_client *handle = loop->clients; handle != NULL; handle = handle->next) {
            if (handle->freed || (!handle->touched && vdr_client_timeout_ms(handle->client) != 0))
                continue;
            due = true;
            handle->touched = false;
            vdr_err err = vdr_client_process(handle->client);
            if (!handle->freed && handle->settled != NULL)
                handle->settled(handle->context, err);
        }
    }
    loop->settling = false;
    sweep_clients(loop);
    return due;
}

/* How long may the loop sleep for the handles' sake? -1: without end. */
static int64_t
clients_timeout_ms(const vdr_loop *loop)
{
    int64_t least = -1;
    for (const vdr_loop_client *handle = loop->clients; handle != NULL; handle = handle->next) {
        int64_t due = handle->touched ? 0 : vdr_client_timeout_ms(handle->client);
        if (due >= 0 && (least < 0 || due < least))
            least = due;
    }
    return least;
}

static void
on_client_readable(evutil_socket_t fd, short what, void *context)
{
    (void)fd;
    (void)what;
    vdr_loop_client_touch(context);
}

vdr_loop_client *
vdr_loop_client_new(vdr_loop *loop, vdr_client *client, void (*settled)(void *context, vdr_err err),
                    void *context)
{
    vdr_loop_client *handle = vdr_alloc(1, sizeof *handle);
    *handle = (vdr_loop_client){
        .loop = loop, .client = client, .settled = settled, .context = context, .touched = true};
    handle->readable =
        event_new(loop->base, vdr_client_fd(client), EV_READ | EV_PERSIST, on_client_readable, handle);
    VDR_ASSERT(handle->readable != NULL && event_add(handle->readable, NULL) == 0);
    /* At the end, so that a walk that goes on meets it too. */
    vdr_loop_client **at = &loop->clients;
    while (*at != NULL)
        at = &(*at)->next;
    *at = handle;
    return handle;
}

void
vdr_loop_client_touch(vdr_loop_client *handle)
{
    handle->touched = true;
}

void
vdr_loop_client_free(vdr_loop_client **handle_p)
{
    vdr_loop_client *handle = *handle_p;
    if (handle == NULL)
        return;
    event_free(handle->readable);
    handle->freed = true;
    *handle_p = NULL;
    if (!handle->loop->settling)
        sweep_clients(handle->loop);
}

/* ---- The loop ---- */

void
vdr_loop_run(vdr_loop *loop)
{
    while (!atomic_load(&loop->stopped)) {
        bool due = settle_clients(loop);
        run_later(loop);
        int64_t sleep_ms = due || loop->later_first != NULL ? 0 : clients_timeout_ms(loop);
        (void)event_del(loop->sleep);
        if (sleep_ms > 0) {
            struct timeval at = {.tv_sec = (time_t)(sleep_ms / 1000),
                                 .tv_usec = (suseconds_t)(sleep_ms % 1000 * 1000)};
            VDR_ASSERT(event_add(loop->sleep, &at) == 0);
        }
        VDR_ASSERT(event_base_loop(loop->base, EVLOOP_ONCE | (sleep_ms == 0 ? EVLOOP_NONBLOCK : 0)) >= 0);
    }
}

void
vdr_loop_later(vdr_loop *loop, vdr_loop_call call, void *context)
{
    later *one = vdr_alloc(1, sizeof *one);
    *one = (later){.call = call, .context = context};
    *loop->later_last = one;
    loop->later_last = &one->next;
}

/* ---- Descriptors and timers ---- */

static void
on_watch(evutil_socket_t fd, short what, void *context)
{
    vdr_loop_watch *watch = context;
    (void)fd;
    (void)what;
    watch->call(watch->context);
}

vdr_loop_watch *
vdr_loop_watch_new(vdr_loop *loop, int fd, vdr_loop_call call, void *context)
{
    vdr_loop_watch *watch = vdr_alloc(1, sizeof *watch);
    *watch = (vdr_loop_watch){.call = call, .context = context};
    watch->event = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_watch, watch);
    VDR_ASSERT(watch->event != NULL && event_add(watch->event, NULL) == 0);
    return watch;
}

void
vdr_loop_watch_free(vdr_loop_watch **watch_p)
{
    if (*watch_p == NULL)
        return;
    event_free((*watch_p)->event);
    free(*watch_p);
    *watch_p = NULL;
}

static void
on_timer(evutil_socket_t fd, short what, void *context)
{
    vdr_loop_timer *timer = context;
    (void)fd;
    (void)what;
    timer->call(timer->context);
}

vdr_loop_timer *
vdr_loop_timer_new(vdr_loop *loop, vdr_loop_call call, void *context)
{
    vdr_loop_timer *timer = vdr_alloc(1, sizeof *timer);
    *timer = (vdr_loop_timer){.call = call, .context = context};
    timer->event = event_new(loop->base, -1, 0, on_timer, timer);
    VDR_ASSERT(timer->event != NULL);
    return timer;
}

void
vdr_loop_timer_set(vdr_loop_timer *timer, int64_t after_ms)
{
    (void)event_del(timer->event);
    if (after_ms < 0)
        return;
    struct timeval at = {.tv_sec = (time_t)(after_ms / 1000),
                         .tv_usec = (suseconds_t)(after_ms % 1000 * 1000)};
    VDR_ASSERT(event_add(timer->event, &at) == 0);
}

void
vdr_loop_timer_free(vdr_loop_timer **timer_p)
{
    if (*timer_p == NULL)
        return;
    event_free((*timer_p)->event);
    free(*timer_p);
    *timer_p = NULL;
}

/* ---- Work ---- */

static void *
work_run(void *context)
{
    vdr_loop *loop = context;
    (void)pthread_mutex_lock(&loop->lock);
    for (;;) {
        while (loop->waiting.first == NULL && !loop->closing)
            (void)pthread_cond_wait(&loop->news, &loop->lock);
        job *one = jobs_take(&loop->waiting);
        if (one == NULL)
            break;
        (void)pthread_mutex_unlock(&loop->lock);
        one->work(one->context);
        (void)pthread_mutex_lock(&loop->lock);
        jobs_add(&loop->finished, one);
        wake(loop);
    }
    (void)pthread_mutex_unlock(&loop->lock);
    return NULL;
}

/* Signals are the loop's. Called under the lock. */
static void
start_thread(vdr_loop *loop)
{
    sigset_t all, before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_BLOCK, &all, &before);
    if (pthread_create(&loop->threads[loop->thread_count], NULL, work_run, loop) == 0)
        loop->thread_count++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
}

vdr_err
vdr_loop_work(vdr_loop *loop, vdr_loop_call work, vdr_loop_call finished, void *context)
{
    vdr_err err = VDR_E_BUSY;
    (void)pthread_mutex_lock(&loop->lock);
    if (!loop->closing && loop->thread_count < THREADS && loop->work_count >= loop->thread_count)
        start_thread(loop);
    if (!loop->closing && loop->work_count < WORK_MAX && loop->thread_count > 0) {
        job *one = vdr_alloc(1, sizeof *one);
        *one = (job){.work = work, .finished = finished, .context = context};
        jobs_add(&loop->waiting, one);
        loop->work_count++;
        (void)pthread_cond_signal(&loop->news);
        err = VDR_OK;
    }
    (void)pthread_mutex_unlock(&loop->lock);
    return err;
}
