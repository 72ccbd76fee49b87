#include "broker/core/heap.h"

#include "proto/assert.h"

#include <stdlib.h>

static bool
is_before(vdr_heap_entry a, vdr_heap_entry b)
{
    return a.key < b.key || (a.key == b.key && a.slot < b.slot);
}

void
vdr_heap_done(vdr_heap *heap)
{
    free(heap->at);
    *heap = (vdr_heap){0};
}

void
vdr_heap_add(vdr_heap *heap, int64_t key, uint32_t slot)
{
    if (heap->count == heap->size) {
        heap->size = heap->size == 0 ? 16 : heap->size * 2;
        heap->at = vdr_realloc(heap->at, heap->size, sizeof *heap->at);
    }
    vdr_heap_entry entry = {.key = key, .slot = slot};
    uint32_t i = heap->count++;
    while (i > 0 && is_before(entry, heap->at[(i - 1) / 2])) {
        heap->at[i] = heap->at[(i - 1) / 2];
        i = (i - 1) / 2;
    }
    heap->at[i] = entry;
}

void
vdr_heap_take_first(vdr_heap *heap)
{
    VDR_ASSERT(heap->count > 0);
    vdr_heap_entry last = heap->at[--heap->count];
    uint32_t i = 0;
    for (uint32_t child = 1; child < heap->count; child = 2 * i + 1) {
        if (child + 1 < heap->count && is_before(heap->at[child + 1], heap->at[child]))
            child++;
        if (!is_before(heap->at[child], last))
            break;
        heap->at[i] = heap->at[child];
        i = child;
    }
    if (heap->count > 0)
        heap->at[i] = last;
}
