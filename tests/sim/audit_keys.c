/* The book of keys (protocol.md 7.15), from the records alone: one that ended never comes back, is let in no more once the broker
 * said so, and its sessions hear BYE and nothing else. And the changes of the pseudonym key (7.17). */
#include "broker/core/keys.h"
#include "proto/codec.h"
#include "proto/limits.h"
#include "tests/sim/audit_inside.h"
#include "tests/sim/broker.h"
#include "tests/sim/clock.h"
#include "tests/sim/keys.h"
#include "tests/sim/world.h"

#include <stdio.h>
#include <stdlib.h>

#define NO_PAIR UINT32_MAX

typedef enum what { PROPOSED, GIVEN, APPROVED, REVOKED, REKEY_BEGUN, REKEY_FINISH, REKEY_ENDED } what;

/* A record about keys. A pair is party * SIM_KEYS_EACH + pair. */
typedef struct turn {
    vdr_position position;
    vdr_ms at, until;
    what what;
    uint32_t pair, replaced; /* NO_PAIR: of no key; it takes no other's place */
    int64_t overlap_ms;
    uint64_t proposal; /* its number, or that it approves */
} turn;

typedef struct standing {
    sim_key_state state;
    vdr_ms until; /* of a valid one; VDR_MS_NONE: no end */
    bool of_file; /* of a valid one: see SIM_KEY_IN_FILE */
} standing;

#define PAIRS (SIM_PARTIES_MAX * SIM_KEYS_EACH)

static turn *turns;
static size_t turn_count, turn_max;
static vdr_position known; /* the broker has said, or has read, what the log says up to here */
static vdr_arena arena;
static bool dead[PAIRS]; /* it ended, whatever the log says that was restored since */

/* ---- The book */

static void
add(const turn *made)
{
    if (turn_count == turn_max) {
        turn_max = turn_max != 0 ? 2 * turn_max : 32;
        turns = vdr_realloc(turns, turn_max, sizeof *turns);
    }
    turns[turn_count++] = *made;
}

static uint32_t
pair_of(vdr_span public_key)
{
    unsigned party, pair;
    if (public_key.len != VDR_PUBLIC_KEY_BYTES || !sim_town_key_find(public_key.at, &party, &pair))
        return NO_PAIR;
    return party * SIM_KEYS_EACH + pair;
}

static uint64_t
proposals(void)
{
    uint64_t count = 0;
    for (size_t i = 0; i < turn_count; i++)
        count += turns[i].what == PROPOSED;
    return count;
}

static bool
needs_two(vdr_party_kind kind)
{
    return kind == VDR_PARTY_OPERATOR || kind == VDR_PARTY_PRIVACY_OFFICER || kind == VDR_PARTY_AUDITOR;
}

static void
note_proposal(turn *made, const vdr_command *c)
{
    bool key = c->proposal == VDR_PROPOSAL_KEY, pause = !key && c->proposal != VDR_PROPOSAL_CONFIG;
    if (pause && c->alone)
        return; /* it holds, and was none */
    made->what = key && (c->alone || !needs_two(c->party_kind)) ? GIVEN : PROPOSED;
    if (key) {
        made->pair = pair_of(c->public_key);
        made->replaced = pair_of(c->replaced);
        made->until = c->until;
        made->overlap_ms = c->overlap_ms;
    }
    made->proposal = made->what == PROPOSED ? proposals() + 1 : 0;
    sim_deeds[SIM_KEY_GIVEN] += made->what == GIVEN;
    add(made);
}

void
sim_keys_note(vdr_position position, vdr_ms at, const vdr_command *c)
{
    turn made = {.position = position, .at = at, .until = VDR_MS_NONE, .pair = NO_PAIR, .replaced = NO_PAIR};
    if (c->kind == VDR_COMMAND_PROPOSE) {
        note_proposal(&made, c);
    } else if (c->kind == VDR_COMMAND_DECIDE && c->decide == VDR_DECIDE_APPROVE) {
        made.what = APPROVED;
        made.proposal = c->number;
        add(&made);
    } else if (c->kind == VDR_COMMAND_REVOKE) {
        made.what = REVOKED;
        made.pair = pair_of(c->public_key);
        sim_deeds[SIM_KEY_REVOKED]++;
        add(&made);
    } else if (c->kind == VDR_COMMAND_REKEY && c->rekey != VDR_REKEY_PAIRS) {
        made.what = c->rekey == VDR_REKEY_BEGIN    ? REKEY_BEGUN
                    : c->rekey == VDR_REKEY_FINISH ? REKEY_FINISH
                                                   : REKEY_ENDED;
        sim_deeds[SIM_REKEY_BEGUN] += made.what == REKEY_BEGUN;
        sim_deeds[SIM_REKEY_ENDED] += made.what == REKEY_ENDED;
        add(&made);
    }
}

void
sim_keys_cut(vdr_position next)
{
    while (turn_count > 0 && turns[turn_count - 1].position >= next)
        turn_count--;
    if (known >= next)
        known = next - 1;
}

/* What ends by log time. */
static void
expire(standing *all, vdr_ms at)
{
    for (uint32_t i = 0; i < PAIRS; i++) {
        if (all[i].state == SIM_KEY_VALID && all[i].until != VDR_MS_NONE && all[i].until <= at)
            all[i].state = SIM_KEY_ENDED;
    }
}

static void
begin(standing *all, const turn *at, vdr_ms now)
{
    if (at->pair == NO_PAIR)
        return;
    if (all[at->pair].state == SIM_KEY_ENDED)
        sim_violation("7.15", "record %llu gives a key that has ended", (unsigned long long)at->position);
    all[at->pair] = (standing){.state = SIM_KEY_VALID, .until = at->until};
    if (at->overlap_ms == 0 || at->replaced == NO_PAIR)
        return;
    standing *old = &all[at->replaced];
    if (old->state == SIM_KEY_ENDED)
        return; /* it ended while this one waited to be approved; the broker may not have it so */
    if (old->state == SIM_KEY_UNKNOWN || old->until == VDR_MS_NONE || old->until > now + at->overlap_ms)
        old->until = now + at->overlap_ms;
    old->of_file = old->of_file || old->state == SIM_KEY_UNKNOWN;
    old->state = SIM_KEY_VALID;
}

static void
approve(standing *all, const turn *by)
{
    for (size_t i = 0; i < turn_count; i++) {
        if (turns[i].what == PROPOSED && turns[i].proposal == by->proposal)
            begin(all, &turns[i], by->at);
    }
}

static const standing *
fold(vdr_position to)
{
    static standing all[PAIRS];
    memset(all, 0, sizeof all);
    for (size_t i = 0; i < turn_count && turns[i].position <= to; i++) {
        const turn *t = &turns[i];
        expire(all, t->at);
        if (t->what == GIVEN)
            begin(all, t, t->at);
        else if (t->what == APPROVED)
            approve(all, t);
        else if (t->what == REVOKED && t->pair != NO_PAIR)
            all[t->pair].state = SIM_KEY_ENDED;
    }
    for (vdr_position p = to < sim_told.log_count ? to : sim_told.log_count; p > 0; p--) {
        if (sim_told.log[p - 1].at == VDR_MS_NONE)
            continue;
        expire(all, sim_told.log[p - 1].at);
        break;
    }
    return all;
}

void
sim_keys_restored(const char *proofs)
{
    const standing *all = fold(sim_told.durable - 1);
    for (uint32_t i = 0; i < sim_audit_town->party_count * SIM_KEYS_EACH; i++) {
        char hex[2 * VDR_PUBLIC_KEY_BYTES + 1];
        const uint8_t *key = sim_town_key(i / SIM_KEYS_EACH, i % SIM_KEYS_EACH);
        for (size_t b = 0; b < VDR_PUBLIC_KEY_BYTES; b++)
            (void)snprintf(hex + 2 * b, 3, "%02x", key[b]);
        if (all[i].state == SIM_KEY_ENDED && strstr(proofs, hex) != NULL)
            dead[i] = true;
    }
}

sim_key_state
sim_keys_state(unsigned party, unsigned pair)
{
    if (dead[party * SIM_KEYS_EACH + pair])
        return SIM_KEY_ENDED;
    const standing *s = &fold(sim_told.durable - 1)[party * SIM_KEYS_EACH + pair];
    return s->state == SIM_KEY_VALID && s->of_file ? SIM_KEY_IN_FILE : s->state;
}

unsigned
sim_keys_pseudonym(void)
{
    unsigned count = 0;
    for (size_t i = 0; i < turn_count; i++)
        count += turns[i].what == REKEY_ENDED && turns[i].position < sim_told.durable;
    return count;
}

bool
sim_keys_given_up(void)
{
    for (size_t i = 0; i < turn_count; i++) {
        if (turns[i].what == REKEY_FINISH)
            return true;
    }
    return false;
}

/* ---- What must follow */

void
sim_keys_started(void)
{
    known = sim_told.durable - 1;
}

void
sim_audit_let_in(const uint8_t *public_key, vdr_ms asked)
{
    unsigned party, pair;
    if (!sim_town_key_find(public_key, &party, &pair)) {
        sim_violation("I12", "a key that nobody knows is let in");
        return;
    }
    if (dead[party * SIM_KEYS_EACH + pair])
        sim_violation("7.15", "pair %u of %s is let in, and had ended before a backup was restored", pair,
                      sim_audit_town->parties[party].id);
    if (turn_count == 0)
        return;
    const standing *s = &fold(known)[party * SIM_KEYS_EACH + pair];
    bool over = s->state == SIM_KEY_VALID && s->until != VDR_MS_NONE && s->until <= asked &&
                s->until <= sim_clock_wall_ms();
    if (s->state == SIM_KEY_ENDED || over)
        sim_violation("7.15", "pair %u of %s is let in, and has ended", pair,
                      sim_audit_town->parties[party].id);
}

/* What its RESULT tells is so from then on. */
static void
hear_result(const vdr_frame *frame)
{
    vdr_wire wire;
    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, (size_t)64 << 20);
    vdr_arena_reset(&arena);
    if (vdr_codec_decode(frame, VDR_ADMIN_FRAME_MAX, &arena, &wire) != VDR_OK)
        return; /* its reader says so */
    const vdr_wire_admin_result *r = &wire.result;
    bool of_keys = r->verb == VDR_VERB_KEY_ADD || r->verb == VDR_VERB_KEY_ROTATE ||
                   r->verb == VDR_VERB_KEY_REVOKE || r->verb == VDR_VERB_APPROVE;
    for (size_t i = 0; of_keys && r->error == VDR_OK && i < r->counter_count; i++) {
        if (vdr_span_equal(r->counters[i].name, vdr_span_str("position")) && r->counters[i].value > known &&
            r->counters[i].value < sim_told.durable)
            known = r->counters[i].value;
    }
}

void
sim_audit_speaks(const uint8_t *public_key, bool operators, const void *bytes, size_t len)
{
    unsigned party, pair;
    vdr_frame frame;
    if (turn_count == 0 || !sim_town_key_find(public_key, &party, &pair) ||
        vdr_frame_parse(vdr_span_of(bytes, len), VDR_ADMIN_FRAME_MAX, &frame) != VDR_OK)
        return;
    if (frame.type != VDR_FRAME_BYE && fold(known)[party * SIM_KEYS_EACH + pair].state == SIM_KEY_ENDED)
        sim_violation("3.9", "pair %u of %s has ended, and hears %s", pair, sim_audit_town->parties[party].id,
                      vdr_frame_type_name(frame.type));
    if (operators && frame.type == VDR_FRAME_RESULT)
        hear_result(&frame);
}

static char still_there[128];

void
sim_audit_ended_there(const uint8_t *public_key)
{
    unsigned party, pair;
    if (sim_town_key_find(public_key, &party, &pair) && sim_keys_state(party, pair) == SIM_KEY_ENDED)
        (void)snprintf(still_there, sizeof still_there, "pair %u of %s has ended, and is still connected",
                       pair, sim_audit_town->parties[party].id);
}

const char *
sim_audit_ended_words(void)
{
    static char words[sizeof still_there];
    memcpy(words, still_there, sizeof words);
    still_there[0] = '\0';
    return words[0] != '\0' ? words : NULL;
}

void
sim_audit_still_there(const uint8_t *public_key)
{
    sim_audit_ended_there(public_key);
    const char *words = sim_audit_ended_words();
    if (words != NULL)
        sim_violation("3.9", "%s", words);
}

void
sim_keys_compare(const vdr_core *core)
{
    vdr_position position = vdr_core_position(core);
    if (turn_count == 0 || position + 1 != sim_told.durable)
        return;
    const standing *all = fold(position);
    if (arena.budget_bytes == 0)
        vdr_arena_init(&arena, (size_t)64 << 20);
    for (uint32_t i = 0; i < sim_audit_town->party_count * SIM_KEYS_EACH; i++) {
        vdr_party_key_view view = {0};
        vdr_arena_reset(&arena);
        uint64_t number = vdr_key_find(core, sim_town_key(i / SIM_KEYS_EACH, i % SIM_KEYS_EACH));
        bool there = vdr_key_view(core, number, &arena, &view);
        sim_key_state state = !there || view.state == VDR_PARTY_KEY_PROPOSED ? SIM_KEY_UNKNOWN
                              : view.state == VDR_PARTY_KEY_VALID            ? SIM_KEY_VALID
                                                                             : SIM_KEY_ENDED;
        if (state != all[i].state)
            sim_violation("7.15", "after record %llu pair %u of %s is in state %u, the log says %u",
                          (unsigned long long)position, i % SIM_KEYS_EACH,
                          sim_audit_town->parties[i / SIM_KEYS_EACH].id, (unsigned)state,
                          (unsigned)all[i].state);
    }
}
