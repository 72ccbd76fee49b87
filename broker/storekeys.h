/* broker/storekeys.h - the key that the store is sealed under, as node.yaml names it, and its change.
 *
 * Thread: the reactor's. */
#ifndef VDR_BROKER_STOREKEYS_H
#define VDR_BROKER_STOREKEYS_H

#include "broker/node.h"
#include "broker/net/secret.h"
#include "store/vault.h"

/* The key of store_key_next; *ret_key NULL: node.yaml names none. Errors and words as broker/net/secret.h. */
VDR_MUST_CHECK vdr_err vdr_storekeys_next(const vdr_node *node, uint8_t **ret_key, char *ret_words);
/* Seals the store's keys under it, where it is given, and tells the journal how it went. Syncs files. */
void vdr_storekeys_take(vdr_vault *vault, const vdr_node *node, const uint8_t *next);
/* Tells the journal what an operator must know of the keys: the next one is in force, the escrow is behind. */
void vdr_storekeys_tell(const vdr_vault *vault, const vdr_node *node);
/* Do both name the same keys for a store that runs? */
bool vdr_storekeys_same(const vdr_node *old, const vdr_node *node);

#endif
