#include "tests/sim/actor.h"

#include "proto/time.h"
#include "tests/sim/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define JSON_BYTES 2048u

/* ---- Events */

void
sim_actor_instant(vdr_ms at, char ret_text[VDR_TIME_TEXT_BYTES + 1])
{
    vdr_time_format(at < 0 ? 0 : at, ret_text);
    ret_text[VDR_TIME_TEXT_BYTES] = '\0';
}

sim_event *
sim_actor_want(sim_actor *actor, const char *type, vdr_ms occurred_at, const char *format, ...)
{
    char rest[JSON_BYTES / 2], id[40];
    char *json = vdr_alloc(JSON_BYTES, 1);
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(rest, sizeof rest, format, arguments);
    va_end(arguments);
    (void)snprintf(id, sizeof id, "%s-%u-%llu", actor->as->id, actor->number,
                   (unsigned long long)++actor->made);
    char *at = vdr_alloc(VDR_TIME_TEXT_BYTES + 1, 1);
    sim_actor_instant(sim_clock_wall_ms(), at);
    actor->time = at;
    (void)snprintf(json, JSON_BYTES,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"%s\",\"time\":\"%s\","
                   "\"data\":{\"municipality\":\"" SIM_MUNICIPALITY "\"%s}}",
                   id, actor->as->source, type, at, rest);
    sim_event *event = sim_audit_event(actor->as, actor->as->source, json, id, occurred_at != 0, occurred_at);
    sim_actor_wish(actor, event);
    return event;
}

sim_event *
sim_actor_want_act(sim_actor *actor, vdr_act act, const char *rest)
{
    char type[80];
    (void)snprintf(type, sizeof type, "nl.voordeur.%s.v1", vdr_act_name(act));
    return sim_actor_want(actor, type, 0, "%s", rest);
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

/* A signal in fields, as protocol.md 5.3 has it; json is made of the same. */
typedef struct fields {
    vdr_wire_typed typed;
    vdr_wire_person persons[3];
    vdr_wire_address address;
    char occurred_at[VDR_TIME_TEXT_BYTES + 1], bag[20], buurt[12], supersedes[40];
} fields;

static void
fill(sim_actor *actor, const sim_town *town, fields *f, vdr_ms *occurred_at)
{
    sim_dice *dice = &actor->dice;
    f->typed.persons = f->persons;
    f->typed.person_count = (size_t)sim_below(dice, 4);
    f->typed.severity = -1;
    if (sim_below(dice, 3) == 0) {
        *occurred_at -= sim_between(dice, 0, 20) * VDR_DAY_MS / 4;
        sim_actor_instant(*occurred_at, f->occurred_at);
        f->typed.occurred_at = vdr_span_str(f->occurred_at);
    }
    for (size_t i = 0; i < f->typed.person_count; i++)
        f->persons[i] = (vdr_wire_person){.bsn = vdr_span_str(town->bsns[sim_below(dice, town->persons)]),
                                          .role = vdr_span_str(sim_below(dice, 2) == 0 ? "youth" : "parent")};
    if (sim_below(dice, 2) == 0) {
        (void)snprintf(f->bag, sizeof f->bag, "990120000000000%llu", (unsigned long long)sim_below(dice, 10));
        (void)snprintf(f->buurt, sizeof f->buurt, "BU990%llu010%llu", (unsigned long long)sim_below(dice, 3),
                       (unsigned long long)sim_below(dice, 3));
        f->address = (vdr_wire_address){.bag = vdr_span_str(f->bag), .buurt = vdr_span_str(f->buurt)};
        f->typed.address = &f->address;
    }
    if (sim_below(dice, 4) == 0)
        f->typed.severity = (int64_t)sim_below(dice, 6) + (sim_below(dice, 8) != 0);
    if (sim_below(dice, 8) == 0) {
        (void)snprintf(f->supersedes, sizeof f->supersedes, "%s", some_signal(actor));
        f->typed.supersedes = vdr_span_str(f->supersedes);
    }
}

/* As data of the event, after the municipality. */
static void
write_fields(const fields *f, char *at, size_t size)
{
    int len = 0;
    at[0] = '\0';
    if (f->occurred_at[0] != '\0')
        len += snprintf(at + len, size - (size_t)len, ",\"occurred_at\":\"%s\"", f->occurred_at);
    for (size_t i = 0; i < f->typed.person_count; i++)
        len += snprintf(at + len, size - (size_t)len, "%s{\"bsn\":\"%s\",\"role\":\"%s\"}%s",
                        i == 0 ? ",\"persons\":[" : ",", (const char *)f->persons[i].bsn.at,
                        (const char *)f->persons[i].role.at, i + 1 == f->typed.person_count ? "]" : "");
    if (f->bag[0] != '\0')
        len += snprintf(at + len, size - (size_t)len, ",\"address\":{\"bag\":\"%s\",\"buurt\":\"%s\"}",
                        f->bag, f->buurt);
    if (f->typed.severity >= 0)
        len += snprintf(at + len, size - (size_t)len, ",\"severity\":%d", (int)f->typed.severity);
    if (f->supersedes[0] != '\0')
        (void)snprintf(at + len, size - (size_t)len, ",\"supersedes\":\"%s\"", f->supersedes);
}

/* What semantics section 3 says of such a signal, rows 6 to 11. */
static void
foretell(sim_event *event, const fields *f, const char *type)
{
    if (!sim_town_takes(event->by->id, type))
        event->refusal = VDR_E_TYPE_NOT_ALLOWED;
    else if (f->typed.person_count == 0 && f->bag[0] == '\0')
        event->refusal = VDR_E_NO_SUBJECT;
    else if (f->typed.severity == 0 || f->typed.severity > 5)
        event->refusal = VDR_E_BAD_SEVERITY;
    else
        event->clean = true;
}

static void
signals(sim_actor *actor, const sim_town *town)
{
    char rest[JSON_BYTES / 2];
    vdr_ms occurred_at = sim_clock_wall_ms();
    fields *f = vdr_alloc(1, sizeof *f);
    const char *type = sim_town_type(actor->as->id, &actor->dice);
    fill(actor, town, f, &occurred_at);
    write_fields(f, rest, sizeof rest);
    sim_event *event = sim_actor_want(actor, type, occurred_at, "%s", rest);
    foretell(event, f, type);
    remember_signal(actor, event->id, strlen(event->id));
    if (f->typed.severity == 0) /* there is no field for it */
        return;
    if (f->typed.severity < 0)
        f->typed.severity = 0;
    f->typed.id = vdr_span_str(event->id);
    f->typed.source = vdr_span_str(event->source);
    f->typed.type = vdr_span_str(type);
    f->typed.time = vdr_span_str(actor->time);
    f->typed.municipality = vdr_span_str(SIM_MUNICIPALITY);
    event->typed = &f->typed;
}

static void
agency_acts(sim_actor *actor, const sim_town *town)
{
    char rest[256];
    sim_dice *dice = &actor->dice;
    uint64_t n = sim_below(dice, 20);
    if (n == 0) {
        (void)snprintf(rest, sizeof rest, ",\"signal\":\"%s\",\"reason\":\"x\"", some_signal(actor));
        (void)sim_actor_want_act(actor, VDR_ACT_SIGNAL_WITHDRAWN, rest);
    } else if (n == 1) {
        (void)snprintf(rest, sizeof rest, ",\"signal\":\"%s\"", some_signal(actor));
        (void)sim_actor_want_act(actor, VDR_ACT_SIGNAL_ENDED, rest);
    } else if (n == 2) {
        (void)snprintf(rest, sizeof rest, ",\"signal\":\"%s\",\"text\":\"x\"", some_signal(actor));
        (void)sim_actor_want_act(actor, VDR_ACT_NOTE_ANSWERED, rest);
    } else if (strcmp(actor->as->id, "brp") == 0 && n < 8 && !town->still) {
        (void)snprintf(rest, sizeof rest, ",\"bsn\":\"%s\",\"to\":\"990120000000000%llu\"",
                       town->bsns[sim_below(dice, town->persons)], (unsigned long long)sim_below(dice, 10));
        (void)sim_actor_want_act(actor, VDR_ACT_PERSON_MOVED, rest);
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
                {VDR_ACT_NOTE_SENT, ",\"case\":\"C%llu\",\"agency\":\"school\",\"text\":\"x\""},
                {VDR_ACT_PLAN_SET, ",\"case\":\"C%llu\",\"revision\":1,\"goals\":[]"},
                {VDR_ACT_CASE_CLOSED, ",\"case\":\"C%llu\",\"outcome\":\"x\""},
                {VDR_ACT_CASE_CLOSED, ",\"case\":\"C%llu\",\"outcome\":\"x\""}};
    char rest[256];
    size_t i = (size_t)sim_below(&actor->dice, sizeof acts / sizeof acts[0]);
    unsigned long long number = some(actor, actor->cases, actor->case_count);
    if (sim_below(&actor->dice, 16) == 0) {
        sim_absence_acts(actor, actor->as->id);
        return;
    }
    if (acts[i].act == VDR_ACT_HANDOVER_OFFERED)
        (void)snprintf(rest, sizeof rest, ",\"case\":\"C%llu\",\"to\":\"%s\"", number, some_regisseur(actor));
    else {
        int before = (int)(strstr(acts[i].format, "%llu") - acts[i].format);
        (void)snprintf(rest, sizeof rest, "%.*s%llu%s", before, acts[i].format, number,
                       acts[i].format + before + 4);
    }
    (void)sim_actor_want_act(actor, acts[i].act, rest);
}

static void
coordinator_acts(sim_actor *actor, const sim_town *town)
{
    char rest[256];
    unsigned long long of_case = some(actor, actor->cases, actor->case_count);
    unsigned long long a = some(actor, actor->households, actor->household_count),
                       b = some(actor, actor->households, actor->household_count);
    switch (sim_below(&actor->dice, 9)) {
    case 6:
        sim_absence_acts(actor, some_regisseur(actor));
        break;
    case 7:
        sim_hold_acts(actor);
        break;
    case 8:
        if (town->still)
            break;
        (void)snprintf(rest, sizeof rest, ",\"household\":\"H%llu\",\"persons\":[\"%s\"]", a,
                       town->bsns[sim_below(&actor->dice, town->persons)]);
        (void)sim_actor_want_act(actor, VDR_ACT_HOUSEHOLD_SPLIT, rest);
        break;
    case 0:
        (void)snprintf(rest, sizeof rest, ",\"into\":\"H%llu\",\"from\":\"H%llu\"", a, b);
        (void)sim_actor_want_act(actor, VDR_ACT_HOUSEHOLD_MERGED, rest);
        break;
    case 1:
        (void)snprintf(rest, sizeof rest, ",\"household\":\"H%llu\",\"other\":\"H%llu\"", a, b);
        (void)sim_actor_want_act(actor, VDR_ACT_REVIEW_SET_ASIDE, rest);
        break;
    case 2:
        (void)snprintf(rest, sizeof rest, ",\"case\":\"C%llu\",\"reason\":\"x\"", of_case);
        (void)sim_actor_want_act(actor, VDR_ACT_CASE_DISMISSED, rest);
        break;
    default:
        (void)snprintf(rest, sizeof rest, ",\"case\":\"C%llu\",\"regisseur\":\"%s\"", of_case,
                       some_regisseur(actor));
        (void)sim_actor_want_act(actor, VDR_ACT_CASE_ASSIGNED, rest);
    }
}

static void
service_acts(sim_actor *actor)
{
    char rest[256];
    (void)snprintf(rest, sizeof rest, ",\"signal\":\"%s\",\"result\":\"done\"", some_signal(actor));
    (void)sim_actor_want_act(actor, VDR_ACT_FEEDBACK, rest);
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
    if (err != VDR_OK)
        return;
    sim_audit_shown(actor->as->id, answer->position);
    for (size_t i = 0; i < answer->household_count; i++)
        sim_audit_shown_household(actor->as, answer->households[i].household.number, answer->position);
}

static void
look(sim_actor *actor)
{
    static const vdr_query queries[] = {VDR_QUERY_STATUS,    VDR_QUERY_CASE,  VDR_QUERY_SIGNAL,
                                        VDR_QUERY_HOUSEHOLD, VDR_QUERY_INBOX, VDR_QUERY_DIRECTORY};
    bool works = actor->as->kind == VDR_PARTY_REGISSEUR || actor->as->kind == VDR_PARTY_COORDINATOR;
    vdr_wire_read read = {.query = works && sim_below(&actor->dice, 2) == 0
                                       ? VDR_QUERY_HOUSEHOLD
                                       : queries[sim_below(&actor->dice, 6)]};
    read.case_id.number = some(actor, actor->cases, actor->case_count);
    read.household.number = some(actor, actor->households, actor->household_count);
    if (sim_below(&actor->dice, 2) == 0)
        read.household.number = 1 + sim_below(&actor->dice, 3);
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
    if (n == 0 || n == 3)
        look(actor);
    if (n == 1 && say_again(actor))
        return;
    if (n == 2 && sim_below(&actor->dice, 2) == 0 && sim_mischief(actor, town))
        return;
    switch (actor->as->kind) {
    case VDR_PARTY_AGENCY:
        agency_acts(actor, town);
        break;
    case VDR_PARTY_REGISSEUR:
        regisseur_acts(actor);
        break;
    case VDR_PARTY_COORDINATOR:
        coordinator_acts(actor, town);
        break;
    case VDR_PARTY_SERVICE:
        service_acts(actor);
        break;
    case VDR_PARTY_PRIVACY_OFFICER:
        if (town->rights && sim_below(&actor->dice, 3) == 0)
            sim_officer_acts(actor, town);
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
