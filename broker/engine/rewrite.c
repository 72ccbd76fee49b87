/* Events of signals that are written anew, without whom they no longer name (broker/core/rewrite.h): a few a turn,
 * made of the old ones, and logged. */
#include "broker/engine/inside.h"

#include "broker/door/without.h"
#include "broker/record/record.h"

#define TURN_REWRITES 16u

typedef struct naming {
    const vdr_engine *engine;
    vdr_at signal;
} naming;

/* Under the key of now or, while it changes, the one before. */
static bool
is_named(void *context, vdr_span bsn)
{
    const naming *of = context;
    const vdr_door *doors[2] = {of->engine->door, vdr_door_before(of->engine->door)};
    for (unsigned i = 0; i < 2 && doors[i] != NULL; i++) {
        vdr_key16 key = vdr_door_pseudonym(doors[i], false, bsn);
        if (vdr_view_signal_names(of->engine->core, of->signal, &key))
            return true;
    }
    return false;
}

/* When the signal was accepted, as its own record's tale says. */
static vdr_err
accepted_at(vdr_engine *engine, const vdr_rewrite_view *wanted, vdr_ms *ret_at)
{
    vdr_log_record record;
    vdr_signal_view signal;
    vdr_effect effect;
    uint32_t offset = 0;
    *ret_at = wanted->accepted_at;
    if (wanted->accepted_at != VDR_MS_NONE)
        return VDR_OK;
    vdr_view_signal_at(engine->core, wanted->at, &signal);
    vdr_err err = vdr_engine_record(engine, wanted->signal, &record);
    while (err == VDR_OK && (err = vdr_effect_next(record.tale, &offset, &effect)) == VDR_OK)
        if (effect.kind == VDR_EFFECT_SIGNAL && vdr_span_equal(effect.id, signal.id)) {
            *ret_at = effect.at;
            return VDR_OK;
        }
    return err == VDR_E_END ? VDR_E_STORE_CORRUPT : err;
}

static vdr_err
write_anew(vdr_engine *engine, const vdr_rewrite_view *wanted, vdr_arena *arena)
{
    vdr_log_record record;
    vdr_span json;
    vdr_ms at;
    naming of = {.engine = engine, .signal = wanted->at};
    vdr_err err = accepted_at(engine, wanted, &at);
    if (err == VDR_OK)
        err = vdr_engine_record(engine, wanted->content, &record);
    if (err == VDR_OK)
        err = vdr_content_json(record.content, arena, &json);
    if (err == VDR_OK)
        err = vdr_event_without(json, is_named, &of, arena, &json);
    if (err != VDR_OK)
        return err;
    vdr_command command = {.kind = VDR_COMMAND_REWRITE,
                           .at = vdr_engine_own_time(engine),
                           .number = wanted->signal,
                           .until = at};
    const vdr_body body = {.form = VDR_CONTENT_JSON, .bytes = json};
    vdr_engine_step(engine, &command, &body, NULL);
    return VDR_OK;
}

void
vdr_engine_rewrite(vdr_engine *engine)
{
    vdr_rewrite_view wanted;
    vdr_arena arena;
    unsigned done = 0;
    engine->rewriting = false;
    if (!vdr_view_rewrite(engine->core, &engine->rewrites, &wanted))
        return;
    vdr_arena_init(&arena, 2 * VDR_EVENT_ARENA_BYTES);
    do {
        /* One that cannot be read is passed over until somebody else is erased, or the next start. */
        if (vdr_engine_ready(engine) != VDR_OK)
            break;
        (void)write_anew(engine, &wanted, &arena);
        vdr_engine_record_done(engine);
        vdr_engine_submitted(engine);
        vdr_arena_reset(&arena);
        engine->rewriting = ++done == TURN_REWRITES;
    } while (!engine->rewriting && vdr_view_rewrite(engine->core, &engine->rewrites, &wanted));
    vdr_arena_done(&arena);
}
