/* clients/cli/explain_show.h - an explanation as a tree with sentences for eyes, within 80 columns, and as JSON for
 * programs. */
#ifndef VDR_CLI_EXPLAIN_SHOW_H
#define VDR_CLI_EXPLAIN_SHOW_H

#include "clients/cli/link.h"
#include "proto/explain.h"

json_t *vdr_cli_explanation(const vdr_explanation *told);

/* Everything. */
void vdr_cli_explanation_show(const vdr_explanation *told);
/* The one rule that it is about, its signals, and what is missing. */
void vdr_cli_why_not_show(const vdr_explanation *told);

#endif
