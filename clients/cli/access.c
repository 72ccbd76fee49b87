/* voordeur access: the table of who may do and see what. */
#include "clients/cli/verbs.h"

#include "broker/access/render.h"

#include <getopt.h>
#include <stdio.h>

static const char access_help[] =
    "usage: voordeur access [--markdown | --json]\n"
    "\n"
    "Shows who may do and see what: the one table that the broker decides by. First what each role may ask\n"
    "or do, and in what relation it must stand to the thing:\n"
    "\n"
    "  any        none is needed\n"
    "  own        its own mailbox, itself\n"
    "  sent       the agency sent the signal\n"
    "  routed     the signal was routed to the service\n"
    "  held       the case is or was offered to the regisseur, or held; or the thing is of such a case that "
    "is\n"
    "             open; never where a conflict of interest binds\n"
    "  in care    of coordinators: unassigned cases, overdue signals, households under review, and what "
    "goes\n"
    "             with them\n"
    "  glass      everything else by --break-glass REASON, which every privacy officer is told\n"
    "\n"
    "Then every field that is told of persons, and in which standing a role sees it: own (in that "
    "relation),\n"
    "ended (a case that has), review (a household under review), glass. \"As token\": an id that an agency\n"
    "chose is shown as \"~\" and 16 digits, which stand for it.\n"
    "\n"
    "Last what answers to ADMIN (operators, auditors, privacy officers) tell, name by name. What has no row "
    "is\n"
    "told to nobody.\n"
    "\n"
    "  --markdown                as tables, as in the protocol\n"
    "  --json                    for programs\n"
    "\n"
    "example:\n"
    "  voordeur access | less -S\n";

static int
run_access(int argc, char **argv)
{
    static const struct option options[] = {{"help", no_argument, NULL, 'h'},
                                            {"markdown", no_argument, NULL, 'm'},
                                            {"json", no_argument, NULL, 'j'},
                                            {NULL, 0, NULL, 0}};
    vdr_access_form form = VDR_ACCESS_TEXT;
    vdr_bytes page = {0};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_access);
        if (option != 'm' && option != 'j')
            return vdr_cli_usage(&vdr_cli_access, "unknown option");
        form = option == 'm' ? VDR_ACCESS_MARKDOWN : VDR_ACCESS_JSON;
    }
    if (optind != argc)
        return vdr_cli_usage(&vdr_cli_access, "it takes no words");
    vdr_access_render(form, &page);
    (void)fwrite(page.at, 1, page.len, stdout);
    vdr_bytes_done(&page);
    return vdr_cli_flush();
}

const vdr_cli_verb vdr_cli_access = {
    .name = "access", .summary = "who may do and see what", .help = access_help, .run = run_access};
