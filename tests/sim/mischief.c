/* Events of somebody who is let in and means ill, or errs: each has a verdict that no state changes, and no effect. */
#include "tests/sim/actor.h"
#include "tests/sim/clock.h"

#include <stdio.h>
#include <stdlib.h>

#define FAR_DAYS 3000 /* no clock jumps so far, and no signal is kept so long */

static const char *
another_source(const sim_actor *actor, const sim_town *town, sim_dice *dice)
{
    const sim_party *other = actor->as;
    while (other == actor->as || other->source == NULL)
        other = &town->parties[sim_below(dice, town->party_count)];
    return other->source;
}

static char *
event_text(const char *id, const char *source, const char *type, const char *rest)
{
    char at[VDR_TIME_TEXT_BYTES + 1], *json = vdr_alloc(2048, 1);
    sim_actor_instant(sim_clock_wall_ms(), at);
    (void)snprintf(json, 2048,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"%s\",\"time\":\"%s\","
                   "\"data\":{\"municipality\":\"" SIM_MUNICIPALITY "\"%s}}",
                   id, source, type, at, rest);
    return json;
}

static void
send(sim_actor *actor, const char *source, char *json, const char *id, bool signal, vdr_err refusal)
{
    sim_event *event = sim_audit_event(actor->as, source, json, id, signal, signal ? sim_clock_wall_ms() : 0);
    event->refusal = event->or_else = refusal;
    sim_actor_wish(actor, event);
}

static void
name_it(sim_actor *actor, char ret_id[40])
{
    (void)snprintf(ret_id, 40, "%s-%u-%llu", actor->as->id, actor->number, (unsigned long long)++actor->made);
}

/* In another's name. */
static void
pretend(sim_actor *actor, const sim_town *town)
{
    char id[40];
    const char *source = another_source(actor, town, &actor->dice);
    bool signal = sim_below(&actor->dice, 2) == 0;
    name_it(actor, id);
    const char *type = signal ? sim_types[sim_below(&actor->dice, SIM_TYPES)] : "nl.voordeur.case_closed.v1";
    char *json = event_text(id, source, type,
                            signal ? ",\"persons\":[{\"bsn\":\"999900006\",\"role\":\"youth\"}]"
                                   : ",\"case\":\"C1\",\"outcome\":\"x\"");
    send(actor, source, json, id, signal, signal ? VDR_E_UNKNOWN_SOURCE : VDR_E_UNKNOWN_ACTOR);
}

/* What one's kind may not do. */
static void
overstep(sim_actor *actor)
{
    static const struct {
        vdr_party_kind may, also;
        vdr_act act;
        const char *rest;
    } acts[] = {
        {VDR_PARTY_REGISSEUR, VDR_PARTY_REGISSEUR, VDR_ACT_CASE_ACCEPTED, ",\"case\":\"C1\""},
        {VDR_PARTY_REGISSEUR, VDR_PARTY_REGISSEUR, VDR_ACT_CASE_CLOSED, ",\"case\":\"C1\",\"outcome\":\"x\""},
        {VDR_PARTY_REGISSEUR, VDR_PARTY_REGISSEUR, VDR_ACT_HANDOVER_OFFERED,
         ",\"case\":\"C1\",\"to\":\"r-anna\""},
        {VDR_PARTY_COORDINATOR, VDR_PARTY_COORDINATOR, VDR_ACT_CASE_ASSIGNED,
         ",\"case\":\"C1\",\"regisseur\":\"r-anna\""},
        {VDR_PARTY_COORDINATOR, VDR_PARTY_COORDINATOR, VDR_ACT_HOUSEHOLD_MERGED,
         ",\"into\":\"H1\",\"from\":\"H2\""},
        {VDR_PARTY_COORDINATOR, VDR_PARTY_REGISSEUR, VDR_ACT_CASE_DISMISSED,
         ",\"case\":\"C1\",\"reason\":\"x\""},
        {VDR_PARTY_SERVICE, VDR_PARTY_SERVICE, VDR_ACT_FEEDBACK, ",\"signal\":\"s\",\"result\":\"x\""},
        {VDR_PARTY_AGENCY, VDR_PARTY_AGENCY, VDR_ACT_SIGNAL_WITHDRAWN, ",\"signal\":\"s\",\"reason\":\"x\""},
        {VDR_PARTY_PRIVACY_OFFICER, VDR_PARTY_PRIVACY_OFFICER, VDR_ACT_ERASED, ",\"household\":\"H1\""},
        {VDR_PARTY_PRIVACY_OFFICER, VDR_PARTY_PRIVACY_OFFICER, VDR_ACT_OBJECTED,
         ",\"household\":\"H1\",\"reason\":\"x\""},
        {VDR_PARTY_PRIVACY_OFFICER, VDR_PARTY_COORDINATOR, VDR_ACT_HOLD_LIFTED,
         ",\"household\":\"H1\",\"reason\":\"x\""},
    };
    size_t i = (size_t)sim_below(&actor->dice, sizeof acts / sizeof acts[0]);
    if (acts[i].may == actor->as->kind || acts[i].also == actor->as->kind)
        return;
    sim_event *event = sim_actor_want_act(actor, acts[i].act, acts[i].rest);
    event->refusal = event->or_else = VDR_E_NOT_ALLOWED;
}

/* A signal that is none. */
static void
misspell(sim_actor *actor)
{
    static const struct {
        vdr_err refusal;
        const char *rest;
    } shapes[] = {
        {VDR_E_BAD_BSN, ",\"persons\":[{\"bsn\":\"999900001\"}]"},
        {VDR_E_BAD_BSN, ",\"persons\":[{\"bsn\":\"000000000\"}],\"address\":{\"bag\":\"12\"},\"severity\":9"},
        {VDR_E_BAD_ADDRESS, ",\"address\":{\"bag\":\"99012\"},\"severity\":9"},
        {VDR_E_BAD_ADDRESS, ",\"address\":{\"bag\":\"9901200000000001\",\"buurt\":\"BU99\"}"},
        {VDR_E_BAD_SEVERITY, ",\"address\":{\"bag\":\"9901200000000001\"},\"severity\":6"},
        {VDR_E_NO_SUBJECT, ",\"severity\":9"},
        {VDR_E_NO_SUBJECT, ",\"address\":{\"buurt\":\"BU99010101\"}"},
        {VDR_E_MALFORMED, ",\"address\":{\"bag\":\"9901200000000001\"},\"severity\":\"2\""},
        {VDR_E_MALFORMED, ",\"address\":{\"bag\":\"9901200000000001\"},\"colour\":2"},
        {VDR_E_MALFORMED, ",\"address\":{\"bag\":\"9901200000000001\"},\"severity\":2,\"severity\":2"},
    };
    static const char *const own[] = {"school", "politie", "wonen", "brp"};
    static const char *const types[] = {"sim.verzuim.v1", "sim.geweld.v1", "sim.huur.v1", "sim.verhuist.v1"};
    size_t of = 0, i = (size_t)sim_below(&actor->dice, sizeof shapes / sizeof shapes[0] + 3);
    char rest[160], far[VDR_TIME_TEXT_BYTES + 1];
    vdr_ms at = sim_clock_wall_ms();
    while (strcmp(own[of], actor->as->id) != 0)
        of++;
    sim_event *event;
    if (i < sizeof shapes / sizeof shapes[0]) {
        event = sim_actor_want(actor, types[of], at, "%s", shapes[i].rest);
        event->refusal = shapes[i].refusal;
    } else if (i == sizeof shapes / sizeof shapes[0]) {
        event = sim_actor_want(actor, "sim.nothing.v1", at, "%s", shapes[0].rest);
        event->refusal = VDR_E_UNKNOWN_TYPE;
    } else {
        bool future = sim_below(&actor->dice, 2) == 0;
        sim_actor_instant(at + (future ? 1 : -1) * FAR_DAYS * VDR_DAY_MS, far);
        (void)snprintf(rest, sizeof rest,
                       ",\"address\":{\"bag\":\"9901200000000001\"},\"occurred_at\":\"%s\"", far);
        event = sim_actor_want(actor, types[of], at, "%s", rest);
        event->refusal = future ? VDR_E_FUTURE : VDR_E_TOO_OLD;
    }
    event->or_else = event->refusal;
}

/* Another event under the id of one that was taken. */
static bool
reuse(sim_actor *actor)
{
    sim_event *first = sim_audit_some_taken(actor->as, &actor->dice);
    if (first == NULL)
        return false;
    bool agency = actor->as->kind == VDR_PARTY_AGENCY;
    char *json = event_text(
        first->id, first->source, agency ? "sim.another.v1" : "nl.voordeur.case_accepted.v1",
        agency ? ",\"address\":{\"bag\":\"9901200000000001\"},\"severity\":4" : ",\"case\":\"C999999\"");
    sim_event *event =
        sim_audit_event(actor->as, first->source, json, first->id, first->signal, first->occurred_at);
    event->first = first;
    sim_actor_wish(actor, event);
    return true;
}

/* On a case as it is not any more. */
static void
act_too_late(sim_actor *actor)
{
    static const vdr_act acts[] = {VDR_ACT_CASE_ACCEPTED, VDR_ACT_HANDOVER_ACCEPTED};
    char rest[64];
    if (actor->case_count == 0)
        return;
    (void)snprintf(rest, sizeof rest, ",\"case\":\"C%llu\"",
                   (unsigned long long)actor->cases[sim_below(&actor->dice, actor->case_count)]);
    sim_event *event = sim_actor_want_act(actor, acts[sim_below(&actor->dice, 2)], rest);
    event->check_revision = true;
    event->refusal = VDR_E_STALE_REVISION;
    event->or_else = VDR_E_UNKNOWN_CASE; /* it left */
}

bool
sim_mischief(sim_actor *actor, const sim_town *town)
{
    switch (sim_below(&actor->dice, 5)) {
    case 0:
        pretend(actor, town);
        return true;
    case 1:
        overstep(actor);
        return true;
    case 2:
        return reuse(actor);
    case 3:
        if (actor->as->kind != VDR_PARTY_AGENCY)
            return false;
        misspell(actor);
        return true;
    default:
        if (actor->as->kind != VDR_PARTY_REGISSEUR)
            return reuse(actor);
        act_too_late(actor);
        return true;
    }
}
