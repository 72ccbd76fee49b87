/* broker/erasure/inside.h - what an erasure run is made of. broker/erasure/ only. */
#ifndef VDR_BROKER_ERASURE_INSIDE_H
#define VDR_BROKER_ERASURE_INSIDE_H

#include "broker/erasure/erasure.h"
#include "broker/erasure/kept.h"
#include "broker/erasure/proofs.h"
#include "broker/erasure/sifter.h"

typedef enum vdr_erasure_step {
    VDR_ERASURE_IDLE,
    VDR_ERASURE_NOTE,
    VDR_ERASURE_TURN,
    VDR_ERASURE_IMAGE,
    VDR_ERASURE_SIFT,
    VDR_ERASURE_FINISH,
    VDR_ERASURE_PROVE,
    VDR_ERASURE_WRITTEN /* the proofs are with the committer */
} vdr_erasure_step;

/* Keys of parties that ended (ended.c). */
typedef struct vdr_erasure_ended {
    uint8_t *keys; /* public keys that the file of proofs has, one behind the other */
    size_t count, room;
    bool looked;      /* all are told, as of: */
    uint64_t changes; /* vdr_key_changes */
    bool telling;     /* the sifter is at it */
    vdr_bytes lines;
} vdr_erasure_ended;

struct vdr_erasure {
    vdr_engine *engine;
    vdr_sifter *sifter; /* NULL: nothing is sealed, nothing can be erased for good */
    vdr_kept *kept;     /* NULL: the same */
    vdr_erasure_step step;
    bool busy;        /* the sifter is at work for this step */
    bool interrupted; /* a turn of the wrapping key is under way and nobody sees to it */

    /* of the run */
    bool resumes;          /* the turn was interrupted: it is finished, and proves nothing */
    uint64_t through;      /* tombstones up to this order are its own */
    vdr_position position; /* NOTE: what must be durable; later: the last record that is sifted */
    uint32_t cursor;       /* NOTE: the last tombstone written */
    bool noted;
    vdr_bytes lines;
    bool wants_image, has_image;
    vdr_kept *keeping;
    size_t place; /* in the batch, or among what was kept */
    vdr_sifter_counts counts;
    vdr_proof_entry entry;
    vdr_position proved; /* the last proof */

    int64_t erased_us; /* steady, when something erased was first seen waiting; -1: nothing is */
    int64_t retry_us;  /* steady: not before */
    uint64_t runs, failures;
    vdr_err failed; /* the last run */
    vdr_proof_entry last;
    vdr_erasure_ended ended;
    uint64_t backup_generation; /* of the last backup; 0: none is known */
};

/* ended.c. note: the file has it. tell, while the sifter rests: true where it was given work; told: it is done. */
void vdr_erasure_ended_note(vdr_erasure_ended *ended, const uint8_t *public_key);
bool vdr_erasure_ended_tell(vdr_erasure *erasure);
void vdr_erasure_ended_told(vdr_erasure *erasure, vdr_err err, const char *words);
/* A restored store: keys that the escrow says have ended end again. Steps records. */
VDR_MUST_CHECK vdr_err vdr_erasure_end_again(vdr_engine *engine, const char *escrow, char *ret_words);

const char *vdr_erasure_step_name(vdr_erasure_step step);
/* When the schedule asks for a run; VDR_MS_NONE: nothing waits. */
vdr_ms vdr_erasure_next(const vdr_erasure *erasure);
/* Is this message unread, and about what is still here? */
bool vdr_erasure_wanted(const vdr_erasure *erasure, const vdr_effect *message);

#endif
