#include "broker/core/slab.h"

#include "proto/pages.h"

#include <stdlib.h>

#define CHUNK_BYTES_MAX (64u * 1024)
#define LINE_BYTES      64u
#define REGION_BYTES    ((uint32_t)VDR_PAGES_REGION_BYTES)

_Static_assert(REGION_BYTES % VDR_PAGES_ALIGNMENT == 0, "whole pages");

/* ---- where chunks lie ---- */

void
vdr_pool_done(vdr_pool *pool)
{
    for (uint32_t i = 0; i < pool->region_count; i++)
        vdr_pages_free(pool->regions[i], REGION_BYTES);
    free(pool->regions);
    *pool = (vdr_pool){0};
}

/* Zeroed. What a region has left behind the last chunk that fits is lost: less than a hundredth. */
static uint8_t *
pool_take(vdr_pool *pool, size_t bytes)
{
    if (pool->left < bytes) {
        if (pool->region_count == pool->region_room) {
            pool->region_room = pool->region_room != 0 ? pool->region_room * 2 : 8;
            pool->regions = vdr_realloc(pool->regions, pool->region_room, sizeof *pool->regions);
        }
        pool->regions[pool->region_count++] = vdr_pages_new(REGION_BYTES);
        pool->left = REGION_BYTES;
    }
    uint8_t *at = pool->regions[pool->region_count - 1] + (REGION_BYTES - pool->left);
    pool->left -= (uint32_t)bytes;
    return at;
}

/* ---- records ---- */

enum { COUNT_NEXT, COUNT_FREE, COUNT_LIVE, COUNT_CHUNKS };

static uint32_t
chunks_for(const vdr_slab *slab, uint32_t next)
{
    return next > 1 ? ((next - 1) >> slab->shift) + 1 : 0;
}

/* A multiple of a line: chunks that follow each other begin at one. */
static size_t
chunk_bytes(const vdr_slab *slab)
{
    size_t bytes = (size_t)slab->record_bytes << slab->shift;
    return (bytes + LINE_BYTES - 1) / LINE_BYTES * LINE_BYTES;
}

static uint8_t *
chunk_new(const vdr_slab *slab)
{
    size_t bytes = chunk_bytes(slab);
    if (slab->pool != NULL)
        return pool_take(slab->pool, bytes);
    uint8_t *at = aligned_alloc(LINE_BYTES, bytes);
    VDR_ASSERT(at != NULL);
    memset(at, 0, bytes);
    return at;
}

/* Bytes of a chunk that hold records below next. */
static size_t
used_bytes(const vdr_slab *slab, uint32_t number, uint32_t next)
{
    uint32_t first = number << slab->shift;
    uint32_t records = next - first;
    if (records > 1u << slab->shift)
        records = 1u << slab->shift;
    return (size_t)records * slab->record_bytes;
}

void
vdr_slab_init(vdr_slab *slab, uint32_t table, uint32_t version, uint32_t record_bytes)
{
    VDR_ASSERT(record_bytes >= 4 && record_bytes <= 4096 && record_bytes % 4 == 0);
    *slab = (vdr_slab){.table = table, .version = version, .record_bytes = record_bytes, .next = 1, .era = 1};
    while ((record_bytes << (slab->shift + 1)) <= CHUNK_BYTES_MAX)
        slab->shift++;
}

/* ---- marks ---- */

static bool
mark_is_set(const vdr_slab_marks *marks, uint32_t index)
{
    return index / 64 < marks->count && (marks->words[index / 64] >> index % 64 & 1) != 0;
}

/* Room for records below next. */
static void
marks_reserve(vdr_slab_marks *marks, uint32_t next)
{
    uint32_t count = next / 64 + 1;
    if (count <= marks->count)
        return;
    count += count / 4;
    marks->words = vdr_realloc(marks->words, count, sizeof *marks->words);
    memset(marks->words + marks->count, 0, (count - marks->count) * sizeof *marks->words);
    marks->count = count;
}

static void
mark_set(vdr_slab_marks *marks, uint32_t index)
{
    marks->words[index / 64] |= UINT64_C(1) << index % 64;
}

static void
mark_clear(vdr_slab_marks *marks, uint32_t index)
{
    marks->words[index / 64] &= ~(UINT64_C(1) << index % 64);
}

/* ---- what is kept aside ---- */

typedef struct kept_head {
    uint32_t older; /* of the same list */
    uint32_t index;
} kept_head;

static size_t
kept_bytes(const vdr_slab *slab)
{
    return sizeof(kept_head) + slab->record_bytes;
}

static uint8_t *
kept_at(const vdr_slab *slab, uint32_t number)
{
    uint32_t at = number - 1;
    return slab->kept.blocks[at >> slab->shift] + (size_t)(at & ((1u << slab->shift) - 1)) * kept_bytes(slab);
}

/* Hints that it will be wanted, its first line and its last. */
static void
kept_prefetch(const vdr_slab *slab, uint32_t number)
{
    const uint8_t *at = kept_at(slab, number);
    __builtin_prefetch(at, 1);
    __builtin_prefetch(at + kept_bytes(slab) - 1, 1);
}

/* One after the other, as long as there is room that this image has not used: memory that lies in order is near. */
static uint32_t
kept_take(vdr_slab *slab)
{
    vdr_slab_kept *kept = &slab->kept;
    bool used_up = kept->next >> slab->shift == kept->block_count;
    if (used_up && kept->unused_count != 0)
        return kept->unused[--kept->unused_count];
    if (used_up) {
        if (kept->block_count == kept->block_room) {
            kept->block_room = kept->block_room != 0 ? kept->block_room * 2 : 4;
            kept->blocks = vdr_realloc(kept->blocks, kept->block_room, sizeof *kept->blocks);
            kept->unused =
                vdr_realloc(kept->unused, (size_t)kept->block_room << slab->shift, sizeof *kept->unused);
        }
        kept->blocks[kept->block_count++] = vdr_realloc(NULL, (size_t)1 << slab->shift, kept_bytes(slab));
    }
    return ++kept->next;
}

static void
kept_give(vdr_slab *slab, uint32_t number)
{
    vdr_slab_kept *kept = &slab->kept;
    kept->unused[kept->unused_count++] = number;
    if (kept->unused_count == kept->next) /* none is kept: the next image begins at the first again */
        kept->next = kept->unused_count = 0;
}

/* The record as it is, unless it is kept already. */
static void
keep(vdr_slab *slab, vdr_chunk *chunk, uint32_t index)
{
    marks_reserve(&slab->kept_marks, slab->next);
    if (mark_is_set(&slab->kept_marks, index))
        return;
    mark_set(&slab->kept_marks, index);
    uint32_t *lane = &chunk->lanes[chunk->kept++ % VDR_SLAB_LANES];
    kept_head head = {.older = *lane, .index = index};
    uint32_t number = kept_take(slab);
    uint8_t *at = kept_at(slab, number);
    memcpy(at, &head, sizeof head);
    memcpy(at + sizeof head, vdr_slab_at(slab, index), slab->record_bytes);
    *lane = number;
}

/* Takes the last one off a list, and puts it back into the chunk's bytes if there are any. */
static void
keep_one_less(vdr_slab *slab, uint32_t *lane, uint8_t *into)
{
    uint32_t number = *lane;
    const uint8_t *at = kept_at(slab, number);
    kept_head head;
    memcpy(&head, at, sizeof head);
    if (head.older != 0)
        kept_prefetch(slab, head.older);
    mark_clear(&slab->kept_marks, head.index);
    if (into != NULL)
        memcpy(into + (size_t)(head.index & ((1u << slab->shift) - 1)) * slab->record_bytes, at + sizeof head,
               slab->record_bytes);
    *lane = head.older;
    kept_give(slab, number);
}

/* What was kept of a chunk is not needed any more; the edits that it was kept for count now. into: NULL, or the
 * chunk's bytes, where the records are put back. */
static void
keep_no_more(vdr_slab *slab, vdr_chunk *chunk, uint8_t *into)
{
    if (chunk->kept != 0)
        chunk->edited = slab->era;
    for (uint32_t i = chunk->kept; i != 0; i--) /* the last one first: each has one left then */
        keep_one_less(slab, &chunk->lanes[(i - 1) % VDR_SLAB_LANES], into);
    chunk->kept = 0;
}

/* ---- */

void
vdr_slab_done(vdr_slab *slab)
{
    for (uint32_t i = 0; i < slab->chunks_made && slab->pool == NULL; i++)
        free(slab->chunks[i].bytes);
    for (uint32_t i = 0; i < slab->kept.block_count; i++)
        free(slab->kept.blocks[i]);
    free(slab->chunks);
    free(slab->kept.blocks);
    free(slab->kept.unused);
    free(slab->kept_marks.words);
    free(slab->undo_marks.words);
    free(slab->image_bytes);
    *slab = (vdr_slab){.next = 1};
}

static void
add_chunk(vdr_slab *slab)
{
    if (slab->chunk_count == slab->chunk_room) {
        uint32_t room = slab->chunk_room != 0 ? slab->chunk_room * 2 : 4;
        slab->chunks = vdr_realloc(slab->chunks, room, sizeof(vdr_chunk));
        slab->chunk_room = room;
    }
    vdr_chunk *chunk = &slab->chunks[slab->chunk_count];
    if (slab->chunk_count < slab->chunks_made) {
        memset(chunk->bytes, 0, chunk_bytes(slab));
    } else {
        *chunk = (vdr_chunk){.bytes = chunk_new(slab)};
        slab->chunks_made++;
    }
    chunk->edited = slab->era;
    slab->chunk_count++;
}

uint32_t
vdr_slab_take(vdr_slab *slab)
{
    uint32_t index = slab->free;
    if (index != 0) {
        uint8_t *record = vdr_slab_edit(slab, index);
        memcpy(&slab->free, record, sizeof slab->free);
        memset(record, 0, sizeof slab->free);
    } else {
        index = slab->next;
        VDR_ASSERT(index != UINT32_MAX);
        if (index >> slab->shift == slab->chunk_count)
            add_chunk(slab);
        slab->next++;
        (void)vdr_slab_edit(slab, index); /* the chunk's image would otherwise miss the new record */
    }
    slab->live++;
    return index;
}

void
vdr_slab_give(vdr_slab *slab, uint32_t index)
{
    VDR_ASSERT(slab->live != 0);
    uint8_t *record = vdr_slab_edit(slab, index);
    memset(record, 0, slab->record_bytes);
    memcpy(record, &slab->free, sizeof slab->free);
    slab->free = index;
    slab->live--;
}

/* A record as it was when the trial began. */
struct vdr_slab_undo {
    vdr_slab_undo *older;
    uint32_t index;
    uint8_t bytes[];
};

static uint8_t *
record_at(const vdr_slab *slab, uint32_t index)
{
    return slab->chunks[index >> slab->shift].bytes +
           (size_t)(index & ((1u << slab->shift) - 1)) * slab->record_bytes;
}

static void
keep_undo(vdr_slab *slab, uint32_t index)
{
    marks_reserve(&slab->undo_marks, slab->next);
    if (mark_is_set(&slab->undo_marks, index))
        return;
    mark_set(&slab->undo_marks, index);
    vdr_slab_undo *undo = vdr_alloc(1, sizeof *undo + slab->record_bytes);
    *undo = (vdr_slab_undo){.older = slab->undo, .index = index};
    memcpy(undo->bytes, record_at(slab, index), slab->record_bytes);
    slab->undo = undo;
}

void
vdr_slab_trial_begin(vdr_slab *slab, vdr_slab_counts *ret_before)
{
    VDR_ASSERT(slab->era != VDR_SLAB_TRIAL && slab->undo == NULL);
    *ret_before = (vdr_slab_counts){.next = slab->next,
                                    .era = slab->era,
                                    .free = slab->free,
                                    .live = slab->live,
                                    .chunk_count = slab->chunk_count};
    slab->era = VDR_SLAB_TRIAL;
}

void
vdr_slab_trial_end(vdr_slab *slab, const vdr_slab_counts *before)
{
    VDR_ASSERT(slab->era == VDR_SLAB_TRIAL);
    while (slab->undo != NULL) {
        vdr_slab_undo *undo = slab->undo;
        memcpy(record_at(slab, undo->index), undo->bytes, slab->record_bytes);
        mark_clear(&slab->undo_marks, undo->index);
        slab->undo = undo->older;
        free(undo);
    }
    slab->chunk_count = before->chunk_count; /* those behind it are used again */
    slab->next = before->next;
    slab->era = before->era;
    slab->free = before->free;
    slab->live = before->live;
}

uint64_t
vdr_slab_undo_bytes(const vdr_slab *slab)
{
    uint64_t bytes = 0;
    for (const vdr_slab_undo *undo = slab->undo; undo != NULL; undo = undo->older)
        bytes += sizeof *undo + slab->record_bytes;
    return bytes;
}

uint64_t
vdr_slab_bytes(const vdr_slab *slab)
{
    uint64_t bytes = (uint64_t)slab->chunk_room * sizeof(vdr_chunk);
    bytes += (uint64_t)slab->chunks_made * chunk_bytes(slab);
    bytes +=
        ((uint64_t)slab->kept.block_count << slab->shift) * (kept_bytes(slab) + sizeof *slab->kept.unused);
    bytes += ((uint64_t)slab->kept_marks.count + slab->undo_marks.count) * sizeof *slab->kept_marks.words;
    return bytes + (slab->image_bytes != NULL ? chunk_bytes(slab) : 0);
}

void
vdr_slab_touch(vdr_slab *slab, uint32_t index)
{
    uint32_t number = index >> slab->shift;
    vdr_chunk *chunk = &slab->chunks[number];
    if (slab->era == VDR_SLAB_TRIAL)
        keep_undo(slab, index);
    else if (slab->imaging && number >= slab->image_cursor && number < slab->image_counts[COUNT_CHUNKS])
        keep(slab, chunk, index);
    else
        chunk->edited = slab->era;
}

vdr_span
vdr_slab_chunk(const vdr_slab *slab, uint32_t number)
{
    VDR_ASSERT(number < slab->chunk_count);
    return vdr_span_of(slab->chunks[number].bytes, used_bytes(slab, number, slab->next));
}

void
vdr_slab_image_begin(vdr_slab *slab)
{
    VDR_ASSERT(!slab->imaging);
    VDR_ASSERT(slab->era < VDR_SLAB_TRIAL - 1);
    slab->imaging = true;
    slab->image_cursor = 0;
    slab->image_counts[COUNT_NEXT] = slab->next;
    slab->image_counts[COUNT_FREE] = slab->free;
    slab->image_counts[COUNT_LIVE] = slab->live;
    slab->image_counts[COUNT_CHUNKS] = slab->chunk_count;
    slab->era++;
}

bool
vdr_slab_image_next(vdr_slab *slab, bool all, uint32_t *ret_number, vdr_span *ret_bytes)
{
    VDR_ASSERT(slab->imaging);
    while (slab->image_cursor < slab->image_counts[COUNT_CHUNKS]) {
        uint32_t number = slab->image_cursor++;
        vdr_chunk *chunk = &slab->chunks[number];
        const uint8_t *bytes = chunk->bytes;
        bool wanted = all || chunk->edited > slab->imaged_era;
        if (wanted && chunk->kept != 0) {
            if (slab->image_bytes == NULL)
                slab->image_bytes = vdr_realloc(NULL, 1, chunk_bytes(slab));
            memcpy(slab->image_bytes, bytes, chunk_bytes(slab));
            bytes = slab->image_bytes;
        }
        keep_no_more(slab, chunk, bytes != chunk->bytes ? slab->image_bytes : NULL);
        if (wanted) {
            *ret_number = number;
            *ret_bytes = vdr_span_of(bytes, used_bytes(slab, number, slab->image_counts[COUNT_NEXT]));
            return true;
        }
    }
    return false;
}

void
vdr_slab_image_end(vdr_slab *slab, bool complete)
{
    VDR_ASSERT(slab->imaging);
    for (; slab->image_cursor < slab->image_counts[COUNT_CHUNKS]; slab->image_cursor++) {
        VDR_ASSERT(!complete);
        keep_no_more(slab, &slab->chunks[slab->image_cursor], NULL);
    }
    if (complete)
        slab->imaged_era = slab->era - 1;
    slab->imaging = false;
}

void
vdr_slab_image_counts(const vdr_slab *slab, uint32_t ret_counts[4])
{
    VDR_ASSERT(slab->imaging);
    memcpy(ret_counts, slab->image_counts, sizeof slab->image_counts);
}

bool
vdr_slab_load_counts(vdr_slab *slab, const uint32_t counts[4])
{
    VDR_ASSERT(slab->chunk_count == 0 && slab->next == 1);
    uint32_t next = counts[COUNT_NEXT];
    if (next == 0 || counts[COUNT_FREE] >= next || counts[COUNT_LIVE] > next - 1)
        return false;
    if ((counts[COUNT_FREE] == 0) != (counts[COUNT_LIVE] == next - 1))
        return false;
    if (counts[COUNT_CHUNKS] != chunks_for(slab, next))
        return false;
    if (counts[COUNT_CHUNKS] != 0)
        slab->chunks = vdr_alloc(counts[COUNT_CHUNKS], sizeof(vdr_chunk));
    slab->chunk_count = slab->chunk_room = slab->chunks_made = counts[COUNT_CHUNKS];
    slab->next = next;
    slab->free = counts[COUNT_FREE];
    slab->live = counts[COUNT_LIVE];
    return true;
}

bool
vdr_slab_load_chunk(vdr_slab *slab, uint32_t number, vdr_span bytes)
{
    if (number >= slab->chunk_count || slab->chunks[number].bytes != NULL)
        return false;
    if (bytes.len != used_bytes(slab, number, slab->next))
        return false;
    for (size_t i = 0; number == 0 && i < slab->record_bytes; i++)
        if (bytes.at[i] != 0) /* the record that nobody has */
            return false;
    slab->chunks[number].bytes = chunk_new(slab);
    memcpy(slab->chunks[number].bytes, bytes.at, bytes.len);
    return true;
}

bool
vdr_slab_load_end(const vdr_slab *slab)
{
    for (uint32_t i = 0; i < slab->chunk_count; i++)
        if (slab->chunks[i].bytes == NULL)
            return false;
    uint32_t index = slab->free;
    for (uint32_t given = slab->next - 1 - slab->live; given != 0; given--) {
        if (index == 0 || index >= slab->next)
            return false;
        memcpy(&index, vdr_slab_at(slab, index), sizeof index);
    }
    return index == 0;
}
