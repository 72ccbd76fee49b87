/* broker/history/rows.h - rows of a report being made, in an arena: each a kind, and texts and numbers by name.
 * Thread: one. Memory: the arena's; names are not copied, texts are. A row that does not fit is counted. */
#ifndef VDR_BROKER_ROWS_H
#define VDR_BROKER_ROWS_H

#include "proto/arena.h"
#include "proto/assert.h"
#include "proto/wire.h"

#define VDR_ROWS_MAX   5000u /* of one answer */
#define VDR_ROW_FIELDS 64u   /* of a row, texts and numbers each */

typedef struct vdr_rows {
    vdr_arena *arena;
    vdr_wire_row *at;
    size_t count;
    uint64_t left_out;
    bool open; /* the last row takes fields */
    vdr_wire_named texts[VDR_ROW_FIELDS];
    vdr_wire_counter numbers[VDR_ROW_FIELDS];
    const char *kind;
    size_t text_count, number_count;
} vdr_rows;

void vdr_rows_begin(vdr_rows *rows, vdr_arena *arena);
/* A row more; ends the one before it. */
void vdr_row(vdr_rows *rows, const char *kind);
void vdr_row_text(vdr_rows *rows, const char *name, vdr_span text); /* an absent one is left out */
void vdr_row_number(vdr_rows *rows, const char *name, uint64_t value);
void vdr_row_instant(vdr_rows *rows, const char *name, vdr_ms ms); /* VDR_MS_NONE is left out */
/* part of whole, in thousandths; left out where there is no whole. */
void vdr_row_permille(vdr_rows *rows, const char *name, uint64_t part, uint64_t whole);
void vdr_rows_end(vdr_rows *rows);

#endif
