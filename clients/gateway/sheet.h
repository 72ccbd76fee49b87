/* clients/gateway/sheet.h - a configuration file being read: values by what their keys expect, faults as a compiler
 * tells them, with the line and a caret.
 *
 * A value that is wrong is told with its place, and reading goes on. Every read returns false then and leaves its
 * result untouched. A node that is NULL (a key that is not there; told where it is required) is passed over
 * without a word.
 *
 * Thread: one at a time. Memory: results live in the arena. */
#ifndef VDR_GATEWAY_SHEET_H
#define VDR_GATEWAY_SHEET_H

#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/utf8.h"
#include "proto/yaml.h"

#define VDR_SHEET_FAULTS_MAX 32

typedef struct vdr_sheet {
    const char *path;
    vdr_span text;
    vdr_arena *arena;
    vdr_bytes *words; /* of the faults */
    size_t faults;
} vdr_sheet;

typedef struct vdr_sheet_key {
    const char *name;
    bool required;
} vdr_sheet_key;

/* The whole file. IO: it cannot be read, is no regular file or has more than VDR_CONF_BYTES_MAX; told in words, a line. */
VDR_MUST_CHECK vdr_err vdr_sheet_load(const char *path, vdr_bytes *ret_text, vdr_bytes *words);

/* A span for %.*s, cut. */
#define VDR_SHEET_SHOWN(span) (int)vdr_utf8_cut((span), 128).len, (const char *)(span).at

__attribute__((format(printf, 3, 4))) void vdr_sheet_fault(vdr_sheet *sheet, vdr_place place,
                                                           const char *format, ...);
/* The root; NULL: it cannot be read as a whole, and was told. */
vdr_yaml *vdr_sheet_read(vdr_sheet *sheet);
vdr_place vdr_sheet_place(const vdr_yaml *node); /* at its key, if it has one */

/* The values of a mapping by key, NULL where one is not there; unknown and missing keys are told. */
bool vdr_sheet_map(vdr_sheet *sheet, const vdr_yaml *node, const vdr_sheet_key *keys, size_t key_count,
                   const vdr_yaml **ret_values);
bool vdr_sheet_is_list(vdr_sheet *sheet, const vdr_yaml *node);
/* Not empty; terminated. what says what was expected ("an address"). */
bool vdr_sheet_text(vdr_sheet *sheet, const vdr_yaml *node, const char *what, const char **ret_text);
/* Relative ones count from the file's own directory. */
bool vdr_sheet_path(vdr_sheet *sheet, const vdr_yaml *node, const char **ret_path);
/* Of the broker: tcp://HOST:PORT or ipc://PATH. */
bool vdr_sheet_endpoint(vdr_sheet *sheet, const vdr_yaml *node, const char **ret_endpoint);
bool vdr_sheet_bool(vdr_sheet *sheet, const vdr_yaml *node, bool *ret_value);

typedef enum vdr_sheet_unit { VDR_SHEET_COUNT, VDR_SHEET_BYTES, VDR_SHEET_DURATION } vdr_sheet_unit;
/* A number, a size ("1MiB") or a duration ("10s", "250ms"; in ms). */
bool vdr_sheet_number(vdr_sheet *sheet, const vdr_yaml *node, vdr_sheet_unit unit, int64_t least,
                      int64_t most, int64_t *ret_number);

#endif
