/* store/press.h - the parts of a record in fewer bytes. Private to store/.
 *
 * A record says many things twice: its routing and its tale name what its content names. What stood before in the same
 * record is told by how far back it stands. Nothing is taken from another record: each opens alone, and goes alone
 * when its key does.
 *
 * Form: tokens until the part is whole. A token is a byte, n << 4 | m: n bytes follow as they are, then m + 4 bytes as
 * they stand d bytes back (they may reach into themselves); d follows the n bytes. n and m of 15 mean 15 and a number
 * more: n's follows the token, m's follows d. Numbers have the lowest seven bits first. A token that makes the part
 * whole with its n bytes has m 0, and no d.
 *
 * Thread: any; an object is used by one thread. */
#ifndef VDR_STORE_PRESS_H
#define VDR_STORE_PRESS_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"

#define VDR_PRESS_BYTES_MAX 16384u /* of all parts together */
#define VDR_PRESS_SLACK     16u /* bytes behind what is read and written that may be read and overwritten */
#define VDR_PRESS_SLOT_BITS 10

/* Where four bytes last stood, by what they are; 0 where they did not yet: the first are as good a guess as any. */
typedef struct vdr_press {
    uint16_t seen[1u << VDR_PRESS_SLOT_BITS];
} vdr_press;

/* So many bytes a part of len becomes at most. */
static inline size_t
vdr_press_bytes_max(size_t len)
{
    return len + len / 16 + 16;
}

void vdr_press_begin(vdr_press *press);
/* Presses bytes[from, to), the part that follows what was pressed since begin; returns how many they are. Both have
 * room for VDR_PRESS_SLACK more. */
size_t vdr_press_part(vdr_press *press, const uint8_t *bytes, size_t from, size_t to, uint8_t *ret_pressed);

/* Makes bytes[from, to) again, given all before. STORE_CORRUPT: that is not what was pressed. */
VDR_MUST_CHECK vdr_err vdr_press_open(vdr_span pressed, uint8_t *bytes, size_t from, size_t to);

#endif
