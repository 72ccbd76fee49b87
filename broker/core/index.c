#include "broker/core/index.h"

#include <stddef.h>

/* A line has this many records on average: at worst, just before its half moves away, twice as many. */
#define RECORDS_PER_LINE_NUM 13u
#define RECORDS_PER_LINE_DEN 2u

/* The tag is these bits of the hash. Lines are named by the lowest ones. */
#define TAG_SHIFT 12u
#define TAG_BITS  16u

static uint16_t
tag_of(uint32_t hash)
{
    return (uint16_t)(hash >> TAG_SHIFT);
}

static uint32_t
hash_of(const vdr_index *index, uint32_t record)
{
    return index->hash_of(vdr_slab_at(index->records, record));
}

static uint32_t
line_count(const vdr_index *index)
{
    return index->lines.next - 1;
}

/* Linear hashing: with p <= count < 2p lines, p a power of two, the low bits modulo 2p name the line, or
 * modulo p where that one does not exist yet. */
static uint32_t
line_of(uint32_t hash, uint32_t count)
{
    uint32_t mask = UINT32_MAX >> __builtin_clz(count);
    uint32_t line = hash & mask;
    return line < count ? line : line & (mask >> 1);
}

static const vdr_index_line *
line_at(const vdr_index *index, uint32_t number)
{
    return vdr_slab_at(&index->lines, number + 1);
}

static vdr_index_line *
line_edit(vdr_index *index, uint32_t number)
{
    return vdr_slab_edit(&index->lines, number + 1);
}

static const vdr_index_line *
behind_at(const vdr_index *index, uint32_t slot)
{
    return vdr_slab_at(&index->behind, slot);
}

static vdr_index_line *
behind_edit(vdr_index *index, uint32_t slot)
{
    return vdr_slab_edit(&index->behind, slot);
}

void
vdr_index_init(vdr_index *index, uint32_t table, const vdr_slab *records, vdr_index_hash_of *hash)
{
    _Static_assert(sizeof(vdr_index_line) == 64 && VDR_INDEX_PLACES == 10, "a line is a line");
    _Static_assert(offsetof(vdr_index_line, tags) == 0 && offsetof(vdr_index_line, more) == 20,
                   "see fitting");
    *index = (vdr_index){.records = records, .hash_of = hash};
    vdr_slab_init(&index->lines, table, 1, sizeof(vdr_index_line));
    vdr_slab_init(&index->behind, table + 1, 1, sizeof(vdr_index_line));
}

void
vdr_index_done(vdr_index *index)
{
    vdr_slab_done(&index->lines);
    vdr_slab_done(&index->behind);
}

/* ---- changing ---- */

static uint32_t
used_places(const vdr_index_line *line)
{
    uint32_t used = 0;
    while (used < VDR_INDEX_PLACES && line->slots[used] != 0)
        used++;
    return used;
}

/* Into the line's first empty place; false: it is full. */
static bool
line_add(vdr_index_line *line, uint32_t slot, uint16_t tag)
{
    uint32_t place = used_places(line);
    if (place == VDR_INDEX_PLACES)
        return false;
    line->slots[place] = slot;
    line->tags[place] = tag;
    return true;
}

static void
add(vdr_index *index, uint32_t number, uint32_t slot, uint16_t tag)
{
    vdr_index_line *line = line_edit(index, number);
    if (line_add(line, slot, tag) || (line->more != 0 && line_add(behind_edit(index, line->more), slot, tag)))
        return;
    uint32_t taken = vdr_slab_take(&index->behind);
    vdr_index_line *behind = behind_edit(index, taken);
    behind->more = line->more;
    line->more = taken;
    (void)line_add(behind, slot, tag);
}

/* The lines of a line that is divided, and which bit of the hash divides. */
typedef struct division {
    uint32_t lower, added, bit;
} division;

static void
divide(vdr_index *index, const division *by, const vdr_index_line *line)
{
    for (uint32_t i = 0; i < VDR_INDEX_PLACES && line->slots[i] != 0; i++) {
        uint32_t hash = by->bit >= TAG_SHIFT && by->bit < TAG_SHIFT + TAG_BITS
                            ? (uint32_t)line->tags[i] << TAG_SHIFT
                            : hash_of(index, line->slots[i]);
        add(index, hash >> by->bit & 1 ? by->added : by->lower, line->slots[i], line->tags[i]);
    }
}

/* One line more: those of its lower half whose hash has the new bit move over. */
static void
grow(vdr_index *index)
{
    uint32_t added = line_count(index);
    uint32_t taken = vdr_slab_take(&index->lines);
    VDR_ASSERT(taken == added + 1);
    if (added == 0)
        return;
    uint32_t bit = 31 - (uint32_t)__builtin_clz(added);
    division by = {.lower = added - (1u << bit), .added = added, .bit = bit};
    vdr_index_line *lower = line_edit(index, by.lower);
    vdr_index_line line = *lower;
    *lower = (vdr_index_line){0};
    divide(index, &by, &line);
    while (line.more != 0) {
        uint32_t emptied = line.more;
        line = *behind_at(index, emptied);
        vdr_slab_give(&index->behind, emptied);
        divide(index, &by, &line);
    }
    /* What will be divided next lies behind this, until all have been. */
    if (by.lower + 2 < added)
        vdr_slab_prefetch(&index->lines, by.lower + 2);
}

void
vdr_index_put(vdr_index *index, uint32_t record)
{
    /* Two lines at most: no put is slow, and records that were taken a few at a time are caught up with. */
    uint64_t wanted = (uint64_t)index->records->live * RECORDS_PER_LINE_DEN / RECORDS_PER_LINE_NUM + 1;
    for (int i = 0; i < 2 && line_count(index) < wanted; i++)
        grow(index);
    uint32_t hash = hash_of(index, record);
    add(index, line_of(hash, line_count(index)), record, tag_of(hash));
}

/* Takes the last record out of the line, or of the one right behind it. */
static uint32_t
take_last(vdr_index *index, vdr_index_line *line, uint16_t *ret_tag)
{
    uint32_t slot = line->more;
    vdr_index_line *from = slot != 0 ? behind_edit(index, slot) : line;
    uint32_t last = used_places(from) - 1;
    uint32_t taken = from->slots[last];
    *ret_tag = from->tags[last];
    from->slots[last] = 0;
    from->tags[last] = 0;
    if (slot != 0 && last == 0) {
        line->more = from->more;
        vdr_slab_give(&index->behind, slot);
    }
    return taken;
}

void
vdr_index_remove(vdr_index *index, uint32_t record)
{
    vdr_index_line *line = line_edit(index, line_of(hash_of(index, record), line_count(index)));
    uint16_t tag;
    uint32_t last = take_last(index, line, &tag);
    if (last == record)
        return;
    vdr_index_line *at = line; /* the gap is filled with the last one */
    for (;;) {
        for (uint32_t i = 0; i < VDR_INDEX_PLACES; i++) {
            if (at->slots[i] == record) {
                at->slots[i] = last;
                at->tags[i] = tag;
                return;
            }
        }
        VDR_ASSERT(at->more != 0);
        at = behind_edit(index, at->more);
    }
}

/* ---- finding ---- */

#define EACH_TAG UINT64_C(0x0001000100010001)

/* The highest bit of each of four tags that is this one: of what is no zero, a carry or its own bit gets there. */
static uint64_t
equal_tags(uint64_t tags, uint16_t tag)
{
    uint64_t differ = tags ^ EACH_TAG * tag;
    return ~(((differ & EACH_TAG * 0x7fff) + EACH_TAG * 0x7fff) | differ | EACH_TAG * 0x7fff);
}

/* A bit for each place whose tag it is: bit 16 * (i % 4) + i / 4 for place i. Empty places may be among them,
 * where the tag is 0. */
static uint64_t
fitting(const vdr_index_line *line, uint16_t tag)
{
    uint64_t tags[3]; /* the last one holds the link, too: those bits are left out */
    memcpy(tags, line, sizeof tags);
    return equal_tags(tags[0], tag) >> 15 | equal_tags(tags[1], tag) >> 14 |
           (equal_tags(tags[2], tag) >> 13 & UINT64_C(0x00040004));
}

static uint32_t
place_of(uint64_t fit)
{
    uint32_t bit = (uint32_t)__builtin_ctzll(fit);
    return bit / 16 + bit % 16 * 4;
}

uint32_t
vdr_index_next(vdr_index_search *search)
{
    for (;;) {
        while (search->left != 0) {
            uint32_t slot = search->line->slots[place_of(search->left)];
            search->left &= search->left - 1;
            if (slot != 0 && hash_of(search->index, slot) == search->hash)
                return slot;
        }
        if (search->line->more == 0)
            return 0;
        search->line = behind_at(search->index, search->line->more);
        search->left = fitting(search->line, tag_of(search->hash));
    }
}

uint32_t
vdr_index_first(const vdr_index *index, uint32_t hash, vdr_index_search *ret_search)
{
    uint32_t count = line_count(index);
    if (count == 0)
        return 0;
    const vdr_index_line *line = line_at(index, line_of(hash, count));
    *ret_search =
        (vdr_index_search){.index = index, .line = line, .hash = hash, .left = fitting(line, tag_of(hash))};
    return vdr_index_next(ret_search);
}

void
vdr_index_fetch_line(const vdr_index *index, uint32_t hash)
{
    uint32_t count = line_count(index);
    if (count != 0)
        vdr_slab_prefetch(&index->lines, line_of(hash, count) + 1);
}

void
vdr_index_fetch_place(const vdr_index *index, uint32_t hash)
{
    uint32_t count = line_count(index);
    if (count != 0)
        vdr_slab_prefetch_edit(&index->lines, line_of(hash, count) + 1);
}

uint32_t
vdr_index_guess(const vdr_index *index, uint32_t hash)
{
    uint32_t count = line_count(index);
    if (count == 0)
        return 0;
    const vdr_index_line *line = line_at(index, line_of(hash, count));
    uint64_t left = fitting(line, tag_of(hash));
    return left != 0 ? line->slots[place_of(left)] : 0;
}

/* Spreads every bit of x over all bits: multiply carries upwards, the shifts bring it down again. A
 * bijection, so that it loses nothing. */
static uint64_t
mix(uint64_t x)
{
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    x *= UINT64_C(0xd6e8feb86659fd93);
    x ^= x >> 32;
    return x;
}

uint32_t
vdr_index_hash_number(uint64_t number)
{
    return (uint32_t)mix(number + UINT64_C(0x9e3779b97f4a7c15));
}

uint32_t
vdr_index_hash_text(vdr_span text)
{
    /* Eight bytes a round, little-endian (state.c says so); the length first, so that zeros at the end count. */
    uint64_t hash = mix(text.len + UINT64_C(0x9e3779b97f4a7c15));
    size_t i = 0;
    for (; i + 8 <= text.len; i += 8) {
        uint64_t lane;
        memcpy(&lane, text.at + i, sizeof lane);
        hash = mix(hash ^ lane);
    }
    if (i < text.len) {
        uint64_t lane = 0;
        memcpy(&lane, text.at + i, text.len - i);
        hash = mix(hash ^ lane);
    }
    return (uint32_t)hash;
}
