/* Writes a store as a broker with --clock event would: make_store CONFIG EVENTS STORE [OLDER NEWER]. For
 * replay.py. With two positions there is a checkpoint after each of those records, the configuration is written
 * once more before the first, and the log is cut there; the number of lines told before is written out. The store
 * is sealed under the key in the file $VOORDEUR_STORE_KEY, and plain without one, as stores of before sealing. */
#include "broker/core/core.h"
#include "broker/record/record.h"
#include "clients/cli/lines.h"
#include "store/store.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct store {
    vdr_door *door;
    vdr_core *core;
    vdr_log *log;
    vdr_arena arena;
    vdr_position next;
    vdr_checkpoint *checkpoint;
    vdr_position older, newer, cut; /* 0: the log stays whole */
    vdr_command begin;              /* the configuration */
    vdr_span begin_content;
    size_t told, told_before; /* lines; those up to the older checkpoint */
} store;

static bool keep(store *s, vdr_command *command, vdr_span content);

static size_t
lines_of(vdr_span tale)
{
    vdr_effect effect;
    uint32_t offset = 0;
    size_t count = 0;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK)
        count++;
    return count;
}

/* The state after the last record. */
static vdr_err
write_checkpoint(store *s)
{
    vdr_checkpoint_manifest manifest = {.position = s->next - 1};
    vdr_core_block block;
    vdr_err err = vdr_log_chain(s->log, s->next, manifest.chain);
    if (err == VDR_OK)
        err = vdr_checkpoint_begin(s->checkpoint);
    vdr_core_image_begin(s->core);
    while (err == VDR_OK && vdr_core_image_next(s->core, true, &block))
        err = vdr_checkpoint_put(s->checkpoint, (vdr_block_id){block.table, block.number}, block.bytes);
    manifest.head = vdr_core_image_head(s->core, &manifest.position, &manifest.blocks);
    if (err == VDR_OK)
        err = vdr_checkpoint_commit(s->checkpoint, &manifest);
    vdr_core_image_end(s->core, err == VDR_OK);
    return err;
}

/* What a broker does now and then. */
static bool
upkeep(store *s)
{
    vdr_err err = VDR_OK;
    if (s->older != 0 && s->next > s->older && s->cut == 0) {
        s->cut = s->next;
        if (!keep(s, &s->begin, s->begin_content))
            return false;
        s->told_before = s->told;
        err = write_checkpoint(s);
    } else if (s->newer != 0 && s->next > s->newer) {
        s->newer = 0;
        err = write_checkpoint(s);
    }
    if (err != VDR_OK)
        fprintf(stderr, "make_store: checkpoint: %s\n", vdr_err_text(err));
    return err == VDR_OK;
}

static bool
cut(store *s)
{
    size_t removed = 1;
    vdr_err err = VDR_OK;
    while (err == VDR_OK && removed != 0)
        err = vdr_log_cut(s->log, s->cut, 1000, &removed);
    printf("%zu\n", s->told_before);
    return err == VDR_OK;
}

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
    s->told += lines_of(tale);
    return err == VDR_OK && upkeep(s);
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

/* False: it cannot be read; no file named: no key. */
static bool
read_key(uint8_t key[VDR_VAULT_KEY_BYTES], bool *ret_there)
{
    const char *name = getenv("VOORDEUR_STORE_KEY");
    char text[2 * VDR_VAULT_KEY_BYTES];
    *ret_there = name != NULL;
    if (name == NULL)
        return true;
    FILE *file = fopen(name, "rb");
    bool good = file != NULL && fread(text, 1, sizeof text, file) == sizeof text &&
                sodium_hex2bin(key, VDR_VAULT_KEY_BYTES, text, sizeof text, NULL, NULL, NULL) == 0;
    if (file != NULL)
        (void)fclose(file);
    return good;
}

static bool
open_store(const char *dir, vdr_store *ret_store, char *words)
{
    uint8_t key[VDR_VAULT_KEY_BYTES];
    vdr_store_options options = {.log.create = true};
    bool there;
    if (!read_key(key, &there)) {
        (void)snprintf(words, VDR_STORE_WORDS_BYTES, "the store key cannot be read");
        return false;
    }
    options.key = there ? key : NULL;
    return vdr_store_open(dir, &options, ret_store, words) == VDR_OK;
}

int
main(int argc, char **argv)
{
    static const uint8_t key[VDR_DOOR_KEY_BYTES] = {1};
    vdr_store opened = {0};
    store s = {.next = 1};
    vdr_config_texts texts;
    vdr_config_faults faults;
    vdr_config *config = NULL;
    vdr_span content;
    vdr_lines lines;
    vdr_arena kept;
    char words[256] = "";

    if (argc != 4 && argc != 6)
        return 2;
    if (argc == 6) {
        s.older = strtoull(argv[4], NULL, 10);
        s.newer = strtoull(argv[5], NULL, 10);
    }
    vdr_arena_init(&s.arena, VDR_EVENT_ARENA_BYTES * 2);
    vdr_config_faults_init(&faults);
    if (vdr_config_texts_load(argv[1], &s.arena, &texts, words) != VDR_OK ||
        vdr_config_read(&texts, &faults, &config) != VDR_OK || vdr_lines_open(&lines, argv[2]) != VDR_OK ||
        !open_store(argv[3], &opened, words) ||
        vdr_content_write_config(&texts, &s.arena, &content) != VDR_OK) {
        fprintf(stderr, "make_store: %s\n", words);
        return 1;
    }
    s.log = opened.log;
    s.checkpoint = opened.checkpoint;
    s.door = vdr_door_new(key);
    s.core = vdr_core_new();
    s.begin = (vdr_command){.kind = VDR_COMMAND_CONFIG, .at = VDR_MS_NONE, .config = config};
    vdr_arena_init(&kept, VDR_EVENT_ARENA_BYTES * 2);
    s.begin_content = vdr_arena_copy(&kept, content);
    bool good = keep(&s, &s.begin, s.begin_content) && keep_lines(&s, config, &lines);
    good = good && (s.cut == 0 || cut(&s));
    vdr_lines_close(&lines);
    vdr_core_free(&s.core);
    vdr_door_free(&s.door);
    vdr_store_close(&opened);
    vdr_config_free(&config);
    vdr_config_faults_done(&faults);
    vdr_arena_done(&s.arena);
    vdr_arena_done(&kept);
    return good ? 0 : 1;
}
