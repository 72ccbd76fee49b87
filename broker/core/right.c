#include "broker/core/right.h"

#include "broker/core/case.h"
#include "broker/core/household.h"
#include "broker/core/mailbox.h"
#include "broker/core/rekey.h"
#include "broker/core/retention.h"
#include "broker/core/rules.h"

/* What a right's timer does when it falls. */
enum stage { STAGE_NONE = 0, STAGE_AHEAD = 1, STAGE_DUE = 2, STAGE_LEAVES = 3 };

static vdr_right *
edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->rights, slot);
}

/* ---- finding ---- */

static uint32_t
hash_of(vdr_right_about about)
{
    if (about.person != NULL)
        return vdr_member_hash(about.person);
    return vdr_index_hash_number(about.signal != 0 ? about.signal : about.household);
}

/* What a standing one is about. */
static vdr_right_about
about_of(const vdr_right *right)
{
    bool person = right->household == 0; /* a signal has one */
    return (vdr_right_about){right->household, right->signal, person ? &right->person : NULL};
}

uint32_t
vdr_right_hash(const void *record)
{
    return hash_of(about_of(record));
}

static bool
same(vdr_right_about a, vdr_right_about b)
{
    if (a.person != NULL || b.person != NULL)
        return a.person != NULL && b.person != NULL && vdr_key16_equal(a.person, b.person);
    return a.signal == b.signal && (a.signal != 0 || a.household == b.household);
}

vdr_slot
vdr_right_find(const vdr_state *state, vdr_right_kind kind, vdr_right_about about)
{
    vdr_index_search search;
    if (state->rights.live == 0)
        return 0;
    vdr_slot slot = vdr_index_first(&state->rights_by_whom, hash_of(about), &search);
    while (slot != 0 && (vdr_right_at(state, slot)->kind != (unsigned)kind ||
                         !same(about_of(vdr_right_at(state, slot)), about)))
        slot = vdr_index_next(&search);
    return slot;
}

vdr_right_about
vdr_right_about_household(const vdr_state *state, vdr_slot household)
{
    return (vdr_right_about){.household = vdr_household_at(state, household)->number};
}

vdr_right_about
vdr_right_about_signal(const vdr_state *state, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    return (vdr_right_about){.household = vdr_household_at(state, signal->household)->number,
                             .signal = signal->position};
}

vdr_right_about
vdr_right_about_person(const vdr_key16 *person)
{
    return (vdr_right_about){.person = person};
}

static bool
stands(const vdr_state *state, vdr_right_kind kind, vdr_right_about about)
{
    return vdr_right_find(state, kind, about) != 0;
}

bool
vdr_right_keeps(const vdr_state *state, vdr_slot household)
{
    if (state->rights.live == 0)
        return false;
    vdr_slot hold = vdr_right_find(state, VDR_RIGHT_HOLD, vdr_right_about_household(state, household));
    return hold != 0 && vdr_right_at(state, hold)->state != VDR_RIGHT_PLACED;
}

void
vdr_right_keeps_household(vdr_state *state, vdr_slot household)
{
    vdr_slot hold = vdr_right_find(state, VDR_RIGHT_HOLD, vdr_right_about_household(state, household));
    edit(state, hold)->waits = 1;
}

/* ---- marks of signals ---- */

#define MARKS (VDR_SIGNAL_HELD | VDR_SIGNAL_RESTRICTED)

/* Which of an objection and a restriction stand about it, as marks. */
static unsigned
marks_about(const vdr_state *state, vdr_right_about about)
{
    return (stands(state, VDR_RIGHT_OBJECTION, about) ? VDR_SIGNAL_HELD : 0u) |
           (stands(state, VDR_RIGHT_RESTRICTION, about) ? VDR_SIGNAL_RESTRICTED : 0u);
}

static unsigned
marks_of_person(const vdr_state *state, vdr_slot member)
{
    return marks_about(state, vdr_right_about_person(&vdr_member_at(state, member)->key));
}

/* Of its household, of itself, and of the persons where rules know nobody else of it. */
static uint8_t
marks_of(const vdr_state *state, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    unsigned marks = marks_about(state, vdr_right_about_household(state, signal->household)) |
                     marks_about(state, vdr_right_about_signal(state, slot));
    unsigned persons = 0;
    bool all = signal->names != 0;
    for (vdr_slot at = signal->names; at != 0; at = vdr_naming_at(state, at)->next) {
        unsigned of = marks_of_person(state, vdr_naming_at(state, at)->member);
        all = all && (of != 0 || vdr_naming_at(state, at)->struck != 0);
        persons |= of;
    }
    return (uint8_t)(marks | (all ? persons : 0));
}

/* Are its namings held as they should be? lifted: none should. */
static bool
are_held(const vdr_state *state, vdr_slot slot, bool lifted)
{
    for (vdr_slot at = vdr_signal_at(state, slot)->names; at != 0; at = vdr_naming_at(state, at)->next) {
        const vdr_naming *naming = vdr_naming_at(state, at);
        bool held = !lifted && marks_of_person(state, naming->member) != 0;
        if ((naming->held != 0) != held)
            return false;
    }
    return true;
}

static void
set_marks(vdr_state *state, vdr_slot slot, uint8_t marks, bool lifted)
{
    vdr_signal *signal = vdr_signal_edit(state, slot);
    signal->flags = (uint8_t)((signal->flags & ~(unsigned)MARKS) | marks);
    for (vdr_slot at = signal->names; at != 0; at = vdr_naming_at(state, at)->next) {
        bool held = !lifted && marks_of_person(state, vdr_naming_at(state, at)->member) != 0;
        if ((vdr_naming_at(state, at)->held != 0) != held)
            ((vdr_naming *)vdr_slab_edit(&state->namings, at))->held = held ? 1 : 0;
    }
}

void
vdr_right_mark(vdr_state *state, vdr_slot slot)
{
    if (state->rights.live == 0)
        return;
    uint8_t marks = marks_of(state, slot);
    if ((vdr_signal_at(state, slot)->flags & MARKS) != marks || !are_held(state, slot, false))
        set_marks(state, slot, marks, false);
}

bool
vdr_right_marked(const vdr_state *state, vdr_slot slot)
{
    uint8_t marks = state->rights.live != 0 ? marks_of(state, slot) : 0;
    return (vdr_signal_at(state, slot)->flags & MARKS) == marks && are_held(state, slot, false);
}

/* The marks of one that rules know. */
static void
mark_known(vdr_state *state, vdr_slot slot, uint8_t marks, bool lifted)
{
    vdr_signal before = *vdr_signal_at(state, slot);
    if (!are_held(state, slot, lifted)) { /* what they count of it changes: it goes and comes back */
        vdr_rules_signal_removed(state, before.household, slot);
        set_marks(state, slot, marks, lifted);
        vdr_rules_signal_added(state, before.household, slot);
    } else if ((before.flags & MARKS) != marks) {
        set_marks(state, slot, marks, lifted);
        vdr_rules_signal_changed(state, before.household, slot, &before);
    }
}

void
vdr_right_mark_all(vdr_state *state, vdr_slot household)
{
    for (vdr_slot slot = vdr_household_at(state, household)->signals_first; slot != 0;
         slot = vdr_signal_at(state, slot)->after)
        mark_known(state, slot, marks_of(state, slot), false);
}

/* All that name the person. */
static void
mark_person(vdr_state *state, const vdr_key16 *person)
{
    vdr_slots signals = {0};
    vdr_slot member = vdr_member_find(state, person, false);
    VDR_ASSERT(member != 0); /* what stands about a person ends before the person is forgotten */
    vdr_member_signals(state, member, &signals);
    for (size_t i = 0; i < signals.count; i++)
        mark_known(state, signals.at[i], marks_of(state, signals.at[i]), false);
    vdr_slots_done(&signals);
}

/* The signal of a position in its household, which it is in as long as something stands about it. */
static vdr_slot
signal_at_position(const vdr_state *state, uint64_t household, vdr_position position)
{
    vdr_slot slot = vdr_household_find(state, (vdr_household_id){household});
    VDR_ASSERT(slot != 0);
    slot = vdr_household_at(state, slot)->signals_first;
    while (vdr_signal_at(state, slot)->position != position)
        slot = vdr_signal_at(state, slot)->after;
    return slot;
}

/* What it is about is marked anew: it began, or ended. */
static void
mark_about(vdr_state *state, unsigned kind, vdr_right_about about)
{
    if (kind != VDR_RIGHT_OBJECTION && kind != VDR_RIGHT_RESTRICTION)
        return;
    vdr_slot slot;
    if (about.person != NULL) {
        mark_person(state, about.person);
    } else if (about.signal != 0) {
        slot = signal_at_position(state, about.household, about.signal);
        mark_known(state, slot, marks_of(state, slot), false);
    } else {
        slot = vdr_household_find(state, (vdr_household_id){about.household});
        VDR_ASSERT(slot != 0);
        vdr_right_mark_all(state, slot);
    }
}

bool
vdr_right_lift(vdr_state *state, vdr_slot household)
{
    bool lifted = false;
    if (state->rights.live == 0)
        return false;
    for (vdr_slot slot = vdr_household_at(state, household)->signals_first; slot != 0;
         slot = vdr_signal_at(state, slot)->after) {
        lifted = lifted || (vdr_signal_at(state, slot)->flags & MARKS) != 0 || !are_held(state, slot, true);
        mark_known(state, slot, 0, true);
    }
    return lifted;
}

void
vdr_right_put_back(vdr_state *state, vdr_slot household)
{
    vdr_right_mark_all(state, household);
}

/* ---- coming and going ---- */

static void
set_timer(vdr_state *state, vdr_slot slot, enum stage stage, vdr_ms due)
{
    uint64_t order = vdr_state_timer(state, VDR_TIMER_RIGHT, due > state->now ? due : state->now, slot);
    vdr_right *right = edit(state, slot);
    right->stage = (uint8_t)stage;
    right->order = order;
}

vdr_slot
vdr_right_begin(vdr_state *state, vdr_right_kind kind, vdr_right_about about, vdr_ms due, vdr_name author,
                vdr_party_kind author_kind)
{
    vdr_slot slot = vdr_slab_take(&state->rights);
    vdr_right *made = edit(state, slot);
    *made = (vdr_right){.position = state->stepping,
                        .number = ++state->right_last,
                        .at = state->now,
                        .due = due,
                        .ended_at = VDR_MS_NONE,
                        .household = about.household,
                        .signal = about.signal,
                        .author = author,
                        .before = state->rights_last,
                        .kind = (uint8_t)kind,
                        .state = VDR_RIGHT_STANDS,
                        .parity = (uint16_t)state->parity,
                        .author_kind = (uint8_t)author_kind};
    if (about.person != NULL)
        made->person = *about.person;
    if (state->rights_last != 0)
        edit(state, state->rights_last)->after = slot;
    else
        state->rights_first = slot;
    state->rights_last = slot;
    vdr_index_put(&state->rights_by_whom, slot);
    if (due != VDR_MS_NONE) {
        bool ahead = due - VDR_RIGHT_AHEAD_MS > state->now;
        set_timer(state, slot, ahead ? STAGE_AHEAD : STAGE_DUE, ahead ? due - VDR_RIGHT_AHEAD_MS : due);
    }
    mark_about(state, kind, about);
    return slot;
}

void
vdr_right_end(vdr_state *state, vdr_slot slot, vdr_right_state as)
{
    vdr_index_remove(&state->rights_by_whom, slot);
    vdr_right *ended = edit(state, slot);
    vdr_key16 person = ended->person;
    vdr_right_about about = about_of(ended);
    if (about.person != NULL)
        about.person = &person;
    if (about.person != NULL)
        vdr_rekey_gone(state, ended->parity, &state->old_rights);
    ended->state = (uint8_t)as;
    ended->ended_at = state->now;
    ended->ended_position = state->stepping;
    memset(ended->person.bytes, 0, sizeof ended->person.bytes);
    set_timer(state, slot, STAGE_LEAVES, state->now + state->config->retain_cases_ms);
    mark_about(state, vdr_right_at(state, slot)->kind, about);
}

static void
leave(vdr_state *state, vdr_slot slot)
{
    vdr_right left = *vdr_right_at(state, slot);
    if (left.before != 0)
        edit(state, left.before)->after = left.after;
    else
        state->rights_first = left.after;
    if (left.after != 0)
        edit(state, left.after)->before = left.before;
    else
        state->rights_last = left.before;
    vdr_slab_give(&state->rights, slot);
}

/* The number of the household that the person is of; 0: none. */
static uint64_t
home_of(const vdr_state *state, const vdr_key16 *person)
{
    vdr_slot member = vdr_member_find(state, person, false);
    VDR_ASSERT(member != 0);
    vdr_slot household = vdr_member_at(state, member)->household;
    return household != 0 ? vdr_household_at(state, household)->number : 0;
}

void
vdr_right_tell(vdr_state *state, vdr_slot slot, vdr_message_kind kind)
{
    const vdr_right *right = vdr_right_at(state, slot);
    vdr_effect message = vdr_message_new(state, kind);
    message.household.number = right->household;
    if (right->household == 0) /* of a person, and it stands: none that ended is told of */
        message.household.number = home_of(state, &right->person);
    message.result = vdr_span_str(vdr_right_kind_name((vdr_right_kind)right->kind));
    vdr_tell_officers(state, &message);
}

void
vdr_right_falls(vdr_state *state, vdr_slot slot, uint64_t order)
{
    const vdr_right *right = vdr_right_at(state, slot);
    if (right->order != order)
        return;
    enum stage stage = (enum stage)right->stage;
    if (stage == STAGE_LEAVES) {
        leave(state, slot);
        return;
    }
    vdr_right_tell(state, slot, stage == STAGE_AHEAD ? VDR_MESSAGE_REQUEST_DUE : VDR_MESSAGE_REQUEST_OVERDUE);
    if (stage == STAGE_AHEAD) {
        set_timer(state, slot, STAGE_DUE, right->due);
    } else {
        edit(state, slot)->stage = STAGE_NONE;
        edit(state, slot)->order = 0;
    }
}

/* ---- erasure that was asked ---- */

void
vdr_right_touch(vdr_state *state, vdr_slot household)
{
    if (state->rights.live != 0)
        vdr_slots_add(&state->asked, household);
}

static void
settle(vdr_state *state, vdr_slot slot)
{
    if (vdr_household_at(state, slot)->born_order == 0) /* gone */
        return;
    if (vdr_household_at(state, slot)->open_case == 0 && !vdr_right_keeps(state, slot) &&
        stands(state, VDR_RIGHT_ERASURE, vdr_right_about_household(state, slot)))
        vdr_household_erase(state, slot); /* vdr_right_household_gone says so */
}

void
vdr_right_settle(vdr_state *state)
{
    for (size_t i = 0; i < state->asked.count; i++)
        settle(state, state->asked.at[i]);
    state->asked.count = 0;
}

void
vdr_right_tell_holder(vdr_state *state, vdr_slot case_slot)
{
    const vdr_case *of = vdr_case_at(state, case_slot);
    if (state->rights.live == 0 || of->regisseur == 0 ||
        !stands(state, VDR_RIGHT_ERASURE, vdr_right_about_household(state, of->household)))
        return;
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_ERASURE_REQUESTED, case_slot, 0);
    message.household.number = vdr_household_at(state, of->household)->number;
    vdr_tell(state, VDR_PARTY_REGISSEUR, of->regisseur, &message);
}
