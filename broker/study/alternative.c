#include "broker/study/alternative_inside.h"

#include <stdlib.h>

/* A position of here: the record of the log that a step was taken for, and which step of it. Positions of a core that
 * was loaded are those of the log; these are after all of them. */
#define HERE       (UINT64_C(1) << 62)
#define STEP_BITS  16u
#define STEPS_MAX  ((1u << STEP_BITS) - 64u) /* of one record; the rest is for what must be */
#define STEPS_LAST ((1u << STEP_BITS) - 1u)

static vdr_position
record_of(vdr_position position)
{
    return (position & HERE) != 0 ? (position & ~HERE) >> STEP_BITS : position;
}

/* ---- households of one history in the other */

uint64_t
vdr_household_map_get(const vdr_household_map *map, uint64_t from)
{
    return from < map->size ? map->at[from] : 0;
}

void
vdr_household_map_set(vdr_household_map *map, uint64_t from, uint64_t to)
{
    if (from >= map->size) {
        uint64_t size = from + from / 2 + 4096;
        map->at = vdr_realloc(map->at, size, sizeof *map->at);
        memset(map->at + map->size, 0, (size - map->size) * sizeof *map->at);
        map->size = size;
    }
    map->at[from] = to <= UINT32_MAX ? (uint32_t)to : 0;
}

static void
link_households(vdr_alternative *a, uint64_t recorded, uint64_t here)
{
    if (recorded == 0 || here == 0)
        return;
    vdr_household_map_set(&a->here_of, recorded, here);
    vdr_household_map_set(&a->record_of, here, recorded);
}

static void
set_state(vdr_alternative *a, uint64_t household, vdr_case_state state)
{
    if (household >= a->state_size) {
        uint64_t size = household + household / 2 + 4096;
        a->states = vdr_realloc(a->states, size, 1);
        memset(a->states + a->state_size, 0, size - a->state_size);
        a->state_size = size;
    }
    a->states[household] = vdr_book_is_open(state) ? (uint8_t)state : 0;
}

vdr_case_state
vdr_alternative_recorded(const vdr_alternative *a, uint64_t household)
{
    uint64_t recorded = vdr_household_map_get(&a->record_of, household);
    return recorded < a->state_size ? (vdr_case_state)a->states[recorded] : (vdr_case_state)0;
}

/* ---- a step, and what it told */

void
vdr_alternative_touch(vdr_alternative *a, uint64_t number)
{
    if (a->touched_count == a->touched_size) {
        a->touched_size = a->touched_size != 0 ? a->touched_size * 2 : 64;
        a->touched = vdr_realloc(a->touched, a->touched_size, sizeof *a->touched);
    }
    a->touched[a->touched_count++] = number;
}

static void
on_case(void *context, const vdr_book_case *of, vdr_change change, bool opened)
{
    vdr_alternative *a = context;
    if (opened)
        a->book.cases[a->book.case_count - 1].key = vdr_household_map_get(&a->record_of, of->household);
    else if (change == VDR_CHANGE_OFFERED || change == VDR_CHANGE_REASSIGNED)
        vdr_alternative_touch(a, of->number);
}

bool
vdr_alternative_one(vdr_alternative *a, const vdr_command *command, vdr_step *ret_step,
                    vdr_book_line *ret_line)
{
    if (a->steps == STEPS_LAST)
        return false;
    vdr_position position = HERE | a->record << STEP_BITS | a->steps++;
    vdr_core_step(a->core, command, position, ret_step);
    vdr_err err = vdr_book_take(&a->book, a->core, a->record, ret_step->tale, ret_line);
    if (a->failed == VDR_OK)
        a->failed = err;
    return true;
}

/* ---- cases that only these rules have open */

/* It is held by nobody's act there, so by none here: its regisseur has it from the first moment. */
static void
accept_case(vdr_alternative *a, const vdr_case_view *view)
{
    if (a->steps >= STEPS_MAX)
        return;
    vdr_err verdict = vdr_alternative_make(a, VDR_ACT_CASE_ACCEPTED, VDR_PARTY_REGISSEUR, view->regisseur,
                                           view->id, (vdr_span){0}, vdr_core_now(a->core));
    a->counts.accepted_at_once += verdict == VDR_E_ACCEPTED;
}

static void
close_case(vdr_alternative *a, const vdr_case_view *view, vdr_ms at)
{
    if (a->steps >= STEPS_MAX)
        return;
    vdr_err verdict = vdr_alternative_make(a, VDR_ACT_CASE_CLOSED, VDR_PARTY_REGISSEUR, view->regisseur,
                                           view->id, (vdr_span){0}, at);
    a->counts.closed_by_age += verdict == VDR_E_ACCEPTED;
}

static void
settle_case(vdr_alternative *a, uint64_t number)
{
    vdr_at at;
    vdr_case_view view;
    if (!vdr_view_case(a->core, (vdr_case_id){number}, &at, &view) || !vdr_book_is_open(view.state))
        return;
    vdr_case_state recorded = vdr_alternative_recorded(a, view.household.number);
    if (recorded != 0 && recorded != VDR_CASE_ACTIVE)
        return; /* people will decide on it */
    if (view.state == VDR_CASE_OFFERED) {
        accept_case(a, &view);
        if (!vdr_view_case(a->core, (vdr_case_id){number}, &at, &view))
            return;
    }
    vdr_ms now = vdr_core_now(a->core);
    if (recorded == 0 && view.state == VDR_CASE_ACTIVE && a->age_ms != 0 && view.opened_at + a->age_ms <= now)
        close_case(a, &view, now);
}

static void
settle(vdr_alternative *a)
{
    for (size_t i = 0; i < a->touched_count; i++) /* what is settled may touch others: a retry offers them */
        settle_case(a, a->touched[i]);
    a->touched_count = 0;
}

/* Cases grow old in the order in which they were opened, which is that of the book. */
static void
close_aged(vdr_alternative *a, vdr_ms at)
{
    for (; a->age_ms != 0 && a->aging < a->book.case_count && a->steps < STEPS_MAX; a->aging++) {
        const vdr_book_case *of = &a->book.cases[a->aging];
        vdr_ms due = of->opened_at + a->age_ms;
        vdr_at place;
        vdr_case_view view;
        if (of->opened != 0 && due > at)
            return;
        if (of->opened == 0 || !vdr_view_case(a->core, (vdr_case_id){of->number}, &place, &view) ||
            view.state != VDR_CASE_ACTIVE || vdr_alternative_recorded(a, view.household.number) != 0)
            continue; /* when the recorded one ends it is settled */
        vdr_ms now = vdr_core_now(a->core);
        close_case(a, &view, due > now ? due : now);
        settle(a);
    }
}

/* ---- a record */

static void
take_signal(vdr_alternative *a, const vdr_command *command, const vdr_recorded *recorded)
{
    vdr_step step;
    vdr_book_line line;
    if (!vdr_alternative_one(a, command, &step, &line))
        return;
    if (line.verdict == VDR_E_ACCEPTED)
        link_households(a, recorded->household, line.household);
    else
        a->counts.signals_refused++;
    bool counts = a->book.from == VDR_MS_NONE || recorded->at >= a->book.from;
    a->counts.differ += counts && line.outcome != recorded->outcome;
    /* The cases it opened were told of before the household could be known. */
    for (size_t i = a->book.case_count; i > 0 && a->book.cases[i - 1].opened == a->record; i--)
        if (a->book.cases[i - 1].household == line.household)
            a->book.cases[i - 1].key = recorded->household;
}

static void
follow(vdr_alternative *a, const vdr_recorded *recorded)
{
    for (size_t i = 0; i < recorded->case_count; i++) {
        vdr_at at;
        vdr_household_view view;
        uint64_t household = recorded->cases[i].household;
        if (recorded->cases[i].state == VDR_CASE_MERGED)
            continue; /* another case of the household stays, and what is known is of that one */
        set_state(a, household, recorded->cases[i].state);
        uint64_t here = vdr_household_map_get(&a->here_of, household);
        if (here != 0 && vdr_view_household(a->core, (vdr_household_id){here}, &at, &view) &&
            view.open_case.number != 0)
            vdr_alternative_touch(a, view.open_case.number);
    }
}

static void
take_record(vdr_alternative *a, const vdr_command *command, const vdr_recorded *recorded)
{
    vdr_command here = *command;
    vdr_step step;
    vdr_book_line line;
    uint64_t before, last;
    here.at = recorded->at;
    switch (command->kind) {
    case VDR_COMMAND_SIGNAL:
        take_signal(a, &here, recorded);
        return;
    case VDR_COMMAND_ACT:
        before = vdr_view_household_last(a->core);
        vdr_alternative_act(a, &here, recorded);
        last = vdr_view_household_last(a->core);
        link_households(a, recorded->made, last != before ? last : 0);
        return;
    case VDR_COMMAND_TICK:
        here.timers_max = 0; /* others may be due here */
        (void)vdr_alternative_one(a, &here, &step, &line);
        return;
    case VDR_COMMAND_CONFIG:
        vdr_alternative_config(a, &here);
        return;
    case VDR_COMMAND_PROPOSE:
    case VDR_COMMAND_DECIDE:
    case VDR_COMMAND_RESUME:
    case VDR_COMMAND_REVOKE:
        vdr_alternative_control(a, &here, recorded);
        return;
    case VDR_COMMAND_REKEY: /* the same persons and ids; what is only here stays under the key before */
        (void)vdr_alternative_one(a, &here, &step, &line);
        return;
    case VDR_COMMAND_ERASURE: /* proves what left in the other one */
    case VDR_COMMAND_VIEW:
    case VDR_COMMAND_REWRITE:
    case VDR_COMMAND_CARRY:
    case VDR_COMMAND_ACKS: /* mailboxes have other numbers here; nobody reads them */
        here = (vdr_command){.kind = VDR_COMMAND_TICK, .at = recorded->at};
        (void)vdr_alternative_one(a, &here, &step, &line);
        return;
    }
}

vdr_err
vdr_alternative_step(vdr_alternative *a, const vdr_command *command, const vdr_recorded *recorded)
{
    bool timed = recorded->at != VDR_MS_NONE;
    a->record = recorded->position;
    a->steps = 0;
    if (timed && vdr_core_config(a->core) != NULL)
        close_aged(a, recorded->at);
    if (!a->begun && (a->since == VDR_MS_NONE || (timed && recorded->at >= a->since))) {
        a->begun = true;
        a->begun_at = recorded->at;
        if (vdr_core_config(a->core) != NULL && command->kind != VDR_COMMAND_CONFIG)
            vdr_alternative_begin(a, recorded->at);
    }
    take_record(a, command, recorded);
    follow(a, recorded);
    settle(a);
    return a->failed;
}

/* ---- */

vdr_alternative *
vdr_alternative_new(vdr_core *core, const vdr_config_texts *candidate, vdr_ms since, int64_t age_ms)
{
    vdr_alternative *a = (vdr_alternative *)vdr_alloc(1, sizeof *a);
    a->core = core;
    a->candidate = *candidate;
    a->since = since;
    a->begun_at = VDR_MS_NONE;
    a->age_ms = age_ms;
    vdr_book_init(&a->book, since);
    a->book.record_of = record_of;
    a->book.on_case = on_case;
    a->book.context = a;
    return a;
}

/* A state that both histories begin with: households and pauses are themselves. */
void
vdr_alternative_loaded(vdr_alternative *a, const vdr_config_texts *texts)
{
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++) {
        a->texts[i].len = 0;
        vdr_bytes_add(&a->texts[i], texts->text[i]);
        a->recorded.name[i] = vdr_span_str(i == VDR_CONFIG_TOWN        ? "town.yaml"
                                           : i == VDR_CONFIG_CATALOGUE ? "catalogue.yaml"
                                                                       : "rules.yaml");
        a->recorded.text[i] = vdr_bytes_span(&a->texts[i]);
    }
    vdr_core_counts counts;
    vdr_view_counts(a->core, &counts);
    uint64_t seen = 0;
    for (uint64_t number = 1; seen < counts.households; number++) {
        vdr_at at;
        vdr_household_view view;
        if (!vdr_view_household(a->core, (vdr_household_id){number}, &at, &view))
            continue;
        seen++;
        link_households(a, number, number);
        vdr_case_view open;
        if (view.open_case.number != 0 && vdr_view_case(a->core, view.open_case, &at, &open))
            set_state(a, number, open.state);
    }
    vdr_alternative_pauses(a);
    vdr_book_begin(&a->book, a->core);
}

void
vdr_alternative_free(vdr_alternative **alternative_p)
{
    vdr_alternative *a = *alternative_p;
    if (a == NULL)
        return;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++)
        vdr_bytes_done(&a->texts[i]);
    vdr_book_done(&a->book);
    vdr_config_free(&a->config);
    free(a->here_of.at);
    free(a->record_of.at);
    free(a->states);
    free(a->touched);
    free(a->pauses);
    free(a);
    *alternative_p = NULL;
}

vdr_book *
vdr_alternative_book(vdr_alternative *a)
{
    return &a->book;
}

const vdr_alternative_counts *
vdr_alternative_counted(const vdr_alternative *a)
{
    return &a->counts;
}

bool
vdr_alternative_begun(const vdr_alternative *a, vdr_ms *ret_at)
{
    *ret_at = a->begun_at;
    return a->begun;
}
