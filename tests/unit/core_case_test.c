/* Cases: who holds them, who may act, when all unassigned ones are tried again (semantics sections 8 and 9). */
#include "tests/core_town.h"

/* Anna alone, and with room for one case only. */
static const vdr_config_regisseur one_regisseur[] = {
    {S("anna"), {NULL, 0}, true, 1, 1, {NULL, 0}, NULL, 0},
};

static vdr_config
town_of_one(void)
{
    vdr_config config = town_config;
    config.regisseurs = one_regisseur;
    config.regisseur_count = 1;
    return config;
}

static void
a_retraction_frees_room_for_the_case_that_the_same_line_proposed(void **unused)
{
    (void)unused;
    vdr_config config = town_of_one();
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    TOLD(t, "s-1 accepted H1 new proposed\n"
            "C1 H1 proposed unassigned normal - violence s-1\n"
            "C1 H1 offered offered normal anna\n"
            "regisseur:anna case_offered C1\n");
    /* The correction is about another household. Its case finds nobody, then s-1's is retracted. */
    t->hour = 1;
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "B", .signal = "s-1");
    TOLD(t, "s-2 accepted H2 new proposed\n"
            "C2 H2 proposed unassigned normal - violence s-2\n"
            "C2 H2 unassigned unassigned normal -\n"
            "coordinator:piet needs_regisseur C2\n"
            "coordinator:saskia needs_regisseur C2\n"
            "C1 H1 retracted retracted normal anna\n"
            "regisseur:anna case_withdrawn C1\n"
            "C2 H2 offered offered normal anna\n"
            "regisseur:anna case_offered C2\n");
    town_free(t);
}

static void
a_load_that_falls_and_rises_again_tries_nothing(void **unused)
{
    (void)unused;
    vdr_config config = town_of_one();
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "B");
    EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "C");
    /* Two unassigned; anna declines C1, which is all she refuses: she gets C2, and has as much as before. */
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DECLINED, .case_number = 1);
    TOLD(t, "k-1 case_declined accepted\n"
            "C1 H1 declined unassigned normal -\n"
            "C1 H1 unassigned unassigned normal -\n"
            "coordinator:piet needs_regisseur C1\n"
            "coordinator:saskia needs_regisseur C1\n"
            "C2 H2 offered offered normal anna\n"
            "regisseur:anna case_offered C2\n");
    /* A coordinator gives her C1 besides: nothing fell. */
    EVENT(t, .id = "k-2", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
          .regisseur = "anna");
    TOLD(t, "k-2 case_assigned accepted\n"
            "C1 H1 offered offered normal anna\n"
            "regisseur:anna case_offered C1\n");
    EVENT(t, .id = "k-3", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    TOLD(t, "k-3 case_accepted accepted\n"
            "C1 H1 accepted active normal anna\n");
    /* One of her two ends: she is at the wall still, so C3 waits; the other ends: C3. */
    EVENT(t, .id = "k-4", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1);
    TOLD(t, "k-4 case_closed accepted\n"
            "C1 H1 closed closed normal anna\n");
    EVENT(t, .id = "k-5", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 2);
    TOLD(t, "k-5 case_dismissed accepted\n"
            "C2 H2 dismissed dismissed normal anna\n"
            "service:team regular_signal s-2\n"
            "C3 H3 offered offered normal anna\n"
            "regisseur:anna case_offered C3\n");
    town_free(t);
}

static void
unassigned_cases_are_tried_by_priority_then_number(void **unused)
{
    (void)unused;
    vdr_config config = town_of_one();
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "B");
    EVENT(t, .id = "s-3", .by = "police", .type = "violence", .who = "C");
    EVENT(t, .id = "s-4", .by = "police", .type = "violence", .who = "C", .severity = 5);
    for (int number = 1; number <= 3; number++) {
        static const char *const next[] = {"", "C3 H3 offered offered urgent anna\n",
                                           "C2 H2 offered offered normal anna\n", ""};
        static const int ended[] = {0, 1, 3, 2};
        char id[8];
        (void)snprintf(id, sizeof id, "k-%d", number);
        EVENT(t, .id = id, .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED,
              .case_number = ended[number]);
        if (strstr(t->told, next[number]) == NULL)
            fail_msg("after C%d:\n%s", ended[number], t->told);
    }
    town_free(t);
}

static void
a_case_that_ends_unassigned_names_no_regisseur(void **unused)
{
    (void)unused;
    vdr_config config = town_of_one();
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DECLINED, .case_number = 1);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    TOLD(t, "k-2 case_dismissed not_allowed\n");
    EVENT(t, .id = "k-3", .by = "coordinator:saskia", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    TOLD(t, "k-3 case_dismissed accepted\n"
            "C1 H1 dismissed dismissed normal -\n"
            "service:team regular_signal s-1\n");
    town_free(t);
}

static void
a_raise_while_offered_restarts_the_clock_once(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    t->hour = 2;
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "A", .severity = 5);
    TOLD(t, "s-2 accepted H1 person attached C1\n"
            "regisseur:anna signal_attached C1 s-2\n"
            "C1 H1 raised offered urgent anna\n"
            "regisseur:anna priority_raised C1\n");
    town_tick(t, 100); /* the first clock (hour 72) finds another offer */
    TOLD(t, "C1 H1 expired unassigned urgent - @6\n"
            "regisseur:anna case_taken_back C1 @6\n"
            "coordinator:piet not_accepted C1 anna @6\n"
            "coordinator:saskia not_accepted C1 anna @6\n"
            "C1 H1 offered offered urgent bram @6\n"
            "regisseur:bram case_offered C1 @6\n"
            "C1 H1 expired unassigned urgent - @10\n"
            "regisseur:bram case_taken_back C1 @10\n"
            "coordinator:piet not_accepted C1 bram @10\n"
            "coordinator:saskia not_accepted C1 bram @10\n"
            "C1 H1 unassigned unassigned urgent - @10\n"
            "coordinator:piet needs_regisseur C1 @10\n"
            "coordinator:saskia needs_regisseur C1 @10\n");
    town_free(t);
}

static void
a_hand_over_ends_with_the_regisseur_or_state_that_offered_it(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "violence", .who = "A");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_HANDOVER_OFFERED, .case_number = 1,
          .regisseur = "anna");
    TOLD(t, "k-2 handover_offered wrong_state\n");
    EVENT(t, .id = "k-3", .by = "regisseur:anna", .act = VDR_ACT_HANDOVER_OFFERED, .case_number = 1,
          .regisseur = "bram");
    EVENT(t, .id = "k-4", .by = "regisseur:bram", .act = VDR_ACT_HANDOVER_ACCEPTED, .case_number = 1);
    TOLD(t, "k-4 handover_accepted accepted\n"
            "C1 H1 handed_over active normal bram\n"
            "regisseur:anna handover_accepted C1 bram\n"
            "agency:school regisseur_known C1 bram\n");
    EVENT(t, .id = "k-5", .by = "regisseur:bram", .act = VDR_ACT_HANDOVER_ACCEPTED, .case_number = 1);
    TOLD(t, "k-5 handover_accepted not_allowed\n");
    EVENT(t, .id = "k-6", .by = "regisseur:bram", .act = VDR_ACT_HANDOVER_OFFERED, .case_number = 1,
          .regisseur = "anna");
    EVENT(t, .id = "k-7", .by = "regisseur:bram", .act = VDR_ACT_PLAN_SET, .case_number = 1, .plan = 1);
    EVENT(t, .id = "k-8", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
          .regisseur = "anna");
    TOLD(t, "k-8 case_assigned accepted\n"
            "C1 H1 reassigned offered normal anna\n"
            "regisseur:bram case_taken_back C1\n"
            "regisseur:anna case_offered C1\n");
    EVENT(t, .id = "k-9", .by = "regisseur:anna", .act = VDR_ACT_HANDOVER_ACCEPTED, .case_number = 1);
    TOLD(t, "k-9 handover_accepted wrong_state\n");
    EVENT(t, .id = "k-10", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "k-11", .by = "regisseur:anna", .act = VDR_ACT_HANDOVER_ACCEPTED, .case_number = 1);
    TOLD(t, "k-11 handover_accepted not_allowed\n");
    EVENT(t, .id = "k-12", .by = "regisseur:anna", .act = VDR_ACT_PLAN_SET, .case_number = 1, .plan = 2);
    TOLD(t, "k-12 plan_set accepted\n"
            "C1 H1 plan_set active normal anna\n");
    town_free(t);
}

static void
a_revision_that_is_not_the_cases_is_stale_and_leaves_no_trace(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "violence", .who = "A"); /* proposed, offered: 2 */
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "A");  /* attached: 3 */
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1,
          .checked = true, .revision = 2);
    TOLD(t, "k-1 case_accepted stale_revision\n");
    assert_false(t->step.record || t->step.tick);
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1,
          .checked = true, .revision = 3);
    TOLD(t, "k-1 case_accepted accepted\n"
            "C1 H1 accepted active normal anna\n"
            "agency:school regisseur_known C1 anna\n");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1,
          .checked = true, .revision = 2);
    TOLD(t, "k-1 case_accepted duplicate\n"); /* comes before */
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 9,
          .checked = true, .revision = 2);
    TOLD(t, "k-2 case_accepted unknown_case\n");
    vdr_at at;
    vdr_case_view view;
    assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &at, &view));
    assert_int_equal(view.revision, 4);
    town_free(t);
}

static void
live_a_source_speaks_only_under_its_own_key(void **unused)
{
    (void)unused;
    static const struct {
        const char *by;
        vdr_act act;
        vdr_party_kind kind;
        const char *sender, *verdict;
    } rows[] = {
        {"school", VDR_ACT_NONE, VDR_PARTY_AGENCY, "school",
         "s accepted H1 new regular\nservice:team regular_signal s\n"},
        {"school", VDR_ACT_NONE, VDR_PARTY_AGENCY, "police", "s unknown_source\n"},
        {"school", VDR_ACT_NONE, VDR_PARTY_REGISSEUR, "school", "s unknown_source\n"},
        {"regisseur:anna", VDR_ACT_NONE, VDR_PARTY_REGISSEUR, "anna", "s unknown_source\n"},
        {"regisseur:anna", VDR_ACT_CASE_ACCEPTED, VDR_PARTY_REGISSEUR, "bram",
         "s case_accepted unknown_actor\n"},
        {"regisseur:anna", VDR_ACT_CASE_ACCEPTED, VDR_PARTY_COORDINATOR, "anna",
         "s case_accepted unknown_actor\n"},
        {"regisseur:anna", VDR_ACT_CASE_ACCEPTED, VDR_PARTY_REGISSEUR, "anna",
         "s case_accepted unknown_case\n"},
        {"regisseur:piet", VDR_ACT_CASE_ACCEPTED, VDR_PARTY_NONE, NULL, "s case_accepted unknown_actor\n"},
        {"agency:school", VDR_ACT_SIGNAL_WITHDRAWN, VDR_PARTY_NONE, NULL,
         "s signal_withdrawn unknown_actor\n"},
        {"nobody", VDR_ACT_SIGNAL_WITHDRAWN, VDR_PARTY_NONE, NULL, "s signal_withdrawn unknown_actor\n"},
        {"school", VDR_ACT_PERSON_MOVED, VDR_PARTY_AGENCY, "school", "s person_moved not_allowed\n"},
        {"school", VDR_ACT_CASE_ACCEPTED, VDR_PARTY_AGENCY, "school", "s case_accepted not_allowed\n"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        town *t = town_new(&town_config);
        EVENT(t, .id = "s", .by = rows[i].by, .act = rows[i].act, .type = "absence", .who = "A",
              .signal = rows[i].act == VDR_ACT_SIGNAL_WITHDRAWN ? "x" : NULL, .case_number = 1,
              .sender_kind = rows[i].kind, .sender_id = rows[i].sender);
        if (strcmp(t->told, rows[i].verdict) != 0)
            fail_msg("row %zu: %s", i, t->told);
        town_free(t);
    }
}

static void
merged_cases_tell_what_moved_then_what_goes_to_services_then_the_raise(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "a-1", .by = "school", .type = "violence", .who = "A");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    /* A case on debts that took nothing else, and one on violence that is urgent. */
    EVENT(t, .id = "d-1", .by = "housing", .type = "arrears", .who = "B");
    EVENT(t, .id = "d-2", .by = "housing", .type = "arrears", .who = "B");
    TOLD(t, "d-2 accepted H2 person proposed\n"
            "C2 H2 proposed unassigned high - debts d-1 d-2\n"
            "C2 H2 offered offered high bram\n"
            "regisseur:bram case_offered C2\n");
    EVENT(t, .id = "k-2", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 1, .from = 2);
    TOLD(t, "k-2 household_merged accepted\n"
            "C2 H1 merged merged high bram\n"
            "regisseur:bram case_taken_back C2\n"
            "service:debts regular_signal d-1\n"
            "service:debts regular_signal d-2\n"); /* nothing moved: no raise */
    EVENT(t, .id = "c-1", .by = "police", .type = "violence", .who = "C", .severity = 5);
    EVENT(t, .id = "c-2", .by = "school", .type = "absence", .who = "C");
    EVENT(t, .id = "k-3", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 3, .from = 1);
    TOLD(t, "k-3 household_merged accepted\n"
            "C3 H3 merged merged urgent bram\n"
            "regisseur:bram case_taken_back C3\n"
            "regisseur:anna signal_attached C1 c-1\n"
            "regisseur:anna signal_attached C1 c-2\n"
            "C1 H3 raised active urgent anna\n"
            "regisseur:anna priority_raised C1\n");
    vdr_at at, cursor = {0};
    vdr_case_view view;
    vdr_signal_view signal;
    assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &at, &view));
    assert_int_equal(view.signal_count, 3);
    static const char *const in_order[] = {"a-1", "c-1", "c-2"};
    for (size_t i = 0; i < COUNT(in_order); i++) {
        assert_true(vdr_view_case_signal(t->core, at, &cursor, &signal));
        assert_true(vdr_span_equal(signal.id, vdr_span_str(in_order[i])));
    }
    assert_false(vdr_view_case_signal(t->core, at, &cursor, &signal));
    town_free(t);
}

static void
the_bar_asks_for_a_signal_after_the_end_also_when_the_cooldown_is_over(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "d-1", .by = "housing", .type = "arrears", .who = "A");
    EVENT(t, .id = "d-2", .by = "housing", .type = "arrears", .who = "A");
    t->hour = 1;
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    t->hour = 19 * 24;
    EVENT(t, .id = "d-3", .by = "housing", .type = "arrears", .who = "A");
    TOLD(t, "d-3 accepted H1 person regular\n"
            "service:debts regular_signal d-3\n"); /* high, and the cooldown runs */
    t->hour = 20 * 24 + 1;
    EVENT(t, .id = "d-4", .by = "housing", .type = "arrears", .who = "A");
    TOLD(t, "d-4 accepted H1 person proposed\n"
            "C2 H1 proposed unassigned high - debts d-1 d-2 d-3 d-4\n"
            "C2 H1 offered offered high anna\n"
            "regisseur:anna case_offered C2\n");
    town_free(t);
}

/* ---- what is told of what one may not know of ---- */

static vdr_err unseen; /* of the act that was stepped last */

static void
note_unseen(town *t, const vdr_command *command)
{
    if (command->kind == VDR_COMMAND_ACT)
        unseen = vdr_core_unseen(t->core, command);
}

/* Whatever the verdict on a case or signal that is there: unseen, it is that on one that is not. */
static void
what_is_there_and_hidden_is_judged_as_what_is_not_there(void **unused)
{
    (void)unused;
    static const struct {
        event act;
        vdr_err verdict;
    } rows[] = {
        {{.by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED}, VDR_E_WRONG_STATE},
        {{.by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .checked = true, .revision = 99},
         VDR_E_STALE_REVISION},
        {{.by = "regisseur:anna", .act = VDR_ACT_HANDOVER_OFFERED, .regisseur = "nobody"},
         VDR_E_UNKNOWN_ACTOR},
        {{.by = "regisseur:anna", .act = VDR_ACT_HANDOVER_ACCEPTED}, VDR_E_NOT_ALLOWED},
        {{.by = "regisseur:anna", .act = VDR_ACT_NOTE_SENT, .agency = "nobody"}, VDR_E_UNKNOWN_ACTOR},
        {{.by = "police", .act = VDR_ACT_CASE_CLOSED, .checked = true, .revision = 99}, VDR_E_STALE_REVISION},
        {{.by = "police", .act = VDR_ACT_CASE_CLOSED}, VDR_E_NOT_ALLOWED},
        {{.by = "regisseur:nobody", .act = VDR_ACT_CASE_CLOSED}, VDR_E_UNKNOWN_ACTOR},
        {{.by = "regisseur:anna",
          .act = VDR_ACT_CASE_CLOSED,
          .sender_kind = VDR_PARTY_REGISSEUR,
          .sender_id = "bram"},
         VDR_E_UNKNOWN_ACTOR},
        {{.by = "coordinator:saskia", .act = VDR_ACT_CASE_DISMISSED}, VDR_E_WRONG_STATE},
        {{.by = "service:debts", .act = VDR_ACT_FEEDBACK, .signal = "s-1"}, VDR_E_NOT_ALLOWED},
        {{.by = "service:debts", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-1"}, VDR_E_NOT_ALLOWED},
    };
    vdr_config config = town_of_one();
    town *t = town_new(&config);
    t->stepped = note_unseen;
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        event act = rows[i].act;
        act.id = "x-1";
        act.case_number = act.signal == NULL;
        town_event(t, &act);
        vdr_err there = t->step.verdict, hidden = unseen;
        act.case_number = act.signal == NULL ? 99 : 0;
        act.signal = act.signal != NULL ? "s-99" : NULL;
        town_event(t, &act);
        if (there != rows[i].verdict || hidden != t->step.verdict || unseen != t->step.verdict)
            fail_msg("row %zu: %s, hidden %s, not there %s", i, vdr_err_code(there), vdr_err_code(hidden),
                     vdr_err_code(t->step.verdict));
    }
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    assert_int_equal(unseen, VDR_E_DUPLICATE); /* one's own */
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_retraction_frees_room_for_the_case_that_the_same_line_proposed),
        cmocka_unit_test(a_load_that_falls_and_rises_again_tries_nothing),
        cmocka_unit_test(unassigned_cases_are_tried_by_priority_then_number),
        cmocka_unit_test(a_case_that_ends_unassigned_names_no_regisseur),
        cmocka_unit_test(what_is_there_and_hidden_is_judged_as_what_is_not_there),
        cmocka_unit_test(a_raise_while_offered_restarts_the_clock_once),
        cmocka_unit_test(a_hand_over_ends_with_the_regisseur_or_state_that_offered_it),
        cmocka_unit_test(a_revision_that_is_not_the_cases_is_stale_and_leaves_no_trace),
        cmocka_unit_test(live_a_source_speaks_only_under_its_own_key),
        cmocka_unit_test(merged_cases_tell_what_moved_then_what_goes_to_services_then_the_raise),
        cmocka_unit_test(the_bar_asks_for_a_signal_after_the_end_also_when_the_cooldown_is_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
