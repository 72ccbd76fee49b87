/* clients/cli/tale.h - what a step did as lines of semantics section 11 on standard output, buffered.
 * One thread. */
#ifndef VDR_CLI_TALE_H
#define VDR_CLI_TALE_H

#include "broker/core/core.h"

typedef struct vdr_tale_out {
    char *at;
    size_t used, size;
    bool failed;     /* a write did; nothing more is written */
    vdr_arena arena; /* of one decision */
} vdr_tale_out;

void vdr_tale_out_init(vdr_tale_out *out);
void vdr_tale_out_done(vdr_tale_out *out); /* what was not flushed is lost */

/* Writes the lines of a tale. IO: errno says why. STORE_CORRUPT: these bytes are no tale. */
VDR_MUST_CHECK vdr_err vdr_tale_out_put(vdr_tale_out *out, const vdr_core *core, vdr_span tale);
VDR_MUST_CHECK vdr_err vdr_tale_out_flush(vdr_tale_out *out);

#endif
