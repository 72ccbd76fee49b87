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

const char *
vdr_page_time(vdr_ms ms, char ret_text[VDR_PAGE_TIME_BYTES])
{
    char whole[VDR_TIME_TEXT_BYTES];
    vdr_time_format(ms < 0 ? 0 : ms > VDR_TIME_MAX ? VDR_TIME_MAX : ms, whole);
    memcpy(ret_text, whole, 16);
    ret_text[10] = ' ';
    ret_text[16] = '\0';
    return ret_text;
}
