#include "broker/core/household.h"

#include "broker/core/conflict.h"
#include "broker/core/guard.h"
#include "broker/core/latch.h"
#include "broker/core/names.h"
#include "broker/core/rekey.h"
#include "broker/core/review.h"
#include "broker/core/right.h"

/* ---- members ---- */

/* Pseudonyms are keyed hashes, so any four bytes are spread well: the index takes them from the key itself. */
uint32_t
vdr_member_hash(const vdr_key16 *key)
{
    uint32_t hash;
    memcpy(&hash, key->bytes, sizeof hash);
    return hash;
}

vdr_slot
vdr_member_find(const vdr_state *state, const vdr_key16 *key, bool is_address)
{
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->members_by_key, vdr_member_hash(key), &search);
    while (slot != 0) {
        const vdr_member *member = vdr_member_at(state, slot);
        if ((member->is_address != 0) == is_address && vdr_key16_equal(&member->key, key))
            break;
        slot = vdr_index_next(&search);
    }
    return slot;
}

vdr_slot
vdr_member_make(vdr_state *state, const vdr_key16 *key, bool is_address)
{
    vdr_slot slot = vdr_member_find(state, key, is_address);
    if (slot != 0)
        return slot;
    slot = vdr_slab_take(&state->members);
    vdr_member *member = vdr_member_edit(state, slot);
    member->key = *key;
    member->is_address = is_address ? 1 : 0;
    member->parity = state->parity & 1;
    state->person_count += !is_address;
    vdr_index_put(&state->members_by_key, slot);
    return slot;
}

static void
member_free_unused(vdr_state *state, vdr_slot slot)
{
    const vdr_member *member = vdr_member_at(state, slot);
    if (member->uses != 0 || member->household != 0)
        return;
    if (member->is_address == 0)
        vdr_right_person_gone(state, slot);
    state->person_count -= member->is_address == 0;
    vdr_guards_forget(state, &member->key);
    vdr_rekey_gone(state, member->parity, &state->old_members);
    vdr_index_remove(&state->members_by_key, slot);
    vdr_slab_give(&state->members, slot);
}

void
vdr_member_use(vdr_state *state, vdr_slot slot, vdr_slot signal)
{
    vdr_member *member = vdr_member_edit(state, slot);
    member->uses = (member->uses + 1) & VDR_USES_MASK;
    VDR_ASSERT(member->uses != 0);
    member->named_by = signal;
}

void
vdr_member_drop(vdr_state *state, vdr_slot slot, vdr_slot signal)
{
    vdr_member *member = vdr_member_edit(state, slot);
    VDR_ASSERT(member->uses != 0);
    member->uses = (member->uses - 1) & VDR_USES_MASK;
    if (member->named_by == signal)
        member->named_by = 0;
    member_free_unused(state, slot);
}

/* Out of its household's list. */
static void
member_part(vdr_state *state, vdr_slot slot)
{
    vdr_conflict_touch_of(state, slot);
    vdr_member *member = vdr_member_edit(state, slot);
    vdr_household *household = vdr_household_edit(state, member->household);
    if (member->before != 0)
        vdr_member_edit(state, member->before)->after = member->after;
    else if (member->is_address)
        household->addresses = member->after;
    else
        household->persons = member->after;
    if (member->after != 0)
        vdr_member_edit(state, member->after)->before = member->before;
    if (member->is_address)
        household->address_count--;
    else
        household->person_count--;
    member->household = member->before = member->after = 0;
}

void
vdr_member_leave(vdr_state *state, vdr_slot slot)
{
    member_part(state, slot);
    member_free_unused(state, slot);
}

void
vdr_member_join(vdr_state *state, vdr_slot slot, vdr_slot household_slot)
{
    if (vdr_member_at(state, slot)->household != 0)
        member_part(state, slot);
    vdr_member *member = vdr_member_edit(state, slot);
    vdr_household *household = vdr_household_edit(state, household_slot);
    vdr_slot *first = member->is_address ? &household->addresses : &household->persons;
    if (*first != 0)
        vdr_member_edit(state, *first)->before = slot;
    member->after = *first;
    member->household = household_slot;
    *first = slot;
    if (member->is_address)
        household->address_count++;
    else
        household->person_count++;
    vdr_conflict_touch_of(state, slot);
}

static bool
is_named_by(const vdr_state *state, vdr_slot signal, vdr_slot member)
{
    vdr_slot at = vdr_signal_at(state, signal)->names;
    while (at != 0 && vdr_naming_at(state, at)->member != member)
        at = vdr_naming_at(state, at)->next;
    return at != 0;
}

/* Those of the household first, since mostly these are all; otherwise, where
 * somebody moved or was named elsewhere, of every signal there is. The uses of a person say when all were found. */
void
vdr_member_signals(const vdr_state *state, vdr_slot member, vdr_slots *ret_signals)
{
    uint32_t uses = 0, all = vdr_member_at(state, member)->uses;
    vdr_slot household = vdr_member_at(state, member)->household;
    for (vdr_slot slot = (household != 0 ? vdr_household_at(state, household)->signals_first : 0); slot != 0;
         slot = vdr_signal_at(state, slot)->after)
        if (is_named_by(state, slot, member))
            vdr_slots_add(ret_signals, slot);
    for (size_t i = 0; i < ret_signals->count; i++)
        for (vdr_slot at = vdr_signal_at(state, ret_signals->at[i])->names; at != 0;
             at = vdr_naming_at(state, at)->next)
            uses += vdr_naming_at(state, at)->member == member;
    for (vdr_slot slot = 1; slot < state->signals.next && uses < all; slot++) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        if (signal->household == 0 || signal->household == household || !is_named_by(state, slot, member))
            continue;
        vdr_slots_add(ret_signals, slot);
        for (vdr_slot at = signal->names; at != 0; at = vdr_naming_at(state, at)->next)
            uses += vdr_naming_at(state, at)->member == member;
    }
}

/* ---- households ---- */

vdr_slot
vdr_household_find(const vdr_state *state, vdr_household_id id)
{
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->households_by_number, vdr_index_hash_number(id.number), &search);
    while (slot != 0 && vdr_household_at(state, slot)->number != id.number)
        slot = vdr_index_next(&search);
    return slot;
}

vdr_slot
vdr_household_new(vdr_state *state)
{
    vdr_slot slot = vdr_slab_take(&state->households);
    vdr_household *household = vdr_household_edit(state, slot);
    household->number = ++state->household_last;
    household->born_order = ++state->order_last;
    vdr_index_put(&state->households_by_number, slot);
    return slot;
}

static void
members_part(vdr_state *state, vdr_slot first)
{
    while (first != 0) {
        vdr_slot after = vdr_member_at(state, first)->after;
        member_part(state, first);
        member_free_unused(state, first);
        first = after;
    }
}

void
vdr_household_remove(vdr_state *state, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    VDR_ASSERT(household->signal_count == 0 && household->cases == 0);
    members_part(state, household->persons);
    members_part(state, household->addresses);
    vdr_latches_drop(state, slot);
    vdr_reviews_drop(state, slot);
    vdr_conflict_household_gone(state, slot);
    vdr_right_household_gone(state, slot);
    vdr_rules_household_gone(state, slot);
    if (household->district != 0)
        vdr_name_drop(state, household->district);
    vdr_index_remove(&state->households_by_number, slot);
    vdr_slab_give(&state->households, slot);
}

void
vdr_household_set_district(vdr_state *state, vdr_slot slot, vdr_span district)
{
    vdr_name old = vdr_household_at(state, slot)->district;
    if (old != 0 && vdr_span_equal(vdr_name_text(state, old), district))
        return;
    vdr_household_edit(state, slot)->district = vdr_name_use(state, district);
    if (old != 0)
        vdr_name_drop(state, old);
}

void
vdr_household_copy_district(vdr_state *state, vdr_slot to, vdr_slot from)
{
    vdr_name district = vdr_household_at(state, from)->district;
    if (district != 0)
        vdr_household_set_district(state, to, vdr_name_text(state, district));
}

void
vdr_household_left_alone(vdr_state *state, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    if (household->signal_count != 0 || household->cases != 0)
        return;
    /* Also where one is still to come: that one may find something, and this one nothing any more. */
    vdr_state_timer(state, VDR_TIMER_HOUSEHOLD_LEAVES, state->now + state->config->retain_max_ms, slot);
}

/* ---- its signals and cases ---- */

/* The last of a household's signals before position; looked for from near on, either way. */
static vdr_slot
signal_before(const vdr_state *state, const vdr_household *household, vdr_position position, vdr_slot near)
{
    vdr_slot before = near != 0 ? near : household->signals_last;
    while (before != 0 && vdr_signal_at(state, before)->position > position)
        before = vdr_signal_at(state, before)->before;
    vdr_slot after = before != 0 ? vdr_signal_at(state, before)->after : household->signals_first;
    while (after != 0 && vdr_signal_at(state, after)->position < position) {
        before = after;
        after = vdr_signal_at(state, before)->after;
    }
    return before;
}

/* How many distinct domains and agencies there are at most, up to and with each signal: one more where it is not
 * as the one before it. A leaving signal makes none of it untrue, one in between does for all that follow. */
static void
bound_kinds(vdr_state *state, vdr_signal *signal)
{
    signal->domains = signal->agencies = signal->before == 0;
    if (signal->before != 0) {
        const vdr_signal *before = vdr_signal_at(state, signal->before);
        bool same_domain = signal->terms == before->terms ||
                           vdr_terms_of(state, signal)->domain == vdr_terms_of(state, before)->domain;
        bool same_agency = signal->sender == before->sender ||
                           vdr_sender_of(state, signal)->agency == vdr_sender_of(state, before)->agency;
        if (before->domains != 0 && before->domains < UINT8_MAX && before->agencies < UINT8_MAX) {
            signal->domains = (uint8_t)(before->domains + !same_domain);
            signal->agencies = (uint8_t)(before->agencies + !same_agency);
        }
    }
    for (vdr_slot slot = signal->after; slot != 0 && vdr_signal_at(state, slot)->domains != 0;) {
        vdr_signal *after = vdr_signal_edit(state, slot);
        after->domains = after->agencies = 0;
        slot = after->after;
    }
}

void
vdr_household_put_signal(vdr_state *state, vdr_slot household_slot, vdr_slot slot, vdr_slot near)
{
    vdr_household *household = vdr_household_edit(state, household_slot);
    vdr_signal *signal = vdr_signal_edit(state, slot);
    vdr_slot before = signal_before(state, household, signal->position, near);
    vdr_slot after = before != 0 ? vdr_signal_at(state, before)->after : household->signals_first;
    signal->household = household_slot;
    signal->before = before;
    signal->after = after;
    if (before != 0)
        vdr_signal_edit(state, before)->after = slot;
    else
        household->signals_first = slot;
    if (after != 0)
        vdr_signal_edit(state, after)->before = slot;
    else
        household->signals_last = slot;
    household->signal_count++;
    bound_kinds(state, signal);
}

void
vdr_household_cut_signal(vdr_state *state, vdr_slot slot)
{
    vdr_signal *signal = vdr_signal_edit(state, slot);
    vdr_household *household = vdr_household_edit(state, signal->household);
    if (signal->before != 0)
        vdr_signal_edit(state, signal->before)->after = signal->after;
    else
        household->signals_first = signal->after;
    if (signal->after != 0)
        vdr_signal_edit(state, signal->after)->before = signal->before;
    else
        household->signals_last = signal->before;
    household->signal_count--;
    signal->household = signal->before = signal->after = 0;
}

void
vdr_household_put_case(vdr_state *state, vdr_slot household_slot, vdr_slot slot)
{
    vdr_household *household = vdr_household_edit(state, household_slot);
    vdr_case *put = vdr_case_edit(state, slot);
    vdr_slot before = 0, after = household->cases;
    while (after != 0 && vdr_case_at(state, after)->number > put->number) {
        before = after;
        after = vdr_case_at(state, after)->household_next;
    }
    put->household = household_slot;
    put->household_next = after;
    if (before != 0)
        vdr_case_edit(state, before)->household_next = slot;
    else
        household->cases = slot;
}

void
vdr_household_cut_case(vdr_state *state, vdr_slot slot)
{
    vdr_case *cut = vdr_case_edit(state, slot);
    vdr_household *household = vdr_household_edit(state, cut->household);
    vdr_slot before = 0, at = household->cases;
    while (at != slot) {
        before = at;
        at = vdr_case_at(state, at)->household_next;
    }
    if (before != 0)
        vdr_case_edit(state, before)->household_next = cut->household_next;
    else
        household->cases = cut->household_next;
    if (household->open_case == slot)
        household->open_case = 0;
    cut->household = cut->household_next = 0;
}

/* ---- identity, section 5 ---- */

static bool
address_takes(const vdr_state *state, vdr_slot household, size_t person_count)
{
    if (person_count == 0) /* an address is then all there is */
        return true;
    return state->config->address_match == VDR_ADDRESS_JOIN &&
           vdr_household_at(state, household)->person_count + person_count <= state->config->persons_max;
}

static vdr_slot
find_household(vdr_state *state, const vdr_slots *persons, vdr_slot address, vdr_match *ret_match)
{
    for (size_t i = 0; i < persons->count; i++) {
        vdr_slot household = vdr_member_at(state, persons->at[i])->household;
        if (household != 0) {
            *ret_match = VDR_MATCH_PERSON;
            return household;
        }
    }
    vdr_slot household = address != 0 ? vdr_member_at(state, address)->household : 0;
    if (household != 0 && address_takes(state, household, persons->count)) {
        *ret_match = VDR_MATCH_ADDRESS;
        return household;
    }
    *ret_match = VDR_MATCH_NEW;
    return vdr_household_new(state);
}

vdr_slot
vdr_household_identify(vdr_state *state, const vdr_slots *persons, vdr_slot address, vdr_match *ret_match)
{
    vdr_slot household = find_household(state, persons, address, ret_match);
    for (size_t i = 0; i < persons->count; i++) {
        vdr_slot other = vdr_member_at(state, persons->at[i])->household;
        if (other == 0)
            vdr_member_join(state, persons->at[i], household);
        else if (other != household)
            vdr_review_ask(state, household, other);
    }
    if (address == 0)
        return household;
    vdr_slot other = vdr_member_at(state, address)->household;
    if (other == 0)
        vdr_member_join(state, address, household);
    else if (other != household && state->config->address_match != VDR_ADDRESS_OFF)
        vdr_review_ask(state, household, other);
    return household;
}
