/* clients/gateway/stream.h - streams of server-sent events: a mailbox, and the broker's decisions.
 *
 * Each has a libvoordeur handle of its own, and reads no faster than its client does: a mailbox is fetched
 * message by message while there is room; the decisions are given up when there is none and begun again where they
 * were. So a slow client costs the broker nothing. What was the last id is where the next one begins.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_STREAM_H
#define VDR_GATEWAY_STREAM_H

#include "clients/gateway/ask.h"

vdr_streams *vdr_streams_new(struct vdr_api *api);
void vdr_streams_free(vdr_streams **streams_p); /* ends those that are open; NULL-safe */

#endif
