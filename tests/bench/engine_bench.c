/* How fast the engine is on real files, without sockets: signals a second, what a submission costs, how long a
 * commit and a turn take with checkpoints running, what is written, and how long a start takes.
 *
 *     cmake --preset release && cmake --build build/release --target engine_bench
 *     build/release/tests/bench/engine_bench [--plain] DIR [HOUSEHOLDS [SIGNALS]]    (100,000 and 2,000,000)
 *
 * --plain: nothing is sealed and the log has no chains, to measure what these cost; such a store cannot be started
 * on, and no broker can write one. DIR must not be there; it is left for looking at. One thread submits 250-byte JSON signals as fast as the
 * engine has room, the committer and the checkpointer run beside it. */
#include "broker/engine/engine.h"
#include "proto/time.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#define DRAIN 256u /* submissions of a turn, as a reactor would take */

static const char town_text[] =
    "municipality: GM9901\n"
    "identity: {address_match: join, max_persons: 12, excluded_addresses: []}\n"
    "clocks: {future: 36500d, late: 60d, cooldown: 90d, sticky: 730d, retry: 1h,\n"
    "         accept: {urgent: 4h, high: 1d, normal: 3d}}\n"
    "may_combine: [[youth, safety], [housing, youth], [housing, safety]]\n"
    "agencies:\n"
    "  - {id: school, kind: school, source: \"urn:a:school\", sees_match: true}\n"
    "  - {id: politie, kind: police, source: \"urn:a:politie\", sees_match: true}\n"
    "  - {id: woonstad, kind: housing, source: \"urn:a:woonstad\", sees_match: true}\n"
    "services:\n"
    "  - {id: wijkteam, domains: [\"*\"]}\n"
    "regisseurs:\n"
    "  - {id: r-anna, districts: [\"*\"], capacity: 1000000, hard_capacity: 2000000, expertise: "
    "[education]}\n"
    "coordinators: [c-piet]\n";
static const char catalogue_text[] =
    "domains: {education: youth, safety: adult, housing: socio_economic}\n"
    "types:\n"
    "  nl.t.verzuim.v1: {domain: education, agencies: [school], severity: 2, kind: event, counts_for: 180d,\n"
    "                    retain: 730d, purpose: youth, legal_basis: A}\n"
    "  nl.t.geweld.v1: {domain: safety, agencies: [police], severity: 4, kind: event, counts_for: 180d,\n"
    "                   retain: 730d, purpose: safety, legal_basis: B}\n"
    "  nl.t.overlast.v1: {domain: housing, agencies: [housing], severity: 2, kind: event, counts_for: 180d,\n"
    "                     retain: 730d, purpose: housing, legal_basis: C}\n";
static const char rules_text[] =
    "rules:\n"
    "  - {id: multi, text: three domains, level: case, priority: normal,\n"
    "     purposes: [youth, safety, housing], at_least: {domains: 3, signals: 12}}\n"
    "  - {id: two, text: two agencies, level: coordinate, purposes: [youth, safety],\n"
    "     at_least: {agencies: 2, signals: 8}}\n";

static vdr_histogram submit_ns;

static int64_t
read_ns(clockid_t id)
{
    struct timespec t;
    (void)clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int64_t
now_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

/* What this thread took of a processor: what a busy machine does meanwhile is not in it. */
static int64_t
own_ns(void)
{
    return read_ns(CLOCK_THREAD_CPUTIME_ID);
}

static void
stop(const char *what, const char *words)
{
    fprintf(stderr, "engine_bench: %s: %s\n", what, words);
    exit(1);
}

/* The n-th of all BSNs that pass the elfproef, near enough: every number below it has its own. */
static void
bsn_of(uint32_t n, char ret_bsn[10])
{
    for (uint32_t number = 10000000u + n * 3 % 89000000u;; number++) {
        unsigned sum = 0;
        (void)snprintf(ret_bsn, 10, "%08u", number);
        for (unsigned i = 0; i < 8; i++)
            sum += (9 - i) * (unsigned)(ret_bsn[i] - '0');
        if (sum % 11 != 10) {
            ret_bsn[8] = (char)('0' + sum % 11);
            ret_bsn[9] = '\0';
            return;
        }
    }
}

static size_t
event_of(uint64_t n, uint32_t households, const char *at, char *text, size_t size)
{
    static const char *const sources[] = {"school", "politie", "woonstad"};
    static const char *const types[] = {"verzuim", "geweld", "overlast"};
    char bsn[10];
    uint64_t dice = n * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    bsn_of((uint32_t)((dice >> 33) % households), bsn);
    unsigned kind = (unsigned)(dice >> 20) % 3;
    int len =
        snprintf(text, size,
                 "{\"specversion\":\"1.0\",\"id\":\"s-%llu\",\"source\":\"urn:a:%s\",\"type\":\"nl.t.%s.v1\","
                 "\"time\":\"%s\",\"data\":{\"municipality\":\"GM9901\",\"severity\":3,\"persons\":"
                 "[{\"bsn\":\"%s\",\"role\":\"youth\"}],\"address\":{\"buurt\":\"BU99010101\"}}}",
                 (unsigned long long)n, sources[kind], types[kind], at, bsn);
    return (size_t)len;
}

typedef struct bench {
    vdr_store store;
    bool plain;
    vdr_clock clock;
    vdr_engine *engine;
    uint64_t confirmed;
} bench;

static void
notice(void *context, vdr_notice_level level, const char *words)
{
    (void)context;
    fprintf(stderr, "  notice %d: %s\n", (int)level, words);
}

static void
open_on(bench *b, const char *dir)
{
    char words[VDR_ENGINE_WORDS_BYTES];
    static const uint8_t key[32] = {7};
    vdr_store_options store = {.log = {.create = true, .unchained = b->plain}, .key = b->plain ? NULL : key};
    if (vdr_store_open(dir, &store, &b->store, words) != VDR_OK)
        stop(dir, words);
    vdr_config_texts texts = {
        .name = {vdr_span_str("town.yaml"), vdr_span_str("catalogue.yaml"), vdr_span_str("rules.yaml")},
        .text = {vdr_span_str(town_text), vdr_span_str(catalogue_text), vdr_span_str(rules_text)}};
    vdr_clock_init(&b->clock, VDR_CLOCK_REAL);
    vdr_engine_options options = {.log = b->store.log,
                                  .checkpoint = b->store.checkpoint,
                                  .vault = b->store.vault,
                                  .dir = dir,
                                  .clock = &b->clock,
                                  .key = key,
                                  .config = &texts,
                                  .threads = true,
                                  .notice = notice};
    if (vdr_engine_open(&options, &b->engine, words) != VDR_OK)
        stop("start", words);
}

static void
collect(bench *b)
{
    const vdr_group *group;
    while (vdr_engine_collect(b->engine, &group)) {
        for (size_t i = 0; i < group->result_count; i++)
            b->confirmed += group->results[i].verdict == VDR_E_ACCEPTED;
        vdr_engine_release(b->engine, group);
    }
}

/* Submits signals first..last; returns the nanoseconds that it took until all were confirmed. */
static int64_t
pour(bench *b, uint64_t first, uint64_t last, uint32_t households, const char *at, int64_t *ret_inside_ns)
{
    static char texts[DRAIN][400];
    vdr_span spans[DRAIN];
    int64_t from_ns = now_ns(), made_ns = 0, inside_ns = 0;
    uint64_t wanted = b->confirmed + (last - first);
    for (uint64_t n = first; b->confirmed < wanted;) {
        size_t count = 0, room = vdr_engine_room(b->engine);
        int64_t making_ns = now_ns();
        for (; count < DRAIN && count < room && n < last; count++, n++) {
            size_t len = event_of(n, households, at, texts[count], sizeof texts[0]);
            spans[count] = vdr_span_of(texts[count], len);
        }
        made_ns += now_ns() - making_ns;
        int64_t submitting_ns = own_ns();
        for (size_t i = 0; i < count; i++) {
            vdr_submission submission = {.ticket = {.session = 1, .seq = n - count + i},
                                         .sender_kind = VDR_PARTY_NONE,
                                         .json = spans[i]};
            if (vdr_engine_submit(b->engine, &submission) != VDR_OK)
                stop("submit", "refused");
        }
        int64_t done_ns = own_ns();
        inside_ns += done_ns - submitting_ns;
        if (count != 0)
            vdr_histogram_add(&submit_ns, (uint64_t)(done_ns - submitting_ns) / count);
        if (vdr_engine_turn(b->engine) != VDR_OK)
            stop("turn", "the engine failed");
        collect(b);
        if (count == 0) {
            struct pollfd wait = {.fd = vdr_engine_fd(b->engine), .events = POLLIN};
            (void)poll(&wait, 1, vdr_engine_wait_ms(b->engine));
            collect(b);
        }
    }
    *ret_inside_ns = inside_ns;
    return now_ns() - from_ns - made_ns;
}

static void
tell(bench *b, const char *what, uint64_t signals, int64_t took_ns, int64_t inside_ns)
{
    vdr_engine_status s;
    vdr_engine_status_get(b->engine, &s);
    printf("%-9s %8.0f signals/s; submit %4.0f ns of processor each (a drain's mean: p50 %llu, p99 %llu)\n",
           what, (double)signals * 1e9 / (double)took_ns, (double)inside_ns / (double)signals,
           (unsigned long long)vdr_histogram_quantile(&submit_ns, 500),
           (unsigned long long)vdr_histogram_quantile(&submit_ns, 990));
    printf(
        "          group p50 %llu records; commit p50 %llu p99 %llu max %llu us; turn p99 %llu max %llu us\n",
        (unsigned long long)s.group_records_p50, (unsigned long long)s.commit_us_p50,
        (unsigned long long)s.commit_us_p99, (unsigned long long)s.commit_us_max,
        (unsigned long long)s.turn_us_p99, (unsigned long long)s.turn_us_max);
    printf("          log %.0f bytes a signal; %llu checkpoints, %.0f MB of them; state %.0f MB, "
           "%llu households, %.0f bytes each\n",
           (double)s.used_bytes / (double)s.accepted, (unsigned long long)s.checkpoint_count,
           (double)s.checkpoint_bytes / 1e6, (double)s.counts.memory_bytes / 1e6,
           (unsigned long long)s.counts.households,
           (double)s.counts.memory_bytes / (double)s.counts.households);
    vdr_histogram_clear(&submit_ns);
}

/* As a crash would leave it, and up again. */
static void
start_again(bench *b, const char *dir)
{
    vdr_engine_status s;
    vdr_engine_status_get(b->engine, &s);
    uint64_t tail = s.stepped - s.checkpoint_position;
    vdr_engine_close(&b->engine);
    vdr_store_close(&b->store);
    int64_t from_ns = now_ns();
    open_on(b, dir);
    double took_s = (double)(now_ns() - from_ns) / 1e9;
    printf("start: %.2f s for a checkpoint at %llu and a tail of %llu\n", took_s,
           (unsigned long long)s.checkpoint_position, (unsigned long long)tail);
    if (vdr_engine_stop(b->engine, true) != VDR_OK)
        stop("stop", "the engine failed");
}

int
main(int argc, char **argv)
{
    bench b = {.plain = argc > 1 && strcmp(argv[1], "--plain") == 0};
    argc -= b.plain;
    argv += b.plain;
    uint32_t households = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 100000;
    uint64_t signals = argc > 3 ? strtoull(argv[3], NULL, 10) : 2000000;
    if (argc < 2 || households == 0 || signals == 0 || mkdir(argv[1], 0700) != 0) {
        fprintf(stderr, "usage: engine_bench [--plain] DIR [HOUSEHOLDS [SIGNALS]], DIR new\n");
        return 2;
    }
    open_on(&b, argv[1]);
    char at[VDR_TIME_TEXT_BYTES + 1] = "";
    vdr_time_format(vdr_clock_now(&b.clock), at);
    int64_t inside_ns, all_ns = read_ns(CLOCK_PROCESS_CPUTIME_ID);
    uint64_t half = signals / 2;
    int64_t took_ns = pour(&b, 0, half, households, at, &inside_ns);
    tell(&b, "1st half:", half, took_ns, inside_ns);
    took_ns = pour(&b, half, signals, households, at, &inside_ns);
    tell(&b, "2nd half:", signals - half, took_ns, inside_ns);
    all_ns = read_ns(CLOCK_PROCESS_CPUTIME_ID) - all_ns;
    printf("processor: %.0f ns a signal, all threads, with what makes the signals%s\n",
           (double)all_ns / (double)signals, b.plain ? "; nothing is sealed or chained" : "");

    /* One in flight. */
    vdr_histogram *one_us = &submit_ns;
    for (uint64_t n = 0; n < 2000; n++) {
        int64_t from_ns = now_ns();
        (void)pour(&b, signals + n, signals + n + 1, households, at, &inside_ns);
        vdr_histogram_add(one_us, (uint64_t)(now_ns() - from_ns) / 1000);
    }
    printf("one in flight: p50 %llu p99 %llu us\n", (unsigned long long)vdr_histogram_quantile(one_us, 500),
           (unsigned long long)vdr_histogram_quantile(one_us, 990));

    if (!b.plain) /* without chains the tail would not be believed */
        start_again(&b, argv[1]);
    vdr_engine_close(&b.engine);
    vdr_store_close(&b.store);
    return 0;
}
