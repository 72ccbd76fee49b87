/* Goal: log time never goes backwards whatever the wall does (quality.md I20), and a jump is told once. */
#include "broker/engine/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define DAY INT64_C(86400000)

static void
log_time_stands_still_while_the_wall_is_behind(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        int64_t wall_ms, steady_us;
        vdr_ms now;
        int64_t jump_ms, ahead_ms;
    } rows[] = {
        {"start", 10 * DAY, 0, 10 * DAY, 10 * DAY, 0},
        {"a second passes", 1000, 1000000, 10 * DAY + 1000, 0, 0},
        {"the wall stands still", 0, 1000000, 10 * DAY + 1000, 0, 0},
        {"a second back is no jump", -1000, 1000000, 10 * DAY + 1000, 0, 1000},
        {"a day back", -DAY, 1000, 10 * DAY + 1000, -DAY - 1, DAY + 1000},
        {"forward to where it was", DAY, 1000, 10 * DAY + 1000, DAY - 1, 1000},
        {"a day forward", DAY, 1000, 11 * DAY, DAY - 1, 0},
    };
    vdr_clock clock;
    vdr_clock_init(&clock, VDR_CLOCK_VIRTUAL);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_clock_move(&clock, rows[i].wall_ms, rows[i].steady_us);
        vdr_ms now = vdr_clock_now(&clock);
        int64_t jump_ms = vdr_clock_jump(&clock), ahead_ms = vdr_clock_ahead_ms(&clock);
        if (now != rows[i].now || jump_ms != rows[i].jump_ms || ahead_ms != rows[i].ahead_ms)
            fail_msg("%s: now %lld, jump %lld, ahead %lld", rows[i].name, (long long)now, (long long)jump_ms,
                     (long long)ahead_ms);
        assert_int_equal(vdr_clock_jump(&clock), 0);
    }
}

static void
a_log_that_is_ahead_of_the_wall_holds_time(void **state)
{
    (void)state;
    vdr_clock clock;
    vdr_clock_init(&clock, VDR_CLOCK_REAL);
    vdr_ms later = vdr_clock_now(&clock) + DAY;
    vdr_clock_raise(&clock, later);
    assert_int_equal(vdr_clock_now(&clock), later);
    assert_true(vdr_clock_ahead_ms(&clock) > DAY - 60000);
    vdr_clock_raise(&clock, later - DAY);
    assert_int_equal(vdr_clock_now(&clock), later);
}

static void
an_event_clock_has_no_time_of_its_own(void **state)
{
    (void)state;
    vdr_clock clock;
    vdr_clock_init(&clock, VDR_CLOCK_EVENT);
    vdr_clock_raise(&clock, 5);
    assert_true(vdr_clock_now(&clock) == VDR_MS_NONE);
    assert_int_equal(vdr_clock_ahead_ms(&clock), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(log_time_stands_still_while_the_wall_is_behind),
        cmocka_unit_test(a_log_that_is_ahead_of_the_wall_holds_time),
        cmocka_unit_test(an_event_clock_has_no_time_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
