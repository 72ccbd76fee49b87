/* Households: who is of them, merge, split, move, and when they leave (semantics sections 5, 9 and 10). */
#include "tests/core_town.h"

static uint64_t
households(const town *t)
{
    vdr_core_counts counts;
    vdr_view_counts(t->core, &counts);
    return counts.households;
}

static void
a_person_named_twice_counts_once_and_in_both_roles(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a", .where = 'x');
    /* Three persons at most: b and B are one, so b and c still fit. */
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "bBcb", .where = 'x');
    TOLD(t, "s-2 accepted H1 address regular\n"
            "service:team regular_signal s-2\n"
            "H1 watch busy\n");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "d", .where = 'x');
    TOLD(t, "s-3 accepted H2 new regular\n"
            "coordinator:piet review H1 H2\n"
            "coordinator:saskia review H1 H2\n"
            "service:team regular_signal s-3\n");
    vdr_at at;
    vdr_household_view view;
    assert_true(vdr_view_household(t->core, (vdr_household_id){1}, &at, &view));
    assert_int_equal(view.person_count, 3);
    town_free(t);
}

static void
who_is_named_elsewhere_outlives_the_household_and_is_of_none(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a", .where = 'x');
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b", .where = 'y');
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "ba", .where = 'x');
    TOLD(t, "s-3 accepted H2 person regular\n"
            "coordinator:piet review H1 H2\n"
            "coordinator:saskia review H1 H2\n"
            "service:team regular_signal s-3\n"
            "H2 watch busy\n");
    EVENT(t, .id = "k-1", .by = "privacy_officer:ada", .act = VDR_ACT_ERASED, .household = 1);
    TOLD(t, "k-1 erased accepted\n");
    vdr_core_counts counts;
    vdr_view_counts(t->core, &counts);
    assert_int_equal(counts.reviews, 0); /* one of the two is gone */
    assert_int_equal(counts.persons, 2);
    assert_int_equal(counts.addresses, 2);
    /* The register does not move who is of no household, and nothing of that is kept. */
    EVENT(t, .id = "k-2", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "a", .where = 'y');
    TOLD(t, "k-2 person_moved accepted\n");
    assert_true(t->step.record && t->step.bare);
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "a", .where = 'x');
    TOLD(t, "s-4 accepted H3 new regular\n"
            "service:team regular_signal s-4\n");
    town_free(t);
}

/* The first bytes of a record that was given back are the link of the free list: small numbers, as the orders of
 * the first timers are. */
static void
timers_that_an_erased_household_leaves_behind_find_nothing(void **unused)
{
    (void)unused;
    static const char *const ids[] = {"s-1", "s-2", "s-3", "s-4", "s-5", "s-6"};
    for (size_t count = 1; count <= COUNT(ids); count++) {
        town *t = town_new(&town_config);
        for (size_t i = 0; i < count; i++)
            EVENT(t, .id = ids[i], .by = "school", .type = "absence", .who = "a", .where = 'x');
        EVENT(t, .id = "k-1", .by = "privacy_officer:ada", .act = VDR_ACT_ERASED, .household = 1);
        assert_int_equal(households(t), 0);
        town_tick(t, 300 * 24);
        TOLD(t, "");
        town_free(t);
    }
}

static void
a_move_of_nobody_known_steps_the_same_without_its_content(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "k-1", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "a", .where = 'x');
    assert_true(t->step.bare);
    uint64_t hash = vdr_core_state_hash(t->core);
    town_free(t);
    t = town_new(&town_config);
    EVENT(t, .id = "k-1", .by = "register", .act = VDR_ACT_PERSON_MOVED, .bare = true);
    assert_true(t->step.bare);
    assert_true(vdr_core_state_hash(t->core) == hash);
    town_free(t);
}

static void
a_household_left_alone_leaves_after_the_longest_retain(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a", .where = 'x');
    t->hour = 24;
    EVENT(t, .id = "k-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .where = 'x');
    TOLD(t, "k-1 household_split accepted\n");
    assert_int_equal(households(t), 2); /* H2: the address, no signal */
    town_tick(t, 100 * 24 - 0.001);
    assert_int_equal(households(t), 2);
    town_tick(t, 100 * 24); /* s-1 leaves, and H1 with it */
    assert_int_equal(households(t), 1);
    town_tick(t, 101 * 24 - 0.001);
    assert_int_equal(households(t), 1);
    town_tick(t, 101 * 24);
    assert_int_equal(households(t), 0);
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "a", .where = 'x');
    TOLD(t, "s-2 accepted H3 new regular\n"
            "service:team regular_signal s-2\n");
    town_free(t);
}

static void
a_household_left_alone_again_leaves_at_the_first_look_that_finds_nothing(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a", .where = 'x');
    EVENT(t, .id = "k-1", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "a", .where = 'y');
    t->hour = 60 * 24; /* H1, the address alone, is looked at on day 100 */
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .where = 'x');
    t->hour = 70 * 24; /* and on day 170 */
    EVENT(t, .id = "k-2", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .where = 'x');
    EVENT(t, .id = "k-3", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 1, .from = 3);
    t->hour = 120 * 24; /* after the first look found s-2; and on day 220 */
    EVENT(t, .id = "k-4", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .where = 'x');
    TOLD(t, "k-4 household_split accepted\n");
    town_tick(t, 160 * 24); /* s-2 leaves with H4 */
    vdr_at at;
    vdr_household_view view;
    town_tick(t, 170 * 24 - 0.001);
    assert_true(vdr_view_household(t->core, (vdr_household_id){1}, &at, &view));
    town_tick(t, 170 * 24);
    assert_false(vdr_view_household(t->core, (vdr_household_id){1}, &at, &view));
    town_free(t);
}

static void
a_household_that_got_a_signal_in_time_stays(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a", .where = 'x');
    EVENT(t, .id = "k-1", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "a", .where = 'y');
    assert_int_equal(households(t), 2); /* H1: the address alone */
    town_tick(t, 99 * 24);
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .where = 'x');
    TOLD(t, "s-2 accepted H1 address regular\n"
            "service:team regular_signal s-2\n");
    town_tick(t, 150 * 24); /* H2 left with s-1, H1's look found s-2 */
    assert_int_equal(households(t), 1);
    town_tick(t, 199 * 24);
    assert_int_equal(households(t), 0);
    town_free(t);
}

static void
the_last_person_takes_cases_along_and_the_bar_with_them(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "d-1", .by = "housing", .type = "arrears", .who = "A", .where = 'x');
    EVENT(t, .id = "d-2", .by = "housing", .type = "arrears", .who = "A", .where = 'x');
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    EVENT(t, .id = "k-2", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "A", .where = 'y');
    TOLD(t, "k-2 person_moved accepted\n");
    t->hour = 1;
    EVENT(t, .id = "d-3", .by = "housing", .type = "arrears", .where = 'y');
    TOLD(t, "d-3 accepted H2 address regular\n"
            "service:debts regular_signal d-3\n"); /* the case was dismissed an hour ago */
    EVENT(t, .id = "d-4", .by = "housing", .type = "arrears", .where = 'x');
    EVENT(t, .id = "d-5", .by = "housing", .type = "arrears", .where = 'x');
    TOLD(t, "d-5 accepted H1 address proposed\n" /* nothing bars the household left behind */
            "C2 H1 proposed unassigned high - debts d-4 d-5\n"
            "C2 H1 offered offered high anna\n"
            "regisseur:anna case_offered C2\n");
    town_free(t);
}

static void
a_move_to_a_full_excluded_or_own_address(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "abc", .where = 'x');
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "de", .where = 'y');
    EVENT(t, .id = "k-1", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "a", .where = 'x');
    assert_false(t->step.bare);
    assert_int_equal(households(t), 2); /* is there already */
    EVENT(t, .id = "k-2", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "d", .where = 'x');
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "d");
    TOLD(t, "s-3 accepted H3 person regular\n" /* H1 is full */
            "service:team regular_signal s-3\n");
    EVENT(t, .id = "k-3", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "e", .where = 'z',
          .excluded = true);
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "f", .where = 'z');
    TOLD(t, "s-4 accepted H5 new regular\n" /* e's household has no address */
            "service:team regular_signal s-4\n");
    EVENT(t, .id = "k-4", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "f", .where = 'y');
    EVENT(t, .id = "s-5", .by = "school", .type = "absence", .where = 'y');
    TOLD(t, "s-5 accepted H2 address regular\n" /* still there, though both have left, and f came */
            "service:team regular_signal s-5\n"
            "H2 watch busy\n");
    town_free(t);
}

static void
a_review_is_asked_once_for_a_pair_while_both_exist(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "c");
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "cab");
    TOLD(t, "s-4 accepted H3 person regular\n"
            "coordinator:piet review H1 H3\n"
            "coordinator:saskia review H1 H3\n"
            "coordinator:piet review H2 H3\n"
            "coordinator:saskia review H2 H3\n"
            "service:team regular_signal s-4\n"
            "H3 watch busy\n");
    EVENT(t, .id = "s-5", .by = "school", .type = "absence", .who = "ab");
    vdr_cursor cursor = {0};
    vdr_household_id lower, other;
    static const int pairs[][2] = {{1, 3}, {2, 3}, {1, 2}};
    for (size_t i = 0; i < COUNT(pairs); i++) {
        assert_true(vdr_view_review(t->core, &cursor, &lower, &other));
        assert_int_equal(lower.number, pairs[i][0]);
        assert_int_equal(other.number, pairs[i][1]);
    }
    assert_false(vdr_view_review(t->core, &cursor, &lower, &other));
    EVENT(t, .id = "k-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 1, .from = 3);
    cursor = (vdr_cursor){.number = 1};
    assert_true(vdr_view_review(t->core, &cursor, &lower, &other));
    assert_int_equal(lower.number, 1);
    assert_int_equal(other.number, 2);
    assert_false(vdr_view_review(t->core, &cursor, &lower, &other));
    town_free(t);
}

static void
a_split_takes_what_names_only_those_who_leave(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "ab", .where = 'x',
          .buurt = "BU00000001");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b", .where = 'x');
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .where = 'x');
    EVENT(t, .id = "k-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .who = "bc");
    TOLD(t, "k-1 household_split wrong_state\n");
    EVENT(t, .id = "k-2", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1);
    TOLD(t, "k-2 household_split no_subject\n");
    EVENT(t, .id = "k-3", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .who = "bb");
    TOLD(t, "k-3 household_split accepted\n");
    vdr_at at;
    vdr_household_view view;
    assert_true(vdr_view_household(t->core, (vdr_household_id){2}, &at, &view));
    assert_int_equal(view.person_count, 1);
    assert_int_equal(view.signal_count, 1);
    assert_true(vdr_span_equal(view.district, vdr_span_str("BU00000001")));
    vdr_at cursor = {0};
    vdr_key16 key;
    vdr_position position;
    assert_true(vdr_view_household_member(t->core, at, false, &cursor, &key, &position));
    assert_int_equal(position, 3); /* s-2, the newest that names b */
    assert_true(vdr_view_household(t->core, (vdr_household_id){1}, &at, &view));
    assert_int_equal(view.signal_count, 2);
    town_free(t);
}

static void
a_merge_puts_signals_in_log_order_and_keeps_latches(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    static const char *const who[] = {"a", "b", "b", "a", "b", "a"};
    for (size_t i = 0; i < COUNT(who); i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "s-%zu", i);
        EVENT(t, .id = id, .by = "school", .type = "absence", .who = who[i]);
    }
    EVENT(t, .id = "k-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 2, .from = 1);
    vdr_at at, cursor = {0};
    vdr_household_view view;
    vdr_signal_view signal;
    assert_true(vdr_view_household(t->core, (vdr_household_id){2}, &at, &view));
    for (size_t i = 0; i < COUNT(who); i++) {
        assert_true(vdr_view_household_signal(t->core, at, &cursor, &signal));
        assert_int_equal(signal.position, i + 2);
    }
    EVENT(t, .id = "s-9", .by = "school", .type = "absence", .who = "a");
    TOLD(t, "s-9 accepted H2 person regular\n" /* watched already */
            "service:team regular_signal s-9\n");
    EVENT(t, .id = "k-2", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 2, .from = 1);
    TOLD(t, "k-2 household_merged unknown_household\n");
    town_free(t);
}

static bool
under_review(const town *t, uint64_t number)
{
    vdr_at at;
    vdr_household_view view;
    return vdr_view_household(t->core, (vdr_household_id){number}, &at, &view) && view.under_review;
}

static void
a_review_that_is_set_aside_is_asked_no_more(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_core_counts counts;
    vdr_cursor cursor = {0};
    vdr_household_id lower, other;
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "c");
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "abc"); /* H1 and H2, H1 and H3 */
    static const struct {
        const char *by, *verdict;
        int household, other;
    } rows[] = {
        {"regisseur:anna", "not_allowed", 2, 1},     {"coordinator:piet", "unknown_household", 2, 9},
        {"coordinator:piet", "wrong_state", 2, 3}, /* nobody was asked */
        {"coordinator:piet", "wrong_state", 1, 1},   {"coordinator:piet", "accepted", 2, 1},
        {"coordinator:saskia", "wrong_state", 1, 2},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char id[16], expected[64];
        (void)snprintf(id, sizeof id, "k-%zu", i);
        EVENT(t, .id = id, .by = rows[i].by, .act = VDR_ACT_REVIEW_SET_ASIDE, .into = rows[i].household,
              .from = rows[i].other);
        (void)snprintf(expected, sizeof expected, "%s review_set_aside %s\n", id, rows[i].verdict);
        if (strcmp(t->told, expected) != 0)
            fail_msg("row %zu: %s", i, t->told);
    }
    assert_true(vdr_view_review(t->core, &cursor, &lower, &other));
    assert_int_equal(other.number, 3);
    assert_false(vdr_view_review(t->core, &cursor, &lower, &other));
    assert_true(under_review(t, 1) && !under_review(t, 2) && under_review(t, 3));
    EVENT(t, .id = "s-5", .by = "school", .type = "absence", .who = "ab");
    TOLD(t, "s-5 accepted H1 person regular\nservice:team regular_signal s-5\n"); /* nor again */
    EVENT(t, .id = "k-9", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 3, .from = 1);
    vdr_view_counts(t->core, &counts);
    assert_int_equal(counts.reviews, 0);                                   /* both pairs were of H1 */
    EVENT(t, .id = "s-6", .by = "school", .type = "absence", .who = "ab"); /* H3 and H2: another pair */
    assert_true(under_review(t, 2) && under_review(t, 3));
    vdr_view_counts(t->core, &counts);
    assert_int_equal(counts.reviews, 1);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_named_twice_counts_once_and_in_both_roles),
        cmocka_unit_test(who_is_named_elsewhere_outlives_the_household_and_is_of_none),
        cmocka_unit_test(timers_that_an_erased_household_leaves_behind_find_nothing),
        cmocka_unit_test(a_move_of_nobody_known_steps_the_same_without_its_content),
        cmocka_unit_test(a_household_left_alone_leaves_after_the_longest_retain),
        cmocka_unit_test(a_household_left_alone_again_leaves_at_the_first_look_that_finds_nothing),
        cmocka_unit_test(a_household_that_got_a_signal_in_time_stays),
        cmocka_unit_test(the_last_person_takes_cases_along_and_the_bar_with_them),
        cmocka_unit_test(a_move_to_a_full_excluded_or_own_address),
        cmocka_unit_test(a_review_is_asked_once_for_a_pair_while_both_exist),
        cmocka_unit_test(a_review_that_is_set_aside_is_asked_no_more),
        cmocka_unit_test(a_split_takes_what_names_only_those_who_leave),
        cmocka_unit_test(a_merge_puts_signals_in_log_order_and_keeps_latches),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
