/* voordeur rules propose, proposals, approve, reject, withdraw, history, version, rollback; pause, silence, pauses,
 * resume: operators change the routing, four eyes at a time. */
#include "clients/cli/config.h"
#include "clients/cli/rules.h"
#include "clients/cli/show.h"
#include "clients/cli/steer_show.h"

#include "proto/time.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define TESTS_MAX   990u
#define ALLOWED_MAX 64u

#define EXIT_STATUS       "exit status: 0 done; 1 refused, and it is told why; 2 wrong use\n"
#define PAGE_END(example) "\n" EXIT_STATUS "\nexample:\n  " example "\n"

static const char propose_help[] =
    "usage: voordeur rules propose DIR --reason TEXT [--allow FINDING]... [OPTION...]\n"
    "\n"
    "For operators: proposes the configuration of DIR. The broker checks it, lints it and plays the rule "
    "tests\n"
    "of DIR/tests; then another operator approves it, and it is in force from one position of the log on. "
    "Where\n"
    "node.yaml says approvals: one, it is in force at once.\n"
    "\n"
    "  --reason TEXT             why; it stays with the version for ever\n"
    "  --allow FINDING           a finding of lint that may stand: CODE or CODE:SUBJECT\n" VDR_CLI_LINK_HELP
    "\n" EXIT_STATUS "\nexample:\n"
    "  voordeur rules propose town --reason \"three absences, not two: council of 3 March\"\n";
static const char look_help[] =
    "usage: voordeur rules look DIR [--allow FINDING]... [OPTION...]\n"
    "\n"
    "For operators: what the broker would say of the configuration of DIR if it were proposed: everything\n"
    "that check, lint and the rule tests of DIR/tests find, each with its place, and each rule in "
    "sentences,\n"
    "in Dutch and English. Nothing comes of it.\n"
    "\n"
    "  --allow FINDING           a finding of lint that may stand: CODE or CODE:SUBJECT\n" VDR_CLI_LINK_HELP
        PAGE_END("voordeur rules look town --json");
static const char sentences_help[] =
    "usage: voordeur rules sentences [--out DIR] [OPTION...]\n"
    "\n"
    "For operators, auditors and privacy officers: the rules in force in plain sentences, in Dutch (nl) and\n"
    "English (en).\n"
    "\n" VDR_CLI_LINK_HELP PAGE_END("voordeur rules sentences");
static const char proposals_help[] =
    "usage: voordeur rules proposals [--all] [OPTION...]\n"
    "\n"
    "For operators: what is proposed and waits for another operator.\n"
    "\n"
    "  --all                     those that were decided, too\n" VDR_CLI_LINK_HELP PAGE_END(
        "voordeur rules proposals --all");
static const char approve_help[] =
    "usage: voordeur rules approve NUMBER [--reason TEXT] [OPTION...]\n"
    "\n"
    "For operators: approves what another operator proposed: a configuration, a pause, a silence or a key. "
    "It "
    "holds\n"
    "from here on. What you proposed yourself another one must approve. Look first:\n"
    "`voordeur rules version --proposal NUMBER`, or `voordeur key list`.\n"
    "\n" VDR_CLI_LINK_HELP PAGE_END("voordeur rules approve 3 --reason \"read with Mia\"");
static const char reject_help[] =
    "usage: voordeur rules reject NUMBER --reason TEXT [OPTION...]\n"
    "\n"
    "For operators: ends a proposal; nothing changes.\n"
    "\n" VDR_CLI_LINK_HELP PAGE_END("voordeur rules reject 3 --reason \"no regisseur for so many cases\"");
static const char withdraw_help[] = "usage: voordeur rules withdraw NUMBER [--reason TEXT] [OPTION...]\n"
                                    "\n"
                                    "For operators: takes back a proposal of your own.\n"
                                    "\n" VDR_CLI_LINK_HELP PAGE_END("voordeur rules withdraw 3");
static const char history_help[] =
    "usage: voordeur rules history [OPTION...]\n"
    "\n"
    "For operators: every version of the configuration: since when, by whom, approved by whom, why.\n"
    "\n" VDR_CLI_LINK_HELP PAGE_END("voordeur rules history --json | jq -s .");
static const char version_help[] =
    "usage: voordeur rules version [NUMBER] [--proposal NUMBER] [--out DIR] [OPTION...]\n"
    "\n"
    "For operators: the three files of a version (without NUMBER the one in force), or of an open proposal.\n"
    "\n"
    "  --proposal NUMBER         of this proposal instead\n"
    "  --out DIR                 into this folder, which is made; then `rules show`, `diff` and the others\n"
    "                            work on it. Without it they are printed\n" VDR_CLI_LINK_HELP "\n" EXIT_STATUS
    "\nexample:\n"
    "  voordeur rules version --out was && voordeur rules version --proposal 3 --out new && diff -u was "
    "new\n";
static const char rollback_help[] =
    "usage: voordeur rules rollback NUMBER --reason TEXT [OPTION...]\n"
    "\n"
    "For operators: proposes the configuration of an older version again. It "
    "needs approval like every other\n"
    "proposal, and becomes a new version.\n"
    "\n" VDR_CLI_LINK_HELP PAGE_END("voordeur rules rollback 4 --reason \"twice the cases\"");
static const char pause_help[] =
    "usage: voordeur pause rule ID --reason TEXT (--for DURATION | --until INSTANT) [OPTION...]\n"
    "\n"
    "For operators: the rule does nothing new until then: it opens no case, raises none and tells nobody. "
    "What\n"
    "is open stays. It ends by itself, 92 days on at the latest, or with `voordeur resume`. Another "
    "operator\n"
    "must approve it, where node.yaml does not say approvals: one.\n"
    "\n"
    "  --reason TEXT             why\n"
    "  --for DURATION            from now on, as 14d or 12h\n"
    "  --until INSTANT           as 2026-03-16T09:00:00Z\n" VDR_CLI_LINK_HELP PAGE_END(
        "voordeur pause rule three-domains --for 14d --reason \"a type is sent wrongly\"");
static const char silence_help[] =
    "usage: voordeur silence agency ID --reason TEXT (--for DURATION | --until INSTANT) [OPTION...]\n"
    "\n"
    "For operators: signals of the agency count for no rule until then. They are taken, stored and routed "
    "to\n"
    "the regular services as ever, and open cases take them. Afterwards those that are still live count. It\n"
    "ends and is approved as a pause is (see `voordeur help pause`).\n"
    "\n"
    "  --reason TEXT             why\n"
    "  --for DURATION            from now on, as 14d or 12h\n"
    "  --until INSTANT           as 2026-03-16T09:00:00Z\n" VDR_CLI_LINK_HELP PAGE_END(
        "voordeur silence agency school-noord --for 2d --reason \"test data\"");
static const char pauses_help[] =
    "usage: voordeur pauses [--all] [OPTION...]\n"
    "\n"
    "For operators: rules that are paused and agencies that are silenced.\n"
    "\n"
    "  --all                     those that have ended, too\n" VDR_CLI_LINK_HELP PAGE_END(
        "voordeur pauses --all");
static const char resume_help[] =
    "usage: voordeur resume NUMBER [--reason TEXT] [OPTION...]\n"
    "\n"
    "For operators: ends a pause or silence before its time. One operator is enough: it goes\n"
    "back to what was approved.\n"
    "\n" VDR_CLI_LINK_HELP PAGE_END("voordeur resume 2");

typedef struct steer_line {
    vdr_cli_link link;
    vdr_wire_admin admin;
    const char *out;
    bool all, proposal;
    vdr_span allowed[ALLOWED_MAX];
    vdr_arena arena; /* of files */
} steer_line;

static vdr_ms
now_ms(void)
{
    struct timespec at;
    (void)clock_gettime(CLOCK_REALTIME, &at);
    return (vdr_ms)at.tv_sec * 1000 + at.tv_nsec / 1000000;
}

static bool
number_of(const char *text, uint64_t *ret_number)
{
    char *end;
    errno = 0;
    *ret_number = strtoull(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

enum { OPT_REASON = VDR_OPT_OWN, OPT_ALLOW, OPT_ALL, OPT_PROPOSAL, OPT_OUT, OPT_FOR, OPT_UNTIL };

static int
take_own(const vdr_cli_verb *verb, steer_line *line, int option)
{
    int64_t ms;
    switch (option) {
    case OPT_REASON:
        line->admin.reason = vdr_span_str(optarg);
        if (line->admin.reason.len > VDR_REASON_BYTES_MAX)
            return vdr_cli_usage(verb, "--reason: at most %u bytes", VDR_REASON_BYTES_MAX);
        return VDR_EXIT_OK;
    case OPT_ALLOW:
        if (line->admin.allowed_count == ALLOWED_MAX)
            return vdr_cli_usage(verb, "--allow: at most %u", ALLOWED_MAX);
        line->allowed[line->admin.allowed_count++] = vdr_span_str(optarg);
        return VDR_EXIT_OK;
    case OPT_ALL:
        line->all = true;
        return VDR_EXIT_OK;
    case OPT_PROPOSAL:
        line->admin.kind = VDR_PROPOSAL_CONFIG;
        return number_of(optarg, &line->admin.number)
                   ? VDR_EXIT_OK
                   : vdr_cli_usage(verb, "--proposal %s: a number was expected", optarg);
    case OPT_OUT:
        line->out = optarg;
        return VDR_EXIT_OK;
    case OPT_FOR:
        if (!vdr_duration_parse(vdr_span_str(optarg), &ms) || ms <= 0)
            return vdr_cli_usage(verb, "--for %s: a duration was expected, as 14d", optarg);
        line->admin.time = now_ms() + ms;
        return VDR_EXIT_OK;
    case OPT_UNTIL:
        return vdr_time_parse(vdr_span_str(optarg), &line->admin.time)
                   ? VDR_EXIT_OK
                   : vdr_cli_usage(verb, "--until %s: an instant was expected, as 2026-03-16T09:00:00Z",
                                   optarg);
    default:
        break;
    }
    return vdr_cli_link_take(&line->link, option, optarg) ? VDR_EXIT_OK
                                                          : vdr_cli_usage(verb, "unknown option");
}

/* Which of their own options the verbs have, by letters: r reason, w when, a allow, l all, v version. */
static int
take_options(const vdr_cli_verb *verb, const char *own, steer_line *line, int argc, char **argv)
{
    static const struct {
        char letter;
        struct option row;
    } rows[] = {{'r', {"reason", required_argument, NULL, OPT_REASON}},
                {'a', {"allow", required_argument, NULL, OPT_ALLOW}},
                {'l', {"all", no_argument, NULL, OPT_ALL}},
                {'v', {"proposal", required_argument, NULL, OPT_PROPOSAL}},
                {'v', {"out", required_argument, NULL, OPT_OUT}},
                {'w', {"for", required_argument, NULL, OPT_FOR}},
                {'w', {"until", required_argument, NULL, OPT_UNTIL}}};
    static const struct option shared[] = {VDR_CLI_LINK_OPTIONS};
    struct option options[sizeof rows / sizeof rows[0] + sizeof shared / sizeof shared[0] + 1];
    size_t count = 0;
    int option, status = VDR_EXIT_OK;
    for (size_t i = 0; i < sizeof shared / sizeof shared[0]; i++)
        options[count++] = shared[i];
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (strchr(own, rows[i].letter) != NULL)
            options[count++] = rows[i].row;
    options[count] = (struct option){NULL, 0, NULL, 0};
    *line = (steer_line){.link = VDR_CLI_LINK_NEW, .admin = {.time = VDR_MS_NONE}};
    line->admin.allowed = line->allowed;
    vdr_arena_init(&line->arena, VDR_CLI_TEXTS_BYTES);
    while (status == VDR_EXIT_OK && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            vdr_cli_help(verb);
            return -1;
        }
        status = take_own(verb, line, option);
    }
    return status;
}

/* ---- asking */

static void
show_problems(const vdr_wire_admin_result *result)
{
    for (size_t i = 0; i < result->problem_count; i++) {
        const vdr_wire_problem *p = &result->problems[i];
        fprintf(stderr, "%.*s:%u:%u: %.*s\n", (int)p->file.len, (const char *)p->file.at, p->line, p->column,
                (int)p->text.len, (const char *)p->text.at);
    }
    for (size_t i = 0; i < result->file_count; i++)
        (void)fwrite(result->files[i].text.at, 1, result->files[i].text.len, stderr);
}

static void
show_done(const vdr_cli_link *link, const vdr_wire_admin_result *result)
{
    if (!link->json) {
        printf("%.*s\n", result->text.len != 0 ? (int)result->text.len : 4,
               result->text.len != 0 ? (const char *)result->text.at : "done");
        return;
    }
    json_t *o = json_pack("{s:s, s:o}", "result", "ok", "text", vdr_cli_text(result->text));
    for (size_t i = 0; i < result->counter_count; i++)
        json_object_setn_new_nocheck(o, (const char *)result->counters[i].name.at,
                                     result->counters[i].name.len,
                                     json_integer((json_int_t)result->counters[i].value));
    vdr_cli_print(o);
}

static int
write_file(const char *dir, const vdr_wire_file *file)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%.*s", dir, (int)file->name.len, (const char *)file->name.at);
    if (memchr(file->name.at, '/', file->name.len) != NULL || len < 0 || (size_t)len >= sizeof path)
        return VDR_EXIT_FAILED;
    FILE *to = fopen(path, "wxe");
    bool good = to != NULL && fwrite(file->text.at, 1, file->text.len, to) == file->text.len;
    good = to != NULL && fclose(to) == 0 && good;
    if (!good)
        fprintf(stderr, "voordeur rules version: %s: %s\n", path, strerror(errno));
    return good ? VDR_EXIT_OK : VDR_EXIT_FAILED;
}

static int
show_files(const steer_line *line, const vdr_wire_admin_result *result)
{
    int status = VDR_EXIT_OK;
    if (line->out != NULL && mkdir(line->out, 0700) != 0 && errno != EEXIST) {
        fprintf(stderr, "voordeur rules version: %s: %s\n", line->out, strerror(errno));
        return VDR_EXIT_FAILED;
    }
    json_t *o = line->link.json && line->out == NULL ? json_object() : NULL;
    for (size_t i = 0; i < result->file_count && status == VDR_EXIT_OK; i++) {
        const vdr_wire_file *file = &result->files[i];
        if (line->out != NULL)
            status = write_file(line->out, file);
        else if (o != NULL)
            json_object_setn_new_nocheck(o, (const char *)file->name.at, file->name.len,
                                         vdr_cli_text(file->text));
        else
            printf("# ---- %.*s\n%.*s", (int)file->name.len, (const char *)file->name.at, (int)file->text.len,
                   (const char *)file->text.at);
    }
    if (o != NULL)
        vdr_cli_print(o);
    return status;
}

static int
show(const steer_line *line, const vdr_wire_admin_result *result)
{
    VDR_ASSERT(result != NULL);
    if (line->admin.verb == VDR_VERB_PROPOSALS)
        vdr_cli_show_proposals(&line->link, result, line->all);
    else if (line->admin.verb == VDR_VERB_VERSIONS)
        vdr_cli_show_versions(&line->link, result);
    else if (line->admin.verb == VDR_VERB_PAUSES)
        vdr_cli_show_pauses(&line->link, result, line->all);
    else if (line->admin.verb == VDR_VERB_TEXTS || line->admin.verb == VDR_VERB_SENTENCES)
        return show_files(line, result);
    else if (line->admin.verb == VDR_VERB_LINT)
        return vdr_cli_show_look(&line->link, result) ? VDR_EXIT_OK : VDR_EXIT_FAILED;
    else
        show_done(&line->link, result);
    return VDR_EXIT_OK;
}

static int
ask(const vdr_cli_verb *verb, steer_line *line)
{
    vdr_client_options options = {0};
    const vdr_wire_admin_result *result = NULL;
    vdr_client *client;
    int status = vdr_cli_link_open(verb, &line->link, &options, true, &client);
    if (status == VDR_EXIT_OK) {
        vdr_err err = vdr_client_admin(client, &line->admin, line->link.timeout_ms, &result);
        if (result != NULL && err != VDR_OK)
            show_problems(result);
        status = err == VDR_OK ? show(line, result) : vdr_cli_link_failed(&line->link, client, verb->name);
        vdr_client_close(&client);
        int flushed = vdr_cli_flush();
        status = status != VDR_EXIT_OK ? status : flushed;
    }
    vdr_arena_done(&line->arena);
    return status;
}

/* ---- the verbs */

static int
no_more(const vdr_cli_verb *verb, vdr_verb what, const char *own, int argc, char **argv)
{
    steer_line line;
    int status = take_options(verb, own, &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (optind != argc)
        return vdr_cli_usage(verb, "%s: nothing more was expected", argv[optind]);
    line.admin.verb = what;
    return ask(verb, &line);
}

static int
numbered(const vdr_cli_verb *verb, vdr_verb what, bool needs_reason, int argc, char **argv)
{
    steer_line line;
    int status = take_options(verb, "r", &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 1 || !number_of(argv[optind], &line.admin.number))
        return vdr_cli_usage(verb, "one number is needed");
    if (needs_reason && line.admin.reason.len == 0)
        return vdr_cli_usage(verb, "say why: --reason TEXT");
    line.admin.verb = what;
    return ask(verb, &line);
}

static int
is_test(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

/* The tests of DIR/tests, after the three files of the configuration. */
static int
add_tests(const char *dir, steer_line *line, vdr_wire_file *files)
{
    char path[4096], words[256];
    struct dirent **entries = NULL;
    (void)snprintf(path, sizeof path, "%s/tests", dir);
    int count = scandir(path, &entries, is_test, alphasort), status = VDR_EXIT_OK;
    for (int i = 0; i < count; i++) {
        vdr_span text, name;
        char *own = entries[i]->d_name;
        (void)snprintf(path, sizeof path, "%s/tests/%s", dir, own);
        bool room = line->admin.file_count < VDR_CONFIG_FILES + TESTS_MAX;
        if (status == VDR_EXIT_OK && room &&
            vdr_config_text_load(path, &line->arena, &text, words) != VDR_OK) {
            fprintf(stderr, "%s\n", words);
            status = VDR_EXIT_USAGE;
        } else if (status == VDR_EXIT_OK && room) {
            (void)snprintf(path, sizeof path, "tests/%s", own);
            name = vdr_arena_copy(&line->arena, vdr_span_str(path));
            files[line->admin.file_count++] = (vdr_wire_file){.name = name, .text = text};
        }
        free(entries[i]);
    }
    free(entries);
    return status;
}

/* The configuration of a folder and its rule tests, to be asked about. */
static int
ask_about(const vdr_cli_verb *verb, steer_line *line, const char *dir, const vdr_config_texts *texts)
{
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    vdr_wire_file *files = vdr_alloc(VDR_CONFIG_FILES + TESTS_MAX, sizeof *files);
    for (size_t i = 0; i < VDR_CONFIG_FILES; i++)
        files[line->admin.file_count++] =
            (vdr_wire_file){.name = vdr_span_str(names[i]), .text = texts->text[i]};
    line->admin.files = files;
    int status = add_tests(dir, line, files);
    if (status == VDR_EXIT_OK)
        status = ask(verb, line);
    free(files);
    return status;
}

static int
run_propose(int argc, char **argv)
{
    steer_line line;
    int status = take_options(&vdr_cli_rules_propose, "ra", &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 1 || line.admin.reason.len == 0)
        return vdr_cli_usage(&vdr_cli_rules_propose, "a folder and --reason TEXT are needed");
    vdr_config_texts texts;
    vdr_config *config = NULL;
    /* Faults of the files are told with their lines here, as rules check does. */
    vdr_err err = vdr_cli_config_texts(argv[optind], &line.arena, &texts, &config);
    vdr_config_free(&config);
    if (err != VDR_OK)
        return VDR_EXIT_USAGE;
    line.admin.verb = VDR_VERB_PROPOSE;
    return ask_about(&vdr_cli_rules_propose, &line, argv[optind], &texts);
}

static int
run_look(int argc, char **argv)
{
    steer_line line;
    vdr_config_texts texts;
    char words[256];
    int status = take_options(&vdr_cli_rules_look, "a", &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 1)
        return vdr_cli_usage(&vdr_cli_rules_look, "a folder is needed");
    if (vdr_config_texts_load(argv[optind], &line.arena, &texts, words) != VDR_OK) {
        fprintf(stderr, "voordeur rules look: %s\n", words);
        return VDR_EXIT_USAGE;
    }
    line.admin.verb = VDR_VERB_LINT;
    return ask_about(&vdr_cli_rules_look, &line, argv[optind], &texts);
}

static int
run_sentences(int argc, char **argv)
{
    return no_more(&vdr_cli_rules_sentences, VDR_VERB_SENTENCES, "v", argc, argv);
}

static int
run_proposals(int argc, char **argv)
{
    return no_more(&vdr_cli_rules_proposals, VDR_VERB_PROPOSALS, "l", argc, argv);
}

static int
run_approve(int argc, char **argv)
{
    return numbered(&vdr_cli_rules_approve, VDR_VERB_APPROVE, false, argc, argv);
}

static int
run_reject(int argc, char **argv)
{
    return numbered(&vdr_cli_rules_reject, VDR_VERB_REJECT, true, argc, argv);
}

static int
run_withdraw(int argc, char **argv)
{
    return numbered(&vdr_cli_rules_withdraw, VDR_VERB_WITHDRAW, false, argc, argv);
}

static int
run_history(int argc, char **argv)
{
    return no_more(&vdr_cli_rules_history, VDR_VERB_VERSIONS, "", argc, argv);
}

static int
run_rollback(int argc, char **argv)
{
    return numbered(&vdr_cli_rules_rollback, VDR_VERB_ROLLBACK, true, argc, argv);
}

static int
run_version(int argc, char **argv)
{
    steer_line line;
    int status = take_options(&vdr_cli_rules_version, "v", &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    bool proposal = line.admin.kind == VDR_PROPOSAL_CONFIG;
    if (argc - optind > (proposal ? 0 : 1) || (argc > optind && !number_of(argv[optind], &line.admin.number)))
        return vdr_cli_usage(&vdr_cli_rules_version, "one number of a version, or --proposal NUMBER");
    line.admin.verb = VDR_VERB_TEXTS;
    return ask(&vdr_cli_rules_version, &line);
}

static int
begin(const vdr_cli_verb *verb, vdr_proposal_kind kind, const char *word, int argc, char **argv)
{
    steer_line line;
    int status = take_options(verb, "rw", &line, argc, argv);
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    if (argc - optind != 2 || strcmp(argv[optind], word) != 0)
        return vdr_cli_usage(verb, "%s %s ID", verb->name, word);
    if (line.admin.reason.len == 0 || line.admin.time == VDR_MS_NONE)
        return vdr_cli_usage(verb, "say why and how long: --reason TEXT, --for DURATION or --until INSTANT");
    line.admin.verb = VDR_VERB_PAUSE;
    line.admin.kind = kind;
    line.admin.name = vdr_span_str(argv[optind + 1]);
    return ask(verb, &line);
}

static int
run_pause(int argc, char **argv)
{
    return begin(&vdr_cli_pause, VDR_PROPOSAL_PAUSE, "rule", argc, argv);
}

static int
run_silence(int argc, char **argv)
{
    return begin(&vdr_cli_silence, VDR_PROPOSAL_SILENCE, "agency", argc, argv);
}

static int
run_pauses(int argc, char **argv)
{
    return no_more(&vdr_cli_pauses, VDR_VERB_PAUSES, "l", argc, argv);
}

static int
run_resume(int argc, char **argv)
{
    return numbered(&vdr_cli_resume, VDR_VERB_RESUME, false, argc, argv);
}

#define VERB(variable, own_name, does, page, runs)                                                           \
    const vdr_cli_verb variable = {.name = (own_name), .summary = (does), .help = (page), .run = (runs)}

VERB(vdr_cli_rules_propose, "rules propose", "propose a configuration", propose_help, run_propose);
VERB(vdr_cli_rules_look, "rules look", "what the broker would say of a configuration", look_help, run_look);
VERB(vdr_cli_rules_sentences, "rules sentences", "the rules in force, in sentences", sentences_help,
     run_sentences);
VERB(vdr_cli_rules_proposals, "rules proposals", "what waits for approval", proposals_help, run_proposals);
VERB(vdr_cli_rules_approve, "rules approve", "approve what another proposed", approve_help, run_approve);
VERB(vdr_cli_rules_reject, "rules reject", "end a proposal", reject_help, run_reject);
VERB(vdr_cli_rules_withdraw, "rules withdraw", "take back your own proposal", withdraw_help, run_withdraw);
VERB(vdr_cli_rules_history, "rules history", "every version, by whom and why", history_help, run_history);
VERB(vdr_cli_rules_version, "rules version", "the files of a version", version_help, run_version);
VERB(vdr_cli_rules_rollback, "rules rollback", "propose an older version again", rollback_help, run_rollback);
VERB(vdr_cli_pause, "pause", "let a rule do nothing new for a while", pause_help, run_pause);
VERB(vdr_cli_silence, "silence", "let an agency's signals not count for a while", silence_help, run_silence);
VERB(vdr_cli_pauses, "pauses", "what is paused and silenced", pauses_help, run_pauses);
VERB(vdr_cli_resume, "resume", "end a pause or silence now", resume_help, run_resume);
