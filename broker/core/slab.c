#include "broker/core/slab.h"

#include "proto/pages.h"

#include <stdlib.h>

#define CHUNK_BYTES_MAX (64u * 1024)
#define PIECE_BYTES_MAX 4096u
#define LINE_BYTES      64u
#define REGION_BYTES    (8u * 1024 * 1024)

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

static uint32_t
pieces_per_chunk(const vdr_slab *slab)
{
    return 1u << (slab->shift - slab->piece_shift);
}

static size_t
piece_bytes(const vdr_slab *slab)
{
    return (size_t)slab->record_bytes << slab->piece_shift;
}

static uint32_t
chunk_of(const vdr_slab *slab, uint32_t piece)
{
    return piece >> (slab->shift - slab->piece_shift);
}

/* Where a piece begins in its chunk. */
static size_t
piece_offset(const vdr_slab *slab, uint32_t piece)
{
    return (piece & (pieces_per_chunk(slab) - 1)) * piece_bytes(slab);
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
    while ((record_bytes << (slab->piece_shift + 1)) <= PIECE_BYTES_MAX)
        slab->piece_shift++;
}

/* ---- room for what is kept aside */

static uint8_t *
aside_take(vdr_slab *slab)
{
    uint8_t *room = slab->spare;
    if (room == NULL)
        return vdr_realloc(NULL, chunk_bytes(slab), 1); /* not cleared: most of it may never be touched */
    memcpy(&slab->spare, room, sizeof slab->spare);
    return room;
}

static void
aside_give(vdr_slab *slab, uint8_t *room)
{
    if (room == NULL)
        return;
    memcpy(room, &slab->spare, sizeof slab->spare);
    slab->spare = room;
}

static void
aside_free(vdr_slab *slab)
{
    while (slab->spare != NULL)
        free(aside_take(slab));
}

/* ---- */

void
vdr_slab_done(vdr_slab *slab)
{
    aside_free(slab);
    for (uint32_t i = 0; i < slab->chunks_made; i++) {
        free(slab->chunks[i].aside);
        if (slab->pool == NULL)
            free(slab->chunks[i].bytes);
    }
    free(slab->chunks);
    free(slab->eras);
    free(slab->image_aside);
    *slab = (vdr_slab){.next = 1};
}

static void
add_chunk(vdr_slab *slab)
{
    if (slab->chunk_count == slab->chunk_room) {
        uint32_t room = slab->chunk_room != 0 ? slab->chunk_room * 2 : 4;
        slab->chunks = vdr_realloc(slab->chunks, room, sizeof(vdr_chunk));
        slab->eras = vdr_realloc(slab->eras, (size_t)room * pieces_per_chunk(slab), sizeof *slab->eras);
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
    for (uint32_t i = 0; i < pieces_per_chunk(slab); i++)
        slab->eras[slab->chunk_count * pieces_per_chunk(slab) + i] = slab->era;
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

/* A piece as it was when the trial began. */
struct vdr_slab_undo {
    vdr_slab_undo *older;
    uint32_t piece, era;
    uint8_t bytes[];
};

static uint8_t *
piece_at(const vdr_slab *slab, uint32_t piece)
{
    return slab->chunks[chunk_of(slab, piece)].bytes + piece_offset(slab, piece);
}

static void
keep_undo(vdr_slab *slab, uint32_t piece)
{
    vdr_slab_undo *undo = vdr_alloc(1, sizeof *undo + piece_bytes(slab));
    *undo = (vdr_slab_undo){.older = slab->undo, .piece = piece, .era = slab->eras[piece]};
    memcpy(undo->bytes, piece_at(slab, piece), piece_bytes(slab));
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
        memcpy(piece_at(slab, undo->piece), undo->bytes, piece_bytes(slab));
        slab->eras[undo->piece] = undo->era;
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
        bytes += sizeof *undo + piece_bytes(slab);
    return bytes;
}

uint64_t
vdr_slab_bytes(const vdr_slab *slab)
{
    uint64_t bytes = (uint64_t)slab->chunk_room * sizeof(vdr_chunk);
    bytes += (uint64_t)slab->chunk_room * pieces_per_chunk(slab) * sizeof *slab->eras;
    bytes += (uint64_t)slab->chunks_made * chunk_bytes(slab);
    for (uint32_t i = slab->image_cursor; slab->imaging && i < slab->image_counts[COUNT_CHUNKS]; i++)
        if (slab->chunks[i].aside != NULL)
            bytes += chunk_bytes(slab);
    return bytes;
}

void
vdr_slab_touch(vdr_slab *slab, uint32_t piece)
{
    uint32_t number = chunk_of(slab, piece);
    vdr_chunk *chunk = &slab->chunks[number];
    if (slab->era == VDR_SLAB_TRIAL) {
        keep_undo(slab, piece);
        slab->eras[piece] = slab->era;
        return;
    }
    if (slab->imaging && number >= slab->image_cursor && number < slab->image_counts[COUNT_CHUNKS]) {
        if (chunk->aside == NULL) {
            chunk->aside = aside_take(slab);
            chunk->aside_edited = chunk->edited;
        }
        size_t offset = piece_offset(slab, piece);
        memcpy(chunk->aside + offset, chunk->bytes + offset, piece_bytes(slab));
    }
    chunk->edited = slab->era;
    slab->eras[piece] = slab->era;
}

/* Besides its pieces that were edited since the image began, which are there, those that were not. */
static void
complete_aside(const vdr_slab *slab, uint32_t number)
{
    const vdr_chunk *chunk = &slab->chunks[number];
    uint32_t first = number * pieces_per_chunk(slab);
    for (uint32_t piece = first; piece < first + pieces_per_chunk(slab); piece++) {
        size_t offset = piece_offset(slab, piece);
        if (slab->eras[piece] != slab->era)
            memcpy(chunk->aside + offset, chunk->bytes + offset, piece_bytes(slab));
    }
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
        aside_give(slab, slab->image_aside);
        uint32_t number = slab->image_cursor++;
        vdr_chunk *chunk = &slab->chunks[number];
        const uint8_t *bytes = chunk->aside != NULL ? chunk->aside : chunk->bytes;
        uint32_t edited = chunk->aside != NULL ? chunk->aside_edited : chunk->edited;
        bool wanted = all || edited > slab->imaged_era;
        if (wanted && chunk->aside != NULL)
            complete_aside(slab, number);
        slab->image_aside = chunk->aside;
        chunk->aside = NULL;
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
    aside_give(slab, slab->image_aside);
    slab->image_aside = NULL;
    for (; slab->image_cursor < slab->image_counts[COUNT_CHUNKS]; slab->image_cursor++) {
        VDR_ASSERT(!complete);
        aside_give(slab, slab->chunks[slab->image_cursor].aside);
        slab->chunks[slab->image_cursor].aside = NULL;
    }
    aside_free(slab);
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
    if (counts[COUNT_CHUNKS] != 0) {
        slab->chunks = vdr_alloc(counts[COUNT_CHUNKS], sizeof(vdr_chunk));
        slab->eras = vdr_alloc((size_t)counts[COUNT_CHUNKS] * pieces_per_chunk(slab), sizeof *slab->eras);
    }
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
