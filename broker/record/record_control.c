/* Control in a record (record.h): what operators ask for, and keys of parties. */
#include "broker/record/record_form.h"

bool
vdr_record_is_asked_for(const vdr_command *command)
{
    return command->author.at != NULL || command->reason.at != NULL || command->number != 0;
}

/* ---- writing */

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
void
vdr_record_put_control(writer *out, const vdr_command *c)
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
    case VDR_COMMAND_CARRY:
    case VDR_COMMAND_VIEW:
    case VDR_COMMAND_REKEY:
        break;
    }
}

/* ---- reading */

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

void
vdr_record_take_control(reader *in, uint8_t version, vdr_command *c)
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
        in->bad |= !vdr_record_is_asked_for(c);
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
    case VDR_COMMAND_CARRY:
    case VDR_COMMAND_VIEW:
    case VDR_COMMAND_REKEY:
        break;
    }
    in->bad |= c->number > UINT32_MAX || c->rollback_of > UINT32_MAX;
}
