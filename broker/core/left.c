#include "broker/core/left_inside.h"

#include "broker/core/core_inside.h"
#include "broker/core/names.h"

static const vdr_left_record *
left_at(const vdr_state *state, vdr_slot slot)
{
    return vdr_slab_at(&state->left, slot);
}

static void
append(vdr_state *state, vdr_left_record record)
{
    record.order = ++state->left_last_order;
    record.at = state->now;
    vdr_slot slot = vdr_slab_take(&state->left);
    *(vdr_left_record *)vdr_slab_edit(&state->left, slot) = record;
    if (state->left_last != 0)
        ((vdr_left_record *)vdr_slab_edit(&state->left, state->left_last))->next = slot;
    else
        state->left_first = slot;
    state->left_last = slot;
    state->left_count++;
    state->left_erased += record.reason == VDR_LEFT_BY_ERASURE;
}

void
vdr_left_signal(vdr_state *state, vdr_slot slot, vdr_left_reason reason)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    append(state, (vdr_left_record){.number = signal->position,
                                    .time = signal->occurred_at,
                                    .id = signal->id,
                                    .hash = signal->hash,
                                    .source = vdr_sender_of(state, signal)->source,
                                    .type = vdr_terms_of(state, signal)->type,
                                    .kind = VDR_LEFT_SIGNAL,
                                    .reason = (uint16_t)reason});
}

void
vdr_left_content(vdr_state *state, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    append(state,
           (vdr_left_record){.number = signal->position,
                             .time = signal->occurred_at,
                             .id = vdr_text_put(&state->texts, vdr_text_get(&state->texts, signal->id)),
                             .hash = signal->hash,
                             .source = vdr_sender_of(state, signal)->source,
                             .type = vdr_terms_of(state, signal)->type,
                             .kind = VDR_LEFT_CONTENT,
                             .reason = VDR_LEFT_BY_ERASURE});
}

void
vdr_left_case(vdr_state *state, vdr_slot slot, vdr_left_reason reason)
{
    const vdr_case *of = vdr_case_at(state, slot);
    append(state, (vdr_left_record){.number = of->number,
                                    .time = of->opened_at,
                                    .kind = VDR_LEFT_CASE,
                                    .reason = (uint16_t)reason});
}

void
vdr_left_household(vdr_state *state, vdr_slot slot, vdr_left_reason reason)
{
    append(state, (vdr_left_record){.number = vdr_household_at(state, slot)->number,
                                    .time = VDR_MS_NONE,
                                    .kind = VDR_LEFT_HOUSEHOLD,
                                    .reason = (uint16_t)reason});
}

void
vdr_left_told(vdr_state *state, uint64_t through)
{
    if (through > state->left_last_order) { /* of a time that this state has not come to: a restored one */
        state->left_last_order = through;
        return;
    }
    while (state->left_first != 0 && left_at(state, state->left_first)->order <= through) {
        vdr_slot slot = state->left_first;
        const vdr_left_record *record = left_at(state, slot);
        state->left_first = record->next;
        state->left_count--;
        state->left_erased -= record->reason == VDR_LEFT_BY_ERASURE;
        vdr_text_drop(&state->texts, record->id);
        vdr_slab_give(&state->left, slot);
    }
    if (state->left_first == 0)
        state->left_last = 0;
}

/* ---- looking ---- */

uint32_t
vdr_left_waiting(const vdr_core *core, uint32_t *ret_erased)
{
    if (ret_erased != NULL)
        *ret_erased = core->state.left_erased;
    return core->state.left_count;
}

uint64_t
vdr_left_newest(const vdr_core *core)
{
    return core->state.left_last_order;
}

bool
vdr_left_next(const vdr_core *core, uint32_t *cursor, uint64_t through, uint64_t *ret_order,
              vdr_command_left *ret_left)
{
    const vdr_state *state = &core->state;
    vdr_slot slot = *cursor == 0 ? state->left_first : left_at(state, *cursor)->next;
    if (slot == 0 || left_at(state, slot)->order > through)
        return false;
    const vdr_left_record *record = left_at(state, slot);
    *ret_left = (vdr_command_left){.kind = (vdr_left_kind)record->kind,
                                   .reason = (vdr_left_reason)record->reason,
                                   .number = record->number,
                                   .at = record->at,
                                   .time = record->time,
                                   .hash = record->hash};
    if (vdr_left_of_signal((vdr_left_kind)record->kind)) {
        ret_left->id = vdr_text_get(&state->texts, record->id);
        ret_left->source = vdr_name_text(state, record->source);
        ret_left->type = vdr_name_text(state, record->type);
    }
    *cursor = slot;
    *ret_order = record->order;
    return true;
}

static const char *const kind_names[] = {[VDR_LEFT_SIGNAL] = "signal",
                                         [VDR_LEFT_CASE] = "case",
                                         [VDR_LEFT_HOUSEHOLD] = "household",
                                         [VDR_LEFT_CONTENT] = "content"};
static const char *const reason_names[] = {
    [VDR_LEFT_BY_TERM] = "term", [VDR_LEFT_BY_ERASURE] = "erased", [VDR_LEFT_BY_HOUSEHOLD] = "household"};

const char *
vdr_left_kind_name(vdr_left_kind kind)
{
    return kind_names[kind];
}

const char *
vdr_left_reason_name(vdr_left_reason reason)
{
    return reason_names[reason];
}

bool
vdr_left_kind_of(vdr_span name, vdr_left_kind *ret_kind)
{
    for (unsigned i = VDR_LEFT_SIGNAL; i <= VDR_LEFT_LAST; i++)
        if (vdr_span_equal(name, vdr_span_str(kind_names[i]))) {
            *ret_kind = (vdr_left_kind)i;
            return true;
        }
    return false;
}

bool
vdr_left_reason_of(vdr_span name, vdr_left_reason *ret_reason)
{
    for (unsigned i = VDR_LEFT_BY_TERM; i <= VDR_LEFT_BY_HOUSEHOLD; i++)
        if (vdr_span_equal(name, vdr_span_str(reason_names[i]))) {
            *ret_reason = (vdr_left_reason)i;
            return true;
        }
    return false;
}

const char *
vdr_left_check(const vdr_state *state)
{
    uint32_t count = 0, erased = 0;
    uint64_t order = 0;
    vdr_slot last = 0;
    for (vdr_slot slot = state->left_first; slot != 0; slot = left_at(state, slot)->next) {
        const vdr_left_record *record = left_at(state, slot);
        if (record->order <= order || record->order > state->left_last_order)
            return "tombstones are out of order";
        order = record->order;
        count++;
        erased += record->reason == VDR_LEFT_BY_ERASURE;
        last = slot;
    }
    if (last != state->left_last || count != state->left.live)
        return "the list of tombstones is torn";
    if (count != state->left_count || erased != state->left_erased)
        return "I19: tombstones are not as many as they say";
    return NULL;
}
