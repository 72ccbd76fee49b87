/* Brings the state over to the next pseudonym key, a slice a turn (broker/core/rekey.h): for what is still under the key
 * before, the record that holds its content is read, the door makes it anew under both keys, and the pairs go into the
 * log as one command. What is done is in the state, so after a crash the walk just begins anew and finds less. */
#include "broker/engine/inside.h"

#include <stdlib.h>

#define SLICE_LOOKS 8192u /* at records of the state, most of which have gone over */
#define SLICE_ITEMS 64u   /* whose content is read, at most and where no other number is said */
#define SLICE_US    1000

static const vdr_body none = {.form = VDR_CONTENT_NONE};

static vdr_rekey_view
view_of(const vdr_engine *engine)
{
    vdr_rekey_view view;
    vdr_rekey_view_get(engine->core, &view);
    return view;
}

static uint64_t
left_of(const vdr_rekey_view *view)
{
    return view->old_members + view->old_signals + view->old_acts + view->old_conflicts + view->old_rights +
           (view->finish ? 0 : view->old_guarded);
}

const vdr_door *
vdr_engine_door(const vdr_engine *engine)
{
    return engine->door;
}

vdr_key16
vdr_rekeying_check(const vdr_engine *engine)
{
    if (engine->door == NULL)
        return (vdr_key16){{0}};
    const vdr_door *before = vdr_door_before(engine->door);
    return vdr_door_key_check(before != NULL ? before : engine->door);
}

void
vdr_rekeying_done(vdr_engine *engine)
{
    free(engine->rekeying.pairs);
    free(engine->rekeying.rekeyed);
    engine->rekeying = (vdr_rekeying){0};
}

/* ---- one thing */

static void
add_pair(vdr_rekeying *at, bool is_address, const vdr_key16 *from, const vdr_key16 *to)
{
    if (at->pair_count == at->pair_room) {
        at->pair_room = at->pair_room != 0 ? at->pair_room * 2 : 256;
        at->pairs = (vdr_command_pair *)vdr_realloc(at->pairs, at->pair_room, sizeof *at->pairs);
    }
    at->pairs[at->pair_count++] = (vdr_command_pair){.from = *from, .to = *to, .is_address = is_address};
}

/* Everybody whom the event names and who is still under the key before. */
static void
add_named(vdr_engine *engine, const vdr_command *event)
{
    const vdr_command_earlier *earlier = event->earlier;
    for (size_t i = 0; i < event->person_count; i++)
        if (vdr_rekey_is_old(engine->core, false, &earlier->persons[i]))
            add_pair(&engine->rekeying, false, &earlier->persons[i], &event->persons[i].key);
    for (size_t i = 0; i < event->address_count; i++)
        if (vdr_rekey_is_old(engine->core, true, &earlier->addresses[i]))
            add_pair(&engine->rekeying, true, &earlier->addresses[i], &event->addresses[i]);
}

/* What takes the place of a digest that nobody can make: of no event. */
static uint64_t
unnamed_digest(const vdr_engine *engine, uint64_t digest)
{
    vdr_key16 key = {{0}};
    memcpy(key.bytes, &digest, sizeof digest);
    key = vdr_door_unnamed(engine->door, &key);
    return vdr_digest_half(&key);
}

/* event: of its record; NULL: that is gone, or cannot be read. Its digest under the key before proves that it is this
 * one's: a content that was changed since gives persons, and no digest. */
static void
take_digest(vdr_engine *engine, const vdr_rekey_item *item, const vdr_command *event)
{
    vdr_rekeying *at = &engine->rekeying;
    vdr_command_rekeyed rekeyed = {.kind =
                                       item->table == VDR_REKEY_OF_SIGNALS ? VDR_REKEY_SIGNAL : VDR_REKEY_ACT,
                                   .hash = item->hash,
                                   .from = item->digest};
    if (event != NULL && vdr_digest_half(&event->earlier->digest) == item->digest &&
        (uint32_t)event->id_hash == item->hash)
        rekeyed.to = vdr_digest_half(&event->digest);
    else if (at->finishes)
        rekeyed.to = unnamed_digest(engine, item->digest);
    else
        return;
    at->rekeyed[at->rekeyed_count++] = rekeyed;
}

static bool
names(const vdr_command *event, const vdr_key16 *key)
{
    for (size_t i = 0; i < event->person_count; i++)
        if (vdr_key16_equal(&event->earlier->persons[i], key))
            return true;
    return false;
}

static void
take_item(vdr_engine *engine, const vdr_rekey_item *item)
{
    vdr_log_record record;
    vdr_command event;
    bool read = item->position != 0 && vdr_engine_record(engine, item->position, &record) == VDR_OK &&
                record.content.len != 0 &&
                vdr_content_command(record.content, engine->door, &engine->arena, &event) == VDR_OK &&
                event.earlier != NULL;
    if (read)
        add_named(engine, &event);
    if (item->table == VDR_REKEY_OF_SIGNALS || item->table == VDR_REKEY_OF_ACTS) {
        take_digest(engine, item, read ? &event : NULL);
    } else if (engine->rekeying.finishes && !(read && names(&event, &item->key))) {
        vdr_key16 unnamed = vdr_door_unnamed(engine->door, &item->key);
        add_pair(&engine->rekeying, item->is_address, &item->key, &unnamed);
    }
    vdr_arena_reset(&engine->arena);
}

/* ---- a slice */

static void
step_rekey(vdr_engine *engine, vdr_command *command, const vdr_ticket *ticket)
{
    command->kind = VDR_COMMAND_REKEY;
    command->at = vdr_engine_own_time(engine);
    vdr_engine_step(engine, command, &none, ticket);
}

static void
step_batch(vdr_engine *engine)
{
    vdr_rekeying *at = &engine->rekeying;
    if (at->pair_count + at->rekeyed_count == 0)
        return;
    vdr_command batch = {.rekey = VDR_REKEY_PAIRS,
                         .pairs = at->pairs,
                         .pair_count = at->pair_count,
                         .rekeyed = at->rekeyed,
                         .rekeyed_count = at->rekeyed_count};
    step_rekey(engine, &batch, NULL);
    at->pair_count = at->rekeyed_count = 0;
}

static void
end(vdr_engine *engine)
{
    vdr_door *changed = vdr_door_new_changed(engine->door);
    vdr_command command = {
        .rekey = VDR_REKEY_END, .key_check = vdr_door_key_check(changed), .id_key = vdr_door_id_key(changed)};
    step_rekey(engine, &command, NULL);
    VDR_ASSERT(!view_of(engine).running);
    vdr_door_free(&engine->door);
    engine->door = changed;
    engine->rekeying.rests = engine->rekeying.finishes = false;
    vdr_engine_say(engine, VDR_NOTICE_INFO,
                   "the pseudonym key is changed: nothing is under the one before any more. Make the file of "
                   "pseudonym_key_next the pseudonym_key of node.yaml, and destroy the old one");
}

static void
slice(vdr_engine *engine)
{
    vdr_rekeying *at = &engine->rekeying;
    const vdr_clock *clock = engine->options.clock;
    int64_t began_us = vdr_clock_steady_us(clock);
    uint32_t looks = SLICE_LOOKS;
    vdr_rekey_item item;
    if (at->rekeyed == NULL)
        at->rekeyed = (vdr_command_rekeyed *)vdr_alloc(SLICE_ITEMS, sizeof *at->rekeyed);
    unsigned items = engine->options.rekey_items;
    items = items == 0 || items > SLICE_ITEMS ? SLICE_ITEMS : items;
    for (unsigned i = 0; i < items && vdr_rekey_next(engine->core, &at->cursor, &looks, &item); i++) {
        take_item(engine, &item);
        if (vdr_clock_steady_us(clock) - began_us > SLICE_US)
            break;
    }
    vdr_engine_record_done(engine);
    step_batch(engine);
    if (at->cursor.table != VDR_REKEY_OF_NONE)
        return;
    vdr_rekey_view view = view_of(engine);
    if (left_of(&view) == 0)
        return; /* the next turn ends it */
    at->rests = true;
    vdr_engine_say(
        engine, VDR_NOTICE_WARNING,
        "the pseudonym key changes: of %llu persons and addresses and %llu signals and acts nothing is "
        "kept that could name them anew. They wait under the key before until they leave; voordeur "
        "rotate finish gives them up",
        (unsigned long long)view.old_members, (unsigned long long)view.old_signals + view.old_acts);
}

void
vdr_rekeying_turn(vdr_engine *engine)
{
    vdr_rekeying *at = &engine->rekeying;
    if (engine->door == NULL || vdr_door_before(engine->door) == NULL || engine->stopped || engine->full ||
        engine->stuck || vdr_engine_room(engine) == 0)
        return;
    vdr_rekey_view view = view_of(engine);
    if (left_of(&view) == 0) {
        end(engine);
        return;
    }
    if (view.finish && !at->finishes) {
        at->finishes = true;
        at->rests = false;
        at->cursor = (vdr_rekey_cursor){.table = VDR_REKEY_OF_SIGNALS};
    }
    if (!at->rests)
        slice(engine);
}

bool
vdr_rekeying_idle(const vdr_engine *engine)
{
    if (engine->door == NULL || vdr_door_before(engine->door) == NULL || engine->stopped || engine->full ||
        engine->stuck || vdr_engine_room(engine) == 0)
        return true;
    vdr_rekey_view view = view_of(engine);
    return engine->rekeying.rests && left_of(&view) != 0 && (!view.finish || engine->rekeying.finishes);
}

bool
vdr_engine_rekey_waits(const vdr_engine *engine)
{
    return engine->rekeying.rests;
}

/* ---- what operators ask */

static vdr_err
ready(vdr_engine *engine, const vdr_engine_by *by, char *ret_words)
{
    *ret_words = '\0';
    if (by->reason.len > VDR_REASON_BYTES_MAX)
        return vdr_engine_words(ret_words, VDR_E_BAD_FRAME, "a reason has at most %u bytes",
                                VDR_REASON_BYTES_MAX);
    return vdr_engine_ready(engine);
}

vdr_err
vdr_engine_rekey(vdr_engine *engine, vdr_ticket ticket, const uint8_t next_key[32], const vdr_engine_by *by,
                 char *ret_words)
{
    vdr_err err = ready(engine, by, ret_words);
    if (err != VDR_OK)
        return err;
    if (view_of(engine).running)
        return vdr_engine_words(ret_words, VDR_E_WRONG_STATE,
                                "the pseudonym key is being changed already: see voordeur rotate status");
    vdr_door *changing = vdr_door_new_changing(engine->door, next_key);
    vdr_key16 now = vdr_door_key_check(engine->door), next = vdr_door_key_check(changing);
    if (vdr_key16_equal(&now, &next)) {
        vdr_door_free(&changing);
        return vdr_engine_words(ret_words, VDR_E_WRONG_STATE,
                                "the key of pseudonym_key_next is the one in use: make a new one");
    }
    vdr_command command = {.rekey = VDR_REKEY_BEGIN,
                           .key_check = next,
                           .id_key = vdr_door_id_key(changing),
                           .author = by->operator_id,
                           .reason = by->reason};
    step_rekey(engine, &command, &ticket);
    VDR_ASSERT(view_of(engine).running);
    vdr_door_free(&engine->door);
    engine->door = changing;
    engine->rekeying.cursor = (vdr_rekey_cursor){.table = VDR_REKEY_OF_SIGNALS};
    engine->rekeying.rests = engine->rekeying.finishes = false;
    vdr_engine_submitted(engine);
    (void)vdr_engine_words(ret_words, VDR_OK, "begun with record %llu; see voordeur rotate status",
                           (unsigned long long)view_of(engine).begun);
    return VDR_OK;
}

vdr_err
vdr_engine_rekey_finish(vdr_engine *engine, vdr_ticket ticket, const vdr_engine_by *by, char *ret_words)
{
    vdr_err err = ready(engine, by, ret_words);
    if (err != VDR_OK)
        return err;
    vdr_rekey_view view = view_of(engine);
    if (!view.running || view.finish)
        return vdr_engine_words(ret_words, VDR_E_WRONG_STATE, "%s",
                                view.running ? "that was asked already"
                                             : "the pseudonym key is not being changed");
    vdr_command command = {.rekey = VDR_REKEY_FINISH,
                           .key_check = view.next_check,
                           .id_key = view.id_key,
                           .author = by->operator_id,
                           .reason = by->reason};
    step_rekey(engine, &command, &ticket);
    vdr_engine_submitted(engine);
    (void)vdr_engine_words(ret_words, VDR_OK,
                           "what nobody can name anew is given up; see voordeur rotate status");
    return VDR_OK;
}
