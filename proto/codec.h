/* proto/codec.h - the two ways between the plain values of proto/wire.h and the bodies of frames. The only
 * place that knows the generated protobuf code is behind this header.
 *
 * Thread:  any; an arena is used by one thread at a time.
 * Errors:  BAD_FRAME: the body is no message of its type, or a value is outside what protocol.md allows
 *          (text that is not UTF-8 or too long, an unknown enum value, a missing member). TOO_BIG: more
 *          items, memory or bytes than allowed. Nothing of ret_wire may be used then.
 * Memory:  decode copies into the arena; nothing points into the frame. A body cannot take more than
 *          vdr_codec_budget() of it, whatever its bytes are, nor more than the arena has left. */
#ifndef VDR_PROTO_CODEC_H
#define VDR_PROTO_CODEC_H

#include "proto/arena.h"
#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/frame.h"
#include "proto/limits.h"
#include "proto/wire.h"

/* ---- One body of any type */

typedef struct vdr_wire {
    vdr_frame_type type;
    union {
        vdr_wire_hello hello;
        vdr_wire_welcome welcome;
        vdr_wire_publish publish;
        vdr_wire_confirm confirm;
        vdr_wire_subscribe subscribe;
        vdr_wire_deliver deliver;
        vdr_wire_credit credit;
        vdr_wire_ack ack;
        vdr_wire_acked acked;
        vdr_wire_read read;
        vdr_wire_answer answer;
        vdr_wire_decisions decisions;
        vdr_wire_decision decision;
        vdr_wire_admin admin;
        vdr_wire_admin_result result;
        vdr_wire_ping ping;
        vdr_wire_pong pong;
        vdr_wire_bye bye;
        vdr_wire_error error;
    };
} vdr_wire;

/* The most memory that a body of so many bytes may take: 64 times its size, at most 16 times the largest
 * frame (4 MiB where frames have 256 KiB). Unbounded, protobuf can ask for more than 100 times. */
size_t vdr_codec_budget(size_t body_bytes, size_t frame_bytes_max);

VDR_MUST_CHECK vdr_err vdr_codec_decode(const vdr_frame *frame, size_t frame_bytes_max, vdr_arena *arena,
                                        vdr_wire *ret_wire);

/* Appends a whole frame to out; on failure out is as before. Refuses the values that decode would refuse, and
 * a frame of more than frame_bytes_max (TOO_BIG). The arena is scratch: nothing in it is needed later. */
VDR_MUST_CHECK vdr_err vdr_codec_encode(const vdr_wire *wire, uint32_t sequence, size_t frame_bytes_max,
                                        vdr_arena *arena, vdr_bytes *out);

/* Appends the bytes of one item of a PUBLISH, to be kept and sent again. BAD_FRAME as encode. */
VDR_MUST_CHECK vdr_err vdr_item_encode(const vdr_wire_item *item, vdr_bytes *out);
VDR_MUST_CHECK vdr_err vdr_item_decode(vdr_span bytes, vdr_arena *arena, vdr_wire_item *ret_item);

/* The bytes that an encoded item of this size adds to a PUBLISH; what a PUBLISH takes besides its items. */
size_t vdr_publish_item_bytes(size_t item_bytes);
#define VDR_PUBLISH_BYTES_MAX (VDR_FRAME_HEAD + 16u)

/* Appends a PUBLISH frame of encoded items: the same bytes as vdr_codec_encode() gives. */
void vdr_publish_write(uint64_t first, bool want_results, const vdr_span *items, size_t item_count,
                       uint32_t sequence, vdr_bytes *out);

/* An ERROR with code, hint and class from proto/err.h. */
vdr_wire vdr_wire_error_of(vdr_err error, const vdr_frame *refers_to, vdr_span text, uint32_t retry_after_ms);

#endif
