/* broker/desk/proof.h - what a configuration must pass before it may be proposed: the door's checks, lint, and the rule
 * tests that come with it; in a thread of its own, since tests take as long as they take.
 *
 * Thread:  the reactor's, but for vdr_proof_run, which is pure and any.
 * Errors:  BAD_CONFIG: faults or words tell; TESTS_FAILED: the tests alone, words tell; NO_MEMORY: it is too much for one proof.
 * Memory:  a proof has copies of what it was made from. */
#ifndef VDR_BROKER_PROOF_H
#define VDR_BROKER_PROOF_H

#include "broker/door/config_read.h"
#include "broker/history/rows.h"
#include "broker/study/judge.h"
#include "proto/wire.h"

typedef struct vdr_proof {
    uint64_t errand, session; /* who waits for it */
    bool look;                /* LINT: everything that is found is told, and nothing comes of it */
    bool reload;              /* of the broker's own directory: it is proposed, whatever node.yaml says now */
    vdr_config_texts texts;
    const vdr_judge_test *tests;
    size_t test_count;
    const vdr_span *allowed;
    size_t allowed_count;
    vdr_span reason;
    vdr_ms now; /* absences that are over by then are no matter */
    vdr_arena arena;

    /* what was found */
    vdr_err err;
    vdr_config_faults faults; /* of the files */
    vdr_bytes words;          /* of lint and tests, as a compiler tells them */
    vdr_judgement judgement;

    /* the same of a look (proof_look.c) */
    vdr_arena told;
    vdr_rows rows;               /* of kind problem */
    const vdr_wire_file *spoken; /* "nl/RULE" and "en/RULE": each rule in sentences, as Markdown */
    size_t spoken_count;
} vdr_proof;

/* Of the files of a PROPOSE. NULL: town.yaml, catalogue.yaml or rules.yaml is missing, or it is too much. */
vdr_proof *vdr_proof_new(const vdr_wire_admin *admin, vdr_ms now);
/* Of a directory whose texts were read, with the rule tests of its folder tests. NULL: one of them cannot be read,
 * as ret_words (256 bytes) says, or it is too much. */
vdr_proof *vdr_proof_of_directory(const char *dir, const vdr_config_texts *texts, vdr_ms now,
                                  char *ret_words);
/* Of the files of a LINT: those of the configuration that are missing are in_force. NULL: it is too much. */
vdr_proof *vdr_proof_new_look(const vdr_wire_admin *admin, const vdr_span in_force[VDR_CONFIG_FILES],
                              vdr_ms now);
void vdr_proof_run(vdr_proof *proof);
void vdr_proof_free(vdr_proof **proof_p); /* NULL-safe */

/* For proof.c: what a look finds, and says. */
void vdr_proof_look_begin(vdr_proof *proof);
void vdr_proof_look_fault(vdr_proof *proof, const vdr_config_fault *fault);
void vdr_proof_look_found(void *proof, const vdr_judge_finding *finding);
void vdr_proof_look_end(vdr_proof *proof, const vdr_config *config); /* NULL: it cannot be read */

typedef struct vdr_prover vdr_prover;

vdr_prover *vdr_prover_new(int wake_fd); /* starts its thread; the fd is made readable when a proof is done */
void vdr_prover_free(vdr_prover **prover_p); /* NULL-safe; waits for the proof in hand */
/* Takes the proof over. False: another one is in hand. */
VDR_MUST_CHECK bool vdr_prover_begin(vdr_prover *prover, vdr_proof *proof);
/* A proof that is done, now the caller's; NULL: none. */
vdr_proof *vdr_prover_collect(vdr_prover *prover);

#endif
