/* voordeur bench: how fast is the broker on this machine, and what bounds it? */
#define _XOPEN_SOURCE 700 /* nftw */
#include "clients/cli/bench.h"

#include "clients/cli/bench_operator.h"
#include "clients/cli/config.h"

#include <errno.h>
#include <ftw.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char help[] =
    "usage: voordeur bench --town CONFIG [OPTION...]\n"
    "\n"
    "Starts a broker of its own in a new folder and loads it: CURVE on, every confirm synced, real rules. "
    "For each\n"
    "number of households and publishers: a signal for every household first; then as fast as it goes; then, "
    "open\n"
    "loop, at half that rate, where a late answer counts from when its signal was due. In the same run: "
    "CURVE's\n"
    "raw echo, with the same window and frames of the same size as one signal makes, and the disk's raw "
    "sync: the\n"
    "walls that the broker can come near to and, with one signal a frame, not pass.\n"
    "\n"
    "  --town CONFIG           a town's configuration, as deploy/zomerdal\n"
    "  --households LIST       as 100k,1M,8M (default 100k)\n"
    "  --publishers LIST       as 1,8,64 (default 8)\n"
    "  --batch LIST            signals a frame, as 1,64 (default 1)\n"
    "  --window N              signals of one publisher that are not answered (default 1000; four frames at "
    "least)\n"
    "  --seconds N             of each measurement, after a second of warming up (default 5)\n"
    "  --rate N                open loop at N signals a second instead of half of full speed\n"
    "  --hot                   the first publisher's signals are all of one household\n"
    "  --backtest RULES        the open loop in turns, a window without and one while an operator's "
    "back-tests with\n"
    "                          RULES run, one after the other, on this broker: what of the latency moves by "
    "them, "
    "over\n"
    "                          all windows of a kind, and in the window in the middle, which no stall of the "
    "disk "
    "spoils\n"
    "  --rounds N              such pairs of windows (default 4, at most 64)\n"
    "  --daemon FILE           the broker's program (default: beside this one)\n"
    "  --dir DIR               where its folder is made (default: the present one): the disk that is "
    "measured\n"
    "  --json                  one JSON object a row\n"
    "\n"
    "example:\n"
    "  voordeur bench --town deploy/zomerdal --households 1M --publishers 1,8,64\n";

#define LIST_MAX   8u
#define ROUNDS_MAX 64u

typedef struct bench_run {
    const char *town, *daemon, *dir;
    uint64_t households[LIST_MAX], publishers[LIST_MAX], batches[LIST_MAX];
    size_t household_count, publisher_count, batch_count;
    unsigned batch; /* of the row */
    unsigned window, seconds, rounds;
    uint64_t rate;
    const char *backtest; /* rules of an operator's back-tests; NULL: none */
    bool hot, json;
    vdr_config *config;
    vdr_bench_shared *shared;
    char home[PATH_MAX];
    pid_t broker;
    pid_t workers[VDR_BENCH_WORKERS_MAX];
    unsigned worker_count;
    double echo_per_s;
    uint64_t echo_us, sync_us;
} bench_run;

static size_t
list_of(const char *text, uint64_t *ret_list)
{
    size_t count = 0;
    while (*text != '\0' && count < LIST_MAX) {
        char *end;
        if (*text < '1' || *text > '9')
            return 0;
        uint64_t value = strtoull(text, &end, 10);
        if (*end == 'k')
            value *= 1000;
        else if (*end == 'M')
            value *= 1000000;
        end += *end == 'k' || *end == 'M';
        if ((*end != ',' && *end != '\0') || value > 16000000)
            return 0;
        ret_list[count++] = value;
        text = *end == ',' ? end + 1 : end;
    }
    return count;
}

/* ---- The broker ---- */

static bool
start_broker(bench_run *run)
{
    char listen[64], operators[64], config[PATH_MAX + 16], store[PATH_MAX + 16], node[PATH_MAX + 16],
        log[PATH_MAX + 16];
    snprintf(run->home, sizeof run->home, "%s/voordeur-bench-XXXXXX", run->dir);
    if (mkdtemp(run->home) == NULL) {
        fprintf(stderr, "voordeur bench: %s: %s\n", run->home, strerror(errno));
        return false;
    }
    snprintf(listen, sizeof listen, "tcp://127.0.0.1:%d", 20000 + (int)getpid() % 20000);
    snprintf(operators, sizeof operators, "tcp://127.0.0.1:%d", 40000 + (int)getpid() % 20000);
    char *arguments[] = {(char[]){"voordeur"},
                         (char[]){"init"},
                         run->home,
                         (char[]){"--town"},
                         strdup(run->town),
                         (char[]){"--listen"},
                         listen,
                         (char[]){"--operators"},
                         operators,
                         NULL};
    bool good = vdr_bench_run_self(arguments);
    free(arguments[4]);
    if (!good)
        return false;
    snprintf(config, sizeof config, "%s/config", run->home);
    snprintf(store, sizeof store, "%s/store", run->home);
    snprintf(node, sizeof node, "%s/node.yaml", run->home);
    snprintf(log, sizeof log, "%s/broker.log", run->home);
    run->broker = fork();
    if (run->broker == 0) {
        if (freopen(log, "w", stderr) != NULL && freopen("/dev/null", "w", stdout) != NULL)
            execl(run->daemon, "voordeurd", "--config", config, "--store", store, "--node", node,
                  geteuid() == 0 ? "--allow-root" : (char *)NULL, (char *)NULL);
        _exit(127);
    }
    return run->broker > 0;
}

static int
remove_one(const char *path, const struct stat *status, int kind, struct FTW *place)
{
    (void)status;
    (void)kind;
    (void)place;
    return remove(path);
}

static void
stop_broker(bench_run *run)
{
    int status = 0;
    if (run->broker > 0) {
        kill(run->broker, SIGTERM);
        waitpid(run->broker, &status, 0);
        if (status != 0)
            fprintf(stderr, "voordeur bench: the broker ended with status %d; see %s/broker.log\n", status,
                    run->home);
    }
    run->broker = 0;
    if (run->home[0] != '\0' && status == 0 && nftw(run->home, remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        fprintf(stderr, "voordeur bench: %s is left behind\n", run->home);
}

/* ---- Phases ---- */

static unsigned
window_of(const bench_run *run)
{
    return run->window > 4 * run->batch ? run->window : 4 * run->batch;
}

static bool
start_workers(bench_run *run, uint64_t households, unsigned publishers)
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
                           .hot = run->hot,
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
all_ready(bench_run *run)
{
    while (atomic_load(&run->shared->ready) < (int)run->worker_count) {
        int status;
        if (atomic_load(&run->shared->failed) != 0 || waitpid(run->broker, &status, WNOHANG) != 0) {
            fprintf(stderr, "voordeur bench: a worker or the broker failed; see %s/broker.log\n", run->home);
            return false;
        }
        usleep(1000);
    }
    atomic_store(&run->shared->ready, 0);
    return true;
}

static void
begin(bench_run *run, vdr_bench_phase what)
{
    atomic_store(&run->shared->phase, what);
    atomic_fetch_add(&run->shared->round, 1);
}

static void
add_count(vdr_bench_count *into, const vdr_bench_count *count)
{
    into->answered += count->answered;
    into->accepted += count->accepted;
    into->duplicates += count->duplicates;
    into->refused += count->refused;
    if (count->refused != 0)
        into->refusal = count->refusal;
    vdr_histogram_merge(&into->latency_us, &count->latency_us);
}

static bool
phase(bench_run *run, vdr_bench_phase what, uint64_t rate, vdr_bench_count *ret_count)
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
show_row(const bench_run *run, const char *name, uint64_t households, unsigned publishers, double per_s,
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
    double p99_ms[ROUNDS_MAX]; /* of each */
    double cpu_s, disk_bytes;
} tally;

static bool
add_window(bench_run *run, vdr_bench_phase what, uint64_t rate, tally *into)
{
    vdr_bench_count count;
    double cpu = vdr_bench_cpu_s(run->broker);
    uint64_t disk = vdr_bench_proc_value(run->broker, "io", "write_bytes");
    if (!phase(run, what, rate, &count))
        return false;
    into->p99_ms[into->windows++] = ms_of(&count.latency_us, 990);
    into->cpu_s += vdr_bench_cpu_s(run->broker) - cpu;
    into->disk_bytes += (double)(vdr_bench_proc_value(run->broker, "io", "write_bytes") - disk);
    add_count(&into->count, &count);
    return true;
}

static double
show_tally(const bench_run *run, const char *name, uint64_t households, unsigned publishers, const tally *of)
{
    double all = (double)of->count.answered;
    double per_s = (double)of->count.latency_us.count / (run->seconds * of->windows);
    show_row(run, name, households, publishers, per_s, &of->count, of->cpu_s * 1e6 / all,
             of->disk_bytes / all, (double)vdr_bench_proc_value(run->broker, "status", "VmRSS:") / 1e6);
    return per_s;
}

static bool
measure(bench_run *run, const char *name, vdr_bench_phase what, uint64_t rate, uint64_t households,
        unsigned publishers, double *ret_per_s)
{
    tally alone = {0};
    if (!add_window(run, what, rate, &alone))
        return false;
    *ret_per_s = show_tally(run, name, households, publishers, &alone);
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
    double sorted[ROUNDS_MAX];
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

static void
show_moved(const bench_run *run, const tally *alone, const tally *beside)
{
    const vdr_histogram *before = &alone->count.latency_us, *after = &beside->count.latency_us;
    double p50 = ms_of(after, 500) / ms_of(before, 500), p99 = ms_of(after, 990) / ms_of(before, 990),
           window = median_p99_ms(beside) / median_p99_ms(alone);
    unsigned long long finished = atomic_load(&run->shared->finished);
    if (run->json)
        vdr_cli_print(json_pack("{s:s, s:f, s:f, s:f, s:o, s:o, s:I}", "load", "moved", "p50", p50, "p99",
                                p99, "window_p99", window, "alone_p99_ms", windows_p99(alone),
                                "beside_p99_ms", windows_p99(beside), "finished", (json_int_t)finished));
    else
        printf("           beside / alone: p50 %.2f, p99 %.2f; the middle window's p99 %.2f (%.2f / %.2f "
               "ms), of "
               "%u each; %llu back-tests ended\n",
               p50, p99, window, median_p99_ms(beside), median_p99_ms(alone), alone->windows, finished);
    fflush(stdout);
}

/* Open loop without and beside back-tests, by turns, so that what else happens to the machine meets both. */
static bool
measure_beside(bench_run *run, const char *name, uint64_t rate, uint64_t households, unsigned publishers)
{
    static tally alone, beside;
    vdr_bench_operator operator_ = {.home = run->home, .rules = run->backtest};
    bool good = true;
    alone = beside = (tally){0};
    for (unsigned i = 0; good && i < run->rounds; i++) {
        good = add_window(run, VDR_BENCH_RATE, rate, &alone) &&
               vdr_bench_operator_begin(&operator_, &run->shared->finished) &&
               add_window(run, VDR_BENCH_RATE, rate, &beside);
        vdr_bench_operator_end(&operator_);
    }
    if (!good)
        return false;
    (void)show_tally(run, name, households, publishers, &alone);
    (void)show_tally(run, "backtest", households, publishers, &beside);
    show_moved(run, &alone, &beside);
    return true;
}

/* One number of publishers, with frames of run->batch; the households are filled before the first. */
static bool
publishers_row(bench_run *run, uint64_t households, unsigned publishers, bool first)
{
    vdr_bench_count count;
    double full = 0, ignored;
    bool good = start_workers(run, households, publishers) && all_ready(run);
    if (good && first)
        good = phase(run, VDR_BENCH_FILL, 0, &count);
    good = good && measure(run, run->hot ? "full, hot" : "full", VDR_BENCH_SATURATE, 0, households,
                           publishers, &full);
    uint64_t rate = run->rate != 0 ? run->rate : (uint64_t)(full / 2);
    const char *name = run->rate != 0 ? "rate" : "half";
    rate = rate > 0 ? rate : 1;
    if (run->backtest != NULL)
        good = good && measure_beside(run, name, rate, households, publishers);
    else
        good = good && measure(run, name, VDR_BENCH_RATE, rate, households, publishers, &ignored);
    if (good && publishers == 1)
        good = measure(run, "one", VDR_BENCH_ONE, 0, households, publishers, &ignored);
    begin(run, VDR_BENCH_END);
    for (unsigned w = 0; w < run->worker_count; w++) {
        if (!good)
            kill(run->workers[w], SIGKILL);
        waitpid(run->workers[w], NULL, 0);
    }
    return good;
}

/* One number of households on one broker. */
static bool
households_row(bench_run *run, uint64_t households)
{
    fflush(stdout);
    bool good = start_broker(run);
    for (size_t b = 0; good && b < run->batch_count; b++) {
        run->batch = (unsigned)run->batches[b];
        for (size_t i = 0; good && i < run->publisher_count; i++)
            good = publishers_row(run, households, (unsigned)run->publishers[i], b == 0 && i == 0);
    }
    stop_broker(run);
    return good;
}

static int
bench(bench_run *run)
{
    vdr_histogram sync_us, echo_us;
    fflush(stdout); /* what forks has nothing to write twice */
    double ignored;
    size_t bytes = vdr_bench_frame_bytes(&(vdr_bench_load){.config = run->config,
                                                           .households = 1,
                                                           .publishers = 1,
                                                           .run = (uint64_t)vdr_bench_now_ns() / 1000000});
    run->shared = mmap(NULL, sizeof *run->shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (run->shared == MAP_FAILED || !vdr_bench_sync(run->dir, &sync_us) ||
        !vdr_bench_echo(8, run->window, bytes, &run->echo_per_s, NULL) ||
        !vdr_bench_echo(1, 1, bytes, &ignored, &echo_us))
        return VDR_EXIT_FAILED;
    run->sync_us = vdr_histogram_quantile(&sync_us, 500);
    run->echo_us = vdr_histogram_quantile(&echo_us, 500);
    if (run->json)
        vdr_cli_print(json_pack("{s:s, s:f, s:I, s:I, s:I}", "load", "raw", "echo_per_s", run->echo_per_s,
                                "echo_us", (json_int_t)run->echo_us, "sync_us", (json_int_t)run->sync_us,
                                "sync_p99_us", (json_int_t)vdr_histogram_quantile(&sync_us, 990)));
    else
        printf("raw CURVE echo, %zu bytes, 8 clients: %.0f/s; alone, there and back: %llu us\n"
               "raw 4 KiB append and fdatasync: p50 %llu us, p99 %llu us\n\n"
               "%-10s %9s %10s %6s %10s %7s %8s %8s %8s %8s %8s %7s\n",
               bytes, run->echo_per_s, (unsigned long long)run->echo_us, (unsigned long long)run->sync_us,
               (unsigned long long)vdr_histogram_quantile(&sync_us, 990), "load", "households", "publishers",
               "batch", "signals/s", "of echo", "p50 ms", "p99 ms", "p99.9 ms", "cpu us", "disk B", "mem MB");
    bool good = true;
    for (size_t i = 0; good && i < run->household_count; i++)
        good = households_row(run, run->households[i]);
    munmap(run->shared, sizeof *run->shared);
    return good ? vdr_cli_flush() : VDR_EXIT_FAILED;
}

/* The broker's program beside this one: in a build tree, or installed. */
static bool
find_daemon(char path[PATH_MAX])
{
    static const char *const beside[] = {"../../broker/voordeurd", "voordeurd", "../sbin/voordeurd"};
    char self[PATH_MAX];
    ssize_t len = readlink("/proc/self/exe", self, sizeof self - 1);
    if (len <= 0)
        return false;
    self[len] = '\0';
    *strrchr(self, '/') = '\0';
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        if (snprintf(path, PATH_MAX, "%s/%s", self, beside[i]) < PATH_MAX && access(path, X_OK) == 0)
            return true;
    }
    return false;
}

static bool
out_of_bounds(const uint64_t *list, size_t count, uint64_t most)
{
    bool out = false;
    for (size_t i = 0; i < count; i++)
        out = out || list[i] > most;
    return out;
}

static int
run_bench(int argc, char **argv)
{
    static const struct option options[] = {{"town", required_argument, NULL, 't'},
                                            {"households", required_argument, NULL, 'H'},
                                            {"publishers", required_argument, NULL, 'p'},
                                            {"batch", required_argument, NULL, 'b'},
                                            {"window", required_argument, NULL, 'w'},
                                            {"seconds", required_argument, NULL, 's'},
                                            {"rate", required_argument, NULL, 'r'},
                                            {"hot", no_argument, NULL, 'o'},
                                            {"backtest", required_argument, NULL, 'B'},
                                            {"rounds", required_argument, NULL, 'n'},
                                            {"daemon", required_argument, NULL, 'd'},
                                            {"dir", required_argument, NULL, 'D'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static bench_run run = {.dir = ".",
                            .households = {100000},
                            .household_count = 1,
                            .publishers = {8},
                            .publisher_count = 1,
                            .batches = {1},
                            .batch_count = 1,
                            .window = 1000,
                            .seconds = 5,
                            .rounds = 4};
    static char daemon[PATH_MAX];
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        switch (option) {
        case 't':
            run.town = optarg;
            break;
        case 'H':
            run.household_count = list_of(optarg, run.households);
            break;
        case 'p':
            run.publisher_count = list_of(optarg, run.publishers);
            break;
        case 'b':
            run.batch_count = list_of(optarg, run.batches);
            break;
        case 'w':
            run.window = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 's':
            run.seconds = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'r':
            run.rate = strtoull(optarg, NULL, 10);
            break;
        case 'o':
            run.hot = true;
            break;
        case 'B':
            run.backtest = optarg;
            break;
        case 'n':
            run.rounds = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'd':
            run.daemon = optarg;
            break;
        case 'D':
            run.dir = optarg;
            break;
        case 'j':
            run.json = true;
            break;
        case 'h':
            return vdr_cli_help(&vdr_cli_bench);
        default:
            return vdr_cli_usage(&vdr_cli_bench, "unknown option");
        }
    }
    if (out_of_bounds(run.publishers, run.publisher_count, 64))
        run.publisher_count = 0;
    if (out_of_bounds(run.batches, run.batch_count, 1024))
        run.batch_count = 0;
    if (optind != argc || run.town == NULL || run.household_count == 0 || run.publisher_count == 0 ||
        run.batch_count == 0 || run.window < 1 || run.window > VDR_BENCH_WINDOW_MAX || run.seconds < 1 ||
        run.rounds < 1 || run.rounds > ROUNDS_MAX)
        return vdr_cli_usage(&vdr_cli_bench,
                             "--town is needed; households up to 16M, publishers up to 64, batch up "
                             "to 1024, window up to 4096");
    if (run.daemon == NULL) {
        if (!find_daemon(daemon))
            return vdr_cli_usage(&vdr_cli_bench, "voordeurd is not beside this program: --daemon FILE");
        run.daemon = daemon;
    }
    if (vdr_cli_config(run.town, &run.config) != VDR_OK)
        return VDR_EXIT_USAGE;
    int status = bench(&run);
    vdr_config_free(&run.config);
    return status;
}

const vdr_cli_verb vdr_cli_bench = {.name = "bench",
                                    .summary = "how fast is the broker here, and what bounds it",
                                    .help = help,
                                    .run = run_bench};
