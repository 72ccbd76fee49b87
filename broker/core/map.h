/* broker/core/map.h - from three numbers to one, for derived state: open addressing, linear probing.
 *
 * Not for anything in an image, and nothing that is told may depend on the order of its places. Thread: one.
 * Memory: grows and shrinks with its count; a pointer from at or put is good until the next put or remove. */
#ifndef VDR_CORE_MAP_H
#define VDR_CORE_MAP_H

#include "proto/types.h"

typedef struct vdr_map_key {
    int64_t value;
    uint32_t what, group;
} vdr_map_key;

typedef struct vdr_map_place {
    vdr_map_key key;
    uint32_t number;
    uint32_t taken; /* 0 or 1 */
} vdr_map_place;

typedef struct vdr_map {
    vdr_map_place *places;
    uint32_t count, size; /* size: a power of two, or 0 */
} vdr_map;

void vdr_map_done(vdr_map *map);
uint32_t *vdr_map_at(const vdr_map *map, vdr_map_key key); /* NULL: not there */
uint32_t *vdr_map_put(vdr_map *map, vdr_map_key key);      /* found, or made with number 0 */
void vdr_map_remove(vdr_map *map, vdr_map_key key);        /* nothing if it is not there */

static inline uint64_t
vdr_map_bytes(const vdr_map *map)
{
    return (uint64_t)map->size * sizeof(vdr_map_place);
}

#endif
