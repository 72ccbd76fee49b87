/* Goal: what is larger, or stands otherwise, than the short way of a look allows for is answered the same as by the long one. */
#include "broker/core/core_inside.h"
#include "broker/core/explain.h"
#include "broker/core/keys.h"
#include "broker/core/trial.h"
#include "tests/core_town.h"

#define ADA "privacy_officer:ada"

static vdr_config config;
static vdr_config_rule rules[4];
static vdr_config_domain domains[COUNT(town_domains)];

static const vdr_config_rule together = {.id = S("together"),
                                         .level = VDR_LEVEL_CASE,
                                         .priority = VDR_PRIORITY_HIGH,
                                         .purposes = NAMES(S("youth")),
                                         .at_least = {[VDR_MEASURE_SIGNALS] = 2},
                                         .within = VDR_WITHIN_PERSON,
                                         .fingerprint = {{1}}};
static const vdr_config_rule youth_rule = {.id = S("youth"),
                                           .level = VDR_LEVEL_CASE,
                                           .priority = VDR_PRIORITY_HIGH,
                                           .purposes = NAMES(S("youth"), S("safety")),
                                           .at_least = {[VDR_MEASURE_SIGNALS] = 3},
                                           .fingerprint = {{2}}};
static const vdr_config_rule debt_rule = {.id = S("debt"),
                                          .level = VDR_LEVEL_CASE,
                                          .priority = VDR_PRIORITY_HIGH,
                                          .purposes = NAMES(S("debt"), S("safety")),
                                          .at_least = {[VDR_MEASURE_SIGNALS] = 3},
                                          .fingerprint = {{3}}};
static const vdr_config_rule schools = {.id = S("schools"),
                                        .level = VDR_LEVEL_WATCH,
                                        .purposes = NAMES(S("youth"), S("safety"), S("debt")),
                                        .domains = NAMES(S("education"), S("safety")),
                                        .agencies = NAMES(S("school")),
                                        .at_least = {[VDR_MEASURE_SIGNALS] = 9},
                                        .fingerprint = {{4}}};
static const vdr_config_rule areas = {.id = S("areas"),
                                      .level = VDR_LEVEL_WATCH,
                                      .purposes = NAMES(S("youth"), S("safety")),
                                      .at_least = {[VDR_MEASURE_CORE_AREAS] = 2, [VDR_MEASURE_PERSONS] = 2},
                                      .fingerprint = {{5}}};

static town *
town_of(const vdr_config_rule *first, const vdr_config_rule *second)
{
    config = town_config;
    config.rule_count = second != NULL ? 2 : 1;
    rules[0] = *first;
    if (second != NULL)
        rules[1] = *second;
    config.rules = rules;
    town *t = town_new(&config);
    t->reload_every = 1;
    return t;
}

static bool
has_line(const town *t, const char *line)
{
    return strstr(t->told, line) != NULL;
}

/* ---- more persons than are looked at one by one ---- */

static void
a_group_among_very_many_persons_is_found(void **unused)
{
    (void)unused;
    for (unsigned crowds = 1; crowds < 4; crowds++) {
        town *t = town_of(&together, NULL);
        char id[16];
        for (unsigned i = 0; i < crowds; i++) { /* forty persons each, whom nothing else names */
            char who[41] = {0};
            for (unsigned n = 0; n < 40; n++)
                who[n] = (char)(n == 39 ? 'a' : 128 + 40 * i + n); /* a is in all of them */
            (void)snprintf(id, sizeof id, "crowd-%u", i);
            EVENT(t, .id = id, .by = "school", .type = "absence", .who = who);
            assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
        }
        if (crowds == 1) {
            assert_false(has_line(t, "proposed"));
            EVENT(t, .id = "alone", .by = "school", .type = "absence", .who = "a");
        }
        assert_true(has_line(t, "proposed") || crowds > 2);
        vdr_core_counts counts;
        vdr_view_counts(t->core, &counts);
        assert_int_equal(counts.cases, 1);
        town_free(t);
    }
}

/* ---- one case of two rules ---- */

static void
signals_of_two_rules_stand_in_log_order_and_once(void **unused)
{
    (void)unused;
    town *t = town_of(&youth_rule, &debt_rule);
    EVENT(t, .id = "d-1", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "y-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "d-2", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "y-2", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "v-1", .by = "police", .type = "violence", .who = "a");
    assert_true(has_line(t, "C1 H1 proposed unassigned high - youth debt d-1 y-1 d-2 y-2 v-1\n"));
    town_free(t);
    t = town_of(&debt_rule, &youth_rule);
    EVENT(t, .id = "d-1", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "d-2", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "y-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "y-2", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "v-1", .by = "police", .type = "violence", .who = "a");
    assert_true(has_line(t, "C1 H1 proposed unassigned high - debt youth d-1 d-2 y-1 y-2 v-1\n"));
    town_free(t);
}

/* The law keeps apart what no configuration joins any more. */
static void
a_purpose_that_is_no_more_combines_with_none(void **unused)
{
    (void)unused;
    town *t = town_of(&debt_rule, &youth_rule);
    EVENT(t, .id = "d-1", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "d-2", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "d-3", .by = "housing", .type = "arrears", .who = "a");
    assert_true(has_line(t, "C1 H1 proposed"));
    static vdr_config_type types[COUNT(town_types)];
    types[0] = town_types[0];
    types[1] = town_types[1];
    types[2] = town_types[3];
    config.types = types;
    config.type_count = 3;
    rules[0] = youth_rule;
    config.rule_count = 1;
    config.fingerprint.bytes[0] = 77;
    static vdr_config changed;
    changed = config;
    town_configure(t, &changed);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    EVENT(t, .id = "y-1", .by = "school", .type = "absence", .who = "a");
    assert_true(has_line(t, "y-1 accepted H1 person regular\n"));
    town_free(t);
}

/* ---- explaining ---- */

static const vdr_explained_rule *
explained(town *t, vdr_arena *arena, vdr_explanation *told)
{
    const vdr_explain_ask ask = {.household = {1}};
    vdr_arena_init(arena, (size_t)8 << 20);
    vdr_trial *trial = vdr_trial_begin(t->core);
    assert_int_equal(vdr_explain(t->core, &ask, arena, told), VDR_OK);
    vdr_trial_end(t->core, &trial);
    return &told->rules[0];
}

static void
an_explanation_says_why_a_signal_does_not_count(void **unused)
{
    (void)unused;
    static const vdr_use uses[] = {VDR_USE_HELD, VDR_USE_AGENCY, VDR_USE_DOMAIN};
    town *t = town_of(&schools, NULL);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-2", .by = "police", .type = "custody", .who = "a");
    EVENT(t, .id = "s-3", .by = "housing", .type = "arrears", .who = "a");
    EVENT(t, .id = "o-1", .by = ADA, .act = VDR_ACT_OBJECTED, .signal = "s-1");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    vdr_arena arena;
    vdr_explanation told;
    const vdr_explained_rule *rule = explained(t, &arena, &told);
    assert_int_equal(told.signal_list_count, COUNT(uses));
    for (size_t i = 0; i < COUNT(uses); i++)
        if (rule->uses[i].use != uses[i])
            fail_msg("signal %zu: %d", i, (int)rule->uses[i].use);
    vdr_arena_done(&arena);
    town_free(t);
}

/* A person who was struck from a signal is in none of its groups, and makes it of no core area. */
static void
a_person_who_was_struck_counts_for_nothing(void **unused)
{
    (void)unused;
    memcpy(domains, town_domains, sizeof domains);
    town *t = town_of(&areas, &together);
    domains[0].by_role = true;
    config.domains = domains;
    config.fingerprint.bytes[0] = 78;
    static vdr_config changed;
    changed = config;
    town_configure(t, &changed);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "aB");
    EVENT(t, .id = "o-1", .by = ADA, .act = VDR_ACT_OBJECTED, .who = "a");
    EVENT(t, .id = "o-2", .by = ADA, .act = VDR_ACT_OBJECTION_DECIDED, .who = "a", .upheld = true);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "CB");
    assert_false(has_line(t, "areas")); /* adults alone are named */
    assert_true(has_line(t, "C1 H1 proposed unassigned high - together s-1 s-2"));
    vdr_arena arena;
    vdr_explanation told;
    (void)explained(t, &arena, &told);
    assert_false(told.rules[0].holds);
    assert_true(told.rules[1].holds);
    vdr_arena_done(&arena);
    town_free(t);
}

static void
a_long_text_of_a_rule_is_cut_between_letters(void **unused)
{
    (void)unused;
    static char text[VDR_EXPLAIN_TEXT_BYTES + 8];
    for (unsigned before = 0; before < 4; before++) {
        memset(text, 'x', sizeof text);
        for (size_t at = VDR_EXPLAIN_TEXT_BYTES - before; at + 3 < sizeof text; at += 3)
            memcpy(text + at, "\xe2\x82\xac", 3); /* a sign of three bytes */
        vdr_config_rule wordy = schools;
        wordy.text = vdr_span_of((const uint8_t *)text, VDR_EXPLAIN_TEXT_BYTES + 6);
        town *t = town_of(&wordy, NULL);
        EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
        vdr_arena arena;
        vdr_explanation told;
        const vdr_explained_rule *rule = explained(t, &arena, &told);
        assert_int_equal(rule->text.len, VDR_EXPLAIN_TEXT_BYTES - (before % 3));
        vdr_arena_done(&arena);
        town_free(t);
    }
}

/* ---- what is asked of what is not there ---- */

static void
what_is_not_there_has_no_view(void **unused)
{
    (void)unused;
    vdr_core *nothing = vdr_core_new();
    assert_true(vdr_view_regisseur_number(nothing, 1) == SIZE_MAX);
    vdr_core_free(&nothing);
    town *t = town_of(&schools, NULL);
    vdr_mailbox_view mailbox;
    vdr_party_key_view key;
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 16);
    static const uint32_t none[] = {0, 9999, UINT32_MAX};
    for (size_t i = 0; i < COUNT(none); i++) {
        assert_false(vdr_core_mailbox_view(t->core, none[i], &mailbox));
        assert_false(vdr_key_view(t->core, none[i], &arena, &key));
    }
    vdr_arena_done(&arena);
    const vdr_command_seen seen = {.household = {1}};
    const vdr_command views[] = {
        {.kind = VDR_COMMAND_VIEW, .at = VDR_MS_NONE, .reason = S("why")},
        {.kind = VDR_COMMAND_VIEW, .at = VDR_MS_NONE, .seen = &seen, .seen_count = 1},
        {.kind = VDR_COMMAND_VIEW, .at = VDR_MS_NONE, .seen = &seen, .seen_count = 1, .reason = S("why")},
    };
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    for (size_t i = 0; i < COUNT(views); i++) {
        vdr_core_step(t->core, &views[i], ++t->position, &t->step);
        assert_true(t->step.record);
        assert_int_equal(t->step.tale.len != 0, i == 2); /* only a broken glass is told */
    }
    uint32_t offset = 9;
    vdr_effect effect;
    assert_int_equal(vdr_effect_next(vdr_span_of(t->step.tale.at, 8), &offset, &effect), VDR_E_STORE_CORRUPT);
    town_free(t);
}

static void
open_cases_are_listed_past_one_that_went_to_somebody_else(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    vdr_case_view of;
    char id[16];
    for (unsigned i = 0; i < 4; i++) {
        const char who[2] = {(char)('a' + i), 0};
        (void)snprintf(id, sizeof id, "s-%u", i);
        EVENT(t, .id = id, .by = "police", .type = "violence", .who = who);
        (void)snprintf(id, sizeof id, "k-%u", i);
        EVENT(t, .id = id, .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = (int)i + 1,
              .regisseur = i == 1 ? "anna" : "bram");
    }
    const vdr_span bram = vdr_span_str("bram");
    assert_true(vdr_view_open_case(t->core, bram, (vdr_case_id){0}, &of) && of.id.number == 1);
    assert_true(vdr_view_open_case(t->core, bram, (vdr_case_id){1}, &of) && of.id.number == 3);
    assert_true(vdr_view_open_case(t->core, bram, (vdr_case_id){2}, &of) && of.id.number == 3); /* anna's */
    EVENT(t, .id = "k-8", .by = "regisseur:bram", .act = VDR_ACT_CASE_DISMISSED, .case_number = 3);
    assert_true(vdr_view_open_case(t->core, bram, (vdr_case_id){3}, &of) && of.id.number == 4); /* ended */
    assert_false(vdr_view_open_case(t->core, bram, (vdr_case_id){4}, &of));
    town_free(t);
}

/* ---- who is told why they do not have a case ---- */

static vdr_why
why(town *t, int case_number, const char *regisseur)
{
    const vdr_explain_ask ask = {.case_id = {(uint64_t)case_number}};
    vdr_arena arena;
    vdr_explanation told;
    vdr_why found = VDR_WHY_CHOSEN;
    vdr_arena_init(&arena, (size_t)8 << 20);
    vdr_trial *trial = vdr_trial_begin(t->core);
    assert_int_equal(vdr_explain(t->core, &ask, &arena, &told), VDR_OK);
    vdr_trial_end(t->core, &trial);
    for (size_t i = 0; i < told.candidate_count; i++)
        if (vdr_span_equal(told.candidates[i].id, vdr_span_str(regisseur)))
            found = told.candidates[i].why;
    vdr_arena_done(&arena);
    return found;
}

static void
of_a_district_the_one_who_is_not_of_it_and_the_one_behind_are_told_apart(void **unused)
{
    (void)unused;
    static vdr_config_regisseur three[3];
    static const vdr_span here[] = {S("BU0000")}, there[] = {S("BU99")};
    config = town_config;
    config.regisseurs = three;
    config.regisseur_count = 3;
    const char *const names[] = {"anna", "bram", "carla"};
    for (size_t i = 0; i < 3; i++) {
        three[i] = town_regisseurs[1];
        three[i].id = vdr_span_str(names[i]);
        three[i].everywhere = false;
        three[i].districts.at = i == 0 ? there : here;
        three[i].districts.count = 1;
    }
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a", .buurt = "BU00000001");
    assert_true(has_line(t, "C1 H1 offered offered normal bram"));
    assert_int_equal(why(t, 1, "anna"), VDR_WHY_DISTRICT);
    assert_int_equal(why(t, 1, "bram"), VDR_WHY_CHOSEN);
    assert_int_equal(why(t, 1, "carla"), VDR_WHY_ID);
    town_free(t);
}

static void
who_had_the_last_case_and_is_full_does_not_get_the_next(void **unused)
{
    (void)unused;
    config = town_config;
    config.sticky_ms = 700 * DAY;
    config.cooldown_ms = 0;
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1,
          .result = "x");
    static const char *const others[] = {"b", "c"};
    for (int i = 0; i < 2; i++) {
        char id[16];
        (void)snprintf(id, sizeof id, "s-%d", 2 + i);
        EVENT(t, .id = id, .by = "police", .type = "violence", .who = others[i]);
        (void)snprintf(id, sizeof id, "t-%d", 2 + i);
        EVENT(t, .id = id, .by = "coordinator:piet", .act = VDR_ACT_CASE_ASSIGNED, .case_number = 2 + i,
              .regisseur = "anna");
    }
    EVENT(t, .id = "s-9", .by = "police", .type = "violence",
          .who = "a"); /* anna has two, as many as she may */
    assert_true(has_line(t, "C4 H1 offered offered normal bram"));
    town_free(t);
}

/* ---- what goes along ---- */

static void
two_that_become_one_keep_each_conflict_once(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "c-1", .by = ADA, .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "anna", .household = 1);
    EVENT(t, .id = "c-2", .by = ADA, .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "anna", .household = 2);
    EVENT(t, .id = "c-3", .by = ADA, .act = VDR_ACT_CONFLICT_DECLARED, .regisseur = "bram", .household = 2);
    EVENT(t, .id = "m-1", .by = "coordinator:piet", .act = VDR_ACT_HOUSEHOLD_MERGED, .into = 1, .from = 2);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    static const char *const both[] = {"anna", "bram"};
    for (size_t i = 0; i < 2; i++) {
        char id[16];
        assert_true(vdr_view_in_conflict(t->core, vdr_span_str(both[i]), (vdr_household_id){1}));
        (void)snprintf(id, sizeof id, "l-%zu", i);
        EVENT(t, .id = id, .by = "coordinator:piet", .act = VDR_ACT_CONFLICT_LIFTED, .regisseur = both[i],
              .household = 1);
        assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
        assert_false(vdr_view_in_conflict(t->core, vdr_span_str(both[i]), (vdr_household_id){1}));
    }
    town_free(t);
}

/* Somebody asked to be erased, and a case is open: both go along with the last who moves. */
static void
an_erasure_that_was_asked_goes_along_with_the_case(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "r-1", .by = ADA, .act = VDR_ACT_ERASURE_REQUESTED, .household = 1);
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    EVENT(t, .id = "m-1", .by = "register", .act = VDR_ACT_PERSON_MOVED, .who = "a", .where = 'p');
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    vdr_at at;
    vdr_case_view of;
    vdr_household_view household;
    assert_true(vdr_view_case(t->core, (vdr_case_id){1}, &at, &of));
    assert_int_equal(of.household.number, 2);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1,
          .result = "x");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    assert_false(
        vdr_view_household(t->core, (vdr_household_id){2}, &at, &household)); /* nothing holds it back now */
    assert_false(vdr_view_case(t->core, (vdr_case_id){1}, &at, &of));
    town_free(t);
}

static void
a_note_that_was_asked_is_answered_by_whom_it_asked(void **unused)
{
    (void)unused;
    config = town_config;
    static vdr_config_agency agencies[COUNT(town_agencies)];
    memcpy(agencies, town_agencies, sizeof agencies);
    agencies[1].sees_match = true;
    config.agencies = agencies;
    town *t = town_new(&config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "n-1", .by = "regisseur:anna", .act = VDR_ACT_NOTE_SENT, .case_number = 1,
          .agency = "school", .result = "?");
    EVENT(t, .id = "n-2", .by = "regisseur:anna", .act = VDR_ACT_NOTE_SENT, .case_number = 1,
          .agency = "police", .result = "?");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    EVENT(t, .id = "n-3", .by = "school", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-2", .result = "!");
    assert_true(has_line(t, "regisseur:anna note_answered C1 s-2 ! by agency:school"));
    EVENT(t, .id = "n-4", .by = "police", .act = VDR_ACT_NOTE_ANSWERED, .signal = "s-1", .result = "!");
    assert_true(has_line(t, "regisseur:anna note_answered C1 s-1 ! by agency:police"));
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_group_among_very_many_persons_is_found),
        cmocka_unit_test(signals_of_two_rules_stand_in_log_order_and_once),
        cmocka_unit_test(a_purpose_that_is_no_more_combines_with_none),
        cmocka_unit_test(an_explanation_says_why_a_signal_does_not_count),
        cmocka_unit_test(a_person_who_was_struck_counts_for_nothing),
        cmocka_unit_test(a_long_text_of_a_rule_is_cut_between_letters),
        cmocka_unit_test(what_is_not_there_has_no_view),
        cmocka_unit_test(open_cases_are_listed_past_one_that_went_to_somebody_else),
        cmocka_unit_test(of_a_district_the_one_who_is_not_of_it_and_the_one_behind_are_told_apart),
        cmocka_unit_test(who_had_the_last_case_and_is_full_does_not_get_the_next),
        cmocka_unit_test(two_that_become_one_keep_each_conflict_once),
        cmocka_unit_test(an_erasure_that_was_asked_goes_along_with_the_case),
        cmocka_unit_test(a_note_that_was_asked_is_answered_by_whom_it_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
