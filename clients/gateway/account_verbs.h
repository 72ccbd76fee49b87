/* clients/gateway/account_verbs.h - voordeur-gateway account …: for those who run the gateway. */
#ifndef VDR_GATEWAY_ACCOUNT_VERBS_H
#define VDR_GATEWAY_ACCOUNT_VERBS_H

#include "clients/gateway/start.h"

/* argv[0] is "account". Speaks on standard output and error. */
vdr_gate_exit vdr_account_verbs(int argc, char **argv);

#endif
