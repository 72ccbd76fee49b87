/* clients/cli/config.h - a town's configuration from a directory, for the offline verbs. */
#ifndef VDR_CLI_CONFIG_H
#define VDR_CLI_CONFIG_H

#include "broker/door/config_read.h"

/* Reads the directory. On failure every fault is written to standard error as FILE:LINE:COLUMN: message
 * with the line and a caret. Free the configuration with vdr_config_free(). */
vdr_err vdr_cli_config(const char *dir, vdr_config **ret_config);
/* The same, with the texts that it was read from; they live in the arena. */
vdr_err vdr_cli_config_texts(const char *dir, vdr_arena *arena, vdr_config_texts *ret_texts,
                             vdr_config **ret_config);
#define VDR_CLI_TEXTS_BYTES ((size_t)16 * 1024 * 1024) /* budget of an arena for the texts of a town */

/* Every fault on standard error, with its line and a caret. */
void vdr_cli_faults(const vdr_config_faults *faults);

#endif
