#include "broker/core/effect_write.h"

#include "broker/core/effect_form.h"
#include "proto/decision.h"
#include "proto/time.h"

#include <stdlib.h>

void
vdr_tale_init(vdr_tale *tale)
{
    *tale = (vdr_tale){0};
}

void
vdr_tale_done(vdr_tale *tale)
{
    free(tale->at);
    *tale = (vdr_tale){0};
}

void
vdr_tale_clear(vdr_tale *tale)
{
    tale->len = 0;
}

/* Room for that many bytes more; what is there may move. */
static uint8_t *
room(vdr_tale *tale, size_t bytes)
{
    VDR_ASSERT(bytes <= UINT32_MAX / 2 - tale->len);
    if (tale->size - tale->len < bytes) {
        uint32_t size = tale->size != 0 ? tale->size : 1024;
        while (size - tale->len < bytes)
            size *= 2;
        tale->at = vdr_realloc(tale->at, size, 1);
        tale->size = size;
    }
    return tale->at + tale->len;
}

/* What is put lies in room that was made for the whole effect before. */
static void
put_byte(vdr_tale *tale, unsigned value)
{
    VDR_ASSERT(value <= UINT8_MAX && tale->len < tale->size);
    tale->at[tale->len++] = (uint8_t)value;
}

static void
put_number(vdr_tale *tale, uint64_t value)
{
    VDR_ASSERT(tale->size - tale->len >= VDR_VARINT_BYTES_MAX);
    uint8_t *at = tale->at + tale->len;
    while (value >= 0x80) {
        *at++ = (uint8_t)(value | 0x80);
        value >>= 7;
    }
    *at++ = (uint8_t)value;
    tale->len = (uint32_t)(at - tale->at);
}

static void
put_text(vdr_tale *tale, vdr_span text)
{
    put_number(tale, text.len);
    VDR_ASSERT(tale->size - tale->len >= text.len);
    if (text.len != 0)
        memcpy(tale->at + tale->len, text.at, text.len);
    tale->len += (uint32_t)text.len;
}

static void
put_signal(vdr_tale *tale, const vdr_signal_ref *signal)
{
    put_number(tale, signal->source);
    put_text(tale, signal->id);
    put_number(tale, signal->position);
}

/* Room for an effect without its lists: none has more than 16 numbers. */
static void
make_room(vdr_tale *tale, const vdr_effect *effect)
{
    (void)room(tale, 16 * VDR_VARINT_BYTES_MAX + effect->id.len + effect->source.len + effect->signal.id.len +
                         effect->result.len + effect->by.len + effect->reason.len);
}

static void
put_names(vdr_tale *tale, const vdr_name *names, size_t count)
{
    (void)room(tale, (count + 1) * VDR_VARINT_BYTES_MAX);
    put_number(tale, count);
    for (size_t i = 0; i < count; i++)
        put_number(tale, names[i]);
}

static uint32_t
put_head(vdr_tale *tale, const vdr_effect *effect, unsigned flags)
{
    VDR_ASSERT(effect->at == VDR_MS_NONE || (effect->at >= 0 && effect->at <= VDR_TIME_MAX));
    make_room(tale, effect);
    uint32_t offset = tale->len;
    put_byte(tale, (unsigned)effect->kind | flags);
    put_number(tale, effect->at == VDR_MS_NONE ? 0 : (uint64_t)effect->at + 1);
    return offset;
}

/* SIGNAL and COMMAND. */
static uint32_t
put_line(vdr_tale *tale, const vdr_effect *effect)
{
    bool signal = effect->kind == VDR_EFFECT_SIGNAL;
    bool accepted = effect->verdict == VDR_E_ACCEPTED;
    unsigned flags = effect->id.at != NULL ? VDR_FORM_ID : 0;
    if (effect->source_name != 0)
        flags |= VDR_FORM_SOURCE_NAME;
    else if (effect->source.at != NULL)
        flags |= VDR_FORM_SOURCE;
    VDR_ASSERT(vdr_form_verdict((uint64_t)effect->verdict));
    uint32_t offset = put_head(tale, effect, flags);
    put_byte(tale, (unsigned)effect->verdict - VDR_E_ACCEPTED);
    if (flags & VDR_FORM_ID)
        put_text(tale, effect->id);
    if (flags & VDR_FORM_SOURCE_NAME)
        put_number(tale, effect->source_name);
    if (flags & VDR_FORM_SOURCE)
        put_text(tale, effect->source);
    if (!signal)
        put_byte(tale, (unsigned)effect->act);
    if (signal && accepted) {
        put_byte(tale, (unsigned)effect->match | (unsigned)effect->outcome << 4);
        put_number(tale, effect->household.number);
        if (effect->outcome == VDR_OUTCOME_ATTACHED)
            put_number(tale, effect->case_id.number);
    }
    if (effect->verdict == VDR_E_DUPLICATE)
        put_number(tale, effect->first);
    return offset;
}

static uint32_t
put_case(vdr_tale *tale, const vdr_effect *effect)
{
    uint32_t offset = put_head(tale, effect, effect->regisseur != 0 ? VDR_FORM_REGISSEUR : 0);
    put_byte(tale, (unsigned)effect->change);
    put_byte(tale, (unsigned)effect->state | (unsigned)effect->priority << 4);
    put_number(tale, effect->case_id.number);
    put_number(tale, effect->household.number);
    if (effect->regisseur != 0)
        put_number(tale, effect->regisseur);
    return offset;
}

/* Everything but the agencies of a match, which come last. */
static uint32_t
put_message(vdr_tale *tale, const vdr_effect *effect)
{
    unsigned has = vdr_message_members_of(effect->message);
    VDR_ASSERT(has != 0);
    VDR_ASSERT(effect->has_signal == ((has & VDR_HAS_SIGNAL) != 0));
    uint32_t offset = put_head(tale, effect, 0);
    put_byte(tale, (unsigned)effect->message);
    put_number(tale, effect->mailbox);
    put_number(tale, effect->seq);
    if (has & VDR_HAS_CASE)
        put_number(tale, effect->case_id.number);
    if (has & VDR_HAS_SIGNAL)
        put_signal(tale, &effect->signal);
    if (has & VDR_HAS_HOUSEHOLD)
        put_number(tale, effect->household.number);
    if (has & VDR_HAS_OTHER)
        put_number(tale, effect->other.number);
    if (has & VDR_HAS_RULE)
        put_number(tale, effect->rule);
    if (has & VDR_HAS_RESULT)
        put_text(tale, effect->result);
    if (has & VDR_HAS_REGISSEUR)
        put_number(tale, effect->regisseur);
    if (has & VDR_HAS_BY) {
        put_byte(tale, (unsigned)effect->by_kind);
        put_text(tale, effect->by);
    }
    if (has & VDR_HAS_REASON)
        put_text(tale, effect->reason);
    return offset;
}

uint32_t
vdr_tale_add(vdr_tale *tale, const vdr_effect *effect)
{
    switch (effect->kind) {
    case VDR_EFFECT_SIGNAL:
    case VDR_EFFECT_COMMAND:
        return put_line(tale, effect);
    case VDR_EFFECT_CASE:
        VDR_ASSERT(effect->change != VDR_CHANGE_PROPOSED); /* it has lists */
        return put_case(tale, effect);
    case VDR_EFFECT_MESSAGE:
        VDR_ASSERT(effect->message != VDR_MESSAGE_MATCH); /* it has a list */
        return put_message(tale, effect);
    case VDR_EFFECT_WATCH: {
        uint32_t offset = put_head(tale, effect, 0);
        put_number(tale, effect->household.number);
        put_number(tale, effect->rule);
        return offset;
    }
    }
    vdr_assert_failed(__FILE__, __LINE__, "a kind of effect");
}

uint32_t
vdr_tale_add_proposed(vdr_tale *tale, const vdr_effect *effect, const vdr_name *rules, size_t rule_count,
                      const vdr_signal_ref *signals, size_t signal_count)
{
    VDR_ASSERT(effect->kind == VDR_EFFECT_CASE && effect->change == VDR_CHANGE_PROPOSED);
    uint32_t offset = put_case(tale, effect);
    put_names(tale, rules, rule_count);
    (void)room(tale, VDR_VARINT_BYTES_MAX);
    put_number(tale, signal_count);
    for (size_t i = 0; i < signal_count; i++) {
        (void)room(tale, 3 * VDR_VARINT_BYTES_MAX + signals[i].id.len);
        put_signal(tale, &signals[i]);
    }
    return offset;
}

uint32_t
vdr_tale_add_match(vdr_tale *tale, const vdr_effect *effect, const vdr_name *agencies, size_t agency_count)
{
    VDR_ASSERT(effect->kind == VDR_EFFECT_MESSAGE && effect->message == VDR_MESSAGE_MATCH);
    uint32_t offset = put_message(tale, effect);
    put_names(tale, agencies, agency_count);
    return offset;
}

uint32_t
vdr_tale_mark(const vdr_tale *tale)
{
    return tale->len;
}

uint32_t
vdr_tale_settle(vdr_tale *tale, uint32_t mark, uint32_t last)
{
    VDR_ASSERT(mark <= last && last < tale->len);
    uint32_t own = tale->len - last;
    if (mark == last)
        return own;
    uint8_t *spare = room(tale, own);
    memcpy(spare, tale->at + last, own);
    memmove(tale->at + mark + own, tale->at + mark, last - mark);
    memcpy(tale->at + mark, spare, own);
    return own;
}
