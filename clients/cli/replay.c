/* voordeur replay: what the broker would have decided about these events (semantics section 11). */
#include "broker/core/core.h"
#include "broker/door/event.h"
#include "clients/cli/config.h"
#include "clients/cli/lines.h"
#include "clients/cli/progress.h"
#include "clients/cli/replay_store.h"
#include "clients/cli/tale.h"
#include "clients/cli/verbs.h"
#include "proto/time.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "usage: voordeur replay --config DIR [--until T] [FILE...]\n"
    "       voordeur replay --store DIR [--store-key FILE] [--until T]\n"
    "\n"
    "Reads events, one JSON object a line, and writes what is decided about them, one JSON object a line:\n"
    "signals and commands with their verdicts, cases, messages and watches. The same events give the same\n"
    "lines, always and everywhere. Time is that of the events; nothing is stored or sent.\n"
    "Without FILE, or where it is -, events are read from standard input.\n"
    "\n"
    "  --config DIR   town.yaml, catalogue.yaml and rules.yaml\n"
    "  --store DIR    the log of a broker that does not run, instead of events: what it confirmed is "
    "decided\n"
    "                 again and compared with what was told then (refused events are not in a log); where\n"
    "                 the log was cut, from the oldest checkpoint on, and standard error says from which "
    "record\n"
    "  --store-key FILE  the key that the store is sealed under (default: $VOORDEUR_STORE_KEY, or\n"
    "                 keys/store.key beside DIR); of a backup also --wrap FILE, the escrow of its keys\n"
    "  --until T      stop at the first event after T, then let the clocks run to T (2026-03-02T09:00:00Z)\n"
    "\n"
    "exit status: 0 done; 1 a file or store cannot be read, a store tells something else than it did, or "
    "the\n"
    "output cannot be written; 2 wrong use, or an error in the configuration (nothing is written to "
    "standard\n"
    "output then)\n"
    "\n"
    "examples:\n"
    "  voordeur replay --config deploy/zomerdal deploy/zomerdal/year.jsonl\n"
    "  voordeur replay --config town --until 2026-04-01T00:00:00Z < events.jsonl | grep "
    "'\"event\":\"case\"'\n";

typedef struct replay {
    vdr_door *door;
    vdr_core *core;
    vdr_config *config;
    vdr_event_options options;
    vdr_arena arena; /* of one event */
    vdr_tale_out out;
    vdr_position next;
    vdr_ms until; /* VDR_MS_NONE: to the end */
    vdr_progress progress;
} replay;

/* Words for what happened to standard output. */
static vdr_err
told(vdr_err err)
{
    if (err == VDR_E_IO)
        fprintf(stderr, "voordeur replay: standard output: %s\n", strerror(errno));
    else if (err != VDR_OK)
        fprintf(stderr, "voordeur replay: a line cannot be written: %s\n", vdr_err_text(err));
    return err;
}

static vdr_err
step_one(replay *r, const vdr_command *command)
{
    vdr_step done;
    vdr_core_step(r->core, command, r->next, &done);
    if (done.record || done.tick)
        r->next++;
    return told(vdr_tale_out_put(&r->out, r->core, done.tale));
}

/* A line after a long silence lets very much fire: in parts, so that memory stays small. */
static vdr_err
step(replay *r, const vdr_command *command)
{
    const vdr_command part = {.kind = VDR_COMMAND_TICK, .at = command->at, .timers_max = VDR_CORE_TIMERS_MAX};
    vdr_err err = VDR_OK;
    while (err == VDR_OK && vdr_core_swamped(r->core, command->at))
        err = step_one(r, &part);
    return err == VDR_OK ? step_one(r, command) : err;
}

/* Is the line after T? Then it and all after it are not replayed. */
static bool
is_after(const replay *r, const vdr_command *command)
{
    vdr_ms now = vdr_core_now(r->core);
    vdr_ms at = command->at == VDR_MS_NONE || command->at < now ? now : command->at;
    return r->until != VDR_MS_NONE && at != VDR_MS_NONE && at > r->until;
}

/* END: a line after T came. */
static vdr_err
replay_lines(replay *r, vdr_lines *lines)
{
    for (;;) {
        vdr_command command;
        vdr_span line;
        vdr_err err = vdr_lines_next(lines, &line);
        if (err == VDR_E_END)
            return VDR_OK;
        if (err != VDR_OK) {
            fprintf(stderr, "voordeur replay: %s: %s\n", lines->name, strerror(errno));
            return err;
        }
        vdr_arena_reset(&r->arena);
        vdr_event_read(r->door, &r->options, line, &r->arena, &command, NULL);
        if (is_after(r, &command))
            return VDR_E_END;
        err = step(r, &command);
        if (err != VDR_OK)
            return err;
        vdr_progress_one(&r->progress);
    }
}

static vdr_err
replay_file(replay *r, const char *name)
{
    vdr_lines lines;
    vdr_err err = vdr_lines_open(&lines, name);
    if (err != VDR_OK) {
        fprintf(stderr, "voordeur replay: %s: %s\n", name, strerror(errno));
        return err;
    }
    err = replay_lines(r, &lines);
    vdr_lines_close(&lines);
    return err;
}

static vdr_err
replay_all(replay *r, char *const *files, int file_count)
{
    const vdr_command begin = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = r->config};
    vdr_err err = step(r, &begin);

    if (file_count == 0 && err == VDR_OK)
        err = replay_file(r, "-");
    for (int i = 0; i < file_count && err == VDR_OK; i++)
        err = replay_file(r, files[i]);
    if ((err == VDR_OK || err == VDR_E_END) && r->until != VDR_MS_NONE &&
        (r->until > vdr_core_now(r->core) || vdr_core_next_due(r->core) <= r->until)) {
        const vdr_command tick = {.kind = VDR_COMMAND_TICK, .at = r->until};
        err = step(r, &tick);
    }
    /* What was decided before a file could not be read is written all the same. */
    if (!r->out.failed && vdr_tale_out_flush(&r->out) != VDR_OK)
        err = told(VDR_E_IO);
    return err == VDR_E_END ? VDR_OK : err;
}

static vdr_err
replay_with(vdr_config *config, vdr_ms until, char *const *files, int file_count)
{
    uint8_t key[VDR_DOOR_KEY_BYTES]; /* no output depends on it */
    replay r = {.config = config, .options = {.config = config}, .next = 1, .until = until};

    if (getentropy(key, sizeof key) != 0) {
        fprintf(stderr, "voordeur replay: no random bytes: %s\n", strerror(errno));
        return VDR_E_IO;
    }
    r.door = vdr_door_new(key);
    r.core = vdr_core_new();
    vdr_progress_begin(&r.progress, "lines");
    vdr_arena_init(&r.arena, VDR_EVENT_ARENA_BYTES);
    vdr_tale_out_init(&r.out);
    vdr_err err = replay_all(&r, files, file_count);
    vdr_progress_end(&r.progress);
    vdr_tale_out_done(&r.out);
    vdr_arena_done(&r.arena);
    vdr_core_free(&r.core);
    vdr_door_free(&r.door);
    return err;
}

static int
run(int argc, char **argv)
{
    static const struct option options[] = {{"config", required_argument, NULL, 'c'},
                                            {"store", required_argument, NULL, 's'},
                                            VDR_CLI_STORE_KEY_OPTIONS,
                                            {"until", required_argument, NULL, 'u'},
                                            {"help", no_argument, NULL, 'h'},
                                            {NULL, 0, NULL, 0}};
    const char *dir = NULL, *store = NULL;
    vdr_cli_store_key key = {0};
    vdr_ms until = VDR_MS_NONE;
    int option;

    while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
        if (option == 'h')
            return vdr_cli_help(&vdr_cli_replay);
        if (option == 'c')
            dir = optarg;
        else if (option == 's')
            store = optarg;
        else if (vdr_cli_store_key_take(&key, option, optarg))
            continue;
        else if (option != 'u')
            return vdr_cli_usage(&vdr_cli_replay, "wrong option");
        else if (!vdr_time_parse(vdr_span_str(optarg), &until))
            return vdr_cli_usage(&vdr_cli_replay, "--until %s is no instant like 2026-03-02T09:00:00Z",
                                 optarg);
    }
    if ((dir == NULL) == (store == NULL))
        return vdr_cli_usage(&vdr_cli_replay, "say what: either --config DIR or --store DIR");
    if (store != NULL && optind < argc)
        return vdr_cli_usage(&vdr_cli_replay, "--store takes no FILE: the events are those of its log");
    if (store != NULL)
        return vdr_replay_store(store, &key, until) == VDR_OK ? VDR_EXIT_OK : VDR_EXIT_FAILED;
    for (int i = optind; i < argc; i++) {
        if (strcmp(argv[i], "-") != 0 && access(argv[i], R_OK) != 0)
            return vdr_cli_usage(&vdr_cli_replay, "%s: %s", argv[i], strerror(errno));
    }
    vdr_config *config = NULL;
    if (vdr_cli_config(dir, &config) != VDR_OK)
        return VDR_EXIT_USAGE;
    vdr_err err = replay_with(config, until, argv + optind, argc - optind);
    vdr_config_free(&config);
    return err == VDR_OK ? VDR_EXIT_OK : VDR_EXIT_FAILED;
}

const vdr_cli_verb vdr_cli_replay = {
    .name = "replay",
    .summary = "what would be decided about these events",
    .help = help,
    .run = run,
};
