/* Effects resolved to the strings of a line or message (proto/decision.h). */
#include "broker/core/core_inside.h"
#include "broker/core/names.h"

static vdr_span
text_of(const vdr_state *state, vdr_name name)
{
    return name != 0 ? vdr_name_text(state, name) : (vdr_span){0};
}

static vdr_err
resolve_names(const vdr_state *state, vdr_effect_list list, vdr_arena *arena, const vdr_span **ret_names,
              size_t *ret_count)
{
    vdr_span *names = vdr_arena_alloc(arena, (list.count + (size_t)1) * sizeof *names);
    if (names == NULL)
        return VDR_E_NO_MEMORY;
    vdr_name name;
    size_t count = 0;
    while (vdr_effect_list_name(&list, &name))
        names[count++] = text_of(state, name);
    *ret_names = names;
    *ret_count = count;
    return VDR_OK;
}

static vdr_err
resolve_signals(const vdr_state *state, vdr_effect_list list, vdr_arena *arena, vdr_decision *decision)
{
    vdr_signal_name *signals = vdr_arena_alloc(arena, (list.count + (size_t)1) * sizeof *signals);
    if (signals == NULL)
        return VDR_E_NO_MEMORY;
    vdr_signal_ref signal;
    while (vdr_effect_list_signal(&list, &signal))
        signals[decision->signal_count++] =
            (vdr_signal_name){.source = text_of(state, signal.source), .id = signal.id};
    decision->signals = signals;
    return VDR_OK;
}

static vdr_err
resolve_message(const vdr_state *state, const vdr_effect *effect, vdr_arena *arena, vdr_decision *decision)
{
    if (effect->mailbox == 0 || effect->mailbox >= state->mailboxes.next)
        return VDR_E_STORE_CORRUPT;
    const vdr_mailbox *mailbox = vdr_slab_at(&state->mailboxes, effect->mailbox);
    decision->to_kind = (vdr_party_kind)mailbox->kind;
    decision->to = text_of(state, mailbox->name);
    decision->message = effect->message;
    decision->other = effect->other;
    decision->result = effect->result;
    decision->by_kind = effect->by_kind;
    decision->by = effect->by;
    decision->reason = effect->reason;
    if (effect->has_signal)
        decision->signal =
            (vdr_signal_name){.source = text_of(state, effect->signal.source), .id = effect->signal.id};
    if (effect->message != VDR_MESSAGE_MATCH)
        return VDR_OK;
    return resolve_names(state, effect->agencies, arena, &decision->agencies, &decision->agency_count);
}

vdr_err
vdr_core_decision(const vdr_core *core, const vdr_effect *effect, vdr_arena *arena,
                  vdr_decision *ret_decision)
{
    const vdr_state *state = &core->state;
    vdr_decision decision = {.at = effect->at,
                             .household = effect->household,
                             .case_id = effect->case_id,
                             .regisseur = text_of(state, effect->regisseur),
                             .rule = text_of(state, effect->rule)};
    vdr_err err = VDR_OK;

    switch (effect->kind) {
    case VDR_EFFECT_SIGNAL:
    case VDR_EFFECT_COMMAND:
        decision.kind = effect->kind == VDR_EFFECT_SIGNAL ? VDR_DECISION_SIGNAL : VDR_DECISION_COMMAND;
        decision.id = effect->id;
        decision.source = effect->source_name != 0 ? text_of(state, effect->source_name) : effect->source;
        decision.verdict = effect->verdict;
        decision.act = effect->act;
        decision.match = effect->match;
        decision.outcome = effect->outcome;
        break;
    case VDR_EFFECT_CASE:
        decision.kind = VDR_DECISION_CASE;
        decision.change = effect->change;
        decision.state = effect->state;
        decision.priority = effect->priority;
        if (effect->change != VDR_CHANGE_PROPOSED)
            break;
        err = resolve_names(state, effect->rules, arena, &decision.rules, &decision.rule_count);
        if (err == VDR_OK)
            err = resolve_signals(state, effect->signals, arena, &decision);
        break;
    case VDR_EFFECT_MESSAGE:
        decision.kind = VDR_DECISION_MESSAGE;
        err = resolve_message(state, effect, arena, &decision);
        break;
    case VDR_EFFECT_WATCH:
        decision.kind = VDR_DECISION_WATCH;
        break;
    }
    if (err == VDR_OK)
        *ret_decision = decision;
    return err;
}
