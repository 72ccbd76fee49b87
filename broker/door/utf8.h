/* broker/door/utf8.h - is this UTF-8 (RFC 3629)? Any thread; pure. */
#ifndef VDR_DOOR_UTF8_H
#define VDR_DOOR_UTF8_H

#include "proto/types.h"

/* The number of leading bytes that are whole characters: text.len if all is well. Overlong forms,
 * surrogates and what lies beyond U+10FFFF are no characters. */
size_t vdr_utf8_valid(vdr_span text);

#endif
