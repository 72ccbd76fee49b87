#include "broker/core/guard.h"

#include "broker/core/core_inside.h"
#include "broker/core/names.h"
#include "broker/core/rekey.h"
#include "broker/core/town.h"

/* A window: of which guard, agency and place, and when. */
typedef struct place {
    vdr_key16 where; /* zero: of no place */
    vdr_key16
        earlier; /* an address while the pseudonym key changes: under the one before (rekey.h); else as where */
    vdr_name guard, agency;
    vdr_ms from;
} place;

static const vdr_guarded *
guarded_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->guarded, slot);
}

static vdr_guarded *
guarded_edit(vdr_state *state, vdr_slot slot)
{
    return vdr_slab_edit(&state->guarded, slot);
}

/* ---- finding ---- */

/* By person or place alone, so that all that is counted of one is found; windows of no place by what they are of. */
static uint32_t
hash_of(const vdr_key16 *what, vdr_name guard, vdr_name agency, vdr_ms from)
{
    uint64_t halves[2];
    memcpy(halves, what->bytes, sizeof halves);
    uint64_t names = (uint64_t)guard << 32 | agency;
    if ((halves[0] | halves[1]) == 0)
        halves[0] = names * UINT64_C(0x9e3779b97f4a7c15) ^ (uint64_t)from;
    return vdr_index_hash_number(halves[0] ^ halves[1]);
}

uint32_t
vdr_guarded_hash(const void *record)
{
    const vdr_guarded *guarded = record;
    return hash_of(&guarded->what, guarded->guard, guarded->agency, guarded->from);
}

static vdr_slot
find_window_of(const vdr_state *state, const place *of, const vdr_key16 *where)
{
    vdr_index_search search;
    vdr_slot slot =
        vdr_index_first(&state->guarded_by_what, hash_of(where, of->guard, of->agency, of->from), &search);
    for (; slot != 0; slot = vdr_index_next(&search)) {
        const vdr_guarded *at = guarded_at(state, slot);
        if (at->guard == of->guard && at->agency == of->agency && at->from == of->from &&
            vdr_key16_equal(&at->what, where))
            break;
    }
    return slot;
}

static vdr_slot
find_window(const vdr_state *state, const place *of)
{
    vdr_slot slot = find_window_of(state, of, &of->where);
    return slot != 0 || vdr_key16_equal(&of->where, &of->earlier) ? slot
                                                                  : find_window_of(state, of, &of->earlier);
}

static bool
has_key(const vdr_state *state, vdr_slot in, vdr_name guard, const vdr_key16 *person)
{
    vdr_index_search search;
    vdr_slot slot = vdr_index_first(&state->guarded_by_what, hash_of(person, guard, 0, 0), &search);
    for (; slot != 0; slot = vdr_index_next(&search)) {
        const vdr_guarded *at = guarded_at(state, slot);
        if (at->window == in && vdr_key16_equal(&at->what, person))
            break;
    }
    return slot != 0;
}

/* The i-th person of the command, under either key. */
static bool
has_person(const vdr_state *state, vdr_slot in, vdr_name guard, const vdr_command *command, size_t i)
{
    return has_key(state, in, guard, &command->persons[i].key) ||
           (command->earlier != NULL && has_key(state, in, guard, &command->earlier->persons[i]));
}

/* ---- what a guard looks at ---- */

/* False: the signal does not fall under the guard. */
static bool
window_of(const vdr_state *state, const vdr_signal_sense *sense, size_t number, place *ret_place)
{
    const vdr_config_guard *guard = &state->config->guards[number];
    const vdr_town_guard *bound = &state->town->guards[number];
    const vdr_town_agency *agency = &state->town->agencies[sense->agency];
    const vdr_command *command = sense->command;
    if ((bound->agency != 0 && bound->agency != agency->id) ||
        (bound->kind != 0 && bound->kind != agency->kind) ||
        (bound->type != VDR_TOWN_NONE && bound->type != sense->type))
        return false;
    *ret_place =
        (place){.guard = bound->id, .agency = agency->id, .from = state->now - state->now % guard->per_ms};
    if (guard->same == VDR_GUARD_ADDRESS) {
        if (command->address_count == 0 || command->address_excluded)
            return false;
        ret_place->where = command->addresses[0];
        ret_place->earlier = command->earlier != NULL ? command->earlier->addresses[0] : ret_place->where;
    } else if (guard->same == VDR_GUARD_BUURT) {
        if (command->buurt.at == NULL)
            return false;
        VDR_ASSERT(command->buurt.len <= sizeof ret_place->where.bytes);
        memcpy(ret_place->where.bytes, command->buurt.at, command->buurt.len);
        ret_place->earlier = ret_place->where;
    }
    return true;
}

static bool
named_before(const vdr_command *command, size_t person)
{
    for (size_t i = 0; i < person; i++)
        if (vdr_key16_equal(&command->persons[i].key, &command->persons[person].key))
            return true;
    return false;
}

/* How many persons of the signal the window has not counted, looked for up to most. */
static uint64_t
fresh_persons(const vdr_state *state, const vdr_command *command, vdr_slot in, vdr_name guard, uint64_t most)
{
    uint64_t fresh = 0;
    for (size_t i = 0; i < command->person_count && fresh < most; i++)
        fresh += (in == 0 || !has_person(state, in, guard, command, i)) && !named_before(command, i);
    return fresh;
}

vdr_err
vdr_guards_judge(const vdr_state *state, vdr_signal_sense *sense)
{
    for (size_t i = 0; i < state->config->guard_count; i++) {
        const vdr_config_guard *guard = &state->config->guards[i];
        place of;
        if (!guard->refuse || !window_of(state, sense, i, &of))
            continue;
        vdr_slot slot = find_window(state, &of);
        uint64_t counted = slot != 0 ? guarded_at(state, slot)->count : 0;
        uint64_t left = counted < guard->max ? guard->max - counted : 0;
        uint64_t more = guard->count == VDR_GUARD_SIGNALS
                            ? 1
                            : fresh_persons(state, sense->command, slot, of.guard, left + 1);
        if (more > left) {
            sense->until = of.from + guard->per_ms;
            return VDR_E_HELD_BACK;
        }
    }
    return VDR_E_ACCEPTED;
}

/* ---- counting ---- */

static vdr_slot
make_window(vdr_state *state, const place *of, vdr_ms until)
{
    vdr_slot slot = vdr_slab_take(&state->guarded);
    uint64_t order = vdr_state_timer(state, VDR_TIMER_GUARD_ENDS, until, slot);
    *guarded_edit(state, slot) = (vdr_guarded){.what = of->where,
                                               .order = order,
                                               .from = of->from,
                                               .guard = of->guard,
                                               .agency = of->agency,
                                               .parity = state->parity};
    vdr_index_put(&state->guarded_by_what, slot);
    return slot;
}

static void
count_persons(vdr_state *state, const vdr_command *command, vdr_slot in, vdr_name guard, uint64_t max)
{
    for (size_t i = 0; i < command->person_count && guarded_at(state, in)->count <= max; i++) {
        const vdr_key16 *person = &command->persons[i].key;
        if (has_person(state, in, guard, command, i))
            continue;
        vdr_slot slot = vdr_slab_take(&state->guarded);
        *guarded_edit(state, slot) = (vdr_guarded){.what = *person,
                                                   .guard = guard,
                                                   .window = in,
                                                   .persons = guarded_at(state, in)->persons,
                                                   .parity = state->parity};
        vdr_index_put(&state->guarded_by_what, slot);
        vdr_guarded *window = guarded_edit(state, in);
        window->persons = slot;
        window->count++;
    }
}

void
vdr_guards_count(vdr_state *state, const vdr_signal_sense *sense)
{
    for (size_t i = 0; i < state->config->guard_count; i++) {
        const vdr_config_guard *guard = &state->config->guards[i];
        place of;
        if (!window_of(state, sense, i, &of))
            continue;
        vdr_slot slot = find_window(state, &of);
        if (slot == 0)
            slot = make_window(state, &of, of.from + guard->per_ms);
        if (guard->count == VDR_GUARD_PERSONS)
            count_persons(state, sense->command, slot, of.guard, guard->max);
        else if (guarded_at(state, slot)->count < UINT32_MAX)
            guarded_edit(state, slot)->count++;
        const vdr_guarded *window = guarded_at(state, slot);
        if (window->told == 0 && window->count >= guard->max + (guard->refuse ? 0 : 1)) {
            guarded_edit(state, slot)->told = state->stepping;
            state->guards_spoken++;
        }
    }
}

/* What is put in its place is nobody's pseudonym, and each time another: so nothing can be found by it. */
void
vdr_guards_forget(vdr_state *state, const vdr_key16 *key)
{
    vdr_index_search search;
    vdr_slot slot = state->guarded.live == 0
                        ? 0
                        : vdr_index_first(&state->guarded_by_what, hash_of(key, 0, 0, 0), &search);
    while (slot != 0) {
        if (!vdr_key16_equal(&guarded_at(state, slot)->what, key)) {
            slot = vdr_index_next(&search);
            continue;
        }
        vdr_index_remove(&state->guarded_by_what, slot);
        vdr_key16 nobody = {{0}};
        memcpy(nobody.bytes, &slot, sizeof slot);
        guarded_edit(state, slot)->what = nobody;
        vdr_index_put(&state->guarded_by_what, slot);
        slot = vdr_index_first(&state->guarded_by_what, hash_of(key, 0, 0, 0), &search);
    }
}

void
vdr_guard_ends(vdr_state *state, vdr_slot window, uint64_t order)
{
    VDR_ASSERT(guarded_at(state, window)->order == order); /* nothing else ends it */
    vdr_slot slot = window;
    while (slot != 0) {
        vdr_slot next = guarded_at(state, slot)->persons;
        vdr_rekey_gone(state, guarded_at(state, slot)->parity, &state->old_guarded);
        vdr_index_remove(&state->guarded_by_what, slot);
        vdr_slab_give(&state->guarded, slot);
        slot = next;
    }
}

/* ---- looking ---- */

uint64_t
vdr_core_guards_spoken(const vdr_core *core)
{
    return core->state.guards_spoken;
}

bool
vdr_core_guard_next(const vdr_core *core, uint32_t *cursor, vdr_guard_view *ret_view)
{
    const vdr_state *state = &core->state;
    for (vdr_slot slot = *cursor + 1; slot < state->guarded.next; slot++) {
        const vdr_guarded *at = guarded_at(state, slot);
        if (at->guard == 0 || at->agency == 0 || at->told == 0)
            continue;
        *cursor = slot;
        *ret_view = (vdr_guard_view){.guard = vdr_name_text(state, at->guard),
                                     .agency = vdr_name_text(state, at->agency),
                                     .from = at->from,
                                     .told = at->told,
                                     .count = at->count};
        return true;
    }
    return false;
}

const char *
vdr_guard_check(const vdr_state *state)
{
    uint64_t persons = 0, listed = 0;
    for (vdr_slot slot = 1; slot < state->guarded.next; slot++) {
        const vdr_guarded *at = guarded_at(state, slot);
        if (at->guard == 0)
            continue;
        persons += at->agency == 0;
        vdr_slot person = at->agency != 0 ? at->persons : 0;
        uint64_t before = listed;
        for (; person != 0; person = guarded_at(state, person)->persons, listed++)
            if (guarded_at(state, person)->window != slot || listed > state->guarded.live)
                return "a guard's window lists a person of another one";
        if (listed != before && listed - before != at->count)
            return "a guard's window does not count its persons";
        if (at->agency != 0 && find_window(state, &(place){.where = at->what,
                                                           .earlier = at->what,
                                                           .guard = at->guard,
                                                           .agency = at->agency,
                                                           .from = at->from}) != slot)
            return "a guard's window is not found";
    }
    return persons == listed ? NULL : "a person that a guard counted is in no window";
}
