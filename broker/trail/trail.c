#include "broker/trail/trail.h"

#include "broker/core/effect.h"
#include "broker/record/record.h"

#include <stdio.h>
#include <stdlib.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024) /* of one record */
#define PAUSE       4096u                      /* records between two rests of the reader */

/* A message that waits to be read. */
typedef struct waiting {
    uint64_t seq;
    vdr_position position, signal;
    vdr_ms at;
    uint64_t household, other, case_id;
    vdr_message_kind kind;
} waiting;

typedef struct box {
    waiting *at;
    size_t first, count, size;
} box;

/* Numbers by number: a case's household, what a household was merged into. */
typedef struct numbers {
    uint64_t *at;
    size_t size;
} numbers;

/* A signal of the household that is asked for: acts name it by the hash of its id. */
typedef struct own_signal {
    uint64_t hash;
    vdr_position position;
    uint64_t household;
} own_signal;

struct vdr_trail {
    vdr_log *log;
    vdr_log_reader *reader;
    vdr_trail_ask ask;
    char party[VDR_CONF_NAME_MAX + 1];
    vdr_trail_mailbox_fn mailbox;
    void *context;
    vdr_position first, last, next;
    vdr_position merges; /* the first look, for merges, is so far; beyond last: done */
    uint64_t erased;
    unsigned unrested;

    numbers case_household, merged_into;
    own_signal *own;
    size_t own_count, own_size;
    box *boxes;
    size_t box_count;

    vdr_arena arena; /* of the record at hand */
    vdr_trail_row *rows;
    size_t row, row_count, row_size;
};

const char *
vdr_trail_kind_name(vdr_trail_kind kind)
{
    static const char *const names[VDR_TRAIL_KINDS] = {"",     "signal", "act",     "decided", "told",
                                                       "read", "seen",   "control", "left"};
    return (unsigned)kind < VDR_TRAIL_KINDS ? names[kind] : "";
}

const char *
vdr_trail_query_name(uint32_t query)
{
    static const char *const names[] = {"",           "status",  "case", "signal",   "household", "inbox",
                                        "regisseurs", "explain", "try",  "requests", "person"};
    return query < sizeof names / sizeof names[0] ? names[query]
           : query == VDR_TRAIL_QUERY_REPORT      ? "access_report"
           : query == VDR_TRAIL_QUERY_AUDIT       ? "audit"
                                                  : "other";
}

/* ---- what it remembers */

static void
number_set(numbers *list, uint64_t number, uint64_t value)
{
    if (number >= list->size) {
        size_t size = list->size == 0 ? 1024 : list->size;
        while (size <= number)
            size *= 2;
        list->at = vdr_realloc(list->at, size, sizeof *list->at);
        memset(list->at + list->size, 0, (size - list->size) * sizeof *list->at);
        list->size = size;
    }
    list->at[number] = value;
}

static uint64_t
number_get(const numbers *list, uint64_t number)
{
    return number < list->size ? list->at[number] : 0;
}

/* The household that went on. */
static uint64_t
root_of(const vdr_trail *trail, uint64_t household)
{
    uint64_t into;
    while ((into = number_get(&trail->merged_into, household)) != 0)
        household = into;
    return household;
}

static uint64_t
household_of_case(const vdr_trail *trail, uint64_t case_id)
{
    return case_id != 0 ? number_get(&trail->case_household, case_id) : 0;
}

static bool
is_asked_for(const vdr_trail *trail, uint64_t household)
{
    uint64_t asked = trail->ask.household.number;
    return asked != 0 && household != 0 && root_of(trail, household) == root_of(trail, asked);
}

static void
own_add(vdr_trail *trail, const vdr_command *signal, vdr_position position, uint64_t household)
{
    if (!is_asked_for(trail, household))
        return;
    if (trail->own_count == trail->own_size) {
        trail->own_size = trail->own_size == 0 ? 64 : 2 * trail->own_size;
        trail->own = vdr_realloc(trail->own, trail->own_size, sizeof *trail->own);
    }
    trail->own[trail->own_count++] =
        (own_signal){.hash = signal->id_hash, .position = position, .household = household};
}

/* The newest of that id. */
static const own_signal *
own_find(const vdr_trail *trail, uint64_t hash)
{
    for (size_t i = trail->own_count; i > 0; i--) {
        if (trail->own[i - 1].hash == hash)
            return &trail->own[i - 1];
    }
    return NULL;
}

static box *
box_of(vdr_trail *trail, uint32_t mailbox)
{
    if (mailbox >= trail->box_count) {
        size_t count = mailbox + 64u;
        trail->boxes = vdr_realloc(trail->boxes, count, sizeof *trail->boxes);
        memset(trail->boxes + trail->box_count, 0, (count - trail->box_count) * sizeof *trail->boxes);
        trail->box_count = count;
    }
    return &trail->boxes[mailbox];
}

static void
box_add(vdr_trail *trail, const vdr_effect *message, const vdr_trail_row *row)
{
    box *b = box_of(trail, message->mailbox);
    if (b->first + b->count == b->size) {
        if (b->first > b->size / 2) {
            memmove(b->at, b->at + b->first, b->count * sizeof *b->at);
            b->first = 0;
        } else {
            b->size = b->size == 0 ? 16 : 2 * b->size;
            b->at = vdr_realloc(b->at, b->size, sizeof *b->at);
        }
    }
    b->at[b->first + b->count++] = (waiting){.seq = message->seq,
                                             .position = row->position,
                                             .signal = row->signal,
                                             .at = row->at,
                                             .household = row->household.number,
                                             .other = row->other.number,
                                             .case_id = row->case_id.number,
                                             .kind = message->message};
}

/* ---- rows */

static bool
is_party(const vdr_trail *trail, vdr_party_kind kind, vdr_span id)
{
    const vdr_trail_ask *ask = &trail->ask;
    return ask->party_kind == kind && (ask->party.len == 0 || vdr_span_equal(ask->party, id));
}

static bool
is_wanted(const vdr_trail *trail, const vdr_trail_row *row)
{
    const vdr_trail_ask *ask = &trail->ask;
    bool wanted = ask->kinds == 0 || (ask->kinds & 1u << row->kind) != 0;
    wanted = wanted && (ask->from == VDR_MS_NONE || row->at >= ask->from) &&
             (ask->until == VDR_MS_NONE || row->at < ask->until);
    if (ask->household.number != 0)
        wanted =
            wanted && (is_asked_for(trail, row->household.number) || is_asked_for(trail, row->other.number) ||
                       is_asked_for(trail, household_of_case(trail, row->case_id.number)));
    if (ask->case_id.number != 0)
        wanted = wanted && row->case_id.number == ask->case_id.number;
    if (ask->party_kind != VDR_PARTY_NONE)
        wanted = wanted && (is_party(trail, row->by_kind, row->by) || is_party(trail, row->to_kind, row->to));
    return wanted;
}

static void
put(vdr_trail *trail, const vdr_trail_row *row)
{
    if (!is_wanted(trail, row))
        return;
    if (trail->row_count == trail->row_size) {
        trail->row_size = trail->row_size == 0 ? 64 : 2 * trail->row_size;
        trail->rows = vdr_realloc(trail->rows, trail->row_size, sizeof *trail->rows);
    }
    trail->rows[trail->row_count++] = *row;
}

/* "urn:voordeur:KIND:ID" is that party; another source is an agency's. */
static void
actor_of(const vdr_command *command, vdr_trail_row *row)
{
    static const char urn[] = "urn:voordeur:";
    vdr_span source = command->source;
    row->by_kind = command->sender_kind;
    row->by = command->sender_id;
    if (row->by_kind != VDR_PARTY_NONE)
        return;
    row->by_kind = VDR_PARTY_AGENCY;
    row->by = source;
    if (source.len <= sizeof urn - 1 || memcmp(source.at, urn, sizeof urn - 1) != 0)
        return;
    source = vdr_span_of(source.at + sizeof urn - 1, source.len - (sizeof urn - 1));
    const uint8_t *colon = memchr(source.at, ':', source.len);
    size_t len = colon != NULL ? (size_t)(colon - source.at) : 0;
    if (colon != NULL && vdr_party_kind_of(vdr_span_of(source.at, len)) != VDR_PARTY_NONE) {
        row->by_kind = vdr_party_kind_of(vdr_span_of(source.at, len));
        row->by = vdr_span_of(colon + 1, source.len - len - 1);
    }
}

/* ---- what is in a tale */

static void
put_case(vdr_trail *trail, const vdr_effect *effect, vdr_trail_row row)
{
    row.kind = VDR_TRAIL_DECIDED;
    row.by_kind = VDR_PARTY_NONE;
    row.by = (vdr_span){0};
    row.what = vdr_span_str(effect->kind == VDR_EFFECT_WATCH ? "watch" : vdr_change_name(effect->change));
    row.household = effect->household;
    row.case_id = effect->case_id;
    if (effect->kind == VDR_EFFECT_CASE)
        number_set(&trail->case_household, effect->case_id.number, effect->household.number);
    put(trail, &row);
}

static void
put_message(vdr_trail *trail, const vdr_effect *effect, vdr_trail_row row)
{
    row.kind = VDR_TRAIL_TOLD;
    row.by_kind = VDR_PARTY_NONE;
    row.by = row.source = row.id = (vdr_span){0};
    row.what = vdr_span_str(vdr_message_kind_name(effect->message));
    row.case_id = effect->case_id;
    row.other = effect->other;
    row.signal = effect->has_signal ? effect->signal.position : 0;
    row.id = effect->has_signal ? effect->signal.id : (vdr_span){0};
    if (effect->household.number != 0)
        row.household = effect->household;
    else if (effect->case_id.number != 0)
        row.household.number = household_of_case(trail, effect->case_id.number);
    (void)trail->mailbox(trail->context, effect->mailbox, &row.to_kind, &row.to);
    box_add(trail, effect, &row);
    put(trail, &row);
}

/* row is of the record: its own line has told its household. */
static vdr_err
put_tale(vdr_trail *trail, vdr_span tale, const vdr_trail_row *row)
{
    uint32_t offset = 0;
    vdr_effect effect;
    vdr_err err;
    while ((err = vdr_effect_next(tale, &offset, &effect)) == VDR_OK) {
        vdr_trail_row of = *row;
        of.at = effect.at;
        of.reason = of.traceparent = (vdr_span){0};
        if (effect.kind == VDR_EFFECT_CASE || effect.kind == VDR_EFFECT_WATCH)
            put_case(trail, &effect, of);
        else if (effect.kind == VDR_EFFECT_MESSAGE)
            put_message(trail, &effect, of);
    }
    return err == VDR_E_END ? VDR_OK : err;
}

/* The line of the command itself: other lines may come before it (timers that were due). */
static bool
own_line(vdr_span tale, vdr_effect *ret_effect)
{
    uint32_t offset = 0;
    while (vdr_effect_next(tale, &offset, ret_effect) == VDR_OK) {
        if (ret_effect->kind == VDR_EFFECT_SIGNAL || ret_effect->kind == VDR_EFFECT_COMMAND)
            return true;
    }
    return false;
}

/* ---- records, by kind */

static vdr_err
take_event(vdr_trail *trail, const vdr_command *command, vdr_span tale, vdr_trail_row row)
{
    vdr_effect line = {0};
    bool is_signal = command->kind == VDR_COMMAND_SIGNAL;
    if (own_line(tale, &line))
        row.at = line.at;
    actor_of(command, &row);
    row.kind = is_signal ? VDR_TRAIL_SIGNAL : VDR_TRAIL_ACT;
    row.what = is_signal ? command->type : vdr_span_str(vdr_act_name(command->act));
    if (is_signal) {
        row.household = line.household;
        row.case_id = line.case_id;
        row.signal = row.position;
        row.source = command->source;
        row.id = command->id;
        own_add(trail, command, row.position, line.household.number);
    } else {
        const own_signal *own = command->signal.id.at != NULL ? own_find(trail, command->signal.hash) : NULL;
        row.case_id = command->case_id;
        row.household = command->household;
        if (command->act == VDR_ACT_HOUSEHOLD_MERGED || command->act == VDR_ACT_REVIEW_SET_ASIDE) {
            row.household = command->into;
            row.other = command->from;
        }
        if (row.household.number == 0)
            row.household.number = household_of_case(trail, command->case_id.number);
        if (row.household.number == 0 && own != NULL)
            row.household.number = own->household;
        row.signal = own != NULL ? own->position : 0;
        row.id = command->signal.id;
    }
    put(trail, &row);
    return put_tale(trail, tale, &row);
}

static void
take_acks(vdr_trail *trail, const vdr_command *command, vdr_trail_row row)
{
    row.kind = VDR_TRAIL_READ;
    for (size_t i = 0; i < command->ack_count; i++) {
        box *b = box_of(trail, command->acks[i].mailbox);
        (void)trail->mailbox(trail->context, command->acks[i].mailbox, &row.to_kind, &row.to);
        for (; b->count > 0 && b->at[b->first].seq <= command->acks[i].seq; b->first++, b->count--) {
            const waiting *w = &b->at[b->first];
            row.what = vdr_span_str(vdr_message_kind_name(w->kind));
            row.household.number = w->household;
            row.other.number = w->other;
            row.case_id.number = w->case_id;
            row.signal = w->signal;
            row.since = w->at;
            put(trail, &row);
        }
    }
}

static void
take_view(vdr_trail *trail, const vdr_command *command, vdr_trail_row row)
{
    row.kind = VDR_TRAIL_SEEN;
    row.by_kind = command->sender_kind;
    row.by = command->sender_id;
    row.reason = command->reason;
    row.traceparent = command->traceparent;
    row.until = command->cover_ms != 0 ? command->at + command->cover_ms : VDR_MS_NONE;
    row.what = vdr_span_str(vdr_trail_query_name(command->query));
    for (size_t i = 0; i < command->seen_count; i++) {
        const vdr_command_seen *seen = &command->seen[i];
        row.household = seen->household;
        row.case_id = seen->case_id;
        row.signal = seen->position;
        row.parts = seen->parts;
        put(trail, &row);
    }
}

static void
take_left(vdr_trail *trail, const vdr_command *command, vdr_trail_row row)
{
    static const char *const reasons[] = {"", "term", "erasure", "household"};
    static const char *const kinds[] = {"", "signal", "case", "household", "content"};
    _Static_assert(sizeof kinds / sizeof kinds[0] == VDR_LEFT_LAST + 1, "a word for each that leaves");
    row.kind = VDR_TRAIL_LEFT;
    for (size_t i = 0; i < command->left_count; i++) {
        const vdr_command_left *left = &command->left[i];
        vdr_trail_row of = row;
        of.what = vdr_span_str(kinds[left->kind]);
        of.reason = vdr_span_str(reasons[left->reason]);
        of.since = left->at;
        of.id = left->id;
        of.source = left->source;
        if (vdr_left_of_signal(left->kind)) {
            const own_signal *own = own_find(trail, left->hash);
            of.signal = left->number;
            of.household.number = own != NULL ? own->household : 0;
        } else if (left->kind == VDR_LEFT_CASE) {
            of.case_id.number = left->number;
            of.household.number = household_of_case(trail, left->number);
        } else {
            of.household.number = left->number;
        }
        put(trail, &of);
    }
}

static void
take_control(vdr_trail *trail, const vdr_command *command, vdr_trail_row row)
{
    static const char *const decides[] = {"", "approved", "rejected", "withdrawn"};
    static const char *const rekeys[] = {"", "pseudonym key: begun", "", "pseudonym key: changed",
                                         "pseudonym key: finish"};
    bool pairs = command->kind == VDR_COMMAND_REKEY && command->rekey == VDR_REKEY_PAIRS;
    if (pairs || command->kind == VDR_COMMAND_REWRITE)
        return; /* nobody's doing: it follows from what has a row */
    row.kind = VDR_TRAIL_CONTROL;
    row.by_kind = command->author.len != 0 ? VDR_PARTY_OPERATOR : VDR_PARTY_NONE;
    row.by = command->author;
    row.reason = command->reason;
    row.what = vdr_span_str(command->kind == VDR_COMMAND_CONFIG    ? "configuration"
                            : command->kind == VDR_COMMAND_PROPOSE ? "proposed"
                            : command->kind == VDR_COMMAND_RESUME  ? "resumed"
                            : command->kind == VDR_COMMAND_DECIDE  ? decides[command->decide]
                            : command->kind == VDR_COMMAND_REKEY   ? rekeys[command->rekey]
                                                                   : "keys");
    put(trail, &row);
}

static vdr_err
take_record(vdr_trail *trail, vdr_position position, const vdr_log_record *record)
{
    vdr_command command;
    vdr_trail_row row = {.position = position, .since = VDR_MS_NONE, .until = VDR_MS_NONE};
    vdr_err err = vdr_command_read(record->routing, &trail->arena, &command);
    if (err != VDR_OK)
        return err;
    row.at = command.at;
    if (command.kind == VDR_COMMAND_SIGNAL || command.kind == VDR_COMMAND_ACT)
        return take_event(trail, &command, record->tale, row);
    err = put_tale(trail, record->tale, &row);
    if (command.kind == VDR_COMMAND_ACKS)
        take_acks(trail, &command, row);
    else if (command.kind == VDR_COMMAND_VIEW)
        take_view(trail, &command, row);
    else if (command.kind == VDR_COMMAND_ERASURE)
        take_left(trail, &command, row);
    else if (command.kind != VDR_COMMAND_TICK &&
             command.kind != VDR_COMMAND_CARRY) /* told at its first position */
        take_control(trail, &command, row);
    return err;
}

/* ---- the walk */

static vdr_err
refresh(vdr_trail *trail)
{
    return trail->reader != NULL ? vdr_log_reader_refresh(trail->reader)
                                 : vdr_log_reader_open(trail->log, &trail->reader);
}

void
vdr_trail_rest(vdr_trail *trail)
{
    if (trail->row < trail->row_count)
        return; /* rows that are still to be told point there */
    if (trail->reader != NULL)
        vdr_log_reader_rest(trail->reader);
    trail->unrested = 0;
}

/* Reads the record at *position, or of what was cut the next that is carried: *position moves there. ERASED is counted
 * and NOT_FOUND, cut meanwhile, passed over: both give no bytes. */
static vdr_err
read_record(vdr_trail *trail, vdr_position *position, bool count, vdr_log_record *ret_record)
{
    vdr_err err = VDR_OK;
    if (trail->unrested == 0)
        err = refresh(trail);
    if (err != VDR_OK)
        return err;
    if (++trail->unrested >= PAUSE)
        trail->unrested = 0; /* the next one takes a fresh look */
    vdr_arena_reset(&trail->arena);
    if (*position < trail->first) {
        err = vdr_log_next(trail->reader, *position, position);
        if (err == VDR_E_NOT_FOUND) /* the log is empty */
            *position = trail->last;
    }
    if (err == VDR_OK)
        err = vdr_log_read(trail->reader, *position, ret_record);
    trail->erased += err == VDR_E_ERASED && count;
    if (err == VDR_E_ERASED || err == VDR_E_NOT_FOUND) {
        *ret_record = (vdr_log_record){0};
        return VDR_OK;
    }
    return err;
}

/* The first look: what was merged into what. */
static vdr_err
look_for_merge(vdr_trail *trail)
{
    vdr_log_record record;
    vdr_command command;
    vdr_effect line;
    vdr_err err = read_record(trail, &trail->merges, false, &record);
    if (err != VDR_OK || record.routing.len == 0) {
        trail->merges++;
        return err;
    }
    err = vdr_command_read(record.routing, &trail->arena, &command);
    if (err == VDR_OK && command.kind == VDR_COMMAND_ACT && command.act == VDR_ACT_HOUSEHOLD_MERGED &&
        own_line(record.tale, &line) && line.verdict == VDR_E_ACCEPTED)
        number_set(&trail->merged_into, command.from.number, command.into.number);
    trail->merges++;
    return err;
}

static vdr_err
take_next(vdr_trail *trail)
{
    vdr_log_record record;
    trail->row = trail->row_count = 0;
    vdr_err err = read_record(trail, &trail->next, true, &record);
    if (err == VDR_OK && record.routing.len != 0)
        err = take_record(trail, trail->next, &record);
    if (err == VDR_OK)
        trail->next++;
    return err;
}

vdr_err
vdr_trail_next(vdr_trail *trail, size_t records_max, vdr_trail_row *ret_row)
{
    vdr_err err = VDR_OK;
    for (size_t i = 0; err == VDR_OK; i++) {
        bool looking = trail->merges <= trail->last;
        if (!looking && trail->row < trail->row_count) {
            *ret_row = trail->rows[trail->row++];
            return VDR_OK;
        }
        if (!looking && trail->next > trail->last)
            return VDR_E_END;
        if (i == records_max)
            return VDR_E_BUSY;
        err = looking ? look_for_merge(trail) : take_next(trail);
    }
    return err;
}

vdr_err
vdr_trail_open(vdr_log *log, const vdr_trail_ask *ask, vdr_trail_mailbox_fn mailbox, void *context,
               vdr_trail **ret_trail)
{
    vdr_log_stats stats;
    vdr_trail *trail = vdr_alloc(1, sizeof *trail);
    vdr_log_stats_get(log, &stats);
    trail->log = log;
    trail->ask = *ask;
    trail->mailbox = mailbox;
    trail->context = context;
    (void)snprintf(trail->party, sizeof trail->party, "%.*s", (int)ask->party.len,
                   (const char *)ask->party.at);
    trail->ask.party = vdr_span_str(trail->party);
    trail->first = stats.first;
    trail->next = 1;
    trail->last = stats.next - 1;
    trail->merges = ask->household.number != 0 ? 1 : stats.next;
    vdr_arena_init(&trail->arena, ARENA_BYTES);
    vdr_err err = refresh(trail);
    if (err != VDR_OK) {
        vdr_trail_close(&trail);
        return err;
    }
    vdr_trail_rest(trail);
    *ret_trail = trail;
    return VDR_OK;
}

void
vdr_trail_close(vdr_trail **trail_p)
{
    vdr_trail *trail = *trail_p;
    if (trail == NULL)
        return;
    vdr_log_reader_close(&trail->reader);
    vdr_arena_done(&trail->arena);
    for (size_t i = 0; i < trail->box_count; i++)
        free(trail->boxes[i].at);
    free(trail->boxes);
    free(trail->case_household.at);
    free(trail->merged_into.at);
    free(trail->own);
    free(trail->rows);
    free(trail);
    *trail_p = NULL;
}

vdr_trail_sum
vdr_trail_sum_get(const vdr_trail *trail)
{
    return (vdr_trail_sum){
        .first = trail->first, .at = trail->next - 1, .last = trail->last, .erased = trail->erased};
}
