/* Cases, as the lines tell of them, and what semantics section 8 says of any history: who holds a case changes by a line that
 * says so, and no case waits while somebody could take it. */
#include "broker/core/view.h"
#include "tests/sim/audit_inside.h"

#include <stdlib.h>

typedef struct told_case {
    vdr_case_state state; /* 0: not heard of */
    char regisseur[32];   /* "": none */
    uint32_t refused;     /* regisseurs, by place in the town's list of parties */
    uint64_t household;
} told_case;

/* An absence that stands, or a conflict of interest. */
typedef struct told_bar {
    char regisseur[32];
    uint64_t household; /* 0: an absence, from and to */
    vdr_ms from, to;
} told_bar;

static told_bar *bars;
static size_t bar_count, bar_max;
static uint32_t barred; /* regisseurs who ever were: whatever waits for them may wait */

static told_case *cases; /* by number */
static size_t case_max;
static vdr_arena arena;

void
sim_cases_begin(void)
{
    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, (size_t)64 << 20);
    if (case_max != 0)
        memset(cases, 0, case_max * sizeof *cases);
    bar_count = 0;
    barred = 0;
}

static told_case *
case_of(uint64_t number)
{
    if (number >= case_max) {
        size_t max = (size_t)number * 2 + 16;
        cases = vdr_realloc(cases, max, sizeof *cases);
        memset(cases + case_max, 0, (max - case_max) * sizeof *cases);
        case_max = max;
    }
    return &cases[number];
}

static uint32_t
bit_of(const char *regisseur)
{
    for (unsigned i = 0; i < sim_audit_town->party_count; i++) {
        if (strcmp(sim_audit_town->parties[i].id, regisseur) == 0)
            return UINT32_C(1) << i;
    }
    return 0;
}

/* Those that may name another regisseur than the line before. */
static bool
moves(vdr_change change)
{
    switch (change) {
    case VDR_CHANGE_PROPOSED:
    case VDR_CHANGE_OFFERED:
    case VDR_CHANGE_UNASSIGNED:
    case VDR_CHANGE_DECLINED:
    case VDR_CHANGE_EXPIRED:
    case VDR_CHANGE_REASSIGNED:
    case VDR_CHANGE_HANDED_OVER:
    case VDR_CHANGE_TAKEN_BACK:
        return true;
    case VDR_CHANGE_RAISED:
    case VDR_CHANGE_ACCEPTED:
    case VDR_CHANGE_DISMISSED:
    case VDR_CHANGE_ESCALATED:
    case VDR_CHANGE_PLAN_SET:
    case VDR_CHANGE_CLOSED:
    case VDR_CHANGE_RETRACTED:
    case VDR_CHANGE_MERGED:
        return false;
    }
    return false;
}

/* ---- Who may not get a case (protocol.md 5.10, 5.15) */

static bool
is_absent(const char *regisseur, vdr_ms at)
{
    for (size_t i = 0; i < bar_count; i++) {
        if (bars[i].household == 0 && strcmp(bars[i].regisseur, regisseur) == 0 && bars[i].from <= at &&
            at < bars[i].to)
            return true;
    }
    return false;
}

static bool
in_conflict(const char *regisseur, uint64_t household)
{
    for (size_t i = 0; i < bar_count; i++) {
        if (bars[i].household != 0 && bars[i].household == household &&
            strcmp(bars[i].regisseur, regisseur) == 0)
            return true;
    }
    return false;
}

static void
add_bar(const told_bar *bar)
{
    if (bar_count == bar_max) {
        bar_max = bar_max != 0 ? 2 * bar_max : 16;
        bars = vdr_realloc(bars, bar_max, sizeof *bars);
    }
    bars[bar_count++] = *bar;
    barred |= bit_of(bar->regisseur);
}

static bool
is_same(const told_bar *bar, const told_bar *other)
{
    return strcmp(bar->regisseur, other->regisseur) == 0 &&
           (bar->household == 0) == (other->household == 0) &&
           (bar->household != 0 || (bar->from == other->from && bar->to == other->to));
}

/* Where a conflict ends, it may be about what the household has become: none of that regisseur's is counted on. */
static void
lift_bar(const told_bar *bar)
{
    size_t kept = 0;
    for (size_t i = 0; i < bar_count; i++) {
        if (!is_same(&bars[i], bar))
            bars[kept++] = bars[i];
    }
    bar_count = kept;
}

/* Households changed: a case may be of another one now, and no line says so. */
static void
forget_households(void)
{
    size_t kept = 0;
    for (size_t i = 0; i < case_max; i++)
        cases[i].household = 0;
    for (size_t i = 0; i < bar_count; i++) {
        if (bars[i].household == 0)
            bars[kept++] = bars[i];
    }
    bar_count = kept;
}

/* What the act itself says, after all that it caused. */
static void
hear_act(const vdr_command *command)
{
    told_bar bar = {.from = command->absent_from, .to = command->absent_to};
    if (command->kind != VDR_COMMAND_ACT || command->regisseur.len >= sizeof bar.regisseur)
        return;
    if (command->regisseur.len != 0)
        memcpy(bar.regisseur, command->regisseur.at, command->regisseur.len);
    bool conflict = command->act == VDR_ACT_CONFLICT_DECLARED || command->act == VDR_ACT_CONFLICT_LIFTED;
    bar.household = conflict ? command->household.number : 0;
    if (conflict && bar.household == 0) { /* of a person, wherever that one is */
        barred |= bit_of(bar.regisseur);
        return;
    }
    if (command->act == VDR_ACT_ABSENCE_SET || command->act == VDR_ACT_CONFLICT_DECLARED)
        add_bar(&bar);
    if (command->act == VDR_ACT_ABSENCE_LIFTED || command->act == VDR_ACT_CONFLICT_LIFTED)
        lift_bar(&bar);
    if (command->act == VDR_ACT_HOUSEHOLD_MERGED || command->act == VDR_ACT_PERSON_MOVED ||
        command->act == VDR_ACT_HOUSEHOLD_SPLIT)
        forget_households();
}

static void
nobody_barred_has_one(vdr_position position)
{
    for (size_t i = 0; i < case_max; i++) {
        const told_case *c = &cases[i];
        if ((c->state == VDR_CASE_OFFERED || c->state == VDR_CASE_ACTIVE) &&
            in_conflict(c->regisseur, c->household))
            sim_violation("5.10", "after record %llu C%zu is with %s, in conflict",
                          (unsigned long long)position, i, c->regisseur);
    }
}

static void
hear(const vdr_decision *d, const vdr_command *command)
{
    told_case *c = case_of(d->case_id.number);
    char regisseur[32] = "";
    unsigned long long number = d->case_id.number;
    if (d->regisseur.len < sizeof regisseur && d->regisseur.len != 0)
        memcpy(regisseur, d->regisseur.at, d->regisseur.len);
    if (c->state != 0 && !moves(d->change) && strcmp(c->regisseur, regisseur) != 0)
        sim_violation("I6", "C%llu goes from \"%s\" to \"%s\" by change %u, which does not say so", number,
                      c->regisseur, regisseur, (unsigned)d->change);
    if (d->change == VDR_CHANGE_ACCEPTED && c->state != VDR_CASE_OFFERED)
        sim_violation("I6", "C%llu is accepted and was not offered", number);
    if (d->change == VDR_CHANGE_CLOSED && c->state != VDR_CASE_ACTIVE)
        sim_violation("I6", "C%llu is closed and was not active", number);
    bool held = d->state == VDR_CASE_OFFERED || d->state == VDR_CASE_ACTIVE;
    if (held != (regisseur[0] != '\0') && (held || d->state == VDR_CASE_UNASSIGNED))
        sim_violation("I6", "C%llu is in state %u with \"%s\"", number, (unsigned)d->state, regisseur);
    if (d->change == VDR_CHANGE_DECLINED || d->change == VDR_CHANGE_EXPIRED)
        c->refused |= bit_of(c->regisseur);
    bool by_hand = command->kind == VDR_COMMAND_ACT && command->act == VDR_ACT_CASE_ASSIGNED &&
                   command->case_id.number == number;
    if (d->change == VDR_CHANGE_OFFERED && !by_hand && is_absent(regisseur, d->at))
        sim_violation("5.15", "C%llu is offered to %s, who is absent", number, regisseur);
    c->household = d->household.number;
    c->state = d->state;
    memcpy(c->regisseur, regisseur, sizeof regisseur);
}

static uint32_t
load_of(const char *regisseur)
{
    uint32_t load = 0;
    for (size_t i = 0; i < case_max; i++)
        load += (cases[i].state == VDR_CASE_OFFERED || cases[i].state == VDR_CASE_ACTIVE) &&
                strcmp(cases[i].regisseur, regisseur) == 0;
    return load;
}

/* Retry (section 8): whatever waits was tried when somebody had less to do. Who ever was absent or in conflict does
 * not count; room stays as it is. */
static void
nobody_waits_in_vain(vdr_position position)
{
    uint32_t with_room = 0;
    for (unsigned i = 0; i < sim_audit_town->party_count; i++) {
        const sim_party *p = &sim_audit_town->parties[i];
        if (p->kind == VDR_PARTY_REGISSEUR && (barred >> i & 1) == 0 &&
            load_of(p->id) < sim_audit_town->room[i])
            with_room |= UINT32_C(1) << i;
    }
    for (size_t i = 0; i < case_max && with_room != 0; i++) {
        if (cases[i].state == VDR_CASE_UNASSIGNED && (with_room & ~cases[i].refused) != 0)
            sim_violation("section 8", "after record %llu C%zu waits, and somebody could take it",
                          (unsigned long long)position, i);
    }
}

void
sim_cases_step(const vdr_core *core, vdr_position position, const vdr_command *command, vdr_span tale)
{
    uint32_t offset = 0;
    bool heard = false;
    vdr_effect effect;
    vdr_decision d;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK) {
        if (effect.kind != VDR_EFFECT_CASE)
            continue;
        vdr_arena_reset(&arena);
        if (vdr_core_decision(core, &effect, &arena, &d) != VDR_OK) {
            sim_violation("I10", "a line of record %llu cannot be read", (unsigned long long)position);
            return;
        }
        hear(&d, command);
        heard = true;
    }
    hear_act(command);
    if (heard)
        nobody_waits_in_vain(position);
    if (heard || bar_count != 0)
        nobody_barred_has_one(position);
}

void
sim_cases_end(const vdr_core *core)
{
    for (size_t i = 0; i < case_max; i++) {
        const told_case *c = &cases[i];
        vdr_at at;
        vdr_case_view view;
        if (c->state == 0 || !vdr_view_case(core, (vdr_case_id){i}, &at, &view))
            continue;
        if (view.state != c->state || !vdr_span_equal(view.regisseur, vdr_span_str(c->regisseur)))
            sim_violation("I6", "C%zu is in state %u with \"%.*s\", the lines say %u with \"%s\"", i,
                          (unsigned)view.state, (int)view.regisseur.len, (const char *)view.regisseur.at,
                          (unsigned)c->state, c->regisseur);
    }
}
