/* broker/engine/checkpointer.h - writes images into the checkpoint store and copies of the store into backups,
 * beside the reactor.
 *
 * The reactor gives it an image block by block through a bounded ring (a block is copied in), then the
 * manifest; the outcome comes back. The first error drops the rest of that image: an older checkpoint and the
 * log stay good.
 *
 * Thread:  the functions are the reactor's; the checkpointer's own thread is inside. Without a thread the
 *          work is done in the calls. */
#ifndef VDR_BROKER_CHECKPOINTER_H
#define VDR_BROKER_CHECKPOINTER_H

#include "broker/engine/engine.h"

typedef struct vdr_checkpointer vdr_checkpointer;

typedef struct vdr_checkpoint_outcome {
    vdr_job_kind kind;
    vdr_err result;
    vdr_position position; /* of the checkpoint; of a backup: last record in its log */
    char words[VDR_ENGINE_WORDS_BYTES];
} vdr_checkpoint_outcome;

/* fd: an eventfd that is written when an outcome can be collected, or a full ring has room again. */
vdr_checkpointer *vdr_checkpointer_new(vdr_log *log, vdr_checkpoint *checkpoint, bool thread, int fd);
/* Finishes what it is at; an image without its manifest is abandoned. NULL-safe. */
void vdr_checkpointer_free(vdr_checkpointer **checkpointer_p);

/* How many of the calls below it takes now. */
size_t vdr_checkpointer_room(vdr_checkpointer *checkpointer);

/* An image: begin, put for each block, then commit (its position is durable in the log) or abandon. Commit
 * gives an outcome, abandon none. alone: the older ones are deleted, which is part of the outcome. */
void vdr_checkpointer_begin(vdr_checkpointer *checkpointer);
void vdr_checkpointer_put(vdr_checkpointer *checkpointer, const vdr_core_block *block);
void vdr_checkpointer_commit(vdr_checkpointer *checkpointer, vdr_position position, uint64_t blocks,
                             vdr_span head, bool alone);
void vdr_checkpointer_abandon(vdr_checkpointer *checkpointer);

/* A backup of the newest checkpoint and of the log; gives an outcome. */
void vdr_checkpointer_backup(vdr_checkpointer *checkpointer, const char *dir);

bool vdr_checkpointer_collect(vdr_checkpointer *checkpointer, vdr_checkpoint_outcome *ret_outcome);
/* Waits until everything given is worked off; for a clean stop. */
void vdr_checkpointer_wait(vdr_checkpointer *checkpointer);

#endif
