/* clients/cli/replay_store.h - a broker's log, stepped again: its lines (replay --store), or the state it leads to
 * (explain --store). */
#ifndef VDR_CLI_REPLAY_STORE_H
#define VDR_CLI_REPLAY_STORE_H

#include "broker/history/history.h"
#include "clients/cli/store_key.h"

/* A store that no broker is using. Words about a failure go to standard error, with the verb's name. */
typedef struct vdr_cli_store {
    vdr_store store;
    vdr_history *history;
} vdr_cli_store;

/* */
VDR_MUST_CHECK vdr_err vdr_cli_store_open(const char *verb, const char *dir, const vdr_cli_store_key *key,
                                          vdr_cli_store *ret_store);
void vdr_cli_store_close(vdr_cli_store *store);

/* Steps the log in the store dir, which no broker may be using, and writes its lines to standard output;
 * until as --until, VDR_MS_NONE: all. Where the log was cut, from the oldest checkpoint that it leads on from,
 * which words on standard error say. On failure words were written there. STORE_CORRUPT also: stepping tells something else than was told then. */
VDR_MUST_CHECK vdr_err vdr_replay_store(const char *dir, const vdr_cli_store_key *key, vdr_ms until);

#endif
