/* store/checkpoint_lmdb.h - the checkpoint on LMDB, as its files share it. Private to store/checkpoint_lmdb*.c.
 *
 * A checkpoint is a generation, counted from 1. Tables of the environment DIR/state, keys big-endian:
 *
 *   meta      "format"  store/env.c
 *   manifest  generation u64 -> version u32, position u64, chain 32 bytes, blocks u64, sum u64, head;
 *             version 2: before head the generation u32 of wrapping keys (checkpoint.h), and head is sealed
 *             version 3: the same, and each block says in its last byte, sealed too, whether it is pressed
 *   block     table u32, number u32, generation u64 -> version u32, bytes; no value at all: dropped then
 *
 * Every value stands behind its checksum. A block belongs to a checkpoint if its generation is the highest
 * one of its name that is not above the checkpoint's, and it is not dropped there: so a block that did
 * not change is carried over by doing nothing. sum adds up the checksums of all blocks of a checkpoint,
 * so that one that is missing, or an older one in its place, is found. */
#ifndef VDR_STORE_CHECKPOINT_LMDB_H
#define VDR_STORE_CHECKPOINT_LMDB_H

#include "store/env.h"
#include "store/ops.h"

#include <stdatomic.h>

enum {
    VDR_TABLE_STATE_META,
    VDR_TABLE_MANIFEST,
    VDR_TABLE_BLOCK,
};

/* Of one transaction of a checkpoint: what the disk, and a processor without a pause, is busy with at once, and a group of
 * the log waits for. */
#define VDR_PIECE_BYTES (UINT64_C(512) << 10)
#define VDR_SWEEP_BYTES (UINT64_C(32) << 20) /* removed by one transaction, which writes little */
#define VDR_PIECE_MORE  (UINT64_C(4) << 20)  /* what pages, keys and a last block come to besides */

typedef struct vdr_checkpoint_lmdb {
    vdr_checkpoint checkpoint;
    vdr_env env;
    uint64_t newest, before; /* complete generations; 0: none */
    MDB_txn *txn;            /* the piece at work; NULL: none */
    uint64_t piece_bytes;
    uint64_t blocks, sum; /* of the generation being written */
    uint64_t fresh;       /* blocks of it that were put */
    _Atomic uint64_t written_bytes;
} vdr_checkpoint_lmdb;

/* The numbers of the two newest complete checkpoints; 0: none. */
VDR_MUST_CHECK vdr_err vdr_manifest_newest(const vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn,
                                           uint64_t ret_found[2]);
/* Copies the head into the handle. */
void vdr_manifest_keep(vdr_checkpoint *base, vdr_checkpoint_manifest *manifest);
/* As vdr_checkpoint_load, of the checkpoint generation. */
VDR_MUST_CHECK vdr_err vdr_blocks_load(vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn, uint64_t generation,
                                       vdr_err (*block)(void *context, vdr_block_id id, vdr_span bytes),
                                       void *context);

/* checkpoint_lmdb_look.c */
VDR_MUST_CHECK vdr_err vdr_checkpoint_lmdb_look(vdr_checkpoint *base, vdr_checkpoint **ret_look);

/* A row of the table block. */
typedef struct vdr_block_row {
    vdr_block_id id;
    uint64_t generation;
    bool dropped;
    MDB_val key, value;
} vdr_block_row;

/* checkpoint_lmdb.c: the manifest of a generation; head dies with txn. NOT_FOUND: of generation 0. */
VDR_MUST_CHECK vdr_err vdr_checkpoint_lmdb_manifest(vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn,
                                                    uint64_t generation,
                                                    vdr_checkpoint_manifest *ret_manifest, uint64_t *ret_sum);

/* checkpoint_lmdb_verify.c */
vdr_err vdr_checkpoint_lmdb_verify(vdr_checkpoint *checkpoint, vdr_store_progress_fn progress, void *context,
                                   vdr_store_fault *ret_fault);

/* checkpoint_lmdb_rows.c. The row of id in the checkpoint generation; NOT_FOUND: it has none, and none that says dropped. */
VDR_MUST_CHECK vdr_err vdr_block_find(vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn, vdr_block_id id,
                                      uint64_t generation, vdr_block_row *ret_row);
/* Checks a row's bytes. */
VDR_MUST_CHECK vdr_err vdr_block_read(const vdr_block_row *row, vdr_span *ret_bytes, uint64_t *ret_check);
/* Writes a row; bytes.at NULL: dropped. */
VDR_MUST_CHECK vdr_err vdr_block_write(vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn, vdr_block_id id,
                                       uint64_t generation, vdr_span bytes, uint64_t *ret_check);
/* Calls each for the row of every block of the checkpoint generation, in order of name. */
VDR_MUST_CHECK vdr_err vdr_block_walk(vdr_checkpoint_lmdb *checkpoint, MDB_txn *txn, uint64_t generation,
                                      vdr_err (*each)(void *context, const vdr_block_row *row),
                                      void *context);
/* Removes the rows that neither the newest checkpoint nor the one before it has, in pieces. */
VDR_MUST_CHECK vdr_err vdr_block_sweep(vdr_checkpoint_lmdb *checkpoint);
/* The check that stands at the beginning of a row, unread. */
uint64_t vdr_block_check(const vdr_block_row *row);

#endif
