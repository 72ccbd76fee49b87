/* voordeur key add, list, show, rotate, revoke: operators give parties their keys and take them away. */
#include "clients/cli/figures.h"
#include "clients/cli/show.h"

#include "proto/control.h"
#include "proto/time.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zmq.h>

#define Z85_CHARS 40u

static const char help[] =
    "usage: voordeur key add PARTY (--public-key Z85 | --generate FILE) [--until T | --for D] [--reason "
    "TEXT]\n"
    "       voordeur key rotate PARTY (--public-key Z85 | --generate FILE) [--overlap D] [--until T | --for "
    "D]\n"
    "       voordeur key revoke KEY --reason TEXT\n"
    "       voordeur key list [PARTY] [--all]\n"
    "       voordeur key show KEY\n"
    "\n"
    "For operators: who may connect as whom, since when, until when, and who said so. All of it is in the "
    "log.\n"
    "Keys of node.yaml count beside these until one of these verbs takes them over; a key that was revoked\n"
    "here is not let in whatever that file says.\n"
    "\n"
    "  add      a party's first key. Keys of operators, privacy officers and auditors need another "
    "operator's\n"
    "           approval (voordeur rules approve), where node.yaml does not say approvals: one\n"
    "  rotate   a new key beside the old one; the old one ends with the overlap. At most two are valid\n"
    "  revoke   ends a key and its sessions now; one operator is enough. It never comes back\n"
    "  list     keys that are proposed or valid, the next to end first; with --all those that ended, too\n"
    "  show     everything that is known of one key\n"
    "\n"
    "PARTY is KIND:ID, as agency:school-noord or operator:mia. KEY is its number, or the public key itself.\n"
    "\n"
    "  --public-key Z85          the public half, 40 characters; the party keeps the secret one\n"
    "  --generate FILE           makes a pair in the new file FILE (mode 0400): for machines of your own\n"
    "  --until INSTANT           the last instant, as 2027-03-01T00:00:00Z (default: limits.key_term of\n"
    "                            node.yaml, a year); never later than that\n"
    "  --for DURATION            the same from now on, as 90d\n"
    "  --overlap DURATION        rotate: how long both are valid (default: limits.key_overlap, 7d)\n"
    "  --reason TEXT             why; it stays with the key\n"
    "  --all                     list: keys that have ended, too\n" VDR_CLI_LINK_HELP "\n"
    "exit status: 0 done; 1 refused, and it is told why; 2 wrong use\n"
    "\n"
    "examples:\n"
    "  voordeur key add agency:school-noord --public-key 'rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7'\n"
    "  voordeur key rotate operator:mia --generate mia-2027.key --reason \"yearly\"\n"
    "  voordeur key revoke 12 --reason \"laptop stolen\"\n";

typedef struct key_line {
    vdr_cli_link link;
    vdr_wire_admin admin;
    const char *generate;
    bool all;
    uint8_t public_key[VDR_PUBLIC_KEY_BYTES];
} key_line;

enum {
    OPT_PUBLIC_KEY = VDR_OPT_OWN,
    OPT_GENERATE,
    OPT_KEY_UNTIL,
    OPT_KEY_FOR,
    OPT_OVERLAP,
    OPT_KEY_REASON,
    OPT_KEY_ALL
};

static bool
take_public_key(key_line *line, const char *text)
{
    char z85[Z85_CHARS + 1] = "";
    if (strlen(text) != Z85_CHARS)
        return false;
    memcpy(z85, text, Z85_CHARS);
    if (zmq_z85_decode(line->public_key, z85) == NULL)
        return false;
    line->admin.public_key = vdr_span_of(line->public_key, sizeof line->public_key);
    return true;
}

static int
take_own(key_line *line, int option)
{
    int64_t ms;
    struct timespec now;
    switch (option) {
    case OPT_PUBLIC_KEY:
        return take_public_key(line, optarg)
                   ? VDR_EXIT_OK
                   : vdr_cli_usage(&vdr_cli_key, "--public-key: 40 characters of Z85 were expected");
    case OPT_GENERATE:
        line->generate = optarg;
        return VDR_EXIT_OK;
    case OPT_KEY_UNTIL:
        return vdr_time_parse(vdr_span_str(optarg), &line->admin.time)
                   ? VDR_EXIT_OK
                   : vdr_cli_usage(&vdr_cli_key,
                                   "--until %s: an instant was expected, as 2027-03-01T00:00:00Z", optarg);
    case OPT_KEY_FOR:
        if (!vdr_duration_parse(vdr_span_str(optarg), &ms) || ms <= 0)
            return vdr_cli_usage(&vdr_cli_key, "--for %s: a duration was expected, as 90d", optarg);
        (void)clock_gettime(CLOCK_REALTIME, &now);
        line->admin.time = (vdr_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000 + ms;
        return VDR_EXIT_OK;
    case OPT_OVERLAP:
        if (!vdr_duration_parse(vdr_span_str(optarg), &ms) || ms <= 0)
            return vdr_cli_usage(&vdr_cli_key, "--overlap %s: a duration was expected, as 7d", optarg);
        line->admin.overlap_ms = (uint64_t)ms;
        return VDR_EXIT_OK;
    case OPT_KEY_REASON:
        line->admin.reason = vdr_span_str(optarg);
        return line->admin.reason.len <= VDR_REASON_BYTES_MAX
                   ? VDR_EXIT_OK
                   : vdr_cli_usage(&vdr_cli_key, "--reason: at most %u bytes", VDR_REASON_BYTES_MAX);
    case OPT_KEY_ALL:
        line->all = true;
        return VDR_EXIT_OK;
    default:
        break;
    }
    return vdr_cli_link_take(&line->link, option, optarg) ? VDR_EXIT_OK
                                                          : vdr_cli_usage(&vdr_cli_key, "unknown option");
}

/* -1: help was asked for. */
static int
take_options(key_line *line, int argc, char **argv)
{
    static const struct option options[] = {{"public-key", required_argument, NULL, OPT_PUBLIC_KEY},
                                            {"generate", required_argument, NULL, OPT_GENERATE},
                                            {"until", required_argument, NULL, OPT_KEY_UNTIL},
                                            {"for", required_argument, NULL, OPT_KEY_FOR},
                                            {"overlap", required_argument, NULL, OPT_OVERLAP},
                                            {"reason", required_argument, NULL, OPT_KEY_REASON},
                                            {"all", no_argument, NULL, OPT_KEY_ALL},
                                            VDR_CLI_LINK_OPTIONS,
                                            {NULL, 0, NULL, 0}};
    int option, status = VDR_EXIT_OK;
    *line = (key_line){.link = VDR_CLI_LINK_NEW, .admin = {.time = VDR_MS_NONE}};
    while (status == VDR_EXIT_OK && (option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h') {
            (void)vdr_cli_help(&vdr_cli_key);
            return -1;
        }
        status = take_own(line, option);
    }
    return status;
}

/* ---- showing */

static bool
is_word(const vdr_wire_row *row, const char *name, const char *word)
{
    return vdr_span_equal(vdr_row_word(row, name), vdr_span_str(word));
}

static bool
is_open(const vdr_wire_row *row)
{
    return !is_word(row, "state", "expired") && !is_word(row, "state", "revoked") &&
           !is_word(row, "state", "refused");
}

static const char *
when(const vdr_wire_row *row, const char *name)
{
    return vdr_row_has(row, name) ? vdr_cli_when((vdr_ms)vdr_row_figure(row, name)) : "-";
}

/* What ends first comes first; what has no end, last. */
static int
by_end(const void *a, const void *b)
{
    const vdr_wire_row *const *x = a, *const *y = b;
    uint64_t ends[2] = {vdr_row_has(*x, "until_ms") ? vdr_row_figure(*x, "until_ms") : UINT64_MAX,
                        vdr_row_has(*y, "until_ms") ? vdr_row_figure(*y, "until_ms") : UINT64_MAX};
    if (ends[0] != ends[1])
        return ends[0] < ends[1] ? -1 : 1;
    uint64_t left = vdr_row_figure(*x, "number"), right = vdr_row_figure(*y, "number");
    return left < right ? -1 : left > right;
}

static void
put_table(const vdr_wire_row *const *rows, size_t count)
{
    static const char *const heads[] = {"KEY", "PARTY", "STATE", "UNTIL", "BY", "APPROVED", "IN"};
    vdr_cli_table table;
    vdr_cli_table_init(&table, heads, 7);
    for (size_t i = 0; i < count; i++) {
        const vdr_wire_row *row = rows[i];
        bool numbered = vdr_row_has(row, "number");
        vdr_span author = vdr_row_word(row, "author"), approver = vdr_row_word(row, "approver");
        vdr_cli_table_cell(&table, numbered ? "%llu" : "-",
                           (unsigned long long)vdr_row_figure(row, "number"));
        vdr_cli_table_cell(&table, "%s", vdr_figure_short(vdr_row_word(row, "party"), 34));
        vdr_cli_table_cell(&table, "%s", vdr_figure_short(vdr_row_word(row, "state"), 16));
        vdr_cli_table_cell(&table, "%s", when(row, "until_ms"));
        vdr_cli_table_cell(&table, "%s", author.len != 0 ? vdr_figure_short(author, 16) : "-");
        vdr_cli_table_cell(&table, "%s", approver.len != 0 ? vdr_figure_short(approver, 16) : "-");
        vdr_cli_table_cell(&table, "%s", vdr_figure_short(vdr_row_word(row, "in"), 10));
    }
    vdr_cli_table_print(&table);
}

static int
show_list(const key_line *line, const vdr_wire_admin_result *result)
{
    const vdr_wire_row **rows =
        (const vdr_wire_row **)calloc(result->row_count + 1, sizeof(const vdr_wire_row *));
    size_t count = 0;
    if (rows == NULL)
        return VDR_EXIT_FAILED;
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        bool wanted =
            line->admin.name.at == NULL || vdr_span_equal(vdr_row_word(row, "party"), line->admin.name);
        if (wanted && (line->all || is_open(row)))
            rows[count++] = row;
    }
    qsort(rows, count, sizeof(const vdr_wire_row *), by_end);
    for (size_t i = 0; i < count && line->link.json; i++)
        vdr_cli_print(vdr_cli_row(rows[i]));
    if (!line->link.json && count != 0)
        put_table(rows, count);
    else if (!line->link.json)
        puts("no key");
    free(rows);
    return VDR_EXIT_OK;
}

static void
put_line(const vdr_wire_row *row, const char *label, const char *name)
{
    vdr_span text = vdr_row_word(row, name);
    if (text.len != 0)
        printf("%-12s %.*s\n", label, (int)text.len, (const char *)text.at);
}

static void
put_when(const vdr_wire_row *row, const char *label, const char *name)
{
    if (vdr_row_has(row, name))
        printf("%-12s %s\n", label, when(row, name));
}

static void
put_number(const vdr_wire_row *row, const char *label, const char *name)
{
    if (vdr_row_has(row, name))
        printf("%-12s %llu\n", label, (unsigned long long)vdr_row_figure(row, name));
}

static void
show_one(const vdr_wire_row *row)
{
    put_number(row, "key", "number");
    put_line(row, "party", "party");
    put_line(row, "state", "state");
    put_line(row, "public key", "public_key");
    put_line(row, "replaces", "replaced");
    put_line(row, "known by", "in");
    put_when(row, "given", "at_ms");
    put_line(row, "by", "author");
    put_line(row, "approved by", "approver");
    put_line(row, "why", "reason");
    put_number(row, "proposal", "proposal");
    put_when(row, "valid from", "from_ms");
    put_when(row, "until", "until_ms");
    if (vdr_row_has(row, "overlap_ms"))
        printf("%-12s %s\n", "overlap", vdr_figure_span((int64_t)vdr_row_figure(row, "overlap_ms")));
    put_when(row, "ended", "ended_ms");
    put_line(row, "ended by", "ended_by");
    put_line(row, "why ended", "ended_why");
    put_number(row, "log position", "position");
    put_number(row, "ended at", "ended_position");
}

static bool
is_asked(const key_line *line, const vdr_wire_row *row)
{
    char z85[Z85_CHARS + 1];
    if (line->admin.public_key.at == NULL)
        return vdr_row_has(row, "number") && vdr_row_figure(row, "number") == line->admin.number;
    return zmq_z85_encode(z85, line->public_key, sizeof line->public_key) != NULL &&
           is_word(row, "public_key", z85);
}

static int
show_key(const key_line *line, const vdr_wire_admin_result *result)
{
    for (size_t i = 0; i < result->row_count; i++) {
        if (!is_asked(line, &result->rows[i]))
            continue;
        if (line->link.json)
            vdr_cli_print(vdr_cli_row(&result->rows[i]));
        else
            show_one(&result->rows[i]);
        return VDR_EXIT_OK;
    }
    fprintf(stderr, "voordeur key show: there is no such key: voordeur key list has their numbers\n");
    return VDR_EXIT_FAILED;
}

static int
show_done(const key_line *line, const vdr_wire_admin_result *result)
{
    if (!line->link.json) {
        printf("%.*s\n", (int)result->text.len, (const char *)result->text.at);
        return VDR_EXIT_OK;
    }
    json_t *o = json_pack("{s:s, s:o}", "result", "ok", "text", vdr_cli_text(result->text));
    for (size_t i = 0; i < result->counter_count; i++)
        json_object_setn_new_nocheck(o, (const char *)result->counters[i].name.at,
                                     result->counters[i].name.len,
                                     json_integer((json_int_t)result->counters[i].value));
    vdr_cli_print(o);
    return VDR_EXIT_OK;
}

/* ---- asking */

/* A pair in a new file; its public half is what is registered. */
static int
generate(key_line *line)
{
    char public_key[VDR_CLIENT_KEY_TEXT];
    if (vdr_client_key_make(line->generate, public_key) != VDR_OK) {
        fprintf(stderr, "voordeur key: %s: %s\n", line->generate, strerror(errno));
        return VDR_EXIT_FAILED;
    }
    return take_public_key(line, public_key) ? VDR_EXIT_OK : VDR_EXIT_FAILED;
}

typedef int show_fn(const key_line *line, const vdr_wire_admin_result *result);

static int
ask(key_line *line, show_fn *show)
{
    vdr_client_options options = {0};
    const vdr_wire_admin_result *result = NULL;
    vdr_client *client;
    int status = vdr_cli_link_open(&vdr_cli_key, &line->link, &options, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    if (line->generate != NULL)
        status = generate(line);
    if (status == VDR_EXIT_OK) {
        vdr_err err = vdr_client_admin(client, &line->admin, line->link.timeout_ms, &result);
        status = err == VDR_OK ? show(line, result) : vdr_cli_link_failed(&line->link, client, "key");
        if (err != VDR_OK && result != NULL && line->generate != NULL)
            (void)unlink(line->generate); /* it was refused: nobody's key */
    }
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

/* ---- the parts */

static int
run_give(vdr_verb verb, key_line *line, int argc, char **argv)
{
    if (argc - optind != 1 || strchr(argv[optind], ':') == NULL)
        return vdr_cli_usage(&vdr_cli_key, "one party is needed, as agency:school-noord");
    if ((line->generate != NULL) == (line->admin.public_key.at != NULL))
        return vdr_cli_usage(&vdr_cli_key, "which key? --public-key Z85, or --generate FILE");
    if (line->admin.overlap_ms != 0 && verb == VDR_VERB_KEY_ADD)
        return vdr_cli_usage(&vdr_cli_key, "--overlap is for rotate");
    line->admin.verb = verb;
    line->admin.name = vdr_span_str(argv[optind]);
    return ask(line, show_done);
}

/* By number or by the key itself. */
static bool
take_key(key_line *line, const char *text)
{
    char *end;
    errno = 0;
    if (strlen(text) == Z85_CHARS)
        return take_public_key(line, text);
    line->admin.number = strtoull(text, &end, 10);
    return *text >= '1' && *text <= '9' && *end == '\0' && errno == 0;
}

static int
run_one(bool revoke, key_line *line, const char *key, int argc, char **argv)
{
    if (key == NULL && argc - optind == 1)
        key = argv[optind++];
    if (key == NULL || argc != optind || line->admin.public_key.at != NULL || !take_key(line, key))
        return vdr_cli_usage(&vdr_cli_key, "one key is needed: its number, or the public key in Z85");
    if (revoke && line->admin.reason.len == 0)
        return vdr_cli_usage(&vdr_cli_key, "say why: --reason TEXT");
    line->admin.verb = revoke ? VDR_VERB_KEY_REVOKE : VDR_VERB_KEYS;
    return ask(line, revoke ? show_done : show_key);
}

static int
run_list(key_line *line, int argc, char **argv)
{
    if (argc - optind > 1)
        return vdr_cli_usage(&vdr_cli_key, "one party at most");
    if (argc > optind)
        line->admin.name = vdr_span_str(argv[optind]);
    line->admin.verb = VDR_VERB_KEYS;
    return ask(line, show_list);
}

static int
run(int argc, char **argv)
{
    key_line line;
    const char *part = argc > 1 ? argv[1] : "";
    if (strcmp(part, "--help") == 0 || strcmp(part, "-h") == 0)
        return vdr_cli_help(&vdr_cli_key);
    bool revoke = strcmp(part, "revoke") == 0, one = revoke || strcmp(part, "show") == 0;
    const char *key = NULL;
    if (one && argc > 2 && strlen(argv[2]) == Z85_CHARS) { /* it may begin like an option */
        key = argv[2];
        argv[2] = argv[1];
        argc--, argv++;
    }
    int status = argc > 1 ? take_options(&line, argc - 1, argv + 1) : VDR_EXIT_OK;
    if (status != VDR_EXIT_OK)
        return status < 0 ? VDR_EXIT_OK : status;
    argc--, argv++;
    if (strcmp(part, "add") == 0)
        return run_give(VDR_VERB_KEY_ADD, &line, argc, argv);
    if (strcmp(part, "rotate") == 0)
        return run_give(VDR_VERB_KEY_ROTATE, &line, argc, argv);
    if (one)
        return run_one(revoke, &line, key, argc, argv);
    if (strcmp(part, "list") == 0)
        return run_list(&line, argc, argv);
    return vdr_cli_usage(&vdr_cli_key, "say what to do: add, list, show, rotate or revoke");
}

const vdr_cli_verb vdr_cli_key = {
    .name = "key", .summary = "give, rotate and revoke the keys of parties", .help = help, .run = run};
