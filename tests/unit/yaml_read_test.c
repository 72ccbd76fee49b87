/* Goal: YAML that a configuration may not have is told of at its place, in words, and none that does not fit memory is taken for
 * a smaller one. */
#include "proto/nameset.h"
#include "proto/time.h"
#include "proto/yaml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

typedef struct faults {
    unsigned count;
    vdr_place place; /* of the first */
    char message[300];
} faults;

static void
hear(void *context, vdr_place place, const char *message)
{
    faults *heard = context;
    if (heard->count++ != 0)
        return;
    heard->place = place;
    (void)snprintf(heard->message, sizeof heard->message, "%s", message);
}

static vdr_yaml *
read_in(vdr_span text, size_t budget, vdr_arena *arena, faults *ret_heard)
{
    *ret_heard = (faults){0};
    vdr_arena_init(arena, budget);
    return vdr_yaml_read(text, arena, (vdr_yaml_listener){hear, ret_heard});
}

#define LONG "kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk" /* 64 */

static void
what_may_not_be_is_told_at_its_place(void **state)
{
    (void)state;
    static const struct {
        const char *text, *message; /* NULL: good */
        unsigned line, column;
        bool read;
    } rows[] = {
        {"a: 1\nb: [x, \"y\"]\n", NULL, 0, 0, true},
        {"a: \"\"\nb: ''\n", NULL, 0, 0, true},
        {"a:\n  b: &n 1\n", "an anchor (&name) is not allowed: write the value out", 2, 7, true},
        {"a: !!str 1\n", "a tag (!name) is not allowed: types follow from the keys", 1, 4, true},
        {"a: *n\n", "an alias (*name) is not allowed: write the value out", 1, 5, true},
        {"[x, *n]\n", "an alias (*name) is not allowed: write the value out", 1, 6, true},
        {"*n\n", "an alias (*name) is not allowed: write the value out", 1, 2, true},
        {"*n : 1\n", "an alias (*name) is not allowed: write the value out", 1, 2, false},
        {"? [a]\n: 1\n", "a key must be a plain name, found a list or mapping", 1, 3, false},
        {"? {a: 1}\n: 1\n", "a key must be a plain name, found a list or mapping", 1, 3, false},
        {"a: 1\na: 2\n", "a: the key is here twice; keep one", 2, 1, true},
        {LONG LONG LONG ": 1\n" LONG LONG LONG ": 2\n", LONG LONG ": the key is here twice; keep one", 2, 1,
         true},
        {"", "the file is empty", 1, 1, false},
        {"# nothing\n", "the file is empty", 1, 1, false},
        {"a: 1\n---\nb: 2\n", "a second document (---): a file has one", 2, 1, false},
        {"a: 1\nb: \x01\n", "this is not YAML: a control character in the line", 2, 1, false},
        {"a: 1\nb: \x7f\n", "this is not YAML: a control character in the line", 2, 1, false},
        {"a: 1\nb: \xff\n", "this is not YAML: the line is not UTF-8", 2, 1, false},
        {"a:\t1\r\n", NULL, 0, 0, true},
        {"a:\t|\n b\n", NULL, 0, 0, true},
        {"a: is it?\nb:\t1\nc:\t# why?\n  d:e\nf: >\n  g\n", NULL, 0, 0, true},
        {"? a:\t|\n", "a tab after \":\" is not taken: write spaces", 1, 4, false},
        {"? a: \t >\n", "a tab after \":\" is not taken: write spaces", 1, 4, false},
        {"b: 1\n? \"a\":\t- x\n", "a tab after \":\" is not taken: write spaces", 2, 6, false},
        {"r:\n? -(:\t\t:\t: |\n", "a tab after \":\" is not taken: write spaces", 2, 5, false},
        {"? a\n: b:\t:\n", "a tab after \":\" is not taken: write spaces", 2, 4, false},
        {"a: \"\\0\"\n", "a zero byte (\\0) is not allowed", 1, 5, true},
        {"[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]\n", NULL, 0, 0, true},
        {"[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]\n", "lists and mappings are nested too deep", 1, 17, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_arena arena;
        faults heard;
        bool read = read_in(vdr_span_str(rows[i].text), 1 << 20, &arena, &heard) != NULL;
        const char *wanted = rows[i].message != NULL ? rows[i].message : "";
        if (read != rows[i].read || strncmp(heard.message, wanted, strlen(wanted)) != 0 ||
            (heard.count != 0) != (rows[i].message != NULL))
            fail_msg("row %zu: read %d, %s", i, (int)read, heard.message);
        if (rows[i].message != NULL &&
            (heard.place.line != rows[i].line || heard.place.column != rows[i].column))
            fail_msg("row %zu: at %u:%u", i, heard.place.line, heard.place.column);
        vdr_arena_done(&arena);
    }
}

/* Whatever the parser finds wrong, it is told once at least, at a place that is in the text. */
static void
what_is_no_yaml_is_told(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a: [1\n", "a: {b: 1\n", "a: \"x\n", "a: b: c\n", "- a\nb\n", "a: |\n\tx\n", "%YAML 9.9\n---\na: 1\n",
        "}",       "a: @x\n",    "a: `x\n",  "\"\\q\"\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        vdr_arena arena;
        faults heard;
        assert_null(read_in(vdr_span_str(texts[i]), 1 << 20, &arena, &heard));
        assert_true(heard.count >= 1 && heard.place.line >= 1 && heard.place.column >= 1);
        if (strncmp(heard.message, "this is not YAML", 16) != 0 && strstr(heard.message, "key") == NULL)
            fail_msg("text %zu: %s", i, heard.message);
        vdr_arena_done(&arena);
    }
}

static void
a_file_that_does_not_fit_memory_is_not_read_in_part(void **state)
{
    (void)state;
    static const char text[] = "a: 1\nb: [x, y, {c: *n, d: e}]\nf: {g: []}\n";
    bool fits = false;
    unsigned refused = 0;
    for (size_t budget = 0; !fits; budget += 8) {
        vdr_arena arena;
        faults heard;
        fits = read_in(vdr_span_str(text), budget, &arena, &heard) != NULL;
        refused += !fits;
        assert_true(budget < 65536);
        if (!fits &&
            (strcmp(heard.message, "more lists, mappings and values than a configuration may have") != 0 &&
             strstr(heard.message, "alias") == NULL))
            fail_msg("%zu bytes: %s", budget, heard.message);
        vdr_arena_done(&arena);
    }
    assert_true(refused > 10);
}

static void
two_are_equal_that_say_the_same_in_the_same_order(void **state)
{
    (void)state;
    static const struct {
        const char *a, *b;
        bool equal;
    } rows[] = {
        {"{a: 1, b: [2]}", "a: '1'\nb:\n  - \"2\"\n", true},
        {"{a: 1}", "{a: 2}", false},
        {"{a: 1}", "{b: 1}", false},
        {"{a: 1}", "[1]", false},
        {"[1]", "[1, 2]", false},
        {"[1, 2]", "[1]", false},
        {"1", "[1]", false},
        {"{a: {b: 1}}", "{a: {b: 1, c: 2}}", false},
        {"{a: 1, b: 2}", "{b: 2, a: 1}", false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_arena in_a, in_b;
        faults heard;
        const vdr_yaml *a = read_in(vdr_span_str(rows[i].a), 1 << 16, &in_a, &heard);
        const vdr_yaml *b = read_in(vdr_span_str(rows[i].b), 1 << 16, &in_b, &heard);
        assert_non_null(a);
        assert_non_null(b);
        if (vdr_yaml_equal(a, b) != rows[i].equal || vdr_yaml_equal(b, a) != rows[i].equal)
            fail_msg("row %zu", i);
        const vdr_yaml *value = a->first;
        assert_true(value == NULL || vdr_yaml_equal(value, a) == false);
        vdr_arena_done(&in_a);
        vdr_arena_done(&in_b);
    }
}

/* ---- small things beside it ---- */

static void
a_name_of_any_length_is_compared_or_not(void **state)
{
    (void)state;
    static const struct {
        const char *name, *candidate;
        size_t distance;
    } rows[] = {
        {"abc", "abd", 1},
        {"abc", "acb", 1},
        {"abcdef", "abcxyz", SIZE_MAX},
        {"abc", "abcdef", SIZE_MAX},
        {LONG, LONG, 0},
        {LONG "x", LONG, SIZE_MAX},
        {LONG, LONG "x", SIZE_MAX},
        {LONG "x", LONG "x", SIZE_MAX},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        size_t distance = vdr_name_distance(vdr_span_str(rows[i].name), vdr_span_str(rows[i].candidate));
        bool far = rows[i].distance == SIZE_MAX;
        size_t near = strlen(rows[i].name) <= 3 ? 1 : strlen(rows[i].name) / 3;
        if (far ? distance <= near : distance != rows[i].distance)
            fail_msg("row %zu: %zu", i, distance);
    }
}

static void
an_array_that_no_memory_holds_is_none(void **state)
{
    (void)state;
    vdr_arena arena;
    vdr_arena_init(&arena, 4096);
    assert_null(vdr_arena_array(&arena, SIZE_MAX / 2, 3));
    assert_null(vdr_arena_array(&arena, SIZE_MAX, SIZE_MAX));
    assert_null(vdr_arena_array(&arena, 4097, 1));
    vdr_arena_done(&arena);
    vdr_arena_init(&arena, 4096);
    assert_non_null(vdr_arena_array(&arena, 7, 0));
    assert_non_null(vdr_arena_array(&arena, 0, 7));
    assert_non_null(vdr_arena_array(&arena, 16, 16));
    vdr_arena_done(&arena);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_may_not_be_is_told_at_its_place),
        cmocka_unit_test(what_is_no_yaml_is_told),
        cmocka_unit_test(a_file_that_does_not_fit_memory_is_not_read_in_part),
        cmocka_unit_test(two_are_equal_that_say_the_same_in_the_same_order),
        cmocka_unit_test(a_name_of_any_length_is_compared_or_not),
        cmocka_unit_test(an_array_that_no_memory_holds_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
