/* Who is known stays known (semantics section 5): a person's signals come to the household that the person has, whatever key
 * pseudonyms are made with. Kept where nobody moves, and nothing may have left. */
#include "tests/sim/audit_inside.h"

#include <stdlib.h>

#define SLOTS (4u * SIM_EVENTS_MAX)

static uint32_t slots[SLOTS]; /* number of an event + 1, by name */
static size_t placed;         /* events that have a place */
static uint64_t households[SIM_PERSONS];
static bool blind; /* whom a signal named is not known */

static uint32_t
place_of(uint64_t name)
{
    uint32_t at = (uint32_t)(name % SLOTS);
    while (slots[at] != 0 && sim_events[slots[at] - 1]->name != name)
        at = (at + 1) % SLOTS;
    return at;
}

/* Of several events with this id it is the one whose sender was told this position; NULL: nobody was. */
static const sim_event *
event_of(vdr_position position)
{
    for (; placed < sim_event_count; placed++) {
        uint32_t at = place_of(sim_events[placed]->name);
        if (slots[at] == 0)
            slots[at] = (uint32_t)placed + 1;
        else
            sim_events[slots[at] - 1]->twice = true;
    }
    uint64_t name = sim_told.log[position - 1].name;
    uint32_t at = place_of(name);
    const sim_event *event = slots[at] != 0 ? sim_events[slots[at] - 1] : NULL;
    if (event == NULL || !event->twice)
        return event;
    for (size_t i = slots[at] - 1; i < sim_event_count; i++) {
        if (sim_events[i]->name == name && sim_events[i]->position == position)
            return sim_events[i];
    }
    return NULL;
}

void
sim_known_begin(void)
{
    memset(households, 0, sizeof households);
    blind = false;
}

static size_t
persons_of(const sim_event *event, unsigned ret_persons[8])
{
    size_t count = 0;
    const char *at = strstr(event->json, "\"persons\":");
    while (at != NULL && count < 8 && (at = strstr(at, "\"bsn\":\"")) != NULL) {
        at += 7;
        for (unsigned i = 0; i < SIM_PERSONS; i++) {
            if (memcmp(at, sim_audit_town->bsns[i], 9) == 0)
                ret_persons[count++] = i;
        }
    }
    return count;
}

static void
hear_signal(vdr_position position, const vdr_effect *effect)
{
    unsigned persons[8];
    uint64_t by_person = 0, household = effect->household.number;
    const sim_event *event = event_of(position);
    blind = blind || event == NULL;
    if (blind)
        return;
    size_t count = persons_of(event, persons);
    for (size_t i = 0; i < count && by_person == 0; i++)
        by_person = households[persons[i]];
    if (by_person != 0 && (by_person != household || effect->match != VDR_MATCH_PERSON))
        sim_violation("section 5", "record %llu goes to H%llu, and somebody in it is of H%llu",
                      (unsigned long long)position, (unsigned long long)household,
                      (unsigned long long)by_person);
    if (by_person == 0 && effect->match == VDR_MATCH_PERSON)
        sim_violation("section 5", "record %llu goes to H%llu by a person of whom nobody has heard",
                      (unsigned long long)position, (unsigned long long)household);
    for (size_t i = 0; i < count; i++) {
        if (households[persons[i]] == 0)
            households[persons[i]] = household;
    }
}

void
sim_known_step(vdr_position position, const vdr_command *command, vdr_span tale)
{
    uint32_t offset = 0;
    vdr_effect effect;
    if (!sim_audit_town->still || sim_told.lied || sim_audit_may_leave() || position > sim_told.log_count)
        return;
    /* Timers that are due have their lines first. */
    while (command->kind == VDR_COMMAND_SIGNAL && vdr_effect_next(tale, &offset, &effect) == VDR_OK) {
        if (effect.kind == VDR_EFFECT_SIGNAL && effect.verdict == VDR_E_ACCEPTED)
            hear_signal(position, &effect);
    }
    for (size_t i = 0; command->act == VDR_ACT_HOUSEHOLD_MERGED && i < SIM_PERSONS; i++) {
        if (households[i] == command->from.number)
            households[i] = command->into.number;
    }
}
