#include "broker/carry/carry.h"

#include "broker/carry/choice.h"
#include "broker/carry/scout.h"
#include "broker/core/needed.h"
#include "broker/engine/inside.h"

#include <stdlib.h>

#define SLICE_US     300
#define LOOK_EVERY   16u          /* records judged between two looks at the clock */
#define TURN_RECORDS 16u          /* carried in one turn */
#define TURN_BYTES   (256u << 10) /* or so many bytes */

typedef enum carry_step {
    CARRY_IDLE,
    CARRY_LOOK,    /* the stretch is read and judged */
    CARRY_APPEND,  /* what is chosen is read again, whole, and logged */
    CARRY_WRITTEN, /* it is with the committer */
} carry_step;

struct vdr_carry {
    vdr_engine *engine;
    vdr_scout *scout; /* NULL: there is no door */
    carry_step step;
    bool wanted;
    bool busy; /* the scout is at work */
    vdr_choice *choice;
    vdr_position end; /* LOOK: of the stretch; later: of what is worth it */
    size_t place;     /* in the batch */
    size_t next;      /* of the chosen ones, to be fetched */
    vdr_position written, through;
    uint64_t records, bytes; /* of this one */
};

static int64_t
steady_us(const vdr_carry *carry)
{
    return vdr_clock_steady_us(carry->engine->options.clock);
}

static void
rest(vdr_carry *carry)
{
    carry->step = CARRY_IDLE;
    carry->busy = false;
    vdr_choice_free(&carry->choice);
    vdr_scout_rest(carry->scout);
}

static uint64_t
bytes_min(const vdr_carry *carry)
{
    uint64_t wish = carry->engine->options.carry_bytes;
    return wish != 0 ? wish : VDR_CARRY_BYTES;
}

/* Is so much held back by what the state needs, by what a record takes on average, that a look is worth it? */
static bool
is_worth_a_look(const vdr_carry *carry, const vdr_log_stats *stats, vdr_position end)
{
    const vdr_keep *walk = &carry->engine->image.walk;
    vdr_position held = walk->over && walk->oldest > stats->first ? walk->oldest : stats->first;
    if (held >= end)
        return false;
    uint64_t records = stats->next - stats->first;
    return stats->used_bytes / records * (end - held) >= bytes_min(carry);
}

static void
begin(vdr_carry *carry)
{
    vdr_log_stats stats;
    carry->wanted = false;
    vdr_log_stats_get(carry->engine->options.log, &stats);
    carry->end = carry->engine->image.last.position + 1;
    if (!is_worth_a_look(carry, &stats, carry->end))
        return;
    carry->choice = vdr_choice_new(stats.first, carry->end);
    carry->place = carry->next = 0;
    carry->records = carry->bytes = 0;
    carry->step = CARRY_LOOK;
    carry->busy = true;
    vdr_scout_walk(carry->scout, carry->end);
}

/* ---- look */

static void
judge(vdr_carry *carry, const vdr_scouted *of)
{
    vdr_engine *engine = carry->engine;
    vdr_choice *choice = carry->choice;
    vdr_command command = of->command;
    vdr_choice_stands(choice, of->position, of->bytes);
    if (!of->opened)
        return;
    vdr_engine_renew(engine, of->content, &engine->arena, &command);
    if (command.kind == VDR_COMMAND_ACT && command.act == VDR_ACT_HOUSEHOLD_MERGED)
        vdr_choice_merged(choice, command.from, command.into);
    bool acknowledges = command.kind == VDR_COMMAND_ACKS && vdr_choice_acknowledges(choice, &command);
    if (acknowledges || vdr_needed_to_carry(engine->core, &command, of->position, of->tale))
        vdr_choice_needs(choice, of->position, of->place, of->place_bytes, of->tale);
    else if (command.kind == VDR_COMMAND_VIEW)
        vdr_choice_may_need(choice, of->position, of->place, of->place_bytes, &command);
    vdr_arena_reset(&engine->arena);
}

static bool
is_here(void *context, vdr_household_id household)
{
    const vdr_carry *carry = context;
    vdr_at at;
    vdr_household_view view;
    return vdr_view_household(carry->engine->core, household, &at, &view);
}

static void
fetch_next(vdr_carry *carry)
{
    vdr_position positions[VDR_SCOUT_BATCH];
    size_t count = vdr_choice_get(carry->choice, carry->next, positions, VDR_SCOUT_BATCH);
    carry->place = 0;
    carry->step = count != 0 ? CARRY_APPEND : CARRY_WRITTEN;
    carry->busy = count != 0;
    if (count != 0)
        vdr_scout_fetch(carry->scout, positions, count);
}

static void
choose(vdr_carry *carry)
{
    carry->end = vdr_choice_end(carry->choice, bytes_min(carry), is_here, carry);
    carry->written = carry->engine->next - 1;
    if (carry->end == 0 || carry->engine->full) { /* what room is left is for acts and acknowledgements */
        rest(carry);
        return;
    }
    fetch_next(carry);
}

static void
look_slice(vdr_carry *carry)
{
    vdr_scouted *batch;
    size_t count = vdr_scout_batch(carry->scout, &batch, NULL);
    int64_t began_us = steady_us(carry);
    if (count == 0) {
        choose(carry);
        return;
    }
    for (; carry->place < count; carry->place++) {
        if (carry->place % LOOK_EVERY == LOOK_EVERY - 1 && steady_us(carry) - began_us > SLICE_US)
            return;
        judge(carry, &batch[carry->place]);
    }
    carry->place = 0;
    carry->busy = true;
    vdr_scout_go_on(carry->scout);
}

/* ---- append */

/* It may have left since the look: then it is let go. What only an order shows to be needed names nobody. */
static bool
is_still_needed(vdr_carry *carry, const vdr_scouted *of)
{
    vdr_engine *engine = carry->engine;
    vdr_command command = of->command;
    vdr_engine_renew(engine, of->content, &engine->arena, &command);
    bool needed = vdr_needed_record(engine->core, &command, of->position, of->tale) ||
                  vdr_needed_to_carry(engine->core, &command, of->position, of->tale);
    vdr_arena_reset(&engine->arena);
    return needed;
}

static void
append(vdr_carry *carry, const vdr_scouted *of)
{
    vdr_engine *engine = carry->engine;
    vdr_command command = {.kind = VDR_COMMAND_CARRY,
                           .at = vdr_engine_own_time(engine),
                           .number = of->position,
                           .until = of->command.at};
    const vdr_body body = {.form = VDR_CONTENT_PACKED, .bytes = of->packed};
    vdr_engine_step(engine, &command, &body, NULL);
    carry->written = engine->next - 1;
    carry->records++;
    carry->bytes += of->packed.len;
    vdr_engine_submitted(engine);
}

static void
append_slice(vdr_carry *carry)
{
    vdr_scouted *batch;
    size_t done, count = vdr_scout_batch(carry->scout, &batch, &done);
    uint64_t most = carry->bytes + TURN_BYTES;
    for (unsigned turn = 0; carry->place < count && turn < TURN_RECORDS && carry->bytes < most; turn++) {
        const vdr_scouted *of = &batch[carry->place];
        if (vdr_engine_ready(carry->engine) != VDR_OK)
            return;
        carry->place++;
        if (of->opened && is_still_needed(carry, of))
            append(carry, of);
    }
    if (carry->place < count)
        return;
    carry->next += done;
    fetch_next(carry);
}

static void
succeed(vdr_carry *carry)
{
    vdr_engine *engine = carry->engine;
    if (carry->end > carry->through)
        carry->through = carry->end;
    engine->carried += carry->records;
    vdr_engine_say(engine, VDR_NOTICE_INFO,
                   "%llu records of before %llu are still needed: they were carried forward, %llu bytes, and "
                   "the log before can be cut",
                   (unsigned long long)carry->records, (unsigned long long)carry->end,
                   (unsigned long long)carry->bytes);
    rest(carry);
}

/* ---- turns */

/* True: the scout is not at work, and did not fail. */
static bool
is_free(vdr_carry *carry)
{
    vdr_err err;
    vdr_position at = 0;
    if (!carry->busy)
        return true;
    if (!vdr_scout_is_done(carry->scout, &err, &at))
        return false;
    carry->busy = false;
    if (err == VDR_OK)
        return true;
    vdr_engine_say(
        carry->engine, VDR_NOTICE_ERROR,
        "carrying forward stopped at record %llu of the log: %s; nothing is lost, the log stays long. %s",
        (unsigned long long)at, vdr_err_text(err), vdr_err_hint(err));
    rest(carry);
    return false;
}

void
vdr_carry_turn(vdr_carry *carry)
{
    vdr_engine *engine = carry->engine;
    if (carry->scout == NULL || engine->stopped || !is_free(carry))
        return;
    switch (carry->step) {
    case CARRY_IDLE:
        if (carry->wanted)
            begin(carry);
        break;
    case CARRY_LOOK:
        look_slice(carry);
        break;
    case CARRY_APPEND:
        append_slice(carry);
        break;
    case CARRY_WRITTEN:
        if (engine->durable >= carry->written)
            succeed(carry);
        break;
    }
}

bool
vdr_carry_idle(const vdr_carry *carry)
{
    vdr_err err;
    vdr_position at = 0;
    if (carry->scout == NULL || carry->engine->stopped)
        return true;
    if (carry->busy)
        return !vdr_scout_is_done(carry->scout, &err, &at);
    switch (carry->step) {
    case CARRY_IDLE:
        return !carry->wanted;
    case CARRY_APPEND:
        return vdr_engine_room(carry->engine) == 0;
    case CARRY_WRITTEN:
        return carry->engine->durable < carry->written;
    case CARRY_LOOK:
        break;
    }
    return false;
}

vdr_position
vdr_carry_through(const vdr_carry *carry)
{
    return carry->through;
}

void
vdr_carry_want(vdr_carry *carry)
{
    carry->wanted = true;
}

vdr_carry *
vdr_carry_new(vdr_engine *engine)
{
    vdr_carry *carry = vdr_alloc(1, sizeof *carry);
    carry->engine = engine;
    if (engine->door != NULL)
        carry->scout = vdr_scout_new(engine->options.log, engine->options.threads, engine->fd);
    return carry;
}

void
vdr_carry_free(vdr_carry **carry_p)
{
    vdr_carry *carry = *carry_p;
    if (carry == NULL)
        return;
    vdr_scout_free(&carry->scout);
    vdr_choice_free(&carry->choice);
    free(carry);
    *carry_p = NULL;
}
