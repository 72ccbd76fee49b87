#define _GNU_SOURCE /* pthread_setname_np */
#include "broker/engine/thread.h"

#include "proto/assert.h"

#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define POLITE_NICE     19
#define MODEST_NICE     5       /* a third of what the others have, where there is not enough */
#define POLITE_SLICE_NS 100000u /* the shortest that the kernel gives */

/* sched_setattr(2), its first version: the kernel's header cannot be had beside the C library's. */
typedef struct sched_wish {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
} sched_wish;

/* What a new thread is to do; it frees it. */
typedef struct errand {
    const char *name;
    void *(*run)(void *context);
    void *context;
} errand;

/* Only a thread of one's own can be named from within the sandbox: another's name is a file of /proc. */
static void *
run_named(void *context)
{
    errand mine = *(errand *)context;
    free(context);
    (void)pthread_setname_np(pthread_self(), mine.name); /* only a label */
    return mine.run(mine.context);
}

void
vdr_thread_start(pthread_t *thread, const char *name, void *(*run)(void *context), void *context)
{
    sigset_t all, before;
    errand *its = vdr_alloc(1, sizeof *its);
    *its = (errand){.name = name, .run = run, .context = context};
    sigfillset(&all);
    int rc = pthread_sigmask(SIG_SETMASK, &all, &before);
    VDR_ASSERT(rc == 0);
    rc = pthread_create(thread, NULL, run_named, its);
    VDR_ASSERT(rc == 0);
    rc = pthread_sigmask(SIG_SETMASK, &before, NULL);
    VDR_ASSERT(rc == 0);
}

static void
make_way(int nice)
{
    sched_wish wish = {.size = sizeof wish, .nice = nice, .runtime_ns = POLITE_SLICE_NS};
    if (syscall(SYS_sched_setattr, 0, &wish, 0u) != 0)
        (void)setpriority(PRIO_PROCESS, (id_t)gettid(), nice); /* without either it is only less polite */
}

void
vdr_thread_polite(void)
{
    make_way(POLITE_NICE);
}

void
vdr_thread_modest(void)
{
    make_way(MODEST_NICE);
}

void
vdr_thread_wake(int fd)
{
    uint64_t one = 1;
    ssize_t n;
    do
        n = write(fd, &one, sizeof one);
    while (n < 0 && errno == EINTR);
    /* EAGAIN: the counter is at its top, so it is readable, which is all that is wanted. */
}

void
vdr_thread_lock_init(pthread_mutex_t *lock)
{
    int rc = pthread_mutex_init(lock, NULL);
    VDR_ASSERT(rc == 0);
}

void
vdr_thread_cond_init(pthread_cond_t *cond)
{
    pthread_condattr_t attributes;
    int rc = pthread_condattr_init(&attributes);
    VDR_ASSERT(rc == 0);
    rc = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    VDR_ASSERT(rc == 0);
    rc = pthread_cond_init(cond, &attributes);
    VDR_ASSERT(rc == 0);
    (void)pthread_condattr_destroy(&attributes);
}

void
vdr_thread_cond_wait_us(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t us)
{
    struct timespec until;
    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (us % 1000000) * 1000;
    until.tv_sec += us / 1000000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    (void)pthread_cond_timedwait(cond, lock, &until);
}

void
vdr_thread_cond_wait_ms(pthread_cond_t *cond, pthread_mutex_t *lock, int64_t ms)
{
    vdr_thread_cond_wait_us(cond, lock, ms * 1000);
}
