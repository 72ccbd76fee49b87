#include "store/press.h"

#include <string.h>

#define MATCH_MIN 4u
#define MORE      15u /* of a token: a number follows */

static uint32_t
four(const uint8_t *at)
{
    uint32_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

static uint16_t *
slot_of(vdr_press *press, uint32_t word)
{
    return &press->seen[word * UINT32_C(2654435761) >> (32 - VDR_PRESS_SLOT_BITS)];
}

/* How long a and b are the same, b ending at end. */
static size_t
same(const uint8_t *a, const uint8_t *b, const uint8_t *end)
{
    const uint8_t *from = b;
    for (; end - b >= 8; a += 8, b += 8) {
        uint64_t x, y;
        memcpy(&x, a, 8);
        memcpy(&y, b, 8);
        if (x != y)
            break;
    }
    while (b < end && *a == *b)
        a++, b++;
    return (size_t)(b - from);
}

static uint8_t *
put_number(uint8_t *at, size_t number)
{
    for (; number >= 0x80; number >>= 7)
        *at++ = (uint8_t)(number | 0x80);
    *at++ = (uint8_t)number;
    return at;
}

/* len bytes as they are, behind a token; with is its other half. Copies a whole number of 16. */
static uint8_t *
put_plain(uint8_t *at, const uint8_t *bytes, size_t len, size_t with)
{
    *at++ = (uint8_t)((len < MORE ? len : MORE) << 4 | (with < MORE ? with : MORE));
    if (len >= MORE)
        at = put_number(at, len - MORE);
    for (size_t i = 0; i < len; i += 16)
        memcpy(at + i, bytes + i, 16);
    return at + len;
}

void
vdr_press_begin(vdr_press *press)
{
    memset(press->seen, 0, sizeof press->seen);
}

size_t
vdr_press_part(vdr_press *press, const uint8_t *bytes, size_t from, size_t to, uint8_t *ret_pressed)
{
    VDR_ASSERT(to <= VDR_PRESS_BYTES_MAX);
    uint8_t *out = ret_pressed;
    size_t at = from != 0 ? from : 1, told = from; /* nothing stands before the first byte */
    while (at + MATCH_MIN <= to) {
        uint32_t word = four(bytes + at);
        uint16_t *slot = slot_of(press, word);
        size_t before = *slot;
        *slot = (uint16_t)at;
        if (four(bytes + before) != word) {
            at++;
            continue;
        }
        size_t len = MATCH_MIN + same(bytes + before + MATCH_MIN, bytes + at + MATCH_MIN, bytes + to);
        for (; at > told && before > 0 && bytes[at - 1] == bytes[before - 1]; at--, before--)
            len++;
        out = put_plain(out, bytes + told, at - told, len - MATCH_MIN);
        out = put_number(out, at - before);
        if (len - MATCH_MIN >= MORE)
            out = put_number(out, len - MATCH_MIN - MORE);
        told = at += len;
    }
    if (told < to)
        out = put_plain(out, bytes + told, to - told, 0);
    return (size_t)(out - ret_pressed);
}

typedef struct source {
    const uint8_t *at, *end;
    bool bad;
} source;

static uint8_t
take_byte(source *in)
{
    in->bad |= in->at == in->end;
    return in->bad ? 0 : *in->at++;
}

static size_t
take_number(source *in)
{
    size_t number = 0;
    for (unsigned shift = 0; shift < 21; shift += 7) {
        uint8_t byte = take_byte(in);
        number |= (size_t)(byte & 0x7f) << shift;
        if (byte < 0x80)
            return number;
    }
    in->bad = true;
    return 0;
}

vdr_err
vdr_press_open(vdr_span pressed, uint8_t *bytes, size_t from, size_t to)
{
    source in = {.at = pressed.at, .end = pressed.at + pressed.len};
    for (size_t at = from; at < to;) {
        uint8_t token = take_byte(&in);
        size_t len = token >> 4, match = token & MORE;
        if (len == MORE)
            len += take_number(&in);
        if (in.bad || len > to - at || len > (size_t)(in.end - in.at))
            return VDR_E_STORE_CORRUPT;
        memcpy(bytes + at, in.at, len);
        in.at += len;
        at += len;
        if (at == to) {
            in.bad |= match != 0;
            break;
        }
        size_t back = take_number(&in);
        match += MATCH_MIN + (match == MORE ? take_number(&in) : 0);
        if (in.bad || back == 0 || back > at || match > to - at)
            return VDR_E_STORE_CORRUPT;
        const uint8_t *before = bytes + at - back;
        if (back >= match)
            memcpy(bytes + at, before, match);
        else
            for (size_t i = 0; i < match; i++)
                bytes[at + i] = before[i];
        at += match;
    }
    return !in.bad && in.at == in.end ? VDR_OK : VDR_E_STORE_CORRUPT;
}
