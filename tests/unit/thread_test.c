/* Goal: a wait with a bound lasts as long as it was told to, whatever the wall clock says, and ends at once when it is
 * told (I20). */
#include "broker/engine/thread.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <cmocka.h>
#include <time.h>
#include <unistd.h>

#define LONG_MS   INT64_C(3600000)
#define EARLY_MAX 2u  /* POSIX lets a wait end for no reason */
#define END_S     30u /* a wait by another clock than that of its end lasts for years */

static int64_t
steady_us(void)
{
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

typedef struct bell {
    pthread_mutex_t lock;
    pthread_cond_t turned;
    bool waits, rung;
} bell;

static void
bell_init(bell *b)
{
    *b = (bell){.waits = false};
    vdr_thread_lock_init(&b->lock);
    vdr_thread_cond_init(&b->turned);
}

static void
bell_done(bell *b)
{
    assert_int_equal(pthread_cond_destroy(&b->turned), 0);
    assert_int_equal(pthread_mutex_destroy(&b->lock), 0);
}

/* So many waits that the turn of a second falls into one of them, with a part of it on both sides. */
static void
a_wait_that_nobody_ends_lasts_as_long_as_it_was_told_to(void **state)
{
    (void)state;
    static const int64_t rows[] = {0, 1, 45};
    bell b;
    unsigned early = 0;
    bell_init(&b);
    (void)alarm(END_S);
    (void)pthread_mutex_lock(&b.lock);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int64_t passed_us = 0, more = 5; passed_us < 1100000 && (rows[i] == 45 || more > 0); more--) {
            int64_t began_us = steady_us();
            vdr_thread_cond_wait_ms(&b.turned, &b.lock, rows[i]);
            int64_t took_us = steady_us() - began_us;
            early += took_us < rows[i] * 1000;
            if (early > EARLY_MAX)
                fail_msg("%lld ms: over after %lld us", (long long)rows[i], (long long)took_us);
            passed_us += took_us;
        }
    (void)pthread_mutex_unlock(&b.lock);
    (void)alarm(0);
    bell_done(&b);
}

static void *
ring(void *context)
{
    bell *b = context;
    (void)pthread_mutex_lock(&b->lock);
    while (!b->waits)
        (void)pthread_cond_wait(&b->turned, &b->lock);
    b->rung = true;
    (void)pthread_cond_broadcast(&b->turned);
    (void)pthread_mutex_unlock(&b->lock);
    return NULL;
}

static void
a_wait_ends_when_it_is_told(void **state)
{
    (void)state;
    bell b;
    pthread_t thread;
    bell_init(&b);
    (void)alarm(END_S);
    vdr_thread_start(&thread, "bell", ring, &b);
    (void)pthread_mutex_lock(&b.lock);
    b.waits = true;
    (void)pthread_cond_broadcast(&b.turned);
    while (!b.rung) /* the lock is let go in the wait, and nowhere else */
        vdr_thread_cond_wait_ms(&b.turned, &b.lock, LONG_MS);
    (void)pthread_mutex_unlock(&b.lock);
    assert_int_equal(pthread_join(thread, NULL), 0);
    (void)alarm(0);
    bell_done(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_wait_that_nobody_ends_lasts_as_long_as_it_was_told_to),
        cmocka_unit_test(a_wait_ends_when_it_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
