/* A backup was restored in place of a lost store: whom the escrow's proofs name as erased, and which keys as ended, does not come
 * back with it (protocol.md 7.15, 7.16). */
#include "broker/core/view.h"
#include "broker/erasure/proofs.h"
#include "tests/sim/audit_inside.h"
#include "tests/sim/broker.h"
#include "tests/sim/keys.h"

#include <stdio.h>
#include <stdlib.h>

#define ERASED_MAX 256u

static uint64_t erased[ERASED_MAX]; /* households */
static size_t erased_count;
static bool waits;
static unsigned times;

static void
note(void *context, const vdr_proof_entry *entry)
{
    (void)context;
    if (entry->line == VDR_PROOF_LEFT && entry->left.kind == VDR_LEFT_HOUSEHOLD &&
        entry->left.reason == VDR_LEFT_BY_ERASURE && erased_count < ERASED_MAX)
        erased[erased_count++] = entry->left.number;
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

/* Numbers are given again, after the first time, to households of which those proofs do not speak. */
void
sim_audit_restored_look(void)
{
    const vdr_engine *engine = sim_broker_engine();
    if (!waits || engine == NULL)
        return;
    waits = false;
    for (size_t i = 0; i < erased_count && times == 1; i++) {
        vdr_at at;
        vdr_household_view view;
        if (vdr_view_household(vdr_engine_core(engine), (vdr_household_id){erased[i]}, &at, &view))
            sim_violation("7.16", "H%llu was erased, and is back with a backup",
                          (unsigned long long)erased[i]);
    }
}
