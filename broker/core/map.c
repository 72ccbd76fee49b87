#include "broker/core/map.h"

#include "proto/assert.h"

#include <stdlib.h>

#define SIZE_MIN 16u

static uint32_t
hash(vdr_map_key key)
{
    uint64_t x = ((uint64_t)key.what << 32 | key.group) * UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 32 ^ (uint64_t)key.value) * UINT64_C(0xd6e8feb86659fd93);
    x = (x ^ x >> 32) * UINT64_C(0xd6e8feb86659fd93);
    return (uint32_t)(x >> 32);
}

static bool
key_equal(const vdr_map_key *a, const vdr_map_key *b)
{
    return a->value == b->value && a->what == b->what && a->group == b->group;
}

/* The key's place, or the free one where it belongs. */
static uint32_t
place_of(const vdr_map *map, const vdr_map_key *key)
{
    uint32_t mask = map->size - 1;
    uint32_t i = hash(*key) & mask;
    while (map->places[i].taken != 0 && !key_equal(&map->places[i].key, key))
        i = (i + 1) & mask;
    return i;
}

static void
resize(vdr_map *map, uint32_t size)
{
    vdr_map old = *map;
    map->places = vdr_alloc(size, sizeof *map->places);
    map->size = size;
    for (uint32_t i = 0; i < old.size; i++) {
        if (old.places[i].taken != 0)
            map->places[place_of(map, &old.places[i].key)] = old.places[i];
    }
    free(old.places);
}

void
vdr_map_done(vdr_map *map)
{
    free(map->places);
    *map = (vdr_map){0};
}

uint32_t *
vdr_map_at(const vdr_map *map, vdr_map_key key)
{
    if (map->count == 0)
        return NULL;
    vdr_map_place *place = &map->places[place_of(map, &key)];
    return place->taken != 0 ? &place->number : NULL;
}

uint32_t *
vdr_map_put(vdr_map *map, vdr_map_key key)
{
    if (map->size == 0)
        resize(map, SIZE_MIN);
    uint32_t i = place_of(map, &key);
    if (map->places[i].taken == 0) {
        if (map->count + 1 > map->size - map->size / 4) {
            resize(map, map->size * 2);
            i = place_of(map, &key);
        }
        map->places[i] = (vdr_map_place){.key = key, .taken = 1};
        map->count++;
    }
    return &map->places[i].number;
}

void
vdr_map_remove(vdr_map *map, vdr_map_key key)
{
    if (map->count == 0)
        return;
    uint32_t mask = map->size - 1;
    uint32_t gap = place_of(map, &key);
    if (map->places[gap].taken == 0)
        return;
    /* Whoever was pushed past the gap moves back into it, so that every search still ends at a free place. */
    for (uint32_t i = (gap + 1) & mask; map->places[i].taken != 0; i = (i + 1) & mask) {
        uint32_t home = hash(map->places[i].key) & mask;
        if (((i - home) & mask) >= ((i - gap) & mask)) {
            map->places[gap] = map->places[i];
            gap = i;
        }
    }
    map->places[gap] = (vdr_map_place){0};
    map->count--;
    if (map->size > SIZE_MIN && map->count < map->size / 8)
        resize(map, map->size / 2);
}
