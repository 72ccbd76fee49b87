#define _GNU_SOURCE /* gettid */
#include "broker/history/past.h"

#include "broker/core/trial.h"
#include "broker/engine/thread.h"
#include "proto/limits.h"

#include <stdlib.h>
#include <unistd.h>

#define ARENA_BYTES ((size_t)64 * 1024 * 1024) /* of one explanation; the largest are far below */

typedef enum vdr_past_state {
    VDR_PAST_IDLE,
    VDR_PAST_ASKED,  /* the thread is at it */
    VDR_PAST_TOLD,   /* the reactor may collect */
    VDR_PAST_LET_GO, /* the thread gives back what the answer was made of; the next may be asked already */
} vdr_past_state;

struct vdr_past {
    vdr_log *log;
    int wake_fd;
    pthread_t thread;
    bool started;

    pthread_mutex_t lock; /* of state and stop */
    pthread_cond_t turned;
    vdr_past_state state;
    bool stop;
    bool next; /* asked while LET_GO */

    /* the question: the thread's while ASKED, else the reactor's */
    uint64_t session, memory_max;
    vdr_wire_read read;
    uint8_t names[3][VDR_NAME_BYTES_MAX]; /* of the read: source and id of a signal, rule */
    /* the answer: the reactor's while TOLD, else the thread's */
    vdr_past_answer told;
    vdr_explanation explanation;
    vdr_arena arena;
    vdr_history *history;
    vdr_trial *trial;
    bool too_big;
    char words[VDR_HISTORY_WORDS];
};

vdr_past *
vdr_past_new(vdr_log *log, int wake_fd)
{
    vdr_past *past = (vdr_past *)vdr_alloc(1, sizeof *past);
    past->log = log;
    past->wake_fd = wake_fd;
    vdr_thread_lock_init(&past->lock);
    vdr_thread_cond_init(&past->turned);
    vdr_arena_init(&past->arena, ARENA_BYTES);
    return past;
}

/* ---- the thread */

static bool
go_on(void *context)
{
    vdr_past *past = context;
    vdr_core_counts counts;
    (void)pthread_mutex_lock(&past->lock);
    bool stop = past->stop;
    (void)pthread_mutex_unlock(&past->lock);
    vdr_view_counts(vdr_history_core(past->history), &counts);
    past->too_big = counts.memory_bytes > past->memory_max;
    return !stop && !past->too_big;
}

static vdr_err
explain(vdr_past *past)
{
    vdr_err err = vdr_history_open(past->log, NULL, &past->history, past->words);
    if (err != VDR_OK)
        return err;
    vdr_history_watch(past->history, go_on, past);
    err = vdr_history_to(past->history, past->read.at_ms != 0 ? past->read.at_ms : VDR_MS_NONE, past->words);
    if (err == VDR_E_ERASED)
        return VDR_E_NOT_FOUND; /* as where it had been opened a moment later */
    if (past->too_big)
        return VDR_E_TOO_BIG;
    if (err != VDR_OK)
        return err;
    vdr_core *core = vdr_history_core(past->history);
    if (vdr_core_config(core) == NULL)
        return VDR_E_NOT_FOUND;
    vdr_explain_ask ask = {.household = past->read.household,
                           .case_id = past->read.case_id,
                           .signal_name = past->read.signal,
                           .rule = past->read.rule};
    past->trial = vdr_trial_begin(core);
    err = vdr_explain(core, &ask, &past->arena, &past->explanation);
    past->explanation.position = vdr_history_last(past->history);
    return err;
}

static void
answer(vdr_past *past)
{
    past->words[0] = '\0';
    past->too_big = false;
    vdr_err err = explain(past);
    past->told =
        (vdr_past_answer){.session = past->session, .answer = {.request = past->read.request, .error = err}};
    vdr_wire_answer *told = &past->told.answer;
    if (past->history != NULL)
        told->position = vdr_history_last(past->history);
    if (err == VDR_OK) {
        told->explanation = &past->explanation;
        told->at_ms = past->explanation.at_ms;
    } else if (err != VDR_E_NOT_FOUND || past->words[0] != '\0') {
        told->text = vdr_span_str(past->words[0] != '\0' ? past->words : vdr_err_text(err));
    }
}

static void
give_back(vdr_past *past)
{
    if (past->history != NULL)
        vdr_trial_end(vdr_history_core(past->history), &past->trial);
    vdr_history_close(&past->history);
    vdr_arena_reset(&past->arena);
}

static void *
run(void *context)
{
    vdr_past *past = context;
    vdr_thread_polite();
    (void)pthread_mutex_lock(&past->lock);
    while (!past->stop) {
        vdr_past_state state = past->state;
        if (state != VDR_PAST_ASKED && state != VDR_PAST_LET_GO) {
            (void)pthread_cond_wait(&past->turned, &past->lock);
            continue;
        }
        (void)pthread_mutex_unlock(&past->lock);
        if (state == VDR_PAST_ASKED)
            answer(past);
        else
            give_back(past);
        (void)pthread_mutex_lock(&past->lock);
        past->state = state == VDR_PAST_ASKED ? VDR_PAST_TOLD : past->next ? VDR_PAST_ASKED : VDR_PAST_IDLE;
        past->next = false;
        if (past->state == VDR_PAST_TOLD)
            vdr_thread_wake(past->wake_fd);
    }
    (void)pthread_mutex_unlock(&past->lock);
    return NULL;
}

/* ---- the reactor */

void
vdr_past_free(vdr_past **past_p)
{
    vdr_past *past = *past_p;
    if (past == NULL)
        return;
    (void)pthread_mutex_lock(&past->lock);
    past->stop = true;
    (void)pthread_cond_signal(&past->turned);
    (void)pthread_mutex_unlock(&past->lock);
    if (past->started)
        (void)pthread_join(past->thread, NULL);
    give_back(past);
    vdr_arena_done(&past->arena);
    (void)pthread_cond_destroy(&past->turned);
    (void)pthread_mutex_destroy(&past->lock);
    free(past);
    *past_p = NULL;
}

/* True: it was in this state, and is in the other now. */
static bool
turn(vdr_past *past, vdr_past_state from, vdr_past_state to)
{
    (void)pthread_mutex_lock(&past->lock);
    bool was = past->state == from;
    if (was)
        past->state = to;
    (void)pthread_cond_signal(&past->turned);
    (void)pthread_mutex_unlock(&past->lock);
    return was;
}

/* May a question be put down? */
static bool
is_free(vdr_past *past)
{
    (void)pthread_mutex_lock(&past->lock);
    bool free = past->state == VDR_PAST_IDLE || (past->state == VDR_PAST_LET_GO && !past->next);
    (void)pthread_mutex_unlock(&past->lock);
    return free;
}

/* To the thread: at once, or when it has given back what was before. */
static void
hand_over(vdr_past *past)
{
    (void)pthread_mutex_lock(&past->lock);
    if (past->state == VDR_PAST_IDLE)
        past->state = VDR_PAST_ASKED;
    else
        past->next = true;
    (void)pthread_cond_signal(&past->turned);
    (void)pthread_mutex_unlock(&past->lock);
}

static vdr_span
keep(uint8_t *at, vdr_span name)
{
    VDR_ASSERT(name.len <= VDR_NAME_BYTES_MAX);
    if (name.at == NULL)
        return name;
    memcpy(at, name.at, name.len);
    return vdr_span_of(at, name.len);
}

vdr_err
vdr_past_ask(vdr_past *past, uint64_t session, const vdr_wire_read *read, uint64_t memory_max)
{
    if (!is_free(past))
        return VDR_E_BUSY;
    past->session = session;
    past->memory_max = memory_max;
    past->read = (vdr_wire_read){.request = read->request,
                                 .case_id = read->case_id,
                                 .household = read->household,
                                 .at_ms = read->at_ms};
    past->read.signal.source = keep(past->names[0], read->signal.source);
    past->read.signal.id = keep(past->names[1], read->signal.id);
    past->read.rule = keep(past->names[2], read->rule);
    if (!past->started)
        vdr_thread_start(&past->thread, "vdr-past", run, past);
    past->started = true;
    hand_over(past);
    return VDR_OK;
}

bool
vdr_past_collect(vdr_past *past, vdr_past_answer *ret_answer)
{
    if (!turn(past, VDR_PAST_TOLD, VDR_PAST_TOLD))
        return false;
    *ret_answer = past->told;
    return true;
}

void
vdr_past_let_go(vdr_past *past)
{
    bool was = turn(past, VDR_PAST_TOLD, VDR_PAST_LET_GO);
    VDR_ASSERT(was);
}
