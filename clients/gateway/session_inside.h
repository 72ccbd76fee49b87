/* clients/gateway/session_inside.h - what the files of the sessions share: session.c has the table and who begins and ends, and
 * session_keep.c what is kept of it while the gateway is started anew. Nobody else includes it. */
#ifndef VDR_GATEWAY_SESSION_INSIDE_H
#define VDR_GATEWAY_SESSION_INSIDE_H

#include "clients/gateway/account.h"
#include "clients/gateway/attempts.h"
#include "clients/gateway/roll.h"
#include "clients/gateway/session.h"

#include <time.h>

#define VDR_SESSION_BUCKETS     1024
#define VDR_SESSION_ID_BYTES    32
#define VDR_SESSION_TEXT_BYTES  44 /* of 32 bytes in base64, and the zero */
#define VDR_SESSION_SUBJECT_MAX 256

typedef struct vdr_session {
    struct vdr_session *next; /* of its bucket */
    uint8_t hash[VDR_SESSION_ID_BYTES];
    const vdr_gate_party *party;
    char name[VDR_SESSION_SUBJECT_MAX + 1], csrf_token[VDR_SESSION_TEXT_BYTES];
    char account[VDR_ACCOUNT_NAME_MAX + 1];   /* "": a person of the proxy's */
    uint8_t digest[VDR_ACCOUNT_DIGEST_BYTES]; /* of the account's line, or of the subject */
    int64_t began_ms, used_ms;
    int64_t told_ms; /* used, as the book was told last */
    bool confirmed;  /* while the accounts are looked through */
} vdr_session;

struct vdr_sessions {
    vdr_sessions_parts parts;
    vdr_session *buckets[VDR_SESSION_BUCKETS];
    size_t count;
    vdr_loop_timer *look;
    struct timespec changed; /* the accounts' file, when last looked at */
    vdr_account_decoy decoy;
    vdr_attempts attempts;
    vdr_roll *book;          /* of who is alive, for the next start; NULL: none is kept */
    vdr_session_ended ended; /* may be NULL */
    void *ended_context;
};

/* ---- session.c ---- */

vdr_ms vdr_session_wall_ms(void);
/* Where the table names the session of this hash; NULL: there is none. */
vdr_session **vdr_session_find(vdr_sessions *sessions, const uint8_t hash[VDR_SESSION_ID_BYTES]);
void vdr_session_add(vdr_sessions *sessions, vdr_session *it); /* takes it over */
bool vdr_session_over(const vdr_sessions *sessions, const vdr_session *it);
void vdr_sessions_drop_over(vdr_sessions *sessions);
void vdr_sessions_look_at_accounts(
    vdr_sessions *sessions); /* drops those of accounts that are no more, or are others */
/* text: "regisseur:r-anna". NULL: none of the configuration. */
const vdr_gate_party *vdr_session_party_named(const vdr_gate_config *config, const char *text);
void vdr_session_digest_of(vdr_span text, uint8_t ret_digest[VDR_ACCOUNT_DIGEST_BYTES]);

/* ---- session_keep.c ---- */

/* Those of the life before; from here on the file follows what happens. Nothing, where the configuration keeps none. */
void vdr_sessions_wake(vdr_sessions *sessions);
void vdr_session_keep_begun(vdr_sessions *sessions, const vdr_session *it);
/* Now and then: tells which were used since, and begins the file anew where it is time for that. */
void vdr_sessions_keep_up(vdr_sessions *sessions);

#endif
