/* A small town on a disk in memory, with an engine on it that can crash and start again. Shared by the
 * engine's tests; each test program includes it once. */
#ifndef VDR_TESTS_ENGINE_FIXTURE_H
#define VDR_TESTS_ENGINE_FIXTURE_H

#include "broker/engine/engine.h"
#include "proto/time.h"
#include "store/memory.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define T0 INT64_C(1772442000000) /* 2026-03-02T09:00:00.000Z */

static const char town_text[] =
    "municipality: GM9901\n"
    "identity: {address_match: join, max_persons: 12, excluded_addresses: []}\n"
    "clocks: {future: 10m, late: 60d, cooldown: 90d, sticky: 730d, retry: 1h,\n"
    "         accept: {urgent: 4h, high: 1d, normal: 3d}}\n"
    "may_combine: [[youth, safety], [housing, youth], [housing, safety]]\n"
    "agencies:\n"
    "  - {id: school, kind: school, source: \"urn:a:school\", sees_match: true}\n"
    "  - {id: politie, kind: police, source: \"urn:a:politie\", sees_match: true}\n"
    "  - {id: woonstad, kind: housing, source: \"urn:a:woonstad\", sees_match: true}\n"
    "services:\n"
    "  - {id: wijkteam, domains: [\"*\"]}\n"
    "regisseurs:\n"
    "  - {id: r-anna, districts: [BU990101], capacity: 10, hard_capacity: 12, expertise: [education]}\n"
    "  - {id: r-bo, districts: [\"*\"], capacity: 5, hard_capacity: 6, expertise: [housing]}\n"
    "coordinators: [c-piet]\n";
static const char catalogue_text[] =
    "domains: {education: youth, safety: adult, housing: socio_economic}\n"
    "types:\n"
    "  nl.t.verzuim.v1:\n"
    "    {domain: education, agencies: [school], severity: 2, kind: event, counts_for: 180d, retain: 730d,\n"
    "     purpose: youth, legal_basis: A}\n"
    "  nl.t.geweld.v1:\n"
    "    {domain: safety, agencies: [police], severity: 4, kind: event, counts_for: 180d, retain: 730d,\n"
    "     purpose: safety, legal_basis: B}\n"
    "  nl.t.overlast.v1:\n"
    "    {domain: housing, agencies: [housing], severity: 2, kind: event, counts_for: 180d, retain: 30d,\n"
    "     purpose: housing, legal_basis: C, follow_up: 2h}\n";
static const char rules_text[] = "rules:\n"
                                 "  - {id: multi, text: three domains, level: case, priority: normal,\n"
                                 "     purposes: [youth, safety, housing], at_least: {domains: 3}}\n"
                                 "  - {id: two, text: two agencies, level: coordinate, purposes: [youth, "
                                 "safety], at_least: {agencies: 2}}\n";

static const uint8_t test_key[32] = {1, 2, 3};

static inline vdr_config_texts
texts_of(const char *town, const char *catalogue, const char *rules)
{
    return (vdr_config_texts){
        .name = {vdr_span_str("town.yaml"), vdr_span_str("catalogue.yaml"), vdr_span_str("rules.yaml")},
        .text = {vdr_span_str(town), vdr_span_str(catalogue), vdr_span_str(rules)}};
}

#define WORLD_RESULTS_MAX 32768u

typedef struct world {
    vdr_memory *memory;
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_clock clock;
    vdr_clock_kind clock_kind;
    bool threads, keep_config;
    const uint8_t *key; /* NULL: test_key */
    const uint8_t *next_key;
    unsigned rekey_items;
    uint64_t checkpoint_records, limit_bytes, reserve_bytes;
    vdr_engine *engine;
    char words[VDR_ENGINE_WORDS_BYTES];
    char notices[64 * 1024]; /* all of them, a line each */
    size_t notice_len;
    vdr_result results[WORLD_RESULTS_MAX]; /* in the order in which they were spoken */
    size_t result_count;
    uint64_t mails;
    vdr_position spoken; /* last record of a group that was spoken */
} world;

static inline void
world_note(void *context, vdr_notice_level level, const char *words)
{
    world *w = context;
    (void)level;
    int n = snprintf(w->notices + w->notice_len, sizeof w->notices - w->notice_len, "%s\n", words);
    if (n > 0 && w->notice_len + (size_t)n < sizeof w->notices)
        w->notice_len += (size_t)n;
}

static inline vdr_engine_options
world_options(world *w, const vdr_config_texts *texts)
{
    return (vdr_engine_options){.log = w->log,
                                .checkpoint = w->checkpoint,
                                .clock = &w->clock,
                                .key = w->key != NULL ? w->key : test_key,
                                .next_key = w->next_key,
                                .rekey_items = w->rekey_items,
                                .config = texts,
                                .threads = w->threads,
                                .keep_config = w->keep_config,
                                .checkpoint_records = w->checkpoint_records,
                                .notice = world_note,
                                .notice_context = w};
}

static inline void
world_store_open(world *w)
{
    vdr_log_options options = {
        .create = true, .limit_bytes = w->limit_bytes, .reserve_bytes = w->reserve_bytes};
    assert_int_equal(vdr_log_open_memory(w->memory, &options, &w->log), VDR_OK);
    assert_int_equal(vdr_checkpoint_open_memory(w->memory, NULL, &w->checkpoint), VDR_OK);
}

static inline void
world_store_close(world *w)
{
    vdr_checkpoint_close(&w->checkpoint);
    vdr_log_close(&w->log);
}

/* Starts an engine on what the disk holds. */
static inline vdr_err
world_try_start(world *w, const vdr_config_texts *texts)
{
    world_store_open(w);
    vdr_ms wall = w->clock.wall;
    int64_t steady_us = w->clock.steady_us;
    vdr_clock_init(&w->clock, w->clock_kind);
    if (w->clock_kind == VDR_CLOCK_VIRTUAL)
        vdr_clock_move(&w->clock, wall != 0 ? wall : T0, steady_us);
    (void)vdr_clock_jump(&w->clock);
    vdr_engine_options options = world_options(w, texts);
    vdr_err e = vdr_engine_open(&options, &w->engine, w->words);
    if (e != VDR_OK)
        world_store_close(w);
    return e;
}

static inline void
world_start(world *w)
{
    vdr_config_texts texts = texts_of(town_text, catalogue_text, rules_text);
    vdr_err e = world_try_start(w, &texts);
    if (e != VDR_OK)
        fail_msg("start: %s: %s", vdr_err_code(e), w->words);
}

static inline world *
world_new(vdr_clock_kind clock_kind, bool threads)
{
    world *w = calloc(1, sizeof *w);
    assert_non_null(w);
    w->memory = vdr_memory_new();
    w->clock_kind = clock_kind;
    w->threads = threads;
    return w;
}

/* As kill -9, at an instant when the background threads are between two writes. */
static inline void
world_crash(world *w)
{
    vdr_engine_close(&w->engine);
    vdr_memory_crash(w->memory);
    world_store_close(w);
}

static inline void
world_stop(world *w, bool checkpoint)
{
    assert_int_equal(vdr_engine_stop(w->engine, checkpoint), VDR_OK);
    vdr_engine_close(&w->engine);
    world_store_close(w);
}

static inline void
world_free(world *w)
{
    if (w->engine != NULL)
        world_crash(w);
    vdr_memory_free(&w->memory);
    free(w);
}

/* Takes what is durable. */
static inline void
world_collect(world *w)
{
    const vdr_group *group;
    while (vdr_engine_collect(w->engine, &group)) {
        for (size_t i = 0; i < group->result_count; i++) {
            assert_true(w->result_count < WORLD_RESULTS_MAX);
            w->results[w->result_count++] = group->results[i];
        }
        w->mails += group->mail_count;
        if (group->record_count != 0)
            w->spoken = group->first + group->record_count - 1;
        vdr_engine_release(w->engine, group);
    }
}

/* Turns until everything submitted is spoken. False: the engine died. */
static inline bool
world_settle(world *w)
{
    for (;;) {
        if (vdr_engine_turn(w->engine) != VDR_OK)
            return false;
        world_collect(w);
        vdr_engine_status status;
        vdr_engine_status_get(w->engine, &status);
        if (status.failed)
            return false;
        if (status.durable == status.stepped && status.unspoken == 0)
            return true;
        if (w->threads) {
            struct pollfd wait = {.fd = vdr_engine_fd(w->engine), .events = POLLIN};
            (void)poll(&wait, 1, vdr_engine_wait_ms(w->engine));
        }
    }
}

/* The n-th BSN that passes the elfproef. */
static inline void
bsn_of(unsigned n, char ret_bsn[10])
{
    for (unsigned number = 90000000u + n * 3;; number++) {
        unsigned sum = 0;
        (void)snprintf(ret_bsn, 10, "%08u", number % 100000000u);
        for (unsigned i = 0; i < 8; i++)
            sum += (9 - i) * (unsigned)(ret_bsn[i] - '0');
        if (sum % 11 != 10) {
            ret_bsn[8] = (char)('0' + sum % 11);
            ret_bsn[9] = '\0';
            return;
        }
    }
}

/* Event number n: one of three agencies about one of some households, a minute after the one before. */
static inline int
event_of(unsigned n, char *text, size_t size)
{
    static const char *const sources[] = {"school", "politie", "woonstad"};
    static const char *const types[] = {"verzuim", "geweld", "overlast"};
    char at[VDR_TIME_TEXT_BYTES + 1] = "", bsn[10];
    vdr_time_format(T0 + (int64_t)n * 60000, at);
    bsn_of(n / 5 % 40, bsn);
    unsigned kind = (n * 7 + n / 3) % 3;
    if (n % 17 == 16) /* not one that anybody may send */
        kind = (kind + 1) % 3;
    return snprintf(
        text, size,
        "{\"specversion\":\"1.0\",\"id\":\"s-%u\",\"source\":\"urn:a:%s\",\"type\":\"nl.t.%s.v1\","
        "\"time\":\"%s\",\"data\":{\"municipality\":\"GM9901\",\"persons\":[{\"bsn\":\"%s\"}],"
        "\"address\":{\"buurt\":\"BU99010101\"}}}",
        n, sources[n % 17 == 16 ? (kind + 1) % 3 : kind], types[kind], at, bsn);
}

static inline vdr_err
submit_text(world *w, uint64_t seq, const char *text)
{
    vdr_submission submission = {.ticket = {.session = 1, .seq = seq}, .json = vdr_span_str(text)};
    return vdr_engine_submit(w->engine, &submission);
}

static inline vdr_err
submit_event(world *w, unsigned n)
{
    char text[1024];
    int len = event_of(n, text, sizeof text);
    assert_true(len > 0 && (size_t)len < sizeof text);
    return submit_text(w, n, text);
}

static inline void
submit_events(world *w, unsigned from, unsigned to)
{
    for (unsigned n = from; n < to; n++)
        assert_int_equal(submit_event(w, n), VDR_OK);
}

/* The decisions that the log holds, a line each; free() it. */
static inline char *
world_decisions(world *w)
{
    size_t size = 1 << 20, used = 0;
    char *text = malloc(size);
    assert_non_null(text);
    vdr_log_stats stats;
    vdr_log_reader *reader;
    vdr_log_stats_get(w->log, &stats);
    assert_int_equal(vdr_log_reader_open(w->log, &reader), VDR_OK);
    vdr_arena arena;
    vdr_arena_init(&arena, 1 << 20);
    for (vdr_position p = stats.first; p < stats.next; p++) {
        vdr_log_record record;
        assert_int_equal(vdr_log_read(reader, p, &record), VDR_OK);
        uint32_t offset = 0;
        vdr_effect effect;
        while (vdr_effect_next(record.tale, &offset, &effect) == VDR_OK) {
            vdr_decision decision;
            vdr_arena_reset(&arena);
            assert_int_equal(vdr_core_decision(vdr_engine_core(w->engine), &effect, &arena, &decision),
                             VDR_OK);
            assert_true(size - used > 4096);
            used += vdr_decision_line(&decision, text + used, size - used);
            assert_true(used + 2 < size);
            text[used++] = '\n';
        }
    }
    text[used] = '\0';
    vdr_arena_done(&arena);
    vdr_log_reader_close(&reader);
    return text;
}

#endif
