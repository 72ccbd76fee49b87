/* Goal: what is written of a command is read as the same command; bytes that rotted are found or at least
 * read within bounds; contents give back what was put in. */
#include "broker/record/record.h"
#include "tests/typed_law.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint8_t key[32] = {9};
static const vdr_event_options plain;
static vdr_door *door, *changing;
static vdr_arena arena;

static int
set_up(void **state)
{
    (void)state;
    static const uint8_t next[32] = {10};
    door = vdr_door_new(key);
    changing = vdr_door_new_of(&(vdr_door_keys){.key = next, .before = key});
    vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES * 4);
    return 0;
}

static int
tear_down(void **state)
{
    (void)state;
    vdr_door_free(&door);
    vdr_door_free(&changing);
    vdr_arena_done(&arena);
    return 0;
}

#define EVENT(t, d)                                                                                          \
    "{\"specversion\":\"1.0\",\"id\":\"s-1\",\"source\":\"urn:a\",\"type\":\"" t                             \
    "\",\"time\":\"2026-03-02T09:00:00Z\",\"data\":{\"municipality\":\"GM9901\"" d "}}"
#define ACT(n, d) EVENT("nl.voordeur." n ".v1", d)

static const char *const events[] = {
    EVENT("nl.x.v1", ""),
    EVENT("nl.x.v1", ",\"occurred_at\":\"2026-03-01T08:30:00.5Z\",\"severity\":-3,\"persons\":[{\"bsn\":"
                     "\"999990342\",\"role\":\"youth\"},{\"bsn\":\"1\"}],\"address\":{\"bag\":"
                     "\"9901200000000001\",\"buurt\":\"x\"},\"act_before\":\"2026-04-01T00:00:00Z\","
                     "\"supersedes\":\"s-0\",\"detail\":\"d\""),
    EVENT("nl.x.v1", ",\"severity\":9007199254740991"),
    "no JSON",
    "{\"id\":\"only\"}",
    "{\"type\":\"nl.voordeur.erased.v1\",\"source\":\"u\",\"time\":\"2026-03-02T09:00:00Z\"}",
    ACT("signal_withdrawn", ",\"signal\":\"s-1\",\"reason\":\"\""),
    ACT("feedback", ",\"signal\":\"s-1\",\"result\":\"\",\"agency\":\"a\""),
    ACT("case_assigned", ",\"case\":\"C18446744073709551615\",\"regisseur\":\"r\""),
    ACT("case_accepted", ",\"case\":\"X\""),
    ACT("plan_set", ",\"case\":\"C1\",\"revision\":7,\"goals\":[]"),
    ACT("household_merged", ",\"into\":\"H1\",\"from\":\"H300\""),
    ACT("household_split", ",\"household\":\"H1\",\"persons\":[\"999990342\"],\"addresses\":["
                           "\"9901200000000001\",\"9901200000000002\"]"),
    ACT("person_moved", ",\"bsn\":\"999990342\",\"to\":\"9901200000000001\""),
    ACT("erased", ",\"household\":\"H9\""),
    ACT("conflict_declared", ",\"regisseur\":\"r\",\"bsn\":\"999990342\""),
    ACT("objected", ",\"signal\":\"s-1\",\"agency\":\"a\",\"reason\":\"r\",\"due\":\"2026-04-01T00:00:00Z\""),
    ACT("objection_decided", ",\"household\":\"H1\",\"decision\":\"upheld\",\"reason\":\"r\""),
    ACT("objection_decided", ",\"household\":\"H1\",\"decision\":\"rejected\",\"reason\":\"r\""),
    ACT("person_erased", ",\"household\":\"H1\",\"bsn\":\"999990342\""),
    ACT("note_sent", ",\"case\":\"C1\",\"agency\":\"a\",\"text\":\"\""),
    ACT("note_sent", ",\"case\":\"C1\",\"service\":\"s\",\"text\":\"t\""),
    ACT("note_answered", ",\"signal\":\"s-1\",\"agency\":\"a\",\"text\":\"t\""),
    ACT("review_set_aside", ",\"household\":\"H1\",\"other\":\"H300\",\"reason\":\"r\""),
    ACT("review_set_aside", ",\"household\":\"H1\",\"other\":\"H2\""),
    ACT("absence_set",
        ",\"regisseur\":\"r\",\"from\":\"2026-04-01T00:00:00Z\",\"to\":\"2026-04-02T00:00:00Z\""),
    ACT("absence_lifted",
        ",\"regisseur\":\"r\",\"from\":\"1970-01-01T00:00:00Z\",\"to\":\"9999-12-31T23:59:59Z\""),
    ACT("absence_set",
        ",\"regisseur\":\"r\",\"from\":\"2026-04-01T00:00:00Z\",\"to\":\"2026-04-01T00:00:00Z\""),
};
#define EVENTS (sizeof events / sizeof events[0])

#define SPAN(text)                                                                                           \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }

/* The commands of the rows, and those that no event makes. */
static vdr_command
command_of(size_t i)
{
    static const vdr_command_ack acks[] = {{1, 1}, {UINT32_MAX, UINT64_MAX}, {7, 0}};
    static const vdr_command_left left[] = {
        {.kind = VDR_LEFT_SIGNAL,
         .reason = VDR_LEFT_BY_ERASURE,
         .number = 12,
         .at = 5,
         .time = 4,
         .id = SPAN("s-1"),
         .source = SPAN("urn:a"),
         .type = SPAN("nl.x.v1"),
         .hash = 0xfedcba98},
        {.kind = VDR_LEFT_CONTENT,
         .reason = VDR_LEFT_BY_ERASURE,
         .number = 12,
         .at = 5,
         .time = 4,
         .id = SPAN("s-1"),
         .source = SPAN("urn:a"),
         .type = SPAN("nl.x.v1"),
         .hash = 1},
        {.kind = VDR_LEFT_CASE, .reason = VDR_LEFT_BY_TERM, .number = 300, .at = 5, .time = 0},
        {.kind = VDR_LEFT_HOUSEHOLD,
         .reason = VDR_LEFT_BY_HOUSEHOLD,
         .number = 7,
         .at = 5,
         .time = VDR_MS_NONE},
    };
    static const vdr_command_seen seen[] = {
        {VDR_SEEN_CASE, VDR_SEEN_FACTS | VDR_SEEN_PLAN, {12}, {7}, 0},
        {VDR_SEEN_SIGNAL, VDR_SEEN_FACTS | VDR_SEEN_CONTENT, {12}, {7}, 123456},
        {VDR_SEEN_HOUSEHOLD, VDR_SEEN_ALL, {UINT64_MAX}, {0}, 0},
    };
    static const vdr_command_pair pairs[] = {{{{1}}, {{2}}, false}, {{{3}}, {{0, 4}}, true}};
    static const vdr_command_rekeyed rekeyed[] = {{VDR_REKEY_SIGNAL, UINT32_MAX, 1, UINT64_MAX},
                                                  {VDR_REKEY_ACT, 0, 7, 8}};
    static const vdr_command others[] = {
        {.kind = VDR_COMMAND_REWRITE, .at = 9, .number = UINT64_C(1) << 40, .until = 8},
        {.kind = VDR_COMMAND_CARRY, .at = 9, .number = UINT64_C(1) << 40, .until = 8},
        {.kind = VDR_COMMAND_REKEY,
         .at = 9,
         .rekey = VDR_REKEY_BEGIN,
         .key_check = {{9, 9}},
         .id_key = {{7}},
         .author = SPAN("kees"),
         .reason = SPAN("it was seen")},
        {.kind = VDR_COMMAND_REKEY,
         .at = 9,
         .rekey = VDR_REKEY_PAIRS,
         .pairs = pairs,
         .pair_count = 2,
         .rekeyed = rekeyed,
         .rekeyed_count = 2},
        {.kind = VDR_COMMAND_REKEY,
         .at = 9,
         .rekey = VDR_REKEY_PAIRS,
         .rekeyed = rekeyed,
         .rekeyed_count = 1},
        {.kind = VDR_COMMAND_REKEY, .at = 9, .rekey = VDR_REKEY_END, .key_check = {{9, 9}}},
        {.kind = VDR_COMMAND_REKEY,
         .at = 9,
         .rekey = VDR_REKEY_FINISH,
         .key_check = {{9}},
         .author = SPAN("mia"),
         .reason = SPAN("it must end")},
        {.kind = VDR_COMMAND_TICK, .at = 1772442000000},
        {.kind = VDR_COMMAND_CONFIG, .at = 0},
        {.kind = VDR_COMMAND_ACKS, .at = VDR_MS_NONE, .acks = acks, .ack_count = 3},
        {.kind = VDR_COMMAND_ACKS, .at = 5},
        {.kind = VDR_COMMAND_TICK, .at = 1772442000000, .timers_max = 256},
        {.kind = VDR_COMMAND_CONFIG, .at = 7, .key_check = {{1, 2, 3}}},
        {.kind = VDR_COMMAND_CONFIG, .at = 5, .author = SPAN("kees"), .reason = SPAN("x"), .alone = true},
        {.kind = VDR_COMMAND_CONFIG, .at = 5, .author = SPAN("mia"), .number = 3, .rollback_of = 2},
        {.kind = VDR_COMMAND_PROPOSE,
         .at = 6,
         .author = SPAN("kees"),
         .reason = SPAN("why not"),
         .proposal = VDR_PROPOSAL_CONFIG,
         .fingerprint = {{1, 2, 3}},
         .rollback_of = 9},
        {.kind = VDR_COMMAND_PROPOSE,
         .at = 6,
         .author = SPAN("kees"),
         .alone = true,
         .proposal = VDR_PROPOSAL_SILENCE,
         .subject = SPAN("school"),
         .until = 1772442000000},
        {.kind = VDR_COMMAND_DECIDE, .at = 7, .decide = VDR_DECIDE_WITHDRAW, .number = 1},
        {.kind = VDR_COMMAND_RESUME, .at = 8, .author = SPAN("mia"), .reason = SPAN("over"), .number = 2},
        {.kind = VDR_COMMAND_ERASURE, .at = 9},
        {.kind = VDR_COMMAND_ERASURE,
         .at = 9,
         .left = left,
         .left_count = 3,
         .through = 8,
         .generation = 2,
         .keys_kept = 200,
         .keys_dropped = 3},
        {.kind = VDR_COMMAND_VIEW,
         .at = 9,
         .sender_kind = VDR_PARTY_REGISSEUR,
         .sender_id = SPAN("anna"),
         .query = 2,
         .traceparent = SPAN("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
         .seen = seen,
         .seen_count = 2},
        {.kind = VDR_COMMAND_VIEW,
         .at = 9,
         .sender_kind = VDR_PARTY_REGISSEUR,
         .sender_id = SPAN("anna"),
         .query = 5,
         .seen = seen,
         .seen_count = 1,
         .cover_ms = 900000},
        {.kind = VDR_COMMAND_VIEW,
         .at = 9,
         .sender_kind = VDR_PARTY_LAST,
         .sender_id = SPAN("rekenkamer"),
         .reason = SPAN("complaint 12"),
         .query = 4,
         .seen = &seen[2],
         .seen_count = 1},
        {.kind = VDR_COMMAND_PROPOSE,
         .at = 6,
         .author = SPAN("kees"),
         .proposal = VDR_PROPOSAL_KEY,
         .party_kind = VDR_PARTY_OPERATOR,
         .subject = SPAN("mia"),
         .public_key = SPAN("0123456789abcdef0123456789abcdef"),
         .until = 1772442000000},
        {.kind = VDR_COMMAND_PROPOSE,
         .at = 6,
         .author = SPAN("kees"),
         .reason = SPAN("a new machine"),
         .alone = true,
         .proposal = VDR_PROPOSAL_KEY,
         .party_kind = VDR_PARTY_AGENCY,
         .subject = SPAN("school"),
         .public_key = SPAN("0123456789abcdef0123456789abcdef"),
         .replaced = SPAN("fedcba9876543210fedcba9876543210"),
         .overlap_ms = 604800000,
         .until = 1772442000000},
        {.kind = VDR_COMMAND_REVOKE,
         .at = 9,
         .author = SPAN("mia"),
         .reason = SPAN("stolen"),
         .party_kind = VDR_PARTY_AGENCY,
         .subject = SPAN("school"),
         .public_key = SPAN("0123456789abcdef0123456789abcdef")},
    };
    if (i >= EVENTS)
        return others[i - EVENTS];
    vdr_command command;
    vdr_event_read(i % 3 == 0 ? changing : door, &plain, vdr_span_str(events[i]), &arena, &command, NULL);
    if (i % 2 != 0) {
        command.sender_kind = VDR_PARTY_COORDINATOR;
        command.sender_id = vdr_span_str("c-piet");
        command.revision_checked = true;
        command.revision_expected = i * 1000;
        command.address_excluded = command.shape == VDR_OK;
    }
    return command;
}
#define COMMANDS (EVENTS + 25)

static void
what_is_written_is_read_as_the_same_command(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMMANDS; i++) {
        uint8_t bytes[4096];
        vdr_command command = command_of(i), again;
        size_t len = vdr_command_write(&command, bytes, sizeof bytes);
        assert_true(len <= sizeof bytes);
        assert_int_equal(vdr_command_write(&command, NULL, 0), len);
        vdr_err err = vdr_command_read(vdr_span_of(bytes, len), &arena, &again);
        if (err != VDR_OK)
            fail_msg("row %zu: %s", i, vdr_err_code(err));
        const char *difference = law_command_difference(&command, &again);
        if (difference != NULL)
            fail_msg("row %zu: %s", i, difference);
        vdr_arena_reset(&arena);
    }
}

static void
cut_or_longer_bytes_are_corrupt(void **state)
{
    (void)state;
    for (size_t i = 0; i < COMMANDS; i++) {
        uint8_t bytes[4096];
        vdr_command command = command_of(i), again;
        size_t len = vdr_command_write(&command, bytes, sizeof bytes - 1);
        for (size_t cut = 0; cut < len; cut++)
            if (vdr_command_read(vdr_span_of(bytes, cut), &arena, &again) != VDR_E_STORE_CORRUPT)
                fail_msg("row %zu cut to %zu of %zu", i, cut, len);
        bytes[len] = 0;
        assert_int_equal(vdr_command_read(vdr_span_of(bytes, len + 1), &arena, &again), VDR_E_STORE_CORRUPT);
        vdr_arena_reset(&arena);
    }
}

static void
rotten_bytes_are_read_within_bounds_and_never_as_two_things(void **state)
{
    (void)state;
    unsigned found = 0, read = 0;
    for (size_t i = 0; i < COMMANDS; i++) {
        uint8_t bytes[4096], rotten[4096], rewritten[4096];
        vdr_command command = command_of(i), again;
        size_t len = vdr_command_write(&command, bytes, sizeof bytes);
        for (size_t bit = 0; bit < len * 8; bit++) {
            memcpy(rotten, bytes, len);
            rotten[bit / 8] ^= (uint8_t)(1 << bit % 8);
            vdr_arena_reset(&arena);
            vdr_err err = vdr_command_read(vdr_span_of(rotten, len), &arena, &again);
            if (err == VDR_OK) {
                assert_int_equal(vdr_command_write(&again, rewritten, sizeof rewritten), len);
                assert_memory_equal(rewritten, rotten, len);
                read++;
            } else {
                assert_true(err == VDR_E_STORE_CORRUPT || (err == VDR_E_STORE_VERSION && bit < 8));
                found++;
            }
        }
        vdr_arena_reset(&arena);
    }
    assert_true(found > 500 && read > 500);
}

static void
a_later_version_is_told_apart_from_rot(void **state)
{
    (void)state;
    static const uint8_t later[] = {VDR_RECORD_VERSION + 1, 3, 0}, none[] = {0, 3, 0};
    vdr_command command;
    assert_int_equal(vdr_command_read(vdr_span_of(later, 3), &arena, &command), VDR_E_STORE_VERSION);
    assert_int_equal(vdr_command_read(vdr_span_of(none, 3), &arena, &command), VDR_E_STORE_CORRUPT);
}

static void
a_content_gives_back_its_event_in_either_form(void **state)
{
    (void)state;
    const vdr_wire_person person = {vdr_span_str("999990342"), vdr_span_str("youth")};
    const vdr_wire_typed typed = {.id = vdr_span_str("s-1"),
                                  .source = vdr_span_str("urn:a"),
                                  .type = vdr_span_str("nl.x.v1"),
                                  .time = vdr_span_str("2026-03-02T09:00:00Z"),
                                  .municipality = vdr_span_str("GM9901"),
                                  .persons = &person,
                                  .person_count = 1,
                                  .detail = vdr_span_str("free")};
    const vdr_wire_item item = {.typed = &typed};
    vdr_bytes bytes = {0};
    vdr_span json, contents[2], text;
    assert_int_equal(vdr_event_render(&typed, &arena, &json), VDR_OK);
    assert_int_equal(vdr_item_encode(&item, &bytes), VDR_OK);
    assert_int_equal(vdr_content_write(VDR_CONTENT_JSON, json, &arena, &contents[0]), VDR_OK);
    assert_int_equal(vdr_content_write(VDR_CONTENT_TYPED, vdr_bytes_span(&bytes), &arena, &contents[1]),
                     VDR_OK);
    for (unsigned i = 0; i < 2; i++) {
        vdr_event_content event;
        assert_int_equal(vdr_content_event(contents[i], &arena, &event), VDR_OK);
        assert_int_equal(event.shape, VDR_OK);
        assert_int_equal(event.person_count, 1);
        assert_true(vdr_span_equal(event.persons[0].bsn, person.bsn));
        assert_true(vdr_span_equal(event.detail, typed.detail));
        assert_int_equal(vdr_content_json(contents[i], &arena, &text), VDR_OK);
        assert_true(vdr_span_equal(text, json));
        vdr_config_texts texts;
        assert_int_equal(vdr_content_read_config(contents[i], &texts), VDR_E_STORE_CORRUPT);
    }
    vdr_bytes_done(&bytes);
}

/* What is asked again of a content, when keys change, is what was asked first: as JSON or typed. */
static void
a_content_gives_the_command_that_its_event_gave(void **state)
{
    (void)state;
    const vdr_wire_person person = {vdr_span_str("999990342"), vdr_span_str("youth")};
    const vdr_wire_typed typed = {.id = vdr_span_str("s-1"),
                                  .source = vdr_span_str("urn:a"),
                                  .type = vdr_span_str("nl.x.v1"),
                                  .time = vdr_span_str("2026-03-02T09:00:00Z"),
                                  .municipality = vdr_span_str("GM9901"),
                                  .persons = &person,
                                  .person_count = 1};
    const vdr_wire_item item = {.typed = &typed};
    vdr_bytes bytes = {0};
    vdr_span json, contents[2];
    vdr_command first, again;
    assert_int_equal(vdr_event_render(&typed, &arena, &json), VDR_OK);
    assert_int_equal(vdr_item_encode(&item, &bytes), VDR_OK);
    assert_int_equal(vdr_content_write(VDR_CONTENT_JSON, json, &arena, &contents[0]), VDR_OK);
    assert_int_equal(vdr_content_write(VDR_CONTENT_TYPED, vdr_bytes_span(&bytes), &arena, &contents[1]),
                     VDR_OK);
    vdr_event_read(door, &plain, json, &arena, &first, NULL);
    assert_int_equal(first.person_count, 1);
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(vdr_content_command(contents[i], door, &arena, &again), VDR_OK);
        const char *difference = law_command_difference(&first, &again);
        if (difference != NULL)
            fail_msg("form %u: %s", i, difference);
        assert_int_equal(vdr_content_command(contents[i], changing, &arena, &again), VDR_OK);
        assert_non_null(law_command_difference(&first, &again)); /* of another key */
    }
    vdr_bytes_done(&bytes);
}

/* Contents that nobody wrote: of a form to come, of none, of another form, or with bytes that are no item. */
static void
a_content_that_rotted_is_told(void **state)
{
    (void)state;
    static const uint8_t json_item[] = {VDR_CONTENT_TYPED, 0x0a, 2, '{', '}'}; /* an item, not a typed one */
    static const uint8_t no_item[] = {VDR_CONTENT_TYPED, 0xff, 0xff};
    static const uint8_t config[] = {VDR_CONTENT_CONFIG, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    static const uint8_t later[] = {VDR_CONTENT_CONFIG + 1, 1}, none[] = {0, 1};
    static const struct {
        const uint8_t *at;
        size_t len;
        vdr_err err;
    } rows[] = {
        {NULL, 0, VDR_E_STORE_CORRUPT},
        {json_item, sizeof json_item, VDR_E_STORE_CORRUPT},
        {no_item, sizeof no_item, VDR_E_STORE_CORRUPT},
        {config, sizeof config, VDR_E_STORE_CORRUPT},
        {later, sizeof later, VDR_E_STORE_VERSION},
        {none, sizeof none, VDR_E_STORE_CORRUPT},
    };
    vdr_command command;
    vdr_event_content event;
    vdr_span json;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_span content = vdr_span_of(rows[i].at, rows[i].len);
        assert_int_equal(vdr_content_command(content, door, &arena, &command), rows[i].err);
        assert_int_equal(vdr_content_event(content, &arena, &event), rows[i].err);
        assert_int_equal(vdr_content_json(content, &arena, &json), rows[i].err);
    }
    /* A member that is there already: refused at the door, so nobody wrote it; it has no JSON. */
    const vdr_wire_member twice = {vdr_span_str("id"), vdr_span_str("\"s-2\"")};
    const vdr_wire_typed typed = {.id = vdr_span_str("s-1"), .members = &twice, .member_count = 1};
    const vdr_wire_item item = {.typed = &typed};
    vdr_bytes bytes = {0};
    vdr_span content;
    assert_int_equal(vdr_item_encode(&item, &bytes), VDR_OK);
    assert_int_equal(vdr_content_write(VDR_CONTENT_TYPED, vdr_bytes_span(&bytes), &arena, &content), VDR_OK);
    assert_int_equal(vdr_content_json(content, &arena, &json), VDR_E_STORE_CORRUPT);
    assert_int_equal(vdr_content_command(content, door, &arena, &command), VDR_OK);
    assert_int_equal(command.shape, VDR_E_MALFORMED);
    vdr_bytes_done(&bytes);
    vdr_config_texts texts;
    assert_int_equal(vdr_content_read_config(vdr_span_of(config, sizeof config), &texts), VDR_OK);
    assert_int_equal(vdr_content_read_config(vdr_span_of(later, sizeof later), &texts), VDR_E_STORE_VERSION);
}

static void
a_configuration_gives_back_its_texts(void **state)
{
    (void)state;
    const vdr_config_texts texts = {.text = {vdr_span_str("a: b\n"), vdr_span_str(""), vdr_span_str("ccc")}};
    vdr_config_texts again;
    vdr_span content;
    vdr_event_content event;
    assert_int_equal(vdr_content_write_config(&texts, &arena, &content), VDR_OK);
    assert_int_equal(vdr_content_read_config(content, &again), VDR_OK);
    for (unsigned i = 0; i < 3; i++)
        assert_true(vdr_span_equal(texts.text[i], again.text[i]));
    for (size_t cut = 1; cut < content.len; cut++)
        assert_int_equal(vdr_content_read_config(vdr_span_of(content.at, cut), &again), VDR_E_STORE_CORRUPT);
    assert_int_equal(vdr_content_event(content, &arena, &event), VDR_E_STORE_CORRUPT);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_is_read_as_the_same_command),
        cmocka_unit_test(cut_or_longer_bytes_are_corrupt),
        cmocka_unit_test(rotten_bytes_are_read_within_bounds_and_never_as_two_things),
        cmocka_unit_test(a_later_version_is_told_apart_from_rot),
        cmocka_unit_test(a_content_gives_back_its_event_in_either_form),
        cmocka_unit_test(a_content_gives_the_command_that_its_event_gave),
        cmocka_unit_test(a_content_that_rotted_is_told),
        cmocka_unit_test(a_configuration_gives_back_its_texts),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
