/* proto/time.h - instants and durations as text (semantics section 2). Pure: no clock is read here.
 * Any thread. */
#ifndef VDR_PROTO_TIME_H
#define VDR_PROTO_TIME_H

#include "proto/types.h"

#define VDR_DAY_MS          (INT64_C(86400000))
#define VDR_TIME_TEXT_BYTES 24                       /* "2026-03-02T09:00:00.000Z", not terminated */
#define VDR_TIME_MAX        INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */

/* Reads YYYY-MM-DDTHH:MM:SS[.f{1,9}]Z, year 1970 to 9999, cut to milliseconds; capital T and Z, no
 * offset, no leap second, a day that exists. False: not such an instant, *ret_ms untouched. */
bool vdr_time_parse(vdr_span text, vdr_ms *ret_ms);

/* Writes exactly 24 bytes. ms: 0 .. VDR_TIME_MAX, asserted. */
void vdr_time_format(vdr_ms ms, char ret_text[VDR_TIME_TEXT_BYTES]);

/* The nearest instant that can be written: for what came over the wire, where any number may stand. */
static inline vdr_ms
vdr_time_fit(vdr_ms ms)
{
    return ms < 0 ? 0 : ms > VDR_TIME_MAX ? VDR_TIME_MAX : ms;
}

/* Reads an integer and a unit s, m, h or d: no sign, no blank, no leading zero but "0" itself,
 * at most 36500d. False: not such a duration. */
bool vdr_duration_parse(vdr_span text, int64_t *ret_ms);

/* UTC calendar day number since 1970-01-01. */
static inline int64_t
vdr_time_day(vdr_ms ms)
{
    return ms / VDR_DAY_MS;
}

#endif
