/* Where somebody calls from, and who must wait before a password is looked at again. */
#include "clients/gateway/attempts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

static void
an_address_is_read_as_proxies_write_it(void **state)
{
    (void)state;
    static const struct {
        const char *text, *same_as; /* NULL: it is none */
    } rows[] = {
        {"192.0.2.7", "192.0.2.7"},
        {" 192.0.2.7 ", "192.0.2.7"},
        {"192.0.2.7:4711", "192.0.2.7"},
        {"::ffff:192.0.2.7", "192.0.2.7"},
        {"10.0.0.1, 192.0.2.7", "192.0.2.7"},
        {"x,192.0.2.7", "192.0.2.7"},
        {"2001:db8::7", "2001:db8::8"}, /* of one /64 */
        {"[2001:db8::7]:443", "2001:db8::8"},
        {"[2001:db8::7]", "2001:db8::8"},
        {"", NULL},
        {",", NULL},
        {"192.0.2.7,", NULL},
        {"unknown", NULL},
        {"_hidden", NULL},
        {"192.0.2", NULL},
        {"192.0.2.256", NULL},
        {"[2001:db8::7", NULL},
        {"[2001:db8::7]x", NULL},
        {"2001:db8::7%eth0", NULL},
        {"00000000000000000000000000000000000000000000000000000000000000000001", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        vdr_address address, same;
        bool good = vdr_address_read(vdr_span_str(rows[i].text), &address);
        if (good != (rows[i].same_as != NULL))
            fail_msg("\"%s\": %d", rows[i].text, good);
        if (!good)
            continue;
        assert_true(vdr_address_read(vdr_span_str(rows[i].same_as), &same));
        if (memcmp(&address, &same, sizeof same) != 0)
            fail_msg("\"%s\" is another than %s", rows[i].text, rows[i].same_as);
    }
}

static vdr_address
address_of(unsigned number)
{
    char text[32];
    vdr_address address;
    (void)snprintf(text, sizeof text, "10.%u.%u.%u", number >> 16 & 0xff, number >> 8 & 0xff, number & 0xff);
    assert_true(vdr_address_read(vdr_span_str(text), &address));
    return address;
}

/* Wrong passwords until one must wait, at most `most`; how many there were. */
static unsigned
guess(vdr_attempts *attempts, const vdr_attempt *attempt, unsigned most)
{
    unsigned guesses = 0;
    while (guesses < most && vdr_attempts_wait_ms(attempts, attempt, 1000) == 0) {
        vdr_attempts_begin(attempts, attempt, 1000);
        guesses++;
    }
    return guesses;
}

static void
guesses_from_one_place_bind_nobody_elsewhere(void **state)
{
    (void)state;
    vdr_attempts *attempts = calloc(1, sizeof *attempts);
    vdr_attempts_init(attempts);
    vdr_address here = address_of(1), there = address_of(2);
    vdr_attempt mine = vdr_attempt_of("anna", &here), theirs = vdr_attempt_of("anna", &there);
    assert_int_equal(guess(attempts, &theirs, 100), VDR_ATTEMPTS_ONE_FREE);
    assert_int_equal(vdr_attempts_wait_ms(attempts, &mine, 1000), 0);
    /* Another account from there has tries of its own, until the address has had too many. */
    unsigned all = VDR_ATTEMPTS_ONE_FREE;
    for (int i = 0; i < 20; i++) {
        char name[16];
        (void)snprintf(name, sizeof name, "n%d", i);
        vdr_attempt other = vdr_attempt_of(name, &there);
        all += guess(attempts, &other, 100);
    }
    assert_int_equal(all, VDR_ATTEMPTS_ADDRESS_FREE);
    assert_int_equal(vdr_attempts_wait_ms(attempts, &mine, 1000), 0);
    free(attempts);
}

static void
guesses_from_many_places_bind_but_who_was_known_before(void **state)
{
    (void)state;
    vdr_attempts *attempts = calloc(1, sizeof *attempts);
    vdr_attempts_init(attempts);
    vdr_address home = address_of(1), hotel = address_of(2);
    vdr_attempt known = vdr_attempt_of("anna", &home), strange = vdr_attempt_of("anna", &hotel);
    vdr_attempts_begin(attempts, &known, 1000);
    vdr_attempts_right(attempts, &known);
    unsigned all = 0;
    for (unsigned i = 0; i < 100; i++) {
        vdr_address away = address_of(1000 + i);
        vdr_attempt one = vdr_attempt_of("anna", &away);
        all += guess(attempts, &one, 100);
    }
    assert_int_equal(all, VDR_ATTEMPTS_ANYWHERE_FREE);
    assert_true(vdr_attempts_wait_ms(attempts, &strange, 1000) > 0);
    assert_int_equal(vdr_attempts_wait_ms(attempts, &known, 1000), 0);
    /* And from there, too, wrong ones are counted. */
    assert_int_equal(guess(attempts, &known, 100), VDR_ATTEMPTS_ONE_FREE);
    free(attempts);
}

static void
without_an_address_the_account_alone_is_counted(void **state)
{
    (void)state;
    vdr_attempts *attempts = calloc(1, sizeof *attempts);
    vdr_attempts_init(attempts);
    vdr_attempt anna = vdr_attempt_of("anna", NULL), bert = vdr_attempt_of("bert", NULL);
    assert_int_equal(guess(attempts, &anna, 100), VDR_ATTEMPTS_ONE_FREE);
    assert_int_equal(guess(attempts, &bert, 100), VDR_ATTEMPTS_ONE_FREE);
    vdr_attempts_right(attempts, &anna);
    assert_int_equal(vdr_attempts_wait_ms(attempts, &anna, 1000), 0);
    assert_true(vdr_attempts_wait_ms(attempts, &bert, 1000) > 0);
    free(attempts);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_address_is_read_as_proxies_write_it),
        cmocka_unit_test(guesses_from_one_place_bind_nobody_elsewhere),
        cmocka_unit_test(guesses_from_many_places_bind_but_who_was_known_before),
        cmocka_unit_test(without_an_address_the_account_alone_is_counted),
    };
    assert_true(sodium_init() >= 0);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
