/* broker/trail/logboek_id.h - the ids of the processing log: made from a secret and from where in the log something
 * stands, so that the same log gives the same rows.
 *
 * A trace and an operation are named by a keyed hash (BLAKE2b). A subject is a person's pseudonym, encrypted anew for
 * each row: XChaCha20-Poly1305 under a key of its own, whose nonce is a keyed hash of the row's place and the person. So
 * two rows of one person have nothing in common for who has not the secret, and who has it opens both; and a nonce
 * that comes again, in a log that went another way since a backup, encrypts the same.
 *
 * Thread:  any; the keys are read only. Memory: plain values; wipe the keys with vdr_logboek_keys_done. */
#ifndef VDR_BROKER_LOGBOEK_ID_H
#define VDR_BROKER_LOGBOEK_ID_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"

#define VDR_LOGBOEK_TRACE_DIGITS     32u
#define VDR_LOGBOEK_OPERATION_DIGITS 16u
#define VDR_LOGBOEK_SUBJECT_DIGITS   112u /* nonce 24, pseudonym 16 and tag 16 bytes */

typedef struct vdr_logboek_keys {
    uint8_t ids[32], subjects[32];
} vdr_logboek_keys;

/* Where a row comes from: the record, which of the things that it did (0: the record itself), which subject of that. */
typedef struct vdr_logboek_place {
    vdr_position position;
    uint32_t part, subject;
} vdr_logboek_place;

/* secret: VDR_SECRET_BYTES bytes. */
void vdr_logboek_keys_init(vdr_logboek_keys *keys, const uint8_t *secret);
void vdr_logboek_keys_done(vdr_logboek_keys *keys);
/* In locked pages, wiped when freed. */
vdr_logboek_keys *vdr_logboek_keys_new(const uint8_t *secret);
vdr_logboek_keys *vdr_logboek_keys_copy(const vdr_logboek_keys *keys);
void vdr_logboek_keys_free(vdr_logboek_keys **keys_p); /* NULL-safe */

/* Hexadecimal digits and a NUL. */
void vdr_logboek_trace_id(const vdr_logboek_keys *keys, vdr_position position,
                          char ret_id[VDR_LOGBOEK_TRACE_DIGITS + 1]);
void vdr_logboek_operation_id(const vdr_logboek_keys *keys, const vdr_logboek_place *place,
                              char ret_id[VDR_LOGBOEK_OPERATION_DIGITS + 1]);
void vdr_logboek_subject_id(const vdr_logboek_keys *keys, const vdr_logboek_place *place,
                            const vdr_key16 *person, char ret_id[VDR_LOGBOEK_SUBJECT_DIGITS + 1]);
/* BAD_CONFIG: not an id, or not made with these keys. */
VDR_MUST_CHECK vdr_err vdr_logboek_subject_open(const vdr_logboek_keys *keys, vdr_span id,
                                                vdr_key16 *ret_person);

#endif
