/* clients/gateway/config.h - gateway.yaml.
 *
 *   listen: 127.0.0.1:7480                  # or unix:/run/voordeur/gateway.sock, or a list of both
 *   admin: 127.0.0.1:7481                   # /metrics and /health; loopback or unix:/PATH only
 *   broker: tcp://127.0.0.1:7700
 *   operators: tcp://127.0.0.1:7701         # optional: the broker's listener for operators and auditors
 *   broker_key: keys/server.pub
 *   parties:                                # whom callers are served as, with the keys that the broker knows
 *     - {party: "agency:school-1", key: keys/school-1.key,
 *        certificates: ["…64 hexadecimal digits: SHA-256 of the client certificate…"],
 *        token_subjects: ["school-1"]}
 *   tls: {certificate: tls/server.pem, key: tls/server.key, client_ca: tls/clients.pem}    # optional
 *   behind_proxy: {certificate_header: X-Client-Fingerprint, subject_header: X-Oidc-Subject,
 *                  name_header: X-Oidc-Name,  # optional; headers of the unix socket only
 *                  address_header: X-Forwarded-For}      # the client's address; of a list its last counts
 *   jwt: {issuer: "https://login.example/", audience: "voordeur", jwks: jwks.json}  # optional; or an https URL
 *   accounts: accounts                      # optional: local accounts (voordeur-gateway account add)
 *   sessions: /run/voordeur/sessions        # optional: keeps people signed in over a restart or a crash
 *   console: /usr/share/voordeur/console    # optional: files of the web page
 *   courier: /var/lib/voordeur-courier      # optional: its folder, for GET /v1/deliveries
 *   origins: ["https://voordeur.example"]   # optional: pages that are ours besides the request's own host
 *   demonstration: yes                      # optional, no: every answer and the console say that nothing is real
 *   limits: {body: 1MiB, connections: 4096} # optional, and each of its keys: VDR_GATE_LIMITS
 *
 * Strict, as the broker's files are: every fault has file, line and column. Paths that are not absolute count
 * from gateway.yaml's own directory.
 *
 * Thread:  any; immutable once read. Memory: everything lives until vdr_gate_config_free(). */
#ifndef VDR_GATEWAY_CONFIG_H
#define VDR_GATEWAY_CONFIG_H

#include "proto/assert.h"
#include "proto/bytes.h"
#include "proto/err.h"
#include "proto/types.h"

/* Where to listen. */
typedef struct vdr_gate_address {
    const char *text; /* as written */
    const char *path; /* of a unix socket; NULL: TCP */
    const char *host; /* "127.0.0.1", "::1" */
    uint16_t port;    /* 0: any, for tests */
    bool loopback;
} vdr_gate_address;

typedef struct vdr_gate_party {
    vdr_party_kind kind;
    const char *id;       /* "school-1" */
    const char *key_file; /* its CURVE key pair */
    const char *endpoint; /* the broker's listener for this kind */
} vdr_gate_party;

/* X(key, member, unit, default, least, most) */
#define VDR_GATE_LIMITS(X)                                                                                   \
    X("body", body_bytes, BYTES, 1048576, 1024, 67108864)                                                    \
    X("header", header_bytes, BYTES, 16384, 1024, 65536)                                                     \
    X("target", target_bytes, BYTES, 4096, 256, 16384)                                                       \
    X("header_count", header_count, COUNT, 64, 8, 64)                                                        \
    X("header_time", header_ms, DURATION, 5000, 100, 600000)                                                 \
    X("body_time", body_ms, DURATION, 30000, 100, 600000)                                                    \
    X("idle_time", idle_ms, DURATION, 60000, 100, 3600000)                                                   \
    X("answer_time", answer_ms, DURATION, 30000, 100, 600000)                                                \
    X("connections", connections, COUNT, 4096, 1, 100000)                                                    \
    X("connections_per_address", connections_per_address, COUNT, 256, 1, 100000)                             \
    X("requests_per_second", requests_per_second, COUNT, 50, 1, 1000000)                                     \
    X("burst", burst, COUNT, 200, 1, 1000000)                                                                \
    X("streams", streams, COUNT, 1024, 1, 100000)                                                            \
    X("streams_per_caller", streams_per_caller, COUNT, 4, 1, 1000)                                           \
    X("stream_buffer", stream_bytes, BYTES, 1048576, 4096, 67108864)                                         \
    X("sessions", sessions, COUNT, 4096, 1, 1000000)                                                         \
    X("session_idle", session_idle_ms, DURATION, 900000, 1000, 86400000)                                     \
    X("session_absolute", session_absolute_ms, DURATION, 28800000, 1000, 604800000)                          \
    X("key_set_time", key_set_ms, DURATION, 3600000, 1000, 86400000)                                         \
    X("key_set_pause", key_set_pause_ms, DURATION, 60000, 100, 3600000)                                      \
    X("drain", drain_ms, DURATION, 10000, 0, 600000)

typedef struct vdr_gate_limits {
#define X(key, member, unit, normal, least, most) int64_t member;
    VDR_GATE_LIMITS(X)
#undef X
} vdr_gate_limits;

typedef struct vdr_gate_config {
    const char *path;
    const char *broker, *operators; /* endpoints; operators may be NULL */
    const char *broker_key;         /* path of the file with the broker's public key */
    const vdr_gate_party *parties;
    size_t party_count;
    bool demonstration;
    vdr_gate_limits limits;

    /* The server's own. Paths are whole; NULL: not given. */
    const vdr_gate_address *listen;
    size_t listen_count;
    const vdr_gate_address *admin;
    const char *endpoints; /* a file that gets the addresses as bound */
    const char *tls_certificate, *tls_key, *tls_client_ca;
    bool behind_proxy;
    const char *certificate_header, *subject_header, *name_header, *address_header; /* lower case */
    const char *jwt_issuer, *jwt_audience;
    const char *jwks; /* a path, or "https://…" */
    const char *jwks_ca;
    const char *accounts, *sessions, *console, *courier;
    const vdr_span *origins;
    size_t origin_count;
    const struct vdr_gate_grant *grants; /* what leads to which party */
    size_t grant_count;
} vdr_gate_config;

typedef enum vdr_gate_grant_kind { VDR_GRANT_CERTIFICATE, VDR_GRANT_SUBJECT } vdr_gate_grant_kind;

typedef struct vdr_gate_grant {
    vdr_gate_grant_kind kind;
    uint8_t certificate[32]; /* SHA-256 */
    vdr_span subject;
    const vdr_gate_party *party;
} vdr_gate_grant;

/* Reads the file. BAD_CONFIG: it has faults, IO: it cannot be read; both told in ret_words, which the caller frees
 * with vdr_bytes_done(), as a compiler would. */
VDR_MUST_CHECK vdr_err vdr_gate_config_read(const char *path, vdr_gate_config **ret_config,
                                            vdr_bytes *ret_words);
void vdr_gate_config_free(vdr_gate_config **config_p); /* NULL-safe */

#endif
