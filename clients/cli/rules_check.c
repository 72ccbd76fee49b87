/* voordeur rules check: is this configuration right? */
#include "clients/cli/config.h"
#include "clients/cli/link.h"
#include "clients/cli/rules.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: voordeur rules check [--json] DIR\n"
    "\n"
    "Checks town.yaml, catalogue.yaml and rules.yaml in DIR as the broker would before it takes them.\n"
    "Every error is told at once, on standard error: FILE:LINE:COLUMN, what is wrong, what was expected,\n"
    "what may have been meant, and the line with a mark below it.\n"
    "\n"
    "  --json   the summary, or the errors, as one JSON object on standard output\n"
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

static void
faults_json(const vdr_config_faults *faults)
{
    json_t *list = json_array();
    for (size_t i = 0; i < faults->count; i++) {
        const vdr_config_fault *fault = &faults->at[i];
        json_array_append_new(list,
                              json_pack("{s:o, s:I, s:I, s:o}", "file", vdr_cli_text(fault->name), "line",
                                        (json_int_t)fault->line, "column", (json_int_t)fault->column,
                                        "message", vdr_cli_text(fault->message)));
    }
    vdr_cli_print(json_pack("{s:o, s:I}", "errors", list, "more", (json_int_t)faults->more));
}

static int
check_json(const char *dir)
{
    vdr_arena arena;
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    char words[256];

    vdr_arena_init(&arena, VDR_CLI_TEXTS_BYTES);
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_config_texts_load(dir, &arena, &texts, words);
    if (err != VDR_OK)
        fprintf(stderr, "%s\n", words);
    else if ((err = vdr_config_read(&texts, &faults, &config)) != VDR_OK)
        faults_json(&faults);
    else
        summary(config, true);
    vdr_config_free(&config);
    vdr_config_faults_done(&faults);
    vdr_arena_done(&arena);
    int flushed = vdr_cli_flush();
    return err != VDR_OK ? VDR_EXIT_FAILED : flushed;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_rules_check);
        if (option != 'j')
            return vdr_cli_usage(&vdr_cli_rules_check, "unknown option");
        json = true;
    }
    if (argc - optind != 1)
        return vdr_cli_usage(&vdr_cli_rules_check, "needs one directory");
    if (json)
        return check_json(argv[optind]);
    vdr_config *config = NULL;
    if (vdr_cli_config(argv[optind], &config) != VDR_OK)
        return VDR_EXIT_FAILED;
    summary(config, false);
    vdr_config_free(&config);
    return vdr_cli_flush();
}

const vdr_cli_verb vdr_cli_rules_check = {
    .name = "rules check",
    .summary = "is a configuration right?",
    .help = help,
    .run = run,
};
