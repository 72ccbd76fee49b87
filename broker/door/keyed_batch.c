#include "broker/door/keyed_batch.h"

#include "broker/door/keyed_rounds.h"
#include "proto/assert.h"

#include <sodium.h>

#define LANES 4u

void
vdr_keyed_batch_begin(vdr_keyed_batch *batch)
{
    batch->count = batch->open = batch->used = batch->dirty = 0;
}

void
vdr_keyed_batch_open(vdr_keyed_batch *batch)
{
    if (batch->count == VDR_KEYED_JOBS || sizeof batch->bytes - batch->used < VDR_KEYED_TEXT_BYTES)
        vdr_keyed_batch_end(batch);
    batch->open = batch->used;
}

bool
vdr_keyed_batch_put(vdr_keyed_batch *batch, const void *bytes, size_t len)
{
    if (len > VDR_KEYED_TEXT_BYTES - (batch->used - batch->open))
        return false;
    memcpy(batch->bytes + batch->used, bytes, len);
    batch->used += len;
    return true;
}

void
vdr_keyed_batch_close(vdr_keyed_batch *batch, const vdr_keyed_key *key, vdr_key16 *ret_hash)
{
    size_t len = batch->used - batch->open, past = len % VDR_KEYED_BLOCK_BYTES;
    VDR_ASSERT(len != 0);
    batch->jobs[batch->count++] =
        (vdr_keyed_job){.key = key, .at = batch->open, .len = len, .ret_hash = ret_hash};
    if (past != 0) {
        memset(batch->bytes + batch->used, 0, VDR_KEYED_BLOCK_BYTES - past);
        batch->used += VDR_KEYED_BLOCK_BYTES - past;
    }
    batch->open = batch->used;
}

vdr_span
vdr_keyed_batch_drop(vdr_keyed_batch *batch)
{
    vdr_span text = vdr_span_of(batch->bytes + batch->open, batch->used - batch->open);
    batch->dirty = batch->used > batch->dirty ? batch->used : batch->dirty;
    batch->used = batch->open;
    return text;
}

static void
hash_one(const vdr_keyed_batch *batch, const vdr_keyed_job *job)
{
    VDR_UNZEROED vdr_keyed hash;
    vdr_keyed_begin(&hash, job->key);
    vdr_keyed_add(&hash, batch->bytes + job->at, job->len);
    *job->ret_hash = vdr_keyed_end(&hash);
}

#ifdef __x86_64__
typedef uint64_t words __attribute__((vector_size(32))); /* the same word of each lane */
typedef uint8_t word_bytes __attribute__((vector_size(32)));

/* A word's bytes, turned right by so many. */
#define TURNED_WORD(from, by)                                                                                \
    (from) + (0 + (by)) % 8, (from) + (1 + (by)) % 8, (from) + (2 + (by)) % 8, (from) + (3 + (by)) % 8,      \
        (from) + (4 + (by)) % 8, (from) + (5 + (by)) % 8, (from) + (6 + (by)) % 8, (from) + (7 + (by)) % 8
#define TURNED(of, by)                                                                                       \
    ((words)__builtin_shufflevector((word_bytes)(of), (word_bytes)(of), TURNED_WORD(0, by),                  \
                                    TURNED_WORD(8, by), TURNED_WORD(16, by), TURNED_WORD(24, by)))
#define MIX(a, b, c, d, x, y)                                                                                \
    v[a] += v[b] + m[x];                                                                                     \
    v[d] = TURNED(v[d] ^ v[a], 4);                                                                           \
    v[c] += v[d];                                                                                            \
    v[b] = TURNED(v[b] ^ v[c], 3);                                                                           \
    v[a] += v[b] + m[y];                                                                                     \
    v[d] = TURNED(v[d] ^ v[a], 2);                                                                           \
    v[c] += v[d];                                                                                            \
    v[b] ^= v[c];                                                                                            \
    v[b] = v[b] >> 63 | (v[b] + v[b])

typedef struct lane {
    const vdr_keyed_job *job; /* NULL: none left */
    size_t at;                /* of its text */
} lane;

typedef struct lanes {
    lane of[LANES];
    words chain[8], taken, last; /* last: all ones in the lanes whose block is their text's last */
    const uint8_t *block[LANES];
} lanes;

/* A block of each lane. */
__attribute__((target("avx2"))) static void
/* NOLINTNEXTLINE(readability-function-size): the statements of twelve rounds, which a macro writes */
compress(lanes *l)
{
    words m[16], v[16];
    for (unsigned i = 0; i < 16; i++) {
        uint64_t word[LANES];
        for (unsigned n = 0; n < LANES; n++)
            memcpy(&word[n], l->block[n] + 8 * i, 8);
        m[i] = (words){word[0], word[1], word[2], word[3]};
    }
    for (unsigned i = 0; i < 8; i++) {
        v[i] = l->chain[i];
        v[8 + i] = (words){vdr_keyed_iv[i], vdr_keyed_iv[i], vdr_keyed_iv[i], vdr_keyed_iv[i]};
    }
    v[12] ^= l->taken;
    v[14] ^= l->last;
    VDR_KEYED_ROUNDS;
    for (unsigned i = 0; i < 8; i++)
        l->chain[i] ^= v[i] ^ v[8 + i];
}

/* The next block of lane n, and what of its text is taken with it. A lane without a text takes zeros, for nothing. */
static void
set_block(const vdr_keyed_batch *batch, lanes *l, unsigned n)
{
    static const uint8_t nothing[VDR_KEYED_BLOCK_BYTES];
    const lane *of = &l->of[n];
    size_t rest = of->job != NULL ? of->job->len - of->at : 0;
    l->block[n] = of->job != NULL ? batch->bytes + of->job->at + of->at : nothing;
    l->taken[n] =
        VDR_KEYED_BLOCK_BYTES + of->at + (rest < VDR_KEYED_BLOCK_BYTES ? rest : VDR_KEYED_BLOCK_BYTES);
    l->last[n] = rest <= VDR_KEYED_BLOCK_BYTES ? UINT64_MAX : 0;
}

/* Texts of several blocks first: what they leave of the lanes is filled with short ones. */
static void
hash_all(const vdr_keyed_batch *batch)
{
    const vdr_keyed_job *order[VDR_KEYED_JOBS];
    size_t count = 0, next = 0;
    for (unsigned pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < batch->count; i++)
            if ((batch->jobs[i].len <= VDR_KEYED_BLOCK_BYTES) == (pass == 1))
                order[count++] = &batch->jobs[i];
    VDR_UNZEROED lanes l;
    memset(&l, 0, sizeof l);
    for (;;) {
        unsigned busy = 0;
        for (unsigned n = 0; n < LANES; n++) {
            if (l.of[n].job == NULL && next < count) {
                l.of[n] = (lane){.job = order[next++]};
                for (unsigned i = 0; i < 8; i++)
                    l.chain[i][n] = l.of[n].job->key->chain[i];
            }
            set_block(batch, &l, n);
            busy += l.of[n].job != NULL;
        }
        if (busy == 0)
            break;
        compress(&l);
        for (unsigned n = 0; n < LANES; n++) {
            l.of[n].at += VDR_KEYED_BLOCK_BYTES;
            if (l.of[n].job == NULL || l.last[n] == 0)
                continue;
            uint64_t hash[2] = {l.chain[0][n], l.chain[1][n]};
            memcpy(l.of[n].job->ret_hash->bytes, hash, sizeof hash);
            l.of[n] = (lane){0};
        }
    }
}

static bool
has_lanes(void)
{
    return __builtin_cpu_supports("avx2") != 0;
}
#else
static void
hash_all(const vdr_keyed_batch *batch)
{
    (void)batch;
}

static bool
has_lanes(void)
{
    return false;
}
#endif

void
vdr_keyed_batch_end(vdr_keyed_batch *batch)
{
    if (batch->count > 1 && has_lanes())
        hash_all(batch);
    else
        for (size_t i = 0; i < batch->count; i++)
            hash_one(batch, &batch->jobs[i]);
    sodium_memzero(batch->bytes, batch->used > batch->dirty ? batch->used : batch->dirty);
    vdr_keyed_batch_begin(batch);
}
