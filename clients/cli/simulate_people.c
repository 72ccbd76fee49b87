/* The people of a simulated town: regisseurs who accept, plan and close at a human pace. */
#include "clients/cli/simulate.h"

#include "proto/time.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define HOUR_MS INT64_C(3600000)

uint64_t
vdr_sim_roll(vdr_sim *town, uint64_t below)
{
    /* xorshift64*: plain, seeded, and good enough to choose a day by. */
    town->dice ^= town->dice >> 12;
    town->dice ^= town->dice << 25;
    town->dice ^= town->dice >> 27;
    return town->dice * UINT64_C(2685821657736338717) % below;
}

static void
intend(vdr_sim *town, const vdr_sim_intent *intent)
{
    for (size_t i = 0; i < town->intent_count; i++) {
        const vdr_sim_intent *have = &town->intents[i];
        if (have->case_id.number == intent->case_id.number && have->party == intent->party &&
            have->act == intent->act)
            return;
    }
    if (town->intent_count == town->intent_size) {
        town->intent_size = town->intent_size == 0 ? 64 : 2 * town->intent_size;
        town->intents = vdr_realloc(town->intents, town->intent_size, sizeof *town->intents);
    }
    town->intents[town->intent_count++] = *intent;
}

static void
intend_between(vdr_sim *town, size_t party, vdr_act act, vdr_case_id case_id, uint32_t step, int64_t least_ms,
               int64_t most_ms)
{
    vdr_sim_intent intent = {.party = party, .act = act, .case_id = case_id, .step = step};
    intent.at = town->now + least_ms + (vdr_ms)vdr_sim_roll(town, (uint64_t)(most_ms - least_ms));
    intend(town, &intent);
}

/* (callback) What a regisseur reads makes them do something later. */
static void
on_message(void *context, const vdr_wire_message *message)
{
    vdr_sim_party *party = context;
    vdr_sim *town = party->town;
    size_t index = (size_t)(party - town->parties);
    if (town->now < message->at_ms)
        town->now = message->at_ms;
    if (message->kind == VDR_MESSAGE_CASE_OFFERED)
        intend_between(town, index, VDR_ACT_CASE_ACCEPTED, message->case_id, 0, HOUR_MS, 60 * HOUR_MS);
    else if (message->kind == VDR_MESSAGE_HANDOVER_OFFERED)
        intend_between(town, index, VDR_ACT_HANDOVER_ACCEPTED, message->case_id, 0, 2 * HOUR_MS,
                       30 * HOUR_MS);
    vdr_client_acknowledge(party->client, message->seq);
}

int
vdr_sim_party_open(vdr_sim *town, size_t party)
{
    vdr_sim_party *p = &town->parties[party];
    if (p->client != NULL || p->hands_off)
        return VDR_EXIT_OK;
    static const vdr_cli_verb verb = {.name = "simulate"};
    vdr_cli_link link = town->link;
    vdr_client_options options = {.name = "voordeur simulate", .pause_min_ms = 100, .pause_max_ms = 2000};
    link.as = p->name;
    int status = vdr_cli_link_open(&verb, &link, &options, true, &p->client);
    if (status == VDR_EXIT_OK && strncmp(p->name, "operator:", 9) != 0) {
        vdr_client_subscription mail = {.on_message = on_message, .context = p};
        vdr_client_subscribe(p->client, &mail);
    }
    return status;
}

/* What comes after somebody holds a case. */
static void
intend_plan(vdr_sim *town, size_t party, vdr_case_id case_id, uint32_t step)
{
    if (step == 1)
        intend_between(town, party, VDR_ACT_PLAN_SET, case_id, 1, 24 * HOUR_MS, 8 * VDR_DAY_MS);
    else if (step == 2)
        intend_between(town, party, VDR_ACT_PLAN_SET, case_id, 2, 25 * VDR_DAY_MS, 90 * VDR_DAY_MS);
    else
        intend_between(town, party, VDR_ACT_CASE_CLOSED, case_id, 0, 4 * HOUR_MS, 10 * VDR_DAY_MS);
}

int
vdr_sim_people_wake(vdr_sim *town)
{
    for (size_t i = 0; i < town->party_count; i++) {
        vdr_sim_party *p = &town->parties[i];
        if (strncmp(p->name, "regisseur:", 10) != 0 || p->hands_off)
            continue;
        int status = vdr_sim_party_open(town, i);
        if (status != VDR_EXIT_OK)
            return status;
        vdr_wire_read read = {.query = VDR_QUERY_INBOX, .list = VDR_INBOX_CASES};
        const vdr_wire_answer *answer;
        if (vdr_client_read(p->client, &read, town->link.timeout_ms, &answer) != VDR_OK)
            return vdr_cli_link_failed(&town->link, p->client, p->name);
        for (size_t k = 0; k < answer->case_count; k++) {
            const vdr_wire_case_view *view = &answer->cases[k];
            if (view->state == VDR_CASE_OFFERED)
                intend_between(town, i, VDR_ACT_CASE_ACCEPTED, view->case_id, 0, HOUR_MS, 60 * HOUR_MS);
            else if (view->state == VDR_CASE_ACTIVE)
                intend_plan(town, i, view->case_id, view->plan_revision == 0 ? 1 : 2);
        }
    }
    return VDR_EXIT_OK;
}

/* A goal for each life domain of the case, of which the first is what the family asked for most. */
static size_t
goals_of(vdr_sim *town, const vdr_wire_case_view *view, uint32_t step, vdr_wire_goal *goals, size_t max)
{
    static const char *const texts[] = {"Rust en een vaste dagindeling", "De achterstand is geregeld",
                                        "Iedere week contact met het gezin", "De afspraken met school lopen",
                                        "Hulp die past, en die blijft"};
    size_t count = 0;
    for (size_t i = 0; i < view->signal_count && count < max; i++) {
        bool known = false;
        for (size_t k = 0; k < count; k++)
            known = known || vdr_span_equal(goals[k].domain, view->signals[i].domain);
        if (known)
            continue;
        goals[count] =
            (vdr_wire_goal){.domain = view->signals[i].domain,
                            .text = vdr_span_str(texts[vdr_sim_roll(town, sizeof texts / sizeof texts[0])]),
                            .owner = view->regisseur,
                            .due_ms = town->now + 60 * VDR_DAY_MS,
                            .state = vdr_span_str(step == 2 ? "reached" : "open")};
        count++;
    }
    return count;
}

/* Sends one act. Refused is no failure. *ret_done: the broker took it. */
static int
send_act(vdr_sim *town, const vdr_sim_intent *intent, bool *ret_done)
{
    vdr_sim_party *p = &town->parties[intent->party];
    vdr_client_act act = {.act = intent->act, .case_id = intent->case_id, .time = town->now};
    vdr_wire_goal goals[8];
    vdr_wire_result result;
    if (intent->act == VDR_ACT_PLAN_SET) {
        vdr_wire_read read = {.query = VDR_QUERY_CASE, .case_id = intent->case_id};
        const vdr_wire_answer *answer;
        vdr_err err = vdr_client_read(p->client, &read, town->link.timeout_ms, &answer);
        if (err != VDR_OK || answer->case_count == 0)
            return VDR_EXIT_OK; /* no longer theirs; a broker that is away shows at the next signal */
        act.plan_revision = answer->cases[0].plan_revision + 1;
        act.goals = goals;
        act.goal_count =
            goals_of(town, &answer->cases[0], intent->step, goals, sizeof goals / sizeof goals[0]);
        vdr_err sent = vdr_client_act_send(p->client, &act, &result, town->link.timeout_ms);
        *ret_done = sent == VDR_OK;
        return VDR_EXIT_OK;
    }
    if (intent->act == VDR_ACT_CASE_CLOSED)
        act.outcome = "goals_reached";
    *ret_done = vdr_client_act_send(p->client, &act, &result, town->link.timeout_ms) == VDR_OK;
    return VDR_EXIT_OK;
}

int
vdr_sim_people_act(vdr_sim *town)
{
    for (size_t i = 0; i < town->intent_count;) {
        vdr_sim_intent intent = town->intents[i];
        if (intent.at > town->now) {
            i++;
            continue;
        }
        town->intents[i] = town->intents[--town->intent_count];
        bool done = false;
        int status = send_act(town, &intent, &done);
        if (status != VDR_EXIT_OK)
            return status;
        town->acts += done;
        town->acts_refused += !done;
        if (!done)
            continue;
        if (intent.act == VDR_ACT_CASE_ACCEPTED || intent.act == VDR_ACT_HANDOVER_ACCEPTED)
            intend_plan(town, intent.party, intent.case_id, 1);
        else if (intent.act == VDR_ACT_PLAN_SET)
            intend_plan(town, intent.party, intent.case_id, intent.step + 1);
    }
    return VDR_EXIT_OK;
}

void
vdr_sim_listen(vdr_sim *town, int64_t timeout_ms)
{
    struct pollfd fds[VDR_SIM_PARTIES_MAX];
    nfds_t count = 0;
    for (size_t i = 0; i < town->party_count; i++) {
        vdr_client *client = town->parties[i].client;
        if (client == NULL)
            continue;
        (void)vdr_client_process(client);
        int64_t own_ms = vdr_client_timeout_ms(client);
        if (own_ms >= 0 && own_ms < timeout_ms)
            timeout_ms = own_ms;
        fds[count++] = (struct pollfd){.fd = vdr_client_fd(client), .events = POLLIN};
    }
    (void)poll(fds, count, (int)timeout_ms);
}
