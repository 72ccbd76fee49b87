#include "broker/net/keyring.h"

#include <stdio.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static vdr_key_party
party(uint8_t key, vdr_party_kind kind, const char *id)
{
    vdr_key_party p = {.kind = kind};
    memset(p.public_key, key, sizeof p.public_key);
    (void)snprintf(p.id, sizeof p.id, "%s", id);
    return p;
}

static bool
find(vdr_keyring *keyring, uint8_t key, vdr_key *ret_key)
{
    uint8_t bytes[VDR_KEY_BYTES];
    memset(bytes, key, sizeof bytes);
    return vdr_keyring_by_key(keyring, bytes, ret_key);
}

static void
a_key_is_found_by_its_bytes_and_by_its_id(void **state)
{
    (void)state;
    vdr_keyring *keyring = vdr_keyring_new();
    vdr_key_party parties[] = {party(9, VDR_PARTY_AGENCY, "school"), party(3, VDR_PARTY_REGISSEUR, "r-anna"),
                               party(5, VDR_PARTY_AGENCY, "school")};
    vdr_keyring_replace(keyring, parties, 3);
    for (size_t i = 0; i < 3; i++) {
        vdr_key key, same;
        assert_true(find(keyring, parties[i].public_key[0], &key));
        assert_int_equal(key.kind, parties[i].kind);
        assert_string_equal(key.party, parties[i].id);
        assert_true(vdr_keyring_by_id(keyring, key.id, &same));
        assert_string_equal(same.party, parties[i].id);
    }
    vdr_key none;
    assert_false(find(keyring, 4, &none));
    assert_false(vdr_keyring_by_id(keyring, 0, &none));
    assert_false(vdr_keyring_by_id(keyring, 1000, &none));
    assert_int_equal(vdr_keyring_count(keyring), 3);
    vdr_keyring_free(&keyring);
}

static void
a_replacement_keeps_ids_of_keys_that_stay_and_never_gives_an_id_twice(void **state)
{
    (void)state;
    vdr_keyring *keyring = vdr_keyring_new();
    vdr_key_party before[] = {party(1, VDR_PARTY_AGENCY, "a"), party(2, VDR_PARTY_AGENCY, "b"),
                              party(3, VDR_PARTY_AGENCY, "c")};
    vdr_keyring_replace(keyring, before, 3);
    vdr_key a, b, c, now;
    assert_true(find(keyring, 1, &a) && find(keyring, 2, &b) && find(keyring, 3, &c));
    /* b's key goes, c's key passes to another party, d is new. */
    vdr_key_party after[] = {party(1, VDR_PARTY_AGENCY, "a"), party(3, VDR_PARTY_SERVICE, "c"),
                             party(4, VDR_PARTY_AGENCY, "d")};
    vdr_keyring_replace(keyring, after, 3);
    assert_true(find(keyring, 1, &now));
    assert_int_equal(now.id, a.id);
    assert_false(find(keyring, 2, &now));
    assert_false(vdr_keyring_by_id(keyring, b.id, &now));
    assert_false(vdr_keyring_by_id(keyring, c.id, &now));
    /* b's key comes back: it is known again, under an id that it never had. */
    vdr_keyring_replace(keyring, before, 3);
    assert_true(find(keyring, 2, &now));
    assert_int_not_equal(now.id, b.id);
    assert_int_not_equal(now.id, c.id);
    vdr_keyring_free(&keyring);
}

static void
the_probe_is_let_in_only_while_it_lasts(void **state)
{
    (void)state;
    vdr_keyring *keyring = vdr_keyring_new();
    uint8_t bytes[VDR_KEY_BYTES];
    memset(bytes, 7, sizeof bytes);
    vdr_key key;
    vdr_keyring_probe(keyring, bytes);
    assert_true(find(keyring, 7, &key));
    assert_int_equal(key.id, VDR_KEY_PROBE);
    assert_int_equal(key.kind, VDR_PARTY_NONE);
    assert_false(vdr_keyring_by_id(keyring, VDR_KEY_PROBE, &key)); /* no session comes from it */
    vdr_keyring_probe(keyring, NULL);
    assert_false(find(keyring, 7, &key));
    vdr_keyring_free(&keyring);
}

static vdr_ms clock_ms;

static vdr_ms
now(void)
{
    return clock_ms;
}

static vdr_key_standing
judge(vdr_keyring *keyring, uint8_t key, vdr_key *ret_key)
{
    uint8_t bytes[VDR_KEY_BYTES];
    memset(bytes, key, sizeof bytes);
    return vdr_keyring_judge(keyring, bytes, ret_key);
}

static void
a_key_is_let_in_until_its_end_by_the_rings_clock(void **state)
{
    (void)state;
    vdr_keyring *keyring = vdr_keyring_new();
    vdr_key_party parties[] = {party(1, VDR_PARTY_AGENCY, "a"), party(2, VDR_PARTY_AGENCY, "b")};
    vdr_key key;
    parties[0].until = 1000;
    vdr_keyring_replace(keyring, parties, 2);
    clock_ms = 5000;
    assert_int_equal(judge(keyring, 1, &key), VDR_KEY_IN); /* without a clock no end is looked at */
    vdr_keyring_clock(keyring, now);
    assert_int_equal(judge(keyring, 1, &key), VDR_KEY_EXPIRED);
    assert_string_equal(key.party, "a"); /* known, so that the journal can say whose it was */
    assert_false(find(keyring, 1, &key));
    assert_int_equal(judge(keyring, 2, &key), VDR_KEY_IN); /* no end */
    clock_ms = 999;
    assert_int_equal(judge(keyring, 1, &key), VDR_KEY_IN);
    clock_ms = 1000;
    assert_int_equal(judge(keyring, 1, &key), VDR_KEY_EXPIRED);
    assert_int_equal(judge(keyring, 3, &key), VDR_KEY_UNKNOWN);
    vdr_keyring_free(&keyring);
}

static void
a_key_that_ended_is_known_but_not_let_in_and_comes_back_under_another_id(void **state)
{
    (void)state;
    static const vdr_key_standing ends[] = {VDR_KEY_EXPIRED, VDR_KEY_REVOKED};
    for (size_t i = 0; i < 2; i++) {
        vdr_keyring *keyring = vdr_keyring_new();
        vdr_key_party parties[] = {party(1, VDR_PARTY_AGENCY, "a"), party(2, VDR_PARTY_AGENCY, "b")};
        vdr_key before, key;
        vdr_keyring_replace(keyring, parties, 2);
        assert_true(find(keyring, 1, &before));
        parties[0].standing = ends[i];
        vdr_keyring_replace(keyring, parties, 2);
        assert_int_equal(vdr_keyring_count(keyring), 1);
        assert_int_equal(judge(keyring, 1, &key), ends[i]);
        assert_false(find(keyring, 1, &key));
        assert_false(vdr_keyring_by_id(keyring, before.id, &key));
        assert_int_equal(vdr_keyring_standing(keyring, before.id), ends[i]); /* why its session ends */
        parties[0].standing = VDR_KEY_IN;
        vdr_keyring_replace(keyring, parties, 2);
        assert_true(find(keyring, 1, &key));
        assert_int_not_equal(key.id, before.id);
        vdr_keyring_replace(keyring, parties + 1, 1);
        assert_int_equal(vdr_keyring_standing(keyring, key.id), VDR_KEY_REVOKED); /* gone altogether */
        vdr_keyring_free(&keyring);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_found_by_its_bytes_and_by_its_id),
        cmocka_unit_test(a_replacement_keeps_ids_of_keys_that_stay_and_never_gives_an_id_twice),
        cmocka_unit_test(a_key_is_let_in_until_its_end_by_the_rings_clock),
        cmocka_unit_test(a_key_that_ended_is_known_but_not_let_in_and_comes_back_under_another_id),
        cmocka_unit_test(the_probe_is_let_in_only_while_it_lasts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
