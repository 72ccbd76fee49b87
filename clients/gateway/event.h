/* clients/gateway/event.h - signals as CloudEvents over HTTP: their shape, and the binary mode.
 *
 * What is checked here is what the broker calls malformed (protocol.md 5.1), so that all of it is told at once with
 * pointers; and what the NL GOV profile asks besides. Values that have a verdict of their own (a bad BSN, a severity
 * of 9) are the broker's to judge.
 *
 * Thread: any. */
#ifndef VDR_GATEWAY_EVENT_H
#define VDR_GATEWAY_EVENT_H

#include "clients/gateway/body.h"

#define VDR_EVENT_TYPE "application/cloudevents+json"
#define VDR_BATCH_TYPE "application/cloudevents-batch+json"

/* at: the pointer of the event in the body. */
void vdr_event_check(json_t *event, const char *at, vdr_faults *faults);

/* Is it the binary mode? By the header ce-specversion, as the HTTP binding says. */
bool vdr_event_is_binary(const vdr_http_request *request);
/* Appends the event that headers and body stand for. Faults: header values that cannot be decoded. */
void vdr_event_from_binary(const vdr_http_request *request, vdr_bytes *out, vdr_faults *faults);

#endif
