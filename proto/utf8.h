/* proto/utf8.h - is text UTF-8 (RFC 3629: shortest forms, no surrogates, up to U+10FFFF)? Any thread. */
#ifndef VDR_PROTO_UTF8_H
#define VDR_PROTO_UTF8_H

#include "proto/types.h"

bool vdr_span_is_utf8(vdr_span text);

#endif
