/* broker/net/secret.h - keys in memory and in files.
 *
 * A secret's bytes lie in locked pages between guards (libsodium), are left out of core dumps and wiped
 * when freed. A secret's file must be a regular file that belongs to this user or root and that nobody
 * else may read: mode 0400 or 0600; 0440 where systemd handed it over as a credential.
 *
 * The server's key file is one of protocol.md clause 1.5: two lines of 40 characters of Z85, the public key
 * and the secret key. The pseudonym key's file has 32 bytes as 64 hexadecimal digits. The last line end may
 * be missing.
 *
 * Thread:  any. Errors: NOT_FOUND; BAD_CONFIG: mode, owner or content; IO. ret_words (VDR_SECRET_WORDS
 * bytes, filled on failure) is for people and never shows content. */
#ifndef VDR_BROKER_SECRET_H
#define VDR_BROKER_SECRET_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"

#define VDR_SECRET_WORDS 512u
#define VDR_SECRET_BYTES 32u

/* Both give VDR_SECRET_BYTES bytes; free with vdr_secret_free. */
VDR_MUST_CHECK vdr_err vdr_secret_read_curve(const char *path, uint8_t **ret_secret, char *ret_words);
VDR_MUST_CHECK vdr_err vdr_secret_read_hex(const char *path, uint8_t **ret_secret, char *ret_words);

uint8_t *vdr_secret_new(void);            /* VDR_SECRET_BYTES zero bytes */
void vdr_secret_free(uint8_t **secret_p); /* NULL-safe */

#endif
