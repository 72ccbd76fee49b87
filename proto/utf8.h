/* proto/utf8.h - is text UTF-8 (RFC 3629: shortest forms, no surrogates, up to U+10FFFF), and how it stays that when it
 * is cut. Any thread. */
#ifndef VDR_PROTO_UTF8_H
#define VDR_PROTO_UTF8_H

#include "proto/types.h"

#include <stdarg.h>

bool vdr_span_is_utf8(vdr_span text);

/* At most so many bytes of it, and no part of a character at the end. */
vdr_span vdr_utf8_cut(vdr_span text, size_t bytes_max);

/* How many bytes the control character at text[i] has (U+0000 to U+001F, U+007F to U+009F); 0: it is none. What reaches
 * a terminal has none but those that are meant: they could steer it. */
size_t vdr_utf8_control(vdr_span text, size_t i);

/* vsnprintf of words for people, which go into messages and JSON: they are UTF-8 whatever went into them. A character
 * that was cut at the end goes; any other byte that is no part of one (paths may have such) becomes a question mark. */
__attribute__((format(printf, 3, 0))) void vdr_utf8_print(char *ret_text, size_t size, const char *format,
                                                          va_list arguments);
__attribute__((format(printf, 3, 4))) void vdr_utf8_words(char *ret_text, size_t size, const char *format,
                                                          ...);
/* The same for text that is there already; it becomes no longer. */
void vdr_utf8_mend(char *text);

#endif
