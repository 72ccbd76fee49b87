/* Goal: a decision renders as exactly the line of semantics section 11, and words and numbers are a pair. */
#include "proto/time.h"
#include "proto/decision.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define S(text)                                                                                              \
    {                                                                                                        \
        (const uint8_t *)(text), sizeof(text) - 1                                                            \
    }
#define T0 1772442000000 /* 2026-03-02T09:00:00.000Z */
#define AT "{\"at\":\"2026-03-02T09:00:00.000Z\",\"event\":"

static const vdr_span two_rules[] = {S("multi-problem"), S("acute")};
static const vdr_signal_name two_signals[] = {{S("urn:a"), S("s-1")}, {S("urn:b"), S("s-4")}};

static const struct {
    const char *name;
    vdr_decision decision;
    const char *line;
} rows[] = {
    {"accepted",
     {.kind = VDR_DECISION_SIGNAL,
      .at = T0,
      .id = S("s-1"),
      .source = S("urn:a"),
      .verdict = VDR_E_ACCEPTED,
      .household = {1},
      .match = VDR_MATCH_NEW,
      .outcome = VDR_OUTCOME_REGULAR},
     AT "\"signal\",\"id\":\"s-1\",\"source\":\"urn:a\",\"verdict\":\"accepted\",\"household\":\"H1\","
        "\"match\":\"new\",\"outcome\":\"regular\"}"},
    {"attached",
     {.kind = VDR_DECISION_SIGNAL,
      .at = T0,
      .id = S("s-1"),
      .source = S("urn:a"),
      .verdict = VDR_E_ACCEPTED,
      .household = {UINT64_MAX},
      .match = VDR_MATCH_PERSON,
      .outcome = VDR_OUTCOME_ATTACHED,
      .case_id = {10}},
     AT "\"signal\",\"id\":\"s-1\",\"source\":\"urn:a\",\"verdict\":\"accepted\","
        "\"household\":\"H18446744073709551615\",\"match\":\"person\",\"outcome\":\"attached\",\"case\":"
        "\"C10\"}"},
    {"duplicate",
     {.kind = VDR_DECISION_SIGNAL,
      .at = T0,
      .id = S("s-1"),
      .source = S("urn:a"),
      .verdict = VDR_E_DUPLICATE},
     AT "\"signal\",\"id\":\"s-1\",\"source\":\"urn:a\",\"verdict\":\"duplicate\"}"},
    {"not JSON, before any log time",
     {.kind = VDR_DECISION_SIGNAL, .at = VDR_MS_NONE, .verdict = VDR_E_MALFORMED},
     "{\"at\":null,\"event\":\"signal\",\"id\":null,\"source\":null,\"verdict\":\"malformed\"}"},
    {"an instant that no year has, over the wire",
     {.kind = VDR_DECISION_SIGNAL, .at = VDR_TIME_MAX + 1, .verdict = VDR_E_MALFORMED},
     "{\"at\":null,\"event\":\"signal\",\"id\":null,\"source\":null,\"verdict\":\"malformed\"}"},
    {"strings that must be escaped, and those that must not",
     {.kind = VDR_DECISION_SIGNAL,
      .at = T0,
      .id = S("a\"b\\c/\n\r\t\b\x01\x1f\x7f\xc3\xab\xe2\x80\xa8"),
      .source = S(""),
      .verdict = VDR_E_UNKNOWN_SOURCE},
     AT "\"signal\",\"id\":\"a\\\"b\\\\c/"
        "\\n\\r\\t\\u0008\\u0001\\u001f\x7f\xc3\xab\xe2\x80\xa8\",\"source\":\"\","
        "\"verdict\":\"unknown_source\"}"},
    {"command",
     {.kind = VDR_DECISION_COMMAND,
      .at = T0,
      .id = S("c-1"),
      .source = S("urn:voordeur:regisseur:r-anna"),
      .act = VDR_ACT_CASE_ACCEPTED,
      .verdict = VDR_E_ACCEPTED},
     AT "\"command\",\"id\":\"c-1\",\"source\":\"urn:voordeur:regisseur:r-anna\",\"type\":\"case_accepted\","
        "\"verdict\":\"accepted\"}"},
    {"proposed",
     {.kind = VDR_DECISION_CASE,
      .at = T0,
      .case_id = {1},
      .household = {1},
      .change = VDR_CHANGE_PROPOSED,
      .state = VDR_CASE_UNASSIGNED,
      .priority = VDR_PRIORITY_NORMAL,
      .rules = two_rules,
      .rule_count = 2,
      .signals = two_signals,
      .signal_count = 2},
     AT "\"case\",\"case\":\"C1\",\"household\":\"H1\",\"change\":\"proposed\",\"state\":\"unassigned\","
        "\"priority\":\"normal\",\"regisseur\":null,\"rules\":[\"multi-problem\",\"acute\"],"
        "\"signals\":[\"s-1\",\"s-4\"]}"},
    {"offered",
     {.kind = VDR_DECISION_CASE,
      .at = T0,
      .case_id = {1},
      .household = {1},
      .change = VDR_CHANGE_OFFERED,
      .state = VDR_CASE_OFFERED,
      .priority = VDR_PRIORITY_URGENT,
      .regisseur = S("r-anna"),
      .rules = two_rules,
      .rule_count = 2},
     AT "\"case\",\"case\":\"C1\",\"household\":\"H1\",\"change\":\"offered\",\"state\":\"offered\","
        "\"priority\":\"urgent\",\"regisseur\":\"r-anna\"}"},
    {"case_offered",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_REGISSEUR,
      .to = S("r-anna"),
      .message = VDR_MESSAGE_CASE_OFFERED,
      .case_id = {1}},
     AT "\"message\",\"to\":\"regisseur:r-anna\",\"kind\":\"case_offered\",\"case\":\"C1\"}"},
    {"not_accepted",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_COORDINATOR,
      .to = S("c-piet"),
      .message = VDR_MESSAGE_NOT_ACCEPTED,
      .case_id = {1},
      .regisseur = S("r-anna")},
     AT "\"message\",\"to\":\"coordinator:c-piet\",\"kind\":\"not_accepted\",\"case\":\"C1\","
        "\"regisseur\":\"r-anna\"}"},
    {"signal_attached",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_REGISSEUR,
      .to = S("r-anna"),
      .message = VDR_MESSAGE_SIGNAL_ATTACHED,
      .case_id = {1},
      .signal = {S("urn:a"), S("s-1")}},
     AT "\"message\",\"to\":\"regisseur:r-anna\",\"kind\":\"signal_attached\",\"case\":\"C1\","
        "\"signal\":\"s-1\"}"},
    {"regular_signal",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_SERVICE,
      .to = S("wijkteam"),
      .message = VDR_MESSAGE_REGULAR_SIGNAL,
      .signal = {S("urn:a"), S("s-1")}},
     AT "\"message\",\"to\":\"service:wijkteam\",\"kind\":\"regular_signal\",\"signal\":\"s-1\"}"},
    {"overdue",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_COORDINATOR,
      .to = S("c-piet"),
      .message = VDR_MESSAGE_OVERDUE,
      .household = {7},
      .signal = {S("urn:a"), S("s-1")}},
     AT "\"message\",\"to\":\"coordinator:c-piet\",\"kind\":\"overdue\",\"signal\":\"s-1\","
        "\"household\":\"H7\"}"},
    {"feedback",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_AGENCY,
      .to = S("school-noord"),
      .message = VDR_MESSAGE_FEEDBACK,
      .signal = {S("urn:a"), S("s-1")},
      .result = S("help \"started\"")},
     AT "\"message\",\"to\":\"agency:school-noord\",\"kind\":\"feedback\",\"signal\":\"s-1\","
        "\"result\":\"help \\\"started\\\"\"}"},
    {"match",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_AGENCY,
      .to = S("school-noord"),
      .message = VDR_MESSAGE_MATCH,
      .rule = S("two-agencies"),
      .agencies = two_rules,
      .agency_count = 2},
     AT "\"message\",\"to\":\"agency:school-noord\",\"kind\":\"match\",\"rule\":\"two-agencies\","
        "\"agencies\":[\"multi-problem\",\"acute\"]}"},
    {"review",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_COORDINATOR,
      .to = S("c-piet"),
      .message = VDR_MESSAGE_REVIEW,
      .household = {1},
      .other = {2}},
     AT
     "\"message\",\"to\":\"coordinator:c-piet\",\"kind\":\"review\",\"household\":\"H1\",\"other\":\"H2\"}"},
    {"break_glass",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_PRIVACY_OFFICER,
      .to = S("p-els"),
      .message = VDR_MESSAGE_BREAK_GLASS,
      .case_id = {7},
      .household = {1},
      .by_kind = VDR_PARTY_COORDINATOR,
      .by = S("c-piet"),
      .reason = S("a \"complaint\"")},
     AT "\"message\",\"to\":\"privacy_officer:p-els\",\"kind\":\"break_glass\",\"case\":\"C7\","
        "\"household\":\"H1\",\"by\":\"coordinator:c-piet\",\"reason\":\"a \\\"complaint\\\"\"}"},
    {"break_glass, masked, of no case",
     {.kind = VDR_DECISION_MESSAGE,
      .at = T0,
      .to_kind = VDR_PARTY_PRIVACY_OFFICER,
      .to = S("p-els"),
      .message = VDR_MESSAGE_BREAK_GLASS,
      .household = {1},
      .by_kind = VDR_PARTY_AUDITOR,
      .by = S("rk")},
     AT "\"message\",\"to\":\"privacy_officer:p-els\",\"kind\":\"break_glass\",\"case\":null,"
        "\"household\":\"H1\",\"by\":\"auditor:rk\",\"reason\":null}"},
    {"watch",
     {.kind = VDR_DECISION_WATCH, .at = T0, .household = {1}, .rule = S("busy")},
     AT "\"watch\",\"household\":\"H1\",\"rule\":\"busy\"}"},
};

static void
every_kind_of_line_is_rendered_to_the_byte(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[1024];
        size_t len = vdr_decision_line(&rows[i].decision, text, sizeof text);
        assert_true(len < sizeof text);
        text[len] = '\0';
        if (strcmp(text, rows[i].line) != 0)
            fail_msg("%s:\n  %s\n  instead of\n  %s", rows[i].name, text, rows[i].line);
    }
}

static void
a_short_buffer_gets_the_beginning_and_the_whole_length(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t whole = strlen(rows[i].line);
        assert_int_equal(vdr_decision_line(&rows[i].decision, NULL, 0), whole);
        for (size_t size = 1; size < whole; size++) {
            char text[1024];
            memset(text, '#', sizeof text);
            assert_int_equal(vdr_decision_line(&rows[i].decision, text, size), whole);
            assert_memory_equal(text, rows[i].line, size);
            assert_int_equal(text[size], '#');
        }
    }
}

static void
a_json_string_alone_is_written_the_same_way(void **state)
{
    (void)state;
    char text[32];
    const vdr_span span = S("a\"\n\xc3\xab");
    size_t len = vdr_json_string(span, text, sizeof text);
    assert_int_equal(len, 9);
    assert_memory_equal(text, "\"a\\\"\\n\xc3\xab\"", 9);
    assert_int_equal(vdr_json_string(span, NULL, 0), 9);
}

static void
a_word_finds_its_number_and_no_other_word_does(void **state)
{
    (void)state;
    unsigned acts = 0;
    for (unsigned number = 1; number < 256; number++) {
        vdr_span name = vdr_span_str(vdr_act_name((vdr_act)number));
        if (vdr_span_equal(name, vdr_span_str("unknown")))
            continue;
        acts++;
        assert_int_equal(vdr_act_of(name), number);
    }
    assert_int_equal(acts, VDR_ACT_LAST); /* the tables of semantics section 9 and protocol.md 5.10 */
    assert_int_equal(vdr_act_of(vdr_span_str("case_accept")), VDR_ACT_NONE);
    assert_int_equal(vdr_act_of(vdr_span_str("none")), VDR_ACT_NONE);
    assert_int_equal(vdr_act_of(vdr_span_str("")), VDR_ACT_NONE);
}

static void
an_act_is_known_by_its_whole_type(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        vdr_act act;
    } types[] = {
        {"nl.voordeur.case_accepted.v1", VDR_ACT_CASE_ACCEPTED},
        {"nl.voordeur.erased.v1", VDR_ACT_ERASED},
        {"nl.voordeur.case_accepted.v2", VDR_ACT_NONE},
        {"nl.voordeur.case_accepted", VDR_ACT_NONE},
        {"nl.voordeur..v1", VDR_ACT_NONE},
        {"nl.voordeur.v1", VDR_ACT_NONE},
        {"nl.voordeur.none.v1", VDR_ACT_NONE},
        {"xx.voordeur.erased.v1", VDR_ACT_NONE},
        {"erased", VDR_ACT_NONE},
        {"", VDR_ACT_NONE},
    };
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        vdr_act act = vdr_act_of_type(vdr_span_str(types[i].type));
        if (act != types[i].act)
            fail_msg("%s: %s", types[i].type, vdr_act_name(act));
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_line_is_rendered_to_the_byte),
        cmocka_unit_test(a_short_buffer_gets_the_beginning_and_the_whole_length),
        cmocka_unit_test(a_json_string_alone_is_written_the_same_way),
        cmocka_unit_test(a_word_finds_its_number_and_no_other_word_does),
        cmocka_unit_test(an_act_is_known_by_its_whole_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
