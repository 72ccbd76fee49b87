/* voordeur rules show and publish: what the rules say. */
#include "broker/study/page.h"
#include "broker/study/reach.h"
#include "broker/study/sentence.h"
#include "clients/cli/config.h"
#include "clients/cli/link.h"
#include "clients/cli/rules.h"
#include "proto/time.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char show_help[] =
    "usage: voordeur rules show [--json] DIR [RULE]\n"
    "\n"
    "Shows the rules in DIR as a table: level, priority, how far each looks back, what it asks, and its\n"
    "version (equal versions are equal rules; the text plays no part). With RULE, everything about one:\n"
    "what it counts, what it asks and how much there can be at most by the catalogue and the town.\n"
    "\n"
    "  --json   one JSON object a rule, one a line\n"
    "\n"
    "exit status: 0 done; 1 there is no such rule; 2 wrong use, or the configuration is not right\n"
    "\n"
    "examples:\n"
    "  voordeur rules show deploy/zomerdal\n"
    "  voordeur rules show deploy/zomerdal acuut\n";

static const char publish_help[] =
    "usage: voordeur rules publish [--lang nl|en] [--text|--markdown|--html] DIR\n"
    "\n"
    "Writes the rules in DIR as plain sentences for everybody: what each rule asks, what counts and for how\n"
    "long, what then happens, which purposes may meet, and who may give which signal. Everything that "
    "decides\n"
    "is in it, so that a municipality can publish it as it is. The same files give the same page.\n"
    "\n"
    "  --lang nl|en   Dutch (default) or English\n"
    "  --text         78 columns (default); --markdown; --html: a page without scripts\n"
    "\n"
    "exit status: 0 done; 2 wrong use, or the configuration is not right\n"
    "\n"
    "example:\n"
    "  voordeur rules publish --markdown deploy/zomerdal > regels.md\n";

/* ---- one rule in pieces of text */

static void
put_duration(vdr_bytes *page, int64_t ms)
{
    if (ms % VDR_DAY_MS == 0)
        vdr_page_put(page, "%lldd", (long long)(ms / VDR_DAY_MS));
    else if (ms % 3600000 == 0)
        vdr_page_put(page, "%lldh", (long long)(ms / 3600000));
    else
        vdr_page_put(page, "%llds", (long long)(ms / 1000));
}

static void
put_names(vdr_bytes *page, vdr_names names)
{
    for (size_t i = 0; i < names.count; i++)
        vdr_page_put(page, "%s%.*s", i == 0 ? "" : ", ", VDR_TEXT(names.at[i]));
    if (names.count == 0)
        vdr_page_put(page, "(nothing)");
}

/* "domains 3, agencies 2, spread 90d, same domain" */
static void
put_asked(vdr_bytes *page, const vdr_config_rule *rule)
{
    const char *between = "";
    for (unsigned m = 0; m < VDR_MEASURES; m++) {
        if (rule->at_least[m] == 0)
            continue;
        vdr_page_put(page, "%s%s %llu", between, vdr_measure_name((vdr_measure)m),
                     (unsigned long long)rule->at_least[m]);
        between = ", ";
    }
    if (rule->spread_ms != 0) {
        vdr_page_put(page, ", spread ");
        put_duration(page, rule->spread_ms);
    }
    if (rule->within != VDR_WITHIN_NONE)
        vdr_page_put(page, " per %s", vdr_within_name(rule->within));
}

static void
put_version(vdr_bytes *page, const vdr_config_rule *rule, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++)
        vdr_page_put(page, "%02x", rule->fingerprint.bytes[i]);
}

static char *
taken(vdr_bytes *page)
{
    vdr_bytes_add(page, vdr_span_of("", 1));
    return (char *)page->at;
}

/* ---- show */

static void
show_table(const vdr_config *config)
{
    static const char *const heads[] = {"rule", "level", "over", "asks at least", "version"};
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 5);
    for (size_t i = 0; i < config->rule_count; i++) {
        const vdr_config_rule *rule = &config->rules[i];
        vdr_bytes over = {0}, asked = {0}, version = {0};
        if (rule->over_ms != 0)
            put_duration(&over, rule->over_ms);
        put_asked(&asked, rule);
        put_version(&version, rule, 4);
        vdr_cli_table_cell(&table, "%.*s", VDR_TEXT(rule->id));
        vdr_cli_table_cell(&table, "%s",
                           rule->level == VDR_LEVEL_CASE ? vdr_priority_name(rule->priority)
                                                         : vdr_level_name(rule->level));
        vdr_cli_table_cell(&table, "%s", over.len != 0 ? taken(&over) : "-");
        vdr_cli_table_cell(&table, "%s", taken(&asked));
        vdr_cli_table_cell(&table, "%.7s", taken(&version)); /* so that a row fits 80 columns */
        vdr_bytes_done(&over);
        vdr_bytes_done(&asked);
        vdr_bytes_done(&version);
    }
    vdr_cli_table_print(&table);
    printf("normal, high, urgent: case rules, by priority\n");
}

static void
row(const char *label, vdr_bytes *page)
{
    printf("    %-14s %.*s\n", label, (int)page->len, (const char *)page->at);
    page->len = 0;
}

static void
names_row(const char *label, vdr_names names, vdr_bytes *page)
{
    if (names.at == NULL)
        return;
    put_names(page, names);
    row(label, page);
}

static void
show_counts(const vdr_config *config, const vdr_config_rule *rule, vdr_bytes *page)
{
    size_t types = 0;
    puts("  counts");
    names_row("purposes", rule->purposes, page);
    if (rule->over_ms != 0) {
        put_duration(page, rule->over_ms);
        row("over", page);
    }
    names_row("types", rule->types, page);
    names_row("domains", rule->domains, page);
    names_row("agencies", rule->agencies, page);
    names_row("roles", rule->roles, page);
    if (rule->min_severity != 0) {
        vdr_page_put(page, "%u", rule->min_severity);
        row("min_severity", page);
    }
    for (size_t i = 0; i < config->type_count; i++)
        types += vdr_reach_passes(config, rule, &config->types[i], VDR_REACH_ALL);
    vdr_page_put(page, "%zu of %zu types of the catalogue pass", types, config->type_count);
    row("=", page);
}

static void
show_asks(const vdr_config *config, const vdr_config_rule *rule, vdr_bytes *page)
{
    vdr_reach reach;
    bool can = vdr_reach_holds(config, rule, VDR_REACH_ALL, &reach);
    puts("  asks at least");
    for (unsigned m = 0; m < VDR_MEASURES; m++) {
        if (rule->at_least[m] == 0)
            continue;
        vdr_page_put(page, "%llu", (unsigned long long)rule->at_least[m]);
        if (reach.most[m] != VDR_REACH_MANY)
            vdr_page_put(page, " (there can be %llu)", (unsigned long long)reach.most[m]);
        row(vdr_measure_name((vdr_measure)m), page);
    }
    if (rule->spread_ms != 0) {
        put_duration(page, rule->spread_ms);
        row("spread", page);
    }
    if (rule->within != VDR_WITHIN_NONE) {
        vdr_page_put(page, "%s", vdr_within_name(rule->within));
        row("within_same", page);
    }
    if (!can) {
        vdr_page_put(page, "it can never hold; see rules lint");
        row("!", page);
    }
}

static void
show_one(const vdr_config *config, const vdr_config_rule *rule)
{
    vdr_bytes page = {0};
    put_version(&page, rule, 16);
    printf("%.*s: %s%s%s\n  version %.*s\n", VDR_TEXT(rule->id), vdr_level_name(rule->level),
           rule->level == VDR_LEVEL_CASE ? ", " : "",
           rule->level == VDR_LEVEL_CASE ? vdr_priority_name(rule->priority) : "", (int)page.len,
           (const char *)page.at);
    page.len = 0;
    vdr_page_plain(&page, rule->text);
    printf("  \"%.*s\"\n", (int)page.len, (const char *)page.at);
    page.len = 0;
    show_counts(config, rule, &page);
    show_asks(config, rule, &page);
    vdr_bytes_done(&page);
}

static json_t *
names_json(vdr_names names)
{
    json_t *list = json_array();
    for (size_t i = 0; i < names.count; i++)
        json_array_append_new(list, vdr_cli_text(names.at[i]));
    return list;
}

static void
print_json(const vdr_config_rule *rule)
{
    vdr_bytes version = {0}, over = {0}, spread = {0};
    json_t *where = json_object(), *least = json_object();
    const struct {
        const char *name;
        vdr_names names;
    } filters[] = {{"types", rule->types},
                   {"domains", rule->domains},
                   {"agencies", rule->agencies},
                   {"roles", rule->roles}};
    put_version(&version, rule, 16);
    put_duration(&over, rule->over_ms);
    put_duration(&spread, rule->spread_ms);
    for (size_t i = 0; i < 4; i++)
        if (filters[i].names.at != NULL)
            json_object_set_new(where, filters[i].name, names_json(filters[i].names));
    if (rule->min_severity != 0)
        json_object_set_new(where, "min_severity", json_integer(rule->min_severity));
    for (unsigned m = 0; m < VDR_MEASURES; m++)
        if (rule->at_least[m] != 0)
            json_object_set_new(least, vdr_measure_name((vdr_measure)m),
                                json_integer((json_int_t)rule->at_least[m]));
    vdr_cli_print(json_pack(
        "{s:o, s:s, s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "id", vdr_cli_text(rule->id), "version",
        taken(&version), "text", vdr_cli_text(rule->text), "level", vdr_level_name(rule->level), "priority",
        rule->priority != VDR_PRIORITY_NONE ? json_string(vdr_priority_name(rule->priority)) : json_null(),
        "purposes", names_json(rule->purposes), "over",
        rule->over_ms != 0 ? json_string(taken(&over)) : json_null(), "where", where, "at_least", least,
        "spread", rule->spread_ms != 0 ? json_string(taken(&spread)) : json_null(), "within_same",
        rule->within != VDR_WITHIN_NONE ? json_string(vdr_within_name(rule->within)) : json_null()));
    vdr_bytes_done(&version);
    vdr_bytes_done(&over);
    vdr_bytes_done(&spread);
}

static int
show_rules(const vdr_config *config, const char *only, bool json)
{
    bool found = false;
    if (only == NULL && !json)
        show_table(config);
    for (size_t i = 0; i < config->rule_count && (only != NULL || json); i++) {
        const vdr_config_rule *rule = &config->rules[i];
        if (only != NULL && !vdr_span_equal(rule->id, vdr_span_str(only)))
            continue;
        found = true;
        if (json)
            print_json(rule);
        else
            show_one(config, rule);
    }
    if (only != NULL && !found) {
        fprintf(stderr, "voordeur rules show: there is no rule %s; there are:\n", only);
        for (size_t i = 0; i < config->rule_count; i++)
            fprintf(stderr, "  %.*s\n", VDR_TEXT(config->rules[i].id));
        return VDR_EXIT_FAILED;
    }
    return vdr_cli_flush();
}

static int
run_show(int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, 'j'}, {"help", no_argument, NULL, 'h'}, {NULL, 0, NULL, 0}};
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_rules_show);
        if (option != 'j')
            return vdr_cli_usage(&vdr_cli_rules_show, "unknown option");
        json = true;
    }
    if (argc - optind != 1 && argc - optind != 2)
        return vdr_cli_usage(&vdr_cli_rules_show, "needs one directory, and at most one rule");
    vdr_config *config = NULL;
    if (vdr_cli_config(argv[optind], &config) != VDR_OK)
        return VDR_EXIT_USAGE;
    int status = show_rules(config, argc - optind == 2 ? argv[optind + 1] : NULL, json);
    vdr_config_free(&config);
    return status;
}

/* ---- publish */

static int
run_publish(int argc, char **argv)
{
    static const struct option options[] = {
        {"lang", required_argument, NULL, 'l'}, {"text", no_argument, NULL, 't'},
        {"markdown", no_argument, NULL, 'm'},   {"html", no_argument, NULL, 'w'},
        {"help", no_argument, NULL, 'h'},       {NULL, 0, NULL, 0}};
    vdr_language language = VDR_DUTCH;
    vdr_form_of_page form = VDR_PAGE_TEXT;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_rules_publish);
        if (option == 't')
            form = VDR_PAGE_TEXT;
        else if (option == 'm')
            form = VDR_PAGE_MARKDOWN;
        else if (option == 'w')
            form = VDR_PAGE_HTML;
        else if (option == 'l' && strcmp(optarg, "nl") == 0)
            language = VDR_DUTCH;
        else if (option == 'l' && strcmp(optarg, "en") == 0)
            language = VDR_ENGLISH;
        else
            return vdr_cli_usage(&vdr_cli_rules_publish,
                                 option == 'l' ? "--lang is nl or en" : "unknown option");
    }
    if (argc - optind != 1)
        return vdr_cli_usage(&vdr_cli_rules_publish, "needs one directory");
    vdr_config *config = NULL;
    if (vdr_cli_config(argv[optind], &config) != VDR_OK)
        return VDR_EXIT_USAGE;
    vdr_bytes page = {0};
    vdr_sentences(config, language, form, &page);
    fwrite(page.at, 1, page.len, stdout);
    vdr_bytes_done(&page);
    vdr_config_free(&config);
    return vdr_cli_flush();
}

const vdr_cli_verb vdr_cli_rules_show = {
    .name = "rules show",
    .summary = "what do the rules say, in a table?",
    .help = show_help,
    .run = run_show,
};

const vdr_cli_verb vdr_cli_rules_publish = {
    .name = "rules publish",
    .summary = "what do the rules say, in sentences?",
    .help = publish_help,
    .run = run_publish,
};
