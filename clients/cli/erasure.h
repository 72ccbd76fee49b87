/* clients/cli/erasure.h - voordeur erase run, status, proofs. One thread. */
#ifndef VDR_CLI_ERASURE_H
#define VDR_CLI_ERASURE_H

#include "clients/cli/link.h"

bool vdr_cli_is_erasure(const char *word); /* "run", "status", "proofs" */
/* Does it, and shows what came of it; the exit status. */
int vdr_cli_erasure(const vdr_cli_verb *verb, const vdr_cli_link *link, const char *word);

#endif
