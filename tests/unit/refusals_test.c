/* Goal: what was refused in the last day is counted by party and verdict, and forgotten after it; nobody can make
 * it grow without bound. */
#include "broker/gauge/refusals.h"
#include "broker/history/rows.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <cmocka.h>

#define S(text) ((vdr_span){(const uint8_t *)(text), sizeof(text) - 1})

static uint64_t
count_of(const vdr_refusals *refusals, vdr_span party, int64_t hour, vdr_err verdict)
{
    uint64_t counts[VDR_REFUSALS_CODES];
    vdr_refusals_get(refusals, VDR_PARTY_AGENCY, party, hour, counts);
    return counts[verdict < VDR_E_ACCEPTED + (int)VDR_REFUSALS_CODES && verdict > VDR_E_ACCEPTED
                      ? (unsigned)verdict - VDR_E_ACCEPTED
                      : 0];
}

static void
a_day_is_remembered(void **unused)
{
    (void)unused;
    vdr_refusals *refusals = vdr_refusals_new();
    vdr_refusals_add(refusals, VDR_PARTY_AGENCY, S("school"), VDR_E_BAD_BSN, 100, 2);
    vdr_refusals_add(refusals, VDR_PARTY_AGENCY, S("school"), VDR_E_BAD_BSN, 110, 1);
    vdr_refusals_add(refusals, VDR_PARTY_AGENCY, S("police"), VDR_E_DUPLICATE, 110, 5);
    vdr_refusals_add(refusals, VDR_PARTY_AGENCY, S("police"), VDR_E_CLOSING, 110, 7);
    vdr_refusals_add(refusals, VDR_PARTY_SERVICE, S("school"), VDR_E_BAD_BSN, 110, 9);
    assert_int_equal(count_of(refusals, S("school"), 110, VDR_E_BAD_BSN), 3);
    assert_int_equal(count_of(refusals, S("school"), 123, VDR_E_BAD_BSN), 3);
    assert_int_equal(count_of(refusals, S("school"), 124, VDR_E_BAD_BSN), 1);
    assert_int_equal(count_of(refusals, S("school"), 134, VDR_E_BAD_BSN), 0);
    assert_int_equal(count_of(refusals, S("police"), 110, VDR_E_DUPLICATE), 5);
    assert_int_equal(count_of(refusals, S("police"), 110, VDR_E_CLOSING), 7);
    assert_int_equal(count_of(refusals, S("nobody"), 110, VDR_E_BAD_BSN), 0);
    assert_int_equal(count_of(refusals, (vdr_span){0}, 110, VDR_E_BAD_BSN), 12);
    vdr_refusals_add(refusals, VDR_PARTY_AGENCY, S("school"), VDR_E_BAD_BSN, 200, 4);
    assert_int_equal(count_of(refusals, S("school"), 200, VDR_E_BAD_BSN), 4);
    vdr_refusals_free(&refusals);
    vdr_refusals_free(&refusals);
}

static void
many_parties_are_counted_together(void **unused)
{
    (void)unused;
    vdr_refusals *refusals = vdr_refusals_new();
    char id[32];
    for (unsigned i = 0; i < VDR_REFUSALS_PARTIES + 10; i++) {
        int len = snprintf(id, sizeof id, "agency-%u", i * 7919 % 10007);
        vdr_refusals_add(refusals, VDR_PARTY_AGENCY, vdr_span_of(id, (size_t)len), VDR_E_TOO_OLD, 5, 1);
    }
    assert_int_equal(count_of(refusals, (vdr_span){0}, 5, VDR_E_TOO_OLD), VDR_REFUSALS_PARTIES + 10);
    assert_int_equal(count_of(refusals, S("agency-0"), 5, VDR_E_TOO_OLD), 1);
    vdr_refusals_free(&refusals);
}

static void
rows_say_what_they_were_given_and_count_what_does_not_fit(void **unused)
{
    (void)unused;
    vdr_arena arena;
    vdr_rows rows;
    vdr_arena_init(&arena, 1u << 20);
    vdr_rows_begin(&rows, &arena);
    vdr_row(&rows, "first");
    vdr_row_text(&rows, "id", S("anna"));
    vdr_row_text(&rows, "none", (vdr_span){0});
    vdr_row_number(&rows, "load", 3);
    vdr_row_instant(&rows, "never_ms", VDR_MS_NONE);
    vdr_row_permille(&rows, "share_permille", 2, 3);
    vdr_row_permille(&rows, "nothing_permille", 0, 0);
    for (unsigned i = 0; i < VDR_ROWS_MAX; i++)
        vdr_row(&rows, "more");
    vdr_rows_end(&rows);
    vdr_rows_end(&rows);
    assert_int_equal(rows.count + rows.left_out, VDR_ROWS_MAX + 1);
    assert_true(rows.left_out >= 1);
    assert_int_equal(rows.at[0].text_count, 1);
    assert_int_equal(rows.at[0].number_count, 2);
    assert_int_equal(rows.at[0].numbers[1].value, 666);
    vdr_arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_day_is_remembered),
        cmocka_unit_test(many_parties_are_counted_together),
        cmocka_unit_test(rows_say_what_they_were_given_and_count_what_does_not_fit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
