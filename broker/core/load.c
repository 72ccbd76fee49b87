#include "broker/core/load.h"

#include "broker/core/waiting.h"

static vdr_slot
record_of(const vdr_state *state, vdr_name name)
{
    const vdr_name_record *record = vdr_slab_at(&state->names, name);
    VDR_ASSERT(record->regisseur != 0);
    return record->regisseur;
}

const vdr_regisseur *
vdr_regisseur_of(const vdr_state *state, vdr_name name)
{
    return vdr_slab_at(&state->regisseurs, record_of(state, name));
}

static void
note(vdr_state *state, vdr_slot slot)
{
    for (size_t i = 0; i < state->load_count; i++)
        if (state->loads[i].regisseur == slot)
            return;
    if (state->load_count == state->load_size) {
        state->load_size = state->load_size != 0 ? state->load_size * 2 : 16;
        state->loads = vdr_realloc(state->loads, state->load_size, sizeof *state->loads);
    }
    const vdr_regisseur *regisseur = vdr_slab_at(&state->regisseurs, slot);
    state->loads[state->load_count++] = (vdr_load_before){.regisseur = slot, .load = regisseur->load};
}

void
vdr_load_mark(vdr_state *state)
{
    state->load_count = 0;
}

bool
vdr_load_fell(const vdr_state *state)
{
    for (size_t i = 0; i < state->load_count; i++) {
        const vdr_regisseur *regisseur = vdr_slab_at(&state->regisseurs, state->loads[i].regisseur);
        if (regisseur->load < state->loads[i].load)
            return true;
    }
    return false;
}

/* Ends of the list that a case is or comes in. */
typedef struct ends {
    vdr_slot *first, *last;
} ends;

static ends
ends_of(vdr_state *state, const vdr_case *of)
{
    if (of->state == VDR_CASE_UNASSIGNED)
        return (ends){&state->unassigned_first, &state->unassigned_last};
    vdr_regisseur *regisseur = vdr_slab_edit(&state->regisseurs, record_of(state, of->regisseur));
    return (ends){&regisseur->cases_first, &regisseur->cases_last};
}

static void
count(vdr_state *state, const vdr_case *of, uint32_t by)
{
    switch ((vdr_case_state)of->state) {
    case VDR_CASE_UNASSIGNED:
        state->unassigned_count += by;
        return;
    case VDR_CASE_OFFERED:
        state->offered_count += by;
        break;
    case VDR_CASE_ACTIVE:
        state->active_count += by;
        break;
    case VDR_CASE_CLOSED:
    case VDR_CASE_DISMISSED:
    case VDR_CASE_RETRACTED:
    case VDR_CASE_MERGED:
        VDR_ASSERT(0 && "only an open case is held");
        return;
    }
    vdr_slot slot = record_of(state, of->regisseur);
    note(state, slot);
    ((vdr_regisseur *)vdr_slab_edit(&state->regisseurs, slot))->load += by;
}

/* Between which two cases of a regisseur a number belongs. Looked for from both ends at once: what comes back
 * into the list is mostly among the oldest, what is new comes last. */
static void
find_place(vdr_state *state, ends list, uint64_t number, vdr_slot *ret_before, vdr_slot *ret_after)
{
    vdr_slot before = *list.last, after = *list.first;
    for (;; state->looks++) {
        if (before == 0 || vdr_case_at(state, before)->number < number) {
            after = before != 0 ? vdr_case_at(state, before)->held_after : *list.first;
            break;
        }
        VDR_ASSERT(after != 0); /* the other end would have come past number first */
        if (vdr_case_at(state, after)->number > number) {
            before = vdr_case_at(state, after)->held_before;
            break;
        }
        before = vdr_case_at(state, before)->held_before;
        after = vdr_case_at(state, after)->held_after;
    }
    *ret_before = before;
    *ret_after = after;
}

void
vdr_load_put(vdr_state *state, vdr_slot slot)
{
    vdr_case *put = vdr_case_edit(state, slot);
    count(state, put, 1);
    ends list = ends_of(state, put);
    vdr_slot before, after;
    if (put->state == VDR_CASE_UNASSIGNED) { /* they may be very many */
        before = vdr_waiting_before(state, put->number);
        after = before != 0 ? vdr_case_at(state, before)->held_after : *list.first;
        vdr_waiting_put(state, slot);
    } else {
        find_place(state, list, put->number, &before, &after);
    }
    put->held_before = before;
    put->held_after = after;
    *(before != 0 ? &vdr_case_edit(state, before)->held_after : list.first) = slot;
    *(after != 0 ? &vdr_case_edit(state, after)->held_before : list.last) = slot;
}

void
vdr_load_cut(vdr_state *state, vdr_slot slot)
{
    vdr_case *cut = vdr_case_edit(state, slot);
    count(state, cut, UINT32_MAX); /* one less */
    if (cut->state == VDR_CASE_UNASSIGNED)
        vdr_waiting_cut(state, slot);
    ends list = ends_of(state, cut);
    *(cut->held_before != 0 ? &vdr_case_edit(state, cut->held_before)->held_after : list.first) =
        cut->held_after;
    *(cut->held_after != 0 ? &vdr_case_edit(state, cut->held_after)->held_before : list.last) =
        cut->held_before;
    cut->held_before = cut->held_after = 0;
}

void
vdr_load_accept(vdr_state *state)
{
    state->offered_count--;
    state->active_count++;
}
