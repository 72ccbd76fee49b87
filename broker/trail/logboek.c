#include "broker/trail/logboek.h"

#include "broker/core/effect.h"
#include "broker/core/view.h"
#include "broker/door/activity.h"
#include "broker/door/event.h"
#include "broker/gauge/trace.h"
#include "broker/record/record.h"
#include "broker/trail/trail.h"

#include <stdio.h>
#include <stdlib.h>

#define ALIKE_MAX 8u /* signals whose ids have one hash */

/* Persons, each once. */
typedef struct persons {
    vdr_key16 *at;
    size_t count, size;
} persons;

struct vdr_logboek {
    vdr_history *history;
    vdr_logboek_keys *keys;
    vdr_activities *activities;
    vdr_arena arena; /* of the record at hand: its traceparent */
    persons own;     /* of the record itself */
    persons part;    /* of one thing that came of it */
    vdr_logboek_row record;
    vdr_household_id matched;                        /* the record's signal, with this household */
    char first_id[VDR_LOGBOEK_OPERATION_DIGITS + 1]; /* the record's own operation; empty: it has none */
    vdr_logboek_row *rows;
    size_t row, row_count, row_size;
};

/* ---- persons */

static void
add(persons *list, const vdr_key16 *person)
{
    for (size_t i = 0; i < list->count; i++)
        if (memcmp(list->at[i].bytes, person->bytes, sizeof person->bytes) == 0)
            return;
    if (list->count == list->size) {
        list->size = list->size == 0 ? 16 : 2 * list->size;
        list->at = vdr_realloc(list->at, list->size, sizeof *list->at);
    }
    list->at[list->count++] = *person;
}

/* A BSN that is none has a pseudonym that means nothing; which one it is, is not said. */
static void
add_named(persons *list, const vdr_command *command)
{
    for (size_t i = 0; i < command->person_count && !command->bsn_bad; i++)
        add(list, &command->persons[i].key);
}

/* signal.slot 0: all members. */
static void
add_members(persons *list, const vdr_core *core, vdr_household_id household, vdr_at signal)
{
    vdr_at at, cursor = {0};
    vdr_household_view view;
    vdr_key16 person;
    vdr_position position;
    if (household.number == 0 || !vdr_view_household(core, household, &at, &view))
        return;
    while (vdr_view_household_member(core, at, false, &cursor, &person, &position))
        if (signal.slot == 0 || vdr_view_signal_names(core, signal, &person))
            add(list, &person);
}

static vdr_household_id
household_of_case(const vdr_core *core, vdr_case_id case_id)
{
    vdr_at at;
    vdr_case_view view;
    if (case_id.number == 0 || !vdr_view_case(core, case_id, &at, &view))
        return (vdr_household_id){0};
    return view.household;
}

/* The signal at this position, among those of its household. */
static bool
find_signal(const vdr_core *core, vdr_household_id household, vdr_position position, vdr_at *ret_at,
            vdr_signal_view *ret_view)
{
    vdr_at at, cursor = {0};
    vdr_household_view view;
    if (household.number == 0 || position == 0 || !vdr_view_household(core, household, &at, &view))
        return false;
    while (vdr_view_household_signal(core, at, &cursor, ret_view)) {
        if (ret_view->position == position) {
            *ret_at = cursor;
            return true;
        }
    }
    return false;
}

/* The one that an act or a correction names by its id. position 0: any. */
static bool
find_named_signal(const vdr_core *core, const vdr_command *command, vdr_position position, vdr_at *ret_at,
                  vdr_signal_view *ret_view)
{
    vdr_at alike[ALIKE_MAX];
    if (command->signal.id.at == NULL)
        return false;
    size_t count = vdr_view_signals_hashed(core, command->signal.hash, alike, ALIKE_MAX);
    for (size_t i = 0; i < count; i++) {
        vdr_view_signal_at(core, alike[i], ret_view);
        if (vdr_span_equal(ret_view->id, command->signal.id) &&
            (position == 0 || position == ret_view->position)) {
            *ret_at = alike[i];
            return true;
        }
    }
    return false;
}

/* Whom an act is about, in the state before it or after it. */
static void
add_of_act(persons *list, const vdr_core *core, const vdr_command *command)
{
    const vdr_at all = {0};
    vdr_at at;
    vdr_signal_view signal;
    add_named(list, command);
    add_members(list, core, command->household, all);
    add_members(list, core, command->into, all);
    add_members(list, core, command->from, all);
    add_members(list, core, household_of_case(core, command->case_id), all);
    if (find_named_signal(core, command, 0, &at, &signal))
        add_members(list, core, signal.household, at);
}

static void
add_seen(persons *list, const vdr_core *core, const vdr_command_seen *seen)
{
    vdr_at at = {0};
    vdr_signal_view signal;
    vdr_household_id household =
        seen->household.number != 0 ? seen->household : household_of_case(core, seen->case_id);
    if (seen->kind == VDR_SEEN_SIGNAL && !find_signal(core, household, seen->position, &at, &signal))
        at.slot = 0; /* it has left: its household, then */
    add_members(list, core, household, at);
}

/* ---- rows */

static void
put(vdr_logboek *logboek, const vdr_logboek_row *row, uint32_t part, uint32_t subject,
    const vdr_key16 *person)
{
    const vdr_logboek_place place = {row->position, part, subject};
    if (logboek->row_count == logboek->row_size) {
        logboek->row_size = logboek->row_size == 0 ? 64 : 2 * logboek->row_size;
        logboek->rows = vdr_realloc(logboek->rows, logboek->row_size, sizeof *logboek->rows);
    }
    vdr_logboek_row *made = &logboek->rows[logboek->row_count++];
    *made = *row;
    vdr_logboek_operation_id(logboek->keys, &place, made->operation_id);
    if (part != 0 || subject != 0)
        memcpy(made->parent_id, logboek->first_id, sizeof made->parent_id);
    if (person == NULL)
        return;
    made->has_subject = true;
    made->person = *person;
    vdr_logboek_subject_id(logboek->keys, &place, person, made->subject_id);
}

static void
put_all(vdr_logboek *logboek, const vdr_logboek_row *row, uint32_t part, const persons *subjects)
{
    if (subjects->count == 0)
        put(logboek, row, part, 0, NULL);
    for (size_t i = 0; i < subjects->count; i++)
        put(logboek, row, part, (uint32_t)i, &subjects->at[i]);
}

static void
name(vdr_logboek_row *row, const char *what, const char *of)
{
    (void)snprintf(row->name, sizeof row->name, "%s%s%s", what, *of != '\0' ? ": " : "", of);
}

/* ---- what came of a record */

/* Whom a message about a signal concerns: those whom the signal names. */
static void
subjects_of_message(vdr_logboek *logboek, const vdr_effect *effect, const vdr_command *command,
                    vdr_logboek_row *row)
{
    const vdr_core *core = vdr_history_core(logboek->history);
    vdr_at at = {0};
    vdr_signal_view signal;
    vdr_household_id household = effect->household;
    if (household.number == 0)
        household = household_of_case(core, effect->case_id);
    if (effect->message == VDR_MESSAGE_MATCH) /* names none: it is of the signal that made it */
        household = logboek->matched;
    if (effect->has_signal && effect->signal.position == row->position &&
        command->kind == VDR_COMMAND_SIGNAL) {
        add_named(&logboek->part, command);
        row->activity = vdr_activity_of(logboek->activities, command->type);
        return;
    }
    if (effect->has_signal && (find_named_signal(core, command, effect->signal.position, &at, &signal) ||
                               find_signal(core, household, effect->signal.position, &at, &signal))) {
        household = signal.household;
        row->activity = vdr_activity_of(logboek->activities, signal.type);
    }
    add_members(&logboek->part, core, household, at);
    add_members(&logboek->part, core, effect->other, (vdr_at){0});
}

static void
put_part(vdr_logboek *logboek, const vdr_effect *effect, const vdr_command *command, uint32_t part)
{
    const vdr_core *core = vdr_history_core(logboek->history);
    vdr_logboek_row row = logboek->record;
    logboek->part.count = 0;
    row.status = VDR_LOGBOEK_OK;
    row.start = effect->at; /* of a timer: when it was due */
    row.parent_id[0] = '\0';
    row.activity = vdr_activity_of(logboek->activities, (vdr_span){0});
    if (effect->kind == VDR_EFFECT_MESSAGE) {
        name(&row, "delivered", vdr_message_kind_name(effect->message));
        subjects_of_message(logboek, effect, command, &row);
    } else if (effect->kind == VDR_EFFECT_SIGNAL) {
        name(&row, "matched", vdr_match_name(effect->match));
        add_members(&logboek->part, core, effect->household, (vdr_at){0});
    } else {
        bool is_watch = effect->kind == VDR_EFFECT_WATCH;
        name(&row, "decided", is_watch ? "watch" : vdr_change_name(effect->change));
        add_members(&logboek->part, core, effect->household, (vdr_at){0});
    }
    put_all(logboek, &row, part, &logboek->part);
}

/* The line of the command itself has told its verdict; a signal that was accepted was matched with its household. */
static vdr_err
put_parts(vdr_logboek *logboek, vdr_span tale, const vdr_command *command)
{
    uint32_t offset = 0, part = 0;
    vdr_effect effect;
    vdr_err err;
    while ((err = vdr_effect_next(tale, &offset, &effect)) == VDR_OK) {
        part++;
        bool is_own = effect.kind == VDR_EFFECT_SIGNAL || effect.kind == VDR_EFFECT_COMMAND;
        if (!is_own || (effect.kind == VDR_EFFECT_SIGNAL && effect.household.number != 0))
            put_part(logboek, &effect, command, part);
    }
    return err == VDR_E_END ? VDR_OK : err;
}

/* ---- the record itself */

static void
begin(vdr_logboek *logboek, const vdr_command *command, vdr_position position, vdr_span content)
{
    vdr_logboek_row *row = &logboek->record;
    vdr_span trace = command->traceparent;
    bool is_event = command->kind == VDR_COMMAND_SIGNAL || command->kind == VDR_COMMAND_ACT;
    *row = (vdr_logboek_row){.position = position, .status = VDR_LOGBOEK_OK};
    logboek->matched = (vdr_household_id){0};
    logboek->first_id[0] = '\0';
    logboek->own.count = logboek->row = logboek->row_count = 0;
    vdr_arena_reset(&logboek->arena);
    if (is_event) {
        const vdr_signal_name event = {.source = command->source, .id = command->id};
        trace = vdr_trace_of(content, &event, &logboek->arena);
    }
    if (trace.len != 0 && vdr_traceparent_is_good(trace)) {
        memcpy(row->trace_id, trace.at + 3, VDR_LOGBOEK_TRACE_DIGITS);
        memcpy(row->parent_id, trace.at + 36, VDR_LOGBOEK_OPERATION_DIGITS);
    } else {
        vdr_logboek_trace_id(logboek->keys, position, row->trace_id);
    }
    if (command->kind == VDR_COMMAND_ACT) /* who leaves by it is not in the state after it */
        add_of_act(&logboek->own, vdr_history_core(logboek->history), command);
}

static void
take_verdict(vdr_logboek *logboek, vdr_span tale)
{
    vdr_logboek_row *row = &logboek->record;
    uint32_t offset = 0;
    vdr_effect effect;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK) {
        if (effect.kind == VDR_EFFECT_SIGNAL || effect.kind == VDR_EFFECT_COMMAND) {
            row->start = effect.at;
            logboek->matched = effect.household;
            row->status = effect.verdict == VDR_E_ACCEPTED ? VDR_LOGBOEK_OK : VDR_LOGBOEK_ERROR;
            return;
        }
    }
}

static void
put_record(vdr_logboek *logboek, const vdr_history_step *done)
{
    const vdr_core *core = vdr_history_core(logboek->history);
    const vdr_command *command = done->command;
    const vdr_logboek_place place = {done->position, 0, 0};
    vdr_logboek_row *row = &logboek->record;
    row->start = row->end = vdr_core_now(core);
    row->municipality = vdr_activities_municipality(logboek->activities);
    row->activity = vdr_activity_of(logboek->activities, (vdr_span){0});
    if (command->kind == VDR_COMMAND_SIGNAL) {
        name(row, "signal received", "");
        row->activity = vdr_activity_of(logboek->activities, command->type);
        add_named(&logboek->own, command);
    } else if (command->kind == VDR_COMMAND_ACT) {
        name(row, "act", vdr_act_name(command->act));
        add_of_act(&logboek->own, core, command);
    } else if (command->kind == VDR_COMMAND_VIEW) {
        name(row, "viewed", vdr_trail_query_name(command->query));
        row->end += command->cover_ms; /* the same, again, until then at the latest */
        for (size_t i = 0; i < command->seen_count; i++)
            add_seen(&logboek->own, core, &command->seen[i]);
    } else if (command->kind == VDR_COMMAND_ERASURE) {
        name(row, "erased", ""); /* of whom nothing is left: without a subject */
    } else {
        return;
    }
    take_verdict(logboek, done->step.tale);
    vdr_logboek_operation_id(logboek->keys, &place, logboek->first_id);
    put_all(logboek, row, 0, &logboek->own);
}

static vdr_err
set_activities(vdr_logboek *logboek, const vdr_config_texts *texts)
{
    vdr_activities *made;
    vdr_err err = vdr_activities_read(texts, &made);
    if (err != VDR_OK)
        return err;
    vdr_activities_free(&logboek->activities);
    logboek->activities = made;
    return VDR_OK;
}

static vdr_err
take_record(vdr_logboek *logboek, char *words)
{
    const vdr_command *command;
    vdr_span content;
    vdr_history_step done;
    vdr_config_texts texts;
    vdr_position position = vdr_history_last(logboek->history) + 1;
    vdr_err err = vdr_history_peek(logboek->history, &command, &content, words);
    if (err != VDR_OK)
        return err;
    if (command->kind == VDR_COMMAND_CONFIG) {
        err = vdr_content_read_config(content, &texts);
        if (err == VDR_OK)
            err = set_activities(logboek, &texts);
    }
    if (err == VDR_OK && logboek->activities == NULL)
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK) {
        begin(logboek, command, position, content);
        err = vdr_history_next(logboek->history, VDR_MS_NONE, &done, words);
    }
    if (err == VDR_OK) {
        put_record(logboek, &done);
        err = put_parts(logboek, done.step.tale, done.command);
    }
    if (err != VDR_OK && words[0] == '\0')
        (void)snprintf(words, VDR_HISTORY_WORDS, "record %llu of the log: %s", (unsigned long long)position,
                       vdr_err_text(err));
    return err;
}

/* ---- outside */

vdr_err
vdr_logboek_open(vdr_history *history, const vdr_logboek_keys *keys, vdr_logboek **ret_logboek,
                 char *ret_words)
{
    vdr_config_texts texts;
    vdr_logboek *logboek = vdr_alloc(1, sizeof *logboek);
    logboek->history = history;
    logboek->keys = vdr_logboek_keys_copy(keys);
    vdr_arena_init(&logboek->arena, VDR_EVENT_ARENA_BYTES);
    ret_words[0] = '\0';
    vdr_err err = vdr_history_texts(history, &texts, ret_words);
    if (err == VDR_OK)
        err = set_activities(logboek, &texts);
    else if (err == VDR_E_NOT_FOUND)
        err = VDR_OK; /* record 1 tells it */
    if (err != VDR_OK)
        vdr_logboek_close(&logboek);
    else
        *ret_logboek = logboek;
    return err;
}

void
vdr_logboek_close(vdr_logboek **logboek_p)
{
    vdr_logboek *logboek = *logboek_p;
    if (logboek == NULL)
        return;
    vdr_activities_free(&logboek->activities);
    vdr_arena_done(&logboek->arena);
    vdr_logboek_keys_free(&logboek->keys);
    free(logboek->own.at);
    free(logboek->part.at);
    free(logboek->rows);
    free(logboek);
    *logboek_p = NULL;
}

vdr_err
vdr_logboek_next(vdr_logboek *logboek, vdr_logboek_row *ret_row, char *ret_words)
{
    ret_words[0] = '\0';
    while (logboek->row == logboek->row_count) {
        vdr_err err = take_record(logboek, ret_words);
        if (err != VDR_OK)
            return err;
    }
    *ret_row = logboek->rows[logboek->row++];
    return VDR_OK;
}

void
vdr_logboek_row_put(vdr_rows *rows, const vdr_logboek_row *row)
{
    vdr_row(rows, "logboek");
    vdr_row_text(rows, "trace_id", vdr_span_str(row->trace_id));
    vdr_row_text(rows, "operation_id", vdr_span_str(row->operation_id));
    vdr_row_text(rows, "parent_operation_id", vdr_span_str(row->parent_id));
    vdr_row_text(rows, "name", vdr_span_str(row->name));
    vdr_row_text(rows, "activity", row->activity);
    vdr_row_text(rows, "municipality", row->municipality);
    vdr_row_text(rows, "subject", vdr_span_str(row->subject_id));
    vdr_row_number(rows, "position", row->position);
    vdr_row_number(rows, "status_code", row->status);
    vdr_row_instant(rows, "start_ms", row->start);
    vdr_row_instant(rows, "end_ms", row->end);
}
