/* A store that was restored from a backup: what left since then leaves again, before anybody is served. */
#include "broker/core/left.h"
#include "broker/erasure/inside.h"
#include "broker/engine/inside.h"

#include <stdlib.h>

#define ITEMS_MAX 1000u /* of one record */

/* What the escrow's file names that this state has not come to. */
typedef struct vdr_again {
    vdr_engine *engine;
    uint64_t newest;  /* order of the state */
    uint64_t highest; /* of the file */
    vdr_arena arena;
    vdr_command_left left[ITEMS_MAX];
    size_t count, total;
} vdr_again;

static void
step(vdr_again *again, uint64_t through)
{
    static const vdr_body none = {.form = VDR_CONTENT_NONE};
    vdr_command command = {.kind = VDR_COMMAND_ERASURE,
                           .at = vdr_engine_own_time(again->engine),
                           .left = again->left,
                           .left_count = again->count,
                           .through = through};
    vdr_engine_step(again->engine, &command, &none, NULL);
    again->total += again->count;
    again->count = 0;
    vdr_arena_reset(&again->arena);
}

/* What left by its term will do so again by itself. */
static void
take(void *context, const vdr_proof_entry *entry)
{
    vdr_again *again = context;
    if (entry->line != VDR_PROOF_LEFT || entry->order <= again->newest)
        return;
    if (entry->order > again->highest)
        again->highest = entry->order;
    if (entry->left.reason != VDR_LEFT_BY_ERASURE)
        return;
    if (again->count == ITEMS_MAX) {
        step(again, 0);
        (void)vdr_engine_close_group(again->engine, VDR_COMMITTER_DEPTH - 1);
    }
    vdr_command_left left = entry->left;
    if (vdr_left_of_signal(left.kind)) {
        left.source = vdr_arena_copy(&again->arena, left.source);
        left.type = vdr_arena_copy(&again->arena, left.type);
    }
    again->left[again->count++] = left;
}

vdr_err
vdr_erasure_again(vdr_erasure *erasure, char *ret_words)
{
    vdr_engine *engine = erasure->engine;
    vdr_vault_status vault;
    const char *escrow = engine->options.escrow;
    if (erasure->sifter == NULL || escrow == NULL)
        return VDR_OK;
    vdr_vault_status_get(engine->options.vault, &vault);
    if (vault.escrow == VDR_E_STORE_BUSY)
        return VDR_OK; /* it is another store's: the start has said so */
    vdr_again *again = vdr_alloc(1, sizeof *again);
    again->engine = engine;
    again->newest = vdr_left_newest(engine->core);
    vdr_arena_init(&again->arena, (size_t)ITEMS_MAX * 2048);
    vdr_err err = vdr_proofs_walk(escrow, take, again);
    if (err != VDR_OK) {
        (void)vdr_engine_words(ret_words, err, "%s/" VDR_PROOFS_NAME ": %s", escrow, vdr_err_text(err));
    } else if (again->highest > again->newest) {
        /* The last one says up to where: after a crash before it all of it is done again. */
        step(again, again->highest);
        err = vdr_engine_settle(engine);
        if (err == VDR_OK)
            vdr_engine_say(
                engine, VDR_NOTICE_WARNING,
                "this store is older than what the escrow knows of erasures: %zu that were erased since "
                "have left again",
                again->total);
        else
            (void)vdr_engine_words(ret_words, err, "erasing again: %s", vdr_err_text(err));
    }
    vdr_arena_done(&again->arena);
    free(again);
    return err == VDR_OK ? vdr_erasure_end_again(engine, escrow, ret_words) : err;
}
