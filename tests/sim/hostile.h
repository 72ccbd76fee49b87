/* tests/sim/hostile.h - a client that is none: it has an agency's key, or one that nobody knows, and says what nobody may say.
 * It gets nothing for it, and none of its events is ever in the log. */
#ifndef VDR_SIM_HOSTILE_H
#define VDR_SIM_HOSTILE_H

#include "tests/sim/town.h"

#define SIM_HOSTILE 40u /* its number on the wire: no actor's */

void sim_hostile_begin(uint64_t seed, const sim_town *town, const char *base);
int64_t sim_hostile_due_us(void); /* SIM_NEVER: it is not there */
void sim_hostile_turn(void);
void sim_hostile_end(void); /* it goes */
uint64_t sim_hostile_frames(void);

#endif
