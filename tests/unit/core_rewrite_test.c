/* Goal: an event that named somebody who was erased is written anew once each time, and from then on the new record is what is
 * needed of it; a proof of another time line takes away what it names, and nothing else (I4, I14). */
#include "broker/core/explain.h"
#include "broker/core/left.h"
#include "broker/core/needed.h"
#include "broker/core/trial.h"
#include "tests/core_town.h"

#define ADA "privacy_officer:ada"

/* s-1, s-2 and s-3 name a, b and c; their records are 2, 3 and 4. Then a is erased. */
static town *
begin(void)
{
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "school", .type = "absence", .who = "abc");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "abc");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "abc");
    EVENT(t, .id = "k-1", .by = ADA, .act = VDR_ACT_PERSON_ERASED, .household = 1, .who = "a");
    TOLD(t, "k-1 person_erased accepted\n");
    return t;
}

static bool
rewrite(town *t, vdr_position signal)
{
    const vdr_command command = {
        .kind = VDR_COMMAND_REWRITE, .at = VDR_MS_NONE, .number = signal, .until = 5};
    town_step(t, &command);
    return t->step.record;
}

static unsigned
wanted(const town *t, vdr_position ret_contents[8])
{
    vdr_cursor cursor = {0};
    vdr_rewrite_view view;
    unsigned count = 0;
    while (vdr_view_rewrite(t->core, &cursor, &view))
        ret_contents[count++] = view.content;
    return count;
}

static bool
needed(const town *t, const char *id, vdr_position position)
{
    const vdr_command signal = {
        .kind = VDR_COMMAND_SIGNAL, .id = vdr_span_str(id), .id_hash = town_id_hash(id)};
    return vdr_needed_record(t->core, &signal, position, (vdr_span){0});
}

static bool
needed_anew(const town *t, vdr_position signal, vdr_position position)
{
    const vdr_command command = {.kind = VDR_COMMAND_REWRITE, .number = signal};
    return vdr_needed_record(t->core, &command, position, (vdr_span){0});
}

static void
an_event_is_written_anew_in_any_order_and_as_often_as_somebody_is_erased(void **unused)
{
    (void)unused;
    vdr_position contents[8];
    town *t = begin();
    assert_int_equal(wanted(t, contents), 3);
    assert_true(rewrite(t, 2) && rewrite(t, 4));
    vdr_position first = t->position - 1, third = t->position;
    assert_int_equal(wanted(t, contents), 1);
    assert_int_equal(contents[0], 3);
    assert_false(rewrite(t, 2) || rewrite(t, 99));
    assert_true(needed(t, "s-2", 3));
    assert_false(needed(t, "s-1", 2) || needed(t, "s-3", 4) || needed(t, "s-1", 9));
    assert_true(needed_anew(t, 2, first) && needed_anew(t, 4, third));
    assert_false(needed_anew(t, 2, third) || needed_anew(t, 3, first) || needed_anew(t, 99, first));
    assert_true(rewrite(t, 3));
    vdr_position second = t->position;
    EVENT(t, .id = "k-2", .by = ADA, .act = VDR_ACT_PERSON_ERASED, .household = 1, .who = "b");
    assert_int_equal(wanted(t, contents), 3); /* of what was written anew */
    assert_true(contents[0] == first && contents[1] == second && contents[2] == third);
    assert_true(rewrite(t, 3));
    assert_false(needed_anew(t, 3, second));
    assert_true(needed_anew(t, 3, t->position));
    vdr_at at, cursor = {0};
    vdr_household_view household;
    vdr_key16 key;
    vdr_position named;
    assert_true(vdr_view_household(t->core, (vdr_household_id){1}, &at, &household));
    assert_true(vdr_view_household_member(t->core, at, false, &cursor, &key, &named));
    assert_true(named == first || named == second || named == third || named == t->position);
    for (vdr_position position = 100; position < 100000;
         position++) /* records that are no rewritten signal's */
        assert_false(needed_anew(t, position, first));
    town_free(t);
}

/* ---- proofs of another time line ---- */

static void
leave_again(vdr_core *core, const vdr_config *config, const vdr_command_left *left, size_t count)
{
    const vdr_command again = {
        .kind = VDR_COMMAND_ERASURE, .at = VDR_MS_NONE, .left = left, .left_count = count};
    vdr_step step;
    (void)config;
    vdr_core_step(core, &again, vdr_core_position(core) + 1, &step);
    assert_null(vdr_core_check(core));
}

/* What it said is gone, but where it was written anew that is no loss. */
static void
an_event_of_which_the_content_went_stays_where_it_was_written_anew(void **unused)
{
    (void)unused;
    town *t = begin();
    vdr_core *before = town_copy(t->core, t->config);
    assert_true(rewrite(t, 2));
    vdr_command_left content = {0}, left;
    uint32_t cursor = 0;
    uint64_t order;
    while (vdr_left_next(t->core, &cursor, UINT64_MAX, &order, &left))
        if (left.kind == VDR_LEFT_CONTENT)
            content = left;
    assert_int_equal(content.number, 2);
    vdr_core_counts counts;
    vdr_core *after = town_copy(t->core, t->config);
    leave_again(after, t->config, &content, 1);
    vdr_view_counts(after, &counts);
    assert_int_equal(counts.signals, 3);
    leave_again(before, t->config, &content, 1);
    vdr_view_counts(before, &counts);
    assert_int_equal(counts.signals, 2);
    vdr_core_free(&before);
    vdr_core_free(&after);
    town_free(t);
}

/* Found by a hash that others share, by its place, and by whose it is. */
static void
a_signal_leaves_again_by_its_place_and_its_source(void **unused)
{
    (void)unused;
    town_collides = true;
    town *t = town_new(&town_config);
    char id[8];
    for (unsigned i = 0; i < 6; i++) {
        (void)snprintf(id, sizeof id, "s-%u", 2 * i);
        EVENT(t, .id = id, .by = "school", .type = "absence", .who = i % 2 == 0 ? "aa" : "b");
    }
    vdr_core_counts counts;
    for (unsigned i = 0; i < 6; i++) {
        (void)snprintf(id, sizeof id, "s-%u", 2 * i);
        vdr_command_left left = {.kind = VDR_LEFT_SIGNAL,
                                 .reason = VDR_LEFT_BY_ERASURE,
                                 .number = 2 + i,
                                 .at = TOWN_T0,
                                 .time = TOWN_T0,
                                 .source = vdr_span_str("urn:police"),
                                 .hash = (uint32_t)town_id_hash(id)};
        vdr_core *core = town_copy(t->core, t->config);
        leave_again(core, t->config, &left, 1);
        vdr_view_counts(core, &counts);
        assert_int_equal(counts.signals, 6); /* of another agency */
        left.source = vdr_span_str("urn:school");
        left.number = 99;
        leave_again(core, t->config, &left, 1);
        vdr_view_counts(core, &counts);
        assert_int_equal(counts.signals, 6); /* of another place */
        left.number = 2 + i;
        leave_again(core, t->config, &left, 1);
        vdr_view_counts(core, &counts);
        assert_int_equal(counts.signals, 5);
        vdr_core_free(&core);
    }
    town_free(t);
    town_collides = false;
}

/* Everybody whom no other signal names goes with it, of whichever household; what closed the case was lost. */
static void
what_leaves_again_takes_along_whom_nothing_else_names(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s-1", .by = "police", .type = "violence", .who = "a");
    EVENT(t, .id = "s-2", .by = "school", .type = "absence", .who = "b");
    EVENT(t, .id = "s-3", .by = "school", .type = "absence", .who = "bca"); /* b of H2, c joins H2; a of H1 */
    vdr_core *core = town_copy(t->core, t->config);
    const vdr_command_left left[] = {
        {.kind = VDR_LEFT_SIGNAL,
         .number = 2,
         .hash = town_id_hash("s-1"),
         .source = vdr_span_str("urn:police")},
        {.kind = VDR_LEFT_CASE, .number = 1},
        {.kind = VDR_LEFT_CASE, .number = 7},
        {.kind = VDR_LEFT_HOUSEHOLD, .number = 7},
        {.kind = VDR_LEFT_SIGNAL,
         .number = 3,
         .hash = town_id_hash("s-2"),
         .source = vdr_span_str("urn:school")},
        {.kind = VDR_LEFT_SIGNAL,
         .number = 4,
         .hash = town_id_hash("s-3"),
         .source = vdr_span_str("urn:school")},
    };
    leave_again(core, t->config, left, COUNT(left));
    vdr_core_counts counts;
    vdr_view_counts(core, &counts);
    assert_int_equal(counts.signals + counts.cases + counts.households + counts.persons, 0);
    vdr_core_free(&core);
    EVENT(t, .id = "k-1", .by = "regisseur:anna", .act = VDR_ACT_CASE_ACCEPTED, .case_number = 1);
    EVENT(t, .id = "k-2", .by = "regisseur:anna", .act = VDR_ACT_CASE_CLOSED, .case_number = 1,
          .result = "x");
    core = town_copy(t->core, t->config);
    leave_again(core, t->config, &left[1], 1); /* an ended one */
    vdr_view_counts(core, &counts);
    assert_int_equal(counts.cases, 0);
    assert_int_equal(counts.signals, 3);
    vdr_core_free(&core);
    town_free(t);
}

static void
words_of_what_left_are_a_pair(void **unused)
{
    (void)unused;
    vdr_left_kind kind;
    vdr_left_reason reason;
    for (unsigned i = VDR_LEFT_SIGNAL; i <= VDR_LEFT_CONTENT; i++) {
        assert_true(vdr_left_kind_of(vdr_span_str(vdr_left_kind_name((vdr_left_kind)i)), &kind));
        assert_int_equal(kind, i);
    }
    for (unsigned i = VDR_LEFT_BY_TERM; i <= VDR_LEFT_BY_HOUSEHOLD; i++) {
        assert_true(vdr_left_reason_of(vdr_span_str(vdr_left_reason_name((vdr_left_reason)i)), &reason));
        assert_int_equal(reason, i);
    }
    assert_false(vdr_left_kind_of(vdr_span_str("person"), &kind));
    assert_false(vdr_left_reason_of(vdr_span_str("by accident"), &reason));
}

/* ---- explaining ---- */

static vdr_err
explain(town *t, const vdr_explain_ask *ask, vdr_arena *arena, vdr_explanation *ret_told)
{
    vdr_arena_init(arena, (size_t)8 << 20);
    vdr_trial *trial = vdr_trial_begin(t->core);
    vdr_err err = vdr_explain(t->core, ask, arena, ret_told);
    vdr_trial_end(t->core, &trial);
    return err;
}

/* The newest are listed, and the one that was asked about, however old it is. */
static void
the_signal_asked_about_is_listed_before_the_newest(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    t->reload_every = 100;
    char id[16];
    for (unsigned i = 0; i < VDR_EXPLAIN_SIGNALS_MAX + 5; i++) {
        (void)snprintf(id, sizeof id, "s-%u", i);
        EVENT(t, .id = id, .by = "police", .type = "custody", .who = "a");
    }
    vdr_arena arena;
    vdr_explanation told;
    const vdr_explain_ask old = {.signal_name = {.id = S("s-1")}}, newer = {.household = {1}};
    assert_int_equal(explain(t, &old, &arena, &told), VDR_OK);
    assert_int_equal(told.signal_list_count, VDR_EXPLAIN_SIGNALS_MAX);
    assert_true(vdr_span_equal(told.signals[0].name.id, vdr_span_str("s-1")));
    assert_true(vdr_span_equal(told.signals[1].name.id, vdr_span_str("s-6")));
    vdr_arena_done(&arena);
    assert_int_equal(explain(t, &newer, &arena, &told), VDR_OK);
    assert_int_equal(told.signal_list_count, VDR_EXPLAIN_SIGNALS_MAX);
    assert_true(vdr_span_equal(told.signals[0].name.id, vdr_span_str("s-5")));
    vdr_arena_done(&arena);
    town_free(t);
}

static void
a_restricted_signal_is_not_explained_and_of_two_of_a_name_the_newer_is(void **unused)
{
    (void)unused;
    town *t = town_new(&town_config);
    EVENT(t, .id = "s", .by = "school", .type = "absence", .who = "z", .ago = 99 * 24);
    EVENT(t, .id = "x", .by = "police", .type = "custody", .who = "c");
    EVENT(t, .id = "s", .by = "police", .type = "custody", .who = "a");
    town_tick(t, 48); /* the first leaves; its place is taken next */
    EVENT(t, .id = "s", .by = "housing", .type = "arrears", .who = "b");
    vdr_arena arena;
    vdr_explanation told;
    const vdr_explain_ask named = {.signal_name = {.id = S("s")}};
    assert_int_equal(explain(t, &named, &arena, &told), VDR_OK);
    assert_true(vdr_span_equal(told.signals[0].agency, vdr_span_str("housing")));
    vdr_arena_done(&arena);
    EVENT(t, .id = "r-1", .by = ADA, .act = VDR_ACT_RESTRICTED, .signal = "s", .agency = "housing");
    assert_int_equal(t->step.verdict, VDR_E_ACCEPTED);
    assert_int_equal(explain(t, &named, &arena, &told), VDR_E_NOT_FOUND);
    vdr_arena_done(&arena);
    town_free(t);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_event_is_written_anew_in_any_order_and_as_often_as_somebody_is_erased),
        cmocka_unit_test(an_event_of_which_the_content_went_stays_where_it_was_written_anew),
        cmocka_unit_test(a_signal_leaves_again_by_its_place_and_its_source),
        cmocka_unit_test(what_leaves_again_takes_along_whom_nothing_else_names),
        cmocka_unit_test(words_of_what_left_are_a_pair),
        cmocka_unit_test(the_signal_asked_about_is_listed_before_the_newest),
        cmocka_unit_test(a_restricted_signal_is_not_explained_and_of_two_of_a_name_the_newer_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
