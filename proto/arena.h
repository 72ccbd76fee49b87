/* proto/arena.h - memory that is freed all at once, with a budget.
 *
 * Thread:  one arena, one thread at a time.
 * Memory:  what it gives lives until vdr_arena_reset() or vdr_arena_done(). Aligned to 16 bytes, zeroed.
 * Errors:  over budget gives NULL and sets the arena's overflow mark; nothing else changes. The budget
 *          is what bounds the work that bytes from outside can cause (protobuf bombs: x100). */
#ifndef VDR_PROTO_ARENA_H
#define VDR_PROTO_ARENA_H

#include "proto/types.h"

typedef struct vdr_arena {
    struct vdr_arena_block *blocks; /* newest first; the first one ever is kept by reset */
    size_t used_bytes;              /* given out since the last reset */
    size_t budget_bytes;
    bool overflow;
} vdr_arena;

void vdr_arena_init(vdr_arena *arena, size_t budget_bytes);
void vdr_arena_done(vdr_arena *arena);  /* frees everything; the arena may be used again */
void vdr_arena_reset(vdr_arena *arena); /* forgets everything, keeps one block */

void *vdr_arena_alloc(vdr_arena *arena, size_t bytes); /* NULL: over budget */
/* count * bytes, which may be more than there is: NULL then, too. */
void *vdr_arena_array(vdr_arena *arena, size_t count, size_t bytes);
/* A copy that is also terminated by a zero byte (not counted). at == NULL: over budget, or absent in. */
vdr_span vdr_arena_copy(vdr_arena *arena, vdr_span bytes);

#endif
