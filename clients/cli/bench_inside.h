/* clients/cli/bench_inside.h - what the parts of `voordeur bench` share. Thread: one. */
#ifndef VDR_CLI_BENCH_INSIDE_H
#define VDR_CLI_BENCH_INSIDE_H

#include "clients/cli/bench.h"

#include <limits.h>

#define VDR_BENCH_LIST_MAX   8u
#define VDR_BENCH_ROUNDS_MAX 64u

/* One call of `voordeur bench`. */
typedef struct vdr_bench_run {
    const char *town, *daemon, *dir;
    uint64_t households[VDR_BENCH_LIST_MAX], publishers[VDR_BENCH_LIST_MAX], batches[VDR_BENCH_LIST_MAX];
    size_t household_count, publisher_count, batch_count;
    unsigned batch; /* of the row */
    unsigned window, seconds, rounds;
    uint64_t rate;
    const char *backtest; /* rules of an operator's back-tests; NULL: none */
    unsigned slow;        /* subscribers that do not read; 0: none */
    bool hot, json;
    bool attached; /* the broker is somebody else's: neither begun nor ended here */
    vdr_config *config;
    vdr_bench_shared *shared;
    char home[PATH_MAX];
    pid_t broker;
    pid_t workers[VDR_BENCH_WORKERS_MAX];
    unsigned worker_count;
    double echo_per_s;
    uint64_t echo_us, sync_us;
} vdr_bench_run;

/* The broker in a new folder, or the one that runs. False: said on standard error. */
bool vdr_bench_broker_start(vdr_bench_run *run);
void vdr_bench_broker_stop(vdr_bench_run *run);
bool vdr_bench_broker_runs(const vdr_bench_run *run);
/* What an operator's `voordeur status` says of it: a new reference, or NULL. */
json_t *vdr_bench_broker_status(const vdr_bench_run *run);

/* One number of publishers, with frames of run->batch; the households are filled before the first. */
bool vdr_bench_row(vdr_bench_run *run, uint64_t households, unsigned publishers, bool first);

#endif
