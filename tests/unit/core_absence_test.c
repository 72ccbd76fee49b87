/* Absences that are set by acts (protocol.md 5.15): Assign knows them, what is held stays, and few stand. */
#include "broker/core/absence.h"
#include "tests/core_town.h"

#define PIET "coordinator:piet"
#define ANNA "regisseur:anna"

static size_t
absences_of(const town *t, size_t place)
{
    vdr_absence_view view;
    size_t cursor = 0, count = 0;
    while (vdr_view_absence(t->core, place, &cursor, &view))
        count++;
    return count;
}

static void
whoever_is_absent_is_offered_nothing_and_keeps_what_they_hold(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = ANNA, .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "a-1", .by = PIET, .act = VDR_ACT_ABSENCE_SET, .regisseur = "bram", .absent_from = 0,
          .absent_to = 10);
    TOLD(t, "a-1 absence_set accepted\n");
    EVENT(t, .id = "a-2", .by = ANNA, .act = VDR_ACT_ABSENCE_SET, .regisseur = "anna", .absent_from = 0,
          .absent_to = 20);
    TOLD(t, "a-2 absence_set accepted\n"); /* C1 stays hers */
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "b");
    TOLD(t, "s-2 accepted H2 new proposed\n"
            "C2 H2 proposed unassigned normal - violence s-2\n"
            "C2 H2 unassigned unassigned normal -\n"
            "coordinator:piet needs_regisseur C2\n"
            "coordinator:saskia needs_regisseur C2\n");
    town_tick(t, 9);
    town_tick(t, 10); /* tried again each hour: Bram is back */
    TOLD(t, "C2 H2 offered offered normal bram\nregisseur:bram case_offered C2\n");
    assert_int_equal(absences_of(t, 0), 1);
    assert_int_equal(absences_of(t, 1), 0); /* it is over */
    EVENT(t, .id = "a-3", .by = PIET, .act = VDR_ACT_ABSENCE_LIFTED, .regisseur = "anna", .absent_from = 0,
          .absent_to = 20);
    TOLD(t, "a-3 absence_lifted accepted\n");
    assert_int_equal(absences_of(t, 0), 0);
    town_free(t);
}

static void
who_sets_what_for_whom(void **unused)
{
    (void)unused;
    static const struct {
        vdr_act act;
        const char *by, *regisseur, *verdict;
        double from, to;
    } rows[] = {
        {VDR_ACT_ABSENCE_SET, PIET, "anna", "absence_set accepted", 1, 2},
        {VDR_ACT_ABSENCE_SET, ANNA, "anna", "absence_set accepted", 1, 2},
        {VDR_ACT_ABSENCE_SET, "regisseur:bram", "anna", "absence_set not_allowed", 1, 2},
        {VDR_ACT_ABSENCE_SET, "service:team", "anna", "absence_set not_allowed", 1, 2},
        {VDR_ACT_ABSENCE_SET, PIET, "carla", "absence_set unknown_actor", 1, 2},
        {VDR_ACT_ABSENCE_SET, PIET, "anna", "absence_set wrong_state", 30, 40}, /* it stands */
        {VDR_ACT_ABSENCE_SET, PIET, "anna", "absence_set wrong_state", -2, 0},  /* it is over */
        {VDR_ACT_ABSENCE_LIFTED, PIET, "anna", "absence_lifted accepted", 30, 40},
        {VDR_ACT_ABSENCE_LIFTED, ANNA, "anna", "absence_lifted accepted", 30, 40},
        {VDR_ACT_ABSENCE_LIFTED, "regisseur:bram", "anna", "absence_lifted not_allowed", 30, 40},
        {VDR_ACT_ABSENCE_LIFTED, PIET, "anna", "absence_lifted wrong_state", 30, 41},
        {VDR_ACT_ABSENCE_LIFTED, PIET, "bram", "absence_lifted wrong_state", 30, 40},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char expected[64];
        town *t = town_new(&town_config);
        EVENT(t, .id = "a-0", .by = PIET, .act = VDR_ACT_ABSENCE_SET, .regisseur = "anna", .absent_from = 30,
              .absent_to = 40);
        EVENT(t, .id = "a-1", .by = rows[i].by, .act = rows[i].act, .regisseur = rows[i].regisseur,
              .absent_from = rows[i].from, .absent_to = rows[i].to);
        (void)snprintf(expected, sizeof expected, "a-1 %s\n", rows[i].verdict);
        if (strcmp(t->told, expected) != 0)
            fail_msg("row %zu: %s", i, t->told);
        town_free(t);
    }
}

static void
so_many_stand_and_what_is_over_makes_room(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    char id[16];
    for (unsigned i = 0; i <= VDR_ABSENCES_MAX; i++) {
        (void)snprintf(id, sizeof id, "a-%u", i);
        EVENT(t, .id = id, .by = PIET, .act = VDR_ACT_ABSENCE_SET, .regisseur = "anna",
              .absent_from = 100 - i, .absent_to = 200 + i);
    }
    TOLD(t, "a-16 absence_set wrong_state\n");
    assert_int_equal(absences_of(t, 0), VDR_ABSENCES_MAX);
    vdr_absence_view view, before = {.from = 0};
    for (size_t cursor = 0; vdr_view_absence(t->core, 0, &cursor, &view); before = view)
        assert_true(before.from < view.from); /* in order, whatever the order of the acts */
    assert_int_equal(before.by_kind, VDR_PARTY_COORDINATOR);
    town_tick(t, 201);
    assert_int_equal(absences_of(t, 0), VDR_ABSENCES_MAX - 2);
    EVENT(t, .id = "b-1", .by = PIET, .act = VDR_ACT_ABSENCE_SET, .regisseur = "anna", .absent_from = 100,
          .absent_to = 300);
    TOLD(t, "b-1 absence_set accepted\n");
    town_free(t);
}

static void
those_of_the_configuration_are_seen_with_them(void **unused)
{
    (void)unused;
    static const vdr_config_absence away[] = {{TOWN_T0, TOWN_T0 + HOUR}, {TOWN_T0 + DAY, TOWN_T0 + 2 * DAY}};
    vdr_config_regisseur regisseurs[COUNT(town_regisseurs)];
    vdr_config config = town_config;
    memcpy(regisseurs, town_regisseurs, sizeof regisseurs);
    regisseurs[0].absent = away;
    regisseurs[0].absent_count = COUNT(away);
    config.regisseurs = regisseurs;
    town *t = town_new(&config);
    EVENT(t, .id = "a-1", .by = PIET, .act = VDR_ACT_ABSENCE_SET, .regisseur = "anna", .absent_from = 12,
          .absent_to = 13);
    assert_int_equal(absences_of(t, 0), 3);
    town_tick(t, 2);
    assert_int_equal(absences_of(t, 0), 2); /* the first of town.yaml is over */
    vdr_absence_view view;
    size_t cursor = 0;
    assert_true(vdr_view_absence(t->core, 0, &cursor, &view) && view.by_kind == VDR_PARTY_NONE);
    assert_true(vdr_view_absence(t->core, 0, &cursor, &view) && view.from == TOWN_T0 + 12 * HOUR);
    assert_false(vdr_view_absence(t->core, 0, &cursor, &view));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whoever_is_absent_is_offered_nothing_and_keeps_what_they_hold),
        cmocka_unit_test(who_sets_what_for_whom),
        cmocka_unit_test(so_many_stand_and_what_is_over_makes_room),
        cmocka_unit_test(those_of_the_configuration_are_seen_with_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
