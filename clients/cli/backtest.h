/* clients/cli/backtest.h - the report of a back-test or of a shadow, from its rows (protocol.md 7.9). One thread. */
#ifndef VDR_CLI_BACKTEST_H
#define VDR_CLI_BACKTEST_H

#include "proto/wire.h"

/* The first row of a kind; NULL: there is none. */
const vdr_wire_row *vdr_backtest_row(const vdr_wire_row *rows, size_t count, const char *kind);
/* On standard output: for people, 80 columns; or a JSON object a row. */
void vdr_backtest_show(const vdr_wire_row *rows, size_t count);
void vdr_backtest_show_json(const vdr_wire_row *rows, size_t count);

#endif
