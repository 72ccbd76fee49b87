/* broker/study/page.h - text that grows at the end. Thread: one at a time. Memory: a vdr_bytes. */
#ifndef VDR_STUDY_PAGE_H
#define VDR_STUDY_PAGE_H

#include "proto/bytes.h"
#include "proto/types.h"

/* As printf, at the end; of any length. */
__attribute__((format(printf, 2, 3))) void vdr_page_put(vdr_bytes *page, const char *format, ...);
/* The text as a JSON string with its quotes. */
void vdr_page_json(vdr_bytes *page, vdr_span text);
/* Text that somebody wrote: what could steer a terminal or break a line is a blank. */
void vdr_page_plain(vdr_bytes *page, vdr_span text);
/* Has it none of that? */
bool vdr_page_is_plain(vdr_span text);
/* "2026-03-02 09:00"; what is finer than a minute is left out. */
#define VDR_PAGE_TIME_BYTES 17
const char *vdr_page_time(vdr_ms ms, char ret_text[VDR_PAGE_TIME_BYTES]);

/* A span for %.*s. */
#define VDR_TEXT(span) (int)(span).len, (const char *)(span).at

#endif
