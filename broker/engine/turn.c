#include "broker/engine/inside.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define TURN_TICKS_MAX    8u    /* of one turn, while time is made up for */
#define TURN_TICKS_US_MAX 4000  /* or so long: another turn goes on */
#define SLEEP_MS_MAX      60000 /* the wall clock may jump while the poll sleeps */

static size_t
in_flight(const vdr_engine *engine)
{
    size_t count = 0;
    for (uint64_t i = engine->spoken; i < engine->opened; i++)
        count += !atomic_load_explicit(&engine->ring[i % VDR_RING].done, memory_order_acquire);
    return count;
}

bool
vdr_engine_close_group(vdr_engine *engine, size_t at_most)
{
    vdr_gather *gather = vdr_engine_open_group(engine);
    size_t flying = in_flight(engine);
    if (engine->last_closed || vdr_gather_empty(gather) || flying > at_most)
        return false;
    /* The next group needs a place to gather in; after the last one there is none. */
    bool place = engine->opened + 1 - engine->released < VDR_RING;
    if (!place && !engine->stopped)
        return false;
    vdr_gather_close(gather);
    engine->opened++;
    engine->last_closed = engine->stopped;
    if (!engine->stopped)
        vdr_gather_clear(vdr_engine_open_group(engine), engine->next);
    if (gather->record_count == 0 && flying == 0)
        atomic_store_explicit(&gather->done, true, memory_order_release); /* nothing to wait for */
    else
        vdr_committer_give(engine->committer, gather);
    return true;
}

void
vdr_engine_hand_over(vdr_engine *engine)
{
    if (vdr_gather_enough(vdr_engine_open_group_const(engine)))
        (void)vdr_engine_close_group(engine, VDR_COMMITTER_DEPTH - 1);
}

bool
vdr_engine_collect(vdr_engine *engine, const vdr_group **ret_group)
{
    uint64_t count;
    ssize_t n = read(engine->fd, &count, sizeof count); /* before looking, so that no wake is lost */
    (void)n;                                            /* EAGAIN: nothing new */
    if (engine->error != VDR_OK || engine->spoken == engine->opened)
        return false;
    vdr_gather *gather = &engine->ring[engine->spoken % VDR_RING];
    if (!atomic_load_explicit(&gather->done, memory_order_acquire))
        return false;
    if (gather->error != VDR_OK) {
        char words[VDR_ENGINE_WORDS_BYTES] = "";
        vdr_err e = vdr_committer_failed(engine->committer, words);
        vdr_engine_die(engine, e != VDR_OK ? e : gather->error, words);
        return false;
    }
    engine->spoken++;
    if (gather->record_count != 0) {
        engine->durable = gather->expected + gather->record_count - 1;
        engine->groups++;
        vdr_histogram_add(&engine->commit_us, gather->took_us > 0 ? (uint64_t)gather->took_us : 0);
        vdr_histogram_add(&engine->group_records, gather->record_count);
        engine->image.log_bytes += gather->bytes; /* near enough: a refusal's tale is in it */
    }
    *ret_group = &gather->group;
    return true;
}

void
vdr_engine_release(vdr_engine *engine, const vdr_group *group)
{
    VDR_ASSERT(engine->released < engine->spoken);
    VDR_ASSERT(group == &engine->ring[engine->released % VDR_RING].group);
    engine->released++;
}

void
vdr_engine_await(vdr_engine *engine)
{
    struct pollfd wait = {.fd = engine->fd, .events = POLLIN};
    (void)poll(&wait, 1, 1000); /* EINTR and a spurious end only look again */
    uint64_t count;
    ssize_t n = read(engine->fd, &count, sizeof count);
    (void)n; /* EAGAIN: nothing new */
}

vdr_err
vdr_engine_flush(vdr_engine *engine)
{
    engine->stopped = true;
    if (vdr_gather_empty(vdr_engine_open_group(engine)))
        engine->last_closed = true;
    while (!engine->last_closed || in_flight(engine) != 0) {
        if (vdr_engine_close_group(engine, VDR_COMMITTER_DEPTH - 1))
            continue;
        if (vdr_committer_stuck(engine->committer)) {
            vdr_engine_die(engine, VDR_E_STORE_FULL,
                           "stopping without room for what was stepped last: it was confirmed to nobody");
            return VDR_E_STORE_FULL;
        }
        vdr_engine_await(engine);
    }
    char words[VDR_ENGINE_WORDS_BYTES];
    vdr_err e = vdr_committer_failed(engine->committer, words);
    if (e != VDR_OK)
        vdr_engine_die(engine, e, words);
    else
        engine->durable = engine->next - 1;
    return e;
}

vdr_err
vdr_engine_settle(vdr_engine *engine)
{
    for (;;) {
        (void)vdr_engine_close_group(engine, VDR_COMMITTER_DEPTH - 1);
        const vdr_group *group;
        if (vdr_engine_collect(engine, &group)) {
            vdr_engine_release(engine, group);
            continue;
        }
        if (engine->error != VDR_OK)
            return engine->error;
        if (engine->spoken == engine->opened && vdr_gather_empty(vdr_engine_open_group(engine)))
            return VDR_OK;
        vdr_engine_await(engine);
    }
}

/* A timer is due and no command fired it: time passes by a record of its own. So much may be due, at one
 * instant or after a pause (a stop, a jump of the clock), that firing it at once would stall the turn; it then
 * fires in parts, and no command is taken meanwhile, since it would fire the rest. */
static void
tick(vdr_engine *engine)
{
    vdr_clock *clock = engine->options.clock;
    if (clock->kind == VDR_CLOCK_EVENT)
        return;
    vdr_ms now = vdr_clock_now(clock);
    int64_t began_us = vdr_clock_steady_us(clock);
    unsigned parts = 0;
    while (vdr_core_next_due(engine->core) <= now && vdr_gather_room(vdr_engine_open_group(engine)) != 0) {
        vdr_engine_tick(engine, now);
        if (++parts == TURN_TICKS_MAX || vdr_clock_steady_us(clock) - began_us > TURN_TICKS_US_MAX)
            break;
    }
    engine->behind = vdr_core_next_due(engine->core) <= now;
}

static void
look_at_clock(vdr_engine *engine)
{
    int64_t jump_ms = vdr_clock_jump(engine->options.clock);
    if (jump_ms > 0)
        vdr_engine_say(engine, VDR_NOTICE_WARNING,
                       "the wall clock was set forward by %lld ms: log time follows, timers fire accordingly",
                       (long long)jump_ms);
    else if (jump_ms < 0)
        vdr_engine_say(
            engine, VDR_NOTICE_WARNING,
            "the wall clock was set back by %lld ms: log time stands still for %lld ms, timers wait",
            -(long long)jump_ms, (long long)vdr_clock_ahead_ms(engine->options.clock));
}

/* Signals are refused before the disk is full, so that acknowledgements, acts and erasure still fit. */
static void
look_at_room(vdr_engine *engine, int64_t now_us)
{
    if (now_us - engine->full_us < VDR_FULL_MS * 1000)
        return;
    engine->full_us = now_us;
    bool stuck = vdr_committer_stuck(engine->committer);
    if (stuck && !engine->stuck)
        vdr_engine_say(engine, VDR_NOTICE_ERROR,
                       "the disk has no room even for what must go on: nothing is confirmed until it has. %s",
                       vdr_err_hint(VDR_E_STORE_FULL));
    engine->stuck = stuck;
    vdr_log_stats stats;
    vdr_log_stats_get(engine->options.log, &stats);
    if (stats.full == engine->full)
        return;
    engine->full = stats.full;
    if (stats.full)
        vdr_engine_say(engine, VDR_NOTICE_ERROR,
                       "the store is full (%llu bytes used): new signals are refused with store_full; "
                       "deliveries, acts and erasure go on. %s",
                       (unsigned long long)stats.used_bytes, vdr_err_hint(VDR_E_STORE_FULL));
    else
        vdr_engine_say(engine, VDR_NOTICE_INFO, "the store has room again: signals are taken");
}

static void
count_rate(vdr_engine *engine, int64_t now_us)
{
    int64_t passed_us = now_us - engine->second_us;
    if (passed_us < 1000000)
        return;
    engine->accepted_per_s =
        (uint64_t)((double)(engine->accepted - engine->second_accepted) * 1e6 / (double)passed_us);
    engine->second_accepted = engine->accepted;
    engine->second_us = now_us;
}

vdr_err
vdr_engine_turn(vdr_engine *engine)
{
    if (engine->error != VDR_OK)
        return VDR_E_STORE_FAILED;
    int64_t began_us = vdr_clock_steady_us(engine->options.clock);
    char words[VDR_ENGINE_WORDS_BYTES];
    vdr_err e = vdr_committer_failed(engine->committer, words);
    if (e != VDR_OK) {
        vdr_engine_die(engine, e, words);
        return VDR_E_STORE_FAILED;
    }
    if (!engine->stopped)
        tick(engine);
    if (!engine->stopped)
        vdr_engine_rewrite(engine);
    look_at_clock(engine);
    vdr_rekeying_turn(engine);
    (void)vdr_engine_close_group(engine, 0);
    vdr_image_turn(engine);
    vdr_jobs_turn(engine);
    vdr_erasure_turn(engine->erasure);
    vdr_carry_turn(engine->carry);
    if (engine->options.threads)
        vdr_warmer_turn(engine->warmer);
    else
        vdr_committer_turn(engine->committer);
    look_at_room(engine, began_us);
    count_rate(engine, began_us);
    int64_t took_us = vdr_clock_steady_us(engine->options.clock) - began_us;
    vdr_histogram_add(&engine->turn_us, took_us > 0 ? (uint64_t)took_us : 0);
    return VDR_OK;
}

static int64_t
sooner(int64_t a_ms, int64_t b_ms)
{
    return a_ms < 0 ? b_ms : b_ms < 0 || a_ms < b_ms ? a_ms : b_ms;
}

int
vdr_engine_wait_ms(const vdr_engine *engine)
{
    if (engine->error != VDR_OK || engine->behind || engine->rewriting || !vdr_image_idle(engine) ||
        !vdr_erasure_idle(engine->erasure) || !vdr_carry_idle(engine->carry) || !vdr_rekeying_idle(engine))
        return 0;
    if (!engine->last_closed && !vdr_gather_empty(vdr_engine_open_group_const(engine)) &&
        in_flight(engine) == 0)
        return 0; /* something was gathered after the turn, or by it */
    const vdr_gather *next = &engine->ring[engine->spoken % VDR_RING];
    if (engine->spoken != engine->opened && atomic_load_explicit(&next->done, memory_order_acquire))
        return 0;
    int64_t wait_ms = sooner(vdr_image_wait_ms(engine), vdr_erasure_wait_ms(engine->erasure));
    if (engine->full)
        wait_ms = sooner(wait_ms, VDR_FULL_MS);
    const vdr_clock *clock = engine->options.clock;
    vdr_ms due = vdr_core_next_due(engine->core);
    if (clock->kind != VDR_CLOCK_EVENT && due != VDR_MS_MAX)
        wait_ms = sooner(wait_ms, due > clock->wall ? due - clock->wall : 0);
    if (wait_ms > SLEEP_MS_MAX)
        wait_ms = SLEEP_MS_MAX;
    return (int)wait_ms;
}
