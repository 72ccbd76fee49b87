#include "broker/engine/checkpointer.h"

#include "broker/engine/backup.h"
#include "broker/engine/thread.h"

#include <stdio.h>
#include <stdlib.h>

#define SLOTS    32u /* of at most 64 KiB as the core makes them: 2 MiB */
#define OUTCOMES 4u
#define REST_US  50000 /* at most, after a piece that went to the disk */

typedef enum work_kind { WORK_BEGIN, WORK_PUT, WORK_COMMIT, WORK_ABANDON, WORK_BACKUP } work_kind;

typedef struct work_item {
    work_kind kind;
    vdr_block_id id;
    vdr_position position;
    uint64_t blocks;
    bool alone;
    uint8_t *bytes; /* a block, a head, or a directory's name with its zero byte */
    size_t len, room;
} work_item;

struct vdr_checkpointer {
    vdr_log *log;
    vdr_checkpoint *checkpoint;
    int fd;
    bool threaded;
    pthread_t thread;

    /* the thread's own */
    bool begun;
    vdr_err error; /* of the image being written */

    pthread_mutex_t lock; /* everything below; a slot's content is the thread's while it is the first */
    pthread_cond_t wanted, idle, hurried;
    work_item slots[SLOTS];
    size_t first, queued;
    bool starved; /* the reactor found no room */
    bool hurry;   /* somebody waits for all of it */
    bool stop;
    vdr_checkpoint_outcome outcomes[OUTCOMES];
    size_t outcome_first, outcome_count;
};

static void
tell(vdr_checkpointer *checkpointer, vdr_job_kind kind, vdr_err result, vdr_position position,
     const char *words)
{
    pthread_mutex_lock(&checkpointer->lock);
    /* Whoever asks for more than is collected would lose words: jobs are bounded below that. */
    VDR_ASSERT(checkpointer->outcome_count < OUTCOMES);
    size_t at = (checkpointer->outcome_first + checkpointer->outcome_count++) % OUTCOMES;
    vdr_checkpoint_outcome *outcome = &checkpointer->outcomes[at];
    *outcome = (vdr_checkpoint_outcome){.kind = kind, .result = result, .position = position};
    (void)snprintf(outcome->words, sizeof outcome->words, "%s", words);
    pthread_mutex_unlock(&checkpointer->lock);
    vdr_thread_wake(checkpointer->fd);
}

static void
commit(vdr_checkpointer *checkpointer, const work_item *work)
{
    vdr_err e = checkpointer->error;
    if (e == VDR_OK) {
        vdr_checkpoint_manifest manifest = {.position = work->position, .blocks = work->blocks};
        manifest.head = vdr_span_of(work->bytes, work->len);
        e = vdr_log_chain(checkpointer->log, work->position + 1, manifest.chain);
        if (e == VDR_OK)
            e = vdr_checkpoint_commit(checkpointer->checkpoint, &manifest);
    }
    if (e != VDR_OK && checkpointer->begun)
        vdr_checkpoint_abandon(checkpointer->checkpoint);
    checkpointer->begun = false;
    if (e == VDR_OK && work->alone)
        e = vdr_checkpoint_forget_older(checkpointer->checkpoint);
    char words[VDR_ENGINE_WORDS_BYTES] = "";
    if (e != VDR_OK)
        (void)snprintf(words, sizeof words, "the checkpoint at %llu was not written: %s",
                       (unsigned long long)work->position, vdr_err_text(e));
    tell(checkpointer, VDR_JOB_CHECKPOINT, e, work->position, words);
}

static void
work_off(vdr_checkpointer *checkpointer, const work_item *work)
{
    switch (work->kind) {
    case WORK_BEGIN:
        checkpointer->error = vdr_checkpoint_begin(checkpointer->checkpoint);
        checkpointer->begun = checkpointer->error == VDR_OK;
        break;
    case WORK_PUT:
        if (checkpointer->error == VDR_OK)
            checkpointer->error =
                vdr_checkpoint_put(checkpointer->checkpoint, work->id, vdr_span_of(work->bytes, work->len));
        break;
    case WORK_COMMIT:
        commit(checkpointer, work);
        break;
    case WORK_ABANDON:
        if (checkpointer->begun)
            vdr_checkpoint_abandon(checkpointer->checkpoint);
        checkpointer->begun = false;
        break;
    case WORK_BACKUP: {
        char words[VDR_ENGINE_WORDS_BYTES] = "";
        vdr_position position = 0;
        vdr_err e = vdr_backup_write(checkpointer->log, checkpointer->checkpoint, (const char *)work->bytes,
                                     &position, words);
        tell(checkpointer, VDR_JOB_BACKUP, e, position, words);
        break;
    }
    }
}

/* A block that took the processor for some time, or the disk, leaves it to the others for as long: whoever waits for a
 * confirm must not wait for a whole checkpoint. Under the lock. */
static void
rest(vdr_checkpointer *checkpointer, int64_t took_us)
{
    if (took_us > 0 && !checkpointer->hurry && !checkpointer->stop)
        vdr_thread_cond_wait_us(&checkpointer->hurried, &checkpointer->lock,
                                took_us < REST_US ? took_us : REST_US);
}

static void *
run(void *context)
{
    vdr_checkpointer *checkpointer = context;
    vdr_thread_modest();
    pthread_mutex_lock(&checkpointer->lock);
    for (;;) {
        if (checkpointer->queued != 0) {
            work_item *work = &checkpointer->slots[checkpointer->first];
            bool put = work->kind == WORK_PUT;
            int64_t began_us = put ? vdr_clock_monotonic_us() : 0;
            pthread_mutex_unlock(&checkpointer->lock);
            work_off(checkpointer, work);
            pthread_mutex_lock(&checkpointer->lock);
            if (put)
                rest(checkpointer, vdr_clock_monotonic_us() - began_us);
            checkpointer->first = (checkpointer->first + 1) % SLOTS;
            checkpointer->queued--;
            /* Half empty before waking, so that the reactor comes with more than one block. */
            if (checkpointer->starved && checkpointer->queued <= SLOTS / 2) {
                checkpointer->starved = false;
                vdr_thread_wake(checkpointer->fd);
            }
        } else if (checkpointer->stop) {
            break;
        } else {
            pthread_cond_broadcast(&checkpointer->idle);
            pthread_cond_wait(&checkpointer->wanted, &checkpointer->lock);
        }
    }
    pthread_mutex_unlock(&checkpointer->lock);
    return NULL;
}

vdr_checkpointer *
vdr_checkpointer_new(vdr_log *log, vdr_checkpoint *checkpoint, bool thread, int fd)
{
    vdr_checkpointer *checkpointer = vdr_alloc(1, sizeof *checkpointer);
    checkpointer->log = log;
    checkpointer->checkpoint = checkpoint;
    checkpointer->threaded = thread;
    checkpointer->fd = fd;
    vdr_thread_lock_init(&checkpointer->lock);
    vdr_thread_cond_init(&checkpointer->wanted);
    vdr_thread_cond_init(&checkpointer->idle);
    vdr_thread_cond_init(&checkpointer->hurried);
    if (thread)
        vdr_thread_start(&checkpointer->thread, "checkpointer", run, checkpointer);
    return checkpointer;
}

void
vdr_checkpointer_free(vdr_checkpointer **checkpointer_p)
{
    vdr_checkpointer *checkpointer = *checkpointer_p;
    if (checkpointer == NULL)
        return;
    if (checkpointer->threaded) {
        pthread_mutex_lock(&checkpointer->lock);
        checkpointer->stop = true;
        pthread_cond_signal(&checkpointer->wanted);
        pthread_cond_signal(&checkpointer->hurried);
        pthread_mutex_unlock(&checkpointer->lock);
        pthread_join(checkpointer->thread, NULL);
    }
    if (checkpointer->begun)
        vdr_checkpoint_abandon(checkpointer->checkpoint);
    for (size_t i = 0; i < SLOTS; i++)
        free(checkpointer->slots[i].bytes);
    pthread_cond_destroy(&checkpointer->hurried);
    pthread_cond_destroy(&checkpointer->idle);
    pthread_cond_destroy(&checkpointer->wanted);
    pthread_mutex_destroy(&checkpointer->lock);
    free(checkpointer);
    *checkpointer_p = NULL;
}

size_t
vdr_checkpointer_room(vdr_checkpointer *checkpointer)
{
    pthread_mutex_lock(&checkpointer->lock);
    size_t room = SLOTS - checkpointer->queued;
    checkpointer->starved = room == 0;
    pthread_mutex_unlock(&checkpointer->lock);
    return room;
}

/* Copies work into a free slot and lets the thread at it, or does it. */
static void
give(vdr_checkpointer *checkpointer, work_item work, vdr_span bytes)
{
    pthread_mutex_lock(&checkpointer->lock);
    VDR_ASSERT(checkpointer->queued < SLOTS);
    work_item *slot = &checkpointer->slots[(checkpointer->first + checkpointer->queued) % SLOTS];
    pthread_mutex_unlock(&checkpointer->lock); /* a free slot is the reactor's */
    work.bytes = slot->bytes;
    work.room = slot->room;
    if (bytes.len > work.room) {
        work.bytes = vdr_realloc(work.bytes, bytes.len, 1);
        work.room = bytes.len;
    }
    if (bytes.len != 0)
        memcpy(work.bytes, bytes.at, bytes.len);
    work.len = bytes.len;
    *slot = work;
    if (!checkpointer->threaded) {
        work_off(checkpointer, slot);
        return;
    }
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->queued++;
    pthread_cond_signal(&checkpointer->wanted);
    pthread_mutex_unlock(&checkpointer->lock);
}

void
vdr_checkpointer_begin(vdr_checkpointer *checkpointer)
{
    give(checkpointer, (work_item){.kind = WORK_BEGIN}, (vdr_span){0});
}

void
vdr_checkpointer_put(vdr_checkpointer *checkpointer, const vdr_core_block *block)
{
    work_item work = {.kind = WORK_PUT, .id = {.table = block->table, .number = block->number}};
    give(checkpointer, work, block->bytes);
}

void
vdr_checkpointer_commit(vdr_checkpointer *checkpointer, vdr_position position, uint64_t blocks, vdr_span head,
                        bool alone)
{
    give(checkpointer,
         (work_item){.kind = WORK_COMMIT, .position = position, .blocks = blocks, .alone = alone}, head);
}

void
vdr_checkpointer_abandon(vdr_checkpointer *checkpointer)
{
    give(checkpointer, (work_item){.kind = WORK_ABANDON}, (vdr_span){0});
}

void
vdr_checkpointer_backup(vdr_checkpointer *checkpointer, const char *dir)
{
    give(checkpointer, (work_item){.kind = WORK_BACKUP}, vdr_span_of(dir, strlen(dir) + 1));
}

bool
vdr_checkpointer_collect(vdr_checkpointer *checkpointer, vdr_checkpoint_outcome *ret_outcome)
{
    pthread_mutex_lock(&checkpointer->lock);
    bool any = checkpointer->outcome_count != 0;
    if (any) {
        *ret_outcome = checkpointer->outcomes[checkpointer->outcome_first];
        checkpointer->outcome_first = (checkpointer->outcome_first + 1) % OUTCOMES;
        checkpointer->outcome_count--;
    }
    pthread_mutex_unlock(&checkpointer->lock);
    return any;
}

void
vdr_checkpointer_wait(vdr_checkpointer *checkpointer)
{
    pthread_mutex_lock(&checkpointer->lock);
    checkpointer->hurry = true;
    pthread_cond_signal(&checkpointer->hurried);
    while (checkpointer->queued != 0)
        pthread_cond_wait(&checkpointer->idle, &checkpointer->lock);
    checkpointer->hurry = false;
    pthread_mutex_unlock(&checkpointer->lock);
}
