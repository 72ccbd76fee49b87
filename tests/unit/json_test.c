/* Goal: the reader takes exactly the JSON that semantics section 3 asks for, and means the same by it as an
 * older reader (jansson), on rows made by hand and on some hundred thousand broken and whole texts. */
#include "broker/door/json.h"
#include "proto/limits.h"

#include <jansson.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static const struct {
    const char *name, *text;
    bool good;
} rows[] = {
    {"nothing", "", false},
    {"blanks", " \t\r\n", false},
    {"each kind", "[null,true,false,0,\"\",{},[]]", true},
    {"blanks between", " { \"a\" :\t[ 1 ,\r\n2 ] } ", true},
    {"a form feed is no blank", "[1,\f2]", false},
    {"text after the value", "{} x", false},
    {"two values", "{}{}", false},
    {"byte order mark", "\xef\xbb\xbf{}", false},
    {"comment", "{}//", false},
    {"comma at the end", "[1,]", false},
    {"comma at the end of an object", "{\"a\":1,}", false},
    {"no value", "{\"a\":}", false},
    {"name without quotes", "{a:1}", false},
    {"member twice", "{\"a\":1,\"b\":2,\"a\":1}", false},
    {"member twice, spelled otherwise", "{\"a\":1,\"\\u0061\":1}", false},
    {"empty name", "{\"\":1}", true},
    {"half a word", "tru", false},
    {"a word too long", "truee", false},
    {"integer", "-12", true},
    {"leading zero", "012", false},
    {"plus", "+1", false},
    {"only a sign", "-", false},
    {"fraction without digits", "1.", false},
    {"only a fraction", ".5", false},
    {"exponent", "1E+2", true},
    {"exponent without digits", "1e", false},
    {"hexadecimal", "0x10", false},
    {"not a number", "NaN", false},
    {"larger than an int64", "123456789012345678901234567890", true},
    {"larger than a double", "-1e400", true},
    {"smaller than a double", "1e-400", true},
    {"escapes", "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00\"", true},
    {"no such escape", "\"\\x\"", false},
    {"escape of three digits", "\"\\u00e\"", false},
    {"escaped quote at the end", "\"\\\"", false},
    {"backslash at the end", "\"\\", false},
    {"open string", "\"abc", false},
    {"line end in a string", "\"a\nb\"", false},
    {"control character behind an escape", "\"\\n\x01\"", false},
    {"escaped zero", "\"\\u0000\"", false},
    {"high surrogate alone", "\"\\ud83d\"", false},
    {"high surrogate and text", "\"\\ud83dxxxxxx\"", false},
    {"two high surrogates", "\"\\ud83d\\ud83d\"", false},
    {"low surrogate alone", "\"\\ude00\"", false},
    {"surrogate as UTF-8", "\"\xed\xa0\x80\"", false},
    {"overlong", "\"\xc0\xaf\"", false},
    {"beyond U+10FFFF", "\"\xf4\x90\x80\x80\"", false},
    {"highest character", "\"\xf4\x8f\xbf\xbf\"", true},
    {"cut character", "\"\xc3\"", false},
    {"delete is a character like any other", "\"\x7f\"", true},
};

static void
the_grammar_is_that_of_section_3(void **state)
{
    (void)state;
    unsigned failed = 0;
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if ((vdr_json_read(vdr_span_str(rows[i].text), 0, &arena) != NULL) != rows[i].good) {
            print_error("%s: %s\n", rows[i].name, rows[i].good ? "refused" : "taken");
            failed++;
        }
    }
    static const uint8_t zero[] = {'"', 0, '"'};
    assert_null(vdr_json_read(vdr_span_of(zero, 3), 0, &arena));
    assert_null(vdr_json_read((vdr_span){0}, 0, &arena));
    vdr_arena_done(&arena);
    assert_int_equal(failed, 0);
}

static void
nesting_ends_at_64(void **state)
{
    (void)state;
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 20);
    for (unsigned depth = 1; depth <= 70; depth++) {
        char text[600] = "";
        size_t used = 0;
        for (unsigned i = 0; i < depth; i++)
            used += (size_t)snprintf(text + used, sizeof text - used, i % 2 != 0 ? "{\"a\":" : "[");
        used += (size_t)snprintf(text + used, sizeof text - used, "1");
        for (unsigned i = depth; i-- > 0;)
            text[used++] = i % 2 != 0 ? '}' : ']';
        bool good = vdr_json_read(vdr_span_of(text, used), 0, &arena) != NULL;
        assert_int_equal(good, depth <= VDR_JSON_DEPTH_MAX);
        good = vdr_json_read(vdr_span_of(text, used), 3, &arena) != NULL;
        assert_int_equal(good, depth + 3 <= VDR_JSON_DEPTH_MAX);
    }
    vdr_arena_done(&arena);
}

static const struct {
    const char *text;
    bool is_integer;
    int64_t integer;
    double number;
} numbers[] = {
    {"0", true, 0, 0},
    {"-0", true, 0, 0},
    {"7", true, 7, 7},
    {"-7", true, -7, -7},
    {"3.0", false, 0, 3},
    {"3e0", false, 0, 3},
    {"9007199254740991", true, 9007199254740991, 9007199254740991},
    {"-9007199254740991", true, -9007199254740991, -9007199254740991},
    {"9007199254740992", false, 0, 9007199254740992},
    {"-9007199254740992", false, 0, -9007199254740992},
    {"9007199254740993", false, 0, 9007199254740992},
    {"99999999999999999", false, 0, 1e17},
    {"123456789012345678901234567890", false, 0, 123456789012345678901234567890.0},
    {"0.1", false, 0, 0.1},
    {"1e400", false, 0, HUGE_VAL},
    {"-1e400", false, 0, -HUGE_VAL},
    {"1e-400", false, 0, 0},
    {"5e-324", false, 0, 5e-324},
};

static void
a_number_is_the_nearest_double_and_knows_whether_it_is_an_integer(void **state)
{
    (void)state;
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 20);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        const vdr_json *value = vdr_json_read(vdr_span_str(numbers[i].text), 0, &arena);
        assert_non_null(value);
        if (value->is_integer != numbers[i].is_integer ||
            (value->is_integer && value->integer != numbers[i].integer) ||
            value->number < numbers[i].number || value->number > numbers[i].number)
            fail_msg("%s: %.17g", numbers[i].text, value->number);
    }
    vdr_arena_done(&arena);
}

/* ---- against jansson */

static bool
equal(const vdr_json *ours, json_t *theirs)
{
    size_t i = 0;
    switch (ours->kind) {
    case VDR_JSON_NULL:
        return json_is_null(theirs);
    case VDR_JSON_FALSE:
        return json_is_false(theirs);
    case VDR_JSON_TRUE:
        return json_is_true(theirs);
    case VDR_JSON_NUMBER: {
        double number = json_number_value(theirs);
        return json_is_number(theirs) && !(number < ours->number) && !(number > ours->number);
    }
    case VDR_JSON_STRING:
        return json_is_string(theirs) &&
               vdr_span_equal(ours->text, vdr_span_of(json_string_value(theirs), json_string_length(theirs)));
    case VDR_JSON_LIST:
        if (!json_is_array(theirs) || json_array_size(theirs) != ours->count)
            return false;
        for (const vdr_json *item = ours->first; item != NULL; item = item->next)
            if (!equal(item, json_array_get(theirs, i++)))
                return false;
        return true;
    case VDR_JSON_OBJECT:
        if (!json_is_object(theirs) || json_object_size(theirs) != ours->count)
            return false;
        for (const vdr_json *item = ours->first; item != NULL; item = item->next) {
            char name[256];
            snprintf(name, sizeof name, "%.*s", (int)item->name.len, (const char *)item->name.at);
            json_t *member = json_object_get(theirs, name);
            if (member == NULL || !equal(item, member))
                return false;
        }
        return true;
    }
    return false;
}

static const char *const seeds[] = {
    "{\"specversion\":\"1.0\",\"id\":\"s-1\",\"data\":{\"severity\":3,\"persons\":[{\"bsn\":\"9\"}]}}",
    "[0,-0,1.5,-2e3,1E-2,12345678901234567,0.1e+7,null,true,false]",
    "{\"a\":\"\\u00e9\\ud83d\\ude00\\n\\\\\",\"b\":{\"c\":[[],[{}],\"\xc3\xab\xe2\x82\xac\"]},\"\":\"\"}",
    " [ \"a\" , { \"b\" : 1 , \"c\" : 2 } ] ",
};

static uint32_t
roll(uint64_t *dice, uint32_t below)
{
    *dice = *dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*dice >> 33) % below);
}

static size_t
spoil(uint64_t *dice, uint8_t *at, size_t len)
{
    static const char likely[] = "{}[]\",:\\u0189de.+-E \ttrfnD\xc3\xab\xed";
    for (uint32_t edits = roll(dice, 4); edits-- > 0 && len > 1;) {
        size_t i = roll(dice, (uint32_t)len);
        switch (roll(dice, 3)) {
        case 0:
            at[i] = (uint8_t)likely[roll(dice, sizeof likely - 1)];
            break;
        case 1:
            memmove(at + i, at + i + 1, --len - i);
            break;
        default:
            memmove(at + i + 1, at + i, len++ - i);
            at[i] = (uint8_t)likely[roll(dice, sizeof likely - 1)];
            break;
        }
    }
    return len;
}

static void
what_it_reads_is_what_another_reader_reads(void **state)
{
    (void)state;
    vdr_arena arena;
    uint64_t dice = 20260302;
    unsigned taken = 0, refused = 0;
    vdr_arena_init(&arena, 1 << 20);
    for (unsigned round = 0; round < 200000; round++) {
        uint8_t text[512];
        const char *seed = seeds[round % (sizeof seeds / sizeof seeds[0])];
        size_t len = strlen(seed);
        json_error_t error;
        memcpy(text, seed, len);
        len = spoil(&dice, text, len);
        vdr_arena_reset(&arena);
        const vdr_json *ours = vdr_json_read(vdr_span_of(text, len), 0, &arena);
        json_t *theirs =
            json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
        /* jansson has bounds for numbers that RFC 8259 does not have. */
        bool unbound = theirs == NULL && json_error_code(&error) == json_error_numeric_overflow;
        if (!unbound && ((ours == NULL) != (theirs == NULL) || (ours != NULL && !equal(ours, theirs))))
            fail_msg("round %u: %.*s", round, (int)len, (const char *)text);
        taken += ours != NULL;
        refused += ours == NULL;
        if (ours != NULL) { /* what it writes, it reads as the same */
            vdr_span again = vdr_json_write(ours, &arena);
            const vdr_json *reread = vdr_json_read(again, 0, &arena);
            assert_non_null(reread);
            assert_true(theirs == NULL || equal(reread, theirs));
        }
        json_decref(theirs);
    }
    assert_true(taken > 20000 && refused > 20000);
    vdr_arena_done(&arena);
}

static void
the_memory_of_a_text_is_bounded(void **state)
{
    (void)state;
    static const char *const units[] = {"1,",   "[],", "\"\\n\",",           "\"\",",
                                        "1.0,", "{},", "\"\\u00e9\\u00e9\","};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        size_t unit = strlen(units[i]), len = 1;
        char *text = calloc(1, VDR_EVENT_BYTES_MAX + 16);
        text[0] = '[';
        while (len + unit < VDR_EVENT_BYTES_MAX - 3) {
            memcpy(text + len, units[i], unit);
            len += unit;
        }
        memcpy(text + len, "1]", 2);
        len += 2;
        vdr_arena arena;
        vdr_arena_init(&arena, VDR_JSON_ARENA_BYTES(len));
        if (vdr_json_read(vdr_span_of(text, len), 0, &arena) == NULL)
            fail_msg("%s: over budget", units[i]);
        vdr_arena_done(&arena);
        free(text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_grammar_is_that_of_section_3),
        cmocka_unit_test(nesting_ends_at_64),
        cmocka_unit_test(a_number_is_the_nearest_double_and_knows_whether_it_is_an_integer),
        cmocka_unit_test(what_it_reads_is_what_another_reader_reads),
        cmocka_unit_test(the_memory_of_a_text_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
