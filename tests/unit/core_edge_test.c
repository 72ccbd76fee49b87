/* Goal: whatever is asked of the core is told whole or not at all: in memory that does not suffice, behind a place that
 * is gone, of what is not there. */
#include "broker/core/explain.h"
#include "tests/core_dice.h"

#define STEPS  400u
#define ENOUGH (1u << 20)

static const vdr_config_rule rules[] = {
    {.id = S("violence"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_NORMAL,
     .purposes = NAMES(S("safety")),
     .min_severity = 4,
     .at_least = {[VDR_MEASURE_SIGNALS] = 1},
     .fingerprint = {{1}}},
    {.id = S("people"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_HIGH,
     .purposes = NAMES(S("safety"), S("youth")),
     .types = NAMES(S("absence"), S("violence")),
     .over_ms = 20 * DAY,
     .at_least = {[VDR_MEASURE_PERSONS] = 2, [VDR_MEASURE_AGENCIES] = 2},
     .spread_ms = HOUR,
     .within = VDR_WITHIN_PERSON,
     .fingerprint = {{2}}},
    {.id = S("late"),
     .level = VDR_LEVEL_CASE,
     .priority = VDR_PRIORITY_URGENT,
     .purposes = NAMES(S("youth")),
     .domains = NAMES(S("education")),
     .at_least = {[VDR_MEASURE_OVERDUE] = 2},
     .fingerprint = {{3}}},
    {.id = S("busy"),
     .level = VDR_LEVEL_WATCH,
     .purposes = NAMES(S("youth")),
     .roles = NAMES(S("youth")),
     .agencies = NAMES(S("school")),
     .at_least = {[VDR_MEASURE_SIGNALS] = 2, [VDR_MEASURE_DAYS] = 1},
     .within = VDR_WITHIN_AGENCY,
     .fingerprint = {{4}}},
    {.id = S("known"),
     .level = VDR_LEVEL_COORDINATE,
     .purposes = NAMES(S("youth"), S("safety")),
     .at_least = {[VDR_MEASURE_CORE_AREAS] = 2, [VDR_MEASURE_TYPES] = 2, [VDR_MEASURE_DOMAINS] = 2},
     .fingerprint = {{5}}},
};

static vdr_config config;

/* A town in which much has happened. */
static town *
lived_in(uint64_t seed, bool collides, void (*stepped)(town *t, const vdr_command *command))
{
    config = town_config;
    config.rules = rules;
    config.rule_count = COUNT(rules);
    config.address_match = VDR_ADDRESS_REVIEW;
    town_collides = collides;
    dice_acts = VDR_ACT_LAST;
    dice_begin(seed);
    town *t = town_new(&config);
    t->reload_every = 50;
    t->stepped = stepped;
    for (unsigned i = 0; i < STEPS; i++) {
        if (roll(3) == 0)
            random_act(t);
        else
            random_signal(t);
        if (roll(8) == 0)
            town_tick(t, t->hour + (double)roll(72));
    }
    return t;
}

static void
leave(town *t)
{
    town_free(t);
    town_collides = false;
}

/* ---- too little memory */

/* Budgets up to the one that suffices. */
static size_t
more(size_t budget)
{
    return budget + 16 + budget / 8;
}

static void
tell_in_little(town *t, const vdr_command *command)
{
    uint32_t offset = 0;
    vdr_effect effect;
    (void)command;
    while (vdr_effect_next(t->step.tale, &offset, &effect) == VDR_OK) {
        vdr_err err = VDR_E_NO_MEMORY;
        for (size_t budget = 0; err != VDR_OK; budget = more(budget)) {
            vdr_arena arena;
            vdr_decision decision;
            vdr_arena_init(&arena, budget);
            err = vdr_core_decision(t->core, &effect, &arena, &decision);
            vdr_arena_done(&arena);
            if (err != VDR_OK && (err != VDR_E_NO_MEMORY || budget > ENOUGH))
                fail_msg("%zu bytes: %s", budget, vdr_err_code(err));
        }
    }
}

static void
a_line_that_does_not_fit_memory_is_not_told(void **unused)
{
    (void)unused;
    leave(lived_in(3, false, tell_in_little));
}

static void
a_message_to_a_mailbox_that_is_not_there_is_corrupt(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A", .severity = 5);
    uint32_t offset = 0;
    size_t messages = 0;
    vdr_effect effect;
    vdr_arena arena;
    vdr_decision decision;
    vdr_arena_init(&arena, ENOUGH);
    while (vdr_effect_next(t->step.tale, &offset, &effect) == VDR_OK) {
        if (effect.kind != VDR_EFFECT_MESSAGE)
            continue;
        static const uint32_t wrong[] = {0, 9999, UINT32_MAX};
        messages++;
        for (size_t i = 0; i < COUNT(wrong); i++) {
            effect.mailbox = wrong[i];
            assert_int_equal(vdr_core_decision(t->core, &effect, &arena, &decision), VDR_E_STORE_CORRUPT);
        }
    }
    assert_true(messages > 0);
    vdr_arena_done(&arena);
    town_free(t);
}

/* In less and less, and then in enough; all other verdicts are the same in any. */
static vdr_err
explain_in_little(town *t, const vdr_explain_ask *ask)
{
    vdr_err err = VDR_E_NO_MEMORY;
    for (size_t budget = 0; err == VDR_E_NO_MEMORY; budget = more(budget)) {
        vdr_explanation told;
        vdr_arena arena;
        assert_true(budget < ENOUGH);
        vdr_arena_init(&arena, budget);
        uint64_t before = vdr_core_state_hash(t->core);
        vdr_trial *trial = vdr_trial_begin(t->core);
        err = vdr_explain(t->core, ask, &arena, &told);
        vdr_trial_end(t->core, &trial);
        assert_true(vdr_core_state_hash(t->core) == before);
        vdr_arena_done(&arena);
    }
    return err;
}

static void
an_explanation_that_does_not_fit_memory_is_not_told(void **unused)
{
    (void)unused;
    town *t = lived_in(5, false, NULL);
    unsigned told = 0, asked = 0;
    see_numbers(t);
    for (unsigned number = 1; number <= household_last + 1; number++) {
        const vdr_explain_ask of_household = {.household = {number}};
        const vdr_explain_ask one_rule = {.household = {number}, .rule = S("late")};
        const vdr_explain_ask no_rule = {.household = {number}, .rule = S("none")};
        const vdr_explain_ask few = {.household = {number}, .signals_max = 1};
        vdr_err err = explain_in_little(t, &of_household), of_few = explain_in_little(t, &few);
        asked++;
        told += err == VDR_OK;
        assert_true(err == VDR_OK || err == VDR_E_NOT_FOUND);
        assert_int_equal(explain_in_little(t, &one_rule), err);
        assert_int_equal(explain_in_little(t, &no_rule), VDR_E_NOT_FOUND);
        assert_true(of_few == err || of_few == VDR_E_TOO_BIG);
    }
    for (unsigned number = 1; number <= case_last + 1; number++) {
        const vdr_explain_ask of_case = {.case_id = {number}};
        told += explain_in_little(t, &of_case) == VDR_OK;
        asked++;
    }
    print_message("  %u asked, %u told\n", asked, told);
    assert_true(told > 5 && told < asked);
    leave(t);
}

static void
a_signal_is_explained_by_its_name_the_newest_of_whichever_agency(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-1", .by = "housing", .type = "arrears", .who = "b");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "c");
    static const struct {
        vdr_signal_name name;
        uint64_t household; /* 0: not found */
    } rows[] = {
        {{.id = S("s-1")}, 2},
        {{.id = S("s-1"), .source = S("urn:school")}, 1},
        {{.id = S("s-1"), .source = S("urn:housing")}, 2},
        {{.id = S("s-2")}, 3},
        {{.id = S("s-1"), .source = S("urn:police")}, 0},
        {{.id = S("s-3")}, 0},
    };
    vdr_arena arena;
    vdr_arena_init(&arena, ENOUGH);
    for (size_t i = 0; i < COUNT(rows); i++) {
        vdr_explanation told;
        const vdr_explain_ask ask = {.signal_name = rows[i].name};
        vdr_trial *trial = vdr_trial_begin(t->core);
        vdr_err err = vdr_explain(t->core, &ask, &arena, &told);
        vdr_trial_end(t->core, &trial);
        if (err != (rows[i].household != 0 ? VDR_OK : VDR_E_NOT_FOUND) ||
            (err == VDR_OK && told.household.number != rows[i].household))
            fail_msg("row %zu: %s", i, vdr_err_code(err));
    }
    /* Once it left its place is empty, and nobody's. */
    town_tick(t, 24 * 101);
    const vdr_explain_ask gone = {.signal_name = {.id = S("s-2")}};
    assert_int_equal(explain_in_little(t, &gone), VDR_E_NOT_FOUND);
    vdr_arena_done(&arena);
    town_free(t);
}

/* ---- lists, and places in them that are gone */

typedef bool (*walk)(const vdr_core *core, vdr_cursor *cursor);

static bool
walk_reviews(const vdr_core *core, vdr_cursor *cursor)
{
    vdr_household_id lower, other;
    return vdr_view_review(core, cursor, &lower, &other);
}

static bool
walk_overdues(const vdr_core *core, vdr_cursor *cursor)
{
    vdr_signal_view view;
    return vdr_view_overdue(core, cursor, &view);
}

static bool
walk_rights(const vdr_core *core, vdr_cursor *cursor)
{
    vdr_right_view view;
    if (!vdr_view_right(core, cursor, &view))
        return false;
    assert_int_equal(view.number, cursor->number);
    assert_true(view.author.len != 0 && view.position != 0 && view.at >= TOWN_T0);
    assert_true(view.id.at == NULL || view.household.number != 0);
    return true;
}

/* From each of its places on, by number alone and with a place that is another's, comes the same. */
static unsigned
walk_from_anywhere(const vdr_core *core, walk next)
{
    unsigned count = 0;
    vdr_cursor cursor = {0}, before = {0};
    for (; next(core, &cursor); before = cursor, count++) {
        const vdr_cursor strange[] = {{.number = before.number},
                                      {.number = before.number, .slot = 1},
                                      {.number = before.number, .slot = cursor.slot},
                                      {.number = before.number, .slot = UINT32_MAX}};
        for (size_t i = 0; i < (before.number != 0 ? COUNT(strange) : 1); i++) { /* 0 has no place */
            vdr_cursor from = strange[i];
            if (!next(core, &from) || from.number != cursor.number || from.slot != cursor.slot)
                fail_msg("after number %llu, with place %u", (unsigned long long)before.number,
                         strange[i].slot);
        }
    }
    before.slot = 0;
    assert_false(next(core, &before));
    return count;
}

static void
a_list_goes_on_behind_a_number_whatever_became_of_its_place(void **unused)
{
    (void)unused;
    unsigned reviews = 0, overdues = 0, rights = 0;
    for (uint64_t seed = 11; seed < 14; seed++) {
        town *t = lived_in(seed, seed == 13, NULL);
        reviews += walk_from_anywhere(t->core, walk_reviews);
        overdues += walk_from_anywhere(t->core, walk_overdues);
        rights += walk_from_anywhere(t->core, walk_rights);
        leave(t);
    }
    print_message("  %u reviews, %u overdue, %u rights\n", reviews, overdues, rights);
    assert_true(reviews > 5 && overdues > 5 && rights > 5);
}

/* ---- what is not there */

static void
a_name_a_number_or_a_place_that_is_not_there_is_nothing(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A", .severity = 5);
    vdr_span id;
    uint64_t load, capacity, hard;
    bool absent;
    vdr_at at[2], place;
    vdr_case_view view;
    vdr_signal_view signal;
    vdr_position position;
    assert_null(vdr_view_name(t->core, 0).at);
    assert_null(vdr_view_name(t->core, 9999).at);
    assert_true(vdr_view_regisseur(t->core, 1, &id, &load, &capacity, &hard, &absent));
    assert_false(vdr_view_regisseur(t->core, 2, &id, &load, &capacity, &hard, &absent));
    assert_false(vdr_view_open_case(t->core, vdr_span_str("nobody"), (vdr_case_id){0}, &view));
    assert_false(vdr_view_open_case(t->core, vdr_span_str("police"), (vdr_case_id){0}, &view));
    assert_false(vdr_view_open_case(t->core, (vdr_span){0}, (vdr_case_id){0}, &view));
    assert_true(vdr_view_open_case(t->core, vdr_span_str("bram"), (vdr_case_id){0}, &view) ||
                vdr_view_open_case(t->core, vdr_span_str("anna"), (vdr_case_id){0}, &view));
    assert_int_equal(vdr_view_signals_hashed(t->core, town_id_hash("s-1"), at, 2), 1);
    assert_int_equal(vdr_view_signals_hashed(t->core, town_id_hash("s-1"), at, 0), 0);
    assert_int_equal(vdr_view_signals_hashed(t->core, town_id_hash("s-9"), at, 2), 0);
    assert_false(vdr_view_signal(t->core, vdr_span_str("urn:nobody"), vdr_span_str("s-1"),
                                 town_id_hash("s-1"), &place, &signal));
    assert_false(vdr_view_act(t->core, vdr_span_str("urn:police"), vdr_span_str("k-1"), town_id_hash("k-1"),
                              &position));
    assert_false(vdr_view_in_conflict(t->core, vdr_span_str("anna"), (vdr_household_id){1}));
    town_free(t);
    vdr_core *none = vdr_core_new();
    assert_false(vdr_view_regisseur(none, 0, &id, &load, &capacity, &hard, &absent));
    assert_false(vdr_view_open_case(none, (vdr_span){0}, (vdr_case_id){0}, &view));
    vdr_core_counts counts;
    vdr_view_counts(none, &counts);
    assert_int_equal(counts.households, 0);
    vdr_core_free(&none);
    vdr_core_free(&none); /* NULL is nothing, too */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_that_does_not_fit_memory_is_not_told),
        cmocka_unit_test(a_message_to_a_mailbox_that_is_not_there_is_corrupt),
        cmocka_unit_test(an_explanation_that_does_not_fit_memory_is_not_told),
        cmocka_unit_test(a_signal_is_explained_by_its_name_the_newest_of_whichever_agency),
        cmocka_unit_test(a_list_goes_on_behind_a_number_whatever_became_of_its_place),
        cmocka_unit_test(a_name_a_number_or_a_place_that_is_not_there_is_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
