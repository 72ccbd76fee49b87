#include "broker/history/backtest_inside.h"

#include "broker/core/control.h"
#include "broker/core/view.h"
#include "broker/record/record.h"
#include "broker/engine/thread.h"

#include <stdio.h>
#include <stdlib.h>

#define FOLLOW_MS 100 /* between two looks whether the log has grown */

vdr_backtest *
vdr_backtest_new(vdr_log *log, vdr_checkpoint *checkpoint, const vdr_backtest_ask *ask)
{
    vdr_backtest *b = (vdr_backtest *)vdr_alloc(1, sizeof *b);
    b->log = log;
    b->checkpoint = checkpoint;
    b->ask = *ask;
    vdr_book_init(&b->book, ask->since);
    vdr_thread_lock_init(&b->lock);
    vdr_thread_cond_init(&b->turned);
    return b;
}

void
vdr_backtest_free(vdr_backtest **backtest_p)
{
    vdr_backtest *b = *backtest_p;
    if (b == NULL)
        return;
    for (unsigned i = 0; i < VDR_BACKTEST_CHUNKS; i++)
        free(b->chunks[i].cases);
    if (b->compared)
        vdr_compare_done(&b->compare);
    vdr_alternative_free(&b->alternative);
    vdr_book_done(&b->book);
    vdr_history_close(&b->recorded);
    vdr_history_close(&b->other);
    vdr_checkpoint_close(&b->checkpoint);
    (void)pthread_cond_destroy(&b->turned);
    (void)pthread_mutex_destroy(&b->lock);
    free(b);
    *backtest_p = NULL;
}

void
vdr_backtest_progress(const vdr_backtest *b, uint64_t *ret_done, uint64_t *ret_all)
{
    *ret_done = atomic_load(&b->done);
    *ret_all = atomic_load(&b->all);
}

void
vdr_backtest_stop(vdr_backtest *b)
{
    atomic_store(&b->stop, true);
}

void
vdr_backtest_want(vdr_backtest *b)
{
    vdr_log_stats stats;
    vdr_log_stats_get(b->log, &stats);
    atomic_store(&b->wanted_at, stats.next - 1);
    atomic_store(&b->wanted, true);
}

vdr_position
vdr_backtest_position(const vdr_backtest *b)
{
    return atomic_load(&b->position);
}

/* ---- how long a case takes: the first pass, over what was told */

typedef struct lengths {
    vdr_position config; /* the last configuration */
    int64_t *at;
    size_t count, size;
    vdr_ms *opened; /* by case number; 0: not seen */
    uint64_t opened_size;
} lengths;

static void
note_case(lengths *l, const vdr_effect *effect)
{
    uint64_t number = effect->case_id.number;
    if (effect->change == VDR_CHANGE_PROPOSED) {
        if (number >= l->opened_size) {
            uint64_t size = number * 2 + 1024;
            l->opened = vdr_realloc(l->opened, size, sizeof *l->opened);
            memset(l->opened + l->opened_size, 0, (size - l->opened_size) * sizeof *l->opened);
            l->opened_size = size;
        }
        l->opened[number] = effect->at;
    } else if (effect->change == VDR_CHANGE_CLOSED && number < l->opened_size && l->opened[number] != 0) {
        if (l->count == l->size) {
            l->size = l->size != 0 ? l->size * 2 : 256;
            l->at = vdr_realloc(l->at, l->size, sizeof *l->at);
        }
        l->at[l->count++] = effect->at - l->opened[number];
    }
}

static int
by_length(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

static vdr_err
note_tale(lengths *l, vdr_span tale)
{
    vdr_effect effect;
    uint32_t offset = 0;
    vdr_err err;
    while ((err = vdr_effect_next(tale, &offset, &effect)) == VDR_OK)
        if (effect.kind == VDR_EFFECT_CASE)
            note_case(l, &effect);
    return err == VDR_E_END ? VDR_OK : err;
}

static vdr_err
read_lengths(vdr_backtest *b, vdr_log_reader *reader, lengths *l)
{
    vdr_log_record record;
    vdr_err err = VDR_OK;
    vdr_ms ignored;
    vdr_position end = vdr_history_end(b->recorded);
    vdr_pace pace;
    vdr_pace_init(&pace, b->log);
    for (vdr_position at = vdr_history_from(b->recorded, &ignored) + 1; err == VDR_OK && at <= end; at++) {
        if (at % VDR_HISTORY_RUN == 0) {
            if (atomic_load(&b->stop))
                return VDR_E_BUSY;
            atomic_fetch_add(&b->done, VDR_HISTORY_RUN);
            vdr_log_reader_rest(reader);
            (void)vdr_pace_end(&pace);
            vdr_pace_begin(&pace);
            err = vdr_log_reader_refresh(reader);
        }
        if (err == VDR_OK)
            err = vdr_log_read(reader, at, &record);
        if (err == VDR_OK)
            err = note_tale(l, record.tale);
        if (err == VDR_OK && record.routing.len >= 2 && record.routing.at[1] == VDR_COMMAND_CONFIG)
            l->config = at;
    }
    return err;
}

static vdr_err
say(char *words, vdr_err err, const char *what)
{
    if (err != VDR_OK)
        (void)snprintf(words, VDR_HISTORY_WORDS, "%s: %s", what, vdr_err_text(err));
    return err;
}

/* Do the candidate's texts go with those of the configuration in force? */
static vdr_err
check_candidate(vdr_backtest *b, vdr_log_reader *reader, vdr_position position, char *words)
{
    vdr_log_record record;
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    vdr_err err = vdr_log_read(reader, position, &record);
    if (err == VDR_OK)
        err = vdr_content_read_config(record.content, &texts);
    if (err != VDR_OK)
        return say(words, err, "the configuration in force");
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++)
        if (b->ask.candidate.text[i].at != NULL) {
            texts.text[i] = b->ask.candidate.text[i];
            texts.name[i] = b->ask.candidate.name[i];
        }
    vdr_config_faults_init(&faults);
    err = vdr_config_read(&texts, &faults, &config);
    if (err != VDR_OK)
        (void)vdr_config_fault_text(&faults.at[0], words, VDR_HISTORY_WORDS);
    vdr_config_faults_done(&faults);
    vdr_config_free(&config);
    return err;
}

/* The log time of the last record that has one. */
static vdr_err
resolve_since(vdr_backtest *b, vdr_log_reader *reader, char *words)
{
    vdr_arena arena;
    vdr_log_record record;
    vdr_command command = {.at = VDR_MS_NONE};
    vdr_ms ignored;
    vdr_err err = VDR_OK;
    vdr_position from = vdr_history_from(b->recorded, &ignored);
    vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES);
    for (vdr_position at = vdr_history_end(b->recorded);
         err == VDR_OK && at > from && command.at == VDR_MS_NONE; at--) {
        vdr_arena_reset(&arena);
        err = vdr_log_read(reader, at, &record);
        if (err == VDR_OK)
            err = vdr_command_read(record.routing, &arena, &command);
    }
    vdr_arena_done(&arena);
    if (err == VDR_OK && command.at != VDR_MS_NONE)
        b->ask.since = command.at > b->ask.back_ms ? command.at - b->ask.back_ms : 0;
    return say(words, err, "the log");
}

/* The first pass: how long cases take, and whether the question can be answered at all. */
static vdr_err
measure(vdr_backtest *b, char *words)
{
    vdr_log_reader *reader = NULL;
    lengths l = {0};
    vdr_ms ignored;
    if (vdr_history_from(b->recorded, &ignored) != 0)
        l.config = vdr_core_config_position(vdr_history_core(b->recorded));
    vdr_err err = say(words, vdr_log_reader_open(b->log, &reader), "the log");
    if (err == VDR_OK && b->ask.back_ms != 0)
        err = resolve_since(b, reader, words);
    if (err == VDR_OK)
        err = say(words, read_lengths(b, reader, &l), "the log");
    if (err == VDR_OK && l.config != 0)
        err = check_candidate(b, reader, l.config, words);
    vdr_log_reader_close(&reader);
    b->closed = l.count;
    if (l.count != 0) {
        qsort(l.at, l.count, sizeof *l.at, by_length);
        b->age_ms = l.at[(l.count - 1) / 2];
    }
    free(l.at);
    free(l.opened);
    return err;
}

/* ---- the recorded history, in a thread of its own */

static void
add_state(vdr_backtest *b, uint64_t household, vdr_case_state state)
{
    vdr_backtest_chunk *chunk = b->filling;
    if (chunk->case_count == chunk->case_size) {
        chunk->case_size = chunk->case_size != 0 ? chunk->case_size * 2 : 256;
        chunk->cases = vdr_realloc(chunk->cases, chunk->case_size, sizeof *chunk->cases);
    }
    chunk->cases[chunk->case_count++] = (vdr_recorded_case){household, state};
    chunk->notes[chunk->count].case_count++;
}

static void
on_case(void *context, const vdr_book_case *of, vdr_change change, bool opened)
{
    (void)change;
    (void)opened;
    add_state(context, of->household, of->state);
}

/* Cases that went to another household with it, of which no line tells. */
static void
rehouse(vdr_backtest *b, uint64_t household)
{
    const vdr_core *core = vdr_history_core(b->recorded);
    vdr_at at;
    vdr_household_view view;
    if (household == 0 || !vdr_view_household(core, (vdr_household_id){household}, &at, &view) ||
        view.open_case.number == 0)
        return;
    vdr_book_case *of = vdr_book_find(&b->book, view.open_case.number);
    if (of == NULL || of->household == household)
        return;
    add_state(b, of->household, (vdr_case_state)0);
    of->household = household;
    add_state(b, household, of->state);
}

static void
note_made(vdr_backtest *b, vdr_recorded *note)
{
    uint64_t last = vdr_view_household_last(vdr_history_core(b->recorded));
    note->made = last != b->households ? last : 0;
    b->households = last;
}

/* A case may be gone by the end of the line that closed it: an erasure that waited for that. The book still has it. */
static uint64_t
household_of(vdr_backtest *b, vdr_case_id number)
{
    vdr_at at;
    vdr_case_view view;
    if (vdr_view_case(vdr_history_core(b->recorded), number, &at, &view))
        return view.household.number;
    const vdr_book_case *of = vdr_book_find(&b->book, number.number);
    return of != NULL ? of->household : 0;
}

static void
note_act(vdr_backtest *b, const vdr_command *act, vdr_recorded *note)
{
    const vdr_core *core = vdr_history_core(b->recorded);
    vdr_household_id home = {0};
    vdr_position ignored;
    if (act->case_id.number != 0)
        note->household = household_of(b, act->case_id);
    if (act->act == VDR_ACT_HOUSEHOLD_MERGED)
        rehouse(b, act->into.number);
    else if (act->act == VDR_ACT_PERSON_MOVED && act->person_count == 1 &&
             vdr_view_member(core, false, &act->persons[0].key, &home, &ignored))
        rehouse(b, home.number);
}

static vdr_err
note_step(vdr_backtest *b, const vdr_history_step *step)
{
    vdr_backtest_chunk *chunk = b->filling;
    vdr_recorded *note = &chunk->notes[chunk->count];
    const vdr_core *core = vdr_history_core(b->recorded);
    vdr_book_line line;
    *note = (vdr_recorded){.position = step->position, .at = step->step.at};
    chunk->first[chunk->count] = chunk->case_count;
    vdr_err err = vdr_book_take(&b->book, core, step->position, step->step.tale, &line);
    note->outcome = line.outcome;
    note->household = line.household;
    note->pauses = vdr_control_pause_last(core);
    if (step->command->kind == VDR_COMMAND_ACT)
        note_act(b, step->command, note);
    note_made(b, note);
    chunk->count++;
    return err;
}

/* A chunk to be filled; false: nobody wants more. */
static bool
next_chunk(vdr_backtest *b)
{
    (void)pthread_mutex_lock(&b->lock);
    while (!b->quit && b->filled - b->taken == VDR_BACKTEST_CHUNKS)
        (void)pthread_cond_wait(&b->turned, &b->lock);
    bool go_on = !b->quit;
    (void)pthread_mutex_unlock(&b->lock);
    b->filling = &b->chunks[b->filled % VDR_BACKTEST_CHUNKS];
    b->filling->count = b->filling->case_count = 0;
    return go_on;
}

static void
hand_chunk(vdr_backtest *b, bool over, vdr_err result)
{
    for (size_t i = 0; i < b->filling->count; i++)
        b->filling->notes[i].cases = b->filling->cases + b->filling->first[i];
    vdr_history_rest(b->recorded); /* the next one may have to wait for room */
    (void)pthread_mutex_lock(&b->lock);
    if (b->filling->count != 0)
        b->filled++;
    b->over = over;
    b->result = result;
    (void)pthread_cond_broadcast(&b->turned);
    (void)pthread_mutex_unlock(&b->lock);
}

/* A shadow waits for the log to grow. */
static vdr_err
wait_for_more(vdr_backtest *b)
{
    vdr_position before = vdr_history_end(b->recorded);
    vdr_err err = VDR_OK;
    while (err == VDR_OK && vdr_history_end(b->recorded) == before) {
        vdr_history_rest(b->recorded);
        (void)pthread_mutex_lock(&b->lock);
        b->idle = true;
        (void)pthread_cond_broadcast(&b->turned);
        if (!b->quit)
            vdr_thread_cond_wait_ms(&b->turned, &b->lock, FOLLOW_MS);
        b->idle = false;
        bool quit = b->quit || atomic_load(&b->stop);
        (void)pthread_mutex_unlock(&b->lock);
        err = quit ? VDR_E_BUSY : vdr_history_extend(b->recorded, b->log);
    }
    return err;
}

/* The end, after the last chunk. */
static void
end_with(vdr_backtest *b, vdr_err result)
{
    (void)pthread_mutex_lock(&b->lock);
    b->over = true;
    b->result = result;
    (void)pthread_cond_broadcast(&b->turned);
    (void)pthread_mutex_unlock(&b->lock);
}

static void *
run_recorded(void *context)
{
    vdr_backtest *b = context;
    vdr_history_step step;
    vdr_err err = VDR_OK;
    while (err == VDR_OK && next_chunk(b)) {
        while (err == VDR_OK && b->filling->count < VDR_BACKTEST_NOTES) {
            err = vdr_history_next(b->recorded, VDR_MS_NONE, &step, b->words);
            if (err == VDR_OK)
                err = note_step(b, &step);
        }
        bool more = err == VDR_E_END && b->ask.follow;
        hand_chunk(b, err != VDR_OK && !more, err == VDR_E_END ? VDR_OK : err);
        if (more && (err = wait_for_more(b)) != VDR_OK)
            end_with(b, err);
    }
    return NULL;
}

/* ---- the other history, in the caller's */

static vdr_err
take_chunk(vdr_backtest *b, const vdr_backtest_chunk *chunk, char *words)
{
    vdr_err extended = b->ask.follow ? vdr_history_extend(b->other, b->log) : VDR_OK;
    if (extended != VDR_OK)
        return extended;
    for (size_t i = 0; i < chunk->count; i++) {
        const vdr_command *command;
        vdr_err err = vdr_history_read(b->other, &command, words);
        if (err == VDR_OK)
            err = vdr_alternative_step(b->alternative, command, &chunk->notes[i]);
        if (err != VDR_OK)
            return err;
        if (b->from == VDR_MS_NONE && chunk->notes[i].at != VDR_MS_NONE)
            b->from = chunk->notes[i].at;
        b->until = chunk->notes[i].at;
        b->records++;
        atomic_store(&b->position, chunk->notes[i].position);
    }
    atomic_fetch_add(&b->done, chunk->count);
    vdr_history_rest(b->other);
    return VDR_OK;
}

static void
compare(vdr_backtest *b)
{
    if (b->compared)
        vdr_compare_done(&b->compare);
    vdr_compare_make(&b->book, vdr_alternative_book(b->alternative), b->from, b->until, &b->compare);
    b->compared = true;
}

/* A shadow that has caught up, while the recorded history stands still and the lock is held. */
static void
tell(vdr_backtest *b)
{
    if (!b->idle || !atomic_load(&b->wanted) || atomic_load(&b->position) < atomic_load(&b->wanted_at))
        return;
    atomic_store(&b->wanted, false);
    compare(b);
    b->ask.on_report(b->ask.context);
}

static vdr_err
run_other(vdr_backtest *b, char *words)
{
    vdr_err err = VDR_OK;
    bool over = false;
    while (err == VDR_OK && !over) {
        (void)pthread_mutex_lock(&b->lock);
        while (!b->over && b->filled == b->taken) {
            tell(b);
            (void)pthread_cond_wait(&b->turned, &b->lock);
        }
        bool one = b->filled != b->taken;
        over = !one;
        (void)pthread_mutex_unlock(&b->lock);
        if (one)
            err = take_chunk(b, &b->chunks[b->taken % VDR_BACKTEST_CHUNKS], words);
        (void)pthread_mutex_lock(&b->lock);
        b->taken += one;
        b->quit = err != VDR_OK;
        (void)pthread_cond_broadcast(&b->turned);
        (void)pthread_mutex_unlock(&b->lock);
    }
    return err;
}

/* ---- both */

static bool
go_on(vdr_backtest *b, unsigned side)
{
    vdr_core_counts counts;
    vdr_view_counts(vdr_history_core(side == 0 ? b->recorded : b->other), &counts);
    atomic_store(&b->memory[side], counts.memory_bytes);
    uint64_t both = atomic_load(&b->memory[0]) + atomic_load(&b->memory[1]);
    if (b->ask.memory_max != 0 && both > b->ask.memory_max)
        atomic_store(&b->too_big, true);
    return !atomic_load(&b->stop) && !atomic_load(&b->too_big);
}

static bool
recorded_goes_on(void *context)
{
    vdr_backtest *b = context;
    return go_on(b, 0);
}

static bool
other_goes_on(void *context)
{
    vdr_backtest *b = context;
    return go_on(b, 1);
}

/* Both begin with the same state: of record 0, or of a checkpoint. */
static vdr_err
open_both(vdr_backtest *b, char *words)
{
    vdr_ms at;
    vdr_config_texts texts;
    vdr_err err = vdr_history_open(b->log, b->checkpoint, &b->recorded, words);
    if (err == VDR_OK)
        err = vdr_history_open(b->log, b->checkpoint, &b->other, words);
    vdr_checkpoint_close(&b->checkpoint);
    if (err != VDR_OK)
        return err;
    vdr_position from = vdr_history_from(b->recorded, &at);
    if (from != vdr_history_from(b->other, &at)) {
        (void)snprintf(words, VDR_HISTORY_WORDS, "a new checkpoint came meanwhile: ask again");
        return VDR_E_BUSY;
    }
    vdr_history_watch(b->recorded, recorded_goes_on, b);
    vdr_history_watch(b->other, other_goes_on, b);
    if (!b->ask.follow) { /* a shadow must keep up with what comes */
        vdr_pace_init(&b->pace[0], b->log);
        vdr_pace_init(&b->pace[1], b->log);
        vdr_history_pace(b->recorded, &b->pace[0]);
        vdr_history_pace(b->other, &b->pace[1]);
    }
    atomic_store(&b->position, from);
    atomic_store(&b->all, 2 * (vdr_history_end(b->recorded) - from));
    err = measure(b, words);
    if (err != VDR_OK)
        return err;
    b->book.from = b->ask.since;
    b->from = b->ask.since != VDR_MS_NONE && b->ask.since > at ? b->ask.since : at;
    b->households = vdr_view_household_last(vdr_history_core(b->recorded));
    b->alternative =
        vdr_alternative_new(vdr_history_core(b->other), &b->ask.candidate, b->ask.since, b->age_ms);
    b->book.on_case = on_case;
    b->book.context = b;
    if (from == 0)
        return VDR_OK;
    vdr_book_begin(&b->book, vdr_history_core(b->recorded));
    err = vdr_history_texts(b->other, &texts, words);
    if (err == VDR_OK)
        vdr_alternative_loaded(b->alternative, &texts);
    return err;
}

vdr_err
vdr_backtest_run(vdr_backtest *b, char *ret_words)
{
    ret_words[0] = '\0';
    vdr_err err = open_both(b, ret_words);
    if (err != VDR_OK)
        return err;
    vdr_thread_start(&b->thread, "vdr-recorded", run_recorded, b);
    err = run_other(b, ret_words);
    (void)pthread_join(b->thread, NULL);
    if (err == VDR_OK && b->result != VDR_OK) {
        err = b->result;
        (void)snprintf(ret_words, VDR_HISTORY_WORDS, "%s", b->words);
    }
    if (atomic_load(&b->too_big))
        err = VDR_E_TOO_BIG;
    if (err != VDR_OK)
        return err;
    atomic_store(&b->done, atomic_load(&b->all));
    compare(b);
    return VDR_OK;
}

bool
vdr_backtest_differs(const vdr_backtest *b)
{
    const vdr_compare *c = &b->compare;
    uint64_t told = 0;
    for (size_t i = 0; i < c->rules.count; i++)
        told += c->rules.at[i].told_before != c->rules.at[i].told_after;
    return c->fresh + c->gone + c->changed + c->other_regisseur + told +
               vdr_alternative_counted(b->alternative)->differ !=
           0;
}
