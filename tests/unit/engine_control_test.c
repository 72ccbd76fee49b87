/* Goal: what operators propose, approve and pause survives every crash, restart, checkpoint and cut of the log, and
 * a refused approval leaves what is in force untouched (I18). */
#include "engine_fixture.h"

static const char other_rules[] = "rules:\n"
                                  "  - {id: multi, text: two domains, level: case, priority: high,\n"
                                  "     purposes: [youth, safety, housing], at_least: {domains: 2}}\n";
static const char bad_rules[] = "rules: [\n";

static vdr_engine_by
by(const char *who)
{
    return (vdr_engine_by){.operator_id = vdr_span_str(who), .reason = vdr_span_str("because")};
}

static vdr_err
propose(world *w, const char *who, const char *rules)
{
    vdr_config_texts texts = texts_of(town_text, catalogue_text, rules);
    vdr_engine_by asks = by(who);
    vdr_err err = vdr_engine_propose(w->engine, (vdr_ticket){.seq = 1}, &texts, &asks, w->words);
    assert_true(world_settle(w));
    return err;
}

static vdr_err
approve(world *w, const char *who, uint64_t number)
{
    vdr_engine_by asks = by(who);
    vdr_err err =
        vdr_engine_decide(w->engine, (vdr_ticket){.seq = 2}, VDR_DECIDE_APPROVE, number, &asks, w->words);
    assert_true(world_settle(w));
    return err;
}

static vdr_err
pause_rule(world *w, const char *rule, vdr_ms until)
{
    vdr_engine_by asks = by("kees");
    asks.alone = true;
    vdr_engine_pause_wish wish = {.kind = VDR_PROPOSAL_PAUSE, .subject = vdr_span_str(rule), .until = until};
    vdr_err err = vdr_engine_pause(w->engine, (vdr_ticket){.seq = 3}, &wish, &asks, w->words);
    assert_true(world_settle(w));
    return err;
}

static const vdr_core *
core_of(world *w)
{
    return vdr_engine_core(w->engine);
}

/* Ends the process somehow and starts it again without a directory; the state is the same. */
static void
again(world *w, unsigned how)
{
    uint64_t hash = vdr_engine_state_hash(w->engine);
    if (how == 0)
        world_crash(w);
    else
        world_stop(w, how == 1);
    assert_int_equal(world_try_start(w, NULL), VDR_OK);
    assert_true(vdr_engine_state_hash(w->engine) == hash);
    const char *broken = vdr_engine_check(w->engine);
    if (broken != NULL)
        fail_msg("%s", broken);
}

static void
a_proposal_lives_through_a_crash_and_comes_into_force_after_it(void **state)
{
    (void)state;
    static const char *const ends[] = {"a crash", "a stop with a checkpoint", "a stop without"};
    for (unsigned how = 0; how < 3; how++) {
        world *w = world_new(VDR_CLOCK_VIRTUAL, false);
        world_start(w);
        submit_events(w, 0, 20);
        assert_true(world_settle(w));
        assert_int_equal(propose(w, "kees", bad_rules), VDR_E_BAD_CONFIG);
        assert_non_null(strstr(w->words, "rules.yaml:"));
        assert_int_equal(propose(w, "kees", rules_text), VDR_E_WRONG_STATE);
        assert_int_equal(propose(w, "kees", other_rules), VDR_OK);
        again(w, how);
        assert_int_equal(approve(w, "kees", 1), VDR_E_FOUR_EYES);
        assert_non_null(strstr(w->words, "another operator"));
        assert_int_equal(approve(w, "mia", 7), VDR_E_NOT_FOUND);
        again(w, how);
        if (approve(w, "mia", 1) != VDR_OK)
            fail_msg("%s: %s", ends[how], w->words);
        vdr_position position = w->results[w->result_count - 1].position;
        assert_int_equal(position, vdr_core_config_position(core_of(w)));
        assert_int_equal(vdr_control_version_last(core_of(w)), 2);
        assert_int_equal(vdr_core_config(core_of(w))->rule_count, 1);
        again(w, how);
        assert_int_equal(vdr_core_config_position(core_of(w)), position);
        assert_int_equal(vdr_core_config(core_of(w))->rule_count, 1);
        assert_int_equal(approve(w, "mia", 1), VDR_E_WRONG_STATE);
        world_free(w);
    }
}

/* A rollback is a proposal of the old texts, which are there though their record is not. */
static void
old_texts_are_there_when_the_log_is_cut(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_VIRTUAL, false);
    w->checkpoint_records = 50;
    world_start(w);
    assert_int_equal(propose(w, "kees", other_rules), VDR_OK);
    assert_int_equal(approve(w, "mia", 1), VDR_OK);
    /* Time passes until nothing holds the log but what is in force, which is logged again. */
    vdr_engine_status status;
    for (unsigned n = 0; n < 12; n++) {
        vdr_clock_move(&w->clock, 200 * INT64_C(86400000), 1000000);
        for (unsigned i = 0; i < 60; i++) {
            vdr_ms until = vdr_clock_now(&w->clock) + INT64_C(86400000);
            assert_int_equal(pause_rule(w, "multi", until), VDR_OK);
            vdr_engine_by asks = by("mia");
            uint64_t number = vdr_control_pause_last(core_of(w));
            assert_int_equal(vdr_engine_resume(w->engine, (vdr_ticket){.seq = 5}, number, &asks, w->words),
                             VDR_OK);
        }
        assert_true(world_settle(w));
        vdr_ticket nobody = {0};
        assert_int_equal(vdr_engine_checkpoint(w->engine, nobody), VDR_OK);
        assert_true(world_settle(w));
        vdr_job job;
        while (!vdr_engine_collect_job(w->engine, &job))
            assert_true(world_settle(w));
    }
    vdr_engine_status_get(w->engine, &status);
    assert_true(status.first > 3); /* the start, the proposal and its approval are gone */
    again(w, 0);
    vdr_arena arena;
    vdr_span texts[3];
    vdr_arena_init(&arena, 1 << 20);
    assert_int_equal(vdr_control_version_texts(core_of(w), 1, &arena, texts), VDR_OK);
    assert_true(vdr_span_equal(texts[2], vdr_span_str(rules_text)));
    assert_int_equal(vdr_control_version_last(core_of(w)), 2);
    vdr_engine_by asks = by("mia");
    asks.rollback_of = 1;
    vdr_config_texts old = texts_of(town_text, catalogue_text, rules_text);
    assert_int_equal(vdr_engine_propose(w->engine, (vdr_ticket){.seq = 9}, &old, &asks, w->words), VDR_OK);
    assert_int_equal(approve(w, "kees", 2), VDR_OK);
    vdr_version_view version;
    assert_true(vdr_control_version(core_of(w), 3, &arena, &version));
    assert_int_equal(version.rollback_of, 1);
    assert_int_equal(vdr_core_config(core_of(w))->rule_count, 2);
    vdr_arena_done(&arena);
    world_free(w);
}

static void
a_pause_ends_by_itself_also_while_nobody_runs(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_VIRTUAL, false);
    world_start(w);
    assert_int_equal(pause_rule(w, "multi", T0 + 3600000), VDR_OK);
    assert_int_equal(pause_rule(w, "two", T0 + 7200000), VDR_OK);
    assert_int_equal(vdr_control_paused(core_of(w), VDR_PROPOSAL_PAUSE, vdr_span_str("multi")), 1);
    again(w, 0);
    assert_int_equal(vdr_control_paused(core_of(w), VDR_PROPOSAL_PAUSE, vdr_span_str("multi")), 1);
    world_crash(w);
    vdr_clock_move(&w->clock, 3600000, 1000);
    assert_int_equal(world_try_start(w, NULL), VDR_OK);
    assert_int_equal(vdr_control_paused(core_of(w), VDR_PROPOSAL_PAUSE, vdr_span_str("multi")), 0);
    assert_int_equal(vdr_control_paused(core_of(w), VDR_PROPOSAL_PAUSE, vdr_span_str("two")), 2);
    vdr_engine_by asks = by("mia");
    assert_int_equal(vdr_engine_resume(w->engine, (vdr_ticket){.seq = 4}, 2, &asks, w->words), VDR_OK);
    assert_true(world_settle(w));
    assert_int_equal(vdr_control_paused(core_of(w), VDR_PROPOSAL_PAUSE, vdr_span_str("two")), 0);
    again(w, 1);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_proposal_lives_through_a_crash_and_comes_into_force_after_it),
        cmocka_unit_test(old_texts_are_there_when_the_log_is_cut),
        cmocka_unit_test(a_pause_ends_by_itself_also_while_nobody_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
