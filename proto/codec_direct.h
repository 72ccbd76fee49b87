/* proto/codec_direct.h - inside the codec: the quick way for what there is most of, the items of a PUBLISH.
 *
 * Both ways walk the schema over protobuf's wire form itself, without the generated structs between: a third
 * of the time. Reading takes only the plain case, in which every writer we know writes: fields in ascending
 * order, each known and at most once (but repeated ones), no value that is out of bounds. Everything else it
 * leaves to protobuf-c, so that what is accepted, and why something is refused, does not depend on the way; a
 * fuzz law compares the two. */
#ifndef VDR_PROTO_CODEC_DIRECT_H
#define VDR_PROTO_CODEC_DIRECT_H

#include "proto/arena.h"
#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/codec_schema.h"
#include "proto/err.h"

/* False: not the plain case (or over budget); ret_plain is then to be zeroed again. Spans point into body. */
bool vdr_direct_read(const vdr_schema *schema, vdr_span body, vdr_arena *arena, void *ret_plain);

/* Appends the message: the bytes that protobuf_c_message_pack() gives; the refusals of encoding. */
VDR_MUST_CHECK vdr_err vdr_direct_write(const vdr_schema *schema, const void *plain, vdr_bytes *out);

#endif
