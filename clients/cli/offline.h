/* clients/cli/offline.h - a town without a broker: the state that a store's log, or a file of events, leads to.
 *
 * Words about failures go to standard error. */
#ifndef VDR_CLI_OFFLINE_H
#define VDR_CLI_OFFLINE_H

#include "broker/door/config_read.h"
#include "broker/door/event.h"
#include "clients/cli/replay_store.h"

typedef struct vdr_cli_offline {
    const char *verb;
    vdr_core *core;      /* the store's history's, or own */
    vdr_cli_store store; /* of a store */
    vdr_config *config;  /* of a file of events; and the next three */
    vdr_core *own;
    vdr_door *door;
    vdr_arena arena;
    vdr_position last; /* the last record, or line that counted */
} vdr_cli_offline;

/* at: stop there, and let time pass until then; VDR_MS_NONE: after the last. Returns an exit status. */
int vdr_cli_offline_store(vdr_cli_offline *offline, const char *verb, const char *dir,
                          const vdr_cli_store_key *key, vdr_ms at);
/* events: a file, "-" for standard input. */
int vdr_cli_offline_events(vdr_cli_offline *offline, const char *verb, const char *config_dir,
                           const char *events, vdr_ms at);
void vdr_cli_offline_done(vdr_cli_offline *offline);

#endif
