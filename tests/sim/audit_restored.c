/* A backup was restored in place of a lost store: whom the escrow's proofs name as erased, and which keys as ended, does not come
 * back with it (protocol.md 7.15, 7.16). */
#include "broker/core/view.h"
#include "broker/erasure/proofs.h"
#include "tests/sim/audit_inside.h"
#include "tests/sim/broker.h"
#include "tests/sim/keys.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define ERASED_MAX 256u

static struct {
    vdr_position position;
    uint64_t hash;    /* of its id, the lower half */
} erased[ERASED_MAX]; /* signals */
static size_t erased_count;
static bool waits;
static unsigned times;

static void
note(void *context, const vdr_proof_entry *entry)
{
    (void)context;
    if (entry->line != VDR_PROOF_LEFT || entry->left.kind != VDR_LEFT_SIGNAL ||
        entry->left.reason != VDR_LEFT_BY_ERASURE || erased_count == ERASED_MAX)
        return;
    erased[erased_count].position = entry->left.number;
    erased[erased_count++].hash = entry->left.hash;
}

static char *
read_all(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = vdr_alloc((size_t)1 << 20, 1);
    size_t len = file != NULL ? fread(text, 1, ((size_t)1 << 20) - 1, file) : 0;
    text[len] = '\0';
    if (file != NULL)
        (void)fclose(file);
    return text;
}

void
sim_audit_restored(const sim_town *town, vdr_position next)
{
    char escrow[256], path[300];
    (void)snprintf(escrow, sizeof escrow, "%s/escrow", town->dir);
    (void)snprintf(path, sizeof path, "%s/" VDR_PROOFS_NAME, escrow);
    char *proofs = read_all(path);
    sim_keys_restored(proofs);
    free(proofs);
    erased_count = 0;
    if (vdr_proofs_walk(escrow, note, NULL) != VDR_OK)
        sim_violation("7.16", "the proofs in the escrow are not what was written");
    waits = true;
    times++;
    sim_audit_settled(next, true);
}

static bool
is_there(const vdr_core *core, vdr_position position, uint64_t hash)
{
    vdr_at at[16];
    vdr_signal_view view;
    size_t count = vdr_view_signals_hashed(core, hash, at, sizeof at / sizeof at[0]);
    bool there = false;
    for (size_t i = 0; i < count && !there; i++) {
        vdr_view_signal_at(core, at[i], &view);
        there = view.position == position;
    }
    return there;
}

/* Positions are given again, after the first time, to signals of which those proofs do not speak. */
void
sim_audit_restored_look(void)
{
    const vdr_engine *engine = sim_broker_engine();
    if (!waits || engine == NULL)
        return;
    waits = false;
    for (size_t i = 0; i < erased_count && times == 1; i++) {
        sim_deeds[SIM_ERASED_LOOKED_AT]++;
        if (is_there(vdr_engine_core(engine), erased[i].position, erased[i].hash))
            sim_violation("7.16", "the signal of record %llu was erased, and is back with a backup",
                          (unsigned long long)erased[i].position);
    }
}
