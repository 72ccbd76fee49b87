#include "broker/access/told.h"

#include "proto/codec_schema.h"

#include <stdio.h>

#define ROWS_OF_PART 4u   /* of the table, for one part of one verb */
#define PART_BYTES   160u /* "row KIND" */

/* The rows of the table for one part of one verb, that are for this party. names[i] is looked through from
 * from[i] on: most names come in the order of the table. */
typedef struct telling {
    const char *names[ROWS_OF_PART], *from[ROWS_OF_PART];
    size_t count;
} telling;

static telling
find(vdr_party_kind kind, vdr_verb verb, vdr_span part)
{
    telling found = {.count = 0};
    size_t count;
    const vdr_access_told *rows = vdr_access_tellings(&count);
    for (size_t i = 0; i < count; i++) {
        if (rows[i].verb != verb || (rows[i].who & VDR_TOLD_TO(kind)) == 0 ||
            !vdr_span_equal(vdr_span_str(rows[i].part), part))
            continue;
        VDR_ASSERT(found.count < ROWS_OF_PART);
        found.names[found.count] = found.from[found.count] = rows[i].names;
        found.count++;
    }
    return found;
}

/* Behind the name, where it stands between from and to (NULL: the end); NULL: it does not. */
static const char *
behind(const char *from, const char *to, vdr_span name)
{
    while (*from != '\0' && (to == NULL || from < to)) {
        size_t len = strcspn(from, " ");
        const char *next = from + len + (from[len] == ' ');
        if (len == name.len && memcmp(from, name.at, len) == 0)
            return next;
        from = next;
    }
    return NULL;
}

static bool
is_told(telling *of, vdr_span name)
{
    for (size_t i = 0; i < of->count; i++) {
        const char *next = behind(of->from[i], NULL, name);
        if (next == NULL)
            next = behind(of->names[i], of->from[i], name);
        if (next == NULL)
            continue;
        of->from[i] = next;
        return true;
    }
    return false;
}

bool
vdr_access_tells(vdr_party_kind kind, vdr_verb verb, vdr_span part, vdr_span name)
{
    telling of = find(kind, verb, part);
    return is_told(&of, name);
}

/* ---- masking */

/* A list of things that begin with their name: figures or texts. Those that are told, in place of the list. */
static vdr_err
mask_named(telling *of, vdr_arena *arena, size_t bytes, const void **list, size_t *count)
{
    const uint8_t *at = *list;
    size_t kept = 0;
    while (kept < *count && is_told(of, *(const vdr_span *)(const void *)(at + kept * bytes)))
        kept++;
    if (kept == *count)
        return VDR_OK; /* all are */
    uint8_t *left = vdr_arena_alloc(arena, *count * bytes);
    if (left == NULL)
        return VDR_E_NO_MEMORY;
    memcpy(left, at, kept * bytes);
    for (size_t i = kept + 1; i < *count; i++) {
        if (is_told(of, *(const vdr_span *)(const void *)(at + i * bytes)))
            memcpy(left + kept++ * bytes, at + i * bytes, bytes);
    }
    *list = left;
    *count = kept;
    return VDR_OK;
}

_Static_assert(offsetof(vdr_wire_counter, name) == 0 && offsetof(vdr_wire_named, name) == 0,
               "a figure and a text begin with their name");

static vdr_err
mask_row(telling *of, vdr_arena *arena, vdr_wire_row *row)
{
    const void *texts = row->texts, *numbers = row->numbers;
    vdr_err err = mask_named(of, arena, sizeof *row->texts, &texts, &row->text_count);
    if (err == VDR_OK)
        err = mask_named(of, arena, sizeof *row->numbers, &numbers, &row->number_count);
    row->texts = texts;
    row->numbers = numbers;
    return err;
}

/* A row of which nothing is told is not there. */
static vdr_err
mask_rows(vdr_party_kind kind, vdr_arena *arena, vdr_wire_admin_result *result)
{
    vdr_wire_row *left = vdr_arena_alloc(arena, (result->row_count + 1) * sizeof *left);
    telling of = {.count = 0};
    size_t kept = 0;
    vdr_err err = left != NULL ? VDR_OK : VDR_E_NO_MEMORY;
    for (size_t i = 0; i < result->row_count && err == VDR_OK; i++) {
        const vdr_wire_row *row = &result->rows[i];
        if (i == 0 || !vdr_span_equal(row->kind, result->rows[i - 1].kind)) {
            char part[PART_BYTES];
            int len = snprintf(part, sizeof part, "row %.*s", (int)row->kind.len, (const char *)row->kind.at);
            of = find(kind, result->verb, vdr_span_of(part, len > 0 ? (size_t)len : 0));
        }
        left[kept] = *row;
        err = mask_row(&of, arena, &left[kept]);
        kept += left[kept].text_count + left[kept].number_count != 0;
    }
    result->rows = left;
    result->row_count = kept;
    return err;
}

/* Of a member of a thing: there are figures, instants, words and bytes. */
static void
clear(const vdr_field *field, uint8_t *thing)
{
    const vdr_ms none = VDR_MS_NONE;
    const vdr_span nothing = {0};
    uint8_t *at = thing + field->offset;
    if (field->kind == VDR_FIELD_INSTANT)
        memcpy(at, &none, sizeof none);
    else if (field->kind == VDR_FIELD_TEXT || field->kind == VDR_FIELD_BYTES)
        memcpy(at, &nothing, sizeof nothing);
    else if (field->kind == VDR_FIELD_BOOL)
        *at = 0;
    else
        memset(at, 0,
               field->kind == VDR_FIELD_U64 || field->kind == VDR_FIELD_I64 ? sizeof(uint64_t)
                                                                            : sizeof(uint32_t));
}

/* Things with members: those that are told, the others empty. Where none is there is no list. */
static vdr_err
mask_things(telling *of, vdr_arena *arena, const vdr_schema *schema, const void **list, size_t *count)
{
    bool told[64];
    size_t shown = 0;
    VDR_ASSERT(schema->field_count <= sizeof told);
    for (unsigned i = 0; i < schema->field_count; i++)
        shown += told[i] = is_told(of, vdr_span_str(schema->fields[i].name));
    if (shown == schema->field_count)
        return VDR_OK;
    if (shown == 0) {
        *count = 0;
        return VDR_OK;
    }
    uint8_t *left = vdr_arena_alloc(arena, *count * schema->plain_bytes);
    if (left == NULL)
        return VDR_E_NO_MEMORY;
    memcpy(left, *list, *count * schema->plain_bytes);
    for (size_t i = 0; i < *count; i++) {
        for (unsigned j = 0; j < schema->field_count; j++)
            if (!told[j])
                clear(&schema->fields[j], left + i * schema->plain_bytes);
    }
    *list = left;
    return VDR_OK;
}

vdr_err
vdr_access_mask_result(vdr_party_kind kind, vdr_arena *arena, vdr_wire_admin_result *result)
{
    const vdr_schema *schema = vdr_schema_of(VDR_FRAME_RESULT);
    vdr_err err = VDR_OK;
    for (unsigned i = 0; i < schema->field_count && err == VDR_OK; i++) {
        const vdr_field *field = &schema->fields[i];
        if (field->kind != VDR_FIELD_MANY)
            continue; /* its number, the verdict and words about it */
        const void *list;
        size_t count;
        memcpy(&list, (uint8_t *)result + field->offset, sizeof list);
        memcpy(&count, (uint8_t *)result + field->count_offset, sizeof count);
        if (count == 0)
            continue;
        telling of = find(kind, result->verb, vdr_span_str(field->name));
        bool named = field->offset == offsetof(vdr_wire_admin_result, counters) ||
                     field->offset == offsetof(vdr_wire_admin_result, texts);
        if (field->offset == offsetof(vdr_wire_admin_result, rows)) {
            err = mask_rows(kind, arena, result);
            continue;
        }
        err = named ? mask_named(&of, arena, field->sub->plain_bytes, &list, &count)
                    : mask_things(&of, arena, field->sub, &list, &count);
        memcpy((uint8_t *)result + field->offset, &list, sizeof list);
        memcpy((uint8_t *)result + field->count_offset, &count, sizeof count);
    }
    return err;
}
