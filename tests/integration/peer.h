/* tests/integration/peer.h - what peer.c, which is driven, and peer_show.c, which tells what came, share. One thread. */
#ifndef VDR_TESTS_PEER_H
#define VDR_TESTS_PEER_H

#include "proto/codec.h"

#define LINE_BYTES (4u * 1024 * 1024) /* of a command, and of a text that is told */

typedef struct peer_seen {
    uint64_t up_to, exceptions, messages, lines;
} peer_seen;

extern bool quiet, tell_fields; /* commands of the same names */
extern peer_seen seen;          /* what quiet counts instead of telling */

/* On standard output, a line. */
void put_wire(const vdr_wire *wire, uint32_t sequence);

#endif
