#include "clients/gateway/jwt.h"

#include <cjose/cjose.h>
#include <jansson.h>
#include <sodium.h>
#include <stdlib.h>

#define KID_MAX           256
#define MODULUS_CHARS_MIN 342                   /* of base64: 2048 bits */
#define ENDS_S_MOST       INT64_C(253402300799) /* the end of the year 9999 */

typedef enum kind { KIND_RSA, KIND_EC } kind;

typedef struct key {
    cjose_jwk_t *jwk;
    kind kind;
    char kid[KID_MAX + 1], alg[16];
} key;

struct vdr_jwt_keys {
    key keys[VDR_JWT_KEYS_MAX];
    size_t count;
};

/* A member that is a text; "" where it is not there or something else. */
static const char *
text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));
    return text != NULL ? text : "";
}

static bool
same(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

/* Base64url as RFC 7515 asks for it: no padding, no bits that lead nowhere. What libcjose gets is spelled so: its own
 * reader stops the program at a "=" in the middle. */
static bool
is_base64url(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
              c == '_'))
            return false;
    }
    return len != 0 && len % 4 != 1;
}

/* ---- Key sets ---- */

/* What the key is good for; false: not for us. */
static bool
fits(const json_t *member, kind *ret_kind)
{
    const char *use = text_of(member, "use"), *kid = text_of(member, "kid");
    if ((!same(use, "") && !same(use, "sig")) || same(kid, "") || strlen(kid) > KID_MAX)
        return false;
    if (same(text_of(member, "kty"), "RSA")) {
        *ret_kind = KIND_RSA;
        return strlen(text_of(member, "n")) >= MODULUS_CHARS_MIN;
    }
    *ret_kind = KIND_EC;
    return same(text_of(member, "kty"), "EC") && same(text_of(member, "crv"), "P-256");
}

/* All that RFC 7518 has as base64url in a key; what is not there is nothing. */
static bool
numbers_are_spelled(const json_t *member)
{
    static const char *const names[] = {"n", "e", "x", "y", "d", "p", "q", "dp", "dq", "qi", "k"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *text = text_of(member, names[i]);
        size_t len = strlen(text);
        for (unsigned pads = 0; pads < 2 && len != 0 && len % 4 != 1 && text[len - 1] == '='; pads++)
            len--; /* some write the padding, and that is read */
        if (json_object_get(member, names[i]) != NULL && !is_base64url(text, len))
            return false;
    }
    return true;
}

static void
add_key(vdr_jwt_keys *keys, const json_t *member)
{
    key it = {0};
    if (keys->count == VDR_JWT_KEYS_MAX || !fits(member, &it.kind) || !numbers_are_spelled(member))
        return;
    char *text = json_dumps(member, JSON_COMPACT);
    if (text == NULL)
        return;
    it.jwk = cjose_jwk_import(text, strlen(text), NULL);
    free(text);
    if (it.jwk == NULL)
        return;
    const char *kid = text_of(member, "kid"), *alg = text_of(member, "alg");
    memcpy(it.kid, kid, strlen(kid) + 1);
    if (strlen(alg) < sizeof it.alg)
        memcpy(it.alg, alg, strlen(alg) + 1);
    keys->keys[keys->count++] = it;
}

vdr_err
vdr_jwt_keys_read(vdr_span json, vdr_jwt_keys **ret_keys)
{
    json_t *root = json_loadb((const char *)json.at, json.len, JSON_REJECT_DUPLICATES, NULL);
    const json_t *list = json_object_get(root, "keys");
    vdr_jwt_keys *keys = vdr_alloc(1, sizeof *keys);
    for (size_t i = 0; i < json_array_size(list); i++)
        add_key(keys, json_array_get(list, i));
    json_decref(root);
    if (keys->count == 0) {
        vdr_jwt_keys_free(&keys);
        return VDR_E_BAD_CONFIG;
    }
    *ret_keys = keys;
    return VDR_OK;
}

void
vdr_jwt_keys_free(vdr_jwt_keys **keys_p)
{
    vdr_jwt_keys *keys = *keys_p;
    if (keys == NULL)
        return;
    for (size_t i = 0; i < keys->count; i++)
        cjose_jwk_release(keys->keys[i].jwk);
    free(keys);
    *keys_p = NULL;
}

/* ---- Tokens ---- */

/* The key that the header names, if it is one for the algorithm that the header names. */
static vdr_jwt_verdict
choose(const vdr_jwt_keys *keys, cjose_header_t *header, const key **ret_key, const char **ret_why)
{
    const char *alg = cjose_header_get(header, CJOSE_HDR_ALG, NULL),
               *kid = cjose_header_get(header, CJOSE_HDR_KID, NULL);
    char *crit = cjose_header_get_raw(header, "crit", NULL);
    bool rsa = alg != NULL && (same(alg, "RS256") || same(alg, "PS256")),
         ec = alg != NULL && same(alg, "ES256");
    *ret_why = crit != NULL  ? "the token's crit is not understood"
               : !rsa && !ec ? "the token is not signed with RS256, PS256 or ES256"
               : kid == NULL ? "the token does not name its key"
                             : NULL;
    free(crit);
    if (*ret_why != NULL)
        return VDR_JWT_BAD;
    *ret_why = "the token's key is not known";
    for (size_t i = 0; i < keys->count; i++) {
        const key *it = &keys->keys[i];
        if (!same(it->kid, kid))
            continue;
        *ret_key = it;
        *ret_why = "the token's key is not one for its algorithm";
        return (it->kind == KIND_RSA) == rsa && (same(it->alg, "") || same(it->alg, alg)) ? VDR_JWT_GOOD
                                                                                          : VDR_JWT_BAD;
    }
    return VDR_JWT_UNKNOWN_KEY;
}

static bool
names_audience(const json_t *aud, const char *audience)
{
    const char *one = json_string_value(aud);
    if (one != NULL)
        return same(one, audience);
    for (size_t i = 0; i < json_array_size(aud); i++) {
        one = json_string_value(json_array_get(aud, i));
        if (one != NULL && same(one, audience))
            return true;
    }
    return false;
}

/* cnf.x5t#S256, if it is there. */
static bool
read_bound(const json_t *root, vdr_jwt_claims *claims)
{
    const json_t *cnf = json_object_get(root, "cnf");
    const char *text = text_of(cnf, "x5t#S256");
    size_t len = 0;
    if (cnf == NULL)
        return true;
    claims->bound = true; /* a binding of another kind holds for nobody */
    return sodium_base642bin(claims->certificate, sizeof claims->certificate, text, strlen(text), NULL, &len,
                             NULL, sodium_base64_VARIANT_URLSAFE_NO_PADDING) == 0 &&
           len == sizeof claims->certificate;
}

/* NULL: they hold. */
static const char *
read_claims(const json_t *root, const vdr_jwt_wanted *wanted, vdr_jwt_claims *claims)
{
    const json_t *exp = json_object_get(root, "exp"), *nbf = json_object_get(root, "nbf");
    const char *subject = text_of(root, "sub");
    if (!json_is_object(root))
        return "the token's claims are not a JSON object";
    if (!same(text_of(root, "iss"), wanted->issuer))
        return "the token is of another issuer";
    if (!names_audience(json_object_get(root, "aud"), wanted->audience))
        return "the token is for another audience";
    if (!json_is_number(exp) || json_number_value(exp) <= (double)(wanted->now_s - VDR_JWT_GRACE_S))
        return "the token has ended";
    if (nbf != NULL &&
        (!json_is_number(nbf) || json_number_value(nbf) > (double)(wanted->now_s + VDR_JWT_GRACE_S)))
        return "the token does not hold yet";
    if (same(subject, "") || strlen(subject) > VDR_JWT_SUBJECT_MAX)
        return "the token has no subject";
    if (!read_bound(root, claims))
        return "the token is bound to something else than a certificate";
    double ends_s = json_number_value(exp) + VDR_JWT_GRACE_S;
    claims->ends_s = ends_s < (double)ENDS_S_MOST ? (int64_t)ends_s : ENDS_S_MOST;
    memcpy(claims->subject, subject, strlen(subject) + 1);
    return NULL;
}

/* Three parts of base64url with dots between. */
static bool
is_spelled(vdr_span token)
{
    const char *at = (const char *)token.at, *end = at + token.len;
    for (unsigned part = 0; part < 3; part++) {
        const char *dot = part < 2 ? memchr(at, '.', (size_t)(end - at)) : end;
        if (dot == NULL || !is_base64url(at, (size_t)(dot - at)))
            return false;
        at = dot + 1;
    }
    return true;
}

vdr_jwt_verdict
vdr_jwt_verify(const vdr_jwt_keys *keys, vdr_span token, const vdr_jwt_wanted *wanted,
               vdr_jwt_claims *ret_claims, const char **ret_why)
{
    *ret_why = "this is no signed JSON Web Token";
    cjose_jws_t *jws = token.len > 0 && token.len <= VDR_JWT_BYTES_MAX && is_spelled(token)
                           ? cjose_jws_import((const char *)token.at, token.len, NULL)
                           : NULL;
    if (jws == NULL)
        return VDR_JWT_BAD;
    const key *it = NULL;
    vdr_jwt_claims claims = {0};
    uint8_t *text = NULL;
    size_t len = 0;
    vdr_jwt_verdict verdict = choose(keys, cjose_jws_get_protected(jws), &it, ret_why);
    if (verdict == VDR_JWT_GOOD &&
        (!cjose_jws_verify(jws, it->jwk, NULL) || !cjose_jws_get_plaintext(jws, &text, &len, NULL))) {
        *ret_why = "the token's signature does not hold";
        verdict = VDR_JWT_BAD;
    }
    if (verdict == VDR_JWT_GOOD) {
        json_t *root = json_loadb((const char *)text, len, JSON_REJECT_DUPLICATES, NULL);
        *ret_why = read_claims(root, wanted, &claims);
        json_decref(root);
        verdict = *ret_why == NULL ? VDR_JWT_GOOD : VDR_JWT_BAD;
    }
    cjose_jws_release(jws);
    if (verdict == VDR_JWT_GOOD)
        *ret_claims = claims;
    return verdict;
}
