/* voordeur top: how the broker is, once a second. */
#include "clients/cli/link.h"
#include "clients/cli/screen.h"
#include "proto/time.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#define SCREEN_BYTES 8192u

static const char help[] =
    "usage: voordeur top [--once] [--interval DURATION] [OPTION...]\n"
    "\n"
    "For operators: rates, latencies, queues, sessions and the store, again each second, on a terminal of 80 "
    "by\n"
    "24. q ends it. Rates are of the last interval.\n"
    "\n"
    "  --once                    one screen, of two looks an interval apart, without steering the terminal\n"
    "  --interval DURATION       as 5s (default 1s)\n" VDR_CLI_LINK_HELP "\n"
    "With --json each look is a line of the figures that are shown.\n";

static int64_t
steady_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static vdr_err
look(vdr_client *client, int64_t timeout_ms, vdr_sample *sample)
{
    static const vdr_verb verbs[] = {VDR_VERB_STATUS, VDR_VERB_SESSIONS, VDR_VERB_MAILBOXES};
    vdr_err err = VDR_OK;
    *sample = (vdr_sample){.taken_ms = steady_ms()};
    for (size_t i = 0; i < 3 && err == VDR_OK; i++) {
        const vdr_wire_admin_result *result = NULL;
        vdr_wire_admin admin = {.verb = verbs[i], .time = VDR_MS_NONE};
        err = vdr_client_admin(client, &admin, timeout_ms, &result);
        if (err == VDR_OK && i == 0)
            vdr_sample_status(sample, result);
        else if (err == VDR_OK && i == 1)
            vdr_sample_sessions(sample, result);
        else if (err == VDR_OK)
            vdr_sample_mailboxes(sample, result);
    }
    return err;
}

static void
put_rate(json_t *o, const char *name, uint64_t before, uint64_t now, int64_t passed_ms)
{
    json_object_set_new(o, name, json_integer((json_int_t)vdr_sample_rate(before, now, passed_ms)));
}

static void
show_json(const vdr_sample *before, const vdr_sample *s)
{
    int64_t passed = s->taken_ms - before->taken_ms;
    json_t *o =
        json_pack("{s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "state", s->state,
                  "time", vdr_cli_instant((vdr_ms)s->time_ms), "interval_ms", (json_int_t)passed, "position",
                  (json_int_t)s->position, "durable_us_p50", (json_int_t)s->commit_p50, "durable_us_p99",
                  (json_int_t)s->commit_p99, "turn_us_p99", (json_int_t)s->turn_p99, "log_bytes",
                  (json_int_t)s->log_bytes, "disk_free_bytes", (json_int_t)s->disk_free, "cases_unassigned",
                  (json_int_t)s->unassigned, "cases_offered", (json_int_t)s->offered, "cases_active",
                  (json_int_t)s->active, "mail_waiting", (json_int_t)s->mail_waiting, "sessions",
                  (json_int_t)s->sessions_parties);
    put_rate(o, "accepted_per_s", before->accepted, s->accepted, passed);
    put_rate(o, "duplicates_per_s", before->duplicates, s->duplicates, passed);
    put_rate(o, "refused_per_s", before->refused, s->refused, passed);
    put_rate(o, "frames_in_per_s", before->frames_in, s->frames_in, passed);
    put_rate(o, "frames_out_per_s", before->frames_out, s->frames_out, passed);
    vdr_cli_print(o);
    fflush(stdout);
}

/* ---- the terminal ---- */

static struct termios terminal_before;
static bool terminal_changed;

static void
terminal_restore(void)
{
    if (!terminal_changed)
        return;
    terminal_changed = false;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &terminal_before);
    fputs("\033[?25h", stdout);
    fflush(stdout);
}

/* Keys come at once, and are not shown. */
static void
terminal_take(void)
{
    struct termios raw;
    if (!isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &terminal_before) != 0)
        return;
    raw = terminal_before;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    terminal_changed = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
    fputs("\033[2J\033[?25l", stdout);
}

/* Over what was there: each line to its end, then the rest of the screen. */
static void
show_screen(const char *text)
{
    fputs("\033[H", stdout);
    for (const char *end; (end = strchr(text, '\n')) != NULL; text = end + 1)
        printf("%.*s\033[K\n", (int)(end - text), text);
    fputs("\033[J", stdout);
    fflush(stdout);
}

static bool
wants_end(void)
{
    struct pollfd keys = {.fd = STDIN_FILENO, .events = POLLIN};
    char key = 0;
    if (!terminal_changed || poll(&keys, 1, 0) <= 0)
        return false;
    return read(STDIN_FILENO, &key, 1) == 1 && (key == 'q' || key == 'Q');
}

/* False: somebody wants the end. */
static bool
pass_time(vdr_client *client, int64_t interval_ms)
{
    int64_t until = steady_ms() + interval_ms;
    for (int64_t left = interval_ms; left > 0; left = until - steady_ms()) {
        if (vdr_cli_stopped() || wants_end())
            return false;
        (void)vdr_client_wait(client, left < 100 ? (int)left : 100);
    }
    return !vdr_cli_stopped() && !wants_end();
}

static int
follow(const vdr_cli_link *link, vdr_client *client, int64_t interval_ms, bool once)
{
    static vdr_sample samples[2]; /* too large for a stack */
    static char text[SCREEN_BYTES];
    unsigned turn = 0;
    if (look(client, link->timeout_ms, &samples[0]) != VDR_OK)
        return vdr_cli_link_failed(link, client, "top");
    if (!once && !link->json) {
        terminal_take();
        (void)vdr_screen_text(NULL, &samples[0], text, sizeof text);
        show_screen(text);
    }
    while (pass_time(client, interval_ms)) {
        vdr_sample *before = &samples[turn % 2], *now = &samples[(turn + 1) % 2];
        turn++;
        if (look(client, link->timeout_ms, now) != VDR_OK)
            return vdr_cli_link_failed(link, client, "top");
        (void)vdr_screen_text(before, now, text, sizeof text);
        if (link->json)
            show_json(before, now);
        else if (once)
            fputs(text, stdout);
        else
            show_screen(text);
        if (once)
            break;
    }
    return VDR_EXIT_OK;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {VDR_CLI_LINK_OPTIONS,
                                            {"once", no_argument, NULL, VDR_OPT_OWN},
                                            {"interval", required_argument, NULL, VDR_OPT_OWN + 1},
                                            {NULL, 0, NULL, 0}};
    vdr_cli_link link = VDR_CLI_LINK_NEW;
    vdr_client_options how = {0};
    vdr_client *client;
    int64_t interval_ms = 1000;
    bool once = false;
    int option;
    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_top);
        if (option == VDR_OPT_OWN)
            once = true;
        else if (option == VDR_OPT_OWN + 1) {
            if (!vdr_duration_parse(vdr_span_str(optarg), &interval_ms) || interval_ms < 1000)
                return vdr_cli_usage(&vdr_cli_top, "--interval %s: at least 1s was expected", optarg);
        } else if (!vdr_cli_link_take(&link, option, optarg))
            return vdr_cli_usage(&vdr_cli_top, "unknown option");
    }
    if (optind != argc)
        return vdr_cli_usage(&vdr_cli_top, "%s: nothing more was expected", argv[optind]);
    int status = vdr_cli_link_open(&vdr_cli_top, &link, &how, true, &client);
    if (status != VDR_EXIT_OK)
        return status;
    vdr_cli_stop_catch();
    status = follow(&link, client, interval_ms, once);
    terminal_restore();
    vdr_client_close(&client);
    int flushed = vdr_cli_flush();
    return status != VDR_EXIT_OK ? status : flushed;
}

const vdr_cli_verb vdr_cli_top = {
    .name = "top", .summary = "how the broker is, once a second", .help = help, .run = run};
