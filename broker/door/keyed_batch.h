/* broker/door/keyed_batch.h - many hashes of broker/door/keyed.h at once: four side by side where the processor has
 * registers for it (AVX2), which takes little longer than one.
 *
 * A text is opened, put together and closed; its hash is there after vdr_keyed_batch_end(). What comes out is the same
 * on every machine.
 *
 * Thread: one at a time. Memory: keys and places for hashes are the caller's until the end. Errors: none.
 * Secrets: texts name persons; the end wipes them. */
#ifndef VDR_DOOR_KEYED_BATCH_H
#define VDR_DOOR_KEYED_BATCH_H

#include "broker/door/keyed.h"
#include "proto/assert.h"

#include <stdbool.h>

#define VDR_KEYED_JOBS       64u /* texts of one batch: when there are more, those before are hashed */
#define VDR_KEYED_ROOM_BYTES (16u * 1024) /* of all texts */
#define VDR_KEYED_TEXT_BYTES (2u * 1024)  /* of one text, for which there is always room */

typedef struct vdr_keyed_job {
    const vdr_keyed_key *key;
    size_t at, len; /* in the batch's bytes; padded with zeros to whole blocks */
    vdr_key16 *ret_hash;
} vdr_keyed_job;

typedef struct vdr_keyed_batch {
    vdr_keyed_job jobs[VDR_KEYED_JOBS];
    size_t count;
    size_t open, used; /* where the open text begins; where it ends */
    size_t dirty;      /* what is to be wiped */
    uint8_t bytes[VDR_KEYED_ROOM_BYTES];
} vdr_keyed_batch;

void vdr_keyed_batch_begin(vdr_keyed_batch *batch); /* once: after an end it is as new */

/* A text of at least one byte. False: it is longer than a batch takes. */
void vdr_keyed_batch_open(vdr_keyed_batch *batch);
VDR_MUST_CHECK bool vdr_keyed_batch_put(vdr_keyed_batch *batch, const void *bytes, size_t len);
void vdr_keyed_batch_close(vdr_keyed_batch *batch, const vdr_keyed_key *key, vdr_key16 *ret_hash);
/* Instead of close: what was put so far, until the next open or end. */
vdr_span vdr_keyed_batch_drop(vdr_keyed_batch *batch);

void vdr_keyed_batch_end(vdr_keyed_batch *batch);

#endif
