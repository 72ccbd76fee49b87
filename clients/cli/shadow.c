/* voordeur rules shadow, rules diff: a candidate's rules beside those in force. */
#include "clients/cli/backtest.h"
#include "clients/cli/figures.h"
#include "clients/cli/rules.h"
#include "proto/limits.h"

#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>

#define LOOK_MS 100
#define LONG_MS 3600000 /* to catch up with a long log */

enum { STATE_NONE = 0, STATE_RUNS = 1 };

static const char shadow_help[] =
    "usage: voordeur rules shadow start PATH [OPTION...]\n"
    "       voordeur rules shadow stop|status [OPTION...]\n"
    "\n"
    "For operators: lets other rules run beside those in force, on everything that comes from now on. They\n"
    "decide as `voordeur backtest` does, and never act: nobody is told anything. `voordeur rules diff` "
    "shows\n"
    "how they differ so far. One at a time; it goes on after a restart of the broker, until it is stopped.\n"
    "\n"
    "  PATH               a rules.yaml; or a folder with a rules.yaml, catalogue.yaml or town.yaml\n"
    "\n" VDR_CLI_LINK_HELP "\n"
    "It costs the broker two more states in memory, and processor time that nobody else wants. status says\n"
    "how many records it is behind.\n"
    "\n"
    "exit status: 0 done; 1 it cannot be done, and it is told why; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur rules shadow start new/ && voordeur rules diff\n";

static const char diff_help[] =
    "usage: voordeur rules diff [OPTION...]\n"
    "\n"
    "For operators: what the shadow (voordeur rules shadow) would have done otherwise so far: new, gone and\n"
    "changed cases by rule and district, load, regular signals and examples, as `voordeur backtest` shows\n"
    "them. Waits until the shadow has caught up with the log.\n"
    "\n" VDR_CLI_LINK_HELP "\n"
    "exit status: 0 no difference; 3 there is a difference; 1 it cannot be done; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur rules diff --home /tmp/town --as operator:beheer\n";

static const vdr_wire_admin_result *
ask(vdr_client *client, const vdr_cli_link *link, vdr_wire_admin *admin)
{
    const vdr_wire_admin_result *result = NULL;
    admin->time = VDR_MS_NONE;
    return vdr_client_admin(client, admin, link->timeout_ms, &result) == VDR_OK ? result : NULL;
}

/* ---- rules shadow */

static int
start(vdr_client *client, const vdr_cli_link *link, const char *path)
{
    vdr_config_texts candidate = {0};
    vdr_wire_file files[VDR_CONFIG_FILES];
    vdr_wire_admin admin = {.verb = VDR_VERB_SHADOW_START, .files = files};
    vdr_arena arena;
    vdr_arena_init(&arena, 4u * VDR_CONF_BYTES_MAX + 65536u);
    int status = vdr_backtest_candidate(path, &arena, &candidate);
    admin.file_count = vdr_backtest_files(&candidate, files);
    if (status == VDR_EXIT_OK && ask(client, link, &admin) == NULL)
        status = vdr_backtest_refused(link, client, &candidate, "shadow start");
    vdr_arena_done(&arena);
    return status;
}

static int
show_status(vdr_client *client, const vdr_cli_link *link)
{
    vdr_wire_admin admin = {.verb = VDR_VERB_SHADOW_LOOK};
    const vdr_wire_admin_result *result = ask(client, link, &admin);
    if (result == NULL)
        return vdr_cli_link_failed(link, client, "shadow status");
    bool runs = vdr_figure(result, "state") == STATE_RUNS;
    unsigned long long position = (unsigned long long)vdr_figure(result, "position"),
                       lag = (unsigned long long)vdr_figure(result, "lag");
    if (link->json)
        vdr_cli_print(json_pack("{s:b,s:I,s:I}", "runs", runs, "position", (json_int_t)position, "lag",
                                (json_int_t)lag));
    else if (runs)
        printf("a shadow runs; it stands at record %llu, %llu behind\n", position, lag);
    else
        printf("no shadow runs\n");
    return vdr_cli_flush();
}

static int
stop(vdr_client *client, const vdr_cli_link *link)
{
    vdr_wire_admin admin = {.verb = VDR_VERB_SHADOW_STOP};
    return ask(client, link, &admin) != NULL ? VDR_EXIT_OK : vdr_cli_link_failed(link, client, "shadow stop");
}

/* Options of both; an exit status, -1: the help was asked for. */
static int
take_options(const vdr_cli_verb *verb, vdr_cli_link *link, int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS, {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)vdr_cli_help(verb);
            return -1;
        }
        if (!vdr_cli_link_take(link, option, optarg))
            return vdr_cli_usage(verb, "unknown option");
    }
    return VDR_EXIT_OK;
}

static int
run_shadow(int argc, char **argv)
{
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    vdr_client_options how = {0};
    vdr_client *client;
    int status = take_options(&vdr_cli_rules_shadow, &link, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    const char *what = optind < argc ? argv[optind] : "";
    bool starts = strcmp(what, "start") == 0, stops = strcmp(what, "stop") == 0;
    if ((!starts && !stops && strcmp(what, "status") != 0) || argc - optind != (starts ? 2 : 1))
        return vdr_cli_usage(&vdr_cli_rules_shadow, "one of start PATH, stop, status");
    const char *path = argv[argc - 1];
    status = vdr_cli_link_open(&vdr_cli_rules_shadow, &link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    status = starts ? start(client, &link, path) : stops ? stop(client, &link) : show_status(client, &link);
    vdr_client_close(&client);
    return status;
}

/* ---- rules diff */

static int
show(const vdr_cli_link *link, const vdr_wire_admin_result *result)
{
    const vdr_wire_row *span = vdr_backtest_row(result->rows, result->row_count, "span");
    if (link->json)
        vdr_backtest_show_json(result->rows, result->row_count);
    else
        vdr_backtest_show(result->rows, result->row_count);
    int status = vdr_cli_flush();
    bool differs = span != NULL && vdr_row_figure(span, "differs") != 0;
    return status == VDR_EXIT_OK && differs ? VDR_EXIT_DIFFERS : status;
}

static int
diff(vdr_client *client, const vdr_cli_link *link)
{
    vdr_wire_admin want = {.verb = VDR_VERB_SHADOW_LOOK, .number = 1}, look = {.verb = VDR_VERB_SHADOW_LOOK};
    const vdr_wire_admin_result *result = ask(client, link, &want);
    vdr_cli_stop_catch();
    for (int waited = 0; result != NULL && result->row_count == 0; waited += LOOK_MS) {
        if (vdr_figure(result, "state") == STATE_NONE) {
            fprintf(stderr, "voordeur rules diff: no shadow runs: voordeur rules shadow start PATH\n");
            return VDR_EXIT_FAILED;
        }
        if (vdr_cli_stopped() || waited > LONG_MS)
            return VDR_EXIT_FAILED;
        (void)poll(NULL, 0, LOOK_MS);
        result = ask(client, link, &look);
    }
    return result != NULL ? show(link, result) : vdr_cli_link_failed(link, client, "rules diff");
}

static int
run_diff(int argc, char **argv)
{
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    vdr_client_options how = {0};
    vdr_client *client;
    int status = take_options(&vdr_cli_rules_diff, &link, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (optind != argc)
        return vdr_cli_usage(&vdr_cli_rules_diff, "%s: nothing more was expected", argv[optind]);
    status = vdr_cli_link_open(&vdr_cli_rules_diff, &link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    status = diff(client, &link);
    vdr_client_close(&client);
    return status;
}

const vdr_cli_verb vdr_cli_rules_shadow = {.name = "rules shadow",
                                           .summary = "let other rules run beside, on what comes",
                                           .help = shadow_help,
                                           .run = run_shadow};
const vdr_cli_verb vdr_cli_rules_diff = {.name = "rules diff",
                                         .summary = "what the shadow would have done otherwise so far",
                                         .help = diff_help,
                                         .run = run_diff};
