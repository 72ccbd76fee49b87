/* Looking at the state (broker/core/view.h). */
#include "tests/core_town.h"

static void
a_case_shows_its_rules_and_a_household_its_cases_newest_first(void **unused)
{
    (void)unused;
    vdr_config config = town_config;
    config.cooldown_ms = 0;
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A", .severity = 5, .where = 'x');
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "A");
    vdr_at household, of, cursor = {0};
    vdr_household_view shown;
    vdr_case_view view;
    assert_true(vdr_view_household(t->core, (vdr_household_id){1}, &household, &shown));
    assert_int_equal(shown.case_count, 2);
    assert_int_equal(shown.open_case.number, 2);
    assert_null(shown.district.at);
    static const int numbers[] = {2, 1};
    for (size_t i = 0; i < COUNT(numbers); i++) {
        assert_true(vdr_view_household_case(t->core, household, &cursor, &view));
        assert_int_equal(view.id.number, numbers[i]);
    }
    assert_false(vdr_view_household_case(t->core, household, &cursor, &view));
    assert_int_equal(view.state, VDR_CASE_DISMISSED);
    assert_int_equal(view.ended_position, 3);

    assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &of, &view));
    assert_int_equal(view.rule_count, 2);
    static const char *const rules[] = {"violence", "grave"};
    vdr_span rule;
    cursor = (vdr_at){0};
    for (size_t i = 0; i < COUNT(rules); i++) {
        assert_true(vdr_view_case_rule(t->core, of, &cursor, &rule));
        assert_true(vdr_span_equal(rule, vdr_span_str(rules[i])));
    }
    assert_false(vdr_view_case_rule(t->core, of, &cursor, &rule));
    assert_false(vdr_view_case(t->core, (vdr_case_id){9}, &of, &view));
    assert_false(vdr_view_household(t->core, (vdr_household_id){9}, &household, &shown));
    town_free(t);
}

static void
a_member_is_found_in_the_newest_signal_that_is_still_kept(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    /* The newest leaves first: it happened long ago. */
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a", .where = 'x');
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b", .where = 'x');
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "a", .where = 'x', .ago = 90 * 24);
    vdr_household_id household;
    vdr_position position;
    vdr_key16 person = town_key('a', "person"), address = town_key('x', "address");
    assert_true(vdr_view_member(t->core, false, &person, &household, &position));
    assert_int_equal(position, 4);
    town_tick(t, 20 * 24);
    assert_true(vdr_view_member(t->core, false, &person, &household, &position));
    assert_int_equal(household.number, 1);
    assert_int_equal(position, 2);
    assert_true(vdr_view_member(t->core, true, &address, &household, &position));
    assert_int_equal(position, 3);
    assert_false(vdr_view_member(t->core, true, &person, &household, &position));
    town_free(t);
}

static void
counts_and_the_next_timer_are_those_of_the_state(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_core_counts counts;
    assert_true(vdr_core_next_due(t->core) == VDR_MS_MAX);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "ab", .where = 'x');
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "c");
    assert_true(vdr_core_next_due(t->core) == TOWN_T0 + 72 * HOUR);
    assert_ptr_equal(vdr_core_config(t->core), &town_config);
    vdr_view_counts(t->core, &counts);
    assert_int_equal(counts.households, 2);
    assert_int_equal(counts.persons, 3);
    assert_int_equal(counts.addresses, 1);
    assert_int_equal(counts.signals, 2);
    assert_int_equal(counts.offered, 1);
    assert_int_equal(counts.timers, 4); /* two leavings, a follow-up, an offer */
    assert_true(counts.memory_bytes > 0);
    vdr_at at;
    vdr_signal_view view, again;
    assert_true(vdr_view_signal(t->core, vdr_span_str("urn:police"), vdr_span_str("s-2"), town_id_hash("s-2"),
                                &at, &view));
    vdr_view_signal_at(t->core, at, &again);
    assert_int_equal(view.position, again.position);
    assert_int_equal(view.case_id.number, 1);
    assert_null(view.service.at);
    assert_false(vdr_view_signal(t->core, vdr_span_str("urn:school"), vdr_span_str("s-2"),
                                 town_id_hash("s-2"), &at, &view));
    assert_false(vdr_view_signal(t->core, vdr_span_str("urn:nobody"), vdr_span_str("s-2"),
                                 town_id_hash("s-2"), &at, &view));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_shows_its_rules_and_a_household_its_cases_newest_first),
        cmocka_unit_test(a_member_is_found_in_the_newest_signal_that_is_still_kept),
        cmocka_unit_test(counts_and_the_next_timer_are_those_of_the_state),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
