/* voordeur verify: is a store what was written? On a store at rest, or by a running broker.
 * voordeur head: the signed heads of a log, and whether a store still has one that was kept. */
#include "broker/trust/verify.h"
#include "clients/cli/figures.h"
#include "clients/cli/show.h"
#include "proto/time.h"

#include <errno.h>
#include <limits.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define KEYS_MAX  16u
#define KEPT_MAX  100000u
#define LOOK_MS   300
#define KEY_CHARS (2u * VDR_HEAD_KEY_BYTES)

static const char verify_help[] =
    "usage: voordeur verify --store DIR [--heads DIR] [--public-key KEY] [--from HEAD]   a store at rest\n"
    "       voordeur verify [OPTION...]                                                  a running broker\n"
    "\n"
    "Looks at every byte of a store that means something: pages, that each is in use once or free once, "
    "checksums,\n"
    "both chains of hashes, the index of mailboxes, the checkpoints, the keys as they are sealed, what "
    "proves "
    "erasures,\n"
    "the signed heads. No key of the store is needed. Names the first record, "
    "file and\n"
    "place that is not what was written, and says what to do. A running broker goes on meanwhile.\n"
    "\n"
    "Bytes that nothing reads (LMDB's free pages, and gaps inside its pages) do not count: flipping one "
    "changes\n"
    "nothing that is stored, and nothing that this verb says.\n"
    "\n"
    "  --store DIR       what voordeurd has as --store, or a backup; nobody may run on it\n"
    "  --heads DIR       where the signed heads are, if not in DIR/heads\n"
    "  --public-key KEY  whose heads they must be: 64 hexadecimal digits, or a file that has them, as\n"
    "                    keys/signing.pub; may be given more than once\n"
    "  --from HEAD       only what came after this head: its number, or a file with a head that was kept, "
    "which\n"
    "                    the log must then have\n" VDR_CLI_LINK_HELP "\n"
    "exit status: 0 it is what was written; 1 it could not be looked at; 2 wrong use; 3 it is not\n"
    "\n"
    "example:\n"
    "  voordeur verify --store /var/lib/voordeur/store --public-key /etc/voordeur/signing.pub\n";

static const char head_help[] =
    "usage: voordeur head list  [--store DIR | --heads DIR | OPTION...]\n"
    "       voordeur head show  [--store DIR | --heads DIR | OPTION...] [NUMBER]\n"
    "       voordeur head check FILE (--store DIR | OPTION...) --public-key KEY\n"
    "\n"
    "A head says what the log was at one moment, signed. Keep heads where nobody who runs the broker can "
    "change\n"
    "them: with the auditor, in the council's minutes. Whoever has one, and the public key, can check later "
    "that a\n"
    "store still has that log: a log that was written anew, shortened or put back has other hashes.\n"
    "\n"
    "  list    the newest heads\n"
    "  show    one head as its line, to be kept, and the public key; the newest if no number is given\n"
    "  check   every head in FILE (a line each) against a store: at rest the whole log is hashed again; of "
    "a\n"
    "          running broker the heads that it has now are compared\n"
    "\n"
    "  --store DIR, --heads DIR, --public-key KEY: as voordeur verify\n" VDR_CLI_LINK_HELP "\n"
    "exit status: 0 done, and check: it has them; 1 not done; 2 wrong use; 3 check: it has not\n"
    "\n"
    "example:\n"
    "  voordeur head show --home /etc/voordeur/home > head-2026-03.jsonl\n"
    "  voordeur head check head-2026-03.jsonl --store /mnt/store --public-key signing.pub\n";

enum { OPT_STORE = VDR_OPT_OWN, OPT_HEADS, OPT_KEY, OPT_FROM };

typedef struct wish {
    vdr_cli_link link;
    const vdr_cli_verb *verb;
    const char *store, *heads, *from;
    uint8_t keys[KEYS_MAX * VDR_HEAD_KEY_BYTES];
    size_t key_count;
    vdr_head *kept;
    size_t kept_count;
    bool bad; /* a part was */
} wish;

/* ---- what both read */

static int
failed(const wish *w, const char *what, const char *text)
{
    fprintf(stderr, "voordeur %s: %s: %s\n", w->verb->name, what, text);
    return VDR_EXIT_FAILED;
}

/* 64 digits, or a file that begins with them. */
static bool
take_key(wish *w, const char *value)
{
    char text[KEY_CHARS + 1] = "";
    uint8_t *key = w->keys + w->key_count * VDR_HEAD_KEY_BYTES;
    if (w->key_count == KEYS_MAX)
        return false;
    if (vdr_head_key_read(vdr_span_str(value), key)) {
        w->key_count++;
        return true;
    }
    FILE *file = fopen(value, "re");
    size_t len = file != NULL ? fread(text, 1, KEY_CHARS, file) : 0;
    if (file != NULL)
        (void)fclose(file);
    bool good = vdr_head_key_read(vdr_span_of(text, len), key);
    w->key_count += good;
    return good;
}

/* A file of heads, a line each. */
static int
read_kept(wish *w, const char *path)
{
    char *line = NULL;
    size_t room = 0, size = 0, number = 0;
    ssize_t len;
    int status = VDR_EXIT_OK;
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return failed(w, path, strerror(errno));
    while (status == VDR_EXIT_OK && (len = getline(&line, &room, file)) > 0) {
        number++;
        while (len > 0 && (line[len - 1] == '\n' || line[len - 1] == '\r'))
            len--;
        if (len == 0 || line[0] == '#')
            continue;
        if (w->kept_count == size) {
            size = size == 0 ? 64 : 2 * size;
            w->kept = vdr_realloc(w->kept, size, sizeof *w->kept);
        }
        if (w->kept_count == KEPT_MAX ||
            vdr_head_read(vdr_span_of(line, (size_t)len), &w->kept[w->kept_count]) != VDR_OK) {
            fprintf(stderr, "voordeur %s: %s:%zu: not a head as it was written\n", w->verb->name, path,
                    number);
            status = VDR_EXIT_FAILED;
        } else {
            w->kept_count++;
        }
    }
    free(line);
    (void)fclose(file);
    if (status == VDR_EXIT_OK && w->kept_count == 0)
        return failed(w, path, "there is no head in it");
    return status;
}

typedef struct search {
    uint64_t number;
    vdr_head *ret_head;
    bool found;
} search;

static vdr_err
find_head(void *context, const vdr_head *head, vdr_span line)
{
    search *s = context;
    (void)line;
    if (head->number == s->number) {
        *s->ret_head = *head;
        s->found = true;
    }
    return VDR_OK;
}

static bool
heads_dir(const wish *w, char dir[PATH_MAX])
{
    int len = w->heads != NULL ? snprintf(dir, PATH_MAX, "%s", w->heads)
                               : snprintf(dir, PATH_MAX, "%s/heads", w->store);
    return len > 0 && len < PATH_MAX;
}

/* --from: a number of the book, or a file. */
static int
read_from(wish *w)
{
    char *end, dir[PATH_MAX], words[VDR_HEADBOOK_WORDS] = "";
    unsigned long long number = strtoull(w->from, &end, 10);
    if (*end != '\0' || number == 0)
        return read_kept(w, w->from);
    vdr_headbook_end book;
    w->kept = vdr_alloc(1, sizeof *w->kept);
    search s = {.number = number, .ret_head = w->kept};
    if (!heads_dir(w, dir))
        return VDR_EXIT_USAGE;
    if (vdr_headbook_walk(dir, find_head, &s, &book, words) != VDR_OK)
        return failed(w, "heads", words);
    if (!s.found)
        return failed(w, w->from, "there is no such head");
    w->kept_count = 1;
    return VDR_EXIT_OK;
}

/* ---- verify */

static void
show_part(wish *w, const char *name, const char *result, vdr_span text, vdr_span file, vdr_span next,
          uint64_t offset, uint64_t record, uint64_t head)
{
    bool bad = strcmp(result, "bad") == 0;
    w->bad = w->bad || bad;
    if (w->link.json) {
        json_t *o = json_pack("{s:s, s:s, s:o}", "part", name, "result", result, "text", vdr_cli_text(text));
        if (bad && file.len != 0)
            json_object_set_new(o, "file", vdr_cli_text(file));
        if (offset != 0)
            json_object_set_new(o, "offset", json_integer((json_int_t)offset));
        if (record != 0)
            json_object_set_new(o, "record", json_integer((json_int_t)record));
        if (head != 0)
            json_object_set_new(o, "head", json_integer((json_int_t)head));
        if (next.len != 0)
            json_object_set_new(o, "next", vdr_cli_text(next));
        vdr_cli_print(o);
        return;
    }
    printf("%-7s %-6s %.*s\n",
           bad                           ? "NOT OK"
           : strcmp(result, "good") == 0 ? "ok"
                                         : "-",
           name, (int)text.len, (const char *)text.at);
    if (next.len != 0)
        printf("%-7s %-6s next: %.*s\n", "", "", (int)next.len, (const char *)next.at);
}

static void
on_part(void *context, const vdr_verify_part *part)
{
    static const char *const results[] = {
        [VDR_VERIFY_GOOD] = "good", [VDR_VERIFY_BAD] = "bad", [VDR_VERIFY_NONE] = "none"};
    bool bad = part->result == VDR_VERIFY_BAD;
    show_part(context, part->part, results[part->result], vdr_span_str(part->text), vdr_span_str(part->file),
              vdr_span_str(bad ? part->next : NULL), part->offset, part->record, part->head);
    fflush(stdout);
}

static bool
on_progress(void *context, uint64_t at)
{
    const wish *w = context;
    if (!w->link.json && isatty(STDERR_FILENO))
        fprintf(stderr, "\rrecord %llu ", (unsigned long long)at);
    return !vdr_cli_stopped();
}

static int
verify_store(wish *w)
{
    vdr_verify_ask ask = {.store_dir = w->store,
                          .heads_dir = w->heads,
                          .keys = w->keys,
                          .key_count = w->key_count,
                          .from = w->from != NULL ? &w->kept[w->kept_count - 1] : NULL,
                          .kept = w->kept,
                          .kept_count = w->kept_count,
                          .progress = on_progress,
                          .tell = on_part,
                          .context = w};
    vdr_cli_stop_catch();
    vdr_err err = vdr_verify_store(&ask);
    if (isatty(STDERR_FILENO) && !w->link.json)
        fprintf(stderr, "\r%*s\r", 40, "");
    int status = vdr_cli_flush();
    if (status != VDR_EXIT_OK || err == VDR_OK)
        return status;
    return err == VDR_E_STORE_CORRUPT || err == VDR_E_STORE_VERSION ? VDR_EXIT_DIFFERS : VDR_EXIT_FAILED;
}

static const vdr_wire_admin_result *
ask(const wish *w, vdr_client *client, vdr_verb verb)
{
    const vdr_wire_admin_result *result = NULL;
    vdr_wire_admin admin = {.verb = verb, .time = VDR_MS_NONE};
    return vdr_client_admin(client, &admin, w->link.timeout_ms, &result) == VDR_OK ? result : NULL;
}

static void
show_rows(wish *w, const vdr_wire_admin_result *result)
{
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        char name[16], word[16];
        snprintf(name, sizeof name, "%.*s", (int)vdr_row_word(row, "part").len,
                 (const char *)vdr_row_word(row, "part").at);
        snprintf(word, sizeof word, "%.*s", (int)vdr_row_word(row, "result").len,
                 (const char *)vdr_row_word(row, "result").at);
        show_part(w, name, word, vdr_row_word(row, "text"), vdr_row_word(row, "file"),
                  vdr_row_word(row, "next"), vdr_row_figure(row, "offset"), vdr_row_figure(row, "record"),
                  vdr_row_figure(row, "head"));
    }
}

static int
verify_broker(wish *w)
{
    vdr_client_options how = {0};
    vdr_client *client;
    int status = vdr_cli_link_open(w->verb, &w->link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_client_error error;
    bool begun = ask(w, client, VDR_VERB_VERIFY) != NULL;
    if (!begun) /* BUSY: another one asked: its result is as good */
        vdr_client_error_get(client, &error);
    const vdr_wire_admin_result *look =
        begun || error.err == VDR_E_BUSY ? ask(w, client, VDR_VERB_VERIFY_LOOK) : NULL;
    vdr_cli_stop_catch();
    while (look != NULL && vdr_figure(look, "running") != 0 && !vdr_cli_stopped()) {
        struct timespec pause = {.tv_nsec = LOOK_MS * 1000000L};
        if (!w->link.json && isatty(STDERR_FILENO))
            fprintf(stderr, "\rrecord %llu of %llu ", (unsigned long long)vdr_figure(look, "position"),
                    (unsigned long long)vdr_figure(look, "position_last"));
        nanosleep(&pause, NULL);
        look = ask(w, client, VDR_VERB_VERIFY_LOOK);
    }
    if (!w->link.json && isatty(STDERR_FILENO))
        fprintf(stderr, "\r%*s\r", 40, "");
    if (look == NULL)
        status = vdr_cli_link_failed(&w->link, client, "verify");
    else
        show_rows(w, look);
    vdr_client_close(&client);
    if (status == VDR_EXIT_OK)
        status = vdr_cli_flush();
    return status == VDR_EXIT_OK && w->bad ? VDR_EXIT_DIFFERS : status;
}

/* Options of both verbs. -1: go on. */
static int
take_options(wish *w, int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"store", required_argument, NULL, OPT_STORE},
                                            {"heads", required_argument, NULL, OPT_HEADS},
                                            {"public-key", required_argument, NULL, OPT_KEY},
                                            {"from", required_argument, NULL, OPT_FROM},
                                            {NULL, 0, NULL, 0}};
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(w->verb);
        if (option == OPT_STORE)
            w->store = optarg;
        else if (option == OPT_HEADS)
            w->heads = optarg;
        else if (option == OPT_FROM)
            w->from = optarg;
        else if (option == OPT_KEY && !take_key(w, optarg))
            return vdr_cli_usage(
                w->verb, "--public-key %s: neither 64 hexadecimal digits nor a file that has them", optarg);
        else if (option != OPT_KEY && !vdr_cli_link_take(&w->link, option, optarg))
            return vdr_cli_usage(w->verb, "unknown option");
    }
    return -1;
}

static int
run_verify(int argc, char **argv)
{
    wish w = {.link = VDR_CLI_LINK_NEW, .verb = &vdr_cli_verify};
    int status = take_options(&w, argc, argv);
    if (status >= 0)
        return status;
    if (optind != argc)
        return vdr_cli_usage(w.verb, "%s: nothing more was expected", argv[optind]);
    if (w.store == NULL && (w.from != NULL || w.heads != NULL || w.key_count != 0))
        return vdr_cli_usage(w.verb, "--from, --heads and --public-key are for a store at rest: --store DIR");
    status = w.from != NULL ? read_from(&w) : VDR_EXIT_OK;
    if (status == VDR_EXIT_OK)
        status = w.store != NULL ? verify_store(&w) : verify_broker(&w);
    free(w.kept);
    return status;
}

/* ---- heads */

typedef struct heads {
    vdr_head *at;
    size_t count, size;
} heads;

static vdr_err
add_head(void *context, const vdr_head *head, vdr_span line)
{
    heads *h = context;
    (void)line;
    if (h->count == h->size) {
        h->size = h->size == 0 ? 64 : 2 * h->size;
        h->at = vdr_realloc(h->at, h->size, sizeof *h->at);
    }
    h->at[h->count++] = *head;
    return VDR_OK;
}

/* The lines that a broker answers. */
static bool
add_lines(heads *h, vdr_span text)
{
    bool good = true;
    while (good && text.len != 0) {
        const uint8_t *end = memchr(text.at, '\n', text.len);
        vdr_head head;
        size_t len = end != NULL ? (size_t)(end - text.at) : text.len;
        good = vdr_head_read(vdr_span_of(text.at, len), &head) == VDR_OK;
        if (good)
            (void)add_head(h, &head, text);
        size_t taken = end != NULL ? len + 1 : len;
        text = vdr_span_of(text.at + taken, text.len - taken);
    }
    return good;
}

static int
fetch_heads(const wish *w, heads *h)
{
    if (w->store != NULL || w->heads != NULL) {
        char dir[PATH_MAX], words[VDR_HEADBOOK_WORDS] = "";
        vdr_headbook_end end;
        if (!heads_dir(w, dir))
            return VDR_EXIT_USAGE;
        vdr_err err = vdr_headbook_walk(dir, add_head, h, &end, words);
        return err == VDR_OK ? VDR_EXIT_OK : failed(w, "heads", words);
    }
    vdr_client_options how = {0};
    vdr_client *client;
    int status = vdr_cli_link_open(w->verb, &w->link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    const vdr_wire_admin_result *result = ask(w, client, VDR_VERB_HEADS);
    if (result == NULL)
        status = vdr_cli_link_failed(&w->link, client, "head");
    else if (result->file_count != 1 || !add_lines(h, result->files[0].text))
        status = failed(w, "head", "the broker's heads are not as they are written");
    vdr_client_close(&client);
    return status;
}

static void
list(const wish *w, const heads *h)
{
    static const char *const names[] = {"HEAD", "TIME", "RECORD", "EPOCH", "CHAIN", "SIGNED"};
    vdr_cli_table table;
    char line[VDR_HEAD_LINE_BYTES], chain[17];
    for (size_t i = 0; i < h->count && w->link.json; i++) {
        (void)vdr_head_write(&h->at[i], line);
        puts(line);
    }
    if (w->link.json)
        return;
    vdr_cli_table_init(&table, names, 6);
    for (size_t i = 0; i < h->count; i++) {
        const vdr_head *head = &h->at[i];
        sodium_bin2hex(chain, sizeof chain, head->log.chain, 8);
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)head->number);
        vdr_cli_table_cell(&table, "%s", vdr_cli_when(head->time));
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)head->log.position);
        vdr_cli_table_cell(&table, "%llu", (unsigned long long)head->log.epoch);
        vdr_cli_table_cell(&table, "%s", chain);
        vdr_cli_table_cell(&table, "%s", vdr_head_signed(head) ? "yes" : "NO");
    }
    vdr_cli_table_print(&table);
}

static int
show(const wish *w, const heads *h, const char *which)
{
    char *end = NULL, line[VDR_HEAD_LINE_BYTES], key[KEY_CHARS + 1];
    unsigned long long number = which != NULL ? strtoull(which, &end, 10) : 0;
    const vdr_head *head = which == NULL && h->count != 0 ? &h->at[h->count - 1] : NULL;
    if (which != NULL && (*end != '\0' || number == 0))
        return vdr_cli_usage(w->verb, "%s: not a number", which);
    for (size_t i = 0; i < h->count && which != NULL; i++) {
        if (h->at[i].number == number)
            head = &h->at[i];
    }
    if (head == NULL)
        return failed(w, "show", "there is no such head");
    (void)vdr_head_write(head, line);
    puts(line);
    sodium_bin2hex(key, sizeof key, head->key, sizeof head->key);
    fprintf(stderr, "public key: %s%s\n", key, vdr_head_signed(head) ? "" : " (THE SIGNATURE IS NOT GOOD)");
    return vdr_head_signed(head) ? VDR_EXIT_OK : VDR_EXIT_DIFFERS;
}

/* Kept heads against those that a running broker has now. */
static int
check_lines(wish *w, const heads *h)
{
    char kept[VDR_HEAD_LINE_BYTES], now[VDR_HEAD_LINE_BYTES];
    size_t older = 0;
    for (size_t i = 0; i < w->kept_count; i++) {
        const vdr_head *head = &w->kept[i], *has = NULL;
        bool known = false;
        for (size_t k = 0; k < w->key_count && !known; k++)
            known = memcmp(w->keys + k * VDR_HEAD_KEY_BYTES, head->key, VDR_HEAD_KEY_BYTES) == 0;
        for (size_t k = 0; k < h->count; k++)
            has = h->at[k].number == head->number ? &h->at[k] : has;
        (void)vdr_head_write(head, kept);
        if (has != NULL)
            (void)vdr_head_write(has, now);
        bool before = has == NULL && h->count != 0 && head->number < h->at[0].number;
        older += before;
        if (!known || !vdr_head_signed(head)) {
            printf("head %llu in the file is not signed by the key that was given\n",
                   (unsigned long long)head->number);
            return VDR_EXIT_DIFFERS;
        }
        if (!before && (has == NULL || strcmp(kept, now) != 0)) {
            printf("the broker's log is not the one that head %llu was made of\n",
                   (unsigned long long)head->number);
            return VDR_EXIT_DIFFERS;
        }
    }
    if (older == w->kept_count)
        return failed(w, "check", "the broker shows newer heads only: check its store at rest (--store)");
    printf("the broker has %zu of the heads as they were kept%s\n", w->kept_count - older,
           older != 0 ? "; the others are older than what it shows: check its store at rest (--store)" : "");
    return VDR_EXIT_OK;
}

static int
run_what(wish *w, int argc, char **argv)
{
    heads h = {0};
    const char *what = optind < argc ? argv[optind] : "";
    int more = argc - optind - 1, status;
    bool checks = strcmp(what, "check") == 0, shows = strcmp(what, "show") == 0;
    if (!checks && !shows && strcmp(what, "list") != 0)
        return vdr_cli_usage(w->verb, "one of list, show, check");
    if ((checks && more != 1) || (shows && more > 1) || (!checks && !shows && more != 0))
        return vdr_cli_usage(w->verb, checks ? "check FILE" : "too many arguments");
    if (checks && w->key_count == 0)
        return vdr_cli_usage(w->verb, "check needs --public-key: whose heads they must be");
    if (checks && (status = read_kept(w, argv[optind + 1])) != VDR_EXIT_OK)
        return status;
    if (checks && w->store != NULL)
        return verify_store(w);
    status = fetch_heads(w, &h);
    if (status == VDR_EXIT_OK && checks)
        status = check_lines(w, &h);
    else if (status == VDR_EXIT_OK && shows)
        status = show(w, &h, more == 1 ? argv[optind + 1] : NULL);
    else if (status == VDR_EXIT_OK)
        list(w, &h);
    free(h.at);
    return status == VDR_EXIT_OK ? vdr_cli_flush() : status;
}

static int
run_head(int argc, char **argv)
{
    wish w = {.link = VDR_CLI_LINK_NEW, .verb = &vdr_cli_head};
    int status = take_options(&w, argc, argv);
    if (status >= 0)
        return status;
    if (w.from != NULL)
        return vdr_cli_usage(w.verb, "--from is for voordeur verify");
    if (sodium_init() < 0)
        return failed(&w, "libsodium", "it does not start");
    status = run_what(&w, argc, argv);
    free(w.kept);
    return status;
}

const vdr_cli_verb vdr_cli_verify = {.name = "verify",
                                     .summary =
                                         "is the store what was written? at rest, or of a running broker",
                                     .help = verify_help,
                                     .run = run_verify};
const vdr_cli_verb vdr_cli_head = {.name = "head",
                                   .summary = "signed heads of the log: list, show, check one that was kept",
                                   .help = head_help,
                                   .run = run_head};
