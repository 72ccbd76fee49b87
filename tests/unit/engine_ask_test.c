/* What is asked of a running engine: trials and explanations, of now, of later and of the past. */
#include "broker/core/trial.h"
#include "broker/history/past.h"
#include "proto/bytes.h"
#include "tests/unit/engine_fixture.h"

#include <sys/eventfd.h>
#include <unistd.h>

/* ---- trials */

static size_t
render(const vdr_decision *decision, char *text, size_t used, size_t size)
{
    used += vdr_decision_line(decision, text + used, size - used);
    assert_true(used + 2 < size);
    text[used++] = '\n';
    text[used] = '\0';
    return used;
}

static void
try_text(world *w, const char *event, char *text, size_t size)
{
    const vdr_wire_line *lines;
    const char *words;
    size_t count, used = 0;
    vdr_arena arena;
    vdr_arena_init(&arena, 8u << 20);
    text[0] = '\0';
    assert_int_equal(vdr_engine_try(w->engine, vdr_span_str(event), &arena, false, &lines, &count, &words),
                     VDR_OK);
    for (size_t i = 0; i < count; i++)
        used = render(&lines[i].decision, text, used, size);
    vdr_arena_done(&arena);
}

/* What the next groups tell, refused lines too. */
static void
told_text(world *w, char *text, size_t size)
{
    const vdr_group *group;
    size_t used = 0;
    vdr_arena arena;
    vdr_arena_init(&arena, 8u << 20);
    text[0] = '\0';
    assert_int_equal(vdr_engine_turn(w->engine), VDR_OK);
    while (vdr_engine_collect(w->engine, &group)) {
        for (size_t i = 0; i < group->told_count; i++) {
            uint32_t offset = 0;
            vdr_effect effect;
            vdr_decision decision;
            while (vdr_effect_next(group->told[i].tale, &offset, &effect) == VDR_OK) {
                assert_int_equal(vdr_core_decision(vdr_engine_core(w->engine), &effect, &arena, &decision),
                                 VDR_OK);
                used = render(&decision, text, used, size);
            }
        }
        vdr_engine_release(w->engine, group);
    }
    vdr_arena_done(&arena);
}

static void
what_is_tried_is_what_is_told_then(void **unused)
{
    (void)unused;
    static char tried[1 << 16], told[1 << 16];
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    unsigned more = 0;
    told_text(w, told, sizeof told);
    for (unsigned n = 0; n < 400; n++) {
        char event[1024];
        (void)event_of(n % 13 == 12 ? n - 5 : n, event, sizeof event); /* now and then one that was sent */
        if (n % 29 == 28)
            (void)snprintf(event, sizeof event, "{\"id\":\"broken-%u\"", n);
        uint64_t hash = vdr_engine_state_hash(w->engine);
        try_text(w, event, tried, sizeof tried);
        assert_true(vdr_engine_state_hash(w->engine) == hash);
        assert_int_equal(submit_text(w, n, event), VDR_OK);
        told_text(w, told, sizeof told);
        assert_string_equal(tried, told);
        more += strchr(told, '\n') != strrchr(told, '\n');
    }
    assert_true(more > 20); /* cases and messages, not only verdicts */
    world_stop(w, false);
    w->engine = NULL;
    world_free(w);
}

/* ---- explanations */

/* As it would be sent, without the number of the request. */
static void
encode(const vdr_wire_answer *answer, vdr_bytes *ret_bytes)
{
    vdr_wire wire = {.type = VDR_FRAME_ANSWER, .answer = *answer};
    vdr_arena arena;
    vdr_arena_init(&arena, 64u << 20);
    wire.answer.request = 0;
    wire.answer.position = wire.answer.explanation != NULL ? wire.answer.explanation->position : 0;
    ret_bytes->len = 0;
    assert_int_equal(vdr_codec_encode(&wire, 1, VDR_ADMIN_FRAME_MAX, &arena, ret_bytes), VDR_OK);
    vdr_arena_done(&arena);
}

static vdr_err
explain(world *w, uint64_t household, vdr_ms at, vdr_bytes *ret_bytes)
{
    vdr_explain_ask ask = {.household = {household}};
    vdr_explanation told;
    const char *words;
    vdr_arena arena;
    vdr_arena_init(&arena, 8u << 20);
    uint64_t hash = vdr_engine_state_hash(w->engine);
    vdr_err err = vdr_engine_explain(w->engine, &ask, at, &arena, &told, &words);
    assert_true(vdr_engine_state_hash(w->engine) == hash);
    if (err == VDR_OK) {
        vdr_wire_answer answer = {.explanation = &told, .at_ms = told.at_ms};
        encode(&answer, ret_bytes);
    }
    vdr_arena_done(&arena);
    return err;
}

static vdr_err
explain_past(vdr_past *past, int fd, uint64_t household, vdr_ms at, vdr_bytes *ret_bytes)
{
    vdr_wire_read asked = {.request = 9, .query = VDR_QUERY_EXPLAIN, .household = {household}, .at_ms = at};
    vdr_past_answer told;
    vdr_err err;
    assert_int_equal(vdr_past_ask(past, 5, &asked, UINT64_MAX),
                     VDR_OK); /* also while it gives back the last */
    while (!vdr_past_collect(past, &told)) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_int_equal(vdr_past_ask(past, 5, &asked, UINT64_MAX), VDR_E_BUSY);
        (void)poll(&wait, 1, -1);
    }
    uint64_t woken;
    assert_int_equal(read(fd, &woken, sizeof woken), sizeof woken);
    assert_int_equal(told.session, 5);
    assert_int_equal(told.answer.request, 9);
    err = told.answer.error;
    if (err == VDR_OK)
        encode(&told.answer, ret_bytes);
    vdr_past_let_go(past);
    return err;
}

/* Explained then, and explained afterwards of then: byte for byte the same. */
static void
the_past_is_explained_as_it_was(void **unused)
{
    (void)unused;
    enum { TIMES = 6 };
    vdr_bytes then[TIMES] = {0}, now = {0};
    vdr_ms at[TIMES];
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    unsigned n = 0;
    for (unsigned i = 0; i < TIMES; i++) {
        submit_events(w, n, n + 97);
        n += 97;
        assert_true(world_settle(w));
        at[i] = vdr_core_now(vdr_engine_core(w->engine));
        assert_int_equal(explain(w, i + 1, 0, &then[i]), VDR_OK);
    }
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    vdr_past *past = vdr_past_new(w->log, fd);
    for (unsigned i = 0; i < TIMES; i++) {
        assert_int_equal(explain_past(past, fd, i + 1, at[i], &now), VDR_OK);
        assert_int_equal(now.len, then[i].len);
        assert_memory_equal(now.at, then[i].at, now.len);
        vdr_bytes_done(&then[i]);
    }
    assert_int_equal(explain_past(past, fd, 1, T0 - 1, &now), VDR_E_NOT_FOUND);
    assert_int_equal(explain_past(past, fd, 10000, at[0], &now), VDR_E_NOT_FOUND);
    vdr_past_free(&past);
    vdr_bytes_done(&now);
    (void)close(fd);
    world_stop(w, false);
    w->engine = NULL;
    world_free(w);
}

/* What is asked of later is what is there when it is later. */
static void
the_future_is_as_if_nothing_came(void **unused)
{
    (void)unused;
    vdr_bytes before = {0}, after = {0};
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    submit_events(w, 0, 60);
    assert_true(world_settle(w));
    vdr_ms later = vdr_core_now(vdr_engine_core(w->engine)) + 3 * 3600000;
    assert_int_equal(explain(w, 2, later, &before), VDR_OK);
    assert_int_equal(vdr_engine_submit_advance(w->engine, (vdr_ticket){1, 99}, later), VDR_OK);
    assert_true(world_settle(w));
    assert_int_equal(explain(w, 2, 0, &after), VDR_OK);
    assert_true(before.len != 0 && after.len != 0);
    /* All but the position: time that really passed is a record. */
    vdr_arena arena;
    vdr_wire one, other;
    vdr_frame frames[2];
    vdr_arena_init(&arena, 64u << 20);
    assert_int_equal(vdr_frame_parse(vdr_bytes_span(&before), VDR_ADMIN_FRAME_MAX, &frames[0]), VDR_OK);
    assert_int_equal(vdr_frame_parse(vdr_bytes_span(&after), VDR_ADMIN_FRAME_MAX, &frames[1]), VDR_OK);
    assert_int_equal(vdr_codec_decode(&frames[0], VDR_ADMIN_FRAME_MAX, &arena, &one), VDR_OK);
    assert_int_equal(vdr_codec_decode(&frames[1], VDR_ADMIN_FRAME_MAX, &arena, &other), VDR_OK);
    vdr_explanation same = *one.answer.explanation;
    same.position = other.answer.explanation->position;
    one.answer.explanation = &same;
    encode(&one.answer, &before);
    encode(&other.answer, &after);
    assert_int_equal(before.len, after.len);
    assert_memory_equal(before.at, after.at, after.len);
    vdr_arena_done(&arena);
    vdr_bytes_done(&before);
    vdr_bytes_done(&after);
    world_stop(w, false);
    w->engine = NULL;
    world_free(w);
}

static void
a_log_that_was_cut_and_too_large_a_past_are_said(void **unused)
{
    (void)unused;
    vdr_bytes none = {0};
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    submit_events(w, 0, 9000);
    assert_true(world_settle(w));
    vdr_ms at = vdr_core_now(vdr_engine_core(w->engine));
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    vdr_past *past = vdr_past_new(w->log, fd);
    vdr_wire_read asked = {.request = 1, .query = VDR_QUERY_EXPLAIN, .household = {1}, .at_ms = at};
    vdr_past_answer told;
    struct pollfd wait = {.fd = fd, .events = POLLIN};
    assert_int_equal(vdr_past_ask(past, 1, &asked, 1), VDR_OK); /* one byte */
    while (!vdr_past_collect(past, &told))
        (void)poll(&wait, 1, -1);
    assert_int_equal(told.answer.error, VDR_E_TOO_BIG);
    vdr_past_let_go(past);
    assert_int_equal(vdr_past_ask(past, 1, &asked, UINT64_MAX), VDR_OK);
    vdr_past_free(&past); /* in the middle of its work, or before it */
    past = vdr_past_new(w->log, fd);
    vdr_past_free(&past);
    size_t removed;
    assert_int_equal(vdr_log_cut(w->log, 100, 100, &removed), VDR_OK);
    assert_true(removed > 0);
    past = vdr_past_new(w->log, fd);
    assert_int_equal(explain_past(past, fd, 1, at, &none), VDR_E_NOT_FOUND);
    vdr_past_free(&past);
    (void)close(fd);
    world_stop(w, false);
    w->engine = NULL;
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_tried_is_what_is_told_then),
        cmocka_unit_test(the_past_is_explained_as_it_was),
        cmocka_unit_test(the_future_is_as_if_nothing_came),
        cmocka_unit_test(a_log_that_was_cut_and_too_large_a_past_are_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
