/* voordeur conflict: who may not have to do with whom (protocol.md 5.10). */
#include "clients/cli/acting.h"

#include <stdio.h>
#include <string.h>

#define BSN_HELP                                                                                             \
    "  --bsn BSN                 a person; - reads the number from standard input, so that neither the\n"    \
    "                            list of processes nor the shell's history has it\n"

static const char conflict_help[] =
    "usage: voordeur conflict declare REGISSEUR --household HOUSEHOLD | --bsn BSN\n"
    "       voordeur conflict lift REGISSEUR --household HOUSEHOLD | --bsn BSN\n"
    "\n"
    "A conflict of interest: that regisseur gets no case of the household, or of the household that the\n"
    "person is of, now or later, and reads nothing of it. A case that they have is taken back and goes to\n"
    "somebody else. Regisseurs declare their own, as of their own number; coordinators and privacy officers\n"
    "anybody's, and they alone lift.\n"
    "\n"
    "  --household HOUSEHOLD     H12\n" BSN_HELP VDR_CLI_ACT_HELP "\n"
    "exit status: 0 done; 1 refused, with the code and what to do; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur conflict declare r-anna --bsn - --home /tmp/town --as regisseur:r-anna\n";

#define BSN_BYTES 64u

typedef struct asking {
    const vdr_cli_verb *verb;
    vdr_cli_link link;
    vdr_client_act act;
    char bsn[BSN_BYTES]; /* read from standard input */
} asking;

enum { OPT_HOUSEHOLD = VDR_OPT_OWN, OPT_BSN, OPT_ID, OPT_TIME };

/* One line of standard input. */
static bool
read_bsn(asking *a)
{
    if (fgets(a->bsn, sizeof a->bsn, stdin) == NULL)
        return false;
    a->bsn[strcspn(a->bsn, "\r\n")] = '\0';
    a->act.bsn = a->bsn;
    return true;
}

static bool
take_option(asking *a, int option, const char *value)
{
    switch (option) {
    case OPT_HOUSEHOLD:
        a->act.household.number = vdr_cli_number(value, 'H');
        return a->act.household.number != 0;
    case OPT_BSN:
        a->act.bsn = value;
        return strcmp(value, "-") != 0 || read_bsn(a);
    case OPT_ID:
        a->act.id = value;
        return true;
    case OPT_TIME:
        return vdr_cli_take_instant("time", value, &a->act.time);
    default:
        return vdr_cli_link_take(&a->link, option, value);
    }
}

/* Leaves the words at argv[optind]; -1: help was asked for and given. */
static int
take_options(asking *a, int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"household", required_argument, NULL, OPT_HOUSEHOLD},
                                            {"bsn", required_argument, NULL, OPT_BSN},
                                            {"id", required_argument, NULL, OPT_ID},
                                            {"time", required_argument, NULL, OPT_TIME},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            vdr_cli_help(a->verb);
            return -1;
        }
        if (!take_option(a, option, optarg))
            return vdr_cli_usage(a->verb, "unknown option, or a value that does not fit");
    }
    return VDR_EXIT_OK;
}

static int
run_conflict(int argc, char **argv)
{
    asking a = {.verb = &vdr_cli_conflict, .link = VDR_CLI_LINK_NEW};
    int status = take_options(&a, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 2)
        return vdr_cli_usage(a.verb, "say declare or lift, and which regisseur");
    if ((a.act.household.number != 0) == (a.act.bsn != NULL))
        return vdr_cli_usage(a.verb, "say of whom: --household HOUSEHOLD or --bsn BSN");
    a.act.regisseur = argv[optind + 1];
    if (strcmp(argv[optind], "declare") == 0)
        a.act.act = VDR_ACT_CONFLICT_DECLARED;
    else if (strcmp(argv[optind], "lift") == 0)
        a.act.act = VDR_ACT_CONFLICT_LIFTED;
    else
        return vdr_cli_usage(a.verb, "there is: declare, lift");
    return vdr_cli_act_send(a.verb, &a.link, &a.act);
}

const vdr_cli_verb vdr_cli_conflict = {.name = "conflict",
                                       .summary = "declare or lift a conflict of interest",
                                       .help = conflict_help,
                                       .run = run_conflict};
