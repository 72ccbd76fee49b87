/* broker/core/index.h - finds records of a slab by a hash: linear hashing, so that it grows by one bucket at
 * a time and no insertion is ever slow. The buckets are a slab of their own; the chain runs through the
 * records, which hold their hash and the link at fixed offsets. Equal keys are the caller's to compare.
 *
 * Everything it knows is in the two slabs: the number of buckets is how many were taken, and every live
 * record of the records' slab is in the index (or is being put in or has just been removed). So nothing of
 * it needs saving but the buckets' slab.
 *
 * The order within a chain depends on history; nothing that is told may depend on it.
 * Thread: one. Hashes must be spread well by their maker: pseudonyms and keyed hashes are. */
#ifndef VDR_CORE_INDEX_H
#define VDR_CORE_INDEX_H

#include "broker/core/slab.h"

typedef struct vdr_index {
    vdr_slab buckets; /* records of 4 bytes: the first of the chain */
    vdr_slab *records;
    uint32_t hash_offset, next_offset; /* of two uint32_t in a record */
} vdr_index;

void vdr_index_init(vdr_index *index, uint32_t table, vdr_slab *records, uint32_t hash_offset,
                    uint32_t next_offset);
void vdr_index_done(vdr_index *index);
/* The record's hash field must be set; its link is set here. */
void vdr_index_put(vdr_index *index, uint32_t record);
void vdr_index_remove(vdr_index *index, uint32_t record);
/* First record of the chain with this very hash, and the next one after a record; 0: none. */
uint32_t vdr_index_first(const vdr_index *index, uint32_t hash);
uint32_t vdr_index_next(const vdr_index *index, uint32_t record);
/* Hints that a hash will be looked for: fetch its bucket, and in a while (the bucket is there) the first record
 * of its chain. */
void vdr_index_fetch_bucket(const vdr_index *index, uint32_t hash);
void vdr_index_fetch_record(const vdr_index *index, uint32_t hash);
/* A number made into a hash, for records that are found by a counter. Fixed for ever: it is in checkpoints. */
uint32_t vdr_index_hash_number(uint64_t number);
/* A short text made into a hash, for names of configurations and roles. Without a key: whoever chooses many
 * texts can make them collide (see names.c). Fixed for ever. */
uint32_t vdr_index_hash_text(vdr_span text);

#endif
