/* broker/gauge/trace.h - W3C trace context, level 1: from the event of a signal to its delivery.
 *
 * An event may have the CloudEvents extension attribute traceparent. As every other member of the envelope it means
 * nothing (semantics section 3) and is kept with the event. The messages that bring the signal to a recipient carry
 * it on, so that the recipient's own trace can go on from it. Only that of the signal itself: of a match, a review
 * or a case it would tell whose signal was behind it. tracestate is free text from the sender, for which there is
 * no right to read, and is left where it is.
 *
 * Thread:  any. */
#ifndef VDR_BROKER_TRACE_H
#define VDR_BROKER_TRACE_H

#include "proto/arena.h"
#include "proto/decision.h"

/* Version 00: two, 32, 16 and two small hexadecimal digits with - between, neither id all zero. */
bool vdr_traceparent_is_good(vdr_span text);

/* Of a record's content, where it is the event of this signal and has a good one, copied into the arena; else absent.
 * Costs a search through the bytes where there is none. */
vdr_span vdr_trace_of(vdr_span content, const vdr_signal_name *signal, vdr_arena *arena);

#endif
