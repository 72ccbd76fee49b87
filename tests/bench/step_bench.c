/* What a step costs and a household weighs: nanoseconds (of this thread, so that a busy machine
 * does not count) and bytes, with a real configuration.
 *
 *     cmake --preset release && cmake --build build/release --target step_bench
 *     build/release/tests/bench/step_bench [CONFIG_DIR [HOUSEHOLDS ...]]     (deploy/zomerdal; 100000 1000000)
 *
 * The town is filled with quiet households: 1.3 persons, an address, 1.5 signals each over half a year, ids like
 * UUIDs (36 bytes). Then as many signals more go to households drawn at random ("step": half of them; "seen": the other half, foreseen in batches of 32), a tenth of that are
 * duplicates ("duplicate"), and one household gets 100,000 ("hot": the last 10,000 of them, and what the others
 * pay meanwhile). "image" is copying the whole state block by block; "bytes" is everything the state holds
 * after the filling, per household. */
#include "broker/core/core.h"
#include "broker/core/view.h"
#include "proto/time.h"
#include "tests/bench/bench_config.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define T0    (20000 * VDR_DAY_MS)
#define BATCH VDR_CORE_FORESEEN

typedef struct bench {
    vdr_core *core;
    const vdr_config *config;
    vdr_position position;
    vdr_ms at;
    uint64_t dice, next_id;
} bench;

static uint64_t
mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ x >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ x >> 27) * UINT64_C(0x94d049bb133111eb);
    return x ^ x >> 31;
}

static uint64_t
roll(bench *b, uint64_t below)
{
    return mix(++b->dice) % below;
}

static double
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static vdr_key16
key_of(uint64_t number, uint64_t space)
{
    vdr_key16 key;
    uint64_t half[2] = {mix(number * 4 + space), mix(mix(number) + space)};
    memcpy(key.bytes, half, sizeof key.bytes);
    return key;
}

/* Every type with an agency that may send it. */
typedef struct sendable {
    const vdr_config_type *type;
    const vdr_config_agency *agency;
} sendable;

static sendable sendables[4096];
static size_t sendable_count;

static void
find_sendables(const vdr_config *config)
{
    for (size_t i = 0; i < config->type_count; i++)
        for (size_t j = 0; j < config->agency_count; j++)
            for (size_t k = 0; k < config->types[i].agencies.count; k++)
                if (sendable_count < sizeof sendables / sizeof sendables[0] &&
                    vdr_span_equal(config->types[i].agencies.at[k], config->agencies[j].kind))
                    sendables[sendable_count++] = (sendable){&config->types[i], &config->agencies[j]};
}

/* A signal, and where its words lie. */
typedef struct prepared {
    vdr_command command;
    vdr_command_person persons[2];
    vdr_key16 address;
    char text[36];
} prepared;

/* One signal about household number home; id: which one it is. */
static void
prepare(const bench *b, uint64_t home, uint64_t id, prepared *ret)
{
    static const char hex[] = "0123456789abcdef";
    /* Quiet: mostly the same again. The same id is the same event. */
    const sendable *sent = &sendables[mix(id % 16 != 0 ? home : id) % sendable_count];
    ret->persons[0] = (vdr_command_person){.key = key_of(home * 2, 0), .role = vdr_span_str("parent")};
    ret->persons[1] = (vdr_command_person){.key = key_of(home * 2 + 1, 0), .role = vdr_span_str("youth")};
    ret->address = key_of(home, 1);
    uint64_t word = mix(id);
    for (size_t i = 0; i < sizeof ret->text; i++)
        ret->text[i] =
            i == 8 || i == 13 || i == 18 || i == 23 ? '-' : hex[(i < 16 ? word : id) >> (4 * (i % 16)) & 15];
    ret->command = (vdr_command){.kind = VDR_COMMAND_SIGNAL,
                                 .at = b->at,
                                 .id = vdr_span_of(ret->text, sizeof ret->text),
                                 .source = sent->agency->source,
                                 .type = sent->type->id,
                                 .time = b->at,
                                 .digest = key_of(id, 2),
                                 .id_hash = mix(id),
                                 .municipality = b->config->municipality,
                                 .occurred_at = b->at,
                                 .persons = ret->persons,
                                 .person_count = 1 + (home % 10 < 3),
                                 .addresses = &ret->address,
                                 .address_count = 1,
                                 .act_before = VDR_MS_NONE};
}

static vdr_err
step_it(bench *b, const vdr_command *command)
{
    vdr_step step;
    vdr_core_step(b->core, command, b->position + 1, &step);
    b->position += step.record || step.tick;
    return step.verdict;
}

static vdr_err
signal(bench *b, uint64_t home, uint64_t id)
{
    prepared one;
    prepare(b, home, id, &one);
    return step_it(b, &one.command);
}

/* The household that signal number id is about: each gets one first. */
static uint64_t
home_of(uint64_t id, uint64_t homes)
{
    return id < homes ? id : mix(id ^ 0x5555) % homes;
}

static void
image(bench *b, double *ret_ms, uint64_t *ret_bytes)
{
    vdr_core_block block;
    double from = now_ns();
    *ret_bytes = 0;
    vdr_core_image_begin(b->core);
    while (vdr_core_image_next(b->core, true, &block))
        *ret_bytes += block.bytes.len;
    vdr_core_image_end(b->core, true);
    *ret_ms = (now_ns() - from) / 1e6;
}

static void
acknowledge_all(bench *b)
{
    for (uint32_t mailbox = 1; mailbox <= vdr_core_mailbox_count(b->core); mailbox++) {
        vdr_command_ack ack = {mailbox, UINT64_MAX};
        vdr_command command = {.kind = VDR_COMMAND_ACKS, .at = VDR_MS_NONE, .acks = &ack, .ack_count = 1};
        vdr_step step;
        vdr_core_step(b->core, &command, b->position + 1, &step);
        b->position += step.record || step.tick;
    }
}

/* Nanoseconds a signal, each to a household at random; made beforehand, a batch at a time, as the door makes
 * them. foresee: as core.h says. */
static double
step_many(bench *b, uint64_t homes, uint64_t count, bool foresee, uint64_t *inout_worst,
          uint64_t *inout_accepted)
{
    static prepared batch[BATCH];
    static const vdr_command *coming[BATCH];
    double spent = 0;
    for (uint64_t i = 0; i < count; i += BATCH) {
        for (size_t j = 0; j < BATCH; j++) {
            b->at += 100;
            prepare(b, home_of(b->next_id, homes), b->next_id, &batch[j]);
            coming[j] = &batch[j].command;
            b->next_id++;
        }
        double from = now_ns();
        if (foresee)
            vdr_core_foresee(b->core, coming, BATCH);
        for (size_t j = 0; j < BATCH; j++) {
            double begun = j == 0 ? now_ns() : 0;
            *inout_accepted += step_it(b, &batch[j].command) == VDR_E_ACCEPTED;
            uint64_t took = begun != 0 ? (uint64_t)(now_ns() - begun) : 0;
            *inout_worst = took > *inout_worst ? took : *inout_worst;
        }
        spent += now_ns() - from;
    }
    return spent / (double)count;
}

static void
measure(const vdr_config *config, uint64_t homes)
{
    bench b = {.core = vdr_core_new(), .config = config, .at = T0};
    vdr_command first = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = config};
    vdr_step step;
    vdr_core_step(b.core, &first, ++b.position, &step);

    uint64_t fill = homes * 3 / 2, worst = 0;
    double from = now_ns();
    for (uint64_t i = 0; i < fill; i++) {
        b.at = T0 + (vdr_ms)(i * 180 * (uint64_t)VDR_DAY_MS / fill);
        (void)signal(&b, home_of(i, homes), b.next_id++);
        if (i % 65536 == 0)
            acknowledge_all(&b);
    }
    double filled = (now_ns() - from) / (double)fill;
    vdr_core_counts counts;
    acknowledge_all(&b);
    vdr_view_counts(b.core, &counts);
    double weight = (double)counts.memory_bytes / (double)counts.households;

    uint64_t more = homes < 1000000 ? homes : 1000000, accepted = 0;
    double stepped = step_many(&b, homes, more / 2, false, &worst, &accepted);
    double foreseen = step_many(&b, homes, more / 2, true, &worst, &accepted);

    from = now_ns();
    uint64_t duplicates = 0;
    for (uint64_t i = 0; i < more / 10; i++) {
        uint64_t id = b.next_id - 1 - roll(&b, more);
        duplicates += signal(&b, home_of(id, homes), id) == VDR_E_DUPLICATE;
    }
    double doubled = (now_ns() - from) / (double)(more / 10);

    enum { HOT = 100000, LAST = 10000 };
    double hot = 0, others = 0;
    for (uint64_t i = 0; i < HOT; i++) {
        b.at += 50;
        from = now_ns();
        (void)signal(&b, homes, b.next_id++);
        hot += i >= HOT - LAST ? now_ns() - from : 0;
        if (i < HOT - LAST)
            continue;
        from = now_ns();
        (void)signal(&b, roll(&b, homes), b.next_id++);
        others += now_ns() - from;
    }
    double image_ms;
    uint64_t image_bytes;
    image(&b, &image_ms, &image_bytes);
    printf("%10llu %7.0f %7.0f %7.0f %9.0f %7.0f %7.0f %9.1f %7.0f %9.0f %8.0f\n", (unsigned long long)homes,
           filled, stepped, foreseen, (double)worst / 1000, doubled, hot / LAST, others / LAST, weight,
           image_ms, (double)image_bytes / 1048576);
    if (accepted == 0 || duplicates == 0)
        printf("(%llu accepted, %llu duplicates)\n", (unsigned long long)accepted,
               (unsigned long long)duplicates);
    vdr_core_free(&b.core);
}

int
main(int argc, char **argv)
{
    vdr_config *config = bench_config_load(argc > 1 ? argv[1] : VDR_SOURCE_DIR "/deploy/zomerdal");
    find_sendables(config);
    printf("households fill ns step ns seen ns  worst us dupl ns  hot ns others ns   bytes image "
           "ms image MB\n");
    if (argc <= 2) {
        measure(config, 100000);
        measure(config, 1000000);
    }
    for (int i = 2; i < argc; i++)
        measure(config, strtoull(argv[i], NULL, 10));
    vdr_config_free(&config);
    return 0;
}
