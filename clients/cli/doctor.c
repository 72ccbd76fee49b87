/* voordeur doctor: every invariant that can be looked at, on a running broker or on a store at rest. */
#include "broker/history/checkup.h"
#include "broker/net/secret.h"
#include "clients/cli/figures.h"
#include "clients/cli/show.h"
#include "clients/cli/store_key.h"
#include "proto/time.h"
#include "proto/utf8.h"

#include <dirent.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#define CLOCKS_APART_MS 5000
#define TRIES           5 /* to see log and state at one position */
#define CHECK_WAIT_MS   INT64_C(86400000)
#define DISK_LEAST      (UINT64_C(1) << 30)

static const char help[] =
    "usage: voordeur doctor [--deep] [OPTION...]        a running broker\n"
    "       voordeur doctor --store DIR [--history]     a store that no broker runs on, or a backup\n"
    "\n"
    "Looks at everything that must always hold (the invariants I1 to I20 of the design), and says of each "
    "what\n"
    "was found, and what to do. A running broker goes on meanwhile: its log is read beside it.\n"
    "\n"
    "  --deep       also a copy of the store, made with `voordeur backup` and removed afterwards: checkpoint "
    "and\n"
    "               log lead to one state, every invariant is counted again. Where the backup folder is on "
    "this\n"
    "               machine; needs room for the copy and for a second state in memory\n"
    "               (a copy has no keys: those of that home are taken, keys/store.key and store/keys/wrap)\n"
    "  --history    also step the log from its first record to the end: the same state must come of "
    "it\n" VDR_CLI_STORE_KEY_HELP VDR_CLI_LINK_HELP "\n"
    "exit status: 0 all is well; 1 something is not, or the broker does not answer; 2 wrong use\n";

typedef struct visit {
    bool json;
    unsigned bad, unknown, good;
} visit;

static void
tell(void *context, const vdr_finding *finding)
{
    static const char *const words[] = {"", "ok", "NOT OK", "unknown"};
    visit *v = context;
    v->good += finding->result == VDR_FINDING_GOOD;
    v->bad += finding->result == VDR_FINDING_BAD;
    v->unknown += finding->result == VDR_FINDING_UNKNOWN;
    if (v->json) {
        json_t *o = json_pack("{s:s, s:s, s:s}", "check", finding->check, "invariants", finding->invariants,
                              "text", finding->text);
        json_object_set_new(o, "good",
                            finding->result == VDR_FINDING_UNKNOWN
                                ? json_null()
                                : json_boolean(finding->result == VDR_FINDING_GOOD));
        if (finding->next != NULL)
            json_object_set_new(o, "next", json_string(finding->next));
        vdr_cli_print(o);
    } else {
        printf("%-7s %-11s %s\n", words[finding->result], finding->check, finding->text);
        if (*finding->invariants != '\0' && finding->result != VDR_FINDING_GOOD)
            printf("%-7s %-11s of %s\n", "", "", finding->invariants);
        if (finding->next != NULL)
            printf("%-7s %-11s next: %s\n", "", "", finding->next);
    }
    fflush(stdout);
}

__attribute__((format(printf, 6, 7))) static void
found(visit *v, const char *check, const char *invariants, vdr_finding_result result, const char *next,
      const char *format, ...)
{
    vdr_finding finding = {.check = check, .invariants = invariants, .result = result};
    va_list arguments;
    finding.next = result == VDR_FINDING_BAD ? next : NULL;
    va_start(arguments, format);
    vdr_utf8_print(finding.text, sizeof finding.text, format, arguments);
    va_end(arguments);
    tell(v, &finding);
}

static vdr_finding_result
good_if(bool good)
{
    return good ? VDR_FINDING_GOOD : VDR_FINDING_BAD;
}

/* ---- files ---- */

/* How many of a folder others may read or write; the name of the first. */
static unsigned
open_to_others(const char *folder, char first[NAME_MAX + 1])
{
    unsigned count = 0;
    DIR *dir = opendir(folder);
    struct dirent *entry;
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        char path[PATH_MAX];
        struct stat status;
        bool file = snprintf(path, sizeof path, "%s/%s", folder, entry->d_name) < (int)sizeof path &&
                    stat(path, &status) == 0 && S_ISREG(status.st_mode);
        size_t len = strlen(entry->d_name);
        bool is_public = len > 4 && strcmp(entry->d_name + len - 4, ".pub") == 0;
        if (!file || is_public || (status.st_mode & (S_IRWXG | S_IRWXO)) == 0)
            continue;
        if (count++ == 0)
            snprintf(first, NAME_MAX + 1, "%s", entry->d_name);
    }
    if (dir != NULL)
        (void)closedir(dir);
    return count;
}

static void
check_files(visit *v, const char *check, const char *folder)
{
    char first[NAME_MAX + 1] = "";
    if (access(folder, X_OK) != 0) {
        found(v, check, "I13", VDR_FINDING_UNKNOWN, NULL, "the folder is not on this machine, or not yours");
        return;
    }
    unsigned count = open_to_others(folder, first);
    if (count == 0)
        found(v, check, "I13", VDR_FINDING_GOOD, NULL, "no file is open to others");
    else
        found(v, check, "I13", VDR_FINDING_BAD, "chmod 600 them", "%u files are open to others, as %.60s",
              count, first);
}

static void
check_disk(visit *v, uint64_t disk, uint64_t free_bytes)
{
    if (disk == 0)
        found(v, "disk", "I16", VDR_FINDING_UNKNOWN, NULL, "the volume does not say how much is free");
    else
        found(v, "disk", "I16", good_if(free_bytes >= DISK_LEAST && free_bytes > disk / 50),
              "make room on the volume of the store", "%s free of %s", vdr_figure_bytes(free_bytes),
              vdr_figure_bytes(disk));
}

/* ---- a store at rest ---- */

static void
check_store(visit *v, const char *dir, const vdr_cli_store_key *key, bool history)
{
    vdr_store_keys keys = {.wrap = key->wrap};
    uint8_t *secret;
    if (vdr_cli_store_key_read("doctor", key, dir, &secret) != VDR_OK) {
        found(v, "keys", "", VDR_FINDING_BAD, NULL, "the store key cannot be read");
        return;
    }
    keys.key = secret;
    if (keys.wrap == NULL && !vdr_vault_exists(dir))
        keys.key = NULL; /* a backup: checked as far as that goes without its keys */
    (void)vdr_checkup(dir, &keys, history, tell, v);
    vdr_secret_free(&secret);
}

static void
visit_store(visit *v, const char *dir, const vdr_cli_store_key *key, bool history)
{
    char folder[PATH_MAX];
    struct statvfs room;
    check_store(v, dir, key, history);
    if (snprintf(folder, sizeof folder, "%s/log", dir) < (int)sizeof folder)
        check_files(v, "files", folder);
    bool known = statvfs(dir, &room) == 0;
    check_disk(v, known ? (uint64_t)room.f_blocks * room.f_frsize : 0,
               known ? (uint64_t)room.f_bavail * room.f_frsize : 0);
}

/* ---- a running broker ---- */

static const vdr_wire_admin_result *
ask(vdr_client *client, vdr_verb verb, const char *name, int64_t timeout_ms)
{
    const vdr_wire_admin_result *result = NULL;
    vdr_wire_admin admin = {.verb = verb, .time = VDR_MS_NONE, .name = vdr_span_str(name)};
    return vdr_client_admin(client, &admin, timeout_ms, &result) == VDR_OK ? result : NULL;
}

static void
check_status(visit *v, const vdr_wire_admin_result *s)
{
    vdr_span state = vdr_figure_text(s, "state");
    bool event = vdr_span_equal(vdr_figure_text(s, "clock"), vdr_span_str("event"));
    uint64_t now = vdr_figure(s, "time_ms"), due = vdr_figure(s, "next_due_ms");
    struct timespec here;
    clock_gettime(CLOCK_REALTIME, &here);
    int64_t apart = (int64_t)now - ((int64_t)here.tv_sec * 1000 + here.tv_nsec / 1000000);
    bool serves =
        vdr_span_equal(state, vdr_span_str("serving")) || vdr_span_equal(state, vdr_span_str("draining"));
    found(v, "session", "I12", VDR_FINDING_GOOD, NULL, "the broker proved its key, and let an operator's in");
    found(v, "broker", "", good_if(serves), "see voordeur status", "%.*s", (int)state.len,
          (const char *)state.at);
    if (event) {
        found(v, "clock", "I20", VDR_FINDING_UNKNOWN, NULL, "it has no time of its own (--clock event)");
        found(v, "timers", "I9", VDR_FINDING_UNKNOWN, NULL, "they fire with the time of events");
    } else {
        bool good =
            apart < CLOCKS_APART_MS && apart > -CLOCKS_APART_MS && vdr_figure(s, "clock_ahead_ms") == 0;
        found(v, "clock", "I20", good_if(good), "check the time service here and there",
              "%s apart from this machine's", vdr_figure_span(apart < 0 ? -apart : apart));
        found(v, "timers", "I9", good_if(due == 0 || due + CLOCKS_APART_MS >= now),
              "is the broker overloaded?", "%s set, none late", vdr_figure_count(vdr_figure(s, "timers")));
    }
    found(v, "checkpoint", "I4", good_if(vdr_figure(s, "checkpoint_failures") == 0),
          "the journal says why; then voordeur checkpoint", "%s written, %s failed",
          vdr_figure_count(vdr_figure(s, "checkpoints")),
          vdr_figure_count(vdr_figure(s, "checkpoint_failures")));
    check_disk(v, vdr_figure(s, "disk_bytes"), vdr_figure(s, "disk_free_bytes"));
    found(v, "limits", "I16",
          good_if(vdr_figure(s, "log_bytes_limit") == 0 ||
                  vdr_figure(s, "log_bytes") < vdr_figure(s, "log_bytes_limit")),
          "raise limits.store_bytes", "log of %s, %s descriptors, state of %s",
          vdr_figure_bytes(vdr_figure(s, "log_bytes")), vdr_figure_count(vdr_figure(s, "descriptors")),
          vdr_figure_bytes(vdr_figure(s, "state_bytes")));
}

/* The load that the state keeps is what a count over the log gives; both must be seen at one position. */
static void
check_counts(visit *v, vdr_client *client)
{
    for (int i = 0; i < TRIES; i++) {
        const vdr_wire_admin_result *queues = ask(client, VDR_VERB_REPORT, "queues", CHECK_WAIT_MS);
        unsigned counted = 0;
        for (size_t k = 0; queues != NULL && k < queues->row_count; k++) {
            const vdr_wire_row *row = &queues->rows[k];
            bool cases = vdr_row_is(row, "cases");
            if (!vdr_row_has(row, "load"))
                continue;
            uint64_t log = cases ? vdr_row_figure(row, "ready")
                                 : vdr_row_figure(row, "offered") + vdr_row_figure(row, "active");
            counted++;
            if (log != vdr_row_figure(row, "load")) {
                found(
                    v, "counts", "I19", VDR_FINDING_BAD, "stop the broker; voordeur doctor --store --history",
                    "%s: %s cases by the log, %s by the state", vdr_figure_short(vdr_row_word(row, "id"), 24),
                    vdr_figure_count(log), vdr_figure_count(vdr_row_figure(row, "load")));
                return;
            }
        }
        if (counted != 0) {
            found(v, "counts", "I19", VDR_FINDING_GOOD, NULL, "%u loads: the log gives what the state has",
                  counted);
            return;
        }
    }
    found(v, "counts", "I19", VDR_FINDING_UNKNOWN, NULL,
          "the broker is too busy to see log and state at one position");
}

static void
check_log(visit *v, vdr_client *client)
{
    const vdr_wire_admin_result *result = ask(client, VDR_VERB_CHECK, NULL, CHECK_WAIT_MS);
    if (result == NULL) {
        found(v, "log", "I1 I15", VDR_FINDING_UNKNOWN, NULL, "the broker did not answer");
        return;
    }
    for (size_t i = 0; i < result->row_count; i++) {
        const vdr_wire_row *row = &result->rows[i];
        bool mailboxes = vdr_span_equal(vdr_row_word(row, "check"), vdr_span_str("mailboxes"));
        vdr_span text = vdr_row_word(row, "text");
        found(v, mailboxes ? "mailboxes" : "log", mailboxes ? "I8" : "I1 I15",
              good_if(vdr_row_figure(row, "good") == 1), "stop the broker and restore a backup", "%.*s",
              (int)text.len, (const char *)text.at);
    }
}

/* ---- a copy of its store ---- */

static void
remove_copy(const char *dir)
{
    static const char *const parts[] = {"log/data.mdb",   "log/lock.mdb",   "log.lock",   "log",
                                        "state/data.mdb", "state/lock.mdb", "state.lock", "state",
                                        "keys/table",     "keys.lock",      "keys"};
    for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        char path[PATH_MAX];
        if (snprintf(path, sizeof path, "%s/%s", dir, parts[i]) < (int)sizeof path)
            (void)remove(path);
    }
    (void)rmdir(dir);
}

static void
check_copy(visit *v, const vdr_cli_link *link, vdr_client *client, const vdr_cli_store_key *key, bool history)
{
    const char *home = link->home != NULL ? link->home : getenv("VOORDEUR_HOME");
    char name[64], dir[PATH_MAX];
    snprintf(name, sizeof name, "doctor-%lld-%ld", (long long)time(NULL), (long)getpid());
    bool here = home != NULL && link->connect == NULL &&
                snprintf(dir, sizeof dir, "%s/backups/%s", home, name) < (int)sizeof dir;
    if (!here) {
        found(v, "copy", "I4", VDR_FINDING_UNKNOWN, NULL,
              "needs --home, with the backup folder on this machine");
        return;
    }
    if (ask(client, VDR_VERB_BACKUP, name, CHECK_WAIT_MS) == NULL) {
        vdr_client_error error;
        vdr_client_error_get(client, &error);
        found(v, "copy", "I4", VDR_FINDING_BAD, "see to the backup folder of node.yaml", "no copy: %.200s",
              error.text);
        return;
    }
    if (access(dir, X_OK) != 0) {
        found(v, "copy", "I4", VDR_FINDING_UNKNOWN, NULL,
              "the copy %.100s is not on this machine: remove it there", name);
        return;
    }
    vdr_cli_store_key named = *key;
    char file[2][PATH_MAX];
    if (named.key == NULL && snprintf(file[0], PATH_MAX, "%s/keys/store.key", home) < PATH_MAX &&
        access(file[0], R_OK) == 0)
        named.key = file[0];
    if (named.wrap == NULL && snprintf(file[1], PATH_MAX, "%s/store/keys/wrap", home) < PATH_MAX &&
        access(file[1], R_OK) == 0)
        named.wrap = file[1];
    check_store(v, dir, &named, history);
    remove_copy(dir);
}

static int
visit_broker(visit *v, const vdr_cli_link *link, const vdr_cli_store_key *key, bool deep, bool history)
{
    vdr_client_options how = {0};
    vdr_client *client;
    int status = vdr_cli_link_open(&vdr_cli_doctor, link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    const vdr_wire_admin_result *s = ask(client, VDR_VERB_STATUS, NULL, link->timeout_ms);
    if (s == NULL) {
        status = vdr_cli_link_failed(link, client, "doctor");
    } else {
        const char *home = link->home != NULL ? link->home : getenv("VOORDEUR_HOME");
        char keys[PATH_MAX];
        check_status(v, s);
        check_counts(v, client);
        check_log(v, client);
        if (home != NULL && link->connect == NULL &&
            snprintf(keys, sizeof keys, "%s/keys", home) < (int)sizeof keys)
            check_files(v, "keys", keys);
        if (deep)
            check_copy(v, link, client, key, history);
    }
    vdr_client_close(&client);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            VDR_CLI_STORE_KEY_OPTIONS,
                                            {"store", required_argument, NULL, VDR_OPT_OWN},
                                            {"deep", no_argument, NULL, VDR_OPT_OWN + 1},
                                            {"history", no_argument, NULL, VDR_OPT_OWN + 2},
                                            {NULL, 0, NULL, 0}};
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    visit v = {0};
    vdr_cli_store_key key = {0};
    const char *store = NULL;
    bool deep = false, history = false;
    int option, status = VDR_EXIT_OK;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_doctor);
        if (option == VDR_OPT_OWN)
            store = optarg;
        else if (option == VDR_OPT_OWN + 1)
            deep = true;
        else if (option == VDR_OPT_OWN + 2)
            history = true;
        else if (!vdr_cli_store_key_take(&key, option, optarg) && !vdr_cli_link_take(&link, option, optarg))
            return vdr_cli_usage(&vdr_cli_doctor, "unknown option");
    }
    if (optind != argc)
        return vdr_cli_usage(&vdr_cli_doctor, "%s: nothing more was expected", argv[optind]);
    if (history && store == NULL && !deep)
        return vdr_cli_usage(&vdr_cli_doctor, "--history goes with --store or --deep");
    v.json = link.json;
    if (store != NULL)
        visit_store(&v, store, &key, history);
    else
        status = visit_broker(&v, &link, &key, deep, history);
    if (status == VDR_EXIT_OK && !v.json)
        printf("\n%u ok, %u not ok, %u unknown\n", v.good, v.bad, v.unknown);
    int flushed = vdr_cli_flush();
    if (status != VDR_EXIT_OK)
        return status;
    return v.bad != 0 ? VDR_EXIT_FAILED : flushed;
}

const vdr_cli_verb vdr_cli_doctor = {.name = "doctor",
                                     .summary = "is all as it must be? a running broker, or a store",
                                     .help = help,
                                     .run = run};
