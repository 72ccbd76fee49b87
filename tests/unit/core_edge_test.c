/* Goal: whatever is asked of the core is told whole or not at all: in memory that does not suffice, behind a place that
 * is gone, of what is not there. */
#include "broker/core/explain.h"
#include "broker/core/needed.h"
#include "broker/core/rekey.h"
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

/* ---- parties that are no longer in the town */

/* Acknowledges everything that was told. */
static void
read_all(town *t)
{
    vdr_command_ack acks[16];
    vdr_mailbox_view view;
    size_t count = 0;
    for (uint32_t number = 1; count < COUNT(acks) && vdr_core_mailbox_view(t->core, number, &view); number++)
        if (view.acknowledged < view.last)
            acks[count++] = (vdr_command_ack){.mailbox = number, .seq = view.last};
    vdr_command command = {.kind = VDR_COMMAND_ACKS, .at = VDR_MS_NONE, .acks = acks, .ack_count = count};
    if (count != 0)
        town_step(t, &command);
}

static void
a_case_goes_on_when_agencies_of_its_signals_have_left_the_town(void **unused)
{
    (void)unused;
    vdr_config before = town_config, after = town_config;
    const vdr_config_agency left[] = {town_agencies[3]}; /* the register is all that is left */
    const vdr_config_agency others[] = {town_agencies[0], town_agencies[3]};
    before.cooldown_ms = 0;
    after.cooldown_ms = 0;
    after.agencies = left;
    after.agency_count = COUNT(left);
    after.fingerprint.bytes[0] = 7;
    vdr_config back = before;
    back.agencies = others;
    back.agency_count = COUNT(others);
    back.fingerprint.bytes[0] = 8;
    town *t = town_new(&before);
    EVENT(t, .id = "s-0", .by = "school", .type = "absence", .who = "a", .where = 'x');
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a", .severity = 5);
    EVENT(t, .id = "s-2", .by = "school", .type = "violence", .who = "a");
    read_all(t);
    assert_null(vdr_core_config_objection(t->core, &after));
    town_configure(t, &after);
    EVENT(t, .id = "k-1", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
          .regisseur = "bram");
    EVENT(t, .id = "k-2", .by = "regisseur:bram", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    assert_null(strstr(t->told, "regisseur_known")); /* nobody is there to be told */
    EVENT(t, .id = "k-3", .by = "regisseur:bram", .act = VDR_ACT_NOTE_SENT, .case_number = 1,
          .agency = "school", .result = "how is it?");
    assert_int_not_equal(t->step.verdict, VDR_E_ACCEPTED);
    EVENT(t, .id = "k-4", .by = "privacy_officer:ada", .act = VDR_ACT_RECTIFICATION_REQUESTED, .household = 1,
          .signal = "s-1", .agency = "police", .result = "no");
    EVENT(t, .id = "k-5", .by = "privacy_officer:ada", .act = VDR_ACT_ERASURE_REQUESTED, .household = 1);
    EVENT(t, .id = "k-6", .by = "regisseur:bram", .act = VDR_ACT_CASE_CLOSED, .case_number = 1);
    assert_null(strstr(t->told, "agency:"));
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "a");
    assert_int_equal(t->step.verdict, VDR_E_UNKNOWN_SOURCE);
    read_all(t);
    town_configure(t, &back);
    EVENT(t, .id = "s-3", .by = "school", .type = "violence", .who = "a", .severity = 5);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    town_free(t);
}

static void
a_regisseur_who_left_the_town_is_no_candidate_for_what_they_had(void **unused)
{
    (void)unused;
    vdr_config before = town_config, after = town_config;
    const vdr_config_regisseur left[] = {town_regisseurs[1]};
    before.cooldown_ms = after.cooldown_ms = 0;
    before.sticky_ms = after.sticky_ms = 90 * DAY;
    after.regisseurs = left;
    after.regisseur_count = COUNT(left);
    after.fingerprint.bytes[0] = 7;
    town *t = town_new(&before);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a", .severity = 5);
    EVENT(t, .id = "k-1", .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 1,
          .regisseur = "anna");
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "k-3", .by = "privacy_officer:ada", .act = VDR_ACT_CONFLICT_DECLARED, .household = 1,
          .regisseur = "bram");
    assert_non_null(vdr_core_config_objection(t->core, &after)); /* she has an open case */
    EVENT(t, .id = "k-4", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1);
    read_all(t);
    assert_null(vdr_core_config_objection(t->core, &after));
    town_configure(t, &after);
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "a", .severity = 5);
    assert_non_null(strstr(t->told, "unassigned")); /* anna is gone, bram is in conflict */
    const vdr_explain_ask ask = {.household = {1}};
    assert_int_equal(explain_in_little(t, &ask), VDR_OK);
    vdr_case_view view;
    assert_false(vdr_view_open_case(t->core, vdr_span_str("anna"), (vdr_case_id){0}, &view));
    assert_int_equal(vdr_view_regisseur_number(t->core, 0), SIZE_MAX);
    town_free(t);
}

/* ---- what is needed of a record whose time is over */

static void
a_record_is_needed_as_long_as_what_it_names_is_here(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "A", .severity = 5);
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    const vdr_command_seen here[] = {{.household = {9}}, {.household = {1}}};
    const vdr_command_seen by_case[] = {{.case_id = {1}, .household = {9}}};
    const vdr_command_seen gone[] = {{.case_id = {9}, .household = {9}}, {.household = {0}, .case_id = {0}}};
    const vdr_command_person nobody = {.key = {{42}}};
    const vdr_key16 nowhere = {{43}};
#define ACT(...)                                                                                             \
    {                                                                                                        \
        .kind = VDR_COMMAND_ACT, .id = S("k-1"), .source = S("urn:voordeur:coordinator:piet"), __VA_ARGS__   \
    }
    const struct {
        vdr_command command;
        bool needed, carried;
    } rows[] = {
        {{.kind = VDR_COMMAND_TICK}, true, false},
        {{.kind = VDR_COMMAND_CARRY}, true, false},
        {{.kind = VDR_COMMAND_REKEY, .rekey = VDR_REKEY_BEGIN}, true, false},
        {{.kind = VDR_COMMAND_REKEY, .rekey = VDR_REKEY_PAIRS}, false, false},
        {{.kind = VDR_COMMAND_REWRITE, .number = 2}, false, false},
        {{.kind = VDR_COMMAND_SIGNAL, .id = S("s-9"), .id_hash = 1}, false, false},
        {{.kind = VDR_COMMAND_VIEW, .seen = here, .seen_count = 2}, true, true},
        {{.kind = VDR_COMMAND_VIEW, .seen = by_case, .seen_count = 1}, true, true},
        {{.kind = VDR_COMMAND_VIEW, .seen = gone, .seen_count = 2}, true, false},
        {{.kind = VDR_COMMAND_VIEW}, true, false},
        {{.kind = VDR_COMMAND_VIEW, .reason = S("why"), .seen = by_case, .seen_count = 1}, true, true},
        {{.kind = VDR_COMMAND_VIEW, .reason = S("why"), .seen = gone, .seen_count = 1}, false, false},
        {{.kind = VDR_COMMAND_VIEW, .reason = S("why")}, true, false},
        {ACT(.act = VDR_ACT_ERASED, .household = {1}), true, false},
        {ACT(.act = VDR_ACT_PERSON_ERASED, .household = {1}), false, false},
        {ACT(.act = VDR_ACT_CASE_CLOSED, .case_id = {1}), true, true},
        {ACT(.act = VDR_ACT_CASE_CLOSED, .case_id = {9}), false, false},
        {ACT(.act = VDR_ACT_HOUSEHOLD_SPLIT, .household = {1}), true, true},
        {ACT(.act = VDR_ACT_HOUSEHOLD_SPLIT, .household = {9}), false, false},
        {ACT(.act = VDR_ACT_HOUSEHOLD_MERGED, .into = {2}), true, true},
        {ACT(.act = VDR_ACT_HOUSEHOLD_MERGED, .into = {9}), false, false},
        {ACT(.act = VDR_ACT_REVIEW_SET_ASIDE, .into = {1}, .from = {2}), true, true},
        {ACT(.act = VDR_ACT_REVIEW_SET_ASIDE, .into = {1}, .from = {9}), false, false},
        {ACT(.act = VDR_ACT_PERSON_MOVED, .persons = &nobody, .person_count = 1), false, false},
        {ACT(.act = VDR_ACT_PERSON_MOVED, .addresses = &nowhere, .address_count = 1), false, false},
        {ACT(.act = VDR_ACT_CONFLICT_DECLARED, .persons = &nobody, .person_count = 1), false, false},
        {ACT(.act = VDR_ACT_NOTE_SENT, .case_id = {1}), false, false},
        {ACT(.act = VDR_ACT_ABSENCE_SET), true, false},
        {ACT(.act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = {.id = S("s-9"), .hash = 7}), false, false},
        {ACT(.act = VDR_ACT_FEEDBACK, .signal = {.id = S("s-9"), .hash = 7}), false, false},
    };
#undef ACT
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (vdr_needed_record(t->core, &rows[i].command, 99, (vdr_span){0}) != rows[i].needed)
            fail_msg("row %zu: needed %d", i, !rows[i].needed);
        if (vdr_needed_to_carry(t->core, &rows[i].command, 99, (vdr_span){0}) != rows[i].carried)
            fail_msg("row %zu: carried %d", i, !rows[i].carried);
    }
    const vdr_effect done = {.kind = VDR_EFFECT_MESSAGE, .message = VDR_MESSAGE_REQUEST_DONE};
    const vdr_effect nothing = {.kind = VDR_EFFECT_MESSAGE, .message = VDR_MESSAGE_MATCH};
    const vdr_effect note = {.kind = VDR_EFFECT_MESSAGE, .message = VDR_MESSAGE_NOTE, .case_id = {1}};
    const vdr_effect review = {
        .kind = VDR_EFFECT_MESSAGE, .message = VDR_MESSAGE_REVIEW, .household = {1}, .other = {9}};
    assert_true(vdr_needed_message(t->core, &done, 0));
    assert_false(vdr_needed_message(t->core, &nothing, 0));
    assert_false(vdr_needed_message(t->core, &note, 0));
    assert_false(vdr_needed_message(t->core, &review, 0));
    assert_true(vdr_needed_to_read(t->core, &review, 0));
    town_free(t);
}

/* ---- a change of the pseudonym key, at the wrong time */

static vdr_err
rekey(town *t, vdr_rekey_phase what, uint8_t check, const vdr_command_pair *pairs, size_t pair_count,
      const vdr_command_rekeyed *rekeyed, size_t rekeyed_count)
{
    vdr_command command = {.kind = VDR_COMMAND_REKEY,
                           .at = VDR_MS_NONE,
                           .rekey = what,
                           .key_check = {{check}},
                           .pairs = pairs,
                           .pair_count = pair_count,
                           .rekeyed = rekeyed,
                           .rekeyed_count = rekeyed_count};
    town_step(t, &command);
    return t->step.verdict;
}

static void
a_change_of_the_key_takes_its_steps_in_order_or_not_at_all(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    const vdr_key16 person = town_key('a', "person");
    const vdr_command_pair same = {.from = person, .to = person}, over = {.from = person, .to = {{9}}};
    const vdr_command_rekeyed none[] = {{.kind = VDR_REKEY_SIGNAL, .hash = 5, .from = 1, .to = 2},
                                        {.kind = VDR_REKEY_ACT, .hash = 5, .from = 1, .to = 2}};
    const vdr_key16 digest = town_key('a', "s-1");
    const vdr_command_rekeyed all = {.kind = VDR_REKEY_SIGNAL,
                                     .hash = (uint32_t)town_id_hash("s-1"),
                                     .from = vdr_digest_half(&digest),
                                     .to = 77};
    vdr_rekey_view view;
    assert_int_equal(rekey(t, VDR_REKEY_BEGIN, 0, NULL, 0, NULL, 0), VDR_E_WRONG_STATE);
    assert_int_equal(rekey(t, VDR_REKEY_PAIRS, 1, &over, 1, NULL, 0), VDR_E_WRONG_STATE);
    assert_int_equal(rekey(t, VDR_REKEY_FINISH, 1, NULL, 0, NULL, 0), VDR_E_WRONG_STATE);
    assert_int_equal(rekey(t, VDR_REKEY_END, 1, NULL, 0, NULL, 0), VDR_E_WRONG_STATE);
    assert_int_equal(rekey(t, VDR_REKEY_BEGIN, 1, NULL, 0, NULL, 0), VDR_E_ACCEPTED);
    assert_int_equal(rekey(t, VDR_REKEY_BEGIN, 2, NULL, 0, NULL, 0), VDR_E_WRONG_STATE);
    assert_int_equal(rekey(t, VDR_REKEY_FINISH, 2, NULL, 0, NULL, 0), VDR_E_WRONG_STATE);
    assert_int_equal(rekey(t, VDR_REKEY_END, 1, NULL, 0, NULL, 0), VDR_E_WRONG_STATE); /* one is left */
    assert_int_equal(rekey(t, VDR_REKEY_PAIRS, 1, &same, 1, none, 2), VDR_E_ACCEPTED); /* that does nothing */
    vdr_rekey_view_get(t->core, &view);
    assert_true(view.running && view.old_members == 1 && view.old_signals == 1);
    assert_int_equal(rekey(t, VDR_REKEY_PAIRS, 1, &over, 1, &all, 1), VDR_E_ACCEPTED);
    vdr_rekey_view_get(t->core, &view);
    assert_true(view.old_members == 0 && view.old_signals == 0);
    assert_int_equal(rekey(t, VDR_REKEY_END, 2, NULL, 0, NULL, 0), VDR_E_WRONG_STATE); /* of another key */
    assert_int_equal(rekey(t, VDR_REKEY_FINISH, 1, NULL, 0, NULL, 0), VDR_E_ACCEPTED);
    assert_int_equal(rekey(t, VDR_REKEY_FINISH, 1, NULL, 0, NULL, 0), VDR_E_WRONG_STATE);
    assert_int_equal(rekey(t, VDR_REKEY_END, 1, NULL, 0, NULL, 0), VDR_E_ACCEPTED);
    assert_int_equal(rekey(t, VDR_REKEY_BEGIN, 1, NULL, 0, NULL, 0), VDR_E_WRONG_STATE); /* is in force */
    vdr_rekey_view_get(t->core, &view);
    assert_false(view.running);
    town_free(t);
}

/* ---- time that is tried */

static void
what_is_asked_of_later_is_told_up_to_a_bound(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    for (unsigned i = 0; i < 30; i++) {
        char id[16], who[2] = {(char)('a' + (char)(i % 20)), 0};
        (void)snprintf(id, sizeof id, "s-%u", i);
        EVENT(t, .id = id, .by = "school", .type = "absence", .who = who);
    }
    vdr_ms soon = TOWN_T0 + HOUR, late = TOWN_T0 + 200 * DAY;
    assert_true(vdr_trial_soon(t->core, soon));
    uint64_t before = vdr_core_state_hash(t->core);
    vdr_trial *trial = vdr_trial_begin(t->core);
    assert_true(vdr_trial_pass(t->core, soon));
    vdr_trial_end(t->core, &trial);
    trial = vdr_trial_begin(t->core);
    assert_true(vdr_trial_pass(t->core, late));
    vdr_trial_end(t->core, &trial);
    assert_true(vdr_core_state_hash(t->core) == before);
    (void)vdr_trial_soon(t->core, late);
    town_free(t);
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
        cmocka_unit_test(a_case_goes_on_when_agencies_of_its_signals_have_left_the_town),
        cmocka_unit_test(a_regisseur_who_left_the_town_is_no_candidate_for_what_they_had),
        cmocka_unit_test(a_record_is_needed_as_long_as_what_it_names_is_here),
        cmocka_unit_test(a_change_of_the_key_takes_its_steps_in_order_or_not_at_all),
        cmocka_unit_test(what_is_asked_of_later_is_told_up_to_a_bound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
