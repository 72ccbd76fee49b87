/* proto/nameset.h - a set of names: has it, had it, and what may have been meant.
 *
 * Thread:  one at a time. Memory: the names' bytes are the caller's and must outlive the set.
 * Order:   names[] is in the order of adding; the hash decides nothing but speed. */
#ifndef VDR_PROTO_NAMESET_H
#define VDR_PROTO_NAMESET_H

#include "proto/types.h"

typedef struct vdr_nameset {
    vdr_span *names;
    size_t count;
    uint32_t *slots; /* number of a name + 1; 0: empty */
    size_t slot_count;
} vdr_nameset; /* {0} is an empty set */

void vdr_nameset_done(vdr_nameset *set);               /* frees; the set is empty again */
bool vdr_nameset_add(vdr_nameset *set, vdr_span name); /* false: it is in already */
bool vdr_nameset_has(const vdr_nameset *set, vdr_span name);
/* The name of the set that is nearest to a misspelled one; absent: none is near. */
vdr_span vdr_nameset_like(const vdr_nameset *set, vdr_span name);

/* Is name near enough to candidate to have been meant? Smaller is nearer; 0 is equal, SIZE_MAX is far. */
size_t vdr_name_distance(vdr_span name, vdr_span candidate);

#endif
