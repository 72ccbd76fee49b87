/* voordeur bench: how fast is the broker on this machine, and what bounds it? */
#include "clients/cli/bench_inside.h"

#include "clients/cli/config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
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
    "  --slow N                full speed in turns, a window without and one while N subscribers do not "
    "read\n"
    "                          what they subscribed to: what the others' rate moves by them\n"
    "  --hot                   the same, while the first publisher's signals are all of one household of "
    "100,000\n"
    "  --backtest RULES        the open loop in turns, a window without and one while an operator's "
    "back-tests with\n"
    "                          RULES run, one after the other, on this broker: what of the latency moves by "
    "them, "
    "over\n"
    "                          all windows of a kind, and in the window in the middle, which no stall of the "
    "disk "
    "spoils\n"
    "  --rounds N              such pairs of windows (default 4, at most 64)\n"
    "  --home DIR              load the broker that runs from this folder (voordeur init), instead of one of "
    "its\n"
    "                          own; --pid N is its process, so that its memory and processor time are seen\n"
    "  --daemon FILE           the broker's program (default: beside this one)\n"
    "  --dir DIR               where its folder is made (default: the present one): the disk that is "
    "measured\n"
    "  --json                  one JSON object a row\n"
    "\n"
    "example:\n"
    "  voordeur bench --town deploy/zomerdal --households 1M --publishers 1,8,64\n";

#define SLOW_MAX 256u

static size_t
list_of(const char *text, uint64_t *ret_list)
{
    size_t count = 0;
    while (*text != '\0' && count < VDR_BENCH_LIST_MAX) {
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

/* How long turns took since the broker began, checkpoints and all. */
static void
show_turns(const vdr_bench_run *run)
{
    json_t *status = vdr_bench_broker_status(run);
    json_int_t p99 = json_integer_value(json_object_get(status, "turn_us_p99")),
               most = json_integer_value(json_object_get(status, "turn_us_max")),
               checkpoints = json_integer_value(json_object_get(status, "checkpoints"));
    if (run->json && status != NULL)
        vdr_cli_print(json_pack("{s:s, s:I, s:I, s:I}", "load", "turns", "p99_us", p99, "max_us", most,
                                "checkpoints", checkpoints));
    else if (status != NULL)
        printf("           turns in the engine: p99 %lld us, longest %lld us; %lld checkpoints\n",
               (long long)p99, (long long)most, (long long)checkpoints);
    json_decref(status);
    fflush(stdout);
}

/* One number of households on one broker. */
static bool
households_row(vdr_bench_run *run, uint64_t households)
{
    fflush(stdout);
    bool good = vdr_bench_broker_start(run);
    for (size_t b = 0; good && b < run->batch_count; b++) {
        run->batch = (unsigned)run->batches[b];
        for (size_t i = 0; good && i < run->publisher_count; i++)
            good = vdr_bench_row(run, households, (unsigned)run->publishers[i], b == 0 && i == 0);
    }
    if (good)
        show_turns(run);
    vdr_bench_broker_stop(run);
    return good;
}

static int
bench(vdr_bench_run *run)
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
        vdr_cli_print(json_pack("{s:s, s:I, s:f, s:I, s:I, s:I}", "load", "raw", "frame_bytes",
                                (json_int_t)bytes, "echo_per_s", run->echo_per_s, "echo_us",
                                (json_int_t)run->echo_us, "sync_us", (json_int_t)run->sync_us, "sync_p99_us",
                                (json_int_t)vdr_histogram_quantile(&sync_us, 990)));
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
                                            {"slow", required_argument, NULL, 'S'},
                                            {"hot", no_argument, NULL, 'o'},
                                            {"home", required_argument, NULL, 'm'},
                                            {"pid", required_argument, NULL, 'P'},
                                            {"backtest", required_argument, NULL, 'B'},
                                            {"rounds", required_argument, NULL, 'n'},
                                            {"daemon", required_argument, NULL, 'd'},
                                            {"dir", required_argument, NULL, 'D'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    static vdr_bench_run run = {.dir = ".",
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
        case 'S':
            run.slow = (unsigned)strtoul(optarg, NULL, 10);
            break;
        case 'o':
            run.hot = true;
            break;
        case 'm':
            run.attached = snprintf(run.home, sizeof run.home, "%s", optarg) < (int)sizeof run.home;
            break;
        case 'P':
            run.broker = (pid_t)strtol(optarg, NULL, 10);
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
        run.rounds < 1 || run.rounds > VDR_BENCH_ROUNDS_MAX || run.slow > SLOW_MAX)
        return vdr_cli_usage(&vdr_cli_bench,
                             "--town is needed; households up to 16M, publishers up to 64, batch up "
                             "to 1024, window up to 4096");
    if (run.daemon == NULL && !run.attached) {
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
