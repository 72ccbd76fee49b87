/* What is told of keys of parties, and whether they are sound. */
#include "broker/core/keys_inside.h"

#include "broker/core/core_inside.h"
#include "broker/core/document.h"
#include "broker/core/text.h"

uint64_t
vdr_key_last(const vdr_core *core)
{
    return core->state.party_keys.next - 1;
}

uint64_t
vdr_key_changes(const vdr_core *core)
{
    return core->state.key_changes;
}

uint64_t
vdr_key_find(const vdr_core *core, const uint8_t public_key[VDR_PUBLIC_KEY_BYTES])
{
    const vdr_slab *keys = &core->state.party_keys;
    for (vdr_slot slot = keys->next - 1; slot != 0; slot--) {
        const vdr_party_key *key = vdr_slab_at(keys, slot);
        if (key->state != VDR_PARTY_KEY_REFUSED &&
            memcmp(key->public_key, public_key, VDR_PUBLIC_KEY_BYTES) == 0)
            return slot;
    }
    return 0;
}

static vdr_span
text_of(const vdr_state *state, uint32_t text)
{
    return text != 0 ? vdr_text_get(&state->texts, text) : (vdr_span){0};
}

static vdr_span
document_of(const vdr_state *state, vdr_slot document, vdr_arena *arena)
{
    vdr_span text = {0};
    return vdr_document_get(state, document, arena, &text) == VDR_OK ? text : (vdr_span){0};
}

bool
vdr_key_view(const vdr_core *core, uint64_t number, vdr_arena *arena, vdr_party_key_view *ret_view)
{
    static const uint8_t none[VDR_PUBLIC_KEY_BYTES];
    const vdr_state *state = &core->state;
    if (number == 0 || number >= state->party_keys.next)
        return false;
    const vdr_party_key *key = vdr_slab_at(&state->party_keys, (uint32_t)number);
    size_t skip = strlen(vdr_party_kind_name((vdr_party_kind)key->kind)) + 1;
    vdr_span party = vdr_text_get(&state->texts, key->party);
    *ret_view = (vdr_party_key_view){.number = number,
                                     .kind = (vdr_party_kind)key->kind,
                                     .party = party,
                                     .id = vdr_span_of(party.at + skip, party.len - skip),
                                     .public_key = vdr_span_of(key->public_key, sizeof key->public_key),
                                     .state = (vdr_party_key_state)key->state,
                                     .of_file = key->of_file != 0,
                                     .at = key->at,
                                     .from = key->from,
                                     .until = key->until,
                                     .ended = key->ended_at,
                                     .overlap_ms = key->overlap_ms,
                                     .position = key->position,
                                     .ended_position = key->ended_position,
                                     .author = text_of(state, key->author),
                                     .reason = document_of(state, key->reason, arena),
                                     .approver = text_of(state, key->approver),
                                     .ended_by = text_of(state, key->ended_by),
                                     .ended_why = document_of(state, key->ended_why, arena),
                                     .proposal = key->proposal};
    if (memcmp(key->replaced, none, sizeof none) != 0)
        ret_view->replaced = vdr_span_of(key->replaced, sizeof key->replaced);
    return true;
}

/* ---- soundness ---- */

void
vdr_keys_use(const vdr_state *state, uint32_t *uses)
{
    for (vdr_slot slot = 1; slot < state->party_keys.next; slot++) {
        const vdr_party_key *key = vdr_slab_at(&state->party_keys, slot);
        uses[key->reason]++;
        uses[key->ended_why]++;
    }
}

static bool
is_valid(const vdr_party_key *key)
{
    return key->state == VDR_PARTY_KEY_VALID;
}

/* Two keys at most are valid of a party, and a public key is in one record that counts. */
static const char *
check_others(const vdr_state *state, vdr_slot slot)
{
    const vdr_party_key *key = vdr_slab_at(&state->party_keys, slot);
    vdr_span party = vdr_text_get(&state->texts, key->party);
    uint32_t valid = 0;
    for (vdr_slot other = 1; other < state->party_keys.next; other++) {
        const vdr_party_key *o = vdr_slab_at(&state->party_keys, other);
        bool counts = o->state != VDR_PARTY_KEY_REFUSED && key->state != VDR_PARTY_KEY_REFUSED;
        if (other != slot && counts && memcmp(o->public_key, key->public_key, sizeof o->public_key) == 0)
            return "a public key is registered twice";
        valid += is_valid(o) && vdr_span_equal(vdr_text_get(&state->texts, o->party), party);
    }
    return valid <= 2 ? NULL : "a party has more than two keys";
}

const char *
vdr_keys_check(const vdr_state *state)
{
    const char *words = NULL;
    for (vdr_slot slot = 1; slot < state->party_keys.next && words == NULL; slot++) {
        const vdr_party_key *key = vdr_slab_at(&state->party_keys, slot);
        bool open = is_valid(key) || key->state == VDR_PARTY_KEY_PROPOSED;
        if (is_valid(key) != (key->order != 0))
            words = "I9: a key does not end";
        else if (open != (key->ended_position == 0))
            words = "a key has ended and has not";
        else if (key->proposal >= state->proposals.next)
            words = "a key was a proposal that never was";
        else
            words = check_others(state, slot);
    }
    return words;
}
