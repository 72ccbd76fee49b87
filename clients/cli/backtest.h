/* clients/cli/backtest.h - the report of a back-test or of a shadow, from its rows (protocol.md 7.9). One thread. */
#ifndef VDR_CLI_BACKTEST_H
#define VDR_CLI_BACKTEST_H

#include "broker/door/config_read.h"
#include "clients/cli/link.h"
#include "clients/cli/store_key.h"
#include "proto/wire.h"

/* The first row of a kind; NULL: there is none. */
const vdr_wire_row *vdr_backtest_row(const vdr_wire_row *rows, size_t count, const char *kind);
/* On standard output: for people, 80 columns; or a JSON object a row. */
void vdr_backtest_show(const vdr_wire_row *rows, size_t count);
void vdr_backtest_show_json(const vdr_wire_row *rows, size_t count);

/* How far it is, on standard error, where somebody looks; all 0: takes the bar away. */
void vdr_backtest_bar(uint64_t done, uint64_t all);

/* A rules.yaml, or a folder with one of the three files, into texts. Returns an exit status. */
int vdr_backtest_candidate(const char *path, vdr_arena *arena, vdr_config_texts *texts);

/* A back-test on a running broker. */
typedef struct vdr_backtest_line {
    const char *rules, *store;
    vdr_cli_store_key store_key;
    vdr_ms since;     /* VDR_MS_NONE: see back */
    const char *back; /* a duration; NULL: from the first record */
    int64_t back_ms;
    unsigned long samples;
    bool stop;
    vdr_cli_link link;
} vdr_backtest_line;

/* The texts as files of a verb; returns how many. */
size_t vdr_backtest_files(const vdr_config_texts *candidate, vdr_wire_file files[VDR_CONFIG_FILES]);

extern const char *const vdr_backtest_file_names[VDR_CONFIG_FILES];

/* Says why a broker did not take a candidate, with the operator's own path where a file is at fault; returns the
 * exit status. */
int vdr_backtest_refused(const vdr_cli_link *link, const vdr_client *client,
                         const vdr_config_texts *candidate, const char *what);

/* Returns an exit status. */
int vdr_backtest_ask_broker(const vdr_backtest_line *line, const vdr_config_texts *candidate);

#endif
