/* store/keytable.h - the data keys that outlived a turn of the wrapping key, as one file that never changes.
 * Private to store/vault*.c.
 *
 * Layout of FOLDER/table, little-endian, entries in order of position:
 *
 *     0  check      u64  XXH3 of bytes 8 to 96
 *     8  version    u32  1
 *    12  generation u32  of the wrapping key
 *    16  count      u64
 *    24  id         16   of the vault
 *    40  salt       8
 *    48  sum        u64  XXH3 of all that follows the head
 *    56  beside     u64  bytes behind the entries: what whoever uses the vault keeps beside its keys, sealed
 *    64  proof      32   keyed BLAKE2b over all that follows the head, then bytes 8 to 64: nobody without the key
 *                        takes an entry out unseen
 *    96  entries: position u64, data key wrapped (vault.h) 32, check u64: XXH3 of the two before
 *    ..  what is kept beside them
 *
 * The whole file is checked when it is opened, each entry again when it is used.
 *
 * Thread:  an opened table on any; a writer on one. Errors: NOT_FOUND, STORE_CORRUPT, STORE_VERSION, IO,
 *          STORE_FULL. */
#ifndef VDR_STORE_KEYTABLE_H
#define VDR_STORE_KEYTABLE_H

#include "store/vault.h"
#include "store/wrap.h"

#define VDR_KEYTABLE_HEAD_BYTES  96u
#define VDR_KEYTABLE_ENTRY_BYTES (8u + VDR_VAULT_KEY_BYTES + 8u)
#define VDR_KEYTABLE_NAME        "table"

typedef struct vdr_keytable vdr_keytable;

/* Opens FOLDER/table. prove: the key of its proof for the generation that it is of, 32 bytes; NULL: the proof is
 * not looked at. */
typedef const uint8_t *(*vdr_keytable_prove)(void *context, uint32_t generation);
VDR_MUST_CHECK vdr_err vdr_keytable_open(const char *folder, vdr_keytable_prove prove, void *context,
                                         vdr_keytable **ret_table);
void vdr_keytable_close(vdr_keytable **table_p); /* NULL-safe */

uint32_t vdr_keytable_generation(const vdr_keytable *table);
uint64_t vdr_keytable_count(const vdr_keytable *table);
const uint8_t *vdr_keytable_id(const vdr_keytable *table);   /* VDR_WRAP_ID_BYTES */
const uint8_t *vdr_keytable_salt(const vdr_keytable *table); /* VDR_VAULT_SALT_BYTES */
VDR_MUST_CHECK vdr_err vdr_keytable_find(const vdr_keytable *table, vdr_position position,
                                         uint8_t ret_wrapped[VDR_VAULT_KEY_BYTES]);

vdr_span vdr_keytable_beside(const vdr_keytable *table); /* of the table, as long as it is open */

/* Writes "table.new"; end syncs it and puts it into its place. */
typedef struct vdr_keytable_writer vdr_keytable_writer;
VDR_MUST_CHECK vdr_err vdr_keytable_write_begin(const char *folder, uint32_t generation, const uint8_t *id,
                                                const uint8_t *salt, const uint8_t *prove,
                                                vdr_keytable_writer **ret_writer);
VDR_MUST_CHECK vdr_err vdr_keytable_write_add(vdr_keytable_writer *writer, vdr_position position,
                                              const uint8_t wrapped[VDR_VAULT_KEY_BYTES]);
/* What is kept beside the keys; once, after the last of them. */
VDR_MUST_CHECK vdr_err vdr_keytable_write_beside(vdr_keytable_writer *writer, vdr_span bytes);
VDR_MUST_CHECK vdr_err vdr_keytable_write_end(vdr_keytable_writer **writer_p); /* gone in any case */
void vdr_keytable_write_abandon(vdr_keytable_writer **writer_p);               /* NULL-safe */

/* FOLDER/table as a copy TO/table, which must not be there yet. STORE_BUSY: it is. */
VDR_MUST_CHECK vdr_err vdr_keytable_copy(const char *folder, const char *to);

#endif
