/* What somebody was shown is in the log, word for word, before its ticket comes back; it changes no decision; and it
 * is there after a crash. */
#include "broker/record/record.h"
#include "tests/typed_law.h"
#include "tests/unit/engine_fixture.h"

static const vdr_command_seen seen[] = {
    {VDR_SEEN_CASE, VDR_SEEN_FACTS | VDR_SEEN_PLAN, {3}, {1}, 0},
    {VDR_SEEN_SIGNAL, VDR_SEEN_FACTS | VDR_SEEN_CONTENT, {3}, {1}, 4},
};

static vdr_command
view_of(const char *reason)
{
    return (vdr_command){.kind = VDR_COMMAND_VIEW,
                         .sender_kind = VDR_PARTY_REGISSEUR,
                         .sender_id = vdr_span_str("r-anna"),
                         .query = VDR_QUERY_CASE,
                         .reason = vdr_span_str(reason),
                         .traceparent =
                             vdr_span_str("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
                         .seen = seen,
                         .seen_count = 2};
}

/* The VIEW at a position is this one. */
static void
is_there(world *w, vdr_position position, const vdr_command *wanted)
{
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 16);
    vdr_log_reader *reader;
    vdr_log_record record;
    vdr_command found, expected = *wanted;
    assert_int_equal(vdr_log_reader_open(w->log, &reader), VDR_OK);
    assert_int_equal(vdr_log_read(reader, position, &record), VDR_OK);
    assert_int_equal(vdr_command_read(record.routing, &arena, &found), VDR_OK);
    assert_int_equal(record.content.len, 0);
    expected.at = found.at;
    const char *difference = law_command_difference(&expected, &found);
    if (difference != NULL)
        fail_msg("%s", difference);
    vdr_log_reader_close(&reader);
    vdr_arena_done(&arena);
}

static void
a_view_is_durable_before_its_ticket_comes_back(void **unused)
{
    (void)unused;
    world *w = world_new(VDR_CLOCK_EVENT, false);
    world_start(w);
    submit_events(w, 0, 40);
    assert_true(world_settle(w));
    char *before = world_decisions(w);
    uint64_t mails = w->mails;
    vdr_command view = view_of(NULL);
    size_t results = w->result_count;
    assert_int_equal(vdr_engine_submit_view(w->engine, (vdr_ticket){.session = 7, .seq = 9}, &view), VDR_OK);
    assert_int_equal(w->result_count, results);
    assert_true(world_settle(w));
    assert_int_equal(w->result_count, results + 1);
    const vdr_result *result = &w->results[results];
    assert_int_equal(result->verdict, VDR_E_ACCEPTED);
    assert_int_equal(result->ticket.session, 7);
    assert_true(result->position != 0 && result->position == w->spoken);
    is_there(w, result->position, &view);
    assert_int_equal(w->mails, mails);
    char *after = world_decisions(w);
    assert_string_equal(before, after);
    free(before);
    free(after);
    vdr_position position = result->position;
    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    world_start(w);
    assert_true(vdr_engine_state_hash(w->engine) == hash);
    is_there(w, position, &view);
    world_free(w);
}

static void
a_broken_glass_is_told_to_the_privacy_officers_in_the_same_record(void **unused)
{
    (void)unused;
    char town[8192];
    world *w = world_new(VDR_CLOCK_EVENT, false);
    (void)snprintf(town, sizeof town, "%sprivacy_officers: [p-els, p-mia]\n", town_text);
    vdr_config_texts texts = texts_of(town, catalogue_text, rules_text);
    assert_int_equal(world_try_start(w, &texts), VDR_OK);
    submit_events(w, 0, 40);
    assert_true(world_settle(w));
    uint64_t mails = w->mails;
    vdr_command view = view_of("a neighbour called");
    assert_int_equal(vdr_engine_submit_view(w->engine, (vdr_ticket){.session = 7, .seq = 9}, &view), VDR_OK);
    assert_true(world_settle(w));
    is_there(w, w->spoken, &view);
    assert_int_equal(w->mails - mails, 2);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_view_is_durable_before_its_ticket_comes_back),
        cmocka_unit_test(a_broken_glass_is_told_to_the_privacy_officers_in_the_same_record),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
