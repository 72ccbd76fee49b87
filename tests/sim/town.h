/* tests/sim/town.h - a town of its own for each run: who is there, the rules, the node. And the keys, which are the same for
 * all runs of a process. */
#ifndef VDR_SIM_TOWN_H
#define VDR_SIM_TOWN_H

#include "proto/types.h"
#include "tests/sim/dice.h"

#include <stdbool.h>

typedef struct sim_party {
    vdr_party_kind kind;
    const char *id;
    const char *source; /* of its events; NULL: an operator */
} sim_party;

#define SIM_PARTIES_MAX 32u
#define SIM_ACTORS_MAX  32u
#define SIM_PERSONS     24u
#define SIM_TYPES       6u
#define SIM_KEYS_EACH   5u /* key pairs that a party has made, one after the other */
#define SIM_SECRETS     4u /* the same of the pseudonym key and of the store's */
/* What a broker keeps free on its volume, in bytes. */
#define SIM_TOWN_RESERVE (UINT64_C(32) << 20)

typedef struct sim_town {
    sim_party parties[SIM_PARTIES_MAX];
    unsigned party_count;
    uint32_t room[SIM_PARTIES_MAX]; /* of regisseurs: cases that they can have at a time */
    int64_t heartbeat_ms;
    int64_t retain_least_ms; /* of all types */
    int64_t leaves_ms;       /* nothing leaves before so long has gone by */
    bool rights;             /* residents ask for what is theirs: to be erased, kept, left out */
    bool still;              /* nobody moves, no household is split */
    bool erases;             /* operators want what left to be erased for good, now and then */
    vdr_ms begun_ms;
    unsigned persons; /* that signals are about */
    char bsns[SIM_PERSONS][12];
    bool keys;                         /* operators rotate and revoke keys, and the pseudonym key changes */
    unsigned in_file[SIM_PARTIES_MAX]; /* which pair of a party stands in node.yaml */
    unsigned pseudonym, store;         /* which secrets do; the one after it is named as next */
    bool store_next;
    bool trials;       /* back-tests, shadows; and the broker is drained, and stopped by the verb */
    bool backs;        /* there are backups, and an escrow */
    uint64_t proposal; /* the newest that operators heard of */
    char node[1024];   /* what of node.yaml stays */
    char dir[200];
} sim_town;

/* Keys of everybody, in base/keys. Once a process. */
void sim_town_keys(const char *base);
/* The public key of a party's pair. */
const uint8_t *sim_town_key(unsigned party, unsigned pair);
/* Whose is it? False: nobody's. */
bool sim_town_key_find(const uint8_t *public_key, unsigned *ret_party, unsigned *ret_pair);
/* The file of the pair, behind base/: private, or else public. */
void sim_town_key_file(const sim_party *of, unsigned pair, bool private, char *ret_path, size_t size);
void sim_town_store_key(unsigned number, uint8_t ret_key[32]);
/* node.yaml as the town is now. */
void sim_town_node(const sim_town *town);
/* Writes config/ and node.yaml into dir. */
void sim_town_make(uint64_t seed, const char *dir, sim_town *ret_town);
/* Another version of the rules, in the same dir. */
void sim_town_change(sim_town *town, sim_dice *dice);
/* One that is none, in its place. */
void sim_town_break(sim_town *town);
/* The text of one of the three files; to be freed. */
char *sim_town_text(const sim_town *town, const char *name);

#define SIM_MUNICIPALITY "GM9901"
extern const char *const sim_types[SIM_TYPES];
/* The type that an agency sends; NULL: none. */
const char *sim_town_type(const char *agency, sim_dice *dice);
bool sim_town_takes(const char *agency, const char *type);

#endif
