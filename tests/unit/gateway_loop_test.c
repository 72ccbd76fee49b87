/* Goal: one loop for descriptors, timers and work; what is freed never calls again. No test waits for a time: each
 * ends by what it waits for. */
#include "clients/gateway/loop.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct stage {
    vdr_loop *loop;
    vdr_loop_watch *watch;
    vdr_loop_timer *timer, *other;
    int fd;
    unsigned calls, wanted;
    atomic_uint works;
} stage;

static void
count(void *context)
{
    stage *it = context;
    if (++it->calls == it->wanted)
        vdr_loop_stop(it->loop);
}

static void
on_readable(void *context)
{
    stage *it = context;
    char c;
    assert_int_equal(read(it->fd, &c, 1), 1);
    vdr_loop_watch_free(&it->watch); /* inside its own callback; a second byte is there still */
    count(context);
}

static void
a_watch_that_is_freed_calls_no_more(void **state)
{
    (void)state;
    int pipe_fds[2];
    stage it = {.loop = vdr_loop_new(), .wanted = 2};
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(write(pipe_fds[1], "ab", 2), 2);
    it.fd = pipe_fds[0];
    it.watch = vdr_loop_watch_new(it.loop, it.fd, on_readable, &it);
    it.timer = vdr_loop_timer_new(it.loop, count, &it);
    vdr_loop_timer_set(it.timer, 20); /* time enough for a call that should not come */
    vdr_loop_run(it.loop);
    assert_int_equal(it.calls, 2);
    vdr_loop_timer_free(&it.timer);
    vdr_loop_free(&it.loop);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

static void
free_both(void *context)
{
    stage *it = context;
    vdr_loop_timer_free(&it->timer);
    vdr_loop_timer_free(&it->other);
    vdr_loop_later(it->loop, count, it);
}

static void
a_timer_may_free_itself_and_another(void **state)
{
    (void)state;
    stage it = {.loop = vdr_loop_new(), .wanted = 1};
    it.timer = vdr_loop_timer_new(it.loop, free_both, &it);
    it.other = vdr_loop_timer_new(it.loop, free_both, &it);
    vdr_loop_timer_set(it.timer, 0);
    vdr_loop_timer_set(it.other, 0);
    vdr_loop_run(it.loop);
    assert_int_equal(it.calls, 1);
    vdr_loop_free(&it.loop);
}

static void
work(void *context)
{
    stage *it = context;
    (void)atomic_fetch_add(&it->works, 1);
}

static void
work_is_finished_on_the_loop(void **state)
{
    (void)state;
    stage it = {.loop = vdr_loop_new()};
    while (vdr_loop_work(it.loop, work, count, &it) == VDR_OK)
        it.wanted++;
    assert_in_range(it.wanted, 8, 1000); /* so much waits, and no more */
    vdr_loop_run(it.loop);
    assert_int_equal(it.calls, it.wanted);
    assert_int_equal(atomic_load(&it.works), it.wanted);
    vdr_loop_free(&it.loop);
}

static void
what_is_left_when_it_ends_is_done(void **state)
{
    (void)state;
    stage it = {.loop = vdr_loop_new(), .wanted = 1000};
    for (int i = 0; i < 5; i++) {
        assert_int_equal(vdr_loop_work(it.loop, work, count, &it), VDR_OK);
        vdr_loop_later(it.loop, count, &it);
    }
    vdr_loop_finish(it.loop);
    assert_int_equal(it.calls, 10);
    assert_int_equal(vdr_loop_work(it.loop, work, count, &it), VDR_E_BUSY);
    vdr_loop_free(&it.loop);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_watch_that_is_freed_calls_no_more),
        cmocka_unit_test(a_timer_may_free_itself_and_another),
        cmocka_unit_test(work_is_finished_on_the_loop),
        cmocka_unit_test(what_is_left_when_it_ends_is_done),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
