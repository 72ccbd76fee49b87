/* The door's keyed hash (broker/door/keyed.h) is the library's, byte for byte; many at once are the same. */
#include "broker/door/keyed_batch.h"

#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

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

/* ---- many at once */

#define MANY 300u

typedef struct many {
    uint8_t keys[3][32];
    vdr_keyed_key begun[3];
    uint8_t text[VDR_KEYED_TEXT_BYTES];
    vdr_key16 want[MANY], got[MANY];
    vdr_keyed_batch batch;
} many;

static many *
many_new(void)
{
    many *m = malloc(sizeof *m);
    uint8_t seed[randombytes_SEEDBYTES] = {9};
    assert_non_null(m);
    randombytes_buf_deterministic(m->text, sizeof m->text, seed);
    for (uint8_t i = 0; i < 3; i++) {
        memset(m->keys[i], i + 1, sizeof m->keys[i]);
        vdr_keyed_start(m->keys[i], &m->begun[i]);
    }
    memset(m->batch.bytes, 0, sizeof m->batch.bytes);
    vdr_keyed_batch_begin(&m->batch);
    return m;
}

/* Text number n of len bytes, in two pieces. */
static void
add(many *m, size_t n, size_t len)
{
    size_t from = (n * 7) % (sizeof m->text - len + 1), half = len / 3;
    crypto_generichash_blake2b(m->want[n].bytes, sizeof m->want[n].bytes, m->text + from, len, m->keys[n % 3],
                               sizeof m->keys[0]);
    vdr_keyed_batch_open(&m->batch);
    assert_true(vdr_keyed_batch_put(&m->batch, m->text + from, half));
    assert_true(vdr_keyed_batch_put(&m->batch, m->text + from + half, len - half));
    vdr_keyed_batch_close(&m->batch, &m->begun[n % 3], &m->got[n]);
}

static void
end(many *m, size_t count)
{
    vdr_keyed_batch_end(&m->batch);
    assert_memory_equal(m->got, m->want, count * sizeof m->got[0]);
    for (size_t i = 0; i < sizeof m->batch.bytes; i++)
        assert_int_equal(m->batch.bytes[i], 0); /* nothing of a text stays */
}

static void
many_at_once_are_those_of_the_library(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 13, 20, 127, 128, 129, 255, 256, 257, 300, 384, 640, 2047, 2048};
    const size_t rows = sizeof lengths / sizeof *lengths;
    many *m = many_new();
    for (size_t count = 0; count <= MANY; count += count < 70 ? 1 : 23) {
        for (size_t n = 0; n < count; n++)
            add(m, n, lengths[(n * 5 + count) % rows]);
        end(m, count);
    }
    for (size_t len = 1; len <= 300; len++) { /* beside others of any length */
        add(m, 0, len);
        add(m, 1, 301 - len);
        add(m, 2, len);
        end(m, 3);
    }
    free(m);
}

static void
a_text_too_long_for_a_batch_is_given_back(void **state)
{
    (void)state;
    many *m = many_new();
    add(m, 0, 40);
    vdr_keyed_batch_open(&m->batch);
    assert_true(vdr_keyed_batch_put(&m->batch, m->text, 2000));
    assert_false(vdr_keyed_batch_put(&m->batch, m->text, 49));
    vdr_span text = vdr_keyed_batch_drop(&m->batch);
    assert_int_equal(text.len, 2000);
    assert_memory_equal(text.at, m->text, 2000);
    add(m, 1, 30);
    end(m, 2);
    free(m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_hash_is_that_of_the_library_for_every_length),
        cmocka_unit_test(a_text_in_pieces_has_the_hash_of_the_whole),
        cmocka_unit_test(another_key_gives_another_hash),
        cmocka_unit_test(many_at_once_are_those_of_the_library),
        cmocka_unit_test(a_text_too_long_for_a_batch_is_given_back),
    };
    if (sodium_init() < 0)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
