/* broker/net/keyring.h - which public key belongs to which party.
 *
 * A key belongs to exactly one party; a party may have several. A key that is let in is named by its id,
 * never by its bytes: the id is what ZAP hands to the sockets as User-Id. Ids are never used again while
 * the process runs, so a message of a revoked key is known as such for ever. A key that stays with its
 * party over a replacement keeps its id.
 *
 * A key may have an end: what is let in is asked of the ring's clock at every handshake, so that none gets in late
 * because a timer is. Keys that have ended stay known, so that the journal can say whose was shown and why it was
 * refused; whoever shows one learns no more than with any other.
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

typedef enum vdr_key_standing {
    VDR_KEY_IN = 0,      /* let in */
    VDR_KEY_UNKNOWN = 1, /* nobody's */
    VDR_KEY_EXPIRED = 2, /* known, but it has ended: its term is over */
    VDR_KEY_REVOKED = 3  /* the same: somebody ended it */
} vdr_key_standing;

typedef struct vdr_key_party {
    uint8_t public_key[VDR_KEY_BYTES];
    vdr_party_kind kind;
    char id[VDR_CONF_NAME_MAX + 1];
    vdr_key_standing standing; /* IN, EXPIRED or REVOKED */
    vdr_ms until;              /* while IN: it is let in before this instant only; 0: no end */
} vdr_key_party;

typedef struct vdr_key {
    uint32_t id;
    vdr_party_kind kind; /* NONE: the self-test's key */
    char party[VDR_CONF_NAME_MAX + 1];
} vdr_key;

vdr_keyring *vdr_keyring_new(void);
void vdr_keyring_free(vdr_keyring **keyring_p); /* NULL-safe */

/* What time it is, by which ends are judged; NULL, as in a new ring: no end is looked at. Before others use it. */
void vdr_keyring_clock(vdr_keyring *keyring, vdr_ms (*now)(void));

/* From now on these keys and no others. No key stands twice in parties (asserted). */
void vdr_keyring_replace(vdr_keyring *keyring, const vdr_key_party *parties, size_t count);

/* Lets the key of the self-test in, until a NULL. Not touched by a replacement. */
void vdr_keyring_probe(vdr_keyring *keyring, const uint8_t public_key[VDR_KEY_BYTES]);

/* May it in? ret_key: of a key that is not UNKNOWN. */
vdr_key_standing vdr_keyring_judge(vdr_keyring *keyring, const uint8_t public_key[VDR_KEY_BYTES],
                                   vdr_key *ret_key);
bool vdr_keyring_by_key(vdr_keyring *keyring, const uint8_t public_key[VDR_KEY_BYTES], vdr_key *ret_key);
bool vdr_keyring_by_id(vdr_keyring *keyring, uint32_t id, vdr_key *ret_key); /* while it is let in */
/* Of a key that was let in under this id; what is gone from the ring altogether was REVOKED. */
vdr_key_standing vdr_keyring_standing(vdr_keyring *keyring, uint32_t id);
size_t vdr_keyring_count(vdr_keyring *keyring); /* of those that are let in */

#endif
