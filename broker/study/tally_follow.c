/* Follow-ups: which signals a service was asked to answer, and whether it did in time (semantics sections 7 to 9).
 *
 * A clock starts when a signal comes to a service, and again when a case that had taken it is dismissed and no
 * clock was running still. It is over with the feedback, or when the signal is withdrawn or leaves. */
#include "broker/study/tally_inside.h"

#define TIDY_MORE 65536u /* grown by so many since, it is looked for those that left */

static vdr_tally_service *
service_of(vdr_tally *tally, uint32_t mailbox)
{
    uint32_t number = vdr_tally_find(tally, VDR_KEY_SERVICE, mailbox, 0);
    if (number == 0) {
        vdr_tally_service *service = vdr_tally_add(&tally->services, sizeof *service);
        service->mailbox = mailbox;
        number = (uint32_t)tally->services.count;
        vdr_tally_set(tally, VDR_KEY_SERVICE, mailbox, 0, number);
    }
    return (vdr_tally_service *)tally->services.at + (number - 1);
}

static vdr_tally_follow *
follow_of(const vdr_tally *tally, vdr_position position)
{
    uint32_t number = vdr_tally_find(tally, VDR_KEY_FOLLOW, position, 0);
    return number != 0 ? vdr_tally_follow_at(tally, number - 1) : NULL;
}

static void
index_put(vdr_tally *tally, const vdr_tally_follow *follow, uint32_t number)
{
    vdr_tally_set(tally, VDR_KEY_FOLLOW, follow->position, 0, number);
    vdr_tally_set(tally, VDR_KEY_FOLLOW_BY_ID, follow->id_hash, follow->agency, number);
}

static void
forget(vdr_tally *tally, vdr_tally_follow *follow)
{
    uint32_t number = (uint32_t)(follow - vdr_tally_follow_at(tally, 0)) + 1;
    vdr_tally_follow *last = vdr_tally_follow_at(tally, (uint32_t)tally->follows.count - 1);
    vdr_tally_unset(tally, VDR_KEY_FOLLOW, follow->position, 0);
    if (vdr_tally_find(tally, VDR_KEY_FOLLOW_BY_ID, follow->id_hash, follow->agency) == number)
        vdr_tally_unset(tally, VDR_KEY_FOLLOW_BY_ID, follow->id_hash, follow->agency);
    if (follow != last) {
        bool newest = vdr_tally_find(tally, VDR_KEY_FOLLOW_BY_ID, last->id_hash, last->agency) ==
                      (uint32_t)tally->follows.count;
        *follow = *last;
        if (newest)
            index_put(tally, follow, number);
        else
            vdr_tally_set(tally, VDR_KEY_FOLLOW, follow->position, 0, number);
    }
    tally->follows.count--;
}

void
vdr_tally_follow_begin(vdr_tally *tally, vdr_position position, const vdr_command *command, uint32_t agency,
                       const vdr_config_type *type)
{
    vdr_tally_follow *follow = follow_of(tally, position);
    if (follow == NULL)
        follow = vdr_tally_add(&tally->follows, sizeof *follow);
    *follow = (vdr_tally_follow){.position = position,
                                 .follow_up_ms = type->follow_up_ms,
                                 .due = VDR_MS_NONE,
                                 .leaves_at = command->occurred_at + type->retain_ms,
                                 .id_hash = command->id_hash,
                                 .agency = agency};
    index_put(tally, follow, (uint32_t)(follow - vdr_tally_follow_at(tally, 0)) + 1);
}

void
vdr_tally_follow_taken(vdr_tally *tally, vdr_position position, uint64_t case_number)
{
    vdr_tally_follow *follow = follow_of(tally, position);
    if (follow != NULL)
        follow->case_number = case_number;
}

void
vdr_tally_follow_withdrawn(vdr_tally *tally, uint64_t id_hash, uint32_t agency)
{
    uint32_t number = vdr_tally_find(tally, VDR_KEY_FOLLOW_BY_ID, id_hash, agency);
    if (number == 0)
        return;
    vdr_tally_follow *follow = vdr_tally_follow_at(tally, number - 1);
    if (follow->service != 0)
        service_of(tally, follow->service)->withdrawn++;
    forget(tally, follow);
}

static void
routed(vdr_tally_follow *follow, const vdr_effect *effect)
{
    bool running = follow->due != VDR_MS_NONE && follow->due > effect->at;
    follow->service = effect->mailbox;
    follow->case_number = 0;
    if (!running)
        follow->due = effect->at + follow->follow_up_ms;
}

void
vdr_tally_follow_message(vdr_tally *tally, const vdr_effect *effect)
{
    if (effect->message == VDR_MESSAGE_REGULAR_SIGNAL)
        service_of(tally, effect->mailbox)->regular++;
    vdr_tally_follow *follow = effect->has_signal ? follow_of(tally, effect->signal.position) : NULL;
    if (follow == NULL)
        return;
    if (effect->message == VDR_MESSAGE_REGULAR_SIGNAL) {
        routed(follow, effect);
    } else if (effect->message == VDR_MESSAGE_SIGNAL_ATTACHED) {
        follow->case_number = effect->case_id.number;
    } else if (effect->message == VDR_MESSAGE_OVERDUE) {
        follow->overdue = true;
    } else if (effect->message == VDR_MESSAGE_FEEDBACK && follow->service != 0) {
        vdr_tally_service *service = service_of(tally, follow->service);
        service->late += follow->overdue;
        service->in_time += !follow->overdue;
        forget(tally, follow);
    }
}

/* Of a signal that left the clock is over (semantics section 10). */
static void
left(vdr_tally *tally, vdr_ms at)
{
    for (size_t i = tally->follows.count; i > 0; i--) {
        vdr_tally_follow *follow = vdr_tally_follow_at(tally, (uint32_t)i - 1);
        if (follow->leaves_at > at)
            continue;
        if (follow->service != 0)
            service_of(tally, follow->service)->left++;
        forget(tally, follow);
    }
    tally->follows_pruned = tally->follows.count;
}

void
vdr_tally_follow_tidy(vdr_tally *tally)
{
    if (tally->at != VDR_MS_NONE && tally->follows.count > 2 * tally->follows_pruned + TIDY_MORE)
        left(tally, tally->at);
}

void
vdr_tally_survey(vdr_tally *tally, vdr_ms at)
{
    left(tally, at);
    vdr_tally_service *services = tally->services.at;
    for (size_t i = 0; i < tally->services.count; i++)
        services[i].waiting = services[i].overdue = services[i].taken = 0;
    for (uint32_t i = 0; i < tally->follows.count; i++) {
        const vdr_tally_follow *follow = vdr_tally_follow_at(tally, i);
        if (follow->service == 0)
            continue;
        vdr_tally_service *service = service_of(tally, follow->service);
        service->overdue += follow->overdue;
        service->taken += !follow->overdue && follow->case_number != 0;
        service->waiting += !follow->overdue && follow->case_number == 0;
    }
}
