#include "broker/door/event.h"

#include "broker/door/canon.h"
#include "broker/door/door.h"

/* ---- values of rows 9 and 10 of semantics section 3 */

static bool
all_digits(vdr_span text, size_t count)
{
    if (text.len != count)
        return false;
    for (size_t i = 0; i < count; i++)
        if (text.at[i] < '0' || text.at[i] > '9')
            return false;
    return true;
}

/* The elfproef: weights 9 8 7 6 5 4 3 2 and -1, a sum divisible by 11, not all zero. */
static bool
is_bsn(vdr_span text)
{
    int sum = 0;
    bool zero = true;
    if (!all_digits(text, 9))
        return false;
    for (int i = 0; i < 9; i++) {
        int digit = text.at[i] - '0';
        zero &= digit == 0;
        sum += digit * (i < 8 ? 9 - i : -1);
    }
    return !zero && sum % 11 == 0;
}

static bool
is_buurt(vdr_span text)
{
    if (text.len != 10 || text.at[0] != 'B' || text.at[1] != 'U')
        return false;
    for (size_t i = 2; i < 10; i++)
        if (!(text.at[i] >= '0' && text.at[i] <= '9') && !(text.at[i] >= 'A' && text.at[i] <= 'Z'))
            return false;
    return true;
}

/* protocol.md 5.9: p- or a- and 32 digits 0-9a-f. */
static bool
is_handle(bool is_address, vdr_span text)
{
    if (text.len != 34 || text.at[0] != (is_address ? 'a' : 'p') || text.at[1] != '-')
        return false;
    for (size_t i = 2; i < 34; i++)
        if (!(text.at[i] >= '0' && text.at[i] <= '9') && !(text.at[i] >= 'a' && text.at[i] <= 'f'))
            return false;
    return true;
}

/* "C12" or "H12": the letter and a number without leading zeros; 0, which exists never, for anything else. */
static uint64_t
numbered(vdr_span text, uint8_t letter)
{
    uint64_t number = 0;
    if (text.len < 2 || text.at[0] != letter || text.at[1] == '0')
        return 0;
    for (size_t i = 1; i < text.len; i++) {
        if (text.at[i] < '0' || text.at[i] > '9')
            return 0;
        uint64_t digit = (uint64_t)(text.at[i] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return 0;
        number = number * 10 + digit;
    }
    return number;
}

static bool
is_excluded(const vdr_config *config, vdr_span bag)
{
    size_t low = 0, high = config != NULL ? config->excluded_addresses.count : 0;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = vdr_span_compare(config->excluded_addresses.at[middle], bag);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

/* ---- content to command */

/* An unknown handle is a person or address of no household (protocol.md 5.9), not a bad one. */
static bool
is_known_form(const vdr_event_options *options, vdr_act act, bool is_address, vdr_span text)
{
    if (is_address ? all_digits(text, 16) : is_bsn(text))
        return true;
    return options->resolve != NULL && act == VDR_ACT_HOUSEHOLD_SPLIT && is_handle(is_address, text);
}

static void
put_pseudonym(const vdr_door *door, const vdr_event_options *options, bool is_address, vdr_span digits,
              vdr_key16 *ret_key)
{
    if (options->batch != NULL)
        vdr_door_pseudonym_later(door, options->batch, is_address, digits, ret_key);
    else
        *ret_key = vdr_door_pseudonym(door, is_address, digits);
}

static void
put_persons(const vdr_door *door, const vdr_event_options *options, const vdr_event_content *content,
            vdr_arena *arena, vdr_command *command)
{
    if (content->person_count == 0)
        return;
    vdr_command_person *persons = vdr_arena_alloc(arena, content->person_count * sizeof persons[0]);
    VDR_ASSERT(persons != NULL); /* the caller's arena has VDR_EVENT_ARENA_BYTES */
    for (size_t i = 0; i < content->person_count; i++) {
        persons[i].role = content->persons[i].role;
        if (is_known_form(options, content->act, false, content->persons[i].bsn))
            put_pseudonym(door, options, false, content->persons[i].bsn, &persons[i].key);
        else
            command->bsn_bad = true;
    }
    command->persons = persons;
    command->person_count = content->person_count;
}

static void
put_addresses(const vdr_door *door, const vdr_event_options *options, const vdr_event_content *content,
              vdr_arena *arena, vdr_command *command)
{
    command->buurt = content->buurt;
    command->address_bad = content->buurt.at != NULL && !is_buurt(content->buurt);
    if (content->address_count == 0)
        return;
    vdr_key16 *addresses = vdr_arena_alloc(arena, content->address_count * sizeof addresses[0]);
    VDR_ASSERT(addresses != NULL);
    for (size_t i = 0; i < content->address_count; i++) {
        if (is_known_form(options, content->act, true, content->addresses[i]))
            put_pseudonym(door, options, true, content->addresses[i], &addresses[i]);
        else
            command->address_bad = true;
    }
    command->addresses = addresses;
    command->address_count = content->address_count;
    command->address_excluded = content->address_count == 1 && content->act != VDR_ACT_HOUSEHOLD_SPLIT &&
                                is_excluded(options->config, content->addresses[0]);
}

/* The same persons, addresses and digest under the key before. Those that are no BSN or BAG id have none. */
static vdr_command_earlier *
put_earlier(const vdr_door *before, const vdr_event_options *options, const vdr_event_content *content,
            vdr_arena *arena, vdr_command *command)
{
    size_t persons = command->person_count, addresses = command->address_count;
    vdr_command_earlier *earlier = vdr_arena_alloc(arena, sizeof *earlier);
    vdr_key16 *keys = vdr_arena_alloc(arena, (persons + addresses + 1) * sizeof keys[0]);
    VDR_ASSERT(earlier != NULL && keys != NULL);
    for (size_t i = 0; i < persons; i++)
        put_pseudonym(before, options, false, content->persons[i].bsn, &keys[i]);
    for (size_t i = 0; i < addresses; i++)
        put_pseudonym(before, options, true, content->addresses[i], &keys[persons + i]);
    *earlier = (vdr_command_earlier){.persons = keys, .addresses = keys + persons};
    command->earlier = earlier;
    return earlier;
}

vdr_command_earlier *
vdr_door_command(const vdr_door *door, const vdr_event_options *options, const vdr_event_content *content,
                 vdr_arena *arena, vdr_command *ret_command)
{
    vdr_command *command = ret_command;

    *command = (vdr_command){
        .kind = content->act != VDR_ACT_NONE ? VDR_COMMAND_ACT : VDR_COMMAND_SIGNAL,
        .at = content->time,
        .shape = content->shape,
        .id = content->id,
        .source = content->source,
        .type = content->type,
        .act = content->act,
        .time = content->time,
        .occurred_at = VDR_MS_NONE,
        .act_before = VDR_MS_NONE,
        .due = VDR_MS_NONE,
    };
    if (content->shape != VDR_OK)
        return NULL;
    command->id_hash = vdr_door_id_hash(door, content->id);
    command->municipality = content->municipality;
    command->occurred_at = content->occurred_at != VDR_MS_NONE ? content->occurred_at : content->time;
    put_persons(door, options, content, arena, command);
    put_addresses(door, options, content, arena, command);
    command->has_severity = content->has_severity;
    command->severity = content->severity;
    command->act_before = content->act_before;
    if (content->signal.at != NULL)
        command->signal = (vdr_command_ref){content->signal, vdr_door_id_hash(door, content->signal)};
    command->case_id.number = numbered(content->case_name, 'C');
    command->household.number = numbered(content->household, 'H');
    command->into.number = numbered(content->into, 'H');
    command->from.number = numbered(content->from, 'H');
    command->regisseur = content->regisseur;
    command->agency = content->agency;
    command->service = content->service;
    command->result = content->result;
    command->due = content->due;
    command->absent_from = content->absent_from;
    command->absent_to = content->absent_to;
    command->upheld = content->upheld;
    command->plan_revision = content->revision > 0 ? (uint64_t)content->revision : 0;
    return door->before != NULL ? put_earlier(door->before, options, content, arena, command) : NULL;
}

/* ---- handles */

/* Replaces the handles of one list; true: there was one. */
static bool
resolve_list(const vdr_event_options *options, vdr_event_handle handle, const vdr_json *list,
             vdr_arena *arena)
{
    bool any = false;
    if (list == NULL || list->kind != VDR_JSON_LIST)
        return false;
    for (vdr_json *item = list->first; item != NULL; item = item->next) {
        char text[16];
        size_t len = 0;
        if (item->kind != VDR_JSON_STRING || !is_handle(handle.is_address, item->text))
            continue;
        handle.text = item->text;
        if (!options->resolve(options->context, &handle, text, &len))
            continue;
        VDR_ASSERT(len <= sizeof text);
        item->text = vdr_arena_copy(arena, vdr_span_of(text, len));
        VDR_ASSERT(item->text.at != NULL);
        any = true;
    }
    return any;
}

/* The text of a member, or absent. */
static vdr_span
text_of(const vdr_json *object, const char *name)
{
    const vdr_json *member = vdr_json_member(object, name);
    return member != NULL && member->kind == VDR_JSON_STRING ? member->text : (vdr_span){0};
}

static bool
resolve_handles(const vdr_event_options *options, const vdr_json *event, vdr_arena *arena)
{
    const vdr_json *members = vdr_json_member(event, "data");
    if (options->resolve == NULL || vdr_act_of_type(text_of(event, "type")) != VDR_ACT_HOUSEHOLD_SPLIT)
        return false;
    vdr_event_handle handle = {.household = {numbered(text_of(members, "household"), 'H')},
                               .source = text_of(event, "source"),
                               .id = text_of(event, "id")};
    bool persons = resolve_list(options, handle, vdr_json_member(members, "persons"), arena);
    handle.is_address = true;
    bool addresses = resolve_list(options, handle, vdr_json_member(members, "addresses"), arena);
    return persons || addresses;
}

static void
put_digest(const vdr_door *door, const vdr_event_options *options, const vdr_json *event,
           vdr_key16 *ret_digest)
{
    VDR_UNZEROED vdr_canon canon;
    vdr_canon_begin(&canon, &door->digests, options->batch);
    vdr_canon_value(&canon, event);
    vdr_canon_digest(&canon, ret_digest);
}

void
vdr_event_read(const vdr_door *door, const vdr_event_options *options, vdr_span json, vdr_arena *arena,
               vdr_command *ret_command, vdr_span *ret_stored)
{
    vdr_event_content content;
    vdr_span stored = json;
    vdr_json *event = json.len <= VDR_EVENT_BYTES_MAX ? vdr_json_read(json, 0, arena) : NULL;

    if (event != NULL && resolve_handles(options, event, arena)) {
        stored = vdr_json_write(event, arena);
        VDR_ASSERT(stored.at != NULL);
    }
    vdr_door_content(event, arena, &content);
    VDR_ASSERT(!arena->overflow); /* or an event would be malformed for want of memory */
    vdr_command_earlier *earlier = vdr_door_command(door, options, &content, arena, ret_command);
    if (content.shape == VDR_OK)
        put_digest(door, options, event, &ret_command->digest);
    if (earlier != NULL)
        put_digest(door->before, options, event, &earlier->digest);
    if (ret_stored != NULL)
        *ret_stored = stored;
}
