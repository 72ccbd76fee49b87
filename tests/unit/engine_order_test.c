/* Goal: results come in the order of submitting, each once, and nothing is spoken of before it is durable,
 * not as duplicate either; a failed write ends everything. */
#include "engine_fixture.h"

static void
results_come_in_order_and_each_once(void **state)
{
    static const struct {
        const char *name;
        bool threads;
    } rows[] = {{"without threads", false}, {"with threads", true}};
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        world *w = world_new(VDR_CLOCK_EVENT, rows[r].threads);
        world_start(w);
        unsigned n = 0;
        while (n < 5000) {
            for (unsigned i = 0; i < 37 && n < 5000 && vdr_engine_room(w->engine) > 0; i++, n++)
                assert_int_equal(submit_event(w, n), VDR_OK);
            assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
            world_collect(w);
        }
        assert_true(world_settle(w));
        if (w->result_count != 5000)
            fail_msg("%s: %zu results", rows[r].name, w->result_count);
        vdr_position last = 0;
        for (size_t i = 0; i < w->result_count; i++) {
            const vdr_result *result = &w->results[i];
            assert_int_equal(result->ticket.seq, i);
            vdr_err wanted = i % 17 == 16 ? VDR_E_TYPE_NOT_ALLOWED : VDR_E_ACCEPTED;
            if (result->verdict != wanted)
                fail_msg("%s: event %zu: %s", rows[r].name, i, vdr_err_code(result->verdict));
            if (result->verdict != VDR_E_ACCEPTED)
                continue;
            assert_true(result->position > last);
            assert_int_equal(result->at, T0 + (int64_t)i * 60000);
            last = result->position;
        }
        assert_null(vdr_engine_check(w->engine));
        world_free(w);
    }
}

static void
nothing_is_spoken_before_it_is_durable(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    vdr_position before = vdr_engine_durable(w->engine);
    vdr_memory_fault_set(w->memory, VDR_MEMORY_LOG, 0, VDR_MEMORY_FULL); /* the next append finds no room */
    submit_events(w, 0, 1);
    assert_int_equal(vdr_engine_submit_barrier(w->engine, (vdr_ticket){.seq = 100}), VDR_OK);
    world_collect(w);
    assert_int_equal(w->result_count, 0);
    (void)submit_event(w, 0); /* known already, but not durable */
    assert_int_equal(submit_text(w, 101, "no event"), VDR_OK);
    world_collect(w);
    assert_int_equal(w->result_count, 0);
    assert_int_equal(vdr_engine_durable(w->engine), before);

    assert_true(world_settle(w)); /* and now there is room */
    assert_int_equal(w->result_count, 4);
    assert_int_equal(w->results[0].verdict, VDR_E_ACCEPTED);
    assert_int_equal(w->results[0].position, before + 1);
    assert_int_equal(w->results[1].ticket.seq, 100);
    assert_int_equal(w->results[1].verdict, VDR_E_ACCEPTED);
    assert_int_equal(w->results[2].verdict, VDR_E_DUPLICATE);
    assert_int_equal(w->results[2].first, before + 1);
    assert_int_equal(w->results[3].verdict, VDR_E_MALFORMED);
    world_free(w);
}

static void
results_without_records_still_wait_their_turn(void **state)
{
    (void)state;
    world *w = world_new(VDR_CLOCK_VIRTUAL, false);
    world_start(w);
    vdr_memory_fault_set(w->memory, VDR_MEMORY_LOG, 0, VDR_MEMORY_FULL);
    submit_events(w, 0, 1);
    assert_int_equal(vdr_engine_turn(w->engine), VDR_OK); /* that group is on its way, and finds room again */
    world_collect(w);
    assert_int_equal(w->result_count, 1);

    vdr_memory_capacity_set(w->memory, 1); /* no room until it is taken back */
    vdr_clock_move(&w->clock, 60000, 60000000);
    submit_events(w, 1, 2);
    assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
    assert_int_equal(submit_text(w, 7, "no event"), VDR_OK);
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
        world_collect(w);
    }
    assert_int_equal(w->result_count, 1);
    vdr_memory_capacity_set(w->memory, 0);
    assert_true(world_settle(w));
    assert_int_equal(w->result_count, 3);
    assert_int_equal(w->results[1].ticket.seq, 1);
    assert_int_equal(w->results[2].ticket.seq, 7);
    world_free(w);
}

/* While one group syncs the next is stepped: a group that has enough does not wait until the turn's end, nor until it is
 * full. Where the disk takes nothing, two are handed over and the third fills up. */
static void
a_group_that_has_enough_goes_at_once(void **state)
{
    (void)state;
    const unsigned good = VDR_GROUP_RECORDS_GOOD, full = VDR_GROUP_RECORDS_MAX;
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    uint64_t before = vdr_engine_taken(w->engine);
    submit_events(w, 0, good - 1);
    world_collect(w);
    assert_int_equal(w->result_count, 0);
    submit_events(w, good - 1, good);
    world_collect(w);
    assert_int_equal(w->result_count, good);

    vdr_memory_capacity_set(w->memory, 1);
    unsigned n = good;
    while (vdr_engine_room(w->engine) > 0)
        assert_int_equal(submit_event(w, n++), VDR_OK);
    assert_int_equal(n, good + 2 * good + full);
    assert_int_equal(vdr_engine_taken(w->engine), before + n);
    assert_int_equal(submit_event(w, n), VDR_E_BUSY);
    world_collect(w);
    assert_int_equal(w->result_count, good);
    vdr_memory_capacity_set(w->memory, 0);
    assert_true(world_settle(w));
    assert_int_equal(w->result_count, n);
    for (unsigned i = 0; i < n; i++)
        assert_int_equal(w->results[i].ticket.seq, i);
    world_free(w);
}

static void
a_failed_write_ends_everything(void **state)
{
    static const struct {
        const char *name;
        bool threads;
        vdr_memory_fault fault;
    } rows[] = {{"lost", false, VDR_MEMORY_LOST},
                {"kept", false, VDR_MEMORY_KEPT},
                {"lost, with threads", true, VDR_MEMORY_LOST}};
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        world *w = world_new(VDR_CLOCK_EVENT, rows[r].threads);
        world_start(w);
        submit_events(w, 0, 10);
        assert_true(world_settle(w));
        vdr_memory_fault_set(w->memory, VDR_MEMORY_LOG, 0, rows[r].fault);
        submit_events(w, 10, 12);
        if (world_settle(w))
            fail_msg("%s: the engine lives", rows[r].name);
        const char *words = "";
        assert_int_equal(vdr_engine_failed(w->engine, &words), VDR_E_STORE_FAILED);
        assert_true(strlen(words) > 0);
        assert_non_null(strstr(w->notices, "Nothing more is confirmed"));
        assert_int_equal(w->result_count, 10);
        assert_int_equal(submit_event(w, 12), VDR_E_STORE_FAILED);
        assert_int_equal(vdr_engine_room(w->engine), 0);
        assert_int_equal(vdr_engine_turn(w->engine), VDR_E_STORE_FAILED);
        assert_int_equal(vdr_engine_stop(w->engine, true), VDR_E_STORE_FAILED);
        world_crash(w);
        world_start(w); /* verifies, and goes on from what is durable */
        (void)submit_event(w, 10);
        assert_true(world_settle(w));
        assert_int_equal(w->result_count, 11);
        assert_int_equal(w->results[10].verdict,
                         rows[r].fault == VDR_MEMORY_KEPT ? VDR_E_DUPLICATE : VDR_E_ACCEPTED);
        world_free(w);
    }
}

static void
what_is_stepped_at_a_clean_stop_is_there_at_the_next_start(void **state)
{
    (void)state;
    for (unsigned threads = 0; threads < 2; threads++) {
        world *w = world_new(VDR_CLOCK_EVENT, threads != 0);
        world_start(w);
        submit_events(w, 0, 100);
        uint64_t hash = vdr_engine_state_hash(w->engine);
        assert_int_equal(vdr_engine_stop(w->engine, true), VDR_OK);
        world_collect(w); /* what was committed last can still be spoken */
        assert_int_equal(w->result_count, 100);
        assert_int_equal(submit_event(w, 100), VDR_E_CLOSING);
        vdr_engine_close(&w->engine);
        world_store_close(w);
        world_start(w);
        assert_int_equal(vdr_engine_state_hash(w->engine), hash);
        vdr_engine_status status;
        vdr_engine_status_get(w->engine, &status);
        assert_int_equal(status.checkpoint_position, status.stepped);
        world_free(w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(results_come_in_order_and_each_once),
        cmocka_unit_test(nothing_is_spoken_before_it_is_durable),
        cmocka_unit_test(results_without_records_still_wait_their_turn),
        cmocka_unit_test(a_group_that_has_enough_goes_at_once),
        cmocka_unit_test(a_failed_write_ends_everything),
        cmocka_unit_test(what_is_stepped_at_a_clean_stop_is_there_at_the_next_start),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
