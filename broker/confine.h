/* broker/confine.h - which places and calls of the machine are left to the daemon (sandbox/sandbox.h), told in the
 * journal. Thread: the process' first; vdr_confine_paths before any other is made, vdr_confine_calls when all are. */
#ifndef VDR_BROKER_CONFINE_H
#define VDR_BROKER_CONFINE_H

#include "broker/node.h"
#include "broker/sandbox/sandbox.h"

/* How it went with the paths. */
typedef struct vdr_confined {
    vdr_sandbox_state state;
    int level; /* of Landlock */
} vdr_confined;

/* Makes the folder of the store and that of backups where they are missing, since what is not there cannot be
 * allowed. Left are: the store, backups and escrow to write; the configuration and the folders of node.yaml and of the keys
 * to read, so that SIGHUP finds what took a file's place; the file of endpoints; sockets that node.yaml names;
 * what /proc tells of this process. */
vdr_confined vdr_confine_paths(const vdr_node *node, const char *config_dir, const char *store_dir);

/* Tells also how it ended with the paths. */
void vdr_confine_calls(vdr_confined paths);

/* --no-sandbox: says so. */
void vdr_confine_nothing(void);

#endif
