#include "proto/assert.h"
#include "proto/decision.h"
#include "proto/time.h"

/* Bytes beyond size are counted, not written. */
typedef struct sink {
    char *at;
    size_t size;
    size_t used;
} sink;

static void
put(sink *out, const void *bytes, size_t len)
{
    if (len != 0 && out->used < out->size) {
        size_t room = out->size - out->used;
        memcpy(out->at + out->used, bytes, len < room ? len : room);
    }
    out->used += len;
}

static void
put_text(sink *out, const char *text)
{
    put(out, text, strlen(text));
}

/* RFC 8259 section 7: quotation mark, reverse solidus and U+0000 to U+001F must be escaped. Runs of other
 * bytes go out whole. */
static void
put_string(sink *out, vdr_span text)
{
    static const char hex[] = "0123456789abcdef";
    size_t from = 0;

    put(out, "\"", 1);
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        put(out, text.at + from, i - from);
        from = i + 1;
        switch (c) {
        case '"':
            put(out, "\\\"", 2);
            break;
        case '\\':
            put(out, "\\\\", 2);
            break;
        case '\n':
            put(out, "\\n", 2);
            break;
        case '\r':
            put(out, "\\r", 2);
            break;
        case '\t':
            put(out, "\\t", 2);
            break;
        default: {
            char escaped[6] = {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
            put(out, escaped, sizeof escaped);
        }
        }
    }
    if (text.len > from)
        put(out, text.at + from, text.len - from);
    put(out, "\"", 1);
}

/* ,"name": */
static void
put_name(sink *out, const char *name)
{
    put(out, ",\"", 2);
    put_text(out, name);
    put(out, "\":", 2);
}

static void
put_member(sink *out, const char *name, vdr_span text)
{
    put_name(out, name);
    if (text.at == NULL)
        put(out, "null", 4);
    else
        put_string(out, text);
}

static void
put_word(sink *out, const char *name, const char *word)
{
    put_name(out, name);
    put(out, "\"", 1);
    put_text(out, word);
    put(out, "\"", 1);
}

/* ,"name":"H12" */
static void
put_numbered(sink *out, const char *name, char letter, uint64_t number)
{
    char text[24];
    size_t i = sizeof text;

    text[--i] = '"';
    do {
        text[--i] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    text[--i] = letter;
    text[--i] = '"';
    put_name(out, name);
    put(out, text + i, sizeof text - i);
}

static void
put_names(sink *out, const char *name, const vdr_span *names, size_t count)
{
    put_name(out, name);
    put(out, "[", 1);
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            put(out, ",", 1);
        put_string(out, names[i]);
    }
    put(out, "]", 1);
}

static void
put_signal_line(sink *out, const vdr_decision *d)
{
    put_member(out, "id", d->id);
    put_member(out, "source", d->source);
    if (d->kind == VDR_DECISION_COMMAND)
        put_word(out, "type", vdr_act_name(d->act));
    put_word(out, "verdict", vdr_err_code(d->verdict));
    if (d->kind == VDR_DECISION_COMMAND || d->verdict != VDR_E_ACCEPTED)
        return;
    put_numbered(out, "household", 'H', d->household.number);
    put_word(out, "match", vdr_match_name(d->match));
    put_word(out, "outcome", vdr_outcome_name(d->outcome));
    if (d->outcome == VDR_OUTCOME_ATTACHED)
        put_numbered(out, "case", 'C', d->case_id.number);
}

static void
put_case_line(sink *out, const vdr_decision *d)
{
    put_numbered(out, "case", 'C', d->case_id.number);
    put_numbered(out, "household", 'H', d->household.number);
    put_word(out, "change", vdr_change_name(d->change));
    put_word(out, "state", vdr_case_state_name(d->state));
    put_word(out, "priority", vdr_priority_name(d->priority));
    put_member(out, "regisseur", d->regisseur);
    if (d->change != VDR_CHANGE_PROPOSED)
        return;
    put_names(out, "rules", d->rules, d->rule_count);
    put_name(out, "signals");
    put(out, "[", 1);
    for (size_t i = 0; i < d->signal_count; i++) {
        if (i > 0)
            put(out, ",", 1);
        put_string(out, d->signals[i].id);
    }
    put(out, "]", 1);
}

/* ,"name":"kind:id"; an id of the configuration or of node.yaml: A-Z a-z 0-9 . _ - */
static void
put_party(sink *out, const char *name, vdr_party_kind kind, vdr_span id)
{
    put_name(out, name);
    put(out, "\"", 1);
    put_text(out, vdr_party_kind_name(kind));
    put(out, ":", 1);
    put(out, id.at, id.len);
    put(out, "\"", 1);
}

static void
put_message_line(sink *out, const vdr_decision *d)
{
    unsigned has = vdr_message_members_of(d->message);

    put_party(out, "to", d->to_kind, d->to);
    put_word(out, "kind", vdr_message_kind_name(d->message));
    if (has & VDR_HAS_CASE && d->case_id.number == 0)
        put_member(out, "case", (vdr_span){0});
    else if (has & VDR_HAS_CASE)
        put_numbered(out, "case", 'C', d->case_id.number);
    if (has & VDR_HAS_SIGNAL)
        put_member(out, "signal", d->signal.id);
    if (has & VDR_HAS_HOUSEHOLD)
        put_numbered(out, "household", 'H', d->household.number);
    if (has & VDR_HAS_OTHER)
        put_numbered(out, "other", 'H', d->other.number);
    if (has & VDR_HAS_RULE)
        put_member(out, "rule", d->rule);
    if (has & VDR_HAS_AGENCIES)
        put_names(out, "agencies", d->agencies, d->agency_count);
    if (has & VDR_HAS_RESULT)
        put_member(out, "result", d->result);
    if (has & VDR_HAS_REGISSEUR)
        put_member(out, "regisseur", d->regisseur);
    if (has & VDR_HAS_BY)
        put_party(out, "by", d->by_kind, d->by);
    if (has & VDR_HAS_REASON)
        put_member(out, "reason", d->reason);
}

unsigned
vdr_message_members_of(vdr_message_kind kind)
{
    switch (kind) {
    case VDR_MESSAGE_REGULAR_SIGNAL:
        return VDR_HAS_SIGNAL;
    case VDR_MESSAGE_SIGNAL_ATTACHED:
    case VDR_MESSAGE_SUPPORT_WITHDRAWN:
        return VDR_HAS_CASE | VDR_HAS_SIGNAL;
    case VDR_MESSAGE_CASE_OFFERED:
    case VDR_MESSAGE_CASE_TAKEN_BACK:
    case VDR_MESSAGE_CASE_WITHDRAWN:
    case VDR_MESSAGE_PRIORITY_RAISED:
    case VDR_MESSAGE_NEEDS_REGISSEUR:
    case VDR_MESSAGE_ESCALATED:
    case VDR_MESSAGE_CASE_CLOSED:
        return VDR_HAS_CASE;
    case VDR_MESSAGE_NOT_ACCEPTED:
    case VDR_MESSAGE_REGISSEUR_KNOWN:
    case VDR_MESSAGE_HANDOVER_OFFERED:
    case VDR_MESSAGE_HANDOVER_ACCEPTED:
        return VDR_HAS_CASE | VDR_HAS_REGISSEUR;
    case VDR_MESSAGE_OVERDUE:
        return VDR_HAS_SIGNAL | VDR_HAS_HOUSEHOLD;
    case VDR_MESSAGE_FEEDBACK:
        return VDR_HAS_SIGNAL | VDR_HAS_RESULT;
    case VDR_MESSAGE_MATCH:
        return VDR_HAS_RULE | VDR_HAS_AGENCIES;
    case VDR_MESSAGE_ERASURE_REQUESTED:
        return VDR_HAS_CASE | VDR_HAS_HOUSEHOLD;
    case VDR_MESSAGE_REQUEST_DUE:
    case VDR_MESSAGE_REQUEST_OVERDUE:
    case VDR_MESSAGE_REQUEST_DONE:
        return VDR_HAS_HOUSEHOLD | VDR_HAS_RESULT;
    case VDR_MESSAGE_RECTIFICATION_REQUESTED:
        return VDR_HAS_SIGNAL | VDR_HAS_RESULT;
    case VDR_MESSAGE_NOTE:
        return VDR_HAS_SIGNAL | VDR_HAS_RESULT | VDR_HAS_REGISSEUR;
    case VDR_MESSAGE_NOTE_ANSWERED:
        return VDR_HAS_CASE | VDR_HAS_SIGNAL | VDR_HAS_RESULT | VDR_HAS_BY;
    case VDR_MESSAGE_REVIEW:
        return VDR_HAS_HOUSEHOLD | VDR_HAS_OTHER;
    case VDR_MESSAGE_BREAK_GLASS:
        return VDR_HAS_CASE | VDR_HAS_HOUSEHOLD | VDR_HAS_BY | VDR_HAS_REASON;
    case VDR_MESSAGE_ERASED:
        return 0;
    }
    return 0;
}

size_t
vdr_decision_line(const vdr_decision *decision, char *at, size_t size)
{
    sink out = {.at = at, .size = size};

    put_text(&out, "{\"at\":");
    if (decision->at < 0 || decision->at > VDR_TIME_MAX) { /* none, or what came over the wire */
        put(&out, "null", 4);
    } else {
        char text[VDR_TIME_TEXT_BYTES];
        vdr_time_format(decision->at, text);
        put(&out, "\"", 1);
        put(&out, text, sizeof text);
        put(&out, "\"", 1);
    }
    switch (decision->kind) {
    case VDR_DECISION_SIGNAL:
        put_text(&out, ",\"event\":\"signal\"");
        put_signal_line(&out, decision);
        break;
    case VDR_DECISION_COMMAND:
        put_text(&out, ",\"event\":\"command\"");
        put_signal_line(&out, decision);
        break;
    case VDR_DECISION_CASE:
        put_text(&out, ",\"event\":\"case\"");
        put_case_line(&out, decision);
        break;
    case VDR_DECISION_MESSAGE:
        put_text(&out, ",\"event\":\"message\"");
        put_message_line(&out, decision);
        break;
    case VDR_DECISION_WATCH:
        put_text(&out, ",\"event\":\"watch\"");
        put_numbered(&out, "household", 'H', decision->household.number);
        put_member(&out, "rule", decision->rule);
        break;
    }
    put(&out, "}", 1);
    return out.used;
}

size_t
vdr_json_string(vdr_span text, char *at, size_t size)
{
    sink out = {.at = at, .size = size};

    put_string(&out, text);
    return out.used;
}
