/* store/checkpoint.h - the state at one log position, as numbered blocks, durable.
 *
 * A checkpoint is written block by block and becomes the newest one only when its manifest is committed,
 * in one transaction after or with the last of its blocks; a crash before that leaves the older one. A block
 * that did not change since the last checkpoint need not be written again: it is carried over. The newest
 * and the one before it are kept.
 *
 * With a vault blocks and head are sealed under the wrapping key of the present generation (store/vault.h). What
 * is carried over stays under the one that it was sealed under. So before a generation is destroyed a checkpoint
 * is written whole: when vdr_checkpoint_wants_all() says so every block is put, none carried over. It says so
 * also where the newest is not sealed yet, or by a release that did not press. What is sealed is pressed before.
 *
 * Thread:  one thread at a time uses a handle; backup may run on another one at the same time. A process
 *          has one handle on a store; another process gets STORE_BUSY.
 * Errors:  as store/log.h. After a failed put or drop abandon; a failed commit has abandoned by itself.
 *          The older checkpoint and the log stay good. After STORE_FAILED no more checkpoints can be
 *          written until the store is opened anew.
 * Memory:  spans given to a callback die when it returns. */
#ifndef VDR_STORE_CHECKPOINT_H
#define VDR_STORE_CHECKPOINT_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"
#include "store/fault.h"
#include "store/vault.h"

typedef struct vdr_checkpoint vdr_checkpoint;

#define VDR_BLOCK_BYTES_MAX (1u << 20)
#define VDR_BLOCK_BYTES_GOOD                                                                                 \
    65463u /* the largest that, sealed as it is, fills LMDB's pages: 16, nothing wasted */

/* What a manifest says. head is a small byte string (sizes and versions of the tables, counters,
 * the configuration's position) whose meaning the store does not know; at most VDR_BLOCK_BYTES_MAX. */
typedef struct vdr_checkpoint_manifest {
    vdr_position position; /* the state after this record */
    uint8_t chain[32];     /* hash of the log's chain there */
    uint64_t blocks;       /* how many it has, written or carried over */
    vdr_span head;
    uint32_t
        generation; /* the oldest of wrapping keys that it needs; 0: it is not sealed. Not looked at by commit */
    bool pressed; /* as what is sealed is since blocks are pressed. Not looked at by commit */
} vdr_checkpoint_manifest;

/* A block's name: table and number in it. */
typedef struct vdr_block_id {
    uint32_t table;
    uint32_t number;
} vdr_block_id;

/* What it was opened with; NULL: plain. Any thread. */
vdr_vault *vdr_checkpoint_vault(const vdr_checkpoint *checkpoint);
/* Must the next checkpoint be whole, every block put? Any thread. What it says before begin counts, if the
 * generation did not change between: then the checkpoint is good, but the next one must be whole again. */
bool vdr_checkpoint_wants_all(const vdr_checkpoint *checkpoint);
/* The oldest generation of wrapping keys that the newest checkpoint needs; 0: it is not sealed, or there is
 * none. Any thread. */
uint32_t vdr_checkpoint_generation(const vdr_checkpoint *checkpoint);

/* Begins a checkpoint. Only one at a time. SEALED: the newest is sealed and there is no vault. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_begin(vdr_checkpoint *checkpoint);
/* Adds or replaces a block; at most VDR_BLOCK_BYTES_MAX, may be empty. Committed in pieces of about 2 MiB,
 * so that no transaction grows large: such a call waits for the disk, the others do not. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_put(vdr_checkpoint *checkpoint, vdr_block_id id, vdr_span bytes);
/* Drops a block of the last checkpoint that the new one does not have. NOT_FOUND: it had none such. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_drop(vdr_checkpoint *checkpoint, vdr_block_id id);
/* Makes it the newest, durable. Blocks neither put nor dropped are carried over from the newest; with them
 * there are manifest->blocks, asserted; also that none that is not sealed and pressed is carried over into one that is. Then
 * removes what only checkpoints before the last two had. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_commit(vdr_checkpoint *checkpoint,
                                             const vdr_checkpoint_manifest *manifest);
void vdr_checkpoint_abandon(vdr_checkpoint *checkpoint);

/* The newest complete checkpoint. NOT_FOUND: there is none. head dies at the next call of this. ERASED: its key
 * is gone. SEALED: there is no vault; all but head is set. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_manifest_get(vdr_checkpoint *checkpoint,
                                                   vdr_checkpoint_manifest *ret_manifest);
/* Calls block for each of its blocks in order of (table, number), each checked against its checksum; in
 * the end also that none was missing or stale, so the result counts only when this returned OK. Stops at
 * the first error of the callback and returns it. The callback calls nothing of this handle. ERASED, SEALED. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_load(vdr_checkpoint *checkpoint,
                                           vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes),
                                           void *context);
/* As load, but only checks the checksums, and that no block is missing or stale: needs no vault. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_verify(vdr_checkpoint *checkpoint);
/* Forgets the newest, so that the one before it is the newest; for a start that finds the newest bad.
 * NOT_FOUND: there is none to forget. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_fall_back(vdr_checkpoint *checkpoint);

/* Removes all checkpoints but the newest, so that no key of theirs is needed any more. OK also if there is but one.
 * NOT_FOUND: there is none. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_forget_older(vdr_checkpoint *checkpoint);

/* From here on this handle reads the one before the newest, and writes nothing; nothing is forgotten. For who
 * wants to step as much of the log as can be. NOT_FOUND: there is no older one, nothing changed. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_look_back(vdr_checkpoint *checkpoint);

/* A second handle on the same open store, for another thread: it sees the newest checkpoint as it is now, whatever is
 * written meanwhile, and is good for manifest_get, load and look_back. Pages that it sees are not used again until it is
 * closed, which is before checkpoint is. Any thread. NOT_FOUND: there is none yet. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_look_open(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look);

/* The same at the older of the two, where there are two: it shows more of the log. *ret_look NULL: there is none yet. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_look_oldest(vdr_checkpoint *checkpoint, vdr_checkpoint **ret_look);

/* Checks everything that is kept, also of the one before the newest: pages, every row's checksum, that no block
 * is missing or stale; filled ret_fault unless it returns OK or CLOSING. Sees one moment, and keeps its pages
 * until it returns. Any thread, while another one uses the handle. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_proofread(vdr_checkpoint *checkpoint, vdr_store_progress_fn progress,
                                                void *context, vdr_store_fault *ret_fault);

/* As vdr_log_backup, to dir/state. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_backup(vdr_checkpoint *checkpoint, const char *dir);
uint64_t vdr_checkpoint_written_bytes(const vdr_checkpoint *checkpoint); /* since opening; any thread */
const char *vdr_checkpoint_reason(vdr_checkpoint *checkpoint);           /* as vdr_log_reason */
void vdr_checkpoint_close(vdr_checkpoint **checkpoint_p);

/* Opens the checkpoints in dir/state. vault: outlives the handle; NULL: plain, for tests and for tools without a
 * key. Errors and reterr as vdr_log_open_lmdb. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_open_lmdb(const char *dir, vdr_vault *vault, bool create,
                                                vdr_checkpoint **ret_checkpoint, char *reterr);

#endif
