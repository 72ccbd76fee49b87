/* tests/sim/trials.h - what operators do that must show nowhere: back-tests and shadows; and a broker that is drained, or stopped by
 * the verb. */
#ifndef VDR_SIM_TRIALS_H
#define VDR_SIM_TRIALS_H

#include "tests/sim/actor.h"

void sim_trials_act(sim_actor *operator, const sim_town * town);
/* The broker starts: it takes items. */
void sim_trials_started(void);
/* An event of somebody is handed to the disk as this record. */
void sim_trials_record(vdr_position position);
/* All is well from here on. True: the broker may be drained, and must start anew to take items. Asked again and again. */
bool sim_trials_drained(bool healed);

#endif
