/* voordeur rules fmt: lay the configuration files out in the one way. */
#include "broker/door/reader.h"
#include "broker/door/yaml_format.h"
#include "clients/cli/config.h"
#include "clients/cli/link.h"
#include "clients/cli/rules.h"
#include "proto/limits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char help[] =
    "usage: voordeur rules fmt [--check] [--json] DIR|FILE...\n"
    "\n"
    "Lays YAML files out in the one way: of a directory town.yaml, catalogue.yaml, rules.yaml and the\n"
    "tests/*.yaml that are there. Only blanks and quotes change: two spaces a level, list items two below\n"
    "their key, one blank after : and , none inside brackets, no more than one empty line. Comments, the\n"
    "order and your line breaks stay. The result is read again before the file is replaced: it says the\n"
    "same. The names of the files that were changed are printed.\n"
    "\n"
    "  --check   change nothing; exit status 1 if a file would be changed\n"
    "  --json    one JSON object: {\"changed\": [...], \"unchanged\": N}\n"
    "\n"
    "exit status: 0 done; 1 a file is not readable YAML or cannot be written, or, with --check, would be\n"
    "changed; 2 wrong use\n"
    "\n"
    "examples:\n"
    "  voordeur rules fmt deploy/zomerdal\n"
    "  voordeur rules fmt --check town/rules.yaml    # in a pre-commit hook\n";

typedef struct run_of {
    bool check, failed;
    json_t *changed; /* names */
    size_t unchanged;
} run_of;

static bool
read_whole(const char *path, vdr_bytes *ret_text)
{
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &st) == 0;
    if (good && (!S_ISREG(st.st_mode) || st.st_size > (off_t)VDR_CONF_BYTES_MAX)) {
        errno = S_ISREG(st.st_mode) ? EFBIG : EINVAL;
        good = false;
    }
    while (good && ret_text->len < (size_t)st.st_size) {
        size_t more = (size_t)st.st_size - ret_text->len;
        uint8_t *at = vdr_bytes_extend(ret_text, more);
        ssize_t got = read(fd, at, more);
        ret_text->len -= more - (got > 0 ? (size_t)got : 0);
        if (got < 0 && errno == EINTR)
            continue;
        good = got >= 0;
        if (got == 0)
            break;
    }
    if (!good)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return good;
}

/* A new file beside the old one takes its place: whoever reads meanwhile sees one of the two, whole. */
static bool
replace(const char *path, const vdr_bytes *text)
{
    size_t len = strlen(path) + sizeof ".XXXXXX";
    char *beside = vdr_alloc(1, len);
    struct stat st;
    size_t used = 0;

    snprintf(beside, len, "%s.XXXXXX", path);
    int fd = mkstemp(beside);
    bool good = fd >= 0 && stat(path, &st) == 0 && fchmod(fd, st.st_mode & 07777) == 0;
    while (good && used < text->len) {
        ssize_t put = write(fd, text->at + used, text->len - used);
        if (put < 0 && errno == EINTR)
            continue;
        good = put > 0;
        used += good ? (size_t)put : 0;
    }
    good = good && fsync(fd) == 0;
    if (fd >= 0 && close(fd) != 0)
        good = false;
    good = good && rename(beside, path) == 0;
    if (!good) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        if (fd >= 0)
            (void)unlink(beside);
    }
    free(beside);
    return good;
}

/* A link stays one: what it names is replaced. */
static bool
replace_at(const char *path, const vdr_bytes *text)
{
    char *real = realpath(path, NULL);
    bool good = real != NULL && replace(real, text);
    if (real == NULL)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    free(real);
    return good;
}

static void
on_fault(void *context, vdr_place place, const char *message)
{
    vdr_reader_fault(context, place, "%s", message);
}

static void
format_file(run_of *r, const char *path)
{
    vdr_bytes text = {0}, made = {0};
    vdr_config_faults faults;

    vdr_config_faults_init(&faults);
    if (!read_whole(path, &text)) {
        r->failed = true;
    } else {
        vdr_config_texts texts = {.name = {vdr_span_str(path)}, .text = {vdr_bytes_span(&text)}};
        vdr_reader reader = {.texts = &texts, .faults = &faults};
        vdr_err err = vdr_yaml_format(texts.text[0], (vdr_yaml_listener){on_fault, &reader}, &made);
        vdr_cli_faults(&faults);
        if (err != VDR_OK)
            r->failed = true;
        else if (vdr_span_equal(vdr_bytes_span(&text), vdr_bytes_span(&made)))
            r->unchanged++;
        else if (!r->check && !replace_at(path, &made))
            r->failed = true;
        else
            json_array_append_new(r->changed, vdr_cli_text(vdr_span_str(path)));
    }
    vdr_config_faults_done(&faults);
    vdr_bytes_done(&made);
    vdr_bytes_done(&text);
}

static int
is_yaml(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static void
format_in(run_of *r, const char *dir, const char *name)
{
    size_t len = strlen(dir) + strlen(name) + 2;
    char *path = vdr_alloc(1, len);
    snprintf(path, len, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
    format_file(r, path);
    free(path);
}

static void
format_dir(run_of *r, const char *dir)
{
    static const char *const names[] = {"town.yaml", "catalogue.yaml", "rules.yaml"};
    struct dirent **entries = NULL;
    size_t len = strlen(dir) + sizeof "/tests";
    char *tests = vdr_alloc(1, len);

    for (size_t i = 0; i < 3; i++)
        format_in(r, dir, names[i]);
    snprintf(tests, len, "%s/tests", dir);
    int count = scandir(tests, &entries, is_yaml, alphasort); /* no such directory: no tests */
    for (int i = 0; i < count; i++) {
        format_in(r, tests, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
    free(tests);
}

static void
report(const run_of *r, bool json)
{
    if (json) {
        vdr_cli_print(json_pack("{s:O, s:I}", "changed", r->changed, "unchanged", (json_int_t)r->unchanged));
        return;
    }
    for (size_t i = 0; i < json_array_size(r->changed); i++)
        puts(json_string_value(json_array_get(r->changed, i)));
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {{"check", no_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    run_of r = {0};
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_rules_fmt);
        if (option == 'c')
            r.check = true;
        else if (option == 'j')
            json = true;
        else
            return vdr_cli_usage(&vdr_cli_rules_fmt, "unknown option");
    }
    if (optind == argc)
        return vdr_cli_usage(&vdr_cli_rules_fmt, "needs a directory or a file");
    r.changed = json_array();
    for (int i = optind; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && S_ISDIR(st.st_mode))
            format_dir(&r, argv[i]);
        else
            format_file(&r, argv[i]);
    }
    report(&r, json);
    bool would = r.check && json_array_size(r.changed) != 0;
    json_decref(r.changed);
    int flushed = vdr_cli_flush();
    return r.failed || would ? VDR_EXIT_FAILED : flushed;
}

const vdr_cli_verb vdr_cli_rules_fmt = {
    .name = "rules fmt",
    .summary = "lay the files out in the one way",
    .help = help,
    .run = run,
};
