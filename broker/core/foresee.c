#include "broker/core/foresee.h"

#include "broker/core/household.h"

#define MEMBERS_MAX 8u /* of a command: more are rare, and hints too many help nobody */
#define BACK_MAX    7u /* signals of a household behind its newest: rules look at all, and most have no more */

/* What is looked for next: each pass takes what the one before has fetched, for all commands, and only then are the
 * hints given. So no hint waits for the memory of another. */
typedef struct sights {
    size_t count;
    uint32_t at[VDR_CORE_FORESEEN * MEMBERS_MAX];
} sights;

static void
sight_add(sights *found, uint32_t value)
{
    found->at[found->count++] = value;
}

/* The hashes of the members that an event names, those under the earlier key as well (rekey.h). */
static void
sight_members(sights *found, const vdr_command *command)
{
    size_t end = found->count + MEMBERS_MAX;
    for (size_t i = 0; i < command->person_count && found->count < end; i++)
        sight_add(found, vdr_member_hash(&command->persons[i].key));
    for (size_t i = 0; i < command->address_count && found->count < end; i++)
        sight_add(found, vdr_member_hash(&command->addresses[i]));
    if (command->earlier == NULL)
        return;
    for (size_t i = 0; i < command->person_count && found->count < end; i++)
        sight_add(found, vdr_member_hash(&command->earlier->persons[i]));
    for (size_t i = 0; i < command->address_count && found->count < end; i++)
        sight_add(found, vdr_member_hash(&command->earlier->addresses[i]));
}

static bool
is_event(const vdr_command *command)
{
    return command->shape == VDR_OK &&
           (command->kind == VDR_COMMAND_SIGNAL || command->kind == VDR_COMMAND_ACT);
}

static void
fetch_id(const vdr_state *state, const vdr_command *command)
{
    vdr_index_fetch_place(&state->signals_by_id, (uint32_t)command->id_hash);
    vdr_index_fetch_line(&state->acts_by_id, (uint32_t)command->id_hash);
}

static void
fetch_lines(const vdr_state *state, const sights *hashes)
{
    for (size_t i = 0; i < hashes->count; i++)
        vdr_index_fetch_line(&state->members_by_key, hashes->at[i]);
}

/* Hashes become members, households, newest signals, and those before: in place, without those that there are not. */
static void
find_members(const vdr_state *state, sights *found)
{
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        vdr_slot member = vdr_index_guess(&state->members_by_key, found->at[i]);
        if (member != 0)
            found->at[count++] = member;
    }
    found->count = count;
}

static void
find_households(const vdr_state *state, sights *found)
{
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        vdr_slot household = vdr_member_at(state, found->at[i])->household;
        if (household != 0 && (count == 0 || found->at[count - 1] != household)) /* mostly the same one */
            found->at[count++] = household;
    }
    found->count = count;
}

static void
find_newest(const vdr_state *state, sights *found)
{
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        const vdr_household *household = vdr_household_at(state, found->at[i]);
        if (household->open_case != 0)
            vdr_slab_prefetch(&state->cases, household->open_case);
        if (household->latches != 0)
            vdr_slab_prefetch(&state->latches, household->latches);
        if (household->signals_last != 0)
            found->at[count++] = household->signals_last;
    }
    found->count = count;
}

static void
find_before(const vdr_state *state, sights *found)
{
    size_t count = 0;
    for (size_t i = 0; i < found->count; i++) {
        const vdr_signal *signal = vdr_signal_at(state, found->at[i]);
        if (signal->names != 0)
            vdr_slab_prefetch(&state->namings, signal->names);
        if (signal->before != 0)
            found->at[count++] = signal->before;
    }
    found->count = count;
}

static void
fetch(const vdr_slab *slab, const sights *found)
{
    for (size_t i = 0; i < found->count; i++)
        vdr_slab_prefetch_edit(slab, found->at[i]);
}

void
vdr_foresee(const vdr_state *state, const vdr_command *const *commands, size_t count)
{
    VDR_UNZEROED sights found;
    VDR_ASSERT(count <= VDR_CORE_FORESEEN);
    found.count = 0;
    for (size_t i = 0; i < count; i++) {
        if (!is_event(commands[i]))
            continue;
        fetch_id(state, commands[i]);
        sight_members(&found, commands[i]);
    }
    fetch_lines(state, &found);
    find_members(state, &found);
    fetch(&state->members, &found);
    find_households(state, &found);
    fetch(&state->households, &found);
    find_newest(state, &found);
    fetch(&state->signals, &found);
    for (uint32_t back = 0; back < BACK_MAX && found.count != 0; back++) {
        find_before(state, &found);
        fetch(&state->signals, &found);
    }
}

void
vdr_foresee_lines(const vdr_state *state, const vdr_command *command)
{
    VDR_UNZEROED sights found;
    if (!is_event(command))
        return;
    found.count = 0;
    sight_members(&found, command);
    fetch_id(state, command);
    fetch_lines(state, &found);
}

void
vdr_foresee_members(const vdr_state *state, const vdr_command *command)
{
    VDR_UNZEROED sights found;
    if (!is_event(command))
        return;
    found.count = 0;
    sight_members(&found, command);
    find_members(state, &found);
    fetch(&state->members, &found);
}
