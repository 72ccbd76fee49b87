#include "tests/sim/trace.h"

#include "tests/sim/clock.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <xxhash.h>

static bool loud;
static uint64_t hash;

void
sim_trace_begin(bool aloud)
{
    loud = aloud;
    hash = 0;
}

static void
mix(const void *bytes, size_t len)
{
    hash = XXH64(bytes, len, hash);
}

void
sim_trace(const char *what, uint64_t first, uint64_t second)
{
    uint64_t numbers[3] = {(uint64_t)sim_clock_us(), first, second};
    mix(what, strlen(what));
    mix(numbers, sizeof numbers);
    if (loud)
        printf("%12.6f %-20s %llu %llu %016llx\n", (double)sim_clock_us() / 1e6, what,
               (unsigned long long)first, (unsigned long long)second, (unsigned long long)hash);
}

void
sim_trace_bytes(const char *what, uint64_t number, const void *bytes, size_t len)
{
    if (len != 0)
        mix(bytes, len);
    sim_trace(what, number, len);
}

void
sim_trace_words(const char *format, ...)
{
    if (!loud)
        return;
    va_list arguments;
    va_start(arguments, format);
    printf("%12.6f # ", (double)sim_clock_us() / 1e6);
    vprintf(format, arguments);
    putchar('\n');
    va_end(arguments);
}

bool
sim_trace_aloud(void)
{
    return loud;
}

uint64_t
sim_trace_hash(void)
{
    return hash;
}
