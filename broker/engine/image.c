/* Checkpoints: when one is due, a slice of it per turn, and what the log may lose after it. */
#include "broker/engine/inside.h"

#include <stdlib.h>

#define SLICE_BYTES   (1024u * 1024)
#define SLICE_US      300
#define WALK_RECORDS  8192u /* of the state, looked at in one slice */
#define RELOG_RECORDS 1000u /* what the configuration may hold back: a small town has so many a month */
#define LOG_TIMES     2u /* what the log has, of what a checkpoint wrote, before the next is worth its writing */
#define RECORDS_CAP   4u /* times options.checkpoint_records: then size is no excuse any more */

static int64_t
steady_us(const vdr_engine *engine)
{
    return vdr_clock_steady_us(engine->options.clock);
}

/* Records that a start would have to step. */
static uint64_t
tail(const vdr_engine *engine)
{
    return engine->next - 1 - engine->image.last.position;
}

/* Due after so many records, unless what the last checkpoint wrote is more than half of what the log has since: then
 * the disk is spared until the tail is RECORDS_CAP times as long. Due after so long, if anything changed. */
static bool
due(const vdr_engine *engine)
{
    const vdr_image *image = &engine->image;
    if (tail(engine) == 0)
        return false;
    int64_t passed_ms = (steady_us(engine) - image->last_us) / 1000;
    if (image->failed)
        return passed_ms >= VDR_RETRY_MS;
    uint64_t wanted = engine->options.checkpoint_records;
    if (tail(engine) >= wanted * RECORDS_CAP || passed_ms >= engine->options.checkpoint_ms)
        return true;
    return tail(engine) >= wanted && image->log_bytes >= LOG_TIMES * image->last_bytes;
}

int64_t
vdr_image_wait_ms(const vdr_engine *engine)
{
    const vdr_image *image = &engine->image;
    if (image->state != VDR_IMAGE_NONE || tail(engine) == 0)
        return -1;
    int64_t passed_ms = (steady_us(engine) - image->last_us) / 1000;
    int64_t most_ms = image->failed ? VDR_RETRY_MS : engine->options.checkpoint_ms;
    return passed_ms < most_ms ? most_ms - passed_ms : 0;
}

/* What recipients have acknowledged since the last upkeep, as of now: once this is durable and in a
 * checkpoint, the index entries can go. */
static void
note_acknowledged(vdr_engine *engine)
{
    vdr_image *image = &engine->image;
    size_t count = vdr_core_mailbox_count(engine->core);
    if (count + 1 > image->forgotten_room) {
        size_t room = (count + 1) * 2;
        image->forgotten = vdr_realloc(image->forgotten, room, sizeof *image->forgotten);
        memset(image->forgotten + image->forgotten_room, 0,
               (room - image->forgotten_room) * sizeof *image->forgotten);
        image->forgotten_room = room;
        image->acked = vdr_realloc(image->acked, room, sizeof *image->acked);
        image->acked_room = room;
    }
    image->acked_count = 0;
    for (size_t i = 1; i <= count; i++) {
        vdr_mailbox_view view;
        uint32_t number = (uint32_t)i;
        if (vdr_core_mailbox_view(engine->core, number, &view) && view.acknowledged > image->forgotten[i])
            image->acked[image->acked_count++] =
                (vdr_command_ack){.mailbox = number, .seq = view.acknowledged};
    }
}

/* The open group must be empty: the log's chain has a hash at the ends of groups only. */
static void
begin(vdr_engine *engine)
{
    vdr_image *image = &engine->image;
    vdr_core_image_begin(engine->core);
    /* Blocks of an older generation of keys are not carried over: whoever turns the keys waits for this one. */
    image->all = image->all || vdr_checkpoint_wants_all(engine->options.checkpoint);
    image->state = VDR_IMAGE_COPYING;
    image->mark.position = engine->next - 1;
    image->mark.config_position = vdr_core_config_position(engine->core);
    image->begun_us = steady_us(engine);
    image->log_bytes_begun = image->log_bytes;
    image->bytes = 0;
    image->walk = (vdr_keep){0};
    note_acknowledged(engine);
    vdr_checkpointer_begin(engine->checkpointer);
    vdr_jobs_image_began(engine);
    vdr_erasure_image_began(engine->erasure);
}

static void
copy_slice(vdr_engine *engine)
{
    vdr_image *image = &engine->image;
    int64_t began_us = steady_us(engine);
    for (size_t bytes = 0; bytes < SLICE_BYTES && vdr_checkpointer_room(engine->checkpointer) > 1;) {
        vdr_core_block block;
        if (!vdr_core_image_next(engine->core, image->all, &block)) {
            image->state = VDR_IMAGE_COPIED;
            return;
        }
        vdr_checkpointer_put(engine->checkpointer, &block);
        bytes += block.bytes.len;
        image->bytes += block.bytes.len;
        if (steady_us(engine) - began_us > SLICE_US)
            return;
    }
}

/* Looks at some more of the state for what it needs of the log. */
static bool
walk_slice(vdr_engine *engine)
{
    return vdr_keep_some(engine->core, &engine->image.walk, WALK_RECORDS);
}

static void
send_manifest(vdr_engine *engine)
{
    vdr_image *image = &engine->image;
    if (engine->durable < image->mark.position || vdr_checkpointer_room(engine->checkpointer) == 0)
        return;
    vdr_position position;
    uint64_t blocks;
    vdr_span head = vdr_core_image_head(engine->core, &position, &blocks);
    VDR_ASSERT(position == image->mark.position);
    vdr_checkpointer_commit(engine->checkpointer, position, blocks, head, vdr_erasure_alone(engine->erasure));
    image->state = VDR_IMAGE_WRITING;
}

/* The older of the two checkpoints kept must still be able to lead to now. */
static void
cut_behind(vdr_engine *engine, vdr_image_mark older)
{
    vdr_image *image = &engine->image;
    /* What is needed of before is carried: it holds nothing back. */
    vdr_position through = vdr_carry_through(engine->carry);
    vdr_position needed = image->walk.oldest > through ? image->walk.oldest : through;
    vdr_position keep = needed < older.position + 1 ? needed : older.position + 1;
    image->relog = keep > image->mark.config_position + RELOG_RECORDS;
    if (older.config_position < keep)
        keep = older.config_position;
    vdr_log_stats stats;
    vdr_log_stats_get(engine->options.log, &stats);
    for (size_t i = 0; i < image->acked_count; i++)
        image->forgotten[image->acked[i].mailbox] = image->acked[i].seq;
    vdr_committer_upkeep(engine->committer, keep > stats.first ? keep : 0, image->acked, image->acked_count);
}

/* The configuration in force is written once more, as it is, when its record is old and nothing else needs the
 * log so far back: otherwise a town that never changes its rules could never let go of its log. */
static void
relog(vdr_engine *engine)
{
    vdr_image *image = &engine->image;
    vdr_position position = vdr_core_config_position(engine->core);
    vdr_log_record record;
    vdr_body body = {.form = VDR_CONTENT_NONE};
    image->relog = false;
    if (position == image->last.config_position && vdr_engine_record(engine, position, &record) == VDR_OK &&
        vdr_content_read(record.content, &body.form, &body.bytes) == VDR_OK) {
        vdr_command command = {
            .kind = VDR_COMMAND_CONFIG, .at = vdr_clock_now(engine->options.clock), .config = engine->config};
        command.key_check = vdr_rekeying_check(engine);
        vdr_engine_step(engine, &command, &body, NULL);
    }
    vdr_engine_record_done(engine);
}

static void
complete(vdr_engine *engine, const vdr_checkpoint_outcome *outcome)
{
    vdr_image *image = &engine->image;
    vdr_core_image_end(engine->core, outcome->result == VDR_OK);
    image->state = VDR_IMAGE_NONE;
    image->last_us = steady_us(engine);
    image->failed = outcome->result != VDR_OK;
    if (image->failed) {
        image->failures++;
        vdr_engine_say(engine, VDR_NOTICE_ERROR, "%s; the one before it and the log stay good",
                       outcome->words);
        return;
    }
    /* After an erasure run there is no older one, and nothing of before could be stepped again. */
    vdr_image_mark older = vdr_erasure_alone(engine->erasure) ? image->mark : image->last;
    image->last = image->mark;
    image->all = false;
    image->count++;
    image->last_bytes = image->bytes;
    image->log_bytes -= image->log_bytes_begun;
    if (older.position != 0) /* with a single checkpoint the whole log stays, should it turn out bad */
        cut_behind(engine, older);
}

static bool
wanted(const vdr_engine *engine)
{
    return vdr_jobs_want_image(engine) || vdr_erasure_wants_image(engine->erasure);
}

void
vdr_image_turn(vdr_engine *engine)
{
    vdr_image *image = &engine->image;
    vdr_checkpoint_outcome outcome;
    while (vdr_checkpointer_collect(engine->checkpointer, &outcome)) {
        if (outcome.kind == VDR_JOB_CHECKPOINT) {
            complete(engine, &outcome);
            vdr_erasure_imaged(engine->erasure, outcome.result, outcome.words);
        }
        vdr_jobs_outcome(engine, &outcome);
    }
    if (image->relog && !engine->stopped && vdr_engine_room(engine) != 0)
        relog(engine);
    switch (image->state) {
    case VDR_IMAGE_NONE:
        if (!engine->stopped && (due(engine) || wanted(engine)) &&
            vdr_gather_empty(vdr_engine_open_group(engine)) &&
            vdr_checkpointer_room(engine->checkpointer) > 1)
            begin(engine);
        break;
    case VDR_IMAGE_COPYING:
        copy_slice(engine);
        break;
    case VDR_IMAGE_COPIED:
        if (walk_slice(engine))
            send_manifest(engine);
        break;
    case VDR_IMAGE_WRITING:
        break;
    }
}

bool
vdr_image_idle(const vdr_engine *engine)
{
    const vdr_image *image = &engine->image;
    switch (image->state) {
    case VDR_IMAGE_NONE:
        if (image->relog && !engine->stopped)
            return false;
        return !wanted(engine) || !vdr_gather_empty(vdr_engine_open_group_const(engine));
    case VDR_IMAGE_COPYING:
        return vdr_checkpointer_room(engine->checkpointer) <= 1;
    case VDR_IMAGE_COPIED:
        return image->walk.over && engine->durable < image->mark.position;
    case VDR_IMAGE_WRITING:
        return true;
    }
    return true;
}

void
vdr_image_finish(vdr_engine *engine)
{
    vdr_image *image = &engine->image;
    bool began = false;
    while (engine->error == VDR_OK) {
        if (image->state == VDR_IMAGE_NONE) {
            if (began || tail(engine) == 0)
                break;
            begin(engine);
            began = true;
        }
        vdr_image_turn(engine);
        vdr_checkpointer_wait(engine->checkpointer);
    }
    vdr_committer_upkeep_wait(engine->committer);
}

void
vdr_image_done(vdr_engine *engine)
{
    vdr_image *image = &engine->image;
    if (image->state != VDR_IMAGE_NONE)
        vdr_core_image_end(engine->core, false);
    image->state = VDR_IMAGE_NONE;
    free(image->acked);
    free(image->forgotten);
}
