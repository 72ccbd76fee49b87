#include "broker/core/needed.h"

#include "broker/core/case.h"
#include "broker/core/conflict.h"
#include "broker/core/core_inside.h"
#include "broker/core/household.h"
#include "broker/core/names.h"
#include "broker/core/note.h"
#include "broker/core/rekey.h"
#include "broker/core/rewrite.h"
#include "broker/core/signal.h"

static bool
has_signal_of(const vdr_state *state, const vdr_command_ref *ref, vdr_position position)
{
    vdr_index_search search;
    vdr_slot slot = vdr_signal_first(state, ref, &search);
    while (slot != 0 && vdr_signal_at(state, slot)->position != position)
        slot = vdr_signal_next(state, ref, &search);
    return slot != 0;
}

static bool
is_note(vdr_message_kind kind)
{
    return kind == VDR_MESSAGE_NOTE || kind == VDR_MESSAGE_NOTE_ANSWERED;
}

/* The signal that a feedback or a note was about, as its message says. 0: it told none. */
static vdr_position
told_of(vdr_span tale)
{
    uint32_t offset = 0;
    vdr_effect effect;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK)
        if (effect.kind == VDR_EFFECT_MESSAGE && effect.has_signal &&
            (effect.message == VDR_MESSAGE_FEEDBACK || is_note(effect.message)))
            return effect.signal.position;
    return 0;
}

/* May the act at position have been about this signal? */
static bool
may_be_about(const vdr_state *state, const vdr_command *act, vdr_position position, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    if (signal->position >= position)
        return false;
    if (act->act != VDR_ACT_SIGNAL_WITHDRAWN && act->act != VDR_ACT_SIGNAL_ENDED)
        return true;
    return vdr_span_equal(vdr_name_text(state, vdr_sender_of(state, signal)->source), act->source);
}

static bool
has_signal(const vdr_state *state, const vdr_command *act, vdr_position position, vdr_span tale)
{
    vdr_position exactly = act->act == VDR_ACT_FEEDBACK ? told_of(tale) : 0;
    if (exactly != 0)
        return has_signal_of(state, &act->signal, exactly);
    vdr_index_search search;
    for (vdr_slot slot = vdr_signal_first(state, &act->signal, &search); slot != 0;
         slot = vdr_signal_next(state, &act->signal, &search))
        if (may_be_about(state, act, position, slot))
            return true;
    return false;
}

static bool
has_member(const vdr_state *state, const vdr_command *act, bool is_address, size_t i)
{
    vdr_slot slot = vdr_rekey_member_find(state, act, is_address, i);
    return slot != 0 && vdr_member_at(state, slot)->household != 0;
}

static bool
has_members(const vdr_state *state, const vdr_command *act)
{
    for (size_t i = 0; i < act->person_count; i++)
        if (!has_member(state, act, false, i))
            return false;
    for (size_t i = 0; i < act->address_count; i++)
        if (!has_member(state, act, true, i))
            return false;
    return true;
}

static bool
declared_at(const vdr_state *state, const vdr_command *act, vdr_position position)
{
    return vdr_conflict_declared_at(state, &act->persons[0].key, position) ||
           (act->earlier != NULL && vdr_conflict_declared_at(state, &act->earlier->persons[0], position));
}

static bool
has_household(const vdr_state *state, vdr_household_id id)
{
    return id.number == 0 || vdr_household_find(state, id) != 0;
}

static bool
has_case(const vdr_state *state, vdr_case_id id)
{
    return id.number == 0 || vdr_case_find(state, id) != 0;
}

/* Why somebody broke the glass is free text about a household. */
static bool
has_seen(const vdr_state *state, const vdr_command *view)
{
    const vdr_command_seen *first = view->seen;
    bool has_case_of = first->case_id.number != 0 && vdr_case_find(state, first->case_id) != 0;
    return has_case_of || has_household(state, first->household);
}

bool
vdr_needed_record(const vdr_core *core, const vdr_command *command, vdr_position position, vdr_span tale)
{
    const vdr_state *state = &core->state;
    if (command->kind == VDR_COMMAND_SIGNAL) {
        vdr_command_ref ref = {.id = command->id, .hash = command->id_hash};
        const vdr_rewrite *rewrite = vdr_rewrite_of(state, position);
        return has_signal_of(state, &ref, position) && (rewrite == NULL || rewrite->content == 0);
    }
    if (command->kind == VDR_COMMAND_VIEW && command->reason.at != NULL && command->seen_count != 0)
        return has_seen(state, command);
    if (command->kind == VDR_COMMAND_REKEY)
        return command->rekey != VDR_REKEY_PAIRS;
    if (command->kind == VDR_COMMAND_REWRITE) {
        const vdr_rewrite *rewrite = vdr_rewrite_of(state, command->number);
        return rewrite != NULL && rewrite->content == position;
    }
    if (command->kind == VDR_COMMAND_ACT && command->act == VDR_ACT_PERSON_ERASED)
        return false; /* its routing knows whom it erased */
    if (command->kind != VDR_COMMAND_ACT || command->act == VDR_ACT_ERASED)
        return true;
    if (command->act == VDR_ACT_CONFLICT_DECLARED && command->person_count != 0)
        return declared_at(state, command, position);
    if (command->act == VDR_ACT_NOTE_SENT || command->act == VDR_ACT_NOTE_ANSWERED)
        return vdr_note_kept(state, told_of(tale), position);
    if (command->act == VDR_ACT_REVIEW_SET_ASIDE && !has_household(state, command->from))
        return false;
    return has_case(state, command->case_id) && has_household(state, command->household) &&
           has_household(state, command->into) && has_members(state, command) &&
           (command->signal.id.at == NULL || has_signal(state, command, position, tale));
}

static bool
is_unread(const vdr_core *core, const vdr_effect *effect)
{
    vdr_mailbox_view view;
    return effect->kind == VDR_EFFECT_MESSAGE && vdr_core_mailbox_view(core, effect->mailbox, &view) &&
           effect->seq > view.acknowledged;
}

static bool
is_about(const vdr_state *state, const vdr_effect *line)
{
    return (line->case_id.number != 0 && vdr_case_find(state, line->case_id) != 0) ||
           (line->household.number != 0 && vdr_household_find(state, line->household) != 0);
}

static bool
names_something(const vdr_command *act)
{
    return act->case_id.number != 0 || act->household.number != 0 || act->into.number != 0 ||
           act->person_count != 0 || act->address_count != 0 || act->signal.id.at != NULL;
}

static bool
saw_what_is_here(const vdr_state *state, const vdr_command *view)
{
    for (size_t i = 0; i < view->seen_count; i++) {
        const vdr_command_seen *seen = &view->seen[i];
        if ((seen->case_id.number != 0 && vdr_case_find(state, seen->case_id) != 0) ||
            (seen->household.number != 0 && vdr_household_find(state, seen->household) != 0))
            return true;
    }
    return false;
}

bool
vdr_needed_to_carry(const vdr_core *core, const vdr_command *command, vdr_position position, vdr_span tale)
{
    const vdr_state *state = &core->state;
    bool told = false, unread = false;
    uint32_t offset = 0;
    vdr_effect effect;
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK) {
        unread = unread || is_unread(core, &effect);
        told = told || is_about(state, &effect);
    }
    if (unread)
        return true;
    switch (command->kind) {
    case VDR_COMMAND_SIGNAL:
    case VDR_COMMAND_REWRITE:
        return vdr_needed_record(core, command, position, tale);
    case VDR_COMMAND_ACT:
        return command->act != VDR_ACT_ERASED && names_something(command) &&
               vdr_needed_record(core, command, position, tale);
    case VDR_COMMAND_VIEW:
        return saw_what_is_here(state, command);
    case VDR_COMMAND_CARRY:
        return false;
    case VDR_COMMAND_TICK:
    case VDR_COMMAND_ACKS:
    case VDR_COMMAND_CONFIG:
    case VDR_COMMAND_PROPOSE:
    case VDR_COMMAND_DECIDE:
    case VDR_COMMAND_RESUME:
    case VDR_COMMAND_REVOKE:
    case VDR_COMMAND_ERASURE:
    case VDR_COMMAND_REKEY:
        break;
    }
    return told;
}

bool
vdr_needed_to_read(const vdr_core *core, const vdr_effect *message, uint64_t id_hash)
{
    const vdr_state *state = &core->state;
    vdr_command_ref ref = {.id = message->signal.id, .hash = id_hash};
    return has_case(state, message->case_id) &&
           (!is_note(message->message) || vdr_note_kept(state, message->signal.position, 0)) &&
           (!message->has_signal || has_signal_of(state, &ref, message->signal.position));
}

bool
vdr_needed_message(const vdr_core *core, const vdr_effect *message, uint64_t id_hash)
{
    const vdr_state *state = &core->state;
    if (message->message == VDR_MESSAGE_REQUEST_DONE) /* says that nothing is left of it */
        return true;
    bool names = message->has_signal || message->case_id.number != 0 || message->household.number != 0;
    return names && vdr_needed_to_read(core, message, id_hash) && has_household(state, message->household) &&
           has_household(state, message->other);
}
