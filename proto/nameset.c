#include "proto/nameset.h"

#include "proto/assert.h"

#include <stdlib.h>

static size_t
slot_of(const vdr_nameset *set, vdr_span name)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (size_t i = 0; i < name.len; i++)
        hash = (hash ^ name.at[i]) * UINT64_C(0x100000001b3);
    size_t slot = (size_t)(hash ^ hash >> 32) & (set->slot_count - 1);
    while (set->slots[slot] != 0 && !vdr_span_equal(set->names[set->slots[slot] - 1], name))
        slot = (slot + 1) & (set->slot_count - 1);
    return slot;
}

static void
grow(vdr_nameset *set)
{
    size_t slot_count = set->slot_count != 0 ? set->slot_count * 2 : 16;
    free(set->slots);
    set->slots = vdr_alloc(slot_count, sizeof set->slots[0]);
    set->slot_count = slot_count;
    set->names = vdr_realloc(set->names, slot_count / 2, sizeof set->names[0]);
    for (size_t i = 0; i < set->count; i++)
        set->slots[slot_of(set, set->names[i])] = (uint32_t)(i + 1);
}

void
vdr_nameset_done(vdr_nameset *set)
{
    free(set->names);
    free(set->slots);
    *set = (vdr_nameset){0};
}

bool
vdr_nameset_add(vdr_nameset *set, vdr_span name)
{
    if (set->count >= set->slot_count / 2)
        grow(set);
    size_t slot = slot_of(set, name);
    if (set->slots[slot] != 0)
        return false;
    set->names[set->count++] = name;
    set->slots[slot] = (uint32_t)set->count;
    return true;
}

bool
vdr_nameset_has(const vdr_nameset *set, vdr_span name)
{
    return set->count != 0 && set->slots[slot_of(set, name)] != 0;
}

#define LIKE_BYTES_MAX 64

size_t
vdr_name_distance(vdr_span name, vdr_span candidate)
{
    /* Edits: a letter more, less or other, or two neighbours swapped. Three rows of the usual table. */
    size_t rows[3][LIKE_BYTES_MAX + 1];
    size_t near = name.len <= 3 ? 1 : name.len / 3;
    size_t gap = name.len > candidate.len ? name.len - candidate.len : candidate.len - name.len;

    if (name.len > LIKE_BYTES_MAX || candidate.len > LIKE_BYTES_MAX || gap > near)
        return SIZE_MAX;
    for (size_t j = 0; j <= candidate.len; j++)
        rows[0][j] = j;
    for (size_t i = 1; i <= name.len; i++) {
        size_t *row = rows[i % 3], *above = rows[(i - 1) % 3], *above2 = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= candidate.len; j++) {
            bool same = name.at[i - 1] == candidate.at[j - 1];
            size_t best = above[j - 1] + (same ? 0 : 1);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && name.at[i - 1] == candidate.at[j - 2] &&
                name.at[i - 2] == candidate.at[j - 1] && above2[j - 2] + 1 < best)
                best = above2[j - 2] + 1;
            row[j] = best;
        }
    }
    size_t distance = rows[name.len % 3][candidate.len];
    return distance <= near ? distance : SIZE_MAX;
}

vdr_span
vdr_nameset_like(const vdr_nameset *set, vdr_span name)
{
    vdr_span best = {0};
    size_t best_distance = SIZE_MAX;

    for (size_t i = 0; i < set->count; i++) {
        size_t distance = vdr_name_distance(name, set->names[i]);
        if (distance < best_distance) {
            best_distance = distance;
            best = set->names[i];
        }
    }
    return best;
}
