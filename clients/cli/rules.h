/* clients/cli/rules.h - the parts of `voordeur rules`, one file each. Each part is a verb of its own whose name
 * is "rules PART"; argv[0] is the part. */
#ifndef VDR_CLI_RULES_H
#define VDR_CLI_RULES_H

#include "clients/cli/verbs.h"

extern const vdr_cli_verb vdr_cli_rules_check, vdr_cli_rules_fmt, vdr_cli_rules_lint, vdr_cli_rules_test,
    vdr_cli_rules_show, vdr_cli_rules_publish, vdr_cli_rules_dpia;
/* steer.c: those that need a broker */
extern const vdr_cli_verb vdr_cli_rules_propose, vdr_cli_rules_proposals, vdr_cli_rules_approve,
    vdr_cli_rules_reject, vdr_cli_rules_withdraw, vdr_cli_rules_history, vdr_cli_rules_version,
    vdr_cli_rules_rollback, vdr_cli_rules_look, vdr_cli_rules_sentences;
/* shadow.c */
extern const vdr_cli_verb vdr_cli_rules_shadow, vdr_cli_rules_diff;

#endif
