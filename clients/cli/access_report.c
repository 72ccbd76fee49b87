/* voordeur access-report: what is held about a household, and who did and saw what with it, fit to hand over. */
#include "broker/study/sentence.h"
#include "clients/cli/audit.h"
#include "clients/cli/config.h"
#include "clients/cli/show.h"

#include <stdio.h>
#include <string.h>

static const char help[] =
    "usage: voordeur access-report --household H12 | --bsn - --reason TEXT [--english] [OPTION...]\n"
    "\n"
    "For privacy officers, for the resident's right of access: everything that is held about a household\n"
    "(persons and addresses, signals with what they say and until when they are kept, cases and plans, and\n"
    "in plain sentences the rules that made a case, as they were then), and everything that was done with\n"
    "it: who sent, decided, was told, read and looked, and when. As Markdown, in Dutch, to be read before "
    "it\n"
    "is handed over; with --json as one object. What it reads is looked at by breaking the glass with your\n"
    "reason: each look is in the log and in the privacy officers' mailbox. Nobody else may make it, and for\n"
    "them nothing is read.\n"
    "\n"
    "  --household H12   of this household, and of those that were merged into it\n"
    "  --bsn -           of the household that a person is of: the number is read from standard input, so\n"
    "                    that neither the list of processes nor the shell's history has it. A search that\n"
    "                    finds nobody is in the log and in the mailbox too\n"
    "  --reason TEXT     why it is made, as \"request for access of 2 March, number 17\" (10 to 500 bytes)\n"
    "  --english         the words between in English\n" VDR_CLI_LINK_HELP "\n"
    "exit status: 0 done; 1 not done; 2 wrong use\n"
    "\n"
    "example:\n"
    "  voordeur access-report --bsn - --reason \"verzoek om inzage 17\" --home /etc/voordeur/home \\\n"
    "      --as privacy_officer:p-els > inzage-17.md\n";

#define BSN_BYTES 64u

enum { OPT_HOUSEHOLD = VDR_OPT_OWN, OPT_BSN, OPT_REASON, OPT_ENGLISH };

typedef struct report {
    vdr_cli_link link;
    const char *reason;
    bool english;
    uint64_t household;  /* 0: of the person */
    char bsn[BSN_BYTES]; /* empty: of the household */
    vdr_client *client;
    json_t *trail, *names, *cases; /* names: signals by position; cases: by number */
} report;

static const char *
say(const report *r, const char *dutch, const char *english)
{
    return r->english ? english : dutch;
}

/* ---- what was done with it */

static void
put(json_t *o, const char *name, vdr_span text)
{
    if (text.len != 0)
        json_object_set_new(o, name, vdr_cli_text(text));
}

static void
on_line(void *context, const vdr_audit_line *line)
{
    report *r = context;
    char key[32];
    json_t *o = json_pack("{s:o, s:o}", "at", vdr_cli_instant(line->at), "kind", vdr_cli_text(line->kind));
    if (line->until != VDR_MS_NONE)
        json_object_set_new(o, "until", vdr_cli_instant(line->until));
    put(o, "by", line->by);
    put(o, "to", line->to);
    put(o, "what", line->what);
    put(o, "reason", line->reason);
    if (line->case_id != 0)
        json_object_set_new(o, "case", vdr_cli_number_id('C', line->case_id));
    if (line->parts != 0)
        json_object_set_new(o, "parts", json_string(vdr_audit_parts(line->parts)));
    json_array_append_new(r->trail, o);
    if (line->source.len != 0 && line->id.len != 0) {
        snprintf(key, sizeof key, "%llu", (unsigned long long)line->signal);
        json_object_set_new(
            r->names, key,
            json_pack("{s:o, s:o}", "source", vdr_cli_text(line->source), "id", vdr_cli_text(line->id)));
    }
    if (line->case_id != 0) {
        snprintf(key, sizeof key, "%llu", (unsigned long long)line->case_id);
        json_object_set_new(r->cases, key, json_integer((json_int_t)line->case_id));
    }
}

/* ---- what is held */

/* Asked before anything is looked at: nobody's glass is broken for a report that its maker may not have. */
static int
check_role(const report *r)
{
    const vdr_wire_read read = {.query = VDR_QUERY_STATUS};
    const vdr_wire_answer *answer = NULL;
    if (vdr_client_read(r->client, &read, r->link.timeout_ms, &answer) != VDR_OK || answer->status == NULL)
        return vdr_cli_link_failed(&r->link, r->client, "access-report");
    if (answer->status->party_kind == VDR_PARTY_PRIVACY_OFFICER)
        return VDR_EXIT_OK;
    fprintf(stderr, "voordeur access-report: %s: it is made by privacy officers only; nothing was read\n",
            vdr_err_code(VDR_E_WRONG_ROLE));
    return VDR_EXIT_FAILED;
}

/* NULL: it is no longer there, or the broker does not answer. */
static const vdr_wire_answer *
look(report *r, vdr_wire_read *read)
{
    const vdr_wire_answer *answer = NULL;
    read->break_glass = vdr_span_str(r->reason);
    if (vdr_client_read(r->client, read, r->link.timeout_ms, &answer) != VDR_OK || answer->error != VDR_OK)
        return NULL;
    return answer;
}

static json_t *
read_signals(report *r)
{
    json_t *all = json_array(), *name;
    const char *key;
    json_object_foreach(r->names, key, name)
    {
        vdr_wire_read read = {.query = VDR_QUERY_SIGNAL};
        read.signal.source = vdr_span_str(json_string_value(json_object_get(name, "source")));
        read.signal.id = vdr_span_str(json_string_value(json_object_get(name, "id")));
        const vdr_wire_answer *answer = look(r, &read);
        if (answer != NULL && answer->signal_count == 1)
            json_array_append_new(all, vdr_cli_signal(&answer->signals[0]));
    }
    return all;
}

static json_t *
read_cases(report *r)
{
    json_t *all = json_array(), *number;
    const char *key;
    json_object_foreach(r->cases, key, number)
    {
        vdr_wire_read read = {.query = VDR_QUERY_CASE};
        read.case_id.number = (uint64_t)json_integer_value(number);
        const vdr_wire_answer *answer = look(r, &read);
        if (answer != NULL && answer->case_count == 1)
            json_array_append_new(all, vdr_cli_case(&answer->cases[0]));
    }
    return all;
}

/* ---- the rules that made a case */

/* The configuration of a version; NULL: its texts are no longer kept, or the broker does not answer. */
static vdr_config *
config_of(report *r, uint64_t version)
{
    const vdr_wire_admin ask = {.verb = VDR_VERB_TEXTS, .number = version, .time = VDR_MS_NONE};
    const vdr_wire_admin_result *result = NULL;
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    if (vdr_client_admin(r->client, &ask, r->link.timeout_ms, &result) != VDR_OK ||
        result->file_count != VDR_CONFIG_FILES)
        return NULL;
    for (size_t i = 0; i < VDR_CONFIG_FILES; i++) {
        texts.name[i] = result->files[i].name;
        texts.text[i] = result->files[i].text;
    }
    vdr_config_faults_init(&faults);
    if (vdr_config_read(&texts, &faults, &config) != VDR_OK)
        config = NULL;
    vdr_config_faults_done(&faults);
    return config;
}

/* The sentences of each of the case's rules, as published of the version that it was decided by; a rule without
 * "sentences" is no longer known. */
static json_t *
rules_of(report *r, json_t *one_case)
{
    json_t *all = json_array(), *name;
    size_t i;
    uint64_t version = (uint64_t)json_integer_value(json_object_get(one_case, "version"));
    vdr_config *config = version != 0 ? config_of(r, version) : NULL;
    json_array_foreach(json_object_get(one_case, "rules"), i, name)
    {
        vdr_bytes page = {0};
        json_t *row = json_pack("{s:O, s:O}", "case", json_object_get(one_case, "case"), "rule", name);
        if (config != NULL &&
            vdr_sentences_of_rule(config, vdr_span_str(json_string_value(name)),
                                  r->english ? VDR_ENGLISH : VDR_DUTCH, VDR_PAGE_MARKDOWN, &page))
            json_object_set_new(row, "sentences", vdr_cli_text(vdr_bytes_span(&page)));
        vdr_bytes_done(&page);
        json_array_append_new(all, row);
    }
    vdr_config_free(&config);
    return all;
}

static json_t *
read_rules(report *r, json_t *cases)
{
    json_t *all = json_array(), *one;
    size_t i;
    json_array_foreach(cases, i, one)
    {
        json_t *rules = rules_of(r, one);
        json_array_extend(all, rules);
        json_decref(rules);
    }
    return all;
}

/* ---- the page */

static void
print_value(const char *name, json_t *value, int depth)
{
    json_t *item;
    const char *key;
    size_t i;
    if (json_is_null(value) || json_is_false(value))
        return;
    if (json_is_object(value)) {
        printf("%*s- %s:\n", 2 * depth, "", name);
        json_object_foreach(value, key, item) print_value(key, item, depth + 1);
    } else if (json_is_array(value)) {
        json_array_foreach(value, i, item) print_value(name, item, depth);
    } else if (json_is_string(value)) {
        printf("%*s- %s: %s\n", 2 * depth, "", name, json_string_value(value));
    } else if (json_is_integer(value)) {
        printf("%*s- %s: %lld\n", 2 * depth, "", name, (long long)json_integer_value(value));
    } else {
        printf("%*s- %s\n", 2 * depth, "", name);
    }
}

static void
print_list(const char *title, const char *each, json_t *list)
{
    json_t *item;
    size_t i;
    printf("\n## %s\n\n", title);
    json_array_foreach(list, i, item) print_value(each, item, 0);
}

static void
print_rules(const report *r, json_t *rules)
{
    json_t *row;
    size_t i;
    printf("\n## %s\n", say(r, "De regels waardoor er een casus kwam", "The rules that made a case"));
    json_array_foreach(rules, i, row)
    {
        const char *sentences = json_string_value(json_object_get(row, "sentences"));
        printf("\n%s: %s\n\n", json_string_value(json_object_get(row, "case")),
               json_string_value(json_object_get(row, "rule")));
        puts(sentences != NULL ? sentences
                               : say(r, "De tekst van deze regel wordt niet meer bewaard.",
                                     "The text of this rule is no longer kept."));
    }
}

static void
print_trail(const report *r)
{
    json_t *row;
    size_t i;
    printf("\n## %s\n\n",
           say(r, "Wie er wat mee deed, en wie het zag", "Who did what with it, and who saw it"));
    printf("| %s | %s | %s | %s |\n|---|---|---|---|\n", say(r, "wanneer", "when"), say(r, "wie", "who"),
           say(r, "wat", "what"), say(r, "waarom", "why"));
    json_array_foreach(r->trail, i, row)
    {
        const char *by = json_string_value(json_object_get(row, "by"));
        const char *to = json_string_value(json_object_get(row, "to"));
        const char *why = json_string_value(json_object_get(row, "reason"));
        const char *at = json_string_value(json_object_get(row, "at"));
        const char *until = json_string_value(json_object_get(row, "until"));
        if (until != NULL)
            printf("| %s %s %s %s |", say(r, "tussen", "between"), at, say(r, "en", "and"), until);
        else
            printf("| %s |", at);
        printf(" %s | %s: %s | %s |\n",
               by != NULL   ? by
               : to != NULL ? to
                            : say(r, "het systeem", "the system"),
               json_string_value(json_object_get(row, "kind")),
               json_string_value(json_object_get(row, "what")), why != NULL ? why : "");
    }
}

static void
print_page(const report *r, json_t *household, json_t *signals, json_t *cases, json_t *rules)
{
    printf("# %s H%llu\n\n%s %s\n", say(r, "Inzage: huishouden", "Access: household"),
           (unsigned long long)r->household,
           say(r, "Dit staat er over dit huishouden, en dit is ermee gedaan. Reden van dit overzicht:",
               "This is held about this household, and this was done with it. Why this was made:"),
           r->reason);
    printf("\n## %s\n\n", say(r, "Personen en adressen", "Persons and addresses"));
    print_value(say(r, "huishouden", "household"), household, 0);
    print_list(say(r, "Signalen", "Signals"), say(r, "signaal", "signal"), signals);
    printf("\n%s\n",
           say(r,
               "`leaves_at` is wanneer een signaal hier verdwijnt, ook als er een casus is. Zolang een "
               "bewaarplicht "
               "geldt, blijft het langer.",
               "`leaves_at` is when a signal leaves, whatever its case. While a legal hold stands it stays "
               "longer."));
    print_list(say(r, "Casussen en plannen", "Cases and plans"), say(r, "casus", "case"), cases);
    print_rules(r, rules);
    print_trail(r);
}

/* Of a person of whom nothing is held. */
static void
print_nothing(const report *r)
{
    if (r->link.json)
        vdr_cli_print(json_pack("{s:n}", "household"));
    else
        printf("# %s\n\n%s %s\n", say(r, "Inzage", "Access"),
               say(r, "Over deze persoon wordt niets bewaard. Reden van dit overzicht:",
                   "Nothing is held about this person. Why this was made:"),
               r->reason);
}

/* What is held about the household whose number is known, and what was done with it. */
static int
make_of(report *r, json_t *household)
{
    vdr_trail_ask ask = VDR_TRAIL_ASK_NEW;
    vdr_audit_sum sum = {0};
    ask.household.number = r->household;
    int status = vdr_audit_ask_broker(&vdr_cli_access_report, &r->link, r->client, &ask, on_line, r, &sum);
    json_t *signals = read_signals(r), *cases = read_cases(r), *rules = read_rules(r, cases);
    if (status == VDR_EXIT_OK && r->link.json)
        vdr_cli_print(json_pack("{s:O, s:O, s:O, s:O, s:O}", "household", household, "signals", signals,
                                "cases", cases, "rules", rules, "trail", r->trail));
    else if (status == VDR_EXIT_OK)
        print_page(r, household, signals, cases, rules);
    json_decref(signals);
    json_decref(cases);
    json_decref(rules);
    return status;
}

static int
make(report *r)
{
    vdr_wire_read read = {.query = VDR_QUERY_HOUSEHOLD, .household = {r->household}};
    if (r->household == 0)
        read = (vdr_wire_read){.query = VDR_QUERY_PERSON, .bsn = vdr_span_str(r->bsn)};
    const vdr_wire_answer *answer = look(r, &read);
    if (answer != NULL && answer->household_count == 0 && r->household == 0) {
        print_nothing(r);
        return VDR_EXIT_OK;
    }
    if (answer == NULL || answer->household_count != 1)
        return vdr_cli_link_failed(&r->link, r->client, "access-report");
    r->household = answer->households[0].household.number;
    json_t *household = vdr_cli_household(&answer->households[0]);
    int status = make_of(r, household);
    json_decref(household);
    return status;
}

/* One line of standard input. */
static bool
read_bsn(report *r)
{
    if (fgets(r->bsn, sizeof r->bsn, stdin) == NULL)
        return false;
    r->bsn[strcspn(r->bsn, "\r\n")] = '\0';
    return r->bsn[0] != '\0';
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"household", required_argument, NULL, OPT_HOUSEHOLD},
                                            {"bsn", required_argument, NULL, OPT_BSN},
                                            {"reason", required_argument, NULL, OPT_REASON},
                                            {"english", no_argument, NULL, OPT_ENGLISH},
                                            {NULL, 0, NULL, 0}};
    report r = {.link = VDR_CLI_LINK_NEW};
    vdr_client_options how = {0};
    bool of_person = false;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_access_report);
        if (option == OPT_HOUSEHOLD)
            r.household = vdr_cli_number(optarg, 'H');
        else if (option == OPT_BSN && strcmp(optarg, "-") != 0)
            return vdr_cli_usage(&vdr_cli_access_report,
                                 "--bsn takes - only: the number is read from standard input");
        else if (option == OPT_BSN)
            of_person = true;
        else if (option == OPT_REASON)
            r.reason = optarg;
        else if (option == OPT_ENGLISH)
            r.english = true;
        else if (!vdr_cli_link_take(&r.link, option, optarg))
            return vdr_cli_usage(&vdr_cli_access_report, "unknown option");
    }
    if ((r.household != 0) == of_person || r.reason == NULL || optind != argc)
        return vdr_cli_usage(&vdr_cli_access_report,
                             "--household H12 or --bsn -, and --reason TEXT are needed, and no more");
    if (of_person && !read_bsn(&r))
        return vdr_cli_usage(&vdr_cli_access_report, "there is no number on standard input");
    int status = vdr_cli_link_open(&vdr_cli_access_report, &r.link, &how, true, &r.client);
    if (status != VDR_EXIT_OK)
        return status;
    r.trail = json_array();
    r.names = json_object();
    r.cases = json_object();
    status = check_role(&r);
    if (status == VDR_EXIT_OK)
        status = make(&r);
    json_decref(r.trail);
    json_decref(r.names);
    json_decref(r.cases);
    vdr_client_close(&r.client);
    return status == VDR_EXIT_OK ? vdr_cli_flush() : status;
}

const vdr_cli_verb vdr_cli_access_report = {.name = "access-report",
                                            .summary = "what is held about a household, and who saw it",
                                            .help = help,
                                            .run = run};
