/* broker/core/slab.h - a table of fixed-size records in chunks: all of the core's state is made of these.
 *
 * A record is named by its index, 1 and up; 0 is none. State holds indexes, never pointers, so that a chunk's
 * bytes mean the same in memory, in a checkpoint and on another machine. Whoever changes a record must ask for
 * it with vdr_slab_edit: that is what keeps the chunk aside for an image in progress (copy on write) and marks
 * it changed. vdr_slab_at gives a const pointer; casting the const away is the one thing nobody may do.
 *
 * Records hold only fixed-width integers and byte arrays, without padding bytes (or with named ones that stay
 * zero); taken and given-back records are zero, so equal histories give equal bytes. Growing never moves a
 * record and never copies the table.
 *
 * Thread:  one. Memory: grows by one chunk (at most 64 KiB); a pointer from at or edit stays good until the
 * record is given back or an edit of the same chunk during an image (so: re-ask, do not keep).
 * Errors:  an index that was never taken is a broken invariant. */
#ifndef VDR_CORE_SLAB_H
#define VDR_CORE_SLAB_H

#include "proto/types.h"

typedef struct vdr_chunk vdr_chunk;

typedef struct vdr_slab {
    uint32_t table;        /* its number in images; one per slab of a core */
    uint32_t version;      /* of the record's layout */
    uint32_t record_bytes; /* a multiple of 4, at least 4, at most 4096 */
    uint32_t shift;        /* log2 of records per chunk: as many as fit 64 KiB */
    uint32_t next;         /* lowest index never taken; 1 at first */
    uint32_t free; /* head of the given-back indexes; 0 none. The link is the record's first 4 bytes */
    uint32_t live; /* taken and not given back */
    uint32_t chunk_count;
    vdr_chunk **chunks;
    /* image in progress: chunks below image_cursor are copied, those at or above are not yet */
    bool imaging;
    uint32_t image_cursor, image_chunks;
} vdr_slab;

void vdr_slab_init(vdr_slab *slab, uint32_t table, uint32_t version, uint32_t record_bytes);
void vdr_slab_done(vdr_slab *slab);

uint32_t vdr_slab_take(vdr_slab *slab); /* a zeroed record, lowest given-back index last in, first out */
void vdr_slab_give(vdr_slab *slab, uint32_t index); /* zeroes it */
const void *vdr_slab_at(const vdr_slab *slab, uint32_t index);
void *vdr_slab_edit(vdr_slab *slab, uint32_t index);
uint64_t vdr_slab_bytes(const vdr_slab *slab); /* memory it holds */

/* Images. begin on every slab of the core at the same instant, then next until it returns false, then end. */
void vdr_slab_image_begin(vdr_slab *slab);
/* The next chunk that changed since the last complete image (or every one, with all). */
bool vdr_slab_image_next(vdr_slab *slab, bool all, uint32_t *ret_number, vdr_span *ret_bytes);
void vdr_slab_image_end(vdr_slab *slab, bool complete);
/* next, free, live and chunk count as they were at image_begin, for the head: 16 bytes. */
void vdr_slab_image_counts(const vdr_slab *slab, uint32_t ret_counts[4]);
/* Loading: counts first, then chunks. False: does not fit (the caller says STORE_CORRUPT). */
bool vdr_slab_load_counts(vdr_slab *slab, const uint32_t counts[4]);
bool vdr_slab_load_chunk(vdr_slab *slab, uint32_t number, vdr_span bytes);

#endif
