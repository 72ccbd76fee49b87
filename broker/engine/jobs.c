/* Work on request: a checkpoint now, a backup. One at a time, in order. */
#include "broker/engine/inside.h"

#include "broker/engine/backup.h"
#include "broker/erasure/erasure.h"

#include <stdio.h>
#include <stdlib.h>

/* An erasure run sees to its own. */
static bool
needs_image(const vdr_jobs *jobs)
{
    return jobs->count != 0 && jobs->waiting[0].job.kind != VDR_JOB_ERASURE;
}

static void
end_first(vdr_engine *engine, vdr_err result, vdr_position position, const char *words)
{
    vdr_jobs *jobs = &engine->jobs;
    vdr_job *job = &jobs->waiting[0].job;
    job->result = result;
    job->position = position;
    (void)snprintf(job->words, sizeof job->words, "%s", words);
    jobs->done[jobs->done_count++] = *job; /* as many places as may wait or be done together */
    free(jobs->waiting[0].dir);
    jobs->count--;
    memmove(jobs->waiting, jobs->waiting + 1, jobs->count * sizeof jobs->waiting[0]);
    jobs->needs_image = needs_image(jobs);
    jobs->has_image = jobs->copying = false;
}

static vdr_err
add(vdr_engine *engine, vdr_job_kind kind, vdr_ticket ticket, const char *dir)
{
    vdr_jobs *jobs = &engine->jobs;
    if (engine->error != VDR_OK)
        return VDR_E_STORE_FAILED;
    if (engine->stopped)
        return VDR_E_CLOSING;
    if (jobs->count + jobs->done_count == VDR_JOBS_MAX)
        return VDR_E_BUSY;
    vdr_engine_job *job = &jobs->waiting[jobs->count++];
    *job = (vdr_engine_job){.job = {.kind = kind, .ticket = ticket}};
    if (dir != NULL) {
        size_t bytes = strlen(dir) + 1;
        job->dir = vdr_alloc(bytes, 1);
        memcpy(job->dir, dir, bytes);
    }
    if (jobs->count == 1)
        jobs->needs_image = needs_image(jobs);
    return VDR_OK;
}

vdr_err
vdr_engine_checkpoint(vdr_engine *engine, vdr_ticket ticket)
{
    return add(engine, VDR_JOB_CHECKPOINT, ticket, NULL);
}

vdr_err
vdr_engine_backup(vdr_engine *engine, vdr_ticket ticket, const char *dir)
{
    char words[VDR_ENGINE_WORDS_BYTES];
    vdr_err e = vdr_backup_dir_free(dir, words);
    return e != VDR_OK ? e : add(engine, VDR_JOB_BACKUP, ticket, dir);
}

vdr_err
vdr_engine_erase(vdr_engine *engine, vdr_ticket ticket)
{
    return engine->options.vault != NULL ? vdr_jobs_add_erasure(engine, ticket) : VDR_E_NOT_FOUND;
}

vdr_err
vdr_jobs_add_erasure(vdr_engine *engine, vdr_ticket ticket)
{
    return add(engine, VDR_JOB_ERASURE, ticket, NULL);
}

bool
vdr_jobs_has_erasure(const vdr_engine *engine)
{
    for (size_t i = 0; i < engine->jobs.count; i++)
        if (engine->jobs.waiting[i].job.kind == VDR_JOB_ERASURE)
            return true;
    return false;
}

bool
vdr_jobs_erasure_first(const vdr_engine *engine)
{
    return engine->jobs.count != 0 && engine->jobs.waiting[0].job.kind == VDR_JOB_ERASURE;
}

void
vdr_jobs_erased(vdr_engine *engine, vdr_err result, vdr_position position, const char *words)
{
    if (vdr_jobs_erasure_first(engine))
        end_first(engine, result, position, words);
}

bool
vdr_engine_collect_job(vdr_engine *engine, vdr_job *ret_job)
{
    vdr_jobs *jobs = &engine->jobs;
    if (jobs->done_count == 0)
        return false;
    *ret_job = jobs->done[0];
    jobs->done_count--;
    memmove(jobs->done, jobs->done + 1, jobs->done_count * sizeof jobs->done[0]);
    return true;
}

/* The state that is durable is in the newest checkpoint already. */
static bool
nothing_new(const vdr_engine *engine)
{
    return engine->image.state == VDR_IMAGE_NONE && engine->image.last.position == engine->next - 1;
}

bool
vdr_jobs_want_image(const vdr_engine *engine)
{
    return engine->jobs.needs_image && !nothing_new(engine);
}

void
vdr_jobs_image_began(vdr_engine *engine)
{
    vdr_jobs *jobs = &engine->jobs;
    jobs->has_image = jobs->needs_image;
    jobs->needs_image = false;
}

static void
imaged(vdr_engine *engine, vdr_err result, vdr_position position, const char *words)
{
    vdr_jobs *jobs = &engine->jobs;
    jobs->has_image = jobs->needs_image = false;
    if (result != VDR_OK || jobs->waiting[0].job.kind == VDR_JOB_CHECKPOINT) {
        end_first(engine, result, position, words);
        return;
    }
    jobs->copying = true;
    vdr_checkpointer_backup(engine->checkpointer, jobs->waiting[0].dir);
}

void
vdr_jobs_outcome(vdr_engine *engine, const vdr_checkpoint_outcome *outcome)
{
    vdr_jobs *jobs = &engine->jobs;
    if (outcome->kind == VDR_JOB_CHECKPOINT && jobs->has_image)
        imaged(engine, outcome->result, outcome->position, outcome->words);
    else if (outcome->kind == VDR_JOB_BACKUP && jobs->copying) {
        if (outcome->result == VDR_OK)
            vdr_erasure_backed_up(engine->erasure, outcome->position);
        end_first(engine, outcome->result, outcome->position, outcome->words);
    }
}

void
vdr_jobs_turn(vdr_engine *engine)
{
    const vdr_image *image = &engine->image;
    if (engine->jobs.needs_image && nothing_new(engine) && vdr_checkpointer_room(engine->checkpointer) != 0)
        imaged(engine, VDR_OK, image->last.position, "");
}

void
vdr_jobs_done(vdr_engine *engine)
{
    while (engine->jobs.count != 0)
        end_first(engine, VDR_E_CLOSING, 0, vdr_err_text(VDR_E_CLOSING));
    engine->jobs.needs_image = false;
}
