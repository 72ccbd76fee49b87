/* clients/cli/acting.h - what the verbs that give acts share (act.c, privacy.c). Thread: main. */
#ifndef VDR_CLI_ACTING_H
#define VDR_CLI_ACTING_H

#include "clients/cli/link.h"

#define VDR_CLI_ACT_HELP                                                                                     \
    "  --id ID                   the act's own id; say it again to send the same act again (default: "       \
    "random)\n"                                                                                              \
    "  --time INSTANT            when it is done (default: now)\n" VDR_CLI_LINK_HELP

/* Gives the act and says what became of it. Returns an exit status. */
int vdr_cli_act_send(const vdr_cli_verb *verb, const vdr_cli_link *link, const vdr_client_act *act);

/* The value of an option: an instant. False: it is none, which was said. */
bool vdr_cli_take_instant(const char *name, const char *value, vdr_ms *ret_ms);

#endif
