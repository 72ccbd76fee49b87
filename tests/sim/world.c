#include "tests/sim/world.h"

#include "tests/sim/actor.h"
#include "tests/sim/backup.h"
#include "tests/sim/broker.h"
#include "tests/sim/clock.h"
#include "tests/sim/disk.h"
#include "tests/sim/fiber.h"
#include "tests/sim/hostile.h"
#include "tests/sim/keys.h"
#include "tests/sim/trace.h"
#include "tests/sim/trials.h"
#include "tests/sim/wire.h"

#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define WALL_MS    INT64_C(1767600000000) /* 2026-01-05T08:00:00Z */
#define PATIENCE_S 600                    /* after everything is well again */
#define SECOND_US  INT64_C(1000000)

const char *const sim_fault_names[SIM_FAULT_COUNT] = {
#define X(symbol, name) name,
    SIM_FAULTS(X)
#undef X
};

const char *const sim_deed_names[SIM_DEED_COUNT] = {
#define X(symbol, name) name,
    SIM_DEEDS(X)
#undef X
};
uint64_t sim_deeds[SIM_DEED_COUNT];

static sim_plan plan;
static sim_town town;
static sim_actor actors[SIM_ACTORS_MAX];
static unsigned actor_count;
static int64_t actors_us; /* no actor has to do before; 0: not known */
static sim_dice dice;
static uint64_t faults[SIM_FAULT_COUNT];
static uint32_t weights[SIM_FAULT_COUNT];
static int64_t fault_pause_us, next_fault_us, broker_back_us;
static sim_fault next_fault = SIM_FAULT_COUNT; /* COUNT: any */
static bool healed;
static bool broken;       /* the configuration on disk is none */
static bool looked;       /* at what it made of its log when it started */
static bool lying, lied;  /* the disk does; it did, and what it lost is gone */
static int64_t truth_us;  /* until when it lies */
static bool unread;       /* node.yaml was written anew */
static bool refused;      /* the broker saw that its disk had lied, and does not serve: the run is over */
static int64_t room_us;   /* when the disk has room again */
static uint64_t refusals; /* starts that were refused for a byte that was not as written */

/* A byte that is another one than was written. */
static struct {
    bool on, of_block;
    vdr_position position;
    vdr_block_id block;
    size_t at;
    uint8_t mask;
} rot;

/* ---- What goes wrong */

static bool
may(sim_fault fault)
{
    return (plan.without & UINT32_C(1) << fault) == 0;
}

/* Each run has its own mixture: some kinds often, some never. */
static void
choose_weights(void)
{
    for (int f = 0; f < SIM_FAULT_COUNT; f++)
        weights[f] = may((sim_fault)f) && sim_below(&dice, 3) != 0 ? (uint32_t)sim_below(&dice, 8) : 0;
    fault_pause_us = sim_between(&dice, 50000, 4000000);
}

static void
broker_down(void)
{
    if (broker_back_us == SIM_NEVER)
        broker_back_us = sim_clock_us() + sim_between(&dice, 1000, 3 * SECOND_US);
}

static void
jump(bool forward)
{
    static const int64_t most_ms[] = {5000, 3600000, 86400000, 4 * 86400000};
    int64_t ms = sim_between(&dice, 1, most_ms[sim_below(&dice, 4)]);
    if (!forward && ms > 86400000)
        ms = 86400000;
    sim_clock_jump(forward ? ms : -ms);
    sim_trace("clock jumps", (uint64_t)ms, forward);
}

/* The power of the broker's machine fails: what its disk did not write is gone, and whoever had read it has read of
 * another world. */
static void
power_fails(void)
{
    actors_us = 0;
    lied = lied || lying;
    lying = false;
    sim_broker_crash(true);
    broker_down();
    for (unsigned i = 0; lied && i < actor_count; i++) {
        if (actors[i].handle != NULL)
            sim_actor_kill(&actors[i], false, sim_clock_us() + SECOND_US);
    }
}

/* The process alone ends: what the disk has in its cache stays there. */
static void
process_ends(void)
{
    if (lying)
        vdr_memory_lie(sim_disk(), false, false);
    lying = false;
    sim_broker_crash(false);
    broker_down();
}

static bool
set_rot(void)
{
    return rot.of_block ? vdr_memory_rot_block(sim_disk(), rot.block, rot.at, rot.mask)
                        : vdr_memory_rot_record(sim_disk(), rot.position, rot.at, rot.mask);
}

static void
end_rot(void)
{
    bool there = set_rot(); /* the same bits again */
    VDR_ASSERT(there);
    rot.on = false;
}

/* Its disk is lost. Whoever had read of it has read of another world, as with one that lied. */
static void
store_is_lost(void)
{
    vdr_position next;
    if (!sim_broker_serves())
        return;
    if (rot.on)
        end_rot();
    power_fails();
    if (!sim_backup_restore(&town, &next))
        return;
    lied = looked = false;
    sim_audit_restored(&town, next);
    for (unsigned i = 0; i < actor_count; i++) {
        if (actors[i].handle != NULL)
            sim_actor_kill(&actors[i], false, sim_clock_us() + SECOND_US);
    }
    town.pseudonym = sim_keys_pseudonym();
    sim_town_node(&town);
}

static void
reload(void)
{
    broken = sim_below(&dice, 4) == 0;
    if (broken)
        sim_town_break(&town);
    else
        sim_town_change(&town, &dice);
    if (sim_broker_serves())
        sim_broker_reload();
}

/* For a while: signals find no room, or nothing does. */
static void
fill_disk(void)
{
    vdr_log_stats stats;
    if (!sim_broker_serves() || sim_broker_engine() == NULL)
        return;
    vdr_log_stats_get(vdr_engine_log(sim_broker_engine()), &stats);
    uint64_t room = sim_below(&dice, 2) == 0 ? SIM_TOWN_RESERVE : sim_below(&dice, 5000);
    vdr_memory_capacity_set(sim_disk(), stats.used_bytes + room);
    room_us = sim_clock_us() + sim_between(&dice, SECOND_US / 10, 10 * SECOND_US);
}

static void
do_fault(sim_fault fault)
{
    sim_actor *actor = &actors[sim_below(&dice, actor_count)];
    faults[fault]++;
    actors_us = 0;
    sim_trace("fault", (uint64_t)fault, 0);
    sim_trace_words("fault %s", sim_fault_names[fault]);
    switch (fault) {
    case SIM_CRASH:
        if (sim_broker_runs())
            process_ends();
        break;
    case SIM_POWER:
        if (sim_broker_runs())
            power_fails();
        break;
    case SIM_LIE:
        if (!lying && sim_broker_serves()) {
            lying = true;
            truth_us = sim_clock_us() + sim_between(&dice, SECOND_US / 20, 3 * SECOND_US);
            vdr_memory_lie(sim_disk(), true, sim_below(&dice, 4) != 0);
        }
        break;
    case SIM_FULL:
        fill_disk();
        break;
    case SIM_STOP:
        if (sim_broker_serves())
            sim_broker_stop();
        break;
    case SIM_KILL:
        if (actor->handle != NULL)
            sim_actor_kill(actor, sim_below(&dice, 4) == 0,
                           sim_clock_us() + sim_between(&dice, 1000, 5 * SECOND_US));
        break;
    case SIM_RESET:
        (void)sim_wire_break(SIM_BREAK_RESET);
        break;
    case SIM_HALF_OPEN:
        (void)sim_wire_break(SIM_BREAK_HALF_OPEN);
        break;
    case SIM_STALL:
        (void)sim_wire_break(SIM_BREAK_STALL);
        break;
    case SIM_PARTITION:
        sim_wire_partition(sim_clock_us() + sim_between(&dice, SECOND_US / 10, 15 * SECOND_US));
        break;
    case SIM_FORWARD:
    case SIM_BACK:
        jump(fault == SIM_FORWARD);
        break;
    case SIM_STILL:
        sim_clock_stand(sim_clock_us() + sim_between(&dice, SECOND_US, 10 * SECOND_US));
        break;
    case SIM_RELOAD:
        reload();
        break;
    case SIM_RESTORE:
        store_is_lost();
        break;
    case SIM_ROT:
    case SIM_LOST: /* these are habits of disk and network */
    case SIM_KEPT:
    case SIM_SLOW:
    case SIM_DELAY:
    case SIM_FAULT_COUNT:
        break;
    }
}

/* While the disk takes its time, a crash finds things half done. */
static void
look_at_disk(void)
{
    int64_t until_us = sim_disk_stalled_us();
    if (sim_backup_moment()) {
        next_fault_us = sim_clock_us() + sim_between(&dice, 0, 5000);
        next_fault = SIM_RESTORE;
        return;
    }
    if (until_us == 0 || sim_below(&dice, 3) != 0)
        return;
    next_fault_us = sim_between(&dice, sim_clock_us(), until_us);
    next_fault = sim_below(&dice, 2) == 0 ? SIM_CRASH : SIM_POWER;
}

static void
some_fault(void)
{
    uint64_t sum = 0;
    for (int f = 0; f < SIM_FAULT_COUNT; f++)
        sum += weights[f];
    next_fault_us = sim_clock_us() + sim_between(&dice, 0, 2 * fault_pause_us);
    if (next_fault != SIM_FAULT_COUNT && weights[next_fault] != 0)
        do_fault(next_fault);
    if (sum == 0 || next_fault != SIM_FAULT_COUNT) {
        next_fault = SIM_FAULT_COUNT;
        return;
    }
    uint64_t which = sim_below(&dice, sum);
    int f = 0;
    while (which >= weights[f])
        which -= weights[f++];
    do_fault((sim_fault)f);
}

/* ---- The broker's process */

static void
may_rot(void)
{
    vdr_position next = vdr_memory_end(sim_disk());
    if (healed || next < 2 || !sim_chance(&dice, weights[SIM_ROT] * 30000))
        return;
    rot.of_block = sim_below(&dice, 3) == 0;
    rot.position = 1 + sim_below(&dice, next - 1);
    rot.mask = (uint8_t)(1u << sim_below(&dice, 8));
    for (int tries = 0; tries < 50 && !rot.on; tries++) {
        rot.at = (size_t)sim_below(&dice, 400);
        rot.block = (vdr_block_id){(uint32_t)sim_below(&dice, 50), (uint32_t)sim_below(&dice, 2)};
        rot.on = set_rot();
    }
    faults[SIM_ROT] += rot.on;
    sim_trace("rot", rot.on, rot.position);
}

static void
start_broker(void)
{
    broker_back_us = SIM_NEVER;
    sim_audit_settled(vdr_memory_end(sim_disk()), lied);
    sim_backup_settled(vdr_memory_end(sim_disk()));
    if (!lied)
        may_rot();
    sim_trials_started();
    sim_broker_start();
}

/* It ended by itself, in order or not. */
static void
look_at_end(void)
{
    bool cannot = sim_broker_status() == VDR_EXIT_CORRUPT || sim_broker_status() == VDR_EXIT_CONFIG ||
                  (sim_broker_status() == VDR_EXIT_FAILED && !looked);
    if (rot.on) {
        refusals++;
        end_rot();
    } else if (lied) {
        refused = true; /* it is right: this is not what it wrote */
    } else if (cannot && !broken) {
        sim_violation("start", "the broker ended with status %d", (int)sim_broker_status());
    }
    if (broken)
        sim_town_change(&town, &dice);
    broken = false;
    process_ends();
}

static void
look_at_broker(void)
{
    if (lying && sim_clock_us() >= truth_us)
        power_fails();
    if (room_us != 0 && sim_clock_us() >= room_us) {
        vdr_memory_capacity_set(sim_disk(), 0);
        room_us = 0;
    }
    if (broker_back_us != SIM_NEVER) {
        if (sim_clock_us() >= broker_back_us)
            start_broker();
        return;
    }
    if (!sim_broker_runs()) {
        look_at_end();
        return;
    }
    if (sim_broker_serves() && rot.on) {
        sim_audit_rot();
        end_rot();
    }
    if (sim_broker_serves() && !looked && sim_below(&dice, 3) == 0)
        sim_audit_history(false);
    if (sim_broker_serves() && !looked)
        sim_audit_restored_look();
    looked = sim_broker_serves();
    sim_backup_look(&town);
    lied = lied && !looked;
}

/* ---- The order of things */

static bool
actor_due(const sim_actor *actor)
{
    if (actor->handle == NULL)
        return actor->back_us <= sim_clock_us();
    return actor->due_us <= sim_clock_us() || (!healed && actor->act_us <= sim_clock_us());
}

static void
actor_turn(sim_actor *actor)
{
    actors_us = 0;
    if (actor->handle == NULL) {
        sim_actor_open(actor);
        return;
    }
    if (!healed && actor->act_us <= sim_clock_us()) {
        sim_role_acts(actor, &town);
        actor->act_us = sim_clock_us() + sim_between(&actor->dice, 0, 2 * actor->pace_us);
    }
    sim_actor_go_on(actor);
}

/* When the first actor has to do. */
static int64_t
look_at_actors(void)
{
    int64_t next = SIM_NEVER;
    for (unsigned i = 0; i < actor_count && actors_us == 0; i++) {
        const sim_actor *a = &actors[i];
        int64_t due = a->handle == NULL ? a->back_us : a->due_us;
        if (a->handle != NULL && !healed && a->act_us < due)
            due = a->act_us;
        if (due < next)
            next = due;
    }
    if (actors_us == 0)
        actors_us = next;
    return actors_us;
}

static int64_t
soonest_us(void)
{
    int64_t next = look_at_actors(), fibers = sim_fibers_next_us(), wire = sim_wire_next_us();
    if (fibers < next)
        next = fibers;
    if (wire < next)
        next = wire;
    if (broker_back_us < next)
        next = broker_back_us;
    if (sim_hostile_due_us() < next)
        next = sim_hostile_due_us();
    if (!healed && next_fault_us < next)
        next = next_fault_us;
    return next;
}

/* One thing of all that could happen now. False: there is none, time goes on. */
static bool
step(void)
{
    uint64_t news = sim_wire_news();
    for (unsigned i = 0; i < actor_count && news != 0; i++) {
        if ((news >> actors[i].number & 1) != 0)
            actors[i].due_us = sim_clock_us();
        actors_us = 0;
    }
    size_t fibers = sim_fibers_ready(), lanes = sim_wire_due(), due = 0;
    for (unsigned i = 0; i < actor_count && look_at_actors() <= sim_clock_us(); i++)
        due += actor_due(&actors[i]);
    size_t hostile = sim_hostile_due_us() <= sim_clock_us(), all = fibers + lanes + due + hostile;
    if (all == 0)
        return false;
    size_t which = (size_t)sim_below(&dice, all);
    if (which < fibers) {
        sim_fiber_run(which);
    } else if (which < fibers + lanes) {
        sim_wire_arrive(which - fibers);
    } else if (which == fibers + lanes + due) {
        sim_hostile_turn();
    } else {
        which -= fibers + lanes;
        unsigned i = 0;
        while (!actor_due(&actors[i]) || which-- != 0)
            i++;
        actor_turn(&actors[i]);
    }
    return true;
}

/* A party whose key is only in the file waits until that is read, and a reload may get lost, or find no room. */
static void
look_at_keys(void)
{
    unread = sim_keys_mend(actors, actor_count, &town, &dice, healed) || unread;
    actors_us = 0;
    if (sim_broker_serves() && sim_trials_drained(healed))
        sim_broker_stop();
    if (unread && sim_broker_serves() && !broken) {
        unread = sim_below(&dice, 2) == 0;
        sim_broker_reload();
    }
}

static void
go_on_until(int64_t until_us, bool stop_when_finished)
{
    int64_t look_us = sim_clock_us();
    while (sim_clock_us() < until_us && !sim_audit_failed() && !refused) {
        look_at_broker();
        if (!healed)
            look_at_disk();
        if (!healed && sim_clock_us() >= next_fault_us)
            some_fault();
        if (sim_clock_us() >= look_us) {
            sim_audit_state();
            look_at_keys();
            look_us = sim_clock_us() + sim_between(&dice, SECOND_US / 10, 2 * SECOND_US);
            if (stop_when_finished && sim_broker_serves() && sim_audit_unfinished() == NULL)
                return;
        }
        if (!step())
            sim_clock_to(soonest_us());
        else
            sim_clock_to(sim_clock_us() + 1);
    }
}

static void
heal(void)
{
    healed = true;
    actors_us = 0;
    sim_trace("healed", 0, 0);
    sim_wire_heal();
    sim_disk_heal();
    sim_clock_stand(sim_clock_us());
    sim_hostile_end();
    if (lying)
        vdr_memory_lie(sim_disk(), false, false);
    lying = false;
    if (broken)
        sim_town_change(&town, &dice);
    broken = false;
    for (unsigned i = 0; i < actor_count; i++) {
        if (actors[i].handle == NULL)
            actors[i].back_us = sim_clock_us();
    }
}

/* ---- From begin to end */

/* A program of this party; it may have two. */
static void
add_actor(unsigned party, const char *base)
{
    if ((plan.parties_off & UINT32_C(1) << party) != 0)
        return;
    actor_count++;
    sim_actor_begin(&actors[actor_count - 1], actor_count, party, &town, base, plan.seed);
}

static void
begin(const char *base, const char *dir)
{
    dice = sim_dice_of(plan.seed, 6);
    sim_weather weather = {.least_us = 20, .most_us = sim_between(&dice, 50, 5000)};
    sim_disk_habits habits = {.least_us = 50, .most_us = sim_between(&dice, 100, 2000), .state_share = 1};
    if (sim_below(&dice, 2) == 0)
        habits.state_share = 20;
    choose_weights();
    if (weights[SIM_DELAY] != 0)
        weather.slow = (uint32_t)sim_between(&dice, 100, 50000);
    if (weights[SIM_SLOW] != 0)
        habits.stalls = (uint32_t)sim_between(&dice, 100, 20000);
    habits.lost = weights[SIM_LOST] * 300;
    habits.kept = weights[SIM_KEPT] * 300;
    habits.full = weights[SIM_FULL] * 3000;
    sim_town_make(plan.seed, dir, &town);
    town.begun_ms = WALL_MS;
    sim_fibers_begin(plan.seed, (uint32_t)sim_below(&dice, 3) * 20000);
    sim_wire_begin(plan.seed, &weather);
    sim_disk_begin(plan.seed, &habits);
    sim_audit_begin(&town);
    sim_backup_begin(plan.seed, &town);
    sim_broker_begin(dir, (unsigned)sim_below(&dice, 3));
    sim_wire_tap_set(sim_audit_frame);
    for (unsigned i = 0; i < town.party_count; i++)
        add_actor(i, base);
    for (uint64_t more = sim_below(&dice, 4); more > 0; more--)
        add_actor((unsigned)sim_below(&dice, town.party_count), base);
    sim_hostile_begin(plan.seed, &town, base);
    broker_back_us = 0;
    next_fault_us = SECOND_US;
}

static void
report(sim_outcome *ret_outcome)
{
    sim_audit_counts counts = sim_audit_counted();
    sim_disk_counts disk = sim_disk_counted();
    *ret_outcome = (sim_outcome){.seed = plan.seed,
                                 .hash = sim_trace_hash(),
                                 .failed = sim_audit_failed(),
                                 .events = sim_audit_events(),
                                 .answers = counts.answers,
                                 .messages = counts.messages,
                                 .frames = sim_wire_messages(),
                                 .records = counts.records,
                                 .folds = counts.folds,
                                 .starts = sim_broker_starts(),
                                 .switches = sim_fibers_switches(),
                                 .lines = counts.lines,
                                 .again = counts.again,
                                 .foretold = counts.foretold,
                                 .refusals = refusals,
                                 .simulated_us = sim_clock_us()};
    (void)snprintf(ret_outcome->words, sizeof ret_outcome->words, "%s", sim_audit_words());
    memcpy(ret_outcome->faults, faults, sizeof faults);
    memcpy(ret_outcome->deeds, sim_deeds, sizeof sim_deeds);
    ret_outcome->faults[SIM_LOST] = disk.lost;
    ret_outcome->faults[SIM_KEPT] = disk.kept;
    ret_outcome->faults[SIM_FULL] += disk.full;
    ret_outcome->faults[SIM_SLOW] = disk.stalls;
}

void
sim_world_run(const sim_plan *of, const char *base, sim_outcome *ret_outcome)
{
    char dir[200];
    plan = *of;
    (void)snprintf(dir, sizeof dir, "%s/run", base);
    sim_clock_begin(plan.seed, WALL_MS);
    VDR_ASSERT(sodium_init() >= 0);
    sim_trace_begin(plan.trace);
    begin(base, dir);
    int64_t length_us = sim_between(&dice, 5, 60) * SECOND_US * plan.percent / 100;
    go_on_until(length_us, false);
    heal();
    int64_t patience_us = sim_clock_us() + PATIENCE_S * SECOND_US;
    go_on_until(patience_us, true);
    const char *unfinished = sim_audit_unfinished();
    if (!sim_audit_failed() && !refused && unfinished != NULL)
        sim_violation("finish", "%d seconds after all is well: %s", PATIENCE_S, unfinished);
    if (!sim_audit_failed() && !refused) {
        go_on_until(sim_clock_us() + 5 * SECOND_US, false);
        if (sim_audit_unfinished() != NULL) /* a key ended just now: its BYE is on the way */
            go_on_until(sim_clock_us() + PATIENCE_S * SECOND_US, true);
        sim_audit_timers();
        sim_audit_history(true);
        sim_audit_end();
    }
    report(ret_outcome);
}
