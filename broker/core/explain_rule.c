/* A rule for a household now: what it counts, what not and why, and what it lacks. */
#include "broker/core/explain_inside.h"

#include "broker/core/control_inside.h"
#include "broker/core/heap.h"
#include "broker/core/latch.h"
#include "broker/core/propose.h"
#include "broker/core/rulebook.h"
#include "broker/core/rules.h"
#include "broker/core/window.h"
#include "proto/utf8.h"

/* Looks into the past or future of a household cost its signals each: fewer for a large one. */
#define LOOKED_AT_MAX 8192u
#define LOOKS_MAX     16u

typedef struct groups { /* what within_same splits by, in the order in which signals have it */
    uint32_t at[VDR_EXPLAIN_GROUPS_MAX];
    uint32_t person[VDR_EXPLAIN_GROUPS_MAX];
    uint32_t count, more, persons;
} groups;

static bool
is_counted(vdr_explaining *e, const vdr_rule *rule, const vdr_signal *signal)
{
    uint32_t namings = 0;
    return vdr_rule_in_time(rule->over_ms, signal, e->state->now) &&
           vdr_rule_passes(e->state, rule, signal, &namings);
}

/* ---- signals */

static vdr_use
left_out(const vdr_rule *rule, const vdr_signal *signal, vdr_ms t, vdr_ms *ret_until)
{
    if (signal->flags & VDR_SIGNAL_WITHDRAWN)
        return signal->flags & VDR_SIGNAL_SUPERSEDED ? VDR_USE_SUPERSEDED : VDR_USE_WITHDRAWN;
    if (signal->flags & VDR_SIGNAL_OUT)
        return VDR_USE_HELD;
    if (signal->occurred_at > t) {
        *ret_until = signal->occurred_at;
        return VDR_USE_NOT_YET;
    }
    *ret_until = vdr_rule_leaves(rule->over_ms, signal);
    if (signal->until > t)
        return VDR_USE_WINDOW;
    *ret_until = signal->until;
    return signal->flags & VDR_SIGNAL_ENDED ? VDR_USE_ENDED : VDR_USE_OVER;
}

static vdr_explained_use
use_of(vdr_explaining *e, const vdr_rule *rule, bool holds, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(e->state, slot);
    vdr_explained_use told = {.use = vdr_rule_misses(e->state, rule, signal), .until = VDR_MS_NONE};
    if (told.use != VDR_USE_NONE)
        return told;
    if (!vdr_rule_in_time(rule->over_ms, signal, e->state->now)) {
        told.use = left_out(rule, signal, e->state->now, &told.until);
        return told;
    }
    bool supports = !holds || vdr_rule_supported_by(e->state, rule->place, e->household, e->state->now, slot);
    told.use = supports ? VDR_USE_COUNTED : VDR_USE_GROUP;
    told.until = vdr_rule_leaves(rule->over_ms, signal);
    return told;
}

/* ---- groups and clauses */

static void
add_group(groups *found, uint32_t group, uint32_t person)
{
    for (uint32_t i = 0; i < found->count; i++)
        if (found->at[i] == group)
            return;
    if (found->count == VDR_EXPLAIN_GROUPS_MAX) {
        found->more++;
        return;
    }
    found->at[found->count] = group;
    found->person[found->count++] = person;
}

static void
find_groups(vdr_explaining *e, const vdr_rule *rule, groups *ret_groups, uint32_t *ret_counted)
{
    const vdr_state *state = e->state;
    vdr_slot slot = vdr_household_at(state, e->household)->signals_first;
    for (; slot != 0; slot = vdr_signal_at(state, slot)->after) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        if (!is_counted(e, rule, signal))
            continue;
        ++*ret_counted;
        if (rule->within != VDR_WITHIN_PERSON) {
            add_group(ret_groups, vdr_rule_group(state, rule, signal), 0);
            continue;
        }
        for (vdr_slot at = signal->names; at != 0; at = vdr_naming_at(state, at)->next) {
            uint32_t before = ret_groups->count;
            if (vdr_naming_at(state, at)->again == 0 && vdr_naming_counts(vdr_naming_at(state, at)))
                add_group(ret_groups, vdr_naming_at(state, at)->member, ret_groups->persons + 1);
            ret_groups->persons += ret_groups->count - before;
        }
    }
    if (rule->within == VDR_WITHIN_NONE && ret_groups->count == 0)
        add_group(ret_groups, 0, 0);
}

static vdr_err
tell_group(vdr_explaining *e, const vdr_rule *rule, const vdr_window *window, uint32_t group,
           vdr_explained_group *ret_told)
{
    size_t room = rule->asked_count + 1;
    vdr_explained_clause *clauses = (vdr_explained_clause *)vdr_arena_alloc(e->arena, room * sizeof *clauses);
    vdr_window_counts counts;
    if (clauses == NULL)
        return VDR_E_NO_MEMORY;
    vdr_window_counts_of(window, rule, group, &counts);
    ret_told->clauses = clauses;
    ret_told->holds = counts.holds;
    for (uint32_t i = 0; i < rule->asked_count; i++) {
        vdr_rule_asked asked = rule->asked[i];
        uint64_t value = counts.values[asked.measure];
        clauses[ret_told->clause_count++] =
            (vdr_explained_clause){.clause = asked.measure,
                                   .value = value,
                                   .least = asked.least,
                                   .reached = value >= asked.least,
                                   .or_more = asked.measure == VDR_MEASURE_PERSONS && counts.persons_or_more};
    }
    if (rule->spread_ms > 0)
        clauses[ret_told->clause_count++] =
            (vdr_explained_clause){.clause = VDR_CLAUSE_SPREAD,
                                   .value = (uint64_t)(counts.newest - counts.oldest),
                                   .least = (uint64_t)rule->spread_ms,
                                   .reached = counts.newest - counts.oldest >= rule->spread_ms};
    return VDR_OK;
}

/* Does a lack less than b? Fewer clauses first, then less of what is counted; spread counts as one. */
static bool
is_nearer(const vdr_explained_group *a, const vdr_explained_group *b)
{
    uint64_t clauses[2] = {0}, missing[2] = {0};
    const vdr_explained_group *const both[2] = {a, b};
    for (size_t i = 0; i < 2; i++)
        for (size_t j = 0; j < both[i]->clause_count; j++) {
            const vdr_explained_clause *clause = &both[i]->clauses[j];
            if (clause->reached)
                continue;
            clauses[i]++;
            missing[i] += clause->clause == VDR_CLAUSE_SPREAD ? 1 : clause->least - clause->value;
        }
    return clauses[0] != clauses[1] ? clauses[0] < clauses[1] : missing[0] < missing[1];
}

static vdr_err
tell_groups(vdr_explaining *e, const vdr_rule *rule, const vdr_window *window, vdr_explained_rule *told)
{
    groups found = {.count = 0};
    find_groups(e, rule, &found, &told->counted);
    vdr_explained_group *list =
        (vdr_explained_group *)vdr_arena_alloc(e->arena, (found.count + 1) * sizeof *list);
    if (list == NULL)
        return VDR_E_NO_MEMORY;
    told->groups = list;
    told->groups_more = found.more;
    for (uint32_t i = 0; i < found.count; i++) {
        vdr_err err = tell_group(e, rule, window, found.at[i], &list[i]);
        if (err != VDR_OK)
            return err;
        list[i].person = found.person[i];
        if (rule->within != VDR_WITHIN_NONE && rule->within != VDR_WITHIN_PERSON)
            list[i].name = vdr_explain_name(e->state, found.at[i]);
        told->group_count++;
        if (!told->holds && (told->nearest == 0 || is_nearer(&list[i], &list[told->nearest - 1])))
            told->nearest = i + 1;
    }
    return VDR_OK;
}

/* ---- before and after */

/* The instants at which a signal that passes ceases to count: those to come, the next first; or, with sign -1,
 * those that were, negated, the last first. */
static void
instants_of(vdr_explaining *e, const vdr_rule *rule, int64_t sign, vdr_heap *ret_instants)
{
    const vdr_household *household = vdr_household_at(e->state, e->household);
    *ret_instants = (vdr_heap){0};
    for (vdr_slot slot = household->signals_first; slot != 0; slot = vdr_signal_at(e->state, slot)->after) {
        const vdr_signal *signal = vdr_signal_at(e->state, slot);
        uint32_t namings = 0;
        vdr_ms leaves = vdr_rule_leaves(rule->over_ms, signal);
        if (leaves > signal->occurred_at && (leaves > e->state->now) == (sign > 0) &&
            vdr_rule_passes(e->state, rule, signal, &namings))
            vdr_heap_add(ret_instants, sign * leaves, 0);
    }
}

/* The first, which is taken out with those that equal it. */
static vdr_ms
next_instant(vdr_heap *instants)
{
    vdr_ms instant = instants->at[0].key;
    while (instants->count > 0 && instants->at[0].key == instant)
        vdr_heap_take_first(instants);
    return instant;
}

/* The newest instant until which it held, as far as what is there now says. */
static vdr_ms
held_until(vdr_explaining *e, const vdr_rule *rule)
{
    vdr_heap instants;
    vdr_ms found = VDR_MS_NONE;
    uint32_t signals = vdr_household_at(e->state, e->household)->signal_count;
    uint32_t looks = signals != 0 ? LOOKED_AT_MAX / signals + 1 : 0;
    instants_of(e, rule, -1, &instants);
    for (looks = looks < LOOKS_MAX ? looks : LOOKS_MAX;
         instants.count > 0 && looks > 0 && found == VDR_MS_NONE; looks--) {
        vdr_ms instant = -next_instant(&instants);
        vdr_window *then = vdr_window_new(e->state, rule->over, e->household, instant - 1);
        if (vdr_window_holds(then, rule))
            found = instant;
        vdr_window_free(then);
    }
    vdr_heap_done(&instants);
    return found;
}

/* The first instant at which it ceases to hold if nothing comes. A signal that leaves the state while it counts
 * would make this wrong: then nothing is said. */
static vdr_ms
holds_until(vdr_explaining *e, const vdr_rule *rule)
{
    vdr_heap instants;
    vdr_ms found = VDR_MS_NONE;
    for (vdr_slot slot = vdr_household_at(e->state, e->household)->signals_first; slot != 0;
         slot = vdr_signal_at(e->state, slot)->after) {
        const vdr_signal *signal = vdr_signal_at(e->state, slot);
        if (signal->occurred_at + vdr_terms_of(e->state, signal)->retain_ms <
            vdr_rule_leaves(rule->over_ms, signal))
            return VDR_MS_NONE;
    }
    instants_of(e, rule, 1, &instants);
    vdr_window *ahead = vdr_window_new(e->state, rule->over, e->household, e->state->now);
    while (instants.count > 0 && found == VDR_MS_NONE) {
        vdr_ms instant = next_instant(&instants);
        vdr_window_move(e->state, ahead, instant);
        if (!vdr_window_holds(ahead, rule))
            found = instant;
    }
    vdr_window_free(ahead);
    vdr_heap_done(&instants);
    return found;
}

/* ---- the rule */

static vdr_ms
paused_until(const vdr_state *state, size_t rule)
{
    vdr_slot slot = vdr_pause_find(state, VDR_PROPOSAL_PAUSE, vdr_rule_name_of(state, rule));
    return ((const vdr_pause *)vdr_slab_at(&state->pauses, slot))->until;
}

static void
tell_bar(vdr_explaining *e, size_t rule, vdr_explained_rule *told)
{
    vdr_state *state = e->state;
    vdr_bar bar = vdr_propose_bar(state, e->household);
    if (told->level != VDR_LEVEL_CASE)
        told->latched = vdr_latch_is_set(state, e->household, vdr_rule_record_of(state, rule));
    if (vdr_rule_is_paused(state, rule)) {
        told->barred = VDR_BARRED_PAUSED;
        told->barred_until = paused_until(state, rule);
    } else if (told->level != VDR_LEVEL_CASE) {
        return;
    } else if (vdr_household_at(state, e->household)->open_case != 0) {
        told->barred = VDR_BARRED_OPEN_CASE;
    } else if (state->now < bar.cooldown_end && told->priority != VDR_PRIORITY_URGENT) {
        told->barred = VDR_BARRED_COOLDOWN;
        told->barred_until = bar.cooldown_end;
    } else if (told->holds && !vdr_rule_supported_after(state, rule, e->household, state->now, bar.after)) {
        told->barred = VDR_BARRED_NOTHING_NEW;
    }
}

vdr_err
vdr_explain_rule(vdr_explaining *e, size_t place, vdr_explained_rule *ret_rule)
{
    vdr_state *state = e->state;
    const vdr_config_rule *config = &state->config->rules[place];
    const vdr_rule *rule = &state->rulebook->rules[place];
    vdr_explained_use *uses =
        (vdr_explained_use *)vdr_arena_alloc(e->arena, (e->listed.count + 1) * sizeof *uses);
    if (uses == NULL)
        return VDR_E_NO_MEMORY;
    *ret_rule = (vdr_explained_rule){.id = config->id,
                                     .text = vdr_utf8_cut(config->text, VDR_EXPLAIN_TEXT_BYTES),
                                     .level = config->level,
                                     .priority = config->priority,
                                     .holds = vdr_rule_holds(state, place, e->household, state->now),
                                     .over_ms = rule->over_ms,
                                     .within = rule->within,
                                     .uses = uses,
                                     .use_count = e->listed.count,
                                     .barred_until = VDR_MS_NONE,
                                     .held_until = VDR_MS_NONE,
                                     .holds_until = VDR_MS_NONE};
    for (size_t i = 0; i < e->listed.count; i++)
        uses[i] = use_of(e, rule, ret_rule->holds, e->listed.at[i]);
    vdr_window *window = vdr_window_new(state, rule->over, e->household, state->now);
    VDR_ASSERT(vdr_window_holds(window, rule) == ret_rule->holds);
    vdr_err err = tell_groups(e, rule, window, ret_rule);
    vdr_window_free(window);
    if (ret_rule->holds)
        ret_rule->holds_until = holds_until(e, rule);
    else
        ret_rule->held_until = held_until(e, rule);
    tell_bar(e, place, ret_rule);
    return err;
}
