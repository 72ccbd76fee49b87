#include "broker/door/utf8.h"

/* Length of the character that begins at at[0] >= 0x80, 0: none. The bounds of the second byte are table
 * 3-7 of the Unicode standard. */
static size_t
character(const uint8_t *at, size_t len)
{
    uint8_t first = at[0], low = 0x80, high = 0xbf;
    size_t count;

    if (first >= 0xc2 && first <= 0xdf) {
        count = 2;
    } else if (first >= 0xe0 && first <= 0xef) {
        count = 3;
        low = first == 0xe0 ? 0xa0 : 0x80;
        high = first == 0xed ? 0x9f : 0xbf;
    } else if (first >= 0xf0 && first <= 0xf4) {
        count = 4;
        low = first == 0xf0 ? 0x90 : 0x80;
        high = first == 0xf4 ? 0x8f : 0xbf;
    } else {
        return 0;
    }
    if (len < count || at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < count; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return count;
}

size_t
vdr_utf8_valid(vdr_span text)
{
    size_t i = 0;

    while (i < text.len) {
        /* Eight bytes of ASCII at a time: nearly all text is. */
        while (text.len - i >= 8) {
            uint64_t eight;
            memcpy(&eight, text.at + i, sizeof eight);
            if ((eight & UINT64_C(0x8080808080808080)) != 0)
                break;
            i += 8;
        }
        if (i == text.len)
            break;
        if (text.at[i] < 0x80) {
            i++;
            continue;
        }
        size_t count = character(text.at + i, text.len - i);
        if (count == 0)
            return i;
        i += count;
    }
    return text.len;
}
