/* voordeur audit: who did and saw what, from the log. */
#include "clients/cli/audit.h"
#include "clients/cli/show.h"
#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char help[] =
    "usage: voordeur audit [--household H12] [--case C7] [--party KIND:ID] [--from TIME] [--until TIME]\n"
    "                      [--kind KIND]... [OPTION...]                     of a running broker\n"
    "       voordeur audit --store DIR [--store-key FILE] …                 of a store at rest\n"
    "       voordeur audit --logboek [--from RECORD] [--since TIME] [--until TIME] [--follow] [OPTION...]\n"
    "       voordeur audit --logboek --store DIR [--subject ID] …           the processing log\n"
    "\n"
    "For privacy officers and auditors: what the log says of who did what, what the broker decided, who was "
    "told\n"
    "and read it, and who looked at what. It names things by number and shows nothing of anybody. Asking for "
    "a\n"
    "household or a case is itself written into the log.\n"
    "\n"
    "  --household H12   of this household, and of those that were merged into it\n"
    "  --case C7         of this case\n"
    "  --party KIND:ID   what this party did, saw, was told or read; KIND: alone means all of that kind\n"
    "  --since, --until  from this instant (also --from), up to before that one: 2026-03-02T09:00:00Z\n"
    "  --kind KIND       only these: signal, act, decided, told, read, seen, control, left\n"
    "  --store DIR       a store that no broker runs on\n" VDR_CLI_STORE_KEY_HELP VDR_CLI_LINK_HELP "\n"
    "  --logboek         the processing log, in the form of Logboek Dataverwerkingen: JSON, a line for each "
    "person\n"
    "                    and each thing that was done with what is kept of that person. In the end it is "
    "said where\n"
    "                    to go on\n"
    "  --from RECORD     with --logboek: from this record of the log on, by its number\n"
    "  --follow          with --logboek, of a running broker: goes on with what comes, until it is stopped. "
    "What an\n"
    "                    erasure run destroys can be told before it only: so a town ships it as it comes\n"
    "  --subject-key FILE  with --logboek --store: the key of the ids, as 64 hexadecimal digits (default: "
    "the "
    "key\n"
    "                    of the store). A broker takes logboek_key of node.yaml, or the store's. The same "
    "key "
    "gives\n"
    "                    the same ids\n"
    "  --subject ID      with --logboek --store: only rows of the person of this dpl.core.data_subject_id. "
    "Without\n"
    "                    the key rows of one person cannot be told from those of others\n"
    "\n"
    "A look that was repeated within a quarter of an hour, and showed the same, is one row: seen at that\n"
    "instant, and up to so long after it.\n"
    "A record whose key was destroyed can no longer be read; how many there are is told in the end.\n"
    "\n"
    "exit status: 0 done; 1 not done; 2 wrong use\n"
    "\n"
    "examples:\n"
    "  voordeur audit --household H12 --kind seen --home /etc/voordeur/home --as privacy_officer:p-els\n"
    "  voordeur audit --logboek --from 48211 --home /etc/voordeur/home --as auditor:a-fg >>logboek.jsonl\n";

enum {
    OPT_STORE = VDR_OPT_OWN,
    OPT_HOUSEHOLD,
    OPT_CASE,
    OPT_PARTY,
    OPT_FROM,
    OPT_UNTIL,
    OPT_KIND,
    OPT_LOGBOEK,
    OPT_SINCE,
    OPT_FOLLOW,
    OPT_SUBJECT,
    OPT_SUBJECT_KEY
};

typedef struct wish {
    vdr_cli_link link;
    vdr_cli_store_key key;
    const char *store;
    bool logboek;
    vdr_audit_logboek_ask logboek_ask;
    vdr_trail_ask ask;
    vdr_cli_table table;
    uint64_t rows;
} wish;

/* ---- output */

static void
put_text(json_t *o, const char *name, vdr_span text)
{
    if (text.len != 0)
        json_object_set_new(o, name, vdr_cli_text(text));
}

static void
print_json(const vdr_audit_line *line)
{
    json_t *o = json_pack("{s:o, s:o, s:I}", "at", vdr_cli_instant(line->at), "kind",
                          vdr_cli_text(line->kind), "position", (json_int_t)line->position);
    put_text(o, "by", line->by);
    put_text(o, "to", line->to);
    put_text(o, "what", line->what);
    if (line->household != 0)
        json_object_set_new(o, "household", vdr_cli_number_id('H', line->household));
    if (line->other != 0)
        json_object_set_new(o, "other", vdr_cli_number_id('H', line->other));
    if (line->case_id != 0)
        json_object_set_new(o, "case", vdr_cli_number_id('C', line->case_id));
    if (line->signal != 0)
        json_object_set_new(o, "signal_position", json_integer((json_int_t)line->signal));
    put_text(o, "source", line->source);
    put_text(o, "signal", line->id);
    if (line->parts != 0)
        json_object_set_new(o, "parts", json_string(vdr_audit_parts(line->parts)));
    put_text(o, "reason", line->reason);
    put_text(o, "traceparent", line->traceparent);
    if (line->since != VDR_MS_NONE)
        json_object_set_new(o, "since", vdr_cli_instant(line->since));
    if (line->until != VDR_MS_NONE)
        json_object_set_new(o, "until", vdr_cli_instant(line->until));
    vdr_cli_print(o);
}

static void
cell_number(vdr_cli_table *table, char letter, uint64_t number)
{
    if (number != 0)
        vdr_cli_table_cell(table, "%c%llu", letter, (unsigned long long)number);
    else
        vdr_cli_table_cell(table, "%s", "-");
}

static void
on_line(void *context, const vdr_audit_line *line)
{
    wish *w = context;
    w->rows++;
    if (w->link.json) {
        print_json(line);
        return;
    }
    vdr_span who = line->by.len != 0 ? line->by : line->to;
    if (line->until != VDR_MS_NONE) /* vdr_cli_when keeps one text */
        vdr_cli_table_cell(&w->table, "%s, and up to %lld min later", vdr_cli_when(line->at),
                           (long long)(line->until - line->at) / 60000);
    else
        vdr_cli_table_cell(&w->table, "%s", vdr_cli_when(line->at));
    vdr_cli_table_cell(&w->table, "%.*s", (int)line->kind.len, (const char *)line->kind.at);
    if (who.len != 0)
        vdr_cli_table_cell(&w->table, "%.*s", (int)who.len, (const char *)who.at);
    else
        vdr_cli_table_cell(&w->table, "%s", "the broker");
    vdr_cli_table_cell(&w->table, "%.*s%s%s", (int)line->what.len, (const char *)line->what.at,
                       line->parts != 0 ? ": " : "", line->parts != 0 ? vdr_audit_parts(line->parts) : "");
    cell_number(&w->table, 'H', line->household);
    cell_number(&w->table, 'C', line->case_id);
    if (line->signal != 0)
        vdr_cli_table_cell(&w->table, "%llu", (unsigned long long)line->signal);
    else
        vdr_cli_table_cell(&w->table, "%s", "-");
    vdr_cli_table_cell(&w->table, "%.*s", (int)line->reason.len, (const char *)line->reason.at);
}

/* ---- the command line */

static bool
take_kind(wish *w, const char *value)
{
    for (unsigned kind = 1; kind < VDR_TRAIL_KINDS; kind++) {
        if (strcmp(vdr_trail_kind_name((vdr_trail_kind)kind), value) == 0) {
            w->ask.kinds |= 1u << kind;
            return true;
        }
    }
    return false;
}

static bool
take_party(wish *w, const char *value)
{
    const char *colon = strchr(value, ':');
    if (colon == NULL)
        return false;
    w->ask.party_kind = vdr_party_kind_of(vdr_span_of(value, (size_t)(colon - value)));
    w->ask.party = vdr_span_str(colon + 1);
    return w->ask.party_kind != VDR_PARTY_NONE && w->ask.party.len <= VDR_CONF_NAME_MAX;
}

/* A number is a record, of the processing log; else an instant. */
static bool
take_from(wish *w, const char *value)
{
    char *end;
    if (strspn(value, "0123456789") != strlen(value))
        return vdr_time_parse(vdr_span_str(value), &w->ask.from);
    w->logboek_ask.position = strtoull(value, &end, 10);
    return w->logboek_ask.position != 0 && strlen(value) < 19;
}

static bool
take(wish *w, int option, const char *value)
{
    switch (option) {
    case OPT_STORE:
        w->store = value;
        return true;
    case OPT_HOUSEHOLD:
        w->ask.household.number = vdr_cli_number(value, 'H');
        return w->ask.household.number != 0;
    case OPT_CASE:
        w->ask.case_id.number = vdr_cli_number(value, 'C');
        return w->ask.case_id.number != 0;
    case OPT_PARTY:
        return take_party(w, value);
    case OPT_FROM:
        return take_from(w, value);
    case OPT_SINCE:
        return vdr_time_parse(vdr_span_str(value), &w->ask.from);
    case OPT_FOLLOW:
        w->logboek_ask.follow = true;
        return true;
    case OPT_UNTIL:
        return vdr_time_parse(vdr_span_str(value), &w->ask.until);
    case OPT_KIND:
        return take_kind(w, value);
    case OPT_LOGBOEK:
        w->logboek = true;
        return true;
    case OPT_SUBJECT:
        w->logboek_ask.subject = value;
        return true;
    case OPT_SUBJECT_KEY:
        w->logboek_ask.key = value;
        return true;
    default:
        return vdr_cli_store_key_take(&w->key, option, value) || vdr_cli_link_take(&w->link, option, value);
    }
}

static int
audit(wish *w, vdr_audit_sum *ret_sum)
{
    if (w->store != NULL) {
        vdr_rest *rest = NULL;
        int status = vdr_audit_open(&vdr_cli_audit, w->store, &w->key, &rest);
        if (status == VDR_EXIT_OK)
            status = vdr_audit_ask_store(&vdr_cli_audit, rest, &w->ask, on_line, w, ret_sum);
        vdr_rest_close(&rest);
        return status;
    }
    vdr_client_options how = {0};
    vdr_client *client;
    int status = vdr_cli_link_open(&vdr_cli_audit, &w->link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_cli_stop_catch();
    status = vdr_audit_ask_broker(&vdr_cli_audit, &w->link, client, &w->ask, on_line, w, ret_sum);
    vdr_client_close(&client);
    return status;
}

static int
logboek(wish *w)
{
    const vdr_trail_ask *ask = &w->ask;
    if (ask->household.number != 0 || ask->case_id.number != 0 || ask->party_kind != VDR_PARTY_NONE ||
        ask->kinds != 0)
        return vdr_cli_usage(&vdr_cli_audit,
                             "--logboek takes --from, --since, --until, --follow and --subject only");
    if (w->store == NULL && (w->logboek_ask.subject != NULL || w->logboek_ask.key != NULL))
        return vdr_cli_usage(&vdr_cli_audit, "--subject and --subject-key go with --store: who has the key "
                                             "need not ask a broker");
    if (w->store != NULL && w->logboek_ask.follow)
        return vdr_cli_usage(&vdr_cli_audit,
                             "--follow is of a running broker: nothing comes in a store at rest");
    w->logboek_ask.from = ask->from;
    w->logboek_ask.until = ask->until;
    return w->store != NULL ? vdr_audit_logboek_store(&vdr_cli_audit, w->store, &w->key, &w->logboek_ask)
                            : vdr_audit_logboek_broker(&vdr_cli_audit, &w->link, &w->logboek_ask);
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            VDR_CLI_STORE_KEY_OPTIONS,
                                            {"store", required_argument, NULL, OPT_STORE},
                                            {"household", required_argument, NULL, OPT_HOUSEHOLD},
                                            {"case", required_argument, NULL, OPT_CASE},
                                            {"party", required_argument, NULL, OPT_PARTY},
                                            {"from", required_argument, NULL, OPT_FROM},
                                            {"since", required_argument, NULL, OPT_SINCE},
                                            {"until", required_argument, NULL, OPT_UNTIL},
                                            {"kind", required_argument, NULL, OPT_KIND},
                                            {"logboek", no_argument, NULL, OPT_LOGBOEK},
                                            {"follow", no_argument, NULL, OPT_FOLLOW},
                                            {"subject", required_argument, NULL, OPT_SUBJECT},
                                            {"subject-key", required_argument, NULL, OPT_SUBJECT_KEY},
                                            {NULL, 0, NULL, 0}};
    static const char *const heads[] = {"AT", "KIND", "WHO", "WHAT", "HOUSEHOLD", "CASE", "SIGNAL", "WHY"};
    wish w = {.link = VDR_CLI_LINK_NEW, .ask = VDR_TRAIL_ASK_NEW};
    vdr_audit_sum sum = {0};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_audit);
        if (!take(&w, option, optarg))
            return vdr_cli_usage(&vdr_cli_audit, "--%s: an unknown option, or not a value that it takes",
                                 optarg != NULL ? optarg : "?");
    }
    if (optind != argc)
        return vdr_cli_usage(&vdr_cli_audit, "%s: nothing more was expected", argv[optind]);
    if (w.logboek)
        return logboek(&w);
    if (w.logboek_ask.subject != NULL || w.logboek_ask.key != NULL || w.logboek_ask.follow ||
        w.logboek_ask.position != 0)
        return vdr_cli_usage(&vdr_cli_audit,
                             "--subject, --subject-key, --follow and a record in --from go with --logboek");
    vdr_cli_table_init(&w.table, heads, 8);
    int status = audit(&w, &sum);
    if (!w.link.json)
        vdr_cli_table_print(&w.table);
    if (status == VDR_EXIT_OK)
        fprintf(stderr, "%llu rows, of records %llu to %llu; of %llu the key is gone\n",
                (unsigned long long)w.rows, (unsigned long long)sum.first, (unsigned long long)sum.last,
                (unsigned long long)sum.erased);
    return status == VDR_EXIT_OK ? vdr_cli_flush() : status;
}

const vdr_cli_verb vdr_cli_audit = {
    .name = "audit", .summary = "who did and saw what, from the log", .help = help, .run = run};
