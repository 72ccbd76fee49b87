#include "broker/core/window.h"

#include "broker/core/heap.h"
#include "broker/core/map.h"
#include "proto/assert.h"

#include <stdlib.h>

/* What is counted by value: the measures, and the instants for spread. */
enum { WHAT_INSTANT = VDR_MEASURES, WHATS = VDR_MEASURES + 1, WHAT_GROUP = 0 };

/* The least and the greatest occurred_at of a group: of each heap the first whose count is not zero. */
typedef struct spread {
    vdr_heap oldest, newest; /* newest: by negated instant */
} spread;

typedef struct counts {
    uint32_t signals, overdue;
    uint32_t full;            /* signals that by themselves name as many persons as are asked */
    uint32_t distinct[WHATS]; /* values whose count is not zero */
    bool holds;
    spread *spread; /* only where the rule asks it */
} counts;

struct vdr_window {
    vdr_ms now;
    vdr_heap due;     /* when a signal begins or ceases to count */
    vdr_map values;   /* (what of which rule, group, value): how many counted signals have it */
    vdr_map groups;   /* (rule, group): its place in group_at */
    counts *group_at; /* [0] is unused */
    uint32_t *unused; /* places of group_at to be used again */
    uint32_t unused_count, group_count, group_size;
    uint32_t *holding; /* for each rule: how many groups hold */
    uint32_t *counted; /* for each rule: how many signals are in its counted set */
    uint64_t spread_bytes;
};

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

/* One signal on its way in or out of one rule's counts. */
typedef struct counting {
    vdr_state *state;
    vdr_window *window;
    const vdr_rule *rule;
    uint32_t place; /* of the rule */
    const vdr_signal *signal;
    bool in;
} counting;

static vdr_map_key
value_key(uint32_t rule, uint32_t what, uint32_t group, int64_t value)
{
    return (vdr_map_key){.what = rule * WHATS + what, .group = group, .value = value};
}

static vdr_map_key
group_key(uint32_t rule, uint32_t group)
{
    return (vdr_map_key){.what = rule, .group = group, .value = WHAT_GROUP};
}

static counts *
group_take(vdr_window *window, const vdr_rule *rule, uint32_t *ret_place)
{
    uint32_t place;
    if (window->unused_count > 0) {
        place = window->unused[--window->unused_count];
    } else {
        if (window->group_count + 1 >= window->group_size) {
            window->group_size = window->group_size == 0 ? 8 : window->group_size * 2;
            window->group_at = vdr_realloc(window->group_at, window->group_size, sizeof(counts));
            window->unused = vdr_realloc(window->unused, window->group_size, sizeof(uint32_t));
        }
        place = ++window->group_count;
    }
    counts *taken = &window->group_at[place];
    *taken = (counts){0};
    if (rule->spread_ms > 0) {
        taken->spread = vdr_alloc(1, sizeof *taken->spread);
        window->spread_bytes += sizeof *taken->spread;
    }
    *ret_place = place;
    return taken;
}

static uint64_t
spread_bytes(const spread *of)
{
    return of == NULL ? 0 : sizeof *of + vdr_heap_bytes(&of->oldest) + vdr_heap_bytes(&of->newest);
}

static void
spread_free(spread *of)
{
    if (of == NULL)
        return;
    vdr_heap_done(&of->oldest);
    vdr_heap_done(&of->newest);
    free(of);
}

static void
group_give(vdr_window *window, uint32_t place)
{
    counts *given = &window->group_at[place];
    window->spread_bytes -= spread_bytes(given->spread);
    spread_free(given->spread);
    *given = (counts){0};
    window->unused[window->unused_count++] = place;
}

/* True: its count became one, or zero. */
static bool
count_value(const counting *c, counts *counted, uint32_t group, uint32_t what, int64_t value)
{
    vdr_map_key key = value_key(c->place, what, group, value);
    if (c->in) {
        uint32_t *number = vdr_map_put(&c->window->values, key);
        if (++*number > 1)
            return false;
        counted->distinct[what]++;
        return true;
    }
    uint32_t *number = vdr_map_at(&c->window->values, key);
    VDR_ASSERT(number != NULL && *number > 0 && counted->distinct[what] > 0);
    if (--*number > 0)
        return false;
    vdr_map_remove(&c->window->values, key);
    counted->distinct[what]--;
    return true;
}

static uint32_t
change(const counting *c, uint32_t number)
{
    VDR_ASSERT(c->in || number > 0);
    return c->in ? number + 1 : number - 1;
}

/* A signal that names enough persons by itself is only counted as such: its persons would cost their
 * square where they are groups too. */
static void
count_persons(const counting *c, counts *counted, uint32_t group, uint64_t least)
{
    uint64_t persons = 0;
    for (vdr_slot slot = c->signal->names; slot != 0 && persons < least;) {
        const vdr_naming *naming = vdr_naming_at(c->state, slot);
        persons += naming->again == 0;
        slot = naming->next;
    }
    if (persons >= least) {
        counted->full = change(c, counted->full);
        return;
    }
    for (vdr_slot slot = c->signal->names; slot != 0;) {
        const vdr_naming *naming = vdr_naming_at(c->state, slot);
        if (naming->again == 0)
            count_value(c, counted, group, VDR_MEASURE_PERSONS, naming->member);
        slot = naming->next;
    }
}

static void
count_measure(const counting *c, counts *counted, uint32_t group, vdr_rule_asked asked)
{
    uint32_t areas[2], area_count, namings = 0;
    switch (asked.measure) {
    case VDR_MEASURE_DOMAINS:
        count_value(c, counted, group, asked.measure, vdr_terms_of(c->state, c->signal)->domain);
        break;
    case VDR_MEASURE_TYPES:
        count_value(c, counted, group, asked.measure, vdr_terms_of(c->state, c->signal)->type);
        break;
    case VDR_MEASURE_AGENCIES:
        count_value(c, counted, group, asked.measure, vdr_sender_of(c->state, c->signal)->agency);
        break;
    case VDR_MEASURE_DAYS:
        count_value(c, counted, group, asked.measure, vdr_rule_day(c->signal));
        break;
    case VDR_MEASURE_CORE_AREAS:
        area_count = vdr_rule_areas(c->state, c->signal, areas, &namings);
        for (uint32_t i = 0; i < area_count; i++)
            count_value(c, counted, group, asked.measure, areas[i]);
        break;
    case VDR_MEASURE_PERSONS:
        count_persons(c, counted, group, asked.least);
        break;
    case VDR_MEASURE_SIGNALS: /* counted for every group */
    case VDR_MEASURE_OVERDUE:
    case VDR_MEASURES:
        break;
    }
}

/* Takes away what is out of date at the top. */
static void
spread_trim(const counting *c, vdr_heap *heap, int64_t sign, uint32_t group)
{
    while (heap->count > 0 && vdr_map_at(&c->window->values, value_key(c->place, WHAT_INSTANT, group,
                                                                       sign * heap->at[0].key)) == NULL)
        vdr_heap_take_first(heap);
}

/* Takes away what is out of date or double anywhere, when that is more than half. */
static void
spread_compact(const counting *c, vdr_heap *heap, int64_t sign, uint32_t group, uint32_t distinct)
{
    if (heap->count / 2 <= distinct + 16)
        return;
    vdr_heap kept = {0};
    while (heap->count > 0) {
        int64_t key = heap->at[0].key;
        if ((kept.count == 0 || kept.at[kept.count - 1].key != key) &&
            vdr_map_at(&c->window->values, value_key(c->place, WHAT_INSTANT, group, sign * key)) != NULL)
            vdr_heap_add(&kept, key, 0); /* in order: stays where it is added */
        vdr_heap_take_first(heap);
    }
    vdr_heap_done(heap);
    *heap = kept;
}

static void
count_instant(const counting *c, counts *counted, uint32_t group)
{
    spread *of = counted->spread;
    vdr_ms instant = c->signal->occurred_at;
    bool changed = count_value(c, counted, group, WHAT_INSTANT, instant);
    c->window->spread_bytes -= spread_bytes(of);
    if (changed && c->in) {
        vdr_heap_add(&of->oldest, instant, 0);
        vdr_heap_add(&of->newest, -instant, 0);
    }
    spread_trim(c, &of->oldest, 1, group);
    spread_trim(c, &of->newest, -1, group);
    spread_compact(c, &of->oldest, 1, group, counted->distinct[WHAT_INSTANT]);
    spread_compact(c, &of->newest, -1, group, counted->distinct[WHAT_INSTANT]);
    c->window->spread_bytes += spread_bytes(of);
}

static bool
is_reached(const vdr_rule *rule, const counts *counted)
{
    for (uint32_t i = 0; i < rule->asked_count; i++) {
        vdr_rule_asked asked = rule->asked[i];
        uint64_t count = counted->distinct[asked.measure];
        if (asked.measure == VDR_MEASURE_SIGNALS)
            count = counted->signals;
        else if (asked.measure == VDR_MEASURE_OVERDUE)
            count = counted->overdue;
        else if (asked.measure == VDR_MEASURE_PERSONS && counted->full > 0)
            continue;
        if (count < asked.least)
            return false;
    }
    if (rule->spread_ms == 0)
        return true;
    const spread *of = counted->spread;
    return of->oldest.count > 0 && -of->newest.at[0].key - of->oldest.at[0].key >= rule->spread_ms;
}

static void
count_group(const counting *c, uint32_t group)
{
    vdr_window *window = c->window;
    uint32_t *place_p = vdr_map_put(&window->groups, group_key(c->place, group));
    uint32_t place = *place_p;
    counts *counted = place != 0 ? &window->group_at[place] : group_take(window, c->rule, place_p);
    place = *place_p;
    counted->signals = change(c, counted->signals);
    if ((c->signal->flags & VDR_SIGNAL_OVERDUE) != 0)
        counted->overdue = change(c, counted->overdue);
    for (uint32_t i = 0; i < c->rule->asked_count; i++)
        count_measure(c, counted, group, c->rule->asked[i]);
    if (c->rule->spread_ms > 0)
        count_instant(c, counted, group);
    bool holds = counted->signals > 0 && is_reached(c->rule, counted);
    if (holds != counted->holds)
        window->holding[c->place] += holds ? 1u : UINT32_MAX;
    counted->holds = holds;
    if (counted->signals == 0) {
        group_give(window, place);
        vdr_map_remove(&window->groups, group_key(c->place, group));
    }
}

static void
count_rule(const counting *c)
{
    c->window->counted[c->place] = change(c, c->window->counted[c->place]);
    if (c->rule->within != VDR_WITHIN_PERSON) {
        count_group(c, vdr_rule_group(c->state, c->rule, c->signal));
        return;
    }
    for (vdr_slot slot = c->signal->names; slot != 0;) {
        const vdr_naming *naming = vdr_naming_at(c->state, slot);
        if (naming->again == 0)
            count_group(c, naming->member);
        slot = naming->next;
    }
}

static bool
passes_any(vdr_state *state, uint32_t over, const vdr_signal *signal)
{
    const vdr_rulebook *book = state->rulebook;
    for (uint32_t i = 0; i < book->rule_count; i++) {
        uint32_t namings = 0;
        if (book->rules[i].over == over && vdr_rule_passes(state, &book->rules[i], signal, &namings))
            return true;
    }
    return false;
}

/* Counts the signal in or out of every rule of the over that it passes. False: it passes none. */
static bool
count_signal(vdr_state *state, vdr_window *window, uint32_t over, const vdr_signal *signal, bool in)
{
    const vdr_rulebook *book = state->rulebook;
    bool passes = false;
    for (uint32_t i = 0; i < book->rule_count; i++) {
        uint32_t namings = 0;
        const vdr_rule *rule = &book->rules[i];
        if (rule->over != over || !vdr_rule_passes(state, rule, signal, &namings))
            continue;
        passes = true;
        counting c = {.state = state, .window = window, .rule = rule, .place = i, .signal = signal, .in = in};
        count_rule(&c);
    }
    return passes;
}

/* When does it next begin or cease to count, after now? VDR_MS_NONE: never again. */
static vdr_ms
next_change(int64_t over_ms, const vdr_signal *signal, vdr_ms now)
{
    vdr_ms leaves = vdr_rule_leaves(over_ms, signal);
    if (leaves <= signal->occurred_at || leaves <= now)
        return VDR_MS_NONE;
    return signal->occurred_at > now ? signal->occurred_at : leaves;
}

static void
await(vdr_window *window, int64_t over_ms, const vdr_signal *signal, vdr_slot slot)
{
    vdr_ms due = next_change(over_ms, signal, window->now);
    if (due != VDR_MS_NONE)
        vdr_heap_add(&window->due, due, slot);
}

static void
add_signal(vdr_state *state, vdr_window *window, uint32_t over, vdr_slot slot)
{
    int64_t over_ms = state->rulebook->overs[over];
    const vdr_signal *signal = vdr_signal_at(state, slot);
    bool passes = vdr_rule_in_time(over_ms, signal, window->now)
                      ? count_signal(state, window, over, signal, true)
                      : passes_any(state, over, signal);
    if (passes)
        await(window, over_ms, signal, slot);
}

/* Moves the window to t. An entry that is out of date, also one whose slot holds another signal by now, finds
 * a signal that counts as much just before the instant as at it; entries for the same change follow
 * each other and are taken as one. */
static void
move_to(vdr_state *state, vdr_window *window, uint32_t over, vdr_slot household, vdr_ms t)
{
    int64_t over_ms = state->rulebook->overs[over];
    vdr_heap *due = &window->due;
    VDR_ASSERT(t >= window->now);
    while (due->count > 0 && due->at[0].key <= t) {
        vdr_heap_entry entry = due->at[0];
        while (due->count > 0 && due->at[0].key == entry.key && due->at[0].slot == entry.slot)
            vdr_heap_take_first(due);
        window->now = entry.key;
        const vdr_signal *signal = vdr_signal_at(state, entry.slot);
        if (signal->household != household)
            continue;
        bool was = vdr_rule_in_time(over_ms, signal, entry.key - 1);
        bool is = vdr_rule_in_time(over_ms, signal, entry.key);
        if (was == is)
            continue;
        (void)count_signal(state, window, over, signal, is);
        if (is)
            await(window, over_ms, signal, entry.slot);
    }
    window->now = t;
}

/* Takes away entries that are out of date or double, when they are more than half. */
static void
due_compact(vdr_state *state, vdr_window *window, uint32_t over, vdr_slot household)
{
    if (window->due.count / 2 <= vdr_household_at(state, household)->signal_count + 16)
        return;
    vdr_heap kept = {0};
    while (window->due.count > 0) {
        vdr_heap_entry entry = window->due.at[0];
        vdr_heap_take_first(&window->due);
        const vdr_signal *signal = vdr_signal_at(state, entry.slot);
        bool doubled = kept.count > 0 && kept.at[kept.count - 1].key == entry.key &&
                       kept.at[kept.count - 1].slot == entry.slot;
        if (!doubled && signal->household == household &&
            next_change(state->rulebook->overs[over], signal, window->now) == entry.key)
            vdr_heap_add(&kept, entry.key, entry.slot); /* in order: stays where it is added */
    }
    vdr_heap_done(&window->due);
    window->due = kept;
}

static vdr_window *
window_new(vdr_state *state, uint32_t over, vdr_slot household, vdr_ms t)
{
    vdr_window *window = vdr_alloc(1, sizeof *window);
    window->now = t;
    window->holding = vdr_alloc(state->rulebook->rule_count, sizeof *window->holding);
    window->counted = vdr_alloc(state->rulebook->rule_count, sizeof *window->counted);
    for (vdr_slot slot = vdr_household_at(state, household)->signals_first; slot != 0;) {
        add_signal(state, window, over, slot);
        slot = vdr_signal_at(state, slot)->after;
    }
    return window;
}

static void
window_free(vdr_window *window)
{
    if (window == NULL)
        return;
    for (uint32_t i = 1; i <= window->group_count; i++)
        spread_free(window->group_at[i].spread);
    vdr_heap_done(&window->due);
    vdr_map_done(&window->values);
    vdr_map_done(&window->groups);
    free(window->group_at);
    free(window->unused);
    free(window->holding);
    free(window->counted);
    free(window);
}

static uint64_t
window_bytes(const vdr_window *window, uint32_t rule_count)
{
    return sizeof *window + vdr_heap_bytes(&window->due) + vdr_map_bytes(&window->values) +
           vdr_map_bytes(&window->groups) + window->spread_bytes +
           window->group_size * (sizeof(counts) + sizeof(uint32_t)) + rule_count * 2 * sizeof(uint32_t);
}

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
    if (set->older != NULL || set->newer != NULL)
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
        window_free(set->windows[over]);
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
set_weigh(vdr_windows *windows, window_set *set)
{
    uint64_t bytes = sizeof *set;
    for (uint32_t over = 0; over < windows->book->over_count; over++) {
        if (set->windows[over] != NULL)
            bytes += window_bytes(set->windows[over], windows->book->rule_count);
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

void
vdr_windows_shrink(vdr_windows *windows, uint64_t bytes_max)
{
    while (windows->oldest != NULL && windows->bytes > bytes_max)
        set_free(windows, windows->oldest);
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
        *window_p = window_new(state, rule->over, household, t);
    else if ((*window_p)->now != t)
        move_to(state, *window_p, rule->over, household, t);
    set_weigh(windows, set);
    while (windows->bytes > VDR_WINDOWS_BYTES_MAX && windows->oldest != set)
        set_free(windows, windows->oldest);
    return *window_p;
}

bool
vdr_window_holds(const vdr_window *window, const vdr_rule *rule)
{
    return window->holding[rule->place] > 0;
}

uint32_t
vdr_window_counted(const vdr_window *window, const vdr_rule *rule)
{
    return window->counted[rule->place];
}

bool
vdr_window_group_holds(const vdr_window *window, const vdr_rule *rule, uint32_t group)
{
    const uint32_t *place = vdr_map_at(&window->groups, group_key(rule->place, group));
    return place != NULL && window->group_at[*place].holds;
}

void
vdr_windows_added(vdr_state *state, vdr_slot household, vdr_slot slot)
{
    window_set *set = set_find(state, household);
    if (set == NULL)
        return;
    for (uint32_t over = 0; over < state->rulebook->over_count; over++) {
        if (set->windows[over] == NULL)
            continue;
        add_signal(state, set->windows[over], over, slot);
        due_compact(state, set->windows[over], over, household);
    }
    set_weigh(state->rulebook->windows, set);
}

void
vdr_windows_changed(vdr_state *state, vdr_slot household, vdr_slot slot, const vdr_signal *before)
{
    window_set *set = set_find(state, household);
    if (set == NULL)
        return;
    const vdr_signal *signal = vdr_signal_at(state, slot);
    for (uint32_t over = 0; over < state->rulebook->over_count; over++) {
        int64_t over_ms = state->rulebook->overs[over];
        vdr_window *window = set->windows[over];
        if (window == NULL)
            continue;
        if (vdr_rule_in_time(over_ms, before, window->now))
            (void)count_signal(state, window, over, before, false);
        if (vdr_rule_in_time(over_ms, signal, window->now))
            (void)count_signal(state, window, over, signal, true);
        if (next_change(over_ms, signal, window->now) != next_change(over_ms, before, window->now) &&
            passes_any(state, over, signal))
            await(window, over_ms, signal, slot);
    }
    set_weigh(state->rulebook->windows, set);
}

void
vdr_windows_removed(vdr_state *state, vdr_slot household, vdr_slot slot)
{
    window_set *set = set_find(state, household);
    if (set == NULL)
        return;
    const vdr_signal *signal = vdr_signal_at(state, slot);
    for (uint32_t over = 0; over < state->rulebook->over_count; over++) {
        vdr_window *window = set->windows[over];
        if (window == NULL)
            continue;
        if (vdr_rule_in_time(state->rulebook->overs[over], signal, window->now))
            (void)count_signal(state, window, over, signal, false);
    }
    set_weigh(state->rulebook->windows, set);
}

void
vdr_windows_gone(vdr_state *state, vdr_slot household)
{
    window_set *set = set_find(state, household);
    if (set != NULL)
        set_free(state->rulebook->windows, set);
}
