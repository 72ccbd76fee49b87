#include "clients/gateway/guard.h"

#include "proto/utf8.h"

static const vdr_guard_fault fine = {VDR_REFUSAL_NONE, NULL};

static vdr_guard_fault
bad(const char *detail)
{
    return (vdr_guard_fault){VDR_REFUSAL_BAD_REQUEST, detail};
}

/* What may stand in a path or query as it is (RFC 3986: pchar, "/" and "?"). */
static bool
plain(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != 0 && memchr("-._~!$&'()*+,;=:@/?%", c, 20) != NULL);
}

/* -1: no hexadecimal digit */
static int
hex(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The text with its escapes undone. */
static vdr_guard_fault
decode(vdr_span text, bool plus_is_blank, vdr_arena *arena, vdr_span *ret_text)
{
    uint8_t *at = vdr_arena_alloc(arena, text.len + 1);
    size_t len = 0;
    if (at == NULL)
        return (vdr_guard_fault){VDR_REFUSAL_URI_TOO_LONG, NULL};
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.at[i];
        if (c == '+' && plus_is_blank)
            c = ' ';
        if (c == '%') {
            int high = i + 1 < text.len ? hex(text.at[i + 1]) : -1,
                low = i + 2 < text.len ? hex(text.at[i + 2]) : -1;
            if (high < 0 || low < 0)
                return bad("a % in the path or query without two hexadecimal digits");
            c = (uint8_t)(high * 16 + low);
            i += 2;
        }
        if (c < 0x20 || c == 0x7f)
            return bad("an escaped control character in the path or query");
        at[len++] = c;
    }
    *ret_text = vdr_span_of(at, len);
    return vdr_span_is_utf8(*ret_text) ? fine : bad("the path or query is not UTF-8");
}

static vdr_guard_fault
read_segment(vdr_guard_head *head, vdr_span raw, vdr_arena *arena)
{
    vdr_span segment;
    vdr_guard_fault fault = decode(raw, false, arena, &segment);
    if (fault.refusal != VDR_REFUSAL_NONE)
        return fault;
    if (vdr_span_equal(segment, vdr_span_str(".")) || vdr_span_equal(segment, vdr_span_str("..")))
        return bad("a path with . or .. in it");
    if (segment.len == 0 || head->segment_count == VDR_GUARD_SEGMENTS_MAX)
        head->no_path = true;
    else
        head->segments[head->segment_count++] = segment;
    return fine;
}

static vdr_guard_fault
read_path(vdr_guard_head *head, vdr_arena *arena)
{
    vdr_guard_fault fault = fine;
    for (size_t from = 1, to; from <= head->path.len && head->path.len > 1; from = to + 1) {
        for (to = from; to < head->path.len && head->path.at[to] != '/'; to++)
            ;
        fault = read_segment(head, vdr_span_of(head->path.at + from, to - from), arena);
        if (fault.refusal != VDR_REFUSAL_NONE)
            break;
    }
    return fault;
}

static vdr_guard_fault
read_query(vdr_guard_head *head, vdr_span query, vdr_arena *arena)
{
    vdr_guard_fault fault = fine;
    for (size_t from = 0, to; from < query.len && fault.refusal == VDR_REFUSAL_NONE; from = to + 1) {
        for (to = from; to < query.len && query.at[to] != '&'; to++)
            ;
        if (head->query_count == VDR_GUARD_QUERY_MAX)
            return bad("more keys in the query than are taken here");
        const uint8_t *equals = memchr(query.at + from, '=', to - from);
        size_t name_to = equals != NULL ? (size_t)(equals - query.at) : to;
        size_t value_from = equals != NULL ? name_to + 1 : to;
        vdr_guard_field *field = &head->query[head->query_count];
        fault = decode(vdr_span_of(query.at + from, name_to - from), true, arena, &field->name);
        if (fault.refusal == VDR_REFUSAL_NONE)
            fault = decode(vdr_span_of(query.at + value_from, to - value_from), true, arena, &field->value);
        head->query_count++;
    }
    return fault;
}

vdr_guard_fault
vdr_guard_target(vdr_guard_head *head, vdr_arena *arena)
{
    vdr_span target = head->target;
    if (target.len == 0 || target.at[0] != '/')
        return bad("the target is not a path");
    for (size_t i = 0; i < target.len; i++)
        if (!plain(target.at[i]))
            return bad("a character in the path or query that must be escaped");
    const uint8_t *mark = memchr(target.at, '?', target.len);
    head->path = vdr_span_of(target.at, mark != NULL ? (size_t)(mark - target.at) : target.len);
    vdr_guard_fault fault = read_path(head, arena);
    if (fault.refusal == VDR_REFUSAL_NONE && mark != NULL)
        fault = read_query(head, vdr_span_of(mark + 1, (size_t)(target.at + target.len - mark) - 1), arena);
    return fault;
}
