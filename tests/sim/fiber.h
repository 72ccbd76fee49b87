/* tests/sim/fiber.h - the broker's threads, each a coroutine; only one runs, and the world says which.
 *
 * The linker puts these in the place of pthread_create, of mutexes and of conditions (thread.c), so that the broker's
 * own threads run as they are. A fiber can be left for good wherever it pauses: that is how the broker crashes. What it had
 * allocated is lost with it; the process of a run is a short one.
 *
 * Outside of fibers (in the world and in the clients) nothing of this waits. */
#ifndef VDR_SIM_FIBER_H
#define VDR_SIM_FIBER_H

#include "tests/sim/dice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SIM_NEVER INT64_MAX

/* pauses: how often, in millionths, a fiber gives way where it need not. */
void sim_fibers_begin(uint64_t seed, uint32_t pauses);
uint64_t sim_fiber_start(const char *name, void *(*run)(void *argument), void *argument);
bool sim_fiber_over(uint64_t number); /* it ended, or was never there */
uint64_t sim_fiber_self(void);        /* 0: outside */
uint64_t sim_fibers_switches(void);

/* ---- From inside */

void sim_fiber_pause(void);
void sim_fiber_may_pause(void); /* now and then */
void sim_fiber_sleep(int64_t us);
/* Until somebody wakes whoever waits for this, or until then. False: nobody did. */
bool sim_fiber_wait(const void *on, int64_t until_us);
void sim_fiber_wake(const void *on, bool all);
/* Until something happened anywhere, or until then. False: it is then. */
bool sim_fiber_look_again(int64_t until_us);
void sim_fibers_poke(void); /* something happened */

/* ---- For the world */

size_t sim_fibers_ready(void);    /* how many could go on now */
void sim_fiber_run(size_t which); /* of those */
int64_t sim_fibers_next_us(void); /* when the next could */
void sim_fibers_leave(void);      /* all, for good */

#endif
