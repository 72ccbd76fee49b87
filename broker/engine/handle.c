/* A person or address by its handle: the number itself stands in the event of the newest signal that names it
 * (proto/protocol.md 5.9). */
#include "broker/engine/inside.h"

#define HANDLE_BYTES 34u  /* "p-" or "a-" and 32 digits */
#define MEMBERS_MAX  256u /* of a household that are looked through for a handle of before */

static bool
parse(bool is_address, vdr_span handle, vdr_key16 *ret_key)
{
    if (handle.len != HANDLE_BYTES || handle.at[0] != (is_address ? 'a' : 'p') || handle.at[1] != '-')
        return false;
    for (size_t i = 0; i < sizeof ret_key->bytes; i++) {
        unsigned byte = 0;
        for (size_t j = 0; j < 2; j++) {
            uint8_t c = handle.at[2 + 2 * i + j];
            if (c >= '0' && c <= '9')
                byte = byte * 16 + (unsigned)(c - '0');
            else if (c >= 'a' && c <= 'f')
                byte = byte * 16 + (unsigned)(c - 'a') + 10;
            else
                return false;
        }
        ret_key->bytes[i] = (uint8_t)byte;
    }
    return true;
}

static bool
is_key_of(const vdr_door *door, bool is_address, vdr_span text, const vdr_key16 *key)
{
    vdr_key16 found = vdr_door_pseudonym(door, is_address, text);
    return vdr_key16_equal(&found, key);
}

/* The number in an event whose pseudonym is key: under the key of now or, while it changes, the one before. */
static bool
find(const vdr_door *door, const vdr_event_content *content, bool is_address, const vdr_key16 *key,
     vdr_span *ret_text)
{
    const vdr_door *before = vdr_door_before(door);
    size_t count = is_address ? content->address_count : content->person_count;
    for (size_t i = 0; i < count; i++) {
        vdr_span text = is_address ? content->addresses[i] : content->persons[i].bsn;
        if (is_key_of(door, is_address, text, key) ||
            (before != NULL && is_key_of(before, is_address, text, key))) {
            *ret_text = text;
            return true;
        }
    }
    return false;
}

vdr_err
vdr_engine_record(vdr_engine *engine, vdr_position position, vdr_log_record *ret_record)
{
    if (position > engine->durable) {
        for (uint64_t i = engine->spoken; i <= engine->opened; i++) {
            const vdr_gather *gather = &engine->ring[i % VDR_RING];
            if (position < gather->expected || position - gather->expected >= gather->record_count)
                continue;
            *ret_record = gather->records[position - gather->expected];
            return VDR_OK;
        }
        return VDR_E_NOT_FOUND;
    }
    vdr_err err = VDR_OK;
    if (engine->reader == NULL)
        err = vdr_log_reader_open(engine->options.log, &engine->reader);
    if (err == VDR_OK)
        err = vdr_log_reader_refresh(engine->reader);
    return err == VDR_OK ? vdr_log_read(engine->reader, position, ret_record) : err;
}

void
vdr_engine_record_done(vdr_engine *engine)
{
    if (engine->reader != NULL)
        vdr_log_reader_rest(engine->reader);
}

/* The same, from the event of a position. */
static bool
find_at(vdr_engine *engine, vdr_position position, bool is_address, const vdr_key16 *key, char ret_text[16],
        size_t *ret_len)
{
    vdr_log_record record;
    vdr_span text;
    /* The event is read into an arena of its own: engine->arena is at work on the one that names the handle. */
    vdr_arena arena;
    vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES);
    bool found = false;
    if (position != 0 && vdr_engine_record(engine, position, &record) == VDR_OK) {
        vdr_event_content event;
        found = vdr_content_event(record.content, &arena, &event) == VDR_OK &&
                find(engine->door, &event, is_address, key, &text) && text.len <= 16;
    }
    if (found) {
        memcpy(ret_text, text.at, text.len);
        *ret_len = text.len;
    }
    vdr_arena_done(&arena);
    vdr_engine_record_done(engine);
    return found;
}

/* While keys change, a handle that was given out before may be of somebody who has gone over since: looked for among
 * the members of the household that the event is about and, where the event was accepted before, in its own record. */
static bool
find_before(vdr_engine *engine, const vdr_event_handle *handle, const vdr_key16 *key, char ret_text[16],
            size_t *ret_len)
{
    vdr_at at, cursor = {0};
    vdr_household_view view;
    vdr_key16 member;
    vdr_position position;
    bool address = handle->is_address;
    if (vdr_door_before(engine->door) == NULL)
        return false;
    bool known = vdr_view_household(engine->core, handle->household, &at, &view);
    for (unsigned i = 0; known && i < MEMBERS_MAX &&
                         vdr_view_household_member(engine->core, at, address, &cursor, &member, &position);
         i++)
        if (find_at(engine, position, address, key, ret_text, ret_len))
            return true;
    if (handle->source.at == NULL || handle->id.at == NULL)
        return false;
    uint64_t hash = vdr_door_id_hash(engine->door, handle->id);
    return vdr_view_act(engine->core, handle->source, handle->id, hash, &position) &&
           find_at(engine, position, address, key, ret_text, ret_len);
}

void
vdr_engine_renew(const vdr_engine *engine, vdr_span content, vdr_arena *arena, vdr_command *command)
{
    vdr_command now;
    bool names = command->kind == VDR_COMMAND_ACT && command->person_count + command->address_count != 0;
    if (!names || content.len == 0 || engine->door == NULL ||
        vdr_content_command(content, engine->door, arena, &now) != VDR_OK ||
        now.person_count != command->person_count || now.address_count != command->address_count)
        return;
    command->persons = now.persons;
    command->addresses = now.addresses;
    command->earlier = now.earlier;
}

bool
vdr_engine_resolve(void *context, const vdr_event_handle *handle, char ret_text[16], size_t *ret_len)
{
    vdr_engine *engine = context;
    vdr_key16 key;
    vdr_household_id of;
    vdr_position position;
    if (!parse(handle->is_address, handle->text, &key))
        return false;
    if (vdr_view_member(engine->core, handle->is_address, &key, &of, &position))
        return find_at(engine, position, handle->is_address, &key, ret_text, ret_len);
    return find_before(engine, handle, &key, ret_text, ret_len);
}
