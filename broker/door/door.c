#include "broker/door/door.h"

vdr_door *
vdr_door_new_of(const vdr_door_keys *keys)
{
    VDR_ASSERT(sodium_init() >= 0);
    static const vdr_key16 none = {{0}};
    const uint8_t *key = keys->key;
    vdr_door *door = sodium_malloc(sizeof *door);
    VDR_ASSERT(door != NULL);
    memcpy(door->pseudonym_key, key, sizeof door->pseudonym_key);
    uint8_t digest_key[32];
    crypto_kdf_derive_from_key(digest_key, sizeof digest_key, 1, "vdrevent", key);
    vdr_keyed_start(key, &door->pseudonyms);
    vdr_keyed_start(digest_key, &door->digests);
    sodium_memzero(digest_key, sizeof digest_key);
    if (vdr_key16_equal(&keys->id_key, &none))
        crypto_kdf_derive_from_key(door->id_key, sizeof door->id_key, 2, "vdrevent", key);
    else
        memcpy(door->id_key, keys->id_key.bytes, sizeof door->id_key);
    /* A key of its own that is used for nothing else, so that it may be shown. */
    crypto_kdf_derive_from_key(door->key_check.bytes, sizeof door->key_check.bytes, 3, "vdrevent", key);
    door->before = NULL;
    if (keys->before != NULL) {
        vdr_door_keys before = {.key = keys->before};
        memcpy(before.id_key.bytes, door->id_key, sizeof before.id_key.bytes);
        door->before = vdr_door_new_of(&before);
    }
    (void)sodium_mprotect_readonly(door);
    return door;
}

vdr_door *
vdr_door_new(const uint8_t key[VDR_DOOR_KEY_BYTES])
{
    return vdr_door_new_of(&(vdr_door_keys){.key = key});
}

vdr_door *
vdr_door_new_changing(const vdr_door *before, const uint8_t next[VDR_DOOR_KEY_BYTES])
{
    return vdr_door_new_of(
        &(vdr_door_keys){.key = next, .before = before->pseudonym_key, .id_key = vdr_door_id_key(before)});
}

vdr_door *
vdr_door_new_changed(const vdr_door *changing)
{
    return vdr_door_new_of(
        &(vdr_door_keys){.key = changing->pseudonym_key, .id_key = vdr_door_id_key(changing)});
}

void
vdr_door_free(vdr_door **door_p)
{
    vdr_door *door = *door_p;
    if (door == NULL)
        return;
    vdr_door *before = door->before;
    sodium_free(before); /* wipes */
    sodium_free(door);
    *door_p = NULL;
}

const vdr_door *
vdr_door_before(const vdr_door *door)
{
    return door->before;
}

vdr_key16
vdr_door_id_key(const vdr_door *door)
{
    _Static_assert(sizeof door->id_key == sizeof(vdr_key16), "the key of id hashes is a key16");
    vdr_key16 key;
    memcpy(key.bytes, door->id_key, sizeof key.bytes);
    return key;
}

vdr_key16
vdr_door_unnamed(const vdr_door *door, const vdr_key16 *key)
{
    VDR_UNZEROED vdr_keyed hash;
    vdr_keyed_begin(&hash, &door->pseudonyms);
    vdr_keyed_add(&hash, "unnamed:", 8);
    vdr_keyed_add(&hash, key->bytes, sizeof key->bytes);
    return vdr_keyed_end(&hash);
}

vdr_key16
vdr_door_pseudonym(const vdr_door *door, bool is_address, vdr_span digits)
{
    VDR_UNZEROED vdr_keyed hash;
    vdr_keyed_begin(&hash, &door->pseudonyms);
    vdr_keyed_add(&hash, is_address ? "bag:" : "bsn:", 4);
    vdr_keyed_add(&hash, digits.at, digits.len < VDR_NAME_BYTES_MAX ? digits.len : VDR_NAME_BYTES_MAX);
    return vdr_keyed_end(&hash);
}

void
vdr_door_pseudonym_later(const vdr_door *door, vdr_keyed_batch *batch, bool is_address, vdr_span digits,
                         vdr_key16 *ret_key)
{
    vdr_keyed_batch_open(batch);
    bool fits = vdr_keyed_batch_put(batch, is_address ? "bag:" : "bsn:", 4) &&
                vdr_keyed_batch_put(batch, digits.at,
                                    digits.len < VDR_NAME_BYTES_MAX ? digits.len : VDR_NAME_BYTES_MAX);
    VDR_ASSERT(fits);
    vdr_keyed_batch_close(batch, &door->pseudonyms, ret_key);
}

uint64_t
vdr_door_id_hash(const vdr_door *door, vdr_span id)
{
    uint8_t bytes[crypto_shorthash_BYTES];
    uint64_t hash = 0;
    crypto_shorthash(bytes, id.at, id.len, door->id_key);
    for (unsigned i = 0; i < sizeof bytes; i++)
        hash |= (uint64_t)bytes[i] << (8 * i);
    return hash;
}

vdr_key16
vdr_door_key_check(const vdr_door *door)
{
    return door->key_check;
}
