/* Goal: the same event is the same in whatever form it comes; whose key sent it counts; a handle stands for its
 * number, also when the signal that names it is not durable yet; of whom nothing may be kept nothing is kept. */
#include "engine_fixture.h"

#include "broker/record/record.h"

static const char town_brp[] =
    "  - {id: woonstad, kind: housing, source: \"urn:a:woonstad\", sees_match: true}\n"
    "  - {id: burgerzaken, kind: brp, source: \"urn:a:brp\"}\n";

static world *
start(void)
{
    world *w = world_new(VDR_CLOCK_EVENT, false);
    char town[sizeof town_text + sizeof town_brp];
    const char *line = strstr(town_text, "  - {id: woonstad");
    const char *after = strchr(line, '\n') + 1;
    (void)snprintf(town, sizeof town, "%.*s%s%s", (int)(line - town_text), town_text, town_brp, after);
    vdr_config_texts texts = texts_of(town, catalogue_text, rules_text);
    if (world_try_start(w, &texts) != VDR_OK)
        fail_msg("%s", w->words);
    return w;
}

static const vdr_result *
last(world *w)
{
    assert_true(world_settle(w));
    assert_true(w->result_count > 0);
    return &w->results[w->result_count - 1];
}

static void
a_typed_item_and_its_json_are_one_event(void **state)
{
    (void)state;
    world *w = start();
    char bsn[10];
    bsn_of(1, bsn);
    vdr_wire_person person = {.bsn = vdr_span_str(bsn), .role = vdr_span_str("youth")};
    vdr_wire_typed typed = {.id = vdr_span_str("t-1"),
                            .source = vdr_span_str("urn:a:school"),
                            .type = vdr_span_str("nl.t.verzuim.v1"),
                            .time = vdr_span_str("2026-03-02T09:00:00Z"),
                            .municipality = vdr_span_str("GM9901"),
                            .persons = &person,
                            .person_count = 1};
    vdr_submission submission = {.ticket = {.seq = 1}, .typed = &typed};
    assert_int_equal(vdr_engine_submit(w->engine, &submission), VDR_OK);
    assert_int_equal(last(w)->verdict, VDR_E_ACCEPTED);
    vdr_position first = last(w)->position;
    char text[512];
    (void)snprintf(
        text, sizeof text,
        "{ \"id\":\"t-1\", \"specversion\":\"1.0\",\"source\":\"urn:a:school\",\"type\":\"nl.t.verzuim.v1\","
        "\"time\":\"2026-03-02T09:00:00Z\",\"data\":{\"persons\":[{\"role\":\"youth\",\"bsn\":\"%s\"}],"
        "\"municipality\":\"GM9901\"}}",
        bsn);
    assert_int_equal(submit_text(w, 2, text), VDR_OK);
    assert_int_equal(last(w)->verdict, VDR_E_DUPLICATE);
    assert_int_equal(last(w)->first, first);
    typed.severity = 3;
    assert_int_equal(vdr_engine_submit(w->engine, &submission), VDR_OK);
    assert_int_equal(last(w)->verdict, VDR_E_ID_REUSED);

    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    assert_int_equal(world_try_start(w, NULL), VDR_OK);
    assert_int_equal(vdr_engine_state_hash(w->engine), hash);
    vdr_log_record record;
    vdr_arena arena;
    vdr_span json;
    vdr_arena_init(&arena, 1 << 20);
    assert_int_equal(vdr_engine_record(w->engine, first, &record), VDR_OK);
    assert_int_equal(vdr_content_json(record.content, &arena, &json), VDR_OK);
    char *whole = calloc(1, json.len + 1);
    assert_non_null(whole);
    memcpy(whole, json.at, json.len);
    assert_int_equal(submit_text(w, 3, whole), VDR_OK);
    assert_int_equal(last(w)->verdict, VDR_E_DUPLICATE);
    free(whole);
    vdr_arena_done(&arena);
    vdr_engine_record_done(w->engine);
    world_free(w);
}

static void
a_source_counts_only_under_its_own_key(void **state)
{
    static const struct {
        const char *name;
        vdr_party_kind kind;
        const char *id;
        vdr_err verdict;
    } rows[] = {
        {"its own agency", VDR_PARTY_AGENCY, "school", VDR_E_ACCEPTED},
        {"another agency", VDR_PARTY_AGENCY, "politie", VDR_E_UNKNOWN_SOURCE},
        {"a regisseur of that name", VDR_PARTY_REGISSEUR, "school", VDR_E_UNKNOWN_SOURCE},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        world *w = start();
        char text[1024];
        (void)event_of(0, text, sizeof text);
        vdr_submission submission = {
            .json = vdr_span_str(text), .sender_kind = rows[i].kind, .sender_id = vdr_span_str(rows[i].id)};
        assert_int_equal(vdr_engine_submit(w->engine, &submission), VDR_OK);
        if (last(w)->verdict != rows[i].verdict)
            fail_msg("%s: %s", rows[i].name, vdr_err_code(last(w)->verdict));
        world_free(w);
    }
}

/* The handle of the only person of household 1. */
static void
handle_of_person(world *w, char ret_handle[35])
{
    vdr_at at, cursor = {0};
    vdr_household_view view;
    vdr_key16 key;
    vdr_position position;
    const vdr_core *core = vdr_engine_core(w->engine);
    assert_true(vdr_view_household(core, (vdr_household_id){1}, &at, &view));
    assert_true(vdr_view_household_member(core, at, false, &cursor, &key, &position));
    memcpy(ret_handle, "p-", 2);
    for (size_t i = 0; i < 16; i++)
        (void)snprintf(ret_handle + 2 + 2 * i, 3, "%02x", key.bytes[i]);
}

static void
a_handle_stands_for_its_number(void **state)
{
    (void)state;
    for (unsigned durable = 0; durable < 2; durable++) {
        world *w = start();
        submit_events(w, 0, 1);
        if (durable)
            assert_true(world_settle(w));
        char handle[35], bsn[10], text[2][512];
        handle_of_person(w, handle);
        bsn_of(0, bsn);
        const char *names[] = {handle, bsn};
        for (unsigned i = 0; i < 2; i++)
            (void)snprintf(
                text[i], sizeof text[i],
                "{\"specversion\":\"1.0\",\"id\":\"x\",\"source\":\"urn:voordeur:coordinator:c-piet\","
                "\"type\":\"nl.voordeur.household_split.v1\",\"time\":\"2026-03-02T09:00:00Z\",\"data\":"
                "{\"municipality\":\"GM9901\",\"household\":\"H1\",\"persons\":[\"%s\"]}}",
                names[i]);
        assert_int_equal(submit_text(w, 1, text[0]), VDR_OK);
        assert_int_equal(submit_text(w, 2, text[1]), VDR_OK); /* the same event, said with the number */
        assert_int_equal(last(w)->verdict, VDR_E_DUPLICATE);
        const vdr_result *split = last(w) - 1;
        assert_int_equal(split->verdict, VDR_E_ACCEPTED);
        vdr_log_record record;
        vdr_event_content event;
        vdr_arena arena;
        vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES);
        assert_int_equal(vdr_engine_record(w->engine, split->position, &record), VDR_OK);
        assert_int_equal(vdr_content_event(record.content, &arena, &event), VDR_OK);
        assert_int_equal(event.person_count, 1);
        assert_true(vdr_span_equal(event.persons[0].bsn, vdr_span_str(bsn)));
        vdr_arena_done(&arena);
        vdr_engine_record_done(w->engine);

        static const char *const bad[] = {"p-00000000000000000000000000000000", "p-0000", "a-",
                                          "p-0000000000000000000000000000000G"};
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            char line[512];
            (void)snprintf(
                line, sizeof line,
                "{\"specversion\":\"1.0\",\"id\":\"b-%zu\",\"source\":\"urn:voordeur:coordinator:c-piet\","
                "\"type\":\"nl.voordeur.household_split.v1\",\"time\":\"2026-03-02T09:00:00Z\",\"data\":"
                "{\"municipality\":\"GM9901\",\"household\":\"H1\",\"persons\":[\"%s\"]}}",
                i, bad[i]);
            assert_int_equal(submit_text(w, 3, line), VDR_OK);
            if (last(w)->verdict != VDR_E_BAD_BSN && last(w)->verdict != VDR_E_WRONG_STATE)
                fail_msg("%s: %s", bad[i], vdr_err_code(last(w)->verdict));
        }
        world_free(w);
    }
}

static void
nothing_is_kept_of_a_move_of_nobody(void **state)
{
    (void)state;
    world *w = start();
    submit_events(w, 0, 3);
    char bsn[10], text[512];
    bsn_of(900, bsn); /* nobody knows this one */
    (void)snprintf(text, sizeof text,
                   "{\"specversion\":\"1.0\",\"id\":\"m-1\",\"source\":\"urn:a:brp\","
                   "\"type\":\"nl.voordeur.person_moved.v1\",\"time\":\"2026-03-02T09:00:00Z\",\"data\":"
                   "{\"municipality\":\"GM9901\",\"bsn\":\"%s\",\"to\":\"9901200000000001\"}}",
                   bsn);
    assert_int_equal(submit_text(w, 1, text), VDR_OK);
    assert_int_equal(last(w)->verdict, VDR_E_ACCEPTED);
    vdr_position position = last(w)->position;
    vdr_log_record record;
    vdr_command command;
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 20);
    assert_int_equal(vdr_engine_record(w->engine, position, &record), VDR_OK);
    assert_int_equal(record.content.len, 0);
    assert_int_equal(vdr_command_read(record.routing, &arena, &command), VDR_OK);
    assert_int_equal(command.person_count, 0);
    assert_int_equal(command.address_count, 0);
    vdr_arena_done(&arena);
    vdr_engine_record_done(w->engine);

    uint64_t hash = vdr_engine_state_hash(w->engine);
    world_crash(w);
    assert_int_equal(world_try_start(w, NULL), VDR_OK);
    assert_int_equal(vdr_engine_state_hash(w->engine), hash);
    assert_int_equal(submit_text(w, 2, text), VDR_OK); /* its id and digest are */
    assert_int_equal(last(w)->verdict, VDR_E_DUPLICATE);
    assert_int_equal(last(w)->first, position);
    world_free(w);
}

static void
a_stale_revision_is_refused_without_a_trace(void **state)
{
    (void)state;
    world *w = start();
    submit_events(w, 0, 5); /* a case, with a signal attached after the offer */
    assert_true(world_settle(w));
    vdr_at at;
    vdr_case_view view;
    assert_true(vdr_view_case(vdr_engine_core(w->engine), (vdr_case_id){1}, &at, &view));
    vdr_position before = vdr_engine_durable(w->engine);
    char text[512];
    (void)snprintf(
        text, sizeof text,
        "{\"specversion\":\"1.0\",\"id\":\"a-1\",\"source\":\"urn:voordeur:regisseur:%.*s\",\"type\":"
        "\"nl.voordeur.case_accepted.v1\",\"time\":\"2026-03-02T09:04:00Z\",\"data\":"
        "{\"municipality\":\"GM9901\",\"case\":\"C1\"}}",
        (int)view.regisseur.len, (const char *)view.regisseur.at);
    vdr_submission submission = {
        .json = vdr_span_str(text), .revision_checked = true, .revision = view.revision - 1};
    assert_int_equal(vdr_engine_submit(w->engine, &submission), VDR_OK);
    assert_int_equal(last(w)->verdict, VDR_E_STALE_REVISION);
    vdr_position after = vdr_engine_durable(w->engine);
    assert_int_equal(after, before + 1); /* on an event clock the bare tick of every refused line */
    submission.revision++;
    assert_int_equal(vdr_engine_submit(w->engine, &submission), VDR_OK);
    assert_int_equal(last(w)->verdict, VDR_E_ACCEPTED);
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_typed_item_and_its_json_are_one_event),
        cmocka_unit_test(a_source_counts_only_under_its_own_key),
        cmocka_unit_test(a_handle_stands_for_its_number),
        cmocka_unit_test(nothing_is_kept_of_a_move_of_nobody),
        cmocka_unit_test(a_stale_revision_is_refused_without_a_trace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
