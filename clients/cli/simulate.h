/* clients/cli/simulate.h - a made-up town that goes on by itself, for demonstrations and for trying.
 *
 * One thread. Every party is a client with its own key, as in earnest. What the people of the town do next is a
 * list of acts with town times; the dice are seeded, so one seed and one order of answers give one town. */
#ifndef VDR_CLI_SIMULATE_H
#define VDR_CLI_SIMULATE_H

#include "clients/cli/link.h"

#define VDR_SIM_PARTIES_MAX 256u

typedef struct vdr_sim vdr_sim;

typedef struct vdr_sim_party {
    vdr_sim *town;
    char *name, *source; /* "agency:school"; source may be NULL */
    vdr_client *client;  /* NULL: not needed yet, or left to somebody at a screen */
    bool hands_off;      /* a person plays this one */
} vdr_sim_party;

/* What somebody will do. Nothing is done before its time, and what the broker refuses is let go: somebody else
 * was first, or the case has moved on. */
typedef struct vdr_sim_intent {
    vdr_ms at;
    size_t party;
    vdr_act act;
    vdr_case_id case_id;
    uint32_t step; /* of a plan: 1 the first, 2 the goals reached */
} vdr_sim_intent;

struct vdr_sim {
    vdr_cli_link link;
    vdr_sim_party *parties;
    size_t party_count;
    vdr_sim_intent *intents; /* in no order; few */
    size_t intent_count, intent_size;
    uint64_t dice;
    vdr_ms now; /* town time */
    uint64_t sent, refused, acts, acts_refused;
};

/* A number from 0 to below - 1. */
uint64_t vdr_sim_roll(vdr_sim *town, uint64_t below);

/* Opens the party's client if it has none; regisseurs and others who read get their mailbox. Exit status. */
int vdr_sim_party_open(vdr_sim *town, size_t party);

/* Takes in what regisseurs hold already, so that a town can be gone on with. Exit status. */
int vdr_sim_people_wake(vdr_sim *town);

/* Does what is due at town->now. Exit status: what is refused is no failure, a broker that is away is. */
int vdr_sim_people_act(vdr_sim *town);

/* Handles what came in for every client; waits at most so long. */
void vdr_sim_listen(vdr_sim *town, int64_t timeout_ms);

#endif
