/* clients/gateway/stream.h - streams of server-sent events: a mailbox, and the broker's decisions.
 *
 * Each has a libvoordeur handle of its own, and reads no faster than its client does: a mailbox is fetched
 * message by message while there is room; the decisions are given up when there is none and begun again where they
 * were. So a slow client costs the broker nothing. What was the last id is where the next one begins.
 *
 * What a party does itself is in nobody's mailbox. So its streams are told of each act of its own that is in the log,
 * whichever of its windows sent it, by an event "changed" that has no id: where to go on after is as it was. Those who
 * work from one list, coordinators and privacy officers, are told of each other's acts too.
 *
 * Thread: the loop's. */
#ifndef VDR_GATEWAY_STREAM_H
#define VDR_GATEWAY_STREAM_H

#include "clients/gateway/ask.h"

vdr_streams *vdr_streams_new(struct vdr_api *api);
void vdr_streams_free(vdr_streams **streams_p); /* ends those that are open; NULL-safe */

/* An act of this party, by its id, is in the log; detail says where, and which case it was of. */
void vdr_streams_tell(vdr_streams *streams, const vdr_gate_party *who, const char *act_id,
                      const vdr_wire_result *detail);

#endif
