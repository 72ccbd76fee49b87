/* broker/core/explain_inside.h - what the parts of explaining share (explain.c, explain_rule.c,
 * explain_case.c). Core only. Thread: one. */
#ifndef VDR_CORE_EXPLAIN_INSIDE_H
#define VDR_CORE_EXPLAIN_INSIDE_H

#include "broker/core/core_inside.h"
#include "broker/core/explain.h"

typedef struct vdr_explaining {
    vdr_state *state;
    vdr_arena *arena;
    vdr_slot household, asked; /* asked: signal, 0: none */
    vdr_slots listed;          /* signals, in log order */
    vdr_explanation *told;
} vdr_explaining;

static inline vdr_span
vdr_explain_name(const vdr_state *state, vdr_name name)
{
    if (name == 0)
        return (vdr_span){0};
    const vdr_name_record *record = vdr_slab_at(&state->names, name);
    return vdr_text_get(&state->texts, record->text);
}

static inline vdr_signal_name
vdr_explain_signal_name(const vdr_state *state, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    return (vdr_signal_name){.source = vdr_explain_name(state, vdr_sender_of(state, signal)->source),
                             .id = vdr_text_get(&state->texts, signal->id)};
}

/* explain_rule.c; all of them NO_MEMORY: the arena. */
VDR_MUST_CHECK vdr_err vdr_explain_rule(vdr_explaining *e, size_t rule, vdr_explained_rule *ret_rule);
/* explain_case.c */
VDR_MUST_CHECK vdr_err vdr_explain_cases(vdr_explaining *e);
VDR_MUST_CHECK vdr_err vdr_explain_dues(vdr_explaining *e);
/* Puts the case back to be assigned: the state is not the same afterwards. */
VDR_MUST_CHECK vdr_err vdr_explain_assignment(vdr_explaining *e);

#endif
