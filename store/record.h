/* store/record.h - one record of the log as bytes, and the hash chain over groups. Private to store/.
 *
 * Little-endian. Format 1 is written without a vault, format 3 with one. Format 2 is what the first releases wrote with
 * a vault. All are read always. Formats 1 and 2:
 *
 *     0  check        u64  XXH3 over the position and all that follows (store/check.h)
 *     8  tale_len     u32  as it reads, here and below; at most 16 MiB, so that byte 11 is 0 or 1
 *    12  version      u8   1 or 2
 *    13  flags        u8   1: the last of its group, a seal stands at the end; 2: it carries another record
 *    14  index        u16  place in its group, from 0
 *    16  key_id       u64  format 2: the record's position
 *    24  routing_len  u32
 *    28  content_len  u32
 *    32  with flag 2: the position of the record that it carries, u64; all below stands 8 further on
 *    32  format 1: routing, content, tale
 *        format 2: generation u32, salt 8, data key 32, wrapped (store/vault.h)
 *                  routing and content sealed, tag 16
 *                  tale sealed, tag 16; nothing at all where it is empty
 *        seal of the last: epoch u64, count u32, chain 32 bytes, told 32 bytes
 *
 * Both sealed parts of format 2 are bound to bytes 8 to 32 (with flag 2 to 40), so to each other's lengths and to the
 * position. Format 3:
 *
 *     0  check        u64  as above
 *     8  index        u16
 *    10  flags        u8   as above; 4: pressed (store/press.h)
 *    11  version      u8   3
 *    12  version      u8   again, where a release that knows formats 1 and 2 looks for it, and says store_version
 *    13  generation u32, salt 8 (store/vault.h)
 *    25  with flag 2: the position of the record that it carries, u64
 *    ..  numbers, lowest seven bits first, never longer than needed: routing_len, content_len; with flag 4 how long
 *        both together stand here; tale_len
 *    ..  sealed as one: routing and content, then tale; with flag 4 these are the two parts that are pressed
 *    ..  tag 16, seal of the last as above
 *
 * It is bound to everything from byte 8 to where what is sealed begins, and by its data key to its position. So it takes
 * some 45 bytes and, pressed, half of what it says.
 *
 * Two chains run over the groups, both BLAKE2b of 32 bytes and zero before the first:
 *
 *   chain  over what was commanded: the chain before, first position, bytes 12 (format 3: 8) to the end of content
 *          of each record without tale_len, epoch, count. Equal on every node that has the same bytes.
 *   told   over what was told because of it: the told before, of each record tale_len, tale and what follows
 *          it but the seal, the new chain. A property of this node: another release may word its tales differently.
 *
 * Both are over the bytes as they stand, sealed or not: no key is needed to check them, and they stay true when
 * a key is gone.
 *
 * Thread: any; an object is used by one thread. */
#ifndef VDR_STORE_RECORD_H
#define VDR_STORE_RECORD_H

#include "proto/assert.h"
#include "proto/err.h"
#include "store/log.h"
#include "store/vault.h"

#include <sodium.h>

#define VDR_CHAIN_BYTES       32u
#define VDR_RECORD_PLAIN      1u
#define VDR_RECORD_HALVES     2u /* of the first releases */
#define VDR_RECORD_SEALED     3u
#define VDR_RECORD_HEAD_BYTES 32u
#define VDR_RECORD_SEAL_BYTES (8u + 4u + 2u * VDR_CHAIN_BYTES)

/* The two chains after some group. */
typedef struct vdr_heads {
    uint8_t chain[VDR_CHAIN_BYTES];
    uint8_t told[VDR_CHAIN_BYTES];
} vdr_heads;

/* What a sealed record takes more than a plain one, at most. */
#define VDR_RECORD_MORE_BYTES (VDR_VAULT_ENVELOPE_BYTES + VDR_VAULT_TAG_BYTES + 16u)

/* A record as read. The spans point into the bytes it was read from. */
typedef struct vdr_record {
    vdr_log_record body; /* sealed: its lengths only, every at is NULL */
    vdr_vault_key key;   /* generation 0: not sealed */
    vdr_span bound;
    vdr_span commanded, told; /* sealed: as they stand, with the tags that are theirs; told may be empty */
    uint8_t version;
    bool pressed;
    size_t bytes; /* that it takes, whole */
    uint16_t index;
    bool last; /* of its group; then the members below are set */
    uint64_t epoch;
    uint32_t count;
    vdr_heads heads;
} vdr_record;

/* STORE_CORRUPT: the bytes are not a whole record of this position. STORE_VERSION: a later format. */
VDR_MUST_CHECK vdr_err vdr_record_read(vdr_position position, vdr_span bytes, vdr_record *ret_record);

/* Room that a sealed record is opened into; grows, and is wiped when done. */
typedef struct vdr_record_room {
    uint8_t *bytes;
    size_t max;
} vdr_record_room;
/* What stands in the record; sealed: in room. vault may be NULL. SEALED: there is no vault to open it with.
 * ERASED, STORE_CORRUPT. */
VDR_MUST_CHECK vdr_err vdr_record_open(const vdr_record *record, const vdr_vault *vault,
                                       vdr_record_room *room, vdr_log_record *ret_record);
void vdr_record_room_done(vdr_record_room *room);

typedef struct vdr_group_room vdr_group_room; /* where records are pressed */

/* A group while it is written or walked. Lives on the stack: libsodium wants it aligned to 64 bytes. */
typedef struct vdr_group {
    crypto_generichash_state chain;
    crypto_generichash_state told;
    vdr_vault *vault; /* NULL: plain, or only walked */
    bool unchained;   /* set after begin: the chains stay zero (log.h) */
    vdr_position first;
    uint64_t epoch;
    uint32_t count, index; /* records of the group; done so far */
    vdr_heads heads;       /* before the group; after its last record: with it */
    vdr_group_room *room;  /* NULL: plain, or only walked */
} vdr_group;

/* With a vault the group is sealed, and vdr_group_end must be called, whether it was written whole or not. */
void vdr_group_begin(vdr_group *group, const vdr_heads *before, vdr_position first, uint64_t epoch,
                     size_t count, vdr_vault *vault);
void vdr_group_end(vdr_group *group);
/* Bytes that the next record takes. */
size_t vdr_group_record_bytes(vdr_group *group, const vdr_log_record *record);
/* Writes the next record to ret_bytes, which has room for that many: the one that was asked for last. */
void vdr_group_write(vdr_group *group, const vdr_log_record *record, uint8_t *ret_bytes);

/* A walk along the log that checks everything: records, their order, groups, both chains, epochs. */
typedef struct vdr_walk {
    vdr_group group;
    vdr_position next;    /* the record it wants */
    bool inside;          /* a group has begun and is not finished */
    vdr_position carries; /* of the record last taken */
} vdr_walk;

/* first is the first position of a group, with the heads and the epoch before it. */
void vdr_walk_begin(vdr_walk *walk, const vdr_heads *before, uint64_t epoch, vdr_position first);
/* Takes the record at walk->next. STORE_CORRUPT, STORE_VERSION: it does not fit. */
VDR_MUST_CHECK vdr_err vdr_walk_take(vdr_walk *walk, vdr_span bytes);

#endif
