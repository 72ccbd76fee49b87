/* clients/lib/queue.h - the items that are taken and not answered, oldest first; the first so many of them are
 * sent. An item's bytes are here, or, with an outbox, in its file.
 *
 * Thread:  the handle's.
 * Memory:  a pointer to an entry lives until the next push or pop, bytes until they are released. */
#ifndef VDR_LIB_QUEUE_H
#define VDR_LIB_QUEUE_H

#include "proto/types.h"

typedef struct vdr_lib_queue_entry {
    uint64_t number;
    struct vdr_lib_queue_chunk *chunk; /* NULL: the bytes are in the outbox, at place */
    uint64_t place;                    /* in the chunk or in the outbox */
    uint32_t bytes;
    bool want_result;
    bool recovered;
    bool tried; /* sent at least once, in whatever session */
} vdr_lib_queue_entry;

typedef struct vdr_lib_queue {
    vdr_lib_queue_entry *entries; /* a ring; size is a power of two */
    size_t size, head, count;
    struct vdr_lib_queue_chunk *oldest, *newest, *spare;
    uint64_t bytes; /* of all entries */
} vdr_lib_queue;

void vdr_lib_queue_init(vdr_lib_queue *queue);
void vdr_lib_queue_done(vdr_lib_queue *queue);

/* Adds an entry; with bytes.at != NULL they are copied, otherwise entry->place is in the outbox. */
void vdr_lib_queue_push(vdr_lib_queue *queue, const vdr_lib_queue_entry *entry, vdr_span bytes);
/* Takes the oldest out (asserts there is one); its bytes stay until they are released. */
void vdr_lib_queue_pop(vdr_lib_queue *queue, vdr_lib_queue_entry *ret_entry);
void vdr_lib_queue_release(vdr_lib_queue *queue, const vdr_lib_queue_entry *entry);

static inline vdr_lib_queue_entry *
vdr_lib_queue_at(const vdr_lib_queue *queue, size_t index)
{
    return &queue->entries[(queue->head + index) & (queue->size - 1)];
}

/* Of an entry that is not in the outbox. */
vdr_span vdr_lib_queue_bytes(const vdr_lib_queue_entry *entry);

#endif
