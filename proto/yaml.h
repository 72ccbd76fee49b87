/* proto/yaml.h - YAML bytes to a tree of nodes with their places. For the configuration readers only: the door's,
 * the node's and the gateway's. A library of its own (vdr_yaml), so that libvoordeur does not need libfyaml.
 *
 * Everything that a configuration may not have is found here: what is no YAML, anchors, aliases, tags, a key
 * twice, more than one document, nesting that is too deep, text that is not UTF-8; and what libfyaml cannot read safely.
 *
 * Thread:  one at a time. Memory: nodes live in the arena given; texts too. */
#ifndef VDR_PROTO_YAML_H
#define VDR_PROTO_YAML_H

#include "proto/arena.h"

#define VDR_YAML_DEPTH_MAX 16 /* lists and mappings in each other; the deepest that is asked for is 5 */

typedef struct vdr_place {
    uint32_t line, column; /* from 1 */
} vdr_place;

typedef enum vdr_yaml_kind {
    VDR_YAML_BAD, /* a fault was told; whoever meets it says no more */
    VDR_YAML_SCALAR,
    VDR_YAML_LIST,
    VDR_YAML_MAP
} vdr_yaml_kind;

typedef struct vdr_yaml {
    vdr_yaml_kind kind;
    vdr_place place;
    vdr_span text;              /* SCALAR */
    struct vdr_yaml *in;        /* the list or mapping it stands in; NULL: the root */
    const struct vdr_yaml *key; /* in a mapping: its key */
    struct vdr_yaml *first, *last, *next;
    size_t count; /* items or values */
} vdr_yaml;

/* Whom to tell of a fault. message is terminated and only borrowed. */
typedef struct vdr_yaml_listener {
    void (*fault)(void *context, vdr_place place, const char *message);
    void *context;
} vdr_yaml_listener;

/* NULL: the text cannot be read as a whole; at least one fault was told. Otherwise the root; faults may
 * have been told too. */
vdr_yaml *vdr_yaml_read(vdr_span text, vdr_arena *arena, vdr_yaml_listener listener);

/* Do the two say the same, in the same order? (quotes and layout mean nothing) */
bool vdr_yaml_equal(const vdr_yaml *a, const vdr_yaml *b);

#endif
