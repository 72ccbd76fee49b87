#include "broker/core/index.h"

static uint32_t
field(const vdr_index *index, uint32_t record, uint32_t offset)
{
    uint32_t value;
    memcpy(&value, (const uint8_t *)vdr_slab_at(index->records, record) + offset, sizeof value);
    return value;
}

static void
link_set(vdr_index *index, uint32_t record, uint32_t next)
{
    memcpy((uint8_t *)vdr_slab_edit(index->records, record) + index->next_offset, &next, sizeof next);
}

static uint32_t
bucket_get(const vdr_index *index, uint32_t bucket)
{
    return *(const uint32_t *)vdr_slab_at(&index->buckets, bucket + 1);
}

static void
bucket_set(vdr_index *index, uint32_t bucket, uint32_t first)
{
    *(uint32_t *)vdr_slab_edit(&index->buckets, bucket + 1) = first;
}

static uint32_t
bucket_count(const vdr_index *index)
{
    return index->buckets.next - 1;
}

/* Linear hashing: with p <= count < 2p buckets, p a power of two, the low bits modulo 2p name the bucket, or
 * modulo p where that one does not exist yet. */
static uint32_t
bucket_of(uint32_t hash, uint32_t count)
{
    uint32_t mask = UINT32_MAX >> __builtin_clz(count);
    uint32_t bucket = hash & mask;
    return bucket < count ? bucket : bucket & (mask >> 1);
}

void
vdr_index_init(vdr_index *index, uint32_t table, vdr_slab *records, uint32_t hash_offset,
               uint32_t next_offset)
{
    VDR_ASSERT(hash_offset % 4 == 0 && hash_offset < records->record_bytes);
    VDR_ASSERT(next_offset % 4 == 0 && next_offset < records->record_bytes);
    *index = (vdr_index){.records = records, .hash_offset = hash_offset, .next_offset = next_offset};
    vdr_slab_init(&index->buckets, table, 1, sizeof(uint32_t));
}

void
vdr_index_done(vdr_index *index)
{
    vdr_slab_done(&index->buckets);
}

/* One bucket more: those of its lower half whose hash has the new bit move over, the order stays. Only links
 * that change are written, so that few chunks count as changed. */
static void
grow(vdr_index *index)
{
    uint32_t added = bucket_count(index);
    uint32_t taken = vdr_slab_take(&index->buckets);
    VDR_ASSERT(taken == added + 1);
    if (added == 0)
        return;
    uint32_t lower = bucket_of(added, added); /* where its records are now */
    uint32_t ends[2] = {0, 0};                /* last record of each of the two chains */
    uint32_t record = bucket_get(index, lower), before = 0;
    while (record != 0) {
        uint32_t next = field(index, record, index->next_offset);
        uint32_t side = bucket_of(field(index, record, index->hash_offset), added + 1) == added;
        if (before == 0 || ends[side] != before) { /* not linked from where it belongs already */
            if (ends[side] != 0)
                link_set(index, ends[side], record);
            else if (side != 0 || before != 0)
                bucket_set(index, side != 0 ? added : lower, record);
        }
        ends[side] = before = record;
        record = next;
    }
    if (ends[0] == 0 && before != 0)
        bucket_set(index, lower, 0);
    for (int side = 0; side < 2; side++)
        if (ends[side] != 0 && field(index, ends[side], index->next_offset) != 0)
            link_set(index, ends[side], 0);
}

void
vdr_index_put(vdr_index *index, uint32_t record)
{
    uint32_t hash = field(index, record, index->hash_offset), count = bucket_count(index);
    if (count != 0)
        vdr_slab_prefetch(&index->buckets, bucket_of(hash, count) + 1);
    /* One record per bucket on average. Two steps at most: no put is slow, and records that were taken a few
     * at a time are caught up with. */
    for (int i = 0; i < 2 && bucket_count(index) < index->records->live; i++)
        grow(index);
    count = bucket_count(index);
    uint32_t bucket = bucket_of(hash, count);
    link_set(index, record, bucket_get(index, bucket));
    bucket_set(index, bucket, record);
    uint32_t soon = bucket_get(index, bucket_of(count, count)); /* what the next growing will look at */
    if (soon != 0)
        vdr_slab_prefetch(index->records, soon);
}

void
vdr_index_remove(vdr_index *index, uint32_t record)
{
    uint32_t bucket = bucket_of(field(index, record, index->hash_offset), bucket_count(index));
    uint32_t after = field(index, record, index->next_offset);
    uint32_t at = bucket_get(index, bucket), before = 0;
    while (at != record) {
        VDR_ASSERT(at != 0);
        before = at;
        at = field(index, at, index->next_offset);
    }
    if (before != 0)
        link_set(index, before, after);
    else
        bucket_set(index, bucket, after);
    link_set(index, record, 0);
}

static uint32_t
same_hash(const vdr_index *index, uint32_t record, uint32_t hash)
{
    while (record != 0 && field(index, record, index->hash_offset) != hash)
        record = field(index, record, index->next_offset);
    return record;
}

uint32_t
vdr_index_first(const vdr_index *index, uint32_t hash)
{
    uint32_t count = bucket_count(index);
    return count != 0 ? same_hash(index, bucket_get(index, bucket_of(hash, count)), hash) : 0;
}

void
vdr_index_fetch_bucket(const vdr_index *index, uint32_t hash)
{
    uint32_t count = bucket_count(index);
    if (count != 0)
        vdr_slab_prefetch(&index->buckets, bucket_of(hash, count) + 1);
}

void
vdr_index_fetch_record(const vdr_index *index, uint32_t hash)
{
    uint32_t count = bucket_count(index);
    uint32_t first = count != 0 ? bucket_get(index, bucket_of(hash, count)) : 0;
    if (first != 0)
        __builtin_prefetch((const uint8_t *)vdr_slab_at(index->records, first) + index->hash_offset);
}

uint32_t
vdr_index_next(const vdr_index *index, uint32_t record)
{
    uint32_t hash = field(index, record, index->hash_offset);
    return same_hash(index, field(index, record, index->next_offset), hash);
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
    /* Eight bytes a round, little-endian on every machine; the length first, so that zeros at the end count. */
    uint64_t hash = mix(text.len + UINT64_C(0x9e3779b97f4a7c15));
    for (size_t i = 0; i < text.len; i += 8) {
        uint64_t lane = 0;
        for (size_t j = 0; j < 8 && i + j < text.len; j++)
            lane |= (uint64_t)text.at[i + j] << (8 * j);
        hash = mix(hash ^ lane);
    }
    return (uint32_t)hash;
}
