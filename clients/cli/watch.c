/* voordeur watch: what the broker decides, as people read it, of what they ask for. */
#include "clients/cli/show.h"
#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CASES_MAX 4096u /* that --rule has seen proposed: their later lines are shown, too */

static const char help[] =
    "usage: voordeur watch [--rule ID] [--case C7] [--agency ID] [--kind KIND] [--from POSITION] "
    "[OPTION...]\n"
    "\n"
    "For operators: what the broker decides from now on, a line each, until interrupted. Nobody is named.\n"
    "\n"
    "  --rule ID        lines that name this rule, and what becomes of the cases that it proposes\n"
    "  --case C7        lines of this case\n"
    "  --agency ID      what this agency sends, and what it is told (by its id with --home; its source "
    "also)\n"
    "  --kind KIND      signal, command, case, message or watch; may be given more than once\n"
    "  --from POSITION  first what is in the log from there on (0: from the beginning)\n"
    "  --once           end where the log ends\n" VDR_CLI_LINK_HELP "\n"
    "With --json the lines are those of `voordeur decisions`.\n";

typedef struct watching {
    const char *rule, *agency;
    char *source; /* of the agency; NULL: not known */
    uint64_t case_number;
    unsigned kinds; /* bit of vdr_decision_kind; 0: all */
    bool json, lost, at_end;
    uint64_t cases[CASES_MAX];
    size_t case_count;
    char *line;
    size_t size;
} watching;

/* ---- what is asked for ---- */

static bool
is(vdr_span text, const char *wanted)
{
    return wanted != NULL && text.at != NULL && vdr_span_equal(text, vdr_span_str(wanted));
}

static bool
lists(const vdr_span *texts, size_t count, const char *wanted)
{
    for (size_t i = 0; i < count; i++) {
        if (is(texts[i], wanted))
            return true;
    }
    return false;
}

static bool
is_of_rule(watching *w, const vdr_decision *d)
{
    bool named = is(d->rule, w->rule) || lists(d->rules, d->rule_count, w->rule);
    if (named && d->kind == VDR_DECISION_CASE)
        w->cases[w->case_count++ % CASES_MAX] = d->case_id.number;
    for (size_t i = 0; !named && d->case_id.number != 0 && i < w->case_count && i < CASES_MAX; i++)
        named = w->cases[i] == d->case_id.number;
    return named;
}

static bool
is_of_agency(const watching *w, const vdr_decision *d)
{
    bool sent = d->kind == VDR_DECISION_SIGNAL || d->kind == VDR_DECISION_COMMAND;
    if (sent)
        return is(d->source, w->agency) || is(d->source, w->source);
    if (d->kind == VDR_DECISION_MESSAGE)
        return (d->to_kind == VDR_PARTY_AGENCY && is(d->to, w->agency)) ||
               lists(d->agencies, d->agency_count, w->agency) || is(d->signal.source, w->source);
    for (size_t i = 0; i < d->signal_count; i++) {
        if (is(d->signals[i].source, w->source))
            return true;
    }
    return false;
}

static bool
wanted(watching *w, const vdr_decision *d)
{
    return (w->kinds == 0 || (w->kinds & 1u << d->kind) != 0) && (w->rule == NULL || is_of_rule(w, d)) &&
           (w->case_number == 0 || d->case_id.number == w->case_number) &&
           (w->agency == NULL || is_of_agency(w, d));
}

/* ---- lines ---- */

#define TEXT(span) (int)(span).len, (span).len != 0 ? (const char *)(span).at : ""

static void
say_case(const vdr_decision *d)
{
    printf("C%llu of H%llu %s: %s, %s", (unsigned long long)d->case_id.number,
           (unsigned long long)d->household.number, vdr_change_name(d->change), vdr_case_state_name(d->state),
           vdr_priority_name(d->priority));
    if (d->regisseur.len != 0)
        printf(", %.*s", TEXT(d->regisseur));
    for (size_t i = 0; i < d->rule_count; i++)
        printf("%s%.*s", i == 0 ? "; by " : ", ", TEXT(d->rules[i]));
    if (d->signal_count != 0)
        printf(" (%zu signals)", d->signal_count);
}

static void
say_message(const vdr_decision *d)
{
    unsigned has = vdr_message_members_of(d->message);
    printf("%s to %s:%.*s", vdr_message_kind_name(d->message), vdr_party_kind_name(d->to_kind), TEXT(d->to));
    if ((has & VDR_HAS_CASE) != 0)
        printf(", C%llu", (unsigned long long)d->case_id.number);
    if ((has & VDR_HAS_SIGNAL) != 0)
        printf(", signal %.*s", TEXT(d->signal.id));
    if ((has & VDR_HAS_HOUSEHOLD) != 0)
        printf(", H%llu", (unsigned long long)d->household.number);
    if ((has & VDR_HAS_OTHER) != 0)
        printf(" and H%llu", (unsigned long long)d->other.number);
    if ((has & VDR_HAS_RULE) != 0)
        printf(", by %.*s", TEXT(d->rule));
    if ((has & VDR_HAS_REGISSEUR) != 0)
        printf(", %.*s", TEXT(d->regisseur));
    if ((has & VDR_HAS_BY) != 0)
        printf(", by %s:%.*s", vdr_party_kind_name(d->by_kind), TEXT(d->by));
}

static void
say(const vdr_decision *d)
{
    static const char *const kinds[] = {"", "signal", "command", "case", "message", "watch"};
    printf("%s  %-7s  ", vdr_cli_when(d->at), kinds[d->kind]);
    switch (d->kind) {
    case VDR_DECISION_SIGNAL:
        printf("%.*s %s", TEXT(d->id), vdr_err_code(d->verdict));
        if (d->verdict == VDR_E_ACCEPTED)
            printf(": H%llu by %s, %s", (unsigned long long)d->household.number, vdr_match_name(d->match),
                   vdr_outcome_name(d->outcome));
        if (d->outcome == VDR_OUTCOME_ATTACHED)
            printf(" to C%llu", (unsigned long long)d->case_id.number);
        break;
    case VDR_DECISION_COMMAND:
        printf("%.*s %s: %s", TEXT(d->id), vdr_act_name(d->act), vdr_err_code(d->verdict));
        break;
    case VDR_DECISION_CASE:
        say_case(d);
        break;
    case VDR_DECISION_MESSAGE:
        say_message(d);
        break;
    case VDR_DECISION_WATCH:
        printf("H%llu, by %.*s", (unsigned long long)d->household.number, TEXT(d->rule));
        break;
    }
    putchar('\n');
}

static void
say_json(watching *w, const vdr_decision *d)
{
    size_t len = vdr_decision_line(d, w->line, w->size);
    if (len > w->size) {
        w->size = len;
        w->line = vdr_realloc(w->line, len, 1);
        len = vdr_decision_line(d, w->line, w->size);
    }
    w->lost |= fwrite(w->line, 1, len, stdout) != len || putchar('\n') == EOF;
}

static void
on_line(void *context, const vdr_wire_line *line)
{
    watching *w = context;
    if (!wanted(w, &line->decision))
        return;
    if (w->json)
        say_json(w, &line->decision);
    else
        say(&line->decision);
    w->lost |= ferror(stdout) != 0;
}

static void
on_caught_up(void *context, vdr_position position)
{
    (void)position;
    ((watching *)context)->at_end = true;
}

/* ---- the verb ---- */

/* The source of an agency, from clients.json; NULL: without a home, or not there. */
static char *
source_of(const vdr_cli_link *link, const char *agency)
{
    const char *home = link->home != NULL ? link->home : getenv("VOORDEUR_HOME");
    json_t *root = home != NULL && link->connect == NULL ? vdr_cli_home_read(home) : NULL, *party;
    char name[VDR_CONF_NAME_MAX + 16], *found = NULL;
    size_t i;
    snprintf(name, sizeof name, "agency:%.128s", agency);
    json_array_foreach(json_object_get(root, "parties"), i, party)
    {
        const char *own = json_string_value(json_object_get(party, "party"));
        const char *source = json_string_value(json_object_get(party, "source"));
        if (found == NULL && own != NULL && source != NULL && strcmp(own, name) == 0) {
            found = vdr_alloc(strlen(source) + 1, 1);
            memcpy(found, source, strlen(source));
        }
    }
    json_decref(root);
    return found;
}

static bool
take_kind(watching *w, const char *name)
{
    static const char *const kinds[] = {"", "signal", "command", "case", "message", "watch"};
    for (unsigned kind = 1; kind < sizeof kinds / sizeof kinds[0]; kind++) {
        if (strcmp(name, kinds[kind]) == 0) {
            w->kinds |= 1u << kind;
            return true;
        }
    }
    return false;
}

enum { OPT_RULE = VDR_OPT_OWN, OPT_CASE, OPT_AGENCY, OPT_KIND, OPT_FROM, OPT_ONCE };

static int
follow(const vdr_cli_link *link, vdr_client *client, watching *w, const vdr_client_stream *stream, bool once)
{
    int status = VDR_EXIT_OK;
    vdr_client_decisions(client, stream);
    while (status == VDR_EXIT_OK && !vdr_cli_stopped() && !w->lost && !(once && w->at_end)) {
        vdr_err err = vdr_client_wait(client, 100);
        if (err == VDR_E_TIMEOUT || err == VDR_OK)
            fflush(stdout);
        vdr_client_error error;
        vdr_client_error_get(client, &error);
        if (error.err == VDR_E_WRONG_ROLE)
            status = vdr_cli_link_failed(link, client, "watch");
    }
    return status;
}

static int
take_options(watching *w, vdr_cli_link *link, vdr_client_stream *stream, bool *once, int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"rule", required_argument, NULL, OPT_RULE},
                                            {"case", required_argument, NULL, OPT_CASE},
                                            {"agency", required_argument, NULL, OPT_AGENCY},
                                            {"kind", required_argument, NULL, OPT_KIND},
                                            {"from", required_argument, NULL, OPT_FROM},
                                            {"once", no_argument, NULL, OPT_ONCE},
                                            {NULL, 0, NULL, 0}};
    int option;
    char *end;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_watch) == VDR_EXIT_OK ? -1 : VDR_EXIT_FAILED;
        if (option == OPT_RULE) {
            w->rule = optarg;
        } else if (option == OPT_CASE) {
            w->case_number = vdr_cli_number(optarg, 'C');
            if (w->case_number == 0)
                return vdr_cli_usage(&vdr_cli_watch, "--case %s: a case was expected, as C7", optarg);
        } else if (option == OPT_AGENCY) {
            w->agency = optarg;
        } else if (option == OPT_KIND) {
            if (!take_kind(w, optarg))
                return vdr_cli_usage(&vdr_cli_watch, "--kind %s: signal, command, case, message or watch",
                                     optarg);
        } else if (option == OPT_FROM) {
            stream->from_given = true;
            stream->position = strtoull(optarg, &end, 10);
            if (*optarg < '0' || *optarg > '9' || *end != '\0')
                return vdr_cli_usage(&vdr_cli_watch, "--from %s: a position of the log was expected", optarg);
        } else if (option == OPT_ONCE) {
            *once = true;
        } else if (!vdr_cli_link_take(link, option, optarg)) {
            return vdr_cli_usage(&vdr_cli_watch, "unknown option");
        }
    }
    return optind == argc ? VDR_EXIT_OK
                          : vdr_cli_usage(&vdr_cli_watch, "%s: nothing more was expected", argv[optind]);
}

static int
run(int argc, char **argv)
{
    static watching w; /* too large for a stack */
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    vdr_client_options how = {.pause_min_ms = 100, .pause_max_ms = 2000};
    vdr_client_stream stream = {.on_line = on_line, .on_caught_up = on_caught_up, .context = &w};
    vdr_client *client;
    bool once = false;
    int status = take_options(&w, &link, &stream, &once, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    w.json = link.json;
    status = vdr_cli_link_open(&vdr_cli_watch, &link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    if (w.agency != NULL)
        w.source = source_of(&link, w.agency);
    vdr_cli_stop_catch();
    status = follow(&link, client, &w, &stream, once);
    vdr_client_close(&client);
    free(w.line);
    free(w.source);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

const vdr_cli_verb vdr_cli_watch = {
    .name = "watch", .summary = "what the broker decides, for people", .help = help, .run = run};
