#include "broker/study/play_inside.h"

#include "proto/time.h"

#include <stdio.h>
#include <stdlib.h>

#define TOLD_BYTES_MAX ((size_t)64 * 1024 * 1024)

void
vdr_player_fail(vdr_player *player, vdr_place place, vdr_bytes *words)
{
    vdr_play *play = player->play;
    while (words->len > 0 && words->at[words->len - 1] == '\n')
        words->len--;
    if (play->count < VDR_PLAY_FAILURES_MAX)
        play->at[play->count++] =
            (vdr_play_failure){.place = place,
                               .at = player->now,
                               .since_begin_ms = player->now - player->script->begin,
                               .words = vdr_arena_copy(player->arena, vdr_bytes_span(words))};
    else
        play->more++;
    vdr_bytes_done(words);
}

/* ---- who is who */

/* BSNs that nobody has: 9999, four digits, and the ninth that makes the elfproef come out. */
static void
make_bsn(size_t number, char ret_digits[17])
{
    for (unsigned middle = 0;; middle++) {
        char text[9];
        unsigned sum = 0;
        snprintf(text, sizeof text, "9999%04u", middle % 10000);
        for (unsigned i = 0; i < 8; i++)
            sum += (unsigned)(text[i] - '0') * (9 - i);
        if (sum % 11 == 10)
            continue; /* no ninth digit does it */
        if (number-- == 0) {
            snprintf(ret_digits, 17, "%s%u", text, sum % 11);
            return;
        }
    }
}

const vdr_player_name *
vdr_player_name_of(vdr_player *player, vdr_span name, bool is_address)
{
    for (size_t i = 0; i < player->name_count; i++)
        if (player->names[i].is_address == is_address && vdr_span_equal(player->names[i].name, name))
            return &player->names[i];
    size_t *count = is_address ? &player->address_count : &player->person_count;
    if (*count == VDR_SCRIPT_NAMES_MAX)
        return NULL;
    vdr_player_name *made = &player->names[player->name_count++];
    *made = (vdr_player_name){.name = name, .is_address = is_address};
    if (is_address)
        snprintf(made->digits, sizeof made->digits, "99012000000%05zu", *count + 1);
    else
        make_bsn(*count, made->digits);
    (*count)++;
    made->key = vdr_door_pseudonym(player->door, is_address, vdr_span_str(made->digits));
    return made;
}

bool
vdr_player_household(const vdr_player *player, vdr_span name, vdr_household_id *ret_household)
{
    for (unsigned is_address = 0; is_address < 2; is_address++)
        for (size_t i = 0; i < player->name_count; i++) {
            const vdr_player_name *known = &player->names[i];
            vdr_position position;
            if (known->is_address == (is_address == 1) && vdr_span_equal(known->name, name) &&
                vdr_view_member(player->core, known->is_address, &known->key, ret_household, &position))
                return true;
        }
    return false;
}

const vdr_player_signal *
vdr_player_signal_of(const vdr_player *player, vdr_span id)
{
    for (size_t i = player->signal_count; i > 0; i--)
        if (vdr_span_equal(player->signals[i - 1].id, id))
            return &player->signals[i - 1];
    return NULL;
}

bool
vdr_player_signal_view(const vdr_player *player, vdr_span id, vdr_signal_view *ret_view)
{
    const vdr_player_signal *signal = vdr_player_signal_of(player, id);
    vdr_at at;
    return signal != NULL && vdr_view_signal(player->core, signal->source, id,
                                             vdr_door_id_hash(player->door, id), &at, ret_view);
}

bool
vdr_player_case(const vdr_player *player, vdr_household_id household, bool any, vdr_at *ret_at,
                vdr_case_view *ret_view)
{
    vdr_at at, cursor = {0};
    vdr_household_view view;
    vdr_case_view newest = {.id = {0}}, one;
    if (!vdr_view_household(player->core, household, &at, &view))
        return false;
    if (view.open_case.number != 0)
        return vdr_view_case(player->core, view.open_case, ret_at, ret_view);
    while (any && vdr_view_household_case(player->core, at, &cursor, &one))
        if (one.id.number > newest.id.number)
            newest = one;
    return newest.id.number != 0 && vdr_view_case(player->core, newest.id, ret_at, ret_view);
}

/* ---- steps */

static void
tell(vdr_player *player, const vdr_decision *decision)
{
    if (player->told_count == player->told_size) {
        player->told_size = player->told_size != 0 ? player->told_size * 2 : 64;
        player->told = vdr_realloc(player->told, player->told_size, sizeof player->told[0]);
    }
    player->told[player->told_count++] = *decision;
    if (decision->kind == VDR_DECISION_CASE && decision->change == VDR_CHANGE_PROPOSED)
        for (size_t i = 0; i < decision->rule_count; i++)
            vdr_coverage_fired(player->coverage, decision->rules[i]);
    if (decision->kind == VDR_DECISION_WATCH ||
        (decision->kind == VDR_DECISION_MESSAGE && decision->message == VDR_MESSAGE_MATCH))
        vdr_coverage_fired(player->coverage, decision->rule);
}

void
vdr_player_step(vdr_player *player, const vdr_command *command)
{
    vdr_step step;
    uint32_t offset = 0;
    vdr_effect effect;
    vdr_decision decision;

    vdr_core_step(player->core, command, player->next, &step);
    if (step.record || step.tick)
        player->next++;
    /* The tale goes with the next step: what is told of it must not. */
    vdr_span tale = vdr_arena_copy(&player->told_arena, step.tale);
    while (vdr_effect_next(tale, &offset, &effect) == VDR_OK)
        if (vdr_core_decision(player->core, &effect, &player->told_arena, &decision) == VDR_OK)
            tell(player, &decision);
}

static void
cover(vdr_player *player)
{
    for (size_t i = 0; i < player->name_count; i++) {
        vdr_household_id household, before;
        bool seen = false;
        if (!vdr_player_household(player, player->names[i].name, &household))
            continue;
        for (size_t j = 0; j < i && !seen; j++)
            seen = vdr_player_household(player, player->names[j].name, &before) &&
                   before.number == household.number;
        if (!seen)
            vdr_nearest_cover(player, household);
    }
}

static void
play_step(vdr_player *player, const vdr_script_step *step)
{
    player->step = step;
    player->now = player->script->begin + step->at_ms;
    player->told_count = 0;
    vdr_arena_reset(&player->told_arena);
    if (step->act == VDR_SCRIPT_NOTHING)
        vdr_player_step(player, &(vdr_command){.kind = VDR_COMMAND_TICK, .at = player->now});
    else
        vdr_player_act(player);
    for (size_t i = 0; i < step->expect_count; i++) {
        player->play->checked++;
        vdr_player_expect(player, &step->expects[i]);
    }
    cover(player);
}

void
vdr_play_test(const vdr_script *script, const vdr_script_test *test, const vdr_config *config,
              vdr_coverage *coverage, vdr_arena *arena, vdr_play *ret_play)
{
    static const uint8_t key[VDR_DOOR_KEY_BYTES] = "rule tests: nobody here is real"; /* no secret */
    vdr_player *player = vdr_alloc(1, sizeof *player);
    *player = (vdr_player){.script = script,
                           .config = config,
                           .next = 1,
                           .coverage = coverage,
                           .arena = arena,
                           .play = ret_play};
    *ret_play = (vdr_play){.count = 0};
    vdr_arena_init(&player->event, VDR_EVENT_ARENA_BYTES);
    vdr_arena_init(&player->told_arena, TOLD_BYTES_MAX);
    player->door = vdr_door_new(key);
    player->core = vdr_core_new();
    vdr_player_step(player,
                    &(vdr_command){.kind = VDR_COMMAND_CONFIG, .at = script->begin, .config = config});
    for (size_t i = 0; i < test->step_count; i++)
        play_step(player, &test->steps[i]);
    vdr_core_free(&player->core);
    vdr_door_free(&player->door);
    vdr_arena_done(&player->told_arena);
    vdr_arena_done(&player->event);
    free(player->told);
    free(player);
}
