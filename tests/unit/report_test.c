/* Goal: whatever records were erased of the log, and in whichever order, a report counts the cases that the state has open, with
 * whom it has them; and what lines are left say what happened to them (quality.md I19). */
#include "broker/desk/report.h"
#include "tests/core_dice.h"

static vdr_tally *tally;
static unsigned erased_of; /* so many of a hundred records are erased */
static bool erased;        /* the last one */

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
    erased = erased_of != 0 && roll(100) < erased_of;
    if (!erased)
        assert_int_equal(vdr_tally_record(tally, t->position, &record, tale), VDR_OK);
}

static town *
begin(uint64_t seed)
{
    dice_begin(seed);
    erased_of = 0;
    erased = false;
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

/* ---- a report ---- */

static vdr_arena arena;
static vdr_rows rows;

static void
make(const town *t, vdr_report_kind kind)
{
    vdr_arena_done(&arena);
    vdr_arena_init(&arena, (size_t)4 << 20);
    vdr_rows_begin(&rows, &arena);
    const vdr_report_world world = {.core = t->core, .tally = tally, .now = vdr_tally_at(tally)};
    vdr_report_make(kind, &world, &rows);
    vdr_rows_end(&rows);
    assert_int_equal(rows.left_out, 0);
}

static const vdr_wire_row *
row_of(const char *kind, const char *id)
{
    for (size_t i = 0; i < rows.count; i++) {
        const vdr_wire_row *row = &rows.at[i];
        bool named = id == NULL;
        for (size_t j = 0; j < row->text_count && !named; j++)
            named = vdr_span_equal(row->texts[j].name, vdr_span_str("id")) &&
                    vdr_span_equal(row->texts[j].text, vdr_span_str(id));
        if (named && vdr_span_equal(row->kind, vdr_span_str(kind)))
            return row;
    }
    return NULL;
}

static uint64_t
number_of(const vdr_wire_row *row, const char *name)
{
    assert_non_null(row);
    for (size_t i = 0; i < row->number_count; i++)
        if (vdr_span_equal(row->numbers[i].name, vdr_span_str(name)))
            return row->numbers[i].value;
    fail_msg("no %s", name);
    return 0;
}

static void
check_text(const vdr_wire_row *row, const char *name, const char *text)
{
    assert_non_null(row);
    bool found = false;
    for (size_t i = 0; i < row->text_count; i++) {
        if (!vdr_span_equal(row->texts[i].name, vdr_span_str(name)))
            continue;
        found = true;
        if (!vdr_span_equal(row->texts[i].text, vdr_span_str(text)))
            fail_msg("%s: %.*s, not %s", name, TEXT(row->texts[i].text), text);
    }
    assert_true(found);
}

/* Of cases: so many are open, and so many unassigned, offered and active. */
static void
check_counts(const town *t, uint64_t open, uint64_t unassigned, uint64_t offered, uint64_t active)
{
    make(t, VDR_REPORT_CASES);
    assert_int_equal(number_of(row_of("total", NULL), "open"), open);
    make(t, VDR_REPORT_QUEUES);
    assert_int_equal(number_of(row_of("cases", "unassigned"), "ready"), unassigned);
    uint64_t seen_offered = 0, seen_active = 0;
    for (size_t i = 0; i < town_config.regisseur_count; i++) {
        char id[32];
        (void)snprintf(id, sizeof id, "%.*s", TEXT(town_config.regisseurs[i].id));
        const vdr_wire_row *row = row_of("regisseur", id);
        seen_offered += number_of(row, "offered");
        seen_active += number_of(row, "active");
        if (vdr_tally_last(tally) == vdr_core_position(t->core))
            assert_int_equal(number_of(row, "offered") + number_of(row, "active"), number_of(row, "load"));
    }
    assert_int_equal(seen_offered, offered);
    assert_int_equal(seen_active, active);
}

/* ---- one by one ---- */

static void
a_case_whose_end_was_erased_is_not_open(void **unused)
{
    (void)unused;
    town *t = begin(1);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    check_counts(t, 1, 0, 0, 1);
    erased_of = 100;
    t->hour = 24;
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1,
          .result = "helped");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    erased_of = 0;
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    check_counts(t, 0, 0, 0, 0);
    vdr_at at;
    vdr_case_view view;
    t->hour = 60 * 24;
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "b");
    assert_false(vdr_view_case(t->core, (vdr_case_id){1}, &at, &view));
    check_counts(t, 0, 0, 0, 0);
    end(t);
}

static void
a_case_whose_beginning_was_erased_is_open(void **unused)
{
    (void)unused;
    town *t = begin(1);
    erased_of = 100;
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    erased_of = 0;
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    check_counts(t, 1, 0, 1, 0); /* by the state alone */
    t->hour = 2;
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_DECLINED, .case_number = 1);
    erased_of = 100;
    EVENT(t, .id = "k-2", .by = "regisseur:bram", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    erased_of = 0;
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "b");
    check_counts(t, 1, 0, 0, 1); /* the lines have it offered */
    t->hour = 15 * 24;
    EVENT(t, .id = "s-4", .by = "school", .type = "absence", .who = "b");
    make(t, VDR_REPORT_CASES);
    const vdr_wire_row *row = row_of("case", NULL);
    check_text(row, "state", "active");
    check_text(row, "regisseur", "bram");
    check_text(row, "why", "no plan after two weeks");
    assert_int_equal(number_of(row, "opened_ms"), TOWN_T0);
    assert_int_equal(number_of(row, "refusals"), 1);
    EVENT(t, .id = "k-3", .by = "regisseur:bram", .act = VDR_ACT_PLAN_SET, .case_number = 1, .plan = 1);
    t->hour = 60 * 24;
    EVENT(t, .id = "s-5", .by = "school", .type = "absence", .who = "b");
    make(t, VDR_REPORT_CASES);
    row = row_of("case", NULL);
    check_text(row, "why", "nothing happened for six weeks");
    assert_int_equal(number_of(row, "moved_ms"), TOWN_T0 + 15 * DAY);
    assert_int_equal(number_of(row, "plans"), 1);
    end(t);
}

/* What is not counted yet is in none of the figures: the state is a little further. */
static void
what_happened_after_the_last_record_counted_is_not_told(void **unused)
{
    (void)unused;
    town *t = begin(1);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    erased_of = 100;
    EVENT(t, .id = "s-2", .by = "police", .type = "violence", .who = "b");
    check_counts(t, 1, 0, 0, 1);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1,
          .result = "helped");
    check_counts(t, 1, 0, 0, 1);
    end(t);
}

/* ---- whatever happens ---- */

static void
open_cases_are_those_of_the_state_whatever_was_erased(void **unused)
{
    (void)unused;
    unsigned checked = 0, lost = 0;
    for (uint64_t seed = 1; seed <= 12; seed++) {
        town *t = begin(seed);
        erased_of = (unsigned)(seed % 4) * 25;
        for (unsigned i = 0; i < 300; i++) {
            t->hour += roll(5) == 0 ? (double)roll(48) : 0.25;
            if (roll(100) < 55)
                random_signal(t);
            else
                random_act(t);
            if (erased || vdr_tally_last(tally) != vdr_core_position(t->core))
                continue;
            const vdr_tally_case *cases;
            vdr_core_counts counts;
            vdr_view_counts(t->core, &counts);
            uint64_t open = counts.unassigned + counts.offered + counts.active;
            check_counts(t, open, counts.unassigned, counts.offered, counts.active);
            checked++;
            lost += vdr_tally_cases_open(tally, &cases) != open;
        }
        end(t);
    }
    assert_true(checked > 500 && lost > 100); /* the dice reach it */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_case_whose_end_was_erased_is_not_open),
        cmocka_unit_test(a_case_whose_beginning_was_erased_is_open),
        cmocka_unit_test(what_happened_after_the_last_record_counted_is_not_told),
        cmocka_unit_test(open_cases_are_those_of_the_state_whatever_was_erased),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    vdr_arena_done(&arena);
    return failed;
}
