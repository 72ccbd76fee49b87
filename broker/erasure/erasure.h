/* broker/erasure/erasure.h - the erasure run: what left the state cannot be opened again, anywhere.
 *
 * Between runs what left is only out of the state; its records and older checkpoints still hold it, sealed. A run
 * destroys the wrapping key that they stand under, after what is still needed was put under a new one. Its steps,
 * in this order; each is durable before the next, and a crash at any of them only means that the run is begun again,
 * as the vault says that a turn is under way:
 *
 *   note    what left is written to the files of proofs, in the store and in the escrow (proofs.h)
 *   turn    a new wrapping key; records that are appended later stand under it
 *   image   a whole checkpoint of a record after that; then the older ones are deleted
 *   sift    every record of before the turn is read: those that the state still needs (broker/core/needed.h) go
 *           into the new key table; of the others, messages that nobody has read and that are about what is still
 *           here are kept apart (kept.h)
 *   finish  kept messages and table are durable, the old wrapping key is destroyed, here and in the escrow
 *   prove   the run's own line is written, and ERASURE records tell what left (broker/core/left.h)
 *
 * A turn that was interrupted is brought to its finish and proves nothing, since records that were written after it, and have left
 * meanwhile, stand under the key that took over; a turn of its own follows at once.
 *
 * So between note and finish the files name what still can be opened, and never the other way round. What leaves
 * while a run is on is left to the next one, unless its records are judged after it left: then its key is gone
 * before its proof is written.
 *
 * When: as soon as something was erased (what is asked within a second goes together), when the oldest tombstone
 * is as old as the schedule says (erasure: {every: 7d} in node.yaml), when a turn was interrupted, and when an
 * operator asks. A run that fails is told, and tried again after 30 s.
 *
 * The reactor does no more than a slice of work in a turn. A backup waits for a run, and a run for a backup.
 *
 * Thread: the engine's. */
#ifndef VDR_BROKER_ERASURE_H
#define VDR_BROKER_ERASURE_H

#include "broker/engine/engine.h"

typedef struct vdr_erasure vdr_erasure;

/* After the core is there and before anything else is stepped. STORE_CORRUPT, …: what is kept cannot be read;
 * ret_words has VDR_ENGINE_WORDS_BYTES. */
VDR_MUST_CHECK vdr_err vdr_erasure_new(vdr_engine *engine, vdr_erasure **ret_erasure, char *ret_words);
void vdr_erasure_free(vdr_erasure **erasure_p); /* NULL-safe */

/* A store that was restored from a backup: what the escrow says left since then leaves again. Steps records; before
 * anybody is listened to. */
VDR_MUST_CHECK vdr_err vdr_erasure_again(vdr_erasure *erasure, char *ret_words);

void vdr_erasure_turn(vdr_erasure *erasure);             /* a slice, or the next step */
bool vdr_erasure_idle(const vdr_erasure *erasure);       /* nothing to push in a next turn */
int64_t vdr_erasure_wait_ms(const vdr_erasure *erasure); /* until a run is due; -1: not by time */
bool vdr_erasure_wants_image(const vdr_erasure *erasure);
void vdr_erasure_image_began(vdr_erasure *erasure);
void vdr_erasure_imaged(vdr_erasure *erasure, vdr_err result,
                        const char *words);         /* one that was complete, or failed */
bool vdr_erasure_alone(const vdr_erasure *erasure); /* the image in progress is to be the only checkpoint */
bool vdr_erasure_runs(const vdr_erasure *erasure);
void vdr_erasure_backed_up(vdr_erasure *erasure, vdr_position position);

#endif
