/* broker/access/told.h - what answers to ADMIN tell, name by name, and to whom: the third part of the table
 * (protocol.md 8.3).
 *
 * A RESULT is figures and texts by name, rows of a kind with figures and texts by name, and lists of things with
 * members. A row here says, for a verb and one of these, which names there are and who is told them. What has no row
 * is told to nobody; only its number, its verdict and the broker's own words about it always are.
 *
 * Thread:  any; constant. */
#ifndef VDR_BROKER_ACCESS_TOLD_H
#define VDR_BROKER_ACCESS_TOLD_H

#include "broker/access/table.h"
#include "proto/arena.h"
#include "proto/assert.h"
#include "proto/err.h"
#include "proto/wire.h"

typedef struct vdr_access_told {
    vdr_verb verb;
    const char *part;  /* "counters", "texts", "row KIND", or a list: "sessions", "files", … */
    const char *names; /* with blanks between */
    unsigned who;      /* a bit VDR_TOLD_TO(kind) for each */
} vdr_access_told;

#define VDR_TOLD_TO(kind) (1u << (kind))

const vdr_access_told *vdr_access_tellings(size_t *ret_count);

/* Is this name of this part told? part: as above. */
bool vdr_access_tells(vdr_party_kind kind, vdr_verb verb, vdr_span part, vdr_span name);

/* Takes away what is not told to a party of this kind: by the result's verb. What changes is copied into the arena.
 * NO_MEMORY: the result must not be sent. */
VDR_MUST_CHECK vdr_err vdr_access_mask_result(vdr_party_kind kind, vdr_arena *arena,
                                              vdr_wire_admin_result *result);

#endif
