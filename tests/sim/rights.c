#include "tests/sim/actor.h"
#include "tests/sim/clock.h"

#include <stdio.h>

#define SECOND_MS INT64_C(1000)

/* Of few, more often than not, so that what people ask meets. */
static unsigned long long
some_household(sim_actor *actor)
{
    return 1 + sim_below(&actor->dice, sim_below(&actor->dice, 3) == 0 ? 12 : 3);
}

static vdr_act
one_of(sim_actor *actor, const vdr_act *acts, size_t count)
{
    return acts[sim_below(&actor->dice, count)];
}
#define ONE_OF(actor, ...)                                                                                   \
    one_of(actor, (const vdr_act[]){__VA_ARGS__}, sizeof((const vdr_act[]){__VA_ARGS__}) / sizeof(vdr_act))

void
sim_hold_acts(sim_actor *actor)
{
    char rest[96];
    vdr_act act = ONE_OF(actor, VDR_ACT_HOLD_PLACED, VDR_ACT_HOLD_PLACED, VDR_ACT_HOLD_CONFIRMED,
                         VDR_ACT_HOLD_CONFIRMED, VDR_ACT_HOLD_LIFTED);
    unsigned long long household = some_household(actor);
    (void)snprintf(rest, sizeof rest, ",\"household\":\"H%llu\"%s", household,
                   act == VDR_ACT_HOLD_CONFIRMED ? "" : ",\"reason\":\"x\"");
    (void)sim_actor_want_act(actor, act, rest);
}

static void
conflict(sim_actor *actor)
{
    static const char *const ids[] = {"r-anna", "r-bram", "r-carla"};
    char rest[96];
    (void)snprintf(rest, sizeof rest, ",\"regisseur\":\"%s\",\"household\":\"H%llu\"",
                   ids[sim_below(&actor->dice, 3)], some_household(actor));
    (void)sim_actor_want_act(
        actor, ONE_OF(actor, VDR_ACT_CONFLICT_DECLARED, VDR_ACT_CONFLICT_DECLARED, VDR_ACT_CONFLICT_LIFTED),
        rest);
}

/* Of a household, or of a person. */
static void
objection(sim_actor *actor, const sim_town *town)
{
    char rest[160];
    vdr_act act = ONE_OF(actor, VDR_ACT_OBJECTED, VDR_ACT_OBJECTED, VDR_ACT_OBJECTION_DECIDED,
                         VDR_ACT_RESTRICTED, VDR_ACT_RESTRICTION_LIFTED);
    int len = sim_below(&actor->dice, 4) == 0
                  ? snprintf(rest, sizeof rest, ",\"bsn\":\"%s\"",
                             town->bsns[sim_below(&actor->dice, town->persons)])
                  : snprintf(rest, sizeof rest, ",\"household\":\"H%llu\"", some_household(actor));
    (void)snprintf(rest + len, sizeof rest - (size_t)len, ",\"reason\":\"x\"%s",
                   act != VDR_ACT_OBJECTION_DECIDED  ? ""
                   : sim_below(&actor->dice, 2) == 0 ? ",\"decision\":\"upheld\""
                                                     : ",\"decision\":\"rejected\"");
    (void)sim_actor_want_act(actor, act, rest);
}

static void
erasure(sim_actor *actor, const sim_town *town)
{
    char rest[128];
    vdr_act act = ONE_OF(actor, VDR_ACT_ERASED, VDR_ACT_ERASURE_REQUESTED, VDR_ACT_ERASURE_REQUESTED,
                         VDR_ACT_ERASURE_REQUEST_WITHDRAWN, VDR_ACT_PERSON_ERASED);
    int len = snprintf(rest, sizeof rest, ",\"household\":\"H%llu\"", some_household(actor));
    if (act == VDR_ACT_PERSON_ERASED)
        (void)snprintf(rest + len, sizeof rest - (size_t)len, ",\"bsn\":\"%s\"",
                       town->bsns[sim_below(&actor->dice, town->persons)]);
    else if (act != VDR_ACT_ERASED)
        (void)snprintf(rest + len, sizeof rest - (size_t)len, ",\"reason\":\"x\"");
    (void)sim_actor_want_act(actor, act, rest);
}

void
sim_officer_acts(sim_actor *actor, const sim_town *town)
{
    switch (sim_below(&actor->dice, 4)) {
    case 0:
        erasure(actor, town);
        break;
    case 1:
        sim_hold_acts(actor);
        break;
    case 2:
        objection(actor, town);
        break;
    default:
        conflict(actor);
    }
}

void
sim_absence_acts(sim_actor *actor, const char *regisseur)
{
    char from[VDR_TIME_TEXT_BYTES + 1], to[VDR_TIME_TEXT_BYTES + 1];
    vdr_ms begin = sim_clock_wall_ms() + sim_between(&actor->dice, -60, 5) * SECOND_MS;
    if (actor->absence[0] != '\0' && sim_below(&actor->dice, 2) == 0) {
        (void)sim_actor_want_act(actor, VDR_ACT_ABSENCE_LIFTED, actor->absence);
        actor->absence[0] = '\0';
        return;
    }
    sim_actor_instant(begin, from);
    sim_actor_instant(begin + 61 * SECOND_MS + sim_between(&actor->dice, 0, 3600) * SECOND_MS, to);
    (void)snprintf(actor->absence, sizeof actor->absence,
                   ",\"regisseur\":\"%s\",\"from\":\"%s\",\"to\":\"%s\"", regisseur, from, to);
    (void)sim_actor_want_act(actor, VDR_ACT_ABSENCE_SET, actor->absence);
}
