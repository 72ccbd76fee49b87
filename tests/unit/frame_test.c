/* Goal: the head of a frame has exactly one form, and what is not that form is refused by its reason. */
#include "proto/frame.h"

#include "proto/limits.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* The PING of protocol.md section 12. */
static const uint8_t ping[] = {'V', 'D', 'R', 1, 16, 0, 0x67, 0xa4, 2, 0, 0, 0, 3, 0, 0, 0, 0x08, 0x2a};

static void
a_frame_is_written_as_the_protocol_shows(void **state)
{
    (void)state;
    vdr_bytes out = {0};
    const vdr_frame frame = {.type = VDR_FRAME_PING, .sequence = 3, .body = {ping + VDR_FRAME_HEAD, 2}};
    vdr_frame_write(&frame, &out);
    assert_int_equal(out.len, sizeof ping);
    assert_memory_equal(out.at, ping, sizeof ping);
    vdr_bytes_done(&out);
}

static void
every_type_comes_back_as_it_was_written(void **state)
{
    (void)state;
    for (unsigned type = 1; type <= VDR_FRAME_TYPE_MAX; type++) {
        for (size_t len = 0; len < 40; len++) {
            uint8_t body[40] = {1, 2, 3};
            vdr_bytes out = {0};
            vdr_frame in = {
                .type = (vdr_frame_type)type, .sequence = 0xfffffff0u + type, .body = {body, len}};
            vdr_frame back;
            vdr_frame_write(&in, &out);
            assert_int_equal(vdr_frame_parse(vdr_bytes_span(&out), VDR_FRAME_BYTES_MAX, &back), VDR_OK);
            assert_int_equal(back.type, type);
            assert_int_equal(back.sequence, in.sequence);
            assert_true(vdr_span_equal(back.body, in.body));
            vdr_bytes_done(&out);
        }
    }
}

static void
what_is_no_frame_is_refused_by_its_reason(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        size_t len;     /* of ping that is given */
        size_t at;      /* the byte that is changed */
        uint8_t change; /* by this much; 0: none */
        size_t bytes_max;
        vdr_err err;
    } rows[] = {
        {"good", sizeof ping, 0, 0, 64, VDR_OK},
        {"just fits", sizeof ping, 0, 0, sizeof ping, VDR_OK},
        {"one byte too big", sizeof ping, 0, 0, sizeof ping - 1, VDR_E_TOO_BIG},
        {"nothing", 0, 0, 0, 64, VDR_E_BAD_FRAME},
        {"half a head", 8, 0, 0, 64, VDR_E_BAD_FRAME},
        {"head without its body", 16, 0, 0, 64, VDR_E_BAD_FRAME},
        {"body cut", sizeof ping - 1, 0, 0, 64, VDR_E_BAD_FRAME},
        {"other magic", sizeof ping, 0, 1, 64, VDR_E_BAD_FRAME},
        {"other version", sizeof ping, 3, 1, 64, VDR_E_BAD_VERSION},
        {"other type, old check", sizeof ping, 4, 1, 64, VDR_E_BAD_FRAME},
        {"a flag", sizeof ping, 5, 1, 64, VDR_E_BAD_FRAME},
        {"other check", sizeof ping, 6, 1, 64, VDR_E_BAD_FRAME},
        {"longer body said", sizeof ping, 8, 1, 64, VDR_E_BAD_FRAME},
        {"2 GiB body said", sizeof ping, 11, 0x80, 64, VDR_E_BAD_FRAME},
        {"other sequence, old check", sizeof ping, 12, 1, 64, VDR_E_BAD_FRAME},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t bytes[sizeof ping];
        vdr_frame frame = {.sequence = 99};
        memcpy(bytes, ping, sizeof ping);
        bytes[rows[i].at] = (uint8_t)(bytes[rows[i].at] + rows[i].change);
        vdr_err err = vdr_frame_parse(vdr_span_of(bytes, rows[i].len), rows[i].bytes_max, &frame);
        if (err != rows[i].err)
            fail_msg("%s: %s", rows[i].name, vdr_err_code(err));
        if (err != VDR_OK)
            assert_int_equal(frame.sequence, 99); /* untouched */
    }
}

/* All checks are tried, so that it is the type that is refused. */
static void
unknown_types_are_refused_with_any_check(void **state)
{
    (void)state;
    static const uint8_t types[] = {0, 1, VDR_FRAME_TYPE_MAX, VDR_FRAME_TYPE_MAX + 1, 0x80, 0xff};
    unsigned good = 0;
    for (size_t i = 0; i < sizeof types; i++) {
        uint8_t head[VDR_FRAME_HEAD];
        vdr_frame frame;
        vdr_frame_head_write(VDR_FRAME_PING, 1, 0, head);
        head[4] = types[i];
        for (unsigned check = 0; check < 0x10000; check++) {
            head[6] = (uint8_t)check;
            head[7] = (uint8_t)(check >> 8);
            good += vdr_frame_parse(vdr_span_of(head, sizeof head), 64, &frame) == VDR_OK;
        }
    }
    assert_int_equal(good, 2); /* one check of each type that is one */
}

static void
who_may_send_a_frame_is_in_its_table(void **state)
{
    (void)state;
    unsigned client = 0, broker = 0;
    for (unsigned type = 0; type < 300; type++) {
        client += vdr_frame_from_client((vdr_frame_type)type);
        broker += vdr_frame_from_broker((vdr_frame_type)type);
    }
    assert_int_equal(client, 11);
    assert_int_equal(broker, 11);
    assert_string_equal(vdr_frame_type_name(VDR_FRAME_PUBLISH), "publish");
    assert_string_equal(vdr_frame_type_name((vdr_frame_type)0), "unknown");
    assert_string_equal(vdr_frame_type_name((vdr_frame_type)20), "unknown");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_written_as_the_protocol_shows),
        cmocka_unit_test(every_type_comes_back_as_it_was_written),
        cmocka_unit_test(what_is_no_frame_is_refused_by_its_reason),
        cmocka_unit_test(unknown_types_are_refused_with_any_check),
        cmocka_unit_test(who_may_send_a_frame_is_in_its_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
