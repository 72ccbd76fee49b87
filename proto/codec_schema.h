/* proto/codec_schema.h - inside the codec: which member of a plain value is which generated field.
 *
 * A schema has one row for each field of the message, in ascending field number; the generated descriptor
 * gives the rest (where it is in the generated struct). codec.c walks the rows in both directions. */
#ifndef VDR_PROTO_CODEC_SCHEMA_H
#define VDR_PROTO_CODEC_SCHEMA_H

#include "proto/frame.h"
#include "proto/types.h"

#include <protobuf-c/protobuf-c.h>

typedef enum vdr_field_kind {
    VDR_FIELD_U32, /* uint32_t or vdr_err */
    VDR_FIELD_U64, /* uint64_t or a struct of one */
    VDR_FIELD_I64, /* int64_t, vdr_ms */
    VDR_FIELD_BOOL,
    VDR_FIELD_ENUM,     /* min .. max */
    VDR_FIELD_TEXT,     /* vdr_span: UTF-8 without zero bytes, min .. max bytes; empty is absent */
    VDR_FIELD_PRESENT,  /* the same, but empty is not absent */
    VDR_FIELD_RAW_TEXT, /* vdr_span: UTF-8 */
    VDR_FIELD_BYTES,    /* vdr_span, min .. max bytes */
    VDR_FIELD_OPTIONAL, /* vdr_span in a Text message: absent and empty differ */
    VDR_FIELD_INSTANT,  /* vdr_ms in an Instant message: VDR_MS_NONE is absent */
    VDR_FIELD_EMBED,    /* a struct in place; all zero is absent */
    VDR_FIELD_POINTER,  /* a pointer to a struct; NULL is absent */
    VDR_FIELD_MANY,     /* pointer and count of structs, min .. max */
    VDR_FIELD_TEXTS,    /* pointer and count of vdr_span, each as TEXT of 1 .. VDR_NAME_BYTES_MAX */
} vdr_field_kind;

typedef struct vdr_field {
    const char *name; /* of the member: ends in the name of the generated field (a test compares) */
    vdr_field_kind kind;
    size_t offset;       /* in the plain value */
    size_t count_offset; /* MANY, TEXTS */
    uint64_t min, max;
    const struct vdr_schema *sub; /* EMBED, POINTER, MANY */
} vdr_field;

typedef struct vdr_schema {
    const ProtobufCMessageDescriptor *descriptor;
    size_t plain_bytes;
    const vdr_field *fields;
    unsigned field_count;
    size_t
        encoded_offset; /* of a vdr_span that is given the bytes read, if writing would give the same; 0: of none */
    bool (*check)(const void *plain); /* what a single field cannot say; NULL: nothing */
} vdr_schema;

/* Of the body of a frame. Asserts a known type. */
const vdr_schema *vdr_schema_of(vdr_frame_type type);

/* Is the span what a field of text or bytes may have? */
bool vdr_field_takes(const vdr_field *field, vdr_span span);

extern const vdr_schema vdr_schema_item;
extern const ProtobufCMessageDescriptor *const vdr_schema_instant;
extern const ProtobufCMessageDescriptor *const vdr_schema_text;

#endif
