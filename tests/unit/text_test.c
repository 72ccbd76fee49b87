/* Goal: texts and names are given back as they were put in, in the smallest record that fits, and a name is
 * one number as long as anybody uses it. */
#include "broker/core/names.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static void
a_text_of_any_length_is_given_back(void **state)
{
    (void)state;
    vdr_texts texts;
    uint32_t numbers[257];
    uint8_t bytes[256];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 7 + 1);
    vdr_texts_init(&texts, 30);
    for (unsigned len = 0; len <= 256; len++)
        numbers[len] = vdr_text_put(&texts, vdr_span_of(bytes, len));
    for (unsigned len = 0; len <= 256; len++) {
        vdr_span text = vdr_text_get(&texts, numbers[len]);
        assert_int_not_equal(numbers[len], 0);
        assert_non_null(text.at); /* empty, not absent */
        if (!vdr_span_equal(text, vdr_span_of(bytes, len)))
            fail_msg("length %u", len);
    }
    for (unsigned len = 0; len <= 256; len += 2)
        vdr_text_drop(&texts, numbers[len]);
    vdr_text_drop(&texts, 0);
    for (unsigned len = 1; len <= 256; len += 2)
        assert_true(vdr_span_equal(vdr_text_get(&texts, numbers[len]), vdr_span_of(bytes, len)));
    for (unsigned len = 0; len <= 256; len += 2)
        numbers[len] = vdr_text_put(&texts, vdr_span_of(bytes, len)); /* shorter ones in used records */
    for (unsigned len = 0; len <= 256; len++)
        assert_true(vdr_span_equal(vdr_text_get(&texts, numbers[len]), vdr_span_of(bytes, len)));
    vdr_texts_done(&texts);
}

static const struct {
    size_t len;
    uint32_t class, record_bytes;
} sizes[] = {{0, 0, 12},  {10, 0, 12},  {11, 1, 20},   {18, 1, 20},   {19, 2, 40},
             {35, 2, 40}, {36, 6, 36},  {37, 2, 40},   {38, 2, 40},   {39, 3, 72},
             {70, 3, 72}, {71, 4, 136}, {134, 4, 136}, {135, 5, 260}, {256, 5, 260}};

static void
a_text_lies_in_the_smallest_record_that_fits(void **state)
{
    (void)state;
    static const uint8_t bytes[256] = {1};
    for (size_t row = 0; row < sizeof sizes / sizeof *sizes; row++) {
        vdr_texts texts;
        vdr_texts_init(&texts, 30);
        uint32_t number = vdr_text_put(&texts, vdr_span_of(bytes, sizes[row].len));
        const vdr_slab *slab = &texts.classes[sizes[row].class];
        if (slab->live != 1 || slab->record_bytes != sizes[row].record_bytes)
            fail_msg("length %zu is not in class %u", sizes[row].len, sizes[row].class);
        assert_int_equal(slab->table, 30 + sizes[row].class);
        vdr_text_drop(&texts, number);
        assert_int_equal(slab->live, 0);
        vdr_texts_done(&texts);
    }
}

static void
names_init(vdr_state *state)
{
    *state = (vdr_state){0};
    vdr_slab_init(&state->names, VDR_TABLE_NAMES, 1, sizeof(vdr_name_record));
    vdr_index_init(&state->names_by_text, VDR_TABLE_NAME_LINES, &state->names, vdr_name_record_hash);
    vdr_texts_init(&state->texts, VDR_TABLE_TEXTS);
}

static void
names_done(vdr_state *state)
{
    vdr_index_done(&state->names_by_text);
    vdr_slab_done(&state->names);
    vdr_texts_done(&state->texts);
}

static uint32_t
texts_live(const vdr_state *state)
{
    uint32_t live = 0;
    for (int i = 0; i < VDR_TEXT_CLASSES; i++)
        live += state->texts.classes[i].live;
    return live;
}

static void
a_name_has_one_number_and_a_number_one_name(void **unused)
{
    (void)unused;
    vdr_state state;
    names_init(&state);
    vdr_name youth = vdr_name_pin(&state, vdr_span_str("youth"));
    vdr_name adult = vdr_name_use(&state, vdr_span_str("adult"));
    vdr_name empty = vdr_name_use(&state, vdr_span_str(""));
    assert_int_not_equal(youth, 0);
    assert_int_not_equal(adult, youth);
    assert_int_equal(vdr_name_use(&state, vdr_span_str("youth")), youth);
    assert_int_equal(vdr_name_pin(&state, vdr_span_str("youth")), youth);
    assert_int_equal(vdr_name_find(&state, vdr_span_str("adult")), adult);
    assert_int_equal(vdr_name_find(&state, vdr_span_str("")), empty);
    assert_int_equal(vdr_name_find(&state, vdr_span_str("adul")), 0);
    assert_int_equal(vdr_name_find(&state, vdr_span_str("adults")), 0);
    assert_true(vdr_span_equal(vdr_name_text(&state, adult), vdr_span_str("adult")));
    names_done(&state);
}

static void
an_unpinned_name_goes_with_its_last_use_and_a_pinned_one_stays(void **unused)
{
    (void)unused;
    vdr_state state;
    names_init(&state);
    vdr_name role = vdr_name_use(&state, vdr_span_str("role"));
    assert_int_equal(vdr_name_use(&state, vdr_span_str("role")), role);
    vdr_name pinned = vdr_name_pin(&state, vdr_span_str("pinned"));
    vdr_name both = vdr_name_use(&state, vdr_span_str("both"));
    assert_int_equal(vdr_name_pin(&state, vdr_span_str("both")), both);
    vdr_name_drop(&state, role);
    assert_int_equal(vdr_name_find(&state, vdr_span_str("role")), role);
    vdr_name_drop(&state, role);
    assert_int_equal(vdr_name_find(&state, vdr_span_str("role")), 0);
    vdr_name_drop(&state, both);
    assert_int_equal(vdr_name_find(&state, vdr_span_str("both")), both);
    assert_int_equal(vdr_name_find(&state, vdr_span_str("pinned")), pinned);
    assert_int_equal(state.names.live, 2);
    assert_int_equal(texts_live(&state), 2);
    names_done(&state);
}

static void
many_roles_come_and_go_and_leave_nothing(void **unused)
{
    (void)unused;
    enum { MANY = 5000 };
    vdr_state state;
    vdr_name *names = test_calloc(MANY, sizeof *names);
    char text[300];
    names_init(&state);
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < MANY; i++) {
            int len = snprintf(text, sizeof text, "%0*d", 1 + i % 250, i);
            names[i] = vdr_name_use(&state, vdr_span_of(text, (size_t)len));
        }
        for (int i = 0; i < MANY; i++) {
            int len = snprintf(text, sizeof text, "%0*d", 1 + i % 250, i);
            assert_int_equal(vdr_name_find(&state, vdr_span_of(text, (size_t)len)), names[i]);
        }
        for (int i = 0; i < MANY; i++)
            vdr_name_drop(&state, names[(i * 77) % MANY]);
        assert_int_equal(state.names.live, 0);
        assert_int_equal(texts_live(&state), 0);
    }
    test_free(names);
    names_done(&state);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_of_any_length_is_given_back),
        cmocka_unit_test(a_text_lies_in_the_smallest_record_that_fits),
        cmocka_unit_test(a_name_has_one_number_and_a_number_one_name),
        cmocka_unit_test(an_unpinned_name_goes_with_its_last_use_and_a_pinned_one_stays),
        cmocka_unit_test(many_roles_come_and_go_and_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
