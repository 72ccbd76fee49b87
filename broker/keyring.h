/* broker/keyring.h - which public key belongs to which party.
 *
 * A key belongs to exactly one party; a party may have several. A key that is let in is named by its id,
 * never by its bytes: the id is what ZAP hands to the sockets as User-Id. Ids are never used again while
 * the process runs, so a message of a revoked key is known as such for ever. A key that stays with its
 * party over a replacement keeps its id.
 *
 * Thread:  any. A replacement is seen whole or not at all.
 * Memory:  what is looked up is copied out. */
#ifndef VDR_BROKER_KEYRING_H
#define VDR_BROKER_KEYRING_H

#include "proto/limits.h"
#include "proto/types.h"

#define VDR_KEY_BYTES 32u
#define VDR_KEY_PROBE 1u /* id of the self-test's own key */

typedef struct vdr_keyring vdr_keyring;

typedef struct vdr_key_party {
    uint8_t public_key[VDR_KEY_BYTES];
    vdr_party_kind kind;
    char id[VDR_CONF_NAME_MAX + 1];
} vdr_key_party;

typedef struct vdr_key {
    uint32_t id;
    vdr_party_kind kind; /* NONE: the self-test's key */
    char party[VDR_CONF_NAME_MAX + 1];
} vdr_key;

vdr_keyring *vdr_keyring_new(void);
void vdr_keyring_free(vdr_keyring **keyring_p); /* NULL-safe */

/* From now on these keys and no others. No key stands twice in parties (asserted). */
void vdr_keyring_replace(vdr_keyring *keyring, const vdr_key_party *parties, size_t count);

/* Lets the key of the self-test in, until a NULL. Not touched by a replacement. */
void vdr_keyring_probe(vdr_keyring *keyring, const uint8_t public_key[VDR_KEY_BYTES]);

bool vdr_keyring_by_key(vdr_keyring *keyring, const uint8_t public_key[VDR_KEY_BYTES], vdr_key *ret_key);
bool vdr_keyring_by_id(vdr_keyring *keyring, uint32_t id, vdr_key *ret_key);
size_t vdr_keyring_count(vdr_keyring *keyring);

#endif
