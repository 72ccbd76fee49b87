/* What an event says: its shape (semantics section 3, row 1, and the members of section 9). */
#include "broker/door/door.h"
#include "proto/time.h"

#include <stddef.h>

bool
vdr_door_is_name(vdr_span text)
{
    return text.len >= 1 && text.len <= VDR_NAME_BYTES_MAX;
}

/* How the value of a member is read; each into its part of a content. */
typedef enum form {
    NAME,    /* string of 1 to 256 bytes -> span */
    TEXT,    /* any string -> span */
    INSTANT, /* -> vdr_ms */
    SEVERITY,
    REVISION,
    PERSONS,  /* [{bsn, role}] */
    ADDRESS,  /* {bag, buurt} */
    BSN,      /* one person without a role */
    BSNS,     /* list of such */
    BAG,      /* one address */
    BAGS,     /* list of such */
    DECISION, /* "upheld" or "rejected" */
    GOALS
} form;

typedef struct member {
    const char *name;
    form form;
    bool required;
    size_t offset; /* of the span or instant in a content */
} member;

#define AT(field)   offsetof(vdr_event_content, field)
#define MEMBERS_MAX 8
#define MUNICIPALITY                                                                                         \
    {                                                                                                        \
        "municipality", TEXT, true, AT(municipality)                                                         \
    }
#define REQUIRED(n, f)                                                                                       \
    {                                                                                                        \
#n, f, true, AT(n)                                                                                   \
    }
#define OPTIONAL(n, f)                                                                                       \
    {                                                                                                        \
#n, f, false, AT(n)                                                                                  \
    }

/* What an act of protocol.md 5.10 is about: one of them (names_one). */
#define ONE                                                                                                  \
    OPTIONAL(household, NAME), OPTIONAL(signal, NAME), OPTIONAL(agency, NAME),                               \
    {                                                                                                        \
        "bsn", BSN, false, 0                                                                                 \
    }

static const member signal_members[MEMBERS_MAX] = {
    MUNICIPALITY,
    OPTIONAL(occurred_at, INSTANT),
    OPTIONAL(severity, SEVERITY),
    OPTIONAL(persons, PERSONS),
    {"address", ADDRESS, false, 0},
    OPTIONAL(act_before, INSTANT),
    {"supersedes", NAME, false, AT(signal)},
    OPTIONAL(detail, TEXT),
};

/* By vdr_act; the tables of section 9 and of protocol.md 5.10. */
static const member act_members[][MEMBERS_MAX] = {
    [VDR_ACT_SIGNAL_WITHDRAWN] = {MUNICIPALITY, REQUIRED(signal, NAME), REQUIRED(reason, TEXT)},
    [VDR_ACT_SIGNAL_ENDED] = {MUNICIPALITY, REQUIRED(signal, NAME), OPTIONAL(occurred_at, INSTANT)},
    [VDR_ACT_FEEDBACK] = {MUNICIPALITY, REQUIRED(signal, NAME), REQUIRED(result, TEXT),
                          OPTIONAL(agency, NAME)},
    [VDR_ACT_CASE_ACCEPTED] = {MUNICIPALITY, {"case", NAME, true, AT(case_name)}},
    [VDR_ACT_CASE_DECLINED] = {MUNICIPALITY, {"case", NAME, true, AT(case_name)}, REQUIRED(reason, TEXT)},
    [VDR_ACT_CASE_DISMISSED] = {MUNICIPALITY, {"case", NAME, true, AT(case_name)}, REQUIRED(reason, TEXT)},
    [VDR_ACT_CASE_ASSIGNED] = {MUNICIPALITY, {"case", NAME, true, AT(case_name)}, REQUIRED(regisseur, NAME)},
    [VDR_ACT_HANDOVER_OFFERED] = {MUNICIPALITY,
                                  {"case", NAME, true, AT(case_name)},
                                  {"to", NAME, true, AT(regisseur)}},
    [VDR_ACT_HANDOVER_ACCEPTED] = {MUNICIPALITY, {"case", NAME, true, AT(case_name)}},
    [VDR_ACT_CASE_ESCALATED] = {MUNICIPALITY,
                                {"case", NAME, true, AT(case_name)},
                                REQUIRED(to, TEXT),
                                REQUIRED(reason, TEXT)},
    [VDR_ACT_PLAN_SET] = {MUNICIPALITY,
                          {"case", NAME, true, AT(case_name)},
                          REQUIRED(revision, REVISION),
                          REQUIRED(goals, GOALS)},
    [VDR_ACT_CASE_CLOSED] = {MUNICIPALITY, {"case", NAME, true, AT(case_name)}, REQUIRED(outcome, TEXT)},
    [VDR_ACT_HOUSEHOLD_MERGED] = {MUNICIPALITY, REQUIRED(into, NAME), REQUIRED(from, NAME)},
    [VDR_ACT_HOUSEHOLD_SPLIT] = {MUNICIPALITY,
                                 REQUIRED(household, NAME),
                                 {"persons", BSNS, false, 0},
                                 {"addresses", BAGS, false, 0}},
    [VDR_ACT_PERSON_MOVED] = {MUNICIPALITY, {"bsn", BSN, true, 0}, {"to", BAG, true, 0}},
    [VDR_ACT_ERASED] = {MUNICIPALITY, REQUIRED(household, NAME)},
    [VDR_ACT_CONFLICT_DECLARED] = {MUNICIPALITY,
                                   REQUIRED(regisseur, NAME),
                                   OPTIONAL(household, NAME),
                                   {"bsn", BSN, false, 0}},
    [VDR_ACT_CONFLICT_LIFTED] = {MUNICIPALITY,
                                 REQUIRED(regisseur, NAME),
                                 OPTIONAL(household, NAME),
                                 {"bsn", BSN, false, 0}},
    [VDR_ACT_OBJECTED] = {MUNICIPALITY, ONE, REQUIRED(reason, TEXT), OPTIONAL(due, INSTANT)},
    [VDR_ACT_OBJECTION_DECIDED] = {MUNICIPALITY,
                                   ONE,
                                   {"decision", DECISION, true, 0},
                                   REQUIRED(reason, TEXT)},
    [VDR_ACT_RESTRICTED] = {MUNICIPALITY, ONE, REQUIRED(reason, TEXT)},
    [VDR_ACT_RESTRICTION_LIFTED] = {MUNICIPALITY, ONE, REQUIRED(reason, TEXT)},
    [VDR_ACT_ERASURE_REQUESTED] = {MUNICIPALITY, REQUIRED(household, NAME), REQUIRED(reason, TEXT),
                                   OPTIONAL(due, INSTANT)},
    [VDR_ACT_ERASURE_REQUEST_WITHDRAWN] = {MUNICIPALITY, REQUIRED(household, NAME), REQUIRED(reason, TEXT)},
    [VDR_ACT_HOLD_PLACED] = {MUNICIPALITY, REQUIRED(household, NAME), REQUIRED(reason, TEXT)},
    [VDR_ACT_HOLD_CONFIRMED] = {MUNICIPALITY, REQUIRED(household, NAME)},
    [VDR_ACT_HOLD_LIFTED] = {MUNICIPALITY, REQUIRED(household, NAME), REQUIRED(reason, TEXT)},
    [VDR_ACT_RECTIFICATION_REQUESTED] = {MUNICIPALITY,
                                         REQUIRED(signal, NAME),
                                         OPTIONAL(agency, NAME),
                                         {"correction", TEXT, true, AT(result)},
                                         OPTIONAL(due, INSTANT)},
    [VDR_ACT_PERSON_ERASED] = {MUNICIPALITY, REQUIRED(household, NAME), {"bsn", BSN, true, 0}},
    [VDR_ACT_REVIEW_SET_ASIDE] = {MUNICIPALITY,
                                  {"household", NAME, true, AT(into)},
                                  {"other", NAME, true, AT(from)},
                                  OPTIONAL(reason, TEXT)},
    [VDR_ACT_ABSENCE_SET] = {MUNICIPALITY,
                             REQUIRED(regisseur, NAME),
                             {"from", INSTANT, true, AT(absent_from)},
                             {"to", INSTANT, true, AT(absent_to)}},
    [VDR_ACT_ABSENCE_LIFTED] = {MUNICIPALITY,
                                REQUIRED(regisseur, NAME),
                                {"from", INSTANT, true, AT(absent_from)},
                                {"to", INSTANT, true, AT(absent_to)}},
    [VDR_ACT_NOTE_SENT] = {MUNICIPALITY,
                           {"case", NAME, true, AT(case_name)},
                           OPTIONAL(agency, NAME),
                           OPTIONAL(service, NAME),
                           {"text", TEXT, true, AT(result)}},
    [VDR_ACT_NOTE_ANSWERED] = {MUNICIPALITY,
                               REQUIRED(signal, NAME),
                               OPTIONAL(agency, NAME),
                               {"text", TEXT, true, AT(result)}},
};

/* ---- values */

static bool
read_text(const vdr_json *value, vdr_span *ret_text)
{
    if (value->kind != VDR_JSON_STRING)
        return false;
    *ret_text = value->text;
    return true;
}

static bool
read_name(const vdr_json *value, vdr_span *ret_name)
{
    if (value->kind != VDR_JSON_STRING || !vdr_door_is_name(value->text))
        return false;
    *ret_name = value->text;
    return true;
}

static bool
read_instant(const vdr_json *value, vdr_ms *ret_at)
{
    return value->kind == VDR_JSON_STRING && vdr_time_parse(value->text, ret_at);
}

static bool
read_integer(const vdr_json *value, int64_t *ret_integer)
{
    if (value->kind != VDR_JSON_NUMBER || !value->is_integer)
        return false;
    *ret_integer = value->integer;
    return true;
}

/* Are the members of an object exactly some of these? */
static bool
only(const vdr_json *object, const char *const *names, size_t name_count)
{
    size_t found = 0;
    if (object->kind != VDR_JSON_OBJECT)
        return false;
    for (size_t i = 0; i < name_count; i++)
        found += vdr_json_member(object, names[i]) != NULL;
    return found == object->count;
}

static bool
read_person(const vdr_json *value, vdr_event_person *ret_person)
{
    static const char *const names[] = {"bsn", "role"};
    const vdr_json *bsn = vdr_json_member(value, "bsn"), *role = vdr_json_member(value, "role");
    return only(value, names, 2) && bsn != NULL && read_text(bsn, &ret_person->bsn) &&
           (role == NULL || read_name(role, &ret_person->role));
}

static bool
read_decision(const vdr_json *value, bool *ret_upheld)
{
    if (value->kind != VDR_JSON_STRING)
        return false;
    *ret_upheld = vdr_span_equal(value->text, vdr_span_str("upheld"));
    return *ret_upheld || vdr_span_equal(value->text, vdr_span_str("rejected"));
}

static bool
read_persons(const vdr_json *value, bool bare, vdr_arena *arena, vdr_event_content *content)
{
    size_t i = 0;
    if (value->kind != VDR_JSON_LIST)
        return false;
    vdr_event_person *persons = vdr_arena_alloc(arena, (value->count + 1) * sizeof persons[0]);
    if (persons == NULL)
        return false;
    for (const vdr_json *item = value->first; item != NULL; item = item->next, i++)
        if (bare ? !read_text(item, &persons[i].bsn) : !read_person(item, &persons[i]))
            return false;
    content->persons = persons;
    content->person_count = value->count;
    return true;
}

/* A list of texts, or one text as a list of one. */
static bool
read_bags(const vdr_json *first, size_t count, vdr_arena *arena, vdr_event_content *content)
{
    vdr_span *bags = vdr_arena_alloc(arena, (count + 1) * sizeof bags[0]);
    if (bags == NULL)
        return false;
    for (size_t i = 0; i < count; i++, first = first->next)
        if (!read_text(first, &bags[i]))
            return false;
    content->addresses = bags;
    content->address_count = count;
    return true;
}

static bool
read_address(const vdr_json *value, vdr_arena *arena, vdr_event_content *content)
{
    static const char *const names[] = {"bag", "buurt"};
    const vdr_json *bag = vdr_json_member(value, "bag"), *buurt = vdr_json_member(value, "buurt");
    return only(value, names, 2) && (bag == NULL || read_bags(bag, 1, arena, content)) &&
           (buurt == NULL || read_text(buurt, &content->buurt));
}

static bool
read_bsn(const vdr_json *value, vdr_arena *arena, vdr_event_content *content)
{
    vdr_event_person *person = vdr_arena_alloc(arena, sizeof *person);
    if (person == NULL || !read_text(value, &person->bsn))
        return false;
    content->persons = person;
    content->person_count = 1;
    return true;
}

static bool
read_goal(const vdr_json *value, vdr_event_goal *ret_goal)
{
    static const char *const names[] = {"domain", "text", "owner", "state", "due"};
    vdr_span *texts[] = {&ret_goal->domain, &ret_goal->text, &ret_goal->owner, &ret_goal->state};
    if (!only(value, names, 5) || value->count != 5)
        return false;
    for (size_t i = 0; i < 4; i++)
        if (!read_text(vdr_json_member(value, names[i]), texts[i]))
            return false;
    return read_instant(vdr_json_member(value, "due"), &ret_goal->due);
}

static bool
read_goals(const vdr_json *value, vdr_arena *arena, vdr_event_content *content)
{
    size_t i = 0;
    if (value->kind != VDR_JSON_LIST)
        return false;
    vdr_event_goal *goals = vdr_arena_alloc(arena, (value->count + 1) * sizeof goals[0]);
    if (goals == NULL)
        return false;
    for (const vdr_json *item = value->first; item != NULL; item = item->next)
        if (!read_goal(item, &goals[i++]))
            return false;
    content->goals = goals;
    content->goal_count = value->count;
    return true;
}

/* ---- data and the envelope */

static bool
read_member(const vdr_json *value, const member *kind, vdr_arena *arena, vdr_event_content *content)
{
    void *at = (char *)content + kind->offset;

    switch (kind->form) {
    case NAME:
        return read_name(value, at);
    case TEXT:
        return read_text(value, at);
    case INSTANT:
        return read_instant(value, at);
    case SEVERITY:
        content->has_severity = true;
        return read_integer(value, &content->severity);
    case REVISION:
        return read_integer(value, &content->revision);
    case PERSONS:
        return read_persons(value, false, arena, content);
    case ADDRESS:
        return read_address(value, arena, content);
    case BSN:
        return read_bsn(value, arena, content);
    case BSNS:
        return read_persons(value, true, arena, content);
    case BAG:
        return read_bags(value, 1, arena, content);
    case BAGS:
        return value->kind == VDR_JSON_LIST && read_bags(value->first, value->count, arena, content);
    case DECISION:
        return read_decision(value, &content->upheld);
    case GOALS:
        return read_goals(value, arena, content);
    }
    return false;
}

/* Acts of protocol.md 5.10 are about a household, a signal or a person: one of them. */
static bool
names_one(const vdr_event_content *content)
{
    bool one =
        (content->household.at != NULL) + (content->signal.at != NULL) + (content->person_count != 0) == 1;
    return one && (content->agency.at == NULL || content->signal.at != NULL);
}

/* What one member alone does not say. */
static bool
fits_act(const vdr_event_content *content)
{
    if (content->act == VDR_ACT_NOTE_SENT) /* to one of them */
        return (content->agency.at != NULL) != (content->service.at != NULL);
    if (content->act == VDR_ACT_ABSENCE_SET || content->act == VDR_ACT_ABSENCE_LIFTED)
        return content->absent_from < content->absent_to;
    return content->act < VDR_ACT_CONFLICT_DECLARED || content->act >= VDR_ACT_PERSON_ERASED ||
           names_one(content);
}

static bool
read_data(const vdr_json *members, vdr_arena *arena, vdr_event_content *content)
{
    const member *wanted = content->act != VDR_ACT_NONE ? act_members[content->act] : signal_members;
    size_t found = 0;

    if (members == NULL || members->kind != VDR_JSON_OBJECT)
        return false;
    for (size_t i = 0; i < MEMBERS_MAX && wanted[i].name != NULL; i++) {
        const vdr_json *value = vdr_json_member(members, wanted[i].name);
        if (value == NULL && wanted[i].required)
            return false;
        if (value == NULL)
            continue;
        if (!read_member(value, &wanted[i], arena, content))
            return false;
        found++;
    }
    return found == members->count && fits_act(content);
}

void
vdr_door_content(const vdr_json *event, vdr_arena *arena, vdr_event_content *ret_content)
{
    vdr_event_content *content = ret_content;

    *content = (vdr_event_content){.shape = VDR_E_MALFORMED,
                                   .time = VDR_MS_NONE,
                                   .occurred_at = VDR_MS_NONE,
                                   .act_before = VDR_MS_NONE,
                                   .due = VDR_MS_NONE};
    if (event == NULL || event->kind != VDR_JSON_OBJECT)
        return;
    const vdr_json *version = vdr_json_member(event, "specversion"), *id = vdr_json_member(event, "id"),
                   *source = vdr_json_member(event, "source"), *type = vdr_json_member(event, "type"),
                   *time = vdr_json_member(event, "time");
    /* Each is read whatever the others are: a refused line still shows them. */
    bool good = id != NULL && read_name(id, &content->id);
    good &= source != NULL && read_name(source, &content->source);
    good &= type != NULL && read_name(type, &content->type);
    good &= time != NULL && read_instant(time, &content->time);
    good &= version != NULL && version->kind == VDR_JSON_STRING &&
            vdr_span_equal(version->text, vdr_span_str("1.0"));
    content->act = vdr_act_of_type(content->type);
    if (good && read_data(vdr_json_member(event, "data"), arena, content))
        content->shape = VDR_OK;
}

void
vdr_event_content_read(vdr_span json, vdr_arena *arena, vdr_event_content *ret_content)
{
    vdr_door_content(json.len <= VDR_EVENT_BYTES_MAX ? vdr_json_read(json, 0, arena) : NULL, arena,
                     ret_content);
}
