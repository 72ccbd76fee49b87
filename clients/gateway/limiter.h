/* clients/gateway/limiter.h - so many requests a second, and so many at once, for each of many callers.
 *
 * A table of fixed size: where it is full, the caller heard of least lately is forgotten, which can only be somebody
 * who has nothing open. Where all have, a newcomer is refused.
 *
 * Thread: one at a time. Pure: the time is given. */
#ifndef VDR_GATEWAY_LIMITER_H
#define VDR_GATEWAY_LIMITER_H

#include "proto/types.h"

typedef struct vdr_limiter vdr_limiter;

#define VDR_LIMITER_KEY_BYTES 32

typedef struct vdr_limiter_limits {
    int64_t per_second, burst; /* 0: not limited */
    int64_t at_once;           /* 0: not limited */
    size_t callers;            /* room for so many */
} vdr_limiter_limits;

vdr_limiter *vdr_limiter_new(const vdr_limiter_limits *limits);
void vdr_limiter_free(vdr_limiter **limiter_p);

/* One more request. 0: go on; otherwise the milliseconds after which there is room again. */
int64_t vdr_limiter_take(vdr_limiter *limiter, const uint8_t key[VDR_LIMITER_KEY_BYTES], int64_t now_ms);

/* One more at once; false: too many. Each enter that was true is followed by one leave. */
bool vdr_limiter_enter(vdr_limiter *limiter, const uint8_t key[VDR_LIMITER_KEY_BYTES], int64_t now_ms);
void vdr_limiter_leave(vdr_limiter *limiter, const uint8_t key[VDR_LIMITER_KEY_BYTES]);

#endif
