/* voordeur rules test: do the rules do what the town says they should? */
#include "broker/study/page.h"
#include "broker/study/play.h"
#include "clients/cli/config.h"
#include "clients/cli/link.h"
#include "clients/cli/rules.h"
#include "proto/time.h"

#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const char help[] =
    "usage: voordeur rules test [--junit FILE] [--cover PERCENT] [--json] FILE|DIR...\n"
    "\n"
    "Plays made-up events to the real door and core, and compares what is decided with what is expected.\n"
    "Of a directory, its tests/*.yaml. Nothing is stored, no broker is needed, and time is that of the\n"
    "tests. A failure shows what was expected (-), what was (+), and how far the rule was from holding.\n"
    "\n"
    "  config: ..                    # where town.yaml and the others are (default: the directory above)\n"
    "  begin: 2026-01-05T09:00:00Z   # the instant of 0d\n"
    "  tests:\n"
    "    - name: three domains open a case\n"
    "      steps:\n"
    "        - {at: 0d, signal: v1, type: nl.onderwijs.verzuim-gemeld.v1, household: A}\n"
    "        - at: 20d\n"
    "          signal: g1\n"
    "          type: nl.veiligheid.huiselijk-geweld-gemeld.v1\n"
    "          household: A\n"
    "          expect: [{case: A, rule: three-domains, regisseur: r-anna}]\n"
    "        - {advance: 42d, expect_not: [{overdue: v1}]}\n"
    "\n"
    "A step is at: a time since begin, or advance: a time since the step before. It does one thing, or lets\n"
    "time pass:\n"
    "  signal: ID    with type, and agency (default: the first that may), household (a person of that name)\n"
    "                and role, persons: [B, {name: C, role: youth}], address, district, severity, ago: 3d\n"
    "                (it happened earlier), act_before: 30d, supersedes: ID\n"
    "  withdraw, end, feedback (result): ID of a signal\n"
    "  accept, decline, dismiss, close, assign (to: REGISSEUR): household with an open case\n"
    "\n"
    "After it, expect and expect_not are lists of:\n"
    "  {case: A}                    has an open case; rule, state, priority, regisseur (or none), signals\n"
    "  {regular: ID}, {attached: ID}, {proposed: ID}, {overdue: ID}   what became of a signal; service\n"
    "  {refused: ID, code: CODE}    the signal, or what was done\n"
    "  {holds: A, rule: R}, {latch: A, rule: R}                       a rule, and whether it was told\n"
    "  {watch: A, rule: R}, {match: AGENCY, rule: R, agencies: [..]}  told in this step\n"
    "  {message: KIND, to: \"regisseur:r-anna\", signal: ID}            sent in this step\n"
    "  {review: [A, B]}, {same: [A, B]}                               may be one; are one household\n"
    "\n"
    "Coverage counts the clauses of the rules that the tests saw make the difference both ways: reached,\n"
    "and the only thing that was missing. What was not tried is listed.\n"
    "\n"
    "  --junit FILE      results as JUnit XML, too\n"
    "  --cover PERCENT   fail if less of the clauses was tried\n"
    "  --json            one JSON object\n"
    "\n"
    "exit status: 0 all passed; 1 some failed, or too little was tried; 2 wrong use, or a test or\n"
    "configuration that cannot be read\n"
    "\n"
    "example:\n"
    "  voordeur rules test deploy/example deploy/zomerdal\n";

/* A configuration, and what the tests that use it tried. */
typedef struct town {
    char *dir;
    vdr_config *config;
    vdr_coverage coverage;
    struct town *next;
} town;

typedef struct result {
    vdr_span file, name;
    vdr_place place;
    vdr_play play;
    struct result *next;
} result;

typedef struct tests {
    town *towns;
    result *first, **last;
    vdr_arena arena; /* of results */
    size_t passed, failed;
    bool wrong; /* something cannot be read */
} tests;

/* ---- reading */

static char *
joined(const char *dir, const char *name)
{
    size_t len = strlen(dir) + strlen(name) + 2;
    char *path = vdr_alloc(1, len);
    snprintf(path, len, "%s%s%s", dir, dir[strlen(dir) - 1] == '/' ? "" : "/", name);
    return path;
}

/* Relative to the directory of the file. */
static char *
config_dir(const char *file, vdr_span config)
{
    char *name = vdr_alloc(1, config.len + 1), *dir = vdr_alloc(1, strlen(file) + 2);
    const char *slash = strrchr(file, '/');
    memcpy(name, config.at, config.len);
    if (slash != NULL)
        memcpy(dir, file, (size_t)(slash - file) + 1);
    else
        dir[0] = '.';
    /* tests/.. is the directory itself; a shorter name reads better. */
    size_t len = strlen(dir);
    char *path = NULL;
    if (strcmp(name, "..") == 0 && len > 7 && strcmp(dir + len - 7, "/tests/") == 0) {
        dir[len - 7] = '\0';
        path = vdr_alloc(1, len);
        memcpy(path, dir, len - 6);
    } else {
        path = name[0] == '/' ? joined("/", name + 1) : joined(dir, name);
    }
    free(name);
    free(dir);
    return path;
}

/* The town of the directory, read once. NULL: it is not right, and that was told. Takes over dir. */
static town *
town_of(tests *t, char *dir)
{
    for (town *known = t->towns; known != NULL; known = known->next)
        if (strcmp(known->dir, dir) == 0) {
            free(dir);
            return known->config != NULL ? known : NULL;
        }
    town *made = vdr_alloc(1, sizeof *made);
    *made = (town){.dir = dir, .next = t->towns};
    t->towns = made;
    if (vdr_cli_config(dir, &made->config) != VDR_OK)
        return NULL;
    vdr_coverage_init(&made->coverage, made->config);
    return made;
}

static void
play(tests *t, const vdr_script *script, town *of)
{
    vdr_span file = vdr_arena_copy(&t->arena, script->file);
    for (size_t i = 0; i < script->test_count; i++) {
        result *made = vdr_alloc(1, sizeof *made);
        made->file = file;
        made->name = vdr_arena_copy(&t->arena, script->tests[i].name);
        made->place = script->tests[i].place;
        vdr_play_test(script, &script->tests[i], of->config, &of->coverage, &t->arena, &made->play);
        *(made->play.count == 0 ? &t->passed : &t->failed) += 1;
        *t->last = made;
        t->last = &made->next;
    }
}

static void
test_file(tests *t, const char *file)
{
    vdr_arena arena;
    vdr_config_faults faults;
    vdr_script *script = NULL;
    vdr_span text;
    char words[256];

    vdr_arena_init(&arena, VDR_CLI_TEXTS_BYTES);
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_config_text_load(file, &arena, &text, words);
    if (err != VDR_OK)
        fprintf(stderr, "%s\n", words);
    else
        err = vdr_script_read(file, text, &faults, &script);
    town *of = err == VDR_OK ? town_of(t, config_dir(file, script->config)) : NULL;
    if (err == VDR_OK)
        err = of != NULL ? vdr_script_check(script, of->config, &faults) : VDR_E_BAD_CONFIG;
    vdr_cli_faults(&faults);
    if (err == VDR_OK)
        play(t, script, of);
    else
        t->wrong = true;
    vdr_script_free(&script);
    vdr_config_faults_done(&faults);
    vdr_arena_done(&arena);
}

static int
is_yaml(const struct dirent *entry)
{
    size_t len = strlen(entry->d_name);
    return entry->d_name[0] != '.' && len > 5 && strcmp(entry->d_name + len - 5, ".yaml") == 0;
}

static void
test_dir(tests *t, const char *dir)
{
    struct dirent **entries = NULL;
    char *in = joined(dir, "tests");
    int count = scandir(in, &entries, is_yaml, alphasort);
    if (count <= 0) {
        fprintf(stderr, "%s: there are no tests (*.yaml)%s%s\n", in, count < 0 ? ": " : "",
                count < 0 ? strerror(errno) : "");
        t->wrong = true;
    }
    for (int i = 0; i < count; i++) {
        char *path = joined(in, entries[i]->d_name);
        test_file(t, path);
        free(path);
        free(entries[i]);
    }
    free(entries);
    free(in);
}

/* ---- telling */

static void
put_failure(const result *r, const vdr_play_failure *failure, vdr_bytes *page)
{
    char time[VDR_PAGE_TIME_BYTES];
    long long days = (long long)(failure->since_begin_ms / VDR_DAY_MS);
    long long hours = (long long)(failure->since_begin_ms % VDR_DAY_MS / 3600000);
    vdr_page_put(page, "%.*s:%u:%u: at %lldd", VDR_TEXT(r->file), failure->place.line, failure->place.column,
                 days);
    if (hours != 0)
        vdr_page_put(page, " %lldh", hours);
    vdr_page_put(page, " (%s)\n%.*s\n", vdr_page_time(failure->at, time), VDR_TEXT(failure->words));
}

static void
show_text(const tests *t)
{
    vdr_span file = {0};
    for (const result *r = t->first; r != NULL; r = r->next) {
        vdr_bytes page = {0};
        if (!vdr_span_equal(file, r->file))
            printf("%.*s\n", VDR_TEXT(r->file));
        file = r->file;
        printf("  %-4s  %.*s\n", r->play.count == 0 ? "ok" : "FAIL", VDR_TEXT(r->name));
        for (size_t i = 0; i < r->play.count; i++)
            put_failure(r, &r->play.at[i], &page);
        for (const char *line = (const char *)page.at; line != NULL && page.len != 0;) {
            const char *end = memchr(line, '\n', page.len - (size_t)(line - (const char *)page.at));
            size_t len = end != NULL ? (size_t)(end - line) : 0;
            if (end == NULL)
                break;
            printf("        %.*s\n", (int)len, line);
            line = end + 1 < (const char *)page.at + page.len ? end + 1 : NULL;
        }
        if (r->play.more != 0)
            printf("        and %zu more failures\n", r->play.more);
        vdr_bytes_done(&page);
    }
    printf("%zu passed, %zu failed\n", t->passed, t->failed);
}

static size_t
percent(const vdr_coverage *coverage)
{
    return coverage->asked != 0 ? coverage->tried * 100 / coverage->asked : 100;
}

static void
show_coverage(const town *of)
{
    const vdr_coverage *coverage = &of->coverage;
    printf("coverage of %s: %zu of %zu clauses tried (%zu%%)\n", of->dir, coverage->tried, coverage->asked,
           percent(coverage));
    for (size_t i = 0; i < of->config->rule_count; i++)
        for (unsigned c = 0; c < VDR_COVERS; c++) {
            const char *lacks = vdr_coverage_lacks(&coverage->rules[i][c], (vdr_cover)c);
            if (lacks != NULL)
                printf("  %.*s: %s %s\n", VDR_TEXT(of->config->rules[i].id), vdr_cover_name((vdr_cover)c),
                       lacks);
        }
}

static json_t *
result_json(const result *r)
{
    json_t *failures = json_array();
    for (size_t i = 0; i < r->play.count; i++) {
        const vdr_play_failure *failure = &r->play.at[i];
        json_array_append_new(failures,
                              json_pack("{s:I, s:I, s:o, s:o}", "line", (json_int_t)failure->place.line,
                                        "column", (json_int_t)failure->place.column, "at",
                                        vdr_cli_instant(failure->at), "words", vdr_cli_text(failure->words)));
    }
    return json_pack("{s:o, s:o, s:I, s:b, s:I, s:o}", "file", vdr_cli_text(r->file), "name",
                     vdr_cli_text(r->name), "line", (json_int_t)r->place.line, "passed", r->play.count == 0,
                     "checked", (json_int_t)r->play.checked, "failures", failures);
}

static json_t *
coverage_json(const town *of)
{
    json_t *untried = json_array();
    for (size_t i = 0; i < of->config->rule_count; i++)
        for (unsigned c = 0; c < VDR_COVERS; c++) {
            const char *lacks = vdr_coverage_lacks(&of->coverage.rules[i][c], (vdr_cover)c);
            if (lacks != NULL)
                json_array_append_new(untried, json_pack("{s:o, s:s, s:s}", "rule",
                                                         vdr_cli_text(of->config->rules[i].id), "clause",
                                                         vdr_cover_name((vdr_cover)c), "why", lacks));
        }
    return json_pack("{s:s, s:I, s:I, s:o}", "config", of->dir, "clauses", (json_int_t)of->coverage.asked,
                     "tried", (json_int_t)of->coverage.tried, "untried", untried);
}

static void
show_json(const tests *t)
{
    json_t *results = json_array(), *coverage = json_array();
    for (const result *r = t->first; r != NULL; r = r->next)
        json_array_append_new(results, result_json(r));
    for (const town *of = t->towns; of != NULL; of = of->next)
        if (of->config != NULL)
            json_array_insert_new(coverage, 0, coverage_json(of)); /* towns stand newest first */
    vdr_cli_print(json_pack("{s:o, s:I, s:I, s:o}", "tests", results, "passed", (json_int_t)t->passed,
                            "failed", (json_int_t)t->failed, "coverage", coverage));
}

/* Text of an attribute or element. XML has no way to write most control characters. */
static void
put_xml(FILE *to, vdr_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        const char *name = c == '&'   ? "&amp;"
                           : c == '<' ? "&lt;"
                           : c == '>' ? "&gt;"
                           : c == '"' ? "&quot;"
                                      : NULL;
        if (name != NULL)
            fputs(name, to);
        else if (c >= 0x20 || c == '\n' || c == '\t')
            fputc(c, to);
    }
}

/* One suite a file. */
static bool
write_junit(const tests *t, const char *path)
{
    FILE *to = fopen(path, "we");
    if (to == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return false;
    }
    fprintf(to, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites tests=\"%zu\" failures=\"%zu\">\n",
            t->passed + t->failed, t->failed);
    for (const result *r = t->first; r != NULL;) {
        const result *from = r;
        size_t count = 0, failed = 0;
        for (; r != NULL && vdr_span_equal(r->file, from->file); r = r->next) {
            count++;
            failed += r->play.count != 0;
        }
        fputs("  <testsuite name=\"", to);
        put_xml(to, from->file);
        fprintf(to, "\" tests=\"%zu\" failures=\"%zu\">\n", count, failed);
        for (const result *one = from; one != r; one = one->next) {
            fputs("    <testcase classname=\"", to);
            put_xml(to, one->file);
            fputs("\" name=\"", to);
            put_xml(to, one->name);
            fputs(one->play.count == 0 ? "\"/>\n" : "\">\n", to);
            for (size_t i = 0; i < one->play.count; i++) {
                vdr_bytes page = {0};
                put_failure(one, &one->play.at[i], &page);
                vdr_span words = one->play.at[i].words;
                const uint8_t *end = words.len != 0 ? memchr(words.at, '\n', words.len) : NULL;
                fputs("      <failure message=\"", to);
                put_xml(to, vdr_span_of(words.at, end != NULL ? (size_t)(end - words.at) : words.len));
                fputs("\">", to);
                put_xml(to, vdr_bytes_span(&page));
                fputs("</failure>\n", to);
                vdr_bytes_done(&page);
            }
            if (one->play.count != 0)
                fputs("    </testcase>\n", to);
        }
        fputs("  </testsuite>\n", to);
    }
    fputs("</testsuites>\n", to);
    bool good = fflush(to) == 0 && !ferror(to);
    if (!good)
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
    return fclose(to) == 0 && good;
}

static void
done(tests *t)
{
    while (t->towns != NULL) {
        town *gone = t->towns;
        t->towns = gone->next;
        if (gone->config != NULL)
            vdr_coverage_done(&gone->coverage);
        vdr_config_free(&gone->config);
        free(gone->dir);
        free(gone);
    }
    while (t->first != NULL) {
        result *gone = t->first;
        t->first = gone->next;
        free(gone);
    }
    vdr_arena_done(&t->arena);
}

static int
test_all(char *const *paths, int count, const char *junit, size_t least, bool json)
{
    tests t = {.towns = NULL};
    bool good = true;
    t.last = &t.first;
    vdr_arena_init(&t.arena, (size_t)256 * 1024 * 1024);
    for (int i = 0; i < count; i++) {
        struct stat st;
        if (stat(paths[i], &st) == 0 && S_ISDIR(st.st_mode))
            test_dir(&t, paths[i]);
        else
            test_file(&t, paths[i]);
    }
    for (town *of = t.towns; of != NULL; of = of->next) {
        if (of->config == NULL)
            continue;
        vdr_coverage_count(&of->coverage);
        good &= percent(&of->coverage) >= least;
    }
    if (json)
        show_json(&t);
    else if (t.first != NULL || !t.wrong)
        show_text(&t);
    for (const town *of = t.towns; of != NULL && !json; of = of->next)
        if (of->config != NULL && t.first != NULL)
            show_coverage(of);
    good &= t.failed == 0;
    good &= junit == NULL || write_junit(&t, junit);
    int status = t.wrong ? VDR_EXIT_USAGE : good ? vdr_cli_flush() : VDR_EXIT_FAILED;
    done(&t);
    return status;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {{"junit", required_argument, NULL, 'u'},
                                            {"cover", required_argument, NULL, 'c'},
                                            {"json", no_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *junit = NULL;
    unsigned long least = 0;
    bool json = false;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        char *end = NULL;
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_rules_test);
        if (option == 'j')
            json = true;
        else if (option == 'u')
            junit = optarg;
        else if (option != 'c')
            return vdr_cli_usage(&vdr_cli_rules_test, "unknown option");
        else if ((least = strtoul(optarg, &end, 10)) > 100 || end == optarg || *end != '\0')
            return vdr_cli_usage(&vdr_cli_rules_test, "--cover %s is no percentage, 0 to 100", optarg);
    }
    if (optind == argc)
        return vdr_cli_usage(&vdr_cli_rules_test,
                             "needs a file of tests, or a directory that has tests/*.yaml");
    return test_all(argv + optind, argc - optind, junit, least, json);
}

const vdr_cli_verb vdr_cli_rules_test = {
    .name = "rules test",
    .summary = "do the rules do what they should?",
    .help = help,
    .run = run,
};
