#include "clients/gateway/callers.h"

#include "clients/gateway/http_conn.h"
#include "clients/gateway/jwks.h"

#include <sodium.h>
#include <stdlib.h>
#include <time.h>

#define WAITING_MAX 256

/* A request whose token waits for the key set. */
typedef struct waiting {
    struct waiting *next;
    vdr_caller_peer peer;
    vdr_http_request *request;
    vdr_caller_found found;
    void *context;
} waiting;

struct vdr_callers {
    vdr_callers_parts parts;
    vdr_jwks *jwks; /* NULL: tokens are not taken */
    waiting *first, **last;
    size_t waiting_count;
};

/* What came of one way of being known. */
typedef struct finding {
    vdr_refusal refusal;
    const char *detail;
} finding;

static const finding good = {VDR_REFUSAL_NONE, NULL};

static finding
unknown(const char *detail)
{
    return (finding){VDR_REFUSAL_UNAUTHENTICATED, detail};
}

/* ---- Parties ---- */

static const vdr_gate_party *
party_of_certificate(const vdr_gate_config *config, const uint8_t certificate[32])
{
    for (size_t i = 0; i < config->grant_count; i++)
        if (config->grants[i].kind == VDR_GRANT_CERTIFICATE &&
            memcmp(config->grants[i].certificate, certificate, 32) == 0)
            return config->grants[i].party;
    return NULL;
}

static const vdr_gate_party *
party_of_subject(const vdr_gate_config *config, vdr_span subject)
{
    for (size_t i = 0; i < config->grant_count; i++)
        if (config->grants[i].kind == VDR_GRANT_SUBJECT && vdr_span_equal(config->grants[i].subject, subject))
            return config->grants[i].party;
    return NULL;
}

/* ---- Pages that are ours ---- */

static bool
safe(const vdr_http_request *request)
{
    return request->method == VDR_HTTP_GET || request->method == VDR_HTTP_OPTIONS;
}

static bool
is_own_origin(const vdr_gate_config *config, const vdr_http_request *request, vdr_span origin)
{
    for (size_t i = 0; i < config->origin_count; i++)
        if (vdr_span_equal(config->origins[i], origin))
            return true;
    vdr_span host = vdr_http_header(request, "host"),
             scheme = vdr_span_str(request->secure ? "https://" : "http://");
    return host.len != 0 && origin.len == scheme.len + host.len &&
           memcmp(origin.at, scheme.at, scheme.len) == 0 &&
           memcmp(origin.at + scheme.len, host.at, host.len) == 0;
}

/* A browser says where a request comes from; what does not come from our own page may change nothing, whatever else
 * it shows: certificates are sent along by browsers as cookies are. */
static finding
check_origin(const vdr_gate_config *config, const vdr_http_request *request)
{
    vdr_span site = vdr_http_header(request, "sec-fetch-site"), origin = vdr_http_header(request, "origin");
    if (safe(request))
        return good;
    if (site.at != NULL && !vdr_span_equal(site, vdr_span_str("same-origin")) &&
        !vdr_span_equal(site, vdr_span_str("none")))
        return (finding){VDR_REFUSAL_NOT_OURS, "Sec-Fetch-Site names another site"};
    if (origin.at != NULL && !is_own_origin(config, request, origin))
        return (finding){VDR_REFUSAL_NOT_OURS, "Origin is another one than the host that was asked"};
    return good;
}

static finding
check_token(const vdr_http_request *request)
{
    vdr_span token = vdr_http_header(request, "x-csrf-token"),
             wanted = vdr_span_str(request->identity.csrf_token);
    if (safe(request))
        return good;
    if (token.len != wanted.len || sodium_memcmp(token.at, wanted.at, wanted.len) != 0)
        return (finding){VDR_REFUSAL_NOT_OURS, "X-CSRF-Token is not the session's"};
    return good;
}

/* ---- Certificates ---- */

static finding
by_certificate(vdr_callers *callers, const uint8_t certificate[32], vdr_http_request *request)
{
    const vdr_gate_party *party = party_of_certificate(callers->parts.config, certificate);
    if (party == NULL)
        return unknown("the client certificate belongs to no party");
    request->identity.way = VDR_IDENTITY_CERTIFICATE;
    request->identity.party = party;
    memcpy(request->identity.key, certificate, sizeof request->identity.key);
    return good;
}

/* The certificate that the connection or the proxy verified; false: none. A header that is none is a fault. */
static bool
find_certificate(const vdr_callers *callers, const vdr_caller_peer *peer, const vdr_http_request *request,
                 uint8_t ret_certificate[32], finding *ret_finding)
{
    const char *name = callers->parts.config->certificate_header;
    vdr_span text = peer->behind_proxy && name != NULL ? vdr_http_header(request, name) : (vdr_span){0};
    *ret_finding = good;
    if (text.len != 0) {
        if (vdr_tls_digest(text, ret_certificate))
            return true;
        *ret_finding = unknown("the proxy's header with the client certificate has none");
        return false;
    }
    if (peer->has_certificate)
        memcpy(ret_certificate, peer->certificate, 32);
    return peer->has_certificate;
}

/* ---- Tokens ---- */

static int64_t
now_s(void)
{
    return (int64_t)time(NULL);
}

static finding
token_good(vdr_callers *callers, const vdr_caller_peer *peer, const vdr_jwt_claims *claims,
           vdr_http_request *request)
{
    uint8_t certificate[32];
    finding found;
    vdr_span subject = vdr_span_str(claims->subject);
    const vdr_gate_party *party = party_of_subject(callers->parts.config, subject);
    if (party == NULL)
        return unknown("the token's subject belongs to no party");
    if (claims->bound && (!find_certificate(callers, peer, request, certificate, &found) ||
                          sodium_memcmp(certificate, claims->certificate, sizeof certificate) != 0))
        return unknown("the token is bound to another client certificate");
    request->identity.way = VDR_IDENTITY_TOKEN;
    request->identity.expires_at = claims->ends_s * 1000;
    request->identity.party = party;
    (void)crypto_generichash(request->identity.key, sizeof request->identity.key, subject.at, subject.len,
                             NULL, 0);
    return good;
}

/* false: it must wait for the key set. */
static bool
by_token(vdr_callers *callers, const vdr_caller_peer *peer, vdr_http_request *request, bool may_wait,
         finding *ret_finding)
{
    vdr_span token = vdr_http_header(request, "authorization");
    const char *why = "Authorization is not Bearer and a token";
    vdr_jwt_claims claims;
    *ret_finding = unknown(why);
    if (token.len < 8 || evutil_ascii_strncasecmp((const char *)token.at, "Bearer ", 7) != 0)
        return true;
    token = vdr_span_of(token.at + 7, token.len - 7);
    if (callers->jwks == NULL) {
        *ret_finding = unknown("bearer tokens are not taken here");
        return true;
    }
    const vdr_jwt_keys *keys = vdr_jwks_keys(callers->jwks);
    if (may_wait && vdr_jwks_ageing(callers->jwks))
        (void)vdr_jwks_refresh(callers->jwks);
    if (keys == NULL) {
        *ret_finding =
            (finding){VDR_REFUSAL_UNAVAILABLE, "the keys that tokens are checked with cannot be had now"};
        return !(may_wait && vdr_jwks_refresh(callers->jwks));
    }
    const vdr_jwt_wanted wanted = {.issuer = callers->parts.config->jwt_issuer,
                                   .audience = callers->parts.config->jwt_audience,
                                   .now_s = now_s()};
    vdr_jwt_verdict verdict = vdr_jwt_verify(keys, token, &wanted, &claims, &why);
    if (verdict == VDR_JWT_UNKNOWN_KEY && may_wait && vdr_jwks_refresh(callers->jwks))
        return false;
    *ret_finding = verdict == VDR_JWT_GOOD ? token_good(callers, peer, &claims, request) : unknown(why);
    return true;
}

/* ---- Sessions ---- */

/* Names that are kept with a session. Longer ones would be cut, and who knows where. */
#define PERSON_BYTES_MAX 256

/* Of a person whom the proxy names, or of a local account. */
static finding
by_session(vdr_callers *callers, vdr_span subject, vdr_http_request *request)
{
    const vdr_gate_config *config = callers->parts.config;
    if (vdr_gate_sessions_find(callers->parts.sessions, request, subject))
        return check_token(request);
    if (subject.at == NULL)
        return good; /* nobody */
    const vdr_gate_party *party = party_of_subject(config, subject);
    if (party == NULL)
        return unknown("the person whom the proxy names belongs to no party");
    if (!safe(request))
        return (finding){VDR_REFUSAL_NOT_OURS, "there is no session yet: ask for /v1/session first"};
    vdr_span name =
        config->name_header != NULL ? vdr_http_header(request, config->name_header) : (vdr_span){0};
    if (name.len > PERSON_BYTES_MAX || subject.len > PERSON_BYTES_MAX)
        return (finding){VDR_REFUSAL_BAD_REQUEST,
                         "the person whom the proxy names has a name of more than 256 bytes"};
    vdr_gate_sessions_begin(callers->parts.sessions, request, party, subject, name.len != 0 ? name : subject);
    return good;
}

static vdr_span
proxy_subject(const vdr_callers *callers, const vdr_caller_peer *peer, const vdr_http_request *request)
{
    const char *name = callers->parts.config->subject_header;
    vdr_span subject = peer->behind_proxy && name != NULL ? vdr_http_header(request, name) : (vdr_span){0};
    return subject.len != 0 ? subject : (vdr_span){0};
}

/* ---- All of it ---- */

/* false: it must wait. A token counts before a certificate, which a proxy's own connection may show, and both before a
 * session: the explicit before what a browser sends by itself. */
static bool
identify(vdr_callers *callers, const vdr_caller_peer *peer, vdr_http_request *request, bool may_wait,
         finding *ret_finding)
{
    uint8_t certificate[32];
    *ret_finding = check_origin(callers->parts.config, request);
    if (ret_finding->refusal != VDR_REFUSAL_NONE)
        return true;
    if (vdr_http_header(request, "authorization").at != NULL)
        return by_token(callers, peer, request, may_wait, ret_finding);
    vdr_span subject = proxy_subject(callers, peer, request);
    bool has_certificate =
        subject.at == NULL && find_certificate(callers, peer, request, certificate, ret_finding);
    if (ret_finding->refusal != VDR_REFUSAL_NONE)
        return true;
    *ret_finding = has_certificate ? by_certificate(callers, certificate, request)
                                   : by_session(callers, subject, request);
    return true;
}

static void
tell(vdr_callers *callers, vdr_http_request *request, vdr_caller_found found, void *context, finding what)
{
    if (what.refusal != VDR_REFUSAL_NONE && vdr_http_header(request, "authorization").at != NULL)
        vdr_metrics_add(callers->parts.metrics, VDR_METRIC_TOKENS_REFUSED, 1);
    found(context, request, what.refusal, what.detail);
}

void
vdr_callers_identify(vdr_callers *callers, const vdr_caller_peer *peer, vdr_http_request *request,
                     vdr_caller_found found, void *context)
{
    finding what;
    if (identify(callers, peer, request, callers->waiting_count < WAITING_MAX, &what)) {
        tell(callers, request, found, context, what);
        return;
    }
    waiting *it = vdr_alloc(1, sizeof *it);
    *it = (waiting){.peer = *peer, .request = request, .found = found, .context = context};
    *callers->last = it;
    callers->last = &it->next;
    callers->waiting_count++;
}

/* The key set was asked for: those who wait are judged by what there is now. */
static void
on_keys(void *context)
{
    vdr_callers *callers = context;
    waiting *it = callers->first;
    callers->first = NULL;
    callers->last = &callers->first;
    callers->waiting_count = 0;
    while (it != NULL) {
        waiting *next = it->next;
        finding what;
        VDR_ASSERT(identify(callers, &it->peer, it->request, false, &what));
        tell(callers, it->request, it->found, it->context, what);
        free(it);
        it = next;
    }
}

vdr_callers *
vdr_callers_new(const vdr_callers_parts *parts)
{
    vdr_callers *callers = vdr_alloc(1, sizeof *callers);
    callers->parts = *parts;
    callers->last = &callers->first;
    if (parts->config->jwks != NULL)
        callers->jwks = vdr_jwks_new(parts->config, parts->loop, on_keys, callers);
    return callers;
}

void
vdr_callers_free(vdr_callers **callers_p)
{
    if (*callers_p == NULL)
        return;
    VDR_ASSERT((*callers_p)->first == NULL);
    vdr_jwks_free(&(*callers_p)->jwks);
    free(*callers_p);
    *callers_p = NULL;
}
