/* What a signal costs in rules, by the number of signals its household has: nanoseconds on one thread.
 *
 *     cmake --preset release && cmake --build build/release --target rules_bench
 *     build/release/tests/bench/rules_bench [CONFIG_DIR [SIGNALS ...]]     (deploy/zomerdal; 1 10 64 1000 100000)
 *
 * One household is kept at that many signals, spread over a year: each step one more comes, the oldest goes,
 * every rule is asked whether the new one supports it, and every coordinate and watch rule whether it holds
 * before, as for a household whose latches are all set. Types, agencies and persons are drawn from the
 * configuration. "first" is the first question after a start: it builds the windows. */
#include "proto/limits.h"
#include "tests/rules_world.h"
#include "tests/bench/bench_config.h"

#include <stdio.h>
#include <time.h>

#define YEAR_MS (365 * WORLD_DAY)

static volatile uint64_t sink;
static uint64_t dice = 1;

static uint32_t
roll(size_t below)
{
    dice = dice * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((dice >> 33) % below);
}

static double
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static const char *
text_of(vdr_span span, char buffer[VDR_CONF_NAME_MAX + 1])
{
    memcpy(buffer, span.at, span.len);
    buffer[span.len] = 0;
    return buffer;
}

/* A signal of some type, by some agency that may send it. */
static vdr_slot
come(world *w, const vdr_config *config, vdr_slot home, const vdr_slot *persons, vdr_ms t)
{
    char names[5][VDR_CONF_NAME_MAX + 1];
    const vdr_config_type *type = &config->types[roll(config->type_count)];
    vdr_span kind = type->agencies.at[roll(type->agencies.count)];
    const vdr_config_agency *agency = &config->agencies[roll(config->agency_count)];
    for (size_t tries = 0; tries < 1000 && !vdr_span_equal(agency->kind, kind); tries++)
        agency = &config->agencies[roll(config->agency_count)];
    world_signal signal = {.type = text_of(type->id, names[0]),
                           .domain = text_of(type->domain, names[1]),
                           .purpose = text_of(type->purpose, names[2]),
                           .agency = text_of(agency->id, names[3]),
                           .agency_kind = text_of(kind, names[4]),
                           .severity = type->severity,
                           .occurred_at = t - (int64_t)roll(5) * WORLD_DAY,
                           .persons = {persons[roll(4)]},
                           .roles = {roll(2) == 0 ? "youth" : NULL}};
    signal.until = signal.occurred_at + type->counts_for_ms;
    return world_add(w, home, &signal);
}

static double
ask(world *w, vdr_slot home, vdr_slot signal, vdr_ms t, bool before)
{
    double from = now_ns();
    for (size_t i = 0; i < w->state.config->rule_count; i++) {
        if (!before)
            sink += vdr_rule_supported_by(&w->state, i, home, t, signal);
        else if (w->state.config->rules[i].level != VDR_LEVEL_CASE)
            sink += vdr_rule_holds(&w->state, i, home, t);
    }
    return now_ns() - from;
}

static void
bench(const vdr_config *config, uint32_t signals)
{
    world w;
    world_init(&w);
    world_bind(&w, config);
    vdr_slot home = world_household(&w);
    vdr_slot persons[4] = {world_person(&w), world_person(&w), world_person(&w), world_person(&w)};
    uint32_t steps = signals < 1000 ? 200000 : 50000;
    vdr_ms step = YEAR_MS / signals, t = 2 * YEAR_MS;
    vdr_slot *ring = vdr_alloc(signals, sizeof *ring);
    for (uint32_t i = 0; i < signals; i++)
        ring[i] = come(&w, config, home, persons, t += step);
    double first = ask(&w, home, ring[signals - 1], t, false);
    uint64_t windows = vdr_rulebook_bytes(w.state.rulebook);
    double before = 0, told = 0, asked = 0, longest = 0;
    for (uint32_t i = 0; i < steps; i++) {
        vdr_slot *place = &ring[i % signals];
        t += step;
        double held = ask(&w, home, 0, t, true);
        double from = now_ns();
        world_remove(&w, *place);
        *place = come(&w, config, home, persons, t);
        double tell = now_ns() - from;
        double by = ask(&w, home, *place, t, false);
        before += held;
        told += tell;
        asked += by;
        longest = held + tell + by > longest ? held + tell + by : longest;
    }
    printf("%9u %11.0f %11.0f %11.0f %11.0f %13.0f %13.0f %11.1f\n", signals, before / steps, asked / steps,
           told / steps, (before + asked + told) / steps, longest, first,
           signals > VDR_RULES_SCAN_MAX ? (double)windows / signals : 0.0);
    free(ring);
    world_done(&w);
}

int
main(int argc, char **argv)
{
    vdr_config *config = bench_config_load(argc > 1 ? argv[1] : VDR_SOURCE_DIR "/deploy/zomerdal");
    static const uint32_t usual[] = {1, 10, 64, 65, 1000, 100000};
    printf("%zu rules; ns a signal\n", config->rule_count);
    printf("%9s %11s %11s %11s %11s %13s %13s %11s\n", "signals", "holds", "supported", "put and told", "all",
           "longest", "first", "bytes each");
    for (int i = 2; i < argc; i++)
        bench(config, (uint32_t)strtoul(argv[i], NULL, 10));
    for (size_t i = 0; argc <= 2 && i < sizeof usual / sizeof usual[0]; i++)
        bench(config, usual[i]);
    vdr_config_free(&config);
    return 0;
}
