#include "broker/core/effect.h"
#include "broker/record/record.h"
#include "tests/sim/audit_inside.h"
#include "tests/sim/keys.h"
#include "tests/sim/trace.h"
#include "tests/sim/trials.h"

#include <stdlib.h>
#include <xxhash.h>

#define ARENA_BYTES ((size_t)64 << 20)

sim_ledger sim_told;
static vdr_arena arena;

void
sim_audit_disk_begin(void)
{
    sim_told.durable = 1;
    vdr_arena_init(&arena, ARENA_BYTES);
}

vdr_position
sim_audit_durable(void)
{
    return sim_told.durable;
}

static void
copy_text(char *to, size_t size, vdr_span from)
{
    size_t len = from.len < size ? from.len : size - 1;
    if (len != 0)
        memcpy(to, from.at, len);
    to[len] = '\0';
}

static void
note_acks(vdr_position position, const vdr_command *command)
{
    for (size_t i = 0; i < command->ack_count; i++) {
        if (sim_told.acked_count == sim_told.acked_max) {
            sim_told.acked_max = sim_told.acked_max != 0 ? 2 * sim_told.acked_max : 64;
            sim_told.acked = vdr_realloc(sim_told.acked, sim_told.acked_max, sizeof *sim_told.acked);
        }
        sim_told.acked[sim_told.acked_count++] = (sim_acked){
            .position = position, .mailbox = command->acks[i].mailbox, .seq = command->acks[i].seq};
    }
}

/* Those that came to be in force may be brought back. */
static uint64_t good_rules[4096];
static size_t good_count;

void
sim_audit_rules(const char *text)
{
    if (good_count < sizeof good_rules / sizeof good_rules[0])
        good_rules[good_count++] = XXH64(text, strlen(text), 0);
}

static void
note_config(vdr_position position, vdr_span content)
{
    vdr_config_texts texts;
    bool known = false;
    if (vdr_content_read_config(content, &texts) != VDR_OK) {
        sim_violation("I18", "the configuration of record %llu cannot be read", (unsigned long long)position);
        return;
    }
    uint64_t hash = XXH64(texts.text[VDR_CONFIG_RULES].at, texts.text[VDR_CONFIG_RULES].len, 0);
    for (size_t i = 0; i < good_count && !known; i++)
        known = good_rules[i] == hash;
    if (!known)
        sim_violation("I18", "record %llu puts rules in force that are none", (unsigned long long)position);
    sim_told.config = position;
}

static void
note_gone(vdr_position position, const vdr_command *command)
{
    for (size_t i = 0; i < command->left_count; i++) {
        const vdr_command_left *left = &command->left[i];
        if (sim_told.gone_count == sim_told.gone_max) {
            sim_told.gone_max = sim_told.gone_max != 0 ? 2 * sim_told.gone_max : 64;
            sim_told.gone = vdr_realloc(sim_told.gone, sim_told.gone_max, sizeof *sim_told.gone);
        }
        sim_told.gone[sim_told.gone_count++] =
            (sim_gone){.position = position, .kind = left->kind, .number = left->number, .at = left->at};
    }
}

static void
note_turns(vdr_position position, vdr_span tale)
{
    uint32_t offset = 0;
    vdr_effect effect;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK) {
        if (effect.kind != VDR_EFFECT_CASE)
            continue;
        if (sim_told.turn_count == sim_told.turn_max) {
            sim_told.turn_max = sim_told.turn_max != 0 ? 2 * sim_told.turn_max : 64;
            sim_told.turns = vdr_realloc(sim_told.turns, sim_told.turn_max, sizeof *sim_told.turns);
        }
        sim_told.turns[sim_told.turn_count++] =
            (sim_turn){.position = position, .number = effect.case_id.number, .state = effect.state};
    }
}

/* Each case counts as its last line up to there says. Where something left since, a report may miss a case; it never has one that
 * ended. */
void
sim_audit_reported(uint64_t open, vdr_position position)
{
    uint64_t count = 0;
    size_t end = 0;
    while (end < sim_told.turn_count && sim_told.turns[end].position <= position)
        end++;
    for (size_t i = 0; i < end; i++) {
        const sim_turn *turn = &sim_told.turns[i];
        bool last = true;
        for (size_t later = i + 1; later < end && last; later++)
            last = sim_told.turns[later].number != turn->number;
        count += last && (turn->state == VDR_CASE_UNASSIGNED || turn->state == VDR_CASE_OFFERED ||
                          turn->state == VDR_CASE_ACTIVE);
    }
    if (sim_audit_may_leave() ? open > count : open != count)
        sim_violation("I19", "a report counts %llu open cases after record %llu, the lines %llu",
                      (unsigned long long)open, (unsigned long long)position, (unsigned long long)count);
}

static void
note_act(sim_written *w, const vdr_command *command)
{
    w->act = command->act;
    w->household = command->household.number;
    w->into = command->into.number;
    w->from = command->from.number;
    sim_told.erased = sim_told.erased || w->act == VDR_ACT_ERASED || w->act == VDR_ACT_ERASURE_REQUESTED ||
                      w->act == VDR_ACT_PERSON_ERASED;
}

static void
write_down(vdr_position position, const vdr_log_record *record)
{
    if (position > sim_told.log_max) {
        sim_told.log_max = sim_told.log_max != 0 ? 2 * sim_told.log_max : 256;
        sim_told.log = vdr_realloc(sim_told.log, sim_told.log_max, sizeof *sim_told.log);
    }
    sim_written w = {.at = 0};
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
        w.name = sim_audit_name(w.source, w.id);
        note_act(&w, &command);
        sim_trials_record(position);
    }
    w.config = command.kind == VDR_COMMAND_CONFIG;
    if (w.config)
        note_config(position, record->content);
    note_gone(position, &command);
    note_turns(position, record->tale);
    if (position > 1 && w.at != VDR_MS_NONE && sim_told.log[position - 2].at > w.at)
        sim_violation("I20", "log time goes back at record %llu", (unsigned long long)position);
    note_acks(position, &command);
    sim_keys_note(position, w.at, &command);
    sim_told.log[position - 1] = w;
    sim_told.log_count = position;
}

static sim_mail *
mail_place(uint32_t number, uint64_t seq)
{
    if (number >= sim_told.mailbox_max) {
        size_t max = (size_t)number * 2 + 8;
        sim_told.mailboxes = vdr_realloc(sim_told.mailboxes, max, sizeof *sim_told.mailboxes);
        memset(sim_told.mailboxes + sim_told.mailbox_max, 0,
               (max - sim_told.mailbox_max) * sizeof *sim_told.mailboxes);
        sim_told.mailbox_max = max;
    }
    sim_mailbox *box = &sim_told.mailboxes[number];
    if (seq > box->max) {
        box->max = (size_t)seq * 2 + 8;
        box->mails = vdr_realloc(box->mails, box->max, sizeof *box->mails);
    }
    if (seq > box->count)
        box->count = (size_t)seq;
    return &box->mails[seq - 1];
}

/* A mailbox is a gapless sequence (I8), and the index names what the tale holds. */
static void
note_mail(vdr_position expected, const vdr_log_record *records, const vdr_log_mail *m)
{
    uint32_t offset = m->offset;
    vdr_effect effect = {0};
    if (vdr_effect_next(records[m->position - expected].tale, &offset, &effect) != VDR_OK ||
        effect.kind != VDR_EFFECT_MESSAGE || effect.mailbox != m->mailbox || effect.seq != m->seq) {
        sim_violation("I8", "the index of mailbox %u names no message at %llu", m->mailbox,
                      (unsigned long long)m->position);
        return;
    }
    size_t before = m->mailbox < sim_told.mailbox_max ? sim_told.mailboxes[m->mailbox].count : 0;
    if (m->seq > before + 1)
        sim_violation("I8", "mailbox %u goes from %zu to %llu", m->mailbox, before,
                      (unsigned long long)m->seq);
    *mail_place(m->mailbox, m->seq) = (sim_mail){.position = m->position, .kind = effect.message};
}

void
sim_audit_appending(vdr_position expected, const vdr_log_record *records, size_t count,
                    const vdr_log_mail *mails, size_t mail_count)
{
    if (expected != sim_told.durable)
        sim_violation("I4", "a group at %llu, the disk ends at %llu", (unsigned long long)expected,
                      (unsigned long long)sim_told.durable);
    for (size_t i = 0; i < count; i++)
        write_down(expected + i, &records[i]);
    for (size_t i = 0; i < mail_count; i++)
        note_mail(expected, records, &mails[i]);
}

/* Nothing from there on is on the disk. */
static void
cut(vdr_position next)
{
    if (sim_told.log_count >= next)
        sim_told.log_count = next - 1;
    sim_told.config = sim_told.log_count;
    while (sim_told.config > 0 && !sim_told.log[sim_told.config - 1].config)
        sim_told.config--;
    sim_keys_cut(next);
    while (sim_told.acked_count > 0 && sim_told.acked[sim_told.acked_count - 1].position >= next)
        sim_told.acked_count--;
    while (sim_told.turn_count > 0 && sim_told.turns[sim_told.turn_count - 1].position >= next)
        sim_told.turn_count--;
    while (sim_told.gone_count > 0 && sim_told.gone[sim_told.gone_count - 1].position >= next)
        sim_told.gone_count--;
    for (size_t i = 0; i < sim_told.mailbox_max; i++) {
        sim_mailbox *box = &sim_told.mailboxes[i];
        while (box->count > 0 && box->mails[box->count - 1].position >= next)
            box->count--;
    }
}

void
sim_audit_appended(vdr_position expected, size_t count, vdr_err err)
{
    sim_audit_tally.records += count;
    if (err == VDR_OK)
        sim_told.durable = expected + count;
    else if (err != VDR_E_STORE_FAILED)
        cut(expected);
}

void
sim_audit_settled(vdr_position next, bool lied)
{
    if (next < sim_told.durable && !lied)
        sim_violation("I1", "the disk ends at %llu, %llu was durable", (unsigned long long)next,
                      (unsigned long long)sim_told.durable - 1);
    if (next > sim_told.log_count + 1)
        sim_violation("I4", "the disk ends at %llu, and was given %zu records", (unsigned long long)next,
                      sim_told.log_count);
    sim_told.durable = next;
    cut(next);
    sim_keys_started();
    /* A number that was given in what is lost may be another party's next. */
    memset(sim_mailbox_numbers, 0, sizeof sim_mailbox_numbers);
    if (!lied)
        return;
    sim_told.lied = true;
    for (size_t i = 0; i < sim_event_count; i++) {
        if (sim_events[i]->position >= next) {
            sim_events[i]->position = 0;
            sim_events[i]->excused = true;
        }
    }
    for (size_t i = 0; i < SIM_ACTORS_MAX; i++) /* what they knew is another store's */
        sim_readers[i].floor = sim_readers[i].last = sim_readers[i].highest = sim_readers[i].acknowledged = 0;
}

uint64_t
sim_audit_acked(uint32_t mailbox)
{
    uint64_t acked = 0;
    for (size_t i = 0; i < sim_told.acked_count; i++) {
        const sim_acked *a = &sim_told.acked[i];
        if (a->mailbox == mailbox && a->seq > acked && a->position < sim_told.durable)
            acked = a->seq;
    }
    return acked;
}

uint64_t
sim_audit_name(const char *source, const char *id)
{
    return XXH64(id, strlen(id), XXH64(source, strlen(source), 0));
}

bool
sim_audit_is_of(vdr_position position, const sim_event *event)
{
    const sim_written *w = &sim_told.log[position - 1];
    return w->name == event->name && strcmp(w->id, event->id) == 0 && strcmp(w->source, event->source) == 0;
}

bool
sim_audit_may_leave(void)
{
    vdr_ms now = sim_told.log_count > 0 ? sim_told.log[sim_told.log_count - 1].at : 0;
    return sim_told.erased || now - sim_audit_town->begun_ms >= sim_audit_town->leaves_ms;
}
