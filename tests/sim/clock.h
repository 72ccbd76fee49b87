/* tests/sim/clock.h - the only time there is. It stands still but when the world moves it, and for a microsecond
 * whenever somebody looks at it. The linker puts this in the place of clock_gettime() and of chance. */
#ifndef VDR_SIM_CLOCK_H
#define VDR_SIM_CLOCK_H

#include <stdint.h>

void sim_clock_begin(uint64_t seed, int64_t wall_ms);
extern int64_t sim_clock_now_us;
static inline int64_t /* steady, from 0 on */
sim_clock_us(void)
{
    return sim_clock_now_us;
}
void sim_clock_to(int64_t us);
int64_t sim_clock_wall_ms(void);
void sim_clock_jump(int64_t ms);        /* of the wall, either way */
void sim_clock_stand(int64_t until_us); /* the wall stands still until then */

#endif
