/* Goal: an event becomes the command that sections 3 and 9 of the semantics say; equal events have equal
 * digests and others have not; a typed item gives what its JSON gives. */
#define _GNU_SOURCE /* memmem */
#include "broker/door/event.h"
#include "broker/door/without.h"
#include "tests/typed_law.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const uint8_t key[32] = {1, 2, 3};
static const vdr_event_options plain;
static vdr_door *door, *changing; /* from that key to another */
static vdr_arena arena;

static int
set_up(void **state)
{
    (void)state;
    static const uint8_t next[32] = {77};
    door = vdr_door_new(key);
    changing = vdr_door_new_changing(door, next);
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

static vdr_command
read_text(const char *json)
{
    vdr_command command;
    vdr_arena_reset(&arena);
    vdr_event_read(door, &plain, vdr_span_str(json), &arena, &command, NULL);
    return command;
}

#define HEAD                                                                                                 \
    "{\"specversion\":\"1.0\",\"id\":\"s-1\",\"source\":\"urn:a\",\"type\":\"nl.x.v1\",\"time\":\"2026-03-"  \
    "02T09:00:00Z\""
#define SIGNAL(d) HEAD ",\"data\":{\"municipality\":\"GM9901\"" d "}}"
#define ACT(n, d)                                                                                            \
    "{\"specversion\":\"1.0\",\"id\":\"c-1\",\"source\":\"urn:a\",\"type\":\"nl.voordeur." n                 \
    ".v1\",\"time\":\"2026-03-02T09:00:00Z\",\"data\":{\"municipality\":\"GM9901\"" d "}}"
#define T0      1772442000000
#define TEXT256 TEXT64 TEXT64 TEXT64 TEXT64
#define TEXT64  "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define GOAL                                                                                                 \
    "{\"domain\":\"d\",\"text\":\"t\",\"owner\":\"o\",\"due\":\"2026-03-02T09:00:00Z\",\"state\":\"s\"}"

static const struct {
    const char *name, *json;
    bool good;
} shapes[] = {
    {"least signal", SIGNAL(""), true},
    {"all of a signal",
     SIGNAL(",\"occurred_at\":\"2026-03-01T08:30:00.5Z\",\"severity\":3,\"persons\":[{\"bsn\":\"999990342\","
            "\"role\":\"youth\"},{\"bsn\":\"\"}],\"address\":{\"bag\":\"9901200000000001\",\"buurt\":\"x\"},"
            "\"act_before\":\"2026-04-01T00:00:00Z\",\"supersedes\":\"s-0\",\"detail\":\"\""),
     true},
    {"further members of the envelope", HEAD ",\"x\":null,\"data\":{\"municipality\":\"\"},\"\":[1.5]}",
     true},
    {"no data", HEAD "}", false},
    {"data is a list", HEAD ",\"data\":[]}", false},
    {"no municipality", HEAD ",\"data\":{}}", false},
    {"municipality is null", HEAD ",\"data\":{\"municipality\":null}}", false},
    {"unknown member of data", SIGNAL(",\"score\":1"), false},
    {"member of an act in a signal", SIGNAL(",\"case\":\"C1\""), false},
    {"severity as text", SIGNAL(",\"severity\":\"3\""), false},
    {"severity with a fraction", SIGNAL(",\"severity\":3.0"), false},
    {"severity with an exponent", SIGNAL(",\"severity\":3e0"), false},
    {"severity out of range is no matter of shape", SIGNAL(",\"severity\":-9007199254740991"), true},
    {"severity of 2^53", SIGNAL(",\"severity\":9007199254740992"), false},
    {"severity null", SIGNAL(",\"severity\":null"), false},
    {"minus zero is an integer", SIGNAL(",\"severity\":-0"), true},
    {"no persons", SIGNAL(",\"persons\":[]"), true},
    {"persons is an object", SIGNAL(",\"persons\":{\"bsn\":\"1\"}"), false},
    {"a person is a text", SIGNAL(",\"persons\":[\"999990342\"]"), false},
    {"a person without a BSN", SIGNAL(",\"persons\":[{\"role\":\"x\"}]"), false},
    {"a BSN that is a number", SIGNAL(",\"persons\":[{\"bsn\":999990342}]"), false},
    {"an empty role", SIGNAL(",\"persons\":[{\"bsn\":\"1\",\"role\":\"\"}]"), false},
    {"a person with more", SIGNAL(",\"persons\":[{\"bsn\":\"1\",\"name\":\"x\"}]"), false},
    {"an empty address", SIGNAL(",\"address\":{}"), true},
    {"an address with more", SIGNAL(",\"address\":{\"street\":\"x\"}"), false},
    {"an address that is a text", SIGNAL(",\"address\":\"9901200000000001\""), false},
    {"bag is null", SIGNAL(",\"address\":{\"bag\":null}"), false},
    {"occurred_at is no instant", SIGNAL(",\"occurred_at\":\"2026-03-01\""), false},
    {"occurred_at with an offset", SIGNAL(",\"occurred_at\":\"2026-03-01T08:30:00+01:00\""), false},
    {"act_before is a number", SIGNAL(",\"act_before\":1"), false},
    {"empty supersedes", SIGNAL(",\"supersedes\":\"\""), false},
    {"supersedes of 256 bytes", SIGNAL(",\"supersedes\":\"" TEXT256 "\""), true},
    {"supersedes of 257 bytes", SIGNAL(",\"supersedes\":\"" TEXT256 "x\""), false},
    {"detail is a number", SIGNAL(",\"detail\":1"), false},
    {"an unknown command is a signal", ACT("case_opened", ",\"persons\":[]"), true},
    {"signal_withdrawn", ACT("signal_withdrawn", ",\"signal\":\"s-1\",\"reason\":\"\""), true},
    {"signal_withdrawn without reason", ACT("signal_withdrawn", ",\"signal\":\"s-1\""), false},
    {"signal_withdrawn of nothing", ACT("signal_withdrawn", ",\"signal\":\"\",\"reason\":\"\""), false},
    {"signal_ended", ACT("signal_ended", ",\"signal\":\"s-1\""), true},
    {"signal_ended at", ACT("signal_ended", ",\"signal\":\"s-1\",\"occurred_at\":\"2026-03-01T00:00:00Z\""),
     true},
    {"signal_ended with more", ACT("signal_ended", ",\"signal\":\"s-1\",\"reason\":\"\""), false},
    {"feedback", ACT("feedback", ",\"signal\":\"s-1\",\"result\":\"ok\",\"agency\":\"a\""), true},
    {"feedback without result", ACT("feedback", ",\"signal\":\"s-1\""), false},
    {"case_accepted", ACT("case_accepted", ",\"case\":\"C1\""), true},
    {"case_accepted with a number", ACT("case_accepted", ",\"case\":1"), false},
    {"case_accepted with a reason", ACT("case_accepted", ",\"case\":\"C1\",\"reason\":\"x\""), false},
    {"case_declined", ACT("case_declined", ",\"case\":\"C1\",\"reason\":\"x\""), true},
    {"case_dismissed", ACT("case_dismissed", ",\"case\":\"C1\",\"reason\":\"x\""), true},
    {"case_assigned", ACT("case_assigned", ",\"case\":\"C1\",\"regisseur\":\"r\""), true},
    {"handover_offered", ACT("handover_offered", ",\"case\":\"C1\",\"to\":\"r\""), true},
    {"handover_offered to nobody", ACT("handover_offered", ",\"case\":\"C1\",\"to\":\"\""), false},
    {"handover_accepted", ACT("handover_accepted", ",\"case\":\"C1\""), true},
    {"case_escalated", ACT("case_escalated", ",\"case\":\"C1\",\"to\":\"\",\"reason\":\"\""), true},
    {"plan_set", ACT("plan_set", ",\"case\":\"C1\",\"revision\":1,\"goals\":[" GOAL "," GOAL "]"), true},
    {"plan_set without goals", ACT("plan_set", ",\"case\":\"C1\",\"revision\":1"), false},
    {"plan_set with no goals", ACT("plan_set", ",\"case\":\"C1\",\"revision\":1,\"goals\":[]"), true},
    {"plan_set with half a revision", ACT("plan_set", ",\"case\":\"C1\",\"revision\":1.5,\"goals\":[]"),
     false},
    {"plan_set with half a goal",
     ACT("plan_set", ",\"case\":\"C1\",\"revision\":1,\"goals\":[{\"domain\":\"d\"}]"), false},
    {"case_closed", ACT("case_closed", ",\"case\":\"C1\",\"outcome\":\"\""), true},
    {"household_merged", ACT("household_merged", ",\"into\":\"H1\",\"from\":\"H2\""), true},
    {"household_split", ACT("household_split", ",\"household\":\"H1\""), true},
    {"household_split of some",
     ACT("household_split", ",\"household\":\"H1\",\"persons\":[\"1\"],\"addresses\":[\"2\",\"3\"]"), true},
    {"household_split with persons as in a signal",
     ACT("household_split", ",\"household\":\"H1\",\"persons\":[{\"bsn\":\"1\"}]"), false},
    {"person_moved", ACT("person_moved", ",\"bsn\":\"999990342\",\"to\":\"\""), true},
    {"person_moved nowhere", ACT("person_moved", ",\"bsn\":\"999990342\""), false},
    {"erased", ACT("erased", ",\"household\":\"H1\""), true},
    {"erased nothing", ACT("erased", ""), false},
};

static void
the_shape_is_that_of_sections_3_and_9(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        vdr_command command = read_text(shapes[i].json);
        if ((command.shape == VDR_OK) != shapes[i].good) {
            print_error("%s: %s\n", shapes[i].name, shapes[i].good ? "refused" : "taken");
            failed++;
        }
    }
    assert_int_equal(failed, 0);
}

/* What a refused line still shows. NULL: nothing. */
static const struct {
    const char *name, *json, *id, *source;
    vdr_ms at;
    vdr_act act;
} refused[] = {
    {"no JSON", HEAD, NULL, NULL, VDR_MS_NONE, VDR_ACT_NONE},
    {"no object", "[\"id\"]", NULL, NULL, VDR_MS_NONE, VDR_ACT_NONE},
    {"a member twice", HEAD ",\"id\":\"s-1\",\"data\":{\"municipality\":\"x\"}}", NULL, NULL, VDR_MS_NONE,
     VDR_ACT_NONE},
    {"all but data", HEAD "}", "s-1", "urn:a", T0, VDR_ACT_NONE},
    {"only an id", "{\"id\":\"x\",\"time\":5}", "x", NULL, VDR_MS_NONE, VDR_ACT_NONE},
    {"an id that is a number", "{\"id\":5,\"source\":\"u\"}", NULL, "u", VDR_MS_NONE, VDR_ACT_NONE},
    {"empty names are no names", "{\"id\":\"\",\"source\":\"\"}", NULL, NULL, VDR_MS_NONE, VDR_ACT_NONE},
    {"a name of 257 bytes is none", "{\"id\":\"x" TEXT256 "\",\"source\":\"" TEXT256 "\"}", NULL, TEXT256,
     VDR_MS_NONE, VDR_ACT_NONE},
    {"an act", "{\"type\":\"nl.voordeur.erased.v1\",\"time\":\"2026-03-02T09:00:00Z\"}", NULL, NULL, T0,
     VDR_ACT_ERASED},
    {"another version", "{\"specversion\":\"0.3\",\"id\":\"a\",\"source\":\"b\"}", "a", "b", VDR_MS_NONE,
     VDR_ACT_NONE},
};

static void
a_refused_line_still_shows_what_could_be_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        vdr_command command = read_text(refused[i].json);
        if (command.shape != VDR_E_MALFORMED || !law_span_same(command.id, vdr_span_str(refused[i].id)) ||
            !law_span_same(command.source, vdr_span_str(refused[i].source)) || command.at != refused[i].at ||
            command.act != refused[i].act)
            fail_msg("%s", refused[i].name);
    }
}

static void
the_values_of_a_signal_are_its_commands(void **state)
{
    (void)state;
    vdr_command c = read_text(
        SIGNAL(",\"occurred_at\":\"2026-03-01T09:00:00Z\",\"severity\":4,\"persons\":[{\"bsn\":\"999990342\","
               "\"role\":\"youth\"},{\"bsn\":\"999900006\"}],\"address\":{\"bag\":\"9901200000000001\","
               "\"buurt\":\"BU9901AZ09\"},\"act_before\":\"2026-03-03T09:00:00Z\",\"supersedes\":\"s-0\","
               "\"detail\":\"free\""));
    assert_int_equal(c.kind, VDR_COMMAND_SIGNAL);
    assert_int_equal(c.shape, VDR_OK);
    assert_int_equal(c.at, T0);
    assert_int_equal(c.time, T0);
    assert_int_equal(c.occurred_at, T0 - 86400000);
    assert_int_equal(c.act_before, T0 + 86400000);
    assert_true(vdr_span_equal(c.municipality, vdr_span_str("GM9901")));
    assert_true(c.has_severity && c.severity == 4);
    assert_int_equal(c.person_count, 2);
    assert_false(c.bsn_bad || c.address_bad || c.address_excluded);
    vdr_key16 first = vdr_door_pseudonym(door, false, vdr_span_str("999990342"));
    assert_true(vdr_key16_equal(&c.persons[0].key, &first));
    assert_false(vdr_key16_equal(&c.persons[0].key, &c.persons[1].key));
    assert_true(vdr_span_equal(c.persons[0].role, vdr_span_str("youth")) && c.persons[1].role.at == NULL);
    vdr_key16 address = vdr_door_pseudonym(door, true, vdr_span_str("9901200000000001"));
    assert_int_equal(c.address_count, 1);
    assert_true(vdr_key16_equal(&c.addresses[0], &address));
    assert_true(vdr_span_equal(c.buurt, vdr_span_str("BU9901AZ09")));
    assert_true(vdr_span_equal(c.signal.id, vdr_span_str("s-0")));
    assert_int_equal(c.signal.hash, vdr_door_id_hash(door, vdr_span_str("s-0")));
    assert_int_equal(c.id_hash, vdr_door_id_hash(door, vdr_span_str("s-1")));

    c = read_text(SIGNAL(",\"address\":{\"buurt\":\"BU99010101\"}"));
    assert_int_equal(c.occurred_at, T0); /* default: time */
    assert_int_equal(c.act_before, VDR_MS_NONE);
    assert_int_equal(c.person_count + c.address_count, 0);
    assert_null(c.signal.id.at);
}

static void
the_values_of_acts_are_their_commands(void **state)
{
    (void)state;
    vdr_command c = read_text(ACT("plan_set", ",\"case\":\"C12\",\"revision\":3,\"goals\":[" GOAL "]"));
    assert_int_equal(c.kind, VDR_COMMAND_ACT);
    assert_int_equal(c.act, VDR_ACT_PLAN_SET);
    assert_int_equal(c.case_id.number, 12);
    assert_int_equal(c.plan_revision, 3);
    c = read_text(ACT("household_split",
                      ",\"household\":\"H7\",\"persons\":[\"999990342\",\"999900006\"],\"addresses\":["
                      "\"9901200000000001\"]"));
    assert_int_equal(c.household.number, 7);
    assert_int_equal(c.person_count, 2);
    assert_int_equal(c.address_count, 1);
    c = read_text(ACT("person_moved", ",\"bsn\":\"999990342\",\"to\":\"9901200000000001\""));
    assert_int_equal(c.person_count, 1);
    assert_int_equal(c.address_count, 1);
    c = read_text(ACT("household_merged", ",\"into\":\"H1\",\"from\":\"H22\""));
    assert_int_equal(c.into.number, 1);
    assert_int_equal(c.from.number, 22);
    c = read_text(ACT("feedback", ",\"signal\":\"s-9\",\"result\":\"\",\"agency\":\"a\""));
    assert_true(c.result.at != NULL && c.result.len == 0);
    assert_true(vdr_span_equal(c.agency, vdr_span_str("a")));
    assert_int_equal(c.signal.hash, vdr_door_id_hash(door, vdr_span_str("s-9")));
    c = read_text(ACT("handover_offered", ",\"case\":\"C1\",\"to\":\"r-bob\""));
    assert_true(vdr_span_equal(c.regisseur, vdr_span_str("r-bob")));
    c = read_text(ACT("case_escalated", ",\"case\":\"C1\",\"to\":\"the mayor\",\"reason\":\"\""));
    assert_null(c.regisseur.at);
}

/* Only "C" and a number names a case; everything else is number 0, which exists never. */
static const struct {
    const char *text;
    uint64_t number;
} names[] = {
    {"C1", 1},  {"C18446744073709551615", UINT64_MAX},
    {"C0", 0},  {"C18446744073709551616", 0},
    {"C01", 0}, {"c1", 0},
    {"H1", 0},  {"C", 0},
    {"C1 ", 0}, {"C-1", 0},
    {"1", 0},   {"C99999999999999999999999", 0},
};

static void
a_case_is_named_by_c_and_a_number(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char json[512];
        snprintf(json, sizeof json, ACT("case_accepted", ",\"case\":\"%s\""), names[i].text);
        vdr_command command = read_text(json);
        assert_int_equal(command.shape, VDR_OK);
        if (command.case_id.number != names[i].number)
            fail_msg("%s", names[i].text);
    }
}

static const struct {
    const char *members;
    bool bsn_bad, address_bad;
} values[] = {
    {",\"persons\":[{\"bsn\":\"999990342\"}]", false, false},
    {",\"persons\":[{\"bsn\":\"999990343\"}]", true, false},
    {",\"persons\":[{\"bsn\":\"999990342\"},{\"bsn\":\"000000000\"}]", true, false},
    {",\"persons\":[{\"bsn\":\"99999034\"}]", true, false},
    {",\"persons\":[{\"bsn\":\"9999903420\"}]", true, false},
    {",\"persons\":[{\"bsn\":\"99999034A\"}]", true, false},
    {",\"persons\":[{\"bsn\":\" 99990342\"}]", true, false},
    {",\"persons\":[{\"bsn\":\"p-00112233445566778899aabbccddeeff\"}]", true, false},
    {",\"address\":{\"bag\":\"9901200000000001\"}", false, false},
    {",\"address\":{\"bag\":\"990120000000000\"}", false, true},
    {",\"address\":{\"bag\":\"990120000000000x\"}", false, true},
    {",\"address\":{\"bag\":\"\"}", false, true},
    {",\"address\":{\"bag\":\"9901200000000001\",\"buurt\":\"BU9901010\"}", false, true},
    {",\"address\":{\"buurt\":\"BU9901010a\"}", false, true},
    {",\"address\":{\"buurt\":\"GM99010101\"}", false, true},
    {",\"address\":{\"buurt\":\"BUZZZZZZZZ\"}", false, false},
    {"", false, false},
};

static void
bad_bsns_and_addresses_are_noted_for_the_core(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        char json[512];
        snprintf(json, sizeof json, SIGNAL("%s"), values[i].members);
        vdr_command command = read_text(json);
        if (command.shape != VDR_OK || command.bsn_bad != values[i].bsn_bad ||
            command.address_bad != values[i].address_bad)
            fail_msg("%s", values[i].members);
    }
}

static void
an_excluded_address_is_known_by_the_configuration_of_the_moment(void **state)
{
    (void)state;
    const vdr_span excluded[] = {vdr_span_str("9901200000000001"), vdr_span_str("9901200000000005"),
                                 vdr_span_str("9901200000000009")};
    const vdr_config config = {.excluded_addresses = {excluded, 3}};
    const vdr_event_options options = {.config = &config};
    for (unsigned i = 0; i < 10; i++) {
        char json[512];
        vdr_command command;
        snprintf(json, sizeof json, SIGNAL(",\"address\":{\"bag\":\"990120000000000%u\"}"), i);
        vdr_event_read(door, &options, vdr_span_str(json), &arena, &command, NULL);
        assert_int_equal(command.address_excluded, i == 1 || i == 5 || i == 9);
    }
}

/* JSON equality (section 3). */
static const struct {
    const char *a, *b;
    bool equal;
} pairs[] = {
    {SIGNAL(""),
     " { \"time\" : \"2026-03-02T09:00:00Z\" , \"type\":\"nl.x.v1\",\"data\":{\"municipality\":"
     "\"GM9901\"},\"source\":\"urn:a\",\"id\":\"s-1\",\"specversion\":\"1.0\"}\r\n",
     true},
    {SIGNAL(",\"detail\":\"\\u00e9/\""), SIGNAL(",\"detail\":\"\xc3\xa9\\/\""), true},
    {SIGNAL(",\"detail\":\"a\""), SIGNAL(",\"detail\":\"b\""), false},
    {SIGNAL(",\"detail\":\"\""), SIGNAL(""), false},
    {SIGNAL(",\"severity\":0"), SIGNAL(",\"severity\":-0"), true},
    {SIGNAL(",\"severity\":1"), SIGNAL(",\"severity\":2"), false},
    {SIGNAL(",\"persons\":[]"), SIGNAL(""), false},
    {SIGNAL(",\"persons\":[{\"bsn\":\"1\"},{\"bsn\":\"2\"}]"),
     SIGNAL(",\"persons\":[{\"bsn\":\"2\"},{\"bsn\":\"1\"}]"), false},
    {SIGNAL("},\"x\":{\"a\":1,\"b\":[1]"), SIGNAL("},\"x\":{\"b\":[1.0],\"a\":1e0"), true},
    {SIGNAL("},\"x\":{\"a\":9007199254740993"), SIGNAL("},\"x\":{\"a\":9007199254740992"), true},
    {SIGNAL("},\"x\":{\"a\":1e400"), SIGNAL("},\"x\":{\"a\":1e500"), true},
    {SIGNAL("},\"x\":{\"a\":1e400"), SIGNAL("},\"x\":{\"a\":-1e400"), false},
    {SIGNAL("},\"x\":{\"a\":0.0"), SIGNAL("},\"x\":{\"a\":-0.0"), true},
    {SIGNAL("},\"x\":{\"a\":0.1"), SIGNAL("},\"x\":{\"a\":0.10000000000000001"), true},
    {SIGNAL("},\"x\":{\"a\":true"), SIGNAL("},\"x\":{\"a\":1"), false},
    {SIGNAL("},\"x\":{\"a\":null"), SIGNAL("},\"x\":{\"a\":false"), false},
    {SIGNAL("},\"x\":{\"a\":[]"), SIGNAL("},\"x\":{\"a\":{}"), false},
    {SIGNAL("},\"x\":{\"a\":[[],[]]"), SIGNAL("},\"x\":{\"a\":[[[]]]"), false},
    {SIGNAL("},\"x\":{\"a\":\"1\""), SIGNAL("},\"x\":{\"a\":1"), false},
    {SIGNAL("},\"x\":{\"ab\":\"c\""), SIGNAL("},\"x\":{\"a\":\"bc\""), false},
    {SIGNAL("},\"x\":{\"a\":1"), SIGNAL("},\"y\":{\"a\":1"), false},
};

static void
equal_events_have_equal_digests_and_others_have_not(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        vdr_command a = read_text(pairs[i].a);
        vdr_command b = read_text(pairs[i].b);
        assert_true(a.shape == VDR_OK && b.shape == VDR_OK);
        if (vdr_key16_equal(&a.digest, &b.digest) != pairs[i].equal)
            fail_msg("row %zu:\n%s\n%s", i, pairs[i].a, pairs[i].b);
    }
}

static void
another_key_makes_other_pseudonyms_digests_and_hashes(void **state)
{
    (void)state;
    static const uint8_t other_key[32] = {1, 2, 4};
    static const char json[] =
        SIGNAL(",\"persons\":[{\"bsn\":\"999990342\"}],\"address\":{\"bag\":\"9901200000000001\"}");
    vdr_door *other = vdr_door_new(other_key), *same = vdr_door_new(key);
    vdr_command a = read_text(json), b, c;
    vdr_event_read(other, &plain, vdr_span_str(json), &arena, &b, NULL);
    vdr_event_read(same, &plain, vdr_span_str(json), &arena, &c, NULL);
    assert_false(vdr_key16_equal(&a.digest, &b.digest) || a.id_hash == b.id_hash);
    assert_false(vdr_key16_equal(&a.persons[0].key, &b.persons[0].key));
    assert_false(vdr_key16_equal(&a.addresses[0], &b.addresses[0]));
    assert_null(law_command_difference(&a, &c));
    /* A BSN and a BAG id of the same digits are different things. */
    vdr_key16 person = vdr_door_pseudonym(door, false, vdr_span_str("1"));
    vdr_key16 address = vdr_door_pseudonym(door, true, vdr_span_str("1"));
    assert_false(vdr_key16_equal(&person, &address));
    vdr_door_free(&other);
    vdr_door_free(&same);
}

#define P_KNOWN   "p-00112233445566778899aabbccddeeff"
#define P_UNKNOWN "p-ffeeddccbbaa99887766554433221100"
#define A_KNOWN   "a-00112233445566778899aabbccddeeff"

static bool
resolve(void *context, const vdr_event_handle *handle, char ret_text[16], size_t *ret_len)
{
    ++*(unsigned *)context;
    if (!vdr_span_equal(handle->text, vdr_span_str(handle->is_address ? A_KNOWN : P_KNOWN)))
        return false;
    *ret_len = handle->is_address ? 16 : 9;
    memcpy(ret_text, handle->is_address ? "9901200000000001" : "999990342", *ret_len);
    return true;
}

static void
handles_become_numbers_before_anything_is_judged(void **state)
{
    (void)state;
    static const char numbers[] =
        ACT("household_split", ",\"household\":\"H1\",\"persons\":[\"999900006\",\"999990342\"],"
                               "\"addresses\":[\"9901200000000001\"]");
    static const char handles[] =
        ACT("household_split", ",\"household\":\"H1\",\"persons\":[\"999900006\",\"" P_KNOWN
                               "\"],\"addresses\":[\"" A_KNOWN "\"]");
    unsigned calls = 0;
    const vdr_event_options live = {.resolve = resolve, .context = &calls};
    vdr_command with_numbers = read_text(numbers), with_handles, again;
    vdr_span stored;
    vdr_event_read(door, &live, vdr_span_str(handles), &arena, &with_handles, &stored);
    assert_null(law_command_difference(&with_numbers, &with_handles));
    assert_false(with_handles.bsn_bad || with_handles.address_bad);
    assert_int_equal(calls, 2);
    /* What is kept says the same without the resolver. */
    vdr_event_read(door, &plain, stored, &arena, &again, NULL);
    assert_null(law_command_difference(&with_numbers, &again));

    static const char unknown[] =
        ACT("household_split", ",\"household\":\"H1\",\"persons\":[\"" P_UNKNOWN "\"]");
    vdr_event_read(door, &live, vdr_span_str(unknown), &arena, &with_handles, &stored);
    assert_false(with_handles.bsn_bad); /* nobody of the household, not a bad BSN (protocol.md 5.9) */
    assert_true(stored.at == (const uint8_t *)unknown);
    again = read_text(unknown);
    assert_true(again.bsn_bad);

    calls = 0; /* nowhere else */
    vdr_event_read(door, &live, vdr_span_str(SIGNAL(",\"persons\":[{\"bsn\":\"" P_KNOWN "\"}]")), &arena,
                   &again, NULL);
    assert_true(again.bsn_bad && calls == 0);
}

static void
an_event_has_at_most_its_bytes(void **state)
{
    (void)state;
    char *json = malloc(VDR_EVENT_BYTES_MAX + 2);
    size_t used =
        (size_t)snprintf(json, VDR_EVENT_BYTES_MAX, HEAD ",\"data\":{\"municipality\":\"x\",\"detail\":\"");
    memset(json + used, 'x', VDR_EVENT_BYTES_MAX + 2 - used);
    vdr_command command;
    memcpy(json + VDR_EVENT_BYTES_MAX - 3, "\"}}x", 4);
    vdr_event_read(door, &plain, vdr_span_of(json, VDR_EVENT_BYTES_MAX), &arena, &command, NULL);
    assert_int_equal(command.shape, VDR_OK);
    memcpy(json + VDR_EVENT_BYTES_MAX - 3, "x\"}}", 4);
    vdr_event_read(door, &plain, vdr_span_of(json, VDR_EVENT_BYTES_MAX + 1), &arena, &command, NULL);
    assert_int_equal(command.shape, VDR_E_MALFORMED);
    assert_null(command.id.at);
    free(json);
}

static void
content_gives_back_what_was_said(void **state)
{
    (void)state;
    vdr_event_content c;
    vdr_event_content_read(vdr_span_str(SIGNAL(",\"persons\":[{\"bsn\":\"999990342\",\"role\":\"r\"}],"
                                               "\"address\":{\"bag\":\"1\",\"buurt\":\"2\"},"
                                               "\"detail\":\"free \\u00e9\"")),
                           &arena, &c);
    assert_int_equal(c.shape, VDR_OK);
    assert_int_equal(c.person_count, 1);
    assert_true(vdr_span_equal(c.persons[0].bsn, vdr_span_str("999990342")));
    assert_true(vdr_span_equal(c.addresses[0], vdr_span_str("1")));
    assert_true(vdr_span_equal(c.detail, vdr_span_str("free \xc3\xa9")));
    vdr_event_content_read(
        vdr_span_str(ACT("plan_set", ",\"case\":\"C1\",\"revision\":1,\"goals\":[" GOAL "]")), &arena, &c);
    assert_int_equal(c.goal_count, 1);
    assert_true(vdr_span_equal(c.goals[0].owner, vdr_span_str("o")) && c.goals[0].due == T0);
    vdr_event_content_read(
        vdr_span_str(ACT("case_escalated", ",\"case\":\"C1\",\"to\":\"t\",\"reason\":\"r\"")), &arena, &c);
    assert_true(vdr_span_equal(c.to, vdr_span_str("t")) && vdr_span_equal(c.reason, vdr_span_str("r")));
    vdr_event_content_read(vdr_span_str("no"), &arena, &c);
    assert_int_equal(c.shape, VDR_E_MALFORMED);
}

/* ---- typed items */

static uint32_t
roll(uint64_t *dice, uint32_t below)
{
    *dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*dice >> 33) % below);
}

/* Mostly what is right, now and then what is not. */
static vdr_span
pick(uint64_t *dice, const char *const *texts, uint32_t count)
{
    return vdr_span_str(texts[roll(dice, 3) != 0 ? 0 : roll(dice, count)]);
}

#define PICK(list) pick(dice, list, sizeof(list) / sizeof((list)[0]))

static void
made_up(uint64_t *dice, vdr_wire_typed *typed, vdr_wire_person *persons, vdr_wire_address *address,
        vdr_wire_member *members)
{
    static const char *const ids[] = {"s-1", NULL, "a\"b\\c\n\xc3\xa9", TEXT256, TEXT256 "x", "\x01"};
    static const char *const sources[] = {"urn:a", NULL, "urn:voordeur:regisseur:r", "urn:b"};
    static const char *const types[] = {"nl.x.v1", NULL, "nl.voordeur.erased.v1", "nl.voordeur.x.v1",
                                        TEXT256 "x"};
    static const char *const instants[] = {"2026-03-02T09:00:00Z", NULL, "2026-03-02T09:00:00.123456789Z",
                                           "2026-13-02T09:00:00Z", "x"};
    static const char *const maybe_instants[] = {NULL, "2026-03-02T09:00:00Z", "2026-03-02",
                                                 "1970-01-01T00:00:00Z"};
    static const char *const towns[] = {"GM9901", NULL, "GM9902"};
    static const char *const bsns[] = {"999990342", "999900006", "999990343", NULL, "12345678", "\xc3\xa9"};
    static const char *const roles[] = {NULL, "youth", "adult", TEXT256 "x"};
    static const char *const bags[] = {"9901200000000001", NULL, "9901200000000009", "123"};
    static const char *const buurten[] = {NULL, "BU99010101", "BU9901"};
    static const char *const superseded[] = {NULL, "s-0", TEXT256 "x"};
    static const char *const details[] = {NULL, "free text", "\"\\/\b\f\t\x1f\x7f \xf0\x9f\x98\x80",
                                          TEXT256 TEXT256};
    static const char *const member_names[] = {
        "subject", "",     "datacontenttype", "zz",  "data", "id", "specversion",
        "time",    "a\"b", "source",          "type"};
    static const char *const member_values[] = {"\"application/json\"",
                                                "1",
                                                "-0.0",
                                                "1e400",
                                                "null",
                                                "[1,{\"b\":2,\"a\":1}]",
                                                " true ",
                                                "{}",
                                                "x",
                                                "1,\"y\":2",
                                                "",
                                                "\"\\u0000\"",
                                                "{\"a\":1,\"a\":1}",
                                                "\"2026-03-02T09:00:00Z\"",
                                                "\"nl.x.v1\"",
                                                "\"s-1\""};
    *typed = (vdr_wire_typed){.id = PICK(ids),
                              .source = PICK(sources),
                              .type = PICK(types),
                              .time = PICK(instants),
                              .municipality = PICK(towns),
                              .occurred_at = PICK(maybe_instants),
                              .act_before = PICK(maybe_instants),
                              .supersedes = PICK(superseded),
                              .detail = PICK(details),
                              .persons = persons,
                              .person_count = roll(dice, 4),
                              .address = roll(dice, 2) != 0 ? address : NULL,
                              .members = members,
                              .member_count = roll(dice, 2) != 0 ? 0 : roll(dice, 4)};
    static const int64_t severities[] = {
        0, 1, 3, 5, 9, -2, INT64_C(9007199254740991), INT64_C(9007199254740992), INT64_MIN};
    typed->severity = severities[roll(dice, 4) != 0 ? roll(dice, 4) : roll(dice, 9)];
    for (size_t i = 0; i < typed->person_count; i++)
        persons[i] = (vdr_wire_person){PICK(bsns), PICK(roles)};
    *address = (vdr_wire_address){PICK(bags), PICK(buurten)};
    for (size_t i = 0; i < typed->member_count; i++)
        members[i] = (vdr_wire_member){PICK(member_names), PICK(member_values)};
}

static void
a_typed_item_gives_what_its_json_gives(void **state)
{
    (void)state;
    uint64_t dice = 7;
    unsigned good = 0, bad = 0;
    const vdr_span excluded[] = {vdr_span_str("9901200000000009")};
    const vdr_config config = {.excluded_addresses = {excluded, 1}};
    const vdr_event_options options = {.config = &config};
    for (unsigned round = 0; round < 50000; round++) {
        vdr_wire_typed typed;
        vdr_wire_person persons[4];
        vdr_wire_address address;
        vdr_wire_member members[4];
        vdr_err shape;
        made_up(&dice, &typed, persons, &address, members);
        vdr_arena_reset(&arena);
        const vdr_door *by = round % 2 == 0 ? door : changing;
        const char *difference = typed_law(by, &options, &typed, &arena, &shape);
        if (difference != NULL) {
            vdr_span json;
            if (vdr_event_render(&typed, &arena, &json) != VDR_OK)
                json = vdr_span_str("no JSON");
            fail_msg("round %u: %s differs: %.*s", round, difference, (int)json.len, (const char *)json.at);
        }
        good += shape == VDR_OK;
        bad += shape != VDR_OK;
    }
    assert_true(good > 1000 && bad > 1000);
}

static void
a_typed_item_has_at_most_the_bytes_of_its_json(void **state)
{
    (void)state;
    char *text = malloc(VDR_EVENT_BYTES_MAX);
    memset(text, '\x01', VDR_EVENT_BYTES_MAX); /* six bytes each as JSON */
    for (size_t len = VDR_EVENT_BYTES_MAX / 6 - 60; len < VDR_EVENT_BYTES_MAX / 6; len++) {
        vdr_wire_typed typed = {.id = vdr_span_str("s"),
                                .source = vdr_span_str("u"),
                                .type = vdr_span_str("t"),
                                .time = vdr_span_str("2026-03-02T09:00:00Z"),
                                .municipality = vdr_span_str("GM9901"),
                                .detail = vdr_span_of(text, len)};
        vdr_err shape;
        vdr_span json;
        vdr_arena_reset(&arena);
        assert_null(typed_law(door, &plain, &typed, &arena, &shape));
        assert_int_equal(shape == VDR_OK, vdr_event_render(&typed, &arena, &json) == VDR_OK);
    }
    free(text);
}

static bool
is_not(void *context, vdr_span bsn)
{
    return !vdr_span_equal(bsn, vdr_span_str(context));
}

static void
an_event_without_somebody_says_nothing_of_them(void **state)
{
    (void)state;
    char gone[] = "999990342";
    vdr_span json;
    vdr_arena_reset(&arena);
    assert_int_equal(vdr_event_without(vdr_span_str("{\"specversion\":\"1.0\",\"id\":\"s\",\"source\":\"u\","
                                                    "\"type\":\"t\",\"subject\":\"999990342\","
                                                    "\"time\":\"2026-03-02T09:00:00Z\",\"data\":{"
                                                    "\"municipality\":\"GM1\",\"detail\":\"of 999990342\","
                                                    "\"persons\":[{\"bsn\":\"999990342\",\"role\":\"youth\"},"
                                                    "{\"bsn\":\"999900006\"},{\"bsn\":\"999990342\"}],"
                                                    "\"severity\":3}}"),
                                       is_not, gone, &arena, &json),
                     VDR_OK);
    vdr_event_content content;
    vdr_event_content_read(json, &arena, &content);
    assert_int_equal(content.shape, VDR_OK);
    assert_int_equal(content.person_count, 1);
    assert_true(vdr_span_equal(content.persons[0].bsn, vdr_span_str("999900006")));
    assert_int_equal(content.severity, 3);
    assert_null(content.detail.at);
    assert_null(memmem(json.at, json.len, gone, sizeof gone - 1));
    assert_int_equal(vdr_event_without(vdr_span_str("[]"), is_not, gone, &arena, &json), VDR_E_MALFORMED);
    assert_int_equal(vdr_event_without(vdr_span_str("{"), is_not, gone, &arena, &json), VDR_E_MALFORMED);
}

/* What the door of now, and the doors before and after a change, make of one event. */
static void
while_keys_change_an_event_is_known_under_both(void **state)
{
    (void)state;
    static const char json[] =
        "{\"specversion\":\"1.0\",\"id\":\"s-1\",\"source\":\"urn:a\",\"type\":\"nl.t.v1\",\"time\":"
        "\"2026-03-02T09:00:00Z\",\"data\":{\"municipality\":\"GM9901\",\"persons\":[{\"bsn\":\"999990342\"}]"
        ","
        "\"address\":{\"bag\":\"9901200000000001\"}}}";
    vdr_door *changed = vdr_door_new_changed(changing);
    vdr_command before, both, after;
    vdr_event_read(door, &plain, vdr_span_str(json), &arena, &before, NULL);
    vdr_event_read(changing, &plain, vdr_span_str(json), &arena, &both, NULL);
    vdr_event_read(changed, &plain, vdr_span_str(json), &arena, &after, NULL);
    assert_null(before.earlier);
    assert_null(after.earlier);
    assert_non_null(both.earlier);
    assert_true(vdr_key16_equal(&both.digest, &after.digest));
    assert_true(vdr_key16_equal(&both.persons[0].key, &after.persons[0].key));
    assert_true(vdr_key16_equal(&both.addresses[0], &after.addresses[0]));
    assert_true(vdr_key16_equal(&both.earlier->digest, &before.digest));
    assert_true(vdr_key16_equal(&both.earlier->persons[0], &before.persons[0].key));
    assert_true(vdr_key16_equal(&both.earlier->addresses[0], &before.addresses[0]));
    assert_false(vdr_key16_equal(&before.digest, &after.digest));
    assert_false(vdr_key16_equal(&before.persons[0].key, &after.persons[0].key));
    assert_true(before.id_hash == both.id_hash && both.id_hash == after.id_hash); /* its key stays */
    vdr_door_free(&changed);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shape_is_that_of_sections_3_and_9),
        cmocka_unit_test(a_refused_line_still_shows_what_could_be_read),
        cmocka_unit_test(the_values_of_a_signal_are_its_commands),
        cmocka_unit_test(the_values_of_acts_are_their_commands),
        cmocka_unit_test(a_case_is_named_by_c_and_a_number),
        cmocka_unit_test(bad_bsns_and_addresses_are_noted_for_the_core),
        cmocka_unit_test(an_excluded_address_is_known_by_the_configuration_of_the_moment),
        cmocka_unit_test(equal_events_have_equal_digests_and_others_have_not),
        cmocka_unit_test(another_key_makes_other_pseudonyms_digests_and_hashes),
        cmocka_unit_test(handles_become_numbers_before_anything_is_judged),
        cmocka_unit_test(an_event_has_at_most_its_bytes),
        cmocka_unit_test(content_gives_back_what_was_said),
        cmocka_unit_test(an_event_without_somebody_says_nothing_of_them),
        cmocka_unit_test(a_typed_item_gives_what_its_json_gives),
        cmocka_unit_test(a_typed_item_has_at_most_the_bytes_of_its_json),
        cmocka_unit_test(while_keys_change_an_event_is_known_under_both),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
