/* Law: any bytes are one command. Read again they are the same command, also where their hashes are made later with
 * others; what JSON they hold, written out, is the same event; a typed item made of them gives what its JSON gives. */
#include "broker/door/event.h"
#include "broker/door/keyed_batch.h"
#include "tests/fuzz/fuzz.h"
#include "tests/typed_law.h"

static vdr_door *door;
static vdr_arena arena;

/* The bytes, cut at each zero byte, as the fields of an item. */
static vdr_span
next(vdr_span *rest)
{
    size_t len = 0;
    while (len < rest->len && rest->at[len] != 0)
        len++;
    vdr_span field = len != 0 ? vdr_span_of(rest->at, len) : (vdr_span){0};
    size_t used = len < rest->len ? len + 1 : len;
    *rest = vdr_span_of(rest->at + used, rest->len - used);
    return field;
}

static void
typed_of(vdr_span bytes)
{
    vdr_wire_person persons[2];
    vdr_wire_address address;
    vdr_wire_member members[2];
    vdr_wire_typed typed = {.persons = persons, .members = members};
    vdr_span rest = bytes;

    typed.id = next(&rest);
    typed.source = next(&rest);
    typed.type = next(&rest);
    typed.time = next(&rest);
    typed.municipality = next(&rest);
    typed.detail = next(&rest);
    typed.severity = (int64_t)(rest.len % 8) - 1;
    typed.occurred_at = next(&rest);
    for (; typed.person_count < 2 && rest.len != 0; typed.person_count++) {
        persons[typed.person_count].bsn = next(&rest);
        persons[typed.person_count].role = next(&rest);
    }
    if (rest.len != 0)
        typed.address = &address;
    address.bag = next(&rest);
    address.buurt = next(&rest);
    for (; typed.member_count < 2 && rest.len != 0; typed.member_count++) {
        members[typed.member_count].name = next(&rest);
        members[typed.member_count].json = next(&rest);
    }
    const vdr_event_options options = {0};
    VDR_ASSERT(typed_law(door, &options, &typed, &arena, NULL) == NULL);
}

int
LLVMFuzzerTestOneInput(const uint8_t *at, size_t len)
{
    static const uint8_t key[VDR_DOOR_KEY_BYTES] = {1}, none[1] = {0};
    static vdr_keyed_batch batch;
    const vdr_event_options options = {0}, later = {.batch = &batch};
    vdr_span json = vdr_span_of(len != 0 ? at : none, len);
    vdr_command once, again;
    vdr_event_content content;

    if (door == NULL) {
        door = vdr_door_new(key);
        vdr_arena_init(&arena, VDR_EVENT_ARENA_BYTES * 4);
    }
    vdr_arena_reset(&arena);
    vdr_event_read(door, &options, json, &arena, &once, NULL);
    vdr_event_read(door, &later, json, &arena, &again, NULL);
    vdr_keyed_batch_end(&batch);
    VDR_ASSERT(law_command_difference(&once, &again) == NULL);
    vdr_event_content_read(json, &arena, &content);
    VDR_ASSERT(content.shape == once.shape && content.person_count >= once.person_count);
    const vdr_json *value = vdr_json_read(json, 0, &arena);
    if (value != NULL) {
        vdr_span written = vdr_json_write(value, &arena);
        VDR_ASSERT(written.at != NULL);
        if (len <= VDR_EVENT_BYTES_MAX && written.len <= VDR_EVENT_BYTES_MAX) {
            vdr_event_read(door, &options, written, &arena, &again, NULL);
            VDR_ASSERT(law_command_difference(&once, &again) == NULL);
        }
    }
    vdr_arena_reset(&arena);
    typed_of(json);
    return 0;
}
