#include "tests/sim/keys.h"

#include "tests/sim/broker.h"
#include "tests/sim/clock.h"
#include "tests/sim/fiber.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire.h"
#include "tests/sim/world.h"

#include <stdio.h>

#define SECOND_MS INT64_C(1000)
#define NO_PAIR   SIM_KEYS_EACH

/* By the log, and where that does not know it by node.yaml. */
static bool
holds(const sim_town *town, unsigned party, unsigned pair)
{
    sim_key_state state = sim_keys_state(party, pair);
    bool by_file = state == SIM_KEY_UNKNOWN || state == SIM_KEY_IN_FILE;
    return state == SIM_KEY_VALID || (by_file && town->in_file[party] == pair);
}

static unsigned
newest(const sim_town *town, unsigned party)
{
    for (unsigned pair = SIM_KEYS_EACH; pair-- > 0;) {
        if (holds(town, party, pair))
            return pair;
    }
    return NO_PAIR;
}

/* A pair that nobody was ever told of. */
static unsigned
fresh(const sim_town *town, unsigned party)
{
    unsigned pair = 0;
    while (pair < SIM_KEYS_EACH &&
           (sim_keys_state(party, pair) != SIM_KEY_UNKNOWN || pair <= town->in_file[party]))
        pair++;
    return pair;
}

/* ---- What operators do */

static void
give(sim_actor *operator, const sim_town * town, unsigned party, vdr_wire_admin *admin, char name[80])
{
    unsigned had = newest(town, party), pair = fresh(town, party);
    if (pair + 2 >= NO_PAIR) /* the last ones are for when everything else has ended */
        return;
    admin->verb = had == NO_PAIR ? VDR_VERB_KEY_ADD : VDR_VERB_KEY_ROTATE;
    if (had != NO_PAIR && sim_below(&operator->dice, 6) == 0) { /* the one that it has gets an end */
        admin->verb = VDR_VERB_KEY_ADD;
        pair = had;
    }
    (void)snprintf(name, 80, "%s:%s", vdr_party_kind_name(town->parties[party].kind),
                   town->parties[party].id);
    admin->name = vdr_span_str(name);
    admin->public_key = vdr_span_of(sim_town_key(party, pair), VDR_PUBLIC_KEY_BYTES);
    if (sim_below(&operator->dice, 3) == 0)
        admin->time = sim_clock_wall_ms() + sim_between(&operator->dice, 1, 900) * SECOND_MS;
    if (admin->verb == VDR_VERB_KEY_ROTATE && sim_below(&operator->dice, 3) != 0)
        admin->overlap_ms = (uint64_t)sim_between(&operator->dice, 1, 30 * SECOND_MS);
}

static void
revoke(sim_actor *operator, const sim_town * town, unsigned party, vdr_wire_admin *admin)
{
    unsigned pair = newest(town, party);
    if (pair == NO_PAIR)
        return;
    if (sim_below(&operator->dice, 2) == 0)
        pair = (unsigned)sim_below(&operator->dice, pair + 1);
    admin->verb = VDR_VERB_KEY_REVOKE;
    admin->public_key = vdr_span_of(sim_town_key(party, pair), VDR_PUBLIC_KEY_BYTES);
}

void
sim_keys_act(sim_actor *operator, sim_town * town)
{
    static const vdr_verb others[] = {VDR_VERB_KEYS, VDR_VERB_ROTATE, VDR_VERB_ROTATE, VDR_VERB_ROTATE_LOOK,
                                      VDR_VERB_ROTATE_FINISH};
    unsigned party = (unsigned)sim_below(&operator->dice, town->party_count);
    uint64_t n = sim_below(&operator->dice, 10);
    char name[80];
    vdr_wire_admin admin = {
        .verb = VDR_VERB_KEYS, .time = VDR_MS_NONE, .reason = vdr_span_str("so it must be")};
    if (n < 4) {
        give(operator, town, party, &admin, name);
    } else if (n < 6) {
        revoke(operator, town, party, &admin);
    } else if (n == 6) {
        admin.verb = VDR_VERB_APPROVE;
        admin.number = town->proposal;
    } else {
        admin.verb = others[sim_below(&operator->dice, sizeof others / sizeof others[0])];
    }
    sim_operator_says(operator, & admin);
}

/* ---- What follows */

static bool
is_in_session(const sim_actor *actor)
{
    vdr_client_state state;
    vdr_client_state_get(actor->handle, &state);
    return state.phase == VDR_CLIENT_READY;
}

/* It comes again with another key; who is in a session whose key has ended stays to hear of it. */
static void
take_up(sim_actor *actor, const sim_town *town, sim_dice *dice, bool healed)
{
    unsigned pair = newest(town, actor->party);
    if (pair == NO_PAIR || pair == actor->pair)
        return;
    bool ended = !holds(town, actor->party, actor->pair);
    if (actor->handle != NULL && (ended ? is_in_session(actor) : !healed && sim_below(dice, 8) != 0))
        return;
    if (actor->handle != NULL && !ended && healed)
        return; /* it will do to the end, or ends, and is looked at again */
    sim_trace("takes up", actor->number, pair);
    sim_deeds[SIM_KEY_TAKEN_UP]++;
    if (actor->handle != NULL)
        sim_actor_kill(actor, false, sim_clock_us() + sim_between(dice, 1000, 1000000));
    actor->pair = pair;
    for (size_t i = 0; i < actor->wish_count; i++) /* the outbox is of the pair before */
        actor->wishes[i].number = 0;
}

static bool store_told; /* the broker said that the store is sealed under the next key */

void
sim_keys_store_told(void)
{
    store_told = true;
}

/* The file that was the next one is the key now: where a change of the pseudonym key is complete, or the store is under
 * another key of its tenant. */
static bool
move_secrets(sim_town *town, sim_dice *dice)
{
    bool pseudonym = town->pseudonym < sim_keys_pseudonym() && sim_below(dice, 3) == 0;
    town->pseudonym += pseudonym;
    if (sim_below(dice, 12) != 0 || (town->store_next ? !store_told : town->store + 1 == SIM_SECRETS))
        return pseudonym;
    town->store += town->store_next;
    sim_deeds[SIM_STORE_KEY] += town->store_next;
    town->store_next = !town->store_next;
    store_told = false;
    return true;
}

bool
sim_keys_mend(sim_actor *actors, unsigned count, sim_town *town, sim_dice *dice, bool healed)
{
    if (!town->keys)
        return false;
    bool write = move_secrets(town, dice);
    for (unsigned party = 0; party < town->party_count; party++) {
        unsigned pair = fresh(town, party);
        if (pair == NO_PAIR || newest(town, party) != NO_PAIR ||
            (!healed && (pair + 1 == NO_PAIR || sim_below(dice, 20) != 0)))
            continue;
        town->in_file[party] = pair;
        sim_deeds[SIM_KEY_OF_FILE]++;
        write = true;
    }
    for (unsigned i = 0; i < count; i++)
        take_up(&actors[i], town, dice, healed);
    if (write) {
        sim_trace("node.yaml", town->pseudonym, 0);
        sim_town_node(town);
    }
    return write;
}
