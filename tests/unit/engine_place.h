/* A small town on disk, sealed, with an engine on it that can be closed as kill -9 would. Shared by tests of erasure
 * runs and of what follows them; the program defines _XOPEN_SOURCE 700 first (nftw). */
#ifndef VDR_TESTS_ENGINE_PLACE_H
#define VDR_TESTS_ENGINE_PLACE_H

#include "engine_fixture.h"

#include "store/vault.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

static const uint8_t tenant_key[VDR_VAULT_KEY_BYTES] = {7, 7, 7};

static const char officer_town[] =
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
    "  - {id: r-anna, districts: [\"*\"], capacity: 10, hard_capacity: 12, expertise: [education]}\n"
    "coordinators: [c-piet]\n"
    "privacy_officers: [p-els]\n";

/* ---- a store on disk with an engine on it ---- */

typedef struct place {
    char dir[64], escrow[64];
    vdr_vault *vault;
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    vdr_clock clock;
    vdr_engine *engine;
    char words[VDR_ENGINE_WORDS_BYTES], notices[8192];
    uint64_t seq;
    vdr_result last;
    bool job_done, threads;
    vdr_job job;
    uint64_t carry_bytes;              /* 0: as the engine has it */
    int64_t erasure_ms, checkpoint_ms; /* the same */
    void (*told)(void *context, const struct place *p,
                 const vdr_told *told); /* each, durable; NULL: nobody listens */
    void *told_context;
} place;

static inline void
note(void *context, vdr_notice_level level, const char *words)
{
    place *p = context;
    size_t used = strlen(p->notices);
    (void)snprintf(p->notices + used, sizeof p->notices - used, "%d %s\n", (int)level, words);
}

static inline int
remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void
remove_dir(const char *dir)
{
    (void)nftw(dir, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static inline vdr_err
try_open(place *p)
{
    const vdr_vault_options keys = {.key = tenant_key, .escrow = p->escrow, .create = true};
    vdr_err err = vdr_vault_open(p->dir, &keys, &p->vault, NULL);
    const vdr_log_options log = {.create = true, .vault = p->vault};
    if (err == VDR_OK)
        err = vdr_log_open_lmdb(p->dir, &log, &p->log, NULL);
    if (err == VDR_OK)
        err = vdr_checkpoint_open_lmdb(p->dir, p->vault, true, &p->checkpoint, NULL);
    if (err != VDR_OK)
        return err;
    vdr_ms wall = p->clock.wall;
    int64_t steady_us = p->clock.steady_us;
    vdr_clock_init(&p->clock, VDR_CLOCK_VIRTUAL);
    vdr_clock_move(&p->clock, wall != 0 ? wall : T0, steady_us);
    (void)vdr_clock_jump(&p->clock);
    vdr_config_texts texts = texts_of(officer_town, catalogue_text, rules_text);
    char escrow[sizeof p->escrow];
    memcpy(escrow, p->escrow, sizeof escrow);
    const vdr_engine_options options = {.log = p->log,
                                        .checkpoint = p->checkpoint,
                                        .vault = p->vault,
                                        .dir = p->dir,
                                        .escrow = escrow,
                                        .clock = &p->clock,
                                        .key = test_key,
                                        .config = &texts,
                                        .threads = p->threads,
                                        .carry_bytes = p->carry_bytes,
                                        .erasure_ms = p->erasure_ms,
                                        .checkpoint_ms = p->checkpoint_ms,
                                        .notice = note,
                                        .notice_context = p};
    vdr_err opened = vdr_engine_open(&options, &p->engine, p->words);
    memset(escrow, '#', sizeof escrow - 1); /* as when node.yaml is read again */
    return opened;
}

static inline void
close_place(place *p) /* without stop: as kill -9 */
{
    vdr_engine_close(&p->engine);
    vdr_checkpoint_close(&p->checkpoint);
    vdr_log_close(&p->log);
    vdr_vault_close(&p->vault);
}

static inline void
open_place(place *p)
{
    vdr_err err = try_open(p);
    if (err != VDR_OK)
        fail_msg("opening: %s: %s", vdr_err_code(err), p->words);
}

static inline place *
place_new(void)
{
    place *p = calloc(1, sizeof *p);
    assert_non_null(p);
    (void)snprintf(p->dir, sizeof p->dir, "/tmp/vdr-erase-XXXXXX");
    (void)snprintf(p->escrow, sizeof p->escrow, "/tmp/vdr-escrow-XXXXXX");
    assert_non_null(mkdtemp(p->dir));
    assert_non_null(mkdtemp(p->escrow));
    return p;
}

static inline void
place_free(place *p)
{
    close_place(p);
    remove_dir(p->dir);
    remove_dir(p->escrow);
    free(p);
}

static inline void
collect(place *p)
{
    const vdr_group *group;
    while (vdr_engine_collect(p->engine, &group)) {
        for (size_t i = 0; i < group->result_count; i++)
            p->last = group->results[i];
        for (size_t i = 0; i < group->told_count && p->told != NULL; i++)
            p->told(p->told_context, p, &group->told[i]);
        vdr_engine_release(p->engine, group);
    }
    p->job_done = vdr_engine_collect_job(p->engine, &p->job) || p->job_done;
}

static inline void
turn(place *p)
{
    if (p->threads) {
        struct pollfd wait = {.fd = vdr_engine_fd(p->engine), .events = POLLIN};
        (void)poll(&wait, 1, vdr_engine_wait_ms(p->engine) == 0 ? 0 : 10);
    }
    assert_int_equal(vdr_engine_turn(p->engine), VDR_OK);
    collect(p);
}

static inline void
move_ms(place *p, int64_t ms)
{
    vdr_clock_move(&p->clock, ms, ms * 1000);
}

/* Submits one event and returns its position. No turn before it: what is due fires in its own step. */
static inline vdr_position
submit(place *p, const char *id, const char *source, const char *type, const char *more)
{
    char text[1024], at[VDR_TIME_TEXT_BYTES + 1] = "";
    vdr_time_format(p->clock.wall, at);
    (void)snprintf(text, sizeof text,
                   "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"%s\",\"time\":\"%s\","
                   "\"data\":{\"municipality\":\"GM9901\",%s}}",
                   id, source, type, at, more);
    vdr_submission submission = {.ticket = {.session = 1, .seq = ++p->seq}, .json = vdr_span_str(text)};
    assert_int_equal(vdr_engine_submit(p->engine, &submission), VDR_OK);
    while (p->last.ticket.seq != p->seq)
        turn(p);
    if (p->last.verdict != VDR_E_ACCEPTED)
        fail_msg("%s: %s", id, vdr_err_code(p->last.verdict));
    return p->last.position;
}

/* Of a file of its store. */
static inline void
put_path(const place *p, const char *name, char path[128])
{
    (void)snprintf(path, 128, "%s/%s", p->dir, name);
}

#endif
