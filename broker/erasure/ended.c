/* Keys of parties that ended: the files of proofs say so, and a store that is restored from a backup of before ends
 * them again. A key that was lost or stolen must not come back with a backup, nor one that a rotation ended. */
#include "broker/core/control.h"
#include "broker/core/keys.h"
#include "broker/engine/inside.h"
#include "broker/erasure/inside.h"

#include <stdlib.h>

/* ---- what the store's file says ---- */

static bool
is_noted(const vdr_erasure_ended *ended, const uint8_t *key)
{
    for (size_t i = 0; i < ended->count; i++)
        if (memcmp(ended->keys + i * VDR_PUBLIC_KEY_BYTES, key, VDR_PUBLIC_KEY_BYTES) == 0)
            return true;
    return false;
}

void
vdr_erasure_ended_note(vdr_erasure_ended *ended, const uint8_t *key)
{
    if (is_noted(ended, key))
        return;
    if (ended->count == ended->room) {
        ended->room = ended->room != 0 ? 2 * ended->room : 16;
        ended->keys = vdr_realloc(ended->keys, ended->room, VDR_PUBLIC_KEY_BYTES);
    }
    memcpy(ended->keys + ended->count++ * VDR_PUBLIC_KEY_BYTES, key, VDR_PUBLIC_KEY_BYTES);
}

/* ---- telling ---- */

static bool
has_ended(const vdr_party_key_view *view)
{
    return view->state == VDR_PARTY_KEY_REVOKED || view->state == VDR_PARTY_KEY_EXPIRED;
}

/* True: the sifter writes some. Only what is durable: a line must not say that a key ended that a crash brings back. */
bool
vdr_erasure_ended_tell(vdr_erasure *erasure)
{
    vdr_erasure_ended *ended = &erasure->ended;
    vdr_engine *engine = erasure->engine;
    bool later = false;
    if (ended->changes == vdr_key_changes(engine->core) && ended->looked)
        return false;
    ended->lines.len = 0;
    for (uint64_t number = 1; number <= vdr_key_last(engine->core); number++) {
        vdr_party_key_view view;
        bool good = vdr_key_view(engine->core, number, &engine->arena, &view);
        vdr_arena_reset(&engine->arena);
        if (!good || !has_ended(&view) || is_noted(ended, view.public_key.at))
            continue;
        later = later || view.ended_position > engine->durable;
        if (view.ended_position <= engine->durable) {
            const vdr_proof_entry entry = {.line = VDR_PROOF_ENDED,
                                           .at = view.ended,
                                           .position = view.ended_position,
                                           .party = view.party,
                                           .public_key = view.public_key};
            vdr_proof_write(&entry, &ended->lines);
        }
    }
    if (!later) {
        ended->looked = true;
        ended->changes = vdr_key_changes(engine->core);
    }
    if (ended->lines.len == 0)
        return false;
    ended->telling = true;
    vdr_sifter_note(erasure->sifter, vdr_bytes_span(&ended->lines));
    return true;
}

static void
on_line(void *context, const vdr_proof_entry *entry)
{
    vdr_erasure_ended_note(context, entry->public_key.at);
}

void
vdr_erasure_ended_told(vdr_erasure *erasure, vdr_err err, const char *words)
{
    vdr_erasure_ended *ended = &erasure->ended;
    ended->telling = false;
    if (err == VDR_OK) {
        vdr_proofs_read(vdr_bytes_span(&ended->lines), on_line, ended);
        return;
    }
    ended->looked = false;
    erasure->retry_us = vdr_clock_steady_us(erasure->engine->options.clock) + VDR_RETRY_MS * 1000;
    vdr_engine_say(erasure->engine, VDR_NOTICE_WARNING,
                   "that a key of a party ended is not noted in " VDR_PROOFS_NAME
                   " and its escrow yet: %s: %s; it is tried again",
                   words, vdr_err_text(err));
}

/* ---- a restored store ---- */

typedef struct ending {
    vdr_engine *engine;
    size_t total;
} ending;

/* What is due fires first, so that the verdict is the one of the step. */
static void
make_room(vdr_engine *engine, vdr_ms at)
{
    while (vdr_core_next_due(engine->core) <= at) {
        vdr_engine_tick(engine, at);
        vdr_engine_hand_over(engine);
    }
    vdr_engine_hand_over(engine);
}

/* Whose key it is here counts: one of node.yaml may be proposed for somebody else. */
static void
whose_here(vdr_engine *engine, vdr_command *command, char id[VDR_CONF_NAME_MAX + 1])
{
    vdr_party_key_view view;
    uint64_t number = vdr_key_find(engine->core, command->public_key.at);
    if (vdr_key_view(engine->core, number, &engine->arena, &view)) {
        VDR_ASSERT(view.id.len <= VDR_CONF_NAME_MAX);
        memcpy(id, view.id.at, view.id.len);
        command->party_kind = view.kind;
        command->subject = vdr_span_of(id, view.id.len);
    }
    vdr_arena_reset(&engine->arena);
}

static void
end_again(void *context, const vdr_proof_entry *entry)
{
    static const vdr_body none = {.form = VDR_CONTENT_NONE};
    ending *e = context;
    if (entry->line != VDR_PROOF_ENDED)
        return;
    const uint8_t *colon = memchr(entry->party.at, ':', entry->party.len);
    size_t kind = colon != NULL ? (size_t)(colon - entry->party.at) : 0;
    vdr_command command = {
        .kind = VDR_COMMAND_REVOKE,
        .at = vdr_engine_own_time(e->engine),
        .reason = vdr_span_str("it had ended when this store was restored from a backup of before"),
        .until = VDR_MS_NONE,
        .party_kind = vdr_party_kind_of(vdr_span_of(entry->party.at, kind)),
        .subject = vdr_span_of(entry->party.at + kind + 1, entry->party.len - kind - 1),
        .public_key = entry->public_key};
    const char *words;
    char id[VDR_CONF_NAME_MAX + 1];
    make_room(e->engine, command.at);
    whose_here(e->engine, &command, id);
    if (vdr_control_verdict(e->engine->core, &command, &words) != VDR_E_ACCEPTED)
        return; /* it has ended here, too */
    vdr_engine_step(e->engine, &command, &none, NULL);
    e->total++;
}

vdr_err
vdr_erasure_end_again(vdr_engine *engine, const char *escrow, char *ret_words)
{
    ending e = {.engine = engine};
    vdr_err err = vdr_proofs_walk(escrow, end_again, &e);
    if (err == VDR_OK && e.total != 0)
        err = vdr_engine_settle(engine);
    if (err != VDR_OK)
        return vdr_engine_words(ret_words, err, "ending keys again, as %s/" VDR_PROOFS_NAME " says: %s",
                                escrow, vdr_err_text(err));
    if (e.total != 0)
        vdr_engine_say(
            engine, VDR_NOTICE_WARNING,
            "this store is older than what the escrow knows of keys of parties: %zu that ended since "
            "are ended again; add those that were given since",
            e.total);
    return VDR_OK;
}
