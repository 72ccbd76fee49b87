/* Goal: one caller's requests and attempts never cost another's. The time is the test's. */
#include "clients/gateway/limiter.h"
#include "clients/gateway/lockout.h"

#include <setjmp.h>
#include <stdarg.h>
#include <sodium.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint8_t *
key(uint32_t number)
{
    static uint8_t at[VDR_LIMITER_KEY_BYTES];
    memcpy(at, &number, sizeof number);
    return at;
}

static void
a_burst_is_had_at_once_and_then_the_rate(void **state)
{
    (void)state;
    vdr_limiter *limiter =
        vdr_limiter_new(&(vdr_limiter_limits){.per_second = 10, .burst = 5, .callers = 64});
    for (int i = 0; i < 5; i++)
        assert_int_equal(vdr_limiter_take(limiter, key(1), 1000), 0);
    assert_int_equal(vdr_limiter_take(limiter, key(1), 1000), 100);
    assert_int_equal(vdr_limiter_take(limiter, key(1), 1060), 40);
    assert_int_equal(vdr_limiter_take(limiter, key(2), 1060), 0); /* another caller */
    assert_int_equal(vdr_limiter_take(limiter, key(1), 1100), 0);
    assert_true(vdr_limiter_take(limiter, key(1), 1100) > 0);
    /* A long rest gives a burst, and no more. */
    for (int i = 0; i < 5; i++)
        assert_int_equal(vdr_limiter_take(limiter, key(1), INT64_C(1) << 50), 0);
    assert_true(vdr_limiter_take(limiter, key(1), INT64_C(1) << 50) > 0);
    vdr_limiter_free(&limiter);
}

static void
a_rate_is_kept_over_a_long_time(void **state)
{
    (void)state;
    vdr_limiter *limiter =
        vdr_limiter_new(&(vdr_limiter_limits){.per_second = 50, .burst = 200, .callers = 64});
    int64_t taken = 0;
    for (int64_t now_ms = 0; now_ms < 60000; now_ms++)
        taken += vdr_limiter_take(limiter, key(1), now_ms) == 0;
    assert_in_range(taken, 60 * 50 + 200 - 1, 60 * 50 + 200);
    vdr_limiter_free(&limiter);
}

static void
so_many_may_be_open_at_once(void **state)
{
    (void)state;
    vdr_limiter *limiter = vdr_limiter_new(&(vdr_limiter_limits){.at_once = 2, .callers = 64});
    assert_true(vdr_limiter_enter(limiter, key(1), 1) && vdr_limiter_enter(limiter, key(1), 2));
    assert_false(vdr_limiter_enter(limiter, key(1), 3));
    assert_true(vdr_limiter_enter(limiter, key(2), 3));
    vdr_limiter_leave(limiter, key(1));
    assert_true(vdr_limiter_enter(limiter, key(1), 4));
    vdr_limiter_free(&limiter);
}

static void
strangers_do_not_push_out_who_has_something_open(void **state)
{
    (void)state;
    vdr_limiter *limiter =
        vdr_limiter_new(&(vdr_limiter_limits){.per_second = 1, .burst = 1, .at_once = 1, .callers = 64});
    assert_true(vdr_limiter_enter(limiter, key(0), 0));
    for (uint32_t i = 1; i < 10000; i++)
        (void)vdr_limiter_take(limiter, key(i), (int64_t)i);
    assert_false(vdr_limiter_enter(limiter, key(0), 10000)); /* it is known still */
    vdr_limiter_leave(limiter, key(0));
    vdr_limiter_free(&limiter);
}

static void
pauses_grow_and_end(void **state)
{
    (void)state;
    vdr_lockout *lockout = calloc(1, sizeof *lockout);
    assert_non_null(lockout);
    lockout->free = 4;
    const vdr_key16 anna = {{1}}, bert = {{2}};
    static const int64_t pauses[] = {0, 0, 0, 1000, 2000, 4000, 8000, 16000};
    int64_t now_ms = 1000000;
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        assert_int_equal(vdr_lockout_wait_ms(lockout, &anna, now_ms), 0);
        vdr_lockout_begin(lockout, &anna, now_ms);
        assert_int_equal(vdr_lockout_wait_ms(lockout, &anna, now_ms), pauses[i]);
        assert_int_equal(vdr_lockout_wait_ms(lockout, &bert, now_ms), 0);
        now_ms += pauses[i];
    }
    for (int i = 0; i < 50; i++) {
        vdr_lockout_begin(lockout, &anna, now_ms);
        int64_t wait_ms = vdr_lockout_wait_ms(lockout, &anna, now_ms);
        assert_in_range(wait_ms, 1, VDR_LOCKOUT_MS_MOST);
        now_ms += wait_ms;
    }
    vdr_lockout_begin(lockout, &anna, now_ms + VDR_LOCKOUT_GONE_MS + 1);
    assert_int_equal(vdr_lockout_wait_ms(lockout, &anna, now_ms + VDR_LOCKOUT_GONE_MS + 1),
                     0); /* forgotten */
    vdr_lockout_begin(lockout, &anna, now_ms);
    vdr_lockout_right(lockout, &anna);
    assert_int_equal(vdr_lockout_wait_ms(lockout, &anna, now_ms), 0);
    free(lockout);
}

static void
a_full_table_forgets_who_was_wrong_longest_ago(void **state)
{
    (void)state;
    vdr_lockout *lockout = calloc(1, sizeof *lockout);
    assert_non_null(lockout);
    lockout->free = 1;
    for (uint32_t i = 0; i < VDR_LOCKOUT_KEYS + 10; i++) {
        vdr_key16 name = {{0}};
        memcpy(name.bytes, &i, sizeof i);
        vdr_lockout_begin(lockout, &name, 1000 + (int64_t)i);
        assert_true(vdr_lockout_wait_ms(lockout, &name, 1000 + (int64_t)i) > 0);
    }
    const vdr_key16 first = {{0}}, last = {{(VDR_LOCKOUT_KEYS + 9) & 0xff, (VDR_LOCKOUT_KEYS + 9) >> 8}};
    assert_int_equal(vdr_lockout_wait_ms(lockout, &first, 1001), 0);
    assert_true(vdr_lockout_wait_ms(lockout, &last, 1001) > 0);
    free(lockout);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_burst_is_had_at_once_and_then_the_rate),
        cmocka_unit_test(a_rate_is_kept_over_a_long_time),
        cmocka_unit_test(so_many_may_be_open_at_once),
        cmocka_unit_test(strangers_do_not_push_out_who_has_something_open),
        cmocka_unit_test(pauses_grow_and_end),
        cmocka_unit_test(a_full_table_forgets_who_was_wrong_longest_ago),
    };
    return sodium_init() < 0 ? 1 : cmocka_run_group_tests(tests, NULL, NULL);
}
