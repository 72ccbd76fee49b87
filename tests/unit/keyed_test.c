/* The door's keyed hash (broker/door/keyed.h) is the library's, byte for byte. */
#include "broker/door/keyed.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define TEXT_BYTES 1100u

static void
a_hash_is_that_of_the_library_for_every_length(void **state)
{
    (void)state;
    static uint8_t text[TEXT_BYTES];
    uint8_t key[32], seed[randombytes_SEEDBYTES] = {7};
    randombytes_buf_deterministic(text, sizeof text, seed);
    randombytes_buf_deterministic(key, sizeof key, seed);
    vdr_keyed_key begun;
    vdr_keyed_start(key, &begun);
    for (size_t len = 1; len <= sizeof text; len++) {
        vdr_key16 want, got;
        vdr_keyed hash;
        crypto_generichash_blake2b(want.bytes, sizeof want.bytes, text, len, key, sizeof key);
        vdr_keyed_begin(&hash, &begun);
        vdr_keyed_add(&hash, text, len);
        got = vdr_keyed_end(&hash);
        if (!vdr_key16_equal(&want, &got))
            fail_msg("a text of %zu bytes has another hash", len);
    }
}

static void
a_text_in_pieces_has_the_hash_of_the_whole(void **state)
{
    (void)state;
    static const size_t pieces[] = {1, 3, 7, 64, 127, 128, 129, 255, 256, 300};
    static uint8_t text[TEXT_BYTES];
    uint8_t key[32], seed[randombytes_SEEDBYTES] = {8};
    randombytes_buf_deterministic(text, sizeof text, seed);
    randombytes_buf_deterministic(key, sizeof key, seed);
    vdr_keyed_key begun;
    vdr_keyed_start(key, &begun);
    for (size_t row = 0; row < sizeof pieces / sizeof *pieces; row++) {
        vdr_key16 want, got;
        vdr_keyed hash;
        crypto_generichash_blake2b(want.bytes, sizeof want.bytes, text, sizeof text, key, sizeof key);
        vdr_keyed_begin(&hash, &begun);
        for (size_t at = 0; at < sizeof text; at += pieces[row]) {
            size_t left = sizeof text - at;
            vdr_keyed_add(&hash, text + at, left < pieces[row] ? left : pieces[row]);
            vdr_keyed_add(&hash, NULL, 0);
        }
        got = vdr_keyed_end(&hash);
        if (!vdr_key16_equal(&want, &got))
            fail_msg("in pieces of %zu bytes it has another hash", pieces[row]);
    }
}

static void
another_key_gives_another_hash(void **state)
{
    (void)state;
    uint8_t key[32] = {1};
    vdr_keyed_key begun[2];
    vdr_key16 got[2];
    vdr_keyed_start(key, &begun[0]);
    key[31] = 1;
    vdr_keyed_start(key, &begun[1]);
    for (int i = 0; i < 2; i++) {
        vdr_keyed hash;
        vdr_keyed_begin(&hash, &begun[i]);
        vdr_keyed_add(&hash, "bsn:999990019", 13);
        got[i] = vdr_keyed_end(&hash);
    }
    assert_false(vdr_key16_equal(&got[0], &got[1]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_that_of_the_library_for_every_length),
        cmocka_unit_test(a_text_in_pieces_has_the_hash_of_the_whole),
        cmocka_unit_test(another_key_gives_another_hash),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
