/* Conflicts of interest (protocol.md 5.10): whom they bind, whatever joins, parts or merges. */
#include "broker/core/explain.h"
#include "tests/core_town.h"

#define OFFICER "privacy_officer:ada"

static bool
binds(const town *t, const char *regisseur, uint64_t household)
{
    return vdr_view_in_conflict(t->core, vdr_span_str(regisseur), (vdr_household_id){household});
}

static void
a_person_who_joins_takes_the_case_from_whom_they_bind(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "k-1", .by = OFFICER, .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "anna", .who = "b");
    TOLD(t, "k-1 conflict_declared accepted\n");
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    assert_false(binds(t, "anna", 1));
    EVENT(t, .id = "s-2", .by = "police", .type = "custody", .who = "ab");
    TOLD(t, "s-2 accepted H1 person attached C1\n"
            "regisseur:anna signal_attached C1 s-2\n"
            "C1 H1 taken_back unassigned normal -\n"
            "regisseur:anna case_taken_back C1\n"
            "C1 H1 offered offered normal bram\n"
            "regisseur:bram case_offered C1\n");
    assert_true(binds(t, "anna", 1));
    EVENT(t, .id = "k-3", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
          .regisseur = "anna");
    TOLD(t, "k-3 case_assigned not_allowed\n");
    /* The person moves away, and with them the conflict. */
    EVENT(t, .id = "k-4", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "b", .where = 'x');
    assert_false(binds(t, "anna", 1));
    EVENT(t, .id = "k-5", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
          .regisseur = "anna");
    TOLD(t, "k-5 case_assigned accepted\n"
            "C1 H1 reassigned offered normal anna\n"
            "regisseur:bram case_taken_back C1\n"
            "regisseur:anna case_offered C1\n");
    town_free(t);
}

static void
a_standing_hand_over_ends_with_the_conflict(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_HANDOVER_OFFERED, .case_number = 1,
          .regisseur = "bram");
    EVENT(t, .id = "k-3", .by = "regisseur:bram", .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "bram",
          .household = 1);
    TOLD(t, "k-3 conflict_declared accepted\n");
    EVENT(t, .id = "k-4", .by = "regisseur:bram", .act = VDR_ACT_HANDOVER_ACCEPTED, .case_number = 1);
    TOLD(t, "k-4 handover_accepted not_allowed\n");
    EVENT(t, .id = "k-5", .by = "regisseur:anna", .act = VDR_ACT_HANDOVER_OFFERED, .case_number = 1,
          .regisseur = "bram");
    TOLD(t, "k-5 handover_offered not_allowed\n");
    town_free(t);
}

static void
when_all_are_bound_the_case_waits_and_an_explanation_says_why(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = OFFICER, .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "bram",
          .household = 1);
    TOLD(t, "k-1 conflict_declared accepted\n");
    EVENT(t, .id = "k-2", .by = OFFICER, .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "anna", .who = "a");
    TOLD(t, "k-2 conflict_declared accepted\n"
            "C1 H1 taken_back unassigned normal -\n"
            "regisseur:anna case_taken_back C1\n"
            "C1 H1 unassigned unassigned normal -\n"
            "coordinator:piet needs_regisseur C1\n"
            "coordinator:saskia needs_regisseur C1\n");
    vdr_arena arena;
    vdr_explanation told;
    vdr_arena_init(&arena, 1u << 20);
    vdr_trial *trial = vdr_trial_begin(t->core);
    const vdr_explain_ask ask = {.household = {1}};
    assert_int_equal(vdr_explain(t->core, &ask, &arena, &told), VDR_OK);
    assert_int_equal(told.candidate_count, 2);
    assert_int_equal(told.candidates[0].why, VDR_WHY_CONFLICT);
    assert_int_equal(told.candidates[1].why, VDR_WHY_CONFLICT);
    vdr_trial_end(t->core, &trial);
    vdr_arena_done(&arena);
    /* Lifting tries nothing; the retry does. */
    EVENT(t, .id = "k-3", .by = "coordinator:piet", .act = VDR_ACT_CONFLICT_LIFTED, .regisseur = "bram",
          .household = 1);
    TOLD(t, "k-3 conflict_lifted accepted\n");
    town_tick(t, 1);
    TOLD(t, "C1 H1 offered offered normal bram\n"
            "regisseur:bram case_offered C1\n");
    town_free(t);
}

static void
a_split_household_binds_as_the_whole_one_did(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "ab");
    EVENT(t, .id = "k-1", .by = OFFICER, .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "anna",
          .household = 1);
    EVENT(t, .id = "k-2", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_SPLIT, .household = 1,
          .who = "b");
    assert_true(binds(t, "anna", 1));
    assert_true(binds(t, "anna", 2));
    EVENT(t, .id = "k-3", .by = OFFICER, .act = VDR_ACT_ERASED, .household = 1);
    assert_false(binds(t, "anna", 1));
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "c");
    EVENT(t, .id = "k-4", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 3, .from = 2);
    assert_true(binds(t, "anna", 3));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_person_who_joins_takes_the_case_from_whom_they_bind),
        cmocka_unit_test(a_standing_hand_over_ends_with_the_conflict),
        cmocka_unit_test(when_all_are_bound_the_case_waits_and_an_explanation_says_why),
        cmocka_unit_test(a_split_household_binds_as_the_whole_one_did),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
