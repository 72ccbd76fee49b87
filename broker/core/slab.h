/* broker/core/slab.h - a table of fixed-size records in chunks: all of the core's state is made of these.
 *
 * A record is named by its index, 1 and up; 0 is none. State holds indexes, never pointers, so that a chunk's
 * bytes mean the same in memory, in a checkpoint and on another machine. Whoever changes a record must ask for
 * it with vdr_slab_edit: that is what keeps the chunk aside for an image in progress (copy on write) and marks
 * it changed. vdr_slab_at gives a const pointer; casting the const away is the one thing nobody may do.
 *
 * Records hold only fixed-width integers and byte arrays, without padding bytes (or with named ones that stay
 * zero); taken and given-back records are zero (but for the link of the free list), so equal histories give
 * equal bytes. Growing never moves a record and never copies the table.
 *
 * What changed is told by eras. An era begins when an image begins, and a chunk remembers the era of its last edit:
 * beside where its bytes are, so that to edit costs one comparison and no other memory. While a chunk waits to be
 * imaged, the first edit of each of its records keeps that record as it was, and no more than that: right after an
 * image began nearly every edit is a first one, and a step must not pay for its neighbours.
 *
 * On trial (trial.h), a slab keeps each record that is edited, and puts them back at the end. The era of a trial is
 * one that no chunk was ever edited in, so again every edit comes by.
 *
 * Thread:  one. Memory: grows by one chunk (at most 64 KiB), from a pool if it has one; a pointer from at or
 * edit stays good until the record is given back or the slab is done. During an image the chunk's own bytes
 * stay where they are: it is the copy that goes to the image. Chunks begin at a multiple of 64 bytes, so that
 * a record of 64, or of 32, lies in one line of the processor's cache. The room for records kept aside is used
 * again, and stays: the next image needs it as much.
 * Errors:  an index that was never taken is a broken invariant. */
#ifndef VDR_CORE_SLAB_H
#define VDR_CORE_SLAB_H

#include "proto/assert.h"
#include "proto/types.h"

/* Kept apart from the bytes, side by side: to edit a record touches no memory far from it and from these. */
#define VDR_SLAB_LANES 4u
typedef struct vdr_chunk {
    uint8_t *bytes; /* NULL: not loaded yet */
    uint32_t
        edited; /* era of the last edit; 0: not since it was loaded. Kept back while it waits to be imaged */
    uint32_t kept; /* how many of its records are kept as they were when the image began */
    uint32_t
        lanes[VDR_SLAB_LANES]; /* the last one of each of their lists: so much of them is fetched at once */
} vdr_chunk;

/* Records as they were when the image began, in blocks that stay. */
typedef struct vdr_slab_kept {
    uint8_t **blocks;
    uint32_t block_count, block_room;
    uint32_t next;    /* how many were taken in order; numbers are 1 and up, as records' */
    uint32_t *unused; /* of those, the ones that were given back */
    uint32_t unused_count;
} vdr_slab_kept;

/* A bit for each record, all 0 in between. */
typedef struct vdr_slab_marks {
    uint64_t *words;
    uint32_t count;
} vdr_slab_marks;

typedef struct vdr_slab_undo vdr_slab_undo;

/* Where the chunks of many slabs lie, in large regions of their own (proto/pages.h). Nothing is given back
 * before the pool is done, which is after its slabs. Begins as zeros. */
typedef struct vdr_pool {
    uint8_t **regions;
    uint32_t region_count, region_room;
    uint32_t left; /* bytes of the newest region that nobody has */
} vdr_pool;

void vdr_pool_done(vdr_pool *pool);

typedef struct vdr_slab {
    vdr_chunk *chunks;
    uint32_t shift;        /* log2 of records per chunk: as many as fit 64 KiB */
    uint32_t record_bytes; /* a multiple of 4, at least 4, at most 4096 */
    uint32_t next;         /* lowest index never taken; 1 at first */
    uint32_t era;          /* 1 at first; one more with each image_begin; VDR_SLAB_TRIAL on trial */
    uint32_t free; /* head of the given-back indexes; 0 none. The link is the record's first 4 bytes */
    uint32_t live; /* taken and not given back */
    uint32_t chunk_count, chunk_room;
    uint32_t chunks_made; /* chunk_count, and what a trial left behind */
    uint32_t table;       /* its number in images; one per slab of a core */
    uint32_t version;     /* of the record's layout */
    vdr_pool *pool; /* NULL at first: chunks are allocated one by one. Set before the first record is taken */

    /* image in progress: chunks below image_cursor are copied, those at or above are not yet */
    bool imaging;
    uint32_t image_cursor;
    uint32_t image_counts[4];
    uint32_t imaged_era; /* chunks edited in a later era are not in the last complete image */
    vdr_slab_kept kept;
    vdr_slab_marks kept_marks;
    uint8_t *image_bytes; /* a chunk with the kept records in their places; NULL: none was needed yet */

    vdr_slab_undo *undo; /* on trial: records as they were, the last edited first */
    vdr_slab_marks undo_marks;
} vdr_slab;

void vdr_slab_init(vdr_slab *slab, uint32_t table, uint32_t version, uint32_t record_bytes);
void vdr_slab_done(vdr_slab *slab);

/* A zeroed record: of those given back the one given back last, otherwise the lowest never taken. */
uint32_t vdr_slab_take(vdr_slab *slab);
void vdr_slab_give(vdr_slab *slab, uint32_t index); /* zeroes it */
uint64_t vdr_slab_bytes(const vdr_slab *slab);      /* memory it holds, what is kept aside included */

/* From begin on every change is kept track of, and end takes all of it back: the slab has the very bytes again,
 * and its image, if one is in progress, never knows. Nothing of images may be called in between. Costs a copy
 * of each record that is edited; undo_bytes says how much that is. */
#define VDR_SLAB_TRIAL UINT32_MAX /* an era that image_begin does not come to */
typedef struct vdr_slab_counts {
    uint32_t next, era, free, live, chunk_count;
} vdr_slab_counts;
void vdr_slab_trial_begin(vdr_slab *slab, vdr_slab_counts *ret_before);
void vdr_slab_trial_end(vdr_slab *slab, const vdr_slab_counts *before);
uint64_t vdr_slab_undo_bytes(const vdr_slab *slab);

/* What an edit is that may be a first one (for vdr_slab_edit only). */
void vdr_slab_touch(vdr_slab *slab, uint32_t index);

static inline const void *
vdr_slab_at(const vdr_slab *slab, uint32_t index)
{
    VDR_ASSERT(index - 1 < slab->next - 1); /* 0 is out of it too */
    const vdr_chunk *chunk = &slab->chunks[index >> slab->shift];
    return chunk->bytes + (size_t)(index & ((1u << slab->shift) - 1)) * slab->record_bytes;
}

static inline void *
vdr_slab_edit(vdr_slab *slab, uint32_t index)
{
    VDR_ASSERT(index - 1 < slab->next - 1);
    const vdr_chunk *chunk = &slab->chunks[index >> slab->shift];
    if (chunk->edited != slab->era)
        vdr_slab_touch(slab, index);
    return chunk->bytes + (size_t)(index & ((1u << slab->shift) - 1)) * slab->record_bytes;
}

/* A hint that the record will be wanted in a moment: memory far away is what a step waits for. Of a large record its
 * first line. */
static inline void
vdr_slab_prefetch(const vdr_slab *slab, uint32_t index)
{
    const uint8_t *record = (const uint8_t *)vdr_slab_at(slab, index);
    __builtin_prefetch(record);
    if (slab->record_bytes < 64 && ((uintptr_t)record & 63) + slab->record_bytes > 64)
        __builtin_prefetch(record + slab->record_bytes - 1);
}

/* The same for one that will be edited: where an image would have it kept, that is looked at, too. */
static inline void
vdr_slab_prefetch_edit(const vdr_slab *slab, uint32_t index)
{
    vdr_slab_prefetch(slab, index);
    if (slab->imaging && index >> slab->shift >= slab->image_cursor && index / 64 < slab->kept_marks.count)
        __builtin_prefetch(&slab->kept_marks.words[index / 64]);
}

/* The bytes of a chunk, 0 .. chunk_count - 1, as far as records were ever taken: what an image of now would
 * hold. For hashes and checks. Good until the next take, give or edit. */
vdr_span vdr_slab_chunk(const vdr_slab *slab, uint32_t number);

/* Images. begin on every slab of the core at the same instant, then next until it returns false, then end. */
void vdr_slab_image_begin(vdr_slab *slab);
/* The next chunk that changed since the last complete image (or every one, with all), as it was at
 * image_begin. The bytes are good until the next call of anything that changes this slab. */
bool vdr_slab_image_next(vdr_slab *slab, bool all, uint32_t *ret_number, vdr_span *ret_bytes);
/* complete: the image is durable, and the next one needs only what was edited since this one began.
 * Otherwise the next one holds what this one would have, too. */
void vdr_slab_image_end(vdr_slab *slab, bool complete);
/* next, free, live and chunk count as they were at image_begin, for the head: 16 bytes. */
void vdr_slab_image_counts(const vdr_slab *slab, uint32_t ret_counts[4]);
/* Loading into an empty slab: counts first, then every chunk in any order, then end, which looks whether all
 * are there and the free list is whole. False: does not fit (the caller says STORE_CORRUPT and frees the
 * slab). A loaded slab goes on exactly as the imaged one would have; nothing counts as changed. */
VDR_MUST_CHECK bool vdr_slab_load_counts(vdr_slab *slab, const uint32_t counts[4]);
VDR_MUST_CHECK bool vdr_slab_load_chunk(vdr_slab *slab, uint32_t number, vdr_span bytes);
VDR_MUST_CHECK bool vdr_slab_load_end(const vdr_slab *slab);

#endif
