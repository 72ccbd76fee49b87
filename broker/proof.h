/* broker/proof.h - what a configuration must pass before it may be proposed: the door's checks, lint, and the rule
 * tests that are sent with it.
 *
 * Thread:  any; pure. It takes as long as the tests do, some milliseconds each.
 * Errors:  BAD_CONFIG: the problems tell, with file, line and column; NO_MEMORY.
 * Memory:  problems live in the proof until vdr_proof_done. */
#ifndef VDR_BROKER_PROOF_H
#define VDR_BROKER_PROOF_H

#include "broker/door/config_read.h"
#include "proto/wire.h"

#define VDR_PROOF_PROBLEMS_MAX 100u

typedef struct vdr_proof {
    vdr_arena arena;
    vdr_wire_problem at[VDR_PROOF_PROBLEMS_MAX];
    size_t count, more;
    size_t tests; /* that were played */
} vdr_proof;

void vdr_proof_init(vdr_proof *proof);
void vdr_proof_done(vdr_proof *proof);

/* allowed: findings of lint that may stand. now: for absences that are over. */
VDR_MUST_CHECK vdr_err vdr_proof_run(vdr_proof *proof, const vdr_config_texts *texts,
                                     const vdr_wire_file *tests, size_t test_count, const vdr_span *allowed,
                                     size_t allowed_count, vdr_ms now);

#endif
