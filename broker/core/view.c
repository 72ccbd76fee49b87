#include "broker/core/view.h"

#include "broker/core/absence.h"
#include "broker/core/case.h"
#include "broker/core/conflict.h"
#include "broker/core/core_inside.h"
#include "broker/core/household.h"
#include "broker/core/load.h"
#include "broker/core/names.h"
#include "broker/core/review.h"
#include "broker/core/rewrite.h"
#include "broker/core/right.h"
#include "broker/core/rules.h"
#include "broker/core/signal.h"
#include "broker/core/town.h"
#include "broker/core/waiting.h"

static vdr_span
text_of(const vdr_state *state, vdr_name name)
{
    return name != 0 ? vdr_name_text(state, name) : (vdr_span){0};
}

/* ---- one thing ---- */

static void
show_signal(const vdr_state *state, vdr_slot slot, vdr_signal_view *ret_view)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    const vdr_signal_rest *rest = vdr_signal_rest_at(state, slot);
    const vdr_sender *sender = vdr_sender_of(state, signal);
    const vdr_terms *terms = vdr_terms_of(state, signal);
    uint32_t person_count = 0;
    for (vdr_slot at = signal->names; at != 0; at = vdr_naming_at(state, at)->next)
        person_count += vdr_naming_at(state, at)->again == 0;
    const vdr_rewrite *rewrite = vdr_rewrite_of(state, signal->position);
    *ret_view = (vdr_signal_view){
        .position = signal->position,
        .content = rewrite != NULL && rewrite->content != 0 ? rewrite->content : signal->position,
        .accepted_at = rewrite != NULL ? rewrite->accepted_at : VDR_MS_NONE,
        .rewriting = rewrite != NULL && rewrite->wanted != 0,
        .id = vdr_text_get(&state->texts, signal->id),
        .source = text_of(state, sender->source),
        .agency = text_of(state, sender->agency),
        .type = text_of(state, terms->type),
        .domain = text_of(state, terms->domain),
        .purpose = text_of(state, terms->purpose),
        .service = text_of(state, rest->service),
        .occurred_at = signal->occurred_at,
        .until = signal->until,
        .leaves_at = signal->occurred_at + terms->retain_ms,
        .severity = signal->severity,
        .kind = (vdr_signal_kind)terms->kind,
        .withdrawn = (signal->flags & VDR_SIGNAL_WITHDRAWN) != 0,
        .ended = (signal->flags & VDR_SIGNAL_ENDED) != 0,
        .overdue = (signal->flags & VDR_SIGNAL_OVERDUE) != 0,
        .feedback = (signal->flags & VDR_SIGNAL_HAS_FEEDBACK) != 0,
        .held = (signal->flags & VDR_SIGNAL_HELD) != 0,
        .restricted = (signal->flags & VDR_SIGNAL_RESTRICTED) != 0,
        .household = {vdr_household_at(state, signal->household)->number},
        .case_id = {signal->in_case != 0 ? vdr_case_at(state, signal->in_case)->number : 0},
        .person_count = person_count,
        .has_address = rest->address != 0,
    };
}

static uint32_t
count_list(const vdr_state *state, vdr_slot slot)
{
    uint32_t count = 0;
    for (; slot != 0; slot = ((const vdr_list *)vdr_slab_at(&state->lists, slot))->next)
        count++;
    return count;
}

static uint32_t
count_agencies(const vdr_state *state, vdr_slot slot)
{
    uint32_t count = 0;
    while (slot != 0) {
        const vdr_tally *tally = vdr_slab_at(&state->tallies, slot);
        count += tally->kind == VDR_TALLY_AGENCY;
        slot = tally->next;
    }
    return count;
}

static void
show_case(const vdr_state *state, vdr_slot slot, vdr_case_view *ret_view)
{
    const vdr_case *of = vdr_case_at(state, slot);
    *ret_view = (vdr_case_view){
        .id = {of->number},
        .household = {vdr_household_at(state, of->household)->number},
        .state = (vdr_case_state)of->state,
        .priority = (vdr_priority)of->priority,
        .regisseur = text_of(state, of->regisseur),
        .handover_to = text_of(state, of->handover_to),
        .revision = of->revision,
        .plan_revision = of->plan_revision,
        .plan_position = of->plan_position,
        .opened_position = of->opened_position,
        .version = of->version,
        .ended_position = of->ended_position,
        .opened_at = of->opened_at,
        .ended_at = of->ended_at,
        .accept_due = of->accept_due,
        .signal_count = of->signal_count,
        .rule_count = count_list(state, of->rules),
        .agency_count = count_agencies(state, of->tallies),
        .refused_count = count_list(state, of->refused),
    };
}

static void
show_household(const vdr_state *state, vdr_slot slot, vdr_household_view *ret_view)
{
    const vdr_household *household = vdr_household_at(state, slot);
    uint32_t case_count = 0;
    for (vdr_slot at = household->cases; at != 0; at = vdr_case_at(state, at)->household_next)
        case_count++;
    *ret_view = (vdr_household_view){
        .id = {household->number},
        .person_count = household->person_count,
        .address_count = household->address_count,
        .signal_count = household->signal_count,
        .case_count = case_count,
        .open_case = {household->open_case != 0 ? vdr_case_at(state, household->open_case)->number : 0},
        .under_review = vdr_review_has(state, slot),
        .restricted =
            vdr_right_find(state, VDR_RIGHT_RESTRICTION, vdr_right_about_household(state, slot)) != 0,
        .kept = vdr_right_keeps(state, slot),
    };
    ret_view->district = text_of(state, household->district);
}

bool
vdr_view_signal(const vdr_core *core, vdr_span source, vdr_span id, uint64_t id_hash, vdr_at *ret_at,
                vdr_signal_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_name name = vdr_name_find(state, source);
    vdr_command_ref ref = {.id = id, .hash = id_hash};
    vdr_slot slot = name != 0 ? vdr_signal_find(state, name, &ref) : 0;
    if (slot == 0)
        return false;
    ret_at->slot = slot;
    show_signal(state, slot, ret_view);
    return true;
}

size_t
vdr_view_signals_hashed(const vdr_core *core, uint64_t id_hash, vdr_at *ret_at, size_t max)
{
    vdr_index_search search;
    size_t count = 0;
    for (vdr_slot slot = vdr_index_first(&core->state.signals_by_id, (uint32_t)id_hash, &search);
         slot != 0 && count < max; slot = vdr_index_next(&search))
        ret_at[count++].slot = slot;
    return count;
}

bool
vdr_view_act(const vdr_core *core, vdr_span source, vdr_span id, uint64_t id_hash, vdr_position *ret_position)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = vdr_act_find(state, vdr_name_find(state, source), id, id_hash);
    if (slot == 0)
        return false;
    *ret_position = ((const vdr_act_record *)vdr_slab_at(&state->acts, slot))->position;
    return true;
}

void
vdr_view_signal_at(const vdr_core *core, vdr_at at, vdr_signal_view *ret_view)
{
    show_signal(&core->state, at.slot, ret_view);
}

bool
vdr_view_case(const vdr_core *core, vdr_case_id id, vdr_at *ret_at, vdr_case_view *ret_view)
{
    vdr_slot slot = vdr_case_find(&core->state, id);
    if (slot == 0)
        return false;
    ret_at->slot = slot;
    show_case(&core->state, slot, ret_view);
    return true;
}

bool
vdr_view_household(const vdr_core *core, vdr_household_id id, vdr_at *ret_at, vdr_household_view *ret_view)
{
    vdr_slot slot = vdr_household_find(&core->state, id);
    if (slot == 0)
        return false;
    ret_at->slot = slot;
    show_household(&core->state, slot, ret_view);
    return true;
}

/* ---- what belongs to it ---- */

bool
vdr_view_case_signal(const vdr_core *core, vdr_at case_at, vdr_at *cursor, vdr_signal_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = cursor->slot != 0 ? vdr_signal_rest_at(state, cursor->slot)->case_after
                                      : vdr_case_at(state, case_at.slot)->signals_first;
    if (slot == 0)
        return false;
    cursor->slot = slot;
    show_signal(state, slot, ret_view);
    return true;
}

bool
vdr_view_household_signal(const vdr_core *core, vdr_at household_at, vdr_at *cursor,
                          vdr_signal_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = cursor->slot != 0 ? vdr_signal_at(state, cursor->slot)->after
                                      : vdr_household_at(state, household_at.slot)->signals_first;
    if (slot == 0)
        return false;
    cursor->slot = slot;
    show_signal(state, slot, ret_view);
    return true;
}

bool
vdr_view_household_case(const vdr_core *core, vdr_at household_at, vdr_at *cursor, vdr_case_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = cursor->slot != 0 ? vdr_case_at(state, cursor->slot)->household_next
                                      : vdr_household_at(state, household_at.slot)->cases;
    if (slot == 0)
        return false;
    cursor->slot = slot;
    show_case(state, slot, ret_view);
    return true;
}

bool
vdr_view_case_rule(const vdr_core *core, vdr_at case_at, vdr_at *cursor, vdr_span *ret_rule)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = cursor->slot != 0 ? ((const vdr_list *)vdr_slab_at(&state->lists, cursor->slot))->next
                                      : vdr_case_at(state, case_at.slot)->rules;
    if (slot == 0)
        return false;
    cursor->slot = slot;
    *ret_rule = text_of(state, ((const vdr_list *)vdr_slab_at(&state->lists, slot))->name);
    return true;
}

/* Where the event of a signal lies. */
static vdr_position
content_of(const vdr_state *state, vdr_slot signal)
{
    vdr_position position = vdr_signal_at(state, signal)->position;
    const vdr_rewrite *rewrite = vdr_rewrite_of(state, position);
    return rewrite != NULL && rewrite->content != 0 ? rewrite->content : position;
}

bool
vdr_view_signal_names(const vdr_core *core, vdr_at signal, const vdr_key16 *person)
{
    const vdr_state *state = &core->state;
    vdr_slot at = vdr_signal_at(state, signal.slot)->names;
    while (at != 0 && !vdr_key16_equal(&vdr_member_at(state, vdr_naming_at(state, at)->member)->key, person))
        at = vdr_naming_at(state, at)->next;
    return at != 0;
}

static bool
names(const vdr_state *state, vdr_slot signal, vdr_slot member)
{
    vdr_slot at = vdr_signal_at(state, signal)->names;
    while (at != 0 && vdr_naming_at(state, at)->member != member)
        at = vdr_naming_at(state, at)->next;
    return at != 0 || vdr_signal_rest_at(state, signal)->address == member;
}

/* Position of the newest signal that names it; once that one left, of any of its household that does. */
static vdr_position
naming_position(const vdr_state *state, vdr_slot slot)
{
    const vdr_member *member = vdr_member_at(state, slot);
    if (member->named_by != 0)
        return content_of(state, member->named_by);
    if (member->uses == 0 || member->household == 0)
        return 0;
    vdr_slot at = vdr_household_at(state, member->household)->signals_last;
    while (at != 0 && !names(state, at, slot))
        at = vdr_signal_at(state, at)->before;
    return at != 0 ? content_of(state, at) : 0;
}

bool
vdr_view_household_member(const vdr_core *core, vdr_at household_at, bool is_address, vdr_at *cursor,
                          vdr_key16 *ret_key, vdr_position *ret_position)
{
    const vdr_state *state = &core->state;
    const vdr_household *household = vdr_household_at(state, household_at.slot);
    vdr_slot slot = is_address ? household->addresses : household->persons;
    if (cursor->slot != 0)
        slot = vdr_member_at(state, cursor->slot)->after;
    if (slot == 0)
        return false;
    cursor->slot = slot;
    *ret_key = vdr_member_at(state, slot)->key;
    *ret_position = naming_position(state, slot);
    return true;
}

bool
vdr_view_member(const vdr_core *core, bool is_address, const vdr_key16 *key, vdr_household_id *ret_household,
                vdr_position *ret_position)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = vdr_member_find(state, key, is_address);
    if (slot == 0 || vdr_member_at(state, slot)->household == 0)
        return false;
    ret_household->number = vdr_household_at(state, vdr_member_at(state, slot)->household)->number;
    *ret_position = naming_position(state, slot);
    return true;
}

/* ---- lists of the whole town ---- */

bool
vdr_view_open_case(const vdr_core *core, vdr_span regisseur, vdr_case_id after, vdr_case_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_slot first = state->unassigned_first;
    vdr_name name = 0;
    if (regisseur.at != NULL) {
        name = vdr_name_find(state, regisseur);
        const vdr_name_record *record = name != 0 ? vdr_slab_at(&state->names, name) : NULL;
        if (record == NULL || record->regisseur == 0)
            return false;
        first = vdr_regisseur_of(state, name)->cases_first;
    }
    vdr_slot slot = vdr_case_find(state, after);
    if (slot != 0 && vdr_case_state_open(vdr_case_at(state, slot)->state) &&
        vdr_case_at(state, slot)->regisseur == name) {
        slot = vdr_case_at(state, slot)->held_after;
    } else { /* it is in another list by now */
        slot = first;
        while (slot != 0 && vdr_case_at(state, slot)->number <= after.number)
            slot = vdr_case_at(state, slot)->held_after;
    }
    if (slot == 0)
        return false;
    show_case(state, slot, ret_view);
    return true;
}

bool
vdr_view_review(const vdr_core *core, vdr_cursor *cursor, vdr_household_id *ret_lower,
                vdr_household_id *ret_other)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = state->reviews_first;
    if (cursor->slot != 0 && cursor->slot < state->reviews.next &&
        vdr_review_at(state, cursor->slot)->number == cursor->number)
        slot = vdr_review_at(state, cursor->slot)->after;
    while (slot != 0 && vdr_review_at(state, slot)->number <= cursor->number)
        slot = vdr_review_at(state, slot)->after;
    if (slot == 0)
        return false;
    const vdr_review *review = vdr_review_at(state, slot);
    *cursor = (vdr_cursor){.number = review->number, .slot = slot};
    ret_lower->number = review->lower;
    ret_other->number = review->higher;
    return true;
}

static const vdr_overdue *
overdue_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->overdues, slot);
}

bool
vdr_view_overdue(const vdr_core *core, vdr_cursor *cursor, vdr_signal_view *ret_view)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = state->overdues_first;
    /* The signal is 0 in a record that was given back, whose first bytes are a link. */
    if (cursor->slot != 0 && cursor->slot < state->overdues.next &&
        overdue_at(state, cursor->slot)->signal != 0 &&
        overdue_at(state, cursor->slot)->number == cursor->number)
        slot = overdue_at(state, cursor->slot)->after;
    while (slot != 0 && overdue_at(state, slot)->number <= cursor->number)
        slot = overdue_at(state, slot)->after;
    if (slot == 0)
        return false;
    *cursor = (vdr_cursor){.number = overdue_at(state, slot)->number, .slot = slot};
    show_signal(state, overdue_at(state, slot)->signal, ret_view);
    return true;
}

vdr_span
vdr_view_name(const vdr_core *core, vdr_name name)
{
    return name != 0 && name < core->state.names.next ? vdr_name_text(&core->state, name) : (vdr_span){0};
}

/* ---- figures ---- */

void
vdr_view_counts(const vdr_core *core, vdr_core_counts *ret_counts)
{
    const vdr_state *state = &core->state;
    vdr_core_counts counts = {.households = state->households.live,
                              .signals = state->signals.live,
                              .cases = state->cases.live,
                              .acts = state->acts.live,
                              .timers = state->timers.heap.live,
                              .reviews = state->reviews.live - state->reviews_aside,
                              .unassigned = state->unassigned_count,
                              .offered = state->offered_count,
                              .active = state->active_count,
                              .overdue = state->overdues.live,
                              .looks = state->looks,
                              .persons = state->person_count,
                              .addresses = state->members.live - state->person_count};
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++)
        counts.memory_bytes += vdr_slab_bytes(vdr_state_slab_at(state, i));
    if (state->rulebook != NULL)
        counts.memory_bytes += vdr_rulebook_bytes(state->rulebook);
    if (state->waiting != NULL)
        counts.memory_bytes += vdr_waiting_bytes(state->waiting);
    *ret_counts = counts;
}

uint64_t
vdr_view_household_last(const vdr_core *core)
{
    return core->state.household_last;
}

bool
vdr_view_regisseur(const vdr_core *core, size_t number, vdr_span *ret_id, uint64_t *ret_load,
                   uint64_t *ret_capacity, uint64_t *ret_hard_capacity, bool *ret_absent)
{
    const vdr_state *state = &core->state;
    if (state->config == NULL || number >= state->config->regisseur_count)
        return false;
    const vdr_config_regisseur *regisseur = &state->config->regisseurs[number];
    *ret_id = regisseur->id;
    *ret_load =
        ((const vdr_regisseur *)vdr_slab_at(&state->regisseurs, state->town->regisseurs[number].record))
            ->load;
    *ret_capacity = regisseur->capacity;
    *ret_hard_capacity = regisseur->hard_capacity;
    *ret_absent = vdr_absent_at(state, number, state->now);
    return true;
}

size_t
vdr_view_regisseur_number(const vdr_core *core, vdr_name name)
{
    const vdr_state *state = &core->state;
    if (state->town == NULL)
        return SIZE_MAX;
    uint32_t place = vdr_town_name_of(state->town, name)->regisseur;
    return place != VDR_TOWN_NONE ? place : SIZE_MAX;
}

bool
vdr_view_in_conflict(const vdr_core *core, vdr_span regisseur, vdr_household_id household)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = state->conflicts.live != 0 ? vdr_household_find(state, household) : 0;
    return slot != 0 && vdr_conflict_binds(state, vdr_name_find(state, regisseur), slot);
}
