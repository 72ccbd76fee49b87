/* voordeur status, decisions, clock, reload, sessions, mailboxes, checkpoint, backup: the operator's verbs. */
#include "clients/cli/patient.h"
#include "clients/cli/show.h"

#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char status_help[] =
    "usage: voordeur status [--all] [OPTION...]\n"
    "\n"
    "An operator sees how the broker is, a light a line, and what to do next:\n"
    "\n"
    "  broker        serving; amber draining, stopping; red full, failed\n"
    "  store, disk   amber above 80% of limits.store_bytes, 90% of the volume; red above 95%, 97%\n"
    "  sync          how long until a group is durable; amber p99 50 ms, red 500 ms\n"
    "  checkpoint, log tail   amber a failure, a million records after it; red five million\n"
    "  clock         amber log time stands still, timers are late; red more than a minute\n"
    "  mailboxes     by the oldest message that waits; amber three days, red fourteen\n"
    "  no regisseur  amber a case that nobody has, red for a day\n"
    "  offers        red past their time\n"
    "  follow-ups, regisseurs, agencies, rejected   amber overdue, load above 90%, gone quiet, 2% of a day\n"
    "\n"
    "grey is what is not known yet: the first look after a start has to read the log. Anybody else sees\n"
    "themselves: the mailbox, and a regisseur their load.\n"
    "\n"
    "  --all                     every figure by its name, as --json has them\n" VDR_CLI_LINK_HELP;

static const char decisions_help[] =
    "usage: voordeur decisions [--from POSITION] [--follow] [OPTION...]\n"
    "\n"
    "For operators: what the broker decided, line by line as `voordeur replay` prints it. Nobody is named in "
    "it.\n"
    "\n"
    "  --from POSITION           from this position of the log on (0: from the beginning); without it only\n"
    "                            what is decided from now on\n"
    "  --follow                  go on with what comes; without it the end is where the log "
    "ends\n" VDR_CLI_LINK_HELP "\n"
    "Lines of refused events are not in the log: they come live only.\n";

static const char clock_help[] = "usage: voordeur clock advance INSTANT [OPTION...]\n"
                                 "\n"
                                 "For operators of a broker that runs with --clock event: lets log time pass "
                                 "to INSTANT, so that the timers\n"
                                 "due by then fire, as `voordeur replay --until` does.\n"
                                 "\n" VDR_CLI_LINK_HELP;

static const char reload_help[] =
    "usage: voordeur reload [OPTION...]\n"
    "\n"
    "For operators: reads the town's configuration and node.yaml again. Both are checked beside the running\n"
    "ones and swapped whole; an error changes nothing, and is told with file, line and column. Where "
    "node.yaml\n"
    "says approvals: two, a changed configuration is proposed in your name, and another operator approves "
    "it.\n"
    "\n" VDR_CLI_LINK_HELP;

static const char sessions_help[] = "usage: voordeur sessions [OPTION...]\n"
                                    "\n"
                                    "For operators: who is connected.\n"
                                    "\n" VDR_CLI_LINK_HELP;

static const char mailboxes_help[] = "usage: voordeur mailboxes [OPTION...]\n"
                                     "\n"
                                     "For operators: how much waits for whom.\n"
                                     "\n" VDR_CLI_LINK_HELP;

static const char checkpoint_help[] = "usage: voordeur checkpoint [OPTION...]\n"
                                      "\n"
                                      "For operators: writes a checkpoint now; ends when it is durable.\n"
                                      "\n" VDR_CLI_LINK_HELP;

static const char backup_help[] =
    "usage: voordeur backup NAME [OPTION...]\n"
    "\n"
    "For operators: writes a consistent copy of the store, while the broker runs, into the new directory "
    "NAME\n"
    "under the backup folder of node.yaml. There are no keys in it: keep the pseudonym key, the\n"
    "store key and the escrow of the store's keys apart; voordeur restore wants them.\n"
    "\n" VDR_CLI_LINK_HELP "\n"
    "`voordeur restore` brings it back.\n";

/* Options that all of these have; own may hold more rows (values from VDR_OPT_OWN) and take them. */
typedef struct verb_line {
    vdr_cli_link link;
    bool from_given, follow, all;
    uint64_t from;
} verb_line;

static int
take_options(const vdr_cli_verb *verb, verb_line *line, int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"from", required_argument, NULL, VDR_OPT_OWN},
                                            {"follow", no_argument, NULL, VDR_OPT_OWN + 1},
                                            {"all", no_argument, NULL, VDR_OPT_OWN + 2},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            vdr_cli_help(verb);
            return -1;
        }
        bool own = verb == &vdr_cli_decisions;
        if (own && option == VDR_OPT_OWN) {
            char *end;
            line->from_given = true;
            line->from = strtoull(optarg, &end, 10);
            if (*optarg < '0' || *optarg > '9' || *end != '\0')
                return vdr_cli_usage(verb, "--from %s: a position of the log was expected", optarg);
        } else if (own && option == VDR_OPT_OWN + 1) {
            line->follow = true;
        } else if (verb == &vdr_cli_status && option == VDR_OPT_OWN + 2) {
            line->all = true;
        } else if (!vdr_cli_link_take(&line->link, option, optarg)) {
            return vdr_cli_usage(verb, "unknown option");
        }
    }
    return VDR_EXIT_OK;
}

static void
show_result(const vdr_cli_link *link, const vdr_wire_admin_result *result)
{
    if (link->json) {
        json_t *o = json_object();
        if (result->text.len != 0)
            json_object_set_new(o, "text", vdr_cli_text(result->text));
        vdr_cli_set_result(o, result);
        vdr_cli_print(o);
        return;
    }
    static const char *const heads[] = {"WHAT", "IS"};
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 2);
    for (size_t i = 0; i < result->text_count; i++) {
        vdr_cli_table_cell(&table, "%.*s", (int)result->texts[i].name.len,
                           (const char *)result->texts[i].name.at);
        vdr_cli_table_cell(&table, "%.*s", (int)result->texts[i].text.len,
                           (const char *)result->texts[i].text.at);
    }
    for (size_t i = 0; i < result->counter_count; i++) {
        vdr_cli_table_cell(&table, "%.*s", (int)result->counters[i].name.len,
                           (const char *)result->counters[i].name.at);
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)result->counters[i].value);
    }
    vdr_cli_table_print(&table);
}

static void
show_sessions(const vdr_cli_link *link, const vdr_wire_admin_result *result)
{
    static const char *const heads[] = {"SESSION", "PARTY", "PROGRAM", "SINCE",
                                        "IDLE ms", "IN",    "OUT",     "OPEN"};
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 8);
    for (size_t i = 0; i < result->session_count; i++) {
        const vdr_wire_session_view *s = &result->sessions[i];
        char party[VDR_CONF_NAME_MAX + 32];
        snprintf(party, sizeof party, "%s:%.*s", vdr_party_kind_name(s->party_kind), (int)s->party_id.len,
                 (const char *)s->party_id.at);
        if (link->json) {
            vdr_cli_print(json_pack(
                "{s:I, s:s, s:o, s:o, s:I, s:I, s:I, s:I}", "session", (json_int_t)s->session, "party", party,
                "program", vdr_cli_text(s->client_name), "since", vdr_cli_instant(s->since_ms), "idle_ms",
                (json_int_t)s->idle_ms, "frames_in", (json_int_t)s->frames_in, "frames_out",
                (json_int_t)s->frames_out, "unconfirmed", (json_int_t)s->unconfirmed));
            continue;
        }
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)s->session);
        vdr_cli_table_cell(&table, "%s", party);
        vdr_cli_table_cell(&table, "%.*s", (int)s->client_name.len, (const char *)s->client_name.at);
        vdr_cli_table_cell(&table, "%s", vdr_cli_when(s->since_ms));
        vdr_cli_table_cell(&table, "%lld", (long long)s->idle_ms);
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)s->frames_in);
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)s->frames_out);
        vdr_cli_table_cell(&table, "%u", s->unconfirmed + s->undelivered);
    }
    if (!link->json)
        vdr_cli_table_print(&table);
}

static void
show_mailboxes(const vdr_cli_link *link, const vdr_wire_admin_result *result)
{
    static const char *const heads[] = {"MAILBOX", "NEWEST", "ACKNOWLEDGED", "WAITING"};
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 4);
    for (size_t i = 0; i < result->mailbox_count; i++) {
        const vdr_wire_mailbox_view *m = &result->mailboxes[i];
        char party[VDR_CONF_NAME_MAX + 32];
        snprintf(party, sizeof party, "%s:%.*s", vdr_party_kind_name(m->kind), (int)m->id.len,
                 (const char *)m->id.at);
        if (link->json) {
            vdr_cli_print(json_pack("{s:s, s:I, s:I}", "mailbox", party, "newest", (json_int_t)m->newest,
                                    "acknowledged", (json_int_t)m->acknowledged));
            continue;
        }
        vdr_cli_table_cell(&table, "%s", party);
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)m->newest);
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)m->acknowledged);
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)(m->newest - m->acknowledged));
    }
    if (!link->json)
        vdr_cli_table_print(&table);
}

typedef struct asking {
    const vdr_cli_link *link;
    vdr_verb verb;
} asking;

static void
show_told(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    const asking *a = context;
    const vdr_cli_link *link = a->link;
    for (size_t i = 0; i < result->problem_count; i++)
        fprintf(stderr, "%.*s:%u:%u: %.*s\n", (int)result->problems[i].file.len,
                (const char *)result->problems[i].file.at, result->problems[i].line,
                result->problems[i].column, (int)result->problems[i].text.len,
                (const char *)result->problems[i].text.at);
    for (size_t i = 0; i < result->file_count; i++)
        (void)fwrite(result->files[i].text.at, 1, result->files[i].text.len, stderr);
    if (err != VDR_OK)
        return;
    if (a->verb == VDR_VERB_SESSIONS)
        show_sessions(link, result);
    else if (a->verb == VDR_VERB_MAILBOXES)
        show_mailboxes(link, result);
    else if (result->text.len != 0 && !link->json)
        printf("%.*s\n", (int)result->text.len, (const char *)result->text.at);
    else if (result->counter_count != 0 || result->text_count != 0)
        show_result(link, result);
    else if (!link->json)
        printf("%.*s\n", result->text.len != 0 ? (int)result->text.len : 4,
               result->text.len != 0 ? (const char *)result->text.at : "done");
    else
        vdr_cli_print(json_pack("{s:s, s:o}", "result", "ok", "text", vdr_cli_text(result->text)));
}

/* One verb of the operator, asked and shown. */
static int
ask(const vdr_cli_verb *verb, const vdr_cli_link *link, vdr_client *client, const vdr_wire_admin *admin)
{
    asking a = {.link = link, .verb = admin->verb};
    vdr_err err = vdr_cli_patient(link, client, admin, verb->name, show_told, &a);
    return err == VDR_OK ? VDR_EXIT_OK : vdr_cli_link_failed(link, client, verb->name);
}

static int
operate(const vdr_cli_verb *verb, vdr_wire_admin *admin, verb_line *line)
{
    vdr_client_options options = {0};
    vdr_client *client;
    int status = vdr_cli_link_open(verb, &line->link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    status = ask(verb, &line->link, client, admin);
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

static int
run_plain(const vdr_cli_verb *verb, vdr_verb what, int argc, char **argv)
{
    verb_line line = {.link = VDR_CLI_LINK_NEW};
    vdr_wire_admin admin = {.verb = what, .time = VDR_MS_NONE};
    int status = take_options(verb, &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (optind != argc)
        return vdr_cli_usage(verb, "%s: nothing more was expected", argv[optind]);
    return operate(verb, &admin, &line);
}

static int
run_reload(int argc, char **argv)
{
    return run_plain(&vdr_cli_reload, VDR_VERB_RELOAD, argc, argv);
}

static int
run_sessions(int argc, char **argv)
{
    return run_plain(&vdr_cli_sessions, VDR_VERB_SESSIONS, argc, argv);
}

static int
run_mailboxes(int argc, char **argv)
{
    return run_plain(&vdr_cli_mailboxes, VDR_VERB_MAILBOXES, argc, argv);
}

static int
run_checkpoint(int argc, char **argv)
{
    return run_plain(&vdr_cli_checkpoint, VDR_VERB_CHECKPOINT, argc, argv);
}

static int
run_backup(int argc, char **argv)
{
    verb_line line = {.link = VDR_CLI_LINK_NEW};
    vdr_wire_admin admin = {.verb = VDR_VERB_BACKUP, .time = VDR_MS_NONE};
    int status = take_options(&vdr_cli_backup, &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 1)
        return vdr_cli_usage(&vdr_cli_backup, "give the copy one name");
    admin.name = vdr_span_str(argv[optind]);
    return operate(&vdr_cli_backup, &admin, &line);
}

static int
run_clock(int argc, char **argv)
{
    verb_line line = {.link = VDR_CLI_LINK_NEW};
    vdr_wire_admin admin = {.verb = VDR_VERB_CLOCK_ADVANCE};
    int status = take_options(&vdr_cli_clock, &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 2 || strcmp(argv[optind], "advance") != 0 ||
        !vdr_time_parse(vdr_span_str(argv[optind + 1]), &admin.time))
        return vdr_cli_usage(&vdr_cli_clock, "clock advance INSTANT, as 2026-03-02T09:00:00Z");
    return operate(&vdr_cli_clock, &admin, &line);
}

static int
own_status(const vdr_cli_link *link, vdr_client *client)
{
    vdr_wire_read read = {.query = VDR_QUERY_STATUS};
    const vdr_wire_answer *answer;
    if (vdr_client_read(client, &read, link->timeout_ms, &answer) != VDR_OK || answer->status == NULL)
        return vdr_cli_link_failed(link, client, "status");
    const vdr_wire_status_view *s = answer->status;
    char party[VDR_CONF_NAME_MAX + 32];
    snprintf(party, sizeof party, "%s:%.*s", vdr_party_kind_name(s->party_kind), (int)s->party_id.len,
             (const char *)s->party_id.at);
    if (link->json) {
        json_t *o = json_pack("{s:s, s:I, s:I}", "party", party, "newest", (json_int_t)s->newest,
                              "acknowledged", (json_int_t)s->acknowledged);
        if (s->party_kind == VDR_PARTY_REGISSEUR) {
            json_object_set_new(o, "load", json_integer(s->load));
            json_object_set_new(o, "capacity", json_integer(s->capacity));
            json_object_set_new(o, "hard_capacity", json_integer(s->hard_capacity));
            json_object_set_new(o, "absent", json_boolean(s->absent));
        }
        vdr_cli_print(o);
        return VDR_EXIT_OK;
    }
    printf("%s: %llu messages, %llu not acknowledged\n", party, (unsigned long long)s->newest,
           (unsigned long long)(s->newest - s->acknowledged));
    if (s->party_kind == VDR_PARTY_REGISSEUR)
        printf("%u cases, room for %u, never more than %u%s\n", s->load, s->capacity, s->hard_capacity,
               s->absent ? "; absent now" : "");
    return VDR_EXIT_OK;
}

static int
run_status(int argc, char **argv)
{
    verb_line line = {.link = VDR_CLI_LINK_NEW};
    vdr_client_options options = {0};
    vdr_client *client;
    vdr_client_state state;
    int status = take_options(&vdr_cli_status, &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    status = vdr_cli_link_open(&vdr_cli_status, &line.link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_client_state_get(client, &state);
    vdr_wire_admin admin = {.verb = VDR_VERB_STATUS, .time = VDR_MS_NONE};
    bool operates = state.welcome->party_kind == VDR_PARTY_OPERATOR;
    status = !operates                    ? own_status(&line.link, client)
             : line.all || line.link.json ? ask(&vdr_cli_status, &line.link, client, &admin)
                                          : vdr_cli_show_lights(&line.link, client);
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

/* ---- decisions ---- */

typedef struct line_reader {
    char *line;
    size_t size;
    bool follow, at_end, lost;
} line_reader;

static void
on_line(void *context, const vdr_wire_line *line)
{
    line_reader *reading = context;
    size_t len = vdr_decision_line(&line->decision, reading->line, reading->size);
    if (len > reading->size) {
        reading->size = len;
        reading->line = vdr_realloc(reading->line, len, 1);
        len = vdr_decision_line(&line->decision, reading->line, reading->size);
    }
    reading->lost |= fwrite(reading->line, 1, len, stdout) != len || putchar('\n') == EOF;
}

/* Somebody who follows sees that the silence is no fault; a script knows that nothing is missed from here. */
static void
on_caught_up(void *context, vdr_position position)
{
    line_reader *reading = context;
    reading->at_end = true;
    if (reading->follow) {
        fflush(stdout);
        (void)fprintf(stderr, "decisions: all before position %llu told, now live\n",
                      (unsigned long long)position);
    }
}

static int
run_decisions(int argc, char **argv)
{
    verb_line line = {.link = VDR_CLI_LINK_NEW};
    vdr_client_options options = {.pause_min_ms = 100, .pause_max_ms = 2000};
    vdr_client *client;
    line_reader reading = {0};
    int status = take_options(&vdr_cli_decisions, &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (!line.from_given && !line.follow)
        return vdr_cli_usage(&vdr_cli_decisions, "say from where (--from POSITION), or --follow, or both");
    status = vdr_cli_link_open(&vdr_cli_decisions, &line.link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_cli_stop_catch();
    reading.follow = line.follow;
    vdr_client_stream stream = {.from_given = line.from_given,
                                .position = line.from,
                                .on_line = on_line,
                                .on_caught_up = on_caught_up,
                                .context = &reading};
    vdr_client_decisions(client, &stream);
    while (status == VDR_EXIT_OK && !vdr_cli_stopped() && !reading.lost && (line.follow || !reading.at_end)) {
        vdr_err err = vdr_client_wait(client, 100);
        if (err == VDR_E_TIMEOUT || err == VDR_OK)
            fflush(stdout);
        vdr_client_error error;
        vdr_client_error_get(client, &error);
        if (error.err == VDR_E_WRONG_ROLE)
            status = vdr_cli_link_failed(&line.link, client, "decisions");
    }
    vdr_client_close(&client);
    free(reading.line);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

const vdr_cli_verb vdr_cli_status = {
    .name = "status", .summary = "how the broker is, or how you are", .help = status_help, .run = run_status};
const vdr_cli_verb vdr_cli_decisions = {.name = "decisions",
                                        .summary = "what the broker decides, line by line",
                                        .help = decisions_help,
                                        .run = run_decisions};
const vdr_cli_verb vdr_cli_clock = {
    .name = "clock", .summary = "let the time of an event clock pass", .help = clock_help, .run = run_clock};
const vdr_cli_verb vdr_cli_reload = {.name = "reload",
                                     .summary = "take a changed configuration or keys",
                                     .help = reload_help,
                                     .run = run_reload};
const vdr_cli_verb vdr_cli_sessions = {
    .name = "sessions", .summary = "who is connected", .help = sessions_help, .run = run_sessions};
const vdr_cli_verb vdr_cli_mailboxes = {
    .name = "mailboxes", .summary = "how much waits for whom", .help = mailboxes_help, .run = run_mailboxes};
const vdr_cli_verb vdr_cli_checkpoint = {.name = "checkpoint",
                                         .summary = "write a checkpoint now",
                                         .help = checkpoint_help,
                                         .run = run_checkpoint};
const vdr_cli_verb vdr_cli_backup = {.name = "backup",
                                     .summary = "copy the store of a running broker",
                                     .help = backup_help,
                                     .run = run_backup};
