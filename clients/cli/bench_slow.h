/* clients/cli/bench_slow.h - subscribers that do not read: they take what their windows let and then stand still, with
 * their connections open.
 *
 * Thread: one. They are one process, which is stopped once all of them are subscribed. */
#ifndef VDR_CLI_BENCH_SLOW_H
#define VDR_CLI_BENCH_SLOW_H

#include "broker/core/config.h"

#include <stdbool.h>
#include <sys/types.h>

typedef struct vdr_bench_slow {
    const char *home; /* of the broker */
    const vdr_config *config;
    unsigned count; /* of services, regisseurs and agencies by turns */
    pid_t pid;      /* 0: there are none */
} vdr_bench_slow;

bool vdr_bench_slow_begin(vdr_bench_slow *slow); /* when all are subscribed. False: said on standard error */
void vdr_bench_slow_end(vdr_bench_slow *slow);

#endif
