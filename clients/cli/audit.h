/* clients/cli/audit.h - rows of the audit, from a running broker or from a store at rest, one after the other. */
#ifndef VDR_CLI_AUDIT_H
#define VDR_CLI_AUDIT_H

#include "broker/trail/rest.h"
#include "clients/cli/link.h"
#include "clients/cli/store_key.h"

/* A row, as text that lives until the callback returns. */
typedef struct vdr_audit_line {
    vdr_span kind, by, to, what, source, id, reason, traceparent;
    vdr_position position, signal;
    vdr_ms at, since, until; /* VDR_MS_NONE: none */
    uint64_t household, other, case_id;
    uint32_t parts;
} vdr_audit_line;

typedef struct vdr_audit_sum {
    vdr_position first, last; /* of the log that was read */
    uint64_t erased;          /* records that nothing can be told of */
} vdr_audit_sum;

typedef void (*vdr_audit_fn)(void *context, const vdr_audit_line *line);

/* Of a running broker. An exit status, words on standard error. */
int vdr_audit_ask_broker(const vdr_cli_verb *verb, const vdr_cli_link *link, vdr_client *client,
                         const vdr_trail_ask *ask, vdr_audit_fn each, void *context, vdr_audit_sum *ret_sum);
/* Of a store at rest. */
int vdr_audit_ask_store(const vdr_cli_verb *verb, vdr_rest *rest, const vdr_trail_ask *ask, vdr_audit_fn each,
                        void *context, vdr_audit_sum *ret_sum);
/* Opens one, with the key that is named; an exit status. */
int vdr_audit_open(const vdr_cli_verb *verb, const char *dir, const vdr_cli_store_key *key,
                   vdr_rest **ret_rest);

/* What of the processing log. */
typedef struct vdr_audit_logboek_ask {
    const char *key;       /* at rest: file of the key of its ids; NULL: that of the store */
    const char *subject;   /* at rest: a data_subject_id: only rows of that person; NULL: all */
    vdr_position position; /* of this record and later ones */
    vdr_ms from, until;    /* half open; VDR_MS_NONE: no bound */
    bool follow;           /* live: goes on until it is stopped */
} vdr_audit_logboek_ask;

/* Both print the processing log (broker/trail/logboek.h), and on standard error where to go on; an exit status. */
int vdr_audit_logboek_store(const vdr_cli_verb *verb, const char *dir, const vdr_cli_store_key *key,
                            const vdr_audit_logboek_ask *ask);
int vdr_audit_logboek_broker(const vdr_cli_verb *verb, const vdr_cli_link *link,
                             const vdr_audit_logboek_ask *ask);

/* "content, plan": which parts of a thing were shown. Lives until the next call. */
const char *vdr_audit_parts(uint32_t parts);

#endif
