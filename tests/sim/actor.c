#include "tests/sim/actor.h"

#include "tests/sim/clock.h"
#include "tests/sim/fiber.h"
#include "tests/sim/trace.h"
#include "tests/sim/wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SIM_NO_REVISION UINT64_C(1000000) /* no case gets there */

static char server_key_file[320];

void
sim_actor_begin(sim_actor *actor, unsigned number, unsigned party, const sim_town *town, const char *base,
                uint64_t seed)
{
    *actor = (sim_actor){.number = number, .party = party, .as = &town->parties[party], .town = town};
    actor->dice = sim_dice_of(seed, 100 + number);
    (void)snprintf(server_key_file, sizeof server_key_file, "%s/keys/server.pub", base);
    (void)snprintf(actor->base, sizeof actor->base, "%s", base);
    actor->has_outbox = sim_below(&actor->dice, 2) == 0;
    actor->window = (uint32_t)sim_between(&actor->dice, 1, 64);
    actor->pace_us = sim_between(&actor->dice, 20000, 2000000);
    actor->act_us = sim_between(&actor->dice, 0, actor->pace_us);
}

/* ---- What the library tells */

static sim_wish *
wish_of(sim_actor *actor, uint64_t number)
{
    for (size_t i = 0; i < actor->wish_count; i++) {
        if (actor->wishes[i].number == number)
            return &actor->wishes[i];
    }
    return NULL;
}

static void
on_result(void *context, const vdr_client_result *result)
{
    sim_actor *actor = context;
    sim_wish *wish = wish_of(actor, result->number);
    if (wish ==
        NULL) { /* the broker's answer came before, and was not noted in the outbox when it was killed */
        if (result->recovered)
            sim_audit_answered_again(actor->as, result);
        else
            sim_violation("client", "%s gets an answer for item %llu, which it has not", actor->as->id,
                          (unsigned long long)result->number);
        return;
    }
    if (result->err == VDR_E_STORE_FULL || result->err == VDR_E_BUSY || result->err == VDR_E_CLOSING) {
        wish->number = 0;
        wish->again_us = sim_clock_us() + 1000000 + (int64_t)result->retry_after_ms * 1000;
        return;
    }
    vdr_client_state state;
    vdr_client_state_get(actor->handle, &state);
    wish->event->left_behind |=
        state.sessions > 1; /* on the connection before, which is not read to its end yet */
    sim_audit_answer(wish->event, result);
    *wish = actor->wishes[--actor->wish_count];
}

static void
on_acknowledged(void *context, uint64_t seq)
{
    sim_actor *actor = context;
    sim_audit_acknowledged(actor->number, seq);
}

static void
on_line(void *context, const vdr_wire_line *line)
{
    sim_actor *actor = context;
    sim_audit_line(actor->as, line, &actor->line);
}

static void
on_message(void *context, const vdr_wire_message *message)
{
    sim_actor *actor = context;
    sim_audit_message(actor->number, message);
    if (message->seq > actor->seen)
        actor->seen = message->seq;
    sim_role_hears(actor, message);
}

/* ---- The process */

void
sim_actor_open(sim_actor *actor)
{
    char file[120], key_file[400];
    sim_town_key_file(actor->as, actor->pair, true, file, sizeof file);
    (void)snprintf(key_file, sizeof key_file, "%s/%s", actor->base, file);
    (void)snprintf(actor->outbox_file, sizeof actor->outbox_file, "%s/outbox-%u-%u", actor->town->dir,
                   actor->number, actor->pair);
    vdr_client_options options = {.endpoint = actor->as->kind == VDR_PARTY_OPERATOR ? "tcp://127.0.0.1:7701"
                                                                                    : "tcp://127.0.0.1:7700",
                                  .server_key_file = server_key_file,
                                  .key_file = key_file,
                                  .outbox_file = actor->has_outbox ? actor->outbox_file : NULL,
                                  .want_results = sim_below(&actor->dice, 2) == 0,
                                  .frame_items = (uint32_t)sim_below(&actor->dice, 4),
                                  .pause_min_ms = 20,
                                  .pause_max_ms = 1000,
                                  .connect_ms = 2000,
                                  .context = actor,
                                  .on_result = on_result,
                                  .on_acknowledged = on_acknowledged};
    vdr_client_error error;
    sim_trace("client opens", actor->number, 0);
    sim_wire_caller_set(actor->number);
    if (vdr_client_open(&options, &actor->handle, &error) != VDR_OK) {
        sim_violation("client", "%s cannot open: %s", actor->as->id, error.text);
        return;
    }
    actor->due_us = sim_clock_us();
    actor->seen = actor->acknowledged_wish = 0;
    for (size_t i = 0; i < actor->wish_count && !actor->has_outbox; i++)
        actor->wishes[i].number = 0; /* to be published again */
    if (actor->as->kind != VDR_PARTY_OPERATOR) {
        vdr_client_subscription wish = {.window = actor->window, .on_message = on_message, .context = actor};
        sim_audit_subscribed(actor->number, actor->party, actor->window);
        vdr_client_subscribe(actor->handle, &wish);
    } else if (sim_below(&actor->dice, 2) == 0) {
        vdr_client_stream wish = {.from_given = true,
                                  .position = 1,
                                  .window = 1 + (uint32_t)sim_below(&actor->dice, 100),
                                  .on_line = on_line,
                                  .context = actor};
        actor->line = 0;
        vdr_client_decisions(actor->handle, &wish);
    }
    sim_wire_caller_set(SIM_BROKER);
}

/* What it had in memory is lost with it. */
void
sim_actor_kill(sim_actor *actor, bool silent, int64_t back_us)
{
    sim_trace("client killed", actor->number, silent);
    sim_wire_client_gone(actor->number, silent);
    for (size_t i = 0; i < actor->wish_count; i++) /* what it had sent may still be on its way */
        actor->wishes[i].event->left_behind |= actor->wishes[i].number != 0;
    actor->handle = NULL;
    actor->back_us = back_us;
}

static void
publish(sim_actor *actor, sim_wish *wish)
{
    const sim_event *event = wish->event;
    vdr_wire_item item = {.check_revision = event->check_revision, .revision = SIM_NO_REVISION};
    if (event->typed != NULL && sim_below(&actor->dice, 2) == 0)
        item.typed = event->typed;
    else
        item.json = vdr_span_str(event->json);
    vdr_err err = vdr_client_publish_async(actor->handle, &item, 1, &wish->number);
    if (err == VDR_E_BUSY)
        wish->again_us = sim_clock_us() + 100000;
    else if (err != VDR_OK)
        sim_violation("client", "%s cannot publish: %s", actor->as->id, vdr_err_code(err));
}

void
sim_actor_go_on(sim_actor *actor)
{
    if (actor->handle == NULL)
        return;
    sim_wire_caller_set(actor->number);
    for (size_t i = 0; i < actor->wish_count; i++) {
        if (actor->wishes[i].number == 0 && actor->wishes[i].again_us <= sim_clock_us())
            publish(actor, &actor->wishes[i]);
    }
    if (actor->seen > actor->acknowledged_wish || sim_below(&actor->dice, 8) == 0) {
        uint64_t up_to = actor->seen;
        if (up_to > 0) {
            sim_audit_asked(actor->number, up_to);
            vdr_client_acknowledge(actor->handle, up_to);
        }
        actor->acknowledged_wish = up_to;
    }
    (void)vdr_client_process(actor->handle);
    int64_t timeout_ms = vdr_client_timeout_ms(actor->handle);
    actor->due_us =
        timeout_ms < 0 ? SIM_NEVER : sim_clock_us() + timeout_ms * 1000 + (timeout_ms == 0 ? 20 : 0);
    for (size_t i = 0; i < actor->wish_count; i++) {
        const sim_wish *wish = &actor->wishes[i];
        if (wish->number == 0 && wish->again_us < actor->due_us)
            actor->due_us = wish->again_us;
    }
    sim_wire_caller_set(SIM_BROKER);
}

void
sim_actor_wish(sim_actor *actor, sim_event *event)
{
    if (actor->wish_count == actor->wish_max) {
        actor->wish_max = actor->wish_max != 0 ? 2 * actor->wish_max : 16;
        actor->wishes = vdr_realloc(actor->wishes, actor->wish_max, sizeof *actor->wishes);
    }
    actor->wishes[actor->wish_count++] = (sim_wish){.event = event};
    actor->due_us = sim_clock_us();
}
