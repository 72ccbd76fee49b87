/* Mailboxes to their readers (protocol.md section 6).
 *
 * A message lives in the log: its record's tale, found by the mailbox's index. A reader that is up to date gets
 * what a group brought straight from the group; one that is behind is brought forward from the store, a bounded
 * part each turn. Nothing is kept here for a reader but numbers, so one that does not read costs nothing.
 *
 * One mailbox may be read by several sessions of its party, and looked at by operators: each gets everything,
 * from a cursor of its own. Acknowledging is the mailbox's, whoever of the party does it.
 *
 * Acknowledgements of a turn go to the engine as one bundle, the highest of each mailbox; ACKED follows when
 * the bundle is durable. */
#include "broker/access/access.h"
#include "broker/access/mask.h"
#include "broker/core/needed.h"
#include "broker/gauge/journal.h"
#include "broker/gauge/trace.h"

#include <stdlib.h>

#define BATCH_MESSAGES 128u /* of one DELIVER */
#define SHARE_MESSAGES 64u  /* from the store to one reader in one turn */
#define PUMP_MESSAGES  512u /* from the store in one turn, for all readers together */

/* ---- the table of mailboxes */

static vdr_mailbox_state *
state_of(vdr_daemon *daemon, uint32_t mailbox)
{
    return mailbox != 0 && mailbox < daemon->mailbox_count ? &daemon->mailboxes[mailbox] : NULL;
}

static void
link_reader(vdr_daemon *daemon, vdr_session *session, uint32_t mailbox)
{
    vdr_mailbox_state *state = state_of(daemon, mailbox);
    session->mail.mailbox = mailbox;
    session->mail.next_reader = state->readers;
    state->readers = session;
}

static bool
is_of(vdr_daemon *daemon, uint32_t mailbox, vdr_party_kind kind, vdr_span id)
{
    vdr_mailbox_view view;
    return vdr_core_mailbox_view(vdr_engine_core(daemon->engine), mailbox, &view) && view.kind == kind &&
           vdr_span_equal(view.id, id);
}

/* Room for the mailboxes up to this one; readers that waited for a new one are linked to it. */
static void
grow(vdr_daemon *daemon, uint32_t mailbox)
{
    while (daemon->mailbox_count <= mailbox) {
        if (daemon->mailbox_count == daemon->mailbox_room) {
            daemon->mailbox_room = daemon->mailbox_room * 2 + 64;
            daemon->mailboxes = (vdr_mailbox_state *)vdr_realloc(daemon->mailboxes, daemon->mailbox_room,
                                                                 sizeof *daemon->mailboxes);
        }
        uint32_t number = (uint32_t)daemon->mailbox_count++;
        daemon->mailboxes[number] = (vdr_mailbox_state){0};
        for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL && number != 0;
             s = vdr_session_next(daemon->sessions, s)) {
            if (s->mail.on && s->mail.mailbox == 0 &&
                is_of(daemon, number, s->mail.kind, vdr_span_str(s->mail.id)))
                link_reader(daemon, s, number);
        }
    }
}

void
vdr_delivery_begin(vdr_daemon *daemon)
{
    const vdr_core *core = vdr_engine_core(daemon->engine);
    uint32_t count = vdr_core_mailbox_count(core);
    grow(daemon, count);
    for (uint32_t number = 1; number <= count; number++) {
        vdr_mailbox_view view;
        if (!vdr_core_mailbox_view(core, number, &view))
            continue;
        daemon->mailboxes[number].newest = view.last;
        daemon->mailboxes[number].acknowledged = view.acknowledged;
    }
    daemon->ack_bundle = 1;
}

void
vdr_delivery_config(vdr_daemon *daemon)
{
    const vdr_core *core = vdr_engine_core(daemon->engine);
    for (uint32_t number = 1; number < daemon->mailbox_count; number++) {
        vdr_mailbox_view view;
        char id[VDR_CONF_NAME_MAX + 1] = "";
        if (!vdr_core_mailbox_view(core, number, &view))
            continue;
        memcpy(id, view.id.at, view.id.len);
        if (!vdr_node_party_known(vdr_core_config(core), view.kind, id))
            daemon->mailboxes[number].acknowledged = view.acknowledged;
    }
}

void
vdr_delivery_done(vdr_daemon *daemon)
{
    free(daemon->mailboxes);
    daemon->mailboxes = NULL;
    daemon->mailbox_count = daemon->mailbox_room = 0;
    vdr_ring_done(&daemon->acking);
}

void
vdr_delivery_state(vdr_daemon *daemon, vdr_party_kind kind, vdr_span id, uint64_t *ret_acknowledged,
                   uint64_t *ret_newest)
{
    const vdr_mailbox_state *state =
        state_of(daemon, vdr_core_mailbox(vdr_engine_core(daemon->engine), kind, id));
    *ret_acknowledged = state != NULL ? state->acknowledged : 0;
    *ret_newest = state != NULL ? state->newest : 0;
}

/* ---- subscriptions */

void
vdr_delivery_forget(vdr_daemon *daemon, vdr_session *session)
{
    vdr_mailbox_state *state = state_of(daemon, session->mail.mailbox);
    if (session->mail.on && state != NULL) {
        vdr_session **at = &state->readers;
        while (*at != session)
            at = &(*at)->mail.next_reader;
        *at = session->mail.next_reader;
    }
    session->mail.on = false;
    session->mail.mailbox = 0;
    session->mail.next_reader = NULL;
}

static void
say_acked(vdr_daemon *daemon, vdr_session *session, uint64_t up_to, uint64_t newest)
{
    vdr_wire wire = {.type = VDR_FRAME_ACKED, .acked = {.up_to = up_to, .newest = newest}};
    vdr_say(daemon, session, &wire);
}

/* Whose mailbox a SUBSCRIBE is about; false: not one that this session may read, or none at all. */
static bool
choose(vdr_daemon *daemon, const vdr_session *session, const vdr_wire_subscribe *subscribe,
       vdr_party_kind *ret_kind, vdr_span *ret_id)
{
    bool named = subscribe->mailbox_kind != VDR_PARTY_NONE || subscribe->mailbox_id.len != 0;
    vdr_span own = vdr_span_str(session->party);
    if (!named || (subscribe->mailbox_kind == session->kind && vdr_span_equal(subscribe->mailbox_id, own))) {
        *ret_kind = session->kind;
        *ret_id = own;
        return vdr_access_mailbox(session->kind, session->kind) == VDR_RELATION_SELF;
    }
    char id[VDR_CONF_NAME_MAX + 1] = "";
    if (vdr_access_mailbox(session->kind, subscribe->mailbox_kind) != VDR_RELATION_ANY ||
        subscribe->mailbox_id.len > VDR_CONF_NAME_MAX)
        return false;
    if (subscribe->mailbox_id.len != 0)
        memcpy(id, subscribe->mailbox_id.at, subscribe->mailbox_id.len);
    const vdr_core *core = vdr_engine_core(daemon->engine);
    *ret_kind = subscribe->mailbox_kind;
    *ret_id = subscribe->mailbox_id;
    return vdr_core_mailbox(core, *ret_kind, *ret_id) != 0 ||
           vdr_node_party_known(vdr_core_config(core), *ret_kind, id);
}

static uint64_t
limit_of(const vdr_daemon *daemon, uint64_t done, uint32_t window)
{
    uint64_t most = daemon->node->limits.delivery_window;
    return done + (window < most ? window : most);
}

void
vdr_delivery_subscribe(vdr_daemon *daemon, vdr_session *session, const vdr_wire_subscribe *subscribe,
                       const vdr_frame *frame)
{
    vdr_party_kind kind;
    vdr_span id;
    if (!choose(daemon, session, subscribe, &kind, &id)) {
        vdr_speak_refusal(daemon, session, VDR_E_NOT_FOUND, frame);
        return;
    }
    if (session->kind == VDR_PARTY_OPERATOR)
        VDR_NOTE(OPERATOR, vdr_field_text("party", session->party), vdr_field_text("verb", "mailbox"));
    vdr_delivery_forget(daemon, session);
    uint32_t mailbox = vdr_core_mailbox(vdr_engine_core(daemon->engine), kind, id);
    const vdr_mailbox_state *state = state_of(daemon, mailbox);
    uint64_t acknowledged = state != NULL ? state->acknowledged : 0,
             newest = state != NULL ? state->newest : 0;
    uint64_t after = subscribe->after_given ? subscribe->after : acknowledged;
    if (after > UINT64_MAX / 2)
        after = UINT64_MAX / 2; /* beyond any message there will be */
    session->mail.on = true;
    session->mail.kind = kind;
    memset(session->mail.id, 0, sizeof session->mail.id);
    memcpy(session->mail.id, id.at, id.len);
    session->mail.next = after + 1;
    session->mail.done = after;
    session->mail.limit = limit_of(daemon, after, subscribe->window);
    if (state != NULL) /* otherwise it is linked when the first message is durable */
        link_reader(daemon, session, mailbox);
    daemon->mail_work = true;
    say_acked(daemon, session, acknowledged, newest);
}

void
vdr_delivery_credit(vdr_daemon *daemon, vdr_session *session, const vdr_wire_credit *credit)
{
    uint64_t delivered = session->mail.next - 1;
    uint64_t done = credit->done < delivered ? credit->done : delivered;
    if (!session->mail.on)
        return;
    if (done > session->mail.done)
        session->mail.done = done;
    session->mail.limit = limit_of(daemon, session->mail.done, credit->window);
    daemon->mail_work = true;
}

/* ---- acknowledgements */

static void
raise_done(vdr_daemon *daemon, vdr_session *session, uint64_t up_to)
{
    uint64_t window = session->mail.limit - session->mail.done;
    if (!session->mail.on || up_to <= session->mail.done || up_to >= session->mail.next)
        return;
    session->mail.done = up_to;
    session->mail.limit = up_to + window;
    daemon->mail_work = true;
}

/* False: the bundle is full and the engine has no room for it. */
static bool
add_ack(vdr_daemon *daemon, vdr_mailbox_state *state, uint32_t mailbox, uint64_t up_to)
{
    if (state->ack_slot != 0) {
        vdr_command_ack *ack = &daemon->acks[state->ack_slot - 1];
        ack->seq = ack->seq < up_to ? up_to : ack->seq;
        return true;
    }
    if (daemon->ack_count == VDR_ENGINE_ACKS_MAX)
        vdr_delivery_submit_acks(daemon);
    if (daemon->ack_count == VDR_ENGINE_ACKS_MAX)
        return false;
    daemon->acks[daemon->ack_count++] = (vdr_command_ack){.mailbox = mailbox, .seq = up_to};
    state->ack_slot = (uint32_t)daemon->ack_count;
    return true;
}

void
vdr_delivery_ack(vdr_daemon *daemon, vdr_session *session, const vdr_wire_ack *ack, const vdr_frame *frame)
{
    uint32_t mailbox =
        vdr_core_mailbox(vdr_engine_core(daemon->engine), session->kind, vdr_span_str(session->party));
    vdr_mailbox_state *state = state_of(daemon, mailbox);
    uint64_t newest = state != NULL ? state->newest : 0,
             acknowledged = state != NULL ? state->acknowledged : 0;
    if (ack->up_to > newest) {
        vdr_speak_refusal(daemon, session, VDR_E_NOT_FOUND, frame);
        return;
    }
    raise_done(daemon, session, ack->up_to);
    if (ack->up_to <= acknowledged) {
        say_acked(daemon, session, acknowledged, newest);
    } else if (!add_ack(daemon, state, mailbox, ack->up_to)) {
        vdr_speak_refusal(daemon, session, VDR_E_BUSY, frame);
    } else if (session->mail.ack_bundle != daemon->ack_bundle) { /* one ACKED a session and bundle */
        session->mail.ack_bundle = daemon->ack_bundle;
        vdr_acking *waits = (vdr_acking *)vdr_ring_add(&daemon->acking, sizeof *waits);
        *waits = (vdr_acking){.bundle = daemon->ack_bundle, .session = session->number, .mailbox = mailbox};
    }
}

void
vdr_delivery_submit_acks(vdr_daemon *daemon)
{
    if (daemon->ack_count == 0)
        return;
    vdr_ticket ticket = vdr_errand_ticket(VDR_ERRAND_ACKS, 0, daemon->ack_bundle);
    if (vdr_engine_submit_acks(daemon->engine, ticket, daemon->acks, daemon->ack_count) != VDR_OK)
        return; /* no room: with the next turn */
    for (size_t i = 0; i < daemon->ack_count; i++) {
        vdr_acking *done = (vdr_acking *)vdr_ring_add(&daemon->acking, sizeof *done);
        *done = (vdr_acking){
            .bundle = daemon->ack_bundle, .mailbox = daemon->acks[i].mailbox, .up_to = daemon->acks[i].seq};
        daemon->mailboxes[daemon->acks[i].mailbox].ack_slot = 0;
    }
    daemon->ack_count = 0;
    daemon->ack_bundle++;
}

void
vdr_delivery_acked(vdr_daemon *daemon, uint64_t bundle)
{
    const vdr_acking *entry;
    for (size_t i = 0; i < daemon->acking.count; i++) {
        entry = (const vdr_acking *)vdr_ring_at(&daemon->acking, i);
        if (entry->bundle != bundle)
            break;
        vdr_mailbox_state *state = &daemon->mailboxes[entry->mailbox];
        if (entry->up_to > state->acknowledged)
            state->acknowledged = entry->up_to;
    }
    while ((entry = (const vdr_acking *)vdr_ring_first(&daemon->acking)) != NULL && entry->bundle == bundle) {
        const vdr_mailbox_state *state = &daemon->mailboxes[entry->mailbox];
        vdr_session *session =
            entry->session != 0 ? vdr_session_by_number(daemon->sessions, entry->session) : NULL;
        if (session != NULL)
            say_acked(daemon, session, state->acknowledged, state->newest);
        vdr_ring_drop(&daemon->acking);
    }
}

/* ---- messages */

/* Has what it is about left? Then nothing of it is told any more (protocol.md 6.4). */
static bool
is_erased(const vdr_daemon *daemon, const vdr_effect *effect)
{
    uint64_t id_hash = effect->has_signal ? vdr_door_id_hash(daemon->door, effect->signal.id) : 0;
    return !vdr_needed_to_read(vdr_engine_core(daemon->engine), effect, id_hash);
}

static vdr_wire_message
erased_message(const vdr_log_mail *mail)
{
    return (vdr_wire_message){.seq = mail->seq, .kind = VDR_MESSAGE_ERASED};
}

static vdr_err
message_of(vdr_daemon *daemon, vdr_span tale, vdr_span content, const vdr_log_mail *mail,
           vdr_wire_message *ret_message)
{
    uint32_t offset = mail->offset;
    vdr_effect effect;
    vdr_decision d;
    vdr_err err = vdr_effect_next(tale, &offset, &effect);
    if (err == VDR_OK &&
        (effect.kind != VDR_EFFECT_MESSAGE || effect.mailbox != mail->mailbox || effect.seq != mail->seq))
        err = VDR_E_STORE_CORRUPT;
    if (err == VDR_OK && is_erased(daemon, &effect)) {
        *ret_message = erased_message(mail);
        return VDR_OK;
    }
    if (err == VDR_OK)
        err = vdr_core_decision(vdr_engine_core(daemon->engine), &effect, &daemon->tales, &d);
    if (err != VDR_OK)
        return err == VDR_E_NO_MEMORY ? err : VDR_E_STORE_CORRUPT;
    unsigned has = vdr_message_members_of(d.message);
    *ret_message =
        (vdr_wire_message){.seq = mail->seq, .at_ms = d.at, .kind = d.message, .position = mail->position};
    if ((has & VDR_HAS_CASE) != 0)
        ret_message->case_id = d.case_id;
    if ((has & VDR_HAS_SIGNAL) != 0)
        ret_message->signal = d.signal;
    if ((has & VDR_HAS_HOUSEHOLD) != 0)
        ret_message->household = d.household;
    if ((has & VDR_HAS_OTHER) != 0)
        ret_message->other = d.other;
    if ((has & VDR_HAS_AGENCIES) != 0) { /* the rule is never told: its name may say why */
        ret_message->agencies = d.agencies;
        ret_message->agency_count = d.agency_count;
    }
    if ((has & VDR_HAS_RESULT) != 0)
        ret_message->result = d.result;
    if ((has & VDR_HAS_REGISSEUR) != 0)
        ret_message->regisseur = d.regisseur;
    if ((has & VDR_HAS_BY) != 0) {
        ret_message->by_kind = d.by_kind;
        ret_message->by = d.by;
    }
    if ((has & VDR_HAS_REASON) != 0)
        ret_message->reason = d.reason;
    if (d.message == VDR_MESSAGE_REGULAR_SIGNAL || d.message == VDR_MESSAGE_SIGNAL_ATTACHED)
        ret_message->traceparent = vdr_trace_of(content, &d.signal, &daemon->tales);
    return VDR_OK;
}

/* What does not fit one frame goes in two. */
static void
say_messages(vdr_daemon *daemon, vdr_session *session, const vdr_wire_message *messages, size_t count)
{
    vdr_wire wire = {.type = VDR_FRAME_DELIVER, .deliver = {.messages = messages, .message_count = count}};
    if (count == 0 || vdr_speak(daemon, session, &wire) == VDR_OK)
        return;
    VDR_ASSERT(count > 1); /* one message fits: its longest part is a result of at most an event's size */
    say_messages(daemon, session, messages, count / 2);
    say_messages(daemon, session, messages + count / 2, count - count / 2);
}

static void
flush(vdr_daemon *daemon, vdr_session *session)
{
    say_messages(daemon, session, session->mail.batch, session->mail.batch_count);
    session->mail.batch_count = 0;
}

static void
gather(vdr_daemon *daemon, vdr_session *session, const vdr_wire_message *message)
{
    if (session->mail.batch == NULL)
        session->mail.batch = (vdr_wire_message *)vdr_alloc(BATCH_MESSAGES, sizeof *session->mail.batch);
    vdr_wire_message *masked = &session->mail.batch[session->mail.batch_count++];
    *masked = *message;
    if (vdr_mask_message(daemon, session->kind, &daemon->tales, masked) != VDR_OK)
        masked->signal = (vdr_signal_name){0}; /* of an operator's look: no room for a token */
    session->mail.next = message->seq + 1;
    if (session->mail.batch_count == BATCH_MESSAGES)
        flush(daemon, session);
}

/* Takes this session messages now? */
static bool
takes(const vdr_session *session)
{
    return vdr_session_live(session) && session->out.first == NULL &&
           session->mail.next <= session->mail.limit;
}

static bool
any_takes(const vdr_mailbox_state *state, uint64_t seq)
{
    for (const vdr_session *s = state->readers; s != NULL; s = s->mail.next_reader) {
        if (s->mail.next == seq && takes(s))
            return true;
    }
    return false;
}

static void
flush_all(vdr_daemon *daemon)
{
    for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL;
         s = vdr_session_next(daemon->sessions, s)) {
        if (s->mail.batch_count != 0)
            flush(daemon, s);
    }
    vdr_arena_reset(&daemon->tales);
}

/* To the readers that are up to date. The others are left behind, for the pump. */
static void
give(vdr_daemon *daemon, const vdr_mailbox_state *state, const vdr_told *told, const vdr_log_mail *mail)
{
    vdr_wire_message message;
    vdr_err err = message_of(daemon, told->tale, told->content, mail, &message);
    if (err == VDR_E_NO_MEMORY) {
        flush_all(daemon);
        err = message_of(daemon, told->tale, told->content, mail, &message);
    }
    VDR_ASSERT(err == VDR_OK); /* the engine has just made it */
    for (vdr_session *s = state->readers; s != NULL; s = s->mail.next_reader) {
        if (s->mail.next == mail->seq && takes(s))
            gather(daemon, s, &message);
    }
}

void
vdr_delivery_group(vdr_daemon *daemon, const vdr_group *group)
{
    size_t told = 0;
    bool given = false;
    vdr_arena_reset(&daemon->tales);
    for (size_t i = 0; i < group->mail_count; i++) {
        const vdr_log_mail *mail = &group->mails[i];
        grow(daemon, mail->mailbox);
        vdr_mailbox_state *state = &daemon->mailboxes[mail->mailbox];
        state->newest = mail->seq;
        if (state->readers == NULL)
            continue;
        daemon->mail_work = true;
        if (!any_takes(state, mail->seq))
            continue;
        while (told < group->told_count && group->told[told].position < mail->position)
            told++;
        VDR_ASSERT(told < group->told_count && group->told[told].position == mail->position);
        give(daemon, state, &group->told[told], mail);
        given = true;
    }
    if (given)
        flush_all(daemon);
}

/* ---- from the store */

static void
read_failed(vdr_daemon *daemon, vdr_session *session, vdr_err err, vdr_position position)
{
    VDR_NOTE(READ_FAILED, vdr_field_text("error", vdr_err_code(err)), vdr_field_number("position", position),
             vdr_field_text("what", "a mailbox's message"));
    vdr_speak_bye(daemon, session, err, 1000);
}

/* A message of a record that is erased, or was and is cut by now: kept apart, because it is about somebody else, or erased with it. */
static vdr_err
outlived(vdr_daemon *daemon, const vdr_log_mail *mail, vdr_wire_message *ret_message)
{
    vdr_span effect;
    vdr_log_mail alone = *mail;
    alone.offset = 0;
    if (vdr_engine_kept(daemon->engine, mail->position, mail->offset, &effect))
        return message_of(daemon, effect, (vdr_span){0}, &alone, ret_message);
    *ret_message = erased_message(mail);
    return VDR_OK;
}

/* The message at mail, or a word why not: OK, NOT_FOUND (it is gone), NO_MEMORY, or the store's failure. */
static vdr_err
read_message(vdr_daemon *daemon, const vdr_log_mail *mail, vdr_wire_message *ret_message)
{
    vdr_log_record record;
    vdr_err err = vdr_log_read(daemon->reader, mail->position, &record);
    if (err == VDR_OK)
        err = message_of(daemon, record.tale, record.content, mail, ret_message);
    else if (err == VDR_E_ERASED ||
             (err == VDR_E_NOT_FOUND && mail->seq > daemon->mailboxes[mail->mailbox].acknowledged))
        err = outlived(daemon, mail, ret_message);
    if (err != VDR_OK)
        return err;
    /* What points into the record, or is kept apart, goes with the next read or run. */
    vdr_span *texts[] = {&ret_message->signal.id, &ret_message->result, &ret_message->by,
                         &ret_message->reason};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0] && err == VDR_OK; i++) {
        vdr_span text = *texts[i];
        if (text.at != NULL)
            *texts[i] = vdr_arena_copy(&daemon->tales, text);
        if (text.at != NULL && texts[i]->at == NULL)
            err = VDR_E_NO_MEMORY;
    }
    return err;
}

/* Brings one reader forward; how many messages it got. */
static size_t
pump_session(vdr_daemon *daemon, vdr_session *session, size_t max)
{
    vdr_log_mail mails[BATCH_MESSAGES];
    const vdr_mailbox_state *state = &daemon->mailboxes[session->mail.mailbox];
    size_t count = 0, given = 0;
    uint64_t room = session->mail.limit - session->mail.next + 1;
    uint64_t there = state->newest - session->mail.next + 1;
    uint64_t wanted = room < there ? room : there;
    size_t most = max < BATCH_MESSAGES ? max : BATCH_MESSAGES;
    vdr_err err = vdr_log_read_mail(daemon->reader, session->mail.mailbox, session->mail.next, mails,
                                    wanted < most ? (size_t)wanted : most, &count);
    vdr_arena_reset(&daemon->tales);
    for (size_t i = 0; i < count && err == VDR_OK && mails[i].seq <= session->mail.limit; i++) {
        vdr_wire_message message;
        err = read_message(daemon, &mails[i], &message);
        if (err == VDR_E_NO_MEMORY && given > 0) {
            break; /* what there is goes; the rest next time */
        } else if (err == VDR_E_NOT_FOUND) {
            err = VDR_OK;
            session->mail.next = mails[i].seq + 1; /* acknowledged, and cut with the log */
        } else if (err == VDR_OK) {
            gather(daemon, session, &message);
            given++;
        }
    }
    flush(daemon, session);
    if (count == 0 && session->mail.next <= state->acknowledged)
        session->mail.next = state->acknowledged + 1; /* the index of what is acknowledged is gone */
    else if (count == 0 && err == VDR_OK)
        err = VDR_E_STORE_CORRUPT; /* the index lacks what was told */
    if (err != VDR_OK && err != VDR_E_NO_MEMORY)
        read_failed(daemon, session, err, count != 0 ? mails[0].position : 0);
    return given;
}

static bool
is_behind(const vdr_daemon *daemon, const vdr_session *session)
{
    return session->mail.on && session->mail.mailbox != 0 && takes(session) &&
           session->mail.next <= daemon->mailboxes[session->mail.mailbox].newest;
}

bool
vdr_delivery_pump(vdr_daemon *daemon)
{
    size_t left = PUMP_MESSAGES;
    bool more = false, refreshed = false;
    if (!daemon->mail_work)
        return false;
    /* Round and round, beginning behind the one that was served last: all get on. */
    for (int round = 0; round < 2; round++) {
        uint64_t served = daemon->mail_served;
        for (vdr_session *s = vdr_session_next(daemon->sessions, NULL); s != NULL;
             s = vdr_session_next(daemon->sessions, s)) {
            if ((s->number > served) != (round == 0) || !is_behind(daemon, s))
                continue;
            if (!refreshed && vdr_log_reader_refresh(daemon->reader) != VDR_OK)
                return false; /* the engine tells of a store that fails */
            refreshed = true;
            if (left > 0) {
                left -= pump_session(daemon, s, left < SHARE_MESSAGES ? left : SHARE_MESSAGES);
                daemon->mail_served = s->number;
            }
            more = more || is_behind(daemon, s);
        }
    }
    if (refreshed)
        vdr_log_reader_rest(daemon->reader);
    daemon->mail_work = more;
    return more;
}
