#include "broker/core/control_inside.h"

#include "broker/core/document.h"
#include "broker/core/keys_inside.h"
#include "broker/core/names.h"
#include "broker/core/rules.h"

#define VERSIONS_KEPT 32u /* whose texts are kept whether a case was opened under them or not */

static const vdr_proposal *
proposal_at(const vdr_state *state, uint64_t number)
{
    return number != 0 && number < state->proposals.next ? vdr_slab_at(&state->proposals, (uint32_t)number)
                                                         : NULL;
}

static uint32_t
version_last(const vdr_state *state)
{
    return state->versions.next - 1;
}

static bool
is_author(const vdr_state *state, uint32_t author, vdr_span who)
{
    return vdr_span_equal(vdr_text_get(&state->texts, author), who);
}

static uint32_t
put_text(vdr_state *state, vdr_span text)
{
    return text.len != 0 ? vdr_text_put(&state->texts, text) : 0;
}

/* ---- verdicts ---- */

static vdr_err
refuse(const char **ret_words, vdr_err err, const char *words)
{
    *ret_words = words;
    return err;
}

static bool
has_subject(const vdr_config *config, vdr_proposal_kind kind, vdr_span subject)
{
    if (kind == VDR_PROPOSAL_PAUSE) {
        for (size_t i = 0; i < config->rule_count; i++)
            if (vdr_span_equal(config->rules[i].id, subject))
                return true;
        return false;
    }
    for (size_t i = 0; i < config->agency_count; i++)
        if (vdr_span_equal(config->agencies[i].id, subject))
            return true;
    return false;
}

static vdr_err
judge_pause(const vdr_state *state, vdr_ms at, vdr_proposal_kind kind, vdr_span subject, vdr_ms until,
            const char **ret_words)
{
    vdr_ms now = at > state->now ? at : state->now;
    bool rule = kind == VDR_PROPOSAL_PAUSE;
    if (!has_subject(state->config, kind, subject))
        return refuse(ret_words, VDR_E_NOT_FOUND,
                      rule ? "the configuration in force has no such rule"
                           : "the configuration in force has no such agency");
    if (now == VDR_MS_NONE || until <= now || until - now > VDR_PAUSE_MAX_MS)
        return refuse(ret_words, VDR_E_WRONG_STATE, "the end must lie ahead, at most 92 days");
    if (vdr_pause_find(state, kind, vdr_name_find(state, subject)) != 0)
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      rule ? "the rule is paused already" : "the agency is silenced already");
    return VDR_E_ACCEPTED;
}

static vdr_err
judge_propose(const vdr_state *state, const vdr_command *c, const char **ret_words)
{
    uint32_t open = 0;
    for (vdr_slot slot = 1; slot < state->proposals.next; slot++) {
        const vdr_proposal *other = proposal_at(state, slot);
        if (other->state != VDR_PROPOSAL_OPEN)
            continue;
        open++;
        if (other->kind == c->proposal && c->proposal == VDR_PROPOSAL_CONFIG &&
            vdr_key16_equal(&other->fingerprint, &c->fingerprint))
            return refuse(ret_words, VDR_E_WRONG_STATE, "this very configuration is proposed already");
    }
    if (open >= VDR_PROPOSALS_OPEN)
        return refuse(ret_words, VDR_E_BUSY, "32 proposals are open: decide on some of them first");
    if (c->proposal == VDR_PROPOSAL_KEY)
        return vdr_key_judge(state, c, ret_words);
    if (c->proposal != VDR_PROPOSAL_CONFIG)
        return judge_pause(state, c->at, c->proposal, c->subject, c->until, ret_words);
    if (vdr_key16_equal(&state->config_fingerprint, &c->fingerprint))
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      "no difference: this very configuration is in force already");
    if (c->rollback_of > version_last(state))
        return refuse(ret_words, VDR_E_NOT_FOUND, "there was no such version");
    return VDR_E_ACCEPTED;
}

/* An open proposal, and who may end it this way. */
static vdr_err
judge_open(const vdr_state *state, const vdr_command *c, vdr_decide decide, const char **ret_words)
{
    const vdr_proposal *proposal = proposal_at(state, c->number);
    if (proposal == NULL)
        return refuse(ret_words, VDR_E_NOT_FOUND, "there is no proposal of this number");
    if (proposal->state != VDR_PROPOSAL_OPEN)
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      proposal->state == VDR_PROPOSAL_APPROVED   ? "the proposal is approved already"
                      : proposal->state == VDR_PROPOSAL_REJECTED ? "the proposal is rejected"
                                                                 : "the proposal is withdrawn");
    bool own = is_author(state, proposal->author, c->author);
    if (decide == VDR_DECIDE_APPROVE && own && !c->alone)
        return refuse(ret_words, VDR_E_FOUR_EYES,
                      "you made this proposal yourself: another operator must approve it");
    if (decide == VDR_DECIDE_WITHDRAW && !own)
        return refuse(ret_words, VDR_E_NOT_ALLOWED,
                      "only who made a proposal can withdraw it; you can reject it");
    return VDR_E_ACCEPTED;
}

static vdr_err
judge_decide(const vdr_state *state, const vdr_command *c, const char **ret_words)
{
    vdr_err err = judge_open(state, c, c->decide, ret_words);
    if (err != VDR_E_ACCEPTED || c->decide != VDR_DECIDE_APPROVE)
        return err;
    const vdr_proposal *proposal = proposal_at(state, c->number);
    if (proposal->kind == VDR_PROPOSAL_CONFIG)
        return refuse(ret_words, VDR_E_WRONG_STATE, "a configuration comes into force with its texts");
    if (proposal->kind == VDR_PROPOSAL_KEY)
        return vdr_key_judge_approval(state, c->at, proposal->key, ret_words);
    return judge_pause(state, c->at, (vdr_proposal_kind)proposal->kind,
                       vdr_name_text(state, proposal->subject), proposal->until, ret_words);
}

static vdr_err
judge_config(const vdr_state *state, const vdr_command *c, const char **ret_words)
{
    if (c->number == 0)
        return VDR_E_ACCEPTED;
    vdr_err err = judge_open(state, c, VDR_DECIDE_APPROVE, ret_words);
    if (err != VDR_E_ACCEPTED)
        return err;
    const vdr_proposal *proposal = proposal_at(state, c->number);
    if (proposal->kind != VDR_PROPOSAL_CONFIG ||
        !vdr_key16_equal(&proposal->fingerprint, &c->config->fingerprint))
        return refuse(ret_words, VDR_E_WRONG_STATE, "this is not what was proposed");
    if (proposal->against != version_last(state))
        return refuse(ret_words, VDR_E_WRONG_STATE,
                      "another version came into force since this was proposed: propose it again");
    return VDR_E_ACCEPTED;
}

static vdr_err
judge_resume(const vdr_state *state, const vdr_command *c, const char **ret_words)
{
    if (c->number == 0 || c->number >= state->pauses.next)
        return refuse(ret_words, VDR_E_NOT_FOUND, "there is no pause or silence of this number");
    const vdr_pause *pause = vdr_slab_at(&state->pauses, (uint32_t)c->number);
    if (pause->ended_position != 0)
        return refuse(ret_words, VDR_E_WRONG_STATE, "it has ended already");
    return VDR_E_ACCEPTED;
}

vdr_err
vdr_control_judge(const vdr_state *state, const vdr_command *command, const char **ret_words)
{
    *ret_words = "";
    switch (command->kind) {
    case VDR_COMMAND_PROPOSE:
        return judge_propose(state, command, ret_words);
    case VDR_COMMAND_DECIDE:
        return judge_decide(state, command, ret_words);
    case VDR_COMMAND_RESUME:
        return judge_resume(state, command, ret_words);
    case VDR_COMMAND_CONFIG:
        return judge_config(state, command, ret_words);
    case VDR_COMMAND_REVOKE:
        return vdr_key_judge_revoke(state, command, ret_words);
    case VDR_COMMAND_SIGNAL:
    case VDR_COMMAND_ACT:
    case VDR_COMMAND_TICK:
    case VDR_COMMAND_ACKS:
    case VDR_COMMAND_ERASURE:
    case VDR_COMMAND_REWRITE:
    case VDR_COMMAND_VIEW:
    case VDR_COMMAND_REKEY:
    case VDR_COMMAND_CARRY:
        VDR_ASSERT(0 && "a command of control");
        break;
    }
    return VDR_E_WRONG_STATE;
}

/* ---- proposals ---- */

static void
end_proposal(vdr_state *state, const vdr_command *command, uint64_t number, vdr_proposal_state to,
             uint32_t made)
{
    vdr_proposal *ended = vdr_slab_edit(&state->proposals, (uint32_t)number);
    uint32_t decider = put_text(state, command->author);
    vdr_slot verdict = vdr_document_put(state, command->reason);
    ended->state = to;
    ended->made = made;
    ended->decider = decider;
    ended->verdict = verdict;
    ended->ended_position = state->stepping;
    ended->ended_at = state->now;
    for (size_t i = 0; i < 3; i++) {
        vdr_document_drop(state, ended->texts[i]);
        ended->texts[i] = 0;
    }
}

/* What somebody proposed and somebody else approved, or nobody need approve (approver absent). */
static uint32_t
begin_pause(vdr_state *state, uint32_t kind, vdr_name subject, vdr_ms until, vdr_span author,
            vdr_span approver, vdr_slot reason)
{
    vdr_document_use(state, reason);
    vdr_pause pause = {.kind = kind,
                       .subject = subject,
                       .until = until,
                       .reason = reason,
                       .author = put_text(state, author),
                       .approver = vdr_span_equal(author, approver) ? 0 : put_text(state, approver)};
    vdr_pause_begin(state, &pause);
    return state->pauses.next - 1;
}

void
vdr_control_propose(vdr_state *state, const vdr_command *c)
{
    bool key = c->proposal == VDR_PROPOSAL_KEY, pause = c->proposal != VDR_PROPOSAL_CONFIG && !key;
    vdr_name subject = pause ? vdr_name_find(state, c->subject) : 0;
    vdr_slot reason = vdr_document_put(state, c->reason), of_key = key ? vdr_key_put(state, c, reason) : 0;
    if (key && (c->alone || !vdr_key_needs_two(c->party_kind))) {
        vdr_key_begin(state, of_key, (vdr_span){0});
        vdr_document_drop(state, reason);
        return;
    }
    if (c->alone && pause) {
        (void)begin_pause(state, c->proposal, subject, c->until, c->author, (vdr_span){0}, reason);
        vdr_document_drop(state, reason);
        return;
    }
    vdr_proposal made = {.position = state->stepping,
                         .at = state->now,
                         .ended_at = VDR_MS_NONE,
                         .until = c->proposal != VDR_PROPOSAL_CONFIG ? c->until : VDR_MS_NONE,
                         .fingerprint = c->fingerprint,
                         .kind = c->proposal,
                         .state = VDR_PROPOSAL_OPEN,
                         .author = put_text(state, c->author),
                         .reason = reason,
                         .subject = subject,
                         .key = of_key,
                         .rollback_of = (uint32_t)c->rollback_of};
    if (c->proposal == VDR_PROPOSAL_CONFIG) {
        made.against = version_last(state);
        for (size_t i = 0; i < 3 && c->texts != NULL; i++)
            made.texts[i] = vdr_document_put(state, c->texts[i]);
    }
    vdr_slot slot = vdr_slab_take(&state->proposals);
    *(vdr_proposal *)vdr_slab_edit(&state->proposals, slot) = made;
    if (key)
        vdr_key_is_proposed(state, of_key, slot);
}

void
vdr_control_decide(vdr_state *state, const vdr_command *c)
{
    vdr_proposal proposal = *proposal_at(state, c->number);
    uint32_t made = 0;
    if (proposal.kind == VDR_PROPOSAL_KEY && c->decide == VDR_DECIDE_APPROVE)
        vdr_key_begin(state, made = proposal.key, c->author);
    else if (proposal.kind == VDR_PROPOSAL_KEY)
        vdr_key_refuse(state, proposal.key, c);
    else if (c->decide == VDR_DECIDE_APPROVE)
        made = begin_pause(state, proposal.kind, proposal.subject, proposal.until,
                           vdr_text_get(&state->texts, proposal.author), c->author, proposal.reason);
    end_proposal(state, c, c->number,
                 c->decide == VDR_DECIDE_APPROVE  ? VDR_PROPOSAL_APPROVED
                 : c->decide == VDR_DECIDE_REJECT ? VDR_PROPOSAL_REJECTED
                                                  : VDR_PROPOSAL_WITHDRAWN,
                 made);
}

void
vdr_control_revoke(vdr_state *state, const vdr_command *c)
{
    uint32_t proposal = vdr_key_revoke(state, c);
    if (proposal != 0)
        end_proposal(state, c, proposal, VDR_PROPOSAL_REJECTED, 0);
}

/* ---- versions ---- */

/* Texts of old versions go when no case that is still known was opened under them. */
static void
forget_versions(vdr_state *state)
{
    for (vdr_slot slot = 1; slot + VERSIONS_KEPT < state->versions.next; slot++) {
        const vdr_version *old = vdr_slab_at(&state->versions, slot);
        if (old->cases != 0 || old->texts[0] == 0)
            continue;
        vdr_version *edited = vdr_slab_edit(&state->versions, slot);
        for (size_t i = 0; i < 3; i++) {
            vdr_document_drop(state, edited->texts[i]);
            edited->texts[i] = 0;
        }
    }
}

void
vdr_control_activate(vdr_state *state, const vdr_command *c)
{
    vdr_version made = {.position = state->stepping,
                        .at = state->now,
                        .fingerprint = c->config->fingerprint,
                        .rollback_of = (uint32_t)c->rollback_of};
    for (size_t i = 0; i < 3 && c->texts != NULL; i++)
        made.texts[i] = vdr_document_put(state, c->texts[i]);
    if (c->number != 0) {
        vdr_proposal proposal = *proposal_at(state, c->number);
        vdr_span author = vdr_text_get(&state->texts, proposal.author);
        made.proposal = (uint32_t)c->number;
        made.rollback_of = proposal.rollback_of;
        made.approver = vdr_span_equal(author, c->author) ? 0 : put_text(state, c->author);
        made.author = put_text(state, vdr_text_get(&state->texts, proposal.author));
        made.reason = proposal.reason;
        vdr_document_use(state, made.reason);
        end_proposal(state, c, c->number, VDR_PROPOSAL_APPROVED, state->versions.next);
    } else {
        made.author = put_text(state, c->author);
        made.reason = vdr_document_put(state, c->reason);
    }
    vdr_slot slot = vdr_slab_take(&state->versions);
    *(vdr_version *)vdr_slab_edit(&state->versions, slot) = made;
    forget_versions(state);
}

uint32_t
vdr_version_case_opens(vdr_state *state)
{
    uint32_t version = version_last(state);
    ((vdr_version *)vdr_slab_edit(&state->versions, version))->cases++;
    return version;
}

void
vdr_version_case_leaves(vdr_state *state, uint32_t version)
{
    ((vdr_version *)vdr_slab_edit(&state->versions, version))->cases--;
}

/* ---- pauses and silences ---- */

vdr_slot
vdr_pause_find(const vdr_state *state, uint32_t kind, vdr_name subject)
{
    for (vdr_slot slot = state->pauses.next - 1; slot != 0; slot--) {
        const vdr_pause *pause = vdr_slab_at(&state->pauses, slot);
        if (pause->ended_position == 0 && pause->kind == kind && pause->subject == subject)
            return slot;
    }
    return 0;
}

void
vdr_pause_begin(vdr_state *state, const vdr_pause *pause)
{
    vdr_slot slot = vdr_slab_take(&state->pauses);
    uint64_t order = vdr_state_timer(state, VDR_TIMER_PAUSE_ENDS, pause->until, slot);
    vdr_pause *made = vdr_slab_edit(&state->pauses, slot);
    *made = *pause;
    made->order = order;
    made->position = state->stepping;
    made->at = state->now;
    made->ended_at = VDR_MS_NONE;
    vdr_rulebook_bind(state);
}

void
vdr_pause_end(vdr_state *state, vdr_slot slot)
{
    vdr_pause *ended = vdr_slab_edit(&state->pauses, slot);
    ended->order = 0;
    ended->ended_position = state->stepping;
    ended->ended_at = state->now;
    vdr_rulebook_bind(state);
}

void
vdr_pause_falls(vdr_state *state, vdr_slot slot, uint64_t order)
{
    if (((const vdr_pause *)vdr_slab_at(&state->pauses, slot))->order == order)
        vdr_pause_end(state, slot);
}

void
vdr_control_resume(vdr_state *state, const vdr_command *c)
{
    vdr_slot slot = (vdr_slot)c->number;
    uint32_t by = put_text(state, c->author);
    vdr_slot why = vdr_document_put(state, c->reason);
    vdr_pause *ended = vdr_slab_edit(&state->pauses, slot);
    ended->ended_by = by;
    ended->ended_why = why;
    vdr_pause_end(state, slot);
}
