/* From the store to the state: the newest good checkpoint, then the log's tail. Every tale that stepping makes
 * is compared with the one that was stored, and told: a broker that would now decide otherwise does not run. */
#include "broker/engine/inside.h"
#include "broker/engine/tail.h"

#include <stdio.h>
#include <stdlib.h>

/* What is told of a record that cannot be read. */
static vdr_err
bad_record(vdr_position position, vdr_err err, char *ret_words)
{
    return vdr_engine_words(ret_words, err == VDR_E_NOT_FOUND ? VDR_E_STORE_CORRUPT : err,
                            "record %llu of the log: %s", (unsigned long long)position,
                            err == VDR_E_NOT_FOUND ? "it is missing" : vdr_err_text(err));
}

/* The configuration that a CONFIG record holds. */
static vdr_err
config_of_record(vdr_span content, vdr_position position, vdr_config **ret_config, char *ret_words)
{
    vdr_config_texts texts;
    vdr_err e = vdr_content_read_config(content, &texts);
    if (e == VDR_OK)
        e = vdr_engine_read_config(&texts, ret_config, ret_words);
    if (e ==
        VDR_E_BAD_CONFIG) { /* it was good once: the reader has become stricter, or the bytes are rotten */
        char words[VDR_ENGINE_WORDS_BYTES];
        memcpy(words, ret_words, sizeof words);
        return vdr_engine_words(ret_words, VDR_E_STORE_VERSION,
                                "the configuration of record %llu is not one any more: %.1900s",
                                (unsigned long long)position, words);
    }
    return e != VDR_OK ? bad_record(position, e, ret_words) : VDR_OK;
}

/* ---- The checkpoint ---- */

static void
warm(vdr_engine *engine)
{
    if (engine->warmer != NULL)
        vdr_warmer_turn(engine->warmer);
}

typedef struct loading {
    vdr_engine *engine;
    vdr_core *core;
} loading;

static vdr_err
load_block(void *context, vdr_block_id id, vdr_span bytes)
{
    const loading *l = context;
    vdr_core_block block = {.table = id.table, .number = id.number, .bytes = bytes};
    warm(l->engine);
    return vdr_core_load_block(l->core, block);
}

/* Is this checkpoint one of this log? Ahead of it, the log has lost what was confirmed. */
static vdr_err
fits_log(vdr_log *log, const vdr_checkpoint_manifest *manifest, char *ret_words)
{
    vdr_log_stats stats;
    vdr_log_stats_get(log, &stats);
    unsigned long long position = manifest->position;
    if (manifest->position >= stats.next)
        return vdr_engine_words(
            ret_words, VDR_E_STORE_CORRUPT,
            "the log ends at record %llu and the checkpoint is of record %llu: the log has lost records. "
            "Restore both from a backup",
            (unsigned long long)stats.next - 1, position);
    if (manifest->position + 1 < stats.first)
        return vdr_engine_words(ret_words, VDR_E_NOT_FOUND,
                                "the log begins at record %llu, too late for the checkpoint of record %llu",
                                (unsigned long long)stats.first, position);
    uint8_t chain[32];
    vdr_err e = vdr_log_chain(log, manifest->position + 1, chain);
    if (e == VDR_E_NOT_FOUND || (e == VDR_OK && memcmp(chain, manifest->chain, sizeof chain) != 0))
        return vdr_engine_words(ret_words, VDR_E_NOT_FOUND, "the checkpoint of record %llu is of another log",
                                position);
    return e != VDR_OK ? bad_record(manifest->position, e, ret_words) : VDR_OK;
}

static vdr_err
load(vdr_engine *engine, vdr_log_reader *reader, vdr_checkpoint *checkpoint,
     const vdr_checkpoint_manifest *manifest, char *ret_words)
{
    vdr_config *config = NULL;
    vdr_core *core = vdr_core_new();
    vdr_err e = vdr_core_load_begin(core, manifest->head);
    vdr_position config_position = e == VDR_OK ? vdr_core_config_position(core) : 0;
    if (e == VDR_OK)
        e = vdr_checkpoint_load(checkpoint, load_block, &(loading){.engine = engine, .core = core});
    if (e == VDR_OK) {
        vdr_log_record record;
        e = vdr_log_read(reader, config_position, &record);
        vdr_command command;
        if (e == VDR_OK)
            e = vdr_command_read(record.routing, &engine->arena, &command);
        if (e != VDR_OK)
            e = bad_record(config_position, e, ret_words);
        else
            e = config_of_record(record.content, config_position, &config, ret_words);
        vdr_arena_reset(&engine->arena);
        if (e == VDR_OK)
            e = vdr_core_load_end(core, config);
    }
    if (e == VDR_OK && vdr_core_position(core) != manifest->position)
        e = VDR_E_STORE_CORRUPT;
    if (e != VDR_OK) {
        vdr_core_free(&core);
        vdr_config_free(&config);
        return e;
    }
    engine->core = core;
    engine->config = config;
    return VDR_OK;
}

/* The newest checkpoint that can be loaded; none: an empty core. */
static vdr_err
load_newest(vdr_engine *engine, vdr_log *log, vdr_checkpoint *checkpoint, vdr_log_reader *reader, bool strict,
            char *ret_words)
{
    for (;;) {
        vdr_checkpoint_manifest manifest;
        vdr_err e = vdr_checkpoint_manifest_get(checkpoint, &manifest);
        if (e == VDR_E_NOT_FOUND)
            break;
        *ret_words = '\0';
        vdr_position position = manifest.position;
        if (e == VDR_OK)
            e = fits_log(log, &manifest, ret_words);
        if (e == VDR_OK) {
            e = load(engine, reader, checkpoint, &manifest, ret_words);
            if (e == VDR_OK) {
                engine->image.last = (vdr_image_mark){
                    .position = position, .config_position = vdr_core_config_position(engine->core)};
                return VDR_OK;
            }
        } else if (e != VDR_E_NOT_FOUND) {
            return e; /* the log itself is at fault: an older checkpoint would hide it */
        }
        if (strict)
            return *ret_words != '\0' ? e
                                      : vdr_engine_words(ret_words, e, "the checkpoint of record %llu: %s",
                                                         (unsigned long long)position, vdr_err_text(e));
        vdr_engine_say(engine, VDR_NOTICE_WARNING,
                       "the newest checkpoint cannot be used (%s): trying the one before it",
                       *ret_words != '\0' ? ret_words : vdr_err_text(e));
        e = vdr_checkpoint_fall_back(checkpoint);
        if (e != VDR_OK)
            return vdr_engine_words(ret_words, e, "the checkpoints: %s", vdr_err_text(e));
    }
    engine->core = vdr_core_new();
    engine->image.all = true;
    vdr_log_stats stats;
    vdr_log_stats_get(log, &stats);
    if (stats.first != 1)
        return vdr_engine_words(
            ret_words, VDR_E_STORE_CORRUPT,
            "there is no usable checkpoint and the log begins at record %llu: restore from a backup",
            (unsigned long long)stats.first);
    return VDR_OK;
}

/* ---- The tail ---- */

typedef struct progress {
    vdr_position end, told; /* it was told up to here */
    int64_t told_us;
} progress;

static void
tell_progress(vdr_engine *engine, progress *made, vdr_position position)
{
    const vdr_engine_options *options = &engine->options;
    int64_t now_us = vdr_clock_monotonic_us();
    int64_t passed_us = now_us - made->told_us;
    if (options->progress == NULL || (passed_us < 1000000 && position != made->end))
        return;
    uint64_t steps = position - made->told;
    options->progress(options->notice_context, position, made->end,
                      passed_us > 0 ? steps * 1000000 / (uint64_t)passed_us : 0);
    made->told = position;
    made->told_us = now_us;
}

static vdr_err
step_record(vdr_engine *engine, vdr_tail_record *record, char *ret_words)
{
    vdr_config *config = NULL;
    if (record->err != VDR_OK)
        return bad_record(record->position, record->err, ret_words);
    if (record->command.kind == VDR_COMMAND_CONFIG) {
        vdr_err e = config_of_record(record->content, record->position, &config, ret_words);
        if (e != VDR_OK)
            return e;
        record->command.config = config;
    } else if (vdr_core_config(engine->core) == NULL) {
        return vdr_engine_words(ret_words, VDR_E_STORE_CORRUPT,
                                "the log does not begin with a configuration");
    }
    vdr_step step;
    vdr_core_step(engine->core, &record->command, record->position, &step);
    if (config != NULL && step.record) {
        vdr_config_free(&engine->config);
        engine->config = config;
    } else {
        vdr_config_free(&config); /* refused: told below */
    }
    if (!step.record || !vdr_span_equal(step.tale, record->tale))
        return vdr_engine_words(
            ret_words, VDR_E_STORE_CORRUPT,
            "record %llu of the log has other effects now than when it was written: this version decides "
            "otherwise than the one that wrote it, or the store is damaged",
            (unsigned long long)record->position);
    return VDR_OK;
}

static void
foresee(vdr_engine *engine, const vdr_tail_record *records, size_t count)
{
    const vdr_command *coming[VDR_CORE_FORESEEN];
    size_t foreseen = 0;
    for (size_t i = 0; i < count && foreseen < VDR_CORE_FORESEEN; i++)
        if (records[i].err == VDR_OK)
            coming[foreseen++] = &records[i].command;
    vdr_core_foresee(engine->core, coming, foreseen);
}

static vdr_err
step_tail(vdr_engine *engine, vdr_tail *tail, progress *made, char *ret_words)
{
    vdr_tail_record *records;
    for (size_t count; (count = vdr_tail_next(tail, &records)) != 0;) {
        warm(engine);
        for (size_t i = 0; i < count; i++) {
            if (i % VDR_CORE_FORESEEN == 0)
                foresee(engine, records + i, count - i);
            vdr_err e = step_record(engine, &records[i], ret_words);
            if (e != VDR_OK)
                return e;
        }
        tell_progress(engine, made, records[count - 1].position);
    }
    return VDR_OK;
}

/* Records after from, to end. */
static vdr_err
step_rest(vdr_engine *engine, vdr_log_reader *reader, vdr_position from, vdr_position end, char *ret_words)
{
    progress made = {.end = end, .told = from, .told_us = vdr_clock_monotonic_us()};
    vdr_tail *tail = vdr_tail_new(reader, from + 1, end, engine->options.threads);
    vdr_err e = step_tail(engine, tail, &made, ret_words);
    vdr_tail_free(&tail);
    return e;
}

vdr_err
vdr_boot(vdr_engine *engine, bool strict, char *ret_words)
{
    vdr_log *log = engine->options.log;
    vdr_log_reader *reader = NULL;
    vdr_err e = vdr_log_reader_open(log, &reader);
    if (e != VDR_OK)
        return vdr_engine_words(ret_words, e, "the log: %s", vdr_err_text(e));
    e = load_newest(engine, log, engine->options.checkpoint, reader, strict, ret_words);
    vdr_log_stats stats;
    vdr_log_stats_get(log, &stats);
    if (e == VDR_OK)
        e = step_rest(engine, reader, engine->image.last.position, stats.next - 1, ret_words);
    vdr_log_reader_close(&reader);
    return e == VDR_OK ? vdr_rekeying_door(engine, ret_words) : e;
}
