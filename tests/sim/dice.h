/* tests/sim/dice.h - all chance of a run, from its seed. Each room has dice of its own, so that what one of them
 * throws does not change what the others do. */
#ifndef VDR_SIM_DICE_H
#define VDR_SIM_DICE_H

#include <stdbool.h>
#include <stdint.h>

typedef struct sim_dice {
    uint64_t state;
} sim_dice;

/* SplitMix64. */
static inline uint64_t
sim_throw(sim_dice *dice)
{
    uint64_t z = dice->state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

/* Far from those of the seeds and rooms beside it. */
static inline sim_dice
sim_dice_of(uint64_t seed, uint64_t room)
{
    sim_dice first = {.state = seed};
    sim_dice second = {.state = sim_throw(&first) ^ room * UINT64_C(0xd1b54a32d192ed03)};
    return (sim_dice){.state = sim_throw(&second)};
}

static inline uint64_t
sim_below(sim_dice *dice, uint64_t bound)
{
    return sim_throw(dice) % bound;
}

/* From low to high, both among them. */
static inline int64_t
sim_between(sim_dice *dice, int64_t low, int64_t high)
{
    return low + (int64_t)sim_below(dice, (uint64_t)(high - low) + 1);
}

/* True in so many of a million cases. */
static inline bool
sim_chance(sim_dice *dice, uint32_t millionths)
{
    return sim_below(dice, 1000000) < millionths;
}

#endif
