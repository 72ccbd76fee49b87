#include "broker/door/keyed.h"

#include "proto/assert.h"

#include <sodium.h>

#define HASH_BYTES 16u
#define KEY_BYTES  32u

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read as they stand");

static const uint64_t iv[8] = {UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b),
                               UINT64_C(0x3c6ef372fe94f82b), UINT64_C(0xa54ff53a5f1d36f1),
                               UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
                               UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179)};

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

/* A round: columns, then diagonals, with the words of the message in this order (section 2.7). */
#define ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, sa, sb, sc, sd, se, sf)                                \
    mix(v, 0, 4, 8, 12, m[s0], m[s1]);                                                                       \
    mix(v, 1, 5, 9, 13, m[s2], m[s3]);                                                                       \
    mix(v, 2, 6, 10, 14, m[s4], m[s5]);                                                                      \
    mix(v, 3, 7, 11, 15, m[s6], m[s7]);                                                                      \
    mix(v, 0, 5, 10, 15, m[s8], m[s9]);                                                                      \
    mix(v, 1, 6, 11, 12, m[sa], m[sb]);                                                                      \
    mix(v, 2, 7, 8, 13, m[sc], m[sd]);                                                                       \
    mix(v, 3, 4, 9, 14, m[se], m[sf])

/* taken: bytes up to the end of this block. */
static void
compress(uint64_t chain[8], const uint8_t block[VDR_KEYED_BLOCK_BYTES], uint64_t taken, bool last)
{
    uint64_t m[16], v[16];
    memcpy(m, block, sizeof m);
    memcpy(v, chain, 8 * sizeof *v);
    memcpy(v + 8, iv, sizeof iv);
    v[12] ^= taken;
    v[14] ^= last ? UINT64_MAX : 0;
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);
    ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);
    ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);
    ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);
    ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);
    ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);
    ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);
    ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);
    ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);
    for (int i = 0; i < 8; i++)
        chain[i] ^= v[i] ^ v[i + 8];
}

void
vdr_keyed_start(const uint8_t key[32], vdr_keyed_key *ret_key)
{
    uint8_t block[VDR_KEYED_BLOCK_BYTES] = {0};
    memcpy(ret_key->chain, iv, sizeof iv);
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
