/* Goal: what a tally counts over the log is what a count over the state gives, and over the lines that were told,
 * whatever happened (quality.md I19). */
#include "broker/study/tally.h"
#include "tests/core_dice.h"

static vdr_tally *tally;
static uint64_t told_regular, told_feedback; /* messages, from the lines */
static struct {
    const char *rule;
    uint64_t proposed, watched;
} told_rules[] = {{"violence", 0, 0}, {"grave", 0, 0}, {"debts", 0, 0}, {"busy", 0, 0}};

static void
count_lines(const town *t, vdr_span tale)
{
    vdr_arena arena;
    vdr_effect effect;
    vdr_decision d;
    uint32_t offset = 0;
    vdr_arena_init(&arena, 1u << 20);
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK) {
        assert_int_equal(vdr_core_decision(t->core, &effect, &arena, &d), VDR_OK);
        told_regular += d.kind == VDR_DECISION_MESSAGE && d.message == VDR_MESSAGE_REGULAR_SIGNAL;
        told_feedback += d.kind == VDR_DECISION_MESSAGE && d.message == VDR_MESSAGE_FEEDBACK;
        for (size_t i = 0; i < COUNT(told_rules); i++) {
            vdr_span rule = vdr_span_str(told_rules[i].rule);
            told_rules[i].watched += d.kind == VDR_DECISION_WATCH && vdr_span_equal(d.rule, rule);
            for (size_t r = 0; d.kind == VDR_DECISION_CASE && r < d.rule_count; r++)
                told_rules[i].proposed += vdr_span_equal(d.rules[r], rule);
        }
    }
    vdr_arena_done(&arena);
}

static void
cases_are_those_of_the_state(const town *t)
{
    const vdr_tally_case *cases;
    vdr_core_counts counts;
    vdr_view_counts(t->core, &counts);
    size_t count = vdr_tally_cases_open(tally, &cases);
    assert_int_equal(count, counts.unassigned + counts.offered + counts.active);
    for (size_t i = 0; i < count; i++) {
        vdr_at at;
        vdr_case_view view;
        assert_true(vdr_view_case(t->core, (vdr_case_id){cases[i].number}, &at, &view));
        assert_int_equal(cases[i].state, view.state);
        assert_int_equal(cases[i].priority, view.priority);
        assert_int_equal(cases[i].opened_at, view.opened_at);
        assert_int_equal(cases[i].accept_due, view.accept_due);
        vdr_span regisseur = vdr_view_name(t->core, cases[i].regisseur);
        if (!vdr_span_equal(regisseur, view.regisseur))
            fail_msg("C%llu: %.*s, not %.*s", (unsigned long long)cases[i].number, TEXT(regisseur),
                     TEXT(view.regisseur));
    }
}

/* As the engine writes it: a refused line during which timers fired leaves a tick. */
static void
on_step(town *t, const vdr_command *command)
{
    vdr_command record = *command;
    vdr_span tale = t->step.tale;
    if (!t->step.record && !t->step.tick)
        return;
    if (t->step.tick) {
        record = (vdr_command){.kind = VDR_COMMAND_TICK};
        tale.len = t->step.own;
    }
    record.at = t->step.at;
    assert_int_equal(vdr_tally_record(tally, t->position, &record, tale), VDR_OK);
    count_lines(t, tale);
    cases_are_those_of_the_state(t);
}

static void
step_something(town *t)
{
    unsigned what = roll(100);
    t->hour += roll(5) == 0 ? (double)roll(48) : 0.25;
    if (what < 55)
        random_signal(t);
    else if (what < 98)
        random_act(t);
    else
        town_tick(t, t->hour + (double)roll(24 * 40));
}

static town *
begin(uint64_t seed)
{
    dice_begin(seed);
    told_regular = 0;
    told_feedback = 0;
    for (size_t i = 0; i < COUNT(told_rules); i++)
        told_rules[i].proposed = told_rules[i].watched = 0;
    tally = vdr_tally_new();
    town *t = town_new(&town_config);
    vdr_command configure = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = &town_config};
    assert_int_equal(vdr_tally_record(tally, 1, &configure, (vdr_span){0}), VDR_OK);
    t->reload_every = 1000;
    t->stepped = on_step;
    return t;
}

static void
end(town *t)
{
    town_free(t);
    vdr_tally_free(&tally);
}

static void
rules_are_those_of_the_lines(const town *t)
{
    const vdr_tally_rule *rules;
    size_t count = vdr_tally_rules(tally, &rules);
    for (size_t i = 0; i < COUNT(told_rules); i++) {
        uint64_t proposed = 0, watched = 0;
        for (size_t r = 0; r < count; r++) {
            vdr_span name = vdr_view_name(t->core, rules[r].name);
            if (!vdr_span_equal(name, vdr_span_str(told_rules[i].rule)))
                continue;
            proposed = rules[r].cases.proposed;
            watched = rules[r].watched;
            assert_true(rules[r].cases.accepted + rules[r].cases.dismissed <= proposed);
        }
        if (proposed != told_rules[i].proposed || watched != told_rules[i].watched)
            fail_msg("%s", told_rules[i].rule);
    }
}

static void
a_count_over_the_log_is_one_over_the_state(void **unused)
{
    (void)unused;
    uint64_t proposed = 0, answered = 0, feedback = 0;
    for (uint64_t seed = 1; seed <= 10; seed++) {
        town *t = begin(seed);
        for (unsigned i = 0; i < 500; i++)
            step_something(t);
        rules_are_those_of_the_lines(t);
        const vdr_tally_service *services;
        const vdr_tally_agency *agencies;
        vdr_tally_survey(tally, vdr_tally_at(tally));
        uint64_t regular = 0, signals = 0, outcomes = 0;
        size_t count = vdr_tally_services(tally, &services);
        for (size_t i = 0; i < count; i++) {
            regular += services[i].regular;
            answered += services[i].in_time + services[i].late;
        }
        assert_int_equal(regular, told_regular);
        count = vdr_tally_agencies(tally, &agencies);
        for (size_t i = 0; i < count; i++) {
            signals += agencies[i].signals;
            outcomes += agencies[i].attached + agencies[i].proposed + agencies[i].regular;
        }
        assert_int_equal(signals, outcomes);
        for (size_t i = 0; i < COUNT(told_rules); i++)
            proposed += told_rules[i].proposed;
        feedback += told_feedback;
        end(t);
    }
    assert_true(proposed > 20 && feedback > 0 && answered > 0); /* the dice reach it */
}

/* ---- follow-ups, one by one ---- */

static vdr_tally_service
service_now(town *t, double hour)
{
    const vdr_tally_service *services;
    town_tick(t, hour);
    vdr_tally_survey(tally, vdr_tally_at(tally));
    size_t count = vdr_tally_services(tally, &services);
    assert_int_equal(count, 1);
    return services[0];
}

static void
a_follow_up_is_answered_in_time_late_or_not(void **unused)
{
    (void)unused;
    town *t = begin(1);
    vdr_tally_service s;
    EVENT(t, .id = "in-time", .by = "school", .type = "absence", .who = "a");
    EVENT(t, .id = "late", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "never", .by = "school", .type = "absence", .who = "c");
    EVENT(t, .id = "back", .by = "school", .type = "absence", .who = "d");
    EVENT(t, .id = "taken", .by = "school", .type = "absence", .who = "e");
    EVENT(t, .id = "wrong", .by = "school", .type = "absence", .who = "f");
    EVENT(t, .id = "right", .by = "school", .type = "absence", .who = "f", .signal = "wrong");
    EVENT(t, .id = "no-clock", .by = "police", .type = "custody", .who = "g");
    s = service_now(t, 24);
    assert_int_equal(s.regular, 8);
    assert_int_equal(s.waiting, 6);
    assert_int_equal(s.withdrawn, 1);
    EVENT(t, .id = "f-1", .by = "service:team", .act = VDR_ACT_FEEDBACK, .signal = "in-time", .result = "x");
    EVENT(t, .id = "w-1", .by = "school", .act = VDR_ACT_SIGNAL_WITHDRAWN, .signal = "back");
    s = service_now(t, 11 * 24);
    assert_int_equal(s.in_time, 1);
    assert_int_equal(s.withdrawn, 2);
    assert_int_equal(s.overdue, 4);
    assert_int_equal(s.waiting, 0);
    EVENT(t, .id = "f-2", .by = "service:team", .act = VDR_ACT_FEEDBACK, .signal = "late", .result = "x");
    s = service_now(t, 12 * 24);
    assert_int_equal(s.late, 1);
    assert_int_equal(s.overdue, 3);
    vdr_core_counts counts;
    vdr_view_counts(t->core, &counts);
    assert_int_equal(counts.overdue, 3);
    s = service_now(t, 101 * 24); /* all have left */
    assert_int_equal(s.left, 3);
    assert_int_equal(s.overdue, 0);
    end(t);
}

/* ---- the rhythm of an agency ---- */

/* So many each day at nine, but at weekends (day 20000 is a Wednesday: no matter), for so many weeks. */
static vdr_ms
send_weeks(town *t, unsigned weeks, unsigned a_day)
{
    char id[32];
    for (unsigned day = 0; day < weeks * 7; day++) {
        t->hour = day * 24.0 + 9;
        for (unsigned i = 0; i < a_day && day % 7 < 5; i++) {
            (void)snprintf(id, sizeof id, "d-%u-%u", day, i);
            EVENT(t, .id = id, .by = "housing", .type = "custody", .who = "a");
            (void)snprintf(id, sizeof id, "s-%u-%u", day, i);
            EVENT(t, .id = id, .by = "school", .type = "absence", .who = "a", .ago = 0.5);
        }
    }
    return TOWN_T0;
}

static void
silence_is_measured_by_the_weeks_before_it(void **unused)
{
    (void)unused;
    static const struct {
        double day; /* 0: the first day of the last week but two */
        uint64_t expected;
    } rows[] = {{4.5, 0},    {6.9, 0},      {7.2, 0},      {7.5, 4000},
                {8.5, 8000}, {11.9, 20000}, {14.2, 20000}, {18.9, 40000}};
    town *t = begin(1);
    vdr_ms begun = send_weeks(t, 4, 4);
    const vdr_tally_agency *agencies;
    assert_int_equal(vdr_tally_agencies(tally, &agencies), 4);
    assert_string_equal(agencies[0].id, "school");
    assert_int_equal(agencies[0].signals, 80);
    assert_int_equal(vdr_tally_weeks(&agencies[0]), 3);
    for (size_t i = 0; i < COUNT(rows); i++) {
        vdr_ms now = begun + (vdr_ms)((21 + rows[i].day) * (double)DAY);
        uint64_t expected = vdr_tally_expected(&agencies[0], now);
        if (expected != rows[i].expected)
            fail_msg("day %g: %llu", rows[i].day, (unsigned long long)expected);
    }
    assert_int_equal(vdr_tally_recent(&agencies[0], begun + 26 * DAY, 7 * 24), 20);
    assert_int_equal(vdr_tally_recent(&agencies[0], begun + 60 * DAY, 7 * 24), 0);
    assert_int_equal(vdr_tally_behind(&agencies[0], begun + 26 * DAY), 0);
    assert_true(vdr_tally_behind(&agencies[0], begun + 60 * DAY) == INT64_MAX);
    assert_int_equal(agencies[2].signals, 0); /* may not send that type: refused, and not in the log */
    assert_int_equal(vdr_tally_weeks(&agencies[2]), 0);
    assert_int_equal(vdr_tally_expected(&agencies[2], begun + 60 * DAY), 0);
    end(t);
}

static void
numbers_that_were_passed_over_are_missing_until_they_come(void **unused)
{
    (void)unused;
    static const struct {
        uint64_t number, missing;
    } rows[] = {{5, 0},       {6, 0},      {9, 2}, {8, 1}, {7, 0}, {12, 2}, {1000012, 1000001},
                {1, 1000001}, {2, 1000001}};
    town *t = begin(1);
    const vdr_tally_agency *agencies;
    for (size_t i = 0; i < COUNT(rows); i++) {
        vdr_tally_sequence(tally, vdr_span_str("urn:school"), rows[i].number);
        vdr_tally_sequence(tally, vdr_span_str("urn:nobody"), rows[i].number);
        (void)vdr_tally_agencies(tally, &agencies);
        if (agencies[0].sequence_missing != rows[i].missing)
            fail_msg("after %llu: %llu", (unsigned long long)rows[i].number,
                     (unsigned long long)agencies[0].sequence_missing);
    }
    assert_int_equal(agencies[0].sequenced, COUNT(rows));
    assert_int_equal(agencies[1].sequenced, 0);
    end(t);
}

static void
a_broken_tale_is_told(void **unused)
{
    (void)unused;
    vdr_tally *broken = vdr_tally_new();
    vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = TOWN_T0};
    assert_int_equal(vdr_tally_record(broken, 1, &tick, vdr_span_str("\xff\xff")), VDR_E_STORE_CORRUPT);
    vdr_tally_free(&broken);
    vdr_tally_free(&broken);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_count_over_the_log_is_one_over_the_state),
        cmocka_unit_test(a_follow_up_is_answered_in_time_late_or_not),
        cmocka_unit_test(silence_is_measured_by_the_weeks_before_it),
        cmocka_unit_test(numbers_that_were_passed_over_are_missing_until_they_come),
        cmocka_unit_test(a_broken_tale_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
