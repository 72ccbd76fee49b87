#include "proto/codec.h"

#include "proto/codec_direct.h"
#include "proto/codec_schema.h"

/* Fields of a newer version that are passed over, in one message. More is no newer version but an attack. */
#define UNKNOWN_FIELDS_MAX 32u

#define BASE_BUDGET ((size_t)8 * 1024) /* the smallest body may have a few structs */

/* The member of a message or plain value at an offset. */
#define MEMBER(type, at, offset)       ((type *)(void *)((uint8_t *)(at) + (offset)))
#define CONST_MEMBER(type, at, offset) ((type const *)(const void *)((const uint8_t *)(at) + (offset)))

static void *
allocate(void *arena, size_t bytes)
{
    return vdr_arena_alloc(arena, bytes);
}

static void
release(void *arena, void *at)
{
    (void)arena;
    (void)at; /* with the arena */
}

/* ---- Bytes to values */

static vdr_err plain_of(const vdr_schema *schema, const ProtobufCMessage *message, vdr_arena *arena,
                        void *ret_plain);

static vdr_span
span_of(const ProtobufCBinaryData *bytes, bool keep_empty)
{
    static const uint8_t nothing = 0;
    if (bytes->len == 0)
        return (vdr_span){.at = keep_empty ? &nothing : NULL, .len = 0};
    return (vdr_span){.at = bytes->data, .len = bytes->len};
}

static vdr_err
plain_of_many(const vdr_field *field, ProtobufCMessage *const *messages, size_t count, vdr_arena *arena,
              uint8_t *plain)
{
    if (count < field->min)
        return VDR_E_BAD_FRAME;
    if (count > field->max)
        return VDR_E_TOO_BIG;
    if (count == 0)
        return VDR_OK;
    size_t bytes = field->sub->plain_bytes;
    uint8_t *elements = vdr_arena_array(arena, count, bytes);
    if (elements == NULL)
        return VDR_E_TOO_BIG;
    for (size_t i = 0; i < count; i++) {
        vdr_err err = plain_of(field->sub, messages[i], arena, elements + i * bytes);
        if (err != VDR_OK)
            return err;
    }
    *MEMBER(const void *, plain, field->offset) = elements;
    *MEMBER(size_t, plain, field->count_offset) = count;
    return VDR_OK;
}

static vdr_err
plain_of_texts(const vdr_field *field, const ProtobufCBinaryData *texts, size_t count, vdr_arena *arena,
               uint8_t *plain)
{
    if (count == 0)
        return VDR_OK;
    vdr_span *spans = vdr_arena_array(arena, count, sizeof *spans);
    if (spans == NULL)
        return VDR_E_TOO_BIG;
    for (size_t i = 0; i < count; i++) {
        spans[i] = span_of(&texts[i], false);
        if (!vdr_field_takes(field, spans[i]))
            return VDR_E_BAD_FRAME;
    }
    *MEMBER(const vdr_span *, plain, field->offset) = spans;
    *MEMBER(size_t, plain, field->count_offset) = count;
    return VDR_OK;
}

/* A field that is a message, or many. */
static vdr_err
plain_of_part(const vdr_field *field, const uint8_t *from, size_t count, vdr_arena *arena, uint8_t *plain)
{
    const ProtobufCMessage *part = NULL;
    if (field->kind != VDR_FIELD_MANY && field->kind != VDR_FIELD_TEXTS)
        part = *CONST_MEMBER(const ProtobufCMessage *, from, 0);

    if (field->kind == VDR_FIELD_MANY)
        return plain_of_many(field, *CONST_MEMBER(ProtobufCMessage **, from, 0), count, arena, plain);
    if (field->kind == VDR_FIELD_TEXTS)
        return plain_of_texts(field, *CONST_MEMBER(const ProtobufCBinaryData *, from, 0), count, arena,
                              plain);
    if (field->kind == VDR_FIELD_INSTANT) {
        vdr_ms ms =
            part != NULL ? *CONST_MEMBER(int64_t, part, part->descriptor->fields[0].offset) : VDR_MS_NONE;
        *MEMBER(vdr_ms, plain, field->offset) = ms;
        return VDR_OK;
    }
    if (part == NULL)
        return VDR_OK;
    if (field->kind == VDR_FIELD_OPTIONAL) {
        vdr_span text =
            span_of(CONST_MEMBER(ProtobufCBinaryData, part, part->descriptor->fields[0].offset), true);
        *MEMBER(vdr_span, plain, field->offset) = text;
        return vdr_field_takes(field, text) ? VDR_OK : VDR_E_BAD_FRAME;
    }
    if (field->kind == VDR_FIELD_EMBED)
        return plain_of(field->sub, part, arena, plain + field->offset);
    void *own = vdr_arena_alloc(arena, field->sub->plain_bytes);
    if (own == NULL)
        return VDR_E_TOO_BIG;
    *MEMBER(const void *, plain, field->offset) = own;
    return plain_of(field->sub, part, arena, own);
}

static vdr_err
plain_of_field(const vdr_field *field, const uint8_t *from, size_t count, vdr_arena *arena, uint8_t *plain)
{
    switch (field->kind) {
    case VDR_FIELD_U32:
        *MEMBER(uint32_t, plain, field->offset) = *CONST_MEMBER(uint32_t, from, 0);
        return VDR_OK;
    case VDR_FIELD_U64:
        *MEMBER(uint64_t, plain, field->offset) = *CONST_MEMBER(uint64_t, from, 0);
        return *CONST_MEMBER(uint64_t, from, 0) >= field->min ? VDR_OK : VDR_E_BAD_FRAME;
    case VDR_FIELD_I64:
        *MEMBER(int64_t, plain, field->offset) = *CONST_MEMBER(int64_t, from, 0);
        return VDR_OK;
    case VDR_FIELD_BOOL:
        *MEMBER(bool, plain, field->offset) = *CONST_MEMBER(protobuf_c_boolean, from, 0) != 0;
        return VDR_OK;
    case VDR_FIELD_ENUM: {
        uint32_t value = *CONST_MEMBER(uint32_t, from, 0);
        *MEMBER(uint32_t, plain, field->offset) = value;
        return value >= field->min && value <= field->max ? VDR_OK : VDR_E_BAD_FRAME;
    }
    case VDR_FIELD_TEXT:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_BYTES: {
        vdr_span span = span_of(CONST_MEMBER(ProtobufCBinaryData, from, 0), field->kind == VDR_FIELD_PRESENT);
        *MEMBER(vdr_span, plain, field->offset) = span;
        return vdr_field_takes(field, span) ? VDR_OK : VDR_E_BAD_FRAME;
    }
    case VDR_FIELD_OPTIONAL:
    case VDR_FIELD_INSTANT:
    case VDR_FIELD_EMBED:
    case VDR_FIELD_POINTER:
    case VDR_FIELD_MANY:
    case VDR_FIELD_TEXTS:
        return plain_of_part(field, from, count, arena, plain);
    }
    VDR_ASSERT(0 && "a kind of field");
    return VDR_E_BAD_FRAME;
}

/* ret_plain is zeroed; no message contains itself, so this ends. */
static vdr_err
plain_of(const vdr_schema *schema, const ProtobufCMessage *message, vdr_arena *arena, void *ret_plain)
{
    const ProtobufCFieldDescriptor *fields = schema->descriptor->fields;

    VDR_ASSERT(message->descriptor == schema->descriptor);
    if (message->n_unknown_fields > UNKNOWN_FIELDS_MAX)
        return VDR_E_BAD_FRAME;
    for (unsigned i = 0; i < schema->field_count; i++) {
        size_t count = fields[i].label == PROTOBUF_C_LABEL_REPEATED
                           ? *CONST_MEMBER(size_t, message, fields[i].quantifier_offset)
                           : 0;
        vdr_err err = plain_of_field(&schema->fields[i], CONST_MEMBER(uint8_t, message, fields[i].offset),
                                     count, arena, ret_plain);
        if (err != VDR_OK)
            return err;
    }
    return schema->check == NULL || schema->check(ret_plain) ? VDR_OK : VDR_E_BAD_FRAME;
}

size_t
vdr_codec_budget(size_t body_bytes, size_t frame_bytes_max)
{
    size_t most = 16 * frame_bytes_max;
    return body_bytes < (most - BASE_BUDGET) / 64 ? BASE_BUDGET + 64 * body_bytes : most;
}

/* The quick way; false: not the plain case, and ret_plain is zero again. The body is copied once, so that
 * values do not point into the frame. */
static bool
decode_direct(const vdr_schema *schema, vdr_span body, vdr_arena *arena, void *ret_plain)
{
    vdr_span copy = vdr_arena_copy(arena, body);
    if (copy.at != NULL && vdr_direct_read(schema, copy, arena, ret_plain))
        return true;
    memset(ret_plain, 0, schema->plain_bytes);
    arena->overflow = false;
    return false;
}

/* The budget of this one body, within that of the arena, which is put back. */
static vdr_err
decode(const vdr_schema *schema, vdr_span body, size_t budget_bytes, vdr_arena *arena, void *ret_plain)
{
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = arena};
    size_t whole = arena->budget_bytes;
    bool overflow = arena->overflow;
    vdr_err err;

    if (whole - arena->used_bytes > budget_bytes)
        arena->budget_bytes = arena->used_bytes + budget_bytes;
    arena->overflow = false;
    if ((schema == vdr_schema_of(VDR_FRAME_PUBLISH) || schema == &vdr_schema_item) &&
        decode_direct(schema, body, arena, ret_plain)) {
        arena->budget_bytes = whole;
        arena->overflow = overflow;
        return VDR_OK;
    }
    ProtobufCMessage *message = protobuf_c_message_unpack(schema->descriptor, &allocator, body.len, body.at);
    if (message != NULL)
        err = plain_of(schema, message, arena, ret_plain);
    else
        err = arena->overflow ? VDR_E_TOO_BIG : VDR_E_BAD_FRAME;
    arena->budget_bytes = whole;
    arena->overflow = overflow || arena->overflow;
    return err;
}

vdr_err
vdr_codec_decode(const vdr_frame *frame, size_t frame_bytes_max, vdr_arena *arena, vdr_wire *ret_wire)
{
    memset(ret_wire, 0, sizeof *ret_wire);
    ret_wire->type = frame->type;
    return decode(vdr_schema_of(frame->type), frame->body, vdr_codec_budget(frame->body.len, frame_bytes_max),
                  arena, &ret_wire->hello);
}

vdr_err
vdr_item_decode(vdr_span bytes, vdr_arena *arena, vdr_wire_item *ret_item)
{
    memset(ret_item, 0, sizeof *ret_item);
    return decode(&vdr_schema_item, bytes, vdr_codec_budget(bytes.len, VDR_FRAME_BYTES_MAX), arena, ret_item);
}

/* ---- Values to bytes */

static vdr_err message_of(const vdr_schema *schema, const void *plain, vdr_arena *arena,
                          ProtobufCMessage **ret_message);

static ProtobufCMessage *
message_new(const ProtobufCMessageDescriptor *descriptor, vdr_arena *arena)
{
    ProtobufCMessage *message = vdr_arena_alloc(arena, descriptor->sizeof_message);
    if (message != NULL)
        message->descriptor = descriptor; /* the rest of an empty message is zero */
    return message;
}

/* Not changed by packing; the generated struct has no const. */
static ProtobufCBinaryData
binary_of(vdr_span span)
{
    union {
        const uint8_t *in;
        uint8_t *out;
    } at = {.in = span.at};
    return (ProtobufCBinaryData){.len = span.len, .data = at.out};
}

static bool
all_zero(const uint8_t *at, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (at[i] != 0)
            return false;
    }
    return true;
}

static vdr_err
message_of_many(const vdr_field *field, const uint8_t *plain, vdr_arena *arena, size_t *ret_count,
                ProtobufCMessage ***ret_messages)
{
    const uint8_t *elements = *CONST_MEMBER(const uint8_t *, plain, field->offset);
    size_t count = *CONST_MEMBER(size_t, plain, field->count_offset);

    if (count < field->min)
        return VDR_E_BAD_FRAME;
    if (count > field->max)
        return VDR_E_TOO_BIG;
    if (count == 0)
        return VDR_OK;
    ProtobufCMessage **messages = vdr_arena_array(arena, count, sizeof(void *));
    if (messages == NULL)
        return VDR_E_TOO_BIG;
    for (size_t i = 0; i < count; i++) {
        vdr_err err = message_of(field->sub, elements + i * field->sub->plain_bytes, arena, &messages[i]);
        if (err != VDR_OK)
            return err;
    }
    *ret_count = count;
    *ret_messages = messages;
    return VDR_OK;
}

static vdr_err
message_of_texts(const vdr_field *field, const uint8_t *plain, vdr_arena *arena, size_t *ret_count,
                 ProtobufCBinaryData **ret_texts)
{
    const vdr_span *spans = *CONST_MEMBER(const vdr_span *, plain, field->offset);
    size_t count = *CONST_MEMBER(size_t, plain, field->count_offset);

    if (count == 0)
        return VDR_OK;
    ProtobufCBinaryData *texts = vdr_arena_array(arena, count, sizeof *texts);
    if (texts == NULL)
        return VDR_E_TOO_BIG;
    for (size_t i = 0; i < count; i++) {
        if (!vdr_field_takes(field, spans[i]))
            return VDR_E_BAD_FRAME;
        texts[i] = binary_of(spans[i]);
    }
    *ret_count = count;
    *ret_texts = texts;
    return VDR_OK;
}

/* A field that is one message: *ret_part stays NULL where the value is absent. */
static vdr_err
message_of_part(const vdr_field *field, const uint8_t *plain, vdr_arena *arena, ProtobufCMessage **ret_part)
{
    const uint8_t *at = plain + field->offset;

    if (field->kind == VDR_FIELD_EMBED)
        return all_zero(at, field->sub->plain_bytes) ? VDR_OK : message_of(field->sub, at, arena, ret_part);
    if (field->kind == VDR_FIELD_POINTER) {
        const void *own = *CONST_MEMBER(const void *, at, 0);
        return own == NULL ? VDR_OK : message_of(field->sub, own, arena, ret_part);
    }
    bool instant = field->kind == VDR_FIELD_INSTANT;
    if (instant ? *CONST_MEMBER(vdr_ms, at, 0) == VDR_MS_NONE : CONST_MEMBER(vdr_span, at, 0)->at == NULL)
        return VDR_OK;
    if (!instant && !vdr_field_takes(field, *CONST_MEMBER(vdr_span, at, 0)))
        return VDR_E_BAD_FRAME;
    const ProtobufCMessageDescriptor *descriptor = instant ? vdr_schema_instant : vdr_schema_text;
    ProtobufCMessage *part = message_new(descriptor, arena);
    if (part == NULL)
        return VDR_E_TOO_BIG;
    if (instant)
        *MEMBER(int64_t, part, descriptor->fields[0].offset) = *CONST_MEMBER(vdr_ms, at, 0);
    else
        *MEMBER(ProtobufCBinaryData, part, descriptor->fields[0].offset) =
            binary_of(*CONST_MEMBER(vdr_span, at, 0));
    *ret_part = part;
    return VDR_OK;
}

static vdr_err
message_of_field(const vdr_field *field, const uint8_t *plain, vdr_arena *arena, void *to, size_t *count)
{
    const uint8_t *at = plain + field->offset;

    switch (field->kind) {
    case VDR_FIELD_U32:
        *MEMBER(uint32_t, to, 0) = *CONST_MEMBER(uint32_t, at, 0);
        return VDR_OK;
    case VDR_FIELD_U64:
        *MEMBER(uint64_t, to, 0) = *CONST_MEMBER(uint64_t, at, 0);
        return *CONST_MEMBER(uint64_t, at, 0) >= field->min ? VDR_OK : VDR_E_BAD_FRAME;
    case VDR_FIELD_I64:
        *MEMBER(int64_t, to, 0) = *CONST_MEMBER(int64_t, at, 0);
        return VDR_OK;
    case VDR_FIELD_BOOL:
        *MEMBER(protobuf_c_boolean, to, 0) = *CONST_MEMBER(bool, at, 0);
        return VDR_OK;
    case VDR_FIELD_ENUM: {
        uint32_t value = *CONST_MEMBER(uint32_t, at, 0);
        *MEMBER(uint32_t, to, 0) = value;
        return value >= field->min && value <= field->max ? VDR_OK : VDR_E_BAD_FRAME;
    }
    case VDR_FIELD_TEXT:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_BYTES:
        *MEMBER(ProtobufCBinaryData, to, 0) = binary_of(*CONST_MEMBER(vdr_span, at, 0));
        return vdr_field_takes(field, *CONST_MEMBER(vdr_span, at, 0)) ? VDR_OK : VDR_E_BAD_FRAME;
    case VDR_FIELD_MANY:
        return message_of_many(field, plain, arena, count, MEMBER(ProtobufCMessage **, to, 0));
    case VDR_FIELD_TEXTS:
        return message_of_texts(field, plain, arena, count, MEMBER(ProtobufCBinaryData *, to, 0));
    case VDR_FIELD_OPTIONAL:
    case VDR_FIELD_INSTANT:
    case VDR_FIELD_EMBED:
    case VDR_FIELD_POINTER:
        return message_of_part(field, plain, arena, MEMBER(ProtobufCMessage *, to, 0));
    }
    VDR_ASSERT(0 && "a kind of field");
    return VDR_E_BAD_FRAME;
}

static vdr_err
message_of(const vdr_schema *schema, const void *plain, vdr_arena *arena, ProtobufCMessage **ret_message)
{
    const ProtobufCFieldDescriptor *fields = schema->descriptor->fields;
    ProtobufCMessage *message = message_new(schema->descriptor, arena);

    if (message == NULL)
        return VDR_E_TOO_BIG;
    if (schema->check != NULL && !schema->check(plain))
        return VDR_E_BAD_FRAME;
    for (unsigned i = 0; i < schema->field_count; i++) {
        size_t no_count;
        size_t *count = fields[i].label == PROTOBUF_C_LABEL_REPEATED
                            ? MEMBER(size_t, message, fields[i].quantifier_offset)
                            : &no_count;
        vdr_err err =
            message_of_field(&schema->fields[i], plain, arena, (uint8_t *)message + fields[i].offset, count);
        if (err != VDR_OK)
            return err;
    }
    *ret_message = message;
    return VDR_OK;
}

vdr_err
vdr_codec_encode(const vdr_wire *wire, uint32_t sequence, size_t frame_bytes_max, vdr_arena *arena,
                 vdr_bytes *out)
{
    ProtobufCMessage *message = NULL;
    vdr_err err = message_of(vdr_schema_of(wire->type), &wire->hello, arena, &message);
    if (err != VDR_OK)
        return err;
    size_t body = protobuf_c_message_get_packed_size(message);
    VDR_ASSERT(frame_bytes_max <= UINT32_MAX);
    if (VDR_FRAME_HEAD + body > frame_bytes_max)
        return VDR_E_TOO_BIG;
    uint8_t *at = vdr_bytes_extend(out, VDR_FRAME_HEAD + body);
    vdr_frame_head_write(wire->type, sequence, (uint32_t)body, at);
    size_t packed = protobuf_c_message_pack(message, at + VDR_FRAME_HEAD);
    VDR_ASSERT(packed == body);
    return VDR_OK;
}

vdr_err
vdr_item_encode(const vdr_wire_item *item, vdr_bytes *out)
{
    return vdr_direct_write(&vdr_schema_item, item, out);
}

/* ---- A PUBLISH put together from encoded items: fields 1, 2 and 3 of Publish in protobuf's wire form */

static size_t
varint_bytes(uint64_t value)
{
    size_t bytes = 1;
    while (value >= 0x80) {
        value >>= 7;
        bytes++;
    }
    return bytes;
}

static uint8_t *
varint_write(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

size_t
vdr_publish_item_bytes(size_t item_bytes)
{
    return 1 + varint_bytes(item_bytes) + item_bytes;
}

void
vdr_publish_write(uint64_t first, bool want_results, const vdr_span *items, size_t item_count,
                  uint32_t sequence, vdr_bytes *out)
{
    size_t body = 1 + varint_bytes(first) + (want_results ? 2 : 0);

    VDR_ASSERT(first >= 1 && item_count >= 1 && item_count <= VDR_BATCH_ITEMS_MAX);
    for (size_t i = 0; i < item_count; i++)
        body += vdr_publish_item_bytes(items[i].len);
    VDR_ASSERT(body <= UINT32_MAX);
    uint8_t *at = vdr_bytes_extend(out, VDR_FRAME_HEAD + body);
    vdr_frame_head_write(VDR_FRAME_PUBLISH, sequence, (uint32_t)body, at);
    at += VDR_FRAME_HEAD;
    *at++ = 1 << 3; /* first: varint */
    at = varint_write(at, first);
    for (size_t i = 0; i < item_count; i++) {
        *at++ = 2 << 3 | 2; /* items: bytes with a length */
        at = varint_write(at, items[i].len);
        if (items[i].len != 0)
            memcpy(at, items[i].at, items[i].len);
        at += items[i].len;
    }
    if (want_results) {
        *at++ = 3 << 3; /* want_results: varint */
        *at++ = 1;
    }
}

vdr_wire
vdr_wire_error_of(vdr_err error, const vdr_frame *refers_to, vdr_span text, uint32_t retry_after_ms)
{
    vdr_wire wire = {.type = VDR_FRAME_ERROR};

    wire.error = (vdr_wire_error){
        .error = error,
        .code = vdr_span_str(vdr_err_code(error)),
        .hint = vdr_span_str(vdr_err_hint(error)),
        .error_class = vdr_err_class_of(error),
        .text = text,
        .retry_after_ms = retry_after_ms,
    };
    if (refers_to != NULL) {
        wire.error.refers_to_type = refers_to->type;
        wire.error.refers_to_sequence = refers_to->sequence;
    }
    if (error == VDR_E_BAD_VERSION) {
        wire.error.version_min = VDR_PROTOCOL_MIN;
        wire.error.version_max = VDR_PROTOCOL_MAX;
    }
    return wire;
}
