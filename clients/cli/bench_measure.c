/* Measurements of a bench: its workers go from phase to phase together, and what they counted becomes rows. */
#include "clients/cli/bench_inside.h"
#include "clients/cli/bench_operator.h"
#include "clients/cli/bench_slow.h"
#include "clients/cli/bench_threads.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define HOT_SIGNALS 100000u /* of the hot household, before it is measured */

static unsigned
window_of(const vdr_bench_run *run)
{
    return run->window > 4 * run->batch ? run->window : 4 * run->batch;
}

static bool
start_workers(vdr_bench_run *run, uint64_t households, unsigned publishers)
{
    memset(run->shared, 0, sizeof *run->shared);
    run->worker_count = vdr_bench_workers(publishers);
    vdr_bench_load load = {.home = run->home,
                           .config = run->config,
                           .households = households,
                           .publishers = publishers,
                           .workers = run->worker_count,
                           .run = (uint64_t)vdr_bench_now_ns() / 1000000,
                           .batch = run->batch,
                           .window = window_of(run),
                           .shared = run->shared};
    fflush(stdout);
    for (unsigned i = 0; i < run->worker_count; i++) {
        run->workers[i] = fork();
        if (run->workers[i] == 0)
            _exit(vdr_bench_worker(&load, i));
    }
    return true;
}

static bool
all_ready(vdr_bench_run *run)
{
    while (atomic_load(&run->shared->ready) < (int)run->worker_count) {
        if (atomic_load(&run->shared->failed) != 0 || !vdr_bench_broker_runs(run)) {
            fprintf(stderr, "voordeur bench: a worker or the broker failed; see %s/broker.log\n", run->home);
            return false;
        }
        usleep(1000);
    }
    atomic_store(&run->shared->ready, 0);
    return true;
}

static void
begin(vdr_bench_run *run, vdr_bench_phase what)
{
    atomic_store(&run->shared->phase, what);
    atomic_fetch_add(&run->shared->round, 1);
}

static void
add_count(vdr_bench_count *into, const vdr_bench_count *count)
{
    into->answered += count->answered;
    into->others += count->others;
    into->accepted += count->accepted;
    into->duplicates += count->duplicates;
    into->refused += count->refused;
    if (count->refused != 0)
        into->refusal = count->refusal;
    vdr_histogram_merge(&into->latency_us, &count->latency_us);
}

static bool
phase(vdr_bench_run *run, vdr_bench_phase what, uint64_t rate, vdr_bench_count *ret_count)
{
    for (unsigned i = 0; i < run->worker_count; i++)
        memset(&run->shared->counts[i], 0, sizeof run->shared->counts[i]);
    int64_t now = vdr_bench_now_ns();
    run->shared->rate_per_s = rate;
    run->shared->warm_ns = now + INT64_C(1000000000);
    run->shared->until_ns = run->shared->warm_ns + (int64_t)run->seconds * INT64_C(1000000000);
    begin(run, what);
    if (!all_ready(run))
        return false;
    *ret_count = (vdr_bench_count){0};
    for (unsigned i = 0; i < run->worker_count; i++)
        add_count(ret_count, &run->shared->counts[i]);
    return true;
}

static double
ms_of(const vdr_histogram *us, unsigned permille)
{
    return (double)vdr_histogram_quantile(us, permille) / 1000.0;
}

static void
show_row(const vdr_bench_run *run, const char *name, uint64_t households, unsigned publishers, double per_s,
         const vdr_bench_count *count, double cpu_us, double disk_bytes, double memory_mb)
{
    const vdr_histogram *us = &count->latency_us;
    if (run->json) {
        vdr_cli_print(json_pack("{s:s, s:I, s:i, s:i, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:f, s:I}", "load",
                                name, "households", (json_int_t)households, "publishers", (int)publishers,
                                "batch", (int)run->batch, "signals_per_s", per_s, "of_echo",
                                per_s / run->echo_per_s, "p50_ms", ms_of(us, 500), "p99_ms", ms_of(us, 990),
                                "p999_ms", ms_of(us, 999), "broker_cpu_us", cpu_us, "disk_bytes", disk_bytes,
                                "memory_mb", memory_mb, "refused", (json_int_t)count->refused));
        fflush(stdout);
        return;
    }
    printf("%-10s %9llu %10u %6u %10.0f %7.2f %8.2f %8.2f %8.2f %8.2f %8.0f %7.0f\n", name,
           (unsigned long long)households, publishers, run->batch, per_s, per_s / run->echo_per_s,
           ms_of(us, 500), ms_of(us, 990), ms_of(us, 999), cpu_us, disk_bytes, memory_mb);
    if (count->refused != 0)
        printf("           %llu refused, as %s\n", (unsigned long long)count->refused,
               vdr_err_code(count->refusal));
    fflush(stdout);
}

/* What was measured in the windows of one kind, all together. */
typedef struct tally {
    vdr_bench_count count;
    unsigned windows;
    double p99_ms[VDR_BENCH_ROUNDS_MAX]; /* of each */
    double cpu_s, disk_bytes;
} tally;

static bool
add_window(vdr_bench_run *run, vdr_bench_phase what, uint64_t rate, tally *into)
{
    vdr_bench_count count;
    double cpu = vdr_bench_cpu_s(run->broker);
    uint64_t disk = vdr_bench_disk_bytes(run->home, run->broker);
    if (!phase(run, what, rate, &count))
        return false;
    into->p99_ms[into->windows++] = ms_of(&count.latency_us, 990);
    into->cpu_s += vdr_bench_cpu_s(run->broker) - cpu;
    into->disk_bytes += (double)(vdr_bench_disk_bytes(run->home, run->broker) - disk);
    add_count(&into->count, &count);
    return true;
}

static double
show_tally(const vdr_bench_run *run, const char *name, uint64_t households, unsigned publishers,
           const tally *of)
{
    double all = (double)of->count.answered;
    double per_s = (double)of->count.latency_us.count / (run->seconds * of->windows);
    show_row(run, name, households, publishers, per_s, &of->count, of->cpu_s * 1e6 / all,
             of->disk_bytes / all, (double)vdr_bench_proc_value(run->broker, "status", "VmRSS:") / 1e6);
    return per_s;
}

static bool
measure(vdr_bench_run *run, const char *name, vdr_bench_phase what, uint64_t rate, uint64_t households,
        unsigned publishers, double *ret_per_s)
{
    static vdr_bench_threads before, after;
    tally alone = {0};
    vdr_bench_threads_look(run->broker, run->workers, run->worker_count, &before);
    if (!add_window(run, what, rate, &alone))
        return false;
    vdr_bench_threads_look(run->broker, run->workers, run->worker_count, &after);
    *ret_per_s = show_tally(run, name, households, publishers, &alone);
    if (alone.count.answered != 0)
        vdr_bench_threads_show(&before, &after, (double)alone.count.answered, run->json);
    return true;
}

static int
by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* One stall of the disk spoils a window, and the percentile of all together; not the median of them. */
static double
median_p99_ms(const tally *of)
{
    double sorted[VDR_BENCH_ROUNDS_MAX];
    memcpy(sorted, of->p99_ms, of->windows * sizeof *sorted);
    qsort(sorted, of->windows, sizeof *sorted, by_size);
    return sorted[of->windows / 2];
}

static json_t *
windows_p99(const tally *of)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < of->windows; i++)
        json_array_append_new(list, json_real(of->p99_ms[i]));
    return list;
}

/* What stands beside the load in every other window. */
typedef enum beside_kind { BESIDE_BACKTESTS, BESIDE_SLOW, BESIDE_HOT } beside_kind;

static const char *const beside_names[] = {
    [BESIDE_BACKTESTS] = "backtest", [BESIDE_SLOW] = "slow", [BESIDE_HOT] = "hot"};

typedef struct beside {
    beside_kind kind;
    vdr_bench_operator operator_;
    vdr_bench_slow slow;
} beside;

static bool
beside_begin(vdr_bench_run *run, beside *what)
{
    if (what->kind == BESIDE_BACKTESTS)
        return vdr_bench_operator_begin(&what->operator_, &run->shared->finished);
    if (what->kind == BESIDE_SLOW)
        return vdr_bench_slow_begin(&what->slow);
    atomic_store(&run->shared->hot, true);
    return true;
}

static void
beside_end(vdr_bench_run *run, beside *what)
{
    if (what->kind == BESIDE_BACKTESTS)
        vdr_bench_operator_end(&what->operator_);
    vdr_bench_slow_end(&what->slow);
    atomic_store(&run->shared->hot, false);
}

/* The household that the first publisher is to be about gets its signals before anything is measured. */
static bool
heat(vdr_bench_run *run, unsigned publishers)
{
    vdr_bench_count count = {0};
    bool good = true;
    atomic_store(&run->shared->hot, true);
    for (uint64_t about = 0; good && about < HOT_SIGNALS; about += count.answered / publishers)
        good = phase(run, VDR_BENCH_SATURATE, 0, &count) && count.answered != 0;
    atomic_store(&run->shared->hot, false);
    return good;
}

static double
others_per_s(const vdr_bench_run *run, const tally *of)
{
    return (double)of->count.others / (run->seconds * of->windows);
}

static void
show_moved(const vdr_bench_run *run, const beside *what, const tally *alone, const tally *with)
{
    const vdr_histogram *before = &alone->count.latency_us, *after = &with->count.latency_us;
    double p50 = ms_of(after, 500) / ms_of(before, 500), p99 = ms_of(after, 990) / ms_of(before, 990),
           window = median_p99_ms(with) / median_p99_ms(alone),
           rate = others_per_s(run, with) / others_per_s(run, alone);
    unsigned long long finished = atomic_load(&run->shared->finished);
    if (run->json)
        vdr_cli_print(json_pack("{s:s, s:s, s:f, s:f, s:f, s:f, s:o, s:o, s:I}", "load", "moved", "beside",
                                beside_names[what->kind], "others_rate", rate, "p50", p50, "p99", p99,
                                "window_p99", window, "alone_p99_ms", windows_p99(alone), "beside_p99_ms",
                                windows_p99(with), "finished", (json_int_t)finished));
    else
        printf(
            "           beside / alone: others' rate %.2f, p50 %.2f, p99 %.2f; the middle window's p99 %.2f "
            "(%.2f / %.2f ms), of %u each\n",
            rate, p50, p99, window, median_p99_ms(with), median_p99_ms(alone), alone->windows);
    if (what->kind == BESIDE_BACKTESTS && !run->json)
        printf("           %llu back-tests ended\n", finished);
    fflush(stdout);
}

static bool
window_beside(vdr_bench_run *run, beside *what, vdr_bench_phase how, uint64_t rate, tally *with)
{
    bool good = beside_begin(run, what) && add_window(run, how, rate, with);
    beside_end(run, what);
    return good;
}

/* Windows without and with it by turns, so that what else happens to the machine meets both; in every other pair the one
 * with it comes first, since the town grows from window to window. rate 0: full speed. */
static bool
measure_beside(vdr_bench_run *run, beside *what, const char *name, uint64_t rate, uint64_t households,
               unsigned publishers)
{
    static tally alone, with;
    vdr_bench_phase how = rate != 0 ? VDR_BENCH_RATE : VDR_BENCH_SATURATE;
    bool good = true;
    alone = with = (tally){0};
    for (unsigned i = 0; good && i < run->rounds; i++) {
        bool first = i % 2 != 0;
        good = (!first || window_beside(run, what, how, rate, &with)) && add_window(run, how, rate, &alone) &&
               (first || window_beside(run, what, how, rate, &with));
    }
    if (!good)
        return false;
    (void)show_tally(run, name, households, publishers, &alone);
    (void)show_tally(run, beside_names[what->kind], households, publishers, &with);
    show_moved(run, what, &alone, &with);
    return true;
}

/* A signal for every household; what a quiet one then weighs. */
static bool
fill(vdr_bench_run *run, uint64_t households)
{
    vdr_bench_count count;
    uint64_t before = vdr_bench_proc_value(run->broker, "status", "RssAnon:");
    int64_t began = vdr_bench_now_ns();
    if (!phase(run, VDR_BENCH_FILL, 0, &count))
        return false;
    double took_s = (double)(vdr_bench_now_ns() - began) / 1e9;
    double per_s = (double)households / took_s;
    uint64_t now = vdr_bench_proc_value(run->broker, "status", "RssAnon:");
    double bytes = now > before ? (double)(now - before) / (double)households : 0;
    if (run->json)
        vdr_cli_print(json_pack("{s:s, s:I, s:f, s:f}", "load", "fill", "households", (json_int_t)households,
                                "signals_per_s", per_s, "household_bytes", bytes));
    else
        printf("%-10s %9llu %28.0f      a quiet household weighs %.0f bytes\n", "fill",
               (unsigned long long)households, per_s, bytes);
    fflush(stdout);
    return true;
}

static bool
rows(vdr_bench_run *run, uint64_t households, unsigned publishers)
{
    double full = 0, ignored;
    beside tests = {.kind = BESIDE_BACKTESTS, .operator_ = {.home = run->home, .rules = run->backtest}},
           slow = {.kind = BESIDE_SLOW,
                   .slow = {.home = run->home, .config = run->config, .count = run->slow}},
           hot = {.kind = BESIDE_HOT};
    if (!measure(run, "full", VDR_BENCH_SATURATE, 0, households, publishers, &full))
        return false;
    if (run->slow != 0 && !measure_beside(run, &slow, "full", 0, households, publishers))
        return false;
    if (run->hot && !(heat(run, publishers) && measure_beside(run, &hot, "full", 0, households, publishers)))
        return false;
    uint64_t rate = run->rate != 0 ? run->rate : (uint64_t)(full / 2);
    const char *name = run->rate != 0 ? "rate" : "half";
    rate = rate > 0 ? rate : 1;
    bool good = run->backtest != NULL
                    ? measure_beside(run, &tests, name, rate, households, publishers)
                    : measure(run, name, VDR_BENCH_RATE, rate, households, publishers, &ignored);
    if (good && publishers == 1)
        good = measure(run, "one", VDR_BENCH_ONE, 0, households, publishers, &ignored);
    return good;
}

bool
vdr_bench_row(vdr_bench_run *run, uint64_t households, unsigned publishers, bool first)
{
    bool good = start_workers(run, households, publishers) && all_ready(run);
    good = good && (!first || fill(run, households)) && rows(run, households, publishers);
    begin(run, VDR_BENCH_END);
    for (unsigned w = 0; w < run->worker_count; w++) {
        if (!good)
            kill(run->workers[w], SIGKILL);
        waitpid(run->workers[w], NULL, 0);
    }
    return good;
}
