/* Goal: windows answer exactly what looking at every signal answers, whatever happens to the signals.
 *
 * Random streams from a seed: signals come early, late and with a future, are withdrawn, ended, overdue and not,
 * leave and move between two households, while time passes; windows are dropped and built anew. After each
 * event every rule is asked, of windows and of rules.h, and compared with a plain evaluator of section 6
 * that knows nothing of the state. VDR_TEST_STREAMS gives the number of streams, VDR_TEST_SEED the first. */
#include "broker/core/map.h"
#include "broker/core/windows.h"
#include "tests/rules_world.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { LAWS = 6, KINDS = 6, FACTS_MAX = 400, HOMES = 2, PERSONS = 7, NO_ROLE = 3 };

static uint64_t seed, stream_seed;

static uint32_t
below(uint32_t limit)
{
    seed += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t x = (seed ^ seed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return (uint32_t)((x ^ x >> 31) % limit);
}

/* The plain model: what a signal says, and what a rule asks, in small numbers and sets of bits. */
typedef struct fact {
    vdr_slot slot; /* 0: not there */
    int home;
    uint32_t type, domain, purpose, agency, kind, severity;
    vdr_ms occurred_at, until;
    bool withdrawn, overdue;
    uint32_t person_count, persons[WORLD_PERSON_MAX], roles[WORLD_PERSON_MAX];
    vdr_position position;
} fact;

typedef struct law {
    uint32_t purposes, types, domains, kinds, roles; /* bits; where: 0 not asked */
    uint32_t min_severity;
    int64_t over, spread;
    uint64_t at_least[VDR_MEASURES];
    vdr_within within;
} law;

static fact facts[FACTS_MAX];
static uint32_t fact_count;
static law laws[LAWS];

static const char *const names[7][KINDS] = {
    {"t0", "t1", "t2", "t3", "t4", "t5"}, {"d0", "d1", "d2", "d3", "d4", "d5"},
    {"p0", "p1", "p2", "p3", "p4", "p5"}, {"a0", "a1", "a2", "a3", "a4", "a5"},
    {"k0", "k1", "k2", "k3", "k4", "k5"}, {"youth", "parent", "other", NULL, NULL, NULL},
    {"r0", "r1", "r2", "r3", "r4", "r5"},
};
enum { TYPES, DOMAINS, PURPOSES, AGENCIES, AGENCY_KINDS, ROLES, RULES };

/* Areas: youth 0, adult 1, socio 2. d3 and d4 are by role, d5 is not in the configuration. */
static const char *const area_names[3] = {"youth", "adult", "socio"};
static const int area_of_domain[KINDS] = {0, 2, 1, -1, -1, -2};

static bool
plain_counted(const law *l, const fact *f, vdr_ms t)
{
    if (f->withdrawn || f->occurred_at > t || t >= f->until || (l->purposes >> f->purpose & 1) == 0)
        return false;
    if (l->over != 0 && f->occurred_at <= t - l->over)
        return false;
    bool role = l->roles == 0;
    for (uint32_t i = 0; i < f->person_count; i++)
        role = role || (f->roles[i] != NO_ROLE && (l->roles >> f->roles[i] & 1) != 0);
    return role && (l->types == 0 || (l->types >> f->type & 1) != 0) &&
           (l->domains == 0 || (l->domains >> f->domain & 1) != 0) &&
           (l->kinds == 0 || (l->kinds >> f->kind & 1) != 0) && f->severity >= l->min_severity;
}

static bool
plain_in_group(const law *l, const fact *f, uint32_t group)
{
    switch (l->within) {
    case VDR_WITHIN_NONE:
        return group == 0;
    case VDR_WITHIN_DOMAIN:
        return f->domain == group;
    case VDR_WITHIN_TYPE:
        return f->type == group;
    case VDR_WITHIN_AGENCY:
        return f->agency == group;
    case VDR_WITHIN_PERSON:
        for (uint32_t i = 0; i < f->person_count; i++) {
            if (f->persons[i] == group)
                return true;
        }
        return false;
    }
    return false;
}

static uint64_t
bits(uint64_t set)
{
    uint64_t count = 0;
    for (; set != 0; set &= set - 1)
        count++;
    return count;
}

static uint64_t
areas_of(const fact *f)
{
    int area = area_of_domain[f->domain];
    if (area != -1)
        return area < 0 ? 0 : UINT64_C(1) << area;
    uint64_t set = f->person_count == 0 ? 2 : 0;
    for (uint32_t i = 0; i < f->person_count; i++)
        set |= f->roles[i] == 0 ? 1 : 2;
    return set;
}

static bool
plain_group_holds(const law *l, int home, uint32_t group, vdr_ms t)
{
    uint64_t sets[VDR_MEASURES] = {0}, counts[VDR_MEASURES] = {0};
    static bool day[4096];
    memset(day, 0, sizeof day);
    vdr_ms oldest = VDR_MS_MAX, newest = VDR_MS_NONE;
    for (uint32_t i = 0; i < fact_count; i++) {
        const fact *f = &facts[i];
        if (f->slot == 0 || f->home != home || !plain_counted(l, f, t) || !plain_in_group(l, f, group))
            continue;
        counts[VDR_MEASURE_SIGNALS]++;
        counts[VDR_MEASURE_OVERDUE] += f->overdue ? 1 : 0;
        sets[VDR_MEASURE_DOMAINS] |= UINT64_C(1) << f->domain;
        sets[VDR_MEASURE_TYPES] |= UINT64_C(1) << f->type;
        sets[VDR_MEASURE_AGENCIES] |= UINT64_C(1) << f->agency;
        sets[VDR_MEASURE_CORE_AREAS] |= areas_of(f);
        for (uint32_t p = 0; p < f->person_count; p++)
            sets[VDR_MEASURE_PERSONS] |= UINT64_C(1) << f->persons[p];
        bool *seen = &day[f->occurred_at / WORLD_DAY];
        counts[VDR_MEASURE_DAYS] += *seen ? 0 : 1;
        *seen = true;
        oldest = f->occurred_at < oldest ? f->occurred_at : oldest;
        newest = f->occurred_at > newest ? f->occurred_at : newest;
    }
    if (counts[VDR_MEASURE_SIGNALS] == 0)
        return false;
    for (uint32_t m = 0; m < VDR_MEASURES; m++) {
        if (counts[m] + bits(sets[m]) < l->at_least[m])
            return false;
    }
    return newest - oldest >= l->spread;
}

static uint32_t
group_limit(const law *l)
{
    return l->within == VDR_WITHIN_NONE ? 1 : l->within == VDR_WITHIN_PERSON ? PERSONS : KINDS;
}

/* Who supports it: bits of groups that hold, then each signal by them. */
static bool
plain_supported_by(const law *l, const fact *f, uint32_t holding, vdr_ms t)
{
    for (uint32_t group = 0; group < group_limit(l); group++) {
        if ((holding >> group & 1) != 0 && plain_counted(l, f, t) && plain_in_group(l, f, group))
            return true;
    }
    return false;
}

/* The world that is asked. */
static world w;
static vdr_slot homes[HOMES], persons[PERSONS];
static vdr_ms now;

static vdr_names
names_of(vdr_span *pool, uint32_t *used, uint32_t what, uint32_t set)
{
    vdr_names list = {.at = pool + *used};
    for (uint32_t i = 0; i < KINDS; i++) {
        if ((set >> i & 1) != 0) {
            pool[(*used)++] = vdr_span_str(names[what][i]);
            list.count++;
        }
    }
    if (list.count == 0)
        list.at = NULL; /* not asked */
    return list;
}

static void
make_law(law *l)
{
    static const int64_t overs[] = {0, 0, 3 * WORLD_DAY, 10 * WORLD_DAY, 10 * WORLD_DAY + 1, 40 * WORLD_DAY};
    *l = (law){.purposes = below(3) == 0 ? 1 + below(63) : 63, .over = overs[below(6)]};
    l->types = below(4) == 0 ? 1 + below(63) : 0;
    l->domains = below(4) == 0 ? 1 + below(63) : 0;
    l->kinds = below(4) == 0 ? 1 + below(63) : 0;
    l->roles = below(4) == 0 ? 1 + below(7) : 0;
    l->min_severity = below(4) == 0 ? 1 + below(5) : 0;
    l->spread = below(3) == 0 ? (int64_t)below(20) * WORLD_DAY / 2 : 0;
    l->within = (vdr_within)below(5);
    for (uint32_t asked = 1 + below(3); asked > 0; asked--) {
        uint32_t measure = below(VDR_MEASURES);
        l->at_least[measure] = 1 + below(measure == VDR_MEASURE_SIGNALS ? 12 : 5);
    }
    if (below(30) == 0)
        l->at_least[VDR_MEASURE_PERSONS] = 65;
}

static void
bind_laws(void)
{
    static vdr_config config;
    static vdr_config_rule rules[LAWS];
    static vdr_config_domain domains[KINDS];
    static vdr_span pool[LAWS * KINDS * 5];
    uint32_t used = 0;
    for (uint32_t i = 0; i < LAWS; i++) {
        rules[i] = (vdr_config_rule){.id = vdr_span_str(names[RULES][i]),
                                     .purposes = names_of(pool, &used, PURPOSES, laws[i].purposes),
                                     .types = names_of(pool, &used, TYPES, laws[i].types),
                                     .domains = names_of(pool, &used, DOMAINS, laws[i].domains),
                                     .agencies = names_of(pool, &used, AGENCY_KINDS, laws[i].kinds),
                                     .roles = names_of(pool, &used, ROLES, laws[i].roles),
                                     .over_ms = laws[i].over,
                                     .min_severity = (uint8_t)laws[i].min_severity,
                                     .spread_ms = laws[i].spread,
                                     .within = laws[i].within,
                                     .fingerprint = {.bytes = {(uint8_t)i}}};
        memcpy(rules[i].at_least, laws[i].at_least, sizeof rules[i].at_least);
    }
    config = (vdr_config){.rules = rules, .rule_count = LAWS, .domains = domains};
    for (uint32_t i = 0; i < KINDS && area_of_domain[i] > -2; i++) {
        domains[i] = (vdr_config_domain){.id = vdr_span_str(names[DOMAINS][i])};
        domains[i].by_role = area_of_domain[i] == -1;
        if (!domains[i].by_role)
            domains[i].core_area = vdr_span_str(area_names[area_of_domain[i]]);
        config.domain_count++;
    }
    world_bind(&w, &config);
}

static void
fact_comes(uint32_t span_days)
{
    fact f = {.home = (int)below(HOMES),
              .type = below(KINDS),
              .domain = below(KINDS),
              .purpose = below(KINDS),
              .agency = below(KINDS),
              .kind = below(KINDS),
              .severity = 1 + below(5)};
    f.occurred_at = now + WORLD_DAY - (int64_t)below(span_days * 8) * (WORLD_DAY / 8);
    if (f.occurred_at < 0)
        f.occurred_at = 0;
    f.until = f.occurred_at + 1 + (int64_t)below(span_days * 8) * (WORLD_DAY / 8);
    world_signal signal = {.type = names[TYPES][f.type],
                           .domain = names[DOMAINS][f.domain],
                           .purpose = names[PURPOSES][f.purpose],
                           .agency = names[AGENCIES][f.agency],
                           .agency_kind = names[AGENCY_KINDS][f.kind],
                           .severity = (uint8_t)f.severity,
                           .occurred_at = f.occurred_at,
                           .until = f.until};
    uint32_t first = below(PERSONS);
    f.person_count = below(4);
    for (uint32_t i = 0; i < f.person_count; i++) {
        /* Sometimes one person is named twice, as what he is to the one and to the other. */
        f.persons[i] = i > 0 && below(8) == 0 ? f.persons[0] : (first + i * 2) % PERSONS;
        f.roles[i] = below(4);
        signal.persons[i] = persons[f.persons[i]];
        signal.roles[i] = f.roles[i] == NO_ROLE ? NULL : names[ROLES][f.roles[i]];
    }
    f.slot = world_add(&w, homes[f.home], &signal);
    f.position = w.position;
    facts[fact_count++] = f;
}

static void
fact_changes(fact *f, uint32_t what)
{
    if (what == 0) {
        world_remove(&w, f->slot);
        f->slot = 0;
        return;
    }
    if (what == 1) {
        world_unlink(&w, f->slot);
        f->home = 1 - f->home;
        world_link(&w, homes[f->home], f->slot);
        return;
    }
    if (what == 2)
        f->withdrawn = true;
    else if (what == 3 && now - WORLD_DAY < f->until)
        f->until = now - WORLD_DAY + (int64_t)below(4) * WORLD_DAY;
    else
        f->overdue = !f->overdue;
    world_change(&w, f->slot,
                 (uint8_t)((f->withdrawn ? VDR_SIGNAL_WITHDRAWN : 0) | (f->overdue ? VDR_SIGNAL_OVERDUE : 0)),
                 f->until);
}

static void
compare_support(uint32_t i, int home, uint32_t holding, const vdr_slots *support)
{
    size_t found = 0;
    for (uint32_t k = 0; k < fact_count; k++) {
        if (facts[k].slot == 0 || facts[k].home != home ||
            !plain_supported_by(&laws[i], &facts[k], holding, now))
            continue;
        if (found == support->count || support->at[found++] != facts[k].slot)
            fail_msg("stream %llu, rule %u: the support lacks signal %u", (unsigned long long)stream_seed, i,
                     k);
    }
    if (found != support->count)
        fail_msg("stream %llu, rule %u: the support has too many", (unsigned long long)stream_seed, i);
}

static void
compare_window(uint32_t i, int home, uint32_t holding)
{
    const vdr_rule *rule = &w.state.rulebook->rules[i];
    vdr_window *window = vdr_windows_at(&w.state, rule, homes[home], now);
    if (vdr_window_holds(window, rule) != (holding != 0))
        fail_msg("stream %llu, rule %u: the window says %d", (unsigned long long)stream_seed, i,
                 holding == 0);
    static const uint32_t table[] = {
        [VDR_WITHIN_DOMAIN] = DOMAINS, [VDR_WITHIN_TYPE] = TYPES, [VDR_WITHIN_AGENCY] = AGENCIES};
    for (uint32_t group = 0; group < group_limit(&laws[i]); group++) {
        uint32_t key = 0;
        if (laws[i].within == VDR_WITHIN_PERSON)
            key = persons[group];
        else if (laws[i].within != VDR_WITHIN_NONE)
            key = vdr_name_find(&w.state, vdr_span_str(names[table[laws[i].within]][group]));
        bool holds = (holding >> group & 1) != 0;
        if (vdr_window_group_holds(window, rule, key) != holds)
            fail_msg("stream %llu, rule %u: the window says %d of group %u", (unsigned long long)stream_seed,
                     i, !holds, group);
    }
}

static void
compare(uint32_t i, int home)
{
    const law *l = &laws[i];
    uint32_t holding = 0;
    for (uint32_t group = 0; group < group_limit(l); group++)
        holding |= plain_group_holds(l, home, group, now) ? 1u << group : 0;
    compare_window(i, home, holding);
    if (vdr_rule_holds(&w.state, i, homes[home], now) != (holding != 0))
        fail_msg("stream %llu, rule %u: holds is not %d", (unsigned long long)stream_seed, i, holding != 0);
    uint32_t last = UINT32_MAX;
    for (uint32_t k = 0; k < fact_count; k++) {
        if (facts[k].slot == 0 || facts[k].home != home)
            continue;
        bool supports = plain_supported_by(l, &facts[k], holding, now);
        last = supports ? k : last;
        if (below(8) == 0 && vdr_rule_supported_by(&w.state, i, homes[home], now, facts[k].slot) != supports)
            fail_msg("stream %llu, rule %u: supported by signal %u is not %d",
                     (unsigned long long)stream_seed, i, k, supports);
    }
    vdr_position p = below((uint32_t)w.position + 1);
    bool after = last != UINT32_MAX && facts[last].position > p;
    if (vdr_rule_supported_after(&w.state, i, homes[home], now, p) != after)
        fail_msg("stream %llu, rule %u: supported after %llu is not %d", (unsigned long long)stream_seed, i,
                 (unsigned long long)p, after);
    if (below(4) == 0) {
        vdr_slots support = {0};
        vdr_rule_support(&w.state, i, homes[home], now, &support);
        compare_support(i, home, holding, &support);
        vdr_slots_done(&support);
    }
}

/* Moves and flags that come and go: what the heaps know gets out of date much faster than time passes. */
static void
churn(uint32_t changes)
{
    for (; changes > 0 && fact_count > 0; changes--) {
        fact *f = &facts[below(fact_count)];
        if (f->slot != 0)
            fact_changes(f, below(2) == 0 ? 1 : 4);
    }
}

static void
stream(uint64_t first_seed)
{
    seed = stream_seed = first_seed;
    world_init(&w);
    fact_count = 0;
    now = 50 * WORLD_DAY;
    for (uint32_t i = 0; i < LAWS; i++)
        make_law(&laws[i]);
    bind_laws();
    for (uint32_t i = 0; i < HOMES; i++)
        homes[i] = world_household(&w);
    for (uint32_t i = 0; i < PERSONS; i++)
        persons[i] = world_person(&w);
    uint32_t span_days = 2 + below(60);
    for (uint32_t quiet = below(3) == 0 ? 200 : below(40); quiet > 0; quiet--)
        fact_comes(span_days);
    for (uint32_t steps = 60; steps > 0; steps--) {
        uint32_t what = below(20);
        if (what < 8 && fact_count < FACTS_MAX)
            fact_comes(span_days);
        else if (what < 14 && fact_count > 0 && facts[what = below(fact_count)].slot != 0)
            fact_changes(&facts[what], below(8));
        else if (what == 14)
            vdr_windows_shrink(w.state.rulebook->windows, 0);
        else if (what == 15)
            vdr_rules_household_gone(&w.state, homes[0]);
        else if (what == 16 && below(8) == 0)
            bind_laws();
        else
            now += below(4) == 0 ? (int64_t)below(30) * WORLD_DAY : (int64_t)below(16) * (WORLD_DAY / 8);
        if (stream_seed % 16 == 0)
            churn(below(200));
        for (uint32_t i = below(2); i < LAWS; i += 1 + below(3))
            compare(i, (int)below(HOMES));
    }
    world_done(&w);
}

static void
a_map_holds_what_was_put_and_not_removed(void **state)
{
    (void)state;
    enum { KEYS = 3000 };
    static uint32_t plain[KEYS]; /* 0: not there */
    vdr_map map = {0};
    uint32_t count = 0;
    seed = 1;
    for (uint32_t step = 0; step < 60000; step++) {
        /* Fills, then mostly empties: both ways of resizing. */
        uint32_t i = below(KEYS);
        vdr_map_key key = {.what = i % 7, .group = i / 7 % 50, .value = -(int64_t)i};
        if (below(10) < (step < 30000 ? 7 : 2)) {
            count += plain[i] == 0 ? 1 : 0;
            uint32_t *number = vdr_map_put(&map, key);
            assert_int_equal(*number, plain[i]);
            *number = plain[i] = step + 1;
        } else {
            count -= plain[i] != 0 ? 1 : 0;
            vdr_map_remove(&map, key);
            plain[i] = 0;
        }
        assert_int_equal(map.count, count);
        uint32_t j = below(KEYS);
        uint32_t *found =
            vdr_map_at(&map, (vdr_map_key){.what = j % 7, .group = j / 7 % 50, .value = -(int64_t)j});
        if ((found == NULL ? 0 : *found) != plain[j])
            fail_msg("step %u: key %u is %u, not %u", step, j, found == NULL ? 0 : *found, plain[j]);
    }
    vdr_map_done(&map);
}

static void
a_window_never_answers_for_a_later_household_of_its_slot(void **state)
{
    (void)state;
    world_init(&w);
    fact_count = 0;
    now = 50 * WORLD_DAY;
    laws[0] = (law){.purposes = 63, .at_least = {[VDR_MEASURE_SIGNALS] = 1}};
    for (uint32_t i = 1; i < LAWS; i++)
        laws[i] = laws[0];
    bind_laws();
    homes[0] = world_household(&w);
    world_signal signal = {"t", "d", "p0", "a", "k", 1, now, now + 9, {0}, {NULL}};
    vdr_slot slot = world_add(&w, homes[0], &signal);
    const vdr_rule *rule = &w.state.rulebook->rules[0];
    assert_true(vdr_window_holds(vdr_windows_at(&w.state, rule, homes[0], now), rule));
    uint64_t bytes = vdr_rulebook_bytes(w.state.rulebook);
    vdr_household_edit(&w.state, homes[0])->signals_first = 0; /* gone, and nobody said so */
    vdr_signal_edit(&w.state, slot)->household = 0;
    vdr_slab_give(&w.state.households, homes[0]);
    assert_int_equal(world_household(&w), homes[0]);
    assert_false(vdr_window_holds(vdr_windows_at(&w.state, rule, homes[0], now), rule));
    vdr_rules_household_gone(&w.state, homes[0]);
    assert_true(vdr_rulebook_bytes(w.state.rulebook) < bytes);
    world_done(&w);
}

static void
a_crowd_is_counted_by_windows_not_looked_at_again_and_again(void **state)
{
    (void)state;
    enum { SIGNALS = 40, NAMED = 120 };
    world_init(&w);
    laws[0] =
        (law){.purposes = 63, .within = VDR_WITHIN_PERSON, .at_least = {[VDR_MEASURE_SIGNALS] = SIGNALS}};
    for (uint32_t i = 1; i < LAWS; i++)
        laws[i] = laws[0];
    laws[1].at_least[VDR_MEASURE_PERSONS] = NAMED;
    laws[2].at_least[VDR_MEASURE_PERSONS] = NAMED + 1;
    laws[3] = (law){.purposes = 63, .roles = 1, .at_least = {[VDR_MEASURE_SIGNALS] = SIGNALS}};
    bind_laws();
    vdr_slot home = world_household(&w), slot = 0;
    for (uint32_t i = 0; i < SIGNALS; i++) {
        world_signal signal = {"t", "d", "p0", "a", "k", 1, now, now + 9, {0}, {NULL}};
        slot = world_add(&w, home, &signal);
        vdr_slot *link = &vdr_signal_edit(&w.state, slot)->names;
        for (uint32_t k = 0; k < NAMED; k++) { /* one person is in all, the others are in one */
            *link = vdr_slab_take(&w.state.namings);
            vdr_naming *naming = vdr_slab_edit(&w.state.namings, *link);
            naming->member = k == 0 ? 1 : 1 + i * NAMED + k;
            link = &naming->next;
        }
    }
    assert_false(vdr_rule_holds(&w.state, 3, home, now));
    uint64_t bytes = vdr_rulebook_bytes(w.state.rulebook);
    vdr_rules_household_gone(&w.state, home);
    assert_true(vdr_rulebook_bytes(w.state.rulebook) < bytes); /* there were windows */
    bytes = vdr_rulebook_bytes(w.state.rulebook);
    assert_true(vdr_rule_holds(&w.state, 0, home, now));
    assert_true(vdr_rule_supported_by(&w.state, 1, home, now, slot));
    assert_true(vdr_rule_supported_by(&w.state, 2, home, now, slot));
    assert_true(vdr_rulebook_bytes(w.state.rulebook) > bytes);
    world_done(&w);
}

static void
what_is_out_of_date_does_not_pile_up(void **state)
{
    (void)state;
    world_init(&w);
    fact_count = 0;
    now = 500 * WORLD_DAY;
    seed = 1;
    for (uint32_t i = 0; i < LAWS; i++)
        laws[i] = (law){.purposes = 63, .spread = WORLD_DAY, .at_least = {[VDR_MEASURE_SIGNALS] = 3}};
    bind_laws();
    for (uint32_t i = 0; i < HOMES; i++)
        homes[i] = world_household(&w);
    for (uint32_t i = 0; i < 60; i++)
        fact_comes(400);
    for (uint32_t home = 0; home < HOMES; home++)
        vdr_windows_at(&w.state, &w.state.rulebook->rules[0], homes[home], now);
    churn(1000);
    uint64_t bytes = vdr_rulebook_bytes(w.state.rulebook);
    churn(100000);
    assert_true(vdr_rulebook_bytes(w.state.rulebook) < bytes * 2);
    for (uint32_t i = 0; i < LAWS; i++)
        compare(i, 0);
    world_done(&w);
}

static void
windows_and_looking_answer_what_the_plain_evaluator_answers(void **state)
{
    (void)state;
    const char *streams = getenv("VDR_TEST_STREAMS"), *first = getenv("VDR_TEST_SEED");
    uint64_t count = streams != NULL ? strtoull(streams, NULL, 10) : 300;
    uint64_t start = first != NULL ? strtoull(first, NULL, 10) : 1;
    for (uint64_t i = start; i < start + count; i++)
        stream(i);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_map_holds_what_was_put_and_not_removed),
        cmocka_unit_test(a_window_never_answers_for_a_later_household_of_its_slot),
        cmocka_unit_test(a_crowd_is_counted_by_windows_not_looked_at_again_and_again),
        cmocka_unit_test(what_is_out_of_date_does_not_pile_up),
        cmocka_unit_test(windows_and_looking_answer_what_the_plain_evaluator_answers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
