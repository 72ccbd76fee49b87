/* Goal: what is found among very many is the right one, and a household of very many is decided and explained as a small
 * one is. */
#include "broker/core/explain.h"
#include "tests/core_town.h"

#define HOUSEHOLDS 20000u
#define CROWD      70u /* persons: more than a rule looks at one by one (rules.h) */

/* A signal of one unknown person, by number, without the looks that town_step takes. */
static void
signal_of_number(vdr_core *core, uint64_t number)
{
    char id[24];
    vdr_step step;
    uint64_t mixed = number * UINT64_C(0x9e3779b97f4a7c15);
    vdr_command_person person = {.role = S("youth")};
    (void)snprintf(id, sizeof id, "s-%llu", (unsigned long long)number);
    memcpy(person.key.bytes, &mixed, sizeof mixed);
    memcpy(person.key.bytes + 8, &number, sizeof number);
    mixed ^= mixed >> 29;
    vdr_command command = {.kind = VDR_COMMAND_SIGNAL,
                           .at = TOWN_T0 + (vdr_ms)number,
                           .id = vdr_span_str(id),
                           .source = S("urn:police"),
                           .type = S("violence"),
                           .time = TOWN_T0,
                           .digest = person.key,
                           .id_hash = mixed * UINT64_C(0xbf58476d1ce4e5b9),
                           .municipality = S("GM1"),
                           .occurred_at = TOWN_T0,
                           .act_before = VDR_MS_NONE,
                           .absent_from = VDR_MS_NONE,
                           .absent_to = VDR_MS_NONE,
                           .due = VDR_MS_NONE,
                           .persons = &person,
                           .person_count = 1,
                           .has_severity = true,
                           .severity = 5};
    vdr_core_step(core, &command, vdr_core_position(core) + 1, &step);
    assert_int_equal(step.verdict, VDR_E_ACCEPTED);
}

static void
among_many_households_and_cases_each_number_finds_its_own(void **unused)
{
    (void)unused;
    vdr_core *core = vdr_core_new();
    vdr_step step;
    vdr_command configure = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = &town_config};
    vdr_core_step(core, &configure, 1, &step);
    for (uint64_t number = 1; number <= HOUSEHOLDS; number++)
        signal_of_number(core, number);
    for (uint64_t number = 1; number <= HOUSEHOLDS; number++) {
        vdr_at at, cursor = {0};
        vdr_household_view household;
        vdr_case_view of;
        vdr_signal_view signal;
        assert_true(vdr_view_household(core, (vdr_household_id){number}, &at, &household));
        assert_true(household.open_case.number == number);
        assert_true(vdr_view_household_signal(core, at, &cursor, &signal));
        assert_true(signal.position == number + 1);
        assert_true(vdr_view_case(core, (vdr_case_id){number}, &at, &of));
        assert_true(of.household.number == number);
    }
    vdr_at at;
    vdr_household_view household;
    assert_false(vdr_view_household(core, (vdr_household_id){HOUSEHOLDS + 1}, &at, &household));
    /* Those whom nobody takes wait in order of their number. */
    vdr_case_view of;
    vdr_case_id after = {0};
    uint64_t waiting = 0;
    for (; vdr_view_open_case(core, (vdr_span){0}, after, &of); after = of.id, waiting++)
        assert_true(of.id.number > after.number);
    assert_int_equal(waiting, HOUSEHOLDS - 6); /* of which two regisseurs have room */
    assert_null(vdr_core_check(core));
    vdr_core_free(&core);
}

/* ---- one household of many */

static char long_text[2 * VDR_EXPLAIN_TEXT_BYTES];
static const vdr_span youth[] = {S("youth")};
static vdr_config_rule rules[3];
static vdr_config config;

/* Persons count in groups; the text ends in the middle of a character where it is cut. */
static town *
crowded_town(vdr_within within)
{
    for (size_t i = 0; i + 2 < sizeof long_text; i += 2)
        memcpy(long_text + 1 + i, "\xc3\xab", 2);
    long_text[0] = 'x';
    rules[0] = (vdr_config_rule){.id = S("repeated"),
                                 .text = vdr_span_str(long_text),
                                 .level = VDR_LEVEL_CASE,
                                 .priority = VDR_PRIORITY_NORMAL,
                                 .purposes = {youth, 1},
                                 .at_least = {[VDR_MEASURE_SIGNALS] = 3, [VDR_MEASURE_AGENCIES] = 1},
                                 .within = within,
                                 .fingerprint = {{1}}};
    rules[1] = (vdr_config_rule){.id = S("watched"),
                                 .level = VDR_LEVEL_WATCH,
                                 .purposes = {youth, 1},
                                 .over_ms = 10 * DAY,
                                 .spread_ms = HOUR,
                                 .at_least = {[VDR_MEASURE_SIGNALS] = 2},
                                 .within = within,
                                 .fingerprint = {{2}}};
    rules[2] = (vdr_config_rule){.id = S("many"),
                                 .level = VDR_LEVEL_WATCH,
                                 .purposes = {youth, 1},
                                 .at_least = {[VDR_MEASURE_PERSONS] = CROWD},
                                 .fingerprint = {{3}}};
    config = town_config;
    config.rules = rules;
    config.rule_count = COUNT(rules);
    config.persons_max = 200;
    return town_new(&config);
}

/* So many persons, each with a letter of their own, from the first on. */
static const char *
persons(char text[64], unsigned first, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        unsigned number = first + i;
        text[i] = (char)(number < 32 ? 0x21 + number : 0x60 + number); /* none is a letter of another case */
    }
    text[count] = '\0';
    return text;
}

static void
explain(town *t, vdr_explained_rule *ret_rule, unsigned *ret_groups)
{
    vdr_arena arena;
    vdr_explanation told;
    const vdr_explain_ask ask = {.household = {1}, .rule = S("repeated")};
    vdr_arena_init(&arena, 1u << 22);
    vdr_trial *trial = vdr_trial_begin(t->core);
    assert_int_equal(vdr_explain(t->core, &ask, &arena, &told), VDR_OK);
    vdr_trial_end(t->core, &trial);
    assert_int_equal(told.rule_count, 1);
    *ret_rule = told.rules[0];
    *ret_groups = (unsigned)told.rules[0].group_count;
    assert_true(told.rules[0].text.len <= VDR_EXPLAIN_TEXT_BYTES && told.rules[0].text.len % 2 == 1);
    vdr_arena_done(&arena);
}

static void
a_rule_within_one_person_holds_for_one_of_very_many(void **unused)
{
    (void)unused;
    char text[64];
    vdr_explained_rule rule;
    unsigned groups;
    town *t = crowded_town(VDR_WITHIN_PERSON);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = persons(text, 0, 40), .where = 'p');
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = persons(text, 40, CROWD - 40),
          .where = 'p');
    assert_non_null(strstr(t->told, "H1 watch many"));
    explain(t, &rule, &groups);
    assert_false(rule.holds);
    assert_int_equal(groups, VDR_EXPLAIN_GROUPS_MAX);
    t->hour = 2;
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = persons(text, 50, 1), .where = 'p');
    assert_non_null(strstr(t->told, "H1 watch watched")); /* a second one, two hours later */
    assert_null(strstr(t->told, "proposed"));
    t->hour = 3;
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = persons(text, 50, 1), .where = 'p');
    assert_non_null(strstr(t->told, "proposed"));
    assert_non_null(strstr(t->told, "repeated s-2 s-3 s-4\n")); /* the signals of that one person */
    EVENT(t, .id = "k-1", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
          .regisseur = "bram");
    EVENT(t, .id = "k-2", .by = "regisseur:bram", .act = VDR_ACT_CASE_DISMISSED, .case_number = 1);
    explain(t, &rule, &groups);
    assert_true(rule.holds);
    town_free(t);
}

static void
a_household_of_many_signals_is_decided_as_a_small_one(void **unused)
{
    (void)unused;
    char text[64];
    town *t = crowded_town(VDR_WITHIN_PERSON);
    for (unsigned i = 0; i < 80; i++) { /* two of each person, then a third of one */
        char id[16];
        (void)snprintf(id, sizeof id, "s-%u", i);
        t->hour = (double)i;
        EVENT(t, .id = id, .by = "school", .type = "absence", .who = persons(text, i % 40, 1), .where = 'p');
        assert_null(strstr(t->told, "proposed"));
    }
    EVENT(t, .id = "s-last", .by = "school", .type = "absence", .who = persons(text, 7, 1), .where = 'p');
    assert_non_null(strstr(t->told, "repeated s-7 s-47 s-last\n"));
    vdr_explained_rule rule;
    unsigned groups;
    explain(t, &rule, &groups);
    assert_true(rule.holds);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(among_many_households_and_cases_each_number_finds_its_own),
        cmocka_unit_test(a_rule_within_one_person_holds_for_one_of_very_many),
        cmocka_unit_test(a_household_of_many_signals_is_decided_as_a_small_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
