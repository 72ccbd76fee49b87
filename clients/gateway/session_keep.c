/* What is kept of the sessions while the gateway is started anew (roll.h): who was alive wakes, and what happens is told. */
#include "clients/gateway/session_inside.h"

#include "clients/lib/client.h"
#include "proto/words.h"

#include <sodium.h>
#include <stdio.h>
#include <zmq.h>

/* As the book has it, whose clock is the wall's. */
static vdr_roll_entry
kept_of(const vdr_session *it)
{
    int64_t now_ms = vdr_loop_now_ms();
    vdr_ms wall = vdr_session_wall_ms();
    vdr_roll_entry kept = {.began = wall - (now_ms - it->began_ms), .used = wall - (now_ms - it->used_ms)};
    memcpy(kept.hash, it->hash, sizeof kept.hash);
    memcpy(kept.digest, it->digest, sizeof kept.digest);
    (void)snprintf(kept.party, sizeof kept.party, "%s:%s", vdr_party_kind_name(it->party->kind),
                   it->party->id);
    memcpy(kept.name, it->name, sizeof kept.name);
    memcpy(kept.csrf_token, it->csrf_token, sizeof kept.csrf_token);
    memcpy(kept.account, it->account, sizeof kept.account);
    return kept;
}

/* Of the first party's secret key; false: it cannot be read, and then nobody is served anyway. */
static bool
seal_of(const vdr_gate_config *config, uint8_t ret_key[VDR_ROLL_KEY_BYTES])
{
    char public_key[VDR_CLIENT_KEY_TEXT], secret_key[VDR_CLIENT_KEY_TEXT], words[256];
    uint8_t secret[32];
    if (config->party_count == 0 ||
        vdr_lib_keyfile_read_pair(config->parties[0].key_file, public_key, secret_key, words) != VDR_OK)
        return false;
    VDR_ASSERT(zmq_z85_decode(secret, secret_key) != NULL);
    vdr_roll_key(secret, ret_key);
    sodium_memzero(secret, sizeof secret);
    sodium_memzero(secret_key, sizeof secret_key);
    return true;
}

void
vdr_session_keep_begun(vdr_sessions *sessions, const vdr_session *it)
{
    if (sessions->book == NULL)
        return;
    vdr_roll_entry kept = kept_of(it);
    vdr_roll_begun(sessions->book, &kept);
}

typedef struct walk {
    const vdr_sessions *sessions;
    size_t bucket;
    vdr_session *it; /* the next, of the bucket before */
} walk;

static bool
next_alive(void *context, vdr_roll_entry *ret_kept)
{
    walk *w = context;
    for (;;) {
        while (w->it == NULL && w->bucket < VDR_SESSION_BUCKETS)
            w->it = w->sessions->buckets[w->bucket++];
        vdr_session *it = w->it;
        if (it == NULL)
            return false;
        w->it = it->next;
        if (vdr_session_over(w->sessions, it))
            continue;
        *ret_kept = kept_of(it);
        it->told_ms = it->used_ms;
        return true;
    }
}

void
vdr_gate_sessions_keep(vdr_sessions *sessions)
{
    walk w = {.sessions = sessions};
    vdr_roll_anew(sessions->book, next_alive, &w);
}

/* That one is used is told now and then: one that a crash ended has a little less time left. */
void
vdr_sessions_keep_up(vdr_sessions *sessions)
{
    int64_t every_ms = sessions->parts.config->limits.session_idle_ms / 16;
    if (vdr_roll_wants_anew(sessions->book))
        vdr_gate_sessions_keep(sessions);
    for (size_t i = 0; i < VDR_SESSION_BUCKETS && sessions->book != NULL; i++)
        for (vdr_session *it = sessions->buckets[i]; it != NULL; it = it->next)
            if (it->used_ms - it->told_ms > every_ms) {
                vdr_roll_used(sessions->book, it->hash, kept_of(it).used);
                it->told_ms = it->used_ms;
            }
}

/* Does the person whom the proxy names still lead to that party? */
static bool
is_granted(const vdr_gate_config *config, const vdr_roll_entry *kept, const vdr_gate_party *party)
{
    uint8_t digest[VDR_ACCOUNT_DIGEST_BYTES];
    for (size_t i = 0; i < config->grant_count; i++) {
        vdr_session_digest_of(config->grants[i].subject, digest);
        if (config->grants[i].kind == VDR_GRANT_SUBJECT && config->grants[i].party == party &&
            memcmp(digest, kept->digest, sizeof digest) == 0)
            return true;
    }
    return false;
}

static void
wake(void *context, const vdr_roll_entry *kept)
{
    vdr_sessions *sessions = context;
    vdr_ms wall = vdr_session_wall_ms();
    const vdr_gate_config *config = sessions->parts.config;
    const vdr_gate_party *party = vdr_session_party_named(config, kept->party);
    int64_t now_ms = vdr_loop_now_ms();
    bool local = kept->account[0] != '\0';
    /* A clock that was set back must not make a session longer. */
    if (party == NULL || kept->began > wall || kept->used > wall || kept->began > kept->used ||
        (local ? config->accounts == NULL : !is_granted(config, kept, party)) ||
        sessions->count >= (size_t)config->limits.sessions || vdr_session_find(sessions, kept->hash) != NULL)
        return;
    vdr_session *it = vdr_alloc(1, sizeof *it);
    it->party = party;
    memcpy(it->hash, kept->hash, sizeof it->hash);
    memcpy(it->digest, kept->digest, sizeof it->digest);
    memcpy(it->name, kept->name, sizeof it->name);
    memcpy(it->csrf_token, kept->csrf_token, sizeof it->csrf_token);
    memcpy(it->account, kept->account, sizeof it->account);
    it->began_ms = now_ms - (wall - kept->began);
    it->used_ms = it->told_ms = now_ms - (wall - kept->used);
    vdr_session_add(sessions, it);
}

/* The accounts are looked at before anybody is served. */
void
vdr_sessions_wake(vdr_sessions *sessions)
{
    const vdr_gate_config *config = sessions->parts.config;
    uint8_t key[VDR_ROLL_KEY_BYTES];
    if (config->sessions == NULL || !seal_of(config, key))
        return;
    vdr_roll *book;
    vdr_err err = vdr_roll_open(config->sessions, key, wake, sessions, &book);
    if (err != VDR_OK && err != VDR_E_NOT_FOUND)
        (void)fprintf(stderr, "level=warn event=sessions_lost reason=%s\n", vdr_err_code(err));
    sodium_memzero(key, sizeof key);
    vdr_sessions_drop_over(sessions);
    vdr_sessions_look_at_accounts(sessions);
    sessions->book = book;
    vdr_gate_sessions_keep(sessions);
}
