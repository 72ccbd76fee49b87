/* voordeur case, signal, household, erase: look at one thing, and act on it (semantics section 9). */
#include "clients/cli/erasure.h"
#include "clients/cli/acting.h"
#include "clients/cli/show.h"

#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ACT_HELP                                                                                             \
    "  --revision N              act only if the case still has this revision (see show)\n" VDR_CLI_ACT_HELP

#define GLASS_HELP                                                                                           \
    "What is not yours to see is shown with --break-glass REASON, for this one answer: every privacy "       \
    "officer\n"                                                                                              \
    "is told who looked at what, and why. A conflict of interest is not looked through.\n"

static const char case_help[] =
    "usage: voordeur case show CASE [--break-glass REASON]\n"
    "       voordeur case accept CASE\n"
    "       voordeur case decline CASE --reason TEXT\n"
    "       voordeur case dismiss CASE --reason TEXT       regular help suffices\n"
    "       voordeur case handover CASE --to REGISSEUR     you stay responsible until they accept\n"
    "       voordeur case handover CASE --accept\n"
    "       voordeur case plan CASE FILE                   FILE: JSON, "
    "{\"goals\":[{\"domain\":\"finances\",\n"
    "                      "
    "\"text\":\"...\",\"owner\":\"...\",\"due\":\"2026-12-01T00:00:00Z\",\"state\":\"open\"}]}\n"
    "       voordeur case escalate CASE --to WHOM --reason TEXT\n"
    "       voordeur case close CASE --outcome TEXT\n"
    "       voordeur case assign CASE --to REGISSEUR       coordinators\n"
    "       voordeur case note CASE --agency AGENCY --text TEXT   write to whom the case has a signal of\n"
    "       voordeur case note CASE --service SERVICE --text TEXT the same, to the service that one went to\n"
    "\n"
    "A case is written C7. Each act is answered when it is on disk: its verdict, and the case's new "
    "revision.\n"
    "\n" GLASS_HELP "\n" ACT_HELP "\n"
    "exit status: 0 done; 1 refused, with the code and what to do; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur case accept C7 --home /tmp/town --as regisseur:r-anna\n";

static const char signal_help[] =
    "usage: voordeur signal show ID [--agency AGENCY] [--break-glass REASON]\n"
    "       voordeur signal withdraw ID --reason TEXT       the agency that sent it\n"
    "       voordeur signal end ID [--occurred INSTANT]     a state signal: it is over\n"
    "       voordeur signal feedback ID --result TEXT [--agency AGENCY]    the service it went to\n"
    "       voordeur signal note ID --text TEXT [--agency AGENCY]   to the regisseur of its case\n"
    "\n" GLASS_HELP "\n" ACT_HELP "\n"
    "example:\n"
    "  voordeur signal feedback s-17 --result helped --home /tmp/town --as service:wijkteam\n";

static const char household_help[] =
    "usage: voordeur household show HOUSEHOLD [--break-glass REASON]\n"
    "       voordeur household merge INTO FROM\n"
    "       voordeur household set-aside HOUSEHOLD OTHER [--reason TEXT]   they are not one\n"
    "       voordeur household split HOUSEHOLD [--person HANDLE]... [--address HANDLE]...\n"
    "\n"
    "For coordinators. Persons and addresses are named by the handles that show gives; the broker puts the\n"
    "numbers in.\n"
    "\n" GLASS_HELP "\n" ACT_HELP "\n"
    "example:\n"
    "  voordeur household merge H12 H40 --home /tmp/town --as coordinator:c-piet\n";

static const char erase_help[] =
    "usage: voordeur erase HOUSEHOLD\n"
    "       voordeur erase run|status|proofs\n"
    "\n"
    "For privacy officers: all that is kept of a household leaves. Refused while it has an open case or a\n"
    "legal hold; `voordeur privacy request-erasure` waits for both.\n"
    "\n"
    "For operators and auditors: a run destroys the keys of all that left, so that nothing of it can be\n"
    "opened any more, in the store or in a backup made before. It begins by itself a second after an\n"
    "erasure, and for what left by its term as node.yaml says (erasure: {every: 7d}). After it, take a\n"
    "backup: older ones cannot be opened any more.\n"
    "\n"
    "  run                       a run now; ends when it is complete (operators)\n"
    "  status                    how it stands: what waits, the last run and the next\n"
    "  proofs                    what left, when and why, a line of JSON each; nobody is named\n"
    "\n" ACT_HELP "\n"
    "examples:\n"
    "  voordeur erase H12 --home /tmp/town --as privacy_officer:p-els\n"
    "  voordeur erase status --home /tmp/town --as operator:beheer\n";

#define MEMBERS_MAX 64u
#define PAGE_ITEMS  1000u /* all of a case but the largest: its signals and notes */

typedef struct acting {
    const vdr_cli_verb *verb;
    vdr_cli_link link;
    vdr_client_act act;
    const char *reason, *to, *outcome, *result, *agency, *break_glass, *service, *text;
    bool accept;
    const char *persons[MEMBERS_MAX], *addresses[MEMBERS_MAX];
    json_t *plan; /* holds the texts of the goals */
    vdr_wire_goal goals[MEMBERS_MAX];
} acting;

enum {
    OPT_REVISION = VDR_OPT_OWN,
    OPT_ID,
    OPT_TIME,
    OPT_REASON,
    OPT_TO,
    OPT_OUTCOME,
    OPT_RESULT,
    OPT_AGENCY,
    OPT_ACCEPT,
    OPT_OCCURRED,
    OPT_PERSON,
    OPT_ADDRESS,
    OPT_BREAK_GLASS,
    OPT_SERVICE,
    OPT_TEXT
};

static bool
take_option(acting *a, int option, const char *value)
{
    char *end;
    switch (option) {
    case OPT_REVISION:
        a->act.check_revision = true;
        a->act.revision = strtoull(value, &end, 10);
        return *value >= '0' && *value <= '9' && *end == '\0';
    case OPT_ID:
        a->act.id = value;
        return true;
    case OPT_TIME:
        return vdr_cli_take_instant("time", value, &a->act.time);
    case OPT_REASON:
        a->reason = value;
        return true;
    case OPT_TO:
        a->to = value;
        return true;
    case OPT_OUTCOME:
        a->outcome = value;
        return true;
    case OPT_RESULT:
        a->result = value;
        return true;
    case OPT_AGENCY:
        a->agency = value;
        return true;
    case OPT_BREAK_GLASS:
        a->break_glass = value;
        return true;
    case OPT_SERVICE:
        a->service = value;
        return true;
    case OPT_TEXT:
        a->text = value;
        return true;
    case OPT_ACCEPT:
        a->accept = true;
        return true;
    case OPT_OCCURRED:
        return vdr_cli_take_instant("occurred", value, &a->act.occurred_at);
    case OPT_PERSON:
        if (a->act.person_count == MEMBERS_MAX)
            return false;
        a->persons[a->act.person_count++] = value;
        return true;
    case OPT_ADDRESS:
        if (a->act.address_count == MEMBERS_MAX)
            return false;
        a->addresses[a->act.address_count++] = value;
        return true;
    default:
        return vdr_cli_link_take(&a->link, option, value);
    }
}

/* Options of all; leaves the words (show, C7, …) at argv[optind]. */
static int
take_options(acting *a, int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"revision", required_argument, NULL, OPT_REVISION},
                                            {"id", required_argument, NULL, OPT_ID},
                                            {"time", required_argument, NULL, OPT_TIME},
                                            {"reason", required_argument, NULL, OPT_REASON},
                                            {"to", required_argument, NULL, OPT_TO},
                                            {"outcome", required_argument, NULL, OPT_OUTCOME},
                                            {"result", required_argument, NULL, OPT_RESULT},
                                            {"agency", required_argument, NULL, OPT_AGENCY},
                                            {"break-glass", required_argument, NULL, OPT_BREAK_GLASS},
                                            {"service", required_argument, NULL, OPT_SERVICE},
                                            {"text", required_argument, NULL, OPT_TEXT},
                                            {"accept", no_argument, NULL, OPT_ACCEPT},
                                            {"occurred", required_argument, NULL, OPT_OCCURRED},
                                            {"person", required_argument, NULL, OPT_PERSON},
                                            {"address", required_argument, NULL, OPT_ADDRESS},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            vdr_cli_help(a->verb);
            return -1;
        }
        if (!take_option(a, option, optarg))
            return vdr_cli_usage(a->verb, "unknown option, or a value that does not fit");
    }
    a->act.persons = a->persons;
    a->act.addresses = a->addresses;
    return VDR_EXIT_OK;
}

static int
send_act(const acting *a)
{
    return vdr_cli_act_send(a->verb, &a->link, &a->act);
}

static int
read_one(acting *a, const vdr_wire_read *read)
{
    vdr_client_options options = {0};
    vdr_client *client;
    const vdr_wire_answer *answer;
    vdr_wire_read asked = *read;
    asked.break_glass = vdr_span_str(a->break_glass);
    asked.page_items = PAGE_ITEMS;
    int status = vdr_cli_link_open(a->verb, &a->link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    if (vdr_client_read(client, &asked, a->link.timeout_ms, &answer) != VDR_OK) {
        status = vdr_cli_link_failed(&a->link, client, "show");
    } else {
        for (size_t i = 0; i < answer->case_count; i++)
            a->link.json ? vdr_cli_print(vdr_cli_case(&answer->cases[i]))
                         : vdr_cli_show_case(&answer->cases[i]);
        for (size_t i = 0; i < answer->signal_count; i++)
            a->link.json ? vdr_cli_print(vdr_cli_signal(&answer->signals[i]))
                         : vdr_cli_show_signal(&answer->signals[i]);
        for (size_t i = 0; i < answer->household_count; i++)
            a->link.json ? vdr_cli_print(vdr_cli_household(&answer->households[i]))
                         : vdr_cli_show_household(&answer->households[i]);
    }
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

/* ---- case ---- */

static vdr_span
text_of(const json_t *object, const char *name)
{
    const json_t *value = json_object_get(object, name);
    return json_is_string(value) ? vdr_span_of(json_string_value(value), json_string_length(value))
                                 : (vdr_span){0};
}

/* The plan's goals, and its next revision: the one the broker has, and one. */
static int
read_plan(acting *a, const char *path)
{
    json_error_t error;
    size_t i;
    json_t *goal;
    a->plan = strcmp(path, "-") == 0 ? json_loadf(stdin, JSON_REJECT_DUPLICATES, &error)
                                     : json_load_file(path, JSON_REJECT_DUPLICATES, &error);
    json_t *goals = json_object_get(a->plan, "goals");
    if (!json_is_array(goals) || json_array_size(goals) > MEMBERS_MAX) {
        fprintf(stderr, "voordeur case plan: %s:%d: %s\n", path, a->plan == NULL ? error.line : 1,
                a->plan == NULL ? error.text
                                : "an object with an array \"goals\" of at most 64 was expected");
        return VDR_EXIT_USAGE;
    }
    json_array_foreach(goals, i, goal)
    {
        vdr_wire_goal *to = &a->goals[i];
        vdr_span due = text_of(goal, "due");
        *to = (vdr_wire_goal){.domain = text_of(goal, "domain"),
                              .text = text_of(goal, "text"),
                              .owner = text_of(goal, "owner"),
                              .state = text_of(goal, "state")};
        if (to->domain.at == NULL || to->text.at == NULL || to->owner.at == NULL || to->state.at == NULL ||
            !vdr_time_parse(due, &to->due_ms)) {
            fprintf(stderr, "voordeur case plan: %s: goal %zu needs domain, text, owner, due and state\n",
                    path, i + 1);
            return VDR_EXIT_USAGE;
        }
    }
    a->act.goals = a->goals;
    a->act.goal_count = json_array_size(goals);
    const json_t *revision = json_object_get(a->plan, "revision");
    if (json_is_integer(revision)) {
        a->act.plan_revision = (uint64_t)json_integer_value(revision);
        return VDR_EXIT_OK;
    }
    vdr_client_options options = {0};
    vdr_client *client;
    const vdr_wire_answer *answer;
    vdr_wire_read read = {.query = VDR_QUERY_CASE, .case_id = a->act.case_id};
    int status = vdr_cli_link_open(a->verb, &a->link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    if (vdr_client_read(client, &read, a->link.timeout_ms, &answer) != VDR_OK)
        status = vdr_cli_link_failed(&a->link, client, "plan");
    else if (answer->case_count == 1)
        a->act.plan_revision = answer->cases[0].plan_revision + 1;
    vdr_client_close(&client);
    return status;
}

static int
case_act(acting *a, const char *word, char **rest, int rest_count)
{
    static const struct {
        const char *word;
        vdr_act act;
        bool reason, to, outcome, file;
    } rows[] = {
        {"accept", VDR_ACT_CASE_ACCEPTED, false, false, false, false},
        {"decline", VDR_ACT_CASE_DECLINED, true, false, false, false},
        {"dismiss", VDR_ACT_CASE_DISMISSED, true, false, false, false},
        {"handover", VDR_ACT_HANDOVER_OFFERED, false, true, false, false},
        {"plan", VDR_ACT_PLAN_SET, false, false, false, true},
        {"escalate", VDR_ACT_CASE_ESCALATED, true, true, false, false},
        {"close", VDR_ACT_CASE_CLOSED, false, false, true, false},
        {"assign", VDR_ACT_CASE_ASSIGNED, false, true, false, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        if (strcmp(word, rows[i].word) != 0)
            continue;
        a->act.act = rows[i].act;
        bool to = rows[i].to;
        if (a->accept && rows[i].act == VDR_ACT_HANDOVER_OFFERED) {
            a->act.act = VDR_ACT_HANDOVER_ACCEPTED;
            to = false;
        }
        if (rest_count != (rows[i].file ? 1 : 0))
            return vdr_cli_usage(a->verb, "case %s CASE%s", word, rows[i].file ? " FILE" : "");
        if (rows[i].reason != (a->reason != NULL) || to != (a->to != NULL) ||
            rows[i].outcome != (a->outcome != NULL))
            return vdr_cli_usage(a->verb, "case %s takes%s%s%s%s", word, to ? " --to" : "",
                                 rows[i].reason ? " --reason" : "", rows[i].outcome ? " --outcome" : "",
                                 to || rows[i].reason || rows[i].outcome ? "" : " no such option");
        a->act.reason = a->reason;
        a->act.outcome = a->outcome;
        if (a->act.act == VDR_ACT_CASE_ASSIGNED)
            a->act.regisseur = a->to;
        else
            a->act.to = a->to;
        if (rows[i].file) {
            int status = read_plan(a, rest[0]);
            if (status != VDR_EXIT_OK)
                return status;
        }
        return send_act(a);
    }
    return vdr_cli_usage(a->verb, "there is no: case %s", word);
}

static int
case_note(acting *a, int rest_count)
{
    if (rest_count != 0 || a->text == NULL || (a->agency == NULL) == (a->service == NULL))
        return vdr_cli_usage(a->verb, "case note CASE takes --text, and --agency or --service");
    a->act.act = VDR_ACT_NOTE_SENT;
    a->act.agency = a->agency;
    a->act.service = a->service;
    a->act.text = a->text;
    return send_act(a);
}

static int
run_case(int argc, char **argv)
{
    acting a = {.verb = &vdr_cli_cases, .link = VDR_CLI_LINK_NEW};
    int status = take_options(&a, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind < 2)
        return vdr_cli_usage(a.verb, "say what to do, and with which case");
    a.act.case_id.number = vdr_cli_number(argv[optind + 1], 'C');
    if (a.act.case_id.number == 0)
        return vdr_cli_usage(a.verb, "%s: a case is written C7", argv[optind + 1]);
    if (strcmp(argv[optind], "show") == 0) {
        vdr_wire_read read = {.query = VDR_QUERY_CASE, .case_id = a.act.case_id};
        return read_one(&a, &read);
    }
    if (strcmp(argv[optind], "note") == 0)
        return case_note(&a, argc - optind - 2);
    status = case_act(&a, argv[optind], argv + optind + 2, argc - optind - 2);
    json_decref(a.plan);
    return status;
}

/* ---- signal ---- */

static int
run_signal(int argc, char **argv)
{
    acting a = {.verb = &vdr_cli_signals, .link = VDR_CLI_LINK_NEW};
    int status = take_options(&a, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 2)
        return vdr_cli_usage(a.verb, "say what to do, and with which signal");
    const char *word = argv[optind];
    a.act.signal = argv[optind + 1];
    if (strcmp(word, "show") == 0) {
        vdr_wire_read read = {.query = VDR_QUERY_SIGNAL,
                              .signal.id = vdr_span_str(a.act.signal),
                              .agency = vdr_span_str(a.agency)};
        return read_one(&a, &read);
    }
    if (strcmp(word, "withdraw") == 0) {
        a.act.act = VDR_ACT_SIGNAL_WITHDRAWN;
        a.act.reason = a.reason;
        if (a.reason == NULL)
            return vdr_cli_usage(a.verb, "say why: --reason TEXT");
    } else if (strcmp(word, "end") == 0) {
        a.act.act = VDR_ACT_SIGNAL_ENDED;
    } else if (strcmp(word, "feedback") == 0) {
        a.act.act = VDR_ACT_FEEDBACK;
        a.act.result = a.result;
        a.act.agency = a.agency;
        if (a.result == NULL)
            return vdr_cli_usage(a.verb, "say what came of it: --result TEXT");
    } else if (strcmp(word, "note") == 0) {
        a.act.act = VDR_ACT_NOTE_ANSWERED;
        a.act.text = a.text;
        a.act.agency = a.agency;
        if (a.text == NULL)
            return vdr_cli_usage(a.verb, "say what: --text TEXT");
    } else {
        return vdr_cli_usage(a.verb, "there is no: signal %s", word);
    }
    return send_act(&a);
}

/* ---- household, erase ---- */

static int
run_household(int argc, char **argv)
{
    acting a = {.verb = &vdr_cli_households, .link = VDR_CLI_LINK_NEW};
    int status = take_options(&a, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    int words = argc - optind;
    if (words < 2)
        return vdr_cli_usage(a.verb, "say what to do, and with which household");
    vdr_household_id first = {vdr_cli_number(argv[optind + 1], 'H')};
    if (first.number == 0)
        return vdr_cli_usage(a.verb, "%s: a household is written H12", argv[optind + 1]);
    if (strcmp(argv[optind], "show") == 0 && words == 2) {
        vdr_wire_read read = {.query = VDR_QUERY_HOUSEHOLD, .household = first};
        return read_one(&a, &read);
    }
    if (strcmp(argv[optind], "merge") == 0 && words == 3) {
        a.act.act = VDR_ACT_HOUSEHOLD_MERGED;
        a.act.into = first;
        a.act.from.number = vdr_cli_number(argv[optind + 2], 'H');
        if (a.act.from.number == 0)
            return vdr_cli_usage(a.verb, "%s: a household is written H12", argv[optind + 2]);
        return send_act(&a);
    }
    if (strcmp(argv[optind], "set-aside") == 0 && words == 3) {
        a.act.act = VDR_ACT_REVIEW_SET_ASIDE;
        a.act.household = first;
        a.act.other.number = vdr_cli_number(argv[optind + 2], 'H');
        a.act.reason = a.reason;
        if (a.act.other.number == 0)
            return vdr_cli_usage(a.verb, "%s: a household is written H12", argv[optind + 2]);
        return send_act(&a);
    }
    if (strcmp(argv[optind], "split") == 0 && words == 2) {
        a.act.act = VDR_ACT_HOUSEHOLD_SPLIT;
        a.act.household = first;
        return send_act(&a);
    }
    return vdr_cli_usage(
        a.verb, "there is: show HOUSEHOLD, merge INTO FROM, set-aside HOUSEHOLD OTHER, split HOUSEHOLD");
}

static int
run_erase(int argc, char **argv)
{
    acting a = {.verb = &vdr_cli_erase, .link = VDR_CLI_LINK_NEW, .act = {.act = VDR_ACT_ERASED}};
    int status = take_options(&a, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 1)
        return vdr_cli_usage(a.verb, "say which household, or run, status or proofs");
    if (vdr_cli_is_erasure(argv[optind]))
        return vdr_cli_erasure(a.verb, &a.link, argv[optind]);
    a.act.household.number = vdr_cli_number(argv[optind], 'H');
    if (a.act.household.number == 0)
        return vdr_cli_usage(a.verb, "%s: a household is written H12", argv[optind]);
    return send_act(&a);
}

const vdr_cli_verb vdr_cli_cases = {.name = "case",
                                    .summary = "show, accept, decline, dismiss, plan, write, close …",
                                    .help = case_help,
                                    .run = run_case};
const vdr_cli_verb vdr_cli_signals = {.name = "signal",
                                      .summary = "show, withdraw, end, give feedback, write",
                                      .help = signal_help,
                                      .run = run_signal};
const vdr_cli_verb vdr_cli_households = {.name = "household",
                                         .summary = "show, merge, set aside, split",
                                         .help = household_help,
                                         .run = run_household};
const vdr_cli_verb vdr_cli_erase = {
    .name = "erase", .summary = "destroy what is kept of a household", .help = erase_help, .run = run_erase};
