/* What is told of erasure runs, and what outlived its record. */
#include "broker/core/left.h"
#include "broker/erasure/inside.h"
#include "broker/engine/inside.h"

static const char *const step_names[] = {
    [VDR_ERASURE_IDLE] = "idle",        [VDR_ERASURE_NOTE] = "note",    [VDR_ERASURE_TURN] = "turn",
    [VDR_ERASURE_IMAGE] = "checkpoint", [VDR_ERASURE_SIFT] = "sift",    [VDR_ERASURE_FINISH] = "finish",
    [VDR_ERASURE_PROVE] = "prove",      [VDR_ERASURE_WRITTEN] = "prove"};

const char *
vdr_erasure_step_name(vdr_erasure_step step)
{
    return step_names[step];
}

void
vdr_engine_erasure_get(const vdr_engine *engine, vdr_engine_erasure *ret_erasure)
{
    const vdr_erasure *erasure = engine->erasure;
    *ret_erasure = (vdr_engine_erasure){.sealed = erasure->sifter != NULL, .step = "idle"};
    if (erasure->sifter == NULL)
        return;
    vdr_vault_status vault;
    uint32_t erased;
    vdr_vault_status_get(engine->options.vault, &vault);
    vdr_sifter_counts counts = vdr_sifter_counts_get(erasure->sifter);
    bool sifting = erasure->step == VDR_ERASURE_SIFT;
    ret_erasure->step = step_names[erasure->step];
    ret_erasure->at = sifting ? counts.at : 0;
    ret_erasure->of = sifting ? erasure->position : 0;
    ret_erasure->waiting = vdr_left_waiting(engine->core, &erased);
    ret_erasure->erased = erased;
    ret_erasure->kept_messages = vdr_kept_count(erasure->kept);
    ret_erasure->generation = vault.generation;
    ret_erasure->keys = vault.table_keys;
    ret_erasure->runs = erasure->runs;
    ret_erasure->last = erasure->runs != 0 ? erasure->last.at : VDR_MS_NONE;
    ret_erasure->next = vdr_erasure_next(erasure);
    ret_erasure->last_kept = erasure->last.kept;
    ret_erasure->last_dropped = erasure->last.dropped;
    ret_erasure->backup_generation = erasure->backup_generation;
    ret_erasure->failures = erasure->failures;
    ret_erasure->failed = erasure->failed;
    ret_erasure->escrow = vault.escrow;
    ret_erasure->carried = engine->carried;
}

bool
vdr_engine_kept(const vdr_engine *engine, vdr_position position, uint32_t offset, vdr_span *ret_effect)
{
    const vdr_kept *kept = engine->erasure->kept;
    return kept != NULL && vdr_kept_find(kept, position, offset, ret_effect);
}

/* From the line on, the backup is known also after a restart; should the line fail, it is known until then. */
void
vdr_erasure_backed_up(vdr_erasure *erasure, vdr_position position)
{
    vdr_engine *engine = erasure->engine;
    if (erasure->sifter == NULL)
        return;
    vdr_vault_status vault;
    vdr_bytes line = {0};
    vdr_vault_status_get(engine->options.vault, &vault);
    const vdr_proof_entry entry = {.line = VDR_PROOF_BACKUP,
                                   .at = vdr_core_now(engine->core),
                                   .generation = vault.generation,
                                   .position = position};
    vdr_proof_write(&entry, &line);
    vdr_err err = vdr_proofs_append(engine->options.dir, vdr_bytes_span(&line));
    if (err != VDR_OK)
        vdr_engine_say(engine, VDR_NOTICE_WARNING, "the backup is not noted in " VDR_PROOFS_NAME ": %s",
                       vdr_err_text(err));
    vdr_bytes_done(&line);
    erasure->backup_generation = vault.generation;
}
