/* voordeur explain, why-not, try: why it is so, and what would be. Live by protocol.md 7.6, or offline. */
#include "broker/core/explain.h"
#include "broker/core/trial.h"
#include "clients/cli/explain_show.h"
#include "clients/cli/lines.h"
#include "clients/cli/offline.h"
#include "clients/cli/tale.h"
#include "proto/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WHERE_HELP "Asked of a running broker, as an operator:\n" VDR_CLI_LINK_HELP

#define OFFLINE_HELP                                                                                         \
    "or without one:\n"                                                                                      \
    "  --store DIR               the store, or a backup, of a broker that does not run\n"                    \
    "  --store-key FILE          the key that it is sealed under, as in node.yaml (default:\n"               \
    "                            $VOORDEUR_STORE_KEY, or keys/store.key beside DIR)\n"                       \
    "  --wrap FILE               of a backup: the escrow of the store's keys, or its file keys/wrap\n"       \
    "  --config DIR --events FILE\n"                                                                         \
    "                            a town, and its events as for `replay`; - is standard input\n"

static const char explain_help[] =
    "usage: voordeur explain signal|case|household ID [--at T] [OPTION...]\n"
    "\n"
    "Why a household is where it is: each rule with its numbers, the signals that it counts and those that "
    "it\n"
    "leaves out and why, its cases, to whom the open one goes and why to nobody else, and what falls due.\n"
    "Nobody is shown: persons are counted, and an operator sees a token (~ and 16 digits) for the id that "
    "an\n"
    "agency chose. A regisseur may ask about a case of their own, and sees what made it.\n"
    "\n"
    "  ID                        a signal's id or token, or a case or household as C7, H12\n"
    "  --source S                of a signal, where several agencies use the id\n"
    "  --at T                    at this instant (2026-03-02T09:00:00Z) instead of now. Later than now: if\n"
    "                            nothing comes until then. Earlier, or much later: the log is stepped again\n"
    "                            from its begin, beside the broker, which takes a while\n"
    "\n" WHERE_HELP OFFLINE_HELP "\n"
    "examples:\n"
    "  voordeur explain case C7\n"
    "  voordeur explain household H12 --at 2026-03-02T09:00:00Z --json\n"
    "  voordeur explain signal s-1 --config deploy/zomerdal --events deploy/zomerdal/year.jsonl\n";

static const char why_not_help[] = "usage: voordeur why-not --household H --rule R [--at T] [OPTION...]\n"
                                   "\n"
                                   "What a rule lacks to hold for a household: the clause that fails, by how "
                                   "much, what was left out and why,\n"
                                   "and until when it held; or, where it holds, why it opens no case.\n"
                                   "\n"
                                   "  --household H             as H12\n"
                                   "  --rule R                  its id in rules.yaml\n"
                                   "  --at T                    as in `voordeur help explain`\n"
                                   "\n" WHERE_HELP OFFLINE_HELP "\n"
                                   "example:\n"
                                   "  voordeur why-not --household H12 --rule multi-problem\n";

static const char try_help[] =
    "usage: voordeur try EVENT-FILE|- [OPTION...]\n"
    "\n"
    "What this event would do if it came now: the lines that `voordeur decisions` would show, and nothing\n"
    "happens. The file holds one event as JSON; - is standard input. Operators' tries are in the journal.\n"
    "\n"
    "A running broker tries it as if of strangers: its id, persons and address stand for others that nobody\n"
    "named before, so that nobody learns by it who is known (but with `demonstration: yes` in node.yaml).\n"
    "\n" WHERE_HELP "or without one:\n"
    "  --config DIR --events FILE\n"
    "                            a town, and the events that came before\n"
    "\n"
    "example:\n"
    "  voordeur try signal.json\n";

/* A command line. */
typedef struct asking {
    const vdr_cli_verb *verb;
    vdr_cli_link link;
    const char *source, *household, *rule, *store, *config, *events;
    vdr_cli_store_key store_key;
    vdr_ms at; /* VDR_MS_NONE: now */
} asking;

enum { OPT_AT = VDR_OPT_OWN, OPT_SOURCE, OPT_HOUSEHOLD, OPT_RULE, OPT_STORE, OPT_CONFIG, OPT_EVENTS };

static bool
take(asking *a, int option)
{
    const char **const texts[] = {&a->source, &a->household, &a->rule, &a->store, &a->config, &a->events};
    if (option >= OPT_SOURCE && option <= OPT_EVENTS) {
        *texts[option - OPT_SOURCE] = optarg;
        return true;
    }
    if (vdr_cli_store_key_take(&a->store_key, option, optarg))
        return true;
    if (option != OPT_AT)
        return vdr_cli_link_take(&a->link, option, optarg);
    return vdr_time_parse(vdr_span_str(optarg), &a->at);
}

/* An exit status; -1: the help was asked for. */
static int
take_all(asking *a, int argc, char **argv)
{
    static const struct option options[] = {{"at", required_argument, NULL, OPT_AT},
                                            {"source", required_argument, NULL, OPT_SOURCE},
                                            {"household", required_argument, NULL, OPT_HOUSEHOLD},
                                            {"rule", required_argument, NULL, OPT_RULE},
                                            {"store", required_argument, NULL, OPT_STORE},
                                            VDR_CLI_STORE_KEY_OPTIONS,
                                            {"config", required_argument, NULL, OPT_CONFIG},
                                            {"events", required_argument, NULL, OPT_EVENTS},
                                            VDR_CLI_LINK_OPTIONS,
                                            {NULL, 0, NULL, 0}};
    int option;
    a->link.timeout_ms = 30000;
    a->at = VDR_MS_NONE;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)vdr_cli_help(a->verb);
            return -1;
        }
        if (!take(a, option))
            return vdr_cli_usage(a->verb, "wrong option, or a value that it does not take");
    }
    if (a->at != VDR_MS_NONE && a->link.timeout_ms == 30000)
        a->link.timeout_ms = 3600000; /* the past takes as long as it takes */
    if ((a->config == NULL) != (a->events == NULL))
        return vdr_cli_usage(a->verb, "--config and --events go together");
    if (a->config != NULL && a->store != NULL)
        return vdr_cli_usage(a->verb, "either --store, or --config and --events");
    return VDR_EXIT_OK;
}

static bool
is_offline(const asking *a)
{
    return a->store != NULL || a->config != NULL;
}

static int
open_offline(const asking *a, vdr_cli_offline *offline)
{
    if (a->store != NULL)
        return vdr_cli_offline_store(offline, a->verb->name, a->store, &a->store_key, a->at);
    return vdr_cli_offline_events(offline, a->verb->name, a->config, a->events, a->at);
}

/* ---- explain and why-not */

static int
show(const asking *a, const vdr_explanation *told)
{
    if (a->link.json)
        vdr_cli_print(vdr_cli_explanation(told));
    else if (a->rule != NULL)
        vdr_cli_why_not_show(told);
    else
        vdr_cli_explanation_show(told);
    return vdr_cli_flush();
}

static int
explain_offline(const asking *a, const vdr_wire_read *read)
{
    vdr_cli_offline offline;
    vdr_explanation told;
    vdr_arena arena;
    int status = open_offline(a, &offline);
    if (status == VDR_EXIT_OK) {
        const vdr_explain_ask ask = {.household = read->household,
                                     .case_id = read->case_id,
                                     .signal_name = read->signal,
                                     .rule = read->rule};
        vdr_arena_init(&arena, SIZE_MAX);
        vdr_trial *trial = vdr_trial_begin(offline.core);
        vdr_err err = vdr_explain(offline.core, &ask, &arena, &told);
        told.position = offline.last;
        if (err == VDR_OK)
            status = show(a, &told);
        else
            status = VDR_EXIT_FAILED;
        if (err != VDR_OK)
            fprintf(stderr, "voordeur %s: %s\n", a->verb->name,
                    err == VDR_E_NOT_FOUND ? "no such signal, case, household or rule then"
                                           : vdr_err_text(err));
        vdr_trial_end(offline.core, &trial);
        vdr_arena_done(&arena);
    }
    vdr_cli_offline_done(&offline);
    return status;
}

static int
explain_live(const asking *a, const vdr_wire_read *read)
{
    vdr_client_options options = {0};
    const vdr_wire_answer *answer;
    vdr_client *client;
    int status = vdr_cli_link_open(a->verb, &a->link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    if (vdr_client_read(client, read, a->link.timeout_ms, &answer) != VDR_OK || answer->explanation == NULL)
        status = vdr_cli_link_failed(&a->link, client, a->verb->name);
    else
        status = show(a, answer->explanation);
    vdr_client_close(&client);
    return status;
}

static int
explain(const asking *a, vdr_wire_read *read)
{
    read->query = VDR_QUERY_EXPLAIN;
    read->rule = vdr_span_str(a->rule);
    read->at_ms = a->at != VDR_MS_NONE ? a->at : 0;
    return is_offline(a) ? explain_offline(a, read) : explain_live(a, read);
}

static int
run_explain(int argc, char **argv)
{
    asking a = {.verb = &vdr_cli_explain};
    vdr_wire_read read = {0};
    int status = take_all(&a, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 2)
        return vdr_cli_usage(a.verb, "say what: signal, case or household, and its id");
    const char *what = argv[optind], *id = argv[optind + 1];
    if (strcmp(what, "case") == 0)
        read.case_id.number = vdr_cli_number(id, 'C');
    else if (strcmp(what, "household") == 0)
        read.household.number = vdr_cli_number(id, 'H');
    else if (strcmp(what, "signal") == 0 && *id != '\0')
        read.signal = (vdr_signal_name){.source = vdr_span_str(a.source), .id = vdr_span_str(id)};
    if (read.case_id.number == 0 && read.household.number == 0 && read.signal.id.at == NULL)
        return vdr_cli_usage(a.verb, "%s %s is no signal, case (C7) or household (H12)", what, id);
    return explain(&a, &read);
}

static int
run_why_not(int argc, char **argv)
{
    asking a = {.verb = &vdr_cli_why_not};
    vdr_wire_read read = {0};
    int status = take_all(&a, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (a.household == NULL || a.rule == NULL || optind != argc)
        return vdr_cli_usage(a.verb, "give --household H and --rule R");
    read.household.number = vdr_cli_number(a.household, 'H');
    if (read.household.number == 0)
        return vdr_cli_usage(a.verb, "%s is no household, as H12", a.household);
    return explain(&a, &read);
}

/* ---- try */

/* The whole file; NULL: said. */
static char *
read_event(const asking *a, const char *name, size_t *ret_len)
{
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rb");
    char *at = vdr_alloc(VDR_EVENT_BYTES_MAX + 2, 1);
    *ret_len = file != NULL ? fread(at, 1, VDR_EVENT_BYTES_MAX + 1, file) : 0;
    bool failed = file == NULL || ferror(file);
    if (failed)
        fprintf(stderr, "voordeur %s: %s: %s\n", a->verb->name, name, strerror(errno));
    if (file != NULL && file != stdin)
        fclose(file);
    while (*ret_len > 0 && strchr(" \t\r\n", at[*ret_len - 1]) != NULL)
        --*ret_len;
    if (failed) {
        free(at);
        return NULL;
    }
    return at;
}

static int
try_offline(const asking *a, vdr_span event)
{
    vdr_cli_offline offline;
    vdr_tale_out out;
    int status = open_offline(a, &offline);
    if (status == VDR_EXIT_OK) {
        const vdr_event_options options = {.config = offline.config};
        vdr_command command;
        vdr_step step;
        vdr_arena_reset(&offline.arena);
        vdr_tale_out_init(&out);
        vdr_event_read(offline.door, &options, event, &offline.arena, &command, NULL);
        vdr_trial *trial = vdr_trial_begin(offline.core);
        vdr_core_step(offline.core, &command, vdr_core_position(offline.core) + 1, &step);
        vdr_err err = vdr_tale_out_put(&out, offline.core, step.tale);
        if (err == VDR_OK)
            err = vdr_tale_out_flush(&out);
        if (err != VDR_OK)
            fprintf(stderr, "voordeur try: standard output: %s\n", strerror(errno));
        status = err == VDR_OK ? VDR_EXIT_OK : VDR_EXIT_FAILED;
        vdr_trial_end(offline.core, &trial);
        vdr_tale_out_done(&out);
    }
    vdr_cli_offline_done(&offline);
    return status;
}

static void
print_line(const vdr_wire_line *line)
{
    size_t len = vdr_decision_line(&line->decision, NULL, 0);
    char *text = vdr_alloc(len + 1, 1);
    (void)vdr_decision_line(&line->decision, text, len);
    puts(text);
    free(text);
}

static int
try_live(const asking *a, vdr_span event)
{
    const vdr_wire_read read = {.query = VDR_QUERY_TRY, .event = event};
    vdr_client_options options = {0};
    const vdr_wire_answer *answer;
    vdr_client *client;
    int status = vdr_cli_link_open(a->verb, &a->link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    if (vdr_client_read(client, &read, a->link.timeout_ms, &answer) != VDR_OK)
        status = vdr_cli_link_failed(&a->link, client, a->verb->name);
    for (size_t i = 0; status == VDR_EXIT_OK && i < answer->line_count; i++)
        print_line(&answer->lines[i]);
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

static int
run_try(int argc, char **argv)
{
    asking a = {.verb = &vdr_cli_try};
    size_t len;
    int status = take_all(&a, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 1 || a.store != NULL)
        return vdr_cli_usage(a.verb,
                             "give one file with an event, or -; a store alone cannot tell who is who");
    char *event = read_event(&a, argv[optind], &len);
    if (event == NULL)
        return VDR_EXIT_USAGE;
    status =
        is_offline(&a) ? try_offline(&a, vdr_span_of(event, len)) : try_live(&a, vdr_span_of(event, len));
    free(event);
    return status;
}

const vdr_cli_verb vdr_cli_explain = {.name = "explain",
                                      .summary = "why a signal, case or household is where it is",
                                      .help = explain_help,
                                      .run = run_explain};
const vdr_cli_verb vdr_cli_why_not = {.name = "why-not",
                                      .summary = "what a rule lacks to hold for a household",
                                      .help = why_not_help,
                                      .run = run_why_not};
const vdr_cli_verb vdr_cli_try = {
    .name = "try", .summary = "what an event would do now, without effect", .help = try_help, .run = run_try};
