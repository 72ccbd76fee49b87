#include "tests/fuzz/session_threads.h"

#include "proto/assert.h"
#include "tests/sim/clock.h"
#include "tests/sim/fiber.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <time.h>

static _Thread_local bool threads_inside; /* a law runs on this thread */

#define LEAD(call, takes, gives)                                                                             \
    int __wrap_##call takes;                                                                                 \
    int __real_##call takes;                                                                                 \
    int sim_##call takes;                                                                                    \
    int __wrap_##call takes                                                                                  \
    {                                                                                                        \
        return threads_inside ? sim_##call gives : __real_##call gives;                                      \
    }

LEAD(pthread_create,
     (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *), void *argument),
     (thread, attributes, run, argument))
LEAD(pthread_join, (pthread_t thread, void **ret_result), (thread, ret_result))
LEAD(pthread_setname_np, (pthread_t thread, const char *name), (thread, name))
LEAD(pthread_mutex_init, (pthread_mutex_t * at, const pthread_mutexattr_t *attributes), (at, attributes))
LEAD(pthread_mutex_destroy, (pthread_mutex_t * at), (at))
LEAD(pthread_mutex_lock, (pthread_mutex_t * at), (at))
LEAD(pthread_mutex_unlock, (pthread_mutex_t * at), (at))
LEAD(pthread_cond_init, (pthread_cond_t * at, const pthread_condattr_t *attributes), (at, attributes))
LEAD(pthread_cond_destroy, (pthread_cond_t * at), (at))
LEAD(pthread_cond_wait, (pthread_cond_t * at, pthread_mutex_t *lock), (at, lock))
LEAD(pthread_cond_timedwait, (pthread_cond_t * at, pthread_mutex_t *lock, const struct timespec *until),
     (at, lock, until))
LEAD(pthread_cond_signal, (pthread_cond_t * at), (at))
LEAD(pthread_cond_broadcast, (pthread_cond_t * at), (at))
LEAD(nanosleep, (const struct timespec *wish, struct timespec *ret_left), (wish, ret_left))
LEAD(poll, (struct pollfd * fds, nfds_t count, int timeout_ms), (fds, count, timeout_ms))

#undef LEAD

int __wrap_clock_gettime(clockid_t id, struct timespec *ret_time);
int __real_clock_gettime(clockid_t id, struct timespec *ret_time);
int sim_clock_gettime(clockid_t id, struct timespec *ret_time);

/* The wall clock is left to libFuzzer, which looks at it in a signal's handler: how long has this taken? The daemon has
 * a clock of its own, moved by hand. */
int
__wrap_clock_gettime(clockid_t id, struct timespec *ret_time)
{
    return threads_inside && id == CLOCK_MONOTONIC ? sim_clock_gettime(id, ret_time)
                                                   : __real_clock_gettime(id, ret_time);
}

void
threads_run(void *(*law)(void *argument), uint8_t seed)
{
    sim_clock_begin(seed, 0);
    sim_fibers_begin(seed, 20000);
    threads_inside = true;
    sim_dice dice = sim_dice_of(seed, 3);
    uint64_t main_fiber = sim_fiber_start("law", law, NULL);
    while (!sim_fiber_over(main_fiber)) {
        size_t ready = sim_fibers_ready();
        if (ready == 0) {
            int64_t next = sim_fibers_next_us();
            VDR_ASSERT(next != SIM_NEVER); /* all of them wait for each other */
            sim_clock_to(next);
            continue;
        }
        sim_fiber_run(seed == 0 ? 0 : sim_below(&dice, ready));
    }
    VDR_ASSERT(sim_fibers_ready() == 0 && sim_fibers_next_us() == SIM_NEVER);
    sim_fibers_leave();
    threads_inside = false;
}
