/* broker/engine/clock.h - where log time comes from (semantics section 2; quality.md I20).
 *
 * Real: the wall clock, never backwards. When the wall clock is set back, log time stands still until it
 * is overtaken; when it is set forward, log time follows at once, since a machine that slept and one whose
 * clock was wrong look the same. Both are told in words (vdr_clock_jump).
 * Event: the clock has no time of its own. A command's time is that of its event, the core raises it; no
 * timer is ever due by itself, only "clock advance" and events move time.
 * Virtual: as real, with a wall that a test or simulator moves by hand.
 *
 * Two kinds of instant: log time in ms (vdr_clock_now), and a steady count of microseconds for measuring
 * and for slices of work (vdr_clock_steady_us), which never decides anything.
 *
 * Thread:  the reactor's. */
#ifndef VDR_BROKER_CLOCK_H
#define VDR_BROKER_CLOCK_H

#include "proto/types.h"

typedef enum vdr_clock_kind { VDR_CLOCK_REAL = 1, VDR_CLOCK_EVENT = 2, VDR_CLOCK_VIRTUAL = 3 } vdr_clock_kind;

/* A step of the wall clock against the steady one beyond this is a jump, worth a line. */
#define VDR_CLOCK_JUMP_MS 2000

typedef struct vdr_clock {
    vdr_clock_kind kind;
    vdr_ms now;        /* highest log time given out, or set with vdr_clock_raise; VDR_MS_NONE: none yet */
    vdr_ms wall;       /* of the last reading; what a virtual clock shows */
    int64_t steady_us; /* of the last reading; what a virtual clock shows */
    int64_t jump_ms;   /* seen since the last vdr_clock_jump; 0 none */
} vdr_clock;

void vdr_clock_init(vdr_clock *clock, vdr_clock_kind kind);

/* Log time is never below at from here on: the log's last, after a start. */
void vdr_clock_raise(vdr_clock *clock, vdr_ms at);

/* Log time now. VDR_MS_NONE for an event clock. Real: reads the wall. */
vdr_ms vdr_clock_now(vdr_clock *clock);

int64_t vdr_clock_steady_us(const vdr_clock *clock);
vdr_ms vdr_clock_wall_ms(void);       /* the machine's; any thread */
int64_t vdr_clock_monotonic_us(void); /* the machine's; any thread; for measuring only */

/* By how much the wall jumped since the last call, beyond VDR_CLOCK_JUMP_MS; 0: it did not. */
int64_t vdr_clock_jump(vdr_clock *clock);

/* How far log time is ahead of the wall, in ms: above 0 it stands still. 0 for an event clock. */
int64_t vdr_clock_ahead_ms(const vdr_clock *clock);

/* Virtual clocks only: moves the wall (either way) and the steady count (forward, or not). */
void vdr_clock_move(vdr_clock *clock, int64_t wall_ms, int64_t steady_us);

#endif
