#include "clients/gateway/session_inside.h"

#include "clients/gateway/http_conn.h"
#include "proto/utf8.h"
#include "proto/words.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define ID_BYTES   VDR_SESSION_ID_BYTES
#define BUCKETS    VDR_SESSION_BUCKETS
#define LOOK_MS    2000 /* between looks at the file of accounts, and for sessions that have ended */
#define OF_ONE_MAX 32   /* sessions of one person */
#define BASE64     sodium_base64_VARIANT_URLSAFE_NO_PADDING

/* ---- The table ---- */

static vdr_session **
bucket_of(vdr_sessions *sessions, const uint8_t hash[ID_BYTES])
{
    return &sessions->buckets[((size_t)hash[0] | (size_t)hash[1] << 8) % BUCKETS];
}

void
vdr_session_add(vdr_sessions *sessions, vdr_session *it)
{
    vdr_session **at = bucket_of(sessions, it->hash);
    it->next = *at;
    *at = it;
    sessions->count++;
    vdr_metrics_add(sessions->parts.metrics, VDR_METRIC_SESSIONS, 1);
}

static void
drop(vdr_sessions *sessions, vdr_session **at)
{
    vdr_session *it = *at;
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
left_ms(const vdr_sessions *sessions, const vdr_session *it, int64_t now_ms)
{
    const vdr_gate_limits *limits = &sessions->parts.config->limits;
    int64_t idle_ms = it->used_ms + limits->session_idle_ms - now_ms;
    int64_t absolute_ms = it->began_ms + limits->session_absolute_ms - now_ms;
    return idle_ms < absolute_ms ? idle_ms : absolute_ms;
}

vdr_session **
vdr_session_find(vdr_sessions *sessions, const uint8_t hash[ID_BYTES])
{
    for (vdr_session **at = bucket_of(sessions, hash); *at != NULL; at = &(*at)->next)
        if (sodium_memcmp((*at)->hash, hash, ID_BYTES) == 0)
            return at;
    return NULL;
}

/* Drops every session that `ended` says has ended. */
static void
drop_ended(vdr_sessions *sessions, bool (*ended)(const vdr_sessions *sessions, const vdr_session *it))
{
    for (size_t i = 0; i < BUCKETS; i++)
        for (vdr_session **at = &sessions->buckets[i]; *at != NULL;) {
            if (ended(sessions, *at))
                drop(sessions, at);
            else
                at = &(*at)->next;
        }
}

vdr_ms
vdr_session_wall_ms(void)
{
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (vdr_ms)now.tv_sec * 1000 + now.tv_nsec / 1000000;
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
show(const vdr_sessions *sessions, const vdr_session *it, vdr_http_request *request)
{
    vdr_arena *arena = &vdr_exchange_of(request)->arena;
    const char *name = (const char *)vdr_arena_copy(arena, vdr_span_str(it->name)).at;
    const char *token = (const char *)vdr_arena_copy(arena, vdr_span_str(it->csrf_token)).at;
    request->identity = (vdr_identity){
        .way = VDR_IDENTITY_SESSION,
        .party = it->party,
        .name = name != NULL ? name : "",
        .csrf_token = token != NULL ? token : "",
        .expires_at = vdr_session_wall_ms() + left_ms(sessions, it, vdr_loop_now_ms()),
    };
    memcpy(request->identity.key, it->hash, sizeof request->identity.key);
}

/* ---- Begin and end ---- */

bool
vdr_session_over(const vdr_sessions *sessions, const vdr_session *it)
{
    return left_ms(sessions, it, vdr_loop_now_ms()) <= 0;
}

void
vdr_sessions_drop_over(vdr_sessions *sessions)
{
    drop_ended(sessions, vdr_session_over);
}

/* Whose a session is. */
typedef struct person {
    const char *account; /* "": a person of the proxy's */
    uint8_t digest[VDR_ACCOUNT_DIGEST_BYTES];
} person;

static bool
is_of(const vdr_session *it, const person *who)
{
    return strcmp(it->account, who->account) == 0 &&
           (it->account[0] != '\0' || memcmp(it->digest, who->digest, sizeof it->digest) == 0);
}

static bool
older(const vdr_session *it, vdr_session *const *than)
{
    return than == NULL || it->used_ms < (*than)->used_ms;
}

/* Where there is no room, the session unused for longest gives way: of the same person where that one has many, so
 * that nobody signs others out by signing in again and again. */
static void
make_room(vdr_sessions *sessions, const person *who)
{
    vdr_session **oldest = NULL, **own = NULL;
    size_t own_count = 0;
    for (size_t i = 0; i < BUCKETS; i++)
        for (vdr_session **at = &sessions->buckets[i]; *at != NULL; at = &(*at)->next) {
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
    char text[VDR_SESSION_TEXT_BYTES];
    make_room(sessions, who);
    randombytes_buf(id, sizeof id);
    randombytes_buf(token, sizeof token);
    vdr_session *it = vdr_alloc(1, sizeof *it);
    it->party = party;
    memcpy(it->account, who->account, strlen(who->account) + 1);
    memcpy(it->digest, who->digest, sizeof it->digest);
    it->began_ms = it->used_ms = vdr_loop_now_ms();
    name = vdr_utf8_cut(name, VDR_SESSION_SUBJECT_MAX);
    memcpy(it->name, name.at, name.len);
    (void)sodium_bin2base64(it->csrf_token, sizeof it->csrf_token, token, sizeof token, BASE64);
    (void)sodium_bin2base64(text, sizeof text, id, sizeof id, BASE64);
    hash_id(id, it->hash);
    it->told_ms = it->used_ms;
    vdr_session_add(sessions, it);
    vdr_session_keep_begun(sessions, it);
    vdr_exchange *exchange = vdr_exchange_of(request);
    (void)snprintf(exchange->cookie, sizeof exchange->cookie, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s",
                   cookie_name(request), text, request->secure ? "; Secure" : "");
    sodium_memzero(id, sizeof id);
    sodium_memzero(text, sizeof text);
    show(sessions, it, request);
}

void
vdr_session_digest_of(vdr_span text, uint8_t ret_digest[VDR_ACCOUNT_DIGEST_BYTES])
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
    vdr_session **at = vdr_session_find(sessions, hash);
    if (at == NULL)
        return false;
    if (vdr_session_over(sessions, *at)) {
        drop(sessions, at);
        return false;
    }
    vdr_session_digest_of(subject, digest);
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
    vdr_session_digest_of(subject, who.digest);
    begin(sessions, request, party, &who, name);
}

void
vdr_session_logout(vdr_sessions *sessions, vdr_http_request *request)
{
    uint8_t id[ID_BYTES], hash[ID_BYTES];
    vdr_exchange *exchange = vdr_exchange_of(request);
    if (read_cookie(request, id)) {
        hash_id(id, hash);
        vdr_session **at = vdr_session_find(sessions, hash);
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

const vdr_gate_party *
vdr_session_party_named(const vdr_gate_config *config, const char *text)
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
    const vdr_gate_party *party = vdr_session_party_named(sessions->parts.config, it->account.party);
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
        for (vdr_session *it = sessions->buckets[i]; it != NULL; it = it->next)
            if (strcmp(it->account, account->name) == 0 &&
                memcmp(it->digest, account->digest, sizeof it->digest) == 0)
                it->confirmed = true;
}

static bool
unconfirmed(const vdr_sessions *sessions, const vdr_session *it)
{
    (void)sessions;
    return it->account[0] != '\0' && !it->confirmed;
}

void
vdr_sessions_look_at_accounts(vdr_sessions *sessions)
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
        for (vdr_session *it = sessions->buckets[i]; it != NULL; it = it->next)
            it->confirmed = false;
    /* A file that cannot be read confirms nobody. */
    if (vdr_account_each(path, confirm, sessions) != VDR_OK)
        (void)fprintf(stderr, "level=warn event=accounts_unreadable\n");
    drop_ended(sessions, unconfirmed);
}

static void
on_look(void *context)
{
    vdr_sessions *sessions = context;
    vdr_sessions_drop_over(sessions);
    vdr_sessions_look_at_accounts(sessions);
    vdr_sessions_keep_up(sessions);
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
    vdr_sessions_wake(sessions);
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
always(const vdr_sessions *sessions, const vdr_session *it)
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
