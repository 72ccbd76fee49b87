#include "clients/gateway/limiter.h"

#include "proto/assert.h"

#include <sodium.h>
#include <stdlib.h>

#define WAYS 8 /* callers that share a row of the table; the least lately heard of gives way */

typedef struct caller {
    uint8_t key[VDR_LIMITER_KEY_BYTES];
    int64_t heard_ms, open;
    int64_t milli; /* thousandths of a request that may still be made now */
    bool used;
} caller;

struct vdr_limiter {
    vdr_limiter_limits limits;
    uint8_t seed[crypto_shorthash_KEYBYTES]; /* so that nobody can aim at another's row */
    size_t row_count;
    caller *callers;
};

vdr_limiter *
vdr_limiter_new(const vdr_limiter_limits *limits)
{
    vdr_limiter *limiter = vdr_alloc(1, sizeof *limiter);
    limiter->limits = *limits;
    limiter->row_count = 1;
    while (limiter->row_count * WAYS < limits->callers)
        limiter->row_count *= 2;
    limiter->callers = vdr_alloc(limiter->row_count * WAYS, sizeof limiter->callers[0]);
    randombytes_buf(limiter->seed, sizeof limiter->seed);
    return limiter;
}

void
vdr_limiter_free(vdr_limiter **limiter_p)
{
    if (*limiter_p == NULL)
        return;
    free((*limiter_p)->callers);
    free(*limiter_p);
    *limiter_p = NULL;
}

static caller *
row_of(const vdr_limiter *limiter, const uint8_t *key)
{
    uint64_t hash;
    (void)crypto_shorthash((uint8_t *)&hash, key, VDR_LIMITER_KEY_BYTES, limiter->seed);
    return &limiter->callers[(size_t)(hash & (limiter->row_count - 1)) * WAYS];
}

static caller *
find(const vdr_limiter *limiter, const uint8_t *key)
{
    caller *row = row_of(limiter, key);
    for (size_t i = 0; i < WAYS; i++)
        if (row[i].used && memcmp(row[i].key, key, VDR_LIMITER_KEY_BYTES) == 0)
            return &row[i];
    return NULL;
}

/* NULL: all of the row have something open. */
static caller *
find_or_add(vdr_limiter *limiter, const uint8_t *key, int64_t now_ms)
{
    caller *it = find(limiter, key), *row = row_of(limiter, key);
    for (size_t i = 0; i < WAYS && it == NULL; i++)
        if (!row[i].used)
            it = &row[i];
    if (it == NULL) {
        for (size_t i = 0; i < WAYS; i++)
            if (row[i].open == 0 && (it == NULL || row[i].heard_ms < it->heard_ms))
                it = &row[i];
        if (it != NULL)
            it->used = false;
    }
    if (it == NULL)
        return NULL;
    if (!it->used) {
        *it = (caller){.used = true, .heard_ms = now_ms, .milli = limiter->limits.burst * 1000};
        memcpy(it->key, key, sizeof it->key);
    }
    return it;
}

/* What the time since then has given back. A caller is full after full_ms, so longer need not be counted. */
static void
refill(const vdr_limiter_limits *limits, caller *it, int64_t now_ms)
{
    int64_t since_ms = now_ms > it->heard_ms ? now_ms - it->heard_ms : 0, most = limits->burst * 1000;
    it->heard_ms = now_ms;
    if (limits->per_second == 0)
        return;
    int64_t full_ms = most / limits->per_second + 1;
    it->milli += (since_ms < full_ms ? since_ms : full_ms) * limits->per_second;
    if (it->milli > most)
        it->milli = most;
}

int64_t
vdr_limiter_take(vdr_limiter *limiter, const uint8_t key[VDR_LIMITER_KEY_BYTES], int64_t now_ms)
{
    const vdr_limiter_limits *limits = &limiter->limits;
    if (limits->per_second == 0)
        return 0;
    caller *it = find_or_add(limiter, key, now_ms);
    if (it == NULL)
        return 1000;
    refill(limits, it, now_ms);
    if (it->milli < 1000)
        return (1000 - it->milli + limits->per_second - 1) / limits->per_second;
    it->milli -= 1000;
    return 0;
}

bool
vdr_limiter_enter(vdr_limiter *limiter, const uint8_t key[VDR_LIMITER_KEY_BYTES], int64_t now_ms)
{
    caller *it = find_or_add(limiter, key, now_ms);
    if (it == NULL || (limiter->limits.at_once != 0 && it->open >= limiter->limits.at_once))
        return false;
    refill(&limiter->limits, it, now_ms);
    it->open++;
    return true;
}

void
vdr_limiter_leave(vdr_limiter *limiter, const uint8_t key[VDR_LIMITER_KEY_BYTES])
{
    caller *it = find(limiter, key);
    VDR_ASSERT(it != NULL && it->open > 0);
    it->open--;
}
