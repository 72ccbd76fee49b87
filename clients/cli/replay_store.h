/* clients/cli/replay_store.h - the lines of a broker's log, stepped again (replay --store). */
#ifndef VDR_CLI_REPLAY_STORE_H
#define VDR_CLI_REPLAY_STORE_H

#include "proto/assert.h"
#include "proto/err.h"
#include "proto/types.h"

/* Steps the log in the store dir, which no broker may be using, and writes its lines to standard output;
 * until as --until, VDR_MS_NONE: all. Where the log was cut, from the oldest checkpoint that it leads on from,
 * which words on standard error say. On failure words were written there. STORE_CORRUPT also: stepping tells something else than was told then. */
VDR_MUST_CHECK vdr_err vdr_replay_store(const char *dir, vdr_ms until);

#endif
