#include "broker/engine/tail.h"

#include "broker/engine/inside.h"
#include "broker/engine/thread.h"

#include <pthread.h>
#include <stdlib.h>

#define BATCHES     4u
#define BATCH       128u          /* records */
#define BATCH_BYTES (256u * 1024) /* after which a batch is given as it is */
#define BUDGET_BYTES                                                                                         \
    (BATCH_BYTES + 4u * VDR_SUBMISSION_BYTES) /* a record of any size, and what it is read into */

typedef struct batch {
    vdr_tail_record records[BATCH];
    size_t count;
    vdr_arena arena;
} batch;

struct vdr_tail {
    vdr_log_reader *reader;
    vdr_position next, end; /* the next to be read */
    bool over;              /* nothing more is read: the end, or an error */

    bool threads;
    pthread_t thread;
    pthread_mutex_t lock; /* what follows */
    pthread_cond_t changed;
    uint64_t filled, released; /* batches, in all */
    bool given;                /* the caller has the one after those released */
    bool ended, stop;          /* the last one is filled; no more is wanted */

    batch batches[BATCHES];
};

/* Copies what lives only until the next record is read. */
static vdr_err
keep(vdr_arena *arena, vdr_span *bytes)
{
    if (bytes->at == NULL)
        return VDR_OK;
    *bytes = vdr_arena_copy(arena, *bytes);
    return bytes->at != NULL ? VDR_OK : VDR_E_NO_MEMORY;
}

static vdr_err
read_record(vdr_tail *tail, vdr_arena *arena, vdr_tail_record *record)
{
    vdr_log_record from;
    vdr_err e = vdr_log_read(tail->reader, record->position, &from);
    if (e == VDR_OK)
        e = keep(arena, &from.routing);
    if (e == VDR_OK)
        e = keep(arena, &from.tale);
    if (e == VDR_OK)
        e = vdr_command_read(from.routing, arena, &record->command);
    if (e != VDR_OK)
        return e;
    bool texts = record->command.kind == VDR_COMMAND_CONFIG || record->command.kind == VDR_COMMAND_PROPOSE;
    if (texts)
        e = keep(arena, &from.content);
    if (e == VDR_OK && texts)
        e = vdr_content_attach(from.content, &record->texts, &record->command);
    record->tale = from.tale;
    record->content = texts ? from.content : (vdr_span){0};
    return e;
}

static void
fill(vdr_tail *tail, batch *into)
{
    vdr_arena_reset(&into->arena);
    into->count = 0;
    while (!tail->over && into->count < BATCH && into->arena.used_bytes < BATCH_BYTES) {
        vdr_tail_record *record = &into->records[into->count++];
        record->position = tail->next++;
        record->err = read_record(tail, &into->arena, record);
        tail->over = record->err != VDR_OK || record->position == tail->end;
    }
}

static void *
run(void *context)
{
    vdr_tail *tail = context;
    pthread_mutex_lock(&tail->lock);
    while (!tail->stop && !tail->ended) {
        if (tail->filled - tail->released == BATCHES) {
            pthread_cond_wait(&tail->changed, &tail->lock);
            continue;
        }
        batch *into = &tail->batches[tail->filled % BATCHES];
        pthread_mutex_unlock(&tail->lock);
        fill(tail, into);
        pthread_mutex_lock(&tail->lock);
        tail->filled++;
        tail->ended = tail->over;
        pthread_cond_signal(&tail->changed);
    }
    pthread_mutex_unlock(&tail->lock);
    return NULL;
}

vdr_tail *
vdr_tail_new(vdr_log_reader *reader, vdr_position from, vdr_position end, bool threads)
{
    vdr_tail *tail = vdr_alloc(1, sizeof *tail);
    tail->reader = reader;
    tail->next = from;
    tail->end = end;
    tail->over = from > end;
    for (size_t i = 0; i < BATCHES; i++)
        vdr_arena_init(&tail->batches[i].arena, BUDGET_BYTES);
    tail->threads = threads && !tail->over;
    if (tail->threads) {
        vdr_thread_lock_init(&tail->lock);
        vdr_thread_cond_init(&tail->changed);
        vdr_thread_start(&tail->thread, "tail", run, tail);
    }
    return tail;
}

void
vdr_tail_free(vdr_tail **tail_p)
{
    vdr_tail *tail = *tail_p;
    if (tail == NULL)
        return;
    if (tail->threads) {
        pthread_mutex_lock(&tail->lock);
        tail->stop = true;
        pthread_cond_signal(&tail->changed);
        pthread_mutex_unlock(&tail->lock);
        pthread_join(tail->thread, NULL);
        pthread_cond_destroy(&tail->changed);
        pthread_mutex_destroy(&tail->lock);
    }
    for (size_t i = 0; i < BATCHES; i++)
        vdr_arena_done(&tail->batches[i].arena);
    free(tail);
    *tail_p = NULL;
}

/* The batch that was given last is given back. */
static size_t
next_of_thread(vdr_tail *tail, vdr_tail_record **ret_records)
{
    size_t count = 0;
    pthread_mutex_lock(&tail->lock);
    if (tail->given) {
        tail->given = false;
        tail->released++;
        pthread_cond_signal(&tail->changed);
    }
    while (tail->filled == tail->released && !tail->ended)
        pthread_cond_wait(&tail->changed, &tail->lock);
    if (tail->filled != tail->released) {
        batch *from = &tail->batches[tail->released % BATCHES];
        *ret_records = from->records;
        count = from->count;
        tail->given = true;
    }
    pthread_mutex_unlock(&tail->lock);
    return count;
}

size_t
vdr_tail_next(vdr_tail *tail, vdr_tail_record **ret_records)
{
    if (tail->threads)
        return next_of_thread(tail, ret_records);
    fill(tail, &tail->batches[0]);
    *ret_records = tail->batches[0].records;
    return tail->batches[0].count;
}
