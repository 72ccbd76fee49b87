/* clients/gateway/acts.h - an act on its way: its members, and what they lie in until it was published.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_ACTS_H
#define VDR_GATEWAY_ACTS_H

#include "clients/gateway/ask.h"

typedef struct vdr_acting {
    vdr_client_act act;
    char id[128];
    char *signal, *other;      /* names out of the path, or of what was read */
    void *persons, *addresses; /* arrays; their texts are of the body */
    vdr_wire_goal *goals;
} vdr_acting;

/* Becomes the ask's own; its members are filled by the caller. */
vdr_acting *vdr_acting_new(vdr_ask *ask, vdr_act act);
/* Reads Idempotency-Key and If-Match, ends the ask where there are faults, else publishes the act and answers. */
void vdr_acting_begin(vdr_ask *ask);

#endif
