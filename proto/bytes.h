/* proto/bytes.h - bytes that grow at the end; owned, freed by vdr_bytes_done(). One thread at a time. */
#ifndef VDR_PROTO_BYTES_H
#define VDR_PROTO_BYTES_H

#include "proto/types.h"

typedef struct vdr_bytes {
    uint8_t *at;
    size_t len;
    size_t size;
} vdr_bytes;

void vdr_bytes_done(vdr_bytes *bytes); /* frees; may be used again */

/* Room for more bytes at the end, which the caller fills: the place of the first. len grows by more. */
uint8_t *vdr_bytes_extend(vdr_bytes *bytes, size_t more);

static inline void
vdr_bytes_add(vdr_bytes *bytes, vdr_span more)
{
    if (more.len != 0)
        memcpy(vdr_bytes_extend(bytes, more.len), more.at, more.len);
}

static inline vdr_span
vdr_bytes_span(const vdr_bytes *bytes)
{
    return (vdr_span){.at = bytes->at, .len = bytes->len};
}

#endif
