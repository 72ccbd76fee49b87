/* clients/lib/outbox.h - items on disk until they are answered, so that no crash of the sender loses one.
 *
 * A file that only grows at its end: a head, then records, each padded to eight bytes. An item's record is
 * followed, some time later, by one that says it is done; when nothing is left to do the file is cut back to
 * its head, and when most of it is done the rest is written into a new file that takes its place. Numbers are
 * little-endian.
 *
 *   head    0  8  "VDROUTB1"
 *           8  8  key check: of the key that seals this file
 *   record  0  4  "VDRO"
 *           4  1  kind: 1 item, 2 done      5  3  zero
 *           8  4  bytes of the item         12 4  done: how many numbers
 *          16  8  number, the first
 *          24 24  nonce
 *          48  …  the item, sealed (XChaCha20-Poly1305, with the first 24 bytes as associated text), tag
 *
 * Items hold personal data, so they are sealed under a key that is made of the sender's secret key, and the
 * file has mode 0600. Only who has the key file can read it.
 *
 * Damage: a record that does not open is passed over up to the next one that does. At the end of the file it
 * is what a crash left of a write that nobody was told is done; elsewhere the bytes are counted as damaged.
 *
 * Thread:  the handle's. One process at a time (a lock on the file).
 * Errors:  IO: the file system; after it the outbox takes nothing more. STORE_BUSY, USAGE
 *          (sealed under another key), STORE_CORRUPT (no outbox) at open. BUSY: full.
 * Memory:  reading copies out. */
#ifndef VDR_LIB_OUTBOX_H
#define VDR_LIB_OUTBOX_H

#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/types.h"

typedef struct vdr_lib_outbox vdr_lib_outbox;

/* One item in the file. */
typedef struct vdr_lib_outbox_item {
    uint64_t number;
    uint64_t place;
    uint32_t bytes;
} vdr_lib_outbox_item;

#define VDR_LIB_OUTBOX_WORDS 256u

/* secret_key: the 32 bytes of the sender's secret key. ret_words: VDR_LIB_OUTBOX_WORDS, filled on failure. */
VDR_MUST_CHECK vdr_err vdr_lib_outbox_open(const char *path, const uint8_t secret_key[32], uint64_t bytes_max,
                                           vdr_lib_outbox **ret_outbox, char *ret_words);
void vdr_lib_outbox_close(vdr_lib_outbox **outbox_p); /* NULL-safe */

/* Items that were not done, in the order of their numbers, as found at open. Until the first add. */
size_t vdr_lib_outbox_found(const vdr_lib_outbox *outbox, const vdr_lib_outbox_item **ret_items);
uint64_t vdr_lib_outbox_damaged_bytes(const vdr_lib_outbox *outbox);
uint64_t vdr_lib_outbox_next_number(const vdr_lib_outbox *outbox); /* above all numbers in the file */

/* Adds items first, first + 1, … all or none, on stable storage when it returns. */
VDR_MUST_CHECK vdr_err vdr_lib_outbox_add(vdr_lib_outbox *outbox, uint64_t first, const vdr_span *items,
                                          size_t count, vdr_lib_outbox_item *ret_items);

/* Appends the item's bytes to out. STORE_CORRUPT: they changed on disk since. */
VDR_MUST_CHECK vdr_err vdr_lib_outbox_read(vdr_lib_outbox *outbox, const vdr_lib_outbox_item *item,
                                           vdr_bytes *out);

/* The item is answered. Not synced: after a crash it may be published once more, which is a duplicate. */
void vdr_lib_outbox_done(vdr_lib_outbox *outbox, const vdr_lib_outbox_item *item);
/* Writes what was done since the last call; may move the file's items: then moved is called for each that is
 * left, in the order of their numbers, with its new place. */
VDR_MUST_CHECK vdr_err vdr_lib_outbox_settle(vdr_lib_outbox *outbox,
                                             void (*moved)(void *context, const vdr_lib_outbox_item *item),
                                             void *context);

const char *vdr_lib_outbox_words(const vdr_lib_outbox *outbox); /* of the last failure */

#endif
