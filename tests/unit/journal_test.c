#include "broker/gauge/journal.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

#define HEAD "at=1970-01-01T00:00:01.000Z level=info event=session_open"

static void
a_line_is_logfmt_with_texts_quoted_where_needed(void **state)
{
    (void)state;
    static const struct {
        vdr_field field;
        uint64_t left_out;
        const char *line;
    } rows[] = {
        {{.key = "session", .number = 12}, 0, HEAD " session=12\n"},
        {{.key = "party", .is_text = true, .text = "agency:school-1"}, 0, HEAD " party=agency:school-1\n"},
        {{.key = "text", .is_text = true, .text = "two words"}, 0, HEAD " text=\"two words\"\n"},
        {{.key = "text", .is_text = true, .text = "say \"a\\b\""}, 0, HEAD " text=\"say \\\"a\\\\b\\\"\"\n"},
        {{.key = "text", .is_text = true, .text = "a\nlevel=error"}, 0, HEAD " text=\"a level=error\"\n"},
        {{.key = "text", .is_text = true, .text = ""}, 0, HEAD " text=\"\"\n"},
        {{.key = "text", .is_text = true, .text = NULL}, 0, HEAD " text=-\n"},
        {{.key = "n", .number = UINT64_MAX}, 3, HEAD " n=18446744073709551615 left_out=3\n"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char line[256] = "";
        size_t len = vdr_journal_line(VDR_JOURNAL_TEXT, VDR_NOTE_SESSION_OPEN, 1000, rows[i].left_out,
                                      &rows[i].field, 1, line, sizeof line - 1);
        line[len] = '\0';
        if (strcmp(line, rows[i].line) != 0)
            print_error("row %zu: %s", i, line);
        assert_string_equal(line, rows[i].line);
    }
}

static void
a_line_that_is_too_long_is_cut_and_still_ends(void **state)
{
    (void)state;
    char line[64], text[300];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    vdr_field field = vdr_field_text("text", text);
    size_t len = vdr_journal_line(VDR_JOURNAL_TEXT, VDR_NOTE_READY, 0, 0, &field, 1, line, sizeof line);
    assert_int_equal(len, sizeof line);
    assert_int_equal(line[sizeof line - 1], '\n');
}

/* What others search for and alarm on: a row never changes and never goes to another event. */
static const struct {
    vdr_note note;
    unsigned number;
    const char *level, *name;
} events[] = {
    {VDR_NOTE_STARTING, 100, "info", "starting"},
    {VDR_NOTE_READY, 101, "info", "ready"},
    {VDR_NOTE_STOPPING, 102, "info", "stopping"},
    {VDR_NOTE_STOPPED, 103, "info", "stopped"},
    {VDR_NOTE_FAILED, 104, "error", "failed"},
    {VDR_NOTE_SELF_TEST, 105, "info", "self_test"},
    {VDR_NOTE_LISTENING, 106, "info", "listening"},
    {VDR_NOTE_EVENT_CLOCK, 107, "warning", "event_clock"},
    {VDR_NOTE_DEMONSTRATION, 108, "warning", "demonstration"},
    {VDR_NOTE_SANDBOX, 120, "info", "sandbox"},
    {VDR_NOTE_SANDBOX_OPEN, 121, "warning", "sandbox_open"},
    {VDR_NOTE_CONFIG_BAD, 200, "error", "config_bad"},
    {VDR_NOTE_CONFIG_WARNING, 201, "warning", "config_warning"},
    {VDR_NOTE_CONFIG_ACTIVE, 202, "info", "config_active"},
    {VDR_NOTE_KEYS_ACTIVE, 203, "info", "keys_active"},
    {VDR_NOTE_OPERATOR, 204, "info", "operator"},
    {VDR_NOTE_KEY_TERM, 205, "warning", "key_term"},
    {VDR_NOTE_SESSION_OPEN, 300, "info", "session_open"},
    {VDR_NOTE_SESSION_END, 301, "info", "session_end"},
    {VDR_NOTE_SESSION_REFUSED, 302, "warning", "session_refused"},
    {VDR_NOTE_ABUSE, 303, "warning", "abuse"},
    {VDR_NOTE_LIMIT, 304, "warning", "limit"},
    {VDR_NOTE_READ_FAILED, 305, "error", "read_failed"},
    {VDR_NOTE_KEY_REFUSED, 306, "warning", "key_refused"},
    {VDR_NOTE_GLASS, 309, "warning", "glass"},
    {VDR_NOTE_DESCRIPTORS, 310, "warning", "descriptors"},
    {VDR_NOTE_STORE_OPEN, 400, "info", "store_open"},
    {VDR_NOTE_STORE_FULL, 401, "warning", "store_full"},
    {VDR_NOTE_STORE_ROOM, 402, "info", "store_room"},
    {VDR_NOTE_BACKUP, 403, "info", "backup"},
    {VDR_NOTE_HEADS, 404, "info", "heads"},
    {VDR_NOTE_HEADS_WARNING, 405, "warning", "heads_warning"},
    {VDR_NOTE_PROVED, 406, "info", "proved"},
    {VDR_NOTE_STORE_KEY, 407, "info", "store_key"},
    {VDR_NOTE_ESCROW, 408, "warning", "escrow"},
    {VDR_NOTE_ENGINE, 500, "info", "engine"},
    {VDR_NOTE_ENGINE_WARNING, 501, "warning", "engine_warning"},
    {VDR_NOTE_STEPPING, 502, "info", "stepping"},
    {VDR_NOTE_GUARD, 600, "warning", "guard"},
};

static void
every_event_keeps_its_number_and_its_name(void **state)
{
    (void)state;
    assert_int_equal(sizeof events / sizeof events[0], VDR_NOTES);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        char line[256], expected[256];
        size_t len = vdr_journal_line(VDR_JOURNAL_JSON, events[i].note, 0, 0, NULL, 0, line, sizeof line - 1);
        line[len] = '\0';
        (void)snprintf(
            expected, sizeof expected,
            "{\"at\":\"1970-01-01T00:00:00.000Z\",\"level\":\"%s\",\"event\":\"%s\",\"event_id\":%u}\n",
            events[i].level, events[i].name, events[i].number);
        assert_string_equal(line, expected);
        for (size_t j = 0; j < i; j++)
            assert_true(events[j].number != events[i].number && strcmp(events[j].name, events[i].name) != 0);
    }
}

static void
a_line_of_json_is_json_whatever_a_text_holds(void **state)
{
    (void)state;
    static const struct {
        const char *text, *shown;
    } texts[] = {{"agency:school-1", "agency:school-1"}, {"say \"a\\b\"", "say \"a\\b\""},
                 {"a\n\t\001b\177", "a   b "},           {"caf\xc3\xa9", "caf\xc3\xa9"},
                 {"\xff\xfe bytes", "(not UTF-8)"},      {"", ""}};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const vdr_field fields[] = {vdr_field_text("text", texts[i].text), vdr_field_text("party", NULL),
                                    vdr_field_number("session", 7)};
        char line[512];
        size_t len =
            vdr_journal_line(VDR_JOURNAL_JSON, VDR_NOTE_ABUSE, 1000, 3, fields, 3, line, sizeof line);
        json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
        if (root == NULL)
            print_error("row %zu: %.*s", i, (int)len, line);
        assert_non_null(root);
        assert_string_equal(json_string_value(json_object_get(root, "text")), texts[i].shown);
        assert_true(json_is_null(json_object_get(root, "party")));
        assert_int_equal(json_integer_value(json_object_get(root, "session")), 7);
        assert_int_equal(json_integer_value(json_object_get(root, "left_out")), 3);
        json_decref(root);
    }
}

static void
json_that_is_too_long_loses_whole_fields(void **state)
{
    (void)state;
    char line[1200], text[3000];
    for (size_t i = 0; i + 2 < sizeof text; i += 2)
        memcpy(text + i, "\xc3\xa9", 3);
    const vdr_field fields[] = {vdr_field_text("a", text), vdr_field_text("b", text),
                                vdr_field_number("c", 1)};
    size_t len = vdr_journal_line(VDR_JOURNAL_JSON, VDR_NOTE_ABUSE, 0, 0, fields, 3, line, sizeof line);
    json_t *root = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
    assert_non_null(root);
    assert_int_equal(json_string_length(json_object_get(root, "a")), 700);
    assert_null(json_object_get(root, "b"));
    assert_int_equal(json_integer_value(json_object_get(root, "c")), 1);
    json_decref(root);
}

static void
the_journal_gets_its_own_form_and_no_field_that_is_not_ours(void **state)
{
    (void)state;
    char folder[] = "/tmp/vdr-journal-XXXXXX", came[4096];
    assert_non_null(mkdtemp(folder));
    struct sockaddr_un un = {.sun_family = AF_UNIX};
    (void)snprintf(un.sun_path, sizeof un.sun_path, "%s/s", folder);
    assert_false(vdr_journal_begin(VDR_JOURNAL_JOURNALD, un.sun_path)); /* nobody listens */
    int journal = socket(AF_UNIX, SOCK_DGRAM, 0);
    assert_int_equal(bind(journal, (const struct sockaddr *)&un, sizeof un), 0);
    assert_true(vdr_journal_begin(VDR_JOURNAL_JOURNALD, un.sun_path));
    VDR_NOTE(ABUSE, vdr_field_number("session", 12), vdr_field_text("text", "a\nPRIORITY=0"));
    ssize_t len = recv(journal, came, sizeof came - 1, 0);
    assert_true(len > 0);
    came[len] = '\0';
    assert_string_equal(came, "SYSLOG_IDENTIFIER=voordeurd\nPRIORITY=4\nMESSAGE_ID=" VDR_NOTE_UUID "012f\n"
                              "MESSAGE=event=abuse session=12 text=\"a PRIORITY=0\"\nVOORDEUR_EVENT=abuse\n"
                              "VOORDEUR_EVENT_ID=303\nVOORDEUR_SESSION=12\nVOORDEUR_TEXT=a PRIORITY=0\n");
    vdr_journal_end();
    (void)close(journal);
    (void)unlink(un.sun_path);
    (void)rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_logfmt_with_texts_quoted_where_needed),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_ends),
        cmocka_unit_test(every_event_keeps_its_number_and_its_name),
        cmocka_unit_test(a_line_of_json_is_json_whatever_a_text_holds),
        cmocka_unit_test(json_that_is_too_long_loses_whole_fields),
        cmocka_unit_test(the_journal_gets_its_own_form_and_no_field_that_is_not_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
