/* broker/door/json.h - one JSON value (RFC 8259) to a tree, as strictly as semantics section 3 asks.
 *
 * Refused is what is no JSON, and besides: a member twice, a lone surrogate, U+0000, nesting beyond
 * VDR_JSON_DEPTH_MAX, bytes that are not UTF-8, a byte order mark. A number has no bounds: it is the nearest
 * IEEE double, infinite where it is too large, and remembers whether it was written as an integer.
 *
 * Our own reader, because both ends matter: the grammar and the meaning of a number decide what counts as the
 * same event, and it is read on the way of every signal (at least 3 times as fast as jansson 2.14, which the
 * tests compare it with).
 *
 * Thread:  any; pure.
 * Memory:  nodes and unescaped strings live in the arena, other strings point into the text. At most
 *          VDR_JSON_ARENA_BYTES(text.len). */
#ifndef VDR_DOOR_JSON_H
#define VDR_DOOR_JSON_H

#include "proto/arena.h"

typedef enum vdr_json_kind {
    VDR_JSON_NULL,
    VDR_JSON_FALSE,
    VDR_JSON_TRUE,
    VDR_JSON_NUMBER,
    VDR_JSON_STRING,
    VDR_JSON_LIST,
    VDR_JSON_OBJECT
} vdr_json_kind;

typedef struct vdr_json {
    vdr_json_kind kind;
    bool is_integer;        /* NUMBER: written without fraction and exponent, and smaller than 2^53 */
    vdr_span name;          /* a member's */
    vdr_span text;          /* STRING: what it means, never absent; NUMBER: as written */
    double number;          /* NUMBER */
    int64_t integer;        /* NUMBER with is_integer */
    struct vdr_json *first; /* LIST: items in order; OBJECT: members by the bytes of their names */
    struct vdr_json *next;
    size_t count;
} vdr_json;

/* A value takes two bytes of text at least ("0," or "[]"); besides, unescaped strings. */
#define VDR_JSON_ARENA_BYTES(text_bytes) (((size_t)(text_bytes) / 2 + 2) * 112 + 4 * (size_t)(text_bytes))

/* depth: how many lists and objects the value stands in already; 0 for a text of its own. NULL: no such
 * value, or the arena's budget is too small for it. */
vdr_json *vdr_json_read(vdr_span text, unsigned depth, vdr_arena *arena);

/* The member of that name; NULL: none. value may be of any kind. */
const vdr_json *vdr_json_member(const vdr_json *value, const char *name);

/* Text that reads as an equal value. at == NULL: over the arena's budget. */
vdr_span vdr_json_write(const vdr_json *value, vdr_arena *arena);

#endif
