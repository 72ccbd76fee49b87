#include "broker/core/core.h"

#include "broker/core/act.h"
#include "broker/core/assign.h"
#include "broker/core/conflict.h"
#include "broker/core/control_inside.h"
#include "broker/core/core_inside.h"
#include "broker/core/foresee.h"
#include "broker/core/guard.h"
#include "broker/core/keys_inside.h"
#include "broker/core/left_inside.h"
#include "broker/core/load.h"
#include "broker/core/mailbox.h"
#include "broker/core/names.h"
#include "broker/core/rekey.h"
#include "broker/core/retention.h"
#include "broker/core/rewrite.h"
#include "broker/core/right.h"
#include "broker/core/route.h"
#include "broker/core/rules.h"
#include "broker/core/signal.h"
#include "broker/core/town.h"
#include "broker/core/waiting.h"

#include <stdlib.h>

vdr_core *
vdr_core_new(void)
{
    vdr_core *core = vdr_alloc(1, sizeof *core);
    vdr_state_init(&core->state);
    return core;
}

void
vdr_core_free(vdr_core **core_p)
{
    vdr_core *core = *core_p;
    if (core == NULL)
        return;
    vdr_town_free(&core->state.town);
    vdr_rulebook_free(&core->state.rulebook);
    vdr_waiting_free(&core->state.waiting);
    vdr_state_done(&core->state);
    free(core->image_head);
    free(core);
    *core_p = NULL;
}

/* ---- time ---- */

static void
fire(vdr_state *state, const vdr_timer *timer)
{
    switch ((vdr_timer_kind)timer->kind) {
    case VDR_TIMER_SIGNAL_LEAVES:
        vdr_signal_leaves(state, timer->target, timer->order);
        return;
    case VDR_TIMER_FOLLOW_UP:
        vdr_route_follow_up_falls(state, timer->target, timer->order);
        return;
    case VDR_TIMER_ACCEPT:
        vdr_assign_offer_expires(state, timer->target, timer->order);
        return;
    case VDR_TIMER_RETRY:
        vdr_assign_retry_falls(state, timer->order);
        return;
    case VDR_TIMER_CASE_LEAVES:
        vdr_case_leaves(state, timer->target, timer->order);
        return;
    case VDR_TIMER_HOUSEHOLD_LEAVES:
        vdr_household_leaves(state, timer->target, timer->order);
        return;
    case VDR_TIMER_ACT_FORGOTTEN:
        vdr_act_forgotten(state, timer->target, timer->order);
        return;
    case VDR_TIMER_PAUSE_ENDS:
        vdr_pause_falls(state, timer->target, timer->order);
        return;
    case VDR_TIMER_RIGHT:
        vdr_right_falls(state, timer->target, timer->order);
        return;
    case VDR_TIMER_KEY_ENDS:
        vdr_key_falls(state, timer->target, timer->order);
        return;
    case VDR_TIMER_GUARD_ENDS:
        vdr_guard_ends(state, timer->target, timer->order);
        return;
    }
    VDR_ASSERT(0 && "a kind of timer");
}

/* What is looked at at the end of every line and timer; last of all "Retry … that left some regisseur with less
 * load than before it". */
static void
settle(vdr_state *state)
{
    vdr_right_settle(state);
    vdr_conflict_settle(state);
    if (vdr_load_fell(state))
        vdr_assign_retry(state);
    vdr_load_mark(state);
}

/* Hints what the next timer will look at. */
static void
foresee_timer(const vdr_state *state)
{
    vdr_timer next;
    if (!vdr_timers_first(&state->timers, &next) ||
        (next.kind != VDR_TIMER_SIGNAL_LEAVES && next.kind != VDR_TIMER_FOLLOW_UP))
        return;
    vdr_slab_prefetch(&state->signal_rests, next.target);
    vdr_slab_prefetch(&state->signals, next.target);
}

/* Timers due at or before at, each at its own time; what one sets may fire in the same go. Returns how many
 * fired; with as many as most there may be more. */
static uint32_t
fire_due(vdr_state *state, vdr_ms at, uint32_t most)
{
    vdr_timer timer;
    uint32_t fired = 0;
    for (; fired < most && vdr_timers_first(&state->timers, &timer) && timer.due <= at; fired++) {
        vdr_timers_take_first(&state->timers);
        foresee_timer(state);
        if (timer.due > state->now)
            state->now = timer.due;
        fire(state, &timer);
        settle(state);
    }
    return fired;
}

/* Timers fire and log time passes, as far as the command lets them. True: some fired. */
static bool
pass_time(vdr_state *state, const vdr_command *command)
{
    vdr_ms at = command->at > state->now ? command->at : state->now; /* a tick may have left some of now */
    bool bounded = command->kind == VDR_COMMAND_TICK && command->timers_max != 0;
    uint32_t fired = fire_due(state, at, bounded ? command->timers_max : UINT32_MAX);
    vdr_timer timer;
    if (!vdr_timers_first(&state->timers, &timer) || timer.due > at)
        state->now = at;
    return fired != 0;
}

/* ---- what commands do ---- */

static vdr_effect
own_line(const vdr_state *state, const vdr_command *command, vdr_name source, const vdr_step *step)
{
    vdr_effect line = {.kind = command->kind == VDR_COMMAND_SIGNAL ? VDR_EFFECT_SIGNAL : VDR_EFFECT_COMMAND,
                       .at = state->now,
                       .id = command->id,
                       .source = command->source,
                       .verdict = step->verdict,
                       .act = command->act,
                       .first = step->first};
    /* Names of the configuration never change their number: shorter, and still readable later. */
    if (vdr_town_name_of(state->town, source)->source != VDR_TOWN_NONE)
        line.source_name = source;
    return line;
}

/* The line comes before what it caused, though how it ended is known last. */
static void
step_signal(vdr_state *state, const vdr_command *command, vdr_step *ret_step)
{
    vdr_signal_sense sense;
    ret_step->verdict = vdr_signal_verdict(state, command, &sense, &ret_step->first);
    vdr_effect line = own_line(state, command, sense.source, ret_step);
    if (ret_step->verdict != VDR_E_ACCEPTED) {
        ret_step->until = sense.until;
        (void)vdr_tale_add(&state->tale, &line);
        return;
    }
    size_t caused = state->mail_count;
    vdr_signal_accept(state, &sense, &line);
    settle(state);
    uint32_t last = vdr_tale_add(&state->tale, &line);
    uint32_t moved = vdr_tale_settle(&state->tale, ret_step->own, last);
    for (; caused < state->mail_count; caused++)
        state->mails[caused].offset += moved;
    ret_step->record = true;
}

static void
step_act(vdr_state *state, const vdr_command *command, vdr_step *ret_step)
{
    vdr_act_sense sense;
    ret_step->verdict = vdr_act_verdict(state, command, &sense, &ret_step->first);
    vdr_effect line = own_line(state, command, sense.source, ret_step);
    ret_step->own = vdr_tale_add(&state->tale, &line);
    if (ret_step->verdict != VDR_E_ACCEPTED)
        return;
    ret_step->bare = vdr_act_accept(state, &sense);
    ret_step->wordless = command->act == VDR_ACT_PERSON_ERASED;
    settle(state);
    ret_step->record = true;
}

vdr_err
vdr_core_unseen(const vdr_core *core, const vdr_command *act)
{
    return vdr_act_unseen(&core->state, act);
}

static void
step_acks(vdr_state *state, const vdr_command *command, vdr_step *ret_step)
{
    for (size_t i = 0; i < command->ack_count; i++)
        if (vdr_mailbox_acknowledge(state, command->acks[i].mailbox, command->acks[i].seq))
            ret_step->record = true;
}

/* One that is in force already is only logged again (broker/engine/image.c): it is no new version. */
static void
step_config(vdr_state *state, const vdr_command *command, vdr_step *ret_step)
{
    const char *words;
    bool again = state->config != NULL && command->number == 0 &&
                 vdr_key16_equal(&state->config_fingerprint, &command->config->fingerprint);
    if (!again)
        ret_step->verdict = vdr_control_judge(state, command, &words);
    if (ret_step->verdict != VDR_E_ACCEPTED)
        return;
    if (!again)
        vdr_control_activate(state, command);
    state->config = command->config;
    state->config_fingerprint = command->config->fingerprint;
    state->config_position = state->stepping;
    vdr_rekey_keyed(state, command);
    vdr_config_bind(state);
    vdr_mailbox_drop_removed(state);
    ret_step->record = true;
}

static void
step_control(vdr_state *state, const vdr_command *command, vdr_step *ret_step)
{
    const char *words;
    ret_step->verdict = vdr_control_judge(state, command, &words);
    if (ret_step->verdict != VDR_E_ACCEPTED)
        return;
    if (command->kind == VDR_COMMAND_PROPOSE)
        vdr_control_propose(state, command);
    else if (command->kind == VDR_COMMAND_DECIDE)
        vdr_control_decide(state, command);
    else if (command->kind == VDR_COMMAND_RESUME)
        vdr_control_resume(state, command);
    else
        vdr_control_revoke(state, command);
    ret_step->record = true;
}

/* Whoever leaves now leaves silently, as by any erasure; but regisseurs may have less load. */
static void
step_erasure(vdr_state *state, const vdr_command *command, vdr_step *ret_step)
{
    vdr_left_told(state, command->through);
    for (size_t i = 0; i < command->left_count; i++)
        vdr_erase_again(state, &command->left[i]);
    settle(state);
    ret_step->record = true;
}

/* What was seen is of the log only. One message for all: the first names what was asked for. */
static void
step_view(vdr_state *state, const vdr_command *command, vdr_step *ret_step)
{
    ret_step->record = true;
    if (command->reason.at == NULL || command->seen_count == 0)
        return;
    vdr_effect message = vdr_message_new(state, VDR_MESSAGE_BREAK_GLASS);
    message.case_id = command->seen[0].case_id;
    message.household = command->seen[0].household;
    message.by_kind = command->sender_kind;
    message.by = command->sender_id;
    message.reason = command->reason;
    vdr_tell_officers(state, &message);
}

void
vdr_core_foresee(vdr_core *core, const vdr_command *const *commands, size_t count)
{
    vdr_foresee(&core->state, commands, count);
    core->foreseen = (uint32_t)count;
}

void
vdr_core_step(vdr_core *core, const vdr_command *command, vdr_position position, vdr_step *ret_step)
{
    vdr_state *state = &core->state;
    bool event = command->kind == VDR_COMMAND_SIGNAL || command->kind == VDR_COMMAND_ACT;

    VDR_ASSERT(!core->loading && position > state->position);
    VDR_ASSERT(state->config != NULL || command->kind == VDR_COMMAND_CONFIG);
    state->stepping = position;
    state->mail_count = 0;
    vdr_tale_clear(&state->tale);
    vdr_load_mark(state);
    *ret_step = (vdr_step){.verdict = VDR_E_ACCEPTED};

    bool sudden = event && core->foreseen == 0; /* nobody has foreseen it */
    core->foreseen -= event && core->foreseen != 0;
    if (sudden)
        vdr_foresee_lines(state, command);
    bool fired = pass_time(state, command);
    if (sudden)
        vdr_foresee_members(state, command);
    VDR_ASSERT(!event || command->shape != VDR_OK || state->now != VDR_MS_NONE);
    ret_step->own = vdr_tale_mark(&state->tale);
    switch (command->kind) {
    case VDR_COMMAND_SIGNAL:
        step_signal(state, command, ret_step);
        break;
    case VDR_COMMAND_ACT:
        step_act(state, command, ret_step);
        break;
    case VDR_COMMAND_TICK:
    case VDR_COMMAND_CARRY: /* was stepped when it was first logged */
        ret_step->record = true;
        break;
    case VDR_COMMAND_ACKS:
        step_acks(state, command, ret_step);
        break;
    case VDR_COMMAND_CONFIG:
        step_config(state, command, ret_step);
        break;
    case VDR_COMMAND_PROPOSE:
    case VDR_COMMAND_DECIDE:
    case VDR_COMMAND_RESUME:
    case VDR_COMMAND_REVOKE:
        step_control(state, command, ret_step);
        break;
    case VDR_COMMAND_ERASURE:
        step_erasure(state, command, ret_step);
        break;
    case VDR_COMMAND_REWRITE:
        ret_step->verdict = vdr_rewrite_step(state, command);
        ret_step->record = ret_step->verdict == VDR_E_ACCEPTED;
        break;
    case VDR_COMMAND_VIEW:
        step_view(state, command, ret_step);
        break;
    case VDR_COMMAND_REKEY:
        ret_step->verdict = vdr_rekey_step(state, command);
        ret_step->record = ret_step->verdict == VDR_E_ACCEPTED;
        break;
    }
    ret_step->tick = fired && !ret_step->record;
    if (ret_step->record || ret_step->tick)
        state->position = position;
    ret_step->at = state->now;
    ret_step->tale = vdr_span_of(state->tale.at, state->tale.len);
    ret_step->mails = state->mails;
    ret_step->mail_count = state->mail_count;
}

/* ---- looking ---- */

vdr_ms
vdr_core_next_due(const vdr_core *core)
{
    vdr_timer timer;
    return vdr_timers_first(&core->state.timers, &timer) ? timer.due : VDR_MS_MAX;
}

bool
vdr_core_swamped(const vdr_core *core, vdr_ms at)
{
    const vdr_state *state = &core->state;
    vdr_ms until = at > state->now ? at : state->now;
    return vdr_timers_due(&state->timers, until, VDR_CORE_TIMERS_MAX + 1) > VDR_CORE_TIMERS_MAX;
}

vdr_ms
vdr_core_now(const vdr_core *core)
{
    return core->state.now;
}

vdr_position
vdr_core_position(const vdr_core *core)
{
    return core->state.position;
}

vdr_position
vdr_core_config_position(const vdr_core *core)
{
    return core->state.config_position;
}

const vdr_config *
vdr_core_config(const vdr_core *core)
{
    return core->state.config;
}

uint32_t
vdr_core_mailbox(const vdr_core *core, vdr_party_kind kind, vdr_span id)
{
    vdr_name name = vdr_name_find(&core->state, id);
    return name != 0 ? vdr_mailbox_find(&core->state, kind, name) : 0;
}

bool
vdr_core_mailbox_view(const vdr_core *core, uint32_t number, vdr_mailbox_view *ret_view)
{
    const vdr_state *state = &core->state;
    if (number == 0 || number >= state->mailboxes.next)
        return false;
    const vdr_mailbox *mailbox = vdr_slab_at(&state->mailboxes, number);
    vdr_position oldest = 0;
    if (mailbox->marks_first != 0)
        oldest = ((const vdr_mark *)vdr_slab_at(&state->marks, mailbox->marks_first))->position;
    *ret_view = (vdr_mailbox_view){.kind = (vdr_party_kind)mailbox->kind,
                                   .id = vdr_name_text(state, mailbox->name),
                                   .last = mailbox->last,
                                   .acknowledged = mailbox->acknowledged,
                                   .oldest = oldest};
    return true;
}

uint32_t
vdr_core_mailbox_count(const vdr_core *core)
{
    return core->state.mailboxes.next - 1;
}
