#include "broker/carry/scout.h"

#include "broker/engine/thread.h"
#include "broker/record/record.h"

#include <stdlib.h>

#define ARENA_BYTES (64u << 20) /* a record is 48 MiB at most, and then is a batch of its own */
#define BATCH_GOOD  (4u << 20)  /* beyond it no more records are read for a batch */

typedef enum scout_work { WORK_NONE, WORK_WALK, WORK_GO_ON, WORK_FETCH, WORK_STOP } scout_work;

struct vdr_scout {
    vdr_log *log;
    bool threaded;
    int fd;
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t wanted;
    scout_work work; /* under the lock; NONE: what is below is the reactor's, otherwise the thread's */

    vdr_err err;
    vdr_log_reader *reader;
    vdr_position at, first, end; /* the next; what is before first was cut */
    vdr_position positions[VDR_SCOUT_BATCH];
    size_t position_count, position_done;
    vdr_arena arena; /* of the batch */
    vdr_scouted batch[VDR_SCOUT_BATCH];
    size_t count;
};

static vdr_err
take(vdr_scout *scout, const vdr_log_record *record, bool whole, vdr_scouted *scouted)
{
    vdr_span routing = vdr_arena_copy(&scout->arena, record->routing);
    scouted->tale = vdr_arena_copy(&scout->arena, record->tale);
    vdr_err err =
        scout->arena.overflow ? VDR_E_NO_MEMORY : vdr_command_read(routing, &scout->arena, &scouted->command);
    bool names = err == VDR_OK && scouted->command.kind == VDR_COMMAND_ACT &&
                 scouted->command.person_count + scouted->command.address_count != 0;
    if (names || whole)
        scouted->content = vdr_arena_copy(&scout->arena, record->content);
    if (err == VDR_OK && whole) {
        size_t len = vdr_log_packed_bytes(record);
        uint8_t *packed = vdr_arena_alloc(&scout->arena, len);
        if (packed != NULL)
            vdr_log_pack(record, packed);
        scouted->packed = vdr_span_of(packed, len);
    }
    scouted->opened = true;
    return scout->arena.overflow ? VDR_E_NO_MEMORY : err;
}

/* Where it stands, and what it takes. NOT_FOUND: cut meanwhile. */
static vdr_err
look(vdr_scout *scout, vdr_scouted *scouted)
{
    vdr_log_look here = {0}, there = {0};
    vdr_position carrier = 0;
    vdr_err err = vdr_log_look_at(scout->reader, scouted->position, &here);
    bool is_cut = err == VDR_E_NOT_FOUND;
    if (err != VDR_OK && !is_cut)
        return err;
    scouted->place = scouted->position;
    scouted->bytes = scouted->place_bytes = here.bytes;
    scouted->opened = here.carries == 0; /* still to be seen */
    err = vdr_log_carrier(scout->reader, scouted->position, &carrier);
    if (err == VDR_E_NOT_FOUND)
        return is_cut ? VDR_E_NOT_FOUND : VDR_OK;
    if (err == VDR_OK)
        err = vdr_log_look_at(scout->reader, carrier, &there);
    scouted->place = carrier;
    scouted->place_bytes = there.bytes;
    return err;
}

/* Adds the record to the batch; passes over one that is no more. */
static vdr_err
read_record(vdr_scout *scout, vdr_position position, bool whole)
{
    vdr_scouted *scouted = &scout->batch[scout->count];
    vdr_log_record record;
    *scouted = (vdr_scouted){.position = position};
    vdr_err err = look(scout, scouted);
    if (err == VDR_OK && scouted->opened) {
        err = vdr_log_read(scout->reader, position, &record);
        scouted->opened = err == VDR_OK;
        if (err == VDR_OK)
            err = take(scout, &record, whole, scouted);
        else if (err == VDR_E_ERASED)
            err = VDR_OK;
    }
    if (err == VDR_OK)
        scout->count++;
    return err == VDR_E_NOT_FOUND ? VDR_OK : err;
}

static bool
has_room(const vdr_scout *scout)
{
    return scout->count < VDR_SCOUT_BATCH && scout->arena.used_bytes < BATCH_GOOD;
}

static vdr_err
walk(vdr_scout *scout)
{
    vdr_err err = VDR_OK;
    while (err == VDR_OK && has_room(scout)) {
        if (scout->at < scout->first)
            err = vdr_log_next(scout->reader, scout->at, &scout->at);
        if (err != VDR_OK || scout->at >= scout->end)
            break;
        err = read_record(scout, scout->at, false);
        if (err == VDR_OK)
            scout->at++;
    }
    return err == VDR_E_NOT_FOUND ? VDR_OK : err;
}

static vdr_err
fetch(vdr_scout *scout)
{
    vdr_err err = VDR_OK;
    for (scout->position_done = 0; err == VDR_OK && scout->position_done < scout->position_count;) {
        if (!has_room(scout))
            break;
        scout->at = scout->positions[scout->position_done];
        err = read_record(scout, scout->at, true);
        if (err == VDR_OK)
            scout->position_done++;
    }
    return err;
}

static void
work_off(vdr_scout *scout, scout_work work)
{
    vdr_log_stats stats;
    scout->count = 0;
    vdr_arena_reset(&scout->arena);
    vdr_log_stats_get(scout->log, &stats);
    if (work == WORK_WALK) {
        scout->at = 1;
        scout->first = stats.first;
    }
    scout->err = scout->reader == NULL ? vdr_log_reader_open(scout->log, &scout->reader)
                                       : vdr_log_reader_refresh(scout->reader);
    if (scout->err == VDR_OK)
        scout->err = work == WORK_FETCH ? fetch(scout) : walk(scout);
    if (scout->reader != NULL)
        vdr_log_reader_rest(scout->reader);
}

static void *
run(void *context)
{
    vdr_scout *scout = context;
    vdr_thread_polite();
    pthread_mutex_lock(&scout->lock);
    while (scout->work != WORK_STOP) {
        scout_work work = scout->work;
        if (work == WORK_NONE) {
            pthread_cond_wait(&scout->wanted, &scout->lock);
            continue;
        }
        pthread_mutex_unlock(&scout->lock);
        work_off(scout, work);
        pthread_mutex_lock(&scout->lock);
        if (scout->work != WORK_STOP)
            scout->work = WORK_NONE;
        vdr_thread_wake(scout->fd);
    }
    pthread_mutex_unlock(&scout->lock);
    return NULL;
}

static void
give(vdr_scout *scout, scout_work work)
{
    if (!scout->threaded) {
        if (work != WORK_STOP)
            work_off(scout, work);
        vdr_thread_wake(scout->fd);
        return;
    }
    pthread_mutex_lock(&scout->lock);
    VDR_ASSERT(scout->work == WORK_NONE || work == WORK_STOP);
    scout->work = work;
    pthread_cond_signal(&scout->wanted);
    pthread_mutex_unlock(&scout->lock);
}

vdr_scout *
vdr_scout_new(vdr_log *log, bool thread, int fd)
{
    vdr_scout *scout = vdr_alloc(1, sizeof *scout);
    scout->log = log;
    scout->threaded = thread;
    scout->fd = fd;
    vdr_arena_init(&scout->arena, ARENA_BYTES);
    vdr_thread_lock_init(&scout->lock);
    vdr_thread_cond_init(&scout->wanted);
    if (thread)
        vdr_thread_start(&scout->thread, "carrier", run, scout);
    return scout;
}

void
vdr_scout_free(vdr_scout **scout_p)
{
    vdr_scout *scout = *scout_p;
    if (scout == NULL)
        return;
    if (scout->threaded) {
        give(scout, WORK_STOP);
        pthread_join(scout->thread, NULL);
    }
    vdr_log_reader_close(&scout->reader);
    vdr_arena_done(&scout->arena);
    pthread_cond_destroy(&scout->wanted);
    pthread_mutex_destroy(&scout->lock);
    free(scout);
    *scout_p = NULL;
}

void
vdr_scout_walk(vdr_scout *scout, vdr_position end)
{
    scout->end = end;
    give(scout, WORK_WALK);
}

void
vdr_scout_go_on(vdr_scout *scout)
{
    give(scout, WORK_GO_ON);
}

void
vdr_scout_fetch(vdr_scout *scout, const vdr_position *positions, size_t count)
{
    VDR_ASSERT(count <= VDR_SCOUT_BATCH);
    memcpy(scout->positions, positions, count * sizeof *positions);
    scout->position_count = count;
    give(scout, WORK_FETCH);
}

bool
vdr_scout_is_done(vdr_scout *scout, vdr_err *ret_err, vdr_position *ret_at)
{
    pthread_mutex_lock(&scout->lock);
    bool done = scout->work == WORK_NONE;
    pthread_mutex_unlock(&scout->lock);
    if (!done)
        return false;
    *ret_err = scout->err;
    *ret_at = scout->at;
    return true;
}

size_t
vdr_scout_batch(vdr_scout *scout, vdr_scouted **ret_batch, size_t *ret_done)
{
    *ret_batch = scout->batch;
    if (ret_done != NULL)
        *ret_done = scout->position_done;
    return scout->count;
}

void
vdr_scout_rest(vdr_scout *scout)
{
    scout->count = 0;
    vdr_arena_done(&scout->arena);
    vdr_log_reader_close(&scout->reader);
}
