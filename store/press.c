#include "store/press.h"

#define EFFORT       1 /* of LZ4: the most; 3 saves a quarter microsecond a record and is a fifth larger */
#define BLOCK_EFFORT 4 /* of a checkpoint: 1 takes two fifths more time, and a thirtieth fewer bytes */

void
vdr_press_init(vdr_press *press)
{
    LZ4_stream_t *stream = LZ4_initStream(&press->stream, sizeof press->stream);
    VDR_ASSERT(stream != NULL);
}

void
vdr_press_begin(vdr_press *press)
{
    LZ4_resetStream_fast(&press->stream);
}

size_t
vdr_press_part(vdr_press *press, const uint8_t *bytes, size_t from, size_t to, uint8_t *ret_pressed)
{
    VDR_ASSERT(from <= to && to <= VDR_PRESS_BYTES_MAX);
    if (from == to)
        return 0;
    int len = LZ4_compress_fast_continue(&press->stream, (const char *)bytes + from, (char *)ret_pressed,
                                         (int)(to - from), (int)vdr_press_bytes_max(to - from), EFFORT);
    VDR_ASSERT(len > 0);
    return (size_t)len;
}

vdr_err
vdr_press_open(vdr_span pressed, uint8_t *bytes, size_t from, size_t to)
{
    if (from == to)
        return pressed.len == 0 ? VDR_OK : VDR_E_STORE_CORRUPT;
    if (to > VDR_PRESS_BYTES_MAX || pressed.len > vdr_press_bytes_max(to - from))
        return VDR_E_STORE_CORRUPT;
    int len = LZ4_decompress_safe_usingDict((const char *)pressed.at, (char *)bytes + from, (int)pressed.len,
                                            (int)(to - from), (const char *)bytes, (int)from);
    return len == (int)(to - from) ? VDR_OK : VDR_E_STORE_CORRUPT;
}

size_t
vdr_press_block(vdr_press *press, vdr_span bytes, uint8_t *ret_pressed, size_t most)
{
    VDR_ASSERT(bytes.len <= LZ4_MAX_INPUT_SIZE && most <= LZ4_MAX_INPUT_SIZE);
    if (bytes.len == 0 || most == 0)
        return 0;
    int len = LZ4_compress_fast_extState(&press->stream, (const char *)bytes.at, (char *)ret_pressed,
                                         (int)bytes.len, (int)most, BLOCK_EFFORT);
    return len > 0 ? (size_t)len : 0;
}

vdr_err
vdr_press_block_open(vdr_span pressed, uint8_t *ret_bytes, size_t most, size_t *ret_len)
{
    if (pressed.len > LZ4_MAX_INPUT_SIZE || most > LZ4_MAX_INPUT_SIZE)
        return VDR_E_STORE_CORRUPT;
    int len = LZ4_decompress_safe((const char *)pressed.at, (char *)ret_bytes, (int)pressed.len, (int)most);
    if (len < 0)
        return VDR_E_STORE_CORRUPT;
    *ret_len = (size_t)len;
    return VDR_OK;
}
