/* Goal: a configuration file has one layout; comments, order and meaning survive it; laid out again nothing
 * changes; what cannot be laid out is told and left alone. */
#include "broker/door/yaml_format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void
on_fault(void *context, vdr_place place, const char *message)
{
    char *told = context;
    if (told[0] == '\0')
        snprintf(told, 300, "%u:%u %s", place.line, place.column, message);
}

/* The text laid out, terminated; NULL: refused, and ret_told (300 bytes) says why. The caller frees. */
static char *
formatted(const char *text, char *ret_told)
{
    vdr_bytes out = {0};
    ret_told[0] = '\0';
    vdr_err err = vdr_yaml_format(vdr_span_str(text), (vdr_yaml_listener){on_fault, ret_told}, &out);
    if (err != VDR_OK) {
        assert_int_equal(err, VDR_E_BAD_CONFIG);
        assert_int_equal(out.len, 0);
        return NULL;
    }
    vdr_bytes_add(&out, vdr_span_of("", 1));
    return (char *)out.at;
}

static const struct {
    const char *name, *from, *to;
} rows[] = {
    {"is right already", "a: 1\nb:\n  - {c: d}\n", "a: 1\nb:\n  - {c: d}\n"},
    {"two spaces a level", "a:\n    b:\n        c: 1\n    d: 2\n", "a:\n  b:\n    c: 1\n  d: 2\n"},
    {"items below their key", "a:\n- 1\n- 2\nb: 3\n", "a:\n  - 1\n  - 2\nb: 3\n"},
    {"mappings in items", "a:\n-   b: 1\n    c:\n    - 2\n-   b: 3\n",
     "a:\n  - b: 1\n    c:\n      - 2\n  - b: 3\n"},
    {"lists in lists", "-   - a\n    - b\n- - c\n", "- - a\n  - b\n- - c\n"},
    {"blanks in brackets", "a: [ 1,2 , 3 ]\nb: { c : d,e: f }\nc: [ ]\n",
     "a: [1, 2, 3]\nb: {c: d, e: f}\nc: []\n"},
    {"lines in brackets", "a:   {b: 1,\n  c: [x,\n y]}\n", "a: {b: 1,\n    c: [x,\n        y]}\n"},
    {"an open bracket at a line's end", "a: [\n 1,\n   2\n  ]\n", "a: [\n    1,\n    2\n  ]\n"},
    {"a value on the next line", "a:\n     {b: 1}\nc:\n        d\n", "a:\n  {b: 1}\nc:\n  d\n"},
    {"empty lines", "\n\na: 1\n\n\n\nb: 2\n\n\n", "a: 1\n\nb: 2\n"},
    {"blanks at line ends", "a: 1   \nb:\t2\t\n", "a: 1\nb: 2\n"},
    {"line ends of another system", "a: 1\r\nb:\r\n- 2\r\n", "a: 1\nb:\n  - 2\n"},
    {"no line end at the end", "a: 1", "a: 1\n"},
    {"marks of a document", "---\n# x\na: 1\n...\n", "# x\na: 1\n"},
    {"names lose their quotes", "a: \"b-c\"\n'd': 'e.f'\n", "a: b-c\nd: e.f\n"},
    {"what others read otherwise keeps them", "a: \"true\"\nb: 'No'\nc: \"12\"\nd: '*'\ne: \"2026-01-01\"\n",
     "a: \"true\"\nb: \"No\"\nc: \"12\"\nd: \"*\"\ne: \"2026-01-01\"\n"},
    {"one kind of quotes", "a: 'b c'\nb: 'it''s \"x\"'\nc: 'back\\slash'\n",
     "a: \"b c\"\nb: 'it''s \"x\"'\nc: 'back\\slash'\n"},
    {"comments move with what follows",
     "#0\na:\n      # 1\n      b: 1\n\n      # 2\n      # 3\n      c: 2\n# 4\nd: 3\n# 5\n",
     "#0\na:\n  # 1\n  b: 1\n\n  # 2\n  # 3\n  c: 2\n# 4\nd: 3\n# 5\n"},
    {"a comment at the end of a list is the list's",
     "a:\n    - b: 1\n      # of b\n    # of the list\nc: 2\n",
     "a:\n  - b: 1\n    # of b\n  # of the list\nc: 2\n"},
    {"a comment behind stays in its column", "a:      1      # x\nbc: 2          # y\nlonger: value # z\n",
     "a: 1           # x\nbc: 2          # y\nlonger: value  # z\n"},
    {"comments in brackets", "a: {   # x\n  b: 1,   # y\n # z\n  c: 2}\n",
     "a: {   # x\n    b: 1,  # y\n    # z\n    c: 2}\n"},
    {"a hash that is none", "a: b#c\nd: \"e # f\"\n", "a: b#c\nd: \"e # f\"\n"},
    {"texts of lines", "a: |\n      x\n        y\n\n      z\nb: >-   # c\n  w\n",
     "a: |\n  x\n    y\n\n  z\nb: >-   # c\n  w\n"},
    {"a text over lines", "a: one\n       two\n\n       three\nb: \"x\n  y\"\n",
     "a: one\n  two\n\n  three\nb: \"x\n  y\"\n"},
    {"letters of more bytes", "naam: \"caf\xc3\xa9  é\"   # \xc3\xa9\n",
     "naam: \"caf\xc3\xa9  é\"   # \xc3\xa9\n"},
    {"nothing behind a key", "a:\nb: {c: , d}\n", "a:\nb: {c:, d}\n"},
};

static void
each_text_has_one_layout(void **state)
{
    (void)state;
    unsigned failed = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char told[300];
        char *once = formatted(rows[i].from, told);
        char *twice = once != NULL ? formatted(once, told) : NULL;
        if (once == NULL || strcmp(once, rows[i].to) != 0) {
            failed++;
            print_error("row %zu, %s:\n%s(%s)\n", i, rows[i].name, once != NULL ? once : "refused ", told);
        } else if (twice == NULL || strcmp(twice, once) != 0) {
            failed++;
            print_error("row %zu, %s, again:\n%s(%s)\n", i, rows[i].name, twice != NULL ? twice : "refused ",
                        told);
        }
        free(once);
        free(twice);
    }
    assert_int_equal(failed, 0);
}

static void
what_cannot_be_laid_out_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *text, *told;
    } refused[] = {
        {"", "empty"},
        {"a: [1\n", "YAML"},
        {"a: &x 1\nb: 2\n", "1:5 an anchor"},
        {"a: 1\na: 2\n", "2:1 a: the key is here twice"},
        {"? a\n: b\n", "1:1 a key with a question mark"},
        {"a: |2\n   b\n", "a block text with a digit"},
        {"a: 1\n---\nb: 2\n", "second document"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        char told[300];
        char *text = formatted(refused[i].text, told);
        if (text != NULL || strstr(told, refused[i].told) == NULL)
            fail_msg("row %zu: %s: %s", i, text != NULL ? text : "refused", told);
    }
}

static void
two_texts_are_equal_if_they_say_the_same(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } pairs[] = {
        {"a: [1, 'x']\n", "a:\n- 1\n- x\n", true},
        {"a: 1\n", "a: 2\n", false},
        {"a: 1\n", "b: 1\n", false},
        {"a: 1\nb: 2\n", "b: 2\na: 1\n", false},
        {"a: [1]\n", "a: 1\n", false},
        {"a: [1]\n", "a: [1, 1]\n", false},
        {"a: [1, 1]\n", "a: [1]\n", false},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        vdr_arena arena;
        char told[300] = "";
        vdr_yaml_listener listener = {on_fault, told};
        vdr_arena_init(&arena, 1 << 20);
        const vdr_yaml *a = vdr_yaml_read(vdr_span_str(pairs[i].a), &arena, listener);
        const vdr_yaml *b = vdr_yaml_read(vdr_span_str(pairs[i].b), &arena, listener);
        assert_non_null(a);
        assert_non_null(b);
        if (vdr_yaml_equal(a, b) != pairs[i].equal)
            fail_msg("row %zu", i);
        vdr_arena_done(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_text_has_one_layout),
        cmocka_unit_test(what_cannot_be_laid_out_is_told),
        cmocka_unit_test(two_texts_are_equal_if_they_say_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
