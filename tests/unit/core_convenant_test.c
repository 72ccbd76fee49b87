/* Goal: a signal of an agency outside the dates of its convenant is refused, at its place in the order of verdicts, and
 * nothing else is. */
#include "tests/core_town.h"

/* The town, with a school that may signal from hour 10 until hour 20. */
static town *
open_town(void)
{
    static vdr_config_agency agencies[COUNT(town_agencies)];
    static vdr_config config;
    memcpy(agencies, town_agencies, sizeof agencies);
    agencies[0].convenant =
        (vdr_config_convenant){.id = S("c-2026"), .from = TOWN_T0 + 10 * HOUR, .until = TOWN_T0 + 20 * HOUR};
    config = town_config;
    config.agencies = agencies;
    return town_new(&config);
}

static void
its_dates_are_judged_in_their_place(void **unused)
{
    (void)unused;
    town *t = open_town();
    static const struct {
        const char *name;
        double hour;
        event event;
        vdr_err err;
    } rows[] = {
        {"before it", 9.99, {.id = "s-0", .by = "school", .type = "absence", .who = "a"}, VDR_E_NO_CONVENANT},
        {"another agency",
         9.99,
         {.id = "p-0", .by = "police", .type = "violence", .who = "b"},
         VDR_E_ACCEPTED},
        {"its first instant",
         10,
         {.id = "s-1", .by = "school", .type = "absence", .who = "a"},
         VDR_E_ACCEPTED},
        {"what occurred before it",
         11,
         {.id = "s-2", .by = "school", .type = "absence", .who = "a", .ago = 5},
         VDR_E_ACCEPTED},
        {"the last of it",
         19.99,
         {.id = "s-3", .by = "school", .type = "absence", .who = "a"},
         VDR_E_ACCEPTED},
        {"its end", 20, {.id = "s-4", .by = "school", .type = "absence", .who = "a"}, VDR_E_NO_CONVENANT},
        {"what occurred within it",
         21,
         {.id = "s-4", .by = "school", .type = "absence", .who = "a", .ago = 5},
         VDR_E_NO_CONVENANT},
        {"an unknown type",
         22,
         {.id = "s-5", .by = "school", .type = "none", .who = "a"},
         VDR_E_NO_CONVENANT},
        {"one that was accepted",
         23,
         {.id = "s-3", .by = "school", .type = "absence", .who = "a"},
         VDR_E_DUPLICATE},
        {"another under its id",
         23,
         {.id = "s-3", .by = "school", .type = "absence", .who = "a", .digest = 1},
         VDR_E_ID_REUSED},
        {"nobody's", 23, {.id = "s-6", .by = "none", .type = "absence", .who = "a"}, VDR_E_UNKNOWN_SOURCE},
        {"a withdrawal",
         24,
         {.id = "w-1", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "s-3"},
         VDR_E_ACCEPTED},
        {"a correction",
         25,
         {.id = "s-7", .by = "school", .type = "absence", .who = "a", .signal = "s-2"},
         VDR_E_NO_CONVENANT},
        {"another agency, later",
         26,
         {.id = "p-1", .by = "police", .type = "violence", .who = "b"},
         VDR_E_ACCEPTED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        t->hour = rows[i].hour;
        town_event(t, &rows[i].event);
        if (t->step.verdict != rows[i].err)
            fail_msg("%s: %s", rows[i].name, vdr_err_code(t->step.verdict));
    }
    town_free(t);
}

static void
new_dates_hold_from_their_configuration_on(void **unused)
{
    (void)unused;
    town *t = open_town();
    const event signal = {.id = "s-1", .by = "school", .type = "absence", .who = "a"};
    t->hour = 30;
    town_event(t, &signal);
    assert_int_equal(t->step.verdict, VDR_E_NO_CONVENANT);
    town_configure(t, &town_config);
    town_event(t, &signal);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(its_dates_are_judged_in_their_place),
        cmocka_unit_test(new_dates_hold_from_their_configuration_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
