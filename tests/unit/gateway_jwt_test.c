/* Goal: a token or a key set that is not what it should be is refused, and never stops the gateway: both come from
 * whoever likes to send one. */
#include "clients/gateway/jwt.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define HEADER    "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsifQ" /* {"alg":"ES256","kid":"k"} */
#define CLAIMS    "eyJpc3MiOiJpIiwiYXVkIjoiYSJ9"
#define SIGNATURE "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAA"
#define KEY(members)                                                                                         \
    "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"kid\":\"k\",\"use\":\"sig\"," members "}]}"
#define X "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\""
#define Y "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\""

static void
a_token_that_is_not_spelled_as_one_is_refused(void **unused)
{
    (void)unused;
    static const char *const tokens[] = {
        "",
        ".",
        "..",
        HEADER,
        HEADER "." CLAIMS,
        HEADER "." CLAIMS ".",
        "." CLAIMS "." SIGNATURE,
        HEADER ".." SIGNATURE,
        HEADER "." CLAIMS "." SIGNATURE,
        HEADER "." CLAIMS "." SIGNATURE "." SIGNATURE,
        HEADER "." CLAIMS "." SIGNATURE "=",
        HEADER "=." CLAIMS "." SIGNATURE,
        HEADER ".eyJpc3MiOiJpIiwiYXV1YiI6InMiLCJle=AiOjIwMDB9." SIGNATURE,
        "eyJh=bGciOiJFUzI1NiIsImtpZCI6ImsifQ." CLAIMS "." SIGNATURE,
        HEADER "." CLAIMS ".A",
        HEADER "." CLAIMS ".AAAAA",
        HEADER ".AAAAA." SIGNATURE,
        HEADER "." CLAIMS ".=",
        HEADER "." CLAIMS ".A===",
        HEADER "." CLAIMS ".AA+/",
        HEADER "." CLAIMS ".AA AA",
        HEADER ".\xc3\xab\xc3\xab." SIGNATURE,
    };
    vdr_jwt_keys *keys = NULL;
    const vdr_jwt_wanted wanted = {.issuer = "i", .audience = "a", .now_s = 1000};
    assert_int_equal(vdr_jwt_keys_read(vdr_span_str(KEY(X "," Y)), &keys), VDR_OK);
    for (size_t i = 0; i < sizeof tokens / sizeof tokens[0]; i++) {
        vdr_jwt_claims claims;
        const char *why = "";
        if (vdr_jwt_verify(keys, vdr_span_str(tokens[i]), &wanted, &claims, &why) != VDR_JWT_BAD ||
            why[0] == '\0')
            fail_msg("row %zu: %s", i, tokens[i]);
    }
    vdr_jwt_keys_free(&keys);
}

static void
a_key_whose_numbers_are_not_spelled_as_such_is_left_out(void **unused)
{
    (void)unused;
    static const char *const sets[] = {
        "",
        "[]",
        "{\"keys\":[]}",
        KEY(X),
        KEY(X ",\"y\":7"),
        KEY(X ",\"y\":\"\""),
        KEY(X ",\"y\":\"A\""),
        KEY(X ",\"y\":\"x_FEzRu9m36HLN_tue=59LNpXW6pCyStikYjKIWI5a0\""),
        KEY(X ",\"y\":\"AAAAA\""),
        KEY(X ",\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a\""),
        KEY(X "," Y ",\"d\":\"A=AA\""),
    };
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        vdr_jwt_keys *keys = NULL;
        if (vdr_jwt_keys_read(vdr_span_str(sets[i]), &keys) != VDR_E_BAD_CONFIG || keys != NULL)
            fail_msg("row %zu: %s", i, sets[i]);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_token_that_is_not_spelled_as_one_is_refused),
        cmocka_unit_test(a_key_whose_numbers_are_not_spelled_as_such_is_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
