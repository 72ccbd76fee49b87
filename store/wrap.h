/* store/wrap.h - the file that holds a store's wrapping keys, sealed. Private to store/vault*.c.
 *
 * Layout, little-endian:
 *
 *     0  check      u64  XXH3 of all that follows: tells rot from a wrong key
 *     8  version    u32  1
 *    12  id         16   of the vault; stands in its key table, too
 *    28  key_check  16   of the tenant key: tells which one is wanted, and nothing about it
 *    44  nonce      24
 *    68  sealed: generation u32, older u32, table u32, key 32, older_key 32; tag 16
 *
 * XChaCha20-Poly1305 under a subkey of the tenant key; bytes 8 to 44 are associated data.
 *
 * Thread: any. Errors: NOT_FOUND, STORE_CORRUPT, STORE_VERSION, WRONG_KEY, IO, STORE_FULL. */
#ifndef VDR_STORE_WRAP_H
#define VDR_STORE_WRAP_H

#include "store/vault.h"

#define VDR_WRAP_ID_BYTES 16u
#define VDR_WRAP_BYTES    (68u + 3u * 4u + 2u * VDR_VAULT_KEY_BYTES + 16u)
#define VDR_WRAP_NAME     "wrap"

/* Secret: lives in locked memory. */
typedef struct vdr_wrap {
    uint8_t id[VDR_WRAP_ID_BYTES];
    uint32_t generation; /* of key */
    uint32_t older;      /* of older_key; 0: none */
    uint32_t table;      /* generation that the key table is wrapped under; 0: there is none yet */
    uint8_t key[VDR_VAULT_KEY_BYTES];
    uint8_t older_key[VDR_VAULT_KEY_BYTES];
} vdr_wrap;

void vdr_wrap_seal(const vdr_wrap *wrap, const uint8_t *tenant, uint8_t ret_bytes[VDR_WRAP_BYTES]);
VDR_MUST_CHECK vdr_err vdr_wrap_open(const uint8_t bytes[VDR_WRAP_BYTES], const uint8_t *tenant,
                                     vdr_wrap *ret_wrap);

/* Reads FOLDER/wrap and checks all that needs no key. */
VDR_MUST_CHECK vdr_err vdr_wrap_load(const char *folder, uint8_t ret_bytes[VDR_WRAP_BYTES]);
/* The same of a file by any name. */
VDR_MUST_CHECK vdr_err vdr_wrap_load_file(const char *path, uint8_t ret_bytes[VDR_WRAP_BYTES]);
/* Are both of one vault? */
bool vdr_wrap_same_id(const uint8_t a[VDR_WRAP_BYTES], const uint8_t b[VDR_WRAP_BYTES]);

/* Makes bytes the content of FOLDER/wrap and destroys what it held: two steps, so that a copy elsewhere can be
 * written between them. put: "wrap.new" written, synced. swap: the old one kept as "wrap.old", the new one in
 * its place, folder synced; the old one overwritten, synced, unlinked. */
VDR_MUST_CHECK vdr_err vdr_wrap_put(const char *folder, const uint8_t bytes[VDR_WRAP_BYTES]);
VDR_MUST_CHECK vdr_err vdr_wrap_swap(const char *folder);
/* What an interrupted put or swap left is destroyed; FOLDER/wrap is the old one or the new one, whole. */
VDR_MUST_CHECK vdr_err vdr_wrap_tidy(const char *folder);

#endif
