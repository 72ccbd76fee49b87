/* broker/door/keyed_rounds.h - constants of BLAKE2b (RFC 7693), for one hash and for four side by side. */
#ifndef VDR_DOOR_KEYED_ROUNDS_H
#define VDR_DOOR_KEYED_ROUNDS_H

#include <stdint.h>

static const uint64_t vdr_keyed_iv[8] = {UINT64_C(0x6a09e667f3bcc908), UINT64_C(0xbb67ae8584caa73b),
                                         UINT64_C(0x3c6ef372fe94f82b), UINT64_C(0xa54ff53a5f1d36f1),
                                         UINT64_C(0x510e527fade682d1), UINT64_C(0x9b05688c2b3e6c1f),
                                         UINT64_C(0x1f83d9abfb41bd6b), UINT64_C(0x5be0cd19137e2179)};

/* A round: columns, then diagonals, with the words of the message in this order (section 2.7). */
#define VDR_KEYED_ROUND(s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, sa, sb, sc, sd, se, sf)                      \
    MIX(0, 4, 8, 12, s0, s1);                                                                                \
    MIX(1, 5, 9, 13, s2, s3);                                                                                \
    MIX(2, 6, 10, 14, s4, s5);                                                                               \
    MIX(3, 7, 11, 15, s6, s7);                                                                               \
    MIX(0, 5, 10, 15, s8, s9);                                                                               \
    MIX(1, 6, 11, 12, sa, sb);                                                                               \
    MIX(2, 7, 8, 13, sc, sd);                                                                                \
    MIX(3, 4, 9, 14, se, sf)

/* All twelve. MIX(a, b, c, d, x, y) is section 3.1 on the words a to d of v with the words x and y of the message. */
#define VDR_KEYED_ROUNDS                                                                                     \
    VDR_KEYED_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);                                   \
    VDR_KEYED_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3);                                   \
    VDR_KEYED_ROUND(11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4);                                   \
    VDR_KEYED_ROUND(7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8);                                   \
    VDR_KEYED_ROUND(9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13);                                   \
    VDR_KEYED_ROUND(2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9);                                   \
    VDR_KEYED_ROUND(12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11);                                   \
    VDR_KEYED_ROUND(13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10);                                   \
    VDR_KEYED_ROUND(6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5);                                   \
    VDR_KEYED_ROUND(10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0);                                   \
    VDR_KEYED_ROUND(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);                                   \
    VDR_KEYED_ROUND(14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3)

#endif
