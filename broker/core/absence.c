#include "broker/core/absence.h"

#include "broker/core/core_inside.h"
#include "broker/core/names.h"
#include "broker/core/town.h"
#include "broker/core/view.h"

static const vdr_absence *
absence_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->absences, slot);
}

/* The record of a regisseur of the town. */
static vdr_slot
record_of(const vdr_state *state, vdr_name regisseur)
{
    uint32_t place = vdr_town_name_of(state->town, regisseur)->regisseur;
    VDR_ASSERT(place != VDR_TOWN_NONE);
    return state->town->regisseurs[place].record;
}

static vdr_slot
first_of(const vdr_state *state, vdr_slot record)
{
    return ((const vdr_regisseur *)vdr_slab_at(&state->regisseurs, record))->absences;
}

bool
vdr_absent_at(const vdr_state *state, size_t place, vdr_ms t)
{
    if (vdr_town_absent(&state->config->regisseurs[place], t))
        return true;
    vdr_slot slot = first_of(state, state->town->regisseurs[place].record);
    while (slot != 0 && !(absence_at(state, slot)->from <= t && t < absence_at(state, slot)->to))
        slot = absence_at(state, slot)->next;
    return slot != 0;
}

vdr_slot
vdr_absence_find(const vdr_state *state, vdr_name regisseur, vdr_ms from, vdr_ms to)
{
    vdr_slot slot = first_of(state, record_of(state, regisseur));
    while (slot != 0 && (absence_at(state, slot)->from != from || absence_at(state, slot)->to != to))
        slot = absence_at(state, slot)->next;
    return slot != 0 && to > state->now ? slot : 0;
}

uint32_t
vdr_absence_count(const vdr_state *state, vdr_name regisseur)
{
    uint32_t count = 0;
    vdr_slot slot = first_of(state, record_of(state, regisseur));
    for (; slot != 0; slot = absence_at(state, slot)->next)
        count += absence_at(state, slot)->to > state->now;
    return count;
}

/* Where the list of the regisseur, or of the one before, names the slot. */
static vdr_slot *
link_edit(vdr_state *state, vdr_slot record, vdr_slot before)
{
    if (before == 0)
        return &((vdr_regisseur *)vdr_slab_edit(&state->regisseurs, record))->absences;
    return &((vdr_absence *)vdr_slab_edit(&state->absences, before))->next;
}

static void
cut(vdr_state *state, vdr_slot record, vdr_slot before, vdr_slot slot)
{
    *link_edit(state, record, before) = absence_at(state, slot)->next;
    vdr_slab_give(&state->absences, slot);
}

static void
drop_ended(vdr_state *state, vdr_slot record)
{
    vdr_slot before = 0, slot = first_of(state, record);
    while (slot != 0) {
        vdr_slot next = absence_at(state, slot)->next;
        if (absence_at(state, slot)->to <= state->now)
            cut(state, record, before, slot);
        else
            before = slot;
        slot = next;
    }
}

static bool
is_before(const vdr_absence *absence, vdr_ms from, vdr_ms to)
{
    return absence->from < from || (absence->from == from && absence->to < to);
}

void
vdr_absence_put(vdr_state *state, vdr_name regisseur, vdr_ms from, vdr_ms to, vdr_party_kind by_kind,
                vdr_name by)
{
    vdr_slot record = record_of(state, regisseur), before = 0;
    drop_ended(state, record);
    vdr_slot after = first_of(state, record);
    while (after != 0 && is_before(absence_at(state, after), from, to)) {
        before = after;
        after = absence_at(state, after)->next;
    }
    vdr_slot slot = vdr_slab_take(&state->absences);
    *(vdr_absence *)vdr_slab_edit(&state->absences, slot) = (vdr_absence){.from = from,
                                                                          .to = to,
                                                                          .position = state->stepping,
                                                                          .by = by,
                                                                          .by_kind = (uint32_t)by_kind,
                                                                          .next = after};
    *link_edit(state, record, before) = slot;
}

void
vdr_absence_drop(vdr_state *state, vdr_name regisseur, vdr_slot absence)
{
    vdr_slot record = record_of(state, regisseur), before = 0, slot = first_of(state, record);
    for (; slot != absence; slot = absence_at(state, slot)->next)
        before = slot;
    cut(state, record, before, slot);
}

/* ---- looking (view.h) ---- */

bool
vdr_view_absence(const vdr_core *core, size_t number, size_t *cursor, vdr_absence_view *ret_view)
{
    const vdr_state *state = &core->state;
    const vdr_config_regisseur *configured = &state->config->regisseurs[number];
    for (; *cursor < configured->absent_count; ++*cursor) {
        const vdr_config_absence *absent = &configured->absent[*cursor];
        if (absent->to <= state->now)
            continue;
        *ret_view = (vdr_absence_view){.from = absent->from, .to = absent->to};
        ++*cursor;
        return true;
    }
    size_t skip = *cursor - configured->absent_count;
    vdr_slot slot = first_of(state, state->town->regisseurs[number].record);
    for (; slot != 0; slot = absence_at(state, slot)->next) {
        const vdr_absence *absence = absence_at(state, slot);
        if (absence->to <= state->now || skip-- != 0)
            continue;
        *ret_view = (vdr_absence_view){.from = absence->from,
                                       .to = absence->to,
                                       .by_kind = (vdr_party_kind)absence->by_kind,
                                       .by = vdr_name_text(state, absence->by)};
        ++*cursor;
        return true;
    }
    return false;
}

const char *
vdr_absence_check(const vdr_state *state)
{
    uint32_t found = 0;
    for (vdr_slot record = 1; record < state->regisseurs.next; record++) {
        const vdr_absence *before = NULL;
        uint32_t standing = 0;
        for (vdr_slot slot = first_of(state, record); slot != 0; slot = before->next, found++) {
            const vdr_absence *absence = absence_at(state, slot);
            if (absence->from >= absence->to ||
                (before != NULL && !is_before(before, absence->from, absence->to)))
                return "the absences of a regisseur are not in order";
            standing += absence->to > state->now;
            before = absence;
        }
        if (standing > VDR_ABSENCES_MAX)
            return "a regisseur has more absences than may stand";
    }
    return found == state->absences.live ? NULL : "an absence is of no regisseur";
}
