/* In the place of the threads of the system: fibers. A mutex holds the number of who has it; one whose holder was left
 * behind by a crash is free. Read-write locks stay the system's: nobody pauses while he has one. */
#include "proto/assert.h"
#include "tests/sim/clock.h"
#include "tests/sim/event.h"
#include "tests/sim/fiber.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

typedef struct mutex {
    uint64_t holder;
} mutex;

typedef struct condition {
    clockid_t clock;
} condition;

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                          void *argument);
int __wrap_pthread_join(pthread_t thread, void **ret_result);
int __wrap_pthread_setname_np(pthread_t thread, const char *name);
int __wrap_setpriority(__priority_which_t which, id_t who, int priority);
int __wrap_pthread_mutex_init(pthread_mutex_t *at, const pthread_mutexattr_t *attributes);
int __wrap_pthread_mutex_lock(pthread_mutex_t *at);
int __wrap_pthread_mutex_unlock(pthread_mutex_t *at);
int __wrap_pthread_mutex_destroy(pthread_mutex_t *at);
int __wrap_pthread_cond_init(pthread_cond_t *at, const pthread_condattr_t *attributes);
int __wrap_pthread_cond_destroy(pthread_cond_t *at);
int __wrap_pthread_cond_wait(pthread_cond_t *at, pthread_mutex_t *lock);
int __wrap_pthread_cond_timedwait(pthread_cond_t *at, pthread_mutex_t *lock, const struct timespec *until);
int __wrap_pthread_cond_signal(pthread_cond_t *at);
int __wrap_pthread_cond_broadcast(pthread_cond_t *at);
int __wrap_nanosleep(const struct timespec *wish, struct timespec *ret_left);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms);
void __wrap_vdr_thread_polite(void);
void __wrap_vdr_thread_modest(void);
int __wrap_epoll_ctl(int epoll, int operation, int fd, void *event);

int
__wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                      void *argument)
{
    (void)attributes;
    *thread = (pthread_t)sim_fiber_start("thread", run, argument);
    return 0;
}

int
__wrap_pthread_join(pthread_t thread, void **ret_result)
{
    VDR_ASSERT(ret_result == NULL);
    while (!sim_fiber_over((uint64_t)thread))
        (void)sim_fiber_look_again(SIM_NEVER);
    return 0;
}

int
__wrap_pthread_setname_np(pthread_t thread, const char *name)
{
    (void)thread;
    (void)name;
    return 0;
}

/* All fibers share one thread of the system: a polite one would hold them all back. */
int
__wrap_setpriority(__priority_which_t which, id_t who, int priority)
{
    (void)which;
    (void)who;
    (void)priority;
    return 0;
}

void
__wrap_vdr_thread_polite(void)
{
}

void
__wrap_vdr_thread_modest(void)
{
}

int
__wrap_pthread_mutex_init(pthread_mutex_t *at, const pthread_mutexattr_t *attributes)
{
    (void)attributes;
    memset(at, 0, sizeof *at);
    return 0;
}

int
__wrap_pthread_mutex_destroy(pthread_mutex_t *at)
{
    (void)at;
    return 0;
}

int
__wrap_pthread_mutex_lock(pthread_mutex_t *at)
{
    mutex *lock = (mutex *)(void *)at;
    sim_fiber_may_pause();
    while (lock->holder != 0 && !sim_fiber_over(lock->holder)) {
        VDR_ASSERT(sim_fiber_self() != 0 && lock->holder != sim_fiber_self());
        (void)sim_fiber_look_again(SIM_NEVER);
    }
    lock->holder = sim_fiber_self();
    return 0;
}

int
__wrap_pthread_mutex_unlock(pthread_mutex_t *at)
{
    mutex *lock = (mutex *)(void *)at;
    lock->holder = 0;
    sim_fiber_may_pause();
    return 0;
}

int
__wrap_pthread_cond_init(pthread_cond_t *at, const pthread_condattr_t *attributes)
{
    condition *c = (condition *)(void *)at;
    memset(at, 0, sizeof *at);
    c->clock = CLOCK_REALTIME;
    if (attributes != NULL)
        (void)pthread_condattr_getclock(attributes, &c->clock);
    return 0;
}

int
__wrap_pthread_cond_destroy(pthread_cond_t *at)
{
    (void)at;
    return 0;
}

int
__wrap_pthread_cond_wait(pthread_cond_t *at, pthread_mutex_t *lock)
{
    ((mutex *)(void *)lock)->holder = 0;
    (void)sim_fiber_wait(at, SIM_NEVER);
    return __wrap_pthread_mutex_lock(lock);
}

int
__wrap_pthread_cond_timedwait(pthread_cond_t *at, pthread_mutex_t *lock, const struct timespec *until)
{
    const condition *c = (const condition *)(const void *)at;
    struct timespec now;
    (void)clock_gettime(c->clock, &now);
    int64_t us = (int64_t)(until->tv_sec - now.tv_sec) * 1000000 + (until->tv_nsec - now.tv_nsec) / 1000;
    ((mutex *)(void *)lock)->holder = 0;
    bool woken = sim_fiber_wait(at, sim_clock_us() + (us > 0 ? us : 0));
    (void)__wrap_pthread_mutex_lock(lock);
    return woken ? 0 : ETIMEDOUT;
}

int
__wrap_pthread_cond_signal(pthread_cond_t *at)
{
    sim_fiber_wake(at, false);
    return 0;
}

int
__wrap_pthread_cond_broadcast(pthread_cond_t *at)
{
    sim_fiber_wake(at, true);
    return 0;
}

int
__wrap_nanosleep(const struct timespec *wish, struct timespec *ret_left)
{
    (void)ret_left;
    sim_fiber_sleep((int64_t)wish->tv_sec * 1000000 + wish->tv_nsec / 1000);
    return 0;
}

int
__wrap_poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
    if (sim_fiber_self() == 0)
        return sim_event_poll(fds, count);
    int64_t until = timeout_ms < 0 ? SIM_NEVER : sim_clock_us() + (int64_t)timeout_ms * 1000;
    int ready = sim_event_poll(fds, count);
    while (ready == 0 && sim_fiber_look_again(until))
        ready = sim_event_poll(fds, count);
    return ready;
}

/* The world calls a client when it has news. */
int
__wrap_epoll_ctl(int epoll, int operation, int fd, void *event)
{
    (void)epoll;
    (void)operation;
    (void)fd;
    (void)event;
    return 0;
}
