/* Rows made beside the turn: pages of them, one job in another's place, an end that goes on, a failure that stays. */
#include "broker/trail/pager.h"

#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

/* Gives count rows, then END; more is added behind the end. It stands until told to go where stuck is set. */
typedef struct source {
    vdr_pager *pager;
    atomic_uint count;
    unsigned given;
    bool stuck;
    unsigned fails_at; /* 0: never */
    atomic_uint *freed, *rested;
} source;

static vdr_err
next(void *of, vdr_rows *rows, char *ret_words)
{
    source *s = of;
    while (s->stuck && !vdr_pager_leaves(s->pager))
        (void)sched_yield();
    if (s->stuck)
        return VDR_E_BUSY;
    if (s->fails_at != 0 && s->given + 1 == s->fails_at) {
        memcpy(ret_words, "torn", 5);
        return VDR_E_STORE_CORRUPT;
    }
    if (s->given == atomic_load(&s->count))
        return VDR_E_END;
    vdr_row(rows, "row");
    vdr_row_number(rows, "number", ++s->given);
    return VDR_OK;
}

static void
rest(void *of)
{
    source *s = of;
    atomic_fetch_add(s->rested, 1);
}

static void
free_source(void *of)
{
    source *s = of;
    atomic_fetch_add(s->freed, 1);
    free(s);
}

static const vdr_pager_job job = {next, rest, free_source};
static atomic_uint freed, rested;

static source *
source_of(vdr_pager *pager, unsigned count)
{
    source *s = vdr_alloc(1, sizeof *s);
    s->pager = pager;
    atomic_init(&s->count, count);
    s->freed = &freed;
    s->rested = &rested;
    return s;
}

/* The next page that is there. */
static vdr_pager_page
take(vdr_pager *pager)
{
    vdr_pager_page page;
    do {
        (void)sched_yield();
        vdr_pager_take(pager, &page);
    } while (page.running);
    return page;
}

static void
all_rows_come_once_and_in_order_by_pages(void **state)
{
    (void)state;
    vdr_pager *pager = vdr_pager_new("t-pager");
    source *s = source_of(pager, 450);
    uint64_t seen = 0;
    unsigned pages = 0;
    vdr_pager_page page = {0};
    vdr_pager_begin(pager, &job, s);
    while (!page.end) {
        page = take(pager);
        pages++;
        assert_int_equal(page.err, VDR_OK);
        assert_ptr_equal(page.of, s);
        for (size_t i = 0; i < page.row_count; i++)
            assert_int_equal(page.rows[i].numbers[0].value, ++seen);
    }
    assert_int_equal(seen, 450);
    assert_int_equal(pages, 3);
    assert_true(atomic_load(&rested) >= pages);
    atomic_store(&s->count, 452); /* the thread rests: behind the end there is more */
    page = take(pager);
    assert_int_equal(page.row_count, 2);
    assert_true(page.end);
    page = take(pager);
    assert_int_equal(page.row_count, 0);
    assert_true(page.end);
    vdr_pager_free(&pager);
    vdr_pager_free(&pager);
}

static void
another_job_takes_the_place_of_one_that_is_at_work(void **state)
{
    (void)state;
    vdr_pager *pager = vdr_pager_new("t-pager");
    source *stuck = source_of(pager, 1), *never = source_of(pager, 1), *last = source_of(pager, 3);
    stuck->stuck = never->stuck = true;
    unsigned before = atomic_load(&freed);
    vdr_pager_begin(pager, &job, stuck);
    vdr_pager_begin(pager, &job, never); /* nobody waits for the thread */
    vdr_pager_begin(pager, &job, last);
    vdr_pager_page page = take(pager);
    assert_ptr_equal(page.of, last);
    assert_int_equal(page.row_count, 3);
    vdr_pager_free(&pager);
    assert_int_equal(atomic_load(&freed) - before, 3);
}

static void
a_failure_stays_until_another_job(void **state)
{
    (void)state;
    vdr_pager *pager = vdr_pager_new("t-pager");
    source *bad = source_of(pager, 9);
    bad->fails_at = 3;
    vdr_pager_begin(pager, &job, bad);
    for (unsigned i = 0; i < 2; i++) {
        vdr_pager_page page = take(pager);
        assert_int_equal(page.err, VDR_E_STORE_CORRUPT);
        assert_string_equal(page.words, "torn");
        assert_false(page.end);
    }
    vdr_pager_begin(pager, &job, source_of(pager, 1));
    vdr_pager_page page = take(pager);
    assert_int_equal(page.err, VDR_OK);
    assert_int_equal(page.row_count, 1);
    vdr_pager_free(&pager);
    pager = vdr_pager_new("t-pager"); /* one that was never used */
    vdr_pager_take(pager, &page);
    assert_false(page.running || page.end);
    vdr_pager_free(&pager);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_rows_come_once_and_in_order_by_pages),
        cmocka_unit_test(another_job_takes_the_place_of_one_that_is_at_work),
        cmocka_unit_test(a_failure_stays_until_another_job),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
