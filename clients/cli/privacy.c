/* voordeur conflict, privacy: who may not have to do with whom, and what residents ask (protocol.md 5.10). */
#include "clients/cli/acting.h"
#include "clients/cli/show.h"

#include <stdio.h>
#include <string.h>

#define BSN_HELP                                                                                             \
    "  --bsn BSN                 a person; - reads the number from standard input, so that neither the\n"    \
    "                            list of processes nor the shell's history has it\n"

static const char conflict_help[] =
    "usage: voordeur conflict declare REGISSEUR --household HOUSEHOLD | --bsn BSN\n"
    "       voordeur conflict lift REGISSEUR --household HOUSEHOLD | --bsn BSN\n"
    "\n"
    "A conflict of interest: that regisseur gets no case of the household, or of the household that the\n"
    "person is of, now or later, and reads nothing of it. A case that they have is taken back and goes to\n"
    "somebody else. Regisseurs declare their own, as of their own number; coordinators and privacy officers\n"
    "anybody's, and they alone lift.\n"
    "\n"
    "  --household HOUSEHOLD     H12\n" BSN_HELP VDR_CLI_ACT_HELP "\n"
    "exit status: 0 done; 1 refused, with the code and what to do; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur conflict declare r-anna --bsn - --home /tmp/town --as regisseur:r-anna\n";

static const char privacy_help[] =
    "usage: voordeur privacy requests [--all]            what is asked, what stands, and by when\n"
    "       voordeur privacy erase HOUSEHOLD             at once; refused with an open case or a hold\n"
    "       voordeur privacy person-erase HOUSEHOLD --bsn BSN   one person; the others stay\n"
    "       voordeur privacy request-erasure HOUSEHOLD --reason TEXT [--due INSTANT]\n"
    "       voordeur privacy withdraw-request HOUSEHOLD --reason TEXT\n"
    "       voordeur privacy hold HOUSEHOLD --reason TEXT       nothing leaves; two persons\n"
    "       voordeur privacy confirm HOUSEHOLD                  the other one: placed, or lifted\n"
    "       voordeur privacy lift HOUSEHOLD --reason TEXT\n"
    "       voordeur privacy object WHAT --reason TEXT [--due INSTANT]    out of rules until decided\n"
    "       voordeur privacy decide WHAT --decision upheld|rejected --reason TEXT\n"
    "       voordeur privacy restrict WHAT --reason TEXT        kept, not used, shown to nobody\n"
    "       voordeur privacy unrestrict WHAT --reason TEXT\n"
    "       voordeur privacy rectify SIGNAL [--agency AGENCY] --correction TEXT [--due INSTANT]\n"
    "\n"
    "For privacy officers: what residents may ask (the GDPR's articles 15 to 21). WHAT is a household, as\n"
    "H12, a signal, --signal ID [--agency AGENCY], or a person, --bsn BSN. A request has a month (30 days)\n"
    "unless --due says otherwise; a week before, and when it is over, every privacy officer gets a message.\n"
    "An erasure that is asked while a case is open is done when the case ends. A hold takes two persons, to\n"
    "place it and to lift it; one of them may be a coordinator. A rectification goes to the signal's agency\n"
    "and is done when it corrects.\n"
    "\n"
    "  --signal ID --agency AGENCY    one signal; without --agency the newest of that id\n" BSN_HELP
    "  --all                     requests: ended ones too\n" VDR_CLI_ACT_HELP "\n"
    "exit status: 0 done; 1 refused, with the code and what to do; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur privacy request-erasure H12 --reason 'letter of 2 March' --home /tmp/town \\\n"
    "      --as privacy_officer:p-els\n";

#define BSN_BYTES 64u

typedef struct asking {
    const vdr_cli_verb *verb;
    vdr_cli_link link;
    vdr_client_act act;
    char bsn[BSN_BYTES]; /* read from standard input */
    bool all;
} asking;

enum {
    OPT_HOUSEHOLD = VDR_OPT_OWN,
    OPT_BSN,
    OPT_ID,
    OPT_TIME,
    OPT_SIGNAL,
    OPT_AGENCY,
    OPT_REASON,
    OPT_DUE,
    OPT_DECISION,
    OPT_CORRECTION,
    OPT_ALL
};

/* One line of standard input. */
static bool
read_bsn(asking *a)
{
    if (fgets(a->bsn, sizeof a->bsn, stdin) == NULL)
        return false;
    a->bsn[strcspn(a->bsn, "\r\n")] = '\0';
    a->act.bsn = a->bsn;
    return true;
}

static bool
take_option(asking *a, int option, const char *value)
{
    switch (option) {
    case OPT_HOUSEHOLD:
        a->act.household.number = vdr_cli_number(value, 'H');
        return a->act.household.number != 0;
    case OPT_BSN:
        a->act.bsn = value;
        return strcmp(value, "-") != 0 || read_bsn(a);
    case OPT_ID:
        a->act.id = value;
        return true;
    case OPT_TIME:
        return vdr_cli_take_instant("time", value, &a->act.time);
    case OPT_SIGNAL:
        a->act.signal = value;
        return true;
    case OPT_AGENCY:
        a->act.agency = value;
        return true;
    case OPT_REASON:
        a->act.reason = value;
        return true;
    case OPT_DUE:
        return vdr_cli_take_instant("due", value, &a->act.due);
    case OPT_DECISION:
        a->act.decision = value;
        return strcmp(value, "upheld") == 0 || strcmp(value, "rejected") == 0;
    case OPT_CORRECTION:
        a->act.correction = value;
        return true;
    case OPT_ALL:
        a->all = true;
        return true;
    default:
        return vdr_cli_link_take(&a->link, option, value);
    }
}

/* Leaves the words at argv[optind]; -1: help was asked for and given. */
static int
take_options(asking *a, const struct option *options, int argc, char **argv)
{
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            vdr_cli_help(a->verb);
            return -1;
        }
        if (!take_option(a, option, optarg))
            return vdr_cli_usage(a->verb, "unknown option, or a value that does not fit");
    }
    return VDR_EXIT_OK;
}

static int
run_conflict(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"household", required_argument, NULL, OPT_HOUSEHOLD},
                                            {"bsn", required_argument, NULL, OPT_BSN},
                                            {"id", required_argument, NULL, OPT_ID},
                                            {"time", required_argument, NULL, OPT_TIME},
                                            {NULL, 0, NULL, 0}};
    asking a = {.verb = &vdr_cli_conflict, .link = VDR_CLI_LINK_NEW};
    int status = take_options(&a, options, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 2)
        return vdr_cli_usage(a.verb, "say declare or lift, and which regisseur");
    if ((a.act.household.number != 0) == (a.act.bsn != NULL))
        return vdr_cli_usage(a.verb, "say of whom: --household HOUSEHOLD or --bsn BSN");
    a.act.regisseur = argv[optind + 1];
    if (strcmp(argv[optind], "declare") == 0)
        a.act.act = VDR_ACT_CONFLICT_DECLARED;
    else if (strcmp(argv[optind], "lift") == 0)
        a.act.act = VDR_ACT_CONFLICT_LIFTED;
    else
        return vdr_cli_usage(a.verb, "there is: declare, lift");
    return vdr_cli_act_send(a.verb, &a.link, &a.act);
}

/* ---- privacy ---- */

#define SPAN(span) (int)(span).len, (const char *)(span).at

static void
print_right(const vdr_wire_right_view *r, vdr_ms now)
{
    vdr_cli_print(json_pack(
        "{s:I, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:o, s:o}", "number", (json_int_t)r->number,
        "kind", vdr_right_kind_name(r->kind), "state", vdr_right_state_name(r->state), "household",
        vdr_cli_number_id('H', r->household.number), "source", vdr_cli_text(r->signal.source), "signal",
        vdr_cli_text(r->signal.id), "at", vdr_cli_instant(r->at_ms), "due", vdr_cli_instant(r->due), "ended",
        vdr_cli_instant(r->ended), "overdue",
        r->ended == VDR_MS_NONE && r->due != VDR_MS_NONE && r->due < now, "author", vdr_cli_text(r->author),
        "second", vdr_cli_text(r->second), "case", vdr_cli_number_id('C', r->case_id.number)));
}

static void
add_right(vdr_cli_table *table, const vdr_wire_right_view *r, vdr_ms now)
{
    vdr_cli_table_cell(table, "%llu", (unsigned long long)r->number);
    vdr_cli_table_cell(table, "%s", vdr_right_kind_name(r->kind));
    if (r->household.number == 0)
        vdr_cli_table_cell(table, "a person");
    else if (r->signal.id.len != 0)
        vdr_cli_table_cell(table, "H%llu %.*s", (unsigned long long)r->household.number, SPAN(r->signal.id));
    else
        vdr_cli_table_cell(table, "H%llu", (unsigned long long)r->household.number);
    vdr_cli_table_cell(table, "%s", vdr_right_state_name(r->state));
    vdr_cli_table_cell(table, "%s", vdr_cli_when(r->at_ms));
    if (r->ended != VDR_MS_NONE)
        vdr_cli_table_cell(table, "-");
    else
        vdr_cli_table_cell(table, "%s%s", r->due != VDR_MS_NONE ? vdr_cli_when(r->due) : "-",
                           r->due != VDR_MS_NONE && r->due < now ? ", overdue" : "");
    vdr_cli_table_cell(table, "%.*s%s%.*s", SPAN(r->author), r->second.len != 0 ? ", " : "", SPAN(r->second));
    if (r->case_id.number != 0)
        vdr_cli_table_cell(table, "C%llu", (unsigned long long)r->case_id.number);
    else
        vdr_cli_table_cell(table, "-");
}

/* All pages of the list. */
static int
read_requests(const asking *a, vdr_client *client, vdr_cli_table *table)
{
    uint8_t resume[VDR_RESUME_BYTES_MAX];
    vdr_wire_read read = {.query = VDR_QUERY_REQUESTS};
    const vdr_wire_answer *answer;
    do {
        if (vdr_client_read(client, &read, a->link.timeout_ms, &answer) != VDR_OK)
            return vdr_cli_link_failed(&a->link, client, "requests");
        for (size_t i = 0; i < answer->right_count; i++) {
            const vdr_wire_right_view *r = &answer->rights[i];
            if (!a->all && r->ended != VDR_MS_NONE)
                continue;
            if (a->link.json)
                print_right(r, answer->at_ms);
            else
                add_right(table, r, answer->at_ms);
        }
        if (answer->resume.len > sizeof resume)
            break;
        if (answer->resume.len != 0)
            memcpy(resume, answer->resume.at, answer->resume.len);
        read.resume = answer->resume.len != 0 ? vdr_span_of(resume, answer->resume.len) : (vdr_span){0};
    } while (read.resume.len != 0);
    return VDR_EXIT_OK;
}

static int
requests(const asking *a)
{
    static const char *const heads[] = {"NUMBER", "WHAT", "ABOUT", "STATE", "SINCE", "DUE", "BY", "CASE"};
    vdr_client_options options = {0};
    vdr_client *client;
    vdr_cli_table table;
    int status = vdr_cli_link_open(a->verb, &a->link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_cli_table_init(&table, heads, 8);
    status = read_requests(a, client, &table);
    bool none = table.count == 0 && status == VDR_EXIT_OK && !a->link.json;
    vdr_client_close(&client);
    if (none)
        puts(a->all ? "Nothing was asked." : "Nothing is asked, and nothing stands.");
    if (table.count != 0)
        vdr_cli_table_print(&table);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

/* What an act of this verb is about. */
enum about { ABOUT_HOUSEHOLD, ABOUT_ONE, ABOUT_SIGNAL };

static const struct {
    const char *word;
    vdr_act act;
    enum about about;
    bool reason, due, decision, correction; /* takes them; all but due are needed then */
} words[] = {
    {"erase", VDR_ACT_ERASED, ABOUT_HOUSEHOLD, false, false, false, false},
    {"request-erasure", VDR_ACT_ERASURE_REQUESTED, ABOUT_HOUSEHOLD, true, true, false, false},
    {"withdraw-request", VDR_ACT_ERASURE_REQUEST_WITHDRAWN, ABOUT_HOUSEHOLD, true, false, false, false},
    {"hold", VDR_ACT_HOLD_PLACED, ABOUT_HOUSEHOLD, true, false, false, false},
    {"confirm", VDR_ACT_HOLD_CONFIRMED, ABOUT_HOUSEHOLD, false, false, false, false},
    {"lift", VDR_ACT_HOLD_LIFTED, ABOUT_HOUSEHOLD, true, false, false, false},
    {"object", VDR_ACT_OBJECTED, ABOUT_ONE, true, true, false, false},
    {"decide", VDR_ACT_OBJECTION_DECIDED, ABOUT_ONE, true, false, true, false},
    {"restrict", VDR_ACT_RESTRICTED, ABOUT_ONE, true, false, false, false},
    {"unrestrict", VDR_ACT_RESTRICTION_LIFTED, ABOUT_ONE, true, false, false, false},
    {"rectify", VDR_ACT_RECTIFICATION_REQUESTED, ABOUT_SIGNAL, false, true, false, true},
    {"person-erase", VDR_ACT_PERSON_ERASED, ABOUT_HOUSEHOLD, false, false, false, false},
};

/* The words behind the first name what it is about. False: they do not. */
static bool
take_about(asking *a, enum about about, char **rest, int count)
{
    if (about == ABOUT_SIGNAL) {
        a->act.signal = count == 1 ? rest[0] : NULL;
        return count == 1;
    }
    if (count == 1)
        a->act.household.number = vdr_cli_number(rest[0], 'H');
    bool household = count == 1 && a->act.household.number != 0;
    if (about == ABOUT_HOUSEHOLD)
        return household && a->act.signal == NULL;
    bool signal = a->act.signal != NULL, person = a->act.bsn != NULL;
    return count == 0 ? signal != person : household && !signal && !person;
}

static int
privacy_act(asking *a, const char *word, char **rest, int count)
{
    size_t i = 0;
    while (i < sizeof words / sizeof words[0] && strcmp(words[i].word, word) != 0)
        i++;
    if (i == sizeof words / sizeof words[0])
        return vdr_cli_usage(a->verb, "there is no: privacy %s", word);
    if (!take_about(a, words[i].about, rest, count))
        return vdr_cli_usage(a->verb, "privacy %s takes %s", word,
                             words[i].about == ABOUT_HOUSEHOLD ? "a household, as H12"
                             : words[i].about == ABOUT_SIGNAL
                                 ? "the id of a signal"
                                 : "a household, as H12, or --signal ID or --bsn BSN");
    if ((a->act.reason != NULL) != words[i].reason || (a->act.decision != NULL) != words[i].decision ||
        (a->act.correction != NULL) != words[i].correction || (a->act.due != 0 && !words[i].due) ||
        (a->act.bsn != NULL && words[i].about != ABOUT_ONE) != (words[i].act == VDR_ACT_PERSON_ERASED))
        return vdr_cli_usage(a->verb, "privacy %s takes%s%s%s%s%s", word, words[i].reason ? " --reason" : "",
                             words[i].act == VDR_ACT_PERSON_ERASED ? " --bsn" : "",
                             words[i].decision ? " --decision" : "",
                             words[i].correction ? " --correction" : "", words[i].due ? " [--due]" : "");
    a->act.act = words[i].act;
    return vdr_cli_act_send(a->verb, &a->link, &a->act);
}

static int
run_privacy(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"signal", required_argument, NULL, OPT_SIGNAL},
                                            {"agency", required_argument, NULL, OPT_AGENCY},
                                            {"reason", required_argument, NULL, OPT_REASON},
                                            {"due", required_argument, NULL, OPT_DUE},
                                            {"decision", required_argument, NULL, OPT_DECISION},
                                            {"correction", required_argument, NULL, OPT_CORRECTION},
                                            {"all", no_argument, NULL, OPT_ALL},
                                            {"bsn", required_argument, NULL, OPT_BSN},
                                            {"id", required_argument, NULL, OPT_ID},
                                            {"time", required_argument, NULL, OPT_TIME},
                                            {NULL, 0, NULL, 0}};
    asking a = {.verb = &vdr_cli_privacy, .link = VDR_CLI_LINK_NEW};
    int status = take_options(&a, options, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind < 1)
        return vdr_cli_usage(a.verb, "say what to do: requests, erase, hold, object, rectify, ...");
    if (strcmp(argv[optind], "requests") == 0 && argc - optind == 1)
        return requests(&a);
    return privacy_act(&a, argv[optind], argv + optind + 1, argc - optind - 1);
}

const vdr_cli_verb vdr_cli_conflict = {.name = "conflict",
                                       .summary = "declare or lift a conflict of interest",
                                       .help = conflict_help,
                                       .run = run_conflict};
const vdr_cli_verb vdr_cli_privacy = {.name = "privacy",
                                      .summary = "what residents ask: erase, hold, object, restrict, rectify",
                                      .help = privacy_help,
                                      .run = run_privacy};
