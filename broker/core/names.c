#include "broker/core/names.h"

/* Roles and districts are the only names that agencies choose freely, and the hash has no key, since a key would have to be
 * in the state, and the state's bytes are the same on every node. So an agency that works at it can make roles
 * that fall into one chain. What that costs stays small: an event holds at most 64 KiB of roles, a chain is
 * integer comparisons until the whole hash is equal, and a role is gone with the last signal that names it. */

static const vdr_name_record *
record_at(const vdr_state *state, vdr_name name)
{
    return vdr_slab_at(&state->names, name);
}

static vdr_name
find(const vdr_state *state, vdr_span text, uint32_t hash)
{
    vdr_index_search search;
    vdr_name name = vdr_index_first(&state->names_by_text, hash, &search);
    while (name != 0 && !vdr_span_equal(vdr_name_text(state, name), text))
        name = vdr_index_next(&search);
    return name;
}

static vdr_name
find_or_make(vdr_state *state, vdr_span text)
{
    uint32_t hash = vdr_index_hash_text(text);
    vdr_name name = find(state, text, hash);
    if (name != 0)
        return name;
    uint32_t kept = vdr_text_put(&state->texts, text);
    name = vdr_slab_take(&state->names);
    vdr_name_record *record = vdr_slab_edit(&state->names, name);
    record->text = kept;
    record->hash = hash;
    vdr_index_put(&state->names_by_text, name);
    return name;
}

vdr_name
vdr_name_find(const vdr_state *state, vdr_span text)
{
    return find(state, text, vdr_index_hash_text(text));
}

vdr_name
vdr_name_pin(vdr_state *state, vdr_span text)
{
    vdr_name name = find_or_make(state, text);
    if (record_at(state, name)->pinned == 0)
        ((vdr_name_record *)vdr_slab_edit(&state->names, name))->pinned = 1;
    return name;
}

vdr_name
vdr_name_use(vdr_state *state, vdr_span text)
{
    vdr_name name = find_or_make(state, text);
    vdr_name_record *record = vdr_slab_edit(&state->names, name);
    VDR_ASSERT(record->uses != UINT32_MAX);
    record->uses++;
    return name;
}

void
vdr_name_drop(vdr_state *state, vdr_name name)
{
    vdr_name_record *record = vdr_slab_edit(&state->names, name);
    VDR_ASSERT(record->uses != 0);
    record->uses--;
    if (record->uses != 0 || record->pinned != 0)
        return;
    vdr_index_remove(&state->names_by_text, name);
    vdr_text_drop(&state->texts, record->text);
    vdr_slab_give(&state->names, name);
}

vdr_span
vdr_name_text(const vdr_state *state, vdr_name name)
{
    return vdr_text_get(&state->texts, record_at(state, name)->text);
}
