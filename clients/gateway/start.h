/* clients/gateway/start.h - one run of the gateway, from its configuration to the end. */
#ifndef VDR_GATEWAY_START_H
#define VDR_GATEWAY_START_H

#include <stdbool.h>

typedef enum vdr_gate_exit {
    VDR_GATE_CLEAN = 0,
    VDR_GATE_FAILED = 1, /* an address, a file */
    VDR_GATE_USAGE = 2,  /* the command line, gateway.yaml, a key or certificate */
} vdr_gate_exit;

/* check_only: everything is read and nothing is listened on. Speaks on standard error. */
vdr_gate_exit vdr_gate_start(const char *config_path, bool check_only);

#endif
