/* Goal: a full store is a state, not an end: signals are refused with a hint, acks and acts go on in the
 * reserve, and everything goes on when there is room again; a group that finds no room at all waits. */
#include "engine_fixture.h"

static vdr_engine_status
status_of(world *w)
{
    vdr_engine_status status;
    vdr_engine_status_get(w->engine, &status);
    return status;
}

static void
later(world *w)
{
    vdr_clock_move(&w->clock, 60000, 60000000); /* the room is looked at now and then */
    assert_true(world_settle(w));
}

static void
signals_are_refused_and_everything_else_goes_on(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_VIRTUAL, false);
    w->reserve_bytes = 64 * 1024;
    w->limit_bytes = 40 * 1024;
    world_start(w);
    unsigned n = 0;
    while (!status_of(w).full) {
        assert_int_equal(submit_event(w, n++), VDR_OK);
        later(w);
        assert_true(n < 2000);
    }
    assert_non_null(strstr(w->notices, "the store is full"));
    assert_int_equal(w->results[w->result_count - 1].verdict, VDR_E_ACCEPTED);
    uint64_t hash = vdr_engine_state_hash(w->engine);
    vdr_position before = status_of(w).durable;

    size_t first = w->result_count;
    assert_int_equal(submit_event(w, n), VDR_OK);
    assert_int_equal(submit_event(w, n - 1), VDR_OK);
    assert_true(world_settle(w));
    for (size_t i = first; i < first + 2; i++)
        assert_int_equal(w->results[i].verdict, VDR_E_STORE_FULL);
    assert_int_equal(status_of(w).full_refused, 2);
    assert_int_equal(status_of(w).durable, before);
    assert_int_equal(vdr_engine_state_hash(w->engine), hash);

    /* An act and an acknowledgement still find room. */
    uint32_t mailbox =
        vdr_core_mailbox(vdr_engine_core(w->engine), VDR_PARTY_SERVICE, vdr_span_str("wijkteam"));
    vdr_command_ack ack = {.mailbox = mailbox, .seq = 1};
    assert_int_equal(vdr_engine_submit_acks(w->engine, (vdr_ticket){.seq = 1}, &ack, 1), VDR_OK);
    assert_int_equal(
        submit_text(w, 2,
                    "{\"specversion\":\"1.0\",\"id\":\"act-1\",\"source\":\"urn:a:school\","
                    "\"type\":\"nl.voordeur.signal_withdrawn.v1\",\"time\":\"2026-03-02T09:00:00Z\","
                    "\"data\":{\"municipality\":\"GM9901\",\"signal\":\"s-0\",\"reason\":\"r\"}}"),
        VDR_OK);
    assert_true(world_settle(w));
    assert_int_equal(w->results[first + 2].verdict, VDR_E_ACCEPTED);
    assert_int_equal(w->results[first + 3].verdict, VDR_E_ACCEPTED);
    assert_int_equal(status_of(w).durable, before + 2);

    /* A start does not forget it. */
    hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    world_start(w);
    assert_true(status_of(w).full);
    assert_int_equal(vdr_engine_state_hash(w->engine), hash);
    world_crash(w);
    w->limit_bytes = 0;
    world_start(w); /* the operator gave it more */
    assert_false(status_of(w).full);
    assert_int_equal(submit_event(w, n), VDR_OK);
    assert_true(world_settle(w));
    assert_int_equal(w->results[w->result_count - 1].verdict, VDR_E_ACCEPTED);
    world_free(w);
}

static void
a_group_without_room_waits_and_is_not_lost(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads < 2; threads++) {
        world *w = world_new(VDR_CLOCK_EVENT, threads != 0);
        world_start(w);
        submit_events(w, 0, 10);
        assert_true(world_settle(w));
        vdr_memory_fault_set(w->memory, VDR_MEMORY_LOG, 0, VDR_MEMORY_FULL);
        submit_events(w, 10, 20);
        assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
        assert_true(world_settle(w));
        assert_int_equal(w->result_count, 20);
        for (size_t i = 0; i < 20; i++)
            assert_int_equal(w->results[i].verdict, i % 17 == 16 ? VDR_E_TYPE_NOT_ALLOWED : VDR_E_ACCEPTED);
        world_free(w);
    }
}

static void
a_stop_without_room_confirms_nothing_of_the_rest(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads < 2; threads++) {
        world *w = world_new(VDR_CLOCK_EVENT, threads != 0);
        world_start(w);
        submit_events(w, 0, 10);
        assert_true(world_settle(w));
        vdr_memory_capacity_set(w->memory, 1);
        submit_events(w, 10, 12);
        assert_int_equal(vdr_engine_stop(w->engine, true), VDR_E_STORE_FAILED);
        world_collect(w);
        assert_int_equal(w->result_count, 10);
        world_crash(w);
        vdr_memory_capacity_set(w->memory, 0);
        world_start(w);
        submit_events(w, 10, 11);
        assert_true(world_settle(w));
        assert_int_equal(w->results[10].verdict, VDR_E_ACCEPTED);
        world_free(w);
    }
}

static void
too_much_in_flight_is_seen_by_the_caller(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_EVENT, true);
    world_start(w);
    vdr_memory_capacity_set(w->memory, 1); /* the disk takes nothing */
    unsigned n = 0;
    for (unsigned turns = 0; vdr_engine_room(w->engine) != 0; turns++) {
        size_t room = vdr_engine_room(w->engine);
        for (size_t i = 0; i < room && vdr_engine_room(w->engine) != 0; i++)
            assert_int_equal(submit_text(w, n++, "no event"), VDR_OK);
        assert_int_equal(submit_event(w, turns),
                         turns < 3 && vdr_engine_room(w->engine) ? VDR_OK : VDR_E_BUSY);
        assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
        assert_true(turns < 10);
    }
    assert_true(n >= 4096);
    vdr_memory_capacity_set(w->memory, 0);
    assert_true(world_settle(w));
    assert_true(vdr_engine_room(w->engine) != 0);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_refused_and_everything_else_goes_on),
        cmocka_unit_test(a_group_without_room_waits_and_is_not_lost),
        cmocka_unit_test(a_stop_without_room_confirms_nothing_of_the_rest),
        cmocka_unit_test(too_much_in_flight_is_seen_by_the_caller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
