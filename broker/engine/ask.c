/* What is asked of the state and leaves no trace: explanations and trials. */
#include "broker/engine/inside.h"

#include "broker/core/trial.h"

#include <sodium.h>

vdr_err
vdr_engine_explain(vdr_engine *engine, const vdr_explain_ask *ask, vdr_ms at, vdr_arena *arena,
                   vdr_explanation *ret_explanation, const char **ret_words)
{
    vdr_position position = vdr_core_position(engine->core);
    vdr_explain_ask bounded = *ask;
    bounded.signals_max = VDR_TRIAL_SIGNALS_MAX;
    vdr_trial *trial = vdr_trial_begin(engine->core);
    vdr_err err = VDR_OK;
    *ret_words = NULL;
    if (at != 0 && at > vdr_core_now(engine->core) && !vdr_trial_pass(engine->core, at)) {
        err = VDR_E_TOO_BIG;
        *ret_words = "too much falls due until then; ask a copy of the store, offline";
    }
    if (err == VDR_OK) {
        err = vdr_explain(engine->core, &bounded, arena, ret_explanation);
        if (err == VDR_E_TOO_BIG)
            *ret_words = "the household has very many signals; ask a copy of the store, offline";
    }
    vdr_trial_end(engine->core, &trial);
    ret_explanation->position = position;
    return err;
}

/* Effects as lines; what they point to outlives the trial, since it is in the tale or a name of the
 * configuration. */
static vdr_err
lines_of(const vdr_core *core, vdr_span tale, vdr_arena *arena, const vdr_wire_line **ret_lines,
         size_t *ret_count)
{
    vdr_effect effect;
    uint32_t offset = 0;
    size_t count = 0;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK)
        count++;
    vdr_wire_line *lines = (vdr_wire_line *)vdr_arena_alloc(arena, (count + 1) * sizeof *lines);
    if (lines == NULL)
        return VDR_E_NO_MEMORY;
    offset = 0;
    for (size_t i = 0; i < count; i++) {
        vdr_err err = vdr_effect_next(tale, &offset, &effect);
        VDR_ASSERT(err == VDR_OK);
        err = vdr_core_decision(core, &effect, arena, &lines[i].decision);
        if (err != VDR_OK)
            return err;
    }
    *ret_lines = lines;
    *ret_count = count;
    return VDR_OK;
}

/* Every key of the command by the same random one: what was equal stays equal, and none is known. */
static void
make_strangers(vdr_arena *arena, vdr_command *command)
{
    vdr_key16 by;
    randombytes_buf(&by, sizeof by);
    vdr_command_person *persons =
        (vdr_command_person *)vdr_arena_alloc(arena, (command->person_count + 1) * sizeof *persons);
    vdr_key16 *addresses =
        (vdr_key16 *)vdr_arena_alloc(arena, (command->address_count + 1) * sizeof *addresses);
    bool whole = persons != NULL && addresses != NULL;
    size_t person_count = whole ? command->person_count : 0,
           address_count = whole ? command->address_count : 0;
    for (size_t i = 0; i < person_count; i++) {
        persons[i] = command->persons[i];
        for (size_t j = 0; j < sizeof by.bytes; j++)
            persons[i].key.bytes[j] ^= by.bytes[j];
    }
    for (size_t i = 0; i < address_count; i++)
        for (size_t j = 0; j < sizeof by.bytes; j++)
            addresses[i].bytes[j] = (uint8_t)(command->addresses[i].bytes[j] ^ by.bytes[j]);
    command->persons = persons;
    command->person_count = person_count;
    command->addresses = addresses;
    command->address_count = address_count;
    command->earlier = NULL; /* strangers under the key before, too */
    command->earlier = NULL; /* while the pseudonym key changes: under the one before they would be known */
    uint64_t hash;
    memcpy(&hash, by.bytes, sizeof hash);
    command->id_hash ^= hash; /* the id itself is only found by it */
}

vdr_err
vdr_engine_try(vdr_engine *engine, vdr_span json, vdr_arena *arena, bool strangers,
               const vdr_wire_line **ret_lines, size_t *ret_count, const char **ret_words)
{
    vdr_event_options options = {.config = engine->config, .resolve = vdr_engine_resolve, .context = engine};
    vdr_command command;
    vdr_step step;
    vdr_span text = vdr_arena_copy(arena, json); /* lines may name what it names */
    *ret_words = NULL;
    if (text.at == NULL && json.len != 0)
        return VDR_E_NO_MEMORY;
    vdr_event_read(engine->door, &options, text, &engine->arena, &command, NULL);
    if (strangers && command.shape == VDR_OK)
        make_strangers(&engine->arena, &command);
    command.at =
        engine->options.clock->kind == VDR_CLOCK_EVENT ? command.time : vdr_clock_now(engine->options.clock);
    vdr_err err = VDR_OK;
    if (!vdr_trial_bears(engine->core, &command)) {
        err = VDR_E_TOO_BIG;
        *ret_words = "a household that it is about has very many signals; ask a copy of the store, offline";
    } else if (vdr_core_swamped(engine->core, command.at)) {
        err = VDR_E_BUSY;
        *ret_words = "very much falls due before it";
    } else {
        vdr_trial *trial = vdr_trial_begin(engine->core);
        vdr_core_step(engine->core, &command, engine->next, &step);
        err = lines_of(engine->core, step.tale, arena, ret_lines, ret_count);
        vdr_trial_end(engine->core, &trial);
    }
    vdr_arena_reset(&engine->arena);
    return err;
}
