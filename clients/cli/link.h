/* clients/cli/link.h - how an online verb finds its broker and its key, and what all of them share.
 *
 * Either --home DIR --as PARTY, where DIR was made by `voordeur init` and holds clients.json and keys/, or
 * --connect ADDRESS --server-key FILE --key FILE. Words about failures go to standard error. */
#ifndef VDR_CLI_LINK_H
#define VDR_CLI_LINK_H

#include "clients/cli/verbs.h"
#include "clients/lib/voordeur.h"
#include "proto/limits.h"

#include <getopt.h>
#include <jansson.h>

typedef struct vdr_cli_link {
    const char *home, *as;
    const char *connect, *server_key, *key;
    bool json;
    int64_t timeout_ms; /* for an answer */
} vdr_cli_link;

#define VDR_CLI_LINK_NEW                                                                                     \
    {                                                                                                        \
        .timeout_ms = 30000                                                                                  \
    }

/* Rows for getopt_long; the values are above any character. */
enum {
    VDR_OPT_HOME = 256,
    VDR_OPT_AS,
    VDR_OPT_CONNECT,
    VDR_OPT_SERVER_KEY,
    VDR_OPT_KEY,
    VDR_OPT_JSON,
    VDR_OPT_TIMEOUT,
    VDR_OPT_OWN
};
#define VDR_CLI_LINK_OPTIONS                                                                                 \
    {"home", required_argument, NULL, VDR_OPT_HOME}, {"as", required_argument, NULL, VDR_OPT_AS},            \
        {"connect", required_argument, NULL, VDR_OPT_CONNECT},                                               \
        {"server-key", required_argument, NULL, VDR_OPT_SERVER_KEY},                                         \
        {"key", required_argument, NULL, VDR_OPT_KEY}, {"json", no_argument, NULL, VDR_OPT_JSON},            \
        {"timeout", required_argument, NULL, VDR_OPT_TIMEOUT},                                               \
    {                                                                                                        \
        "help", no_argument, NULL, 'h'                                                                       \
    }

#define VDR_CLI_LINK_HELP                                                                                    \
    "  --home DIR --as PARTY     the folder that `voordeur init` made (default: $VOORDEUR_HOME), and who\n"  \
    "                            you are there: agency:ID, regisseur:ID, service:ID, coordinator:ID,\n"      \
    "                            privacy_officer:ID, operator:ID or auditor:ID (default: $VOORDEUR_AS)\n"    \
    "  --connect ADDRESS --server-key FILE --key FILE\n"                                                     \
    "                            without such a folder: tcp://HOST:PORT, the broker's public key, your\n"    \
    "                            own key pair\n"                                                             \
    "  --timeout DURATION        how long to wait for an answer, as 30s or 5m (default 30s)\n"               \
    "  --json                    for programs: one JSON object a line\n"

/* Takes an option of those above. false: it is none of them, or its value is wrong (said). */
bool vdr_cli_link_take(vdr_cli_link *link, int option, const char *value);

/* Opens the client; options may hold callbacks and an outbox, the rest is filled in. Waits for the session
 * unless wait is false. Returns an exit status. */
int vdr_cli_link_open(const vdr_cli_verb *verb, const vdr_cli_link *link, vdr_client_options *options,
                      bool wait, vdr_client **ret_client);

/* Says the client's last error on standard error (as JSON with --json); returns VDR_EXIT_FAILED. */
int vdr_cli_link_failed(const vdr_cli_link *link, const vdr_client *client, const char *what);

/* clients.json of a home, as init wrote it. NULL: said on standard error. Free with json_decref. */
json_t *vdr_cli_home_read(const char *home);

/* ---- Output ---- */

/* Control characters become blanks: nothing of a message, or of a file, may steer the terminal. */
void vdr_cli_calm(char *text, size_t len);
json_t *vdr_cli_text(vdr_span text);                        /* null where absent */
json_t *vdr_cli_instant(vdr_ms ms);                         /* null for VDR_MS_NONE */
json_t *vdr_cli_number_id(char letter, uint64_t number);    /* "C7"; null for 0 */
json_t *vdr_cli_texts(const vdr_span *texts, size_t count); /* an array of them */
/* Sets a member for each text and counter of the result. */
void vdr_cli_set_result(json_t *object, const vdr_wire_admin_result *result);
/* One line; takes over the value. */
void vdr_cli_print(json_t *value);

/* A table for eyes: cells are copied; numbers and texts alike as text. */
typedef struct vdr_cli_table {
    const char *const *heads;
    size_t columns;
    char **cells;
    size_t count, size;
} vdr_cli_table;

void vdr_cli_table_init(vdr_cli_table *table, const char *const *heads, size_t columns);
__attribute__((format(printf, 2, 3))) void vdr_cli_table_cell(vdr_cli_table *table, const char *format, ...);
void vdr_cli_table_print(vdr_cli_table *table); /* and frees */

/* "C7" or "H12" to a number; 0: it is not. */
uint64_t vdr_cli_number(const char *text, char letter);

/* Set by SIGINT and SIGTERM after vdr_cli_stop_catch: verbs that follow end cleanly. */
void vdr_cli_stop_catch(void);
bool vdr_cli_stopped(void);

#endif
