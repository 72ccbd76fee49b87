/* clients/gateway/lockout.h - growing pauses after wrong passwords, for each of many keys (an account, an address).
 *
 * An attempt counts as wrong when it begins, so that many at once gain nothing, and is forgotten when it was right.
 * The first few are free; then each doubles the pause. A table of fixed size: where it is full, the key that was
 * wrong least lately is forgotten.
 *
 * Thread: one at a time. Pure: the time is given. */
#ifndef VDR_GATEWAY_LOCKOUT_H
#define VDR_GATEWAY_LOCKOUT_H

#include "proto/types.h"

#define VDR_LOCKOUT_KEYS    1024
#define VDR_LOCKOUT_FREE    4
#define VDR_LOCKOUT_MS_MOST INT64_C(900000)
#define VDR_LOCKOUT_GONE_MS INT64_C(3600000) /* then it is forgotten */

typedef struct vdr_lockout_row {
    vdr_key16 key;
    unsigned wrong; /* 0: the row is free */
    int64_t last_ms;
} vdr_lockout_row;

typedef struct vdr_lockout {
    unsigned free; /* so many wrong attempts cost nothing */
    vdr_lockout_row rows[VDR_LOCKOUT_KEYS];
} vdr_lockout; /* but for free all zero: nobody was wrong */

/* The ms until an attempt may be made; 0: now. */
int64_t vdr_lockout_wait_ms(const vdr_lockout *lockout, const vdr_key16 *key, int64_t now_ms);
void vdr_lockout_begin(vdr_lockout *lockout, const vdr_key16 *key, int64_t now_ms);
void vdr_lockout_right(vdr_lockout *lockout, const vdr_key16 *key);

#endif
