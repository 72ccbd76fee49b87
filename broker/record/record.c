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
    HAS_ALL = (1 << 26) - 1,
    HAS_OF_MALFORMED = HAS_MALFORMED | HAS_ID | HAS_SOURCE | HAS_TYPE | HAS_SENDER | HAS_REVISION
};

static uint64_t
bit(bool is, enum has has)
{
    return is ? (uint64_t)has : 0;
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
           bit(c->earlier != NULL, HAS_EARLIER);
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
}

static void
put_event(writer *out, const vdr_command *c)
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

/* What left: only the members that its kind has. */
static void
put_left(writer *out, const vdr_command_left *left)
{
    put_number(out, left->kind);
    put_number(out, left->reason);
    put_number(out, left->number);
    put_instant(out, left->at);
    put_instant(out, left->time);
    if (!vdr_left_of_signal(left->kind))
        return;
    put_text(out, left->id);
    put_text(out, left->source);
    put_text(out, left->type);
    put_fixed64(out, left->hash);
}

static void
put_erasure(writer *out, const vdr_command *c)
{
    put_number(out, c->through);
    put_number(out, c->generation);
    put_number(out, c->keys_kept);
    put_number(out, c->keys_dropped);
    put_number(out, c->left_count);
    for (size_t i = 0; i < c->left_count; i++)
        put_left(out, &c->left[i]);
}

static bool
is_asked_for(const vdr_command *command)
{
    return command->author.at != NULL || command->reason.at != NULL || command->number != 0;
}

/* Whose, and which. */
static void
put_party_key(writer *out, const vdr_command *c)
{
    put_number(out, c->party_kind);
    put_text(out, c->subject);
    put(out, c->public_key.at, VDR_PUBLIC_KEY_BYTES);
}

static void
put_proposed_key(writer *out, const vdr_command *c)
{
    put_party_key(out, c);
    put_instant(out, c->until);
    put_number(out, (uint64_t)c->overlap_ms);
    if (c->overlap_ms != 0)
        put(out, c->replaced.at, VDR_PUBLIC_KEY_BYTES);
}

/* Who, why, whether alone, and of what. */
static void
put_control(writer *out, const vdr_command *c)
{
    put_text(out, c->author);
    put_text(out, c->reason);
    put_number(out, c->alone);
    switch (c->kind) {
    case VDR_COMMAND_PROPOSE:
        put_number(out, c->proposal);
        if (c->proposal == VDR_PROPOSAL_CONFIG) {
            put(out, c->fingerprint.bytes, sizeof c->fingerprint.bytes);
            put_number(out, c->rollback_of);
        } else if (c->proposal == VDR_PROPOSAL_KEY) {
            put_proposed_key(out, c);
        } else {
            put_text(out, c->subject);
            put_instant(out, c->until);
        }
        break;
    case VDR_COMMAND_DECIDE:
        put_number(out, c->decide);
        put_number(out, c->number);
        break;
    case VDR_COMMAND_CONFIG:
        put(out, c->key_check.bytes, sizeof c->key_check.bytes);
        put_number(out, c->number);
        put_number(out, c->rollback_of);
        break;
    case VDR_COMMAND_RESUME:
        put_number(out, c->number);
        break;
    case VDR_COMMAND_REVOKE:
        put_party_key(out, c);
        break;
    case VDR_COMMAND_SIGNAL:
    case VDR_COMMAND_ACT:
    case VDR_COMMAND_TICK:
    case VDR_COMMAND_ACKS:
    case VDR_COMMAND_ERASURE:
    case VDR_COMMAND_REWRITE:
    case VDR_COMMAND_VIEW:
    case VDR_COMMAND_REKEY:
        break;
    }
}

static void
put_view(writer *out, const vdr_command *c)
{
    put_number(out, c->sender_kind);
    put_text(out, c->sender_id);
    put_number(out, c->query);
    put_text(out, c->traceparent);
    put_text(out, c->reason);
    put_number(out, c->seen_count);
    for (size_t i = 0; i < c->seen_count; i++) {
        const vdr_command_seen *seen = &c->seen[i];
        put_number(out, seen->kind);
        put_number(out, seen->parts);
        put_number(out, seen->household.number);
        put_number(out, seen->case_id.number);
        if (seen->kind == VDR_SEEN_SIGNAL)
            put_number(out, seen->position);
    }
}

static void
put_rekey(writer *out, const vdr_command *c)
{
    put_number(out, c->rekey);
    if (c->rekey != VDR_REKEY_PAIRS) {
        put(out, c->key_check.bytes, sizeof c->key_check.bytes);
        put(out, c->id_key.bytes, sizeof c->id_key.bytes);
        put_text(out, c->author);
        put_text(out, c->reason);
        return;
    }
    put_number(out, c->pair_count);
    for (size_t i = 0; i < c->pair_count; i++) {
        put_number(out, c->pairs[i].is_address);
        put(out, c->pairs[i].from.bytes, sizeof c->pairs[i].from.bytes);
        put(out, c->pairs[i].to.bytes, sizeof c->pairs[i].to.bytes);
    }
    put_number(out, c->rekeyed_count);
    for (size_t i = 0; i < c->rekeyed_count; i++) {
        put_number(out, c->rekeyed[i].kind);
        put_number(out, c->rekeyed[i].hash);
        put_fixed64(out, c->rekeyed[i].from);
        put_fixed64(out, c->rekeyed[i].to);
    }
}

static bool
is_keyed(const vdr_command *command)
{
    static const vdr_key16 none = {{0}};
    return !vdr_key16_equal(&command->key_check, &none);
}

static uint8_t
version_of(const vdr_command *command)
{
    bool event = command->kind == VDR_COMMAND_SIGNAL || command->kind == VDR_COMMAND_ACT;
    if (event && (command->act > VDR_ACT_ERASED || (command->shape == VDR_OK && command->earlier != NULL)))
        return 4;
    if (command->kind == VDR_COMMAND_TICK)
        return command->timers_max != 0 ? 2 : 1;
    if (command->kind == VDR_COMMAND_CONFIG && !is_asked_for(command))
        return is_keyed(command) ? 2 : 1;
    bool of_key = command->kind == VDR_COMMAND_PROPOSE && command->proposal == VDR_PROPOSAL_KEY;
    if (of_key || command->kind > VDR_COMMAND_RESUME)
        return 4;
    return command->kind >= VDR_COMMAND_CONFIG ? 3 : 1;
}

size_t
vdr_command_write(const vdr_command *command, uint8_t *at, size_t size)
{
    writer out = {.at = at, .size = size};
    uint8_t head[2] = {version_of(command), (uint8_t)command->kind};

    put(&out, head, sizeof head);
    put_instant(&out, command->at);
    switch (command->kind) {
    case VDR_COMMAND_SIGNAL:
    case VDR_COMMAND_ACT:
        put_event(&out, command);
        break;
    case VDR_COMMAND_ACKS:
        put_number(&out, command->ack_count);
        for (size_t i = 0; i < command->ack_count; i++) {
            put_number(&out, command->acks[i].mailbox);
            put_number(&out, command->acks[i].seq);
        }
        break;
    case VDR_COMMAND_TICK:
        if (head[0] == 2)
            put_number(&out, command->timers_max);
        break;
    case VDR_COMMAND_CONFIG:
        if (head[0] == 2)
            put(&out, command->key_check.bytes, sizeof command->key_check.bytes);
        if (head[0] == 3)
            put_control(&out, command);
        break;
    case VDR_COMMAND_PROPOSE:
    case VDR_COMMAND_DECIDE:
    case VDR_COMMAND_RESUME:
    case VDR_COMMAND_REVOKE:
        put_control(&out, command);
        break;
    case VDR_COMMAND_ERASURE:
        put_erasure(&out, command);
        break;
    case VDR_COMMAND_REWRITE:
        put_number(&out, command->number);
        put_instant(&out, command->until);
        break;
    case VDR_COMMAND_VIEW:
        put_view(&out, command);
        break;
    case VDR_COMMAND_REKEY:
        put_rekey(&out, command);
        break;
    }
    return out.used;
}

/* ---- reading: what cannot be makes the reader bad and gives zeros, so only the end needs to ask */

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
    in->bad |= c->act <= VDR_ACT_ERASED && (has & (HAS_DUE | HAS_UPHELD)) != 0;
    if (has & HAS_EARLIER)
        take_earlier(in, c);
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

static void
take_event(reader *in, vdr_command *c)
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

static void
take_acks(reader *in, vdr_command *c)
{
    uint64_t count = take_number(in);
    if (count == 0)
        return;
    vdr_command_ack *acks = take_array(in, count, 2, sizeof acks[0]);
    for (uint64_t i = 0; acks != NULL && i < count; i++) {
        uint64_t mailbox = take_number(in);
        in->bad |= mailbox > UINT32_MAX;
        acks[i] = (vdr_command_ack){.mailbox = (uint32_t)mailbox, .seq = take_number(in)};
    }
    c->acks = acks;
    c->ack_count = acks != NULL ? (size_t)count : 0;
}

static void
take_timers_max(reader *in, vdr_command *c)
{
    uint64_t most = take_some(in);
    in->bad |= most > UINT32_MAX;
    c->timers_max = (uint32_t)most;
}

static void
take_key_check(reader *in, vdr_command *c)
{
    c->key_check = take_key(in);
    in->bad |= !is_keyed(c);
}

static vdr_span
take_public_key(reader *in)
{
    const uint8_t *at = take(in, VDR_PUBLIC_KEY_BYTES);
    return at != NULL ? vdr_span_of(at, VDR_PUBLIC_KEY_BYTES) : (vdr_span){0};
}

static void
take_party_key(reader *in, vdr_command *c)
{
    c->party_kind = (vdr_party_kind)take_kind(in, VDR_PARTY_LAST);
    c->subject = take_some_text(in);
    in->bad |= c->subject.len == 0 || c->subject.len > VDR_CONF_NAME_MAX;
    c->public_key = take_public_key(in);
}

static void
take_proposed_key(reader *in, vdr_command *c)
{
    take_party_key(in, c);
    c->until = take_instant(in);
    uint64_t overlap = take_number(in);
    in->bad |= overlap > VDR_KEY_TERM_MAX_MS || c->until == VDR_MS_NONE;
    c->overlap_ms = in->bad ? 0 : (int64_t)overlap;
    if (c->overlap_ms != 0)
        c->replaced = take_public_key(in);
}

/* version: 4 is of keys, 3 of everything before them. */
static void
take_control(reader *in, uint8_t version, vdr_command *c)
{
    c->author = take_some_text(in);
    c->reason = take_some_text(in);
    in->bad |= c->reason.len > VDR_REASON_BYTES_MAX || c->author.len > VDR_NAME_BYTES_MAX;
    uint64_t alone = take_number(in);
    in->bad |= alone > 1;
    c->alone = alone == 1;
    switch (c->kind) {
    case VDR_COMMAND_PROPOSE:
        c->proposal = (vdr_proposal_kind)take_kind(in, VDR_PROPOSAL_KEY);
        in->bad |= (c->proposal == VDR_PROPOSAL_KEY) != (version == 4);
        if (c->proposal == VDR_PROPOSAL_KEY) {
            take_proposed_key(in, c);
        } else if (c->proposal == VDR_PROPOSAL_CONFIG) {
            c->fingerprint = take_key(in);
            c->rollback_of = take_number(in);
        } else {
            c->subject = take_text(in);
            c->until = take_instant(in);
        }
        break;
    case VDR_COMMAND_DECIDE:
        c->decide = (vdr_decide)take_kind(in, VDR_DECIDE_WITHDRAW);
        c->number = take_some(in);
        break;
    case VDR_COMMAND_CONFIG:
        c->key_check = take_key(in);
        c->number = take_number(in);
        c->rollback_of = take_number(in);
        in->bad |= !is_asked_for(c);
        break;
    case VDR_COMMAND_RESUME:
        c->number = take_some(in);
        break;
    case VDR_COMMAND_REVOKE:
        take_party_key(in, c);
        break;
    case VDR_COMMAND_SIGNAL:
    case VDR_COMMAND_ACT:
    case VDR_COMMAND_TICK:
    case VDR_COMMAND_ACKS:
    case VDR_COMMAND_ERASURE:
    case VDR_COMMAND_REWRITE:
    case VDR_COMMAND_VIEW:
    case VDR_COMMAND_REKEY:
        break;
    }
    in->bad |= c->number > UINT32_MAX || c->rollback_of > UINT32_MAX;
}

static void
take_left(reader *in, vdr_command_left *ret_left)
{
    ret_left->kind = (vdr_left_kind)take_kind(in, VDR_LEFT_LAST);
    ret_left->reason = (vdr_left_reason)take_kind(in, VDR_LEFT_BY_HOUSEHOLD);
    ret_left->number = take_number(in);
    ret_left->at = take_instant(in);
    ret_left->time = take_instant(in);
    if (!vdr_left_of_signal(ret_left->kind))
        return;
    ret_left->id = take_text(in);
    ret_left->source = take_text(in);
    ret_left->type = take_text(in);
    ret_left->hash = take_fixed64(in);
}

static void
take_erasure(reader *in, vdr_command *c)
{
    c->through = take_number(in);
    c->generation = take_number(in);
    c->keys_kept = take_number(in);
    c->keys_dropped = take_number(in);
    uint64_t count = take_number(in);
    if (count == 0)
        return;
    vdr_command_left *left = take_array(in, count, 5, sizeof left[0]);
    for (uint64_t i = 0; left != NULL && i < count && !in->bad; i++)
        take_left(in, &left[i]);
    c->left = left;
    c->left_count = left != NULL ? (size_t)count : 0;
}

/* What a view is of, and who saw it. */
static void
take_view(reader *in, vdr_command *c)
{
    c->sender_kind = (vdr_party_kind)take_kind(in, VDR_PARTY_LAST);
    c->sender_id = take_text(in);
    uint64_t query = take_some(in);
    c->query = (uint32_t)query;
    c->traceparent = take_some_text(in);
    c->reason = take_some_text(in);
    in->bad |= query > UINT32_MAX || c->sender_id.len == 0 || c->reason.len > VDR_REASON_BYTES_MAX;
    uint64_t count = take_number(in);
    vdr_command_seen *all = take_array(in, count, 4, sizeof all[0]);
    for (uint64_t i = 0; all != NULL && i < count; i++) {
        vdr_command_seen seen = {.kind = (vdr_seen_kind)take_kind(in, VDR_SEEN_HOUSEHOLD)};
        uint64_t parts = take_some(in);
        in->bad |= parts > VDR_SEEN_ALL;
        seen.parts = (uint32_t)parts;
        seen.household.number = take_number(in);
        seen.case_id.number = take_number(in);
        if (seen.kind == VDR_SEEN_SIGNAL)
            seen.position = take_some(in);
        all[i] = seen;
    }
    c->seen = all;
    c->seen_count = all != NULL ? (size_t)count : 0;
}

static void
take_pairs(reader *in, vdr_command *c)
{
    uint64_t count = take_number(in);
    vdr_command_pair *pairs =
        count != 0 ? take_array(in, count, 1 + 2 * sizeof(vdr_key16), sizeof pairs[0]) : NULL;
    for (uint64_t i = 0; pairs != NULL && i < count; i++) {
        uint64_t is_address = take_number(in);
        in->bad |= is_address > 1;
        pairs[i] = (vdr_command_pair){.is_address = is_address != 0, .from = take_key(in)};
        pairs[i].to = take_key(in);
    }
    c->pairs = pairs;
    c->pair_count = pairs != NULL ? (size_t)count : 0;
    count = take_number(in);
    vdr_command_rekeyed *rekeyed = count != 0 ? take_array(in, count, 18, sizeof rekeyed[0]) : NULL;
    for (uint64_t i = 0; rekeyed != NULL && i < count; i++) {
        rekeyed[i] = (vdr_command_rekeyed){.kind = (vdr_rekey_kind)take_kind(in, VDR_REKEY_ACT)};
        uint64_t hash = take_number(in);
        in->bad |= hash > UINT32_MAX;
        rekeyed[i].hash = (uint32_t)hash;
        rekeyed[i].from = take_fixed64(in);
        rekeyed[i].to = take_fixed64(in);
    }
    c->rekeyed = rekeyed;
    c->rekeyed_count = rekeyed != NULL ? (size_t)count : 0;
}

static void
take_rekey(reader *in, vdr_command *c)
{
    c->rekey = (vdr_rekey_phase)take_kind(in, VDR_REKEY_FINISH);
    if (c->rekey == VDR_REKEY_PAIRS) {
        take_pairs(in, c);
        return;
    }
    take_key_check(in, c);
    c->id_key = take_key(in);
    c->author = take_some_text(in);
    c->reason = take_some_text(in);
    in->bad |= c->reason.len > VDR_REASON_BYTES_MAX || c->author.len > VDR_NAME_BYTES_MAX;
}

/* Is there such a form of such a command? */
static bool
is_form(uint8_t version, uint8_t kind)
{
    if (version == 2)
        return kind == VDR_COMMAND_TICK || kind == VDR_COMMAND_CONFIG;
    if (version == 3)
        return kind >= VDR_COMMAND_CONFIG && kind <= VDR_COMMAND_RESUME;
    if (version == 4)
        return kind == VDR_COMMAND_SIGNAL || kind == VDR_COMMAND_ACT || kind == VDR_COMMAND_PROPOSE ||
               kind == VDR_COMMAND_VIEW || kind == VDR_COMMAND_REVOKE || kind == VDR_COMMAND_ERASURE ||
               kind == VDR_COMMAND_REKEY || kind == VDR_COMMAND_REWRITE;
    return version == 1 && kind >= VDR_COMMAND_SIGNAL && kind <= VDR_COMMAND_CONFIG;
}

vdr_err
vdr_command_read(vdr_span routing, vdr_arena *arena, vdr_command *ret_command)
{
    vdr_command c = {0};

    if (routing.len < 2)
        return VDR_E_STORE_CORRUPT;
    if (routing.at[0] > VDR_RECORD_VERSION)
        return VDR_E_STORE_VERSION;
    if (!is_form(routing.at[0], routing.at[1]))
        return VDR_E_STORE_CORRUPT;
    reader in = {.at = routing.at + 2, .end = routing.at + routing.len, .arena = arena};
    c.kind = (vdr_command_kind)routing.at[1];
    c.at = take_instant(&in);
    if (c.kind == VDR_COMMAND_SIGNAL || c.kind == VDR_COMMAND_ACT)
        take_event(&in, &c);
    else if (c.kind == VDR_COMMAND_ACKS)
        take_acks(&in, &c);
    else if (routing.at[0] == 2 && c.kind == VDR_COMMAND_TICK)
        take_timers_max(&in, &c);
    else if (routing.at[0] == 2)
        take_key_check(&in, &c);
    else if (c.kind == VDR_COMMAND_ERASURE)
        take_erasure(&in, &c);
    else if (c.kind == VDR_COMMAND_VIEW)
        take_view(&in, &c);
    else if (c.kind == VDR_COMMAND_REWRITE) {
        c.number = take_some(&in);
        c.until = take_instant(&in);
    } else if (c.kind == VDR_COMMAND_REKEY)
        take_rekey(&in, &c);
    else if (routing.at[0] >= 3)
        take_control(&in, routing.at[0], &c);
    if (arena->overflow)
        return VDR_E_NO_MEMORY;
    if (in.bad || in.at != in.end || routing.at[0] != version_of(&c))
        return VDR_E_STORE_CORRUPT;
    *ret_command = c;
    return VDR_OK;
}
