/* voordeur_sim - the deterministic simulator: a broker, its clients and everything that can go wrong, in one process.
 *
 *   voordeur_sim --seed N [--count K]     runs seeds N .. N+K-1, each in a process of its own
 *     --trace                             every step of a run, as lines
 *     --hash                              the hash of each run's trace
 *     --twice                             each run twice: they must be the same
 *     --json                              a summary as JSON instead of words
 *     --without KIND[,KIND…]              these faults do not come (world.h)
 *     --parties-off MASK, --percent P     fewer parties, a shorter run (what --shrink finds)
 *     --shrink                            leaves out of a failing seed what it does not need
 *     --keep-going                        past a failing seed
 *     --kept FILE                         the seeds that stand there, one a line, instead
 *
 * Ends with 1 if a seed failed; its last line is then the one command that repeats it. */
#define _GNU_SOURCE /* unshare */
#include "tests/sim/clock.h"
#include "tests/sim/town.h"
#include "tests/sim/world.h"

#include "proto/assert.h"

#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <sched.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

typedef struct wishes {
    sim_plan plan;
    uint64_t count;
    const char *kept;
    bool hash, json, shrink, keep_going, twice;
} wishes;

typedef struct totals {
    uint64_t runs, failed, first_failed;
    uint64_t faults[SIM_FAULT_COUNT], deeds[SIM_DEED_COUNT];
    uint64_t events, answers, messages, frames, records, folds, starts, lines, again, refusals, foretold;
    double simulated_s;
} totals;

static char base[128];
static sim_outcome *shared; /* written by the run's process */

/* ---- One run */

static int
remove_one(const char *path, const struct stat *unused, int what, struct FTW *place)
{
    (void)unused;
    (void)what;
    (void)place;
    return remove(path);
}

static void
remove_all(const char *path)
{
    (void)nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void
run(const sim_plan *plan, sim_outcome *ret_outcome)
{
    memset(shared, 0, sizeof *shared);
    (void)fflush(stdout);
    pid_t child = fork();
    VDR_ASSERT(child >= 0);
    if (child == 0) {
        sim_world_run(plan, ".", shared);
        (void)fflush(stdout);
        _exit(0);
    }
    int status = 0;
    VDR_ASSERT(waitpid(child, &status, 0) == child);
    *ret_outcome = *shared;
    ret_outcome->seed = plan->seed;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        ret_outcome->failed = true;
        (void)snprintf(ret_outcome->words, sizeof ret_outcome->words, "the process ended with %s %d",
                       WIFSIGNALED(status) ? "signal" : "status",
                       WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    }
    remove_all("run");
}

/* The same, to the last byte. */
static void
run_again(const sim_plan *plan, sim_outcome *first)
{
    sim_outcome second;
    run(plan, &second);
    if (first->failed || (second.hash == first->hash && !second.failed))
        return;
    first->failed = true;
    (void)snprintf(first->words, sizeof first->words, "two runs differ: %016llx and %016llx",
                   (unsigned long long)first->hash, (unsigned long long)second.hash);
}

static void
say_command(const sim_plan *plan)
{
    printf("voordeur_sim --seed %llu", (unsigned long long)plan->seed);
    if (plan->percent != 100)
        printf(" --percent %u", plan->percent);
    if (plan->parties_off != 0)
        printf(" --parties-off %u", plan->parties_off);
    if (plan->without != 0) {
        const char *comma = " --without ";
        for (int f = 0; f < SIM_FAULT_COUNT; f++) {
            if ((plan->without & UINT32_C(1) << f) != 0) {
                printf("%s%s", comma, sim_fault_names[f]);
                comma = ",";
            }
        }
    }
    printf("\n");
}

/* ---- Shrinking: what can be left out while it still fails */

static bool
still_fails(const sim_plan *plan)
{
    sim_outcome outcome;
    run(plan, &outcome);
    return outcome.failed;
}

static sim_plan
shrink(sim_plan plan)
{
    plan.trace = false;
    for (int f = 0; f < SIM_FAULT_COUNT; f++) {
        sim_plan less = plan;
        less.without |= UINT32_C(1) << f;
        if (still_fails(&less))
            plan = less;
    }
    for (unsigned i = 0; i < 16; i++) {
        sim_plan less = plan;
        less.parties_off |= UINT32_C(1) << i;
        if (still_fails(&less))
            plan = less;
    }
    for (uint32_t percent = plan.percent / 2; percent >= 5; percent /= 2) {
        sim_plan less = plan;
        less.percent = percent;
        if (!still_fails(&less))
            break;
        plan = less;
    }
    return plan;
}

/* ---- Words */

static void
add(totals *all, const sim_outcome *outcome)
{
    all->runs++;
    if (outcome->failed && all->failed++ == 0)
        all->first_failed = outcome->seed;
    for (int f = 0; f < SIM_FAULT_COUNT; f++)
        all->faults[f] += outcome->faults[f];
    for (int d = 0; d < SIM_DEED_COUNT; d++)
        all->deeds[d] += outcome->deeds[d];
    all->events += outcome->events;
    all->answers += outcome->answers;
    all->messages += outcome->messages;
    all->frames += outcome->frames;
    all->records += outcome->records;
    all->folds += outcome->folds;
    all->starts += outcome->starts;
    all->lines += outcome->lines;
    all->again += outcome->again;
    all->foretold += outcome->foretold;
    all->refusals += outcome->refusals;
    all->simulated_s += (double)outcome->simulated_us / 1e6;
}

static void
say_number(bool json, const char *name, uint64_t number)
{
    if (json)
        printf("\"%s\":%llu", name, (unsigned long long)number);
    else
        printf("%s=%llu", name, (unsigned long long)number);
}

static void
tell(const wishes *w, const totals *all, double seconds)
{
    const struct {
        const char *name;
        uint64_t number;
    } sums[] = {{"seeds", all->runs},
                {"first", w->plan.seed},
                {"failed", all->failed},
                {"events", all->events},
                {"answers", all->answers},
                {"messages", all->messages},
                {"frames", all->frames},
                {"records", all->records},
                {"folds", all->folds},
                {"starts", all->starts},
                {"lines", all->lines},
                {"sent_again", all->again},
                {"foretold_refusals", all->foretold},
                {"refused_starts", all->refusals},
                {"milliseconds", (uint64_t)(seconds * 1000)},
                {"simulated_seconds", (uint64_t)all->simulated_s}};
    const char *between = w->json ? "," : " ";
    if (w->json)
        printf("{");
    for (size_t i = 0; i < sizeof sums / sizeof sums[0]; i++) {
        say_number(w->json, sums[i].name, sums[i].number);
        printf("%s", between);
    }
    printf(w->json ? "\"faults\":{" : "faults:");
    for (int f = 0; f < SIM_FAULT_COUNT; f++) {
        if (f != 0 || !w->json)
            printf("%s", between);
        say_number(w->json, sim_fault_names[f], all->faults[f]);
    }
    printf(w->json ? "},\"deeds\":{" : " deeds:");
    for (int d = 0; d < SIM_DEED_COUNT; d++) {
        if (d != 0 || !w->json)
            printf("%s", between);
        say_number(w->json, sim_deed_names[d], all->deeds[d]);
    }
    printf(w->json ? "}}\n" : "\n");
}

/* ---- The command line */

static uint32_t
read_kinds(const char *text)
{
    uint32_t kinds = 0;
    char copy[256], *rest = copy;
    (void)snprintf(copy, sizeof copy, "%s", text);
    for (char *word = strtok_r(copy, ",", &rest); word != NULL; word = strtok_r(NULL, ",", &rest)) {
        int f = 0;
        while (f < SIM_FAULT_COUNT && strcmp(sim_fault_names[f], word) != 0)
            f++;
        if (f == SIM_FAULT_COUNT) {
            (void)fprintf(stderr, "voordeur_sim: there is no fault \"%s\"\n", word);
            exit(2);
        }
        kinds |= UINT32_C(1) << f;
    }
    return kinds;
}

static wishes
read_arguments(int argc, char **argv)
{
    static const struct option options[] = {{"seed", 1, NULL, 's'},
                                            {"count", 1, NULL, 'c'},
                                            {"trace", 0, NULL, 't'},
                                            {"hash", 0, NULL, 'h'},
                                            {"json", 0, NULL, 'j'},
                                            {"without", 1, NULL, 'w'},
                                            {"shrink", 0, NULL, 'x'},
                                            {"percent", 1, NULL, 'p'},
                                            {"parties-off", 1, NULL, 'o'},
                                            {"keep-going", 0, NULL, 'k'},
                                            {"twice", 0, NULL, '2'},
                                            {"kept", 1, NULL, 'f'},
                                            {NULL, 0, NULL, 0}};
    wishes w = {.plan = {.seed = 1, .percent = 100}, .count = 1};
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 's':
            w.plan.seed = strtoull(optarg, NULL, 10);
            break;
        case 'c':
            w.count = strtoull(optarg, NULL, 10);
            break;
        case 't':
            w.plan.trace = true;
            break;
        case 'h':
            w.hash = true;
            break;
        case 'j':
            w.json = true;
            break;
        case 'w':
            w.plan.without = read_kinds(optarg);
            break;
        case 'x':
            w.shrink = true;
            break;
        case 'p':
            w.plan.percent = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'o':
            w.plan.parties_off = (uint32_t)strtoul(optarg, NULL, 10);
            break;
        case 'k':
            w.keep_going = true;
            break;
        case '2':
            w.twice = true;
            break;
        case 'f':
            w.kept = optarg;
            break;
        default:
            exit(2);
        }
    }
    return w;
}

/* Files of runs lie in memory where the system lets this process have a place of its own for them, and else on the disk. */
static void
make_place(void)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
        return;
    (void)(mount("voordeur-sim", base, "tmpfs", MS_NOSUID | MS_NODEV, "size=1g,mode=0700") == 0);
}

static void
leave(void)
{
    remove_all(".");
    VDR_ASSERT(chdir("/") == 0);
    (void)umount2(base, MNT_DETACH);
    (void)rmdir(base);
}

static void
prepare(void)
{
    const char *tmp = getenv("TMPDIR");
    (void)snprintf(base, sizeof base, "%s/voordeur-sim-XXXXXX", tmp != NULL ? tmp : "/tmp");
    VDR_ASSERT(mkdtemp(base) != NULL);
    make_place();
    VDR_ASSERT(chdir(base) == 0); /* no path that the broker tells of has a name of chance */
    shared = mmap(NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    VDR_ASSERT(shared != MAP_FAILED);
    sim_clock_begin(0, 0); /* the keys are the same whenever they are made */
    VDR_ASSERT(sodium_init() >= 0);
    sim_town_keys(".");
}

static double
seconds(void)
{
    struct timespec now;
    (void)timespec_get(&now, TIME_UTC);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

typedef struct series {
    wishes w;
    totals all;
    sim_plan failing;
} series;

static void
run_one(series *s, uint64_t seed)
{
    sim_plan plan = s->w.plan;
    sim_outcome outcome;
    plan.seed = seed;
    run(&plan, &outcome);
    if (s->w.twice)
        run_again(&plan, &outcome);
    add(&s->all, &outcome);
    if (s->w.hash)
        printf("seed %llu trace %016llx\n", (unsigned long long)plan.seed, (unsigned long long)outcome.hash);
    if (!outcome.failed)
        return;
    s->failing = plan;
    printf("seed %llu FAILS: %s\n", (unsigned long long)plan.seed, outcome.words);
}

/* Each line begins with a seed, or with # */
static void
run_kept(series *s, FILE *file)
{
    char line[512];
    while (fgets(line, sizeof line, file) != NULL && (s->all.failed == 0 || s->w.keep_going)) {
        if (line[0] >= '0' && line[0] <= '9')
            run_one(s, strtoull(line, NULL, 10));
    }
}

int
main(int argc, char **argv)
{
    series s = {.w = read_arguments(argc, argv)};
    double begun = seconds();
    FILE *kept = s.w.kept != NULL ? fopen(s.w.kept, "re") : NULL;
    if (s.w.kept != NULL && kept == NULL) {
        perror(s.w.kept);
        return 2;
    }
    prepare();
    if (kept != NULL) {
        run_kept(&s, kept);
        (void)fclose(kept);
    }
    for (uint64_t i = 0; s.w.kept == NULL && i < s.w.count && (s.all.failed == 0 || s.w.keep_going); i++)
        run_one(&s, s.w.plan.seed + i);
    tell(&s.w, &s.all, seconds() - begun);
    if (s.all.failed != 0) {
        printf("again: ");
        say_command(s.w.shrink ? (sim_plan[]){shrink(s.failing)} : &s.failing);
    }
    leave();
    return s.all.failed != 0;
}
