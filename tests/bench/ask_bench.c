/* What it costs to ask (broker/core/trial.h, explain.h): microseconds of this thread, with a real configuration.
 *
 *     cmake --preset release && cmake --build build/release --target ask_bench
 *     build/release/tests/bench/ask_bench [CONFIG_DIR [HOUSEHOLDS ...]]      (deploy/zomerdal; 100000 1000000)
 *
 * The town is filled with households of three signals and one of 4096. "trial" is beginning and ending one,
 * "try" a signal to a random household, "explain" a random household, "large" the one of 4096 signals: the
 * median and the greatest. */
#include "broker/core/explain.h"
#include "broker/core/trial.h"
#include "proto/time.h"
#include "tests/bench/bench_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define T0    (20000 * VDR_DAY_MS)
#define LARGE 4096u

typedef struct bench {
    vdr_core *core;
    const vdr_config *config;
    vdr_ms at;
    uint64_t dice, next_id, households;
} bench;

static uint64_t
mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static double
now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* So many places that no case waits: how many do is another matter (cases_bench). */
static void
make_room(vdr_config *config, vdr_config_regisseur *regisseurs)
{
    for (size_t i = 0; i < config->regisseur_count; i++) {
        regisseurs[i] = config->regisseurs[i];
        regisseurs[i].capacity = regisseurs[i].hard_capacity = UINT32_MAX;
    }
    config->regisseurs = regisseurs;
}

/* A signal about a household; what it points to lives until the next call. */
static const vdr_command *
signal_about(bench *b, uint64_t home)
{
    static vdr_command command;
    static vdr_command_person person;
    static char id[32];
    uint64_t number = ++b->next_id;
    /* Mostly the same again: few households have more problems than one. */
    uint64_t kind = mix(home != 0 && number % 16 != 0 ? home : number);
    const vdr_config_type *type = &b->config->types[kind % b->config->type_count];
    const vdr_config_agency *agency = b->config->agencies;
    while (!vdr_span_equal(agency->kind, type->agencies.at[0]))
        agency++;
    uint64_t half[2] = {mix(home), mix(~home)};
    memcpy(person.key.bytes, half, sizeof half);
    person.role = vdr_span_str("youth");
    int len = snprintf(id, sizeof id, "s-%llu", (unsigned long long)number);
    command = (vdr_command){.kind = VDR_COMMAND_SIGNAL,
                            .at = b->at,
                            .id = vdr_span_of(id, (size_t)len),
                            .source = agency->source,
                            .type = type->id,
                            .time = b->at,
                            .id_hash = mix(number),
                            .municipality = b->config->municipality,
                            .occurred_at = b->at,
                            .persons = &person,
                            .person_count = 1,
                            .act_before = VDR_MS_NONE};
    return &command;
}

static void
step(bench *b, const vdr_command *command)
{
    vdr_step done;
    vdr_core_step(b->core, command, vdr_core_position(b->core) + 1, &done);
}

static void
ask(bench *b, const char *name, unsigned times, void (*what)(bench *b))
{
    static double took[1000];
    for (unsigned i = 0; i < times; i++) {
        double begun = now_us();
        what(b);
        took[i] = now_us() - begun;
        for (unsigned j = i; j > 0 && took[j] < took[j - 1]; j--) {
            double swapped = took[j];
            took[j] = took[j - 1];
            took[j - 1] = swapped;
        }
    }
    printf("  %-8s %10.0f us, at most %.0f us\n", name, took[times / 2], took[times - 1]);
}

static void
trial(bench *b)
{
    vdr_trial *on = vdr_trial_begin(b->core);
    vdr_trial_end(b->core, &on);
}

static void
try_one(bench *b)
{
    const vdr_command *command = signal_about(b, mix(++b->dice) % b->households);
    vdr_trial *on = vdr_trial_begin(b->core);
    step(b, command);
    vdr_trial_end(b->core, &on);
}

static void
explain(bench *b, uint64_t household)
{
    vdr_explanation told;
    vdr_arena arena;
    vdr_explain_ask about = {.household = {household}};
    vdr_arena_init(&arena, 64u << 20);
    vdr_trial *on = vdr_trial_begin(b->core);
    vdr_err err = vdr_explain(b->core, &about, &arena, &told);
    vdr_trial_end(b->core, &on);
    if (err != VDR_OK && err != VDR_E_NOT_FOUND)
        printf("  (%s)\n", vdr_err_code(err));
    vdr_arena_done(&arena);
}

static void
explain_one(bench *b)
{
    explain(b, 1 + mix(++b->dice) % b->households);
}

static void
explain_large(bench *b)
{
    explain(b, 1);
}

static void
run(const vdr_config *config, uint64_t households)
{
    bench b = {.core = vdr_core_new(), .config = config, .at = T0, .households = households};
    const vdr_command begin = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = config};
    step(&b, &begin);
    for (unsigned i = 0; i < LARGE; i++)
        step(&b, signal_about(&b, 0));
    for (uint64_t i = 0; i < households * 3; i++) {
        b.at = T0 + (vdr_ms)(i * 30 * (uint64_t)VDR_DAY_MS / (households * 3));
        step(&b, signal_about(&b, 1 + i % (households - 1)));
    }
    printf("%llu households\n", (unsigned long long)households);
    ask(&b, "trial", 200, trial);
    ask(&b, "try", 200, try_one);
    ask(&b, "explain", 200, explain_one);
    ask(&b, "large", 20, explain_large);
    vdr_core_free(&b.core);
}

int
main(int argc, char **argv)
{
    vdr_config *config = bench_config_load(argc > 1 ? argv[1] : VDR_SOURCE_DIR "/deploy/zomerdal");
    vdr_config_regisseur *regisseurs = vdr_alloc(config->regisseur_count, sizeof *regisseurs);
    make_room(config, regisseurs);
    if (argc <= 2) {
        run(config, 100000);
        run(config, 1000000);
    }
    for (int i = 2; i < argc; i++)
        run(config, strtoull(argv[i], NULL, 10));
    vdr_config_free(&config);
    free(regisseurs);
    return 0;
}
