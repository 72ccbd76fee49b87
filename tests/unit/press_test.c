/* Goal: what is pressed opens as it was, whatever it was and however it was parted; what was not pressed here opens
 * to something within its room or is refused. */
#include "store/press.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t random_at = 1;

static uint32_t
roll(uint32_t below)
{
    random_at = random_at * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((random_at >> 33) % below);
}

static vdr_press room;

/* Presses bytes in parts that end at ends, opens them, compares; returns how many they were. Every buffer is exactly
 * as large as its header says, so that a sanitizer sees what goes beyond. */
static size_t
there_and_back(const uint8_t *bytes, const size_t *ends, size_t parts, const char *what)
{
    size_t all = ends[parts - 1], sum = 0;
    uint8_t *plain = malloc(all + 1), *again = malloc(all + 1);
    assert_non_null(plain);
    assert_non_null(again);
    memcpy(plain, bytes, all);
    vdr_press_begin(&room);
    for (size_t i = 0; i < parts; i++) {
        size_t from = i > 0 ? ends[i - 1] : 0, most = vdr_press_bytes_max(ends[i] - from);
        uint8_t *pressed = malloc(most);
        assert_non_null(pressed);
        size_t len = vdr_press_part(&room, plain, from, ends[i], pressed);
        uint8_t *exact = malloc(len + 1);
        assert_non_null(exact);
        memcpy(exact, pressed, len);
        free(pressed);
        if (len > most)
            fail_msg("%s: part %zu of %zu bytes became %zu", what, i, ends[i] - from, len);
        if (vdr_press_open(vdr_span_of(exact, len), again, from, ends[i]) != VDR_OK)
            fail_msg("%s: part %zu does not open", what, i);
        if (len != 0)
            assert_int_equal(vdr_press_open(vdr_span_of(exact, len - 1), again, from, ends[i]),
                             VDR_E_STORE_CORRUPT);
        exact[len] = 0;
        assert_int_equal(vdr_press_open(vdr_span_of(exact, len + 1), again, from, ends[i]),
                         VDR_E_STORE_CORRUPT);
        assert_int_equal(vdr_press_open(vdr_span_of(exact, len), again, from, ends[i]), VDR_OK);
        free(exact);
        sum += len;
    }
    if (memcmp(again, bytes, all) != 0)
        fail_msg("%s: other bytes", what);
    free(plain);
    free(again);
    return sum;
}

static void
what_is_pressed_opens_as_it_was(void **state)
{
    static const struct {
        const char *name;
        uint32_t symbols, repeat; /* of so many bytes; of four a piece of what was, so many say */
    } rows[] = {{"random", 256, 0},         {"two symbols", 2, 0},      {"one", 1, 0},
                {"some of before", 256, 1}, {"much of before", 256, 3}, {"few and before", 4, 2}};
    static uint8_t bytes[VDR_PRESS_BYTES_MAX];
    (void)state;
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        for (int round = 0; round < 400; round++) {
            size_t all = roll(round < 300 ? 700 : VDR_PRESS_BYTES_MAX + 1), at = 0;
            while (at < all) {
                size_t len = 1 + roll(round % 2 != 0 ? 30 : 400);
                bool before = at > 0 && roll(4) < rows[r].repeat;
                size_t from = before ? roll((uint32_t)at) : 0;
                for (size_t i = 0; i < len && at < all; i++, at++)
                    bytes[at] = before ? bytes[from + i] : (uint8_t)roll(rows[r].symbols);
            }
            size_t cut = roll((uint32_t)all + 1), ends[3] = {cut, cut + roll((uint32_t)(all - cut) + 1), all};
            (void)there_and_back(bytes, ends, 3, rows[r].name);
        }
    }
}

static void
every_short_length_and_its_parts(void **state)
{
    uint8_t bytes[40];
    (void)state;
    for (size_t all = 0; all <= sizeof bytes; all++) {
        for (size_t cut = 0; cut <= all; cut++) {
            size_t ends[2] = {cut, all};
            memset(bytes, 'a', sizeof bytes);
            (void)there_and_back(bytes, ends, 2, "the same");
            memcpy(bytes, "abcdefabcdefabcdefabcdefabcdefabcdefabcd", sizeof bytes);
            (void)there_and_back(bytes, ends, 2, "six and six");
        }
    }
}

static void
what_is_said_twice_is_told_once(void **state)
{
    static const char text[] =
        "urn:nld:oin:00000099000000020000:systeem:een nl.onderwijs.verzuim-gemeld.v1 youth "
        "urn:nld:oin:00000099000000020000:systeem:een nl.onderwijs.verzuim-gemeld.v1 youth "
        "nl.onderwijs.verzuim-gemeld.v1";
    size_t len = sizeof text - 1, ends[2] = {len - 30, len};
    (void)state;
    size_t pressed = there_and_back((const uint8_t *)text, ends, 2, "a text");
    if (pressed > 2 * len / 3)
        fail_msg("%zu of %zu bytes", pressed, len);
}

/* Each pressed byte changed, and bytes that are none of ours. */
static void
anything_else_opens_within_its_room_or_is_refused(void **state)
{
    uint8_t plain[300] = {0}, pressed[400];
    (void)state;
    for (size_t i = 0; i < 300; i++)
        plain[i] = (uint8_t)(i % 50 < 20 ? roll(256) : i);
    vdr_press_begin(&room);
    size_t len = vdr_press_part(&room, plain, 0, 300, pressed), refused = 0;
    for (uint32_t round = 0; round < 20000; round++) {
        uint8_t *exact = malloc(len), *to = malloc(300);
        assert_non_null(exact);
        assert_non_null(to);
        memcpy(exact, pressed, len);
        for (uint32_t i = 0; i < 1 + round % 3; i++)
            exact[roll((uint32_t)len)] = (uint8_t)roll(256);
        for (size_t i = 0; round % 5 == 0 && i < len; i++)
            exact[i] = (uint8_t)roll(256);
        vdr_err err = vdr_press_open(vdr_span_of(exact, len), to, 0, 300);
        assert_true(err == VDR_OK || err == VDR_E_STORE_CORRUPT);
        refused += err != VDR_OK;
        free(exact);
        free(to);
    }
    assert_true(refused > 1000);
}

/* A block is as it was, or is not pressed; what is not one opens within its room or is refused. */
static void
a_block_opens_as_it_was_within_its_room(void **state)
{
    static uint8_t bytes[70000];
    (void)state;
    for (int round = 0; round < 300; round++) {
        size_t len = roll(round % 8 == 0 ? sizeof bytes : 300), again_len = 0;
        for (size_t i = 0; i < len; i++)
            bytes[i] = (uint8_t)(round % 3 == 0 || i % (size_t)(1 + round) == 0 ? roll(256) : 0);
        uint8_t *pressed = malloc(len + 1), *again = malloc(len + 1);
        assert_non_null(pressed);
        assert_non_null(again);
        size_t most = len != 0 ? len - 1 : 0,
               got = vdr_press_block(&room, vdr_span_of(bytes, len), pressed, most);
        assert_true(got <= most);
        if (got != 0) {
            uint8_t *exact = malloc(got);
            assert_non_null(exact);
            memcpy(exact, pressed, got);
            assert_int_equal(vdr_press_block_open(vdr_span_of(exact, got), again, len, &again_len), VDR_OK);
            assert_int_equal(again_len, len);
            assert_memory_equal(again, bytes, len);
            assert_int_equal(vdr_press_block_open(vdr_span_of(exact, got), again, len - 1, &again_len),
                             VDR_E_STORE_CORRUPT);
            exact[roll((uint32_t)got)] ^= (uint8_t)(1u << roll(8));
            vdr_err err = vdr_press_block_open(vdr_span_of(exact, got), again, len, &again_len);
            assert_true(err == VDR_E_STORE_CORRUPT || (err == VDR_OK && again_len <= len));
            free(exact);
        }
        free(pressed);
        free(again);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_block_opens_as_it_was_within_its_room),
        cmocka_unit_test(what_is_pressed_opens_as_it_was),
        cmocka_unit_test(every_short_length_and_its_parts),
        cmocka_unit_test(what_is_said_twice_is_told_once),
        cmocka_unit_test(anything_else_opens_within_its_room_or_is_refused),
    };
    vdr_press_init(&room);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
