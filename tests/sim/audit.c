#include "broker/core/core.h"
#include "proto/codec.h"
#include "proto/limits.h"
#include "tests/sim/audit_inside.h"
#include "tests/sim/broker.h"
#include "tests/sim/keys.h"
#include "tests/sim/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

const sim_town *sim_audit_town;
sim_event *sim_events[SIM_EVENTS_MAX];
size_t sim_event_count;
sim_reader sim_readers[SIM_ACTORS_MAX];
uint32_t sim_mailbox_numbers[SIM_PARTIES_MAX];
sim_audit_counts sim_audit_tally;
static char failure[1024];

void
sim_audit_begin(const sim_town *town)
{
    sim_audit_town = town;
    sim_audit_disk_begin();
}

void
sim_violation(const char *invariant, const char *format, ...)
{
    if (failure[0] != '\0')
        return;
    va_list arguments;
    int len = snprintf(failure, sizeof failure, "%s: ", invariant);
    va_start(arguments, format);
    (void)vsnprintf(failure + len, sizeof failure - (size_t)len, format, arguments);
    va_end(arguments);
    sim_trace_words("VIOLATION %s", failure);
}

bool
sim_audit_failed(void)
{
    return failure[0] != '\0';
}

const char *
sim_audit_words(void)
{
    return failure;
}

sim_audit_counts
sim_audit_counted(void)
{
    return sim_audit_tally;
}

/* ---- Answers */

sim_event *
sim_audit_event(const sim_party *by, const char *source, char *json, const char *id, bool signal,
                vdr_ms occurred_at)
{
    VDR_ASSERT(sim_event_count < SIM_EVENTS_MAX);
    sim_event *event = vdr_alloc(1, sizeof *event);
    (void)snprintf(event->id, sizeof event->id, "%s", id);
    event->by = by;
    event->source = source;
    event->name = sim_audit_name(source, event->id);
    event->json = json;
    event->signal = signal;
    event->occurred_at = occurred_at;
    event->open = true;
    sim_events[sim_event_count++] = event;
    return event;
}

sim_event *
sim_audit_some_event(const sim_party *by, sim_dice *dice)
{
    size_t begin = (size_t)sim_below(dice, sim_event_count + 1);
    for (size_t i = 0; i < sim_event_count; i++) {
        sim_event *event = sim_events[(begin + i) % sim_event_count];
        if (event->by == by && !event->open)
            return event;
    }
    return NULL;
}

sim_event *
sim_audit_some_taken(const sim_party *by, sim_dice *dice)
{
    size_t begin = (size_t)sim_below(dice, sim_event_count + 1);
    for (size_t i = 0; i < sim_event_count; i++) {
        sim_event *event = sim_events[(begin + i) % sim_event_count];
        if (event->by == by && !event->open && event->position != 0 && event->first == NULL)
            return event;
    }
    return NULL;
}

void
sim_audit_sent_again(sim_event *event)
{
    sim_audit_tally.again++;
    event->open = true;
}

size_t
sim_audit_events(void)
{
    return sim_event_count;
}

void
sim_audit_never(const sim_party *by, const char *source, char *json, const char *id)
{
    sim_event *event = sim_audit_event(by, source, json, id, false, 0);
    event->by = NULL; /* nobody sends it again */
    event->never = true;
    event->open = false;
}

static vdr_position
find(const sim_event *event)
{
    for (vdr_position p = sim_told.log_count; p > 0; p--) {
        if (sim_audit_is_of(p, event))
            return p;
    }
    return 0;
}

/* May it have left by now, so that its id is free (semantics section 3)? */
static bool
may_have_left(const sim_event *event, vdr_position again)
{
    if (sim_told.erased || !event->signal)
        return sim_told.erased || again > sim_told.log_count ||
               sim_told.log[again - 1].at - sim_told.log[event->position - 1].at >=
                   sim_audit_town->retain_least_ms;
    return sim_told.log[again - 1].at - event->occurred_at >= sim_audit_town->retain_least_ms;
}

/* The verdicts of an event's shape alone (semantics section 3, rows 1, 2, 5 to 11). */
static bool
is_of_shape(vdr_err err)
{
    switch ((int)err) {
    case VDR_E_MALFORMED:
    case VDR_E_UNKNOWN_SOURCE:
    case VDR_E_UNKNOWN_TYPE:
    case VDR_E_TYPE_NOT_ALLOWED:
    case VDR_E_WRONG_MUNICIPALITY:
    case VDR_E_NO_SUBJECT:
    case VDR_E_BAD_BSN:
    case VDR_E_BAD_ADDRESS:
    case VDR_E_BAD_SEVERITY:
        return true;
    default:
        return false;
    }
}

/* Is it the verdict that semantics give such an event, whatever the state is? */
static void
check_verdict(const sim_event *event, vdr_err err)
{
    if (event->refusal != VDR_OK && err != event->refusal && err != event->or_else)
        sim_violation("I12", "%s of %s is %s, and must be %s", event->id, event->by->id, vdr_err_code(err),
                      vdr_err_code(event->refusal));
    sim_audit_tally.foretold += event->refusal != VDR_OK;
    if (event->clean && is_of_shape(err))
        sim_violation("I2", "%s of %s is %s, and nothing is wrong with it", event->id, event->by->id,
                      vdr_err_code(err));
}

/* Of two events with one id only the first is taken, while it has not left. A disk that lied may have lost it. */
static void
check_reuse(sim_event *event, vdr_err err)
{
    sim_event *first = event->first;
    vdr_position last = sim_told.log_count;
    bool taken = err == VDR_E_ACCEPTED || err == VDR_E_DUPLICATE;
    if (first->excused || first->position == 0 || first->reused || may_have_left(first, last))
        first->reused = first->reused || taken || first->excused || first->position == 0;
    else if (err != VDR_E_ID_REUSED)
        sim_violation("I3", "%s is %s, and another event of that id is record %llu", event->id,
                      vdr_err_code(err), (unsigned long long)first->position);
    else
        sim_audit_tally.foretold++;
    if (taken)
        first->reused = true;
}

void
sim_audit_answer(sim_event *event, const vdr_client_result *result)
{
    bool taken = result->err == VDR_E_ACCEPTED || result->err == VDR_E_DUPLICATE;
    check_verdict(event, result->err);
    if (event->first != NULL)
        check_reuse(event, result->err);
    else if (event->position != 0 && !taken && !event->excused && !event->reused &&
             !(result->err == VDR_E_ID_REUSED && !event->signal && sim_keys_given_up()) &&
             !may_have_left(event, sim_told.log_count))
        sim_violation("I3", "%s is record %llu, and is now %s", event->id,
                      (unsigned long long)event->position, vdr_err_code(result->err));
    vdr_position position = result->detail.position;
    sim_audit_tally.answers++;
    sim_trace("answer", (uint64_t)result->err, position);
    if (taken && position == 0)
        position = find(event);
    if (taken && (position == 0 || position >= sim_told.durable))
        sim_violation("I1", "%s was told %s before it was durable (%llu of %llu)", event->id,
                      vdr_err_code(result->err), (unsigned long long)position,
                      (unsigned long long)sim_told.durable - 1);
    else if (taken && !sim_audit_is_of(position, event))
        sim_violation("I3", "%s was told that it is record %llu, which is %s", event->id,
                      (unsigned long long)position, sim_told.log[position - 1].id);
    else if (taken && event->position != 0 && event->position != position && !event->reused &&
             (result->err == VDR_E_DUPLICATE ? position < event->position : !may_have_left(event, position)))
        sim_violation("I3", "%s is record %llu, and then %llu", event->id,
                      (unsigned long long)event->position, (unsigned long long)position);
    if (taken)
        event->position = position;
    event->answered = true;
    event->open = false;
    event->answer = result->err;
    event->answered_at = sim_told.log_count > 0 ? sim_told.log[sim_told.log_count - 1].at : 0;
}

void
sim_audit_answered_again(const sim_party *by, const vdr_client_result *result)
{
    bool taken = result->err == VDR_E_ACCEPTED || result->err == VDR_E_DUPLICATE;
    for (size_t i = 0; taken && result->detail.position != 0 && i < sim_event_count; i++) {
        sim_event *event = sim_events[i];
        if (event->by != by || !event->answered || !sim_audit_is_of(result->detail.position, event))
            continue;
        sim_audit_answer(event, result);
        return;
    }
}

/* ---- Mailboxes */

uint32_t
sim_audit_mailbox_of(unsigned party)
{
    uint32_t *number = &sim_mailbox_numbers[party];
    const vdr_engine *engine = sim_broker_engine();
    if (*number == 0 && engine != NULL)
        *number = vdr_core_mailbox(vdr_engine_core(engine), sim_audit_town->parties[party].kind,
                                   vdr_span_str(sim_audit_town->parties[party].id));
    return *number;
}

void
sim_audit_subscribed(unsigned reader, unsigned party, uint32_t window)
{
    sim_reader *r = &sim_readers[reader];
    r->there = true;
    r->party = party;
    r->window = window;
    r->last = 0;
    for (size_t i = 0; i < SIM_ACTORS_MAX; i++) {
        if (sim_readers[i].there && sim_readers[i].party == party && sim_readers[i].acknowledged > r->floor)
            r->floor = sim_readers[i].acknowledged;
    }
}

void
sim_audit_asked(unsigned reader, uint64_t seq)
{
    if (seq > sim_readers[reader].asked)
        sim_readers[reader].asked = seq;
}

/* Up to where a party's mailbox is read: durable, and asked for. */
static uint64_t
acked_of(unsigned party, uint32_t number)
{
    uint64_t asked = 0, acked = sim_audit_acked(number);
    for (size_t i = 0; i < SIM_ACTORS_MAX; i++) {
        if (sim_readers[i].there && sim_readers[i].party == party && sim_readers[i].asked > asked)
            asked = sim_readers[i].asked;
    }
    if (acked > asked)
        sim_violation("I8", "%s asked to acknowledge up to %llu, a record says %llu",
                      sim_audit_town->parties[party].id, (unsigned long long)asked,
                      (unsigned long long)acked);
    return acked;
}

/* Is it the next one, as its reader knows them, and not one that was acknowledged for good? Only what is acknowledged, by
 * another reader, may be missing. */
static void
check_order(const sim_reader *r, const char *id, uint64_t acked, uint64_t seq)
{
    uint64_t before = r->last != 0 ? r->last : r->highest;
    if (seq <= r->floor)
        sim_violation("I8", "%s gets %llu again, and %llu was acknowledged for good", id,
                      (unsigned long long)seq, (unsigned long long)r->floor);
    if (r->last != 0 && seq <= r->last)
        sim_violation("I8", "%s gets %llu after %llu", id, (unsigned long long)seq,
                      (unsigned long long)r->last);
    if (seq > before + 1 && seq > acked + 1)
        sim_violation("I8", "%s gets %llu after %llu, acknowledged is %llu", id, (unsigned long long)seq,
                      (unsigned long long)before, (unsigned long long)acked);
}

void
sim_audit_message(unsigned reader, const vdr_wire_message *message)
{
    sim_reader *r = &sim_readers[reader];
    const char *id = sim_audit_town->parties[r->party].id;
    uint32_t number = sim_audit_mailbox_of(r->party);
    sim_audit_tally.messages++;
    sim_trace("message", (uint64_t)reader << 32 | message->seq, message->position);
    if (number != 0) /* the broker is gone, and nobody asked it before */
        check_order(r, id, acked_of(r->party, number), message->seq);
    r->last = message->seq;
    if (message->seq > r->highest)
        r->highest = message->seq;
    if (number == 0)
        return;
    if (number >= sim_told.mailbox_max || message->seq > sim_told.mailboxes[number].count) {
        sim_violation("I8", "%s gets %llu, which is not on the disk", id, (unsigned long long)message->seq);
        return;
    }
    const sim_mail *m = &sim_told.mailboxes[number].mails[message->seq - 1];
    if (m->position >= sim_told.durable)
        sim_violation("I1", "%s is told of record %llu before it is durable", id,
                      (unsigned long long)m->position);
    if (message->kind != VDR_MESSAGE_ERASED && (m->position != message->position || m->kind != message->kind))
        sim_violation("I8", "%s gets kind %u of record %llu as %llu, on the disk it is kind %u of %llu", id,
                      (unsigned)message->kind, (unsigned long long)message->position,
                      (unsigned long long)message->seq, (unsigned)m->kind, (unsigned long long)m->position);
}

void
sim_audit_acknowledged(unsigned reader, uint64_t seq)
{
    sim_reader *r = &sim_readers[reader];
    uint32_t number = sim_audit_mailbox_of(r->party);
    const char *id = sim_audit_town->parties[r->party].id;
    sim_audit_tally.acknowledged++;
    sim_trace("acknowledged", reader, seq);
    if (number != 0 && seq > sim_audit_acked(number))
        sim_violation("I1", "%s hears that %llu is acknowledged, and no durable record says so", id,
                      (unsigned long long)seq);
    if (seq > r->acknowledged)
        r->acknowledged = seq;
}

/* Never more is under way than was allowed (protocol.md 6.5). */
void
sim_audit_frame(unsigned client, uint64_t link, const void *bytes, size_t len)
{
    static vdr_arena arena;
    const sim_reader *r = &sim_readers[client % SIM_ACTORS_MAX];
    vdr_frame frame;
    vdr_wire wire;
    (void)link;
    if (vdr_frame_parse(vdr_span_of(bytes, len), VDR_ADMIN_FRAME_MAX, &frame) != VDR_OK) {
        sim_violation("wire", "client %u gets what is no frame", client);
        return;
    }
    if (client >= SIM_ACTORS_MAX) /* hostile.c looks at it itself */
        return;
    if (frame.type != VDR_FRAME_DELIVER || !r->there)
        return;
    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, (size_t)64 << 20);
    vdr_arena_reset(&arena);
    if (vdr_codec_decode(&frame, VDR_ADMIN_FRAME_MAX, &arena, &wire) != VDR_OK) {
        sim_violation("wire", "client %u gets a DELIVER that cannot be read", client);
        return;
    }
    uint64_t seq = wire.deliver.messages[wire.deliver.message_count - 1].seq;
    uint32_t number = sim_audit_mailbox_of(r->party);
    uint64_t done = sim_audit_acked(number);
    if (r->last > done)
        done = r->last;
    if (number != 0 && seq > done + r->window)
        sim_violation("I16", "%s gets %llu, is through with %llu and has a window of %u",
                      sim_audit_town->parties[r->party].id, (unsigned long long)seq, (unsigned long long)done,
                      r->window);
}

void
sim_audit_shown(const char *to, vdr_position position)
{
    sim_audit_tally.shown++;
    sim_trace("shown", position, 0);
    if (position >= sim_told.durable)
        sim_violation("I1", "%s is shown the state after %llu, durable is %llu", to,
                      (unsigned long long)position, (unsigned long long)sim_told.durable - 1);
}

void
sim_audit_shown_household(const sim_party *to, uint64_t household, vdr_position position)
{
    if (to->kind != VDR_PARTY_PRIVACY_OFFICER && sim_rights_restricted(household, position))
        sim_violation("I12", "%s is shown H%llu, which is restricted", to->id, (unsigned long long)household);
}

void
sim_audit_line(const sim_party *to, const vdr_wire_line *line, vdr_position *last)
{
    sim_audit_tally.lines++;
    sim_trace("line", line->position, (uint64_t)line->decision.kind);
    if (line->position == 0)
        return;
    if (line->position >= sim_told.durable)
        sim_violation("I1", "%s sees a line of %llu, durable is %llu", to->id,
                      (unsigned long long)line->position, (unsigned long long)sim_told.durable - 1);
    if (line->position < *last)
        sim_violation("I4", "%s sees a line of %llu after one of %llu", to->id,
                      (unsigned long long)line->position, (unsigned long long)*last);
    *last = line->position;
}

void
sim_audit_journal(const char *line)
{
    for (unsigned i = 0; i < SIM_PERSONS; i++) {
        if (strstr(line, sim_audit_town->bsns[i]) != NULL)
            sim_violation("I13", "a BSN in the journal: %s", line);
    }
    if (strstr(line, "erasure run: the wrapping key") != NULL)
        sim_told.erased_through = sim_told.durable - 1;
}
