/* clients/gateway/jwt.h - bearer tokens: JSON Web Tokens, signed with a key of a known set (RFC 7515, 7517, 7519).
 *
 * Taken are RS256, PS256 and ES256 with a key that fits and is named by kid; iss, aud and sub must be there, exp too;
 * exp and nbf hold with a minute's grace; crit is not understood, so it is refused.
 *
 * Pure. Thread: any, a set is only read. */
#ifndef VDR_GATEWAY_JWT_H
#define VDR_GATEWAY_JWT_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"

#define VDR_JWT_BYTES_MAX   8192
#define VDR_JWT_SUBJECT_MAX 256
#define VDR_JWT_KEYS_MAX    64
#define VDR_JWT_GRACE_S     60

typedef struct vdr_jwt_keys vdr_jwt_keys;

/* Keys that are not for signatures, or of a kind that is not taken, are passed over. BAD_CONFIG: it is no key set, or
 * none of its keys can be used. */
VDR_MUST_CHECK vdr_err vdr_jwt_keys_read(vdr_span json, vdr_jwt_keys **ret_keys);
void vdr_jwt_keys_free(vdr_jwt_keys **keys_p); /* NULL-safe */

typedef struct vdr_jwt_wanted {
    const char *issuer, *audience;
    int64_t now_s; /* since 1970 */
} vdr_jwt_wanted;

typedef struct vdr_jwt_claims {
    char subject[VDR_JWT_SUBJECT_MAX + 1];
    int64_t ends_s; /* since 1970: from then on it is refused */
    bool bound;     /* to the client certificate with this SHA-256 (RFC 8705) */
    uint8_t certificate[32];
} vdr_jwt_claims;

typedef enum vdr_jwt_verdict {
    VDR_JWT_GOOD,
    VDR_JWT_BAD,
    VDR_JWT_UNKNOWN_KEY, /* its kid is not in the set: perhaps the set is old */
} vdr_jwt_verdict;

/* ret_why is a literal, where the token is not good. */
vdr_jwt_verdict vdr_jwt_verify(const vdr_jwt_keys *keys, vdr_span token, const vdr_jwt_wanted *wanted,
                               vdr_jwt_claims *ret_claims, const char **ret_why);

#endif
