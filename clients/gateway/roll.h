/* clients/gateway/roll.h - sessions while the gateway is started anew, after an orderly end or a crash: a sealed file that
 * says which are alive.
 *
 * It begins with all of them, and follows what happens: one begins, ends, or was used. What is written last counts. That a
 * session ended is on the disk before whoever ended it is told; the rest is not waited for: after a power cut somebody signs
 * in again, and nobody is signed in who had signed out.
 *
 * Each part is XChaCha20-Poly1305 under a key made of a party's secret key, and bound to its place in this file. A part that
 * was begun and not written to its end is what a crash leaves, and is none. Whatever else is not so, a byte that was changed,
 * a part taken out or put in, another gateway's file, is no roll at all: then everybody signs in again. The ids of sessions
 * are not in it, only their hashes.
 *
 *   file    "voordeur sessions 2\n", 16 bytes that are this file's own, parts
 *   part    length of the text u32 (little-endian), its complement, nonce, sealed text: JSON
 *   texts   {"begun": [SESSION, …]} first; {"begun": [SESSION]}, {"ended": HASH}, {"used": HASH, "at": MS}
 *
 * A file that cannot be written is taken away, so that it revives nobody; it is begun anew as soon as it can be.
 *
 * Thread: any, one at a time. Instants are of the wall's clock. */
#ifndef VDR_GATEWAY_ROLL_H
#define VDR_GATEWAY_ROLL_H

#include "clients/gateway/account.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/types.h"

#define VDR_ROLL_HASH_BYTES 32
#define VDR_ROLL_NAME_MAX   256
#define VDR_ROLL_TOKEN      44
#define VDR_ROLL_PARTY_MAX  150
#define VDR_ROLL_KEY_BYTES  32

typedef struct vdr_roll_entry {
    uint8_t hash[VDR_ROLL_HASH_BYTES];
    uint8_t digest[VDR_ACCOUNT_DIGEST_BYTES];
    char party[VDR_ROLL_PARTY_MAX + 1]; /* "regisseur:r-anna" */
    char name[VDR_ROLL_NAME_MAX + 1], csrf_token[VDR_ROLL_TOKEN];
    char account[VDR_ACCOUNT_NAME_MAX + 1]; /* "": a person of the proxy's */
    vdr_ms began, used;
} vdr_roll_entry;

typedef struct vdr_roll vdr_roll;

/* Of a party's secret key. */
void vdr_roll_key(const uint8_t secret_key[32], uint8_t ret_key[VDR_ROLL_KEY_BYTES]);

/* Gives what the file says is alive; nothing where it is not OK. NOT_FOUND: there is none; IO; STORE_CORRUPT: it is not ours.
 * The file is as it was until vdr_roll_anew. path and key are copied. */
VDR_MUST_CHECK vdr_err vdr_roll_open(const char *path, const uint8_t key[VDR_ROLL_KEY_BYTES],
                                     void (*each)(void *context, const vdr_roll_entry *kept), void *context,
                                     vdr_roll **ret_roll);
void vdr_roll_close(vdr_roll **roll_p); /* NULL-safe; the file stays */

/* The file with these and nothing else: next is asked for them until it says false. */
void vdr_roll_anew(vdr_roll *roll, bool (*next)(void *context, vdr_roll_entry *ret_kept), void *context);
/* Is it time for that: has the file grown, or could it not be written? */
bool vdr_roll_wants_anew(const vdr_roll *roll);

/* Of a roll that is NULL: nothing. */
void vdr_roll_begun(vdr_roll *roll, const vdr_roll_entry *kept);
void vdr_roll_used(vdr_roll *roll, const uint8_t hash[VDR_ROLL_HASH_BYTES], vdr_ms at);
void vdr_roll_ended(vdr_roll *roll, const uint8_t hash[VDR_ROLL_HASH_BYTES]);
void vdr_roll_sync(vdr_roll *roll); /* what was told before is on the disk */

#endif
