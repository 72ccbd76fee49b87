/* clients/gateway/session.h - sessions of browsers: begun by a login, known by a cookie, ended by us.
 *
 * The endpoint /v1/session is the API's; what it needs is here. A session's id is 32 random bytes, of which only
 * the hash is kept, in memory: a restart, or a crash, ends all sessions, but where gateway.yaml has `sessions`, a file that
 * says which are alive (roll.h). It ends after the idle time, after the absolute time
 * whatever is done, by logout, and within seconds when its account is removed or gets another password. A login gives
 * a new id always.
 *
 * Where the proxy lets people in (OIDC), the first request that shows a person begins a session by itself, and
 * the cookie counts only while the proxy names the same person.
 *
 * One person has at most 32 sessions, and all have limits.sessions: the one unused for longest gives way.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_SESSION_H
#define VDR_GATEWAY_SESSION_H

#include "clients/gateway/http.h"
#include "clients/gateway/loop.h"
#include "clients/gateway/metrics.h"

typedef struct vdr_sessions vdr_sessions;

typedef struct vdr_sessions_parts {
    const vdr_gate_config *config;
    vdr_loop *loop;
    vdr_metrics *metrics;
} vdr_sessions_parts;

vdr_sessions *vdr_gate_sessions_new(const vdr_sessions_parts *parts);
void vdr_gate_sessions_free(vdr_sessions **sessions_p); /* after vdr_loop_finish(); NULL-safe */

/* ended is called with the identity's key of each session that ends from now on, however it ends, but for
 * vdr_gate_sessions_free(): what was begun with it ends too. Called from inside; it may not begin or end sessions. */
typedef void (*vdr_session_ended)(void *context, const uint8_t key[VDR_IDENTITY_KEY_BYTES]);
void vdr_gate_sessions_watch(vdr_sessions *sessions, vdr_session_ended ended, void *context);

/* Writes those that are alive into the file of gateway.yaml anew, for the next start, with when each was used last; at the end,
 * when nobody is served any more. What fails is told, and people sign in again. */
void vdr_gate_sessions_keep(vdr_sessions *sessions);

/* ---- For the API ---- */

/* Called once, later: the request is handed back to be answered. On success (NONE) it has the identity of the
 * new session, whose cookie goes out with the answer. Otherwise WRONG_PASSWORD, TOO_MANY (locked or too fast;
 * the answer of vdr_http_refuse() has the seconds to wait), UNAVAILABLE or NO_SUCH_PATH (there are no local
 * accounts). */
typedef void (*vdr_session_answered)(void *context, vdr_http_request *request, vdr_refusal refusal);

/* Checks the password off the loop. Unknown accounts take as long as known ones. account and password are
 * copied. */
void vdr_session_login(vdr_sessions *sessions, vdr_http_request *request, vdr_span account, vdr_span password,
                       vdr_session_answered answered, void *context);

/* Ends the session of the request, if it has one; its answer takes the cookie away. The identity is nobody's. */
void vdr_session_logout(vdr_sessions *sessions, vdr_http_request *request);

/* ---- For caller.c ---- */

/* Sets the request's identity from its cookie; false: it shows no session that is alive. subject absent: a session of
 * a local account; otherwise one of that person, as the proxy names it. */
bool vdr_gate_sessions_find(vdr_sessions *sessions, vdr_http_request *request, vdr_span subject);
/* Begins a session of a person whom the proxy let in. */
void vdr_gate_sessions_begin(vdr_sessions *sessions, vdr_http_request *request, const vdr_gate_party *party,
                             vdr_span subject, vdr_span name);

#endif
