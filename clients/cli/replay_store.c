#include "clients/cli/replay_store.h"

#include "broker/record.h"
#include "clients/cli/progress.h"
#include "clients/cli/tale.h"
#include "proto/time.h"
#include "store/checkpoint.h"
#include "store/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

typedef struct replay {
    vdr_log *log;
    vdr_log_reader *reader;
    vdr_core *core;
    vdr_config *config; /* that holds */
    vdr_arena arena;    /* of one record */
    vdr_tale_out out;
    vdr_position last; /* stepped; 0: none */
} replay;

__attribute__((format(printf, 2, 3))) static vdr_err
say(vdr_err err, const char *format, ...)
{
    va_list arguments;
    fputs("voordeur replay: ", stderr);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return err;
}

static vdr_err
bad_record(vdr_position position, vdr_err err)
{
    return say(err, "record %llu of the log: %s", (unsigned long long)position, vdr_err_text(err));
}

static vdr_err
config_of(const vdr_log_record *record, vdr_position position, vdr_config **ret_config)
{
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_err err = vdr_content_read_config(record->content, &texts);
    if (err != VDR_OK)
        return bad_record(position, err);
    vdr_config_faults_init(&faults);
    err = vdr_config_read(&texts, &faults, ret_config);
    if (err != VDR_OK)
        (void)say(err, "the configuration of record %llu is not one any more: %.*s",
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
leads_on(const replay *r, const vdr_checkpoint_manifest *manifest)
{
    vdr_log_stats stats;
    uint8_t chain[32];
    vdr_log_stats_get(r->log, &stats);
    if (manifest->position >= stats.next || manifest->position + 1 < stats.first)
        return VDR_E_NOT_FOUND;
    vdr_err err = vdr_log_chain(r->log, manifest->position + 1, chain);
    return err == VDR_OK && memcmp(chain, manifest->chain, sizeof chain) != 0 ? VDR_E_NOT_FOUND : err;
}

static vdr_err
load(replay *r, vdr_checkpoint *checkpoint)
{
    vdr_checkpoint_manifest manifest;
    vdr_log_record record;

    vdr_err err = vdr_checkpoint_manifest_get(checkpoint, &manifest);
    if (err == VDR_OK)
        err = leads_on(r, &manifest);
    if (err == VDR_OK)
        err = vdr_core_load_begin(r->core, manifest.head);
    if (err == VDR_OK)
        err = vdr_checkpoint_load(checkpoint, load_block, r->core);
    vdr_position position = err == VDR_OK ? vdr_core_config_position(r->core) : 0;
    if (err == VDR_OK)
        err = vdr_log_read(r->reader, position, &record);
    if (err == VDR_OK)
        err = config_of(&record, position, &r->config);
    if (err == VDR_OK)
        err = vdr_core_load_end(r->core, r->config);
    if (err == VDR_OK)
        r->last = manifest.position;
    return err;
}

/* Loads the newest checkpoint, or with back the one before it, into a new core. */
static vdr_err
load_from(replay *r, const char *dir, bool back)
{
    char words[256] = "";
    vdr_checkpoint *checkpoint = NULL;
    vdr_err err = vdr_checkpoint_open_lmdb(dir, false, &checkpoint, words);
    if (err != VDR_OK)
        return say(err, "%s: %s", dir, *words != '\0' ? words : vdr_err_text(err));
    if (back)
        err = vdr_checkpoint_look_back(checkpoint);
    if (err == VDR_OK)
        err = load(r, checkpoint);
    vdr_checkpoint_close(&checkpoint);
    if (err == VDR_OK)
        return VDR_OK;
    vdr_core_free(&r->core);
    vdr_config_free(&r->config);
    r->core = vdr_core_new();
    return err;
}

/* What was cut is gone, and the state at the log's begin with it. A state is kept twice, in the checkpoints: the
 * older one that is good shows the most. */
static vdr_err
load_oldest(replay *r, const char *dir, vdr_position first)
{
    char since[VDR_TIME_TEXT_BYTES + 1] = "";
    vdr_err err = load_from(r, dir, true);
    if (err != VDR_OK)
        err = load_from(r, dir, false);
    if (err != VDR_OK)
        return say(err,
                   "the log begins at record %llu and no checkpoint leads on from there (%s): nothing of it "
                   "can be decided again. Restore a backup to look at",
                   (unsigned long long)first, vdr_err_text(err));
    if (vdr_core_now(r->core) != VDR_MS_NONE)
        vdr_time_format(vdr_core_now(r->core), since);
    fprintf(stderr,
            "voordeur replay: the log was cut: its lines are whole from record %llu on%s%s; what was decided "
            "before is no longer in this store\n",
            (unsigned long long)r->last + 1, *since != '\0' ? ", after " : "", since);
    return VDR_OK;
}

/* ---- stepping */

static vdr_err
put_tale(replay *r, vdr_span tale)
{
    vdr_err err = vdr_tale_out_put(&r->out, r->core, tale);
    if (err == VDR_E_IO)
        return say(err, "standard output: %s", strerror(errno));
    return err != VDR_OK ? say(err, "a line cannot be written: %s", vdr_err_text(err)) : VDR_OK;
}

/* END: the record is after until. */
static vdr_err
step_record(replay *r, vdr_position position, vdr_ms until)
{
    vdr_log_record record;
    vdr_command command;
    vdr_config *config = NULL;
    vdr_step step;

    vdr_arena_reset(&r->arena);
    vdr_err err = vdr_log_read(r->reader, position, &record);
    if (err == VDR_OK)
        err = vdr_command_read(record.routing, &r->arena, &command);
    if (err != VDR_OK)
        return bad_record(position, err);
    if (until != VDR_MS_NONE && command.at != VDR_MS_NONE && command.at > until)
        return VDR_E_END;
    if (command.kind == VDR_COMMAND_CONFIG) {
        err = config_of(&record, position, &config);
        if (err != VDR_OK)
            return err;
        command.config = config;
    } else if (r->config == NULL) {
        return say(VDR_E_STORE_CORRUPT, "the log does not begin with a configuration");
    }
    vdr_core_step(r->core, &command, position, &step);
    if (config != NULL) {
        vdr_config_free(&r->config);
        r->config = config;
    }
    r->last = position;
    if (!step.record || !vdr_span_equal(step.tale, record.tale))
        return say(
            VDR_E_STORE_CORRUPT,
            "record %llu has other effects now than when it was written: this version decides otherwise "
            "than the one that wrote it, or the store is damaged",
            (unsigned long long)position);
    return put_tale(r, step.tale);
}

static vdr_err
step_all(replay *r, vdr_position end, vdr_ms until)
{
    vdr_progress progress;
    vdr_err err = VDR_OK;

    vdr_progress_begin(&progress, "records");
    for (vdr_position position = r->last + 1; position < end && err == VDR_OK; position++) {
        err = step_record(r, position, until);
        vdr_progress_one(&progress);
    }
    vdr_progress_end(&progress);
    if (err != VDR_OK && err != VDR_E_END)
        return err;
    err = VDR_OK;
    while (err == VDR_OK && until != VDR_MS_NONE && r->config != NULL &&
           (vdr_core_now(r->core) < until || vdr_core_next_due(r->core) <= until)) {
        const vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = until, .timers_max = VDR_CORE_TIMERS_MAX};
        vdr_step step;
        vdr_core_step(r->core, &tick, ++r->last, &step);
        err = put_tale(r, step.tale);
    }
    if (err != VDR_OK)
        return err;
    err = vdr_tale_out_flush(&r->out);
    return err != VDR_OK ? say(err, "standard output: %s", strerror(errno)) : VDR_OK;
}

vdr_err
vdr_replay_store(const char *dir, vdr_ms until)
{
    const vdr_log_options options = {.create = false};
    char words[256] = "";
    vdr_log_stats stats;
    replay r = {0};

    vdr_err err = vdr_log_open_lmdb(dir, &options, &r.log, words);
    if (err != VDR_OK)
        return say(err, "%s: %s", dir, *words != '\0' ? words : vdr_err_text(err));
    r.core = vdr_core_new();
    vdr_arena_init(&r.arena, VDR_EVENT_ARENA_BYTES);
    vdr_tale_out_init(&r.out);
    vdr_log_stats_get(r.log, &stats);
    err = vdr_log_reader_open(r.log, &r.reader);
    if (err != VDR_OK)
        (void)say(err, "%s: %s", dir, vdr_err_text(err));
    if (err == VDR_OK && stats.first > 1)
        err = load_oldest(&r, dir, stats.first);
    if (err == VDR_OK && until != VDR_MS_NONE && r.last != 0 && until < vdr_core_now(r.core))
        fprintf(stderr, "voordeur replay: --until is before that: there are no lines\n");
    if (err == VDR_OK)
        err = step_all(&r, stats.next, until);
    vdr_log_reader_close(&r.reader);
    vdr_tale_out_done(&r.out);
    vdr_arena_done(&r.arena);
    vdr_core_free(&r.core);
    vdr_config_free(&r.config);
    vdr_log_close(&r.log);
    return err;
}
