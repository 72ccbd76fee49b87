#include "broker/engine/inside.h"

#include "proto/utf8.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#define CHECKPOINT_RECORDS 500000u
#define CHECKPOINT_MS      300000
#define ERASURE_MS         (7 * INT64_C(86400000))

void
vdr_engine_say(const vdr_engine *engine, vdr_notice_level level, const char *format, ...)
{
    if (engine->options.notice == NULL)
        return;
    char words[VDR_ENGINE_WORDS_BYTES];
    va_list args;
    va_start(args, format);
    vdr_utf8_print(words, sizeof words, format, args);
    va_end(args);
    engine->options.notice(engine->options.notice_context, level, words);
}

vdr_err
vdr_engine_words(char *ret_words, vdr_err err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vdr_utf8_print(ret_words, VDR_ENGINE_WORDS_BYTES, format, args);
    va_end(args);
    return err;
}

void
vdr_engine_die(vdr_engine *engine, vdr_err error, const char *words)
{
    if (engine->error != VDR_OK)
        return;
    engine->error = error;
    (void)snprintf(engine->words, sizeof engine->words, "%s", words);
    vdr_engine_say(engine, VDR_NOTICE_ERROR,
                   "%s. Nothing more is confirmed: what was stepped but not written is thrown away. %s",
                   words, vdr_err_hint(VDR_E_STORE_FAILED));
}

static void
free_parts(vdr_engine *engine)
{
    /* In this order: the committer and the checkpointer still use groups, core and store. */
    vdr_erasure_free(&engine->erasure);
    vdr_carry_free(&engine->carry);
    vdr_committer_free(&engine->committer);
    vdr_checkpointer_free(&engine->checkpointer);
    vdr_warmer_free(&engine->warmer);
    vdr_image_done(engine);
    vdr_jobs_done(engine);
    vdr_rekeying_done(engine);
    for (size_t i = 0; i < VDR_RING; i++)
        vdr_gather_done(&engine->ring[i]);
    vdr_log_reader_close(&engine->reader);
    vdr_core_free(&engine->core);
    vdr_config_free(&engine->config);
    vdr_door_free(&engine->door);
    vdr_bytes_done(&engine->encoded);
    vdr_arena_done(&engine->arena);
    if (engine->fd >= 0)
        (void)close(engine->fd);
}

void
vdr_engine_close(vdr_engine **engine_p)
{
    if (*engine_p == NULL)
        return;
    free_parts(*engine_p);
    free(*engine_p);
    *engine_p = NULL;
}

/* Four eyes: a directory that differs is said to differ, and no more. */
static vdr_err
compare_config(vdr_engine *engine, const vdr_config_texts *texts)
{
    char words[VDR_ENGINE_WORDS_BYTES] = "";
    vdr_config *config = NULL;
    vdr_err e = vdr_engine_read_config(texts, &config, words);
    bool same =
        e == VDR_OK && vdr_key16_equal(&config->fingerprint, &vdr_core_config(engine->core)->fingerprint);
    vdr_config_free(&config);
    if (!same)
        vdr_engine_say(engine, VDR_NOTICE_WARNING,
                       "the configuration of the directory is not version %llu, which is in force and stays: "
                       "propose it (voordeur rules propose), and have another operator approve it. %s",
                       (unsigned long long)vdr_control_version_last(engine->core), words);
    return VDR_OK;
}

/* The configuration of the directory against the one of the log. */
static vdr_err
settle_config(vdr_engine *engine, char *ret_words)
{
    const vdr_config_texts *texts = engine->options.config;
    bool first = engine->config == NULL;
    if (texts == NULL && first) {
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES,
                       "the store is new and no configuration is given: start with --config");
        return VDR_E_BAD_CONFIG;
    }
    if (texts == NULL)
        return VDR_OK;
    if (engine->options.four_eyes && !first)
        return compare_config(engine, texts);
    uint64_t version = vdr_control_version_last(engine->core);
    vdr_err e = vdr_engine_submit_config(engine, (vdr_ticket){0}, texts, ret_words);
    if (e == VDR_E_BAD_CONFIG && engine->options.keep_config && !first) {
        vdr_engine_say(engine, VDR_NOTICE_WARNING,
                       "%s\nthe configuration of the directory is not in force; the one of record %llu stays",
                       ret_words, (unsigned long long)vdr_core_config_position(engine->core));
        return VDR_OK;
    }
    if (e == VDR_OK && !first && vdr_control_version_last(engine->core) != version)
        vdr_engine_say(engine, VDR_NOTICE_WARNING,
                       "the configuration of the directory is %s; nobody was asked to approve it", ret_words);
    return e;
}

/* Time that passed while nobody ran: everything due fires before anybody is listened to. */
static vdr_err
catch_up(vdr_engine *engine)
{
    vdr_err e;
    do {
        e = vdr_engine_turn(engine);
        if (e == VDR_OK)
            e = vdr_engine_settle(engine);
    } while (e == VDR_OK && engine->options.clock->kind != VDR_CLOCK_EVENT &&
             vdr_core_next_due(engine->core) <= vdr_clock_now(engine->options.clock));
    return e;
}

static vdr_err
start(vdr_engine *engine, char *ret_words)
{
    bool threads = engine->options.threads;
    engine->warmer = threads ? vdr_warmer_new() : NULL; /* the state is large before the first turn */
    vdr_err e = vdr_boot(engine, engine->options.strict, ret_words);
    if (e == VDR_OK)
        e = vdr_erasure_new(engine, &engine->erasure, ret_words);
    if (e != VDR_OK)
        return e;
    engine->carry = vdr_carry_new(engine);
    vdr_log_stats stats;
    vdr_log_stats_get(engine->options.log, &stats);
    engine->epoch = engine->options.epoch != 0 ? engine->options.epoch : stats.epoch + 1;
    engine->next = stats.next;
    engine->durable = stats.next - 1;
    engine->full = stats.full;
    vdr_gather_clear(vdr_engine_open_group(engine), engine->next);

    vdr_clock *clock = engine->options.clock;
    if (vdr_core_now(engine->core) != VDR_MS_NONE)
        vdr_clock_raise(clock, vdr_core_now(engine->core));
    (void)vdr_clock_now(clock);
    if (vdr_clock_ahead_ms(clock) > VDR_CLOCK_JUMP_MS)
        vdr_engine_say(
            engine, VDR_NOTICE_WARNING,
            "the wall clock is %lld ms behind the log: log time stands still until it is overtaken",
            (long long)vdr_clock_ahead_ms(clock));
    engine->image.last_us = engine->second_us = engine->full_us = vdr_clock_steady_us(clock);

    engine->committer = vdr_committer_new(engine->options.log, engine->epoch, threads, engine->fd);
    engine->checkpointer =
        vdr_checkpointer_new(engine->options.log, engine->options.checkpoint, threads, engine->fd);
    if (engine->config != NULL) /* a restored store: before anything can be told of what has left since */
        e = vdr_erasure_again(engine->erasure, ret_words);
    if (e == VDR_OK)
        e = settle_config(engine, ret_words);
    if (e != VDR_OK)
        return e;
    e = vdr_engine_settle(engine);
    if (e == VDR_OK)
        e = catch_up(engine);
    if (e != VDR_OK)
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "%s", engine->words);
    return e;
}

vdr_err
vdr_engine_open(const vdr_engine_options *options, vdr_engine **ret_engine, char *ret_words)
{
    vdr_engine *engine = vdr_alloc(1, sizeof *engine);
    engine->options = *options;
    if (engine->options.checkpoint_records == 0)
        engine->options.checkpoint_records = CHECKPOINT_RECORDS;
    if (engine->options.checkpoint_ms == 0)
        engine->options.checkpoint_ms = CHECKPOINT_MS;
    if (engine->options.erasure_ms == 0)
        engine->options.erasure_ms = ERASURE_MS;
    vdr_arena_init(&engine->arena, VDR_SUBMISSION_BYTES);
    for (size_t i = 0; i < VDR_RING; i++)
        vdr_gather_init(&engine->ring[i]);
    engine->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    vdr_err e = VDR_OK;
    if (engine->fd < 0) {
        e = VDR_E_IO;
        (void)snprintf(ret_words, VDR_ENGINE_WORDS_BYTES, "eventfd: %s", strerror(errno));
    }
    if (e == VDR_OK)
        e = start(engine, ret_words);
    if (e != VDR_OK) {
        vdr_engine_close(&engine);
        return e;
    }
    engine->options.escrow = NULL; /* node.yaml may be read again: whoever writes there has a copy */
    *ret_engine = engine;
    return VDR_OK;
}

vdr_err
vdr_engine_stop(vdr_engine *engine, bool checkpoint)
{
    if (engine->error != VDR_OK)
        return VDR_E_STORE_FAILED;
    if (vdr_engine_flush(engine) != VDR_OK)
        return VDR_E_STORE_FAILED;
    if (checkpoint)
        vdr_image_finish(engine);
    vdr_jobs_done(engine);
    return VDR_OK;
}

void
vdr_engine_foresee(vdr_engine *engine, const vdr_command *const *commands, size_t count)
{
    vdr_core_foresee(engine->core, commands, count);
}

const vdr_core *
vdr_engine_core(const vdr_engine *engine)
{
    return engine->core;
}

vdr_log *
vdr_engine_log(const vdr_engine *engine)
{
    return engine->options.log;
}

vdr_position
vdr_engine_durable(const vdr_engine *engine)
{
    return engine->durable;
}

int
vdr_engine_fd(const vdr_engine *engine)
{
    return engine->fd;
}

bool
vdr_engine_full(const vdr_engine *engine)
{
    return engine->full;
}

vdr_err
vdr_engine_failed(const vdr_engine *engine, const char **ret_words)
{
    if (engine->error != VDR_OK)
        *ret_words = engine->words;
    return engine->error;
}

uint64_t
vdr_engine_state_hash(const vdr_engine *engine)
{
    return vdr_core_state_hash(engine->core);
}

const char *
vdr_engine_check(const vdr_engine *engine)
{
    return vdr_core_check(engine->core);
}

void
vdr_engine_status_get(vdr_engine *engine, vdr_engine_status *ret_status)
{
    const vdr_image *image = &engine->image;
    vdr_clock *clock = engine->options.clock;
    vdr_log_stats stats;
    vdr_log_stats_get(engine->options.log, &stats);
    *ret_status = (vdr_engine_status){
        .first = stats.first,
        .stepped = engine->next - 1,
        .durable = engine->durable,
        .checkpoint_position = image->last.position,
        .config_position = vdr_core_config_position(engine->core),
        .now = vdr_core_now(engine->core),
        .next_due = vdr_core_next_due(engine->core),
        .clock_ahead_ms = vdr_clock_ahead_ms(clock),
        .epoch = engine->epoch,
        .unspoken = engine->opened - engine->spoken +
                    (!engine->last_closed && !vdr_gather_empty(vdr_engine_open_group(engine))),
        .submitted = engine->submitted,
        .accepted = engine->accepted,
        .duplicates = engine->duplicates,
        .refused = engine->refused,
        .full_refused = engine->full_refused,
        .acks = engine->acks,
        .ticks = engine->ticks,
        .groups = engine->groups,
        .accepted_per_s = engine->accepted_per_s,
        .group_records_p50 = vdr_histogram_quantile(&engine->group_records, 500),
        .group_records_max = engine->group_records.max,
        .commit_us_min = engine->commit_us.min,
        .commit_us_p50 = vdr_histogram_quantile(&engine->commit_us, 500),
        .commit_us_p99 = vdr_histogram_quantile(&engine->commit_us, 990),
        .commit_us_max = engine->commit_us.max,
        .turn_us_p99 = vdr_histogram_quantile(&engine->turn_us, 990),
        .turn_us_max = engine->turn_us.max,
        .checkpoint_running = image->state != VDR_IMAGE_NONE,
        .checkpoint_age_ms =
            image->last.position != 0 ? (vdr_clock_steady_us(clock) - image->last_us) / 1000 : -1,
        .checkpoint_count = image->count,
        .checkpoint_failures = image->failures,
        .checkpoint_bytes = vdr_checkpoint_written_bytes(engine->options.checkpoint),
        .used_bytes = stats.used_bytes,
        .limit_bytes = stats.limit_bytes,
        .full = engine->full,
        .failed = engine->error != VDR_OK,
        .config_fingerprint = engine->config->fingerprint,
    };
    vdr_view_counts(engine->core, &ret_status->counts);
}

vdr_engine_timings
vdr_engine_timings_of(const vdr_engine *engine)
{
    return (vdr_engine_timings){.commit_us = &engine->commit_us,
                                .turn_us = &engine->turn_us,
                                .group_records = &engine->group_records};
}
