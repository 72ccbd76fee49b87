/* Goal: timers fire by themselves on a real clock and only by events on an event clock; whatever the wall does
 * log time never goes back (I20); a pause is made up for without one long stall. */
#include "engine_fixture.h"

static vdr_engine_status
status_of(world *w)
{
    vdr_engine_status status;
    vdr_engine_status_get(w->engine, &status);
    return status;
}

static size_t
lines_with(world *w, const char *what)
{
    char *decisions = world_decisions(w);
    size_t count = 0;
    for (const char *at = decisions; (at = strstr(at, what)) != NULL; at++)
        count++;
    free(decisions);
    return count;
}

static void
a_due_timer_is_a_tick_in_the_log(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_VIRTUAL, false);
    world_start(w);
    submit_events(w, 0, 1); /* nl.t.verzuim: no follow-up */
    unsigned n = 1;
    while (status_of(w).next_due > T0 + 7200000 + 60000) { /* until one with a follow-up of two hours */
        assert_int_equal(submit_event(w, n++), VDR_OK);
        assert_true(n < 20);
    }
    assert_true(world_settle(w));
    vdr_position before = status_of(w).durable;
    int wait_ms = vdr_engine_wait_ms(w->engine);
    assert_true(wait_ms > 0 && wait_ms <= 60000);
    vdr_clock_move(&w->clock, 7199000, 7199000000);
    assert_true(world_settle(w));
    assert_int_equal(status_of(w).durable, before);
    assert_true(vdr_engine_wait_ms(w->engine) <= 1000);
    vdr_clock_move(&w->clock, 1000, 1000000);
    assert_int_equal(vdr_engine_wait_ms(w->engine), 0);
    assert_true(world_settle(w));
    assert_int_equal(status_of(w).durable, before + 1);
    assert_true(lines_with(w, "\"kind\":\"overdue\"") > 0);
    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    world_start(w);
    assert_int_equal(vdr_engine_state_hash(w->engine), hash);
    world_free(w);
}

static void
log_time_never_goes_back(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_VIRTUAL, false);
    world_start(w);
    submit_events(w, 0, 1);
    assert_true(world_settle(w));
    vdr_clock_move(&w->clock, 86400000, 1000); /* a day forward */
    assert_true(world_settle(w));
    assert_non_null(strstr(w->notices, "set forward by"));
    submit_events(w, 1, 2);
    assert_true(world_settle(w));
    assert_int_equal(w->results[1].at, T0 + 86400000);
    vdr_clock_move(&w->clock, -2 * 86400000, 1000); /* and two back */
    submit_events(w, 2, 3);
    assert_true(world_settle(w));
    assert_non_null(strstr(w->notices, "set back by"));
    assert_int_equal(w->results[2].at, T0 + 86400000);
    assert_int_equal(status_of(w).clock_ahead_ms, 2 * 86400000);
    world_crash(w);
    world_start(w); /* the log is ahead of the wall */
    assert_non_null(strstr(w->notices, "behind the log"));
    submit_events(w, 3, 4);
    assert_true(world_settle(w));
    assert_int_equal(w->results[3].at, T0 + 86400000);
    world_free(w);
}

static void
a_long_pause_is_made_up_for_before_anything_is_taken(void **state)
{
    (void)state;
    for (unsigned stopped = 0; stopped < 2; stopped++) {
        world *w = world_new(VDR_CLOCK_VIRTUAL, false);
        world_start(w);
        for (unsigned n = 0; n < 400; n++) {
            vdr_clock_move(&w->clock, 60000, 60000000);
            assert_int_equal(submit_event(w, n), VDR_OK);
            assert_true(world_settle(w));
        }
        uint64_t ticks = status_of(w).ticks;
        if (stopped)
            world_crash(w);
        vdr_clock_move(&w->clock, 400 * INT64_C(86400000), 1000);
        if (stopped) {
            world_start(w); /* all of it before the start is over */
            assert_true(status_of(w).next_due > w->clock.wall);
        } else {
            assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
            while (status_of(w).next_due <= w->clock.wall) {
                assert_int_equal(vdr_engine_room(w->engine), 0);
                assert_int_equal(submit_event(w, 400), VDR_E_BUSY);
                assert_int_equal(vdr_engine_wait_ms(w->engine), 0);
                assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
                world_collect(w);
            }
            assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
            assert_true(status_of(w).ticks > ticks + 2);
        }
        assert_true(vdr_engine_room(w->engine) > 0);
        assert_null(vdr_engine_check(w->engine));
        world_free(w);
    }
}

#define SWARM 2000u

/* That many signals at one instant, each with a follow-up of two hours. */
static world *
world_of_a_swarm(vdr_clock_kind kind)
{
    world *w = world_new(kind, false);
    world_start(w);
    for (unsigned n = 0; n < SWARM; n++) {
        char text[512], bsn[10];
        bsn_of(n % 300, bsn);
        (void)snprintf(text, sizeof text,
                       "{\"specversion\":\"1.0\",\"id\":\"s-%u\",\"source\":\"urn:a:woonstad\","
                       "\"type\":\"nl.t.overlast.v1\",\"time\":\"2026-03-02T09:00:00Z\",\"data\":{"
                       "\"municipality\":\"GM9901\",\"persons\":[{\"bsn\":\"%s\"}]}}",
                       n, bsn);
        assert_int_equal(submit_text(w, n, text), VDR_OK);
        if (n % 500 == 499)
            assert_true(world_settle(w));
    }
    return w;
}

/* The most that one record of the log tells. */
static size_t
longest_tale(world *w)
{
    size_t longest = 0;
    vdr_log_stats stats;
    vdr_log_reader *reader;
    vdr_log_stats_get(w->log, &stats);
    assert_int_equal(vdr_log_reader_open(w->log, &reader), VDR_OK);
    for (vdr_position p = stats.first; p < stats.next; p++) {
        vdr_log_record record;
        assert_int_equal(vdr_log_read(reader, p, &record), VDR_OK);
        if (record.tale.len > longest)
            longest = record.tale.len;
    }
    vdr_log_reader_close(&reader);
    return longest;
}

static void
timers_of_one_instant_fire_in_parts_and_nothing_is_taken_meanwhile(void **state)
{
    (void)state;
    char *told[4] = {NULL};
    for (unsigned how = 0; how < 3; how++) {
        world *w = world_of_a_swarm(VDR_CLOCK_VIRTUAL);
        vdr_clock_move(&w->clock, 7200000, 7200000000);
        assert_int_equal(submit_text(w, 9000, "no event"),
                         VDR_E_BUSY); /* it would have to fire all of them */
        assert_int_equal(vdr_engine_room(w->engine), 0);
        if (how == 1) { /* a crash between two parts */
            assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
            if (vdr_engine_room(w->engine) == 0)
                assert_true(status_of(w).next_due == T0 + 7200000 && status_of(w).now == T0 + 7200000);
            assert_null(vdr_engine_check(w->engine));
            world_crash(w);
            world_start(w);
        } else if (how == 2) { /* and a checkpoint there */
            assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
            world_stop(w, true);
            world_start(w);
        }
        while (vdr_engine_room(w->engine) == 0)
            assert_true(world_settle(w));
        assert_true(status_of(w).next_due > T0 + 7200000);
        assert_null(vdr_engine_check(w->engine));
        assert_true(longest_tale(w) <= 256 * 100);
        told[how] = world_decisions(w);
        world_free(w);
    }
    /* An event clock has nobody who waits, but its records are as small. */
    world *w = world_of_a_swarm(VDR_CLOCK_EVENT);
    assert_int_equal(vdr_engine_submit_advance(w->engine, (vdr_ticket){.seq = 1}, T0 + 7200000), VDR_OK);
    assert_true(world_settle(w));
    assert_true(longest_tale(w) <= 256 * 100);
    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    world_start(w);
    assert_true(vdr_engine_state_hash(w->engine) == hash);
    told[3] = world_decisions(w);
    world_free(w);
    for (unsigned how = 1; how < 4; how++)
        assert_string_equal(told[how], told[0]);
    for (unsigned how = 0; how < 4; how++)
        free(told[how]);
}

static void
on_an_event_clock_only_events_and_the_operator_move_time(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    assert_true(status_of(w).now == VDR_MS_NONE);
    assert_int_equal(submit_text(w, 0, "no event"), VDR_OK); /* before the first instant: null */
    submit_events(w, 0, 10);
    assert_true(world_settle(w));
    assert_true(w->results[0].at == VDR_MS_NONE);
    vdr_position before = status_of(w).durable;
    assert_int_equal(before, 1 + 10);
    assert_true(vdr_engine_wait_ms(w->engine) == -1 || vdr_engine_wait_ms(w->engine) > 1000);

    /* A refused line is a bare tick at its time; one without a good time, at the previous. */
    assert_int_equal(submit_text(w, 1, "{\"id\":\"x\",\"time\":\"2026-03-02T10:00:00Z\"}"), VDR_OK);
    assert_int_equal(submit_text(w, 2, "no event"), VDR_OK);
    assert_int_equal(submit_event(w, 3), VDR_OK); /* a duplicate, with a time that is past */
    assert_true(world_settle(w));
    assert_int_equal(status_of(w).durable, before + 3);
    for (size_t i = 11; i < 14; i++)
        assert_int_equal(w->results[i].at, T0 + 3600000);
    assert_int_equal(w->results[13].verdict, VDR_E_DUPLICATE);
    assert_int_equal(w->results[13].position, 0);

    assert_int_equal(lines_with(w, "\"expired\""), 0);
    assert_int_equal(vdr_engine_submit_advance(w->engine, (vdr_ticket){.seq = 9}, T0 + 4 * 86400000), VDR_OK);
    assert_true(world_settle(w));
    assert_int_equal(w->results[14].ticket.seq, 9);
    assert_int_equal(w->results[14].at, T0 + 4 * 86400000);
    assert_int_equal(lines_with(w, "\"expired\""), 2); /* both offers, after three days */
    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    world_start(w);
    assert_int_equal(vdr_engine_state_hash(w->engine), hash);
    assert_int_equal(status_of(w).now, T0 + 4 * 86400000);
    world_free(w);

    w = world_new(VDR_CLOCK_VIRTUAL, false);
    world_start(w);
    assert_int_equal(vdr_engine_submit_advance(w->engine, (vdr_ticket){.seq = 9}, T0 + 4 * 86400000),
                     VDR_E_WRONG_ROLE);
    world_free(w);
}

static void
a_refused_line_that_lets_timers_fire_is_a_tick_with_their_lines(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_VIRTUAL, false);
    world_start(w);
    submit_events(w, 0, 10);
    assert_true(world_settle(w));
    vdr_position before = status_of(w).durable;
    uint64_t mails = w->mails;
    vdr_clock_move(&w->clock, 86400000, 86400000000);
    assert_int_equal(submit_text(w, 1, "no event"), VDR_OK); /* before the turn could tick */
    const vdr_group *group;
    assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
    assert_true(vdr_engine_collect(w->engine, &group));
    assert_int_equal(group->record_count, 1);
    assert_int_equal(group->result_count, 1);
    assert_int_equal(group->results[0].verdict, VDR_E_MALFORMED);
    assert_int_equal(group->told_count, 1);
    assert_true(group->mail_count > 0);
    vdr_log_reader *reader;
    vdr_log_record record;
    assert_int_equal(vdr_log_reader_open(w->log, &reader), VDR_OK);
    assert_int_equal(vdr_log_read(reader, before + 1, &record), VDR_OK);
    assert_true(record.tale.len > 0 && record.tale.len < group->told[0].tale.len); /* without the refusal */
    assert_memory_equal(record.tale.at, group->told[0].tale.at, record.tale.len);
    assert_int_equal(record.content.len, 0);
    vdr_log_reader_close(&reader);
    vdr_engine_release(w->engine, group);
    assert_true(w->mails == mails);
    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    world_start(w);
    assert_int_equal(vdr_engine_state_hash(w->engine), hash);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_due_timer_is_a_tick_in_the_log),
        cmocka_unit_test(log_time_never_goes_back),
        cmocka_unit_test(a_long_pause_is_made_up_for_before_anything_is_taken),
        cmocka_unit_test(timers_of_one_instant_fire_in_parts_and_nothing_is_taken_meanwhile),
        cmocka_unit_test(on_an_event_clock_only_events_and_the_operator_move_time),
        cmocka_unit_test(a_refused_line_that_lets_timers_fire_is_a_tick_with_their_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
