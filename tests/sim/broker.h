/* tests/sim/broker.h - the broker's process: vdr_start() in a fiber, with a configuration, keys and a store of the run.
 *
 * What the world and the auditor see of its inside is looked at, never changed. */
#ifndef VDR_SIM_BROKER_H
#define VDR_SIM_BROKER_H

#include "broker/engine/engine.h"
#include "broker/start.h"

/* rekey_slice: so much of a change of the pseudonym key is done in a turn (engine.h); 0: as the broker has it. */
void sim_broker_begin(const char *dir, unsigned rekey_slice);
void sim_broker_start(void);
void sim_broker_crash(bool silent); /* silent: the whole machine, so that its connections hang */
void sim_broker_stop(void);         /* asks it to */
void sim_broker_reload(void);       /* asks it to read its configuration again */

bool sim_broker_runs(void);                /* there is a process */
bool sim_broker_serves(void);              /* which has said READY */
vdr_exit sim_broker_status(void);          /* of the last one that ended by itself */
const vdr_engine *sim_broker_engine(void); /* NULL: none is open */
uint64_t sim_broker_starts(void);

#endif
