/* proto/frame.h - the fixed head of every frame (protocol.md section 2). Parsing it touches nothing but its
 * sixteen bytes, so that a frame can be counted, routed and refused before its body is looked at.
 *
 *   0  3  "VDR"
 *   3  1  version of this head: 1
 *   4  1  type
 *   5  1  flags: 0
 *   6  2  check: CRC-16 of the other fourteen bytes
 *   8  4  length of the body in bytes
 *  12  4  sequence: low bits of the number of this frame in its direction of the session, from 1 on
 *
 * Numbers are little-endian. Any thread. */
#ifndef VDR_PROTO_FRAME_H
#define VDR_PROTO_FRAME_H

#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/types.h"

#define VDR_FRAME_HEAD    16u
#define VDR_FRAME_VERSION 1u

/* X(symbol, number, name, a client may send it, the broker may send it). Published: never renumber. */
#define VDR_FRAME_TABLE(X)                                                                                   \
    X(HELLO, 1, "hello", true, false)                                                                        \
    X(WELCOME, 2, "welcome", false, true)                                                                    \
    X(PUBLISH, 3, "publish", true, false)                                                                    \
    X(CONFIRM, 4, "confirm", false, true)                                                                    \
    X(SUBSCRIBE, 5, "subscribe", true, false)                                                                \
    X(DELIVER, 6, "deliver", false, true)                                                                    \
    X(CREDIT, 7, "credit", true, false)                                                                      \
    X(ACK, 8, "ack", true, false)                                                                            \
    X(ACKED, 9, "acked", false, true)                                                                        \
    X(READ, 10, "read", true, false)                                                                         \
    X(ANSWER, 11, "answer", false, true)                                                                     \
    X(DECISIONS, 12, "decisions", true, false)                                                               \
    X(DECISION, 13, "decision", false, true)                                                                 \
    X(ADMIN, 14, "admin", true, false)                                                                       \
    X(RESULT, 15, "result", false, true)                                                                     \
    X(PING, 16, "ping", true, true)                                                                          \
    X(PONG, 17, "pong", true, true)                                                                          \
    X(BYE, 18, "bye", true, true)                                                                            \
    X(ERROR, 19, "error", false, true)

typedef enum vdr_frame_type {
#define X(sym, number, name, client, broker) VDR_FRAME_##sym = (number),
    VDR_FRAME_TABLE(X)
#undef X
} vdr_frame_type;

#define VDR_FRAME_TYPE_MAX VDR_FRAME_ERROR

typedef struct vdr_frame {
    vdr_frame_type type;
    uint32_t sequence;
    vdr_span body; /* points into the bytes that were parsed */
} vdr_frame;

/* TOO_BIG: more than bytes_max, head included. BAD_VERSION: another version of the head. BAD_FRAME: no head,
 * an unknown type or flag, a wrong check, or a body of another length than said. */
VDR_MUST_CHECK vdr_err vdr_frame_parse(vdr_span bytes, size_t bytes_max, vdr_frame *ret_frame);

/* Fills in the head in front of body_bytes bytes of body. */
void vdr_frame_head_write(vdr_frame_type type, uint32_t sequence, uint32_t body_bytes,
                          uint8_t ret_head[VDR_FRAME_HEAD]);

/* Appends head and body. */
void vdr_frame_write(const vdr_frame *frame, vdr_bytes *out);

const char *vdr_frame_type_name(vdr_frame_type type); /* "unknown" for no such type */
bool vdr_frame_from_client(vdr_frame_type type);
bool vdr_frame_from_broker(vdr_frame_type type);

#endif
