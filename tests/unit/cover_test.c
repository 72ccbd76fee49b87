/* Which answers a view in the log covers: the same one, to the same party, until the term is over. */
#include "broker/desk/cover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define NOW  INT64_C(1772442000000)
#define SPAN vdr_span_str

static const vdr_command_seen two[] = {{VDR_SEEN_CASE, VDR_SEEN_FACTS, {12}, {7}, 0},
                                       {VDR_SEEN_CASE, VDR_SEEN_FACTS, {13}, {8}, 0}};
static const vdr_command_seen other[] = {{VDR_SEEN_CASE, VDR_SEEN_FACTS, {12}, {7}, 0},
                                         {VDR_SEEN_CASE, VDR_SEEN_FACTS | VDR_SEEN_PLAN, {13}, {8}, 0}};

static vdr_command
view_of(void)
{
    return (vdr_command){.sender_kind = VDR_PARTY_REGISSEUR,
                         .sender_id = SPAN("anna"),
                         .query = 5,
                         .seen = two,
                         .seen_count = 2};
}

static void
the_same_answer_is_covered_until_the_term_is_over(void **state)
{
    (void)state;
    vdr_covers *covers = vdr_covers_new();
    const vdr_command view = view_of();
    const vdr_cover_key key = vdr_cover_key_of(covers, &view, SPAN("answer"));
    const vdr_cover_key again = vdr_cover_key_of(covers, &view, SPAN("answer"));
    assert_false(vdr_covers_hold(covers, &key, NOW));
    vdr_covers_add(covers, &key, NOW);
    static const struct {
        vdr_ms now;
        bool covered;
    } rows[] = {{NOW, true},
                {NOW + VDR_COVER_MS - 1, true},
                {NOW + VDR_COVER_MS, false},
                {NOW - 1, false}, /* the clock was put back */
                {VDR_MS_NONE, false}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (vdr_covers_hold(covers, &again, rows[i].now) != rows[i].covered)
            fail_msg("row %zu", i);
    vdr_covers_free(&covers);
    vdr_covers_free(&covers);
}

static void
what_differs_in_anything_is_not_covered(void **state)
{
    (void)state;
    vdr_covers *covers = vdr_covers_new();
    const vdr_command view = view_of();
    const vdr_cover_key key = vdr_cover_key_of(covers, &view, SPAN("answer"));
    vdr_command others[7];
    for (size_t i = 0; i < 7; i++)
        others[i] = view;
    others[0].sender_kind = VDR_PARTY_COORDINATOR;
    others[1].sender_id = SPAN("bram");
    others[2].query = 2;
    others[3].traceparent = SPAN("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
    others[4].seen = other;
    others[5].seen_count = 1;
    vdr_covers_add(covers, &key, NOW);
    for (size_t i = 0; i < 7; i++) {
        vdr_span answer = i == 6 ? SPAN("another") : SPAN("answer");
        vdr_cover_key differs = vdr_cover_key_of(covers, &others[i], answer);
        if (vdr_covers_hold(covers, &differs, NOW))
            fail_msg("row %zu is covered", i);
    }
    vdr_covers *elsewhere = vdr_covers_new(); /* another process: another key */
    vdr_cover_key there = vdr_cover_key_of(elsewhere, &view, SPAN("answer"));
    assert_memory_not_equal(&there, &key, sizeof key);
    vdr_covers_free(&elsewhere);
    vdr_covers_free(&covers);
}

/* A set is full: what ends first makes room, and is not covered any more. */
static void
where_there_is_no_room_a_record_more_is_written(void **state)
{
    (void)state;
    vdr_covers *covers = vdr_covers_new();
    vdr_cover_key keys[9] = {0};
    for (uint8_t i = 0; i < 9; i++) {
        keys[i].bytes[15] = (uint8_t)(i + 1);
        vdr_covers_add(covers, &keys[i], NOW + i);
    }
    assert_false(vdr_covers_hold(covers, &keys[0], NOW + 9));
    for (size_t i = 1; i < 9; i++)
        assert_true(vdr_covers_hold(covers, &keys[i], NOW + 9));
    vdr_covers_free(&covers);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_answer_is_covered_until_the_term_is_over),
        cmocka_unit_test(what_differs_in_anything_is_not_covered),
        cmocka_unit_test(where_there_is_no_room_a_record_more_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
