#include "proto/arena.h"

#include "proto/assert.h"

#include <stdlib.h>

typedef struct vdr_arena_block {
    struct vdr_arena_block *older;
    size_t size_bytes;
    size_t used_bytes;
    size_t unused; /* keeps at[] aligned to 16 */
    uint8_t at[];
} vdr_arena_block;

#define BLOCK_BYTES ((size_t)16 * 1024)

void
vdr_arena_init(vdr_arena *arena, size_t budget_bytes)
{
    *arena = (vdr_arena){.budget_bytes = budget_bytes};
}

void
vdr_arena_done(vdr_arena *arena)
{
    while (arena->blocks != NULL) {
        vdr_arena_block *block = arena->blocks;
        arena->blocks = block->older;
        free(block);
    }
    arena->used_bytes = 0;
    arena->overflow = false;
}

void
vdr_arena_reset(vdr_arena *arena)
{
    while (arena->blocks != NULL && arena->blocks->older != NULL) {
        vdr_arena_block *block = arena->blocks;
        arena->blocks = block->older;
        free(block);
    }
    if (arena->blocks != NULL)
        arena->blocks->used_bytes = 0;
    arena->used_bytes = 0;
    arena->overflow = false;
}

void *
vdr_arena_alloc(vdr_arena *arena, size_t bytes)
{
    if (bytes > arena->budget_bytes || arena->used_bytes > arena->budget_bytes - bytes) {
        arena->overflow = true;
        return NULL;
    }
    size_t rounded = (bytes + 15) & ~(size_t)15;
    vdr_arena_block *block = arena->blocks;
    if (block == NULL || block->size_bytes - block->used_bytes < rounded) {
        size_t size = rounded > BLOCK_BYTES ? rounded : BLOCK_BYTES;
        block = vdr_alloc(1, sizeof *block + size);
        block->size_bytes = size;
        block->older = arena->blocks;
        arena->blocks = block;
    }
    void *at = block->at + block->used_bytes;
    block->used_bytes += rounded;
    arena->used_bytes += rounded;
    memset(at, 0, rounded);
    return at;
}

void *
vdr_arena_array(vdr_arena *arena, size_t count, size_t bytes)
{
    return vdr_arena_alloc(arena, bytes != 0 && count > SIZE_MAX / bytes ? SIZE_MAX : count * bytes);
}

vdr_span
vdr_arena_copy(vdr_arena *arena, vdr_span bytes)
{
    if (bytes.at == NULL)
        return bytes;
    uint8_t *at = vdr_arena_alloc(arena, bytes.len + 1);
    if (at == NULL)
        return (vdr_span){0};
    if (bytes.len != 0)
        memcpy(at, bytes.at, bytes.len);
    return (vdr_span){.at = at, .len = bytes.len};
}
