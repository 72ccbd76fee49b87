/* Goal: a checkpoint made beside running steps is the state at one position: a start from it equals the state
 * that ran on; a bad or unfinished one costs time, never anything confirmed; the log is cut behind two. */
#include "engine_fixture.h"

static vdr_engine_status
status_of(world *w)
{
    vdr_engine_status status;
    vdr_engine_status_get(w->engine, &status);
    return status;
}

/* Asks for a checkpoint and goes on submitting until it is complete; returns the next event's number. */
static unsigned
checkpoint_beside(world *w, unsigned n)
{
    vdr_job job;
    assert_int_equal(vdr_engine_checkpoint(w->engine, (vdr_ticket){.seq = n}), VDR_OK);
    for (unsigned turns = 0; !vdr_engine_collect_job(w->engine, &job); turns++) {
        if (turns < 200)
            assert_int_equal(submit_event(w, n++), VDR_OK);
        assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
        world_collect(w);
        assert_true(turns < 1000000);
    }
    assert_int_equal(job.kind, VDR_JOB_CHECKPOINT);
    if (job.result != VDR_OK)
        fail_msg("checkpoint: %s", job.words);
    assert_int_equal(job.position, status_of(w).checkpoint_position);
    assert_true(world_settle(w));
    return n;
}

static void
a_start_from_a_checkpoint_equals_the_state_that_ran_on(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads < 2; threads++) {
        world *w = world_new(VDR_CLOCK_EVENT, threads != 0);
        world_start(w);
        unsigned n = 0;
        for (unsigned round = 0; round < 4; round++) {
            submit_events(w, n, n + 300);
            n = checkpoint_beside(w, n + 300);
            vdr_engine_status before = status_of(w);
            assert_true(before.checkpoint_position <= before.durable);
            uint64_t hash = vdr_engine_state_hash(w->engine);
            world_crash(w);
            world_start(w);
            assert_int_equal(vdr_engine_state_hash(w->engine), hash);
            assert_int_equal(status_of(w).checkpoint_position, before.checkpoint_position);
            assert_null(vdr_engine_check(w->engine));
        }
        world_free(w);
    }
}

static void
a_bad_checkpoint_falls_back_to_the_one_before_and_then_to_the_log(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    submit_events(w, 0, 200);
    unsigned n = checkpoint_beside(w, 200);
    submit_events(w, n, n + 50);
    n = checkpoint_beside(w, n + 50);
    vdr_position newest = status_of(w).checkpoint_position;
    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);

    for (vdr_position before = newest, tries = 0; before != 0; tries++) {
        assert_true(tries < 3);
        bool rotten = false; /* some block of the newest */
        for (uint32_t table = 1; table < 64 && !rotten; table++)
            rotten = vdr_memory_rot_block(w->memory, (vdr_block_id){.table = table}, 9, 1);
        assert_true(rotten);
        world_start(w);
        assert_non_null(strstr(w->notices, "the newest checkpoint cannot be used"));
        vdr_position now = status_of(w).checkpoint_position;
        assert_true(now < before);
        assert_int_equal(vdr_engine_state_hash(w->engine), hash);
        before = now;
        world_crash(w);
    }
    world_free(w);
}

static void
a_checkpoint_that_cannot_be_written_harms_nothing(void **state)
{
    (void)state;
    static const vdr_memory_fault faults[] = {VDR_MEMORY_FULL, VDR_MEMORY_LOST, VDR_MEMORY_KEPT};
    for (size_t f = 0; f < 3; f++) {
        for (uint64_t passing = 0; passing < 2; passing++) {
            world *w = world_new(VDR_CLOCK_EVENT, false);
            world_start(w);
            submit_events(w, 0, 100);
            assert_true(world_settle(w));
            vdr_memory_fault_set(w->memory, VDR_MEMORY_STATE, passing, faults[f]);
            vdr_job job = {0};
            for (unsigned tries = 0; tries <= passing; tries++) {
                submit_events(w, 100 + tries, 101 + tries);
                assert_int_equal(vdr_engine_checkpoint(w->engine, (vdr_ticket){.seq = 5}), VDR_OK);
                while (!vdr_engine_collect_job(w->engine, &job))
                    assert_true(world_settle(w));
            }
            if (job.result == VDR_OK || job.words[0] == '\0' || job.ticket.seq != 5)
                fail_msg("fault %zu after %llu: %s", f, (unsigned long long)passing, job.words);
            assert_int_equal(status_of(w).checkpoint_failures, 1);
            submit_events(w, 110, 150); /* it goes on */
            assert_true(world_settle(w));
            uint64_t hash = vdr_engine_state_hash(w->engine);
            world_crash(w);
            world_start(w);
            assert_int_equal(vdr_engine_state_hash(w->engine), hash);
            world_free(w);
        }
    }
}

static void
a_stop_at_any_commit_of_a_checkpoint_loses_nothing(void **state)
{
    (void)state;
    static const vdr_memory_fault faults[] = {VDR_MEMORY_LOST, VDR_MEMORY_KEPT};
    for (size_t f = 0; f < 2; f++) {
        bool struck = true;
        for (uint64_t passing = 0; struck; passing++) {
            world *w = world_new(VDR_CLOCK_EVENT, false);
            w->checkpoint_records = 25;
            world_start(w);
            vdr_memory_fault_set(w->memory, VDR_MEMORY_STATE, passing, faults[f]);
            uint64_t hash = 0;
            struck = false;
            for (unsigned n = 0; n < 300 && !struck; n += 10) {
                submit_events(w, n, n + 10);
                assert_true(world_settle(w));
                assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
                struck = status_of(w).checkpoint_failures != 0;
                hash = vdr_engine_state_hash(w->engine);
            }
            world_crash(w);
            world_start(w);
            assert_int_equal(vdr_engine_state_hash(w->engine), hash);
            world_free(w);
        }
    }
}

/* Event n: six hours after the one before, of a type that leaves after 30 days, about somebody new. */
static void
submit_passing(world *w, unsigned n)
{
    char text[1024], at[VDR_TIME_TEXT_BYTES + 1] = "", bsn[10];
    vdr_time_format(T0 + (int64_t)n * 3600000 * 6, at);
    bsn_of(n, bsn);
    (void)snprintf(text, sizeof text,
                   "{\"specversion\":\"1.0\",\"id\":\"k-%u\",\"source\":\"urn:a:woonstad\",\"type\":"
                   "\"nl.t.overlast.v1\",\"time\":\"%s\",\"data\":{\"municipality\":\"GM9901\","
                   "\"persons\":[{\"bsn\":\"%s\"}]}}",
                   n, at, bsn);
    assert_int_equal(submit_text(w, n, text), VDR_OK);
}

/* Recipients read everything. */
static void
acknowledge_all(world *w)
{
    const vdr_core *core = vdr_engine_core(w->engine);
    for (uint32_t m = 1; m <= vdr_core_mailbox_count(core); m++) {
        vdr_mailbox_view view;
        assert_true(vdr_core_mailbox_view(core, m, &view));
        vdr_command_ack ack = {.mailbox = m, .seq = view.last};
        assert_int_equal(vdr_engine_submit_acks(w->engine, (vdr_ticket){.seq = 0}, &ack, 1), VDR_OK);
    }
}

static size_t
mail_entries(world *w)
{
    vdr_log_reader *reader;
    vdr_log_mail mail[1];
    size_t entries = 0, count;
    assert_int_equal(vdr_log_reader_open(w->log, &reader), VDR_OK);
    for (uint32_t m = 1; m <= vdr_core_mailbox_count(vdr_engine_core(w->engine)); m++) {
        uint64_t seq = 1;
        while (vdr_log_read_mail(reader, m, seq, mail, 1, &count) == VDR_OK && count == 1) {
            entries++;
            seq = mail[0].seq + 1;
        }
    }
    vdr_log_reader_close(&reader);
    return entries;
}

/* A whole checkpoint, however long the threads take for it. */
static void
checkpoint_now(world *w)
{
    vdr_job job;
    assert_int_equal(vdr_engine_checkpoint(w->engine, (vdr_ticket){.seq = 1}), VDR_OK);
    while (!vdr_engine_collect_job(w->engine, &job)) {
        struct pollfd wait = {.fd = vdr_engine_fd(w->engine), .events = POLLIN};
        assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
        world_collect(w);
        (void)poll(&wait, 1, w->threads && vdr_engine_wait_ms(w->engine) != 0 ? 10 : 0);
    }
    assert_int_equal(job.result, VDR_OK);
}

static void
the_log_is_cut_behind_what_is_needed(void **state)
{
    static const struct {
        const char *name;
        bool threads, read;
    } rows[] = {
        {"all read", false, true}, {"all read, with threads", true, true}, {"nobody reads", false, false}};
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        world *w = world_new(VDR_CLOCK_EVENT, rows[r].threads);
        w->checkpoint_records = 40;
        world_start(w);
        vdr_position first = 1;
        for (unsigned n = 0; n < 1200; n += 10) {
            for (unsigned i = 0; i < 10; i++)
                submit_passing(w, n + i);
            if (rows[r].read)
                acknowledge_all(w);
            for (unsigned i = 0; i < 20; i++)
                assert_true(world_settle(w));
            vdr_engine_status status = status_of(w);
            assert_true(status.first >= first && status.first <= status.checkpoint_position + 1);
            first = status.first;
            if (n % 300 == 290) { /* and it still leads to the same state */
                uint64_t hash = vdr_engine_state_hash(w->engine);
                world_crash(w);
                world_start(w);
                assert_int_equal(vdr_engine_state_hash(w->engine), hash);
            }
        }
        /* On a busy machine the threads may have made none so far. The second writes the configuration once
         * more, the fourth cuts. One is made only where something changed. */
        for (unsigned n = 1200; n < 1205; n++) {
            submit_passing(w, n);
            if (rows[r].read)
                acknowledge_all(w);
            checkpoint_now(w);
        }
        assert_int_equal(vdr_engine_stop(w->engine, true), VDR_OK);
        vdr_engine_status status = status_of(w);
        size_t entries = mail_entries(w);
        bool good = rows[r].read ? status.first > 900 && entries < 400 : status.first == 1 && entries >= 1200;
        if (!good)
            fail_msg("%s: first %llu of %llu, %zu entries of mailboxes", rows[r].name,
                     (unsigned long long)status.first, (unsigned long long)status.stepped, entries);
        vdr_engine_close(&w->engine);
        world_store_close(w);
        world_start(w);
        assert_null(vdr_engine_check(w->engine));
        world_free(w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_start_from_a_checkpoint_equals_the_state_that_ran_on),
        cmocka_unit_test(a_bad_checkpoint_falls_back_to_the_one_before_and_then_to_the_log),
        cmocka_unit_test(a_checkpoint_that_cannot_be_written_harms_nothing),
        cmocka_unit_test(a_stop_at_any_commit_of_a_checkpoint_loses_nothing),
        cmocka_unit_test(the_log_is_cut_behind_what_is_needed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
