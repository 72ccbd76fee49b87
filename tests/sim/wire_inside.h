/* tests/sim/wire_inside.h - what socket.c and link.c share. */
#ifndef VDR_SIM_WIRE_INSIDE_H
#define VDR_SIM_WIRE_INSIDE_H

#include "tests/sim/wire.h"

#include <stdbool.h>
#include <zmq.h>

#define SIM_USER_BYTES 12u
#define SIM_NAME_BYTES 128u
#define SIM_KEY_BYTES  32u
#define SIM_BINDS      2u

typedef struct sim_link sim_link;
typedef struct sim_socket sim_socket;

/* One part of a message, received or to be. */
typedef struct sim_part {
    uint8_t *bytes;
    size_t len;
    bool more;
    char user[SIM_USER_BYTES];
    sim_link *from; /* body of a ROUTER's message */
} sim_part;

struct sim_socket {
    int type;
    unsigned owner; /* SIM_BROKER or a client */
    uint64_t number;
    sim_part *parts; /* received; a ring would not be shorter */
    size_t first, count, max;
    bool more; /* of the part taken last */
    char bound[SIM_BINDS][SIM_NAME_BYTES];
    char domain[SIM_NAME_BYTES];
    uint8_t public_key[SIM_KEY_BYTES];
    int send_frames, receive_frames;
    int linger_ms;
    sim_socket *peer;    /* PAIR */
    sim_socket *monitor; /* PAIR that hears what happens to this one */
    int monitored;       /* events */
    char monitor_name[SIM_NAME_BYTES];
    sim_link *link;    /* DEALER */
    sim_link *target;  /* ROUTER: of the message being sent */
    sim_part reply[8]; /* REP: of the answer being sent */
    size_t reply_count;
    sim_socket *next;
};

extern sim_socket *sim_sockets; /* all that are open */

void sim_socket_put(sim_socket *socket, const void *bytes, size_t len, bool more, const char *user,
                    sim_link *from);
sim_socket *sim_socket_bound(const char *endpoint);
void sim_socket_event(sim_socket *socket, int event); /* to its monitor */
void sim_socket_news(const sim_socket *socket);
unsigned sim_wire_caller(void);

/* link.c */
void sim_link_connect(sim_socket *dealer, const char *endpoint);
void sim_link_close(sim_socket *dealer);        /* the client's side goes */
void sim_link_router_close(sim_socket *router); /* the broker's side of all its links goes */
bool sim_link_open(const sim_link *link);       /* the client may send */
bool sim_link_room(const sim_link *link, bool to_client, int frames_max);
void sim_link_send(sim_link *link, bool to_client, const void *bytes, size_t len);
sim_link *sim_link_of(const sim_socket *router, uint32_t number); /* NULL: gone */
void sim_link_taken(sim_link *link); /* a ROUTER's reader took one of its messages */
/* The ZAP handler's answer about a link. */
void sim_link_judged(uint64_t number, bool good, const char *user);

#endif
