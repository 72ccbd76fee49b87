/* tests/sim/keys.h - keys of parties: what operators do with them, who takes up which, and what the log says of each.
 *
 * A party has made some pairs (town.h). Which of them counts is in the log and in node.yaml (protocol.md 7.15); the auditor
 * keeps a book of it from the records alone (audit_keys.c), and the parties' programs go by that book (keys.c). */
#ifndef VDR_SIM_KEYS_H
#define VDR_SIM_KEYS_H

#include "broker/core/core.h"
#include "tests/sim/actor.h"

typedef enum sim_key_state {
    SIM_KEY_UNKNOWN = 0,
    SIM_KEY_VALID = 1,
    SIM_KEY_ENDED = 2,
    SIM_KEY_IN_FILE = 3 /* the log will end it; until then node.yaml lets it in */
} sim_key_state;

/* ---- keys.c */

/* An operator gives, rotates or revokes some key, or changes the pseudonym key. */
void sim_keys_act(sim_actor *operator, sim_town * town);
/* Parties take up their newest key; who has none gets a new one by node.yaml. True: that was written, and must be read. */
bool sim_keys_mend(sim_actor *actors, unsigned count, sim_town *town, sim_dice *dice, bool healed);

/* The broker said that its store is under the next key of its tenant. */
void sim_keys_store_told(void);

/* ---- audit_keys.c */

/* A record that is handed to the disk, at this log time. */
void sim_keys_note(vdr_position position, vdr_ms at, const vdr_command *command);
void sim_keys_cut(vdr_position next);
/* The log is a backup's now; the pairs that ended since, and of which the escrow's proofs say so, stay ended. */
void sim_keys_restored(const char *proofs);
/* The broker starts: it knows all that is durable. */
void sim_keys_started(void);
/* What the durable log says of a pair; node.yaml is not looked at. */
sim_key_state sim_keys_state(unsigned party, unsigned pair);
/* Was a change of the pseudonym key told not to wait for what nobody can name anew? */
bool sim_keys_given_up(void);
unsigned sim_keys_pseudonym(void); /* so many changes of the pseudonym key are complete */
/* The ZAP handler let somebody in, who asked when the clock was at asked. */
void sim_audit_let_in(const uint8_t *public_key, vdr_ms asked);
/* The broker says something to whoever has this key. */
void sim_audit_speaks(const uint8_t *public_key, bool operators, const void *bytes, size_t len);
/* Is the state's book the same? */
void sim_keys_compare(const vdr_core *core);
/* A connection that is still open when everything is over. */
void sim_audit_still_there(const uint8_t *public_key);
/* Has the key of somebody who is connected ended? Asked of each, then words, or NULL. */
void sim_audit_ended_there(const uint8_t *public_key);
const char *sim_audit_ended_words(void);

#endif
