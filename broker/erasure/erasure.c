#include "broker/erasure/erasure.h"

#include "broker/core/left.h"
#include "broker/core/needed.h"
#include "broker/erasure/inside.h"
#include "broker/engine/inside.h"

#include <stdio.h>
#include <stdlib.h>

#define SLICE_US    300
#define LOOK_EVERY  16u              /* records judged between two looks at the clock */
#define NOTE_ITEMS  256u             /* tombstones written in one slice */
#define NOTE_BYTES  (1u << 20)       /* lines handed over at once */
#define PROVE_ITEMS 256u             /* tombstones of one record */
#define KEPT_ITEMS  256u             /* kept messages looked at in one slice */
#define TOGETHER_US INT64_C(1000000) /* what is erased within so long goes together */

static int64_t
steady_us(const vdr_erasure *erasure)
{
    return vdr_clock_steady_us(erasure->engine->options.clock);
}

/* ---- when ---- */

/* The oldest tombstone's time; VDR_MS_NONE: there is none. */
static vdr_ms
oldest_at(const vdr_core *core)
{
    uint32_t cursor = 0;
    uint64_t order;
    vdr_command_left left;
    return vdr_left_next(core, &cursor, UINT64_MAX, &order, &left) ? left.at : VDR_MS_NONE;
}

vdr_ms
vdr_erasure_next(const vdr_erasure *erasure)
{
    vdr_ms oldest = oldest_at(erasure->engine->core);
    return oldest == VDR_MS_NONE ? VDR_MS_NONE : oldest + erasure->engine->options.erasure_ms;
}

static void
see_erased(vdr_erasure *erasure)
{
    uint32_t erased;
    (void)vdr_left_waiting(erasure->engine->core, &erased);
    if (erased == 0)
        erasure->erased_us = -1;
    else if (erasure->erased_us < 0)
        erasure->erased_us = steady_us(erasure);
}

static bool
is_due(const vdr_erasure *erasure)
{
    const vdr_engine *engine = erasure->engine;
    if (erasure->sifter == NULL || engine->stopped || steady_us(erasure) < erasure->retry_us)
        return false;
    if (erasure->interrupted ||
        (erasure->erased_us >= 0 && steady_us(erasure) - erasure->erased_us >= TOGETHER_US))
        return true;
    vdr_ms at = vdr_erasure_next(erasure);
    return at != VDR_MS_NONE && vdr_clock_now(engine->options.clock) >= at;
}

int64_t
vdr_erasure_wait_ms(const vdr_erasure *erasure)
{
    int64_t now_us = steady_us(erasure), wait_us = -1;
    if (erasure->sifter == NULL || erasure->step != VDR_ERASURE_IDLE || vdr_jobs_has_erasure(erasure->engine))
        return -1; /* the job that it waits for wakes the reactor when it ends */
    if (erasure->interrupted)
        wait_us = 0;
    else if (erasure->erased_us >= 0)
        wait_us = erasure->erased_us + TOGETHER_US - now_us;
    vdr_ms at = vdr_erasure_next(erasure), now = vdr_clock_now(erasure->engine->options.clock);
    if (wait_us < 0 && at != VDR_MS_NONE && now != VDR_MS_NONE)
        wait_us = at > now ? (at - now) * 1000 : 0;
    if (wait_us < 0 && erasure->erased_us < 0)
        return -1;
    if (erasure->retry_us - now_us > wait_us)
        wait_us = erasure->retry_us - now_us;
    return wait_us > 0 ? wait_us / 1000 + 1 : 0;
}

/* ---- ends ---- */

static void
rest(vdr_erasure *erasure)
{
    erasure->step = VDR_ERASURE_IDLE;
    erasure->busy = erasure->wants_image = erasure->has_image = false;
    erasure->lines.len = 0;
    vdr_kept_free(&erasure->keeping);
}

/* The old wrapping key is still there: whatever was done is done again. */
static void
fail(vdr_erasure *erasure, vdr_err err, const char *words)
{
    vdr_engine *engine = erasure->engine;
    char text[VDR_ENGINE_WORDS_BYTES];
    (void)snprintf(text, sizeof text, "the erasure run stopped at %s: %s%s%.300s",
                   vdr_erasure_step_name(erasure->step), vdr_err_text(err), *words != '\0' ? ": " : "",
                   words);
    vdr_engine_say(engine, VDR_NOTICE_ERROR, "%s; it is tried again. %s", text, vdr_err_hint(err));
    erasure->failures++;
    erasure->failed = err;
    erasure->interrupted = erasure->step > VDR_ERASURE_TURN && erasure->step < VDR_ERASURE_PROVE;
    erasure->retry_us = steady_us(erasure) + VDR_RETRY_MS * 1000;
    rest(erasure);
    vdr_jobs_erased(engine, err, 0, text);
}

static void
succeed(vdr_erasure *erasure)
{
    vdr_engine *engine = erasure->engine;
    vdr_sifter_counts counts = erasure->counts;
    erasure->last = erasure->entry;
    erasure->runs++;
    erasure->failed = VDR_OK;
    erasure->interrupted = false;
    rest(erasure);
    vdr_carry_want(engine->carry);
    vdr_engine_say(
        engine, VDR_NOTICE_INFO,
        "erasure run: the wrapping key of generation %llu took over, %llu keys are kept, %llu are gone "
        "for good. Backups made before cannot be opened any more: take a new one",
        (unsigned long long)erasure->last.generation, (unsigned long long)counts.kept,
        (unsigned long long)counts.dropped);
    vdr_jobs_erased(engine, VDR_OK, erasure->proved, "");
}

/* ---- the steps ---- */

static void
begin(vdr_erasure *erasure)
{
    vdr_vault_status status;
    vdr_vault_status_get(erasure->engine->options.vault, &status);
    erasure->resumes = status.turning;
    erasure->step = VDR_ERASURE_NOTE;
    erasure->through = vdr_left_newest(erasure->engine->core);
    erasure->position = erasure->engine->next - 1;
    erasure->cursor = 0;
    erasure->noted = false;
    erasure->lines.len = 0;
}

static void
note_slice(vdr_erasure *erasure)
{
    vdr_proof_entry entry = {.line = VDR_PROOF_LEFT};
    unsigned items = 0;
    /* Only what is durable: a line must not say that something left that a crash brings back. */
    if (erasure->engine->durable < erasure->position)
        return;
    while (items < NOTE_ITEMS && erasure->lines.len < NOTE_BYTES && !erasure->noted) {
        erasure->noted = !vdr_left_next(erasure->engine->core, &erasure->cursor, erasure->through,
                                        &entry.order, &entry.left);
        if (!erasure->noted)
            vdr_proof_write(&entry, &erasure->lines);
        items++;
    }
    if (erasure->lines.len >= NOTE_BYTES || (erasure->noted && erasure->lines.len != 0)) {
        erasure->busy = true;
        vdr_sifter_note(erasure->sifter, vdr_bytes_span(&erasure->lines));
    } else if (erasure->noted) {
        erasure->step = VDR_ERASURE_TURN;
        erasure->busy = true;
        vdr_sifter_turn(erasure->sifter);
    }
}

/* Messages that nobody has read and that are about what is still here, of a tale whose key goes. */
static void
keep_messages(vdr_erasure *erasure, vdr_position position, vdr_span tale)
{
    uint32_t offset = 0, from;
    vdr_effect effect;
    while (from = offset, vdr_effect_next(tale, &offset, &effect) == VDR_OK)
        if (effect.kind == VDR_EFFECT_MESSAGE && vdr_erasure_wanted(erasure, &effect))
            vdr_kept_add(erasure->keeping, position, from, vdr_span_of(tale.at + from, offset - from));
}

bool
vdr_erasure_wanted(const vdr_erasure *erasure, const vdr_effect *message)
{
    const vdr_engine *engine = erasure->engine;
    vdr_mailbox_view view;
    uint64_t hash = message->has_signal ? vdr_door_id_hash(engine->door, message->signal.id) : 0;
    return vdr_core_mailbox_view(engine->core, message->mailbox, &view) && message->seq > view.acknowledged &&
           vdr_needed_message(engine->core, message, hash);
}

/* Pseudonyms of a record are under the key of then, those of the state under the key of now (broker/core/rekey.h). */
static bool
is_needed(const vdr_engine *engine, const vdr_sifted *of, vdr_arena *arena)
{
    vdr_command command = of->command;
    vdr_engine_renew(engine, of->content, arena, &command);
    bool needed = vdr_needed_record(engine->core, &command, of->position, of->tale);
    vdr_arena_reset(arena);
    return needed;
}

/* True: the whole batch is judged. */
static bool
judge_slice(vdr_erasure *erasure)
{
    vdr_sifted *batch;
    size_t count = vdr_sifter_batch(erasure->sifter, &batch);
    int64_t began_us = steady_us(erasure);
    for (; erasure->place < count; erasure->place++) {
        vdr_sifted *of = &batch[erasure->place];
        if (erasure->place % LOOK_EVERY == 0 && steady_us(erasure) - began_us > SLICE_US)
            return false;
        of->needed = !of->outrun && is_needed(erasure->engine, of, &erasure->engine->arena);
        if (!of->needed && !of->outrun)
            keep_messages(erasure, of->position, of->tale);
        if (!of->needed && of->carrier != 0)
            keep_messages(erasure, of->carrier, of->own);
    }
    return true;
}

static void
sift_slice(vdr_erasure *erasure)
{
    vdr_sifted *batch;
    if (vdr_sifter_batch(erasure->sifter, &batch) == 0) {
        erasure->step = VDR_ERASURE_FINISH;
        erasure->place = 0;
    } else if (judge_slice(erasure)) {
        erasure->place = 0;
        erasure->busy = true;
        vdr_sifter_go_on(erasure->sifter);
    }
}

/* What was kept at earlier runs, and is still unread and needed. */
static void
finish_slice(vdr_erasure *erasure)
{
    size_t end = erasure->place + KEPT_ITEMS, count = vdr_kept_count(erasure->kept);
    for (; erasure->place < count && erasure->place < end; erasure->place++) {
        vdr_position position;
        uint32_t offset, at = 0;
        vdr_effect effect;
        vdr_span bytes = vdr_kept_at(erasure->kept, erasure->place, &position, &offset);
        if (vdr_effect_next(bytes, &at, &effect) == VDR_OK && vdr_erasure_wanted(erasure, &effect))
            vdr_kept_add(erasure->keeping, position, offset, bytes);
    }
    if (erasure->place < count)
        return;
    erasure->busy = true;
    vdr_sifter_finish(erasure->sifter, erasure->keeping);
}

/* A tombstone's texts go with the step that tells it: the record needs copies. */
static bool
copy_left(vdr_arena *arena, vdr_command_left *left)
{
    if (!vdr_left_of_signal(left->kind))
        return true;
    left->id = vdr_arena_copy(arena, left->id);
    left->source = vdr_arena_copy(arena, left->source);
    left->type = vdr_arena_copy(arena, left->type);
    return left->id.at != NULL && left->source.at != NULL && left->type.at != NULL;
}

static void
prove_slice(vdr_erasure *erasure)
{
    static const vdr_body none = {.form = VDR_CONTENT_NONE};
    vdr_engine *engine = erasure->engine;
    vdr_command_left left[PROVE_ITEMS];
    uint32_t cursor = 0;
    uint64_t order;
    vdr_command proof = {.kind = VDR_COMMAND_ERASURE, .at = vdr_engine_own_time(engine), .left = left};
    if (vdr_engine_room(engine) == 0)
        return;
    vdr_arena_reset(&engine->arena);
    while (proof.left_count < PROVE_ITEMS &&
           vdr_left_next(engine->core, &cursor, erasure->through, &order, &left[proof.left_count]) &&
           copy_left(&engine->arena, &left[proof.left_count])) {
        proof.left_count++;
        proof.through = order;
    }
    bool over = proof.left_count < PROVE_ITEMS;
    if (over) {
        proof.generation = erasure->entry.generation;
        proof.keys_kept = erasure->counts.kept;
        proof.keys_dropped = erasure->counts.dropped;
    }
    vdr_engine_step(engine, &proof, &none, NULL);
    vdr_arena_reset(&engine->arena);
    erasure->proved = engine->next - 1;
    if (!over)
        return;
    erasure->step = VDR_ERASURE_WRITTEN;
}

/* A piece of the sifter's work is done: what comes next. */
static void
worked(vdr_erasure *erasure)
{
    vdr_vault_status status;
    switch (erasure->step) {
    case VDR_ERASURE_NOTE:
        erasure->lines.len = 0;
        break;
    case VDR_ERASURE_TURN:
        erasure->position =
            erasure->engine->next - 1; /* what is stepped from here on stands under the new key */
        erasure->step = VDR_ERASURE_IMAGE;
        erasure->wants_image = true;
        break;
    case VDR_ERASURE_SIFT:
        erasure->place = 0;
        break;
    case VDR_ERASURE_FINISH:
        vdr_kept_free(&erasure->kept);
        erasure->kept = erasure->keeping;
        erasure->keeping = NULL;
        if (erasure->resumes) { /* what was written since the turn, and left, stands under the new key */
            erasure->interrupted = false;
            rest(erasure);
            begin(erasure);
            break;
        }
        vdr_vault_status_get(erasure->engine->options.vault, &status);
        erasure->counts = vdr_sifter_counts_get(erasure->sifter);
        erasure->entry = (vdr_proof_entry){.line = VDR_PROOF_RUN,
                                           .generation = status.generation,
                                           .through = erasure->through,
                                           .kept = erasure->counts.kept,
                                           .dropped = erasure->counts.dropped};
        /* The line first: where it is missing after a crash the tombstones still wait, and the next run has one. */
        erasure->entry.at = vdr_clock_now(erasure->engine->options.clock);
        vdr_proof_write(&erasure->entry, &erasure->lines);
        erasure->step = VDR_ERASURE_PROVE;
        erasure->busy = true;
        vdr_sifter_note(erasure->sifter, vdr_bytes_span(&erasure->lines));
        break;
    case VDR_ERASURE_IDLE:
    case VDR_ERASURE_IMAGE:
    case VDR_ERASURE_PROVE:
    case VDR_ERASURE_WRITTEN:
        break;
    }
}

/* True: the sifter is not at work, and did not fail. */
static bool
is_free(vdr_erasure *erasure)
{
    vdr_err err;
    char words[VDR_SIFTER_WORDS];
    if (!erasure->busy)
        return true;
    if (!vdr_sifter_is_done(erasure->sifter, &err, words))
        return false;
    erasure->busy = false;
    if (erasure->ended.telling)
        vdr_erasure_ended_told(erasure, err, words);
    else if (err == VDR_OK)
        worked(erasure);
    else
        fail(erasure, err, words);
    return !erasure->busy;
}

void
vdr_erasure_turn(vdr_erasure *erasure)
{
    vdr_engine *engine = erasure->engine;
    if (erasure->sifter == NULL || !is_free(erasure) || engine->stopped)
        return;
    bool rests = erasure->step == VDR_ERASURE_IDLE || erasure->step == VDR_ERASURE_SIFT;
    if (rests && steady_us(erasure) >= erasure->retry_us && vdr_erasure_ended_tell(erasure)) {
        erasure->busy = true;
        return;
    }
    switch (erasure->step) {
    case VDR_ERASURE_IDLE:
        see_erased(erasure);
        if (is_due(erasure) && !vdr_jobs_has_erasure(engine) &&
            vdr_jobs_add_erasure(engine, (vdr_ticket){0}) != VDR_OK) /* too many jobs wait */
            erasure->retry_us = steady_us(erasure) + VDR_RETRY_MS * 1000;
        if (vdr_jobs_erasure_first(engine))
            begin(erasure);
        break;
    case VDR_ERASURE_NOTE:
        note_slice(erasure);
        break;
    case VDR_ERASURE_SIFT:
        sift_slice(erasure);
        break;
    case VDR_ERASURE_FINISH:
        finish_slice(erasure);
        break;
    case VDR_ERASURE_PROVE:
        prove_slice(erasure);
        break;
    case VDR_ERASURE_WRITTEN:
        if (engine->durable >= erasure->proved)
            succeed(erasure);
        break;
    case VDR_ERASURE_TURN:
    case VDR_ERASURE_IMAGE:
        break;
    }
}

bool
vdr_erasure_idle(const vdr_erasure *erasure)
{
    const vdr_engine *engine = erasure->engine;
    vdr_err err;
    char words[VDR_SIFTER_WORDS];
    if (erasure->sifter == NULL || engine->stopped)
        return true;
    if (erasure->busy)
        return !vdr_sifter_is_done(erasure->sifter, &err, words);
    switch (erasure->step) {
    case VDR_ERASURE_IDLE:
        return !vdr_jobs_erasure_first(engine);
    case VDR_ERASURE_NOTE:
        return engine->durable < erasure->position;
    case VDR_ERASURE_WRITTEN:
        return engine->durable < erasure->proved;
    case VDR_ERASURE_IMAGE:
        return true; /* the image has its own say */
    case VDR_ERASURE_PROVE:
        return vdr_engine_room(engine) == 0;
    case VDR_ERASURE_TURN:
    case VDR_ERASURE_SIFT:
    case VDR_ERASURE_FINISH:
        break;
    }
    return false;
}

bool
vdr_erasure_runs(const vdr_erasure *erasure)
{
    return erasure->step != VDR_ERASURE_IDLE;
}

/* ---- the image ---- */

bool
vdr_erasure_wants_image(const vdr_erasure *erasure)
{
    return erasure->wants_image;
}

void
vdr_erasure_image_began(vdr_erasure *erasure)
{
    erasure->has_image = erasure->wants_image;
    erasure->wants_image = false;
}

bool
vdr_erasure_alone(const vdr_erasure *erasure)
{
    return erasure->has_image;
}

void
vdr_erasure_imaged(vdr_erasure *erasure, vdr_err result, const char *words)
{
    if (!erasure->has_image)
        return;
    erasure->has_image = false;
    if (result != VDR_OK) {
        fail(erasure, result, words);
        return;
    }
    erasure->step = VDR_ERASURE_SIFT;
    erasure->keeping = vdr_kept_new();
    erasure->busy = true;
    vdr_sifter_begin(erasure->sifter, erasure->position);
}

/* ---- open and close ---- */

static void
remember(void *context, const vdr_proof_entry *entry)
{
    vdr_erasure *erasure = context;
    if (entry->line == VDR_PROOF_RUN) {
        erasure->last = *entry;
        erasure->runs++;
    } else if (entry->line == VDR_PROOF_BACKUP) {
        erasure->backup_generation = entry->generation;
    } else if (entry->line == VDR_PROOF_ENDED) {
        vdr_erasure_ended_note(&erasure->ended, entry->public_key.at);
    }
}

vdr_err
vdr_erasure_new(vdr_engine *engine, vdr_erasure **ret_erasure, char *ret_words)
{
    const vdr_engine_options *options = &engine->options;
    vdr_erasure *erasure = vdr_alloc(1, sizeof *erasure);
    erasure->engine = engine;
    erasure->erased_us = -1;
    vdr_err err = VDR_OK;
    if (options->vault != NULL) {
        vdr_vault_status status;
        vdr_vault_status_get(options->vault, &status);
        erasure->interrupted = status.turning;
        err = vdr_kept_open(vdr_vault_beside(options->vault), options->vault, &erasure->kept);
        if (err != VDR_OK)
            (void)vdr_engine_words(ret_words, err, "the messages that are kept apart (in keys/table): %s",
                                   vdr_err_text(err));
    }
    if (err == VDR_OK && options->vault != NULL) {
        vdr_log_stats stats;
        vdr_log_stats_get(options->log, &stats);
        err = vdr_proofs_begin(options->dir, options->escrow, stats.next - 1, vdr_clock_now(options->clock));
        if (err == VDR_OK)
            err = vdr_proofs_walk(options->dir, remember, erasure);
        if (err != VDR_OK)
            (void)vdr_engine_words(
                ret_words, err, VDR_PROOFS_NAME ": %s; put it and " VDR_PROOFS_LAST " back from the escrow",
                vdr_err_text(err));
    }
    if (err != VDR_OK) {
        vdr_erasure_free(&erasure);
        return err;
    }
    if (options->vault != NULL && engine->door != NULL) {
        vdr_sifter_places places = {
            .dir = options->dir, .escrow = options->escrow, .log = options->log, .vault = options->vault};
        erasure->sifter = vdr_sifter_new(&places, options->threads, engine->fd);
    }
    *ret_erasure = erasure;
    return VDR_OK;
}

void
vdr_erasure_free(vdr_erasure **erasure_p)
{
    vdr_erasure *erasure = *erasure_p;
    if (erasure == NULL)
        return;
    vdr_sifter_free(&erasure->sifter);
    vdr_kept_free(&erasure->kept);
    vdr_kept_free(&erasure->keeping);
    vdr_bytes_done(&erasure->lines);
    vdr_bytes_done(&erasure->ended.lines);
    free(erasure->ended.keys);
    free(erasure);
    *erasure_p = NULL;
}
