#include "clients/cli/offline.h"

#include "clients/cli/config.h"
#include "clients/cli/lines.h"
#include "clients/cli/verbs.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int
vdr_cli_offline_store(vdr_cli_offline *offline, const char *verb, const char *dir,
                      const vdr_cli_store_key *key, vdr_ms at)
{
    char words[VDR_HISTORY_WORDS] = "";
    *offline = (vdr_cli_offline){.verb = verb};
    vdr_err err = vdr_cli_store_open(verb, dir, key, &offline->store);
    if (err != VDR_OK)
        return VDR_EXIT_FAILED;
    err = vdr_history_to(offline->store.history, at, words);
    if (err != VDR_OK)
        fprintf(stderr, "voordeur %s: %s\n", verb, *words != '\0' ? words : vdr_err_text(err));
    offline->core = vdr_history_core(offline->store.history);
    offline->last = vdr_history_last(offline->store.history);
    return err == VDR_OK ? VDR_EXIT_OK : VDR_EXIT_FAILED;
}

/* ---- from events */

static void
step(vdr_cli_offline *offline, const vdr_command *command)
{
    vdr_step done;
    vdr_core_step(offline->own, command, vdr_core_position(offline->own) + 1, &done);
}

/* In parts, as everywhere. */
static void
pass(vdr_cli_offline *offline, vdr_ms at)
{
    const vdr_command part = {.kind = VDR_COMMAND_TICK, .at = at, .timers_max = VDR_CORE_TIMERS_MAX};
    while (vdr_core_now(offline->own) < at || vdr_core_next_due(offline->own) <= at)
        step(offline, &part);
}

static vdr_err
step_lines(vdr_cli_offline *offline, vdr_lines *lines, vdr_ms at)
{
    const vdr_event_options options = {.config = offline->config};
    vdr_command command;
    vdr_span line;
    vdr_err err;
    while ((err = vdr_lines_next(lines, &line)) == VDR_OK) {
        vdr_arena_reset(&offline->arena);
        vdr_event_read(offline->door, &options, line, &offline->arena, &command, NULL);
        if (at != VDR_MS_NONE && command.at != VDR_MS_NONE && command.at > at)
            return VDR_OK;
        step(offline, &command);
    }
    return err == VDR_E_END ? VDR_OK : err;
}

static vdr_err
read_events(vdr_cli_offline *offline, const char *events, vdr_ms at)
{
    vdr_lines lines;
    vdr_err err = vdr_lines_open(&lines, events);
    if (err == VDR_OK) {
        err = step_lines(offline, &lines, at);
        vdr_lines_close(&lines);
    }
    if (err != VDR_OK)
        fprintf(stderr, "voordeur %s: %s: %s\n", offline->verb, events, strerror(errno));
    return err;
}

int
vdr_cli_offline_events(vdr_cli_offline *offline, const char *verb, const char *config_dir, const char *events,
                       vdr_ms at)
{
    uint8_t key[VDR_DOOR_KEY_BYTES]; /* nothing that is told depends on it */
    *offline = (vdr_cli_offline){.verb = verb};
    if (vdr_cli_config(config_dir, &offline->config) != VDR_OK)
        return VDR_EXIT_USAGE;
    if (getentropy(key, sizeof key) != 0) {
        fprintf(stderr, "voordeur %s: no random bytes: %s\n", verb, strerror(errno));
        return VDR_EXIT_FAILED;
    }
    offline->door = vdr_door_new(key);
    offline->core = offline->own = vdr_core_new();
    vdr_arena_init(&offline->arena, VDR_EVENT_ARENA_BYTES);
    const vdr_command begin = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = offline->config};
    step(offline, &begin);
    vdr_err err = read_events(offline, events, at);
    offline->last = vdr_core_position(offline->own);
    if (err == VDR_OK && at != VDR_MS_NONE)
        pass(offline, at);
    return err == VDR_OK ? VDR_EXIT_OK : VDR_EXIT_FAILED;
}

void
vdr_cli_offline_done(vdr_cli_offline *offline)
{
    vdr_cli_store_close(&offline->store);
    vdr_core_free(&offline->own);
    vdr_config_free(&offline->config);
    vdr_door_free(&offline->door);
    vdr_arena_done(&offline->arena);
}
