#include "broker/core/windows.h"

#include "broker/core/map.h"
#include "proto/assert.h"

#include <stdlib.h>

/* The windows of one household. */
typedef struct window_set {
    uint64_t number; /* of the household: a slot may be used again */
    vdr_slot household;
    uint64_t bytes;                   /* as last added to the total */
    vdr_window **windows;             /* by over; NULL: not asked yet */
    struct window_set *newer, *older; /* in order of the last question */
} window_set;

struct vdr_windows {
    const vdr_rulebook *book;
    vdr_map by_household; /* place in sets */
    window_set **sets;
    uint32_t set_count, set_size;
    window_set *newest, *oldest;
    uint64_t bytes;
};

vdr_windows *
vdr_windows_new(const vdr_rulebook *book)
{
    vdr_windows *windows = vdr_alloc(1, sizeof *windows);
    windows->book = book;
    return windows;
}

static void
set_unlink(vdr_windows *windows, window_set *set)
{
    *(set->newer != NULL ? &set->newer->older : &windows->newest) = set->older;
    *(set->older != NULL ? &set->older->newer : &windows->oldest) = set->newer;
    set->newer = set->older = NULL;
}

static void
set_to_front(vdr_windows *windows, window_set *set)
{
    if (windows->newest == set)
        return;
    if (set->newer != NULL) /* else it is new, and in no list */
        set_unlink(windows, set);
    set->older = windows->newest;
    *(set->older != NULL ? &set->older->newer : &windows->oldest) = set;
    windows->newest = set;
}

static vdr_map_key
household_key(vdr_slot household)
{
    return (vdr_map_key){.group = household};
}

static void
set_free(vdr_windows *windows, window_set *set)
{
    set_unlink(windows, set);
    windows->bytes -= set->bytes;
    uint32_t place = *vdr_map_at(&windows->by_household, household_key(set->household));
    vdr_map_remove(&windows->by_household, household_key(set->household));
    window_set *last = windows->sets[--windows->set_count];
    windows->sets[place] = last;
    if (last != set)
        *vdr_map_at(&windows->by_household, household_key(last->household)) = place;
    for (uint32_t over = 0; over < windows->book->over_count; over++)
        vdr_window_free(set->windows[over]);
    free(set->windows);
    free(set);
}

/* NULL: the household has none. A set that was made for an earlier household of this slot is dropped. */
static window_set *
set_find(vdr_state *state, vdr_slot household)
{
    vdr_windows *windows = state->rulebook->windows;
    uint32_t *place = vdr_map_at(&windows->by_household, household_key(household));
    if (place == NULL)
        return NULL;
    window_set *set = windows->sets[*place];
    if (set->number == vdr_household_at(state, household)->number)
        return set;
    set_free(windows, set);
    return NULL;
}

static window_set *
set_make(vdr_state *state, vdr_slot household)
{
    vdr_windows *windows = state->rulebook->windows;
    window_set *set = vdr_alloc(1, sizeof *set);
    set->household = household;
    set->number = vdr_household_at(state, household)->number;
    set->windows = vdr_alloc(windows->book->over_count, sizeof(vdr_window *));
    if (windows->set_count == windows->set_size) {
        windows->set_size = windows->set_size == 0 ? 16 : windows->set_size * 2;
        windows->sets = vdr_realloc(windows->sets, windows->set_size, sizeof(window_set *));
    }
    *vdr_map_put(&windows->by_household, household_key(household)) = windows->set_count;
    windows->sets[windows->set_count++] = set;
    return set;
}

static void
set_weigh(const vdr_state *state, window_set *set)
{
    vdr_windows *windows = state->rulebook->windows;
    uint64_t bytes = sizeof *set;
    for (uint32_t over = 0; over < windows->book->over_count; over++) {
        if (set->windows[over] != NULL)
            bytes += vdr_window_bytes(state, set->windows[over]);
    }
    windows->bytes += bytes - set->bytes;
    set->bytes = bytes;
}

void
vdr_windows_free(vdr_windows **windows_p)
{
    vdr_windows *windows = *windows_p;
    if (windows == NULL)
        return;
    while (windows->newest != NULL)
        set_free(windows, windows->newest);
    vdr_map_done(&windows->by_household);
    free(windows->sets);
    free(windows);
    *windows_p = NULL;
}

uint64_t
vdr_windows_bytes(const vdr_windows *windows)
{
    return sizeof *windows + windows->bytes + vdr_map_bytes(&windows->by_household) +
           windows->set_size * sizeof(window_set *);
}

/* The longest unasked go until no more bytes are left, or none but this set (NULL: none at all). */
static void
shrink(vdr_windows *windows, uint64_t bytes_max, const window_set *set)
{
    while (windows->bytes > bytes_max && windows->oldest != set)
        set_free(windows, windows->oldest);
}

void
vdr_windows_shrink(vdr_windows *windows, uint64_t bytes_max)
{
    shrink(windows, bytes_max, NULL);
}

vdr_window *
vdr_windows_at(vdr_state *state, const vdr_rule *rule, vdr_slot household, vdr_ms t)
{
    vdr_windows *windows = state->rulebook->windows;
    window_set *set = set_find(state, household);
    if (set == NULL)
        set = set_make(state, household);
    set_to_front(windows, set);
    vdr_window **window_p = &set->windows[rule->over];
    if (*window_p == NULL)
        *window_p = vdr_window_new(state, rule->over, household, t);
    else
        vdr_window_move(state, *window_p, t);
    set_weigh(state, set);
    shrink(windows, VDR_WINDOWS_BYTES_MAX, set);
    return *window_p;
}

void
vdr_windows_added(vdr_state *state, vdr_slot household, vdr_slot slot)
{
    window_set *set = set_find(state, household);
    if (set == NULL)
        return;
    for (uint32_t over = 0; over < state->rulebook->over_count; over++) {
        if (set->windows[over] != NULL)
            vdr_window_add(state, set->windows[over], slot);
    }
    set_weigh(state, set);
}

void
vdr_windows_changed(vdr_state *state, vdr_slot household, vdr_slot slot, const vdr_signal *before)
{
    window_set *set = set_find(state, household);
    if (set == NULL)
        return;
    for (uint32_t over = 0; over < state->rulebook->over_count; over++) {
        if (set->windows[over] != NULL)
            vdr_window_change(state, set->windows[over], slot, before);
    }
    set_weigh(state, set);
}

void
vdr_windows_removed(vdr_state *state, vdr_slot household, vdr_slot slot)
{
    window_set *set = set_find(state, household);
    if (set == NULL)
        return;
    for (uint32_t over = 0; over < state->rulebook->over_count; over++) {
        if (set->windows[over] != NULL)
            vdr_window_remove(state, set->windows[over], slot);
    }
    set_weigh(state, set);
}

void
vdr_windows_gone(vdr_state *state, vdr_slot household)
{
    window_set *set = set_find(state, household);
    if (set != NULL)
        set_free(state->rulebook->windows, set);
}
