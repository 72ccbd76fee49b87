#include "broker/door/door.h"

vdr_door *
vdr_door_new(const uint8_t key[VDR_DOOR_KEY_BYTES])
{
    VDR_ASSERT(sodium_init() >= 0);
    vdr_door *door = sodium_malloc(sizeof *door);
    VDR_ASSERT(door != NULL);
    memcpy(door->pseudonym_key, key, sizeof door->pseudonym_key);
    crypto_kdf_derive_from_key(door->digest_key, sizeof door->digest_key, 1, "vdrevent", key);
    crypto_kdf_derive_from_key(door->id_key, sizeof door->id_key, 2, "vdrevent", key);
    /* A key of its own that is used for nothing else, so that it may be shown. */
    crypto_kdf_derive_from_key(door->key_check.bytes, sizeof door->key_check.bytes, 3, "vdrevent", key);
    (void)sodium_mprotect_readonly(door);
    return door;
}

void
vdr_door_free(vdr_door **door_p)
{
    sodium_free(*door_p); /* wipes */
    *door_p = NULL;
}

vdr_key16
vdr_door_pseudonym(const vdr_door *door, bool is_address, vdr_span digits)
{
    vdr_key16 key;
    uint8_t text[4 + VDR_NAME_BYTES_MAX];
    size_t len = digits.len < VDR_NAME_BYTES_MAX ? digits.len : VDR_NAME_BYTES_MAX;

    memcpy(text, is_address ? "bag:" : "bsn:", 4);
    if (len != 0)
        memcpy(text + 4, digits.at, len);
    crypto_generichash_blake2b(key.bytes, sizeof key.bytes, text, 4 + len, door->pseudonym_key,
                               sizeof door->pseudonym_key);
    return key;
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
