#include "broker/core/rules.h"

#include "broker/core/rulebook.h"
#include "broker/core/windows.h"
#include "proto/assert.h"

#include <stdlib.h>

#define SKETCHED 8u /* distinct values that a sketch tells apart */

/* What is counted of one group while looking. Counts stop at what the rule asks. */
typedef struct tally {
    uint32_t count[VDR_MEASURES];
    uint32_t seen[VDR_MEASURES][VDR_RULES_SCAN_MAX]; /* distinct values, of the measures that need them */
    vdr_ms oldest, newest;
} tally;

/* One question: answers about groups are kept while it is asked. */
typedef struct question {
    vdr_state *state;
    const vdr_rule *rule;
    const vdr_household *household;
    vdr_slot household_slot;
    vdr_ms t;
    vdr_window *window; /* NULL: by looking */
    bool too_big;       /* looking would take long: give up, ask again with a window */
    uint32_t namings;   /* looked at */
    uint32_t group_count;
    uint32_t groups[VDR_RULES_SCAN_MAX];
    bool group_holds[VDR_RULES_SCAN_MAX];
} question;

static bool
is_counted(question *q, const vdr_signal *signal)
{
    return vdr_rule_in_time(q->rule->over_ms, signal, q->t) &&
           vdr_rule_passes(q->state, q->rule, signal, &q->namings);
}

static bool
names_person(question *q, const vdr_signal *signal, uint32_t person)
{
    for (vdr_slot slot = signal->names; slot != 0;) {
        const vdr_naming *naming = vdr_naming_at(q->state, slot);
        q->namings++;
        if (naming->member == person && vdr_naming_counts(naming))
            return true;
        slot = naming->next;
    }
    return false;
}

static bool
is_in_group(question *q, const vdr_signal *signal, uint32_t group)
{
    if (q->rule->within == VDR_WITHIN_NONE)
        return true;
    if (q->rule->within == VDR_WITHIN_PERSON)
        return names_person(q, signal, group);
    return vdr_rule_group(q->state, q->rule, signal) == group;
}

static void
tally_value(tally *counted, vdr_measure measure, uint32_t value)
{
    uint32_t count = counted->count[measure];
    for (uint32_t i = 0; i < count; i++) {
        if (counted->seen[measure][i] == value)
            return;
    }
    counted->seen[measure][count] = value;
    counted->count[measure]++;
}

static void
tally_measure(question *q, tally *counted, const vdr_signal *signal, vdr_rule_asked asked)
{
    vdr_state *state = q->state;
    uint32_t areas[2], area_count;
    switch (asked.measure) {
    case VDR_MEASURE_SIGNALS:
        counted->count[VDR_MEASURE_SIGNALS]++;
        break;
    case VDR_MEASURE_OVERDUE:
        if ((signal->flags & VDR_SIGNAL_OVERDUE) != 0)
            counted->count[VDR_MEASURE_OVERDUE]++;
        break;
    case VDR_MEASURE_DOMAINS:
        tally_value(counted, asked.measure, vdr_terms_of(state, signal)->domain);
        break;
    case VDR_MEASURE_TYPES:
        tally_value(counted, asked.measure, vdr_terms_of(state, signal)->type);
        break;
    case VDR_MEASURE_AGENCIES:
        tally_value(counted, asked.measure, vdr_sender_of(state, signal)->agency);
        break;
    case VDR_MEASURE_DAYS:
        tally_value(counted, asked.measure, vdr_rule_day(signal));
        break;
    case VDR_MEASURE_CORE_AREAS:
        area_count = vdr_rule_areas(state, signal, areas, &q->namings);
        for (uint32_t i = 0; i < area_count && counted->count[asked.measure] < asked.least; i++)
            tally_value(counted, asked.measure, areas[i]);
        break;
    case VDR_MEASURE_PERSONS:
        for (vdr_slot slot = signal->names; slot != 0 && counted->count[asked.measure] < asked.least;) {
            const vdr_naming *naming = vdr_naming_at(state, slot);
            q->namings++;
            if (naming->again == 0 && vdr_naming_counts(naming))
                tally_value(counted, asked.measure, naming->member);
            slot = naming->next;
        }
        break;
    case VDR_MEASURES:
        VDR_ASSERT(0 && "a measure");
        break;
    }
}

/* Adds a signal. True: everything that the rule asks is reached, and stays so whatever comes. */
static bool
tally_add(question *q, tally *counted, const vdr_signal *signal)
{
    bool reached = true;
    for (uint32_t i = 0; i < q->rule->asked_count; i++) {
        vdr_rule_asked asked = q->rule->asked[i];
        if (counted->count[asked.measure] < asked.least)
            tally_measure(q, counted, signal, asked);
        reached = reached && counted->count[asked.measure] >= asked.least;
    }
    if (signal->occurred_at < counted->oldest)
        counted->oldest = signal->occurred_at;
    if (signal->occurred_at > counted->newest)
        counted->newest = signal->occurred_at;
    return reached && counted->newest - counted->oldest >= q->rule->spread_ms;
}

/* ---- what cannot hold, whatever is looked at ---- */

/* Counts a value that is not among the first count of seen; where they are full, it counts as another one. */
static uint32_t
sketch_value(uint32_t seen[SKETCHED], uint32_t count, uint32_t value)
{
    for (uint32_t i = 0; i < count && i < SKETCHED; i++) {
        if (seen[i] == value)
            return count;
    }
    if (count < SKETCHED)
        seen[count] = value;
    return count + 1;
}

static void
sketch_begin(vdr_state *state, vdr_sketch *sketch, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    uint32_t signals = household->signal_count;
    *sketch =
        (vdr_sketch){.household = slot,
                     .most = {.signals = signals, .domains = signals, .types = signals, .agencies = signals}};
    if (signals < 2)
        return;
    const vdr_signal *newest = vdr_signal_at(state, household->signals_last);
    if (newest->domains != 0) {
        sketch->most.domains = newest->domains;
        sketch->most.agencies = newest->agencies;
    }
}

static void
sketch_count(vdr_state *state, vdr_sketch *sketch)
{
    uint32_t domains[SKETCHED], types[SKETCHED], agencies[SKETCHED];
    vdr_reach most = {.signals = sketch->most.signals};
    for (vdr_slot at = vdr_household_at(state, sketch->household)->signals_last; at != 0;) {
        const vdr_signal *signal = vdr_signal_at(state, at);
        const vdr_terms *terms = vdr_terms_of(state, signal);
        most.domains = sketch_value(domains, most.domains, terms->domain);
        most.types = sketch_value(types, most.types, terms->type);
        most.agencies = sketch_value(agencies, most.agencies, vdr_sender_of(state, signal)->agency);
        at = signal->before;
    }
    sketch->most = most;
    sketch->counted = true;
}

static void
sketch_forget(vdr_state *state, vdr_slot household)
{
    if (state->rulebook->sketch.household == household)
        state->rulebook->sketch.household = 0;
}

static bool
is_beyond(const vdr_reach *least, const vdr_reach *most)
{
    return least->signals > most->signals || least->domains > most->domains || least->types > most->types ||
           least->agencies > most->agencies;
}

/* No household of so few signals, or of so few kinds of them, can reach this. What its newest signal says is
 * asked before all of them are looked at. */
static bool
is_out_of_reach(vdr_state *state, const vdr_rule *rule, vdr_slot household)
{
    vdr_sketch *sketch = &state->rulebook->sketch;
    if (sketch->household != household)
        sketch_begin(state, sketch, household);
    if (is_beyond(&rule->least, &sketch->most))
        return true;
    if (sketch->counted || sketch->most.signals < 2 || sketch->most.signals > VDR_RULES_SCAN_MAX)
        return false;
    sketch_count(state, sketch);
    return is_beyond(&rule->least, &sketch->most);
}

static bool
look_at_group(question *q, uint32_t group)
{
    VDR_UNZEROED tally counted;
    memset(counted.count, 0, sizeof counted.count);
    counted.oldest = VDR_MS_MAX;
    counted.newest = VDR_MS_NONE;
    for (vdr_slot slot = q->household->signals_last; slot != 0;) {
        const vdr_signal *signal = vdr_signal_at(q->state, slot);
        if (is_counted(q, signal) && is_in_group(q, signal, group) && tally_add(q, &counted, signal))
            return true;
        if (q->namings > VDR_RULES_NAMINGS_MAX) {
            q->too_big = true;
            return false;
        }
        slot = signal->before;
    }
    return false;
}

static bool
group_holds(question *q, uint32_t group)
{
    if (q->window != NULL)
        return vdr_window_group_holds(q->window, q->rule, group);
    for (uint32_t i = 0; i < q->group_count; i++) {
        if (q->groups[i] == group)
            return q->group_holds[i];
    }
    if (q->group_count == VDR_RULES_SCAN_MAX) {
        q->too_big = true;
        return false;
    }
    bool holds = look_at_group(q, group);
    q->groups[q->group_count] = group;
    q->group_holds[q->group_count++] = holds;
    return holds;
}

/* Is the signal counted, in a group that holds? */
static bool
supports(question *q, const vdr_signal *signal)
{
    if (!is_counted(q, signal))
        return false;
    if (q->rule->within != VDR_WITHIN_PERSON)
        return group_holds(q, vdr_rule_group(q->state, q->rule, signal));
    for (vdr_slot slot = signal->names; slot != 0 && !q->too_big;) {
        const vdr_naming *naming = vdr_naming_at(q->state, slot);
        if (naming->again == 0 && vdr_naming_counts(naming) && group_holds(q, naming->member))
            return true;
        slot = naming->next;
    }
    return false;
}

/* False: it cannot hold, whatever is looked at. */
static bool
question_begin(question *q, vdr_state *state, size_t rule, vdr_slot household, vdr_ms t)
{
    VDR_ASSERT(state->rulebook != NULL && rule < state->rulebook->rule_count);
    q->state = state;
    q->rule = &state->rulebook->rules[rule];
    q->household = vdr_household_at(state, household);
    q->household_slot = household;
    q->t = t;
    q->window = NULL;
    q->too_big = false;
    q->namings = 0;
    q->group_count = 0;
    if (is_out_of_reach(state, q->rule, household))
        return false;
    if (q->household->signal_count > VDR_RULES_SCAN_MAX || q->rule->big)
        q->window = vdr_windows_at(state, q->rule, household, t);
    return true;
}

/* After an answer: true if it was none, and the question is to be asked again, now of a window. */
static bool
question_again(question *q)
{
    if (!q->too_big)
        return false;
    q->too_big = false;
    q->window = vdr_windows_at(q->state, q->rule, q->household_slot, q->t);
    return true;
}

static bool
ask_holds(question *q)
{
    if (q->window != NULL)
        return vdr_window_holds(q->window, q->rule);
    if (q->rule->within == VDR_WITHIN_NONE)
        return look_at_group(q, 0);
    for (vdr_slot slot = q->household->signals_last; slot != 0 && !q->too_big;) {
        const vdr_signal *signal = vdr_signal_at(q->state, slot);
        if (supports(q, signal))
            return true;
        slot = signal->before;
    }
    return false;
}

bool
vdr_rule_holds(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t)
{
    VDR_UNZEROED question q;
    if (!question_begin(&q, state, rule, household, t))
        return false;
    bool holds = ask_holds(&q);
    return question_again(&q) ? ask_holds(&q) : holds;
}

bool
vdr_rule_supported_by(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    uint32_t namings = 0;
    VDR_ASSERT(signal->household == household && rule < state->rulebook->rule_count);
    const vdr_rule *bound = &state->rulebook->rules[rule];
    if (is_out_of_reach(state, bound, household) || !vdr_rule_in_time(bound->over_ms, signal, t) ||
        !vdr_rule_passes(state, bound, signal, &namings))
        return false;
    VDR_UNZEROED question q;
    bool in_reach = question_begin(&q, state, rule, household, t);
    VDR_ASSERT(in_reach); /* asked before */
    bool answer = supports(&q, signal);
    return question_again(&q) ? supports(&q, signal) : answer;
}

/* How many signals can still be found in the support. */
static uint32_t
support_max(const question *q)
{
    if (q->window == NULL)
        return q->household->signal_count;
    return vdr_window_holds(q->window, q->rule) ? vdr_window_counted(q->window, q->rule) : 0;
}

static bool
ask_after(question *q, vdr_position position)
{
    uint32_t left = support_max(q);
    for (vdr_slot slot = q->household->signals_last; slot != 0 && left > 0 && !q->too_big;) {
        const vdr_signal *signal = vdr_signal_at(q->state, slot);
        if (signal->position <= position)
            return false;
        if (supports(q, signal))
            return true;
        left -= q->window != NULL && is_counted(q, signal);
        slot = signal->before;
    }
    return false;
}

bool
vdr_rule_supported_after(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t, vdr_position position)
{
    VDR_UNZEROED question q;
    if (!question_begin(&q, state, rule, household, t))
        return false;
    bool answer = ask_after(&q, position);
    return question_again(&q) ? ask_after(&q, position) : answer;
}

/* Newest first, since what is counted is mostly new, then turned round into log order. */
static void
ask_support(question *q, vdr_slots *ret_signals)
{
    size_t first = ret_signals->count;
    uint32_t left = support_max(q);
    for (vdr_slot slot = q->household->signals_last; slot != 0 && left > 0 && !q->too_big;) {
        const vdr_signal *signal = vdr_signal_at(q->state, slot);
        if (supports(q, signal))
            vdr_slots_add(ret_signals, slot);
        left -= q->window != NULL && is_counted(q, signal);
        slot = signal->before;
    }
    for (size_t last = ret_signals->count; first + 1 < last; first++) {
        vdr_slot slot = ret_signals->at[first];
        ret_signals->at[first] = ret_signals->at[--last];
        ret_signals->at[last] = slot;
    }
}

void
vdr_rule_support(vdr_state *state, size_t rule, vdr_slot household, vdr_ms t, vdr_slots *ret_signals)
{
    VDR_UNZEROED question q;
    if (!question_begin(&q, state, rule, household, t))
        return;
    size_t count = ret_signals->count;
    ask_support(&q, ret_signals);
    if (question_again(&q)) {
        ret_signals->count = count;
        ask_support(&q, ret_signals);
    }
}

void
vdr_rules_signal_added(vdr_state *state, vdr_slot household, vdr_slot signal)
{
    sketch_forget(state, household);
    vdr_windows_added(state, household, signal);
}

void
vdr_rules_signal_changed(vdr_state *state, vdr_slot household, vdr_slot signal, const vdr_signal *before)
{
    vdr_windows_changed(state, household, signal, before);
}

void
vdr_rules_signal_removed(vdr_state *state, vdr_slot household, vdr_slot signal)
{
    sketch_forget(state, household);
    vdr_windows_removed(state, household, signal);
}

void
vdr_rules_household_gone(vdr_state *state, vdr_slot household)
{
    sketch_forget(state, household);
    vdr_windows_gone(state, household);
}
