/* What stands about households and signals that become others, or leave. */
#include "broker/core/right.h"

#include "broker/core/household.h"

/* Those that stand about it, in the order of their kinds. */
static void
of_about(const vdr_state *state, vdr_right_about about, vdr_slots *ret_rights)
{
    for (int kind = 1; kind <= VDR_RIGHT_KIND_LAST; kind++) {
        vdr_slot slot = vdr_right_find(state, (vdr_right_kind)kind, about);
        if (slot != 0)
            vdr_slots_add(ret_rights, slot);
    }
}

/* It was done: the officers hear it. */
static void
done(vdr_state *state, vdr_slot slot)
{
    vdr_right_end(state, slot, VDR_RIGHT_DONE);
    vdr_right_tell(state, slot, VDR_MESSAGE_REQUEST_DONE);
}

/* What they are about is gone: all end. An erasure that was asked is done by that. */
static void
end_all(vdr_state *state, vdr_right_about about)
{
    vdr_slots found = {0};
    if (state->rights.live == 0)
        return;
    of_about(state, about, &found);
    for (size_t i = 0; i < found.count; i++) {
        if (vdr_right_at(state, found.at[i])->kind == VDR_RIGHT_ERASURE)
            done(state, found.at[i]);
        else
            vdr_right_end(state, found.at[i], VDR_RIGHT_GONE);
    }
    vdr_slots_done(&found);
}

/* Of two holds that meet, the one that keeps goes on as the one that is there. */
static void
unite_holds(vdr_state *state, vdr_slot from, vdr_slot there)
{
    const vdr_right *of = vdr_right_at(state, from);
    if (of->kind != VDR_RIGHT_HOLD || of->state == VDR_RIGHT_PLACED ||
        vdr_right_at(state, there)->state != VDR_RIGHT_PLACED)
        return;
    vdr_right *kept = vdr_slab_edit(&state->rights, there);
    kept->state = of->state;
    kept->author = of->author;
    kept->author_kind = of->author_kind;
    kept->second = of->second;
    kept->second_kind = of->second_kind;
}

/* The same about something else too, if nothing of its kind stands there. */
static void
copy(vdr_state *state, vdr_slot slot, vdr_right_about about)
{
    vdr_right of = *vdr_right_at(state, slot);
    vdr_slot there = vdr_right_find(state, (vdr_right_kind)of.kind, about);
    if (there != 0) {
        unite_holds(state, slot, there);
        return;
    }
    vdr_slot made = vdr_right_begin(state, (vdr_right_kind)of.kind, about, of.due, of.author,
                                    (vdr_party_kind)of.author_kind);
    vdr_right *copied = vdr_slab_edit(&state->rights, made);
    copied->position = of.position;
    copied->at = of.at;
    copied->state = of.state;
    copied->second = of.second;
    copied->second_kind = of.second_kind;
}

void
vdr_right_merge(vdr_state *state, vdr_slot from, vdr_slot into)
{
    if (state->rights.live == 0)
        return;
    vdr_slots found = {0};
    vdr_right_about about = vdr_right_about_household(state, into);
    of_about(state, vdr_right_about_household(state, from), &found);
    for (size_t i = 0; i < found.count; i++) {
        vdr_right_kind kind = (vdr_right_kind)vdr_right_at(state, found.at[i])->kind;
        vdr_slot there = vdr_right_find(state, kind, about);
        if (there != 0) {
            unite_holds(state, found.at[i], there);
            vdr_right_end(state, found.at[i], VDR_RIGHT_GONE);
            continue;
        }
        vdr_index_remove(&state->rights_by_whom, found.at[i]);
        vdr_right *moved = vdr_slab_edit(&state->rights, found.at[i]);
        moved->household = about.household;
        moved->waits = 0;
        vdr_index_put(&state->rights_by_whom, found.at[i]);
    }
    vdr_slots_done(&found);
    vdr_right_mark_all(state, into);
    vdr_right_touch(state, into);
}

void
vdr_right_split(vdr_state *state, vdr_slot from, vdr_slot into)
{
    if (state->rights.live == 0)
        return;
    vdr_slots found = {0};
    of_about(state, vdr_right_about_household(state, from), &found);
    for (size_t i = 0; i < found.count; i++)
        copy(state, found.at[i], vdr_right_about_household(state, into));
    vdr_slots_done(&found);
    vdr_right_touch(state, into); /* it has no case: what was asked can be done there */
}

void
vdr_right_move(vdr_state *state, vdr_slot from, vdr_slot into, bool with_cases)
{
    if (state->rights.live == 0)
        return;
    vdr_right_about about = vdr_right_about_household(state, into);
    vdr_slot hold = vdr_right_find(state, VDR_RIGHT_HOLD, vdr_right_about_household(state, from));
    vdr_slot asked = vdr_right_find(state, VDR_RIGHT_ERASURE, vdr_right_about_household(state, from));
    if (hold != 0)
        copy(state, hold, about);
    if (asked != 0 && with_cases)
        copy(state, asked, about);
    vdr_right_touch(state, from); /* its case may have gone */
    vdr_right_touch(state, into);
}

void
vdr_right_signal_moves(vdr_state *state, vdr_slot signal)
{
    if (state->rights.live == 0)
        return;
    vdr_right_about household = vdr_right_about_household(state, vdr_signal_at(state, signal)->household);
    vdr_slot objection = vdr_right_find(state, VDR_RIGHT_OBJECTION, household);
    vdr_slot restriction = vdr_right_find(state, VDR_RIGHT_RESTRICTION, household);
    if (objection != 0)
        copy(state, objection, vdr_right_about_signal(state, signal));
    if (restriction != 0)
        copy(state, restriction, vdr_right_about_signal(state, signal));
}

void
vdr_right_signal_moved(vdr_state *state, vdr_slot signal)
{
    if (state->rights.live == 0)
        return;
    vdr_slots found = {0};
    of_about(state, vdr_right_about_signal(state, signal), &found);
    for (size_t i = 0; i < found.count; i++)
        ((vdr_right *)vdr_slab_edit(&state->rights, found.at[i]))->household =
            vdr_right_about_signal(state, signal).household;
    vdr_slots_done(&found);
    vdr_right_mark(state, signal);
}

void
vdr_right_household_gone(vdr_state *state, vdr_slot household)
{
    end_all(state, vdr_right_about_household(state, household));
}

void
vdr_right_person_gone(vdr_state *state, vdr_slot member)
{
    end_all(state, vdr_right_about_person(&vdr_member_at(state, member)->key));
}

void
vdr_right_signal_gone(vdr_state *state, vdr_slot signal)
{
    end_all(state, vdr_right_about_signal(state, signal));
}

void
vdr_right_signal_withdrawn(vdr_state *state, vdr_slot signal)
{
    if (state->rights.live == 0)
        return;
    vdr_slot slot = vdr_right_find(state, VDR_RIGHT_RECTIFICATION, vdr_right_about_signal(state, signal));
    if (slot != 0)
        done(state, slot);
}

static const char *
check_one(const vdr_state *state, vdr_slot slot)
{
    const vdr_right *right = vdr_right_at(state, slot);
    bool standing = right->ended_position == 0;
    if (standing != (right->state <= VDR_RIGHT_LIFTING) || (right->ended_at == VDR_MS_NONE) != standing)
        return "a right stands and has ended";
    if (!standing)
        return right->order != 0 ? NULL : "I9: an ended right does not leave";
    bool person = right->household == 0;
    vdr_right_about about = {right->household, right->signal, person ? &right->person : NULL};
    if (vdr_right_find(state, (vdr_right_kind)right->kind, about) != slot)
        return "a right is not found by what it is about, or stands twice";
    if (right->household != 0 && vdr_household_find(state, (vdr_household_id){right->household}) == 0)
        return "a right is about a household that is gone";
    return NULL;
}

const char *
vdr_right_check(const vdr_state *state)
{
    uint32_t count = 0;
    vdr_slot before = 0;
    const char *words = state->asked.count == 0 ? NULL : "a household was asked about and not looked at";
    for (vdr_slot slot = state->rights_first; slot != 0 && words == NULL; count++) {
        const vdr_right *right = vdr_right_at(state, slot);
        if (right->before != before || count >= state->rights.live ||
            (before != 0 && vdr_right_at(state, before)->number >= right->number))
            return "the list of rights is torn";
        words = check_one(state, slot);
        before = slot;
        slot = right->after;
    }
    if (words == NULL && (before != state->rights_last || count != state->rights.live))
        words = "the list of rights is torn";
    for (vdr_slot slot = 1; slot < state->households.next && words == NULL; slot++) {
        const vdr_household *household = vdr_household_at(state, slot);
        for (vdr_slot at = household->born_order != 0 ? household->signals_first : 0; at != 0;
             at = vdr_signal_at(state, at)->after)
            if (!vdr_right_marked(state, at))
                words = "a signal is held out or restricted, and nothing says so, or the other way round";
    }
    return words;
}
