#include "clients/gateway/session.h"

#include "clients/gateway/account.h"
#include "clients/gateway/attempts.h"
#include "clients/gateway/http_conn.h"
#include "clients/gateway/roll.h"
#include "clients/lib/client.h"
#include "proto/words.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <zmq.h>

#define ID_BYTES    32
#define TEXT_BYTES  44 /* of 32 bytes in base64, and the zero */
#define BUCKETS     1024
#define LOOK_MS     2000 /* between looks at the file of accounts, and for sessions that have ended */
#define SUBJECT_MAX 256
#define OF_ONE_MAX  32 /* sessions of one person */
#define BASE64      sodium_base64_VARIANT_URLSAFE_NO_PADDING

typedef struct session {
    struct session *next; /* of its bucket */
    uint8_t hash[ID_BYTES];
    const vdr_gate_party *party;
    char name[SUBJECT_MAX + 1], csrf_token[TEXT_BYTES];
    char account[VDR_ACCOUNT_NAME_MAX + 1];   /* "": a person of the proxy's */
    uint8_t digest[VDR_ACCOUNT_DIGEST_BYTES]; /* of the account's line, or of the subject */
    int64_t began_ms, used_ms;
    int64_t told_ms; /* used, as the book was told last */
    bool confirmed;  /* while the accounts are looked through */
} session;

struct vdr_sessions {
    vdr_sessions_parts parts;
    session *buckets[BUCKETS];
    size_t count;
    vdr_loop_timer *look;
    struct timespec changed; /* the accounts' file, when last looked at */
    vdr_account_decoy decoy;
    vdr_attempts attempts;
    vdr_roll *book;          /* of who is alive, for the next start; NULL: none is kept */
    vdr_session_ended ended; /* may be NULL */
    void *ended_context;
};

/* ---- The table ---- */

static session **
bucket_of(vdr_sessions *sessions, const uint8_t hash[ID_BYTES])
{
    return &sessions->buckets[((size_t)hash[0] | (size_t)hash[1] << 8) % BUCKETS];
}

static void
add(vdr_sessions *sessions, session *it)
{
    session **at = bucket_of(sessions, it->hash);
    it->next = *at;
    *at = it;
    sessions->count++;
    vdr_metrics_add(sessions->parts.metrics, VDR_METRIC_SESSIONS, 1);
}

static void
drop(vdr_sessions *sessions, session **at)
{
    session *it = *at;
    *at = it->next;
    if (sessions->ended != NULL)
        sessions->ended(sessions->ended_context, it->hash);
    vdr_roll_ended(sessions->book, it->hash);
    sodium_memzero(it, sizeof *it);
    free(it);
    sessions->count--;
    vdr_metrics_add(sessions->parts.metrics, VDR_METRIC_SESSIONS, -1);
}

/* The ms until it ends if nothing is asked for; at most 0: it has ended. */
static int64_t
left_ms(const vdr_sessions *sessions, const session *it, int64_t now_ms)
{
    const vdr_gate_limits *limits = &sessions->parts.config->limits;
    int64_t idle_ms = it->used_ms + limits->session_idle_ms - now_ms;
    int64_t absolute_ms = it->began_ms + limits->session_absolute_ms - now_ms;
    return idle_ms < absolute_ms ? idle_ms : absolute_ms;
}

static session **
find(vdr_sessions *sessions, const uint8_t hash[ID_BYTES])
{
    for (session **at = bucket_of(sessions, hash); *at != NULL; at = &(*at)->next)
        if (sodium_memcmp((*at)->hash, hash, ID_BYTES) == 0)
            return at;
    return NULL;
}

/* Drops every session that `ended` says has ended. */
static void
drop_ended(vdr_sessions *sessions, bool (*ended)(const vdr_sessions *sessions, const session *it))
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (session **at = &sessions->buckets[i]; *at != NULL;) {
            if (ended(sessions, *at))
                drop(sessions, at);
            else
                at = &(*at)->next;
        }
}

static vdr_ms
wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (vdr_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* As the book has it, whose clock is the wall's. */
static vdr_roll_entry
kept_of(const session *it)
{
    int64_t now_ms = vdr_loop_now_ms();
    vdr_ms wall = wall_ms();
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

/* ---- Cookies ---- */

static const char *
cookie_name(const vdr_http_request *request)
{
    return request->secure ? "__Host-voordeur" : "voordeur";
}

/* The session's id in the request's cookie. */
static bool
read_cookie(const vdr_http_request *request, uint8_t ret_id[ID_BYTES])
{
    vdr_span cookies = vdr_http_header(request, "cookie"), name = vdr_span_str(cookie_name(request));
    for (size_t from = 0, to; from < cookies.len; from = to + 1) {
        while (from < cookies.len && cookies.at[from] == ' ')
            from++;
        for (to = from; to < cookies.len && cookies.at[to] != ';'; to++)
            ;
        size_t len = 0;
        if (to - from <= name.len || memcmp(cookies.at + from, name.at, name.len) != 0 ||
            cookies.at[from + name.len] != '=')
            continue;
        const char *value = (const char *)cookies.at + from + name.len + 1;
        return sodium_base642bin(ret_id, ID_BYTES, value, to - from - name.len - 1, NULL, &len, NULL,
                                 BASE64) == 0 &&
               len == ID_BYTES;
    }
    return false;
}

static void
hash_id(const uint8_t id[ID_BYTES], uint8_t ret_hash[ID_BYTES])
{
    (void)crypto_generichash(ret_hash, ID_BYTES, id, ID_BYTES, NULL, 0);
}

static void
show(const vdr_sessions *sessions, const session *it, vdr_http_request *request)
{
    vdr_arena *arena = &vdr_exchange_of(request)->arena;
    const char *name = (const char *)vdr_arena_copy(arena, vdr_span_str(it->name)).at;
    const char *token = (const char *)vdr_arena_copy(arena, vdr_span_str(it->csrf_token)).at;
    request->identity = (vdr_identity){
        .way = VDR_IDENTITY_SESSION,
        .party = it->party,
        .name = name != NULL ? name : "",
        .csrf_token = token != NULL ? token : "",
        .expires_at = wall_ms() + left_ms(sessions, it, vdr_loop_now_ms()),
    };
    memcpy(request->identity.key, it->hash, sizeof request->identity.key);
}

/* ---- Begin and end ---- */

static bool
over(const vdr_sessions *sessions, const session *it)
{
    return left_ms(sessions, it, vdr_loop_now_ms()) <= 0;
}

/* Whose a session is. */
typedef struct person {
    const char *account; /* "": a person of the proxy's */
    uint8_t digest[VDR_ACCOUNT_DIGEST_BYTES];
} person;

static bool
is_of(const session *it, const person *who)
{
    return strcmp(it->account, who->account) == 0 &&
           (it->account[0] != '\0' || memcmp(it->digest, who->digest, sizeof it->digest) == 0);
}

static bool
older(const session *it, session *const *than)
{
    return than == NULL || it->used_ms < (*than)->used_ms;
}

/* Where there is no room, the session unused for longest gives way: of the same person where that one has many, so
 * that nobody signs others out by signing in again and again. */
static void
make_room(vdr_sessions *sessions, const person *who)
{
    session **oldest = NULL, **own = NULL;
    size_t own_count = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (session **at = &sessions->buckets[i]; *at != NULL; at = &(*at)->next) {
            if (older(*at, oldest))
                oldest = at;
            if (!is_of(*at, who))
                continue;
            own_count++;
            if (older(*at, own))
                own = at;
        }
    if (own_count >= OF_ONE_MAX)
        drop(sessions, own);
    else if (sessions->count >= (size_t)sessions->parts.config->limits.sessions && oldest != NULL)
        drop(sessions, oldest);
}

static void
begin(vdr_sessions *sessions, vdr_http_request *request, const vdr_gate_party *party, const person *who,
      vdr_span name)
{
    uint8_t id[ID_BYTES], token[ID_BYTES];
    char text[TEXT_BYTES];
    make_room(sessions, who);
    randombytes_buf(id, sizeof id);
    randombytes_buf(token, sizeof token);
    session *it = vdr_alloc(1, sizeof *it);
    it->party = party;
    memcpy(it->account, who->account, strlen(who->account) + 1);
    memcpy(it->digest, who->digest, sizeof it->digest);
    it->began_ms = it->used_ms = vdr_loop_now_ms();
    memcpy(it->name, name.at, name.len < SUBJECT_MAX ? name.len : SUBJECT_MAX);
    (void)sodium_bin2base64(it->csrf_token, sizeof it->csrf_token, token, sizeof token, BASE64);
    (void)sodium_bin2base64(text, sizeof text, id, sizeof id, BASE64);
    hash_id(id, it->hash);
    it->told_ms = it->used_ms;
    add(sessions, it);
    if (sessions->book != NULL) {
        vdr_roll_entry kept = kept_of(it);
        vdr_roll_begun(sessions->book, &kept);
    }
    vdr_exchange *exchange = vdr_exchange_of(request);
    (void)snprintf(exchange->cookie, sizeof exchange->cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s",
                   cookie_name(request), text, request->secure ? "; Secure" : "");
    sodium_memzero(id, sizeof id);
    sodium_memzero(text, sizeof text);
    show(sessions, it, request);
}

static void
digest_of(vdr_span text, uint8_t ret_digest[VDR_ACCOUNT_DIGEST_BYTES])
{
    (void)crypto_generichash(ret_digest, VDR_ACCOUNT_DIGEST_BYTES, text.at, text.len, NULL, 0);
}

bool
vdr_gate_sessions_find(vdr_sessions *sessions, vdr_http_request *request, vdr_span subject)
{
    uint8_t id[ID_BYTES], hash[ID_BYTES], digest[VDR_ACCOUNT_DIGEST_BYTES];
    if (!read_cookie(request, id))
        return false;
    hash_id(id, hash);
    session **at = find(sessions, hash);
    if (at == NULL)
        return false;
    if (over(sessions, *at)) {
        drop(sessions, at);
        return false;
    }
    digest_of(subject, digest);
    bool local = (*at)->account[0] != '\0';
    if (local != (subject.at == NULL) || (!local && memcmp(digest, (*at)->digest, sizeof digest) != 0))
        return false;
    (*at)->used_ms = vdr_loop_now_ms();
    show(sessions, *at, request);
    return true;
}

void
vdr_gate_sessions_begin(vdr_sessions *sessions, vdr_http_request *request, const vdr_gate_party *party,
                        vdr_span subject, vdr_span name)
{
    person who = {.account = ""};
    digest_of(subject, who.digest);
    begin(sessions, request, party, &who, name);
}

void
vdr_session_logout(vdr_sessions *sessions, vdr_http_request *request)
{
    uint8_t id[ID_BYTES], hash[ID_BYTES];
    vdr_exchange *exchange = vdr_exchange_of(request);
    if (read_cookie(request, id)) {
        hash_id(id, hash);
        session **at = find(sessions, hash);
        if (at != NULL) {
            drop(sessions, at);
            vdr_roll_sync(sessions->book); /* before anybody is told that it ended */
        }
        (void)snprintf(exchange->cookie, sizeof exchange->cookie,
                       "%s=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict%s", cookie_name(request),
                       request->secure ? "; Secure" : "");
    }
    request->identity = (vdr_identity){.name = "", .csrf_token = ""};
}

/* ---- Logging in ---- */

typedef struct login {
    vdr_sessions *sessions;
    vdr_http_request *request;
    vdr_session_answered answered;
    void *context;
    vdr_attempt attempt;
    char name[VDR_ACCOUNT_NAME_MAX + 1];
    uint8_t password[VDR_ACCOUNT_PASSWORD_MAX];
    size_t password_len;
    vdr_account account;
    vdr_err err;
    vdr_refusal refusal; /* known without a look at the password */
} login;

static const vdr_gate_party *
party_named(const vdr_gate_config *config, const char *text)
{
    size_t kind_len = strcspn(text, ":");
    vdr_party_kind kind = vdr_party_kind_of(vdr_span_of(text, kind_len));
    for (size_t i = 0; i < config->party_count; i++)
        if (config->parties[i].kind == kind && text[kind_len] == ':' &&
            strcmp(config->parties[i].id, text + kind_len + 1) == 0)
            return &config->parties[i];
    return NULL;
}

/* On a thread: the decoy is read only. */
static void
check(void *context)
{
    login *it = context;
    it->err =
        vdr_account_check(it->sessions->parts.config->accounts, &it->sessions->decoy, vdr_span_str(it->name),
                          vdr_span_of(it->password, it->password_len), &it->account);
    sodium_memzero(it->password, sizeof it->password);
}

static vdr_refusal
conclude(login *it)
{
    vdr_sessions *sessions = it->sessions;
    if (it->err != VDR_OK && it->err != VDR_E_UNKNOWN_ACTOR)
        return VDR_REFUSAL_UNAVAILABLE;
    if (it->err != VDR_OK)
        return VDR_REFUSAL_WRONG_PASSWORD;
    const vdr_gate_party *party = party_named(sessions->parts.config, it->account.party);
    if (party == NULL)
        return VDR_REFUSAL_WRONG_PASSWORD; /* an account of a party that is no more */
    vdr_attempts_right(&sessions->attempts, &it->attempt);
    vdr_session_logout(sessions, it->request);
    person who = {.account = it->account.name};
    memcpy(who.digest, it->account.digest, sizeof who.digest);
    begin(sessions, it->request, party, &who, vdr_span_str(it->account.full_name));
    sessions->changed =
        (struct timespec){0}; /* the file may have changed since it was read: it is looked at again */
    return VDR_REFUSAL_NONE;
}

static void
on_checked(void *context)
{
    login *it = context;
    vdr_refusal refusal = it->refusal != VDR_REFUSAL_NONE ? it->refusal : conclude(it);
    vdr_metrics_add(it->sessions->parts.metrics,
                    refusal == VDR_REFUSAL_NONE ? VDR_METRIC_LOGINS : VDR_METRIC_LOGINS_FAILED, 1);
    it->answered(it->context, it->request, refusal);
    sodium_memzero(it, sizeof *it);
    free(it);
}

/* May the password be looked at now? Otherwise what to answer. */
static vdr_refusal
admit(login *it)
{
    vdr_exchange *exchange = vdr_exchange_of(it->request);
    it->attempt = vdr_attempt_of(it->name, exchange->has_address ? &exchange->address : NULL);
    int64_t wait_ms = vdr_attempts_wait_ms(&it->sessions->attempts, &it->attempt, vdr_loop_now_ms());
    if (wait_ms > 0)
        exchange->retry_after_s = (wait_ms + 999) / 1000;
    return wait_ms > 0 ? VDR_REFUSAL_TOO_MANY : VDR_REFUSAL_NONE;
}

void
vdr_session_login(vdr_sessions *sessions, vdr_http_request *request, vdr_span account, vdr_span password,
                  vdr_session_answered answered, void *context)
{
    login *it = vdr_alloc(1, sizeof *it);
    *it = (login){.sessions = sessions, .request = request, .answered = answered, .context = context};
    if (sessions->parts.config->accounts == NULL)
        it->refusal = VDR_REFUSAL_NO_SUCH_PATH;
    else if (account.len == 0 || account.len > VDR_ACCOUNT_NAME_MAX ||
             password.len > VDR_ACCOUNT_PASSWORD_MAX || memchr(account.at, 0, account.len) != NULL)
        it->refusal =
            VDR_REFUSAL_WRONG_PASSWORD; /* no account is like that, so nothing is told by the quickness */
    if (it->refusal == VDR_REFUSAL_NONE) {
        memcpy(it->name, account.at, account.len);
        if (password.len != 0)
            memcpy(it->password, password.at, password.len);
        it->password_len = password.len;
        it->refusal = admit(it);
    }
    if (it->refusal == VDR_REFUSAL_NONE &&
        vdr_loop_work(sessions->parts.loop, check, on_checked, it) == VDR_OK) {
        /* Only what is looked at: a flood that is turned away must not push others' counts out. */
        vdr_attempts_begin(&sessions->attempts, &it->attempt, vdr_loop_now_ms());
        return;
    }
    if (it->refusal == VDR_REFUSAL_NONE)
        it->refusal = VDR_REFUSAL_UNAVAILABLE; /* too many logins at once */
    vdr_loop_later(sessions->parts.loop, on_checked, it);
}

/* ---- Accounts that change while sessions live ---- */

static void
confirm(void *context, const vdr_account *account)
{
    vdr_sessions *sessions = context;
    for (size_t i = 0; i < BUCKETS; i++)
        for (session *it = sessions->buckets[i]; it != NULL; it = it->next)
            if (strcmp(it->account, account->name) == 0 &&
                memcmp(it->digest, account->digest, sizeof it->digest) == 0)
                it->confirmed = true;
}

static bool
unconfirmed(const vdr_sessions *sessions, const session *it)
{
    (void)sessions;
    return it->account[0] != '\0' && !it->confirmed;
}

static void
look_at_accounts(vdr_sessions *sessions)
{
    const char *path = sessions->parts.config->accounts;
    struct stat st;
    if (path == NULL || sessions->count == 0)
        return;
    if (stat(path, &st) != 0)
        st.st_ctim = (struct timespec){0};
    if (st.st_ctim.tv_sec == sessions->changed.tv_sec && st.st_ctim.tv_nsec == sessions->changed.tv_nsec)
        return;
    sessions->changed = st.st_ctim;
    for (size_t i = 0; i < BUCKETS; i++)
        for (session *it = sessions->buckets[i]; it != NULL; it = it->next)
            it->confirmed = false;
    /* A file that cannot be read confirms nobody. */
    if (vdr_account_each(path, confirm, sessions) != VDR_OK)
        (void)fprintf(stderr, "level=warn event=accounts_unreadable\n");
    drop_ended(sessions, unconfirmed);
}

/* ---- While it is started anew ---- */

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

typedef struct walk {
    const vdr_sessions *sessions;
    size_t bucket;
    session *it; /* the next, of the bucket before */
} walk;

static bool
next_alive(void *context, vdr_roll_entry *ret_kept)
{
    walk *w = context;
    for (;;) {
        while (w->it == NULL && w->bucket < BUCKETS)
            w->it = w->sessions->buckets[w->bucket++];
        session *it = w->it;
        if (it == NULL)
            return false;
        w->it = it->next;
        if (over(w->sessions, it))
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
static void
keep_up(vdr_sessions *sessions)
{
    int64_t every_ms = sessions->parts.config->limits.session_idle_ms / 16;
    if (vdr_roll_wants_anew(sessions->book))
        vdr_gate_sessions_keep(sessions);
    for (size_t i = 0; i < BUCKETS && sessions->book != NULL; i++)
        for (session *it = sessions->buckets[i]; it != NULL; it = it->next)
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
        digest_of(config->grants[i].subject, digest);
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
    vdr_ms wall = wall_ms();
    const vdr_gate_config *config = sessions->parts.config;
    const vdr_gate_party *party = party_named(config, kept->party);
    int64_t now_ms = vdr_loop_now_ms();
    bool local = kept->account[0] != '\0';
    /* A clock that was set back must not make a session longer. */
    if (party == NULL || kept->began > wall || kept->used > wall || kept->began > kept->used ||
        (local ? config->accounts == NULL : !is_granted(config, kept, party)) ||
        sessions->count >= (size_t)config->limits.sessions || find(sessions, kept->hash) != NULL)
        return;
    session *it = vdr_alloc(1, sizeof *it);
    it->party = party;
    memcpy(it->hash, kept->hash, sizeof it->hash);
    memcpy(it->digest, kept->digest, sizeof it->digest);
    memcpy(it->name, kept->name, sizeof it->name);
    memcpy(it->csrf_token, kept->csrf_token, sizeof it->csrf_token);
    memcpy(it->account, kept->account, sizeof it->account);
    it->began_ms = now_ms - (wall - kept->began);
    it->used_ms = it->told_ms = now_ms - (wall - kept->used);
    add(sessions, it);
}

/* Those of the life before. The accounts are looked at before anybody is served. */
static void
wake_all(vdr_sessions *sessions)
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
    drop_ended(sessions, over);
    look_at_accounts(sessions);
    sessions->book = book;
    vdr_gate_sessions_keep(sessions);
}

static void
on_look(void *context)
{
    vdr_sessions *sessions = context;
    drop_ended(sessions, over);
    look_at_accounts(sessions);
    keep_up(sessions);
    vdr_loop_timer_set(sessions->look, LOOK_MS);
}

vdr_sessions *
vdr_gate_sessions_new(const vdr_sessions_parts *parts)
{
    vdr_sessions *sessions = vdr_alloc(1, sizeof *sessions);
    sessions->parts = *parts;
    vdr_attempts_init(&sessions->attempts);
    if (parts->config->accounts != NULL)
        vdr_account_decoy_make(&sessions->decoy);
    wake_all(sessions);
    sessions->look = vdr_loop_timer_new(parts->loop, on_look, sessions);
    vdr_loop_timer_set(sessions->look, LOOK_MS);
    return sessions;
}

void
vdr_gate_sessions_watch(vdr_sessions *sessions, vdr_session_ended ended, void *context)
{
    sessions->ended = ended;
    sessions->ended_context = context;
}

static bool
always(const vdr_sessions *sessions, const session *it)
{
    (void)sessions;
    (void)it;
    return true;
}

void
vdr_gate_sessions_free(vdr_sessions **sessions_p)
{
    if (*sessions_p == NULL)
        return;
    (*sessions_p)->ended = NULL;
    vdr_roll_close(&(*sessions_p)->book); /* before they end here: they sleep */
    drop_ended(*sessions_p, always);
    vdr_loop_timer_free(&(*sessions_p)->look);
    free(*sessions_p);
    *sessions_p = NULL;
}
