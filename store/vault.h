/* store/vault.h - the keys of a store: what seals its records and checkpoints, and how a key is made to be gone.
 *
 * Keys, from the outside in:
 *
 *   tenant key    32 bytes of the operator's, in a file that is never part of the store or of a backup
 *   wrapping key  random, of a generation that counts from 1; in DIR/keys/wrap, sealed under the tenant key
 *   data key      one for each record; follows from the wrapping key, the record's position and its group's salt, or
 *                 stands wrapped in DIR/keys/table
 *
 * What a record says is sealed under its data key. A block of a checkpoint is sealed under the wrapping key of its
 * generation.
 *
 * Turning destroys: a wrapping key g+1 is made and seals what is new; what shall stay readable of before is
 * put under g+1 too (a whole checkpoint, and for records the key table); then g is destroyed. What was sealed
 * under g and not carried over can never be opened again, in the log or in any copy of it. The order of a
 * turn, each step durable before the next, and each may be done again after a crash:
 *
 *   1  vdr_vault_turn_begin      wrap holds g and g+1; every append that begins later is sealed under g+1
 *   2  a whole checkpoint of a record that was stepped after 1; vdr_checkpoint_forget_older
 *   3  vdr_vault_table_begin, _add for each record that is still needed and older than 1, in order
 *   4  vdr_vault_turn_finish     table durable and in place, escrow and wrap hold g+1 only, g is overwritten
 *
 * A turn that was begun cannot be taken back, as records are sealed under g+1 already: after a crash status
 * says turning, and the whole order is gone through again from 1, which then makes no new key.
 *
 * Ciphers (libsodium). Records: ChaCha20-Poly1305 (IETF) under the data key, with a nonce that says which part of
 * the record it is, which is enough as a data key seals one record once. A data key is XChaCha20's stream under a
 * subkey of the wrapping key; nonce: salt || position. The salt is drawn anew for each group that is appended, so that
 * no key comes twice, not even where a group did not become durable, or a restored store goes on beside its original.
 * Who has a data key learns nothing of another, or of the wrapping key. In the key table, and in records of the first
 * releases, a data key stands wrapped: by XOR with such a stream. (So one that follows is one of which zeros stand
 * there.) The wrapping has no tag of its own: a changed key opens nothing, as what is sealed has tags, and checksum and
 * chain cover it. Blocks, and the file wrap: XChaCha20-Poly1305 with a random nonce. Associated data binds each to its
 * place.
 *
 * Files: wrap is replaced whole (written aside, synced, renamed, folder synced), then the replaced one is
 * overwritten, synced and unlinked. On media that write elsewhere than asked (flash, snapshots) overwriting
 * destroys less than it says; there what protects is that wrap is sealed: give the store another tenant key
 * from time to time and destroy the old one. With escrow a copy of wrap is kept in another folder, written
 * before the store's own is.
 *
 * Thread:  a turn and its table are one thread's; sealing is of the thread that appends; the rest, also another
 *          tenant key, on any thread, also while a turn is finished. Closing when nobody uses it.
 * Errors:  NOT_FOUND no wrap there; WRONG_KEY another tenant key sealed it, or it is not of this store's time;
 *          ERASED the store is a copy of before a turn; STORE_CORRUPT, STORE_VERSION,
 *          STORE_BUSY another process has it; IO, STORE_FULL: nothing changed, or the change will be completed
 *          by the next try or opening.
 * Memory:  keys lie in locked pages (sodium_malloc) that core dumps leave out, and are wiped. */
#ifndef VDR_STORE_VAULT_H
#define VDR_STORE_VAULT_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"

typedef struct vdr_vault vdr_vault;

#define VDR_VAULT_KEY_BYTES   32u
#define VDR_VAULT_SALT_BYTES  8u
#define VDR_VAULT_WORDS_BYTES 256u

/* ---- Open ---- */

typedef struct vdr_vault_options {
    const uint8_t *key; /* the tenant key; copied */
    /* the one that shall replace it; NULL: none. Tried second, and wrap is resealed under it; where that fails
     * the vault opens all the same, and status says that it is not in force */
    const uint8_t *key_next;
    const char *escrow; /* folder for the copy of wrap; NULL: none */
    const char *wrap;   /* a file that is read instead of DIR/keys/wrap, and nothing is written; NULL */
    bool create;        /* make keys where there are none; otherwise NOT_FOUND */
} vdr_vault_options;

/* Is there DIR/keys/wrap? */
bool vdr_vault_exists(const char *dir);

/* Opens DIR/keys, completes what a crash interrupted, brings the escrow up to date. A failing escrow does not
 * fail it: see status. reterr (VDR_VAULT_WORDS_BYTES, may be NULL) gets words for people, "" if all is well. */
VDR_MUST_CHECK vdr_err vdr_vault_open(const char *dir, const vdr_vault_options *options,
                                      vdr_vault **ret_vault, char *reterr);
void vdr_vault_close(vdr_vault **vault_p); /* NULL-safe; log and checkpoint that use it are closed before */

typedef struct vdr_vault_status {
    uint32_t generation; /* of the wrapping key that seals what is new */
    bool turning;        /* the one before is still held: a turn is under way, or was interrupted */
    uint32_t oldest;     /* of those held: generation, or while turning the one before */
    uint64_t table_keys; /* data keys in the key table */
    bool next_in_force;  /* sealed under key_next: it is the tenant key now */
    vdr_err escrow;      /* of the last writing there; OK also without one */
} vdr_vault_status;
void vdr_vault_status_get(const vdr_vault *vault, vdr_vault_status *ret_status); /* any thread */

/* Seals wrap, and its escrow, under another tenant key. OK also where it is under it already. */
VDR_MUST_CHECK vdr_err vdr_vault_rekey(vdr_vault *vault, const uint8_t *key, char *reterr);

/* ---- Turn ---- */

/* What leads to a record's data key: taken with vdr_log_read_key. */
typedef struct vdr_vault_key {
    vdr_position position;
    uint32_t generation; /* of the wrapping key; 0: the record is not sealed */
    uint8_t salt[VDR_VAULT_SALT_BYTES];
    uint8_t wrapped[VDR_VAULT_KEY_BYTES]; /* of a record of the first releases; else zero */
} vdr_vault_key;

/* Step 1. OK also where a turn is under way: it is taken up. Waits for the sealing of a group, not its sync. */
VDR_MUST_CHECK vdr_err vdr_vault_turn_begin(vdr_vault *vault);

typedef struct vdr_vault_table vdr_vault_table;
/* Step 3, while turning. Contents are not opened. Positions ascend. add passes over records that are not sealed
 * or sealed under the new wrapping key: they need no entry. ERASED: the key is gone already, nothing was added. */
VDR_MUST_CHECK vdr_err vdr_vault_table_begin(vdr_vault *vault, vdr_vault_table **ret_table);
VDR_MUST_CHECK vdr_err vdr_vault_table_add(vdr_vault_table *table, const vdr_vault_key *key);
/* What shall stand beside the keys and goes with them: blocks sealed by vdr_vault_seal_block. After the last add. */
VDR_MUST_CHECK vdr_err vdr_vault_table_beside(vdr_vault_table *table, vdr_span bytes);
void vdr_vault_table_abandon(vdr_vault_table **table_p); /* NULL-safe */
/* Step 4; ends the table in any case. After an error begin again at 3. The caller has seen to it that every
 * checkpoint kept is of the new generation (vdr_checkpoint_generation). */
VDR_MUST_CHECK vdr_err vdr_vault_turn_finish(vdr_vault *vault, vdr_vault_table **table_p);

/* What stands beside the keys in the table that is in its place; none: empty. Good until a turn is finished. */
vdr_span vdr_vault_beside(const vdr_vault *vault);

/* ---- Copies ---- */

/* Copies the key table, if there is one, to dir/keys/table, which must not be there yet; wrap is never copied.
 * BUSY: a turn was finished since status told oldest, before log and state were copied: they do not fit. */
VDR_MUST_CHECK vdr_err vdr_vault_backup(vdr_vault *vault, const char *dir, uint32_t oldest);
/* The same of a store that nobody runs on, without its key. */
VDR_MUST_CHECK vdr_err vdr_vault_copy(const char *from, const char *dir);

/* Puts a copy of a file wrap into dir/keys, made if missing. STORE_BUSY: there is one. */
VDR_MUST_CHECK vdr_err vdr_vault_place(const char *wrap_file, const char *dir);

/* Checks what can be checked without a key, for a store that nobody runs on: checksums of wrap and table.
 * NOT_FOUND: there is no wrap (a backup has none); the table was checked all the same. reterr as above. */
VDR_MUST_CHECK vdr_err vdr_vault_check(const char *dir, char *reterr);

/* ---- Seal and open: for store/record.c and store/checkpoint.c ---- */

#define VDR_VAULT_ENVELOPE_BYTES (4u + VDR_VAULT_SALT_BYTES) /* before a sealed record: generation, salt */
#define VDR_VAULT_TAG_BYTES      16u                         /* after a sealed part */
#define VDR_VAULT_BLOCK_BYTES    (4u + 24u + 16u)            /* by which a sealed block is longer */

/* The two halves are of records of the first releases. */
typedef enum vdr_vault_part {
    VDR_VAULT_COMMANDED = 0,
    VDR_VAULT_TOLD = 1,
    VDR_VAULT_WHOLE = 2,
} vdr_vault_part;

/* A group: begin, then for each record record and its parts, then end. Sealing is in place. Begin keeps a turn
 * from beginning or finishing until end. */
void vdr_vault_group_begin(vdr_vault *vault);
void vdr_vault_group_end(vdr_vault *vault);
/* Makes the data key of a record and writes its envelope. */
void vdr_vault_record(vdr_vault *vault, vdr_position position, uint8_t *ret_envelope);
void vdr_vault_seal_part(vdr_vault *vault, vdr_vault_part part, vdr_span bound, uint8_t *bytes, size_t len,
                         uint8_t *ret_tag);

void vdr_vault_key_read(vdr_position position, const uint8_t *envelope, vdr_vault_key *ret_key);
/* The data key, VDR_VAULT_KEY_BYTES, to be wiped. ERASED: it is gone. STORE_CORRUPT: of a generation that this
 * vault has not come to. */
VDR_MUST_CHECK vdr_err vdr_vault_unwrap(const vdr_vault *vault, const vdr_vault_key *key, uint8_t *ret_key);
/* Opens a part into ret_bytes, as long as bytes without its tag. STORE_CORRUPT. */
VDR_MUST_CHECK vdr_err vdr_vault_open_part(const uint8_t *key, vdr_vault_part part, vdr_span bound,
                                           vdr_span bytes, uint8_t *ret_bytes);

/* Seals a block, ret_bytes is VDR_VAULT_BLOCK_BYTES longer; gives the generation. bytes may lie anywhere but there. */
uint32_t vdr_vault_seal_block(const vdr_vault *vault, vdr_span bound, vdr_span bytes, uint8_t *ret_bytes);
/* ret_bytes is that much shorter. ERASED, STORE_CORRUPT. */
VDR_MUST_CHECK vdr_err vdr_vault_open_block(const vdr_vault *vault, vdr_span bound, vdr_span bytes,
                                            uint8_t *ret_bytes);

#endif
