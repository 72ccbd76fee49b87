/* The report of a back-test for people and for programs. */
#include "clients/cli/backtest.h"

#include "clients/cli/figures.h"
#include "clients/cli/show.h"

#include <stdio.h>

#define WEEKS_SHOWN 12u
#define NAME_WIDTH  28u

const vdr_wire_row *
vdr_backtest_row(const vdr_wire_row *rows, size_t count, const char *kind)
{
    for (size_t i = 0; i < count; i++)
        if (vdr_row_is(&rows[i], kind))
            return &rows[i];
    return NULL;
}

void
vdr_backtest_show_json(const vdr_wire_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vdr_cli_print(vdr_cli_row(&rows[i]));
}

static unsigned long long
of(const vdr_wire_row *row, const char *name)
{
    return row != NULL ? (unsigned long long)vdr_row_figure(row, name) : 0;
}

static const char *
day(const vdr_wire_row *row, const char *name)
{
    return row != NULL && vdr_row_has(row, name) ? vdr_cli_when((vdr_ms)vdr_row_figure(row, name)) : "-";
}

static void
show_span(const vdr_wire_row *span, const vdr_wire_row *acts)
{
    printf("%s to %s UTC, %llu records.", day(span, "from_ms"), day(span, "until_ms"), of(span, "records"));
    if (of(span, "whole_from_position") > 1)
        printf("\nThe log was cut: the history is whole from %s (record %llu) on.",
               day(span, "whole_from_ms"), of(span, "whole_from_position"));
    else
        printf(" The history is whole.");
    printf("\nThe new rules hold from %s on.\n", day(span, "rules_from_ms"));
    if (of(acts, "config_misfits") != 0)
        printf("With %llu recorded configurations they could not be combined: those held alone.\n",
               of(acts, "config_misfits"));
}

static void
show_cases(const vdr_wire_row *cases, const vdr_wire_row *signals)
{
    printf("\ncases opened  %llu now, %llu with the new rules: %llu the same, %llu new, %llu gone,\n"
           "              %llu changed (%llu earlier, %llu later, %llu by other rules, %llu with\n"
           "              another priority); %llu with another regisseur\n",
           of(cases, "current"), of(cases, "candidate"), of(cases, "same"), of(cases, "new"),
           of(cases, "gone"), of(cases, "changed"), of(cases, "earlier"), of(cases, "later"),
           of(cases, "other_rules"), of(cases, "other_priority"), of(cases, "other_regisseur"));
    printf("regular       %s of %llu signals now, %s with the new rules;\n"
           "              %llu go another way\n",
           vdr_figure_share(signals, "current_regular_permille"), of(signals, "current"),
           vdr_figure_share(signals, "candidate_regular_permille"), of(signals, "other_way"));
    if (of(signals, "refused") != 0)
        printf("refused       %llu signals that were accepted then\n", of(signals, "refused"));
}

static void
show_acts(const vdr_wire_row *acts, const vdr_wire_row *span)
{
    printf("acts          %llu on cases applied (%llu by another regisseur), %llu were so already,\n"
           "              %llu dropped: %llu found no open case, %llu one in another state;\n"
           "              %llu other acts dropped\n",
           of(acts, "applied"), of(acts, "by_other"), of(acts, "already"), of(acts, "dropped"),
           of(acts, "dropped_no_case"), of(acts, "dropped_state"), of(acts, "others_dropped"));
    printf("assumed       a case that only the new rules have is accepted at once (%llu), and\n",
           of(acts, "accepted_at_once"));
    if (of(span, "closed_cases") != 0)
        printf("              closed after %s, the median of %llu closed cases (%llu)\n",
               vdr_figure_span((int64_t)of(span, "median_ms")), of(span, "closed_cases"),
               of(acts, "closed_by_age"));
    else
        printf("              stays open: no recorded case was closed\n");
    if (of(acts, "handed_over") != 0)
        printf("              %llu cases of regisseurs who left the town were handed over\n",
               of(acts, "handed_over"));
}

static bool
any(const vdr_wire_row *rows, size_t count, const char *kind)
{
    return vdr_backtest_row(rows, count, kind) != NULL;
}

static void
show_lines(const vdr_wire_row *rows, size_t count, const char *kind, const char *head)
{
    const char *const heads[] = {head, "NOW", "AFTER", "NEW", "GONE", "CHANGED", "TOLD", "AFTER"};
    bool told = strcmp(kind, "rule") == 0;
    vdr_cli_table table;
    if (!any(rows, count, kind))
        return;
    putchar('\n');
    vdr_cli_table_init(&table, heads, told ? 8 : 6);
    for (size_t i = 0; i < count; i++) {
        if (!vdr_row_is(&rows[i], kind))
            continue;
        vdr_span name = vdr_row_word(&rows[i], kind);
        vdr_cli_table_cell(&table, "%s", name.len != 0 ? vdr_figure_short(name, NAME_WIDTH) : "-");
        vdr_cli_table_cell(&table, "%llu", of(&rows[i], "current"));
        vdr_cli_table_cell(&table, "%llu", of(&rows[i], "candidate"));
        vdr_cli_table_cell(&table, "%llu", of(&rows[i], "new"));
        vdr_cli_table_cell(&table, "%llu", of(&rows[i], "gone"));
        vdr_cli_table_cell(&table, "%llu", of(&rows[i], "changed"));
        if (told) {
            vdr_cli_table_cell(&table, "%llu", of(&rows[i], "current_told"));
            vdr_cli_table_cell(&table, "%llu", of(&rows[i], "candidate_told"));
        }
    }
    vdr_cli_table_print(&table);
}

static void
show_regisseurs(const vdr_wire_row *rows, size_t count)
{
    static const char *const heads[] = {"REGISSEUR", "CASES NOW", "AFTER", "MOST AT ONCE", "AFTER"};
    static const char *const names[] = {"current", "candidate", "current_peak", "candidate_peak"};
    vdr_cli_table table;
    if (!any(rows, count, "regisseur"))
        return;
    putchar('\n');
    vdr_cli_table_init(&table, heads, 5);
    for (size_t i = 0; i < count; i++) {
        if (!vdr_row_is(&rows[i], "regisseur"))
            continue;
        vdr_cli_table_cell(&table, "%s", vdr_figure_short(vdr_row_word(&rows[i], "regisseur"), NAME_WIDTH));
        for (size_t n = 0; n < 4; n++)
            vdr_cli_table_cell(&table, "%llu", of(&rows[i], names[n]));
    }
    vdr_cli_table_print(&table);
}

static void
show_weeks(const vdr_wire_row *rows, size_t count)
{
    static const char *const heads[] = {"WEEK FROM", "OPENED NOW", "AFTER", "OPEN NOW", "AFTER"};
    static const char *const names[] = {"current", "candidate", "current_open", "candidate_open"};
    size_t weeks = 0, seen = 0;
    vdr_cli_table table;
    for (size_t i = 0; i < count; i++)
        weeks += vdr_row_is(&rows[i], "week");
    if (weeks == 0)
        return;
    putchar('\n');
    vdr_cli_table_init(&table, heads, 5);
    for (size_t i = 0; i < count; i++) {
        if (!vdr_row_is(&rows[i], "week") || ++seen + WEEKS_SHOWN <= weeks)
            continue;
        vdr_cli_table_cell(&table, "%.10s", day(&rows[i], "from_ms"));
        for (size_t n = 0; n < 4; n++)
            vdr_cli_table_cell(&table, "%llu", of(&rows[i], names[n]));
    }
    vdr_cli_table_print(&table);
    if (weeks > WEEKS_SHOWN)
        printf("the last %u of %zu weeks; all of them with --json\n", WEEKS_SHOWN, weeks);
}

static void
show_sample(const vdr_wire_row *row)
{
    vdr_span difference = vdr_row_word(row, "difference"), now = vdr_row_word(row, "current_rules"),
             then = vdr_row_word(row, "candidate_rules"), district = vdr_row_word(row, "district");
    printf("\n%.*s: H%llu%s%.*s, %s\n", (int)difference.len, (const char *)difference.at,
           of(row, "household"), district.len != 0 ? " in " : "", (int)district.len,
           (const char *)district.at, vdr_figure_short(vdr_row_word(row, "priority"), 10));
    if (now.len != 0)
        printf("  now   %s  %s\n", day(row, "current_opened_ms"), vdr_figure_short(now, 52));
    if (then.len != 0)
        printf("  after %s  %s\n", day(row, "candidate_opened_ms"), vdr_figure_short(then, 52));
}

static void
show_samples(const vdr_wire_row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (vdr_row_is(&rows[i], "sample"))
            show_sample(&rows[i]);
        if (!vdr_row_is(&rows[i], "signal"))
            continue;
        printf("        %.10s  %s %s, severity %llu\n", day(&rows[i], "occurred_ms"),
               vdr_figure_short(vdr_row_word(&rows[i], "agency"), 24),
               vdr_figure_short(vdr_row_word(&rows[i], "domain"), 20), of(&rows[i], "severity"));
    }
}

void
vdr_backtest_show(const vdr_wire_row *rows, size_t count)
{
    const vdr_wire_row *span = vdr_backtest_row(rows, count, "span");
    const vdr_wire_row *acts = vdr_backtest_row(rows, count, "acts");
    show_span(span, acts);
    if (of(span, "differs") == 0) {
        printf("\nNo difference: %llu cases, %llu signals.\n",
               of(vdr_backtest_row(rows, count, "cases"), "current"),
               of(vdr_backtest_row(rows, count, "signals"), "current"));
        return;
    }
    show_cases(vdr_backtest_row(rows, count, "cases"), vdr_backtest_row(rows, count, "signals"));
    show_acts(acts, span);
    show_lines(rows, count, "rule", "RULE");
    show_lines(rows, count, "district", "DISTRICT");
    show_regisseurs(rows, count);
    show_weeks(rows, count);
    show_samples(rows, count);
}
