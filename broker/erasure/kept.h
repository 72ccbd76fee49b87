/* broker/erasure/kept.h - unread messages of records whose key is gone, kept apart: those that are about what is
 * still here (broker/core/needed.h says why there are such).
 *
 * They stand beside the keys in the key table, DIR/keys/table, sealed under the wrapping key, and go with it: every
 * erasure run writes them anew with what is still unread and needed. Here in memory, in order of position and offset.
 *
 * Layout, little-endian: "VDRKEPT1", count of blocks u32; then each block: its length u32, sealed bytes
 * (store/vault.h, vdr_vault_seal_block), bound to "VDRKEPT1", its number and the count. The blocks together:
 * position u64, offset u32, length u32, the effect (broker/core/effect.h); and so on. None is no bytes at all.
 *
 * Thread: one at a time. Memory: spans live until the set is freed. */
#ifndef VDR_BROKER_ERASURE_KEPT_H
#define VDR_BROKER_ERASURE_KEPT_H

#include "proto/bytes.h"
#include "store/vault.h"

typedef struct vdr_kept vdr_kept;

vdr_kept *vdr_kept_new(void);
void vdr_kept_free(vdr_kept **kept_p); /* NULL-safe */

/* A message that stood at offset in the tale of the record; copies it. One that is there already stays. */
void vdr_kept_add(vdr_kept *kept, vdr_position position, uint32_t offset, vdr_span effect);
size_t vdr_kept_count(const vdr_kept *kept);
/* The one at this place in the order. */
vdr_span vdr_kept_at(const vdr_kept *kept, size_t place, vdr_position *ret_position, uint32_t *ret_offset);
bool vdr_kept_find(const vdr_kept *kept, vdr_position position, uint32_t offset, vdr_span *ret_effect);

/* Reads what vdr_kept_seal made; no bytes are an empty set. STORE_CORRUPT, STORE_VERSION, ERASED. */
VDR_MUST_CHECK vdr_err vdr_kept_open(vdr_span sealed, const vdr_vault *vault, vdr_kept **ret_kept);
/* Adds them to the end of bytes. */
void vdr_kept_seal(const vdr_kept *kept, const vdr_vault *vault, vdr_bytes *bytes);

#endif
