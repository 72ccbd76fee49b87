#include "tests/sim/actor.h"

#include "proto/time.h"
#include "tests/sim/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define JSON_BYTES 2048u

/* ---- Events */

static void
instant(vdr_ms at, char ret_text[VDR_TIME_TEXT_BYTES + 1])
{
    vdr_time_format(at < 0 ? 0 : at, ret_text);
    ret_text[VDR_TIME_TEXT_BYTES] = '\0';
}

/* An event of this one, with a new id, and the rest of its data. */
__attribute__((format(printf, 4, 5))) static sim_event *
want(sim_actor *actor, const char *type, vdr_ms occurred_at, const char *format, ...)
{
    char rest[JSON_BYTES / 2], id[40], at[VDR_TIME_TEXT_BYTES + 1];
    char *json = vdr_alloc(JSON_BYTES, 1);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(rest, sizeof rest, format, arguments);
    va_end(arguments);
    (void)snprintf(id, sizeof id, "%s-%u-%llu", actor->as->id, actor->number,
                   (unsigned long long)++actor->made);
    instant(sim_clock_wall_ms(), at);
    (void)snprintf(json, JSON_BYTES,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"%s\",\"time\":\"%s\","
                   "\"data\":{\"municipality\":\"" SIM_MUNICIPALITY "\"%s}}",
                   id, actor->as->source, type, at, rest);
    sim_event *event = sim_audit_event(actor->as, json, id, occurred_at != 0, occurred_at);
    sim_actor_wish(actor, event);
    return event;
}

static void
want_act(sim_actor *actor, vdr_act act, const char *rest)
{
    char type[80];
    (void)snprintf(type, sizeof type, "nl.voordeur.%s.v1", vdr_act_name(act));
    (void)want(actor, type, 0, "%s", rest);
}

/* One of the newest that were heard of. */
static uint64_t
some(sim_actor *actor, const uint64_t *numbers, size_t count)
{
    if (count == 0)
        return 1 + sim_below(&actor->dice, 20);
    uint64_t back = sim_below(&actor->dice, count < 6 ? count : 6);
    return numbers[count - 1 - back];
}

static const char *
some_signal(sim_actor *actor)
{
    if (actor->signal_count == 0)
        return "none";
    uint64_t back = sim_below(&actor->dice, actor->signal_count < 12 ? actor->signal_count : 12);
    return actor->signals[actor->signal_count - 1 - back];
}

static const char *
some_regisseur(sim_actor *actor)
{
    static const char *const ids[] = {"r-anna", "r-bram", "r-carla"};
    return ids[sim_below(&actor->dice, 3)];
}

static void
remember(uint64_t *numbers, size_t *count, uint64_t number)
{
    if (number == 0)
        return;
    if (*count == SIM_CASES_SEEN) {
        memmove(numbers, numbers + 1, (SIM_CASES_SEEN - 1) * sizeof *numbers);
        --*count;
    }
    numbers[(*count)++] = number;
}

static void
remember_signal(sim_actor *actor, const char *id, size_t len)
{
    if (actor->signal_count == SIM_CASES_SEEN) {
        memmove(actor->signals, actor->signals + 1, (SIM_CASES_SEEN - 1) * sizeof actor->signals[0]);
        actor->signal_count--;
    }
    char *at = actor->signals[actor->signal_count++];
    (void)snprintf(at, sizeof actor->signals[0], "%.*s", (int)len, id);
}

/* ---- What they do */

static void
signals(sim_actor *actor, const sim_town *town)
{
    char rest[JSON_BYTES / 2] = "", at[VDR_TIME_TEXT_BYTES + 1];
    sim_dice *dice = &actor->dice;
    uint64_t persons = sim_below(dice, 4);
    int len = 0;
    vdr_ms occurred_at = sim_clock_wall_ms();
    if (sim_below(dice, 3) == 0) {
        occurred_at -= sim_between(dice, 0, 20) * VDR_DAY_MS / 4;
        instant(occurred_at, at);
        len += snprintf(rest + len, sizeof rest - (size_t)len, ",\"occurred_at\":\"%s\"", at);
    }
    if (persons > 0) {
        len += snprintf(rest + len, sizeof rest - (size_t)len, ",\"persons\":[");
        for (uint64_t i = 0; i < persons; i++)
            len += snprintf(rest + len, sizeof rest - (size_t)len, "%s{\"bsn\":\"%s\",\"role\":\"%s\"}",
                            i == 0 ? "" : ",", town->bsns[sim_below(dice, town->persons)],
                            sim_below(dice, 2) == 0 ? "youth" : "parent");
        len += snprintf(rest + len, sizeof rest - (size_t)len, "]");
    }
    if (sim_below(dice, 2) == 0)
        len += snprintf(rest + len, sizeof rest - (size_t)len,
                        ",\"address\":{\"bag\":\"990120000000000%llu\",\"buurt\":\"BU990%llu010%llu\"}",
                        (unsigned long long)sim_below(dice, 10), (unsigned long long)sim_below(dice, 3),
                        (unsigned long long)sim_below(dice, 3));
    if (sim_below(dice, 4) == 0)
        len += snprintf(rest + len, sizeof rest - (size_t)len, ",\"severity\":%llu",
                        (unsigned long long)sim_below(dice, 6) + (sim_below(dice, 8) != 0));
    if (sim_below(dice, 8) == 0)
        len += snprintf(rest + len, sizeof rest - (size_t)len, ",\"supersedes\":\"%s\"", some_signal(actor));
    const sim_event *event = want(actor, sim_town_type(actor->as->id, dice), occurred_at, "%s", rest);
    remember_signal(actor, event->id, strlen(event->id));
}

static void
agency_acts(sim_actor *actor, const sim_town *town)
{
    char rest[256];
    sim_dice *dice = &actor->dice;
    uint64_t n = sim_below(dice, 20);
    if (n == 0) {
        (void)snprintf(rest, sizeof rest, ",\"signal\":\"%s\",\"reason\":\"x\"", some_signal(actor));
        want_act(actor, VDR_ACT_SIGNAL_WITHDRAWN, rest);
    } else if (n == 1) {
        (void)snprintf(rest, sizeof rest, ",\"signal\":\"%s\"", some_signal(actor));
        want_act(actor, VDR_ACT_SIGNAL_ENDED, rest);
    } else if (strcmp(actor->as->id, "brp") == 0 && n < 8) {
        (void)snprintf(rest, sizeof rest, ",\"bsn\":\"%s\",\"to\":\"990120000000000%llu\"",
                       town->bsns[sim_below(dice, town->persons)], (unsigned long long)sim_below(dice, 10));
        want_act(actor, VDR_ACT_PERSON_MOVED, rest);
    } else {
        signals(actor, town);
    }
}

static void
regisseur_acts(sim_actor *actor)
{
    static const struct {
        vdr_act act;
        const char *format;
    } acts[] = {{VDR_ACT_CASE_ACCEPTED, ",\"case\":\"C%llu\""},
                {VDR_ACT_CASE_ACCEPTED, ",\"case\":\"C%llu\""},
                {VDR_ACT_CASE_ACCEPTED, ",\"case\":\"C%llu\""},
                {VDR_ACT_CASE_DECLINED, ",\"case\":\"C%llu\",\"reason\":\"x\""},
                {VDR_ACT_CASE_DISMISSED, ",\"case\":\"C%llu\",\"reason\":\"x\""},
                {VDR_ACT_HANDOVER_OFFERED, ",\"case\":\"C%llu\",\"to\":\"%s\""},
                {VDR_ACT_HANDOVER_ACCEPTED, ",\"case\":\"C%llu\""},
                {VDR_ACT_HANDOVER_ACCEPTED, ",\"case\":\"C%llu\""},
                {VDR_ACT_CASE_ESCALATED, ",\"case\":\"C%llu\",\"to\":\"t\",\"reason\":\"x\""},
                {VDR_ACT_PLAN_SET, ",\"case\":\"C%llu\",\"revision\":1,\"goals\":[]"},
                {VDR_ACT_CASE_CLOSED, ",\"case\":\"C%llu\",\"outcome\":\"x\""},
                {VDR_ACT_CASE_CLOSED, ",\"case\":\"C%llu\",\"outcome\":\"x\""}};
    char rest[256];
    size_t i = (size_t)sim_below(&actor->dice, sizeof acts / sizeof acts[0]);
    unsigned long long number = some(actor, actor->cases, actor->case_count);
    if (acts[i].act == VDR_ACT_HANDOVER_OFFERED)
        (void)snprintf(rest, sizeof rest, ",\"case\":\"C%llu\",\"to\":\"%s\"", number, some_regisseur(actor));
    else {
        int before = (int)(strstr(acts[i].format, "%llu") - acts[i].format);
        (void)snprintf(rest, sizeof rest, "%.*s%llu%s", before, acts[i].format, number,
                       acts[i].format + before + 4);
    }
    want_act(actor, acts[i].act, rest);
}

static void
coordinator_acts(sim_actor *actor)
{
    char rest[256];
    unsigned long long of_case = some(actor, actor->cases, actor->case_count);
    unsigned long long a = some(actor, actor->households, actor->household_count),
                       b = some(actor, actor->households, actor->household_count);
    switch (sim_below(&actor->dice, 6)) {
    case 0:
        (void)snprintf(rest, sizeof rest, ",\"into\":\"H%llu\",\"from\":\"H%llu\"", a, b);
        want_act(actor, VDR_ACT_HOUSEHOLD_MERGED, rest);
        break;
    case 1:
        (void)snprintf(rest, sizeof rest, ",\"household\":\"H%llu\",\"other\":\"H%llu\"", a, b);
        want_act(actor, VDR_ACT_REVIEW_SET_ASIDE, rest);
        break;
    case 2:
        (void)snprintf(rest, sizeof rest, ",\"case\":\"C%llu\",\"reason\":\"x\"", of_case);
        want_act(actor, VDR_ACT_CASE_DISMISSED, rest);
        break;
    default:
        (void)snprintf(rest, sizeof rest, ",\"case\":\"C%llu\",\"regisseur\":\"%s\"", of_case,
                       some_regisseur(actor));
        want_act(actor, VDR_ACT_CASE_ASSIGNED, rest);
    }
}

static void
service_acts(sim_actor *actor)
{
    char rest[256];
    (void)snprintf(rest, sizeof rest, ",\"signal\":\"%s\",\"result\":\"done\"", some_signal(actor));
    want_act(actor, VDR_ACT_FEEDBACK, rest);
}

static void
officer_acts(sim_actor *actor)
{
    char rest[256];
    (void)snprintf(rest, sizeof rest, ",\"household\":\"H%llu\"",
                   1 + (unsigned long long)sim_below(&actor->dice, 12));
    want_act(actor, VDR_ACT_ERASED, rest);
}

/* What was answered is sent once more, by whichever program of the party: it is known by its name. */
static bool
say_again(sim_actor *actor)
{
    sim_event *event = sim_audit_some_event(actor->as, &actor->dice);
    if (event == NULL)
        return false;
    sim_audit_sent_again(event);
    sim_actor_wish(actor, event);
    return true;
}

static void
on_answer(void *context, vdr_err err, const vdr_wire_answer *answer)
{
    const sim_actor *actor = context;
    if (err == VDR_OK)
        sim_audit_shown(actor->as->id, answer->position);
}

static void
look(sim_actor *actor)
{
    static const vdr_query queries[] = {VDR_QUERY_STATUS,    VDR_QUERY_CASE,  VDR_QUERY_SIGNAL,
                                        VDR_QUERY_HOUSEHOLD, VDR_QUERY_INBOX, VDR_QUERY_DIRECTORY};
    vdr_wire_read read = {.query = queries[sim_below(&actor->dice, 6)]};
    read.case_id.number = some(actor, actor->cases, actor->case_count);
    read.household.number = some(actor, actor->households, actor->household_count);
    read.signal.id = vdr_span_str(some_signal(actor));
    read.list = VDR_INBOX_CASES;
    (void)(vdr_client_read_async(actor->handle, &read, 10000, on_answer, actor) == VDR_OK);
}

void
sim_role_acts(sim_actor *actor, sim_town *town)
{
    uint64_t n = sim_below(&actor->dice, 12);
    if (actor->as->kind == VDR_PARTY_OPERATOR) {
        sim_operator_acts(actor, town);
        return;
    }
    if (n == 0)
        look(actor);
    if (n == 1 && say_again(actor))
        return;
    switch (actor->as->kind) {
    case VDR_PARTY_AGENCY:
        agency_acts(actor, town);
        break;
    case VDR_PARTY_REGISSEUR:
        regisseur_acts(actor);
        break;
    case VDR_PARTY_COORDINATOR:
        coordinator_acts(actor);
        break;
    case VDR_PARTY_SERVICE:
        service_acts(actor);
        break;
    case VDR_PARTY_PRIVACY_OFFICER:
        if (sim_below(&actor->dice, 8) == 0)
            officer_acts(actor);
        break;
    case VDR_PARTY_OPERATOR:
    case VDR_PARTY_AUDITOR:
    case VDR_PARTY_NONE:
        break;
    }
}

void
sim_role_hears(sim_actor *actor, const vdr_wire_message *message)
{
    remember(actor->cases, &actor->case_count, message->case_id.number);
    remember(actor->households, &actor->household_count, message->household.number);
    remember(actor->households, &actor->household_count, message->other.number);
    if (message->signal.id.len != 0)
        remember_signal(actor, (const char *)message->signal.id.at, message->signal.id.len);
}
