/* clients/cli/bench.h - the parts of `voordeur bench`: raw rates of this machine, and load on a broker. */
#ifndef VDR_CLI_BENCH_H
#define VDR_CLI_BENCH_H

#include "broker/engine/histogram.h"
#include "clients/cli/link.h"
#include "broker/core/config.h"

#include <stdatomic.h>
#include <sys/types.h>

#define VDR_BENCH_WORKERS_MAX 8u
#define VDR_BENCH_WINDOW_MAX  4096u

/* What one worker process counted in one phase. In memory shared with the parent. */
typedef struct vdr_bench_count {
    uint64_t answered; /* all; the others only of what was measured */
    uint64_t others;   /* answers to all publishers but the first */
    uint64_t accepted, duplicates, refused;
    vdr_err refusal;          /* the last one's */
    vdr_histogram latency_us; /* from the instant an item was meant to be sent until its answer */
} vdr_bench_count;

typedef enum vdr_bench_phase {
    VDR_BENCH_FILL = 1,     /* one signal for every household, as fast as it goes */
    VDR_BENCH_SATURATE = 2, /* as fast as the window lets */
    VDR_BENCH_RATE = 3,     /* open loop: items fall due at a rate, whatever the broker does */
    VDR_BENCH_ONE = 4,      /* one in flight */
    VDR_BENCH_END = 5
} vdr_bench_phase;

typedef struct vdr_bench_shared {
    _Atomic int phase;      /* vdr_bench_phase */
    _Atomic unsigned round; /* counts the phases: the next one has begun */
    _Atomic int ready;      /* workers that are done with the phase before */
    _Atomic int failed;
    atomic_bool hot;               /* the first publisher's signals are all of one household */
    atomic_uint_fast64_t finished; /* back-tests that ran to their end beside the load */
    uint64_t rate_per_s;           /* RATE: of all publishers together */
    int64_t warm_ns, until_ns;     /* steady clock: measure from, and end of the phase */
    vdr_bench_count counts[VDR_BENCH_WORKERS_MAX];
} vdr_bench_shared;

typedef struct vdr_bench_load {
    const char *home;
    const vdr_config *config;
    uint64_t households;
    unsigned publishers, workers;
    uint64_t run;    /* makes the ids of this run its own: the broker keeps those of the one before */
    unsigned batch;  /* signals a frame */
    unsigned window; /* of one publisher: signals that are not answered */
    vdr_bench_shared *shared;
} vdr_bench_load;

/* A worker's whole life: connects its publishers, then goes from phase to phase. Returns an exit status. */
int vdr_bench_worker(const vdr_bench_load *load, unsigned worker);

/* What a frame of one signal takes, as the publishers of this load make it. */
size_t vdr_bench_frame_bytes(const vdr_bench_load *load);

int64_t vdr_bench_now_ns(void);

/* A number of /proc/PID/FILE behind a name, in bytes for kB; 0: there is none. */
uint64_t vdr_bench_proc_value(pid_t pid, const char *file, const char *name);
/* The number that is the given word, counted from 1, of a file's first line; 0: there is none. */
uint64_t vdr_bench_file_number(const char *path, unsigned word);
/* Processor time used so far, in user and kernel: by the process, all threads; by one thread of it. 0: it is gone. */
double vdr_bench_cpu_s(pid_t pid);
double vdr_bench_thread_cpu_s(pid_t pid, pid_t thread);
/* Bytes written so far to the disk that dir lies on, by whomever; where it has none, what the process wrote. */
uint64_t vdr_bench_disk_bytes(const char *dir, pid_t pid);

/* How many processes do the publishers' work. */
unsigned vdr_bench_workers(unsigned publishers);

/* Raw rates. Append 4 KiB and fdatasync in dir, for a second. false: said on standard error. */
bool vdr_bench_sync(const char *dir, vdr_histogram *ret_us);
/* Frames of bytes through a ROUTER with CURVE, each answered with 8 bytes: so many clients in
 * vdr_bench_workers() processes, window frames in flight each. Frames per second, and with a window of 1 the
 * round trip. */
bool vdr_bench_echo(unsigned clients, unsigned window, size_t bytes, double *ret_per_s,
                    vdr_histogram *ret_us);

#endif
