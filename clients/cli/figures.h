/* clients/cli/figures.h - results of operators' verbs by name, and figures as people read them.
 *
 * Thread: one. Memory: texts are written into a ring of buffers, each good for the next 31 calls. */
#ifndef VDR_CLI_FIGURES_H
#define VDR_CLI_FIGURES_H

#include "proto/arena.h"
#include "proto/wire.h"

/* A copy in the arena of what a result says, since a client keeps only the last. NULL: over its budget. */
const vdr_wire_admin_result *vdr_result_keep(const vdr_wire_admin_result *result, vdr_arena *arena);

/* 0 or an absent span where there is none of that name. */
uint64_t vdr_figure(const vdr_wire_admin_result *result, const char *name);
vdr_span vdr_figure_text(const vdr_wire_admin_result *result, const char *name);
uint64_t vdr_row_figure(const vdr_wire_row *row, const char *name);
bool vdr_row_has(const vdr_wire_row *row, const char *name);
vdr_span vdr_row_word(const vdr_wire_row *row, const char *name);
bool vdr_row_is(const vdr_wire_row *row, const char *kind);

const char *vdr_figure_short(vdr_span text, size_t width); /* cut, the last character a ~ */
const char *vdr_figure_count(uint64_t count);              /* 950, 12.3k, 4.56M */
const char *vdr_figure_bytes(uint64_t bytes);              /* 950 B, 12.3 kB, 4.56 GB */
const char *vdr_figure_span(int64_t ms);                   /* 350 ms, 12 s, 3 min, 5 h, 12 d */
const char *vdr_figure_us(uint64_t us);                    /* 350 us, 1.2 ms, 3.4 s */
/* How long before now; "-" where the row has no such instant. */
const char *vdr_figure_age(const vdr_wire_row *row, const char *name, uint64_t now_ms);
const char *vdr_figure_share(const vdr_wire_row *row, const char *name); /* "87.5%", "-" */

#endif
