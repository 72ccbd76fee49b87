#include "tests/sim/audit.h"

#include "broker/core/view.h"
#include "broker/history/history.h"
#include "broker/record/record.h"
#include "tests/sim/broker.h"
#include "tests/sim/disk.h"
#include "tests/sim/trace.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define EVENTS_MAX 20000u

/* A record as it was handed to the disk. */
typedef struct written {
    char source[48], id[40]; /* of an event; "": it is none */
    vdr_ms at;
    uint64_t tale;
} written;

/* Message seq of a mailbox. */
typedef struct mail {
    vdr_position position;
    vdr_message_kind kind;
} mail;

typedef struct mailbox {
    mail *mails; /* [seq - 1] */
    size_t count, max;
} mailbox;

/* What a party's reader saw. */
typedef struct reader {
    uint32_t mailbox; /* 0: not known yet */
    uint64_t last;    /* seen by the present handle; 0: nothing yet */
    uint64_t highest; /* seen ever */
    uint64_t acknowledged;
} reader;

static const sim_town *town;
static written *log_; /* [position - 1] */
static size_t log_count, log_max;
static vdr_position durable; /* next */
static mailbox *mailboxes;   /* by number */
static size_t mailbox_max;
static sim_event *events[EVENTS_MAX];
static size_t event_count, answered;
static reader readers[SIM_PARTIES_MAX];
static char failure[1024];
static sim_audit_counts counts;
static vdr_arena arena;

void
sim_audit_begin(const sim_town *of)
{
    town = of;
    durable = 1;
    vdr_arena_init(&arena, (size_t)64 << 20);
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
    return counts;
}

/* ---- What the disk was given */

static void
copy_text(char *to, size_t size, vdr_span from)
{
    size_t len = from.len < size ? from.len : size - 1;
    if (len != 0)
        memcpy(to, from.at, len);
    to[len] = '\0';
}

static void
write_down(vdr_position position, const vdr_log_record *record)
{
    if (position > log_max) {
        log_max = log_max != 0 ? 2 * log_max : 256;
        log_ = vdr_realloc(log_, log_max, sizeof *log_);
    }
    written w = {.tale = 0};
    vdr_command command;
    vdr_arena_reset(&arena);
    if (vdr_command_read(record->routing, &arena, &command) != VDR_OK) {
        sim_violation("I4", "record %llu cannot be read", (unsigned long long)position);
        return;
    }
    w.at = command.at;
    if (command.kind == VDR_COMMAND_SIGNAL || command.kind == VDR_COMMAND_ACT) {
        copy_text(w.source, sizeof w.source, command.source);
        copy_text(w.id, sizeof w.id, command.id);
    }
    log_[position - 1] = w;
    log_count = position;
}

static mail *
mail_place(uint32_t number, uint64_t seq)
{
    if (number >= mailbox_max) {
        size_t max = (size_t)number * 2 + 8;
        mailboxes = vdr_realloc(mailboxes, max, sizeof *mailboxes);
        memset(mailboxes + mailbox_max, 0, (max - mailbox_max) * sizeof *mailboxes);
        mailbox_max = max;
    }
    mailbox *box = &mailboxes[number];
    if (seq > box->max) {
        box->max = (size_t)seq * 2 + 8;
        box->mails = vdr_realloc(box->mails, box->max, sizeof *box->mails);
    }
    if (seq > box->count)
        box->count = (size_t)seq;
    return &box->mails[seq - 1];
}

void
sim_audit_appended(vdr_position expected, const vdr_log_record *records, size_t count,
                   const vdr_log_mail *mails, size_t mail_count, bool is_durable)
{
    if (expected != durable)
        sim_violation("I4", "a group at %llu, the disk ends at %llu", (unsigned long long)expected,
                      (unsigned long long)durable);
    for (size_t i = 0; i < count; i++)
        write_down(expected + i, &records[i]);
    for (size_t i = 0; i < mail_count; i++) {
        const vdr_log_mail *m = &mails[i];
        uint32_t offset = m->offset;
        vdr_effect effect = {0};
        if (vdr_effect_next(records[m->position - expected].tale, &offset, &effect) != VDR_OK ||
            effect.kind != VDR_EFFECT_MESSAGE || effect.mailbox != m->mailbox || effect.seq != m->seq) {
            sim_violation("I8", "the index of mailbox %u names no message at %llu", m->mailbox,
                          (unsigned long long)m->position);
            return;
        }
        size_t before = m->mailbox < mailbox_max ? mailboxes[m->mailbox].count : 0;
        if (m->seq > before + 1)
            sim_violation("I8", "mailbox %u goes from %zu to %llu", m->mailbox, before,
                          (unsigned long long)m->seq);
        *mail_place(m->mailbox, m->seq) = (mail){.position = m->position, .kind = effect.message};
    }
    counts.records += count;
    if (is_durable)
        durable = expected + count;
}

void
sim_audit_settled(vdr_position next, bool lied)
{
    if (next < durable && !lied)
        sim_violation("I1", "the disk ends at %llu, %llu was durable", (unsigned long long)next,
                      (unsigned long long)durable - 1);
    durable = next;
    if (log_count >= next)
        log_count = next - 1;
    for (size_t i = 0; i < mailbox_max; i++) {
        mailbox *box = &mailboxes[i];
        while (box->count > 0 && box->mails[box->count - 1].position >= next)
            box->count--;
    }
}

/* ---- Answers */

sim_event *
sim_audit_event(const sim_party *by, char *json, const char *id)
{
    VDR_ASSERT(event_count < EVENTS_MAX);
    sim_event *event = vdr_alloc(1, sizeof *event);
    (void)snprintf(event->id, sizeof event->id, "%s", id);
    event->by = by;
    event->json = json;
    events[event_count++] = event;
    return event;
}

size_t
sim_audit_events(void)
{
    return event_count;
}

size_t
sim_audit_unanswered(void)
{
    return event_count - answered;
}

static bool
is_of(vdr_position position, const sim_event *event)
{
    const written *w = &log_[position - 1];
    return strcmp(w->id, event->id) == 0 && strcmp(w->source, event->by->source) == 0;
}

static vdr_position
find(const sim_event *event)
{
    for (vdr_position p = log_count; p > 0; p--) {
        if (is_of(p, event))
            return p;
    }
    return 0;
}

void
sim_audit_answer(sim_event *event, const vdr_client_result *result)
{
    bool taken = result->err == VDR_E_ACCEPTED || result->err == VDR_E_DUPLICATE;
    vdr_position position = result->detail.position;
    counts.answers++;
    sim_trace("answer", (uint64_t)result->err, position);
    if (taken && position == 0)
        position = find(event);
    if (taken && (position == 0 || position >= durable))
        sim_violation("I1", "%s was told %s before it was durable (%llu of %llu)", event->id,
                      vdr_err_code(result->err), (unsigned long long)position,
                      (unsigned long long)durable - 1);
    else if (taken && !is_of(position, event))
        sim_violation("I3", "%s was told that it is record %llu, which is %s", event->id,
                      (unsigned long long)position, log_[position - 1].id);
    else if (taken && event->position != 0 && event->position != position)
        sim_violation("I3", "%s is record %llu, and then %llu", event->id,
                      (unsigned long long)event->position, (unsigned long long)position);
    if (taken)
        event->position = position;
    if (!event->answered)
        answered++;
    event->answered = true;
    event->answer = result->err;
}

/* ---- Mailboxes */

static uint32_t
mailbox_of(unsigned party)
{
    reader *r = &readers[party];
    const vdr_engine *engine = sim_broker_engine();
    if (r->mailbox == 0 && engine != NULL)
        r->mailbox = vdr_core_mailbox(vdr_engine_core(engine), town->parties[party].kind,
                                      vdr_span_str(town->parties[party].id));
    return r->mailbox;
}

void
sim_audit_subscribed(unsigned party)
{
    readers[party].last = 0;
}

void
sim_audit_message(unsigned party, const vdr_wire_message *message)
{
    reader *r = &readers[party];
    const char *id = town->parties[party].id;
    uint32_t number = mailbox_of(party);
    counts.messages++;
    sim_trace("message", (uint64_t)party << 32 | message->seq, message->position);
    if (message->seq <= r->acknowledged)
        sim_violation("I8", "%s gets %llu again, and %llu was acknowledged for good", id,
                      (unsigned long long)message->seq, (unsigned long long)r->acknowledged);
    if (r->last != 0 ? message->seq != r->last + 1 : message->seq > r->highest + 1)
        sim_violation("I8", "%s gets %llu after %llu", id, (unsigned long long)message->seq,
                      (unsigned long long)(r->last != 0 ? r->last : r->highest));
    r->last = message->seq;
    if (message->seq > r->highest)
        r->highest = message->seq;
    if (number == 0)
        return;
    const mailbox *box = &mailboxes[number];
    if (number >= mailbox_max || message->seq > box->count) {
        sim_violation("I8", "%s gets %llu, which is not on the disk", id, (unsigned long long)message->seq);
        return;
    }
    const mail *m = &box->mails[message->seq - 1];
    if (m->position >= durable)
        sim_violation("I1", "%s is told of record %llu before it is durable", id,
                      (unsigned long long)m->position);
    if (message->kind != VDR_MESSAGE_ERASED && (m->position != message->position || m->kind != message->kind))
        sim_violation("I8", "%s gets kind %u of record %llu as %llu, on the disk it is kind %u of %llu", id,
                      (unsigned)message->kind, (unsigned long long)message->position,
                      (unsigned long long)message->seq, (unsigned)m->kind, (unsigned long long)m->position);
}

void
sim_audit_acknowledged(unsigned party, uint64_t seq)
{
    counts.acknowledged++;
    sim_trace("acknowledged", party, seq);
    if (seq > readers[party].highest)
        sim_violation("I8", "%s acknowledged up to %llu, and saw %llu", town->parties[party].id,
                      (unsigned long long)seq, (unsigned long long)readers[party].highest);
    if (seq > readers[party].acknowledged)
        readers[party].acknowledged = seq;
}

void
sim_audit_journal(const char *line)
{
    for (unsigned i = 0; i < SIM_PERSONS; i++) {
        if (strstr(line, town->bsns[i]) != NULL)
            sim_violation("I13", "a BSN in the journal: %s", line);
    }
}

/* ---- Looking */

void
sim_audit_state(void)
{
    const vdr_engine *engine = sim_broker_engine();
    if (engine == NULL)
        return;
    counts.looks++;
    const char *words = vdr_engine_check(engine);
    if (words != NULL)
        sim_violation("I5-I9 I19", "%s", words);
}

void
sim_audit_history(void)
{
    const vdr_engine *engine = sim_broker_engine();
    vdr_history *history = NULL;
    char words[VDR_HISTORY_WORDS] = "";
    if (engine == NULL)
        return;
    counts.folds++;
    vdr_err err = vdr_history_open(vdr_engine_log(engine), sim_disk_checkpoint(), &history, words);
    if (err == VDR_OK)
        err = vdr_history_to(history, VDR_MS_NONE, words);
    if (err != VDR_OK) {
        sim_violation("I4", "the log does not fold: %s: %s", vdr_err_code(err), words);
    } else {
        const vdr_core *fold = vdr_history_core(history), *live = vdr_engine_core(engine);
        if (vdr_core_position(fold) == vdr_core_position(live) &&
            vdr_core_state_hash(fold) != vdr_core_state_hash(live))
            sim_violation("I4", "the state is not what the log up to %llu says",
                          (unsigned long long)vdr_core_position(live));
        const char *broken = vdr_core_check(fold);
        if (broken != NULL)
            sim_violation("I5-I9 I19", "of the fold: %s", broken);
    }
    vdr_history_close(&history);
}

const char *
sim_audit_unfinished(void)
{
    static char words[256];
    if (answered < event_count) {
        size_t i = 0;
        while (events[i]->answered)
            i++;
        (void)snprintf(words, sizeof words, "%zu events have no answer, %s of %s the first",
                       event_count - answered, events[i]->id, events[i]->by->id);
        return words;
    }
    for (unsigned party = 0; party < town->party_count; party++) {
        uint32_t number = mailbox_of(party);
        size_t newest = number != 0 && number < mailbox_max ? mailboxes[number].count : 0;
        if (readers[party].acknowledged < newest) {
            (void)snprintf(words, sizeof words, "%s acknowledged %llu of %zu messages",
                           town->parties[party].id, (unsigned long long)readers[party].acknowledged, newest);
            return words;
        }
    }
    return NULL;
}

/* What was refused and what was taken, each exactly so often as it was told. */
void
sim_audit_end(void)
{
    for (size_t i = 0; i < event_count; i++) {
        const sim_event *event = events[i];
        size_t effects = 0;
        for (vdr_position p = 1; p <= log_count; p++)
            effects += is_of(p, event);
        bool taken = event->answer == VDR_E_ACCEPTED || event->answer == VDR_E_DUPLICATE;
        if (taken && effects != 1)
            sim_violation("I3", "%s was taken, and has %zu effects", event->id, effects);
        if (!taken && effects != 0)
            sim_violation("I2", "%s was refused (%s), and has %zu effects", event->id,
                          vdr_err_code(event->answer), effects);
    }
}
