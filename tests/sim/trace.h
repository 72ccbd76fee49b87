/* tests/sim/trace.h - what happened in a run, as one hash; with --trace as lines on standard output, too.
 *
 * Two runs of a seed have the same hash, whatever the machine and however often: nothing goes in that an address, a
 * process id or a path could change. */
#ifndef VDR_SIM_TRACE_H
#define VDR_SIM_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void sim_trace_begin(bool aloud);
void sim_trace(const char *what, uint64_t first, uint64_t second);
void sim_trace_bytes(const char *what, uint64_t number, const void *bytes, size_t len);
/* For people only: no part of the hash. */
__attribute__((format(printf, 1, 2))) void sim_trace_words(const char *format, ...);
bool sim_trace_aloud(void);
uint64_t sim_trace_hash(void);

#endif
