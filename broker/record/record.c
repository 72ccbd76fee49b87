#include "broker/record/record_form.h"

#define COVER_MAX_MS UINT64_C(86400000) /* of a view: a day */

/* ---- writing */

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
    if (c->cover_ms != 0)
        put_number(out, (uint64_t)c->cover_ms);
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
    if (command->kind == VDR_COMMAND_CONFIG && !vdr_record_is_asked_for(command))
        return is_keyed(command) ? 2 : 1;
    bool of_key = command->kind == VDR_COMMAND_PROPOSE && command->proposal == VDR_PROPOSAL_KEY;
    if (command->kind == VDR_COMMAND_VIEW && command->cover_ms != 0)
        return 5;
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
        vdr_record_put_event(&out, command);
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
            vdr_record_put_control(&out, command);
        break;
    case VDR_COMMAND_PROPOSE:
    case VDR_COMMAND_DECIDE:
    case VDR_COMMAND_RESUME:
    case VDR_COMMAND_REVOKE:
        vdr_record_put_control(&out, command);
        break;
    case VDR_COMMAND_ERASURE:
        put_erasure(&out, command);
        break;
    case VDR_COMMAND_REWRITE:
    case VDR_COMMAND_CARRY:
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
take_view(reader *in, uint8_t version, vdr_command *c)
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
    uint64_t cover = version == 5 ? take_some(in) : 0;
    in->bad |= cover > COVER_MAX_MS;
    c->cover_ms = in->bad ? 0 : (int64_t)cover;
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
               kind == VDR_COMMAND_REKEY || kind == VDR_COMMAND_REWRITE || kind == VDR_COMMAND_CARRY;
    if (version == 5)
        return kind == VDR_COMMAND_VIEW;
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
        vdr_record_take_event(&in, &c);
    else if (c.kind == VDR_COMMAND_ACKS)
        take_acks(&in, &c);
    else if (routing.at[0] == 2 && c.kind == VDR_COMMAND_TICK)
        take_timers_max(&in, &c);
    else if (routing.at[0] == 2)
        take_key_check(&in, &c);
    else if (c.kind == VDR_COMMAND_ERASURE)
        take_erasure(&in, &c);
    else if (c.kind == VDR_COMMAND_VIEW)
        take_view(&in, routing.at[0], &c);
    else if (c.kind == VDR_COMMAND_REWRITE || c.kind == VDR_COMMAND_CARRY) {
        c.number = take_some(&in);
        c.until = take_instant(&in);
    } else if (c.kind == VDR_COMMAND_REKEY)
        take_rekey(&in, &c);
    else if (routing.at[0] >= 3)
        vdr_record_take_control(&in, routing.at[0], &c);
    if (arena->overflow)
        return VDR_E_NO_MEMORY;
    if (in.bad || in.at != in.end || routing.at[0] != version_of(&c))
        return VDR_E_STORE_CORRUPT;
    *ret_command = c;
    return VDR_OK;
}
