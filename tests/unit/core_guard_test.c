/* Goal: guards count what they say, in the window that they say, tell when they speak, and keep nothing longer than
 * its window or than the state knows the person or address (protocol.md 5.12). */
#include "broker/core/core_inside.h"
#include "tests/core_town.h"

#define WINDOW 12 /* hours */

static const vdr_config_guard guards[] = {
    {S("class"), {0}, S("school"), {0}, VDR_GUARD_PERSONS, VDR_GUARD_AGENCY, WINDOW *HOUR, 2, true},
    {S("house"), {0}, S("police"), {0}, VDR_GUARD_SIGNALS, VDR_GUARD_ADDRESS, WINDOW *HOUR, 1, true},
    {S("told"), S("housing"), {0}, S("arrears"), VDR_GUARD_SIGNALS, VDR_GUARD_AGENCY, WINDOW *HOUR, 1, false},
};

static town *
open_town(void)
{
    static vdr_config config;
    config = town_config;
    config.guards = guards;
    config.guard_count = COUNT(guards);
    return town_new(&config);
}

static unsigned
spoken(const town *t, const char *guard)
{
    vdr_guard_view view;
    unsigned count = 0;
    for (uint32_t cursor = 0; vdr_core_guard_next(t->core, &cursor, &view);)
        count += vdr_span_equal(view.guard, vdr_span_str(guard));
    return count;
}

static void
persons_and_places_are_counted_apart_and_once(void **unused)
{
    (void)unused;
    town *t = open_town();
    static const struct {
        const char *name;
        double hour;
        event event;
        vdr_err err;
    } rows[] = {
        {"one person", 1, {.id = "a", .by = "school", .type = "absence", .who = "a"}, VDR_E_ACCEPTED},
        {"again", 1, {.id = "b", .by = "school", .type = "absence", .who = "aa"}, VDR_E_ACCEPTED},
        {"two more at once", 1, {.id = "c", .by = "school", .type = "absence", .who = "bc"}, VDR_E_HELD_BACK},
        {"the second", 1, {.id = "c", .by = "school", .type = "absence", .who = "b"}, VDR_E_ACCEPTED},
        {"a third", 1, {.id = "d", .by = "school", .type = "absence", .who = "c"}, VDR_E_HELD_BACK},
        {"nobody new", 1, {.id = "e", .by = "school", .type = "absence", .who = "ab"}, VDR_E_ACCEPTED},
        {"nobody at all", 1, {.id = "f", .by = "school", .type = "absence", .where = 'p'}, VDR_E_ACCEPTED},
        {"at a house", 2, {.id = "g", .by = "police", .type = "violence", .where = 'p'}, VDR_E_ACCEPTED},
        {"there again", 2, {.id = "h", .by = "police", .type = "violence", .where = 'p'}, VDR_E_HELD_BACK},
        {"at another", 2, {.id = "h", .by = "police", .type = "violence", .where = 'q'}, VDR_E_ACCEPTED},
        {"at none", 2, {.id = "i", .by = "police", .type = "violence", .who = "d"}, VDR_E_ACCEPTED},
        {"in the next window",
         WINDOW,
         {.id = "d", .by = "school", .type = "absence", .who = "c"},
         VDR_E_ACCEPTED},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        t->hour = rows[i].hour;
        town_event(t, &rows[i].event);
        if (t->step.verdict != rows[i].err)
            fail_msg("%s: %s", rows[i].name, vdr_err_code(t->step.verdict));
        vdr_ms end = TOWN_T0 + WINDOW * HOUR;
        if (rows[i].err == VDR_E_HELD_BACK && t->step.until != end)
            fail_msg("%s: held back until another time than the window's end", rows[i].name);
    }
    town_free(t);
}

static void
a_guard_speaks_once_a_window(void **unused)
{
    (void)unused;
    town *t = open_town();
    for (int i = 0; i < 4; i++) {
        char id[8];
        (void)snprintf(id, sizeof id, "h-%d", i);
        EVENT(t, .id = id, .by = "housing", .type = "arrears", .who = "a");
        assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
        assert_int_equal(spoken(t, "told"), i >= 1);
        assert_true((vdr_core_guards_spoken(t->core) != 0) == (i >= 1)); /* trials count too */
    }
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "b");
    assert_int_equal(spoken(t, "class"), 0);
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "c");
    assert_int_equal(spoken(t, "class"), 1); /* no more will be taken */
    town_tick(t, WINDOW);
    assert_int_equal(spoken(t, "told") + spoken(t, "class"), 0);
    assert_int_equal(t->core->state.guarded.live, 0);
    town_free(t);
}

static void
whom_the_state_forgets_the_windows_forget(void **unused)
{
    (void)unused;
    town *t = open_town();
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "p-1", .by = "police", .type = "violence", .where = 'p');
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "a");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED); /* counted already */
    uint32_t before = t->core->state.guarded.live;
    EVENT(t, .by = "privacy_officer:ada", .act = VDR_ACT_ERASED, .household = 1, .id = "x-1");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    assert_int_equal(t->core->state.guarded.live, before); /* it still counts as somebody */
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "a");
    assert_int_equal(t->step.verdict, VDR_E_HELD_BACK); /* and nobody knows that it is the same one */
    EVENT(t, .id = "s-5", .by = "school", .type = "absence", .who = "b");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(persons_and_places_are_counted_apart_and_once),
        cmocka_unit_test(a_guard_speaks_once_a_window),
        cmocka_unit_test(whom_the_state_forgets_the_windows_forget),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
