/* clients/gateway/whole.h - a small file, whole or not at all, after a power cut too.
 *
 * Thread: any. Errors: IO; errno says which. */
#ifndef VDR_GATEWAY_WHOLE_H
#define VDR_GATEWAY_WHOLE_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"

/* Syncs the folder's names. */
VDR_MUST_CHECK vdr_err vdr_whole_sync(const char *folder);

/* Writes bytes to beside, a name in the same folder (made anew, 0600), and puts it in the place of path. Synced, the
 * folder too. */
VDR_MUST_CHECK vdr_err vdr_whole_write(const char *beside, const char *path, vdr_span bytes);

/* Takes path away, and syncs the folder. OK: it is not there, and no power cut brings it back. */
VDR_MUST_CHECK vdr_err vdr_whole_drop(const char *path);

#endif
