#include "tests/sim/clock.h"

#include "tests/sim/dice.h"

#include <sodium.h>
#include <sys/types.h>
#include <time.h>

int64_t sim_clock_now_us;
static int64_t wall_us; /* wall: what it shows at 0 of the steady clock, if it runs */
static int64_t still_until_us, still_wall_us;
static sim_dice chance;

int __wrap_clock_gettime(clockid_t id, struct timespec *ret_time);
ssize_t __wrap_getrandom(void *at, size_t size, unsigned flags);

static const char *
random_name(void)
{
    return "simulated";
}

static uint32_t
random_number(void)
{
    return (uint32_t)sim_throw(&chance);
}

static void
random_bytes(void *const at, const size_t size)
{
    uint8_t *byte = (uint8_t *)at;
    for (size_t i = 0; i < size; i++)
        byte[i] = (uint8_t)sim_throw(&chance);
}

static randombytes_implementation simulated = {
    .implementation_name = random_name, .random = random_number, .buf = random_bytes};

void
sim_clock_begin(uint64_t seed, int64_t wall_ms)
{
    sim_clock_now_us = still_until_us = 0;
    wall_us = wall_ms * 1000;
    chance = sim_dice_of(seed, 1);
    (void)randombytes_set_implementation(&simulated);
}

void
sim_clock_to(int64_t us)
{
    if (us > sim_clock_now_us)
        sim_clock_now_us = us;
}

static int64_t
wall(void)
{
    return sim_clock_now_us < still_until_us ? still_wall_us : wall_us + sim_clock_now_us;
}

int64_t
sim_clock_wall_ms(void)
{
    return wall() / 1000;
}

void
sim_clock_jump(int64_t ms)
{
    wall_us += ms * 1000;
}

void
sim_clock_stand(int64_t until_us)
{
    still_wall_us = wall();
    still_until_us = until_us;
}

int
__wrap_clock_gettime(clockid_t id, struct timespec *ret_time)
{
    sim_clock_now_us++;
    int64_t us =
        id == CLOCK_REALTIME ? wall() : sim_clock_now_us + 1000000000; /* a machine that runs for a while */
    ret_time->tv_sec = us / 1000000;
    ret_time->tv_nsec = us % 1000000 * 1000;
    return 0;
}

ssize_t
__wrap_getrandom(void *at, size_t size, unsigned flags)
{
    (void)flags;
    random_bytes(at, size);
    return (ssize_t)size;
}
