/* clients/cli/config.h - a town's configuration from a directory, for the offline verbs. */
#ifndef VDR_CLI_CONFIG_H
#define VDR_CLI_CONFIG_H

#include "broker/door/config_read.h"

/* Reads the directory. On failure every fault is written to standard error as FILE:LINE:COLUMN: message
 * with the line and a caret. Free the configuration with vdr_config_free(). */
vdr_err vdr_cli_config(const char *dir, vdr_config **ret_config);

#endif
