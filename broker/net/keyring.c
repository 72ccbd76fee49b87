#include "broker/net/keyring.h"

#include "proto/assert.h"

#include <pthread.h>
#include <stdlib.h>

typedef struct entry {
    uint8_t public_key[VDR_KEY_BYTES];
    vdr_key key;
    vdr_key_standing standing;
    vdr_ms until; /* 0: no end */
} entry;

struct vdr_keyring {
    pthread_mutex_t lock;
    entry *by_key;   /* in order of the key's bytes */
    uint32_t *by_id; /* indices into by_key, in order of id */
    size_t count, let_in;
    vdr_ms (*now)(void);
    uint32_t next_id;
    bool has_probe;
    uint8_t probe[VDR_KEY_BYTES];
};

vdr_keyring *
vdr_keyring_new(void)
{
    vdr_keyring *keyring = (vdr_keyring *)vdr_alloc(1, sizeof *keyring);
    VDR_ASSERT(pthread_mutex_init(&keyring->lock, NULL) == 0);
    keyring->next_id = VDR_KEY_PROBE + 1;
    return keyring;
}

void
vdr_keyring_free(vdr_keyring **keyring_p)
{
    vdr_keyring *keyring = *keyring_p;
    if (keyring == NULL)
        return;
    (void)pthread_mutex_destroy(&keyring->lock);
    free(keyring->by_key);
    free(keyring->by_id);
    free(keyring);
    *keyring_p = NULL;
}

void
vdr_keyring_clock(vdr_keyring *keyring, vdr_ms (*now)(void))
{
    keyring->now = now;
}

static int
compare_entries(const void *a, const void *b)
{
    return memcmp(((const entry *)a)->public_key, ((const entry *)b)->public_key, VDR_KEY_BYTES);
}

static const entry *
find_key(const vdr_keyring *keyring, const uint8_t *public_key)
{
    size_t low = 0, high = keyring->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int c = memcmp(public_key, keyring->by_key[middle].public_key, VDR_KEY_BYTES);
        if (c == 0)
            return &keyring->by_key[middle];
        if (c < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* The id that this key has now, when it has it for the same party and does not come back; otherwise 0. */
static uint32_t
kept_id(const vdr_keyring *keyring, const vdr_key_party *party)
{
    const entry *old = find_key(keyring, party->public_key);
    bool same = old != NULL && old->key.kind == party->kind && strcmp(old->key.party, party->id) == 0;
    bool back = same && old->standing != VDR_KEY_IN && party->standing == VDR_KEY_IN;
    return same && !back ? old->key.id : 0;
}

/* Indices of the entries in order of their ids. Ids are few and mostly in order: insertion is enough
 * for the hundreds of keys that a town has, and reloads are rare. */
static uint32_t *
index_ids(const entry *entries, size_t count)
{
    uint32_t *by_id = (uint32_t *)vdr_alloc(count + 1, sizeof *by_id);
    for (size_t i = 0; i < count; i++) {
        size_t at = i;
        for (; at > 0 && entries[by_id[at - 1]].key.id > entries[i].key.id; at--)
            by_id[at] = by_id[at - 1];
        by_id[at] = (uint32_t)i;
    }
    return by_id;
}

void
vdr_keyring_replace(vdr_keyring *keyring, const vdr_key_party *parties, size_t count)
{
    entry *entries = (entry *)vdr_alloc(count + 1, sizeof *entries);
    size_t let_in = 0;
    for (size_t i = 0; i < count; i++) {
        const vdr_key_party *party = &parties[i];
        uint32_t id = kept_id(keyring, party); /* only this thread changes the ring: no lock to read */
        entries[i].key.id = id != 0 ? id : keyring->next_id++;
        entries[i].key.kind = party->kind;
        memcpy(entries[i].key.party, party->id, sizeof party->id);
        memcpy(entries[i].public_key, party->public_key, VDR_KEY_BYTES);
        entries[i].standing = party->standing;
        entries[i].until = party->until;
        let_in += party->standing == VDR_KEY_IN;
    }
    qsort(entries, count, sizeof *entries, compare_entries);
    for (size_t i = 1; i < count; i++)
        VDR_ASSERT(compare_entries(&entries[i - 1], &entries[i]) != 0);
    uint32_t *by_id = index_ids(entries, count);
    (void)pthread_mutex_lock(&keyring->lock);
    entry *old_entries = keyring->by_key;
    uint32_t *old_by_id = keyring->by_id;
    keyring->by_key = entries;
    keyring->by_id = by_id;
    keyring->count = count;
    keyring->let_in = let_in;
    (void)pthread_mutex_unlock(&keyring->lock);
    free(old_entries);
    free(old_by_id);
}

void
vdr_keyring_probe(vdr_keyring *keyring, const uint8_t public_key[VDR_KEY_BYTES])
{
    (void)pthread_mutex_lock(&keyring->lock);
    keyring->has_probe = public_key != NULL;
    if (keyring->has_probe)
        memcpy(keyring->probe, public_key, VDR_KEY_BYTES);
    (void)pthread_mutex_unlock(&keyring->lock);
}

vdr_key_standing
vdr_keyring_judge(vdr_keyring *keyring, const uint8_t public_key[VDR_KEY_BYTES], vdr_key *ret_key)
{
    vdr_key_standing standing = VDR_KEY_UNKNOWN;
    (void)pthread_mutex_lock(&keyring->lock);
    const entry *found = find_key(keyring, public_key);
    if (found != NULL) {
        standing = found->standing;
        if (standing == VDR_KEY_IN && found->until != 0 && keyring->now != NULL &&
            keyring->now() >= found->until)
            standing = VDR_KEY_EXPIRED;
        *ret_key = found->key;
    } else if (keyring->has_probe && memcmp(keyring->probe, public_key, VDR_KEY_BYTES) == 0) {
        standing = VDR_KEY_IN;
        *ret_key = (vdr_key){.id = VDR_KEY_PROBE, .kind = VDR_PARTY_NONE, .party = "self-test"};
    }
    (void)pthread_mutex_unlock(&keyring->lock);
    return standing;
}

bool
vdr_keyring_by_key(vdr_keyring *keyring, const uint8_t public_key[VDR_KEY_BYTES], vdr_key *ret_key)
{
    vdr_key key;
    bool in = vdr_keyring_judge(keyring, public_key, &key) == VDR_KEY_IN;
    if (in)
        *ret_key = key;
    return in;
}

static const entry *
find_id(const vdr_keyring *keyring, uint32_t id)
{
    size_t low = 0, high = keyring->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (keyring->by_key[keyring->by_id[middle]].key.id < id)
            low = middle + 1;
        else
            high = middle;
    }
    bool found = low < keyring->count && keyring->by_key[keyring->by_id[low]].key.id == id;
    return found ? &keyring->by_key[keyring->by_id[low]] : NULL;
}

bool
vdr_keyring_by_id(vdr_keyring *keyring, uint32_t id, vdr_key *ret_key)
{
    (void)pthread_mutex_lock(&keyring->lock);
    const entry *found = find_id(keyring, id);
    bool in = found != NULL && found->standing == VDR_KEY_IN;
    if (in)
        *ret_key = found->key;
    (void)pthread_mutex_unlock(&keyring->lock);
    return in;
}

vdr_key_standing
vdr_keyring_standing(vdr_keyring *keyring, uint32_t id)
{
    (void)pthread_mutex_lock(&keyring->lock);
    const entry *found = find_id(keyring, id);
    vdr_key_standing standing = found != NULL ? found->standing : VDR_KEY_REVOKED;
    (void)pthread_mutex_unlock(&keyring->lock);
    return standing;
}

size_t
vdr_keyring_count(vdr_keyring *keyring)
{
    (void)pthread_mutex_lock(&keyring->lock);
    size_t count = keyring->let_in;
    (void)pthread_mutex_unlock(&keyring->lock);
    return count;
}
