/* broker/trust/head.h - a signed head: what the log was at one moment, said so that it cannot be taken back.
 *
 * A head is one line of JSON in exactly one spelling:
 *
 *   {"head":1,"number":17,"store":"…","position":1204,"epoch":3,"chain":"…","told":"…",
 *    "time":"2026-03-02T09:00:00.000Z","release":"0.1.0","previous":"…","key":"…","signature":"…"}
 *
 * (without the line break). number counts from 1; store is the store's own number; position, epoch, chain and
 * told are those of vdr_log_head; time is the clock of the machine; previous is the BLAKE2b hash of 32 bytes over
 * the line before it without its line end, zero for the first; key is the public key, and signature the Ed25519
 * signature over "voordeur head 1\n" and all of the line before ,"signature". Everything but numbers, time and
 * release is hexadecimal, small letters.
 *
 * Whoever keeps a head and the public key can say of any later store whether it is still the one that the head
 * was made of: its log has these hashes at this position. Nobody can make another log that has.
 *
 * Thread: any; pure. */
#ifndef VDR_BROKER_TRUST_HEAD_H
#define VDR_BROKER_TRUST_HEAD_H

#include "proto/assert.h"
#include "proto/err.h"
#include "store/log.h"

#define VDR_HEAD_LINE_BYTES    1024u /* a line is shorter */
#define VDR_HEAD_STORE_BYTES   16u
#define VDR_HEAD_HASH_BYTES    32u
#define VDR_HEAD_KEY_BYTES     32u /* of a public key, and of the secret seed that makes the pair */
#define VDR_HEAD_RELEASE_BYTES 32u

typedef struct vdr_head {
    uint64_t number;
    uint8_t store[VDR_HEAD_STORE_BYTES];
    vdr_log_head log;
    vdr_ms time;
    char release[VDR_HEAD_RELEASE_BYTES]; /* terminated */
    uint8_t previous[VDR_HEAD_HASH_BYTES];
    uint8_t key[VDR_HEAD_KEY_BYTES];
    uint8_t signature[64];
} vdr_head;

/* The public key of a seed. */
void vdr_head_key(const uint8_t seed[VDR_HEAD_KEY_BYTES], uint8_t ret_key[VDR_HEAD_KEY_BYTES]);
/* Sets key and signature. */
void vdr_head_sign(vdr_head *head, const uint8_t seed[VDR_HEAD_KEY_BYTES]);
/* Is the signature that of its key? Whose key it is says nobody but who keeps the key. */
bool vdr_head_signed(const vdr_head *head);

/* Without line end, terminated. */
size_t vdr_head_write(const vdr_head *head, char ret_line[VDR_HEAD_LINE_BYTES]);
/* STORE_CORRUPT: not a head in its one spelling. STORE_VERSION: of a later form. The signature is not looked at. */
VDR_MUST_CHECK vdr_err vdr_head_read(vdr_span line, vdr_head *ret_head);
/* What the next head has as previous. */
void vdr_head_hash(vdr_span line, uint8_t ret_hash[VDR_HEAD_HASH_BYTES]);

/* A public key as text: 64 hexadecimal digits. */
bool vdr_head_key_read(vdr_span text, uint8_t ret_key[VDR_HEAD_KEY_BYTES]);

#endif
