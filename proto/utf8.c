#include "proto/utf8.h"

#include <stdio.h>

/* How many bytes the sequence at `at` has; 0: it is none. left is at least 1. */
static size_t
sequence_bytes(const uint8_t *at, size_t left)
{
    uint8_t first = at[0], low = 0x80, high = 0xbf; /* bounds of the second byte */
    size_t bytes;

    if (first < 0x80)
        return 1;
    if (first >= 0xc2 && first <= 0xdf)
        bytes = 2;
    else if (first >= 0xe0 && first <= 0xef)
        bytes = 3;
    else if (first >= 0xf0 && first <= 0xf4)
        bytes = 4;
    else
        return 0;
    if (bytes > left)
        return 0;
    if (first == 0xe0)
        low = 0xa0; /* no longer form than needed */
    else if (first == 0xed)
        high = 0x9f; /* no surrogate */
    else if (first == 0xf0)
        low = 0x90;
    else if (first == 0xf4)
        high = 0x8f; /* nothing above U+10FFFF */
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < bytes; i++) {
        if (at[i] < 0x80 || at[i] > 0xbf)
            return 0;
    }
    return bytes;
}

bool
vdr_span_is_utf8(vdr_span text)
{
    size_t i = 0;
    while (i < text.len) {
        uint64_t eight;
        if (text.len >=
            sizeof eight) { /* most text is ASCII: eight bytes at once, at the end the last eight */
            size_t last = text.len - sizeof eight, from = i < last ? i : last;
            memcpy(&eight, text.at + from, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) == 0) {
                i = from + sizeof eight;
                continue;
            }
        }
        size_t bytes = sequence_bytes(text.at + i, text.len - i);
        if (bytes == 0)
            return false;
        i += bytes;
    }
    return true;
}

vdr_span
vdr_utf8_cut(vdr_span text, size_t bytes_max)
{
    size_t len = text.len < bytes_max ? text.len : bytes_max, from = len;
    while (from > 0 && len - from < 3 && (text.at[from - 1] & 0xc0) == 0x80)
        from--;
    if (from > 0 && text.at[from - 1] >= 0xc0) { /* the first byte of the last character: are all there? */
        uint8_t first = text.at[--from];
        size_t bytes = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
        if (from + bytes > len)
            len = from;
    }
    return vdr_span_of(text.at, len);
}

size_t
vdr_utf8_control(vdr_span text, size_t i)
{
    uint8_t c = text.at[i];
    if (c < 0x20 || c == 0x7f)
        return 1;
    return c == 0xc2 && i + 1 < text.len && text.at[i + 1] >= 0x80 && text.at[i + 1] < 0xa0 ? 2 : 0;
}

void
vdr_utf8_mend(char *text)
{
    vdr_span whole = vdr_utf8_cut(vdr_span_str(text), SIZE_MAX);
    text[whole.len] = '\0';
    for (size_t i = 0; i < whole.len;) {
        size_t bytes = sequence_bytes(whole.at + i, whole.len - i);
        if (bytes == 0)
            text[i] = '?';
        i += bytes != 0 ? bytes : 1;
    }
}

void
vdr_utf8_print(char *ret_text, size_t size, const char *format, va_list arguments)
{
    ret_text[0] = '\0';
    (void)vsnprintf(ret_text, size, format, arguments);
    vdr_utf8_mend(ret_text);
}

void
vdr_utf8_words(char *ret_text, size_t size, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vdr_utf8_print(ret_text, size, format, arguments);
    va_end(arguments);
}
