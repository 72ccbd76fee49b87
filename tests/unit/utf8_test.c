/* Goal: text that is cut stays UTF-8, and loses no more than the character that was cut; words for people are UTF-8
 * whatever went into them. */
#include "proto/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

/* Characters of one to four bytes, the first and the last of each length. */
static const char *const characters[] = {"a",
                                         "\x7f",
                                         "\xc2\x80",
                                         "\xdf\xbf",
                                         "\xe0\xa0\x80",
                                         "\xed\x9f\xbf",
                                         "\xef\xbf\xbf",
                                         "\xf0\x90\x80\x80",
                                         "\xf4\x8f\xbf\xbf"};
#define CHARACTERS (sizeof characters / sizeof characters[0])

static void
a_cut_goes_between_characters_wherever_it_falls(void **state)
{
    (void)state;
    for (size_t a = 0; a < CHARACTERS; a++)
        for (size_t b = 0; b < CHARACTERS; b++) {
            char text[32];
            size_t len = (size_t)snprintf(text, sizeof text, "%s%s%s%s", characters[a], characters[b],
                                          characters[a], characters[b]);
            for (size_t max = 0; max <= len + 2; max++) {
                vdr_span cut = vdr_utf8_cut(vdr_span_of(text, len), max);
                assert_ptr_equal(cut.at, text);
                assert_true(cut.len <= max && cut.len <= len && vdr_span_is_utf8(cut));
                assert_true(cut.len + 4 > (max < len ? max : len)); /* no whole character went */
                if (max >= len)
                    assert_int_equal(cut.len, len);
                /* What was cut already, by who knows nothing of characters. */
                vdr_span again = vdr_utf8_cut(vdr_span_of(text, max < len ? max : len), SIZE_MAX);
                assert_int_equal(again.len, cut.len);
            }
        }
    vdr_span absent = vdr_utf8_cut((vdr_span){0}, 5);
    assert_true(absent.at == NULL && absent.len == 0);
}

static void
what_is_mended_is_text_and_text_stays_as_it_is(void **state)
{
    (void)state;
    static const struct {
        const char *from, *to;
    } rows[] = {
        {"", ""},
        {"caf\xc3\xa9", "caf\xc3\xa9"},
        {"caf\xc3", "caf"},
        {"\xf0\x9f\x8f", ""},
        {"\xf0\x9f\x8f.", "???."},
        {"/srv/\xe9t\xe9/x", "/srv/?t?/x"},
        {"\x80\xbf", "??"},
        {"\xc0\x80"
         "a\xed\xa0\x80"
         "b\xf5\x80\x80\x80"
         "c",
         "??a???b????c"},
        {"\xe2\x82\xac\xe2\x82", "\xe2\x82\xac"},
    };
    char text[64];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(text, sizeof text, "%s", rows[i].from);
        vdr_utf8_mend(text);
        if (strcmp(text, rows[i].to) != 0)
            fail_msg("row %zu: \"%s\"", i, text);
    }
    uint32_t noise = 1;
    for (unsigned round = 0; round < 20000; round++) {
        size_t len = noise % (sizeof text - 1);
        for (size_t i = 0; i < len; i++) {
            noise = noise * 1664525u + 1013904223u;
            text[i] = (char)(noise >> 24 != 0 ? noise >> 24 : 1);
        }
        text[len] = '\0';
        vdr_utf8_mend(text);
        assert_true(strlen(text) <= len && vdr_span_is_utf8(vdr_span_str(text)));
        char again[sizeof text];
        memcpy(again, text, sizeof text);
        vdr_utf8_mend(again);
        assert_string_equal(again, text);
        noise++;
    }
}

static void
what_could_steer_a_terminal_is_known(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x800; c++) {
        uint8_t bytes[2] = {(uint8_t)c, 'a'};
        size_t len = 1;
        if (c >= 0x80) {
            bytes[0] = (uint8_t)(0xc0 | c >> 6);
            bytes[1] = (uint8_t)(0x80 | (c & 0x3f));
            len = 2;
        }
        size_t expected = c < 0x20 || c == 0x7f || (c >= 0x80 && c < 0xa0) ? len : 0;
        assert_int_equal(vdr_utf8_control(vdr_span_of(bytes, len), 0), expected);
    }
    assert_int_equal(vdr_utf8_control(vdr_span_str("\xc2"), 0), 0); /* cut */
}

static void
words_that_do_not_fit_are_cut_between_characters(void **state)
{
    (void)state;
    char words[10];
    vdr_utf8_words(words, sizeof words, "%s: %d", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 12);
    assert_string_equal(words, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9:");
    vdr_utf8_words(words, sizeof words, "a%s", "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
    assert_string_equal(words, "a\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
    vdr_utf8_words(words, sizeof words, "%.3s|%s", "\xc3\xa9\xc3\xa9", "\xff");
    assert_string_equal(words, "\xc3\xa9?|");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_cut_goes_between_characters_wherever_it_falls),
        cmocka_unit_test(what_is_mended_is_text_and_text_stays_as_it_is),
        cmocka_unit_test(what_could_steer_a_terminal_is_known),
        cmocka_unit_test(words_that_do_not_fit_are_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
