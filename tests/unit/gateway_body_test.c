/* Goal: what comes in as JSON is bounded, read member by member, and every fault has its place. */
#include "clients/gateway/body.h"
#include "clients/gateway/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

static void
an_instant_has_any_offset_but_the_unknown_one(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        vdr_ms at; /* VDR_MS_NONE: refused */
    } rows[] = {
        {"2026-03-02T09:00:00Z", INT64_C(1772442000000)},
        {"2026-03-02T09:00:00.123456789Z", INT64_C(1772442000123)},
        {"2026-03-02T10:00:00+01:00", INT64_C(1772442000000)},
        {"2026-03-02T03:30:00.5-05:30", INT64_C(1772442000500)},
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00+01:00", VDR_MS_NONE},
        {"9999-12-31T23:59:59-01:00", VDR_MS_NONE},
        {"2026-03-02T09:00:00-00:00", VDR_MS_NONE},
        {"2026-03-02T09:00:00+24:00", VDR_MS_NONE},
        {"2026-03-02T09:00:00+1:00", VDR_MS_NONE},
        {"2026-03-02t09:00:00z", VDR_MS_NONE},
        {"2026-03-02T09:00:00", VDR_MS_NONE},
        {"2026-02-30T09:00:00Z", VDR_MS_NONE},
        {"", VDR_MS_NONE},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_ms at = VDR_MS_NONE;
        bool read = vdr_instant_read(rows[i].text, &at);
        if (read != (rows[i].at != VDR_MS_NONE) || at != rows[i].at)
            fail_msg("%s: %lld", rows[i].text, (long long)at);
    }
}

static void
an_id_is_a_letter_and_a_number(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t number; /* 0: refused */
    } rows[] = {{"C7", 7},
                {"C9223372036854775807", INT64_MAX},
                {"C9223372036854775808", 0},
                {"C0", 0},
                {"C07", 0},
                {"H7", 0},
                {"c7", 0},
                {"C", 0},
                {"C7 ", 0},
                {"C-7", 0},
                {"", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint64_t number = 0;
        bool read = vdr_id_read(vdr_span_str(rows[i].text), 'C', &number);
        if (read != (rows[i].number != 0) || number != rows[i].number)
            fail_msg("%s: %llu", rows[i].text, (unsigned long long)number);
    }
}

static void
elements_are_found_as_they_stand(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *elements[4];
    } rows[] = {
        {"[]", {NULL}},
        {" [ ] ", {NULL}},
        {"[1]", {"1", NULL}},
        {"[ {\"a\":[1,2]} , \"x,]\\\"\" ,3 ]", {"{\"a\":[1,2]}", "\"x,]\\\"\"", "3", NULL}},
        {"[[],{},\"\\\\\"]", {"[]", "{}", "\"\\\\\"", NULL}},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_span spans[4];
        size_t count, expected = 0;
        assert_true(vdr_body_elements(vdr_span_str(rows[i].text), spans, 4, &count));
        while (rows[i].elements[expected] != NULL)
            expected++;
        if (count != expected)
            fail_msg("%s: %zu elements", rows[i].text, count);
        for (size_t k = 0; k < count; k++) {
            if (!vdr_span_equal(spans[k], vdr_span_str(rows[i].elements[k])))
                fail_msg("%s: element %zu is %.*s", rows[i].text, k, (int)spans[k].len,
                         (const char *)spans[k].at);
        }
    }
    vdr_span two[2];
    size_t count;
    assert_false(vdr_body_elements(vdr_span_str("[1,2,3]"), two, 2, &count));
}

static void
json_is_bounded_before_it_is_parsed(void **state)
{
    (void)state;
    static const struct {
        const char *text, *code; /* NULL: it is taken */
    } rows[] = {
        {"{}", NULL},
        {"[[[[]]]]", NULL},
        {"[[[[[]]]]]", "too_deep"},
        {"{\"a\":\"[[[[[[[[\"}", NULL},
        {"{\"a\":1,\"a\":2}", "duplicate_member"},
        {"{\"a\":1,\"\\u0061\":2}", "duplicate_member"},
        {"{\"a\":\"\\u0000\"}", "not_json"},
        {"{\"\xc3\x28\":1}", "not_utf8"},
        {"{", "not_json"},
        {"", "not_json"},
        {"7", "not_json"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_faults faults = {0};
        json_t *json = vdr_body_parse(vdr_span_str(rows[i].text), 4, "", &faults);
        char code[64];
        (void)snprintf(code, sizeof code, "\"code\":\"%s\"", rows[i].code != NULL ? rows[i].code : "");
        *vdr_bytes_extend(&faults.json, 1) = '\0';
        if ((json != NULL) != (rows[i].code == NULL) ||
            (json == NULL && strstr((const char *)faults.json.at, code) == NULL))
            fail_msg("%s: %s", rows[i].text, (const char *)faults.json.at);
        json_decref(json);
        vdr_faults_done(&faults);
    }
}

/* What reads the text would take a zero behind a number for its end. */
static void
a_zero_byte_is_nowhere_in_json(void **state)
{
    (void)state;
    static const char text[] = "{\"ab\":31,\"c\":[\"d\"]}";
    for (size_t i = 0; i <= sizeof text - 1; i++) {
        char changed[sizeof text + 1];
        vdr_faults faults = {0};
        memcpy(changed, text, i);
        changed[i] = '\0';
        memcpy(changed + i + 1, text + i, sizeof text - 1 - i);
        json_t *json = vdr_body_parse(vdr_span_of(changed, sizeof text), 4, "", &faults);
        if (json != NULL || faults.count != 1)
            fail_msg("taken with a zero at %zu", i);
        vdr_faults_done(&faults);
    }
}

static void
every_fault_of_a_form_is_told_with_its_pointer(void **state)
{
    (void)state;
    static const char *const words[] = {"one", "two"};
    vdr_faults faults = {0};
    vdr_form form;
    uint64_t number = 9;
    vdr_ms at = 9;
    json_t *object = json_loads("{\"text\":\"\",\"number\":3,\"word\":\"three\",\"when\":\"now\",\"a/b~c\":1,"
                                "\"digits\":\"12a\",\"list\":[1]}",
                                0, NULL);
    assert_non_null(object);
    vdr_form_begin(&form, object, "/at", &faults);
    assert_null(vdr_form_text(&form, "text", true, 1, 5));
    assert_null(vdr_form_text(&form, "missing", true, 1, 5));
    assert_null(vdr_form_text(&form, "optional", false, 1, 5));
    vdr_form_number(&form, "number", true, 5, 6, &number);
    assert_int_equal(vdr_form_word(&form, "word", true, words, 2), 2);
    vdr_form_instant(&form, "when", true, &at);
    assert_null(vdr_form_digits(&form, "digits", true, 3));
    assert_null(vdr_form_array(&form, "list", true, 2, 3));
    vdr_form_end(&form);
    assert_int_equal(number, 9);
    assert_int_equal(at, 9);
    assert_int_equal(faults.count, 8);
    *vdr_bytes_extend(&faults.json, 1) = '\0';
    static const char *const told[] = {"{\"pointer\":\"/at/text\",\"code\":\"too_short\"",
                                       "{\"pointer\":\"/at/missing\",\"code\":\"required\"",
                                       "{\"pointer\":\"/at/number\",\"code\":\"bad_value\"",
                                       "{\"pointer\":\"/at/word\",\"code\":\"bad_value\"",
                                       "{\"pointer\":\"/at/when\",\"code\":\"bad_instant\"",
                                       "{\"pointer\":\"/at/digits\",\"code\":\"bad_value\"",
                                       "{\"pointer\":\"/at/list\",\"code\":\"too_short\"",
                                       "{\"pointer\":\"/at/a~1b~0c\",\"code\":\"unknown_member\""};
    for (size_t i = 0; i < sizeof told / sizeof told[0]; i++) {
        if (strstr((const char *)faults.json.at, told[i]) == NULL)
            fail_msg("%s is not in %s", told[i], (const char *)faults.json.at);
    }
    vdr_faults_done(&faults);
    json_decref(object);
}

static void
names_of_the_protocol_are_spelled_in_camel_case(void **state)
{
    (void)state;
    vdr_bytes out = {0};
    vdr_writer w = {.out = &out};
    vdr_write_open(&w, NULL, '{');
    vdr_write_counted(&w, vdr_span_str("oldest_case_ms"), 7);
    vdr_write_named(&w, vdr_span_str("id"), vdr_span_str("a\"\n"));
    vdr_write_open(&w, "list", '[');
    vdr_write_number(&w, NULL, 1);
    vdr_write_instant_if(&w, NULL, VDR_MS_NONE);
    vdr_write_id_if(&w, NULL, 'C', 0);
    vdr_write_null(&w, NULL);
    vdr_write_close(&w, ']');
    vdr_write_instant(&w, "at", -1); /* any number may come over the wire */
    vdr_write_instant(&w, "due", INT64_MAX);
    vdr_write_flag(&w, "end", true);
    vdr_write_close(&w, '}');
    assert_true(vdr_span_equal(vdr_bytes_span(&out),
                               vdr_span_str("{\"oldestCaseMs\":7,\"id\":\"a\\\"\\n\",\"list\":[1,null],"
                                            "\"at\":null,\"due\":null,\"end\":true}")));
    vdr_bytes_done(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_has_any_offset_but_the_unknown_one),
        cmocka_unit_test(an_id_is_a_letter_and_a_number),
        cmocka_unit_test(elements_are_found_as_they_stand),
        cmocka_unit_test(json_is_bounded_before_it_is_parsed),
        cmocka_unit_test(a_zero_byte_is_nowhere_in_json),
        cmocka_unit_test(every_fault_of_a_form_is_told_with_its_pointer),
        cmocka_unit_test(names_of_the_protocol_are_spelled_in_camel_case),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
