#include "tests/bench/peers/load.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static size_t
step_of(uint64_t ns)
{
    if (ns < LOAD_STEPS)
        return (size_t)ns;
    unsigned octave = 63u - (unsigned)__builtin_clzll(ns) - 6u; /* of 64 steps */
    size_t step = (size_t)(octave + 1) * LOAD_STEPS + ((size_t)(ns >> octave) - LOAD_STEPS);
    return step < (size_t)LOAD_OCTAVES * LOAD_STEPS ? step : (size_t)LOAD_OCTAVES * LOAD_STEPS - 1;
}

static double
ns_of(size_t step)
{
    if (step < LOAD_STEPS)
        return (double)step;
    size_t octave = step / LOAD_STEPS - 1;
    return ((double)(step % LOAD_STEPS) + LOAD_STEPS + 0.5) * (double)(UINT64_C(1) << octave);
}

void
load_histogram_add(load_histogram *histogram, int64_t ns, uint64_t count)
{
    histogram->counts[step_of(ns > 0 ? (uint64_t)ns : 0)] += count;
}

void
load_histogram_merge(load_histogram *histogram, const load_histogram *other)
{
    for (size_t i = 0; i < (size_t)LOAD_OCTAVES * LOAD_STEPS; i++)
        histogram->counts[i] += other->counts[i];
}

double
load_histogram_quantile(const load_histogram *histogram, double quantile)
{
    uint64_t all = 0, seen = 0;
    for (size_t i = 0; i < (size_t)LOAD_OCTAVES * LOAD_STEPS; i++)
        all += histogram->counts[i];
    for (size_t i = 0; i < (size_t)LOAD_OCTAVES * LOAD_STEPS; i++) {
        seen += histogram->counts[i];
        if (seen != 0 && (double)seen >= quantile * (double)all)
            return ns_of(i) / 1e6;
    }
    return 0;
}

int64_t
load_now_ns(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

static void
put_number(char *at, size_t digits, uint64_t number)
{
    for (; digits > 0; number /= 10)
        at[--digits] = (char)('0' + number % 10);
}

void
load_message(char *at, unsigned publisher, uint64_t number)
{
    static const char form[] =
        "{\"id\":\"b-00-000000000000\",\"source\":\"urn:nld:oin:00000099000000010000:systeem:magister\","
        "\"type\":\"nl.onderwijs.verzuim-gemeld.v1\",\"time\":\"2026-03-02T09:00:00Z\",\"data\":{\"persons\":"
        "[{\"bsn\":"
        "\"000000000\",\"role\":\"youth\"}],\"severity\":3,\"buurt\":\"BU99010101\"}}";
    _Static_assert(sizeof form - 1 <= LOAD_MESSAGE_BYTES, "it is filled up with blanks");
    memset(at, ' ', LOAD_MESSAGE_BYTES);
    memcpy(at, form, sizeof form - 1);
    put_number(at + 9, 2, publisher);
    put_number(at + 12, 12, number);
    put_number(at + (strstr(form, "\"000000000\"") - form) + 1, 9, number * 7919 % 1000000000);
}

uint64_t
load_number(const char *text, uint64_t least, uint64_t most)
{
    char *end;
    unsigned long long number = strtoull(text, &end, 10);
    if (end == text || *end != '\0' || number < least || number > most)
        load_fail("%s: a number from %llu to %llu is asked for", text, (unsigned long long)least,
                  (unsigned long long)most);
    return number;
}

void
load_fail(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vfprintf(stderr, format, arguments);
    va_end(arguments);
    (void)fputc('\n', stderr);
    exit(1);
}

void
load_report(uint64_t messages, double seconds, const load_histogram *histogram)
{
    (void)printf("{\"per_s\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"p999_ms\": %.3f}\n",
                 (double)messages / seconds, load_histogram_quantile(histogram, 0.5),
                 load_histogram_quantile(histogram, 0.99), load_histogram_quantile(histogram, 0.999));
}
