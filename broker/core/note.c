#include "broker/core/note.h"

#include "broker/core/case.h"
#include "broker/core/core_inside.h"
#include "broker/core/names.h"
#include "broker/core/town.h"
#include "broker/core/view.h"

static const vdr_note *
note_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->notes, slot);
}

static vdr_note *
note_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->notes, slot);
}

uint32_t
vdr_note_hash(const void *record)
{
    return vdr_index_hash_number(((const vdr_note *)record)->signal);
}

/* The next of the search from slot on that is about this signal. */
static vdr_slot
same(const vdr_state *state, vdr_slot slot, vdr_position signal, vdr_index_search *search)
{
    while (slot != 0 && note_at(state, slot)->signal != signal)
        slot = vdr_index_next(search);
    return slot;
}

static vdr_slot
first_of(const vdr_state *state, vdr_position signal, vdr_index_search *ret_search)
{
    if (state->notes.live == 0)
        return 0;
    vdr_slot slot = vdr_index_first(&state->notes_by_signal, vdr_index_hash_number(signal), ret_search);
    return same(state, slot, signal, ret_search);
}

static vdr_slot
next_of(const vdr_state *state, vdr_position signal, vdr_index_search *search)
{
    return same(state, vdr_index_next(search), signal, search);
}

/* ---- who writes to whom ---- */

vdr_slot
vdr_note_about(const vdr_state *state, vdr_slot case_slot, vdr_party_kind kind, vdr_name party)
{
    vdr_slot slot = vdr_case_at(state, case_slot)->signals_last;
    for (; slot != 0; slot = vdr_signal_rest_at(state, slot)->case_before) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        vdr_name whose = kind == VDR_PARTY_AGENCY ? vdr_sender_of(state, signal)->agency
                                                  : vdr_signal_rest_at(state, slot)->service;
        if (whose == party && (signal->flags & VDR_SIGNAL_RESTRICTED) == 0)
            break;
    }
    return slot;
}

bool
vdr_note_asked(const vdr_state *state, vdr_slot case_slot, vdr_party_kind kind, vdr_name party)
{
    vdr_slot slot = vdr_case_at(state, case_slot)->notes;
    for (; slot != 0; slot = note_at(state, slot)->older) {
        const vdr_note *note = note_at(state, slot);
        if (note->party == party && note->party_kind == (uint8_t)kind && note->answered == 0)
            break;
    }
    return slot != 0;
}

bool
vdr_note_knows(const vdr_state *state, vdr_slot case_slot, vdr_party_kind kind, vdr_name party)
{
    uint32_t place = kind == VDR_PARTY_AGENCY ? vdr_town_name_of(state->town, party)->agency : VDR_TOWN_NONE;
    bool sees = place != VDR_TOWN_NONE && state->town->agencies[place].sees_match;
    return sees || vdr_note_asked(state, case_slot, kind, party);
}

bool
vdr_note_kept(const vdr_state *state, vdr_position signal, vdr_position position)
{
    vdr_index_search search;
    vdr_slot slot = first_of(state, signal, &search);
    while (slot != 0 && position != 0 && note_at(state, slot)->position != position)
        slot = next_of(state, signal, &search);
    return slot != 0;
}

/* ---- coming and going ---- */

static void
cut(vdr_state *state, vdr_slot slot)
{
    vdr_note note = *note_at(state, slot);
    vdr_case *of = vdr_case_edit(state, note.case_slot);
    if (note.newer != 0)
        note_edit(state, note.newer)->older = note.older;
    else
        of->notes = note.older;
    if (note.older != 0)
        note_edit(state, note.older)->newer = note.newer;
    of->note_count--;
    vdr_index_remove(&state->notes_by_signal, slot);
    vdr_slab_give(&state->notes, slot);
}

static vdr_slot
oldest_of(const vdr_state *state, vdr_slot case_slot)
{
    vdr_slot slot = vdr_case_at(state, case_slot)->notes;
    VDR_ASSERT(slot != 0);
    while (note_at(state, slot)->older != 0)
        slot = note_at(state, slot)->older;
    return slot;
}

void
vdr_note_put(vdr_state *state, vdr_slot case_slot, vdr_slot signal, vdr_party_kind kind, vdr_name party,
             bool answered)
{
    if (vdr_case_at(state, case_slot)->note_count == VDR_NOTES_MAX)
        cut(state, oldest_of(state, case_slot));
    vdr_slot slot = vdr_slab_take(&state->notes);
    vdr_case *of = vdr_case_edit(state, case_slot);
    *note_edit(state, slot) = (vdr_note){.position = state->stepping,
                                         .signal = vdr_signal_at(state, signal)->position,
                                         .at = state->now,
                                         .case_slot = case_slot,
                                         .older = of->notes,
                                         .party = party,
                                         .regisseur = of->regisseur,
                                         .party_kind = (uint8_t)kind,
                                         .answered = answered};
    if (of->notes != 0)
        note_edit(state, of->notes)->newer = slot;
    of->notes = slot;
    of->note_count++;
    vdr_index_put(&state->notes_by_signal, slot);
}

void
vdr_note_signal_gone(vdr_state *state, vdr_position signal)
{
    vdr_slot slot;
    vdr_index_search search;
    while ((slot = first_of(state, signal, &search)) != 0)
        cut(state, slot);
}

void
vdr_note_case_gone(vdr_state *state, vdr_slot case_slot)
{
    vdr_slot slot;
    while ((slot = vdr_case_at(state, case_slot)->notes) != 0)
        cut(state, slot);
}

/* ---- looking (view.h) ---- */

static vdr_slot
signal_of(const vdr_state *state, const vdr_note *note)
{
    vdr_slot household = vdr_case_at(state, note->case_slot)->household;
    vdr_slot slot = vdr_household_at(state, household)->signals_last;
    while (slot != 0 && vdr_signal_at(state, slot)->position != note->signal)
        slot = vdr_signal_at(state, slot)->before;
    return slot; /* 0: it went to another household since */
}

/* A signal that is restricted, or that names a person who is. */
static bool
is_restricted(const vdr_core *core, vdr_slot slot)
{
    const vdr_state *state = &core->state;
    const vdr_signal *signal = vdr_signal_at(state, slot);
    bool restricted = (signal->flags & VDR_SIGNAL_RESTRICTED) != 0;
    for (vdr_slot at = signal->names; at != 0 && !restricted; at = vdr_naming_at(state, at)->next)
        restricted =
            vdr_view_person_restricted(core, &vdr_member_at(state, vdr_naming_at(state, at)->member)->key);
    return restricted;
}

static void
show(const vdr_core *core, const vdr_note *note, vdr_slot signal, vdr_note_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_span party = vdr_name_text(state, note->party), regisseur = vdr_name_text(state, note->regisseur);
    vdr_party_kind kind = (vdr_party_kind)note->party_kind;
    bool answered = note->answered != 0;
    *ret_view = (vdr_note_view){.position = note->position,
                                .at = note->at,
                                .by_kind = answered ? kind : VDR_PARTY_REGISSEUR,
                                .by = answered ? party : regisseur,
                                .to_kind = answered ? VDR_PARTY_REGISSEUR : kind,
                                .to = answered ? regisseur : party,
                                .restricted = signal == 0};
    if (signal == 0)
        return;
    const vdr_sender *sender = vdr_sender_of(state, vdr_signal_at(state, signal));
    ret_view->source = vdr_name_text(state, sender->source);
    ret_view->id = vdr_text_get(&state->texts, vdr_signal_at(state, signal)->id);
    ret_view->restricted = is_restricted(core, signal);
}

bool
vdr_view_case_note(const vdr_core *core, vdr_at case_at, vdr_position after, vdr_note_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_slot found = 0;
    for (vdr_slot slot = vdr_case_at(state, case_at.slot)->notes;
         slot != 0 && note_at(state, slot)->position > after; slot = note_at(state, slot)->older)
        found = slot;
    if (found != 0)
        show(core, note_at(state, found), signal_of(state, note_at(state, found)), ret_view);
    return found != 0;
}

bool
vdr_view_signal_note(const vdr_core *core, vdr_at signal_at, vdr_position after, vdr_note_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_index_search search;
    vdr_position signal = vdr_signal_at(state, signal_at.slot)->position;
    const vdr_note *found = NULL;
    for (vdr_slot slot = first_of(state, signal, &search); slot != 0;
         slot = next_of(state, signal, &search)) {
        const vdr_note *note = note_at(state, slot);
        if (note->position > after && (found == NULL || note->position < found->position))
            found = note;
    }
    if (found != NULL)
        show(core, found, signal_at.slot, ret_view);
    return found != NULL;
}

vdr_span
vdr_view_signal_regisseur(const vdr_core *core, vdr_at signal_at, vdr_party_kind kind, vdr_span party)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = vdr_signal_at(state, signal_at.slot)->in_case;
    vdr_name name = vdr_name_find(state, party);
    if (slot == 0 || name == 0 || vdr_case_at(state, slot)->state != VDR_CASE_ACTIVE ||
        !vdr_note_knows(state, slot, kind, name))
        return (vdr_span){0};
    return vdr_name_text(state, vdr_case_at(state, slot)->regisseur);
}

const char *
vdr_note_check(const vdr_state *state)
{
    uint32_t found = 0;
    for (vdr_slot slot = 1; state->notes.live != 0 && slot < state->cases.next; slot++) {
        const vdr_case *of = vdr_case_at(state, slot);
        uint32_t count = 0;
        vdr_slot newer = 0;
        if (of->household == 0)
            continue;
        for (vdr_slot at = of->notes; at != 0; at = note_at(state, at)->older, count++) {
            const vdr_note *note = note_at(state, at);
            if (note->case_slot != slot || note->newer != newer || count == VDR_NOTES_MAX)
                return "the notes of a case are torn";
            if (newer != 0 && note_at(state, newer)->position <= note->position)
                return "the notes of a case are not in log order";
            if (!vdr_note_kept(state, note->signal, note->position))
                return "a note is not found by its signal";
            newer = at;
        }
        if (count != of->note_count)
            return "I19: the notes of a case are not as many as it says";
        found += count;
    }
    return found == state->notes.live ? NULL : "a note is of no case";
}
