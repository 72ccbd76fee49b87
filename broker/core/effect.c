#include "broker/core/effect.h"

#include "broker/core/effect_form.h"
#include "proto/decision.h"
#include "proto/time.h"

/* A place in a tale. A read past the end, or of something that cannot be, makes it bad and gives zeros; so
 * only the end of an effect needs to ask. */
typedef struct reader {
    const uint8_t *at, *end;
    bool bad;
} reader;

static unsigned
take_byte(reader *in)
{
    if (in->at == in->end) {
        in->bad = true;
        return 0;
    }
    return *in->at++;
}

static uint64_t
take_number(reader *in)
{
    uint64_t value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (in->at == in->end)
            break;
        uint64_t byte = *in->at++;
        if (shift == 63 && byte > 1) /* more than 64 bits: ten bytes at most */
            break;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) {
            if (byte == 0 && shift != 0) /* longer than needed */
                break;
            return value;
        }
    }
    in->bad = true;
    in->at = in->end;
    return 0;
}

static uint32_t
take_number32(reader *in)
{
    uint64_t value = take_number(in);
    if (value > UINT32_MAX)
        in->bad = true;
    return (uint32_t)value;
}

/* A byte that is one of 1 .. max. */
static unsigned
take_word(reader *in, unsigned max)
{
    unsigned word = take_byte(in);
    if (word == 0 || word > max)
        in->bad = true;
    return word;
}

static vdr_span
take_text(reader *in)
{
    uint64_t len = take_number(in);
    if (len > (size_t)(in->end - in->at)) {
        in->bad = true;
        return (vdr_span){0};
    }
    vdr_span text = vdr_span_of(in->at, (size_t)len);
    in->at += len;
    return text;
}

static vdr_name
take_name(reader *in)
{
    return take_number32(in);
}

static vdr_signal_ref
take_signal(reader *in)
{
    vdr_signal_ref signal = {.source = take_name(in)};
    signal.id = take_text(in);
    signal.position = take_number(in);
    return signal;
}

static vdr_effect_list
take_list(reader *in, bool signals)
{
    vdr_effect_list list = {.count = take_number32(in)};
    const uint8_t *from = in->at;
    for (uint32_t i = 0; i < list.count && !in->bad; i++) {
        if (signals)
            (void)take_signal(in);
        else
            (void)take_name(in);
    }
    list.rest = vdr_span_of(from, (size_t)(in->at - from));
    return list;
}

static void
take_line(reader *in, unsigned flags, vdr_effect *effect)
{
    if ((flags & VDR_FORM_SOURCE) && (flags & VDR_FORM_SOURCE_NAME))
        in->bad = true;
    unsigned verdict = take_byte(in) + VDR_E_ACCEPTED;
    if (!vdr_form_verdict(verdict))
        in->bad = true;
    effect->verdict = (vdr_err)verdict;
    if (flags & VDR_FORM_ID)
        effect->id = take_text(in);
    if (flags & VDR_FORM_SOURCE_NAME && (effect->source_name = take_name(in)) == 0)
        in->bad = true;
    if (flags & VDR_FORM_SOURCE)
        effect->source = take_text(in);
    if (effect->kind == VDR_EFFECT_COMMAND) {
        effect->act = (vdr_act)take_word(in, VDR_ACT_LAST);
    } else if (verdict == VDR_E_ACCEPTED) {
        unsigned words = take_byte(in);
        effect->match = (vdr_match)(words & 15);
        effect->outcome = (vdr_outcome)(words >> 4);
        if (effect->match < VDR_MATCH_PERSON || effect->match > VDR_MATCH_NEW ||
            effect->outcome < VDR_OUTCOME_ATTACHED || effect->outcome > VDR_OUTCOME_REGULAR)
            in->bad = true;
        effect->household.number = take_number(in);
        if (effect->outcome == VDR_OUTCOME_ATTACHED)
            effect->case_id.number = take_number(in);
    }
    if (verdict == VDR_E_DUPLICATE)
        effect->first = take_number(in);
}

static void
take_case(reader *in, unsigned flags, vdr_effect *effect)
{
    effect->change = (vdr_change)take_word(in, VDR_CHANGE_LAST);
    unsigned words = take_byte(in);
    effect->state = (vdr_case_state)(words & 15);
    effect->priority = (vdr_priority)(words >> 4);
    if (effect->state < VDR_CASE_UNASSIGNED || effect->state > VDR_CASE_MERGED ||
        effect->priority < VDR_PRIORITY_NORMAL || effect->priority > VDR_PRIORITY_URGENT)
        in->bad = true;
    effect->case_id.number = take_number(in);
    effect->household.number = take_number(in);
    if (flags & VDR_FORM_REGISSEUR && (effect->regisseur = take_name(in)) == 0)
        in->bad = true;
    if (effect->change == VDR_CHANGE_PROPOSED) {
        effect->rules = take_list(in, false);
        effect->signals = take_list(in, true);
    }
}

static void
take_message(reader *in, vdr_effect *effect)
{
    effect->message = (vdr_message_kind)take_word(in, VDR_MESSAGE_LAST);
    unsigned has = in->bad ? 0 : vdr_message_members_of(effect->message);
    in->bad |= has == 0; /* erased: told by delivery alone */
    effect->mailbox = take_number32(in);
    effect->seq = take_number(in);
    if (has & VDR_HAS_CASE)
        effect->case_id.number = take_number(in);
    if (has & VDR_HAS_SIGNAL) {
        effect->has_signal = true;
        effect->signal = take_signal(in);
    }
    if (has & VDR_HAS_HOUSEHOLD)
        effect->household.number = take_number(in);
    if (has & VDR_HAS_OTHER)
        effect->other.number = take_number(in);
    if (has & VDR_HAS_RULE)
        effect->rule = take_name(in);
    if (has & VDR_HAS_RESULT)
        effect->result = take_text(in);
    if (has & VDR_HAS_REGISSEUR)
        effect->regisseur = take_name(in);
    if (has & VDR_HAS_BY) {
        effect->by_kind = (vdr_party_kind)take_word(in, VDR_PARTY_LAST);
        effect->by = take_text(in);
    }
    if (has & VDR_HAS_REASON)
        effect->reason = take_text(in);
    if (has & VDR_HAS_AGENCIES)
        effect->agencies = take_list(in, false);
}

static vdr_ms
take_at(reader *in)
{
    uint64_t at = take_number(in);
    if (at > (uint64_t)VDR_TIME_MAX + 1)
        in->bad = true;
    return at == 0 || in->bad ? VDR_MS_NONE : (vdr_ms)(at - 1);
}

vdr_err
vdr_effect_next(vdr_span tale, uint32_t *offset, vdr_effect *ret_effect)
{
    if (tale.len > UINT32_MAX || *offset > tale.len)
        return VDR_E_STORE_CORRUPT;
    if (*offset == tale.len)
        return VDR_E_END;
    reader in = {.at = tale.at + *offset, .end = tale.at + tale.len};
    unsigned head = take_byte(&in);
    unsigned flags = head & ~(unsigned)VDR_FORM_KIND, allowed = 0;
    vdr_effect effect = {.kind = (vdr_effect_kind)(head & VDR_FORM_KIND), .offset = *offset};
    effect.at = take_at(&in);
    switch (effect.kind) {
    case VDR_EFFECT_SIGNAL:
    case VDR_EFFECT_COMMAND:
        allowed = VDR_FORM_ID | VDR_FORM_SOURCE | VDR_FORM_SOURCE_NAME;
        take_line(&in, flags, &effect);
        break;
    case VDR_EFFECT_CASE:
        allowed = VDR_FORM_REGISSEUR;
        take_case(&in, flags, &effect);
        break;
    case VDR_EFFECT_MESSAGE:
        take_message(&in, &effect);
        break;
    case VDR_EFFECT_WATCH:
        effect.household.number = take_number(&in);
        effect.rule = take_name(&in);
        break;
    default:
        in.bad = true;
        break;
    }
    if (in.bad || (flags & ~allowed) != 0)
        return VDR_E_STORE_CORRUPT;
    *offset = (uint32_t)(in.at - tale.at);
    *ret_effect = effect;
    return VDR_OK;
}

bool
vdr_effect_list_name(vdr_effect_list *list, vdr_name *ret_name)
{
    if (list->count == 0)
        return false;
    reader in = {.at = list->rest.at, .end = list->rest.at + list->rest.len};
    *ret_name = take_name(&in);
    VDR_ASSERT(!in.bad);
    list->count--;
    list->rest = vdr_span_of(in.at, (size_t)(in.end - in.at));
    return true;
}

bool
vdr_effect_list_signal(vdr_effect_list *list, vdr_signal_ref *ret_signal)
{
    if (list->count == 0)
        return false;
    reader in = {.at = list->rest.at, .end = list->rest.at + list->rest.len};
    *ret_signal = take_signal(&in);
    VDR_ASSERT(!in.bad);
    list->count--;
    list->rest = vdr_span_of(in.at, (size_t)(in.end - in.at));
    return true;
}
