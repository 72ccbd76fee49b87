#include "proto/bytes.h"

#include "proto/assert.h"

#include <stdlib.h>

void
vdr_bytes_done(vdr_bytes *bytes)
{
    free(bytes->at);
    *bytes = (vdr_bytes){0};
}

uint8_t *
vdr_bytes_extend(vdr_bytes *bytes, size_t more)
{
    VDR_ASSERT(more <= SIZE_MAX / 4 && bytes->len <= SIZE_MAX / 4);
    if (bytes->size - bytes->len < more) {
        size_t size = bytes->size < 256 ? 256 : bytes->size;
        while (size < bytes->len + more)
            size *= 2;
        bytes->at = vdr_realloc(bytes->at, 1, size);
        bytes->size = size;
    }
    uint8_t *at = bytes->at + bytes->len;
    bytes->len += more;
    return at;
}
