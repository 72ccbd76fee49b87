/* store/press.h - the parts of a record, and blocks of a checkpoint, in fewer bytes. Private to store/.
 *
 * A record says many things twice: its routing and its tale name what its content names. What stood before in the same
 * record is told by where it stood. Nothing is taken from another record: each opens alone, and goes alone when its key
 * does.
 *
 * Form: a block of LZ4 for each part (github.com/lz4/lz4, doc/lz4_Block_format.md), which may refer to the parts
 * before it in the same record; nothing at all for an empty part. A block of a checkpoint is one such block.
 *
 * Thread: any; an object is used by one thread. */
#ifndef VDR_STORE_PRESS_H
#define VDR_STORE_PRESS_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"

#include <lz4.h>

#define VDR_PRESS_BYTES_MAX 16384u /* of all parts together */

typedef struct vdr_press {
    LZ4_stream_t stream;
} vdr_press;

/* So many bytes a part of len becomes at most. */
static inline size_t
vdr_press_bytes_max(size_t len)
{
    return LZ4_COMPRESSBOUND(len);
}

/* Before the first record. */
void vdr_press_init(vdr_press *press);
/* Before each record. */
void vdr_press_begin(vdr_press *press);
/* Presses bytes[from, to), the part that follows what was pressed since begin, which still stands in front of it.
 * Returns how many they are; ret_pressed has room for vdr_press_bytes_max(to - from). */
size_t vdr_press_part(vdr_press *press, const uint8_t *bytes, size_t from, size_t to, uint8_t *ret_pressed);

/* Makes bytes[from, to) again, given all before. STORE_CORRUPT: that is not what was pressed. */
VDR_MUST_CHECK vdr_err vdr_press_open(vdr_span pressed, uint8_t *bytes, size_t from, size_t to);

/* Presses a block that stands alone. 0: that would be more than most bytes, and ret_pressed, which has room for so many,
 * has nothing. */
size_t vdr_press_block(vdr_press *press, vdr_span bytes, uint8_t *ret_pressed, size_t most);
/* Opens it: at most most bytes. STORE_CORRUPT: that is not what was pressed, or it is more. */
VDR_MUST_CHECK vdr_err vdr_press_block_open(vdr_span pressed, uint8_t *ret_bytes, size_t most,
                                            size_t *ret_len);

#endif
