/* Goal: a rule holds, and is supported, exactly as semantics section 6 says; each row is one sentence of it. */
#include "tests/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#define NAMES(...)                                                                                           \
    {                                                                                                        \
        .at = (const vdr_span[]){__VA_ARGS__},                                                               \
        .count = sizeof((const vdr_span[]){__VA_ARGS__}) / sizeof(vdr_span)                                  \
    }
#define N(text)                                                                                              \
    {                                                                                                        \
        .at = (const uint8_t *)(text), .len = sizeof(text) - 1                                               \
    }

#define DAY WORLD_DAY
#define NOW (100 * DAY)

static const vdr_config_domain domains[] = {
    {.id = N("school"), .core_area = N("youth")},
    {.id = N("money"), .core_area = N("socio")},
    {.id = N("housing"), .core_area = N("socio")},
    {.id = N("home"), .by_role = true},
};

/* Persons are 1, 2, 3 here; 0 ends. */
typedef struct fact {
    const char *domain, *agency, *kind;
    uint8_t severity;
    int day, until;
    uint8_t flags;
    int persons[3];
    const char *roles[3];
    const char *type, *purpose; /* NULL: t and p */
} fact;

static const fact facts[] = {
    /* 0 */ {"school", "s1", "school", 2, 10, 200, 0, {1}, {"youth"}, NULL, NULL},
    /* 1 */ {"money", "h1", "housing", 4, 40, 200, 0, {2}, {"parent"}, NULL, NULL},
    /* 2 */ {"money", "h2", "housing", 3, 90, 200, VDR_SIGNAL_OVERDUE, {0}, {NULL}, NULL, NULL},
    /* 3 */ {"home", "p1", "police", 5, 95, 200, 0, {1, 2}, {"youth", "parent"}, NULL, NULL},
    /* 4 */ {"home", "p1", "police", 5, 95, 200, 0, {3}, {NULL}, "u", NULL},
    /* 5 */ {"home", "p1", "police", 5, 95, 200, 0, {0}, {NULL}, NULL, NULL},
    /* 6: over */ {"school", "s2", "school", 5, 5, 100, 0, {1}, {NULL}, NULL, NULL},
    /* 7: to come */ {"school", "s2", "school", 5, 101, 200, 0, {1}, {NULL}, NULL, NULL},
    /* 8 */ {"school", "s2", "school", 5, 50, 200, VDR_SIGNAL_WITHDRAWN, {1}, {NULL}, NULL, NULL},
    /* 9 */ {"school", "s2", "school", 1, 50, 200, 0, {1}, {NULL}, NULL, "q"},
    /* 10: not in the configuration */ {"gone", "s2", "school", 1, 50, 200, 0, {1}, {NULL}, NULL, NULL},
    /* 11 */ {"school", "s1", "school", 2, 10, 200, VDR_SIGNAL_OVERDUE, {2}, {NULL}, NULL, NULL},
    /* 12: one person in two roles */
    {"home", "p2", "police", 2, 60, 200, 0, {1, 1}, {"youth", "parent"}, NULL, NULL},
};

#define P .purposes = NAMES(N("p"))

static const struct row {
    const char *says;
    vdr_config_rule rule;
    const char *facts, *support; /* letters: a is fact 0 */
} rows[] = {
    {"one signal", {P, .at_least = {[VDR_MEASURE_SIGNALS] = 1}}, "a", "a"},
    {"too few", {P, .at_least = {[VDR_MEASURE_SIGNALS] = 3}}, "ab", ""},
    {"out of any reach", {P, .at_least = {[VDR_MEASURE_SIGNALS] = UINT64_C(1) << 40}}, "ab", ""},
    {"what is over, to come or withdrawn does not count",
     {P, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "ghi",
     ""},
    {"nor is it in the support", {P, .at_least = {[VDR_MEASURE_SIGNALS] = 2}}, "abghi", "ab"},
    {"another purpose does not count", {P, .at_least = {[VDR_MEASURE_SIGNALS] = 2}}, "aj", ""},
    {"two purposes count together",
     {.purposes = NAMES(N("q"), N("p")), .at_least = {[VDR_MEASURE_SIGNALS] = 2}},
     "aj",
     "aj"},
    {"over is half-open: 90 days ago is outside",
     {P, .over_ms = 90 * DAY, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "a",
     ""},
    {"over is half-open: a moment less is inside",
     {P, .over_ms = 90 * DAY + 1, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "a",
     "a"},
    {"where types", {P, .types = NAMES(N("u")), .at_least = {[VDR_MEASURE_SIGNALS] = 1}}, "abe", "e"},
    {"where domains",
     {P, .domains = NAMES(N("money")), .at_least = {[VDR_MEASURE_SIGNALS] = 2}},
     "abcd",
     "bc"},
    {"where agencies are kinds",
     {P, .agencies = NAMES(N("housing")), .at_least = {[VDR_MEASURE_SIGNALS] = 2}},
     "abcd",
     "bc"},
    {"where agencies are not ids",
     {P, .agencies = NAMES(N("h1")), .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "b",
     ""},
    {"where roles passes if any person has one",
     {P, .roles = NAMES(N("baby"), N("parent")), .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "abcdef",
     "bd"},
    {"a filter that lists nothing passes nothing",
     {P, .roles = {(const vdr_span[]){{0}}, 0}, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "abcdef",
     ""},
    {"nor where it lists no types",
     {P, .types = {(const vdr_span[]){{0}}, 0}, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "abcdef",
     ""},
    {"where min_severity", {P, .min_severity = 4, .at_least = {[VDR_MEASURE_SIGNALS] = 1}}, "abcd", "bd"},
    {"all filters hold at once",
     {P, .min_severity = 4, .roles = NAMES(N("parent")), .agencies = NAMES(N("police")),
      .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "abcdef",
     "d"},
    {"distinct domains", {P, .at_least = {[VDR_MEASURE_DOMAINS] = 2}}, "bc", ""},
    {"distinct domains reached", {P, .at_least = {[VDR_MEASURE_DOMAINS] = 2}}, "abc", "abc"},
    {"distinct agencies", {P, .at_least = {[VDR_MEASURE_AGENCIES] = 2}}, "def", ""},
    {"distinct agencies reached", {P, .at_least = {[VDR_MEASURE_AGENCIES] = 2}}, "bc", "bc"},
    {"distinct types", {P, .at_least = {[VDR_MEASURE_TYPES] = 2}}, "abcd", ""},
    {"distinct types reached", {P, .at_least = {[VDR_MEASURE_TYPES] = 2}}, "ae", "ae"},
    {"distinct persons", {P, .at_least = {[VDR_MEASURE_PERSONS] = 3}}, "abcd", ""},
    {"distinct persons reached, by any signal", {P, .at_least = {[VDR_MEASURE_PERSONS] = 3}}, "de", "de"},
    {"distinct days", {P, .at_least = {[VDR_MEASURE_DAYS] = 2}}, "def", ""},
    {"distinct days reached", {P, .at_least = {[VDR_MEASURE_DAYS] = 2}}, "bc", "bc"},
    {"overdue", {P, .at_least = {[VDR_MEASURE_OVERDUE] = 2}}, "abc", ""},
    {"overdue reached, with what is not overdue", {P, .at_least = {[VDR_MEASURE_OVERDUE] = 2}}, "acl", "acl"},
    {"core areas of domains", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 2}}, "bc", ""},
    {"core areas of domains reached", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 2}}, "ab", "ab"},
    {"by_role may be both", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 2}}, "d", "d"},
    {"by_role without role is adult", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 2}}, "ef", ""},
    {"by_role is adult beside youth", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 2}}, "ae", "ae"},
    {"by_role with nobody is adult", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 3}}, "abf", "abf"},
    {"by_role youth is the area youth", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 3}}, "ad", ""},
    {"a domain that is gone has no core area", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 2}}, "ak", ""},
    {"every measure must be reached",
     {P, .at_least = {[VDR_MEASURE_DOMAINS] = 2, [VDR_MEASURE_AGENCIES] = 3}},
     "ab",
     ""},
    {"spread is newest less oldest",
     {P, .spread_ms = 80 * DAY + 1, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "abc",
     ""},
    {"spread reached", {P, .spread_ms = 80 * DAY, .at_least = {[VDR_MEASURE_SIGNALS] = 1}}, "abc", "abc"},
    {"two signals may spread",
     {P, .spread_ms = 30 * DAY, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "ab",
     "ab"},
    {"one may not", {P, .spread_ms = 1, .at_least = {[VDR_MEASURE_SIGNALS] = 1}}, "a", ""},
    {"within domain", {P, .within = VDR_WITHIN_DOMAIN, .at_least = {[VDR_MEASURE_SIGNALS] = 2}}, "abd", ""},
    {"within domain: the groups that hold",
     {P, .within = VDR_WITHIN_DOMAIN, .at_least = {[VDR_MEASURE_SIGNALS] = 2}},
     "abcdef",
     "bcdef"},
    {"within type", {P, .within = VDR_WITHIN_TYPE, .at_least = {[VDR_MEASURE_SIGNALS] = 2}}, "abe", "ab"},
    {"within agency",
     {P, .within = VDR_WITHIN_AGENCY, .at_least = {[VDR_MEASURE_SIGNALS] = 2}},
     "abcde",
     "de"},
    {"within person: a signal is in the group of each",
     {P, .within = VDR_WITHIN_PERSON, .at_least = {[VDR_MEASURE_SIGNALS] = 2}},
     "abcdef",
     "abd"},
    {"within person: signals of nobody are in no group",
     {P, .within = VDR_WITHIN_PERSON, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "cf",
     ""},
    {"within person: persons are all that the group's signals name",
     {P, .within = VDR_WITHIN_PERSON, .at_least = {[VDR_MEASURE_PERSONS] = 2}},
     "abd",
     "abd"},
    {"who is named twice is one person", {P, .at_least = {[VDR_MEASURE_PERSONS] = 2}}, "am", ""},
    {"and has both roles", {P, .at_least = {[VDR_MEASURE_CORE_AREAS] = 2}}, "m", "m"},
    {"and is in one group, once",
     {P, .within = VDR_WITHIN_PERSON, .at_least = {[VDR_MEASURE_SIGNALS] = 2}},
     "m",
     ""},
    {"within and spread: of one group",
     {P, .within = VDR_WITHIN_DOMAIN, .spread_ms = 50 * DAY, .at_least = {[VDR_MEASURE_SIGNALS] = 1}},
     "abcd",
     "bc"},
};

static vdr_slot
put(world *w, vdr_slot household, const vdr_slot persons[4], const fact *from)
{
    world_signal signal = {.type = from->type != NULL ? from->type : "t",
                           .domain = from->domain,
                           .purpose = from->purpose != NULL ? from->purpose : "p",
                           .agency = from->agency,
                           .agency_kind = from->kind,
                           .severity = from->severity,
                           .occurred_at = from->day * DAY,
                           .until = from->until * DAY};
    for (size_t i = 0; i < 3 && from->persons[i] != 0; i++) {
        signal.persons[i] = persons[from->persons[i]];
        signal.roles[i] = from->roles[i];
    }
    vdr_slot slot = world_add(w, household, &signal);
    world_change(w, slot, from->flags, signal.until);
    return slot;
}

static void
one_rule(vdr_config *config, const vdr_config_rule *rule)
{
    *config = (vdr_config){.rules = rule,
                           .rule_count = 1,
                           .domains = domains,
                           .domain_count = sizeof domains / sizeof domains[0]};
}

static void
a_rule_is_supported_as_section_6_says(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world w;
        world_init(&w);
        vdr_config config;
        one_rule(&config, &rows[i].rule);
        world_bind(&w, &config);
        vdr_slot h = world_household(&w);
        vdr_slot persons[4] = {0, world_person(&w), world_person(&w), world_person(&w)};
        vdr_slot slots[26] = {0};
        vdr_position last = 0;
        for (const char *f = rows[i].facts; *f != 0; f++)
            slots[*f - 'a'] = put(&w, h, persons, &facts[*f - 'a']);

        vdr_slots support = {0};
        vdr_rule_support(&w.state, 0, h, NOW, &support);
        char found[27] = "";
        for (const char *f = rows[i].facts; *f != 0; f++) {
            for (size_t k = 0; k < support.count; k++) {
                if (support.at[k] == slots[*f - 'a'])
                    found[k] = *f;
            }
        }
        if (strcmp(found, rows[i].support) != 0)
            fail_msg("%s: support is '%s', not '%s'", rows[i].says, found, rows[i].support);
        if (vdr_rule_holds(&w.state, 0, h, NOW) != (*rows[i].support != 0))
            fail_msg("%s: holds is wrong", rows[i].says);
        for (const char *f = rows[i].facts; *f != 0; f++) {
            bool asked = strchr(rows[i].support, *f) != NULL;
            if (vdr_rule_supported_by(&w.state, 0, h, NOW, slots[*f - 'a']) != asked)
                fail_msg("%s: supported by %c is wrong", rows[i].says, *f);
            if (asked)
                last = vdr_signal_at(&w.state, slots[*f - 'a'])->position;
        }
        for (vdr_position p = 0; p <= w.position; p++) {
            if (vdr_rule_supported_after(&w.state, 0, h, NOW, p) != (p < last))
                fail_msg("%s: supported after %llu is wrong", rows[i].says, (unsigned long long)p);
        }
        vdr_slots_done(&support);
        world_done(&w);
    }
}

static void
support_is_appended_in_log_order(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    vdr_config_rule rule = {P, .at_least = {[VDR_MEASURE_SIGNALS] = 2}};
    vdr_config config;
    one_rule(&config, &rule);
    world_bind(&w, &config);
    vdr_slot h = world_household(&w);
    vdr_slot persons[4] = {0};
    vdr_slots support = {0};
    vdr_slots_add(&support, 77);
    vdr_slot first = put(&w, h, persons, &facts[5]), second = put(&w, h, persons, &facts[2]);
    vdr_rule_support(&w.state, 0, h, NOW, &support);
    assert_int_equal(support.count, 3);
    assert_int_equal(support.at[0], 77);
    assert_int_equal(support.at[1], first);
    assert_int_equal(support.at[2], second);
    vdr_slots_done(&support);
    world_done(&w);
}

static void
records_stay_while_a_rule_stays_the_same_and_never_come_back(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    vdr_config_rule rules[2] = {
        {.id = N("one"), P, .at_least = {1}, .fingerprint = {.bytes = {1}}},
        {.id = N("two"), .purposes = NAMES(N("q"), N("p")), .at_least = {1}, .fingerprint = {.bytes = {2}}}};
    vdr_config config = {.rules = rules, .rule_count = 2};
    world_bind(&w, &config);
    vdr_slot one = vdr_rule_record_of(&w.state, 0), two = vdr_rule_record_of(&w.state, 1);
    assert_int_not_equal(one, two);
    assert_int_equal(vdr_rule_name_of(&w.state, 1), vdr_name_find(&w.state, vdr_span_str("two")));
    size_t count;
    const vdr_name *purposes = vdr_rule_purposes_of(&w.state, 1, &count);
    assert_int_equal(count, 2);
    assert_int_equal(purposes[0], vdr_name_find(&w.state, vdr_span_str("q")));
    assert_int_equal(purposes[1], vdr_name_find(&w.state, vdr_span_str("p")));

    world_bind(&w, &config);
    assert_int_equal(vdr_rule_record_of(&w.state, 0), one);
    assert_int_equal(vdr_rule_record_of(&w.state, 1), two);
    assert_int_equal(w.state.rules.live, 2);

    vdr_config other = {.rules = &rules[1], .rule_count = 1};
    world_bind(&w, &other);
    assert_int_equal(vdr_rule_record_of(&w.state, 0), two);
    assert_int_equal(((const vdr_rule_record *)vdr_slab_at(&w.state.rules, one))->current, 0);

    rules[1].fingerprint.bytes[0] = 3;
    world_bind(&w, &config);
    vdr_slot one_again = vdr_rule_record_of(&w.state, 0), two_changed = vdr_rule_record_of(&w.state, 1);
    assert_int_not_equal(one_again, one);
    assert_int_not_equal(two_changed, two);
    assert_int_equal(((const vdr_rule_record *)vdr_slab_at(&w.state.rules, two))->current, 0);
    assert_int_equal(((const vdr_rule_record *)vdr_slab_at(&w.state.rules, one_again))->current, 1);
    world_done(&w);
}

static void
a_name_that_only_a_rule_has_never_becomes_another(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    vdr_config_rule rule = {P, .roles = NAMES(N("baby")), .at_least = {[VDR_MEASURE_SIGNALS] = 1}};
    vdr_config config;
    one_rule(&config, &rule);
    world_bind(&w, &config);
    vdr_slot h = world_household(&w);
    world_signal signal = {"t", "school", "p", "a", "k", 1, 0, NOW, {world_person(&w)}, {"baby"}};
    world_remove(&w, world_add(&w, h, &signal));
    signal.roles[0] = "other";
    world_add(&w, h, &signal);
    assert_false(vdr_rule_holds(&w.state, 0, h, DAY));
    signal.roles[0] = "baby";
    world_add(&w, h, &signal);
    assert_true(vdr_rule_holds(&w.state, 0, h, DAY));
    world_done(&w);
}

static void
many_rules_are_told_apart(void **state)
{
    (void)state;
    enum { RULES = 130 };
    world w;
    world_init(&w);
    vdr_config_rule *rules = vdr_alloc(RULES, sizeof *rules);
    char names[RULES][8];
    vdr_span spans[RULES], purpose = N("p");
    for (size_t i = 0; i < RULES; i++) {
        (void)snprintf(names[i], sizeof names[i], "d%zu", i);
        spans[i] = vdr_span_str(names[i]);
        rules[i] = (vdr_config_rule){.id = spans[i],
                                     .purposes = {.at = &purpose, .count = 1},
                                     .domains = {.at = &spans[i], .count = 1},
                                     .at_least = {[VDR_MEASURE_SIGNALS] = 1}};
        rules[i].fingerprint.bytes[0] = (uint8_t)i;
    }
    vdr_config config = {.rules = rules, .rule_count = RULES};
    world_bind(&w, &config);
    for (size_t i = 0; i < RULES; i += 43) {
        vdr_slot h = world_household(&w);
        world_signal signal = {"t", names[i], "p", "a", "k", 1, 0, NOW, {0}, {NULL}};
        vdr_slot slot = world_add(&w, h, &signal);
        for (size_t j = 0; j < RULES; j++) {
            if (vdr_rule_supported_by(&w.state, j, h, DAY, slot) != (i == j))
                fail_msg("rule %zu of a signal of %zu", j, i);
        }
    }
    free(rules);
    world_done(&w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_rule_is_supported_as_section_6_says),
        cmocka_unit_test(support_is_appended_in_log_order),
        cmocka_unit_test(records_stay_while_a_rule_stays_the_same_and_never_come_back),
        cmocka_unit_test(a_name_that_only_a_rule_has_never_becomes_another),
        cmocka_unit_test(many_rules_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
