/* Time: what fires when, what is logged, and how long an id is taken (semantics sections 2, 3 and 8). */
#include "tests/core_town.h"

static void
a_refused_line_moves_time_and_is_logged_as_a_tick_only_where_a_timer_fired(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    t->hour = 5;
    EVENT(t, .id = "s-2", .by = "school", .type = "nonsense", .who = "a");
    TOLD(t, "s-2 unknown_type\n");
    assert_false(t->step.record || t->step.tick);
    t->hour = 4; /* raised to the refused line's */
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "b");
    assert_int_equal(t->step.at, TOWN_T0 + 5 * HOUR);
    assert_true(t->step.record);
    t->hour = 240;
    EVENT(t, .id = "s-4", .by = "school", .type = "nonsense", .who = "a");
    TOLD(t, "coordinator:piet overdue s-1 H1\n"
            "coordinator:saskia overdue s-1 H1\n"
            "s-4 unknown_type\n");
    assert_false(t->step.record);
    assert_true(t->step.tick);
    assert_true(t->step.own > 0 && t->step.own < t->step.tale.len);
    town_free(t);
}

static void
a_malformed_line_before_the_first_instant_has_no_time(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_command command = {.kind = VDR_COMMAND_SIGNAL, .at = VDR_MS_NONE, .shape = VDR_E_MALFORMED};
    town_step(t, &command);
    assert_int_equal(t->step.at, VDR_MS_NONE);
    assert_int_equal(t->step.verdict, VDR_E_MALFORMED);
    assert_false(t->step.record || t->step.tick);
    town_free(t);
}

static void
timers_of_one_instant_fire_in_the_order_they_were_set(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    /* The offer's clock (72 h) set at hour 168 and the follow-ups (240 h) set at hour 0 all end at hour 240. */
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    t->hour = 168;
    EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "c");
    town_tick(t, 240);
    TOLD(t, "coordinator:piet overdue s-1 H1\n"
            "coordinator:saskia overdue s-1 H1\n"
            "coordinator:piet overdue s-2 H2\n"
            "coordinator:saskia overdue s-2 H2\n"
            "C1 H3 expired unassigned normal -\n"
            "regisseur:anna case_taken_back C1\n"
            "coordinator:piet not_accepted C1 anna\n"
            "coordinator:saskia not_accepted C1 anna\n"
            "C1 H3 offered offered normal bram\n"
            "regisseur:bram case_offered C1\n");
    town_free(t);
}

static void
what_a_timer_sets_may_fire_in_the_same_go(void **unused)
{
    (void)unused;
    static const vdr_config_absence away[] = {{TOWN_T0, TOWN_T0 + 3 * HOUR}};
    vdr_config_regisseur absent[] = {town_regisseurs[0]};
    absent[0].absent = away;
    absent[0].absent_count = 1;
    vdr_config config = town_config;
    config.regisseurs = absent;
    config.regisseur_count = 1;
    town *t = town_new(&config);
    t->hour = 0.5;
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    /* Retries at 1.5, 2.5 and 3.5; she is back at 3; her offer ends at 75.5. The retry timer stands on. */
    town_tick(t, 76);
    TOLD(t, "C1 H1 offered offered normal anna @3.5\n"
            "regisseur:anna case_offered C1 @3.5\n"
            "C1 H1 expired unassigned normal - @75.5\n"
            "regisseur:anna case_taken_back C1 @75.5\n"
            "coordinator:piet not_accepted C1 anna @75.5\n"
            "coordinator:saskia not_accepted C1 anna @75.5\n"
            "C1 H1 unassigned unassigned normal - @75.5\n"
            "coordinator:piet needs_regisseur C1 @75.5\n"
            "coordinator:saskia needs_regisseur C1 @75.5\n");
    town_free(t);
}

/* Many timers of one instant, and those they set, fired at once and in parts: the same is told, in the same
 * order, and what comes after is the same too. */
static void
timers_of_one_instant_may_fire_in_parts(void **unused)
{
    (void)unused;
    for (unsigned part = 1; part <= 64; part *= 4) {
        town *whole = town_new(&town_config), *parts = town_new(&town_config);
        for (unsigned i = 0; i < 40; i++) {
            char id[16], who[2] = {(char)('a' + (char)(i % 25)), 0};
            (void)snprintf(id, sizeof id, "s-%u", i);
            EVENT(whole, .id = id, .by = "school", .type = i % 8 == 0 ? "violence" : "absence", .who = who);
            EVENT(parts, .id = id, .by = "school", .type = i % 8 == 0 ? "violence" : "absence", .who = who);
        }
        char told[sizeof whole->told];
        size_t told_len = 0;
        vdr_ms at = TOWN_T0 + 11 * DAY; /* offers ended, retries, and all follow-ups of day 10 */
        town_tick(whole, 11 * 24);
        unsigned ticks = 0;
        do {
            vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = at, .timers_max = part};
            town_step(parts, &tick);
            /* Each line stands at its own instant; the short form leaves it out where it is the step's. */
            uint32_t offset = 0;
            vdr_effect effect;
            while (vdr_effect_next(parts->step.tale, &offset, &effect) == VDR_OK)
                assert_true(effect.at <= parts->step.at);
            assert_true(told_len + parts->step.tale.len < sizeof told);
            if (parts->step.tale.len != 0)
                memcpy(told + told_len, parts->step.tale.at, parts->step.tale.len);
            told_len += parts->step.tale.len;
            ticks++;
        } while (vdr_core_next_due(parts->core) <= at);
        assert_true(ticks > 1);
        assert_true(vdr_core_now(parts->core) == at);
        assert_int_equal(told_len, whole->step.tale.len);
        assert_memory_equal(told, whole->step.tale.at, told_len);
        whole->hour = parts->hour = 11 * 24 + 1;
        EVENT(whole, .id = "after", .by = "police", .type = "violence", .who = "ab", .severity = 5);
        EVENT(parts, .id = "after", .by = "police", .type = "violence", .who = "ab", .severity = 5);
        assert_string_equal(parts->told, whole->told);
        town_free(whole);
        town_free(parts);
    }
}

/* Whatever comes before the rest of them has fired, fires it first: also a line whose time is past. */
static void
what_a_tick_left_fires_before_anything_else(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "A");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "B");
    vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = TOWN_T0 + 20 * DAY, .timers_max = 1};
    town_step(t, &tick);
    assert_true(t->step.at == TOWN_T0 + 10 * DAY);
    TOLD(t, "coordinator:piet overdue s-1 H1\n"
            "coordinator:saskia overdue s-1 H1\n");
    t->hour = 1;
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "C");
    TOLD(t, "coordinator:piet overdue s-2 H2\n"
            "coordinator:saskia overdue s-2 H2\n"
            "s-3 accepted H3 new regular\n"
            "service:team regular_signal s-3\n");
    town_free(t);
}

static void
an_id_is_taken_by_a_signal_until_it_leaves_and_by_a_command_for_the_longest_retain(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "x", .by = "school", .type = "violence", .who = "A"); /* retain 80 d */
    EVENT(t, .id = "y", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "x");
    EVENT(t, .id = "x", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "x", .digest = 1);
    TOLD(t, "x signal_withdrawn id_reused\n");
    EVENT(t, .id = "y", .by = "school", .type = "absence", .who = "A", .digest = 1);
    TOLD(t, "y id_reused\n");
    EVENT(t, .id = "y", .by = "police", .type = "violence", .who = "B");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED); /* ids are of a source */
    EVENT(t, .id = "y", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "x");
    TOLD(t, "y signal_withdrawn duplicate\n");
    assert_int_equal(t->step.first, 3);
    town_tick(t, 80 * 24 - 0.001);
    EVENT(t, .id = "x", .by = "school", .type = "violence", .who = "A");
    TOLD(t, "x duplicate\n");
    assert_int_equal(t->step.first, 2);
    t->hour = 80 * 24;
    EVENT(t, .id = "x", .by = "school", .type = "absence", .who = "Z");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    town_tick(t, 100 * 24 - 0.001);
    EVENT(t, .id = "y", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "x", .digest = 1);
    TOLD(t, "y signal_withdrawn id_reused\n");
    t->hour = 100 * 24;
    EVENT(t, .id = "y", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "x", .digest = 1);
    TOLD(t, "y signal_withdrawn accepted\n");
    town_free(t);
}

static void
an_overdue_signal_stays_so_until_feedback_withdrawal_or_its_leaving(void **unused)
{
    (void)unused;
    static const struct {
        const char *how;
        event event;
        double tick;
    } rows[] = {
        {"feedback",
         {.id = "k", .by = "service:team", .act = VDR_ACT_FEEDBACK, .signal = "s-1", .result = "helped"},
         0},
        {"withdrawn", {.id = "k", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-1"}, 0},
        {"superseded", {.id = "k", .by = "school", .type = "absence", .who = "a", .signal = "s-1"}, 0},
        {"erased", {.id = "k", .by = "privacy_officer:ada", .act = VDR_ACT_ERASED, .household = 1}, 0},
        {"left", {0}, 100 * 24},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        town *t = town_new(&town_config);
        EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
        t->hour = 1;
        EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
        town_tick(t, 300);
        vdr_cursor cursor = {0};
        vdr_signal_view view;
        assert_true(vdr_view_overdue(t->core, &cursor, &view));
        assert_true(vdr_span_equal(view.id, vdr_span_str("s-1")));
        if (rows[i].tick != 0)
            town_tick(t, rows[i].tick);
        else
            town_event(t, &rows[i].event);
        /* From the cursor on, and from the beginning: s-2 alone. */
        for (int pass = 0; pass < 2; pass++, cursor = (vdr_cursor){0}) {
            if (!vdr_view_overdue(t->core, &cursor, &view) || !vdr_span_equal(view.id, vdr_span_str("s-2")) ||
                vdr_view_overdue(t->core, &cursor, &view))
                fail_msg("%s, pass %d", rows[i].how, pass);
        }
        town_free(t);
    }
}

static void
feedback_finds_the_newest_that_was_routed_to_the_service(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "1", .by = "housing", .type = "arrears", .who = "b"); /* to debts */
    EVENT(t, .id = "1", .by = "police", .type = "custody", .who = "c");
    EVENT(t, .id = "2", .by = "police", .type = "violence", .who = "c"); /* proposed: routed nowhere */
    static const struct {
        const char *by, *signal, *agency, *told;
    } rows[] = {
        {"service:team", "1", "housing", "k-0 feedback not_allowed\n"},
        {"service:team", "1", "nobody", "k-1 feedback unknown_signal\n"},
        {"service:team", "2", NULL, "k-2 feedback not_allowed\n"},
        {"service:team", "3", NULL, "k-3 feedback unknown_signal\n"},
        {"service:team", "1", NULL, "k-4 feedback accepted\nagency:police feedback 1 helped\n"},
        {"service:team", "1", "school", "k-5 feedback accepted\nagency:school feedback 1 helped\n"},
        {"service:debts", "1", NULL, "k-6 feedback accepted\nagency:housing feedback 1 helped\n"},
        {"service:team", "1", NULL, "k-7 feedback wrong_state\n"},
        {"school", "1", NULL, "k-8 feedback not_allowed\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "k-%zu", i);
        EVENT(t, .id = id, .by = rows[i].by, .act = VDR_ACT_FEEDBACK, .signal = rows[i].signal,
              .agency = rows[i].agency, .result = "helped");
        if (strcmp(t->told, rows[i].told) != 0)
            fail_msg("row %zu: %s", i, t->told);
    }
    town_free(t);
}

static void
ending_a_state_prolongs_nothing_and_may_lie_before_it(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "custody", .who = "a");
    EVENT(t, .id = "k-1", .by = "police", .act = VDR_ACT_SIGNAL_ENDED, .signal = "s-1", .ago = -1.5);
    TOLD(t, "k-1 signal_ended future\n");
    EVENT(t, .id = "k-2", .by = "police", .act = VDR_ACT_SIGNAL_ENDED, .signal = "s-1", .ago = 10);
    TOLD(t, "k-2 signal_ended accepted\n");
    vdr_at at;
    vdr_signal_view view;
    assert_true(vdr_view_signal(t->core, vdr_span_str("urn:police"), vdr_span_str("s-1"), town_id_hash("s-1"),
                                &at, &view));
    assert_int_equal(view.until, TOWN_T0 - 10 * HOUR);
    assert_true(view.ended);
    EVENT(t, .id = "k-3", .by = "police", .act = VDR_ACT_SIGNAL_ENDED, .signal = "s-1");
    TOLD(t, "k-3 signal_ended wrong_state\n");
    town_free(t);
}

static void
a_dismissed_signal_is_followed_up_anew_unless_it_still_is_or_has_feedback(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a"); /* follow-up at 240 */
    t->hour = 1;
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "a"); /* attached: none */
    t->hour = 2;
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    TOLD(t, "k-1 case_dismissed accepted\n"
            "C1 H1 dismissed dismissed normal anna\n"
            "service:team regular_signal s-2\n"
            "service:team regular_signal s-3\n");
    town_tick(t, 500);
    TOLD(t, "coordinator:piet overdue s-1 H1 @240\n"
            "coordinator:saskia overdue s-1 H1 @240\n"
            "coordinator:piet overdue s-3 H1 @242\n"
            "coordinator:saskia overdue s-3 H1 @242\n");
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_refused_line_moves_time_and_is_logged_as_a_tick_only_where_a_timer_fired),
        cmocka_unit_test(a_malformed_line_before_the_first_instant_has_no_time),
        cmocka_unit_test(timers_of_one_instant_fire_in_the_order_they_were_set),
        cmocka_unit_test(what_a_timer_sets_may_fire_in_the_same_go),
        cmocka_unit_test(timers_of_one_instant_may_fire_in_parts),
        cmocka_unit_test(what_a_tick_left_fires_before_anything_else),
        cmocka_unit_test(an_id_is_taken_by_a_signal_until_it_leaves_and_by_a_command_for_the_longest_retain),
        cmocka_unit_test(an_overdue_signal_stays_so_until_feedback_withdrawal_or_its_leaving),
        cmocka_unit_test(feedback_finds_the_newest_that_was_routed_to_the_service),
        cmocka_unit_test(ending_a_state_prolongs_nothing_and_may_lie_before_it),
        cmocka_unit_test(a_dismissed_signal_is_followed_up_anew_unless_it_still_is_or_has_feedback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
