/* Goal: nobody who may set a receiver's name points the courier at what lies behind its walls, and nothing that a
 * receiver says leaves its place in a log line or breaks the JSON it stands in. */
#include "clients/courier/post.h"
#include "proto/utf8.h"

#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>

static void
only_public_addresses_are_spoken_to(void **state)
{
    static const struct {
        const char *address;
        bool allowed;
    } rows[] = {
        {"::ffff:145.21.1.1", true},
        {"::ffff:172.32.0.1", true},
        {"2a02:a45f::1", true},
        {"2606:4700::1111", true},
        {"::ffff:0.0.0.0", false},
        {"::ffff:10.1.2.3", false},
        {"::ffff:100.64.0.1", false},
        {"::ffff:127.0.0.1", false},
        {"::ffff:169.254.169.254", false},
        {"::ffff:172.31.255.255", false},
        {"::ffff:192.0.2.1", false},
        {"::ffff:192.168.1.1", false},
        {"::ffff:198.19.255.255", false},
        {"::ffff:203.0.113.9", false},
        {"::ffff:255.255.255.255", false},
        {"::", false},
        {"::1", false},
        {"::127.0.0.1", false},
        {"::ffff:0:127.0.0.1", false},
        {"64:ff9b::7f00:1", false},
        {"64:ff9b:1::7f00:1", false},
        {"100::1", false},
        {"2001:0:7f00:1::", false},
        {"2001:db8::1", false},
        {"2002:7f00:1::1", false},
        {"fd00::1", false},
        {"fe80::1", false},
        {"fec0::1", false},
        {"ff02::1", false},
    };
    (void)state;
    const vdr_courier_config nothing_named = {0};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        uint8_t address[16];
        assert_int_equal(inet_pton(AF_INET6, rows[i].address, address), 1);
        if (vdr_post_address_allowed(&nothing_named, address) != rows[i].allowed)
            fail_msg("%s", rows[i].address);
    }
}

static void
what_is_named_is_allowed_and_nothing_beside_it(void **state)
{
    (void)state;
    const vdr_courier_network named = {{[10] = 0xff, [11] = 0xff, 10, 1, 2, 8}, 125};
    const vdr_courier_config config = {.allow = &named, .allow_count = 1};
    uint8_t address[16] = {[10] = 0xff, [11] = 0xff, 10, 1, 2, 15};
    assert_true(vdr_post_address_allowed(&config, address));
    address[15] = 16;
    assert_false(vdr_post_address_allowed(&config, address));
}

static void
words_stay_in_their_line(void **state)
{
    static const struct {
        const char *said, *kept;
    } rows[] = {
        {"", ""},
        {"plain", "plain"},
        {"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8f\xa0", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8f\xa0"},
        {"a\r\nlevel=error\x1b[2J\x7f", "a  level=error [2J "},
        {"a\" b=\"c\\", "a' b='c'"},
        {"\xc3", "?"},                     /* cut at the end */
        {"\xe2\x82 and \xa9", "?? and ?"}, /* cut in the middle, and a rest */
        {"\xff\xfe\xc0\x80", "????"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        memcpy(text, rows[i].said, strlen(rows[i].said) + 1);
        vdr_post_words(text);
        if (strcmp(text, rows[i].kept) != 0 || !vdr_span_is_utf8(vdr_span_str(text)))
            fail_msg("row %zu: %s", i, text);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_public_addresses_are_spoken_to),
        cmocka_unit_test(what_is_named_is_allowed_and_nothing_beside_it),
        cmocka_unit_test(words_stay_in_their_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
