#include "broker/door/json.h"

#include "broker/door/sink.h"
#include "proto/limits.h"
#include "proto/utf8.h"

#include <locale.h>
#include <stdlib.h>

typedef struct cursor {
    const uint8_t *at, *end;
    vdr_arena *arena;
    unsigned depth;
} cursor;

static void
skip_blanks(cursor *c)
{
    while (c->at < c->end && (*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
        c->at++;
}

static bool
take(cursor *c, uint8_t byte)
{
    if (c->at == c->end || *c->at != byte)
        return false;
    c->at++;
    return true;
}

static bool
word(cursor *c, const char *text)
{
    size_t len = strlen(text);
    if ((size_t)(c->end - c->at) < len || memcmp(c->at, text, len) != 0)
        return false;
    c->at += len;
    return true;
}

/* ---- strings */

static bool
hex4(cursor *c, uint32_t *ret_value)
{
    uint32_t value = 0;
    if (c->end - c->at < 4)
        return false;
    for (unsigned i = 0; i < 4; i++) {
        uint8_t byte = *c->at++;
        if (byte >= '0' && byte <= '9')
            value = value << 4 | (uint32_t)(byte - '0');
        else if (byte >= 'a' && byte <= 'f')
            value = value << 4 | (uint32_t)(byte - 'a' + 10);
        else if (byte >= 'A' && byte <= 'F')
            value = value << 4 | (uint32_t)(byte - 'A' + 10);
        else
            return false;
    }
    *ret_value = value;
    return true;
}

static uint8_t *
put_utf8(uint8_t *to, uint32_t point)
{
    if (point < 0x80) {
        *to++ = (uint8_t)point;
    } else if (point < 0x800) {
        *to++ = (uint8_t)(0xc0 | point >> 6);
        *to++ = (uint8_t)(0x80 | (point & 0x3f));
    } else if (point < 0x10000) {
        *to++ = (uint8_t)(0xe0 | point >> 12);
        *to++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        *to++ = (uint8_t)(0x80 | (point & 0x3f));
    } else {
        *to++ = (uint8_t)(0xf0 | point >> 18);
        *to++ = (uint8_t)(0x80 | (point >> 12 & 0x3f));
        *to++ = (uint8_t)(0x80 | (point >> 6 & 0x3f));
        *to++ = (uint8_t)(0x80 | (point & 0x3f));
    }
    return to;
}

/* Behind \u: a character of four digits, or of two surrogates. */
static bool
escaped_point(cursor *c, uint32_t *ret_point)
{
    uint32_t high, low;
    if (!hex4(c, &high) || high == 0 || (high >= 0xdc00 && high <= 0xdfff))
        return false;
    if (high < 0xd800 || high > 0xdbff) {
        *ret_point = high;
        return true;
    }
    if (!word(c, "\\u") || !hex4(c, &low) || low < 0xdc00 || low > 0xdfff)
        return false;
    *ret_point = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
    return true;
}

static bool
escape(cursor *c, uint8_t **to)
{
    static const char from[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
    uint32_t point;
    if (c->at == c->end)
        return false;
    uint8_t byte = *c->at++;
    if (byte == 'u') {
        if (!escaped_point(c, &point))
            return false;
        *to = put_utf8(*to, point);
        return true;
    }
    const char *found = byte != 0 ? strchr(from, byte) : NULL;
    if (found == NULL)
        return false;
    *(*to)++ = (uint8_t)means[found - from];
    return true;
}

static bool
is_plain(uint8_t byte)
{
    return byte >= 0x20 && byte != '"' && byte != '\\';
}

/* Behind the opening quote. What has no escape stays where it is; UTF-8 was checked for the whole text. */
static bool
string(cursor *c, vdr_span *ret_text)
{
    const uint8_t *from = c->at;
    while (c->at < c->end && is_plain(*c->at))
        c->at++;
    if (c->at < c->end && *c->at == '"') {
        *ret_text = vdr_span_of(from, (size_t)(c->at - from));
        c->at++;
        return true;
    }
    /* An escape never means more bytes than it is written with. */
    const uint8_t *quote = c->at;
    while (quote < c->end && *quote != '"')
        quote += *quote == '\\' && c->end - quote > 1 ? 2 : 1;
    uint8_t *text = vdr_arena_alloc(c->arena, (size_t)(quote - from) + 1);
    if (text == NULL)
        return false;
    uint8_t *to = text;
    memcpy(to, from, (size_t)(c->at - from));
    to += c->at - from;
    while (c->at < c->end && *c->at != '"') {
        uint8_t byte = *c->at++;
        if (byte < 0x20)
            return false;
        if (byte != '\\')
            *to++ = byte;
        else if (!escape(c, &to))
            return false;
    }
    *ret_text = vdr_span_of(text, (size_t)(to - text));
    return take(c, '"');
}

/* ---- numbers */

static bool
digits(cursor *c)
{
    const uint8_t *from = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at != from;
}

/* The nearest double, whatever the program's locale is. */
static bool
nearest(cursor *c, vdr_span text, double *ret_number)
{
    vdr_span terminated = vdr_arena_copy(c->arena, text);
    if (terminated.at == NULL)
        return false;
    locale_t plain = newlocale(LC_ALL_MASK, "C", (locale_t)0);
    locale_t before = uselocale(plain);
    *ret_number = strtod((const char *)terminated.at, NULL);
    uselocale(before);
    freelocale(plain);
    return true;
}

#define INTEGER_END (INT64_C(1) << 53) /* semantics section 3: the size of an integer is below this */

static bool
number(cursor *c, vdr_json *value)
{
    const uint8_t *from = c->at;
    bool negative = take(c, '-'), whole = true;

    if (!take(c, '0') && !digits(c))
        return false;
    if (take(c, '.')) {
        whole = false;
        if (!digits(c))
            return false;
    }
    if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
        whole = false;
        c->at++;
        if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
            c->at++;
        if (!digits(c))
            return false;
    }
    value->kind = VDR_JSON_NUMBER;
    value->text = vdr_span_of(from, (size_t)(c->at - from));
    if (!whole || value->text.len > 17)
        return nearest(c, value->text, &value->number);
    int64_t integer = 0; /* at most 17 digits: fits */
    for (const uint8_t *at = from + negative; at < c->at; at++)
        integer = integer * 10 + (*at - '0');
    value->integer = negative ? -integer : integer;
    value->is_integer = integer < INTEGER_END;
    if (!value->is_integer)
        return nearest(c, value->text, &value->number);
    value->number = (double)value->integer;
    return true;
}

/* ---- lists and objects */

/* Merges two lists that are in order of names. */
static vdr_json *
merge(vdr_json *a, vdr_json *b)
{
    vdr_json *first = NULL, **last = &first;
    while (a != NULL && b != NULL) {
        vdr_json **least = vdr_span_compare(a->name, b->name) <= 0 ? &a : &b;
        *last = *least;
        last = &(*last)->next;
        *least = (*least)->next;
    }
    *last = a != NULL ? a : b;
    return first;
}

/* Runs of 1, 2, 4, ... members, merged as a binary counter carries. */
static vdr_json *
in_order(vdr_json *members)
{
    vdr_json *runs[24] = {NULL};
    while (members != NULL) {
        vdr_json *run = members;
        unsigned i = 0;
        members = members->next;
        run->next = NULL;
        for (; runs[i] != NULL; i++) {
            run = merge(runs[i], run);
            runs[i] = NULL;
        }
        runs[i] = run;
    }
    vdr_json *all = NULL;
    for (unsigned i = 0; i < sizeof runs / sizeof runs[0]; i++)
        all = merge(runs[i], all);
    return all;
}

static bool
names_once(const vdr_json *members)
{
    for (; members != NULL && members->next != NULL; members = members->next)
        if (vdr_span_equal(members->name, members->next->name))
            return false;
    return true;
}

static vdr_json *read_value(cursor *c);

static bool
member_name(cursor *c, vdr_span *ret_name)
{
    skip_blanks(c);
    if (!take(c, '"') || !string(c, ret_name))
        return false;
    skip_blanks(c);
    return take(c, ':');
}

/* Behind the opening bracket. */
static bool
items(cursor *c, vdr_json *value, bool named, uint8_t close)
{
    vdr_json **last = &value->first;

    if (++c->depth > VDR_JSON_DEPTH_MAX)
        return false;
    skip_blanks(c);
    if (!take(c, close)) {
        do {
            vdr_span name = {0};
            if (named && !member_name(c, &name))
                return false;
            vdr_json *item = read_value(c);
            if (item == NULL)
                return false;
            item->name = name;
            *last = item;
            last = &item->next;
            value->count++;
            skip_blanks(c);
        } while (take(c, ','));
        if (!take(c, close))
            return false;
    }
    c->depth--;
    if (!named)
        return true;
    value->first = in_order(value->first);
    return names_once(value->first);
}

static vdr_json *
read_value(cursor *c)
{
    skip_blanks(c);
    vdr_json *value = vdr_arena_alloc(c->arena, sizeof *value);
    if (value == NULL || c->at == c->end)
        return NULL;
    bool good;
    switch (*c->at) {
    case '{':
        c->at++;
        value->kind = VDR_JSON_OBJECT;
        good = items(c, value, true, '}');
        break;
    case '[':
        c->at++;
        value->kind = VDR_JSON_LIST;
        good = items(c, value, false, ']');
        break;
    case '"':
        c->at++;
        value->kind = VDR_JSON_STRING;
        good = string(c, &value->text);
        break;
    case 't':
        value->kind = VDR_JSON_TRUE;
        good = word(c, "true");
        break;
    case 'f':
        value->kind = VDR_JSON_FALSE;
        good = word(c, "false");
        break;
    case 'n':
        value->kind = VDR_JSON_NULL;
        good = word(c, "null");
        break;
    default:
        good = number(c, value);
        break;
    }
    return good ? value : NULL;
}

vdr_json *
vdr_json_read(vdr_span text, unsigned depth, vdr_arena *arena)
{
    if (text.len == 0 || !vdr_span_is_utf8(text))
        return NULL;
    cursor c = {.at = text.at, .end = text.at + text.len, .arena = arena, .depth = depth};
    vdr_json *value = read_value(&c);
    skip_blanks(&c);
    return c.at == c.end ? value : NULL;
}

const vdr_json *
vdr_json_member(const vdr_json *value, const char *name)
{
    if (value == NULL || value->kind != VDR_JSON_OBJECT)
        return NULL;
    for (const vdr_json *member = value->first; member != NULL; member = member->next)
        if (vdr_span_equal(member->name, vdr_span_str(name)))
            return member;
    return NULL;
}

/* ---- writing */

static void
put_value(vdr_sink *out, const vdr_json *value)
{
    switch (value->kind) {
    case VDR_JSON_NULL:
        vdr_sink_put(out, "null", 4);
        break;
    case VDR_JSON_FALSE:
        vdr_sink_put(out, "false", 5);
        break;
    case VDR_JSON_TRUE:
        vdr_sink_put(out, "true", 4);
        break;
    case VDR_JSON_NUMBER:
        vdr_sink_put(out, value->text.at, value->text.len);
        break;
    case VDR_JSON_STRING:
        vdr_sink_string(out, value->text);
        break;
    case VDR_JSON_LIST:
    case VDR_JSON_OBJECT: {
        bool named = value->kind == VDR_JSON_OBJECT;
        vdr_sink_put(out, named ? "{" : "[", 1);
        for (const vdr_json *item = value->first; item != NULL; item = item->next) {
            if (item != value->first)
                vdr_sink_put(out, ",", 1);
            if (named) {
                vdr_sink_string(out, item->name);
                vdr_sink_put(out, ":", 1);
            }
            put_value(out, item);
        }
        vdr_sink_put(out, named ? "}" : "]", 1);
        break;
    }
    }
}

vdr_span
vdr_json_write(const vdr_json *value, vdr_arena *arena)
{
    vdr_sink out = {0};
    put_value(&out, value);
    size_t len = out.used;
    out.at = vdr_arena_alloc(arena, len);
    out.used = 0;
    if (out.at == NULL)
        return (vdr_span){0};
    put_value(&out, value);
    return vdr_span_of(out.at, len);
}
