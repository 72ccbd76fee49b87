/* voordeur backtest: what other rules would have done with what came. */
#include "clients/cli/backtest.h"

#include "broker/history/backtest.h"
#include "clients/cli/link.h"
#include "proto/time.h"

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define ROWS_BYTES  ((size_t)64 * 1024 * 1024)
#define LOOK_MS     100
#define QUIET_LOOKS 10u /* a run shorter than a second shows nothing */
#define BAR_WIDTH   40u
#define SAMPLES     3u
#define SAMPLES_MAX 100u

static const char help[] =
    "usage: voordeur backtest --rules NEW [OPTION...]\n"
    "       voordeur backtest --rules NEW --store DIR [OPTION...]\n"
    "       voordeur backtest --stop\n"
    "\n"
    "What would other rules have done with what came? Decides the stored history again, once as it was and\n"
    "once with NEW, and shows which cases would be new, gone or changed: by rule and district, with the "
    "load\n"
    "of the regisseurs, week by week, and how many signals stay regular. Nobody is shown: a household is "
    "its\n"
    "number.\n"
    "\n"
    "  --rules NEW        a rules.yaml; or a folder with a rules.yaml, catalogue.yaml or town.yaml: what is\n"
    "                     not there is as it was at the time\n"
    "  --store DIR        the store of a broker that does not run; without it the running broker does it,\n"
    "                     for operators, beside its own work\n" VDR_CLI_STORE_KEY_HELP
    "  --stop             ends the one that is at work on the running broker\n"
    "  --since WHEN       NEW holds from then on: 180d before the last record, or an instant as\n"
    "                     2026-01-01T00:00:00Z (default: from the first record). What came before is as it\n"
    "                     was, and is not compared\n"
    "  --diff current     compares with what was decided (the default, and the only one)\n"
    "  --sample N         shows N cases of each kind with their signals (default 3, at most 100; 0: none)\n"
    "\n" VDR_CLI_LINK_HELP "\n"
    "People's acts in the log are done again: on the case that their household has open in the new history,\n"
    "by the regisseur who has it there. Those that find none, or one that cannot take them, are dropped and\n"
    "counted. A case that only NEW opens is taken as accepted at once, and closed when it is as old as the\n"
    "median closed case of the store. Events that were refused are in no log, so neither history has them.\n"
    "\n"
    "exit status: 0 no difference; 3 there is a difference; 1 it cannot be done; 2 wrong use, or an\n"
    "error in NEW\n"
    "\n"
    "examples:\n"
    "  voordeur backtest --rules rules.yaml --since 180d\n"
    "  voordeur backtest --rules town/ --store backup --json | grep '\"row\":\"rule\"'\n";

/* ---- the command line */

static bool
take_since(vdr_backtest_line *l, const char *text)
{
    vdr_span span = vdr_span_str(text);
    if (!vdr_duration_parse(span, &l->back_ms))
        return vdr_time_parse(span, &l->since);
    l->back = text;
    return true;
}

static bool
take_samples(vdr_backtest_line *l, const char *text)
{
    char *end;
    errno = 0;
    l->samples = strtoul(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && *text != '-' && l->samples <= SAMPLES_MAX;
}

enum { OPT_RULES = VDR_OPT_OWN, OPT_STORE, OPT_SINCE, OPT_DIFF, OPT_SAMPLE, OPT_STOP };

static bool
take(vdr_backtest_line *l, int option)
{
    if (vdr_cli_store_key_take(&l->store_key, option, optarg))
        return true;
    switch (option) {
    case OPT_RULES:
        l->rules = optarg;
        return true;
    case OPT_STORE:
        l->store = optarg;
        return true;
    case OPT_SINCE:
        return take_since(l, optarg);
    case OPT_DIFF:
        return strcmp(optarg, "current") == 0;
    case OPT_SAMPLE:
        return take_samples(l, optarg);
    case OPT_STOP:
        l->stop = true;
        return true;
    default:
        return vdr_cli_link_take(&l->link, option, optarg);
    }
}

/* ---- NEW */

const char *const vdr_backtest_file_names[VDR_CONFIG_FILES] = {"town.yaml", "catalogue.yaml", "rules.yaml"};

static int
load_one(const char *path, vdr_config_file file, vdr_arena *arena, vdr_config_texts *texts)
{
    char words[256];
    vdr_err err = vdr_config_text_load(path, arena, &texts->text[file], words);
    if (err != VDR_OK) {
        fprintf(stderr, "voordeur backtest: %s\n", words);
        return VDR_EXIT_USAGE;
    }
    texts->name[file] = vdr_arena_copy(arena, vdr_span_str(path));
    return VDR_EXIT_OK;
}

int
vdr_backtest_candidate(const char *path, vdr_arena *arena, vdr_config_texts *texts)
{
    struct stat what;
    char name[4096];
    int status = VDR_EXIT_OK;
    unsigned found = 0;
    if (stat(path, &what) == 0 && !S_ISDIR(what.st_mode))
        return load_one(path, VDR_CONFIG_RULES, arena, texts);
    for (unsigned i = 0; i < VDR_CONFIG_FILES && status == VDR_EXIT_OK; i++) {
        int len = snprintf(name, sizeof name, "%s/%s", path, vdr_backtest_file_names[i]);
        if (len < 0 || (size_t)len >= sizeof name || access(name, F_OK) != 0)
            continue;
        status = load_one(name, (vdr_config_file)i, arena, texts);
        found++;
    }
    if (status == VDR_EXIT_OK && found == 0) {
        fprintf(stderr, "voordeur backtest: %s: no rules.yaml, catalogue.yaml or town.yaml is there\n", path);
        status = VDR_EXIT_USAGE;
    }
    return status;
}

/* ---- without a broker */

typedef struct job {
    vdr_backtest *backtest;
    vdr_err err;
    char words[VDR_HISTORY_WORDS];
    atomic_bool over;
} job;

static void *
run_job(void *context)
{
    job *j = context;
    j->err = vdr_backtest_run(j->backtest, j->words);
    atomic_store(&j->over, true);
    return NULL;
}

void
vdr_backtest_bar(uint64_t done, uint64_t all)
{
    static bool shown;
    char bar[BAR_WIDTH + 1];
    if (isatty(STDERR_FILENO) == 0 || (all == 0 && !shown))
        return;
    shown = all != 0;
    if (all == 0) {
        fprintf(stderr, "\r%60s\r", "");
        return;
    }
    uint64_t share = done * BAR_WIDTH / all;
    memset(bar, ' ', BAR_WIDTH);
    memset(bar, '=', share < BAR_WIDTH ? (size_t)share : BAR_WIDTH);
    bar[BAR_WIDTH] = '\0';
    fprintf(stderr, "\r[%s] %3llu%% ", bar, (unsigned long long)(done * 100 / all));
}

/* Until it is over, with a bar where somebody looks. */
static void
wait_for(job *j)
{
    vdr_cli_stop_catch();
    for (unsigned looks = 0; !atomic_load(&j->over); looks++) {
        uint64_t done, all;
        (void)poll(NULL, 0, looks < QUIET_LOOKS ? (int)looks : LOOK_MS);
        if (vdr_cli_stopped())
            vdr_backtest_stop(j->backtest);
        vdr_backtest_progress(j->backtest, &done, &all);
        if (looks > QUIET_LOOKS * 2 && all != 0)
            vdr_backtest_bar(done, all);
    }
    vdr_backtest_bar(0, 0);
}

static void
show_rows(const vdr_backtest_line *l, const vdr_wire_row *rows, size_t count)
{
    if (l->link.json)
        vdr_backtest_show_json(rows, count);
    else
        vdr_backtest_show(rows, count);
}

static int
report(const vdr_backtest_line *l, vdr_backtest *backtest)
{
    vdr_arena arena;
    vdr_rows rows;
    vdr_arena_init(&arena, ROWS_BYTES);
    vdr_rows_begin(&rows, &arena);
    vdr_backtest_report(backtest, (unsigned)l->samples, &rows);
    show_rows(l, rows.at, rows.count);
    if (rows.left_out != 0)
        fprintf(stderr, "voordeur backtest: %llu rows more are left out\n",
                (unsigned long long)rows.left_out);
    vdr_arena_done(&arena);
    int status = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : (vdr_backtest_differs(backtest) ? VDR_EXIT_DIFFERS : VDR_EXIT_OK);
}

static int
run_both(const vdr_backtest_line *l, vdr_log *log, vdr_checkpoint *checkpoint,
         const vdr_config_texts *candidate, vdr_err *ret_err)
{
    const vdr_backtest_ask ask = {.candidate = *candidate, .since = l->since, .back_ms = l->back_ms};
    pthread_t thread;
    job j = {.backtest = vdr_backtest_new(log, checkpoint, &ask)};
    int status = VDR_EXIT_FAILED;
    if (pthread_create(&thread, NULL, run_job, &j) == 0) {
        wait_for(&j);
        (void)pthread_join(thread, NULL);
        if (j.err == VDR_OK)
            status = report(l, j.backtest);
        else if (j.err == VDR_E_BAD_CONFIG)
            status = VDR_EXIT_USAGE;
        if (j.err != VDR_OK)
            fprintf(stderr, "voordeur backtest: %s%s", j.words[0] != '\0' ? j.words : vdr_err_text(j.err),
                    j.err == VDR_E_BAD_CONFIG ? "" : "\n");
        *ret_err = j.err;
    }
    vdr_backtest_free(&j.backtest);
    return status;
}

static int
run_store(const vdr_backtest_line *l, const vdr_config_texts *candidate)
{
    vdr_store store = {0};
    vdr_log_stats stats;
    vdr_checkpoint *checkpoint = NULL;
    vdr_err err = vdr_cli_store_open_dir("backtest", &l->store_key, l->store, &store);
    if (err != VDR_OK)
        return VDR_EXIT_FAILED;
    vdr_log_stats_get(store.log, &stats);
    if (stats.first > 1 || vdr_store_erased(&store)) {
        checkpoint = store.checkpoint;
        err = checkpoint != NULL ? vdr_checkpoint_look_back(checkpoint) : VDR_E_STORE_CORRUPT;
    }
    int status = VDR_EXIT_FAILED;
    if (err != VDR_OK && err != VDR_E_NOT_FOUND) {
        fprintf(stderr, "voordeur backtest: %s: %s\n", l->store, vdr_err_text(err));
    } else {
        if (checkpoint != NULL)
            store.checkpoint = NULL; /* the back-test closes it */
        status = run_both(l, store.log, checkpoint, candidate, &err);
    }
    vdr_store_close(&store);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {{"rules", required_argument, NULL, OPT_RULES},
                                            {"store", required_argument, NULL, OPT_STORE},
                                            VDR_CLI_STORE_KEY_OPTIONS,
                                            {"since", required_argument, NULL, OPT_SINCE},
                                            {"diff", required_argument, NULL, OPT_DIFF},
                                            {"sample", required_argument, NULL, OPT_SAMPLE},
                                            {"stop", no_argument, NULL, OPT_STOP},
                                            VDR_CLI_LINK_OPTIONS,
                                            {NULL, 0, NULL, 0}};
    vdr_backtest_line l = {.since = VDR_MS_NONE, .samples = SAMPLES, .link = VDR_CLI_LINK_NEW};
    vdr_config_texts candidate = {0};
    vdr_arena arena;
    int option, status = VDR_EXIT_OK;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_backtest);
        if (!take(&l, option))
            return vdr_cli_usage(&vdr_cli_backtest, "wrong option, or a value that it does not take");
    }
    if ((l.rules == NULL) != l.stop || (l.stop && l.store != NULL) || optind != argc)
        return vdr_cli_usage(&vdr_cli_backtest, "--rules NEW is needed, or --stop alone");
    vdr_arena_init(&arena, 4u * VDR_CONF_BYTES_MAX + 65536u);
    if (!l.stop)
        status = vdr_backtest_candidate(l.rules, &arena, &candidate);
    if (status == VDR_EXIT_OK)
        status = l.store != NULL ? run_store(&l, &candidate) : vdr_backtest_ask_broker(&l, &candidate);
    vdr_arena_done(&arena);
    return status;
}

const vdr_cli_verb vdr_cli_backtest = {.name = "backtest",
                                       .summary = "what other rules would have done with what came",
                                       .help = help,
                                       .run = run};
