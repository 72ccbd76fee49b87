/* store/memory.h - the log and the checkpoint in memory, with faults on purpose: for tests and the simulator.
 *
 * A vdr_memory is a disk that outlives the handles on it. It holds what is durable; a crash takes what is
 * not, and every handle. It has no clock and no random of its own: the same calls give the same results.
 * Records and blocks are kept as the bytes that the LMDB backend writes, so checks and chains are real.
 *
 * Thread: as store/log.h and store/checkpoint.h for the handles; the calls here on the thread that writes.
 * Memory: grows with what is kept; freed by vdr_memory_free(). */
#ifndef VDR_STORE_MEMORY_H
#define VDR_STORE_MEMORY_H

#include "store/checkpoint.h"
#include "store/log.h"

typedef struct vdr_memory vdr_memory;

/* The log and the checkpoint commit, and fail, each on their own. A commit is an append, a cut or a
 * forgetting that changed something; a piece, a manifest or a falling back of the checkpoint. */
typedef enum vdr_memory_part {
    VDR_MEMORY_LOG,
    VDR_MEMORY_STATE,
} vdr_memory_part;

typedef enum vdr_memory_fault {
    VDR_MEMORY_NONE,
    VDR_MEMORY_FULL, /* STORE_FULL: nothing is written, the handle goes on */
    VDR_MEMORY_LOST, /* STORE_FAILED, and after a new opening it is not there */
    VDR_MEMORY_KEPT, /* STORE_FAILED, yet after a new opening it is there */
} vdr_memory_fault;

vdr_memory *vdr_memory_new(void);
void vdr_memory_free(vdr_memory **memory_p); /* NULL-safe; handles are closed before */

/* Lets that many commits of part pass and makes the one after them fail, once. NONE: no fault waits. */
void vdr_memory_fault_set(vdr_memory *memory, vdr_memory_part part, uint64_t passing, vdr_memory_fault fault);
uint64_t vdr_memory_commits(const vdr_memory *memory, vdr_memory_part part); /* that succeeded, ever */

/* What is durable goes up to before this position. */
vdr_position vdr_memory_end(vdr_memory *memory);

/* The volume has room for so many bytes of log; 0: no bound. Appends beyond it give STORE_FULL. */
void vdr_memory_capacity_set(vdr_memory *memory, uint64_t bytes);

/* Inverts the bits of mask in byte at of a stored record or of a block of the newest checkpoint. False:
 * there is no such byte. A second call undoes it. */
bool vdr_memory_rot_record(vdr_memory *memory, vdr_position position, size_t at, uint8_t mask);
bool vdr_memory_rot_block(vdr_memory *memory, vdr_block_id id, size_t at, uint8_t mask);

/* From now on the disk lies: what it says is durable is in its cache only, until it is told to write that down (lies:
 * false). A crash before that takes it: of the log every group appended and everything cut or forgotten meanwhile, and
 * where state lies too, every checkpoint. Not told twice in a row. */
void vdr_memory_lie(vdr_memory *memory, bool lies, bool state_too);

/* Puts into an empty disk what a copy of this one's log, or of its checkpoints, has: all that its handles were told of. */
void vdr_memory_copy_log(vdr_memory *from, vdr_memory *to);
void vdr_memory_copy_state(vdr_memory *from, vdr_memory *to);

/* The machine stops and starts: open handles give STORE_FAILED from now on and are good for closing only,
 * spans from them are dead; what was durable can be opened again. */
void vdr_memory_crash(vdr_memory *memory);

/* Open what is durable on memory; a new one is empty. STORE_BUSY: there is an open handle already.
 * STORE_CORRUPT: the last group fails its check. options: limit_bytes, reserve_bytes and vault as for LMDB; a vault
 * has files, also here. */
VDR_MUST_CHECK vdr_err vdr_log_open_memory(vdr_memory *memory, const vdr_log_options *options,
                                           vdr_log **ret_log);
VDR_MUST_CHECK vdr_err vdr_checkpoint_open_memory(vdr_memory *memory, vdr_vault *vault,
                                                  vdr_checkpoint **ret_checkpoint);

#endif
