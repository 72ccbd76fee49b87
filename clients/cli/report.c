/* voordeur report: rules, queues, stuck cases, follow-ups, agencies. Every figure is of the log or the state. */
#include "clients/cli/figures.h"
#include "clients/cli/show.h"

#include "proto/time.h"

#include <stdio.h>
#include <string.h>

#define NAME_WIDTH 26u

static const char help[] =
    "usage: voordeur report queues|follow-up|rules|agencies [OPTION...]\n"
    "       voordeur report cases --stuck [OPTION...]\n"
    "\n"
    "For operators: figures that are counted over the log, beside the running broker. The first report after "
    "a\n"
    "start reads the whole log, later ones what came since. Nobody is named: cases and households are "
    "numbers.\n"
    "\n"
    "  queues        for each regisseur, service and coordinator: messages that wait (ready), cases offered "
    "and\n"
    "                active, overdue (offers past their time; signals without feedback), the oldest that "
    "waits,\n"
    "                load of capacity (never more than)\n"
    "  cases --stuck open cases that do not go on, why, and whose turn it is\n"
    "  follow-up     regular signals whose type asks for feedback: answered in time (within the type's\n"
    "                follow_up), late, overdue, waiting, taken over by a case. Share: in time, of all whose "
    "time\n"
    "                is over or that were answered\n"
    "  rules         for each rule: signals that it could count when they came in (seen), how often it held "
    "and\n"
    "                acted, cases proposed, accepted, dismissed; share: accepted, of those judged "
    "(precision)\n"
    "  agencies      for each agency: signals in all, in the last day and week, when the last came, whether "
    "that\n"
    "                is as usual by the rhythm of its last eight weeks, its clock, and what was refused\n"
    "\n"
    "Duplicates and refusals are not in the log: those are of the last day, since the broker started.\n"
    "\n" VDR_CLI_LINK_HELP;

static void
show_json(const char *report, const vdr_wire_admin_result *result)
{
    json_t *head = json_pack("{s:s}", "report", report);
    for (size_t i = 0; i < result->counter_count; i++)
        json_object_setn_new_nocheck(head, (const char *)result->counters[i].name.at,
                                     result->counters[i].name.len,
                                     json_integer((json_int_t)result->counters[i].value));
    vdr_cli_print(head);
    for (size_t i = 0; i < result->row_count; i++)
        vdr_cli_print(vdr_cli_row(&result->rows[i]));
}

/* ---- tables ---- */

static const char *
name_of(const vdr_wire_row *row, const char *member)
{
    return vdr_figure_short(vdr_row_word(row, member), NAME_WIDTH);
}

static const char *
count_of(const vdr_wire_row *row, const char *name)
{
    return vdr_row_has(row, name) ? vdr_figure_count(vdr_row_figure(row, name)) : "-";
}

static const char *
load_of(const vdr_wire_row *row, char text[64])
{
    if (!vdr_row_is(row, "regisseur"))
        return "-";
    snprintf(text, 64, "%llu/%llu (%llu)%s",
             (unsigned long long)vdr_row_figure(row, "offered") + vdr_row_figure(row, "active"),
             (unsigned long long)vdr_row_figure(row, "capacity"),
             (unsigned long long)vdr_row_figure(row, "hard_capacity"),
             vdr_row_figure(row, "absent") != 0 ? " away" : "");
    return text;
}

static void
show_queues(const vdr_wire_admin_result *result, uint64_t now)
{
    static const char *const heads[] = {"QUEUE", "READY", "OFFERED", "ACTIVE", "OVERDUE", "OLDEST", "LOAD"};
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 7);
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        char name[64], load[64];
        bool cases = vdr_row_is(row, "cases");
        if (vdr_row_is(row, "agency") && vdr_row_figure(row, "ready") == 0)
            continue;
        snprintf(name, sizeof name, "%.*s:%.*s", (int)row->kind.len, (const char *)row->kind.at,
                 (int)vdr_row_word(row, "id").len, (const char *)vdr_row_word(row, "id").at);
        vdr_cli_table_cell(&table, "%s", vdr_figure_short(vdr_span_str(name), 32));
        vdr_cli_table_cell(&table, "%s", count_of(row, "ready"));
        vdr_cli_table_cell(&table, "%s", count_of(row, "offered"));
        vdr_cli_table_cell(&table, "%s", count_of(row, "active"));
        vdr_cli_table_cell(&table, "%s", count_of(row, "overdue"));
        vdr_cli_table_cell(&table, "%s",
                           vdr_figure_age(row, cases ? "oldest_case_ms" : "ready_since_ms", now));
        vdr_cli_table_cell(&table, "%s", load_of(row, load));
    }
    vdr_cli_table_print(&table);
}

static void
show_cases(const vdr_wire_admin_result *result, uint64_t now)
{
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        vdr_span why = vdr_row_word(row, "why"), next = vdr_row_word(row, "next");
        if (vdr_row_is(row, "total")) {
            printf("%s of %s open cases do not go on\n", count_of(row, "stuck"), count_of(row, "open"));
            continue;
        }
        printf("\nC%llu of H%llu  %.*s, %.*s", (unsigned long long)vdr_row_figure(row, "case"),
               (unsigned long long)vdr_row_figure(row, "household"), (int)vdr_row_word(row, "state").len,
               (const char *)vdr_row_word(row, "state").at, (int)vdr_row_word(row, "priority").len,
               (const char *)vdr_row_word(row, "priority").at);
        if (vdr_row_word(row, "regisseur").len != 0)
            printf(", %s", name_of(row, "regisseur"));
        printf("; open %s, quiet %s\n", vdr_figure_age(row, "opened_ms", now),
               vdr_figure_age(row, "moved_ms", now));
        printf("  why   %.*s\n  next  %.*s\n", (int)why.len, (const char *)why.at, (int)next.len,
               (const char *)next.at);
    }
}

static void
show_follow_up(const vdr_wire_admin_result *result)
{
    static const char *const heads[] = {"SERVICE", "ASKED",   "IN TIME", "LATE",
                                        "OVERDUE", "WAITING", "CASE",    "SHARE"};
    static const char *const names[] = {"asked", "in_time", "late", "overdue", "waiting", "taken"};
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 8);
    for (size_t i = 0; i < result->row_count; i++) {
        vdr_cli_table_cell(&table, "%s", name_of(&result->rows[i], "service"));
        for (size_t n = 0; n < sizeof names / sizeof names[0]; n++)
            vdr_cli_table_cell(&table, "%s", count_of(&result->rows[i], names[n]));
        vdr_cli_table_cell(&table, "%s", vdr_figure_share(&result->rows[i], "in_time_permille"));
    }
    vdr_cli_table_print(&table);
}

static void
cases_cells(vdr_cli_table *table, const vdr_wire_row *row)
{
    vdr_cli_table_cell(table, "%s", count_of(row, "proposed"));
    vdr_cli_table_cell(table, "%s", count_of(row, "accepted"));
    vdr_cli_table_cell(table, "%s", count_of(row, "dismissed"));
    vdr_cli_table_cell(table, "%s", vdr_figure_share(row, "precision_permille"));
}

static void
show_rules(const vdr_wire_admin_result *result)
{
    static const char *const heads[] = {"RULE",  "LEVEL",    "SEEN",      "HELD",
                                        "CASES", "ACCEPTED", "DISMISSED", "SHARE"};
    static const char *const by_agency[] = {"AGENCY", "CASES", "ACCEPTED", "DISMISSED", "SHARE"};
    vdr_cli_table rules, agencies;
    vdr_cli_table_init(&rules, heads, 8);
    vdr_cli_table_init(&agencies, by_agency, 5);
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        if (vdr_row_is(row, "rule")) {
            bool current = vdr_row_figure(row, "current") != 0;
            vdr_cli_table_cell(&rules, "%s", vdr_figure_short(vdr_row_word(row, "rule"), 18));
            vdr_cli_table_cell(&rules, "%s",
                               !current ? "gone"
                               : vdr_row_has(row, "paused_until_ms")
                                   ? "paused"
                                   : vdr_figure_short(vdr_row_word(row, "level"), 10));
            vdr_cli_table_cell(&rules, "%s", count_of(row, "evaluations"));
            vdr_cli_table_cell(&rules, "%s", count_of(row, "holds"));
            cases_cells(&rules, row);
        } else if (vdr_row_is(row, "agency")) {
            vdr_cli_table_cell(&agencies, "%s", name_of(row, "agency"));
            cases_cells(&agencies, row);
        }
    }
    vdr_cli_table_print(&rules);
    putchar('\n');
    vdr_cli_table_print(&agencies);
}

static const char *
clock_of(const vdr_wire_row *row, char text[32])
{
    bool ahead = vdr_row_has(row, "clock_ahead_ms");
    if (!ahead && !vdr_row_has(row, "clock_behind_ms"))
        return "-";
    uint64_t ms = vdr_row_figure(row, ahead ? "clock_ahead_ms" : "clock_behind_ms");
    snprintf(text, 32, "%c%s", ahead ? '+' : '-', vdr_figure_span((int64_t)ms));
    return ms < 1000 ? "good" : text;
}

static void
show_agencies(const vdr_wire_admin_result *result, uint64_t now)
{
    static const char *const heads[] = {"AGENCY", "SIGNALS", "DAY", "WEEK",   "LAST",
                                        "RHYTHM", "CLOCK",   "DUP", "REFUSED"};
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 9);
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        char clock[32];
        vdr_cli_table_cell(&table, "%s", vdr_figure_short(vdr_row_word(row, "agency"), 20));
        vdr_cli_table_cell(&table, "%s", count_of(row, "signals"));
        vdr_cli_table_cell(&table, "%s", count_of(row, "signals_day"));
        vdr_cli_table_cell(&table, "%s", count_of(row, "signals_week"));
        vdr_cli_table_cell(&table, "%s", vdr_figure_age(row, "last_ms", now));
        vdr_cli_table_cell(&table, "%s",
                           vdr_row_has(row, "silenced_until_ms")
                               ? "silenced"
                               : vdr_figure_short(vdr_row_word(row, "rhythm"), 9));
        vdr_cli_table_cell(&table, "%s", clock_of(row, clock));
        vdr_cli_table_cell(&table, "%s", count_of(row, "duplicates"));
        vdr_cli_table_cell(&table, "%s", count_of(row, "refused"));
    }
    vdr_cli_table_print(&table);
}

/* What was refused, by code: what has no place in the table. */
static void
show_refused(const vdr_wire_admin_result *result)
{
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        if (vdr_row_figure(row, "sequence_missing") != 0)
            printf("missing %s: %s numbers between those that came\n", name_of(row, "agency"),
                   count_of(row, "sequence_missing"));
        if (vdr_row_has(row, "convenant_until_ms"))
            printf("convenant %s: %.*s, until %s%s\n", name_of(row, "agency"),
                   (int)vdr_row_word(row, "convenant").len, (const char *)vdr_row_word(row, "convenant").at,
                   vdr_cli_when((vdr_ms)vdr_row_figure(row, "convenant_until_ms")),
                   vdr_row_figure(row, "convenant_holds") != 0 ? "" : ": it does not hold now");
        if (vdr_row_figure(row, "refused") == 0)
            continue;
        printf("refused %s:", name_of(row, "agency"));
        for (unsigned n = VDR_E_ACCEPTED; n < VDR_E_ACCEPTED + 100; n++) {
            const char *code = vdr_err_known(n) && n != VDR_E_DUPLICATE ? vdr_err_code((vdr_err)n) : NULL;
            if (code != NULL && n != VDR_E_ACCEPTED && vdr_row_has(row, code))
                printf(" %s %s", code, count_of(row, code));
        }
        if (vdr_row_has(row, "later"))
            printf(" later %s", count_of(row, "later"));
        putchar('\n');
    }
}

static void
show(const char *report, const vdr_wire_admin_result *result)
{
    uint64_t now = vdr_figure(result, "time_ms");
    if (strcmp(report, "queues") == 0)
        show_queues(result, now);
    else if (strcmp(report, "cases") == 0)
        show_cases(result, now);
    else if (strcmp(report, "follow-up") == 0)
        show_follow_up(result);
    else if (strcmp(report, "rules") == 0)
        show_rules(result);
    else {
        show_agencies(result, now);
        show_refused(result);
    }
    if (vdr_figure(result, "rows_left_out") != 0)
        printf("%s more are left out\n", vdr_figure_count(vdr_figure(result, "rows_left_out")));
    printf("\nrecords %llu to %llu", (unsigned long long)vdr_figure(result, "position_first"),
           (unsigned long long)vdr_figure(result, "position"));
    if (vdr_figure(result, "position") != 0)
        printf(", %.16s to %.16s UTC", vdr_cli_when((vdr_ms)vdr_figure(result, "from_ms")),
               vdr_cli_when((vdr_ms)now));
    putchar('\n');
}

static int
run(int argc, char **argv)
{
    static const char *const reports[] = {"queues", "cases", "follow-up", "rules", "agencies"};
    static const struct option options[] = {
        VDR_CLI_LINK_OPTIONS, {"stuck", no_argument, NULL, VDR_OPT_OWN}, {NULL, 0, NULL, 0}};
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    vdr_client_options how = {0};
    vdr_client *client;
    const vdr_wire_admin_result *result = NULL;
    bool stuck = false;
    const char *report = NULL;
    int option;
    link.timeout_ms = 600000; /* the first one reads the whole log */
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_report);
        if (option == VDR_OPT_OWN)
            stuck = true;
        else if (!vdr_cli_link_take(&link, option, optarg))
            return vdr_cli_usage(&vdr_cli_report, "unknown option");
    }
    for (size_t i = 0; argc - optind == 1 && i < sizeof reports / sizeof reports[0]; i++)
        report = strcmp(argv[optind], reports[i]) == 0 ? reports[i] : report;
    if (report == NULL)
        return vdr_cli_usage(&vdr_cli_report, "one of queues, cases --stuck, follow-up, rules, agencies");
    if (stuck != (strcmp(report, "cases") == 0))
        return vdr_cli_usage(&vdr_cli_report, "--stuck goes with cases, and cases with --stuck");
    int status = vdr_cli_link_open(&vdr_cli_report, &link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_wire_admin admin = {.verb = VDR_VERB_REPORT, .time = VDR_MS_NONE, .name = vdr_span_str(report)};
    if (vdr_client_admin(client, &admin, link.timeout_ms, &result) != VDR_OK)
        status = vdr_cli_link_failed(&link, client, "report");
    else if (link.json)
        show_json(report, result);
    else
        show(report, result);
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

const vdr_cli_verb vdr_cli_report = {.name = "report",
                                     .summary = "rules, queues, stuck cases, follow-ups, agencies",
                                     .help = help,
                                     .run = run};
