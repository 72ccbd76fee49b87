/* broker/engine/histogram.h - how long things took: counts in buckets that grow with the value.
 *
 * 32 buckets to each doubling, so a quantile is off by at most 1/32 (3%) of itself; values below 32 are
 * exact. The unit is the caller's. No allocation; 15 KiB.
 *
 * Thread:  one; a copy is a snapshot. */
#ifndef VDR_BROKER_HISTOGRAM_H
#define VDR_BROKER_HISTOGRAM_H

#include "proto/types.h"

#define VDR_HISTOGRAM_BUCKETS (32u * 60u)

typedef struct vdr_histogram {
    uint64_t count;
    uint64_t sum; /* stays at its highest value instead of running over */
    uint64_t min, max;
    uint64_t buckets[VDR_HISTOGRAM_BUCKETS];
} vdr_histogram;

void vdr_histogram_clear(vdr_histogram *histogram);
void vdr_histogram_add(vdr_histogram *histogram, uint64_t value);
void vdr_histogram_merge(vdr_histogram *into, const vdr_histogram *from);

/* The smallest value that at least permille of 1000 of the values do not exceed (the upper end of its
 * bucket, at most max); 500 is the median, 999 the 99.9th percentile. 0 when empty. */
uint64_t vdr_histogram_quantile(const vdr_histogram *histogram, unsigned permille);
/* How many of the values are in buckets that end at or below bound: exact where bound is itself the end of one, as
 * every value below 32 and every power of two less one is. */
uint64_t vdr_histogram_upto(const vdr_histogram *histogram, uint64_t bound);
uint64_t vdr_histogram_mean(const vdr_histogram *histogram);

#endif
