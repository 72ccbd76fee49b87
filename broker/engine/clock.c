#include "broker/engine/clock.h"

#include "proto/assert.h"
#include "proto/time.h"

#include <time.h>

static int64_t
read_us(clockid_t id)
{
    struct timespec t;
    int rc = clock_gettime(id, &t);
    VDR_ASSERT(rc == 0); /* cannot fail for these clocks and a good pointer */
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

/* A wall clock set outside what an instant can say is held at the edge. */
static vdr_ms
bounded(vdr_ms wall)
{
    return wall < 0 ? 0 : wall > VDR_TIME_MAX ? VDR_TIME_MAX : wall;
}

void
vdr_clock_init(vdr_clock *clock, vdr_clock_kind kind)
{
    *clock = (vdr_clock){.kind = kind, .now = VDR_MS_NONE};
    if (kind == VDR_CLOCK_REAL) {
        clock->wall = bounded(read_us(CLOCK_REALTIME) / 1000);
        clock->steady_us = read_us(CLOCK_MONOTONIC);
    }
}

vdr_ms
vdr_clock_wall_ms(void)
{
    return bounded(read_us(CLOCK_REALTIME) / 1000);
}

void
vdr_clock_raise(vdr_clock *clock, vdr_ms at)
{
    if (at > clock->now) /* NONE is below every instant */
        clock->now = at;
}

vdr_ms
vdr_clock_now(vdr_clock *clock)
{
    if (clock->kind == VDR_CLOCK_EVENT)
        return VDR_MS_NONE;
    if (clock->kind == VDR_CLOCK_REAL) {
        vdr_ms wall = bounded(read_us(CLOCK_REALTIME) / 1000);
        /* Only a move of the wall is worth the second reading. */
        if (wall != clock->wall) {
            int64_t steady_us = read_us(CLOCK_MONOTONIC);
            int64_t off_ms = wall - clock->wall - (steady_us - clock->steady_us) / 1000;
            if (off_ms > VDR_CLOCK_JUMP_MS || off_ms < -VDR_CLOCK_JUMP_MS)
                clock->jump_ms += off_ms;
            clock->wall = wall;
            clock->steady_us = steady_us;
        }
    }
    vdr_clock_raise(clock, clock->wall);
    return clock->now;
}

int64_t
vdr_clock_monotonic_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t
vdr_clock_steady_us(const vdr_clock *clock)
{
    return clock->kind == VDR_CLOCK_VIRTUAL ? clock->steady_us : vdr_clock_monotonic_us();
}

int64_t
vdr_clock_jump(vdr_clock *clock)
{
    int64_t jump_ms = clock->jump_ms;
    clock->jump_ms = 0;
    return jump_ms;
}

int64_t
vdr_clock_ahead_ms(const vdr_clock *clock)
{
    if (clock->kind == VDR_CLOCK_EVENT || clock->now == VDR_MS_NONE || clock->now <= clock->wall)
        return 0;
    return clock->now - clock->wall;
}

void
vdr_clock_move(vdr_clock *clock, int64_t wall_ms, int64_t steady_us)
{
    VDR_ASSERT(clock->kind == VDR_CLOCK_VIRTUAL && steady_us >= 0);
    clock->wall = bounded(clock->wall + wall_ms);
    clock->steady_us += steady_us;
    int64_t off_ms = wall_ms - steady_us / 1000;
    if (off_ms > VDR_CLOCK_JUMP_MS || off_ms < -VDR_CLOCK_JUMP_MS)
        clock->jump_ms += off_ms;
}
