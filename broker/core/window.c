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
    vdr_slot household;
    uint32_t over; /* its place among the rulebook's */
    int64_t over_ms;
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
        persons += naming->again == 0 && vdr_naming_counts(naming);
        slot = naming->next;
    }
    if (persons >= least) {
        counted->full = change(c, counted->full);
        return;
    }
    for (vdr_slot slot = c->signal->names; slot != 0;) {
        const vdr_naming *naming = vdr_naming_at(c->state, slot);
        if (naming->again == 0 && vdr_naming_counts(naming))
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
    VDR_ASSERT(of->oldest.count > 0); /* at_least asks for one */
    return -of->newest.at[0].key - of->oldest.at[0].key >= rule->spread_ms;
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
        if (naming->again == 0 && vdr_naming_counts(naming))
            count_group(c, naming->member);
        slot = naming->next;
    }
}

static bool
passes_any(vdr_state *state, const vdr_window *window, const vdr_signal *signal)
{
    const vdr_rulebook *book = state->rulebook;
    for (uint32_t i = 0; i < book->rule_count; i++) {
        uint32_t namings = 0;
        if (book->rules[i].over == window->over && vdr_rule_passes(state, &book->rules[i], signal, &namings))
            return true;
    }
    return false;
}

/* Counts the signal in or out of every rule of the window that it passes. False: it passes none. */
static bool
count_signal(vdr_state *state, vdr_window *window, const vdr_signal *signal, bool in)
{
    const vdr_rulebook *book = state->rulebook;
    bool passes = false;
    for (uint32_t i = 0; i < book->rule_count; i++) {
        uint32_t namings = 0;
        const vdr_rule *rule = &book->rules[i];
        if (rule->over != window->over || !vdr_rule_passes(state, rule, signal, &namings))
            continue;
        passes = true;
        counting c = {.state = state, .window = window, .rule = rule, .place = i, .signal = signal, .in = in};
        count_rule(&c);
    }
    return passes;
}

/* When does it next begin or cease to count? VDR_MS_NONE: never again. */
static vdr_ms
next_change(const vdr_window *window, const vdr_signal *signal)
{
    vdr_ms leaves = vdr_rule_leaves(window->over_ms, signal);
    if (leaves <= signal->occurred_at || leaves <= window->now)
        return VDR_MS_NONE;
    return signal->occurred_at > window->now ? signal->occurred_at : leaves;
}

static void
await(vdr_window *window, const vdr_signal *signal, vdr_slot slot)
{
    vdr_ms due = next_change(window, signal);
    if (due != VDR_MS_NONE)
        vdr_heap_add(&window->due, due, slot);
}

/* Takes away entries that are out of date or double, when they are more than half. */
static void
due_compact(vdr_state *state, vdr_window *window)
{
    if (window->due.count / 2 <= vdr_household_at(state, window->household)->signal_count + 16)
        return;
    vdr_heap kept = {0};
    while (window->due.count > 0) {
        vdr_heap_entry entry = window->due.at[0];
        vdr_heap_take_first(&window->due);
        const vdr_heap_entry *last = kept.count > 0 ? &kept.at[kept.count - 1] : NULL;
        const vdr_signal *signal = vdr_signal_at(state, entry.slot);
        bool doubled = last != NULL && last->key == entry.key && last->slot == entry.slot;
        if (!doubled && signal->household == window->household && next_change(window, signal) == entry.key)
            vdr_heap_add(&kept, entry.key, entry.slot); /* in order: stays where it is added */
    }
    vdr_heap_done(&window->due);
    window->due = kept;
}

vdr_window *
vdr_window_new(vdr_state *state, uint32_t over, vdr_slot household, vdr_ms t)
{
    vdr_window *window = vdr_alloc(1, sizeof *window);
    window->now = t;
    window->household = household;
    window->over = over;
    window->over_ms = state->rulebook->overs[over];
    window->holding = vdr_alloc(state->rulebook->rule_count, sizeof *window->holding);
    window->counted = vdr_alloc(state->rulebook->rule_count, sizeof *window->counted);
    for (vdr_slot slot = vdr_household_at(state, household)->signals_first; slot != 0;) {
        vdr_window_add(state, window, slot);
        slot = vdr_signal_at(state, slot)->after;
    }
    return window;
}

void
vdr_window_free(vdr_window *window)
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

uint64_t
vdr_window_bytes(const vdr_state *state, const vdr_window *window)
{
    return sizeof *window + vdr_heap_bytes(&window->due) + vdr_map_bytes(&window->values) +
           vdr_map_bytes(&window->groups) + window->spread_bytes +
           window->group_size * (sizeof(counts) + sizeof(uint32_t)) +
           state->rulebook->rule_count * 2 * sizeof(uint32_t);
}

/* An entry that is out of date, also one whose slot holds another signal by now, finds a signal that counts as
 * much just before the instant as at it; entries for the same change follow each other and are taken as one. */
void
vdr_window_move(vdr_state *state, vdr_window *window, vdr_ms t)
{
    vdr_heap *due = &window->due;
    VDR_ASSERT(t >= window->now);
    while (due->count > 0 && due->at[0].key <= t) {
        vdr_heap_entry entry = due->at[0];
        while (due->count > 0 && due->at[0].key == entry.key && due->at[0].slot == entry.slot)
            vdr_heap_take_first(due);
        window->now = entry.key;
        const vdr_signal *signal = vdr_signal_at(state, entry.slot);
        if (signal->household != window->household)
            continue;
        bool was = vdr_rule_in_time(window->over_ms, signal, entry.key - 1);
        bool is = vdr_rule_in_time(window->over_ms, signal, entry.key);
        if (was == is)
            continue;
        (void)count_signal(state, window, signal, is);
        if (is)
            await(window, signal, entry.slot);
    }
    window->now = t;
}

void
vdr_window_add(vdr_state *state, vdr_window *window, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    bool passes = vdr_rule_in_time(window->over_ms, signal, window->now)
                      ? count_signal(state, window, signal, true)
                      : passes_any(state, window, signal);
    if (passes)
        await(window, signal, slot);
    due_compact(state, window);
}

void
vdr_window_change(vdr_state *state, vdr_window *window, vdr_slot slot, const vdr_signal *before)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    if (vdr_rule_in_time(window->over_ms, before, window->now))
        (void)count_signal(state, window, before, false);
    if (vdr_rule_in_time(window->over_ms, signal, window->now))
        (void)count_signal(state, window, signal, true);
    if (next_change(window, signal) != next_change(window, before) && passes_any(state, window, signal))
        await(window, signal, slot);
}

void
vdr_window_remove(vdr_state *state, vdr_window *window, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    if (vdr_rule_in_time(window->over_ms, signal, window->now))
        (void)count_signal(state, window, signal, false);
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
vdr_window_counts_of(const vdr_window *window, const vdr_rule *rule, uint32_t group,
                     vdr_window_counts *ret_counts)
{
    *ret_counts = (vdr_window_counts){0};
    const uint32_t *place = vdr_map_at(&window->groups, group_key(rule->place, group));
    if (place == NULL)
        return;
    const counts *counted = &window->group_at[*place];
    for (uint32_t i = 0; i < VDR_MEASURES; i++)
        ret_counts->values[i] = counted->distinct[i];
    ret_counts->values[VDR_MEASURE_SIGNALS] = counted->signals;
    ret_counts->values[VDR_MEASURE_OVERDUE] = counted->overdue;
    for (uint32_t i = 0; i < rule->asked_count && counted->full > 0; i++) {
        if (rule->asked[i].measure != VDR_MEASURE_PERSONS)
            continue;
        ret_counts->persons_or_more = true;
        if (ret_counts->values[VDR_MEASURE_PERSONS] < rule->asked[i].least)
            ret_counts->values[VDR_MEASURE_PERSONS] = rule->asked[i].least;
    }
    if (counted->spread != NULL && counted->spread->oldest.count > 0) {
        ret_counts->oldest = counted->spread->oldest.at[0].key;
        ret_counts->newest = -counted->spread->newest.at[0].key;
    }
    ret_counts->holds = counted->holds;
}
