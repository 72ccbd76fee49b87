#include "broker/session.h"

#include <stdlib.h>

struct vdr_sessions {
    vdr_session_caps caps;
    uint64_t last_number;
    uint64_t counts[VDR_ZONES]; /* without stones */
    uint64_t stones;
    vdr_session *oldest, *newest;
    vdr_session **by_peer, **by_number; /* buckets */
    size_t mask;
};

void *
vdr_ring_add(vdr_ring *ring, size_t size)
{
    if (ring->count == ring->room) {
        size_t room = ring->room == 0 ? 16 : 2 * ring->room;
        uint8_t *at = (uint8_t *)vdr_alloc(room, size);
        for (size_t i = 0; i < ring->count; i++)
            memcpy(at + i * size, ring->at + (ring->first + i) % ring->room * size, size);
        free(ring->at);
        ring->at = at;
        ring->first = 0;
        ring->room = room;
        ring->size = size;
    }
    VDR_ASSERT(ring->size == size);
    void *place = ring->at + (ring->first + ring->count++) % ring->room * size;
    memset(place, 0, size);
    return place;
}

void *
vdr_ring_first(const vdr_ring *ring)
{
    return ring->count == 0 ? NULL : ring->at + ring->first * ring->size;
}

void *
vdr_ring_at(const vdr_ring *ring, size_t number)
{
    VDR_ASSERT(number < ring->count);
    return ring->at + (ring->first + number) % ring->room * ring->size;
}

void
vdr_ring_drop(vdr_ring *ring)
{
    VDR_ASSERT(ring->count > 0);
    ring->first = (ring->first + 1) % ring->room;
    ring->count--;
}

void
vdr_ring_done(vdr_ring *ring)
{
    free(ring->at);
    *ring = (vdr_ring){0};
}

/* ---- the table */

vdr_sessions *
vdr_sessions_new(const vdr_session_caps *caps)
{
    vdr_sessions *sessions = (vdr_sessions *)vdr_alloc(1, sizeof *sessions);
    sessions->caps = *caps;
    size_t wanted = caps->sessions[VDR_ZONE_PARTIES] + caps->sessions[VDR_ZONE_OPERATORS] + caps->stones;
    size_t buckets = 64;
    while (buckets < wanted)
        buckets *= 2;
    sessions->mask = buckets - 1;
    sessions->by_peer = (vdr_session **)vdr_alloc(buckets, sizeof *sessions->by_peer);
    sessions->by_number = (vdr_session **)vdr_alloc(buckets, sizeof *sessions->by_number);
    return sessions;
}

static vdr_session **
peer_bucket(vdr_sessions *sessions, vdr_peer peer)
{
    /* Numbers of connections follow each other in their high bytes: spread them. */
    uint64_t spread = ((uint64_t)peer.number << 1 | (uint64_t)peer.zone) * UINT64_C(0x9e3779b97f4a7c15);
    return &sessions->by_peer[(spread >> 32) & sessions->mask];
}

static vdr_session **
number_bucket(vdr_sessions *sessions, uint64_t number)
{
    return &sessions->by_number[number & sessions->mask];
}

static void
free_waiting(vdr_session *session)
{
    while (session->out.first != NULL) {
        vdr_waiting *next = session->out.first->next;
        free(session->out.first);
        session->out.first = next;
    }
    session->out.last = NULL;
    session->out.bytes = 0;
}

static void
free_held(vdr_session *session)
{
    vdr_held *held;
    while ((held = (vdr_held *)vdr_ring_first(&session->answers)) != NULL) {
        free(held->frame);
        vdr_ring_drop(&session->answers);
    }
    vdr_ring_done(&session->answers);
    session->answer_bytes = 0;
}

static void
unchain(vdr_sessions *sessions, vdr_session *session)
{
    vdr_session **at = peer_bucket(sessions, session->peer);
    while (*at != session)
        at = &(*at)->by_peer;
    *at = session->by_peer;
    at = number_bucket(sessions, session->number);
    while (*at != session)
        at = &(*at)->by_number;
    *at = session->by_number;
    *(session->older != NULL ? &session->older->newer : &sessions->oldest) = session->newer;
    *(session->newer != NULL ? &session->newer->older : &sessions->newest) = session->older;
}

static void
forget(vdr_sessions *sessions, vdr_session *session)
{
    if (session->state != VDR_SESSION_OVER)
        vdr_session_over(sessions, session);
    unchain(sessions, session);
    sessions->stones--;
    free_waiting(session);
    free(session);
}

void
vdr_sessions_free(vdr_sessions **sessions_p)
{
    vdr_sessions *sessions = *sessions_p;
    if (sessions == NULL)
        return;
    while (sessions->oldest != NULL)
        forget(sessions, sessions->oldest);
    free(sessions->by_peer);
    free(sessions->by_number);
    free(sessions);
    *sessions_p = NULL;
}

vdr_session *
vdr_session_by_peer(vdr_sessions *sessions, vdr_peer peer)
{
    vdr_session *session = *peer_bucket(sessions, peer);
    while (session != NULL && (session->peer.number != peer.number || session->peer.zone != peer.zone))
        session = session->by_peer;
    return session;
}

vdr_session *
vdr_session_by_number(vdr_sessions *sessions, uint64_t number)
{
    vdr_session *session = *number_bucket(sessions, number);
    while (session != NULL && session->number != number)
        session = session->by_number;
    bool live = session != NULL && session->state != VDR_SESSION_OVER && !session->ending;
    return live ? session : NULL;
}

vdr_session *
vdr_session_add(vdr_sessions *sessions, vdr_peer peer, const vdr_key *key, int64_t now_ms, vdr_ms since)
{
    if (sessions->counts[peer.zone] >= sessions->caps.sessions[peer.zone])
        return NULL;
    vdr_session *session = (vdr_session *)vdr_alloc(1, sizeof *session);
    session->number = ++sessions->last_number;
    session->peer = peer;
    session->key_id = key->id;
    session->kind = key->kind;
    memcpy(session->party, key->party, sizeof session->party);
    session->state = VDR_SESSION_NEW;
    session->in_next = session->out_next = 1;
    session->heard_ms = now_ms;
    session->since = since;
    session->publish.next = 1;
    vdr_session **peers = peer_bucket(sessions, peer), **numbers = number_bucket(sessions, session->number);
    session->by_peer = *peers;
    *peers = session;
    session->by_number = *numbers;
    *numbers = session;
    session->older = sessions->newest;
    *(sessions->newest != NULL ? &sessions->newest->newer : &sessions->oldest) = session;
    sessions->newest = session;
    sessions->counts[peer.zone]++;
    return session;
}

vdr_session *
vdr_session_in_excess(vdr_sessions *sessions, const vdr_session *session)
{
    uint64_t count = 0;
    vdr_session *silent = NULL;
    for (vdr_session *s = sessions->oldest; s != NULL; s = s->newer) {
        if (s->key_id != session->key_id || s->state == VDR_SESSION_OVER)
            continue;
        count++;
        if (s != session && (silent == NULL || s->heard_order < silent->heard_order))
            silent = s;
    }
    return count > sessions->caps.per_key ? silent : NULL;
}

void
vdr_session_over(vdr_sessions *sessions, vdr_session *session)
{
    VDR_ASSERT(session->state != VDR_SESSION_OVER);
    session->state = VDR_SESSION_OVER;
    sessions->counts[session->peer.zone]--;
    sessions->stones++;
    free_held(session);
    vdr_ring_done(&session->publish.batches);
    vdr_ring_done(&session->publish.acted);
    free(session->publish.exceptions);
    free(session->publish.results);
    free(session->mail.batch);
    free(session->lines.batch);
    session->publish.exceptions = NULL;
    session->publish.results = NULL;
    session->publish.exception_count = session->publish.result_count = 0;
    session->mail.batch = NULL;
    session->lines.batch = NULL;
    session->mail.on = session->lines.on = false;
}

vdr_session *
vdr_session_next(vdr_sessions *sessions, const vdr_session *session)
{
    return session == NULL ? sessions->oldest : session->newer;
}

size_t
vdr_sessions_sweep(vdr_sessions *sessions, int64_t before_ms)
{
    vdr_session *next;
    size_t blocked = 0;
    for (vdr_session *s = sessions->oldest; s != NULL && sessions->stones > 0; s = next) {
        next = s->newer;
        bool old = s->heard_ms < before_ms || sessions->stones > sessions->caps.stones;
        if (s->state != VDR_SESSION_OVER || !old)
            continue;
        blocked += s->out.first != NULL;
        forget(sessions, s);
    }
    return blocked;
}

uint64_t
vdr_sessions_count(const vdr_sessions *sessions, vdr_zone zone)
{
    return sessions->counts[zone];
}
