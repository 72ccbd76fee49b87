#include "broker/history/history.h"

#include "broker/door/config_read.h"
#include "broker/record/record.h"
#include "proto/time.h"
#include "proto/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#define WATCH_RECORDS 4096u /* between two questions whether to go on */
#define PASS_PARTS    16u   /* of timers, between two questions whether to go on */

struct vdr_history {
    vdr_log_reader *reader;
    bool resting; /* the reader, until the next record */
    unsigned run; /* records since it last rested */
    vdr_core *core;
    vdr_config *config; /* that holds */
    vdr_arena arena;    /* of one record */
    vdr_command command;
    vdr_config_texts texts;       /* of the command */
    vdr_position from, last, end; /* last: stepped */
    vdr_ms from_at;
    bool (*go_on)(void *context);
    void *context;
    vdr_pace *pace;
};

__attribute__((format(printf, 3, 4))) static vdr_err
say(char *words, vdr_err err, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(words, VDR_HISTORY_WORDS, format, arguments);
    va_end(arguments);
    return err;
}

static vdr_err
bad_record(char *words, vdr_position position, vdr_err err)
{
    if (err == VDR_E_ERASED)
        return say(words, err,
                   "an erasure run destroyed the key of record %llu while the log was read: ask again",
                   (unsigned long long)position);
    return say(words, err, "record %llu of the log: %s", (unsigned long long)position, vdr_err_text(err));
}

static vdr_err
config_of(const vdr_log_record *record, vdr_position position, vdr_config **ret_config, char *words)
{
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_err err = vdr_content_read_config(record->content, &texts);
    if (err != VDR_OK)
        return bad_record(words, position, err);
    vdr_config_faults_init(&faults);
    err = vdr_config_read(&texts, &faults, ret_config);
    if (err != VDR_OK)
        (void)say(words, err, "the configuration of record %llu is not one any more: %.*s",
                  (unsigned long long)position, (int)faults.at[0].message.len,
                  (const char *)faults.at[0].message.at);
    vdr_config_faults_done(&faults);
    return err;
}

/* ---- from a checkpoint, where the log does not begin at 1 */

static vdr_err
load_block(void *context, vdr_block_id id, vdr_span bytes)
{
    return vdr_core_load_block(context, (vdr_core_block){id.table, id.number, bytes});
}

/* Does the log lead on from it? */
static vdr_err
leads_on(vdr_log *log, const vdr_checkpoint_manifest *manifest)
{
    vdr_log_stats stats;
    uint8_t chain[32];
    vdr_log_stats_get(log, &stats);
    if (manifest->position >= stats.next || manifest->position + 1 < stats.first)
        return VDR_E_NOT_FOUND;
    vdr_err err = vdr_log_chain(log, manifest->position + 1, chain);
    return err == VDR_OK && memcmp(chain, manifest->chain, sizeof chain) != 0 ? VDR_E_NOT_FOUND : err;
}

static vdr_err
load(vdr_history *history, vdr_log *log, vdr_checkpoint *checkpoint, char *words)
{
    vdr_checkpoint_manifest manifest;
    vdr_log_record record;
    vdr_err err = vdr_checkpoint_manifest_get(checkpoint, &manifest);
    if (err == VDR_OK)
        err = leads_on(log, &manifest);
    if (err == VDR_OK)
        err = vdr_core_load_begin(history->core, manifest.head);
    if (err == VDR_OK)
        err = vdr_checkpoint_load(checkpoint, load_block, history->core);
    vdr_position position = err == VDR_OK ? vdr_core_config_position(history->core) : 0;
    if (err == VDR_OK)
        err = vdr_log_read(history->reader, position, &record);
    if (err == VDR_OK)
        err = config_of(&record, position, &history->config, words);
    if (err == VDR_OK)
        err = vdr_core_load_end(history->core, history->config);
    if (err != VDR_OK)
        return words[0] != '\0' ? err : say(words, err, "the checkpoint: %s", vdr_err_text(err));
    history->from = history->last = manifest.position;
    history->from_at = vdr_core_now(history->core);
    return VDR_OK;
}

/* Did an erasure run destroy keys of records before the checkpoint? The vault knows it from the moment on in which it
 * did; the run's proof comes into the log afterwards, and after a crash perhaps much later. */
static vdr_err
is_erased(const vdr_history *history, const vdr_log *log, vdr_position first, bool *ret_erased)
{
    vdr_vault_key oldest = {0};
    uint32_t from = vdr_log_keys_from(log);
    vdr_err err = history->end >= first ? vdr_log_read_key(history->reader, first, &oldest) : VDR_OK;
    *ret_erased = from > 1 && oldest.generation < from; /* 0, not sealed: others after it were */
    return err;
}

vdr_err
vdr_history_open(vdr_log *log, vdr_checkpoint *checkpoint, vdr_history **ret_history, char *ret_words)
{
    vdr_log_stats stats;
    vdr_history *history = (vdr_history *)vdr_alloc(1, sizeof *history);
    ret_words[0] = '\0';
    vdr_log_stats_get(log, &stats);
    history->core = vdr_core_new();
    history->end = stats.next - 1;
    history->from_at = VDR_MS_NONE;
    vdr_arena_init(&history->arena, VDR_EVENT_ARENA_BYTES);
    bool erased = false;
    vdr_err err = vdr_log_reader_open(log, &history->reader);
    if (err == VDR_OK)
        err = is_erased(history, log, stats.first, &erased);
    if (err != VDR_OK)
        (void)say(ret_words, err, "the log: %s", vdr_err_text(err));
    else if (stats.first > 1 && checkpoint == NULL)
        err = say(ret_words, VDR_E_NOT_FOUND,
                  "the log begins with record %llu: how the state came about before is not kept",
                  (unsigned long long)stats.first);
    else if (erased && checkpoint == NULL)
        err = say(ret_words, VDR_E_NOT_FOUND,
                  "how the state came about before the last erasure run is not kept");
    else if (stats.first > 1 || erased)
        err = load(history, log, checkpoint, ret_words);
    if (err != VDR_OK) {
        vdr_history_close(&history);
        return err;
    }
    vdr_history_rest(history);
    *ret_history = history;
    return VDR_OK;
}

void
vdr_history_close(vdr_history **history_p)
{
    vdr_history *history = *history_p;
    if (history == NULL)
        return;
    vdr_log_reader_close(&history->reader);
    vdr_arena_done(&history->arena);
    vdr_core_free(&history->core);
    vdr_config_free(&history->config);
    free(history);
    *history_p = NULL;
}

void
vdr_history_pace(vdr_history *history, vdr_pace *pace)
{
    history->pace = pace;
}

void
vdr_history_watch(vdr_history *history, bool (*go_on)(void *context), void *context)
{
    history->go_on = go_on;
    history->context = context;
}

vdr_core *
vdr_history_core(vdr_history *history)
{
    return history->core;
}

vdr_position
vdr_history_from(const vdr_history *history, vdr_ms *ret_at)
{
    *ret_at = history->from_at;
    return history->from;
}

vdr_position
vdr_history_last(const vdr_history *history)
{
    return history->last;
}

vdr_position
vdr_history_end(const vdr_history *history)
{
    return history->end;
}

/* ---- stepping */

static vdr_err
wake(vdr_history *history)
{
    if (!history->resting)
        return VDR_OK;
    vdr_err err = vdr_log_reader_refresh(history->reader);
    if (err != VDR_OK)
        return err;
    history->resting = false;
    history->run = 0;
    if (history->pace != NULL)
        vdr_pace_begin(history->pace);
    return VDR_OK;
}

/* True: it slept. */
static bool
rest(vdr_history *history)
{
    if (history->resting)
        return false;
    vdr_log_reader_rest(history->reader);
    history->resting = true;
    return history->pace != NULL && vdr_pace_end(history->pace);
}

/* After a run of records others get their turn: the store may use pages again that were freed meanwhile, so that the
 * log need not grow instead, and its map may grow; and live work goes first. */
static vdr_err
breathe(vdr_history *history, vdr_position position, char *words)
{
    bool ask = position % WATCH_RECORDS == 0;
    if (history->run == VDR_HISTORY_RUN)
        ask = rest(history) || ask;
    if (ask && history->go_on != NULL && !history->go_on(history->context))
        return say(words, VDR_E_BUSY, "given up at record %llu", (unsigned long long)position);
    vdr_err err = wake(history);
    history->run++;
    return err != VDR_OK ? bad_record(words, position, err) : VDR_OK;
}

static vdr_err
step(vdr_history *history, vdr_position position, const vdr_log_record *record, vdr_step *ret_step,
     char *words)
{
    vdr_config *config = NULL;
    if (history->command.kind == VDR_COMMAND_CONFIG) {
        vdr_err err = config_of(record, position, &config, words);
        if (err != VDR_OK)
            return err;
        history->command.config = config;
    } else if (history->config == NULL) {
        return say(words, VDR_E_STORE_CORRUPT, "the log does not begin with a configuration");
    }
    vdr_core_step(history->core, &history->command, position, ret_step);
    if (config != NULL) { /* the core points into the new one from here on */
        vdr_config_free(&history->config);
        history->config = config;
    }
    history->last = position;
    if (ret_step->record && vdr_span_equal(ret_step->tale, record->tale))
        return VDR_OK;
    return say(words, VDR_E_STORE_CORRUPT,
               "record %llu has other effects now than when it was written: this version decides otherwise "
               "than the one that wrote it, or the store is damaged",
               (unsigned long long)position);
}

/* The next record and its command. */
static vdr_err
fetch(vdr_history *history, vdr_position position, vdr_log_record *ret_record, char *words)
{
    if (position > history->end)
        return VDR_E_END;
    vdr_err err = breathe(history, position, words);
    if (err != VDR_OK)
        return err;
    vdr_arena_reset(&history->arena);
    err = vdr_log_read(history->reader, position, ret_record);
    if (err == VDR_OK)
        err = vdr_command_read(ret_record->routing, &history->arena, &history->command);
    if (err == VDR_OK)
        err = vdr_content_attach(ret_record->content, &history->texts, &history->command);
    return err == VDR_OK ? VDR_OK : bad_record(words, position, err);
}

vdr_err
vdr_history_next(vdr_history *history, vdr_ms until, vdr_history_step *ret_step, char *ret_words)
{
    vdr_position position = history->last + 1;
    vdr_log_record record;
    vdr_err err = fetch(history, position, &record, ret_words);
    if (err != VDR_OK)
        return err;
    if (until != VDR_MS_NONE && history->command.at != VDR_MS_NONE && history->command.at > until)
        return VDR_E_END;
    ret_step->position = position;
    ret_step->command = &history->command;
    return step(history, position, &record, &ret_step->step, ret_words);
}

vdr_err
vdr_history_peek(vdr_history *history, const vdr_command **ret_command, vdr_span *ret_content,
                 char *ret_words)
{
    vdr_log_record record;
    vdr_err err = fetch(history, history->last + 1, &record, ret_words);
    if (err != VDR_OK)
        return err;
    *ret_command = &history->command;
    *ret_content = record.content;
    return VDR_OK;
}

vdr_err
vdr_history_read(vdr_history *history, const vdr_command **ret_command, char *ret_words)
{
    vdr_log_record record;
    vdr_err err = fetch(history, history->last + 1, &record, ret_words);
    if (err != VDR_OK)
        return err;
    history->last++;
    *ret_command = &history->command;
    return VDR_OK;
}

void
vdr_history_rest(vdr_history *history)
{
    (void)rest(history);
}

vdr_err
vdr_history_extend(vdr_history *history, vdr_log *log)
{
    vdr_log_stats stats;
    vdr_log_stats_get(log, &stats); /* before the refresh, so that the reader sees at least as much */
    vdr_history_rest(history);
    vdr_err err = wake(history);
    if (err == VDR_OK)
        history->end = stats.next - 1;
    return err;
}

vdr_err
vdr_history_texts(vdr_history *history, vdr_config_texts *ret_texts, char *ret_words)
{
    vdr_log_record record;
    vdr_position position = vdr_core_config_position(history->core);
    if (history->config == NULL)
        return VDR_E_NOT_FOUND;
    vdr_err err = wake(history);
    if (err == VDR_OK)
        err = vdr_log_read(history->reader, position, &record);
    if (err == VDR_OK)
        err = vdr_content_read_config(record.content, ret_texts);
    return err == VDR_OK ? VDR_OK : bad_record(ret_words, position, err);
}

bool
vdr_history_pass(vdr_history *history, vdr_ms until, vdr_step *ret_step)
{
    const vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = until, .timers_max = VDR_CORE_TIMERS_MAX};
    vdr_core *core = history->core;
    bool more = history->config != NULL && (vdr_core_now(core) < until || vdr_core_next_due(core) <= until);
    if (more)
        vdr_core_step(core, &tick, vdr_core_position(core) + 1, ret_step);
    return more;
}

vdr_err
vdr_history_to(vdr_history *history, vdr_ms at, char *ret_words)
{
    vdr_history_step done;
    vdr_step passed;
    vdr_err err = VDR_OK;
    if (at != VDR_MS_NONE && history->from_at != VDR_MS_NONE && at < history->from_at) {
        char text[VDR_TIME_TEXT_BYTES];
        vdr_time_format(history->from_at, text);
        return say(ret_words, VDR_E_NOT_FOUND,
                   "the log was cut: the history is whole from %.*s (record %llu) on", VDR_TIME_TEXT_BYTES,
                   text, (unsigned long long)history->from);
    }
    while (err == VDR_OK)
        err = vdr_history_next(history, at, &done, ret_words);
    vdr_history_rest(history);
    if (err != VDR_E_END)
        return err;
    for (uint32_t part = 1; at != VDR_MS_NONE && vdr_history_pass(history, at, &passed); part++)
        if (part % PASS_PARTS == 0 && history->go_on != NULL && !history->go_on(history->context))
            return say(ret_words, VDR_E_BUSY, "given up");
    return VDR_OK;
}
