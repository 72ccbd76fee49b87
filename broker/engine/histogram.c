#include "broker/engine/histogram.h"

#define SUB_BITS 5u
#define SUB      (1u << SUB_BITS)

/* Values below SUB have a bucket each; a higher one has the bucket of its highest set bit and the
 * SUB_BITS bits below it. 64-bit values need (64 - SUB_BITS + 1) * SUB buckets. */
_Static_assert(VDR_HISTOGRAM_BUCKETS == (64u - SUB_BITS + 1u) * SUB, "a bucket for every 64-bit value");

static unsigned
bucket_of(uint64_t value)
{
    if (value < SUB)
        return (unsigned)value;
    unsigned top = 63u - (unsigned)__builtin_clzll(value);
    unsigned shift = top - SUB_BITS;
    return (shift + 1) * SUB + ((unsigned)(value >> shift) & (SUB - 1));
}

/* The highest value of a bucket. */
static uint64_t
bucket_end(unsigned bucket)
{
    if (bucket < SUB)
        return bucket;
    unsigned shift = bucket / SUB - 1;
    uint64_t first = (uint64_t)(SUB + bucket % SUB) << shift;
    return first + ((UINT64_C(1) << shift) - 1);
}

void
vdr_histogram_clear(vdr_histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
}

void
vdr_histogram_add(vdr_histogram *histogram, uint64_t value)
{
    if (histogram->count == 0 || value < histogram->min)
        histogram->min = value;
    if (value > histogram->max)
        histogram->max = value;
    histogram->count++;
    uint64_t sum = histogram->sum + value;
    histogram->sum = sum < value ? UINT64_MAX : sum;
    histogram->buckets[bucket_of(value)]++;
}

void
vdr_histogram_merge(vdr_histogram *into, const vdr_histogram *from)
{
    if (from->count == 0)
        return;
    if (into->count == 0 || from->min < into->min)
        into->min = from->min;
    if (from->max > into->max)
        into->max = from->max;
    into->count += from->count;
    uint64_t sum = into->sum + from->sum;
    into->sum = sum < into->sum ? UINT64_MAX : sum;
    for (unsigned i = 0; i < VDR_HISTOGRAM_BUCKETS; i++)
        into->buckets[i] += from->buckets[i];
}

uint64_t
vdr_histogram_quantile(const vdr_histogram *histogram, unsigned permille)
{
    if (histogram->count == 0)
        return 0;
    /* ceil(count * permille / 1000) without running over */
    uint64_t wanted = histogram->count / 1000 * permille + (histogram->count % 1000 * permille + 999) / 1000;
    if (wanted == 0)
        return histogram->min;
    uint64_t seen = 0;
    for (unsigned i = 0; i < VDR_HISTOGRAM_BUCKETS; i++) {
        seen += histogram->buckets[i];
        if (seen >= wanted)
            return bucket_end(i) < histogram->max ? bucket_end(i) : histogram->max;
    }
    return histogram->max;
}

uint64_t
vdr_histogram_upto(const vdr_histogram *histogram, uint64_t bound)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < VDR_HISTOGRAM_BUCKETS && bucket_end(i) <= bound; i++)
        count += histogram->buckets[i];
    return count;
}

uint64_t
vdr_histogram_mean(const vdr_histogram *histogram)
{
    return histogram->count != 0 ? histogram->sum / histogram->count : 0;
}
