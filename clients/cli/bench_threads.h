/* clients/cli/bench_threads.h - where the processor time of a signal goes: the broker's threads by their names, the
 * load itself, and what was left idle. Thread: one. Linux: proc(5). */
#ifndef VDR_CLI_BENCH_THREADS_H
#define VDR_CLI_BENCH_THREADS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define VDR_BENCH_THREADS_MAX 32u

/* What had been used when one looked. Threads of one name are one row. */
typedef struct vdr_bench_threads {
    struct {
        char name[16]; /* the kernel's TASK_COMM_LEN */
        double cpu_s;
    } rows[VDR_BENCH_THREADS_MAX];
    size_t count;
    double load_s, idle_s; /* of the load's processes; of all processors */
} vdr_bench_threads;

/* A thread that ends while one looks, or one beyond the most, is left out. */
void vdr_bench_threads_look(pid_t broker, const pid_t *load, unsigned load_count, vdr_bench_threads *ret);

/* What was used between two looks, for each of so many signals: in a line, or as a row of JSON. */
void vdr_bench_threads_show(const vdr_bench_threads *before, const vdr_bench_threads *after, double signals,
                            bool json);

#endif
