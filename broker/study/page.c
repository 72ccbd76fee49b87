#include "broker/study/page.h"

#include "proto/assert.h"
#include "proto/decision.h"
#include "proto/time.h"

#include <stdarg.h>
#include <stdio.h>

void
vdr_page_put(vdr_bytes *page, const char *format, ...)
{
    va_list arguments, again;
    VDR_ASSERT(format != NULL);
    va_start(arguments, format);
    va_copy(again, arguments);
    int len = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    VDR_ASSERT(len >= 0);
    uint8_t *at = vdr_bytes_extend(page, (size_t)len + 1);
    vsnprintf((char *)at, (size_t)len + 1, format, again);
    va_end(again);
    page->len--; /* the zero at the end */
}

void
vdr_page_json(vdr_bytes *page, vdr_span text)
{
    size_t len = vdr_json_string(text, NULL, 0);
    uint8_t *at = vdr_bytes_extend(page, len);
    vdr_json_string(text, (char *)at, len);
}

/* How many bytes of a control character begin here: U+0000 to U+001F, U+007F to U+009F. 0: none does. */
static size_t
control_at(vdr_span text, size_t at)
{
    uint8_t c = text.at[at];
    if (c < 0x20 || c == 0x7f)
        return 1;
    return c == 0xc2 && at + 1 < text.len && text.at[at + 1] < 0xa0 ? 2 : 0;
}

void
vdr_page_plain(vdr_bytes *page, vdr_span text)
{
    for (size_t i = 0; i < text.len; i++) {
        size_t control = control_at(text, i);
        vdr_bytes_add(page, control != 0 ? vdr_span_str(" ") : vdr_span_of(text.at + i, 1));
        i += control == 2;
    }
}

bool
vdr_page_is_plain(vdr_span text)
{
    for (size_t i = 0; i < text.len; i++)
        if (control_at(text, i) != 0)
            return false;
    return true;
}

const char *
vdr_page_time(vdr_ms ms, char ret_text[VDR_PAGE_TIME_BYTES])
{
    char whole[VDR_TIME_TEXT_BYTES];
    vdr_time_format(vdr_time_fit(ms), whole);
    memcpy(ret_text, whole, 16);
    ret_text[10] = ' ';
    ret_text[16] = '\0';
    return ret_text;
}
