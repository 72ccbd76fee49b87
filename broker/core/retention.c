#include "broker/core/retention.h"

#include "broker/core/case.h"
#include "broker/core/household.h"
#include "broker/core/left_inside.h"
#include "broker/core/names.h"
#include "broker/core/note.h"
#include "broker/core/rekey.h"
#include "broker/core/rewrite.h"
#include "broker/core/right.h"
#include "broker/core/route.h"
#include "broker/core/rules.h"
#include "broker/core/signal.h"

static void
namings_free(vdr_state *state, vdr_slot signal)
{
    vdr_slot slot = vdr_signal_at(state, signal)->names;
    while (slot != 0) {
        vdr_naming naming = *vdr_naming_at(state, slot);
        vdr_member_drop(state, naming.member, signal);
        if (naming.role != 0)
            vdr_name_drop(state, naming.role);
        vdr_slab_give(&state->namings, slot);
        slot = naming.next;
    }
}

static void
signal_remove(vdr_state *state, vdr_slot slot, vdr_left_reason reason)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    vdr_right_signal_gone(state, slot);
    vdr_rewrite_gone(state, signal->position);
    vdr_note_signal_gone(state, signal->position);
    vdr_left_signal(state, slot, reason);
    vdr_rules_signal_removed(state, signal->household, slot);
    if (signal->in_case != 0)
        vdr_case_release(state, slot);
    vdr_overdue_end(state, slot);
    vdr_household_cut_signal(state, slot);
    namings_free(state, slot);
    if (vdr_signal_rest_at(state, slot)->address != 0)
        vdr_member_drop(state, vdr_signal_rest_at(state, slot)->address, slot);
    vdr_rekey_gone(state, (signal->flags & VDR_SIGNAL_PARITY) != 0, &state->old_signals);
    vdr_index_remove(&state->signals_by_id, slot); /* the text of its id is its tombstone's now */
    vdr_slab_give(&state->signals, slot);
    vdr_slab_give(&state->signal_rests, slot);
}

static void
leave_if_empty(vdr_state *state, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    if (household->signal_count != 0 || household->cases != 0)
        return;
    vdr_left_household(state, slot, VDR_LEFT_BY_HOUSEHOLD);
    vdr_household_remove(state, slot);
}

static void
case_remove(vdr_state *state, vdr_slot slot, vdr_left_reason reason)
{
    vdr_left_case(state, slot, reason);
    vdr_case_remove(state, slot);
}

void
vdr_signal_leaves(vdr_state *state, vdr_slot slot, uint64_t order)
{
    if (vdr_signal_rest_at(state, slot)->order != order)
        return;
    vdr_slot household = vdr_signal_at(state, slot)->household;
    if (vdr_right_keeps(state, household)) { /* it leaves when the hold is lifted */
        vdr_signal_rest_edit(state, slot)->order = 0;
        return;
    }
    signal_remove(state, slot, VDR_LEFT_BY_TERM);
    leave_if_empty(state, household);
}

void
vdr_case_leaves(vdr_state *state, vdr_slot slot, uint64_t order)
{
    const vdr_case *of = vdr_case_at(state, slot);
    if (of->leave_order != order)
        return;
    vdr_slot household = of->household;
    if (vdr_right_keeps(state, household)) {
        vdr_case_edit(state, slot)->leave_order = 0;
        return;
    }
    case_remove(state, slot, VDR_LEFT_BY_TERM);
    leave_if_empty(state, household);
}

void
vdr_household_leaves(vdr_state *state, vdr_slot slot, uint64_t order)
{
    const vdr_household *household = vdr_household_at(state, slot);
    if (household->born_order == 0 || order <= household->born_order) /* of one that had the slot before */
        return;
    if (vdr_right_keeps(state, slot))
        vdr_right_keeps_household(state, slot);
    else
        leave_if_empty(state, slot);
}

void
vdr_household_release(vdr_state *state, vdr_slot slot, bool leaves)
{
    for (vdr_slot at = vdr_household_at(state, slot)->signals_first, after; at != 0; at = after) {
        after = vdr_signal_at(state, at)->after;
        if (vdr_signal_rest_at(state, at)->order != 0)
            continue;
        signal_remove(state, at, VDR_LEFT_BY_TERM);
        leaves = true;
    }
    for (vdr_slot at = vdr_household_at(state, slot)->cases, next; at != 0; at = next) {
        const vdr_case *of = vdr_case_at(state, at);
        next = of->household_next;
        if (vdr_case_state_open((vdr_case_state)of->state) || of->leave_order != 0)
            continue;
        case_remove(state, at, VDR_LEFT_BY_TERM);
        leaves = true;
    }
    if (leaves)
        leave_if_empty(state, slot);
}

void
vdr_act_forgotten(vdr_state *state, vdr_slot slot, uint64_t order)
{
    const vdr_act_record *act = vdr_slab_at(&state->acts, slot);
    VDR_ASSERT(act->order == order); /* nothing else ends it */
    vdr_rekey_gone(state, act->parity, &state->old_acts);
    vdr_text_drop(&state->texts, act->id);
    vdr_index_remove(&state->acts_by_id, slot);
    vdr_slab_give(&state->acts, slot);
}

/* ---- erasure ---- */

void
vdr_household_erase(vdr_state *state, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    VDR_ASSERT(household->open_case == 0);
    vdr_rules_household_gone(state, slot);
    while (household->signals_last != 0)
        signal_remove(state, household->signals_last, VDR_LEFT_BY_ERASURE);
    while (household->cases != 0)
        case_remove(state, household->cases, VDR_LEFT_BY_ERASURE);
    vdr_left_household(state, slot, VDR_LEFT_BY_ERASURE);
    vdr_household_remove(state, slot);
}

/* Takes the person out of a signal that names others, too: it stays, and is to be written anew. */
static void
forget_in(vdr_state *state, vdr_slot signal, vdr_slot member)
{
    vdr_slot household = vdr_signal_at(state, signal)->household;
    vdr_rules_signal_removed(state, household, signal);
    vdr_slot *link = &vdr_signal_edit(state, signal)->names;
    while (*link != 0) {
        vdr_slot slot = *link;
        vdr_naming naming = *vdr_naming_at(state, slot);
        if (naming.member != member) {
            link = &((vdr_naming *)vdr_slab_edit(&state->namings, slot))->next;
            continue;
        }
        *link = naming.next;
        vdr_member_drop(state, member, signal); /* it is of a household still: the record stays */
        if (naming.role != 0)
            vdr_name_drop(state, naming.role);
        vdr_slab_give(&state->namings, slot);
    }
    vdr_right_mark(state, signal); /* it may name nobody else whom rules know */
    vdr_rules_signal_added(state, household, signal);
    vdr_rewrite_want(state, signal);
    vdr_note_signal_gone(state, vdr_signal_at(state, signal)->position); /* free text may name anybody */
}

static bool
names_others(const vdr_state *state, vdr_slot signal, vdr_slot member)
{
    vdr_slot at = vdr_signal_at(state, signal)->names;
    while (at != 0 && vdr_naming_at(state, at)->member == member)
        at = vdr_naming_at(state, at)->next;
    return at != 0;
}

void
vdr_person_erase(vdr_state *state, vdr_slot member, const vdr_slots *signals)
{
    vdr_slots households = {0};
    vdr_slots_add(&households, vdr_member_at(state, member)->household);
    for (size_t i = 0; i < signals->count; i++) {
        vdr_slot signal = signals->at[i], household = vdr_signal_at(state, signal)->household;
        if (names_others(state, signal, member)) {
            forget_in(state, signal, member);
            continue;
        }
        signal_remove(state, signal, VDR_LEFT_BY_ERASURE);
        if (households.at[households.count - 1] != household)
            vdr_slots_add(&households, household);
    }
    vdr_member_leave(state, member);
    for (size_t i = 0; i < households.count; i++)
        if (vdr_household_at(state, households.at[i])->born_order != 0) /* not left already */
            leave_if_empty(state, households.at[i]);
    vdr_slots_done(&households);
}

/* A household that is erased again may have an open case: what closed it was lost with the log. */
static void
household_again(vdr_state *state, vdr_slot slot)
{
    vdr_slot open_case = vdr_household_at(state, slot)->open_case;
    if (open_case != 0)
        vdr_case_end(state, open_case, VDR_CASE_CLOSED, NULL);
    vdr_household_erase(state, slot);
}

static void
case_again(vdr_state *state, vdr_slot slot)
{
    vdr_slot household = vdr_case_at(state, slot)->household;
    if (vdr_case_state_open(vdr_case_at(state, slot)->state))
        vdr_case_end(state, slot, VDR_CASE_CLOSED, NULL);
    case_remove(state, slot, VDR_LEFT_BY_ERASURE);
    leave_if_empty(state, household);
}

/* Persons whom the signal names and who are of a household. */
static void
named_by(const vdr_state *state, vdr_slot signal, vdr_slots *persons)
{
    for (vdr_slot at = vdr_signal_at(state, signal)->names; at != 0; at = vdr_naming_at(state, at)->next) {
        vdr_slot member = vdr_naming_at(state, at)->member;
        bool known = vdr_member_at(state, member)->household == 0;
        for (size_t i = 0; i < persons->count; i++)
            known = known || persons->at[i] == member;
        if (!known)
            vdr_slots_add(persons, member);
    }
}

/* Whether it was the signal or somebody in it that was erased, nobody is remembered for it alone: a tombstone names
 * no person, so whoever no other signal names goes with it, also who was named beside the one that was erased. */
static void
persons_again(vdr_state *state, const vdr_slots *persons, vdr_slots *households)
{
    for (size_t i = 0; i < persons->count; i++) {
        const vdr_member *member = vdr_member_at(state, persons->at[i]);
        if (member->uses != 0)
            continue;
        vdr_slots_add(households, member->household);
        vdr_member_leave(state, persons->at[i]);
    }
}

static void
signal_again(vdr_state *state, const vdr_command_left *left)
{
    /* By its place; the hash is only how it is found. */
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->signals_by_id, (uint32_t)left->hash, &search);
    while (slot != 0 && vdr_signal_at(state, slot)->position != left->number)
        slot = vdr_index_next(&search);
    if (slot == 0 ||
        !vdr_span_equal(vdr_name_text(state, vdr_sender_of(state, vdr_signal_at(state, slot))->source),
                        left->source))
        return;
    const vdr_rewrite *rewrite = vdr_rewrite_of(state, left->number);
    if (left->kind == VDR_LEFT_CONTENT && rewrite != NULL && rewrite->content != 0)
        return; /* it was written anew here, too */
    vdr_slots persons = {0}, households = {0};
    vdr_slots_add(&households, vdr_signal_at(state, slot)->household);
    named_by(state, slot, &persons);
    signal_remove(state, slot, VDR_LEFT_BY_ERASURE);
    persons_again(state, &persons, &households);
    for (size_t i = 0; i < households.count; i++)
        if (vdr_household_at(state, households.at[i])->born_order != 0) /* not left already */
            leave_if_empty(state, households.at[i]);
    vdr_slots_done(&persons);
    vdr_slots_done(&households);
}

void
vdr_erase_again(vdr_state *state, const vdr_command_left *left)
{
    vdr_slot slot;
    switch (left->kind) {
    case VDR_LEFT_SIGNAL:
    case VDR_LEFT_CONTENT: /* of what it says nothing can be opened: with its REWRITE, it was lost */
        signal_again(state, left);
        break;
    case VDR_LEFT_CASE:
        slot = vdr_case_find(state, (vdr_case_id){left->number});
        if (slot != 0)
            case_again(state, slot);
        break;
    case VDR_LEFT_HOUSEHOLD:
        slot = vdr_household_find(state, (vdr_household_id){left->number});
        if (slot != 0)
            household_again(state, slot);
        break;
    }
}
