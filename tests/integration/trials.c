/* Every event of a stream is tried before it is stepped: trials CONFIG EVENTS... The tale must be the same, byte
 * for byte, and the trial must leave no trace. Exit status 0, or 1 with the line that differs. */
#include "broker/core/trial.h"
#include "broker/door/config_read.h"
#include "broker/door/event.h"
#include "clients/cli/lines.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASHED_LINES 50u /* between two looks at the whole state */

typedef struct stream {
    vdr_door *door;
    vdr_core *core;
    vdr_config *config;
    vdr_arena arena;
    unsigned long line;
} stream;

static bool
fails(const stream *s, const char *what)
{
    fprintf(stderr, "trials: line %lu: %s\n", s->line, what);
    return false;
}

static bool
try_and_step(stream *s, const vdr_command *command)
{
    vdr_position next = vdr_core_position(s->core) + 1;
    bool look = s->line % HASHED_LINES == 0;
    uint64_t hash = look ? vdr_core_state_hash(s->core) : 0;
    vdr_step tried, done;
    vdr_trial *trial = vdr_trial_begin(s->core);
    vdr_core_step(s->core, command, next, &tried);
    vdr_trial_end(s->core, &trial);
    uint8_t *told = malloc(tried.tale.len + 1);
    if (told == NULL)
        return fails(s, "out of memory");
    if (tried.tale.len != 0)
        memcpy(told, tried.tale.at, tried.tale.len);
    bool same = !look || vdr_core_state_hash(s->core) == hash;
    if (!same)
        (void)fails(s, "the trial left a trace");
    vdr_core_step(s->core, command, next, &done);
    if (!vdr_span_equal(done.tale, vdr_span_of(told, tried.tale.len)) || done.verdict != tried.verdict)
        same = fails(s, "another outcome than on trial");
    free(told);
    return same;
}

static bool
run_file(stream *s, const char *name)
{
    const vdr_event_options options = {.config = s->config};
    vdr_lines lines;
    vdr_span line;
    bool same = true;
    if (vdr_lines_open(&lines, name) != VDR_OK)
        return fails(s, name);
    while (same && vdr_lines_next(&lines, &line) == VDR_OK) {
        vdr_command command;
        s->line++;
        vdr_arena_reset(&s->arena);
        vdr_event_read(s->door, &options, line, &s->arena, &command, NULL);
        same = try_and_step(s, &command);
    }
    vdr_lines_close(&lines);
    return same;
}

static bool
configure(stream *s, const char *dir)
{
    char words[1024] = "";
    vdr_config_faults faults;
    vdr_config_texts texts;
    vdr_arena arena;
    vdr_step step;
    vdr_arena_init(&arena, 16u << 20);
    vdr_config_faults_init(&faults);
    vdr_err err = vdr_config_texts_load(dir, &arena, &texts, words);
    if (err == VDR_OK)
        err = vdr_config_read(&texts, &faults, &s->config);
    vdr_config_faults_done(&faults);
    vdr_arena_done(&arena);
    if (err != VDR_OK)
        return fails(s, dir);
    const vdr_command begin = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = s->config};
    vdr_core_step(s->core, &begin, 1, &step);
    return true;
}

int
main(int argc, char **argv)
{
    static const uint8_t key[VDR_DOOR_KEY_BYTES] = {7};
    stream s = {.line = 0};
    if (argc < 3) {
        fprintf(stderr, "usage: trials CONFIG EVENTS...\n");
        return 2;
    }
    s.door = vdr_door_new(key);
    s.core = vdr_core_new();
    vdr_arena_init(&s.arena, VDR_EVENT_ARENA_BYTES);
    bool same = configure(&s, argv[1]);
    for (int i = 2; i < argc && same; i++)
        same = run_file(&s, argv[i]);
    if (same)
        printf("%lu lines, each tried before\n", s.line);
    vdr_arena_done(&s.arena);
    vdr_core_free(&s.core);
    vdr_config_free(&s.config);
    vdr_door_free(&s.door);
    return same ? 0 : 1;
}
