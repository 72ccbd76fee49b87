/* broker/start.h - from a command line to a serving daemon, and back.
 *
 * Thread: the process' first. Errors: told in the journal or, for a configuration, on standard error with
 * file, line and column; the exit status says which kind. */
#ifndef VDR_BROKER_START_H
#define VDR_BROKER_START_H

#include "broker/engine/clock.h"

typedef enum vdr_exit {
    VDR_EXIT_CLEAN = 0,
    VDR_EXIT_FAILED = 1, /* it cannot start or go on: an address, the self-test, a store in use, memory */
    VDR_EXIT_CONFIG = 2, /* the command line, node.yaml, a key file or the town's configuration */
    VDR_EXIT_DISK = 3,   /* the disk failed: a new start verifies the log and goes on */
    /* the store does not prove itself, its parts are of different times, or it is another version's: a person
     * must look */
    VDR_EXIT_CORRUPT = 4
} vdr_exit;

typedef struct vdr_start_options {
    const char *config_dir, *store_dir, *node_path;
    vdr_clock_kind clock;
    bool check;       /* read everything, start nothing */
    bool allow_root;  /* root may run it */
    bool no_sandbox;  /* every path and every system call stays open */
    bool keep_config; /* a wrong or refused config_dir leaves what the store holds in force */
} vdr_start_options;

/* Serves until it is told to stop. */
vdr_exit vdr_start(const vdr_start_options *options);

#endif
