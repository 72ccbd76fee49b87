/* voordeur rules dpia: the data protection impact assessment of a configuration. */
#include "broker/study/dpia.h"
#include "clients/cli/config.h"
#include "clients/cli/link.h"
#include "clients/cli/rules.h"

#include <getopt.h>
#include <stdio.h>

static const char help[] =
    "usage: voordeur rules dpia DIR\n"
    "\n"
    "Writes the data protection impact assessment (DPIA) of the configuration in DIR, in Dutch, as "
    "Markdown:\n"
    "signals with purpose, basis, senders, receivers and terms, who takes part and who sees what, which\n"
    "purposes may meet, risks and what is done about them, and the rules as sentences. What only the\n"
    "municipality knows is asked for where it belongs. The same files give the same page.\n"
    "\n"
    "  --config DIR   the same as DIR\n"
    "\n"
    "exit status: 0 done; 2 wrong use, or the configuration is not right\n"
    "\n"
    "example:\n"
    "  voordeur rules dpia deploy/zomerdal > dpia.md\n";

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    const char *dir = NULL;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_rules_dpia);
        if (option != 'c')
            return vdr_cli_usage(&vdr_cli_rules_dpia, "unknown option");
        dir = optarg;
    }
    if (argc - optind != (dir == NULL ? 1 : 0))
        return vdr_cli_usage(&vdr_cli_rules_dpia, "needs one directory");
    vdr_config *config = NULL;
    if (vdr_cli_config(dir != NULL ? dir : argv[optind], &config) != VDR_OK)
        return VDR_EXIT_USAGE;
    vdr_bytes page = {0};
    vdr_dpia(config, &page);
    fwrite(page.at, 1, page.len, stdout);
    vdr_bytes_done(&page);
    vdr_config_free(&config);
    return vdr_cli_flush();
}

const vdr_cli_verb vdr_cli_rules_dpia = {
    .name = "rules dpia",
    .summary = "what do the rules mean for privacy?",
    .help = help,
    .run = run,
};
