/* store/check.h - the checksum of a stored row: XXH3 over its bytes and its key, so that bytes that rotted
 * and a row that stands under another row's key are both found. It guards against disks and software,
 * not against people: for those there is the hash chain (store/record.h). Any thread. */
#ifndef VDR_STORE_CHECK_H
#define VDR_STORE_CHECK_H

#include "proto/types.h"

#include <xxhash.h>

#define VDR_CHECK_BYTES 8u /* stands little-endian at the beginning of a row and covers what follows */

static inline uint64_t
vdr_check_of(vdr_span key, vdr_span bytes)
{
    uint64_t of_key = XXH3_64bits(key.at, key.len);
    return XXH3_64bits(bytes.at, bytes.len) ^ (of_key << 1 | of_key >> 63);
}

#endif
