/* How fast the core's tables are, alone: nanoseconds per call, on one thread.
 *
 *     cmake --preset release && cmake --build build/release --target core_bench
 *     build/release/tests/bench/core_bench [MILLIONS ...]        (1 and 8 if not said)
 *
 * "in order" walks records as they lie; "at random" jumps, so that it shows what memory costs. */
#include "broker/core/effect_write.h"
#include "broker/core/index.h"
#include "broker/core/text.h"
#include "broker/core/timers.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

typedef struct record { /* as large as a signal's */
    uint32_t hash, key;
    uint32_t rest[38];
} record;

static uint32_t
record_hash(const void *at)
{
    return ((const record *)at)->hash;
}

static volatile uint64_t sink;

static double
now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void
tell(const char *what, uint32_t count, double since_ns)
{
    printf("  %-46s %8.1f ns\n", what, (now_ns() - since_ns) / count);
}

static uint32_t
roll(uint64_t *at, uint32_t below)
{
    *at = *at * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((*at >> 33) % below);
}

static void
bench_slab(uint32_t count)
{
    vdr_slab slab;
    uint64_t dice = 1, sum = 0;
    vdr_slab_init(&slab, 1, 1, sizeof(record));
    double from = now_ns();
    for (uint32_t i = 0; i < count; i++)
        ((record *)vdr_slab_edit(&slab, vdr_slab_take(&slab)))->key = i;
    tell("slab: take and write, 160 bytes", count, from);
    from = now_ns();
    for (uint32_t i = 1; i <= count; i++)
        sum += ((const record *)vdr_slab_at(&slab, i))->key;
    tell("slab: at, in order", count, from);
    from = now_ns();
    for (uint32_t i = 0; i < count; i++)
        sum += ((const record *)vdr_slab_at(&slab, 1 + roll(&dice, count)))->key;
    tell("slab: at, at random", count, from);
    from = now_ns();
    for (uint32_t i = 1; i <= count; i++)
        ((record *)vdr_slab_edit(&slab, i))->rest[0]++;
    tell("slab: edit, in order", count, from);
    from = now_ns();
    for (uint32_t i = 0; i < count; i++)
        ((record *)vdr_slab_edit(&slab, 1 + roll(&dice, count)))->rest[0]++;
    tell("slab: edit, at random", count, from);

    vdr_slab_image_begin(&slab);
    from = now_ns();
    for (uint32_t i = 0; i < count; i++)
        ((record *)vdr_slab_edit(&slab, 1 + roll(&dice, count)))->rest[0]++;
    tell("slab: edit, at random, all kept aside", count, from);
    uint32_t number, chunks = 0;
    vdr_span bytes;
    from = now_ns();
    while (vdr_slab_image_next(&slab, false, &number, &bytes)) {
        sum += bytes.at[bytes.len - 1];
        chunks++;
    }
    tell("slab: image_next, a chunk", chunks, from);
    vdr_slab_image_end(&slab, true);

    from = now_ns();
    for (uint32_t i = 1; i <= count; i++)
        vdr_slab_give(&slab, i);
    tell("slab: give, in order", count, from);
    sink = sum;
    vdr_slab_done(&slab);
}

static void
bench_index(uint32_t count)
{
    vdr_slab records;
    vdr_index index;
    uint64_t dice = 1, sum = 0;
    double slowest = 0;
    vdr_index_search search;
    vdr_slab_init(&records, 1, 1, sizeof(record));
    vdr_index_init(&index, 2, &records, record_hash);
    double from = now_ns();
    for (uint32_t i = 1; i <= count; i++) {
        double begun = i % 16 == 0 ? now_ns() : 0;
        uint32_t slot = vdr_slab_take(&records);
        record *r = vdr_slab_edit(&records, slot);
        r->key = i;
        r->hash = vdr_index_hash_number(i);
        vdr_index_put(&index, slot);
        if (begun != 0 && now_ns() - begun > slowest)
            slowest = now_ns() - begun;
    }
    tell("index: take and put", count, from);
    printf("  %-46s %8.1f us\n", "index: slowest seen (one in 16 looked at)", slowest / 1000);
    from = now_ns();
    for (uint32_t i = 0; i < count; i++) {
        uint32_t key = 1 + roll(&dice, count);
        uint32_t slot = vdr_index_first(&index, vdr_index_hash_number(key), &search);
        while (slot != 0 && ((const record *)vdr_slab_at(&records, slot))->key != key)
            slot = vdr_index_next(&search);
        sum += slot;
    }
    tell("index: find one that is there, at random", count, from);
    from = now_ns();
    for (uint32_t i = 1; i <= count; i++)
        sum += vdr_index_first(&index, vdr_index_hash_number((uint64_t)count + i), &search);
    tell("index: find one that is not there", count, from);
    from = now_ns();
    for (uint32_t i = 1; i <= count; i++)
        vdr_index_remove(&index, i);
    tell("index: remove", count, from);
    sink = sum;
    vdr_index_done(&index);
    vdr_slab_done(&records);
}

static void
bench_timers(uint32_t count)
{
    vdr_timers timers;
    uint64_t dice = 1;
    vdr_timer first = {0};
    vdr_timers_init(&timers, 1);
    double from = now_ns();
    for (uint32_t i = 1; i <= count; i++) {
        vdr_timer timer = {.due = i + roll(&dice, 1000), .order = i, .target = i, .kind = 1};
        vdr_timers_add(&timers, &timer);
    }
    tell("timers: add, nearly in order", count, from);
    from = now_ns();
    for (uint32_t i = 1; i <= count; i++) {
        (void)vdr_timers_first(&timers, &first);
        vdr_timers_take_first(&timers);
        vdr_timer timer = {
            .due = first.due + roll(&dice, 2 * count), .order = count + i, .target = i, .kind = 1};
        vdr_timers_add(&timers, &timer);
    }
    tell("timers: take one and add one at random", count, from);
    from = now_ns();
    for (uint32_t i = 1; i <= count; i++)
        vdr_timers_take_first(&timers);
    tell("timers: take", count, from);
    sink = (uint64_t)first.due;
    vdr_timers_done(&timers);
}

static void
bench_texts(uint32_t count)
{
    vdr_texts texts;
    uint32_t *numbers = vdr_alloc(count, sizeof *numbers);
    uint64_t sum = 0;
    vdr_texts_init(&texts, 30);
    double from = now_ns();
    for (uint32_t i = 0; i < count; i++)
        numbers[i] = vdr_text_put(&texts, vdr_span_of("s-0001234567", 12));
    tell("text: put, 12 bytes", count, from);
    from = now_ns();
    for (uint32_t i = 0; i < count; i++)
        sum += vdr_text_get(&texts, numbers[i]).at[11];
    tell("text: get, in order", count, from);
    from = now_ns();
    for (uint32_t i = 0; i < count; i++)
        vdr_text_drop(&texts, numbers[i]);
    tell("text: drop", count, from);
    sink = sum;
    free(numbers);
    vdr_texts_done(&texts);
}

static void
bench_tale(uint32_t count)
{
    vdr_tale tale;
    uint64_t sum = 0;
    vdr_effect line = {.kind = VDR_EFFECT_SIGNAL,
                       .at = 1772442000000,
                       .id = vdr_span_str("s-0001234567"),
                       .source_name = 40,
                       .verdict = VDR_E_ACCEPTED,
                       .match = VDR_MATCH_PERSON,
                       .outcome = VDR_OUTCOME_REGULAR,
                       .household = {1000000}};
    vdr_effect message = {.kind = VDR_EFFECT_MESSAGE,
                          .at = line.at,
                          .mailbox = 17,
                          .seq = 1000000,
                          .message = VDR_MESSAGE_REGULAR_SIGNAL,
                          .has_signal = true,
                          .signal = {40, line.id, 100000000}};
    vdr_tale_init(&tale);
    double from = now_ns();
    for (uint32_t i = 0; i < count; i++) {
        vdr_tale_clear(&tale);
        uint32_t mark = vdr_tale_mark(&tale);
        line.household.number = i;
        (void)vdr_tale_add(&tale, &message);
        sum += vdr_tale_settle(&tale, mark, vdr_tale_add(&tale, &line));
    }
    tell("tale: a line and its message, settled", count, from);
    from = now_ns();
    for (uint32_t i = 0; i < count; i++) {
        uint32_t offset = 0;
        vdr_effect effect;
        while (vdr_effect_next(vdr_span_of(tale.at, tale.len), &offset, &effect) == VDR_OK)
            sum += effect.household.number;
    }
    tell("tale: both read", count, from);
    printf("  %-46s %8u bytes\n", "tale: both", tale.len);
    sink = sum;
    vdr_tale_done(&tale);
}

static void
bench(unsigned long millions)
{
    uint32_t count = (uint32_t)millions * 1000000;
    printf("%lu million\n", millions);
    bench_slab(count);
    bench_index(count);
    bench_timers(count);
    bench_texts(count);
    bench_tale(1000000);
}

int
main(int argc, char **argv)
{
    if (argc < 2) {
        bench(1);
        bench(8);
    }
    for (int i = 1; i < argc; i++) {
        unsigned long millions = strtoul(argv[i], NULL, 10);
        if (millions == 0 || millions > 100) {
            fprintf(stderr, "usage: core_bench [MILLIONS ...], 1 to 100\n");
            return 2;
        }
        bench(millions);
    }
    return 0;
}
