/* broker/door/canon.h - the canonical form of a JSON value, and the keyed digest of it: JSON-equal values have
 * equal digests (semantics section 3: the order of members and the spelling of strings are nothing; numbers
 * are equal as IEEE doubles).
 *
 * The form: a tag byte, then
 *   z f t     null, false, true
 *   n         the double as 8 bytes, little endian; minus zero is zero
 *   s         length (4 bytes, little endian) and UTF-8
 *   l         count and items
 *   o         count and members by the bytes of their names; a member is m, length and name, then its value
 * A reader is not needed: the lengths and counts make the form of no two values equal.
 *
 * Thread:  one at a time. Memory: none of its own. */
#ifndef VDR_DOOR_CANON_H
#define VDR_DOOR_CANON_H

#include "broker/door/json.h"
#include "broker/door/keyed_batch.h"

typedef struct vdr_canon {
    const vdr_keyed_key *key;
    vdr_keyed_batch *batch; /* that the text is in; NULL: it is hashed as it comes */
    vdr_keyed hash;
} vdr_canon;

/* batch: which hashes it at its end; NULL: none. */
void vdr_canon_begin(vdr_canon *canon, const vdr_keyed_key *key, vdr_keyed_batch *batch);
void vdr_canon_object(vdr_canon *canon, size_t count);
void vdr_canon_name(vdr_canon *canon, vdr_span name); /* of the member whose value comes next */
void vdr_canon_list(vdr_canon *canon, size_t count);
void vdr_canon_string(vdr_canon *canon, vdr_span text);
void vdr_canon_number(vdr_canon *canon, double number);
void vdr_canon_value(vdr_canon *canon, const vdr_json *value);
/* There at once, or when the batch ends. */
void vdr_canon_digest(vdr_canon *canon, vdr_key16 *ret_digest);

#endif
