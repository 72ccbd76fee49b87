/* Writes a store as a broker with --clock event would: make_store CONFIG EVENTS STORE. For replay.py. */
#include "broker/core/core.h"
#include "broker/record.h"
#include "clients/cli/lines.h"
#include "store/log.h"

#include <stdio.h>

typedef struct store {
    vdr_door *door;
    vdr_core *core;
    vdr_log *log;
    vdr_arena arena;
    vdr_position next;
} store;

/* Steps a command; what changed something is appended, a refused one with timers as a tick. */
static bool
keep(store *s, vdr_command *command, vdr_span content)
{
    static uint8_t routing[128 * 1024];
    vdr_step step;
    vdr_core_step(s->core, command, s->next, &step);
    if (!step.record && !step.tick)
        return true;
    const vdr_command tick = {.kind = VDR_COMMAND_TICK};
    vdr_command kept = step.record ? *command : tick;
    kept.at = step.at;
    size_t len = vdr_command_write(&kept, routing, sizeof routing);
    vdr_span tale = step.tale;
    if (!step.record) { /* the refused line itself is not part of what the tick tells */
        vdr_effect effect;
        uint32_t offset = 0;
        do
            tale.len = offset;
        while (vdr_effect_next(step.tale, &offset, &effect) == VDR_OK && effect.kind != VDR_EFFECT_SIGNAL &&
               effect.kind != VDR_EFFECT_COMMAND);
    }
    const vdr_log_record record = {
        .routing = vdr_span_of(routing, len), .content = step.record ? content : (vdr_span){0}, .tale = tale};
    vdr_log_mail mails[4096];
    size_t count = step.mail_count < 4096 ? step.mail_count : 4096;
    for (size_t i = 0; i < count; i++)
        mails[i] = (vdr_log_mail){.mailbox = step.mails[i].mailbox,
                                  .offset = step.mails[i].offset,
                                  .seq = step.mails[i].seq,
                                  .position = s->next};
    vdr_err err = vdr_log_append(s->log, 1, s->next, &record, 1, mails, count);
    if (err != VDR_OK)
        fprintf(stderr, "make_store: record %llu: %s\n", (unsigned long long)s->next, vdr_err_text(err));
    s->next++;
    return err == VDR_OK;
}

static bool
keep_lines(store *s, const vdr_config *config, vdr_lines *lines)
{
    const vdr_event_options options = {.config = config};
    vdr_span line, content, stored;
    while (vdr_lines_next(lines, &line) == VDR_OK) {
        vdr_command command;
        vdr_arena_reset(&s->arena);
        vdr_event_read(s->door, &options, line, &s->arena, &command, &stored);
        if (vdr_content_write(VDR_CONTENT_JSON, stored, &s->arena, &content) != VDR_OK ||
            !keep(s, &command, content))
            return false;
    }
    return true;
}

int
main(int argc, char **argv)
{
    static const uint8_t key[VDR_DOOR_KEY_BYTES] = {1};
    const vdr_log_options create = {.create = true};
    store s = {.next = 1};
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    vdr_span content;
    vdr_lines lines;
    char words[256] = "";

    if (argc != 4)
        return 2;
    vdr_arena_init(&s.arena, VDR_EVENT_ARENA_BYTES * 2);
    vdr_config_faults_init(&faults);
    if (vdr_config_texts_load(argv[1], &s.arena, &texts, words) != VDR_OK ||
        vdr_config_read(&texts, &faults, &config) != VDR_OK || vdr_lines_open(&lines, argv[2]) != VDR_OK ||
        vdr_log_open_lmdb(argv[3], &create, &s.log, words) != VDR_OK ||
        vdr_content_write_config(&texts, &s.arena, &content) != VDR_OK) {
        fprintf(stderr, "make_store: %s\n", words);
        return 1;
    }
    s.door = vdr_door_new(key);
    s.core = vdr_core_new();
    vdr_command begin = {.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = config};
    bool good = keep(&s, &begin, content) && keep_lines(&s, config, &lines);
    vdr_lines_close(&lines);
    vdr_core_free(&s.core);
    vdr_door_free(&s.door);
    vdr_log_close(&s.log);
    vdr_config_free(&config);
    vdr_config_faults_done(&faults);
    vdr_arena_done(&s.arena);
    return good ? 0 : 1;
}
