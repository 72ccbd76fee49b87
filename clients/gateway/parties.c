#include "clients/gateway/parties.h"

#include <stdio.h>
#include <stdlib.h>
#include <zmq.h>

#define TICK_MS     100
#define PATIENCE_MS 3000            /* how long a caller waits for a broker that is away */
#define IDLE_MS     (5 * 60 * 1000) /* then a handle is closed */
#define UNANSWERED  16384u          /* items of one party that wait for the broker */

/* Somebody who waits for results; in the order of their time, which is that of coming. */
typedef struct wait {
    struct wait *next;
    uint64_t first; /* number of the first item; 0: of none, a mail or a meeting */
    size_t count, left;
    int64_t deadline_ms;
    vdr_party_resulted resulted;
    vdr_party_met met;
    void *context;
    bool answered[]; /* of each item */
} wait;

/* A read or a verb that is not answered. */
typedef struct question {
    struct question *next, **at; /* at: what points here */
    vdr_party *party;
    vdr_client_answered answered; /* or: */
    vdr_client_ruled ruled;
    void *context;
} question;

typedef struct mail {
    struct mail *next;
    vdr_party_mail wish;
    int64_t deadline_ms;
    size_t got;
    bool begun, acknowledging;
} mail;

struct vdr_party {
    vdr_parties *parties;
    const vdr_gate_party *who;
    vdr_client *client;
    vdr_loop_client *handle;
    bool away; /* there is no session, since: */
    int64_t away_since_ms;
    int64_t used_ms;
    question *questions;
    wait *waits, **waits_end;
    wait *meetings, **meetings_end;
    mail *mails, **mails_end;
    vdr_party *next;
};

struct vdr_parties {
    vdr_gate *gate;
    void *zmq_context;
    vdr_loop_timer *timer;
    int64_t timeout_ms;
    size_t probe; /* of the configuration's parties, who is next to look whether the broker is there */
    vdr_party *first;
};

/* ---- Time ---- */

/* The session is lost so long that nobody is kept waiting for it. */
static bool
is_away(const vdr_party *party)
{
    return party->away && vdr_loop_now_ms() - party->away_since_ms >= PATIENCE_MS;
}

static int64_t
timeout_of(const vdr_party *party)
{
    return party->away ? PATIENCE_MS : party->parties->timeout_ms;
}

/* Why somebody got nothing: the broker is away, or too slow, or has said why it does not decide. */
static vdr_err
lateness(const vdr_party *party)
{
    vdr_client_error error;
    vdr_client_error_get(party->client, &error);
    if (party->away)
        return VDR_E_DISCONNECTED;
    return error.err == VDR_E_STORE_FULL || error.err == VDR_E_CLOSING ? error.err : VDR_E_TIMEOUT;
}

/* ---- Waiting ---- */

static wait *
wait_new(vdr_party *party, size_t count, void *context)
{
    wait *w = vdr_alloc(1, sizeof *w + count * sizeof w->answered[0]);
    w->count = w->left = count;
    w->deadline_ms = vdr_loop_now_ms() + timeout_of(party);
    w->context = context;
    return w;
}

static void
wait_add(wait ***end, wait *w)
{
    **end = w;
    *end = &w->next;
}

/* Takes *at out of the list whose end is *end. */
static wait *
wait_take(wait **at, wait ***end)
{
    wait *w = *at;
    *at = w->next;
    if (*end == &w->next)
        *end = at;
    w->next = NULL;
    return w;
}

static void
wait_end(wait *w, vdr_err err)
{
    for (size_t i = 0; i < w->count; i++) {
        if (!w->answered[i])
            w->resulted(w->context, i, err, NULL);
    }
    free(w);
}

static void
on_result(void *context, const vdr_client_result *result)
{
    vdr_party *party = context;
    for (wait **at = &party->waits; *at != NULL; at = &(*at)->next) {
        wait *w = *at;
        if (result->number < w->first || result->number - w->first >= w->count)
            continue;
        size_t index = (size_t)(result->number - w->first);
        w->answered[index] = true;
        bool last = --w->left == 0;
        if (last)
            (void)wait_take(at, &party->waits_end);
        w->resulted(w->context, index, result->err, result);
        if (last)
            free(w);
        return;
    }
}

/* ---- Mail ---- */

static void
mail_finish(vdr_party *party, vdr_err err)
{
    mail *m = party->mails;
    vdr_client_state state;
    vdr_client_state_get(party->client, &state);
    party->mails = m->next;
    if (party->mails == NULL)
        party->mails_end = &party->mails;
    if (m->begun)
        vdr_client_unsubscribe(party->client);
    m->wish.done(m->wish.context, err, state.acknowledged, state.newest);
    free(m);
    vdr_party_touch(party);
}

static void
on_message(void *context, const vdr_wire_message *message)
{
    vdr_party *party = context;
    mail *m = party->mails;
    vdr_client_state state;
    vdr_client_state_get(party->client, &state);
    /* What is acknowledged may be there still, or not: it is never shown, so that it is known when all has come. */
    if (m == NULL || m->got >= m->wish.limit || message->seq <= state.acknowledged ||
        (m->wish.after_given && message->seq <= m->wish.after))
        return;
    m->got++;
    m->wish.message(m->wish.context, message);
}

/* Goes on with the mail that is first, as far as it can. Outside libvoordeur's callbacks. */
static void
mail_step(vdr_party *party)
{
    while (party->mails != NULL) {
        mail *m = party->mails;
        vdr_client_state state;
        if (!m->begun) {
            vdr_client_subscription wish = {.after_given = m->wish.after_given,
                                            .after = m->wish.after,
                                            .window = m->wish.limit != 0 ? 64 : 1,
                                            .on_message = on_message,
                                            .context = party};
            m->begun = true;
            vdr_client_subscribe(party->client, &wish);
            vdr_party_touch(party);
        }
        vdr_client_state_get(party->client, &state);
        if (!state.subscribed)
            return;
        if (m->wish.up_to > state.newest) {
            mail_finish(party, VDR_E_NOT_FOUND);
        } else if (m->wish.up_to > state.acknowledged) {
            if (!m->acknowledging) {
                m->acknowledging = true;
                vdr_client_acknowledge(party->client, m->wish.up_to);
                vdr_party_touch(party);
            }
            return;
        } else if (m->got >= m->wish.limit || state.processed >= state.newest ||
                   state.newest <= state.acknowledged) {
            mail_finish(party, VDR_OK);
        } else {
            return;
        }
    }
}

void
vdr_party_mail_ask(vdr_party *party, const vdr_party_mail *wish)
{
    mail *m = vdr_alloc(1, sizeof *m);
    m->wish = *wish;
    m->deadline_ms = vdr_loop_now_ms() + timeout_of(party);
    *party->mails_end = m;
    party->mails_end = &m->next;
    if (is_away(party) && party->mails == m)
        mail_finish(party, VDR_E_DISCONNECTED);
    else if (party->mails == m)
        mail_step(party);
}

/* ---- The handle ---- */

static void
on_phase(void *context, vdr_client_phase phase)
{
    vdr_party *party = context;
    if (phase == VDR_CLIENT_READY)
        party->away = false;
    else if (!party->away) {
        party->away = true;
        party->away_since_ms = vdr_loop_now_ms();
    }
}

static void
meet_all(vdr_party *party, vdr_err err)
{
    while (party->meetings != NULL) {
        wait *w = wait_take(&party->meetings, &party->meetings_end);
        w->met(w->context, err);
        free(w);
    }
}

/* After each process(), outside callbacks. */
static void
on_settled(void *context, vdr_err err)
{
    vdr_party *party = context;
    (void)err;
    if (vdr_party_welcome(party) != NULL)
        meet_all(party, VDR_OK);
    mail_step(party);
}

vdr_err
vdr_parties_handle(vdr_parties *parties, const vdr_gate_party *who, vdr_client_options *options,
                   vdr_client **ret_client)
{
    vdr_client_error error;
    options->endpoint = who->endpoint;
    options->server_key_file = parties->gate->config->broker_key;
    options->key_file = who->key_file;
    options->name = "voordeur-gateway";
    options->want_results = true;
    options->tell_stopped = true; /* who asks over HTTP waits, and sends again when told to */
    options->unanswered_max = UNANSWERED;
    options->pause_max_ms = 2000; /* people wait */
    options->zmq_context = parties->zmq_context;
    vdr_err err = vdr_client_open(options, ret_client, &error);
    if (err == VDR_OK)
        return VDR_OK;
    (void)fprintf(stderr, "voordeur-gateway: %s:%s: %s\n", vdr_party_kind_name(who->kind), who->id,
                  error.text);
    return VDR_E_DISCONNECTED;
}

vdr_err
vdr_parties_get(vdr_parties *parties, const vdr_gate_party *who, vdr_party **ret_party)
{
    vdr_party *party = parties->first;
    while (party != NULL && party->who != who)
        party = party->next;
    if (party == NULL) {
        party = vdr_alloc(1, sizeof *party);
        *party =
            (vdr_party){.parties = parties, .who = who, .away = true, .away_since_ms = vdr_loop_now_ms()};
        party->waits_end = &party->waits;
        party->meetings_end = &party->meetings;
        party->mails_end = &party->mails;
        vdr_client_options options = {.context = party, .on_result = on_result, .on_phase = on_phase};
        vdr_err err = vdr_parties_handle(parties, who, &options, &party->client);
        if (err != VDR_OK) {
            free(party);
            return err;
        }
        party->handle = vdr_loop_client_new(parties->gate->loop, party->client, on_settled, party);
        party->next = parties->first;
        parties->first = party;
    }
    party->used_ms = vdr_loop_now_ms();
    *ret_party = party;
    return VDR_OK;
}

/* Nobody waits any more. */
static void
party_free(vdr_party *party)
{
    vdr_loop_client_free(&party->handle);
    vdr_client_close(&party->client);
    free(party);
}

const vdr_wire_welcome *
vdr_party_welcome(const vdr_party *party)
{
    vdr_client_state state;
    vdr_client_state_get(party->client, &state);
    return state.welcome;
}

vdr_client *
vdr_party_client(vdr_party *party)
{
    return party->client;
}

void
vdr_party_touch(vdr_party *party)
{
    vdr_loop_client_touch(party->handle);
}

/* ---- Asking ---- */

void
vdr_party_meet(vdr_party *party, vdr_party_met met, void *context)
{
    if (vdr_party_welcome(party) != NULL) {
        met(context, VDR_OK);
        return;
    }
    if (is_away(party)) {
        met(context, VDR_E_DISCONNECTED);
        return;
    }
    wait *w = wait_new(party, 0, context);
    w->met = met;
    wait_add(&party->meetings_end, w);
}

static question *
question_new(vdr_party *party, void *context)
{
    question *q = vdr_alloc(1, sizeof *q);
    *q = (question){.next = party->questions, .at = &party->questions, .party = party, .context = context};
    if (q->next != NULL)
        q->next->at = &q->next;
    party->questions = q;
    return q;
}

/* Takes it out of the list and frees it; what it was comes back. */
static question
question_take(question *q)
{
    question was = *q;
    *q->at = q->next;
    if (q->next != NULL)
        q->next->at = q->at;
    free(q);
    return was;
}

static vdr_err
told(const vdr_party *party, vdr_err err)
{
    return err == VDR_E_TIMEOUT ? lateness(party) : err;
}

static void
on_answered(void *context, vdr_err err, const vdr_wire_answer *answer)
{
    question q = question_take(context);
    q.answered(q.context, told(q.party, err), answer);
}

static void
on_ruled(void *context, vdr_err err, const vdr_wire_admin_result *result)
{
    question q = question_take(context);
    q.ruled(q.context, told(q.party, err), result);
}

void
vdr_party_read(vdr_party *party, const vdr_wire_read *read, vdr_client_answered answered, void *context)
{
    question *q = question_new(party, context);
    q->answered = answered;
    vdr_err err = is_away(party)
                      ? VDR_E_DISCONNECTED
                      : vdr_client_read_async(party->client, read, timeout_of(party), on_answered, q);
    if (err != VDR_OK)
        on_answered(q, err, NULL);
    else
        vdr_party_touch(party);
}

void
vdr_party_rule(vdr_party *party, const vdr_wire_admin *admin, vdr_client_ruled ruled, void *context)
{
    question *q = question_new(party, context);
    q->ruled = ruled;
    vdr_err err = is_away(party)
                      ? VDR_E_DISCONNECTED
                      : vdr_client_admin_async(party->client, admin, timeout_of(party), on_ruled, q);
    if (err != VDR_OK)
        on_ruled(q, err, NULL);
    else
        vdr_party_touch(party);
}

static void
took(vdr_party *party, vdr_err err, uint64_t first, size_t count, vdr_party_resulted resulted, void *context)
{
    if (err != VDR_OK) {
        for (size_t i = 0; i < count; i++)
            resulted(context, i, err, NULL);
        return;
    }
    wait *w = wait_new(party, count, context);
    w->first = first;
    w->resulted = resulted;
    wait_add(&party->waits_end, w);
    vdr_party_touch(party);
}

void
vdr_party_publish(vdr_party *party, const vdr_wire_item *items, size_t count, vdr_party_resulted resulted,
                  void *context)
{
    uint64_t first = 0;
    vdr_err err =
        is_away(party) ? VDR_E_DISCONNECTED : vdr_client_publish_async(party->client, items, count, &first);
    took(party, err, first, count, resulted, context);
}

void
vdr_party_act(vdr_party *party, const vdr_client_act *act, vdr_party_resulted resulted, void *context)
{
    uint64_t number = 0;
    vdr_err err = is_away(party) ? VDR_E_DISCONNECTED : vdr_client_act_async(party->client, act, &number);
    took(party, err, number, 1, resulted, context);
}

/* ---- All of them ---- */

static void
tick_waits(vdr_party *party, int64_t now_ms)
{
    while (party->waits != NULL && (now_ms >= party->waits->deadline_ms || is_away(party)))
        wait_end(wait_take(&party->waits, &party->waits_end), lateness(party));
    if (party->meetings != NULL && (now_ms >= party->meetings->deadline_ms || is_away(party)))
        meet_all(party, VDR_E_DISCONNECTED);
    while (party->mails != NULL && (now_ms >= party->mails->deadline_ms || is_away(party)))
        mail_finish(party, lateness(party));
    mail_step(party);
}

static bool
is_idle(const vdr_party *party, int64_t now_ms)
{
    vdr_client_state state;
    vdr_client_state_get(party->client, &state);
    return now_ms - party->used_ms >= IDLE_MS && party->questions == NULL && party->waits == NULL &&
           party->meetings == NULL && party->mails == NULL && state.unanswered == 0;
}

static void
on_tick(void *context)
{
    vdr_parties *parties = context;
    int64_t now_ms = vdr_loop_now_ms();
    for (vdr_party **at = &parties->first; *at != NULL;) {
        vdr_party *party = *at;
        tick_waits(party, now_ms);
        if (is_idle(party, now_ms)) {
            *at = party->next;
            party_free(party);
        } else {
            at = &party->next;
        }
    }
    vdr_loop_timer_set(parties->timer, TICK_MS);
}

vdr_err
vdr_parties_open(vdr_gate *gate, vdr_parties **ret_parties)
{
    vdr_parties *parties = vdr_alloc(1, sizeof *parties);
    /* The server answers by itself what takes longer than its limit: be a little before it. */
    int64_t limit_ms = gate->config->limits.answer_ms;
    *parties =
        (vdr_parties){.gate = gate, .timeout_ms = limit_ms > 2000 ? limit_ms - 1000 : limit_ms / 2 + 1};
    parties->zmq_context = zmq_ctx_new();
    VDR_ASSERT(parties->zmq_context != NULL);
    (void)zmq_ctx_set(parties->zmq_context, ZMQ_MAX_SOCKETS, 8192); /* two a handle */
    parties->timer = vdr_loop_timer_new(gate->loop, on_tick, parties);
    vdr_loop_timer_set(parties->timer, TICK_MS);
    *ret_parties = parties;
    return VDR_OK;
}

void
vdr_parties_close(vdr_parties **parties_p)
{
    vdr_parties *parties = *parties_p;
    if (parties == NULL)
        return;
    while (parties->first != NULL) {
        vdr_party *party = parties->first;
        parties->first = party->next;
        while (party->waits != NULL)
            wait_end(wait_take(&party->waits, &party->waits_end), VDR_E_CLOSING);
        meet_all(party, VDR_E_CLOSING);
        for (question *at = party->questions, *next; at != NULL; at = next) {
            next = at->next;
            question q = question_take(at);
            if (q.answered != NULL)
                q.answered(q.context, VDR_E_CLOSING, NULL);
            else
                q.ruled(q.context, VDR_E_CLOSING, NULL);
        }
        while (party->mails != NULL)
            mail_finish(party, VDR_E_CLOSING);
        party_free(party);
    }
    vdr_loop_timer_free(&parties->timer);
    (void)zmq_ctx_term(parties->zmq_context);
    free(parties);
    *parties_p = NULL;
}

bool
vdr_parties_ready(vdr_parties *parties)
{
    const vdr_gate_config *config = parties->gate->config;
    vdr_party *party;
    for (party = parties->first; party != NULL; party = party->next)
        if (!party->away)
            return true;
    if (config->party_count == 0)
        return true;
    /* Nobody's session: is it theirs, or is the broker away? The next of the town's parties tries, one each time. */
    vdr_err err = vdr_parties_get(parties, &config->parties[parties->probe++ % config->party_count], &party);
    (void)err; /* it was told */
    return false;
}
