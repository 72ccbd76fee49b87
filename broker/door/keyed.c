#include "broker/door/keyed.h"

#include "broker/door/keyed_rounds.h"
#include "proto/assert.h"

#include <sodium.h>

#define HASH_BYTES 16u
#define KEY_BYTES  32u

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as they stand");

static inline uint64_t
turned(uint64_t word, unsigned right)
{
    return word >> right | word << (64 - right);
}

/* RFC 7693 section 3.1, on words a, b, c and d of v. */
static inline __attribute__((always_inline)) void
mix(uint64_t *v, int a, int b, int c, int d, uint64_t x, uint64_t y)
{
    v[a] += v[b] + x;
    v[d] = turned(v[d] ^ v[a], 32);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 24);
    v[a] += v[b] + y;
    v[d] = turned(v[d] ^ v[a], 16);
    v[c] += v[d];
    v[b] = turned(v[b] ^ v[c], 63);
}

#define MIX(a, b, c, d, x, y) mix(v, a, b, c, d, m[x], m[y])

/* taken: bytes up to the end of this block. */
static void
compress(uint64_t chain[8], const uint8_t block[VDR_KEYED_BLOCK_BYTES], uint64_t taken, bool last)
{
    uint64_t m[16], v[16];
    memcpy(m, block, sizeof m);
    memcpy(v, chain, 8 * sizeof *v);
    memcpy(v + 8, vdr_keyed_iv, sizeof vdr_keyed_iv);
    v[12] ^= taken;
    v[14] ^= last ? UINT64_MAX : 0;
    VDR_KEYED_ROUNDS;
    for (int i = 0; i < 8; i++)
        chain[i] ^= v[i] ^ v[i + 8];
}

void
vdr_keyed_start(const uint8_t key[32], vdr_keyed_key *ret_key)
{
    uint8_t block[VDR_KEYED_BLOCK_BYTES] = {0};
    memcpy(ret_key->chain, vdr_keyed_iv, sizeof vdr_keyed_iv);
    ret_key->chain[0] ^= UINT64_C(0x01010000) ^ KEY_BYTES << 8 ^ HASH_BYTES; /* section 2.5 */
    memcpy(block, key, KEY_BYTES);
    compress(ret_key->chain, block, sizeof block, false);
    sodium_memzero(block, sizeof block);
}

void
vdr_keyed_begin(vdr_keyed *hash, const vdr_keyed_key *key)
{
    memcpy(hash->chain, key->chain, sizeof hash->chain);
    hash->taken = VDR_KEYED_BLOCK_BYTES;
    hash->used = 0;
}

/* A block is taken when more comes: the last one is taken otherwise. */
void
vdr_keyed_add(vdr_keyed *hash, const void *bytes, size_t len)
{
    const uint8_t *at = (const uint8_t *)bytes;
    while (len != 0) {
        if (hash->used == sizeof hash->block) {
            hash->taken += sizeof hash->block;
            compress(hash->chain, hash->block, hash->taken, false);
            hash->used = 0;
        }
        size_t some = sizeof hash->block - hash->used < len ? sizeof hash->block - hash->used : len;
        memcpy(hash->block + hash->used, at, some);
        hash->used += some;
        at += some;
        len -= some;
    }
}

vdr_key16
vdr_keyed_end(vdr_keyed *hash)
{
    vdr_key16 key;
    VDR_ASSERT(hash->used != 0);
    memset(hash->block + hash->used, 0, sizeof hash->block - hash->used);
    compress(hash->chain, hash->block, hash->taken + hash->used, true);
    memcpy(key.bytes, hash->chain, sizeof key.bytes);
    sodium_memzero(hash->block, sizeof hash->block);
    return key;
}
