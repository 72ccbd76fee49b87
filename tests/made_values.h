/* tests/made_values.h - values of every wire message, made from its schema: every member has a value of its
 * own, and two of them can be compared. */
#ifndef TESTS_MADE_VALUES_H
#define TESTS_MADE_VALUES_H

#include "proto/codec.h"
#include "proto/codec_schema.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#define S(text) ((vdr_span){(const uint8_t *)(text), sizeof(text) - 1})

/* ---- Values made from the schema: every member of every message, each with a value of its own */

typedef struct maker {
    vdr_arena *arena;
    uint64_t next; /* the next value */
    size_t many;   /* elements of each array */
    bool empty;    /* leave out what may be left out */
} maker;

static inline void make(maker *m, const vdr_schema *schema, uint8_t *plain);

static inline vdr_span
make_text(maker *m, uint64_t min, uint64_t max)
{
    uint8_t *at = vdr_arena_alloc(m->arena, 64);
    int len = snprintf((char *)at, 64, "\xc3\xab%llu-----------------", (unsigned long long)m->next++);
    size_t most = max < 17 ? (size_t)max : 17;
    (void)min;
    assert_true(len > 17);
    return vdr_span_of(at, most);
}

static inline void
make_field(maker *m, const vdr_field *field, uint8_t *plain)
{
    uint8_t *at = plain + field->offset;
    bool leave = m->empty && field->min == 0;

    switch (field->kind) {
    case VDR_FIELD_U32:
        *(uint32_t *)(void *)at = leave ? 0 : (uint32_t)m->next++;
        break;
    case VDR_FIELD_U64:
        *(uint64_t *)(void *)at = leave ? 0 : UINT64_MAX - m->next++;
        break;
    case VDR_FIELD_I64:
        *(int64_t *)(void *)at = leave ? 0 : -(int64_t)m->next++;
        break;
    case VDR_FIELD_BOOL:
        *(bool *)at = !leave;
        break;
    case VDR_FIELD_ENUM:
        *(uint32_t *)(void *)at = (uint32_t)(leave ? field->min : field->max);
        break;
    case VDR_FIELD_TEXT:
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_BYTES:
        *(vdr_span *)(void *)at = leave ? (vdr_span){0} : make_text(m, field->min, field->max);
        break;
    case VDR_FIELD_PRESENT:
        *(vdr_span *)(void *)at = leave ? S("") : make_text(m, field->min, field->max);
        break;
    case VDR_FIELD_OPTIONAL:
        *(vdr_span *)(void *)at = leave ? (vdr_span){0} : make_text(m, field->min, field->max);
        break;
    case VDR_FIELD_INSTANT:
        *(vdr_ms *)(void *)at = leave ? VDR_MS_NONE : (vdr_ms)m->next++;
        break;
    case VDR_FIELD_EMBED:
        if (!leave)
            make(m, field->sub, at);
        break;
    case VDR_FIELD_POINTER:
        if (!leave) {
            uint8_t *own = vdr_arena_alloc(m->arena, field->sub->plain_bytes);
            make(m, field->sub, own);
            *(const void **)(void *)at = own;
        }
        break;
    case VDR_FIELD_MANY: {
        size_t count = m->empty ? field->min : m->many;
        uint8_t *elements = vdr_arena_alloc(m->arena, count * field->sub->plain_bytes + 1);
        for (size_t i = 0; i < count; i++)
            make(m, field->sub, elements + i * field->sub->plain_bytes);
        *(const void **)(void *)at = elements;
        *(size_t *)(void *)(plain + field->count_offset) = count;
        break;
    }
    case VDR_FIELD_TEXTS: {
        size_t count = m->empty ? 0 : m->many;
        vdr_span *texts = vdr_arena_alloc(m->arena, count * sizeof *texts + 1);
        for (size_t i = 0; i < count; i++)
            texts[i] = make_text(m, 1, 17);
        *(const void **)(void *)at = texts;
        *(size_t *)(void *)(plain + field->count_offset) = count;
        break;
    }
    }
}

static inline void
make(maker *m, const vdr_schema *schema, uint8_t *plain)
{
    for (unsigned i = 0; i < schema->field_count; i++)
        make_field(m, &schema->fields[i], plain);
    if (schema == &vdr_schema_item) { /* one form, in turn */
        vdr_wire_item *item = (vdr_wire_item *)(void *)plain;
        if (m->next % 2 == 0 && item->typed != NULL)
            item->json = (vdr_span){0};
        else
            *item = (vdr_wire_item){.json = S("{}")};
    }
    if (schema == vdr_schema_of(VDR_FRAME_HELLO)) {
        vdr_wire_hello *hello = (vdr_wire_hello *)(void *)plain;
        hello->version_min = 1;
        hello->version_max = m->empty ? 1 : 7;
    }
    if (schema == vdr_schema_of(VDR_FRAME_WELCOME))
        ((vdr_wire_welcome *)(void *)plain)->store_id = S("0123456789abcdef");
}

/* ---- Equality by the schema */

static inline bool same(const vdr_schema *schema, const uint8_t *a, const uint8_t *b);

static inline bool
same_span(const uint8_t *a, const uint8_t *b)
{
    const vdr_span *x = (const vdr_span *)(const void *)a, *y = (const vdr_span *)(const void *)b;
    return vdr_span_equal(*x, *y) && (x->at == NULL) == (y->at == NULL);
}

static inline bool
same_field(const vdr_field *field, const uint8_t *a, const uint8_t *b)
{
    const uint8_t *x = a + field->offset, *y = b + field->offset;
    bool points =
        field->kind == VDR_FIELD_POINTER || field->kind == VDR_FIELD_MANY || field->kind == VDR_FIELD_TEXTS;
    const uint8_t *own_x = points ? *(const uint8_t *const *)(const void *)x : NULL;
    const uint8_t *own_y = points ? *(const uint8_t *const *)(const void *)y : NULL;
    size_t step = field->kind == VDR_FIELD_MANY ? field->sub->plain_bytes : sizeof(vdr_span);
    size_t count;

    switch (field->kind) {
    case VDR_FIELD_U32:
    case VDR_FIELD_ENUM:
        return memcmp(x, y, 4) == 0;
    case VDR_FIELD_U64:
    case VDR_FIELD_I64:
    case VDR_FIELD_INSTANT:
        return memcmp(x, y, 8) == 0;
    case VDR_FIELD_BOOL:
        return *x == *y;
    case VDR_FIELD_TEXT:
    case VDR_FIELD_PRESENT:
    case VDR_FIELD_RAW_TEXT:
    case VDR_FIELD_BYTES:
    case VDR_FIELD_OPTIONAL:
        return same_span(x, y);
    case VDR_FIELD_EMBED:
        return same(field->sub, x, y);
    case VDR_FIELD_POINTER:
        return own_x == NULL || own_y == NULL ? own_x == own_y : same(field->sub, own_x, own_y);
    case VDR_FIELD_MANY:
    case VDR_FIELD_TEXTS:
        count = *(const size_t *)(const void *)(a + field->count_offset);
        if (count != *(const size_t *)(const void *)(b + field->count_offset))
            return false;
        for (size_t i = 0; i < count; i++) {
            if (field->kind == VDR_FIELD_TEXTS ? !same_span(own_x + i * step, own_y + i * step)
                                               : !same(field->sub, own_x + i * step, own_y + i * step))
                return false;
        }
        return true;
    }
    return false;
}

static inline bool
same(const vdr_schema *schema, const uint8_t *a, const uint8_t *b)
{
    for (unsigned i = 0; i < schema->field_count; i++) {
        if (!same_field(&schema->fields[i], a, b)) {
            print_message("  differs: %s.%s\n", schema->descriptor->short_name, schema->fields[i].name);
            return false;
        }
    }
    return true;
}

#endif
