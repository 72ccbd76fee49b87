/* broker/core/timers.h - what falls due when, in order of (due time, creation) (semantics section 2).
 *
 * A heap in a slab. A timer is never taken out before its time: when it fires, its owner asks whether it
 * still stands, by comparing order, which is unique for ever. Thread: one. */
#ifndef VDR_CORE_TIMERS_H
#define VDR_CORE_TIMERS_H

#include "broker/core/slab.h"

typedef enum vdr_timer_kind {
    VDR_TIMER_SIGNAL_LEAVES = 1,
    VDR_TIMER_FOLLOW_UP = 2,
    VDR_TIMER_ACCEPT = 3,
    VDR_TIMER_RETRY = 4,
    VDR_TIMER_CASE_LEAVES = 5,
    VDR_TIMER_HOUSEHOLD_LEAVES = 6,
    VDR_TIMER_ACT_FORGOTTEN = 7,
    VDR_TIMER_PAUSE_ENDS = 8,
    VDR_TIMER_RIGHT = 9,
    VDR_TIMER_KEY_ENDS = 11,
    VDR_TIMER_GUARD_ENDS = 15
} vdr_timer_kind;

#define VDR_TIMER_ORDER_MAX ((UINT64_C(1) << 60) - 1)

typedef struct __attribute__((packed, aligned(4))) vdr_timer { /* 20 bytes: there are two for each signal */
    vdr_ms due;
    uint64_t order : 60; /* of creation, from one counter of the core */
    uint64_t kind : 4;   /* vdr_timer_kind */
    uint32_t target;     /* slot of a signal, case, household, act, pause, right or key; 0 for RETRY */
} vdr_timer;

typedef struct vdr_timers {
    vdr_slab heap; /* record i is place i of a 4-ary heap, 1 the earliest; heap.live is how many there are */
} vdr_timers;

void vdr_timers_init(vdr_timers *timers, uint32_t table);
void vdr_timers_done(vdr_timers *timers);
void vdr_timers_add(vdr_timers *timers, const vdr_timer *timer);
bool vdr_timers_first(const vdr_timers *timers, vdr_timer *ret_timer); /* false: none */
void vdr_timers_take_first(vdr_timers *timers);
/* How many are due at or before at, counted up to most. */
uint32_t vdr_timers_due(const vdr_timers *timers, vdr_ms at, uint32_t most);
/* Walks the timers that are due at or before horizon, in no order: start with a cursor of 0, false when over.
 * Looks at those and the ones right behind them. */
bool vdr_timers_walk(const vdr_timers *timers, vdr_ms horizon, uint32_t *cursor, vdr_timer *ret_timer);

#endif
