#include "broker/core/mailbox.h"

#include "broker/core/town.h"

static const vdr_mailbox *
mailbox_at(const vdr_state *state, uint32_t number)
{
    return vdr_slab_at(&state->mailboxes, number);
}

vdr_effect
vdr_message_new(const vdr_state *state, vdr_message_kind kind)
{
    return (vdr_effect){.kind = VDR_EFFECT_MESSAGE, .at = state->now, .message = kind};
}

vdr_effect
vdr_message_of_case(const vdr_state *state, vdr_message_kind kind, vdr_slot case_slot, vdr_name regisseur)
{
    vdr_effect message = vdr_message_new(state, kind);
    message.case_id.number = vdr_case_at(state, case_slot)->number;
    message.regisseur = regisseur;
    return message;
}

vdr_signal_ref
vdr_signal_named(const vdr_state *state, vdr_slot slot)
{
    const vdr_signal *signal = vdr_signal_at(state, slot);
    return (vdr_signal_ref){.source = vdr_sender_of(state, signal)->source,
                            .id = vdr_text_get(&state->texts, signal->id),
                            .position = signal->position};
}

void
vdr_message_set_signal(const vdr_state *state, vdr_effect *message, vdr_slot signal)
{
    message->has_signal = true;
    message->signal = vdr_signal_named(state, signal);
}

uint32_t
vdr_mailbox_find(const vdr_state *state, vdr_party_kind kind, vdr_name name)
{
    const vdr_name_record *record = vdr_slab_at(&state->names, name);
    uint32_t number = record->mailboxes;
    while (number != 0 && mailbox_at(state, number)->kind != (uint32_t)kind)
        number = mailbox_at(state, number)->next;
    return number;
}

static uint32_t
mailbox_make(vdr_state *state, vdr_party_kind kind, vdr_name name)
{
    uint32_t number = vdr_slab_take(&state->mailboxes);
    vdr_name_record *record = vdr_slab_edit(&state->names, name);
    vdr_mailbox *mailbox = vdr_slab_edit(&state->mailboxes, number);
    mailbox->name = name;
    mailbox->kind = (uint32_t)kind;
    mailbox->next = record->mailboxes;
    record->mailboxes = number;
    return number;
}

static void
mark_put(vdr_state *state, vdr_mailbox *mailbox)
{
    vdr_slot slot = vdr_slab_take(&state->marks);
    vdr_mark *mark = vdr_slab_edit(&state->marks, slot);
    mark->seq = mailbox->last;
    mark->position = state->stepping;
    if (mailbox->marks_last != 0)
        ((vdr_mark *)vdr_slab_edit(&state->marks, mailbox->marks_last))->next = slot;
    else
        mailbox->marks_first = slot;
    mailbox->marks_last = slot;
}

/* Drops the marks that no unacknowledged message needs: all up to the last one at or before the oldest. */
static void
marks_drop(vdr_state *state, vdr_mailbox *mailbox)
{
    while (mailbox->marks_first != 0) {
        const vdr_mark *first = vdr_slab_at(&state->marks, mailbox->marks_first);
        if (mailbox->acknowledged < mailbox->last) {
            const vdr_mark *next = first->next != 0 ? vdr_slab_at(&state->marks, first->next) : NULL;
            if (next == NULL || next->seq > mailbox->acknowledged + 1)
                return;
        }
        vdr_slot dropped = mailbox->marks_first;
        mailbox->marks_first = first->next;
        vdr_slab_give(&state->marks, dropped);
    }
    mailbox->marks_last = 0;
}

/* Gives the message its place: the next number of the mailbox, and the offset at which it will stand. */
static vdr_effect
post(vdr_state *state, vdr_party_kind kind, vdr_name name, const vdr_effect *message)
{
    uint32_t number = vdr_mailbox_find(state, kind, name);
    if (number == 0)
        number = mailbox_make(state, kind, name);
    vdr_mailbox *mailbox = vdr_slab_edit(&state->mailboxes, number);
    mailbox->last++;
    const vdr_mark *newest =
        mailbox->marks_last != 0 ? vdr_slab_at(&state->marks, mailbox->marks_last) : NULL;
    if (newest == NULL || mailbox->last >= newest->seq + VDR_MARK_EVERY)
        mark_put(state, mailbox);
    vdr_effect posted = *message;
    posted.mailbox = number;
    posted.seq = mailbox->last;

    if (state->mail_count == state->mail_size) {
        state->mail_size = state->mail_size != 0 ? state->mail_size * 2 : 64;
        state->mails = vdr_realloc(state->mails, state->mail_size, sizeof *state->mails);
    }
    state->mails[state->mail_count++] =
        (vdr_core_mail){.mailbox = number, .offset = vdr_tale_mark(&state->tale), .seq = posted.seq};
    return posted;
}

void
vdr_tell(vdr_state *state, vdr_party_kind kind, vdr_name name, const vdr_effect *message)
{
    vdr_effect posted = post(state, kind, name, message);
    (void)vdr_tale_add(&state->tale, &posted);
}

void
vdr_tell_coordinators(vdr_state *state, const vdr_effect *message)
{
    for (size_t i = 0; i < state->config->coordinators.count; i++)
        vdr_tell(state, VDR_PARTY_COORDINATOR, state->town->coordinators[i], message);
}

void
vdr_tell_officers(vdr_state *state, const vdr_effect *message)
{
    for (size_t i = 0; i < state->config->privacy_officers.count; i++)
        vdr_tell(state, VDR_PARTY_PRIVACY_OFFICER, state->town->officers[i], message);
}

void
vdr_tell_match(vdr_state *state, vdr_name agency, const vdr_effect *message, const vdr_name *agencies,
               size_t agency_count)
{
    vdr_effect posted = post(state, VDR_PARTY_AGENCY, agency, message);
    (void)vdr_tale_add_match(&state->tale, &posted, agencies, agency_count);
}

bool
vdr_mailbox_acknowledge(vdr_state *state, uint32_t number, uint64_t seq)
{
    if (number == 0 || number >= state->mailboxes.next)
        return false;
    uint64_t last = mailbox_at(state, number)->last;
    if (seq > last)
        seq = last;
    if (seq <= mailbox_at(state, number)->acknowledged)
        return false;
    vdr_mailbox *mailbox = vdr_slab_edit(&state->mailboxes, number);
    mailbox->acknowledged = seq;
    marks_drop(state, mailbox);
    return true;
}

static bool
is_in_town(const vdr_state *state, const vdr_mailbox *mailbox)
{
    const vdr_town_name *name = vdr_town_name_of(state->town, mailbox->name);
    switch ((vdr_party_kind)mailbox->kind) {
    case VDR_PARTY_AGENCY:
        return name->agency != VDR_TOWN_NONE;
    case VDR_PARTY_REGISSEUR:
        return name->regisseur != VDR_TOWN_NONE;
    case VDR_PARTY_SERVICE:
        return name->service != VDR_TOWN_NONE;
    case VDR_PARTY_COORDINATOR:
        return name->coordinator != VDR_TOWN_NONE;
    case VDR_PARTY_PRIVACY_OFFICER:
        return name->officer != VDR_TOWN_NONE;
    case VDR_PARTY_NONE:
    case VDR_PARTY_OPERATOR:
    case VDR_PARTY_AUDITOR:
        VDR_ASSERT(0 && "nobody writes to them");
        break;
    }
    return false;
}

void
vdr_mailbox_drop_removed(vdr_state *state)
{
    for (uint32_t number = 1; number < state->mailboxes.next; number++)
        if (!is_in_town(state, mailbox_at(state, number)))
            (void)vdr_mailbox_acknowledge(state, number, UINT64_MAX);
}
