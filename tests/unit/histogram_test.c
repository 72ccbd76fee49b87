/* Goal: a quantile is never below the true one and at most 1/32 above it. */
#include "broker/engine/histogram.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void
an_empty_one_says_nothing(void **state)
{
    (void)state;
    static vdr_histogram h;
    vdr_histogram_clear(&h);
    assert_int_equal(vdr_histogram_quantile(&h, 500), 0);
    assert_int_equal(vdr_histogram_mean(&h), 0);
}

static void
a_quantile_is_within_a_thirty_second_of_the_true_one(void **state)
{
    (void)state;
    static const unsigned permilles[] = {0, 1, 10, 500, 900, 990, 999, 1000};
    static const uint64_t factors[] = {1, 7, 1000, 1000003};
    static vdr_histogram h;
    for (size_t f = 0; f < sizeof factors / sizeof factors[0]; f++) {
        vdr_histogram_clear(&h);
        for (uint64_t i = 1; i <= 10000; i++)
            vdr_histogram_add(&h, i * factors[f]);
        for (size_t p = 0; p < sizeof permilles / sizeof permilles[0]; p++) {
            uint64_t rank = 10000 * permilles[p] / 1000;
            uint64_t truth = (rank != 0 ? rank : 1) * factors[f];
            uint64_t got = vdr_histogram_quantile(&h, permilles[p]);
            if (got < truth || got > truth + truth / 32)
                fail_msg("factor %llu, %u permille: %llu instead of %llu", (unsigned long long)factors[f],
                         permilles[p], (unsigned long long)got, (unsigned long long)truth);
        }
        assert_int_equal(h.min, factors[f]);
        assert_int_equal(h.max, 10000 * factors[f]);
    }
}

static void
the_edges_of_the_numbers_fit(void **state)
{
    (void)state;
    static vdr_histogram h, g;
    vdr_histogram_clear(&h);
    vdr_histogram_clear(&g);
    vdr_histogram_add(&h, 0);
    vdr_histogram_add(&h, UINT64_MAX);
    vdr_histogram_add(&g, UINT64_MAX);
    vdr_histogram_merge(&h, &g);
    assert_int_equal(h.count, 3);
    assert_true(h.sum == UINT64_MAX);
    assert_int_equal(vdr_histogram_quantile(&h, 333), 0);
    assert_true(vdr_histogram_quantile(&h, 500) == UINT64_MAX);
}

static void
values_up_to_a_power_of_two_are_counted_exactly(void **state)
{
    (void)state;
    vdr_histogram histogram;
    vdr_histogram_clear(&histogram);
    for (uint64_t value = 0; value < 5000; value++)
        vdr_histogram_add(&histogram, value);
    for (uint64_t bound = 1; bound <= 4096; bound *= 2)
        assert_int_equal(vdr_histogram_upto(&histogram, bound - 1), bound);
    assert_int_equal(vdr_histogram_upto(&histogram, 30), 31);
    assert_int_equal(vdr_histogram_upto(&histogram, UINT64_MAX), 5000);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one_says_nothing),
        cmocka_unit_test(a_quantile_is_within_a_thirty_second_of_the_true_one),
        cmocka_unit_test(the_edges_of_the_numbers_fit),
        cmocka_unit_test(values_up_to_a_power_of_two_are_counted_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
