/* broker/desk/cover.h - answers that were given already, and of which the log says so.
 *
 * A screen that asks again and again would write a record of each look. So a view's record (protocol.md 7.13) covers
 * the same answer, to the same party and of the same query, for a term that it says; until then nothing more is
 * written. An answer that shows anything else is another one, and has a record of its own. Which answers are covered
 * is known to the running broker alone: after a restart, or when it had no room to remember, there is a record more.
 *
 * An answer is known by a hash under a random key of this process; nothing of it is kept.
 *
 * Thread:  the reactor's. Memory: some 200 kB. */
#ifndef VDR_BROKER_COVER_H
#define VDR_BROKER_COVER_H

#include "broker/core/command.h"
#include "proto/wire.h"

#define VDR_COVER_MS INT64_C(900000) /* a quarter of an hour */

typedef struct vdr_covers vdr_covers;

vdr_covers *vdr_covers_new(void);
void vdr_covers_free(vdr_covers **covers_p); /* NULL-safe */

typedef struct vdr_cover_key {
    uint8_t bytes[16];
} vdr_cover_key;

/* The key of an answer: what its VIEW would say (who, the query, the trace, what is shown), and its bytes. */
vdr_cover_key vdr_cover_key_of(const vdr_covers *covers, const vdr_command *view, vdr_span answer);

bool vdr_covers_hold(const vdr_covers *covers, const vdr_cover_key *key, vdr_ms now);
/* Its VIEW is with the engine: covered from now on. */
void vdr_covers_add(vdr_covers *covers, const vdr_cover_key *key, vdr_ms now);

#endif
