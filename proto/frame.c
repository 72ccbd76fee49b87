#include "proto/frame.h"

typedef struct row {
    const char *name;
    bool client;
    bool broker;
} row;

static const row rows[] = {[0] = {"unknown", false, false},
#define X(sym, number, name, client, broker) [number] = {name, client, broker},
                           VDR_FRAME_TABLE(X)
#undef X
};

static const row *
find(vdr_frame_type type)
{
    return (unsigned)type <= VDR_FRAME_TYPE_MAX ? &rows[type] : &rows[0];
}

static uint32_t
read_32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

static void
write_32(uint8_t *at, uint32_t value)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

/* CRC-16/IBM-3740: polynomial 0x1021, begins with 0xffff, not reflected. A byte at a time without a table: the
 * polynomial has few terms, so what eight steps add is the upper byte, folded, in three places. */
static uint16_t
crc16(uint16_t crc, const uint8_t *at, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned upper = (unsigned)(crc >> 8) ^ at[i];
        upper ^= upper >> 4;
        crc = (uint16_t)((unsigned)crc << 8 ^ upper << 12 ^ upper << 5 ^ upper);
    }
    return crc;
}

/* Over all of the head but the check itself. */
static uint16_t
head_check(const uint8_t head[VDR_FRAME_HEAD])
{
    return crc16(crc16(0xffff, head, 6), head + 8, 8);
}

vdr_err
vdr_frame_parse(vdr_span bytes, size_t bytes_max, vdr_frame *ret_frame)
{
    const uint8_t *head = bytes.at;

    if (bytes.len > bytes_max)
        return VDR_E_TOO_BIG;
    if (bytes.len < VDR_FRAME_HEAD || memcmp(head, "VDR", 3) != 0)
        return VDR_E_BAD_FRAME;
    if (head[3] != VDR_FRAME_VERSION)
        return VDR_E_BAD_VERSION;
    uint16_t check = (uint16_t)(head[6] | head[7] << 8);
    if (check != head_check(head) || head[4] == 0 || head[4] > VDR_FRAME_TYPE_MAX || head[5] != 0 ||
        read_32(head + 8) != bytes.len - VDR_FRAME_HEAD)
        return VDR_E_BAD_FRAME;
    *ret_frame = (vdr_frame){
        .type = (vdr_frame_type)head[4],
        .sequence = read_32(head + 12),
        .body = {.at = head + VDR_FRAME_HEAD, .len = bytes.len - VDR_FRAME_HEAD},
    };
    return VDR_OK;
}

void
vdr_frame_head_write(vdr_frame_type type, uint32_t sequence, uint32_t body_bytes,
                     uint8_t ret_head[VDR_FRAME_HEAD])
{
    VDR_ASSERT(find(type) != &rows[0]);
    memcpy(ret_head, "VDR", 3);
    ret_head[3] = VDR_FRAME_VERSION;
    ret_head[4] = (uint8_t)type;
    ret_head[5] = 0;
    write_32(ret_head + 8, body_bytes);
    write_32(ret_head + 12, sequence);
    uint16_t check = head_check(ret_head);
    ret_head[6] = (uint8_t)check;
    ret_head[7] = (uint8_t)(check >> 8);
}

void
vdr_frame_write(const vdr_frame *frame, vdr_bytes *out)
{
    VDR_ASSERT(frame->body.len <= UINT32_MAX);
    uint8_t *head = vdr_bytes_extend(out, VDR_FRAME_HEAD);
    vdr_frame_head_write(frame->type, frame->sequence, (uint32_t)frame->body.len, head);
    vdr_bytes_add(out, frame->body);
}

const char *
vdr_frame_type_name(vdr_frame_type type)
{
    return find(type)->name;
}

bool
vdr_frame_from_client(vdr_frame_type type)
{
    return find(type)->client;
}

bool
vdr_frame_from_broker(vdr_frame_type type)
{
    return find(type)->broker;
}
