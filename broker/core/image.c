/* Images of the state, loading them, and what is hashed and kept of it.
 *
 * An image is a head and blocks: chunks of slabs as they lie in memory (slab.h). The head names the layout of
 * every table, so that another version's image is refused, and holds the counters of the state. */
#include "broker/core/core_inside.h"
#include "broker/core/names.h"

#include <stddef.h>
#include <stdlib.h>

#define IMAGE_MAGIC   UINT64_C(0x4547414d49524456) /* "VDRIMAGE" in memory */
#define IMAGE_VERSION 4u

/* One table in the head. */
typedef struct head_table {
    uint32_t table, version, record_bytes;
    uint32_t counts[4];
} head_table;

#define HEAD_TABLES                                                                                          \
    (VDR_STATE_SLABS + VDR_STATE_SLABS % 2) /* even: the last may be nothing, for the size alone */

/* The whole head. */
typedef struct head {
    uint64_t magic;
    uint32_t version, table_count;
    int64_t now;
    uint64_t position, config_position;
    vdr_key16 config_fingerprint;
    uint64_t household_last, case_last, order_last, review_last, overdue_last, retry_order;
    uint64_t right_last;
    uint64_t left_last_order;
    uint32_t unassigned_first, unassigned_last, reviews_first, reviews_last, overdues_first, overdues_last;
    uint32_t unassigned_count, offered_count, active_count, person_count;
    uint32_t rights_first, rights_last;
    uint32_t left_first, left_last, left_count, left_erased;
    uint32_t rewrites_wanted, reviews_aside;
    vdr_key16 key_check, next_check, id_key;
    uint64_t rekey_begun, rekey_ended;
    uint32_t parity, old_members, old_signals, old_acts, old_conflicts, old_rights, rekey_finish, old_guarded;
    head_table tables[HEAD_TABLES];
} head;

_Static_assert(sizeof(head_table) == 28, "no padding");
_Static_assert(sizeof(head) == 288 + sizeof(head_table) * HEAD_TABLES, "no padding");

static head
head_of(const vdr_state *state)
{
    return (head){.magic = IMAGE_MAGIC,
                  .version = IMAGE_VERSION,
                  .table_count = VDR_STATE_SLABS,
                  .now = state->now,
                  .position = state->position,
                  .config_position = state->config_position,
                  .config_fingerprint = state->config_fingerprint,
                  .household_last = state->household_last,
                  .case_last = state->case_last,
                  .order_last = state->order_last,
                  .review_last = state->review_last,
                  .overdue_last = state->overdue_last,
                  .retry_order = state->retry_order,
                  .unassigned_first = state->unassigned_first,
                  .unassigned_last = state->unassigned_last,
                  .reviews_first = state->reviews_first,
                  .reviews_last = state->reviews_last,
                  .overdues_first = state->overdues_first,
                  .overdues_last = state->overdues_last,
                  .unassigned_count = state->unassigned_count,
                  .offered_count = state->offered_count,
                  .active_count = state->active_count,
                  .person_count = state->person_count,
                  .right_last = state->right_last,
                  .rights_first = state->rights_first,
                  .rights_last = state->rights_last,
                  .left_last_order = state->left_last_order,
                  .rewrites_wanted = state->rewrites_wanted,
                  .reviews_aside = state->reviews_aside,
                  .left_first = state->left_first,
                  .left_last = state->left_last,
                  .left_count = state->left_count,
                  .left_erased = state->left_erased,
                  .key_check = state->key_check,
                  .next_check = state->next_check,
                  .id_key = state->id_key,
                  .rekey_begun = state->rekey_begun,
                  .rekey_ended = state->rekey_ended,
                  .parity = state->parity,
                  .old_members = state->old_members,
                  .old_signals = state->old_signals,
                  .old_acts = state->old_acts,
                  .old_conflicts = state->old_conflicts,
                  .old_rights = state->old_rights,
                  .rekey_finish = state->rekey_finish,
                  .old_guarded = state->old_guarded};
}

/* ---- writing ---- */

void
vdr_core_image_begin(vdr_core *core)
{
    vdr_state *state = &core->state;
    VDR_ASSERT(!core->imaging && !core->loading);
    head made = head_of(state);
    core->image_blocks = 0;
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++) {
        vdr_slab *slab = vdr_state_slab(state, i);
        vdr_slab_image_begin(slab);
        made.tables[i] =
            (head_table){.table = slab->table, .version = slab->version, .record_bytes = slab->record_bytes};
        vdr_slab_image_counts(slab, made.tables[i].counts);
        core->image_blocks += slab->chunk_count;
    }
    free(core->image_head);
    core->image_head = vdr_alloc(1, sizeof made);
    memcpy(core->image_head, &made, sizeof made);
    core->image_head_len = sizeof made;
    core->image_position = state->position;
    core->image_slab = 0;
    core->imaging = true;
}

bool
vdr_core_image_next(vdr_core *core, bool all, vdr_core_block *ret_block)
{
    VDR_ASSERT(core->imaging);
    for (; core->image_slab < VDR_STATE_SLABS; core->image_slab++) {
        vdr_slab *slab = vdr_state_slab(&core->state, core->image_slab);
        if (!vdr_slab_image_next(slab, all, &ret_block->number, &ret_block->bytes))
            continue;
        ret_block->table = slab->table;
        return true;
    }
    return false;
}

vdr_span
vdr_core_image_head(const vdr_core *core, vdr_position *ret_position, uint64_t *ret_blocks)
{
    VDR_ASSERT(core->imaging);
    *ret_position = core->image_position;
    *ret_blocks = core->image_blocks;
    return vdr_span_of(core->image_head, core->image_head_len);
}

void
vdr_core_image_end(vdr_core *core, bool complete)
{
    VDR_ASSERT(core->imaging);
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++)
        vdr_slab_image_end(vdr_state_slab(&core->state, i), complete);
    core->imaging = false;
}

/* ---- loading ---- */

static bool
slot_fits(const vdr_slab *slab, vdr_slot slot)
{
    return slot < slab->next;
}

/* The roots must lie in their tables; whether the records are sound is the store's checksum to say. */
static bool
roots_fit(const vdr_state *state)
{
    return slot_fits(&state->cases, state->unassigned_first) &&
           slot_fits(&state->cases, state->unassigned_last) &&
           slot_fits(&state->reviews, state->reviews_first) &&
           slot_fits(&state->reviews, state->reviews_last) &&
           slot_fits(&state->overdues, state->overdues_first) &&
           slot_fits(&state->overdues, state->overdues_last) &&
           slot_fits(&state->rights, state->rights_first) && slot_fits(&state->rights, state->rights_last) &&
           slot_fits(&state->left, state->left_first) && slot_fits(&state->left, state->left_last);
}

vdr_err
vdr_core_load_begin(vdr_core *core, vdr_span bytes)
{
    vdr_state *state = &core->state;
    head from;
    VDR_ASSERT(state->position == 0 && state->config == NULL && !core->loading);
    if (bytes.len < offsetof(head, now))
        return VDR_E_STORE_CORRUPT;
    memcpy(&from, bytes.at, offsetof(head, now));
    if (from.magic != IMAGE_MAGIC)
        return VDR_E_STORE_CORRUPT;
    if (from.version != IMAGE_VERSION || from.table_count != VDR_STATE_SLABS)
        return VDR_E_STORE_VERSION;
    if (bytes.len != sizeof from)
        return VDR_E_STORE_CORRUPT;
    memcpy(&from, bytes.at, sizeof from);
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++) {
        const vdr_slab *slab = vdr_state_slab(state, i);
        const head_table *table = &from.tables[i];
        if (table->table != slab->table || table->version != slab->version ||
            table->record_bytes != slab->record_bytes)
            return VDR_E_STORE_VERSION;
    }
    core->loading = true;
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++)
        if (!vdr_slab_load_counts(vdr_state_slab(state, i), from.tables[i].counts))
            return VDR_E_STORE_CORRUPT;
    state->now = from.now;
    state->position = from.position;
    state->config_position = from.config_position;
    state->config_fingerprint = from.config_fingerprint;
    state->household_last = from.household_last;
    state->case_last = from.case_last;
    state->order_last = from.order_last;
    state->review_last = from.review_last;
    state->overdue_last = from.overdue_last;
    state->retry_order = from.retry_order;
    state->unassigned_first = from.unassigned_first;
    state->unassigned_last = from.unassigned_last;
    state->reviews_first = from.reviews_first;
    state->reviews_last = from.reviews_last;
    state->overdues_first = from.overdues_first;
    state->overdues_last = from.overdues_last;
    state->unassigned_count = from.unassigned_count;
    state->offered_count = from.offered_count;
    state->active_count = from.active_count;
    state->person_count = from.person_count;
    state->right_last = from.right_last;
    state->rights_first = from.rights_first;
    state->rights_last = from.rights_last;
    state->left_last_order = from.left_last_order;
    state->rewrites_wanted = from.rewrites_wanted;
    state->reviews_aside = from.reviews_aside;
    state->left_first = from.left_first;
    state->left_last = from.left_last;
    state->left_count = from.left_count;
    state->left_erased = from.left_erased;
    state->key_check = from.key_check;
    state->next_check = from.next_check;
    state->id_key = from.id_key;
    state->rekey_begun = from.rekey_begun;
    state->rekey_ended = from.rekey_ended;
    state->parity = from.parity & 1;
    state->old_members = from.old_members;
    state->old_signals = from.old_signals;
    state->old_acts = from.old_acts;
    state->old_conflicts = from.old_conflicts;
    state->old_rights = from.old_rights;
    state->rekey_finish = from.rekey_finish;
    state->old_guarded = from.old_guarded;
    return roots_fit(state) ? VDR_OK : VDR_E_STORE_CORRUPT;
}

vdr_err
vdr_core_load_block(vdr_core *core, vdr_core_block block)
{
    VDR_ASSERT(core->loading);
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++) {
        vdr_slab *slab = vdr_state_slab(&core->state, i);
        if (slab->table == block.table)
            return vdr_slab_load_chunk(slab, block.number, block.bytes) ? VDR_OK : VDR_E_STORE_CORRUPT;
    }
    return VDR_E_STORE_CORRUPT;
}

vdr_err
vdr_core_load_end(vdr_core *core, const vdr_config *config)
{
    vdr_state *state = &core->state;
    VDR_ASSERT(core->loading);
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++)
        if (!vdr_slab_load_end(vdr_state_slab(state, i)))
            return VDR_E_STORE_CORRUPT;
    /* The state's names are those of the configuration that it was made under, no other. */
    if (!vdr_key16_equal(&config->fingerprint, &state->config_fingerprint))
        return VDR_E_STORE_CORRUPT;
    core->loading = false;
    state->config = config;
    vdr_config_bind(state);
    return VDR_OK;
}

/* ---- hash ---- */

static uint64_t
mix(uint64_t hash, uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x9fb21c651e98df25);
    return hash ^ hash >> 35;
}

static uint64_t
mix_bytes(uint64_t hash, vdr_span bytes)
{
    size_t i = 0;
    for (; i + 8 <= bytes.len; i += 8) {
        uint64_t word;
        memcpy(&word, bytes.at + i, sizeof word);
        hash = mix(hash, word);
    }
    uint64_t word = 0;
    if (i < bytes.len)
        memcpy(&word, bytes.at + i, bytes.len - i);
    return mix(mix(hash, word), bytes.len);
}

uint64_t
vdr_core_state_hash(const vdr_core *core)
{
    const vdr_state *state = &core->state;
    head counters = head_of(state);
    /* Refused lines move time and are not in the log: log time of the moment is no part of what two nodes
     * with the same log have in common. */
    counters.now = 0;
    uint64_t hash = mix_bytes(0, vdr_span_of(&counters, sizeof counters));
    for (uint32_t i = 0; i < VDR_STATE_SLABS; i++) {
        const vdr_slab *slab = vdr_state_slab_at(state, i);
        hash = mix(hash, (uint64_t)slab->next << 32 | slab->free);
        for (uint32_t number = 0; number < slab->chunk_count; number++)
            hash = mix_bytes(hash, vdr_slab_chunk(slab, number));
    }
    return hash;
}
