/* tests/sim/wire.h - a network and a libzmq of our own: what the broker and libvoordeur call of it, and no more.
 *
 *   socket.c    the calls: sockets, messages, options, zmq_poll; PAIR and REP inside the process
 *   link.c      connections: two lanes each, handshake by the broker's own ZAP handler, breaks
 *
 * TCP is kept: what one lane brings comes in order and whole, or the connection breaks. Between connections everything
 * may overtake everything. A connection breaks as real ones do: what was under way is lost from some message on, and
 * each side learns of it at once, late, or never. */
#ifndef VDR_SIM_WIRE_H
#define VDR_SIM_WIRE_H

#include "tests/sim/dice.h"

#include <stddef.h>
#include <stdint.h>

typedef struct sim_weather {
    int64_t least_us, most_us; /* that a message takes */
    uint32_t slow;             /* millionths: it takes a hundred times as long */
} sim_weather;

void sim_wire_begin(uint64_t seed, const sim_weather *weather);

#define SIM_BROKER 0u
/* Whose calls come now: SIM_BROKER, or a client's number. */
void sim_wire_caller_set(unsigned caller);
/* For which clients did something come since the last call? A bit for each, by its number. */
uint64_t sim_wire_news(void);

/* ---- For the world */

int64_t sim_wire_next_us(void);     /* when something arrives next; SIM_NEVER */
size_t sim_wire_due(void);          /* lanes that bring something now */
void sim_wire_arrive(size_t which); /* the next thing of one of them */

/* The broker's process, and all its sockets, are gone. silent: so is its machine, and nobody is told. */
void sim_wire_broker_gone(bool silent);
/* The process of a client is gone. */
void sim_wire_client_gone(unsigned client, bool silent);

typedef enum sim_break {
    SIM_BREAK_RESET,     /* both sides learn of it soon */
    SIM_BREAK_HALF_OPEN, /* one side, or none, learns of it; the other notices by silence */
    SIM_BREAK_STALL      /* nothing comes through for a while, in one direction or both */
} sim_break;
/* Breaks some connection; false: there is none. */
bool sim_wire_break(sim_break how);
/* No client reaches the broker until then. */
void sim_wire_partition(int64_t until_us);
/* Nothing breaks or stalls any more. */
void sim_wire_heal(void);

uint64_t sim_wire_messages(void);

/* Looks at the key of everybody who is connected. */
void sim_wire_let_in_look(void (*look)(const uint8_t *public_key));

/* What the auditor hears: every message that reaches a client, before that client sees it. */
void sim_wire_tap_set(void (*tap)(unsigned client, uint64_t link, const void *bytes, size_t len));

#endif
