#include "proto/codec_direct.h"

/* Wire types of protobuf. */
#define VARINT 0u
#define LENGTH 2u

#define MEMBER(type, at, offset)       ((type *)(void *)((uint8_t *)(at) + (offset)))
#define CONST_MEMBER(type, at, offset) ((type const *)(const void *)((const uint8_t *)(at) + (offset)))

/* ---- Reading */

typedef struct reader {
    const uint8_t *at, *end;
} reader;

/* At most ten bytes, the shortest form. */
static inline bool
read_varint(reader *in, uint64_t *ret_value)
{
    uint64_t value = 0;

    for (unsigned shift = 0; shift < 64 && in->at < in->end; shift += 7) {
        uint8_t byte = *in->at++;
        value |= (uint64_t)(byte & 0x7f) << shift;
        if (byte < 0x80) {
            *ret_value = value;
            return (byte != 0 || shift == 0) && (shift < 63 || byte == 1);
        }
    }
    return false;
}

static inline bool
read_span(reader *in, vdr_span *ret_span)
{
    uint64_t len;
    if (!read_varint(in, &len) || len > (uint64_t)(in->end - in->at))
        return false;
    *ret_span = vdr_span_of(in->at, (size_t)len);
    in->at += len;
    return true;
}

static bool
read_number(const vdr_field *field, uint64_t value, uint8_t *plain)
{
    switch (field->kind) {
    case VDR_FIELD_U64:
        *MEMBER(uint64_t, plain, field->offset) = value;
        return value >= field->min && value != 0;
    case VDR_FIELD_I64:
        memcpy(plain + field->offset, &value, sizeof value);
        return value != 0;
    case VDR_FIELD_BOOL:
        *MEMBER(bool, plain, field->offset) = true;
        return value == 1;
    case VDR_FIELD_U32:
    case VDR_FIELD_ENUM: /* no item has these, and the others are of another wire type */
    case VDR_FIELD_TEXT:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_BYTES:
    case VDR_FIELD_OPTIONAL:
    case VDR_FIELD_INSTANT:
    case VDR_FIELD_EMBED:
    case VDR_FIELD_POINTER:
    case VDR_FIELD_MANY:
    case VDR_FIELD_TEXTS:
        break;
    }
    return false;
}

/* Elements with this tag that follow one after the other; the reader stands behind the first tag. */
static size_t
count_elements(reader in, uint64_t tag)
{
    size_t count = 0;
    uint64_t next = tag;
    vdr_span unused;

    while (next == tag && read_span(&in, &unused)) {
        count++;
        if (in.at == in.end || !read_varint(&in, &next))
            break;
    }
    return count;
}

static bool
read_many(const vdr_field *field, reader *in, uint64_t tag, vdr_arena *arena, uint8_t *plain)
{
    size_t count = count_elements(*in, tag), bytes = field->sub->plain_bytes;
    uint64_t again;
    vdr_span body = {0};

    if (count == 0 || count > field->max)
        return false;
    uint8_t *elements = vdr_arena_alloc(arena, count * bytes);
    if (elements == NULL)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            (void)read_varint(in, &again); /* the tag: it was there when they were counted */
        (void)read_span(in, &body);        /* and so was this */
        if (!vdr_direct_read(field->sub, body, arena, elements + i * bytes))
            return false;
    }
    *MEMBER(const void *, plain, field->offset) = elements;
    *MEMBER(size_t, plain, field->count_offset) = count;
    return true;
}

/* A field whose wire type is LENGTH. */
static bool
read_length(const vdr_field *field, reader *in, uint64_t tag, vdr_arena *arena, uint8_t *plain)
{
    vdr_span span;
    void *own;

    switch (field->kind) {
    case VDR_FIELD_MANY:
        return read_many(field, in, tag, arena, plain);
    case VDR_FIELD_TEXT:
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_BYTES:
        if (!read_span(in, &span) || span.len == 0 || !vdr_field_takes(field, span))
            return false;
        *MEMBER(vdr_span, plain, field->offset) = span;
        return true;
    case VDR_FIELD_POINTER:
        own = vdr_arena_alloc(arena, field->sub->plain_bytes);
        if (own == NULL || !read_span(in, &span) || !vdr_direct_read(field->sub, span, arena, own))
            return false;
        *MEMBER(const void *, plain, field->offset) = own;
        return true;
    case VDR_FIELD_U32:
    case VDR_FIELD_U64:
    case VDR_FIELD_I64:
    case VDR_FIELD_BOOL:
    case VDR_FIELD_ENUM:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_OPTIONAL:
    case VDR_FIELD_INSTANT:
    case VDR_FIELD_EMBED:
    case VDR_FIELD_TEXTS:
        break;
    }
    return false; /* no item has these */
}

bool
vdr_direct_read(const vdr_schema *schema, vdr_span body, vdr_arena *arena, void *ret_plain)
{
    const ProtobufCFieldDescriptor *descriptors = schema->descriptor->fields;
    reader in = {.at = body.at, .end = body.at + body.len};
    unsigned next = 0; /* the first row that may still come */
    uint64_t tag, value;

    while (in.at < in.end) {
        if (!read_varint(&in, &tag))
            return false;
        while (next < schema->field_count && descriptors[next].id < tag >> 3) {
            if (schema->fields[next].min != 0)
                return false; /* it was needed */
            next++;
        }
        if (next == schema->field_count || descriptors[next].id != tag >> 3)
            return false;
        const vdr_field *field = &schema->fields[next++];
        if ((tag & 7) == VARINT ? !read_varint(&in, &value) || !read_number(field, value, ret_plain)
                                : (tag & 7) != LENGTH || !read_length(field, &in, tag, arena, ret_plain))
            return false;
    }
    for (; next < schema->field_count; next++) {
        if (schema->fields[next].min != 0)
            return false;
    }
    if (schema->encoded_offset != 0)
        *MEMBER(vdr_span, ret_plain, schema->encoded_offset) = body;
    return schema->check == NULL || schema->check(ret_plain);
}

/* ---- Writing */

static inline size_t
varint_bytes(uint64_t value)
{
    return value == 0 ? 1 : (size_t)(70 - __builtin_clzll(value)) / 7;
}

static inline uint8_t *
write_varint(uint8_t *at, uint64_t value)
{
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    return at;
}

static vdr_err write_message(const vdr_schema *schema, const void *plain, vdr_bytes *out);

/* A message in a field: its length is known when it is written, and then given its place. */
static vdr_err
write_part(const vdr_schema *schema, uint32_t id, const void *plain, vdr_bytes *out)
{
    size_t tag_bytes = varint_bytes((uint64_t)id << 3);
    (void)write_varint(vdr_bytes_extend(out, tag_bytes + 1), (uint64_t)id << 3 | LENGTH);
    size_t begin = out->len; /* behind one byte for the length, most often enough */
    vdr_err err = write_message(schema, plain, out);
    size_t bytes = out->len - begin, more = varint_bytes(bytes) - 1;

    if (more != 0) {
        (void)vdr_bytes_extend(out, more);
        memmove(out->at + begin + more, out->at + begin, bytes);
    }
    (void)write_varint(out->at + begin - 1, bytes);
    return err;
}

static vdr_err
write_many(const vdr_field *field, uint32_t id, const uint8_t *plain, vdr_bytes *out)
{
    const uint8_t *elements = *CONST_MEMBER(const uint8_t *, plain, field->offset);
    size_t count = *CONST_MEMBER(size_t, plain, field->count_offset);
    vdr_err err = VDR_OK;

    for (size_t i = 0; i < count && err == VDR_OK; i++) /* an item bounds none of its lists */
        err = write_part(field->sub, id, elements + i * field->sub->plain_bytes, out);
    return err;
}

/* A number; 0 is not written. */
static vdr_err
write_number(const vdr_field *field, uint32_t id, const uint8_t *from, vdr_bytes *out)
{
    uint64_t number =
        field->kind == VDR_FIELD_BOOL ? *CONST_MEMBER(bool, from, 0) : *CONST_MEMBER(uint64_t, from, 0);

    if (number != 0) {
        size_t tag_bytes = varint_bytes((uint64_t)id << 3);
        uint8_t *at = vdr_bytes_extend(out, tag_bytes + varint_bytes(number));
        (void)write_varint(write_varint(at, (uint64_t)id << 3 | VARINT), number);
    }
    return VDR_OK; /* no number of an item has bounds */
}

static vdr_err
write_span(const vdr_field *field, uint32_t id, vdr_span span, vdr_bytes *out)
{
    if (span.len != 0) {
        size_t head = varint_bytes((uint64_t)id << 3) + varint_bytes(span.len);
        uint8_t *at = vdr_bytes_extend(out, head + span.len);
        at = write_varint(write_varint(at, (uint64_t)id << 3 | LENGTH), span.len);
        memcpy(at, span.at, span.len);
    }
    return vdr_field_takes(field, span) ? VDR_OK : VDR_E_BAD_FRAME;
}

static vdr_err
write_field(const vdr_field *field, uint32_t id, const uint8_t *plain, vdr_bytes *out)
{
    const uint8_t *from = plain + field->offset;
    const void *own;

    switch (field->kind) {
    case VDR_FIELD_U64:
    case VDR_FIELD_I64:
    case VDR_FIELD_BOOL:
        return write_number(field, id, from, out);
    case VDR_FIELD_TEXT:
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_BYTES:
        return write_span(field, id, *CONST_MEMBER(vdr_span, from, 0), out);
    case VDR_FIELD_MANY:
        return write_many(field, id, plain, out);
    case VDR_FIELD_POINTER:
        own = *CONST_MEMBER(const void *, from, 0);
        return own != NULL ? write_part(field->sub, id, own, out) : VDR_OK;
    case VDR_FIELD_U32:
    case VDR_FIELD_ENUM:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_OPTIONAL:
    case VDR_FIELD_INSTANT:
    case VDR_FIELD_EMBED:
    case VDR_FIELD_TEXTS:
        VDR_ASSERT(0 && "no item has these");
        break;
    }
    return VDR_E_BAD_FRAME;
}

static vdr_err
write_message(const vdr_schema *schema, const void *plain, vdr_bytes *out)
{
    vdr_err err = schema->check == NULL || schema->check(plain) ? VDR_OK : VDR_E_BAD_FRAME;

    for (unsigned i = 0; i < schema->field_count && err == VDR_OK; i++)
        err = write_field(&schema->fields[i], schema->descriptor->fields[i].id, plain, out);
    return err;
}

vdr_err
vdr_direct_write(const vdr_schema *schema, const void *plain, vdr_bytes *out)
{
    size_t before = out->len;
    vdr_err err = write_message(schema, plain, out);

    if (err != VDR_OK)
        out->len = before;
    return err;
}
