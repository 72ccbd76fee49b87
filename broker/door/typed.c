/* Typed items: the command of the JSON event that one stands for (protocol.md 5.3), made without its text.
 * This is the way of nearly all signals, so it hashes the canonical form straight from the fields. */
#include "broker/door/canon.h"
#include "broker/door/door.h"
#include "broker/door/sink.h"
#include "proto/time.h"
#include "proto/utf8.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- is it JSON at all? */

static bool
is_clean(vdr_span text)
{
    return text.len == 0 || (memchr(text.at, 0, text.len) == NULL && vdr_span_is_utf8(text));
}

static bool
texts_are_clean(const vdr_wire_typed *typed)
{
    const vdr_span texts[] = {typed->id,         typed->source,       typed->type,
                              typed->time,       typed->municipality, typed->occurred_at,
                              typed->act_before, typed->supersedes,   typed->detail};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        if (!is_clean(texts[i]))
            return false;
    for (size_t i = 0; i < typed->person_count; i++)
        if (!is_clean(typed->persons[i].bsn) || !is_clean(typed->persons[i].role))
            return false;
    if (typed->address != NULL && (!is_clean(typed->address->bag) || !is_clean(typed->address->buurt)))
        return false;
    for (size_t i = 0; i < typed->member_count; i++)
        if (!is_clean(typed->members[i].name))
            return false;
    return true;
}

/* A member of the envelope, by name: one of ours (value NULL) or a further one. */
typedef struct envelope_member {
    vdr_span name;
    const vdr_json *value;
} envelope_member;

static int
by_name(const void *a, const void *b)
{
    return vdr_span_compare(((const envelope_member *)a)->name, ((const envelope_member *)b)->name);
}

/* The further members in the order of their names; false: no JSON. */
static bool
read_members(const vdr_wire_typed *typed, vdr_arena *arena, envelope_member **ret_members)
{
    envelope_member *members = vdr_arena_alloc(arena, typed->member_count * sizeof members[0]);
    if (members == NULL)
        return false;
    for (size_t i = 0; i < typed->member_count; i++) {
        members[i].name = typed->members[i].name;
        members[i].value = vdr_json_read(typed->members[i].json, 1, arena);
        if (members[i].value == NULL)
            return false;
    }
    qsort(members, typed->member_count, sizeof members[0], by_name);
    for (size_t i = 1; i < typed->member_count; i++)
        if (vdr_span_equal(members[i - 1].name, members[i].name))
            return false;
    *ret_members = members;
    return true;
}

static const char *const own_names[] = {"data", "id", "source", "specversion", "time", "type"};
#define OWN_NAMES (sizeof own_names / sizeof own_names[0])

/* Is the member there, so that another of its name would be its double? */
static bool
has_own(const vdr_wire_typed *typed, size_t i)
{
    const vdr_span texts[OWN_NAMES] = {
        [1] = typed->id, [2] = typed->source, [4] = typed->time, [5] = typed->type};
    return i == 0 || i == 3 || texts[i].len != 0;
}

static bool
is_own(const vdr_wire_typed *typed, vdr_span name)
{
    for (size_t i = 0; i < OWN_NAMES; i++)
        if (has_own(typed, i) && vdr_span_equal(name, vdr_span_str(own_names[i])))
            return true;
    return false;
}

/* ---- its text */

static void
put_member(vdr_sink *out, bool *first, const char *name, vdr_span text)
{
    if (text.len == 0)
        return;
    vdr_sink_text(out, *first ? "\"" : ",\"");
    vdr_sink_text(out, name);
    vdr_sink_text(out, "\":");
    vdr_sink_string(out, text);
    *first = false;
}

static void
put_persons(vdr_sink *out, bool *first, const vdr_wire_typed *typed)
{
    if (typed->person_count == 0)
        return;
    vdr_sink_text(out, *first ? "\"persons\":[" : ",\"persons\":[");
    for (size_t i = 0; i < typed->person_count; i++) {
        bool none = true;
        vdr_sink_text(out, i == 0 ? "{" : ",{");
        put_member(out, &none, "bsn", typed->persons[i].bsn);
        put_member(out, &none, "role", typed->persons[i].role);
        vdr_sink_text(out, "}");
    }
    vdr_sink_text(out, "]");
    *first = false;
}

static void
put_data(vdr_sink *out, const vdr_wire_typed *typed)
{
    bool first = true, none = true;
    vdr_sink_text(out, ",\"data\":{");
    put_member(out, &first, "municipality", typed->municipality);
    put_member(out, &first, "occurred_at", typed->occurred_at);
    if (typed->severity != 0) {
        char text[48];
        snprintf(text, sizeof text, "%s\"severity\":%lld", first ? "" : ",", (long long)typed->severity);
        vdr_sink_text(out, text);
        first = false;
    }
    put_persons(out, &first, typed);
    if (typed->address != NULL) {
        vdr_sink_text(out, first ? "\"address\":{" : ",\"address\":{");
        put_member(out, &none, "bag", typed->address->bag);
        put_member(out, &none, "buurt", typed->address->buurt);
        vdr_sink_text(out, "}");
        first = false;
    }
    put_member(out, &first, "act_before", typed->act_before);
    put_member(out, &first, "supersedes", typed->supersedes);
    put_member(out, &first, "detail", typed->detail);
    vdr_sink_text(out, "}}");
}

static void
put_event(vdr_sink *out, const vdr_wire_typed *typed)
{
    bool first = false;
    vdr_sink_text(out, "{\"specversion\":\"1.0\"");
    put_member(out, &first, "id", typed->id);
    put_member(out, &first, "source", typed->source);
    put_member(out, &first, "type", typed->type);
    put_member(out, &first, "time", typed->time);
    for (size_t i = 0; i < typed->member_count; i++) {
        vdr_sink_text(out, ",");
        vdr_sink_string(out, typed->members[i].name);
        vdr_sink_text(out, ":");
        vdr_sink_put(out, typed->members[i].json.at, typed->members[i].json.len);
    }
    put_data(out, typed);
}

/* Without a text where it is clearly short enough: no byte takes more than six ("\u0001"). */
static bool
is_too_big(const vdr_wire_typed *typed)
{
    size_t bytes = typed->id.len + typed->source.len + typed->type.len + typed->time.len +
                   typed->municipality.len + typed->occurred_at.len + typed->act_before.len +
                   typed->supersedes.len + typed->detail.len + 100; /* names, severity, brackets */
    for (size_t i = 0; i < typed->person_count; i++)
        bytes += typed->persons[i].bsn.len + typed->persons[i].role.len + 8;
    if (typed->address != NULL)
        bytes += typed->address->bag.len + typed->address->buurt.len + 8;
    for (size_t i = 0; i < typed->member_count; i++)
        bytes += typed->members[i].name.len + typed->members[i].json.len + 1;
    if (bytes * 6 <= VDR_EVENT_BYTES_MAX)
        return false;
    vdr_sink counted = {0};
    put_event(&counted, typed);
    return counted.used > VDR_EVENT_BYTES_MAX;
}

/* ---- what it says */

static bool
read_instant(vdr_span text, vdr_ms *ret_at)
{
    return text.len == 0 || vdr_time_parse(text, ret_at);
}

static vdr_span
said(vdr_span text)
{
    return text.len != 0 ? text : (vdr_span){0};
}

static bool
read_persons(const vdr_wire_typed *typed, vdr_arena *arena, vdr_event_content *content)
{
    if (typed->person_count == 0)
        return true;
    vdr_event_person *persons = vdr_arena_alloc(arena, typed->person_count * sizeof persons[0]);
    if (persons == NULL)
        return false;
    for (size_t i = 0; i < typed->person_count; i++) {
        persons[i] = (vdr_event_person){said(typed->persons[i].bsn), said(typed->persons[i].role)};
        if (persons[i].bsn.len == 0 || persons[i].role.len > VDR_NAME_BYTES_MAX)
            return false;
    }
    content->persons = persons;
    content->person_count = typed->person_count;
    return true;
}

static bool
read_data(const vdr_wire_typed *typed, vdr_arena *arena, vdr_event_content *content)
{
    const int64_t end = INT64_C(1) << 53;

    content->municipality = said(typed->municipality);
    content->signal = said(typed->supersedes);
    content->detail = said(typed->detail);
    content->has_severity = typed->severity != 0;
    content->severity = typed->severity;
    if (content->municipality.len == 0 || content->signal.len > VDR_NAME_BYTES_MAX ||
        !read_instant(typed->occurred_at, &content->occurred_at) ||
        !read_instant(typed->act_before, &content->act_before) || typed->severity <= -end ||
        typed->severity >= end)
        return false;
    if (typed->address != NULL && typed->address->bag.len != 0) {
        vdr_span *bag = vdr_arena_alloc(arena, sizeof *bag);
        if (bag == NULL)
            return false;
        *bag = typed->address->bag;
        content->addresses = bag;
        content->address_count = 1;
    }
    if (typed->address != NULL)
        content->buurt = said(typed->address->buurt);
    return read_persons(typed, arena, content);
}

/* ret_members: the further members of the envelope in order; of use when the shape is good. */
static void
read_event(const vdr_wire_typed *typed, vdr_arena *arena, vdr_event_content *content,
           envelope_member **ret_members)
{
    *content = (vdr_event_content){
        .shape = VDR_E_MALFORMED, .time = VDR_MS_NONE, .occurred_at = VDR_MS_NONE, .act_before = VDR_MS_NONE};
    if (!texts_are_clean(typed) || is_too_big(typed) || !read_members(typed, arena, ret_members))
        return;
    for (size_t i = 0; i < typed->member_count; i++)
        if (is_own(typed, typed->members[i].name))
            return;
    const envelope_member *members = *ret_members;
    vdr_span id = typed->id, source = typed->source, type = typed->type;
    vdr_ms time = VDR_MS_NONE;
    /* A member that a field leaves out may stand among the further ones, and then it counts. */
    bool timed = typed->time.len != 0 && vdr_time_parse(typed->time, &time);
    for (size_t i = 0; i < typed->member_count; i++) {
        const vdr_json *value = members[i].value;
        if (value->kind != VDR_JSON_STRING)
            continue;
        if (vdr_span_equal(members[i].name, vdr_span_str("id")))
            id = value->text;
        else if (vdr_span_equal(members[i].name, vdr_span_str("source")))
            source = value->text;
        else if (vdr_span_equal(members[i].name, vdr_span_str("type")))
            type = value->text;
        else if (vdr_span_equal(members[i].name, vdr_span_str("time")))
            timed = vdr_time_parse(value->text, &time);
    }
    content->id = vdr_door_is_name(id) ? id : (vdr_span){0};
    content->source = vdr_door_is_name(source) ? source : (vdr_span){0};
    content->type = vdr_door_is_name(type) ? type : (vdr_span){0};
    content->time = time;
    content->act = vdr_act_of_type(content->type);
    /* An act has members that no field can say. */
    if (content->id.at != NULL && content->source.at != NULL && content->type.at != NULL && timed &&
        content->act == VDR_ACT_NONE && read_data(typed, arena, content))
        content->shape = VDR_OK;
}

/* ---- its digest: members in the order of their names */

static void
hash_member(vdr_canon *canon, const char *name, vdr_span text)
{
    if (text.len == 0)
        return;
    vdr_canon_name(canon, vdr_span_str(name));
    vdr_canon_string(canon, text);
}

static void
hash_data(vdr_canon *canon, const vdr_wire_typed *typed)
{
    const vdr_wire_address *address = typed->address;
    size_t count = 1; /* municipality */
    count += typed->occurred_at.len != 0;
    count += typed->severity != 0;
    count += typed->person_count != 0;
    count += address != NULL;
    count += typed->act_before.len != 0;
    count += typed->supersedes.len != 0;
    count += typed->detail.len != 0;
    vdr_canon_object(canon, count);
    hash_member(canon, "act_before", typed->act_before);
    if (address != NULL) {
        vdr_canon_name(canon, vdr_span_str("address"));
        vdr_canon_object(canon, (size_t)(address->bag.len != 0) + (address->buurt.len != 0));
        hash_member(canon, "bag", address->bag);
        hash_member(canon, "buurt", address->buurt);
    }
    hash_member(canon, "detail", typed->detail);
    hash_member(canon, "municipality", typed->municipality);
    hash_member(canon, "occurred_at", typed->occurred_at);
    if (typed->person_count != 0) {
        vdr_canon_name(canon, vdr_span_str("persons"));
        vdr_canon_list(canon, typed->person_count);
        for (size_t i = 0; i < typed->person_count; i++) {
            vdr_canon_object(canon, 1 + (size_t)(typed->persons[i].role.len != 0));
            hash_member(canon, "bsn", typed->persons[i].bsn);
            hash_member(canon, "role", typed->persons[i].role);
        }
    }
    if (typed->severity != 0) {
        vdr_canon_name(canon, vdr_span_str("severity"));
        vdr_canon_number(canon, (double)typed->severity);
    }
    hash_member(canon, "supersedes", typed->supersedes);
}

static void
hash_own(vdr_canon *canon, const vdr_wire_typed *typed, size_t i)
{
    const vdr_span texts[OWN_NAMES] = {[1] = typed->id,
                                       [2] = typed->source,
                                       [3] = {(const uint8_t *)"1.0", 3},
                                       [4] = typed->time,
                                       [5] = typed->type};
    vdr_canon_name(canon, vdr_span_str(own_names[i]));
    if (i == 0)
        hash_data(canon, typed);
    else
        vdr_canon_string(canon, texts[i]);
}

static void
put_digest(const vdr_door *door, const vdr_event_options *options, const vdr_wire_typed *typed,
           const envelope_member *members, vdr_key16 *ret_digest)
{
    VDR_UNZEROED vdr_canon canon;
    size_t own_count = 0, i = 0, j = 0;

    for (size_t k = 0; k < OWN_NAMES; k++)
        own_count += has_own(typed, k);
    vdr_canon_begin(&canon, &door->digests, options->batch);
    vdr_canon_object(&canon, own_count + typed->member_count);
    while (i < OWN_NAMES || j < typed->member_count) {
        if (i < OWN_NAMES && !has_own(typed, i)) {
            i++;
        } else if (j == typed->member_count ||
                   (i < OWN_NAMES && vdr_span_compare(vdr_span_str(own_names[i]), members[j].name) < 0)) {
            hash_own(&canon, typed, i++);
        } else {
            vdr_canon_name(&canon, members[j].name);
            vdr_canon_value(&canon, members[j++].value);
        }
    }
    vdr_canon_digest(&canon, ret_digest);
}

/* ---- the door's calls */

void
vdr_event_typed(const vdr_door *door, const vdr_event_options *options, const vdr_wire_typed *typed,
                vdr_arena *arena, vdr_command *ret_command)
{
    vdr_event_content content;
    envelope_member *members = NULL;

    read_event(typed, arena, &content, &members);
    VDR_ASSERT(!arena->overflow); /* or an event would be malformed for want of memory */
    vdr_command_earlier *earlier = vdr_door_command(door, options, &content, arena, ret_command);
    if (content.shape == VDR_OK)
        put_digest(door, options, typed, members, &ret_command->digest);
    if (earlier != NULL)
        put_digest(door->before, options, typed, members, &earlier->digest);
}

void
vdr_event_content_typed(const vdr_wire_typed *typed, vdr_arena *arena, vdr_event_content *ret_content)
{
    envelope_member *members = NULL;
    read_event(typed, arena, ret_content, &members);
}

vdr_err
vdr_event_render(const vdr_wire_typed *typed, vdr_arena *arena, vdr_span *ret_json)
{
    envelope_member *members = NULL;
    vdr_sink out = {0};

    if (!texts_are_clean(typed) || !read_members(typed, arena, &members))
        return VDR_E_MALFORMED;
    for (size_t i = 0; i < typed->member_count; i++)
        if (is_own(typed, typed->members[i].name))
            return VDR_E_MALFORMED;
    put_event(&out, typed);
    size_t len = out.used;
    if (len > VDR_EVENT_BYTES_MAX)
        return VDR_E_TOO_BIG;
    out.at = vdr_arena_alloc(arena, len);
    out.used = 0;
    if (out.at == NULL)
        return VDR_E_NO_MEMORY;
    put_event(&out, typed);
    *ret_json = vdr_span_of(out.at, len);
    return VDR_OK;
}
