#include "broker/core/timers.h"

/* Places are 1 and up; place i has the children 4i-2 .. 4i+1. Four rather than two: half the levels, and the
 * four children lie side by side. */
static uint32_t
parent_of(uint32_t place)
{
    return (place + 2) / 4;
}

static const vdr_timer *
timer_at(const vdr_timers *timers, uint32_t place)
{
    return vdr_slab_at(&timers->heap, place);
}

static void
timer_set(vdr_timers *timers, uint32_t place, const vdr_timer *timer)
{
    *(vdr_timer *)vdr_slab_edit(&timers->heap, place) = *timer;
}

static bool
earlier(const vdr_timer *a, const vdr_timer *b)
{
    return a->due != b->due ? a->due < b->due : a->order < b->order;
}

void
vdr_timers_init(vdr_timers *timers, uint32_t table)
{
    _Static_assert(sizeof(vdr_timer) == 20, "a timer has no padding");
    vdr_slab_init(&timers->heap, table, 2, sizeof(vdr_timer));
}

void
vdr_timers_done(vdr_timers *timers)
{
    vdr_slab_done(&timers->heap);
}

void
vdr_timers_add(vdr_timers *timers, const vdr_timer *timer)
{
    vdr_timer added = *timer; /* may lie in the heap itself */
    /* The free list holds just the places behind the last, nearest first: the heap stays without holes. */
    uint32_t place = vdr_slab_take(&timers->heap);
    VDR_ASSERT(place == timers->heap.live);
    while (place > 1) {
        const vdr_timer *parent = timer_at(timers, parent_of(place));
        if (!earlier(&added, parent))
            break;
        timer_set(timers, place, parent);
        place = parent_of(place);
    }
    timer_set(timers, place, &added);
}

bool
vdr_timers_first(const vdr_timers *timers, vdr_timer *ret_timer)
{
    if (timers->heap.live == 0)
        return false;
    *ret_timer = *timer_at(timers, 1);
    return true;
}

/* Hints that the children of these four may be wanted next: sixteen that lie side by side. */
static void
fetch_below(const vdr_timers *timers, uint64_t child, uint32_t count)
{
    uint64_t first = child * 4 - 2;
    for (uint64_t at = first; at < first + 16 && at <= count; at += 3)
        vdr_slab_prefetch(&timers->heap, (uint32_t)at);
}

void
vdr_timers_take_first(vdr_timers *timers)
{
    uint32_t count = timers->heap.live;
    VDR_ASSERT(count != 0);
    vdr_timer last = *timer_at(timers, count);
    vdr_slab_give(&timers->heap, count);
    if (--count == 0)
        return;
    uint32_t place = 1;
    for (;;) {
        uint64_t child = (uint64_t)place * 4 - 2;
        if (child > count)
            break;
        fetch_below(timers, child, count);
        uint32_t best = (uint32_t)child;
        const vdr_timer *timer = timer_at(timers, best);
        for (uint32_t i = 1; i < 4 && child + i <= count; i++) {
            const vdr_timer *other = timer_at(timers, (uint32_t)child + i);
            if (earlier(other, timer)) {
                timer = other;
                best = (uint32_t)child + i;
            }
        }
        if (!earlier(timer, &last))
            break;
        timer_set(timers, place, timer);
        place = best;
    }
    timer_set(timers, place, &last);
}

bool
vdr_timers_walk(const vdr_timers *timers, vdr_ms horizon, uint32_t *cursor, vdr_timer *ret_timer)
{
    uint32_t count = timers->heap.live, place = *cursor;
    bool down = place != 0; /* what the walk last gave is due: its children may be, too */
    if (place == 0 && count != 0 && timer_at(timers, 1)->due <= horizon) {
        *cursor = 1;
        *ret_timer = *timer_at(timers, 1);
        return true;
    }
    while (place != 0) {
        if (down && (uint64_t)place * 4 - 2 <= count) {
            place = place * 4 - 2;
        } else {
            while (place != 1 && (place % 4 == 1 || place == count))
                place = parent_of(place);
            if (place == 1)
                break;
            place++;
        }
        down = timer_at(timers, place)->due <= horizon;
        if (down) {
            *cursor = place;
            *ret_timer = *timer_at(timers, place);
            return true;
        }
    }
    return false;
}

/* Of the heap below a place: what is due has what is due above it. */
static uint32_t
due_below(const vdr_timers *timers, uint64_t place, vdr_ms at, uint32_t most)
{
    if (most == 0 || place > timers->heap.live || timer_at(timers, (uint32_t)place)->due > at)
        return 0;
    uint32_t count = 1;
    for (uint64_t child = place * 4 - 2; child <= place * 4 + 1; child++)
        count += due_below(timers, child, at, most - count);
    return count;
}

uint32_t
vdr_timers_due(const vdr_timers *timers, vdr_ms at, uint32_t most)
{
    return due_below(timers, 1, at, most);
}
