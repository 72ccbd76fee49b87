#include "broker/journal.h"

#include <stdio.h>

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
        size_t len = vdr_journal_line(VDR_NOTE_SESSION_OPEN, 1000, rows[i].left_out, &rows[i].field, 1, line,
                                      sizeof line - 1);
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
    size_t len = vdr_journal_line(VDR_NOTE_READY, 0, 0, &field, 1, line, sizeof line);
    assert_int_equal(len, sizeof line);
    assert_int_equal(line[sizeof line - 1], '\n');
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_logfmt_with_texts_quoted_where_needed),
        cmocka_unit_test(a_line_that_is_too_long_is_cut_and_still_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
