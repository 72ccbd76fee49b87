/* voordeur rules lint: is a right configuration wise, too? */
#include "broker/study/lint.h"
#include "clients/cli/config.h"
#include "clients/cli/link.h"
#include "clients/cli/rules.h"
#include "proto/time.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char help[] =
    "usage: voordeur rules lint [--allow CODE[:SUBJECT]]... [--at T] [--json] DIR\n"
    "       voordeur rules lint --codes\n"
    "\n"
    "Looks for what is allowed but most likely a mistake: rules that can never hold, rules that another\n"
    "always precedes, windows longer than signals are kept, one agency that alone can set off an urgent\n"
    "case, times at which no regisseur is there, and so on. Each finding has a code, a place, and what to\n"
    "do about it. A broker takes new rules only without errors and warnings.\n"
    "\n"
    "  --allow CODE           findings of this code may stand (again for more)\n"
    "  --allow CODE:SUBJECT   only where they are about this rule, type, agency or district\n"
    "  --at T                 absences that are over by then are no matter (default: now)\n"
    "  --json                 one JSON object: {\"findings\": [...], \"errors\": N, \"warnings\": N, ...}\n"
    "  --codes                list every code and what it means\n"
    "\n"
    "exit status: 0 no errors and no warnings (notes may be); 1 there are; 2 wrong use, or the\n"
    "configuration is not right (see rules check)\n"
    "\n"
    "example:\n"
    "  voordeur rules lint --allow one-agency-alone:acuut town\n";

static void
show(const vdr_lint_finding *finding)
{
    char words[2048];
    vdr_config_fault fault = finding->fault;
    int len = snprintf(words, sizeof words, "%s: %s: %.*s", vdr_lint_severity_name(finding->severity),
                       finding->code, (int)fault.message.len, (const char *)fault.message.at);
    fault.message = vdr_span_of(words, (size_t)len < sizeof words ? (size_t)len : sizeof words - 1);
    size_t size = vdr_config_fault_text(&fault, NULL, 0) + 1;
    char *text = vdr_alloc(1, size);
    vdr_config_fault_text(&fault, text, size);
    printf("%s      = %.*s\n", text, (int)finding->advice.len, (const char *)finding->advice.at);
    free(text);
}

static json_t *
as_json(const vdr_lint_finding *finding)
{
    return json_pack("{s:s, s:s, s:o, s:o, s:I, s:I, s:o, s:o, s:b}", "code", finding->code, "severity",
                     vdr_lint_severity_name(finding->severity), "subject", vdr_cli_text(finding->subject),
                     "file", vdr_cli_text(finding->fault.name), "line", (json_int_t)finding->fault.line,
                     "column", (json_int_t)finding->fault.column, "message",
                     vdr_cli_text(finding->fault.message), "advice", vdr_cli_text(finding->advice), "allowed",
                     finding->allowed);
}

static void
summary(const vdr_lint *lint, size_t allowed)
{
    const struct {
        size_t count;
        const char *one, *many;
    } parts[] = {{lint->counts[VDR_LINT_ERROR], "error", "errors"},
                 {lint->counts[VDR_LINT_WARNING], "warning", "warnings"},
                 {lint->counts[VDR_LINT_NOTE], "note", "notes"}};
    for (size_t i = 0; i < 3; i++)
        printf("%s%zu %s", i == 0 ? "" : ", ", parts[i].count,
               parts[i].count == 1 ? parts[i].one : parts[i].many);
    if (allowed != 0)
        printf("; %zu allowed", allowed);
    if (lint->more != 0)
        printf("; %zu more not shown", lint->more);
    putchar('\n');
}

static void
report(const vdr_lint *lint, bool json)
{
    size_t allowed = 0;
    json_t *list = json_array();
    for (size_t i = 0; i < lint->count; i++) {
        allowed += lint->at[i].allowed;
        if (json)
            json_array_append_new(list, as_json(&lint->at[i]));
        else if (!lint->at[i].allowed)
            show(&lint->at[i]);
    }
    const size_t *counts = lint->counts;
    if (json)
        vdr_cli_print(json_pack(
            "{s:O, s:I, s:I, s:I, s:I, s:I}", "findings", list, "errors", (json_int_t)counts[VDR_LINT_ERROR],
            "warnings", (json_int_t)counts[VDR_LINT_WARNING], "notes", (json_int_t)counts[VDR_LINT_NOTE],
            "allowed", (json_int_t)allowed, "more", (json_int_t)lint->more));
    else
        summary(lint, allowed);
    json_decref(list);
}

static int
codes(void)
{
    const vdr_lint_code *code;
    for (size_t i = 0; (code = vdr_lint_code_at(i)) != NULL; i++)
        printf("%-30s %s\n    %s\n", code->code, vdr_lint_severity_name(code->severity), code->meaning);
    return vdr_cli_flush();
}

static int
lint_dir(const char *dir, char *const *allowed, size_t allowed_count, vdr_ms now, bool json)
{
    vdr_arena arena;
    vdr_config_texts texts;
    vdr_config *config = NULL;
    int status = VDR_EXIT_USAGE;

    vdr_arena_init(&arena, VDR_CLI_TEXTS_BYTES);
    if (vdr_cli_config_texts(dir, &arena, &texts, &config) == VDR_OK) {
        vdr_lint *lint = vdr_lint_new(config, &texts, now);
        bool known = true;
        for (size_t i = 0; i < allowed_count && known; i++) {
            known = vdr_lint_allow(lint, vdr_span_str(allowed[i]));
            if (!known)
                (void)vdr_cli_usage(&vdr_cli_rules_lint, "--allow %s: there is no such code; see --codes",
                                    allowed[i]);
        }
        if (known) {
            report(lint, json);
            status = vdr_lint_clean(lint) ? vdr_cli_flush() : VDR_EXIT_FAILED;
        }
        vdr_lint_free(&lint);
    }
    vdr_config_free(&config);
    vdr_arena_done(&arena);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {
        {"allow", required_argument, NULL, 'a'}, {"at", required_argument, NULL, 't'},
        {"json", no_argument, NULL, 'j'},        {"codes", no_argument, NULL, 'c'},
        {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0}};
    char **allowed = vdr_alloc((size_t)argc, sizeof allowed[0]);
    size_t allowed_count = 0;
    vdr_ms now = (vdr_ms)time(NULL) * 1000;
    bool json = false, list = false;
    int option, status = -1;

    while (status < 0 && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            status = vdr_cli_help(&vdr_cli_rules_lint);
        else if (option == 'a')
            allowed[allowed_count++] = optarg;
        else if (option == 'j')
            json = true;
        else if (option == 'c')
            list = true;
        else if (option != 't')
            status = vdr_cli_usage(&vdr_cli_rules_lint, "unknown option");
        else if (!vdr_time_parse(vdr_span_str(optarg), &now))
            status =
                vdr_cli_usage(&vdr_cli_rules_lint, "--at %s is no instant like 2026-03-02T09:00:00Z", optarg);
    }
    if (status < 0 && list)
        status = codes();
    if (status < 0 && argc - optind != 1)
        status = vdr_cli_usage(&vdr_cli_rules_lint, "needs one directory");
    if (status < 0)
        status = lint_dir(argv[optind], allowed, allowed_count, now, json);
    free(allowed);
    return status;
}

const vdr_cli_verb vdr_cli_rules_lint = {
    .name = "rules lint",
    .summary = "is a right configuration wise, too?",
    .help = help,
    .run = run,
};
