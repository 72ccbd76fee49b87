/* clients/gateway/kept.h - sessions while the gateway is started anew: a sealed file, written at an orderly end and taken
 * away when it is read, so that a session that ended since is not alive again.
 *
 * XChaCha20-Poly1305 under a key made of a party's secret key: what was changed, or is another gateway's, is nobody's. The
 * ids of sessions are not in it, only their hashes.
 *
 * Thread: any. Instants are of the wall's clock. */
#ifndef VDR_GATEWAY_KEPT_H
#define VDR_GATEWAY_KEPT_H

#include "clients/gateway/account.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/types.h"

#include <jansson.h>

#define VDR_KEPT_HASH_BYTES 32
#define VDR_KEPT_NAME_MAX   256
#define VDR_KEPT_TOKEN      44
#define VDR_KEPT_PARTY_MAX  150
#define VDR_KEPT_KEY_BYTES  32

typedef struct vdr_kept {
    uint8_t hash[VDR_KEPT_HASH_BYTES];
    uint8_t digest[VDR_ACCOUNT_DIGEST_BYTES];
    char party[VDR_KEPT_PARTY_MAX + 1]; /* "regisseur:r-anna" */
    char name[VDR_KEPT_NAME_MAX + 1], csrf_token[VDR_KEPT_TOKEN];
    char account[VDR_ACCOUNT_NAME_MAX + 1]; /* "": a person of the proxy's */
    vdr_ms began, used;
} vdr_kept;

void vdr_kept_key(const uint8_t secret_key[32], uint8_t ret_key[VDR_KEPT_KEY_BYTES]);

/* One into an array, and out of it again; false: it is none. */
void vdr_kept_put(json_t *array, const vdr_kept *kept);
bool vdr_kept_get(const json_t *element, vdr_kept *ret_kept);

/* The file, mode 0600, whole or not at all. IO. */
VDR_MUST_CHECK vdr_err vdr_kept_write(const char *path, const json_t *array,
                                      const uint8_t key[VDR_KEPT_KEY_BYTES]);
/* Takes the file away and gives what was in it; json_decref() is the caller's. NOT_FOUND: there is none; IO: it cannot be
 * read, or not be taken away; STORE_CORRUPT: it is not ours. */
VDR_MUST_CHECK vdr_err vdr_kept_take(const char *path, const uint8_t key[VDR_KEPT_KEY_BYTES],
                                     json_t **ret_array);

#endif
