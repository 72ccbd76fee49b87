/* What is asked of the state and leaves no trace: explanations and trials. */
#include "broker/inside.h"

#include "broker/core/trial.h"

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

vdr_err
vdr_engine_try(vdr_engine *engine, vdr_span json, vdr_arena *arena, const vdr_wire_line **ret_lines,
               size_t *ret_count, const char **ret_words)
{
    vdr_event_options options = {.config = engine->config, .resolve = vdr_engine_resolve, .context = engine};
    vdr_command command;
    vdr_step step;
    vdr_span text = vdr_arena_copy(arena, json); /* lines may name what it names */
    *ret_words = NULL;
    if (text.at == NULL && json.len != 0)
        return VDR_E_NO_MEMORY;
    vdr_event_read(engine->door, &options, text, &engine->arena, &command, NULL);
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
