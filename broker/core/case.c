#include "broker/core/case.h"

#include "broker/core/control_inside.h"
#include "broker/core/household.h"
#include "broker/core/load.h"
#include "broker/core/mailbox.h"
#include "broker/core/note.h"
#include "broker/core/right.h"
#include "broker/core/town.h"
#include "broker/core/waiting.h"

/* ---- lists of names ---- */

static const vdr_list *
list_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->lists, slot);
}

bool
vdr_list_has(const vdr_state *state, vdr_slot list, vdr_name name)
{
    while (list != 0 && list_at(state, list)->name != name)
        list = list_at(state, list)->next;
    return list != 0;
}

void
vdr_list_add(vdr_state *state, vdr_slot *list, vdr_name name)
{
    vdr_slot slot = vdr_slab_take(&state->lists);
    ((vdr_list *)vdr_slab_edit(&state->lists, slot))->name = name;
    while (*list != 0)
        list = &((vdr_list *)vdr_slab_edit(&state->lists, *list))->next;
    *list = slot;
}

static void
list_free(vdr_state *state, vdr_slot list)
{
    while (list != 0) {
        vdr_slot next = list_at(state, list)->next;
        vdr_slab_give(&state->lists, list);
        list = next;
    }
}

/* ---- coming and going ---- */

vdr_slot
vdr_case_find(const vdr_state *state, vdr_case_id id)
{
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->cases_by_number, vdr_index_hash_number(id.number), &search);
    while (slot != 0 && vdr_case_at(state, slot)->number != id.number)
        slot = vdr_index_next(&search);
    return slot;
}

vdr_slot
vdr_case_new(vdr_state *state, vdr_slot household, vdr_priority priority)
{
    vdr_slot slot = vdr_slab_take(&state->cases);
    vdr_case *made = vdr_case_edit(state, slot);
    made->number = ++state->case_last;
    made->priority = (uint8_t)priority;
    made->state = VDR_CASE_UNASSIGNED;
    made->opened_at = state->now;
    made->opened_position = state->stepping;
    made->config_position = state->config_position;
    made->version = vdr_version_case_opens(state);
    made->ended_at = made->accept_due = VDR_MS_NONE;
    vdr_index_put(&state->cases_by_number, slot);
    vdr_household_put_case(state, household, slot);
    VDR_ASSERT(vdr_household_at(state, household)->open_case == 0);
    vdr_household_edit(state, household)->open_case = slot;
    vdr_load_put(state, slot);
    return slot;
}

void
vdr_case_add_rule(vdr_state *state, vdr_slot slot, vdr_name rule)
{
    vdr_list_add(state, &vdr_case_edit(state, slot)->rules, rule);
}

void
vdr_case_add_purpose(vdr_state *state, vdr_slot slot, vdr_name purpose)
{
    if (!vdr_list_has(state, vdr_case_at(state, slot)->purposes, purpose))
        vdr_list_add(state, &vdr_case_edit(state, slot)->purposes, purpose);
}

bool
vdr_case_may_take(const vdr_state *state, vdr_slot slot, vdr_name purpose)
{
    for (vdr_slot at = vdr_case_at(state, slot)->purposes; at != 0; at = list_at(state, at)->next)
        if (!vdr_town_combines(state->town, purpose, list_at(state, at)->name))
            return false;
    return true;
}

void
vdr_case_hold(vdr_state *state, vdr_slot slot, vdr_case_state to, vdr_name regisseur)
{
    VDR_ASSERT(vdr_case_state_open(to) && (regisseur == 0) == (to == VDR_CASE_UNASSIGNED));
    vdr_case *held = vdr_case_edit(state, slot);
    bool accepted = held->state == VDR_CASE_OFFERED && to == VDR_CASE_ACTIVE;
    VDR_ASSERT(!accepted || held->regisseur == regisseur);
    if (accepted)
        vdr_load_accept(state);
    else
        vdr_load_cut(state, slot);
    held->state = (uint8_t)to;
    held->regisseur = regisseur;
    held->handover_to = 0;
    held->accept_order = 0;
    held->accept_due = VDR_MS_NONE;
    if (!accepted)
        vdr_load_put(state, slot);
}

void
vdr_case_end(vdr_state *state, vdr_slot slot, vdr_case_state to, vdr_slots *ret_signals)
{
    VDR_ASSERT(!vdr_case_state_open(to));
    vdr_load_cut(state, slot);
    vdr_slot signal;
    while ((signal = vdr_case_at(state, slot)->signals_first) != 0) {
        if (ret_signals != NULL)
            vdr_slots_add(ret_signals, signal);
        vdr_case_release(state, signal);
    }
    uint64_t order =
        vdr_state_timer(state, VDR_TIMER_CASE_LEAVES, state->now + state->config->retain_cases_ms, slot);
    vdr_case *ended = vdr_case_edit(state, slot);
    ended->state = (uint8_t)to;
    ended->handover_to = 0;
    ended->accept_order = 0;
    ended->accept_due = VDR_MS_NONE;
    ended->ended_at = state->now;
    ended->ended_position = state->stepping;
    ended->leave_order = order;
    vdr_household *household = vdr_household_edit(state, ended->household);
    if (household->open_case == slot)
        household->open_case = 0;
    vdr_right_touch(state, ended->household);
}

void
vdr_case_remove(vdr_state *state, vdr_slot slot)
{
    const vdr_case *removed = vdr_case_at(state, slot);
    VDR_ASSERT(!vdr_case_state_open(removed->state) && removed->signal_count == 0 && removed->tallies == 0);
    list_free(state, removed->refused);
    list_free(state, removed->rules);
    list_free(state, removed->purposes);
    vdr_version_case_leaves(state, removed->version);
    vdr_note_case_gone(state, slot);
    vdr_household_cut_case(state, slot);
    vdr_index_remove(&state->cases_by_number, slot);
    vdr_slab_give(&state->cases, slot);
}

void
vdr_case_line(vdr_state *state, vdr_slot slot, vdr_change change)
{
    vdr_case *of = vdr_case_edit(state, slot);
    of->revision++;
    vdr_effect line = {.kind = VDR_EFFECT_CASE,
                       .at = state->now,
                       .case_id = {of->number},
                       .household = {vdr_household_at(state, of->household)->number},
                       .change = change,
                       .state = (vdr_case_state)of->state,
                       .priority = (vdr_priority)of->priority,
                       .regisseur = of->regisseur};
    (void)vdr_tale_add(&state->tale, &line);
}

/* ---- tallies: how many signals of an agency or domain are in the case ---- */

static const vdr_tally *
tally_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->tallies, slot);
}

/* True: the first of its kind. */
static bool
tally_add(vdr_state *state, vdr_slot case_slot, uint32_t kind, vdr_name name)
{
    vdr_slot slot = vdr_case_at(state, case_slot)->tallies;
    while (slot != 0 && (tally_at(state, slot)->kind != kind || tally_at(state, slot)->name != name))
        slot = tally_at(state, slot)->next;
    if (slot != 0) {
        ((vdr_tally *)vdr_slab_edit(&state->tallies, slot))->count++;
        return false;
    }
    slot = vdr_slab_take(&state->tallies);
    vdr_case *of = vdr_case_edit(state, case_slot);
    *(vdr_tally *)vdr_slab_edit(&state->tallies, slot) =
        (vdr_tally){.name = name, .kind = kind, .count = 1, .next = of->tallies};
    of->tallies = slot;
    return true;
}

static void
tally_drop(vdr_state *state, vdr_slot case_slot, uint32_t kind, vdr_name name)
{
    vdr_slot slot = vdr_case_at(state, case_slot)->tallies, before = 0;
    while (tally_at(state, slot)->kind != kind || tally_at(state, slot)->name != name) {
        before = slot;
        slot = tally_at(state, slot)->next;
    }
    vdr_tally *tally = vdr_slab_edit(&state->tallies, slot);
    if (--tally->count != 0)
        return;
    if (before != 0)
        ((vdr_tally *)vdr_slab_edit(&state->tallies, before))->next = tally->next;
    else
        vdr_case_edit(state, case_slot)->tallies = tally->next;
    vdr_slab_give(&state->tallies, slot);
}

size_t
vdr_case_domains_in(const vdr_state *state, vdr_slot slot, const vdr_name *names, size_t count)
{
    size_t found = 0;
    for (vdr_slot at = vdr_case_at(state, slot)->tallies; at != 0; at = tally_at(state, at)->next) {
        if (tally_at(state, at)->kind != VDR_TALLY_DOMAIN)
            continue;
        for (size_t i = 0; i < count; i++) {
            if (names[i] == tally_at(state, at)->name) {
                found++;
                break;
            }
        }
    }
    return found;
}

/* ---- its signals ---- */

static vdr_slot
signal_before(const vdr_state *state, const vdr_case *of, vdr_position position, vdr_slot near)
{
    vdr_slot before = near != 0 ? near : of->signals_last;
    while (before != 0 && vdr_signal_at(state, before)->position > position)
        before = vdr_signal_rest_at(state, before)->case_before;
    vdr_slot after = before != 0 ? vdr_signal_rest_at(state, before)->case_after : of->signals_first;
    while (after != 0 && vdr_signal_at(state, after)->position < position) {
        before = after;
        after = vdr_signal_rest_at(state, before)->case_after;
    }
    return before;
}

bool
vdr_case_take(vdr_state *state, vdr_slot slot, vdr_slot signal_slot, vdr_slot near)
{
    vdr_case *of = vdr_case_edit(state, slot);
    vdr_signal *signal = vdr_signal_edit(state, signal_slot);
    VDR_ASSERT(signal->in_case == 0 && signal->household == of->household);
    vdr_slot before = signal_before(state, of, signal->position, near);
    vdr_slot after = before != 0 ? vdr_signal_rest_at(state, before)->case_after : of->signals_first;
    vdr_signal_rest *rest = vdr_signal_rest_edit(state, signal_slot);
    signal->in_case = slot;
    rest->case_before = before;
    rest->case_after = after;
    if (before != 0)
        vdr_signal_rest_edit(state, before)->case_after = signal_slot;
    else
        of->signals_first = signal_slot;
    if (after != 0)
        vdr_signal_rest_edit(state, after)->case_before = signal_slot;
    else
        of->signals_last = signal_slot;
    of->signal_count++;
    (void)tally_add(state, slot, VDR_TALLY_DOMAIN, vdr_terms_of(state, signal)->domain);
    return tally_add(state, slot, VDR_TALLY_AGENCY, vdr_sender_of(state, signal)->agency);
}

void
vdr_case_release(vdr_state *state, vdr_slot signal_slot)
{
    vdr_signal *signal = vdr_signal_edit(state, signal_slot);
    vdr_signal_rest *rest = vdr_signal_rest_edit(state, signal_slot);
    vdr_case *of = vdr_case_edit(state, signal->in_case);
    if (rest->case_before != 0)
        vdr_signal_rest_edit(state, rest->case_before)->case_after = rest->case_after;
    else
        of->signals_first = rest->case_after;
    if (rest->case_after != 0)
        vdr_signal_rest_edit(state, rest->case_after)->case_before = rest->case_before;
    else
        of->signals_last = rest->case_before;
    of->signal_count--;
    tally_drop(state, signal->in_case, VDR_TALLY_DOMAIN, vdr_terms_of(state, signal)->domain);
    tally_drop(state, signal->in_case, VDR_TALLY_AGENCY, vdr_sender_of(state, signal)->agency);
    signal->in_case = rest->case_before = rest->case_after = 0;
}

void
vdr_case_attach(vdr_state *state, vdr_slot slot, vdr_slot signal, vdr_slot near)
{
    bool first = vdr_case_take(state, slot, signal, near);
    vdr_case_edit(state, slot)->revision++;
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_SIGNAL_ATTACHED, slot, 0);
    vdr_message_set_signal(state, &message, signal);
    vdr_case_tell_holder(state, slot, &message);
    const vdr_case *of = vdr_case_at(state, slot);
    if (!first || of->state != VDR_CASE_ACTIVE)
        return;
    vdr_name agency = vdr_sender_of(state, vdr_signal_at(state, signal))->agency;
    uint32_t place = vdr_town_name_of(state->town, agency)->agency;
    if (place == VDR_TOWN_NONE || !state->town->agencies[place].sees_match)
        return;
    message = vdr_message_of_case(state, VDR_MESSAGE_REGISSEUR_KNOWN, slot, of->regisseur);
    vdr_tell(state, VDR_PARTY_AGENCY, agency, &message);
}

/* ---- priority and clock ---- */

static void
set_clock(vdr_state *state, vdr_slot slot, vdr_ms due)
{
    uint64_t order = vdr_state_timer(state, VDR_TIMER_ACCEPT, due, slot);
    vdr_case *of = vdr_case_edit(state, slot);
    of->accept_order = order;
    of->accept_due = due;
}

void
vdr_case_start_clock(vdr_state *state, vdr_slot slot)
{
    VDR_ASSERT(vdr_case_at(state, slot)->state == VDR_CASE_OFFERED);
    set_clock(state, slot, state->now + state->config->accept_ms[vdr_case_at(state, slot)->priority]);
}

void
vdr_case_raise(vdr_state *state, vdr_slot slot, vdr_priority priority)
{
    VDR_ASSERT(priority > vdr_case_at(state, slot)->priority);
    bool waits = vdr_case_at(state, slot)->state == VDR_CASE_UNASSIGNED;
    if (waits)
        vdr_waiting_cut(state, slot);
    vdr_case_edit(state, slot)->priority = (uint8_t)priority;
    if (waits)
        vdr_waiting_put(state, slot);
    vdr_case_line(state, slot, VDR_CHANGE_RAISED);
    vdr_effect message = vdr_message_of_case(state, VDR_MESSAGE_PRIORITY_RAISED, slot, 0);
    vdr_case_tell_holder(state, slot, &message);
    vdr_ms due = state->now + state->config->accept_ms[priority];
    const vdr_case *of = vdr_case_at(state, slot);
    if (of->state == VDR_CASE_OFFERED && due < of->accept_due)
        set_clock(state, slot, due);
}

/* ---- who is told ---- */

void
vdr_case_tell_holder(vdr_state *state, vdr_slot slot, const vdr_effect *message)
{
    vdr_name regisseur = vdr_case_at(state, slot)->regisseur;
    if (regisseur != 0)
        vdr_tell(state, VDR_PARTY_REGISSEUR, regisseur, message);
    else
        vdr_tell_coordinators(state, message);
}

void
vdr_case_tell_regisseur(vdr_state *state, vdr_slot slot, vdr_message_kind kind)
{
    vdr_effect message = vdr_message_of_case(state, kind, slot, 0);
    vdr_tell(state, VDR_PARTY_REGISSEUR, vdr_case_at(state, slot)->regisseur, &message);
}

void
vdr_case_agencies(const vdr_state *state, vdr_slot slot, vdr_slots *ret_places)
{
    for (vdr_slot at = vdr_case_at(state, slot)->tallies; at != 0; at = tally_at(state, at)->next) {
        if (tally_at(state, at)->kind != VDR_TALLY_AGENCY)
            continue;
        uint32_t place = vdr_town_name_of(state->town, tally_at(state, at)->name)->agency;
        if (place == VDR_TOWN_NONE || !state->town->agencies[place].sees_match)
            continue;
        vdr_slots_add(ret_places, place);
        for (size_t i = ret_places->count - 1; i > 0 && ret_places->at[i - 1] > place; i--) {
            ret_places->at[i] = ret_places->at[i - 1];
            ret_places->at[i - 1] = place;
        }
    }
}

void
vdr_case_tell_agencies(vdr_state *state, vdr_slot slot)
{
    vdr_slots places = {0};
    vdr_case_agencies(state, slot, &places);
    vdr_effect message =
        vdr_message_of_case(state, VDR_MESSAGE_REGISSEUR_KNOWN, slot, vdr_case_at(state, slot)->regisseur);
    for (size_t i = 0; i < places.count; i++)
        vdr_tell(state, VDR_PARTY_AGENCY, state->town->agencies[places.at[i]].id, &message);
    vdr_slots_done(&places);
}
