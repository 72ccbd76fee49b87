/* clients/cli/bench_operator.h - an operator who never stops asking: back-tests on the broker that is measured, one
 * after the other.
 *
 * Thread: one. The operator is a process, and each back-test a `voordeur backtest` of its own, as people begin it. */
#ifndef VDR_CLI_BENCH_OPERATOR_H
#define VDR_CLI_BENCH_OPERATOR_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct vdr_bench_operator {
    const char *home, *rules; /* of the broker; a candidate's file. The caller's, until it went home */
    pid_t pid;                /* 0: at home */
} vdr_bench_operator;

/* The calling program with these arguments, its output thrown away. True: it ended with status 0. */
bool vdr_bench_run_self(char *const *arguments);

/* finished counts the back-tests that ran to their end, and is shared with the operator's process. False: not begun. */
bool vdr_bench_operator_begin(vdr_bench_operator *the_operator, atomic_uint_fast64_t *finished);
/* Gives up the back-test at work and waits until the broker is done with it: the next measurement is without. */
void vdr_bench_operator_end(vdr_bench_operator *the_operator);

#endif
