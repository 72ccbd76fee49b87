/* Events in a record (record.h): signals and acts. */
#include "broker/record/record_form.h"

/* ---- what a command has: one bit each, in the order in which they are written */

enum has {
    HAS_MALFORMED = 1 << 0,
    HAS_ID = 1 << 1,
    HAS_SOURCE = 1 << 2,
    HAS_TYPE = 1 << 3, /* a signal's; an act's follows from its number */
    HAS_SENDER = 1 << 4,
    HAS_REVISION = 1 << 5,
    HAS_BSN_BAD = 1 << 6,
    HAS_ADDRESS_BAD = 1 << 7,
    HAS_ADDRESS_EXCLUDED = 1 << 8,
    HAS_PERSONS = 1 << 9,
    HAS_ADDRESSES = 1 << 10,
    HAS_BUURT = 1 << 11,
    HAS_SEVERITY = 1 << 12,
    HAS_SIGNAL = 1 << 13,
    HAS_CASE = 1 << 14,
    HAS_HOUSEHOLD = 1 << 15,
    HAS_INTO = 1 << 16,
    HAS_FROM = 1 << 17,
    HAS_REGISSEUR = 1 << 18,
    HAS_AGENCY = 1 << 19,
    HAS_RESULT = 1 << 20,
    HAS_PLAN = 1 << 21,
    HAS_MUNICIPALITY = 1 << 22,
    HAS_DUE = 1 << 23, /* version 4; so are the next */
    HAS_UPHELD = 1 << 24,
    HAS_EARLIER = 1 << 25,
    HAS_SERVICE = 1 << 26,
    HAS_ABSENCE = 1 << 27,
    HAS_ALL = (1 << 28) - 1,
    HAS_OF_MALFORMED = HAS_MALFORMED | HAS_ID | HAS_SOURCE | HAS_TYPE | HAS_SENDER | HAS_REVISION
};

static uint64_t
bit(bool is, enum has has)
{
    return is ? (uint64_t)has : 0;
}

static bool
is_absence(vdr_act act)
{
    return act == VDR_ACT_ABSENCE_SET || act == VDR_ACT_ABSENCE_LIFTED;
}

static uint64_t
has_of(const vdr_command *c)
{
    bool good = c->shape == VDR_OK;
    uint64_t all = bit(!good, HAS_MALFORMED) | bit(c->id.at != NULL, HAS_ID) |
                   bit(c->source.at != NULL, HAS_SOURCE) |
                   bit(c->type.at != NULL && c->act == VDR_ACT_NONE, HAS_TYPE) |
                   bit(c->sender_kind != VDR_PARTY_NONE, HAS_SENDER) | bit(c->revision_checked, HAS_REVISION);
    if (!good)
        return all;
    return all | bit(c->bsn_bad, HAS_BSN_BAD) | bit(c->address_bad, HAS_ADDRESS_BAD) |
           bit(c->address_excluded, HAS_ADDRESS_EXCLUDED) | bit(c->person_count != 0, HAS_PERSONS) |
           bit(c->address_count != 0, HAS_ADDRESSES) | bit(c->buurt.at != NULL, HAS_BUURT) |
           bit(c->has_severity, HAS_SEVERITY) | bit(c->signal.id.at != NULL, HAS_SIGNAL) |
           bit(c->case_id.number != 0, HAS_CASE) | bit(c->household.number != 0, HAS_HOUSEHOLD) |
           bit(c->into.number != 0, HAS_INTO) | bit(c->from.number != 0, HAS_FROM) |
           bit(c->regisseur.at != NULL, HAS_REGISSEUR) | bit(c->agency.at != NULL, HAS_AGENCY) |
           bit(c->result.at != NULL, HAS_RESULT) | bit(c->plan_revision != 0, HAS_PLAN) |
           bit(c->municipality.at != NULL, HAS_MUNICIPALITY) |
           bit(c->act > VDR_ACT_ERASED && c->due != VDR_MS_NONE, HAS_DUE) | bit(c->upheld, HAS_UPHELD) |
           bit(c->earlier != NULL, HAS_EARLIER) | bit(c->service.at != NULL, HAS_SERVICE) |
           bit(is_absence(c->act), HAS_ABSENCE);
}

/* ---- writing */

static void
put_persons(writer *out, const vdr_command *c)
{
    put_number(out, c->person_count);
    for (size_t i = 0; i < c->person_count; i++) {
        const vdr_command_person *person = &c->persons[i];
        put(out, person->key.bytes, sizeof person->key.bytes);
        put_number(out, person->role.at != NULL ? person->role.len + 1 : 0);
        put(out, person->role.at, person->role.len);
    }
}

static void
put_addresses(writer *out, const vdr_command *c)
{
    put_number(out, c->address_count);
    for (size_t i = 0; i < c->address_count; i++)
        put(out, c->addresses[i].bytes, sizeof c->addresses[i].bytes);
}

/* As many persons and addresses as it has. */
static void
put_earlier(writer *out, const vdr_command *c)
{
    put(out, c->earlier->digest.bytes, sizeof c->earlier->digest.bytes);
    put(out, c->earlier->persons, c->person_count * sizeof c->earlier->persons[0]);
    put(out, c->earlier->addresses, c->address_count * sizeof c->earlier->addresses[0]);
}

/* What a command of good shape has. */
static void
put_values(writer *out, const vdr_command *c, uint64_t has)
{
    put(out, c->digest.bytes, sizeof c->digest.bytes);
    put_fixed64(out, c->id_hash);
    put_instant(out, c->time);
    put_instant(out, c->occurred_at);
    put_instant(out, c->act_before);
    if (has & HAS_PERSONS)
        put_persons(out, c);
    if (has & HAS_ADDRESSES)
        put_addresses(out, c);
    if (has & HAS_BUURT)
        put_text(out, c->buurt);
    if (has & HAS_SEVERITY)
        put_number(out, (uint64_t)c->severity << 1 ^ (c->severity < 0 ? UINT64_MAX : 0));
    if (has & HAS_SIGNAL) {
        put_text(out, c->signal.id);
        put_fixed64(out, c->signal.hash);
    }
    const uint64_t numbers[] = {c->case_id.number, c->household.number, c->into.number, c->from.number};
    for (unsigned i = 0; i < 4; i++)
        if (has & (uint64_t)HAS_CASE << i)
            put_number(out, numbers[i]);
    if (has & HAS_REGISSEUR)
        put_text(out, c->regisseur);
    if (has & HAS_AGENCY)
        put_text(out, c->agency);
    if (has & HAS_RESULT)
        put_text(out, c->result);
    if (has & HAS_PLAN)
        put_number(out, c->plan_revision);
    if (has & HAS_MUNICIPALITY)
        put_text(out, c->municipality);
    if (has & HAS_DUE)
        put_instant(out, c->due);
    if (has & HAS_EARLIER)
        put_earlier(out, c);
    if (has & HAS_SERVICE)
        put_text(out, c->service);
    if (has & HAS_ABSENCE) {
        put_instant(out, c->absent_from);
        put_instant(out, c->absent_to);
    }
}

void
vdr_record_put_event(writer *out, const vdr_command *c)
{
    uint64_t has = has_of(c);
    put_number(out, has);
    if (c->kind == VDR_COMMAND_ACT)
        put_number(out, c->act);
    if (has & HAS_ID)
        put_text(out, c->id);
    if (has & HAS_SOURCE)
        put_text(out, c->source);
    if (has & HAS_TYPE)
        put_text(out, c->type);
    if (has & HAS_SENDER) {
        put_number(out, c->sender_kind);
        put_text(out, c->sender_id);
    }
    if (has & HAS_REVISION)
        put_number(out, c->revision_expected);
    if (!(has & HAS_MALFORMED))
        put_values(out, c, has);
    else
        put_instant(out, c->time);
}

/* ---- reading */

static void
take_persons(reader *in, vdr_command *c)
{
    uint64_t count = take_number(in);
    vdr_command_person *persons = take_array(in, count, sizeof(vdr_key16) + 1, sizeof persons[0]);
    for (uint64_t i = 0; persons != NULL && i < count; i++) {
        persons[i].key = take_key(in);
        uint64_t role = take_number(in);
        if (role == 0)
            continue;
        const uint8_t *at = take(in, (size_t)(role - 1));
        persons[i].role = at != NULL ? vdr_span_of(at, (size_t)(role - 1)) : (vdr_span){0};
    }
    c->persons = persons;
    c->person_count = persons != NULL ? (size_t)count : 0;
}

static void
take_addresses(reader *in, vdr_command *c)
{
    uint64_t count = take_number(in);
    vdr_key16 *addresses = take_array(in, count, sizeof(vdr_key16), sizeof addresses[0]);
    for (uint64_t i = 0; addresses != NULL && i < count; i++)
        addresses[i] = take_key(in);
    c->addresses = addresses;
    c->address_count = addresses != NULL ? (size_t)count : 0;
}

static vdr_key16 *
take_keys(reader *in, size_t count)
{
    vdr_key16 *keys = vdr_arena_alloc(in->arena, (count + 1) * sizeof keys[0]);
    for (size_t i = 0; keys != NULL && i < count; i++)
        keys[i] = take_key(in);
    return keys;
}

static void
take_earlier(reader *in, vdr_command *c)
{
    vdr_command_earlier *earlier = vdr_arena_alloc(in->arena, sizeof *earlier);
    if (earlier == NULL)
        return;
    earlier->digest = take_key(in);
    earlier->persons = take_keys(in, c->person_count);
    earlier->addresses = take_keys(in, c->address_count);
    c->earlier = earlier;
}

static void
take_values(reader *in, vdr_command *c, uint64_t has)
{
    c->digest = take_key(in);
    c->id_hash = take_fixed64(in);
    c->time = take_instant(in);
    c->occurred_at = take_instant(in);
    c->act_before = take_instant(in);
    c->bsn_bad = (has & HAS_BSN_BAD) != 0;
    c->address_bad = (has & HAS_ADDRESS_BAD) != 0;
    c->address_excluded = (has & HAS_ADDRESS_EXCLUDED) != 0;
    if (has & HAS_PERSONS)
        take_persons(in, c);
    if (has & HAS_ADDRESSES)
        take_addresses(in, c);
    if (has & HAS_BUURT)
        c->buurt = take_text(in);
    if (has & HAS_SEVERITY) {
        uint64_t folded = take_number(in);
        c->has_severity = true;
        c->severity = (int64_t)(folded >> 1 ^ ((folded & 1) != 0 ? UINT64_MAX : 0));
    }
    if (has & HAS_SIGNAL) {
        c->signal.id = take_text(in);
        c->signal.hash = take_fixed64(in);
    }
    uint64_t *const numbers[] = {&c->case_id.number, &c->household.number, &c->into.number, &c->from.number};
    for (unsigned i = 0; i < 4; i++)
        if (has & (uint64_t)HAS_CASE << i)
            *numbers[i] = take_some(in);
    if (has & HAS_REGISSEUR)
        c->regisseur = take_text(in);
    if (has & HAS_AGENCY)
        c->agency = take_text(in);
    if (has & HAS_RESULT)
        c->result = take_text(in);
    if (has & HAS_PLAN)
        c->plan_revision = take_some(in);
    if (has & HAS_MUNICIPALITY)
        c->municipality = take_text(in);
    c->upheld = (has & HAS_UPHELD) != 0;
    if (has & HAS_DUE && (c->due = take_instant(in)) == VDR_MS_NONE)
        in->bad = true;
    in->bad |= c->act <= VDR_ACT_ERASED && (has & (HAS_DUE | HAS_UPHELD | HAS_SERVICE)) != 0;
    if (has & HAS_EARLIER)
        take_earlier(in, c);
    if (has & HAS_SERVICE)
        c->service = take_text(in);
    in->bad |= is_absence(c->act) != ((has & HAS_ABSENCE) != 0);
    if (has & HAS_ABSENCE) {
        c->absent_from = take_instant(in);
        c->absent_to = take_instant(in);
        in->bad |= c->absent_from == VDR_MS_NONE || c->absent_to <= c->absent_from;
    }
}

/* "nl.voordeur.<name>.v1" */
static vdr_span
type_of_act(vdr_act act, vdr_arena *arena)
{
    const char *name = vdr_act_name(act);
    size_t len = strlen(name);
    uint8_t *at = vdr_arena_alloc(arena, 12 + len + 3);
    if (at == NULL)
        return (vdr_span){0};
    memcpy(at, "nl.voordeur.", 12);
    memcpy(at + 12, name, len);
    memcpy(at + 12 + len, ".v1", 3);
    return vdr_span_of(at, 12 + len + 3);
}

static void
take_act(reader *in, vdr_command *c)
{
    uint64_t act = take_number(in);
    c->act = act <= VDR_ACT_LAST ? (vdr_act)act : VDR_ACT_NONE;
    in->bad |= c->act == VDR_ACT_NONE;
    if (!in->bad)
        c->type = type_of_act(c->act, in->arena);
}

void
vdr_record_take_event(reader *in, vdr_command *c)
{
    uint64_t has = take_number(in);
    bool malformed = (has & HAS_MALFORMED) != 0;

    in->bad |= (has & ~(uint64_t)(malformed ? HAS_OF_MALFORMED : HAS_ALL)) != 0;
    in->bad |= c->kind == VDR_COMMAND_ACT && (has & HAS_TYPE) != 0;
    c->shape = malformed ? VDR_E_MALFORMED : VDR_OK;
    c->occurred_at = c->act_before = c->due = VDR_MS_NONE;
    if (c->kind == VDR_COMMAND_ACT)
        take_act(in, c);
    if (has & HAS_ID)
        c->id = take_text(in);
    if (has & HAS_SOURCE)
        c->source = take_text(in);
    if (has & HAS_TYPE)
        c->type = take_text(in);
    if (has & HAS_SENDER) {
        uint64_t kind = take_some(in);
        in->bad |= kind > VDR_PARTY_LAST;
        c->sender_kind = in->bad ? VDR_PARTY_NONE : (vdr_party_kind)kind;
        c->sender_id = take_text(in);
    }
    if (has & HAS_REVISION) {
        c->revision_checked = true;
        c->revision_expected = take_number(in);
    }
    if (!malformed)
        take_values(in, c, has);
    else
        c->time = take_instant(in);
}
