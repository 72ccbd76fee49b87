#include "broker/trail/logboek_id.h"

#include <stdio.h>
#include <string.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static const uint8_t secret[32] = {1, 2, 3}, other_secret[32] = {3, 2, 1};
static const vdr_key16 anna = {{0xa1, 0xa2, 0xa3}}, bram = {{0xb1, 0xb2, 0xb3}};

static const vdr_logboek_place places[] = {
    {1, 0, 0}, {2, 0, 0}, {1, 1, 0}, {1, 0, 1}, {256, 0, 0}, {1, 256, 0}, {1, 0, 256},
};
#define PLACES (sizeof places / sizeof places[0])

static void
the_same_place_has_the_same_ids_and_no_other_place_has(void **state)
{
    vdr_logboek_keys keys;
    char one[VDR_LOGBOEK_OPERATION_DIGITS + 1], two[VDR_LOGBOEK_OPERATION_DIGITS + 1];
    (void)state;
    vdr_logboek_keys_init(&keys, secret);
    for (size_t i = 0; i < PLACES; i++) {
        for (size_t j = 0; j < PLACES; j++) {
            vdr_logboek_operation_id(&keys, &places[i], one);
            vdr_logboek_operation_id(&keys, &places[j], two);
            assert_int_equal(strlen(one), VDR_LOGBOEK_OPERATION_DIGITS);
            if ((strcmp(one, two) == 0) != (i == j))
                print_error("rows %zu and %zu\n", i, j);
            assert_int_equal(strcmp(one, two) == 0, i == j);
        }
    }
    char trace[VDR_LOGBOEK_TRACE_DIGITS + 1], next[VDR_LOGBOEK_TRACE_DIGITS + 1];
    vdr_logboek_trace_id(&keys, 1, trace);
    vdr_logboek_trace_id(&keys, 2, next);
    assert_int_equal(strlen(trace), VDR_LOGBOEK_TRACE_DIGITS);
    assert_string_not_equal(trace, next);
    vdr_logboek_trace_id(&keys, 1, next);
    assert_string_equal(trace, next);
    vdr_logboek_keys_done(&keys);
}

static void
a_person_has_another_id_in_each_row_and_the_key_opens_all(void **state)
{
    vdr_logboek_keys keys;
    char ids[PLACES][VDR_LOGBOEK_SUBJECT_DIGITS + 1];
    (void)state;
    vdr_logboek_keys_init(&keys, secret);
    for (size_t i = 0; i < PLACES; i++) {
        vdr_key16 opened;
        vdr_logboek_subject_id(&keys, &places[i], &anna, ids[i]);
        assert_int_equal(strlen(ids[i]), VDR_LOGBOEK_SUBJECT_DIGITS);
        assert_null(strstr(ids[i], "a1a2a3"));
        for (size_t j = 0; j < i; j++)
            assert_memory_not_equal(ids[i], ids[j], 48); /* the nonce */
        assert_int_equal(vdr_logboek_subject_open(&keys, vdr_span_str(ids[i]), &opened), VDR_OK);
        assert_memory_equal(opened.bytes, anna.bytes, sizeof anna.bytes);
    }
    vdr_logboek_keys_done(&keys);
}

static void
two_persons_at_one_place_share_no_nonce(void **state)
{
    vdr_logboek_keys keys;
    char one[VDR_LOGBOEK_SUBJECT_DIGITS + 1], two[VDR_LOGBOEK_SUBJECT_DIGITS + 1];
    (void)state;
    vdr_logboek_keys_init(&keys, secret);
    vdr_logboek_subject_id(&keys, &places[0], &anna, one);
    vdr_logboek_subject_id(&keys, &places[0], &bram, two);
    assert_memory_not_equal(one, two, 48);
    vdr_logboek_subject_id(&keys, &places[0], &anna, two);
    assert_string_equal(one, two);
    vdr_logboek_keys_done(&keys);
}

static void
another_key_or_a_changed_id_opens_nothing(void **state)
{
    vdr_logboek_keys keys, others;
    char id[VDR_LOGBOEK_SUBJECT_DIGITS + 1];
    vdr_key16 opened = bram;
    (void)state;
    vdr_logboek_keys_init(&keys, secret);
    vdr_logboek_keys_init(&others, other_secret);
    vdr_logboek_subject_id(&keys, &places[0], &anna, id);
    assert_int_equal(vdr_logboek_subject_open(&others, vdr_span_str(id), &opened), VDR_E_BAD_CONFIG);
    assert_int_equal(vdr_logboek_subject_open(&keys, vdr_span_of(id, sizeof id - 3), &opened),
                     VDR_E_BAD_CONFIG);
    for (size_t i = 0; i < VDR_LOGBOEK_SUBJECT_DIGITS; i++) {
        char was = id[i];
        id[i] = was == '0' ? '1' : '0';
        assert_int_equal(vdr_logboek_subject_open(&keys, vdr_span_str(id), &opened), VDR_E_BAD_CONFIG);
        id[i] = 'x';
        assert_int_equal(vdr_logboek_subject_open(&keys, vdr_span_str(id), &opened), VDR_E_BAD_CONFIG);
        id[i] = was;
    }
    assert_memory_equal(opened.bytes, bram.bytes, sizeof bram.bytes); /* untouched on failure */
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_place_has_the_same_ids_and_no_other_place_has),
        cmocka_unit_test(a_person_has_another_id_in_each_row_and_the_key_opens_all),
        cmocka_unit_test(two_persons_at_one_place_share_no_nonce),
        cmocka_unit_test(another_key_or_a_changed_id_opens_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
