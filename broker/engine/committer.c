#include "broker/engine/committer.h"

#include "broker/engine/thread.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CUT_PIECE        1024u /* records removed in one transaction: about a millisecond */
#define FORGET_PIECE     4096u
#define STUCK_MS         200 /* between two tries of a group that found no room */
#define GROUPS_PER_PIECE 8u  /* a piece of upkeep after so many groups, when groups never stop coming */

typedef struct upkeep_list {
    vdr_position keep; /* 0: nothing to cut */
    uint64_t *forget;  /* by number of the mailbox: up to here; 0: nothing */
    size_t room, open; /* open: that are not 0 */
    size_t next;       /* where to look for one */
    bool resting;      /* no room to make room: the next checkpoint goes on */
} upkeep_list;

struct vdr_committer {
    vdr_log *log;
    uint64_t epoch;
    int fd;
    bool threaded;
    pthread_t thread;

    pthread_mutex_t lock; /* everything below */
    pthread_cond_t work, idle;
    vdr_gather *queue[VDR_COMMITTER_DEPTH];
    size_t queued, first;
    upkeep_list upkeep;
    unsigned groups_since; /* the last piece of upkeep */
    bool working;          /* on a piece of upkeep */
    bool stuck;            /* the first group found no room; it is tried again */
    bool stop;
    vdr_err error;
    char words[VDR_ENGINE_WORDS_BYTES];
};

/* Under the lock, or without a thread. */
static void
fail(vdr_committer *committer, vdr_err error, const char *what)
{
    if (committer->error != VDR_OK)
        return;
    committer->error = error;
    const char *reason = vdr_log_reason(committer->log);
    (void)snprintf(committer->words, sizeof committer->words, "%s: %s%s%s", what, vdr_err_text(error),
                   *reason != '\0' ? ": " : "", reason);
}

static vdr_err
append(vdr_committer *committer, vdr_gather *gather)
{
    if (gather->record_count == 0)
        return VDR_OK;
    return vdr_log_append(committer->log, committer->epoch, gather->expected, gather->records,
                          gather->record_count, gather->mails, gather->mail_count);
}

static void
finish(vdr_committer *committer, vdr_gather *gather, vdr_err error)
{
    gather->error = error;
    gather->took_us = vdr_clock_monotonic_us() - gather->closed_us;
    atomic_store_explicit(&gather->done, true, memory_order_release);
    vdr_thread_wake(committer->fd);
}

static bool
upkeep_wanted(const upkeep_list *upkeep)
{
    return !upkeep->resting && (upkeep->keep != 0 || upkeep->open != 0);
}

/* One piece. forget: NULL for a cut. *ret_over: nothing more to do of this. */
static vdr_err
piece(vdr_log *log, vdr_position keep, const vdr_command_ack *forget, bool *ret_over)
{
    size_t removed = 0, most = forget != NULL ? FORGET_PIECE : CUT_PIECE;
    vdr_err e = forget != NULL ? vdr_log_forget_mail(log, forget->mailbox, forget->seq, most, &removed)
                               : vdr_log_cut(log, keep, most, &removed);
    /* A cut takes whole groups, so only one that took nothing is over. */
    *ret_over = e == VDR_OK && removed < (forget != NULL ? most : 1);
    return e;
}

static vdr_command_ack
next_to_forget(upkeep_list *upkeep)
{
    while (upkeep->forget[upkeep->next] == 0)
        upkeep->next = (upkeep->next + 1) % upkeep->room;
    return (vdr_command_ack){.mailbox = (uint32_t)upkeep->next, .seq = upkeep->forget[upkeep->next]};
}

/* Does one piece; under the lock, which it lets go for the work itself. More may be asked meanwhile. */
static void
upkeep_some(vdr_committer *committer)
{
    upkeep_list *upkeep = &committer->upkeep;
    bool forgetting = upkeep->open != 0;
    vdr_command_ack ack = forgetting ? next_to_forget(upkeep) : (vdr_command_ack){0};
    vdr_position keep = upkeep->keep;
    committer->working = true;
    pthread_mutex_unlock(&committer->lock);
    bool over = false;
    vdr_err e = piece(committer->log, keep, forgetting ? &ack : NULL, &over);
    pthread_mutex_lock(&committer->lock);
    committer->working = false;
    committer->groups_since = 0;
    if (e == VDR_E_STORE_FULL) {
        upkeep->resting = true;
    } else if (e != VDR_OK) {
        fail(committer, e, "cutting the log");
    } else if (over && forgetting && upkeep->forget[ack.mailbox] == ack.seq) {
        upkeep->forget[ack.mailbox] = 0;
        upkeep->open--;
    } else if (over && !forgetting && upkeep->keep == keep) {
        upkeep->keep = 0;
    }
}

/* Tries the first group of the queue; under the lock, which it lets go for the append. A group that finds no
 * room stays: nothing was written, and nothing was spoken of it. */
static void
append_first(vdr_committer *committer)
{
    vdr_gather *gather = committer->queue[committer->first];
    vdr_err e = committer->error;
    pthread_mutex_unlock(&committer->lock);
    if (e == VDR_OK)
        e = append(committer, gather);
    pthread_mutex_lock(&committer->lock);
    committer->groups_since++;
    committer->stuck = e == VDR_E_STORE_FULL;
    if (committer->stuck)
        return;
    if (e != VDR_OK)
        fail(committer, e, "writing the log");
    committer->first = (committer->first + 1) % VDR_COMMITTER_DEPTH;
    committer->queued--;
    finish(committer, gather, e);
}

static void *
run(void *context)
{
    vdr_committer *committer = context;
    pthread_mutex_lock(&committer->lock);
    for (;;) {
        bool upkeep = upkeep_wanted(&committer->upkeep) && committer->error == VDR_OK && !committer->stop;
        bool upkeep_first = committer->groups_since >= GROUPS_PER_PIECE || committer->stuck;
        if (committer->queued != 0 && !(upkeep && upkeep_first)) {
            append_first(committer);
            if (committer->stuck && committer->stop)
                break; /* never spoken of: the next start does not know it */
            if (committer->stuck)
                vdr_thread_cond_wait_ms(&committer->work, &committer->lock, STUCK_MS);
        } else if (upkeep) {
            upkeep_some(committer);
        } else if (committer->stop) {
            break;
        } else {
            pthread_cond_broadcast(&committer->idle);
            pthread_cond_wait(&committer->work, &committer->lock);
        }
    }
    pthread_mutex_unlock(&committer->lock);
    return NULL;
}

vdr_committer *
vdr_committer_new(vdr_log *log, uint64_t epoch, bool thread, int fd)
{
    vdr_committer *committer = vdr_alloc(1, sizeof *committer);
    committer->log = log;
    committer->epoch = epoch;
    committer->fd = fd;
    committer->threaded = thread;
    vdr_thread_lock_init(&committer->lock);
    vdr_thread_cond_init(&committer->work);
    vdr_thread_cond_init(&committer->idle);
    if (thread)
        vdr_thread_start(&committer->thread, "committer", run, committer);
    return committer;
}

void
vdr_committer_free(vdr_committer **committer_p)
{
    vdr_committer *committer = *committer_p;
    if (committer == NULL)
        return;
    if (committer->threaded) {
        pthread_mutex_lock(&committer->lock);
        committer->stop = true;
        pthread_cond_signal(&committer->work);
        pthread_mutex_unlock(&committer->lock);
        pthread_join(committer->thread, NULL);
    }
    pthread_cond_destroy(&committer->idle);
    pthread_cond_destroy(&committer->work);
    pthread_mutex_destroy(&committer->lock);
    free(committer->upkeep.forget);
    free(committer);
    *committer_p = NULL;
}

void
vdr_committer_give(vdr_committer *committer, vdr_gather *gather)
{
    gather->closed_us = vdr_clock_monotonic_us();
    pthread_mutex_lock(&committer->lock);
    VDR_ASSERT(committer->queued < VDR_COMMITTER_DEPTH);
    committer->queue[(committer->first + committer->queued++) % VDR_COMMITTER_DEPTH] = gather;
    if (committer->threaded)
        pthread_cond_signal(&committer->work);
    else if (committer->queued == 1)
        append_first(committer);
    pthread_mutex_unlock(&committer->lock);
}

bool
vdr_committer_stuck(vdr_committer *committer)
{
    pthread_mutex_lock(&committer->lock);
    bool stuck = committer->stuck;
    pthread_mutex_unlock(&committer->lock);
    return stuck;
}

static void
make_room(upkeep_list *upkeep, uint32_t mailbox)
{
    if (mailbox < upkeep->room)
        return;
    size_t room = ((size_t)mailbox + 1) * 2;
    upkeep->forget = vdr_realloc(upkeep->forget, room, sizeof *upkeep->forget);
    memset(upkeep->forget + upkeep->room, 0, (room - upkeep->room) * sizeof *upkeep->forget);
    upkeep->room = room;
}

void
vdr_committer_upkeep(vdr_committer *committer, vdr_position keep, const vdr_command_ack *forget, size_t count)
{
    pthread_mutex_lock(&committer->lock);
    upkeep_list *upkeep = &committer->upkeep;
    for (size_t i = 0; i < count; i++) {
        make_room(upkeep, forget[i].mailbox);
        upkeep->open += upkeep->forget[forget[i].mailbox] == 0;
        if (forget[i].seq > upkeep->forget[forget[i].mailbox])
            upkeep->forget[forget[i].mailbox] = forget[i].seq;
    }
    if (keep > upkeep->keep)
        upkeep->keep = keep;
    upkeep->resting = false;
    pthread_cond_signal(&committer->work);
    pthread_mutex_unlock(&committer->lock);
}

void
vdr_committer_turn(vdr_committer *committer)
{
    VDR_ASSERT(!committer->threaded);
    pthread_mutex_lock(&committer->lock);
    bool again = true;
    while (committer->queued != 0 && again) {
        append_first(committer);
        again = !committer->stuck;
    }
    if (upkeep_wanted(&committer->upkeep) && committer->error == VDR_OK)
        upkeep_some(committer);
    pthread_mutex_unlock(&committer->lock);
}

void
vdr_committer_upkeep_wait(vdr_committer *committer)
{
    pthread_mutex_lock(&committer->lock);
    while ((upkeep_wanted(&committer->upkeep) || committer->working) && committer->error == VDR_OK) {
        if (committer->threaded)
            pthread_cond_wait(&committer->idle, &committer->lock);
        else
            upkeep_some(committer);
    }
    pthread_mutex_unlock(&committer->lock);
}

vdr_err
vdr_committer_failed(vdr_committer *committer, char *ret_words)
{
    pthread_mutex_lock(&committer->lock);
    vdr_err e = committer->error;
    if (e != VDR_OK)
        memcpy(ret_words, committer->words, sizeof committer->words);
    pthread_mutex_unlock(&committer->lock);
    return e;
}
