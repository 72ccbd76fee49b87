/* voordeur rules check: is this configuration right? */
#include "clients/cli/config.h"
#include "clients/cli/verbs.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: voordeur rules check [--json] DIR\n"
    "\n"
    "Checks town.yaml, catalogue.yaml and rules.yaml in DIR as the broker would before it takes them.\n"
    "Every error is told at once, on standard error, as FILE:LINE:COLUMN: what is wrong.\n"
    "\n"
    "  --json   the summary as one JSON object\n"
    "\n"
    "exit status: 0 the configuration is right; 1 it is not, or cannot be read; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur rules check deploy/zomerdal\n";

static const char *
fingerprint_text(const vdr_config *config, char ret_text[33])
{
    for (size_t i = 0; i < sizeof config->fingerprint.bytes; i++)
        snprintf(ret_text + 2 * i, 3, "%02x", config->fingerprint.bytes[i]);
    return ret_text;
}

static void
summary(const vdr_config *config, bool json)
{
    char version[33];
    size_t levels[VDR_LEVEL_CASE + 1] = {0};
    for (size_t i = 0; i < config->rule_count; i++)
        levels[config->rules[i].level]++;
    fingerprint_text(config, version);
    if (json) {
        /* municipality is a name: it needs no escape */
        printf(
            "{\"municipality\":\"%.*s\",\"version\":\"%s\",\"agencies\":%zu,\"services\":%zu,"
            "\"regisseurs\":%zu,\"coordinators\":%zu,\"domains\":%zu,\"types\":%zu,\"rules\":{\"case\":%zu,"
            "\"coordinate\":%zu,\"watch\":%zu}}\n",
            (int)config->municipality.len, (const char *)config->municipality.at, version,
            config->agency_count, config->service_count, config->regisseur_count, config->coordinators.count,
            config->domain_count, config->type_count, levels[VDR_LEVEL_CASE], levels[VDR_LEVEL_COORDINATE],
            levels[VDR_LEVEL_WATCH]);
        return;
    }
    printf("%.*s: the configuration is right (version %.8s)\n"
           "%zu agencies, %zu services, %zu regisseurs, %zu coordinators\n"
           "%zu signal types in %zu domains\n"
           "%zu rules: %zu case, %zu coordinate, %zu watch\n",
           (int)config->municipality.len, (const char *)config->municipality.at, version,
           config->agency_count, config->service_count, config->regisseur_count, config->coordinators.count,
           config->type_count, config->domain_count, config->rule_count, levels[VDR_LEVEL_CASE],
           levels[VDR_LEVEL_COORDINATE], levels[VDR_LEVEL_WATCH]);
}

static int
check(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_rules);
        if (option != 'j')
            return vdr_cli_usage(&vdr_cli_rules, "unknown option");
        json = true;
    }
    if (argc - optind != 1)
        return vdr_cli_usage(&vdr_cli_rules, "check needs one directory");
    vdr_config *config = NULL;
    if (vdr_cli_config(argv[optind], &config) != VDR_OK)
        return VDR_EXIT_FAILED;
    summary(config, json);
    vdr_config_free(&config);
    return vdr_cli_flush();
}

static int
run(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "check") == 0)
        return check(argc - 1, argv + 1);
    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
        return vdr_cli_help(&vdr_cli_rules);
    return vdr_cli_usage(&vdr_cli_rules, argc > 1 ? "there is only: rules check" : "say what: rules check");
}

const vdr_cli_verb vdr_cli_rules = {
    .name = "rules",
    .summary = "check a configuration before it is used",
    .help = help,
    .run = run,
};
