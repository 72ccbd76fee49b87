#define _GNU_SOURCE /* gettid */
#include "broker/history/rehearsal.h"

#include "broker/engine/clock.h"
#include "broker/engine/thread.h"
#include "proto/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ROWS_BYTES  ((size_t)16 * 1024 * 1024)
#define TEXTS_BYTES (4u * VDR_CONF_BYTES_MAX)
#define AGAIN_MAX   3u /* erasure runs that may end while it is at work */

struct vdr_rehearsal {
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    pthread_t thread;
    bool started; /* to be joined */

    /* set before the thread starts */
    vdr_arena texts;
    vdr_backtest_ask ask;
    unsigned samples;
    int64_t begun_us;

    pthread_mutex_t lock; /* of what follows */
    vdr_rehearsal_state state;
    bool stop;
    bool wanted, told;      /* a shadow: a report is asked for; its rows are there, and the reactor's */
    vdr_backtest *backtest; /* while one is there */
    uint64_t took_ms;
    /* the thread's while it RUNS, else the reactor's */
    vdr_err err;
    vdr_arena arena;
    vdr_rows rows;
    char words[VDR_HISTORY_WORDS];
};

vdr_rehearsal *
vdr_rehearsal_new(vdr_log *log, vdr_checkpoint *checkpoint)
{
    vdr_rehearsal *r = (vdr_rehearsal *)vdr_alloc(1, sizeof *r);
    r->log = log;
    r->checkpoint = checkpoint;
    vdr_arena_init(&r->texts, TEXTS_BYTES);
    vdr_arena_init(&r->arena, ROWS_BYTES);
    vdr_thread_lock_init(&r->lock);
    return r;
}

/* ---- the thread */

static void
make_rows(vdr_rehearsal *r, vdr_backtest *backtest)
{
    vdr_arena_reset(&r->arena);
    vdr_rows_begin(&r->rows, &r->arena);
    vdr_backtest_report(backtest, r->samples, &r->rows);
}

/* A shadow has caught up. It is asked for rows only where the reactor looks at none. */
static void
on_report(void *context)
{
    vdr_rehearsal *r = context;
    make_rows(r, r->backtest); /* set by this thread */
    (void)pthread_mutex_lock(&r->lock);
    r->told = true;
    r->wanted = false;
    (void)pthread_mutex_unlock(&r->lock);
}

static vdr_err
rehearse(vdr_rehearsal *r, vdr_backtest *backtest)
{
    vdr_err err = vdr_backtest_run(backtest, r->words);
    if (err != VDR_OK)
        return err;
    make_rows(r, backtest);
    return VDR_OK;
}

/* Is it given up before it began? Otherwise it can be from now on. */
static bool
show(vdr_rehearsal *r, vdr_backtest *backtest)
{
    (void)pthread_mutex_lock(&r->lock);
    r->backtest = backtest;
    if (backtest != NULL && r->wanted)
        vdr_backtest_want(backtest);
    bool stop = r->stop;
    (void)pthread_mutex_unlock(&r->lock);
    return !stop;
}

static vdr_err
run_one(vdr_rehearsal *r)
{
    vdr_checkpoint *look = NULL;
    r->words[0] = '\0';
    vdr_err err = vdr_checkpoint_look_oldest(r->checkpoint, &look);
    if (err != VDR_OK)
        return err;
    vdr_backtest *backtest = vdr_backtest_new(r->log, look, &r->ask);
    err = show(r, backtest) ? rehearse(r, backtest) : VDR_E_BUSY;
    (void)show(r, NULL);
    vdr_backtest_free(&backtest);
    return err;
}

static void *
run(void *context)
{
    vdr_rehearsal *r = context;
    vdr_thread_polite();
    vdr_err err = run_one(r);
    for (unsigned again = 0; err == VDR_E_ERASED && again < AGAIN_MAX; again++)
        err = run_one(r); /* an erasure run ended meanwhile: what it left is decided anew */
    (void)pthread_mutex_lock(&r->lock);
    r->err = err;
    r->state = VDR_REHEARSAL_OVER;
    r->took_ms = (uint64_t)(vdr_clock_monotonic_us() - r->begun_us) / 1000;
    (void)pthread_mutex_unlock(&r->lock);
    return NULL;
}

/* ---- the reactor */

static void
join(vdr_rehearsal *r)
{
    if (r->started)
        (void)pthread_join(r->thread, NULL);
    r->started = false;
}

void
vdr_rehearsal_free(vdr_rehearsal **rehearsal_p)
{
    vdr_rehearsal *r = *rehearsal_p;
    if (r == NULL)
        return;
    vdr_rehearsal_stop(r);
    join(r);
    vdr_arena_done(&r->texts);
    vdr_arena_done(&r->arena);
    (void)pthread_mutex_destroy(&r->lock);
    free(r);
    *rehearsal_p = NULL;
}

static bool
runs(vdr_rehearsal *r)
{
    (void)pthread_mutex_lock(&r->lock);
    bool is = r->state == VDR_REHEARSAL_RUNS;
    (void)pthread_mutex_unlock(&r->lock);
    return is;
}

vdr_err
vdr_rehearsal_begin(vdr_rehearsal *r, const vdr_backtest_ask *ask, unsigned samples)
{
    if (runs(r))
        return VDR_E_BUSY;
    join(r); /* it has nothing more to do */
    vdr_arena_reset(&r->texts);
    vdr_arena_reset(&r->arena);
    r->ask = *ask;
    for (unsigned i = 0; i < VDR_CONFIG_FILES; i++) {
        r->ask.candidate.text[i] = vdr_arena_copy(&r->texts, ask->candidate.text[i]);
        r->ask.candidate.name[i] = vdr_arena_copy(&r->texts, ask->candidate.name[i]);
    }
    if (r->texts.overflow)
        return VDR_E_NO_MEMORY;
    r->samples = samples;
    r->words[0] = '\0';
    r->stop = false;
    r->wanted = r->told = false;
    r->ask.on_report = on_report;
    r->ask.context = r;
    r->state = VDR_REHEARSAL_RUNS;
    r->begun_us = vdr_clock_monotonic_us();
    vdr_thread_start(&r->thread, "vdr-backtest", run, r);
    r->started = true;
    return VDR_OK;
}

void
vdr_rehearsal_stop(vdr_rehearsal *r)
{
    (void)pthread_mutex_lock(&r->lock);
    r->stop = true;
    if (r->backtest != NULL)
        vdr_backtest_stop(r->backtest);
    (void)pthread_mutex_unlock(&r->lock);
}

void
vdr_rehearsal_want(vdr_rehearsal *r)
{
    (void)pthread_mutex_lock(&r->lock);
    if (!r->wanted && r->backtest != NULL)
        vdr_backtest_want(r->backtest);
    r->told = r->told && r->wanted; /* those rows are the thread's again */
    r->wanted = true;
    (void)pthread_mutex_unlock(&r->lock);
}

void
vdr_rehearsal_look_at(vdr_rehearsal *r, vdr_rehearsal_look *ret_look)
{
    (void)pthread_mutex_lock(&r->lock);
    *ret_look = (vdr_rehearsal_look){.state = r->state, .words = ""};
    if (r->backtest != NULL)
        vdr_backtest_progress(r->backtest, &ret_look->done, &ret_look->all);
    if (r->backtest != NULL)
        ret_look->position = vdr_backtest_position(r->backtest);
    if (r->told)
        ret_look->rows = &r->rows;
    if (r->state == VDR_REHEARSAL_RUNS)
        ret_look->took_ms = (uint64_t)(vdr_clock_monotonic_us() - r->begun_us) / 1000;
    if (r->state == VDR_REHEARSAL_OVER) {
        ret_look->took_ms = r->took_ms;
        ret_look->err = r->err;
        ret_look->words = r->words[0] != '\0' ? r->words : vdr_err_text(r->err);
        ret_look->rows = r->err == VDR_OK ? &r->rows : NULL;
    }
    (void)pthread_mutex_unlock(&r->lock);
}
