/* broker/core/heap.h - a binary heap of (key, slot), least first, for derived state.
 *
 * Nothing is ever taken out but the first: whoever uses it knows which entries are out of date. Equal entries
 * may be in it more than once; they come out one after the other. Thread: one. */
#ifndef VDR_CORE_HEAP_H
#define VDR_CORE_HEAP_H

#include "proto/types.h"

typedef struct vdr_heap_entry {
    int64_t key;
    uint32_t slot;
    uint32_t spare;
} vdr_heap_entry;

typedef struct vdr_heap {
    vdr_heap_entry *at; /* at[0] is the first */
    uint32_t count, size;
} vdr_heap;

void vdr_heap_done(vdr_heap *heap);
void vdr_heap_add(vdr_heap *heap, int64_t key, uint32_t slot);
void vdr_heap_take_first(vdr_heap *heap); /* there must be one */

static inline uint64_t
vdr_heap_bytes(const vdr_heap *heap)
{
    return (uint64_t)heap->size * sizeof(vdr_heap_entry);
}

#endif
