/* broker/node.h - node.yaml: what belongs to this machine and not to the town's configuration.
 *
 *   listen: tcp://0.0.0.0:7700              # agencies, regisseurs, services, coordinators, privacy officers
 *   operators: tcp://127.0.0.1:7701
 *   server_key: keys/server.key             # two lines: public and secret key in Z85; mode 0400 or 0600
 *   pseudonym_key: keys/pseudonym.key       # 64 hexadecimal digits; mode 0400 or 0600; never in the store
 *   pseudonym_key_next: keys/pseudonym.next   # optional: the key that it changes to (voordeur rotate)
 *   store_key: keys/store.key               # the same form; the store is sealed under it; never in a backup
 *   store_key_next: keys/store-2.key        # the store is sealed under it from now on; optional (vault.h)
 *   logboek_key: keys/logboek.key           # the ids of the processing log are made with it; optional: store_key
 *   escrow: /mnt/other-disk/voordeur        # a copy of the store's keys, sealed, is kept there; optional
 *   erasure: {every: 7d}                    # what left is erased for good so long after, at most; optional
 *   signing_key: keys/signing.key           # 64 hexadecimal digits; heads of the log are signed with it; optional
 *   signed_before: ["…64 hexadecimal digits…"]   # public keys that did before; optional
 *   heads: heads                            # where the heads go; optional: heads in the store's folder
 *   heads_copy: /mnt/elsewhere/heads        # a second place, best on another machine's disk; optional
 *   backups: backups                        # where the verb backup makes its directories; optional
 *   endpoints: endpoints                    # a file that gets the addresses as bound; optional
 *   metrics: 127.0.0.1:9464                 # numbers for Prometheus; loopback or unix:/PATH only; optional
 *   log: {format: text}                     # or json, or journald (journal.h); optional
 *   demonstration: yes                      # persons are made up: operators see ids and words; optional, no
 *   limits: {sessions: 4096, heartbeat: 10s, store: 64GiB}     # optional, and each of its keys
 *   parties: # the first keys; others come by voordeur key add, and are in the log
 *     - {party: "agency:school-1", public_key: "…40 characters of Z85…"}
 *
 * Strict, as the town's files are: every fault has file, line and column. Paths that are not absolute count
 * from node.yaml's own directory. A party may have several keys, a key only one party. What each limit is and
 * its default stands in node.c's table.
 *
 * Thread:  any; immutable once read. Memory: everything lives until vdr_node_free(). */
#ifndef VDR_BROKER_NODE_H
#define VDR_BROKER_NODE_H

#include "broker/core/config.h"
#include "broker/door/config_read.h"
#include "broker/gauge/journal.h"
#include "broker/net/keyring.h"

typedef struct vdr_node_limits {
    uint64_t sessions;           /* on the parties' listener */
    uint64_t operator_sessions;  /* on the operators' listener: their own reserve */
    uint64_t sessions_per_key;   /* beyond it the longest silent session of the key gives way */
    uint64_t connections;        /* sockets of the whole process */
    uint64_t queue_bytes;        /* frames that wait for one session; beyond it the session ends */
    uint64_t window_items;       /* unanswered items of a session */
    uint64_t window_bytes;       /* and their bytes */
    uint64_t delivery_window;    /* messages delivered beyond what the client is through with */
    uint64_t io_threads;         /* of libzmq */
    uint64_t backlog;            /* connections that wait to be accepted */
    uint64_t receive_frames;     /* kept by libzmq for each connection while a turn is busy */
    uint64_t store_bytes;        /* of the log; 0: as the volume allows */
    uint64_t reserve_bytes;      /* kept free for draining, erasure and operators */
    uint64_t checkpoint_records; /* a checkpoint after so many records */
    int64_t checkpoint_ms;       /* or after so long */
    int64_t heads_ms;            /* a signed head after so long */
    uint64_t heads_records;      /* or after so many records */
    int64_t heartbeat_ms;
    int64_t handshake_ms;
    int64_t key_term_ms;    /* how long a key is valid when nobody says; and the longest */
    int64_t key_overlap_ms; /* how long the old one stays beside it, when nobody says */
} vdr_node_limits;

typedef struct vdr_node_party {
    vdr_key_party key;
    uint32_t line, column; /* of its entry in node.yaml */
} vdr_node_party;

typedef struct vdr_node {
    const char *path;
    const char *listen, *operators;
    const char *server_key, *pseudonym_key; /* paths */
    const char *pseudonym_key_next;         /* path; NULL: none is named. The file need not be there */
    const char *store_key;                  /* path: the key that the store is sealed under */
    const char *store_key_next, *escrow;    /* paths; NULL: not given */
    const char *logboek_key;                /* path; NULL: the store's */
    int64_t erasure_ms;                     /* between what leaves and the run that erases it for good */
    const char *backups, *endpoints;        /* paths; NULL: not given */
    const char *signing_key;                /* path; NULL: no heads are signed */
    const char *heads, *heads_copy;         /* folders; NULL: DIR/heads of the store, and none */
    const uint8_t *signed_before;           /* public keys, one behind the other */
    size_t signed_before_count;
    const char *metrics;  /* address of the exporter; NULL: not given */
    vdr_journal_form log; /* how events are told */
    bool four_eyes;       /* approvals: two: what one operator proposes another approves */
    bool demonstration;   /* operators see ids and words of parties (access/mask.h) */
    vdr_node_limits limits;
    const vdr_node_party *parties;
    size_t party_count;
} vdr_node;

/* Reads the file. NOT_FOUND, IO: ret_words (256 bytes, terminated) says why; BAD_CONFIG: faults has at least
 * one, unless the file is too long, which ret_words says. */
VDR_MUST_CHECK vdr_err vdr_node_read(const char *path, vdr_config_faults *faults, vdr_node **ret_node,
                                     char *ret_words);

/* The same from text in memory; path names it in faults and is what relative paths count from. */
VDR_MUST_CHECK vdr_err vdr_node_read_text(const char *path, vdr_span text, vdr_config_faults *faults,
                                          vdr_node **ret_node);
void vdr_node_free(vdr_node **node_p); /* NULL-safe */

/* May a party have this id? */
bool vdr_node_is_id(vdr_span id);

/* Is this party in the town's configuration? Operators always are. */
bool vdr_node_party_known(const vdr_config *config, vdr_party_kind kind, const char *id);

#endif
