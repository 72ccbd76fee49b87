/* tests/bench/peers/load.h - what the loads of other brokers share: a message, a clock, a histogram.
 *
 * These measure and assert nothing; `run` builds and starts them. Thread: any. */
#ifndef VDR_PEERS_LOAD_H
#define VDR_PEERS_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define LOAD_MESSAGE_BYTES 250

/* Latencies: 64 steps an octave, of nanoseconds, so within 2%. */
#define LOAD_STEPS   64
#define LOAD_OCTAVES 40
typedef struct load_histogram {
    uint64_t counts[LOAD_OCTAVES * LOAD_STEPS];
} load_histogram;

void load_histogram_add(load_histogram *histogram, int64_t ns, uint64_t count);
void load_histogram_merge(load_histogram *histogram, const load_histogram *other);
/* ms */
double load_histogram_quantile(const load_histogram *histogram, double quantile);

int64_t load_now_ns(void);

/* One signal of the town, LOAD_MESSAGE_BYTES long: what an agency says of somebody, with an id of its own. */
void load_message(char *at, unsigned publisher, uint64_t number);

/* A number of the command line, from least to most. */
uint64_t load_number(const char *text, uint64_t least, uint64_t most);

/* Says what is wrong and ends the program. */
_Noreturn void load_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* One line of JSON. */
void load_report(uint64_t messages, double seconds, const load_histogram *histogram);

#endif
