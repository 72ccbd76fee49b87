/* broker/door/keyed.h - BLAKE2b (RFC 7693) of 16 bytes under a key of 32, for many short texts under one key.
 *
 * The key is a block of its own before the text, and so half of the work for a short one. Here that block is taken
 * once: each hash begins behind it. What comes out is what crypto_generichash_blake2b gives.
 *
 * Thread: any; what vdr_keyed_start made is only read. Memory: none of its own. Errors: none; a hash of nothing at
 * all is not made (the key's block would have been the last one). */
#ifndef VDR_DOOR_KEYED_H
#define VDR_DOOR_KEYED_H

#include "proto/types.h"

#define VDR_KEYED_BLOCK_BYTES 128u

/* Behind the key: as secret as the key. */
typedef struct vdr_keyed_key {
    uint64_t chain[8];
} vdr_keyed_key;

typedef struct vdr_keyed {
    uint64_t chain[8];
    uint64_t taken; /* bytes before the block */
    size_t used;    /* of the block */
    uint8_t block[VDR_KEYED_BLOCK_BYTES];
} vdr_keyed;

void vdr_keyed_start(const uint8_t key[32], vdr_keyed_key *ret_key);

void vdr_keyed_begin(vdr_keyed *hash, const vdr_keyed_key *key);
void vdr_keyed_add(vdr_keyed *hash, const void *bytes, size_t len);
vdr_key16 vdr_keyed_end(vdr_keyed *hash); /* wipes what is left of the text */

#endif
