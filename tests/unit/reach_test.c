/* Goal: what is said of rules without looking at any household is true of every household: a rule that cannot
 * hold never holds, and one that can holds for the household about which everything is said; a rule that covers
 * another holds, and counts as much, whenever that one does; a measure that does not matter never decides.
 *
 * Random catalogues, towns, rules and households from a seed; the core answers. VDR_TEST_SEED gives another. */
#include "broker/study/reach.h"
#include "proto/assert.h"
#include "tests/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

enum {
    TOWNS = 250,
    TYPES = 5,
    DOMAINS = 4,
    AGENCIES = 4,
    KINDS = 3,
    PURPOSES = 2,
    RULES = 6,
    HOMES = 12,
    SENT = 14
};

#define NOW (20000 * WORLD_DAY)

static uint64_t seed;

static uint32_t
below(uint32_t limit)
{
    seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ x >> 31) % limit);
}

static bool
chance(uint32_t percent)
{
    return below(100) < percent;
}

static const char *const type_names[] = {"t0", "t1", "t2", "t3", "t4"};
static const char *const domain_names[] = {"d0", "d1", "d2", "d3"};
static const char *const agency_names[] = {"a0", "a1", "a2", "a3"};
static const char *const kind_names[] = {"k0", "k1", "k2"};
static const char *const purpose_names[] = {"p0", "p1"};
static const char *const role_names[] = {"youth", "adult", "other"};
static const char *const area_names[] = {"youth", "adult", "money"};
/* The rules, and of each one a copy without one measure. */
static const char *const rule_names[] = {"r0", "r1", "r2", "r3", "r4", "r5",
                                         "s0", "s1", "s2", "s3", "s4", "s5"};

/* A town. Lists of names lie beside it. */
typedef struct town {
    vdr_config config;
    vdr_config_type types[TYPES];
    vdr_config_domain domains[DOMAINS];
    vdr_config_agency agencies[AGENCIES];
    vdr_config_rule rules[2 * RULES];
    vdr_measure dropped[RULES]; /* by the copy; VDR_MEASURES: there was only one, and the copy is the same */
    vdr_span lists[400];
    size_t list_count;
} town;

/* Some of the names: each with a chance. */
static vdr_names
some(town *t, const char *const *names, size_t count, uint32_t percent)
{
    vdr_names list = {.at = t->lists + t->list_count};
    for (size_t i = 0; i < count; i++)
        if (chance(percent)) {
            t->lists[t->list_count++] = vdr_span_str(names[i]);
            list.count++;
        }
    assert_true(t->list_count < 400);
    return list;
}

static void
make_rule(town *t, size_t number)
{
    vdr_config_rule *rule = &t->rules[number];
    rule->id = vdr_span_str(rule_names[number]);
    rule->level = VDR_LEVEL_CASE;
    rule->priority = VDR_PRIORITY_NORMAL;
    rule->purposes = some(t, purpose_names, PURPOSES, 75);
    rule->over_ms = chance(40) ? (int64_t)(1 + below(6)) * WORLD_DAY : 0;
    if (chance(25))
        rule->types = some(t, type_names, TYPES, 65);
    if (chance(25))
        rule->domains = some(t, domain_names, DOMAINS, 65);
    if (chance(25))
        rule->agencies = some(t, kind_names, KINDS, 65);
    if (chance(20))
        rule->roles = some(t, role_names, 3, 50);
    rule->min_severity = chance(30) ? (uint8_t)(1 + below(5)) : 0;
    rule->at_least[below(VDR_MEASURES)] = 1 + below(3);
    if (chance(60))
        rule->at_least[below(VDR_MEASURES)] = 1 + below(3);
    if (chance(30))
        rule->at_least[below(VDR_MEASURES)] = 1 + below(4);
    rule->spread_ms = chance(25) ? (int64_t)(1 + below(120)) * WORLD_DAY / 24 : 0;
    rule->within = chance(40) ? (vdr_within)below(VDR_WITHIN_PERSON + 1) : VDR_WITHIN_NONE;
    rule->fingerprint = (vdr_key16){{(uint8_t)number, 1}};
}

static void
drop_measure(town *t, size_t number)
{
    vdr_config_rule *copy = &t->rules[RULES + number];
    size_t asked = 0;
    *copy = t->rules[number];
    copy->id = vdr_span_str(rule_names[RULES + number]);
    copy->fingerprint = (vdr_key16){{(uint8_t)number, 2}};
    t->dropped[number] = VDR_MEASURES;
    for (unsigned m = 0; m < VDR_MEASURES; m++)
        asked += copy->at_least[m] != 0;
    for (unsigned m = below(VDR_MEASURES); asked > 1; m = (m + 1) % VDR_MEASURES)
        if (copy->at_least[m] != 0) {
            copy->at_least[m] = 0;
            t->dropped[number] = (vdr_measure)m;
            return;
        }
}

static void
make_town(town *t)
{
    *t = (town){.list_count = 0};
    for (size_t i = 0; i < DOMAINS; i++) {
        t->domains[i] = (vdr_config_domain){.id = vdr_span_str(domain_names[i]), .by_role = chance(30)};
        if (!t->domains[i].by_role)
            t->domains[i].core_area = vdr_span_str(area_names[below(3)]);
    }
    for (size_t i = 0; i < AGENCIES; i++)
        t->agencies[i] = (vdr_config_agency){.id = vdr_span_str(agency_names[i]),
                                             .kind = vdr_span_str(kind_names[below(KINDS)])};
    for (size_t i = 0; i < TYPES; i++)
        t->types[i] =
            (vdr_config_type){.id = vdr_span_str(type_names[i]),
                              .domain = vdr_span_str(domain_names[below(DOMAINS)]),
                              .purpose = vdr_span_str(purpose_names[below(PURPOSES)]),
                              .agencies = some(t, kind_names, KINDS, 60),
                              .severity = 1,
                              .kind = (vdr_signal_kind)(1 + below(3)),
                              .counts_for_ms = (int64_t)(1 + below(120)) * WORLD_DAY / 24,
                              .retain_ms = (int64_t)(1 + below(6)) * WORLD_DAY,
                              .follow_up_ms = chance(50) ? (int64_t)(1 + below(72)) * WORLD_DAY / 24 : 0};
    for (size_t i = 0; i < RULES; i++)
        make_rule(t, i);
    for (size_t i = 0; i < RULES; i++)
        drop_measure(t, i);
    t->config = (vdr_config){.types = t->types,
                             .type_count = TYPES,
                             .domains = t->domains,
                             .domain_count = DOMAINS,
                             .agencies = t->agencies,
                             .agency_count = AGENCIES,
                             .rules = t->rules,
                             .rule_count = 2 * RULES};
}

static bool
may_send(const town *t, size_t type, size_t agency)
{
    return vdr_study_has(t->types[type].agencies, t->agencies[agency].kind);
}

/* A signal of so long ago, if the town lets it be said and it is still kept. */
static void
send(world *w, const town *t, vdr_slot home, size_t type, size_t agency, int64_t ago, const world_signal *who)
{
    const vdr_config_type *of = &t->types[type];
    if (!may_send(t, type, agency) || ago >= of->retain_ms)
        return;
    world_signal signal = *who;
    signal.type = type_names[type];
    signal.domain = (const char *)of->domain.at;
    signal.purpose = (const char *)of->purpose.at;
    signal.agency = agency_names[agency];
    signal.agency_kind = (const char *)t->agencies[agency].kind.at;
    signal.occurred_at = NOW - ago;
    /* What has left is not there; a deadline may lie anywhere. */
    int64_t counts_for = of->kind == VDR_SIGNAL_DEADLINE ? of->retain_ms : of->counts_for_ms;
    signal.until = signal.occurred_at + (counts_for < of->retain_ms ? counts_for : of->retain_ms);
    vdr_slot slot = world_add(w, home, &signal);
    if (of->follow_up_ms != 0 && ago >= of->follow_up_ms)
        world_change(w, slot, VDR_SIGNAL_OVERDUE, signal.until);
}

static vdr_slot
random_home(world *w, const town *t, size_t agency)
{
    vdr_slot home = world_household(w), persons[4];
    for (size_t i = 0; i < 4; i++)
        persons[i] = world_person(w);
    for (uint32_t i = 1 + below(SENT); i > 0; i--) {
        world_signal who = {.severity = (uint8_t)(1 + below(5))};
        for (size_t p = 0, count = below(3); p < count; p++) {
            who.persons[p] = persons[below(4)];
            who.roles[p] = chance(70) ? role_names[below(3)] : NULL;
        }
        send(w, t, home, below(TYPES), agency < AGENCIES ? agency : below(AGENCIES),
             (int64_t)below(7 * 24 * 4) * WORLD_DAY / (24 * 4), &who);
    }
    return home;
}

/* Everything that may be said, by everybody, at every time, about many persons of all roles. */
static vdr_slot
full_home(world *w, const town *t)
{
    vdr_slot home = world_household(w);
    world_signal who = {.severity = 5};
    for (size_t i = 0; i < 6; i++) {
        who.persons[i] = world_person(w);
        who.roles[i] = role_names[i % 3];
    }
    for (size_t type = 0; type < TYPES; type++)
        for (size_t agency = 0; agency < AGENCIES; agency++)
            for (int64_t ago = 0; ago < 7 * WORLD_DAY; ago += WORLD_DAY / 24) {
                send(w, t, home, type, agency, ago, &who);
                if (ago != 0)
                    send(w, t, home, type, agency, ago - 1, &who);
            }
    return home;
}

static bool
support_within(world *w, size_t narrow, size_t wide, vdr_slot home)
{
    vdr_slots of_narrow = {0}, of_wide = {0};
    vdr_rule_support(&w->state, narrow, home, NOW, &of_narrow);
    vdr_rule_support(&w->state, wide, home, NOW, &of_wide);
    bool all = true;
    for (size_t i = 0; i < of_narrow.count; i++) {
        bool found = false;
        for (size_t j = 0; j < of_wide.count && !found; j++)
            found = of_narrow.at[i] == of_wide.at[j];
        all &= found;
    }
    vdr_slots_done(&of_narrow);
    vdr_slots_done(&of_wide);
    return all;
}

/* What was seen of each claim, so that a test that tests nothing is noticed. */
static struct {
    size_t can, cannot, alone, covers, met, without;
} seen;

static void
check_home(world *w, const town *t, size_t of, vdr_slot home, size_t agency)
{
    const vdr_config *config = &t->config;
    bool holds[2 * RULES];
    for (size_t i = 0; i < 2 * RULES; i++) {
        vdr_reach reach;
        holds[i] = vdr_rule_holds(&w->state, i, home, NOW);
        bool can = vdr_reach_holds(config, &t->rules[i], agency < AGENCIES ? agency : VDR_REACH_ALL, &reach);
        if (holds[i] && !can)
            fail_msg("town %zu: rule %zu holds, which it cannot", of, i);
        seen.alone += agency < AGENCIES && !can;
    }
    for (size_t a = 0; a < 2 * RULES; a++)
        for (size_t b = 0; b < 2 * RULES; b++) {
            if (a == b || !vdr_reach_covers(config, &t->rules[a], &t->rules[b]))
                continue;
            seen.covers++;
            seen.met += holds[b];
            if (holds[b] && !holds[a])
                fail_msg("town %zu: rule %zu holds without rule %zu, which covers it", of, b, a);
            if (holds[b] && !support_within(w, b, a, home))
                fail_msg("town %zu: rule %zu counts what rule %zu, which covers it, does not", of, b, a);
        }
    for (size_t i = 0; i < RULES; i++) {
        if (t->dropped[i] == VDR_MEASURES || vdr_reach_matters(config, &t->rules[i], t->dropped[i]))
            continue;
        seen.without += holds[RULES + i];
        if (holds[RULES + i] && !holds[i])
            fail_msg("town %zu: of rule %zu %s matters", of, i, vdr_measure_name(t->dropped[i]));
    }
}

static void
what_is_said_of_rules_is_true_of_households(void **state)
{
    (void)state;
    const char *other = getenv("VDR_TEST_SEED");
    seed = other != NULL ? strtoull(other, NULL, 10) : 1;
    for (size_t of = 0; of < TOWNS; of++) {
        town t;
        world w;
        make_town(&t);
        world_init(&w);
        world_bind(&w, &t.config);
        vdr_slot home = full_home(&w, &t);
        for (size_t i = 0; i < 2 * RULES; i++) {
            vdr_reach reach;
            bool can = vdr_reach_holds(&t.config, &t.rules[i], VDR_REACH_ALL, &reach);
            bool holds = vdr_rule_holds(&w.state, i, home, NOW);
            *(can ? &seen.can : &seen.cannot) += 1;
            if (can != holds)
                fail_msg("town %zu: rule %zu %s, but for the fullest household it %s", of, i,
                         can ? "can hold" : "cannot hold", holds ? "does" : "does not");
        }
        for (size_t h = 0; h < HOMES; h++) {
            size_t agency = h % 3 == 0 ? below(AGENCIES) : AGENCIES; /* of one agency only, or of all */
            check_home(&w, &t, of, random_home(&w, &t, agency), agency);
        }
        world_done(&w);
    }
    assert_true(seen.can > 500 && seen.cannot > 500 && seen.alone > 1000);
    assert_true(seen.covers > 1000 && seen.met > 100 && seen.without > 50);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_said_of_rules_is_true_of_households)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
