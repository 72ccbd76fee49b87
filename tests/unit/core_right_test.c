/* What residents ask, and what stands about them (protocol.md 5.10), where households and signals change
 * meanwhile. */
#include "broker/core/left.h"
#include "tests/core_town.h"

#define ADA  "privacy_officer:ada"
#define PIET "coordinator:piet"

/* A hold that stands. */
static void
hold(town *t, int household)
{
    EVENT(t, .id = "hold", .by = PIET, .act = VDR_ACT_HOLD_PLACED, .household = household);
    EVENT(t, .id = "held", .by = ADA, .act = VDR_ACT_HOLD_CONFIRMED, .household = household);
    TOLD(t, "held hold_confirmed accepted\n");
}

static void
lift(town *t, int household)
{
    EVENT(t, .id = "lift", .by = ADA, .act = VDR_ACT_HOLD_LIFTED, .household = household);
    EVENT(t, .id = "lifted", .by = "coordinator:saskia", .act = VDR_ACT_HOLD_CONFIRMED,
          .household = household);
    TOLD(t, "lifted hold_confirmed accepted\n");
}

static uint64_t
signals_of(const town *t, uint64_t number)
{
    vdr_at at;
    vdr_household_view view;
    return vdr_view_household(t->core, (vdr_household_id){number}, &at, &view) ? view.signal_count : 0;
}

static bool
exists(const town *t, uint64_t number)
{
    vdr_at at;
    vdr_household_view view;
    return vdr_view_household(t->core, (vdr_household_id){number}, &at, &view);
}

static void
what_is_past_its_term_leaves_when_the_hold_is_lifted(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    t->hour = 24 * 50;
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "a");
    hold(t, 1);
    town_tick(t, 24 * 120); /* s-1 is past its 100 days */
    assert_int_equal(signals_of(t, 1), 2);
    lift(t, 1);
    assert_int_equal(signals_of(t, 1), 1);
    town_tick(t, 24 * 151);
    assert_false(exists(t, 1));
    town_free(t);
}

static void
a_household_that_would_have_left_leaves_with_its_hold(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    hold(t, 1);
    town_tick(t, 24 * 300); /* the signal's and the case's terms are long over */
    assert_int_equal(signals_of(t, 1), 1);
    EVENT(t, .id = "k-2", .by = ADA, .act = VDR_ACT_ERASED, .household = 1);
    TOLD(t, "k-2 erased wrong_state\n");
    lift(t, 1);
    assert_false(exists(t, 1));
    town_free(t);
}

static void
a_hold_goes_where_the_household_goes(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "ab");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    hold(t, 1);
    EVENT(t, .id = "k-1", .by = PIET, .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .who = "b"); /* H2, s-2 */
    EVENT(t, .id = "k-2", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "b", .where = 'x'); /* H3 */
    town_tick(t, 24 * 150);
    assert_int_equal(signals_of(t, 1), 1);
    assert_int_equal(signals_of(t, 3), 1);
    EVENT(t, .id = "k-3", .by = PIET, .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 3, .from = 1);
    assert_int_equal(signals_of(t, 3), 2);
    lift(t, 3);
    assert_false(exists(t, 3));
    town_free(t);
}

static void
a_hold_needs_two_persons_and_one_officer(void **unused)
{
    (void)unused;
    static const struct {
        const char *places, *confirms, *verdict;
    } rows[] = {
        {ADA, ADA, "not_allowed"},
        {ADA, "coordinator:ada", "not_allowed"}, /* one person, whatever they act as */
        {PIET, "coordinator:saskia", "not_allowed"},
        {PIET, ADA, "accepted"},
        {ADA, PIET, "accepted"},
    };
    static const vdr_span coordinators[] = {S("piet"), S("saskia"), S("ada")};
    vdr_config config = town_config;
    config.coordinators.at = coordinators;
    config.coordinators.count = COUNT(coordinators);
    for (size_t i = 0; i < COUNT(rows); i++) {
        char expected[64];
        town *t = town_new(&config);
        EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
        EVENT(t, .id = "k-1", .by = rows[i].places, .act = VDR_ACT_HOLD_PLACED, .household = 1);
        EVENT(t, .id = "k-2", .by = rows[i].confirms, .act = VDR_ACT_HOLD_CONFIRMED, .household = 1);
        (void)snprintf(expected, sizeof expected, "k-2 hold_confirmed %s\n", rows[i].verdict);
        if (strcmp(t->told, expected) != 0)
            fail_msg("row %zu: %s", i, t->told);
        town_free(t);
    }
}

static void
a_signal_that_moves_keeps_the_objection_of_its_household(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b", .where = 'y');
    EVENT(t, .id = "k-1", .by = ADA, .act = VDR_ACT_OBJECTED, .household = 1);
    EVENT(t, .id = "k-2", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "a", .where = 'y');
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "a");
    TOLD(t, "s-3 accepted H2 person regular\n"
            "service:team regular_signal s-3\n"
            "H2 watch busy\n"); /* s-2 and s-3: s-1 is held out wherever it is */
    EVENT(t, .id = "k-3", .by = ADA, .act = VDR_ACT_OBJECTION_DECIDED, .signal = "s-1", .upheld = true);
    TOLD(t, "k-3 objection_decided accepted\n");
    EVENT(t, .id = "k-4", .by = ADA, .act = VDR_ACT_OBJECTED, .signal = "s-1");
    TOLD(t, "k-4 objected wrong_state\n"); /* it is withdrawn */
    town_free(t);
}

static void
a_household_with_windows_is_held_out_and_comes_back(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    char id[16];
    for (int i = 0; i < 70; i++) { /* more than are looked at one by one */
        (void)snprintf(id, sizeof id, "s-%d", i);
        EVENT(t, .id = id, .by = "housing", .type = "arrears", .who = "a", .ago = 24 * 31);
    }
    EVENT(t, .id = "k-1", .by = ADA, .act = VDR_ACT_OBJECTED, .household = 1);
    EVENT(t, .id = "x-1", .by = "housing", .type = "arrears", .who = "a");
    TOLD(t, "x-1 accepted H1 person regular\n"
            "service:debts regular_signal x-1\n");
    EVENT(t, .id = "k-2", .by = ADA, .act = VDR_ACT_OBJECTION_DECIDED, .household = 1);
    EVENT(t, .id = "x-2", .by = "housing", .type = "arrears", .who = "a");
    assert_memory_equal(t->told, "x-2 accepted H1 person proposed\n", 32);
    town_free(t);
}

static void
a_request_is_done_when_the_case_ends_by_whatever(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = ADA, .act = VDR_ACT_ERASURE_REQUESTED, .household = 1);
    TOLD(t, "k-1 erasure_requested accepted\n"
            "regisseur:anna erasure_requested C1 H1\n"
            "privacy_officer:ada erasure_requested C1 H1\n");
    EVENT(t, .id = "k-2", .by = PIET, .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1, .regisseur = "bram");
    TOLD(t, "k-2 case_assigned accepted\n"
            "C1 H1 reassigned offered normal bram\n"
            "regisseur:anna case_taken_back C1\n"
            "regisseur:bram case_offered C1\n"
            "regisseur:bram erasure_requested C1 H1\n");
    EVENT(t, .id = "k-3", .by = "police", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-1");
    TOLD(t, "k-3 signal_withdrawn accepted\n"
            "C1 H1 retracted retracted normal bram\n"
            "regisseur:bram case_withdrawn C1\n"
            "privacy_officer:ada request_done H1 erasure\n");
    assert_false(exists(t, 1));
    town_free(t);
}

static void
rules_do_not_know_a_person_who_objects(void **unused)
{
    (void)unused;
    vdr_config_rule rules[2] = {town_rules[3], town_rules[3]};
    rules[1].id = vdr_span_str("pair");
    rules[1].at_least[VDR_MEASURE_SIGNALS] = 0;
    rules[1].at_least[VDR_MEASURE_PERSONS] = 2;
    rules[1].fingerprint.bytes[0] = 9;
    vdr_config config = town_config;
    config.rules = rules;
    config.rule_count = 2;
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "k-1", .by = ADA, .act = VDR_ACT_OBJECTED, .who = "b");
    TOLD(t, "k-1 objected wrong_state\n"); /* nobody who is known */
    EVENT(t, .id = "k-2", .by = ADA, .act = VDR_ACT_OBJECTED, .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "ab");
    TOLD(t, "s-2 accepted H1 person regular\n"
            "service:team regular_signal s-2\n"); /* one signal, and of it one person */
    EVENT(t, .id = "k-3", .by = ADA, .act = VDR_ACT_OBJECTION_DECIDED, .who = "a");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "b");
    TOLD(t, "s-3 accepted H1 person regular\n"
            "service:team regular_signal s-3\n"
            "H1 watch busy\n"
            "H1 watch pair\n");
    /* Upheld: s-1 is withdrawn, s-2 stays without a, also when nothing stands any more. */
    EVENT(t, .id = "k-4", .by = ADA, .act = VDR_ACT_OBJECTED, .who = "a");
    EVENT(t, .id = "k-5", .by = ADA, .act = VDR_ACT_OBJECTION_DECIDED, .who = "a", .upheld = true);
    EVENT(t, .id = "k-6", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-1");
    TOLD(t, "k-6 signal_withdrawn wrong_state\n");
    EVENT(t, .id = "k-7", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-3");
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "b");
    TOLD(t, "s-4 accepted H1 person regular\n"
            "service:team regular_signal s-4\n"
            "H1 watch busy\n"); /* s-2 and s-4; of persons b alone */
    EVENT(t, .id = "s-5", .by = "school", .type = "absence", .who = "a");
    TOLD(t, "s-5 accepted H1 person regular\n"
            "service:team regular_signal s-5\n"
            "H1 watch pair\n"); /* what comes later counts */
    town_free(t);
}

static void
one_person_leaves_and_the_signals_of_others_stay(void **unused)
{
    (void)unused;
    vdr_at at;
    vdr_household_view household;
    vdr_rewrite_view wanted;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "ab");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "c");
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "cb"); /* H2's, and names b of H1 */
    hold(t, 2);
    EVENT(t, .id = "k-1", .by = ADA, .act = VDR_ACT_PERSON_ERASED, .household = 1, .who = "b");
    TOLD(t, "k-1 person_erased wrong_state\n"); /* s-4 is kept */
    lift(t, 2);
    EVENT(t, .id = "k-2", .by = ADA, .act = VDR_ACT_PERSON_ERASED, .household = 2, .who = "b");
    TOLD(t, "k-2 person_erased wrong_state\n"); /* of H1 */
    EVENT(t, .id = "k-3", .by = ADA, .act = VDR_ACT_PERSON_ERASED, .household = 1, .who = "b");
    TOLD(t, "k-3 person_erased accepted\n");
    assert_true(t->step.wordless);
    assert_int_equal(signals_of(t, 1), 1);
    assert_int_equal(signals_of(t, 2), 2);
    assert_true(vdr_view_household(t->core, (vdr_household_id){1}, &at, &household));
    assert_int_equal(household.person_count, 1);

    /* Two events are to be written anew: s-1's and s-4's. */
    vdr_cursor cursor = {0};
    vdr_key16 gone = town_key('b', "person");
    unsigned count = 0;
    while (vdr_view_rewrite(t->core, &cursor, &wanted)) {
        assert_false(vdr_view_signal_names(t->core, wanted.at, &gone));
        vdr_command rewrite = {
            .kind = VDR_COMMAND_REWRITE, .at = VDR_MS_NONE, .number = wanted.signal, .until = 5};
        town_step(t, &rewrite);
        assert_true(t->step.record);
        vdr_signal_view signal;
        vdr_view_signal_at(t->core, wanted.at, &signal);
        assert_int_equal(signal.content, t->position);
        assert_int_equal(signal.accepted_at, 5);
        town_step(t, &rewrite); /* once */
        assert_false(t->step.record);
        count++;
    }
    assert_int_equal(count, 2);
    uint32_t erased = 0;
    assert_int_equal(vdr_left_waiting(t->core, &erased), 3); /* s-2, and what s-1 and s-4 said */
    assert_int_equal(erased, 3);
    EVENT(t, .id = "s-5", .by = "school", .type = "absence", .who = "b");
    assert_memory_equal(t->told, "s-5 accepted H3 new", 19); /* nobody who is known */
    town_free(t);
}

static void
an_objection_that_is_upheld_takes_its_signals_out_of_cases(void **unused)
{
    (void)unused;
    static const struct {
        bool accepted;
        const char *told;
    } rows[] = {{false, "k-3 objection_decided accepted\n"
                        "C1 H1 retracted retracted normal bram\n"
                        "regisseur:bram case_withdrawn C1\n"},
                {true, "k-3 objection_decided accepted\n"
                       "regisseur:bram support_withdrawn C1 s-2\n"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        town *t = town_new(&town_config);
        EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
        EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "a");
        EVENT(t, .id = "k-0", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
              .regisseur = "bram");
        if (rows[i].accepted)
            EVENT(t, .id = "k-1", .by = "regisseur:bram", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
        EVENT(t, .id = "k-2", .by = ADA, .act = VDR_ACT_OBJECTED, .who = "a");
        EVENT(t, .id = "k-3", .by = ADA, .act = VDR_ACT_OBJECTION_DECIDED, .who = "a", .upheld = true);
        TOLD(t, rows[i].told); /* once for the case, after the last of its signals */
        town_free(t);
    }
}

static void
a_hold_that_was_to_be_lifted_stands_again_when_it_is_placed_again(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "k-1", .by = ADA, .act = VDR_ACT_HOLD_PLACED, .household = 1);
    EVENT(t, .id = "k-2", .by = ADA, .act = VDR_ACT_HOLD_PLACED, .household = 1);
    TOLD(t, "k-2 hold_placed wrong_state\n");
    EVENT(t, .id = "k-3", .by = "coordinator:piet", .act = VDR_ACT_HOLD_CONFIRMED, .household = 1);
    EVENT(t, .id = "k-4", .by = "coordinator:piet", .act = VDR_ACT_HOLD_LIFTED, .household = 1);
    EVENT(t, .id = "k-5", .by = "coordinator:piet", .act = VDR_ACT_HOLD_PLACED, .household = 1);
    TOLD(t, "k-5 hold_placed accepted\n");
    vdr_cursor cursor = {0};
    vdr_right_view view;
    assert_true(vdr_view_right(t->core, &cursor, &view));
    assert_int_equal(view.state, VDR_RIGHT_STANDS);
    assert_int_equal(view.number, 1);
    assert_false(vdr_view_right(t->core, &cursor, &view));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_past_its_term_leaves_when_the_hold_is_lifted),
        cmocka_unit_test(a_household_that_would_have_left_leaves_with_its_hold),
        cmocka_unit_test(a_hold_goes_where_the_household_goes),
        cmocka_unit_test(a_hold_needs_two_persons_and_one_officer),
        cmocka_unit_test(a_signal_that_moves_keeps_the_objection_of_its_household),
        cmocka_unit_test(a_household_with_windows_is_held_out_and_comes_back),
        cmocka_unit_test(rules_do_not_know_a_person_who_objects),
        cmocka_unit_test(one_person_leaves_and_the_signals_of_others_stay),
        cmocka_unit_test(a_request_is_done_when_the_case_ends_by_whatever),
        cmocka_unit_test(an_objection_that_is_upheld_takes_its_signals_out_of_cases),
        cmocka_unit_test(a_hold_that_was_to_be_lifted_stands_again_when_it_is_placed_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
