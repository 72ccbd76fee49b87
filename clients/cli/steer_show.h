/* clients/cli/steer_show.h - proposals, versions and pauses for eyes and for programs. */
#ifndef VDR_CLI_STEER_SHOW_H
#define VDR_CLI_STEER_SHOW_H

#include "clients/cli/link.h"

/* all: those that were decided or have ended, too. */
void vdr_cli_show_proposals(const vdr_cli_link *link, const vdr_wire_admin_result *result, bool all);
void vdr_cli_show_versions(const vdr_cli_link *link, const vdr_wire_admin_result *result);
/* True: it is fit to be proposed. */
bool vdr_cli_show_look(const vdr_cli_link *link, const vdr_wire_admin_result *result);
void vdr_cli_show_pauses(const vdr_cli_link *link, const vdr_wire_admin_result *result, bool all);

#endif
