/* Goal: timers come in order of (due, creation), whatever order they were added in, before and after loading. */
#include "broker/core/timers.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

enum { MANY = 20000 };

static uint32_t
roll(uint64_t *at, uint32_t below)
{
    *at = *at * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*at >> 33) % below);
}

static vdr_timer
timer_of(vdr_ms due, uint64_t order)
{
    return (vdr_timer){.due = due,
                       .order = order & VDR_TIMER_ORDER_MAX,
                       .target = (uint32_t)order * 3,
                       .kind = (1 + order % 7) & 7};
}

static int
by_due_and_order(const void *a, const void *b)
{
    const vdr_timer *x = a, *y = b;
    if (x->due != y->due)
        return x->due < y->due ? -1 : 1;
    return x->order < y->order ? -1 : x->order > y->order;
}

static void
none_is_first_of_none(void **state)
{
    (void)state;
    vdr_timers timers;
    vdr_timer first = {.due = 17};
    vdr_timers_init(&timers, 1);
    assert_false(vdr_timers_first(&timers, &first));
    assert_int_equal(first.due, 17);
    vdr_timer one = timer_of(VDR_MS_MAX, 1);
    vdr_timers_add(&timers, &one);
    assert_true(vdr_timers_first(&timers, &first));
    assert_memory_equal(&first, &one, sizeof one);
    vdr_timers_take_first(&timers);
    assert_false(vdr_timers_first(&timers, &first));
    vdr_timers_done(&timers);
}

static const struct {
    const char *what;
    uint32_t dues; /* how many different due times */
    int step;      /* 0: at random; 1 upwards, -1 downwards */
} rows[] = {
    {"all at different times", UINT32_MAX, 0},
    {"many at the same time", 50, 0},
    {"all at the same time", 1, 0},
    {"each later than the one before", 0, 1},
    {"each earlier", 0, -1},
};

static void
they_come_in_order_of_due_time_and_creation(void **state)
{
    (void)state;
    vdr_timer *all = test_calloc(MANY, sizeof *all);
    for (size_t row = 0; row < sizeof rows / sizeof *rows; row++) {
        vdr_timers timers;
        uint64_t dice = row;
        vdr_timers_init(&timers, 1);
        for (uint32_t i = 0; i < MANY; i++) {
            vdr_ms due = roll(&dice, rows[row].step != 0 ? 1 : rows[row].dues);
            due += 1000000 + rows[row].step * (int)i;
            all[i] = timer_of(due, i + 1);
            vdr_timers_add(&timers, &all[i]);
        }
        qsort(all, MANY, sizeof *all, by_due_and_order);
        for (uint32_t i = 0; i < MANY; i++) {
            vdr_timer first;
            if (!vdr_timers_first(&timers, &first) || memcmp(&first, &all[i], sizeof first) != 0)
                fail_msg("%s: timer %u", rows[row].what, i);
            vdr_timers_take_first(&timers);
        }
        assert_int_equal(timers.heap.live, 0);
        vdr_timers_done(&timers);
    }
    test_free(all);
}

static void
image(vdr_slab *from, vdr_slab *to)
{
    uint32_t counts[4], number;
    vdr_span bytes;
    vdr_slab_image_begin(from);
    vdr_slab_image_counts(from, counts);
    assert_true(vdr_slab_load_counts(to, counts));
    while (vdr_slab_image_next(from, true, &number, &bytes))
        assert_true(vdr_slab_load_chunk(to, number, bytes));
    vdr_slab_image_end(from, true);
    assert_true(vdr_slab_load_end(to));
}

static void
added_and_taken_in_turn_they_never_go_back_and_loaded_ones_go_on_the_same(void **state)
{
    (void)state;
    vdr_timers one, two;
    uint64_t dice = 5, order = 0, seen = 0;
    vdr_timer last = {.due = VDR_MS_NONE}, first, other;
    vdr_timers_init(&one, 1);
    vdr_timers_init(&two, 1);
    for (int i = 0; i < 60000; i++) {
        if (i == 30000)
            image(&one.heap, &two.heap);
        if (roll(&dice, 100) < (i % 20000 < 14000 ? 60u : 30u)) {
            vdr_timer timer = timer_of((last.due > 0 ? last.due : 0) + roll(&dice, 500), ++order);
            vdr_timers_add(&one, &timer);
            if (i >= 30000)
                vdr_timers_add(&two, &timer);
        } else if (vdr_timers_first(&one, &first)) {
            assert_true(by_due_and_order(&last, &first) < 0);
            last = first;
            seen++;
            vdr_timers_take_first(&one);
            if (i >= 30000) {
                assert_true(vdr_timers_first(&two, &other));
                assert_memory_equal(&first, &other, sizeof first);
                vdr_timers_take_first(&two);
            }
        }
        assert_int_equal(one.heap.live, order - seen);
    }
    assert_true(seen > 20000 && one.heap.live > 100);
    assert_int_equal(one.heap.next, two.heap.next);
    assert_int_equal(one.heap.free, two.heap.free);
    for (uint32_t i = 0; i < one.heap.chunk_count; i++)
        assert_true(vdr_span_equal(vdr_slab_chunk(&one.heap, i), vdr_slab_chunk(&two.heap, i)));
    vdr_timers_done(&one);
    vdr_timers_done(&two);
}

/* Each that is due once, and no other, whatever lies behind them in the heap. */
static void
a_walk_gives_what_is_due_and_nothing_else(void **state)
{
    (void)state;
    enum { SOME = 400 };
    static const vdr_ms horizons[] = {-1, 0, 1, 7, 50, 99, VDR_MS_MAX};
    vdr_timer timer;
    uint64_t dice = 5;
    for (uint32_t count = 0; count <= SOME; count = count * 2 + 1) {
        vdr_timers timers;
        vdr_timers_init(&timers, 1);
        for (uint32_t i = 0; i < count; i++) {
            vdr_timer one = timer_of(roll(&dice, 100), i);
            vdr_timers_add(&timers, &one);
        }
        for (size_t h = 0; h < sizeof horizons / sizeof *horizons; h++) {
            bool seen[SOME] = {false};
            uint32_t cursor = 0, found = 0;
            for (; vdr_timers_walk(&timers, horizons[h], &cursor, &timer); found++) {
                assert_true(timer.due <= horizons[h] && timer.order < count && !seen[timer.order]);
                seen[timer.order] = true;
            }
            assert_int_equal(found, vdr_timers_due(&timers, horizons[h], UINT32_MAX));
        }
        vdr_timers_done(&timers);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_walk_gives_what_is_due_and_nothing_else),
        cmocka_unit_test(none_is_first_of_none),
        cmocka_unit_test(they_come_in_order_of_due_time_and_creation),
        cmocka_unit_test(added_and_taken_in_turn_they_never_go_back_and_loaded_ones_go_on_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
