/* The invariants of quality.md, looked for in the state: every list, count and timer is what a walk over the
 * records gives. Words name the first thing that is not so. */
#include "broker/core/core_inside.h"
#include "broker/core/control_inside.h"
#include "broker/core/absence.h"
#include "broker/core/conflict.h"
#include "broker/core/guard.h"
#include "broker/core/household.h"
#include "broker/core/left_inside.h"
#include "broker/core/names.h"
#include "broker/core/note.h"
#include "broker/core/rekey.h"
#include "broker/core/review.h"
#include "broker/core/rewrite.h"
#include "broker/core/right.h"
#include "broker/core/waiting.h"

#include <stdlib.h>

/* What a walk over the records counted, by slot. */
typedef struct tally {
    const vdr_state *state;
    uint8_t *live_households, *live_members, *live_signals, *live_cases, *live_reviews, *live_acts;
    uint8_t *leaving_households; /* a timer will look whether they are empty */
    uint32_t *member_uses;       /* by member */
    uint32_t *name_uses;         /* by name: as a role or district */
} tally;

#define EXPECT(condition, words)                                                                             \
    do {                                                                                                     \
        if (!(condition))                                                                                    \
            return words;                                                                                    \
    } while (0)

/* 1 for every record that is taken. */
static uint8_t *
live_of(const vdr_slab *slab)
{
    uint8_t *live = vdr_alloc(slab->next, 1);
    memset(live + 1, 1, slab->next - 1);
    for (uint32_t slot = slab->free; slot != 0; memcpy(&slot, vdr_slab_at(slab, slot), sizeof slot))
        live[slot] = 0;
    return live;
}

static void
begin(tally *of, const vdr_state *state)
{
    *of = (tally){.state = state,
                  .live_households = live_of(&state->households),
                  .live_members = live_of(&state->members),
                  .live_signals = live_of(&state->signals),
                  .live_cases = live_of(&state->cases),
                  .live_reviews = live_of(&state->reviews),
                  .live_acts = live_of(&state->acts),
                  .leaving_households = vdr_alloc(state->households.next, 1),
                  .member_uses = vdr_alloc(state->members.next, sizeof(uint32_t)),
                  .name_uses = vdr_alloc(state->names.next, sizeof(uint32_t))};
}

static void
end(tally *of)
{
    free(of->live_households);
    free(of->live_members);
    free(of->live_signals);
    free(of->live_cases);
    free(of->live_reviews);
    free(of->live_acts);
    free(of->leaving_households);
    free(of->member_uses);
    free(of->name_uses);
}

static bool
is_found(const vdr_index *index, uint32_t hash, vdr_slot slot)
{
    vdr_index_search search;
    vdr_slot at = vdr_index_first(index, hash, &search);
    while (at != 0 && at != slot)
        at = vdr_index_next(&search);
    return at == slot;
}

/* ---- signals ---- */

static const char *
check_signal(tally *of, vdr_slot slot)
{
    const vdr_state *state = of->state;
    const vdr_signal *signal = vdr_signal_at(state, slot);
    EXPECT(is_found(&state->signals_by_id, signal->hash, slot), "a signal is not found by its id");
    EXPECT(signal->household != 0 && of->live_households[signal->household], "a signal has no household");
    EXPECT(signal->position != 0 && signal->position <= state->position, "a signal stands nowhere");
    for (vdr_slot at = signal->names; at != 0; at = vdr_naming_at(state, at)->next) {
        const vdr_naming *naming = vdr_naming_at(state, at);
        EXPECT(of->live_members[naming->member], "a signal names a person that is gone");
        of->member_uses[naming->member]++;
        of->name_uses[naming->role]++;
    }
    const vdr_signal_rest *rest = vdr_signal_rest_at(state, slot);
    if (rest->address != 0) {
        EXPECT(of->live_members[rest->address], "a signal names an address that is gone");
        of->member_uses[rest->address]++;
    }
    if (signal->in_case != 0) {
        EXPECT(of->live_cases[signal->in_case], "a signal is in a case that is gone");
        const vdr_case *in = vdr_case_at(state, signal->in_case);
        EXPECT(vdr_case_state_open(in->state), "I7: a signal is in an ended case");
        EXPECT(in->household == signal->household, "I7: a signal is in a case of another household");
        EXPECT(!(signal->flags & VDR_SIGNAL_WITHDRAWN), "a withdrawn signal is in a case");
    }
    EXPECT(rest->order != 0 || vdr_right_keeps(state, signal->household), "I9: a signal does not leave");
    bool overdue = (signal->flags & VDR_SIGNAL_OVERDUE) != 0;
    EXPECT(overdue == (rest->overdue != 0), "an overdue signal is not in the list of those");
    if (overdue) {
        const vdr_overdue *record = vdr_slab_at(&state->overdues, rest->overdue);
        EXPECT(record->signal == slot, "an overdue signal is not in the list of those");
        EXPECT(!(signal->flags & (VDR_SIGNAL_WITHDRAWN | VDR_SIGNAL_HAS_FEEDBACK)),
               "a signal is overdue though it is withdrawn or has feedback");
    }
    return NULL;
}

static const char *
check_overdues(const vdr_state *state)
{
    uint32_t count = 0;
    vdr_slot before = 0;
    for (vdr_slot slot = state->overdues_first; slot != 0; count++) {
        const vdr_overdue *record = vdr_slab_at(&state->overdues, slot);
        EXPECT(record->before == before && count < state->overdues.live, "the overdue list is torn");
        before = slot;
        slot = record->after;
    }
    EXPECT(before == state->overdues_last && count == state->overdues.live, "the overdue list is torn");
    return NULL;
}

/* ---- households ---- */

static const char *
check_members(const vdr_state *state, vdr_slot household, vdr_slot first, uint32_t expected, bool is_address)
{
    uint32_t count = 0;
    vdr_slot before = 0;
    for (vdr_slot slot = first; slot != 0; count++) {
        const vdr_member *member = vdr_member_at(state, slot);
        EXPECT(member->household == household && (member->is_address != 0) == is_address &&
                   member->before == before && count < expected,
               "the members of a household are torn");
        before = slot;
        slot = member->after;
    }
    EXPECT(count == expected, "I19: the members of a household are not as many as it says");
    return NULL;
}

#define KINDS_TOLD_APART 16u

/* Distinct values so far, as many as are told apart. */
static uint32_t
count_kind(uint32_t seen[KINDS_TOLD_APART], uint32_t count, uint32_t value)
{
    for (uint32_t i = 0; i < count; i++)
        if (seen[i] == value)
            return count;
    if (count < KINDS_TOLD_APART)
        seen[count++] = value;
    return count;
}

static const char *
check_household_signals(const vdr_state *state, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    uint32_t domains[KINDS_TOLD_APART], agencies[KINDS_TOLD_APART];
    uint32_t count = 0, domain_count = 0, agency_count = 0;
    vdr_slot before = 0;
    for (vdr_slot at = household->signals_first; at != 0; count++) {
        const vdr_signal *signal = vdr_signal_at(state, at);
        domain_count = count_kind(domains, domain_count, vdr_terms_of(state, signal)->domain);
        agency_count = count_kind(agencies, agency_count, vdr_sender_of(state, signal)->agency);
        EXPECT((signal->domains == 0) == (signal->agencies == 0) &&
                   (signal->domains == 0 ||
                    (domain_count <= signal->domains && agency_count <= signal->agencies)),
               "a signal says that there are fewer domains or agencies than there are");
        EXPECT(signal->household == slot && signal->before == before && count < household->signal_count,
               "the signals of a household are torn");
        EXPECT(before == 0 || vdr_signal_at(state, before)->position < signal->position,
               "the signals of a household are not in log order");
        before = at;
        at = signal->after;
    }
    EXPECT(before == household->signals_last && count == household->signal_count,
           "I19: the signals of a household are not as many as it says");
    return NULL;
}

static const char *
check_household_cases(const vdr_state *state, vdr_slot slot)
{
    const vdr_household *household = vdr_household_at(state, slot);
    uint32_t count = 0;
    vdr_slot before = 0, open_case = 0;
    for (vdr_slot at = household->cases; at != 0; count++) {
        const vdr_case *of = vdr_case_at(state, at);
        EXPECT(of->household == slot && count < state->cases.live, "the cases of a household are torn");
        EXPECT(before == 0 || vdr_case_at(state, before)->number > of->number,
               "the cases of a household are not in order");
        if (vdr_case_state_open(of->state)) {
            EXPECT(open_case == 0, "I5: a household has two open cases");
            open_case = at;
        }
        before = at;
        at = of->household_next;
    }
    EXPECT(open_case == household->open_case, "I5: a household does not know its open case");
    return NULL;
}

static const char *
check_household(tally *of, vdr_slot slot)
{
    const vdr_state *state = of->state;
    const vdr_household *household = vdr_household_at(state, slot);
    EXPECT(household->number != 0 && household->number <= state->household_last,
           "a household has no number that was given");
    EXPECT(is_found(&state->households_by_number, vdr_index_hash_number(household->number), slot),
           "a household is not found by its number");
    of->name_uses[household->district]++;
    EXPECT(household->signal_count != 0 || household->cases != 0 || of->leaving_households[slot] ||
               vdr_right_keeps(state, slot),
           "I9: a household without signals and cases does not leave");
    const char *words = check_members(state, slot, household->persons, household->person_count, false);
    if (words == NULL)
        words = check_members(state, slot, household->addresses, household->address_count, true);
    if (words == NULL)
        words = check_household_signals(state, slot);
    if (words == NULL)
        words = check_household_cases(state, slot);
    return words;
}

static const char *
check_member(const tally *of, vdr_slot slot)
{
    const vdr_state *state = of->state;
    const vdr_member *member = vdr_member_at(state, slot);
    EXPECT(is_found(&state->members_by_key, vdr_member_hash(&member->key), slot),
           "a person or address is not found by its key");
    EXPECT(member->uses == of->member_uses[slot],
           "I19: a person or address is not named as often as it says");
    EXPECT(member->uses != 0 || member->household != 0, "a person or address is kept for nothing");
    EXPECT(member->household == 0 || of->live_households[member->household],
           "a person or address is of a household that is gone");
    EXPECT(member->named_by == 0 || of->live_signals[member->named_by],
           "a person or address is named by a signal that is gone");
    return NULL;
}

static const char *
check_review(const tally *of, vdr_slot slot)
{
    const vdr_state *state = of->state;
    const vdr_review *review = vdr_review_at(state, slot);
    EXPECT(is_found(&state->reviews_by_pair, vdr_review_hash(review->lower, review->higher), slot),
           "a review is not found by its pair");
    uint64_t numbers[2] = {review->lower, review->higher};
    for (int side = 0; side < 2; side++) {
        vdr_slot household = vdr_household_find(state, (vdr_household_id){numbers[side]});
        EXPECT(household != 0, "a review is about a household that is gone");
        vdr_slot at = vdr_household_at(state, household)->reviews;
        while (at != 0 && at != slot) {
            const vdr_review *other = vdr_review_at(state, at);
            at = other->side_after[other->higher == numbers[side]];
        }
        EXPECT(at == slot, "a review is not in the list of its household");
    }
    return NULL;
}

/* ---- cases ---- */

/* How many signals of a case have this agency or domain, by looking at them. */
static uint32_t
count_signals(const vdr_state *state, const vdr_case *of, const vdr_tally *tallied)
{
    uint32_t count = 0;
    for (vdr_slot at = of->signals_first; at != 0; at = vdr_signal_rest_at(state, at)->case_after) {
        const vdr_signal *signal = vdr_signal_at(state, at);
        vdr_name name = tallied->kind == VDR_TALLY_AGENCY ? vdr_sender_of(state, signal)->agency
                                                          : vdr_terms_of(state, signal)->domain;
        count += name == tallied->name;
    }
    return count;
}

static const char *
check_case_signals(const vdr_state *state, vdr_slot slot)
{
    const vdr_case *of = vdr_case_at(state, slot);
    uint32_t count = 0, agencies = 0, domains = 0;
    vdr_slot before = 0;
    for (vdr_slot at = of->signals_first; at != 0; count++) {
        const vdr_signal *signal = vdr_signal_at(state, at);
        const vdr_signal_rest *rest = vdr_signal_rest_at(state, at);
        EXPECT(signal->in_case == slot && rest->case_before == before && count < of->signal_count,
               "the signals of a case are torn");
        EXPECT(before == 0 || vdr_signal_at(state, before)->position < signal->position,
               "the signals of a case are not in log order");
        before = at;
        at = rest->case_after;
    }
    EXPECT(before == of->signals_last && count == of->signal_count,
           "I19: the signals of a case are not as many as it says");
    for (vdr_slot at = of->tallies; at != 0;) {
        const vdr_tally *tallied = vdr_slab_at(&state->tallies, at);
        EXPECT(tallied->count != 0 && count_signals(state, of, tallied) == tallied->count,
               "I19: a case counts its agencies or domains wrongly");
        *(tallied->kind == VDR_TALLY_AGENCY ? &agencies : &domains) += tallied->count;
        at = tallied->next;
    }
    EXPECT(agencies == count && domains == count, "I19: a case counts its agencies or domains wrongly");
    return NULL;
}

static const char *
check_case(const tally *of, vdr_slot slot)
{
    const vdr_state *state = of->state;
    const vdr_case *checked = vdr_case_at(state, slot);
    vdr_case_state is = (vdr_case_state)checked->state;
    EXPECT(is_found(&state->cases_by_number, vdr_index_hash_number(checked->number), slot),
           "a case is not found by its number");
    EXPECT(checked->number != 0 && checked->number <= state->case_last,
           "a case has no number that was given");
    EXPECT(checked->household != 0 && of->live_households[checked->household], "a case has no household");
    bool held = is == VDR_CASE_OFFERED || is == VDR_CASE_ACTIVE;
    EXPECT(!held || checked->regisseur != 0, "I6: an offered or active case has no regisseur");
    EXPECT(is != VDR_CASE_UNASSIGNED || checked->regisseur == 0, "I6: an unassigned case has a regisseur");
    EXPECT((checked->accept_order != 0) == (is == VDR_CASE_OFFERED), "I9: an offer has no clock");
    EXPECT((checked->leave_order == 0) == vdr_case_state_open(is) ||
               (checked->leave_order == 0 && vdr_right_keeps(state, checked->household)),
           "I9: an ended case does not leave");
    EXPECT((checked->ended_at == VDR_MS_NONE) == vdr_case_state_open(is), "an open case has ended");
    EXPECT(vdr_case_state_open(is) || checked->signal_count == 0, "an ended case has signals");
    EXPECT(is == VDR_CASE_ACTIVE || checked->handover_to == 0, "a hand-over is offered of no active case");
    return check_case_signals(state, slot);
}

/* A list of open cases, by number; ret_count: how many. */
static const char *
check_held(const vdr_state *state, vdr_slot first, vdr_slot last, vdr_name regisseur, uint32_t *ret_count)
{
    vdr_slot before = 0;
    *ret_count = 0;
    for (vdr_slot slot = first; slot != 0; (*ret_count)++) {
        const vdr_case *of = vdr_case_at(state, slot);
        EXPECT(vdr_case_state_open(of->state) && of->regisseur == regisseur && of->held_before == before,
               "the cases of a regisseur, or those of nobody, are torn");
        EXPECT(before == 0 || vdr_case_at(state, before)->number < of->number,
               "the cases of a regisseur, or those of nobody, are not in order");
        before = slot;
        slot = of->held_after;
    }
    EXPECT(before == last, "the cases of a regisseur, or those of nobody, are torn");
    return NULL;
}

static const char *
check_loads(const tally *of)
{
    const vdr_state *state = of->state;
    uint32_t count, held = 0, unassigned = 0, offered = 0, active = 0;
    for (vdr_slot slot = 1; slot < state->regisseurs.next; slot++) {
        const vdr_regisseur *regisseur = vdr_slab_at(&state->regisseurs, slot);
        const char *words =
            check_held(state, regisseur->cases_first, regisseur->cases_last, regisseur->name, &count);
        EXPECT(words == NULL, words);
        EXPECT(count == regisseur->load, "I19: a load is not what a count gives");
        held += count;
    }
    const char *words = check_held(state, state->unassigned_first, state->unassigned_last, 0, &count);
    EXPECT(words == NULL, words);
    words = vdr_waiting_check(state);
    EXPECT(words == NULL, words);
    for (vdr_slot slot = 1; slot < state->cases.next; slot++) {
        vdr_case_state is = (vdr_case_state)vdr_case_at(state, slot)->state;
        unassigned += of->live_cases[slot] && is == VDR_CASE_UNASSIGNED;
        offered += of->live_cases[slot] && is == VDR_CASE_OFFERED;
        active += of->live_cases[slot] && is == VDR_CASE_ACTIVE;
    }
    EXPECT(held == offered + active && count == unassigned, "I19: an open case is nobody's");
    EXPECT(unassigned == state->unassigned_count && offered == state->offered_count &&
               active == state->active_count,
           "I19: the open cases are not as many as the state says");
    EXPECT(unassigned == 0 || state->retry_order != 0, "I9: a case is unassigned and nothing tries again");
    return NULL;
}

/* ---- timers ---- */

/* The order that the timer's target waits for; 0: none of this kind. */
static uint64_t
awaited(const tally *of, const vdr_timer *timer)
{
    const vdr_state *state = of->state;
    switch ((vdr_timer_kind)timer->kind) {
    case VDR_TIMER_SIGNAL_LEAVES:
        return of->live_signals[timer->target] ? vdr_signal_rest_at(state, timer->target)->order : 0;
    case VDR_TIMER_FOLLOW_UP:
        return of->live_signals[timer->target] ? vdr_signal_rest_at(state, timer->target)->follow_order : 0;
    case VDR_TIMER_ACCEPT:
        return of->live_cases[timer->target] ? vdr_case_at(state, timer->target)->accept_order : 0;
    case VDR_TIMER_RETRY:
        return state->retry_order;
    case VDR_TIMER_CASE_LEAVES:
        return of->live_cases[timer->target] ? vdr_case_at(state, timer->target)->leave_order : 0;
    case VDR_TIMER_HOUSEHOLD_LEAVES: /* any number, see find_leaving */
        return 0;
    case VDR_TIMER_ACT_FORGOTTEN: {
        const vdr_act_record *act = vdr_slab_at(&state->acts, timer->target);
        return of->live_acts[timer->target] ? act->order : 0;
    }
    case VDR_TIMER_GUARD_ENDS: {
        const vdr_guarded *window = vdr_slab_at(&state->guarded, timer->target);
        return window->guard != 0 && window->agency != 0 ? window->order : 0;
    }
    case VDR_TIMER_PAUSE_ENDS:
        return ((const vdr_pause *)vdr_slab_at(&state->pauses, timer->target))->order;
    case VDR_TIMER_RIGHT:
        return vdr_right_at(state, timer->target)->order;
    case VDR_TIMER_KEY_ENDS:
        return ((const vdr_party_key *)vdr_slab_at(&state->party_keys, timer->target))->order;
    }
    return 0;
}

/* How many timers the records call for. */
static uint64_t
called_for(const tally *of)
{
    const vdr_state *state = of->state;
    uint64_t count = state->retry_order != 0 ? 1 : 0;
    for (vdr_slot slot = 1; slot < state->signals.next; slot++)
        if (of->live_signals[slot])
            count += (vdr_signal_rest_at(state, slot)->follow_order != 0 ? 1u : 0u) +
                     (vdr_signal_rest_at(state, slot)->order != 0 ? 1u : 0u);
    for (vdr_slot slot = 1; slot < state->cases.next; slot++)
        if (of->live_cases[slot])
            count += (vdr_case_at(state, slot)->accept_order != 0 ? 1u : 0u) +
                     (vdr_case_at(state, slot)->leave_order != 0 ? 1u : 0u);
    for (vdr_slot slot = 1; slot < state->pauses.next; slot++)
        count += ((const vdr_pause *)vdr_slab_at(&state->pauses, slot))->order != 0;
    for (vdr_slot slot = state->rights_first; slot != 0; slot = vdr_right_at(state, slot)->after)
        count += vdr_right_at(state, slot)->order != 0;
    for (vdr_slot slot = 1; slot < state->party_keys.next; slot++)
        count += ((const vdr_party_key *)vdr_slab_at(&state->party_keys, slot))->order != 0;
    for (vdr_slot slot = 1; slot < state->guarded.next; slot++) {
        const vdr_guarded *window = vdr_slab_at(&state->guarded, slot);
        count += window->guard != 0 && window->agency != 0;
    }
    return count + state->acts.live;
}

static void
find_leaving(tally *of)
{
    const vdr_slab *heap = &of->state->timers.heap;
    for (uint32_t place = 1; place <= heap->live; place++) {
        const vdr_timer *timer = vdr_slab_at(heap, place);
        if (timer->kind == VDR_TIMER_HOUSEHOLD_LEAVES && of->live_households[timer->target] &&
            timer->order > vdr_household_at(of->state, timer->target)->born_order)
            of->leaving_households[timer->target] = 1;
    }
}

static const char *
check_timers(const tally *of)
{
    const vdr_slab *heap = &of->state->timers.heap;
    uint64_t standing = 0;
    for (uint32_t place = 1; place <= heap->live; place++) {
        const vdr_timer *timer = vdr_slab_at(heap, place);
        /* Of the same instant as log time: one that a bounded tick left. */
        EXPECT(timer->due >= of->state->now, "I9: a timer that was due did not fire");
        EXPECT(timer->order <= of->state->order_last, "a timer has an order that was never given");
        standing += timer->order == awaited(of, timer);
    }
    EXPECT(standing == called_for(of), "I9: a timer that the state calls for is not there once");
    return NULL;
}

/* ---- the rest ---- */

static const char *
check_mailbox(const vdr_state *state, uint32_t number)
{
    const vdr_mailbox *mailbox = vdr_slab_at(&state->mailboxes, number);
    EXPECT(mailbox->last != 0 && mailbox->acknowledged <= mailbox->last,
           "I8: more was acknowledged than sent");
    EXPECT((mailbox->marks_first != 0) == (mailbox->acknowledged < mailbox->last),
           "an unacknowledged message is not marked in the log");
    vdr_slot last = 0;
    for (vdr_slot slot = mailbox->marks_first; slot != 0;) {
        const vdr_mark *mark = vdr_slab_at(&state->marks, slot);
        EXPECT(last != 0 || mark->seq <= mailbox->acknowledged + 1,
               "the oldest unacknowledged message is not marked");
        last = slot;
        slot = mark->next;
    }
    EXPECT(last == mailbox->marks_last, "the marks of a mailbox are torn");
    return NULL;
}

static const char *
check_names(const tally *of)
{
    const vdr_state *state = of->state;
    uint8_t *live = live_of(&state->names);
    const char *words = NULL;
    for (vdr_name name = 1; name < state->names.next && words == NULL; name++) {
        const vdr_name_record *record = vdr_slab_at(&state->names, name);
        if (!live[name])
            continue;
        if (record->uses != of->name_uses[name])
            words = "I19: a role or district is not used as often as it says";
        else if (record->uses == 0 && record->pinned == 0)
            words = "a name is kept for nothing";
        else if (!is_found(&state->names_by_text, record->hash, name))
            words = "a name is not found by its text";
    }
    free(live);
    return words;
}

static const char *
check_records(tally *of)
{
    const vdr_state *state = of->state;
    const char *words = NULL;
    find_leaving(of);
    for (vdr_slot slot = 1; slot < state->signals.next && words == NULL; slot++)
        words = of->live_signals[slot] ? check_signal(of, slot) : NULL;
    for (vdr_slot slot = 1; slot < state->members.next && words == NULL; slot++)
        words = of->live_members[slot] ? check_member(of, slot) : NULL;
    for (vdr_slot slot = 1; slot < state->households.next && words == NULL; slot++)
        words = of->live_households[slot] ? check_household(of, slot) : NULL;
    for (vdr_slot slot = 1; slot < state->cases.next && words == NULL; slot++)
        words = of->live_cases[slot] ? check_case(of, slot) : NULL;
    for (vdr_slot slot = 1; slot < state->reviews.next && words == NULL; slot++)
        words = of->live_reviews[slot] ? check_review(of, slot) : NULL;
    for (uint32_t number = 1; number < state->mailboxes.next && words == NULL; number++)
        words = check_mailbox(state, number);
    return words;
}

const char *
vdr_core_check(const vdr_core *core)
{
    tally of;
    begin(&of, &core->state);
    const char *words = check_records(&of);
    if (words == NULL)
        words = check_overdues(&core->state);
    if (words == NULL)
        words = check_loads(&of);
    if (words == NULL)
        words = check_timers(&of);
    if (words == NULL)
        words = check_names(&of);
    if (words == NULL)
        words = vdr_control_check(&core->state);
    if (words == NULL)
        words = vdr_left_check(&core->state);
    if (words == NULL)
        words = vdr_conflict_check(&core->state);
    if (words == NULL)
        words = vdr_right_check(&core->state);
    if (words == NULL)
        words = vdr_rewrite_check(&core->state);
    if (words == NULL)
        words = vdr_rekey_check(&core->state);
    if (words == NULL)
        words = vdr_guard_check(&core->state);
    if (words == NULL)
        words = vdr_note_check(&core->state);
    if (words == NULL)
        words = vdr_absence_check(&core->state);
    end(&of);
    return words;
}
