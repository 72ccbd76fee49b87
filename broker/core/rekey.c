#include "broker/core/rekey.h"

#include "broker/core/conflict.h"
#include "broker/core/core_inside.h"
#include "broker/core/household.h"
#include "broker/core/rewrite.h"
#include "broker/core/right.h"

static const vdr_act_record *
act_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->acts, slot);
}

static const vdr_conflict *
conflict_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->conflicts, slot);
}

static uint32_t
signal_parity(const vdr_signal *signal)
{
    return (signal->flags & VDR_SIGNAL_PARITY) != 0;
}

/* Given-back records are zeros but for the link of the free list; what is taken is told from it by these. */
static bool
is_conflict_of_person(const vdr_conflict *conflict)
{
    return conflict->position != 0 && conflict->household == 0;
}

static bool
is_member(const vdr_member *member)
{
    return member->uses != 0 || member->household != 0;
}

static bool
is_right_of_person(const vdr_right *right)
{
    return right->number != 0 && right->ended_position == 0 && right->household == 0;
}

static uint32_t
count_conflicts(const vdr_state *state)
{
    uint32_t count = 0;
    for (vdr_slot slot = 1; slot < state->conflicts.next; slot++)
        count += is_conflict_of_person(conflict_at(state, slot));
    return count;
}

static uint32_t
count_guarded(const vdr_state *state)
{
    uint32_t count = 0;
    for (vdr_slot slot = 1; slot < state->guarded.next; slot++) {
        const vdr_guarded *at = vdr_slab_at(&state->guarded, slot);
        count += at->guard != 0 && at->parity != state->parity;
    }
    return count;
}

static uint32_t
count_rights(const vdr_state *state)
{
    uint32_t count = 0;
    for (vdr_slot slot = 1; slot < state->rights.next; slot++)
        count += is_right_of_person(vdr_right_at(state, slot));
    return count;
}

/* ---- one thing goes over ---- */

static void
move_member(vdr_state *state, vdr_slot slot, const vdr_key16 *to)
{
    uint32_t parity = vdr_member_at(state, slot)->parity;
    vdr_rekey_gone(state, parity, &state->old_members);
    vdr_index_remove(&state->members_by_key, slot);
    vdr_member *member = vdr_member_edit(state, slot);
    member->key = *to;
    member->parity = state->parity & 1;
    vdr_index_put(&state->members_by_key, slot);
}

static vdr_slot
conflict_of(const vdr_state *state, const vdr_key16 *person)
{
    vdr_index_search search;
    if (state->conflicts.live == 0)
        return 0;
    vdr_slot slot = vdr_index_first(&state->conflicts_by_whom, vdr_member_hash(person), &search);
    while (slot != 0 && !(is_conflict_of_person(conflict_at(state, slot)) &&
                          vdr_key16_equal(&conflict_at(state, slot)->person, person)))
        slot = vdr_index_next(&search);
    return slot;
}

static void
move_conflicts(vdr_state *state, const vdr_key16 *from, const vdr_key16 *to)
{
    vdr_slot slot;
    while ((slot = conflict_of(state, from)) != 0) {
        vdr_rekey_gone(state, conflict_at(state, slot)->parity, &state->old_conflicts);
        vdr_index_remove(&state->conflicts_by_whom, slot);
        vdr_conflict *conflict = vdr_slab_edit(&state->conflicts, slot);
        conflict->person = *to;
        conflict->parity = state->parity;
        vdr_index_put(&state->conflicts_by_whom, slot);
    }
}

static vdr_slot
right_of(const vdr_state *state, const vdr_key16 *person)
{
    vdr_index_search search;
    if (state->rights.live == 0)
        return 0;
    vdr_slot slot = vdr_index_first(&state->rights_by_whom, vdr_member_hash(person), &search);
    while (slot != 0 && !(is_right_of_person(vdr_right_at(state, slot)) &&
                          vdr_key16_equal(&vdr_right_at(state, slot)->person, person)))
        slot = vdr_index_next(&search);
    return slot;
}

static void
move_rights(vdr_state *state, const vdr_key16 *from, const vdr_key16 *to)
{
    vdr_slot slot;
    while ((slot = right_of(state, from)) != 0) {
        vdr_rekey_gone(state, vdr_right_at(state, slot)->parity, &state->old_rights);
        vdr_index_remove(&state->rights_by_whom, slot);
        vdr_right *right = vdr_slab_edit(&state->rights, slot);
        right->person = *to;
        right->parity = (uint16_t)state->parity;
        vdr_index_put(&state->rights_by_whom, slot);
    }
}

/* Of two members under either key, which only a log made elsewhere can give, the one before stays what it is. */
static void
move_pair(vdr_state *state, const vdr_key16 *from, const vdr_key16 *to, bool is_address)
{
    if (vdr_key16_equal(from, to))
        return;
    vdr_slot slot = vdr_member_find(state, from, is_address);
    if (slot != 0 && vdr_member_find(state, to, is_address) == 0)
        move_member(state, slot, to);
    if (is_address)
        return;
    move_conflicts(state, from, to);
    move_rights(state, from, to);
}

static void
move_signal(vdr_state *state, const vdr_command_rekeyed *moved)
{
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->signals_by_id, moved->hash, &search);
    while (slot != 0 && vdr_signal_rest_at(state, slot)->digest != moved->from)
        slot = vdr_index_next(&search);
    if (slot == 0)
        return; /* it left meanwhile */
    vdr_signal *signal = vdr_signal_edit(state, slot);
    vdr_rekey_gone(state, signal_parity(signal), &state->old_signals);
    unsigned flags = signal->flags & ~(unsigned)VDR_SIGNAL_PARITY;
    signal->flags = (uint8_t)(flags | (state->parity != 0 ? VDR_SIGNAL_PARITY : 0u));
    vdr_signal_rest_edit(state, slot)->digest = moved->to;
}

static void
move_act(vdr_state *state, const vdr_command_rekeyed *moved)
{
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->acts_by_id, moved->hash, &search);
    while (slot != 0 && act_at(state, slot)->digest != moved->from)
        slot = vdr_index_next(&search);
    if (slot == 0)
        return;
    vdr_act_record *act = vdr_slab_edit(&state->acts, slot);
    vdr_rekey_gone(state, act->parity, &state->old_acts);
    act->digest = moved->to;
    act->parity = state->parity;
}

/* ---- what commands do ---- */

void
vdr_rekey_named(vdr_state *state, const vdr_command *command)
{
    const vdr_command_earlier *earlier = command->earlier;
    if (earlier == NULL)
        return;
    for (size_t i = 0; i < command->person_count; i++)
        move_pair(state, &earlier->persons[i], &command->persons[i].key, false);
    for (size_t i = 0; i < command->address_count; i++)
        move_pair(state, &earlier->addresses[i], &command->addresses[i], true);
}

vdr_slot
vdr_rekey_member_find(const vdr_state *state, const vdr_command *command, bool is_address, size_t i)
{
    const vdr_command_earlier *earlier = command->earlier;
    const vdr_key16 *key = is_address ? &command->addresses[i] : &command->persons[i].key;
    vdr_slot slot = vdr_member_find(state, key, is_address);
    if (slot == 0 && earlier != NULL)
        slot = vdr_member_find(state, is_address ? &earlier->addresses[i] : &earlier->persons[i], is_address);
    return slot;
}

void
vdr_rekey_keyed(vdr_state *state, const vdr_command *command)
{
    static const vdr_key16 none = {{0}};
    if (!vdr_key16_equal(&command->key_check, &none))
        state->key_check = command->key_check;
}

static vdr_err
begin(vdr_state *state, const vdr_command *command)
{
    static const vdr_key16 none = {{0}};
    if (vdr_rekey_running(state) || vdr_key16_equal(&command->key_check, &none) ||
        vdr_key16_equal(&command->key_check, &state->key_check))
        return VDR_E_WRONG_STATE;
    state->next_check = command->key_check;
    state->id_key = command->id_key;
    state->rekey_begun = state->stepping;
    state->parity ^= 1;
    state->old_members = state->members.live;
    state->old_signals = state->signals.live;
    state->old_acts = state->acts.live;
    state->old_conflicts = count_conflicts(state);
    state->old_rights = count_rights(state);
    state->old_guarded =
        count_guarded(state); /* not all: windows may be left that the change before gave up */
    return VDR_E_ACCEPTED;
}

static vdr_err
end(vdr_state *state, const vdr_command *command)
{
    if (!vdr_rekey_running(state) || !vdr_key16_equal(&command->key_check, &state->next_check) ||
        state->old_members != 0 || state->old_signals != 0 || state->old_acts != 0 ||
        state->old_conflicts != 0 || state->old_rights != 0 ||
        (state->old_guarded != 0 && state->rekey_finish == 0))
        return VDR_E_WRONG_STATE;
    state->key_check = state->next_check;
    state->next_check = (vdr_key16){{0}};
    state->rekey_finish = 0;
    state->old_guarded = 0;
    state->rekey_ended = state->stepping;
    return VDR_E_ACCEPTED;
}

static vdr_err
finish(vdr_state *state, const vdr_command *command)
{
    if (!vdr_rekey_running(state) || !vdr_key16_equal(&command->key_check, &state->next_check) ||
        state->rekey_finish != 0)
        return VDR_E_WRONG_STATE;
    state->rekey_finish = 1;
    return VDR_E_ACCEPTED;
}

static vdr_err
move_all(vdr_state *state, const vdr_command *command)
{
    if (!vdr_rekey_running(state))
        return VDR_E_WRONG_STATE;
    for (size_t i = 0; i < command->pair_count; i++)
        move_pair(state, &command->pairs[i].from, &command->pairs[i].to, command->pairs[i].is_address);
    for (size_t i = 0; i < command->rekeyed_count; i++) {
        if (command->rekeyed[i].kind == VDR_REKEY_SIGNAL)
            move_signal(state, &command->rekeyed[i]);
        else
            move_act(state, &command->rekeyed[i]);
    }
    return VDR_E_ACCEPTED;
}

vdr_err
vdr_rekey_step(vdr_state *state, const vdr_command *command)
{
    switch (command->rekey) {
    case VDR_REKEY_BEGIN:
        return begin(state, command);
    case VDR_REKEY_PAIRS:
        return move_all(state, command);
    case VDR_REKEY_END:
        return end(state, command);
    case VDR_REKEY_FINISH:
        return finish(state, command);
    }
    VDR_ASSERT(0 && "a phase");
    return VDR_E_WRONG_STATE;
}

/* ---- for whoever drives it ---- */

void
vdr_rekey_view_get(const vdr_core *core, vdr_rekey_view *ret_view)
{
    const vdr_state *state = &core->state;
    *ret_view = (vdr_rekey_view){.running = vdr_rekey_running(state),
                                 .key_check = state->key_check,
                                 .next_check = state->next_check,
                                 .id_key = state->id_key,
                                 .finish = state->rekey_finish != 0,
                                 .begun = state->rekey_begun,
                                 .ended = state->rekey_ended,
                                 .members = state->members.live,
                                 .signals = state->signals.live,
                                 .acts = state->acts.live,
                                 .old_members = state->old_members,
                                 .old_signals = state->old_signals,
                                 .old_acts = state->old_acts,
                                 .old_conflicts = state->old_conflicts,
                                 .old_rights = state->old_rights,
                                 .old_guarded = state->old_guarded};
}

static const vdr_slab *
slab_of(const vdr_state *state, vdr_rekey_table table)
{
    switch (table) {
    case VDR_REKEY_OF_SIGNALS:
        return &state->signals;
    case VDR_REKEY_OF_ACTS:
        return &state->acts;
    case VDR_REKEY_OF_CONFLICTS:
        return &state->conflicts;
    case VDR_REKEY_OF_RIGHTS:
        return &state->rights;
    case VDR_REKEY_OF_MEMBERS:
        return &state->members;
    case VDR_REKEY_OF_NONE:
        VDR_ASSERT(0 && "a table");
        break;
    }
    return NULL;
}

/* What stands in this slot, if it is taken and under the key before. */
static bool
look(const vdr_state *state, vdr_rekey_table table, vdr_slot slot, vdr_rekey_item *item)
{
    *item = (vdr_rekey_item){.table = table};
    if (table == VDR_REKEY_OF_SIGNALS) {
        const vdr_signal *signal = vdr_signal_at(state, slot);
        const vdr_rewrite *rewrite = vdr_rewrite_of(state, signal->position);
        item->position = rewrite != NULL && rewrite->content != 0 ? rewrite->content : signal->position;
        item->hash = signal->hash;
        if (signal->household == 0 || signal_parity(signal) == state->parity)
            return false;
        item->digest = vdr_signal_rest_at(state, slot)->digest;
        return true;
    }
    if (table == VDR_REKEY_OF_ACTS) {
        const vdr_act_record *act = act_at(state, slot);
        if (act->order == 0 || act->parity == state->parity)
            return false;
        item->position = act->position;
        item->hash = act->hash;
        item->digest = act->digest;
        return true;
    }
    if (table == VDR_REKEY_OF_CONFLICTS) {
        const vdr_conflict *conflict = conflict_at(state, slot);
        item->position = conflict->position;
        item->key = conflict->person;
        return is_conflict_of_person(conflict) && conflict->parity != state->parity;
    }
    if (table == VDR_REKEY_OF_RIGHTS) {
        const vdr_right *right = vdr_right_at(state, slot);
        item->position = right->position;
        item->key = right->person;
        return is_right_of_person(right) && right->parity != state->parity;
    }
    const vdr_member *member = vdr_member_at(state, slot);
    item->key = member->key;
    item->is_address = member->is_address != 0;
    return is_member(member) && member->parity != state->parity;
}

bool
vdr_rekey_next(const vdr_core *core, vdr_rekey_cursor *cursor, uint32_t *looks, vdr_rekey_item *ret_item)
{
    const vdr_state *state = &core->state;
    const uint32_t old[] = {state->old_signals, state->old_acts, state->old_conflicts, state->old_rights,
                            state->old_members};
    while (cursor->table != VDR_REKEY_OF_NONE && *looks != 0) {
        const vdr_slab *slab = slab_of(state, cursor->table);
        if (old[cursor->table] == 0 || cursor->slot + 1 >= slab->next) {
            *cursor = (vdr_rekey_cursor){.table = (vdr_rekey_table)(cursor->table + 1)};
            continue;
        }
        cursor->slot++;
        (*looks)--;
        if (look(state, cursor->table, cursor->slot, ret_item))
            return true;
    }
    return false;
}

bool
vdr_rekey_is_old(const vdr_core *core, bool is_address, const vdr_key16 *key)
{
    const vdr_state *state = &core->state;
    return vdr_member_find(state, key, is_address) != 0 || (!is_address && conflict_of(state, key) != 0);
}

/* ---- soundness ---- */

const char *
vdr_rekey_check(const vdr_state *state)
{
    static const char words[] = "I19: what is under the key before is not as much as the state says";
    const uint32_t old[] = {state->old_signals, state->old_acts, state->old_conflicts, state->old_rights,
                            state->old_members};
    if (vdr_rekey_running(state) && count_guarded(state) != state->old_guarded)
        return words;
    if (!vdr_rekey_running(state))
        return old[0] + old[1] + old[2] + old[3] + old[4] == 0 ? NULL : words;
    for (unsigned table = 0; table < VDR_REKEY_OF_NONE; table++) {
        const vdr_slab *slab = slab_of(state, (vdr_rekey_table)table);
        vdr_rekey_item item;
        uint32_t count = 0;
        for (vdr_slot slot = 1; slot < slab->next; slot++)
            count += look(state, (vdr_rekey_table)table, slot, &item);
        if (count != old[table])
            return words;
    }
    return NULL;
}
