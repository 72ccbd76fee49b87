#include "broker/erasure/sifter.h"

#include "broker/erasure/proofs.h"
#include "broker/record/record.h"
#include "broker/engine/thread.h"
#include "proto/utf8.h"

#include <stdio.h>
#include <stdlib.h>

#define BATCH_BYTES (64u << 20) /* a record is 48 MiB at most, and then is a batch of its own */
#define BATCH_GOOD  (4u << 20)  /* beyond it no more records are read for a batch */

typedef enum sifter_work {
    WORK_NONE,
    WORK_NOTE,
    WORK_TURN,
    WORK_BEGIN,
    WORK_GO_ON,
    WORK_FINISH,
    WORK_STOP
} sifter_work;

struct vdr_sifter {
    vdr_sifter_places places;
    char *dir, *escrow; /* of places: whoever named them may read node.yaml again */
    bool threaded;
    int fd;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wanted;
    sifter_work work; /* under the lock; NONE: what is below is the reactor's, otherwise the thread's */

    vdr_err err;
    char words[VDR_SIFTER_WORDS];
    vdr_span lines;
    const vdr_kept *kept;
    vdr_position last;
    vdr_vault_table *table;
    vdr_log_reader *reader;
    vdr_arena arena; /* of the batch */
    vdr_sifted batch[VDR_SIFTER_BATCH];
    size_t count;
    uint32_t generation; /* the new one */
    vdr_sifter_counts counts;
    vdr_sifter_counts told; /* under the lock: as of the last piece that was done */
};

static vdr_err
note(vdr_sifter *sifter)
{
    const char *folders[] = {sifter->places.dir, sifter->places.escrow};
    for (size_t i = 0; i < 2; i++) {
        vdr_err err = folders[i] != NULL ? vdr_proofs_append(folders[i], sifter->lines) : VDR_OK;
        if (err != VDR_OK) {
            vdr_utf8_words(sifter->words, sizeof sifter->words, "writing %.200s/" VDR_PROOFS_NAME,
                           folders[i]);
            return err;
        }
    }
    return VDR_OK;
}

/* What it carries takes its place. */
static vdr_err
take_carried(vdr_sifter *sifter, const vdr_log_record *carrier, vdr_log_record *ret_record,
             vdr_sifted *sifted)
{
    vdr_position newest = 0;
    sifted->carrier = sifted->position;
    sifted->position = carrier->carries;
    sifted->own = vdr_arena_copy(&sifter->arena, carrier->tale);
    vdr_err err = vdr_log_carrier(sifter->reader, carrier->carries, &newest);
    sifted->outrun = err == VDR_OK && newest != sifted->carrier;
    return err == VDR_OK || err == VDR_E_NOT_FOUND ? vdr_log_unpack(carrier->content, ret_record) : err;
}

/* Copies what the reactor looks at; the spans of a record die with the next read. */
static vdr_err
take_record(vdr_sifter *sifter, const vdr_log_record *record, vdr_sifted *sifted)
{
    vdr_log_record carried;
    if (record->carries != 0) {
        vdr_err err = take_carried(sifter, record, &carried, sifted);
        if (err != VDR_OK)
            return err;
        record = &carried;
    }
    vdr_span routing = vdr_arena_copy(&sifter->arena, record->routing);
    sifted->tale = vdr_arena_copy(&sifter->arena, record->tale);
    if (sifter->arena.overflow)
        return VDR_E_NO_MEMORY;
    vdr_err err = vdr_command_read(routing, &sifter->arena, &sifted->command);
    bool names = err == VDR_OK && sifted->command.kind == VDR_COMMAND_ACT &&
                 sifted->command.person_count + sifted->command.address_count != 0;
    if (names)
        sifted->content = vdr_arena_copy(&sifter->arena, record->content);
    return sifter->arena.overflow ? VDR_E_NO_MEMORY : err;
}

/* Records of before the turn that can be opened; others need no look. */
static vdr_err
read_record(vdr_sifter *sifter, vdr_position position)
{
    vdr_sifted *sifted = &sifter->batch[sifter->count];
    vdr_log_record record;
    *sifted = (vdr_sifted){.position = position};
    vdr_err err = vdr_log_read_key(sifter->reader, position, &sifted->key);
    if (err == VDR_E_NOT_FOUND)
        return VDR_OK; /* cut meanwhile */
    if (err != VDR_OK || sifted->key.generation == 0 || sifted->key.generation == sifter->generation)
        return err;
    err = vdr_log_read(sifter->reader, position, &record);
    if (err == VDR_E_ERASED || err == VDR_E_NOT_FOUND)
        return VDR_OK;
    if (err == VDR_OK)
        err = take_record(sifter, &record, sifted);
    if (err == VDR_OK)
        sifter->count++;
    return err;
}

static vdr_err
read_batch(vdr_sifter *sifter)
{
    sifter->count = 0;
    vdr_arena_reset(&sifter->arena);
    vdr_err err = vdr_log_reader_refresh(sifter->reader);
    while (err == VDR_OK && sifter->counts.at <= sifter->last && sifter->count < VDR_SIFTER_BATCH &&
           sifter->arena.used_bytes < BATCH_GOOD) {
        err = read_record(sifter, sifter->counts.at);
        if (err == VDR_OK)
            sifter->counts.at++;
    }
    if (err != VDR_OK)
        vdr_utf8_words(sifter->words, sizeof sifter->words, "record %llu of the log",
                       (unsigned long long)sifter->counts.at);
    vdr_log_reader_rest(sifter->reader);
    return err;
}

static void
let_go(vdr_sifter *sifter)
{
    vdr_vault_table_abandon(&sifter->table);
    vdr_log_reader_close(&sifter->reader);
    vdr_arena_reset(&sifter->arena);
    sifter->count = 0;
}

static vdr_err
begin(vdr_sifter *sifter)
{
    vdr_vault_status status;
    vdr_log_stats stats;
    let_go(sifter);
    vdr_vault_status_get(sifter->places.vault, &status);
    vdr_log_stats_get(sifter->places.log, &stats);
    sifter->generation = status.generation;
    sifter->counts = (vdr_sifter_counts){.at = stats.first};
    vdr_err err = vdr_log_reader_open(sifter->places.log, &sifter->reader);
    if (err == VDR_OK)
        err = vdr_vault_table_begin(sifter->places.vault, &sifter->table);
    return err == VDR_OK ? read_batch(sifter) : err;
}

static vdr_err
go_on(vdr_sifter *sifter)
{
    for (size_t i = 0; i < sifter->count; i++) {
        const vdr_sifted *sifted = &sifter->batch[i];
        if (!sifted->needed) {
            sifter->counts.dropped++;
            continue;
        }
        vdr_err err = vdr_vault_table_add(sifter->table, &sifted->key);
        if (err != VDR_OK) {
            vdr_utf8_words(sifter->words, sizeof sifter->words, "the key of record %llu",
                           (unsigned long long)sifted->position);
            return err;
        }
        sifter->counts.kept++;
    }
    return read_batch(sifter);
}

static vdr_err
finish(vdr_sifter *sifter)
{
    vdr_bytes kept = {0};
    vdr_kept_seal(sifter->kept, sifter->places.vault, &kept);
    vdr_err err = vdr_vault_table_beside(sifter->table, vdr_bytes_span(&kept));
    vdr_bytes_done(&kept);
    if (err != VDR_OK)
        vdr_utf8_words(sifter->words, sizeof sifter->words, "the messages that are kept");
    else
        err = vdr_vault_turn_finish(sifter->places.vault, &sifter->table);
    let_go(sifter);
    return err;
}

static void
work_off(vdr_sifter *sifter, sifter_work work)
{
    sifter->words[0] = '\0';
    switch (work) {
    case WORK_NOTE:
        sifter->err = note(sifter);
        break;
    case WORK_TURN:
        sifter->err = vdr_vault_turn_begin(sifter->places.vault);
        break;
    case WORK_BEGIN:
        sifter->err = begin(sifter);
        break;
    case WORK_GO_ON:
        sifter->err = go_on(sifter);
        break;
    case WORK_FINISH:
        sifter->err = finish(sifter);
        break;
    case WORK_NONE:
    case WORK_STOP:
        break;
    }
    if (sifter->err != VDR_OK)
        let_go(sifter);
}

static void *
run(void *context)
{
    vdr_sifter *sifter = context;
    vdr_thread_polite();
    pthread_mutex_lock(&sifter->lock);
    while (sifter->work != WORK_STOP) {
        sifter_work work = sifter->work;
        if (work == WORK_NONE) {
            pthread_cond_wait(&sifter->wanted, &sifter->lock);
            continue;
        }
        pthread_mutex_unlock(&sifter->lock);
        work_off(sifter, work);
        pthread_mutex_lock(&sifter->lock);
        sifter->told = sifter->counts;
        if (sifter->work != WORK_STOP)
            sifter->work = WORK_NONE;
        vdr_thread_wake(sifter->fd);
    }
    pthread_mutex_unlock(&sifter->lock);
    return NULL;
}

static void
give(vdr_sifter *sifter, sifter_work work)
{
    if (!sifter->threaded) {
        work_off(sifter, work);
        sifter->told = sifter->counts;
        vdr_thread_wake(sifter->fd);
        return;
    }
    pthread_mutex_lock(&sifter->lock);
    VDR_ASSERT(sifter->work == WORK_NONE || work == WORK_STOP);
    sifter->work = work;
    pthread_cond_signal(&sifter->wanted);
    pthread_mutex_unlock(&sifter->lock);
}

static char *
copy_name(const char *name)
{
    if (name == NULL)
        return NULL;
    char *copy = vdr_alloc(strlen(name) + 1, 1);
    memcpy(copy, name, strlen(name) + 1);
    return copy;
}

vdr_sifter *
vdr_sifter_new(const vdr_sifter_places *places, bool thread, int fd)
{
    vdr_sifter *sifter = vdr_alloc(1, sizeof *sifter);
    sifter->places = *places;
    sifter->places.dir = sifter->dir = copy_name(places->dir);
    sifter->places.escrow = sifter->escrow = copy_name(places->escrow);
    sifter->threaded = thread;
    sifter->fd = fd;
    vdr_arena_init(&sifter->arena, BATCH_BYTES);
    vdr_thread_lock_init(&sifter->lock);
    vdr_thread_cond_init(&sifter->wanted);
    if (thread)
        vdr_thread_start(&sifter->thread, "eraser", run, sifter);
    return sifter;
}

void
vdr_sifter_free(vdr_sifter **sifter_p)
{
    vdr_sifter *sifter = *sifter_p;
    if (sifter == NULL)
        return;
    if (sifter->threaded) {
        give(sifter, WORK_STOP);
        pthread_join(sifter->thread, NULL);
    }
    let_go(sifter);
    vdr_arena_done(&sifter->arena);
    pthread_cond_destroy(&sifter->wanted);
    pthread_mutex_destroy(&sifter->lock);
    free(sifter->dir);
    free(sifter->escrow);
    free(sifter);
    *sifter_p = NULL;
}

void
vdr_sifter_note(vdr_sifter *sifter, vdr_span lines)
{
    sifter->lines = lines;
    give(sifter, WORK_NOTE);
}

void
vdr_sifter_turn(vdr_sifter *sifter)
{
    give(sifter, WORK_TURN);
}

void
vdr_sifter_begin(vdr_sifter *sifter, vdr_position last)
{
    sifter->last = last;
    give(sifter, WORK_BEGIN);
}

void
vdr_sifter_go_on(vdr_sifter *sifter)
{
    give(sifter, WORK_GO_ON);
}

void
vdr_sifter_finish(vdr_sifter *sifter, const vdr_kept *kept)
{
    sifter->kept = kept;
    give(sifter, WORK_FINISH);
}

bool
vdr_sifter_is_done(vdr_sifter *sifter, vdr_err *ret_err, char *ret_words)
{
    pthread_mutex_lock(&sifter->lock);
    bool done = sifter->work == WORK_NONE;
    pthread_mutex_unlock(&sifter->lock);
    if (!done)
        return false;
    *ret_err = sifter->err;
    memcpy(ret_words, sifter->words, sizeof sifter->words);
    return true;
}

size_t
vdr_sifter_batch(vdr_sifter *sifter, vdr_sifted **ret_batch)
{
    *ret_batch = sifter->batch;
    return sifter->count;
}

vdr_sifter_counts
vdr_sifter_counts_get(vdr_sifter *sifter)
{
    pthread_mutex_lock(&sifter->lock);
    vdr_sifter_counts told = sifter->told;
    pthread_mutex_unlock(&sifter->lock);
    return told;
}
