#include "clients/cli/steer_show.h"

#include "clients/cli/show.h"
#include "proto/utf8.h"

#include <stdio.h>

#define TEXT(span) (int)(span).len, (const char *)(span).at

/* 16 bytes as text; null where absent. */
static json_t *
digest_of(vdr_span digest)
{
    char text[2 * 16 + 1] = "";
    for (size_t i = 0; i < digest.len && i < 16; i++)
        (void)snprintf(text + 2 * i, 3, "%02x", digest.at[i]);
    return digest.len != 0 ? json_string(text) : json_null();
}

static json_t *
number_of(uint64_t number)
{
    return number != 0 ? json_integer((json_int_t)number) : json_null();
}

/* A reason, indented; texts of people may have lines of their own. */
static void
put_reason(vdr_span reason)
{
    if (reason.len == 0)
        return;
    fputs("     ", stdout);
    for (size_t i = 0; i < reason.len; i++) {
        size_t control = vdr_utf8_control(reason, i);
        if (reason.at[i] == '\n')
            fputs("\n     ", stdout);
        else
            putchar(control != 0 ? ' ' : reason.at[i]);
        i += control == 2;
    }
    putchar('\n');
}

static const char *
what_of(vdr_proposal_kind kind)
{
    return kind == VDR_PROPOSAL_PAUSE     ? "pause of rule"
           : kind == VDR_PROPOSAL_SILENCE ? "silence of agency"
           : kind == VDR_PROPOSAL_KEY     ? "key of"
                                          : "configuration";
}

static const char *
made_of(vdr_proposal_kind kind)
{
    return kind == VDR_PROPOSAL_CONFIG ? "version" : kind == VDR_PROPOSAL_KEY ? "key" : "pause";
}

static json_t *
proposal_json(const vdr_proposal_view *p)
{
    return json_pack("{s:I, s:s, s:s, s:o, s:o, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
                     "number", (json_int_t)p->number, "kind", vdr_proposal_kind_name(p->kind), "state",
                     vdr_proposal_state_name(p->state), "author", vdr_cli_text(p->author), "reason",
                     vdr_cli_text(p->reason), "at", vdr_cli_instant(p->at_ms), "position",
                     (json_int_t)p->position, "subject", vdr_cli_text(p->subject), "until",
                     vdr_cli_instant(p->until), "against", number_of(p->against), "rollback_of",
                     number_of(p->rollback_of), "decider", vdr_cli_text(p->decider), "verdict",
                     vdr_cli_text(p->verdict), "ended", vdr_cli_instant(p->ended), "made", number_of(p->made),
                     "digest", digest_of(p->digest));
}

static void
show_proposal(const vdr_proposal_view *p)
{
    printf("%-4llu %-9s  %s", (unsigned long long)p->number, vdr_proposal_state_name(p->state),
           what_of(p->kind));
    if (p->kind != VDR_PROPOSAL_CONFIG)
        printf(" %.*s until %s", TEXT(p->subject), vdr_cli_when(p->until));
    else if (p->rollback_of != 0)
        printf(", version %llu again", (unsigned long long)p->rollback_of);
    else
        printf(", against version %llu", (unsigned long long)p->against);
    printf("\n     by %.*s, %s\n", TEXT(p->author), vdr_cli_when(p->at_ms));
    put_reason(p->reason);
    if (p->state == VDR_PROPOSAL_OPEN)
        return;
    printf("     %s by %.*s, %s", vdr_proposal_state_name(p->state), TEXT(p->decider),
           vdr_cli_when(p->ended));
    if (p->made != 0)
        printf(": %s %llu", made_of(p->kind), (unsigned long long)p->made);
    putchar('\n');
    put_reason(p->verdict);
}

void
vdr_cli_show_proposals(const vdr_cli_link *link, const vdr_wire_admin_result *result, bool all)
{
    size_t shown = 0;
    for (size_t i = 0; i < result->proposal_count; i++) {
        const vdr_proposal_view *p = &result->proposals[i];
        if (!all && p->state != VDR_PROPOSAL_OPEN)
            continue;
        shown++;
        if (link->json)
            vdr_cli_print(proposal_json(p));
        else
            show_proposal(p);
    }
    if (shown == 0 && !link->json)
        puts(all ? "nothing was proposed" : "nothing waits for approval");
}

static json_t *
version_json(const vdr_version_view *v)
{
    return json_pack(
        "{s:I, s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:b}", "version", (json_int_t)v->number,
        "digest", digest_of(v->digest), "position", (json_int_t)v->position, "at", vdr_cli_instant(v->at),
        "ended", vdr_cli_instant(v->ended), "author", vdr_cli_text(v->author), "approver",
        vdr_cli_text(v->approver), "reason", vdr_cli_text(v->reason), "proposal", number_of(v->proposal),
        "rollback_of", number_of(v->rollback_of), "cases", (json_int_t)v->cases, "kept", v->kept);
}

void
vdr_cli_show_versions(const vdr_cli_link *link, const vdr_wire_admin_result *result)
{
    for (size_t i = 0; i < result->version_count; i++) {
        const vdr_version_view *v = &result->versions[i];
        if (link->json) {
            vdr_cli_print(version_json(v));
            continue;
        }
        printf("%-4llu from record %llu, %s%s", (unsigned long long)v->number,
               (unsigned long long)v->position, vdr_cli_when(v->at), i == 0 ? ": in force" : "");
        if (v->rollback_of != 0)
            printf(", version %llu again", (unsigned long long)v->rollback_of);
        putchar('\n');
        if (v->cases != 0)
            printf("     opened %llu case%s\n", (unsigned long long)v->cases, v->cases == 1 ? "" : "s");
        if (!v->kept)
            puts("     its files are no longer kept");
        if (v->author.len == 0)
            puts("     by the start of the broker");
        else if (v->approver.len != 0)
            printf("     by %.*s, approved by %.*s (proposal %llu)\n", TEXT(v->author), TEXT(v->approver),
                   (unsigned long long)v->proposal);
        else
            printf("     by %.*s alone\n", TEXT(v->author));
        put_reason(v->reason);
    }
}

static json_t *
pause_json(const vdr_pause_view *p)
{
    return json_pack("{s:I, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:o, s:o, s:o}", "number",
                     (json_int_t)p->number, "kind", vdr_proposal_kind_name(p->kind), "subject",
                     vdr_cli_text(p->subject), "author", vdr_cli_text(p->author), "approver",
                     vdr_cli_text(p->approver), "reason", vdr_cli_text(p->reason), "at",
                     vdr_cli_instant(p->at_ms), "until", vdr_cli_instant(p->until_ms), "position",
                     (json_int_t)p->position, "ended", vdr_cli_instant(p->ended), "ended_by",
                     vdr_cli_text(p->ended_by), "ended_why", vdr_cli_text(p->ended_why));
}

static void
show_pause(const vdr_pause_view *p)
{
    printf("%-4llu %s %.*s, %s to %s\n", (unsigned long long)p->number, what_of(p->kind), TEXT(p->subject),
           vdr_cli_when(p->at_ms), vdr_cli_when(p->until_ms));
    if (p->approver.len != 0)
        printf("     by %.*s, approved by %.*s\n", TEXT(p->author), TEXT(p->approver));
    else
        printf("     by %.*s alone\n", TEXT(p->author));
    put_reason(p->reason);
    if (p->ended == VDR_MS_NONE)
        return;
    printf("     ended %s", vdr_cli_when(p->ended));
    if (p->ended_by.len != 0)
        printf(" by %.*s", TEXT(p->ended_by));
    putchar('\n');
    put_reason(p->ended_why);
}

void
vdr_cli_show_pauses(const vdr_cli_link *link, const vdr_wire_admin_result *result, bool all)
{
    size_t shown = 0;
    for (size_t i = 0; i < result->pause_count; i++) {
        const vdr_pause_view *p = &result->pauses[i];
        if (!all && p->ended != VDR_MS_NONE)
            continue;
        shown++;
        if (link->json)
            vdr_cli_print(pause_json(p));
        else
            show_pause(p);
    }
    if (shown == 0 && !link->json)
        puts(all ? "nothing was ever paused or silenced" : "nothing is paused or silenced");
}

/* ---- a look at a configuration */

static vdr_span
text_of(const vdr_wire_row *row, const char *name)
{
    for (size_t i = 0; i < row->text_count; i++)
        if (vdr_span_equal(row->texts[i].name, vdr_span_str(name)))
            return row->texts[i].text;
    return (vdr_span){0};
}

static unsigned long long
figure_of(const vdr_wire_counter *counters, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (vdr_span_equal(counters[i].name, vdr_span_str(name)))
            return (unsigned long long)counters[i].value;
    return 0;
}

static void
show_problem(const vdr_wire_row *row)
{
    if (figure_of(row->numbers, row->number_count, "allowed") != 0)
        return;
    printf("%.*s:%llu:%llu: %.*s: %.*s: %.*s\n", TEXT(text_of(row, "file")),
           figure_of(row->numbers, row->number_count, "line"),
           figure_of(row->numbers, row->number_count, "column"), TEXT(text_of(row, "severity")),
           TEXT(text_of(row, "code")), TEXT(text_of(row, "text")));
    if (text_of(row, "advice").len != 0)
        printf("    = %.*s\n", TEXT(text_of(row, "advice")));
}

static void
show_sentences(const vdr_wire_file *file)
{
    printf("\n---- %.*s\n%.*s", TEXT(file->name), TEXT(file->text));
}

bool
vdr_cli_show_look(const vdr_cli_link *link, const vdr_wire_admin_result *result)
{
    bool fit = figure_of(result->counters, result->counter_count, "fit") != 0;
    if (link->json) {
        for (size_t i = 0; i < result->row_count; i++)
            vdr_cli_print(vdr_cli_row(&result->rows[i]));
        for (size_t i = 0; i < result->file_count; i++)
            vdr_cli_print(json_pack("{s:s, s:o, s:o}", "row", "sentences", "rule",
                                    vdr_cli_text(result->files[i].name), "text",
                                    vdr_cli_text(result->files[i].text)));
        return fit;
    }
    for (size_t i = 0; i < result->row_count; i++)
        show_problem(&result->rows[i]);
    for (size_t i = 0; i < result->file_count; i++)
        show_sentences(&result->files[i]);
    printf("\n%s; %llu rule tests pass, %llu fail\n", fit ? "it can be proposed" : "it would be refused",
           figure_of(result->counters, result->counter_count, "tests_passed"),
           figure_of(result->counters, result->counter_count, "tests_failed"));
    return fit;
}
