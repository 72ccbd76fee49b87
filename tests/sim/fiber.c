#include "tests/sim/fiber.h"

#include "proto/assert.h"
#include "tests/sim/clock.h"
#include "tests/sim/switch.h"

#include <sys/mman.h>

#define FIBERS      128u
#define STACK_BYTES ((size_t)1 << 20)

typedef enum state { FREE, READY, WAITING, LOOKING, ASLEEP, OVER } state;

typedef struct fiber {
    state state;
    uint64_t number;
    const char *name;
    const void *on;
    int64_t until_us;
    uint64_t seen; /* LOOKING: how much had happened when it looked */
    bool woken;
    void *(*run)(void *argument);
    void *argument;
    void *stack;
    sim_stack context;
} fiber;

static fiber fibers[FIBERS];
static size_t used; /* of those; the others were never there */
static fiber *running;
static sim_stack world;
static uint64_t last_number, happened, switches;
static uint32_t pauses;
static sim_dice dice;

void
sim_fibers_begin(uint64_t seed, uint32_t pauses_millionths)
{
    dice = sim_dice_of(seed, 2);
    pauses = pauses_millionths;
}

static void
enter(void)
{
    sim_stack_begun(&world);
    (void)running->run(running->argument);
    running->state = OVER;
    sim_fibers_poke();
    sim_fiber_wake(running, true);
    sim_stack_switch(&running->context, &world);
}

uint64_t
sim_fiber_start(const char *name, void *(*run)(void *argument), void *argument)
{
    fiber *f = fibers;
    while (f < fibers + FIBERS && f->state != FREE && f->state != OVER)
        f++;
    VDR_ASSERT(f < fibers + FIBERS);
    if (used <= (size_t)(f - fibers))
        used = (size_t)(f - fibers) + 1;
    if (f->stack == NULL)
        f->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    VDR_ASSERT(f->stack != MAP_FAILED);
    sim_stack_make(&f->context, f->stack, STACK_BYTES, enter);
    f->state = READY;
    f->number = ++last_number * FIBERS + (uint64_t)(f - fibers); /* says where it is */
    f->name = name;
    f->run = run;
    f->argument = argument;
    sim_fibers_poke();
    return f->number;
}

bool
sim_fiber_over(uint64_t number)
{
    const fiber *f = &fibers[number % FIBERS];
    return f->number != number || f->state == OVER || f->state == FREE;
}

uint64_t
sim_fiber_self(void)
{
    return running != NULL ? running->number : 0;
}

uint64_t
sim_fibers_switches(void)
{
    return switches;
}

/* ---- From inside */

static void
give_way(state as)
{
    fiber *self = running;
    self->state = as;
    sim_stack_switch(&self->context, &world);
}

void
sim_fiber_pause(void)
{
    if (running != NULL)
        give_way(READY);
}

void
sim_fiber_may_pause(void)
{
    if (running != NULL && sim_chance(&dice, pauses))
        give_way(READY);
}

void
sim_fiber_sleep(int64_t us)
{
    if (running == NULL)
        return;
    running->until_us = sim_clock_us() + us;
    give_way(ASLEEP);
}

bool
sim_fiber_wait(const void *on, int64_t until_us)
{
    VDR_ASSERT(running != NULL);
    running->on = on;
    running->until_us = until_us;
    running->woken = false;
    give_way(WAITING);
    return running->woken;
}

void
sim_fiber_wake(const void *on, bool all)
{
    size_t waiting = 0, chosen = 0;
    for (size_t i = 0; i < used; i++)
        waiting += fibers[i].state == WAITING && fibers[i].on == on;
    if (waiting == 0)
        return;
    if (!all)
        chosen = (size_t)sim_below(&dice, waiting);
    for (size_t i = 0, seen = 0; i < used; i++) {
        if (fibers[i].state != WAITING || fibers[i].on != on)
            continue;
        if (all || seen == chosen) {
            fibers[i].woken = true;
            fibers[i].state = READY;
        }
        seen++;
    }
}

bool
sim_fiber_look_again(int64_t until_us)
{
    VDR_ASSERT(running != NULL);
    if (sim_clock_us() >= until_us)
        return false;
    running->until_us = until_us;
    running->seen = happened;
    give_way(LOOKING);
    return true;
}

void
sim_fibers_poke(void)
{
    happened++;
}

/* ---- For the world */

static bool
could_go_on(const fiber *f)
{
    switch (f->state) {
    case READY:
        return true;
    case LOOKING:
        return f->seen != happened || f->until_us <= sim_clock_us();
    case WAITING:
    case ASLEEP:
        return f->until_us <= sim_clock_us();
    case FREE:
    case OVER:
        return false;
    }
    return false;
}

size_t
sim_fibers_ready(void)
{
    size_t count = 0;
    for (size_t i = 0; i < used; i++)
        count += could_go_on(&fibers[i]);
    return count;
}

void
sim_fiber_run(size_t which)
{
    size_t i = 0;
    while (!could_go_on(&fibers[i]) || which-- != 0)
        i++;
    fiber *f = &fibers[i];
    bool only_looks = f->state == LOOKING;
    f->state = READY;
    running = f;
    switches++;
    sim_stack_switch(&world, &f->context);
    running = NULL;
    if (!only_looks || f->state != LOOKING) /* who looks and finds nothing changes nothing for others */
        sim_fibers_poke();
    if (only_looks && f->state == LOOKING)
        f->seen = happened;
}

int64_t
sim_fibers_next_us(void)
{
    int64_t next = SIM_NEVER;
    for (size_t i = 0; i < used; i++) {
        const fiber *f = &fibers[i];
        bool timed = f->state == WAITING || f->state == ASLEEP || f->state == LOOKING;
        if (timed && f->until_us < next)
            next = f->until_us;
    }
    return next;
}

void
sim_fibers_leave(void)
{
    VDR_ASSERT(running == NULL);
    for (size_t i = 0; i < used; i++) {
        void *stack = fibers[i].stack;
        fibers[i] = (fiber){.state = FREE, .stack = stack};
    }
}
