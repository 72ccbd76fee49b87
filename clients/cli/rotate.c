/* voordeur rotate pseudonyms, status, finish: the pseudonym key changes while the broker runs (protocol.md 7.17). */
#include "clients/cli/figures.h"
#include "clients/cli/show.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: voordeur rotate pseudonyms --reason TEXT [OPTION...]\n"
    "       voordeur rotate status [OPTION...]\n"
    "       voordeur rotate finish --reason TEXT [OPTION...]\n"
    "\n"
    "For operators: persons, addresses and events are known to the broker by keyed hashes. This gives them "
    "a\n"
    "new key while the broker runs; nothing that is decided is another for it.\n"
    "\n"
    "  1  make a key:        openssl rand -hex 32 > keys/pseudonym.next; chmod 400 keys/pseudonym.next\n"
    "  2  in node.yaml:      pseudonym_key_next: keys/pseudonym.next;  then voordeur reload\n"
    "  3  voordeur rotate pseudonyms --reason \"...\";  look with voordeur rotate status\n"
    "  4  when it is complete: make that file the pseudonym_key, take the other line out, voordeur reload,\n"
    "     and destroy the old key. Until you do, the broker also starts with both lines as they are\n"
    "\n"
    "Keep both files until it is complete: a start in between needs both and goes on by itself. A backup of\n"
    "before needs the old key. Handles of persons and addresses that were shown before (p-..., a-...) can "
    "be\n"
    "used until it is complete, and not afterwards: look again.\n"
    "\n"
    "  pseudonyms    begins\n"
    "  status        how far it is: how many there are, and how many are under the key before\n"
    "  finish        gives up what waits: persons and addresses that no kept signal or act names any more,\n"
    "                and acts whose content is gone. They wait by themselves until they leave or are named\n"
    "                again. Given up, such a person stays in the household and is not known again, and who\n"
    "                sends such an act a second time is told id_reused, not duplicate\n"
    "\n"
    "  --reason TEXT             why; it stays in the log\n" VDR_CLI_LINK_HELP "\n"
    "exit status: 0 done; 1 refused, and it is told why; 2 wrong use\n";

static void
show_row(const vdr_wire_admin_result *result, const char *what, const char *all, const char *before)
{
    uint64_t count = vdr_figure(result, all), left = vdr_figure(result, before);
    printf("%-22s%llu of %llu\n", what, (unsigned long long)(count - (left < count ? left : count)),
           (unsigned long long)count);
}

static void
show_status(const vdr_wire_admin_result *result)
{
    vdr_span state = vdr_figure_text(result, "state");
    if (vdr_figure(result, "running") == 0) {
        if (vdr_figure(result, "position_ended") == 0)
            puts("The pseudonym key was never changed.");
        else
            printf("The pseudonym key was changed, with record %llu. Nothing is under the one before.\n",
                   (unsigned long long)vdr_figure(result, "position_ended"));
        return;
    }
    printf("%-22s%.*s, since record %llu\n", "change", (int)state.len, (const char *)state.at,
           (unsigned long long)vdr_figure(result, "position_begun"));
    show_row(result, "persons and addresses", "members", "members_before");
    show_row(result, "signals", "signals", "signals_before");
    show_row(result, "acts", "acts", "acts_before");
    if (vdr_figure(result, "waits") == 0)
        return;
    puts("What is left cannot be made anew: nothing that is kept names it. It waits until it leaves or is\n"
         "named again; voordeur rotate finish gives it up.");
    if (vdr_figure(result, "guards_before") != 0)
        puts("What guards counted waits for the end of their windows.");
}

static int
ask(const vdr_cli_link *link, const vdr_wire_admin *admin)
{
    vdr_client_options how = {0};
    vdr_client *client;
    const vdr_wire_admin_result *result = NULL;
    int status = vdr_cli_link_open(&vdr_cli_rotate, link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    if (vdr_client_admin(client, admin, link->timeout_ms, &result) != VDR_OK || result == NULL)
        status = vdr_cli_link_failed(link, client, "rotate");
    else if (link->json) {
        json_t *o = json_object();
        vdr_cli_set_result(o, result);
        vdr_cli_print(o);
    } else if (admin->verb == VDR_VERB_ROTATE_LOOK)
        show_status(result);
    else
        printf("%.*s\n", (int)result->text.len, (const char *)result->text.at);
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        VDR_CLI_LINK_OPTIONS, {"reason", required_argument, NULL, VDR_OPT_OWN}, {NULL, 0, NULL, 0}};
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    vdr_wire_admin admin = {.time = VDR_MS_NONE};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_rotate);
        if (option == VDR_OPT_OWN)
            admin.reason = vdr_span_str(optarg);
        else if (!vdr_cli_link_take(&link, option, optarg))
            return vdr_cli_usage(&vdr_cli_rotate, "unknown option");
    }
    const char *word = argc - optind == 1 ? argv[optind] : "";
    admin.verb = strcmp(word, "pseudonyms") == 0 ? VDR_VERB_ROTATE
                 : strcmp(word, "finish") == 0   ? VDR_VERB_ROTATE_FINISH
                                                 : VDR_VERB_ROTATE_LOOK;
    if (admin.verb == VDR_VERB_ROTATE_LOOK && strcmp(word, "status") != 0)
        return vdr_cli_usage(&vdr_cli_rotate, "say what: pseudonyms, status or finish");
    if (admin.verb != VDR_VERB_ROTATE_LOOK && admin.reason.len == 0)
        return vdr_cli_usage(&vdr_cli_rotate, "say why: --reason TEXT");
    return ask(&link, &admin);
}

const vdr_cli_verb vdr_cli_rotate = {
    .name = "rotate", .summary = "change the pseudonym key of a running broker", .help = help, .run = run};
