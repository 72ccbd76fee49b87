#include "clients/lib/queue.h"

#include "proto/assert.h"

#include <stdlib.h>

#define CHUNK_BYTES ((size_t)64 * 1024)

typedef struct vdr_lib_queue_chunk {
    struct vdr_lib_queue_chunk *newer;
    size_t size, used;
    size_t entries; /* that still need it */
    uint8_t at[];
} vdr_lib_queue_chunk;

void
vdr_lib_queue_init(vdr_lib_queue *queue)
{
    *queue = (vdr_lib_queue){.size = 64};
    queue->entries = vdr_alloc(queue->size, sizeof *queue->entries);
}

void
vdr_lib_queue_done(vdr_lib_queue *queue)
{
    while (queue->oldest != NULL) {
        vdr_lib_queue_chunk *chunk = queue->oldest;
        queue->oldest = chunk->newer;
        free(chunk);
    }
    free(queue->spare);
    free(queue->entries);
    *queue = (vdr_lib_queue){0};
}

static void
grow(vdr_lib_queue *queue)
{
    vdr_lib_queue_entry *entries = vdr_alloc(queue->size * 2, sizeof *entries);
    for (size_t i = 0; i < queue->count; i++)
        entries[i] = *vdr_lib_queue_at(queue, i);
    free(queue->entries);
    queue->entries = entries;
    queue->size *= 2;
    queue->head = 0;
}

/* The chunk that takes bytes more: the newest, or a new one. */
static vdr_lib_queue_chunk *
chunk_for(vdr_lib_queue *queue, size_t bytes)
{
    vdr_lib_queue_chunk *chunk = queue->newest;
    if (chunk != NULL && chunk->size - chunk->used >= bytes)
        return chunk;
    chunk = queue->spare;
    if (chunk != NULL && chunk->size >= bytes) {
        queue->spare = NULL;
    } else {
        size_t size = bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES;
        chunk = vdr_alloc(1, sizeof *chunk + size);
        chunk->size = size;
    }
    if (queue->newest != NULL)
        queue->newest->newer = chunk;
    else
        queue->oldest = chunk;
    queue->newest = chunk;
    return chunk;
}

void
vdr_lib_queue_push(vdr_lib_queue *queue, const vdr_lib_queue_entry *entry, vdr_span bytes)
{
    if (queue->count == queue->size)
        grow(queue);
    vdr_lib_queue_entry *at = vdr_lib_queue_at(queue, queue->count);
    *at = *entry;
    at->chunk = NULL;
    if (bytes.at != NULL) {
        vdr_lib_queue_chunk *chunk = chunk_for(queue, bytes.len);
        memcpy(chunk->at + chunk->used, bytes.at, bytes.len);
        at->chunk = chunk;
        at->place = chunk->used;
        at->bytes = (uint32_t)bytes.len;
        chunk->used += bytes.len;
        chunk->entries++;
    }
    queue->bytes += at->bytes;
    queue->count++;
}

/* Chunks are emptied mostly in order; one that is asked back by a later push keeps its place. */
static void
drop_empty(vdr_lib_queue *queue)
{
    while (queue->oldest != NULL && queue->oldest->entries == 0) {
        vdr_lib_queue_chunk *chunk = queue->oldest;
        chunk->used = 0;
        if (chunk == queue->newest)
            return;
        queue->oldest = chunk->newer;
        chunk->newer = NULL;
        if (queue->spare == NULL && chunk->size == CHUNK_BYTES)
            queue->spare = chunk;
        else
            free(chunk);
    }
}

void
vdr_lib_queue_pop(vdr_lib_queue *queue, vdr_lib_queue_entry *ret_entry)
{
    VDR_ASSERT(queue->count > 0);
    *ret_entry = *vdr_lib_queue_at(queue, 0);
    queue->bytes -= ret_entry->bytes;
    queue->head = (queue->head + 1) & (queue->size - 1);
    queue->count--;
}

void
vdr_lib_queue_release(vdr_lib_queue *queue, const vdr_lib_queue_entry *entry)
{
    if (entry->chunk != NULL) {
        entry->chunk->entries--;
        drop_empty(queue);
    }
}

vdr_span
vdr_lib_queue_bytes(const vdr_lib_queue_entry *entry)
{
    VDR_ASSERT(entry->chunk != NULL);
    return vdr_span_of(entry->chunk->at + entry->place, entry->bytes);
}
