/* Goal: stopped at every single commit of the log, lost or kept, and started again, a broker has decided in the
 * end exactly what an undisturbed one decides; nothing confirmed is lost, nothing is there twice (I1 to I4). */
#include "engine_fixture.h"

#define EVENTS 120u
#define STEP   7u /* events of a turn */

typedef struct history {
    bool confirmed[EVENTS];
    vdr_position position[EVENTS];
    unsigned crashes;
} history;

/* What was spoken since the last look: a confirmed event keeps its place in the log for ever. */
static void
note_results(world *w, history *run)
{
    for (size_t i = 0; i < w->result_count; i++) {
        const vdr_result *result = &w->results[i];
        unsigned n = (unsigned)result->ticket.seq;
        vdr_position position = result->verdict == VDR_E_DUPLICATE ? result->first : result->position;
        bool allowed = n % 17 != 16;
        if (allowed && result->verdict != VDR_E_ACCEPTED && result->verdict != VDR_E_DUPLICATE)
            fail_msg("event %u: %s", n, vdr_err_code(result->verdict));
        if (allowed && run->confirmed[n] &&
            (result->verdict != VDR_E_DUPLICATE || position != run->position[n]))
            fail_msg("event %u was confirmed at %llu and is now %s", n, (unsigned long long)run->position[n],
                     vdr_err_code(result->verdict));
        run->confirmed[n] = true;
        run->position[n] = position;
    }
    w->result_count = 0;
}

/* Publishes all events in order, and after every stop again from the first that is not confirmed. */
static void
publish_all(world *w, history *run)
{
    unsigned next = 0;
    for (;;) {
        for (unsigned i = 0; i < STEP && next < EVENTS; i++)
            assert_int_equal(submit_event(w, next++), VDR_OK);
        bool lives = world_settle(w);
        note_results(w, run);
        if (lives && next == EVENTS)
            return;
        if (!lives) {
            run->crashes++;
            world_crash(w);
            world_start(w);
            for (next = 0; next < EVENTS && run->confirmed[next]; next++)
                ;
        }
    }
}

static world *
fresh(void)
{
    world *w = world_new(VDR_CLOCK_EVENT, false);
    w->checkpoint_records = 20; /* often, so that starts are from checkpoints too */
    return w;
}

static void
a_stop_at_any_commit_changes_nothing(void **state)
{
    (void)state;
    static history run;
    memset(&run, 0, sizeof run);
    world *w = fresh();
    world_start(w);
    publish_all(w, &run);
    char *wanted = world_decisions(w);
    assert_true(strlen(wanted) > 5000);
    assert_non_null(strstr(wanted, "\"case_offered\""));
    uint64_t commits = vdr_memory_commits(w->memory, VDR_MEMORY_LOG);
    world_free(w);

    static const vdr_memory_fault faults[] = {VDR_MEMORY_LOST, VDR_MEMORY_KEPT};
    for (size_t f = 0; f < 2; f++) {
        for (uint64_t n = 1; n < commits; n++) { /* the first commit is the configuration's: see below */
            memset(&run, 0, sizeof run);
            w = fresh();
            vdr_memory_fault_set(w->memory, VDR_MEMORY_LOG, n, faults[f]);
            world_start(w);
            publish_all(w, &run);
            char *got = world_decisions(w);
            if (strcmp(got, wanted) != 0 || run.crashes != 1)
                fail_msg("commit %llu %s: %u stops, other decisions:\n%s", (unsigned long long)n,
                         f == 0 ? "lost" : "kept", run.crashes, got);
            const char *broken = vdr_engine_check(w->engine);
            if (broken != NULL)
                fail_msg("commit %llu: %s", (unsigned long long)n, broken);
            for (unsigned i = 0; i < EVENTS; i++) /* everything again: everything known */
                assert_int_equal(submit_event(w, i), VDR_OK);
            assert_true(world_settle(w));
            note_results(w, &run);
            free(got);
            world_free(w);
        }
    }
    free(wanted);
}

static void
a_stop_while_the_first_configuration_is_written_is_a_first_start_again(void **state)
{
    (void)state;
    static const vdr_memory_fault faults[] = {VDR_MEMORY_LOST, VDR_MEMORY_KEPT};
    for (size_t f = 0; f < 2; f++) {
        world *w = fresh();
        vdr_memory_fault_set(w->memory, VDR_MEMORY_LOG, 0, faults[f]);
        vdr_config_texts texts = texts_of(town_text, catalogue_text, rules_text);
        assert_int_equal(world_try_start(w, &texts), VDR_E_STORE_FAILED);
        assert_true(strlen(w->words) > 0);
        vdr_memory_crash(w->memory);
        world_start(w);
        vdr_engine_status status;
        vdr_engine_status_get(w->engine, &status);
        assert_int_equal(status.durable, 1);
        assert_int_equal(status.config_position, 1);
        world_free(w);
    }
}

static void
ten_starts_on_the_way_give_the_same_decisions_and_state(void **state)
{
    (void)state;
    static history run;
    char *decisions[2];
    uint64_t hashes[2];
    for (unsigned restarts = 0; restarts < 2; restarts++) {
        memset(&run, 0, sizeof run);
        world *w = fresh();
        world_start(w);
        for (unsigned part = 0; part < 10; part++) {
            submit_events(w, part * 12, part * 12 + 12);
            assert_true(world_settle(w));
            if (restarts == 0)
                continue;
            if (part % 2 == 0)
                world_crash(w);
            else
                world_stop(w, part % 4 == 1);
            world_start(w);
        }
        decisions[restarts] = world_decisions(w);
        hashes[restarts] = vdr_engine_state_hash(w->engine);
        world_free(w);
    }
    assert_string_equal(decisions[0], decisions[1]);
    assert_int_equal(hashes[0], hashes[1]);
    free(decisions[0]);
    free(decisions[1]);
}

static void
a_log_that_tells_otherwise_than_it_was_told_is_refused(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    submit_events(w, 0, 5);
    assert_true(world_settle(w));
    /* A record of another broker, with a tale that stepping it does not tell. */
    vdr_engine_close(&w->engine);
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_log_stats stats;
    vdr_log_stats_get(w->log, &stats);
    assert_int_equal(vdr_log_reader_open(w->log, &reader), VDR_OK);
    assert_int_equal(vdr_log_read(reader, 2, &record), VDR_OK);
    record.tale = (vdr_span){0};
    assert_int_equal(vdr_log_append(w->log, stats.epoch, stats.next, &record, 1, NULL, 0), VDR_OK);
    vdr_log_reader_close(&reader);
    world_store_close(w);
    vdr_config_texts texts = texts_of(town_text, catalogue_text, rules_text);
    assert_int_equal(world_try_start(w, &texts), VDR_E_STORE_CORRUPT);
    assert_non_null(strstr(w->words, "has other effects now"));
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_stop_at_any_commit_changes_nothing),
        cmocka_unit_test(a_stop_while_the_first_configuration_is_written_is_a_first_start_again),
        cmocka_unit_test(ten_starts_on_the_way_give_the_same_decisions_and_state),
        cmocka_unit_test(a_log_that_tells_otherwise_than_it_was_told_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
