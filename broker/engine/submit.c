/* What parties and the broker submit: each becomes a command, is stepped at once, and its record, tale, mails
 * and result are gathered. */
#include "broker/engine/inside.h"

#include "broker/record/record.h"
#include "proto/limits.h"

#include <stdio.h>
#include <stdlib.h>

static const vdr_body none = {.form = VDR_CONTENT_NONE};

#define ROUTING_BYTES 512u /* most are about 200; a longer one is written twice */

static vdr_span
put_routing(vdr_gather *gather, const vdr_command *command)
{
    uint8_t *at = vdr_gather_reserve(gather, ROUTING_BYTES);
    size_t len = vdr_command_write(command, at, ROUTING_BYTES);
    if (len <= ROUTING_BYTES) {
        vdr_gather_trim(gather, ROUTING_BYTES - len);
        return vdr_span_of(at, len);
    }
    vdr_gather_trim(gather, ROUTING_BYTES);
    at = vdr_gather_reserve(gather, len);
    size_t again = vdr_command_write(command, at, len);
    VDR_ASSERT(again == len);
    return vdr_span_of(at, len);
}

/* A form byte and the bytes (broker/record/record.h). */
static vdr_span
put_content(vdr_engine *engine, const vdr_body *body)
{
    vdr_span bytes = body->bytes;
    if (body->form == VDR_CONTENT_NONE)
        return (vdr_span){0};
    if (body->form == VDR_CONTENT_TYPED && bytes.at == NULL) {
        vdr_wire_item item = {.typed = body->typed};
        engine->encoded.len = 0;
        vdr_err e = vdr_item_encode(&item, &engine->encoded);
        VDR_ASSERT(e == VDR_OK); /* it was decoded before */
        bytes = vdr_bytes_span(&engine->encoded);
    }
    uint8_t *at = vdr_gather_reserve(vdr_engine_open_group(engine), bytes.len + 1);
    at[0] = (uint8_t)body->form;
    memcpy(at + 1, bytes.at, bytes.len);
    return vdr_span_of(at, bytes.len + 1);
}

/* Gathers the record of what was just stepped, with its log time; returns its position. */
static vdr_position
put_record(vdr_engine *engine, vdr_command *command, const vdr_body *body, const vdr_step *step,
           vdr_span tale)
{
    vdr_gather *gather = vdr_engine_open_group(engine);
    command->at = step->at;
    if (step->bare) { /* nothing may be kept of whom it is about (semantics section 9, move) */
        command->person_count = command->address_count = 0;
        body = &none;
    }
    if (step->wordless) {
        body = &none;
        engine->rewrites = (vdr_cursor){0};
    }
    vdr_log_record record = {.tale = tale};
    record.routing = put_routing(gather, command);
    record.content = put_content(engine, body);
    record.carries = command->kind == VDR_COMMAND_CARRY ? command->number : 0;
    vdr_position position = vdr_gather_add_record(gather, &record);
    VDR_ASSERT(position == engine->next && vdr_core_position(engine->core) == position);
    engine->next++;
    return position;
}

/* A refused command is no record, but time that passed with it is: as a tick with its log time, and with the
 * part of the tale that the timers told, which is what stepping that tick tells again. On an event clock time
 * passes with every line, so that a replay from the log has the same instants. */
static vdr_position
put_refused(vdr_engine *engine, const vdr_command *refused, const vdr_step *step, vdr_span tale)
{
    vdr_command command = {.kind = VDR_COMMAND_TICK, .at = step->at};
    if (step->tick) {
        tale.len = step->own;
        return put_record(engine, &command, &none, step, tale);
    }
    bool line = refused->kind == VDR_COMMAND_SIGNAL || refused->kind == VDR_COMMAND_ACT;
    if (!line || engine->options.clock->kind != VDR_CLOCK_EVENT || step->at == VDR_MS_NONE)
        return 0;
    vdr_step bare;
    vdr_core_step(engine->core, &command, engine->next, &bare);
    VDR_ASSERT(bare.tale.len == 0); /* the refused command fired what was due */
    return put_record(engine, &command, &none, &bare, (vdr_span){0});
}

static void
count(vdr_engine *engine, vdr_err verdict)
{
    if (verdict == VDR_E_ACCEPTED)
        engine->accepted++;
    else if (verdict == VDR_E_DUPLICATE)
        engine->duplicates++;
    else
        engine->refused++;
}

static void
step_one(vdr_engine *engine, vdr_command *command, const vdr_body *body, const vdr_ticket *ticket)
{
    vdr_gather *gather = vdr_engine_open_group(engine);
    vdr_step step;
    vdr_core_step(engine->core, command, engine->next, &step);
    vdr_result result = {.verdict = step.verdict,
                         .told = step.verdict,
                         .at = step.at,
                         .first = step.first,
                         .until = step.until};
    if (vdr_core_next_due(engine->core) > step.at)
        command->timers_max = 0; /* it left none: a tick like any other */
    vdr_span tale = vdr_gather_copy(gather, step.tale);
    if (step.mail_count != 0) /* before a bare tick is stepped */
        vdr_gather_add_mails(gather, engine->next, step.mails, step.mail_count);
    if (step.record)
        result.position = put_record(engine, command, body, &step, tale);
    vdr_position position = step.record ? result.position : put_refused(engine, command, &step, tale);
    VDR_ASSERT(step.mail_count == 0 || position != 0);
    if (tale.len != 0)
        vdr_gather_add_told(gather, position, tale,
                            step.record ? gather->records[position - gather->expected].content
                                        : (vdr_span){0});
    if (ticket != NULL) {
        result.ticket = *ticket;
        vdr_gather_add_result(gather, &result);
    }
}

void
vdr_engine_tick(vdr_engine *engine, vdr_ms at)
{
    vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = at, .timers_max = VDR_CORE_TIMERS_MAX};
    step_one(engine, &tick, &none, NULL);
    engine->ticks++;
}

void
vdr_engine_step(vdr_engine *engine, vdr_command *command, const vdr_body *body, const vdr_ticket *ticket)
{
    while (vdr_core_swamped(engine->core, command->at)) {
        vdr_engine_tick(engine, command->at);
        vdr_engine_hand_over(engine);
    }
    step_one(engine, command, body, ticket);
}

/* So much is due that whoever submits waits until the turn has fired it, a part at a time. On an event clock a
 * line's time is its own, and fires all. */
static bool
swamped(vdr_engine *engine, vdr_ms now)
{
    if (engine->options.clock->kind == VDR_CLOCK_EVENT || !vdr_core_swamped(engine->core, now))
        return false;
    engine->behind = true;
    return true;
}

/* May something be submitted now? */
vdr_err
vdr_engine_ready(vdr_engine *engine)
{
    if (engine->error != VDR_OK)
        return VDR_E_STORE_FAILED;
    if (engine->stopped)
        return VDR_E_CLOSING;
    return vdr_engine_room(engine) == 0 ? VDR_E_BUSY : VDR_OK;
}

size_t
vdr_engine_room(const vdr_engine *engine)
{
    if (engine->error != VDR_OK || engine->stopped || engine->behind)
        return 0;
    return vdr_gather_room(vdr_engine_open_group_const(engine));
}

uint64_t
vdr_engine_taken(const vdr_engine *engine)
{
    return engine->submitted;
}

/* What has enough goes at once, so that the next can gather in the same drain. */
void
vdr_engine_submitted(vdr_engine *engine)
{
    engine->submitted++;
    vdr_engine_hand_over(engine);
}

/* A result of something that is not stepped. */
void
vdr_engine_answer(vdr_engine *engine, vdr_ticket ticket, vdr_err verdict)
{
    vdr_result result = {
        .ticket = ticket, .verdict = verdict, .told = verdict, .at = vdr_core_now(engine->core)};
    vdr_gather_add_result(vdr_engine_open_group(engine), &result);
    vdr_engine_submitted(engine);
}

vdr_err
vdr_engine_submit(vdr_engine *engine, const vdr_submission *submission)
{
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_ms now = vdr_clock_now(engine->options.clock);
    if (swamped(engine, now))
        return VDR_E_BUSY;
    vdr_event_options options = {.config = engine->config, .resolve = vdr_engine_resolve, .context = engine};
    vdr_command command;
    vdr_body body = {.form = VDR_CONTENT_JSON};
    if (submission->json.at != NULL) {
        vdr_event_read(engine->door, &options, submission->json, &engine->arena, &command, &body.bytes);
    } else {
        body = (vdr_body){
            .form = VDR_CONTENT_TYPED, .typed = submission->typed, .bytes = submission->typed_bytes};
        if (submission->read != NULL)
            command = *submission->read;
        else
            vdr_event_typed(engine->door, &options, submission->typed, &engine->arena, &command);
    }
    if (command.kind == VDR_COMMAND_SIGNAL && engine->full) {
        engine->full_refused++;
        vdr_engine_answer(engine, submission->ticket, VDR_E_STORE_FULL);
    } else {
        command.at = engine->options.clock->kind == VDR_CLOCK_EVENT ? command.time : now;
        command.sender_kind = submission->sender_kind;
        command.sender_id = submission->sender_id;
        command.revision_checked = submission->revision_checked;
        command.revision_expected = submission->revision;
        vdr_engine_step(engine, &command, &body, &submission->ticket);
        vdr_gather *gather = vdr_engine_open_group(engine);
        vdr_result *result = &gather->results[gather->result_count - 1];
        count(engine, result->verdict);
        if (command.kind == VDR_COMMAND_ACT && result->verdict != VDR_E_ACCEPTED &&
            submission->hides != NULL && submission->hides(submission->hides_context, &command))
            result->told = vdr_core_unseen(engine->core, &command);
        vdr_engine_submitted(engine);
    }
    vdr_arena_reset(&engine->arena);
    return VDR_OK;
}

/* Log time for what is no event: on an event clock it takes the previous. */
vdr_ms
vdr_engine_own_time(vdr_engine *engine)
{
    return vdr_clock_now(engine->options.clock);
}

vdr_err
vdr_engine_submit_acks(vdr_engine *engine, vdr_ticket ticket, const vdr_command_ack *acks, size_t count_acks)
{
    VDR_ASSERT(count_acks >= 1 && count_acks <= VDR_ENGINE_ACKS_MAX);
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_ms now = vdr_engine_own_time(engine);
    if (swamped(engine, now))
        return VDR_E_BUSY;
    vdr_command command = {.kind = VDR_COMMAND_ACKS, .at = now, .acks = acks, .ack_count = count_acks};
    vdr_engine_step(engine, &command, &none, &ticket);
    engine->acks++;
    vdr_engine_submitted(engine);
    return VDR_OK;
}

vdr_err
vdr_engine_submit_view(vdr_engine *engine, vdr_ticket ticket, const vdr_command *view)
{
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_command command = *view;
    command.kind = VDR_COMMAND_VIEW;
    command.at = vdr_engine_own_time(engine);
    vdr_engine_step(engine, &command, &none, &ticket);
    vdr_engine_submitted(engine);
    return VDR_OK;
}

vdr_err
vdr_engine_submit_barrier(vdr_engine *engine, vdr_ticket ticket)
{
    vdr_err e = vdr_engine_ready(engine);
    if (e == VDR_OK)
        vdr_engine_answer(engine, ticket, VDR_E_ACCEPTED);
    return e;
}

vdr_err
vdr_engine_submit_advance(vdr_engine *engine, vdr_ticket ticket, vdr_ms at)
{
    if (engine->options.clock->kind != VDR_CLOCK_EVENT)
        return VDR_E_WRONG_ROLE;
    vdr_err e = vdr_engine_ready(engine);
    if (e != VDR_OK)
        return e;
    vdr_command command = {.kind = VDR_COMMAND_TICK, .at = at};
    vdr_engine_step(engine, &command, &none, &ticket);
    engine->ticks++;
    vdr_engine_submitted(engine);
    return VDR_OK;
}
