#include "broker/history/rows.h"

void
vdr_rows_begin(vdr_rows *rows, vdr_arena *arena)
{
    *rows = (vdr_rows){.arena = arena};
    rows->at = (vdr_wire_row *)vdr_arena_alloc(arena, VDR_ROWS_MAX * sizeof *rows->at);
}

static void *
keep(vdr_rows *rows, const void *from, size_t bytes)
{
    void *to = vdr_arena_alloc(rows->arena, bytes + 1);
    if (to != NULL && bytes != 0)
        memcpy(to, from, bytes);
    return to;
}

void
vdr_rows_end(vdr_rows *rows)
{
    if (!rows->open)
        return;
    rows->open = false;
    vdr_wire_row row = {
        .kind = vdr_span_str(rows->kind), .text_count = rows->text_count, .number_count = rows->number_count};
    row.texts = (const vdr_wire_named *)keep(rows, rows->texts, rows->text_count * sizeof *rows->texts);
    row.numbers =
        (const vdr_wire_counter *)keep(rows, rows->numbers, rows->number_count * sizeof *rows->numbers);
    if (rows->at == NULL || row.texts == NULL || row.numbers == NULL || rows->count == VDR_ROWS_MAX)
        rows->left_out++;
    else
        rows->at[rows->count++] = row;
}

void
vdr_row(vdr_rows *rows, const char *kind)
{
    vdr_rows_end(rows);
    rows->open = true;
    rows->kind = kind;
    rows->text_count = rows->number_count = 0;
}

void
vdr_row_text(vdr_rows *rows, const char *name, vdr_span text)
{
    VDR_ASSERT(rows->open && rows->text_count < VDR_ROW_FIELDS);
    if (text.at == NULL || text.len == 0)
        return;
    vdr_span copy = vdr_arena_copy(rows->arena, text);
    if (copy.at != NULL)
        rows->texts[rows->text_count++] = (vdr_wire_named){.name = vdr_span_str(name), .text = copy};
}

void
vdr_row_number(vdr_rows *rows, const char *name, uint64_t value)
{
    VDR_ASSERT(rows->open && rows->number_count < VDR_ROW_FIELDS);
    rows->numbers[rows->number_count++] = (vdr_wire_counter){.name = vdr_span_str(name), .value = value};
}

void
vdr_row_instant(vdr_rows *rows, const char *name, vdr_ms ms)
{
    if (ms >= 0 && ms <= VDR_MS_MAX - 1)
        vdr_row_number(rows, name, (uint64_t)ms);
}

void
vdr_row_permille(vdr_rows *rows, const char *name, uint64_t part, uint64_t whole)
{
    if (whole != 0)
        vdr_row_number(rows, name, part * 1000 / whole);
}
