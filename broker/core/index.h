/* broker/core/index.h - finds records of a slab by a hash: linear hashing, so that it grows by one line at a
 * time and no insertion is ever slow. Equal keys are the caller's to compare.
 *
 * A line is what the processor fetches at once: the slots of up to VDR_INDEX_PLACES records, and of each 16
 * bits of its hash, the tag. So to find a record, or that there is none, costs one fetch of memory far away
 * besides the record itself, and so does putting it in; growing needs the tags alone in an index of more than
 * 4,096 lines, and a smaller one is near. What a full line has no place for goes into lines behind it.
 *
 * Everything it knows is in its two slabs: the number of lines is how many were taken, and every live record
 * of the records' slab is in the index (or is being put in or has just been removed). So nothing of it needs
 * saving but these.
 *
 * The order of records with the same hash depends on history; nothing that is told may depend on it.
 * Thread: one. Hashes must be spread well by their maker: pseudonyms and keyed hashes are. */
#ifndef VDR_CORE_INDEX_H
#define VDR_CORE_INDEX_H

#include "broker/core/slab.h"

#define VDR_INDEX_PLACES 10u

/* Its places are filled from the first on; 0: empty. */
typedef struct vdr_index_line {
    uint16_t tags[VDR_INDEX_PLACES];
    uint32_t more; /* a line behind this full one, in `behind`; 0: none */
    uint32_t slots[VDR_INDEX_PLACES];
} vdr_index_line;

/* The hash of a record, by its own bytes. */
typedef uint32_t vdr_index_hash_of(const void *record);

typedef struct vdr_index {
    vdr_slab lines;  /* line i is record i + 1 */
    vdr_slab behind; /* lines behind full ones; only the first of those behind a line has empty places */
    const vdr_slab *records;
    vdr_index_hash_of *hash_of;
} vdr_index;

/* A search: good until the index changes. */
typedef struct vdr_index_search {
    const vdr_index *index;
    const vdr_index_line *line;
    uint32_t hash;
    uint64_t left; /* a bit for each place of the line whose tag fits */
} vdr_index_search;

/* Takes the tables of this number and the next. */
void vdr_index_init(vdr_index *index, uint32_t table, const vdr_slab *records, vdr_index_hash_of *hash_of);
void vdr_index_done(vdr_index *index);
/* What hash_of reads of the record must be set; until it is removed it may not change. */
void vdr_index_put(vdr_index *index, uint32_t record);
void vdr_index_remove(vdr_index *index, uint32_t record);
/* The first record with this very hash, and the next ones; 0: no more. */
uint32_t vdr_index_first(const vdr_index *index, uint32_t hash, vdr_index_search *ret_search);
uint32_t vdr_index_next(vdr_index_search *search);
/* Hints that a hash will be looked for: fetch its line, and in a while (the line is there) a record that it
 * names with this tag. Returns that one, whose hash need not fit; 0: none does. */
void vdr_index_fetch_line(const vdr_index *index, uint32_t hash);
void vdr_index_fetch_place(const vdr_index *index, uint32_t hash); /* where it is probably put, too */
uint32_t vdr_index_guess(const vdr_index *index, uint32_t hash);
/* A number made into a hash, for records that are found by a counter. Fixed for ever: it is in checkpoints. */
uint32_t vdr_index_hash_number(uint64_t number);
/* A short text made into a hash, for names of configurations and roles. Without a key: whoever chooses many
 * texts can make them collide (see names.c). Fixed for ever. */
uint32_t vdr_index_hash_text(vdr_span text);

#endif
