#include "broker/desk/cover.h"

#include "proto/assert.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#define SETS 1024u /* places are found by the key's first bytes */
#define WAYS 8u    /* places of a set: the one that ends first makes room */

typedef struct cover {
    vdr_cover_key key;
    vdr_ms from, until; /* until 0: free */
} cover;

struct vdr_covers {
    uint8_t secret[crypto_generichash_KEYBYTES];
    cover at[SETS][WAYS];
};

vdr_covers *
vdr_covers_new(void)
{
    vdr_covers *covers = vdr_alloc(1, sizeof *covers);
    randombytes_buf(covers->secret, sizeof covers->secret);
    return covers;
}

void
vdr_covers_free(vdr_covers **covers_p)
{
    if (*covers_p == NULL)
        return;
    sodium_memzero((*covers_p)->secret, sizeof(*covers_p)->secret);
    free(*covers_p);
    *covers_p = NULL;
}

static void
add(crypto_generichash_state *hash, vdr_span bytes)
{
    uint64_t len = bytes.len;
    (void)crypto_generichash_update(hash, (const uint8_t *)&len, sizeof len);
    if (len != 0)
        (void)crypto_generichash_update(hash, bytes.at, len);
}

vdr_cover_key
vdr_cover_key_of(const vdr_covers *covers, const vdr_command *view, vdr_span answer)
{
    vdr_cover_key key;
    crypto_generichash_state hash;
    const uint64_t numbers[] = {view->sender_kind, view->query};
    (void)crypto_generichash_init(&hash, covers->secret, sizeof covers->secret, sizeof key.bytes);
    add(&hash, vdr_span_of(numbers, sizeof numbers));
    add(&hash, view->sender_id);
    add(&hash, view->traceparent);
    for (size_t i = 0; i < view->seen_count; i++) {
        const vdr_command_seen *seen = &view->seen[i];
        const uint64_t one[] = {seen->kind, seen->parts, seen->household.number, seen->case_id.number,
                                seen->position};
        add(&hash, vdr_span_of(one, sizeof one));
    }
    add(&hash, answer);
    (void)crypto_generichash_final(&hash, key.bytes, sizeof key.bytes);
    return key;
}

static size_t
set_of(const vdr_cover_key *key)
{
    return (key->bytes[0] | (size_t)key->bytes[1] << 8) % SETS;
}

bool
vdr_covers_hold(const vdr_covers *covers, const vdr_cover_key *key, vdr_ms now)
{
    const cover *set = covers->at[set_of(key)];
    for (size_t i = 0; i < WAYS && now != VDR_MS_NONE; i++)
        if (set[i].from <= now && now < set[i].until && memcmp(&set[i].key, key, sizeof *key) == 0)
            return true;
    return false;
}

void
vdr_covers_add(vdr_covers *covers, const vdr_cover_key *key, vdr_ms now)
{
    cover *set = covers->at[set_of(key)], *to = set;
    if (now == VDR_MS_NONE)
        return;
    for (size_t i = 1; i < WAYS; i++)
        if (set[i].until < to->until)
            to = &set[i];
    *to = (cover){.key = *key, .from = now, .until = now + VDR_COVER_MS};
}
